"""Pots over the years: from whom each came, which fund it went on in, and which are new, end or come every year."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import takewhile
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ledger.entries.kinds import DOWN, MONEY_KINDS
from ledger.reports.measures import pots
from ledger.reports.position import SOURCE, Moment, position, position_of_each
from ledger.reports.register import funds, newest_terms
from ledger.store.base import Reader
from ledger.words import PARTS
from ledger.years import FinancialYear

# Money that came down to whoever is asked about, or to the ICBs, in entries that nobody has undone.
_COUNTED = """
FROM transfer t JOIN entry e ON e.number = t.entry_number
JOIN account a ON a.id = t.from_account JOIN account b ON b.id = t.to_account
JOIN organisation o ON o.code = b.organisation JOIN organisation g ON g.code = a.organisation
WHERE e.number <= $known AND e.effective_date <= $as_at
  AND NOT EXISTS (
      SELECT 1 FROM entry r WHERE r.reverses = e.number AND r.number <= $known AND r.effective_date <= $as_at)
"""
_MOVED = f"{_COUNTED} AND b.year = $year"
_DOWNWARDS = ", ".join(f"'{kind.name}'" for kind in MONEY_KINDS.values() if kind.direction == DOWN)
_GIVERS = f"""
SELECT DISTINCT b.fund, g.name {_MOVED}
  AND e.kind IN ({_DOWNWARDS})
  AND CASE WHEN $organisation IS NULL THEN o.tier = 'icb' ELSE b.organisation = $organisation END
ORDER BY 1, 2
"""
# Who gave a pot itself to those whom it reached first, where no ICB got any of it.
_FIRST_GIVERS = f"""
SELECT DISTINCT b.fund, g.name {_MOVED}
  AND e.kind IN ({_DOWNWARDS}) AND a.organisation <> b.organisation AND $organisation IS NULL
ORDER BY 1, 2
"""
_SUCCESSORS = f"""
SELECT DISTINCT a.fund, b.fund {_MOVED} AND e.kind = 'consolidate' AND a.fund <> b.fund ORDER BY 1, 2
"""
# How the parts of a pot were worked out begins the note of each leg, as ``ledger.words.PARTS`` has it.
_PARTS = f"""
SELECT DISTINCT b.fund, split_part(t.note, ':', 1) {_MOVED}
  AND ($organisation IS NULL OR b.organisation = $organisation)
  AND split_part(t.note, ':', 1) IN {PARTS}
ORDER BY 1, 2
"""
# Every fund with terms, and whether some of them begin in the year.
_TERMS_OF_YEAR = """
SELECT fund, bool_or(effective_from BETWEEN $first AND $last) FROM terms
WHERE entry_number <= $known GROUP BY fund
"""
# Funds on which any money of the year moved.
_ON_WHICH_MONEY_MOVED = f"SELECT DISTINCT b.fund {_MOVED} UNION SELECT DISTINCT a.fund {_COUNTED} AND a.year = $year"
# Who answers for a pot is the contact of the newest line of each letter that brought it.
_CONTACTS = """
SELECT DISTINCT fund, contact FROM (
    SELECT fund, contact FROM letter
    WHERE entry_number <= $known AND year = $year AND ($organisation IS NULL OR to_organisation = $organisation)
    QUALIFY row_number() OVER (PARTITION BY reference, to_organisation ORDER BY entry_number DESC) = 1
) WHERE contact IS NOT NULL ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class PotLife:
    """What the books tell of a pot beside its terms.

    Attributes:
        given_by: the names of those who gave it, or the fund around it out of which it was set aside, to whoever is
            asked about, or to the ICBs, or where no ICB got any to those whom it reached first; empty where nobody did.
        owners: the teams or roles at the funder that answer for it, as the letters name them; empty where none does.
        successors: the funds into which it was consolidated in the year, by code; else the pot around it, where that
            goes on in the next year and the pot itself does not.
        discontinued: whether none of it is held in the next year; None where the books cannot tell, or nothing of it
            was held in this one.
        parts: how its holders' parts were worked out, of ``ledger.words.PARTS``; empty where no entry says.
    """

    given_by: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()
    discontinued: bool | None = None
    parts: tuple[str, ...] = ()


