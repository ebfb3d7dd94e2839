"""The workbook of ICB allocations, all funding streams: every line of money with its sheet and cell.

The file is held to itself: an ICB's lines to its printed total, the ICBs to their region's row and to England's
row, and the baseline of the baseline sheet to that of the allocation sheet. The totals that it prints go into
the books as assertions.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from allocations.files.published import further_lines, headings
from allocations.files.published.editions import edition
from allocations.files.published.headings import POUNDS_IN, HeaderUnit, folded, meaning
from allocations.files.published.stream_checks import check, check_baselines, tolerance
from allocations.files.published.streams import (
    CONVERGENCE_COLUMNS,
    KEPT_NATIONALLY,
    ORGANISATION,
    PER_HEAD_COLUMN,
    REGION,
    STREAMS,
    SUBTOTAL,
    TOTAL,
    FurtherLine,
    Stream,
    StreamRows,
)
from allocations.files.published.tables import (
    FileRead,
    Notes,
    PublishedTable,
    Row,
    exact_number,
    find,
    header_rows,
    visible_sheets,
)
from allocations.reading.cells import CellKind, Sheet, Workbook
from ledger.money import exact_pounds, pence_from_pounds
from ledger.years import FinancialYear

NATIONAL = "X24"
_NHS_ENGLAND = "nhs england"
# ICBs have half a million to some three and a half million people; a unit that is wrong is wrong by a thousand.
_FEWEST, _MOST = 50_000, 50_000_000


@dataclass(frozen=True, slots=True)
class PublishedFigure:
    """One line of money.

    Attributes:
        holder: who has it: the ICB, or NHS England where the line stays national.
        about: the ICB or region that the row is of.
        pounds: as printed, exactly; ``amount_pence`` is that to the penny, halves away from zero.
    """

    stream: str
    fund: str
    holder: str
    about: str
    pounds: Decimal
    sheet: str
    cell: str

    @property
    def amount_pence(self) -> int:
        """Whole pence."""
        return pence_from_pounds(self.pounds)


@dataclass(frozen=True, slots=True)
class Convergence:
    """How an ICB's stream moved from baseline to allocation, as printed; ``values`` by ``CONVERGENCE_COLUMNS``."""

    stream: str
    icb: str
    values: Mapping[str, Decimal]
    sheet: str
    row: int


@dataclass(frozen=True, slots=True)
class ImpliedPopulation:
    """The people that an ICB's money and its money per head imply."""

    stream: str
    icb: str
    people: Fraction
    sheet: str
    cell: str


@dataclass(frozen=True, slots=True)
class PrintedTotal:
    """A total that the workbook prints: of a line for England (organisation empty), or of an ICB's lines.

    ``rounded_parts`` is how many amounts, each rounded to the penny, make it up; ``rounded_to`` is the whole unit,
    in pounds, to which the total itself is printed, where its parts are not: 0 where they tie without that.
    """

    fund: str
    organisation: str
    pounds: Decimal
    rounded_parts: int
    sheet: str
    cell: str
    rounded_to: int = 0

    @property
    def expected_pence(self) -> int:
        """Whole pence."""
        return pence_from_pounds(self.pounds)


@dataclass(frozen=True, slots=True)
class AllocationsWorkbook(FileRead):
    """What the workbook says of one year; ``further`` are lines of money that no stream names."""

    year: FinancialYear | None
    figures: tuple[PublishedFigure, ...]
    convergence: tuple[Convergence, ...]
    populations: tuple[ImpliedPopulation, ...]
    totals: tuple[PrintedTotal, ...]
    names: Mapping[str, str]
    regions: Mapping[str, str]
    sheets: Mapping[str, str]
    further: tuple[FurtherLine, ...] = ()


def read(workbook: Workbook, *, year: FinancialYear | None = None) -> AllocationsWorkbook:
    """Read an allocations workbook, of any year's edition."""
    return _Reader(workbook).read(year)


def whole_years(workbook: Workbook) -> tuple[FinancialYear, ...]:
    """The years of which the workbook has every stream that it has for any year; empty where none is named."""
    by_stream: dict[str, set[FinancialYear]] = {}
    for stream, table in stream_tables(workbook, Notes(workbook.file)):
        by_stream.setdefault(stream.name, set()).update(_years_of(stream, table))
    named = [years for years in by_stream.values() if years]
    return tuple(sorted(set.intersection(*named))) if named else ()


