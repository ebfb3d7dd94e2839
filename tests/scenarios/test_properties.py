"""What holds of every scenario: random positions, random steps."""

from itertools import combinations
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.models import RING_FENCED
from ledger.reports.measures import measures
from scenarios.baseline import Baseline, baseline_of, position_hash
from scenarios.bridge import bridges
from scenarios.engine import Done, Run, apply, run
from scenarios.files.scenario import written
from scenarios.order import Pair, differs
from scenarios.selection import system_column
from tests.scenarios.worlds import FUNDS, held_pence, play, position, row, same, scenario, sums, world

WORLD = world()
HOLDERS = [code for code, each in WORLD.organisations.items() if each.tier != "government" and code != "C"]
STANDINGS = ("available", "retained by agreement", "retained without agreement", "spent")
NOT_CONSERVING = ("grow", "cut", "withdraw", "converge", "pot", "taper", "instalments")
FREEING = ("release", "merge", "settlement")

rows = st.builds(
    row,
    st.sampled_from(HOLDERS),
    st.sampled_from([fund[0] for fund in FUNDS]),
    st.integers(1, 10**9),
    st.sampled_from(STANDINGS),
)
positions = st.lists(rows, min_size=4, max_size=25).map(lambda listed: baseline_of(position(*listed), WORLD))

funds = st.one_of(
    st.sampled_from([[fund[0]] for fund in FUNDS]),
    st.sampled_from(
        [{"placeable": True}, {"grade": ["none", "soft"]}, {"in": "limit"}, {"route": "bid"}, {"grade": ["hard"]}, {}]
    ),
)
shares = st.sampled_from([0, 0.1, 0.333333, 0.5, 0.8, 1])
pence = st.integers(0, 10**7).map(lambda pence: f"{pence // 100}.{pence % 100:02}")
by = st.sampled_from(["core", "registered", "fair share", "equal", {"core": 0.5, "health_inequalities": 0.5}])
tiers = st.sampled_from(["place", "pcn", "practice"])
serial = st.integers(0, 10**9).map(str)


def step(lever: str, **given: Any) -> Any:
    return st.fixed_dictionaries({"lever": st.just(lever), **given})


sized = st.one_of(shares.map(lambda share: {"share": share}), pence.map(lambda pence: {"pounds": pence}))


def with_size(base: Any) -> Any:
    return st.tuples(base, sized).map(lambda pair: {**pair[0], **pair[1]})


steps = st.one_of(
    with_size(step("devolve", funds=funds, to=tiers, by=by)),
    with_size(step("retain", funds=funds, agreed=st.booleans(), partners=st.just("all"))),
    with_size(step("retain", funds=funds, agreed=st.just(False), back_from=tiers)),
    step("release", funds=funds, grade=st.sampled_from(["none", "monitored", "hard"]), authority=st.just("an Act")),
    step("announce", funds=funds, days=st.integers(-100, 100)),
    with_size(step("grow", funds=funds)),
    with_size(step("cut", funds=funds)),
    step("withdraw", funds=funds, spent_share=shares, back_to=st.sampled_from(["source", "national"])),
    step("reweigh", funds=funds, among=st.sampled_from(["icb", "place", "pcn"]), by=by),
    step("reweigh", funds=funds, among=st.sampled_from(["icb", "place", "pcn"]), **{"from": by, "to": by}),
    step("reroute", funds=funds, to=st.just("formula"), sharing=st.fixed_dictionaries({"among": st.just("icb"), "by": by})),
    step("reroute", funds=funds, to=st.just("bid"), sharing=st.just({"among": "icb", "winners": 1})),
    step("reroute", funds=funds, to=st.just("bid"), sharing=st.just({"among": "icb", "bids": {"awards": 1, "draws": 3}})),
    step("match", funds=funds, share=shares, own=funds),
    step("merge", funds=funds, into=serial.map(lambda n: {"code": f"m{n}", "name": "M"}), inner=st.sampled_from(["kept", "dropped"])),
    with_size(step("devolve", funds=funds, to=st.sampled_from(["iho", "mnp", "snp"]), by=by)),
    step("taper", funds=funds, left=shares, into=st.sampled_from([None, "community"])),
    step("cap", funds=funds, share=shares, into=st.just("community")),
    step("prevention", funds=funds, tagged=st.just(["community"]), into=st.just("community"), points=shares),
    step("instalments", funds=funds, test=st.just("a test"), missed=st.just({"A": [1, 4]}),
         withheld=st.sampled_from(["source", "those who earned"])),
    step("restructure", merge=st.just({"code": "Z", "name": "Z", "of": ["A", "B"]})),
    step("restructure", move=st.just({"code": "P2", "to": "B"})),
    step("restructure", move=st.just({"code": "G1", "to": "P2"})),
)  # fmt: skip
plans = st.lists(steps, min_size=1, max_size=4)


def fenced(table: Any) -> dict[Any, int]:
    """Ring-fenced money by fund, as a dict of plain numbers: an auditor that shares no code with the engine."""
    found: dict[Any, int] = {}
    for each in table.to_pylist():
        if each["standing"] != "source" and each["grade"] in RING_FENCED:
            found[each["fund"]] = found.get(each["fund"], 0) + each["amount_pence"]
    return found


