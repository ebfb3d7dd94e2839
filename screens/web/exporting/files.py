"""Take files out: each export with what it is for, made when it is asked for, by the command line's own functions."""

import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from allocations.shares.facts import icb_names
from allocations.shares.need import UnknownWeighting
from allocations.shares.split import FIGURES_YEAR
from ledger.errors import UNAVAILABLE, Refused
from ledger.reports.position import Moment, moment
from ledger.store.base import Reader, Store
from scenarios import saved
from screens.report import accessible_file, exporting, tables, terminal
from screens.report.tables import Cell, Money, Table
from screens.report.terminal import Answer
from screens.web.exporting.asked import Asked, ask, ask_figures
from screens.web.importing.common import EXCEL, count_of
from screens.web.shell import address, frame, open_ledger, posting
from screens.web.shell.sign_in import person

Write = Callable[[Reader | None, Moment | None, Path, Asked, str], Answer]
_MOST_SHOWN = 40
_SUM = "sum_pounds"


@dataclass(frozen=True, slots=True)
class Export:
    """A file that can be taken out.

    Attributes:
        name: how its file's name begins.
        title: its name in the list.
        purpose: what it is for, in a sentence.
        asks: what the reader may narrow it by.
        ending: of the file's name.
        write: writes it and says what is in it.
    """

    name: str
    title: str
    purpose: str
    asks: tuple[str, ...]
    ending: str
    mime: str
    write: Write


def show(store: Store) -> None:
    """Render the exports of the books."""
    kind = _choose(EXPORTS)
    export = EXPORTS[kind]
    found = frame.of(store)
    if found is None:
        return
    asked = ask(found, export.name, export.asks)
    if asked is not None:
        _make(kind, export, asked, found.at.head, store)


def without_books() -> None:
    """Render the exports that need no ledger: of published amounts alone."""
    st.header("Without a ledger", anchor=False)
    st.write(f"Two files can be made from the published figures of {FIGURES_YEAR} alone.")
    few = {kind: EXPORTS[kind] for kind in ("template", "working")}
    kind = _choose(few)
    asked = ask_figures(icb_names(), few[kind].name, few[kind].asks)
    _make(kind, few[kind], asked, "published figures", None)


def _choose(exports: Mapping[str, Export]) -> str:
    st.header("Which file?", anchor=False)
    kind = address.choose("file", "File to take out", list(exports), shown=lambda kind: exports[kind].title)
    st.write(exports[kind].purpose)
    return kind


def _make(kind: str, export: Export, asked: Asked, head: str, store: Store | None) -> None:
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


def _made(export: Export, asked: Asked, store: Store | None) -> tuple[str, bytes, Answer] | None:
    try:
        with TemporaryDirectory() as folder:
            out = Path(folder) / asked.file_name(export.ending)
            if store is None:
                answer = export.write(None, None, out, asked, "the published figures")
            else:
                with store.read(person()) as reader:
                    at = moment(reader, asked.as_at, asked.known_at)
                    answer = export.write(reader, at, out, asked, str(store.path))
            return _packed(Path(folder), out, answer)
    except Refused as refused:
        frame.refused(refused.problems, "The file was not made.")
    except UnknownWeighting as error:
        st.error(str(error))
    except UNAVAILABLE as error:
        posting.cannot_write(str(error))
    return None


def _packed(folder: Path, out: Path, answer: Answer) -> tuple[str, bytes, Answer]:
    """The one file that was written; several, such as a CSV file with its data package, in one archive."""
    written = sorted(folder.iterdir())
    if len(written) == 1:
        return out.name, out.read_bytes(), answer
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        for path in written:
            packed.writestr(path.name, path.read_bytes())
    return f"{out.stem}.zip", archive.getvalue(), answer


def _told(answer: Answer, name: str, content: bytes) -> None:
    """What is in the file, in the words of the command line."""
    head = None if answer.at is None else answer.at.head
    st.success(f"{name} is made: {len(content):,} bytes." + (f" Head of the chain: {head}." if head else ""))
    for sentence in answer.after:
        st.text(sentence)
    if not answer.rows:
        return
    names = [column for column in answer.rows[0] if column != "file"]
    headers = [_heading(column) for column in names]
    rows = [[_cell(column, row[column]) for column in names] for row in answer.rows]
    caption = f"What is in it: {count_of(len(rows), 'row', 'rows')}"
    tables.show(Table(caption, headers, rows[:_MOST_SHOWN]))
    if len(rows) > _MOST_SHOWN:
        st.write(f"The first {_MOST_SHOWN} of {len(rows):,} are shown; the file has all of them.")


def _heading(name: str) -> str:
    return "Sum (£)" if name == _SUM else terminal.heading(name)


def _cell(name: str, value: object) -> Cell:
    if name == _SUM:
        return f"{Decimal(str(value)):,}"
    if name.endswith("_pence"):
        return Money(None if value is None else int(str(value)))
    return terminal.cell(name, value)


def _json(answer: Answer, out: Path) -> Answer:
    out.write_text(terminal.one_document(answer), "utf-8")
    return answer


