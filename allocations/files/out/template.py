"""A budget template: yellow cells to fill in, lists to choose from, and checks that lead to what is missing.

The sheet Budget is a plain long table with a total under it, as an import of budgets reads it without being told
anything. It has no formula in the columns that are read; those stand beside it and on the sheet Checks.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from xlsxwriter.utility import xl_rowcol_to_cell

from allocations.figures import tables
from allocations.files.out.provenance import TEMPLATE, Provenance, behind_books, of_books
from allocations.files.out.sheets import FIRST_ROW, Book, refuse_other_suffix
from allocations.shares.split import FIGURES_YEAR
from ledger.errors import refuse
from ledger.inputs import Input
from ledger.reports import register
from ledger.reports.below import members
from ledger.reports.position import SOURCE, Moment, position
from ledger.store.base import Reader
from ledger.structure import suggestion
from ledger.years import FinancialYear

_RECEIVERS = ("place", "pcn")


@dataclass(frozen=True, slots=True)
class TemplateReceiver:
    """Somebody who can be given money."""

    code: str
    name: str
    tier: str


@dataclass(frozen=True, slots=True)
class TemplateFund:
    """A fund of which the ICB has money.

    Attributes:
        recurrent: whether its money recurs; none where that is not known.
        held_pence: what the ICB has of it.
    """

    fund: str
    name: str
    recurrent: bool | None
    held_pence: int

    @property
    def held_pounds(self) -> Decimal:
        """The same in pounds."""
        return Decimal(self.held_pence).scaleb(-2)


@dataclass(frozen=True, slots=True)
class TemplatePlan:
    """Everything that a template shows. ``origin`` says where the control totals come from."""

    icb: str
    icb_name: str
    year: FinancialYear
    receivers: tuple[TemplateReceiver, ...]
    lines: tuple[TemplateFund, ...]
    origin: str

    @property
    def places(self) -> list[TemplateReceiver]:
        """Those who get a row for each line; networks are in the list to choose from."""
        places = [receiver for receiver in self.receivers if receiver.tier == "place"]
        return places or list(self.receivers)


def from_figures(icb: str, year: FinancialYear) -> TemplatePlan:
    """From the shipped figures, without a ledger.

    Raises:
        Refused: the ICB or the year is not in them.
    """
    allocated = [row for row in tables.table("allocations_2025_26").to_pylist() if row["holder"] == icb]
    if year != FIGURES_YEAR or not allocated:
        found = f"the shipped figures have no lines of '{icb}' for {year}."
        remedy = f"Use an ICB's code as QWO and {FIGURES_YEAR}, or name a ledger that knows it {Input.LEDGER.given}."
        refuse(Input.ICB, found, "Its lines and places are not known.", remedy)
    name = {row["code"]: row["name"] for row in tables.table("organisations").to_pylist()}[icb]
    places = [row for row in tables.table("places_2025_26").to_pylist() if row["icb"] == icb]
    own = {row["pcn"] for row in tables.table("pcn_parts_2025_26").to_pylist() if row["icb"] == icb}
    networks = [row for row in tables.table("pcns_2025_26").to_pylist() if row["pcn"] in own]
    receivers = [TemplateReceiver(row["place"], row["name"], "place") for row in places]
    receivers += [TemplateReceiver(row["pcn"], row["name"], "pcn") for row in networks]
    funds = {row["code"]: row for row in tables.table("funds").to_pylist()}
    depths = {row["code"]: row["depth"] for row in tables.table("tiers").to_pylist()}
    recurs = _recurrence()
    held: dict[str, int] = defaultdict(int)
    for row in allocated:
        held[row["fund"]] += row["amount_pence"]
    lines = [
        TemplateFund(fund, funds[fund]["name"], recurs.get(fund), pence)
        for fund, pence in held.items()
        if pence > 0 and depths[funds[fund]["lowest_tier"]] > 0
    ]
    return TemplatePlan(icb, name, year, tuple(receivers), tuple(lines), f"published allocations {year}")


def _recurrence() -> dict[str, bool]:
    """Whether a fund's money recurs: by its own terms or by those of the fund around it."""
    own = {row["fund"]: row["recurrent"] for row in tables.table("terms").to_pylist()}
    found: dict[str, bool] = {}
    for row in tables.table("funds").to_pylist():
        said = own.get(row["code"], found.get(row["parent"]))
        if said is not None:
            found[row["code"]] = said
    return found