def stream_tables(workbook: Workbook, notes: Notes) -> list[tuple[Stream, PublishedTable]]:
    """Each sheet that has lines of money for ICBs, with its stream; a sheet without is not here."""
    quiet = Notes(notes.file)
    found: list[tuple[Stream, PublishedTable]] = []
    for sheet in visible_sheets(workbook, notes):
        stream = _stream_of(sheet)
        if stream is not None:
            tables = find(sheet, (*ORGANISATION, *stream.money), quiet)
            # A baseline's own sheet has columns that are called as lines are, of the year before.
            needed = stream.lines[:1] if "baseline" in folded(sheet.name) else stream.lines
            found.extend(
                (stream, table)
                for table in tables
                if any(line.meant_by(heading.meaning) for line in needed for heading in table.headings)
            )
    return found


def _years_of(stream: Stream, table: PublishedTable) -> tuple[FinancialYear, ...]:
    """The years that a sheet has the stream's first line for, by its name, else by its headers; empty for any."""
    named = meaning(table.sheet.name).years
    first = stream.lines[0]
    return named or tuple(
        year for heading in table.headings if first.meant_by(heading.meaning) for year in heading.meaning.years
    )


def _stream_of(sheet: Sheet) -> Stream | None:
    """By the sheet's name; else by the titles above its table."""
    titles = [cell.text for row in sheet.rows[:20] for cell in row if len(row) and cell.text]
    for words in (meaning(sheet.name).words, *(meaning(text).words for text in titles)):
        fits = [stream for stream in STREAMS if any(called <= words for called in stream.called)]
        if len(fits) == 1:
            return fits[0]
    return None


