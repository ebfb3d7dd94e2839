"""Undo what was brought in: everything that files brought, who brought it, and the reversal of it, seen first."""

from collections.abc import Sequence

import streamlit as st

from ledger.entries.posting import Posted, reverse_all
from ledger.errors import LedgerError, Problem, Refused
from ledger.inputs import Input
from ledger.reports import imported
from ledger.reports.imported import Batch
from ledger.reports.position import Moment
from ledger.store import attachments
from ledger.store.base import Store
from screens.asked import answers
from screens.report import decisions
from screens.report.render import page as tables
from screens.report.report import Link, Table, columns, count, day, link
from screens.report.wording import PAGE
from screens.web.importing import common
from screens.web.importing.common import worked_out
from screens.web.shell import address, frame, open_ledger, posting
from screens.web.shell.posting import Seen
from screens.web.shell.sign_in import NOBODY_YET, person

_MOST_NAMED = 12
_MOST_LEGS = 60


def show(store: Store, at: Moment) -> None:
    """Render the list of imports, and the undoing of the one that the address names."""
    st.header("What was brought in", anchor=False)
    found = open_ledger.ask(store, lambda reader, _: imported.batches(reader, at))
    if not found:
        st.info("Nothing was brought into these books from a file yet. 'Bring a file in' begins it.")
        return
    st.write(
        "Nothing posted ever changes: to undo an import is to post its mirror, with a reason. What was known before "
        "stays as it was known."
    )
    rows = [
        (
            Link(_numbers(batch.entries), "import-export", {"view": "undo", "entry": batch.entries[0]}),
            batch.source,
            batch.actor,
            batch.recorded_at,
            batch.stands,
            batch.legs,
            batch.moved_pence,
            batch.digest,
        )
        for batch in found
    ]
    heads = columns(
        link("Entries"), "File or source", "By", day("Recorded"), "State", count("Legs"), "Moved (£)", "SHA-256"
    )
    table = Table(f"{len(rows):,} imports, the newest first", heads, rows)
    listed = st.container()
    by_first = {batch.entries[0]: batch for batch in found}
    first = address.choose(
        "entry", "Which import", [0, *by_first], shown=lambda number: _named(by_first.get(number)),
        unknown="with which no import here begins",
    )  # fmt: skip
    # Who has chosen one is done with the list.
    with listed, st.expander(table.name) if first else st.container():
        tables.show(table.with_only(*(column.heading for column in heads[:-1])), is_exact=True, folds=not first)
        tables.download(table, "imports")
    if first:
        _undo(store, at, by_first[first])


def _named(batch: Batch | None) -> str:
    if batch is None:
        return "Choose one to undo"
    return f"{_numbers(batch.entries)}: {batch.source}, {batch.recorded_at:%-d %B %Y}, {batch.stands}"


def _numbers(numbers: Sequence[int]) -> str:
    first, last = numbers[0], numbers[-1]
    return f"Entry {first}" if first == last else f"Entries {first} to {last}"


def _undo(store: Store, at: Moment, batch: Batch) -> None:
    st.header(f"Undo {_numbers(batch.entries).lower()}", anchor=False)
    kept = worked_out("Looking for the original", lambda: attachments.kept(store.path, batch.digest), "kept",
                      batch.digest, at.head)  # fmt: skip
    with st.expander(f"What it was: {frame.as_text(batch.source)}"):
        common.facts(
            "What it was",
            [
                ("File or source", batch.source),
                ("By", batch.actor),
                ("Reason", batch.reason),
                ("Original", PAGE.text(kept) if isinstance(kept, LedgerError) else "kept beside the ledger" if kept else
                 "not kept: it is not a file that was brought in here"),
                ("Undone by", ", ".join(f"entry {number}" for number in batch.undone_by) or "nothing"),
            ],
        )  # fmt: skip
    _entries(batch)
    if not batch.to_undo:
        if batch.undone_by:
            st.info("It is undone already. To bring it back, bring the file in again: that is a decision of its own.")
        else:
            st.info(
                "It brought organisations, terms or totals and moved no money, so there is nothing to reverse. To "
                "correct a record, record a newer one."
            )
        return
    if posting.reads_only(store, f"devolution reverse {batch.to_undo[0]} --reason '...'"):
        return
    _form(store, at, batch)


