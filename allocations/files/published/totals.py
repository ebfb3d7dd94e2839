"""The allocations workbook held to itself: lines to totals, ICBs to regions and England, baselines to baselines."""

from collections.abc import Sequence
from decimal import Decimal

from allocations.files.published import codes
from allocations.files.published.headings import POUNDS_IN, folded
from allocations.files.published.streams import CONVERGENCE_COLUMNS, ORGANISATION, TOTAL, StreamRows
from allocations.files.published.tables import Notes, exact_number, find
from allocations.reading.cells import Cell, Sheet, Workbook
from ledger.money import exact_pounds, pence_from_pounds

_BASELINE = CONVERGENCE_COLUMNS[0]
_PENNY = Decimal("0.01")
# The publisher adds in binary floating point: a sum may be off by a few units of the sixteenth figure.
_FLOATING = Decimal("1e-12")


def check(rows: StreamRows, notes: Notes, ties: list[str]) -> None:
    """Each ICB's lines against its total; each column against the regions' rows and England's row."""
    lines = [column.name for column in rows.stream.lines if column.name in rows.counts_in]
    before = len(notes.problems)
    for icb, row in rows.icbs.items():
        whole = rows.of(icb, TOTAL)
        parts = [pounds for name in lines if (pounds := rows.of(icb, name)) is not None]
        if whole is not None:
            _compare(
                rows, notes, row[TOTAL], parts, whole, f"the {len(parts)} lines of {icb}",
                f"its column '{rows.table.columns[TOTAL].text}'", _unread(rows),
            )  # fmt: skip
    if len(notes.problems) == before and len(lines) > 1:
        ties.append(f"{rows.stream.name}: the lines of each of {len(rows.icbs)} ICBs sum to its printed total.")
    _columns(rows, [*lines, *(c.name for c in rows.stream.national if c.name in rows.counts_in), TOTAL], notes, ties)


def _columns(rows: StreamRows, names: Sequence[str], notes: Notes, ties: list[str]) -> None:
    before, checked = len(notes.problems), 0
    members = {*rows.icbs, *rows.own}
    regional = {row.number: table for table in rows.regional for row in table.rows}
    for area, row in (*rows.regions, *(("", row) for row in rows.england)):
        inside = [each for each in members if not area or _same_region(rows, each, area)]
        where = "England" if not area else row.text("region") or area
        for name in names:
            table = regional.get(row.number, rows.table)
            if name not in table.columns:
                continue
            cell = row[name]
            said = printed(cell)
            if said is None:
                if cell.text and cell.text != "-":
                    notes.remarks.append(f"{cell.address} of the row of {where} holds the text '{cell.text[:40]}'.")
                continue
            checked += 1
            parts = [pounds for each in inside if (pounds := rows.of(each, name)) is not None]
            _compare(
                rows, notes, cell, parts, said * rows.counts_in[name],
                f"the {len(parts)} rows of {where} in '{table.columns[name].text}'", f"the row of {where}", "",
            )  # fmt: skip
    if checked and len(notes.problems) == before:
        ties.append(f"{rows.stream.name}: {checked} totals of regions and England are the sums of their ICBs.")
    if not rows.england:
        notes.remarks.append(f"Sheet {rows.table.sheet.name} has no row for England to hold its ICBs to.")


def _same_region(rows: StreamRows, organisation: str, area: str) -> bool:
    mine = rows.region_of[organisation]
    row = rows.icbs.get(organisation) or rows.own[organisation]
    return area in (mine, codes.code(row.text("region code")), folded(row.text("region")))


def _compare(
    rows: StreamRows,
    notes: Notes,
    cell: Cell,
    parts: Sequence[Decimal],
    whole: Decimal,
    which: str,
    against: str,
    hint: str,
) -> None:
    """Sums to the penny; where every figure is a whole number of its unit, to half a unit for each part."""
    counted = sum(parts, Decimal(0))
    unit = next(iter(rows.counts_in.values()))
    rounded = unit > 1 and all(pounds % unit == 0 for pounds in (*parts, whole))
    allowed = (len(parts) + 1) * unit / 2 if rounded else _PENNY + abs(whole) * _FLOATING
    difference = counted - whole
    if abs(difference) > _PENNY and abs(difference) <= allowed:
        notes.remarks.append(
            f"Sheet {rows.table.sheet.name}, cell {cell.address}: {which} sum to £{_exact(counted)}; {against} says "
            f"£{_exact(whole)}. That is within the rounding of the parts, and is not an exact tie."
        )
    if abs(difference) > allowed:
        way = "too much" if difference > 0 else "too little"
        notes.problem(
            rows.table.sheet, cell.address,
            f"{which} sum to £{_exact(counted)}; {against} says £{_exact(whole)}: £{_exact(abs(difference))} {way}.",
            "A workbook whose lines do not come to its own total is not whole, or has a line that is not known here."
            + hint,
            "Give the file as it was published; if a column is new, it needs a fund of its own.",
        )  # fmt: skip


def _exact(pounds: Decimal) -> str:
    return exact_pounds(pence_from_pounds(pounds))


def _unread(rows: StreamRows) -> str:
    money = [heading for heading in rows.table.others if heading.meaning.unit in (None, *POUNDS_IN)]
    if not money:
        return ""
    listed = ", ".join(f"'{heading.text}' ({heading.cell})" for heading in money)
    return f" Not read: {listed}."


def printed(cell: Cell) -> Decimal | None:
    """The number in a row of totals; none for a text or a blank, which such rows may hold."""
    return exact_number(cell)


def check_baselines(workbook: Workbook, streams: Sequence[StreamRows], notes: Notes, ties: list[str]) -> None:
    """The baseline that an allocation sheet starts from is the one that its baseline sheet ends with."""
    read = {rows.table.sheet.name for rows in streams}
    for rows in streams:
        wanted = next((column for column in rows.stream.convergence if column.name == _BASELINE), None)
        if wanted is None or _BASELINE not in rows.table.columns:
            continue
        for sheet in workbook.sheets:
            titles = folded(" ".join(cell.text for row in sheet.rows[:20] for cell in row))
            named = any(called <= set(folded(sheet.name).split()) for called in rows.stream.called)
            if sheet.name in read or not sheet.visible or not named or "baseline" not in folded(sheet.name) + titles:
                continue
            for table in find(sheet, (*ORGANISATION, wanted), Notes(notes.file)):
                if _BASELINE in table.columns:
                    _same_baselines(
                        rows, sheet, {codes.code(row.text("icb")): row[_BASELINE] for row in table.rows}, notes, ties
                    )


def _same_baselines(rows: StreamRows, sheet: Sheet, baselines: dict[str, Cell], notes: Notes, ties: list[str]) -> None:
    before = len(notes.problems)
    for icb, row in rows.icbs.items():
        cell = baselines.get(icb)
        there, here = None if cell is None else printed(cell), printed(row[_BASELINE])
        if cell is None or there is None or here is None or there == here:
            continue
        if abs(there - here) > abs(here) * _FLOATING:
            notes.problem(
                sheet, cell.address,
                f"the baseline of {icb} is {there:,.3f} here and {here:,.3f} in sheet {rows.table.sheet.name}, "
                f"cell {row[_BASELINE].address}.",
                "The allocation would start from another baseline than was built.",
                "Give the file as it was published.",
            )  # fmt: skip
    if len(notes.problems) == before:
        ties.append(
            f"{rows.stream.name}: the baselines of sheet {sheet.name} are those that the allocation starts from."
        )
