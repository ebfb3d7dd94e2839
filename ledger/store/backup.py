"""Copies of whole ledgers: from file to server and back, into a backup and out of it, row for row.

A copy has the same entries, recorded times included, and so the same hashes and the same head. It is
verified before it counts, and once more as it was kept.
"""

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from glob import escape
from pathlib import Path

from sqlmodel import SQLModel

from ledger.entries import chain
from ledger.errors import LedgerError, LedgerHeld, Problem, Refused
from ledger.models import RECORDS, TABLES, Account, AccountDay, Entry, PersonDay, Transfer
from ledger.proofs.heads import Head
from ledger.reports import chain_links, verify
from ledger.store import migrations
from ledger.store.address import Address, ServerAddress
from ledger.store.base import Store, kind_of
from ledger.store.reading import Reader, Writer

_UNFINISHED = ".unfinished"
# A copy in which nothing was written for so long was cut short.
_SECONDS_TO_MAKE = 3600


@dataclass(frozen=True, slots=True)
class Copied:
    """What was copied: equal on both sides, and verified.

    Attributes:
        head: the head of the chain.
        content_hash: the hash of all entries' content, recorded times left out.
    """

    entries: int
    transfers: int
    head: str
    content_hash: str


def copy(source: Store, target: Address, progress: Callable[[str], None] = lambda _: None) -> Copied:
    """Copy a ledger to a place where there is none, or an empty one.

    The source may be in use: what is copied is its last committed state, all of one moment.

    Args:
        source: the ledger, open.
        target: a file that is not there yet, an empty ledger, or a server's database without one.
        progress: told what is being done.

    Raises:
        Refused: the target holds entries, or the copy does not hold: every failure of ``verify``, with nothing kept.
    """
    if source.path.resolve() == target.resolve():
        raise Refused([_occupied(target, "it is the ledger itself.")])
    with source.read_afresh() as reader:
        if reader.unseen:
            raise Refused([_hidden(source.path, len(reader.unseen))])
        place, made_here = _place(target)
        try:
            with Store.open_or_create(place) as new:
                with new.write() as writer:
                    # Asked by who writes: another copy to the same place may have been quicker.
                    _refuse_occupied(writer, target)
                    _pour(reader, writer, progress)
                    progress("Verifying what was copied")
                    _refuse_if(verify.verify(writer), source.path)
                new.checkpoint()
                new.count_rows()
            wanted = _told(reader)
            progress("Verifying what was kept")
            _prove(place, wanted, source.path)
        except BaseException:
            if made_here:
                _remove(place)
            raise
    if made_here and isinstance(place, Path) and isinstance(target, Path):
        _name(place, target)
    return wanted


def backup(source: Store, file: Path, progress: Callable[[str], None] = lambda _: None) -> Copied:
    """Copy a ledger into a new file of its own, while it is in use. The file is itself a ledger.

    Raises:
        Refused: the file is there already: an older backup is never written over.
    """
    if file.exists():
        raise Refused([_occupied(file, "there is a file of that name.")])
    return copy(source, file, progress)


def restore(
    file: Path, target: Address, progress: Callable[[str], None] = lambda _: None, *, head: str | Head | None = None
) -> Copied:
    """Bring a backup back to a place where there is no ledger, and prove it by verifying every entry.

    Args:
        file: the backup.
        target: where to; never over a ledger that holds entries.
        progress: told what is being done.
        head: a head that the backup or a report printed, its beginning, or one with its root: the backup must hold it.

    Raises:
        Refused: the backup does not hold, does not have that head, or the target is not empty.
    """
    with Store.open(file, read_only=True) as store:
        if head is not None:
            with store.read() as reader:
                _refuse_if(verify.lost_head(reader, head), file)
        return copy(store, target, progress)


def migrate(address: Address, known: tuple[migrations.Migration, ...] | None = None) -> list[migrations.Migration]:
    """Bring a ledger's tables up to this program's version, one numbered step after another.

    Each step is kept whole with its record, or not at all; steps that were done before are not done again.
    """
    steps = migrations.MIGRATIONS if known is None else known
    return list(kind_of(address).migrate(address, steps))


