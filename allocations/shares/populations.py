"""The people that shares rest on: as shipped, or those of a file of the user's own (``populations_file``)."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import pyarrow as pa

from allocations.figures import tables as figures
from allocations.figures.weightings import WEIGHTINGS
from allocations.places.files import YearOfPlaces, membership
from ledger.years import FinancialYear

SHIPPED_YEAR = FinancialYear(2025)
SHIPPED = "allocations/figures/reference/practices_2025_26.csv"


@dataclass(frozen=True, slots=True)
class Populations:
    """Practices of one year with their people, and where each practice belongs.

    Attributes:
        table: ``practice``, ``icb``, ``district``, ``place``, ``pcn`` and a decimal column for each weighting
            that the edition has; a practice whose place or network is not known has none.
        source: the file they are from; ``sha256`` is its hash, none for the shipped figures.
        note: what a reader should know of how they were put together; empty for the shipped figures.
    """

    year: FinancialYear
    table: pa.Table
    source: str
    sha256: str | None = None
    note: str = ""

    @property
    def weightings(self) -> tuple[str, ...]:
        """The weightings that these figures have."""
        return tuple(name for name in WEIGHTINGS if name in self.table.column_names)

    def membership(self) -> YearOfPlaces:
        """Where every practice belongs."""
        return membership(self.table)

    def names(self, level: str) -> Mapping[str, str]:
        """Names of default places and of networks, as shipped; practices go by their codes alone."""
        return names_of(level, self.year)


def names_of(level: str, year: FinancialYear) -> Mapping[str, str]:
    """Names of default places, networks and sub-ICB locations, as shipped for the boundaries of a year.

    Those of the other boundaries follow behind: a code keeps its name, and no code is used twice.
    """
    tables = dict(_NAMES.get(level, {}))
    first = _BOUNDARIES if year.start >= _BOUNDARIES else SHIPPED_YEAR.start
    found: dict[str, str] = {}
    for start in sorted(tables, key=lambda start: start == first):
        table = figures.table(tables[start])
        found |= dict(zip(table[level].to_pylist(), table["name"].to_pylist(), strict=True))
    return found


# From April 2026 there are 36 ICBs, and other places and sub-ICB locations in them.
_BOUNDARIES = 2026
_NAMES = {
    "place": {SHIPPED_YEAR.start: "places_2025_26", _BOUNDARIES: "places_2026_29"},
    "pcn": {SHIPPED_YEAR.start: "pcns_2025_26", _BOUNDARIES: "pcns_2026_29"},
    "sub_icb": {_BOUNDARIES: "sub_icbs_2026_29"},
}


@cache
def shipped(year: FinancialYear = SHIPPED_YEAR) -> Populations:
    """The figures of NHS England's place tool, as shipped for a year; for 2025/26 where the year is not shipped.

    Figures of later years are people projected and weighted for the settlement of December 2025.
    """
    if year == SHIPPED_YEAR or year.start not in figures.PEOPLE:
        note = "" if year == SHIPPED_YEAR else f"People of {year} are not shipped: those of {SHIPPED_YEAR} stand in."
        return Populations(SHIPPED_YEAR, figures.table("practices_2025_26"), SHIPPED, None, note)
    name = figures.PEOPLE[year.start]
    table, _ = placed(figures.table(name))
    note = f"People of {year} are projected by NHS England (December 2025)."
    return Populations(year, table, f"allocations/figures/reference/{name}.csv", None, note)


def shipped_years() -> tuple[FinancialYear, ...]:
    """The years for which people are shipped."""
    return tuple(FinancialYear(start) for start in sorted(figures.PEOPLE))


def placed(table: pa.Table) -> tuple[pa.Table, str]:
    """The same with the default place and the network of each practice, and how they came about."""
    upper = {row["district"]: row["authority"] for row in figures.table("districts").to_pylist()}
    known = membership(figures.table("practices_2025_26"))
    codes, icbs = table["practice"].to_pylist(), table["icb"].to_pylist()
    own = table["district"].to_pylist() if "district" in table.column_names else [None] * len(codes)
    # An edition may leave districts or networks out; a practice that was open in 2025/26 lies where it lay then.
    districts = [district or known.district.get(code) for code, district in zip(codes, own, strict=True)]
    places = [
        f"{icb}-{upper[district]}" if district in upper else None for icb, district in zip(icbs, districts, strict=True)
    ]
    given = table["pcn"].to_pylist() if "pcn" in table.column_names else [None] * len(codes)
    networks = [pcn or known.network.get(code) for code, pcn in zip(codes, given, strict=True)]
    added = {"district": districts, "place": places, "pcn": networks}
    columns = {name: table[name] for name in table.column_names if name not in added}
    both = (("district", own, districts), ("PCN", given, networks))
    filled = [name for name, before, after in both if before != after]
    said = f"Where the file does not say a practice's {' or '.join(filled)}, it is that of the shipped figures."
    found = {name: pa.array(values, pa.string()) for name, values in added.items()}
    return pa.table({**columns, **found}), said if filled else ""