class _Reader:
    def __init__(self, workbook: Workbook) -> None:
        self.workbook = workbook
        self.notes = Notes(workbook.file)
        self.names: dict[str, str] = {}
        self.regions: dict[str, str] = {}

    def read(self, asked: FinancialYear | None) -> AllocationsWorkbook:
        tables = stream_tables(self.workbook, self.notes)
        if not tables:
            self.notes.problem(
                None, None, "no sheet has lines of money for ICBs.", "They are what this file is for.",
                "Give the workbook of ICB allocations as NHS England published it.",
            )  # fmt: skip
        year = (
            edition([table.sheet for _, table in tables], [t for _, t in tables], self.notes, asked) if tables else None
        )
        if year is not None and not self._has_the_year(tables, year):
            year = None
        streams = [] if year is None else self._streams(tables, year)
        self._said_of_other_sheets({table.sheet.name for _, table in tables})
        if not self.notes.problems:
            self._same_icbs(streams)
        complete = not self.notes.problems
        for rows in streams:
            if complete:  # with a figure missing or refused, every total would fail and hide the reason
                check(rows, self.notes)
        if year is not None:
            check_baselines(self.workbook, streams, year, self.notes)
        return AllocationsWorkbook(
            year=year,
            figures=tuple(figure for rows in streams for figure in _figures(rows)),
            convergence=tuple(row for rows in streams for row in self._convergence(rows)),
            populations=tuple(row for rows in streams for row in self._populations(rows)),
            totals=(
                *(t for rows in streams for t in _england_totals(rows)),
                *(t for r in streams for t in _icb_totals(r)),
            ),
            names=self.names,
            regions=self.regions,
            sheets={rows.stream.name: rows.table.sheet.name for rows in streams},
            further=tuple(line for rows in streams for line in rows.further),
            **self.notes.gathered(),
        )

    def _streams(self, tables: Sequence[tuple[Stream, PublishedTable]], year: FinancialYear) -> list[StreamRows]:
        streams = []
        for stream in STREAMS:
            of_stream = self._this_year(stream, [table for each, table in tables if each is stream], year)
            if len(of_stream) > 1:
                sheets = ", ".join(table.sheet.name for table in of_stream)
                self.notes.problem(
                    None, None, f"several sheets hold the {stream.name} allocations: {sheets}.",
                    "They would be counted twice.", "Remove the one that does not hold.",
                )  # fmt: skip
            elif of_stream:
                streams.append(self._stream(stream, of_stream[0], year))
            else:
                self._without(stream)
        return streams

    def _has_the_year(self, tables: Sequence[tuple[Stream, PublishedTable]], year: FinancialYear) -> bool:
        """Whether every stream that is there has figures of the year; else one problem names those that have none."""
        years: dict[str, set[FinancialYear]] = {}
        for stream, table in tables:
            years.setdefault(stream.name, set()).update(_years_of(stream, table))
        without = {name: named for name, named in years.items() if named and year not in named}
        if without:
            have = ", ".join(name for name in years if name not in without) or "nothing"
            listed = "; ".join(f"{name} is of {', '.join(map(str, sorted(named)))}" for name, named in without.items())
            self.notes.problem(
                None, None, f"of {year} it has {have} alone: {listed}.",
                "A part would pass for the whole, and the rest could not be added later.",
                f"Give the workbook that has all of {year}, or name another year.",
            )  # fmt: skip
        return not without

    def _this_year(self, stream: Stream, tables: Sequence[PublishedTable], year: FinancialYear) -> list[PublishedTable]:
        """Of several sheets of one stream, those that have the year, or say none."""
        kept = [table for table in tables if not (years := _years_of(stream, table)) or year in years]
        for table in tables:
            if table not in kept:
                self.notes.remarks.append(f"Sheet {table.sheet.name} is of another year and was not read.")
        return kept

    def _without(self, stream: Stream) -> None:
        """A stream without allocations: a remark, or a problem where its other sheets say that it belongs here."""
        own = [sheet.name for sheet in self.workbook.sheets if sheet.visible and _stream_of(sheet) is stream]
        if not own:
            self.notes.remarks.append(f"There is no sheet for {stream.name}.")
            return
        self.notes.problem(
            None, None, f"there is no sheet of {stream.name} allocations, and sheet {own[0]} is of that stream.",
            "A part would pass for the whole, and the rest could not be added later.",
            "Give the workbook as it was published.",
        )  # fmt: skip

    def _said_of_other_sheets(self, read: set[str]) -> None:
        for sheet in self.workbook.sheets:
            if sheet.visible and sheet.name not in read:
                stream = _stream_of(sheet)
                what = f"how the {stream.name} baseline was made" if stream else "no lines of money for ICBs"
                self.notes.remarks.append(f"Sheet {sheet.name} was not read for figures: it holds {what}.")

    # --- one stream -------------------------------------------------------------------------------------

    def _stream(self, stream: Stream, found: PublishedTable, year: FinancialYear) -> StreamRows:
        sheet = found.sheet
        per_head = (stream.per_head[0],) if stream.per_head else ()
        wanted = (*ORGANISATION, *stream.money, *stream.totals(year), *per_head, *stream.convergence)
        ends = header_rows(sheet, (ORGANISATION, REGION))
        (table,) = find(sheet, wanted, self.notes, ends=ends, year=year)
        stream.settle_totals(table, year)
        rows = StreamRows(stream, table)
        rows.counts_in = self._units(table, stream)
        for row in table.rows:
            self._row(rows, table, row)
        self._money(rows)
        if not self.notes.problems:  # with a figure missing, no total says anything of a column
            further_lines.take(rows, year, self.notes)
            further_lines.of_earlier_years(self.workbook, rows, year, self.notes)
        self._regional(rows, [number for number in ends if number > table.header_row], ends, year)
        self._unread_columns(table)
        return rows

    def _regional(self, rows: StreamRows, below: Sequence[int], ends: Sequence[int], year: FinancialYear) -> None:
        """The tables of regions and England under headers of their own, with the columns of the ICBs' table."""
        wanted = (*rows.stream.money, *rows.stream.totals(year))
        tables: dict[int, PublishedTable] = {}
        for shape in (REGION, ORGANISATION):
            if below:
                quiet = Notes(self.notes.file)
                for table in find(rows.table.sheet, (*shape, *wanted), quiet, within=None, ends=ends, year=year):
                    tables.setdefault(table.header_row, table)
        rows.regional = [tables[number] for number in below if number in tables]
        for table in rows.regional:
            rows.stream.settle_totals(table, year)
            for row in table.rows:
                self._row(rows, table, row)

    def _units(self, table: PublishedTable, stream: Stream) -> dict[str, Decimal]:
        """What each money column counts in; one whose header does not say takes what all others of the sheet say."""
        said = {h.meaning.unit for h in (*table.columns.values(), *table.others) if h.meaning.unit in POUNDS_IN}
        said = said or {unit for cell in table.titles if (unit := meaning(cell.text).unit) in POUNDS_IN}
        named = {column.name for column in (*stream.money, stream.total, *stream.convergence)} | {SUBTOTAL}
        columns = named & table.columns.keys()
        counts: dict[str, Decimal] = {}
        for name in columns:
            heading = table.columns[name]
            unit = heading.meaning.unit
            if unit is None and len(said) == 1:
                unit = next(iter(said))
            if unit in POUNDS_IN:
                counts[name] = POUNDS_IN[HeaderUnit(unit)]
            elif name not in CONVERGENCE_COLUMNS:
                self.notes.problem(
                    table.sheet, heading.cell, f"'{heading.text}' does not say what it counts in.",
                    "Pounds and thousands of pounds are a thousand apart.", "Write (£k) or (£) in the header.",
                )  # fmt: skip
        return counts

    def _row(self, rows: StreamRows, table: PublishedTable, row: Row) -> None:
        """Which kind of row it is: of an ICB, a region, England or NHS England's own; else set aside or refused."""
        if row.blank:
            self.notes.aside(table.sheet, row, "blank")
            return
        icb, region_code = headings.code(row.text("icb")), headings.code(row.text("region code"))
        region, name = row.text("region"), row.text("icb name")
        area = next((code for code in (icb, region_code) if headings.is_region(code)), "")
        if headings.is_icb(icb) and icb != "":
            self._icb(rows, table, row, icb, area)
        elif area and folded(region) == _NHS_ENGLAND and headings.is_region(icb):
            rows.own[area] = row
            rows.region_of[area] = area
        elif any(headings.is_whole(text) for text in (icb, region_code, region, name)) and not area:
            rows.england.append(row)
        elif (not icb or headings.is_region(icb)) and (area or region) and len(row.texts) > 1:
            rows.regions.append((area or folded(region), row))
            if area:
                self.regions.setdefault(area, name if table is rows.table and name else region)
        elif len(row.texts) == 1:
            self.notes.aside(table.sheet, row, "a note, not a row of the table")
        elif rows.icbs and not any(cell.kind is CellKind.TEXT for cell in row.cells):
            self.notes.remarks.append(
                f"Sheet {table.sheet.name}: row {row.number} has figures and no name; it is held to be England's row."
            )
            rows.england.append(row)
        else:
            first = next(cell for cell in row.cells if cell.text)
            self.notes.problem(
                table.sheet, first.address, f"the row '{' | '.join(row.texts)[:80]}' is of no ICB or region.",
                "No row is passed over.", "Give the ICB's code, as QWO, or remove the row.",
            )  # fmt: skip

    def _icb(self, rows: StreamRows, table: PublishedTable, row: Row, icb: str, area: str) -> None:
        if icb in rows.icbs:
            self.notes.problem(
                table.sheet, row["icb"].address,
                f"{icb} is there twice: row {rows.icbs[icb].number} has it too.",
                "Its money would be counted twice.", "Remove one of the rows.",
            )  # fmt: skip
            return
        rows.icbs[icb] = row
        rows.region_of[icb] = area or folded(row.text("region"))
        self.names.setdefault(icb, row.text("icb name"))
        if area:
            self.regions.setdefault(area, row.text("region"))

    def _money(self, rows: StreamRows) -> None:
        named = [*(column.name for column in rows.stream.money), SUBTOTAL, TOTAL]
        wanted = [name for name in named if name in rows.counts_in]
        first = rows.stream.lines[0].name
        for organisation, row in (*rows.icbs.items(), *rows.own.items()):
            for name in wanted:
                needed = organisation in rows.icbs and name in (first, SUBTOTAL, TOTAL)
                cell = row[name]
                what = f"{rows.table.columns[name].text} of {organisation}"
                found = self.notes.number(rows.table.sheet, cell, what, dash_is_missing=not needed)
                if found is not None:
                    rows.pounds[organisation, name] = found * rows.counts_in[name]

    def _unread_columns(self, table: PublishedTable) -> None:
        if table.others:
            listed = ", ".join(f"'{heading.text}' ({heading.cell})" for heading in table.others)
            self.notes.remarks.append(f"Sheet {table.sheet.name}: columns that no figure was read from: {listed}.")

    def _same_icbs(self, streams: Sequence[StreamRows]) -> None:
        everybody = {icb: rows for rows in streams for icb in rows.icbs}
        for rows in streams:
            for icb in sorted(everybody.keys() - rows.icbs.keys()):
                self.notes.problem(
                    rows.table.sheet, None,
                    f"{icb} is missing; it stands in sheet {everybody[icb].table.sheet.name}.",
                    "A figure that is missing is never taken as zero.", "Give the workbook as it was published.",
                )  # fmt: skip

    def _convergence(self, rows: StreamRows) -> Iterator[Convergence]:
        have = [name for name in CONVERGENCE_COLUMNS if name in rows.table.columns]
        if not rows.stream.convergence or not have:
            return
        if len(have) < len(CONVERGENCE_COLUMNS):
            missing = ", ".join(name for name in CONVERGENCE_COLUMNS if name not in have)
            self.notes.remarks.append(f"Sheet {rows.table.sheet.name} has no whole convergence: {missing} not found.")
            return
        for icb, row in rows.icbs.items():
            values = {}
            for name in CONVERGENCE_COLUMNS:
                found = self.notes.number(rows.table.sheet, row[name], f"{rows.table.columns[name].text} of {icb}")
                if found is not None:
                    in_thousands = rows.counts_in[name] / 1000 if name.endswith("_thousands") else Decimal(1)
                    values[name] = found if in_thousands == 1 else found * in_thousands
            yield Convergence(rows.stream.name, icb, values, rows.table.sheet.name, row.number)

    def _populations(self, rows: StreamRows) -> Iterator[ImpliedPopulation]:
        if rows.stream.per_head is None or PER_HEAD_COLUMN not in rows.table.columns:
            return
        for icb, row in rows.icbs.items():
            cell = row[PER_HEAD_COLUMN]
            each = self.notes.number(rows.table.sheet, cell, f"{rows.table.columns[PER_HEAD_COLUMN].text} of {icb}")
            whole = rows.amount(icb, rows.stream.per_head[1])
            if each and whole is not None:
                people = Fraction(whole) / Fraction(each)
                if not _FEWEST <= people <= _MOST:
                    money = exact_pounds(pence_from_pounds(whole))
                    self.notes.problem(
                        rows.table.sheet, cell.address,
                        f"£{money} of {icb} at £{each:,.2f} per head would be {int(people):,} people.",
                        "No ICB is that small or that large: pounds and thousands of pounds may be mixed up.",
                        "Check what the header says the column counts in.",
                    )  # fmt: skip
                yield ImpliedPopulation(rows.stream.name, icb, people, rows.table.sheet.name, cell.address)


