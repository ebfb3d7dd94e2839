"""Where a scenario starts: the position that the books hold, and the structure around it. Read only."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

import pyarrow as pa
import pyarrow.compute as pc

from allocations.figures import tables
from allocations.figures.weightings import WEIGHTINGS
from allocations.shares.split import FIGURES_YEAR
from ledger import structure
from ledger.entries import canonical
from ledger.errors import refuse
from ledger.readings import GradeReading
from ledger.reports import register
from ledger.reports.below import in_force
from ledger.reports.position import Moment, moment, position
from ledger.store.base import Reader
from ledger.years import FinancialYear, today
from scenarios.change import tidied
from scenarios.world import ICB, PCN, PLACE, PRACTICE, World, WorldFund, WorldOrganisation, WorldTier, no_people


@dataclass(frozen=True)
class Baseline:
    """A position to start from.

    Attributes:
        position: a table of schema ``ledger.reports.position.SCHEMA``, one row per key, sorted.
        organisation: the organisation that it is limited to, with those below it; None for all.
        at: the point on both clocks; None where the position was made by hand.
        standing: how well it is known, where it is not as the books hold it but carried into a later year.
        own: somebody's own reading of grades, which ranges are over beside those that are shipped.
    """

    position: pa.Table
    world: World
    organisation: str | None
    at: Moment | None
    standing: str = ""
    own: GradeReading | None = None

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 of the rows, so that an old result can be checked against it."""
        return position_hash(self.position)


def baseline_of(table: pa.Table, world: World, organisation: str | None = None, at: Moment | None = None) -> Baseline:
    """A baseline from any position."""
    return Baseline(tidied(table), world, organisation, at)


def read(
    reader: Reader,
    *,
    year: FinancialYear,
    organisation: str | None = None,
    as_at: date | None = None,
    known_at: datetime | None = None,
) -> Baseline:
    """The position of a year in the books.

    Raises:
        Refused: the organisation is unknown, or nothing is held in that year.
    """
    at = moment(reader, as_at or _last_day(year), known_at)
    table = position(reader, at, organisation=organisation, year=year.start)
    if not table.num_rows:
        refuse(
            "baseline",
            f"the books hold nothing in {year} as at {at.as_at}.",
            "There is nothing to change.",
            "Name a year and a day for which something is posted.",
        )
    return baseline_of(table, _world(reader, at, year, table), organisation, at)


def position_hash(table: pa.Table) -> str:
    """SHA-256 over the rows of a tidy position."""
    text, _ = canonical.rows(table)
    return hashlib.sha256(text).hexdigest()


def people(table: pa.Table) -> pa.Table:
    """A table of practices with decimal populations as the people table of a world: whole billionths."""
    billion = pa.scalar(Decimal(10**9), pa.decimal128(10, 0))
    columns = {name: table[name] for name in (PRACTICE, PCN, PLACE, ICB)}
    for name in WEIGHTINGS:
        wide = pc.multiply(pc.cast(table[name], pa.decimal128(27, 9)), billion)
        columns[name] = pc.cast(wide, pa.int64())
    return pa.table(columns)


def _last_day(year: FinancialYear) -> date:
    """The last day that counts unless one is named: today, or the year's last day where that has passed."""
    return today() if year.contains(today()) else year.last_day


def _world(reader: Reader, at: Moment, year: FinancialYear, table: pa.Table) -> World:
    related = in_force(reader, min(at.as_at, year.last_day), at.known)
    icbs = _parents(related.filter(pc.equal(related["parent_tier"], ICB)))
    organisations = structure.lives(reader, at.known)
    known_people = year == FIGURES_YEAR
    return World(
        year=year,
        tiers={code: WorldTier(**row) for code, row in register.tiers(reader).items()},
        organisations={
            code: WorldOrganisation(code, row["name"], row["tier"], icbs.get(code))
            for code, row in organisations.items()
        },
        funds={code: WorldFund(**row) for code, row in register.funds(reader, at.known).items()},
        people=_people(related, table) if known_people else no_people(),
        people_year=year if known_people else None,
    )


def _parents(related: pa.Table) -> dict[str, str]:
    """Each child to its parent, the first by code where it has several."""
    found = related.group_by("child").aggregate([("parent", "min")])
    return dict(zip(found["child"].to_pylist(), found["parent_min"].to_pylist(), strict=True))


def _people(related: pa.Table, table: pa.Table) -> pa.Table:
    """Practices with their people; where an ICB holds money in places of its own, those are their places."""
    shipped = tables.table("practices_2025_26")
    default = set(shipped["place"].to_pylist())
    held = table.filter(pc.equal(table["tier"], PLACE))
    own = sorted(set(held["organisation"].to_pylist()) - default)
    if own:
        moved = _parents(related.filter(pc.is_in(related["parent"], pa.array(own, pa.string()))))
        pairs = zip(shipped[PRACTICE].to_pylist(), shipped[PLACE].to_pylist(), strict=True)
        places = pa.array([moved.get(practice, place) for practice, place in pairs], pa.string())
        shipped = shipped.set_column(shipped.schema.get_field_index(PLACE), PLACE, places)
    return people(shipped)
