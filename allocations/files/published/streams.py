"""The streams of an allocations workbook: the lines of money in each, by every name their columns go by."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from allocations.files.published import headings
from allocations.files.published.headings import POUNDS_IN, folded
from allocations.files.published.tables import MONEY, PER_HEAD, PERCENT, Notes, Row, Table, Wanted, exact_number, find
from allocations.reading.cells import Cell, Sheet, Workbook
from ledger.money import exact_pounds, pence_from_pounds


@dataclass(frozen=True, slots=True)
class Stream:
    """One funding stream.

    Attributes:
        name: as in ``funds.csv``.
        fund: the fund whose printed total this stream's total column is.
        called: words by which a sheet or its title names the stream, each a set that must be there whole.
        lines: columns that are lines of money, named by their fund; the first is never missing.
        total: the column that totals an ICB's lines.
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

    @property
    def money(self) -> tuple[Wanted, ...]:
        """Every line, those that stay national last."""
        return (*self.lines, *self.national)


TOTAL = "total"
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
            _line("core-discharge", "Discharge", "Discharge funding", "Discharge fund", "Hospital discharge"),
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
    ),
    Stream(
        "POD",
        "pod",
        (frozenset({"pod"}), frozenset({"pharmacy", "dental"}), frozenset({"pharmaceutical", "dental"})),
        (
            _line("pod-recurrent", *_RECURRENT, needed=True),
            _line("pod-lfd-testing", "Community LFD testing", "LFD testing"),
        ),
        Wanted(TOTAL, ("Total allocation",), units=MONEY, this_year=True),
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
    Wanted("icb name", ("Integrated Care Board (ICB)", "Integrated care board", "ICB name"), needed=False),
    Wanted("region code", ("R", "Region code", "NHSE region code", "RGN"), needed=False),
    Wanted("region", ("Region", "Region name", "NHS England region"), needed=False),
)
REGION = (
    Wanted("region code", ("R", "Region code", "NHSE region code", "RGN"), key=True),
    Wanted("region", ("Region", "Region name", "NHS England region"), key=True),
)


@dataclass
class StreamRows:
    """The rows of one stream's sheet, each money cell read once, in pounds."""

    stream: Stream
    table: Table
    regional: list[Table] = field(default_factory=list)
    icbs: dict[str, Row] = field(default_factory=dict)
    own: dict[str, Row] = field(default_factory=dict)
    regions: list[tuple[str, Row]] = field(default_factory=list)
    england: list[Row] = field(default_factory=list)
    region_of: dict[str, str] = field(default_factory=dict)
    pounds: dict[tuple[str, str], Decimal] = field(default_factory=dict)
    counts_in: dict[str, Decimal] = field(default_factory=dict)

    def of(self, organisation: str, column: str) -> Decimal | None:
        """Pounds of an ICB, or of NHS England's own row for a region; none where the sheet has a dash."""
        return self.pounds.get((organisation, column))


_OPENING_BASELINE = CONVERGENCE_COLUMNS[0]
_PENNY = Decimal("0.01")
# The publisher adds in binary floating point: a sum may be off by a few units of the sixteenth figure.
_FLOATING = Decimal("1e-12")


def check(rows: StreamRows, notes: Notes, ties: list[str]) -> None:
    """Each ICB's lines against its total; each column against the regions' rows and England's row."""
    lines = [column.name for column in rows.stream.lines if column.name in rows.counts_in]
    before = len(notes.problems)
    for icb, row in rows.icbs.items():
        whole = rows.of(icb, TOTAL)
        parts = [pounds for name in lines if (pounds := rows.of(icb, name)) is not None]
        if whole is not None:
            _compare(
                rows, notes, row[TOTAL], parts, whole, f"the {len(parts)} lines of {icb}",
                f"its column '{rows.table.columns[TOTAL].text}'", _unread(rows),
            )  # fmt: skip
    if len(notes.problems) == before and len(lines) > 1:
        ties.append(f"{rows.stream.name}: the lines of each of {len(rows.icbs)} ICBs sum to its printed total.")
    _columns(rows, [*lines, *(c.name for c in rows.stream.national if c.name in rows.counts_in), TOTAL], notes, ties)


def _columns(rows: StreamRows, names: Sequence[str], notes: Notes, ties: list[str]) -> None:
    before, checked = len(notes.problems), 0
    members = {*rows.icbs, *rows.own}
    regional = {row.number: table for table in rows.regional for row in table.rows}
    for area, row in (*rows.regions, *(("", row) for row in rows.england)):
        inside = [each for each in members if not area or _same_region(rows, each, area)]
        where = "England" if not area else row.text("region") or area
        for name in names:
            table = regional.get(row.number, rows.table)
            if name not in table.columns:
                continue
            cell = row[name]
            said = printed(cell)
            if said is None:
                if cell.text and cell.text != "-":
                    notes.remarks.append(f"{cell.address} of the row of {where} holds the text '{cell.text[:40]}'.")
                continue
            checked += 1
            parts = [pounds for each in inside if (pounds := rows.of(each, name)) is not None]
            _compare(
                rows, notes, cell, parts, said * rows.counts_in[name],
                f"the {len(parts)} rows of {where} in '{table.columns[name].text}'", f"the row of {where}", "",
            )  # fmt: skip
    if checked and len(notes.problems) == before:
        ties.append(f"{rows.stream.name}: {checked} totals of regions and England are the sums of their ICBs.")
    if not rows.england:
        notes.remarks.append(f"Sheet {rows.table.sheet.name} has no row for England to hold its ICBs to.")


