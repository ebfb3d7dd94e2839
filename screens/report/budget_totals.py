"""The totals of a budget: what the file says, what was understood, what would be posted, and what the payer holds."""

from collections.abc import Mapping
from dataclasses import dataclass

import streamlit as st

from allocations.files.budgets.understood import Understood, summary
from ledger.money import exact_pounds
from screens.report import tables
from screens.report.tables import Money, Table


@dataclass(frozen=True, slots=True)
class Received:
    """What one organisation receives of one fund."""

    organisation: str
    fund: str
    lasting: str
    amount_pence: int


def receivers(found: Understood, names: Mapping[str, str]) -> list[Received]:
    """What each would receive, as the command line lists it."""
    return [
        Received(
            _named(str(row["organisation"]), names),
            str(row["fund"]),
            "recurrent" if row["recurrent"] else "one-off",
            int(str(row["amount_pence"])),
        )
        for row in summary(found)
    ]


def _named(code: str, names: Mapping[str, str]) -> str:
    return f"{names[code]} ({code})" if code in names else code


def show(found: Understood) -> None:
    """Three totals that tie to the penny, and what the payer holds beside them."""
    st.header("Totals", anchor=False)
    request, control = found.request, found.control
    cells = "; ".join(
        f"{each.sheet}!{' '.join(each.file_total_cells)}" for each in found.readings if each.file_total_cells
    )
    said = cells or ("as you said" if request.total_pence is not None else "it has no total of its own")
    held = None if control is None else control.held_pence
    rows = [
        ("The file says", said, Money(found.file_pence)),
        ("Understood", f"{found.rows_read:,} rows", Money(found.understood_pence)),
        ("Would be posted", f"{len(found.lines):,} transfers, in one entry", Money(found.read_pence)),
        (f"{request.payer} holds", f"{request.standing}, of {request.fund or 'the funds named'}", Money(held)),
    ]
    tables.show(Table("Totals, to the penny", ("Total", "Where from", "Amount (£)"), rows))
    exact = f"£{exact_pounds(found.read_pence)}"
    if found.ties and found.file_pence is not None:
        st.success(f"The first three tie, to the penny: {exact}.")
    elif found.ties:
        st.write(f"What was understood is what would be posted: {exact}. The file has no total to hold it against.")
    for sentence in rests(found):
        st.write(sentence)


def rests(found: Understood) -> list[str]:
    """What a reader should know of the totals."""
    told = []
    if found.control is not None and found.control.rest_pence > 0:
        told.append(f"The rest, £{exact_pounds(found.control.rest_pence)}, stays with {found.request.payer}.")
    if found.per_head_text:
        told.append(
            f"That is £{found.per_head_text} for each registered person of those who receive (2025/26 figures)."
        )
    told.extend(f"{code} has closed: its money goes to {', '.join(into)}, by registered population."
                for code, into in sorted(found.moved_on.items()))  # fmt: skip
    if found.rounded:
        told.append(
            f"{found.rounded:,} amounts were rounded to the penny, by £{found.rounding_pounds:+,.4f} in all; "
            "the entry records what each cell held."
        )
    return told
