"""The network contract: every element on its own count, GE4, arrears in the pattern of GE5, and claims."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocations.network import payments as part_year
from allocations.network.contract import (
    BASES,
    MONTHLY,
    Rate,
    gaps,
    how_paid,
    published_rates,
    rates,
    refuse_unpublished,
)
from allocations.network.files import Claim, read_claims, read_counts, settle
from allocations.network.payments import Count, Payment, believed, first_days, payments
from allocations.network.statement import by_month, statement
from ledger.errors import Refused
from ledger.years import FinancialYear

YEAR, LAST_YEAR = FinancialYear(2025), FinancialYear(2024)
APRIL, MARCH, JUNE = date(2025, 4, 1), date(2025, 3, 20), date(2025, 6, 12)
GE4 = {"registered": "45210", "adjusted": "46873.4", "contractor_weighted": "47105.0", "beds": "412"}
ANNUAL = {
    "core_registered": 10_244_586, "core_adjusted": 3_435_820, "enhanced_access": 39_500_214,
    "capacity_and_access_support": 15_036_987, "capacity_and_access_improvement": 6_445_093,
    "arrs_maximum": 125_445_326, "care_home_premium": 5_366_424,
}  # fmt: skip


def count(basis: str, people: str | int, effective: date = APRIL, notified: date = MARCH) -> Count:
    return Count("U00001", basis, Decimal(people), effective, notified, "tests")


def counts(effective: date = APRIL, notified: date = MARCH) -> list[Count]:
    return [count(basis, people, effective, notified) for basis, people in GE4.items()]


def of(found: Sequence[Payment], element: str) -> list[Payment]:
    return [payment for payment in found if payment.element == element]


# --- rates ----------------------------------------------------------------------------------------


def test_every_element_of_every_year_has_its_rate_on_its_basis() -> None:
    """The table of the contract, as known at the end of each year."""
    core = {
        2023: (
            {"core_registered": "1.50", "clinical_director": "0.729", "leadership_and_management": "0.684"},
            "2.913",
        ),
        2024: ({"core_registered": "2.218", "core_adjusted": "0.698"}, "2.916"),
        2025: ({"core_registered": "2.266", "core_adjusted": "0.733"}, "2.999"),
    }
    rest = {
        2023: ("7.578", "2.765", None, "22.671", "120"),
        2024: ("7.975", "3.248", "1.392", "22.894", "127.20"),
        2025: ("8.427", "3.208", "1.375", "26.631", "130.253"),
    }
    names = (
        "enhanced_access",
        "capacity_and_access_support",
        "capacity_and_access_improvement",
        "arrs_maximum",
        "care_home_premium",
    )
    bases = defaultdict(lambda: "adjusted", core_registered="registered", clinical_director="registered", arrs_gps="contractor_weighted",
                        arrs_maximum="contractor_weighted", care_home_premium="beds")  # fmt: skip
    for start, (parts, total) in core.items():
        expected = parts | {name: rate for name, rate in zip(names, rest[start], strict=True) if rate}
        expected |= {"arrs_gps": "1.303"} if start == 2024 else {}
        assert rates(FinancialYear(start)) == {name: (bases[name], Decimal(rate)) for name, rate in expected.items()}
        assert sum(map(Decimal, parts.values())) == Decimal(total)
    for start in core:
        for rate in published_rates(FinancialYear(start)):
            assert rate.basis in BASES
            assert FinancialYear(start).contains(rate.effective_from)
            assert rate.quality in ("red", "amber", "green")


def test_what_was_raised_without_its_division_is_said_from_the_day_it_was_known() -> None:
    before = {gap.element for gap in gaps(LAST_YEAR, date(2024, 9, 25))}
    after = {gap.element: gap.note for gap in gaps(LAST_YEAR, date(2024, 9, 26))}
    assert before == {"investment_and_impact"}
    assert "£2.967" in after["core_total"]
    assert "core_total" not in rates(LAST_YEAR)


def test_a_year_without_rates_is_refused_and_is_not_zero() -> None:
    with pytest.raises(Refused) as refused:
        refuse_unpublished(FinancialYear(2027))
    (problem,) = refused.value.problems
    assert problem.found == "the rates of the network contract of 2027/28 are not published here."
    assert problem.fix == "Ask for one of 2023/24, 2024/25, 2025/26, 2026/27."
    with pytest.raises(Refused, match="2030/31 are not published here"):
        refuse_unpublished(FinancialYear(2030))
    with pytest.raises(Refused, match="of 2025/26 were not known on 2025-03-26; the first came 2025-03-27"):
        refuse_unpublished(YEAR, date(2025, 3, 26))
    refuse_unpublished(YEAR, date(2025, 3, 27))


# --- the year, and its months ---------------------------------------------------------------------


def test_ge4() -> None:
    found = believed(YEAR, published_rates(YEAR), counts())
    assert {name: element.annual_pence for name, element in found.items()} == ANNUAL
    assert sum(ANNUAL.values()) == 205_474_450
    paid = payments(YEAR, published_rates(YEAR), counts())
    assert [payment.pence for payment in of(paid, "enhanced_access")] == [3_291_685, 3_291_684] * 6
    support = [payment.pence for payment in of(paid, "capacity_and_access_support")]
    assert [month for month, pence in enumerate(support, start=1) if pence == 1_253_083] == [2, 6, 10]
    assert sum(support) == ANNUAL["capacity_and_access_support"]
    # Core is one payment: its two parts come to its months, 11,400.34 but in months 4 and 10.
    parts = zip(of(paid, "core_registered"), of(paid, "core_adjusted"), strict=True)
    core = [registered.pence + adjusted.pence for registered, adjusted in parts]
    assert core == [1_140_034] * 3 + [1_140_033] + [1_140_034] * 5 + [1_140_033] + [1_140_034] * 2
    assert sum(of(paid, "core_adjusted")[month].pence for month in range(12)) == ANNUAL["core_adjusted"]
    assert {payment.element for payment in paid} == {name for name in ANNUAL if how_paid(name) == MONTHLY}
    assert all(payment.arrears_pence == 0 for payment in paid)


def test_ge5_a_corrected_population_is_made_good_in_the_month_it_is_known() -> None:
    """April and May were paid on the old figure; June pays the new one, and the difference of two months."""
    given = [*counts(), count("adjusted", "47311.9", notified=JUNE)]
    known = published_rates(YEAR)
    found = of(payments(YEAR, known, given), "core_adjusted")
    registered = part_year.monthly(ANNUAL["core_registered"])
    core = part_year.monthly(ANNUAL["core_registered"] + ANNUAL["core_adjusted"])
    assert [payment.pence for payment in found[:2]] == [core[month] - registered[month] for month in (0, 1)]
    assert [(payment.month, payment.arrears_pence, payment.arrears_months) for payment in found if payment.arrears_pence] == [
        (date(2025, 6, 1), 5_357, 2)
    ]  # fmt: skip
    rate = Fraction("0.733") * 100
    assert part_year.arrears([rate * Fraction("46873.4")], [rate * Fraction("47311.9")], 2) == 5_357
    corrected = [
        whole - part
        for whole, part in zip(part_year.monthly(ANNUAL["core_registered"] + 3_467_962), registered, strict=True)
    ]
    assert [payment.pence for payment in found[3:]] == corrected[3:]
    assert abs(found[2].pence - corrected[2]) <= 1  # it takes up the odd penny
    assert sum(payment.pence + payment.arrears_pence for payment in found) == 3_467_962
    # What was believed before the correction can still be asked, and is as it was.
    before = date(2025, 6, 11)
    assert payments(YEAR, known, given, before) == payments(YEAR, known, counts())
    assert believed(YEAR, known, given, before) == believed(YEAR, known, counts())
    assert believed(YEAR, known, given, JUNE)["core_adjusted"].annual_pence == 3_467_962
    # The other elements paid on the adjusted population are put right too, and no other.
    late = {payment.element for payment in payments(YEAR, known, given) if payment.arrears_pence}
    assert late == {"core_adjusted", "enhanced_access", "capacity_and_access_support"}


def test_a_rate_that_is_issued_again_and_backdated_gives_arrears() -> None:
    """September 2024: enhanced access from £7.674 to £7.975 and beds from £120 to £127.20, from April."""
    given = counts(date(2024, 4, 1), date(2024, 3, 20))
    found = payments(LAST_YEAR, published_rates(LAST_YEAR), given)
    beds = of(found, "care_home_premium")
    assert [payment.pence for payment in beds[:5]] == [412_000] * 5
    assert (beds[5].month, beds[5].arrears_pence, beds[5].arrears_months) == (date(2024, 9, 1), 5 * 412 * 60, 5)
    assert [payment.pence for payment in beds[5:]] == [412 * 1_060] * 7
    access = of(found, "enhanced_access")
    assert access[5].arrears_pence == round(Fraction("0.301") * 100 * Fraction("46873.4") * 5 / 12)


def test_gps_count_from_october_alone_and_for_the_whole_of_their_six_months() -> None:
    """£65,150 for six months to a network of 50,000 weighted people, as it was reported."""
    given = [count("contractor_weighted", 50_000, date(2024, 4, 1), date(2024, 3, 20))]
    known = published_rates(LAST_YEAR)
    gps = believed(LAST_YEAR, known, given)["arrs_gps"]
    assert gps.months[:6] == (0,) * 6
    assert gps.months[6:] == (Fraction(6_515_000, 6),) * 6
    assert gps.annual_pence == 6_515_000
    assert "arrs_gps" not in believed(LAST_YEAR, known, given, date(2024, 9, 25))


def test_a_count_that_changes_in_the_year_counts_from_its_month_alone() -> None:
    given = [count("beds", 400), count("beds", 424, date(2025, 10, 1), date(2025, 9, 3))]
    element = believed(YEAR, published_rates(YEAR), given)["care_home_premium"]
    assert element.months[5] == Fraction(400) * Fraction("130.253") * 100 / 12
    assert element.months[6] == Fraction(424) * Fraction("130.253") * 100 / 12
    assert element.annual_pence == round((400 + 424) * Fraction("130.253") * 100 / 2)
    found = of(payments(YEAR, published_rates(YEAR), given), "care_home_premium")
    assert all(payment.arrears_pence == 0 for payment in found)
    assert sum(payment.pence for payment in found) == element.annual_pence
    # A later correction of the first count leaves the second, which is a fact of its own.
    corrected = [*given, count("beds", 412, notified=date(2025, 12, 5))]
    months = believed(YEAR, published_rates(YEAR), corrected)["care_home_premium"].months
    assert (months[5], months[6]) == (Fraction(412) * Fraction("130.253") * 100 / 12, element.months[6])


def test_a_missing_population_is_missing_and_not_zero() -> None:
    found = believed(YEAR, published_rates(YEAR), [count("registered", 45_210), count("beds", 5, date(2025, 7, 1))])
    assert found["core_registered"].annual_pence == ANNUAL["core_registered"]
    assert (found["core_adjusted"].annual_pence, found["core_adjusted"].missing) == (None, "no adjusted count is known")
    assert found["care_home_premium"].annual_pence is None
    assert found["care_home_premium"].missing == "no beds count is known for 3 of its months"
    paid = payments(YEAR, published_rates(YEAR), [count("registered", 45_210)])
    assert {payment.pence for payment in of(paid, "core_adjusted")} == {None}
    assert believed(YEAR, published_rates(YEAR), [count("beds", 0)])["care_home_premium"].annual_pence == 0


def test_a_count_that_comes_late_is_paid_from_then_with_what_was_owed() -> None:
    found = of(payments(YEAR, published_rates(YEAR), [count("beds", 412, notified=JUNE)]), "care_home_premium")
    assert [payment.pence for payment in found[:2]] == [None, None]
    assert found[2].arrears_pence == round(Fraction(ANNUAL["care_home_premium"], 6))
    assert sum((payment.pence or 0) + payment.arrears_pence for payment in found) == ANNUAL["care_home_premium"]


def test_a_correction_after_the_year_closes_it_to_the_penny() -> None:
    given = [*counts(), count("beds", 400, notified=date(2026, 5, 20))]
    found = of(payments(YEAR, published_rates(YEAR), given), "care_home_premium")
    assert len(found) == 13
    assert (found[-1].month, found[-1].pence, found[-1].arrears_months) == (date(2026, 5, 1), 0, 12)
    assert found[-1].arrears_pence == 5_210_120 - ANNUAL["care_home_premium"]
    assert len(of(payments(YEAR, published_rates(YEAR), given, date(2026, 5, 19)), "care_home_premium")) == 12


# --- what always holds ----------------------------------------------------------------------------

firsts = st.sampled_from(first_days(YEAR))
days = st.dates(date(2025, 3, 1), date(2026, 9, 30))
people = st.decimals(0, 300_000, places=3)
some_counts = st.lists(st.builds(count, st.just("adjusted"), people, firsts, days), max_size=5)
some_rates = st.lists(
    st.builds(Rate, st.just("enhanced_access"), st.just("adjusted"), st.decimals("0.001", 30, places=3), st.just(12), firsts, days,
              st.just("tests"), st.just("green")),
    max_size=3,
)  # fmt: skip
FIRST_COUNT = count("adjusted", "46873.4", APRIL, date(2025, 3, 1))
FIRST_RATE = Rate("enhanced_access", "adjusted", Decimal("8.427"), 12, APRIL, date(2025, 3, 1), "tests", "green")


@settings(max_examples=60, deadline=None)
@given(some_rates, some_counts, st.none() | days)
def test_payments_and_arrears_sum_to_the_year(
    given_rates: list[Rate], given: list[Count], known_on: date | None
) -> None:
    all_rates, all_counts = [FIRST_RATE, *given_rates], [FIRST_COUNT, *given]
    annual = believed(YEAR, all_rates, all_counts, known_on)["enhanced_access"].annual_pence
    found = payments(YEAR, all_rates, all_counts, known_on)
    assert sum(payment.pence + payment.arrears_pence for payment in found) == annual
    assert [payment.month for payment in found[:12]] == first_days(YEAR)


@settings(max_examples=60, deadline=None)
@given(people, people, st.integers(1, 11))
def test_believed_payments_arrears_and_later_payments_make_the_corrected_year(
    old: Decimal, new: Decimal, month: int
) -> None:
    """Each at its own rounding: nothing is off by more than the halves that rounding may lose."""
    notified = first_days(YEAR)[month].replace(day=15)
    first = [count("adjusted", old)]
    before, after = (
        of(payments(YEAR, [FIRST_RATE], given), "enhanced_access") for given in (first, [count("adjusted", new)])
    )
    found = of(payments(YEAR, [FIRST_RATE], [*first, count("adjusted", new, notified=notified)]), "enhanced_access")
    assert [payment.pence for payment in found[:month]] == [payment.pence for payment in before[:month]]
    exact = (Fraction(new) - Fraction(old)) * Fraction(FIRST_RATE.pounds) * 100
    assert found[month].arrears_pence == part_year.arrears([Fraction(0)], [exact], month)
    assert abs(found[month].pence - after[month].pence) <= 2
    assert [payment.pence for payment in found[month + 1 :]] == [payment.pence for payment in after[month + 1 :]]


@settings(max_examples=60, deadline=None)
@given(some_rates, some_counts, some_rates, some_counts, days)
def test_what_is_learnt_later_never_changes_what_was_believed(
    rates_: list[Rate], counts_: list[Count], later_rates: list[Rate], later_counts: list[Count], known_on: date
) -> None:
    early = ([FIRST_RATE, *rates_], [FIRST_COUNT, *counts_])
    late = (
        [*early[0], *(rate for rate in later_rates if rate.notified_on > known_on)],
        [*early[1], *(its for its in later_counts if its.notified_on > known_on)],
    )
    assert believed(YEAR, *late, known_on) == believed(YEAR, *early, known_on)
    told = payments(YEAR, *early, known_on)
    assert payments(YEAR, *late, known_on) == told
    # What was paid by then is paid, whatever is learnt: only months to come may change.
    past = [payment for payment in told if (payment.month.year, payment.month.month) < (known_on.year, known_on.month)]
    assert payments(YEAR, *late)[: len(past)] == tuple(past)


# --- claims ---------------------------------------------------------------------------------------


def claim(month: date, pence: int) -> Claim:
    return Claim("U00001", "arrs_maximum", month, pence)


def test_ge4_claims_up_to_the_entitlement() -> None:
    months = part_year.monthly(118_843_217)
    found = settle(
        "arrs_maximum", [claim(*pair) for pair in zip(first_days(YEAR), months, strict=True)], ANNUAL["arrs_maximum"]
    )
    assert (found.claimed_pence, found.unclaimed_pence, found.above_pence) == (118_843_217, 6_602_109, 0)
    assert found.used_percent == Decimal("94.74")


def test_a_claim_above_the_entitlement_is_capped_and_said() -> None:
    first = first_days(YEAR)
    found = settle(
        "arrs_maximum", [claim(first[1], 50), claim(first[0], 70), claim(first[1], 5), claim(first[2], 1)], 100
    )
    assert (found.claimed_pence, found.reimbursed_pence, found.above_pence, found.unclaimed_pence) == (126, 100, 26, 0)
    assert [(month.claimed_pence, month.reimbursed_pence) for month in found.months] == [(70, 70), (55, 30), (1, 0)]
    assert found.used == 1


def test_claims_against_what_is_not_known_stay_unknown() -> None:
    found = settle("arrs_maximum", [claim(APRIL, 5)], None)
    assert (found.claimed_pence, found.reimbursed_pence, found.unclaimed_pence, found.used) == (5, None, None, None)
    assert found.months[0].reimbursed_pence is None
    assert settle("arrs_maximum", [], 0).used_percent is None


# --- files ----------------------------------------------------------------------------------------

HEADER = "pcn,basis,people,effective_from,notified_on,source\n"


def written(folder: Path, text: str, name: str = "counts.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def test_counts_are_read_exactly(tmp_path: Path) -> None:
    text = (
        HEADER
        + 'u00001,Contractor weighted,"47,105.05",2025-04-01,2025-03-20,A letter\nU2,beds,0,2025-07-01,2025-06-30,B\n'
    )
    assert read_counts(written(tmp_path, text)) == (
        Count("U00001", "contractor_weighted", Decimal("47105.05"), APRIL, MARCH, "A letter"),
        Count("U2", "beds", Decimal(0), date(2025, 7, 1), date(2025, 6, 30), "B"),
    )


def test_every_problem_of_a_file_of_counts_is_listed_with_its_line(tmp_path: Path) -> None:
    rows = (
        "U1,adjusted,5,2025-04-01,2025-03-20,S",
        "U1,weighted,-5,2025-04-01,2025-03-20,S",
        "U1,beds,n/a,2025-04-01,20 March,S",
        "U1,beds,,2025-04-02,2025-02-30,",
        "u1,Adjusted,6,2025-04-01,2025-03-20,S",
        ",beds,1e3,01/04/2025,2025-03-20,S",
        'U1,beds,"1,00",2025-04-01,2025-03-20,S',
        "U1,beds,999999999,2025-04-01,2025-03-20,S",
        "U1,adjusted,5,2025-04-01,2025-06-20,S",
        "U1,beds,NaN,2025-04-01,2025-03-20,S",
    )
    with pytest.raises(Refused) as refused:
        read_counts(written(tmp_path, HEADER + "\n".join(rows)))
    assert [(problem.where.removeprefix("counts.csv, line "), problem.found) for problem in refused.value.problems] == [
        ("3", "the basis is 'weighted'."),
        ("3", "the people are '-5'."),
        ("4", "the people are 'n/a'."),
        ("4", "notified_on is '20 March'."),
        ("5", "the people are ''."),
        ("5", "effective_from is '2025-04-02'."),
        ("5", "notified_on is '2025-02-30'."),
        ("5", "the column 'source' is empty."),
        ("6", "U1, Adjusted, from 2025-04-01, known on 2025-03-20 is on line 2 too."),
        ("7", "no PCN is named."),
        ("7", "the people are '1e3'."),
        ("7", "effective_from is '01/04/2025'."),
        ("8", "the people are '1,00'."),
        ("9", "the people are '999999999'."),
        ("11", "the people are 'NaN'."),
    ]
    assert "There cannot be fewer than none." in str(refused.value)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "there is no column pcn, basis, people, effective_from, notified_on, source; the columns are missing."),
        (
            "pcn,basis,people\n",
            "there is no column effective_from, notified_on, source; the columns are pcn, basis, people.",
        ),
        (HEADER, "it has no lines."),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(Refused) as refused:
        read_counts(written(tmp_path, text))
    assert [problem.found for problem in refused.value.problems] == [sentence]


def test_claims_are_read_to_the_penny_and_their_problems_listed(tmp_path: Path) -> None:
    text = 'PCN code,month,amount,reference\nu1,2025-04,"£99,000.17",a\nU1,2025-04,1,b\nU2,2025-05-01,2,\n'
    assert [(its.network, its.month, its.pence, its.element) for its in read_claims(written(tmp_path, text))] == [
        ("U1", APRIL, 9_900_017, "arrs_maximum"), ("U1", APRIL, 100, "arrs_maximum"), ("U2", date(2025, 5, 1), 200, "arrs_maximum"),
    ]  # fmt: skip
    wrong = "pcn,month,amount\nU1,2025-04,5\nU1,April,5\nU1,2025-05,-5\nU1,2025-05,five\nU1,2025-04,6\n,2025-13,1.005\n"
    with pytest.raises(Refused) as refused:
        read_claims(written(tmp_path, wrong, "claims.csv"))
    assert [(problem.where.removeprefix("claims.csv, line "), problem.found) for problem in refused.value.problems] == [
        ("3", "the month is 'April'."),
        ("4", "the amount is '-5'."),
        ("5", "the amount is 'five'."),
        ("6", "U1 has a claim for 2025-04 on line 2 too."),
        ("7", "no PCN is named."),
        ("7", "the month is '2025-13'."),
        ("7", "the amount is '1.005'."),
    ]


# --- together -------------------------------------------------------------------------------------


def test_the_shipped_stand_ins_are_marked_and_give_way_to_the_users_counts(tmp_path: Path) -> None:
    shipped = statement("u89141", YEAR)
    marks = {line.name: line.element.count and line.element.count.illustrative for line in shipped.lines}
    assert (marks["core_registered"], marks["core_adjusted"], marks["arrs_maximum"]) == (True, True, None)
    assert shipped.without == ("arrs_maximum", "care_home_premium")
    assert shipped.total_pence == sum(line.annual_pence for line in shipped.lines if line.annual_pence is not None)
    own = statement(
        "U89141",
        YEAR,
        counts_file=written(
            tmp_path, f"{HEADER}U89141,adjusted,5,2025-04-01,2025-03-20,S\nU1,beds,1,2025-04-01,2025-03-20,S\n"
        ),
    )
    marks = {line.name: line.element.count and line.element.count.illustrative for line in own.lines}
    assert (marks["core_registered"], marks["core_adjusted"]) == (True, False)
    assert "Left aside: counts of other networks in the same file (1)." in own.remarks
    assert statement("U89141", LAST_YEAR).total_pence is None


def test_months_are_added_up_over_the_elements(tmp_path: Path) -> None:
    rows = [f"U00001,{basis},{number},2025-04-01,2025-03-20,S" for basis, number in GE4.items()]
    rows.append("U00001,adjusted,47311.9,2025-04-01,2025-06-12,S")
    found = statement("U00001", YEAR, counts_file=written(tmp_path, HEADER + "\n".join(rows)))
    months = by_month(found.payments)
    assert [month.month for month in months] == first_days(YEAR)
    assert sum(month.total_pence for month in months) == sum(
        line.annual_pence for line in found.lines if line.paid == MONTHLY
    )
    assert months[2].arrears_pence == sum(payment.arrears_pence for payment in found.arrears) > 0
    assert found.per_head_pounds == Decimal("45.5822")
    known = statement(
        "U00001", YEAR, counts_file=written(tmp_path, HEADER + "\n".join(rows)), known_on=date(2025, 6, 11)
    )
    assert (known.total_pence, known.per_head_pounds) == (205_474_450, Decimal("45.4489"))
