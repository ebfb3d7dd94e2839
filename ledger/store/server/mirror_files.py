"""The files in which mirrors of servers' ledgers are kept, in this user's cache, from one program to the next.

A kept file is never changed. It is written under a name of no meaning, and gets its own when it is whole: which ledger
it mirrors, the entry and the head that it stands at, and the SHA-256 of its bytes. Whoever uses it works on a
copy of their own, and believes it only if the bytes copied are those that the name promises; what the books say
of entry and head is for the mirror to ask. So programs may come, go and be killed at any moment, side by side.

A kept file is believed for a day from when the first of its rows was read, which is the time that it bears. After that
the rows are read from the server again, and the file is taken away: a row that was changed behind the books' back is
seen by then, and no desk keeps the books of a ledger for long.
"""

import hashlib
import os
import re
import secrets
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_VARIABLE, _OFF = "DEVOLUTION_MIRRORS", "off"
_NAME = re.compile(
    r"(?P<ledger>[0-9a-f]{32})-(?P<entries>\d{12})-(?P<head>[0-9a-f]{16})-(?P<bytes>[0-9a-f]{64})\.duckdb"
)
_UNFINISHED = ".unfinished-"
_BELIEVED_SECONDS = 24 * 3600
# What nobody has written to for so long was left by a program that was killed.
_SECONDS_TO_MAKE = 3600
_CHUNK = 1 << 20
_OWN, _PRIVATE, _OTHERS_MAY_WRITE = 0o700, 0o600, 0o022


@dataclass(frozen=True, slots=True)
class KeptMirror:
    """A kept file, as its name says.

    Attributes:
        entries: the number of the last entry in it.
        head: the beginning of that entry's hash.
        digest: the SHA-256 of its bytes.
        read_at: when the first of its rows was read from the server, in seconds since 1970.
    """

    path: Path
    entries: int
    head: str
    digest: str
    read_at: int


def folder() -> Path | None:
    """Where mirrors are kept: the folder that DEVOLUTION_MIRRORS names, or this user's cache.

    Returns:
        None where none are to be kept (``DEVOLUTION_MIRRORS=off``), or where the folder cannot be made, is not this
        user's own, or may be written to by others.
    """
    named = os.environ.get(_VARIABLE, "").strip()
    if named.lower() == _OFF:
        return None
    try:
        place = Path(named) if named else _cache() / "devolution"
        place.mkdir(mode=_OWN, parents=True, exist_ok=True)
        found = place.stat()
    except (OSError, RuntimeError):
        return None
    if sys.platform != "win32" and (found.st_uid != os.geteuid() or found.st_mode & _OTHERS_MAY_WRITE):
        return None
    return place if os.access(place, os.W_OK) else None


class KeptMirrors:
    """The kept files of one ledger.

    Args:
        place: the folder, from ``folder()``.
        ledger: what tells this ledger, and the shape of its tables, from any other; it is kept as a hash alone.
    """

    def __init__(self, place: Path, *ledger: object) -> None:
        self._place = place
        self._ledger = hashlib.sha256(repr(ledger).encode()).hexdigest()[:32]

    def newest_first(self) -> Iterator[KeptMirror]:
        """The kept files that may be believed. What is too old, of any ledger, is taken away."""
        with suppress(OSError):
            _sweep(self._place)
        yield from sorted(self._kept(), key=lambda kept: kept.entries, reverse=True)

    def working_copy(self, kept: KeptMirror) -> Path | None:
        """Copy a kept file for oneself.

        Returns:
            The copy, whose bytes are those that were promised; its owner deletes it. None where they are not (the
            kept file is then taken away), or where it cannot be read or copied.
        """
        copy = self.unfinished()
        digest = hashlib.sha256()
        try:
            with kept.path.open("rb") as source, copy.open("xb") as target:
                copy.chmod(_PRIVATE)
                while chunk := source.read(_CHUNK):
                    digest.update(chunk)
                    target.write(chunk)
        except OSError:
            discard(copy)
            return None
        if digest.hexdigest() != kept.digest:
            discard(copy)
            discard(kept.path)
            return None
        return copy

    def unfinished(self) -> Path:
        """A name for a file that does not count yet."""
        return self._place / f"{_UNFINISHED}{secrets.token_hex(8)}.duckdb"

    def publish(self, written: Path, entries: int, head: str, read_at: int) -> None:
        """Give a file that is whole its name, and take away those that it replaces.

        Args:
            written: the file, under a name from ``unfinished``.
            entries: the number of the last entry in it.
            head: that entry's hash.
            read_at: when the first of its rows was read from the server, in seconds since 1970.

        Raises:
            OSError: it could not be read or renamed.
        """
        written.chmod(_PRIVATE)
        os.utime(written, (read_at, read_at))
        with written.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        path = self._place / f"{self._ledger}-{entries:012d}-{head[:16]}-{digest}.duckdb"
        written.replace(path)
        for kept in self._kept():
            if kept.entries <= entries and kept.path != path:
                discard(kept.path)

    def _kept(self) -> list[KeptMirror]:
        found = []
        for path in self._place.glob(f"{self._ledger}-*"):
            if match := _NAME.fullmatch(path.name):
                with suppress(FileNotFoundError):  # another program has just replaced it
                    read_at = int(path.stat().st_mtime)
                    found.append(KeptMirror(path, int(match["entries"]), match["head"], match["bytes"], read_at))
        return found


def is_believed(read_at: int) -> bool:
    """Whether rows that were read at a time still stand for what the server holds."""
    # A time to come was told by another clock, and its age cannot be known.
    return abs(time.time() - read_at) <= _BELIEVED_SECONDS


def discard(path: Path) -> None:
    """Take a file away. One that another program has open stays on Windows, until it is swept away later."""
    with suppress(OSError):
        path.unlink()


def _sweep(place: Path) -> None:
    """Take away what is too old to be believed, and what programs left that were killed; nothing that is not ours."""
    for path in place.iterdir():
        is_left = path.name.startswith(_UNFINISHED)
        if is_left or _NAME.fullmatch(path.name):
            with suppress(OSError):
                written = int(path.stat().st_mtime)
                if abs(time.time() - written) > _SECONDS_TO_MAKE if is_left else not is_believed(written):
                    path.unlink()


def _cache() -> Path:
    """The folder for what this user's programs may lose."""
    named = os.environ.get("LOCALAPPDATA" if sys.platform == "win32" else "XDG_CACHE_HOME", "")
    # The specification says that a path which is not absolute is to be passed over.
    return Path(named) if Path(named).is_absolute() else Path.home() / ".cache"
