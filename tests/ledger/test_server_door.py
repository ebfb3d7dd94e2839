"""One way into a server's ledger: nothing that a login can run, whatever it may, gets past it, around it or into it."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger.entries.appointments import appoint
from ledger.entries.posting import post
from ledger.entries.proposals import submit
from ledger.errors import KeyReused, Refused
from ledger.models import TABLES
from ledger.reports import verify
from ledger.store import backup, views
from ledger.store.address import ServerAddress
from ledger.store.base import Store
from ledger.store.server import schema
from ledger.store.server.functions import OWNER, POSTS, READS
from tests.books import LONG_AGO, at, entry, fund_all, held, texts
from tests.knocks import CALL, answer, arrays, fact, knock
from tests.shelves import ServerShelf, administrator, on_server, raw, shelf_of

pytestmark = pytest.mark.parametrize("kind", ["server"])
NAMES = [str(model.__tablename__) for model in TABLES]
LOGINS = ("poster", "reader", "shade")


@dataclass
class House:
    """A ledger with money and a proposal, and logins: one posts, one reads, one posts and may make things."""

    books: Store
    logins: dict[str, str]

    def address(self, who: str) -> ServerAddress:
        assert isinstance(self.books.path, ServerAddress)
        return on_server(self.books.path.url.rpartition("/")[2].partition("?")[0], self.logins[who])

    def sql(self, who: str) -> psycopg.Connection:
        """A connection of somebody's own, in plain SQL."""
        return psycopg.connect(self.address(who).url, autocommit=True)


@pytest.fixture(scope="module")
def furnished(
    template: Callable[[str], ServerAddress], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[ServerAddress, dict[str, str]]]:
    shelf = shelf_of("server", tmp_path_factory.mktemp("door"))
    place = shelf.copy(template("server"), "door")
    assert isinstance(place, ServerAddress)
    database = place.url.rpartition("/")[2].partition("?")[0]
    logins = {name: f"{database}_{name}"[-60:] for name in LOGINS}
    with raw(place) as server:
        for name, login in logins.items():
            server.execute(f'CREATE ROLE "{login}" LOGIN')
            server.execute("SELECT ledger_admit(%s, %s)", (login, "reads" if name == "reader" else "posts"))
    with Store.open(place) as books:
        fund_all(books)
        appoint(books, "chief", "administrator", by="setting up", reason="x", day=LONG_AGO)
        appoint(
            books, logins["poster"], "approver", by="chief", reason="x", day=LONG_AGO, organisation="ICB1", alone=True
        )
        appoint(books, "otto", "preparer", by="chief", reason="x", day=LONG_AGO, organisation="ICB2")
        plan = replace(entry("devolve", at("ICB2", "core"), at("P3", "core"), 500), actor="otto")
        submit(books, [plan], key="plan", title="title", prepared_by="otto")
    yield place, logins
    shelf.clear()
    with administrator() as server:
        for login in logins.values():
            server.execute(f'DROP ROLE IF EXISTS "{login}"')


@pytest.fixture
def house(shelf: ServerShelf, furnished: tuple[ServerAddress, dict[str, str]]) -> Iterator[House]:
    place, logins = furnished
    with Store.open(shelf.copy(place, "house")) as books:
        yield House(books, logins)
        books.close()
    shelf.clear()


def devolve(actor: str, legs: int = 1, **given: Any) -> dict[str, Any]:
    return fact("devolve", actor, legs, **given)


LEG = arrays([("ICB1", "P1", 1)])


def stands(house: House, tmp_path: Path) -> None:
    """The ledger can be posted to, verified and backed up."""
    with Store.open(house.address("poster")) as store:
        post(store, [replace(entry("devolve", at("ICB1", "core"), at("P1", "core"), 1), actor=house.logins["poster"])])
    with Store.open(house.books.path) as store:
        with store.read_afresh() as reader:
            assert texts(verify.verify(reader, store=store)) == ""
        backup.backup(store, tmp_path / "backup.duckdb")


# --- Rights ---------------------------------------------------------------------------------------------------------


