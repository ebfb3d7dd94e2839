"""The pots of a receiver in the years around one: which are new, which end, and which come year after year."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import takewhile

from ledger.entries.kinds import DOWN, MONEY_KINDS
from ledger.reports.measures import pots
from ledger.reports.position import Moment, position, position_of_each
from ledger.reports.register import funds
from ledger.store.base import Reader

_COUNTED = """
FROM transfer t JOIN entry e ON e.number = t.entry_number
JOIN account a ON a.id = t.from_account JOIN account b ON b.id = t.to_account
JOIN organisation o ON o.code = b.organisation JOIN organisation g ON g.code = a.organisation
WHERE e.number <= $known AND e.effective_date <= $as_at
  AND NOT EXISTS (
      SELECT 1 FROM entry r WHERE r.reverses = e.number AND r.number <= $known AND r.effective_date <= $as_at)
"""
_DOWNWARDS = ", ".join(f"'{kind.name}'" for kind in MONEY_KINDS.values() if kind.direction == DOWN)
_INTO = f"SELECT DISTINCT a.fund, b.fund {_COUNTED} AND e.kind = 'consolidate' AND a.fund <> b.fund ORDER BY 1, 2"
_FUNDERS = f"""
SELECT DISTINCT b.organisation, g.name {_COUNTED} AND b.year = $year AND e.kind IN ({_DOWNWARDS}) AND o.tier = $tier
ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class OtherYears:
    """The pots of a receiver in the years around one.

    Attributes:
        following: the pots of the next year; None where the books have none of its money of that year.
        earlier: the pots of the years before, the latest first and without a gap, each with whether it recurs.
        successors: each fund to those into which money of it was consolidated, in any year, and to those around it.
    """

    following: frozenset[str] | None = None
    earlier: tuple[Mapping[str, bool | None], ...] = ()
    successors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def discontinued(self, now: Iterable[str]) -> list[str] | None:
        """The pots that neither go on in the next year nor went into one that does; None where that is not known."""
        following = self.following
        if following is None:
            return None
        return sorted(pot for pot in now if following.isdisjoint((pot, *self.successors.get(pot, ()))))

    def new(self, now: Iterable[str]) -> list[str] | None:
        """The pots that neither were there the year before nor took one in that was; None where that is not known."""
        if not self.earlier:
            return None
        before = {one for pot in self.earlier[0] for one in (pot, *self.successors.get(pot, ()))}
        return sorted(set(now) - before)


def other_years(reader: Reader, at: Moment, tier: str, year: int) -> dict[str, OtherYears]:
    """The pots of every receiver of a tier in the years around one, by its code.

    Args:
        year: by the year it starts in.
    """
    following, *earlier = (
        {
            code: {pot.code: pot.row["recurrent"] for pot in pots(table)}
            for code, table in position_of_each(reader, at, tier, one).items()
        }
        for one in (year + 1, *_years_before(reader, year))
    )
    successors = _successors(reader, at)
    codes = following.keys() | {code for one in earlier for code in one}
    return {
        code: OtherYears(
            frozenset(following[code]) if code in following else None,
            tuple(takewhile(bool, (one.get(code, {}) for one in earlier))),
            successors,
        )
        for code in sorted(codes)
    }


def funders_of_each(reader: Reader, at: Moment, tier: str, year: int) -> dict[str, tuple[str, ...]]:
    """The names of those who gave money of a year to each organisation of a tier directly, by its code."""
    found: dict[str, tuple[str, ...]] = {}
    given = {"known": at.known, "as_at": at.as_at, "year": year, "tier": tier}
    for organisation, funder in reader.rows(_FUNDERS, given):
        found[str(organisation)] = (*found.get(str(organisation), ()), str(funder))
    return found


def years_running(by_year: Sequence[Mapping[str, bool | None]]) -> dict[str, int]:
    """Each pot of the first year that does not recur, to how many years running that has been so, that year included.

    Args:
        by_year: pots with whether they recur, the latest year first and without a gap.
    """
    found: dict[str, int] = {}
    for number, year in enumerate(by_year):
        for pot, recurs in year.items():
            if recurs is False and found.get(pot, 0) == number:
                found[pot] = number + 1
    return {pot: years for pot, years in found.items() if pot in by_year[0]}


def non_recurrent_years(reader: Reader, at: Moment, *, organisation: str | None, year: int) -> dict[str, int]:
    """The pots of an organisation, or of everybody, that do not recur, to for how many years running that has been so.

    Raises:
        Refused: the organisation is unknown.
    """
    years = (year, *_years_before(reader, year))
    held = (pots(position(reader, at, organisation=organisation, year=one)) for one in years)
    return years_running([{pot.code: pot.row["recurrent"] for pot in one} for one in held])


def _successors(reader: Reader, at: Moment) -> dict[str, tuple[str, ...]]:
    """Each fund to those into which money of it was consolidated, and to those around it, the nearest first."""
    parents = {code: row["parent"] for code, row in funds(reader, at.known).items()}
    found: dict[str, tuple[str, ...]] = {}
    for fund, parent in parents.items():
        around = [] if parent is None else [parent]
        while around and (wider := parents[around[-1]]) is not None:
            around.append(wider)
        found[fund] = tuple(around)
    for gone, into in reader.rows(_INTO, {"known": at.known, "as_at": at.as_at}):
        found[str(gone)] = (str(into), *found.get(str(gone), ()))
    return found


def _years_before(reader: Reader, year: int) -> list[int]:
    """The years before one in which money stands, the latest first, as far back as there is no gap."""
    known = {int(str(one)) for (one,) in reader.rows("SELECT DISTINCT year FROM account")}
    return list(takewhile(known.__contains__, range(year - 1, 0, -1)))
