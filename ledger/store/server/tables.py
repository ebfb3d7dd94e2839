"""How entries get into a server's tables: their canonical text in SQL, their records and their legs.

Made from the models, as the program's own is, so that a column can be in neither or in both.
"""

from collections.abc import Collection, Iterable, Iterator
from functools import cache

import pyarrow as pa
from sqlmodel import SQLModel

from ledger import characters
from ledger.entries import canonical, canonical_1
from ledger.entries.canonical import TRANSFER_FIELDS
from ledger.entries.draft import LEGS, added_columns, primary_key, schema_of
from ledger.models import RECORDS, Upgrade
from ledger.money import LARGEST_PENCE, MOST_MOVED_PENCE
from ledger.store.server.functions import Function
from ledger.words import STANDINGS
from ledger.years import FIRST_YEAR, LAST_YEAR

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
    fields = [field(f"{draft}.{name}", kinds.get(name, pa.string())) for name in canonical_1.FACTS]
    # What came later is left out of the text where it is missing.
    fields += [f"CASE WHEN {draft}.{name} IS NULL THEN '' ELSE {field(f'{draft}.{name}', TEXT)} END"
               for name in canonical.ADDED_FACTS]  # fmt: skip
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


def row(model: type[SQLModel], alias: str, without: Collection[str] = ()) -> str:
    """A row of a table, all columns but the entry's number and those to leave out, in the model's order."""
    return " || ".join(field(f'{alias}."{one.name}"', one.type) for one in schema_of(model) if one.name not in without)


def records_part(model: type[SQLModel], rows: str) -> str:
    """The part of a table of records: a question that answers with one row, or none where it brings none.

    Args:
        rows: where its rows come from, as SQL.
    """
    whole, added = _records_part(model, rows), added_columns(model)
    if not added:
        return whole
    # Rows of which none holds anything in the columns that came later are hashed without them.
    holds = " OR ".join(f'r."{name}" IS NOT NULL' for name in added)
    fuller = f"(SELECT coalesce(bool_or({holds}), false) FROM {rows} r)"
    return f"""SELECT p.part FROM ({whole}) p WHERE {fuller}
        UNION ALL SELECT p.part FROM ({_records_part(model, rows, added)}) p WHERE NOT {fuller}"""


def _records_part(model: type[SQLModel], rows: str, without: Collection[str] = ()) -> str:
    ordered = f'row_number() OVER (ORDER BY r."{primary_key(model)}" COLLATE "C") - 1'
    numbered = f"SELECT {ordered} AS nth, {row(model, 'r', without)} AS said FROM {rows} r"
    return part(str(model.__tablename__), len(schema_of(model).names) - len(without), numbered, "")


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
    yield f"""SELECT 'unclear row', n."{key}", NULL, NULL FROM new n WHERE concat({texts}) ~ {unseen()}"""


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
{records_part(model, f"jsonb_populate_recordset(NULL::{_name(model)}, brought -> '{_name(model)}')")}), '');
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


LEG_ARGUMENTS = (
    "payers integer[], payees integer[], amounts bigint[], recurrents boolean[], notes text[], "
    "organisations text[], funds text[], years integer[], standings text[]"
)
LEG_NAMES = "payers, payees, amounts, recurrents, notes, organisations, funds, years, standings"
SHAPES = ", ".join(
    f"({nth}, cardinality({name}), array_ndims({name}), array_lower({name}, 1))"
    for nth, name in enumerate(LEG_NAMES.split(", "), start=1)
)
UNNESTED_LEGS = (
    "unnest(legs_of, payers, payees, amounts, recurrents, notes) WITH ORDINALITY "
    "AS l (entry, payer, payee, pence, recurrent, note, nth)"
)


def words(values: Iterable[object]) -> str:
    """Words as a list of SQL literals."""
    return ", ".join(f"'{value}'" for value in values)


# The canonical text of the legs of each entry, one for each, empty where it has none.
_LEGS_TEXT = Function(
    "ledger_legs_text",
    f"entries integer, legs_of integer[], starts bigint[], {LEG_ARGUMENTS}",
    "text[]",
    f"""
DECLARE
    sides text[];
    parts text[];
BEGIN
    SELECT array_agg({side()} ORDER BY n.nth) INTO sides
    FROM unnest(organisations, funds, years, standings) WITH ORDINALITY AS n (organisation, fund, year, standing, nth);
    SELECT array_agg(coalesce(p.part, '') ORDER BY n.nth) INTO parts
    FROM generate_series(1, entries) AS n (nth) LEFT JOIN (
        {part(
            "transfer",
            len(TRANSFER_FIELDS),
            f"SELECT l.entry, l.nth - starts[l.entry] - 1 AS nth, {leg()} AS said FROM {UNNESTED_LEGS}",
            "r.entry",
        )}
    ) p ON p.entry = n.nth;
    RETURN parts;
END
""",
)  # fmt: skip

