"""Scenarios: pick, build or bring one, turn its figures and see what moves; save, compare, take it to the board."""

import hashlib
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date

import streamlit as st

from ledger.errors import Refused
from ledger.readings import ones_own
from scenarios import outcome, saved
from scenarios.baseline import Baseline
from scenarios.files.scenario import Scenario, WrittenScenario
from scenarios.files.variants import changed_sentence, parts
from scenarios.outcome import Outcome
from scenarios.ranges import Ranges, without_ranges
from screens.asked import explored
from screens.report.questions import WHAT_IFS
from screens.report.render import page as tables
from screens.web.scenarios import answer, choice, comparison, results, save, seeking, ways
from screens.web.scenarios.choice import Opened
from screens.web.scenarios.results import Closer
from screens.web.shell import address, frame, open_ledger
from screens.web.shell.cards import question_cards
from screens.web.shell.open_ledger import Books

_VIEWS = {
    "pick": "Choose one",
    "build": "Build your own",
    "bring": "Bring a file",
    "compare": "Compare several",
    "way": "Find a way to fair shares",
    "seek": "Find what it takes",
}
_ANSWERED = ("pick", "build", "compare")
_COMPARED = ("devolve-80-at-once", "devolve-80-in-five-years")
_MOST_COMPARED = 4
_FOOT = (
    "Every figure is worked out from the books by the scenario's steps: derived. Populations: NHS England's practice "
    "figures of 2025/26."
)
_ILLUSTRATIVE = (
    "**Illustrative**: nobody has decided what a scenario asks. How free each line is today, and what ICBs devolve "
    "and keep, is this project's assumption."
)


def page() -> None:
    """Render the page for the view and the scenario that the address names."""
    frame.title("What if?")
    st.write("A scenario asks what would change. Nothing on this page touches the books.")
    store = open_ledger.store()
    found = None if store is None else frame.books_of(store)
    if found is None:
        st.header("What could be asked", anchor=False)
        tables.show(save.library())
        frame.foot(None, "There are no books to run a scenario on yet.", illustrative="")
        return
    cards = st.container(key="short-cards")
    view = address.choose("view", "Do what", list(_VIEWS), shown=lambda each: _VIEWS[each], horizontal=True)
    if view == "pick":
        with cards:
            question_cards(WHAT_IFS, None, None, len(WHAT_IFS))
    if view in _OTHERS:
        _OTHERS[view](found)
    else:
        opened = {"pick": choice.pick, "bring": choice.bring}.get(view, lambda: choice.build(found))()
        if opened is not None:
            _work(found, opened)
    # An answer says of itself that it is hypothetical; where none is worked out, the foot does.
    frame.foot(found.at, _FOOT, illustrative="" if view in _ANSWERED else _ILLUSTRATIVE)


@st.fragment
def _work(books: Books, opened: Opened) -> None:
    """One scenario, with its figures to turn. A turn redraws this part of the page alone."""
    head = st.container()
    opened = choice.turn(opened)
    try:
        written = saved.read_text(opened.content, _file_name(opened))
        if opened.turns and opened.name:
            written = replace(written, name=opened.command_name)
    except Refused as refused:
        _refused(refused, "This scenario cannot be read. Correct it as it is written and try again.")
        return
    with head:
        title = st.empty()
        if changed := changed_sentence(written.changes):
            st.write(f"**{frame.as_text(changed)}**")
        question = st.empty()
        where = answer.places()

    def headed(scenario: Scenario) -> None:
        title.header(frame.as_text(scenario.title), anchor=False)
        question.write(frame.as_text(scenario.question))

    headed(written.scenario)
    try:
        worked = work_out(books, written, opened.content)
    except Refused as refused:
        _refused(refused, "This scenario does not fit these books. Nothing was worked out.")
        st.write("Change a figure above, choose another scenario, or change its file.")
        save.keep(opened, written.scenario)
        return

    # What its steps free is known now, and may be told in its title.
    headed(worked.run.written.scenario)

    def ranges() -> Ranges:
        return _ranged(books, opened.content, worked)

    answer.tell(where, worked, without_ranges(worked))
    with head:
        save.take_away(books, worked, opened, ranges)
        answer.said(worked)
    try:
        results.show(Closer(worked, ranges, lambda: save.keep(opened, written.scenario)))
        with where.working, st.spinner("Working out between which values the answer lies"):
            found = ranges()
    except Refused as refused:
        frame.refused(refused.problems, "Between which values the answer lies could not be worked out.")
        return
    answer.tell(where, worked, found)


