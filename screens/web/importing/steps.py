"""Bring a file in: which file, what it is, and then the way of its kind: published files, mergers, or positions."""

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

import streamlit as st

from allocations.files.position import export, importing
from allocations.files.position.export import PACKAGE
from allocations.files.published import mergers, totals_of
from allocations.files.published.importing import PublishedImport, import_files
from allocations.files.published.understood import PublishedFile, understand
from allocations.files.recognise import ImportKind, kind_of, unpacked
from ledger.entries.posting import Posted
from ledger.errors import LedgerError, Refused
from ledger.inputs import Input
from ledger.money import parse_pounds, spoken
from ledger.reports import imported
from ledger.reports.position import Moment
from ledger.store.attachments import attaching
from ledger.store.base import Store
from ledger.years import FinancialYear, parse_year
from screens.report.files import imports
from screens.report.render import page as tables
from screens.report.report import Table, columns, count, day, entry_link, link
from screens.report.wording import KIND_OF_FILE, PAGE
from screens.web.importing import budgets, common, wizard
from screens.web.importing.common import worked_out
from screens.web.shell import address, frame, open_ledger, posting
from screens.web.shell.posting import Seen
from screens.web.shell.sign_in import NOBODY_YET, person

T = TypeVar("T")
Files = Sequence[tuple[str, bytes]]
# The one year of a file to take, and whether to take every year that is whole.
Years = tuple[FinancialYear | None, bool]
_STEPS = {"File": "done", "What it says": "done", "Problems": "", "Totals": "", "Post": ""}


def published(store: Store, at: Moment, brought: Files, digests: Sequence[str], *, is_structure: bool) -> None:
    """Render the import of published files, as ``devolution import published`` or ``structure`` does it."""
    place = st.empty()
    names = ", ".join(name for name, _ in brought)
    year, sheet, limit = (None, None, None) if is_structure else _asked(digests)
    found = worked_out(
        "Reading what the files say", lambda: _understand(brought, year, sheet), "published", *digests, names, year,
        sheet,
    )  # fmt: skip
    if isinstance(found, LedgerError):
        with place.container():
            common.steps({**_STEPS, "Problems": "found"})
        common.failed(found, names)
        return
    _understood(found)
    bring: Callable[[Store, str, str, bool], PublishedImport | mergers.MergersImported]
    if is_structure:
        bring = lambda ledger, who, why, dry: mergers.import_structure(ledger, found, actor=who, why=why, dry_run=dry)  # noqa: E731
    else:
        bring = lambda ledger, who, why, dry: import_files(  # noqa: E731
            ledger, found, actor=who, limit_pence=limit, why=why, dry_run=dry
        )
    command = f"devolution import {'structure' if is_structure else 'published'} FILE"
    if posting.reads_only(store, command):
        return
    who = person() or mergers.ACTOR
    rehearsed = worked_out(
        "Asking every rule of the books", lambda: bring(store, who, "", True), "rehearse published",
        *digests, names, year, sheet, limit, is_structure, who, at.head, at.as_at,
    )  # fmt: skip
    _states(place, rehearsed)
    if isinstance(rehearsed, LedgerError):
        common.failed(rehearsed, names)
        return
    st.header("What it brings", anchor=False)
    for sentence in rehearsed.sentences:
        st.text(sentence)
    if isinstance(rehearsed, PublishedImport):
        _totals(found, rehearsed)
    _post(store, at, brought, digests, names, rehearsed.posted, lambda ledger, who, why: bring(ledger, who, why, False))


def _states(place: st.delta_generator.DeltaGenerator, rehearsed: object) -> None:
    states = dict(_STEPS)
    if isinstance(rehearsed, Refused):
        states["Problems"] = f"{len(rehearsed.problems):,} found"
    elif not isinstance(rehearsed, LedgerError):
        fresh = _fresh(getattr(rehearsed, "posted", ()))
        states |= {"Problems": "none", "Totals": "tie", "Post": "ready" if fresh else "nothing to add"}
    with place.container():
        common.steps(states)


