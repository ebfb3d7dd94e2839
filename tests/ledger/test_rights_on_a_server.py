"""What the server holds by itself: plain SQL as a person's own login, and as the app's."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime

import psycopg
import pytest

from ledger.entries.appointments import appoint
from ledger.entries.posting import post
from ledger.entries.proposals import decide, listed, submit
from ledger.errors import Refused
from ledger.reports import verify
from ledger.store import backup
from ledger.store.address import ServerAddress
from ledger.store.base import Store
from tests.books import at, fund_all, term
from tests.knocks import answer, arrays, fact
from tests.ledger.test_rights import by, devolve
from tests.shelves import ServerShelf, administrator, on_server, raw, shelf_of

pytestmark = pytest.mark.parametrize("kind", ["server"])
LONG_AGO, TODAY = date(2020, 1, 1), datetime.now(UTC).date()
PRIVATE = ("proposal", "proposed_entry", "proposed_transfer", "proposal_end")


@dataclass
class Office:
    """A ledger on a server with people of two ICBs, each with a login, and an app."""

    books: Store
    logins: dict[str, str]

    def address(self, who: str) -> ServerAddress:
        assert isinstance(self.books.path, ServerAddress)
        return on_server(database_of(self.books.path), self.logins[who])

    def plan(self, who: str) -> str:
        """The name of somebody's proposal."""
        return f"{self.logins[who]}/plan of {who}"

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
    with raw(place) as server:
        for login in logins.values():
            server.execute(f'CREATE ROLE "{login}" LOGIN')
            server.execute("SELECT ledger_admit(%s, 'posts')", (login,))
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
    for who, speaks_for, preparers in (
        ("anna", None, ["anna"]), ("bert", None, ["anna"]), ("vera", None, ["anna"]),
        ("olga", None, ["otto"]), ("olga", "anna", ["otto"]),  # a login that is no app names nobody
        ("desk", "anna", ["anna"]), ("desk", "olga", ["otto"]), ("desk", None, []), ("desk", "stranger", []),
    ):  # fmt: skip
        with office.sql(who, speaks_for) as server:
            wanted = [office.plan(preparer) for preparer in preparers]
            assert [row[0] for row in server.execute("SELECT id FROM proposal").fetchall()] == wanted, (who, speaks_for)
            keys = [row[0] for row in server.execute("SELECT proposal FROM proposed_entry").fetchall()]
            assert keys == wanted
            assert server.execute("SELECT count(*) FROM proposed_transfer").fetchone() == (len(wanted),)
            everything = str(server.execute("SELECT * FROM entry").fetchall())
            assert "title of" not in everything
            assert "plan of" not in everything
    with raw(office.books.path) as owner:
        assert owner.execute("SELECT count(*) FROM proposal").fetchone() == (2,)


# Who knocks, for whom, with an entry of which kind, and what it brings: legs, or records with {names} for logins.
TRIES = [
    ("vera", None, "devolve", [("ICB1", "P1", 1)], "right post ICB1"),
    ("anna", None, "devolve", [("ICB1", "P1", 1)], "right post ICB1"),
    ("bert", None, "devolve", [("ICB1", "P1", 1)], "right post ICB1"),
    ("olga", None, "devolve", [("ICB1", "P1", 1)], "right post ICB1"),
    ("desk", "vera", "devolve", [("ICB1", "P1", 1)], "right post ICB1"),
    ("desk", None, "devolve", [("ICB1", "P1", 1)], "name"),
    # Whatever it calls itself, it is judged by what it brings.
    ("anna", None, "propose", [("ICB1", "P1", 1)], "rule shape/brings"),
    ("vera", None, "terms", {"terms": [term("core", "none", version=2, match_percent=0, clawback="none", leave_by="")]}, "right record None"),
    ("anna", None, "decide", {"proposal_end": [("anna", "posted", "anna")]}, "database"),
    ("anna", None, "decide", {"proposal_end": [("anna", "rejected", "anna")]}, "rule decision/own"),
    ("olga", None, "decide", {"proposal_end": [("anna", "rejected", "olga")]}, "hidden"),
    ("anna", None, "decide", {"proposal_end": [("anna", "rejected", "bert")]}, "rule decision/author"),
    ("otto", None, "propose", {"proposed_transfer": [{
        "id": "x", "proposed_entry": "{anna}/plan of anna/1", "leg": 2, "from_organisation": "ICB2", "from_fund": "core",
        "from_year": 2025, "from_standing": "available", "to_organisation": "P3", "to_fund": "core", "to_year": 2025,
        "to_standing": "available", "amount_pence": 9, "recurrent": True}]}, "hidden"),
    ("bert", None, "appoint", {"appointment": [{
        "id": "x", "person": "stranger", "role": "approver", "organisation": "ICB1", "alone": True,
        "valid_from": "2020-01-01"}]}, "right appoint ICB1"),
    ("bert", None, "structure", {"organisation": [{
        "code": "X", "name": "X", "tier": "place", "valid_from": "2020-01-01"}]}, "right nothing None"),
]  # fmt: skip


