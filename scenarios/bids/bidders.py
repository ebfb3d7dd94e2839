"""Who may bid: organisations of the shipped figures with their weighted population, or those a file lists."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from difflib import get_close_matches
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from allocations.figures import tables
from allocations.reading.strict_yaml import StrictModel
from allocations.shares.need import weights
from ledger.errors import Problem
from scenarios.bids.assumptions import Exact, Where
from scenarios.bids.pot import LARGEST_POT_PENCE, Bidder

_LEVELS = {"icbs": "icb", "places": "place", "pcns": "pcn"}
_MOST = 10**9


class Facts(StrictModel):
    """What is known of one bidder. What is left out is as for all of them."""

    capacity: Exact | None = None
    size: Exact | None = None
    past_wins: int = Field(default=0, ge=0, le=10_000, strict=True)
    chance_of_bidding: Exact | None = None
    request_pounds: Exact | None = None
    daily_spend_pounds: Exact | None = None


class ListedBidder(Facts):
    """A bidder of the file's own, with its weighted population."""

    code: str = Field(min_length=1)
    name: str | None = None
    weighted_people: Decimal = Field(gt=0, lt=_MOST)


def listed(
    given: Sequence[ListedBidder],
    codes: Sequence[str],
    facts: Mapping[str, Facts],
    where: Where,
    problems: list[Problem],
) -> tuple[Bidder, ...]:
    """The bidders that a file lists; what is wrong with them is added to ``problems``."""
    for key, used in (("of", codes), ("facts", facts)):
        if used:
            sentence = f"'{key}' is given for bidders that are listed."
            remedy = "Take it out, and say it of each bidder in the list."
            problems.append(Problem(where(("bidders", key)), sentence, "It would be ignored.", remedy))
    if not given:
        sentence = "there are no bidders."
        remedy = "List them, or write 'who: icbs', 'places' or 'pcns'."
        problems.append(Problem(where(("bidders",)), sentence, "Nobody could win.", remedy))
    found, seen = [], set()
    for number, row in enumerate(given):
        keys = ("bidders", "listed", number)
        if row.code in seen:
            sentence = f"the bidder '{row.code}' stands twice."
            problems.append(Problem(where(keys), sentence, "Its chance would be doubled.", "Keep one of the two."))
        seen.add(row.code)
        problems.extend(_faults(row, where(keys)))
        people = Fraction(row.weighted_people) * 10**9
        if people.denominator != 1:
            sentence = f"the weighted people of '{row.code}' have more than nine places."
            problems.append(Problem(where(keys), sentence, "Shares must stay exact.", "Round them to nine places."))
        found.append(_bidder(row.code, row.name or row.code, int(people), row))
    return tuple(found)


def shipped(
    who: str, codes: Sequence[str], by: str, facts: Mapping[str, Facts], where: Where, problems: list[Problem]
) -> tuple[Bidder, ...]:
    """ICBs, places or networks of 2025/26; what is wrong with the choice is added to ``problems``.

    Args:
        who: ``icbs``, ``places`` or ``pcns``.
        codes: regions for ICBs, ICBs for the others; empty for all of England.
        by: the weighting of their populations.
        facts: what is known of single ones, by code.
    """
    level = _LEVELS[who]
    practices = tables.table("practices_2025_26")
    icbs = set(practices["icb"].to_pylist())
    region_of = {row["code"]: row["region"] for row in tables.table("organisations").to_pylist() if row["code"] in icbs}
    known = set(region_of.values()) if level == "icb" else icbs
    unknown = [code for code in codes if code not in known]
    for number, code in enumerate(codes):
        if code in unknown:
            sentence = f"there is no {'region' if level == 'icb' else 'ICB'} '{code}' in 2025/26."
            remedy = f"Choose from {', '.join(sorted(known))}."
            problems.append(Problem(where(("bidders", "of", number)), sentence, "It has no bidders.", remedy))
    if unknown:
        return ()
    chosen = {icb for icb in icbs if not codes or (region_of[icb] if level == "icb" else icb) in codes}
    own = practices.filter(pc.is_in(practices["icb"], pa.array(sorted(chosen), pa.string())))
    people, names = weights(own, by, level), _names(level)
    for code, fact in facts.items():
        place = where(("bidders", "facts", code))
        if code not in people:
            near = get_close_matches(code, people, 1)
            remedy = f"Did you mean {near[0]}?" if near else "Take it out, or widen 'of'."
            sentence = f"'{code}' is none of the {len(people)} bidders."
            problems.append(Problem(place, sentence, "What is said of it would be ignored.", remedy))
        problems.extend(_faults(fact, place))
    usual = Facts()
    return tuple(_bidder(code, names.get(code, code), people[code], facts.get(code, usual)) for code in sorted(people))


def _bidder(code: str, name: str, people_billionths: int, facts: Facts) -> Bidder:
    return Bidder(
        code=code,
        name=name,
        people_billionths=people_billionths,
        capacity=Fraction(1) if facts.capacity is None else facts.capacity,
        size=Fraction(people_billionths, 10**9) if facts.size is None else facts.size,
        past_wins=facts.past_wins,
        chance_of_bidding=facts.chance_of_bidding,
        request_pence=None if facts.request_pounds is None else int(facts.request_pounds * 100),
        daily_spend_pence=None if facts.daily_spend_pounds is None else int(facts.daily_spend_pounds * 100),
    )


def _faults(facts: Facts, place: str) -> list[Problem]:
    found = []
    for name, number in (("capacity", facts.capacity), ("size", facts.size)):
        if number is not None and not 0 < number <= _MOST:
            remedy = "Give a number above 0; 1 is as the others. Whoever cannot bid has a chance_of_bidding of 0."
            found.append(Problem(place, f"{name} is {number}.", "A bid's strength is made of it.", remedy))
    chance = facts.chance_of_bidding
    if chance is not None and not 0 <= chance <= 1:
        sentence = f"chance_of_bidding is {chance}."
        found.append(Problem(place, sentence, "It is a probability.", "Give a number from 0 to 1."))
    for name, pounds in (("request_pounds", facts.request_pounds), ("daily_spend_pounds", facts.daily_spend_pounds)):
        least = 1 if name == "request_pounds" else 0
        if pounds is None:
            continue
        if not least <= pounds * 100 <= LARGEST_POT_PENCE or (pounds * 100).denominator != 1:
            remedy = "Give pounds and whole pence, not below 0."
            found.append(Problem(place, f"{name} is {pounds}.", "It is no amount of money.", remedy))
    return found


def _names(level: str) -> dict[str, str]:
    table, code = {
        "icb": ("organisations", "code"),
        "place": ("places_2025_26", "place"),
        "pcn": ("pcns_2025_26", "pcn"),
    }[level]
    return {row[code]: row["name"] for row in tables.table(table).to_pylist()}
