"""The demo's ledger: what a new user sees is what was published, however often and however rudely it is built."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from allocations.demo import build
from allocations.demo.policy import DEFAULT
from allocations.figures import tables
from ledger.entries import chain
from ledger.errors import Refused
from ledger.reports import position
from ledger.reports.verify import verify
from ledger.store.base import Store
from tests.allocations.test_figures import ALL_ICBS, LINES


@pytest.fixture(scope="module")
def answers(demo_ledger: Path) -> dict[str, list[dict]]:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        at = position.moment(reader)
        whole = position.position(reader, at)
        return {
            "tiers": position.flows(reader, at, ["from_tier", "to_tier"]).to_pylist(),
            "lines": position.flows(reader, at, ["from_tier", "to_tier", "fund"]).to_pylist(),
            "west": position.flows(reader, at, ["to_organisation", "from_tier"], organisation="QWO").to_pylist(),
            "position": position.grouped(reader, whole, ["tier"]).to_pylist(),
            "standing": position.grouped(reader, whole, ["tier", "standing"]).to_pylist(),
            "problems": [str(problem) for problem in verify(reader)],
        }


def test_160_billion_reaches_the_42_icbs(answers) -> None:
    assert answers["tiers"][:2] == [
        {"from_tier": "government", "to_tier": "national", "amount_pence": 20_511_100_000_000},
        {"from_tier": "national", "to_tier": "icb", "amount_pence": ALL_ICBS},
    ]
    (west,) = [row for row in answers["west"] if row["from_tier"] == "national"]
    assert west == {"to_organisation": "QWO", "from_tier": "national", "amount_pence": 672_633_873_697}


def test_every_line_ties_to_the_penny(answers) -> None:
    lines = {
        row["fund"]: row["amount_pence"]
        for row in answers["lines"]
        if (row["from_tier"], row["to_tier"]) == ("national", "icb")
    }
    assert lines == LINES


def test_what_is_kept_nationally_and_that_all_sums_to_zero(answers) -> None:
    by_tier = {row["tier"]: row["amount_pence"] for row in answers["position"]}
    assert by_tier["national"] == 4_486_983_552_169
    assert sum(by_tier.values()) == 0


def test_what_an_icb_keeps_it_keeps_without_an_agreement_on_record_for_none_is_known(answers) -> None:
    kept = {row["standing"] for row in answers["standing"] if row["tier"] == "icb"}
    assert kept == {"retained without agreement"}


def test_every_invariant_and_every_control_total_holds(answers) -> None:
    assert answers["problems"] == []


def test_networks_get_the_core_payment_of_the_contract(demo_ledger: Path) -> None:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        paid = position.flows(
            reader, position.moment(reader), ["from_organisation", "to_organisation", "fund"]
        ).to_pylist()
    core = {
        (row["from_organisation"], row["to_organisation"]): row["amount_pence"]
        for row in paid
        if row["fund"] == "network-core-payment"
    }
    (part,) = [row for row in tables.table("pcn_parts_2025_26").to_pylist() if row["pcn"] == "U00070"]
    from decimal import Decimal

    from ledger.money import pence_from_pounds

    expected = pence_from_pounds(part["registered"] * Decimal("2.266")) + pence_from_pounds(
        part["primary_medical"] * Decimal("0.733")
    )
    assert core["QWE", "U00070"] == expected
    # One network lies in two ICBs: each pays for its own part.
    assert ("QJK", "U41591") in core
    assert ("QT6", "U41591") in core


def test_building_twice_adds_nothing(own_demo_ledger: Path) -> None:
    with Store.open(own_demo_ledger) as store:
        with store.read() as reader:
            before = (chain.head(reader), chain.last_entry(reader))
        assert all(entry.replayed for entry in build.build(store))
        with store.read() as reader:
            assert (chain.head(reader), chain.last_entry(reader)) == before


def test_killed_half_way_and_run_again_it_ends_in_the_same_books(tmp_path: Path, demo_ledger: Path) -> None:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        wanted = chain.books_hash(reader)
    path = tmp_path / "killed.duckdb"
    command = [sys.executable, "-m", "devolution", "demo", "--ledger", str(path), "--json"]
    rounds = random.Random(20251122)
    killed = 0
    # At once, when it certainly builds still, and at two moments that a slow machine builds at and a fast one may not.
    for moment in (0.0, rounds.uniform(0.0, 2.0), rounds.uniform(0.0, 2.0)):
        child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=demo_root())
        # Wait for the file, then for a random moment of the building.
        limit = time.monotonic() + 30
        while not path.exists() and child.poll() is None and time.monotonic() < limit:
            time.sleep(0.01)
        time.sleep(moment)
        if child.poll() is None:
            os.kill(child.pid, signal.SIGKILL)
            killed += 1
        child.wait()
    assert killed >= 1
    done = subprocess.run(command, capture_output=True, text=True, check=True, cwd=demo_root())
    assert json.loads(done.stdout)["content_hash"] == wanted
    with Store.open(path, read_only=True) as store, store.read() as reader:
        assert verify(reader) == []


def demo_root() -> Path:
    return Path(__file__).parent.parent.parent


def test_another_policy_needs_another_ledger(own_demo_ledger: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    mine.write_text(DEFAULT.read_text(encoding="utf-8").replace("share: 0.9,", "share: 0.7,"), encoding="utf-8")
    refused = pytest.raises(Refused, match="built from other figures or another policy")
    with Store.open(own_demo_ledger) as store, refused:
        build.build(store, policy_file=mine)
    with Store.open_or_create(tmp_path / "other.duckdb") as store:
        build.build(store, policy_file=mine)
        with store.read() as reader:
            assert verify(reader) == []


def test_the_users_own_terms_override_the_shipped_ones(own_demo_ledger: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.csv"
    mine.write_text("fund,grade,reason,source,quality\nrunning-costs,hard,A ceiling that binds,Our board,green\n")
    with Store.open(own_demo_ledger) as store:
        build.build(store, terms_file=mine)
        build.build(store, terms_file=mine)
        second = tmp_path / "second.csv"
        second.write_text(
            "fund,grade,reason,source,quality\npod-recurrent,hard,Dental,Our board,green\nrunning-costs,hard,A ceiling,B,red\n"
        )
        build.build(store, terms_file=second)
        with store.read() as reader:
            assert reader.whole("SELECT max(version) FROM terms WHERE fund = 'running-costs'") == 3
            table = position.position(reader, position.moment(reader)).to_pylist()
            assert {row["grade"] for row in table if row["fund"] == "running-costs"} == {"hard"}
            assert verify(reader) == []


def test_a_policy_of_another_year_is_refused(own_demo_ledger: Path, tmp_path: Path) -> None:
    mine = tmp_path / "mine.yaml"
    text = (
        DEFAULT.read_text(encoding="utf-8")
        .replace("year: 2025/26", "year: 2026/27")
        .replace("effective_date: 2025-04-01", "effective_date: 2026-04-01")
    )
    mine.write_text(text, encoding="utf-8")
    with Store.open(own_demo_ledger) as store, pytest.raises(Refused, match="it is for 2026/27"):
        build.build(store, policy_file=mine)


def test_the_printed_table_adds_up_both_ways(demo_ledger: Path) -> None:
    from ledger.reports import summary

    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        found = summary.take(reader, position.moment(reader), year=2025)
    grades, rows = summary.matrix_with_totals(found)
    *tiers, (last, totals) = rows
    assert last == "Total"
    assert totals[-1] == found.total_pence == 20_511_100_000_000
    assert totals == [sum(column) for column in zip(*(amounts for _, amounts in tiers), strict=True)]
    assert all(len(amounts) == len(grades) + 1 and sum(amounts[:-1]) == amounts[-1] for _, amounts in tiers)
