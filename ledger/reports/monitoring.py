"""What became of every pot at every ICB: allocated, spent on its purpose, redirected, sent back, or not reported.

Ring-fences leak, and lifting one does not end the watching. What is told here is what the entries say: money that is
neither recorded as spent, nor as put to another pot, nor as sent back, is *not reported*, and is not taken as spent.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ledger.entries.kinds import CARRY, MONEY_KINDS, OTHER, UP
from ledger.reports import below, register
from ledger.reports.below import StructurePoint
from ledger.reports.measures import share
from ledger.reports.position import Moment
from ledger.store.base import Reader
from ledger.structure import lives
from ledger.words import SPENT
from ledger.years import FinancialYear

# Every movement of money of the year into, out of or inside each root with those below it, in entries nobody undid.
# Whoever also belongs to somebody outside counts as outside: what came to it was passed on.
_MOVES = """
WITH moved AS (
    SELECT f.organisation AS giver, o.organisation AS receiver, f.fund AS from_fund, o.fund AS to_fund,
           f.standing AS from_standing, o.standing AS to_standing, e.kind, sum(t.amount_pence) AS pence
    FROM transfer t JOIN entry e ON e.number = t.entry_number
    JOIN account f ON f.id = t.from_account JOIN account o ON o.id = t.to_account
    WHERE e.number <= $known AND e.effective_date <= $as_at AND e.reverses IS NULL AND o.year = $year
      AND NOT EXISTS (
          SELECT 1 FROM entry r WHERE r.reverses = e.number AND r.number <= $known AND r.effective_date <= $as_at)
    GROUP BY ALL
),
own AS (SELECT root, organisation FROM scope WHERE NOT shared),
sides AS (
    SELECT r.root, g.root IS NOT NULL AS from_inside, TRUE AS to_inside, m.*
    FROM moved m JOIN own r ON r.organisation = m.receiver
    LEFT JOIN own g ON g.organisation = m.giver AND g.root = r.root
    UNION ALL
    SELECT g.root, TRUE, FALSE, m.*
    FROM moved m JOIN own g ON g.organisation = m.giver
    LEFT JOIN own r ON r.organisation = m.receiver AND r.root = g.root WHERE r.root IS NULL
)
SELECT root, from_inside, to_inside, from_fund, to_fund, from_standing, to_standing, kind,
       CAST(sum(pence) AS BIGINT) AS pence
