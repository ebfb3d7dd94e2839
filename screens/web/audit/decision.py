"""Decide on a proposal: approve all or part of it, reject it or withdraw it, each tried before it is pressed.

What is posted is what ``devolution proposal approve``, ``reject`` and ``withdraw`` post, by the same function.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ledger.entries.posting import Posted
from ledger.entries.proposals import EXPIRED, PART_POSTED, POSTED, REJECTED, WITHDRAWN, Listed, decide
from ledger.errors import LedgerError, Refused
from ledger.money import exact_pounds
from ledger.reports.position import Moment
from ledger.store.base import Store
from screens.report import tables
from screens.report.tables import Money, Table
from screens.web.importing import common
from screens.web.importing.common import worked_out
from screens.web.shell import frame, posting
from screens.web.shell.posting import Seen
from screens.web.shell.sign_in import NOBODY_YET, person

_CHOICES = {
    POSTED: "Approve it",
    PART_POSTED: "Approve some of its entries",
    REJECTED: "Reject it",
    WITHDRAWN: "Withdraw it",
    EXPIRED: "Let it expire",
}
_COMMANDS = {REJECTED: "reject", WITHDRAWN: "withdraw"}
_DONE = {
    POSTED: "approved", PART_POSTED: "approved in part", REJECTED: "rejected", WITHDRAWN: "withdrawn",
    EXPIRED: "let to expire",
}  # fmt: skip
# Which proposal stood open on the page when it was last drawn.
_OPEN = "deciding"


@dataclass(frozen=True, slots=True)
class _Asked:
    """A decision that somebody has in mind."""

    key: str
    outcome: str
    only: tuple[int, ...] = ()
    authority: str = ""


def show(store: Store, found: Listed, entries: Sequence[Mapping[str, Any]], now: Moment) -> None:
    """Render the decision on an open proposal.

    Args:
        entries: of the proposal, as ``ledger.entries.proposals`` tells them.
        now: the books at which the proposal was read.
    """
    st.header("Decide on it", anchor=False)
    st.session_state[_OPEN] = found.id
    own = found.is_of(person())
    st.write(
        "You prepared it: you can withdraw it, and somebody else approves or rejects it."
        if own
        else "Somebody else than who prepared it approves or rejects it; who prepared it can withdraw it."
    )
    asked = _asked(found, now, own=own)
    if asked is None or posting.reads_only(store, _command(asked)):
        return
    who = person() or (found.prepared_by if asked.outcome == WITHDRAWN else NOBODY_YET)
    seen = worked_out(
        "Trying it against every rule of the books",
        lambda: _decide(store, asked, who, "a trial", dry_run=True),
        "decide", asked, who, _rests_on(now),
    )  # fmt: skip
    if isinstance(seen, Refused):
        whose = "" if person() is None else f" by {who}"
        told = f"It cannot be {_DONE[asked.outcome]}{whose} as things stand. Nothing was posted. This is why:"
        frame.refused(seen.problems, frame.as_text(told))
        return
    if isinstance(seen, LedgerError):
        posting.cannot_write(str(seen))
        return
    _preview(asked, found, entries, seen)
    done = common.post_form(
        store, f"decide {asked!r}", Seen.of(now), _label(asked, found),
        lambda ledger, by, why: _decide(ledger, asked, by, why, dry_run=False), f"this decision on {found.id}",
        why_label="Why it is decided so", who_label="Who decides: a role or team, recorded in the books",
    )  # fmt: skip
    if done is not None:
        del st.session_state[_OPEN]
        st.rerun()  # the list then says, from the books, what became of it


def ended(found: Listed, posted: Sequence[int]) -> None:
    """Say how a proposal ended, and lead to its entries.

    Args:
        posted: the numbers of the entries that it became.
    """
    assert found.outcome is not None
    st.header("How it ended", anchor=False)
    if st.session_state.pop(_OPEN, None) == found.id:
        st.warning("It was decided while you looked at it. Nothing of yours was posted: a proposal ends once.")
    st.write(
        frame.as_text(f"It was {_DONE[found.outcome]} by {found.decided_by}: {found.reason}")
        + ("" if posted else ". It moved nothing, and its money is free.")
    )
    frame.link(f"Entry {found.decided_in}: the decision", "audit", {"view": "entries", "entry": found.decided_in})
    for number in posted:
        frame.link(f"Entry {number}, leg by leg", "audit", {"view": "entries", "entry": number})


def _rests_on(now: Moment) -> tuple[str, str]:
    """What a trial rests on: the books, and the day, on which rights begin and proposals expire."""
    return now.head, str(now.as_at)


def _asked(found: Listed, now: Moment, *, own: bool) -> _Asked | None:
    """What somebody chooses; None while it is not said which entries."""
    late = found.expires_on is not None and found.expires_on < now.as_at
    choices = [
        outcome for outcome in _CHOICES
        if (outcome != PART_POSTED or found.entries > 1) and (outcome != EXPIRED or late)
    ]  # fmt: skip
    outcome = st.radio(
        "Your decision", choices, format_func=lambda one: _CHOICES[one], horizontal=True,
        index=choices.index(WITHDRAWN) if own else 0, key=f"decision on {found.id}",
    )  # fmt: skip
    if outcome not in (POSTED, PART_POSTED):
        return _Asked(found.id, outcome)
    only: list[int] = []
    if outcome == PART_POSTED:
        only = st.multiselect(
            "Which of its entries are posted", range(1, found.entries + 1), placeholder="Choose",
            format_func=lambda nth: f"Entry {nth} of it", key=f"part of {found.id}",
        )  # fmt: skip
    authority = st.text_input(
        "On whose authority, where money has to leave a ring-fence", max_chars=80, key=f"authority for {found.id}"
    )
    if outcome == PART_POSTED and not only:
        st.info("Choose the entries to approve. The others are not posted, and the proposal ends with that.")
        return None
    return _Asked(found.id, outcome, tuple(sorted(only)), authority.strip())


def _command(asked: _Asked) -> str:
    if asked.outcome == EXPIRED:
        return "devolution proposal expire"
    name = _COMMANDS.get(asked.outcome, "approve")
    only = "".join(f" --only {nth}" for nth in asked.only)
    authority = f" --authority {shlex.quote(asked.authority)}" if asked.authority else ""
    return f"devolution proposal {name} {shlex.quote(asked.key)} --actor WHO --reason '...'{only}{authority}"


def _preview(asked: _Asked, found: Listed, entries: Sequence[Mapping[str, Any]], seen: Sequence[Posted]) -> None:
    if asked.outcome not in (POSTED, PART_POSTED):
        st.write(
            "Tried against every rule of the books: it can be done. The decision would be posted, none of its entries "
            f"would, and £{exact_pounds(found.amount_pence)} would be reserved no longer. Nothing is posted yet."
        )
        return
    chosen = [row for row in entries if not asked.only or row["nth"] in asked.only]
    rows = [
        (f"Entry {row['nth']} of it", posted.transfers, Money(row["amount_pence"]))
        for row, posted in zip(chosen, seen[1:], strict=True)
    ]
    st.write(
        "Tried against every rule of the books: it can be done. The decision would be posted, and with it what stands "
        "below. Nothing is posted yet."
    )
    tables.show(Table("What would be posted", ("Entry", "Legs", "Moves (£)"), rows))


def _label(asked: _Asked, found: Listed) -> str:
    if asked.outcome == POSTED:
        return f"Approve it: post £{exact_pounds(found.amount_pence)}"
    if asked.outcome == PART_POSTED:
        return f"Approve {', '.join(map(str, asked.only))} of its {found.entries} entries"
    return _CHOICES[asked.outcome]


def _decide(store: Store, asked: _Asked, by: str, reason: str, *, dry_run: bool) -> list[Posted]:
    return decide(
        store, asked.key, outcome=asked.outcome, decided_by=by, reason=reason, only=asked.only,
        authority=asked.authority or None, dry_run=dry_run,
    )  # fmt: skip
