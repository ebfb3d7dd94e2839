"""What a budget schedule is asked for, with the files that it rests on read: so that all who ask, ask the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from allocations.figures import tables
from allocations.places.division import UNASSIGNED
from allocations.shares.historic import Historic, read_historic
from allocations.shares.pace import PaceRule, read_rule
from allocations.shares.populations import Populations
from allocations.shares.schedule import Amounts, Schedule, schedule
from allocations.shares.split import allocate
from ledger.money import PENCE_PER_POUND
from ledger.years import FinancialYear


@dataclass(frozen=True, slots=True)
class ScheduleAsked:
    """A schedule that is asked for.

    Attributes:
        level: ``place``, ``pcn`` or ``practice``.
        funds: which lines; those that have a budget otherwise.
        historic: what everybody had; None where nobody says.
        pace: how fast to move to fair shares; None where the books say what is issued.
        pace_hash: the SHA-256 of its file; empty without one.
        places_file: the user's own places; the default places otherwise.
        populations: the people of the fair shares.
    """

    icb: str
    year: FinancialYear
    level: str
    funds: Sequence[str]
    historic: Historic | None
    pace: PaceRule | None
    pace_hash: str
    places_file: Path | None
    populations: Populations

    def worked_out(self, issued: Amounts | None = None) -> Schedule:
        """The schedule.

        Args:
            issued: what the books say everybody has got; nothing where a pace of change says it.

        Raises:
            Refused: as ``schedule`` does.
        """
        return schedule(
            icb=self.icb, year=self.year, level=self.level, funds=self.funds, historic=self.historic, issued=issued,
            pace=self.pace, places_file=self.places_file, populations=self.populations,
        )  # fmt: skip


def read_asked(
    icb: str, populations: Populations, *, year: FinancialYear | None, level: str, funds: Sequence[str],
    historic: Path | None, pace: Path | None, places: Path | None,
) -> ScheduleAsked:  # fmt: skip
    """Read the files that a schedule is asked with.

    Args:
        populations: the people of the fair shares.
        year: that of the people otherwise.
        historic: a workbook or CSV of historic budgets in pounds.
        pace: a pace of change, as YAML.
        places: the user's own places.

    Raises:
        Refused: there is no such ICB, or a file has problems, each with its place in it.
    """
    of_year = year or populations.year
    one_pound = allocate(
        icb=icb, year=of_year, fund="core", level=level, by="registered", amount_pence=PENCE_PER_POUND,
        places_file=places, populations=populations,
    )  # fmt: skip
    had = None
    if historic is not None:
        organisations = {part.code: part.name for part in one_pound.parts if part.code != UNASSIGNED}
        lines = {row["code"]: row["name"] for row in tables.table("funds").to_pylist()}
        had = read_historic(historic, organisations, lines)
    rule, digest = (None, "") if pace is None else read_rule(pace)
    return ScheduleAsked(icb, of_year, level, funds, had, rule, digest, places, populations)
