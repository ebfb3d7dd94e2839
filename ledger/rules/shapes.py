"""What every entry and every row must be, whatever it does: its kind, its words, its days, what it brings.

Posting refuses most of it before anything is written (``entries.refusals``). These rules hold it for whoever writes by
another way, and for ``verify``.
"""

from functools import cache

from sqlalchemy import BigInteger, Date
from sqlmodel import SQLModel

from ledger.characters import IS_BLANK
from ledger.entries.kinds import ALL_KINDS, MONEY_KINDS, RECORD_KINDS, REVERSAL_KEY, REVERSE, UPGRADE
from ledger.errors import Problem
from ledger.inputs import Action
from ledger.models import RECORDS, Upgrade
from ledger.money import LARGEST_PENCE, MOST_MOVED_PENCE
from ledger.rules.rule import SINCE, Row, Rule, where
from ledger.words import FIGURE_STANDINGS, STANDINGS
from ledger.years import FIRST_YEAR, LAST_YEAR

# Days that both databases and Python can read; the NHS began in 1948, and people were born before.
FIRST_DAY, LAST_DAY = "1900-01-01", "9990-12-31"


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"'{word}'" for word in words)


_WORDLESS = " OR ".join(IS_BLANK.format(f"e.{name}") for name in ("key", "actor", "reason"))
_ENTRIES = f"""
SELECT e.number AS entry_number, e.key, e.kind, e.reverses,
       CASE WHEN e.kind NOT IN ({_listed(ALL_KINDS)}) THEN 'kind'
            WHEN {_WORDLESS} THEN 'words'
            WHEN e.effective_date < DATE '{FIRST_DAY}' OR e.effective_date > DATE '{LAST_DAY}' THEN 'day'
            WHEN e.standing NOT IN {FIGURE_STANDINGS} THEN 'standing'
            WHEN (e.kind = '{REVERSE}') <> (e.reverses IS NOT NULL) OR e.reverses >= e.number THEN 'link'
            ELSE 'key' END AS fault,
       CASE WHEN e.standing NOT IN {FIGURE_STANDINGS} THEN e.standing ELSE CAST(e.effective_date AS VARCHAR) END AS said
FROM entry e
WHERE e.number >= {SINCE} AND e.number <= $last AND (
    e.kind NOT IN ({_listed(ALL_KINDS)}) OR {_WORDLESS}
    OR e.effective_date < DATE '{FIRST_DAY}' OR e.effective_date > DATE '{LAST_DAY}'
    OR e.standing NOT IN {FIGURE_STANDINGS}
    OR (e.kind = '{REVERSE}') <> (e.reverses IS NOT NULL)
    OR (e.kind = '{REVERSE}') <> (substr(e.key, 1, {len(REVERSAL_KEY)}) = '{REVERSAL_KEY}')
    OR e.key <> '{REVERSAL_KEY}' || CAST(e.reverses AS VARCHAR) OR e.reverses >= e.number)
ORDER BY e.number
"""

_RECORDED = tuple(str(model.__tablename__) for model in RECORDS)


@cache
def _brought(tables: frozenset[str] = frozenset(_RECORDED)) -> str:
    """What an entry brings, against its kind: money or records, never both, and never nothing.

    Args:
        tables: those that the entries bring rows of, and maybe others.
    """
    rows = [
        f"SELECT entry_number, '{table}' AS brought FROM {table} "
        f"WHERE entry_number >= {SINCE} AND entry_number <= $last"
        for table in _RECORDED
        if table in tables
    ]
    nothing = "SELECT CAST(NULL AS BIGINT) AS entry_number, '' AS brought WHERE false"
    return f"""
WITH counted AS (
    SELECT entry_number, count(*) AS records,
           sum(CASE WHEN brought = '{Upgrade.__tablename__}' THEN 1 ELSE 0 END) AS upgrades
    FROM ({" UNION ALL ".join(rows) or nothing}) AS brought GROUP BY entry_number
),
judged AS (
    SELECT e.number AS entry_number, e.key, e.kind, coalesce(c.records, 0) AS records,
           coalesce(c.upgrades, 0) AS upgrades,
           EXISTS (SELECT 1 FROM transfer t WHERE t.entry_number = e.number AND t.entry_number >= {SINCE}) AS moves
    FROM entry e LEFT JOIN counted c ON c.entry_number = e.number
    WHERE e.number >= {SINCE} AND e.number <= $last
)
SELECT entry_number, key, kind,
       CASE WHEN kind IN ({_listed(RECORD_KINDS)}) AND (moves OR records = 0) THEN 'records'
            WHEN kind IN ({_listed((*MONEY_KINDS, REVERSE))}) AND (NOT moves OR records > 0) THEN 'money'
            ELSE 'upgrade' END AS fault
FROM judged
WHERE kind IN ({_listed(RECORD_KINDS)}) AND (moves OR records = 0)
   OR kind IN ({_listed((*MONEY_KINDS, REVERSE))}) AND (NOT moves OR records > 0)
   OR kind = '{UPGRADE}' AND (records <> 1 OR upgrades <> 1) OR kind <> '{UPGRADE}' AND upgrades > 0
ORDER BY entry_number
"""