def pot_lives(
    reader: Reader, at: Moment, held: pa.Table, *, organisation: str | None, year: int
) -> Mapping[str, PotLife]:
    """What the books tell of the pots of a year, by code; a pot that is not among them has no life in it.

    Args:
        held: the position of that year, of the organisation or of everybody.
        organisation: whose pots; everybody's otherwise.
        year: by the year it starts in.
    """
    # Money moves on the headings of a pot; it is the pot that has terms.
    pot_of = dict(zip(held["fund"].to_pylist(), held["pot"].to_pylist(), strict=True))
    given = {"known": at.known, "as_at": at.as_at, "year": year, "organisation": organisation}
    givers = _listed(reader.rows(_GIVERS, given), pot_of)
    first = _listed(reader.rows(_FIRST_GIVERS, given), pot_of)
    owners = _listed(reader.rows(_CONTACTS, given), pot_of)
    around = {code: row["parent"] for code, row in funds(reader, at.known).items()}
    moved = _listed(reader.rows(_SUCCESSORS, given), pot_of)
    successors = {pot: tuple(dict.fromkeys(pot_of.get(fund, fund) for fund in into)) for pot, into in moved.items()}
    parts = _listed(reader.rows(_PARTS, given), pot_of)
    now = _holders(held)
    following = _OtherYear(reader, at, organisation, year + 1)
    lasting = {
        pot: following.of(pot, successors.get(pot, ()), now.get(pot, ())) for pot in now.keys() | successors.keys()
    }
    return {
        pot: PotLife(
            _given(pot, givers, around) or first.get(pot, ()),
            owners.get(pot, ()),
            *lasting.get(pot, ((), None)),
            parts.get(pot, ()),
        )
        for pot in sorted(givers.keys() | owners.keys() | parts.keys() | lasting.keys())
    }


def without_amount(reader: Reader, at: Moment, year: int) -> dict[str, str]:
    """The pots of a year of which no entry gives anybody an amount: code to name.

    A pot is of the year where it must be spent in or after it. Where no deadline is known, a published pot is of the
    year in which its terms begin, and another of every year in which its terms hold.
    """
    whole = FinancialYear(year)
    around = funds(reader, at.known)
    terms = newest_terms(reader, min(max(at.as_at, whole.first_day), whole.last_day), at.known)
    moved = set[str | None]()
    for (fund,) in reader.rows(_ON_WHICH_MONEY_MOVED, {"known": at.known, "as_at": at.as_at, "year": year}):
        code: str | None = str(fund)
        while code is not None and code not in moved:
            moved.add(code)
            code = around[code]["parent"]
    return {
        code: around[code]["name"]
        for code, its in sorted(terms.items())
        if code not in moved
        and (_has_begun(its, whole) if its["spend_by"] is None else its["spend_by"] >= whole.first_day)
    }


def _has_begun(its: dict[str, Any], year: FinancialYear) -> bool:
    """Whether terms without a deadline make a pot one of a year: what is published is published of one year."""
    return its["standing"] != "published" or year.contains(its["effective_from"])


def _holders(held: pa.Table) -> dict[str, set[str]]:
    """Who holds each pot; the source of the money, which has only given, holds nothing."""
    rows = held.filter(pc.not_equal(held["standing"], SOURCE)).group_by(["pot", "organisation"]).aggregate([])
    found: dict[str, set[str]] = defaultdict(set)
    for pot, organisation in zip(rows["pot"].to_pylist(), rows["organisation"].to_pylist(), strict=True):
        found[pot].add(organisation)
    return found


class _OtherYear:
    """What the books hold of the year after or before, and what they say of pots of which they hold nothing then."""

    def __init__(self, reader: Reader, at: Moment, organisation: str | None, year: int) -> None:
        held = position(reader, at, organisation=organisation, year=year)
        known = funds(reader, at.known)
        self._around = {code: row["parent"] for code, row in known.items()}
        self._kinds = {code: (row["parent"], row["stream"]) for code, row in known.items()}
        self._held = _holders(held)
        self._everybody = set().union(*self._held.values())
        given = {"known": at.known, "first": date(year, 4, 1), "last": date(year + 1, 3, 31)}
        begun = {str(fund): bool(is_new) for fund, is_new in reader.rows(_TERMS_OF_YEAR, given)}
        self._with_terms, self._renewed = begun.keys(), {fund for fund, is_new in begun.items() if is_new}

    def of(self, pot: str, into: Sequence[str], holders: Collection[str]) -> tuple[tuple[str, ...], bool | None]:
        """The pots in which a pot goes on, and whether none of it is held: None where that cannot be told.

        It cannot where none of its holders has any money of the year; where its terms begin anew without an amount;
        where nothing is recorded in that year of the pot inside which it lies; or where, lying in none, no pot of its
        kind is recorded, as of what practices were paid line by line.
        """
        other = tuple(code for code in into if code != pot)
        if pot in self._held:
            return other, False
        if into:
            return other, True if self._held else None
        if self._everybody.isdisjoint(holders) or pot in self._renewed:
            return (), None
        wider = next((fund for fund in _upwards(pot, self._around) if fund in self._with_terms), None)
        if wider is None:
            return (), True if self._records_its_kind(pot) else None
        return ((wider,), True) if wider in self._held or wider in self._renewed else ((), None)

    def is_silent(self, pot: str, holders: Collection[str]) -> bool:
        """Whether nobody can tell if a pot is held then: ``of`` cannot, or it is in one whose amount is not known."""
        into, ended = self.of(pot, (), holders)
        return ended is None or (bool(into) and self._held.keys().isdisjoint(into))

    def _records_its_kind(self, pot: str) -> bool:
        """Whether anything is held directly under the heading of a pot, in its stream: the year records such pots.

        That a heading holds something further down, or in another stream, does not say that its pots are recorded one
        by one: only then is a pot that is not held one that has ended, or one that is new.
        """
        return any(self._kinds[fund] == self._kinds[pot] for fund in self._held)