def _pour(reader: Reader, writer: Writer, progress: Callable[[str], None]) -> None:
    models: tuple[type[SQLModel], ...] = (Entry, *RECORDS, Account)
    for model in models:
        name = str(model.__tablename__)
        progress(f"Copying {name.replace('_', ' ')}")
        key = "number" if model is Entry else "id" if model is Account else "entry_number"
        writer.append(model, reader.table(f'SELECT * FROM "{name}" ORDER BY "{key}"'))
    numbers = [int(str(number)) for (number,) in reader.rows("SELECT number FROM entry ORDER BY number")]
    for first, last in chain_links.groups(reader, numbers):
        progress(f"Copying transfers of entries {first} to {last}")
        sql = "SELECT * FROM transfer WHERE entry_number BETWEEN $first AND $last ORDER BY entry_number, leg"
        writer.append(Transfer, reader.table(sql, {"first": first, "last": last}))
    writer.append(AccountDay, reader.table("SELECT * FROM account_day ORDER BY account, day"))
    writer.append(PersonDay, reader.table("SELECT * FROM person_day ORDER BY person, day"))
    ((entries, head, moved),) = reader.rows("SELECT entries, head, moved_pence FROM seal")
    writer.execute(
        "UPDATE seal SET entries = $entries, head = $head, moved_pence = $moved",
        {"entries": entries, "head": head, "moved": moved},
    )


def _told(reader: Reader) -> Copied:
    transfers = reader.whole("SELECT count(*) FROM transfer")
    return Copied(chain.last_entry(reader), transfers, chain.head(reader), chain.books_hash(reader))


def _prove(place: Address, wanted: Copied, source: Address) -> None:
    """Open the copy anew and verify what was really kept."""
    with Store.open(place, read_only=True) as store, store.read_afresh() as reader:
        _refuse_if([*store.catalogue_problems(), *verify.verify(reader)], source)
        found = _told(reader)
    assert found == wanted, "a copy that holds has what its source has"


def _refuse_if(problems: list[Problem], source: Address) -> None:
    if problems:
        why = "A copy is as good as what it was made from, so none was kept."
        first = Problem(str(source), "it does not hold, or was not copied whole.", why, "Look at what follows.")
        raise Refused([first, *problems])


def _place(target: Address) -> tuple[Address, bool]:
    """Where to write: a new file gets its name only once it is whole."""
    if isinstance(target, ServerAddress) or target.exists():
        return target, False
    # What earlier copies left that were cut short; one that somebody is making stays.
    for left in target.parent.glob(f"{escape(target.name)}.*{_UNFINISHED}"):
        if time.time() - left.stat().st_mtime < _SECONDS_TO_MAKE:
            continue
        try:
            Store.open(left).close()
        except LedgerHeld:
            continue
        except LedgerError:
            pass  # cut short so early that it is no ledger yet
        _remove(left)
    return target.with_name(f"{target.name}.{os.getpid()}{_UNFINISHED}"), True


def _name(place: Path, target: Path) -> None:
    """Give a whole copy its name, never over a file that somebody else made meanwhile."""
    try:
        os.link(place, target)
    except FileExistsError:
        _remove(place)
        raise Refused([_occupied(target, "somebody else has made a file of that name meanwhile.")]) from None
    except OSError:  # a file system without links
        place.replace(target)
    else:
        place.unlink()


def _remove(place: Address) -> None:
    if isinstance(place, Path):
        for file in (place, place.with_name(place.name + ".wal")):
            if file.exists():  # asked first: where nothing may be written, taking away what is not there fails too
                file.unlink()


def _refuse_occupied(reader: Reader, target: Address) -> None:
    rows = sum(reader.whole(f'SELECT count(*) FROM "{model.__tablename__}"') for model in TABLES[1:])
    if rows:
        raise Refused([_occupied(target, "it holds a ledger with entries.")])


def _hidden(source: Address, entries: int) -> Problem:
    return Problem(
        str(source),
        f"{entries} entries of proposals are not for you to see.",
        "A copy has to be whole.",
        "Let somebody copy it who has a right over the whole, such as an auditor's.",
    )


def _occupied(target: Address, found: str) -> Problem:
    return Problem(
        str(target),
        found,
        "Nothing is ever written over.",
        "Name a file that is not there, or a database without a ledger.",
    )