_LEGS = f"""
SELECT entry_number, min(leg) AS lowest, max(leg) AS highest, count(*) AS legs, max(amount_pence) AS pence
FROM transfer WHERE entry_number >= {SINCE} AND entry_number <= $last
GROUP BY entry_number HAVING min(leg) <> 1 OR max(leg) <> count(*) OR max(amount_pence) > {LARGEST_PENCE}
ORDER BY entry_number
"""

_STRANGE = f"""from_standing NOT IN {STANDINGS} OR to_standing NOT IN {STANDINGS}
    OR from_year < {FIRST_YEAR} OR from_year > {LAST_YEAR} OR to_year < {FIRST_YEAR} OR to_year > {LAST_YEAR}"""
_ACCOUNTS = f"""
SELECT entry_number, leg, key, note, from_standing, to_standing, from_year, to_year FROM pairs
WHERE entry_number >= {SINCE}
  AND ({_STRANGE})
ORDER BY entry_number, leg
"""


# A proposal is worked with as one, and so is who became whom on a day: sums that no whole number holds get nowhere.
_SUMS = f"""
SELECT min(t.entry_number) AS entry_number, 'proposal' AS what, n.proposal AS id,
       CAST(sum(t.amount_pence) AS VARCHAR) AS said
FROM proposed_entry n JOIN proposed_transfer t ON t.proposed_entry = n.id
WHERE n.entry_number >= {SINCE} OR t.entry_number >= {SINCE}
GROUP BY n.proposal HAVING sum(t.amount_pence) > {MOST_MOVED_PENCE}
UNION ALL
SELECT max(s.entry_number), 'succession', s.predecessor, CAST(sum(s.weight) AS VARCHAR) FROM succession s
GROUP BY s.predecessor, s.effective_date
HAVING sum(s.weight) > {MOST_MOVED_PENCE} AND max(s.entry_number) >= {SINCE}
ORDER BY 1, 2, 3
"""


def _bounds(model: type[SQLModel]) -> dict[str, tuple[str, str]]:
    """The columns of a table that have a lowest and a highest value, each with the two, as SQL writes them."""
    found = {}
    for column in model.__table__.columns:  # type: ignore[attr-defined]
        if isinstance(column.type, Date):
            found[column.name] = (f"DATE '{FIRST_DAY}'", f"DATE '{LAST_DAY}'")
        elif column.name in ("year", "from_year", "to_year"):
            found[column.name] = (str(FIRST_YEAR), str(LAST_YEAR))
        elif isinstance(column.type, BigInteger) and column.name != "entry_number":
            # A share of people is kept as a share times 10^9, and a total may be of all that was ever moved.
            most = LARGEST_PENCE if column.name in ("amount_pence", "limit_pence", "weight") else MOST_MOVED_PENCE
            found[column.name] = (str(1 if column.name in ("part", "weight") else -most), str(most))
    return found


def _ranges(model: type[SQLModel]) -> Rule | None:
    """The rule that every value of a table lies where the books can work with it; None for a table of words alone."""
    table, bounds = str(model.__tablename__), _bounds(model)
    if not bounds:
        return None
    outside = {name: f"({name} < {low} OR {name} > {high})" for name, (low, high) in bounds.items()}
    field = " ".join(f"WHEN {is_outside} THEN '{name}'" for name, is_outside in outside.items())
    said = " ".join(f"WHEN {is_outside} THEN CAST({name} AS VARCHAR)" for name, is_outside in outside.items())
    key = next(iter(model.__table__.primary_key)).name  # type: ignore[attr-defined]
    any_outside = " OR ".join(outside.values())
    sql = f"""
SELECT entry_number, '{table}' AS what, {key} AS id, CASE {field} END AS field, CASE {said} END AS said FROM {table}
WHERE entry_number >= {SINCE} AND entry_number <= $last AND ({any_outside})
ORDER BY entry_number, {key}
"""
    seen = f"EXISTS (SELECT 1 FROM {table} WHERE entry_number >= $first AND entry_number <= $last AND ({any_outside}))"
    return Rule(f"shape/{table}", sql, _outside, frozenset({table}), any=seen)


