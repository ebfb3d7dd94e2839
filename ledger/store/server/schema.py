"""What a PostgreSQL server is told to hold by itself, whoever comes and by whatever way.

Besides keys, foreign keys and checks, which both kinds of store share:

* nobody but the owner of the tables may write to them: who posts calls one function (``server.door``), and may
  neither write a row nor make a temporary table;
* a row never changes and is never removed, even by who has been given a right to it; the seal moves forwards alone;
* rows of proposals are shown to who may see them (``ledger.store.server.rules``).

The owner can take all of it away; ``verify`` says where something is not as it is said here.

Who may do what is said here too, as the server itself counts rights. The owner of the tables says
``SELECT ledger_admit('login', 'posts')``, or ``'reads'``: that is all that a login needs. Nobody else may write to a
table, make a temporary one, or make anything in the ledger's schema.
"""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from ledger.models import RECORDS, TABLES
from ledger.rules.rights_questions import INDEXES
from ledger.store import views
from ledger.store.server import door, rules
from ledger.store.server import tables as records
from ledger.store.server.functions import POSTS, READS, Function, Trigger

_OURS = ", ".join(f"'{name}'" for name in (*(model.__tablename__ for model in TABLES), *views.NAMES))
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

# With the rights of whoever asks, and not with those of the tables' owner. PostgreSQL 14 cannot, and there a view needs
# no more than it has: no table that it reads hides a row from who may read the table.
_AS_WHO_ASKS = """
DO $ledger$
BEGIN
    IF current_setting('server_version_num')::integer >= 150000 THEN
        EXECUTE 'ALTER VIEW {view} SET (security_invoker = true)';
    END IF;
END
$ledger$
"""
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


def rights(schema: str) -> Iterator[str]:
    """The statements that leave everybody with what they need and no more. Saying them again changes nothing.

    Args:
        schema: where the ledger is, as the server quotes its name.
    """
    yield f"REVOKE CREATE ON SCHEMA {schema} FROM PUBLIC"
    yield _NOTHING_OF_THEIR_OWN
    tables = ", ".join(f'{schema}."{name}"' for name in (*(model.__tablename__ for model in TABLES), *views.NAMES))
    yield f"REVOKE INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER ON {tables} FROM PUBLIC"
    yield _AGAIN


_GUARDS = (
    Function(
        "ledger_never_changes",
        "",
        "trigger",
        """
BEGIN
    RAISE EXCEPTION 'a row of % never changes: correct it by a new entry', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END
""",
        privileged=True,
    ),
    Function(
        "ledger_seal_moves_forwards",
        "",
        "trigger",
        """
BEGIN
    IF NEW.entries < OLD.entries OR NEW.schema_version < OLD.schema_version OR NEW.moved_pence < OLD.moved_pence
        OR NEW.id <> OLD.id
    THEN
        RAISE EXCEPTION 'the seal moves forwards alone' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END
""",
        privileged=True,
    ),
)
# What is looked for in posting, so that it costs no more in a ledger of many years than in a new one.
_INDEXES = {
    "transfer_from_account": ("transfer", "from_account"),
    "transfer_to_account": ("transfer", "to_account"),
    "entry_kind": ("entry", "kind"),
    "closure_organisation": ("closure", "organisation"),
    "succession_predecessor": ("succession", "predecessor"),
    "agreement_organisation_fund": ("agreement", "organisation, fund"),
    **{f"{model.__tablename__}_entry_number": (str(model.__tablename__), "entry_number") for model in RECORDS},
    **INDEXES,
}


def functions() -> tuple[Function, ...]:
    """Every function of the ledger on a server."""
    return (
        *_GUARDS,
        *rules.FUNCTIONS,
        *records.functions(),
        *rules.functions(),
        *door.FUNCTIONS,
        ADMIT,
    )


def triggers() -> Iterator[Trigger]:
    """Every trigger of the ledger on a server."""
    for model in TABLES:
        name = str(model.__tablename__)
        may_change = name in ("seal", "account_day", "person_day")
        yield Trigger(name, "never_changes", f"BEFORE DELETE {'' if may_change else 'OR UPDATE '}OR TRUNCATE")
    yield Trigger("seal", "seal_moves_forwards", "BEFORE UPDATE", "ROW")


def indexes(schema: str) -> Mapping[str, tuple[str, str]]:
    """Every index of the ledger on a server besides those of its keys: its name, its table, and what makes it."""
    said = "CREATE INDEX {name} ON {schema}.{table} USING btree ({columns})"
    return {
        name: (table, said.format(name=name, schema=schema, table=table, columns=columns))
        for name, (table, columns) in _INDEXES.items()
    }


def tables() -> Sequence[str]:
    """The tables of the models, as a server is told to make them where they are not there yet."""
    return [
        str(CreateTable(model.__table__, if_not_exists=True).compile(dialect=postgresql.dialect()))  # type: ignore[attr-defined,no-untyped-call]
        for model in TABLES
    ]


def statements(schema: str) -> Iterator[str]:
    """Everything that has to be said to a server once its tables are there. Saying it again changes nothing.

    Args:
        schema: where the ledger is, as the server quotes its name.
    """
    for _, index in indexes(schema).values():
        yield index.replace("CREATE INDEX", "CREATE INDEX IF NOT EXISTS")
    for function in functions():
        yield from function.create(schema)
    yield from rules.statements(schema)
    for trigger in triggers():
        yield trigger.create(schema)
    yield from views.statements(views.SERVER_WORDS, f"{schema}.")
    yield from (_AS_WHO_ASKS.format(view=f"{schema}.{name}") for name in views.NAMES)
    yield from rights(schema)
