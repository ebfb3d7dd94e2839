"""What one scenario answers, a part at a time for who looks closer than a board does."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import streamlit as st

from ledger.money import spoken
from scenarios.gainers import View
from scenarios.outcome import Outcome
from scenarios.ranges import Ranges
from scenarios.world import HOLDERS, PLURAL
from screens.report.marks import at_millions
from screens.report.render import page as tables
from screens.report.render.colours import Colour
from screens.report.report import Table
from screens.report.scenarios import answers as reporting
from screens.report.scenarios import years
from screens.report.scenarios.ranges import in_year
from screens.web.charts.bars import Bar, distances
from screens.web.charts.flows import bridge as draw_bridge
from screens.web.charts.lines import lines
from screens.web.scenarios import answer
from screens.web.shell import address, frame, parts

_MOST_DRAWN = 8
LEVELS = {
    "icb": "ICBs",
    "place": "Places",
    "pcn": "Networks (PCNs)",
    "practice": "Practices",
    **{holder: PLURAL[holder].capitalize() for holder in HOLDERS},
}


@dataclass(frozen=True)
class Closer:
    """What somebody looks at who looks closer.

    Attributes:
        ranges: works out between which values the answer lies, which may take seconds.
        keep: saves the scenario, and says where it can be taken.
    """

    outcome: Outcome
    ranges: Callable[[], Ranges]
    keep: Callable[[], None]


def show(closer: Closer) -> None:
    """One part of the answer: that which the reader chose."""
    shown = {name: title for name, title in _TITLES.items() if name != "years" or closer.outcome.years}
    (part,) = parts.choose(shown, "What to see", unknown="which this scenario does not have", with_all=False,
                           is_list=True)  # fmt: skip
    if part != next(iter(shown)):
        # Who looks closer has chosen a scenario, and needs the room for what they look at.
        st.html("<style>.st-key-short-cards {display: none}</style>")
    _PARTS[part](closer)


def _drives(closer: Closer) -> None:
    found = closer.ranges()
    if found.years:
        named = {str(each.year): each for each in found.years}
        year = address.choose(
            "of_year", "In the year", list(named), shown=lambda each: named[each].heading,
            usual=list(named)[-1], unknown="which is not among its years",
        )  # fmt: skip
        found = in_year(found, named[year])
    answer.drives(found)


def _steps(closer: Closer) -> None:
    outcome = closer.outcome
    amounts, moving = reporting.amounts(outcome), reporting.moving(outcome)
    with st.expander(amounts.name, expanded=not moving):
        tables.show(amounts, "scenario-amounts", folds=False)
    if not moving:
        st.info("No headline amount moves. The questions and measures may.")
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


def _money(closer: Closer) -> None:
    outcome = closer.outcome
    known = reporting.lines_in_short(outcome)
    if not known and not outcome.movements:
        st.write("No line of money changes: not in what is held, in where it is decided, or in how free it is.")
    for number, table in enumerate(known, 1):
        # The first says it in short; the others are another way to look at the same money.
        with st.container() if number == 1 else st.expander(table.name):
            tables.show(table, f"scenario-lines-{number}", folds=number == 1)
    if outcome.movements:
        with st.expander("Resource movement, by receiver and purpose"):
            _show(reporting.movements(outcome), "scenario-movements")


def _gainers(closer: Closer) -> None:
    outcome = closer.outcome
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
        with st.expander("By deprivation, in fifths"):
            st.write(f"Deprivation: {view.basis}.")
            tables.show(fifths, f"scenario-deprivation-{level}", folds=False)


def _drawn(view: View) -> None:
    rows = reporting.ends(view, _MOST_DRAWN)
    few = "" if len(rows) == len(view.gains) else f" The {len(rows)} largest changes of {len(view.gains):,} are shown."
    distances(
        [Bar(gain.name, at_millions(gain.change_pence), spoken(gain.change_pence)) for gain in rows],
        name="Largest changes",
        sentence=f"Change in what each has.{few} Each row of the table gives £, % and £ per head.",
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


def _years(closer: Closer) -> None:
    """A column a year: first as lines of the amount that is chosen, then as tables."""
    outcome = closer.outcome
    shown = years.tables(outcome)
    moving = years.moving(outcome.years)
    if moving:
        titles = {each[0].quantity.name: each[0].quantity.title for each in moving}
        name = address.choose(
            "amount", "Amount", list(titles), shown=lambda each: titles[each],
            usual="local" if "local" in titles else None, unknown="which does not move here",
        )  # fmt: skip
        ways = next(each for each in moving if each[0].quantity.name == name)
        lines(
            [str(each.rolled.year) for each in outcome.years],
            {
                "Before": [at_millions(each.before_pence) for each in ways],
                "After": [at_millions(each.after_pence) for each in ways],
            },
            [Colour.COMPARED, Colour.AMOUNT],
            name=f"{titles[name]}, year by year",
            sentence=f"In the last year {spoken(ways[-1].before_pence)} before the steps, and "
            f"{spoken(ways[-1].after_pence)} after them.",
            axis="£ million",
            table=shown["Amounts by year"],
            key="scenario-over-years",
            smaller=True,
        )
    for name, table in shown.items():
        if name != "Amounts by year" or not moving:
            with st.expander(table.name):
                _show(table, f"scenario-{name.lower().replace(' ', '-')}")


def _questions(closer: Closer) -> None:
    asked = reporting.scorecard(closer.outcome)
    tables.show(asked.with_only("Question", "Before", "After", "Not known"))
    with st.expander("How each is worked out, and which way is better"):
        st.write("Each is a test of the position before and after. They are never put together into one score.")
        tables.show(asked, "scenario-propositions", folds=False)
    with st.expander("Every measure, before and after"):
        _show(reporting.measures(closer.outcome), "scenario-measures")


def _rests(closer: Closer) -> None:
    tables.show(reporting.steps(closer.outcome))
    assumed = reporting.assumptions(closer.outcome)
    if assumed is None:
        st.write("The file names no assumption.")
    else:
        st.write("**Illustrative**: each assumption is somebody's choice. What is amber or red is not settled.")
        tables.show(assumed.with_only("Assumption", "Value", "Why", "Evidence", "How much hangs on it"))
        with frame.for_analysts("the source of each assumption"):
            tables.show(assumed, "scenario-assumptions", folds=False)
    st.subheader("What it cannot say", anchor=False)
    st.markdown("\n".join(f"- {frame.as_text(sentence)}" for sentence in reporting.cannot_say(closer.outcome)))


def _show(table: Table, file_name: str) -> None:
    """A table in £ million, with its file to the penny."""
    tables.show(table, file_name)


_TITLES = {
    "both": "Before and after",
    "drives": "Ranges, and what drives them",
    "gains": "Who gains and who loses",
    "steps": "Step by step",
    "money": "Which money, and whose decision",
    "years": "Year by year",
    "questions": "Questions and measures",
    "rests": "What is done and assumed",
    "keep": "Save it, and take it further",
}
_PARTS: Mapping[str, Callable[[Closer], None]] = {
    "both": lambda closer: answer.draw(closer.outcome),
    "drives": _drives,
    "gains": _gainers,
    "steps": _steps,
    "money": _money,
    "years": _years,
    "questions": _questions,
    "rests": _rests,
    "keep": lambda closer: closer.keep(),
}
