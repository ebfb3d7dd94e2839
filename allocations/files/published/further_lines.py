"""Columns of money that no stream names: lines of their own where the sheet's own total says so.

The rule: a column of pounds, of the year, with a figure for every ICB, is a line where the lines that are known
do not come to every ICB's printed total without it and do with it. Of several such columns the fewest that close
the gap are taken, if there is one way to do it. What does not close it is listed and the sheet is refused; a sheet
without a printed total cannot say, and is refused with the column named. A column of an earlier year is part of
how the baseline was made, and is not posted again.
"""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

from allocations.figures import tables as figures
from allocations.files.published.headings import POUNDS_IN, HeaderUnit, code, folded
from allocations.files.published.stream_checks import baseline_sheets, in_whole_units, tolerance
from allocations.files.published.streams import ORGANISATION, TOTAL, FurtherLine, StreamRows
from allocations.files.published.tables import MONEY, ColumnHeader, Notes, Row, Wanted, exact_number, find
from allocations.reading.cells import Workbook
from ledger.years import FinancialYear

# How an allocation was made, rather than a part of it.
_WORKINGS = frozenset(
    {"baseline", "growth", "target", "convergence", "distance", "share", "population", "total", "combined"}
)
_AT_MOST = 8  # columns that are tried in every combination

Amounts = dict[str, Decimal]


def take(rows: StreamRows, year: FinancialYear, notes: Notes) -> None:
    """Make lines of the columns that the rule above says are lines.

    Args:
        rows: the stream's ICBs with the amounts of the lines that are known; gets what is found.
        year: the year that the sheet is read for.
        notes: gets a problem for each column that may be money and of which nothing can be said.
    """
    candidates = {
        heading: amounts
        for heading in rows.table.others
        if _may_be_a_line(heading, year) and (amounts := _amounts(rows, heading)) is not None
    }
    if not rows.prints_a_total:
        for heading in candidates:
            notes.problem(
                rows.table.sheet, heading.cell,
                f"'{heading.text}' is money of {year}, and no line of that name is known for {rows.stream.name}.",
                "The sheet prints no total that could say whether it is a line of its own or a part of one.",
                "Give the file as it was published; a line that is new there needs a name here.",
            )  # fmt: skip
        return
    for heading in _closing_the_gap(rows, candidates):
        _adopt(rows, heading, candidates[heading])
    if rows.further:
        listed = ", ".join(f"'{' '.join(rows.table.columns[line.fund].text.split())}'" for line in rows.further)
        notes.remarks.append(
            f"Sheet {rows.table.sheet.name}: {listed} became lines of their own, because the known lines come to the "
            f"printed totals of all {len(rows.icbs)} ICBs with them and not without them."
        )


def of_earlier_years(workbook: Workbook, rows: StreamRows, year: FinancialYear, notes: Notes) -> None:
    """Say of each column of an earlier year that it is not posted, and in which baseline column it is."""
    for heading in rows.table.others:
        years = heading.meaning.years
        known = any(line.meant_by(heading.meaning) for line in rows.stream.lines)  # then it is that line, of its year
        before = years and max(years) < year and not known and not heading.meaning.words & _WORKINGS
        amounts = _amounts(rows, heading) if before else None
        if amounts is None:
            continue
        inside = _same_column(workbook, rows, year, amounts)
        where = f"it is in the baseline already, as {inside}," if inside else "it is part of how the baseline was made"
        notes.remarks.append(
            f"Sheet {rows.table.sheet.name}: '{' '.join(heading.text.split())}' ({heading.cell}) is of "
            f"{max(years)}: {where} and is not posted again."
        )


def _may_be_a_line(heading: ColumnHeader, year: FinancialYear) -> bool:
    said = heading.meaning
    of_the_year = not said.years or year in said.years
    return bool(said.words) and said.unit in (None, *POUNDS_IN) and of_the_year and not said.words & _WORKINGS


def _amounts(rows: StreamRows, heading: ColumnHeader) -> Amounts | None:
    """Pounds by ICB; none where a cell holds no number."""
    unit = heading.meaning.unit
    counts_in = POUNDS_IN[HeaderUnit(unit)] if unit in POUNDS_IN else next(iter(rows.counts_in.values()), Decimal(1))
    found: Amounts = {}
    for icb, row in rows.icbs.items():
        number = exact_number(row.cells[heading.column])
        if number is None:
            return None
        found[icb] = number * counts_in
    return found or None


def _closing_the_gap(rows: StreamRows, candidates: dict[ColumnHeader, Amounts]) -> Sequence[ColumnHeader]:
    known = {icb: [rows.amount(icb, line) or Decimal(0) for line in rows.lines] for icb in rows.icbs}
    unit, whole_units = rows.counts_in[TOTAL], in_whole_units(rows, TOTAL)

    def closes(chosen: Sequence[ColumnHeader]) -> bool:
        for icb, parts in known.items():
            whole = rows.amount(icb, TOTAL)
            added = [*parts, *(candidates[heading][icb] for heading in chosen)]
            if whole is None or abs(sum(added, Decimal(0)) - whole) > tolerance(
                added, whole, unit, in_whole_units=whole_units
            ):
                return False
        return True

    tried = list(candidates)[:_AT_MOST]
    for number in range(len(tried) + 1):
        ways = [chosen for chosen in combinations(tried, number) if closes(chosen)]
        if ways:
            return ways[0] if len(ways) == 1 else ()
    return ()


def _adopt(rows: StreamRows, heading: ColumnHeader, amounts: Amounts) -> None:
    stream, words = rows.stream, heading.meaning.in_order
    fund = "-".join((stream.fund, *words))
    names = {row["code"]: row["name"] for row in figures.table("funds").to_pylist()}
    # As it is printed, but for the year and the unit.
    shown = [word for word in heading.text.split() if folded(word).strip("().,:;'") in words]
    rows.further.append(FurtherLine(fund, f"{names[stream.fund]}: {' '.join(shown)}", stream.fund, stream.name))
    wanted = Wanted(fund, (heading.text,), needed=False, units=MONEY, this_year=True)
    rows.stream = replace(stream, lines=(*stream.lines, wanted))
    rows.table.columns[fund] = heading
    rows.counts_in[fund] = next(iter(rows.counts_in.values()))
    for icb, pounds in amounts.items():
        rows.pounds[icb, fund] = pounds


def _same_column(workbook: Workbook, rows: StreamRows, year: FinancialYear, amounts: Amounts) -> str:
    """The column of the baseline's own sheet with the same figures for every ICB; empty where there is none."""
    for sheet in baseline_sheets(workbook, rows, year):
        for table in find(sheet, ORGANISATION, Notes(workbook.file)):
            of_icbs: dict[str, Row] = {code(row.text("icb")): row for row in table.rows}
            if not amounts.keys() <= of_icbs.keys():
                continue
            for heading in table.others:
                unit = heading.meaning.unit
                counts_in = POUNDS_IN[HeaderUnit(unit)] if unit in POUNDS_IN else Decimal(1000)
                there = {icb: exact_number(of_icbs[icb].cells[heading.column]) for icb in amounts}
                if all(number is not None and number * counts_in == amounts[icb] for icb, number in there.items()):
                    return f"'{' '.join(heading.text.split())}' of sheet {sheet.name}"
    return ""
