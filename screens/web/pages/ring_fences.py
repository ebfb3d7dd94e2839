"""Ring-fences: every pot with its terms, how fragmented it is, what must be spent by when, and what is kept back."""

from collections.abc import Sequence

import pyarrow as pa
import streamlit as st

from ledger.readings import GradeReading
from ledger.reports import measures
from ledger.reports import pots as fencing
from ledger.reports.measures import ALL, EARMARKED, PAYERS_VIEW, Measure
from ledger.reports.pots import Fence
from ledger.years import FinancialYear
from screens.asked import answers
from screens.report import holdings, marks
from screens.report import ring_fences as reporting
from screens.report.marks import at_millions
from screens.report.pots import no_amount
from screens.report.render import page as tables
from screens.report.report import count_of
from screens.web.charts.bars import Bar, ranked
from screens.web.charts.lines import lorenz
from screens.web.shell import address, frame, parts
from screens.web.shell.open_ledger import Books
from screens.web.shell.readings import explain, metric

_SCOPES = {EARMARKED: "Earmarked money only", ALL: "All money"}
_THRESHOLDS = {25_000: "£25,000 (suits a PCN)", 100_000: "£100,000 (suits a place)", 500_000: "£500,000 (suits an ICB)",
               1_000_000: "£1 million", 5_000_000: "£5 million"}  # fmt: skip
_USUAL_POUNDS = 500_000
_PARTS = {
    "pots": "Every pot and its terms", "deadlines": "What must be spent by when",
    "pieces": "In how many pieces it comes", "kept": "What is kept back",
}  # fmt: skip
# What an address asks for that is a choice of one part alone.
_CHOICES = {"pots": ("show",), "deadlines": ("on",), "pieces": ("scope", "packet")}
# How free the money is, and how much of it is not.
_HEADLINES = ("untied_devolved_share", "ring_fenced_share_with_soft", "ring_fenced_share")
_FIRST = ("pots", "effective_number", "penny_packets", "penny_packet_share_of_value")
_MORE = ("gini", "effective_number_shannon", "median_pot", "mean_pot", "smallest_pot", "penny_packet_share_of_count",
         "returns_per_year", "returns_per_million", "spend_window")  # fmt: skip
_MOST_KEPT = 60
_KEPT = ("retained_with_agreement", "retained_without_agreement", "retained_not_a_choice")


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
    found = books.ask(answers.fences, icb, books.year, books.at.as_at, books.reading, held=held)
    name = books.icbs[icb] if icb else frame.ENGLAND
    if any(fence.is_tied_at_icbs for fence in found):
        values = {one.name: one for one in _measures(books, held, ALL, _USUAL_POUNDS, icb)}
        st.write(f"**{reporting.tied_sentence(name, found, values['ring_fenced_share_with_soft'])}**")
        for place, measure in zip(st.columns(len(_HEADLINES)), _HEADLINES, strict=True):
            with place:
                metric(values[measure], illustrative=True)
    else:
        st.success(reporting.nothing_tied(name, found))
    seen = parts.choose(_PARTS, "What to see", choices=_CHOICES)
    if "pots" in seen:
        _pots(found, icb, books.reading)
        nowhere = books.ask(answers.pots_without_amount, books.year)
        for said in no_amount(nowhere, FinancialYear(books.year)):
            st.write(said)
    if "deadlines" in seen:
        _deadlines(books, found)
    if "pieces" in seen:
        _pieces(books, held, icb)
    if "kept" in seen:
        _retained(books, held, icb)
    explain(books.reading)
    frame.foot(books.at, frame.sources(books))


def _measures(books: Books, held: pa.Table, scope: str, pounds: int, icb: str | None) -> list[Measure]:
    return books.ask(answers.measures, icb, books.year, scope, fencing.pence_of(pounds), books.reading, held=held)


@st.fragment
def _pots(fences: Sequence[Fence], icb: str | None, reading: GradeReading) -> None:
    st.header(_PARTS["pots"], anchor=False)
    scope = address.choose("show", "Show", list(_SCOPES), shown=lambda scope: _SCOPES[scope], horizontal=True)
    shown = [fence for fence in fences if fence.is_earmarked or scope == ALL]
    for said in reporting.of_no_icb(shown):
        st.write(said)
    listed = [fence for fence in shown if fence.is_of_icbs]
    if not listed:
        st.write("No pot here is tied to a purpose. Choose all money to see the others.")
        return
    ranked(
        [Bar(fence.name, at_millions(fence.amount_pence), reporting.tied_amount(fence)) for fence in listed],
        name="Pots by size",
        sentence=f"Each bar is a pot, with its amount and how it is tied. Amounts are published. How each line is "
        f"tied is read here {reading.title} (illustrative), and *how sure* in the table says how sure its terms are. "
        "Returns are shown where they are known; unknown is not zero.",
        axis="£ million",
        table=reporting.pots(listed, f"Pots: {_SCOPES[scope].lower()}", under=icb, reading=reading),
        key=f"pots-{icb or 'all'}",
        smaller=True,
        with_words=True,
    )
    frame.link("Lift, loosen or tighten a ring-fence", "record", {"kind": "terms"})


@st.fragment
def _deadlines(books: Books, fences: Sequence[Fence]) -> None:
    st.header(_PARTS["deadlines"], anchor=False)
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
        which = count_of(len(passed), "pot has passed its deadline", "pots have passed their deadline")
        st.warning(f"{which} with money that is not spent in these books.")
    else:
        first = min(dated, key=lambda fence: (fence.spend_by, fence.code))
        st.write(
            f"From {day:%-d %B %Y} on, {count_of(len(dated), 'earmarked pot has', 'earmarked pots have')} a deadline. "
            f"The first is {first.name}, by {first.spend_by:%-d %B %Y}."
        )
    st.write(
        "Derived: what is left, over the days that are left, both ends counted. The last column is the even rate from "
        "notice, or 1 April if that is later, to the deadline. Spending is what these books record as spent."
    )
    tables.show(reporting.deadlines(dated), f"deadlines-{year.start}")


@st.fragment
def _pieces(books: Books, held: pa.Table, icb: str | None) -> None:
    st.header(_PARTS["pieces"], anchor=False)
    if icb is None:
        st.write(f"{PAYERS_VIEW} What each ICB, place, network or practice works with stands on the page of receivers.")
        frame.link("What receivers work with", "receivers", {})
    else:
        st.write("Seen at the ICB as the receiver: what it and those below it hold of each pot.")
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
        sentence=reporting.uneven_sentence(found["gini"], amounts),
        table=more.with_only("Measure", "Value", "What it is", "Mind"),
        key=f"lorenz-{scope}",
    )


def _retained(books: Books, held: pa.Table, icb: str | None) -> None:
    st.header(_PARTS["kept"], anchor=False)
    found = books.ask(answers.kept, icb, books.year, held=held)
    if not found:
        st.write("Nothing is kept back here: all of it is available or passed on.")
        return
    values = {one.name: one for one in _measures(books, held, ALL, _USUAL_POUNDS, icb)}
    for place, name in zip(st.columns(len(_KEPT)), _KEPT, strict=True):
        with place:
            metric(values[name], illustrative=True)
    listed = found[:_MOST_KEPT]
    more = "" if len(listed) == len(found) else f", the {len(listed)} largest of {len(found)}"
    st.write("What the books show as retained, and on what agreement. What ICBs keep in these books is illustrative.")
    table = reporting.kept(listed, f"Kept back{more}", year=books.year, with_name=icb is None)
    tables.show(table, f"kept-{icb or 'all'}")
    frame.link("Record an agreement to keep money", "record", {"kind": "agree"})
