"""The network contract of one PCN: each element on its own count of people, and month by month."""

from collections.abc import Sequence
from fractions import Fraction

import streamlit as st

from allocations.network.contract import title
from allocations.network.statement import FIGURES_YEAR, Statement, by_month, statement
from allocations.shares.facts import Group
from ledger.errors import Refused
from ledger.money import spoken
from screens.report.tables import NOT_AVAILABLE, Cell, Money, Ratio, Table, show_with_download
from screens.web.shell import address, frame


@st.fragment
def section(found: Sequence[Group]) -> None:
    """Show the contract of a PCN of the ICB, which the reader chooses; redrawn by itself."""
    st.header("The network contract", anchor=False)
    names = {group.code: group.name for group in found if not group.is_unassigned}
    if not names:
        st.info("No practice of this ICB is in a PCN in the figures.")
        return
    code = address.choose("pcn", "PCN", list(names), shown=lambda code: f"{names[code]} ({code})")
    try:
        told = statement(code, FIGURES_YEAR)
    except Refused as refused:
        frame.refused(refused.problems, "The contract cannot be worked out.")
        return
    _show(told)


def _show(told: Statement) -> None:
    if told.total_pence is None:
        st.write("**The total is not available: no element can be worked out.**")
    else:
        head = "" if told.per_head_pounds is None else f", £{told.per_head_pounds:.2f} for each registered person"
        without = f" That is without {', '.join(title(name) for name in told.without)}." if told.without else ""
        st.write(
            f"**Under the network contract {told.name or told.network} gets {spoken(told.total_pence)} in {told.year}"
            f"{head} (illustrative).**{without}"
        )
    headers = ("Element", "Paid", "Counted by", "Rate (£, published)", "A year (£)", "Why not")
    rows = [
        (
            title(line.name).capitalize(),
            line.paid,
            line.element.rate.basis.replace("_", " "),
            Ratio(Fraction(line.element.rate.pounds), 4),
            Money(line.annual_pence),
            line.missing or "",
        )
        for line in told.lines
    ]
    show_with_download(
        Table(f"Elements of the contract, {told.network}, {told.year}", headers, rows), f"network-{told.network}"
    )
    with st.expander("Month by month"):
        _months(told)
    with st.expander("What stands behind it"):
        for remark in told.remarks:
            st.write(remark)
        for gap in told.gaps:
            st.write(f"Not worked out here, {title(gap.element)}: {gap.note}.")


def _months(told: Statement) -> None:
    names = [line.name for line in told.lines if line.paid == "monthly"]
    headers = ("Month", *(f"{title(name).capitalize()} (£)" for name in names), "Arrears (£)", "Paid (£)")
    rows: list[tuple[Cell, ...]] = [
        (
            f"{month.month:%B %Y}",
            *(Money(month.pence.get(name)) for name in names),
            Money(month.arrears_pence),
            Money(month.total_pence),
        )
        for month in by_month(told.payments)
    ]
    if not rows:
        st.write(f"Month by month is {NOT_AVAILABLE}.")
        return
    show_with_download(
        Table(f"Payments to {told.network}, {told.year}", headers, rows), f"network-months-{told.network}"
    )
