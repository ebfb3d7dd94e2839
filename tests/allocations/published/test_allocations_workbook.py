"""The allocations workbook, whatever year's edition: found by meaning, held to its own totals."""

import random
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocations.files.published import allocations_workbook
from allocations.files.published.allocations_workbook import AllocationsWorkbook
from ledger.years import FinancialYear
from tests.allocations.published import small
from tests.books import texts


def read(folder: Path, sheets: dict[str, small.Rows], name: str = "allocations.xlsx", **given) -> AllocationsWorkbook:
    return allocations_workbook.read(small.workbook(folder / name, sheets), **given)


def amounts(found: AllocationsWorkbook) -> dict[tuple[str, str, str], int]:
    return {(figure.fund, figure.holder, figure.about): figure.amount_pence for figure in found.figures}


def test_lines_totals_and_what_stays_national(tmp_path: Path) -> None:
    found = read(tmp_path, small.allocation_sheets())
    assert found.problems == ()
    assert found.year == FinancialYear(2025)
    held = amounts(found)
    assert held["core-recurrent", "QWO", "QWO"] == 500_012_500
    assert held["core-oct", "QE1", "QE1"] == -100_000
    assert held["pod-nhs-england", "X24", "Y63"] == 750_000
    assert held["running-costs", "QF7", "QF7"] == 2_025_000
    assert len(held) == 3 * 3 + 3 * 2 + 1 + 3
    totals = {(total.fund, total.organisation): total.expected_pence for total in found.totals}
    # NHS England's own row is in England's, and in no ICB.
    assert totals["pod-recurrent", ""] == 22_575_000
    assert totals["core", "QWO"] == 503_912_500
    (own,) = [figure for figure in found.figures if figure.fund == "core-discharge" and figure.holder == "QF7"]
    assert (own.sheet, own.cell) == ("ICB Core Allocations 2025-26", "H4")


def test_people_are_the_money_by_the_money_per_head(tmp_path: Path) -> None:
    found = read(tmp_path, small.allocation_sheets())
    assert {row.icb: row.people for row in found.populations}["QWO"] == Fraction("5000125") / Fraction("2.5")


def test_every_row_and_column_that_was_not_read_is_said(tmp_path: Path) -> None:
    found = read(tmp_path, {**small.allocation_sheets(), "Cover": [["About this workbook"]]})
    assert [(row.sheet, row.first, row.why) for row in found.set_aside] == [
        ("ICB Core Allocations 2025-26", 6, "blank")
    ]
    told = "\n".join(found.remarks)
    assert "'2024/25 Adjusted recurrent baseline (£k)'" not in told  # read, as the start of the convergence
    assert "Sheet Cover was not read for figures" in told
    assert "There is no sheet for specialised." in told


def test_a_stream_whose_allocations_were_taken_out_is_not_passed_over(tmp_path: Path) -> None:
    sheets = {**small.allocation_sheets(), "Specialised Baseline 2025-26": [["Specialised services baseline"]]}
    found = read(tmp_path, sheets)
    told = texts(found.problems)
    assert (
        "there is no sheet of specialised allocations, and sheet Specialised Baseline 2025-26 is of that stream" in told
    )
    assert "A part would pass for the whole" in told


OTHER_NAMES = {
    "R23": "Region code", "Region": "NHS England  Region ", "ICB23": "ICB code", "Integrated Care Board (ICB)": "ICB name",
    "2024/25 Adjusted recurrent baseline (£k)": "2023-24 adjusted recurrent\nbaseline £'000",
    "2025/26 Recurrent allocation (£k)": "Recurrent Allocation\n2024-25 £'000",
    "2025/26 Recurrent allocation £/head": "2024-25 Recurrent allocation (£ per head)",
    "2025/26 Discharge (£k)": "Discharge  Fund £'000", "2025/26 Roll out of OCT (£k)": "24/25 OCT (£000)",
    "2025/26 Total allocation (£k)": "TOTAL ALLOCATION 24/25 (£k)",
}  # fmt: skip


def test_another_years_edition_with_other_names_reads_the_same(tmp_path: Path) -> None:
    rows = [
        [OTHER_NAMES.get(cell, cell) if isinstance(cell, str) else cell for cell in row] for row in small.core_rows()
    ]
    rows[0] = ["Core services", "", "", "", "Allocations for 2024/25"]
    rows[-1][6] = "see note"  # text in a numeric cell of the total row
    sheets = {"Core": [["Published in February 2024"], [], ["All figures are final"], *rows]}
    found = read(tmp_path, sheets)
    assert texts(found.problems) == ""
    assert found.year == FinancialYear(2024)
    assert amounts(found) == {key: pence for key, pence in amounts(read(tmp_path, small.allocation_sheets())).items()
                              if key[0].startswith("core")}  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), extra=st.integers(0, 3), above=st.integers(0, 12), blanks=st.integers(0, 4))
