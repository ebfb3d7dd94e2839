"""Each line of money over the years: what was received on it, and how tied it was. Years are compared on these.

What the books hold of one year they need not hold of another, so a share of one year's money beside a share of
another's may compare two things that are not alike. Line by line it shows which money is in both, which came, which
went, and on which line terms were loosened or tightened.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from ledger.reports.journal import years as years_with_money
from ledger.reports.position import TERMS_HELD, Moment, flows
from ledger.store.base import Reader
from ledger.words import STRICTNESS
from ledger.years import FinancialYear

# The terms of every line on the last day of every year, whether or not money stood on it.
_GRADED = """
WITH RECURSIVE judged AS (
    SELECT f.code AS fund, y.year, 0 AS point, make_date(y.year + 1, 3, 31) AS day, $known AS known
    FROM fund f CROSS JOIN (SELECT DISTINCT year FROM account) y WHERE f.entry_number <= $known
),
{terms}
SELECT m.fund, m.year, m.grade FROM terms_held m JOIN terms t ON t.fund = m.fund AND t.entry_number <= $known
    AND t.effective_from <= make_date(m.year + 1, 3, 31)
GROUP BY ALL
"""


@dataclass(frozen=True, slots=True)
class LineOverYears:
    """One line.

    Attributes:
        received: year, by the year it starts in, to pence, less what went back; without the years with no money on it.
        grades: year to the grade that it had at the end of that year, to the last year with money; without the years
            before it had terms, and None where these do not say.
    """

    fund: str
    name: str
    received: Mapping[int, int]
    grades: Mapping[int, str | None]


@dataclass(frozen=True, slots=True)
class YearStep:
    """From one year in the books to the next.

    Attributes:
        common: the lines with money in both.
        gone, new: the lines with money in the earlier or in the later year alone.
        loosened, tightened: the lines whose grade changed, whether or not money stands on them in the earlier year.
    """

    before: int
    after: int
    common: tuple[LineOverYears, ...]
    gone: tuple[LineOverYears, ...]
    new: tuple[LineOverYears, ...]
    loosened: tuple[LineOverYears, ...]
    tightened: tuple[LineOverYears, ...]


def lines(reader: Reader, at: Moment, organisation: str | None = None) -> tuple[list[int], list[LineOverYears]]:
    """Every line on which money was received, in the order of the funds' codes, and the years, the oldest first.

    Args:
        organisation: who received it; all ICBs together where none is named.
    """
    by = ("to_tier", "to_organisation", "fund", "fund_name", "year")
    received: dict[str, dict[int, int]] = {}
    names: dict[str, str] = {}
    for row in flows(reader, at, by, organisation=organisation).to_pylist():
        is_receiver = row["to_tier"] == "icb" if organisation is None else row["to_organisation"] == organisation
        if is_receiver and row["amount_pence"]:
            names[row["fund"]] = row["fund_name"]
            of_line = received.setdefault(row["fund"], {})
            of_line[row["year"]] = of_line.get(row["year"], 0) + row["amount_pence"]
    grades: dict[str, dict[int, str | None]] = {}
    for row in reader.table(_GRADED.format(terms=TERMS_HELD), {"known": at.known}).to_pylist():
        grades.setdefault(row["fund"], {})[row["year"]] = row["grade"]
    years = [year for year in sorted(years_with_money(reader)) if FinancialYear(year).first_day <= at.as_at]
    return years, [
        # What ended is no longer graded; what is still to come may have been graded before.
        LineOverYears(fund, names[fund], of_line,
                      {year: grade for year, grade in grades.get(fund, {}).items() if year <= max(of_line)})
        for fund, of_line in sorted(received.items())
    ]  # fmt: skip


def received_pence(lines: Sequence[LineOverYears], year: int) -> int:
    """What was received on lines in a year in which each of them has money."""
    return sum(line.received[year] for line in lines)


def steps(years: Sequence[int], lines: Sequence[LineOverYears]) -> list[YearStep]:
    """What became of the lines from each year in the books to the next."""

    def one(before: int, after: int) -> YearStep:
        had = {line.fund for line in lines if before in line.received}
        has = {line.fund for line in lines if after in line.received}
        changed = [
            (line, STRICTNESS[now] - STRICTNESS[was])
            for line in lines
            # Of a grade that is not known nobody can say that it changed.
            if line.fund in has and (was := line.grades.get(before)) and (now := line.grades.get(after))
        ]
        return YearStep(
            before,
            after,
            common=tuple(line for line in lines if line.fund in had & has),
            gone=tuple(line for line in lines if line.fund in had - has),
            new=tuple(line for line in lines if line.fund in has - had),
            loosened=tuple(line for line, by in changed if by < 0),
            tightened=tuple(line for line, by in changed if by > 0),
        )

    return [one(before, after) for before, after in pairwise(years)]