def _upwards(fund: str, around: Mapping[str, str | None]) -> Iterator[str]:
    """The funds around a fund, the nearest first."""
    wider = around.get(fund)
    while wider is not None:
        yield wider
        wider = around.get(wider)


def _given(pot: str, givers: Mapping[str, tuple[str, ...]], around: Mapping[str, str | None]) -> tuple[str, ...]:
    return next((givers[fund] for fund in (pot, *_upwards(pot, around)) if fund in givers), ())


def _listed(rows: Iterable[tuple[Any, ...]], pot_of: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Pot to what stands beside its funds, each once, in order."""
    found: dict[str, tuple[str, ...]] = {}
    for fund, other in rows:
        pot = pot_of.get(fund) or fund
        found[pot] = tuple(dict.fromkeys((*found.get(pot, ()), str(other))))
    return found


_INTO = f"SELECT DISTINCT a.fund, b.fund {_COUNTED} AND e.kind = 'consolidate' AND a.fund <> b.fund ORDER BY 1, 2"
_FUNDERS = f"""
SELECT DISTINCT b.organisation, g.name {_MOVED} AND e.kind IN ({_DOWNWARDS}) AND o.tier = $tier
ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class OtherYears:
    """The pots of a receiver in the years around one.

    Attributes:
        following: the pots of the next year; None where the books have none of its money of that year.
        earlier: the pots of the years before, the latest first and without a gap, each with whether it recurs.
        successors: each fund to those into which money of it was consolidated, in any year, and to those around it.
        consolidated: the funds of which money was put into another.
        is_silent: whether the books say nothing of a pot in the next year; ``was_silent``: in the year before.
    """

    following: frozenset[str] | None = None
    earlier: tuple[Mapping[str, bool | None], ...] = ()
    successors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    consolidated: frozenset[str] = frozenset()
    is_silent: Callable[[str], bool] = field(default=lambda _: False, compare=False)
    was_silent: Callable[[str], bool] = field(default=lambda _: False, compare=False)

    def not_told(self, now: Iterable[str]) -> set[str]:
        """The pots of which the books do not say whether they go on."""
        following = self.following
        if following is None:
            return set(now)
        return {pot for pot in now
                if following.isdisjoint((pot, *self.successors.get(pot, ())))
                and pot not in self.consolidated and self.is_silent(pot)}  # fmt: skip

    def discontinued(self, now: Iterable[str]) -> list[str] | None:
        """The pots that neither go on in the next year nor went into one that does; None where that is not known."""
        following = self.following
        if following is None:
            return None
        told = set(now) - self.not_told(now)
        return sorted(pot for pot in told if following.isdisjoint((pot, *self.successors.get(pot, ()))))

    def not_told_before(self, now: Iterable[str]) -> set[str]:
        """The pots of which the books do not say whether they were there the year before."""
        return {pot for pot in self._not_before(now) if not self.earlier or self.was_silent(pot)}

    def new(self, now: Iterable[str]) -> list[str] | None:
        """The pots that neither were there the year before nor took one in that was; None where that is not known."""
        if not self.earlier:
            return None
        return sorted(self._not_before(now) - self.not_told_before(now))

    def _not_before(self, now: Iterable[str]) -> set[str]:
        earlier = self.earlier[0] if self.earlier else ()
        return set(now) - {one for pot in earlier for one in (pot, *self.successors.get(pot, ()))}


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
    ahead, behind = (_OtherYear(reader, at, None, one) for one in (year + 1, year - 1))
    holders = _holders(position(reader, at, year=year))
    consolidated = frozenset(str(gone) for gone, _ in reader.rows(_INTO, {"known": at.known, "as_at": at.as_at}))
    codes = following.keys() | {code for one in earlier for code in one}
    return {
        code: OtherYears(
            frozenset(following[code]) if code in following else None,
            tuple(takewhile(bool, (one.get(code, {}) for one in earlier))),
            successors,
            consolidated,
            lambda pot: ahead.is_silent(pot, holders.get(pot, ())),
            lambda pot: behind.is_silent(pot, holders.get(pot, ())),
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
