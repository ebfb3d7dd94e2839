"""Who may do what on a server, as the server itself counts rights: to read tables, and to call the door.

The owner of the tables says ``SELECT ledger_admit('login', 'posts')``, or ``'reads'``: that is all that a login needs.
Nobody else may write to a table, make a temporary one, or make anything in the ledger's schema: what a session can make
could stand in the way of what the ledger's own functions mean.
"""

from collections.abc import Iterator

from ledger.models import TABLES
from ledger.store.server import door, rules
from ledger.store.server.functions import POSTS, READS, Function

_OURS = ", ".join(f"'{model.__tablename__}'" for model in TABLES)
_READING = ", ".join(f"'{one.name}'" for one in rules.FUNCTIONS if one.may == READS)
_POSTING = ", ".join(f"'{one.name}'" for one in door.FUNCTIONS if one.may == POSTS)

ADMIT = Function(
    "ledger_admit",
    "login name, does text",
    "void",
    f"""
DECLARE
    home name;
    what regclass;
    act regprocedure;
BEGIN
    IF does NOT IN ('{READS}', '{POSTS}') THEN
        RAISE EXCEPTION 'a login {READS} or {POSTS}, and not: %', does USING ERRCODE = 'invalid_parameter_value';
    END IF;
    SELECT n.nspname INTO home FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.oid = 'entry'::regclass;
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', home, login);
    FOR what IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = home::text::regnamespace AND c.relname IN ({_OURS})
    LOOP
        EXECUTE format('REVOKE ALL ON %s FROM %I', what, login);
        EXECUTE format('GRANT SELECT ON %s TO %I', what, login);
    END LOOP;
    FOR act IN SELECT p.oid FROM pg_proc p WHERE p.pronamespace = home::text::regnamespace
        AND (p.proname IN ({_READING}) OR (does = '{POSTS}' AND p.proname IN ({_POSTING})))
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO %I', act, login);
    END LOOP;
END
""",
    privileged=True,
)

_NOTHING_OF_THEIR_OWN = """
DO $ledger$
BEGIN
    EXECUTE format('REVOKE CREATE, TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$ledger$
"""
# Who was let in before: whoever may add entries, or call the door, posts; whoever else may see entries reads.
_AGAIN = f"""
DO $ledger$
DECLARE
    one record;
BEGIN
    FOR one IN
        SELECT pg_get_userbyid(a.grantee) AS login, bool_or(a.posts) AS posts FROM (
            SELECT x.grantee, x.privilege_type = 'INSERT' AS posts FROM pg_class c, aclexplode(c.relacl) x
            WHERE c.oid = 'entry'::regclass AND x.grantee NOT IN (0, c.relowner)
            UNION ALL
            SELECT x.grantee, true FROM pg_proc p, aclexplode(p.proacl) x
            WHERE p.oid = 'ledger_post'::regproc AND x.grantee NOT IN (0, p.proowner)) a
        GROUP BY a.grantee
    LOOP
        PERFORM ledger_admit(one.login, CASE WHEN one.posts THEN '{POSTS}' ELSE '{READS}' END);
    END LOOP;
END
$ledger$
"""


def statements(schema: str) -> Iterator[str]:
    """The statements that leave everybody with what they need and no more. Saying them again changes nothing.

    Args:
        schema: where the ledger is, as the server quotes its name.
    """
    yield f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"
    yield _NOTHING_OF_THEIR_OWN
    tables = ", ".join(f'{schema}."{model.__tablename__}"' for model in TABLES)
    yield f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON {tables} FROM PUBLIC"
    yield _AGAIN
