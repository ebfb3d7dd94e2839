"""What a sheet of a budget says of its year, its unit and its currency, held together with what was asked."""

from collections.abc import Sequence
from datetime import date

from allocations.files.budgets.headings import Heading
from allocations.files.budgets.mapping import Meaning, Settings, SheetMapping
from allocations.reading.amounts import UNITS
from allocations.reading.cells import Cell, CellKind, Sheet
from allocations.reading.evidence import (
    HEADING,
    Text,
    UnitSaid,
    caption,
    currency_problem,
    formats_of,
    notes_of,
    texts_of,
    unit_of_format,
    unit_problem,
    units_said,
    year_problems,
)
from allocations.reading.header import Areas, ColumnHead, over, typed_months
from allocations.reading.purposes import CAPITAL, PART_OF_YEAR, TO_DATE, Purpose, purpose_of_title
from ledger.errors import Problem
from ledger.inputs import Input
from ledger.years import FinancialYear, year_of

_MONEY = (Meaning.AMOUNT, Meaning.TOTAL, Meaning.PART, Meaning.UNDECIDED)
_LONGEST_TITLE = 120  # longer is prose, which speaks of drafts and bids in passing


def heading_text(file: str, sheet: Sheet, column: Heading) -> Text:
    """A heading as a statement, with its place."""
    return Text(column.where, f"{file}, sheet {sheet.name}, cell {column.where}", column.text, HEADING)


def of_mapping(file: str, sheet: Sheet, part: SheetMapping, year: FinancialYear, settings: Settings) -> "SheetEvidence":
    """What a sheet says of the columns that a mapping names."""
    above = over(sheet, part.header_row - 1, Areas(sheet))
    columns = [Heading("", Meaning.IGNORED)] * len(above)
    typed = typed_months({place: each.cell for place, each in enumerate(above)})
    for meaning in Meaning:
        for place, column in part.columns_of(meaning).items():
            if place < len(above):
                cell = above[place].cell
                day = typed.get(place) or (
                    (cell.value.month, cell.value.year) if isinstance(cell.value, date) else None
                )
                years = () if day is None else (year_of(date(day[1], day[0], 1)),)
                columns[place] = Heading(column.heading, meaning, column.month, years=years, where=cell.address)
    return SheetEvidence(file, sheet, part.header_row - 1, above, columns, year, None, settings)


def _heads(above: ColumnHead, column: Heading) -> tuple[Cell, ...]:
    """What heads a column. What stands over one of no money is a caption: a unit in the corner of a sheet."""
    is_money = column.meaning in _MONEY or column.aside or column.years or column.doubts
    return (above.cell, *above.groups) if is_money else (above.cell,)


def _no_budget(text: Text, purpose: Purpose) -> Problem:
    return Problem(
        text.place,
        f"{text.quoted} says that its money is {purpose.what}, and not the budget of a year.",
        "What is posted must be what was agreed.",
        f"Give the budget; if this is it, say so {Input.PURPOSE.given}.",
    )


