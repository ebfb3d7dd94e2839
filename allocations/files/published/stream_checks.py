"""A stream's sheet held to itself: lines to totals, ICBs to regions and England, baselines to their sheets."""

from collections.abc import Sequence
from decimal import Decimal

from allocations.files.published import headings
from allocations.files.published.headings import POUNDS_IN, folded, meaning
from allocations.files.published.streams import CONVERGENCE_COLUMNS, ORGANISATION, SUBTOTAL, TOTAL, StreamRows
from allocations.files.published.tables import ColumnHeader, Notes, exact_number, find
from allocations.reading.cells import Cell, Sheet, Workbook
from ledger.money import exact_pounds, pence_from_pounds
from ledger.years import FinancialYear

_OPENING_BASELINE = CONVERGENCE_COLUMNS[0]
_PENNY = Decimal("0.01")
# The publisher adds in binary floating point: a sum may be off by a few units of the sixteenth figure.
_FLOATING = Decimal("1e-12")


def check(rows: StreamRows, notes: Notes) -> None:
    """Each ICB's lines against its totals; each column against the regions' rows and England's row."""
    before = len(notes.problems)
    for name in (TOTAL, SUBTOTAL):
        if name in rows.table.columns:
            lines = before_total(rows, name)
            for icb in rows.icbs:
                _icb_total(rows, notes, icb, name, lines)
    if len(notes.problems) == before and len(rows.lines) > 1:
        notes.ties.append(f"{rows.stream.name}: the lines of each of {len(rows.icbs)} ICBs sum to its printed total.")
        if SUBTOTAL in rows.table.columns:
            columns = rows.table.columns
            notes.ties.append(
                f"{rows.stream.name}: so do the lines before '{_one_line(columns[SUBTOTAL])}' to that total, which "
                f"is a part of '{_one_line(columns[TOTAL])}'."
            )
    national = [column.name for column in rows.stream.national if column.name in rows.counts_in]
    totals = [name for name in (SUBTOTAL, TOTAL) if name in rows.counts_in]
    _columns(rows, [*rows.lines, *national, *totals], notes)


def before_total(rows: StreamRows, total: str) -> list[str]:
    """The lines that a total is of: all of them, or for the first of two totals those that stand before it."""
    if total == TOTAL:
        return rows.lines
    columns = rows.table.columns
    return [name for name in rows.lines if columns[name].column < columns[total].column]


def tolerance(parts: Sequence[Decimal], whole: Decimal, unit: Decimal, *, in_whole_units: bool) -> Decimal:
    """How far a sum may be from the total that is printed for it, in pounds.

    Where all figures are whole numbers of their unit, half a unit for each of them; where only the totals are,
    half a unit, because they were rounded and their parts were not; else a penny.

    Args:
        parts: pounds.
        whole: the total, in pounds.
        unit: what the column counts in, as 1000.
        in_whole_units: whether the totals beside this one are whole numbers of the unit too: one may be by chance.
    """
    if unit > 1 and all(pounds % unit == 0 for pounds in (*parts, whole)):
        return (len(parts) + 1) * unit / 2
    return unit / 2 if unit > 1 and in_whole_units else _PENNY + abs(whole) * _FLOATING


def in_whole_units(rows: StreamRows, total: str) -> bool:
    """Whether every ICB's total in a column is a whole number of its unit."""
    amounts = [pounds for icb in rows.icbs if (pounds := rows.amount(icb, total)) is not None]
    return all(pounds % rows.counts_in[total] == 0 for pounds in amounts)


def _icb_total(rows: StreamRows, notes: Notes, icb: str, total: str, lines: Sequence[str]) -> None:
    row, heading = rows.icbs[icb], rows.table.columns[total]
    whole = rows.amount(icb, total)
    parts = [pounds for name in lines if (pounds := rows.amount(icb, name)) is not None]
    if whole is not None:
        _compare(
            rows, notes, row[total], parts, whole, f"the {len(parts)} lines of {icb}", f"its column '{heading.text}'",
            _unread(rows), in_whole_units=in_whole_units(rows, total),
        )  # fmt: skip


def _columns(rows: StreamRows, names: Sequence[str], notes: Notes) -> None:
    before, checked, rounded = len(notes.problems), 0, 0
    members = {*rows.icbs, *rows.own}
    regional = {row.number: table for table in rows.regional for row in table.rows}
    for area, row in (*rows.regions, *(("", row) for row in rows.england)):
        inside = [each for each in members if not area or _same_region(rows, each, area)]
        where = "England" if not area else row.text("region") or area
        table = regional.get(row.number, rows.table)
        numbers = [
            number for name in names if name in table.columns and (number := exact_number(row[name])) is not None
        ]
        whole = all(number % 1 == 0 for number in numbers)
        for name in names:
            if name not in table.columns:
                continue
            cell = row[name]
            said = exact_number(cell)  # such rows may hold texts and blanks
            if said is None:
                if cell.text and cell.text != "-":
                    notes.remarks.append(f"{cell.address} of the row of {where} holds the text '{cell.text[:40]}'.")
                continue
            checked += 1
            parts = [pounds for each in inside if (pounds := rows.amount(each, name)) is not None]
            rounded += _compare(
                rows, notes, cell, parts, said * rows.counts_in[name],
                f"the {len(parts)} rows of {where} in '{table.columns[name].text}'", f"the row of {where}", "",
                in_whole_units=whole,
            )  # fmt: skip
    if checked and len(notes.problems) == before:
        notes.ties.append(f"{rows.stream.name}: {checked} totals of regions and England are the sums of their ICBs.")
    if rounded:
        unit = next(iter(rows.counts_in.values()))
        notes.remarks.append(
            f"Sheet {rows.table.sheet.name}: {rounded} of these totals are printed in whole £{unit:,}, and tie to that."
        )
    if not rows.england:
        notes.remarks.append(f"Sheet {rows.table.sheet.name} has no row for England to hold its ICBs to.")


