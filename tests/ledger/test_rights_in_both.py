"""A right has one meaning: DuckDB and PostgreSQL find the same faults in the same books, wherever they begin to look."""

import shutil
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import duckdb
import pytest

from ledger.entries.appointments import dismiss
from ledger.entries.chain import last_entry
from ledger.entries.months import close
from ledger.entries.posting import post, reverse
from ledger.models import TABLES
from ledger.reports import verify
from ledger.rules import in_order, rights, rights_judged
from ledger.rules.rights_questions import BEFOREHAND, SEEN_PROPOSALS, SEEN_TRANSFERS
from ledger.store.address import Address
from ledger.store.base import Reader, Store
from ledger.store.server import rules as server_rights
from ledger.years import Month
from tests.books import MAY, agreement, new_relations
from tests.ledger.test_rights import TODAY, approve, by, devolve, furnished, give, propose
from tests.poured import poured
from tests.shelves import NO_SERVER, server_is_there

__all__ = ["furnished"]
COLUMNS = "number, actor, fault, act, organisation, pence, limit_pence, limit_period, moved"
# Ways in which books that were right are wrong, so that there is something to find; and one in which they are not.
UNCHANGED = "UPDATE entry SET reason = reason"
WRONGS = (
    UNCHANGED,
    "UPDATE appointment SET limit_pence = 7 WHERE role IN ('preparer', 'approver')",
    "UPDATE appointment SET limit_pence = 7, limit_period = 'year' WHERE role IN ('preparer', 'approver')",
    "UPDATE appointment SET organisation = 'ICB2' WHERE organisation = 'ICB1'",
    "UPDATE appointment SET alone = false",
    "UPDATE appointment SET valid_to = DATE '2026-01-01' WHERE role <> 'administrator' AND valid_from < DATE '2026-01-01'",
    "UPDATE appointment SET role = 'viewer', alone = false, limit_pence = NULL, limit_period = NULL WHERE role <> 'administrator'",
    "UPDATE appointment SET person = 'local/' || person WHERE person = 'vera'",
    "UPDATE entry SET actor = 'otto' WHERE actor = 'bert'",
    "UPDATE entry SET actor = 'CARL' WHERE kind = 'reverse'",
    "UPDATE entry SET reason = 'another' WHERE kind = 'devolve'",
    "UPDATE entry SET authority = 'forged' WHERE kind = 'agree'",
    "UPDATE entry SET source_hash = 'another' WHERE kind = 'devolve'",
    "UPDATE entry SET effective_date = DATE '2025-05-02' WHERE kind = 'devolve'",
    "UPDATE transfer SET amount_pence = amount_pence + 1",
    "UPDATE transfer SET note = 'another'",
    "UPDATE transfer SET recurrent = false",
    "UPDATE agreement SET purpose = 'another'",
    "UPDATE agreement SET valid_to = DATE '2027-01-01'",
    "UPDATE proposal_end SET posted = '2' WHERE posted = '1,3'",
    "UPDATE proposal_end SET posted = '3,1' WHERE posted = '1,3'",
    "UPDATE proposal_end SET posted = NULL WHERE posted = '1,3'",
    "UPDATE proposal_end SET content_hash = NULL",
    "UPDATE proposal_end SET decided_by = 'ANNA', outcome = 'rejected', posted = NULL",
    "UPDATE proposal_end SET outcome = 'expired', posted = NULL",
    "UPDATE proposal SET prepared_by = 'Bert'",
    "UPDATE proposal SET expires_on = DATE '2026-01-01'",
    "UPDATE proposed_transfer SET leg = leg + 1",
    "UPDATE proposed_entry SET brings = '{' WHERE brings IS NOT NULL",
    "UPDATE proposed_entry SET nth = nth + 10",
    "UPDATE organisation SET code = 'icb2' WHERE code = 'ICB1'",
)  # fmt: skip


def busy(office: Store) -> None:
    """People do everything that there is a right to."""
    give(office, "carl", "approver", "ICB1", limit_pence=5_000, alone=True)
    give(office, "dora", "preparer", "ICB1", limit_pence=900, limit_period="day")
    give(office, "Élène", "approver", "NHS", alone=True)
    give(office, "local", "administrator", "ICB1")
    propose(office, "anna", devolve(500, "one"), devolve(20, "two"), devolve(30, "three"))
    approve(office, "bert", outcome="part-posted", only=[1, 3])
    agreed = agreement(organisation="ICB1", fund="core", amount_pence=5, purpose='the "risk" \\ pool')
    propose(office, "anna", agreed, devolve(5, "with it"), key="agreed")
    approve(office, "carl", "anna/agreed", authority="minute 9")
    propose(office, "dora", devolve(7, "late"), key="a")
    approve(office, "dora", "dora/a", outcome="withdrawn")
    propose(office, "dora", devolve(8, "no"), key="b")
    approve(office, "bert", "dora/b", outcome="rejected")
    done = post(office, [by("carl", devolve(11, "alone")), by("carl", devolve(12, "alone too"))])
    reverse(office, done[0].number, reason="wrong", actor="Élène")
    inside = new_relations({"id": "ok", "parent": "P1", "child": "G1", "scheme": "own", "valid_from": MAY}, key="in")
    post(office, [by("local", inside)])
    dismiss(office, "vera", by="chief", reason="moved on", day=TODAY)
    give(office, "later", "viewer", "ICB2", day=TODAY + timedelta(days=3))
    close(office, Month(2025, 4), reason="in time", actor="chief")