def test_order_extra_columns_header_row_and_blank_rows_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, seed: int, extra: int, above: int, blanks: int
) -> None:
    chance = random.Random(seed)
    folder = tmp_path_factory.mktemp("editions")
    # The regions' table stands on columns of its own, so only the ICBs' table is shuffled.
    core = small.core_rows()
    icbs = [*core[:5], ["", "", "Total", "ENGLAND", *core[-1][4:]]]
    plain = {"Core 2025-26": icbs, "POD 2025-26": small.pod_rows()}
    other = {
        name: small.shuffled(rows, chance, header=1, extra=extra, above=above, blanks=blanks)
        for name, rows in plain.items()
    }
    first, second = read(folder, plain, "first.xlsx"), read(folder, other, "second.xlsx")
    assert texts(second.problems) == texts(first.problems) == ""
    assert amounts(first) == amounts(second)
    assert {(t.fund, t.organisation, t.expected_pence) for t in first.totals} == {
        (t.fund, t.organisation, t.expected_pence) for t in second.totals
    }


def refused(folder: Path, change) -> str:
    sheets = small.allocation_sheets()
    change(sheets["ICB Core Allocations 2025-26"], sheets)
    return texts(read(folder, sheets).problems)


def test_lines_that_do_not_come_to_their_total(tmp_path: Path) -> None:
    told = refused(tmp_path, lambda core, _: core[2].__setitem__(9, 5040.125))
    assert (
        "allocations.xlsx, sheet ICB Core Allocations 2025-26, cell J3: the 3 lines of QWO sum to £5,039,125.00; "
        in told
    )
    assert "its column '2025/26 Total allocation (£k)' says £5,040,125.00: £1,000.00 too little." in told
    assert "Give the file as it was published" in told


def test_icbs_that_do_not_come_to_the_rows_of_region_and_england(tmp_path: Path) -> None:
    told = refused(tmp_path, lambda core, _: core[-1].__setitem__(7, 91.75))
    assert "cell H10: the 3 rows of England in '2025/26 Discharge (£k)' sum to £90,750.00; " in told
    assert "the row of England says £91,750.00: £1,000.00 too little." in told
    told = refused(tmp_path, lambda core, _: core[7].__setitem__(7, 60.0))
    assert "the 2 rows of North East & Yorkshire" in told
    assert "£750.00 too much" in told


def with_a_new_line(header: str, *, in_total: float) -> dict[str, small.Rows]:
    """Core with a column more, of 5.0 for each ICB, of which the totals have so much in them."""
    sheets = {"ICB Core Allocations 2025-26": small.core_rows()}
    (core,) = sheets.values()
    icbs = range(2, 5)
    for number, row in enumerate(core[1:], start=1):
        ones = {7: 2, 8: 1, 9: 3}.get(number, 1) if number not in icbs else 1
        figured = number in icbs or number >= 7
        row.append(5.0 * ones if figured else None)
        if figured:
            row[9] += in_total * ones
    core[1][10] = core[6][10] = header
    return sheets


def test_a_line_that_is_not_known_becomes_one_where_the_totals_have_it(tmp_path: Path) -> None:
    found = read(tmp_path, with_a_new_line("2025/26 Neighbourhood Health (£k)", in_total=5.0))
    assert texts(found.problems) == ""
    (line,) = found.further
    assert (line.fund, line.name) == ("core-neighbourhood-health", "Core services: Neighbourhood Health")
    assert amounts(found)["core-neighbourhood-health", "QF7", "QF7"] == 500_000
    assert "came lines of their own, because the known lines come to the printed totals of all 3 ICBs" in "".join(
        found.remarks
    )


def test_a_column_that_the_totals_do_not_have_is_no_line_and_is_named(tmp_path: Path) -> None:
    found = read(tmp_path, with_a_new_line("2025/26 Neighbourhood Health (£k)", in_total=0.0))
    assert texts(found.problems) == ""
    assert found.further == ()
    assert "columns that no figure was read from: '2025/26 Neighbourhood Health (£k)' (K2)" in "".join(found.remarks)


