"""What awaits a decision and what became of it: the proposals that who is at the screen may see, and one of them."""

import hashlib
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ledger.entries import proposals
from ledger.entries.draft import Draft
from ledger.entries.proposals import Listed
from ledger.money import exact_pounds
from ledger.reports.position import Moment, moment
from ledger.rules import rights
from ledger.store.base import Reader
from ledger.years import FinancialYear
from scenarios import outcome, saved
from screens.report import tables
from screens.report.tables import Cell, Link, Money, Table
from screens.web.audit import decision
from screens.web.importing import common
from screens.web.shell import address, frame
from screens.web.shell.open_ledger import Books
from screens.web.shell.sign_in import person

_HEADERS = ("Proposal", "What", "Prepared by", "Entries", "Amount (£)", "Until", "State", "Decided by")
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
    tables.show(Table(common.count_of(len(found), "proposal", "proposals"), _HEADERS, [_row(one) for one in found]))
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


def _row(one: Listed) -> tuple[Cell, ...]:
    state: Cell = one.outcome or "open"
    if one.decided_in is not None:
        state = Link(one.outcome, "audit", {"view": "entries", "entry": one.decided_in})
    return (
        Link(one.id, "audit", {"view": "proposals", "proposal": one.id}),
        one.title,
        one.prepared_by,
        one.entries,
        Money(one.amount_pence),
        str(one.expires_on or "no limit"),
        state,
        one.decided_by or "nobody yet",
    )


def _named(one: Listed | None) -> str:
    if one is None:
        return "Choose one"
    return f"{one.title}, by {one.prepared_by}, £{exact_pounds(one.amount_pence)}: {one.outcome or 'open'}"


def _one(books: Books, name: str | None, found: Listed, now: Moment) -> None:
    def asked(reader: Reader) -> _Chosen:
        return _Chosen(
            proposals.entries(reader, found.id), proposals.legs(reader, found.id),
            proposals.drafts_of(reader, found.id), proposals.is_whole(reader, found.id),
        )  # fmt: skip

    chosen = books.own(name, asked)
    st.header(f"Proposal: {frame.as_text(found.title)}", anchor=False)
    common.facts(
        "What it is",
        [
            ("Proposal", found.id),
            ("Prepared by", found.prepared_by),
            ("Submitted", tables.shown(found.recorded_at)),
            ("Can be approved until", tables.shown(found.expires_on) if found.expires_on else "no limit"),
            ("Comes from", found.source or "no scenario"),
            ("SHA-256 of that", found.source_hash or "none"),
            ("Moves", f"£{exact_pounds(found.amount_pence)}"),
            ("State", found.outcome or "open: nothing is posted, and its money is reserved"),
        ],
    )
    scenario = _scenario(books, found)
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
    if found.outcome is None:
        decision.show(books.store, found, chosen.entries, now)
    else:
        decision.ended(found, [row["posted_as"] for row in chosen.entries if row["posted_as"] is not None])


def _scenario(books: Books, found: Listed) -> str | None:
    """The scenario that a proposal comes from, as an address names it; none where it is not kept, or not as it was."""
    if not found.source or not found.source_hash:
        return None
    name = found.source.removesuffix(".yaml")
    shipped = outcome.library_file(name)
    if shipped is not None and hashlib.sha256(shipped.read_bytes()).hexdigest() == found.source_hash:
        return name
    kept = saved.version(books.store.path, found.source_hash)
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
            Money(row["amount_pence"]),
        )
        for row in chosen.entries
    ]
    headers = ("Entry", "Kind", "Why", "Counts from", "On the authority of", "Source", "Legs", "Moves (£)")
    tables.show(Table(common.count_of(len(rows), "entry of it", "entries of it"), headers, rows))


def _legs(chosen: _Chosen) -> None:
    rows = [
        (
            f"{leg['entry']}.{leg['leg']}",
            _account(leg, "from"),
            _account(leg, "to"),
            "recurrent" if leg["recurrent"] else "one-off",
            leg["note"] or "",
            Money(leg["amount_pence"]),
        )
        for leg in chosen.legs
    ]
    if not rows:
        st.write("It moves no money: it brings records alone.")
        return
    headers = ("Leg", "Who pays, from", "Who receives, on", "Lasting", "Sheet and cell, or arithmetic", "Amount (£)")
    caption = f"Who pays whom: {common.count_of(len(rows), 'leg', 'legs')}"
    tables.show(Table(caption, headers, rows[:_MOST_LEGS]))
    if len(rows) > _MOST_LEGS:
        st.write(f"The first {_MOST_LEGS} of {len(rows):,} are shown; the file has all of them.")
    tables.download(Table(caption, headers, rows), "proposed-legs")


def _account(leg: dict[str, Any], end: str) -> str:
    year = FinancialYear(leg[f"{end}_year"])
    return (
        f"{leg[f'{end}_name']} ({leg[f'{end}_organisation']}): {leg[f'{end}_fund']}, {leg[f'{end}_standing']}, {year}"
    )


def _brought(chosen: _Chosen) -> None:
    """Records that it would bring, such as terms of a ring-fence: each with all that it says."""
    for nth, draft in enumerate(chosen.drafts, start=1):
        for model, table in draft.records.items():
            rows = []
            for row in table.to_pylist():
                name, *rest = row.items()
                says = "; ".join(_said(column, value) for column, value in rest if value not in (None, ""))
                rows.append((name[1], says))
            tables.show(Table(f"Entry {nth} of it records: {model.__name__.lower()}", ("Record", "What it says"), rows))


def _said(column: str, value: Any) -> str:
    if column.endswith("_pence"):
        return f"{column.removesuffix('_pence').replace('_', ' ')} £{exact_pounds(value)}"
    word = {True: "yes", False: "no"}[value] if isinstance(value, bool) else tables.shown(value)
    return f"{column.replace('_', ' ')}: {word}"
