"""Where a budget stands in a sheet and what its columns mean, worked out from the file itself.

A header is the row that names the most of what a budget needs; what its columns mean is read from their
headings and, for codes, names and funds, from what stands below them. What cannot be told is a ``Problem``
that says what to put into a mapping. Nothing is taken because it is probable.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from openpyxl.utils import get_column_letter

from allocations.files.budgets.evidence import SheetEvidence, heading_text
from allocations.files.budgets.headings import MONTHS, Heading, read_heading, recurrent_in
from allocations.files.budgets.mapping import Meaning, Settings, SheetMapping
from allocations.files.budgets.receivers import Receivers
from allocations.reading.amounts import UNITS, YEAR_ENDS
from allocations.reading.cells import Cell, CellKind, Sheet
from allocations.reading.evidence import texts_of, year_problems
from allocations.reading.header import DEEPEST, Areas, ColumnHead, can_head, over, typed_months
from allocations.reading.letters import folded
from allocations.reading.numbers import Number, written_number
from ledger.errors import Problem
from ledger.inputs import Input
from ledger.years import FinancialYear

_SAMPLE = 400
_SHOWN = 3
_ALWAYS = 8 * 10  # in a hundred: how many of a column's texts must be codes for it to be one of codes
_HUNDRED = 100


@dataclass(frozen=True, slots=True)
class SheetLayout:
    """What was made of a sheet: its mapping, or why there is none. Neither, where it is no budget at all.

    Attributes:
        aside: columns of numbers that were not taken: the cell of each heading, the heading, and why.
        remarks: what a reader should know of its headings.
        asked: what it calls its money that is no year's budget; its rows can be read all the same.
        differs: what the file says of its year or unit that somebody has said otherwise, for the entry to record.
    """

    mapping: SheetMapping | None = None
    problems: tuple[Problem, ...] = ()
    unit_from: str = ""
    aside: tuple[tuple[str, str, str], ...] = ()
    remarks: tuple[str, ...] = ()
    differs: tuple[str, ...] = ()
    asked: tuple[Problem, ...] = ()


def find(
    file: str,
    sheet: Sheet,
    books: Receivers,
    year: FinancialYear,
    known: dict[str, str],
    unit: str | None,
    settings: Settings | None = None,
) -> SheetLayout:
    """Find the budget in a sheet.

    Args:
        known: the file's own names for organisations, folded, with their codes.
        unit: what the user says the amounts are in; found in the file otherwise.
        settings: what the user says of years.
    """
    settings = settings or Settings()
    header = _header(sheet, books, known)
    if header is None:
        return SheetLayout()
    row, above, headings = header
    below = [cells for cells in sheet.rows[row + 1 :] if any(cell.kind is not CellKind.BLANK for cell in cells)]
    columns, elsewhere = _columns(headings, below, books, year, settings)
    if not any(column.meaning is Meaning.AMOUNT for column in columns):
        return SheetLayout(
            problems=tuple(_no_budget_column(file, sheet, row, columns, elsewhere, below, year, settings))
        )
    evidence = SheetEvidence(file, sheet, row, above, columns, year, unit, settings)
    problems = _ambiguities(f"{file}, sheet {sheet.name}", columns)
    problems.extend(_doubtful(f"{file}, sheet {sheet.name}", columns, settings, evidence.differs))
    problems.extend(_cut_year(f"{file}, sheet {sheet.name}", columns, elsewhere, year))
    problems.extend(evidence.problems)
    said, where = evidence.unit
    if said is None and any(column.meaning is Meaning.AMOUNT and column.unit is None for column in columns):
        problems.append(
            Problem(
                f"{file}, sheet {sheet.name}, row {row + 1}",
                "no heading, no caption above it and no name of a sheet says what the amounts are in.",
                "Pounds read as thousands are wrong a thousandfold.",
                f"Say it {Input.UNIT.given}, or in the heading: (£000).",
            )
        )
    same = Counter(_apart(column) for column in columns if column.meaning is Meaning.AMOUNT)
    mapping = SheetMapping.model_validate(
        {
            "sheet": sheet.name,
            "header_row": row + 1,
            "unit": said,
            "columns": {
                get_column_letter(index): _mapped(column, unit, undecided=same[_apart(column)] > 1)
                for index, column in enumerate(columns, start=1)
                if column.text or column.meaning is not Meaning.IGNORED
            },
        }
    )
    aside = tuple(_aside(columns, below, elsewhere))
    return SheetLayout(
        mapping,
        tuple(problems),
        where,
        aside,
        tuple(_typed(sheet, above)),
        tuple(evidence.differs),
        tuple(evidence.asked),
    )


def _header(
    sheet: Sheet, books: Receivers, known: dict[str, str]
) -> tuple[int, list[ColumnHead], list[Heading]] | None:
    """The row (from 0) that names the most of what a budget needs, what stands over each column, and what it says."""
    areas = Areas(sheet)
    best: tuple[int, int, list[ColumnHead], list[Heading]] | None = None
    for row in range(min(len(sheet.rows), DEEPEST)):
        if not can_head(sheet.rows[row]) or any(_is_number(cell) for cell in sheet.rows[row]):
            continue  # a row with an amount heads nothing
        above = over(sheet, row, areas)
        typed = typed_months({place: each.cell for place, each in enumerate(above)})
        headings = [
            read_heading(each, books, known, typed.get(place)) if each.cell.kind in _HEADS else Heading("", None)
            for place, each in enumerate(above)
        ]
        score = _score([each.cell for each in above], headings)
        if score and (best is None or score > best[0]):
            best = (score, row, above, headings)
    return best and best[1:]


_HEADS = (CellKind.TEXT, CellKind.DATE, CellKind.NUMBER)


def _typed(sheet: Sheet, above: Sequence[ColumnHead]) -> Iterator[str]:
    """What a reader should know of months that Excel took for days."""
    cells = {place: each.cell for place, each in enumerate(above)}
    typed = typed_months(cells)
    if typed:
        place = next((place for place, day in typed.items() if _is_next_year(cells[place], day)), min(typed))
        month, year = typed[place]
        day = cells[place].value
        assert isinstance(day, date)
        yield (
            f"{sheet.name}!{cells[place].address} holds {day:%d %B %Y}: Excel took the month for a day when "
            f"{MONTHS[month - 1].capitalize()}-{year % 100} was typed. Its {len(typed)} headings were read as months."
        )


def _is_next_year(cell: Cell, typed: tuple[int, int]) -> bool:
    return isinstance(cell.value, date) and cell.value.year != typed[1]


def _aside(
    columns: Sequence[Heading], below: Sequence[Sequence[Cell]], elsewhere: Sequence[Heading]
) -> Iterator[tuple[str, str, str]]:
    """Columns of numbers that are not read, and why: nothing that looks like money is passed over in silence."""
    others = {column.where for column in elsewhere}
    for place, column in enumerate(columns):
        if column.meaning is not Meaning.IGNORED or not column.text:
            continue
        if column.where in others:
            yield column.where, column.text, f"money of {', '.join(str(year) for year in column.years)}"
        elif column.aside:
            yield column.where, column.text, f"{column.aside}, and no budget"
        elif any(cells[place].kind is CellKind.NUMBER for cells in below[:_SAMPLE]) and "£" in column.text:
            yield column.where, column.text, "it is not the budget"


def _no_budget_column(
    file: str,
    sheet: Sheet,
    row: int,
    columns: Sequence[Heading],
    elsewhere: Sequence[Heading],
    below: Sequence[Sequence[Cell]],
    year: FinancialYear,
    settings: Settings,
) -> list[Problem]:
    """Why a table that says who receives has no budget in it: its money is of another year, or no budget."""
    if not any(column.meaning in (Meaning.CODE, Meaning.NAME) for column in columns):
        return []
    if elsewhere:
        texts = [heading_text(file, sheet, column) for column in elsewhere]
        found = year_problems(texts_of(file, sheet, row, texts), year, short_year=settings.short_year)
        return found or [_of_other_years(file, sheet, elsewhere, year)]
    for place, column in enumerate(columns):
        if column.aside and any(cells[place].kind is CellKind.NUMBER for cells in below):
            return [
                Problem(
                    f"{file}, sheet {sheet.name}, cell {column.where}",
                    f"its only money is '{column.text}', which is {column.aside} and no budget.",
                    "What is posted must be what was agreed.",
                    f"Give the budget, or say {Input.COLUMNS.given} that it is one.",
                )
            ]
    return []


def _of_other_years(file: str, sheet: Sheet, elsewhere: Sequence[Heading], year: FinancialYear) -> Problem:
    years = " and ".join(str(each) for each in sorted({said for column in elsewhere for said in column.years}))
    cells = ", ".join(column.where for column in elsewhere[:_SHOWN]) + (" and more" if len(elsewhere) > _SHOWN else "")
    return Problem(
        f"{file}, sheet {sheet.name}, cell {elsewhere[0].where}",
        f"its amounts are of {years} ({cells}: '{elsewhere[0].text}'), and {year} was asked for.",
        "Money of one year cannot stand in another.",
        f"Bring it in for its own year; if it is meant for {year} all the same, say so {Input.OTHER_YEAR.given}.",
    )


def _mapped(column: Heading, unit: str | None, *, undecided: bool) -> dict[str, object]:
    amounts = column.meaning in (Meaning.AMOUNT, Meaning.TOTAL, Meaning.PART)
    rival = undecided and column.meaning is Meaning.AMOUNT
    return {
        "heading": column.text,
        "meaning": Meaning.UNDECIDED if rival else column.meaning or Meaning.IGNORED,
        "month": column.month if column.meaning is Meaning.AMOUNT else None,
        "recurrent": column.recurrent if column.meaning in (Meaning.AMOUNT, Meaning.PART) else None,
        "organisation": column.organisation if column.meaning is Meaning.AMOUNT else None,
        "fund": column.fund if column.meaning is Meaning.AMOUNT else None,
        "unit": column.unit if amounts and unit is None and column.unit in UNITS else None,
    }


def _score(cells: Sequence[Cell], headings: Sequence[Heading]) -> int:
    """How many columns a row names as a header would; 0 where it is none."""
    named = [heading for heading in headings if heading.meaning]
    organisations = {heading.organisation for heading in named if heading.organisation}
    if len(organisations) == 1:
        # One organisation alone, or its code and its name, is a row of the budget.
        named = [heading for heading in named if not heading.organisation]
    amounts = [heading for heading in named if heading.meaning in (Meaning.AMOUNT, Meaning.TOTAL) or heading.aside]
    keys = [heading for heading in named if heading.meaning in _KEYS]
    texts = [cell for cell in cells if cell.kind in _HEADS]
    return len(named) if amounts and (keys or len(organisations) > 1 or len(texts) > len(amounts)) else 0


_KEYS = (Meaning.CODE, Meaning.NAME, Meaning.FUND, Meaning.LINE)


def _is_number(cell: Cell) -> bool:
    return cell.kind is CellKind.TEXT and isinstance(written_number(str(cell.value)), Number)


def _columns(
    headings: Sequence[Heading],
    below: Sequence[Sequence[Cell]],
    books: Receivers,
    year: FinancialYear,
    settings: Settings,
) -> tuple[list[Heading], list[Heading]]:
    """Each column's meaning, from its heading and from what stands below it; and the columns of other years."""
    found = [replace(heading, meaning=heading.meaning or Meaning.IGNORED) for heading in headings]
    sample = below[:_SAMPLE]
    codes: list[tuple[int, int, int]] = []
    for place, heading in enumerate(found):
        cells = [cells[place] for cells in sample if cells[place].kind is not CellKind.BLANK]
        texts = [folded(cell.text) for cell in cells if cell.kind is CellKind.TEXT]
        numbers = sum(cell.kind is CellKind.NUMBER or _is_number(cell) for cell in cells)
        if heading.meaning is Meaning.AMOUNT and texts and not numbers and not (heading.organisation or heading.fund):
            found[place] = replace(heading, meaning=_textual(heading, texts))
        elif heading.meaning is None and texts and _are_recurrences(texts):
            found[place] = replace(heading, meaning=Meaning.RECURRENT, recurrent=None)
        elif heading.meaning in (None, Meaning.IGNORED, Meaning.CODE, Meaning.NAME, Meaning.LINE, Meaning.FUND):
            receivers = [text for text in texts if books.codes.get(text) in books.below or _is_closed(text, books)]
            if receivers and len(receivers) * 2 >= len(texts):
                codes.append((len(set(receivers)), -place, place))
            elif heading.meaning is not Meaning.CODE and any(text in books.fund_words for text in texts):
                found[place] = replace(heading, meaning=Meaning.FUND)
            elif heading.meaning is Meaning.IGNORED and _are_parents(texts, books):
                found[place] = replace(heading, meaning=Meaning.PARENT)
    elsewhere = _of_another_year(found, year, settings)
    return _settled(found, codes, has_other_years=bool(elsewhere)), elsewhere


