"""What posting asks of an entry before it is written, asked of every entry that is stored: its kind, and its words."""

from ledger.errors import Problem
from ledger.models import RECORDS
from ledger.reading import Reader
from ledger.refusals import shape_problem

_BROUGHT = " UNION ".join(f'SELECT entry_number FROM "{model.__tablename__}"' for model in RECORDS)
_ENTRIES = f"""
SELECT e.number, e.key, e.kind, e.reverses, trim(e.key) = '' OR trim(e.actor) = '' OR trim(e.reason) = '' AS is_mute,
       m.entry_number IS NOT NULL AS has_legs, b.entry_number IS NOT NULL AS has_records
FROM entry e LEFT JOIN (SELECT DISTINCT entry_number FROM transfer) m ON m.entry_number = e.number
LEFT JOIN ({_BROUGHT}) b ON b.entry_number = e.number
ORDER BY e.number
"""


def problems(reader: Reader) -> list[Problem]:
    """Entries of an unknown kind, with other rows than their kind has, or that do not say who and why."""
    found = []
    for batch in reader.table(_ENTRIES).to_batches():
        for row in batch.to_pylist():
            place = f"entry {row['number']} ({row['key']})"
            shape = shape_problem(
                place,
                row["key"],
                row["kind"],
                row["reverses"],
                has_legs=row["has_legs"],
                # What is hidden from the reader is there all the same.
                has_records=row["has_records"] or row["number"] in reader.unseen,
            )
            if shape is not None:
                found.append(shape)
            if row["is_mute"]:
                why = "Every entry has a key, and says who and why."
                found.append(Problem(place, "its key, its actor or its reason is empty.", why, _REMEDY))
    return found


_REMEDY = "Restore the ledger from a backup, and find out who could write to it."
