"""What awaits a decision and what became of it: the proposals that the reader may see, and deciding on one."""

import hashlib
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import streamlit as st

from ledger.entries import proposals
from ledger.entries.draft import Draft
from ledger.entries.posting import Posted
from ledger.entries.proposals import EXPIRED, PART_POSTED, POSTED, REJECTED, WITHDRAWN, Listed, decide
from ledger.errors import LedgerError, Refused
from ledger.inputs import Input
from ledger.money import exact_pounds
from ledger.reports.position import Moment, moment
from ledger.rules import rights
from ledger.store.base import Reader, Store
from scenarios import outcome, saved
from screens.report import decisions
from screens.report.render import page as tables
from screens.report.report import Table, columns, count, count_of, day
from screens.report.wording import PAGE
from screens.web.importing import common
from screens.web.importing.common import worked_out
from screens.web.shell import address, frame, posting
from screens.web.shell.open_ledger import Books
from screens.web.shell.posting import Seen
from screens.web.shell.sign_in import NOBODY_YET, person

_MOST_LEGS = 60


@dataclass(frozen=True, slots=True)
class _Chosen:
    """One proposal as who is at the screen may see it.

    Attributes:
        is_whole: whether they see all its legs.
    """

    entries: list[dict[str, Any]]
    legs: list[dict[str, Any]]
    drafts: list[Draft]
    is_whole: bool


def show(books: Books) -> None:
    """Render them; they are asked in the name of who is at the screen, and kept for nobody else."""
    name = person()

    def asked(reader: Reader) -> tuple[list[Listed], bool, Moment]:
        return proposals.listed(reader), rights.in_force(reader), moment(reader)

    found, counts, now = books.own(name, asked)
    if counts:
        st.write(f"Proposals of organisations for which {name or 'whoever opened this app'} has a right.")
    if not found:
        st.info("No proposal is here for you to see.")
        return
    tables.show(decisions.proposals_table(found), is_exact=True)
    st.write(
        "Choose one to see what it would do, and to decide on it. 'devolution proposal' approves, rejects and "
        "withdraws on the command line."
    )
    by_id = {one.id: one for one in sorted(found, key=lambda one: one.outcome is not None)}
    key = address.choose(
        "proposal", "Which proposal", ["", *by_id], shown=lambda key: _named(by_id.get(key)),
        unknown="which is not here for you to see",
    )  # fmt: skip
    if key:
        _one(books, name, by_id[key], now)


def _named(one: Listed | None) -> str:
    if one is None:
        return "Choose one"
    return f"{one.title}, by {one.prepared_by}, £{exact_pounds(one.amount_pence)}: {one.outcome or 'open'}"


def _one(books: Books, name: str | None, proposal: Listed, now: Moment) -> None:
    def asked(reader: Reader) -> _Chosen:
        return _Chosen(
            proposals.entries(reader, proposal.id), proposals.legs(reader, proposal.id),
            proposals.drafts_of(reader, proposal.id), proposals.is_whole(reader, proposal.id),
        )  # fmt: skip

    chosen = books.own(name, asked)
    st.header(f"Proposal: {frame.as_text(proposal.title)}", anchor=False)
    common.facts(
        "What it is",
        [
            ("Proposal", proposal.id),
            ("Prepared by", proposal.prepared_by),
            ("Submitted", day("").text(proposal.recorded_at)),
            ("Can be approved until", day("").text(proposal.expires_on) if proposal.expires_on else "no limit"),
            ("Comes from", proposal.source or "no scenario"),
            ("SHA-256 of that", proposal.source_hash or "none"),
            ("Moves", f"£{exact_pounds(proposal.amount_pence)}"),
            ("State", proposal.outcome or "open: nothing is posted, and its money is reserved"),
        ],
    )
    scenario = _scenario(books, proposal)
    if scenario:
        frame.link("The scenario that it comes from", "scenarios", {"scenario": scenario})
    if not chosen.is_whole:
        st.warning(
            "Others pay in it too. Only the legs from and to organisations for which you have a right are shown, and "
            "counted, here."
        )
    _entries(chosen)
    _legs(chosen)
    _brought(chosen)
    if proposal.outcome is None:
        _decision(books.store, proposal, chosen.entries, now)
    else:
        _ended(proposal, [row["posted_as"] for row in chosen.entries if row["posted_as"] is not None])


