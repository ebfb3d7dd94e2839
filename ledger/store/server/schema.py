"""What a PostgreSQL server is told to hold by itself, whoever comes and by whatever way.

Besides keys, foreign keys and checks, which both kinds of store share:

* nobody but the owner of the tables may write to them: who posts calls one function (``server.door``), and may
  neither write a row nor make a temporary table;
* a row never changes and is never removed, even by who has been given a right to it; the seal moves forwards alone;
* rows of proposals are shown to who may see them (``ledger.store.server.rules``).

The owner can take all of it away; ``verify`` says where something is not as it is said here.
"""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable

from ledger.models import RECORDS, TABLES
from ledger.rules.rights_questions import INDEXES
from ledger.store.server import door, grants, rules
from ledger.store.server import tables as records
from ledger.store.server.functions import Function, Trigger

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
    "proposed_entry_key": ("proposed_entry", "key"),
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
        grants.ADMIT,
    )


def triggers() -> Iterator[Trigger]:
    """Every trigger of the ledger on a server."""
    for model in TABLES:
        name = str(model.__tablename__)
        may_change = name in ("seal", "account_day")
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
    yield from grants.statements(schema)
