"""Import and export: bring files into the books, undo what was brought in, and take files out."""

import io
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from allocations.figures import tables as figures
from allocations.figures.weightings import WEIGHTINGS, UnknownWeighting
from allocations.shares.facts import icb_names
from allocations.shares.split import FIGURES_YEAR
from ledger.errors import UNAVAILABLE, Refused
from ledger.reports import journal
from ledger.reports.position import moment
from ledger.store.base import Store
from ledger.years import FinancialYear
from scenarios import outcome as outcomes
from scenarios import saved
from screens.report.files import exports
from screens.report.files.exports import EXPORTS, Export, ExportRequest
from screens.report.render import page as tables
from screens.report.report import Report, count_of
from screens.web.importing import steps, undo
from screens.web.shell import address, frame, header, open_ledger, posting
from screens.web.shell.open_ledger import Books
from screens.web.shell.sign_in import person

# The uploader and the last button have a ring of their own from Streamlit, which can hardly be seen.
_STYLE = (
    "[data-testid=stMain] :is(button, input, textarea):focus-visible {outline: 3px solid #212b32 !important; "
    "outline-offset: 2px !important} "
    "[data-testid=stMain] [data-testid=stFileUploader] button:focus-visible {background-color: #ffeb3b !important; "
    "color: #212b32 !important}"
)
VIEWS = {"bring": "Bring a file in", "undo": "Undo what was brought in", "take": "Take files out"}
_TOLD = (
    "Everything here is done by the functions that the command line uses: the same file, brought in there or here, "
    "makes the same entries and the same hashes."
)


def page() -> None:
    """Render the view that the address names."""
    st.html(f"<style>{_STYLE}</style>")
    frame.title("Import and export")
    view = address.choose(
        "view", "What to do", list(VIEWS), shown=lambda view: VIEWS[view], horizontal=True,
        usual=told if (told := address.asked_for("view")) in VIEWS else "bring", is_told=True,
    )  # fmt: skip
    store = open_ledger.store()
    if store is None:
        if view == "take":
            _without_books()
        frame.foot(None, "Without the books nothing can be brought in or undone.", illustrative="")
        return
    at = open_ledger.ask(store, lambda _, at: at)
    header.say(at)
    if view == "bring":
        steps.show(store, at)
    elif view == "undo":
        undo.show(store, at)
    else:
        _take(store)
    frame.foot(open_ledger.ask(store, lambda _, now: now), _TOLD)


_LEVELS = {"place,pcn": "Places and PCNs", "place": "Places", "pcn": "PCNs"}
_EVERYBODY = "All organisations"
_MOST_SHOWN = 40


def _take(store: Store) -> None:
    """Render the exports of the books."""
    kind = _choose(EXPORTS)
    export = EXPORTS[kind]
    found = frame.books_of(store)
    if found is None:
        return
    asked = _ask(found, export.asks)
    if asked is not None:
        _make(kind, export, asked, found.at.head, store)


def _without_books() -> None:
    """Render the exports that need no ledger: of published amounts alone."""
    st.header("Without a ledger", anchor=False)
    st.write(f"Two files can be made from the published figures of {FIGURES_YEAR} alone.")
    few = {kind: EXPORTS[kind] for kind in ("template", "working")}
    kind = _choose(few)
    asked = _ask_figures(icb_names(), few[kind].asks)
    _make(kind, few[kind], asked, "published figures", None)


def _choose(exports: Mapping[str, Export]) -> str:
    st.header("Which file?", anchor=False)
    kind = address.choose("file", "File to take out", list(exports), shown=lambda kind: exports[kind].title)
    st.write(exports[kind].purpose)
    return kind


def _make(kind: str, export: Export, asked: ExportRequest, head: str, store: Store | None) -> None:
    """Make the file on the button, and offer it until something else is asked for."""
    key = f"{kind} {asked!r} {head}"
    made = st.session_state.get("taken out")
    if st.button("Make the file", type="primary"):
        with st.spinner(f"Making: {export.title}"):
            made = _made(export, asked, store)
        st.session_state["taken out"] = None if made is None else (key, *made)
        made = st.session_state["taken out"]
    if made is None or made[0] != key:
        return
    _, name, content, answer = made
    st.download_button(f"Download {name}", data=content, file_name=name, mime=export.mime, on_click="ignore",
                       key="download taken out")  # fmt: skip
    _told(answer, name, content)


def _made(export: Export, asked: ExportRequest, store: Store | None) -> tuple[str, bytes, Report] | None:
    try:
        with TemporaryDirectory() as folder:
            out = Path(folder) / export.file_name(asked)
            if store is None:
                report = export.write(None, out, replace(asked, ledger="the published figures"))
            else:
                with store.read(person()) as reader:
                    books = exports.BooksAt(reader, moment(reader, asked.as_at, asked.known_at))
                    report = export.write(books, out, replace(asked, ledger=str(store.path)))
            return _packed(Path(folder), out, report)
    except Refused as refused:
        frame.refused(refused.problems, "The file was not made.")
    except UnknownWeighting as error:
        st.error(str(error))
    except UNAVAILABLE as error:
        posting.cannot_write(str(error))
    return None


