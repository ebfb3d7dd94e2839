"""The streams of an allocations workbook: the lines of money in each, by every name their columns go by."""

from dataclasses import dataclass, field, replace
from decimal import Decimal

from allocations.files.published.tables import MONEY, PER_HEAD, PERCENT, PublishedTable, Row, Wanted
from ledger.years import FinancialYear


@dataclass(frozen=True, slots=True)
class Stream:
    """One funding stream.

    Attributes:
        name: as in ``funds.csv``.
        fund: the fund whose printed total this stream's total column is.
        called: words by which a sheet or its title names the stream, each a set that must be there whole.
        lines: columns that are lines of money, named by their fund; the first is never missing.
        total: the column that totals an ICB's lines.
        combined: where an edition prints two totals, the one of all lines; ``total`` is then of the lines before it.
        total_since: editions before this year print no total, because the stream had one line.
        national: lines that are shown beside an ICB and stay with NHS England; not in the total.
        per_head: the column of pounds per head, and the line or total that it is of.
        convergence: baseline, target, opening distance, base growth, convergence, allocation, closing distance.
    """

    name: str
    fund: str
    called: tuple[frozenset[str], ...]
    lines: tuple[Wanted, ...]
    total: Wanted
    national: tuple[Wanted, ...] = ()
    per_head: tuple[Wanted, str] | None = None
    convergence: tuple[Wanted, ...] = ()
    combined: Wanted | None = None
    total_since: FinancialYear | None = None

    @property
    def money(self) -> tuple[Wanted, ...]:
        """Every line, those that stay national last."""
        return (*self.lines, *self.national)

    def totals(self, year: FinancialYear) -> tuple[Wanted, ...]:
        """The columns that total an ICB's lines, in the edition of a year; none of them needed where it has none."""
        has = self.total_since is None or year >= self.total_since
        total = self.total if has else replace(self.total, needed=False)
        return (total,) if self.combined is None else (total, self.combined)

    def settle_totals(self, table: PublishedTable, year: FinancialYear) -> None:
        """Call the column of all lines the total: of two the combined one, and of none the only line."""
        columns = table.columns
        if COMBINED in columns:
            if TOTAL in columns:
                columns[SUBTOTAL] = columns[TOTAL]
            columns[TOTAL] = columns.pop(COMBINED)
        elif TOTAL not in columns and self.total_since is not None and year < self.total_since:
            first = columns.get(self.lines[0].name)
            if first is not None:
                columns[TOTAL] = first


TOTAL = "total"
COMBINED = "combined"
SUBTOTAL = "subtotal"
PER_HEAD_COLUMN = "pounds per head"
CONVERGENCE_COLUMNS = (
    "baseline_thousands", "target_thousands", "opening_distance", "base_growth", "convergence",
    "allocation_thousands", "closing_distance",
)  # fmt: skip


def _line(fund: str, *phrases: str, needed: bool = False) -> Wanted:
    return Wanted(fund, phrases, needed=needed, units=MONEY, this_year=True)


def _convergence(baseline: tuple[str, ...], allocation: tuple[str, ...]) -> tuple[Wanted, ...]:
    columns = (
        ((*baseline,), MONEY, False),
        (("Fair shares target", "Target allocation", "Target"), MONEY, False),
        (
            ("Distance from target", "Opening distance from target", "Pre-convergence distance from target"),
            PERCENT,
            False,
        ),
        (("Base growth",), PERCENT, True),
        (("Convergence", "Convergence adjustment"), PERCENT, True),
        ((*allocation,), MONEY, True),
        (("Post-convergence distance from target", "Closing distance from target"), PERCENT, True),
    )
    return tuple(
        Wanted(name, phrases, needed=False, units=units, this_year=this_year)
        for name, (phrases, units, this_year) in zip(CONVERGENCE_COLUMNS, columns, strict=True)
    )


_RECURRENT = ("Recurrent allocation",)
_BASELINE = ("Adjusted recurrent baseline", "Recurrent baseline adjusted", "Opening recurrent baseline")
_WITH_HIGH_COST = (
    "Physical health services + HCDD recurrent allocation",
    "Physical health + HCDD recurrent allocation",
)
_PHYSICAL = ("Physical health services recurrent allocation", "Physical health recurrent allocation")