def _asked(digests: Sequence[str]) -> tuple[Years | None, str | None, int | None]:
    with st.expander("Only where a file leaves it open: its year, its sheet, a limit"):
        year = st.text_input(PAGE.label(Input.YEAR_OF_FILE), max_chars=12, key=f"bring year {digests[0][:16]}",
                             persist_state="session",
                             help="As 2025/26, or 'all' where it has several; empty where it says it.")  # fmt: skip
        sheet = st.text_input(
            PAGE.label(Input.SHEET_OF_FILE), max_chars=60, key=f"bring sheet {digests[0][:16]}", persist_state="session"
        )
        limit = st.text_input(PAGE.label(Input.REVENUE_LIMIT), max_chars=30, key=f"bring limit {digests[0][:16]}",
                              persist_state="session",
                              help="As 205.1bn; for a year for which none is shipped.")  # fmt: skip
    return _read(_years, year), sheet.strip() or None, _read(parse_pounds, limit)


def _years(typed: str) -> Years:
    return (None, True) if typed.strip().casefold() == "all" else (parse_year(typed), False)


def _read(reader: Callable[[str], T], typed: str) -> T | None:
    try:
        return reader(typed) if typed.strip() else None
    except ValueError as error:
        st.error(str(error))
        return None


def _understand(brought: Files, years: Years | None, sheet: str | None) -> list[PublishedFile]:
    one, every = years or (None, False)
    with common.as_paths(brought) as paths:
        found, problems = understand(paths, year=one, sheet=sheet, every_year=every)
    if problems:
        raise Refused(problems)
    return found


def _understood(files: Sequence[PublishedFile]) -> None:
    st.header("What was understood", anchor=False)
    tables.show(imports.tables_found(files), is_exact=True)
    told = imports.remarks(files)
    if told:
        with st.expander(f"{len(told):,} remarks: what ties, and what was set aside", expanded=len(told) < 4):  # noqa: PLR2004 - a few are read at once
            for sentence in told:
                st.text(sentence)


def _totals(files: Sequence[PublishedFile], imported: PublishedImport) -> None:
    """The three totals of allocations; nothing for files that bring no money."""
    totals = totals_of.published_totals(files, imported)
    if totals is None:
        st.write("These files bring no money: organisations, and who is part of whom.")
        return
    st.header("Totals", anchor=False)
    rows = [
        ("The file says", f"{totals.printed} totals that it prints for {totals.icbs} ICBs", totals.file_pence),
        ("Understood", f"{totals.figures:,} figures", totals.understood_pence),
        ("Would be posted", "allocations that are new", imported.moved_pence),
    ]
    tables.show(Table("Totals, to the penny", columns("Total", "Where from", "Amount (£)"), rows), is_exact=True)
    if totals.ties:
        told = f"They tie: {spoken(totals.understood_pence)}."
        if totals.apart_pence:
            told += (
                f" The file keeps parts of a penny and each figure is rounded to the penny, which is the difference "
                f"of {totals.apart_pence:,} pence."
            )
        st.success(told)
    elif not imported.moved_pence:
        st.write("The books have these allocations already: nothing of them would be posted.")


