"""Who pays for a budget, and from which of its money: inferred from the file and the books, or asked."""

import json
from pathlib import Path

import openpyxl
import pytest

from allocations.files.budgets import payer
from allocations.files.out.sheets import FIRST_ROW, HEADING_ROW
from ledger.reports import position
from ledger.store.base import Store
from ledger.years import FinancialYear
from tests.allocations.excel.commands import run
from tests.allocations.excel.workbooks import written

_FUNDS = ("core-community", "core-prescribing")


def west_yorkshire(ledger: Path, folder: Path) -> Path:
    """The template for West Yorkshire, filled: each of two funds whole, to the first place that it names."""
    path = folder / "filled.xlsx"
    run("template", "--icb", "QWO", "--year", "2025/26", "--out", path, "--ledger", ledger)
    fill_in(path, ledger)
    return path


def fill_in(path: Path, ledger: Path) -> None:
    """Write the amounts into a template of West Yorkshire, as somebody does who has the ledger open beside it."""
    with Store.open(ledger, read_only=True) as store, store.read() as reader:
        rows = position.position(reader, position.moment(reader), year=FinancialYear(2025).start).to_pylist()
    left = {row["fund"]: row["amount_pence"] for row in rows if row["organisation"] == "QWO" and row["fund"] in _FUNDS}
    workbook = openpyxl.load_workbook(path)
    sheet = workbook["Budget"]
    columns = {cell.value: cell.column - 1 for cell in sheet[HEADING_ROW + 1]}
    total = sum(left.values())
    for row in sheet.iter_rows(min_row=FIRST_ROW + 1):
        amount, fund = row[columns["Amount (£)"]], row[columns["Fund"]].value
        if row[columns["Organisation code"]].value == "Total":
            amount.value = total / 100
        elif fund in left:
            amount.value = left.pop(fund) / 100
    workbook.save(path)


def test_the_template_of_west_yorkshire_is_taken_without_naming_who_pays(own_demo_ledger: Path, tmp_path: Path) -> None:
    path = west_yorkshire(own_demo_ledger, tmp_path)
    given = ("import", "budgets", path, "--year", "2025/26", "--ledger", own_demo_ledger, "--json")
    answer = json.loads(run(*given))
    # The demo's ICB keeps £47,203,716.94 for community services and £44,578,674.68 for prescribing.
    assert (answer["payer"], answer["standing"], answer["read_total_pence"]) == ("QWO", "retained", 9_178_239_162)
    assert answer["inferred"] == [
        "Who pays was inferred from who receives: NHS West Yorkshire ICB (QWO) is above the one that does",
        "Which of it was inferred from the amounts: QWO holds the £91,782,391.62 as retained",
    ]
    with Store.open(own_demo_ledger, read_only=True) as store, store.read() as reader:
        ((reason,),) = reader.rows(f"SELECT reason FROM entry WHERE number = {int(answer['entries'][0]['number'])}")
    assert all(said in reason for said in answer["inferred"])
    # Now that it holds nothing of them, the file is still known by who paid it.
    again = json.loads(run(*given))
    assert (again["payer"], again["entries"][0]["replayed"]) == ("QWO", True)


@pytest.fixture
def ledger(funded: Store) -> Path:
    """Both ICBs hold core money: £6,000.00 and £3,000.00."""
    funded.close()
    return funded.path


def refused(ledger: Path, path: Path, *more: str) -> list[dict[str, str]]:
    """The problems of a file for which nobody was named to pay."""
    given = ("--year", "2025/26", "--fund", "core", "--date", "2025-04-01", "--ledger", ledger, "--json", *more)
    problems: list[dict[str, str]] = json.loads(run("import", "budgets", path, *given, status=1))["problems"]
    return problems


def test_receivers_of_two_icbs_ask_who_pays_and_name_both(ledger: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "two.xlsx", (("Code", "Budget (£)"), ("P1", 4000), ("P3", 2000), ("Total", 6000)))
    (problem,) = refused(ledger, path)
    told = " ".join(problem.values())
    assert "First ICB (ICB1)" in told
    assert "Second ICB (ICB2)" in told


def test_names_tell_who_pays_where_there_are_no_codes(ledger: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "names.xlsx", (("Place", "Budget (£)"), ("Third place", 3000), ("Total", 3000)))
    given = ("--year", "2025/26", "--fund", "core", "--date", "2025-04-01", "--ledger", ledger, "--json")
    assert json.loads(run("import", "budgets", path, *given))["payer"] == "ICB2"


def test_amounts_that_fit_neither_standing_are_asked(ledger: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "less.xlsx", (("Code", "Budget (£)"), ("P1", 2000), ("P2", 2000), ("Total", 4000)))
    (problem,) = refused(ledger, path)
    told = " ".join(problem.values())
    assert "ICB1 holds £6,000.00 available of core in 2025/26; the file hands out £4,000.00" in told


def test_a_file_that_names_nobody_asks_who_pays(ledger: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "nobody.xlsx", (("Code", "Budget (£)"), ("Q9", 6000), ("Total", 6000)))
    assert "nobody who receives could be told" in " ".join(refused(ledger, path)[0].values())


def test_one_standing_fits_exactly_or_both_could() -> None:
    held = {("A", "core", "available"): 5_00, ("A", "core", "retained"): 7_00}
    assert payer.fitting("A", {"core": 7_00}, held, leave_rest=False) == ["retained"]
    assert payer.fitting("A", {"core": 4_00}, held, leave_rest=False) == []
    assert payer.fitting("A", {"core": 4_00}, held, leave_rest=True) == ["available", "retained"]
    assert payer.fitting("A", {"core": 6_00}, held, leave_rest=True) == ["retained"]
    assert payer.fitting("A", {"core": 5_00}, held, leave_rest=True) == ["available"]
    assert payer.fitting("A", {}, held, leave_rest=True) == []


def test_who_receives_is_not_who_pays_and_who_pays_holds_every_fund() -> None:
    below = {"A": {"P", "N"}, "P": {"N"}, "B": {"Q"}}
    assert payer.above_all({"N"}, below) == ["A", "P"]
    assert payer.above_all({"P", "N"}, below) == ["A"]
    assert payer.above_all({"P", "Q"}, below) == []
    assert payer.above_all(set(), below) == []
    held = {("A", "core", "available"): 1, ("A", "care", "retained"): 1, ("P", "core", "available"): 1}
    assert payer.holding(["A", "P"], {"core", "care"}, held) == ["A"]
    assert payer.holding(["A", "P"], {"core"}, held) == ["A", "P"]
    assert payer.holding(["A"], set(), held) == []


def test_both_standings_are_named_where_both_could_pay() -> None:
    assert "as available and as retained" in payer.which_is_asked("A", ["available", "retained"]).found
