"""A scenario's board pack as files, for the command line and the page alike: a workbook, and a page to print."""

import hashlib
from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

from allocations.files.out.sheets import MoreSheet, unwritable
from allocations.files.position import export
from allocations.files.position.export import Guard
from ledger.money import plain_pounds
from ledger.reports import position
from ledger.reports.position import Moment, moment
from ledger.store.base import Reader
from scenarios import compare
from scenarios.outcome import Outcome
from screens.report import scenario_pack, scenario_tables
from screens.report.tables import Cell, Money, Share, Table, shown

_LEVELS = {"icb": "ICBs", "place": "Places", "pcn": "Networks", "practice": "Practices"}


def workbook(reader: Reader, found: Outcome, content: bytes, out: Path) -> Guard:
    """Write what a scenario says and the position that it leads to, marked as hypothetical throughout.

    Args:
        content: of the scenario's file, whose hash the workbook names.
        out: of a name that ends in ``.xlsx``; or in ``.csv``, for the position alone.

    Raises:
        Refused: the file cannot be written.
    """
    written = found.run.written
    told = export.told_of_scenario(
        reader,
        found.run.books.at or moment(reader),
        title=written.scenario.title,
        question=written.scenario.question,
        source=written.name,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return export.write_position(found.run.position.cast(position.SCHEMA), told, out, _sheets(found))


def printable(found: Sequence[Outcome], at: Moment, out: Path) -> None:
    """Write the page to print, of one scenario or of several side by side.

    Raises:
        Refused: the file cannot be written.
    """
    try:
        out.write_text(page(found, at), encoding="utf-8")
    except OSError as error:
        raise unwritable(out) from error


def page(found: Sequence[Outcome], at: Moment) -> str:
    """The page to print, as HTML; of several scenarios with their comparison in front."""
    compared = compare.compare(found) if len(found) > 1 else None
    # A scenario may start on another day than today: the pack says on which it did.
    return scenario_pack.page(found, found[0].run.books.at or at, compared)


def _sheets(found: Outcome) -> list[MoreSheet]:
    note = found.sentence
    sheets = [
        _sheet("Steps", scenario_tables.steps(found), note),
        _sheet("Amounts", scenario_tables.amounts(found), note),
        *(
            _sheet(f"Bridge {number}", scenario_tables.bridge(each), scenario_tables.bridge_sentence(each))
            for number, each in enumerate(scenario_tables.moving(found), 1)
        ),
    ]
    for view in found.views:
        if view.gains:
            told = scenario_tables.gain_sentence(view)
            sheets.append(_sheet(_LEVELS[view.level], scenario_tables.gains(view), told))
        fifths = scenario_tables.fifths(view)
        if fifths is not None:
            sheets.append(_sheet(f"{_LEVELS[view.level]} by deprivation", fifths, f"Deprivation: {view.basis}."))
    sheets += [
        _sheet(
            "Propositions", scenario_tables.scorecard(found), "Side by side, and never put together into one score."
        ),
        _sheet("Measures", scenario_tables.measures(found), "Every measure, in both scopes."),
    ]
    assumed = scenario_tables.assumptions(found)
    return (
        [*sheets, _sheet("Assumptions", assumed, "What the scenario assumes, with its grounds.")] if assumed else sheets
    )


def _sheet(name: str, table: Table, note: str) -> MoreSheet:
    return MoreSheet(name, table.caption, note, table.headers, [[_value(cell) for cell in row] for row in table.rows])


def _value(cell: Cell) -> str | int | Decimal | Fraction | None:
    """A cell as a workbook takes it: amounts in pounds, exactly."""
    match cell:
        case Money(pence=int(pence)):
            return Decimal(plain_pounds(pence))
        case Share(part=Fraction() as part):
            return part
        case Money(pence=None) | None:
            return None
        case int() | str():
            return cell
        case _:
            return shown(cell)
