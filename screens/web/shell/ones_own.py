"""A ledger of one's own, begun where there is none: by a form where the app may write, and else by the command."""

import os
from pathlib import Path

import streamlit as st

from allocations.files.register.beginning import YEARS, begin, beginning, icbs_of
from ledger.errors import LedgerError, Refused
from ledger.store.address import Address
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.web.shell import frame, open_ledger, posting, sign_in_settings

_WHOSE = {"some": "One ICB or several, with all below them", "all": "All ICBs, with all below them", "national": "All "
          "ICBs, and no further down"}  # fmt: skip


def offer_of_ones_own(address: Address, store: Store | None = None) -> None:
    """Offer the beginning of a ledger of one's own.

    Args:
        store: the ledger, where there is one that is empty.
    """
    st.write("Or begin a ledger of your own, with no money and nothing illustrative in it:")
    if _may_write(address):
        _form(address, store)
        st.write("The same on the command line:")
    st.code(f"devolution new --year {YEARS[0]} --icb QWO --ledger {address}", language=None, wrap_lines=True)


def _form(address: Address, store: Store | None) -> None:
    year = st.selectbox("Year that it begins with", YEARS, format_func=str, key="new year")
    whose = st.radio("Whose money it is for", list(_WHOSE), format_func=lambda one: _WHOSE[one], key="new whose")
    names = icbs_of(year)
    icbs = []
    if whose == "some":
        icbs = st.multiselect("ICBs", list(names), format_func=lambda code: f"{names[code]} ({code})", key="new icbs",
                              placeholder="Choose")  # fmt: skip
    if not st.button("Begin this ledger", type="primary"):
        return
    if whose == "some" and not icbs:
        st.error("Choose at least one ICB. Nothing was made.")
        return
    try:
        with st.spinner("Beginning the ledger"):
            _begin(address, store, year, icbs, only_national=whose == "national")
    except Refused as refused:
        frame.refused(refused.problems, "The ledger was not begun.")
    except LedgerError as error:
        posting.cannot_write(str(error))
    else:
        st.rerun()  # the page then shows it


def _may_write(address: Address) -> bool:
    """Whether the app may make a ledger there: a file of somebody's own, in a folder that it may write."""
    if not isinstance(address, Path) or open_ledger.only_reads() or sign_in_settings.is_configured():
        return False
    return os.access(address if address.exists() else address.resolve().parent, os.W_OK)


def _begin(
    address: Address, store: Store | None, year: FinancialYear, icbs: list[str], *, only_national: bool
) -> None:  # fmt: skip
    found = beginning(year, icbs, only_national=only_national)
    if store is not None:
        begin(store, found)
        return
    with Store.open_or_create(address) as made:
        begin(made, found)
        made.checkpoint()
