"""What every export says of itself: from which books, as known when, from which figures, and what is illustrative."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from allocations.figures import tables as figures
from ledger.attributes import picked
from ledger.entries import canonical
from ledger.reports import register
from ledger.reports.position import Moment
from ledger.store.base import Reader
from ledger.store.migrations import SCHEMA_VERSION
from ledger.words import PARTLY_ILLUSTRATIVE

PROGRAM = "devolution-ledger"
WORKING = "Working workbook, with live formulas: change the yellow cells. Not for publication."
PUBLISHED = "Published workbook, values only."
POSITION = "Position: what is held where, one row for each organisation, fund and standing."
SCENARIO = "What if: a hypothetical position, the outcome of a scenario. It cannot be imported."
ANSWER = "What if: the answer to a question. It cannot be imported."
TEMPLATE = "Template: fill in the yellow cells."
NO_LEDGER = "no ledger: worked out from the shipped figures alone"

_STANDINGS = {
    "published": "Published figure",
    "derived": "Derived figure",
    "assumption": "Illustrative assumption",
}


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where an export comes from.

    Attributes:
        kind: which kind of export it is, in a sentence.
        unit: what its figures count.
        at: the point on both clocks; none where no ledger was asked.
        tables: the shipped tables that its figures rest on.
        illustrative: what in it is illustrative, in sentences.
        rests_on: the files and documents that the books' entries name as their sources.
    """

    title: str
    kind: str
    unit: str
    at: Moment | None
    tables: Sequence[str]
    illustrative: Sequence[str]
    rests_on: Sequence[str] = ()

    def facts(self) -> list[tuple[str, str]]:
        """Each fact with its name, in the order in which people read them."""
        at = self.at
        clocks = (
            [("As at", NO_LEDGER), ("As known at", NO_LEDGER), ("Ledger head", NO_LEDGER)]
            if at is None
            else [
                ("As at", at.as_at.isoformat()),
                ("As known at", f"{at.known_at:%Y-%m-%d %H:%M:%S.%f} UTC"),
                ("Ledger head", at.head),
            ]
        )
        vintages = [f"{row['table']}: {row['vintage']} ({row['standing']})" for row in self.sources()]
        return [
            ("Title", self.title),
            ("Kind", self.kind),
            ("Unit", self.unit),
            *clocks,
            ("Ledger version", ledger_version()),
            ("Illustrative", " ".join(self.illustrative) or "Nothing in this file."),
            ("Data", "; ".join(vintages) or "None of the shipped figures."),
            *([("Entries rest on", "; ".join(self.rests_on))] if self.rests_on else []),
        ]

    def sources(self) -> list[dict[str, str]]:
        """The shipped tables behind the figures: what each is, whose, of when, under which licence, how made."""
        known = figures.descriptions()
        return [
            {
                "table": known[name].title,
                "standing": _STANDINGS[known[name].standing],
                **picked(known[name], "publisher", "vintage", "licence"),
                "made": " ".join(known[name].made.split()),
            }
            for name in self.tables
        ]


def ledger_version() -> str:
    """Version of the program, of the hashed text and of the ledger's tables."""
    try:
        program = version(PROGRAM)
    except PackageNotFoundError:  # a checkout that was never installed
        program = "from a checkout"
    return f"{PROGRAM} {program}; text {canonical.VERSION}; tables {SCHEMA_VERSION}"


# What the books of the demo were built from.
_DEMO_TABLES = ("allocations_2025_26", "national_limits", "terms", "places_2025_26", "practices_2025_26")
_MOST_SOURCES = 20


def behind_books(reader: Reader, at: Moment) -> tuple[Sequence[str], Sequence[str]]:
    """What stands behind a ledger: the shipped tables that it was built from, and the sources its entries name."""
    demo = any(entry["number"] <= at.known for entry in register.keyed(reader, "demo/").values())
    listed = register.sources(reader, at.known)
    more = [f"and {len(listed) - _MOST_SOURCES} more"] if len(listed) > _MOST_SOURCES else []
    return (_DEMO_TABLES if demo else ()), [*listed[:_MOST_SOURCES], *more]


def of_books(at: Moment | None) -> list[str]:
    """What in the books themselves is illustrative."""
    if at is None or not at.illustrative:
        return []
    return [PARTLY_ILLUSTRATIVE]
