"""Proposals are not published: a reader that was opened for somebody holds only those that they may see.

In a file they are hidden from the reader; of a server only those are asked for that it gives to that person.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import pyarrow as pa

from ledger.rules import rights
from ledger.store.reading import Cursor, Reader
from ledger.words import UNPUBLISHED

_OF = {"proposal": "id", "proposed_entry": "proposal", "proposal_end": "proposal", "proposed_transfer": "id"}


def hidden_from(cursor: Cursor, person: str) -> Reader:
    """A reader on a cursor whose proposals are those that a person may see, wherever a question names them.

    The tables are the cursor's own, and stand before the ledger's of the same names.
    """
    reader = Reader(cursor)
    today = datetime.now(UTC).date()
    if not rights.in_force(reader) or rights.sees_all(reader, person, today):
        return reader
    proposals, transfers = rights.seen(person, today)
    cursor.execute(f"CREATE TEMP TABLE seen_proposal AS {proposals}")
    cursor.execute(f"CREATE TEMP TABLE seen_transfer AS {transfers}")
    unseen = " UNION ".join(f"SELECT entry_number {_rows(table, 'NOT IN')}" for table in UNPUBLISHED)
    reader.unseen = frozenset(int(str(number)) for (number,) in reader.rows(unseen))
    lay(cursor, {table: reader.table(f"SELECT * {_rows(table, 'IN')}") for table in UNPUBLISHED})
    return reader


def lay(cursor: Cursor, tables: Mapping[str, pa.Table]) -> None:
    """Lay rows before a cursor as tables of its own, in place of those of the same names."""
    for table, rows in tables.items():
        cursor.register("laid_rows", rows)
        cursor.execute(f'CREATE OR REPLACE TEMP TABLE "{table}" AS SELECT * FROM laid_rows')
        cursor.unregister("laid_rows")


def _rows(table: str, which: str) -> str:
    seen = "seen_transfer" if table == "proposed_transfer" else "seen_proposal"
    return f'FROM "{table}" WHERE {_OF[table]} {which} (SELECT id FROM {seen})'
