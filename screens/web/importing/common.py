"""What every import shows alike: its steps, its problems to take away, and the last button."""

import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeVar

import streamlit as st
from openpyxl.utils import column_index_from_string

from allocations.files.budgets import remapping
from allocations.files.budgets.importing import HEADINGS, write_problems
from allocations.files.budgets.mapping import BudgetMapping, Meaning, SheetMapping
from allocations.reading.cells import Sheet, Workbook
from ledger.entries.posting import Posted
from ledger.errors import LedgerError, Problem, Refused
from ledger.inputs import Input
from ledger.store.base import Store
from screens.report.causes import by_cause
from screens.report.files.exports import EXCEL
from screens.report.render import page as tables
from screens.report.report import Table, columns, count_of
from screens.report.wording import PAGE
from screens.web.shell import frame
from screens.web.shell.posting import Seen, cannot_write, commit
from screens.web.shell.sign_in import person

MEANINGS = {
    Meaning.CODE: "Code of who receives",
    Meaning.NAME: "Name of who receives",
    Meaning.PARENT: "Code of who is above them",
    Meaning.FUND: "Fund",
    Meaning.LINE: "Description of the line",
    Meaning.YEAR: "Year",
    Meaning.MONTH: "Month",
    Meaning.RECURRENT: "Whether it recurs",
    Meaning.AMOUNT: "Amount",
    Meaning.PART: "Part of the amount beside it, which says what of it recurs: not added",
    Meaning.TOTAL: "Total of the row: checked, not posted",
    Meaning.IGNORED: "Ignored",
    Meaning.UNDECIDED: "Not decided: say what it is",
}
_ACROSS = 3
_MOST_SHOWN = 8
_ROWS_SHOWN = 5
_FIRST_ROWS = 8


def first_rows(sheet: Sheet) -> None:
    """The beginning of a sheet, as it stands in the file."""
    if not sheet.rows:
        st.write(f"Nothing stands on '{_escaped(sheet.name)}'.")
        return
    there = len(sheet.rows[0])
    width = min(there, _MOST_SHOWN)
    rows = [
        (str(number), *(cell.text for cell in row[:width]))
        for number, row in enumerate(sheet.rows[:_FIRST_ROWS], start=1)
    ]
    heads = columns("Row", *(f"Column {letter}" for letter in "ABCDEFGH"[:width]))
    tables.show(Table(f"First rows of '{sheet.name}', as text", heads, rows))
    if there > width:
        st.write(f"The first {width} of {there} columns are shown.")


def grid(part: SheetMapping, sheet: Sheet) -> None:
    """The sheet from its headings on, each column under what it was taken for."""
    letters = list(part.columns)[:_MOST_SHOWN]
    places = [column_index_from_string(letter) - 1 for letter in letters]
    heads = columns("Row", *(f"{letter}: {_taken_for(part.columns[letter].meaning)}" for letter in letters))
    first = part.header_row
    rows = [
        (str(number), *(_short(row[place].text) if place < len(row) else "" for place in places))
        for number, row in enumerate(sheet.rows[first - 1 : first + _ROWS_SHOWN], start=first)
    ]
    notes = [f"The first {len(letters)} of {len(part.columns)} columns."] if len(letters) < len(part.columns) else []
    tables.show(Table(f"'{part.sheet}' from its headings in row {first} on", heads, rows, notes))


def _taken_for(meaning: Meaning) -> str:
    """What a column was taken for, without the explanation."""
    return MEANINGS[meaning].partition(":")[0].partition(",")[0]


def choose(guess: BudgetMapping, workbook: Workbook, digest: str) -> dict[tuple[str, str], Meaning]:
    """Let the reader say what each column holds; those that they changed, by sheet and letter."""
    sheets = {sheet.name: sheet for sheet in workbook.sheets}
    changed: dict[tuple[str, str], Meaning] = {}
    for part in guess.sheets:
        if part.sheet not in sheets:
            continue
        grid(part, sheets[part.sheet])
        with st.expander(f"Change what a column of '{part.sheet}' was taken for"):
            changed |= _of_sheet(part, sheets[part.sheet], digest)
    return changed


