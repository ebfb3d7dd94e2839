"""Files kept beside the ledger: those that entries rest on, under their hash, and those saved under a name.

``ledger.duckdb`` keeps them in the folder ``ledger.duckdb.files``. A file is there whole or not at all, and one
content is kept once, whatever it was called. What an entry's ``source_hash`` names can so be opened again.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledger.errors import LedgerError, Problem, Refused
from ledger.store.address import Address


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a saved file.

    Attributes:
        digest: SHA-256 of its content, by which it can be asked for and recognised.
        saved_at: when it was saved, in UTC.
    """

    name: str
    number: int
    digest: str
    saved_at: datetime
    path: Path

    def content(self) -> bytes:
        """What was saved."""
        return self.path.read_bytes()


class SavedSince(Refused):
    """Somebody saved the same name since it was opened. Nothing was written, and nothing is lost.

    Attributes:
        newest: what stands under the name now.
    """

    def __init__(self, newest: Version, *, is_new_name: bool) -> None:
        self.newest = newest
        when = f"{newest.saved_at:%-d %B %Y, %H:%M} UTC"
        found = (
            f"the name is taken: version {newest.number} was saved on {when}."
            if is_new_name
            else f"somebody saved version {newest.number} on {when}, after you opened it."
        )
        why = "Saving over it in silence would hide what they wrote."
        remedy = "Save under another name, or look at what differs and replace it knowingly."
        super().__init__([Problem(f"saved as '{newest.name}'", found, why, remedy)])


def folder(ledger: Address, kind: str) -> Path:
    """Where the files of a kind are saved: in a folder of their own among the ledger's files."""
    return folder_of(ledger) / kind


def newest(ledger: Address, kind: str) -> dict[str, Version]:
    """Name to newest version of everything that is saved, by name."""
    root = folder(ledger, kind)
    names = sorted(each.name for each in root.iterdir() if each.is_dir()) if root.is_dir() else []
    found = {name: versions(ledger, kind, name) for name in names}
    return {name: those[-1] for name, those in found.items() if those}


def versions(ledger: Address, kind: str, name: str) -> list[Version]:
    """All versions of a name, the first one first; none where nothing is saved under it."""
    inside = folder(ledger, kind) / name
    found = []
    for path in inside.glob(f"{name}.*.*") if inside.is_dir() else ():
        number = path.name.removeprefix(f"{name}.").partition(".")[0]
        if number.isdecimal():
            saved_at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            found.append(Version(name, int(number), digest, saved_at, path))
    return sorted(found, key=lambda version: version.number)


def by_digest(ledger: Address, kind: str, digest: str) -> Version | None:
    """The version with a content, by its hash or how that begins; the newest where several have it."""
    found = [
        version
        for name in newest(ledger, kind)
        for version in versions(ledger, kind, name)
        if version.digest.startswith(digest)
    ]
    return max(found, key=lambda version: version.saved_at) if found else None


def save(ledger: Address, kind: str, name: str, content: bytes, *, suffix: str, opened: str | None) -> Version:
    """Save a content as the next version of a name, whole or not at all.

    Args:
        name: letters, digits and hyphens; a folder is called so.
        suffix: of the file, as ``.yaml``.
        opened: the digest of the version that the change was made from; None for a new name.

    Returns:
        The new version; the newest one, where that has this very content.

    Raises:
        SavedSince: the newest version is another than the one that was opened.
        Refused: the folder cannot be written.
    """
    known = versions(ledger, kind, name)
    digest = hashlib.sha256(content).hexdigest()
    if known and known[-1].digest == digest:
        return known[-1]
    if known and known[-1].digest != opened:
        raise SavedSince(known[-1], is_new_name=opened is None)
    number = known[-1].number + 1 if known else 1
    path = folder(ledger, kind) / name / f"{name}.{number}{suffix}"
    try:
        is_ours = _written_once(path, content)
    except OSError as error:
        found = f"it cannot be written ({error.strerror or 'the disk said no'})."
        remedy = "Save where you may write: see 'Where files are kept' in the guide. Download it meanwhile."
        raise Refused([Problem(str(path), found, "Nothing was saved.", remedy)]) from error
    now = versions(ledger, kind, name)
    if not is_ours:
        raise SavedSince(now[-1], is_new_name=opened is None)
    return next(version for version in now if version.number == number)


def _written_once(path: Path, content: bytes) -> bool:
    """Write a file that is not there yet; False where somebody was quicker."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, half = tempfile.mkstemp(dir=path.parent, prefix=".half-")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        # A link is made only where nothing stands: the one step that two cannot both take.
        os.link(half, path)
    except FileExistsError:
        return False
    finally:
        Path(half).unlink(missing_ok=True)
    return True


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
def attaching(ledger: Address, files: Iterable[Path]) -> Iterator[None]:
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
