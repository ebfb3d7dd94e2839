"""Files that people save under a name beside the ledger. Each save is a new version; none is ever overwritten.

The newest version of ``winter`` is the one with the highest number: ``winter.1.yaml``, ``winter.2.yaml``, in the
folder ``winter``. A version's number is taken by the file system, once: of two who save at the same moment, one
is told so. Nothing here knows what is in a file.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from ledger.errors import Problem, Refused
from ledger.store.address import Address
from ledger.store.attachments import folder_of


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
