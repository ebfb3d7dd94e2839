"""The register of pots: every fund with terms of its own, what is held of it, and by when it must be spent."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

from ledger.attributes import picked
from ledger.money import plain_decimal, spoken
from ledger.readings import RECORDED, GradeReading
from ledger.reports import pots as fencing
from ledger.reports import register
from ledger.reports.over_receivers import middle, packets, returns_not_known_pence
from ledger.reports.position import Moment, position, year_in_view
from ledger.reports.pots import Fence
from ledger.reports.pots_over_years import PotLife, non_recurrent_years, pot_lives, without_amount
from ledger.reports.receivers import PENNY_PACKETS, Received, Value, received
from ledger.reports.summary import percent
from ledger.store.base import Reader
from ledger.years import FinancialYear
from screens.report.readings import otherwise
from screens.report.receivers import NOT_KNOWN, TIERS, groups_table, receivers_table, spread_table
from screens.report.report import (
    Report,
    Row,
    Table,
    count,
    count_of,
    data,
    day,
    money,
    text,
)

NOT_RECORDED = "not recorded"
_NOT_HELD = (
    "Given by says who passed the money down. Goes on in says which fund or pot took it up. Discontinued says whether "
    "any of it is held in the next year, where the books can tell. Parts says how the part of each holder was worked "
    "out. Rests on says what its terms stand on. Who answers for a pot is the contact in the letter; where it names "
    "none, look into the source. No entry says which directorate of the payer a pot comes from."
)


def listed(reader: Reader, at: Moment, *, organisation: str | None, year: FinancialYear | None) -> Report:
    """Every pot with its terms on the day; of an organisation, those of which it or anybody below it has money.

    Args:
        year: of the money; otherwise the newest that has begun by the day and in which an ICB holds any.

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
    # A pot of which nobody's amount is recorded is one of the year all the same: of an organisation it is named.
    nowhere = without_amount(reader, at, year.start)
    codes = held.keys() | gone | ({*nowhere} | (terms.keys() & known.keys()) if organisation is None else set())
    running = non_recurrent_years(reader, at, organisation=organisation, year=year.start)
    rows = [
        _row(funds[code], terms.get(code, {}), held.get(code), known.get(code), running.get(code, 0))
        for code in sorted(codes)
    ]
    heads = [
        text("Pot", "name"), *data("fund", "inside"), money("Held (£)", "amount_pence", missing=NOT_RECORDED),
        money("Not spent (£)", "left_pence", missing=NOT_RECORDED), text("Parts", "parts", missing=NOT_RECORDED),
        text("Ring-fence", "grade", missing=NOT_KNOWN), text("Route", "route", missing=NOT_KNOWN),
        *data("recurrent"), text("Lasting"), *data("announced_on"), day("Notice", "notified_on", missing=NOT_KNOWN),
        day("Bids by", "bid_by", missing=""), day("Spend by", "spend_by", missing="no deadline"),
        count("Days left", "days_left", missing=""), money("A day from now (£)", "rate_pence", missing=""),
        count("Returns a year", "returns_per_year", missing=NOT_KNOWN),
        count("Match (%)", "match_percent", missing=NOT_KNOWN), text("Clawback", "clawback", missing=NOT_KNOWN),
        text("May leave by", "leave_by", missing="no way"), text("Given by", "given_by", missing=NOT_KNOWN),
        text("Who answers for it", "owner", missing=NOT_KNOWN),
        text("Goes on in", "successors", missing=""), text("Discontinued", "discontinued", missing=NOT_KNOWN),
        text("Purpose and grounds", "reason"), text("Source", "source"),
        text("Rests on", "standing", missing=NOT_RECORDED), text("How sure", "quality"),
    ]  # fmt: skip
    whose = organisation or "The whole ledger"
    title = f"Pots of {year}: {whose}. Terms as they hold on {on}."
    facts = {"organisation": organisation, "year": str(year), "day": on, "without_amount": [*nowhere]}
    said = [*no_amount(nowhere, year), _NOT_HELD if rows else "No fund has terms of its own here."]
    return Report([Table("Pots", heads, rows)], at, title, said, facts)


def _row(
    fund: Mapping[str, Any], terms: Mapping[str, Any], fence: Fence | None, known: PotLife | None, running: int = 0
) -> Row:
    """One pot; of one of which no money moved in the year no amount is recorded, which is not nothing."""
    nothing = None if known is None else 0
    amount, left, days, rate = (nothing, nothing, None, None) if fence is None else (
        fence.amount_pence, fence.left_pence, fence.days_left, fence.rate_pence
    )  # fmt: skip
    life = known or PotLife()
    recurrent = lasting(terms.get("recurrent"), running)
    return (
        fund["name"], fund["code"], fund["parent"], amount, left, "; ".join(life.parts) or None,
        terms.get("grade", "no terms on record"), terms.get("route"), terms.get("recurrent"), recurrent,
        terms.get("announced_on"), terms.get("notified_on"), terms.get("bid_by"), terms.get("spend_by"), days, rate,
        terms.get("returns_per_year"), terms.get("match_percent"), terms.get("clawback"), terms.get("leave_by") or None,
        ", ".join(life.given_by) or None, ", ".join(life.owners) or None,
        ", ".join(life.successors) or None, life.discontinued, terms.get("reason"),
        terms.get("source"), terms.get("standing"), terms.get("quality"),
    )  # fmt: skip


