"""What one network gets under the contract in a year, from rates, counts and claims, with their grounds."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction
from pathlib import Path
from typing import Any, TypeVar

from allocations.figures import tables
from allocations.network.contract import ON_CLAIMS, Gap, gaps, how_paid, published_rates, refuse_unpublished, title
from allocations.network.files import Claim, ClaimSettlement, read_claims, read_counts, settle
from allocations.network.payments import Count, Element, Payment, believed, payments
from allocations.network.posts import Post, PostsAgainst, against, read_posts
from ledger.errors import Problem, Refused, refuse, refuse_any
from ledger.inputs import Input
from ledger.money import PENCE_PER_POUND, round_half_up_fraction
from ledger.years import FinancialYear

T = TypeVar("T")
FIGURES_YEAR = FinancialYear(2025)
# The day on which the shipped populations were published is not known; the last day before the year is assumed.
_FIGURES_KNOWN = date(2025, 3, 31)
_STAND_INS = {
    "registered": (
        "registered",
        "average registered population November 2023 to October 2024, for the lists of 1 January 2025",
    ),
    "adjusted": (
        "primary_medical",
        "primary medical weighted people of 2025/26, for those whom the contract counts on 1 January 2025",
    ),
}
# What stands in for the counts of a later year, for which people are projected: published with the settlement.
_PROJECTED_KNOWN = date(2025, 12, 15)
_PROJECTED = {
    "registered": ("registered", "registered population projected for {}, for the lists of 1 January before it"),
    "adjusted": (
        "primary_medical",
        "primary medical weighted population projected for {}, for the adjusted population",
    ),
}
_FOUR_PLACES = 10_000


@dataclass(frozen=True, slots=True)
class ElementLine:
    """One element of the contract for one network.

    Attributes:
        paid: monthly, on claims or on declaration.
        annual_pence: the year's amount; None where it cannot be worked out, and ``missing`` says why.
        per_head_pounds: for each registered person, to four places; None where either is missing.
    """

    name: str
    paid: str
    element: Element
    annual_pence: int | None
    per_head_pounds: Decimal | None
    missing: str | None


@dataclass(frozen=True, slots=True)
class Statement:
    """What one network gets under the contract in a year, as it was known on a day.

    Attributes:
        name: the network's name; None where the shipped figures do not have it.
        known_on: the day; None for all that is known.
        payments: month by month, for the elements that are paid so.
        claims: against each entitlement; empty where no claims were given.
        posts: of the additional roles, against each entitlement; empty where no posts were given.
        total_pence: the sum of the elements that can be worked out; None where none can.
        without: the elements that the total is without.
        gaps: what the contract holds beside, that cannot be worked out here.
        remarks: what a reader of the figures should know.
    """

    network: str
    name: str | None
    year: FinancialYear
    known_on: date | None
    lines: tuple[ElementLine, ...]
    payments: tuple[Payment, ...]
    claims: tuple[ClaimSettlement, ...]
    posts: tuple[PostsAgainst, ...]
    total_pence: int | None
    per_head_pounds: Decimal | None
    without: tuple[str, ...]
    gaps: tuple[Gap, ...]
    remarks: tuple[str, ...]

    @property
    def arrears(self) -> tuple[Payment, ...]:
        """The payments that put months before them right."""
        return tuple(payment for payment in self.payments if payment.arrears_pence)


@dataclass(frozen=True, slots=True)
class MonthLine:
    """All that a month pays.

    Attributes:
        pence: element to the month's own payment; None where its people were not known by then.
        arrears_pence: for months before, over all elements.
        total_pence: what is paid in the month, of what is known.
    """

    month: date
    pence: dict[str, int | None]
    arrears_pence: int
    total_pence: int


def statement(
    network: str,
    year: FinancialYear,
    *,
    counts_file: Path | None = None,
    claims_file: Path | None = None,
    posts_file: Path | None = None,
    maximums_file: Path | None = None,
    known_on: date | None = None,
) -> Statement:
    """What a network gets in a year.

    Args:
        network: PCN code.
        counts_file: the user's own counts; on the bases that it has, they replace the shipped stand-ins.
        claims_file: the user's claims for additional roles.
        posts_file: the user's posts of additional roles, and what each is reimbursed at most, by role, in
            ``maximums_file`` or in a column of its own.
        known_on: as it was known on a day; all that is known otherwise.

    Raises:
        Refused: the year has no rates here, the network is not known, or a file has problems.
    """
    refuse_unpublished(year, known_on)
    code = network.strip().upper()
    given, claims, posts = _files(counts_file, claims_file, posts_file, maximums_file)
    counts, name = _counts(code, year, given)
    rates = published_rates(year)
    elements = believed(year, rates, counts, known_on)
    heads = _registered(counts, year, known_on)
    lines = tuple(_line(name_, element, heads) for name_, element in elements.items())
    worked_out = [line.annual_pence for line in lines if line.annual_pence is not None]
    total = sum(worked_out) if worked_out else None
    own_claims = _own_claims(code, year, claims, elements)
    return Statement(
        network=code,
        name=name,
        year=year,
        known_on=known_on,
        lines=lines,
        payments=payments(year, rates, counts, known_on),
        claims=tuple(
            settle(line.name, own_claims[line.name], line.annual_pence) for line in lines if line.name in own_claims
        ),
        posts=against(
            (post for post in posts if post.network == code),
            {line.name: line.annual_pence for line in lines if line.paid == ON_CLAIMS},
        ),
        total_pence=total,
        per_head_pounds=_per_head(total, heads),
        without=tuple(line.name for line in lines if line.annual_pence is None),
        gaps=gaps(year, known_on),
        remarks=(*_remarks(code, year, counts, given, claims, elements), *_of_posts(code, posts)),
    )


def by_month(paid: Iterable[Payment]) -> list[MonthLine]:
    """Payments month by month, all elements together."""
    months: dict[date, list[Payment]] = {}
    for payment in sorted(paid, key=lambda one: one.month):
        months.setdefault(payment.month, []).append(payment)
    return [
        MonthLine(
            month,
            {payment.element: payment.pence for payment in its},
            sum(payment.arrears_pence for payment in its),
            sum((payment.pence or 0) + payment.arrears_pence for payment in its),
        )
        for month, its in months.items()
    ]


def _files(
    counts: Path | None, claims: Path | None, posts: Path | None, maximums: Path | None
) -> tuple[tuple[Count, ...], tuple[Claim, ...], tuple[Post, ...]]:
    """All the files; what is wrong with any of them is told at once."""
    problems: list[Problem] = []

    def read(path: Path | None, by: Callable[[Path], tuple[T, ...]]) -> tuple[T, ...]:
        try:
            return () if path is None else by(path)
        except Refused as refused:
            problems.extend(refused.problems)
            return ()

    found = read(counts, read_counts), read(claims, read_claims), read(posts, lambda path: read_posts(path, maximums))
    refuse_any(problems)
    return found


def _line(name: str, element: Element, heads: Decimal | None) -> ElementLine:
    annual = element.annual_pence
    return ElementLine(name, how_paid(name), element, annual, _per_head(annual, heads), element.missing)


def _per_head(pence: int | None, heads: Decimal | None) -> Decimal | None:
    if pence is None or not heads:
        return None
    exact = Fraction(pence, PENCE_PER_POUND) / Fraction(heads) * _FOUR_PLACES
    return Decimal(round_half_up_fraction(exact)).scaleb(-4)


def _registered(counts: Iterable[Count], year: FinancialYear, known_on: date | None) -> Decimal | None:
    """The registered people counted at the end of the year, as far as they are known."""
    own = [
        count
        for count in counts
        if count.basis == "registered"
        and count.effective_from <= year.last_day
        and (known_on is None or count.notified_on <= known_on)
    ]
    newest = max(own, key=lambda count: (count.effective_from, count.notified_on), default=None)
    return None if newest is None else newest.people


def _counts(code: str, year: FinancialYear, given: Sequence[Count]) -> tuple[tuple[Count, ...], str | None]:
    """The network's counts, shipped stand-ins included where nobody gave better, and its name."""
    shipped = _networks(year)
    own = tuple(count for count in given if count.network == code)
    row = shipped.get(code)
    if row is None and not own:
        known = sorted({*shipped, *(count.network for count in given)})
        near = get_close_matches(code, known, 3, 0.6)
        like = get_close_matches(code, [row["name"].upper() for row in shipped.values()], 3, 0.6)
        named = [pcn for name in like for pcn, its in shipped.items() if its["name"].upper() == name]
        shown = " or ".join(f"{pcn} ({shipped[pcn]['name']})" if pcn in shipped else pcn for pcn in named or near)
        remedy = f"Did you mean {shown}?" if shown else f"Give its code, as U12345, or its people {Input.COUNTS.given}."
        found = f"there is no PCN '{code}' in the figures, nor in a file of counts."
        refuse("PCN", found, "Its people are not known.", remedy)
    if row is None:
        return own, None
    since, sources = (_FIGURES_KNOWN, _STAND_INS) if year == FIGURES_YEAR else (_PROJECTED_KNOWN, _PROJECTED)
    bases = {count.basis for count in own}
    stand_ins = tuple(
        Count(code, basis, row[column].normalize(), year.first_day, since, source.format(year), illustrative=True)
        for basis, (column, source) in sources.items()
        if basis not in bases and column in row
    )
    return (*own, *stand_ins), row["name"]


