"""Bring a file in: which file, what it is, and then the way that this kind of file goes."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from allocations.files.recognise import Brought, kind_of, unpacked
from ledger.errors import LedgerError
from ledger.reports import imported
from ledger.reports.position import Moment
from ledger.store.base import Store
from screens.report.render import page as tables
from screens.report.report import Table, columns, count, day, entry_link, link
from screens.report.wording import KIND_OF_FILE
from screens.web.importing import budgets, common, others
from screens.web.importing.common import worked_out
from screens.web.shell import open_ledger

_LARGEST_MB = 25
KINDS = {
    Brought.BUDGETS: "A budget: who gets how much",
    Brought.PUBLISHED: "Published files of NHS England or the ODS",
    Brought.STRUCTURE: "Mergers and splits of ICBs",
    Brought.POSITION: "A position that was exported here",
}
_COMMANDS = {
    Brought.BUDGETS: "devolution import budgets FILE --year 2025/26 --icb CODE",
    Brought.PUBLISHED: "devolution import published FILE",
    Brought.STRUCTURE: "devolution import structure FILE FILE",
    Brought.POSITION: "devolution import position FILE",
}


def show(store: Store, at: Moment) -> None:
    """Render the import of the files that are brought."""
    st.header("Which file?", anchor=False)
    st.write(
        "A budget as Excel or CSV, the template filled in, published files, or a position that was exported. It is "
        "read on this machine. Nothing is posted before the last step, and the original is kept beside the ledger "
        "only then."
    )
    files = st.file_uploader(
        "Files to bring in", accept_multiple_files=True, max_upload_size=_LARGEST_MB, key="bring files"
    )
    if not files:
        common.steps({"File": "choose one", **dict.fromkeys(("What it says", "Problems", "Totals", "Post"), "")})
        st.info("No file is chosen yet. A template to fill in is under 'Take files out'.")
        return
    brought = [(common.safe_name(file.name), file.getvalue()) for file in files]
    named = [name for name, _ in brought]
    taken = worked_out("Looking into the files", lambda: _unpacked(brought), "unpacked", named,
                       *(hashlib.sha256(content).hexdigest() for _, content in brought))  # fmt: skip
    if not isinstance(taken, LedgerError):
        brought = taken
    digests = [hashlib.sha256(content).hexdigest() for _, content in brought]
    _seen_before(store, at, brought, digests)
    found = worked_out("Looking what kind of file it is", lambda: _kind(brought), "kind", *digests, brought[0][0])
    if isinstance(found, LedgerError):
        common.steps({"File": "cannot be read", "Post": ""})
        common.failed(found, ", ".join(name for name, _ in brought))
        return
    kind = _choose_kind(found, digests)
    if kind is Brought.BUDGETS:
        if len(brought) > 1:
            common.steps({"File": "one at a time", "Post": ""})
            st.warning("A budget is brought in one file at a time. Take the others away above.")
            return
        budgets.show(store, at, brought[0][0], brought[0][1], digests[0])
    elif kind is Brought.POSITION:
        others.position(store, at, brought, digests)
    else:
        others.published(store, at, brought, digests, is_structure=kind is Brought.STRUCTURE)


def command(kind: Brought) -> str:
    """The command line that brings the same in."""
    return _COMMANDS[kind]


def _unpacked(brought: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    with common.as_paths(brought) as paths:
        return [file for path in paths for file in unpacked(path)]


def _kind(brought: Sequence[tuple[str, bytes]]) -> Brought:
    with common.as_paths(brought) as paths:
        return kind_of([Path(path) for path in paths])


def _choose_kind(found: Brought, digests: Sequence[str]) -> Brought:
    kind: Brought = st.radio(
        KIND_OF_FILE, list(KINDS), index=list(KINDS).index(found), format_func=lambda kind: KINDS[kind],
        key=f"bring kind {digests[0][:16]}",
    )  # fmt: skip
    if kind is not found:
        st.write(f"By what stands in it, it looks like this: {KINDS[found][0].lower()}{KINDS[found][1:]}.")
    return kind


def _seen_before(store: Store, at: Moment, brought: Sequence[tuple[str, bytes]], digests: Sequence[str]) -> None:
    """The files with their hashes, and whether the books rest on any of them already."""
    rows = [(name, len(content), digest) for (name, content), digest in zip(brought, digests, strict=True)]
    tables.show(Table("Files", columns("File", count("Bytes"), "SHA-256"), rows))
    before = open_ledger.ask(
        store,
        lambda reader, _: [batch for digest in digests for batch in imported.batches(reader, at, digest=digest)],
    )
    if before:
        shown = [
            (
                entry_link(batch.entries[0]),
                batch.source,
                batch.actor,
                batch.recorded_at,
                batch.stands,
                batch.moved_pence,
            )
            for batch in before
        ]
        heads = columns(link("First entry"), "Source", "By", day("Recorded"), "State", "Moved (£)")
        tables.show(Table("Brought in before", heads, shown))
