"""What the server holds by itself: plain SQL as a person's own login, and as the app's."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import psycopg
import pytest

from ledger import audit, keeping
from ledger.address import ServerAddress
from ledger.appointments import appoint
from ledger.errors import Refused
from ledger.posting import post
from ledger.proposals import decide, listed, submit
from ledger.store import Store
from tests.books import at, fund_all
from tests.conftest import ROOT
from tests.ledger.test_rights import by, devolve
from tests.shelves import ServerShelf, administrator, on_server, raw, shelf_of

pytestmark = pytest.mark.parametrize("kind", ["server"])
LONG_AGO, TODAY = date(2020, 1, 1), datetime.now(UTC).date()
PRIVATE = ("proposal", "proposed_entry", "proposed_transfer", "proposal_end")
# An entry with whatever follows, as the next link of the chain, and its seal.
ENTRY = (
    "INSERT INTO entry SELECT number + 1, 'raw' || number, '{kind}', effective_date, now(), '{actor}', 'x', NULL, NULL, NULL, "
    "{reverses}, content_hash, hash, encode(sha256(convert_to(concat_ws(E'\\x1f', hash, number + 1, "
    "trunc(extract(epoch FROM now()) * 1000000)::bigint, content_hash), 'UTF8')), 'hex') FROM entry ORDER BY number DESC LIMIT 1"
)
LEG = (
    "INSERT INTO transfer SELECT (SELECT max(number) FROM entry), 1, f.id, t.id, {pence}, true, NULL FROM account f, account t "
    "WHERE f.organisation = '{payer}' AND f.fund = 'core' AND f.standing = 'available' AND t.organisation = '{payee}' "
    "AND t.fund = 'core' AND t.standing = 'available'"
)
SEAL = "UPDATE seal SET entries = e.number, head = e.hash FROM (SELECT * FROM entry ORDER BY number DESC LIMIT 1) e"
END = (
    "INSERT INTO proposal_end VALUES ('{plan}', '{prepared_by}', '{outcome}', '{decided_by}', 'x', "
    "(SELECT max(number) FROM entry))"
)


@dataclass
class Office:
    """A ledger on a server with people of two ICBs, each with a login, and an app."""

    books: Store
    logins: dict[str, str]

    def address(self, who: str) -> ServerAddress:
        assert isinstance(self.books.path, ServerAddress)
        return on_server(database_of(self.books.path), self.logins[who])

    @contextmanager
    def sql(self, who: str, speaks_for: str | None = None) -> Iterator[psycopg.Connection]:
        """A transaction of somebody's own, in plain SQL."""
        with psycopg.connect(self.address(who).url, autocommit=True) as server, server.transaction():
            if speaks_for is not None:
                server.execute(
                    "SELECT set_config('devolution.person', %s, true)", (self.logins.get(speaks_for, speaks_for),)
                )
            yield server


@pytest.fixture(scope="module")
def furnished(
    template: Callable[[str], ServerAddress], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ServerAddress, dict[str, str]]]:
    """The ledger and its logins, made once; the ledger is closed, to be copied with the rights granted in it."""
    shelf = shelf_of("server", tmp_path_factory.mktemp("logins"))
    place = shelf.copy(template("server"), "logins")
    assert isinstance(place, ServerAddress)
    logins = {name: f"{database_of(place)}_{name}"[-60:] for name in ("anna", "bert", "vera", "otto", "olga", "desk")}
    grants = re.findall(
        r"^GRANT .* TO devolution_posts;$", (ROOT / "docs" / "server.md").read_text("utf-8"), re.MULTILINE
    )
    assert grants
    with raw(place) as server:
        for login in logins.values():
            server.execute(f'CREATE ROLE "{login}" LOGIN')
            for grant in grants:
                server.execute(grant.replace("devolution_posts", f'"{login}"'))
    give = [("chief", "administrator", None, "setting up"), (logins["desk"], "app", None, "chief")]
    give += [(logins[name], role, icb, "chief") for name, role, icb in (
        ("anna", "preparer", "ICB1"), ("bert", "approver", "ICB1"), ("vera", "viewer", "ICB1"),
        ("otto", "preparer", "ICB2"), ("olga", "approver", "ICB2"))]  # fmt: skip
    with Store.open(place) as books:
        fund_all(books)
        for person, role, icb, giver in give:
            limit = 1000 if role == "approver" else None
            appoint(books, person, role, by=giver, reason="x", day=LONG_AGO, organisation=icb, limit_pence=limit)
        for who, icb, below in (("anna", "ICB1", "P1"), ("otto", "ICB2", "P3")):
            submit(books, [devolve(500, f"of {who}", icb, below)], key=f"plan of {who}", title=f"title of {who}",
                   prepared_by=logins[who])  # fmt: skip
    yield place, logins
    shelf.clear()
    with administrator() as server:
        for login in logins.values():
            server.execute(f'DROP ROLE IF EXISTS "{login}"')


