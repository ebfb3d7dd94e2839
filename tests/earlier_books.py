"""Ledger files as version 4 kept them: without what the second form of the hashed text brought, and in the first."""

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import duckdb

from ledger.entries.draft import added_columns
from ledger.models import RECORDS, Account, Entry, Terms, Transfer
from ledger.store import backup, migrations
from ledger.store.base import Reader
from tests import form_1

VERSION_1 = Path(__file__).parent / "ledger" / "schema_version_1.sql"
# Columns and tables that version 4 did not know.
LATER_COLUMNS = {
    "appointment": ("limit_period",), "proposal_end": ("content_hash", "posted"), "entry": ("standing",),
    "proposed_entry": ("standing",), "terms": added_columns(Terms),
}  # fmt: skip
LATER_TABLES = ("source_limit", "upgrade")
Rows = dict[str, list[dict[str, Any]]]


def version_4(reader: Reader, path: Path, change: Callable[[Rows], None] = lambda _: None) -> None:
    """Make a ledger file of version 4 with the rows of another, changed first in a way that version 4 allowed.

    Args:
        change: told the rows by table, before they are hashed and linked anew.
    """
    rows: Rows = {}
    for model in (Entry, *RECORDS, Account, Transfer):
        name = str(model.__tablename__)
        if name not in LATER_TABLES:
            later = LATER_COLUMNS.get(name, ())
            found = reader.table(f'SELECT * FROM "{name}"').to_pylist()
            rows[name] = [{column: row[column] for column in row if column not in later} for row in found]
    change(rows)
    brought = {name: its for name, its in rows.items() if name not in ("entry", "account", "transfer")}
    rows["entry"] = form_1.rehashed(rows["entry"], brought, rows["account"], rows["transfer"])
    with duckdb.connect(str(path)) as old:
        old.execute(VERSION_1.read_text(encoding="utf-8"))
    backup.migrate(path, migrations.MIGRATIONS[:3])
    with duckdb.connect(str(path)) as old:
        old.execute("SET TimeZone = 'UTC'")
        for name, its in rows.items():
            if its:
                columns, marks = ", ".join(its[0]), ", ".join("?" * len(its[0]))
                old.executemany(
                    f'INSERT INTO "{name}" ({columns}) VALUES ({marks})', [tuple(row.values()) for row in its]
                )
        old.execute(f"UPDATE seal SET entries = {len(rows['entry'])}, head = '{rows['entry'][-1]['hash']}'")


def without(names: Sequence[str], rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows without columns in which none of them holds anything."""
    assert all(row[name] is None for row in rows for name in names)
    return [{name: value for name, value in row.items() if name not in names} for row in rows]