class SheetEvidence:
    """What a sheet says of its amounts beside them, held together.

    Attributes:
        problems: where it contradicts itself or what was asked.
        unit: the unit of its amounts, and what said so.
        asked: what it calls its money that is no year's budget; its rows can be read all the same.
        differs: what it says that somebody has said otherwise.
    """

    def __init__(
        self,
        file: str,
        sheet: Sheet,
        row: int,
        above: Sequence[ColumnHead],
        columns: Sequence[Heading],
        year: FinancialYear,
        unit: str | None,
        settings: Settings,
    ) -> None:
        amounts = [place for place, column in enumerate(columns) if column.meaning is Meaning.AMOUNT]
        heads = [
            [
                caption(file, sheet, cell, HEADING)
                for cell in (above[place].cell, *above[place].groups)
                if cell.kind is CellKind.TEXT
            ]
            for place in amounts
        ]
        headings = list(dict.fromkeys(text for each in heads for text in each))
        used = {cell.address for each, column in zip(above, columns, strict=True) for cell in _heads(each, column)}
        others = [text for text in texts_of(file, sheet, row, headings)[len(headings) :] if text.where not in used]
        totals = [place for place, column in enumerate(columns) if column.meaning is Meaning.TOTAL]
        cells = (cells[place] for cells in sheet.rows[row + 1 :] for place in (*amounts, *totals))
        formats = formats_of(file, sheet, cells)
        self.file, self.sheet = file, sheet
        self.differs: list[str] = []
        self.asked: list[Problem] = []
        notes = notes_of(file, sheet, row + 1)
        self.problems = self._years(columns, headings, [*others, *notes], year, settings)
        self._purpose(columns, headings, others, settings)
        currency = currency_problem([*headings, *others, *notes, *formats])
        self.problems.extend([] if currency is None else [currency])
        of_each = [units_said(texts) for texts in heads]
        by_column = [said[0] for said in of_each if said]
        in_one = next((found for said in of_each if (found := unit_problem(said)) is not None), None)
        money = [column for column in columns if column.meaning is Meaning.TOTAL or column.aside]
        beside = [heading_text(file, sheet, column) for column in money]
        around = [*units_said(beside), *units_said(others), *units_said(notes)]
        self.unit = self._unit(amounts, by_column, around, formats, unit)
        if in_one is not None and unit is None and in_one not in self.problems:
            self.problems.append(in_one)

    def _purpose(
        self, columns: Sequence[Heading], headings: Sequence[Text], others: Sequence[Text], settings: Settings
    ) -> None:
        """Whether a title or a name says that the money is something else than the budget of a year."""
        own = " ".join(text.text for text in headings)
        has_months = any(
            column.meaning is Meaning.MONTH or (column.month and column.meaning is Meaning.AMOUNT) for column in columns
        )
        names_funds = any(column.fund or column.meaning is Meaning.FUND for column in columns)
        for text in others:
            found = purpose_of_title(text.text, own) if len(text.text) <= _LONGEST_TITLE else None
            if found is None or (has_months and found == PART_OF_YEAR) or (names_funds and found.what == CAPITAL):
                continue
            if found.what == TO_DATE and settings.months is not None:
                continue  # somebody has said how its months are to be read
            if settings.purpose == "meant":
                self.differs.append(f"{text.quoted} calls it {found.what}; it was meant as the year's budget")
            else:
                self.asked.append(_no_budget(text, found))
            return

    def _years(
        self,
        columns: Sequence[Heading],
        headings: list[Text],
        others: list[Text],
        year: FinancialYear,
        settings: Settings,
    ) -> list[Problem]:
        months = any(column.month and year in column.years for column in columns if column.meaning is Meaning.AMOUNT)
        # Months that name their year say it for the headings; what stands over them is compared with the rest.
        others_months = [column for column in columns if column.month and column.years and year not in column.years]
        if months:
            headings = [Text("its months", "", str(year), HEADING)]
        elif others_months:
            first = others_months[0]
            headings = [heading_text(self.file, self.sheet, first)._replace(text=f"{first.text} ({first.years[0]})")]
        found = year_problems([*headings, *others], year, short_year=settings.short_year)
        if found and settings.other_year == "meant":
            self.differs.append(f"{found[0].found.split(', and ')[0]}; its money was meant for {year} all the same")
            return []
        return found

    def _unit(
        self,
        amounts: Sequence[int],
        by_column: Sequence[UnitSaid],
        around: Sequence[UnitSaid],
        formats: Sequence[Text],
        asked: str | None,
    ) -> tuple[str | None, str]:
        by_format = [each for text in formats for each in unit_of_format(text)]
        said = [*by_column, *around, *by_format]
        mixed = len({each.unit for each in by_column}) > 1
        problem = unit_problem([*around, *by_format] if mixed and not around else said)
        if asked is not None:
            others = [each for each in said if each.unit != asked]
            if others:
                self.differs.append(
                    f"amounts were said to be in {asked}, though {others[0].by.quoted} says {others[0].unit}"
                )
            return asked, "as you said"
        if problem is not None:
            self.problems.append(problem)
        if any(each.unit not in UNITS for each in said):
            return None, ""
        if by_column and len(by_column) == len(amounts) and not mixed:
            return by_column[0].unit, "in the headings"
        for each in (*around, *by_format):
            return each.unit, f"in {each.by.where}" if each.by.where[0].isupper() else f"by {each.by.where}"
        # A format with a comma at its end shows thousands of what the cell holds: the cell itself is in pounds.
        if formats and all("£" in text.text for text in formats):
            return "pounds", "by the cells' format"
        return None, ""
