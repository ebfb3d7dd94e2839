"""Files out of the books, for the command line and the app alike: each export writes one and reports what is in it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from allocations.files.out import journal, template, working, working_plan
from allocations.files.position import export
from allocations.files.position.export import Guard
from allocations.shares.split import FIGURES_YEAR
from ledger.attributes import picked
from ledger.readings import GradeReading
from ledger.reports import position as holding
from ledger.reports.position import Moment, year_in_view
from ledger.store.base import Reader
from ledger.years import FinancialYear
from scenarios import outcome
from scenarios.files.scenario import read_scenario
from scenarios.saved import read_text
from screens.report import decisions, holdings
from screens.report.render import csv, json
from screens.report.report import Column, ColumnKind, Report, Table, count, listed, money, text


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What somebody asks of a file.

    Attributes:
        ledger: as it is named; empty where there is none.
        icb: whose, by code; everybody's otherwise. A working workbook takes several, with commas.
        funds, weightings, levels: what a working workbook shares, by what, among whom.
        amount_pence: what it shares; what the ICB received of the fund otherwise.
        places: a file of the reader's own places.
        as_at: the last day that counts; today otherwise.
        scenario: its file, or its name with figures turned; ``scenario_content`` is then what such a file holds.
        reading: of grades, somebody's own, which a scenario's ranges are over beside those that are shipped.
        contact: who answers questions, for the cover.
        everything: also what has ended.
    """

    ledger: str = ""
    icb: str | None = None
    year: FinancialYear | None = None
    funds: tuple[str, ...] = ("core-recurrent",)
    weightings: tuple[str, ...] = ("core",)
    levels: tuple[str, ...] = ("place", "pcn")
    amount_pence: int | None = None
    places: Path | None = None
    as_at: date | None = None
    known_at: datetime | None = None
    scenario: str = ""
    scenario_content: bytes | None = None
    reading: GradeReading | None = None
    contact: str | None = None
    everything: bool = False


@dataclass(frozen=True, slots=True)
class BooksAt:
    """What an export reads: the books at a moment."""

    reader: Reader
    at: Moment


def _template(books: BooksAt | None, out: Path, asked: ExportRequest) -> Report:
    year = asked.year or FIGURES_YEAR
    if books is None:
        plan = template.from_figures(asked.icb or "", year)
        template.write_template(plan, template.provenance(plan), out)
    else:
        plan = template.from_books(books.reader, books.at, asked.icb or "", year)
        template.write_template(plan, template.provenance(plan, books.reader, books.at), out)
    heads = [text("Fund", "fund"), text("Name", "name"), money("Held (£)", "held_pence")]
    rows = [(line.fund, line.name, line.held_pence) for line in plan.lines]
    title = f"Written to {out}: a row for each of {len(plan.places)} places and {len(rows)} lines, and free rows."
    return _written(Table("Lines", heads, rows), books, out, title, [f"What the ICB has: {plan.origin}."])


def _working(books: BooksAt | None, out: Path, asked: ExportRequest) -> Report:
    reader, at = (None, None) if books is None else (books.reader, books.at)
    lines = working_plan.lines(
        icbs=("all" if asked.icb is None else asked.icb).split(","), year=asked.year or FIGURES_YEAR, funds=asked.funds,
        weightings=asked.weightings, amount_pence=asked.amount_pence, reader=reader,
        at=at,
    )  # fmt: skip
    plan = working_plan.plan(
        year=asked.year or FIGURES_YEAR, lines=lines, levels=asked.levels, places_file=asked.places
    )
    working.write_working(plan, working.provenance(plan, at), out)
    rows = [
        {
            **picked(line, "icb", "fund", "by", "amount_pence"),
            **{f"{level} rows": len(blocks[index].receivers) for level, blocks in plan.blocks.items()},
            "amount from": line.origin,
        }
        for index, line in enumerate(plan.lines)
    ]
    close = [f"A pound may fall to either of two receivers in: {'; '.join(plan.too_close)}."] if plan.too_close else []
    return _written(
        listed(rows), books, out, f"Written to {out}: yellow cells are inputs, everything else is a formula.", close
    )


