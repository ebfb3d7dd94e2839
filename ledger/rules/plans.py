"""What must hold of what is expected, promised and arranged: forecasts, letters, contracts, instalments, new names."""

from ledger.characters import IS_BLANK
from ledger.errors import Problem
from ledger.rules.rule import Row, Rule
from ledger.words import DUE

# The words that a row is known by, or that say what it is for; and the days that stand for a month.
_WORDS = (("renaming", "name"), ("letter", "reference"), ("contract", "code"), ("instalment", "code"),
          ("instalment", "test"))  # fmt: skip
_MONTHS = (("forecast", "as_at"), ("letter", "month"))
_BLANK = " UNION ALL ".join(
    f"SELECT entry_number, '{table}' AS what, id, '{column}' AS field, CAST(NULL AS VARCHAR) AS said FROM {table} "
    f"WHERE entry_number >= $first AND entry_number <= $last AND {IS_BLANK.format(column)}"
    for table, column in _WORDS
)
_MID_MONTH = " UNION ALL ".join(
    f"SELECT entry_number, '{table}', id, '{column}', CAST({column} AS VARCHAR) FROM {table} "
    "WHERE entry_number >= $first AND entry_number <= $last "
    f"AND extract(month FROM {column}) = extract(month FROM {column} + INTERVAL '1 day')"
    for table, column in _MONTHS
)
# Entries name a line by its reference and go on after a semicolon.
_WORDING = f"""
{_BLANK} UNION ALL {_MID_MONTH} UNION ALL
SELECT entry_number, 'letter', id, 'reference', reference FROM letter
WHERE entry_number >= $first AND entry_number <= $last AND reference LIKE '%;%'
ORDER BY 1, 2, 3, 4
"""

# A sub-contract is let by who holds the contract that it is part of, as that was known when it was recorded.
_LOOSE = """
WITH known AS (
    SELECT c.id, p.holder, row_number() OVER (PARTITION BY c.id ORDER BY p.entry_number DESC) AS nth
    FROM contract c JOIN contract p ON p.code = c.part_of AND p.entry_number < c.entry_number AND p.code <> c.code
    WHERE c.entry_number >= $first AND c.entry_number <= $last
)
SELECT c.entry_number, c.id, c.code, c.part_of, c.commissioner, k.holder
FROM contract c LEFT JOIN known k ON k.id = c.id AND k.nth = 1
WHERE c.entry_number >= $first AND c.entry_number <= $last AND c.part_of IS NOT NULL
  AND (k.holder IS NULL OR k.holder <> c.commissioner)
ORDER BY c.entry_number, c.id
"""

# What became of an instalment is said of one that was recorded before; and once it is said, its facts stay.
_UNFOUNDED = f"""
WITH known AS (
    SELECT i.id, p.outcome, (p.fund, p.payer, p.receiver, p.year, p.due_on, p.amount_pence, p.test)
               = (i.fund, i.payer, i.receiver, i.year, i.due_on, i.amount_pence, i.test) AS is_same,
           row_number() OVER (PARTITION BY i.id ORDER BY p.entry_number DESC) AS nth
    FROM instalment i JOIN instalment p ON p.code = i.code AND p.entry_number < i.entry_number
    WHERE i.entry_number >= $first AND i.entry_number <= $last
)
SELECT i.entry_number, i.id, i.code, i.outcome, k.outcome AS before, coalesce(k.is_same, false) AS is_same
FROM instalment i LEFT JOIN known k ON k.id = i.id AND k.nth = 1
WHERE i.entry_number >= $first AND i.entry_number <= $last
  AND CASE i.outcome WHEN '{DUE}' THEN k.outcome <> '{DUE}' ELSE NOT coalesce(k.is_same, false) END
ORDER BY i.entry_number, i.id
"""


def _wording(row: Row) -> Problem:
    place = f"entry {row['entry_number']}, {row['what']} {row['id']}"
    if row["said"] is None:
        return Problem(place, f"its {row['field']} is empty.", "Nobody could tell what it is.", "Say it in words.")
    if row["field"] == "reference":
        why = "Where an entry rests on a letter, a semicolon ends the letter's reference."
        return Problem(place, f"its reference '{row['said']}' has a semicolon.", why, "Write it without one.")
    found = f"its {row['field']} is {row['said']}."
    return Problem(place, found, "It stands for a month by the month's last day.", "Give the last day of the month.")


def _loose(row: Row) -> Problem:
    place = f"entry {row['entry_number']}, contract {row['id']}"
    if row["holder"] is None:
        found = f"it is part of '{row['part_of']}', which is no earlier contract."
        return Problem(
            place, found, "A sub-contract rests on a contract.", "Record that one first, or correct its code."
        )
    found = f"{row['commissioner']} lets it, and {row['part_of']} is held by {row['holder']}."
    why = "A sub-contract is let by who holds the contract that it is part of."
    return Problem(place, found, why, f"Name {row['holder']} as the commissioner, or another contract.")


def _unfounded(row: Row) -> Problem:
    place = f"entry {row['entry_number']}, instalment {row['id']}"
    if row["before"] is None:
        found = f"it says that '{row['code']}' is {row['outcome']}, and no earlier entry brought that instalment."
        return Problem(place, found, "What became of it is said of one that is known.", "Record the instalment first.")
    if row["outcome"] == DUE:
        found = f"it says that '{row['code']}' is due, and it is {row['before']} already."
        return Problem(
            place, found, "What became of an instalment stays.", "Record another instalment, with its own code."
        )
    found = f"it says that '{row['code']}' is {row['outcome']}, and changes something else of it."
    return Problem(place, found, "What was due is not changed with its outcome.", "Repeat it as it was recorded.")


_ANY = frozenset({table for table, _ in (*_WORDS, *_MONTHS)})
RULES = (
    Rule("plans/wording", _WORDING, _wording, _ANY),
    Rule("plans/contracts", _LOOSE, _loose, frozenset({"contract"}), about="part_of"),
    Rule("plans/instalments", _UNFOUNDED, _unfounded, frozenset({"instalment"}), about="code"),
)
