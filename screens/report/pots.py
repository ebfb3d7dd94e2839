"""The register of pots: every fund with terms of its own, what is held of it, and by when it must be spent."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ledger.money import exact_pounds, plain_decimal
from ledger.reports import pots as fencing
from ledger.reports import register
from ledger.reports.position import Moment, position, year_in_view
from ledger.reports.pot_lives import PotLife, pot_lives
from ledger.reports.pots import Fence
from ledger.reports.receivers import MEASURES, PENNY_PACKETS, PotsReceived, middle, received
from ledger.store.base import Reader
from ledger.years import FinancialYear
from screens.report.report import Report, Row, Table, count, data, day, money, ratio, share, text

NOT_KNOWN = "not known"
_NOT_HELD = (
    "Given by, goes on in and discontinued are what the entries tell: who passed it down, the funds it was "
    "consolidated into, and whether any of it is held in the next year. Who answers for a pot is the contact that the "
    "letters name; where none is recorded, it stands in the document that its source names."
)
_TIERS = {"icb": "ICB", "place": "place", "pcn": "PCN", "practice": "practice"}


def listed(reader: Reader, at: Moment, *, organisation: str | None, year: FinancialYear | None) -> Report:
    """Every pot with its terms on the day; of an organisation, those of which it or anybody below it has money.

    Args:
        year: of the money; otherwise the newest that has begun by the day and holds any.

    Raises:
        Refused: the organisation is unknown.
    """
    year = year or year_in_view(reader, at)
    on = min(max(at.as_at, year.first_day), year.last_day)
    money_held = position(reader, at, organisation=organisation, year=year.start)
    held = {fence.code: fence for fence in fencing.fences(reader, money_held, on)}
    known = pot_lives(reader, at, money_held, organisation=organisation, year=year.start)
    funds, terms = register.funds(reader, at.known), register.newest_terms(reader, on, at.known)
    gone = {code for code, life in known.items() if life.successors and code in funds}
    codes = held.keys() | gone | (terms.keys() if organisation is None else set())
    rows = [
        _row(funds[code], terms.get(code, {}), held.get(code), known.get(code, PotLife())) for code in sorted(codes)
    ]
    heads = [
        text("Pot", "name"), *data("fund", "inside"), money("Held (£)", "amount_pence"),
        money("Not spent (£)", "left_pence"), text("Ring-fence", "grade"), text("Route", "route"),
        *data("recurrent"), text("Lasting"), day("Notice", "notified_on"),
        day("Spend by", "spend_by", missing="no deadline"),
        count("Days left", "days_left", missing=""), money("A day from now (£)", "rate_pence", missing=""),
        count("Returns a year", "returns_per_year", missing=NOT_KNOWN), text("Clawback", "clawback"),
        text("May leave by", "leave_by", missing="no way"), text("Given by", "given_by", missing=NOT_KNOWN),
        text("Who answers for it", "owner", missing=NOT_KNOWN),
        text("Goes on in", "successors", missing=""), text("Discontinued", "discontinued", missing=NOT_KNOWN),
        text("Source", "source"), text("How sure", "quality"),
    ]  # fmt: skip
    whose = organisation or "The whole ledger"
    title = f"Pots of {year}: {whose}. Terms as they hold on {on}."
    facts = {"organisation": organisation, "year": str(year), "day": on}
    said = [_NOT_HELD] if rows else ["No fund has terms of its own here."]
    return Report([Table("Pots", heads, rows)], at, title, said, facts)


def _row(fund: Mapping[str, Any], terms: Mapping[str, Any], fence: Fence | None, life: PotLife) -> Row:
    held = (0, 0, None, None) if fence is None else (
        fence.amount_pence, fence.left_pence, fence.days_left, fence.rate_pence
    )  # fmt: skip
    amount, left, days, rate = held
    recurrent = {True: "recurrent", False: "one-off", None: ""}[terms.get("recurrent")]
    return (
        fund["name"], fund["code"], fund["parent"], amount, left, terms.get("grade", "no terms on record"),
        terms.get("route"), terms.get("recurrent"), recurrent, terms.get("notified_on"), terms.get("spend_by"), days,
        rate,
        terms.get("returns_per_year"), terms.get("clawback"), terms.get("leave_by") or None,
        ", ".join(life.given_by) or None, ", ".join(life.owners) or None,
        ", ".join(life.successors) or None, life.discontinued, terms.get("source"),
        terms.get("quality"),
    )  # fmt: skip


def seen_by(reader: Reader, at: Moment, tier: str, *, organisation: str | None, year: FinancialYear | None) -> Report:
    """How scattered the money is for every receiver of a tier: its pots, their sizes and what they ask of it.

    Args:
        tier: ``icb``, ``place``, ``pcn`` or ``practice``.
        organisation: only receivers below this one, or itself.
        year: of the money; otherwise the newest that has begun by the day and holds any.

    Raises:
        Refused: the organisation is unknown.
    """
    year = year or year_in_view(reader, at)
    found, without = received(reader, at, tier, organisation=organisation, year=year.start)
    heads = [
        text("Name", "name"), *data("organisation"), money("Held (£)", "total_pence"), count("Pots", "pots"),
        ratio("Effective number", "effective_number", places=2), money("Median pot (£)", "median_pot_pence"),
        money("Smallest pot (£)", "smallest_pot_pence"), count("Penny packets", "penny_packets"),
        share("Penny packets, of the money", "penny_packet_share_of_value", places=2),
        count("Returns a year", "returns_per_year", missing=NOT_KNOWN),
        count("Pots whose returns are known", "returns_known"),
    ]  # fmt: skip
    rows = [(one.name, one.organisation, *(one.values[name] for name in MEASURES), one.returns_known) for one in found]
    named = _TIERS[tier]
    whose = f", {organisation}" if organisation else ""
    title = f"Pots of {year} as each {named} receives them{whose}, the most scattered first"
    facts = {
        "organisation": organisation, "year": str(year), "seen_by": tier, "without": without,
        "penny_packet_pence": PENNY_PACKETS[tier],
        "median_pots": middle(found, "pots"), "median_effective_number": middle(found, "effective_number"),
    }  # fmt: skip
    return Report(
        [Table(f"Pots by {named}", heads, rows)], at, title, _of_receivers(found, without, named, tier), facts
    )


def _of_receivers(found: Sequence[PotsReceived], without: Sequence[str], named: str, tier: str) -> list[str]:
    if not found:
        return [f"No {named} holds any money of this year here."]
    scattered = (
        f"Of {len(found)} the median {named} works with {_plain(middle(found, 'pots'))} pots, as scattered as "
        f"{_plain(middle(found, 'effective_number'))} equal ones; the most scattered is {found[0].name} "
        f"({_plain(found[0].values['effective_number'])}), the least {found[-1].name} "
        f"({_plain(found[-1].values['effective_number'])})."
    )
    held = (
        "Held is what a receiver and those below it hold of each pot, spent money included. A penny packet of "
        f"this tier is below £{exact_pounds(PENNY_PACKETS[tier])}."
    )
    returns = "Returns are added up over the pots of which it is known how many they ask for, and over no others."
    without_any = [f"Holding nothing of this year: {len(without)}."] if without else []
    return [scattered, held, returns, *without_any]


def _plain(number: Fraction | None) -> str:
    return NOT_KNOWN if number is None else plain_decimal(Fraction(number), 2)