def forbidden() -> list[str]:
    tries = []
    for name in NAMES:
        columns = [column.name for model in TABLES if model.__tablename__ == name for column in model.__table__.columns]
        tries += [
            f"INSERT INTO {name} SELECT * FROM {name}", f"DELETE FROM {name}", f"TRUNCATE {name}",
            *(f'UPDATE {name} SET "{column}" = "{column}"' for column in columns),
            f"COPY {name} FROM PROGRAM 'true'", f"DO $$ BEGIN LOCK TABLE {name} IN ACCESS EXCLUSIVE MODE; END $$",
            f"DO $$ BEGIN LOCK TABLE {name} IN ROW EXCLUSIVE MODE; END $$", f"SELECT * FROM {name} FOR UPDATE", f"SELECT * FROM {name} FOR SHARE",
            f"ALTER TABLE {name} DISABLE TRIGGER ALL", f"ALTER TABLE {name} DISABLE ROW LEVEL SECURITY", f"DROP TABLE {name}",
            f"CREATE RULE r AS ON INSERT TO {name} DO INSTEAD NOTHING", f"CREATE INDEX ON {name} (({columns[0]}))",
            f"CREATE TRIGGER t BEFORE INSERT ON {name} EXECUTE FUNCTION suppress_redundant_updates_trigger()",
            f"CREATE POLICY p ON {name} USING (true)", f"COMMENT ON TABLE {name} IS 'x'",
        ]  # fmt: skip
    for name in views.NAMES:
        tries += [
            f"DELETE FROM {name}", f"UPDATE {name} SET fund = fund", f"INSERT INTO {name} SELECT * FROM {name}",
            f"DROP VIEW {name}", f"ALTER VIEW {name} SET (security_invoker = false)", f"COMMENT ON VIEW {name} IS 'x'",
            f"CREATE OR REPLACE VIEW {name} AS SELECT 1 AS x", f"CREATE RULE r AS ON UPDATE TO {name} DO INSTEAD NOTHING",
            f"CREATE TRIGGER t INSTEAD OF INSERT ON {name} FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()",
        ]  # fmt: skip
    tries += [
        "CREATE TEMP TABLE entry (x int)", "CREATE TEMP VIEW account AS SELECT 1", "CREATE TABLE mine (x int)", "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OPERATOR public.<> (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = textne)",
        "SET session_replication_role = replica", "SET ROLE devolution", "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION x()",
        "SELECT pg_read_file('PG_VERSION')", "SELECT lo_import('/etc/hostname')", "ALTER DATABASE postgres SET row_security = off",
    ]  # fmt: skip
    for function in schema.functions():
        arguments = [part.strip().partition(" ")[2] for part in function.arguments.split(",") if part.strip()]
        nothing = ", ".join(f"NULL::{kind}" for kind in arguments)
        if function.returns != "trigger" and function.may == OWNER:
            tries.append(f"SELECT public.{function.name}({nothing})")
        tries.append(f"CREATE OR REPLACE FUNCTION public.{function.name}({function.arguments}) RETURNS {function.returns} "
                     f"LANGUAGE internal AS 'now'")  # fmt: skip
    return tries


@pytest.mark.parametrize("who", ["poster", "reader"])
def test_every_grant_is_tried_by_straight_sql(house: House, who: str, tmp_path: Path) -> None:
    allowed = (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName,
               psycopg.errors.ObjectNotInPrerequisiteState)  # fmt: skip
    told = ("permission denied", "must be", "are not automatically updatable")
    with house.sql(who) as server:
        for statement in forbidden():
            with pytest.raises(allowed) as caught:
                server.execute(statement)
            assert any(words in str(caught.value) for words in told), (statement, caught.value)
        for function in schema.functions():
            may = server.execute("SELECT has_function_privilege(%s::regproc, 'EXECUTE')", (f"public.{function.name}",))
            assert may.fetchone() == (function.may == READS or (function.may == POSTS and who == "poster"),), (
                function.name
            )
    if who == "reader":
        with house.sql(who) as server, pytest.raises(psycopg.errors.InsufficientPrivilege):
            answer(server, devolve(house.logins[who]), legs=LEG)
    with house.sql("poster") as server:
        for name in NAMES:
            server.execute(f"GRANT INSERT, UPDATE, DELETE ON {name} TO PUBLIC")  # which grants nothing, and warns of it
        assert "posted" in answer(server, devolve(house.logins["poster"]), legs=LEG)
    stands(house, tmp_path)