def _of_another_year(headings: list[Heading], year: FinancialYear, settings: Settings) -> list[Heading]:
    """Columns of amounts that name another year: set aside where others are of the year, or else all of them told."""
    amounts = [(place, heading) for place, heading in enumerate(headings) if heading.meaning is Meaning.AMOUNT]
    elsewhere = [(place, heading) for place, heading in amounts if year not in (_years(heading, settings) or (year,))]
    if len(elsewhere) == len(amounts) and settings.other_year == "meant":
        return []
    for place, heading in elsewhere:
        headings[place] = replace(heading, meaning=Meaning.IGNORED)
    return [heading for _, heading in elsewhere]


def _years(heading: Heading, settings: Settings) -> tuple[FinancialYear, ...]:
    """The years that a heading names, those in short too once somebody has said what they are."""
    if heading.years or settings.short_year is None:
        return heading.years
    return tuple(each.years[0 if settings.short_year == YEAR_ENDS else 1] for each in heading.doubts)


_RECURRENCES = {
    "r",
    "nr",
    "rec",
    "recurrent",
    "recurring",
    "non-rec",
    "non-recurrent",
    "non recurrent",
    "non-recurring",
}


def _are_recurrences(texts: Sequence[str]) -> bool:
    return set(texts) <= _RECURRENCES


