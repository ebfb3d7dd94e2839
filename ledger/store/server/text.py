"""The canonical text of rows as a server writes it, in SQL: the same text, byte for byte, as ``entries.canonical``'s.

Made from the models, as the program's own is, so that a column can be in neither or in both.
"""

from functools import cache

import pyarrow as pa
from sqlmodel import SQLModel

from ledger import characters
from ledger.entries import canonical
from ledger.entries.draft import LEGS, primary_key, schema_of

TEXT = pa.string()
_SIDE = ("organisation", "fund", "year", "standing")


@cache
def unseen() -> str:
    """A regular expression, as an SQL literal, for a character that cannot be seen."""
    parts = []
    for first, last in characters.unseen_ranges():
        # The zero byte and halves of pairs are no characters to the server.
        for begin, end in ((max(first, 1), min(last, 0xD7FF)), (max(first, 0xE000), last)):
            if begin <= end:
                parts.append(f"\\U{begin:08X}-\\U{end:08X}" if begin < end else f"\\U{begin:08X}")
    return f"'[{''.join(parts)}]'"


def field(name: str, kind: pa.DataType) -> str:
    """One value as a field: an SQL expression of an SQL expression, never NULL."""
    if pa.types.is_boolean(kind):
        return f"CASE WHEN {name} IS NULL THEN 'n' WHEN {name} THEN 'b4:true' ELSE 'b5:false' END"
    if pa.types.is_date(kind):
        return f"coalesce('d10:' || {name}::text, 'n')"
    if pa.types.is_integer(kind):
        return f"coalesce('i' || octet_length({name}::text)::text || ':' || {name}::text, 'n')"
    return f"coalesce('s' || octet_length({name}::text)::text || ':' || {name}, 'n')"


def text(value: str) -> str:
    """A text that we know, as the field that it is, as an SQL literal."""
    return "'" + canonical.field(value).replace("'", "''") + "'"


def number(expression: str) -> str:
    """A whole number as a field."""
    return field(expression, pa.int64())


def sha256(expression: str) -> str:
    """SHA-256 of a text, in hexadecimal digits."""
    return f"encode(sha256(convert_to({expression}, 'UTF8')), 'hex')"


def facts(draft: str) -> str:
    """What an entry says of itself, from the version on; ``draft`` is a row of the table of entries."""
    kinds = {"effective_date": pa.date32(), "reverses": pa.int64()}
    fields = [field(f"{draft}.{name}", kinds.get(name, pa.string())) for name in canonical.ENTRY_FIELDS]
    return " || ".join([text(canonical.VERSION), *fields])


def side() -> str:
    """One side of a leg: what is hashed of an account, of the row ``n``."""
    kinds = {name: LEGS.field(f"from_{name}").type for name in _SIDE}
    return " || ".join(field(f"n.{name}", kinds[name]) for name in _SIDE)


def leg() -> str:
    """A leg: of ``l``, with the texts of both its accounts in ``sides``."""
    own = " || ".join(field(f"l.{name}", LEGS.field(kind).type) for name, kind in (
        ("pence", "amount_pence"), ("recurrent", "recurrent"), ("note", "note")))  # fmt: skip
    return f"sides[l.payer] || sides[l.payee] || {own}"


def part(name: str, columns: int, rows: str, ordered: str) -> str:
    """A table that an entry brought: its name, its shape and the hashes of its blocks; NULL where it has no rows.

    Args:
        columns: how many of them are hashed.
        rows: a question for ``said`` and ``nth`` of each row, from 0.
        ordered: whether and how the answer is told apart: columns to group by, or nothing.
    """
    by = f"{ordered}, " if ordered else ""
    blocks = f"""SELECT {by}r.nth / {canonical.ROWS_IN_A_BLOCK} AS block, count(*) AS rows,
            {sha256("string_agg(r.said, '' ORDER BY r.nth)")} AS hash
        FROM ({rows}) r GROUP BY {by}r.nth / {canonical.ROWS_IN_A_BLOCK}"""
    whole = number("sum(b.rows)")
    return f"""SELECT {by.replace("r.", "b.")}{text(name)} || {text_of_number(columns)} || {whole}
            || string_agg('s64:' || b.hash, '' ORDER BY b.block) AS part
        FROM ({blocks}) b{f" GROUP BY {ordered.replace('r.', 'b.')}" if ordered else " HAVING count(*) > 0"}"""


def text_of_number(value: int) -> str:
    """A whole number that we know, as the field that it is, as an SQL literal."""
    return f"'{canonical.field(value)}'"


def row(model: type[SQLModel], alias: str) -> str:
    """A row of a table, all columns but the entry's number, in the model's order."""
    return " || ".join(field(f'{alias}."{one.name}"', one.type) for one in schema_of(model))


def records_part(model: type[SQLModel], rows: str) -> str:
    """The part of a table of records: a question that answers with one row, or none where it brings none.

    Args:
        rows: where its rows come from, as SQL.
    """
    ordered = f'row_number() OVER (ORDER BY r."{primary_key(model)}" COLLATE "C") - 1'
    numbered = f"SELECT {ordered} AS nth, {row(model, 'r')} AS said FROM {rows} r"
    return part(str(model.__tablename__), len(schema_of(model).names), numbered, "")