# --- What a session can make ---------------------------------------------------------------------------------------


def shadowed(server: psycopg.Connection) -> int:  # noqa: C901, PLR0912 - one branch for each thing that can be shadowed
    """Shadow every table, function and operator that the ledger's code names, in front of everything; how many."""
    names = {*NAMES, *views.NAMES}
    asked = (view.sql(views.SERVER_WORDS) for view in views.VIEWS)
    bodies = " ".join([*(function.body for function in schema.functions()), *asked])
    called = set(re.findall(r"\b([a-z_][a-z0-9_]*)\s*\(", bodies)) | {function.name for function in schema.functions()}
    server.execute("CREATE SCHEMA shade")
    made = 0
    for name in sorted(names):
        for where in ("TEMP TABLE", "TABLE shade."):
            target = f"{where}{' ' if where == 'TEMP TABLE' else ''}{name}"
            server.execute(f"CREATE {target} AS SELECT * FROM public.{name} WHERE false")
            made += 1
    # Rows with which a function that took them for the ledger's would see, allow or miss something.
    me = server.info.user
    for where in ("pg_temp", "shade"):
        server.execute(f"INSERT INTO {where}.appointment (id, person, role, alone, valid_from, entry_number) "
                       f"VALUES ('x', '{me}', 'administrator', false, '2000-01-01', 1), ('y', '{me}', 'app', false, '2000-01-01', 1), "
                       f"('z', '{me}', 'approver', true, '2000-01-01', 1)")  # fmt: skip
        server.execute(
            f"INSERT INTO {where}.account SELECT id + 0, organisation, fund, year, standing, NULL FROM public.account"
        )
        server.execute(f"INSERT INTO {where}.seal VALUES (1, 5, 0, 'x', 0)")
    signatures = server.execute(
        "SELECT p.proname, pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid) FROM pg_proc p "
        "WHERE p.pronamespace IN ('pg_catalog'::regnamespace, 'public'::regnamespace) AND p.proname = ANY (%s) AND p.prokind = 'f'",
        (sorted(called),),
    ).fetchall()  # fmt: skip
    evil = "LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'shadowed'; END $$"
    for name, arguments, result in signatures:
        try:
            server.execute(f'CREATE FUNCTION shade."{name}"({arguments}) RETURNS {result} {evil}')
            made += 1
        except psycopg.Error:
            continue  # one that the server will not let anybody make, for its types are internal
    # Better matches than the system's own: our columns are varchar, and most functions take text.
    for name in sorted(called):
        for arguments in ("varchar", "varchar, varchar", "text, varchar", "bigint, integer", "date, timestamptz"):
            try:
                server.execute(f'CREATE FUNCTION shade."{name}"({arguments}) RETURNS boolean {evil}')
                made += 1
            except psycopg.Error:
                continue
    kinds = (
        "bigint",
        "integer",
        "text",
        "varchar",
        "date",
        "boolean",
        "jsonb",
        "name",
        "timestamptz",
        "text[]",
        "bigint[]",
    )
    server.execute(f"CREATE FUNCTION shade.evil(anyelement, anyelement) RETURNS boolean {evil}")
    for symbol in (
        "=",
        "<>",
        "<",
        ">",
        "<=",
        ">=",
        "||",
        "->",
        "->>",
        "~",
        "!~",
        "@>",
        "&&",
        "?",
        "+",
        "-",
        "*",
        "/",
        "%",
    ):
        for left in kinds:
            for right in kinds if symbol in ("=", "<>", "||", "<", ">=") else (left, "text", "integer"):
                made += 1
                server.execute(f"CREATE OR REPLACE FUNCTION shade.evil_op({left}, {right}) RETURNS boolean {evil}")
                try:
                    server.execute(
                        f"CREATE OPERATOR shade.{symbol} (LEFTARG = {left}, RIGHTARG = {right}, FUNCTION = shade.evil_op)"
                    )
                except psycopg.errors.DuplicateFunction:
                    continue
    server.execute("SET search_path = pg_temp, shade, public, pg_catalog")
    for setting in (
        "datestyle = 'SQL, DMY'", "timezone = 'Pacific/Kiritimati'", "intervalstyle = 'sql_standard'", "transform_null_equals = on",
        "standard_conforming_strings = off", "array_nulls = off", "bytea_output = escape", "extra_float_digits = -15",
        "enable_nestloop = off", "enable_indexscan = off", "enable_sort = off", "jit_above_cost = 0", "work_mem = '64kB'",
        "plpgsql.extra_errors = 'none'", "default_transaction_isolation = 'repeatable read'", "devolution.person = 'chief'",
    ):  # fmt: skip
        server.execute(f"SET {setting}")
    return made


