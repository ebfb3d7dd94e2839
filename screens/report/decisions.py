"""What awaits a decision: proposals with the money that they reserve, and one of them leg by leg."""

from collections.abc import Mapping, Sequence
from typing import Any

from ledger.entries import proposals
from ledger.entries.proposals import Listed
from ledger.reports.position import Moment
from ledger.store.base import Reader
from ledger.years import FinancialYear
from screens.report.report import (
    Link,
    Report,
    Table,
    columns,
    count,
    count_of,
    day,
    link,
    money,
    text,
)


def waiting(reader: Reader, at: Moment, *, everything: bool) -> Report:
    """What awaits a decision and how much money it reserves; with everything, those that have ended too."""
    found = [one for one in proposals.listed(reader) if everything or one.outcome is None]
    return Report([proposals_table(found)], at, sentences=[] if found else ["No proposal is open."])


def proposals_table(proposals: Sequence[Listed]) -> Table:
    """Proposals, each with its state; it leads to itself, and its state to the entry that decided it."""
    heads = [
        link("Proposal", "proposal"), text("What", "title"), text("Prepared by", "prepared_by"),
        count("Entries", "entries"), money("Amount (£)", "amount_pence"),
        day("Until", "expires_on", missing="no limit"), link("State", "outcome"),
        text("Decided by", "decided_by", missing="nobody yet"), text("Reason", "reason"),
    ]  # fmt: skip
    rows = [
        (Link(one.id, "audit", {"view": "proposals", "proposal": one.id}), one.title, one.prepared_by, one.entries,
         one.amount_pence, one.expires_on, _state(one), one.decided_by, one.reason)
        for one in proposals
    ]  # fmt: skip
    return Table(count_of(len(rows), "proposal", "proposals"), heads, rows)


def _state(one: Listed) -> Link | str:
    if one.decided_in is None:
        return one.outcome or "open"
    return Link(one.outcome, "audit", {"view": "entries", "entry": one.decided_in})


def proposal(reader: Reader, at: Moment, key: str) -> Report:
    """The entries of a proposal, leg by leg, as they would be posted.

    Raises:
        Refused: there is no such proposal.
    """
    found = proposals.proposal_named(reader, key)
    drafts = proposals.drafts_of(reader, key)
    rows = [
        {**leg, "entry": nth, "kind": draft.kind, "effective_date": draft.effective_date}
        for nth, draft in enumerate(drafts, start=1)
        for leg in draft.legs().to_pylist()
    ]
    brings = [
        f"Entry {nth} records {table.num_rows} {model.__name__.lower()}: {draft.reason}."
        for nth, draft in enumerate(drafts, start=1)
        for model, table in draft.records.items()
    ]
    title = f"{found.title}, prepared by {found.prepared_by}: {found.outcome or 'open'}"
    (own,) = proposals_table([found]).records()
    heads = [text("Entry", "entry"), text("Kind", "kind"), day("Effective date", "effective_date"),
             text("From", "from"), text("To", "to"), money("Amount (£)", "amount_pence"),
             text("Note", "note")]  # fmt: skip
    cells = [(leg["entry"], leg["kind"], leg["effective_date"], account(leg, "from"), account(leg, "to"),
              leg["amount_pence"], leg["note"]) for leg in rows]  # fmt: skip
    return Report([Table("Legs", heads, cells)], at, title, brings, {"proposal": own})


def legs(rows: Sequence[Mapping[str, Any]], name: str, *, most: int | None = None) -> Table:
    """Legs of entries, from account to account, each with the cell that it came from.

    Args:
        rows: each with the ends, what it moves, and its own number; those of a proposal with the entry's and names.
    """
    heads = columns("Leg", "From", "To", "Lasting", "Sheet and cell, or arithmetic", "Amount (£)")
    cells = [
        (f"{leg['entry']}.{leg['leg']}" if "entry" in leg else str(leg["leg"]), account(leg, "from"),
         account(leg, "to"), "recurrent" if leg["recurrent"] else "one-off", leg["note"], leg["amount_pence"])
        for leg in rows
    ]  # fmt: skip
    return Table(name, heads, cells, most=most)


def account(leg: Mapping[str, Any], end: str) -> str:
    """One end of a leg, ``from`` or ``to``: whose money, on which fund, in which standing; with the year and names."""
    account = f"{leg[f'{end}_fund']}, {leg[f'{end}_standing']}"
    if f"{end}_name" not in leg:
        return f"{leg[f'{end}_organisation']}, {account}"
    return f"{leg[f'{end}_name']} ({leg[f'{end}_organisation']}): {account}, {FinancialYear(leg[f'{end}_year'])}"
