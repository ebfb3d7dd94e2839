"""What scenarios do, as people read it: one in figures, bridge, gainers and propositions, or several side by side."""

from collections.abc import Sequence

import streamlit as st

from ledger.money import spoken
from scenarios import compare, saved
from scenarios.bridge import Bridge
from scenarios.compare import Comparison
from scenarios.gainers import View
from scenarios.outcome import Outcome
from scenarios.world import HOLDERS, PLURAL
from screens.report import board_pack, years
from screens.report import scenarios as reporting
from screens.report.marks import at_millions
from screens.report.render import page as tables
from screens.report.report import Link, Table, columns, link
from screens.web.charts.bars import Bar, distances
from screens.web.charts.flows import bridge as draw_bridge
from screens.web.scenarios import choice
from screens.web.shell import address, frame
from screens.web.shell.open_ledger import Books

_HEADLINES = ("local", "free", "ring_fenced", "kept_without_agreement")
_MOST_DRAWN = 24
LEVELS = {
    "icb": "ICBs",
    "place": "Places",
    "pcn": "Networks (PCNs)",
    "practice": "Practices",
    **{holder: PLURAL[holder].capitalize() for holder in HOLDERS},
}


def show(outcome: Outcome) -> None:
    """Everything that a scenario answers."""
    _headlines(outcome)
    st.write(frame.as_text(" ".join(filter(None, [outcome.sentence, reporting.directed(outcome)]))))
    st.write(reporting.HYPOTHETICAL)
    st.header("What changes", anchor=False)
    tables.show(reporting.amounts(outcome), "scenario-amounts")
    _bridge(outcome)
    for number, table in enumerate(reporting.lines_in_short(outcome), 1):
        tables.show(table, f"scenario-lines-{number}")
    _gainers(outcome)
    if outcome.movements:
        with st.expander("Resource movement, by receiver and purpose"):
            tables.show(reporting.movements(outcome), "scenario-movements")
    if outcome.years:
        st.header("Year by year", anchor=False)
        for name, table in years.tables(outcome).items():
            tables.show(table, f"scenario-{name.lower().replace(' ', '-')}")
    st.header("The propositions", anchor=False)
    st.write("Each is a test of the position before and after. They are never put together into one score.")
    tables.show(reporting.scorecard(outcome), "scenario-propositions")
    with st.expander("Every measure, before and after"):
        tables.show(reporting.measures(outcome), "scenario-measures")
    st.header("What is done, and on what assumptions", anchor=False)
    tables.show(reporting.steps(outcome))
    assumed = reporting.assumptions(outcome)
    if assumed is None:
        st.write("The file names no assumption.")
    else:
        st.write("**Illustrative**: each assumption is somebody's choice. What is amber or red is not settled.")
        tables.show(assumed, "scenario-assumptions")


def _headlines(outcome: Outcome) -> None:
    by_name = {each.quantity.name: each for each in outcome.bridges.bridges}
    for column, name in zip(st.columns(len(_HEADLINES)), _HEADLINES, strict=True):
        each = by_name[name]
        column.metric(
            f"{each.quantity.title} (illustrative)",
            spoken(each.after_pence),
            delta=_moved(each),
            delta_color="off",
            delta_arrow="off",
        )


def _moved(bridge: Bridge) -> str:
    if not bridge.change_pence:
        return "as before"
    sign = "+" if bridge.change_pence > 0 else ""
    return f"{sign}{spoken(bridge.change_pence)}, from {spoken(bridge.before_pence)}"


def _bridge(outcome: Outcome) -> None:
    moving = reporting.moving(outcome)
    if not moving:
        st.info("No headline amount moves. The propositions and measures below may.")
        return
    titles = {each.quantity.name: each.quantity.title for each in moving}
    name = address.choose(
        "amount",
        "Step by step",
        list(titles),
        shown=lambda each: titles[each],
        usual="local" if "local" in titles else None,
        unknown="which does not move here",
    )
    each = next(each for each in moving if each.quantity.name == name)
    draw_bridge(
        reporting.spans(each),
        name=each.quantity.title,
        sentence=reporting.bridge_sentence(each),
        key=f"scenario-bridge-{name}",
        smaller=True,
    )
    st.write(f"{reporting.order_sentence(outcome)} {reporting.still(outcome)}")