def _template(reader: Reader | None, at: Moment | None, out: Path, asked: Asked, ledger: str) -> Answer:
    return exporting.template_file(reader, at, out, ledger=ledger, icb=asked.icb or "", year=asked.year)


def _working(reader: Reader | None, at: Moment | None, out: Path, asked: Asked, ledger: str) -> Answer:
    return exporting.working_file(
        reader, at, out, ledger=ledger, icbs=[asked.icb or "all"], year=asked.year, funds=[asked.fund],
        weightings=[asked.weighting], levels=asked.levels,
    )  # fmt: skip


def _position(reader: Reader | None, at: Moment | None, out: Path, asked: Asked, ledger: str) -> Answer:
    assert reader is not None
    assert at is not None
    return exporting.position_file(reader, at, out, ledger=ledger, organisation=asked.icb, year=asked.year)


def _position_json(reader: Reader | None, at: Moment | None, out: Path, asked: Asked, ledger: str) -> Answer:
    assert reader is not None
    assert at is not None
    return _json(exporting.position_answer(reader, at, ledger=ledger, organisation=asked.icb, year=asked.year), out)


def _published(reader: Reader | None, at: Moment | None, out: Path, asked: Asked, ledger: str) -> Answer:
    assert reader is not None
    assert at is not None
    return accessible_file.published_file(
        reader, at, out, ledger=ledger, organisation=asked.icb, year=asked.year, contact=asked.contact
    )


def _scenario(reader: Reader | None, at: Moment | None, out: Path, asked: Asked, ledger: str) -> Answer:
    assert reader is not None
    assert at is not None
    return exporting.scenario_file(
        reader, at, out, ledger=ledger, path=saved.locate(asked.scenario, open_ledger.path())
    )


def _proposals(reader: Reader | None, at: Moment | None, out: Path, asked: Asked, ledger: str) -> Answer:
    assert reader is not None
    assert at is not None
    return _json(exporting.proposals_answer(reader, at, ledger=ledger, everything=asked.everything), out)


def _proposals_csv(reader: Reader | None, at: Moment | None, out: Path, asked: Asked, ledger: str) -> Answer:
    assert reader is not None
    assert at is not None
    answer = exporting.proposals_answer(reader, at, ledger=ledger, everything=asked.everything)
    names = ("proposal", "title", "prepared_by", "entries", "amount_pence", "expires_on", "outcome", "decided_by")
    rows = [[*(_cell(name, row[name]) for name in names), row["reason"] or "", at.head] for row in answer.rows]
    headers = [*(terminal.heading(name) for name in names), "Reason", "Head of the chain"]
    out.write_bytes(tables.as_csv(Table("Proposals", headers, rows)))
    return answer


_JSON, _ZIP, _CSV = "application/json", "application/zip", "text/csv"
_CLOCKED = ("whose", "year", "clocks")
EXPORTS: Mapping[str, Export] = {
    "template": Export(
        "budget-template", "Template for a budget, to fill in (Excel)",
        "A workbook with a row for each place and line, lists and checks: send it out, and what comes back is brought "
        "in here as it is.",
        ("icb", "year"), ".xlsx", EXCEL, _template,
    ),
    "working": Export(
        "working", "Working workbook with live formulas (Excel)",
        "Population, weight, share and pounds for each place and PCN: change a yellow cell and everything follows.",
        ("icb", "year", "fund", "weighting", "clocks"), ".xlsx", EXCEL, _working,
    ),
    "position": Export(
        "position", "Position: what is held where (Excel)",
        "One row for each organisation, line and standing, guarded by hashes: for analysis, for the auditor, or to "
        "begin another ledger with.",
        _CLOCKED, ".xlsx", EXCEL, _position,
    ),
    "position-csv": Export(
        "position", "Position (CSV with its data package)",
        "The same for other programs: plain text, with a description of every column beside it.",
        _CLOCKED, ".csv", _ZIP, _position,
    ),
    "position-json": Export(
        "position", "Position (JSON)",
        "The same document as 'devolution position --json' with every column: whole pence, for programs.",
        _CLOCKED, ".json", _JSON, _position_json,
    ),
    "published": Export(
        "published", "Workbook to publish (Excel, accessible)",
        "Values only, by the Analysis Function's list for accessible spreadsheets: for a website or a board's pack.",
        ("whose", "year", "contact", "clocks"), ".xlsx", EXCEL, _published,
    ),
    "scenario": Export(
        "scenario", "Outcome of a scenario (Excel)",
        "The position that a scenario of the library leads to, marked as hypothetical throughout; it cannot be brought "
        "in as if it had been decided.",
        ("scenario",), ".xlsx", EXCEL, _scenario,
    ),
    "proposals": Export(
        "proposals", "Proposals that await a decision (JSON)",
        "The same document as 'devolution proposal list --json': what is asked for, and how much money it reserves.",
        ("everything",), ".json", _JSON, _proposals,
    ),
    "proposals-csv": Export(
        "proposals", "Proposals that await a decision (CSV)",
        "The same as a table, for the paper of the meeting that decides.",
        ("everything",), ".csv", _CSV, _proposals_csv,
    ),
}  # fmt: skip
