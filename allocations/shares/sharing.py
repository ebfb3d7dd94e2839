"""A pot shared out by what it is for: by a mixture of measures, with a least amount for everybody."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fractions import Fraction

from allocations.shares.apportion import apportion
from allocations.shares.mixture import MixturePart
from ledger.errors import refuse
from ledger.inputs import Input
from ledger.money import exact_pounds


@dataclass(frozen=True, slots=True)
class Mixture:
    """By what a pot is shared, beside what plain weighted population gives.

    Attributes:
        floor_pence: the least that each receiver gets; 0 where none was asked for.
        plain_by: the weighting that it is shown beside.
    """

    terms: tuple[MixturePart, ...]
    floor_pence: int
    plain_by: str

    @property
    def by(self) -> str:
        """The mixture, with files by their names: ``60% registered, 40% diabetes.csv``."""
        if len(self.terms) == 1:
            return self.terms[0].by
        return ", ".join(f"{term.percent} {term.by}" for term in self.terms)

    def shares(self) -> dict[str, Fraction]:
        """Receiver to share: the mean of its shares by each measure, weighted by the parts of the mixture; exact."""
        wholes = [(term, sum(term.values.values(), Fraction(0))) for term in self.terms]
        return {
            receiver: sum((term.part * term.values[receiver] / whole for term, whole in wholes), Fraction(0))
            for receiver in self.terms[0].values
        }

    @property
    def files(self) -> tuple[str, ...]:
        """The user's files that it rests on, each with the beginning of its hash."""
        return tuple(f"{term.source} (SHA-256 {term.sha256[:16]})" for term in self.terms if term.sha256)

    @property
    def note(self) -> str:
        """By what, in a few words, for whoever follows the money back."""
        floor = f", at least £{exact_pounds(self.floor_pence)} each" if self.floor_pence else ""
        return f"{self.by}{floor}"


def with_floor(
    total: int, shares: Mapping[str, Fraction], floor: int, receivers: Collection[str], *, unit_pence: int
) -> tuple[dict[str, int], frozenset[str]]:
    """Split whole units by shares, with a least amount for each receiver.

    Whoever would get less than the floor gets the floor; the others share what is left by their shares, and again
    until nobody is below it.

    Args:
        total: whole units.
        shares: of everybody who has a part, exact.
        floor: the least, in the same units.
        receivers: for whom the floor holds.
        unit_pence: pence in a unit, for messages.

    Returns:
        Units of each, which sum to the total, and who is at the floor.

    Raises:
        Refused: the floors come to more than there is, with by how much.
    """
    needed = floor * len(receivers)
    if needed > total:
        short = exact_pounds((needed - total) * unit_pence)
        found = (
            f"£{exact_pounds(floor * unit_pence)} for each of {len(receivers)} comes to "
            f"£{exact_pounds(needed * unit_pence)}, which is £{short} more than the "
            f"£{exact_pounds(total * unit_pence)} that is shared."
        )
        most = exact_pounds(total // len(receivers) * unit_pence)
        refuse(Input.FLOOR, found, "Not everybody could get the least amount.", f"Give at most £{most}, or share more.")
    at_floor: frozenset[str] = frozenset()
    while True:
        left = total - floor * len(at_floor)
        free = {code: share for code, share in shares.items() if code not in at_floor}
        whole = sum(free.values(), Fraction(0))
        below = {code for code in free if code in receivers and left * free[code] < floor * whole}
        if not below:
            break
        at_floor |= below
    parts = apportion(left, free) if whole else dict.fromkeys(free, 0)  # then the floors are all there is
    return {code: floor if code in at_floor else parts[code] for code in shares}, at_floor