def brought(
    server: psycopg.Connection, *entries: dict[str, Any], legs: list[list[Any]] | None = None, **given: Any
) -> Any:
    """What becomes of a batch, asked so that nothing of the session is in the question."""
    call = CALL.replace("SELECT ledger_post", "SELECT public.ledger_post").replace("::", "::pg_catalog.")
    call = call.replace("::pg_catalog.boolean", "::pg_catalog.bool").replace(
        "::pg_catalog.integer", "::pg_catalog.int4"
    )
    call = call.replace("::pg_catalog.bigint", "::pg_catalog.int8")

    (told,) = server.execute(call, [json.dumps([{"entries": entries, **given}]), *(legs or arrays())]).fetchone()[0]
    if "posted" in told:
        return [(one["transfers"], one["replayed"]) for one in told["posted"]]
    return told["refused"]


def answers_of(server: psycopg.Connection, actor: str) -> dict[str, Any]:
    """What the ledger's code answers: what is seen, and what is said of what is not kept."""
    seen = {
        name: server.execute(f"SELECT * FROM public.{name}").fetchall() for name in NAMES if name.startswith("propos")
    }
    seen |= {name: sorted(server.execute(f"SELECT * FROM public.{name}").fetchall(), key=str) for name in views.NAMES}
    for name in ("ledger_is_owner", "ledger_seen_proposals", "ledger_seen_transfers", "ledger_unseen"):
        seen[name] = server.execute(f"SELECT public.{name}()").fetchall()
    right = {
        "appointment": [
            {"id": "x", "person": "me", "role": "administrator", "alone": False, "valid_from": "2020-01-01"}
        ]
    }
    return {
        **seen,
        "no right": brought(server, devolve(actor, key="a"), legs=arrays([("ICB2", "P3", 1)])),
        "another's name": brought(server, devolve("chief", key="b"), legs=arrays([("ICB1", "P1", 1)]), person="chief"),
        "too much": brought(server, devolve(actor, key="c"), legs=arrays([("ICB1", "P1", 99_999_999_999)])),
        "a right": brought(server, fact("appoint", actor, key="d", records=right)),
        "tried": brought(server, devolve(actor, key="e"), legs=arrays([("ICB1", "P1", 7)]), keep=False),
    }


@pytest.mark.parametrize("who", LOGINS)
def test_nothing_that_a_session_makes_changes_an_answer(house: House, tmp_path: Path, who: str) -> None:
    login = house.logins[who]
    with raw(house.books.path) as owner:
        owner.execute(f'GRANT TEMP, CREATE ON DATABASE "{owner.info.dbname}" TO "{login}"')
        if who == "reader":  # so that it can be asked the same; it still has no right in the books
            owner.execute("SELECT ledger_admit(%s, 'posts')", (login,))
    with house.sql(who) as plain:
        wanted = answers_of(plain, login)
    with house.sql(who) as server:
        assert shadowed(server) > 1000
        assert answers_of(server, login) == wanted
        kept = brought(server, devolve(login, key="kept"), legs=arrays([("ICB1", "P1", 7)]))
        assert kept == [(1, False)] if who == "poster" else kept[0]["fault"] == "right"
        server.execute("SET search_path = pg_catalog")
        server.execute("DROP SCHEMA shade CASCADE")
    with raw(house.books.path) as owner:
        owner.execute(f'REVOKE TEMP, CREATE ON DATABASE "{owner.info.dbname}" FROM "{login}"')
    stands(house, tmp_path)


# --- What is no batch ------------------------------------------------------------------------------------------------