def by_fund(table: Any) -> dict[Any, int]:
    return sums(table, "fund")


def every_pair(done: Run) -> tuple[Pair, ...]:
    """The pairs whose order matters, by trying all of them on the baseline."""

    def after(*steps: Done) -> Any:
        table, here = done.baseline.position, done.baseline.world
        try:
            for step in steps:
                change = apply(step.lever, table, here)
                table, here = change.position, change.world
        except Refused:
            return None
        return table

    found = []
    for one, other in combinations(done.done, 2):
        forward, backward = after(one, other), after(other, one)
        apart = None if forward is None or backward is None else differs(forward, backward)
        if apart or (forward is None) != (backward is None):
            found.append(Pair(one.number, other.number, apart))
    return tuple(found)


@settings(max_examples=80, deadline=None)
@given(positions, plans)
def test_whatever_is_done_the_rules_hold(books: Baseline, plan: list[dict[str, Any]]) -> None:
    before = books.position.to_pylist()
    try:
        done = run(written(scenario(*plan)), books)
    except Refused as refused:
        assert refused.problems
        assert all(problem.fix and problem.found for problem in refused.problems)
        assert books.position.to_pylist() == before
        return
    # The baseline is the same, row by row, and so is its hash.
    assert books.position.to_pylist() == before
    assert position_hash(books.position) == books.content_hash
    # Money is conserved, but for the steps that say by how much.
    added = sum(each.change.added_pence for each in done.done)
    assert held_pence(done.position) - held_pence(books.position) == added
    assert all(each.change.added_pence == 0 for each in done.done if each.lever.lever_name() not in NOT_CONSERVING)
    assert sum(done.position["amount_pence"].to_pylist()) == 0
    assert all(each["amount_pence"] > 0 for each in done.position.to_pylist() if each["standing"] != "source")
    # Ring-fenced money is in its fund still, unless a step said that it goes, or it went back to the funder.
    if not any(each.lever.lever_name() in FREEING for each in done.done):
        lost = -sum(min(each.change.added_pence, 0) for each in done.done)
        now = by_fund(done.position)
        assert sum(max(pence - now.get(fund, 0), 0) for fund, pence in fenced(books.position).items()) <= lost
    # Every bridge adds up.
    found = bridges(done)
    assert found.pairs == every_pair(done)
    for bridge in found.bridges:
        bars = sum(bar.effect_pence for bar in bridge.bars)
        assert bridge.before_pence + bars + bridge.interaction_pence == bridge.after_pence


@settings(max_examples=40, deadline=None)
@given(positions, funds, st.sampled_from(["icb", "place", "pcn"]), by, by)
def test_weighing_one_way_and_back_ends_where_it_began(
    books: Baseline, chosen: Any, among: str, one: Any, other: Any
) -> None:
    there = {"lever": "reweigh", "funds": chosen, "among": among, "from": one, "to": other}
    back = {**there, "from": other, "to": one}
    try:
        done = run(written(scenario(there, back)), books)
    except Refused:
        return  # somebody would be left with less than nothing on the way
    assert done.done[0].change.moved_pence == done.done[1].change.moved_pence
    if among == "icb":  # whose inner proportions are rounded to the penny on the way
        assert _by_system(done.position) == _by_system(books.position)
    else:
        assert sums(done.position, "fund", "organisation") == sums(books.position, "fund", "organisation")


@settings(max_examples=25, deadline=None)
@given(positions, funds, st.sampled_from(["icb", "place", "pcn"]), by)
def test_weighing_by_what_it_is_weighed_by_moves_nothing(books: Baseline, chosen: Any, among: str, one: Any) -> None:
    try:
        done = run(
            written(scenario({"lever": "reweigh", "funds": chosen, "among": among, "from": one, "to": one})), books
        )
    except Refused:
        return  # nobody of this tier holds any of it
    assert done.done[0].change.moved_pence == 0
    assert same(done.position, books.position)


def _by_system(table: Any) -> dict[Any, int]:
    found: dict[Any, int] = {}
    for line, icb in zip(table.to_pylist(), system_column(table, WORLD).to_pylist(), strict=True):
        found[line["fund"], icb] = found.get((line["fund"], icb), 0) + line["amount_pence"]
    return found


@settings(max_examples=20, deadline=None)
@given(positions, plans, st.randoms(use_true_random=False))
def test_the_order_of_rows_and_the_run_do_not_matter(books: Baseline, plan: list[dict[str, Any]], random: Any) -> None:
    order = list(range(books.position.num_rows))
    random.shuffle(order)
    shuffled = baseline_of(books.position.take(order), WORLD)
    try:
        one = run(written(scenario(*plan)), books)
    except Refused:
        with pytest.raises(Refused):
            run(written(scenario(*plan)), shuffled)
        return
    assert one.position.equals(run(written(scenario(*plan)), shuffled).position)