def _scenario(books: Books, proposal: Listed) -> str | None:
    """The scenario that a proposal comes from, as an address names it; none where it is not kept, or not as it was."""
    if not proposal.source or not proposal.source_hash:
        return None
    name = proposal.source.removesuffix(".yaml")
    shipped = outcome.library_file(name)
    if shipped is not None and hashlib.sha256(shipped.read_bytes()).hexdigest() == proposal.source_hash:
        return name
    kept = saved.version(books.store.path, proposal.source_hash)
    return None if kept is None else kept.digest


def _entries(chosen: _Chosen) -> None:
    rows = [
        (
            f"Entry {row['nth']} of it",
            row["kind"],
            row["reason"],
            row["effective_date"],
            row["authority"] or "nobody named",
            row["source"] or "none named",
            row["legs"],
            row["amount_pence"],
        )
        for row in chosen.entries
    ]
    heads = columns(
        "Entry", "Kind", "Why", day("Counts from"), "On the authority of", "Source", count("Legs"), "Moves (£)"
    )
    tables.show(Table(count_of(len(rows), "entry of it", "entries of it"), heads, rows), is_exact=True)


def _legs(chosen: _Chosen) -> None:
    if not chosen.legs:
        st.write("It moves no money: it brings records alone.")
        return
    name = f"Who pays whom: {count_of(len(chosen.legs), 'leg', 'legs')}"
    tables.show(decisions.legs(chosen.legs, name, most=_MOST_LEGS), "proposed-legs", is_exact=True)


def _brought(chosen: _Chosen) -> None:
    """Records that it would bring, such as terms of a ring-fence: each with all that it says."""
    for nth, draft in enumerate(chosen.drafts, start=1):
        for model, table in draft.records.items():
            rows = []
            for row in table.to_pylist():
                name, *rest = row.items()
                says = "; ".join(_said(column, value) for column, value in rest if value not in (None, ""))
                rows.append((name[1], says))
            tables.show(
                Table(f"Entry {nth} of it records: {model.__name__.lower()}", columns("Record", "What it says"), rows),
                is_exact=True,
            )


def _said(column: str, value: Any) -> str:
    if column.endswith("_pence"):
        return f"{column.removesuffix('_pence').replace('_', ' ')} £{exact_pounds(value)}"
    word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else _written(value)
    return f"{column.replace('_', ' ')}: {word}"


def _written(value: Any) -> str:
    return day("").text(value) if isinstance(value, date) else f"{value:,}" if isinstance(value, int) else str(value)


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


def _decision(store: Store, proposal: Listed, entries: Sequence[Mapping[str, Any]], now: Moment) -> None:
    """Render the decision on an open proposal.

    Args:
        entries: of the proposal, as ``ledger.entries.proposals`` tells them.
        now: the books at which the proposal was read.
    """
    st.header("Decide on it", anchor=False)
    st.session_state[_OPEN] = proposal.id
    own = proposal.is_of(person())
    st.write(
        "You prepared it: you can withdraw it, and somebody else approves or rejects it."
        if own
        else "Somebody else than who prepared it approves or rejects it; who prepared it can withdraw it."
    )
    asked = _asked(proposal, now, own=own)
    if asked is None or posting.reads_only(store, _command(asked)):
        return
    who = person() or (proposal.prepared_by if asked.outcome == WITHDRAWN else NOBODY_YET)
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
    _preview(asked, proposal, entries, seen)
    done = common.post_form(
        store, f"decide {asked!r}", Seen.at_moment(now), _label(asked, proposal),
        lambda ledger, by, why: _decide(ledger, asked, by, why, dry_run=False), f"this decision on {proposal.id}",
        why_label="Why it is decided so", who_label="Who decides: a role or team, recorded in the books",
    )  # fmt: skip
    if done is not None:
        del st.session_state[_OPEN]
        st.rerun()  # the list then says, from the books, what became of it


