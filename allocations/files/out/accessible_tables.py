"""What a published workbook shows: where the money stands and how free it is, in tables that a board can quote."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ledger.errors import refuse
from ledger.inputs import Input
from ledger.reports import register, summary
from ledger.reports.measures import MEASURES, parts_over_readings, tenths_of_percent
from ledger.reports.position import BY_AGREEMENT, SOURCE, WITHOUT_AGREEMENT, Moment, flows, position
from ledger.store.base import Reader
from ledger.words import AVAILABLE, RING_FENCED, SPENT
from ledger.years import FinancialYear

TEXT, MONEY, COUNT, PERCENT = "text", "money", "count", "percent"
NOT_AVAILABLE, NOT_APPLICABLE = "[x]", "[z]"
SHORTHAND = {
    NOT_AVAILABLE: "[x] means not available: the books do not record it. It is never zero.",
    NOT_APPLICABLE: "[z] means not applicable: the total has no value of this kind.",
}
GRADE, DEVOLVED, STANDING, FIGURES = "grade", "devolved", "standing", "figures"
NOTES: Mapping[str, str] = {
    GRADE: (
        "How free each line is (its grade) is this project's reading of published conditions, an illustrative "
        "assumption unless the books were given other terms. None: no ring-fence. Monitored: free, but watched. Soft: "
        "a purpose is expected. Hard: only for the purpose. Statutory: ring-fenced by directions or an Act."
    ),
    DEVOLVED: (
        "Where the books were built from the demonstration policy, what ICBs devolve to places and networks, and what "
        "they keep, is illustrative: no ICB has decided it. The default places are an assumption."
    ),
    STANDING: (
        "Kept by agreement: the partners of the ICB agreed that it should keep the money, on the day of this workbook. "
        "Kept without agreement: no such agreement is on record."
    ),
    FIGURES: (
        "Published figures: the national limit and each line to each ICB, as NHS England printed them, rounded to the "
        "penny. Everything below an ICB is derived from them by the books' own entries."
    ),
}
_SOFTEST_SHOWN = ("soft", *RING_FENCED)


@dataclass(frozen=True, slots=True)
class AccessibleTable:
    """One table of the workbook.

    Attributes:
        label: the sheet's name.
        name: the table's name for Excel.
        columns: heading, with its unit, to what it holds.
        rows: as many values as there are columns; money as decimals of pounds.
        notes: names of ``NOTES`` that the title refers to.
    """

    label: str
    name: str
    title: str
    columns: Mapping[str, str]
    rows: Sequence[Sequence[Any]]
    notes: Sequence[str] = field(default_factory=tuple)

    def shorthand(self) -> list[str]:
        """What the shorthand used in the table means."""
        used = {value for row in self.rows for value in row if isinstance(value, str)}
        return [meaning for sign, meaning in SHORTHAND.items() if sign in used]


def tables(
    reader: Reader, at: Moment, *, year: FinancialYear, organisation: str | None = None, found: pa.Table | None = None
) -> list[AccessibleTable]:
    """The tables of one year, for everybody or for one organisation and those below it.

    Tables that would be empty are left out.

    Args:
        found: their position of the year, where it has been asked for already.

    Raises:
        Refused: the organisation is unknown, or no money stands there in that year.
    """
    whole = position(reader, at, organisation=organisation, year=year.start) if found is None else found
    whole = whole.filter(pc.not_equal(whole["standing"], SOURCE))
    held = whole.to_pylist()
    if not held:
        nothing = f"no money of {year} stands with {organisation or 'anybody'}."
        remedy = "Choose another year or organisation, or build the books first."
        refuse(Input.YEAR, nothing, "There is nothing to publish.", remedy)
    whose = whose_money(reader, organisation)
    made = [
        _by_tier_and_grade(reader, held, f"{whose}, {year}"),
        _over_readings(whole, f"{whose}, {year}"),
        _by_stream(reader, at, year, organisation, f"{whose}, {year}"),
        _ring_fenced(reader, held, f"{whose}, {year}"),
        _by_organisation(held, f"{whose}, {year}"),
    ]
    return [table for table in made if table.rows]


def whose_money(reader: Reader, organisation: str | None) -> str:
    """Whose money a workbook shows, for its titles."""
    if organisation is None:
        return "all organisations"
    return f"{register.organisations(reader, code=organisation)[organisation]['name']} and those below it"


def _pounds(pence: int) -> Decimal:
    return Decimal(pence).scaleb(-2)


def _by_tier_and_grade(reader: Reader, held: Sequence[dict[str, Any]], whose: str) -> AccessibleTable:
    sums: dict[tuple[str, str], int] = defaultdict(int)
    for row in held:
        sums[row["tier"], row["grade"] or "not graded"] += row["amount_pence"]
    names = {code: tier["name"] for code, tier in register.tiers(reader).items()}
    order = ("none", "monitored", "soft", "hard", "statutory", "not graded")
    grades = [grade for grade in order if any(key[1] == grade for key in sums)]
    tiers = [tier for tier in names if any(key[0] == tier for key in sums)]
    lines = [(names[tier], [sums[tier, grade] for grade in grades]) for tier in tiers]
    lines.append((summary.TOTAL, [sum(column) for column in zip(*(line for _, line in lines), strict=True)]))
    heading = {"none": "No ring-fence", "not graded": "Not graded"}
    money = [f"{heading.get(grade, grade.capitalize())} (£)" for grade in grades]
    return AccessibleTable(
        "Tier and grade",
        "held_by_tier_and_grade",
        f"What is held where, by tier and grade: {whose}",
        {"Tier": TEXT, **dict.fromkeys((*money, "Total (£)"), MONEY)},
        [(name, *map(_pounds, line), _pounds(sum(line))) for name, line in lines],
        (GRADE, DEVOLVED),
    )


def _percent(value: Fraction | None) -> Decimal | str:
    """A share in percent to one decimal, halves up; not available where there is none."""
    return NOT_AVAILABLE if value is None else Decimal(tenths_of_percent(value)).scaleb(-1)


def _over_readings(held: pa.Table, whose: str) -> AccessibleTable:
    """The shares that rest on grades, between the lowest and the highest that a reading of the grades makes them."""
    recorded, over = parts_over_readings(held)
    rows = [
        (MEASURES[name].title, _percent(recorded[name]),
         _percent(Fraction(its.lowest)), its.lowest_by.title.capitalize(),
         _percent(Fraction(its.highest)), its.highest_by.title.capitalize(), MEASURES[name].definition)
        for name, its in over.items()
    ]  # fmt: skip
    columns = {"Share of the money": TEXT, "As recorded (%)": PERCENT, "Lowest (%)": PERCENT, "Lowest where read": TEXT,
               "Highest (%)": PERCENT, "Highest where read": TEXT, "What it is": TEXT}  # fmt: skip
    return AccessibleTable(
        "Readings of grades",
        "shares_over_readings",
        f"What is tied and what is free, by how grades are read: {whose}",
        columns,
        rows,
        (GRADE, DEVOLVED),
    )


def _by_stream(
    reader: Reader, at: Moment, year: FinancialYear, organisation: str | None, whose: str
) -> AccessibleTable:
    columns = ("to_tier", "to_organisation", "to_name", "stream")
    sums: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in flows(reader, at, columns, organisation=organisation, year=year.start).to_pylist():
        if row["to_tier"] == "icb":
            sums[row["to_organisation"], row["to_name"]][row["stream"]] += row["amount_pence"]
    total: dict[str, int] = defaultdict(int)
    for line in sums.values():
        for stream, pence in line.items():
            total[stream] += pence
    streams = sorted(total, key=lambda stream: (-total[stream], stream))
    lines = [((code, name), line) for (code, name), line in sorted(sums.items())]
    if len(lines) > 1:
        lines.append(((summary.TOTAL, f"{len(sums)} integrated care boards"), total))
    rows = [
        (*who, *(_pounds(line.get(stream, 0)) for stream in streams), _pounds(sum(line.values())))
        for who, line in lines
    ]
    money = [f"{_label(stream)} (£)" for stream in streams]
    return AccessibleTable(
        "ICBs by stream",
        "icbs_by_stream",
        f"What each integrated care board received, by stream: {whose}",
        {"Code": TEXT, "Integrated care board": TEXT, **dict.fromkeys((*money, "Total (£)"), MONEY)},
        rows,
        (FIGURES,),
    )


def _label(stream: str) -> str:
    return stream if stream.isupper() else stream[:1].upper() + stream[1:]


def _ring_fenced(reader: Reader, held: Sequence[dict[str, Any]], whose: str) -> AccessibleTable:
    names = {code: fund["name"] for code, fund in register.funds(reader).items()}
    sums: dict[str, int] = defaultdict(int)
    holders: dict[str, set[str]] = defaultdict(set)
    facts: dict[str, dict[str, Any]] = {}
    for row in held:
        if row["grade"] in _SOFTEST_SHOWN:
            sums[row["pot"]] += row["amount_pence"]
            holders[row["pot"]].add(row["organisation"])
            facts.setdefault(row["pot"], row)
    strictest = sorted(sums, key=lambda pot: (-_SOFTEST_SHOWN.index(facts[pot]["grade"]), -sums[pot], pot))
    lines = [
        (
            names[pot],
            facts[pot]["grade"].capitalize(),
            (facts[pot]["route"] or NOT_AVAILABLE).capitalize(),
            _day(facts[pot]["spend_by"]),
            NOT_AVAILABLE if facts[pot]["returns_per_year"] is None else facts[pot]["returns_per_year"],
            len(holders[pot]),
            _pounds(sums[pot]),
        )
        for pot in strictest
    ]
    if lines:
        everybody = len(set().union(*holders.values()))
        rest = (NOT_APPLICABLE,) * 4
        lines.append((summary.TOTAL, *rest, everybody, _pounds(sum(sums.values()))))
    return AccessibleTable(
        "Ring-fenced pots",
        "ring_fenced_pots",
        f"Ring-fenced pots, soft ones included, the strictest first: {whose}",
        {"Pot": TEXT, "Grade": TEXT, "Route": TEXT, "Spend by (day)": TEXT, "Returns (number a year)": COUNT,
         "Holders (number)": COUNT, "Amount (£)": MONEY},
        lines,
        (GRADE,),
    )  # fmt: skip


def _day(day: Any) -> str:
    return NOT_AVAILABLE if day is None else f"{day.day} {day:%B %Y}"


def _by_organisation(held: Sequence[dict[str, Any]], whose: str) -> AccessibleTable:
    standings = {AVAILABLE: "Available (£)", BY_AGREEMENT: "Kept by agreement (£)",
                 WITHOUT_AGREEMENT: "Kept without agreement (£)", SPENT: "Spent (£)"}  # fmt: skip
    sums: dict[tuple[int, str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in held:
        key = (row["depth"], row["tier"], row["organisation"], row["organisation_name"])
        sums[key][row["standing"]] += row["amount_pence"]
    total: dict[str, int] = defaultdict(int)
    for line in sums.values():
        for standing, pence in line.items():
            total[standing] += pence
    shown = [standing for standing in standings if standing in total]
    lines = [
        (code, name, tier, *(_pounds(line.get(standing, 0)) for standing in shown), _pounds(sum(line.values())))
        for (_, tier, code, name), line in sorted(sums.items())
    ]
    money = [standings[standing] for standing in shown]
    ends = (summary.TOTAL, f"{len(sums)} organisations", NOT_APPLICABLE)
    lines.append((*ends, *(_pounds(total[standing]) for standing in shown), _pounds(sum(total.values()))))
    return AccessibleTable(
        "Organisations",
        "held_by_organisation",
        f"What each organisation holds, by standing: {whose}",
        {"Code": TEXT, "Organisation": TEXT, "Tier": TEXT, **dict.fromkeys((*money, "Total (£)"), MONEY)},
        lines,
        (STANDING, DEVOLVED),
    )