def _position(books: BooksAt, out: Path, asked: ExportRequest) -> Report:
    table = holding.position(books.reader, books.at, organisation=asked.icb, year=asked.year and asked.year.start)
    said = export.provenance(books.reader, books.at, organisation=asked.icb, year=asked.year)
    return _guarded(export.write_position(table, said, out), books, out)


def _guarded(guard: Guard, books: BooksAt, out: Path) -> Report:
    """What the file of a position says of itself."""
    heads = [
        *(Column("file", ""), count("Rows", "rows"), Column("sum_pounds", "")),
        *(Column("", "Sum (£)", ColumnKind.RATIO), text("Content hash", "content_hash")),
    ]
    row = (str(out), guard.rows, str(guard.sum_pounds), Decimal(str(guard.sum_pounds)), guard.content_hash)
    return _written(Table("The file", heads, [row]), books, out, f"Written to {out}.")


def _position_json(books: BooksAt, out: Path, asked: ExportRequest) -> Report:
    report = holdings.position(books.reader, books.at, organisation=asked.icb, year=asked.year)
    out.write_text(json.document(report, command="position", ledger=asked.ledger), "utf-8")
    return report


def _published(books: BooksAt, out: Path, asked: ExportRequest) -> Report:
    # Its libraries take as long to load as everything else here.
    from allocations.files.out import accessible, accessible_tables  # noqa: PLC0415

    reader, at = books.reader, books.at
    year = asked.year or year_in_view(reader, at)
    tables = accessible_tables.tables(reader, at, year=year, organisation=asked.icb)
    said = accessible.provenance(reader, at, year=year, whose=accessible_tables.whose_money(reader, asked.icb))
    accessible.write_published(tables, said, out, contact=asked.contact)
    heads = [text("Sheet", "sheet"), text("Title", "title"), count("Rows", "rows")]
    rows = [(table.label, table.title, len(table.rows)) for table in tables]
    title = f"Written to {out}: values only, by the Analysis Function's list for accessible spreadsheets."
    return _written(Table("Sheets", heads, rows), books, out, title)


def _scenario(books: BooksAt, out: Path, asked: ExportRequest) -> Report:
    from screens.report.files import board_pack  # noqa: PLC0415 - which draws charts

    path, content = Path(asked.scenario), asked.scenario_content
    written = read_scenario(path) if content is None else read_text(content, f"{path.name}.yaml")
    found = outcome.work_out(books.reader, written, asked.reading)
    guard = board_pack.workbook(books.reader, found, content or path.read_bytes(), out)
    report = _guarded(guard, replace(books, at=found.run.books.at or books.at), out)
    sentences = [found.sentence, "All of it is hypothetical: nobody has decided it."]
    return replace(report, sentences=sentences, facts={**report.facts, "sentence": found.sentence})


def _journal(books: BooksAt, out: Path, asked: ExportRequest) -> Report:
    del asked
    written = journal.write_journal(books.reader, books.at, out)
    row = {"file": str(written.path), **picked(written, "entries", "transfers", "size_bytes")}
    said = f"It leads to the head {written.head}; docs/checking.md says how anybody checks that, without this program."
    return _written(listed([row]), books, written.path, f"Written to {written.path}.", [said])


def _proposals(books: BooksAt, out: Path, asked: ExportRequest) -> Report:
    report = decisions.waiting(books.reader, books.at, everything=asked.everything)
    if out.suffix == ".json":
        out.write_text(json.document(report, command="proposal list", ledger=asked.ledger), "utf-8")
    else:
        table = report.rows
        heads, rows = [*table.columns, text("Head of the chain")], [[*row, books.at.head] for row in table.rows]
        out.write_bytes(csv.document(replace(table, columns=heads, rows=rows)))
    return report


def _written(table: Table, books: BooksAt | None, out: Path, title: str, sentences: list[str] | None = None) -> Report:
    return Report([table], None if books is None else books.at, title, sentences or [], {"file": str(out)})


