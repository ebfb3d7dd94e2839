"""The practice file of any year: its columns by meaning, its sums held to the population, each fault by its cell."""

import random
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocations.files.published import practices
from allocations.files.published.practices import PracticeFile
from ledger.years import FinancialYear
from tests.allocations.published import small
from tests.books import texts

FILE = "place_tool_2025_26.csv"


def read(folder: Path, rows: small.Rows, name: str = FILE, **given) -> PracticeFile:
    return practices.read(small.text_file(folder / name, rows), **given)


def test_people_and_weighted_people_exactly(tmp_path: Path) -> None:
    found = read(tmp_path, small.practice_rows())
    assert found.problems == ()
    assert found.year == FinancialYear(2025)
    rows = found.table.to_pylist()
    assert [row["practice"] for row in rows] == ["A81001", "A81002", "B82003"]
    assert rows[0]["registered"] == Decimal("1000.5")
    assert rows[1]["core"] == Decimal("1900.25")
    assert "pcn" not in found.table.column_names  # the file has none
    assert found.cells["B82003"] == "place_tool_2025_26!4"
    assert found.ties == ("9 weighted populations each sum to the registered population, 3,501.500.",)


def edition_of_2022(folder: Path) -> PracticeFile:
    """As the workbook of 2022/23 named its columns, spaces and all; before there was a primary medical model."""
    header = ["Practice_Code", "PCN_Code", "ICS22", "LOC22", "R22", "LAD21", "pop 2022/23", "G&A WP", "CS WP", "MH WP",
              "Mat WP", "Prescr WP", "Health Ineq  WP", "Final WP "]  # fmt: skip
    rows: small.Rows = [header]
    for (code, icb, district, people, weighted), pcn in zip(small.PRACTICES, ("U00001", "U00001", "U"), strict=True):
        rows.append([code, pcn, icb, "16C", "Y63", district, float(people), *[float(weighted)] * 7])
    rows.append(["England", None, None, None, None, None, 3501.5, "n/a", *[3501.5] * 6])
    return practices.read(small.workbook(folder / "weighted populations.xlsx", {"Mapper": [["x"]], "GP_wp": rows}))


def test_the_edition_of_2022_23_reads_the_same(tmp_path: Path) -> None:
    found = edition_of_2022(tmp_path)
    assert texts(found.problems) == ""
    assert found.year == FinancialYear(2022)
    later = read(tmp_path, small.practice_rows()).table
    for name in ("practice", "icb", "district", "registered", "mental_health", "health_inequalities", "core"):
        assert found.table[name] == later[name], name
    assert found.table["pcn"].to_pylist() == ["U00001", "U00001", None]
    assert "primary_medical" not in found.table.column_names
    assert "The edition of 2022/23 has no weighted populations for primary medical care." in found.remarks
    assert any("H5 of the total row holds the text 'n/a'." in remark for remark in found.remarks)
    assert "the registered population: 3,501.500, as printed in G5." in found.ties


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10**6), extra=st.integers(0, 3), above=st.integers(0, 15), blanks=st.integers(0, 4))
def test_order_extra_columns_header_row_and_blank_rows_change_nothing(
    tmp_path_factory: pytest.TempPathFactory, seed: int, extra: int, above: int, blanks: int
) -> None:
    folder = tmp_path_factory.mktemp("editions")
    plain = read(folder, small.practice_rows())
    rows = small.shuffled(small.practice_rows(), random.Random(seed), header=0, extra=extra, above=above, blanks=blanks)
    found = read(folder, rows)
    assert texts(found.problems) == ""
    assert found.table.equals(plain.table)
    assert all(row.why == "blank" for row in found.set_aside)
    assert sum(row.last - row.first + 1 for row in found.set_aside) == blanks


def column(name: str) -> int:
    return small.PRACTICE_HEADER.index(name)