def position(store: Store, at: Moment, brought: Files, digests: Sequence[str]) -> None:
    """Render the import of an exported position, as ``devolution import position`` does it."""
    place = st.empty()
    named = [name for name, _ in brought if name != PACKAGE]
    if len(named) != 1:
        st.warning(f"A position is brought in one at a time; a CSV file with its {PACKAGE}.")
        return
    (name,) = named
    found = worked_out("Reading the position", lambda: _position(brought, name), "position", *digests, name)
    if isinstance(found, LedgerError):
        _states(place, found)
        common.failed(found, name)
        return
    guard = export.guard(found.table)
    st.header("Totals", anchor=False)
    rows = [
        ("Rows", f"{guard.rows:,}"),
        ("They sum to", f"£{guard.sum_pounds:,.2f}, the source of the money below zero included"),
        ("Content hash, which the file says and its rows have", found.content_hash),
        ("As at", f"{found.as_at:%-d %B %Y}"),
        ("Head of the books it was taken from", found.head or "not said"),
    ]
    common.facts("The position, held against what the file says of itself", rows)
    if posting.reads_only(store, "devolution import position FILE"):
        return
    authority = st.text_input(PAGE.label(Input.AUTHORITY), max_chars=80,
                              key="bring authority", persist_state="session")  # fmt: skip

    def bring(ledger: Store, who: str, why: str, dry_run: bool) -> importing.PositionImport:
        with common.as_paths(brought) as paths:
            path = next(path for path in paths if path.name == name)
            return importing.import_position(
                ledger, path, actor=who, authority=authority.strip() or None, why=why, dry_run=dry_run
            )

    who = person() or NOBODY_YET
    rehearsed = worked_out(
        "Asking every rule of the books", lambda: bring(store, who, "", True), "rehearse position", *digests,
        name, authority, who, at.head, at.as_at,
    )  # fmt: skip
    _states(place, rehearsed)
    if isinstance(rehearsed, LedgerError):
        common.failed(rehearsed, name)
        return
    st.success(f"After posting, the same position comes back from the books: content hash {rehearsed.content_hash}.")
    _post(store, at, brought, digests, name, rehearsed.posted, lambda ledger, who, why: bring(ledger, who, why, False))


def _position(brought: Files, name: str) -> importing.PositionFile:
    with common.as_paths(brought) as paths:
        return importing.read_position(next(path for path in paths if path.name == name))


def _fresh(posted: Sequence[Posted]) -> list[Posted]:
    return [entry for entry in posted if not entry.replayed]


def _post(
    store: Store, at: Moment, brought: Files, digests: Sequence[str], names: str, posted: Sequence[Posted],
    act: Callable[[Store, str, str], object],
) -> None:  # fmt: skip
    st.header("Post it", anchor=False)
    fresh = _fresh(posted)
    if not fresh:
        told = "The books have all of it already. Bringing it in again adds nothing."
        st.success(told if posted else "There is nothing to add to the books: what it brings, above, says why.")
        common.entries_link(posted)
        return
    count = "one entry" if len(fresh) == 1 else f"{len(fresh):,} entries"
    st.write(f"It was tried against every rule of the books: {count}. Nothing is posted yet.")

    def bring(ledger: Store, who: str, why: str) -> object:
        with common.as_paths(brought) as paths, attaching(ledger.path, paths):
            return act(ledger, who, why)

    done = common.post_form(store, " ".join(digests), Seen.at_moment(at), f"Post {count}", bring, names)
    if done is not None:
        st.rerun()  # the page then says, from the books, that they have it


_LARGEST_MB = 25
_FILES, _KEPT = "bring files", "bring kept"
KINDS = {
    ImportKind.BUDGETS: "A budget: who gets how much",
    ImportKind.PUBLISHED: "Published files of NHS England or the ODS",
    ImportKind.STRUCTURE: "Mergers and splits of ICBs",
    ImportKind.POSITION: "A position that was exported here",
}


def show(store: Store, at: Moment) -> None:
    """Render the import of the files that are brought."""
    place = st.empty()
    with wizard.part(wizard.FILE, "chosen"):
        chosen = _chosen(store, at, place)
    if chosen is None:
        return
    kind, brought, digests = chosen
    if kind is ImportKind.BUDGETS:
        if len(brought) > 1:
            with place.container():
                common.steps({"File": "one at a time", "Record": ""})
            st.warning("A budget is brought in one file at a time. Take the others away above.")
            return
        budgets.show(store, at, place, *brought[0], digests[0])
    elif kind is ImportKind.POSITION:
        position(store, at, brought, digests)
    else:
        published(store, at, brought, digests, is_structure=kind is ImportKind.STRUCTURE)


