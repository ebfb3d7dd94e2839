"""What a budget template starts from: who can receive, which lines there are, and what the ICB has of each."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal

from allocations.figures import tables
from allocations.shares.split import FIGURES_YEAR
from ledger.errors import Problem, Refused
from ledger.reports import structure
from ledger.reports.position import SOURCE, Moment, position
from ledger.reports.structure import suggestion
from ledger.store.base import Reader
from ledger.years import FinancialYear

_RECEIVERS = ("place", "pcn")


@dataclass(frozen=True, slots=True)
class Receiver:
    """Somebody who can be given money."""

    code: str
    name: str
    tier: str


@dataclass(frozen=True, slots=True)
class Line:
    """A fund of which the ICB has money.

    Attributes:
        recurrent: whether its money recurs; none where that is not known.
        held_pence: what the ICB has of it.
    """

    fund: str
    name: str
    recurrent: bool | None
    held_pence: int

    @property
    def held_pounds(self) -> Decimal:
        """The same in pounds."""
        return Decimal(self.held_pence).scaleb(-2)


@dataclass(frozen=True, slots=True)
class TemplatePlan:
    """Everything that a template shows. ``origin`` says where the control totals come from."""

    icb: str
    icb_name: str
    year: FinancialYear
    receivers: tuple[Receiver, ...]
    lines: tuple[Line, ...]
    origin: str

    @property
    def places(self) -> list[Receiver]:
        """Those who get a row for each line; networks are in the list to choose from."""
        places = [receiver for receiver in self.receivers if receiver.tier == "place"]
        return places or list(self.receivers)


def from_figures(icb: str, year: FinancialYear) -> TemplatePlan:
    """From the shipped figures, without a ledger.

    Raises:
        Refused: the ICB or the year is not in them.
    """
    allocated = [row for row in tables.table("allocations_2025_26").to_pylist() if row["holder"] == icb]
    if year != FIGURES_YEAR or not allocated:
        found = f"the shipped figures have no lines of '{icb}' for {year}."
        remedy = f"Use an ICB's code as QWO and {FIGURES_YEAR}, or name a ledger that knows it with --ledger."
        raise Refused([Problem("--icb", found, "Its lines and places are not known.", remedy)])
    name = {row["code"]: row["name"] for row in tables.table("organisations").to_pylist()}[icb]
    places = [row for row in tables.table("places_2025_26").to_pylist() if row["icb"] == icb]
    own = {row["pcn"] for row in tables.table("pcn_parts_2025_26").to_pylist() if row["icb"] == icb}
    networks = [row for row in tables.table("pcns_2025_26").to_pylist() if row["pcn"] in own]
    receivers = [Receiver(row["place"], row["name"], "place") for row in places]
    receivers += [Receiver(row["pcn"], row["name"], "pcn") for row in networks]
    funds = {row["code"]: row for row in tables.table("funds").to_pylist()}
    depths = {row["code"]: row["depth"] for row in tables.table("tiers").to_pylist()}
    recurs = _recurrence()
    held: dict[str, int] = defaultdict(int)
    for row in allocated:
        held[row["fund"]] += row["amount_pence"]
    lines = [
        Line(fund, funds[fund]["name"], recurs.get(fund), pence)
        for fund, pence in held.items()
        if pence > 0 and depths[funds[fund]["lowest_tier"]] > 0
    ]
    return TemplatePlan(icb, name, year, tuple(receivers), tuple(lines), f"published allocations {year}")


def _recurrence() -> dict[str, bool]:
    """Whether a fund's money recurs: by its own terms or by those of the fund around it."""
    own = {row["fund"]: row["recurrent"] for row in tables.table("terms").to_pylist()}
    found: dict[str, bool] = {}
    for row in tables.table("funds").to_pylist():
        said = own.get(row["code"], found.get(row["parent"]))
        if said is not None:
            found[row["code"]] = said
    return found


def from_books(reader: Reader, at: Moment, icb: str, year: FinancialYear) -> TemplatePlan:
    """From a ledger: what the ICB itself has available or retained, and who is below it.

    Raises:
        Refused: the ledger does not know the ICB, or it holds nothing in that year that could go further down.
    """
    names = reader.rows("SELECT name FROM organisation WHERE code = $icb AND tier = 'icb'", {"icb": icb})
    if not names:
        remedy = suggestion(reader, icb, "organisation")
        raise Refused([Problem("--icb", f"there is no ICB '{icb}'.", "Its lines and places are not known.", remedy)])
    rows = position(reader, at, organisation=icb, year=year.start).to_pylist()
    sums: dict[str, int] = defaultdict(int)
    facts = {}
    for row in rows:
        if row["organisation"] == icb and row["standing"] not in (SOURCE, "spent") and row["lowest_depth"] > 0:
            sums[row["fund"]] += row["amount_pence"]
            facts[row["fund"]] = row
    lines = [Line(fund, facts[fund]["fund_name"], facts[fund]["recurrent"], sums[fund]) for fund in sorted(sums)]
    below = structure.below(reader, icb, min(at.as_at, year.last_day), at.known)
    known = reader.rows("SELECT code, name, tier FROM organisation ORDER BY tier DESC, name, code")
    receivers = [
        Receiver(str(code), str(name), str(tier)) for code, name, tier in known if tier in _RECEIVERS and code in below
    ]
    if not lines or not receivers:
        found = f"it holds no money of {year} that could go further down, or nobody is below it."
        raise Refused([Problem(f"{icb}", found, "There is nothing to budget.", "Choose another year or ICB.")])
    origin = f"what the ledger says that the ICB has available or retained, as at {at.as_at}"
    return TemplatePlan(icb, str(names[0][0]), year, tuple(receivers), tuple(lines), origin)
