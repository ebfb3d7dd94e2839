"""Which scenario a page shows: of the library, saved beside the ledger, built from blocks, or brought as a file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import streamlit as st

from allocations.reading.strict_yaml import read_lines
from ledger.errors import Refused
from ledger.store.attachments import Version
from ledger.years import FinancialYear
from scenarios import baseline, outcome, saved
from scenarios.files.knobs import BLOCKS, CHOICE, Knob, as_text, built, knobs, lines, turned
from scenarios.files.scenario import read_scenario
from scenarios.files.themes import in_order, theme
from scenarios.files.variants import Difference, parts, turned_name, what_differs
from screens.web.importing import common
from screens.web.shell import address, frame, open_ledger
from screens.web.shell.open_ledger import Books

_KNOB = re.compile(r"^([sg]\d+|a)\.")
_FIRST_BLOCKS = ("devolve", "release")
_MOST_BLOCKS = 8
_ASSUMED, _MOST_OPEN = "a.", 2


@dataclass(frozen=True)
class Opened:
    """A scenario as it was opened.

    Attributes:
        name: by which the command line knows it; empty where it is nowhere but here.
        content: of its file.
        version: the saved version that it is; None for what nobody saved.
        turned: what the reader turned in it, with the file's own values first.
        turns: the figures that the reader turned, by the key of each, as the command line takes them.
        known_as: what the command line knows this version by, where its name stands for a newer one.
    """

    name: str
    content: bytes
    version: Version | None = None
    turned: tuple[Difference, ...] = ()
    turns: Mapping[str, str] = field(default_factory=dict)
    known_as: str = ""

    @property
    def command_name(self) -> str:
        """By which the command line makes the very same; empty where it cannot."""
        return turned_name(self.known_as or self.name, self.turns) if self.name else ""

    @property
    def said(self) -> Any:
        """What the file says, as it is written; None where it is no YAML."""
        try:
            with common.as_path("scenario.yaml", self.content) as path:
                return read_lines(path)[0]
        except Refused:
            return None


def is_knob(name: str) -> bool:
    """Whether a choice of the address turns a figure of a scenario."""
    return _KNOB.match(name) is not None


def pick() -> Opened:
    """A scenario of the library or saved beside the ledger, which the address names by name or by hash."""
    ledger = open_ledger.path()
    kept, names = saved.saved(ledger), in_order(outcome.library())
    asked = address.asked_for("scenario") or st.session_state.get("kept scenario") or ""
    by_hash = saved.version(ledger, asked) if asked and asked not in kept and asked not in names else None
    options = [*kept, *names, *([asked] if by_hash else [])]
    # A link names its scenario even where that is the usual one: another day another may be.
    name = address.choose(
        "scenario",
        "Scenario",
        options,
        shown=lambda each: _title(each, kept, by_hash),
        usual=names[0],
        unknown="which is neither in the library nor saved here",
        is_told=True,
    )
    _begin(f"pick {name}")
    if name in names:
        return Opened(name, outcome.library()[name].read_bytes())
    version = by_hash if by_hash and name == asked else _as_opened(kept[name])
    opened = Opened(version.name, version.content(), version)
    newest = kept.get(version.name, version)
    if newest.number != version.number:
        opened = replace(opened, known_as=version.digest[:16])
        st.info(
            f"You look at version {version.number} of {version.name}. Since then version {newest.number} was saved, on "
            f"{newest.saved_at:%-d %B %Y, %H:%M} UTC."
        )
        st.button("Open the newest version", on_click=_open_newest, args=(newest,))
    return opened


def _title(name: str, kept: Any, by_hash: Version | None) -> str:
    """How a scenario stands in the list."""
    if name in kept:
        return f"{_read_title(str(kept[name].path))} (saved as {name})"
    if by_hash and name not in outcome.library():
        return f"{_read_title(str(by_hash.path))} (version {by_hash.number} of {by_hash.name})"
    return f"{theme(name)}: {_read_title(str(outcome.library()[name]))}"


def title_of(name: str) -> str:
    """How a scenario of the library, or the newest version of a saved one, stands in a list; perhaps with a turn."""
    ledger = open_ledger.path()
    stem, turns = parts(name)
    if not turns:
        return _title(name, saved.saved(ledger), None)
    told = ", ".join(f"{key.partition('.')[2] or key} {value}" for key, value in turns.items())
    return f"{_title(stem, saved.saved(ledger), None)} (turned: {told})"


@st.cache_resource(show_spinner=False, max_entries=500)
def _read_title(path: str) -> str:
    """The title of a file; one that is saved never changes."""
    try:
        return read_scenario(Path(path)).scenario.title
    except Refused:
        return f"{Path(path).name}, which cannot be read"


def _as_opened(newest: Version) -> Version:
    """The version that this tab opened: what somebody else saves meanwhile does not change under its reader."""
    number = st.session_state.setdefault(f"version of {newest.name}", newest.number)
    found = {each.number: each for each in saved.versions(open_ledger.path(), newest.name)}
    return found.get(number, newest)


def _open_newest(newest: Version) -> None:
    remember(newest)
    st.session_state["kept scenario"] = newest.name
    address.forget(lambda name: is_knob(name) or name == "scenario")
    address.write("scenario", newest.name)
    st.session_state["written scenario"] = None


def remember(version: Version) -> None:
    """Take a version as the one that this tab works on."""
    st.session_state[f"version of {version.name}"] = version.number


def build(books: Books) -> Opened | None:
    """A scenario put together from blocks; None where none is chosen."""
    year = str(FinancialYear(books.year))
    chosen = address.choose_many(
        "blocks",
        "What should happen, step by step",
        list(BLOCKS),
        shown=lambda block: BLOCKS[block],
        usual=_FIRST_BLOCKS,
        most=_MOST_BLOCKS,
        help_text="Steps are done in the order in which they are chosen.",
    )
    names = books.icbs
    whose = address.choose(
        "whose",
        "Whose money",
        ["", *names],
        shown=lambda code: f"{names[code]} ({code})" if code else "All of it",
        unknown="which holds no money in this ledger",
    )
    _begin("build")
    if not chosen:
        st.info("Choose at least one step.")
        return None
    there = books.answer(
        "scenario lines",
        lambda reader, _: lines(
            baseline.read(reader, year=FinancialYear(books.year), organisation=whose or None).position
        ),
        books.year,
        whose,
    )
    only = {}
    with st.expander("Which lines of money each step touches"):
        st.write("Where nothing is chosen, a step touches all lines that fit it.")
        for place, block in enumerate(chosen):
            only[place] = address.choose_many(
                f"lines{place + 1}", f"Step {place + 1}, {BLOCKS[block].lower()}", list(there),
                shown=lambda code: there.get(code, code),
            )  # fmt: skip
    said = built(chosen, year=year, organisation=whose or None, lines=only)
    return Opened("", as_text(said).encode())


def bring() -> Opened | None:
    """A scenario as YAML that somebody brings or writes; None while there is none."""
    st.write("What is brought stays in this visit until you save it below.")
    file = st.file_uploader("A scenario file", type=["yaml", "yml"], max_upload_size=1)
    if file is not None and st.session_state.get("scenario read") != file.file_id:
        st.session_state["scenario read"] = file.file_id
        st.session_state["scenario text"] = file.getvalue().decode("utf-8", errors="replace")
    st.session_state.setdefault("scenario text", st.session_state.get("kept scenario text", ""))
    with frame.for_analysts("the scenario as it is written, in YAML"):
        text = st.text_area("YAML", key="scenario text", height=280)
    st.session_state["kept scenario text"] = text
    _begin(f"bring {text}")
    if not text.strip():
        st.info("Upload a scenario. Whoever saves one on this page, or on the command line, has such a file.")
        return None
    return Opened("", text.encode())


def _begin(what: str) -> None:
    """Where another scenario is chosen than before, figures that were turned for the last one are forgotten."""
    before = st.session_state.get("turned for")
    if before is not None and before != what:
        address.forget(is_knob)
    st.session_state["turned for"] = what


def turn(opened: Opened) -> Opened:
    """The scenario with its figures where the reader turns them: first its assumptions, the others in a fold."""
    said = opened.said
    found = knobs(said)
    known = {knob.key for knob in found}
    for key in [key for key in st.query_params if is_knob(key) and key not in known]:
        st.warning(f"The address asks for '{frame.as_text(key[:60])}', which is no figure of this scenario.")
    if not found:
        return opened
    first = [knob for knob in found if knob.key.startswith(_ASSUMED)] or list(found[:_MOST_OPEN])
    others = [knob for knob in found if knob not in first]
    with st.container(border=True, key="turning"):
        st.subheader("Change a figure", anchor=False)
        values = _turned_among(first)
        if others:
            is_open = any(address.asked_for(knob.key) for knob in others)
            with st.expander(f"Change anything else: {len(others)} more", expanded=is_open):
                values |= _turned_among(others)
        if any(values[knob.key] != knob.value for knob in found):
            st.button("Back to what the file says", on_click=address.forget, args=(is_knob,))
    new = turned(said, values)
    if new == said:
        return opened
    differs = what_differs([said, new])
    if opened.name in outcome.library() and opened.version is None:
        new = saved.based(new, opened.name)
    turns = {knob.key: values[knob.key] for knob in found if values[knob.key] != knob.value}
    return replace(opened, content=as_text(new).encode(), turned=differs, turns=turns)


def _turned_among(found: Sequence[Knob]) -> dict[str, str]:
    values, columns = {}, st.columns(2)
    for place, knob in enumerate(found):
        label = frame.as_text(knob.label)
        with columns[place % 2]:
            if knob.kind == CHOICE:
                values[knob.key] = address.choose(knob.key, label, knob.options, shown=knob.shown, usual=knob.value)
            else:
                values[knob.key] = address.slide_among(knob.key, label, knob.options, knob.value, knob.shown)
    return values


def as_turned() -> str | None:
    """The scenario that was looked at last with its figures as the reader turned them, as a name; None if none is."""
    name = address.asked_for("scenario")
    turns = {key: value for key, value in st.query_params.items() if is_knob(key)}
    found = name and turned_name(name, turns)
    return found if found and turns and parts(found)[1] == turns else None


def address_of(name: str) -> dict[str, str]:
    """The address that shows a scenario by name, with the figures that the name turns."""
    stem, turns = parts(name)
    return {"scenario": stem, **{key if is_knob(key) else f"a.{key}": value for key, value in turns.items()}}
