"""A pot shared out by what it is for: mixtures, ages, indicators, numbers of one's own, and least amounts."""

import csv
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocations.figures import tables
from allocations.figures.tables import POPULATION
from allocations.figures.weightings import UnknownWeighting
from allocations.places.division import UNASSIGNED
from allocations.shares.apportion import apportion
from allocations.shares.mixture import terms
from allocations.shares.populations import Populations, shipped
from allocations.shares.posting import drafts
from allocations.shares.sharing import with_floor
from allocations.shares.split import Allocation, Part, allocate
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.reports.position import moment, position
from ledger.store.base import Store
from ledger.years import FinancialYear

YEAR = FinancialYear(2025)
# Practice, place, network, registered people, people weighted by core.
PRACTICES = (("G1", "P1", "N1", 100, 200), ("G2", "P1", "N2", 300, 200), ("G3", "P2", "N2", 600, 600))


def people(*practices: tuple[str, str | None, str | None, int, int]) -> Populations:
    columns = list(zip(*(practices or PRACTICES), strict=True))
    words = [pa.array(column, pa.string()) for column in columns[:3]]
    counts = [pa.array([Decimal(one) for one in column], POPULATION) for column in columns[3:]]
    icbs = pa.array(["ICB1"] * len(columns[0]), pa.string())
    names = ["icb", "practice", "place", "pcn", "registered", "core"]
    return Populations(YEAR, pa.table([icbs, *words, *counts], names=names), "the tests")


def share_out(by: str, pounds: int = 1000, level: str = "place", **given: object) -> Allocation:
    asked = {"icb": "ICB1", "year": YEAR, "fund": "core", "populations": people(), **given}
    return allocate(by=by, level=level, amount_pence=pounds * 100, **asked)  # type: ignore[arg-type]


def pounds(split: Allocation) -> dict[str, int]:
    return {part.code: part.amount_pence // 100 for part in split.parts}


def file(folder: Path, content: str, name: str = "numbers.csv") -> str:
    path = folder / name
    path.write_text(content, encoding="utf-8")
    return str(path)


def refusal(by: str, **given: object) -> str:
    with pytest.raises(Refused) as refused:
        share_out(by, **given)
    return "\n".join(map(str, refused.value.problems))


# --- how it is written ----------------------------------------------------------------------------


def test_a_mixture_is_read_as_it_is_written() -> None:
    found = terms("62.5% registered, 1/8 women 15-49,25% by my, own file.csv")
    assert [(term.part, term.by) for term in found] == [
        (Fraction(5, 8), "registered"), (Fraction(1, 8), "women 15-49"), (Fraction(1, 4), "my, own file.csv"),
    ]  # fmt: skip
    assert [(term.part, term.by) for term in terms("core")] == [(1, "core")]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("60% registered, 50% core", "the parts make 110%, 10% more than the whole."),
        ("60% registered, 33.3% core", "the parts make 93.3%, 6.7% less than the whole."),
        ("registered, 50% core", "'registered' has no percentage."),
        ("50% core, 50% Core", "'Core' stands twice."),
    ],
)
def test_a_mixture_that_does_not_make_the_whole_is_refused(text: str, said: str) -> None:
    with pytest.raises(Refused) as refused:
        terms(text)
    assert said in str(refused.value)


# --- values by hand -------------------------------------------------------------------------------


def test_registered_people_and_numbers_of_practices(tmp_path: Path) -> None:
    """P1 has 4 of 10 people and 20 of 40 cases: 0.6 x 0.4 + 0.4 x 0.5 = 0.44 of £1,000. By core it has 4 of 10."""
    cases = file(tmp_path, "code,value\nG1,10\nG2,10\nG3,20\nY99999,5\n")
    split = share_out(f"60% registered, 40% {cases}")
    assert pounds(split) == {"P1": 440, "P2": 560}
    first, second = split.parts
    assert (first.share, first.numbers) == (Fraction(11, 25), (400, 20))
    assert (first.plain_pence, first.more_pence, first.per_head_pence(first.more_pence)) == (40_000, 4_000, 10)
    # £40 over 600 people are 6.67 pence each.
    assert (second.plain_pence, second.more_pence, second.per_head_pence(second.more_pence)) == (60_000, -4_000, -7)
    assert split.mixture is not None
    assert split.mixture.terms[1].left_aside == 1
    more, less, moved = split.gainers()
    assert ([part.code for part in more], [part.code for part in less], moved) == (["P1"], ["P2"], 4_000)


