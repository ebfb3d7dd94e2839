"""How a register looks as a file: a row for every decision, and a column for every field that any decision has."""

from ledger.entries.decisions.batch import RECORDED_BY
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.fields import Field

SHEET, CHECKS = "Register", "Checks"
KIND, ACTOR = "kind", RECORDED_BY
LETTER = "Total of the allocation letter (£)"
# What people fill in most comes first; whatever else any decision is asked for follows.
_FIRST = (
    "date", "reason", "organisation", "from", "to", "fund", "to_fund", "amount", "recurrent", "year", "standing",
    "note", "reference", "month", "contact", "from_fund", "new_money", "authority", "source", "key",
)  # fmt: skip


def fields() -> dict[str, Field]:
    """Every field of a register by name, in the order of its columns; one that several decisions have, once."""
    known: dict[str, Field] = {}
    for decision in DECISIONS.values():
        for field in decision.fields:
            known.setdefault(field.name, field)
    return {name: known[name] for name in (*_FIRST, *known)}


def columns() -> tuple[str, ...]:
    """The columns: the kind, every field, and who recorded it."""
    return (KIND, *fields(), ACTOR)


def title(column: str) -> str:
    """A column's heading."""
    return column.replace("_", " ").capitalize()
