"""Some pots of one receiver put together: what that would ask of it, as every reading of grades has it."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ledger.errors import refuse
from ledger.inputs import Input
from ledger.readings import RECORDED, GradeReading, all_with
from ledger.reports.measures import EARMARKED_GRADES, PotHeld
from ledger.reports.position import Moment
from ledger.reports.receivers import PENNY_PACKETS, Received, measured, received
from ledger.store.base import Reader
from ledger.structure import tier_of
from ledger.words import strictest
from ledger.years import FinancialYear

ONE_POT = "one-pot"
# Which pots might be put together: by their size, by their lasting, by their strings.
MERGERS: Mapping[str, Callable[[Received, PotHeld], bool]] = {
    "small": lambda one, pot: pot.amount_pence < one.penny_packet_pence,
    "one-off": lambda _, pot: pot.row["recurrent"] is False,
    "tied": lambda _, pot: pot.row["grade"] in EARMARKED_GRADES,
}


@dataclass(frozen=True, slots=True)
class PutTogether:
    """Some pots of a receiver as one.

    Attributes:
        chosen: the pots that are meant, the largest first; with fewer than two nothing is put together.
        before, after: the receiver; one and the same where nothing is put together.
    """

    chosen: Sequence[PotHeld]
    before: Received
    after: Received

    @property
    def amount_pence(self) -> int:
        """What the one pot holds."""
        return sum(pot.amount_pence for pot in self.chosen)

    def not_known(self, column: str) -> tuple[int, int]:
        """Of how many of the parts something that terms say is not known, and the pence in them."""
        unknown = [pot.amount_pence for pot in self.chosen if pot.row[column] is None]
        return len(unknown), sum(unknown)

    @property
    def returns(self) -> int | None:
        """The most returns that one of its parts asks for, known ones alone: the one pot asks for no fewer."""
        return max((n for pot in self.chosen if (n := pot.row["returns_per_year"]) is not None), default=None)


def of_receiver(
    reader: Reader,
    at: Moment,
    receiver: str,
    pots: str | Sequence[str],
    year: int,
    reading: GradeReading = RECORDED,
    found: Sequence[Received] | None = None,
) -> PutTogether:
    """Some pots of a receiver put together as ``ONE_POT``.

    Args:
        receiver: its code.
        pots: which: one of ``MERGERS``, or their codes.
        found: receivers that were measured already, this one among them.

    Raises:
        Refused: there is no such receiver, it holds no money of the year, or none of a pot that is named.
    """
    if found is None:
        tier = tier_of(reader, receiver)
        _refuse_other_tier(receiver, tier)
        found, _ = received(reader, at, tier, organisation=receiver, year=year, reading=reading)
    one = next((one for one in found if one.organisation == receiver), None)
    if one is None:
        held = f"{receiver} holds no money of {FinancialYear(year)}."
        refuse(Input.ORGANISATION, held, "There is nothing to put together.", "Name another, or another year.")
    if not isinstance(pots, str):
        _refuse_unknown(one, pots)
    wanted = MERGERS[pots] if isinstance(pots, str) else lambda _, pot: pot.code in pots
    chosen = [pot for pot in one.pots if wanted(one, pot)]
    return PutTogether(chosen, one, put_together(one, {pot.code for pot in chosen}, ONE_POT, "One pot", reading))


def _refuse_other_tier(receiver: str, tier: str) -> None:
    if tier not in PENNY_PACKETS:
        why = "Pots are put together where they are received, and not over all that somebody passes on."
        fix = f"Name an organisation of one of these tiers: {', '.join(PENNY_PACKETS)}."
        refuse(Input.ORGANISATION, f"{receiver} is of the tier '{tier}'.", why, fix)


def _refuse_unknown(one: Received, codes: Sequence[str]) -> None:
    own = {pot.code for pot in one.pots}
    unknown = sorted(set(codes) - own)
    if unknown:
        holds = f"{one.name} holds no pot {' or '.join(map(repr, unknown))}."
        fix = f"It holds {', '.join(sorted(own))}."
        refuse(Input.MERGE, holds, "Only what it holds can be put together.", fix)


def put_together(
    one: Received, codes: Collection[str], code: str, name: str, reading: GradeReading = RECORDED
) -> Received:
    """A receiver as it would be if some of its pots were one, without inner ring-fences; what it asks, it asks once.

    As the lever ``merge`` has it: notice when the last is known and the deadline of the first, as many returns as the
    most that one of them asks for. What some part could change and is not known of it is not known of the whole: when
    notice came, or whether it recurs; and of returns the known ones are the least there may be. In every reading the
    same money is put together, on the strictest grade that it finds in it.

    Args:
        one: as ``seen_by_each`` measures it.
        codes: of the pots to put together; with fewer than two of its own the receiver stays as it is.
        code: of the new pot, called ``name``.
        reading: of grades, by which ``one`` was measured.
    """
    chosen = [pot.code for pot in one.pots if pot.code in codes]
    if len(chosen) < 2:  # noqa: PLR2004 - one pot is together already
        return one
    rows, names = one.rows, {one.organisation: one.name}
    funders = None if one.funders is None else {one.organisation: one.funders}
    meant = pc.is_in(reading.read(rows)["pot"], value_set=pa.array(chosen, pa.string()))
    found = {}
    for each in all_with(reading):
        (found[each],) = measured(
            _as_one(each.read(rows), meant, code, name), names, one.penny_packet_pence, None, funders
        )
    values = {each: its.values for each, its in found.items()}
    return replace(found[reading], by_reading=values, every=one.every)


def _as_one(rows: pa.Table, meant: pa.Array, code: str, name: str) -> pa.Table:
    """Rows of which those that are meant are one fund on one set of terms."""
    whole = rows.filter(meant)
    lasting, notice = whole["recurrent"], whole["notified_on"]
    # One part that does not recur settles it; the last notice may be one that is not known.
    recurs = None if lasting.null_count and pc.min(lasting).as_py() else pc.min(lasting).as_py()
    terms: dict[str, Any] = {
        "fund": code, "fund_name": name, "pot": code, "grade": strictest(whole["grade"].to_pylist()),
        "recurrent": recurs, "notified_on": None if notice.null_count else pc.max(notice).as_py(),
        "spend_by": pc.min(whole["spend_by"]).as_py(), "returns_per_year": pc.max(whole["returns_per_year"]).as_py(),
    }  # fmt: skip
    # Money of which nobody knows how many returns it asks for stays such money.
    told = pc.and_(meant, pc.is_valid(rows["returns_per_year"]))
    for column, value in terms.items():
        place, field = rows.schema.get_field_index(column), rows.schema.field(column)
        which = told if column == "returns_per_year" else meant
        rows = rows.set_column(place, field, pc.if_else(which, pa.scalar(value, field.type), rows[column]))
    return rows
