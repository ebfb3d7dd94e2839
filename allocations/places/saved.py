"""Places that somebody saved by name beside the ledger: files of places as people bring them, version by version."""

from allocations.places import as_text
from allocations.places.division import Division
from allocations.places.files import YearOfPlaces, read_division
from ledger.store import attachments
from ledger.store.address import Address
from ledger.store.attachments import Version

KIND = "places"


def saved(ledger: Address, icb: str) -> dict[str, Version]:
    """Name to newest version of the places that were saved for an ICB."""
    before = _before(icb)
    found = attachments.newest(ledger, KIND)
    return {name.removeprefix(before): version for name, version in found.items() if name.startswith(before)}


def read(version: Version, icb: str, members: YearOfPlaces) -> Division:
    """The places of a version.

    Raises:
        Refused: the file has been changed by hand, and can no longer be read; every reason why.
    """
    return read_division(version.path, icb, members)


def save(ledger: Address, icb: str, name: str, division: Division, *, opened: str | None) -> Version:
    """Save places under a name, as its next version.

    Args:
        name: letters, digits and hyphens.
        opened: the digest of the version that they were made from; None for a new name.

    Raises:
        SavedSince: the name has another version than the one that was opened.
        Refused: the folder cannot be written.
    """
    content = as_text.as_csv(division).encode()
    return attachments.save(ledger, KIND, f"{_before(icb)}{name}", content, suffix=".csv", opened=opened)


def _before(icb: str) -> str:
    return f"{icb.lower()}-"
