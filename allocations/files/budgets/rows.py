"""The rows of a budget, one by one: what is posted, what is set aside and why, and whether its totals hold."""

from collections.abc import Mapping as Map
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal

from openpyxl.utils import column_index_from_string, get_column_letter
from openpyxl.utils.cell import range_boundaries

from allocations.files.budgets.beside import doubt_of, is_taken_off, other_unit
from allocations.files.budgets.headings import BARE_TOTAL, TOTAL_LABEL
from allocations.files.budgets.mapping import BudgetMapping, Meaning, SheetMapping, cell_place
from allocations.files.budgets.months import Months, running_down
from allocations.files.budgets.receivers import Receivers
from allocations.files.budgets.sheet import Asked, BudgetLine, Reading, SetAside
from allocations.files.budgets.totals import Totals, parts_of
from allocations.files.budgets.wording import Wording
from allocations.reading.amounts import money
from allocations.reading.cells import INVISIBLE, STRUCK, Cell, CellKind, Sheet
from allocations.reading.csv_rows import ragged_line
from allocations.reading.letters import folded, tidy
from allocations.reading.numbers import Doubt, Missing, Number, written_number
from allocations.reading.units import units_in
from ledger.errors import Problem
from ledger.inputs import Input
from ledger.money import LARGEST_PENCE

_NAMING = (Meaning.CODE, Meaning.NAME, Meaning.PARENT, Meaning.FUND)
# Columns that are read for what they say, or hold money of another kind.
_READ = (Meaning.YEAR, Meaning.MONTH, Meaning.RECURRENT, Meaning.TOTAL, Meaning.PART, Meaning.AMOUNT)
_PENNY = Decimal(1)
_NOTHING = Decimal(0)
_HUNDRED = Decimal(100)


def read_rows(
    file: str, sheet: Sheet, part: SheetMapping, mapping: BudgetMapping, books: Receivers, asked: Asked
) -> Reading:
    """Read the rows below a header by a mapping. Nothing is raised: problems are gathered in the reading."""
    return _Rows(file, sheet, part, mapping, books, asked).read()


