"""A workbook that nobody here wrote: NHS England's ICB allocations 2025/26, as budgets of the 42 ICBs."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from allocations.figures.structure import YEAR, drafts
from allocations.files.budgets.importing import BudgetImport, import_budgets
from allocations.files.budgets.mapping import BudgetMapping, Settings, read_mapping
from allocations.files.budgets.understood import BudgetRefused, Request
from ledger.entries.draft import Draft, Leg, Place, legs
from ledger.entries.posting import post
from ledger.reports import position, verify
from ledger.store.base import Store
from ledger.years import FinancialYear
from tests.allocations.excel.commands import run
from tests.allocations.excel.workbooks import cells_of
from tests.allocations.test_figures import ALL_ICBS
from tests.books import texts

MAPPING = Path(__file__).parents[3] / "docs" / "nhs_allocations_2025_26_mapping.yaml"
LIMIT = 20_511_100_000_000


@pytest.fixture(scope="module")
def _limit_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("england") / "england.duckdb"
    mandate = Leg(Place("DHSC", "nhs-revenue", YEAR), Place("X24", "nhs-revenue", YEAR), LIMIT)
    with Store.create(path) as store:
        post(store, [*drafts(), Draft("limit", "mandate", YEAR.first_day, "tests", "it", transfers=legs([mandate]))])
        store.checkpoint()
    return path


@pytest.fixture
def limit_only(_limit_file: Path, tmp_path: Path) -> Path:
    """Books with everybody in England and the national limit, and no allocations yet."""
    path = tmp_path / "ledger.duckdb"
    path.write_bytes(_limit_file.read_bytes())
    return path


def bring_in(ledger: Path, workbook: Path, mapping: BudgetMapping) -> BudgetImport:
    request = Request("X24", YEAR, "nhs-revenue", mapping=mapping, leave_rest=True)
    with Store.open(ledger) as store:
        return import_budgets(store, workbook, request)


def test_all_42_icbs_tie_to_the_england_row_of_every_sheet(limit_only: Path, published: Path) -> None:
    outcome = bring_in(limit_only, published / "nhs_allocations_2025_26.xlsx", read_mapping(MAPPING))
    found = outcome.understood
    assert [(each.rows, each.file_total_cells) for each in found.readings] == [
        (42, ("X54",)), (42, ("R54",)), (42, ("P54",)), (42, ("I61",)), (42, ("E45",)),
    ]  # fmt: skip
    for reading in found.readings:
        assert reading.file_pounds is not None
        assert abs(reading.file_pounds - reading.read_pounds - reading.left_out_pounds) < Decimal("0.005")
    subtotals = [each for each in found.set_aside if each.why.startswith("the subtotal of Y")]
    assert len(subtotals) == 7 * 4  # region rows, checked on four sheets; the fifth has none
    assert found.readings[3].left_out_pounds == Decimal("60562025.6999999990")
    # Each line of each ICB rounded by itself comes to one penny less than the lines' totals rounded.
    assert abs(found.read_pence - ALL_ICBS) <= len(found.lines)
    assert found.file_pence is not None
    assert abs(found.read_pence - found.file_pence) <= found.rounded
    with Store.open(limit_only, read_only=True) as store, store.read() as reader:
        assert verify.verify(reader, lambda _: None) == []
        rows = position.grouped(reader, position.position(reader, position.moment(reader)), ["tier"]).to_pylist()
        ((note,),) = reader.rows("SELECT note FROM transfer WHERE note LIKE 'ICB running cost allowance!E6%'")
    assert {"tier": "icb", "amount_pence": found.read_pence} in rows
    assert note == "ICB running cost allowance!E6"


def test_west_yorkshire_can_be_followed_to_its_five_cells(limit_only: Path, published: Path) -> None:
    workbook = published / "nhs_allocations_2025_26.xlsx"
    options = (
        "--from",
        "X24",
        "--year",
        "2025/26",
        "--fund",
        "nhs-revenue",
        "--leave-rest",
        "--mapping",
        MAPPING,
        "--json",
    )
    answer = json.loads(run("import", "budgets", workbook, *options, "--ledger", limit_only))
    assert (len(answer["rows"]), answer["amounts_rounded"]) == (210, 168)
    traced = json.loads(run("trail", "--organisation", "QWO", "--ledger", limit_only, "--json"))
    assert [row["note"].split(" holds")[0].rsplit("!", 1)[1] for row in traced["rows"]] == [
        "X6",
        "R6",
        "P6",
        "I6",
        "E6",
    ]
    assert abs(traced["total_pence"] - 672_633_873_697) <= 5
    assert all(Path(row["kept_file"]).read_bytes() == workbook.read_bytes() for row in traced["rows"][:1])
    assert "Kept, and unchanged" in run("trail", "--organisation", "QWO", "--ledger", limit_only)


def test_the_wrong_column_is_told_by_its_heading_and_by_its_total(limit_only: Path, published: Path) -> None:
    text = MAPPING.read_text(encoding="utf-8").replace("      E: {meaning: amount", "      D: {meaning: amount")
    text = text.replace("      D: {meaning: name, heading: Integrated Care Board (ICB)}\n      D:", "      D:")
    path = limit_only.parent / "wrong.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BudgetRefused) as caught:
        bring_in(limit_only, published / "nhs_allocations_2025_26.xlsx", read_mapping(path))
    assert cells_of(caught.value.problems) == ["D2"]
    assert "was '2025/26 (£k)' and is now 'Integrated Care Board (ICB)'" in texts(caught.value.problems)


def test_without_the_left_out_rows_the_regions_would_receive_and_the_total_still_tie(
    limit_only: Path, published: Path
) -> None:
    """NHS England's regions are below it, so money for them is a budget, unless the mapping says that it is none."""
    mapping = read_mapping(MAPPING)
    bare = tuple(part.model_copy(update={"left_out": ()}) for part in mapping.sheets)
    found = bring_in(
        limit_only, published / "nhs_allocations_2025_26.xlsx", mapping.model_copy(update={"sheets": bare})
    ).understood
    assert found.readings[3].rows == 49
    assert sum(line.amount_pence for line in found.lines if line.organisation.startswith("Y")) == 6_056_202_570