def record(table: str, **given: Any) -> dict[str, Any]:
    """A row that an administrator may bring, with something wrong in it."""
    whole = {
        "tier": {"code": "x", "name": "x", "rank": 9, "depth": 9, "may_go_below_zero": False},
        "organisation": {"code": "X", "name": "x", "tier": "place", "valid_from": "2020-01-01"},
        "closed_month": {"id": "2020-04", "last_day": "2020-04-30"},
        "succession": {"id": "x", "predecessor": "P1", "successor": "P2", "effective_date": "2030-01-01", "kind": "merge",
                       "weight": 1, "basis": "x"},
        "upgrade": {"id": "9", "name": "x", "form": 3, "previous_head": "x", "earlier": "[]"},
        "source_limit": {"id": "x", "fund": "core", "year": 2025, "limit_pence": 1, "source": "x"},
        "proposal": {"id": "x", "title": "x", "prepared_by": "chief"},
    }  # fmt: skip
    return {table: [{**whole[table], **given}]}


HUGE = 2**63 - 1
NO_BATCHES: list[tuple[str, Callable[[psycopg.Connection], Any]]] = [
    ("no array", lambda s: s.execute(CALL, ["{}", *arrays()])),
    ("nothing", lambda s: s.execute(CALL, [None, *arrays()])),
    ("nulls for arrays", lambda s: s.execute(CALL, ['[{"entries": []}]', *[None] * 9])),
    ("entries are no array", lambda s: knock(s, {"entries": {}})),
    ("entries are no entries", lambda s: knock(s, {"entries": [1, "x", None, []]})),
    ("a thousand and one batches", lambda s: knock(s, *[{"entries": []}] * 1_001)),
    ("too many entries", lambda s: s.execute(
        "SELECT ledger_post(jsonb_build_array(jsonb_build_object('entries', (SELECT jsonb_agg('{}'::jsonb) "
        "FROM generate_series(1, 1000000)))), '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')")),
    ("arrays of two dimensions", lambda s: answer(s, devolve("anybody"), legs=[[[1]], [[2]], [[1]], [[True]], [[None]], *LEG[5:]])),
    ("arrays that begin at nothing", lambda s: s.execute(
        "SELECT ledger_post(%s, '[0:0]={1}', '[0:0]={2}', '[0:0]={1}', '[0:0]={t}', '[0:0]={x}', '{ICB1,P1}', '{core,core}', "
        "'{2025,2025}', '{available,available}')", [json.dumps([{"entries": [devolve("anybody")]}])])),
    ("arrays of unlike lengths", lambda s: answer(s, devolve("anybody"), legs=[[1], [2], [1], [True], [], *LEG[5:]])),
    ("accounts of unlike lengths", lambda s: answer(s, devolve("anybody"), legs=[*LEG[:5], LEG[5][:1], *LEG[6:]])),
    ("a place that is none", lambda s: answer(s, devolve("anybody"), legs=[[99], *LEG[1:]])),
    ("a place below all", lambda s: answer(s, devolve("anybody"), legs=[[-1], *LEG[1:]])),
    ("a missing place", lambda s: answer(s, devolve("anybody"), legs=[[None], *LEG[1:]])),
    ("a missing amount", lambda s: answer(s, devolve("anybody"), legs=arrays([("ICB1", "P1", None)]))),
    ("an amount of nothing", lambda s: answer(s, devolve("anybody"), legs=arrays([("ICB1", "P1", 0)]))),
    ("an amount below nothing", lambda s: answer(s, devolve("anybody"), legs=arrays([("ICB1", "P1", -5)]))),
    ("a huge amount", lambda s: answer(s, devolve("anybody"), legs=arrays([("ICB1", "P1", HUGE)]))),
    ("huge amounts", lambda s: answer(
        s, fact("mandate", "anybody", 600), legs=arrays([("GOV", "NHS", 2**53 - 1)] * 600, [("GOV", "limit"), ("NHS", "limit")]))),
    ("an account twice", lambda s: answer(
        s, devolve("anybody"), legs=[[1], [2], [1], [True], [None], ["ICB1", "ICB1"], ["core"] * 2, [2025] * 2, ["available"] * 2])),
    ("a standing of one's own", lambda s: answer(s, devolve("anybody"), legs=[*LEG[:8], ["mine"] * 6])),
    ("a year of one's own", lambda s: answer(s, devolve("anybody"), legs=[*LEG[:7], [2**31 - 1] * 6, LEG[8]])),
    ("a note that hides", lambda s: answer(s, devolve("anybody"), legs=[*LEG[:4], ["a\u202eb"], *LEG[5:]])),
    ("a note with the mark between rows", lambda s: answer(s, devolve("anybody"), legs=[*LEG[:4], ["a\x1eb"], *LEG[5:]])),
    ("fewer legs than are said", lambda s: answer(s, devolve("anybody", 2), legs=LEG)),
    ("more legs than are said", lambda s: answer(s, devolve("anybody", 0), legs=LEG)),
    ("two billion legs", lambda s: answer(s, devolve("anybody", 2**31 - 1), legs=LEG)),
    ("legs below nothing", lambda s: answer(s, devolve("anybody", -1), devolve("anybody", 2), legs=LEG)),
    ("legs by the fraction", lambda s: answer(s, devolve("anybody", 1.5), legs=LEG)),
    ("a number that is none", lambda s: answer(s, devolve("anybody", "many"), legs=LEG)),
    ("no key", lambda s: answer(s, devolve("anybody", key=None), legs=LEG)),
    ("a blank key", lambda s: answer(s, devolve("anybody", key="  "), legs=LEG)),
    ("no actor", lambda s: answer(s, devolve(None), legs=LEG)),
    ("no reason", lambda s: answer(s, devolve("anybody", reason=None), legs=LEG)),
    ("a key that hides", lambda s: answer(s, devolve("anybody", key="a\u200bb"), legs=LEG)),
    ("a key in another form", lambda s: answer(s, devolve("anybody", key="e\u0301"), legs=LEG)),
    ("one key twice", lambda s: answer(s, devolve("anybody", key="k"), devolve("anybody", key="k"), legs=arrays([("ICB1", "P1", 1)] * 2))),
    ("a long key", lambda s: answer(s, devolve("anybody", key="k" * 100_000 + "".join(map(str, range(50_000)))), legs=LEG)),
    ("a kind of one's own", lambda s: answer(s, fact("mine", "anybody", 1), legs=LEG)),
    ("no kind", lambda s: answer(s, fact(None, "anybody", 1), legs=LEG)),
    ("no day", lambda s: answer(s, devolve("anybody", effective_date=None), legs=LEG)),
    ("a day without end", lambda s: answer(s, devolve("anybody", effective_date="infinity"), legs=LEG)),
    ("a day before all", lambda s: answer(s, devolve("anybody", effective_date="-infinity"), legs=LEG)),
    ("the last day there is", lambda s: answer(s, devolve("anybody", effective_date="294276-12-31"), legs=LEG)),
    ("a day before Christ", lambda s: answer(s, devolve("anybody", effective_date="0044-03-15 BC"), legs=LEG)),
    ("no day at all", lambda s: answer(s, devolve("anybody", effective_date="soon"), legs=LEG)),
    ("an object for a text", lambda s: answer(s, devolve([1], reason={"a": 1}), legs=LEG)),
    ("the zero byte", lambda s: s.execute(CALL, ['[{"entries": [{"key": "a\\u0000b"}]}]', *LEG])),
    ("half a letter", lambda s: s.execute(CALL, ['[{"entries": [{"key": "a\\ud800b"}]}]', *LEG])),
    ("bytes that are no text", lambda s: s.execute(
        "SELECT ledger_post(%s, '{}', '{}', '{}', '{}', '{}', ARRAY[convert_from('\\xff', 'UTF8')], '{}', '{}', '{}')", ["[]"])),
    ("a reversal of nothing", lambda s: answer(s, fact("reverse", "anybody", 1, reverses=999, key="reverse:999"), legs=LEG)),
    ("a reversal of itself", lambda s: answer(s, fact("reverse", "anybody", 1, reverses=9, key="reverse:9"), legs=LEG)),
    ("a reversal under another key", lambda s: answer(s, fact("reverse", "anybody", 1, reverses=4, key="mine"), legs=LEG)),
    ("the key of a reversal", lambda s: answer(s, devolve("anybody", key="reverse:4"), legs=LEG)),
    ("records with money", lambda s: answer(s, devolve("anybody", records=record("organisation")), legs=LEG)),
    ("records of nothing", lambda s: answer(s, fact("structure", "anybody", records={"organisation": []}))),
    ("a table of one's own", lambda s: answer(s, fact("structure", "anybody", records={"mine": [{}]}))),
    ("the seal", lambda s: answer(s, fact("structure", "anybody", records={"seal": [{"id": 1, "entries": 10**9}]}))),
    ("an account", lambda s: answer(s, fact("structure", "anybody", records={"account": [{"id": HUGE}]}))),
    ("rows that are none", lambda s: answer(s, fact("structure", "anybody", records={"organisation": 5}))),
    ("rows that are nothing", lambda s: answer(s, fact("structure", "anybody", records={"organisation": [None]}))),
    ("a change of the tables", lambda s: answer(s, fact("upgrade", "anybody", records=record("upgrade")))),
    ("a change of the tables among records", lambda s: answer(s, fact("structure", "anybody", records=record("upgrade")))),
    ("a month without end", lambda s: answer(s, fact("close", "anybody", records=record("closed_month", last_day="infinity")))),
    ("a month of the year 9998", lambda s: answer(
        s, fact("close", "anybody", effective_date="9998-12-31", records=record("closed_month", id="9998-12", last_day="9998-12-31")))),
    ("a month that has not ended", lambda s: answer(
        s, fact("close", "anybody", effective_date="2999-12-31", records=record("closed_month", id="2999-12", last_day="2999-12-31")))),
    ("a reason of wide spaces", lambda s: answer(s, devolve("anybody", reason="\u3000\u00a0"), legs=LEG)),
    ("a reason that shows nothing", lambda s: answer(s, devolve("anybody", reason="\U000e0000\u2065"), legs=LEG)),
    ("a name that hides", lambda s: answer(s, fact("structure", "anybody", records=record("organisation", name="a\u2066b")))),
    ("a life without end", lambda s: answer(s, fact("structure", "anybody", records=record("organisation", valid_from="-infinity")))),
    ("a huge weight", lambda s: answer(s, fact("structure", "anybody", records=record("succession", weight=HUGE)))),
    ("a weight beyond numbers", lambda s: answer(s, fact("structure", "anybody", records=record("succession", weight=10**40)))),
    ("a limit below nothing", lambda s: answer(s, fact("limit", "anybody", records=record("source_limit", limit_pence=-1)))),
    ("a rank beyond numbers", lambda s: answer(s, fact("structure", "anybody", records=record("tier", rank=2**40)))),
    ("a tier of its own money", lambda s: answer(s, fact("structure", "anybody", records=record("tier", may_go_below_zero=True, rank=-5)))),
    ("a head that was never seen", lambda s: answer(s, devolve("anybody"), legs=LEG, seen="0" * 64)),
]  # fmt: skip