def _of_sheet(part: SheetMapping, sheet: Sheet, digest: str) -> dict[tuple[str, str], Meaning]:
    changed: dict[tuple[str, str], Meaning] = {}
    letters = list(part.columns)
    for start in range(0, len(letters), _ACROSS):
        for place, letter in zip(st.columns(_ACROSS), letters[start : start + _ACROSS], strict=False):
            column = part.columns[letter]
            options = [one for one in MEANINGS if one is not Meaning.UNDECIDED or column.meaning is one]
            with place:
                meaning = st.selectbox(
                    f"{letter}: {_short(column.heading) or 'no heading'}", options,
                    index=options.index(column.meaning), format_func=lambda one: MEANINGS[one],
                    key=f"bring column {digest[:16]} {part.sheet} {part.header_row} {letter}", persist_state="session",
                )  # fmt: skip
                first = remapping.sample(sheet, part.header_row, letter)
                st.text(f"First values: {_short(first)}" if first else "Nothing stands below it.")
            if meaning is not column.meaning:
                changed[part.sheet, letter] = meaning
    return changed


def begin(workbook: Workbook, names: Sequence[str], digest: str) -> BudgetMapping | None:
    """Where no headings of a budget were found: let the reader say in which row they stand."""
    sheets = {sheet.name: sheet for sheet in workbook.sheets if sheet.rows and (sheet.visible or sheet.name in names)}
    if not sheets:
        return None
    with st.expander("Say by hand where the headings stand"):
        name = st.selectbox("Sheet", [*names, *(other for other in sheets if other not in names)],
                            key=f"bring by hand {digest[:16]}", persist_state="session")  # fmt: skip
        sheet = sheets.get(name)
        if sheet is None:
            return None
        row = st.number_input(
            "Row of the headings; 0 for not by hand",
            0,
            len(sheet.rows),
            0,
            key=f"bring row {digest[:16]} {name}",
            persist_state="session",
        )
        st.write(f"Then say under '{PAGE.label(Input.COLUMNS)}' what each column is.")
    return remapping.begun(workbook.file, sheet, int(row)) if row else None


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


T = TypeVar("T")
STYLE = (
    "ol.steps{list-style:none!important;display:flex;flex-wrap:wrap;gap:.35rem;padding:0!important;"
    "margin:0 0 .5rem 0!important}"
    ".steps li{margin:0!important;border:1px solid #4C6272;padding:.15rem .55rem;font-size:.9rem;"
    "color:#212B32;background:#FFF}"
    ".steps .done{background:#F0F4F5}.steps .look{border-width:2px;font-weight:bold}"
)
_LONGEST = 200


@st.cache_resource(show_spinner=False, max_entries=16, ttl=3600)
def _kept(key: tuple[str, ...], _work: Callable[[], Any]) -> Any:
    """What was made of a file, kept while the file, what is asked of it and the books stay as they are."""
    del key
    return _work()


def worked_out(told: str, work: Callable[[], T], *key: object) -> T | LedgerError:
    """What a file comes to, or why it comes to nothing; worked out once.

    Args:
        told: what the reader is told while it takes a moment.
        key: all that it depends on: the file's hash, what is asked of it, the head of the books.
    """
    try:
        with st.spinner(told):
            found: T = _kept(tuple(repr(part) for part in key), work)
    except LedgerError as error:
        return error
    return found


def steps(states: Mapping[str, str]) -> None:
    """Where an import stands: its steps in order, each with its state in words, so that colour is never alone."""
    items = []
    for number, (name, state) in enumerate(states.items(), start=1):
        css = "done" if state in ("done", "none", "tie") else "look" if state else ""
        said = f": {escape(state)}" if state else ""
        items.append(f'<li class="{css}">{number} {escape(name)}{said}</li>')
    st.html(f'<style>{STYLE}</style><ol class="steps" aria-label="Steps of the import">{"".join(items)}</ol>')


def facts(caption: str, rows: Sequence[Sequence[str]], headers: Sequence[str] = ("What", "As it is")) -> None:
    """A small table of texts."""
    tables.show(Table(caption, columns(*headers), rows))