@pytest.mark.parametrize("header", ["2025/26 Neighbourhood Health (£k)", "2024/25 Neighbourhood Health (£k)"])
def test_a_new_line_is_named_when_the_total_does_not_tie(tmp_path: Path, header: str) -> None:
    of_other_year = header.startswith("2024")
    found = read(tmp_path, with_a_new_line(header, in_total=5.0 if of_other_year else 4.0))
    told = texts(found.problems)
    assert "the 3 lines of QWO sum to £5,039,125.00" in told
    assert f"Not read: '{header}' (K2)." in told
    assert "if a column is new, it needs a fund of its own" in told


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda core, _: core[3].__setitem__(5, "tbc"), "cell F4: 2025/26 Recurrent allocation (£k) of QF7 is 'tbc'. A figure that is missing is never taken as zero."),
        (lambda core, _: core[3].__setitem__(5, None), "cell F4: 2025/26 Recurrent allocation (£k) of QF7 is empty."),
        (lambda core, _: core[3].__setitem__(7, "#REF!"), "cell H4: 2025/26 Discharge (£k) of QF7 is '#REF!'. A number is needed here."),
        (lambda core, _: core[3].__setitem__(7, "=1+1"), "cell H4: 2025/26 Discharge (£k) of QF7 is a formula that was never calculated."),
        (lambda core, _: core[3].__setitem__(2, "QWO"), "cell C4: QWO is there twice: row 3 has it too."),
        (lambda core, _: core[3].__setitem__(2, "16C"), "cell A4: the row 'Y63 | North East and Yorkshire | 16C"),
        (lambda core, _: core[1].__setitem__(9, "Grand sum"), "there is no column for 'total' in this header row."),
        (lambda core, _: core[1].__setitem__(4, "2025/26 Total allocation (£k)"), "the column 'total' is there 2 times: E2, J2."),
        (lambda core, _: core[1].__setitem__(7, "2025/27 Discharge (£k)"), "cell H2: '2025/27 Discharge (£k)' names '2025/27', which is not a financial year."),
        (lambda _, sheets: sheets.__setitem__("Core 2024-25", small.core_rows()), "its sheets' names speak of several years: 2024/25, 2025/26. One import is of one year. Say which with --year"),
        (lambda _, sheets: sheets["POD Allocation 2025-26"].pop(4), "sheet POD Allocation 2025-26: QE1 is missing; it stands in sheet"),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_cell(tmp_path: Path, change, said: str) -> None:
    assert said in refused(tmp_path, change)


def test_a_sheet_that_counts_in_nothing_is_refused_and_one_that_counts_in_pounds_is_read(tmp_path: Path) -> None:
    def said_in(unit: str) -> dict[str, small.Rows]:
        rows = [[c.replace(" (£k)", unit) if isinstance(c, str) else c for c in row] for row in small.core_rows()]
        return {"Core 2025-26": rows}

    told = texts(read(tmp_path, said_in("")).problems)
    assert "cell F2: '2025/26 Recurrent allocation' does not say what it counts in." in told
    assert "Write (£k) or (£) in the header." in told
    told = texts(read(tmp_path, said_in(" (£)")).problems)
    assert "cell G3: £5,000.13 of QWO at £2.50 per head would be 2,000 people." in told
    assert "pounds and thousands of pounds may be mixed up" in told
    in_pounds = said_in(" (£)")
    for row in in_pounds["Core 2025-26"]:
        row[6:7] = []  # without pounds per head there is nothing to hold the unit to
    found = read(tmp_path, in_pounds)
    assert found.problems == ()
    assert amounts(found)["core-recurrent", "QWO", "QWO"] == 500_013  # £5,000.125, half a penny up


def test_the_year_asked_for_chooses_among_sheets(tmp_path: Path) -> None:
    sheets = {"Core 2025-26": small.core_rows(), "Core 2026-27": small.core_rows()}
    found = read(tmp_path, sheets, year=FinancialYear(2025))
    assert found.problems == ()
    assert "Sheet Core 2026-27 is of another year and was not read." in found.remarks
    told = texts(read(tmp_path, sheets, year=FinancialYear(2023)).problems)
    assert "it was asked for as 2023/24, but its sheets' names speak of 2025/26, 2026/27." in told


def test_a_dash_is_no_line_and_not_a_zero(tmp_path: Path) -> None:
    sheets = small.allocation_sheets()
    pod = sheets["POD Allocation 2025-26"]
    pod[2][5], pod[2][6] = "-", 100.5
    pod[-1][5], pod[-1][6] = 4, 237.25
    found = read(tmp_path, sheets)
    assert texts(found.problems) == ""
    assert ("pod-lfd-testing", "QWO", "QWO") not in amounts(found)


def test_hidden_sheets_are_not_read_and_that_is_said(tmp_path: Path) -> None:
    import openpyxl

    path = tmp_path / "hidden.xlsx"
    small.workbook(path, small.allocation_sheets())
    book = openpyxl.load_workbook(path)
    book["POD Allocation 2025-26"].sheet_state = "hidden"
    book.save(path)
    found = allocations_workbook.read(allocations_workbook_file(path))
    assert "Sheet POD Allocation 2025-26 is hidden and was not read." in found.remarks
    assert not any(figure.stream == "POD" for figure in found.figures)


def allocations_workbook_file(path: Path):
    from allocations.reading.cells import read_workbook

    return read_workbook(path)
