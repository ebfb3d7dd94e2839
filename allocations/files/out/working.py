"""The working workbook: population, weight, share, pounds, as live formulas with their results beside them.

A finance lead can follow a pound back to the practices, change a yellow cell and watch the totals hold: the
pounds left over by rounding are given out by a formula (the largest fraction first, ties to the larger weight
and then to the smaller code), so the parts always sum to the whole.
"""

from collections.abc import Iterator, Mapping
from decimal import Context
from pathlib import Path
from typing import Any

from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from allocations.figures.weightings import WEIGHTINGS
from allocations.files.out.provenance import WORKING, Provenance, of_books
from allocations.files.out.sheets import FIRST_ROW, HEADING_ROW, Book, refuse_other_suffix
from allocations.files.out.working_plan import Block, WorkingLine, WorkingPlan
from allocations.places.division import UNASSIGNED
from allocations.reading.safe_text import criterion
from ledger.reports.position import Moment

SHEETS = {"place": "Places", "pcn": "PCNs"}
# A double has about sixteen digits; a stored share needs no more.
_DIGITS = Context(prec=17)

INPUTS = ("ICB", "ICB name", "Fund", "Fund name", "Weighted by", "Amount (£)", "Where the amount comes from")
WEIGHTED_BY, AMOUNT = 4, 5
PRACTICES = ("Practice", "ICB", "Place", "PCN")
PRACTICE_PLACE, PRACTICE_PCN, FIRST_POPULATION = 2, 3, 4
SPLIT = (
    "ICB", "Fund", "Weighted by", "Code", "Name", "Practices", "Registered people", "Weighted people",
    "Weighted people of the ICB", "Share (%)", "Amount to split (£)", "Quota (£)", "Whole pounds of it (£)",
    "Fraction left (£)", "Order of code", "Rank of fraction", "Pounds left to give (£)", "Pounds (£)",
    "Ledger's split (£)", "Difference from the ledger (£)",
)  # fmt: skip
(ICB, FUND, BY, CODE, NAME, COUNT, REGISTERED, PEOPLE, EVERYONE, SHARE, TO_SPLIT, QUOTA, WHOLE, FRACTION, ORDER,
 RANK, LEFT, POUNDS, LEDGER, DIFFERENCE) = range(len(SPLIT))  # fmt: skip
CHECKS = ("Check", "Where", "When it must hold", "Holds")
ALWAYS, UNCHANGED = "always", "until an input is changed"
FLOWS = ("From", "From name", "To", "To name", "Tier", "Fund", "Year", "Amount (£)", "Standing of the figure")
LOG = ("Date", "Who", "Sheet and cell", "Before", "After", "Why")
_LOG_ROWS = 200
_WORDS = (
    "Yellow cells are inputs: the amounts, the weightings, the practices' populations and who they belong to.",
    "Everything else is a formula; sheets are locked without a password. Checks says at once whether all still ties.",
    "A quota is amount x weighted people / weighted people of the ICB, to a millionth of a pound. Whole pounds first;",
    "the pounds left go to the largest fractions, ties to the larger weight, then to the smaller code.",
)


def weighting_name(by: str) -> str:
    """A weighting as the workbook calls it: ``general_acute`` is ``General acute``."""
    return by.replace("_", " ").capitalize()


def write_working(plan: WorkingPlan, provenance: Provenance, path: Path) -> None:
    """Write the workbook.

    Raises:
        Refused: the file cannot be written, or its name promises another format.
    """
    refuse_other_suffix(path, ".xlsx")
    book = Book(path, provenance.title)
    levels = list(plan.blocks)
    book.read_me(provenance, _contents(levels), _WORDS)
    checks = book.sheet("Checks", "Checks", "Every line that must always hold says Yes.", CHECKS, (70, 18, 26, 9))
    _inputs(book, plan)
    _practices(book, plan)
    for level in levels:
        _splits(book, plan, level)
    _flows(book, plan)
    book.sources(provenance)
    _change_log(book)
    _checks(book, checks, plan)
    book.close()


def _contents(levels: list[str]) -> list[tuple[str, str]]:
    splits = {"place": ("Places", "Each place's share and pounds"), "pcn": ("PCNs", "Each network's share and pounds")}
    return [
        ("Checks", "Whether everything ties, with links"),
        ("Inputs", "Amounts and weightings: yellow"),
        ("Practices", "Populations of practices, and where each belongs: yellow"),
        *(splits[level] for level in levels),
        ("Flows", "The same pounds as a tidy list"),
        ("Sources", "Which published and derived figures this rests on"),
        ("Change log", "Write down here what you change and why"),
    ]


