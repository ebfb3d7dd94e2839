"""Overview: where the money goes, in a sentence, three figures and a picture."""

import streamlit as st

from ledger import picture
from ledger.money import spoken
from ledger.position import Moment, latest_year
from ledger.store import Reader, Store
from ledger.years import FinancialYear
from screens import books, charts

ENGLAND = "All ICBs"


def page() -> None:
    """Render the page for the ICB named in the address, or for all."""
    st.title("Where the money goes")
    ledger = books.store()
    if ledger is None:
        return
    year = books.ask(ledger, lambda reader, _: latest_year(reader))
    if year is None:
        st.info("The ledger is empty: no money stands in it yet.")
        st.code(f"devolution demo --ledger {books.path()}", language="shell")
        return
    names = books.ask(ledger, lambda reader, _: picture.icbs(reader, year))
    icb = _chosen_icb(names)
    head = books.ask(ledger, lambda _, at: at.head)
    found = _picture(head, year, icb or None, ledger)
    _show(found, names.get(icb, ENGLAND))
    _say_what_is_ours(year, head)


def _chosen_icb(names: dict[str, str]) -> str:
    """The ICB that the address names, which the picker changes: a link shows what its sender saw."""
    asked = st.query_params.get("icb", "").upper()
    if asked and asked not in names:
        st.warning(f"The address asks for the ICB '{asked}', which holds no money in this ledger. All ICBs are shown.")
        asked = ""
    st.session_state.setdefault("icb", asked)
    code: str = st.selectbox(
        "ICB",
        ["", *names],
        format_func=lambda code: f"{names[code]} ({code})" if code else ENGLAND,
        key="icb",
    )
    if code:
        st.query_params["icb"] = code
    else:
        st.query_params.pop("icb", None)
    return code


@st.cache_data(show_spinner="Adding up the books", max_entries=200)
def _picture(head: str, year: int, icb: str | None, _ledger: Store) -> picture.Picture:
    del head  # part of the key: a new entry makes a new head, and so a new answer

    def question(reader: Reader, at: Moment) -> picture.Picture:
        return picture.take(reader, at, year=year, icb=icb)

    return books.ask(_ledger, question)


def _show(found: picture.Picture, name: str) -> None:
    st.write(f"**{found.sentence}**")
    total, free, tied = st.columns(3)
    total.metric("Total", spoken(found.total_pence))
    free.metric("Both local and free (illustrative)", picture.percent(found.local_and_free))
    tied.metric("Ring-fenced, soft included (illustrative)", picture.percent(found.ring_fenced))
    charts.sankey(
        found.links,
        name="The flow",
        sentence=f"From NHS England through each stream to where the money is decided: {name}. "
        "The streams are published; the places and what is kept are illustrative.",
        key="flow",
    )


def _say_what_is_ours(year: int, head: str) -> None:
    st.header("What these figures are")
    st.write(
        f"Published: the national limit and ICB allocations for {FinancialYear(year)}, NHS England, March 2025. "
        "Populations: November 2023 to October 2024."
    )
    st.write(
        "**Illustrative**: how free each line is, the default places, and what ICBs devolve and keep are this "
        "project's assumptions. No ICB has adopted them."
    )
    st.write(f"Books as known now; head of the chain {head[:16]}.")
    st.write(
        "Prototype, not an NHS England product. Contains public sector information licensed under the Open "
        "Government Licence v3.0."
    )
