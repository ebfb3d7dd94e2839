"""Published files into the books: whole or not at all, once and not twice, on an empty ledger and on a full one."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

import devolution
from allocations.figures import tables
from allocations.files.published import importing
from allocations.files.published.importing import PublishedImport, import_files
from allocations.files.published.understood import understand
from ledger.entries import chain
from ledger.errors import Refused
from ledger.reports import position
from ledger.reports.verify import verify
from ledger.store.base import Store
from tests.allocations.published import small
from tests.allocations.published.test_structure_files import MAP
from tests.books import texts

RUN = CliRunner()


def allocations_file(folder: Path, sheets: dict[str, small.Rows] | None = None) -> Path:
    path = folder / "icb allocations.xlsx"
    small.workbook(path, sheets or small.allocation_sheets())
    return path


def practice_file(folder: Path, rows: small.Rows | None = None) -> Path:
    path = folder / "place_tool_2025_26.csv"
    small.text_file(path, rows or small.practice_rows())
    return path


def map_file(folder: Path, rows: small.Rows = MAP) -> Path:
    path = folder / "gp-reg-pat-prac-map.zip"
    small.archive(path, rows)
    return path


def bring(store: Store, *paths: Path, **given) -> PublishedImport:
    files, problems = understand(paths)
    assert texts(problems) == ""
    return import_files(store, files, **given)


def refused(store: Store, *paths: Path, **given) -> str:
    with pytest.raises(Refused) as caught:
        bring(store, *paths, **given)
    return texts(caught.value.problems)


@pytest.fixture
def empty(tmp_path: Path):
    with Store.create(tmp_path / "ledger.duckdb") as store:
        yield store


def state(store: Store) -> tuple[str, int]:
    with store.read() as reader:
        return chain.head(reader), chain.last_entry(reader)


def test_an_empty_ledger_gets_who_there_is_the_limit_every_line_and_the_totals(empty: Store, tmp_path: Path) -> None:
    file = allocations_file(tmp_path)
    imported = bring(empty, file)
    keys = [entry.key for entry in imported.posted]
    assert keys[0].startswith("published/structure/")
    assert keys[1:4] == ["published/funds and terms", "published/2025/26/mandate", "published/2025/26/core-recurrent"]
    assert keys[-1] == "published/2025/26/control totals"
    with empty.read() as reader:
        flows = position.flows(reader, position.moment(reader), ["from_tier", "to_tier"]).to_pylist()
        assert flows == [
            {"from_tier": "government", "to_tier": "national", "amount_pence": 20_511_100_000_000},
            # Core 10,000.875 + 90.75 - 3; POD 225.75 + 6; running costs 75.875 (thousand pounds).
            {"from_tier": "national", "to_tier": "icb", "amount_pence": 1_039_625_000},
        ]
        notes = {note for (note,) in reader.rows("SELECT note FROM transfer WHERE note IS NOT NULL")}
        assert "ICB Core Allocations 2025-26!F3 (QWO)" in notes
        sources = {digest for (digest,) in reader.rows("SELECT source_hash FROM entry WHERE kind = 'allocate'")}
        assert len(sources) == 1
        assert reader.whole("SELECT count(*) FROM control_total") == 3 + 2 + 1 + 3 * 3
        assert verify(reader) == []
    assert imported.sentences == (
        "icb allocations.xlsx: 2025/26: 19 figures, £10.4 million for 3 ICBs; 15 printed totals are kept as assertions.",
    )


def test_the_same_file_twice_changes_nothing_and_says_so(empty: Store, tmp_path: Path) -> None:
    files = [allocations_file(tmp_path), practice_file(tmp_path), map_file(tmp_path)]
    bring(empty, *files)
    before = state(empty)
    again = bring(empty, *files)
    assert state(empty) == before
    assert again.posted == ()
    assert [sentence.partition(": ")[2] for sentence in again.sentences] == [
        "the books hold it already (entries 4 to 11); nothing is added.",
        "the books hold it already (entry 13); nothing is added.",
        "the books hold it already (entry 14); nothing is added.",
    ]


def test_another_edition_of_a_year_is_not_given_out_on_top(empty: Store, tmp_path: Path) -> None:
    bring(empty, allocations_file(tmp_path))
    sheets = small.allocation_sheets()
    sheets["Cover"] = [["Corrected"]]
    told = refused(empty, allocations_file(tmp_path, sheets))
    assert "the books hold allocations of that year already: £10.4 million, from entry 4 on" in told
    assert "Import into a new ledger" in told


def test_a_year_without_a_shipped_limit_needs_one(empty: Store, tmp_path: Path) -> None:
    rows = [[cell.replace("2025/26", "2026/27") if isinstance(cell, str) else cell for cell in row]
            for row in small.core_rows()]  # fmt: skip
    file = allocations_file(tmp_path, {"Core 2026-27": rows})
    assert "NHS England's revenue limit for 2026/27 is not known here." in refused(empty, file)
    assert state(empty)[1] == 0
    imported = bring(empty, file, limit_pence=10**12)
    assert any(entry.key == "published/2026/27/mandate" for entry in imported.posted)
    with empty.read() as reader:
        assert verify(reader) == []


def test_an_icb_that_does_not_exist_in_the_year_is_refused(empty: Store, tmp_path: Path) -> None:
    rows = small.practice_rows()
    rows[1][2] = "D7T5G"  # Essex, from April 2026
    told = refused(empty, practice_file(tmp_path, rows))
    assert "the ICB D7T5G begins on 2026-04-01, and the file is of 2025-04-01." in told
    rows[1][2] = "QZZ"
    assert "the ICB QZZ is known neither to the books nor to the shipped list" in refused(
        empty, practice_file(tmp_path, rows)
    )


def relations(store: Store, child: str) -> list[tuple[object, ...]]:
    with store.read() as reader:
        return reader.rows(
            "SELECT parent, scheme, valid_from::VARCHAR, valid_to::VARCHAR FROM relationship r WHERE child = $child "
            "AND NOT EXISTS (SELECT 1 FROM relationship s WHERE s.supersedes = r.id) ORDER BY 2, 3",
            {"child": child},
        )


def test_practices_and_networks_and_one_that_straddles_by_its_people(empty: Store, tmp_path: Path) -> None:
    bring(empty, practice_file(tmp_path), map_file(tmp_path))
    assert relations(empty, "A81001") == [
        ("QWO", "icb", "2025-04-01", None),
        ("U00001", "pcn", "2026-08-01", None),
    ]
    with empty.read() as reader:
        parts = reader.rows("SELECT parent, part FROM relationship WHERE child = 'U00001' ORDER BY 1")
        assert parts == [("QF7", 500_750_000_000), ("QWO", 1_000_500_000_000)]
        assert verify(reader) == []


def test_a_network_that_straddles_with_unknown_people_is_refused(empty: Store, tmp_path: Path) -> None:
    rows = [list(row) for row in MAP]
    rows[2][2] = "Z99999"
    told = refused(empty, map_file(tmp_path, rows))
    assert "network U00001 lies in QF7 and QWO, and the people of Z99999 are not known." in told
    assert state(empty)[1] == 0


def test_a_practice_that_has_moved_leaves_one_icb_as_it_joins_the_other(empty: Store, tmp_path: Path) -> None:
    bring(empty, practice_file(tmp_path))
    rows = [list(row) for row in MAP]
    rows[1][6:10] = ["03L", "E54000061", "QF7", "NHS South Yorkshire ICB"]
    imported = bring(empty, map_file(tmp_path, rows))
    assert "1 memberships end, because the file shows another." in imported.sentences[0]
    assert relations(empty, "A81001")[:2] == [
        ("QWO", "icb", "2025-04-01", "2026-08-01"),
        ("QF7", "icb", "2026-08-01", None),
    ]
    with empty.read() as reader:
        assert verify(reader) == []


def test_a_change_summary_is_for_another_command(empty: Store, tmp_path: Path) -> None:
    from tests.allocations.published.test_change_summary import summary

    summary(tmp_path)
    told = refused(empty, tmp_path / "ods change summary.xlsx")
    assert "it is a change summary of ICB mergers." in told
    assert "Import it with 'devolution import structure'." in told


def test_a_fault_in_the_middle_leaves_nothing(empty: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The last file of three breaks a rule of the books: the first two leave no trace."""
    real = importing._networks

    def broken(entry, content):
        day = real(entry, content)
        entry._organisations.append({"code": "U99999", "name": "No such tier", "tier": "none", "valid_from": day})
        return day

    monkeypatch.setattr(importing, "_networks", broken)
    from tests.allocations.published.test_structure_files import epcn

    epcn(tmp_path)
    before = state(empty)
    told = refused(empty, allocations_file(tmp_path), practice_file(tmp_path), tmp_path / "epcn.xlsx")
    assert "none" in told
    assert state(empty) == before
    with empty.read() as reader:
        assert reader.whole("SELECT count(*) FROM organisation") == 0


