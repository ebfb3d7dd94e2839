"""How the records of entries get into a server's tables: one function for each table, made from its model.

Rows come as JSON, and are typed by the table itself. Keys that are taken and codes that are unknown are told by name.
"""

from collections.abc import Iterator

import pyarrow as pa
from sqlmodel import SQLModel

from ledger.entries.draft import primary_key, schema_of
from ledger.models import RECORDS, Upgrade
from ledger.store.server import text
from ledger.store.server.functions import Function

# What somebody who posts may bring: a change of the tables is a migration's.
BROUGHT = tuple(model for model in RECORDS if model is not Upgrade)


def functions() -> tuple[Function, ...]:
    """Every function that writes records, and the ones that call them."""
    return (*(_bring(model) for model in BROUGHT), _bring_all(), _text_of_all())


def _name(model: type[SQLModel]) -> str:
    return str(model.__tablename__)


def _rows(model: type[SQLModel]) -> str:
    """Where the rows that the new entries of a batch bring come from, as SQL: ``r``, with its entry ``b.number``."""
    typed = f"jsonb_populate_recordset(NULL::{_name(model)}, b.brought -> '{_name(model)}')"
    return f"unnest(numbers, brought) AS b (number, brought), {typed} AS r WHERE b.number > 0"


def _faults(model: type[SQLModel]) -> Iterator[str]:
    """Questions for what is wrong with the rows ``new``: the fault, the row's key, and which code is unknown."""
    name, key = _name(model), primary_key(model)
    yield f"""SELECT 'taken' AS fault, n."{key}" AS id, NULL::text AS target, NULL::text AS code FROM new n
        GROUP BY n."{key}" HAVING count(*) > 1 OR EXISTS (SELECT 1 FROM {name} o WHERE o."{key}" = n."{key}")"""
    for column in model.__table__.columns:  # type: ignore[attr-defined]
        for foreign in column.foreign_keys:
            target = str(foreign.column.table.name)
            if target != "entry":
                yield f"""SELECT 'unknown', n."{key}", '{target}', n."{column.name}" FROM new n
        WHERE n."{column.name}" IS NOT NULL
          AND NOT EXISTS (SELECT 1 FROM {target} o WHERE o."{foreign.column.name}" = n."{column.name}")"""
    texts = ", ".join(f'n."{field.name}"' for field in schema_of(model) if pa.types.is_string(field.type))
    yield f"""SELECT 'unclear row', n."{key}", NULL, NULL FROM new n WHERE concat({texts}) ~ {text.unseen()}"""


def _bring(model: type[SQLModel]) -> Function:
    names = [f'"{name}"' for name in schema_of(model).names]
    values = ", ".join(f"r.{name}" for name in names)
    questions = "\n    UNION ALL ".join(_faults(model))
    return Function(
        f"ledger_bring_{_name(model)}",
        "numbers bigint[], brought jsonb[]",
        "void",
        f"""
DECLARE
    faults jsonb;
BEGIN
    WITH new AS MATERIALIZED (SELECT r.* FROM {_rows(model)})
    SELECT jsonb_agg(jsonb_build_object('fault', f.fault, 'table', '{_name(model)}', 'id', f.id, 'target', f.target,
                                        'code', f.code) ORDER BY f.id COLLATE "C") INTO faults
    FROM ({questions}) f;
    IF faults IS NOT NULL THEN
        PERFORM ledger_refuse(faults);
    END IF;
    INSERT INTO {_name(model)} ({", ".join(names)}, entry_number)
    SELECT {values}, b.number FROM {_rows(model)};
END
""",
    )


def _bring_all() -> Function:
    """The rows of every table, in an order in which none names one that is not there yet."""
    each = "\n".join(
        f"""    IF '{_name(model)}' = ANY (tables) THEN
        PERFORM ledger_bring_{_name(model)}(numbers, brought);
    END IF;"""
        for model in BROUGHT
    )
    return Function(
        "ledger_bring", "tables text[], numbers bigint[], brought jsonb[]", "void", f"\nBEGIN\n{each}\nEND\n"
    )


def _text_of_all() -> Function:
    """The canonical text of what an entry brings besides its legs."""
    each = "\n".join(
        f"""    IF brought ? '{_name(model)}' THEN
        said := said || coalesce((
{text.records_part(model, f"jsonb_populate_recordset(NULL::{_name(model)}, brought -> '{_name(model)}')")}), '');
    END IF;"""
        for model in BROUGHT
    )
    return Function(
        "ledger_records_text",
        "brought jsonb",
        "text",
        f"""
DECLARE
    said text := '';
BEGIN
    IF brought = '{{}}' THEN
        RETURN said;
    END IF;
{each}
    RETURN said;
END
""",
    )
