"""Historic budget, fair share, distance from target, issued budget, and the bridge that ties them."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocations.shares.historic import Historic, read_historic
from allocations.shares.pace import PaceRule
from allocations.shares.schedule import (
    ALL,
    FROM_BOOKS,
    NOT_ISSUED,
    Line,
    Schedule,
    issued_in_books,
    schedule,
    weighting_of,
)
from allocations.shares.split import allocate
from ledger.errors import Refused
from ledger.reports import position
from ledger.store.base import Store
from ledger.years import FinancialYear

YEAR = FinancialYear(2025)
PLACES = {
    part.code: part.name
    for part in allocate(icb="QWO", year=YEAR, fund="core", level="place", by="core", amount_pence=100).parts
}
# Bradford, Calderdale, Kirklees, Leeds, North Yorkshire (Craven) and Wakefield.
BUDGETS = (130_000_000, 45_000_000, 80_000_000, 160_000_000, 11_000_000, 90_000_000)
FUNDS = {"core-community": "Core services: community", "core-prescribing": "Core services: prescribing"}
RULE = PaceRule(
    title="Half a point", reason="to test", base_growth=Fraction(3, 100), floor=Fraction(2, 100),
    cap=Fraction(45, 1000), curve=((Fraction(-5, 100), Fraction(1, 100)), (Fraction(5, 100), Fraction(-1, 100))),
)  # fmt: skip


def historic(pence: dict[tuple[str, str], int]) -> Historic:
    return Historic("budgets.csv", "0" * 64, pence, {key: f"budgets!C{row}" for row, key in enumerate(pence, 2)})


def had(*pounds: int, fund: str = "core-community") -> dict[tuple[str, str], int]:
    return {(code, fund): amount * 100 for code, amount in zip(PLACES, pounds, strict=True)}


def work_out(**given: object) -> Schedule:
    return schedule(**{"icb": "QWO", "year": YEAR, "level": "place", **given})  # type: ignore[arg-type]


def find(found: Schedule, fund: str, organisation: str) -> Line:
    (line,) = [line for line in found.lines if (line.fund, line.organisation) == (fund, organisation)]
    return line


def test_a_line_is_shared_by_its_own_weighting_or_by_that_of_the_line_around_it() -> None:
    assert weighting_of("core-mental-health") == "mental_health"
    assert weighting_of("core-overseas-visitors") == "core"
    assert weighting_of("pod-lfd-testing") == "registered"


def test_a_planned_schedule_ties_from_what_there_was_to_what_there_will_be() -> None:
    found = work_out(historic=historic(had(*BUDGETS)), pace=RULE)
    whole = find(found, "core-community", ALL)
    assert whole.historic_pence == 516_000_000_00
    assert whole.issued_pence == whole.fair_pence == 531_480_000_00
    assert (whole.growth_pence, whole.movement_pence) == (15_480_000_00, 0)
    for line in found.lines:
        assert line.historic_pence + line.growth_pence + line.movement_pence == line.issued_pence
        assert line.closing_pence == line.issued_pence - line.fair_pence
    limits = {line.limit for line in found.lines}
    assert limits == {"", "floor"}
    assert list(found.basis) == ["core-community"]


def test_the_opening_distance_is_the_share_of_old_budgets_over_the_fair_share_less_one() -> None:
    amounts = had(*BUDGETS)
    found = work_out(historic=historic(amounts), pace=RULE)
    shares = allocate(icb="QWO", year=YEAR, fund="x", level="place", by="community", amount_pence=100).parts
    for part in shares:
        line = find(found, "core-community", part.code)
        exact = Fraction(amounts[part.code, "core-community"], sum(amounts.values())) / part.share - 1
        assert line.of_target(line.opening_pence) == pytest.approx(float(exact), abs=1e-6)


def test_what_is_not_known_is_not_available_and_never_zero() -> None:
    amounts = had(*BUDGETS)
    missing = next(iter(amounts))
    del amounts[missing]
    found = work_out(historic=historic(amounts))
    line, whole = find(found, "core-community", missing[0]), find(found, "core-community", ALL)
    assert (line.historic_pence, line.growth_pence, line.opening_pence, line.issued_pence) == (None,) * 4
    assert (whole.historic_pence, whole.issued_pence) == (None, None)
    assert line.of_target(line.closing_pence) is None
    assert line.per_head_pence(None) is None
    assert found.basis == {"core-community": NOT_ISSUED}
    with pytest.raises(Refused, match=r"its historic budget is not known\..*missing is not zero"):
        work_out(historic=historic(amounts), pace=RULE)


def test_what_the_books_say_was_issued_stands_beside_its_fair_share(demo_ledger: Path) -> None:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        issued = issued_in_books(reader, position.moment(reader), "QWO", YEAR, "place")
        networks = issued_in_books(reader, position.moment(reader), "QWO", YEAR, "pcn")
    found = work_out(issued=issued)
    assert set(found.basis.values()) == {FROM_BOOKS}
    assert find(found, ALL, ALL).issued_pence == sum(issued.values())
    # The demo devolves by the same weighted populations: what is issued is the fair share.
    assert {line.closing_pence for line in found.lines if line.fund == "core-prescribing"} == {0}
    by_network = work_out(issued=networks, level="pcn")
    assert find(by_network, "network-core-payment", ALL).issued_pence == sum(networks.values())
    assert any(line.closing_pence for line in by_network.lines)


def test_money_that_went_to_others_than_these_is_refused() -> None:
    with pytest.raises(Refused, match="core-community was issued to ELSEWHERE, who are not among these"):
        work_out(issued={("ELSEWHERE", "core-community"): 5})


def test_a_schedule_of_nothing_is_refused() -> None:
    with pytest.raises(Refused, match="no line has a budget"):
        work_out()


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.integers(1, 10**12), min_size=6, max_size=6), st.lists(st.integers(1, 10**9), min_size=6, max_size=6)
)
def test_every_bridge_ties_for_any_budgets(community: list[int], prescribing: list[int]) -> None:
    amounts = {
        **{(code, "core-community"): pence for code, pence in zip(PLACES, community, strict=True)},
        **{(code, "core-prescribing"): pence for code, pence in zip(PLACES, prescribing, strict=True)},
    }
    found = work_out(historic=historic(amounts), issued={key: pence * 3 // 2 for key, pence in amounts.items()})
    for line in found.lines:
        assert line.historic_pence + line.growth_pence + line.movement_pence == line.issued_pence
    for fund in FUNDS:
        assert find(found, fund, ALL).movement_pence == 0
    assert find(found, ALL, ALL).historic_pence == sum(amounts.values())
    for code in PLACES:
        assert find(found, ALL, code).issued_pence == sum(amounts[code, fund] * 3 // 2 for fund in FUNDS)


# --- the file of historic budgets -----------------------------------------------------------------


def test_historic_budgets_are_read_by_code_or_name_wherever_the_header_stands(tmp_path: Path) -> None:
    path = tmp_path / "budgets.csv"
    path.write_text(
        'Budgets 2024/25,,\n\nPlace name,Fund code,Budget (£)\nLeeds,core-community,"1,234.56"\n'
        'QWO-E08000034,Core services: community,2000\nLeeds,core-prescribing,"(£1,000.50)"\n',
        encoding="utf-8",
    )
    found = read_historic(path, PLACES, FUNDS)
    assert found.pence == {
        ("QWO-E08000035", "core-community"): 123_456,
        ("QWO-E08000034", "core-community"): 200_000,
        ("QWO-E08000035", "core-prescribing"): -100_050,
    }
    assert found.cells["QWO-E08000035", "core-community"] == "budgets!C4"


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("Leedz,core-community,5", "sheet budgets, cell A2: there is no organisation 'Leedz' here.*Did you mean QWO-E08000035"),
        ("Leeds,core-comunity,5", "cell B2: there is no fund 'core-comunity' here.*Did you mean core-community"),
        ("Leeds,core-community,", "cell C2: the cell is empty.*missing is not zero"),
        ("Leeds,core-community,tbc", "cell C2: it says to be confirmed.*missing is not zero"),
        ("Leeds,core-community,5.001", "cell C2: £5.001 is not a whole number of pence"),
        ("Leeds,core-community,5\nLEEDS,core-community,6", "cell C3: QWO-E08000035 and core-community stand here and in budgets!C2"),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_used_is_refused_with_its_cell(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "budgets.csv"
    path.write_text(f"organisation,fund,amount\n{line}\n", encoding="utf-8")
    with pytest.raises(Refused, match=said):
        read_historic(path, PLACES, FUNDS)


def test_a_file_of_another_kind_or_without_lines_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "budgets.csv"
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(Refused, match="no sheet has a header row with an organisation, a fund and an amount"):
        read_historic(path, PLACES, FUNDS)
    path.write_text("organisation,fund,amount\n", encoding="utf-8")
    with pytest.raises(Refused, match="it has no lines"):
        read_historic(path, PLACES, FUNDS)