def test_the_discharge_fund_of_2022_in_two_tranches(tmp_path: Path) -> None:
    """GE12: 25% by weighted people (4 to 6) and 75% by delays (1 to 3): 0.2875 and 0.7125; tranches of 40 and 60."""
    delays = file(tmp_path, "place,number\nP1,1\nP2,3\n")
    first, second = (share_out(f"25% core, 75% {delays}", amount) for amount in (400, 600))
    assert pounds(first) == {"P1": 115, "P2": 285}
    # £172.50 and £427.50 in whole pounds: the odd one goes to the larger share.
    assert pounds(second) == {"P1": 172, "P2": 428}
    assert sum(part.amount_pence for part in (*first.parts, *second.parts)) == 100_000


def test_rates_are_multiplied_by_registered_people(tmp_path: Path) -> None:
    """10% of 100, 20% of 300 and 5% of 600 are 10, 60 and 30 people: 70 to 30."""
    rates = file(tmp_path, "practice code,rate\nG1,10%\nG2,20%\nG3,5%\n")
    split = share_out(rates)
    assert pounds(split) == {"P1": 700, "P2": 300}
    assert split.mixture is not None
    assert split.mixture.terms[0].counts == "'rate' of numbers.csv x registered people"


def test_for_networks_and_practices_alike(tmp_path: Path) -> None:
    cases = file(tmp_path, "code,value\nG1,10\nG2,10\nG3,20\n")
    assert pounds(share_out(cases, level="pcn")) == {"N1": 250, "N2": 750}
    assert pounds(share_out(cases, level="practice")) == {"G1": 250, "G2": 250, "G3": 500}


def test_whoever_has_no_number_is_a_problem_and_never_nothing(tmp_path: Path) -> None:
    """With the average, G3 has 600 people x 20 cases / 400 people: 30, so P1 has 20 of 50."""
    cases = file(tmp_path, "code,value\nG1,10\nG2,10\nG3,n/a\n")
    said = refusal(cases)
    assert "1 of 3 have no number" in said
    assert "G3" in said
    split = share_out(cases, missing="average")
    assert pounds(split) == {"P1": 400, "P2": 600}
    assert split.mixture is not None
    assert split.mixture.terms[0].averaged == ("G3",)


def test_practices_of_no_network_keep_their_share_and_are_shown(tmp_path: Path) -> None:
    of_none = people(("G1", "P1", "N1", 100, 200), ("G2", "P1", None, 300, 200), ("G3", "P2", "N2", 600, 600))
    split = share_out("50% registered, 50% core", level="pcn", populations=of_none, floor_pence=20_000)
    # 0.15, 0.25 of none, 0.6; N1 is lifted to £200, and £800 is shared 25 to 60: £235.29 and £564.71.
    assert pounds(split) == {"N1": 200, "N2": 565, UNASSIGNED: 235}
    by_network = file(tmp_path, "pcn,value\nN1,1\nN2,1\n")
    assert UNASSIGNED in refusal(by_network, level="pcn", populations=of_none)
    given = file(tmp_path, f"pcn,value\nN1,1\nN2,1\n{UNASSIGNED},2\n")
    assert pounds(share_out(given, level="pcn", populations=of_none)) == {"N1": 250, "N2": 250, UNASSIGNED: 500}


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("code,value\nG1,1\nG1,2\nG2,1\nG3,1\n", "G1 is on line 2 too."),
        ("code,value\nG1,-1\nG2,1\nG3,1\n", "the number is -1."),
        ("code,value\nG1,lots\nG2,1\nG3,1\n", "line 2"),
        ("code,value\nP1,1\nP2,1\nG3,1\n", "it has numbers of 2 by place and of 1 practices."),
        ("code,value\nG1,10%\nG2,20%\nG3,5%\n", "it is a percentage, in a column of numbers."),
        ("code,rate\nG1,10%\nG2,20\nG3,5%\n", "2 of 3 are percentages."),
        ("who,what\nG1,10\n", "its columns are who, what."),
        ("code,value\nG1,0\nG2,0\nG3,0\n", "is nothing for everybody."),
    ],
)
def test_numbers_that_cannot_be_used_are_refused(tmp_path: Path, content: str, said: str) -> None:
    assert said in refusal(file(tmp_path, content))


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("no such file.csv", "there is no such file."),
        ("numbers.xlsx", "is no CSV file."),
        ("women 15-48", "is no group of ages that can be told apart."),
        ("people 65-20", "is no group of ages that can be told apart."),
        ("prescribing", "has no weighted population 'prescribing'."),
        ("50% registered, 50% maternity", "the figures have no weighted population 'maternity'."),
    ],
)
def test_a_measure_that_there_is_not_is_refused(by: str, said: str) -> None:
    assert said in refusal(by)


