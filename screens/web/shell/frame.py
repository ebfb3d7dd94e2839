"""What every page shares: its title, the books or why there are none, whose money is shown, and what is ours of it."""

import re
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import date, datetime
from html import escape
from textwrap import dedent
from typing import Any

import streamlit as st

from ledger.errors import Problem
from ledger.reports import journal, summary
from ledger.reports.position import Moment, year_in_view
from ledger.store.base import Store
from ledger.words import DERIVED, OWN, PROJECTED, PUBLISHED
from ledger.years import FinancialYear
from screens.report.holdings import years_held
from screens.report.render import page as tables
from screens.report.render.colours import Colour
from screens.report.report import Link, Table, columns
from screens.report.wording import PAGE
from screens.web.shell import address, header, open_ledger, printed, readings
from screens.web.shell.header import PRODUCT
from screens.web.shell.open_ledger import Books

ENGLAND = "All ICBs"
ILLUSTRATIVE = (
    "**Illustrative**: how free each line is, the default places, and what ICBs devolve and keep are this "
    "project's assumptions. No ICB has adopted them."
)
STYLE = (
    (
        # Streamlit's own focus ring is nearly invisible; a keyboard user has to see where they are.
        "a:focus-visible, button:focus-visible, input:focus-visible, summary:focus-visible, textarea:focus-visible, "
        "[tabindex]:focus-visible {outline: 3px solid #212b32; outline-offset: 2px; background-color: #ffeb3b; "
        "color: #212b32} "
        # A button that stands out keeps its own dark ground otherwise, under words that have become dark.
        ":is(button, summary):focus-visible {outline: 3px solid #212b32 !important; "
        "background-color: #ffeb3b !important} "
        # A radio button's input is hidden: its ring is drawn around its words.
        "label:has(input:focus-visible) {outline: 3px solid #212b32; outline-offset: 2px; background-color: #ffeb3b} "
        # A heading of 2.75 rem breaks words on a telephone.
        "@media (max-width: 480px) {h1 {font-size: 1.7rem !important} h2 {font-size: 1.3rem !important} "
        "h3 {font-size: 1.15rem !important}} "
        # While a chart finds its new width it does not push the page aside.
        "[data-testid=stVegaLiteChart] {overflow: hidden} "
        # The page begins under the navigation, not a hand's breadth below it.
        "[data-testid=stMainBlockContainer] {padding-top: 4.5rem; padding-bottom: 3rem} "
        # The longest name of an ICB is longer than its box.
        "[data-testid=stSelectboxVirtualDropdown] {min-width: min(32rem, 94vw)} "
        ".ask {font-size: 1.25rem; margin: 0} .ask a {color: #005EB8} [class*=st-key-card-] p {margin: 0} "
        # What a figure is may take a second line, and is never cut.
        "[data-testid=stMetricLabel] :is(div, p) {white-space: normal !important; overflow: visible !important; "
        "text-overflow: clip !important} "
        # Headline figures, each with its range below it: side by side where there is room.
        ".figures {display: flex; flex-wrap: wrap; gap: 1rem; list-style: none; margin: 0 !important} "
        "ul.figures {padding: 0 !important} "
        # On a tablet two charts stand side by side, and none beside a table.
        "@media screen and (min-width: 641px) and (max-width: 1000px) {.st-key-panels [data-testid=stColumn] "
        "{min-width: calc(50% - .5rem)} .st-key-picture-and-money [data-testid=stColumn] {min-width: 100%}} "
        # A telephone has no room to spare between what is read.
        "@media screen and (max-width: 480px) {[data-testid=stMainBlockContainer] {padding: 3.25rem 1rem 1rem} "
        "[data-testid=stMain] :is([data-testid=stVerticalBlock], [data-testid=stHorizontalBlock]) {gap: .4rem} "
        "[data-testid=stMain] [data-testid=stHeading] :is(h1, h2, h3) {padding: .3rem 0 .6rem} "
        "[data-testid=stMain] [data-testid=stHeading] h3 {padding: .2rem 0 .55rem} "
        "[data-testid=stMain] .st-key-panels [data-testid=stHeading] h3 {padding: .2rem 0 .3rem} "
        "[data-testid=stMain] .house h3 {padding: 0; margin: 0} [data-testid=stMain] .house ol {margin: 0} "
        "[data-testid=stMain] [data-testid=stMarkdown] :is(p, li) {line-height: 1.35; font-size: .95rem} "
        ":is([data-testid=stMetric], [data-testid=stMetric] div:has(> [data-testid=stMetricLabel])) "
        "{display: flex; justify-content: space-between; align-items: baseline; gap: .5rem; flex-wrap: wrap} "
        "[data-testid=stMetricValue] {font-size: 1.4rem} "
        "[data-testid=stMain] [data-testid=stDownloadButton] button {padding: .25rem .4rem} "
        "[data-testid=stMain] [data-testid=stDownloadButton] button p {font-size: .8rem} "
        "[data-testid=stMain] .st-key-turning {padding: .5rem .75rem; gap: .2rem} "
        "[data-testid=stMain] [data-testid=stExpander] summary {padding: .35rem .75rem; min-height: 0} "
        ".ask {font-size: 1rem; line-height: 1.25} .figures {gap: .3rem 1rem} "
        "ul.figures li {display: flex; flex-wrap: wrap; align-items: baseline; gap: 0 .75rem; border-top-width: 2px} "
        "ul.figures li span {font-size: .875rem} ul.figures li span:first-child {flex: 0 0 100%} "
        "ul.figures li strong {font-size: 1.2rem} "
        ".st-key-short-cards [data-testid=stColumn] {min-width: calc(50% - .5rem); flex-basis: calc(50% - .5rem)} "
        "[data-testid=stMain] [class*=st-key-card-] {padding: .5rem .75rem; gap: .2rem}} "
        f".figures li {{flex: 1 1 14rem; border-top: 4px solid {Colour.AMOUNT}; margin: 0; padding: .3rem 0}} "
        ".figures strong {display: block; font-size: 1.7rem} "
    )
    + header.STYLE
    + printed.STYLE
    + tables.STYLE
)


