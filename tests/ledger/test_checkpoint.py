"""Verify from a checkpoint: all that came after it is looked at, and what it rests on."""

from collections.abc import Iterator

import pytest

from ledger.entries.posting import post, reverse
from ledger.reports import chain_links
from ledger.reports import verify as checkpoint
from ledger.reports.verify import verify
from ledger.rules import in_order
from ledger.store.address import Address
from ledger.store.base import Store
from tests.books import agreement, at, entry, fund_all, texts
from tests.shelves import Shelf, Template, made_once


@pytest.fixture(scope="module")
def moved(template: Template, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """Ledgers with two entries of records, three of money, an agreement, and three small ones; made once."""

    def make(shelf: Shelf) -> Address:
        address = shelf.copy(template(shelf.kind), "checkpoint")
        with Store.open(address) as store:
            fund_all(store)
            post(store, [agreement(organisation="ICB1", fund="core", amount_pence=5)])
            post(store, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])
            post(store, [entry("devolve", at("ICB2", "core"), at("P3", "core"), 20)])
            reverse(store, 8, reason="a mistake", actor="tests")
            store.checkpoint()
        return address

    yield from made_once(tmp_path_factory.mktemp("checkpoint"), make)


@pytest.fixture
def heads(shelf: Shelf, moved: Template) -> tuple[Address, list[str]]:
    """A closed ledger and the head after each of its entries."""
    address = shelf.copy(moved(shelf.kind), "checkpoint")
    with Store.open(address, read_only=True) as store, store.read() as reader:
        return address, [str(head) for (head,) in reader.rows("SELECT hash FROM entry ORDER BY number")]


def found(address: Address, since: str | None) -> str:
    with Store.open(address, read_only=True) as store, store.read_afresh() as reader:
        return texts(verify(reader, since=since))


def test_what_holds_holds_from_every_checkpoint(heads: tuple[Address, list[str]]) -> None:
    address, each = heads
    assert [found(address, head[:16]) for head in each] == [""] * 9


def test_nothing_new_asks_nothing(heads: tuple[Address, list[str]], monkeypatch: pytest.MonkeyPatch) -> None:
    address, each = heads
    asked: list[str] = []
    with Store.open(address, read_only=True) as store, store.read() as reader:
        assert verify(reader, asked.append, since=each[-1].upper()) == []
    assert asked == ["the chain of entries"]


def test_a_head_of_other_books_is_no_checkpoint(heads: tuple[Address, list[str]]) -> None:
    address, each = heads
    assert "no entry of these books has it" in found(address, "0" * 16 + each[0][:8])
    assert "16 or more" in found(address, each[0][:8])


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ("UPDATE transfer SET amount_pence = amount_pence + 1 WHERE entry_number = 7", "entry 7 "),
        ("UPDATE entry SET reason = 'another' WHERE number = 8", "entry 8 "),
        ("UPDATE entry SET previous_hash = hash WHERE number = 7", "entry 7 "),
        ("UPDATE entry SET recorded_at = recorded_at - INTERVAL '1 day' WHERE number = 7", "entry 7 "),
        ("UPDATE seal SET head = repeat('0', 64)", "entry 9: it is not the entry that the seal was set on"),
        ("UPDATE seal SET entries = 10", "entry 10: it is missing"),
        ("UPDATE account_day SET in_pence = in_pence + 1, out_pence = out_pence + 1 WHERE account IN "
         "(SELECT from_account FROM transfer WHERE entry_number = 7)", "account "),
        ("DELETE FROM account_day WHERE account IN (SELECT to_account FROM transfer WHERE entry_number = 8)", "account "),
        ("UPDATE entry SET effective_date = DATE '2031-05-05' WHERE number = 7", "entry 7 "),
    ],
)  # fmt: skip
def test_what_was_changed_after_the_checkpoint_is_found(
    heads: tuple[Address, list[str]], shelf: Shelf, change: str, named: str
) -> None:
    address, each = heads
    shelf.tamper(address, change)
    problems = found(address, each[5])
    assert any(line.startswith(named) for line in problems.splitlines()), problems


def test_a_tail_that_was_cut_off_after_the_checkpoint_is_found(heads: tuple[Address, list[str]], shelf: Shelf) -> None:
    address, each = heads
    shelf.tamper(address, "DELETE FROM transfer WHERE entry_number = 9", "DELETE FROM entry WHERE number = 9")
    assert "entry 9: it is missing" in found(address, each[5])
    shelf.tamper(address, f"UPDATE seal SET entries = 8, head = '{each[7]}'")
    assert "no entry of these books has it" in found(address, each[8])


def test_what_was_changed_before_the_checkpoint_is_for_the_whole(
    heads: tuple[Address, list[str]], shelf: Shelf
) -> None:
    address, each = heads
    shelf.tamper(address, "UPDATE entry SET reason = 'another' WHERE number = 4")
    assert found(address, each[5]) == ""
    assert "entry 4 " in found(address, None)


def test_the_rules_are_asked_of_the_new_entries(
    heads: tuple[Address, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, each = heads
    given: list[tuple[int, int, frozenset[str]]] = []
    monkeypatch.setattr(
        in_order, "problems", lambda _, first, last, tables: given.append((first, last, frozenset(tables))) or []
    )
    found(address, each[5])
    found(address, each[4])
    assert given == [(7, 9, frozenset({"entry", "transfer"})), (6, 9, frozenset({"entry", "transfer", "agreement"}))]


def test_no_row_before_the_checkpoint_is_hashed_again(
    heads: tuple[Address, list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    address, _ = heads
    hashed: list[int] = []
    real = chain_links._contents

    def counted(reader: object, entries: list[dict], *rest: object) -> dict[int, str]:
        hashed.extend(row["number"] for row in entries)
        return real(reader, entries, *rest)

    monkeypatch.setattr(chain_links, "_contents", counted)
    with Store.open(address, read_only=True) as store, store.read() as reader:
        assert checkpoint.problems(reader, 8, lambda _: None) == []
    assert hashed == [8, 9]
