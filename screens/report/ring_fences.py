"""Ring-fences in tables: every pot with its terms, what must be spent by when, and what is kept back."""

from collections.abc import Sequence

from ledger.money import spoken
from ledger.readings import GradeReading
from ledger.reports import pots as fencing
from ledger.reports.measures import Measure
from ledger.reports.pots import Fence, Kept
from ledger.reports.summary import percent
from screens.report.holdings import GRADES, measure_text
from screens.report.report import (
    Cell,
    Column,
    Row,
    Table,
    columns,
    composed,
    count,
    count_of,
    day,
    money,
    share,
    traced,
)

_NOT_KNOWN = "not known"


def _defined(column: Column, figure: str) -> Column:
    return column.defined(fencing.DEFINITIONS[figure])


def tied_sentence(name: str, fences: Sequence[Fence], tied: Measure) -> str:
    """How many pots are tied to a purpose, and how much of the money they hold: of ICBs and those below them, both.

    Args:
        name: whose they are.
        tied: the share that is ring-fenced, soft included, with its range.
    """
    own = [fence for fence in fences if fence.is_of_icbs]
    fenced, unknown = [fence for fence in own if fence.is_tied_at_icbs], _of_unknown_grade(own)
    more = f"; of {len(unknown):,} it is not known" if unknown else ""
    return (
        f"{name}: {len(fenced):,} of {count_of(len(own), 'pot', 'pots')} "
        f"{'is' if len(fenced) == 1 else 'are'} tied to a purpose, softly or firmly{more}. "
        f"{'It holds' if len(fenced) == 1 else 'They hold'} {measure_text(tied)} of the money whose grade is known "
        "(illustrative)."
    )


def _of_unknown_grade(fences: Sequence[Fence]) -> list[Fence]:
    """The pots of which it is not known how they are tied, or that have no terms on record."""
    return [fence for fence in fences if fence.grade is None]


def nothing_tied(name: str, fences: Sequence[Fence]) -> str:
    """The same where no pot is tied, or is known to be."""
    own = [fence for fence in fences if fence.is_of_icbs]
    if not own:
        return f"{name}: nothing is ring-fenced. They hold no pot here."
    unknown = _of_unknown_grade(own)
    if unknown:
        whole = count_of(len(own), "pot", "pots")
        return f"{name}: no pot is known to be tied to a purpose. Of {len(unknown):,} of {whole} it is not known."
    tied = "The one pot is not tied" if len(own) == 1 else f"None of {len(own):,} pots is tied"
    return f"{name}: nothing is ring-fenced. {tied} to a purpose."


def of_no_icb(fences: Sequence[Fence]) -> list[str]:
    """That pots of which neither an ICB nor anybody below one holds any are not listed, and how much is in them."""
    others = [fence for fence in fences if not fence.is_of_icbs]
    if not others:
        return []
    held = spoken(fencing.in_all(others))
    more = count_of(len(others), "pot", "pots")
    return [f"Not listed: {more} with {held}, which NHS England keeps or which goes past the ICBs; no ICB holds any."]


def tied_amount(fence: Fence) -> str:
    """What is held of a pot, and how it is tied."""
    return f"{spoken(fence.amount_pence)}, {GRADES.get(fence.grade or '', 'No terms on record').lower()}"


def pots(fences: Sequence[Fence], name: str, *, under: str | None = None, reading: GradeReading | None = None) -> Table:
    """Every pot with its terms; with a reading each amount leads to the balances that it is the sum of.

    Args:
        name: of the table.
        under: whose money it is, for the links of its figures.
        reading: how grades were read.
    """

    def held(fence: Fence) -> Cell:
        if reading is None:
            return fence.amount_pence
        return composed(fence.amount_pence, under=under, year=fence.year, reading=reading, pot=fence.code)

    heads = columns(
        "Pot", _defined(money("Held (£)"), "amount_pence"), _defined(share("Share"), "of_total"), "Ring-fence", "Route",
        "Lasting", day("Notice"), day("Spend by", missing="no deadline"),
        _defined(count("Returns a year", missing=_NOT_KNOWN), "returns_per_year"), "How sure",
    )  # fmt: skip
    rows = [
        (
            fence.name,
            held(fence),
            fence.of_total,
            GRADES.get(fence.grade or "", "No terms on record" if fence.quality is None else _NOT_KNOWN.capitalize()),
            fence.route,
            {True: "recurrent", False: "one-off", None: ""}[fence.recurrent],
            fence.notified_on,
            fence.spend_by,
            fence.returns_per_year,
            fence.quality,
        )
        for fence in fences
    ]
    return Table(name, heads, rows)


def deadlines(dated: Sequence[Fence]) -> Table:
    """What must be spent by when, and what that is a day.

    Args:
        dated: pots with a deadline.
    """
    heads = columns(
        "Pot", _defined(money("Not spent (£)"), "left_pence"), day("Spend by"),
        _defined(count("Days left"), "days_left"), _defined(money("A day from now (£)"), "rate_pence"),
        _defined(money("A day over its whole window (£)"), "whole_rate_pence"),
    )  # fmt: skip
    rows = [
        (
            fence.name,
            fence.left_pence,
            fence.spend_by,
            fence.days_left,
            "deadline has passed" if fence.has_passed else fence.rate_pence,
            fence.whole_rate_pence,
        )
        for fence in dated
    ]
    return Table("Deadlines and daily rates", heads, rows)


def kept(lines: Sequence[Kept], name: str, *, year: int | None, with_name: bool) -> Table:
    """What is kept back, line by line, and on what decision.

    Args:
        name: of the table.
        year: of the money, where its amounts lead to the entries behind them.
        with_name: whether each line says whose it is.
    """
    heads = columns(
        "Line", _defined(money("With agreement (£)"), "agreed_pence"),
        _defined(money("Without agreement (£)"), "not_agreed_pence"),
        _defined(money("Not a choice (£)"), "not_a_choice_pence"), "Decision on record",
        Column("", "Who agreed", missing="nobody"), day("Until", missing="no end is recorded"),
    )  # fmt: skip
    return Table(name, heads, [_kept_row(one, year, with_name=with_name) for one in lines])


def _kept_row(one: Kept, year: int | None, *, with_name: bool) -> Row:
    name = f"{one.name}: {one.fund_name}" if with_name else one.fund_name

    def cell(pence: int) -> Cell:
        leads = pence and year is not None
        return traced(pence, organisation=one.organisation, fund=one.fund, year=year) if leads else pence

    return (
        name,
        cell(one.agreed_pence),
        cell(one.not_agreed_pence),
        cell(one.not_a_choice_pence),
        one.decision or "none",
        one.partners,
        one.until,
    )


def uneven_sentence(gini: Measure, amounts: Sequence[int]) -> str:
    """How uneven pots are, in words.

    Args:
        gini: the measure of it.
        amounts: whole pence of each pot.
    """
    return (
        f"The further the line sags below the straight one, the more of the money is in few pots. Gini "
        f"{measure_text(gini)}: 0 is all equal, 1 is all in one. The half of the pots that are smallest hold "
        f"{percent(fencing.smaller_half(amounts))} of the money."
    )
