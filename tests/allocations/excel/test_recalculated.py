"""The formulas of our workbooks, calculated by a program that is not ours."""

import random
from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from allocations.figures import tables
from allocations.figures.weightings import WEIGHTINGS
from allocations.files.out import template, working
from allocations.files.out.sheets import FIRST_ROW, HEADING_ROW
from allocations.files.out.template import from_figures
from allocations.files.out.working_plan import WorkingLine, WorkingPlan, _block, lines, plan
from allocations.places.division import UNASSIGNED
from allocations.shares.apportion import apportion
from allocations.shares.split import Allocation, Part, allocate
from ledger.years import FinancialYear
from tests.allocations.excel.libreoffice import grids, recalculate, records

YEAR = FinancialYear(2025)
NASTY = (
    '=HYPERLINK("http://x.example","y")',
    "+44 Lane",
    "-5",
    "@SUM(A1)",
    "*",
    "Leeds?",
    "<5",
    "~tilde",
    "'quoted",
    "a\u00a0b",
)


def published_plan(icbs: str, by: str = "core") -> WorkingPlan:
    return plan(year=YEAR, lines=lines(icbs=icbs.split(","), year=YEAR, funds=["core-recurrent"], weightings=[by]))


def write(made: WorkingPlan, path: Path) -> Path:
    working.write_working(made, working.provenance(made, None), path)
    return path


def changed(source: Path, path: Path, change: Callable[[Any], None]) -> Path:
    """The same workbook after somebody typed into it; its stored results are gone."""
    book = openpyxl.load_workbook(source)
    change(book)
    book.save(path)
    return path


def nasty_places(path: Path) -> Path:
    own = [row["practice"] for row in tables.table("practices_2025_26").to_pylist() if row["icb"] == "QWO"]
    quoted = ['"' + name.replace('"', '""') + '"' for name in NASTY]
    body = [f"{practice},{quoted[number % len(quoted)]}" for number, practice in enumerate(own)]
    path.write_text("practice_code,place\n" + "\n".join(body) + "\n", encoding="utf-8")
    return path


def tied_plan() -> WorkingPlan:
    """Splits made to tie: equal weights, equal fractions of unequal weights, a share of nothing, one receiver."""
    weights = [(1, 1, 1), (1, 3, 1, 3), (2, 1, 1, 0), (5,), (1, 1, 2, 4), (7, 7, 7, 7, 7, 7, 7)]
    amounts = [10, 2, 2, 1_000_000_007, 3, 100_000_000_000]
    made_lines, blocks, practices = [], [], []
    for number, (parts, amount) in enumerate(zip(weights, amounts, strict=True)):
        icb = f"T{number:02}"
        split = apportion(amount, {f"{icb}-{place}": weight for place, weight in enumerate(parts)})
        everyone = sum(parts)
        made_lines.append(WorkingLine(icb, icb, "f", "f", "core", amount, "made up"))
        receivers = tuple(
            Part(code, code, 1, weight * 10**9, weight * 10**9, Fraction(weight, everyone), pounds * 100)
            for (code, pounds), weight in zip(split.items(), parts, strict=True)
        )
        allocation = Allocation(icb, YEAR, "f", "place", "core", "pound", amount * 100, receivers)
        blocks.append(_block(number, allocation))
        practices += [
            {"practice": f"P{part.code}", "icb": icb, "place": part.code, "pcn": UNASSIGNED,
             **dict.fromkeys(WEIGHTINGS, Decimal(part.people_billionths).scaleb(-9))}
            for part in receivers
        ]  # fmt: skip
    return WorkingPlan(YEAR, tuple(made_lines), tuple(practices), {"place": tuple(blocks)})


def more_people(book: Any) -> None:
    sheet = book["Practices"]
    for column in range(working.FIRST_POPULATION + 1, working.FIRST_POPULATION + 1 + len(WEIGHTINGS)):
        sheet.cell(FIRST_ROW + 8, column).value += 1234.5


def other_choices(book: Any) -> None:
    """Another amount, another weighting, and a practice that moves to another place and network."""
    inputs, practices = book["Inputs"], book["Practices"]
    inputs.cell(FIRST_ROW + 1, working.AMOUNT + 1).value = 123_456_789
    inputs.cell(FIRST_ROW + 1, working.WEIGHTED_BY + 1).value = "Prescribing"
    codes = [book["Places"].cell(FIRST_ROW + 1 + n, working.CODE + 1).value for n in range(2)]
    moved = practices.cell(FIRST_ROW + 1, working.PRACTICE_PLACE + 1)
    moved.value = codes[0] if moved.value != codes[0] else codes[1]
    practices.cell(FIRST_ROW + 1, working.PRACTICE_PCN + 1).value = (
        book["PCNs"].cell(FIRST_ROW + 3, working.CODE + 1).value
    )


