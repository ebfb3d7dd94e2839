"""A register of decisions: a file brought in whole or not at all, and registers to take away."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import streamlit as st

from allocations.files.register.reading import Register, read_register, refuse_unless_it_ties
from allocations.files.register.tracker import looks_like_a_tracker, read_tracker
from allocations.reading.cells import read_workbook
from ledger.entries.decisions import batch
from ledger.entries.decisions.batch import Recorded
from ledger.errors import LedgerError
from ledger.money import parse_pounds, spoken
from ledger.reports.position import Moment, moment
from ledger.store.base import Reader, Store
from screens.report import recording
from screens.report.files import registers
from screens.report.files.exports import EXCEL
from screens.report.render import page as tables
from screens.report.report import Report
from screens.web.importing import common
from screens.web.importing.common import worked_out
from screens.web.record import trackers
from screens.web.record.last_step import Rehearsed, ask_who, post_or_propose, rehearsed, who
from screens.web.record.one import facts_of
from screens.web.shell import posting
from screens.web.shell.sign_in import person

T = TypeVar("T")
_LARGEST_MB = 25
_DONE = "register recorded"
_LETTER = "Total of the allocation letter (£), if the file does not say it"
_Write = Callable[[Reader, Moment, Path], Report]
_WRITTEN: dict[str, tuple[str, str, str, _Write]] = {
    "template": (
        "An empty register, with lists and checks (Excel)", "register.xlsx", EXCEL, registers.template_of
    ),
    "register": (
        "Every decision of these books as a register (Excel)", "decisions.xlsx", EXCEL, registers.decisions_of
    ),
    "csv": (
        "Every decision of these books as a register (CSV)", "decisions.csv", "text/csv", registers.decisions_of
    ),
}  # fmt: skip


def show(store: Store, at: Moment) -> None:
    """Render the bringing in of a register, and the registers to take away."""
    st.header("A register to take away", anchor=False)
    st.write(
        "A row a decision, which comes in again exactly as it was. What a file of another kind brought is left out."
    )
    for name in _WRITTEN:
        _download(store, name)
    st.header("A register to bring in", anchor=False)
    st.write(
        "Excel or CSV, by the headings of the empty register; or a tracker with column names of its own. All of it is "
        "posted, or nothing."
    )
    file = st.file_uploader("Register", max_upload_size=_LARGEST_MB, key="record file")
    if file is None:
        st.info("No file is chosen yet.")
        return
    name, content = common.safe_name(file.name), file.getvalue()
    digest = hashlib.sha256(content).hexdigest()
    found = _register(store, at, name, content, digest)
    if found is None:
        return
    register, about = found
    total = _total(register)
    if posting.reads_only(store, "devolution record FILE"):
        return
    ask_who()
    actor = who()
    tried = worked_out(
        "Asking every rule of the books",
        lambda: rehearsed(lambda propose: _record(store, register, total, actor, dry_run=True, propose=propose)),
        "record register", str(store.path), about, name, total, actor, at.head, at.as_at,
    )  # fmt: skip
    if isinstance(tried, LedgerError):
        common.failed(tried, name)
        return
    _post(store, at, register, about, total, tried)


def _download(store: Store, name: str) -> None:
    label, file_name, mime, write = _WRITTEN[name]

    def made() -> bytes:
        with TemporaryDirectory() as folder, store.read(person()) as reader:
            path = Path(folder) / file_name
            write(reader, moment(reader), path)
            return path.read_bytes()

    st.download_button(label, data=made, file_name=file_name, mime=mime, key=f"download {name}", on_click="ignore")


def _register(store: Store, at: Moment, name: str, content: bytes, digest: str) -> tuple[Register, str] | None:
    """The register in a file, by its own headings or by a mapping, and all that it depends on.

    None, with the page told why, where there is none.
    """
    book = worked_out("Reading the file", lambda: _read(name, content, read_workbook), "tracker", digest, name)
    if isinstance(book, LedgerError):
        common.failed(book, name)
        return None
    about = digest
    if not looks_like_a_tracker(book):
        found = worked_out("Reading the file", lambda: _read(name, content, read_register), "register", digest, name)
    else:
        facts = worked_out("Reading the books", lambda: facts_of(store), "known", str(store.path), at.head)
        if isinstance(facts, LedgerError):
            common.failed(facts, name)
            return None
        mapping = trackers.ask(book, facts)
        if mapping is None:
            return None
        about = f"{digest} {mapping!r}"
        found = worked_out(
            "Reading the file", lambda: _read(name, content, lambda path: read_tracker(path, mapping, facts)), "mapped",
            about, name, str(store.path), at.head,
        )  # fmt: skip
    if isinstance(found, LedgerError):
        common.failed(found, name)
        return None
    return found, about


def _read(name: str, content: bytes, read: Callable[[Path], T]) -> T:
    with common.as_path(name, content) as path:
        return read(path)


def _total(register: Register) -> int | None:
    typed = st.text_input(_LETTER, max_chars=30, key="record total", placeholder="as 1234567.89 or 12.5m")
    if typed.strip():
        try:
            return parse_pounds(typed)
        except ValueError as error:
            st.error(str(error))
    if register.letter_pence is not None:
        st.write(f"The file says that its letter comes to {spoken(register.letter_pence)}.")
    return None


def _record(
    store: Store, register: Register, total: int | None, actor: str, *, dry_run: bool = False, propose: bool = False
) -> Recorded:
    refuse_unless_it_ties(register, total)
    told = st.progress(0.0, "Recording")

    def progress(step: str, done: int, whole: int) -> None:
        told.progress(min(done / whole, 1.0) if whole else 1.0, f"{step}: {done:,} of {whole:,}")

    try:
        return batch.record(store, register.rows, actor=actor, dry_run=dry_run, propose=propose, progress=progress)
    finally:
        told.empty()


def _post(store: Store, at: Moment, register: Register, about: str, total: int | None, tried: Rehearsed) -> None:
    recorded = tried.recorded
    st.header("What it would record", anchor=False)
    report = recording.of_register(register, recorded, at, dry_run=True, propose=False)
    for sentence in report.sentences:
        st.write(sentence)
    for table in report.shown:
        tables.show(table, is_exact=True)
    shown = repr((about, total))
    done = st.session_state.get(_DONE)
    if done is not None and done[0] == shown:
        st.success(done[1])
        return
    if recorded.was_recorded:
        st.success("The books have all of it already. Bringing it in again adds nothing.")
        return
    st.header("Record it", anchor=False)
    st.write("It was tried against every rule of the books. Nothing is posted yet.")

    def act(ledger: Store, propose: bool) -> str:
        made = _record(ledger, register, total, who(), propose=propose)
        return recording.sentence_of(register, made, dry_run=False, propose=propose)

    count = "one entry" if len(recorded.drafts) == 1 else f"{len(recorded.drafts):,} entries"
    said = post_or_propose(store, shown, at, f"Post {count}", tried, act, register.file)
    if said is not None:
        st.session_state[_DONE] = (shown, said)
        st.rerun()  # the page then says what became of it
