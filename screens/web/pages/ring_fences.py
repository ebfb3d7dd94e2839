"""Ring-fences: every pot with its terms, how fragmented it is, what must be spent by when, and what is kept back."""

from collections.abc import Sequence

import pyarrow as pa
import streamlit as st

from ledger.readings import GradeReading
from ledger.reports import measures
from ledger.reports import pots as fencing
from ledger.reports.measures import ALL, EARMARKED, Measure
from ledger.reports.pots import Fence, Kept
from ledger.reports.summary import percent
from ledger.years import FinancialYear
from screens.report import holdings, marks
from screens.report.holdings import GRADES, measure_text
from screens.report.render import page as tables
from screens.report.report import Cell, Column, Row, Table, columns, composed, count, money, share, traced
from screens.report.report import day as day_column
from screens.web.charts.lines import lorenz
from screens.web.shell import address, frame
from screens.web.shell.open_ledger import Books
from screens.web.shell.readings import explain, metric

_SCOPES = {EARMARKED: "Earmarked money only", ALL: "All money"}
_THRESHOLDS = {25_000: "£25,000 (suits a PCN)", 100_000: "£100,000 (suits a place)", 500_000: "£500,000 (suits an ICB)",
               1_000_000: "£1 million", 5_000_000: "£5 million"}  # fmt: skip
_USUAL_POUNDS = 500_000
_FIRST = ("pots", "effective_number", "penny_packets", "penny_packet_share_of_value")
_MORE = ("gini", "effective_number_shannon", "median_pot", "mean_pot", "smallest_pot", "penny_packet_share_of_count",
         "returns_per_year", "returns_per_million", "spend_window")  # fmt: skip
_MOST_KEPT = 60
_NOT_KNOWN = "not known"
_KEPT = ("retained_with_agreement", "retained_without_agreement", "retained_not_a_choice")


def _defined(column: Column, figure: str) -> Column:
    return column.defined(fencing.DEFINITIONS[figure])


def page() -> None:
    """Render the page for the ICB named in the address, or for all."""
    books = frame.opened("Ring-fences")
    if books is None:
        return
    icb = frame.icb(books, with_all=True)
    held = books.held(icb)
    if not fencing.held_at_all(held):
        st.info("Nothing is held here in this year, so there is no pot to show.")
        frame.foot(books.at, frame.sources(books))
        return
    read = books.read(icb)
    found = books.answer(
        "fences", lambda reader, at: fencing.fences(reader, read, at.as_at), icb, books.year, books.reading
    )
    name = books.icbs[icb] if icb else frame.ENGLAND
    fenced = [fence for fence in found if fence.is_earmarked]
    if fenced:
        tied = next(
            one for one in _measures(books, held, ALL, _USUAL_POUNDS, icb) if one.name == "ring_fenced_share_with_soft"
        )
        st.write(
            f"**{name}: {len(fenced)} of {len(found)} pots are tied to a purpose, softly or firmly; they hold "
            f"{measure_text(tied)} of the money (illustrative).**"
        )
    else:
        st.success(f"Nothing is ring-fenced in {name}: none of its {len(found)} pots is tied to a purpose.")
    _pots(found, icb, books.reading)
    _deadlines(books, found)
    _pieces(books, held, icb)
    _retained(books, held, icb)
    explain(books.reading)
    frame.foot(books.at, frame.sources(books))


def _measures(books: Books, held: pa.Table, scope: str, pounds: int, icb: str | None) -> list[Measure]:
    return books.answer(
        "measures",
        lambda _, __: measures.measures_as_read(
            held, scope, penny_packet_pence=fencing.pence_of(pounds), reading=books.reading
        ),
        icb, books.year, scope, pounds, books.reading,
    )  # fmt: skip


@st.fragment
def _pots(fences: Sequence[Fence], icb: str | None, reading: GradeReading) -> None:
    st.header("Every pot and its terms", anchor=False)
    scope = address.choose("show", "Show", list(_SCOPES), shown=lambda scope: _SCOPES[scope], horizontal=True)
    listed = [fence for fence in fences if fence.is_earmarked or scope == ALL]
    if not listed:
        st.write("No pot here is tied to a purpose. Choose all money to see the others.")
        return
    heads = columns(
        "Pot", _defined(money("Held (£)"), "amount_pence"), _defined(share("Share"), "of_total"), "Ring-fence", "Route",
        "Lasting", day_column("Notice"), day_column("Spend by", missing="no deadline"),
        _defined(count("Returns a year", missing=_NOT_KNOWN), "returns_per_year"), "How sure",
    )  # fmt: skip
    rows = [
        (
            fence.name,
            composed(fence.amount_pence, under=icb, year=fence.year, reading=reading, pot=fence.code),
            fence.of_total,
            GRADES.get(fence.grade or "", "No terms on record"),
            fence.route,
            {True: "recurrent", False: "one-off", None: ""}[fence.recurrent],
            fence.notified_on,
            fence.spend_by,
            fence.returns_per_year,
            fence.quality,
        )
        for fence in listed
    ]
    st.write(
        f"Amounts are published. How each line is tied is read here {reading.title} (illustrative), and *how sure* "
        "says how sure its terms are. Returns are shown where they are known; unknown is not zero."
    )
    tables.show(Table(f"Pots: {_SCOPES[scope].lower()}", heads, rows), f"pots-{icb or 'all'}")
    frame.link("Lift, loosen or tighten a ring-fence", "record", {"kind": "terms"})