# --- what goes in ---------------------------------------------------------------------------------


def _inputs(book: Book, plan: WorkingPlan) -> None:
    note = "Amounts in whole pounds. Choose a weighting from the list; populations are on the sheet Practices."
    sheet = book.sheet("Inputs", f"Inputs, {plan.year}", note, INPUTS, (8, 44, 26, 34, 24, 20, 80))
    pounds, choice = book.look("pounds", "input"), book.look("text", "input")
    for row, line in enumerate(plan.lines, start=FIRST_ROW):
        texts = (line.icb, line.icb_name, line.fund, line.fund_name)
        for column, value in enumerate(texts):
            sheet.write_string(row, column, value)
        sheet.write_string(row, WEIGHTED_BY, weighting_name(line.by), choice)
        sheet.write_number(row, AMOUNT, line.amount_pounds, pounds)
        sheet.write_string(row, AMOUNT + 1, line.origin)
    last = FIRST_ROW + len(plan.lines) - 1
    sheet.data_validation(
        FIRST_ROW, WEIGHTED_BY, last, WEIGHTED_BY,
        {"validate": "list", "source": [weighting_name(by) for by in WEIGHTINGS],
         "error_title": "Weighting", "error_message": "Choose a weighting from the list."},
    )  # fmt: skip
    sheet.data_validation(
        FIRST_ROW, AMOUNT, last, AMOUNT,
        {"validate": "integer", "criteria": "between", "minimum": 0, "maximum": 10**11,
         "error_title": "Amount", "error_message": "Whole pounds, from 0 to 100,000,000,000."},
    )  # fmt: skip


def _practices(book: Book, plan: WorkingPlan) -> None:
    note = "People, registered and weighted for need, as published to ten digits. One row per practice."
    headings = (*PRACTICES, *(weighting_name(by) for by in WEIGHTINGS))
    sheet = book.sheet(
        "Practices", f"Practices, {plan.year}", note, headings, (11, 8, 24, 14, *(17 for _ in WEIGHTINGS))
    )
    text, people = book.look("text", "input"), book.look("people", "input")
    for row, practice in enumerate(plan.practices, start=FIRST_ROW):
        sheet.write_string(row, 0, practice["practice"])
        sheet.write_string(row, 1, practice["icb"])
        sheet.write_string(row, PRACTICE_PLACE, practice["place"], text)
        sheet.write_string(row, PRACTICE_PCN, practice["pcn"], text)
        for column, by in enumerate(WEIGHTINGS, start=FIRST_POPULATION):
            sheet.write_number(row, column, practice[by], people)
    end = FIRST_ROW + len(plan.practices) - 1
    sheet.autofilter(HEADING_ROW, 0, end, len(headings) - 1)
    sheet.data_validation(
        FIRST_ROW, FIRST_POPULATION, end, len(headings) - 1,
        {"validate": "decimal", "criteria": ">=", "value": 0,
         "error_title": "People", "error_message": "A number of people, not below zero."},
    )  # fmt: skip
    for level, column in (("place", PRACTICE_PLACE), ("pcn", PRACTICE_PCN)):
        for icb, (top, bottom) in _first_blocks(plan, level).items():
            first, last = plan.rows_of[icb]
            sheet.data_validation(
                FIRST_ROW + first, column, FIRST_ROW + last, column,
                {"validate": "list", "source": f"={SHEETS[level]}!{_column(CODE, top, bottom)}",
                 "error_title": "Code", "error_message": f"Choose a code from the sheet {SHEETS[level]}."},
            )  # fmt: skip


def _first_blocks(plan: WorkingPlan, level: str) -> dict[str, tuple[int, int]]:
    """ICB to the first and last row of the first block that lists its receivers."""
    found: dict[str, tuple[int, int]] = {}
    for block, top, bottom in _placed(plan, level):
        found.setdefault(plan.lines[block.line].icb, (top, bottom))
    return found


