"""A tracker with column names of its own: what each column holds, and what every row says that no column does."""

import hashlib
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from allocations.files.register.layout import columns, fields, title
from allocations.files.register.tracker import (
    TrackerColumn,
    TrackerMapping,
    TrackerSheet,
    guessed,
    read_tracker_mapping,
    unknown_words,
)
from allocations.reading.cells import Workbook
from allocations.reading.saved_mapping import Unit, headings, save_mapping
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.known import Known
from ledger.errors import Refused
from ledger.inputs import Input
from ledger.years import FinancialYear, today, year_of
from screens.report.wording import PAGE
from screens.web.importing import common
from screens.web.record import boxes
from screens.web.shell import frame

_UNITS: tuple[Unit, ...] = ("pounds", "thousands", "millions", "pence")
_USE = "tracker"
_MOST_WORDS = 30


def ask(book: Workbook, known: Known) -> TrackerMapping | None:
    """Render the choices that make a mapping; None where there is no table to choose of, and the page says so."""
    st.header("What its columns hold", anchor=False)
    st.write("It has column names of its own. Say once what they hold, and save that for next month.")
    key = book.sha256[:16]
    saved = _saved(key)
    if saved is not None:  # which the boxes then stand by, whatever was chosen before
        key = f"{key} {hashlib.sha256(saved.model_dump_json().encode()).hexdigest()[:16]}"
    mapping = saved or guessed(book) or _begun(book, key)
    if mapping is None:
        st.info("Say in which row the headings stand.")
        return None
    parts = [_columns(part, book, key) for part in mapping.sheets]
    if not all(part.columns for part in parts):
        st.info("Say of at least one column what it holds.")
        return None
    mapping = mapping.model_copy(update={"sheets": tuple(parts), "fingerprint": None})
    mapping = _always(mapping, known, key)
    mapping = _words(mapping, book, known, key)
    st.download_button(
        "Save this mapping for next month (YAML)", data=lambda: _written(mapping, book),
        file_name=f"{Path(book.file).stem}-mapping.yaml", mime="application/yaml", key="download tracker mapping",
        on_click="ignore",
    )  # fmt: skip
    return mapping


def _saved(key: str) -> TrackerMapping | None:
    with st.expander(PAGE.label(Input.MAPPING)):
        file = st.file_uploader(
            PAGE.label(Input.MAPPING), max_upload_size=1, key=f"{_USE} mapping {key}", label_visibility="collapsed"
        )
    if file is None:
        return None
    try:
        with common.as_path(file.name, file.getvalue()) as path:
            return read_tracker_mapping(path)
    except Refused as refused:
        frame.refused(refused.problems, "The mapping cannot be used, and the columns are guessed anew.")
        return None


def _begun(book: Workbook, key: str) -> TrackerMapping | None:
    """A mapping without columns, for the sheet and the row that somebody names."""
    sheets = {sheet.name: sheet for sheet in book.sheets if sheet.rows}
    name = st.selectbox("Sheet", list(sheets), key=f"{_USE} sheet {key}")
    if name is None:
        return None
    row = int(st.number_input("Row of the headings", 0, len(sheets[name].rows), 0, key=f"{_USE} row {key}"))
    if not row:
        return None
    part = TrackerSheet.model_construct(sheet=name, header_row=row, columns={}, unit=None, left_out=())
    return TrackerMapping.model_construct(title=book.file, sheets=(part,), always={}, words={}, year=None)


def _columns(part: TrackerSheet, book: Workbook, key: str) -> TrackerSheet:
    sheet = next((sheet for sheet in book.sheets if sheet.name == part.sheet), None)
    if sheet is None:
        return part  # of another file: its shape is refused when it is read
    options = ["", *columns()]
    chosen: dict[str, TrackerColumn] = {}
    letters = list(headings(sheet, part.header_row).items())
    for start in range(0, len(letters), 3):
        for place, (letter, heading) in zip(st.columns(3), letters[start : start + 3], strict=False):
            usual = part.columns[letter].field if letter in part.columns else ""
            with place:
                field = st.selectbox(
                    f"{letter}: {heading}", options, index=options.index(usual),
                    format_func=lambda name: title(name) if name else "Ignored",
                    key=f"{_USE} column {key} {part.sheet} {letter}",
                )  # fmt: skip
            if field:
                chosen[letter] = TrackerColumn(field=field, heading=heading)
    unit: Unit | None = st.selectbox(
        PAGE.label(Input.UNIT), [None, *_UNITS], index=[None, *_UNITS].index(part.unit),
        format_func=lambda one: one.capitalize() if one else "As the heading says",
        key=f"{_USE} unit {key} {part.sheet}",
    )  # fmt: skip
    return part.model_copy(update={"columns": chosen, "unit": unit})


def _always(mapping: TrackerMapping, known: Known, key: str) -> TrackerMapping:
    """What every row says: the kind of decision, and what it is asked for and no column holds."""
    st.header("What every row is", anchor=False)
    held = {column.field for part in mapping.sheets for column in part.columns.values()}
    names = list(DECISIONS)
    usual = mapping.always.get("kind", "receive")
    name = st.selectbox(
        "Kind of decision", names, index=names.index(usual) if usual in names else 0,
        format_func=lambda name: DECISIONS[name].meaning.rstrip("."), key=f"{_USE} kind {key}",
    )  # fmt: skip
    decision, use = DECISIONS[name], f"{_USE} {key}"
    asked = [field for field in decision.fields if field.name not in held | {"key", "source_hash"}]
    boxes.begin(decision, None, use, mapping.always)
    boxes.in_columns(decision, asked, known, {}, use)
    now = year_of(today()).start
    years = [*([mapping.year] if mapping.year else []), *(str(FinancialYear(start)) for start in (now, now - 1))]
    year = st.selectbox("Year of months that are written without one", list(dict.fromkeys(years)),
                        key=f"{_USE} year {key}", accept_new_options=True)  # fmt: skip
    said = {one: text for one, text in boxes.given(decision, use).items() if one not in held}
    return mapping.model_copy(update={"always": {"kind": name, **said}, "year": year})


def _words(mapping: TrackerMapping, book: Workbook, known: Known, key: str) -> TrackerMapping:
    """What words of the file for funds and organisations stand for, where the books do not know them."""
    found = unknown_words(book, mapping.model_copy(update={"words": {}}), known)
    pairs: Sequence[tuple[str, str]] = [(name, word) for name, words in found.items() for word in words][:_MOST_WORDS]
    if not pairs:
        return mapping
    st.header("What its words stand for", anchor=False)
    words = {name: dict(each) for name, each in mapping.words.items()}
    for name, word in pairs:
        offered = boxes.offered(fields()[name], known)
        usual = mapping.words.get(name, {}).get(word)
        code = st.selectbox(
            f"{title(name)} '{word}'", list(offered), index=list(offered).index(usual) if usual in offered else None,
            format_func=lambda code, offered=offered: f"{offered[code]} ({code})", placeholder="Choose",
            key=f"{_USE} word {key} {name} {word}",
        )  # fmt: skip
        if code:
            words.setdefault(name, {})[word] = code
    return mapping.model_copy(update={"words": words})


def _written(mapping: TrackerMapping, book: Workbook) -> bytes:
    with common.as_path("mapping.yaml", b"") as path:
        save_mapping(path, mapping, book)
        return path.read_bytes()
