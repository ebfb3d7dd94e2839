"""The journal as a CSV file for somebody who has no ledger: an auditor, a partner, a court.

A cell that is empty is a missing value. A text that a spreadsheet would calculate, one that begins with an apostrophe
and one that is empty get an apostrophe in front, which is no part of the value.
"""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ledger.entries import canonical, chain
from ledger.errors import refuse
from ledger.reports import journal
from ledger.reports.position import Moment
from ledger.store.base import Reader

_GUARDED = ("=", "+", "-", "@", "'", "\t", "\r")


@dataclass(frozen=True, slots=True)
class JournalWritten:
    """What was written: how many entries and lines, and the head that they lead to."""

    path: Path
    entries: int
    transfers: int
    head: str
    size_bytes: int


def write_journal(reader: Reader, at: Moment, path: Path) -> JournalWritten:
    """Write every entry that was known at a moment, with all that it brought, in the order of the hash.

    Raises:
        Refused: the file is not to be a CSV file, its folder is not there, or proposals are hidden from who asks:
            without what they brought the head cannot be worked out.
    """
    if reader.unseen:
        found = f"{len(reader.unseen)} entries bring proposals that you may not see."
        why = "Without them nobody could work out the head from the file."
        refuse("the ledger", found, why, "Let an auditor of the whole export the journal.")
    if path.suffix.lower() != ".csv" or not path.resolve().parent.is_dir():
        found = "the journal is written as a .csv file into a folder that is there."
        refuse(str(path), found, "It is made to be checked by any program.", "Name such a file.")
    entries = transfers = 0
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file, lineterminator="\n")
        out.writerows(_top(at, chain.form_2_from(reader)))
        for line in journal.lines(reader, at):
            entries += line.table == journal.ENTRY
            transfers += line.table == journal.TRANSFER
            out.writerow((line.entry, line.table, *map(guarded, line.values)))
    return JournalWritten(path, entries, transfers, at.head, path.stat().st_size)


def _top(at: Moment, form_2: int) -> Iterator[tuple[str, ...]]:
    """Lines without an entry, for whoever reads the file; the check passes over them."""
    yield ("", "about", "form", canonical.VERSION)
    yield ("", "about", "known at", at.known_at.isoformat())
    yield ("", "about", "entries", str(at.known))
    yield ("", "about", "head", at.head)
    # Entries before this one are hashed in the first form.
    yield ("", "about", "form 2 from", str(form_2))
    for table, names in journal.columns().items():
        yield ("", "columns", table, *names)
    for table, letters in journal.types().items():
        yield ("", "types", table, *letters)


def guarded(value: str | None) -> str:
    """A value as a cell of the file."""
    if value is None:
        return ""
    return f"'{value}" if not value or value.startswith(_GUARDED) else value
