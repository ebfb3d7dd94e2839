"""What the columns of somebody's budget mean, as a file: worked out once, saved, and used again next month."""

import hashlib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from openpyxl.utils import column_index_from_string, get_column_letter
from pydantic import Field, field_validator

from allocations.reading.cells import Cell, Sheet, Workbook
from allocations.reading.header import Areas, over
from allocations.reading.letters import tidy
from allocations.reading.strict_yaml import StrictModel, Whole, YesNo, read_model
from ledger.errors import Problem, Refused
from ledger.inputs import Action

Unit = Literal["pence", "pounds", "thousands", "millions"]
Letter = Annotated[str, Field(pattern=r"^[A-Z]{1,3}$")]


class Meaning(StrEnum):
    """What a column holds."""

    CODE = "code"  # of the organisation that receives
    NAME = "name"  # of that organisation
    PARENT = "parent"  # a code of who is above it: its rows of that code are subtotals
    FUND = "fund"
    LINE = "line"  # a description that tells rows of one organisation apart
    YEAR = "year"
    MONTH = "month"
    RECURRENT = "recurrent"  # whether the row's money recurs
    AMOUNT = "amount"
    PART = "part"  # of the amount beside it ("of which"): says what of it recurs, and adds nothing
    TOTAL = "total"  # of amounts in the row: checked, never posted
    IGNORED = "ignored"
    UNDECIDED = "undecided"  # an amount or not: written where that could not be told, and refused until it is said


class ColumnMapping(StrictModel):
    """One column.

    Attributes:
        heading: as it stood in the file; another heading means another shape.
        month: 4 for April; of an amount.
        recurrent: of an amount.
        organisation: the code of the receiver, where places stand across.
        fund: the code of the fund that the column's amounts belong to.
        unit: where it differs from the sheet's.
    """

    meaning: Meaning
    heading: str = ""
    month: Whole | None = Field(default=None, ge=1, le=12)
    recurrent: YesNo | None = None
    organisation: str | None = None
    fund: str | None = None
    unit: Unit | None = None


class LeftOut(StrictModel):
    """Rows that count in the file's own total and are not budgets: those with this text in this column."""

    column: Letter
    text: str
    reason: str


class SheetMapping(StrictModel):
    """One sheet: where its header stands, its unit, and its columns by their letters."""

    sheet: str
    header_row: Whole = Field(ge=1)
    unit: Unit | None = None
    columns: dict[Letter, ColumnMapping]
    left_out: tuple[LeftOut, ...] = ()

    def of(self, meaning: Meaning) -> dict[int, ColumnMapping]:
        """The columns of a meaning, by their place from 0, left to right."""
        found = {column_index_from_string(letter) - 1: column for letter, column in self.columns.items()}
        return {place: found[place] for place in sorted(found) if found[place].meaning is meaning}


class Settings(StrictModel):
    """What nobody should guess: said once for the file.

    Attributes:
        dash: what a dash in a column of amounts means.
        rounding: ``penny`` lets amounts that are not whole pence be rounded, halves away from zero; said and recorded.
        duplicates: ``add`` lets several rows stand for one organisation, fund and month.
        hidden: whether hidden rows and columns with amounts are read or left out.
        short_year: what the number in ``FY26`` is.
        other_year: ``meant`` where the file speaks of another year and its money is meant for the one asked for.
        months: whether amounts under months are ``each`` month's, or ``running`` up from the first.
        total_rounded_to: pounds to which the file's totals were rounded on purpose.
    """

    dash: Literal["zero", "blank"] | None = None
    rounding: Literal["penny"] | None = None
    duplicates: Literal["add"] | None = None
    hidden: Literal["read", "leave out"] | None = None
    short_year: Literal["ends", "starts"] | None = None
    other_year: Literal["meant"] | None = None
    months: Literal["each", "running"] | None = None
    total_rounded_to: Whole | None = Field(default=None, ge=1, le=1_000_000)


class BudgetMapping(StrictModel):
    """What a file of budgets means.

    Attributes:
        fingerprint: of the file's shape when the mapping was saved: its sheets' names, header rows and headings.
        funds: words of the file for funds, with the codes of the books.
        organisations: names of the file for organisations, with the codes of the books.
    """

    title: str = ""
    fingerprint: str | None = None
    settings: Settings = Settings()
    funds: dict[str, str] = Field(default_factory=dict)
    organisations: dict[str, str] = Field(default_factory=dict)
    sheets: tuple[SheetMapping, ...] = Field(min_length=1)

    @field_validator("sheets")
    @classmethod
    def _once(cls, sheets: tuple[SheetMapping, ...]) -> tuple[SheetMapping, ...]:
        names = [sheet.sheet for sheet in sheets]
        if len(set(names)) < len(names):
            raise ValueError("a sheet stands twice, and would be counted twice")
        for sheet in sheets:
            if not (sheet.of(Meaning.AMOUNT) or sheet.of(Meaning.UNDECIDED)):
                raise ValueError(f"sheet '{sheet.sheet}' has no column of amounts")
        return sheets


