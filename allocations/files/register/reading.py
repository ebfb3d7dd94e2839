"""A register, read: every row as a decision, every cell by its place, and the total of the letter that it ties to."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches
from itertools import pairwise
from pathlib import Path

from allocations.files.register.layout import ACTOR, KIND, LETTER, SHEET, columns
from allocations.reading.cells import Cell, CellKind, Sheet, read_workbook
from allocations.reading.letters import folded
from allocations.reading.safe_text import csv_text_back
from ledger.entries.decisions.batch import DecisionRow
from ledger.errors import Problem, Refused, refuse_any
from ledger.money import exact_pounds, parse_pounds

_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class Register:
    """A register as it was read.

    Attributes:
        rows: one for every decision, in the order of the file.
        letter_pence: the total of the allocation letter, where the file says it.
        letter_where: where it says so.
    """

    file: str
    sha256: str
    rows: Sequence[DecisionRow]
    letter_pence: int | None
    letter_where: str


def read_register(path: Path) -> Register:
    """Read a register from a workbook or a CSV file.

    Raises:
        Refused: it cannot be read, has no row of headings, a heading that no decision has, or a cell that holds an
            error; all of them.
    """
    book = read_workbook(path)
    is_text = path.suffix.lower() == ".csv"
    sheet = next((one for one in book.sheets if one.name == SHEET), book.sheets[0])
    there = book.file if is_text else f"{book.file}, sheet {sheet.name}"
    top = next((nth for nth, cells in enumerate(sheet.rows) if _is_heading(cells)), None)
    if top is None:
        found, why = "there is no row of headings with 'Kind'.", "Each row says which kind of decision it is."
        raise Refused([Problem(there, found, why, "Begin with the template of a register.")])
    names, problems = _names(sheet.rows[top], there)
    rows = []
    for cells in sheet.rows[top + 1 :]:
        if all(cell.kind is CellKind.BLANK for cell in cells):
            continue
        row, wrong = row_of(cells, names, there, is_text=is_text)
        rows.append(row)
        problems += wrong
    letter, where, wrong = _letter([one for one in book.sheets if one is not sheet], book.file)
    problems += wrong
    refuse_any(problems)
    return Register(book.file, book.sha256, rows, letter, where)


def refuse_unless_it_ties(register: Register, total_pence: int | None) -> None:
    """Refuse a register whose receipts do not come to the total of their letter, by how much and which way.

    Args:
        total_pence: the total as somebody says it; the one in the file otherwise. Where neither says it, nothing is
            asked.

    Raises:
        Refused: they differ, or an amount cannot be read.
    """
    expected = register.letter_pence if total_pence is None else total_pence
    if expected is None:
        return
    received = 0
    for row in register.rows:
        if row.name == "receive" and row.given.get("amount"):
            try:
                received += parse_pounds(row.given["amount"])
            except ValueError:
                return  # which is told of its own cell
    if received != expected:
        more = "more" if received > expected else "less"
        apart = exact_pounds(abs(received - expected))
        found = f"the rows that receive come to £{exact_pounds(received)}: £{apart} {more}."
        why = f"The letter's total is £{exact_pounds(expected)}."
        where = register.letter_where or register.file
        raise Refused([Problem(where, found, why, "Look for a row that is missing, or twice; or correct the total.")])


def _is_heading(cells: Sequence[Cell]) -> bool:
    return any(folded(cell.text) == KIND for cell in cells) and sum(cell.kind is CellKind.TEXT for cell in cells) > 1


def _names(cells: Sequence[Cell], source: str) -> tuple[dict[int, str], list[Problem]]:
    known = {folded(name.replace("_", " ")): name for name in columns()}
    names: dict[int, str] = {}
    problems = []
    for nth, cell in enumerate(cells):
        said = folded(cell.text.replace("_", " "))
        if not said:
            continue
        place = f"{source}, cell {cell.address}"
        if said not in known:
            near = get_close_matches(said, known, 1)
            fix = (
                f"Did you mean '{near[0].capitalize()}'?"
                if near
                else "Take the column out, or use a heading of the template."
            )
            problems.append(Problem(place, f"there is a column '{cell.text[:60]}'.", "No decision has it.", fix))
        elif known[said] in names.values():
            why = "Nobody could say which of them counts."
            problems.append(Problem(place, f"the column '{cell.text}' is there twice.", why, "Keep one."))
        else:
            names[nth] = known[said]
    return names, problems


def row_of(
    cells: Sequence[Cell], names: dict[int, str], source: str, *, is_text: bool
) -> tuple[DecisionRow, list[Problem]]:
    """A row as a decision, and what is wrong with its cells.

    Args:
        names: the fields by their columns, from 0.
        source: the file and the sheet, as a problem names them.
        is_text: whether it is a CSV file.
    """
    given: dict[str, str] = {}
    problems = []
    places = {name: cells[nth].address for nth, name in names.items()}
    for nth, name in names.items():
        cell = cells[nth]
        if cell.kind in (CellKind.ERROR, CellKind.UNCALCULATED):
            found, fix = f"it holds {cell.kind.value}.", "Type the value, or calculate the workbook and save it."
            problems.append(Problem(f"{source}, cell {cell.address}", found, "It cannot be read.", fix))
        elif cell.kind is not CellKind.BLANK:
            text = _text(cell)
            given[name] = csv_text_back(text) if is_text else text
    kind, actor = given.pop(KIND, ""), given.pop(ACTOR, None)
    return DecisionRow(kind.strip().lower(), given, where_in(source, places, cells[0].address), actor), problems


def where_in(source: str, places: dict[str, str], first: str) -> Callable[[str], str]:
    """Where a field of a row stands; its first cell for one that has no column."""

    def where(field: str) -> str:
        return f"{source}, cell {places.get(field, first)}"

    return where


def _text(cell: Cell) -> str:
    value = cell.value
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return f"{value * _HUNDRED:f}%" if "%" in cell.number_format else f"{value:f}"
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _letter(sheets: Sequence[Sheet], file: str) -> tuple[int | None, str, list[Problem]]:
    """The total of the letter, in the cell beside its name."""
    for sheet in sheets:
        for cells in sheet.rows:
            for label, cell in pairwise(cells):
                if label.text == LETTER and cell.kind is not CellKind.BLANK:
                    where = f"{file}, sheet {sheet.name}, cell {cell.address}"
                    try:
                        return parse_pounds(_text(cell)), where, []
                    except ValueError as error:
                        fix = "Give the total in pounds, or leave it empty."
                        return None, where, [Problem(where, str(error), "The register is tied to it.", fix)]
    return None, "", []
