"""Every figure of Overview, Ring-fences and National, worked out again from the exported position by other code.

The pages are opened as people open them, and every table, every figure that stands out and every sentence on them is
taken down as it is drawn. Each is then worked out with pandas from the position that the command line exports, by what
its definition says and with grades read anew; a figure for which nothing stands below fails, in a sentence as in a
table, and so does one in a table without a definition.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path
from statistics import median
from typing import Any

import pandas as pd
import pytest

from ledger.money import spoken
from ledger.reports.position import POSITION_COLUMNS, moment, position_of_each
from ledger.store.base import Store
from screens.report.report import plain
from screens.web.pages import start
from tests.screens.pages import document, no_leftovers
from tests.screens.recomputed import (
    CONVERGENCE,
    DISTANCE,
    EVERY,
    FIRST_DAY,
    HARD,
    MEDICAL,
    NETWORKS,
    SHARES,
    SOFT,
    TIED,
    TOGETHER,
    Drawn,
    as_read,
    frame,
    half_up,
    hold_words,
    in_every_reading,
    kept,
    over,
    pence,
    pieces,
    pots,
    read,
    shares,
    stand_alone,
    with_range,
    without_tables,
    written,
)
from tests.screens.sentences_recomputed import (
    DAY,
    FREE_NOW,
    ICB,
    behind,
    first_due,
    how_free,
    how_tied,
    how_uneven,
    not_of_icbs,
    on_one_page,
    over_the_years,
    percent,
    ranking,
    targets,
    what_became,
    why_most,
)

__all__ = ["no_leftovers"]
REFERENCE = CONVERGENCE.parent
READINGS = ("strict", "published", "lenient")


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


def short(name: str) -> str:
    """An ICB as charts call it."""
    return name.removeprefix("NHS ").removesuffix(" ICB")


def ends_of_the_flow(held: pd.DataFrame) -> Callable[[Mapping[str, Any], str], str]:
    """What stands at each end of the flow: its name and what goes through it."""
    below, national = held[held["tier"] != "national"], held[held["tier"] == "national"]

    def amount(name: str) -> int:
        if name in ENDS:
            column, value = ENDS[name]
            its = below if column == "tier" else below[below["tier"] == "icb"]
            return pence(its[its[column] == value])
        everything = {"NHS England": held, "Kept by NHS England": national}
        return pence(everything.get(name, below[below["stream"].str.casefold() == name.casefold()]))

    return lambda mark, _: f"{mark['label']}, {spoken(amount(mark['label']))}"


def squares(held: pd.DataFrame) -> Callable[[Mapping[str, Any], str], str]:
    """What stands in each square of who decides, and how freely: an amount and its share of all."""
    short = {"National": "national", "ICB": "icb", "Place": "place", "PCN": "pcn", "GP practice": "practice"}
    grade = held["grade"].fillna("")
    titles = {**GRADES, "Not graded": ""}

    def said(mark: Mapping[str, Any], field: str) -> str:
        its = pence(held[(held["tier"] == short[mark["tier"]]) & (grade == titles[mark["grade"]])])
        return spoken(its) if field == "amount" else percent(over(its, pence(held)))

    return said


def shares_of_icbs(shares_of: Mapping[str, Mapping[str, Any]]) -> Callable[[Mapping[str, Any], str], str]:
    """What stands beside the mark of an ICB: how much of its money is ring-fenced."""
    return lambda mark, _: percent(shares_of[mark["label"]][SOFT]["value"])


def from_target(distances: Mapping[str, Fraction]) -> Callable[[Mapping[str, Any], str], str]:
    """What stands beside an ICB's distance from its target, with its sign."""
    signs = {1: "+", 0: "", -1: "-"}

    def said(mark: Mapping[str, Any], _: str) -> str:
        distance = distances[mark["label"]]
        return signs[(distance > 0) - (distance < 0)] + percent(abs(distance))

    return said