@pytest.mark.parametrize(("who", "speaks_for", "kind_of_entry", "brings", "said"), TRIES)
def test_who_knocks_without_a_right_is_refused(
    office: Office, who: str, speaks_for: str | None, kind_of_entry: str, brings: object, said: str
) -> None:
    """By the server itself, asked in plain SQL."""
    person = speaks_for and office.logins[speaks_for]
    actor = office.logins[speaks_for or who]
    records = {} if isinstance(brings, list) else brings
    if "proposal_end" in records:
        ((plan, outcome, by_whom),) = records["proposal_end"]
        records = {"proposal_end": [{"proposal": office.plan(plan), "prepared_by": office.logins[plan], "reason": "x",
                                     "outcome": outcome, "decided_by": office.logins[by_whom]}]}  # fmt: skip
    records = json.loads(json.dumps(records, default=str).replace("{anna}", office.logins["anna"]))
    legs = brings if isinstance(brings, list) else []
    draft = fact(kind_of_entry, actor, len(legs), **({"records": records} if records else {}))
    with office.sql(who) as server:
        refused = answer(server, draft, legs=arrays(legs), person=person)["refused"]
    told = [" ".join(map(str, (one["fault"], one.get("rule"), *one.get("row", {}).values()))) for one in refused]
    assert any(all(word in line for word in said.split()) for line in told) or said in [
        one["fault"] for one in refused
    ], refused
    with Store.open(office.books.path) as store, store.read() as reader:
        assert verify.verify(reader) == []


def test_nobody_posts_under_anothers_name_or_approves_above_the_limit(office: Office) -> None:
    bert, anna = office.logins["bert"], office.logins["anna"]
    with Store.open(office.address("anna")) as own:
        submit(own, [devolve(1001, "large")], key="large", title="large", prepared_by=anna)
        with pytest.raises(Refused, match=r"it is .*anna's, and .*bert is named"):
            decide(own, office.plan("anna"), outcome="posted", decided_by=bert, reason="x", day=TODAY)
        with pytest.raises(Refused, match=r"it is .*anna's, and .*bert is named"):
            post(own, [by(bert, devolve(1, "in his name"))])
        # Two names in one batch are named by nobody, and each entry is still its author's.
        with pytest.raises(Refused, match=r"is in the name of .*bert, and this connection speaks for .*anna"):
            post(own, [by(bert, devolve(1, "one")), by("another", devolve(1, "two"))])
    with Store.open(office.address("bert")) as own:
        with pytest.raises(Refused, match=r"may not approve for First ICB \(ICB1\), £10\.01 in all"):
            decide(own, f"{anna}/large", outcome="posted", decided_by=bert, reason="x", day=TODAY)
        decide(own, office.plan("anna"), outcome="posted", decided_by=bert, reason="x", day=TODAY)
    # As the program would, but in SQL: a decision, then an entry under the approved key, of another amount or without.
    with office.sql("bert") as server:
        ((content,),) = server.execute(
            "SELECT e.content_hash FROM proposal p JOIN entry e ON e.number = p.entry_number WHERE p.id = %s",
            (f"{anna}/large",),
        ).fetchall()  # fmt: skip
        for hashed, said in ((content, "decision/kept"), ("0" * 64, "decision/bound"), (None, "decision/bound")):
            end = {"proposal": f"{anna}/large", "prepared_by": anna, "outcome": "posted", "decided_by": bert, "reason": "x",
                   "content_hash": hashed, "posted": "1"}  # fmt: skip
            entries = [fact("decide", bert, records={"proposal_end": [end]}), fact("devolve", bert, 1, key="large")]
            refused = answer(server, *entries, legs=arrays([("ICB1", "P1", 900)]))["refused"]
            assert said in [one["rule"] for one in refused], refused