def _same_region(rows: StreamRows, organisation: str, area: str) -> bool:
    mine = rows.region_of[organisation]
    row = rows.icbs.get(organisation) or rows.own[organisation]
    return area in (mine, headings.code(row.text("region code")), folded(row.text("region")))


def _compare(
    rows: StreamRows,
    notes: Notes,
    cell: Cell,
    parts: Sequence[Decimal],
    whole: Decimal,
    which: str,
    against: str,
    hint: str,
    *,
    in_whole_units: bool,
) -> bool:
    """A sum against its total; whether they tie only because the total is printed in whole units."""
    counted = sum(parts, Decimal(0))
    unit = next(iter(rows.counts_in.values()))
    allowed = tolerance(parts, whole, unit, in_whole_units=in_whole_units)
    exact = _PENNY + abs(whole) * _FLOATING
    difference = counted - whole
    of_the_total = allowed == unit / 2
    if exact < abs(difference) <= allowed and not of_the_total:
        notes.remarks.append(
            f"Sheet {rows.table.sheet.name}, cell {cell.address}: {which} sum to £{_exact(counted)}; {against} says "
            f"£{_exact(whole)}. That is within the rounding of the parts, and is not an exact tie."
        )
    if abs(difference) > max(allowed, exact):
        way = "too much" if difference > 0 else "too little"
        notes.problem(
            rows.table.sheet, cell.address,
            f"{which} sum to £{_exact(counted)}; {against} says £{_exact(whole)}: £{_exact(abs(difference))} {way}.",
            "A workbook whose lines do not come to its own total is not whole, or has a line that is not known here."
            + hint,
            "Give the file as it was published; if a column is new, it needs a fund of its own.",
        )  # fmt: skip
    return of_the_total and exact < abs(difference) <= allowed


def _exact(pounds: Decimal) -> str:
    return exact_pounds(pence_from_pounds(pounds))


def _one_line(heading: ColumnHeader) -> str:
    return " ".join(heading.text.split())


def _unread(rows: StreamRows) -> str:
    money = [heading for heading in rows.table.others if heading.meaning.unit in (None, *POUNDS_IN)]
    if not money:
        return ""
    listed = ", ".join(f"'{heading.text}' ({heading.cell})" for heading in money)
    return f" Not read: {listed}."


def check_baselines(workbook: Workbook, streams: Sequence[StreamRows], year: FinancialYear, notes: Notes) -> None:
    """The baseline that an allocation sheet starts from is the one that its baseline sheet ends with."""
    for rows in streams:
        wanted = next((column for column in rows.stream.convergence if column.name == _OPENING_BASELINE), None)
        if wanted is None or _OPENING_BASELINE not in rows.table.columns:
            continue
        for sheet in baseline_sheets(workbook, rows, year):
            for table in find(sheet, (*ORGANISATION, wanted), Notes(notes.file)):
                if _OPENING_BASELINE in table.columns:
                    baselines = {headings.code(row.text("icb")): row[_OPENING_BASELINE] for row in table.rows}
                    _same_baselines(rows, sheet, baselines, notes)


def baseline_sheets(workbook: Workbook, rows: StreamRows, year: FinancialYear) -> list[Sheet]:
    """The visible sheets that say how the stream's baseline of the year was made."""
    found = []
    for sheet in workbook.sheets:
        titles = folded(" ".join(cell.text for row in sheet.rows[:20] for cell in row))
        named = any(called <= set(folded(sheet.name).split()) for called in rows.stream.called)
        years = meaning(sheet.name).years
        other = sheet.name == rows.table.sheet.name or (years and year not in years)
        if sheet.visible and named and not other and "baseline" in folded(sheet.name) + titles:
            found.append(sheet)
    return found


def _same_baselines(rows: StreamRows, sheet: Sheet, baselines: dict[str, Cell], notes: Notes) -> None:
    before = len(notes.problems)
    for icb, row in rows.icbs.items():
        cell = baselines.get(icb)
        there, here = None if cell is None else exact_number(cell), exact_number(row[_OPENING_BASELINE])
        if cell is None or there is None or here is None or there == here:
            continue
        if abs(there - here) > abs(here) * _FLOATING:
            notes.problem(
                sheet, cell.address,
                f"the baseline of {icb} is {there:,.3f} here and {here:,.3f} in sheet {rows.table.sheet.name}, "
                f"cell {row[_OPENING_BASELINE].address}.",
                "The allocation would start from another baseline than was built.",
                "Give the file as it was published.",
            )  # fmt: skip
    if len(notes.problems) == before:
        notes.ties.append(
            f"{rows.stream.name}: the baselines of sheet {sheet.name} are those that the allocation starts from."
        )
