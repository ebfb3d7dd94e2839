"""A position goes out into a file and comes back into fresh books: the same position, or a refusal that says why."""

import csv
import json
import random
import shutil
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocations.files.out.sheets import FIRST_ROW
from allocations.files.position.export import (
    AMOUNT,
    COLUMNS,
    PACKAGE,
    PARTLY,
    content_hash,
    provenance,
    row_checks,
    write_position,
)
from allocations.files.position.importing import import_position, read_position
from allocations.reading.safe_text import csv_text, csv_text_back
from ledger.entries.draft import Draft, Leg, Place, legs, records
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.models import Closure, Fund, Organisation, Relationship
from ledger.reports.position import SCHEMA, moment, position
from ledger.reports.verify import verify
from ledger.store.base import Store
from tests.books import APRIL, JUNE, YEAR, agreement, at, entry, fund_all, new_terms, term, texts
from tests.ledger.test_invariants import AROUND, PARENT, Auditor, Movement, above
from tests.shelves import small_file

NASTY = ("=1+1", "+44", "-5", "@SUM(A1)", "'quoted", '=HYPERLINK("http://x.example","y")', "_x0041_ & <b>", "Ynys Môn")


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Store]:
    """Books with the same structure and no money."""
    with Store.open(small_file(tmp_path / "fresh.duckdb")) as store:
        yield store


def export(store: Store, path: Path, *, as_at: date | None = None, organisation: str | None = None) -> str:
    with store.read() as reader:
        now = moment(reader, as_at)
        table = position(reader, now, organisation=organisation)
        source = provenance(reader, now, organisation=organisation)
    written = write_position(table, source, path)
    assert written.content_hash == content_hash(table)
    return written.content_hash


def hash_of(store: Store, as_at: date | None = None) -> str:
    with store.read() as reader:
        return content_hash(position(reader, moment(reader, as_at)))


def refusal(store: Store, path: Path, **given: Any) -> str:
    with store.read() as reader:
        ((before,),) = reader.rows("SELECT count(*) FROM entry")
    with pytest.raises(Refused) as refused:
        import_position(store, path, actor="tests", **given)
    with store.read() as reader:
        assert reader.rows("SELECT count(*) FROM entry") == [(before,)]
    return texts(refused.value.problems)


# --- random books ---------------------------------------------------------------------------------


def decisions(seed: int) -> list[Draft]:
    """Decisions that the books allow, as an auditor with rules of its own judges them, up and down and across."""
    choose = random.Random(seed)
    auditor, made = Auditor(), []

    def decide(
        kind: str, source: tuple[str, str, str], to: tuple[str, str, str], pence: int, day: date, who: str | None
    ) -> None:
        move = Movement(0, day, source, to, pence)
        if auditor.allows(kind, move, who):
            auditor.movements.append(move)
            (a, fund, standing), (b, to_fund, to_standing) = source, to
            leg = Leg(Place(a, fund, YEAR, standing), Place(b, to_fund, YEAR, to_standing), pence)
            made.append(Draft(f"{seed}/{len(made)}", kind, day, "tests", "a decision", who, transfers=legs([leg])))

    free = "available"
    for fund in choose.sample(sorted(AROUND), choose.randint(1, 3)):
        decide("mandate", ("GOV", fund, free), ("NHS", fund, free), choose.randint(1, 10**9), APRIL, None)
    for _ in range(choose.randint(10, 60)):
        day = APRIL + timedelta(days=30 * choose.randint(0, 5))
        fund, to_fund = choose.choice(sorted(AROUND)), choose.choice(sorted(AROUND))
        payee = choose.choice(sorted(PARENT))
        payer = choose.choice(sorted(above(payee)))
        pence = choose.choice([1, choose.randint(1, 10**4), choose.randint(1, 10**8)])
        authority = choose.choice([None, "board"])
        kind = choose.choice(["allocate", "devolve", "devolve", "return", "vire", "retain", "spend"])
        if kind in ("allocate", "devolve"):
            around = choose.choice([fund, *AROUND[fund]])
            decide(
                kind, (payer, around, choose.choice([free, free, "retained"])), (payee, fund, free), pence, day, None
            )
        elif kind == "return":
            decide(kind, (payee, fund, free), (payer, fund, free), pence, day, None)
        elif kind == "vire":
            decide(kind, (payee, fund, free), (payee, to_fund, free), pence, day, authority)
        else:
            to = {"retain": "retained", "spend": "spent"}[kind]
            decide(kind, (payee, fund, choose.choice([free, "retained"])), (payee, fund, to), pence, day, None)
            decide("release", (payee, fund, "retained"), (payee, fund, free), 1, day, None)
    return made


