"""Rights and approvals of an earlier version: judged by the rules of their time, and never by what came later."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from ledger.entries.posting import post
from ledger.reports import verify
from ledger.store import backup
from ledger.store.address import Address
from ledger.store.base import Store
from tests.books import JUNE
from tests.earlier_books import Rows, version_4
from tests.ledger.test_rights import approve, by, devolve, furnished, give, held, problems, propose, refused
from tests.shelves import FileShelf

__all__ = ["furnished"]


def as_it_was_allowed(rows: Rows) -> None:
    """What nobody refused then: another date and authority than proposed, pieces beyond a limit, second spellings."""
    for entry in rows["entry"]:
        if entry["key"] == "first":
            entry |= {"effective_date": JUNE, "authority": "nobody's", "reason": "another", "source": "x"}
    for appointment in rows["appointment"]:
        if appointment["person"] in ("carl", "dora"):
            appointment["limit_pence"] = 500
    for transfer in rows["transfer"]:
        transfer["note"] = "another"


@pytest.fixture
def earlier(furnished: Callable[[str], Address], tmp_path: Path) -> Iterator[Store]:
    """A ledger of version 4, migrated and open: with a part approval of which the rest was posted later."""
    shelf = FileShelf(tmp_path)
    with Store.open(shelf.copy(furnished("file"), "now")) as office:
        give(office, "carl", "approver", "ICB1", limit_pence=5_000, alone=True)
        give(office, "dora", "preparer", "ICB1", limit_pence=5_000)
        propose(office, "anna", devolve(400, "first"), devolve(450, "second"), devolve(30, "third"))
        approve(office, "carl", outcome="part-posted", only=[1])
        post(office, [by("carl", devolve(450, "second"))])
        propose(office, "dora", devolve(300, "x"), key="x")
        propose(office, "dora", devolve(400, "y"), key="y")
        propose(office, "anna", devolve(20, "late"), key="late")
        path = tmp_path / "earlier.duckdb"
        with office.read() as reader:
            version_4(reader, path, as_it_was_allowed)
    backup.migrate(path)
    with Store.open(path) as store:
        yield store


def test_what_was_right_then_is_right_now(earlier: Store) -> None:
    assert problems(earlier) == []
    with earlier.read() as reader:
        assert reader.rows("SELECT kind, actor FROM entry ORDER BY number DESC LIMIT 1") == [("upgrade", "migration")]


def test_a_decision_of_then_is_not_changed_by_what_is_posted_now(earlier: Store) -> None:
    """An entry that was left out, posted under its key, made more of what was approved: beyond the limit, for ever."""
    give(earlier, "paul", "approver", "ICB1", alone=True)
    late = replace(devolve(480, "third", "ICB1", "P1"), effective_date=JUNE)
    refused(lambda: post(earlier, [by("bert", late)]), "bert may not post money")
    post(earlier, [by("paul", late)])
    assert problems(earlier) == []


def test_a_limit_of_then_is_one_of_each_decision_and_counts_no_period(earlier: Store) -> None:
    post(earlier, [by("carl", devolve(500, "a"))])
    post(earlier, [by("carl", devolve(500, "b"))])
    refused(lambda: post(earlier, [by("carl", devolve(501, "c"))]), r"the limit is £5\.00 in one decision")
    # 400 and 450 were moved before the upgrade and 1,000 after it, all of them in this month; the old right stands too.
    give(earlier, "carl", "approver", "ICB1", limit_pence=2_400, alone=True)
    post(earlier, [by("carl", devolve(550, "c"))])
    refused(lambda: post(earlier, [by("carl", devolve(501, "d"))]), "carl may not post money of First ICB")
    assert problems(earlier) == []


def test_what_was_proposed_then_is_approved_by_the_rules_of_now(earlier: Store) -> None:
    approve(earlier, "bert", "anna/late")
    assert held(earlier)["P1", "core", "available"] == 400 + 450 + 20
    assert problems(earlier) == []


@pytest.mark.parametrize("kind", ["file"])
def test_names_of_then_stay_and_a_new_spelling_is_refused(funded: Store, tmp_path: Path) -> None:
    path = tmp_path / "names.duckdb"

    def spelled(rows: Rows) -> None:
        for entry, name in zip(rows["entry"][-3:], ("Finance", "finance", "Finance \u2014 board"), strict=True):
            entry["actor"] = name

    with funded.read() as reader:
        version_4(reader, path, spelled)
    backup.migrate(path)
    with Store.open(path) as store:
        for name in ("Finance", "finance", "Finance \u2014 board"):
            post(store, [by(name, devolve(5, f"by {name}"))])
        for name, said in (("FINANCE", "the books know 'Finance'"), ("finance \u2014 Board", "EM DASH")):
            refused(lambda name=name: post(store, [by(name, devolve(5, f"by {name}"))]), said)
        with store.read() as reader:
            assert verify.verify(reader) == []