def test_42_codes_in_a_36_icb_year_are_followed_only_after_saying_so(limit_only: Path, published: Path) -> None:
    """Books of 2026/27, where 12 of the 42 ICBs have closed."""
    year = FinancialYear(2026)
    mandate = Leg(Place("DHSC", "nhs-revenue", year), Place("X24", "nhs-revenue", year), LIMIT)
    workbook = published / "nhs_allocations_2025_26.xlsx"
    request = Request("X24", year, "nhs-revenue", mapping=read_mapping(MAPPING), leave_rest=True, day=date(2026, 4, 1))
    with Store.open(limit_only) as store:
        post(store, [Draft("next", "mandate", year.first_day, "tests", "the limit", transfers=legs([mandate]))])
        with pytest.raises(BudgetRefused) as caught:
            import_budgets(store, workbook, request)
        assert all("the file speaks of 2025/26" in problem.found for problem in caught.value.problems)
        request = replace(request, settings=Settings(other_year="meant"))
        with pytest.raises(BudgetRefused) as caught:
            import_budgets(store, workbook, request)
        assert len({problem.found for problem in caught.value.problems}) == 12
        assert all("took over" in problem.found for problem in caught.value.problems)
        outcome = import_budgets(store, workbook, replace(request, accept_successors=True))
        with store.read() as reader:
            moment = position.moment(reader, date(2026, 4, 1))
            rows = position.grouped(
                reader, position.position(reader, moment, year=2026), ["tier", "organisation"]
            ).to_pylist()
    icbs = [row for row in rows if row["tier"] == "icb"]
    assert len(icbs) == 36
    assert sum(row["amount_pence"] for row in icbs) == outcome.understood.read_pence
    assert abs(outcome.understood.read_pence - ALL_ICBS) <= 210
    assert len(outcome.understood.moved_on) == 12