@pytest.fixture
def office(shelf: ServerShelf, furnished: tuple[ServerAddress, dict[str, str]]) -> Iterator[Office]:
    """A copy of that ledger, open by its owner."""
    place, logins = furnished
    with Store.open(shelf.copy(place, "office")) as books:
        yield Office(books, logins)
        books.close()
    shelf.clear()


def database_of(address: ServerAddress) -> str:
    return address.url.rpartition("/")[2].partition("?")[0]


def test_each_sees_the_proposals_of_its_own_organisations_alone(office: Office) -> None:
    for who, speaks_for, wanted in (
        ("anna", None, ["plan of anna"]), ("bert", None, ["plan of anna"]), ("vera", None, ["plan of anna"]),
        ("olga", None, ["plan of otto"]), ("olga", "anna", ["plan of otto"]),  # a login that is no app names nobody
        ("desk", "anna", ["plan of anna"]), ("desk", "olga", ["plan of otto"]), ("desk", None, []), ("desk", "stranger", []),
    ):  # fmt: skip
        with office.sql(who, speaks_for) as server:
            assert [row[0] for row in server.execute("SELECT id FROM proposal").fetchall()] == wanted, (who, speaks_for)
            keys = [row[0] for row in server.execute("SELECT proposal FROM proposed_entry").fetchall()]
            assert keys == wanted
            assert server.execute("SELECT count(*) FROM proposed_transfer").fetchone() == (len(wanted),)
            everything = str(server.execute("SELECT * FROM entry").fetchall())
            assert "title of" not in everything
            assert "plan of" not in everything
    with raw(office.books.path) as owner:
        assert owner.execute("SELECT count(*) FROM proposal").fetchone() == (2,)


def raw_try(office: Office, who: str, statements: list[str], speaks_for: str | None = None) -> None:
    with office.sql(who, speaks_for) as server:
        for statement in statements:
            server.execute(statement)


@pytest.mark.parametrize(
    ("who", "speaks_for", "kind_of_entry", "rows", "said"),
    [
        ("vera", None, "devolve", [LEG.format(payer="ICB1", payee="ICB2", pence=1)], "vera has no right to it"),
        ("vera", None, "agree", [], "vera has no right to it"),
        ("anna", None, "devolve", [LEG.format(payer="ICB1", payee="ICB2", pence=1)], "anna has no right to it"),
        # Whatever it calls itself, it is judged by what it brings.
        ("anna", None, "propose", [LEG.format(payer="ICB1", payee="ICB2", pence=1)], "anna has no right to it"),
        ("bert", None, "devolve", [LEG.format(payer="ICB1", payee="ICB2", pence=1)], r"bert has no right to it \(right, post"),
        ("olga", None, "devolve", [LEG.format(payer="ICB1", payee="ICB2", pence=1)], "olga has no right to it"),
        ("desk", "vera", "devolve", [LEG.format(payer="ICB1", payee="ICB2", pence=1)], "vera has no right to it"),
        ("desk", None, "devolve", [LEG.format(payer="ICB1", payee="ICB2", pence=1)], "speaks for nobody"),
        ("anna", None, "decide", [END.format(plan="plan of anna", prepared_by="{anna}", outcome="posted", decided_by="{anna}")],
         "proposal_end_check"),
        ("anna", None, "decide", [END.format(plan="plan of anna", prepared_by="{anna}", outcome="rejected", decided_by="{anna}")],
         "anna has no right to it"),
        ("olga", None, "decide", [END.format(plan="plan of anna", prepared_by="{anna}", outcome="rejected", decided_by="{olga}")],
         "olga has no right to it"),
        ("anna", None, "decide", [END.format(plan="plan of anna", prepared_by="{anna}", outcome="rejected", decided_by="{bert}")],
         r"has no right to it"),
        ("otto", None, "propose", ["INSERT INTO proposed_transfer VALUES ('x', 'plan of anna/1', 2, 'ICB2', 'core', 2025, "
         "'available', 'P3', 'core', 2025, 'available', 9, true, NULL, (SELECT max(number) FROM entry))"], "joined"),
        ("bert", None, "appoint", ["INSERT INTO appointment VALUES ('x', 'stranger', 'approver', 'ICB1', NULL, true, '2020-01-01', "
         "NULL, (SELECT max(number) FROM entry))"], "bert has no right to it"),
        ("bert", None, "structure", ["INSERT INTO organisation VALUES ('X', 'X', 'place', NULL, '2020-01-01', NULL, "
         "(SELECT max(number) FROM entry))"], "bert has no right to it"),
    ],
)  # fmt: skip
def test_a_raw_writer_without_a_right_is_refused(
    office: Office, who: str, speaks_for: str | None, kind_of_entry: str, rows: list[str], said: str
) -> None:
    actor = office.logins[speaks_for or who]
    statements = [
        ENTRY.format(kind=kind_of_entry, actor=actor, reverses="NULL"),
        *(row.format(**office.logins) for row in rows),
        SEAL,
    ]
    with pytest.raises(psycopg.Error, match=said):
        raw_try(office, who, statements, speaks_for)
    # Checked at once, row by row, it is refused all the same.
    with pytest.raises(psycopg.Error):
        raw_try(office, who, ["SET CONSTRAINTS ALL IMMEDIATE", *statements], speaks_for)
    with Store.open(office.books.path) as store, store.read() as reader:
        assert audit.verify(reader) == []


