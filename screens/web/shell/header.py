"""The header of every page: the product, whose money, which year, as at which day, and how sure it is.

It stays in sight while one scrolls. What can be changed is changed in it, and nowhere else.
"""

from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from ledger.reports.position import Moment

PRODUCT = "Devolution ledger"
STYLE = (
    # The header's wrapper is a child of the page's column, and so stays within sight as far down as the page goes.
    "div:has(> .st-key-header) {position: sticky; top: 3.75rem; z-index: 90} "
    ".st-key-header {background: #fff; border-bottom: 2px solid #4C6272; padding: .4rem 0; gap: .25rem 1rem} "
    ".st-key-header p {margin: 0} "
    # What somebody tabs to is not hidden under the header.
    "[data-testid=stMain] {scroll-padding-top: 9rem} "
    # A telephone has room for what can be changed and for the facts.
    "@media screen and (max-width: 700px) "
    "{.st-key-header > div:not(:has(.facts, [role=combobox])) {display: none} "
    ".st-key-header .facts {font-size: .9rem}} "
    # The year and the reading share a line there.
    "@media screen and (max-width: 480px) {.st-key-header > div:has(.st-key-year) {width: 7rem !important} "
    ".st-key-header > div:has(.st-key-reading) {flex: 1 1 9rem !important; width: auto !important; min-width: 0}} "
    "@media print {div:has(> .st-key-header) {position: static}} "
)
_SLOTS = "header slots"


@dataclass(frozen=True, slots=True)
class Slots:
    """The places in the header of the page that is drawn now, from left to right."""

    organisation: Any
    year: Any
    reading: Any
    facts: Any


def begin() -> None:
    """Begin the header of a page; it has the product's name until the books are open."""
    with st.container(key="header", horizontal=True, vertical_alignment="center"):
        st.html(f"<p><strong>{PRODUCT}</strong></p>", width="content")
        slots = Slots(st.container(width=360), st.container(width=130), st.container(width=260), st.empty())
    st.session_state[_SLOTS] = slots


def slots() -> Slots:
    """The places of the header that this page began."""
    return st.session_state[_SLOTS]  # type: ignore[no-any-return]


def say(at: Moment, *others: str) -> None:
    """Say as at which day the page is, and whether part of it is illustrative or all of it the reader's own.

    Args:
        others: what else is said, such as the year where there is only one.
    """
    sure = "partly illustrative" if at.illustrative else "nothing illustrative"
    tell(*others, f"as at {at.as_at:%-d %B %Y}", sure)


def tell(*facts: str) -> None:
    """Say facts in the header, such as those of a page that reads no books."""
    told = " · ".join(facts)
    slots().facts.html(f'<p class="facts">{escape(told[:1].upper() + told[1:])}</p>')