def _networks(year: FinancialYear) -> dict[str, dict[str, Any]]:
    """Networks by code: name, and their people where they are shipped for the year."""
    if year == FIGURES_YEAR or year.start not in tables.PEOPLE:
        known = ("pcn", "name") if year != FIGURES_YEAR else None
        table = tables.table("pcns_2025_26")
        return {row["pcn"]: row for row in (table.select(known) if known else table).to_pylist()}
    names = {row["pcn"]: row["name"] for row in tables.table("pcns_2026_29").to_pylist()}
    columns = ("registered", "primary_medical")
    people = tables.people_table(year).group_by("pcn").aggregate([(column, "sum") for column in columns])
    return {
        row["pcn"]: {"name": names[row["pcn"]], **{column: row[f"{column}_sum"] for column in columns}}
        for row in people.to_pylist()
        if row["pcn"]
    }


def _own_claims(
    code: str, year: FinancialYear, claims: Iterable[Claim], elements: dict[str, Element]
) -> dict[str, list[Claim]]:
    own: dict[str, list[Claim]] = {}
    problems: list[Problem] = []
    entitlements = [name for name in elements if how_paid(name) == ON_CLAIMS]
    for claim in claims:
        if claim.network != code or not year.contains(claim.month):
            continue
        if claim.element not in entitlements:
            found = f"nothing is claimed for as '{claim.element}' in {year}."
            remedy = f"Use {' or '.join(entitlements)}."
            problems.append(Problem(claim.where, found, "There is no such entitlement.", remedy))
        own.setdefault(claim.element, []).append(claim)
    refuse_any(problems)
    return own