def read_mapping(path: Path) -> BudgetMapping:
    """A mapping from its file.

    Raises:
        Refused: the file cannot be read, or something in it is unknown, missing or impossible.
    """
    return read_model(path, BudgetMapping)


def save_mapping(path: Path, mapping: BudgetMapping, workbook: Workbook) -> None:
    """Write a mapping to a file, with the fingerprint of the workbook it fits. A file that is there is replaced.

    Raises:
        Refused: it cannot be written.
    """
    fitted = mapping.model_copy(update={"fingerprint": fingerprint(mapping, workbook)})
    plain: dict[str, Any] = fitted.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)
    try:
        path.write_text(
            f"# What the columns of a budget workbook mean. Check it, and give it with the next one.\n{text}", "utf-8"
        )
    except OSError as error:
        raise Refused(
            [Problem(str(path), "it cannot be written.", "The mapping would be lost.", "Name another file.")]
        ) from error


def headings(sheet: Sheet, header_row: int) -> dict[str, str]:
    """The headings of a sheet by their columns' letters, tidy; columns without one are left out."""
    if header_row > len(sheet.rows):
        return {}
    return {
        get_column_letter(place): tidy(above.cell.text)
        for place, above in enumerate(over(sheet, header_row - 1, Areas(sheet)), start=1)
        if above.cell.text
    }


def fingerprint(mapping: BudgetMapping, workbook: Workbook) -> str:
    """The SHA-256 of the shape that a mapping relies on: sheets by name, header rows, and every heading."""
    by_name = {sheet.name: sheet for sheet in workbook.sheets}
    lines = []
    for part in mapping.sheets:
        sheet = by_name.get(part.sheet)
        lines.append(f"{part.sheet}\x1f{part.header_row}")
        lines.extend(
            f"{letter}\x1f{text}" for letter, text in headings(sheet, part.header_row).items()
        ) if sheet else None
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()


def undecided(mapping: BudgetMapping, workbook: Workbook) -> list[Problem]:
    """The columns of which a mapping does not say what they are."""
    return [
        Problem(
            f"{workbook.file}, sheet {part.sheet}, cell {letter}{part.header_row}",
            f"the mapping leaves undecided what '{column.heading}' is.",
            "Adding it up with others could count money twice.",
            "Write 'amount', 'total' or 'ignored' as its meaning.",
        )
        for part in mapping.sheets
        for letter, column in part.columns.items()
        if column.meaning is Meaning.UNDECIDED
    ]


def shape_problems(mapping: BudgetMapping, workbook: Workbook) -> list[Problem]:
    """Where a workbook has another shape than the one a mapping was made for; empty where it fits."""
    found: list[Problem] = []
    by_name = {sheet.name: sheet for sheet in workbook.sheets}
    why = "The mapping was made for a file of another shape, and could read the wrong column."
    remedy = f"Check the file; if it is meant, {Action.NEW_MAPPING.done()}."
    for part in mapping.sheets:
        sheet = by_name.get(part.sheet)
        if sheet is None:
            known = ", ".join(by_name) or "none"
            place = f"{workbook.file}, sheet {part.sheet}"
            found.append(Problem(place, f"there is no such sheet; there are {known}.", why, remedy))
            continue
        now = headings(sheet, part.header_row)
        width = len(sheet.rows[0]) if sheet.rows else 0
        if part.header_row > len(sheet.rows) or any(place >= width for place in part.of(Meaning.AMOUNT)):
            place = f"{workbook.file}, sheet {part.sheet}"
            sentence = f"it has {len(sheet.rows)} rows and {width} columns, and the mapping speaks of more."
            found.append(Problem(place, sentence, why, remedy))
            continue
        for letter, column in part.columns.items():
            was, at_present = tidy(column.heading), now.pop(letter, "")
            if was != at_present:
                place = f"{workbook.file}, sheet {part.sheet}, cell {letter}{part.header_row}"
                found.append(Problem(place, f"the heading was '{was}' and is now '{at_present}'.", why, remedy))
        if mapping.fingerprint is not None and mapping.fingerprint != fingerprint(mapping, workbook):
            for letter, text in now.items():
                place = f"{workbook.file}, sheet {part.sheet}, cell {letter}{part.header_row}"
                found.append(Problem(place, f"there is a column '{text}' that the mapping does not know.", why, remedy))
    if not found and mapping.fingerprint is not None and mapping.fingerprint != fingerprint(mapping, workbook):
        found.append(Problem(workbook.file, "its headings are not those the mapping was saved with.", why, remedy))
    return found


def cell_place(workbook: str, sheet: str, cell: Cell | str) -> str:
    """Where a cell stands, as every message says it: ``budget.xlsx, sheet Plan, cell D14``."""
    return f"{workbook}, sheet {sheet}, cell {cell if isinstance(cell, str) else cell.address}"
