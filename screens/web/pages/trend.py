"""How the money changed, over months and years and on both clocks: how much is tied, late, one-off and devolved."""

from collections.abc import Sequence

import streamlit as st

from ledger.reports import trend
from ledger.reports.chart_marks import Where, at_percent
from ledger.reports.trend import MONTHS, YEARS, Standing
from ledger.years import FinancialYear
from screens.report import tables
from screens.report.tables import Cell, Link, Money, Share, Table
from screens.web.charts.lines import lines
from screens.web.shell import address
from screens.web.shell.open_ledger import Books

_EVERYTHING = "Everything in the ledger, national money included"
_NOW, _THEN = "now", "then"
_OVER = {MONTHS: "The months of the year", YEARS: "All years in the ledger"}
_KNOWN = {_NOW: "As known now", _THEN: "As known at each point"}
# Four lines can be told apart; the table has all measures.
_DRAWN = ("ring_fenced_share_with_soft", "in_year_share", "non_recurrent_share", "devolved_share")


@st.fragment
def show(books: Books) -> None:
    """Render it: a line for each measure, drawn again by itself."""
    st.header("How it changes", anchor=False)
    names = books.icbs
    whose, over, known = st.columns([2, 1, 1])
    with whose:
        code = address.choose(
            "trend_of",
            "Whose money",
            [trend.WHOLE, *names],
            shown=lambda code: f"{names[code]} ({code})" if code else _EVERYTHING,
            unknown="which holds no money in this ledger",
        )
    with over:
        span = address.choose("over", "Over", list(_OVER), shown=lambda option: _OVER[option], horizontal=False)
    with known:
        clock = address.choose(
            "clock",
            "Known when",
            list(_KNOWN),
            shown=lambda option: _KNOWN[option],
            horizontal=False,
            help_text="As known now includes what was recorded later and dated back.",
        )
    as_then = clock == _THEN
    found = books.answer(
        "trend",
        lambda reader, at: trend.trend(
            reader,
            trend.year_ends(reader, at, as_then=as_then)
            if span == YEARS
            else trend.month_ends(reader, at, books.year, as_then=as_then),
            [code],
        )[code],
        code, span, as_then, books.year,
    )  # fmt: skip
    held = [standing for standing in found if standing.total_pence is not None]
    if not held:
        st.info(_nothing(as_then=as_then, year=books.year))
        return
    name = names[code] if code else _EVERYTHING
    lines(
        [_label(standing, span) for standing in found],
        {trend.MEASURES[measure]: [_where(standing, measure) for standing in found] for measure in _DRAWN},
        name="Trend",
        sentence=f"{name}: {_sentence(held)}",
        axis="Share of the money (%)",
        table=_table(found, code, as_then=as_then),
        key=f"trend-{code or 'all'}-{span}-{clock}",
        smaller=True,
    )


def _nothing(*, as_then: bool, year: int) -> str:
    if as_then:
        return (
            "Nothing of it was recorded in these books by any of these points: all was recorded later. Choose "
            f"'{_KNOWN[_NOW]}' to see what counted then, as it is known today."
        )
    return f"Nothing was held at any of these points: no money of {FinancialYear(year)} counts yet."


def _where(standing: Standing, measure: str) -> Where | None:
    value = standing.values[measure]
    return None if value is None else at_percent(value)


def _label(standing: Standing, span: str) -> str:
    point = standing.point
    return str(FinancialYear(point.year)) if span == YEARS else f"{point.as_at:%b %y}"


def _sentence(held: Sequence[Standing]) -> str:
    """What changed from the first point to the last, measure by measure."""
    first, last = held[0], held[-1]
    if len(held) == 1:
        told = [f"{trend.MEASURES[name].lower()} {tables.shown(Share(last.values[name]))}" for name in _DRAWN]
        return f"there is one point so far, {last.point.as_at:%-d %B %Y}: {', '.join(told)}."
    moved = [
        f"{trend.MEASURES[name].lower()} went from {tables.shown(Share(first.values[name]))} to "
        f"{tables.shown(Share(last.values[name]))}"
        for name in _DRAWN
        if any(standing.values[name] != first.values[name] for standing in held)
    ]
    between = f"between {first.point.as_at:%-d %B %Y} and {last.point.as_at:%-d %B %Y}"
    return f"{between}, {'; '.join(moved)}." if moved else f"{between}, none of these shares changed."


def _table(found: Sequence[Standing], code: str, *, as_then: bool) -> Table:
    """Every measure at every point; the total leads to the balances that it is the sum of, at that point."""

    def total(standing: Standing) -> Cell:
        point = standing.point
        asked = {"view": "made", "under": code or None, "year": point.year, "as_at": str(point.as_at)}
        known = {"known_at": str(point.known_at.date())} if as_then else {}
        return Link(Money(standing.total_pence), "audit", {**asked, **known})

    rows: list[tuple[Cell, ...]] = [
        (
            f"{standing.point.as_at:%-d %B %Y}",
            str(FinancialYear(standing.point.year)),
            total(standing) if standing.total_pence is not None else "nothing held",
            *(Share(standing.values[name], missing="not defined") for name in trend.MEASURES),
        )
        for standing in found
    ]
    return Table("The trend, point by point", ("At the end of", "Year", "Total (£)", *trend.MEASURES.values()), rows)