def from_books(reader: Reader, at: Moment, icb: str, year: FinancialYear) -> TemplatePlan:
    """From a ledger: what the ICB itself has available or retained, and who is below it.

    Raises:
        Refused: the ledger does not know the ICB, or it holds nothing in that year that could go further down.
    """
    organisations = register.organisations(reader)
    if icb not in organisations or organisations[icb]["tier"] != "icb":
        remedy = suggestion(reader, icb, "organisation")
        refuse(Input.ICB, f"there is no ICB '{icb}'.", "Its lines and places are not known.", remedy)
    rows = position(reader, at, organisation=icb, year=year.start).to_pylist()
    sums: dict[str, int] = defaultdict(int)
    facts = {}
    for row in rows:
        if row["organisation"] == icb and row["standing"] not in (SOURCE, "spent") and row["lowest_depth"] > 0:
            sums[row["fund"]] += row["amount_pence"]
            facts[row["fund"]] = row
    lines = [
        TemplateFund(fund, facts[fund]["fund_name"], facts[fund]["recurrent"], sums[fund]) for fund in sorted(sums)
    ]
    below = members(reader, icb, min(at.as_at, year.last_day), at.known)
    receivers = [
        TemplateReceiver(code, row["name"], row["tier"])
        for code, row in organisations.items()
        if code in below and row["tier"] in _RECEIVERS
    ]
    receivers.sort(key=lambda receiver: (receiver.name, receiver.code))
    receivers.sort(key=lambda receiver: receiver.tier, reverse=True)
    if not lines or not receivers:
        found = f"it holds no money of {year} that could go further down, or nobody is below it."
        refuse(f"{icb}", found, "There is nothing to budget.", "Choose another year or ICB.")
    origin = f"what the ledger says that the ICB has available or retained, as at {at.as_at}"
    return TemplatePlan(icb, organisations[icb]["name"], year, tuple(receivers), tuple(lines), origin)


BUDGET = ("Organisation code", "Organisation name", "Fund", "Year", "Recurrent", "Amount (£)")
CODE, NAME, FUND, YEAR, RECURRENT, AMOUNT = range(len(BUDGET))
# Two sheets of lists, each with nothing beside it, so that neither is taken for a budget.
ORGANISATIONS, LINES = ("Code", "Name", "Tier"), ("Code of the line", "Name of the line")
# No heading here may look like one of a budget's amounts: the import reads the sheet Budget alone.
CHECKS = ("Check", "Where", "Holds", "Found", "At most")
FREE_ROWS = 100
LARGEST_POUNDS = 10**11
_WORDS = (
    "1. On the sheet Budget, type an amount in pounds beside each place and line that gets money; leave the rest.",
    "2. Use the empty rows at the end for anything else: choose organisation, fund and recurrent from the lists.",
    "3. On the sheet Checks every line must say Yes; a link leads to the first cell that is missing.",
    "4. Save the file in Excel and import it into the ledger, as a budget.",
)


def provenance(plan: TemplatePlan, reader: Reader | None = None, at: Moment | None = None) -> Provenance:
    """What the template says of itself; with a ledger, what stands behind that."""
    title = f"Budget of {plan.icb_name} for {plan.year}: what goes to places and networks"
    unit = "Pounds, not thousands; pence where there are any"
    if reader is not None and at is not None:
        tables, rests_on = behind_books(reader, at)
        return Provenance(title, TEMPLATE, unit, at, tables, of_books(at), rests_on)
    tables = ("allocations_2025_26", "places_2025_26", "pcns_2025_26", "funds", "terms")
    illustrative = ["The default places, one for each upper-tier local authority, are an assumption."]
    return Provenance(title, TEMPLATE, unit, None, tables, illustrative)


def write_template(plan: TemplatePlan, source: Provenance, path: Path) -> None:
    """Write the template.

    Raises:
        Refused: the file cannot be written, or its name promises another format.
    """
    refuse_other_suffix(path, ".xlsx")
    book = Book(path, source.title)
    sheets = [
        ("Budget", "The table to fill in: yellow cells are inputs"),
        ("Checks", "Whether anything is missing, and what the ICB has of each line"),
        ("Organisations", "Places and networks to choose from"),
        ("Lines", "Lines of money to choose from"),
        ("Sources", "Which figures the lists and control totals rest on"),
    ]
    book.notice(source, sheets, _WORDS)
    last = _budget(book, plan)
    _checks(book, plan, last)
    _lists(book, plan)
    book.sources(source)
    book.close()