@pytest.mark.parametrize(
    ("by", "said"),
    [("diabets", "Did you mean diabetes?"), ("50% registered, 50% children", "There is no weighting 'children'.")],
)
def test_a_name_that_is_no_measure_is_met_with_the_nearest(by: str, said: str) -> None:
    with pytest.raises(UnknownWeighting, match=re.escape(said)):
        share_out(by)


# --- a least amount -------------------------------------------------------------------------------


def test_a_least_amount_lifts_the_smallest_and_the_others_share_the_rest() -> None:
    """1, 29 and 70 parts of £1,000 with £50 each at least: £950 go 29 to 70, which is £278.28 and £671.72."""
    shares = {"A": Fraction(1, 100), "B": Fraction(29, 100), "C": Fraction(70, 100)}
    assert with_floor(1000, shares, 50, set(shares), unit_pence=100) == ({"A": 50, "B": 278, "C": 672}, {"A"})
    # With £280, what is left for B and C is £720, of which B's part is £210.91: B is lifted too.
    assert with_floor(1000, shares, 280, set(shares), unit_pence=100) == ({"A": 280, "B": 280, "C": 440}, {"A", "B"})


def test_a_least_amount_that_cannot_be_met_says_by_how_much() -> None:
    said = refusal("core", floor_pence=60_000)
    assert "£600.00 for each of 2 comes to £1,200.00, which is £200.00 more than the £1,000.00 that is shared." in said
    assert "Give at most £500.00" in said
    assert pounds(share_out("core", floor_pence=50_000)) == {"P1": 500, "P2": 500}


def test_pence_of_a_least_amount_split_the_pot_in_pence() -> None:
    assert [part.amount_pence for part in share_out("core", floor_pence=40_001).parts] == [40_001, 59_999]
    assert "is not a whole number of units" in refusal("core", floor_pence=40_001, unit="pound")
    assert "of money that is handed out" in refusal("core", pounds=-1000, floor_pence=100)


@settings(suppress_health_check=[HealthCheck.too_slow])  # what is drawn is small: it is the machine that may be busy
@given(st.lists(st.integers(0, 50), min_size=1, max_size=8), st.integers(0, 5_000), st.integers(0, 700))
def test_a_split_with_a_least_amount_sums_and_keeps_its_promise(weights: list[int], total: int, floor: int) -> None:
    weights[0] += 1
    shares = {str(at): Fraction(weight, sum(weights)) for at, weight in enumerate(weights)}
    if floor * len(shares) > total:
        with pytest.raises(Refused):
            with_floor(total, shares, floor, set(shares), unit_pence=1)
        return
    parts, at_floor = with_floor(total, shares, floor, set(shares), unit_pence=1)
    assert sum(parts.values()) == total
    assert all(part >= floor for part in parts.values())
    assert all(parts[code] == floor for code in at_floor)
    if not at_floor:
        assert parts == apportion(total, shares)


