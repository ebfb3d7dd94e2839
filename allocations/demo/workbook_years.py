"""The allocations of 2023/24 and 2024/25 as NHS England published them, each line of every ICB in its own year.

The workbook has no sheet for specialised services, which were not ICBs' in these years, and nothing of service
development funding: what is not in it is not in these years' books. What ICBs did with the money is not known either,
so they hold it.
"""

from collections.abc import Sequence
from functools import partial

from allocations.demo.stages import Stage
from allocations.figures import tables
from allocations.figures.structure import ACTOR, terms
from allocations.files.published import entries
from allocations.files.published.entries import Steps
from allocations.files.published.streams import FurtherLine
from ledger.entries.draft import Draft, records
from ledger.models import Fund, Terms
from ledger.words import PUBLISHED
from ledger.years import FinancialYear

YEARS = (FinancialYear(2023), FinancialYear(2024))
_SOURCE = "NHS England, ICB allocations 2023/24 and 2024/25 (January 2023)"
_FILE = "nhs_allocations_2023_2025.xlsx"
_TERMS = "terms_2023_25"
# Lines of these years that 2025/26 has not: COVID went into the baseline, capacity funding ended.
LINES = (
    FurtherLine("core-covid", "Core services: COVID", "core", "core"),
    FurtherLine("core-capacity-funding", "Core services: capacity funding", "core", "core"),
)


def stages() -> Sequence[Stage]:
    """The terms of these years, and for each year its limit, its allocations and its printed totals."""
    years = (Stage(f"Allocations {year}, line by line", partial(_year, year)) for year in YEARS)
    return (Stage("Lines and terms of 2023/24 and 2024/25", lambda: [_lines()]), *years)


def _lines() -> Draft:
    funds = [entries.further_fund(line) for line in LINES]
    return Draft(
        key="demo/2023/24 and 2024/25/lines and terms",
        kind="terms",
        effective_date=YEARS[0].first_day,
        actor=ACTOR,
        reason="How free each line was in 2023/24 and 2024/25; the grades are this project's reading",
        source=f"allocations/figures/reference/{_TERMS}.csv",
        records={Fund: records(Fund, funds), Terms: records(Terms, terms(_TERMS))},
    )


def _year(year: FinancialYear) -> list[Draft]:
    suffix = f"{year.start}_{(year.start + 1) % 100}"
    given = {"source": _SOURCE, "source_hash": tables.published_file_hash(_FILE)}
    recurrent = {row["fund"]: row["recurrent"] is True for row in tables.table(_TERMS).to_pylist()}
    steps = Steps("demo", year, ACTOR, recurrent)
    (limit,) = (row for row in tables.table("national_limits").to_pylist() if row["year"] == str(year))
    lines = tables.table(f"allocations_{suffix}").to_pylist()
    totals = tables.table(f"published_totals_{suffix}").to_pylist()
    about = "What NHS England printed, for England by line and for each ICB by stream"
    return [
        entries.mandate(steps, limit),
        *entries.allocations(steps, lines, further=LINES, standing=PUBLISHED, **given),
        entries.control_totals(steps, totals, about=about, further=LINES, **given),
    ]