def _settled(headings: list[Heading], codes: list[tuple[int, int, int]], *, has_other_years: bool) -> list[Heading]:
    """One column of codes and one of names; and amounts that belong to no place or fund set aside where others do."""
    if codes:
        # Those who receive are in the column that tells the most apart; the others say who is above them.
        chosen = max(codes)[2]
        others = {place for _, _, place in codes} | {
            place for place, heading in enumerate(headings) if heading.meaning is Meaning.CODE
        }
        for place in others:
            headings[place] = replace(headings[place], meaning=Meaning.CODE if place == chosen else Meaning.PARENT)
    for place in [place for place, heading in enumerate(headings) if heading.meaning is Meaning.NAME][:-1]:
        headings[place] = replace(headings[place], meaning=Meaning.IGNORED)
    for belongs in ("organisation", "fund"):
        across = any(getattr(heading, belongs) for heading in headings if heading.meaning is Meaning.AMOUNT)
        for place, heading in enumerate(headings):
            if across and heading.meaning is Meaning.AMOUNT and getattr(heading, belongs) is None:
                headings[place] = replace(heading, meaning=Meaning.IGNORED)
    amounts = [heading for heading in headings if heading.meaning is Meaning.AMOUNT]
    divided = any(
        heading.month or heading.organisation or heading.fund or heading.recurrent is not None for heading in amounts
    )
    totals = [place for place, heading in enumerate(headings) if heading.meaning is Meaning.TOTAL]
    for place in totals:
        # What is called the year's stands for itself where nothing divides the year; so does a total alone.
        alone = len(totals) == 1 and not amounts
        if not has_other_years and (alone or (headings[place].of_the_year and not divided)):
            headings[place] = replace(headings[place], meaning=Meaning.AMOUNT)
    return headings


