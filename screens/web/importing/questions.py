"""What is asked of whoever brings a budget: whose money it is, and what nobody should guess."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import streamlit as st

from allocations.files.budgets.mapping import Settings
from allocations.files.budgets.understood import Request
from ledger.money import parse_pounds
from ledger.reports import imported, journal
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.report import remedies
from screens.web.shell import address, open_ledger

_STANDINGS = {"available": "What it has available", "retained": "What it has kept back"}
_ASKED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "dash": (remedies.DASH, {"zero": "Zero", "blank": "No amount"}),
    "rounding": (remedies.ROUNDING, {"penny": "Round to the penny, and record what each cell held"}),
    "duplicates": (remedies.DUPLICATES, {"add": "Add them up"}),
    "hidden": (remedies.HIDDEN, {"read": "Read them", "leave out": "Leave them out"}),
    "short_year": (remedies.SHORT_YEAR, {"ends": "The year that ends in 2026", "starts": "The year that starts then"}),
}


def whose_money(store: Store) -> Request | None:
    """The payer, the year and the fund; None, with the page told why, where nobody holds money."""
    st.header("Whose money?", anchor=False)
    years = open_ledger.ask(store, lambda reader, _: journal.years(reader))
    if not years:
        st.info(
            "No money stands in these books yet, so nothing can be handed out. Bring in the published allocations, or "
            "a position, first."
        )
        return None
    left, right = st.columns(2)
    with left:
        year = address.choose(
            "year", "Year", years, shown=lambda start: str(FinancialYear(start)), unknown="for which no money stands"
        )
    payers = open_ledger.ask(store, lambda reader, _: imported.payers(reader, year))
    if not payers:
        st.info("Nobody who could hand money down holds any of this year.")
        return None
    with right:
        payer = address.choose(
            "icb", remedies.PAYER, list(payers), shown=lambda code: f"{payers[code]} ({code})",
            unknown="which has no money of this year",
        )  # fmt: skip
    funds = open_ledger.ask(store, lambda reader, _: journal.funds(reader, payer))
    with left:
        fund = address.choose(
            "fund", remedies.FUND, ["", *funds],
            shown=lambda code: f"{funds[code]} ({code})" if code else "Each row names its fund",
            unknown=f"on which {payers[payer]} has no money",
        )  # fmt: skip
    with right:
        standing = address.choose("standing", remedies.STANDING, list(_STANDINGS), shown=lambda one: _STANDINGS[one])
    return Request(payer=payer, year=FinancialYear(year), fund=fund or None, standing=standing)


def settings(digest: str) -> Settings:
    """What nobody should guess, as the reader says it; nothing where they say nothing."""
    with st.expander("What nobody should guess: dashes, rounding, hidden rows, years"):
        said = {name: _settle(name, label, choices, digest) for name, (label, choices) in _ASKED.items()}
    return Settings.model_validate(said)


def _settle(name: str, label: str, choices: Mapping[str, str], digest: str) -> str | None:
    said: str | None = st.selectbox(
        label, [None, *choices], format_func=lambda one: choices[one] if one else "Not said",
        key=f"bring {name} {digest[:16]}",
    )  # fmt: skip
    return said


def rest(request: Request, digest: str) -> Request:
    """What becomes of money that the file does not hand out, or hands to organisations that have closed."""
    with st.expander("The whole: what is not handed out, closed organisations, a file without a total, another day"):
        leave = st.checkbox(f"{remedies.REST}: it stays with {request.payer}", key=f"bring leave rest {digest[:16]}")
        closed = st.checkbox(
            f"{remedies.SUCCESSORS}: their money goes to those who took over, by population",
            key=f"bring successors {digest[:16]}",
        )
        typed = st.text_input(
            remedies.TOTAL, max_chars=30, key=f"bring total {digest[:16]}",
            help="For a file that has no total of its own, as 1234567.89 or 12.5m.",
        )  # fmt: skip
        own_day = st.checkbox("It counts from another day than usual", key=f"bring own day {digest[:16]}")
        day = _day(request.year, digest) if own_day else None
    return replace(request, leave_rest=leave, accept_successors=closed, total_pence=_pence(typed), day=day)


def _day(year: FinancialYear, digest: str) -> date:
    chosen = st.date_input(
        "It counts from", value=year.first_day, min_value=year.first_day, max_value=year.last_day,
        format="DD/MM/YYYY", key=f"bring day {digest[:16]}",
    )  # fmt: skip
    return chosen if isinstance(chosen, date) else year.first_day


def _pence(typed: str) -> int | None:
    if not typed.strip():
        return None
    try:
        return parse_pounds(typed)
    except ValueError as error:
        st.error(str(error))
        return None