def title(words: str) -> None:
    """Begin a page: the header that every page has, and the page's title."""
    header.begin()
    st.title(words, anchor=False)


def opened(words: str) -> Books | None:
    """Begin a page that shows the books: its header with the year and the moment, and its title.

    Returns:
        The books; None where there are none to show, and the page says why and what to do.
    """
    title(words)
    return opened_below()


def opened_below() -> Books | None:
    """The books for a page that has its title already; None, with the page told why, where there are none."""
    store = open_ledger.store()
    found = None if store is None else books_of(store)
    if found is None:
        foot(None, "There are no books to show here yet.", illustrative="")
    return found


def name_tab(title: str) -> None:
    """Let the browser's tab say which page it shows, before the product's name, so that several can be told apart."""
    st.session_state["page title"] = title
    _name_tab(title)


def name_tab_for(organisation: str) -> None:
    """Let the browser's tab say whose money this page shows too."""
    _name_tab(f"{st.session_state.get('page title', PRODUCT)}: {organisation}")


def _name_tab(title: str) -> None:
    whole = title if title == PRODUCT else f"{title} - {PRODUCT}"
    st.set_page_config(page_title=whole, page_icon="£", layout="wide")


as_text = address.as_text
# What is illustrative is said by a sentence of its own.
_RESTS_ON = {
    PUBLISHED: "Published",
    DERIVED: "Worked out from published figures",
    PROJECTED: "Carried into years that nobody published",
    OWN: "Your own",
    None: "What these rest on is not recorded",
}


def with_days(words: str) -> str:
    """Words with their days as people write them, where a sentence for commands has them as 2025-04-01."""
    return re.sub(r"\b\d{4}-\d{2}-\d{2}\b", lambda day: f"{date.fromisoformat(day[0]):%-d %B %Y}", words)


def link(words: str, page: str, query: Mapping[str, str | int | None]) -> None:
    """A link inside this app, in the same window."""
    address_of = Link(words, page, query).address
    st.html(f'<p class="house"><a href="{escape(address_of)}" target="_self">{escape(words)}</a></p>')