def _placed(plan: WorkingPlan, level: str) -> Iterator[tuple[Block, int, int]]:
    """Each split of a level with the first and last of its rows on the sheet."""
    top = FIRST_ROW
    for block in plan.blocks.get(level, ()):
        yield block, top, top + len(block.receivers) - 1
        top += len(block.receivers)


# --- the formulas ---------------------------------------------------------------------------------


def _splits(book: Book, plan: WorkingPlan, level: str) -> None:
    note = "Read from left to right: people, share, quota, whole pounds, remainder by rank, pounds."
    if level == "pcn":
        note += " A network in two ICBs stands in each with the practices that it has there."
    widths = (8, 26, 18, 24, 40, 10, 17, 17, 17, 11, 18, 24, 18, 11, 8, 8, 10, 18, 18, 14)
    sheet = book.sheet(SHEETS[level], f"{SHEETS[level]}, {plan.year}", note, SPLIT, widths)
    for block, top, bottom in _placed(plan, level):
        _split(book, sheet, plan, block, top, bottom)
    last = FIRST_ROW + sum(len(block.receivers) for block in plan.blocks[level]) - 1
    sheet.autofilter(HEADING_ROW, 0, last, len(SPLIT) - 1)


def _column(column: int, top: int, bottom: int) -> str:
    """A block's column as an absolute range."""
    letter = xl_col_to_name(column)
    return f"${letter}${top + 1}:${letter}${bottom + 1}"


def _split(book: Book, sheet: Any, plan: WorkingPlan, block: Block, top: int, bottom: int) -> None:
    line = plan.lines[block.line]
    ranges = _Ranges(plan, block, line, top, bottom)
    number = {name: book.look(name) for name in ("pounds", "quota", "fraction", "people", "count", "share")}
    formula, text, given = sheet.write_formula, sheet.write_string, sheet.write_number
    for order, receiver in enumerate(block.receivers, start=1):
        row = top + order - 1
        n = row + 1
        text(row, ICB, line.icb)
        text(row, FUND, line.fund)
        formula(row, BY, ranges.by, None, weighting_name(line.by))
        text(row, CODE, receiver.code)
        text(row, NAME, receiver.name)
        match = ranges.match(n, receiver.code)
        formula(row, COUNT, f"=COUNTIFS({ranges.of},{match})", number["count"], receiver.practices)
        formula(
            row, REGISTERED, f"=SUMIFS({ranges.registered},{ranges.of},{match})", number["people"], receiver.registered
        )
        formula(
            row,
            PEOPLE,
            f"=ROUND(SUMIFS({ranges.weighted(n)},{ranges.of},{match}),9)",
            number["people"],
            receiver.people,
        )
        formula(row, EVERYONE, f"=SUM({ranges.people})", number["people"], block.people)
        share = _DIGITS.divide(receiver.people, block.people)
        formula(row, SHARE, f"=H{n}/I{n}", number["share"], share)
        formula(row, TO_SPLIT, ranges.amount, number["pounds"], block.amount_pounds)
        formula(row, QUOTA, f"=ROUND(K{n}*H{n}/I{n},6)", number["quota"], receiver.quota)
        formula(row, WHOLE, f"=INT(L{n})", number["pounds"], receiver.whole)
        formula(row, FRACTION, f"=ROUND(L{n}-M{n},6)", number["fraction"], receiver.fraction)
        given(row, ORDER, order)
        formula(row, RANK, ranges.rank(n), None, receiver.rank)
        formula(row, LEFT, f"=K{n}-SUM({ranges.whole})", number["pounds"], block.left)
        formula(row, POUNDS, f"=M{n}+IF(P{n}<=Q{n},1,0)", number["pounds"], receiver.pounds)
        given(row, LEDGER, receiver.ledger_pounds, number["pounds"])
        formula(row, DIFFERENCE, f"=R{n}-S{n}", number["pounds"], receiver.pounds - receiver.ledger_pounds)