def _textual(heading: Heading, texts: Sequence[str]) -> Meaning:
    """What a column is that is headed like amounts and holds words."""
    if all(recurrent_in(text) is not None for text in texts):
        return Meaning.RECURRENT
    return Meaning.AMOUNT if heading.strong else Meaning.FUND if "fund" in folded(heading.text) else Meaning.LINE


def _is_closed(text: str, books: Receivers) -> bool:
    code = books.codes.get(text)
    return code is not None and books.closed(code)


def _are_parents(texts: Sequence[str], books: Receivers) -> bool:
    """Whether most of a column are codes of somebody, though of nobody who could receive."""
    known = sum(text in books.codes for text in texts)
    return bool(texts) and known * _HUNDRED >= len(texts) * _ALWAYS and len(set(texts)) < len(texts)


def _apart(column: Heading) -> tuple[object, ...]:
    """What tells one column of amounts from another."""
    return column.month, column.recurrent, column.organisation, column.fund


def _doubtful(place: str, columns: Sequence[Heading], settings: Settings, differs: list[str]) -> list[Problem]:
    """A column of amounts that says that they may be no budget of a year; recorded where somebody says that it is."""
    column = next((each for each in columns if each.meaning is Meaning.AMOUNT and each.doubtful), None)
    if column is None:
        return []
    if settings.purpose == "meant":
        differs.append(
            f"{column.where} ('{column.text}') reads as {column.doubtful}; it was meant as the year's budget"
        )
        return []
    return [
        Problem(
            f"{place}, cell {column.where}",
            f"'{column.text}' reads as {column.doubtful}, and not as the budget of a year.",
            "What is posted must be what was agreed.",
            f"Give the budget; if this is it, say so {Input.PURPOSE.given}, or {Input.COLUMNS.given}.",
        )
    ]


