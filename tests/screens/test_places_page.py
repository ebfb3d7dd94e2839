"""The Places page, without a browser: it shows what the command line says, to the penny."""

import csv
import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from allocations.network.statement import statement
from allocations.places import as_text
from allocations.places.as_text import choices
from allocations.places.files import read_division, shipped_membership
from allocations.shares.schedule import issued_in_books, schedule
from allocations.shares.split import FIGURES_YEAR, allocate
from ledger.money import exact_pounds
from ledger.reports import position
from ledger.store.base import Store
from screens.web.charts import kit
from tests.screens.pages import ROOT, asked, document, no_leftovers, page, said, tables, well

__all__ = ["no_leftovers"]
NAME = "places"


def test_the_default_places_divide_the_icb_and_show_what_is_issued(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    app = page(monkeypatch, NAME, demo_ledger, icb="QWO", line="core-community", part="all")
    assert "divide NHS West Yorkshire ICB between them: each of its 269 practices" in app.success[0].value
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        issued = issued_in_books(reader, position.moment(reader), "QWO", FIGURES_YEAR, "place")
    found = schedule(icb="QWO", year=FIGURES_YEAR, level="place", funds=["core-community"], issued=issued)
    shown = tables(app)
    for line in found.lines:
        if line.fund == "core-community":
            assert f'"{exact_pounds(line.issued_pence or 0)}"' in shown
            assert f'"{exact_pounds(line.fair_pence)}"' in shown
    assert "relative to England" in shown
    assert "relative to NHS West Yorkshire ICB" in shown


def test_places_of_ones_own_stand_in_the_address_and_say_who_is_left_out(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    app = page(monkeypatch, NAME, demo_ledger, icb="QWO", places="own", own="QWO|Two:B82007,B82053", part="all")
    assert "267 of 269 practices" in app.warning[0].value
    assert "In no place" in tables(app)
    split = allocate(icb="QWO", year=FIGURES_YEAR, fund="core-recurrent", level="place", by="core", amount_pence=10**11)
    assert exact_pounds(split.amount_pence) == "1,000,000,000.00"
    assert "Fair shares of £1 billion" in said(app)


def test_places_are_made_by_choosing(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, NAME, demo_ledger, icb="QWO", places="own")
    assert "No place has been made yet" in app.info[0].value
    app.multiselect[0].select(next(iter(choices("QWO", shipped_membership(), "pcn"))))
    app.text_input[0].input("North")
    well(app.form_submit_button[0].click().run())
    assert asked(app, "own").startswith("QWO|North:B")
    assert "North" in tables(app)
    nameless = page(monkeypatch, NAME, demo_ledger, icb="QWO", places="own")
    nameless.multiselect[0].select(next(iter(choices("QWO", shipped_membership(), "pcn"))))
    well(nameless.form_submit_button[0].click().run())
    assert "The place was not made." in nameless.error[0].value


def test_places_are_saved_by_name_and_their_address_is_short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    books = tmp_path / "none.duckdb"  # places are kept beside a ledger, also where there is none yet
    every = as_text.to_text(as_text.default_division("QWO", shipped_membership()))
    app = page(monkeypatch, NAME, books, icb="QWO", places="own", own=f"QWO|{every}")
    assert len(asked(app, "own")) > 1_500
    save(app, "Our six places")
    assert asked(app, "own") == "QWO|@our-six-places"
    # What is kept is a file of places as every front door takes them.
    (kept,) = (tmp_path / "none.duckdb.files").rglob("*.csv")
    division = read_division(kept, "QWO", shipped_membership())
    assert division.place_of == as_text.default_division("QWO", shipped_membership()).place_of
    link = page(monkeypatch, NAME, books, icb="QWO", places="own", own="QWO|@our-six-places")
    assert "6 places divide NHS West Yorkshire ICB between them" in link.success[0].value
    # Who has other places and never opened these does not save over them.
    other = page(monkeypatch, NAME, books, icb="QWO", places="own", own="QWO|Two:B82007,B82053", part="all")
    save(other, "our SIX places")
    assert "They are not saved." in other.error[0].value
    assert asked(other, "own") == "QWO|Two:B82007,B82053"
    nobody = page(monkeypatch, NAME, books, icb="QWO", places="own", own="QWO|@nowhere")
    assert "No places of QWO are saved here as 'nowhere'" in nobody.warning[0].value


def save(app: AppTest, name: str) -> None:
    """Save the places in view under a name."""
    next(box for box in app.text_input if box.label == "Name to save them under").input(name)
    well(next(button for button in app.button if button.label == "Save these places").click().run())


def test_what_can_be_chosen_is_told_with_its_district_and_its_people(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = page(monkeypatch, NAME, tmp_path / "none.duckdb", icb="QWO", places="own")
    (armley,) = [label for label in app.multiselect[0].options if "U92581" in label]
    with (ROOT / "allocations/figures/reference/practices_2025_26.csv").open(encoding="utf-8") as file:
        own = [row for row in csv.DictReader(file) if row["pcn"] == "U92581"]
    people = sum(Decimal(row["registered"]) for row in own).quantize(Decimal(1), ROUND_HALF_UP)
    assert armley == f"Armley PCN (U92581), Leeds, {people:,} people, {len(own)} practices"


@pytest.mark.parametrize("kind", ["csv", "json"])
def test_a_file_of_places_is_read(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, kind: str) -> None:
    saved = {"places": ["Town"], "Town": {"gps": ["B82007: A NAME"], "icb": "NHS West Yorkshire ICB"}}
    content = "place,practice_code\nTown,B82007\n" if kind == "csv" else json.dumps(saved)
    app = page(monkeypatch, NAME, demo_ledger, icb="QWO", places="own")
    well(app.file_uploader[0].set_value((f"mine.{kind}", content.encode(), "text/plain")).run())
    assert asked(app, "own") == "QWO|Town:B82007"


def test_a_file_that_is_wrong_says_every_reason_and_changes_nothing(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    content = b"place,practice_code\nTown,B82007\nCity,B82007\nCity,X99999\n"
    app = page(monkeypatch, NAME, demo_ledger, icb="QWO", places="own")
    well(app.file_uploader[0].set_value(("mine.csv", content, "text/csv")).run())
    assert "mine.csv cannot be used. Nothing was changed." in app.error[0].value
    assert "mine.csv, line 3" in tables(app)
    assert "mine.csv, line 4" in tables(app)
    assert "own" not in app.query_params


def test_the_contract_of_a_network_is_what_the_command_says(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    found = statement(next(iter(choices("QWO", shipped_membership(), "pcn"))), FIGURES_YEAR)
    app = page(monkeypatch, NAME, demo_ledger, icb="QWO", to="pcn", pcn=found.network)
    for line in found.lines:
        if line.annual_pence is not None:
            assert f'"{exact_pounds(line.annual_pence)}"' in tables(app)
    assert "(illustrative)" in said(app)


def test_historic_fair_share_distance_and_issued_are_one_table_and_one_picture_as_the_command_says(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, tmp_path: Path
) -> None:
    names = ("Bradford", "Calderdale", "Kirklees", "Leeds", "North Yorkshire", "Wakefield")
    rows = "".join(f"{name},core-community,{31_000_000 + 100_000 * at}\n" for at, name in enumerate(names))
    had = tmp_path / "had.csv"
    had.write_text(f"organisation,fund,amount\n{rows}", encoding="utf-8")
    specifications: list[dict[str, Any]] = []
    monkeypatch.setattr(kit, "vega", lambda spec, **_: specifications.append(spec))
    app = page(monkeypatch, NAME, demo_ledger, icb="QWO", line="core-community")
    well(app.file_uploader[0].set_value((had.name, had.read_bytes(), "text/csv")).run())
    assert "Historic budget of £31 million becomes" in said(app)
    asked_for = ("schedule", "--icb", "QWO", "--fund", "core-community", "--historic", had, "--ledger", demo_ledger)
    told = [row for row in document(*asked_for)["rows"] if row["fund"] == "core-community"]
    assert [row["name"] for row in told] == [*names, "(all)"]
    (table,) = [html for html in tables(app).split("<table")[1:] if "<caption>" in html and "Historic per head" in html]
    kinds = ("historic", "fair", "growth", "movement", "issued")
    amounts = [row[f"{kind}_pence"] for row in told for kind in kinds]
    amounts += [row[f"{kind}_per_head_pence"] for row in told for kind in ("historic", "fair", "issued")]
    assert all(f'"{exact_pounds(pence)}"' in table or f">{exact_pounds(pence)}<" in table for pence in amounts)
    drawn = next(spec for spec in reversed(specifications) if "£ a head" in json.dumps(spec, ensure_ascii=False))
    dots = {(one["label"], one["what"]): round(one["at"] * 100) for one in drawn["data"]["values"]}
    titles = {"historic": "Historic", "fair": "Fair share", "issued": "Issued"}
    assert dots == {
        (row["name"], title): row[f"{kind}_per_head_pence"] for row in told[:-1] for kind, title in titles.items()
    }


def test_practices_have_no_budgets_yet_but_fair_shares(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, NAME, demo_ledger, icb="QWO", to="practice", amount="250m")
    assert "Fair shares of £250 million" in said(app)
    wrong = page(monkeypatch, NAME, demo_ledger, icb="QWO", to="practice", amount="plenty")
    assert "'plenty' is not an amount of money" in wrong.error[0].value


def test_it_works_without_a_ledger(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app = page(monkeypatch, NAME, tmp_path / "none.duckdb", icb="QMM", part="all")
    assert "There is no ledger" in app.info[0].value
    assert "Fair shares of £1 billion" in said(app)


def test_an_amount_is_shared_by_a_mixture_and_no_file_is_read_by_name(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    """The same parts as the command's, and a name that may be a file of this machine is not opened."""
    app = page(monkeypatch, NAME, demo_ledger, icb="QWO", level="practice", line="core-recurrent", amount="1000000")
    well(app.text_input(key="share").set_value("60% registered, 40% women 15-49").run())
    assert "have no number" in shown_problems(app)
    next(box for box in app.checkbox if "no number" in box.label).check()
    well(app.run())
    assert "gains most" in said(app)
    well(app.text_input(key="share").set_value("/etc/passwd").run())
    assert "may be a file" in shown_problems(app)


def shown_problems(app: AppTest) -> str:
    return " ".join([*(error.value for error in app.error), said(app), tables(app)])
