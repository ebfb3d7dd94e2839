"""Historic budgets as a finance team keeps them: a file with a line for each organisation and fund."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path

from allocations.reading.amounts import money
from allocations.reading.cells import INVISIBLE, STRUCK, Cell, CellKind, Sheet, read_workbook
from allocations.reading.csv_rows import ragged_line
from allocations.reading.evidence import (
    HEADING,
    caption,
    currency_problem,
    formats_of,
    notes_of,
    texts_of,
    unit_of_format,
    unit_problem,
    units_said,
)
from allocations.reading.header import DEEPEST, Areas, ColumnHead, can_head, over
from allocations.reading.letters import folded, tidy
from allocations.reading.numbers import Doubt, Missing
from allocations.reading.units import POUNDS, unified
from allocations.reading.years_said import years_said
from ledger.errors import Problem, Refused, refuse_any
from ledger.money import PENCE_PER_POUND, exact_pounds, pence_from_pounds

_MEANINGS = {
    "organisation": (
        *("organisation", "organisation code", "organisation name", "place", "place code", "place name"),
        *("pcn", "pcn code", "pcn name", "practice", "practice code", "code", "name"),
    ),
    "fund": ("fund", "fund code", "fund name", "line", "budget line"),
}
_AMOUNT = re.compile(r"(?:historic )?(?:amounts?|budgets?|allocations?|funding|value|plan|historic|£)?(?: in)?")
_TOTAL = re.compile(r"^(?:grand |overall )?totals?$|\btotal$|^sum$")


@dataclass(frozen=True, slots=True)
class Historic:
    """What each organisation has had of each fund.

    Attributes:
        pence: (organisation's code, fund) to amount; what the file does not say is not in it.
        cells: the same keys to sheet and cell.
    """

    file: str
    sha256: str
    pence: Mapping[tuple[str, str], int]
    cells: Mapping[tuple[str, str], str]


def read_historic(path: Path, organisations: Mapping[str, str], funds: Mapping[str, str]) -> Historic:
    """Read historic budgets in pounds from a workbook or CSV file: one row for each organisation and fund.

    Args:
        path: the file; its first visible sheet with the three columns is read.
        organisations: code to name of those that may stand in it; either is understood.
        funds: code to name, likewise.

    Raises:
        Refused: with every cell that cannot be used: an unknown name, an amount that is none, a line twice.
    """
    book = read_workbook(path)
    table = _table(path, [sheet for sheet in book.sheets if sheet.visible])
    lines = _Lines(table, {"organisation": _by_name(organisations), "fund": _by_name(funds)})
    for number, row in enumerate(table.sheet.rows[table.header + 1 :], start=table.header + 2):
        if any(cell.kind is not CellKind.BLANK for cell in row):
            lines.read(number, row)
    problems = lines.problems
    if not lines.pence and not problems:
        remedy = "Give one line for each organisation and fund."
        problems.append(Problem(path.name, "it has no lines.", "There is no budget to compare with.", remedy))
    refuse_any(problems)
    return Historic(path.name, book.sha256, lines.pence, lines.cells)


class _Lines:
    """The lines read so far, and what is wrong with them."""

    def __init__(self, table: "_Table", known: Mapping[str, Mapping[str, str]]) -> None:
        self.table, self.known = table, known
        self.problems: list[Problem] = []
        self.pence: dict[tuple[str, str], int] = {}
        self.cells: dict[tuple[str, str], str] = {}

    def read(self, number: int, row: Sequence[Cell]) -> None:
        """Read one row: a line, or a total, which is checked."""
        unseen = self.table.unseen(number, row)
        if unseen is not None:
            self.problems.append(unseen)
            return
        cell = row[self.table.columns["amount"]]
        amount = _pence(cell, self.table.unit)
        names = {meaning: row[self.table.columns[meaning]] for meaning in _MEANINGS}
        if any(_TOTAL.search(folded(named.text)) for named in names.values()):
            summed = sum(self.pence.values())
            if isinstance(amount, int) and not self.problems and amount != summed:
                self.problems.append(_wrong_total(self.table.place(cell), amount, summed))
            return
        codes = {meaning: self.known[meaning].get(folded(named.text)) for meaning, named in names.items()}
        for meaning, code in codes.items():
            if code is None:
                self.problems.append(_unknown(self.table, names[meaning], meaning, self.known[meaning]))
        organisation, fund = codes["organisation"], codes["fund"]
        if isinstance(amount, Doubt):
            self.problems.append(Problem(self.table.place(cell), amount.found, amount.why, amount.fix))
        elif organisation is not None and fund is not None:
            self._keep((organisation, fund), cell, amount)

    def _keep(self, key: tuple[str, str], cell: Cell, amount: int) -> None:
        if key in self.pence:
            sentence = f"{key[0]} and {key[1]} stand here and in {self.cells[key]}."
            why = "The budget would be counted twice."
            self.problems.append(Problem(self.table.place(cell), sentence, why, "Keep one line."))
        self.pence[key], self.cells[key] = amount, f"{self.table.sheet.name}!{cell.address}"


@dataclass(frozen=True, slots=True)
class _Table:
    """Where the budgets of a sheet stand: its header row from 0, its columns by meaning, and their unit."""

    file: str
    sheet: Sheet
    header: int
    columns: Mapping[str, int]
    unit: str

    def place(self, cell: Cell) -> str:
        return f"{self.file}, sheet {self.sheet.name}, cell {cell.address}"

    def unseen(self, number: int, row: Sequence[Cell]) -> Problem | None:
        """Why a row is not read as it stands: a reader does not see it, or its line was cut."""
        amount = row[self.columns["amount"]]
        fix = "Unhide the row or clear its format if it counts, or delete it."
        why = "It often is a line that something else replaced."
        if number in self.sheet.hidden_rows and amount.kind is not CellKind.BLANK:
            how = self.sheet.hidden_rows[number]
            return Problem(self.place(amount), f"row {number} is {how} and holds an amount.", why, fix)
        if amount.mark in (STRUCK, INVISIBLE):
            return Problem(self.place(amount), f"the amount {amount.text} is {amount.mark}.", why, fix)
        if self.sheet.counts:
            count, headed = self.sheet.counts[number - 1], self.sheet.counts[self.header]
            filled = max(place for place, cell in enumerate(row) if cell.kind is not CellKind.BLANK) + 1
            if filled > headed or 1 < count < headed:
                return ragged_line(self.file, number, count, headed)
        return None


def _table(path: Path, sheets: list[Sheet]) -> _Table:
    """The one table of organisations, funds and amounts in a file, with the unit that it says.

    Raises:
        Refused: there is none, or more than one sheet or column could be meant, or the file contradicts itself.
    """
    found = [table for sheet in sheets if (table := _in_sheet(sheet)) is not None]
    if not found:
        remedy = (
            "Head three columns 'organisation', 'fund' and 'amount'; amounts are in pounds unless it says otherwise."
        )
        sentence = "no sheet has a header row with an organisation, a fund and an amount."
        raise Refused([Problem(path.name, sentence, "Historic budgets cannot be read from it.", remedy)])
    if len(found) > 1:
        names = ", ".join(f"'{sheet.name}'" for sheet, *_ in found)
        why, remedy = "They may be of several years.", "Keep the one sheet that is meant, or hide the others."
        raise Refused([Problem(path.name, f"several sheets hold budgets: {names}.", why, remedy)])
    ((sheet, header, columns, amounts),) = found
    place = f"{path.name}, sheet {sheet.name}"
    if len(amounts) > 1:
        listed = ", ".join(f"{at.cell.address} '{_headed(at)}'" for _, at in amounts)
        sentence = f"{len(amounts)} columns could each be the budget: {listed}."
        remedy = "Keep the one column that is meant, with its year and unit in its heading."
        why = "They may be of several years, or one may be what was spent."
        raise Refused([Problem(f"{place}, cell {amounts[0][1].cell.address}", sentence, why, remedy)])
    ((column, above),) = amounts
    headings = [caption(path.name, sheet, cell, HEADING) for cell in (above.cell, *above.groups)]
    texts = texts_of(path.name, sheet, header, headings)
    formats = formats_of(path.name, sheet, (row[column] for row in sheet.rows[header + 1 :]))
    by_format = [each for text in formats for each in unit_of_format(text)]
    notes = notes_of(path.name, sheet, header + 1)
    said = [*units_said(texts), *units_said(notes), *by_format]
    problems = [unit_problem(said), currency_problem([*texts, *notes, *formats])]
    if any(problems):
        raise Refused([problem for problem in problems if problem is not None])
    return _Table(path.name, sheet, header, {**columns, "amount": column}, said[0].unit if said else POUNDS)


_InSheet = tuple[Sheet, int, dict[str, int], list[tuple[int, ColumnHead]]]


def _in_sheet(sheet: Sheet) -> _InSheet | None:
    """The first header row of a sheet with all three meanings: its columns, and every one that could be the amount."""
    areas = Areas(sheet)
    for number in range(min(len(sheet.rows), DEEPEST)):
        if not can_head(sheet.rows[number]):
            continue
        above = over(sheet, number, areas)
        plain = [_plain(at.cell.text) for at in above]
        columns = {
            meaning: next(plain.index(name) for name in names if name in plain)
            for meaning, names in _MEANINGS.items()
            if any(name in plain for name in names)
        }
        amounts = [
            (place, at)
            for place, at in enumerate(above)
            if place not in columns.values() and at.cell.kind is not CellKind.BLANK and _AMOUNT.fullmatch(plain[place])
        ]
        if len(columns) == len(_MEANINGS) == len(set(columns.values())) and amounts:
            return sheet, number, columns, amounts
    return None


def _plain(text: str) -> str:
    """A heading without its unit and its year."""
    rest = re.sub(r"[(\[][^)\]]*[)\]]|£\s?'?(?:000s?|k|m)?\b|£", " ", folded(unified(text)).replace("_", " "))
    for said in years_said(rest):
        rest = rest.replace(said.text, " ")
    return " ".join(rest.split())


def _headed(above: ColumnHead) -> str:
    return " ".join(tidy(cell.text) for cell in (*reversed(above.groups), above.cell))


def _wrong_total(place: str, is_there: int, should_be: int) -> Problem:
    found = f"the total is £{exact_pounds(is_there)}; the lines above it sum to £{exact_pounds(should_be)}."
    return Problem(place, found, "The file does not tie to itself.", "Correct the total or the amounts.")


def _by_name(names: Mapping[str, str]) -> dict[str, str]:
    """Codes by code and by name; a name that two share is no way to say which."""
    counted = [folded(name) for name in names.values()]
    plain = {folded(name): code for code, name in names.items() if counted.count(folded(name)) == 1}
    return plain | {folded(code): code for code in names}


def _pence(cell: Cell, unit: str) -> int | Doubt:
    """The amount in a cell, read as budgets are: signs, brackets, commas and scales; or what is there instead."""
    amount = money(cell, unit)
    if isinstance(amount, Doubt):
        return amount
    if isinstance(amount, Decimal):
        exact = amount * PENCE_PER_POUND
        if exact == int(exact):
            return pence_from_pounds(amount)
        why = "The books keep whole pence, and nothing is rounded in silence."
        return Doubt(f"£{amount:,f} is not a whole number of pence.", why, "Round it to the penny.")
    found = f"it says {amount.reason}." if isinstance(amount, Missing) else "the cell is empty."
    remedy = "Write the pounds in digits, as 1234567.00; leave the line out where nothing is known."
    return Doubt(found, "A budget is an amount; missing is not zero.", remedy)


def _unknown(table: _Table, cell: Cell, meaning: str, known: Mapping[str, str]) -> Problem:
    near = [known[name] for name in get_close_matches(folded(cell.text), known, 3, 0.6)]
    remedy = (
        f"Did you mean {' or '.join(dict.fromkeys(near))}?"
        if near
        else f"Use one of {', '.join(sorted(set(known.values()))[:12])}."
    )
    return Problem(
        table.place(cell), f"there is no {meaning} '{cell.text}' here.", "Its budget would belong nowhere.", remedy
    )
