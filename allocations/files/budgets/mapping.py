"""What the columns of somebody's budget mean, as a file: worked out once, saved, and used again next month."""

from enum import StrEnum
from pathlib import Path
from typing import Literal

from openpyxl.utils import column_index_from_string
from pydantic import Field, field_validator

from allocations.reading.cells import Cell, Workbook
from allocations.reading.saved_mapping import LeftOut, Letter, SavedMapping, Unit
from allocations.reading.strict_yaml import StrictModel, Whole, YesNo, read_model
from ledger.errors import Problem


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


class SheetMapping(StrictModel):
    """One sheet: where its header stands, its unit, and its columns by their letters."""

    sheet: str
    header_row: Whole = Field(ge=1)
    unit: Unit | None = None
    columns: dict[Letter, ColumnMapping]
    left_out: tuple[LeftOut, ...] = ()

    def columns_of(self, meaning: Meaning) -> dict[int, ColumnMapping]:
        """The columns of a meaning, by their place from 0, left to right."""
        found = {column_index_from_string(letter) - 1: column for letter, column in self.columns.items()}
        return {place: found[place] for place in sorted(found) if found[place].meaning is meaning}

    @property
    def needed(self) -> list[str]:
        """The letters of the columns of amounts."""
        return [letter for letter, column in self.columns.items() if column.meaning is Meaning.AMOUNT]


class Settings(StrictModel):
    """What nobody should guess: said once for the file.

    Attributes:
        dash: what a dash in a column of amounts means.
        rounding: ``penny`` lets amounts that are not whole pence be rounded, halves away from zero; said and recorded.
        duplicates: ``add`` lets several rows stand for one organisation, fund and month.
        hidden: whether hidden rows and columns with amounts are read or left out.
        short_year: what the number in ``FY26`` is.
        other_year: ``meant`` where the file speaks of another year and its money is meant for the one asked for.
        purpose: ``meant`` where the file calls its money a draft, say, and it is the year's budget all the same.
        months: whether amounts under months are ``each`` month's, or ``running`` up from the first.
        total_rounded_to: pounds to which the file's totals were rounded on purpose.
    """

    dash: Literal["zero", "blank"] | None = None
    rounding: Literal["penny"] | None = None
    duplicates: Literal["add"] | None = None
    hidden: Literal["read", "leave out"] | None = None
    short_year: Literal["ends", "starts"] | None = None
    other_year: Literal["meant"] | None = None
    purpose: Literal["meant"] | None = None
    months: Literal["each", "running"] | None = None
    total_rounded_to: Whole | None = Field(default=None, ge=1, le=1_000_000)


class BudgetMapping(SavedMapping):
    """What a file of budgets means.

    Attributes:
        funds: words of the file for funds, with the codes of the books.
        organisations: names of the file for organisations, with the codes of the books.
    """

    settings: Settings = Settings()
    funds: dict[str, str] = Field(default_factory=dict)
    organisations: dict[str, str] = Field(default_factory=dict)
    sheets: tuple[SheetMapping, ...] = Field(min_length=1)

    @property
    def parts(self) -> tuple[SheetMapping, ...]:
        """The sheets."""
        return self.sheets

    @field_validator("sheets")
    @classmethod
    def _once(cls, sheets: tuple[SheetMapping, ...]) -> tuple[SheetMapping, ...]:
        names = [sheet.sheet for sheet in sheets]
        if len(set(names)) < len(names):
            raise ValueError("a sheet stands twice, and would be counted twice")
        for sheet in sheets:
            if not (sheet.columns_of(Meaning.AMOUNT) or sheet.columns_of(Meaning.UNDECIDED)):
                raise ValueError(f"sheet '{sheet.sheet}' has no column of amounts")
        return sheets


def read_mapping(path: Path) -> BudgetMapping:
    """A mapping from its file.

    Raises:
        Refused: the file cannot be read, or something in it is unknown, missing or impossible.
    """
    return read_model(path, BudgetMapping)


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


def cell_place(workbook: str, sheet: str, cell: Cell | str) -> str:
    """Where a cell stands, as every message says it: ``budget.xlsx, sheet Plan, cell D14``."""
    return f"{workbook}, sheet {sheet}, cell {cell if isinstance(cell, str) else cell.address}"