def fill_in(book: Any) -> None:
    """An amount for every second prefilled row, and a network in a free row."""
    sheet = book["Budget"]
    rows = [row for row in range(FIRST_ROW + 1, sheet.max_row) if sheet.cell(row, 1).value]
    for row in rows[::2]:
        sheet.cell(row, template.AMOUNT + 1).value = 1000.25
    network = next(row[0].value for row in book["Organisations"].iter_rows() if row[2].value == "pcn")
    for column, value in enumerate((network, None, "primary-medical-recurrent", "2025/26", "yes", 77), start=1):
        sheet.cell(rows[-1] + 1, column).value = value


def fill_in_badly(book: Any) -> None:
    sheet = book["Budget"]
    for row, column, value in (
        (FIRST_ROW + 1, template.AMOUNT, 10**10),  # more than the ICB has
        (FIRST_ROW + 2, template.AMOUNT, -5),
        (FIRST_ROW + 3, template.AMOUNT, "12k"),
        (FIRST_ROW + 4, template.AMOUNT, 1),
        (FIRST_ROW + 4, template.FUND, None),
        (FIRST_ROW + 5, template.AMOUNT, 1),
        (FIRST_ROW + 5, template.CODE, "NOBODY"),
        (FIRST_ROW + 6, template.AMOUNT, 1),
        (FIRST_ROW + 6, template.FUND, "no-such-fund"),
    ):
        sheet.cell(row, column + 1).value = value
    for row in (FIRST_ROW + 7, FIRST_ROW + 8):
        for column, value in enumerate(
            (sheet.cell(FIRST_ROW + 7, 1).value, None, "core-discharge", "2025/26", None, 3), start=1
        ):
            sheet.cell(row, column).value = value


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("workbooks")


@pytest.fixture(scope="module")
def ours(folder: Path) -> dict[str, Path]:
    """Every workbook as we write it."""
    west_yorkshire = published_plan("QWO")
    own = plan(
        year=YEAR,
        lines=lines(icbs=["QWO"], year=YEAR, funds=["core-recurrent"], weightings=["rx"], amount_pence=100_000_000_100),
        levels=["place"],
        places_file=nasty_places(folder / "nasty.csv"),
    )
    made = {
        "west yorkshire": write(west_yorkshire, folder / "qwo.xlsx"),
        "england": write(published_plan("all"), folder / "england.xlsx"),
        "five by prescribing": write(published_plan("QHM,QE1,QMJ,QYG,QT6", "prescribing"), folder / "prescribing.xlsx"),
        "nasty names": write(own, folder / "nasty.xlsx"),
        "ties": write(tied_plan(), folder / "ties.xlsx"),
    }
    made["template"] = folder / "template.xlsx"
    blank = from_figures("QWO", YEAR)
    template.write_template(blank, template.provenance(blank), made["template"])
    made["template filled"] = changed(made["template"], folder / "filled.xlsx", fill_in)
    made["template with faults"] = changed(made["template"], folder / "faults.xlsx", fill_in_badly)
    made["more people"] = changed(made["west yorkshire"], folder / "more_people.xlsx", more_people)
    made["other choices"] = changed(made["west yorkshire"], folder / "other_choices.xlsx", other_choices)
    return made


@pytest.fixture(scope="module")
def recalculated(ours: dict[str, Path], folder: Path) -> dict[str, dict[str, Any]]:
    return {name: grids(path) for name, path in recalculate(ours, folder).items()}


def pounds(sheets: dict[str, Any], sheet: str) -> dict[tuple[str, str], object]:
    return {(row["ICB"], row["Code"]): row["Pounds (£)"] for row in records(sheets[sheet], HEADING_ROW)}


def checks(sheets: dict[str, Any]) -> dict[str, tuple[str, str]]:
    return {row["Check"]: (row["When it must hold"], row["Holds"]) for row in records(sheets["Checks"], HEADING_ROW)}


