"""Twelve packets like those of recent years on the position of 2025/26, seen by the ICB in the middle, and merged.

The right values are worked out by pandas, from the rows of the position alone.
"""

from collections.abc import Callable, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from allocations.figures import tables
from ledger.money import spoken
from ledger.readings import LENIENT, MHIS, PUBLISHED, RECORDED, STRICT, GradeReading
from ledger.reports.measures import measures
from ledger.reports.over_receivers import middle
from ledger.reports.put_together import put_together
from ledger.reports.receivers import Received, seen_by_each
from scenarios import outcome
from scenarios.engine import Run, run
from scenarios.scorecard import scorecard
from scenarios.world import World
from screens.report.questions import WHAT_IFS, what_if
from tests import demo_of_2025_26 as demo
from tests.scenarios.worlds import play

# Code, grade, route, returns a year, and who gets it: pounds by core need among all ICBs, or pounds each to some.
PACKETS = (
    ("womens-health-hubs", "hard", "equal shares", 4, {"each_pounds": 446_250, "receivers": {"tier": "icb"}}),
    ("discharge-2022", "hard", "formula", 12, {"pounds": 300_000_000, "sharing": {"by": "core"}}),
    ("virtual-wards", "hard", "formula", 12, {"pounds": 250_000_000, "sharing": {"by": "core"}}),
    ("primary-care-transformation", "hard", "formula", 4, {"pounds": 126_900_000, "sharing": {"by": "core"}}),
    ("gp-fellowships", "hard", "claim", 4, {"pounds": 44_300_000, "sharing": {"by": "registered"}}),
    ("shared-care-records", "hard", "formula", 6, {"pounds": 50_000_000, "sharing": {"by": "registered"}}),
    ("digital-productivity", "hard", "formula", 4, {"pounds": 4_000_000, "sharing": {"by": "registered"}}),
    ("cyber-remediation", "hard", "formula", 4, {"pounds": 3_300_000, "sharing": {"by": "registered"}}),
    # The others are won, and reach only some.
    ("emergency-care-top", "none", "prize", 1, {"each_pounds": 2_000_000, "receivers": {"codes": ["QWO", "QOP"]}}),
    ("emergency-care-improvers", "none", "prize", 1, {"each_pounds": 2_000_000, "receivers": {"codes": ["QF7"]}}),
    ("digital-maternity", "hard", "bid", 4, {"each_pounds": 1_300_000, "receivers": {"codes": ["QE1", "QJ2"]}}),
    ("diagnostics-network", "hard", "bid", 4, {"each_pounds": 5_900_000, "receivers": {"codes": ["QHM", "QR1"]}}),
)  # fmt: skip
MERGED = {
    "lever": "merge",
    "why": "They pay for one thing: to leave hospital soon and not to come back.",
    # The testing money is what is left of the pandemic's packets; it goes in with the others.
    "funds": [*(packet[0] for packet in PACKETS), "core-covid-testing"],
    "into": {"code": "one-pot", "name": "One pot", "grade": "soft", "route": "formula", "returns_per_year": 1},
    "inner": "dropped",
    "authority": "NHS England",
}


def packet(code: str, grade: str, route: str, returns: int, whom: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "lever": "pot", "why": "As in a year gone by.", "code": code, "name": code, "grade": grade, "route": route,
        "recurrent": False, "notified_on": "2025-10-15", "spend_by": "2026-03-31", "returns_per_year": returns, **whom,
    }  # fmt: skip


@cache
def merged() -> Run:
    return play(MERGED, books=demo.baseline(), given=[packet(*one) for one in PACKETS])


def by_pandas(table: pa.Table, measure: Callable[[pd.DataFrame], float]) -> float:
    """The median over ICBs of a measure of their pots: from the rows of the position and the practices alone."""
    people = tables.table("practices_2025_26").to_pandas().astype({"registered": float})
    most = people.groupby(["pcn", "icb"])["registered"].sum().reset_index().sort_values("registered")
    home = {
        **dict(zip(people["place"], people["icb"], strict=True)),
        **dict(zip(most["pcn"], most["icb"], strict=True)),
    }
    rows = table.to_pandas()
    rows = rows[(rows["standing"] != "source") & (rows["tier"] != "national")]
    rows = rows.assign(icb=rows["organisation"].map(lambda code: home.get(code, code)))
    rows = rows.assign(unknown=rows["amount_pence"].where(rows["returns_per_year"].isna(), 0))
    terms = {"returns": ("returns_per_year", "max"), "grade": ("grade", "first"), "unknown": ("unknown", "sum")}
    each = rows.groupby(["icb", "pot"]).agg(pence=("amount_pence", "sum"), **terms)
    each = each[each["pence"] > 0]
    assert each.index.get_level_values("icb").nunique() == 42
    return float(each.groupby("icb").apply(measure).median())