def _same_region(rows: StreamRows, organisation: str, area: str) -> bool:
    mine = rows.region_of[organisation]
    row = rows.icbs.get(organisation) or rows.own[organisation]
    return area in (mine, headings.code(row.text("region code")), folded(row.text("region")))


def _compare(
    rows: StreamRows,
    notes: Notes,
    cell: Cell,
    parts: Sequence[Decimal],
    whole: Decimal,
    which: str,
    against: str,
    hint: str,
) -> None:
    """Sums to the penny; where every figure is a whole number of its unit, to half a unit for each part."""
    counted = sum(parts, Decimal(0))
    unit = next(iter(rows.counts_in.values()))
    rounded = unit > 1 and all(pounds % unit == 0 for pounds in (*parts, whole))
    allowed = (len(parts) + 1) * unit / 2 if rounded else _PENNY + abs(whole) * _FLOATING
    difference = counted - whole
    if abs(difference) > _PENNY and abs(difference) <= allowed:
        notes.remarks.append(
            f"Sheet {rows.table.sheet.name}, cell {cell.address}: {which} sum to £{_exact(counted)}; {against} says "
            f"£{_exact(whole)}. That is within the rounding of the parts, and is not an exact tie."
        )
    if abs(difference) > allowed:
        way = "too much" if difference > 0 else "too little"
        notes.problem(
            rows.table.sheet, cell.address,
            f"{which} sum to £{_exact(counted)}; {against} says £{_exact(whole)}: £{_exact(abs(difference))} {way}.",
            "A workbook whose lines do not come to its own total is not whole, or has a line that is not known here."
            + hint,
            "Give the file as it was published; if a column is new, it needs a fund of its own.",
        )  # fmt: skip


def _exact(pounds: Decimal) -> str:
    return exact_pounds(pence_from_pounds(pounds))


def _unread(rows: StreamRows) -> str:
    money = [heading for heading in rows.table.others if heading.meaning.unit in (None, *POUNDS_IN)]
    if not money:
        return ""
    listed = ", ".join(f"'{heading.text}' ({heading.cell})" for heading in money)
    return f" Not read: {listed}."


def printed(cell: Cell) -> Decimal | None:
    """The number in a row of totals; none for a text or a blank, which such rows may hold."""
    return exact_number(cell)


def check_baselines(workbook: Workbook, streams: Sequence[StreamRows], notes: Notes, ties: list[str]) -> None:
    """The baseline that an allocation sheet starts from is the one that its baseline sheet ends with."""
    read = {rows.table.sheet.name for rows in streams}
    for rows in streams:
        wanted = next((column for column in rows.stream.convergence if column.name == _OPENING_BASELINE), None)
        if wanted is None or _OPENING_BASELINE not in rows.table.columns:
            continue
        for sheet in workbook.sheets:
            titles = folded(" ".join(cell.text for row in sheet.rows[:20] for cell in row))
            named = any(called <= set(folded(sheet.name).split()) for called in rows.stream.called)
            if sheet.name in read or not sheet.visible or not named or "baseline" not in folded(sheet.name) + titles:
                continue
            for table in find(sheet, (*ORGANISATION, wanted), Notes(notes.file)):
                if _OPENING_BASELINE in table.columns:
                    _same_baselines(
                        rows,
                        sheet,
                        {headings.code(row.text("icb")): row[_OPENING_BASELINE] for row in table.rows},
                        notes,
                        ties,
                    )


def _same_baselines(rows: StreamRows, sheet: Sheet, baselines: dict[str, Cell], notes: Notes, ties: list[str]) -> None:
    before = len(notes.problems)
    for icb, row in rows.icbs.items():
        cell = baselines.get(icb)
        there, here = None if cell is None else printed(cell), printed(row[_OPENING_BASELINE])
        if cell is None or there is None or here is None or there == here:
            continue
        if abs(there - here) > abs(here) * _FLOATING:
            notes.problem(
                sheet, cell.address,
                f"the baseline of {icb} is {there:,.3f} here and {here:,.3f} in sheet {rows.table.sheet.name}, "
                f"cell {row[_OPENING_BASELINE].address}.",
                "The allocation would start from another baseline than was built.",
                "Give the file as it was published.",
            )  # fmt: skip
    if len(notes.problems) == before:
        ties.append(
            f"{rows.stream.name}: the baselines of sheet {sheet.name} are those that the allocation starts from."
        )