@pytest.mark.parametrize("reading", READINGS)
def test_overview(
    monkeypatch: pytest.MonkeyPatch,
    demo_ledger: Path,
    whole: pd.DataFrame,
    worked_out: dict[str, dict[str, dict[str, Any]]],
    reading: str,
) -> None:
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

    drawn.hold_charts({"flow": ends_of_the_flow(held), "matrix": squares(held)})

    values = {"Total": pence(held), **shares(held)}
    said = {each: shares(read(whole, each)) for each in EVERY}
    national, local = pence(held[held["tier"] == "national"]), pence(held[held["depth"] > 0])
    all_icbs = worked_out[TOGETHER]
    free_of_icbs, tied_of_icbs = (with_range(one, all_icbs[one][reading], all_icbs[one]) for one in (FREE_NOW, SOFT))
    hold_words(drawn.words, [
        f"Of {spoken(pence(held))} for the NHS in England, NHS England keeps {spoken(national)} and passes "
        f"{spoken(pence(held) - national)} to ICBs. They pass on {spoken(local)} to places and networks. "
        f"{how_free(said, reading, 'what ICBs have')}",
        f"Of what all ICBs together hold, without NHS England's own money, {free_of_icbs} is both local and free and "
        f"{tied_of_icbs} ring-fenced, soft included (illustrative)",
        *stand_alone([FREE_NOW, SOFT], said), *behind(held),
        "Nothing was recorded in these books by the end of 31 March 2025: all of it came since.",
    ])  # fmt: skip
    assert drawn.metrics.keys() == {"Total", "Local and free", "Ring-fenced, soft included"}
    for title, metric in drawn.metrics.items():
        assert metric.value == written(title, values[title])
        assert metric.help


@pytest.mark.parametrize("reading", READINGS)
def test_what_the_overview_of_an_icb_says(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, own: pd.DataFrame, reading: str
) -> None:
    drawn = Drawn(monkeypatch, "overview", demo_ledger, icb=ICB, reading=reading)
    said = {each: shares(read(own, each)) for each in EVERY}
    hold_words(drawn.words, [
        f"NHS West Yorkshire ICB receives {spoken(pence(own))} and passes on {spoken(pence(own[own['depth'] > 0]))} to "
        f"its places and networks. {how_free(said, reading, 'the whole')}",
        *stand_alone([FREE_NOW, SOFT], said), *behind(read(own, reading)),
    ])  # fmt: skip


def how_a_pot_is_tied(held: pd.DataFrame, code: str) -> str:
    """What stands beside a pot's bar: how much is in it, and how it is tied."""
    its = held[held["pot"] == code]
    (grade,) = its["grade"].fillna("").unique()
    titles = {value: title for title, value in GRADES.items()} | {"": "No terms on record"}
    return f"{spoken(pence(its))}, {titles[grade].lower()}"


STAND_OUT = [FREE_NOW, SOFT, HARD, "Pots", "Effective number of pots", "Penny packets", "Penny packets, share of money"]


