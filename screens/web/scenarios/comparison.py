"""Several scenarios side by side: what differs between them, and what comes of it, on one axis."""

from collections.abc import Callable, Mapping, Sequence

import streamlit as st

from ledger.money import spoken
from scenarios import compare, saved
from scenarios.compare import Comparison
from scenarios.outcome import Outcome
from screens.asked import explored
from screens.report.files import board_pack
from screens.report.marks import at_millions
from screens.report.render import page as tables
from screens.report.report import Link, Table, columns, link
from screens.report.scenarios import answers as reporting
from screens.web.charts.bars import Bar
from screens.web.charts.flows import bridge as draw_bridge
from screens.web.charts.grouped import grouped
from screens.web.scenarios import choice
from screens.web.scenarios.results import LEVELS
from screens.web.shell import address, frame
from screens.web.shell.open_ledger import Books

_MOST_SHOWN = 40


@st.fragment
def show_compared(books: Books, outcomes: Sequence[Outcome], names: Sequence[str]) -> None:
    """Render a comparison of two or more."""
    compared = explored.compared(outcomes)
    rows = [
        (f"Scenario {number}", Link(each.run.written.scenario.title, "scenarios", choice.address_of(name)),
         " ".join(filter(None, [each.run.written.scenario.question, reporting.changed(each)])))
        for number, (name, each) in enumerate(zip(names, outcomes, strict=True), 1)
    ]  # fmt: skip
    tables.show(Table("Side by side", columns("Number", link("Scenario"), "The question"), rows))
    for sentence in compare.sentences(compared):
        st.write(f"**{sentence}**")
    st.write(reporting.HYPOTHETICAL)
    st.download_button(
        "Board pack of all, to print (HTML)",
        data=lambda: board_pack.page(outcomes, books.at).encode(),
        file_name=f"{saved.name_of(' and '.join(names))}.html",
        mime="text/html",
        on_click="ignore",
    )
    part = address.choose(
        "compared", "What to see", list(_TITLES), shown=lambda each: _TITLES[each],
    )  # fmt: skip
    _PARTS[part](outcomes, compared)
    with frame.for_analysts("the same on the command line"):
        st.code(f"devolution scenario pack {' '.join(names)} --out pack.html", language=None, wrap_lines=True)


def _together(outcomes: Sequence[Outcome], compared: Comparison) -> None:
    """Every amount that moves, in all scenarios on one axis."""
    del compared
    table = reporting.changes_side_by_side(outcomes)
    if not table.rows:
        st.write("No headline amount moves in any of them.")
        return
    grouped(
        {
            str(title): [
                Bar(str(number), at_millions(pence), _signed(pence)) for number, pence in enumerate(changes, 1)
            ]
            for title, *changes in table.rows
        },
        name="What each would change",
        sentence="Change of each amount, on one axis; the number at each bar is that of its scenario.",
        axis="Change, £ million",
        table=table,
        key="compare-changes",
    )


def _signed(pence: int) -> str:
    return f"+{spoken(pence)}" if pence > 0 else spoken(pence) if pence else "as before"


def _differ(outcomes: Sequence[Outcome], compared: Comparison) -> None:
    del outcomes
    both = reporting.side_by_side(compared, ("amount", "test"), "Amounts and questions that differ")
    tables.show(both, "compare-outcome")


def _measures(outcomes: Sequence[Outcome], compared: Comparison) -> None:
    del outcomes
    both = reporting.side_by_side(compared, ("measure", "icb"), "Measures and ICBs that differ")
    tables.show(both, "compare-measures")


def _files(outcomes: Sequence[Outcome], compared: Comparison) -> None:
    del outcomes
    differs = reporting.what_differs(compared)
    if differs is None:
        st.write("The files say the same.")
    else:
        tables.show(differs, "compare-files")


def _bridges(outcomes: Sequence[Outcome], compared: Comparison) -> None:
    del compared
    titles = {each.quantity.name: each.quantity.title for found in outcomes for each in reporting.moving(found)}
    if not titles:
        st.write("No headline amount moves in any of them.")
        return
    name = address.choose(
        "amount", "Amount", list(titles), shown=lambda each: titles[each], usual="local" if "local" in titles else None,
        unknown="which does not move here",
    )  # fmt: skip
    beside = reporting.bridges_side_by_side(outcomes, name)
    with st.expander(beside.name):
        tables.show(beside, "compare-bridges", folds=False)
    same = [next(each for each in found.bridges.bridges if each.quantity.name == name) for found in outcomes]
    for number, each in enumerate(same, 1):
        draw_bridge(
            reporting.spans(each),
            beside=[reporting.spans(other) for other in same],
            name=f"Scenario {number}: {titles[name][0].lower()}{titles[name][1:]}",
            sentence=reporting.bridge_sentence(each),
            key=f"compare-bridge-{number}-{name}",
            smaller=True,
        )


def _gainers(outcomes: Sequence[Outcome], compared: Comparison) -> None:
    del outcomes
    if not compared.levels:
        st.write("Nobody's total changes in any of them.")
        return
    levels = {each.level: each for each in compared.levels}
    level = levels[
        address.choose(
            "level", "Among", list(levels), shown=lambda each: LEVELS[each], horizontal=True,
            unknown="where nobody's changes",
        )
    ]  # fmt: skip
    more = len(level.gains) > _MOST_SHOWN
    if more:
        st.write(f"The {_MOST_SHOWN} largest changes of {len(level.gains):,} are shown; the file has all.")
    tables.show(reporting.gains_side_by_side(compared, level, _MOST_SHOWN))
    tables.download(reporting.gains_side_by_side(compared, level), f"compare-gains-{level.level}")


_TITLES = {
    "together": "What each would change",
    "differ": "Amounts and questions",
    "steps": "Step by step",
    "gains": "Who gains and who loses",
    "measures": "Every measure that differs",
    "files": "What the files say differently",
}
_PARTS: Mapping[str, Callable[[Sequence[Outcome], Comparison], None]] = {
    "together": _together,
    "differ": _differ,
    "steps": _bridges,
    "gains": _gainers,
    "measures": _measures,
    "files": _files,
}