def _ranged(books: Books, content: bytes, worked: Outcome) -> Ranges:
    """Between which values the answer lies, kept as the answer is."""
    digest = hashlib.sha256(content).hexdigest()
    own = repr(worked.run.books.own)
    return _drawn(books.at.head, books.at.as_at, worked.run.written.name, digest, own, _worked=worked)


@st.cache_resource(show_spinner=False, max_entries=40)
def _drawn(head: str, day: date, name: str, digest: str, own: str, _worked: Outcome) -> Ranges:
    del head, day, name, digest, own  # the key
    return explored.ranges_of(_worked)


_IN_A_FILE = re.compile(r".*?, line (\d+)(?:, (.+))?")
_NUMBERED = {"steps": "step", "assumptions": "assumption", "given": "given step"}


def _refused(refused: Refused, told: str) -> None:
    frame.refused([replace(one, where=_where(str(one.where))) for one in refused.problems], told)


def _where(where: str) -> str:
    """Where in a scenario a problem stands, for who sees a page and no file: its line, and the part in words."""
    found = _IN_A_FILE.fullmatch(where)
    if found is None:
        return where
    line, spot = found.groups()
    words: list[str] = []
    for part in (spot or "").split("."):
        if part.isdecimal() and words:
            words[-1] = f"{_NUMBERED.get(words[-1], words[-1])} {int(part) + 1}"
        elif part:
            words.append(part)
    return f"Line {line} of the scenario" + (f": {', '.join(words).replace('_', ' ')}" if words else "")


def _file_name(opened: Opened) -> str:
    return opened.version.path.name if opened.version else f"{opened.name or 'scenario'}.yaml"


def work_out(books: Books, written: WrittenScenario, content: bytes) -> Outcome:
    """What a scenario does to the books, kept until they, the day or the scenario change.

    Raises:
        Refused: it does not fit these books.
    """
    start = written.scenario.baseline
    read: Baseline = books.answer(
        "scenario baseline",
        lambda reader, at: explored.baseline(reader, at, written),
        str(start.year),
        start.organisation,
        start.as_at,
        start.known_at,
    )
    digest, own = hashlib.sha256(content).hexdigest(), ones_own(books.reading)
    return _explored(
        books.at.head, books.at.as_at, written.name, digest, repr(own), _written=written, _read=replace(read, own=own)
    )


# An outcome holds a position for each step: few are kept, for all who use the app.
@st.cache_resource(show_spinner="Working it out", max_entries=40)
def _explored(
    head: str, day: date, name: str, digest: str, own: str, _written: WrittenScenario, _read: Baseline
) -> Outcome:
    del head, day, name, digest, own  # the key
    return explored.explored(_written, _read)


def _compare(books: Books) -> None:
    ledger = open_ledger.path()
    known = [*saved.saved(ledger), *outcome.library()]
    mine = choice.as_turned()
    asked = [name for name in (address.asked_for("with") or "").split(",") if parts(name)[0] in known]
    options = list(dict.fromkeys([*([mine] if mine else []), *asked, *known]))
    usual = (parts(mine)[0], mine) if mine and parts(mine)[0] in known else _COMPARED
    names = address.choose_many(
        "with", "Scenarios to compare", options, shown=choice.title_of, usual=usual, most=_MOST_COMPARED
    )
    worked, kept = [], []
    for name in names:
        try:
            written = saved.find(name, ledger)
            worked.append(work_out(books, written, saved.content(name, ledger)))
            kept.append(name)
        except Refused as refused:
            frame.refused(refused.problems, f"{choice.title_of(name)} is left out: it does not fit these books.")
    if len(worked) < len(_COMPARED):
        st.info("Choose two or more scenarios that fit these books.")
        return
    comparison.show_compared(books, worked, kept)


_OTHERS: Mapping[str, Callable[[Books], None]] = {"compare": _compare, "way": ways.page_part, "seek": seeking.page_part}