def books_of(store: Store) -> Books | None:
    """The books of an open ledger, in the year that the address names; None where they are empty."""
    years, at = open_ledger.ask(store, lambda reader, at: (journal.years(reader), at))
    if not years and at.known:
        st.info("No money stands in this ledger yet. Record what arrives, one by one or as a register.")
        link("Record what arrives", "record", {"kind": "receive"})
        st.write("The same on the command line:")
        st.code(
            "devolution record receive --help\n"
            f"devolution template register --out register.xlsx --ledger {open_ledger.path()}",
            language=None,
            wrap_lines=True,
        )
        return None
    if not years:
        st.info("The ledger is empty: no money stands in it yet. Fill it from the published figures:")
        st.code(f"devolution demo --ledger {open_ledger.path()}", language=None, wrap_lines=True)
        from screens.web.shell.ones_own import offer_of_ones_own  # noqa: PLC0415 - which asks who signs in

        offer_of_ones_own(open_ledger.path(), store)
        return None
    year = open_ledger.ask(store, lambda reader, at: year_in_view(reader, at).start)
    if len(years) == 1 and address.asked_for("year") in (str(year), str(FinancialYear(year))):
        # There is nothing to choose, and the address stays short.
        address.write("year", None)
    if len(years) > 1 or address.asked_for("year"):
        with header.slots().year:
            year = address.choose(
                "year", "Year", years, usual=year, shown=lambda start: str(FinancialYear(start)),
                unknown="for which no money stands", is_labelled=False,
            )  # fmt: skip
        header.say(at)
    else:
        header.say(at, str(FinancialYear(year)))
    with header.slots().reading:
        reading = readings.choose_reading()
    found = Books(store, at, year, {}, reading)
    icbs = found.answer("icbs", lambda reader, _: summary.icbs(reader, year), year)
    return replace(found, icbs=icbs)


def icb(books: Books, *, with_all: bool) -> str | None:
    """The ICB that the address names; None for all of them.

    Where only one ICB is in the books it is shown without being asked for.
    """
    names = books.icbs
    if not names:
        st.info("No ICB holds money of this year yet, so only the national picture can be shown.")
        return None
    options = [*([""] if with_all else []), *names]
    shown = names | {"": ENGLAND}
    usual = next(iter(names)) if len(names) == 1 else options[0]
    return choose_icb(options, shown, usual, "which holds no money in this ledger") or None


def choose_icb(options: Sequence[str], names: Mapping[str, str], usual: str, unknown: str) -> str:
    """Let the header's choice of an ICB be among some, and the browser's tab say which is chosen.

    Args:
        options: their codes; an empty one stands for all of them.
        unknown: what to say of an address that asks for another.
    """
    with header.slots().organisation:
        code = address.choose(
            "icb", "ICB", options, shown=lambda code: f"{names[code]} ({code})" if code else names[code], usual=usual,
            unknown=f"{unknown}. {names[usual]} is shown", is_labelled=False,
        )  # fmt: skip
    name_tab_for(names[code])
    return code


def refused(problems: Sequence[Problem], told: str) -> None:
    """Say all that is wrong with what somebody brought, each with its place and what to do."""
    st.error(told)
    rows = [(one.where, one.found, one.why, one.fix) for one in PAGE.problems(problems)]
    heads = columns("Where", "What is there", "Why it matters", "What to do")
    tables.show(Table(f"{len(rows)} found", heads, rows))


def sources(books: Books) -> str:
    """Which years are in the books, and what their amounts rest on: the sources that the entries name, by standing."""
    named, starts = books.answer("sources", lambda reader, at: (journal.sources(reader, at), journal.years(reader)))
    years = years_held(starts)
    told = [years]
    for standing, words in _RESTS_ON.items():
        names = [name for name, its in named if its == standing]
        if names:
            told.append(f"{words}: {'; '.join(names)}.")
        elif standing == PUBLISHED:
            told.append("No published source stands behind the amounts in them.")
    return as_text(" ".join(told))


def clocks(at: Moment) -> str:
    """Which day, which knowledge and which chain a page is made from."""
    known: datetime = at.known_at
    return (
        f"As at {at.as_at:%-d %B %Y}, as known at {known:%-d %B %Y, %H:%M} UTC; head of the chain {at.head[:16]}. "
        "Every figure with a link leads to the entries behind it."
    )


