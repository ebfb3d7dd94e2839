"""Who, for what and when: what the words of a row of a budget stand for in the books."""

from collections.abc import Callable, Sequence
from datetime import date

from allocations.files.budgets.headings import MONTHS, month_in, recurrent_in
from allocations.files.budgets.mapping import BudgetMapping, ColumnMapping, Meaning
from allocations.files.budgets.receivers import Receivers
from allocations.files.budgets.sheet import Asked
from allocations.reading.amounts import year as read_year
from allocations.reading.cells import Cell, CellKind
from allocations.reading.letters import folded, tidy
from allocations.reading.numbers import Doubt
from ledger.inputs import Input
from ledger.years import FinancialYear


class Wording:
    """How the words of a sheet's rows are taken.

    Args:
        columns: every mapped column by its place.
        places: the places of the columns of each meaning.
        amounts: the places of the columns of amounts that are read.
        problem: told of a cell, what was found, why it matters and what to do.
    """

    def __init__(
        self,
        columns: dict[int, ColumnMapping],
        places: dict[Meaning, list[int]],
        amounts: Sequence[int],
        mapping: BudgetMapping,
        books: Receivers,
        asked: Asked,
        problem: Callable[[Cell, str, str, str], None],
    ) -> None:
        self.columns, self.places, self.amounts = columns, places, amounts
        self.mapping, self.books, self.asked, self.problem = mapping, books, asked, problem
        self.known = {folded(name): code for name, code in mapping.organisations.items()}
        self.fund_words = {folded(name): code for name, code in mapping.funds.items()}
        self.organisations: dict[tuple[str, str], str | Doubt] = {}
        self.outside: set[tuple[str, str]] = set()

    def check_columns(self, heading: Sequence[Cell]) -> None:
        """Whether the organisations and funds that columns belong to are in the books."""
        for place in self.amounts:
            column = self.columns[place]
            if column.organisation is not None:
                found = self.who(heading[place]._replace(kind=CellKind.TEXT, value=column.organisation), "code")
                if isinstance(found, Doubt):
                    self.problem(heading[place], *found)
            if column.fund is not None and column.fund not in self.books.funds:
                fund = self.books.fund(column.fund)
                remedy = fund.fix if isinstance(fund, Doubt) else f"Write {fund} in the mapping."
                self.problem(heading[place], f"there is no fund '{column.fund}'.", "Its money has no purpose.", remedy)
            elif column.fund is not None and folded(column.heading) not in self.books.fund_words:
                self._refuse_outside(heading[place], column.fund)

    def _refuse_outside(self, cell: Cell, fund: str) -> None:
        """A line of another fund than the one that pays: asked, once for each line."""
        payer = self.asked.fund
        if payer is None or payer not in self.books.funds or self.books.is_inside(fund, payer):
            return
        if (payer, fund) not in self.outside:
            self.outside.add((payer, fund))
            self.problem(
                cell,
                f"'{tidy(cell.text)}' is money of {fund} ({self.books.funds[fund][0]}), and {payer} pays.",
                "A fund's money is for its own purpose.",
                f"Leave out the fund that is given {Input.FUND.given}, so that each line is paid from its own, or say "
                f"{Input.COLUMNS.given} which fund it is.",
            )

    def _fund_of_line(self, cells: Sequence[Cell]) -> str | None:
        """The fund that a row's description is the name of, where lines of several funds stand in one column."""
        for place in self.places[Meaning.LINE]:
            fund = self.books.line(cells[place].text) if cells[place].kind is CellKind.TEXT else None
            if fund is not None:
                self._refuse_outside(cells[place], fund)
                return fund
        return None

    def organisation(self, cells: Sequence[Cell], filled: Sequence[int]) -> str | None:
        """The code of who receives a row's money, or none with a problem told."""
        codes = [cells[place] for place in self.places[Meaning.CODE] if cells[place].kind is not CellKind.BLANK]
        names = [cells[place] for place in self.places[Meaning.NAME] if cells[place].kind is not CellKind.BLANK]
        if not codes and not names:
            where = cells[filled[0]]
            self.problem(
                where,
                f"an amount of {tidy(where.text)} has no organisation beside it.",
                "The money has nowhere to go.",
                "Name who receives it; if the cell above stands for it too, merge the cells or fill them down; "
                "if it is a total, call it 'Total'.",
            )
            return None
        cell = (codes or names)[0]
        found = self.who(cell, "code" if codes else "name")
        if isinstance(found, Doubt):
            self.problem(cell, *found)
            return None
        if codes and names:
            self._refuse_other_name(found, codes[0], names[0])
        return found

    def who(self, cell: Cell, by: str) -> str | Doubt:
        """The organisation that a cell's code or name stands for. ``by`` is ``code`` or ``name``."""
        text = tidy(cell.text) if cell.kind is CellKind.TEXT else cell.text
        key = (by, text)
        if key not in self.organisations:
            known = self.known.get(folded(text))
            if known is not None:
                found = self.books.by_code(known)
            elif by == "code":
                found = self.books.by_code(text)
            else:
                found = self.books.by_name(text)
            if isinstance(found, str) and found not in self.books.below and not self.asked.accept_successors:
                found = self._closed(found)
            self.organisations[key] = found
        return self.organisations[key]

    def _closed(self, code: str) -> Doubt:
        facts = self.books.organisations[code]
        into = ", ".join(self.books.successors[code])
        return Doubt(
            f"{code} ({facts['name']}) closed on {facts['valid_to']}; {into} took over.",
            "It can receive nothing on the day.",
            "Give the new codes, or let its money go to those who took over, by population: say so "
            f"{Input.SUCCESSORS.given}.",
        )

    def _refuse_other_name(self, code: str, code_cell: Cell, name_cell: Cell) -> None:
        """A name that belongs to somebody else than the code does says that one of the two is a slip."""
        others = self.books.names.get(folded(name_cell.text), [])
        if others and code not in others and folded(self.books.organisations[code]["name"]) != folded(name_cell.text):
            self.problem(
                name_cell,
                f"'{tidy(name_cell.text)}' is {' or '.join(sorted(others))}, but {code_cell.address} says {code}.",
                "The money could go to either.",
                "Correct the code or the name.",
            )

    def fund(self, cells: Sequence[Cell]) -> str | None:
        """The code of the fund of a row's money, or none with a problem told."""
        named = [cells[place] for place in self.places[Meaning.FUND] if cells[place].kind is not CellKind.BLANK]
        if not named:
            line = self._fund_of_line(cells)
            if line is not None:
                return line
            if self.asked.fund is None and not all(self.columns[place].fund for place in self.amounts):
                first = next(cell for cell in cells if cell.kind is not CellKind.BLANK)
                self.problem(
                    first,
                    "no fund is named for this row.",
                    "Its money has no purpose.",
                    f"Name the fund {Input.FUND.given}, or give a column 'Fund'.",
                )
                return None
            return self.asked.fund or next(self.columns[place].fund for place in self.amounts)
        text = tidy(named[0].text)
        known = self.fund_words.get(folded(text))
        found = known if known in self.books.funds else self.books.fund(known or text)
        if isinstance(found, Doubt):
            self.problem(named[0], *found)
            return None
        return found

    def recurrent(self, cells: Sequence[Cell]) -> bool | None:
        """Whether the row says that its money recurs; none where it does not say."""
        for place in self.places[Meaning.RECURRENT]:
            cell = cells[place]
            if cell.kind is CellKind.BLANK:
                continue
            said = cell.value if isinstance(cell.value, bool) else recurrent_in(cell.text)
            if said is None:
                self.problem(cell, f"'{tidy(cell.text)}' does not say whether it recurs.",
                              "Next year's plan rests on it.", "Write 'Recurrent' or 'Non-recurrent'.")  # fmt: skip
            return said
        return None

    def month(self, cells: Sequence[Cell]) -> int | None:
        """The calendar month of the row's money; none where it is not divided."""
        for place in self.places[Meaning.MONTH]:
            cell = cells[place]
            if isinstance(cell.value, date):
                return self._in_year(cell, cell.value.month, cell.value.year)
            found = month_in(cell.text)
            if cell.kind is CellKind.NUMBER and found is None:
                found = month_in(f"m{cell.text}")
            if found is None and cell.kind is not CellKind.BLANK:
                self.problem(
                    cell, f"'{tidy(cell.text)}' is not a month.", "Its money has no month.", "Write it as Apr-25."
                )
            return None if found is None else self._in_year(cell, *found)
        return None

    def _in_year(self, cell: Cell, month: int, calendar: int | None) -> int:
        expected = self.asked.year.start + (month < 4)  # noqa: PLR2004 - April
        if calendar is not None and calendar != expected:
            self.problem(cell, f"{MONTHS[month - 1].capitalize()} {calendar} is not in {self.asked.year}.",
                          "The entry is for one year.", "Correct it, or import it for its own year.")  # fmt: skip
        return month

    def check_year(self, cells: Sequence[Cell]) -> None:
        """Tell a problem where a row names another year than the one that is imported."""
        for place in self.places[Meaning.YEAR]:
            found = read_year(cells[place], short_year=self.mapping.settings.short_year)
            if isinstance(found, Doubt):
                self.problem(cells[place], *found)
            elif isinstance(found, FinancialYear) and found != self.asked.year:
                self.problem(
                    cells[place],
                    f"the row is for {found}, and {self.asked.year} is being imported.",
                    "Money of one year cannot stand in another.",
                    "Take the row out, or import it for its own year.",
                )
