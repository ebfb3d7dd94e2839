"""What goes out into files, for the command line and the app alike: each writes one and says what is in it."""

from collections.abc import Sequence
from pathlib import Path

from allocations.files.out import template, working, working_plan
from allocations.files.out import template as filling
from allocations.files.position import export
from allocations.shares.split import FIGURES_YEAR
from ledger.entries import proposals
from ledger.reports import position
from ledger.reports.position import POSITION_COLUMNS, Moment
from ledger.store.base import Reader
from ledger.years import FinancialYear
from scenarios import outcome as outcomes
from scenarios.scenario import read_scenario
from screens.report import answers, scenario_files, workbooks
from screens.report.terminal import Answer


def template_file(
    reader: Reader | None, at: Moment | None, out: Path, *, ledger: str, icb: str, year: FinancialYear | None
) -> Answer:
    """Write a budget workbook to fill in; from the shipped figures where there is no ledger."""
    if reader is None or at is None:
        plan = template.from_figures(icb, year or FIGURES_YEAR)
        told = filling.told(plan)
    else:
        plan = template.from_books(reader, at, icb, year or FIGURES_YEAR)
        told = filling.told(plan, reader, at)
    filling.write_template(plan, told, out)
    return workbooks.of_template(plan, ledger=ledger, at=at, out=str(out))


def working_file(
    reader: Reader | None,
    at: Moment | None,
    out: Path,
    *,
    ledger: str,
    icbs: Sequence[str],
    year: FinancialYear | None,
    funds: Sequence[str],
    weightings: Sequence[str],
    levels: Sequence[str],
    amount_pence: int | None = None,
    places: Path | None = None,
) -> Answer:
    """Write a working workbook with live formulas; of published amounts where there is no ledger."""
    shown = year or FIGURES_YEAR
    found = working_plan.lines(
        icbs=icbs, year=shown, funds=funds, weightings=weightings, amount_pence=amount_pence, reader=reader, at=at
    )
    plan = working_plan.plan(year=shown, lines=found, levels=levels, places_file=places)
    working.write_working(plan, working.told(plan, at), out)
    return workbooks.of_working(plan, ledger=ledger, at=at, out=str(out))


def position_file(
    reader: Reader, at: Moment, out: Path, *, ledger: str, organisation: str | None, year: FinancialYear | None
) -> Answer:
    """Write what is held where: a workbook, or a CSV file with its data package beside it, by the name's ending."""
    table = position.position(reader, at, organisation=organisation, year=year and year.start)
    told = export.told(reader, at, organisation=organisation, year=year)
    return workbooks.of_position_file(export.write_position(table, told, out), ledger=ledger, at=at, out=str(out))


def scenario_file(reader: Reader, at: Moment, out: Path, *, ledger: str, path: Path) -> Answer:
    """Write the position that the scenario of a file leads to."""
    found = outcomes.work_out(reader, read_scenario(path))
    file = scenario_files.workbook(reader, found, path.read_bytes(), out)
    at = found.run.books.at or at
    return workbooks.of_scenario_file(file, sentence=found.sentence, ledger=ledger, at=at, out=str(out))


def position_answer(
    reader: Reader,
    at: Moment,
    *,
    ledger: str,
    organisation: str | None,
    year: FinancialYear | None,
    columns: Sequence[str] = POSITION_COLUMNS,
) -> Answer:
    """What is held where, as ``devolution position`` gives it, by the columns that are asked for."""
    table = position.position(reader, at, organisation=organisation, year=year and year.start)
    rows = position.grouped(reader, table, columns).to_pylist()
    return Answer("position", ledger, rows, at, after=answers.about(at), extra={"as_is": None})


def proposals_answer(reader: Reader, at: Moment, *, ledger: str, everything: bool) -> Answer:
    """What awaits a decision and how much money it reserves; with everything, those that have ended too."""
    rows = [proposal_row(found) for found in proposals.listed(reader) if everything or found.outcome is None]
    after = answers.about(at) if rows else ["No proposal is open.", *answers.about(at)]
    return Answer("proposal list", ledger, rows, at, after=after)


def proposal_row(found: proposals.Listed) -> dict[str, object]:
    """A proposal as it is listed."""
    return {
        "proposal": found.id,
        "title": found.title,
        "prepared_by": found.prepared_by,
        "entries": found.entries,
        "amount_pence": found.amount_pence,
        "expires_on": found.expires_on,
        "outcome": found.outcome or "open",
        "decided_by": found.decided_by,
        "reason": found.reason,
    }
