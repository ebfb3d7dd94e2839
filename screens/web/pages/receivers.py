"""Receivers: what the money asks of each ICB, place, PCN or practice, and the year and streams of one of them."""

from collections.abc import Collection, Sequence
from dataclasses import replace

import streamlit as st

from ledger.money import spoken
from ledger.reports.receivers import PENNY_PACKETS, Received, streams_in_last
from ledger.years import FinancialYear
from screens.asked import answers
from screens.report import marks
from screens.report import receivers as reporting
from screens.report.pots import no_amount, of_receivers
from screens.report.render import page as tables
from screens.report.report import Table
from screens.web.charts import kit
from screens.web.charts.receivers import Tick, calendar, strip
from screens.web.shell import address, frame, parts
from screens.web.shell.open_ledger import Books
from screens.web.shell.readings import explain

_MERGERS = {
    "small": "All below its threshold for a penny packet",
    "one-off": "All that do not recur",
    "tied": "All with strings: soft, hard or statutory",
}
# What somebody asks first; the other measures are folded away.
_FIRST = ("pots", "streams", "penny_packets", "tied_pots", "returns_per_year", "deadlines", "median_pot", "total")
# With the choices that are those of one part alone.
_CHOICES = {"merged": ("together",), "year": ("receiver",)}


def page() -> None:
    """Render the page for receivers below the ICB named in the address, or for all."""
    books = frame.opened("What receivers work with")
    if books is None:
        return
    icb = frame.icb(books, with_all=True)
    tier = address.choose(
        "tier", "Seen by each", list(PENNY_PACKETS), shown=lambda tier: reporting.TIERS[tier], horizontal=True
    )
    about = (tier, icb, books.year, books.reading)
    found, without = books.ask(answers.received, *about, told="Measuring every receiver")
    named = reporting.TIERS[tier]
    if not found:
        st.info(f"No {named} holds any money of {FinancialYear(books.year)} here.")
        frame.foot(books.at, frame.sources(books))
        return
    nowhere = books.ask(answers.pots_without_amount, books.year)
    scattered, penny, *counted = of_receivers(found, without, named, tier)
    st.write(f"**{scattered}** {penny}")
    with st.expander("How this is counted, and what is in no count"):
        st.write(" ".join([*counted, *no_amount(nowhere, FinancialYear(books.year))]))
    titles = {
        "asked": "What it asks of them", "year": f"The year and streams of one {named}",
        "merged": "Some of its pots put together",
    }  # fmt: skip
    seen = parts.choose(titles, "What to see", choices=_CHOICES)
    if "asked" in seen:
        # Hundreds of medians, which stay the same until the books change.
        spread = books.answer("spread", lambda *_: reporting.spread_table(found, named), *about)
        _over_all(spread, named, f"spread-{tier}")
        if icb is None:
            with st.expander("Medians by region, deprivation and size"):
                groups = books.answer("groups", lambda *_: reporting.groups_table(found, tier), *about)
                tables.show(groups, f"groups-{tier}", folds=False)
    if shown := {*seen} - {"asked"}:
        _one(found, named, shown, books)
    explain(books.reading)
    frame.foot(books.at, frame.sources(books))


def _over_all(spread: Table, named: str, key: str) -> None:
    """What is measured over all: what is asked first, the rest in a fold, and in a sentence what is not known."""
    place = {column.key: number for number, column in enumerate(spread.columns)}
    known = [row for row in spread.rows if row[place["known"]]]
    first = [row for row in known if row[place["measure"]] in _FIRST]
    tables.show(replace(spread, rows=first))
    with st.expander(f"{len(known) - len(first)} more measures over every {named}"):
        rest = [row for row in known if row not in first]
        tables.show(replace(spread, name=f"More measures over every {named}", rows=rest), folds=False)
    unknown = [str(row[place["title"]]) for row in spread.rows if not row[place["known"]]]
    if unknown:
        with st.expander(f"{len(unknown)} measures of which these books say nothing"):
            st.write("; ".join(unknown))
    tables.download(spread, key)


@st.fragment
def _one(found: Sequence[Received], named: str, shown: Collection[str], books: Books) -> None:
    """One receiver: its year, its streams, and the same with some of its pots put together.

    Args:
        shown: which of these parts.
    """
    each = {one.organisation: one for one in found}
    st.header(f"One {named}", anchor=False)
    code = address.choose(
        "receiver", f"Which {named}", list(each), shown=lambda code: f"{each[code].name} ({code})",
        unknown="which holds no money here",
    )  # fmt: skip
    one = each[code]
    if "year" in shown:
        calendar(
            list(reporting.by_month(one)), name="The year", sentence=reporting.year_in_words(one),
            table=reporting.calendar_table(one, books.reading), key=f"year-{code}",
        )  # fmt: skip
        strip(
            {"Streams": _ticks(one)},
            name="Streams by size",
            sentence=reporting.streams_sentence(one),
            table=reporting.streams_table(one),
            key=f"streams-{code}",
        )
    if "merged" in shown:
        _merger(one, books)


def _merger(one: Received, books: Books) -> None:
    which = address.choose("together", "Put together", list(_MERGERS), shown=lambda which: _MERGERS[which])
    found = books.ask(answers.put_together, one.organisation, which, books.year, books.reading, found=[one])
    said = " ".join(reporting.put_together_in_words(found))
    if found.after is one:
        st.write(said)
        return
    after = reporting.streams_table(found.after, found, books.reading)
    strip(
        {"Before": _ticks(one), "After": _ticks(found.after)},
        name="Before and after a merger",
        sentence=said,
        table=reporting.put_together_table(found),
        key=f"merger-{which}-{one.organisation}",
        ways=kit.ways(reporting.streams_table(one)) | kit.ways(after),
    )
    with st.expander(f"Table and download: {after.name[0].lower()}{after.name[1:]}"):
        tables.show(after, f"streams-merged-{which}-{one.organisation}", folds=False)


def _ticks(one: Received) -> list[Tick]:
    last = streams_in_last(one, 1)
    return [
        Tick(
            stream.name,
            marks.at_pounds(stream.amount_pence),
            spoken(stream.amount_pence),
            stream.code in last,
        )
        for stream in one.streams
    ]
