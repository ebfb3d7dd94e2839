"""One ICB on one page to print: how tied its money is beside others, which lines tie it, and since when."""

from collections.abc import Sequence
from dataclasses import replace
from html import escape

from allocations.shares import national
from allocations.shares.national import IcbStanding
from allocations.shares.why_tied import TiedLine
from ledger.money import spoken
from ledger.reports.position import Moment
from ledger.reports.trend import TrendPoint
from ledger.years import FinancialYear
from screens.report import national as reporting
from screens.report import over_time
from screens.report.files import board_pack
from screens.report.render import page as rendered
from screens.report.report import Table, about, money, share, text

MEASURE = "ring_fenced_share_with_soft"
_ON_THE_PAGE = 5
_FREE = "untied_devolved_share"


def most_tied(rows: Sequence[IcbStanding]) -> str:
    """The code of the ICB of whose money most is ring-fenced, soft included; empty where it is known of none."""
    order = national.ranked(rows, MEASURE)
    return order[0][0].code if order else ""


def why(lines: Sequence[TiedLine], name: str, *, is_printed: bool = False) -> Table:
    """Which lines tie an ICB, what ties it more than all ICBs together first.

    Args:
        is_printed: for the page to print: the first lines alone, in £ million.
    """
    amount = "Amount (£ million)" if is_printed else "Amount (£)"
    heads = [
        text("Line", "line"), text("Ring-fence", "grade"),
        money(amount, "amount_pence").defined("What of the line is ring-fenced, soft included, here and below."),
        share("Of its money", "own").defined("That amount, over the ICB's money whose grade is known."),
        share("Of all ICBs' money", "everybody").defined("The same for all ICBs together."),
        text("Ring-fenced since", "since", missing="not on record"),
    ]  # fmt: skip
    rows = [
        (line.name, line.grade, line.amount_pence, line.own, line.everybody,
         None if line.since is None else str(FinancialYear(line.since)))
        for line in lines
    ]  # fmt: skip
    return Table(f"What ties {name}", heads, rows[: _ON_THE_PAGE if is_printed else None])


def why_sentence(lines: Sequence[TiedLine], name: str, first_year: int) -> str:
    """Which line ties an ICB most beside all ICBs together, and how far back the books know of ring-fences."""
    if not lines:
        return f"Nothing that {name} and those below it hold is ring-fenced."
    line = lines[0]
    own, everybody = (reporting.in_percent(part, MEASURE) for part in (line.own, line.everybody))
    return (
        f"What ties {name} most beside others is {line.name}: {spoken(line.amount_pence)}, {own} of its money and "
        f"{everybody} of all ICBs' money. The first year in these books is {FinancialYear(first_year)}: what was "
        "ring-fenced before it is not known here."
    )


def page(
    rows: Sequence[IcbStanding], code: str, together: IcbStanding | None, lines: Sequence[TiedLine],
    trend: Sequence[TrendPoint], at: Moment, *, first_year: int, year: int,
) -> str:  # fmt: skip
    """The briefing of one ICB, as a page of A4.

    Args:
        rows: all ICBs.
        lines: from ``why_tied``.
        trend: of the ICB, at the end of each month of the year.
    """
    (one,) = [row for row in rows if row.code == code]
    order = national.ranked(rows, MEASURE)
    title = f"{one.name}: how tied is it?"
    held = over_time.held(trend)
    told = [(national.TITLES[name], reporting.share_text(one, name)) for name in (MEASURE, _FREE)]
    if together is not None:
        told.append(("All ICBs together", reporting.share_text(together, MEASURE)))
    cards = [(value.partition(" ")[0], f"{name} {value.partition(' ')[2]}".strip()) for name, value in told]
    parts = [
        f"<h1>{escape(title)}</h1>",
        _words(f"{FinancialYear(year)}. {reporting.ranked_sentence(order, MEASURE, marked=code)}"),
        "<div class=figures>"
        + "".join(f"<div><strong>{escape(value)}</strong><span>{escape(name)}</span></div>" for value, name in cards)
        + "</div>",
        "<h2>Why</h2>",
        _words(why_sentence(lines, one.name, first_year)),
        rendered.as_html(why(lines, one.name, is_printed=True)),
        "<h2>Since when</h2>",
        _words(f"{one.name}: {over_time.sentence(held)}") if held else "",
        rendered.as_html(_beside(rows, code)),
        _words(" ".join(about(at))),
    ]
    return board_pack.printed(title, ["<div class=front>", *parts, "</div>"])


def _beside(rows: Sequence[IcbStanding], code: str) -> Table:
    """One ICB beside others, without the measures that tell nobody apart, nor a fold that paper cannot open."""
    table = reporting.beside(rows, code)
    told = [line.rank is not None and line.equal < line.of - 1 for line in national.beside(rows, code)]
    apart = [row for row, is_told in zip(table.rows, told, strict=True) if is_told]
    return replace(table, columns=[column.defined("") for column in table.columns], rows=apart)


def _words(sentence: str) -> str:
    return f"<p>{escape(sentence)}</p>"
