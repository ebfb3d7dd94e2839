"""The practice file of NHS England's place tool: people and weighted people, practice by practice.

Its columns change their names every year. Every weighted population sums to the registered population: that
is a control total which the file carries itself, and it is held to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from itertools import chain

import pyarrow as pa

from allocations.figures.tables import POPULATION
from allocations.figures.weightings import WEIGHTINGS
from allocations.files.published import headings
from allocations.files.published.editions import edition
from allocations.files.published.headings import folded
from allocations.files.published.identity import icb_meant, known_members
from allocations.files.published.tables import FileRead, Notes, PublishedTable, Row, Wanted, find, visible_sheets
from allocations.reading.cells import Cell, CellKind, Sheet, Workbook
from ledger.errors import Problem
from ledger.inputs import Input
from ledger.years import FinancialYear

_NINE_PLACES = Decimal("1e-9")
# NHS England sums in binary floating point: beyond what is printed, a billionth of the whole is allowed for that.
_FLOATING = Decimal("1e-9")
# From this year's edition on there is a model of the need for primary medical care.
_PRIMARY_MEDICAL_SINCE = FinancialYear(2023)


def _weighted(name: str, *called: str) -> Wanted:
    kinds = ("WP", "weighted population", "weighted populations", "weighted pop")
    return Wanted(name, tuple(f"{each} {kind}" for each in called for kind in kinds))


REGISTERED = "registered"
PRIMARY_MEDICAL = (
    _weighted("primary_medical_need", "Primary Medical Care", "PMC", "PMC need", "Primary medical care need"),
    _weighted("primary_medical", "Final PMC", "Final primary medical care", "Overall primary medical care"),
)
WEIGHTED = (
    _weighted("general_acute", "G&A", "General and acute", "GA"),
    _weighted("community", "CS", "Community", "Community services"),
    _weighted("mental_health", "MH", "Mental health"),
    _weighted("maternity", "Mat", "Maternity"),
    _weighted("prescribing", "Prescr", "Prescribing", "Presc"),
    _weighted("health_inequalities", "Health Ineq", "Health inequalities", "HI", "Avoidable mortality"),
    _weighted("core", "Final", "Overall", "Final core", "Overall core", "Core"),
    *PRIMARY_MEDICAL,
)
PEOPLE = Wanted(
    REGISTERED,
    ("Population", "pop", "Registered population", "GP registered population", "Reg pop", "Registered patients"),
)
CODES = (
    Wanted("practice", ("Practice_Code", "Practice", "GP practice code", "GP code"), key=True),
    Wanted("icb", ("ICB", "ICB code", "ICS", "ICS code", "ICB ODS code")),
    Wanted("icb name", ("ICBname", "ICB name", "ICS22name", "ICS name"), needed=False),
    Wanted("district", ("LAD", "LAD code", "LTLA code", "LA district code"), needed=False),
    Wanted("pcn", ("PCN_Code",), needed=False),
)
COLUMNS = (*CODES, PEOPLE, *WEIGHTED)
KEY_COLUMNS = (
    CODES[0],
    *(Wanted(column.name, column.phrases, needed=False) for column in (*CODES[1:], PEOPLE, *WEIGHTED)),
)


@dataclass(frozen=True, slots=True)
class PracticeFile(FileRead):
    """The practices of one year.

    Attributes:
        table: of the shape of ``figures.table("practices_2025_26")``, without the place, and without PCN,
            district or a weighting that the edition does not have; populations with nine decimals.
        cells: practice code to the sheet and row it stands in, as ``Sheet!12``.
    """

    year: FinancialYear | None
    table: pa.Table
    cells: Mapping[str, str]


def tables_in(workbook: Workbook, notes: Notes) -> list[PublishedTable]:
    """The tables of the file that have practices and people or weighted people, whatever else is wrong with them."""
    quiet = Notes(notes.file)
    return [
        table
        for sheet in visible_sheets(workbook, notes)
        for table in find(sheet, KEY_COLUMNS, quiet)
        if len(table.columns.keys() & {column.name for column in (PEOPLE, *WEIGHTED)}) > 1
    ]


def read(
    workbook: Workbook,
    *,
    year: FinancialYear | None = None,
    sheet: str | None = None,
    icb: str | None = None,
    members: Mapping[str, str] | None = None,
) -> PracticeFile:
    """Read a practice file, of any year's edition.

    Args:
        year: the year, where the file does not say it, or speaks of several.
        sheet: the sheet, where several hold such a table.
        icb: only what is wrong in the rows of this ICB is a problem; other rows that are wrong are left out and told.
        members: practice to ICB, by which an ICB without an ODS code is known; the shipped figures without it.
    """
    return _Reader(workbook, sheet, icb, members).read(year)


@dataclass(frozen=True, slots=True)
class _Fault:
    """One cell that cannot be used. Those with one cause become one problem.

    Attributes:
        one: the sentence where it is alone.
        many: what follows the number of practices where there are several.
    """

    practice: str
    icb: str
    cell: str
    one: str
    many: str
    why: str
    fix: str


class _Reader:
    def __init__(
        self, workbook: Workbook, sheet: str | None, icb: str | None, members: Mapping[str, str] | None
    ) -> None:
        self.notes = Notes(workbook.file)
        self.icb = icb
        self.members = members
        self.faults: list[_Fault] = []
        self.blanks: dict[str, list[tuple[str, Cell]]] = {}
        self.icb_cells: dict[str, list[tuple[str, str]]] = {}
        self.icb_names: dict[str, str] = {}
        tables = tables_in(workbook, self.notes)
        self.found = [table for table in tables if sheet in (None, table.sheet.name)]
        self.numbers: dict[str, list[Decimal]] = {}

    def read(self, asked: FinancialYear | None) -> PracticeFile:
        year, rows = None, []
        if len(self.found) == 1:
            year = edition([self.found[0].sheet], self.found, self.notes, asked)
            (table,) = find(self.found[0].sheet, self._wanted(self.found[0], year), self.notes, year=year)
            rows = self._rows(table)
            self._fill_true_zeros(table, rows)
            self._name_icbs(table, rows, year)
            left_out = self._tell_faults(table.sheet, rows)
            if left_out:
                rows = [row for row in rows if row[0] not in left_out]
            elif REGISTERED in table.columns:
                self._sums(table, rows)
        elif self.found:
            names = ", ".join(table.sheet.name for table in self.found)
            self.notes.problem(
                None, None, f"several sheets hold practices with populations: {names}.",
                "They would be counted twice.", f"Say which {Input.SHEET_OF_FILE.given}.",
            )  # fmt: skip
        else:
            self.notes.problem(
                None, None, "no sheet has a table with practice codes and weighted populations.",
                "They are what a practice file is for.", "Give the place tool's practice file as it was published.",
            )  # fmt: skip
        cells = {practice: place for practice, place, _ in rows}
        return PracticeFile(year, self._table([row for _, _, row in rows]), cells, **self.notes.gathered())

    def _wanted(self, table: PublishedTable, year: FinancialYear | None) -> Sequence[Wanted]:
        """The edition before 2023/24 had no model for primary medical care: then, and only then, it may be missing."""
        has = any(column.name in table.columns for column in PRIMARY_MEDICAL)
        if has and year is not None and year < _PRIMARY_MEDICAL_SINCE:
            self.notes.problem(
                table.sheet, None,
                f"it seems to be of {year}, and it has weighted populations for primary medical care, which began with "
                f"{_PRIMARY_MEDICAL_SINCE}.",
                "NHS England left the header 'pop 2022/23' in later editions: they would be taken for that year's.",
                f"Say which year it is of {Input.YEAR_OF_FILE.given}.",
            )  # fmt: skip
        if has or year is None or year >= _PRIMARY_MEDICAL_SINCE:
            return COLUMNS
        self.notes.remarks.append(f"The edition of {year} has no weighted populations for primary medical care.")
        return tuple(column for column in COLUMNS if column not in PRIMARY_MEDICAL)

    def _rows(self, table: PublishedTable) -> list[tuple[str, str, dict[str, object]]]:
        seen: dict[str, str] = {}
        rows = []
        totals: list[Row] = []
        for row in table.rows:
            if row.blank:
                self.notes.aside(table.sheet, row, "blank")
                continue
            practice = headings.code(row.text("practice"))
            if not headings.is_practice(practice):
                if any("total" in folded(text).split() or headings.is_whole(text) for text in row.texts):
                    self.notes.aside(table.sheet, row, "a total, which the rows must come to")
                    totals.append(row)
                else:
                    self._not_a_practice(table.sheet, row)
                continue
            if practice in seen:
                self.notes.problem(
                    table.sheet, row["practice"].address,
                    f"practice {practice} is there twice: {seen[practice]} has it too.",
                    "Its people would be counted twice.", "Remove one of the rows.",
                )  # fmt: skip
                continue
            seen[practice] = row["practice"].address
            rows.append((practice, f"{table.sheet.name}!{row.number}", self._row(table, row, practice)))
        if not rows:
            self.notes.problem(
                table.sheet, f"A{table.header_row}", "there is no practice below this header.",
                "Nothing could be read.", "Give the file as it was published.",
            )  # fmt: skip
        for row in totals:
            self._total(table, row)
        return rows

    def _row(self, table: PublishedTable, row: Row, practice: str) -> dict[str, object]:
        icb = headings.code(row.text("icb"))
        if "icb" in table.columns and not icb:
            self.faults.append(
                _Fault(
                    practice, icb, row["icb"].address, f"practice {practice} is without an ICB.",
                    "practices are without an ICB", "A practice belongs to one ICB.", "Give the ICB's code, as QWO.",
                )
            )  # fmt: skip
        values: dict[str, object] = {"practice": practice, "icb": icb}
        self.icb_cells.setdefault(icb, []).append((practice, row["icb"].address if "icb" in table.columns else ""))
        self.icb_names.setdefault(icb, row.text("icb name"))
        for name in ("district", "pcn"):
            given = headings.code(row.text(name))
            values[name] = None if given in ("", headings.NOT_ALLOCATED) else given
        for name in WEIGHTINGS:
            if name in table.columns:
                values[name] = self._people(table.sheet, row[name], name, practice, icb)
        return values

    def _people(self, sheet: Sheet, cell: Cell, name: str, practice: str, icb: str) -> Decimal | None:
        if cell.kind is CellKind.BLANK or not cell.text:
            self.blanks.setdefault(name, []).append((practice, cell))
            return None
        quiet = Notes(self.notes.file)
        found = quiet.number(sheet, cell, f"{_spoken(name)} of practice {practice}")
        if found is None:
            (problem,) = quiet.problems
            self._fault(practice, icb, cell, problem, f"practices have no number for {_spoken(name)}")
            return None
        if found < 0:
            quiet.problem(
                sheet, cell.address, f"{_spoken(name)} of practice {practice} is {found:f}.",
                "People are not counted below zero.", "Correct the figure.",
            )  # fmt: skip
            (problem,) = quiet.problems
            self._fault(practice, icb, cell, problem, f"practices have {_spoken(name)} below zero")
            return None
        self.numbers.setdefault(name, []).append(found)
        return found.quantize(_NINE_PLACES, rounding=ROUND_HALF_UP)

    def _fault(self, practice: str, icb: str, cell: Cell, problem: Problem, many: str) -> None:
        self.faults.append(_Fault(practice, icb, cell.address, problem.found, many, problem.why, problem.fix))

    def _fill_true_zeros(self, table: PublishedTable, rows: Sequence[tuple[str, str, dict[str, object]]]) -> None:
        """Blanks of a column that comes to the registered population without them are zeros; any others are missing."""
        people = sum(self.numbers.get(REGISTERED, ()), Decimal(0))
        values = {practice: row for practice, _, row in rows}
        for name, blanks in self.blanks.items():
            numbers = self.numbers.get(name, [])
            allowed = (
                printed_rounding(self.numbers.get(REGISTERED, ())) + printed_rounding(numbers) + people * _FLOATING
            )
            cells = [cell.address for _, cell in blanks]
            whole = REGISTERED not in self.blanks and not any(fault.cell for fault in self.faults)
            if whole and name != REGISTERED and abs(sum(numbers, Decimal(0)) - people) <= allowed:
                for practice, _ in blanks:
                    values[practice][name] = Decimal(0)
                are = "blank cell is a zero" if len(cells) == 1 else "blank cells are zeros"
                self.notes.remarks.append(
                    f"{len(cells)} {are} ({_first(cells)}): without them the column '{table.columns[name].text}' "
                    f"sums to the registered population, {people:,.3f}."
                )
                continue
            for practice, cell in blanks:
                problem = Problem(
                    "", f"{_spoken(name)} of practice {practice} is empty.",
                    "A figure that is missing is never taken as zero.",
                    "Correct the cell, or ask the publisher for it.",
                )  # fmt: skip
                icb = str(values[practice]["icb"])
                self._fault(practice, icb, cell, problem, f"practices have no figure for {_spoken(name)}")

    def _name_icbs(
        self, table: PublishedTable, rows: Sequence[tuple[str, str, dict[str, object]]], year: FinancialYear | None
    ) -> None:
        """The ODS code of every ICB: one remark for each that is called otherwise, one problem for each unknown."""
        strange = [code for code in self.icb_cells if code and not headings.is_icb(code)]
        if not strange or "icb" not in table.columns:
            return
        members = known_members(year) if self.members is None else self.members
        meant = {}
        for code in strange:
            practices, cells = zip(*self.icb_cells[code], strict=True)
            name = self.icb_names[code]
            found = icb_meant(code, name, practices, year, members)
            meant[code] = found.code or code
            called = ", ".join(part for part in (code, name) if part)
            count = "1 practice" if len(practices) == 1 else f"{len(practices):,} practices"
            if found.code:
                self.notes.remarks.append(f"{called}, {count}: taken for {found.code}, {found.why}.")
                continue
            self.faults.append(
                _Fault(
                    "", code, cells[0],
                    f"'{called[:60]}', {count} ({_first(cells)}), is not the code of an ICB: {found.why}.", "",
                    "A practice belongs to one ICB.", "Give the ICB's code, as QWO.",
                )
            )  # fmt: skip
        for _, _, row in rows:
            row["icb"] = meant.get(str(row["icb"]), row["icb"])
        self.faults = [replace(fault, icb=meant.get(fault.icb, fault.icb)) for fault in self.faults]

    def _tell_faults(self, sheet: Sheet, rows: Sequence[tuple[str, str, dict[str, object]]]) -> set[str]:
        """One problem for each cause, with the first cells; the practices to leave out where they are in other ICBs."""
        elsewhere = [fault for fault in self.faults if self.icb is not None and fault.icb != self.icb]
        here = [fault for fault in self.faults if fault not in elsewhere]
        causes: dict[tuple[str, str], list[_Fault]] = {}
        for fault in here:
            causes.setdefault((fault.many or fault.one, fault.why), []).append(fault)
        for faults in causes.values():
            first = faults[0]
            found = first.one
            if len(faults) > 1:
                found = f"{len(faults):,} {first.many}: {_first([fault.cell for fault in faults])}."
            self.notes.problem(sheet, first.cell, found, first.why, first.fix)
        strangers = {fault.icb for fault in elsewhere if not fault.practice}
        out = {fault.practice for fault in elsewhere if fault.practice}
        out |= {practice for practice, _, row in rows if row["icb"] in strangers}
        if out:
            self.notes.remarks.append(
                f"{len(out):,} practices of other ICBs than {self.icb} cannot be used and are left out, so nothing is "
                f"said of England as a whole: {_first([fault.cell for fault in elsewhere])}."
            )
        return out

    def _not_a_practice(self, sheet: Sheet, row: Row) -> None:
        cell = row["practice"]
        found = f"'{cell.text[:40]}' is not the code of a practice." if cell.text else "a row without a practice code."
        if cell.text and len(row.texts) == 1:
            self.notes.aside(sheet, row, "a note, not a row of the table")
            return
        self.notes.problem(
            sheet, cell.address, found, "No row is passed over.", "Give the code, as A81001, or remove the row."
        )

    # --- the totals that the file carries itself --------------------------------------------------------

    def _sums(self, table: PublishedTable, rows: Sequence[object]) -> None:
        """Every weighted population comes to the registered population, but for the rounding of what is printed."""
        if self.notes.problems or self.faults or not rows:
            return  # with a figure missing or refused there is nothing to compare
        people = sum(self.numbers[REGISTERED], Decimal(0))
        rounded = printed_rounding(self.numbers[REGISTERED])
        for name, numbers in self.numbers.items():
            if name == REGISTERED:
                continue
            weighted = sum(numbers, Decimal(0))
            allowed = rounded + printed_rounding(numbers) + people * _FLOATING
            if abs(weighted - people) > allowed:
                way = "more" if weighted > people else "fewer"
                heading = table.columns[name]
                self.notes.problem(
                    table.sheet, heading.cell,
                    f"the column '{heading.text}' sums to {weighted:,.3f}, which is "
                    f"{abs(weighted - people):,.3f} {way} than the registered population, {people:,.3f}.",
                    "A weighted population shares out the people there are; it comes to the same sum. "
                    f"Rounding explains at most {allowed:,.3f}.",
                    "Look for a missing, added or changed row, or give the file as it was published.",
                )  # fmt: skip
        if not self.notes.problems:
            self.notes.ties.append(
                f"{len(self.numbers) - 1} weighted populations each sum to the registered population, {people:,.3f}."
            )

    def _total(self, table: PublishedTable, row: Row) -> None:
        """A row that says it totals the table, for the columns in which it holds a number."""
        if not any(headings.is_whole(text) for text in row.texts):
            return
        for name, numbers in self.numbers.items():
            cell = row[name]
            if cell.kind is not CellKind.NUMBER and cell.text in ("", "-"):
                continue
            quiet = Notes(self.notes.file)
            said = quiet.number(table.sheet, cell, name)
            if said is None:
                self.notes.remarks.append(f"{cell.address} of the total row holds the text '{cell.text[:40]}'.")
                continue
            counted = sum(numbers, Decimal(0))
            if abs(counted - said) > printed_rounding([*numbers, said]) + abs(said) * _FLOATING:
                way = "more" if counted > said else "fewer"
                self.notes.problem(
                    table.sheet, cell.address,
                    f"the total row says {said:,.3f}; the practices come to {counted:,.3f}, "
                    f"{abs(counted - said):,.3f} {way}.",
                    "A table that does not come to its own total is not whole.", "Give the file as it was published.",
                )  # fmt: skip
            else:
                self.notes.ties.append(f"{_spoken(name)}: {counted:,.3f}, as printed in {cell.address}.")

    def _table(self, rows: Sequence[Mapping[str, object]]) -> pa.Table:
        names = [name for name in ("practice", "icb", "district", "pcn") if any(row.get(name) for row in rows)]
        names += [name for name in WEIGHTINGS if name in self.numbers]
        types = [POPULATION if name in WEIGHTINGS else pa.string() for name in names]
        arrays = [pa.array([row.get(name) for row in rows], kind) for name, kind in zip(names, types, strict=True)]
        if rows and "pcn" not in names:
            self.notes.remarks.append("It names no PCN: the practice map of a year does.")
        return pa.table(dict(zip(names, arrays, strict=True)))


def printed_rounding(numbers: Sequence[Decimal]) -> Decimal:
    """The most by which a sum of printed numbers can differ from that of the numbers behind them.

    A column is printed with a number of significant figures, or with a number of decimals; each figure may be
    off by half a unit in its last place. Zeros at the end are often not printed, so the longest number of the
    column says how many figures there are.
    """
    figures = max((len(number.as_tuple().digits) for number in numbers), default=1)
    decimals = max((-int(number.as_tuple().exponent) for number in numbers), default=0)
    halves = chain(Decimal(1).scaleb(max(number.adjusted() - figures + 1, -decimals)) for number in numbers if number)
    return sum(halves, Decimal(0)) / 2


_SHOWN_CELLS = 3


def _first(cells: Sequence[str]) -> str:
    """The first cells of many."""
    more = len(cells) - _SHOWN_CELLS
    return ", ".join(cells[:_SHOWN_CELLS]) + (f" and {more:,} more" if more > 0 else "")


def _spoken(name: str) -> str:
    return "the registered population" if name == REGISTERED else f"the {name.replace('_', ' ')} weighted population"