def _figures(rows: StreamRows) -> Iterator[PublishedFigure]:
    sheet = rows.table.sheet.name
    stays = {column.name for column in rows.stream.national}
    for column in rows.stream.money:
        for organisation, row in (*rows.icbs.items(), *rows.own.items()):
            pounds = rows.amount(organisation, column.name)
            if pounds is None:
                continue  # a dash: the sheet has no such line for the organisation
            own = organisation in rows.own
            fund = KEPT_NATIONALLY[rows.stream.fund] if own else column.name
            holder = NATIONAL if own or column.name in stays else organisation
            yield PublishedFigure(rows.stream.name, fund, holder, organisation, pounds, sheet, row[column.name].address)


def _england_totals(rows: StreamRows) -> Iterator[PrintedTotal]:
    """England's row, line by line, without NHS England's own rows: they are in no ICB."""
    for column in rows.stream.lines:
        if column.name in rows.counts_in and rows.england and column.name in rows.england[-1].columns:
            printed = rows.england[-1][column.name]
            said = exact_number(printed)
            if said is None:
                continue
            own = sum((rows.amount(area, column.name) or Decimal(0) for area in rows.own), Decimal(0))
            unit = rows.counts_in[column.name]
            pounds = said * unit - own
            parts = [rows.amount(icb, column.name) or Decimal(0) for icb in rows.icbs]
            exact = tolerance(parts, pounds, Decimal(1), in_whole_units=False)
            rounded_to = int(unit) if abs(sum(parts, Decimal(0)) - pounds) > exact else 0
            yield PrintedTotal(
                column.name, "", pounds, len(rows.icbs), rows.table.sheet.name, printed.address, rounded_to
            )


def _icb_totals(rows: StreamRows) -> Iterator[PrintedTotal]:
    parts = len(rows.lines)
    for icb, row in rows.icbs.items():
        pounds = rows.amount(icb, TOTAL)
        if pounds is not None:
            yield PrintedTotal(rows.stream.fund, icb, pounds, parts, rows.table.sheet.name, row[TOTAL].address)