@pytest.fixture(scope="module")
def with_agreements(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.duckdb"
    with Store.open(small_file(path)) as store:
        post(
            store,
            [
                agreement(organisation="ICB1", fund="core", amount_pence=50_000),
                agreement(organisation="ICB2", fund="winter"),
            ],
        )
        store.checkpoint()
    return path


@settings(max_examples=8, deadline=None, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 2**32), as_csv=st.booleans(), early=st.booleans())
def test_random_books_come_back_the_same(
    with_agreements: Path, tmp_path_factory: pytest.TempPathFactory, seed: int, *, as_csv: bool, early: bool
) -> None:
    folder = tmp_path_factory.mktemp("round")
    for name in ("books", "fresh"):
        shutil.copy(with_agreements, folder / f"{name}.duckdb")
    as_at = JUNE if early else None
    with Store.open(folder / "books.duckdb") as books, Store.open(folder / "fresh.duckdb") as again:
        post(books, decisions(seed))
        out = folder / f"position{'.csv' if as_csv else '.xlsx'}"
        exported = export(books, out, as_at=as_at)
        done = import_position(again, out, actor="tests", authority="board")
        day = done.file.as_at
        assert hash_of(again, day) == exported == hash_of(books, day)
        with again.read() as reader:
            assert verify(reader) == []
        repeated = import_position(again, out, actor="tests", authority="board")
        assert all(posted.replayed for posted in repeated.posted)
    shutil.rmtree(folder)


def test_random_decisions_reach_every_kind_and_tier() -> None:
    """The books above are worth their name: they hold money that changed fund, came back, was kept and was spent."""
    made = [draft for seed in range(40) for draft in decisions(seed)]
    assert {draft.kind for draft in made} == {
        "mandate",
        "allocate",
        "devolve",
        "return",
        "vire",
        "retain",
        "spend",
        "release",
    }
    reached = {leg["to_organisation"] for draft in made for leg in draft.legs().to_pylist()}
    assert reached >= {"GOV", "NHS", "ICB1", "ICB2", "P1", "P3", "N1", "N2"}


# --- what an opening looks like -------------------------------------------------------------------


def test_an_opening_goes_down_the_tiers_and_every_leg_names_its_cell(
    funded: Store, fresh: Store, tmp_path: Path
) -> None:
    post(
        funded,
        [
            entry("devolve", at("ICB1", "core"), at("P1", "core"), 100),
            entry("retain", at("ICB1", "core"), at("ICB1", "core", "retained"), 40),
        ],
    )
    export(funded, tmp_path / "position.xlsx")
    done = import_position(fresh, tmp_path / "position.xlsx", actor="finance")
    with fresh.read() as reader:
        entries = reader.table("SELECT * FROM entry WHERE number > 2 ORDER BY number").to_pylist()
        legs_ = reader.table(
            "SELECT f.organisation AS giver, o.organisation AS receiver, t.amount_pence, t.note FROM transfer t "
            "JOIN account f ON f.id = t.from_account JOIN account o ON o.id = t.to_account WHERE o.organisation = 'P1' OR f.organisation = 'P1'"
        ).to_pylist()
    assert [row["kind"] for row in entries] == ["mandate", "allocate", "devolve", "retain"]
    assert {row["source"] for row in entries} == {"position.xlsx"}
    assert {row["source_hash"] for row in entries} == {done.file.sha256}
    assert "not the decisions behind it" in entries[0]["reason"]
    ((leg),) = legs_
    assert (leg["giver"], leg["receiver"], leg["amount_pence"]) == ("ICB1", "P1", 100)
    sheet, cell = leg["note"].split("!")
    assert openpyxl.load_workbook(tmp_path / "position.xlsx")[sheet][cell].value == 1.0