class _Ranges:
    """The ranges that the formulas of one block name, made once for all of its rows."""

    def __init__(self, plan: WorkingPlan, block: Block, line: WorkingLine, top: int, bottom: int) -> None:
        first, last = (FIRST_ROW + row for row in plan.rows_of[line.icb])
        end = FIRST_POPULATION + len(WEIGHTINGS) - 1
        here = PRACTICE_PLACE if block.level == "place" else PRACTICE_PCN
        self.of = f"Practices!{_column(here, first, last)}"
        self.registered = f"Practices!{_column(FIRST_POPULATION, first, last)}"
        self._all = f"Practices!${xl_col_to_name(FIRST_POPULATION)}${first + 1}:${xl_col_to_name(end)}${last + 1}"
        self._names = (
            f"Practices!${xl_col_to_name(FIRST_POPULATION)}${HEADING_ROW + 1}:${xl_col_to_name(end)}${HEADING_ROW + 1}"
        )
        self.by = f"=Inputs!{xl_rowcol_to_cell(FIRST_ROW + block.line, WEIGHTED_BY, True, True)}"
        self.amount = f"=Inputs!{xl_rowcol_to_cell(FIRST_ROW + block.line, AMOUNT, True, True)}"
        self.people = _column(PEOPLE, top, bottom)
        self.whole = _column(WHOLE, top, bottom)
        self._fraction = _column(FRACTION, top, bottom)
        self._order = _column(ORDER, top, bottom)

    def weighted(self, n: int) -> str:
        """The practices' column of the weighting that is chosen."""
        return f"INDEX({self._all},0,MATCH($C{n},{self._names},0))"

    def match(self, n: int, code: str) -> str:
        """The criterion of SUMIFS that finds a receiver's practices; a code with a wildcard in it is spelt out."""
        literal = criterion(code)
        if literal == f"={code}":
            return f'"="&$D{n}'
        return '"' + literal.replace('"', '""') + '"'

    def rank(self, n: int) -> str:
        """Largest fraction first, then the larger weight, then the smaller code."""
        larger = f"({self._fraction}>N{n})"
        tied = f"({self._fraction}=N{n})*(({self.people}>H{n})+({self.people}=H{n})*({self._order}<O{n}))"
        return f"=SUMPRODUCT({larger}+{tied})+1"


# --- what comes out -------------------------------------------------------------------------------


def _flows(book: Book, plan: WorkingPlan) -> None:
    note = "Places and PCNs are two ways to split the same money: never add them together."
    sheet = book.sheet("Flows", f"Flows, {plan.year}", note, FLOWS, (8, 44, 24, 40, 8, 26, 10, 20, 50))
    pounds = book.look("pounds")
    row = FIRST_ROW
    for level in plan.blocks:
        for block, top, _ in _placed(plan, level):
            line = plan.lines[block.line]
            for at, receiver in enumerate(block.receivers, start=top):
                stays = receiver.code == UNASSIGNED
                texts = (line.icb, line.icb_name, receiver.code, receiver.name, level, line.fund, str(plan.year))
                for column, value in enumerate(texts):
                    sheet.write_string(row, column, value)
                target = f"={SHEETS[level]}!{xl_rowcol_to_cell(at, POUNDS)}"
                sheet.write_formula(row, len(texts), target, pounds, receiver.pounds)
                standing = f"derived; in no {level}, so it stays with the ICB" if stays else "derived from the inputs"
                sheet.write_string(row, len(texts) + 1, standing)
                row += 1
    sheet.autofilter(HEADING_ROW, 0, row - 1, len(FLOWS) - 1)


def _change_log(book: Book) -> None:
    note = "One row for each cell that you change, so that the next reader can follow you."
    sheet = book.sheet("Change log", "Change log", note, LOG, (14, 24, 26, 24, 24, 80))
    look = book.look("text", "input")
    for row in range(FIRST_ROW, FIRST_ROW + _LOG_ROWS):
        for column in range(len(LOG)):
            sheet.write_blank(row, column, None, look)


def _checks(book: Book, sheet: Any, plan: WorkingPlan) -> None:
    rows = list(_checked(plan))
    for row, (what, target, cell, when, condition, holds) in enumerate(rows, start=FIRST_ROW):
        sheet.write_string(row, 0, what)
        book.links_to(sheet, row, 1, target, cell)
        sheet.write_string(row, 2, when)
        sheet.write_formula(row, 3, f'=IFERROR(IF({condition},"Yes","No"),"No")', None, "Yes" if holds else "No")
    last = FIRST_ROW + len(rows)
    sheet.write_string(last, 0, "Everything that must always hold", book.look("bold"))
    whole = f'=IF(COUNTIFS($C${FIRST_ROW + 1}:$C${last},"{ALWAYS}",$D${FIRST_ROW + 1}:$D${last},"No")=0,"Yes","No")'
    holds = all(holds for *_, when, _, holds in rows if when == ALWAYS)
    sheet.write_formula(last, 3, whole, book.look("bold"), "Yes" if holds else "No")
    book.yes_or_no(sheet, FIRST_ROW, last, 3)


