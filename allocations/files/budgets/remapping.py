"""A mapping with some columns meant otherwise than they were taken, or begun by hand where nothing could be told."""

from collections.abc import Mapping as Map

from openpyxl.utils import column_index_from_string

from allocations.files.budgets.mapping import BudgetMapping, ColumnMapping, Meaning, SheetMapping
from allocations.reading.cells import CellKind, Sheet
from allocations.reading.saved_mapping import Unit, headings
from ledger.errors import Problem
from ledger.inputs import Input

_AMOUNTS = (Meaning.AMOUNT, Meaning.UNDECIDED)
_SAMPLE = 3


def changed(mapping: BudgetMapping, meanings: Map[tuple[str, str], Meaning], unit: Unit | None) -> BudgetMapping:
    """A mapping with other meanings for some of its columns.

    Args:
        meanings: what columns mean, by sheet and letter; the others mean what they did.
        unit: what all amounts are in; what the mapping says otherwise.

    What a column said of its amounts (month, fund, whether they recur) stays while it holds amounts.
    """
    return mapping.model_copy(
        update={"fingerprint": None, "sheets": tuple(_sheet(part, meanings, unit) for part in mapping.sheets)}
    )


def _sheet(part: SheetMapping, meanings: Map[tuple[str, str], Meaning], unit: Unit | None) -> SheetMapping:
    columns = {
        letter: _column(column, meanings.get((part.sheet, letter), column.meaning), unit)
        for letter, column in part.columns.items()
    }
    return part.model_copy(update={"columns": columns, "unit": unit or part.unit})


def _column(column: ColumnMapping, meaning: Meaning, unit: Unit | None) -> ColumnMapping:
    kept: dict[str, object] = {"meaning": meaning}
    if meaning not in (*_AMOUNTS, Meaning.TOTAL, Meaning.PART):
        kept |= {"month": None, "recurrent": None, "organisation": None, "fund": None, "unit": None}
    elif unit is not None:
        kept["unit"] = None
    return column.model_copy(update=kept)


def begun(file: str, sheet: Sheet, header_row: int) -> BudgetMapping:
    """A mapping begun by hand: the headings of a row, columns of numbers undecided and all others ignored."""
    found: dict[str, ColumnMapping] = {}
    for letter, heading in headings(sheet, header_row).items():
        place = column_index_from_string(letter) - 1
        below = [row[place] for row in sheet.rows[header_row:]]
        has_numbers = any(cell.kind is CellKind.NUMBER for cell in below)
        found[letter] = ColumnMapping(meaning=Meaning.UNDECIDED if has_numbers else Meaning.IGNORED, heading=heading)
    part = SheetMapping(sheet=sheet.name, header_row=header_row, columns=found)
    # Built without the check that a column holds amounts: which one does is what is asked next.
    return BudgetMapping.model_construct(title=f"{file}, begun by hand", sheets=(part,))


def gaps(file: str, mapping: BudgetMapping) -> list[Problem]:
    """What a changed mapping still leaves open, before any row is read: columns of amounts, and their unit."""
    found = []
    for part in mapping.sheets:
        place = f"{file}, sheet {part.sheet}"
        amounts = part.columns_of(Meaning.AMOUNT)
        if not amounts and not part.columns_of(Meaning.UNDECIDED):
            why, remedy = "There is nothing to hand out.", "Say which column holds the amounts, or leave the sheet out."
            found.append(Problem(place, "no column holds amounts.", why, remedy))
        if part.unit is None and any(column.unit is None for column in amounts.values()):
            why = "Pounds read as thousands are wrong a thousandfold."
            remedy = f"Say it {Input.UNIT.given}, or in the heading: (£000)."
            found.append(Problem(place, "nothing says what the amounts are in.", why, remedy))
    return found


def sample(sheet: Sheet, header_row: int, letter: str) -> str:
    """The first values below a heading, as text, for people to know the column by."""
    place = column_index_from_string(letter) - 1
    texts = (row[place].text for row in sheet.rows[header_row:] if place < len(row) and row[place].text)
    return ", ".join(text for text, _ in zip(texts, range(_SAMPLE), strict=False))