def _chosen(
    store: Store, at: Moment, place: st.delta_generator.DeltaGenerator
) -> tuple[ImportKind, list[tuple[str, bytes]], list[str]] | None:
    """The files that the reader chooses, what they are, and their hashes; None, with the page told why, without any."""
    st.header("Which file?", anchor=False)
    st.write(
        "A budget as Excel or CSV, the template filled in, published files, or a position that was exported. It is "
        "read on this machine. Nothing is posted before the last step, and the original is kept beside the ledger "
        "only then."
    )
    brought = _brought()
    if not brought:
        with place.container():
            common.steps({"File": "choose one", **dict.fromkeys(list(wizard.STEPS.values())[1:], "")})
        told = "No file is chosen yet. A template to fill in is under 'Take files out'."
        again = " A page that is loaded anew has no file: choose it again, and it opens where you were."
        st.info(f"{told}{again if address.asked_for(wizard.NAME) else ''}")
        return None
    named = [name for name, _ in brought]
    taken = worked_out("Looking into the files", lambda: _unpacked(brought), "unpacked", named,
                       *(hashlib.sha256(content).hexdigest() for _, content in brought))  # fmt: skip
    if not isinstance(taken, LedgerError):
        brought = taken
    digests = [hashlib.sha256(content).hexdigest() for _, content in brought]
    _seen_before(store, at, brought, digests)
    found = worked_out("Looking what kind of file it is", lambda: _kind(brought), "kind", *digests, brought[0][0])
    if isinstance(found, LedgerError):
        with place.container():
            common.steps({"File": "cannot be read", "Record": ""})
        common.failed(found, ", ".join(name for name, _ in brought))
        return None
    kind = _choose_kind(found, digests)
    return kind, brought, digests


def _brought() -> list[tuple[str, bytes]]:
    """The files that the reader chose; they stay when the reader goes elsewhere in the app and comes back."""
    state = st.session_state

    def changed() -> None:
        state[_KEPT] = [(common.safe_name(file.name), file.getvalue()) for file in state[_FILES]]

    st.file_uploader(
        "Files to bring in", accept_multiple_files=True, max_upload_size=_LARGEST_MB, key=_FILES, on_change=changed
    )
    kept: list[tuple[str, bytes]] = state.get(_KEPT, [])
    if kept and not state[_FILES]:
        # The framework forgets a file that is not on the page.
        st.write(f"Still here from before: {frame.as_text(', '.join(name for name, _ in kept))}.")
        st.button("Take it away", on_click=state.pop, args=(_KEPT,))
    return kept


def _unpacked(brought: Sequence[tuple[str, bytes]]) -> list[tuple[str, bytes]]:
    with common.as_paths(brought) as paths:
        return [file for path in paths for file in unpacked(path)]


def _kind(brought: Sequence[tuple[str, bytes]]) -> ImportKind:
    with common.as_paths(brought) as paths:
        return kind_of([Path(path) for path in paths])


def _choose_kind(found: ImportKind, digests: Sequence[str]) -> ImportKind:
    kind: ImportKind = st.radio(
        KIND_OF_FILE, list(KINDS), index=list(KINDS).index(found), format_func=lambda kind: KINDS[kind],
        key=f"bring kind {digests[0][:16]}", persist_state="session",
    )  # fmt: skip
    if kind is not found:
        st.write(f"By what stands in it, it looks like this: {KINDS[found][0].lower()}{KINDS[found][1:]}.")
    return kind


def _seen_before(store: Store, at: Moment, brought: Sequence[tuple[str, bytes]], digests: Sequence[str]) -> None:
    """The files with their hashes, and whether the books rest on any of them already."""
    rows = [(name, len(content), digest) for (name, content), digest in zip(brought, digests, strict=True)]
    tables.show(Table("Files", columns("File", count("Bytes"), "SHA-256"), rows), is_exact=True)
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
        tables.show(Table("Brought in before", heads, shown), is_exact=True)
