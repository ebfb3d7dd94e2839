"""A ledger of one's own begins with the shipped tables, and with no money."""

import pytest

from allocations.files.register.beginning import begin, beginning
from ledger.errors import Refused
from ledger.reports import position, verify
from ledger.store.base import Store
from ledger.years import FinancialYear
from tests.shelves import Shelf

THIS, NEXT = FinancialYear(2025), FinancialYear(2026)


@pytest.fixture(params=["file", "server"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_west_yorkshires_own_ledger_holds_what_is_below_it_and_no_money(shelf: Shelf) -> None:
    """West Yorkshire has 6 default places (with Craven, in North Yorkshire), 52 networks and 269 practices."""
    found = beginning(THIS, ["QWO"])
    expected = {"government": 1, "national": 1, "region": 1, "icb": 1, "place": 6, "pcn": 52, "practice": 269,
                "funds": 37, "terms": 26}  # fmt: skip
    assert dict(found.counts) == expected
    assert found.unknown == ()
    with Store.open_or_create(shelf.place("own")) as store:
        assert [entry.replayed for entry in begin(store, found)] == [False, False]
        assert [entry.replayed for entry in begin(store, found)] == [True, True]
        with store.read() as reader:
            at = position.moment(reader)
            assert position.position(reader, at).num_rows == 0
            assert not at.illustrative
            assert verify.verify(reader) == []


def test_an_icb_that_ends_comes_with_those_that_it_becomes() -> None:
    """Frimley was divided between three others on 1 April 2026."""
    found = beginning(THIS, ["QNQ"])
    assert found.counts["icb"] == 4


def test_what_is_not_known_of_a_year_is_said_and_left_out() -> None:
    found = beginning(NEXT, ["S1Y5D"])
    assert {name: found.counts[name] for name in ("icb", "practice", "terms")} == {
        "icb": 1,
        "practice": 272,
        "terms": 0,
    }
    assert "How free each line is in 2026/27" in found.unknown[0]
    assert "those of 1 August 2026" in found.unknown[1]
    whole = beginning(NEXT).counts
    assert (whole["icb"], whole["place"], whole["pcn"], whole["practice"]) == (36, 176, 1300, 6281)
    assert "place" not in beginning(NEXT, only_national=True).counts


@pytest.mark.parametrize(
    ("year", "icbs", "said"),
    [
        (FinancialYear(2024), [], "The shipped tables know the ICBs of 2025/26 and 2026/27."),
        (NEXT, ["QHG"], "there is no ICB 'QHG' in 2026/27."),
        (THIS, ["QW0"], "Did you mean"),
    ],
)
def test_what_the_tables_do_not_know_is_refused(year: FinancialYear, icbs: list[str], said: str) -> None:
    with pytest.raises(Refused, match=said.replace(".", r"\.")):
        beginning(year, icbs)


def test_a_ledger_with_something_else_in_it_is_not_begun_again(books: Store) -> None:
    with pytest.raises(Refused, match="entries in it already"):
        begin(books, beginning(THIS, ["QWO"]))


def test_central_easts_own_ledger_of_2026_27_stands(shelf: Shelf) -> None:
    with Store.open_or_create(shelf.place("own")) as store:
        begin(store, beginning(NEXT, ["S1Y5D"]))
        with store.read_afresh() as reader:
            assert verify.verify(reader) == []
            assert reader.rows("SELECT count(*) FROM relationship WHERE child LIKE 'U%' AND scheme = 'icb'")[0][0] > 0
