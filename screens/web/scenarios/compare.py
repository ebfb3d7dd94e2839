"""Scenarios side by side: what their files say differently, what comes of it, bridges, gainers and losers."""

from collections.abc import Sequence

import streamlit as st

from scenarios import compare
from scenarios.compare import Comparison
from scenarios.outcome import Outcome
from screens.report import scenario_files, scenario_tables, tables
from screens.report.tables import Link, Table
from screens.web.charts.bridge import bridge as draw_bridge
from screens.web.scenarios.results import LEVELS
from screens.web.shell import address
from screens.web.shell.open_ledger import Books

_MOST_SHOWN = 40


@st.fragment
def show(found: Books, outcomes: Sequence[Outcome], names: Sequence[str]) -> None:
    """Render a comparison of two or more."""
    compared = compare.compare(outcomes)
    rows = [
        (f"Scenario {number}", Link(each.run.written.scenario.title, "scenarios", {"scenario": name}),
         each.run.written.scenario.question)
        for number, (name, each) in enumerate(zip(names, outcomes, strict=True), 1)
    ]  # fmt: skip
    tables.show(Table("Side by side", ("Number", "Scenario", "The question"), rows))
    for sentence in compare.sentences(compared):
        st.write(f"**{sentence}**")
    st.write(scenario_tables.HYPOTHETICAL)
    st.header("What differs between the files", anchor=False)
    differs = scenario_tables.what_differs(compared)
    if differs is None:
        st.write("The files say the same.")
    else:
        tables.show_with_download(differs, "compare-files")
    st.header("What comes of it", anchor=False)
    outcome = scenario_tables.side_by_side(compared, ("amount", "test"), "Amounts and propositions that differ")
    tables.show_with_download(outcome, "compare-outcome")
    with st.expander("Every measure that differs"):
        tables.show_with_download(
            scenario_tables.side_by_side(compared, ("measure", "icb"), "Measures and ICBs that differ"),
            "compare-measures",
        )
    _bridges(outcomes)
    _gainers(compared)
    st.header("Take it away", anchor=False)
    st.download_button(
        "Board pack of all, to print (HTML)",
        data=lambda: scenario_files.page(outcomes, found.at).encode(),
        file_name="scenarios-compared.html",
        mime="text/html",
        on_click="ignore",
    )
    st.code(f"devolution scenario pack {' '.join(names)} --out pack.html", language=None, wrap_lines=True)


def _bridges(outcomes: Sequence[Outcome]) -> None:
    st.header("Step by step", anchor=False)
    titles = {each.quantity.name: each.quantity.title for found in outcomes for each in scenario_tables.moving(found)}
    if not titles:
        st.write("No headline amount moves in any of them.")
        return
    name = address.choose(
        "amount", "Amount", list(titles), shown=lambda each: titles[each], usual="local" if "local" in titles else None,
        unknown="which does not move here",
    )  # fmt: skip
    tables.show_with_download(scenario_tables.bridges_side_by_side(outcomes, name), "compare-bridges")
    for number, found in enumerate(outcomes, 1):
        each = next(each for each in found.bridges.bridges if each.quantity.name == name)
        draw_bridge(
            scenario_tables.spans(each),
            name=f"Scenario {number}: {titles[name][0].lower()}{titles[name][1:]}",
            sentence=scenario_tables.bridge_sentence(each),
            key=f"compare-bridge-{number}-{name}",
            smaller=True,
        )


def _gainers(compared: Comparison) -> None:
    st.header("Who gains and who loses", anchor=False)
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
    tables.show(scenario_tables.gains_side_by_side(compared, level, _MOST_SHOWN))
    tables.download(scenario_tables.gains_side_by_side(compared, level), f"compare-gains-{level.level}")