def refused(folder: Path, change, name: str = FILE) -> str:
    rows = small.practice_rows()
    change(rows)
    return texts(read(folder, rows, name).problems)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.append(list(rows[1])), f"{FILE}, cell A5: practice A81001 is there twice: A2 has it too. Its people would be counted twice. Remove one of the rows."),
        (lambda rows: rows[2].__setitem__(2, ""), "cell C3: practice A81002 is without an ICB. A practice belongs to one ICB. Give the ICB's code, as QWO."),
        (lambda rows: rows[2].__setitem__(2, "Nowhere"), "cell C3: 'NOWHERE, NHS AN ICB', 1 practice (C3), is not the code of an ICB: no ICB of that time has its code or its name"),
        (lambda rows: rows[2].__setitem__(7, "-5"), "cell H3: the registered population of practice A81002 is -5. People are not counted below zero."),
        (lambda rows: rows[2].__setitem__(column("MH WP"), "(900.5)"), "cell K3: the mental health weighted population of practice A81002 is -900.5."),
        (lambda rows: rows[2].__setitem__(column("MH WP"), "many"), "cell K3: the mental health weighted population of practice A81002 is 'many'. A number is needed here."),
        (lambda rows: rows[2].__setitem__(column("MH WP"), ""), "cell K3: the mental health weighted population of practice A81002 is empty. A figure that is missing is never taken as zero."),
        (lambda rows: [row.pop(column("Mat WP")) for row in rows], "cell A1: there is no column for 'maternity' in this header row. It is needed. The headers are: 'Practice_Code' (A1),"),
        (lambda rows: [row.pop() for row in rows], "there is no column for 'primary_medical' in this header row."),
        (lambda rows: rows[0].__setitem__(column("CS WP"), "Community WP 2025/27"), "names '2025/27', which is not a financial year."),
        (lambda rows: rows[0].__setitem__(column("CS WP"), "G&A weighted population"), "the column 'general_acute' is there 2 times: I1, J1."),
        (lambda rows: rows[2].__setitem__(0, "NEW1"), "cell A3: 'NEW1' is not the code of a practice."),
        (lambda rows: rows[2].__setitem__(0, ""), "cell A3: a row without a practice code. No row is passed over."),
        (lambda rows: rows.pop(2), "the column 'G&A WP' sums to 1,601.250, which is 100.000 more than the registered population, 1,501.250."),
        (lambda rows: rows.__delitem__(slice(1, None)), "there is no practice below this header."),
    ],
)  # fmt: skip
def test_each_fault_is_named_with_its_cell_and_a_remedy(tmp_path: Path, change, said: str) -> None:
    assert said in refused(tmp_path, change)


def test_a_column_that_does_not_sum_is_named_alone_and_by_how_much(tmp_path: Path) -> None:
    told = refused(tmp_path, lambda rows: rows[3].__setitem__(column("Prescr WP"), "500.25"))
    assert told.startswith(f"{FILE}, cell N1: the column 'Prescr WP' sums to 3,501.000, which is 0.500 fewer than")
    assert "Rounding explains at most 0.0" in told
    assert told.count("sums to") == 1


def test_the_rounding_of_what_is_printed_is_allowed_and_no_more(tmp_path: Path) -> None:
    def thirds(by: str):
        def change(rows: small.Rows) -> None:
            for row in rows[1:]:
                row[7] = "333.333"  # to three places
                for number in range(8, len(row)):
                    row[number] = "333.333"
            rows[1][10] = by

        return change

    assert refused(tmp_path, thirds("333.336")) == ""
    assert "sums to" in refused(tmp_path, thirds("333.337"))


def test_a_file_that_does_not_say_its_year_is_asked_for_it(tmp_path: Path) -> None:
    told = refused(tmp_path, lambda _: None, "practices.csv")
    assert "practices.csv: neither its sheets, its titles, its headers nor its name say which year it is of." in told
    assert "Say it with --year, as 2025/26." in told
    assert read(tmp_path, small.practice_rows(), "practices.csv", year=FinancialYear(2025)).problems == ()
    assert "names '2025_27', which is not a financial year" in refused(
        tmp_path, lambda _: None, "place_tool_2025_27.csv"
    )


def test_two_sheets_that_could_be_meant(tmp_path: Path) -> None:
    book = small.workbook(tmp_path / "two 2025-26.xlsx", {"A": small.practice_rows(), "B": small.practice_rows()})
    assert "several sheets hold practices with populations: A, B." in texts(practices.read(book).problems)
    assert practices.read(book, sheet="B").cells["A81001"] == "B!2"


def test_codes_in_small_letters_are_the_same_codes(tmp_path: Path) -> None:
    rows = small.practice_rows()
    rows[1][0], rows[1][2] = " a81001 ", "qwo"
    assert read(tmp_path, rows).table.to_pylist()[0]["icb"] == "QWO"
    rows.append([*rows[1]])
    rows[-1][0] = "A81001"
    assert "practice A81001 is there twice" in texts(read(tmp_path, rows).problems)