# Primary medical care and POD had one line until then, and no column that totals it.
_SEVERAL_LINES_SINCE = FinancialYear(2025)

STREAMS = (
    Stream(
        "core",
        "core",
        (frozenset({"core"}),),
        (
            _line("core-recurrent", *_RECURRENT, needed=True),
            _line(
                "core-sdf-transfers",
                "Transfers from Service Development Fund",
                "Transfers from SDF",
                "Service Development Fund transfers",
                "SDF transfers",
            ),
            _line(
                "core-elective-recovery",
                "Elective Recovery Funding: Core",
                "Elective Recovery Fund: Core",
                "ERF core",
                "Elective recovery core",
                # Until 2024/25 under this name: like the core part since, it follows the weighted population.
                "Additional elective funding",
            ),
            _line(
                "core-elective-recovery-additional",
                "Elective Recovery Funding: Additional",
                "Elective Recovery Fund: Additional",
                "ERF additional",
                "Elective recovery additional",
            ),
            _line("core-covid-testing", "Covid-19 testing", "Covid testing"),
            _line(
                "core-technology-licence",
                "Central technology licence arrangement adjustment",
                "Central technology licence adjustment",
                "Technology licence adjustment",
            ),
            _line("core-discharge", "Discharge", "Discharge funding", "Discharge fund", "Hospital discharge",
                  "Additional discharge allocation"),
            _line("core-oct", "Roll out of OCT", "OCT", "OCT roll out"),
            _line(
                "core-overseas-visitors",
                "Charge exempt overseas visitor adjustment",
                "Charge exempt overseas visitors adjustment",
                "Charge exempt overseas visitors",
                "CEOV adjustment",
            ),
            _line("core-pay-other-income", "Pay: Other income support", "Pay other income"),
            _line("core-corneal-tissue", "Corneal tissue"),
        ),
        Wanted(TOTAL, ("Total allocation", "Total core allocation"), units=MONEY, this_year=True),
        combined=Wanted(COMBINED, ("Combined allocation",), needed=False, units=MONEY, this_year=True),
        per_head=(
            Wanted(PER_HEAD_COLUMN, _RECURRENT, needed=False, units=PER_HEAD, this_year=True),
            "core-recurrent",
        ),
        convergence=_convergence(_BASELINE, _RECURRENT),
    ),
    Stream(
        "specialised",
        "specialised",
        (frozenset({"specialised"}),),
        (
            _line("specialised-physical", *_PHYSICAL, needed=True),
            _line(
                "specialised-mental-health",
                "Delegated MH resource allocation",
                "Delegated mental health resource allocation",
                "Delegated MH allocation",
                "Delegated mental health allocation",
            ),
            _line("specialised-corneal-tissue", "Corneal tissue"),
        ),
        Wanted(
            TOTAL,
            (
                "Physical health services + MH resource allocation",
                "Physical health + mental health resource allocation",
                "Physical health services + mental health resource allocation",
                "Total allocation",
                "Total specialised allocation",
            ),
            units=MONEY,
            this_year=True,
        ),
        national=(_line("specialised-high-cost", "HCDD total", "High cost drugs and devices total", "HCDD"),),
        per_head=(
            Wanted(PER_HEAD_COLUMN, _PHYSICAL, needed=False, units=PER_HEAD, this_year=True),
            "specialised-physical",
        ),
        convergence=_convergence(
            ("Physical health services + HCDD recurrent baseline", "Physical health + HCDD recurrent baseline"),
            _WITH_HIGH_COST,
        ),
    ),
    Stream(
        "primary medical",
        "primary-medical",
        (frozenset({"pmc"}), frozenset({"primary", "medical"})),
        (
            _line("primary-medical-recurrent", *_RECURRENT, needed=True),
            _line("primary-medical-remaining-growth", "Remaining growth"),
            _line(
                "primary-medical-childhood-vaccination",
                "Adjustment for childhood vaccinations",
                "Childhood vaccinations adjustment",
                "Childhood vaccinations",
            ),
            _line("primary-medical-arrs-additional", "Additional ARRS previously in SDF", "Additional ARRS"),
            _line("primary-medical-arrs-gps", "ARRS for GPs", "ARRS GPs"),
        ),
        Wanted(
            TOTAL, ("Revised recurrent allocation", "Total allocation", "Total recurrent allocation"),
            units=MONEY, this_year=True,
        ),
        per_head=(
            Wanted(
                PER_HEAD_COLUMN, ("Revised recurrent allocation", "Total allocation", "Total recurrent allocation"),
                needed=False, units=PER_HEAD, this_year=True,
            ),
            TOTAL,
        ),
        convergence=_convergence(_BASELINE, _RECURRENT),
        total_since=_SEVERAL_LINES_SINCE,
    ),
    Stream(
        "POD",
        "pod",
        (
            frozenset({"pod"}),
            frozenset({"pharmacy", "dental"}),
            frozenset({"pharmaceutical", "dental"}),
            frozenset({"other", "primary", "care"}),
        ),
        (
            _line("pod-recurrent", *_RECURRENT, needed=True),
            _line("pod-lfd-testing", "Community LFD testing", "LFD testing"),
        ),
        Wanted(TOTAL, ("Total allocation",), units=MONEY, this_year=True),
        total_since=_SEVERAL_LINES_SINCE,
    ),
    Stream(
        "running costs",
        "running-costs",
        (frozenset({"running", "cost"}), frozenset({"running", "costs"})),
        (_line("running-costs", "2025/26", "Running cost allowance", "Running costs", "Allocation", needed=True),),
        Wanted(
            TOTAL, ("2025/26", "Running cost allowance", "Running costs", "Allocation"), units=MONEY, this_year=True
        ),
    ),
)  # fmt: skip
# A line of NHS England's own, in the rows of its regions.
KEPT_NATIONALLY = {"pod": "pod-nhs-england"}

