"""Ring-fenced money that went back to its source, and what the source gave elsewhere since, whoever allowed it."""

from dataclasses import dataclass
from datetime import date

from ledger.money import spoken
from ledger.reports.position import Moment
from ledger.rules.rule import inlined
from ledger.rules.source import WAITING
from ledger.store.base import Reader
from ledger.years import FinancialYear

# What counts at a moment: recorded by then, and of a day by then.
_COUNTED = "counted AS (SELECT number FROM entry WHERE number <= $known AND effective_date <= $as_at)"

_BACK = f"""
WITH {_COUNTED},
{WAITING}
SELECT b.fence AS fund, f.name, b.year, CAST(sum(b.pence) AS BIGINT) AS back_pence,
       CAST(min(w.pence) AS BIGINT) AS waiting_pence
FROM fenced b JOIN fund f ON f.code = b.fence
JOIN waiting w ON w.fence = b.fence AND w.year = b.year AND w.known_to IS NULL
GROUP BY b.fence, f.name, b.year ORDER BY b.year, b.fence
"""

_ELSEWHERE = f"""
WITH {_COUNTED},
{WAITING}
SELECT w.fence, w.year, e.number AS entry, e.key, e.kind, e.effective_date, g.fund, e.authority,
       CAST(g.pence AS BIGINT) AS amount_pence
FROM gone_out g JOIN entry e ON e.number = g.entry_number
JOIN waiting w ON w.year = g.year AND w.pence > 0 AND w.known_from <= e.recorded_at
    AND (w.known_to IS NULL OR e.recorded_at < w.known_to)
WHERE NOT EXISTS (SELECT 1 FROM fund_inside i WHERE i.fund = g.fund AND i.ancestor = w.fence)
ORDER BY w.year, w.fence, e.number, g.fund
"""


@dataclass(frozen=True, slots=True)
class Elsewhere:
    """What the source gave on another fund while ring-fenced money waited with it.

    Attributes:
        entry: its number; ``authority`` who allowed it, or None.
        fund: the fund on which it came out.
    """

    entry: int
    key: str
    kind: str
    effective_date: date
    fund: str
    amount_pence: int
    authority: str | None


@dataclass(frozen=True, slots=True)
class Returned:
    """Ring-fenced money of a year that went back to its source.

    Attributes:
        fund: the fund whose terms made the ring-fence, on the day on which the money came back.
        year: the year in which the money's financial year starts.
        back_pence: all that came back, by whatever kind of entry.
        waiting_pence: what of it has not gone out again on that fund or one inside it.
        elsewhere: what was given on other funds of that year while some of it waited, oldest first.
    """

    fund: str
    name: str
    year: int
    back_pence: int
    waiting_pence: int
    elsewhere: tuple[Elsewhere, ...]


def returned(reader: Reader, at: Moment) -> list[Returned]:
    """Ring-fenced money that went back to its source, by year and fund; empty where none did."""
    given = {"known": at.known, "as_at": at.as_at}
    back = reader.table(inlined(_BACK), given).to_pylist()
    if not back:
        return []
    elsewhere = reader.table(inlined(_ELSEWHERE), given).to_pylist()
    return [
        Returned(
            **row,
            elsewhere=tuple(
                Elsewhere(**{name: value for name, value in one.items() if name not in ("fence", "year")})
                for one in elsewhere
                if (one["fence"], one["year"]) == (row["fund"], row["year"])
            ),
        )
        for row in back
    ]


def sentence(row: Returned) -> str:
    """It as a sentence for people, with who allowed what was given elsewhere."""
    year = FinancialYear(row.year)
    said = (
        f"Ring-fenced money of {row.name} for {year} went back to its source: {spoken(row.back_pence)}, of which "
        f"{spoken(row.waiting_pence)} has not gone out again on it."
    )
    if not row.elsewhere:
        return said
    ways = "; ".join(
        f"entry {one.entry}, {spoken(one.amount_pence)} on {one.fund}, on the authority of "
        f"{one.authority or 'nobody named'}"
        for one in row.elsewhere
    )
    return f"{said} Given elsewhere since: {ways}."
