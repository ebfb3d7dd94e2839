"""What a board reads first of a scenario: one sentence, three figures with their ranges, one chart, and which money."""

from dataclasses import dataclass
from html import escape
from typing import Any

import streamlit as st

from scenarios.outcome import Outcome
from scenarios.ranges import Ranges
from screens.report.marks import at_unit
from screens.report.render import page as tables
from screens.report.scenarios import answers as reporting
from screens.report.scenarios import headlines
from screens.report.scenarios.ranges import (
    driver_title,
    ends_of,
    figure_ranges,
    most_driven,
    range_sentence,
    range_value,
    swings,
)
from screens.web.charts.bars import Swing, tornado
from screens.web.charts.flows import bridge as draw_bridge
from screens.web.shell import frame

_WORKING = "its range is being worked out"
_AXES = {"pence": "£ million", "share": "Per cent"}


@dataclass(frozen=True)
class Places:
    """Where the answer stands on the page: what is known first is shown first, and its ranges when they are known."""

    sentence: Any
    figures: Any
    working: Any


def places() -> Places:
    """Make room for the sentence and the figures."""
    return Places(st.empty(), st.empty(), st.empty())


def tell(where: Places, outcome: Outcome, found: Ranges) -> None:
    """The sentence and the three figures, each with its range once that is known."""
    where.sentence.write(f"**{frame.as_text(headlines.in_a_sentence(outcome, found))}**")
    cards = [
        f"<li><span>{escape(each.title)}</span><strong>{escape(range_value(each, each.central))}</strong>"
        f"<span>{escape(headlines.ends(each) if found.draws else _WORKING)}</span></li>"
        for each in headlines.three(outcome, found)
    ]
    where.figures.html(f'<ul class="figures">{"".join(cards)}</ul>')


def draw(outcome: Outcome) -> None:
    """The one chart of before and after, and which money it is."""
    drawing, money = headlines.before_and_after(outcome), headlines.which_money(outcome)
    both = st.container(key="picture-and-money")
    left, right = both.columns([3, 2]) if money else (both.container(), both.container())
    with left:
        if drawing.spans:
            draw_bridge(
                drawing.spans,
                name=drawing.name,
                sentence=drawing.sentence,
                key="scenario-before-and-after",
                smaller=True,
                has_total=drawing.spans[0].is_total,
            )
        else:
            st.info("No headline amount moves, and nobody's total changes. Questions below may have other answers.")
    with right:
        for table in money:
            st.subheader("Which money", anchor=False)
            st.write("The lines that change most.")
            tables.show(table)


def drives(found: Ranges) -> None:
    """Between which values each figure lies, and what drives the one that most hangs on."""
    driven, table = most_driven(found), swings(found)
    if driven is None or table is None:
        st.write("Nothing in the file has a range, and no figure rests on how grades are read.")
        return
    widest = driven.drivers[0]
    tornado(
        [
            Swing(driver_title(each), at_unit(each.low, driven.unit), at_unit(each.high, driven.unit), "")
            for each in driven.drivers
        ],
        centre=at_unit(driven.central, driven.unit),
        axis=f"{driven.title} ({_AXES.get(driven.unit, driven.unit)})",
        name="What drives the answer",
        sentence=f"{driven.title}: {range_value(driven, driven.central)}{ends_of(driven, ', from {} to {}')}. Each bar "
        f"takes one thing to its low and to its high and leaves the others; the widest is {driver_title(widest)}.",
        table=table,
        key="scenario-tornado",
    )
    st.write(range_sentence(found))
    with st.expander("Every figure with its range"):
        tables.show(figure_ranges(found), "scenario-ranges")


def said(outcome: Outcome) -> None:
    """That it is hypothetical, and the answer in a paragraph."""
    st.write(reporting.HYPOTHETICAL)
    with st.expander("The answer in a paragraph"):
        st.write(frame.as_text(" ".join(filter(None, [outcome.sentence, reporting.directed(outcome)]))))