def test_what_was_illustrative_stays_so(own_demo_ledger: Path, tmp_path: Path) -> None:
    with Store.open(own_demo_ledger, read_only=True) as store:
        export(store, tmp_path / "demo.csv")
    file = read_position(tmp_path / "demo.csv")
    assert file.illustrative
    assert file.table.num_rows > 3000
    (resource,) = json.loads((tmp_path / PACKAGE).read_text(encoding="utf-8"))["resources"]
    assert {"title", "publisher", "vintage", "licence", "standing"} == set(resource["sources"][0])
    assert "2025/26, March 2025" in {source["vintage"] for source in resource["sources"]}
    assert "Illustrative devolution policy 2025/26 (illustrative)" in resource["facts"]["Entries rest on"]


def test_a_network_in_two_places_gets_its_money_by_its_parts(funded: Store, fresh: Store, tmp_path: Path) -> None:
    post(funded, [entry("devolve", at("ICB2", "core"), at("N2", "core"), 1_000)])
    export(funded, tmp_path / "p.xlsx")
    import_position(fresh, tmp_path / "p.xlsx", actor="tests")
    with fresh.read() as reader:
        rows = reader.rows(
            "SELECT f.organisation, t.amount_pence FROM transfer t JOIN account f ON f.id = t.from_account "
            "JOIN account o ON o.id = t.to_account WHERE o.organisation = 'N2' ORDER BY 1"
        )
    assert rows == [("P1", 750), ("P3", 250)]


def test_money_that_left_a_ring_fence_needs_the_authority_again(books: Store, fresh: Store, tmp_path: Path) -> None:
    post(
        books,
        [
            entry("mandate", at("GOV", "winter"), at("NHS", "winter"), 500),
            entry("allocate", at("NHS", "winter"), at("ICB1", "winter"), 500),
            entry("vire", at("ICB1", "winter"), at("ICB1", "growth"), 200, authority="board"),
        ],
    )
    exported = export(books, tmp_path / "p.xlsx")
    assert "authority" in refusal(fresh, tmp_path / "p.xlsx")
    import_position(fresh, tmp_path / "p.xlsx", actor="tests", authority="board, minute 4")
    assert hash_of(fresh) == exported


def test_money_of_an_organisation_that_has_closed_is_dated_while_it_was_there(
    funded: Store, fresh: Store, tmp_path: Path
) -> None:
    post(funded, [entry("devolve", at("ICB1", "core"), at("P2", "core"), 77)])
    closure = {"id": "P2 closes", "organisation": "P2", "valid_to": JUNE}
    for number, store in enumerate((funded, fresh)):
        post(
            store,
            [
                Draft(
                    f"close {number}",
                    "structure",
                    APRIL,
                    "tests",
                    "closed",
                    records={Closure: records(Closure, [closure])},
                )
            ],
        )
    exported = export(funded, tmp_path / "p.xlsx")
    import_position(fresh, tmp_path / "p.xlsx", actor="tests")
    assert hash_of(fresh) == exported


# --- refusals -------------------------------------------------------------------------------------


def test_books_with_other_money_are_left_alone(funded: Store, fresh: Store, tmp_path: Path) -> None:
    export(funded, tmp_path / "p.xlsx")
    fund_all(fresh)
    said = refusal(fresh, tmp_path / "p.xlsx")
    assert "money stands in it already" in said
    assert "no money yet" in said


def test_a_part_of_a_position_is_no_opening(funded: Store, fresh: Store, tmp_path: Path) -> None:
    export(funded, tmp_path / "part.xlsx", organisation="ICB1")
    said = refusal(fresh, tmp_path / "part.xlsx")
    assert "sum to £6,000.00, not to zero" in said
    assert "without --organisation" in said


def test_other_terms_would_make_it_another_position(funded: Store, fresh: Store, tmp_path: Path) -> None:
    export(funded, tmp_path / "p.xlsx")
    post(fresh, [new_terms(term("core", "soft", version=2))])
    said = refusal(fresh, tmp_path / "p.xlsx")
    assert "grade is none in the file and soft in the ledger" in said
    assert "Position!V" in said


