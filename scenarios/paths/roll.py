"""The position of the books carried into later years: what recurs grows, what does not recur falls away.

A line of which nobody knows whether it recurs is neither: the file says what becomes of it, and the answer counts it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from allocations.figures import tables
from allocations.figures.weightings import WEIGHTINGS
from ledger.errors import Problem, Refused
from ledger.money import round_half_up_fraction, spoken
from ledger.reports.position import SOURCE
from ledger.reports.summary import percent
from ledger.words import AVAILABLE, SPENT
from ledger.years import FinancialYear
from scenarios.baseline import Baseline, baseline_of, people
from scenarios.change import Pence, Rows, held, put, total
from scenarios.fields import exact, years_on
from scenarios.paths.rates import CERTAINTIES, STANDINGS, NotKnown, YearlyGrowth
from scenarios.world import ICB, PCN, PLACE, PRACTICE, World


@dataclass(frozen=True)
class Rolled:
    """One year of a path, before any step.

    Attributes:
        books: the position of the year, and the people that it is shared by.
        standing: word of ``STANDINGS`` to the money whose amount is known so well at best; zero where there is none.
        certainty: the weakest word of ``CERTAINTIES`` of any of its money; empty in the year of the books.
        held_pence: all that is held.
        grew_pence: by how much what recurs has grown since the year before.
        fell_away_pence: what the year before held and this does not, because it does not recur.
        fell_away: the same by fund, the largest first.
        not_known_pence: what is held of which it is not known whether it recurs; of the year before where it fell away.
        no_rate_pence: what no rate of growth is said for, and what therefore stays as it was.
    """

    year: FinancialYear
    books: Baseline
    standing: Mapping[str, int]
    certainty: str
    held_pence: int
    grew_pence: int = 0
    fell_away_pence: int = 0
    fell_away: tuple[tuple[str, int], ...] = ()
    not_known_pence: int = 0
    no_rate_pence: int = 0

    @property
    def certainty_in_words(self) -> str:
        """How well the year is known: ``as the books hold it``, or ``81% published, 19% assumed; firm``."""
        if not self.certainty:
            return "as the books hold it"
        there = [(word, pence) for word, pence in self.standing.items() if pence]
        if len(there) == 1:
            words = there[0][0]
        else:
            whole = sum(pence for _, pence in there)
            words = ", ".join(f"{percent(Fraction(pence, whole))} {word}" for word, pence in there)
        return words if self.certainty == "assumed" else f"{words}; {self.certainty}"

    @property
    def heading(self) -> str:
        """The year and how well it is known, for the head of a column."""
        return f"{self.year} ({self.certainty_in_words})"


def roll_forward(
    books: Baseline, years: Sequence[FinancialYear], growth: Sequence[YearlyGrowth], not_known: NotKnown | None,
    place: str,
) -> tuple[Rolled, ...]:  # fmt: skip
    """The position of each year, before any step.

    Args:
        years: the year of the books, and those that follow it.
        not_known: what becomes of money of which it is not known whether it recurs.
        place: where the file says, or should say, ``recurrence_not_known``; for a message.

    Raises:
        Refused: there is such money, and the file does not say what becomes of it.
    """
    own = held(books.position)
    unknown = total(own.filter(pc.is_null(own["recurrent"])))
    if unknown and not_known is None and len(years) > 1:
        raise Refused([_unsaid(own, unknown, place)])
    # In the year of the books all is as well known as the books are.
    rows = _Rows(own, np.zeros(own.num_rows, np.int64), np.zeros(own.num_rows, np.int64))
    standing = dict.fromkeys(STANDINGS, 0) | {STANDINGS[0]: total(own)}
    found = [Rolled(years[0], books, standing, "", total(own), not_known_pence=unknown)]
    source = books.position.filter(pc.equal(books.position["standing"], SOURCE))
    world = books.world
    for year in years[1:]:
        rows, facts = _one_year(rows, year, growth, not_known, world)
        # Remembered, so that a path that is carried forward again, at other rates, finds all that was worked out.
        world = world.remember(("people of", year), partial(_people_of, world, year))
        table = pa.concat_tables([rows.table, _source(source, year, total(rows.table))])
        rolled = Rolled(year, baseline_of(table, world, books.organisation, books.at), **facts)
        found.append(replace(rolled, books=replace(rolled.books, standing=rolled.certainty_in_words)))
    return tuple(found)


@dataclass(frozen=True)
class _Rows:
    """What is held, and of each row the place of its standing and its certainty among the words, the weakest so far."""

    table: pa.Table
    standing: Any
    certainty: Any


def _unsaid(own: pa.Table, unknown: int, place: str) -> Problem:
    lines = sorted(set(own.filter(pc.is_null(own["recurrent"]))["fund"].to_pylist()))
    return Problem(
        place,
        f"it is not known of {spoken(unknown)} whether it recurs: {', '.join(lines[:5])}.",
        "What is not known is no yes and no no: a year that follows would hang on a guess that nobody sees.",
        "Say 'recurrence_not_known: continues' or 'recurrence_not_known: falls away', or record terms that say it.",
    )


def _one_year(
    before: _Rows, year: FinancialYear, growth: Sequence[YearlyGrowth], not_known: NotKnown | None, world: World
) -> tuple[_Rows, dict[str, Any]]:
    recurs = before.table["recurrent"]
    unknown = pc.is_null(recurs)
    stays = pc.fill_null(recurs, not_known == "continues").to_numpy(zero_copy_only=False)
    gone, mask = before.table.filter(pa.array(~stays)), pa.array(stays)
    kept = before.table.filter(mask)
    standing, certainty = before.standing[stays], before.certainty[stays]
    more, covered = np.zeros(kept.num_rows, np.int64), np.zeros(kept.num_rows, bool)
    for rule in growth:
        if year in rule.years:
            rows = np.flatnonzero(rule.funds.mask(kept, world) & ~covered)
            more[rows] = grown_by(kept, rows, exact(rule.rate))
            covered[rows] = True
            standing[rows] = np.maximum(standing[rows], STANDINGS.index(rule.standing))
            certainty[rows] = np.maximum(certainty[rows], CERTAINTIES.index(rule.certainty))
    standing[~covered], certainty[~covered] = len(STANDINGS) - 1, len(CERTAINTIES) - 1
    amounts = kept["amount_pence"].to_numpy() + more
    table = put(
        kept,
        year=year.start,
        amount_pence=amounts,
        # What is spent in a year is there again in the next.
        standing=pc.if_else(pc.equal(kept["standing"], SPENT), AVAILABLE, kept["standing"]),
        # When the next year's money will be made known, nobody knows yet.
        notified_on=None,
        spend_by=_a_year_on(kept["spend_by"]),
    )
    facts = {
        "standing": {word: int(amounts[standing == rank].sum()) for rank, word in enumerate(STANDINGS)},
        "certainty": CERTAINTIES[int(certainty.max())] if len(certainty) else CERTAINTIES[-1],
        "held_pence": int(amounts.sum()),
        "grew_pence": int(more.sum()),
        "fell_away_pence": total(gone),
        "fell_away": _by_fund(gone),
        "not_known_pence": total(before.table.filter(unknown)),
        "no_rate_pence": int(amounts[~covered].sum()),
    }
    return _Rows(table, standing, certainty), facts


def grown_by(table: pa.Table, rows: Rows, rate: Fraction) -> Pence:
    """By how much the rows grow: each fund as a whole to the nearest penny, shared by largest remainder."""
    if not len(rows):
        return np.zeros(0, np.int64)
    amounts = table["amount_pence"].to_numpy()[rows]
    (codes, fund), (holders, holder) = (
        _numbered(table[name].take(pa.array(rows))) for name in ("fund", "organisation")
    )
    # Whole numbers throughout: a part of an amount, and what is left over of it in parts of the denominator.
    whole, left = np.divmod(amounts, rate.denominator)
    more, rest = np.divmod(left * rate.numerator, rate.denominator)
    more += whole * rate.numerator
    sums, given = np.zeros(len(codes), np.int64), np.zeros(len(codes), np.int64)
    np.add.at(sums, fund, amounts)
    np.add.at(given, fund, more)
    missing = np.array([round_half_up_fraction(pence * rate) for pence in sums.tolist()]) - given
    rank = np.argsort(np.argsort(np.array(holders, dtype=object)))
    in_line = np.lexsort((rank[holder], -amounts, -rest, fund))
    first = np.searchsorted(fund[in_line], np.arange(len(codes)))
    nth = np.arange(len(rows)) - first[fund[in_line]]
    more[in_line[nth < missing[fund[in_line]]]] += 1
    return more


def _numbered(words: pa.ChunkedArray) -> tuple[list[str], Any]:
    """The different words, and of each row the number of its word."""
    encoded = words.combine_chunks().dictionary_encode()
    return encoded.dictionary.to_pylist(), encoded.indices.to_numpy()


def _a_year_on(days: pa.ChunkedArray) -> pa.Array:
    encoded = days.combine_chunks().dictionary_encode()
    moved = [years_on(day, 1) for day in encoded.dictionary.to_pylist()]
    return pa.array(moved, pa.date32()).take(encoded.indices)


def _by_fund(table: pa.Table) -> tuple[tuple[str, int], ...]:
    summed = table.group_by("fund_name", use_threads=False).aggregate([("amount_pence", "sum")]).to_pylist()
    return tuple(
        (row["fund_name"], row["amount_pence_sum"])
        for row in sorted(summed, key=lambda row: (-row["amount_pence_sum"], row["fund_name"]))
    )


def _source(source: pa.Table, year: FinancialYear, pence: int) -> pa.Table:
    """Who gives the money gives as much as is held; the first of several gives what the others do not."""
    if not source.num_rows:
        return source
    return put(source.slice(0, 1), year=year.start, amount_pence=-pence)


def _people_of(world: World, year: FinancialYear) -> World:
    """The same country with the people of a year, where they are shipped; else with those that it had.

    Everybody stays where they are: a step that changes who is part of whom does so in every year in which it holds.
    """
    there = list[tuple[int, int]]()
    if year.start in tables.PEOPLE:
        shipped = tables.table(tables.PEOPLE[year.start])
        rows = dict(zip(shipped[PRACTICE].to_pylist(), range(shipped.num_rows), strict=True))
        there = [(at, rows[code]) for at, code in enumerate(world.people[PRACTICE].to_pylist()) if code in rows]
    if not there:
        return world.changed(year=year, borrows_people=True)
    where = world.people.take(pa.array([at for at, _ in there], pa.int64()))
    whose = shipped.take(pa.array([row for _, row in there], pa.int64()))
    columns = {name: where[name] for name in (PRACTICE, PCN, PLACE, ICB)}
    columns |= {name: whose[name] for name in WEIGHTINGS}
    return world.changed(year=year, people=people(pa.table(columns)), people_year=year, borrows_people=False)