def _cut_year(
    place: str, columns: Sequence[Heading], elsewhere: Sequence[Heading], year: FinancialYear
) -> list[Problem]:
    """Months of which only some are of the year, where the others would make twelve of them: a calendar year."""
    own = [column for column in columns if column.meaning is Meaning.AMOUNT and column.month and year in column.years]
    others = [column for column in elsewhere if column.month]
    if not others or len(own) >= len(MONTHS) or not own:
        return []
    return [
        Problem(
            f"{place}, cell {others[0].where}",
            f"of its months, {len(own)} are of {year} ({own[0].where} to {own[-1].where}) and {len(others)} are not "
            f"({others[0].where} '{_month_text(others[0])}').",
            "A part of the year would be posted as if it were all of it.",
            f"Give the twelve months of {year}, or say {Input.COLUMNS.given} which months are amounts.",
        )
    ]


def _month_text(column: Heading) -> str:
    assert column.month is not None
    years = ", ".join(str(each) for each in column.years)
    return f"{MONTHS[column.month - 1].capitalize()}, {years}" if years else column.text


def _ambiguities(place: str, columns: Sequence[Heading]) -> list[Problem]:
    """What a header leaves open: two columns that could each be the budget, or nobody who receives."""
    amounts = [column for column in columns if column.meaning is Meaning.AMOUNT]
    parts = [column for column in columns if column.meaning is Meaning.PART]
    same = Counter(_apart(column) for column in amounts)
    found = []
    for key, count in same.items():
        if count > 1:
            rivals = [column for column in amounts if _apart(column) == key]
            listed = ", ".join(f"{column.where} '{column.text}'" for column in rivals)
            doubts = [doubt for column in rivals for doubt in column.doubts]
            if len(doubts) == count:
                earlier, later = doubts[-1].years
                found.append(
                    Problem(
                        f"{place}, cell {rivals[-1].where}",
                        f"{count} columns are headed by years, {listed}: {doubts[-1].text} is {earlier} or {later}.",
                        "Money of one year cannot stand in another.",
                        f"Write them as {earlier}, or confirm once for the file {Input.SHORT_YEAR.given}.",
                    )
                )
                continue
            found.append(
                Problem(
                    f"{place}, cell {rivals[0].where}",
                    f"{count} columns could each be the budget: {listed}.",
                    "Adding them up could count money twice.",
                    f"Say {Input.COLUMNS.given} which are amounts and which are ignored.",
                )
            )
    if len({column.recurrent for column in amounts}) > 1 and any(column.recurrent is None for column in amounts):
        column = next(column for column in amounts if column.recurrent is None)
        others = ", ".join(f"{other.where} '{other.text}'" for other in amounts if other.recurrent is not None)
        found.append(
            Problem(
                f"{place}, cell {column.where}",
                f"'{column.text}' stands beside columns that say what recurs: {others}.",
                "It may be their total, or money besides them.",
                f"Head it 'Total', head a part of it 'of which', or say {Input.COLUMNS.given} what it is.",
            )
        )
    if parts and len(amounts) != 1:
        found.append(
            Problem(
                f"{place}, cell {parts[0].where}",
                f"'{parts[0].text}' is a part of one of {len(amounts)} columns of amounts.",
                "It cannot be told which.",
                f"Say {Input.COLUMNS.given} what each column is.",
            )
        )
    across = any(column.organisation for column in amounts)
    if not across and not any(column.meaning in (Meaning.CODE, Meaning.NAME) for column in columns):
        first = next(column.where for column in columns if column.where)
        found.append(
            Problem(
                f"{place}, cell {first}",
                "no column holds codes or names of organisations.",
                "Nobody would receive the money.",
                f"Head it 'Code' or 'Organisation', or say {Input.COLUMNS.given} which column it is.",
            )
        )
    return found