# Legs that no rule need be asked about: amounts, accounts, notes, and what they come to in all.
_LEGS_HOLD = Function(
    "ledger_legs_hold",
    f"moved bigint, legs_of integer[], numbers bigint[], {LEG_ARGUMENTS}",
    "bigint",
    f"""
DECLARE
    wrong bigint;
    total numeric;
BEGIN
    SELECT count(*) FILTER (WHERE l.payer IS NULL OR l.payer NOT BETWEEN 1 AND cardinality(organisations)
               OR l.payee IS NULL OR l.payee NOT BETWEEN 1 AND cardinality(organisations) OR l.payer = l.payee
               OR l.pence IS NULL OR l.pence NOT BETWEEN 1 AND {LARGEST_PENCE} OR l.recurrent IS NULL
               OR (l.note !~ '^[ -~]*$' AND l.note ~ {unseen()})),
           coalesce(sum(l.pence) FILTER (WHERE numbers[l.entry] > 0), 0)
    INTO wrong, total FROM {UNNESTED_LEGS};
    IF wrong > 0 OR EXISTS (
        SELECT 1 FROM unnest(organisations, funds, years, standings) AS n (organisation, fund, year, standing)
        WHERE n.organisation IS NULL OR n.fund IS NULL OR n.year IS NULL OR n.standing IS NULL
           OR n.year NOT BETWEEN {FIRST_YEAR} AND {LAST_YEAR} OR n.standing NOT IN ({words(STANDINGS)}))
    THEN
        PERFORM ledger_refuse('[{{"fault": "legs"}}]');
    END IF;
    IF moved + total > {MOST_MOVED_PENCE} THEN
        PERFORM ledger_refuse(jsonb_build_array(
            jsonb_build_object('fault', 'sum', 'moved_pence', moved, 'pence', total)));
    END IF;
    RETURN total::bigint;
END
""",
)

# The accounts that the legs name, opened where they are not there yet; in the order in which they were named.
_ACCOUNTS = Function(
    "ledger_accounts",
    f"keys text[], legs_of integer[], starts bigint[], numbers bigint[], {LEG_ARGUMENTS}",
    "bigint[]",
    f"""
DECLARE
    ids bigint[];
    used integer[];
    unknown jsonb;
BEGIN
    SELECT array_agg(coalesce(a.id, 0) ORDER BY n.nth) INTO ids
    FROM unnest(organisations, funds, years, standings) WITH ORDINALITY AS n (organisation, fund, year, standing, nth)
    LEFT JOIN account a ON a.organisation = n.organisation AND a.fund = n.fund AND a.year = n.year
        AND a.standing = n.standing;
    IF NOT 0 = ANY (ids) THEN
        RETURN ids;
    END IF;
    SELECT array_agg(DISTINCT s.side) INTO used
    FROM {UNNESTED_LEGS}, LATERAL (VALUES (l.payer), (l.payee)) AS s (side)
    WHERE numbers[l.entry] > 0 AND ids[s.side] = 0;
    SELECT jsonb_agg(jsonb_build_object('fault', 'unknown leg', 'target', u.target, 'code', u.code, 'key', u.key,
                                        'leg', u.leg) ORDER BY u.target DESC, u.entry, u.leg) INTO unknown
    FROM (
        SELECT t.target, t.code, min(l.entry) AS entry, min(l.nth - starts[l.entry]) AS leg, keys[min(l.entry)] AS key
        FROM {UNNESTED_LEGS}, LATERAL (VALUES (l.payer), (l.payee)) AS s (side),
            LATERAL (VALUES ('organisation', organisations[s.side]), ('fund', funds[s.side])) AS t (target, code)
        WHERE numbers[l.entry] > 0 AND ids[s.side] = 0 AND CASE t.target
            WHEN 'fund' THEN NOT EXISTS (SELECT 1 FROM fund f WHERE f.code = t.code)
            ELSE NOT EXISTS (SELECT 1 FROM organisation o WHERE o.code = t.code) END
        GROUP BY t.target, t.code
    ) u;
    IF unknown IS NOT NULL THEN
        PERFORM ledger_refuse(unknown);
    END IF;
    INSERT INTO account (id, organisation, fund, year, standing, floor_pence)
    SELECT (SELECT coalesce(max(id), 0) FROM account) + row_number() OVER (
               ORDER BY n.organisation COLLATE "C", n.fund COLLATE "C", n.year, n.standing COLLATE "C"),
           n.organisation, n.fund, n.year, n.standing,
           CASE WHEN t.may_go_below_zero AND n.standing = 'available' THEN NULL ELSE 0 END
    FROM (SELECT DISTINCT organisations[m.nth] AS organisation, funds[m.nth] AS fund, years[m.nth] AS year,
                 standings[m.nth] AS standing FROM unnest(used) AS m (nth)) n
    JOIN organisation o ON o.code = n.organisation JOIN tier t ON t.code = o.tier;
    SELECT array_agg(coalesce(a.id, 0) ORDER BY n.nth) INTO ids
    FROM unnest(organisations, funds, years, standings) WITH ORDINALITY AS n (organisation, fund, year, standing, nth)
    LEFT JOIN account a ON a.organisation = n.organisation AND a.fund = n.fund AND a.year = n.year
        AND a.standing = n.standing;
    RETURN ids;
END
""",
)

FUNCTIONS = (_LEGS_TEXT, _LEGS_HOLD, _ACCOUNTS)