def test_a_problem_in_one_file_keeps_all_of_them_out(tmp_path: Path) -> None:
    rows = small.practice_rows()
    rows.append(list(rows[1]))
    ledger = tmp_path / "ledger.duckdb"
    asked = ["import", "published", str(allocations_file(tmp_path)), str(practice_file(tmp_path, rows)),
             str(tmp_path / "absent.csv"), "--ledger", str(ledger)]  # fmt: skip
    ended = RUN.invoke(devolution.app, [*asked, "--json"])
    assert ended.exit_code == 1
    told = json.loads(ended.stdout)["problems"]
    assert [problem["place"] for problem in told] == ["absent.csv", "place_tool_2025_26.csv, cell A5"]
    assert not ledger.exists()


def test_a_dry_run_goes_all_the_way_and_keeps_nothing(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.duckdb"
    asked = ["import", "published", str(allocations_file(tmp_path)), "--ledger", str(ledger)]
    ended = RUN.invoke(devolution.app, [*asked, "--dry-run", "--json"])
    assert ended.exit_code == 0, ended.output
    answer = json.loads(ended.stdout)
    assert len(answer["entries"]) == 12
    assert answer["dry_run"] is True
    assert not ledger.exists()
    told = RUN.invoke(devolution.app, asked)
    assert told.exit_code == 0, told.output
    assert "icb allocations.xlsx, sheet ICB Core Allocations 2025-26, row 6 set aside: blank" in told.stdout
    assert "Ties: core: the lines of each of 3 ICBs sum to its printed total." in told.stdout
    assert "12 entries posted." in told.stdout
    assert "Nothing to add." in RUN.invoke(devolution.app, asked).stdout


def test_a_refusal_by_the_books_leaves_no_new_ledger_behind(tmp_path: Path) -> None:
    rows = small.practice_rows()
    rows[1][2] = "QZZ"
    ledger = tmp_path / "ledger.duckdb"
    asked = ["import", "published", str(practice_file(tmp_path, rows)), "--ledger", str(ledger)]
    assert RUN.invoke(devolution.app, asked).exit_code == 1
    assert list(tmp_path.glob("ledger*")) == []


def test_on_the_demos_ledger_the_shipped_practices_are_there_already(own_demo_ledger: Path, tmp_path: Path) -> None:
    shipped = tables.table("practices_2025_26").slice(0, 40).to_pylist()
    names = {"registered": "Population", "general_acute": "G&A WP", "community": "CS WP", "mental_health": "MH WP",
             "maternity": "Mat WP", "prescribing": "Prescr WP", "health_inequalities": "HI WP", "core": "Final WP",
             "primary_medical_need": "PMC WP", "primary_medical": "Final PMC WP"}  # fmt: skip
    # Forty practices do not sum as the country does: everybody counts once in every column.
    rows: small.Rows = [["Practice_Code", "ICB", "LAD", *names.values()]]
    rows += [[row["practice"], row["icb"], row["district"], *[row["registered"]] * len(names)] for row in shipped]
    with Store.open(own_demo_ledger) as store:
        before = state(store)
        imported = bring(store, practice_file(tmp_path, rows))
        assert state(store) == before
    assert imported.sentences == ("place_tool_2025_26.csv: the books have all that it says; nothing is added.",)