@pytest.mark.parametrize("level", ["place", "pcn"])
def test_west_yorkshire_equals_the_ledger_to_the_pound(recalculated: dict[str, Any], level: str) -> None:
    (amount,) = {row["Amount (£)"] for row in records(recalculated["west yorkshire"]["Inputs"], HEADING_ROW)}
    split = allocate(
        icb="QWO", year=YEAR, fund="core-recurrent", level=level, by="core", amount_pence=int(amount) * 100
    )
    found = pounds(recalculated["west yorkshire"], working.SHEETS[level])
    assert found == {("QWO", part.code): part.amount_pence // 100 for part in split.parts}
    assert sum(found.values()) == 4_929_405_000


@pytest.mark.parametrize(("name", "by"), [("england", "core"), ("five by prescribing", "prescribing")])
def test_other_icbs_equal_the_ledger_to_the_pound(recalculated: dict[str, Any], name: str, by: str) -> None:
    sheets = recalculated[name]
    for line in records(sheets["Inputs"], HEADING_ROW):
        for level in ("place", "pcn"):
            split = allocate(
                icb=line["ICB"], year=YEAR, fund="x", level=level, by=by, amount_pence=int(line["Amount (£)"]) * 100
            )
            found = pounds(sheets, working.SHEETS[level])
            for part in split.parts:
                assert found[line["ICB"], part.code] == part.amount_pence // 100, (line["ICB"], part.code)
    assert len({icb for icb, _ in pounds(sheets, "Places")}) == (42 if name == "england" else 5)
    assert {holds for _, holds in checks(sheets).values()} == {"Yes"}


@pytest.mark.parametrize("name", ["west yorkshire", "england", "nasty names", "ties", "template"])
def test_stored_results_are_what_the_formulas_give(
    ours: dict[str, Path], recalculated: dict[str, Any], name: str
) -> None:
    """Beside every formula stands its result; only the sixth decimal of a quota may fall either way."""
    stored = grids(ours[name])
    for sheet, grid in recalculated[name].items():
        for row, (before, after) in enumerate(zip(stored[sheet], grid, strict=True)):
            for column, (kept, found) in enumerate(zip(before, after, strict=True)):
                close = 1.1e-6 if sheet in ("Places", "PCNs") and column in (working.QUOTA, working.FRACTION) else 0
                if isinstance(kept, int | float) and isinstance(found, int | float) and not isinstance(kept, bool):
                    assert abs(kept - found) <= max(close, 1e-14 * abs(kept)), (sheet, row, column)
                else:
                    assert kept == found, (sheet, row, column)


def test_after_a_population_changes_the_totals_still_tie(recalculated: dict[str, Any]) -> None:
    before, after = recalculated["west yorkshire"], recalculated["more people"]
    for sheet in ("Places", "PCNs"):
        assert sum(pounds(after, sheet).values()) == sum(pounds(before, sheet).values()) == 4_929_405_000
        assert pounds(after, sheet) != pounds(before, sheet)
    held = checks(after)
    assert {holds for when, holds in held.values() if when != working.UNCHANGED} == {"Yes"}
    assert {holds for when, holds in held.values() if when == working.UNCHANGED} == {"No"}


@pytest.mark.parametrize("name", ["more people", "other choices"])
def test_after_a_change_the_split_is_what_apportion_gives(recalculated: dict[str, Any], name: str) -> None:
    sheets = recalculated[name]
    (line,) = records(sheets["Inputs"], HEADING_ROW)
    for sheet, level in (("Places", "Place"), ("PCNs", "PCN")):
        people: dict[str, Fraction] = {}
        for row in records(sheets["Practices"], HEADING_ROW):
            exact = Fraction(str(row[line["Weighted by"]]))
            people[row[level]] = people.get(row[level], Fraction(0)) + exact
        expected = apportion(int(line["Amount (£)"]), people)
        assert {code: amount for (_, code), amount in pounds(sheets, sheet).items()} == expected
    if name == "other choices":
        assert line["Weighted by"] == "Prescribing"
        assert sum(expected.values()) == 123_456_789


def test_ties_go_to_the_larger_weight_and_then_to_the_smaller_code(recalculated: dict[str, Any]) -> None:
    found = list(pounds(recalculated["ties"], "Places").values())
    assert found[:11] == [4, 3, 3, 0, 1, 0, 1, 1, 1, 0, 0]
    expected = [
        pounds for block in tied_plan().blocks["place"] for pounds in (r.ledger_pounds for r in block.receivers)
    ]
    assert found == expected


def test_the_flows_are_the_same_pounds(recalculated: dict[str, Any]) -> None:
    sheets = recalculated["west yorkshire"]
    flows = records(sheets["Flows"], HEADING_ROW)
    assert [row["Amount (£)"] for row in flows] == [
        *pounds(sheets, "Places").values(),
        *pounds(sheets, "PCNs").values(),
    ]


def test_nasty_names_stay_names_and_are_matched_literally(ours: dict[str, Path], recalculated: dict[str, Any]) -> None:
    found = pounds(recalculated["nasty names"], "Places")
    assert {code for _, code in found} == {f"QWO:{' '.join(name.split())}" for name in NASTY}
    assert sum(found.values()) == 1_000_000_001
    assert {holds for _, holds in checks(recalculated["nasty names"]).values()} == {"Yes"}
    formulas = set(range(len(working.SPLIT))) - {
        working.ICB,
        working.FUND,
        working.CODE,
        working.NAME,
        working.ORDER,
        working.LEDGER,
    }
    book = openpyxl.load_workbook(ours["nasty names"])
    for sheet in book:
        for row in sheet.iter_rows():
            for cell in row:
                allowed = sheet.title in ("Checks", "Flows") or (
                    sheet.title == "Places" and cell.column - 1 in formulas
                )
                assert cell.data_type != "f" or allowed, (sheet.title, cell.coordinate)
                assert cell.hyperlink is None or cell.hyperlink.location, (sheet.title, cell.coordinate)


def test_near_ties_are_said_and_random_splits_agree() -> None:
    """The workbook's rule differs from the ledger's only where it says that it might."""
    choose = random.Random(4)
    said = 0
    for number in range(300):
        weights = {f"R{n:02}": choose.randint(1, 10 ** choose.randint(1, 16)) for n in range(choose.randint(1, 60))}
        amount = choose.randint(1, 10 ** choose.randint(1, 10))
        split = apportion(amount, weights)
        everyone = sum(weights.values())
        parts = tuple(
            Part(code, code, 1, weight, weight, Fraction(weight, everyone), split[code] * 100)
            for code, weight in weights.items()
        )
        block = _block(number, Allocation("X", YEAR, "f", "place", "core", "pound", amount * 100, parts))
        assert sum(receiver.pounds for receiver in block.receivers) == amount
        said += block.too_close
        assert block.too_close or all(receiver.pounds == receiver.ledger_pounds for receiver in block.receivers)
    assert said < 5


def template_checks(sheets: dict[str, Any]) -> dict[str, tuple[object, object]]:
    return {row["Check"]: (row["Holds"], row["Where"]) for row in records(sheets["Checks"], HEADING_ROW)}


def test_a_blank_template_says_that_it_is_not_complete(recalculated: dict[str, Any]) -> None:
    held = template_checks(recalculated["template"])
    assert [check for check, (holds, _) in held.items() if holds == "No"] == [
        "Something is filled in",
        "The template is complete",
    ]


def test_a_filled_template_is_complete_and_adds_up(recalculated: dict[str, Any]) -> None:
    sheets = recalculated["template filled"]
    assert {holds for holds, _ in template_checks(sheets).values()} == {"Yes"}
    rows = records(sheets["Budget"], HEADING_ROW)
    amounts = [row["Amount (£)"] for row in rows if row["Amount (£)"] != "" and row["Organisation code"] != "Total"]
    assert len(amounts) == 22
    (total,) = [row["Amount (£)"] for row in rows if row["Organisation code"] == "Total"]
    assert total == sum(amounts) == 21 * 1000.25 + 77


def test_faults_in_a_template_are_named_with_their_cells(recalculated: dict[str, Any]) -> None:
    held = template_checks(recalculated["template with faults"])
    row = FIRST_ROW
    assert {check: where for check, (holds, where) in held.items() if holds == "No" and where} == {
        "Every row with an amount is complete": f"Budget!A{row + 4}",
        "Every amount is a number": f"Budget!F{row + 3}",
        "No amount is below zero": f"Budget!F{row + 2}",
        "Every code is in the list": f"Budget!A{row + 5}",
        "Every fund is in the list": f"Budget!C{row + 6}",
        "Nobody stands twice for the same money": f"Budget!F{row + 3}",  # its fund is that of the two added rows
        "core-recurrent: no more is handed out than the ICB has": f"Lines!A{row + 1}",
        "All lines together: the control total": held["All lines together: the control total"][1],
    }
    assert held["The template is complete"][0] == "No"
