"""What is asked of a budget workbook, and what was understood of it: shown whether or not anything is posted."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from openpyxl.utils import get_column_letter

from allocations.files.budgets.headings import MONTHS
from allocations.files.budgets.mapping import BudgetMapping, Meaning, Settings
from allocations.files.budgets.sheet import BudgetLine, Reading, SetAside
from allocations.reading.amounts import UNIT_WORDS
from ledger.errors import Problem, Refused
from ledger.words import AVAILABLE, RETAINED
from ledger.years import FinancialYear


@dataclass(frozen=True, slots=True)
class Control:
    """What the payer holds of the funds that a budget is paid from.

    Attributes:
        held_pence: in the standing asked for, on the day.
        rest_pence: what the payer would still hold; below zero where the file hands out more than there is.
        by_fund: held and handed out, fund by fund.
    """

    held_pence: int
    rest_pence: int
    by_fund: dict[str, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asks for.

    Attributes:
        payer: the code of who hands the money out, as an ICB's; inferred from who receives where it is empty.
        fund: the fund that pays; rows that name no fund are on it.
        standing: which of the payer's money: ``available`` or ``retained``; inferred from what it holds where empty.
        unit: ``pence``, ``pounds``, ``thousands`` or ``millions``; found in the file otherwise.
        sheets: the names of the sheets to read; the one that looks like a budget otherwise.
        mapping: what the columns mean; worked out otherwise.
        settings: what the user said of dashes, rounding, duplicates, hidden rows and years.
        accept_successors: money for organisations that closed goes to those who took over, by population.
        leave_rest: what the file does not hand out stays with the payer.
        total_pence: what the file comes to, for a file that does not say so itself.
        save_mapping: where to write what the columns were taken to mean, whether or not anything is posted.
        day: when it counts; today where that lies in the year, its first day otherwise.
        inferred: from what the payer or the standing was inferred, in sentences; the entry records it.
        why: what whoever posts says of it; the entry records it after what the file brought.
    """

    payer: str
    year: FinancialYear
    fund: str | None = None
    standing: str = AVAILABLE
    unit: str | None = None
    sheets: tuple[str, ...] = ()
    mapping: BudgetMapping | None = None
    settings: Settings = field(default_factory=Settings)
    accept_successors: bool = False
    leave_rest: bool = False
    total_pence: int | None = None
    day: date | None = None
    actor: str = "command line"
    why: str = ""
    inferred: tuple[str, ...] = ()
    save_mapping: Path | None = None


@dataclass
class Understood:
    """What was made of a workbook, before anything is posted.

    Attributes:
        units: for each sheet, the unit and where it was said.
        asked: what the file calls its money that is no year's budget, which is told beside what its rows hold.
        lines: what would be posted, before closed organisations are followed and negatives netted.
        control: what the payer holds, and how that compares; none until it was asked of the books.
        moved_on: for each closed organisation, who its money goes to.
        differs: what the file says that somebody has said otherwise; the entry records it.
        standing_inferred: whether one standing alone has what is handed out, and nobody said which.
        per_head: pounds for each registered person of the receivers, where their population is known.
    """

    file: str
    sha256: str
    request: Request
    mapping: BudgetMapping | None = None
    units: dict[str, str] = field(default_factory=dict)
    readings: list[Reading] = field(default_factory=list)
    set_aside: list[SetAside] = field(default_factory=list)
    asked: list[Problem] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    lines: list[BudgetLine] = field(default_factory=list)
    control: Control | None = None
    moved_on: dict[str, tuple[str, ...]] = field(default_factory=dict)
    differs: list[str] = field(default_factory=list)
    per_head: Fraction | None = None
    standing_inferred: bool = False

    @property
    def read_pence(self) -> int:
        """What was read, in whole pence, as it would be posted."""
        return sum(line.amount_pence for line in self.lines)

    @property
    def file_pence(self) -> int | None:
        """The file's own total of what was read: its printed total less the rows that are left out; none if none."""
        totals = [
            None if each.file_pounds is None else each.file_pounds - each.left_out_pounds for each in self.readings
        ]
        if not totals or any(total is None for total in totals):
            return self.request.total_pence
        return int((sum((total for total in totals if total is not None), Decimal(0)) * 100).quantize(Decimal(1)))

    @property
    def rows_read(self) -> int:
        """How many rows brought amounts."""
        return sum(each.rows for each in self.readings)

    @property
    def understood_pence(self) -> int:
        """What the cells that count come to before any of them was rounded, to the nearest penny."""
        pounds = sum((each.read_pounds for each in self.readings), Decimal(0))
        return int((pounds * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))

    @property
    def ties(self) -> bool:
        """Whether what was understood is what would be posted, and the file's own total too, where it has one."""
        return self.understood_pence == self.read_pence and self.file_pence in (None, self.read_pence)

    @property
    def rounded(self) -> int:
        """How many amounts were rounded to the penny."""
        return sum(line.exact is not None for line in self.lines)

    @property
    def rounding_pounds(self) -> Decimal:
        """By how much rounding moved the total that would be posted; above zero where it grew."""
        return sum((Decimal(line.amount_pence) / 100 - line.exact for line in self.lines if line.exact), Decimal(0))

    @property
    def per_head_text(self) -> str | None:
        """Pounds for each registered person, to the penny; none where a population is not known."""
        if self.per_head is None:
            return None
        return f"{Decimal(self.per_head.numerator) / Decimal(self.per_head.denominator):,.2f}"


