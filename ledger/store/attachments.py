"""The files that entries rest on, kept beside the ledger under the hash of their content.

``ledger.duckdb`` keeps them in the folder ``ledger.duckdb.files``. A file is there whole or not at all, and one
content is kept once, whatever it was called. What an entry's ``source_hash`` names can so be opened again.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ledger.errors import LedgerError, Problem
from ledger.store.address import Address

_SUFFIX = re.compile(r"^\.[a-z0-9]{1,8}$")
_KEPT = re.compile(r"(?P<digest>[0-9a-f]{64})(\.[a-z0-9]{1,8})?")


class KeptFileChanged(LedgerError):
    """A kept file no longer has the content that its name says."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"The kept file {path} has been changed since it was imported. Bring it back from a backup.")


def folder_of(ledger: Address) -> Path:
    """Where the files of a ledger are kept: beside its file.

    Those of a ledger on a server are kept in the folder that ``DEVOLUTION_FILES`` names, which everybody who
    imports should share; otherwise in the working folder, under the name of the database.
    """
    if isinstance(ledger, Path):
        return ledger.with_name(f"{ledger.name}.files")
    shared = os.environ.get("DEVOLUTION_FILES")
    return Path(shared) if shared else Path(f"{str(ledger).rpartition('/')[2]}.files")


def keep(ledger: Address, content: bytes, suffix: str) -> tuple[Path, bool]:
    """Keep a file's content under its SHA-256, whole or not at all.

    Args:
        suffix: of the original's name, as ``.xlsx``; one that is odd is left off.

    Returns:
        Where it is, and whether it was new. A copy whose content has gone wrong is written anew.
    """
    digest = hashlib.sha256(content).hexdigest()
    suffix = suffix.lower()
    folder = folder_of(ledger)
    path = folder / f"{digest}{suffix if _SUFFIX.match(suffix) else ''}"
    if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == digest:
        return path, False
    folder.mkdir(parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(dir=folder, prefix=".half-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(half).replace(path)
    except BaseException:
        Path(half).unlink(missing_ok=True)
        raise
    return path, True


@contextmanager
def keeping(ledger: Address, files: Iterable[Path]) -> Iterator[None]:
    """Keep files while what rests on them is posted; where that fails, those that are new are taken away again."""
    fresh: list[Path] = []
    try:
        for file in files:
            path, is_new = keep(ledger, file.read_bytes(), file.suffix)
            if is_new:
                fresh.append(path)
        yield
    except BaseException:
        for path in fresh:
            path.unlink(missing_ok=True)
        if fresh and not any(folder_of(ledger).iterdir()):
            folder_of(ledger).rmdir()
        raise


def kept(ledger: Address, digest: str) -> Path | None:
    """The kept file of a hash, or none.

    Raises:
        KeptFileChanged: it is there, with other content.
    """
    for path in sorted(folder_of(ledger).glob(f"{digest}*")) if re.fullmatch(r"[0-9a-f]{64}", digest) else []:
        if hashlib.sha256(path.read_bytes()).hexdigest() != digest:
            raise KeptFileChanged(path)
        return path
    return None


def problems(ledger: Address) -> list[Problem]:
    """Kept files whose content is not what their name says, and such as cannot be read.

    A file that is gone is no problem here, for the books cannot tell it from one that was never kept: an entry names
    the hash of what it rests on, whether that was a file that somebody imported, a published workbook, a scenario or
    a paper that was scanned elsewhere; and a copy of a ledger comes without the files. What an entry names is proven
    by whoever brings it: its hash is in the chain.
    """
    folder = folder_of(ledger)
    found = []
    try:
        paths = sorted(folder.iterdir()) if folder.is_dir() else []
    except OSError as error:
        return [_unreadable(folder, error)]
    for path in paths:
        named = _KEPT.fullmatch(path.name)
        if named is None or path.is_dir():
            continue  # what is saved by name, and what somebody is keeping just now
        try:
            with path.open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            found.append(_unreadable(path, error))
            continue
        if digest != named["digest"]:
            said = "its content is not the one that its name says."
            why = "It would be shown as what entries rest on."
            found.append(Problem(f"kept file {path}", said, why, "Bring it back from a backup."))
    return found


def _unreadable(path: Path, error: OSError) -> Problem:
    said = f"it cannot be read ({error.strerror or type(error).__name__})."
    why = "What entries rest on could not be shown."
    return Problem(f"kept file {path}", said, why, "Get the right to read it, or bring it back from a backup.")