def _budget(book: Book, plan: TemplatePlan) -> int:
    """Write the table; answer the row after its last."""
    note = f"{plan.icb_name} ({plan.icb}), {plan.year}. Amounts in pounds (£), not thousands. Yellow cells are inputs."
    sheet = book.sheet("Budget", "Budget", note, BUDGET, (24, 44, 34, 10, 12, 22))
    text, money = book.look("text", "input"), book.look("pence", "input")
    row = FIRST_ROW
    for receiver in plan.places:
        for line in plan.lines:
            for column, value in ((CODE, receiver.code), (NAME, receiver.name), (FUND, line.fund)):
                sheet.write_string(row, column, value, text)
            sheet.write_string(row, YEAR, str(plan.year), text)
            recurrent = {True: "yes", False: "no", None: ""}[line.recurrent]
            sheet.write_string(row, RECURRENT, recurrent, text)
            sheet.write_blank(row, AMOUNT, None, money)
            row += 1
    for free in range(row, row + FREE_ROWS):
        for column in (CODE, NAME, FUND, YEAR, RECURRENT, AMOUNT):
            sheet.write_blank(free, column, None, money if column == AMOUNT else text)
    last = row + FREE_ROWS - 1
    _mark_missing(book, sheet, last)
    total = last + 1
    sheet.write_string(total, CODE, "Total", book.look("bold"))
    sheet.write_formula(total, AMOUNT, f"=SUM(F{FIRST_ROW + 1}:F{last + 1})", book.look("pence", "bold"), 0)
    _validate(sheet, plan, last)
    return total


def _mark_missing(book: Book, sheet: Any, last: int) -> None:
    """What a row with an amount lacks turns red; the sheet Checks says it in words."""
    for column in (CODE, FUND, YEAR, RECURRENT):
        letter, n = "ABCDE"[column], FIRST_ROW + 1
        missing = {"type": "formula", "criteria": f'=AND(${letter}{n}="",$F{n}<>"")', "format": book.look("no")}
        sheet.conditional_format(FIRST_ROW, column, last, column, missing)


def _validate(sheet: Any, plan: TemplatePlan, last: int) -> None:
    receivers, lines = len(plan.receivers), len(plan.lines)
    choices = {
        CODE: (f"=Organisations!$A${FIRST_ROW + 1}:$A${FIRST_ROW + receivers}", "Choose a code from the list."),
        NAME: (
            f"=Organisations!$B${FIRST_ROW + 1}:$B${FIRST_ROW + receivers}",
            "Choose a name from the list, or leave it empty.",
        ),
        FUND: (f"=Lines!$A${FIRST_ROW + 1}:$A${FIRST_ROW + lines}", "Choose a line of money from the list."),
        YEAR: ([str(plan.year)], f"This template is for {plan.year}."),
        RECURRENT: (["yes", "no"], "yes: the money recurs; no: it is for this year only."),
    }
    for column, (source, message) in choices.items():
        chosen = {"validate": "list", "source": source, "error_title": BUDGET[column], "error_message": message}
        sheet.data_validation(FIRST_ROW, column, last, column, chosen)
    sheet.data_validation(
        FIRST_ROW, AMOUNT, last, AMOUNT,
        {"validate": "decimal", "criteria": "between", "minimum": 0, "maximum": LARGEST_POUNDS,
         "error_title": "Amount (£)", "error_message": "An amount in pounds, not below zero; not thousands."},
    )  # fmt: skip