@settings(max_examples=30, deadline=None)
@given(positions, st.sampled_from(["kept", "dropped"]), st.data())
def test_merging_pots_never_raises_the_effective_number(books: Baseline, inner: str, data: st.DataObject) -> None:
    pots = sorted({each["pot"] for each in books.position.to_pylist() if each["standing"] != "source"})
    assume(len(pots) > 1)
    chosen = data.draw(st.lists(st.sampled_from(pots), min_size=2, unique=True))
    codes = sorted({each["fund"] for each in books.position.to_pylist() if each["pot"] in chosen})
    merge = {
        "lever": "merge",
        "funds": codes,
        "into": {"code": "one", "name": "One"},
        "inner": inner,
        "authority": "an Act",
    }

    def effective(table: Any) -> Any:
        return next(m.value for m in measures(table) if m.name == "effective_number")

    try:
        done = play(merge, books=books)
    except Refused as refused:
        assert "one pot only" in str(refused)
        return
    assert effective(done.position) <= effective(books.position)


INVERSES = [
    [{"lever": "release", "funds": ["roles"], "grade": "none"}, {"lever": "release", "funds": ["roles"], "grade": "hard"}],
    [{"lever": "announce", "funds": ["winter", "care"], "days": 41}, {"lever": "announce", "funds": ["winter", "care"], "days": -41}],
    [{"lever": "grow", "funds": ["winter"], "pounds": "77.77"}, {"lever": "cut", "funds": ["winter"], "pounds": "77.77"}],
    [
        {"lever": "retain", "funds": ["winter"], "agreed": False, "share": 1},
        {"lever": "retain", "funds": ["winter"], "organisations": {"standing": ["retained without agreement"]}, "agreed": True,
         "partners": "all", "share": 1},
        {"lever": "devolve", "funds": ["winter"], "organisations": {"standing": ["retained by agreement"]}, "to": "place",
         "share": 1, "by": "registered"},
        {"lever": "retain", "funds": ["winter"], "agreed": False, "share": 1, "back_from": "place"},
        {"lever": "reroute", "funds": ["winter"], "to": "bid", "sharing": {"awards": {"A": 1}}},
    ],
    [
        {"lever": "devolve", "funds": ["winter"], "to": "place", "pounds": "12345.67", "by": "core"},
        {"lever": "retain", "funds": ["winter"], "agreed": False, "back_from": "place", "pounds": "12345.67", "by": "core"},
        {"lever": "reroute", "funds": ["winter"], "to": "bid", "sharing": {"awards": {"A": 1}}},
    ],
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(INVERSES)))
def test_undoing_inverse_steps_returns_the_baseline(number: int) -> None:
    done = play(*INVERSES[number])
    assert not same(done.done[0].change.position, done.baseline.position)
    assert same(done.position, done.baseline.position)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 20_000_00), by, st.sampled_from(["place", "practice"]))
def test_what_is_devolved_by_a_weighting_comes_back_by_it(pence: int, by: Any, tier: str) -> None:
    """One line of one ICB, out and back: nobody below is left with a penny of it, and nobody else has any."""
    size = {"pounds": f"{pence // 100}.{pence % 100:02}", "by": by, "funds": ["winter"]}
    out = {"lever": "devolve", **size, "to": tier}
    done = play(out, {"lever": "retain", **size, "agreed": False, "back_from": tier})
    there = done.position.filter([fund == "winter" for fund in done.position["fund"].to_pylist()])
    assert sums(there, "organisation") == {"A": 20_000_00}
    assert sum(sums(done.done[0].change.position, "organisation", "fund").get((code, "winter"), 0)
               for code in HOLDERS if code not in ("A", "B", "NHS")) == pence  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(positions)
def test_an_empty_pot_changes_nothing(books: Baseline) -> None:
    pot = {"lever": "pot", "code": "empty", "name": "Empty", "grade": "hard", "route": "bid", "recurrent": False,
           "notified_on": "2025-11-01", "pounds": 0, "sharing": {"by": "core"}}  # fmt: skip
    done = play(pot, books=books)
    assert same(done.position, books.position)
    assert differs(done.position, books.position) == 0


def test_no_draw_is_told_as_fact_and_the_same_seed_gives_the_same_means() -> None:
    """With equal chances the mean needs no draw; where size counts it is of the draws that the seed gives."""
    lot = {"lever": "reroute", "funds": ["care"], "to": "bid", "sharing": {"among": "place", "chance": 0.5}}
    bids = {"awards": 1, "draws": 400, "pull_of_size": 1, "by": "registered"}
    bid = {**lot, "sharing": {"among": "place", "bids": bids}}

    def care(step: Any, seed: int) -> dict[Any, int]:
        held = sums(play(step, seed=seed).position, "organisation", "fund")
        return {code: pence for (code, fund), pence in held.items() if fund == "care"}

    # £130,000 of care in A and £170,000 in B, to two places each.
    assert care(lot, 1) == care(lot, 2) == {"P1": 65_000_00, "P2": 65_000_00, "P3": 85_000_00, "P4": 85_000_00}
    assert care(bid, 1) == care(bid, 1) != care(bid, 2)
    assert all(care(bid, seed)["P3"] > care(bid, seed)["P4"] for seed in (1, 2, 3))