# --- shipped measures, recomputed by other code ---------------------------------------------------


def shipped_rows(name: str) -> list[dict[str, str]]:
    with (tables.FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))


def test_women_of_an_age_by_network() -> None:
    pcn = {row["practice"]: row["pcn"] for row in shipped_rows("practices_2026_27") if row["icb"] == "QT1"}
    ages = {row["practice"]: row for row in shipped_rows("practice_ages") if row["sex"] == "F"}
    groups = [f"from_{start}" for start in (15, 16, 17, 18, 20, 25, 30, 35, 40, 45)]
    expected: dict[str, int] = {}
    for practice in pcn.keys() & ages.keys():
        women = sum(int(ages[practice][group]) for group in groups)
        expected[pcn[practice]] = expected.get(pcn[practice], 0) + women
    split = allocate(
        icb="QT1", year=FinancialYear(2026), fund="core", level="pcn", by="women 15-49", amount_pence=10**9,
        populations=shipped(FinancialYear(2026)),
        missing="average",
    )  # fmt: skip
    assert split.mixture is not None
    without = {pcn[code] for code in split.mixture.terms[0].averaged}
    found = {part.code: part.numbers[0] for part in split.parts if part.code not in (*without, UNASSIGNED)}
    assert len(found) > 15
    assert found == {code: expected[code] for code in found}


def test_a_shipped_indicator_adds_up_over_practices() -> None:
    place = {row["practice"]: row["pcn"] for row in shipped_rows("practices_2025_26") if row["icb"] == "QGH"}
    ill = {row["practice"]: Decimal(row["diabetes"]) for row in shipped_rows("practice_indicators")}
    split = allocate(
        icb="QGH",
        year=YEAR,
        fund="core",
        level="pcn",
        by="40% diabetes, 60% core",
        amount_pence=10**9,
        missing="average",
    )
    assert split.mixture is not None
    without = {place[code] for code in split.mixture.terms[0].averaged}
    for part in split.parts:
        if part.code not in (*without, UNASSIGNED):
            own = sum(number for code, number in ill.items() if place.get(code) == part.code)
            assert part.numbers[0] == Fraction(own)


def test_what_is_known_of_practices_ties_to_everybody() -> None:
    """63,673,685 people were registered on 1 April 2026; ill health is never more than the people there are."""
    everybody = sum(
        int(number) for row in shipped_rows("practice_ages") for name, number in row.items() if name.startswith("from_")
    )
    assert everybody == 63_673_685
    diabetes = sum(Decimal(row["diabetes"]) for row in shipped_rows("practice_indicators"))
    assert Decimal(3900000) < diabetes < Decimal(4600000)


# --- in the books ---------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["file", "server"])
def test_a_mixture_is_posted_and_asked_twice_it_is_posted_once(funded: Store, tmp_path: Path) -> None:
    cases = file(tmp_path, "code,value\nG1,10\nG2,10\nG3,20\n")
    split = share_out(f"60% registered, 40% {cases}", floor_pence=45_000)
    for _ in range(2):
        with funded.read() as reader:
            asked = drafts(reader, split, standing="available", actor="tests", day=None, key=None)
        posted = post(funded, asked)
    assert posted[-1].replayed
    with funded.read() as reader:
        rows = position(reader, moment(reader)).to_pylist()
        held = {row["organisation"]: row["amount_pence"] for row in rows if row["organisation"] in ("P1", "P2")}
        assert held == {"P1": 45_000, "P2": 55_000}
        notes = [row[0] for row in reader.rows("SELECT note FROM transfer WHERE note LIKE '44%'")]
    assert notes == ["44.000000% by 60% registered, 40% numbers.csv, at least £450.00 each, which is the least amount"]


def test_a_part_says_what_it_is_beside() -> None:
    assert Part("P1", "P1", 1, 0, 0, Fraction(1), 100).per_head_pence(100) is None
