"""`devolution pots`: every pot with its terms, and what is left of it."""

from pathlib import Path

from ledger.entries.posting import post
from ledger.store.base import Store
from tests.books import at, entry, fund_all, small_books
from tests.test_commands import document, run


def test_every_pot_with_its_terms_and_what_is_left(tmp_path: Path) -> None:
    """Of 6,000 of core the first ICB spends 1,000; on 1 June it has 5,000 left, and nobody said by when."""
    ledger = tmp_path / "books.duckdb"
    with Store.open_or_create(ledger) as store:
        small_books(store)
        fund_all(store)
        post(store, [entry("spend", at("ICB1", "core"), at("ICB1", "core", "spent"), 100_000)])
    asked = ("pots", "--year", "2025/26", "--as-at", "2025-06-01", "--ledger", ledger)
    rows = {row["fund"]: row for row in document(*asked)["rows"]}
    assert set(rows) == {"limit", "core", "care", "care-inner", "winter", "growth", "estate"}
    assert (rows["winter"]["grade"], rows["winter"]["leave_by"]) == ("hard", "vire,consolidate")
    own = document(*asked, "--organisation", "ICB1")["rows"]
    assert [(row["fund"], row["amount_pence"], row["left_pence"]) for row in own] == [("core", 600_000, 500_000)]
    assert own[0]["spend_by"] is None
    assert own[0]["returns_per_year"] is None
    said = run(*asked).stdout
    assert "not known" in said
    assert "are not in the books" in said
    assert run(*asked, "--organisation", "ICB9").returncode == 1


def test_days_and_a_daily_rate_to_the_deadline(demo_ledger: Path) -> None:
    """From 1 March 2026 to 31 March there are 31 days, both counted."""
    rows = document(
        "pots", "--organisation", "QWO", "--year", "2025/26", "--as-at", "2026-03-01", "--ledger", demo_ledger
    )["rows"]
    better_care = next(row for row in rows if row["fund"] == "better-care-fund")
    assert (better_care["grade"], better_care["returns_per_year"], better_care["days_left"]) == ("statutory", 4, 31)
    assert better_care["rate_pence"] == (better_care["left_pence"] * 2 + 31) // 62
