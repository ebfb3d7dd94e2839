"""How scattered money is for those who receive it: the pots of every ICB, place, PCN or practice, one by one.

Of the whole nation forty-two pots of half a million look like one of twenty-one million; it is the receiver who has to
work with each. So pots are counted at the receiver, and the nation is shown as its median, best and worst receiver.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median
from typing import Any

from ledger.reports.below import members
from ledger.reports.measures import Measure, measures
from ledger.reports.position import Moment, position_of_each
from ledger.store.base import Reader
from ledger.structure import lives, tier_of
from ledger.years import FinancialYear

# Below this many pence a pot is a penny packet to a receiver of that tier.
PENNY_PACKETS = {"icb": 50_000_000, "place": 10_000_000, "pcn": 2_500_000, "practice": 500_000}
MEASURES = (
    "total", "pots", "effective_number", "median_pot", "smallest_pot", "penny_packets", "penny_packet_share_of_value",
    "returns_per_year",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PotsReceived:
    """The pots of one receiver, with all that it and those below it hold of each.

    Attributes:
        values: of ``MEASURES``, by name.
        returns_known: of how many pots it is known how many returns they ask for.
    """

    organisation: str
    name: str
    values: Mapping[str, Any]
    returns_known: int


def received(
    reader: Reader, at: Moment, tier: str, *, organisation: str | None, year: int
) -> tuple[list[PotsReceived], list[str]]:
    """The pots of every receiver of a tier, the most scattered first, and the receivers that hold nothing.

    Args:
        tier: one of ``PENNY_PACKETS``.
        organisation: only receivers below this one, or itself.
        year: by the year it starts in.

    Raises:
        Refused: the organisation is unknown.
    """
    first, last = FinancialYear(year).first_day, FinancialYear(year).last_day
    known = {
        code: life
        for code, life in lives(reader, at.known).items()
        if life["tier"] == tier
        and life["valid_from"] <= last
        and (life["valid_to"] is None or life["valid_to"] > first)
    }
    inside = set(known)
    if organisation is not None:
        tier_of(reader, organisation)
        inside = members(reader, organisation, min(max(at.as_at, first), last), at.known)
    held = position_of_each(reader, at, tier, year)
    found = []
    for code in sorted(known.keys() & inside & held.keys()):
        values = {one.name: one for one in measures(held[code], penny_packet_pence=PENNY_PACKETS[tier])}
        if values["pots"].value:
            own = {name: values[name].value for name in MEASURES}
            found.append(PotsReceived(code, known[code]["name"], own, _returns_known(held[code], values)))
    without = sorted((known.keys() & inside) - {one.organisation for one in found})
    return sorted(found, key=lambda one: (-one.values["effective_number"], one.organisation)), without


def _returns_known(held: Any, values: Mapping[str, Measure]) -> int:
    unknown = {row["pot"] for row in held.to_pylist() if row["returns_per_year"] is None}
    return int(values["pots"].value or 0) - len(unknown)


def middle(found: Sequence[PotsReceived], name: str) -> Fraction | None:
    """The median over receivers of one measure; None where nobody has it."""
    values = [Fraction(one.values[name]) for one in found if one.values[name] is not None]
    return Fraction(median(values)) if values else None
