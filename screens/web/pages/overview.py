"""Overview: where the money goes, in a sentence, three figures, a flow, a matrix, and what changed since a day."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import streamlit as st

from ledger.errors import Refused
from ledger.money import spoken
from ledger.reports.measures import MEASURES
from ledger.reports.summary import GradeChange
from ledger.years import FinancialYear
from screens.asked import answers
from screens.report.holdings import GRADES
from screens.report.render import page as tables
from screens.report.report import Link, Table, columns, composed, money
from screens.report.whole import icbs_alone
from screens.web.charts.flows import matrix, sankey
from screens.web.shell import address, frame, parts
from screens.web.shell.open_ledger import Books
from screens.web.shell.readings import explain, metric

_PARTS = {"flow": "The flow", "matrix": "Who decides, and how freely", "changed": "What changed since a day"}


def page() -> None:
    """Render the page for the ICB named in the address, or for all."""
    books = frame.opened("Where the money goes")
    if books is None:
        return
    icb = frame.icb(books, with_all=True)
    read = books.reading
    found = books.ask(answers.picture, icb, books.year, read, held=books.held(icb))
    name = books.icbs[icb] if icb else frame.ENGLAND
    st.write(f"**{found.sentence}**")
    total, free, tied = st.columns(3)
    with total:
        metric(replace(MEASURES["total"], value=found.total_pence))
        _behind(found.total_pence, {}, icb, books)
    for place, part in ((free, found.local_and_free), (tied, found.ring_fenced)):
        with place:
            metric(part.measure, illustrative=True)
            _behind(part.pence, part.only, icb, books)
    if icb is None:
        _icbs_alone(books)
    shown = [name for name in _PARTS if found.links or name == "changed"]
    seen = parts.choose({name: _PARTS[name] for name in shown}, "What to see", choices={"changed": ("since",)})
    if "flow" in seen:
        sankey(
            found.links,
            name="The flow",
            sentence=f"{name}: from NHS England through each stream to where the money is decided. "
            "The streams are published; the places and what is kept are illustrative.",
            key="flow",
            under=icb,
            year=books.year,
            reading=read,
        )
    if "matrix" in seen:
        matrix(
            found,
            name="Who decides, and how freely",
            sentence="Each cell is the money decided at that tier under that kind of ring-fence, with its share of the "
            "whole. The amounts are published; how free each line is, and what is devolved, is illustrative.",
            key="matrix",
            under=icb,
            year=books.year,
            reading=read,
        )
    if "changed" in seen:
        _changed(books, icb)
    explain(books.reading)
    frame.foot(books.at, frame.sources(books) + " Populations: November 2023 to October 2024.")


def _icbs_alone(books: Books) -> None:
    """The same shares of what ICBs and those below them hold, as each ICB's own are worked out."""
    whole = books.ask(answers.together, books.year, None, books.reading)
    if whole is not None:
        st.write(icbs_alone(whole))


def _behind(pence: int, only: Mapping[str, str], icb: str | None, books: Books) -> None:
    """The way to what it is made of, to the penny."""
    if pence:
        leads = composed(pence, under=icb, year=books.year, reading=books.reading, **only)
        frame.link(f"What {spoken(pence)} is made of", leads.page, leads.query)


@st.fragment
def _changed(books: Books, icb: str | None) -> None:
    """What changed since a day that the reader chooses: drawn again by itself."""
    st.header("What changed since a day", anchor=False)
    usual, today = FinancialYear(books.year).first_day, books.at.as_at
    day = address.pick_day("since", "Since the end of", usual, today)
    try:
        found = books.ask(answers.since, day, icb, books.year, books.reading, held=books.held(icb))
    except Refused as refused:
        frame.refused(refused.problems, "What changed cannot be shown.")
        return
    if not found.since.known:
        st.write(f"Nothing was recorded in these books by the end of {day:%-d %B %Y}: all of it came since.")
    elif not found.rows:
        st.write(f"Nothing has changed here since the end of {day:%-d %B %Y}: every tier holds what it held.")
    else:
        st.write(f"{found.entries:,} entries count now that did not then. Amounts changed in {len(found.rows)} cells.")
    if found.since.known and found.rows:
        rows = [
            (
                f"{row.tier}: {GRADES.get(row.grade, row.grade).lower()}",
                _at(row.then_pence, row, icb, books, day) if row.then_pence else row.then_pence,
                _at(row.now_pence, row, icb, books, None) if row.now_pence else row.now_pence,
                row.change_pence,
            )
            for row in found.rows
        ]
        heads = columns(
            "Where, and how free",
            money("Then (£)").defined(
                "What the tier held under that grade at the end of the day, as it was known then."
            ),
            money("Now (£)").defined("What it holds now."),
            money("Change (£)").defined("Now, less then."),
        )
        tables.show(Table(f"Held then and now (since {day:%-d %B %Y})", heads, rows), f"changed-since-{day}")
    frame.link("Every entry, with its source", "audit", {"view": "entries"})


def _at(pence: int, row: GradeChange, icb: str | None, books: Books, day: date | None) -> Link:
    """A figure of then or now, with the way to the balances behind it, on both clocks."""
    clocks = {} if day is None else {"as_at": str(day), "known_at": str(day)}
    return composed(
        pence, under=icb, year=books.year, reading=books.reading, tier=row.tier_code, grade=row.grade, **clocks
    )