@dataclass(frozen=True, slots=True)
class Export:
    """A file that can be taken out.

    Attributes:
        name: how its file's name begins.
        title: its name in the list.
        purpose: what it is for, in a sentence.
        asks: what a page lets the reader narrow it by.
        ending: of the file's name.
        from_books: writes it from the books, and says what is in it.
        from_figures: the same of the published figures alone, where that can be done.
    """

    name: str
    title: str
    purpose: str
    asks: tuple[str, ...]
    ending: str
    mime: str
    from_books: Callable[[BooksAt, Path, ExportRequest], Report]
    from_figures: Callable[[None, Path, ExportRequest], Report] | None = None

    def write(self, books: BooksAt | None, out: Path, asked: ExportRequest) -> Report:
        """Write the file.

        Args:
            books: none for one that is made of the published figures.

        Raises:
            Refused: the file cannot be written, or what is asked for is unknown.
        """
        if books is not None:
            return self.from_books(books, out, asked)
        assert self.from_figures is not None, "which is asked for where it can be done"
        return self.from_figures(None, out, asked)

    def file_name(self, asked: ExportRequest) -> str:
        """A name that says what is in the file: lower case, words joined by hyphens."""
        year = "" if asked.year is None else str(asked.year).replace("/", "-")
        parts = (self.name, Path(asked.scenario).stem, (asked.icb or "").lower(), year, str(asked.as_at or ""))
        return f"{'-'.join(part for part in parts if part)}{self.ending}"


EXCEL = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_JSON, _ZIP, _CSV = "application/json", "application/zip", "text/csv"
_CLOCKED = ("whose", "year", "clocks")
EXPORTS: Mapping[str, Export] = {
    "template": Export(
        "budget-template", "Template for a budget, to fill in (Excel)",
        "A workbook with a row for each place and line, lists and checks: send it out, and what comes back is brought "
        "in here as it is.",
        ("icb", "year"), ".xlsx", EXCEL, _template, _template,
    ),
    "working": Export(
        "working", "Working workbook with live formulas (Excel)",
        "Population, weight, share and pounds for each place and PCN: change a yellow cell and everything follows.",
        ("icb", "year", "fund", "weighting", "clocks"), ".xlsx", EXCEL, _working, _working,
    ),
    "position": Export(
        "position", "Position: what is held where (Excel)",
        "One row for each organisation, line and standing, guarded by hashes: for analysis, for the auditor, or to "
        "begin another ledger with.",
        _CLOCKED, ".xlsx", EXCEL, _position,
    ),
    "position-csv": Export(
        "position", "Position (CSV with its data package)",
        "The same for other programs: plain text, with a description of every column beside it.",
        _CLOCKED, ".csv", _ZIP, _position,
    ),
    "position-json": Export(
        "position", "Position (JSON)",
        "The same document as 'devolution position --json' with every column: whole pence, for programs.",
        _CLOCKED, ".json", _JSON, _position_json,
    ),
    "published": Export(
        "published", "Workbook to publish (Excel, accessible)",
        "Values only, by the Analysis Function's list for accessible spreadsheets: for a website or a board's pack.",
        ("whose", "year", "contact", "clocks"), ".xlsx", EXCEL, _published,
    ),
    "scenario": Export(
        "scenario", "Outcome of a scenario (Excel)",
        "The position that a scenario leads to, marked as hypothetical throughout; it cannot be brought in as if it "
        "had been decided.",
        ("scenario",), ".xlsx", EXCEL, _scenario,
    ),
    "proposals": Export(
        "proposals", "Proposals that await a decision (JSON)",
        "The same document as 'devolution proposal list --json': what is asked for, and how much money it reserves.",
        ("everything",), ".json", _JSON, _proposals,
    ),
    "proposals-csv": Export(
        "proposals", "Proposals that await a decision (CSV)",
        "The same as a table, for the paper of the meeting that decides.",
        ("everything",), ".csv", _CSV, _proposals,
    ),
}  # fmt: skip
# For whoever checks the chain without this program: on the command line alone.
JOURNAL = Export(
    "journal", "Journal (CSV)",
    "Every entry with all that it brought, as CSV: from it anybody can work out the head again, without a ledger.",
    (), ".csv", _CSV, _journal,
)  # fmt: skip