def _gainers(outcome: Outcome) -> None:
    st.header("Who gains and who loses", anchor=False)
    changing = {view.level: view for view in outcome.views if view.gains or view.began or view.ended}
    if not changing:
        st.write("Nobody's total changes: what moves are terms, or who decides within the same organisation.")
        return
    level = address.choose(
        "level",
        "Among",
        list(changing),
        shown=lambda each: LEVELS[each],
        horizontal=True,
        unknown="where nobody's changes",
    )
    view = changing[level]
    st.write(frame.as_text(reporting.gain_sentence(view)))
    if view.gains:
        _drawn(view)
    fifths = reporting.fifths(view)
    if fifths is not None:
        st.subheader("By deprivation", anchor=False)
        st.write(f"Deprivation: {view.basis}.")
        tables.show(fifths, f"scenario-deprivation-{level}")


def _drawn(view: View) -> None:
    rows = reporting.ends(view, _MOST_DRAWN)
    few = "" if len(rows) == len(view.gains) else f" The {len(rows)} largest changes of {len(view.gains):,} are shown."
    distances(
        [Bar(gain.name, at_millions(gain.change_pence), spoken(gain.change_pence)) for gain in rows],
        name="Largest changes",
        sentence=f"Change in what each has, in £ million.{few} Each row of the table gives £, % and £ per head.",
        axis="Change, £ million",
        table=reporting.gains(view, rows),
        key=f"scenario-changes-{view.level}",
        smaller=True,
        room=0.5,
    )
    if few:
        tables.download(
            reporting.gains(view),
            f"scenario-gains-{view.level}",
            f"Download all {len(view.gains):,} changes (CSV)",
        )


_MOST_SHOWN = 40


@st.fragment
def show_compared(books: Books, outcomes: Sequence[Outcome], names: Sequence[str]) -> None:
    """Render a comparison of two or more."""
    compared = compare.compare(outcomes)
    rows = [
        (f"Scenario {number}", Link(each.run.written.scenario.title, "scenarios", choice.address_of(name)),
         " ".join(filter(None, [each.run.written.scenario.question, reporting.changed(each)])))
        for number, (name, each) in enumerate(zip(names, outcomes, strict=True), 1)
    ]  # fmt: skip
    tables.show(Table("Side by side", columns("Number", link("Scenario"), "The question"), rows))
    for sentence in compare.sentences(compared):
        st.write(f"**{sentence}**")
    st.write(reporting.HYPOTHETICAL)
    st.header("What differs between the files", anchor=False)
    differs = reporting.what_differs(compared)
    if differs is None:
        st.write("The files say the same.")
    else:
        tables.show(differs, "compare-files")
    st.header("What comes of it", anchor=False)
    outcome = reporting.side_by_side(compared, ("amount", "test"), "Amounts and propositions that differ")
    tables.show(outcome, "compare-outcome")
    with st.expander("Every measure that differs"):
        tables.show(
            reporting.side_by_side(compared, ("measure", "icb"), "Measures and ICBs that differ"),
            "compare-measures",
        )
    _bridges(outcomes)
    _gainers_compared(compared)
    st.header("Take it away", anchor=False)
    st.download_button(
        "Board pack of all, to print (HTML)",
        data=lambda: board_pack.page(outcomes, books.at).encode(),
        file_name=f"{saved.name_of(' and '.join(names))}.html",
        mime="text/html",
        on_click="ignore",
    )
    with frame.for_analysts("the same on the command line"):
        st.code(f"devolution scenario pack {' '.join(names)} --out pack.html", language=None, wrap_lines=True)


def _bridges(outcomes: Sequence[Outcome]) -> None:
    st.header("Step by step", anchor=False)
    titles = {each.quantity.name: each.quantity.title for found in outcomes for each in reporting.moving(found)}
    if not titles:
        st.write("No headline amount moves in any of them.")
        return
    name = address.choose(
        "amount", "Amount", list(titles), shown=lambda each: titles[each], usual="local" if "local" in titles else None,
        unknown="which does not move here",
    )  # fmt: skip
    tables.show(reporting.bridges_side_by_side(outcomes, name), "compare-bridges")
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


def _gainers_compared(compared: Comparison) -> None:
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
    tables.show(reporting.gains_side_by_side(compared, level, _MOST_SHOWN))
    tables.download(reporting.gains_side_by_side(compared, level), f"compare-gains-{level.level}")