def test_who_guesses_a_proposal_s_name_hears_of_a_hidden_one_what_they_hear_of_none(office: Office) -> None:
    olga = office.logins["olga"]

    def told(name: str) -> str:
        """What is said of every way to name a proposal, with the name taken out."""
        end = {
            "proposal": name,
            "prepared_by": office.logins["anna"],
            "outcome": "rejected",
            "decided_by": olga,
            "reason": "x",
        }
        leg = {"id": f"{name}/1/1", "proposed_entry": f"{name}/1", "leg": 1, "from_organisation": "ICB2", "from_fund": "core",
               "from_year": 2025, "from_standing": "available", "to_organisation": "P3", "to_fund": "core", "to_year": 2025,
               "to_standing": "available", "amount_pence": 9, "recurrent": True}  # fmt: skip
        entry = {"id": f"{name}/1", "proposal": name, "nth": 1, "key": "x", "kind": "devolve", "effective_date": "2025-04-01",
                 "reason": "x"}  # fmt: skip
        whole = {"id": name, "title": "x", "prepared_by": olga}
        said = []
        with office.sql("olga") as server:
            for records in ({"proposal_end": [end]}, {"proposed_transfer": [leg]}, {"proposed_entry": [entry]}, {"proposal": [whole]},
                            {"proposal": [whole], "proposed_entry": [entry], "proposed_transfer": [leg]}):  # fmt: skip
                kind = "decide" if "proposal_end" in records else "propose"
                for tried in ({}, {"tried": True}, {"keep": False}):
                    said.append(answer(server, fact(kind, olga, key="k", records=records), **tried))
        return json.dumps(said).replace(name, "NAME")

    hidden, none = office.plan("anna"), office.plan("anna") + "0"
    assert told(hidden) == told(none)
    assert "unknown" in told(none)


def test_one_app_serves_people_who_do_not_see_each_others_proposals(office: Office) -> None:
    """One process, one open ledger, one mirror: each reads in their own name, again and again."""
    with Store.open(office.address("desk")) as store:
        for _ in range(2):
            for who, wanted in (("anna", ["anna"]), ("olga", ["otto"]), ("stranger", []), (None, [])):
                with store.read(office.logins.get(who or "", who)) as reader:
                    assert [found.id for found in listed(reader)] == [office.plan(of) for of in wanted]
        with store._mirror.cursor() as cursor:
            for table in PRIVATE:
                assert cursor.execute(f'SELECT count(*) FROM "{table}"').fetchall() == [(0,)], table
        for who in ("vera", "anna", "olga"):
            with pytest.raises(Refused, match="may not post money"):
                post(store, [by(office.logins[who], devolve(1, "past it"))])
        bert = office.logins["bert"]
        decide(store, office.plan("anna"), outcome="posted", decided_by=bert, reason="x", day=TODAY)
        with store.read(bert) as reader:
            assert [found.outcome for found in listed(reader)] == ["posted"]
            assert verify.verify(reader) == []
        with store.read(office.logins["olga"]) as reader:
            assert [found.id for found in listed(reader)] == [office.plan("otto")]
            assert verify.verify(reader) == []
    assert at("ICB1", "core").organisation == "ICB1"


def test_a_copy_is_made_by_who_sees_the_whole(office: Office, tmp_path) -> None:
    with (
        Store.open(office.address("anna"), read_only=True) as own,
        pytest.raises(Refused, match="A copy has to be whole"),
    ):
        backup.backup(own, tmp_path / "part.duckdb")
    appoint(office.books, office.logins["vera"], "auditor", by="chief", reason="x", day=LONG_AGO)
    with Store.open(office.address("vera"), read_only=True) as own:
        backup.backup(own, tmp_path / "whole.duckdb")
    with Store.open(tmp_path / "whole.duckdb", read_only=True) as store, store.read() as reader:
        assert len(listed(reader)) == 2
