"""The shipped figures: what they are is said, and they tie to what was published."""

from collections import defaultdict
from decimal import Decimal

import pytest

from allocations.figures import tables as figures
from allocations.figures.weightings import WEIGHTINGS, UnknownWeighting, weighting
from allocations.network.contract import rates
from allocations.shares.apportion import apportion
from allocations.shares.need import weights
from ledger.years import FinancialYear

# The sums over the 42 ICBs, each ICB and line rounded half-up to the penny, in pence.
LINES = {
    "core-recurrent": 11_674_103_800_000,
    "core-sdf-transfers": 167_304_585_476,
    "core-elective-recovery": 285_587_141_058,
    "core-elective-recovery-additional": 242_957_665_380,
    "core-covid-testing": 8_723_102_526,
    "core-technology-licence": -2_714_400_000,
    "core-discharge": 50_000_000_000,
    "core-oct": -721_900_000,
    "core-overseas-visitors": 0,
    "core-pay-other-income": 10_000_000_001,
    "core-corneal-tissue": -662_136_300,
    "specialised-physical": 1_379_520_406_635,
    "specialised-mental-health": 207_868_459_514,
    "specialised-corneal-tissue": -144_848_700,
    "primary-medical-recurrent": 1_192_765_900_000,
    "primary-medical-remaining-growth": 53_279_300_002,
    "primary-medical-childhood-vaccination": -1_780_000_002,
    "primary-medical-arrs-additional": 53_420_700_000,
    "primary-medical-arrs-gps": 8_199_999_999,
    "pod-recurrent": 608_284_810_458,
    "pod-lfd-testing": 724_700_000,
    "running-costs": 87_399_161_784,
}
ALL_ICBS = 16_024_116_447_831


def test_every_line_sums_to_its_published_total() -> None:
    sums: dict[str, int] = defaultdict(int)
    for row in figures.table("allocations_2025_26").to_pylist():
        if row["holder"] != "X24":
            sums[row["fund"]] += row["amount_pence"]
    assert dict(sums) == LINES
    assert sum(LINES.values()) == ALL_ICBS


def test_what_stays_national_is_not_lost() -> None:
    kept = [row for row in figures.table("allocations_2025_26").to_pylist() if row["holder"] == "X24"]
    assert sum(row["amount_pence"] for row in kept if row["fund"] == "specialised-high-cost") == 692_920_593_365
    regional = {row["about"]: row["amount_pence"] for row in kept if row["fund"] == "pod-nhs-england"}
    assert sorted(regional) == ["Y56", "Y58", "Y59", "Y60", "Y61", "Y62", "Y63"]
    assert len(kept) == 42 + 7


def test_every_figure_names_its_cell() -> None:
    rows = figures.table("allocations_2025_26").to_pylist()
    assert len({(row["sheet"], row["cell"]) for row in rows}) == len(rows)


def test_west_yorkshire_alone() -> None:
    own = [row["amount_pence"] for row in figures.table("allocations_2025_26").to_pylist() if row["holder"] == "QWO"]
    assert sum(own) == 672_633_873_697


def test_every_table_says_what_it_is() -> None:
    tables = {path.stem for path in figures.FOLDER.glob("*.csv")} | {"devolution_policy"}
    told = figures.descriptions()
    assert set(told) == tables
    for description in told.values():
        assert description.standing in ("published", "derived", "assumption")
        assert all(
            (description.title, description.publisher, description.vintage, description.licence, description.made)
        )


def test_every_classification_has_its_grounds_and_its_grade() -> None:
    for name in ("terms", "pots"):
        for row in figures.table(name).to_pylist():
            assert row["reason"], row
            assert row["source"], row
            assert row["quality"] in ("red", "amber", "green"), row


def test_every_published_line_has_terms() -> None:
    with_terms = set(figures.table("terms")["fund"].to_pylist())
    funds = {row["code"]: row["parent"] for row in figures.table("funds").to_pylist()}
    assert set(LINES) <= with_terms
    assert with_terms <= set(funds)
    assert {parent for parent in funds.values() if parent} <= set(funds)


def test_42_icbs_become_36() -> None:
    icbs = [row for row in figures.table("organisations").to_pylist() if row["tier"] == "icb"]
    before = {row["code"] for row in icbs if row["valid_from"].year == 2022}
    after = {row["code"] for row in icbs if row["valid_to"] is None}
    assert (len(before), len(after), len(before - after), len(after - before)) == (42, 36, 12, 6)
    successions = figures.table("successions").to_pylist()
    assert {row["predecessor"] for row in successions} == before - after
    splits = {row["predecessor"] for row in successions if row["kind"] == "split"}
    assert splits == {"QNQ", "QM7", "QJG"}
    assert sorted(row["successor"] for row in successions if row["predecessor"] == "QNQ") == ["QRL", "S0E4D", "S9B9J"]


