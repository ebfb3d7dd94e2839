"""What a scenario does, as people read it: figures, a paragraph, bridge, gainers and losers, propositions, measures."""

import streamlit as st

from ledger.money import spoken
from ledger.reports.chart_marks import at_millions
from scenarios.bridge import Bridge
from scenarios.gainers import View
from scenarios.outcome import Outcome
from screens.report import scenario_tables, tables
from screens.web.charts.bars import Bar, distances
from screens.web.charts.bridge import bridge as draw_bridge
from screens.web.shell import address, frame

_HEADLINES = ("local", "free", "ring_fenced", "kept_without_agreement")
_MOST_DRAWN = 24
LEVELS = {"icb": "ICBs", "place": "Places", "pcn": "Networks (PCNs)", "practice": "Practices"}


def show(found: Outcome) -> None:
    """Everything that a scenario answers."""
    _headlines(found)
    st.write(frame.as_text(found.sentence))
    st.write(scenario_tables.HYPOTHETICAL)
    st.header("What changes", anchor=False)
    tables.show_with_download(scenario_tables.amounts(found), "scenario-amounts")
    _bridge(found)
    _gainers(found)
    st.header("The propositions", anchor=False)
    st.write("Each is a test of the position before and after. They are never put together into one score.")
    tables.show_with_download(scenario_tables.scorecard(found), "scenario-propositions")
    with st.expander("Every measure, before and after"):
        tables.show_with_download(scenario_tables.measures(found), "scenario-measures")
    st.header("What is done, and on what assumptions", anchor=False)
    tables.show(scenario_tables.steps(found))
    assumed = scenario_tables.assumptions(found)
    if assumed is None:
        st.write("The file names no assumption.")
    else:
        st.write("**Illustrative**: each assumption is somebody's choice. What is amber or red is not settled.")
        tables.show_with_download(assumed, "scenario-assumptions")


def _headlines(found: Outcome) -> None:
    by_name = {each.quantity.name: each for each in found.bridges.bridges}
    for column, name in zip(st.columns(len(_HEADLINES)), _HEADLINES, strict=True):
        each = by_name[name]
        column.metric(
            f"{each.quantity.title} (illustrative)",
            spoken(each.after_pence),
            delta=_moved(each),
            delta_color="off",
            delta_arrow="off",
        )


def _moved(each: Bridge) -> str:
    if not each.change_pence:
        return "as before"
    sign = "+" if each.change_pence > 0 else ""
    return f"{sign}{spoken(each.change_pence)}, from {spoken(each.before_pence)}"


def _bridge(found: Outcome) -> None:
    moving = scenario_tables.moving(found)
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
        scenario_tables.spans(each),
        name=each.quantity.title,
        sentence=scenario_tables.bridge_sentence(each),
        key=f"scenario-bridge-{name}",
        smaller=True,
    )
    st.write(f"{scenario_tables.order_sentence(found)} {scenario_tables.still(found)}")


def _gainers(found: Outcome) -> None:
    st.header("Who gains and who loses", anchor=False)
    changing = {view.level: view for view in found.views if view.gains or view.began or view.ended}
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
    st.write(frame.as_text(scenario_tables.gain_sentence(view)))
    if view.gains:
        _drawn(view)
    fifths = scenario_tables.fifths(view)
    if fifths is not None:
        st.subheader("By deprivation", anchor=False)
        st.write(f"Deprivation: {view.basis}.")
        tables.show_with_download(fifths, f"scenario-deprivation-{level}")


def _drawn(view: View) -> None:
    rows = scenario_tables.ends(view, _MOST_DRAWN)
    few = "" if len(rows) == len(view.gains) else f" The {len(rows)} largest changes of {len(view.gains):,} are shown."
    distances(
        [Bar(gain.name, at_millions(gain.change_pence), spoken(gain.change_pence)) for gain in rows],
        name="Largest changes",
        sentence=f"Change in what each has, in £ million.{few} Each row of the table gives £, % and £ per head.",
        axis="Change, £ million",
        table=scenario_tables.gains(view, rows),
        key=f"scenario-changes-{view.level}",
        smaller=True,
        room=0.5,
    )
    if few:
        tables.download(
            scenario_tables.gains(view),
            f"scenario-gains-{view.level}",
            f"Download all {len(view.gains):,} changes (CSV)",
        )
