"""As was and as is: the same money by the boundaries of its own time, or of another day."""

from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocations.shares import restated
from ledger.entries.draft import Draft, records
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.models import Closure, Organisation, Relationship, Succession
from ledger.reports import position
from ledger.store.base import Store
from tests import books as small
from tests.books import APRIL, at, entry
from tests.shelves import Shelf, Template

CHANGE = date(2026, 4, 1)
PEOPLE = 10**9


def change(
    *successions: tuple[str, str, int],
    new: tuple[str, ...] = (),
    closed: tuple[str, ...] = (),
    day: date = CHANGE,
    key: str = "change",
) -> Draft:
    """Organisations of the ICB tier that begin on a day, others that end, and who became whom."""
    return Draft(
        key, "structure", APRIL, "tests", "boundaries change",
        records={
            Organisation: records(
                Organisation, [{"code": code, "name": f"New {code}", "tier": "icb", "valid_from": day} for code in new]
            ),
            Closure: records(
                Closure, [{"id": f"{code}/{day}", "organisation": code, "valid_to": day} for code in closed]
            ),
            Relationship: records(
                Relationship,
                [
                    {"id": f"NHS>{code}", "parent": "NHS", "child": code, "scheme": "line", "valid_from": day}
                    for code in new
                ],
            ),
            Succession: records(
                Succession,
                [
                    {"id": f"{a}>{b}/{day}", "predecessor": a, "successor": b, "effective_date": day, "kind": "split",
                     "weight": weight, "basis": "registered population x 10^9"}
                    for a, b, weight in successions
                ],
            ),
        },
    )  # fmt: skip


def by_organisation(store: Store, day: date | None, organisation: str | None = None) -> Counter[str]:
    with store.read() as reader:
        found = restated.position(reader, position.moment(reader), day, organisation=organisation)
    totals: Counter[str] = Counter()
    for row in found.to_pylist():
        totals[row["organisation"]] += row["amount_pence"]
    return totals


def end_of_line(store: Store, parent: str, child: str, day: date = CHANGE) -> Draft:
    """Correct a membership so that it ends on a day."""
    with store.read() as reader:
        (row,) = reader.table(
            "SELECT * FROM relationship WHERE parent = $parent AND child = $child", {"parent": parent, "child": child}
        ).to_pylist()
    del row["entry_number"]
    row |= {"id": f"{row['id']}/ends", "valid_to": day, "supersedes": row["id"]}
    return small.new_relations(row, key=f"{parent}>{child} ends")


def test_a_split_shares_what_was_held_by_people_to_the_penny(funded: Store) -> None:
    post(funded, [change(("ICB1", "S1", 2), ("ICB1", "S2", 1), new=("S1", "S2"), closed=("ICB1",))])
    was, is_now = by_organisation(funded, None), by_organisation(funded, CHANGE)
    assert was["ICB1"] == 600_000
    assert (is_now["S1"], is_now["S2"], is_now["ICB1"]) == (400_000, 200_000, 0)
    assert sum(is_now.values()) == sum(was.values()) == 0
    assert by_organisation(funded, date(2026, 3, 31)) == was


def test_a_merger_adds_and_shows_the_name_of_who_came_after(funded: Store) -> None:
    post(funded, [change(("ICB1", "M", 7), ("ICB2", "M", 5), new=("M",), closed=("ICB1", "ICB2"))])
    with funded.read() as reader:
        now = position.moment(reader)
        rows = restated.position(reader, now, CHANGE).to_pylist()
        flows = restated.flows(reader, now, CHANGE, ["from_organisation", "to_organisation", "to_name"]).to_pylist()
    (merged,) = [row for row in rows if row["organisation"] == "M"]
    assert (merged["amount_pence"], merged["organisation_name"], merged["tier"]) == (900_000, "New M", "icb")
    assert {"from_organisation": "NHS", "to_organisation": "M", "to_name": "New M", "amount_pence": 900_000} in flows


def test_who_goes_on_after_giving_a_part_keeps_the_rest(funded: Store) -> None:
    post(funded, [change(("ICB1", "ICB1", 5), ("ICB1", "ICB2", 1))])
    found = by_organisation(funded, CHANGE)
    assert (found["ICB1"], found["ICB2"]) == (500_000, 400_000)


def test_two_changes_one_after_the_other(funded: Store) -> None:
    later = date(2027, 4, 1)
    post(funded, [change(("ICB1", "S1", 1), ("ICB1", "S2", 1), new=("S1", "S2"), closed=("ICB1",))])
    post(funded, [change(("S1", "ICB2", 1), closed=("S1",), day=later, key="again")])
    assert by_organisation(funded, CHANGE)["S1"] == 300_000
    found = by_organisation(funded, later)
    assert (found["S1"], found["S2"], found["ICB2"]) == (0, 300_000, 600_000)


def test_places_follow_their_icb_and_divided_networks_count_by_their_parts(funded: Store) -> None:
    """P1 and P2 were ICB1's. Nobody has said where they go, so they follow its people, one to two."""
    post(funded, [
        entry("devolve", at("ICB1", "core"), at("P1", "core"), 90_000),
        entry("devolve", at("P1", "core"), at("N2", "core"), 4_000),
        change(("ICB1", "S1", 1), ("ICB1", "S2", 2), new=("S1", "S2"), closed=("ICB1",)),
        end_of_line(funded, "ICB1", "P1"), end_of_line(funded, "ICB1", "P2"),
    ])  # fmt: skip
    first, second = by_organisation(funded, CHANGE, "S1"), by_organisation(funded, CHANGE, "S2")
    assert (first["P1"], second["P1"]) == (28_667, 57_333)
    # N2 is three parts P1's and one part P3's, who is ICB2's.
    assert by_organisation(funded, CHANGE, "P3")["N2"] == 1_000
    assert by_organisation(funded, CHANGE, "P1")["N2"] == 3_000


