"""A step that cannot be done, said by a lever that does not know where in the file it stands."""

from ledger.errors import LedgerError


class CannotApply(LedgerError):
    """The step cannot be applied to this position.

    Attributes:
        key: the key of the step that is at fault, such as ``funds``; empty for the step as a whole.
        found: what is there.
        why: why it matters.
        remedy: what to do.
    """

    def __init__(self, found: str, why: str, remedy: str, key: str = "") -> None:
        self.found, self.why, self.fix, self.key = found, why, remedy, key
        super().__init__(f"{found} {why} {remedy}")