def problems(problems: Sequence[Problem], file: str, *, told: str = "") -> None:
    """All that is wrong with a file, at once, and the same to take away."""
    shown = PAGE.problems(problems)
    count = "One problem" if len(shown) == 1 else f"{len(shown):,} problems"
    causes = [replace(cause.first, found=f"{cause.first.found} {cause.more}".rstrip()) for cause in by_cause(shown)]
    frame.refused(causes[:_LONGEST], told or f"{count} in {_escaped(file)}. Nothing was posted, and nothing will be.")
    if len(causes) < len(shown) or len(causes) > _LONGEST:
        told_once = count_of(min(len(causes), _LONGEST), "cause is", "causes are")
        st.write(f"{told_once} shown; the files have every problem.")
    rows = [(one.where, one.found, one.why, one.fix) for one in shown]
    as_csv, as_workbook = st.columns(2)
    with as_csv:
        tables.download(Table(count, columns(*HEADINGS), rows), "problems", f"{count} (CSV)")
    as_workbook.download_button(
        f"{count} (Excel)", data=lambda: _workbook(file, shown), file_name="problems.xlsx", mime=EXCEL,
        key="download problems workbook", on_click="ignore",
    )  # fmt: skip


def _workbook(file: str, problems: Sequence[Problem]) -> bytes:
    with TemporaryDirectory() as folder:
        path = Path(folder) / "problems.xlsx"
        write_problems(path, file, problems)
        return path.read_bytes()


def failed(error: LedgerError, file: str) -> None:
    """Say why nothing came of a file: its problems, or a ledger that cannot be reached."""
    if isinstance(error, Refused):
        problems(error.problems, file)
    else:
        cannot_write(str(error))


def post_form(
    store: Store,
    seen_key: str,
    now: Seen,
    label: str,
    act: Callable[[Store, str, str], T],
    file: str,
    why_label: str = "Why: recorded after what the file brings",
    who_label: str = "Who posts it: a role or team, recorded in the books",
) -> T | None:
    """Ask who posts, unless the sign-in says it, and why; and post on the button.

    Args:
        seen_key: tells one preview from another: what was seen of another file is not what is posted.
        now: the books at which the preview on the page was made.
        label: of the button: what it does, with the amount.
        act: posts, given the ledger, who and why.
        file: what the books may refuse, as a sentence names it.
    """
    before = st.session_state.get("bring seen")
    st.session_state["bring seen"] = (seen_key, now)
    with st.form("post", border=True):
        signed_in = person()
        if signed_in is None:
            who = st.text_input(who_label, max_chars=80, key="bring who", persist_state="session")
        else:
            who = signed_in
            st.text(f"Posted in the name of {who}, and recorded so in the books.")
        why = st.text_input(why_label, max_chars=200, key="bring why")
        asked = st.form_submit_button(label, type="primary")
    if not asked:
        return None
    missing = [name for name, text in ((_asked(who_label), who), ("why", why)) if not text.strip()]
    if missing:
        st.error(f"Say {' and '.join(missing)}. Every entry says who and why. Nothing was posted.")
        return None
    seen = before[1] if before is not None and before[0] == seen_key else now
    return commit(
        store, seen, lambda ledger: act(ledger, _plain(who), _plain(why)), f"The books refuse {_escaped(file)}."
    )


def entries_link(posted: Sequence[Posted]) -> None:
    """Lead to the entries that were posted."""
    for entry in posted[:10]:
        frame.link(f"Entry {entry.number}, with every leg and its cell", "audit",
                   {"view": "entries", "entry": entry.number})  # fmt: skip


def _asked(label: str) -> str:
    """What a field asks for: the first words of its label."""
    return label.partition(":")[0].lower()


def _plain(text: str) -> str:
    return " ".join(text.split())


def _escaped(text: str) -> str:
    """A file's name in a sentence: nothing in it is read as mark-up."""
    return "".join(f"\\{letter}" if letter in r"\`*_{}[]()#+-!$:~<>|" else letter for letter in text)


_LONGEST_NAME = 120


@contextmanager
def as_path(name: str, content: bytes) -> Iterator[Path]:
    """The content as a file of that name, for as long as it is read."""
    with as_paths([(name, content)]) as (path,):
        yield path


@contextmanager
def as_paths(files: Sequence[tuple[str, bytes]]) -> Iterator[list[Path]]:
    """Several files side by side, for as long as they are read.

    Raises:
        Refused: two of them have one name.
    """
    names = [safe_name(name) for name, _ in files]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        why, remedy = "Nobody could tell which of them a message is about.", "Bring one of them, or rename it."
        raise Refused([Problem(name, "two files have this name.", why, remedy) for name in twice])
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in names]
        for path, (_, content) in zip(paths, files, strict=True):
            path.write_bytes(content)
        yield paths


def safe_name(name: str) -> str:
    """A file's own name as one that every system takes: no folders, no control characters, not too long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip()
    return plain[-_LONGEST_NAME:] if plain.strip(".") else "file"