def test_who_was_no_more_on_the_day_is_refused_with_who_came_after(books: Store) -> None:
    post(books, [change(("ICB1", "S1", 1), new=("S1",), closed=("ICB1",))])
    with pytest.raises(Refused, match=r"ICB1 did not exist on 2026-04-01\..*Ask for S1"):
        by_organisation(books, CHANGE, "ICB1")
    with pytest.raises(Refused, match="no organisation 'ICBX'"):
        by_organisation(books, CHANGE, "ICBX")


def test_the_closing_day_learned_last_is_the_one_that_counts(funded: Store) -> None:
    """ICB1 was to end in April, and lives on until July: it has boundaries in May, and can be divided in July."""
    may, july = date(2026, 5, 1), date(2026, 7, 1)
    post(funded, [change(closed=("ICB1",), key="to close")])
    with pytest.raises(Refused, match="ICB1 did not exist on 2026-05-01"):
        by_organisation(funded, may, "ICB1")
    post(funded, [change(closed=("ICB1",), day=july, key="closes later")])
    assert by_organisation(funded, may, "ICB1")["ICB1"] == 600_000
    post(funded, [change(("ICB2", "ICB1", 1), ("ICB2", "ICB2", 2), day=may, key="a part of ICB2")])
    assert by_organisation(funded, may)["ICB1"] == 700_000
    with pytest.raises(Refused, match="ICB1 did not exist on 2026-07-01"):
        by_organisation(funded, july, "ICB1")


@pytest.mark.parametrize(
    ("draft", "said"),
    [
        (change(("ICB1", "ICB2", 1)), "ICB1 goes on after that day, and what it keeps is not said"),
        (change(("ICB1", "ICB1", 1), ("ICB1", "ICB2", 1), closed=("ICB1",)), "ICB1 keeps a part, and no longer exists"),
        (change(("ICB1", "ICB1", 1)), "ICB1 becomes itself alone"),
        (change(("ICB1", "ICB2", 1), closed=("ICB1", "ICB2")), "ICB2 does not exist on that day"),
    ],
)
def test_successions_that_would_lose_money_are_refused(books: Store, draft: Draft, said: str) -> None:
    with pytest.raises(Refused, match=said):
        post(books, [draft])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    weights=st.lists(st.integers(1, 10**12), min_size=1, max_size=5),
    pence=st.integers(1, 600_000),
    to_place=st.integers(0, 600_000),
)
def test_whatever_the_split_every_sum_is_what_it_was(
    shelf: Shelf, funded_template: Template, weights: list[int], pence: int, to_place: int
) -> None:
    new = tuple(f"S{number}" for number in range(len(weights)))
    with Store.open(shelf.copy(funded_template(shelf.kind), "split")) as store:
        post(store, [
            entry("devolve", at("ICB1", "core"), at("P1", "core"), max(1, min(to_place, 600_000 - pence))),
            change(*((a, b, w) for a, b, w in zip(["ICB1"] * len(new), new, weights, strict=True)), new=new,
                   closed=("ICB1",)),
            end_of_line(store, "ICB1", "P1"), end_of_line(store, "ICB1", "P2"),
        ])  # fmt: skip
        was, is_now = by_organisation(store, None), by_organisation(store, CHANGE)
        assert sum(was.values()) == sum(is_now.values()) == 0
        assert sum(is_now[code] for code in new) == was["ICB1"]
        parts = [by_organisation(store, CHANGE, code) for code in (*new, "ICB2")]
        below = {"ICB1", "ICB2", "P1", "P2", "P3", "N1", "N2", "G1"}
        assert sum(sum(part.values()) for part in parts) == sum(pence for code, pence in was.items() if code in below)


def test_the_mergers_of_april_2026_conserve_every_pound_of_2025_26(demo_ledger: Path) -> None:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        now = position.moment(reader)
        was = position.position(reader, now, year=2025)
        found = restated.position(reader, now, CHANGE, year=2025)
        icbs = {row["organisation"] for row in found.to_pylist() if row["tier"] == "icb"}
        assert len(icbs) == 36
        for columns in (["tier"], ["fund"], ["stream", "standing"], ["grade", "tier"]):
            assert position.grouped(reader, found, columns) == position.grouped(reader, was, columns)
        inside = restated.position_of_each(reader, now, CHANGE, "icb", 2025)
        assert set(inside) == icbs
        # QRL gave a part away.
        for icb in ("QWO", "QRL"):
            assert inside[icb] == restated.position(reader, now, CHANGE, organisation=icb, year=2025)
        below_icbs = sum(row["amount_pence"] for row in was.to_pylist() if row["tier"] in ("icb", "place", "pcn"))
        assert sum(position.total_pence(table) for table in inside.values()) == below_icbs
        flows = restated.flows(reader, now, CHANGE, ["from_tier", "to_tier"], year=2025).to_pylist()
        as_was = position.flows(reader, now, ["from_tier", "to_tier"], year=2025).to_pylist()
        key = lambda row: (row["from_tier"], row["to_tier"])  # noqa: E731
        assert sorted(flows, key=key) == sorted(as_was, key=key)