def test_nobody_posts_under_anothers_name_or_approves_above_the_limit(office: Office) -> None:
    bert, anna = office.logins["bert"], office.logins["anna"]
    leg = LEG.format(payer="ICB1", payee="ICB2", pence=1)
    with pytest.raises(psycopg.Error, match=r"is in the name of .*bert, and this connection speaks for .*anna"):
        raw_try(office, "anna", [ENTRY.format(kind="devolve", actor=bert, reverses="NULL"), leg, SEAL])
    with Store.open(office.address("anna")) as own:
        submit(own, [devolve(1001, "large")], key="large", title="large", prepared_by=anna)
        with pytest.raises(Refused, match=r"it is .*anna's, and .*bert is named"):
            decide(own, "plan of anna", outcome="posted", decided_by=bert, reason="x", day=TODAY)
    with Store.open(office.address("bert")) as own:
        with pytest.raises(Refused, match=r"may not approve for First ICB \(ICB1\), £10\.01 in all"):
            decide(own, "large", outcome="posted", decided_by=bert, reason="x", day=TODAY)
        decide(own, "plan of anna", outcome="posted", decided_by=bert, reason="x", day=TODAY)
    for pence, said in ((1001, r"right, approve, ICB1, 1001"), (900, r"right, post, ICB1, 900")):
        # As the program would, but in SQL: a decision, then an entry under the approved key.
        approve = ENTRY.format(kind="decide", actor=bert, reverses="NULL")
        end = END.format(plan="large", prepared_by=anna, outcome="posted", decided_by=bert)
        paid = ENTRY.format(kind="devolve", actor=bert, reverses="NULL").replace("'raw' || number", "'large'")
        moved = LEG.format(payer="ICB1", payee="P1", pence=pence)
        with pytest.raises(psycopg.Error, match=said):
            raw_try(office, "bert", [approve, end, paid, moved, SEAL])
    with Store.open(office.books.path) as store, store.read() as reader:
        assert audit.verify(reader) == []


def test_one_app_serves_people_who_do_not_see_each_others_proposals(office: Office) -> None:
    """One process, one open ledger, one mirror: each reads in their own name, again and again."""
    with Store.open(office.address("desk")) as store:
        for _ in range(2):
            for who, wanted in (("anna", ["plan of anna"]), ("olga", ["plan of otto"]), ("stranger", []), (None, [])):
                with store.read(office.logins.get(who or "", who)) as reader:
                    assert [found.id for found in listed(reader)] == wanted
        with store._mirror.cursor() as cursor:
            for table in PRIVATE:
                assert cursor.execute(f'SELECT count(*) FROM "{table}"').fetchall() == [(0,)], table
        for who in ("vera", "anna", "olga"):
            with pytest.raises(Refused, match="may not post money"):
                post(store, [by(office.logins[who], devolve(1, "past it"))])
        bert = office.logins["bert"]
        decide(store, "plan of anna", outcome="posted", decided_by=bert, reason="x", day=TODAY)
        with store.read(bert) as reader:
            assert [found.outcome for found in listed(reader)] == ["posted"]
            assert audit.verify(reader) == []
        with store.read(office.logins["olga"]) as reader:
            assert [found.id for found in listed(reader)] == ["plan of otto"]
            assert audit.verify(reader) == []
    assert at("ICB1", "core").organisation == "ICB1"


def test_a_copy_is_made_by_who_sees_the_whole(office: Office, tmp_path) -> None:
    with (
        Store.open(office.address("anna"), read_only=True) as own,
        pytest.raises(Refused, match="A copy has to be whole"),
    ):
        keeping.backup(own, tmp_path / "part.duckdb")
    appoint(office.books, office.logins["vera"], "auditor", by="chief", reason="x", day=LONG_AGO)
    with Store.open(office.address("vera"), read_only=True) as own:
        keeping.backup(own, tmp_path / "whole.duckdb")
    with Store.open(tmp_path / "whole.duckdb", read_only=True) as store, store.read() as reader:
        assert len(listed(reader)) == 2