class _Rows:
    def __init__(
        self, file: str, sheet: Sheet, part: SheetMapping, mapping: BudgetMapping, books: Receivers, asked: Asked
    ) -> None:
        self.file, self.sheet, self.part, self.mapping, self.books, self.asked = (
            file,
            sheet,
            part,
            mapping,
            books,
            asked,
        )
        self.reading = Reading(sheet.name)
        width = len(sheet.rows[0]) if sheet.rows else 0
        self.places = {meaning: [place for place in part.columns_of(meaning) if place < width] for meaning in Meaning}
        self.columns = {column_index_from_string(letter) - 1: column for letter, column in part.columns.items()}
        self.amounts = [place for place in self.places[Meaning.AMOUNT] if self._used(place)]
        self.units = {place: self.columns[place].unit or part.unit or "pounds" for place in self.columns}
        self.filled = self._filled_down()
        self.totals = Totals(
            parts_of(self.columns, self.amounts),
            [p for p in self.places[Meaning.TOTAL] if self._used(p)],
            rounded_to=mapping.settings.total_rounded_to,
        )
        self.parts = [place for place in self.places[Meaning.PART] if self.columns[place].recurrent is not None]
        self.months = Months(self.columns, self.amounts, mapping.settings.months)
        self.headed = (
            max((place for place, cell in enumerate(sheet.rows[part.header_row - 1]) if cell.text), default=0) + 1
        )
        self.unread: set[int] = set()
        self.seen: dict[tuple[object, ...], list[tuple[int, tuple[int, ...]]]] = {}
        self.naming = {place for meaning in _NAMING for place in self.places[meaning]}
        read = {*self.amounts, *(place for meaning in _READ for place in self.places[meaning])}
        self.beside = [place for place in range(width) if place not in read]
        self.says = {
            place: (column.month, column.organisation, column.fund, column.recurrent)
            for place, column in self.columns.items()
        }
        self.across = any(self.columns[place].organisation for place in self.amounts)
        self.words = Wording(self.columns, self.places, self.amounts, mapping, books, asked, self._problem)
        self.words.check_columns(sheet.rows[part.header_row - 1])

    # --- the walk -------------------------------------------------------------------------------

    def read(self) -> Reading:
        heading = [cell.text for cell in self.sheet.rows[self.part.header_row - 1]]
        for number in range(self.part.header_row + 1, len(self.sheet.rows) + 1):
            cells = self._with_filled(number)
            if any(cell.kind is not CellKind.BLANK for cell in cells):
                self._row(number, cells, heading)
        self._duplicates()
        self._close_totals()
        self._running_months()
        return self.reading

    def _row(self, number: int, cells: Sequence[Cell], heading: Sequence[str]) -> None:
        if self._repeats(cells, heading):
            self._aside(number, cells, "a heading that stands again")
            return
        if self._is_ragged(number, cells):
            return
        if self._is_of_units(cells):
            self._aside(number, cells, "a line of units below the headings")
            return
        left_out = next((row for row in self.part.left_out if self._reads_as(cells, row.column, row.text)), None)
        filled = [place for place in self.amounts if cells[place].kind is not CellKind.BLANK]
        label = self._label(cells) or (self._payers(cells) if filled else None)
        if left_out is None and label is not None:
            self._total(number, cells, label)
        elif filled and not self._is_seen(number, cells, filled):
            return
        elif left_out is not None:
            pounds = self._pounds(cells)
            self.totals.row(pounds, self._above(cells))
            self.reading.left_out_pounds += sum(pounds.values(), _NOTHING)
            self._aside(number, cells, left_out.reason)
        elif not filled:
            self._aside(number, cells, "no amount: a heading, a note or an empty line")
        elif not self._is_subtotal_of_parent(number, cells):
            self._budget(number, cells, filled)

    def _budget(self, number: int, cells: Sequence[Cell], filled: Sequence[int]) -> None:
        organisation = None if self.across else self.words.organisation(cells, filled)
        fund = self.words.fund(cells)
        recurrent = self.words.recurrent(cells)
        month = self.words.month(cells)
        self.words.check_year(cells)
        pounds = self._pounds(cells)
        self._said_beside(cells, pounds)
        self.reading.texts += sum(cells[place].kind is CellKind.TEXT for place in pounds)
        self.totals.row(pounds, self._above(cells))
        self._row_totals(cells, pounds)
        if fund is None or (organisation is None and not self.across):
            return
        reading, sheet = self.reading, self.sheet.name
        reading.rows += 1
        reading.read_pounds += sum(pounds.values(), _NOTHING)
        line = tuple(folded(cells[place].text) for place in self.places[Meaning.LINE])
        self.seen.setdefault((organisation, fund, month, recurrent, line), []).append((number, tuple(pounds)))
        lines, funds = reading.lines, self.books.funds
        if self.parts:
            self._in_parts(cells, pounds, organisation, fund, month)
            return
        for place, amount in pounds.items():
            when, belongs, into, recurs = self.says[place]
            receiver, into = belongs or organisation, into or fund
            if receiver is None or into not in funds:
                continue  # said at the row's name, or at the column's heading
            recurs = recurrent if recurs is None else recurs
            recurs = funds[into][1] if recurs is None else recurs
            pence, exact = self._pence(cells[place], amount)
            if pence:
                address = cells[place].address
                lines.append(BudgetLine(receiver, into, when or month, recurs, pence, sheet, address, exact))

    def _said_beside(self, cells: Sequence[Cell], pounds: Map[int, Decimal]) -> None:
        """Tell of what stands beside a row's amounts and says that they are not to be taken as they stand."""
        if not pounds:
            return
        unit = self.units[next(iter(pounds))]
        for place in self.beside:
            cell = cells[place]
            if cell.kind is not CellKind.TEXT:
                continue
            doubt = is_taken_off(cell.text, list(pounds.values()))
            if doubt is None and place not in self.naming:
                doubt = doubt_of(cell.text, unit)
            if doubt is None or (self.mapping.settings.purpose == "meant" and Input.PURPOSE.given in doubt.fix):
                continue
            self._problem(cell, *doubt)

    def _in_parts(
        self, cells: Sequence[Cell], pounds: Map[int, Decimal], organisation: str | None, fund: str, month: int | None
    ) -> None:
        """Lines for an amount of which other columns say what recurs and what does not."""
        ((place, whole),) = pounds.items()
        parts = {at: self._plain(cells[at], at) or _NOTHING for at in self.parts}
        rest = whole - sum(parts.values(), _NOTHING)
        said = {self.columns[at].recurrent for at in self.parts}
        if rest * whole < 0 or any(part * whole < 0 for part in parts.values()) or (rest and len(said) > 1):
            at = self.parts[-1]
            self._problem(
                cells[at],
                f"its parts come to £{whole - rest:,.2f}, and {cells[place].address} is £{whole:,.2f}.",
                "What is a part of an amount is within it.",
                "Correct the amount or its parts.",
            )
            return
        amounts = [(at, part, self.columns[at].recurrent) for at, part in parts.items()]
        for at, amount, recurs in [(place, rest, not self.columns[self.parts[0]].recurrent), *amounts]:
            pence, exact = self._pence(cells[at], amount)
            if pence and organisation is not None:
                address = cells[at].address
                line = BudgetLine(organisation, fund, month, bool(recurs), pence, self.sheet.name, address, exact)
                self.reading.lines.append(line)

    # --- amounts --------------------------------------------------------------------------------

    def _pounds(self, cells: Sequence[Cell]) -> dict[int, Decimal]:
        """The row's amounts in pounds by their columns, each month's own; what is none is a problem or set aside."""
        return self.months.own_amounts(self._as_written(cells))

    def _as_written(self, cells: Sequence[Cell]) -> dict[int, Decimal]:
        found: dict[int, Decimal] = {}
        dash, units = self.mapping.settings.dash, self.units
        for place in self.amounts:
            cell = cells[place]
            if cell.kind is CellKind.BLANK:
                continue
            amount = money(cell, units[place], dash=dash)
            if isinstance(amount, Decimal):
                found[place] = amount
            elif isinstance(amount, Doubt):
                self._problem(cell, *amount)
                self.unread.add(place)
            elif isinstance(amount, Missing):
                self.reading.set_aside.append(
                    SetAside(self._place(cell), tidy(cell.text), f"no amount: {amount.reason}; it is not zero")
                )
        return found

    def _pence(self, cell: Cell, pounds: Decimal) -> tuple[int, Decimal | None]:
        """Whole pence, and the amount before rounding where the user lets it be rounded."""
        pence = pounds * _HUNDRED
        if abs(pence) > LARGEST_PENCE:
            self._problem(
                cell,
                f"£{pounds:,f} is more than the books can hold.",
                "It is a slip.",
                "Correct the amount or the unit.",
            )
            return 0, None
        whole = int(pence)
        if whole == pence:
            return whole, None
        if self.mapping.settings.rounding is None:
            self._problem(
                cell,
                f"£{pounds:,f} is not a whole number of pence.",
                "The books keep whole pence, and nothing is rounded in silence.",
                f"Round it in the file, or allow it {Input.ROUNDING.given}, which records what each cell held.",
            )
            return 0, None
        return int(pence.quantize(_PENNY, rounding=ROUND_HALF_UP)), pounds

    # --- what is no budget ----------------------------------------------------------------------

    def _label(self, cells: Sequence[Cell]) -> Cell | None:
        """The cell that calls a row a total."""
        coded = any(folded(cells[place].text) in self.books.codes for place in self.places[Meaning.CODE])
        for meaning in Meaning:
            if meaning in (Meaning.AMOUNT, Meaning.TOTAL):
                continue
            # A row with a code is somebody's, even where a practice has 'Total' in its name.
            pattern = BARE_TOTAL if coded or meaning is Meaning.IGNORED else TOTAL_LABEL
            for place in self.places[meaning]:
                cell = cells[place]
                if cell.kind is CellKind.TEXT and pattern.search(folded(cell.text)):
                    return cell
        return None

    def _payers(self, cells: Sequence[Cell]) -> Cell | None:
        """The cell that names who pays, where its row is the sum of the rows before: a total by another name."""
        names = {folded(self.books.payer), folded(self.books.organisations[self.books.payer]["name"])}
        for place in (*self.places[Meaning.CODE], *self.places[Meaning.NAME]):
            if folded(cells[place].text) in names and self.totals.would_hold(self._quietly(cells)):
                return cells[place]
        return None

    def _quietly(self, cells: Sequence[Cell]) -> dict[int, Decimal]:
        found = {place: money(cells[place], self.units[place]) for place in self.amounts}
        return {place: amount for place, amount in found.items() if isinstance(amount, Decimal)}

    def _is_of_units(self, cells: Sequence[Cell]) -> bool:
        """Whether a row only says what the columns of amounts are in."""
        filled = [cell for cell in cells if cell.kind is not CellKind.BLANK]
        under = [cells[place] for place in self.amounts if cells[place].kind is not CellKind.BLANK]
        return len(under) == len(filled) > 0 and all(
            cell.kind is CellKind.TEXT and units_in(cell.text) and not isinstance(written_number(cell.text), Number)
            for cell in under
        )

    def _is_ragged(self, number: int, cells: Sequence[Cell]) -> bool:
        """Whether a line of a text file has more or fewer cells than its header, which is told."""
        if not self.sheet.counts:
            return False
        count, headed = self.sheet.counts[number - 1], self.sheet.counts[self.part.header_row - 1]
        beyond = [cell for cell in cells[self.headed :] if cell.kind is not CellKind.BLANK]
        if beyond or 1 < count < self.headed:
            self.reading.problems.append(ragged_line(self.file, number, count, min(headed, self.headed)))
        return bool(beyond) or 1 < count < self.headed

    def _total(self, number: int, cells: Sequence[Cell], label: Cell) -> None:
        pounds = self._pounds(cells)
        sums = {
            place: found for place in self.totals.columns if (found := self._plain(cells[place], place)) is not None
        }
        if not pounds and not sums:
            self._aside(number, cells, "a total without an amount")
            return
        doubt = other_unit(label.text, self.units[self.amounts[0]]) if self.amounts else None
        if doubt is not None:
            self._problem(label, *doubt)
        self.totals.total(number, pounds, sums)
        self._row_totals(cells, pounds)
        self._aside(number, cells, f"a total ('{tidy(label.text)}'): checked, not posted")

    def _is_subtotal_of_parent(self, number: int, cells: Sequence[Cell]) -> bool:
        """Whether a row's code is that of somebody above the rows before: their subtotal, which is checked."""
        codes = [cells[place] for place in self.places[Meaning.CODE] if cells[place].kind is CellKind.TEXT]
        if not codes or not self.places[Meaning.PARENT]:
            return False
        code = folded(codes[0].text)
        if code in self._above(cells) or not self.totals.knows(code):
            return False
        pounds = self._pounds(cells)
        for place, is_there, should_be in self.totals.of_parent(code, pounds):
            self._wrong_sum(cells[place], place, is_there, should_be, f"the rows of {tidy(codes[0].text)}")
        self._aside(number, cells, f"the subtotal of {tidy(codes[0].text)}: checked, not posted")
        return True

    def _above(self, cells: Sequence[Cell]) -> list[str]:
        return [
            folded(cells[place].text) for place in self.places[Meaning.PARENT] if cells[place].kind is CellKind.TEXT
        ]

    def _repeats(self, cells: Sequence[Cell], heading: Sequence[str]) -> bool:
        return all(cells[place].text == heading[place] for place in self.amounts) and any(
            heading[place] for place in self.amounts
        )

    def _reads_as(self, cells: Sequence[Cell], letter: str, text: str) -> bool:
        place = column_index_from_string(letter) - 1
        return place < len(cells) and folded(cells[place].text) == folded(text)

    def _is_seen(self, number: int, cells: Sequence[Cell], filled: Sequence[int]) -> bool:
        """Whether a row with amounts is read: one that a reader does not see, or sees struck out, is asked about."""
        if number in self.sheet.hidden_rows:
            how = self.sheet.hidden_rows[number]
            if not self._hidden_row(f"row {number} is {how} and holds amounts.", f"row {number}", cells[filled[0]]):
                return False
        looked_at = [*filled, *(place for place in self.naming if cells[place].kind is CellKind.TEXT)]
        marked = next((cells[place] for place in looked_at if cells[place].mark in (STRUCK, INVISIBLE)), None)
        if marked is None:
            return True
        what = "amount" if marked.kind is CellKind.NUMBER else "text"
        return self._hidden_row(f"the {what} {tidy(marked.text)} is {marked.mark}.", f"row {number}", marked)

    def _hidden_row(self, fault: str, what: str, cell: Cell) -> bool:
        """Whether a hidden row with amounts is read; nobody has said so, unless the mapping does."""
        hidden = self.mapping.settings.hidden
        if hidden is None:
            self._problem(
                cell,
                fault,
                "It often is a line that something else replaced.",
                f"Unhide or delete it, or say {Input.HIDDEN.given} whether it counts.",
            )
        elif hidden == "leave out":
            self.reading.set_aside.append(SetAside(self._place(cell), what, "hidden, and left out as you said"))
        return hidden == "read"

    def _used(self, place: int) -> bool:
        letter = get_column_letter(place + 1)
        if letter not in self.sheet.hidden_columns or self.columns[place].meaning is Meaning.TOTAL:
            return True
        hidden = self.mapping.settings.hidden
        cell = f"{letter}{self.part.header_row}"
        if hidden is None:
            self.reading.problems.append(
                Problem(
                    cell_place(self.file, self.sheet.name, cell),
                    f"column {letter} is hidden and holds amounts.",
                    "It often is something that another column replaced.",
                    f"Unhide or delete it, or say {Input.HIDDEN.given} whether it counts.",
                )
            )
        elif hidden == "leave out":
            place_of = cell_place(self.file, self.sheet.name, cell)
            self.reading.set_aside.append(SetAside(place_of, f"column {letter}", "hidden, and left out as you said"))
        return hidden == "read"

    # --- totals ---------------------------------------------------------------------------------

    def _plain(self, cell: Cell, place: int) -> Decimal | None:
        found = money(cell, self.units[place], dash=self.mapping.settings.dash)
        if isinstance(found, Doubt):
            self._problem(cell, *found)
        return found if isinstance(found, Decimal) else None

    def _row_totals(self, cells: Sequence[Cell], pounds: Map[int, Decimal]) -> None:
        stated = {}
        for place in self.totals.columns:
            if cells[place].kind is not CellKind.BLANK:
                found = self._plain(cells[place], place)
                if found is not None:
                    stated[place] = found
        if stated:
            self.totals.across(cells, pounds, stated)

    def _close_totals(self) -> None:
        for cells, place, is_there, should_be in self.totals.wrong_across():
            self._wrong_sum(cells[place], place, is_there, should_be, "the amounts of its row")
        rows = self.sheet.rows
        for number, place, is_there, should_be in self.totals.close():
            self._wrong_sum(rows[number - 1][place], place, is_there, should_be, "the rows that it adds up")
        self.reading.file_pounds = self.totals.file_total
        self.reading.file_total_cells = tuple(
            rows[number - 1][place].address for number, place in self.totals.file_total_places
        )
        if self.reading.texts:
            many = self.reading.texts
            stood = (
                "amounts stood as text and were read as numbers"
                if many > 1
                else "amount stood as text and was read as a number"
            )
            self.reading.remarks.append(f"{many:,} {stood}.")

    def _running_months(self) -> None:
        """Months that run up are no months' money each: their last is the year's, and their sum many times it."""
        last = self.months.running(self.sheet.rows[self.part.header_row - 1], self.totals)
        if last is None:
            self._running_rows()
            return
        first, final, once, added = last
        self.reading.problems = [one for one in self.reading.problems if "does not tie to itself" not in one.why]
        self._problem(
            first,
            f"the months run up: from {first.address} to {final.address} no amount is below the one before. Their last "
            f"comes to £{once:,.2f}, and all of them together to £{added:,.2f}.",
            "Running totals added up count the same money many times.",
            f"Say {Input.RUNNING.given} whether they are running totals or each month's own.",
        )

    def _running_rows(self) -> None:
        """The same of months that stand in rows; a total that holds says that each is its own."""
        said, reading = self.mapping.settings.months, self.reading
        if said == "each" or not self.places[Meaning.MONTH] or reading.file_pounds is not None:
            return
        running = running_down(reading.lines)
        if running is not None or said == "running":
            first, final = running or (reading.lines[0], reading.lines[-1])
            self.reading.problems.append(
                Problem(
                    cell_place(self.file, self.sheet.name, first.cell),
                    f"the months run up from {first.cell} to {final.cell}: no amount is far below the one before.",
                    "Running totals added up count the same money many times.",
                    f"Give each month's own amount; if these are, say so {Input.RUNNING.set_to('each')}.",
                )
            )

    def _wrong_sum(self, cell: Cell, place: int, is_there: Decimal, should_be: Decimal, parts: str) -> None:
        if place in self.unread or (self.unread and place in self.totals.columns):
            return  # it adds up amounts that could not be read, which are problems already
        way = "too much" if is_there > should_be else "too little"
        self._problem(
            cell,
            f"the total is £{is_there:,.2f}; {parts} sum to £{should_be:,.2f}, so it is "
            f"£{abs(is_there - should_be):,.2f} {way}.",
            "The file does not tie to itself.",
            "Correct the total or the amounts, and save the file from Excel so that its formulas are worked out.",
        )

    def _duplicates(self) -> None:
        """Rows that stand for the same organisation, fund, month and line, with amounts in the same column."""
        twice: list[tuple[object, list[str]]] = []
        for key, rows in self.seen.items():
            places = sorted({place for _, filled in rows for place in filled}) if len(rows) > 1 else ()
            for place in places:
                cells = [self.sheet.rows[number - 1][place].address for number, filled in rows if place in filled]
                if len(cells) > 1:
                    twice.append((self.says[place][1] or key[0], cells))
        if twice and self.mapping.settings.duplicates == "add":
            told = f"{len(twice):,} amounts stand for what another stands for too; they were added."
            self.reading.remarks.append(told)
            return
        for organisation, cells in twice:
            listed = ", ".join(cells[:20]) + (" and more" if len(cells) > 20 else "")  # noqa: PLR2004 - enough to see
            self.reading.problems.append(
                Problem(
                    cell_place(self.file, self.sheet.name, cells[0]),
                    f"{organisation} stands {len(cells)} times for the same money: in {listed}.",
                    "It may be there twice.",
                    f"Take one out; if they are to be added up, say so {Input.DUPLICATES.given}.",
                )
            )

    # --- small things ---------------------------------------------------------------------------

    def _filled_down(self) -> dict[int, dict[int, Cell]]:
        """Cells merged downwards in columns that say who and what: each lower one stands for the first."""
        found: dict[int, dict[int, Cell]] = {}
        keys = {place for meaning in (Meaning.CODE, Meaning.NAME, Meaning.FUND, Meaning.PARENT, Meaning.RECURRENT,
                                      Meaning.YEAR, Meaning.MONTH) for place in self.places[meaning]}  # fmt: skip
        for area in self.sheet.merged:
            left, top, right, bottom = range_boundaries(area)
            if top is None or left is None or right is None or bottom is None or bottom <= self.part.header_row:
                continue
            if top > len(self.sheet.rows) or left > len(self.sheet.rows[0]):
                continue
            first = self.sheet.rows[top - 1][left - 1]
            if left - 1 in self.amounts and (bottom > top or right > left):
                if first.kind is CellKind.NUMBER or isinstance(written_number(first.text), Number):
                    self._problem(
                        first,
                        f"the amount is merged over {area}.",
                        "It cannot be told which row or column it is for.",
                        "Unmerge the cells and type each amount.",
                    )
            elif bottom > top and left - 1 in keys and first.text:
                for row in range(max(top, self.part.header_row) + 1, min(bottom, len(self.sheet.rows)) + 1):
                    found.setdefault(row, {})[left - 1] = first
                self.reading.remarks.append(
                    f"'{tidy(first.text)}' in the merged cells {area} stands for each of its rows."
                )
        return found

    def _with_filled(self, number: int) -> Sequence[Cell]:
        cells = self.sheet.rows[number - 1]
        filled = self.filled.get(number)
        if filled is None:
            return cells
        return [
            filled[place]._replace(address=cell.address) if place in filled else cell
            for place, cell in enumerate(cells)
        ]

    def _aside(self, number: int, cells: Sequence[Cell], why: str) -> None:
        what = " | ".join(tidy(cell.text) for cell in cells if cell.kind is CellKind.TEXT)[:80]
        self.reading.set_aside.append(SetAside(f"{self.file}, sheet {self.sheet.name}, row {number}", what, why))

    def _problem(self, cell: Cell, found: str, why: str, remedy: str) -> None:
        self.reading.problems.append(Problem(self._place(cell), found, why, remedy))

    def _place(self, cell: Cell) -> str:
        return cell_place(self.file, self.sheet.name, cell)