def _packed(folder: Path, out: Path, answer: Report) -> tuple[str, bytes, Report]:
    """The one file that was written; several, such as a CSV file with its data package, in one archive."""
    written = sorted(folder.iterdir())
    if len(written) == 1:
        return out.name, out.read_bytes(), answer
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in written:
            packed.writestr(path.name, path.read_bytes())
    return f"{out.stem}.zip", archive.getvalue(), answer


def _told(report: Report, name: str, content: bytes) -> None:
    """What is in the file, in the words of the command line."""
    head = None if report.at is None else report.at.head
    st.success(f"{name} is made: {len(content):,} bytes." + (f" Head of the chain: {head}." if head else ""))
    for sentence in (*report.sentences, *report.foot):
        st.text(sentence)
    for table in report.shown:
        tables.show(
            replace(table, name=f"What is in it: {count_of(len(table.rows), 'row', 'rows')}", most=_MOST_SHOWN),
            is_exact=True,
        )


def _ask(books: Books, asks: Sequence[str]) -> ExportRequest | None:
    """What the reader chooses of the books; None, with the page told why, where there is nothing to choose."""
    asked = ExportRequest()
    if "icb" in asks or "whose" in asks:
        if not books.icbs:
            st.info("No ICB holds money of this year yet.")
            return None
        everybody = [] if "icb" in asks else [""]
        code = address.choose(
            "icb", "ICB", [*everybody, *books.icbs],
            shown=lambda code: f"{books.icbs[code]} ({code})" if code else _EVERYBODY,
            unknown="which holds no money in this ledger",
        )  # fmt: skip
        frame.name_tab_for(books.icbs[code] if code else frame.ENGLAND)
        asked = replace(asked, icb=code or None)
    if "year" in asks:
        asked = replace(asked, year=FinancialYear(books.year))
    if "fund" in asks:
        names = books.answer("funds of", lambda reader, _: journal.funds(reader, asked.icb), asked.icb)
        fund = address.choose(
            "fund", "Line", list(names), shown=lambda code: f"{names[code]} ({code})",
            usual="core-recurrent" if "core-recurrent" in names else None, unknown="on which it has no money",
        )  # fmt: skip
        asked = replace(asked, funds=(fund,))
    asked = _of_shares(asked, asks)
    if "clocks" in asks:
        asked = _clocks(asked, books.at.as_at)
    return _few(asked, asks)


def _ask_figures(names: Mapping[str, str], asks: Sequence[str]) -> ExportRequest:
    """What the reader chooses of the published figures, where there is no ledger."""
    code = address.choose("icb", "ICB", list(names), shown=lambda code: f"{names[code]} ({code})",
                          unknown="which is not in the figures")  # fmt: skip
    asked = ExportRequest(icb=code, year=FIGURES_YEAR)
    if "fund" in asks:
        rows = figures.table("allocations_2025_26").to_pylist()
        funds = list(dict.fromkeys(row["fund"] for row in rows if row["holder"] == code))
        fund = address.choose("fund", "Line", funds, usual="core-recurrent", unknown="which it did not receive")
        asked = replace(asked, funds=(fund,))
    return _of_shares(asked, asks)


def _of_shares(asked: ExportRequest, asks: Sequence[str]) -> ExportRequest:
    if "weighting" not in asks:
        return asked
    by = address.choose(
        "by", "Weighted population to share by", list(WEIGHTINGS),
        shown=lambda name: name.replace("_", " ").capitalize(), usual="core",
    )  # fmt: skip
    to = address.choose("to", "Who shares", list(_LEVELS), shown=lambda levels: _LEVELS[levels])
    return replace(asked, weightings=(by,), levels=tuple(to.split(",")))


def _clocks(asked: ExportRequest, today: date) -> ExportRequest:
    as_at, known = address.pick_clocks(today)
    return replace(
        asked,
        as_at=None if as_at == today else as_at,
        known_at=None if known == today else datetime.combine(known, time.max, UTC),
    )


def _few(asked: ExportRequest, asks: Sequence[str]) -> ExportRequest:
    if "scenario" in asks:
        names = [*saved.saved(open_ledger.path()), *outcomes.library()]
        chosen = address.choose("scenario", "Scenario", names, unknown="which is neither saved nor in the library")
        asked = replace(asked, scenario=str(saved.locate(chosen, open_ledger.path())))
    if "contact" in asks:
        typed = st.text_input("Who answers questions, for the cover (optional)", max_chars=120, key="take contact")
        asked = replace(asked, contact=typed.strip() or None)
    if "everything" in asks:
        asked = replace(asked, everything=st.checkbox("Those that have ended too", key="take everything"))
    return asked
