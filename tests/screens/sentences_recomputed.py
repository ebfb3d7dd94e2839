"""What Overview, Ring-fences, National and the briefing say in sentences, with figures worked out from a position.

Each sentence is written here as a reader knows it, with figures of ``tests.screens.recomputed``.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from fractions import Fraction
from statistics import median
from typing import Any

import pandas as pd

from ledger.money import spoken
from tests.screens.recomputed import (
    CONVERGENCE,
    EVERY,
    FIRST_DAY,
    FREE,
    HARD,
    SOFT,
    TIED,
    TOGETHER,
    by_readings,
    half_up,
    over,
    pence,
    pots,
    read,
    shares,
    with_range,
    written,
)

FREE_NOW = "Local and free"


ICB, DAY = "QWO", date(2025, 9, 1)


def how_free(value: Mapping[str, Mapping[str, Any]], reading: str, whose: str) -> str:
    """How much of the money is local and free, with its two ends, as the first sentence has it."""
    values = {each: its[FREE_NOW] for each, its in value.items()}
    said = f"{written(FREE_NOW, values[reading])} of {whose} is both local and free of ring-fences"
    return f"{said}, by how ring-fences are read: {by_readings(FREE_NOW, values)}."


def behind(held: pd.DataFrame) -> list[str]:
    """What the three links below the figures name: all of it, what is local and free, and what is tied, of ICBs."""
    below = held[held["tier"] != "national"]
    free = below[(below["depth"] > 0) & below["grade"].isin(FREE)]
    parts = (held, free, below[below["grade"].isin(TIED)])
    return [f"What {spoken(pence(part))} is made of" for part in parts]


def how_tied(name: str, held: pd.DataFrame, reading: str) -> str:
    """How many pots of ICBs and those below are tied, and how much of their money they hold."""
    of_icbs = held[held["tier"] != "national"]
    every = {each: shares(read(of_icbs, each))[SOFT] for each in EVERY}
    as_it_is = read(of_icbs, reading)
    tied = pots(as_it_is[as_it_is["grade"].isin(TIED)])
    return (
        f"{name}: {len(tied)} of {len(pots(as_it_is))} pots are tied to a purpose, softly or firmly. They hold "
        f"{with_range(SOFT, every[reading], every)} of the money whose grade is known (illustrative)."
    )


def not_of_icbs(held: pd.DataFrame, reading: str) -> str:
    """The pots of which no ICB and nobody below one has any, which a list of the pots of ICBs leaves out."""
    as_it_is = read(held, reading)
    theirs = pots(as_it_is[as_it_is["tier"] != "national"])
    others = {pot: amount for pot, amount in pots(as_it_is).items() if pot not in theirs}
    return (
        f"Not listed: {len(others)} pots with {spoken(sum(others.values()))}, which NHS England keeps or which goes past "
        "the ICBs; no ICB holds any."
    )


def how_uneven(amounts: Iterable[int], gini: Mapping[str, Any], reading: str) -> str:
    """The Gini of pots, and what the smaller half of them holds; the middle one of an odd number is in neither half."""
    ordered = sorted(amounts)
    smaller = over(sum(ordered[: len(ordered) // 2]), sum(ordered))
    return (
        f"Gini {with_range('Gini of pot sizes', gini[reading], gini)}: 0 is all equal, 1 is all in one. The half of the "
        f"pots that are smallest hold {written(SOFT, smaller)} of the money."
    )


def first_due(held: pd.DataFrame, names: Mapping[str, str]) -> str:
    """How many tied pots have a deadline, and which is the first; of several on one day that with most not spent."""
    dated = held[held["grade"].isin(TIED) & held["spend_by"].notna()]
    due = {pot: its["spend_by"].iloc[0] for pot, its in dated.groupby("pot") if pot in pots(held)}
    first = min(due, key=lambda pot: (due[pot], pot))
    return (
        f"From {DAY:%-d %B %Y} on, {len(due)} earmarked pots have a deadline. The first is {names[first]}, by "
        f"{due[first]:%-d %B %Y}."
    )


def on_one_page(
    worked_out: Mapping[str, Mapping[str, Mapping[str, Any]]], names: Mapping[str, str], code: str, reading: str
) -> list[str]:
    """What the briefing of one ICB says: its place, three figures that stand out, and that no month differs."""
    tied, free, all_tied = worked_out[code][SOFT], worked_out[code][FREE_NOW], worked_out[TOGETHER][SOFT]
    cards = {SOFT: (SOFT, tied), FREE_NOW: (FREE_NOW, free), TOGETHER: (SOFT, all_tied)}
    told = []
    for named, (measure, values) in cards.items():
        figure, _, ends_of_it = with_range(measure, values[reading], values).partition(" ")
        told.append(f"{figure} {named} {ends_of_it}".strip())
    order = sorted(names, key=lambda one: (-worked_out[one][SOFT][reading], names[one]))
    least = worked_out[order[-1]][SOFT][reading]
    return [
        f"2025/26. {SOFT}: from {percent(least)} ({names[order[-1]]}) to {percent(tied[reading])} ({names[code]}), among "
        f"42 ICBs; {names[code]} is number 1 with {percent(tied[reading])}.",
        *told, "between 30 April 2025 and 31 March 2026, none of these shares changed.",
    ]  # fmt: skip


def percent(value: Fraction | None) -> str:
    return written(SOFT, value)


def ranking(
    worked_out: Mapping[str, Mapping[str, Mapping[str, Any]]], names: Mapping[str, str], reading: str
) -> list[str]:
    """Who is tied most and least, the place of the marked one, and all of them as one."""
    values = {code: worked_out[code][SOFT][reading] for code in names}
    order = sorted(values, key=lambda code: (-values[code], names[code]))
    first, last = order[0], order[-1]
    together = worked_out[TOGETHER][SOFT]
    return [
        f"{SOFT}: from {percent(values[last])} ({names[last]}) to {percent(values[first])} ({names[first]}), among 42 "
        f"ICBs; {names[ICB]} is number {order.index(ICB) + 1} with {percent(values[ICB])}. {TOGETHER}: "
        f"{with_range(SOFT, together[reading], together)}. That is of the same money as each",
    ]  # fmt: skip


def over_the_years(
    worked_out: Mapping[str, Mapping[str, Mapping[str, Any]]], whole: pd.DataFrame, names: Mapping[str, str],
    reading: str,
) -> list[str]:  # fmt: skip
    """The one point of these books, every ICB at it, and of how much of the money each share is."""
    below = read(whole[whole["tier"] != "national"], reading)
    parts = {HARD: "grade", SOFT: "grade", FREE_NOW: "grade", "Notified in the year": "notified_on",
             "Non-recurrent": "recurrent"}  # fmt: skip
    of_known = []
    for title, column in parts.items():
        known, every = pence(below[below[column].notna()]), pence(below)
        # What is known of all but half a percent is told as a share of all.
        if known > 0 and Fraction(known, every) < Fraction(995, 1000):
            told = f"of {spoken(known)} of {spoken(every)} in 2025/26"
            of_known.append(f"{title} is a share of what is known: {told}.")
    ranked = sorted(worked_out[code][SOFT][reading] for code in names)
    now = {title: percent(its[reading]) for title, its in worked_out[""].items()}
    return [
        "there is one point so far, 31 March 2026: "
        f"ring-fenced, soft included {now[SOFT]}, notified in the year {now['Notified in the year']}, non-recurrent "
        f"{now['Non-recurrent']}, devolved {now['Devolved']}.",
        f"{SOFT}, over 42 ICBs, at the last point: lowest {percent(ranked[0])}, median {percent(median(ranked))}, "
        f"highest {percent(ranked[-1])}.",
        "Of 2023/24 and 2024/25 nothing is recorded here, so nothing is compared with it.",
        *of_known,
    ]  # fmt: skip


def what_became(given: pd.DataFrame, each: Mapping[str, pd.DataFrame]) -> list[str]:
    """Pots at ICBs, each at every one that has it: how many have some use, and when notice of each came."""
    at_each = [pots(held).keys() for held in each.values()]
    number = sum(map(len, at_each))
    days = [held[held["pot"] == pot]["notified_on"].iloc[0] for held in each.values() for pot in pots(held)]
    before = sum(day is not None and day < FIRST_DAY for day in days)
    in_year = sum(day is not None and day >= FIRST_DAY for day in days)
    assert not (given["standing"] == "spent").any()
    return [
        f"Of {number:,} pots at ICBs the books record some use of 0.",
        f"Of {number:,} pots at ICBs, each counted at every ICB that holds it, notice of {before:,} came before the "
        f"year, of {in_year:,} in it, and of {number - before - in_year:,} it is not known when. How many of them end "
        "is not known: no ICB has money of 2026/27 in these books.",
    ]  # fmt: skip


def targets(distances: Mapping[str, Fraction]) -> list[str]:
    """How many are above their target for core services, and what it would take to bring all others near it."""
    rows = pd.read_csv(CONVERGENCE, dtype=str).query("stream == 'core'")
    needed = {}
    for within in (Fraction(25, 1000), Fraction(5, 100)):
        needed[within] = 0
        for allocation, distance in zip(rows["allocation_thousands"], rows["closing_distance"], strict=True):
            got = half_up(Fraction(allocation) * 100_000)
            target = half_up(got / (1 + Fraction(distance)))
            needed[within] += max(0, half_up(target * (1 - within)) - got)
    near, far = needed.values()
    return [
        f"{sum(one > 0 for one in distances.values())} of {len(distances)} ICBs are above their target for core "
        "services in 2025/26.",
        f"To bring every ICB to at most 2.5% below its target would take {spoken(near)}, and to at most 5% below it "
        f"{spoken(far)}.",
        "Targets, core services, 2025/26",
    ]  # fmt: skip


def why_most(known: pd.DataFrame, of_all: pd.DataFrame, name: str) -> str:
    """Which line ties an ICB more than it does all of them together, and by how much."""
    mine, theirs = (
        {fund: Fraction(pence(its), pence(held)) for fund, its in held[held["grade"].isin(TIED)].groupby("fund_name")}
        for held in (known, of_all)
    )
    line = max(mine, key=lambda fund: mine[fund] - theirs[fund])
    amount = spoken(pence(known[(known["fund_name"] == line) & known["grade"].isin(TIED)]))
    return (
        f"What ties {name} most beside others is {line}: {amount}, {percent(mine[line])} of its money and "
        f"{percent(theirs[line])} of all ICBs' money. The first year in these books is 2025/26: what was ring-fenced"
    )