def _entries(batch: Batch) -> None:
    with frame.for_analysts("its entries, leg by leg, and the SHA-256 of its source"):
        for number in batch.entries[:_MOST_NAMED]:
            frame.link(f"Entry {number}, leg by leg", "audit", {"view": "entries", "entry": number})
        if len(batch.entries) > _MOST_NAMED:
            st.write(f"The first {_MOST_NAMED} of {len(batch.entries):,} entries are linked; Audit has all of them.")
        st.code(batch.digest, language=None, wrap_lines=True)


def _form(store: Store, at: Moment, batch: Batch) -> None:
    authority = st.text_input(PAGE.label(Input.AUTHORITY), max_chars=80, key="undo authority")
    who = person() or NOBODY_YET
    seen = worked_out(
        "Trying it against every rule of the books",
        lambda: _reverse(store, batch, "a trial", who, authority, dry_run=True),
        "undo", batch.to_undo, authority, who, at.head, at.as_at,
    )  # fmt: skip
    if isinstance(seen, Refused):
        told = "It cannot be undone: the books would not hold. Nothing was posted. This is why:"
        common.problems(seen.problems, batch.source, told=told)
        st.write(
            "Undo first what was built on it, the newest first. Where a published total was brought in too, the books "
            "hold themselves to it."
        )
        return
    if isinstance(seen, LedgerError):
        posting.cannot_write(str(seen))
        return
    _preview(store, batch, seen)
    rows = batch.to_undo
    st.write(
        f"{len(rows):,} reversals that move £ back where they came from, leg by leg; every balance is then what it was "
        "without this import. Nothing is posted yet."
        if len(rows) > 1
        else "One reversal that moves every leg back; every balance is then what it was without this import. Nothing "
        "is posted yet."
    )
    done = common.post_form(
        store, f"undo {batch.to_undo} {authority}", Seen.at_moment(at), f"Undo {_numbers(batch.entries).lower()}",
        lambda ledger, who, why: _reverse(ledger, batch, why, who, authority, dry_run=False), batch.source,
        why_label="Why it is undone",
    )  # fmt: skip
    if done is not None:
        st.rerun()  # the list then says, from the books, that it is undone


def _preview(store: Store, batch: Batch, seen: Sequence[Posted]) -> None:
    """What the mirror would move back: leg by leg where one entry is undone, entry by entry otherwise."""
    if len(batch.to_undo) > 1:
        moved = open_ledger.ask(
            store,
            lambda reader, at: {one: answers.entry(reader, at, one)[0]["moved_pence"] for one in batch.to_undo},
        )
        rows = [
            (f"Entry {number}", posted.transfers, moved[number])
            for number, posted in zip(batch.to_undo, seen, strict=True)
        ]
        tables.show(
            Table(
                "What would be posted, the newest first", columns("Mirror of", count("Legs"), "Moves back (£)"), rows
            ),
            is_exact=True,
        )
        return
    _, legs = open_ledger.ask(store, lambda reader, at: answers.entry(reader, at, batch.to_undo[0]))
    back = [(decisions.account(leg, "to"), decisions.account(leg, "from"), leg["amount_pence"]) for leg in legs]
    table = Table(
        f"What would be posted: {len(back):,} legs back",
        columns("From", "Back to", "Amount (£)"),
        back,
        most=_MOST_LEGS,
    )
    tables.show(table, "undo-legs" if len(back) > _MOST_LEGS else "", is_exact=True)


def _reverse(store: Store, batch: Batch, reason: str, actor: str, authority: str, *, dry_run: bool) -> list[Posted]:
    posted = reverse_all(
        store, batch.to_undo, reason=reason, actor=actor, authority=authority.strip() or None, dry_run=dry_run
    )
    if not posted:
        raise Refused([Problem("the import", "nothing of it stands.", "There is nothing to undo.", "")])
    return posted
