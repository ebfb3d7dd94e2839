"""Whether each body breaks even alone: what it expects to spend in the year against what it has.

From April 2026 each body must break even by itself, so no sum over bodies can hide one of them. What a body expects is
its newest forecast of each fund; a fund that is spent to the last penny needs none. Where there is neither, what the
body will spend is not known, and then nor is whether it breaks even.
"""

from collections import defaultdict
from dataclasses import dataclass

from ledger.reports.position import SOURCE, Moment, position
from ledger.reports.register import tiers
from ledger.store.base import Reader
from ledger.structure import lives
from ledger.words import SPENT
from ledger.years import FinancialYear

_FORECASTS = """
SELECT organisation, fund, amount_pence FROM forecast WHERE entry_number <= $known AND year = $year AND as_at <= $day
QUALIFY row_number() OVER (PARTITION BY organisation, fund ORDER BY as_at DESC, entry_number DESC) = 1
"""


@dataclass(frozen=True, slots=True)
class BodyAlone:
    """One body's year: what it has itself, not what it passed on, and what it expects to spend.

    Attributes:
        held_pence: of the year, what it has spent included.
        spent_pence: what is recorded as spent; None where no spending is.
        expected_pence: over the funds for which that is known; None where it is known of none.
        unknown_pence: what it holds on funds of which nobody has said what will be spent.
    """

    organisation: str
    name: str
    tier: str
    held_pence: int
    spent_pence: int | None
    expected_pence: int | None
    unknown_pence: int

    @property
    def under_pence(self) -> int | None:
        """By how much it stays within what it has; below zero where it does not, None where that is not known."""
        return None if self.unknown_pence or self.expected_pence is None else self.held_pence - self.expected_pence

    @property
    def breaks_even(self) -> bool | None:
        """Whether it spends no more than it has; None where that is not known."""
        return None if self.under_pence is None else self.under_pence >= 0


def each_alone(
    reader: Reader, at: Moment, *, organisation: str | None, tier: str | None, year: FinancialYear
) -> list[BodyAlone]:
    """Every body that has money of a year, or expects to spend some: those that do not break even first.

    Args:
        organisation: only this one and those below it.
        tier: only bodies of this tier.

    Raises:
        Refused: the organisation is unknown.
    """
    held: dict[tuple[str, str], int] = defaultdict(int)
    spent: dict[tuple[str, str], int] = defaultdict(int)
    sources = set()
    for row in position(reader, at, organisation=organisation, year=year.start).to_pylist():
        key = (row["organisation"], row["fund"])
        if row["standing"] == SOURCE:
            sources.add(row["organisation"])
            continue
        held[key] += row["amount_pence"]
        if row["standing"] == SPENT:
            spent[key] += row["amount_pence"]
    bodies = lives(reader, at.known)
    inside = {code for code, _ in held} if organisation is not None else bodies.keys()
    given = {"known": at.known, "year": year.start, "day": at.as_at}
    forecasts = {
        (row["organisation"], row["fund"]): row["amount_pence"]
        for row in reader.table(_FORECASTS, given).to_pylist()
        if row["organisation"] in inside or row["organisation"] == organisation
    }
    rank = {code: row["rank"] for code, row in tiers(reader).items()}
    found = [
        _alone(code, bodies[code]["name"], bodies[code]["tier"], held, spent, forecasts)
        for code in sorted({code for code, _ in (*held, *forecasts)} - sources)
        if tier is None or bodies[code]["tier"] == tier
    ]
    order = {False: 0, None: 1, True: 2}
    return sorted(found, key=lambda one: (order[one.breaks_even], rank[one.tier], one.organisation))


def _alone(
    code: str, name: str, tier: str, held: dict[tuple[str, str], int], spent: dict[tuple[str, str], int],
    forecasts: dict[tuple[str, str], int],
) -> BodyAlone:  # fmt: skip
    keys = {key for key in (*held, *forecasts) if key[0] == code}
    known: list[int] = []
    unknown = 0
    for key in keys:
        gone, has = spent.get(key, 0), held.get(key, 0)
        if key in forecasts:
            # What is spent is spent, whatever was forecast before.
            known.append(max(forecasts[key], gone))
        elif has == gone:
            known.append(gone)
        else:
            unknown += has
    all_spent = [spent[key] for key in keys if key in spent]
    return BodyAlone(
        code, name, tier, sum(held.get(key, 0) for key in keys), sum(all_spent) if all_spent else None,
        sum(known) if known else None, unknown,
    )  # fmt: skip


def together(bodies: list[BodyAlone]) -> tuple[int, int] | None:
    """How far those of whom it is known stay within what they have together, and by how much some do not alone.

    Returns:
        Both in pence, the first below zero where they do not; None where it is known of nobody.
    """
    known = [one.under_pence for one in bodies if one.under_pence is not None]
    return (sum(known), -sum(pence for pence in known if pence < 0)) if known else None
