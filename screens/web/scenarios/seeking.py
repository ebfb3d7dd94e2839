"""What it takes: which value of an assumption makes a figure of a scenario what is asked, as the command finds it."""

from fractions import Fraction

import streamlit as st

from ledger.errors import Refused
from scenarios import outcome, saved
from scenarios.files.scenario import WrittenScenario
from scenarios.files.themes import in_order
from scenarios.solve.crossing import ScalePoint
from scenarios.solve.seek import PERCENT, POUNDS, Scale, Sought, SoughtFigure, figures, seek
from screens.report.marks import Where, at_unit
from screens.report.render.colours import OVER_TIME, Colour
from screens.report.scenarios import seeking as reporting
from screens.web.charts.lines import lines
from screens.web.scenarios import answer_file, choice
from screens.web.shell import address, frame, open_ledger
from screens.web.shell.open_ledger import Books

_USUAL_FIGURE = "devolved_share"
_SIDES = {">=": "at least", "<=": "at most"}
_AXES = {"pence": "£ million", "share": "Per cent"}
_ALONG = {PERCENT: " (per cent)", POUNDS: " (£)"}
_HOW = {"share": "a share, as 50%", "pence": "money, as £10 million"}
_EXPLAINED = (
    "A scenario takes some things as given. Say what a figure should be. This page looks for the one value that makes "
    "it so. For half of the money to be local, what share must be devolved?"
)


def page_part(books: Books) -> None:
    """Ask what a figure should be, and show what it takes."""
    st.header("What it takes", anchor=False)
    st.write(_EXPLAINED)
    ledger = open_ledger.path()
    names = [*saved.saved(ledger), *in_order(outcome.library())]
    name = address.choose(
        "scenario", "Scenario", names, shown=choice.title_of, usual="devolve-80-at-once",
        unknown="which is neither in the library nor saved here",
    )  # fmt: skip
    try:
        written = saved.find(name, ledger)
    except Refused as refused:
        frame.refused(refused.problems, "This scenario cannot be read. Choose another.")
        return
    turnable = _turnable(written)
    if not turnable:
        st.info("No step of this scenario uses an assumption, so there is nothing to turn. Choose another.")
        return
    known = figures()
    with st.form("what it takes"):
        found = address.choose(
            "seek_find", "Which assumption may change", list(turnable), shown=lambda each: turnable[each],
            unknown="which this scenario does not make",
        )  # fmt: skip
        wanted = address.choose("seek_figure", "Which figure", list(known), shown=lambda each: known[each].title,
                                usual=_USUAL_FIGURE)  # fmt: skip
        left, right = st.columns(2)
        with left:
            side = address.choose("seek_side", "It should be", list(_SIDES), shown=lambda each: _SIDES[each])
        with right:
            value = address.type_in("seek_value", "This much", "", help_text=_how(known[wanted]))
        with left:
            low = address.type_in("seek_from", "Look from (empty: from nothing)", "")
        with right:
            high = address.type_in("seek_to", "Look up to (empty: to all of it)", "")
        st.form_submit_button("Look for it", type="primary")
    if not value:
        st.info(f"Say how much it should be: {_how(known[wanted])}.")
        return
    try:
        with st.spinner("Trying values; this takes some seconds"):
            sought = _sought(books.at.head, str(ledger), name, found, f"{wanted} {side} {value}",
                             (low or None, high or None), books, saved.content(name, ledger))  # fmt: skip
    except Refused as refused:
        frame.refused(refused.problems, "This cannot be looked for. Nothing was tried.")
        return
    _show(books, sought, found)
    with frame.for_analysts("the same on the command line"):
        ends = "".join(f" {option} {end}" for option, end in (("--from", low), ("--to", high)) if end)
        st.code(
            f"devolution scenario seek {name} --find {found} --until '{wanted} {side} {value}'{ends} --ledger {ledger}",
            language=None,
            wrap_lines=True,
        )


def _how(figure: SoughtFigure) -> str:
    return _HOW.get(figure.unit, "a number, as 12.5")


def _turnable(written: WrittenScenario) -> dict[str, str]:
    """The assumptions that a step uses, with their words and their value."""
    return {
        each.name: f"{each.name.replace('_', ' ').replace('-', ' ').capitalize()}, now {each.value}"
        for each in written.scenario.assumptions
        if written.used is None or each.name in written.used
    }


@st.cache_resource(show_spinner=False, max_entries=60)
def _sought(
    head: str,
    ledger: str,
    name: str,
    find: str,
    asked: str,
    ends: tuple[str | None, str | None],
    _books: Books,
    content: bytes,
) -> Sought:
    """What was found, kept by the books' head, the scenario's file and the question."""
    del head, ledger, content  # the key
    with _books.store.read() as reader:
        return seek(reader, open_ledger.path(), name, find, asked, ends)


def _show(books: Books, sought: Sought, find: str) -> None:
    report = reporting.sought(sought, books.at)
    words = find.replace("_", " ")
    first, *others = (sentence.replace(find, words) for sentence in report.sentences)
    (st.warning if report.is_refused else st.success)(frame.as_text(" ".join([*others[:1], first])))
    for sentence in others[1:]:
        st.write(frame.as_text(sentence))
    answer_file.offer(report, "what-it-takes")
    figure, points = sought.condition.figure, sought.crossing.looked_at
    lines(
        [sought.scale.written(point.step) for point in points],
        {figure.title: [_at(point, figure.unit) for point in points]},
        [OVER_TIME.get(figure.name, Colour.AMOUNT)],
        name=f"{figure.title}, by {words}",
        sentence="The figure at every value that was tried. Values stand closer together where it was looked for.",
        axis=_AXES.get(figure.unit, figure.unit),
        table=report.tables[0],
        key="what-it-takes",
        along=[_along(point, sought.scale) for point in points],
        along_what=f"{words.capitalize()}{_ALONG.get(sought.scale.kind, '')}",
    )


def _along(point: ScalePoint, scale: Scale) -> Where:
    """Where a value that was tried stands on its own scale."""
    if scale.kind == PERCENT:
        return at_unit(Fraction(point.step, 100 * 100), "share")
    return at_unit(Fraction(point.step), scale.kind)


def _at(point: ScalePoint, unit: str) -> Where | None:
    return None if point.figure is None else at_unit(point.figure, unit)
