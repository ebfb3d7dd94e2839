"""What is read of one sheet of a budget: its lines, what was set aside, its problems and its own total."""

from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from ledger.errors import Problem
from ledger.years import FinancialYear


class BudgetLine(NamedTuple):
    """One amount of a budget, as a cell holds it.

    Attributes:
        month: the calendar month, where the file divides the year.
        exact: the amount in pounds before rounding, where it was rounded to the penny.
    """

    organisation: str
    fund: str
    month: int | None
    recurrent: bool
    amount_pence: int
    sheet: str
    cell: str
    exact: Decimal | None = None


class SetAside(NamedTuple):
    """A row, cell or column that is not posted, and why."""

    place: str
    what: str
    why: str


@dataclass
class Reading:
    """What was read of one sheet.

    Attributes:
        rows: how many rows brought amounts.
        read_pounds: their sum, before any rounding.
        left_out_pounds: the sum of rows that count in the file's total and are not budgets.
        file_pounds: the file's own total; none where it has none.
        texts: how many amounts stood as text.
        remarks: what a reader should know: cells filled down, names read, years confirmed.
    """

    sheet: str
    lines: list[BudgetLine] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    rows: int = 0
    read_pounds: Decimal = Decimal(0)
    left_out_pounds: Decimal = Decimal(0)
    file_pounds: Decimal | None = None
    file_total_cells: tuple[str, ...] = ()
    texts: int = 0


@dataclass(frozen=True, slots=True)
class Asked:
    """What the user says of the budget.

    Attributes:
        fund: the fund that pays; rows that name no fund are on it, and others must be inside it.
        accept_successors: whether money for organisations that closed goes to those who took over.
    """

    year: FinancialYear
    fund: str | None = None
    accept_successors: bool = False
