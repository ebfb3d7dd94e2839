"""A server's catalogue is what this program made of it, or ``verify`` says where it is not."""

from collections.abc import Iterator

import psycopg
import pytest

from ledger.store import backup, views
from ledger.store.base import Store
from ledger.store.server import catalogue
from tests.ledger.test_keeping import tables_of_version_1
from tests.shelves import Shelf, administrator, raw

pytestmark = pytest.mark.parametrize("kind", ["server"])

# What somebody does who owns the tables or the server, and where the problem is then.
CHANGES = [
    ("ALTER FUNCTION ledger_post(jsonb, integer[], integer[], bigint[], boolean[], text[], text[], text[], integer[], text[]) "
     "SET search_path = public", "function ledger_post(batches jsonb, "),
    ("ALTER FUNCTION ledger_is_owner() SECURITY INVOKER", "function ledger_is_owner()"),
    ("ALTER FUNCTION ledger_person() RESET ALL", "function ledger_person()"),
    ("ALTER FUNCTION ledger_person() VOLATILE", "function ledger_person()"),
    ("CREATE OR REPLACE FUNCTION ledger_clock() RETURNS timestamptz LANGUAGE sql AS $$SELECT timestamptz '9998-01-01'$$",
     "function ledger_clock()"),
    ("CREATE OR REPLACE FUNCTION ledger_may(first_new bigint, speakers text[], numbers bigint[]) RETURNS jsonb "
     "LANGUAGE sql STABLE AS $$SELECT '[]'::jsonb$$", "function ledger_may("),
    ("DROP FUNCTION ledger_rule_money_overdrawn(bigint, bigint)", "function ledger_rule_money_overdrawn("),
    ("CREATE FUNCTION ledger_refuse(faults json) RETURNS void LANGUAGE sql AS $$SELECT$$", "function ledger_refuse(faults json)"),
    ("CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS $$SELECT 1$$", "function mine()"),
    ("CREATE OPERATOR public.<> (LEFTARG = text, RIGHTARG = text, FUNCTION = textne)", "operator "),
    ("DROP TRIGGER never_changes ON transfer", "trigger never_changes of transfer"),
    ("ALTER TABLE entry DISABLE TRIGGER never_changes", "trigger never_changes of entry"),
    ("ALTER TABLE entry DISABLE TRIGGER ALL", "table entry"),
    ("CREATE TRIGGER mine AFTER INSERT ON entry EXECUTE FUNCTION ledger_never_changes()", "trigger mine of entry"),
    ("DROP POLICY seen ON proposal", "policy seen of proposal"),
    ("ALTER POLICY seen ON proposal USING (true)", "policy seen of proposal"),
    ("CREATE POLICY mine ON proposal FOR SELECT USING (true)", "policy mine of proposal"),
    ("ALTER TABLE proposed_entry DISABLE ROW LEVEL SECURITY", "table proposed_entry"),
    ("DROP INDEX transfer_from_account", "index transfer_from_account of transfer"),
    ("DROP VIEW v_flows", "view v_flows"),
    ("CREATE OR REPLACE VIEW v_flows WITH (security_invoker = true) AS SELECT from_tier, to_tier, from_organisation, "
     "from_name, to_organisation, to_name, fund, fund_name, stream, year, from_standing, to_standing, kind, entry, "
     "effective_date, 0::bigint AS amount_pence FROM v_flows", "view v_flows"),
    ("CREATE OR REPLACE VIEW v_position WITH (security_invoker = true) AS "
     + views.VIEWS[0].sql(views.SERVER_WORDS).replace("p.pence <> 0", "p.pence > 0"), "view v_position"),
    ("ALTER VIEW v_position SET (security_invoker = false)", "view v_position"),
    ("ALTER VIEW v_position OWNER TO somebody", "view v_position"),
    ("ALTER VIEW v_pots RENAME COLUMN left_pence TO right_pence", "view v_pots"),
    ("COMMENT ON COLUMN v_pots.left_pence IS 'in pounds'", "view v_pots"),
    ("COMMENT ON VIEW v_pots IS NULL", "view v_pots"),
    ("CREATE RULE mine AS ON DELETE TO v_pots DO INSTEAD NOTHING", "view v_pots"),
    ("CREATE TRIGGER mine INSTEAD OF DELETE ON v_pots FOR EACH ROW EXECUTE FUNCTION ledger_never_changes()",
     "trigger mine of v_pots"),
    ("GRANT INSERT ON v_pots TO somebody", "table v_pots"),
    ("CREATE UNIQUE INDEX mine ON entry (number, actor)", "index mine of entry"),
    ("ALTER TABLE account DROP CONSTRAINT account_standing_check", "constraint standing IN"),
    ("ALTER TABLE appointment DROP CONSTRAINT appointment_check, ADD CONSTRAINT appointment_check "
     "CHECK ((limit_pence IS NULL OR limit_pence >= 0) AND role IN ('preparer', 'approver'))", "constraint "),
    ("ALTER TABLE transfer DROP CONSTRAINT transfer_from_account_fkey", "constraint FOREIGN KEY (from_account)"),
    ("ALTER TABLE entry DROP CONSTRAINT entry_key_key", "constraint UNIQUE (key) of entry"),
    ("ALTER TABLE account ADD CHECK (id < 10)", "constraint id < 10 of account"),
    ("ALTER TABLE account ALTER floor_pence SET DEFAULT -5", "column floor_pence of account"),
    ("ALTER TABLE account ALTER organisation DROP NOT NULL", "column organisation of account"),
    ("ALTER TABLE entry ADD COLUMN mine text", "column mine of entry"),
    ("ALTER TABLE control_total ALTER year TYPE bigint", "column year of control_total"),
    ("CREATE RULE mine AS ON DELETE TO entry DO INSTEAD NOTHING", "table entry"),
    ("ALTER TABLE account_day SET UNLOGGED", "table account_day"),
    ("GRANT INSERT ON entry TO PUBLIC", "table entry"),
    ("GRANT UPDATE (floor_pence) ON account TO somebody", "column account.floor_pence"),
    ("GRANT EXECUTE ON FUNCTION ledger_refuse(jsonb) TO PUBLIC", "function ledger_refuse"),
    ("GRANT EXECUTE ON FUNCTION ledger_is_owner() TO PUBLIC", "function ledger_is_owner"),
    ("GRANT CREATE ON SCHEMA public TO PUBLIC", "schema public"),
    ("GRANT TEMPORARY ON DATABASE {database} TO PUBLIC", "database "),
    ("GRANT CREATE ON DATABASE {database} TO somebody", "database "),
    ("ALTER DEFAULT PRIVILEGES GRANT INSERT ON TABLES TO somebody", "tables to be made"),
    ("ALTER TABLE entry OWNER TO somebody", "table "),
    ("ALTER FUNCTION ledger_clock() OWNER TO somebody", "function ledger_clock()"),
    ("ALTER DATABASE {database} SET session_replication_role = replica", "database "),
]  # fmt: skip


