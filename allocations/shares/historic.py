"""Historic budgets as a finance team keeps them: a file with a line for each organisation and fund."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path

from allocations.reading.amounts import POUNDS, Doubt, Missing, money
from allocations.reading.cells import Cell, Kind, Sheet, read_workbook
from ledger.errors import Problem, Refused
from ledger.money import PENCE_PER_POUND, pence_from_pounds

MOST_SHOWN = 12
_MEANINGS = {
    "organisation": (
        *("organisation", "organisation code", "organisation name", "place", "place code", "place name"),
        *("pcn", "pcn code", "pcn name", "practice", "practice code", "code", "name"),
    ),
    "fund": ("fund", "fund code", "fund name", "line", "budget line"),
    "amount": (
        *("amount", "amount £", "amount in £", "£"),
        *("historic", "historic budget", "historic £", "historic budget £", "budget", "budget £"),
    ),
}


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
    sheet, header, columns = _table(path, [sheet for sheet in book.sheets if sheet.visible])
    known = {"organisation": _by_name(organisations), "fund": _by_name(funds)}
    problems: list[Problem] = []
    pence: dict[tuple[str, str], int] = {}
    cells: dict[tuple[str, str], str] = {}
    for row in sheet.rows[header + 1 :]:
        if all(cell.kind is Kind.BLANK for cell in row):
            continue
        codes = []
        for meaning in ("organisation", "fund"):
            cell = row[columns[meaning]]
            code = known[meaning].get(cell.text.casefold())
            if code is None:
                problems.append(_unknown(path, sheet, cell, meaning, known[meaning]))
            codes.append(code or "")
        cell = row[columns["amount"]]
        amount = _pence(cell)
        place = f"{path.name}, sheet {sheet.name}, cell {cell.address}"
        if isinstance(amount, Doubt):
            problems.append(Problem(place, amount.found, amount.why, amount.fix))
        elif all(codes):
            key = (codes[0], codes[1])
            if key in pence:
                sentence = f"{codes[0]} and {codes[1]} stand here and in {cells[key]}."
                problems.append(Problem(place, sentence, "The budget would be counted twice.", "Keep one line."))
            pence[key], cells[key] = amount, f"{sheet.name}!{cell.address}"
    if not pence and not problems:
        remedy = "Give one line for each organisation and fund."
        problems.append(Problem(path.name, "it has no lines.", "There is no budget to compare with.", remedy))
    if problems:
        raise Refused(problems)
    return Historic(path.name, book.sha256, pence, cells)


def _table(path: Path, sheets: list[Sheet]) -> tuple[Sheet, int, dict[str, int]]:
    """The first sheet with a header row that has all three meanings."""
    for sheet in sheets:
        for number, row in enumerate(sheet.rows[:20]):
            headers = [cell.text.casefold().replace("_", " ").replace("(", "").replace(")", "") for cell in row]
            found = {
                meaning: next((headers.index(name) for name in names if name in headers), None)
                for meaning, names in _MEANINGS.items()
            }
            columns = {meaning: column for meaning, column in found.items() if column is not None}
            if len(columns) == len(_MEANINGS) == len(set(columns.values())):
                return sheet, number, columns
    remedy = "Head three columns 'organisation', 'fund' and 'amount'; amounts are in pounds."
    sentence = "no sheet has a header row with an organisation, a fund and an amount."
    raise Refused([Problem(path.name, sentence, "Historic budgets cannot be read from it.", remedy)])


def _by_name(names: Mapping[str, str]) -> dict[str, str]:
    """Codes by code and by name; a name that two share is no way to say which."""
    counted = [name.casefold() for name in names.values()]
    plain = {name.casefold(): code for code, name in names.items() if counted.count(name.casefold()) == 1}
    return plain | {code.casefold(): code for code in names}


def _pence(cell: Cell) -> int | Doubt:
    """The amount in a cell, read as budgets are: signs, brackets, commas and scales; or what is there instead."""
    amount = money(cell, POUNDS)
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


def _unknown(path: Path, sheet: Sheet, cell: Cell, meaning: str, known: Mapping[str, str]) -> Problem:
    near = [known[name] for name in get_close_matches(cell.text.casefold(), known, 3, 0.6)]
    remedy = (
        f"Did you mean {' or '.join(dict.fromkeys(near))}?"
        if near
        else f"Use one of {', '.join(sorted(set(known.values()))[:12])}."
    )
    place = f"{path.name}, sheet {sheet.name}, cell {cell.address}"
    return Problem(place, f"there is no {meaning} '{cell.text}' here.", "Its budget would belong nowhere.", remedy)