def for_analysts(what: str) -> AbstractContextManager[Any]:
    """A fold for what only analysts need: sources one by one, commands, files as they are written, and hashes."""
    return st.expander(f"For analysts: {what}")


def foot(at: Moment | None, published: str, *, illustrative: str = ILLUSTRATIVE, explains: bool = True) -> None:
    """End a page: what is published, what is ours, when, and on whose authority it is not.

    Args:
        at: the moment of the books; None on a page that needs none.
        published: what of the page is published, and what derived.
        illustrative: what of it is this project's assumption.
        explains: whether it leads to what the words mean.
    """
    st.header("What these figures are", anchor=False)
    if explains:
        link("What the words mean", "words", {})
    if illustrative and (at is None or at.illustrative):
        st.write(illustrative)
    if at is None:
        st.write(published)
    else:
        with for_analysts("sources and moment"):
            st.write(published)
            st.write(clocks(at))
    st.write(
        "Prototype, not an NHS England product. Contains public sector information licensed under the Open "
        "Government Licence v3.0."
    )


_ABOUT = (
    """
    A ledger of NHS money in England, from the national body down to the neighbourhood. It says of every pound where
    it is decided and how free it is. It runs on your machine: no request leaves it, and nothing is measured about you.
    """,
    """
    It is a prototype, not an NHS England product, and no NHS body has adopted it. What ICBs devolve and keep, how free
    each line is, and the default places are illustrations of this project, marked so wherever they feed a figure.
    """,
)
_VINTAGES = (
    """
    **Money.** ICB allocations of 2025/26, NHS England, March 2025; the national limit, financial directions of 31 March
    2025. What else is in the books names its source on each entry.
    """,
    """
    **People and need.** Practice figures of the 2025/26 allocations: November 2023 to October 2024.
    **Organisations.** ICBs of 2025/26, and as they are from 1 April 2026; PCNs of 1 August 2026. Data and licences has
    every table with its vintage and how it was made.
    """,
)
_LICENCES = (
    """
    Program: MIT licence. Figures: contains public sector information licensed under the Open Government Licence v3.0;
    contains OS data, Crown copyright and database right. Who published each table, of when it is and under which
    licence is told under Data and licences.
    """,
)
_STATEMENT = (
    """
    This app aims to meet the Web Content Accessibility Guidelines (WCAG) 2.2 at level AA. A body that adopts it remains
    responsible for its own statement under the Public Sector Bodies Accessibility Regulations 2018.
    """,
    """
    **What we do.** Every chart has a name, a sentence and a table with all its figures. Everything can be reached and
    changed by keyboard, with a focus that can be seen. Colour never tells anything alone. Pages fit a screen 320 pixels
    wide without scrolling sideways. Tables are plain HTML with headers; on narrow screens each row becomes a card.
    """,
    """
    **How it was checked.** Each page is opened in Chromium by tests that run axe and find no serious or critical
    violation, walk through it by keyboard, and watch that no request leaves the machine; so is each page without a
    ledger, with an empty one, with one ICB alone, and at addresses that name what does not exist. People who use a
    screen reader have not checked it yet. This statement was prepared in November 2026.
    """,
    """
    **What we know is wrong.** Charts are drawn as pictures: within them there is nothing to step through by keyboard,
    so use the table beneath, in which the same figures lead on. The keys R and C alone, outside a field, are shortcuts
    of the framework: they draw the page anew and lose nothing (success criterion 2.1.4). The field for uploading a file
    repeats a role. Downloads are CSV, which marks no headings.
    """,
    """
    **Tell us.** Whoever runs this app for you can change it: its source is open. Say which page, what you did and what
    you use.
    """,
)


def show() -> None:
    """Render it."""
    for heading, paragraphs in (
        ("About", _ABOUT),
        ("How old the figures are", _VINTAGES),
        ("Licences", _LICENCES),
        ("Accessibility statement", _STATEMENT),
    ):
        st.header(heading, anchor=False)
        for paragraph in paragraphs:
            st.write(dedent(paragraph))
