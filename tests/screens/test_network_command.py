"""The network command, as people and programs use it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import devolution

PCN = "U89141"
COUNTS = f"""pcn,basis,people,effective_from,notified_on,source
{PCN},registered,45210,2025-04-01,2025-03-20,Our letter
{PCN},adjusted,46873.4,2025-04-01,2025-03-20,Our letter
{PCN},adjusted,47311.9,2025-04-01,2025-06-12,The correction
{PCN},contractor_weighted,47105.0,2025-04-01,2025-03-20,Our letter
{PCN},beds,412,2025-04-01,2025-03-20,Our register
"""
CLAIMS = f"pcn,month,amount\n{PCN},2025-04,600000\n{PCN},2025-05,588432.17\nU1,2025-05,1\n{PCN},2024-05,1\n"


def run(*arguments: object) -> Any:
    return CliRunner().invoke(devolution.app, ["network", *map(str, arguments)], env={"COLUMNS": "200"})


def document(*arguments: object) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture
def counts(tmp_path: Path) -> Path:
    path = tmp_path / "counts.csv"
    path.write_text(COUNTS)
    return path


@pytest.fixture
def claims(tmp_path: Path) -> Path:
    path = tmp_path / "claims.csv"
    path.write_text(CLAIMS)
    return path


def test_ge4_as_it_was_known_before_the_correction(counts: Path, claims: Path) -> None:
    found = document(PCN, "--year", "2025/26", "--counts", counts, "--claims", claims, "--known-on", "2025-06-11")
    assert found["total_pence"] == 205_474_450
    assert found["per_registered_head_pounds"] == "45.4489"
    assert found["without"] == []
    by_element = {row["element"]: row for row in found["rows"]}
    row = by_element["enhanced_access"]
    assert (row["annual_pence"], row["people"], row["rate_pounds"], row["basis"]) == (
        39_500_214,
        "46873.4",
        "8.427",
        "adjusted",
    )
    assert (row["rate_standing"], row["people_standing"], row["amount_standing"]) == ("published", "given", "derived")
    (settlement,) = found["claims"]
    assert (settlement["unclaimed_pence"], settlement["used_percent"], settlement["above_pence"]) == (
        6_602_109,
        "94.74",
        0,
    )
    assert {payment["arrears_pence"] for payment in found["payments"]} == {0}


def test_ge5_the_correction_shows_as_arrears_in_june(counts: Path) -> None:
    found = document(PCN, "--counts", counts)
    late = {its["element"]: its for its in found["payments"] if its["arrears_pence"]}
    assert {its["month"] for its in late.values()} == {"2025-06"}
    assert late["core_adjusted"]["arrears_pence"] == 5_357
    for row in found["rows"]:
        its = [payment for payment in found["payments"] if payment["element"] == row["element"]]
        if row["paid"] == "monthly":
            assert sum(payment["payment_pence"] + payment["arrears_pence"] for payment in its) == row["annual_pence"]
        else:
            assert its == []
    shown = run(PCN, "--counts", counts).stdout
    assert "Arrears in June 2025: £53.57 of Core adjusted for 2 months before." in shown


def test_people_see_each_element_with_its_grounds(counts: Path, claims: Path) -> None:
    shown = run(PCN, "--counts", counts, "--claims", claims, "--known-on", "2025-05-31").stdout
    for words in (
        "Network contract 2025/26, U89141 STOCKTON PCN, as known on 2025-05-31",
        "In all £2,054,744.50 for the year, £45.4489 for each registered person.",
        "Claims against ARRS maximum come to £1,188,432.17 of £1,254,453.26: 94.74% used, £66,021.09 unclaimed.",
        "Rates are published by NHS England. Amounts are derived",
        "Left aside: claims of other networks (1).",
        "Left aside: claims for months outside 2025/26 (1).",
        "as given",
    ):
        assert words in shown, words
    assert "Illustrative" not in shown


def test_without_counts_the_stand_ins_are_marked_and_the_rest_is_not_available() -> None:
    shown = run(PCN).stdout
    for words in (
        "Illustrative: registered people are a stand-in. It is the average registered population November 2023 to October 2024",
        "Illustrative: adjusted people are a stand-in. It is the primary medical weighted people of 2025/26",
        "ARRS maximum is not available: no contractor weighted count is known. Give it with --counts.",
        "without ARRS maximum, Care home premium.",
        "stand-ins",
    ):
        assert words in shown, words
    found = document(PCN)
    rows = {row["element"]: row for row in found["rows"]}
    assert rows["core_registered"]["amount_standing"] == "illustrative"
    assert (rows["arrs_maximum"]["annual_pence"], rows["arrs_maximum"]["amount_standing"]) == (None, None)
    assert rows["arrs_maximum"]["missing"] == "no contractor weighted count is known"
    assert found["total_pence"] == sum(row["annual_pence"] or 0 for row in found["rows"])


def test_what_each_month_pays(counts: Path) -> None:
    shown = run(PCN, "--counts", counts, "--monthly").stdout
    (june,) = (line for line in shown.splitlines() if line.strip().startswith("June 2025"))
    assert "903.89" in june  # 53.57 + 615.87 + 234.45
    (april,) = (line for line in run(PCN, "--monthly").stdout.splitlines() if line.strip().startswith("April 2025"))
    assert "not available" in april


def test_a_claim_above_the_entitlement_is_said(counts: Path, claims: Path) -> None:
    claims.write_text(f"pcn,month,amount\n{PCN},2025-04,1254453.26\n{PCN},2025-05,100\n")
    shown = run(PCN, "--counts", counts, "--claims", claims).stdout
    assert "£100.00 is claimed above the most that is reimbursed, and is not paid." in shown
    assert "£1,254,553.26 of £1,254,453.26: 100.00% used, £0.00 unclaimed." in shown
    alone = run(PCN, "--claims", claims).stdout
    assert "Claims against ARRS maximum come to £1,254,553.26; what may be claimed is not available." in alone


def test_2024_25_says_what_could_not_be_worked_out() -> None:
    shown = run(PCN, "--year", "2024/25").stdout
    assert "The total is not available: no element can be worked out." in shown
    assert "Core payment was raised to £2.967 in all from £2.916" in shown
    gaps = {gap["element"] for gap in document(PCN, "--year", "2024/25", "--known-on", "2024-06-30")["not_worked_out"]}
    assert gaps == {"investment_and_impact"}


def test_2026_27_says_what_is_known_and_what_is_not() -> None:
    shown = run(PCN, "--year", "2026/27").stdout
    assert "27.668" in shown
    assert "From a secondary source, not seen in the specification itself" in shown
    assert "Removed from the contract: the £292 million" in shown
    assert "paid to practices and not to the network" in shown
    known = document(PCN, "--year", "2026/27")
    gaps = {gap["element"] for gap in known["not_worked_out"]}
    assert {"core_registered", "core_adjusted", "enhanced_access", "care_home_premium"} <= gaps


@pytest.mark.parametrize(
    ("arguments", "status", "sentence"),
    [
        ((PCN, "--year", "2027/28"), 1, "the rates of the network contract of 2027/28 are not published here."),
        ((PCN, "--known-on", "2025-01-01"), 1, "of 2025/26 were not known on 2025-01-01"),
        ((PCN, "--known-on", "soon"), 2, "is not a day"),
        (("U8914",), 1, "there is no PCN 'U8914'"),
        (("stocton pcn",), 1, "Did you mean U89141 (STOCKTON PCN) or "),
        ((PCN, "--counts", "none.csv"), 1, "there is no such file"),
        ((PCN, "--claims", "none.csv"), 1, "there is no such file"),
        ((PCN, "--claims", "lost.csv", "--counts", "none.csv"), 1, "are read from it. Check the name. lost.csv: there"),
    ],
)
def test_exit_statuses_and_sentences(arguments: tuple[str, ...], status: int, sentence: str) -> None:
    done = run(*arguments)
    assert done.exit_code == status
    assert sentence in " ".join(done.stderr.replace("│", " ").split())


def test_a_claim_against_nothing_of_that_year_is_refused_with_its_line(counts: Path, claims: Path) -> None:
    claims.write_text(f"pcn,month,amount,element\n{PCN},2025-04,5,arrs_gps\n")
    done = run(PCN, "--counts", counts, "--claims", claims, "--json")
    assert done.exit_code == 1
    (problem,) = json.loads(done.stdout)["problems"]
    assert (problem["place"], problem["found"]) == (
        "claims.csv, line 2",
        "nothing is claimed for as 'arrs_gps' in 2025/26.",
    )
    assert problem["remedy"] == "Use arrs_maximum."


def test_posts_against_the_entitlement(counts: Path, tmp_path: Path) -> None:
    """2.5 x £60,000 and 1 x 7/12 of £30,001 (£17,500.58) of 47,105 x £26.631 = £1,254,453.26 leave £1,086,952.68."""
    posts, maximums = tmp_path / "posts.csv", tmp_path / "maximums.csv"
    posts.write_text(f"pcn,role,wte,months\n{PCN},Clinical pharmacist,2.5,12\n{PCN},Care coordinator,1,7\nU1,X,1,1\n")
    maximums.write_text('role,maximum\nclinical pharmacist,"60,000"\nCare coordinator,30001\nX,1\n')
    asked = (PCN, "--year", "2025/26", "--posts", posts, "--maximums", maximums)
    (found,) = document(*asked, "--counts", counts)["posts"]
    assert [post["at_most_pence"] for post in found["posts"]] == [15_000_000, 1_750_058]
    assert (found["at_most_pence"], found["entitlement_pence"]) == (16_750_058, 125_445_326)
    assert (found["unclaimed_pence"], found["above_pence"]) == (108_695_268, 0)
    said = " ".join(run(*asked, "--counts", counts).stdout.split())
    assert "reimbursed £167,500.58 at most, of £1,254,453.26: £1,086,952.68 stays unclaimed" in said
    assert "posts of other networks (1)" in said
    # Weighted people of the contractor formula are not shipped: without them the entitlement is not known.
    (unknown,) = document(*asked)["posts"]
    assert (unknown["at_most_pence"], unknown["entitlement_pence"], unknown["unclaimed_pence"]) == (
        16_750_058,
        None,
        None,
    )
    assert "the entitlement is not available" in " ".join(run(*asked).stdout.split())


def test_posts_beyond_the_entitlement_are_not_paid(counts: Path, tmp_path: Path) -> None:
    posts = tmp_path / "posts.csv"
    posts.write_text(f"pcn,role,wte,months,maximum\n{PCN},GP,20,12,70000\n")
    (found,) = document(PCN, "--year", "2025/26", "--posts", posts, "--counts", counts)["posts"]
    assert (found["unclaimed_pence"], found["above_pence"]) == (0, 140_000_000 - 125_445_326)


def test_posts_that_cannot_be_used_are_told_all_at_once(tmp_path: Path) -> None:
    posts, maximums = tmp_path / "posts.csv", tmp_path / "maximums.csv"
    posts.write_text(f"pcn,role,wte,months\n{PCN},Nobody,1,12\n{PCN},GP,0,12\n{PCN},GP,1,13\n,GP,1,1\n")
    maximums.write_text("role,maximum\nGP,70000\n")
    told = run(PCN, "--posts", posts, "--maximums", maximums).stderr
    for said in (
        "there is no maximum reimbursement of 'Nobody'", "the whole-time equivalents are '0'", "the months are '13'",
        "no PCN is named",
    ):  # fmt: skip
        assert said in told
    maximums.write_text("role,maximum\nGP,70000\nGP,1\nNurse,lots\nPhysio,0\n")
    told = run(PCN, "--posts", posts, "--maximums", maximums).stderr
    for said in ("GP is on line 2 too", "the maximum is 'lots'", "the maximum is '0'"):
        assert said in told
    posts.write_text(f"pcn,role,wte,months,maximum,element\n{PCN},GP,1,1,5,core\n")
    assert "nothing is reimbursed as 'core'" in run(PCN, "--posts", posts).stderr