@pytest.fixture
def somebody() -> Iterator[str]:
    """A role of no account."""
    name = f"somebody_{id(object())}"
    with administrator() as server:
        server.execute(f"CREATE ROLE {name}")
        yield name
        server.execute(f"DROP OWNED BY {name}")
        server.execute(f"DROP ROLE {name}")


def test_every_change_of_what_a_server_holds_is_named(somebody: str, funded: Store) -> None:
    """One change at a time, taken back again; whoever reads is told."""
    assert funded.catalogue_problems() == []
    unnamed = []
    with raw(funded.path) as server:
        server.execute("SET search_path = public, pg_temp")
        for change, place in CHANGES:
            statement = change.replace("{database}", server.info.dbname).replace("somebody", somebody)
            server.execute("BEGIN")
            server.execute("SET LOCAL client_min_messages = error")
            try:
                server.execute(statement)
                problems = catalogue.problems(server)
            finally:
                server.execute("ROLLBACK")
            if not any(problem.where.startswith(place) for problem in problems):
                unnamed.append((change, [problem.where for problem in problems]))
    assert unnamed == []
    assert funded.catalogue_problems() == []


def test_who_only_reads_can_tell_too(somebody: str, books: Store) -> None:
    with raw(books.path) as server:
        server.execute("SELECT ledger_admit(%s, 'reads')", (somebody,))
        server.execute(f"SET SESSION AUTHORIZATION {somebody}")
        server.execute("SET search_path = public, pg_temp")
        assert catalogue.problems(server) == []
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            server.execute("SELECT ledger_admit('postgres', 'posts')")


def test_a_migrated_ledger_holds_the_same(somebody: str, books: Store, shelf: Shelf) -> None:
    """And who could post or read before can afterwards, and no more."""
    place = tables_of_version_1(shelf, books)
    poster, reader = f"{somebody}_posts", f"{somebody}_reads"
    with raw(place) as server:
        for role, right in ((poster, "SELECT, INSERT"), (reader, "SELECT")):
            server.execute(f"CREATE ROLE {role}")
            server.execute(f"GRANT {right} ON entry, transfer, account TO {role}")
        server.execute(f"GRANT UPDATE (entries, head) ON seal TO {poster}")
    try:
        backup.migrate(place)
        with Store.open(place) as store:
            assert store.catalogue_problems() == []
        with raw(place) as server:
            for role, may_post in ((poster, True), (reader, False)):
                ((posts, reads, writes, seals),) = server.execute(
                    "SELECT has_function_privilege(%(role)s, 'ledger_post'::regproc, 'EXECUTE'), "
                    "has_table_privilege(%(role)s, 'source_limit', 'SELECT'), "
                    "has_table_privilege(%(role)s, 'entry', 'INSERT'), has_any_column_privilege(%(role)s, 'seal', 'UPDATE')",
                    {"role": role},
                ).fetchall()
                assert (posts, reads, writes, seals) == (may_post, True, False, False)
    finally:
        shelf.clear()
        with administrator() as server:
            for role in (poster, reader):
                server.execute(f"DROP ROLE IF EXISTS {role}")
