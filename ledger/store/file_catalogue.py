"""What a ledger's file holds besides its rows: the tables as they were made, with what they do not take, and no more.

A file can be made or altered by other programs. A table that has lost its keys would take rows that contradict each
other, and a view or a macro of somebody else's could stand in for what a question means. What is expected is read
from a ledger that has just been made, so that nothing is listed twice.
"""

from collections.abc import Collection, Iterable
from typing import NamedTuple

from ledger.errors import Problem
from ledger.store.reading import Reader


class Item(NamedTuple):
    """One thing that a file holds.

    Attributes:
        kind: ``table``, ``column``, ``constraint``, ``index``, ``view``, ``macro``, ``type``, ``sequence``, ``schema``.
        table: the table that it belongs to; nothing for what stands alone.
        name: what it is called; of a constraint, what it says.
        definition: of a column, its type and whether it may be missing; of other things, nothing.
    """

    kind: str
    table: str
    name: str
    definition: str


Catalogue = frozenset[Item]

_OURS = "NOT internal AND database_name NOT IN ('system', 'temp')"
_ITEMS = f"""
SELECT 'table', '', CASE WHEN schema_name = 'main' THEN '' ELSE schema_name || '.' END || table_name, ''
FROM duckdb_tables() WHERE {_OURS}
UNION ALL
SELECT 'column', table_name, column_name, concat_ws(', ', data_type, CASE WHEN is_nullable THEN 'may be missing'
    ELSE 'never missing' END, 'by default ' || column_default)
FROM duckdb_columns() WHERE {_OURS} AND schema_name = 'main'
    AND table_name IN (SELECT table_name FROM duckdb_tables() WHERE {_OURS})
UNION ALL
SELECT 'constraint', table_name, constraint_text, ''
FROM duckdb_constraints() WHERE database_name NOT IN ('system', 'temp') AND schema_name = 'main'
    AND constraint_type <> 'NOT NULL'
UNION ALL
SELECT 'index', table_name, index_name, '' FROM duckdb_indexes() WHERE database_name NOT IN ('system', 'temp')
UNION ALL
SELECT 'view', '', view_name, '' FROM duckdb_views() WHERE {_OURS}
UNION ALL
SELECT 'macro', '', function_name, '' FROM duckdb_functions() WHERE {_OURS}
UNION ALL
SELECT 'type', '', type_name, '' FROM duckdb_types() WHERE {_OURS}
UNION ALL
SELECT 'sequence', '', sequence_name, '' FROM duckdb_sequences() WHERE database_name NOT IN ('system', 'temp')
UNION ALL
SELECT 'schema', '', schema_name, '' FROM duckdb_schemas() WHERE {_OURS} AND schema_name <> 'main'
"""
_IN_ORDER = ("table", "column", "constraint", "index", "view", "macro", "type", "sequence", "schema")
# A ledger that an older program made has a record of its migrations.
_MAY_BE_THERE = "migration"
_REMEDY = (
    "Copy the ledger with 'devolution copy', which makes the tables anew and verifies every row; and find out who "
    "could write to the file."
)


def read(reader: Reader) -> Catalogue:
    """Everything that the file of a reader holds besides rows."""
    return frozenset(Item(*map(str, row)) for row in reader.rows(_ITEMS))


def problems(found: Catalogue, made: Catalogue) -> list[Problem]:
    """What a ledger lacks of what one that has just been made holds, and what it holds besides."""
    tables = {item.name for item in found if item.kind == "table"}
    missing = {item for item in made - found if item.table in tables or not item.table}
    missing = {item for item in missing if _MAY_BE_THERE not in (item.name, item.table) or _MAY_BE_THERE in tables}
    besides = {item for item in found - made if item.table in {one.name for one in made} or not item.table}
    return [_lacks(item, besides) for item in _sorted(missing)] + [
        _is_not_ours(item) for item in _sorted(besides) if not _changed(item, missing)
    ]


def strangers(found: Catalogue) -> list[Problem]:
    """What a ledger of any version never holds: it could stand in for what the statements of a migration mean."""
    return [
        _is_not_ours(item) for item in _sorted(found) if item.kind in ("view", "macro", "type", "sequence", "schema")
    ]


def _sorted(items: Iterable[Item]) -> list[Item]:
    return sorted(items, key=lambda item: (_IN_ORDER.index(item.kind), item))


def _changed(item: Item, others: Collection[Item]) -> Item | None:
    """The column that has an item's name, among others."""
    same = (other for other in others if other.kind == item.kind == "column" and other[1:3] == item[1:3])
    return next(same, None)


def _lacks(item: Item, besides: Collection[Item]) -> Problem:
    if item.kind == "table":
        return Problem(f"table {item.name}", "it is not there.", "Its rows are part of the books.", _RESTORE)
    if item.kind == "column":
        found = _changed(item, besides)
        said = f"it is not as it was made ({item.definition})" if found else "it is not there"
        now = f", and is {found.definition}." if found else "."
        return Problem(f"table {item.table}, column {item.name}", said + now, "What is kept in it counts.", _RESTORE)
    what = f"it no longer holds its rows to '{item.name}'."
    return Problem(f"table {item.table}", what, "Rows could be written that contradict each other.", _REMEDY)


_RESTORE = "Restore the ledger from a backup, and find out who could write to the file."


def _is_not_ours(item: Item) -> Problem:
    place = f"{item.kind} {item.name}"
    if item.kind == "constraint":
        place, found = f"table {item.table}", f"it holds its rows to '{item.name}', which is not ours."
        return Problem(place, found, "An entry that the rules allow could be refused.", _REMEDY)
    if item.table:
        place = f"table {item.table}, {place}"
    why = "What is not the books' own could stand in for what a question of theirs means."
    return Problem(place, "this program did not make it.", why, _REMEDY)