FROM sides GROUP BY ALL ORDER BY ALL
"""
# How the figures of a pot are worked out, in a sentence each.
DEFINITIONS = {
    "allocated_pence": "What came in on the pot from outside or was set aside for it in another pot, less what lines "
    "below zero took off it.",
    "spent_pence": "What is recorded as spent on the pot.",
    "redirected_pence": "What was put to other pots, by viring or putting pots together.",
    "brought_in_pence": "What came to it from other pots in that way.",
    "returned_pence": "What went back up.",
    "carried_pence": "What was carried forward into the next year.",
    "not_reported_pence": "What was allocated or came from other pots, less all that is recorded as spent, put to "
    "other pots, sent back or carried forward.",
    "leaked": "What was put to other pots, over what was allocated; not reported where no use of it is recorded.",
    "icbs": "At how many ICBs the pot has come in or been brought in.",
    "reporting": "At how many of them any use of it is recorded.",
}
_COLUMNS = ("allocated", "spent", "redirected", "brought_in", "returned", "carried")


@dataclass(frozen=True, slots=True)
class PotWatched:
    """One pot at one organisation with those below it, in a year; in pence.

    Attributes:
        allocated_pence: what came in on it from outside, or was set aside for it inside another pot; less what lines
            below zero took off it.
        spent_pence: what is recorded as spent on it.
        redirected_pence: what was put to other pots, by viring or putting pots together.
        brought_in_pence: what came to it from other pots in that way.
        returned_pence: what went back up.
        carried_pence: what was carried forward into the next year.
        grade, returns_per_year: of its terms; None where not known.
    """

    organisation: str
    pot: str
    name: str
    grade: str | None
    returns_per_year: int | None
    allocated_pence: int
    spent_pence: int
    redirected_pence: int
    brought_in_pence: int
    returned_pence: int
    carried_pence: int

    @property
    def not_reported_pence(self) -> int:
        """What of it nobody has recorded the use of."""
        used = self.spent_pence + self.redirected_pence + self.returned_pence + self.carried_pence
        return self.allocated_pence + self.brought_in_pence - used

    @property
    def is_reported(self) -> bool:
        """Whether any use of it is recorded."""
        return bool(self.spent_pence or self.redirected_pence or self.returned_pence or self.carried_pence)

    @property
    def leaked(self) -> Fraction | None:
        """What was redirected, over what was allocated; None where no use of it is recorded."""
        return share(self.redirected_pence, self.allocated_pence) if self.is_reported else None


def watched(reader: Reader, at: Moment, year: int, tier: str = "icb") -> list[PotWatched]:
    """Every pot at every organisation of a tier, by organisation and pot, with what became of it.

    Args:
        year: by the year it starts in.
    """
    whole = FinancialYear(year)
    day = min(max(at.as_at, whole.first_day), whole.last_day)
    roots = sorted(code for code, life in lives(reader, at.known).items() if life["tier"] == tier)
    if not roots:
        return []
    funds, terms = register.funds(reader, at.known), register.newest_terms(reader, day, at.known)
    reader.stage("scope", below.below(reader, roots, [StructurePoint(year, day, at.known)]))
    given = {"known": at.known, "as_at": at.as_at, "year": year}
    moves = [
        {**row, "out": _pot(row["from_fund"], funds, terms), "into": _pot(row["to_fund"], funds, terms)}
        for row in reader.table(_MOVES, given).to_pylist()
    ]
    sums = _sums(moves, ())
    # A line below zero is posted as money that is put to it and goes back at once: so much less was allocated.
    deductions = {
        key
        for key, amounts in sums.items()
        if not amounts["allocated"] and amounts["brought_in"] == amounts["returned"] > 0
    }
    sums = _sums(moves, deductions)
    return [
        PotWatched(
            organisation, pot, funds[pot]["name"], terms.get(pot, {}).get("grade"),
            terms.get(pot, {}).get("returns_per_year"), *(amounts[what] for what in _COLUMNS),
        )
        for (organisation, pot), amounts in sorted(sums.items())
        if amounts["allocated"] or amounts["brought_in"]
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class PotOverAll:
    """One pot over all organisations of a tier.

    Attributes:
        whole: its columns added up, under no organisation.
        holders: how many have it.
        reporting: of how many of them some use of it is recorded.
    """

    whole: PotWatched
    holders: int
    reporting: int

    @property
    def pot(self) -> str:
        """Its code."""
        return self.whole.pot

    @property
    def name(self) -> str:
        """Its name."""
        return self.whole.name

    @property
    def grade(self) -> str | None:
        """How it is ring-fenced."""
        return self.whole.grade


def over_all(watched: Sequence[PotWatched]) -> list[PotOverAll]:
    """Every pot with its columns added up over organisations, the largest first."""
    by_pot: dict[str, list[PotWatched]] = defaultdict(list)
    for one in watched:
        by_pot[one.pot].append(one)
    rows = []
    for pot, each in by_pot.items():
        sums = (sum(getattr(one, f"{what}_pence") for one in each) for what in _COLUMNS)
        whole = PotWatched("", pot, each[0].name, each[0].grade, each[0].returns_per_year, *sums)
        rows.append(PotOverAll(whole, len(each), sum(one.is_reported for one in each)))
    return sorted(rows, key=lambda row: (-row.whole.allocated_pence, row.pot))


def _sums(
    moves: Sequence[Mapping[str, Any]], deductions: Collection[tuple[str, str]]
) -> dict[tuple[str, str], dict[str, int]]:
    """Organisation and pot to its columns, all movements added up."""
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in moves:
        for pot, what, pence in _told(row, deductions):
            sums[row["root"], pot][what] += pence
    return sums


def _told(row: Mapping[str, Any], deductions: Collection[tuple[str, str]]) -> Iterator[tuple[str, str, int]]:
    """What a movement says of which pot: pot, column and pence."""
    pence, kind, out, into = row["pence"], MONEY_KINDS[row["kind"]], row["out"], row["into"]
    if (row["root"], out) in deductions:
        return
    if (row["root"], into) in deductions:
        yield out, "allocated", -pence
    elif not row["from_inside"]:
        yield into, "allocated", pence
    elif not row["to_inside"]:
        # Down to somebody who also belongs elsewhere it stays what it was; up it leaves.
        if kind.direction == UP:
            yield out, "carried" if kind.name == CARRY else "returned", pence
    elif out != into:
        # Set aside or passed on for a narrower purpose, it is another pot's allocation; else it was put to another use.
        taken, given = ("redirected", "brought_in") if kind.fund == OTHER else ("allocated", "allocated")
        yield out, taken, pence if kind.fund == OTHER else -pence
        yield into, given, pence
    if row["to_standing"] == SPENT != row["from_standing"]:
        yield into, "spent", pence


def _pot(fund: str, funds: Mapping[str, Mapping[str, Any]], terms: Mapping[str, Mapping[str, Any]]) -> str:
    """The nearest fund with terms of its own, the fund itself first; the fund itself where none has."""
    own: str | None = fund
    while own is not None and own not in terms:
        own = funds[own]["parent"]
    return own or fund