def _checks(book: Book, plan: TemplatePlan, total: int) -> None:
    note = f"Columns D and E in pounds. What the ICB has: {plan.origin}."
    sheet = book.sheet("Checks", "Checks", note, CHECKS, (78, 20, 10, 24, 24))
    ranges = {column: f"Budget!${letter}${FIRST_ROW + 1}:${letter}${total}" for column, letter in enumerate("ABCDEF")}
    pence, link = book.look("pence"), book.look("link")
    row = FIRST_ROW
    for what, wrong, letter in _questions(plan, ranges):
        n = row + 1
        sheet.write_string(row, 0, what)
        # The first row of the table for which the answer is not zero.
        cell = f'"{letter}"&SUMPRODUCT(MIN((({wrong})=0)*1048576+ROW({ranges[CODE]})))'
        sheet.write_formula(row, 1, f'=IF(C{n}="Yes","",HYPERLINK("#Budget!"&{cell},"Budget!"&{cell}))', link, "")
        sheet.write_formula(row, 2, f'=IFERROR(IF(SUMPRODUCT({wrong})=0,"Yes","No"),"No")', None, "Yes")
        row += 1
    sheet.write_string(row, 0, "Something is filled in")
    book.links_to(sheet, row, 1, "Budget", xl_rowcol_to_cell(FIRST_ROW, AMOUNT))
    sheet.write_formula(row, 2, f'=IF(COUNT({ranges[AMOUNT]})>0,"Yes","No")', None, "No")
    row += 1
    first_line = row
    for at, line in enumerate(plan.lines, start=FIRST_ROW):
        sheet.write_string(row, 0, f"{line.fund}: no more is handed out than the ICB has")
        book.links_to(sheet, row, 1, "Lines", xl_rowcol_to_cell(at, 0))
        n = row + 1
        sheet.write_formula(row, 2, f'=IF(D{n}<=E{n},"Yes","No")', None, "Yes")
        sheet.write_formula(row, 3, f"=SUMIFS({ranges[AMOUNT]},{ranges[FUND]},Lines!$A${at + 1})", pence, 0)
        sheet.write_number(row, 4, line.held_pounds, pence)
        row += 1
    sheet.write_string(row, 0, "All lines together: the control total")
    book.links_to(sheet, row, 1, "Budget", xl_rowcol_to_cell(total, AMOUNT))
    n = row + 1
    both = f"AND(D{n}<=E{n},ABS(D{n}-SUM(D{first_line + 1}:D{row}))<0.005)"
    sheet.write_formula(row, 2, f'=IF({both},"Yes","No")', None, "Yes")
    sheet.write_formula(row, 3, f"=Budget!{xl_rowcol_to_cell(total, AMOUNT)}", pence, 0)
    held = sum((line.held_pounds for line in plan.lines), Decimal(0))
    sheet.write_formula(row, 4, f"=SUM(E{first_line + 1}:E{row})", pence, held)
    row += 1
    sheet.write_string(row, 0, "The template is complete", book.look("bold"))
    complete = f'=IF(COUNTIF(C{FIRST_ROW + 1}:C{row},"No")=0,"Yes","No")'
    sheet.write_formula(row, 2, complete, book.look("bold"), "No")
    book.yes_or_no(sheet, FIRST_ROW, row, 2)


def _questions(plan: TemplatePlan, ranges: dict[int, str]) -> Iterator[tuple[str, str, str]]:
    """What must hold of the rows: in words, as an array that is not zero where it fails, and the column to look at."""
    code, fund, year, recurs, amount = (ranges[column] for column in (CODE, FUND, YEAR, RECURRENT, AMOUNT))
    codes = f"Organisations!$A${FIRST_ROW + 1}:$A${FIRST_ROW + len(plan.receivers)}"
    funds = f"Lines!$A${FIRST_ROW + 1}:$A${FIRST_ROW + len(plan.lines)}"
    # An empty cell is found by "=", and by no value: whether a line recurs may be not known.
    same = f'COUNTIFS({code},{code},{fund},{fund},{recurs},"="&{recurs},{amount},"<>")'
    yield (
        "Every row with an amount is complete",
        f'({amount}<>"")*(({code}="")+({fund}="")+({year}=""))',
        "A",
    )
    yield "Every amount is a number", f'({amount}<>"")*(1-ISNUMBER({amount}))', "F"
    yield "No amount is below zero", f"ISNUMBER({amount})*({amount}<0)", "F"
    yield "Every code is in the list", f'({amount}<>"")*({code}<>"")*(COUNTIF({codes},{code})=0)', "A"
    yield "Every fund is in the list", f'({amount}<>"")*({fund}<>"")*(COUNTIF({funds},{fund})=0)', "C"
    yield "Nobody stands twice for the same money", f'({amount}<>"")*({same}>1)', "F"


def _lists(book: Book, plan: TemplatePlan) -> None:
    note = "What the lists on the sheet Budget offer."
    sheet = book.sheet("Organisations", "Organisations", note, ORGANISATIONS, (24, 44, 12))
    for row, receiver in enumerate(plan.receivers, start=FIRST_ROW):
        for column, value in enumerate((receiver.code, receiver.name, receiver.tier)):
            sheet.write_string(row, column, value)
    sheet = book.sheet("Lines", "Lines of money", note, LINES, (34, 60))
    for row, line in enumerate(plan.lines, start=FIRST_ROW):
        sheet.write_string(row, 0, line.fund)
        sheet.write_string(row, 1, line.name)