def test_whatever_is_no_batch_is_refused_and_the_ledger_stands(house: House, tmp_path: Path) -> None:
    """By the owner, who may name anybody, so that no right stands in the way."""
    appoint(house.books, house.logins["shade"], "app", by="chief", reason="x", day=LONG_AGO)
    appoint(house.books, "anybody", "administrator", by="chief", reason="x", day=LONG_AGO)
    appoint(house.books, "anybody", "approver", by="chief", reason="x", day=LONG_AGO, alone=True)
    with raw(house.books.path) as server:
        assert "posted" in answer(server, devolve("anybody"), legs=LEG, keep=False)
        assert "posted" in answer(server, fact("structure", "anybody", records=record("organisation")), keep=False)
    for what, ask in NO_BATCHES:
        for who in ("owner", "shade"):
            with raw(house.books.path) if who == "owner" else house.sql(who) as server:
                kept = server.execute("SELECT count(*) FROM entry").fetchone()
                try:
                    told = ask(server)
                    told = told.fetchone()[0] if isinstance(told, psycopg.Cursor) else told
                except psycopg.DataError as error:  # what is no text never gets as far as the door
                    told = error
                assert server.execute("SELECT count(*) FROM entry").fetchone() == kept, (what, told)
                assert "posted" not in str(told), (what, told)
    stands(house, tmp_path)


