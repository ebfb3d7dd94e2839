"""Every figure of Overview, Ring-fences and National, worked out again from the exported position by other code.

The pages are opened as people open them, and every table and every figure that stands out on them is taken down as it
is drawn. Each is then worked out with pandas from the position that the command line exports, by what its definition
says and with grades read anew here; a figure for which nothing stands below fails, and so does one without a definition.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from fractions import Fraction
from math import exp, log
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import pytest

from ledger.money import spoken
from ledger.reports.position import POSITION_COLUMNS, moment, position_of_each
from ledger.store.base import Store
from screens.report.render import page as rendering
from screens.report.report import NUMBERS, FigureCell, RangedCell, Table, plain
from tests.screens.pages import ROOT, document, no_leftovers, page

__all__ = ["no_leftovers"]
READINGS = ("strict", "published", "lenient")
ICB, DAY = "QWO", date(2025, 9, 1)
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
    return {pot: amount for pot, amount in sums.items() if amount > 0}


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
    if found is None:
        return written(title, value)
    return f"{written(title, value)} ({written(title, found[0])} {found[1]}, {written(title, found[2])} {found[3]})"


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
        app = page(monkeypatch, name, ledger, **query)
        monkeypatch.setattr(rendering, "as_html", render)
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


def in_every_reading(held: pd.DataFrame) -> dict[str, dict[str, Any]]:
    """Every share, as each reading has it."""
    values = {each: shares(read(held, each)) for each in EVERY}
    return {title: {each: values[each][title] for each in EVERY} for title in SHARES}


def as_read(values: Mapping[str, Mapping[str, Any]], reading: str) -> dict[str, dict[str, Any]]:
    """Every share as one reading has it, with what all of them have."""
    return {title: {"value": its[reading], "over": its} for title, its in values.items()}


# --- the pages ------------------------------------------------------------------------------------------


def exported(ledger: Path, *options: str) -> pd.DataFrame:
    columns = ",".join(POSITION_COLUMNS)
    return frame(document("position", *options, "--year", "2025/26", "--by", columns, "--ledger", ledger)["rows"])


@pytest.fixture(scope="module")
def whole(demo_ledger: Path) -> pd.DataFrame:
    return exported(demo_ledger)


@pytest.fixture(scope="module")
def own(demo_ledger: Path) -> pd.DataFrame:
    return exported(demo_ledger, "--organisation", ICB)


@pytest.fixture(scope="module")
def codes(demo_ledger: Path) -> dict[str, str]:
    rows = document("pots", "--year", "2025/26", "--ledger", demo_ledger)["rows"]
    return {row["name"]: row["fund"] for row in rows}


@pytest.fixture(scope="module")
def each(demo_ledger: Path) -> dict[str, pd.DataFrame]:
    """What each ICB holds with all below it, as it is exported for each alone."""
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        tables = position_of_each(reader, moment(reader), "icb", 2025)
    return {code: frame(table.to_pylist()) for code, table in tables.items()}


@pytest.fixture(scope="module")
def worked_out(each: dict[str, pd.DataFrame], whole: pd.DataFrame) -> dict[str, dict[str, dict[str, Any]]]:
    """Every share of each ICB, of all of them together and of everything, in every reading."""
    found = {code: in_every_reading(held) for code, held in each.items()}
    return {**found, TOGETHER: in_every_reading(pd.concat(each.values())), "": in_every_reading(whole)}


TIERS = {"National": "national", "Integrated care board (ICB)": "icb", "Place partnership": "place",
         "Primary care network (PCN)": "pcn", "GP practice": "practice", "Practice": "practice"}  # fmt: skip
GRADES = {"No ring-fence": "none", "Monitored": "monitored", "Soft": "soft", "Hard": "hard", "Statutory": "statutory"}
ENDS = {"Places": ("tier", "place"), "Primary care networks": ("tier", "pcn"), "Practices": ("tier", "practice"),
        "Kept by ICB, agreed": ("standing", "retained by agreement"), "Available at the ICB": ("standing", "available"),
        "Kept by ICB, not agreed": ("standing", "retained without agreement")}  # fmt: skip


@pytest.mark.parametrize("reading", READINGS)
def test_overview(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, whole: pd.DataFrame, reading: str) -> None:
    drawn = Drawn(monkeypatch, "overview", demo_ledger, reading=reading, since="2025-03-31", part="all")
    held = read(whole, reading)

    def cell(cells: list[Any], heading: str) -> Any:
        row = cells[0]
        at_tier = held if row == "Total" else held[held["tier"] == TIERS[row]]
        name = heading.partition(" (£")[0]
        if heading == "Share of all":
            return over(pence(at_tier), pence(held))
        if name == "Total":
            return pence(at_tier)
        return pence(at_tier[at_tier["grade"].isna() if name == "Not graded" else at_tier["grade"] == GRADES[name]])

    flow = {(plain(row[0]), plain(row[1])): plain(row[2]) for row in drawn.tables[0].rows}
    assert drawn.tables[0].name == "The flow"
    below = held[held["tier"] != "national"]
    for (source, target), amount in flow.items():
        if source == "NHS England" and target == "Kept by NHS England":
            expected = pence(held[held["tier"] == "national"])
        elif source == "NHS England":
            expected = pence(below[below["stream"].str.casefold() == target.casefold()])
        else:
            of_stream = below[below["stream"].str.casefold() == source.casefold()]
            column, value = ENDS[target]
            its = of_stream if column == "tier" else of_stream[of_stream["tier"] == "icb"]
            expected = pence(its[its[column] == value])
        assert amount == expected, (source, target)
    assert sum(amount for (source, _), amount in flow.items() if source == "NHS England") == pence(held)
    assert drawn.tables[0].columns[2].definition
    drawn.tables = drawn.tables[1:]
    drawn.hold({"Who decides, and how freely": cell})

    values = {"Total": pence(held), **shares(held)}
    assert drawn.metrics.keys() == {"Total", "Local and free", "Ring-fenced, soft included"}
    for title, metric in drawn.metrics.items():
        assert metric.value == written(title, values[title])
        assert metric.help


@pytest.mark.parametrize("reading", READINGS)
@pytest.mark.parametrize("scope", ["all", "earmarked"])
def test_ring_fences(
    monkeypatch: pytest.MonkeyPatch,
    demo_ledger: Path,
    own: pd.DataFrame,
    codes: dict[str, str],
    reading: str,
    scope: str,
) -> None:
    drawn = Drawn(
        monkeypatch,
        "ring_fences",
        demo_ledger,
        icb=ICB,
        reading=reading,
        show=scope,
        scope=scope,
        on=str(DAY),
        part="all",
    )
    held = read(own, reading)
    code = codes | {"Core services: mental health": "core-mental-health"}
    terms = {pot: its.iloc[0] for pot, its in held.groupby("pot")}

    def pot(cells: list[Any], heading: str) -> Any:
        row = cells[0]
        amount = pots(held)[code[row]]
        return {
            "Held (£)": amount, "Share": over(amount, sum(pots(held).values())),
            "Returns a year": terms[code[row]]["returns_per_year"],
        }[heading]  # fmt: skip

    def deadline(cells: list[Any], heading: str) -> Any:
        row = cells[0]
        its = terms[code[row]]
        spent = held[(held["pot"] == code[row]) & (held["standing"] == "spent")]
        amount, left = pots(held)[code[row]], pots(held)[code[row]] - pence(spent)
        notice, last = its["notified_on"], its["spend_by"]
        window = None if notice is None else (last - max(notice, FIRST_DAY)).days + 1
        days = max(0, (last - DAY).days + 1)
        days = days if window is None else min(days, window)
        return {
            "Not spent (£)": left, "Days left": days, "A day from now (£)": half_up(Fraction(left, days)),
            "A day over its whole window (£)": None if window is None else half_up(Fraction(amount, window)),
        }[heading]  # fmt: skip

    def kept_line(cells: list[Any], heading: str) -> Any:
        row = cells[0]
        title = {"With": "Kept with agreement", "Without": "Kept without agreement", "Not": "Kept, and not a choice"}
        return kept(held[held["fund_name"] == row])[title[heading.split(maxsplit=1)[0]]]

    drawn.hold({"Pots: ": pot, "Deadlines and daily rates": deadline, "Kept back": kept_line})

    def counted(each: str) -> dict[str, Any]:
        its = read(own, each)
        return pieces(its if scope == "all" else its[its["grade"].isin(TIED)], 50_000_000)

    values = {each: {**counted(each), **kept(own), **shares(read(own, each))} for each in EVERY}
    for title, metric in drawn.metrics.items():
        assert metric.value == written(title, values[reading][title]), title
        assert metric.help
    (lorenz,) = [table for table in drawn.tables if "uneven" in table.name or "Measures" in table.name]
    for title, value, definition, _ in lorenz.rows:
        each = {name: its[title] for name, its in values.items()}
        assert value == with_range(title, values[reading][title], each), title
        assert definition


@pytest.mark.parametrize("reading", READINGS)
def test_national(
    monkeypatch: pytest.MonkeyPatch,
    demo_ledger: Path,
    each: dict[str, pd.DataFrame],
    whole: pd.DataFrame,
    codes: dict[str, str],
    worked_out: dict[str, dict[str, dict[str, Any]]],
    reading: str,
) -> None:
    together = pd.concat(each.values())
    name = {held[held["organisation"] == code]["organisation_name"].iloc[0]: code for code, held in each.items()}
    published = pd.read_csv(CONVERGENCE, dtype=str).query("stream == 'core'")
    distances = dict(zip(published["icb"], published["closing_distance"].map(Fraction), strict=True))
    drawn = Drawn(monkeypatch, "national", demo_ledger, reading=reading, over="years", part="all")
    of_icb = {row: as_read(worked_out[code], reading) for row, code in {**name, TOGETHER: TOGETHER}.items()}
    everything = as_read(worked_out[""], reading)

    def icb(cells: list[Any], heading: str) -> Any:
        row = cells[0]
        if heading == "Total (£)":
            return pence(together if row == TOGETHER else each[name[row]])
        return distances[name[row]] if heading == DISTANCE else of_icb[row][heading]

    def point(_: list[Any], heading: str) -> Any:
        return pence(whole) if heading == "Total (£)" else everything[heading]

    def at_point(cells: list[Any], _: str) -> Any:
        ranked = sorted(of_icb[row][SOFT]["value"] for row in name)
        middle = {"Lowest ICB": ranked[0], "Highest ICB": ranked[-1], "Median ICB": Fraction(median(ranked))}
        return middle[cells[0]] if cells[0] in middle else of_icb[cells[0]][SOFT]

    def alert(cells: list[Any], _: str) -> Any:
        return distances[name[cells[0]]] if cells[1] == DISTANCE else of_icb[cells[0]][cells[1]]

    most = max(name, key=lambda row: as_read(worked_out[name[row]], reading)[SOFT]["value"])
    known, of_all = (held[held["grade"].notna()] for held in (read(each[name[most]], reading), read(together, reading)))

    def why(cells: list[Any], heading: str) -> Any:
        mine, theirs = (
            pence(held[(held["fund_name"] == cells[0]) & held["grade"].isin(TIED)]) for held in (known, of_all)
        )
        return {
            "Amount (£)": mine, "Of its money": over(mine, pence(known)), "Of all ICBs' money": over(theirs, pence(of_all)),
        }[heading]  # fmt: skip

    # What a network of two ICBs got left both for outside, so it is allocated where it was before it was passed on.
    icbs_of = Counter(one for held in each.values() for one in held["organisation"].unique())
    passed_on = together["organisation"].map(icbs_of) > 1
    given = together.assign(pot=together["pot"].mask(passed_on & (together["pot"] == NETWORKS), MEDICAL))

    def watched(cells: list[Any], heading: str) -> Any:
        row = cells[0]
        its = given[given["pot"] == codes[row]]
        spent = pence(its[its["standing"] == "spent"])
        return {
            "ICBs": sum(bool(len(held[held["pot"] == codes[row]])) for held in each.values()), "ICBs that report": 0,
            "Allocated (£)": pence(its), "Spent on its purpose (£)": spent, "Not reported (£)": pence(its) - spent,
        }.get(heading, 0)  # fmt: skip

    drawn.hold({
        "All ICBs by": icb, f"{SOFT} by ICB": icb, "Alerts": alert, "The trend": point, f"What ties {most}": why,
        f"{SOFT}: every ICB at every point": at_point, "Every pot over all ICBs": watched,
    })  # fmt: skip
