"""Proofs for people without the ledger: that an entry is in the books, and that older books began these.

Each is a document that a short page of Python checks against a root that the reader trusts: docs/checking.md.
"""

from datetime import UTC
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ledger.entries import canonical, canonical_1, chain
from ledger.entries.draft import hashed, primary_key, schema_of
from ledger.errors import Problem, Refused, refuse
from ledger.inputs import Action
from ledger.models import RECORDS, Entry
from ledger.proofs import heads, merkle
from ledger.store.base import Reader


def inclusion(reader: Reader, number: int) -> dict[str, Any]:
    """What proves that an entry is in the books: all that it says, its link, and the path to the root.

    Raises:
        Refused: there is no such entry, part of it is not for the reader to see, or it is not what was posted.
    """
    leaves = heads.hashes(reader)
    if not 1 <= number <= len(leaves):
        remedy = f"Entries are numbered from 1 to {len(leaves)}." if leaves else "The ledger is empty."
        raise Refused([Problem("entry", f"there is no entry {number}.", "Nothing can be proven of it.", remedy)])
    if number in reader.unseen:
        why = "Its proof would show all of it."
        remedy = "Ask somebody who may see it, such as an auditor of the whole."
        raise Refused([Problem(f"entry {number}", "part of it is not for you to see.", why, remedy)])
    at, path = heads.head_of(leaves), merkle.inclusion_proof(leaves, number - 1)
    assert merkle.included(leaves[number - 1], number - 1, len(leaves), path, bytes.fromhex(at.root))
    return {
        "form": heads.INCLUSION,
        "entry": number,
        **_what_it_says(reader, number),
        **_of(at),
        "path": [step.hex() for step in path],
    }


def consistency(reader: Reader, older: heads.Head) -> dict[str, Any]:
    """What proves that an older head is a beginning of the books.

    Raises:
        Refused: it is not.
    """
    leaves = heads.hashes(reader)
    if found := heads.problems(leaves, older):
        raise Refused(found)
    at, path = heads.head_of(leaves), merkle.consistency_proof(leaves, older.entries)
    roots = bytes.fromhex(older.root), bytes.fromhex(at.root)
    assert merkle.consistent(older.entries, roots[0], at.entries, roots[1], path)
    return {
        "form": heads.CONSISTENCY,
        "old_entries": older.entries,
        "old_root": older.root,
        **_of(at),
        "path": [step.hex() for step in path],
    }


def _of(head: heads.Head) -> dict[str, Any]:
    return {"entries": head.entries, "head": head.head, "root": head.root}


def _what_it_says(reader: Reader, number: int) -> dict[str, Any]:
    """An entry's content in clear, as it was hashed, and its link: enough to work out its hash again."""
    form = canonical if number >= chain.form_2_from(reader) else canonical_1
    (entry,) = reader.table("SELECT * FROM entry WHERE number = $number", {"number": number}).to_pylist()
    tables = _tables(reader, number, canonical.FORM if form is canonical else 1)
    content = form.content_hash(
        entry, [form.part(name, table.num_columns, *form.rows(table)) for name, table in tables]
    )
    if form.chain_hash(entry["previous_hash"], number, entry["recorded_at"], content) != entry["hash"]:
        why = "A proof shows what an entry has said since it was posted, so there is none of this one."
        remedy = f"Run {Action.VERIFY.done()}, and restore the ledger from a backup."
        refuse(f"entry {number}", "it does not say what was posted.", why, remedy)
    said = canonical.facts_said(entry) if form is canonical else canonical_1.FACTS
    facts = pa.Table.from_pylist([entry], schema=pa.schema([schema_of(Entry).field(name) for name in said]))
    return {
        "version": form.VERSION,
        "content": [_in_clear(name, table) for name, table in [("entry", facts), *tables]],
        "previous_hash": entry["previous_hash"],
        "recorded_at": entry["recorded_at"].astimezone(UTC).isoformat(timespec="microseconds"),
        "hash": entry["hash"],
    }


def _tables(reader: Reader, number: int, form: int) -> list[tuple[str, pa.Table]]:
    """The rows that an entry brought, table by table, and its legs: in the order in which they are hashed."""
    found = []
    for model in RECORDS:
        name, key, schema = str(model.__tablename__), primary_key(model), schema_of(model, form)
        sql = f'SELECT * FROM "{name}" WHERE entry_number = $number ORDER BY "{key}"'
        rows = reader.table(sql, {"number": number}).select(schema.names).cast(schema)
        found.append((name, rows if form == 1 else hashed(model, rows)))
    legs = reader.table(chain.LEGS_OF, {"first": number, "last": number})
    found.append(("transfer", legs.select(list(canonical.TRANSFER_FIELDS))))
    return [(name, table) for name, table in found if table.num_rows]


def _in_clear(name: str, table: pa.Table) -> dict[str, Any]:
    columns = [pc.cast(column, pa.large_string()).to_pylist() for column in table.columns]
    rows = [list(values) for values in zip(*columns, strict=True)]
    return {
        "table": name,
        "columns": table.column_names,
        "types": "".join(map(canonical.letter_of, table.schema.types)),
        "rows": rows,
    }