class BudgetRefused(Refused):
    """A budget that cannot be posted, with what was understood of it."""

    def __init__(self, problems: Sequence[Problem], understood: Understood) -> None:
        self.understood = understood
        super().__init__(problems)


def meanings(understood: Understood) -> list[dict[str, object]]:
    """How each column was read, for people: sheet, column, heading, meaning and what it is for."""
    rows: list[dict[str, object]] = []
    for part in understood.mapping.sheets if understood.mapping else ():
        for letter, column in part.columns.items():
            says = [column.organisation, column.fund, None if column.month is None else f"month {column.month}"]
            if column.recurrent is not None:
                says.append("recurrent" if column.recurrent else "non-recurrent")
            unit = column.unit or part.unit
            if column.meaning in (Meaning.AMOUNT, Meaning.TOTAL) and unit:
                says.append(UNIT_WORDS[unit])
            about = ", ".join(text for text in says if text)
            rows.append({"sheet": part.sheet, "column": letter, "heading": column.heading,
                         "meaning": column.meaning.value, "about": about})  # fmt: skip
    return rows


def in_one_sentence(understood: Understood) -> str:
    """What was understood, as ``£ thousand, 2025/26, months Apr to Mar, budget in column F, total in row 41``."""
    said = []
    for part in understood.mapping.sheets if understood.mapping else ():
        amounts = part.columns_of(Meaning.AMOUNT) or part.columns_of(Meaning.UNDECIDED)
        units = {column.unit or part.unit for column in amounts.values()}
        unit = next(iter(units)) if len(units) == 1 else None
        words = [UNIT_WORDS[unit] if unit else "units by column" if len(units) > 1 else "unit not said"]
        words.append(str(understood.request.year))
        months = [MONTHS[column.month - 1].capitalize() for column in amounts.values() if column.month]
        if months:
            words.append(f"months {months[0]} to {months[-1]}" if len(months) > 1 else f"month {months[0]}")
        letters = [get_column_letter(place + 1) for place in amounts]
        columns = (
            f"columns {letters[0]} to {letters[-1]}" if len(letters) > 1 else f"column {letters[0]}" if letters else ""
        )
        words.append(f"budget in {columns}" if columns else "no budget")
        parts = [get_column_letter(place + 1) for place in part.columns_of(Meaning.PART)]
        if parts:
            words.append(f"of which in column {' and '.join(parts)}")
        totals = next((each.file_total_cells for each in understood.readings if each.sheet == part.sheet), ())
        rows = sorted({int("".join(letter for letter in cell if letter.isdigit())) for cell in totals})
        words.append(f"total in row {' and '.join(map(str, rows))}" if rows else "no total of its own")
        said.append(", ".join(words))
    return "; ".join(said)


def summary(understood: Understood) -> list[dict[str, object]]:
    """What would be posted, by organisation, fund and whether it recurs, in whole pence."""
    sums: dict[tuple[str, str, bool], int] = defaultdict(int)
    for line in understood.lines:
        sums[line.organisation, line.fund, line.recurrent] += line.amount_pence
    return [
        {"organisation": organisation, "fund": fund, "recurrent": recurrent, "amount_pence": pence}
        for (organisation, fund, recurrent), pence in sorted(sums.items())
    ]


@dataclass(frozen=True, slots=True)
class BeforeAndAfter:
    """What one organisation has on one fund, of one standing, before a budget and after it."""

    organisation: str
    fund: str
    standing: str
    before_pence: int
    change_pence: int

    @property
    def after_pence(self) -> int:
        """What it then has."""
        return self.before_pence + self.change_pence


def changes(understood: Understood, held: Sequence[Mapping[str, Any]]) -> list[BeforeAndAfter]:
    """What a budget changes: who receives in the order of their codes, and then the payer, fund by fund.

    Args:
        held: the position of the budget's year, row by row.
    """
    paid: dict[tuple[str, str], int] = defaultdict(int)
    wholes: dict[str, int] = defaultdict(int)
    for line in understood.lines:
        paid[line.organisation, line.fund] += line.amount_pence
        wholes[line.fund] -= line.amount_pence
    payer, standing = understood.request.payer, understood.request.standing or AVAILABLE
    asked = [(code, fund, AVAILABLE, pence) for (code, fund), pence in sorted(paid.items())]
    asked += [(payer, fund, standing, pence) for fund, pence in sorted(wholes.items())]
    before: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in held:
        # What is retained, with or without an agreement, is one account.
        of = RETAINED if row["standing"].startswith(RETAINED) else row["standing"]
        before[row["organisation"], row["fund"], of] += row["amount_pence"]
    return [BeforeAndAfter(code, fund, of, before[code, fund, of], pence) for code, fund, of, pence in asked]