_ORDINALS = ("", "first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


def lasting(recurrent: bool | None, years: int = 0) -> str:
    """Whether money recurs, as people say it; what is non-recurrent year after year is called so.

    Args:
        years: for how many years running it has been non-recurrent, this one included.
    """
    if recurrent is not False:
        return "recurrent" if recurrent else ""
    if years < 2:  # noqa: PLR2004 - one year alone is no run
        return "one-off"
    running = _ORDINALS[years] if years < len(_ORDINALS) else f"{years}th"
    return f"non-recurrent, for the {running} year running"


def seen_by(
    reader: Reader,
    at: Moment,
    tier: str,
    *,
    organisation: str | None,
    year: FinancialYear | None,
    reading: GradeReading = RECORDED,
) -> Report:
    """What the money asks of every receiver of a tier: its pots, their sizes, deadlines and returns.

    Args:
        tier: ``icb``, ``place``, ``pcn`` or ``practice``.
        organisation: only receivers below this one, or itself.
        year: of the money; otherwise the newest that has begun by the day and in which an ICB holds any.
        reading: how grades are read.

    Raises:
        Refused: the organisation is unknown.
    """
    year = year or year_in_view(reader, at)
    found, without = received(reader, at, tier, organisation=organisation, year=year.start, reading=reading)
    nowhere = without_amount(reader, at, year.start)
    named = TIERS[tier]
    whose = f", {organisation}" if organisation else ""
    small = packets(found)
    title = f"Pots of {year} as each {named} receives them{whose}, the most scattered first"
    facts = {
        "organisation": organisation, "year": str(year), "seen_by": tier, "without": without,
        "without_amount": [*nowhere],
        "reading": reading.name,
        "penny_packet_pence": PENNY_PACKETS[tier],
        "median_pots": middle(found, "pots"), "median_effective_number": middle(found, "effective_number"),
        "packets_of_all": picked(small, "packets", "pots", "of_pots", "of_money"),
        "spread": spread_table(found, named).records(), "groups": groups_table(found, tier).records(),
    }  # fmt: skip
    tables = [receivers_table(found, f"Pots by {named}"), spread_table(found, named), groups_table(found, tier)]
    said = [*of_receivers(found, without, named, tier), *no_amount(nowhere, year), *otherwise(reading)]
    return Report(tables, at, title, said, facts)


def no_amount(pots: Mapping[str, str], year: FinancialYear) -> list[str]:
    """That pots of a year stand in no count, because no entry gives anybody an amount; nothing where there are none.

    Args:
        pots: code to name, as ``without_amount`` has them.
    """
    if not pots:
        return []
    stand = "it stands" if len(pots) == 1 else "they stand"
    told = f"Of {count_of(len(pots), 'pot', 'pots')} of {year} no entry gives anybody an amount, so {stand} in no count"
    return [f"{told}: {'; '.join(pots.values())}."]


def of_receivers(found: Sequence[Received], without: Sequence[str], named: str, tier: str) -> list[str]:
    """What receivers work with, in sentences.

    Args:
        without: those that hold nothing.
        named: what a receiver of the tier is called.
    """
    if not found:
        return [f"No {named} holds any money of this year here."]
    pots = _plain(middle(found, "pots")).removesuffix(".00")
    scattered = (
        f"Of {len(found)} the median {named} works with {pots} pots. Its money is spread as if it came in "
        f"{_plain(middle(found, 'effective_number'))} pots of one size. It is spread most at {found[0].name} "
        f"({_plain(found[0].values['effective_number'])}) and least at {found[-1].name} "
        f"({_plain(found[-1].values['effective_number'])})."
    )
    small = packets(found)
    penny = (
        f"{percent(small.of_pots)} of all {small.pots:,} pots, each counted where it is felt, are penny packets: pots "
        f"below {spoken(PENNY_PACKETS[tier])}. They hold {percent(small.of_money)} of the money."
    )
    held = "Held is what a receiver and those below it hold of each pot, spent money included."
    returns = "Returns are added up over the pots of which it is known how many they ask for, and over no others."
    if unknown := returns_not_known_pence(found):
        returns += f" The others hold {spoken(unknown)} of {spoken(small.pence)}."
    without_any = [f"Holding nothing of this year: {len(without)}."] if without else []
    return [scattered, penny, held, returns, *without_any]


def _plain(number: Value) -> str:
    return NOT_KNOWN if number is None else plain_decimal(Fraction(number), 2)