@st.fragment
def _deadlines(books: Books, fences: Sequence[Fence]) -> None:
    st.header("What must be spent by when", anchor=False)
    year = FinancialYear(books.year)
    day = address.pick_day(
        "on", "Counted from", fencing.usual_day(books.at.as_at, year), year.last_day, "Days are counted from this one."
    )
    dated = [fence for fence in fencing.on_day(fences, day) if fence.spend_by is not None and fence.is_earmarked]
    if not dated:
        st.write("No earmarked pot here has a deadline on record.")
        return
    passed = [fence for fence in dated if fence.has_passed]
    if passed:
        st.warning(f"{len(passed)} pots have passed their deadline with money that is not spent in these books.")
    else:
        first = min(dated, key=lambda fence: (fence.spend_by, fence.code))
        st.write(
            f"From {day:%-d %B %Y} on, {len(dated)} earmarked pots have a deadline; the first is {first.name}, by "
            f"{first.spend_by:%-d %B %Y}."
        )
    heads = columns(
        "Pot", _defined(money("Not spent (£)"), "left_pence"), day_column("Spend by"),
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
    st.write(
        "Derived: what is left, over the days that are left, both ends counted. The last column is the even rate from "
        "notice, or 1 April if that is later, to the deadline. Spending is what these books record as spent."
    )
    tables.show(Table("Deadlines and daily rates", heads, rows), f"deadlines-{year.start}")


@st.fragment
def _pieces(books: Books, held: pa.Table, icb: str | None) -> None:
    st.header("In how many pieces it comes", anchor=False)
    if icb is None:
        st.write(
            "Seen by the payer: all of it as one holder's money, in which a pot for every ICB is one pot. What each "
            "ICB, place, network or practice works with stands on the page of receivers."
        )
        frame.link("What receivers work with", "receivers", {})
    scope = address.choose("scope", "Count", list(_SCOPES), shown=lambda scope: _SCOPES[scope], horizontal=True)
    pounds = address.choose(
        "packet",
        "A penny packet is a pot below",
        list(_THRESHOLDS),
        shown=lambda pounds: _THRESHOLDS[pounds],
        usual=_USUAL_POUNDS,
    )
    found = {one.name: one for one in _measures(books, held, scope, pounds, icb)}
    if found["pots"].value in (None, 0):
        st.write("No pot is in this scope, so its pieces are not defined.")
        return
    for place, name in zip(st.columns(len(_FIRST)), _FIRST, strict=True):
        with place:
            metric(found[name])
    amounts = [pot.amount_pence for pot in measures.pots(fencing.in_scope(books.reading.read(held), scope))]
    more = holdings.measures_table([(scope, found[name]) for name in _MORE], "Measures of the pieces")
    lorenz(
        marks.lorenz(amounts),
        things="Pots",
        name="How uneven the pots are",
        sentence=f"The further the line sags below the straight one, the more of the money is in few pots. Gini "
        f"{measure_text(found['gini'])}: 0 is all equal, 1 is all in one. The half of the pots that are "
        f"smallest hold {percent(fencing.smaller_half(amounts))} of the money.",
        table=more.with_only("Measure", "Value", "What it is", "Mind"),
        key=f"lorenz-{scope}",
    )


def _retained(books: Books, held: pa.Table, icb: str | None) -> None:
    st.header("What is kept back", anchor=False)
    year = FinancialYear(books.year)
    found = books.answer("kept", lambda reader, at: fencing.kept(reader, at, held, year.last_day), icb, books.year)
    if not found:
        st.write("Nothing is kept back here: all of it is available or passed on.")
        return
    values = {one.name: one for one in _measures(books, held, ALL, _USUAL_POUNDS, icb)}
    for place, name in zip(st.columns(len(_KEPT)), _KEPT, strict=True):
        with place:
            metric(values[name], illustrative=True)
    listed = found[:_MOST_KEPT]
    rows = [_kept_row(one, books.year, with_name=icb is None) for one in listed]
    heads = columns("Line", _defined(money("With agreement (£)"), "agreed_pence"),
                    _defined(money("Without agreement (£)"), "not_agreed_pence"),
                    _defined(money("Not a choice (£)"), "not_a_choice_pence"), "Decision on record",
                    Column("", "Who agreed", missing="nobody"),
                    day_column("Until", missing="no end is recorded"))  # fmt: skip
    more = "" if len(listed) == len(found) else f", the {len(listed)} largest of {len(found)}"
    st.write("What the books show as retained, and on what agreement. What ICBs keep in these books is illustrative.")
    with st.expander(f"Lines that are kept back{more}", expanded=icb is not None):
        tables.show(Table(f"Kept back{more}", heads, rows), f"kept-{icb or 'all'}")
    frame.link("Record an agreement to keep money", "record", {"kind": "agree"})


def _kept_row(one: Kept, year: int, *, with_name: bool) -> Row:
    name = f"{one.name}: {one.fund_name}" if with_name else one.fund_name

    def cell(pence: int) -> Cell:
        return traced(pence, organisation=one.organisation, fund=one.fund, year=year) if pence else pence

    return (
        name,
        cell(one.agreed_pence),
        cell(one.not_agreed_pence),
        cell(one.not_a_choice_pence),
        one.decision or "none",
        one.partners,
        one.until,
    )
