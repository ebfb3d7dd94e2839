"""Propositions that one position cannot answer alone: of bids, of money that comes late, and of money taken back."""

from dataclasses import replace
from fractions import Fraction

import pyarrow as pa

from ledger.readings import GradeReading
from ledger.years import FinancialYear
from scenarios.change import held, total
from scenarios.scorecard import Test, scorecard
from scenarios.world import NATIONAL, World

_FRONT_LINE = Test(
    "front_line", "How much of the money that is bid for reaches the front line?",
    "Pots that are, or were, bid for, less what bids, returns and administration cost whoever pays", "these pots",
    "reroute bids to a formula; fewer bidders, larger awards, fewer returns", "share", "higher",
    note="Means over all draws, by the assumptions of the file.",
)  # fmt: skip
_IN_TIME = Test(
    "days_of_late_money", "How many days does money that comes late leave to spend it?",
    "Days from notice to deadline, both counted, of money notified after 31 March of its year; the mean of all pounds",
    "",
    "announce earlier; put the money in the baseline", "count", "higher",
)  # fmt: skip
_PAID = Test(
    "announced_is_paid", "How much of the money that is announced is paid?",
    "What is not taken back in the year", "the lines from which money is taken back",
    "withdraw nothing", "share", "higher",
    note="Every other proposition counts what was taken back as announced: it was planned with, and reported on.",
)  # fmt: skip


def propositions(
    before: pa.Table, after: pa.Table, old: World, new: World, also: GradeReading | None = None
) -> tuple[tuple[Test, Test], ...]:
    """The scorecard before and after, and what can only be told of a scenario.

    Args:
        also: as for ``scorecard``.
    """
    announced = _announced(after, new)
    first = scorecard(before, old, also=also)
    # Where no step was at work, what is asked after is what was asked before.
    second = first if announced is before and new is old else scorecard(announced, new, also=also)
    found = list(zip(first, second, strict=True))
    if old.bid_for or new.bid_for:
        found.append((_front_line(old), _front_line(new)))
    days = replace(_IN_TIME, value=_days(before)), replace(_IN_TIME, value=_days(announced))
    if days[0].value is not None or days[1].value is not None:
        found.append(days)
    if new.withdrawn is not None:
        found.append((replace(_PAID, value=Fraction(1)), replace(_PAID, value=_paid(announced, new.withdrawn))))
    return tuple(found)


def values_after(after: pa.Table, world: World) -> dict[str, Fraction | None]:
    """The figure of every proposition after the steps, by its name; the same as ``propositions`` tells."""
    announced = _announced(after, world)
    found = {test.name: test.value for test in scorecard(announced, world, with_ranges=False)}
    if world.bid_for:
        found[_FRONT_LINE.name] = _front_line(world).value
    if (days := _days(announced)) is not None:
        found[_IN_TIME.name] = days
    if world.withdrawn is not None:
        found[_PAID.name] = _paid(announced, world.withdrawn)
    return found


def _announced(after: pa.Table, world: World) -> pa.Table:
    return after if world.withdrawn is None else pa.concat_tables([after, world.withdrawn])


def _front_line(world: World) -> Test:
    pots = sum(each.pot_pence for each in world.bid_for.values())
    return replace(_FRONT_LINE, value=Fraction(pots - sum(world.costs_of_bidding().values()), pots) if pots else None)


def _days(table: pa.Table) -> Fraction | None:
    """Mean days to spend late money; None where there is none with both days."""
    whole, days = 0, 0
    own = held(table).select(["tier", "year", "notified_on", "spend_by", "amount_pence"]).group_by(
        ["tier", "year", "notified_on", "spend_by"], use_threads=False
    ).aggregate([("amount_pence", "sum")])  # fmt: skip
    for row in own.to_pylist():
        notice, deadline, pence = row["notified_on"], row["spend_by"], row["amount_pence_sum"]
        late = notice is not None and notice >= FinancialYear(row["year"]).first_day
        if late and deadline is not None and row["tier"] != NATIONAL:
            whole += pence
            days += pence * max((deadline - notice).days + 1, 0)
    return Fraction(days, whole) if whole else None


def _paid(announced: pa.Table, withdrawn: pa.Table) -> Fraction | None:
    lines = set(zip(withdrawn["fund"].to_pylist(), withdrawn["year"].to_pylist(), strict=True))
    own = held(announced).group_by(["fund", "year"]).aggregate([("amount_pence", "sum")]).to_pylist()
    whole = sum(row["amount_pence_sum"] for row in own if (row["fund"], row["year"]) in lines)
    return Fraction(whole - total(withdrawn), whole) if whole else None
