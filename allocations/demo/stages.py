"""What a demo ledger is built from: stages, each a name for people and the entries that it posts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ledger.entries.draft import Draft

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True)
class Stage:
    """One step of the building.

    Attributes:
        name: shown while it is done.
        drafts: makes its entries, from the shipped figures alone and never from what the books hold; asked when the
            stage's turn has come, so that no table is read before it is needed.
    """

    name: str
    drafts: Callable[[], Sequence[Draft]]