def test_every_weighted_population_sums_to_the_population() -> None:
    practices = figures.table("practices_2025_26")
    assert practices.num_rows == 6_348
    for by in WEIGHTINGS:
        whole = sum(weights(practices, by, "icb").values())
        assert abs(Decimal(whole).scaleb(-9) - Decimal("63849324.211")) < Decimal("0.01"), by


def test_places_and_networks_add_up_to_their_practices() -> None:
    practices, parts = figures.table("practices_2025_26"), figures.table("pcn_parts_2025_26")
    for by in WEIGHTINGS:
        assert weights(practices, by, "place") == weights(figures.table("places_2025_26"), by, "place")
        assert (
            weights(practices, by, "pcn")
            == weights(figures.table("pcns_2025_26"), by, "pcn")
            == weights(parts, by, "pcn")
        )


def test_primary_medical_is_85_parts_need_and_15_parts_inequalities() -> None:
    for row in figures.table("practices_2025_26").to_pylist():
        identity = Decimal("0.85") * row["primary_medical_need"] + Decimal("0.15") * row["health_inequalities"]
        assert abs(identity - row["primary_medical"]) < Decimal("0.00002"), row["practice"]


def test_a_billion_for_west_yorkshire_by_district() -> None:
    """GE10: five places, Craven's practices with Bradford's."""
    districts = {
        "E08000032": "Bradford District and Craven", "E07000163": "Bradford District and Craven", "E08000033": "Calderdale",
        "E08000034": "Kirklees", "E08000035": "Leeds", "E08000036": "Wakefield",
    }  # fmt: skip
    people: dict[str, int] = defaultdict(int)
    for row in figures.table("practices_2025_26").to_pylist():
        if row["icb"] == "QWO":
            people[districts[row["district"]]] += figures.billionths(row["core"])
    assert apportion(1_000_000_000, people) == {
        "Bradford District and Craven": 252_315_064,
        "Calderdale": 85_759_319,
        "Kirklees": 169_280_650,
        "Leeds": 347_733_038,
        "Wakefield": 144_911_929,
    }


def test_weightings_go_by_their_everyday_names() -> None:
    assert [weighting(name) for name in ("Core", "rx", "PMC", "health-inequalities", "crude")] == [
        "core", "prescribing", "primary_medical", "health_inequalities", "registered",
    ]  # fmt: skip
    with pytest.raises(UnknownWeighting, match="Did you mean maternity"):
        weighting("maternty")


def test_a_rate_that_was_issued_again_is_known_from_its_day() -> None:
    from datetime import date

    year = FinancialYear(2024)
    assert rates(year, known_on=date(2024, 6, 12))["enhanced_access"][1] == Decimal("7.674")
    assert rates(year)["enhanced_access"][1] == Decimal("7.975")


def test_v11_three_primary_medical_lines_share_one_vector() -> None:
    lines: dict[str, dict[str, int]] = defaultdict(dict)
    for row in figures.table("allocations_2025_26").to_pylist():
        lines[row["fund"]][row["holder"]] = row["amount_pence"]
    vectors = [lines[f"primary-medical-{name}"] for name in ("remaining-growth", "arrs-additional", "arrs-gps")]
    whole = [sum(vector.values()) for vector in vectors]
    for icb in vectors[0]:
        shares = [vector[icb] / total for vector, total in zip(vectors, whole, strict=True)]
        assert max(shares) - min(shares) < 1e-9, icb


def test_v3_an_icbs_core_total_is_its_recurrent_line_and_ten_more() -> None:
    core: dict[str, int] = defaultdict(int)
    for row in figures.table("allocations_2025_26").to_pylist():
        if row["fund"].startswith("core-"):
            core[row["holder"]] += row["amount_pence"]
    printed = {
        row["organisation"]: row["expected_pence"]
        for row in figures.table("published_totals_2025_26").to_pylist()
        if row["fund"] == "core" and row["organisation"]
    }
    assert set(core) == set(printed)
    for icb, pence in printed.items():
        assert abs(core[icb] - pence) <= 6, icb  # eleven lines, each rounded to the penny