def last_hundredth(own: pd.DataFrame) -> float:
    ascending = own["pence"].sort_values()
    return float((ascending.cumsum() * 100 <= ascending.sum()).sum())


def wholly_known(own: pd.DataFrame) -> float:
    known = own[own["unknown"] == 0]
    return float(known["returns"].sum() * 1e8 / known["pence"].sum())


BY_PANDAS: Mapping[str, Callable[[pd.DataFrame], float]] = {
    "pots": len,
    "penny_packets": lambda own: float((own["pence"] < 500_000_00).sum()),
    "returns_per_year": lambda own: float(own["returns"].sum()),
    "tied_pots": lambda own: float(own["grade"].isin(["soft", "hard", "statutory"]).sum()),
    "pots_in_last_1_percent": last_hundredth,
    "effective_number": lambda own: float(own["pence"].sum()) ** 2 / float((own["pence"].astype(float) ** 2).sum()),
}


def by_icb(table: pa.Table, here: World) -> list[Received]:
    return seen_by_each(demo.by_icb(table, here), {}, "icb")


@pytest.mark.parametrize(
    ("name", "before", "after"),
    [("pots", 26, 18), ("penny_packets", 4, 1), ("returns_per_year", 82, 33), ("pots_in_last_1_percent", 13, 6)],
)
def test_the_icb_in_the_middle_feels_the_merger(name: str, before: int, after: int) -> None:
    run = merged()
    assert middle(by_icb(run.baseline.position, run.baseline.world), name) == before
    assert middle(by_icb(run.position, run.world), name) == after
    assert by_pandas(run.baseline.position, BY_PANDAS[name]) == before
    assert by_pandas(run.position, BY_PANDAS[name]) == after


def test_of_the_nation_the_same_merger_can_hardly_be_seen() -> None:
    """All money as one holder's: no packet is small, and as many equal pots as before to the third decimal."""
    run = merged()
    before, after = (
        {one.name: one.value for one in measures(table)} for table in (run.baseline.position, run.position)
    )
    assert (before["penny_packets"], after["penny_packets"]) == (0, 0)
    assert float(before["effective_number"] or 0) == pytest.approx(float(after["effective_number"] or 0), abs=5e-4)
    own = by_pandas(run.baseline.position, BY_PANDAS["effective_number"])
    assert float(middle(by_icb(run.baseline.position, run.baseline.world), "effective_number") or 0) == pytest.approx(
        own
    )


def test_returns_for_each_million_have_the_same_pots_above_and_below_the_line() -> None:
    """The ICB in the middle is asked for 32 returns by 4 of its 18 pots; the money of the other 14 is no part of it."""
    found = by_icb(demo.position(), demo.world())
    assert middle(found, "returns_per_million") == pytest.approx(0.254, abs=5e-4)
    assert {one.unknown["returns_per_year"] for one in found} == {14, 15}
    (one,) = [one for one in found if one.organisation == "QWO"]
    known = [pot.amount_pence for pot in one.pots if pot.row["returns_per_year"] is not None]
    assert one.values["returns_per_million"] == Fraction(  # noqa: PD011 - no frame
        32 * 100_000_000, sum(known)
    )


def test_lifting_small_pots_takes_away_strings() -> None:
    """Of every pot that brings an ICB less than £1 million; counted again from the rows, ICB by ICB."""
    done = run(outcome.find("lift-small-pots"), demo.baseline())
    ends = ((done.baseline.position, done.baseline.world), (done.position, done.world))
    before, after = ({test.name: test.value for test in scorecard(*end)} for end in ends)
    named = {"strings_per_icb": "tied_pots", "returns_per_icb": "returns_per_year", "pots_per_icb": "pots"}
    for score, measure in named.items():
        assert float(before[score] or 0) == by_pandas(done.baseline.position, BY_PANDAS[measure])
        assert float(after[score] or 0) == by_pandas(done.position, BY_PANDAS[measure])
    # Two packets were given, each with a string and four returns; they and the flow tests lose it where they are small.
    assert [end["strings_per_icb"] for end in (before, after)] == [17, 14]
    assert [end["returns_per_icb"] for end in (before, after)] == [40, 32]
    assert before["pots_per_icb"] == after["pots_per_icb"] == 20