def _entry_problem(row: Row) -> Problem:
    place = f"entry {row['entry_number']} ({row['key']})"
    fault = row["fault"]
    if fault == "kind":
        remedy = f"Use one of {', '.join(ALL_KINDS)}."
        why = "The books could not say what it may do."
        return Problem(place, f"'{row['kind']}' is not a kind of entry.", why, remedy)
    if fault == "words":
        why = "Every entry says who and why."
        return Problem(place, "it has no key, no actor or no reason.", why, "Give all three.")
    if fault == "day":
        why = f"Days lie from {FIRST_DAY} to {LAST_DAY}."
        return Problem(place, f"it is dated {row['said']}.", why, "Correct the date.")
    if fault == "standing":
        why = "It tells what its figures rest on."
        return Problem(place, f"its figures are '{row['said']}'.", why, f"Use one of {', '.join(FIGURE_STANDINGS)}.")
    if fault == "link":
        found = "a reversal must name an earlier entry that it undoes, and only a reversal may."
        return Problem(place, found, "The two would not be linked.", f"Use {Action.REVERSE_ENTRY.done()}.")
    found = f"its key {'begins' if row['kind'] != REVERSE else 'is not'} '{REVERSAL_KEY}{row['reverses'] or ''}'."
    return Problem(place, found, "Those keys are kept for reversals.", "Use another key.")


def _brought_problem(row: Row) -> Problem:
    place = f"entry {row['entry_number']} ({row['key']})"
    if row["fault"] == "records":
        why = f"An entry of kind {row['kind']} brings records only."
        remedy = "Post the money as an entry of its own."
        return Problem(place, "it moves money or brings nothing.", why, remedy)
    if row["fault"] == "money":
        why = f"An entry of kind {row['kind']} moves money only."
        remedy = "Give it at least one leg, and post the records as an entry of their own."
        return Problem(place, "it has no legs, or brings records besides.", why, remedy)
    why = "A change of the tables is sealed by an entry of its own."
    return Problem(
        place, f"it is of kind {row['kind']}, and brings another thing.", why, f"Use {Action.MIGRATE.done()}."
    )


def _legs_problem(row: Row) -> Problem:
    place = f"entry {row['entry_number']}"
    found = f"it has {row['legs']} legs, numbered {row['lowest']} to {row['highest']}, of at most {row['pence']} pence."
    why = f"Legs are numbered from 1 without a gap, and each moves at most {LARGEST_PENCE} pence."
    return Problem(place, found, why, "Number them in their order, and divide what is more.")


def _accounts_problem(row: Row) -> Problem:
    return Problem(
        where(row),
        f"money goes from {row['from_standing']} of {row['from_year']} to {row['to_standing']} of {row['to_year']}.",
        f"Money is {', '.join(STANDINGS[:-1])} or {STANDINGS[-1]}, of a year from {FIRST_YEAR} to {LAST_YEAR}.",
        "Correct the standing or the year.",
    )


def _outside(row: Row) -> Problem:
    what = row["what"].replace("_", " ")
    return Problem(
        f"entry {row['entry_number']}, {what} {row['id']}",
        f"its {row['field']} is {row['said']}.",
        f"Days lie from {FIRST_DAY} to {LAST_DAY}, years from {FIRST_YEAR} to {LAST_YEAR}, and amounts are those that "
        "every program reads exactly.",
        "Correct it.",
    )


def _sums_problem(row: Row) -> Problem:
    what = "its legs add up" if row["what"] == "proposal" else "what became of it on that day adds up"
    why = f"A sum can be at most {MOST_MOVED_PENCE}, so that it can be worked with."
    place = f"entry {row['entry_number']}, {row['what']} {row['id']}"
    return Problem(place, f"{what} to {row['said']}.", why, "Look for an amount in the wrong unit.")


_BY_POSTING = """
SELECT entry_number, id FROM upgrade WHERE entry_number >= $first AND entry_number <= $last ORDER BY 1
"""


def _not_by_posting(row: Row) -> Problem:
    why = "From that entry on others would be hashed, and judged, in another form."
    place = f"entry {row['entry_number']}, upgrade {row['id']}"
    return Problem(place, "it would change the tables.", why, f"Use {Action.MIGRATE.done()}.")


_RANGES = tuple(rule for model in RECORDS if (rule := _ranges(model)) is not None)
RULES = (
    Rule("shape/entry", _ENTRIES, _entry_problem, frozenset({"entry"})),
    Rule("shape/brings", _brought(), _brought_problem, frozenset({"entry", "transfer", *_RECORDED}), narrowed=_brought),
    Rule("shape/legs", _LEGS, _legs_problem, frozenset({"transfer"})),
    Rule("shape/accounts", _ACCOUNTS, _accounts_problem, frozenset({"transfer"}), in_pairs=_STRANGE),
    *_RANGES,
    Rule("shape/sums", _SUMS, _sums_problem, frozenset({"proposed_entry", "proposed_transfer", "succession"})),
)
# What only a migration may do: asked of what is posted, and not of what the books hold.
POSTED = (Rule("posted/upgrade", _BY_POSTING, _not_by_posting, frozenset({"upgrade"})),)