ORGANISATION = (
    Wanted("icb", ("ICB", "ICB code", "ICS", "STP code"), key=True),
    Wanted(
        "icb name", ("Integrated Care Board (ICB)", "Integrated care board", "ICB name", "System Name"), needed=False
    ),
    Wanted("region code", ("R", "Region code", "NHSE region code", "RGN"), needed=False),
    Wanted("region", ("Region", "Region name", "NHS England region"), needed=False),
)
REGION = (
    Wanted("region code", ("R", "Region code", "NHSE region code", "RGN"), key=True),
    Wanted("region", ("Region", "Region name", "NHS England region"), key=True),
)


@dataclass(frozen=True, slots=True)
class FurtherLine:
    """A line of money that no stream names, taken from its column.

    Attributes:
        fund: made from the stream's and the header's words.
        name: the header without year and unit, after the name of the stream's fund.
        parent: the stream's fund.
    """

    fund: str
    name: str
    parent: str
    stream: str


@dataclass
class StreamRows:
    """The rows of one stream's sheet, each money cell read once, in pounds.

    Attributes:
        stream: with the lines of this edition that were not known, once they are understood.
        further: those lines.
    """

    stream: Stream
    table: PublishedTable
    regional: list[PublishedTable] = field(default_factory=list)
    icbs: dict[str, Row] = field(default_factory=dict)
    own: dict[str, Row] = field(default_factory=dict)
    regions: list[tuple[str, Row]] = field(default_factory=list)
    england: list[Row] = field(default_factory=list)
    region_of: dict[str, str] = field(default_factory=dict)
    pounds: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    counts_in: dict[str, Decimal] = field(default_factory=dict)
    further: list[FurtherLine] = field(default_factory=list)

    @property
    def lines(self) -> list[str]:
        """The lines that this sheet has, in the stream's order."""
        return [column.name for column in self.stream.lines if column.name in self.counts_in]

    @property
    def prints_a_total(self) -> bool:
        """Whether an ICB's total is a column of its own, rather than its only line."""
        columns, first = self.table.columns, self.stream.lines[0].name
        return TOTAL in columns and columns[TOTAL].column != columns[first].column

    def amount(self, organisation: str, column: str) -> Decimal | None:
        """Pounds of an ICB, or of NHS England's own row for a region; none where the sheet has a dash."""
        return self.pounds.get((organisation, column))
