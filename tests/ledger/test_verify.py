"""One changed number, one missing row, one edited term: verify names the entry."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ledger.entries import chain
from ledger.entries.draft import Draft, records
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.models import ControlTotal
from ledger.reports import chain_links
from ledger.reports.verify import verify
from ledger.store.address import Address
from ledger.store.base import Store
from tests.books import APRIL, MAY, YEAR, agreement, at, entry, fund_all, texts
from tests.shelves import Shelf, Template, made_once


@pytest.fixture(scope="module")
def moved(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """Ledgers of each kind in which money has moved, made once and then copied."""

    def make(shelf: Shelf) -> Address:
        address = shelf.copy(template(shelf.kind), "moved")
        with Store.open(address) as store:
            fund_all(store)
            post(store, [agreement(organisation="ICB1", fund="core", amount_pence=5)])
            post(store, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])
            store.checkpoint()
        return address

    yield from made_once(tmp_path_factory.mktemp("moved"), make)


@pytest.fixture
def closed(shelf: Shelf, moved: Template) -> Address:
    """A closed ledger: mandate is entry 3, allocations 4 and 5, an agreement 6, a devolution 7."""
    return shelf.copy(moved(shelf.kind), "moved")


def found(address: Address) -> str:
    with Store.open(address, read_only=True) as store, store.read() as reader:
        return texts(verify(reader))


def test_an_untouched_ledger_holds(closed: Address) -> None:
    assert found(closed) == ""


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE transfer SET amount_pence = amount_pence + 1 WHERE entry_number = 4", "entry 4 "),
        ("UPDATE transfer SET recurrent = NOT recurrent WHERE entry_number = 5", "entry 5 "),
        ("UPDATE transfer SET note = 'sheet 2' WHERE entry_number = 7", "entry 7 "),
        ("DELETE FROM transfer WHERE entry_number = 7", "entry 7 "),
        ("INSERT INTO transfer SELECT entry_number, 2, from_account, to_account, 1, true, NULL FROM transfer "
         "WHERE entry_number = 4", "entry 4 "),
        ("UPDATE terms SET grade = 'none' WHERE fund = 'winter'", "entry 2 "),
        ("UPDATE terms SET notified_on = DATE '2025-01-01' WHERE fund = 'winter'", "entry 2 "),
        ("DELETE FROM terms WHERE fund = 'growth'", "entry 2 "),
        ("UPDATE organisation SET name = 'Somebody else' WHERE code = 'P1'", "entry 1 "),
        ("DELETE FROM relationship WHERE child = 'G1'", "entry 1 "),
        ("UPDATE fund SET stream = 'other' WHERE code = 'core'", "entry 2 "),
        ("DELETE FROM agreement", "entry 6 "),
        ("UPDATE agreement SET amount_pence = 6", "entry 6 "),
        ("UPDATE entry SET reason = 'another reason' WHERE number = 4", "entry 4 "),
        ("UPDATE entry SET effective_date = DATE '2025-05-05' WHERE number = 4", "entry 4 "),
        ("UPDATE entry SET recorded_at = recorded_at + INTERVAL '1 second' WHERE number = 4", "entry 4 "),
        ("UPDATE entry SET content_hash = hash WHERE number = 4", "entry 4 "),
        ("UPDATE account SET floor_pence = NULL WHERE organisation = 'P1'", "account P1, core, 2025, available"),
        ("UPDATE transfer SET leg = leg + 7 WHERE entry_number = 7", "entry 7,"),
        ("INSERT INTO account VALUES (99, 'P1', 'core', 2099, 'available', 0)", "account P1, core, 2099, available"),
        ("UPDATE seal SET head = repeat('0', 64)", "entry 7"),
    ],
)  # fmt: skip
def test_a_change_behind_the_books_back_is_found_and_placed(
    closed: Address, shelf: Shelf, change: str, named: str
) -> None:
    shelf.tamper(closed, change)
    problems = found(closed)
    assert any(line.startswith(named) for line in problems.splitlines()), problems


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("INSERT INTO transfer SELECT * FROM transfer WHERE entry_number = 4", "entry 4, its legs: "),
        (
            "INSERT INTO transfer SELECT 99, 1, from_account, to_account, 5, true, NULL FROM transfer LIMIT 1",
            "entry 99",
        ),
        ("UPDATE transfer SET from_account = 77 WHERE entry_number = 4", "entry 4, leg 1"),
        ("UPDATE transfer SET leg = 3 WHERE entry_number = 7", "entry 7, its legs: "),
    ],
)
def test_what_keys_would_have_refused_is_found(closed: Address, shelf: Shelf, change: str, named: str) -> None:
    """The transfers of a file have none."""
    if shelf.kind == "server":
        pytest.skip("a server's transfers have keys")
    test_a_change_behind_the_books_back_is_found_and_placed(closed, shelf, change, named)


def test_a_cut_tail_is_found(closed: Address, shelf: Shelf) -> None:
    shelf.tamper(closed, "DELETE FROM transfer WHERE entry_number = 7", "DELETE FROM entry WHERE number = 7")
    assert found(closed).startswith("entry 7: it is missing.")


def test_a_link_that_was_forged_with_new_hashes_breaks_the_next(closed: Address, shelf: Shelf) -> None:
    """Somebody who changes an entry and recomputes its own hashes is found by the entry after it."""
    shelf.tamper(closed, "UPDATE transfer SET amount_pence = 1 WHERE entry_number = 4")
    with Store.open(closed, read_only=True) as store, store.read() as reader:
        entries = reader.table("SELECT * FROM entry ORDER BY number").to_pylist()
        content = chain_links._contents(reader, entries)[4]
    from ledger.entries import canonical

    row = entries[3]
    link = canonical.chain_hash(row["previous_hash"], 4, row["recorded_at"], content)
    shelf.tamper(closed, f"UPDATE entry SET content_hash = '{content}', hash = '{link}' WHERE number = 4")
    problems = found(closed)
    assert "entry 4 " not in problems
    assert "entry 5 " in problems
    assert "its link to the entry before it is broken" in problems


def total(expected: int, **given: object) -> Draft:
    row = {"id": f"t{expected}", "description": "core to ICBs", "year": YEAR.start, "as_at": APRIL, "from_tier": "national",
           "to_tier": "icb", "fund": "core", "expected_pence": expected, "tolerance_pence": 0, "source": "the workbook", **given}  # fmt: skip
    return Draft(
        f"total {row['id']}",
        "assert",
        APRIL,
        "tests",
        "published",
        records={ControlTotal: records(ControlTotal, [row])},
    )


def test_a_control_total_that_ties_is_kept_and_one_that_does_not_is_refused(funded: Store) -> None:
    post(funded, [total(900_000)])
    with pytest.raises(Refused, match=r"the books show £9,000.00, which is £0.01 too little.*says £9,000.01"):
        post(funded, [total(900_001)])
    with pytest.raises(Refused, match="too much"):
        post(funded, [total(899_990)])
    post(funded, [total(899_995, tolerance_pence=5)])
    with pytest.raises(Refused, match=r"£3,000\.00 too little"):
        post(funded, [total(900_000, id="one ICB", organisation="ICB1", description="one ICB")])


def test_a_control_total_holds_for_every_later_entry_that_it_speaks_of(funded: Store) -> None:
    post(funded, [total(900_000)])
    more = entry("allocate", at("NHS", "limit"), at("ICB1", "core"), 1)
    with pytest.raises(Refused, match=r"£0\.01 too much"):
        post(funded, [more])
    # Later money is not spoken of; and a newer figure, recorded with the money, takes the older one's place.
    post(funded, [entry("allocate", at("NHS", "limit"), at("ICB1", "core"), 1, day=MAY)])
    post(funded, [more, total(900_001, supersedes="t900000")])
    with funded.read() as reader:
        assert verify(reader) == []


def test_reversing_a_published_line_is_refused_for_it_would_no_longer_tie(own_demo_ledger: Path) -> None:
    from ledger.entries.posting import reverse

    with Store.open(own_demo_ledger) as store, pytest.raises(Refused, match="too much"):
        reverse(store, 10, reason="entered twice", actor="tests")


def test_the_books_hash_leaves_recorded_times_out_and_the_head_does_not(shelf: Shelf) -> None:
    from tests.books import small_books

    hashes, heads = set(), set()
    for name in ("one", "two"):
        with Store.create(shelf.place(name)) as store:
            small_books(store)
            post(store, [entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 5, key="limit")])
            with store.read() as reader:
                hashes.add(chain.books_hash(reader))
                heads.add(chain.head(reader))
    assert len(hashes) == 1
    assert len(heads) == 2