def test_an_organisation_that_the_ledger_does_not_know(funded: Store, fresh: Store, tmp_path: Path) -> None:
    new = [{"code": "P9", "name": "Ninth", "tier": "place", "valid_from": APRIL}]
    line = [{"id": "ICB1>P9", "parent": "ICB1", "child": "P9", "scheme": "line", "valid_from": APRIL}]
    brought = {Organisation: records(Organisation, new), Relationship: records(Relationship, line)}
    post(
        funded,
        [
            Draft("P9", "structure", APRIL, "tests", "new", records=brought),
            entry("devolve", at("ICB1", "core"), at("P9", "core"), 5),
        ],
    )
    export(funded, tmp_path / "p.xlsx")
    assert "the ledger does not know 'P9'" in refusal(fresh, tmp_path / "p.xlsx")


def test_a_dry_run_goes_all_the_way_and_keeps_nothing(funded: Store, fresh: Store, tmp_path: Path) -> None:
    exported = export(funded, tmp_path / "p.xlsx")
    done = import_position(fresh, tmp_path / "p.xlsx", actor="tests", dry_run=True)
    assert done.content_hash == exported
    assert len(done.posted) == 2
    with fresh.read() as reader:
        assert reader.rows("SELECT count(*) FROM transfer") == [(0,)]