@pytest.mark.parametrize("reading", READINGS)
def test_what_ring_fences_of_all_icbs_say(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, whole: pd.DataFrame, codes: dict[str, str], reading: str
) -> None:
    """Pots of NHS England's own are no ICB's: they are in neither of the two numbers, as they are not in the share."""
    drawn = Drawn(monkeypatch, "ring_fences", demo_ledger, reading=reading, scope="all", show="all", on=str(DAY),
                  part="all")  # fmt: skip
    held = read(whole, reading)
    names = {code: name for name, code in codes.items()} | {"core-mental-health": "Core services: mental health"}
    values = {each: {**pieces(read(whole, each), 50_000_000), **shares(read(whole, each))} for each in EVERY}
    kept_lines = whole[whole["standing"].isin(["retained by agreement", "retained without agreement"])]
    lines = len(kept_lines.groupby(["organisation", "fund"]))
    tied = {name: code for code, name in names.items()}
    drawn.hold_charts({"pots-": lambda mark, _: how_a_pot_is_tied(held, tied[mark["label"]])})
    hold_words(drawn.words, [
        how_tied("All ICBs", whole, reading), not_of_icbs(whole, reading),
        how_uneven(pots(held).values(), {each: its["Gini of pot sizes"] for each, its in values.items()}, reading),
        first_due(held, names), f"Kept back, the 60 largest of {lines}", *stand_alone(STAND_OUT, values),
    ])  # fmt: skip


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
    drawn.hold_charts({"pots-": lambda mark, _: how_a_pot_is_tied(held, code[mark["label"]])})

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
    names = {code: name for name, code in codes.items()} | {"core-mental-health": "Core services: mental health"}
    gini = {each: its["Gini of pot sizes"] for each, its in values.items()}
    in_scope = held if scope == "all" else held[held["grade"].isin(TIED)]
    hold_words(drawn.words, [
        how_tied("NHS West Yorkshire ICB", own, reading), how_uneven(pots(in_scope).values(), gini, reading),
        first_due(held, names), *stand_alone(STAND_OUT, values),
    ])  # fmt: skip


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
    drawn = Drawn(monkeypatch, "national", demo_ledger, icb=ICB, reading=reading, over="years", part="all")
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

    beside_it = shares_of_icbs({short(row): its for row, its in of_icb.items()})
    drawn.hold_charts({
        "ranked-": beside_it, "tiles-": beside_it, "regions-": beside_it, "each-": beside_it,
        "targets-": from_target({short(row): distances[code] for row, code in name.items()}),
    })  # fmt: skip

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

    people = pd.read_csv(REFERENCE / "practices_2025_26.csv", dtype=str)
    heads = {str(code): Fraction(sum(map(Fraction, its["registered"]))) for code, its in people.groupby("icb")}
    near = sorted(heads.keys() - {ICB}, key=lambda code: abs(heads[code] - heads[ICB]))[:5]
    bodies = pd.read_csv(REFERENCE / "organisations.csv", dtype=str).set_index("code")["region"]
    around = [code for code in each if bodies[code] == bodies[ICB]]

    values = {title: {code: worked_out[code][title][reading] for code in each} for title in SHARES}
    values[DISTANCE] = dict(distances)

    def beside(cells: list[Any], heading: str) -> Any:
        whose: dict[str, list[str]] = {"Its peers": near, "Its region": around, "All ICBs": list(each)}
        if heading in whose:
            return median(map(Fraction, filter(is_known, (values[cells[0]][code] for code in whose[heading]))))
        return distances[ICB] if cells[0] == DISTANCE else of_icb[names[ICB]][cells[0]]

    names = {code: row for row, code in name.items()}
    hold_ranks(drawn, values)
    drawn.hold({
        "Beside others": beside,
        "All ICBs by": icb, f"{SOFT} by ICB": icb, "Alerts": alert, "The trend": point, f"What ties {most}": why,
        f"{SOFT}: every ICB at every point": at_point, "Every pot over all ICBs": watched,
    })  # fmt: skip

    warned = hold_alerts(drawn, values, names)
    why_it_is = why_most(known, of_all, most)
    hold_words(drawn.words, [
        f"{len(warned)} alerts on {len(set(warned))} of 42 ICBs.",
        *ranking(worked_out, names, reading),
        *over_the_years(worked_out, whole, names, reading),
        *what_became(given, each),
        *targets(distances),
        why_it_is,
    ])  # fmt: skip
    printed = drawn.downloads[f"Briefing on {most}, one page to print (HTML)"]().decode()
    hold_words([without_tables(printed)], [*on_one_page(worked_out, names, name[most], reading), why_it_is])
    begun = exported(demo_ledger, "--organisation", name[most], "--as-at", "2025-04-30")
    assert shares(read(begun, reading)) == shares(read(each[name[most]], reading))


# The limits where none is set: whole percent, and a tenth of the ICBs, four of 42, are beyond each; how far each goes.
LIMITS = ((SOFT, 100, "above"), (FREE_NOW, 100, "below"), (DISTANCE, 10, "above"))


