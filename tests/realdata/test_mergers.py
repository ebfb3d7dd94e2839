"""The mergers of April 2026 from the change summary and the practice map themselves, 42 ICBs to 36."""

from datetime import date
from pathlib import Path

import pytest

from allocations.figures import tables
from allocations.files.published.importing import import_files
from allocations.files.published.mergers import import_structure
from allocations.files.published.understood import understand
from allocations.shares import restated
from allocations.shares.posting import drafts
from allocations.shares.split import allocate
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.inputs import Action
from ledger.reports import position, verify
from ledger.store.base import Store
from ledger.years import FinancialYear

CHANGE, YEAR = date(2026, 4, 1), FinancialYear(2025)
SUMMARY, MAP = "ods_change_summary_icb_mergers_apr2026.xlsx", "gp-reg-pat-prac-map.zip"
BELOW_ICBS = ("icb", "place", "pcn", "practice")


def bring(store: Store, published: Path, *names: str, dry_run: bool = False):
    files, problems = understand([published / name for name in names])
    assert not problems
    return import_structure(store, files, dry_run=dry_run)


def read_map_column(published: Path, name: str) -> list[str]:
    (file,), _ = understand([published / MAP])
    return file.content.table[name].to_pylist()


def entries(store: Store) -> int:
    with store.read() as reader:
        return reader.whole("SELECT count(*) FROM entry")


def test_every_pound_of_the_demo_finds_its_icb_of_2026(published: Path, own_demo_ledger: Path) -> None:
    with Store.open(own_demo_ledger) as store:
        before = entries(store)
        assert len(bring(store, published, SUMMARY, MAP, dry_run=True).posted) == 1
        assert entries(store) == before
        brought = bring(store, published, SUMMARY, MAP)
        assert any(
            "Of 66 practices that the summary lists and the map has, 66 stand" in told for told in brought.sentences
        )
        assert bring(store, published, SUMMARY, MAP).posted == ()
        shipped = {
            (row["predecessor"], row["successor"]): tables.billionths(row["registered"])
            for row in tables.table("successions").to_pylist()
        }
        assert {(step.predecessor, step.successor): step.weight for step in brought.steps} == shipped
        with store.read() as reader:
            assert verify.verify(reader) == []
            # A place that was divided is shared by the people of its practices, not by how many there are.
            shared = reader.rows(
                "SELECT child, parent, part FROM relationship WHERE valid_from = $day AND part IS NOT NULL "
                "AND scheme = 'icb' AND child IN (SELECT code FROM organisation WHERE tier = 'place')",
                {"day": CHANGE},
            )
            assert shared
            after = dict(zip(*(read_map_column(published, name) for name in ("practice", "icb")), strict=True))
            people = tables.table("practices_2025_26").to_pylist()
            for place, icb, part in shared:
                there = [
                    row["registered"] for row in people if row["place"] == place and after.get(row["practice"]) == icb
                ]
                assert part == tables.billionths(sum(there)), (place, icb)
            now = position.moment(reader)
            was = position.position(reader, now, year=2025)
            found = restated.position(reader, now, CHANGE, year=2025)
            icbs = {row["organisation"] for row in found.to_pylist() if row["tier"] == "icb"}
            inside = restated.position_of_each(reader, now, CHANGE, "icb", 2025)
            # One that nothing happened to, one that gave a part away, and one that others went into.
            for icb in ("QWO", "QRL", brought.steps[-1].successor):
                assert inside[icb] == restated.position(reader, now, CHANGE, organisation=icb, year=2025)
            # A place of a divided ICB is where its practices are, not shared by the ICB's people as a whole.
            hart = position.grouped(reader, inside["QRL"], ["organisation"]).to_pylist()
    assert set(inside) == icbs
    assert len(icbs) == 36
    whole = sum(row["amount_pence"] for row in was.to_pylist() if row["tier"] in BELOW_ICBS)
    assert sum(position.total_pence(table) for table in inside.values()) == whole
    assert any(row["organisation"].startswith("QNQ-E10000014") for row in hart)


def test_a_ledger_from_the_published_files_alone_learns_of_the_mergers(published: Path, tmp_path: Path) -> None:
    with Store.create(tmp_path / "ledger.duckdb") as store:
        files, problems = understand([published / "nhs_allocations_2025_26.xlsx", published / "place_tool_2025_26.csv"])
        assert not problems
        import_files(store, files)
        # The default places come with the first money that goes to them.
        split = allocate(icb="QWO", year=YEAR, fund="core-recurrent", level="place", by="core", amount_pence=10**11)
        with store.read() as reader:
            asked = drafts(reader, split, standing="available", actor="tests", day=YEAR.first_day, key=None)
        assert [draft.kind for draft in asked] == ["structure", "devolve"]
        post(store, asked)
        bring(store, published, SUMMARY, MAP)
        with store.read() as reader:
            now = position.moment(reader)
            assert verify.verify(reader) == []
            found = restated.position(reader, now, CHANGE, year=2025)
            was = position.position(reader, now, year=2025)
            assert position.grouped(reader, found, ["tier", "fund"]) == position.grouped(reader, was, ["tier", "fund"])
            icbs = {row["organisation"] for row in found.to_pylist() if row["tier"] == "icb"}
            assert len(icbs) == 36
            with pytest.raises(Refused, match="QNQ did not exist on 2026-04-01"):
                restated.position(reader, now, CHANGE, organisation="QNQ")


def test_a_merger_without_the_files_it_needs_is_refused(published: Path, own_demo_ledger: Path) -> None:
    with Store.open(own_demo_ledger) as store:
        before = entries(store)
        with pytest.raises(Refused, match="there is no practice map among the files"):
            bring(store, published, SUMMARY)
        with pytest.raises(Refused, match="there is no change summary among the files"):
            bring(store, published, MAP)
        with pytest.raises(Refused, match=f"Import it {Action.IMPORT_PUBLISHED.done()}"):
            bring(store, published, SUMMARY, MAP, "epcn_january_2023.xlsx")
        assert entries(store) == before