def test_a_file_that_is_no_export(fresh: Store, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    book.save(tmp_path / "other.xlsx")
    assert "no sheet Read me or Summary or Position" in refusal(fresh, tmp_path / "other.xlsx")
    (tmp_path / "other.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    assert "no datapackage.json beside it" in refusal(fresh, tmp_path / "other.csv")
    assert "no such file" in refusal(fresh, tmp_path / "missing.xlsx").lower()


def spoil(path: Path, change: Callable[[Any], None]) -> Path:
    book = openpyxl.load_workbook(path)
    change(book["Position"])
    out = path.with_name("spoilt.xlsx")
    book.save(out)
    return out


def test_every_changed_cell_is_noticed_and_its_row_named(funded: Store, fresh: Store, tmp_path: Path) -> None:
    export(funded, tmp_path / "p.xlsx")
    choose = random.Random(1)
    unharmed = openpyxl.load_workbook(tmp_path / "p.xlsx")["Position"]
    other = ["x", "ICB2", 7, 0.005, "2026/27", None, True, date(2025, 1, 1), "=1+1", "-", "(5)", "n/a", "#REF!", 1e300]
    last = unharmed.max_row
    for column in range(1, len(COLUMNS) + 1):
        for value in choose.sample(other, 2):
            row = choose.randint(FIRST_ROW + 1, last)
            if unharmed.cell(row, column).value == value:
                continue

            def change(sheet: Any, row: int = row, column: int = column, value: object = value) -> None:
                sheet.cell(row, column).value = value

            said = refusal(fresh, spoil(tmp_path / "p.xlsx", change))
            assert (
                f"{openpyxl.utils.get_column_letter(len(COLUMNS) - 1)}{row}" in said
                or unharmed.cell(row, column).coordinate in said
            ), said


def test_rows_added_taken_away_or_doubled(funded: Store, fresh: Store, tmp_path: Path) -> None:
    export(funded, tmp_path / "p.xlsx")
    assert "the file says 4" in refusal(
        fresh, spoil(tmp_path / "p.xlsx", lambda sheet: sheet.delete_rows(FIRST_ROW + 2))
    )

    def double(sheet: Any) -> None:
        sheet.append([cell.value for cell in sheet[FIRST_ROW + 2]])

    said = refusal(fresh, spoil(tmp_path / "p.xlsx", double))
    assert "stand twice" in said
    assert "there are 5 rows" in said

    def without_column(sheet: Any) -> None:
        sheet.delete_cols(COLUMNS.index("grade") + 1)

    assert "no column grade" in refusal(fresh, spoil(tmp_path / "p.xlsx", without_column))


def test_sorted_or_reordered_rows_are_the_same_position(funded: Store, fresh: Store, tmp_path: Path) -> None:
    exported = export(funded, tmp_path / "p.xlsx")

    def turn(sheet: Any) -> None:
        rows = [[cell.value for cell in row] for row in sheet.iter_rows(min_row=FIRST_ROW + 1)]
        for number, row in enumerate(reversed(rows), start=FIRST_ROW + 1):
            for column, value in enumerate(row, start=1):
                sheet.cell(number, column).value = value

    assert import_position(fresh, spoil(tmp_path / "p.xlsx", turn), actor="tests").content_hash == exported


def test_a_changed_csv_is_noticed(funded: Store, fresh: Store, tmp_path: Path) -> None:
    export(funded, tmp_path / "p.csv")
    text = (tmp_path / "p.csv").read_bytes()
    for before, after in (
        (b"-10000.00", b"-1000.00"),
        (b"6000.00", b"6000.01"),
        (b"First ICB", b"Fist ICB"),
        (b"2025/26", b"2025/27"),
    ):
        assert before in text
        (tmp_path / "p.csv").write_bytes(text.replace(before, after, 1))
        assert "p.csv" in refusal(fresh, tmp_path / "p.csv")


# --- what the files say ---------------------------------------------------------------------------


def nasty_books(store: Store) -> None:
    """Organisations and a fund whose names would calculate, link or break a file."""
    organisations = [
        {"code": f"X{n}", "name": name, "tier": "place", "valid_from": APRIL} for n, name in enumerate(NASTY)
    ]
    lines = [
        {"id": f"ICB1>X{n}", "parent": "ICB1", "child": f"X{n}", "scheme": "line", "valid_from": APRIL}
        for n in range(len(NASTY))
    ]
    fund = {
        "code": "-fund",
        "name": "=cmd|' /C calc'!A0",
        "parent": "core",
        "stream": "@core",
        "lowest_tier": "practice",
        "resource": "revenue",
    }
    brought = {Organisation: records(Organisation, organisations), Relationship: records(Relationship, lines)}
    post(store, [Draft("nasty", "structure", APRIL, "tests", "names", records=brought),
                 Draft("fund", "terms", APRIL, "tests", "names", records={Fund: records(Fund, [fund])})])  # fmt: skip


def nasty_money() -> list[Draft]:
    return [entry("devolve", at("ICB1", "core"), at(f"X{n}", "-fund"), 100 + n) for n in range(len(NASTY))]


@pytest.mark.parametrize("suffix", ["xlsx", "csv"])
def test_names_that_look_like_formulas_stay_names(books: Store, fresh: Store, tmp_path: Path, suffix: str) -> None:
    for store in (books, fresh):
        nasty_books(store)
    fund_all(books)
    post(books, nasty_money())
    path = tmp_path / f"p.{suffix}"
    exported = export(books, path)
    if suffix == "xlsx":
        for sheet in openpyxl.load_workbook(path):
            for row in sheet.iter_rows():
                for cell in row:
                    assert cell.data_type != "f", cell.coordinate
                    assert cell.hyperlink is None or cell.hyperlink.location
    else:
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        for row in rows:
            for name, value in row.items():
                assert name == AMOUNT or not value.startswith(("=", "+", "-", "@", "\t", "\r")), (name, value)
        assert {row[AMOUNT] for row in rows if row["standing"] == "source"} == {"-10000.00"}
        assert {csv_text_back(row["organisation_name"]) for row in rows} >= set(NASTY)
    import_position(fresh, path, actor="tests")
    assert hash_of(fresh) == exported


@settings(max_examples=50)
@given(st.text())
def test_csv_text_comes_back(text: str) -> None:
    assert csv_text_back(csv_text(text)) == text
    assert not csv_text(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_the_package_beside_a_csv_describes_it(funded: Store, tmp_path: Path) -> None:
    export(funded, tmp_path / "one.csv")
    exported = export(funded, tmp_path / "two.csv")
    package = json.loads((tmp_path / PACKAGE).read_text(encoding="utf-8"))
    assert [resource["path"] for resource in package["resources"]] == ["one.csv", "two.csv"]
    resource = package["resources"][1]
    with funded.read() as reader:
        now = moment(reader)
    assert resource["currency"] == "GBP"
    assert resource["as_at"] == now.as_at.isoformat()
    assert resource["known_at"] == now.known_at.isoformat()
    assert resource["ledger_head"] == now.head
    assert resource["content_hash"] == exported
    assert resource["bytes"] == (tmp_path / "two.csv").stat().st_size
    assert resource["sources"] == []  # these books were not built from the shipped figures
    assert package["licenses"][0]["name"] == "OGL-UK-3.0"
    with (tmp_path / "two.csv").open(encoding="utf-8-sig", newline="") as file:
        header = next(csv.reader(file))
    fields = {field["name"]: field for field in resource["schema"]["fields"]}
    assert list(fields) == header
    assert fields[AMOUNT]["type"] == "number"
    assert fields["recurrent"]["type"] == "boolean"
    assert resource["schema"]["primaryKey"] == ["organisation", "fund", "year", "standing"]


def test_somebody_elses_package_is_left_alone(books: Store, tmp_path: Path) -> None:
    (tmp_path / PACKAGE).write_text('{"name": "other", "resources": []}', encoding="utf-8")
    with pytest.raises(Refused, match="not written here"):
        export(books, tmp_path / "p.csv")


def test_the_workbook_says_where_it_comes_from_and_sums(funded: Store, tmp_path: Path) -> None:
    exported = export(funded, tmp_path / "p.xlsx")
    book = openpyxl.load_workbook(tmp_path / "p.xlsx")
    facts = {row[0].value: row[1].value for row in book["Read me"].iter_rows() if row[0].value}
    with funded.read() as reader:
        now = moment(reader)
    assert facts["Ledger head"] == now.head
    assert facts["As at"] == now.as_at.isoformat()
    assert facts["As known at"].startswith(f"{now.known_at:%Y-%m-%d %H:%M:%S}")
    assert "devolution-ledger/2" in facts["Ledger version"]
    assert facts["Data"] == "None of the shipped figures."
    summary = {row[0].value: row[1].value for row in book["Summary"].iter_rows() if row[0].value}
    assert (summary["Rows"], summary["Content hash"], summary[PARTLY]) == ("4", exported, "no")
    totals = {
        (row[1].value, row[2].value): Decimal(str(row[4].value))
        for row in book["Summary"].iter_rows(min_row=FIRST_ROW + 1, max_row=FIRST_ROW + 3)
    }
    assert totals == {("government", "source"): -10_000, ("icb", "available"): 9_000, ("national", "available"): 1_000}


def test_amounts_beyond_a_spreadsheets_digits(tmp_path: Path, books: Store, fresh: Store) -> None:
    large = 10**15
    post(books, [entry("mandate", at("GOV", "limit"), at("NHS", "limit"), large)])
    with pytest.raises(Refused, match=r"ends in \.csv"):
        export(books, tmp_path / "p.xlsx")
    exported = export(books, tmp_path / "p.csv")
    import_position(fresh, tmp_path / "p.csv", actor="tests")
    assert hash_of(fresh) == exported


def test_the_content_hash_is_of_every_row_and_column_in_any_order(funded: Store) -> None:
    with funded.read() as reader:
        now = moment(reader)
        table = position(reader, now)
    assert content_hash(table) == content_hash(table.sort_by([("fund", "descending"), ("organisation", "descending")]))
    first = table.to_pylist()
    for name in SCHEMA.names:
        changed = [dict(row) for row in first]
        value = changed[0][name]
        changed[0][name] = {str: "other", int: 7, bool: not value, date: date(2020, 1, 2)}.get(
            type(value), "other" if SCHEMA.field(name).type == "string" else None
        )
        if changed[0][name] is not None and changed[0][name] != value:
            spoilt = table.schema.empty_table().from_pylist(changed, schema=SCHEMA)
            assert content_hash(spoilt) != content_hash(table), name
            assert row_checks(spoilt)[0] != row_checks(table)[0]
    assert replace(now, known=0).known == 0
