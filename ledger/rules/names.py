"""Names by which people and codes are known: written so that none passes for another, and spelled in one way.

Rights are found by the name of a person, and money by the code of an organisation and a fund. Whoever could write a
second spelling of one of them could be a second person, and approve what the first proposed.
"""

from collections.abc import Callable

from ledger import characters
from ledger.entries.chain import FORM_2_FROM
from ledger.errors import Problem
from ledger.rules.rule import Row, Rule

# Where names of each sort stand, with the entry that brought each.
_PEOPLE = (
    "SELECT actor AS name, number AS entry_number FROM entry UNION ALL SELECT person, entry_number FROM appointment"
)
_CODES = {table: f"SELECT code AS name, entry_number FROM {table}" for table in ("organisation", "fund", "tier")}

# Names that stand in the books for the first time. One that stood there before the second form stays as it is, so
# that nobody who works under it is locked out.
_FRESH = """
WITH named AS NOT MATERIALIZED ({named}),
brought AS (
    SELECT name, min(entry_number) AS since FROM named
    WHERE entry_number >= $first AND entry_number <= $last AND entry_number >= {form_2} GROUP BY name
),
fresh AS (
    SELECT b.name, b.since, {folded} AS folded FROM brought b
    WHERE NOT EXISTS (SELECT 1 FROM named k WHERE k.name = b.name AND k.entry_number < b.since)
)
SELECT f.since AS entry_number, f.name, CAST(NULL AS VARCHAR) AS known FROM fresh f WHERE NOT {is_name}
UNION ALL
SELECT f.since, f.name, min(k.name) FROM fresh f JOIN named k ON {known_folded} = f.folded AND k.name <> f.name
    AND (k.entry_number < f.since OR (k.entry_number = f.since AND k.name < f.name))
GROUP BY f.since, f.name
ORDER BY 1, 2
"""


def _sql(named: str) -> str:
    return _FRESH.format(
        named=named, form_2=FORM_2_FROM, folded=characters.FOLDED.format("b.name"),
        known_folded=characters.FOLDED.format("k.name"), is_name=characters.IS_NAME.format("f.name"),
    )  # fmt: skip


def _describe(what: str, wrong: str) -> Callable[[Row], Problem]:
    def describe(row: Row) -> Problem:
        place, name, known = f"entry {row['entry_number']}, {what} '{row['name']}'", row["name"], row["known"]
        if known is not None:
            why = f"Spellings that differ in their case alone are one {what}, and the books keep one of them."
            return Problem(place, f"the books know '{known}'.", why, f"Write '{known}'.")
        strange = ", ".join(characters.strange(name))
        found = f"it holds {strange}." if strange else "it is empty, or has spaces around it or several in a row."
        why = f"Another {what} could be made to look like it, and {wrong}."
        remedy = "Write it in Latin letters with their accents, digits and ordinary signs, with single spaces between."
        return Problem(place, found, why, remedy)

    return describe


RULES = (
    Rule(
        "names/people", _sql(_PEOPLE), _describe("person", "have its rights, or decide on what it proposed"),
        frozenset({"entry", "appointment"}), about="actor",
    ),
    *(
        Rule(f"names/{table}", _sql(named), _describe(table, "get its money"), frozenset({table}), about="code")
        for table, named in _CODES.items()
    ),
)  # fmt: skip
