"""The Month page without a browser: month end as `devolution month close` does it."""

import shutil
from pathlib import Path

import pytest

from ledger.money import exact_pounds
from tests.screens.importing import field, funded
from tests.screens.pages import document, no_leftovers, page, tables, well
from tests.screens.test_record_page import own, shipped

__all__ = ["no_leftovers", "own", "shipped"]
NAME = "month"


def test_a_month_closes_once_and_then_the_next_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    ledger, other = funded(tmp_path / "ledger.duckdb"), tmp_path / "other.duckdb"
    shutil.copy(ledger, other)
    app = page(monkeypatch, NAME, ledger, view="end")
    assert not app.button  # nobody finds a month chosen that cannot be opened again
    app = page(monkeypatch, NAME, ledger, view="end", month="2025-06")
    assert not app.warning
    well(field(app.button, "Close June 2025").click().run())
    assert app.error[0].value == "Say who closes it and why. Every entry says who and why. Nothing was posted."
    field(app.text_input, "Who closes it").input("Finance")
    field(app.text_input, "Why it is closed").input("month-end timetable")
    well(field(app.button, "Close June 2025").click().run())
    number = document("month", "list", "--ledger", ledger)["rows"][0]["entry"]
    assert app.success[0].value == f"June 2025 (month 3 of 2025/26) is closed, by entry {number}."
    assert ">Finance</td>" in tables(app)
    assert field(app.selectbox, "Month to close").options == ["July 2025 (month 4 of 2025/26)"]
    document("month", "close", "2025-06", "--reason", "month-end timetable", "--actor", "Finance", "--ledger", other)
    rows = [document("month", "list", "--ledger", one)["rows"] for one in (ledger, other)]
    assert [{**row, "recorded_at": ""} for row in rows[0]] == [{**row, "recorded_at": ""} for row in rows[1]]


def test_year_end_says_what_is_left(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The small books give 10,000 to the national body, which passes 9,000 on to two ICBs: all of it is left."""
    app = page(monkeypatch, NAME, funded(tmp_path / "ledger.duckdb"), view="end", month="2026-03")
    assert "This ends 2025/26. £10,000.00 of it is left" in app.text[0].value
    assert '"9,000.00"' in tables(app)


def test_it_shows_what_the_command_answers(monkeypatch: pytest.MonkeyPatch, own: Path) -> None:
    """Every sentence and every amount of the command's tables stands on the page."""
    letter = ("--to", "QWO", "--fund", "core-sdf-transfers", "--recurrent", "NR", "--reference", "M3/17", "--month",
              "2025-06", "--line-amount", "1.2m", "--reason", "SDF", "--date", "2025-06-10", "--notified-on", "2025-06-12",
              "--ledger", own)  # fmt: skip
    document("record", "letter", *letter)
    answer = document("month", "show", "2025-06", "--organisation", "QWO", "--ledger", own)
    app = page(monkeypatch, NAME, own, icb="QWO", of="2025-06", part="all")
    assert not app.warning
    shown = tables(app)
    rows = [*answer["rows"], *(row for key in ("unexplained", "deadlines", "purposes") for row in answer[key])]
    amounts = [pence for row in rows for name, pence in row.items() if name.endswith("_pence") and pence is not None]
    assert len(amounts) > 5
    for pence in amounts:
        assert f'"{exact_pounds(pence)}"' in shown
    assert "M3/17" in shown
