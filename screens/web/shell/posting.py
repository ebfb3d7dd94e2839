"""How a page posts: by one function, at the head that was seen, with every refusal said on the page."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from ledger.entries.at_head import BooksMoved, StoreAtHead
from ledger.errors import UNAVAILABLE, Refused
from ledger.reports import imported
from ledger.reports.position import Moment
from ledger.store.base import Store
from screens.report.render import page as tables
from screens.report.report import Table, columns, day, entry_link, link
from screens.report.wording import PAGE
from screens.web.shell import frame, open_ledger

Posted = TypeVar("Posted")


@dataclass(frozen=True, slots=True)
class Seen:
    """The books as they were when the reader saw what would be posted."""

    head: str
    known: int

    @classmethod
    def at_moment(cls, at: Moment) -> "Seen":
        """What a moment shows of the books."""
        return cls(at.head, at.known)


def commit(store: Store, seen: Seen, act: Callable[[Store], Posted], refused: str) -> Posted | None:
    """Post, if the books are still what the reader saw; else say what is in the way.

    Everything that a page posts goes through here, so who may post is asked in one place.

    Args:
        seen: the books at which the preview was made.
        act: posts into the ledger that it is given, by the same function as the command line.
        refused: what is said above the problems, where the books refuse.

    Returns:
        What ``act`` returned; None where nothing was posted, and the page says why.
    """
    try:
        with st.spinner("Posting: every rule of the books is asked"):
            return act(StoreAtHead(store, seen.head))
    except BooksMoved as moved:
        st.warning(str(moved))
        _since(store, seen)
    except Refused as problems:
        frame.refused(problems.problems, refused)
    except UNAVAILABLE as error:
        cannot_write(str(error))
    return None


def cannot_write(why: str) -> None:
    """Say that the ledger could not be written, and why."""
    st.warning(f"Nothing was posted. {frame.as_text(PAGE.text(why))}")
    # A press draws the page again, which asks again.
    st.button("Look again", key="look again")


def reads_only(store: Store, command: str) -> bool:
    """Whether nobody can post here; then the page says so and names the command that can.

    Args:
        command: the command line that does the same, without its ledger.
    """
    if not store.read_only:
        return False
    st.info(
        "This app has the ledger open to read only, so nothing can be posted here. Whoever may write it does the same "
        "on the command line:"
    )
    st.code(f"{command} --ledger {store.path}", language=None, wrap_lines=True)
    return True


def _since(store: Store, seen: Seen) -> None:
    """What was recorded since the reader looked."""
    rows = [
        (
            entry_link(row["number"]),
            row["kind"],
            row["actor"],
            row["reason"],
            row["recorded_at"],
            row["moved_pence"],
        )
        for row in open_ledger.ask(store, lambda reader, _: imported.since(reader, seen.known))
    ]
    if rows:
        heads = columns(link("Entry"), "Kind", "By", "Reason", day("Recorded"), "Moved (£)")
        tables.show(Table("Recorded since you looked", heads, rows))