def test_pots_put_together_by_one_receiver_come_out_as_the_lever_has_it() -> None:
    """The same merger by the lever, over all ICBs, and at each ICB alone: the same pots, sizes, strings and returns."""
    lever = {**MERGED, "into": {"code": "one-pot", "name": "One pot"}}
    done = play(lever, books=demo.baseline(), given=[packet(*one) for one in PACKETS])
    before = {one.organisation: one for one in by_icb(done.baseline.position, done.baseline.world)}
    own = {code: put_together(one, set(MERGED["funds"]), "one-pot", "One pot") for code, one in before.items()}
    for after in by_icb(done.position, done.world):
        alone = own[after.organisation]
        # The lever takes the terms of all packets there are, and an ICB of those that it has: how many returns the one
        # pot asks for at the least is not compared. For each million nobody can tell, as of some of it it is not known.
        for name in ("pots", "streams", "total", "effective_number", "smallest_pot", "pots_in_last_1_percent",
                     "returns_per_million"):  # fmt: skip
            assert alone.values[name] == after.values[name], (after.organisation, name)  # noqa: PD011 - no frame
        assert alone.unknown["returns_per_million"] == after.unknown["returns_per_million"]
    assert middle(list(own.values()), "returns_per_year") == 32 + 12
    # The testing money that went in says nothing of returns: every ICB has a pot of which they are known of a part.
    each = {test.name: test for test in scorecard(done.position, done.world)}["returns_per_million"]
    assert each.value is middle(list(own.values()), "returns_per_million") is None
    assert "nobody can tell" in each.note
    # Without it they are known, and both say the same, counted from the rows: pots of which of no row nobody knows.
    whole = {**lever, "funds": [code for code, *_ in PACKETS]}
    done = play(whole, books=demo.baseline(), given=[packet(*one) for one in PACKETS])
    each = {test.name: test for test in scorecard(done.position, done.world)}["returns_per_million"]
    assert each.value == middle(by_icb(done.position, done.world), "returns_per_million")
    assert float(each.value or 0) == pytest.approx(by_pandas(done.position, wholly_known))


TIED = ["soft", "hard", "statutory"]


def graded(row: pd.Series, reading: GradeReading) -> tuple[str | None, str]:
    """The grade of a row and the pot that it is of, by what each reading says of itself."""
    grade, pot = row["grade"], row["pot"]
    known = isinstance(grade, str)
    if reading is STRICT:
        soft = "hard" if row["discretion"] == "national contract" else "soft"
        grade = {"none": "soft", "soft": soft}.get(grade, grade) if known else "hard"
    elif reading is PUBLISHED:
        grade = "none" if not known or (grade in TIED and row["quality"] != "green") else grade
    elif reading is LENIENT:
        grade = "monitored" if not known or grade == "soft" else grade
    elif reading is MHIS and row["fund"] == "core-mental-health":
        grade, pot = "soft", "core-mental-health"
    return grade, pot


@cache
def three_icbs() -> list[Received]:
    """One that won a prize, one that won a bid, and one that won nothing."""
    run = merged()
    held = demo.by_icb(run.baseline.position, run.baseline.world)
    return seen_by_each({code: held[code] for code in ("QWO", "QE1", "QMM")}, {}, "icb")