def many_practices(icb: str, name: str) -> small.Rows:
    """Twenty practices of an ICB that goes by such a code and name, and one of another."""
    rows: small.Rows = [list(small.PRACTICE_HEADER)]
    for number in range(20):
        rows.append([f"Z9{number:04}", "S", icb, name, "E08000032", "D", "", "10.5", *["10.5"] * len(small.WP)])
    return [
        *rows,
        ["B82003", "S", "QF7", "NHS South Yorkshire ICB", "E08000019", "D", "", "5.25", *["5.25"] * len(small.WP)],
    ]


def test_an_icb_without_an_ods_code_is_known_by_its_name_or_by_its_practices_and_told_once(tmp_path: Path) -> None:
    west_yorkshire = {f"Z9{number:04}": "QWO" for number in range(19)}
    for name, members, why in (
        ("NHS West Yorkshire ICB", {}, "by its name."),
        (
            "West Yorkshire Integrated Care Board",
            west_yorkshire,
            "by its name; 19 of the 19 practices that are known are QWO's.",
        ),
        ("A name to come", west_yorkshire, "by its practices: 19 of the 19 that are known are QWO's."),
    ):
        found = read(tmp_path, many_practices("T09", name), members=members)
        assert texts(found.problems) == ""
        assert f"T09, {name}, 20 practices: taken for QWO, {why}" in found.remarks
        assert found.table["icb"].to_pylist() == ["QWO"] * 20 + ["QF7"]


def test_what_cannot_be_told_of_an_icb_is_one_problem_and_none_for_another(tmp_path: Path) -> None:
    for name, members, why in (
        ("A name to come", {}, "no ICB of that time has its code or its name, or most of its practices"),
        (
            "NHS Kent and Medway ICB",
            {f"Z9{n:04}": "QWO" for n in range(20)},
            "by its name it is QKS, and by its practices QWO",
        ),
    ):
        rows = many_practices("T09", name)
        (problem,) = read(tmp_path, rows, members=members).problems
        assert f"'T09, {name}', 20 practices (C2, C3, C4 and 17 more), is not the code of an ICB: {why}." in str(
            problem
        )
        other = read(tmp_path, rows, members=members, icb="QF7")
        assert texts(other.problems) == ""
        assert other.table["practice"].to_pylist() == ["B82003"]
        assert any(told.startswith("20 practices of other ICBs than QF7 cannot be used") for told in other.remarks)


def test_cells_with_one_cause_are_one_problem_with_a_count(tmp_path: Path) -> None:
    rows = many_practices("QWO", "NHS West Yorkshire ICB")
    for row in rows[1:6]:
        row[column("MH WP")] = ""
    (problem,) = read(tmp_path, rows).problems
    assert (
        problem.found == "5 practices have no figure for the mental health weighted population: K2, K3, K4 and 2 more."
    )
    for row in rows[1:6]:
        row[column("MH WP")] = "0"
    rows[1][column("MH WP")], rows[6][column("MH WP")] = "", "63"
    found = read(tmp_path, rows)
    assert texts(found.problems) == ""
    assert any("1 blank cell is a zero (K2): without them the column 'MH WP' sums to" in told for told in found.remarks)


def test_a_header_that_was_left_as_it_was_is_told_once_and_decides_nothing_alone(tmp_path: Path) -> None:
    rows = small.practice_rows()
    rows[0][7] = "pop 2022/23"
    found = read(tmp_path, rows, "2023_2024.csv")
    assert (found.year, texts(found.problems)) == (FinancialYear(2023), "")
    assert [told for told in found.remarks if "2022/23" in told] == [
        "the header 'pop 2022/23' (H1) says 2022/23, and the file's name outranks it: a header is often left as it was."
    ]
    (problem,) = read(tmp_path, rows, "practices.csv").problems
    assert "it seems to be of 2022/23, and it has weighted populations for primary medical care" in problem.found
    assert texts(read(tmp_path, rows, "practices.csv", year=FinancialYear(2024)).problems) != ""


def test_a_sheet_and_a_file_that_name_other_years_are_asked_about(tmp_path: Path) -> None:
    book = small.workbook(tmp_path / "place tool 2024-25.xlsx", {"Practices 2025-26": small.practice_rows()})
    (problem,) = practices.read(book).problems
    assert "the sheet 'Practices 2025-26' says 2025/26, and the file's name 'place tool 2024-25' says 2024/25." in str(
        problem
    )
    assert practices.read(book, year=FinancialYear(2024)).problems == ()
