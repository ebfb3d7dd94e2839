"""One way into a server's ledger: nothing that a login can run, whatever it may, gets past it, around it or into it."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from ledger import audit, keeping, server_schema
from ledger.address import ServerAddress
from ledger.appointments import appoint
from ledger.models import TABLES
from ledger.posting import post
from ledger.proposals import submit
from ledger.server_functions import OWNER, POSTS, READS
from ledger.store import Store
from tests.books import LONG_AGO, at, entry, fund_all, texts
from tests.knocks import CALL, answer, arrays, fact
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
            assert texts(audit.verify(reader, store=store)) == ""
        keeping.backup(store, tmp_path / "backup.duckdb")


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
    tries += [
        "CREATE TEMP TABLE entry (x int)", "CREATE TEMP VIEW account AS SELECT 1", "CREATE TABLE mine (x int)", "CREATE SCHEMA mine",
        "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'", "CREATE FUNCTION pg_temp.mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
        "CREATE OPERATOR public.<> (LEFTARG = varchar, RIGHTARG = varchar, FUNCTION = textne)",
        "SET session_replication_role = replica", "SET ROLE devolution", "CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION x()",
        "SELECT pg_read_file('PG_VERSION')", "SELECT lo_import('/etc/hostname')", "ALTER DATABASE postgres SET row_security = off",
    ]  # fmt: skip
    for function in server_schema.functions():
        arguments = [part.strip().partition(" ")[2] for part in function.arguments.split(",") if part.strip()]
        nothing = ", ".join(f"NULL::{kind}" for kind in arguments)
        if function.returns != "trigger" and function.may == OWNER:
            tries.append(f"SELECT public.{function.name}({nothing})")
        tries.append(f"CREATE OR REPLACE FUNCTION public.{function.name}({function.arguments}) RETURNS {function.returns} "
                     f"LANGUAGE internal AS 'now'")  # fmt: skip
    return tries


@pytest.mark.parametrize("who", ["poster", "reader"])
def test_every_grant_is_tried_by_straight_sql(house: House, who: str, tmp_path: Path) -> None:
    allowed = (psycopg.errors.InsufficientPrivilege, psycopg.errors.UndefinedFunction, psycopg.errors.InvalidSchemaName)
    with house.sql(who) as server:
        for statement in forbidden():
            with pytest.raises(allowed) as caught:
                server.execute(statement)
            assert "permission denied" in str(caught.value) or "must be" in str(caught.value), (statement, caught.value)
        for function in server_schema.functions():
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


def shadows(house: House) -> None:
    """All that privileged code names, made again by a login that an administrator let make things."""
    login = house.logins["shade"]
    with raw(house.books.path) as server:
        server.execute(f'GRANT TEMP, CREATE ON DATABASE "{server.info.dbname}" TO "{login}"')


def shadowed(server: psycopg.Connection) -> int:
    """Shadow every table, function and operator that the ledger's code names, in front of everything; how many."""
    names = set(NAMES)
    bodies = " ".join(function.body for function in server_schema.functions())
    called = set(re.findall(r"\b([a-z_][a-z0-9_]*)\s*\(", bodies)) | {
        function.name for function in server_schema.functions()
    }
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
