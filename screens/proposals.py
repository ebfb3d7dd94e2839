"""What awaits a decision and what became of it: the proposals that who is at the screen may see."""

import streamlit as st

from ledger import proposals, rights
from ledger.money import exact_pounds
from ledger.proposals import Listed
from ledger.store import Reader
from screens import tables
from screens.books import Books
from screens.sign_in import person
from screens.tables import Table

_HEADERS = ("Proposal", "What", "Prepared by", "Entries", "Amount £", "Until", "State", "Decided by")


def show(books: Books) -> None:
    """Render them; they are asked in the name of who is at the screen, and kept for nobody else."""
    name = person()

    def asked(reader: Reader) -> tuple[list[Listed], bool]:
        return proposals.listed(reader), rights.in_force(reader)

    found, counts = books.own(name, asked)
    if counts:
        st.write(f"Proposals of organisations for which {name or 'whoever opened this app'} has a right.")
    if not found:
        st.info("No proposal is here for you to see.")
        return
    rows = [
        (
            one.id,
            one.title,
            one.prepared_by,
            one.entries,
            exact_pounds(one.amount_pence),
            str(one.expires_on or "no limit"),
            one.outcome or "open",
            one.decided_by or "nobody yet",
        )
        for one in found
    ]
    tables.show(Table(f"{len(rows)} proposals", _HEADERS, rows))
    st.write("They are approved or rejected by somebody else than who prepared them: 'devolution proposal approve'.")