def test_numbers_hours_and_hashes_are_the_door_s_own(house: House) -> None:
    """Whatever a batch says of them: the next number, the server's clock, the hash of what is there, the next link."""
    own = {"number": 10**15, "recorded_at": "9998-01-01", "hash": "x", "content_hash": "x", "previous_hash": "x"}
    with raw(house.books.path) as server:
        ((entries, head),) = server.execute("SELECT entries, head FROM seal").fetchall()
        appoint(house.books, "anybody", "approver", by="chief", reason="x", day=LONG_AGO, alone=True)
        server.execute("SET datestyle = 'SQL, DMY'")
        (posted,) = answer(server, devolve("anybody", **own), legs=LEG)["posted"]
        ((number, is_now, previous),) = server.execute(
            "SELECT number, recorded_at BETWEEN now() - interval '1 minute' AND clock_timestamp(), previous_hash "
            "FROM entry ORDER BY number DESC LIMIT 1"
        ).fetchall()  # fmt: skip
    assert (number, posted["number"], is_now) == (entries + 2, entries + 2, True)
    assert previous != head
    with Store.open(house.books.path) as store, store.read_afresh() as reader:
        assert texts(verify.verify(reader)) == ""


# --- Many at once -----------------------------------------------------------------------------------------------------


def test_sixteen_writers_at_once_each_get_their_own_answer(funded: Store) -> None:
    """In one program, sent together; and in others, which wait their turn."""
    told: dict[str, str] = {}

    def write(worker: int, store: Store) -> None:
        for turn in range(6):
            key, pence = f"{worker}/{turn}", 1 if turn != 3 else 10_000_000
            try:
                (posted,) = post(store, [entry("devolve", at("ICB1", "core"), at("P1", "core"), pence, key=key)])
                told[key] = posted.hash
            except Refused as refused:
                told[key] = str(refused)

    with Store.open(funded.path) as other:
        workers = [threading.Thread(target=write, args=(n, funded if n % 4 else other)) for n in range(16)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()
    assert len(told) == 16 * 6
    with funded.read() as reader:
        hashes = dict(reader.rows("SELECT key, hash FROM entry"))
    for key, said in told.items():
        assert hashes.get(key) == said if not key.endswith("/3") else "below zero" in said, (key, said)
    assert held(funded)["P1", "core", "available"] == 16 * 5
    with funded.read_afresh() as reader:
        assert texts(verify.verify(reader)) == ""


def test_one_key_from_two_is_posted_once_and_other_content_is_refused(funded: Store) -> None:
    same = entry("devolve", at("ICB1", "core"), at("P1", "core"), 1, key="same")
    other = entry("devolve", at("ICB1", "core"), at("P1", "core"), 2, key="same")
    told: list[Any] = []

    def write(draft: Any) -> None:
        try:
            told.append(post(funded, [draft])[0].replayed)
        except KeyReused as refused:
            told.append(str(refused))

    workers = [threading.Thread(target=write, args=(draft,)) for draft in (same, same, same)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    write(other)
    assert sorted(map(str, told[:3])) == ["False", "True", "True"]
    assert "this key already names entry 6, with other content" in told[3]


def test_batches_that_come_together_are_kept_or_refused_each_by_itself(funded: Store) -> None:
    batches = [
        {"entries": [fact("devolve", "a", 1, key=f"k{nth}")]} for nth in range(4)
    ]  # fmt: skip
    legs = arrays([("ICB1", "P1", 1), ("ICB1", "P3", 1), ("ICB1", "P1", 10**9), ("ICB1", "P1", 2)])
    with raw(funded.path) as server:
        answers = knock(server, *batches, legs=legs)
        assert [list(one) for one in answers] == [["posted"], ["refused"], ["refused"], ["posted"]]
        assert [one["refused"][0]["rule"] for one in answers[1:3]] == ["money/related", "money/overdrawn"]
        again = knock(server, *batches, legs=legs)
        assert [one["replayed"] for each in again if "posted" in each for one in each["posted"]] == [True, True]
    with funded.read_afresh() as reader:
        assert texts(verify.verify(reader)) == ""
        assert reader.rows("SELECT key FROM entry WHERE number > 5 ORDER BY number") == [("k0",), ("k3",)]
