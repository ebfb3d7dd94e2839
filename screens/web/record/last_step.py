"""Who records something, and the last step: to post it, or to leave it to somebody else."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import streamlit as st

from ledger.entries.decisions.batch import Recorded
from ledger.errors import Refused
from ledger.reports.position import Moment
from ledger.store.base import Store
from screens.report.wording import PAGE
from screens.web.shell import address, posting
from screens.web.shell.posting import Seen
from screens.web.shell.sign_in import NOBODY_YET, person

T = TypeVar("T")
WHO = "Who records it: a role or team, recorded in the books"
_WHO_KEY, _SEEN_KEY = "record who", "record seen"
_MOST_LETTERS = 80


def ask_who() -> None:
    """Ask who records it, unless the sign-in says so. The same, recorded by the same, is known for what is there."""
    if person() is None:
        st.text_input(WHO, max_chars=_MOST_LETTERS, key=_WHO_KEY, persist_state="session")
    else:
        st.text(f"Recorded in the name of {who()}.")


def who() -> str:
    """In whose name something is recorded: as the sign-in says, or the box that asks."""
    return person() or " ".join(str(st.session_state.get(_WHO_KEY) or "").split()) or NOBODY_YET


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What would be recorded: every rule was asked, and nothing was kept.

    Attributes:
        refused: why it cannot be posted, where it can be proposed all the same, as by who may not post.
    """

    recorded: Recorded
    refused: Refused | None


def rehearsed(record: Callable[[bool], Recorded]) -> Rehearsed | Refused:
    """What would become of it if it were posted, or else proposed; why not, where it could be neither.

    Args:
        record: tries it without keeping it; as a proposal, or not.
    """
    try:
        return Rehearsed(record(False), None)
    except Refused as refused:
        try:
            return Rehearsed(record(True), refused)
        except Refused:
            return refused


def post_or_propose(
    store: Store, shown: str, at: Moment, label: str, tried: Rehearsed, act: Callable[[Store, bool], T], what: str
) -> T | None:
    """Post or propose on a button, in the name of who was asked for.

    Args:
        shown: tells one preview from another: what was seen of another is not what is posted.
        at: the books at which the preview was made.
        label: of the button that posts.
        tried: what would be recorded; where it cannot be posted, that is said and it can be proposed.
        act: records it in the ledger that it is given; as a proposal, or not.
        what: what the books may refuse, as a sentence names it.

    Returns:
        What ``act`` returned; None where nothing was recorded, and the page says why.
    """
    before, now = st.session_state.get(_SEEN_KEY), Seen.at_moment(at)
    st.session_state[_SEEN_KEY] = (shown, now)
    may_post = tried.refused is None
    if tried.refused is not None:
        said = " ".join(f"{problem.found} {problem.fix}" for problem in PAGE.problems(tried.refused.problems))
        st.info(address.as_text(f"It can be proposed, and not posted: {said}"))
    with st.container(horizontal=True):
        posts = may_post and st.button(label, type="primary")
        proposes = st.button(
            "Propose it: somebody else approves", type="secondary" if tried.refused is None else "primary"
        )
    if not posts and not proposes:
        return None
    if who() == NOBODY_YET:
        st.error("Say who records it. Every entry says who. Nothing was recorded.")
        return None
    seen = before[1] if before is not None and before[0] == shown else now
    return posting.commit(store, seen, lambda ledger: act(ledger, proposes), f"The books refuse {what}.")