def _checked(plan: WorkingPlan) -> Iterator[tuple[str, str, str, str, str, bool]]:
    """Each check: what, on which sheet and cell, when it must hold, its condition, and whether it holds now."""
    for row, line in enumerate(plan.lines, start=FIRST_ROW):
        cell = xl_rowcol_to_cell(row, AMOUNT)
        here = f"Inputs!{cell}"
        name = f"{line.icb}, {line.fund}"
        whole = f"AND(ISNUMBER({here}),{here}>=0,{here}=INT({here}))"
        yield f"{name}: the amount is whole pounds, not below zero", "Inputs", cell, ALWAYS, whole, True
    for level in plan.blocks:
        for block, top, bottom in _placed(plan, level):
            yield from _split_checks(plan, block, level, top, bottom)


def _split_checks(
    plan: WorkingPlan, block: Block, level: str, top: int, bottom: int
) -> Iterator[tuple[str, str, str, str, str, bool]]:
    line = plan.lines[block.line]
    sheet, name = SHEETS[level], f"{line.icb}, {line.fund}, {SHEETS[level]}"
    first, last = (FIRST_ROW + row for row in plan.rows_of[line.icb])

    def column(number: int) -> str:
        return f"{sheet}!{_column(number, top, bottom)}"

    counted = f"SUM({column(COUNT)})=ROWS(Practices!{_column(0, first, last)})"
    people = f"ABS(SUM({column(REGISTERED)})-SUM(Practices!{_column(FIRST_POPULATION, first, last)}))<0.000001"
    amount = f"Inputs!{xl_rowcol_to_cell(FIRST_ROW + block.line, AMOUNT)}"
    same = sum(receiver.pounds for receiver in block.receivers) == block.amount_pounds
    ledgers = all(receiver.pounds == receiver.ledger_pounds for receiver in block.receivers)
    yield f"{name}: every practice counts once", sheet, xl_rowcol_to_cell(top, COUNT), ALWAYS, counted, True
    yield f"{name}: the people are those of the ICB", sheet, xl_rowcol_to_cell(top, REGISTERED), ALWAYS, people, True
    yield (
        f"{name}: the pounds sum to the amount",
        sheet,
        xl_rowcol_to_cell(top, POUNDS),
        ALWAYS,
        f"SUM({column(POUNDS)})={amount}",
        same,
    )
    equal = f"SUMPRODUCT(ABS({column(DIFFERENCE)}))=0"
    yield f"{name}: the pounds are the ledger's", sheet, xl_rowcol_to_cell(top, DIFFERENCE), UNCHANGED, equal, ledgers


def title_of(plan: WorkingPlan) -> str:
    """What the workbook is called."""
    names: Mapping[str, str] = {line.icb: line.icb_name for line in plan.lines}
    several = len(names) > 2  # noqa: PLR2004 - two names still fit a title
    whose = f"{len(names)} integrated care boards" if several else " and ".join(names.values())
    to = " and ".join(SHEETS[level] for level in plan.blocks)
    return f"{whose}, {plan.year}: allocations by population, from practices to {to}"


def provenance(plan: WorkingPlan, at: Moment | None) -> Provenance:
    """What the workbook says of itself."""
    default_places = "place" in plan.blocks and plan.own_places is None
    tables = ["practices_2025_26"] + ["places_2025_26"] * default_places + ["pcns_2025_26"] * ("pcn" in plan.blocks)
    illustrative = [*of_books(at)]
    if default_places:
        illustrative.append(
            "The default places, one for each upper-tier local authority, are an assumption of this project."
        )
    if plan.own_places:
        illustrative.append(f"The places are those of the file {plan.own_places}.")
    if plan.too_close:
        illustrative.append(
            "Two fractions at the cut are closer than fifteen digits can tell, so a pound may fall to either of two "
            f"receivers: {'; '.join(plan.too_close)}."
        )
    unit = "Pounds (whole) and people; each column says which"
    # The amounts are the ledger's, which its head identifies; without one they are the published ones.
    tables += ["allocations_2025_26"] * (at is None)
    return Provenance(title_of(plan), WORKING, unit, at, tables, illustrative)
