"""Figures worked out from an exported position by other code (pandas), and pages with every figure that stands on them.

What is worked out follows the definition of each figure, with grades read anew here.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date
from fractions import Fraction
from html import unescape
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from ledger.money import spoken
from ledger.reports.position import POSITION_COLUMNS
from screens.report.render import page as rendering
from screens.report.report import NUMBERS, FigureCell, RangedCell, Table, plain
from screens.web.charts import kit
from tests.screens.pages import ROOT, page

FIRST_DAY = date(2025, 4, 1)
TIED, FENCED, FREE = ("soft", "hard", "statutory"), ("hard", "statutory"), ("none", "monitored")


# --- the position, and how its grades are read --------------------------------------------------------


def frame(rows: list[dict[str, Any]]) -> pd.DataFrame:
    """A position as a table of pandas: whole pence as numbers of Python, nothing that is missing filled."""
    held = pd.DataFrame(rows, columns=[*POSITION_COLUMNS, "amount_pence"], dtype=object)
    held = held.where(held.notna(), None)
    for name in ("notified_on", "spend_by"):
        held[name] = held[name].map(lambda day: date.fromisoformat(day) if isinstance(day, str) else day)
    return held[held["standing"] != "source"]


def read(held: pd.DataFrame, reading: str) -> pd.DataFrame:
    """The same with its grades read as the sentence of the reading says."""
    held = held.copy()
    # Where terms stand, they have a quality; where their grade is not known, each reading says as what it reads it.
    unknown = held["grade"].isna() & held["quality"].notna()
    held["grade"] = held["grade"].mask(
        unknown, {"strict": "hard", "published": "none", "lenient": "monitored"}.get(reading)
    )
    grade, sure, whose = held["grade"], held["quality"], held["discretion"]
    if reading == "strict":
        by_contract = (grade == "soft") & (whose == "national contract")
        held["grade"] = grade.mask(by_contract, "hard").mask(grade == "none", "soft")
    if reading == "published":
        held["grade"] = grade.mask(grade.isin(TIED) & sure.isin(["amber", "red"]), "none")
    if reading == "lenient":
        held["grade"] = grade.mask(grade == "soft", "monitored")
    if reading == "mhis":
        heading = (held["fund"] == "core-mental-health") & grade.isin(["none", "monitored"])
        held["grade"], held["pot"] = grade.mask(heading, "soft"), held["pot"].mask(heading, held["fund"])
    return held


EVERY = ("recorded", "strict", "published", "lenient", "mhis")


def pence(held: pd.DataFrame) -> int:
    return int(sum(held["amount_pence"]))


def over(part: int, whole: int) -> Fraction | None:
    return Fraction(part, whole) if whole else None


def shares(held: pd.DataFrame) -> dict[str, Fraction | None]:
    """The shares of the money of ICBs and those below, each of what is known."""
    below = held[~held["tier"].isin(["government", "national", "region"])]
    graded, dated = below[below["grade"].notna()], below[below["notified_on"].notna()]
    known = below[below["recurrent"].notna()]
    choice = below[(below["lowest_depth"] > 0) & ~below["discretion"].isin(["national contract", "pass-through"])]
    alone = choice[choice["standing"] == "retained without agreement"]
    in_year = dated["notified_on"].map(lambda day: day >= FIRST_DAY).astype(bool)
    return {
        "Ring-fenced, hard": over(pence(graded[graded["grade"].isin(FENCED)]), pence(graded)),
        "Ring-fenced, soft included": over(pence(graded[graded["grade"].isin(TIED)]), pence(graded)),
        "Notified in the year": over(pence(dated[in_year]), pence(dated)),
        "Non-recurrent": over(pence(known[known["recurrent"] == False]), pence(known)),  # noqa: E712 - row by row
        "Devolved": over(pence(below[below["depth"] > 0]), pence(below)),
        "Local and free": over(pence(graded[(graded["depth"] > 0) & graded["grade"].isin(FREE)]), pence(graded)),
        "Kept without agreement, share": over(pence(alone), pence(choice)),
    }


def kept(held: pd.DataFrame) -> dict[str, int]:
    kept = held[held["standing"].isin(["retained by agreement", "retained without agreement"])]
    choice = (kept["lowest_depth"] > 0) & ~kept["discretion"].isin(["national contract", "pass-through"])
    agreed = kept["standing"] == "retained by agreement"
    return {
        "Kept with agreement": pence(kept[choice & agreed]),
        "Kept without agreement": pence(kept[choice & ~agreed]),
        "Kept, and not a choice": pence(kept[~choice]),
    }


def pots(held: pd.DataFrame) -> dict[str, int]:
    sums = {pot: pence(its) for pot, its in held.groupby("pot")}
    return {str(pot): amount for pot, amount in sums.items() if amount > 0}


def pieces(held: pd.DataFrame, threshold_pence: int) -> dict[str, Any]:
    amounts = sorted(pots(held).values())
    total, number = sum(amounts), len(amounts)
    small = [amount for amount in amounts if amount < threshold_pence]
    terms = {pot: its.iloc[0] for pot, its in held.groupby("pot")}
    known = {pot: terms[pot]["returns_per_year"] for pot in pots(held) if terms[pot]["returns_per_year"] is not None}
    windows = [
        (amount, (terms[pot]["spend_by"] - terms[pot]["notified_on"]).days + 1)
        for pot, amount in pots(held).items()
        if terms[pot]["spend_by"] is not None
        and terms[pot]["notified_on"] is not None
        and terms[pot]["notified_on"] >= FIRST_DAY
    ]
    reporting = sum(amount for pot, amount in pots(held).items() if pot in known)
    return {
        "Pots": number,
        "Effective number of pots": over(total * total, sum(amount * amount for amount in amounts)),
        "Penny packets": len(small),
        "Penny packets, share of money": over(sum(small), total),
        "Penny packets, share of pots": over(len(small), number),
        "Gini of pot sizes": over(
            sum((2 * place - number - 1) * amount for place, amount in enumerate(amounts, 1)), number * total
        ),
        "Effective number (Shannon)": exp(-sum(amount / total * log(amount / total) for amount in amounts))
        if total
        else None,
        "Median pot": half_up(Fraction(median(map(Fraction, amounts)))) if amounts else None,
        "Mean pot": half_up(Fraction(total, number)) if amounts else None,
        "Smallest pot": amounts[0] if amounts else None,
        "Returns a year": sum(known.values()) if known else None,
        "Returns per £ million": over(sum(known.values()) * 100_000_000, reporting),
        "Days to spend in-year money": over(
            sum(amount * days for amount, days in windows), sum(amount for amount, _ in windows)
        ),
    }


def half_up(value: Fraction) -> int:
    return (2 * value.numerator + value.denominator) // (2 * value.denominator)


# --- how figures are written ----------------------------------------------------------------------------


def written(title: str, value: Any) -> str:
    if value is None:
        return "not defined"
    if title in AMOUNTS:
        return spoken(value)
    if title in SHARES or "share of" in title:
        return f"{half_up(value * 1000) / 10:.1f}%"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{float(value):,.4f}" if title == "Returns per £ million" else f"{float(value):,.2f}"


NETWORKS, MEDICAL = "network-core-payment", "primary-medical-recurrent"
TOGETHER = "All ICBs together"
HARD, SOFT, DISTANCE = "Ring-fenced, hard", "Ring-fenced, soft included", "Distance from target, core"
CONVERGENCE = ROOT / "allocations" / "figures" / "reference" / "convergence_2025_26.csv"
SHARES = ("Ring-fenced, hard", "Ring-fenced, soft included", "Notified in the year", "Non-recurrent", "Devolved",
          "Local and free", "Kept without agreement, share")  # fmt: skip
AMOUNTS = ("Total", "Median pot", "Mean pot", "Smallest pot", "Kept with agreement", "Kept without agreement",
           "Kept, and not a choice")  # fmt: skip
CALLED = {"recorded": "as recorded", "strict": "strict", "published": "as published", "lenient": "lenient",
          "mhis": "MHIS as a floor"}  # fmt: skip


def ends(values: Mapping[str, Any]) -> tuple[Any, str, Any, str] | None:
    """Lowest and highest over readings, each with the first that gives it; none where all agree."""
    known = {reading: value for reading, value in values.items() if value is not None}
    if len(set(known.values())) < 2:
        return None
    low, high = min(known, key=lambda reading: known[reading]), max(known, key=lambda reading: known[reading])
    return known[low], CALLED[low], known[high], CALLED[high]


def with_range(title: str, value: Any, values: Mapping[str, Any]) -> str:
    found = ends(values)
    # Two ends that are written alike are no range.
    if found is None or written(title, found[0]) == written(title, found[2]):
        return written(title, value)
    return f"{written(title, value)} ({written(title, found[0])} {found[1]}, {written(title, found[2])} {found[3]})"


# --- what the pages say --------------------------------------------------------------------------------

# What stands in sentences with digits in it and is no figure of the money: whose day or year it is, a licence, a scale,
# and what a reader chose. Whatever else holds a digit has to be worked out.
NO_FIGURES = re.compile(
    r"2025/26 · as at \d+ \w+ \d{4}"
    r"|As at \d+ \w+ \d{4}, as known at \d+ \w+ \d{4}, \d\d:\d\d UTC; head of the chain [0-9a-f]{16}"
    r"|As at [\d-]{10}, as known at [\d-]{10} [\d:]{8} UTC. Head of the chain [0-9a-f]{16}"
    r"|These books hold money of 2025/26 alone|Financial directions to NHS England 2025 to 2026, 31 March 2025"
    r"|ICB allocations 2025/26, all funding streams \(March 2025\)|NHS England, March 2025"
    r"|Populations: November 2023 to October 2024|Open Government Licence v3\.0"
    r"|0 is all equal, 1 is all in one|from notice, or 1 April if that is later"
)
DEFINED = re.compile(r"[Oo]n or after 1 April|Threshold £500,000|each £1 million|0 when pots are equal|, towards 1 ")


def without_tables(html: str) -> str:
    """The words of a piece of a page: what stands in its tables is held cell by cell, but for their names."""
    names = re.findall(r"<caption.*?</caption>", html, re.DOTALL)
    bare = re.sub(r"<(style|script|table|svg|details|dl)\b.*?</\1>", " ", html, flags=re.DOTALL)
    return unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", " ".join([bare, *names]))))


def words_of(app: AppTest) -> list[str]:
    """Everything on a page that is said in words: titles, sentences, warnings, names of folds, tables and links."""
    kinds = (app.title, app.header, app.subheader, app.markdown, app.caption, app.info, app.warning, app.error,
             app.success, app.text)  # fmt: skip
    said = [str(one.value) for kind in kinds for one in kind if "<style" not in str(one.value)]
    said += [one.label for one in app.expander] + [one.label for one in app.metric]
    said += [DEFINED.sub("", one.help or "") for one in app.metric]
    return [*said, *(without_tables(one.body) for one in app.html)]


def hold_words(said: Iterable[str], worked_out: Iterable[str]) -> None:
    """Hold all that is said to what was worked out: each of it stands there, and nothing else has a digit in it."""
    expected, met, left = sorted(set(worked_out), key=len, reverse=True), set[str](), []
    for words in said:
        rest = words.replace("**", "")
        for one in expected:
            if one in rest:
                met.add(one)
                rest = rest.replace(one, " ")
        if re.search(r"\d", rest := NO_FIGURES.sub(" ", rest)):
            left.append(rest)
    assert not left, f"nothing works out {left}; never said: {[one for one in expected if one not in met]}"
    assert met == set(expected), [one for one in expected if one not in met]


def by_readings(title: str, values: Mapping[str, Any]) -> str:
    """The two ends of a figure over readings, as people write them; empty where all readings agree."""
    found = ends(values)
    if found is None or written(title, found[0]) == written(title, found[2]):
        return ""
    return f"{written(title, found[0])} {found[1]}, {written(title, found[2])} {found[3]}"


def stand_alone(titles: Iterable[str], values: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """What stands below figures that stand alone: between which values each lies, by how ring-fences are read."""
    told = [by_readings(title, {reading: its[title] for reading, its in values.items()}) for title in titles]
    return [f"By how ring-fences are read: {one}." for one in told if one]


# --- what the pages drew --------------------------------------------------------------------------------


# What was published by ICB and is in no position; tests of targets hold it to the published table.
PUBLISHED = "Targets, "


class Drawn:
    """A page, and every table on it with each of its figures by row and column."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, name: str, ledger: Path, **query: str) -> None:
        self.tables: list[Table] = []
        self.held = 0
        render = rendering.as_html

        def noted(table: Table, *, folds: bool = False) -> str:
            self.tables.append(table)
            return render(table, folds=folds)

        monkeypatch.setattr(rendering, "as_html", noted)
        self.downloads: dict[str, Callable[[], bytes]] = {}
        self.charts: dict[str, Any] = {}
        vega, echarts, button = kit.vega, st.echarts_chart, st.download_button

        def drawn(spec: Mapping[str, Any], **how: Any) -> None:
            self.charts[how["key"]] = spec
            vega(spec, **how)

        def flowing(option: Mapping[str, Any], **how: Any) -> Any:
            self.charts[how["key"]] = option
            return echarts(option, **how)

        monkeypatch.setattr(kit, "vega", drawn)
        monkeypatch.setattr(st, "echarts_chart", flowing)
        monkeypatch.setattr(st, "download_button", lambda label, **given: self.downloads.update({label: given["data"]}))
        app = page(monkeypatch, name, ledger, **query)
        monkeypatch.setattr(rendering, "as_html", render)
        monkeypatch.setattr(kit, "vega", vega)
        monkeypatch.setattr(st, "echarts_chart", echarts)
        monkeypatch.setattr(st, "download_button", button)
        self.words = words_of(app)
        self.metrics = {one.label.removesuffix(" (illustrative)"): one for one in app.metric}

    def hold(self, worked_out: Mapping[str, Callable[[list[Any], str], Any]]) -> None:
        """Hold every figure of every table to what is worked out for it, by the name of its table, row and column."""
        assert self.tables
        for table in self.tables:
            if table.name.startswith(PUBLISHED):
                assert all(column.definition for column in table.columns if column.kind in NUMBERS)
                continue
            again = next((value for name, value in worked_out.items() if table.name.startswith(name)), None)
            for row in table.for_people().rows:
                for column, cell in zip(table.for_people().columns, row, strict=True):
                    inner = cell.value if isinstance(cell, RangedCell) else cell
                    value = plain(cell)
                    if isinstance(value, str) or value is None or isinstance(value, date):
                        continue
                    if column.kind not in NUMBERS and not isinstance(inner, FigureCell):
                        continue
                    where = (table.name, str(plain(row[0])), column.heading)
                    assert again is not None, f"nothing works out {where}"
                    assert column.definition, f"{where} has no definition"
                    # A page has amounts in £ million; what the cell holds is to the penny all the same.
                    heading = column.heading.replace("(£ million)", "(£)")
                    expected = again([plain(one) for one in row], heading)
                    self.held += 1
                    found = (
                        (cell.over.lowest, cell.over.lowest_by.title, cell.over.highest, cell.over.highest_by.title)
                        if isinstance(cell, RangedCell)
                        else None
                    )
                    if isinstance(expected, dict):
                        assert found == ends(expected["over"]), where
                        expected = expected["value"]
                    else:
                        assert found is None, where
                    assert value == expected, where
        assert self.held, "the page shows no figure"

    def hold_charts(self, worked_out: Mapping[str, Callable[[Mapping[str, Any], str], str]]) -> None:
        """Hold the words beside every mark of every chart to what is worked out for it, by the key of its chart.

        Names of things, addresses and points in time are no figures; whatever else has a digit is one.
        """
        held = 0
        for key, spec in self.charts.items():
            again = next((value for name, value in worked_out.items() if key.startswith(name)), None)
            for mark in _marks_of(spec):
                for field, words in mark.items():
                    if field in _NAMES or not isinstance(words, str) or not re.search(r"\d", words):
                        continue
                    assert again is not None, f"nothing works out the words of {key}: {words}"
                    assert words == again(mark, field), (key, mark)
                    held += 1
        assert held, "no chart has a figure beside a mark"


# What a mark of a chart is called, where it leads and when it was; the rest of its words are figures.
_NAMES = ("href", "label", "name", "lines", "more_lines", "code", "point", "line")


def _marks_of(spec: Any) -> Iterator[Mapping[str, Any]]:
    """The marks of a chart with their words: rows of its data; of a flow, its ends."""
    if isinstance(spec, list):
        for one in spec:
            yield from _marks_of(one)
    elif isinstance(spec, dict):
        if spec.get("type") == "sankey":
            yield from ({"label": end["name"], "figure": end["label"]["formatter"]} for end in spec.get("data", []))
            return
        for name, value in spec.items():
            if name == "values" and isinstance(value, list):
                yield from (one for one in value if isinstance(one, dict))
            else:
                yield from _marks_of(value)


def in_every_reading(held: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Every share, as each reading has it."""
    values = {each: shares(read(held, each)) for each in EVERY}
    return {title: {each: values[each][title] for each in EVERY} for title in SHARES}


def as_read(values: Mapping[str, Mapping[str, Any]], reading: str) -> dict[str, dict[str, Any]]:
    """Every share as one reading has it, with what all of them have."""
    return {title: {"value": its[reading], "over": its} for title, its in values.items()}
