"""What a published file was understood to be: its kind and year, the tables found, and what was not read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from allocations.files.published import (
    allocations_workbook,
    change_summary,
    pcn_memberships,
    practices,
    registered_patients,
)
from allocations.files.published.allocations_workbook import AllocationsWorkbook
from allocations.files.published.change_summary import ChangeSummary
from allocations.files.published.pcn_memberships import PcnFile
from allocations.files.published.practices import PracticeFile
from allocations.files.published.recognise import FileKind, recognise
from allocations.files.published.registered_patients import PeopleByAge, PracticeMap
from allocations.files.published.tables import RowsNotRead
from allocations.reading.cells import Workbook, read_workbook
from ledger.errors import Problem, Refused
from ledger.years import FinancialYear

Content = AllocationsWorkbook | PracticeFile | PracticeMap | PeopleByAge | PcnFile | ChangeSummary


@dataclass(frozen=True, slots=True)
class TableRead:
    """One table that was found, and how much was read from it."""

    table: str
    sheet: str
    rows: int
    figures: int


@dataclass(frozen=True, slots=True)
class PublishedFile:
    """One file.

    Attributes:
        period: the financial year or the day that it is of, in words; empty where it has neither.
        found: its tables.
        ties: what in it sums to what it should.
    """

    file: str
    sha256: str
    kind: FileKind
    period: str
    content: Content
    found: tuple[TableRead, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong with it; with any, nothing of it is posted."""
        return self.content.problems

    @property
    def set_aside(self) -> tuple[RowsNotRead, ...]:
        """Rows that were not read, with the reason."""
        return self.content.set_aside

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a reader of its figures should know."""
        return self.content.remarks

    @property
    def ties(self) -> tuple[str, ...]:
        """What sums to what it should."""
        return self.content.ties


def understand(
    paths: Sequence[Path],
    *,
    year: FinancialYear | None = None,
    sheet: str | None = None,
    every_year: bool = False,
    icb: str | None = None,
) -> tuple[list[PublishedFile], list[Problem]]:
    """Read files of any published kind, and gather what is wrong with all of them.

    Args:
        paths: the files; the same file given twice is read once.
        year: the year, where a file does not say it, or speaks of several.
        sheet: the sheet of a practice file, where several hold such a table.
        icb: of a practice file, only what is wrong in the rows of this ICB is a problem.
        every_year: read an allocations workbook once for each year that it has whole, rather than for one.
    """
    understood: dict[str, list[PublishedFile]] = {}
    problems: list[Problem] = []
    for path in paths:
        try:
            workbook = read_workbook(path)
            if workbook.sha256 not in understood:
                kind = recognise(workbook)
                whole = allocations_workbook.whole_years(workbook) if kind is FileKind.ALLOCATIONS else ()
                years = whole if every_year and whole else (year,)
                understood[workbook.sha256] = [_read(workbook, kind, one, sheet, icb) for one in years]
        except Refused as refused:
            problems.extend(refused.problems)
    found = [one for of_file in understood.values() for one in of_file]
    problems.extend(dict.fromkeys(problem for one in found for problem in one.problems))
    return found, problems


def _read(
    workbook: Workbook, kind: FileKind, year: FinancialYear | None, sheet: str | None, icb: str | None
) -> PublishedFile:
    readers: dict[FileKind, Callable[[], tuple[Content, str, list[TableRead]]]] = {
        FileKind.ALLOCATIONS: lambda: _allocations(allocations_workbook.read(workbook, year=year)),
        FileKind.PRACTICES: lambda: _practices(practices.read(workbook, year=year, sheet=sheet, icb=icb)),
        FileKind.PRACTICE_MAP: lambda: _map(registered_patients.read_map(workbook)),
        FileKind.AGES: lambda: _ages(registered_patients.read_ages(workbook)),
        FileKind.NETWORKS: lambda: _networks(pcn_memberships.read(workbook)),
        FileKind.CHANGES: lambda: _changes(change_summary.read(workbook)),
    }
    content, of, found = readers[kind]()
    return PublishedFile(workbook.file, workbook.sha256, kind, of, content, tuple(found))


def _allocations(content: AllocationsWorkbook) -> tuple[Content, str, list[TableRead]]:
    found = []
    for stream, sheet in content.sheets.items():
        own = [figure for figure in content.figures if figure.stream == stream]
        found.append(TableRead(f"{stream}: allocation", sheet, len({figure.about for figure in own}), len(own)))
    return content, str(content.year or ""), found


def _practices(content: PracticeFile) -> tuple[Content, str, list[TableRead]]:
    sheets = sorted({place.rsplit("!", 1)[0] for place in content.cells.values()})
    codes = {"practice", "icb", "district", "pcn"}
    columns = [name for name in content.table.column_names if name not in codes]
    rows = content.table.num_rows
    found = [TableRead("practices", sheet, rows, rows * len(columns)) for sheet in sheets]
    return content, str(content.year or ""), found


def _map(content: PracticeMap) -> tuple[Content, str, list[TableRead]]:
    sheets = sorted({place.rsplit("!", 1)[0] for place in content.cells.values()})
    return content, _day(content.day), [TableRead("practices", sheet, content.table.num_rows, 0) for sheet in sheets]


def _ages(content: PeopleByAge) -> tuple[Content, str, list[TableRead]]:
    found = [
        TableRead(f"people by age: {level}", "", table.num_rows, table.num_rows)
        for level, table in content.levels.items()
    ]
    return content, _day(content.day), found


def _networks(content: PcnFile) -> tuple[Content, str, list[TableRead]]:
    found = []
    for what, rows in (("networks", content.networks), ("memberships", content.memberships)):
        sheets = sorted({row.cell.rsplit("!", 1)[0] for row in rows})
        found += [TableRead(what, sheet, len(rows), 0) for sheet in sheets]
    return content, "", found


def _changes(content: ChangeSummary) -> tuple[Content, str, list[TableRead]]:
    tables = (
        ("new ICBs", content.new_icbs), ("successions of ICBs", content.successions),
        ("sub-ICB locations", content.sub_icbs), ("practices that move", content.practices),
        ("networks that move", content.networks), ("small areas that move", content.areas),
    )  # fmt: skip
    found = [
        TableRead(what, ", ".join(dict.fromkeys(row.sheet for row in rows)), len(rows), 0) for what, rows in tables
    ]
    return content, _day(content.effective_date), found


def _day(day: date | None) -> str:
    return "" if day is None else str(day)