@pytest.fixture(scope="module")
def both(
    furnished: Callable[[str], Address], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[duckdb.DuckDBPyConnection, Any]]:
    """The same books in memory of DuckDB, without keys that would keep them right, and in PostgreSQL."""
    if not server_is_there():
        pytest.skip(NO_SERVER)
    path = Path(shutil.copy(furnished("file"), tmp_path_factory.mktemp("both") / "busy.duckdb"))
    with Store.open(path) as office:
        busy(office)
        with office.read() as reader:
            assert verify.verify(reader) == []
        office.checkpoint()
    with duckdb.connect() as memory:
        memory.execute("SET TimeZone = 'UTC'")
        memory.execute(f"ATTACH '{path}' AS books (READ_ONLY)")
        for model in TABLES:
            memory.execute(f'CREATE TABLE "{model.__tablename__}" AS SELECT * FROM books."{model.__tablename__}"')
        with poured(Reader(memory)) as server:
            yield memory, server


@pytest.mark.parametrize("wrong", WRONGS)
def test_both_find_the_same_faults(both: tuple[duckdb.DuckDBPyConnection, Any], wrong: str) -> None:
    memory, server = both
    reader = Reader(memory)
    last = last_entry(reader)
    memory.execute("BEGIN")
    memory.execute(wrong)
    try:
        with server.transaction(force_rollback=True):
            server.execute(wrong)
            found = _faults(reader, server, 1) + _broken(reader, server, last)
            for first in (last - 14, last - 7):
                _faults(reader, server, first)
    finally:
        memory.execute("ROLLBACK")
    assert bool(found) == (wrong != UNCHANGED)


def _faults(reader: Reader, server: Any, first: int) -> list[object]:
    """The faults that both find from an entry on."""
    question = f"SELECT {COLUMNS} FROM ({server_rights.FAULTS.replace('$1', str(first))}) found"
    found: list[object] = [tuple(row.values()) for row in rights_judged._faults(reader, first)]
    assert found == server.execute(question).fetchall()
    return found


def _broken(reader: Reader, server: Any, last: int) -> list[object]:
    """What both find of the rules on names and decisions."""
    found: list[object] = []
    for rule in in_order.ALL:
        if rule.group in ("names", "decision"):
            in_file = reader.rows(in_order.for_server(rule, "1", str(last)))
            assert in_file == server.execute(in_order.for_server(rule, "1", str(last))).fetchall(), rule.name
            found += in_file
    return found


@pytest.mark.parametrize("person", ["anna", "bert", "dora", "otto", "vera", "later", "chief", "nobody", "it's {odd}"])
def test_both_show_and_hide_the_same_proposals(both: tuple[duckdb.DuckDBPyConnection, Any], person: str) -> None:
    memory, server = both
    reader = Reader(memory)
    quoted = person.replace("'", "''")
    on_server = {"person": f"'{quoted}'", "today": f"DATE '{TODAY}'", "named": server_rights.NAMED}
    for in_file, text in zip(rights.seen(person, TODAY), (SEEN_PROPOSALS, SEEN_TRANSFERS), strict=True):
        assert sorted(reader.rows(in_file)) == sorted(server.execute(text.format(**on_server)).fetchall())
    batch = {
        "ends": "SELECT id AS proposal, 'rejected' AS outcome FROM proposal UNION ALL SELECT 'anna/none', 'posted'",
        "proposals": "SELECT 'anna/x' AS id UNION ALL SELECT 'otto/y'",
        "entries": "SELECT 'anna/x/1' AS id, 'anna/x' AS proposal, 1 AS nth UNION ALL SELECT 'anna/plan/7', 'anna/plan', 6",
        "legs": "SELECT 'anna/x/1/1' AS id, 'anna/x/1' AS proposed_entry, 1 AS leg UNION ALL SELECT 'q', 'anna/plan/1', 9",
    }
    given = {"person": on_server["person"], "today": on_server["today"]}
    in_file = reader.rows(BEFOREHAND.format(**given, named=rights.NAMED, **batch))
    assert in_file == server.execute(BEFOREHAND.format(**given, named=server_rights.NAMED, **batch)).fetchall()
    assert ("anna/none", "unknown") in in_file
    assert (("anna/plan", "unknown") in in_file) == (person not in ("anna", "bert", "dora", "chief"))