def _remarks(
    code: str,
    year: FinancialYear,
    counts: Iterable[Count],
    given: Sequence[Count],
    claims: Sequence[Claim],
    elements: dict[str, Element],
) -> Iterable[str]:
    for count in counts:
        if count.illustrative:
            yield f"Illustrative: {count.basis} people are a stand-in. It is the {count.source}."
    for name, element in elements.items():
        if element.rate.note:
            yield f"{title(name)}: {element.rate.note}."
    others = {count.network for count in given} - {code}
    if others:
        yield f"Left aside: counts of other networks in the same file ({len(others)})."
    elsewhere = [claim for claim in claims if claim.network != code]
    if elsewhere:
        yield f"Left aside: claims of other networks ({len(elsewhere)})."
    other_years = [claim for claim in claims if claim.network == code and not year.contains(claim.month)]
    if other_years:
        yield f"Left aside: claims for months outside {year} ({len(other_years)})."
    if claims and len(elsewhere) + len(other_years) == len(claims):
        yield f"The file of claims has none of {code} in {year}."


def _of_posts(code: str, posts: Sequence[Post]) -> Iterable[str]:
    elsewhere = [post for post in posts if post.network != code]
    if elsewhere:
        yield f"Left aside: posts of other networks ({len(elsewhere)})."
    if posts and len(elsewhere) == len(posts):
        yield f"The file of posts has none of {code}."