def hold_alerts(
    drawn: Drawn, values: Mapping[str, Mapping[str, Fraction | None]], names: Mapping[str, str]
) -> list[str]:
    """Hold the alerts to the limits near the figures, and give the ICB of each."""
    expected: set[tuple[str, str, str]] = set()
    warned: list[str] = []
    for title, most, side in LIMITS:
        known = {code: value * 100 for code, value in values[title].items() if value is not None}
        beyond = {
            limit: [code for code, its in known.items() if (its > limit if side == "above" else its < limit)]
            for limit in range(most + 1)
        }
        enough = [limit for limit, those in beyond.items() if len(those) >= 42 // 10]
        limit = max(enough) if side == "above" else min(enough)
        warned += beyond[limit]
        expected |= {(names[code], title, f"{side} {limit}.0%") for code in beyond[limit]}
    (alerts,) = [table for table in drawn.tables if table.name == "Alerts"]
    assert {(str(plain(row[1])), str(row[3]), str(row[-1])) for row in alerts.rows} == expected
    return warned


def hold_ranks(drawn: Drawn, values: Mapping[str, Mapping[str, Fraction | None]]) -> None:
    """Hold the place of the marked ICB in every measure, with how many others have the same."""
    (table,) = [table for table in drawn.tables if table.name == "Beside others"]
    for row in table.rows:
        mine = values[str(row[0])][ICB]
        others = [value for code, value in values[str(row[0])].items() if value is not None and code != ICB]
        if mine is None:
            assert row[2] == "not ranked"
            continue
        rank = f"{sum(value > mine for value in others) + 1} of {len(others) + 1}"
        alike = others.count(mine)
        assert row[2] == (f"{rank}, with {alike} others" if alike else rank)


def is_known(value: Fraction | None) -> bool:
    return value is not None


@pytest.mark.parametrize("icb", ["", ICB])
def test_the_headlines_of_the_questions(
    monkeypatch: pytest.MonkeyPatch,
    demo_ledger: Path,
    whole: pd.DataFrame,
    each: dict[str, pd.DataFrame],
    worked_out: dict[str, dict[str, dict[str, Any]]],
    icb: str,
) -> None:
    """What scenarios answer has tests of its own: here it is not asked."""
    monkeypatch.setattr(start, "_what_ifs", lambda _: {})
    reading = "published"
    drawn = Drawn(monkeypatch, "start", demo_ledger, reading=reading, **({"icb": icb} if icb else {}))
    values = worked_out[icb or TOGETHER]
    free, tied = (with_range(title, values[title][reading], values[title]) for title in (FREE_NOW, SOFT))
    said = [f"{free} of it is decided near people and free of ring-fences. {tied} is ring-fenced"]
    core = pd.read_csv(CONVERGENCE, dtype=str).query("stream == 'core'")
    closing = dict(zip(core["icb"], core["closing_distance"].map(Fraction), strict=True))
    high, low = max(closing, key=lambda code: closing[code]), min(closing, key=lambda code: closing[code])
    names = {code: held[held["organisation"] == code]["organisation_name"].iloc[0] for code, held in each.items()}
    held = each[icb] if icb else whole
    read_so = {name: shares(read(held, name)) for name in EVERY}
    if icb:
        own = pots(held)
        asked = {pot: its["returns_per_year"].iloc[0] for pot, its in held.groupby("pot") if pot in own}
        known = [number for number in asked.values() if number is not None]
        said += [
            f"{percent(abs(closing[icb]))} {'above' if closing[icb] > 0 else 'below'} its target for core services",
            f"In {len(own)} pots. They ask for {sum(known)} returns a year; of {len(own) - len(known)} of the pots it is "
            "not known how many.",
            f"NHS West Yorkshire ICB receives {spoken(pence(held))} and passes on "
            f"{spoken(pence(held[held['depth'] > 0]))} to its places and networks. "
            f"{how_free(read_so, reading, 'the whole')}",
            "Nothing is recorded that came in March 2026 (month 12 of 2025/26).",
        ]  # fmt: skip
        before = exported(demo_ledger, "--organisation", icb, "--as-at", "2026-02-28")
        assert pence(before) == pence(held)
    else:
        national = pence(held[held["tier"] == "national"])
        said += [
            f"{names[high]} ends the year {percent(closing[high])} above its target and {names[low]} "
            f"{percent(-closing[low])} below it (published).",
            f"In {half_up(Fraction(median(len(pots(one)) for one in each.values())))} pots, at the ICB in the middle of 42.",
            f"Of {spoken(pence(held))} for the NHS in England, NHS England keeps {spoken(national)} and passes "
            f"{spoken(pence(held) - national)} to ICBs. They pass on {spoken(pence(held[held['depth'] > 0]))} to places "
            f"and networks. {how_free(read_so, reading, 'what ICBs have')}",
        ]  # fmt: skip
    hold_words(drawn.words, said)