@pytest.mark.parametrize("reading", [RECORDED, STRICT, PUBLISHED, LENIENT, MHIS])
@pytest.mark.parametrize("also", [(), ("core",)])
def test_pots_put_together_are_judged_anew_in_every_reading(reading: GradeReading, also: tuple[str, ...]) -> None:
    """The same money is put together in each, on the strictest grade that it finds there: counted by pandas."""
    codes = {*MERGED["funds"], *also}
    for one in three_icbs():
        after = put_together(one, codes, "one-pot", "One pot")
        rows = one.rows.to_pandas()
        read = [graded(row, reading) for _, row in rows.iterrows()]
        rows = rows.assign(
            tied=[grade in TIED for grade, _ in read],
            into=[
                "one-pot" if row["pot"] in codes else pot
                for (_, row), (_, pot) in zip(rows.iterrows(), read, strict=True)
            ],
        )
        each = rows.groupby("into").agg(pence=("amount_pence", "sum"), tied=("tied", "any"))
        each = each[each["pence"] > 0]
        assert after.as_read("pots", reading) == len(each), one.organisation
        assert after.as_read("tied_pots", reading) == each["tied"].sum(), one.organisation
    assert after.over["tied_pots"].lowest < after.over["tied_pots"].highest


def _amounts(table: pa.Table) -> dict[str, int]:
    """What is free, what is local, and what is both, of all that is held: from the rows alone."""
    rows = table.to_pandas()
    rows = rows[rows["standing"] != "source"]
    free, local = rows["grade"].isin(["none", "monitored"]), rows["depth"] > 0
    marks = {"free": free, "local": local, "both": free & local}
    return {name: sum(int(pence) for pence in rows[mark]["amount_pence"]) for name, mark in marks.items()}


def rises(title: str, name: str, before: Mapping[str, int], after: Mapping[str, int]) -> str:
    assert after[name] > before[name]
    return f"{title} rises by {spoken(after[name] - before[name])}, to {spoken(after[name])}."


def test_the_what_ifs_of_the_first_page_are_worked_out_again() -> None:
    """Each headline whole, from the rows before and after by other code; what bidding costs, by hand."""
    asked = {one.name: one for one in WHAT_IFS}
    found = {name: outcome.explore(outcome.find(one.query["scenario"]), demo.baseline()) for name, one in asked.items()}
    said = {name: what_if(asked[name], found[name]) for name in asked}
    ends = {name: (one.run.baseline.position, one.run.position) for name, one in found.items()}
    before, after = (_amounts(table) for table in ends["devolve"])
    assert said["devolve"] == " ".join([
        rises("Decided at place or below", "local", before, after), rises("Local and free", "both", before, after),
    ])  # fmt: skip
    today = demo.position()
    counts = {
        name: [f"{by_pandas(table, BY_PANDAS[measure]):g}" for table in (today, *ends[end])]
        for name, end, measure in (("pots", "merge", "pots"), ("returns", "merge", "returns_per_year"),
                                   ("lifted", "lift", "returns_per_year"))
    }  # fmt: skip
    before, after = (_amounts(table) for table in ends["lift"])
    now, given, then = counts["lifted"]
    assert said["lift"].startswith(
        f"{rises('Free of conditions', 'free', before, after)} How many returns are asked of an ICB in a year? Today, "
        f"{now}; with 2 pots added, {given}; after the change, {then}."
    )
    assert said["merge"].startswith(
        f"With how many pots does an ICB work? Today, {counts['pots'][0]}; after the change, {counts['pots'][2]}. How "
        f"many returns are asked of an ICB in a year? Today, {counts['returns'][0]}; after the change, "
        f"{counts['returns'][2]}."
    )
    # Of a merged pot whose parts are known of some alone there may be more returns: whoever reads the card is told.
    assert said["merge"].endswith("Known returns alone; there may be more.")
    assert said["lift"].endswith("; after the change, 32. Known returns alone.")
    # 28 bids of £30,000, 9 awards with 6 returns of £1,200 each and £150,000; by formula 28 ICBs with one return each.
    bidding, formula = 28 * 30_000 + 9 * 6 * 1_200 + 150_000, 28 * 1_200
    rows = ends["bids"][1].to_pandas()
    left = sum(int(pence) for pence in rows[rows["standing"] != "source"]["amount_pence"]) - formula * 100
    shares = [f"{(5_000_000 - cost) / 50_000:.1f}%" for cost in (bidding, formula)]
    assert said["bids"] == (
        f"Left for the front line after the costs of bidding rises by {spoken((bidding - formula) * 100)}, to "
        f"{spoken(left)}. How much of the money that is bid for reaches the front line? With 1 pot added, "
        f"{shares[0]}; after the change, {shares[1]}. Means over all draws."
    )