def _ended(proposal: Listed, posted: Sequence[int]) -> None:
    """Say how a proposal ended, and lead to its entries.

    Args:
        posted: the numbers of the entries that it became.
    """
    assert proposal.outcome is not None
    st.header("How it ended", anchor=False)
    if st.session_state.pop(_OPEN, None) == proposal.id:
        st.warning("It was decided while you looked at it. Nothing of yours was posted: a proposal ends once.")
    st.write(
        frame.as_text(f"It was {_DONE[proposal.outcome]} by {proposal.decided_by}: {proposal.reason}")
        + ("" if posted else ". It moved nothing, and its money is free.")
    )
    frame.link(f"Entry {proposal.decided_in}: the decision", "audit", {"view": "entries", "entry": proposal.decided_in})
    for number in posted:
        frame.link(f"Entry {number}, leg by leg", "audit", {"view": "entries", "entry": number})


def _rests_on(now: Moment) -> tuple[str, str]:
    """What a trial rests on: the books, and the day, on which rights begin and proposals expire."""
    return now.head, str(now.as_at)


def _asked(proposal: Listed, now: Moment, *, own: bool) -> _Asked | None:
    """What somebody chooses; None while it is not said which entries."""
    late = proposal.expires_on is not None and proposal.expires_on < now.as_at
    choices = [
        outcome for outcome in _CHOICES
        if (outcome != PART_POSTED or proposal.entries > 1) and (outcome != EXPIRED or late)
    ]  # fmt: skip
    outcome = st.radio(
        "Your decision", choices, format_func=lambda one: _CHOICES[one], horizontal=True,
        index=choices.index(WITHDRAWN) if own else 0, key=f"decision on {proposal.id}",
    )  # fmt: skip
    if outcome not in (POSTED, PART_POSTED):
        return _Asked(proposal.id, outcome)
    only: list[int] = []
    if outcome == PART_POSTED:
        only = st.multiselect(
            "Which of its entries are posted", range(1, proposal.entries + 1), placeholder="Choose",
            format_func=lambda nth: f"Entry {nth} of it", key=f"part of {proposal.id}",
        )  # fmt: skip
    authority = st.text_input(PAGE.label(Input.AUTHORITY), max_chars=80, key=f"authority for {proposal.id}")
    if outcome == PART_POSTED and not only:
        st.info("Choose the entries to approve. The others are not posted, and the proposal ends with that.")
        return None
    return _Asked(proposal.id, outcome, tuple(sorted(only)), authority.strip())


def _command(asked: _Asked) -> str:
    if asked.outcome == EXPIRED:
        return "devolution proposal expire"
    name = _COMMANDS.get(asked.outcome, "approve")
    only = "".join(f" --only {nth}" for nth in asked.only)
    authority = f" --authority {shlex.quote(asked.authority)}" if asked.authority else ""
    return f"devolution proposal {name} {shlex.quote(asked.key)} --actor WHO --reason '...'{only}{authority}"


def _preview(asked: _Asked, proposal: Listed, entries: Sequence[Mapping[str, Any]], seen: Sequence[Posted]) -> None:
    if asked.outcome not in (POSTED, PART_POSTED):
        st.write(
            "Tried against every rule of the books: it can be done. The decision would be posted, none of its entries "
            f"would, and £{exact_pounds(proposal.amount_pence)} would be reserved no longer. Nothing is posted yet."
        )
        return
    chosen = [row for row in entries if not asked.only or row["nth"] in asked.only]
    rows = [
        (f"Entry {row['nth']} of it", posted.transfers, row["amount_pence"])
        for row, posted in zip(chosen, seen[1:], strict=True)
    ]
    st.write(
        "Tried against every rule of the books: it can be done. The decision would be posted, and with it what stands "
        "below. Nothing is posted yet."
    )
    tables.show(Table("What would be posted", columns("Entry", count("Legs"), "Moves (£)"), rows), is_exact=True)


def _label(asked: _Asked, proposal: Listed) -> str:
    if asked.outcome == POSTED:
        return f"Approve it: post £{exact_pounds(proposal.amount_pence)}"
    if asked.outcome == PART_POSTED:
        return f"Approve {', '.join(map(str, asked.only))} of its {proposal.entries} entries"
    return _CHOICES[asked.outcome]


def _decide(store: Store, asked: _Asked, by: str, reason: str, *, dry_run: bool) -> list[Posted]:
    return decide(
        store, asked.key, outcome=asked.outcome, decided_by=by, reason=reason, only=asked.only,
        authority=asked.authority or None, dry_run=dry_run,
    )  # fmt: skip
