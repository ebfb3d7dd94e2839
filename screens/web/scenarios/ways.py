"""A way to fair shares: the least disruption by which all come near them, asked for in boxes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import streamlit as st

from allocations.figures import tables as figures
from allocations.figures.weightings import WEIGHTINGS
from allocations.shares.pace import PUBLISHED
from ledger.errors import Refused
from ledger.reports.position import Moment
from ledger.years import FinancialYear
from scenarios import baseline
from scenarios.files.knobs import as_text, lines
from scenarios.solve.file import read_goal
from scenarios.solve.goal import MOST_YEARS
from scenarios.solve.together import Ways
from scenarios.weighing import FAIR_SHARE
from screens.report.marks import at_percent
from screens.report.render import page as tables
from screens.report.report import Report
from screens.report.scenarios import ways as reporting
from screens.web.charts.bars import Bar
from screens.web.charts.grouped import grouped
from screens.web.importing import common
from screens.web.scenarios import answer_file
from screens.web.shell import address, frame
from screens.web.shell.open_ledger import Books

_WHOSE = {
    "published": "ICBs, as published for 2025/26",
    "held": "Places of one ICB, as these books have it",
}
_REACH = {
    "refuse": "Say that it cannot be done, and what could",
    "nearest": "Bring them as near as the limits allow",
}
_WITHIN, _YEARS, _GROWTH, _FLOOR = "2.5%", 5, "3%", "1.5%"
# What each line of a goal is called in its box.
_LABELS = {
    "within": "How near everybody comes",
    "growth": "All money together grows by",
    "floor": "Nobody grows by less than",
    "cap": "Nobody grows by more than",
    "years": "In how many years",
}
_MONEY = {"core": "core services", "primary medical": "primary medical care", "specialised": "specialised services"}
_MOST_DRAWN = 8
_EXPLAINED = (
    "Some have more than their fair share and some less. This finds the path by which all come near it and each year's "
    "growth is as even as it can be. Nobody is worse off than the limits that you set."
)


@dataclass(frozen=True)
class _Solved:
    """A goal that was reached: its report as the command gives it, and the ways behind it."""

    report: Report
    ways: Ways
    years: int


def page_part(books: Books) -> None:
    """Ask for a goal, and show the way to it."""
    st.header("A way to fair shares", anchor=False)
    st.write(_EXPLAINED)
    whose = address.choose("goal_whose", "Among whom", list(_WHOSE), shown=lambda each: _WHOSE[each], horizontal=True)
    with st.form("goal"):
        said = _of_published() if whose == "published" else _of_places(books)
        said |= _limits()
        st.form_submit_button("Find the way", type="primary")
    if said is None or ("held" in said and not said["held"].get("organisation")):
        st.info("No ICB holds money of this year in these books, so there is nothing to share among places.")
        return
    title = _title(said)
    content = as_text({"title": title, "reason": "Asked on the page What if?", **said}).encode()
    st.subheader(frame.as_text(title), anchor=False)
    try:
        with st.spinner("Looking for the path of least disruption"):
            solved = _worked_out(books.at.head, hashlib.sha256(content).hexdigest(), content, books)
    except Refused as refused:
        problems = [replace(each, where=_box(each.where)) for each in refused.problems]
        frame.refused(problems, "There is no such way. What stands in the way, and what would do, is said below.")
        _who(" ".join(each.found for each in problems), _names(books, said))
    else:
        _show(solved, _names(books, said))
    answer_file.goal(content, title)


def _of_published() -> dict[str, Any]:
    streams = list(dict.fromkeys(row["stream"] for row in figures.table("convergence_2025_26").to_pylist()))
    stream = address.choose(
        "goal_stream", "Which money", streams, shown=lambda each: _MONEY.get(each, each).capitalize()
    )
    return {"organisations": f"{PUBLISHED}{stream}"}


def _of_places(books: Books) -> dict[str, Any]:
    names, year = books.icbs, FinancialYear(books.year)
    if not names:
        return {"held": {}}
    icb = address.choose("goal_icb", "Of which ICB", list(names), shown=lambda code: f"{names[code]} ({code})")
    there = books.answer(
        "scenario lines",
        lambda reader, _: lines(baseline.read(reader, year=year, organisation=icb).position),
        books.year,
        icb,
    )
    funds = address.choose_many(
        "goal_lines", "Which lines of money (all that places share, where none is chosen)", list(there),
        shown=lambda code: there.get(code, code),
    )  # fmt: skip
    by = address.choose(
        "goal_by", "A fair share is by", [FAIR_SHARE, *WEIGHTINGS], shown=lambda each: each.replace("_", " ")
    )
    held = {"year": str(year), "organisation": icb, **({"funds": funds} if funds else {}), "among": "place", "by": by}
    return {"held": held}


def _limits() -> dict[str, Any]:
    left, right = st.columns(2)
    with left:
        within = address.type_in(
            "goal_within",
            _LABELS["within"],
            _WITHIN,
            help_text="How far from its fair share anybody may end, as 2.5%",
        )
    with right:
        years = address.slide("goal_years", _LABELS["years"], 1, MOST_YEARS, _YEARS)
    is_open = any(address.asked_for(name) for name in ("goal_growth", "goal_floor", "goal_cap", "goal_reach"))
    with st.expander("How fast money may grow, and what if somebody cannot come so near", expanded=is_open):
        left, right = st.columns(2)
        with left:
            growth = address.type_in("goal_growth", f"{_LABELS['growth']} (a year)", _GROWTH)
            floor = address.type_in(
                "goal_floor", f"{_LABELS['floor']} (a year)", _FLOOR, help_text="As 1.5%; below zero, as -1%"
            )
        with right:
            cap = address.type_in("goal_cap", f"{_LABELS['cap']} (a year; empty for no limit)", "")
            reach = address.choose(
                "goal_reach",
                "If somebody cannot come so near",
                list(_REACH),
                shown=lambda each: _REACH[each],
                horizontal=False,
            )
    limits = {"within": within, "years": years, "growth": growth, "floor": floor}
    return {**limits, **({"cap": cap} if cap else {}), "out_of_reach": reach}


def _title(said: Mapping[str, Any]) -> str:
    who = "Every place" if "held" in said else "Every ICB"
    whose = f" of {said['held']['organisation']}" if "held" in said else ""
    stream = "" if "held" in said else said["organisations"].removeprefix(PUBLISHED)
    money = f" of {_MONEY.get(stream, stream)}" if stream else ""
    return f"{who}{whose} within {said['within']} of its fair share{money} in {said['years']} years"


def _box(where: str) -> str:
    """Where a problem is, by the name of its box."""
    return _LABELS.get(where.rpartition(", ")[2], where)


@st.cache_resource(show_spinner=False, max_entries=40)
def _worked_out(head: str, digest: str, _content: bytes, _books: Books) -> _Solved:
    """The way to a goal, kept by its file and the head of the books."""
    del head, digest  # the key
    with common.as_path("goal.yaml", _content) as path:
        goal = read_goal(path)
    return _Solved(*reporting.solved(goal, _books.store.read, "goal.yaml"), goal.asked.years)


def _names(books: Books, said: Mapping[str, Any]) -> Mapping[str, str]:
    """Codes to names: of ICBs, or of the places that the goal is about."""
    if "held" not in said:
        return books.icbs
    code = said["held"]["organisation"]

    def read(reader: Any, _: Moment) -> dict[str, str]:
        world = baseline.read(reader, year=FinancialYear(books.year), organisation=code).world
        return {key: each.name for key, each in world.organisations.items()}

    return books.answer("names of a goal", read, books.year, code)


def _who(sentence: str, names: Mapping[str, str]) -> None:
    """The names of those whom a sentence calls by their codes."""
    words = {word.strip(".,;") for word in sentence.split()}
    told = [f"{code} is {names[code]}" for code in names if code in words]
    if told:
        st.write(frame.as_text(f"{'; '.join(told)}."))


def _show(solved: _Solved, names: Mapping[str, str]) -> None:
    report = solved.report
    first, proved, *others = report.sentences
    st.write(f"**{frame.as_text(first)}**")
    with st.expander("What moves, year by year, and what the published pace would do"):
        st.write(frame.as_text(" ".join(others)))
    with frame.for_analysts("what counts as the least disruption"):
        st.write(frame.as_text(proved))
    answer_file.offer(report, "way-to-fair-shares")
    _nearer(solved, names)
    organisations, by_year = report.tables
    with st.expander("Year by year"):
        tables.show(by_year, folds=False)
    named = reporting.with_names(organisations, names)
    with st.expander(f"By receiver and year: all {len(named.rows)}"):
        tables.show(named, folds=False)


def _nearer(solved: _Solved, names: Mapping[str, str]) -> None:
    """How far the farthest are from their fair share today and at the end."""
    ends = [
        (way.distance(code, 0), way.distance(code, solved.years), names.get(code, code), fund)
        for (fund, _), way in solved.ways.items()
        for code in way.goal.opening_pence
    ]
    farthest = sorted(ends, key=lambda each: -abs(each[0]))[:_MOST_DRAWN]
    grouped(
        {
            f"{name}{f', {fund}' if fund else ''}": [
                Bar("today", at_percent(today), reporting.distance_in_words(today)),
                Bar("at the end", at_percent(end), reporting.distance_in_words(end)),
            ]
            for today, end, name, fund in farthest
        },
        name="From fair share, today and at the end",
        sentence=f"In per cent of the fair share, those farthest from it today: {len(farthest)} of {len(ends)}. To the "
        "right is above it, to the left below it.",
        axis="From fair share, %",
        table=reporting.with_names(solved.report.tables[0], names).with_only(*reporting.NEARER_HEADINGS),
        key="way-distances",
    )
