"""Split an amount of an ICB's money among its places, networks or practices."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from allocations.places.division import DEFAULT, IN_NONE, SUB_ICB, UNASSIGNED, Division, with_places
from allocations.places.files import read_division
from allocations.shares.apportion import apportion
from allocations.shares.lines import weighting_of
from allocations.shares.mixture import measured, plain_weighting, terms
from allocations.shares.need import weights
from allocations.shares.populations import SHIPPED_YEAR, Populations, names_of, shipped, shipped_years
from allocations.shares.sharing import Mixture, with_floor
from ledger import characters
from ledger.errors import Problem, refuse, refuse_any
from ledger.inputs import Input
from ledger.money import exact_pounds, round_half_up_fraction
from ledger.reports import register
from ledger.reports.position import Moment, position
from ledger.store.base import Reader
from ledger.structure import suggestion
from ledger.years import FinancialYear

UNITS = {"penny": 1, "pound": 100, "thousand": 100_000}
FIGURES_YEAR = SHIPPED_YEAR


@dataclass(frozen=True, slots=True)
class Part:
    """One receiver's part of the amount.

    Attributes:
        code: the organisation's code; for a place of the user's own, the ICB's code and the place's name.
        registered_billionths: its registered population, in billionths of a person.
        people_billionths: its weighted population, in billionths of a person; of a mixture, by the weighting that it
            is shown beside.
        share: of the whole, exact.
        numbers: of each measure of a mixture, in its order, exact.
        plain_pence: what it would get by weighted population alone, where it is shared by something else.
        at_floor: whether it gets the least amount, and no more.
    """

    code: str
    name: str
    practices: int
    registered_billionths: int
    people_billionths: int
    share: Fraction
    amount_pence: int
    numbers: tuple[Fraction, ...] = ()
    plain_pence: int = 0
    at_floor: bool = False

    @property
    def more_pence(self) -> int:
        """How much more it gets than by weighted population alone; less where it is below zero."""
        return self.amount_pence - self.plain_pence

    def per_head_pence(self, pence: int) -> int | None:
        """An amount for each of its registered people, to the nearest penny; None where it has nobody."""
        if not self.registered_billionths:
            return None
        return round_half_up_fraction(Fraction(pence * 10**9, self.registered_billionths))


@dataclass(frozen=True, slots=True)
class Allocation:
    """An amount, split.

    Attributes:
        unit: what the amount was split in: ``penny``, ``pound`` or ``thousand`` pounds.
        division: the user's own places, where a file gave them.
        digest: SHA-256 of that file.
        populations: the people that the shares rest on.
        mixture: by what it is shared, where that is more than one weighting.
    """

    icb: str
    year: FinancialYear
    fund: str
    level: str
    by: str
    unit: str
    amount_pence: int
    parts: tuple[Part, ...]
    division: Division | None = None
    places_file: str | None = None
    digest: str | None = None
    populations: Populations = field(default_factory=shipped)
    mixture: Mixture | None = None

    def gainers(self) -> tuple[list[Part], list[Part], int]:
        """Who gets more than by weighted population alone and who gets less, the most first, and what moves."""
        more = sorted((part for part in self.parts if part.more_pence > 0), key=lambda part: -part.more_pence)
        less = sorted((part for part in self.parts if part.more_pence < 0), key=lambda part: part.more_pence)
        return more, less, sum(part.more_pence for part in more)


def allocate(
    *,
    icb: str,
    year: FinancialYear,
    fund: str,
    level: str,
    by: str,
    amount_pence: int,
    places_file: Path | None = None,
    unit: str | None = None,
    populations: Populations | None = None,
    floor_pence: int = 0,
    missing: str | None = None,
) -> Allocation:
    """Split an amount by weighted population, or by what else it is for, by largest remainder.

    Args:
        icb: the ICB whose money it is.
        level: ``place``, ``pcn`` or ``practice``.
        by: a weighting, by any of its names; another measure; or a mixture of them (see ``mixture``).
        amount_pence: the whole; the parts sum to it exactly.
        places_file: the user's own places (see ``place_files``); the default places without one, or where it
            is the word ``default``.
        unit: what to split in. Whole pounds where the amount is whole pounds, pence otherwise.
        populations: the people to share by; the shipped figures otherwise.
        floor_pence: the least that each receiver gets.
        missing: ``average`` to give whoever has no number of a measure the average of the others; refused otherwise.

    Raises:
        Refused: unknown ICB, a year without figures, a measure that somebody has no number of, floors that come to
            more than the amount, or problems in a file.
        UnknownWeighting: a measure that there is not, with those that there are.
    """
    if str(places_file) == DEFAULT:
        places_file = None
    asked = terms(by)
    column = plain_weighting(asked)
    plain_by = column or weighting_of(fund)
    whole_pounds = amount_pence % UNITS["pound"] == floor_pence % UNITS["pound"] == 0
    unit = unit or ("pound" if whole_pounds else "penny")
    people_of = populations or shipped()
    table = people_of.table
    problems = _request_problems(icb, year, level, amount_pence, floor_pence, places_file, unit, plain_by, people_of)
    refuse_any(problems)
    own = table.filter(pc.equal(table["icb"], icb))
    division = digest = None
    if places_file is not None:
        division, digest = divided(places_file, icb, people_of)
        own = with_places(own, division)
    names = people_of.names(level)
    plain = _by_weighting(own, plain_by, level, amount_pence, UNITS[unit], names)
    if column is not None and not floor_pence:
        parts, mixture = plain, None
    else:
        mixture = Mixture(measured(asked, own, level, names, missing=missing), floor_pence, plain_by)
        parts = _by_mixture(plain, mixture, amount_pence, UNITS[unit])
    if division:
        parts = [part if part.code == UNASSIGNED else replace(part, code=own_code(icb, part.code)) for part in parts]
    shared_by = column or (mixture.by if mixture else by)
    file = places_file.name if places_file else None
    return Allocation(
        icb, year, fund, level, shared_by, unit, amount_pence, tuple(parts), division, file, digest, people_of, mixture
    )


def _by_weighting(
    own: pa.Table, by: str, level: str, amount_pence: int, unit_pence: int, names: Mapping[str, str]
) -> list[Part]:
    """Every receiver's part by one weighting alone, in the order of their names; those of no receiver come last."""
    people, registered = _people(own, by, level), _people(own, "registered", level)
    for code in registered:
        people.setdefault(code, 0)
    units, whole = apportion(amount_pence // unit_pence, people), sum(people.values())
    counts = _counts(own[level].to_pylist())
    return [
        Part(
            code=code,
            name=IN_NONE.get(level, code) if code == UNASSIGNED else names.get(code, code),
            practices=counts.get(code, counts.get(None, 0)),
            registered_billionths=registered.get(code, 0),
            people_billionths=people[code],
            share=Fraction(people[code], whole),
            amount_pence=units[code] * unit_pence,
        )
        for code in sorted(people, key=lambda code: (code == UNASSIGNED, names.get(code, code)))
    ]


def _by_mixture(plain: Sequence[Part], mixture: Mixture, amount_pence: int, unit_pence: int) -> list[Part]:
    """The same parts by a mixture, with a least amount for each receiver, beside what they were."""
    shares = mixture.shares()
    receivers = {part.code for part in plain} - {UNASSIGNED}
    units, at_floor = with_floor(
        amount_pence // unit_pence, shares, mixture.floor_pence // unit_pence, receivers, unit_pence=unit_pence
    )
    return [
        replace(
            part,
            share=shares[part.code],
            amount_pence=units[part.code] * unit_pence,
            numbers=tuple(one.values[part.code] for one in mixture.terms),
            plain_pence=part.amount_pence,
            at_floor=part.code in at_floor,
        )
        for part in plain
    ]


def _people(own: pa.Table, by: str, level: str) -> dict[str, int]:
    """Weighted people of every receiver, in billionths, and of the practices that have none, where there are some."""
    people = weights(own, by, level)
    if outside := sum(weights(own, by, "icb").values()) - sum(people.values()):
        people[UNASSIGNED] = outside
    return people


def divided(places: Path, icb: str, people: Populations) -> tuple[Division, str]:
    """The places of an ICB other than the default ones, and the hash of what they rest on.

    Args:
        places: a file of the user's own, or the word ``sub-icb`` for the locations inside an ICB.
        icb: the ICB that they divide.
        people: whose practices; with sub-ICB locations, where that word is given.

    Raises:
        Refused: the figures have no sub-ICB locations, or problems in the file.
    """
    if str(places) != SUB_ICB:
        return read_division(places, icb, people.membership()), hashlib.sha256(places.read_bytes()).hexdigest()
    if "sub_icb" not in people.table.column_names:
        found = f"the figures of {people.year} do not say in which sub-ICB location a practice is."
        years = ", ".join(str(year) for year in shipped_years() if year.start > SHIPPED_YEAR.start)
        refuse(Input.PLACES, found, "Places are made of practices.", f"It is known for {years}.")
    own = people.table.filter(pc.equal(people.table["icb"], icb))
    names = names_of("sub_icb", people.year)
    rows = sorted(zip(own["practice"].to_pylist(), own["sub_icb"].to_pylist(), strict=True))
    place_of = {practice: f"{names[code]} ({code})" if code else UNASSIGNED for practice, code in rows}
    unassigned = tuple(practice for practice, code in rows if not code)
    return Division(place_of, unassigned), hashlib.sha256(repr(rows).encode()).hexdigest()


def _request_problems(
    icb: str, year: FinancialYear, level: str, amount_pence: int, floor_pence: int, places_file: Path | None,
    unit: str, by: str, people: Populations,
) -> list[Problem]:  # fmt: skip
    found = []
    icbs = set(people.table["icb"].to_pylist())
    if year != people.year:
        sentence = f"there are no population figures for {year}."
        years = ", ".join(str(one) for one in shipped_years())
        remedy = f"Use one of {years}, or bring a published practice file of {year} {Input.FIGURES.given}."
        found.append(Problem(Input.YEAR, sentence, "Shares would be of another year's people.", remedy))
    elif icb not in icbs:
        known = f"ICBs of that year: {', '.join(sorted(icbs))}."
        found.append(Problem(Input.ICB, f"there is no ICB '{icb}' in {year}.", "It has no people to share by.", known))
    if by not in people.weightings:
        sentence = f"{people.source} has no weighted population '{by}'."
        remedy = f"It has {', '.join(people.weightings)}."
        found.append(Problem(Input.WEIGHTING, sentence, "Missing is not zero.", remedy))
    if amount_pence % UNITS[unit]:
        sentence = f"£{exact_pounds(amount_pence)} is not a whole number of units of one {unit}."
        remedy = f"Split it in pence: {Input.WHOLE_UNIT.set_to('penny')}."
        found.append(Problem(Input.WHOLE_UNIT, sentence, "The parts could not sum to it.", remedy))
    if floor_pence % UNITS[unit]:
        sentence = f"£{exact_pounds(floor_pence)} is not a whole number of units of one {unit}."
        remedy = f"Split in pence: {Input.WHOLE_UNIT.set_to('penny')}."
        found.append(Problem(Input.FLOOR, sentence, "Nobody could get exactly that.", remedy))
    if floor_pence < 0 or (floor_pence and amount_pence < 0):
        sentence = f"at least £{exact_pounds(floor_pence)} each of £{exact_pounds(amount_pence)}."
        found.append(Problem(Input.FLOOR, sentence, "A least amount is of money that is handed out.", "Leave it out."))
    if places_file is not None and level != "place":
        sentence = "places were given, but the split is not to places."
        found.append(Problem(Input.PLACES, sentence, "They would be ignored.", f"Use {Input.LEVEL.set_to('place')}."))
    return found


def refuse_unknown_fund(reader: Reader, fund: str) -> None:
    """Refuse a fund that the books do not know, with the nearest that they do.

    Raises:
        Refused: there is no such fund.
    """
    if fund not in register.funds(reader):
        remedy = suggestion(reader, fund, "fund")
        refuse(Input.LINE, f"there is no fund '{fund}'.", "Its money cannot be split.", remedy)


def held_by(reader: Reader, at: Moment, icb: str, fund: str, year: FinancialYear, standing: str) -> int:
    """What an ICB itself holds of a fund, available or retained, in pence.

    Raises:
        Refused: it holds nothing of it; the message lists what it does hold.
    """
    rows = position(reader, at, organisation=icb, year=year.start).to_pylist()
    own = [row for row in rows if row["organisation"] == icb]
    pence: int = sum(row["amount_pence"] for row in own if row["fund"] == fund and row["standing"].startswith(standing))
    if pence <= 0:
        funds = sorted({f"{row['fund']} ({row['standing'].split()[0]})" for row in own})
        held = ", ".join(funds) or "nothing in this year"
        remedy = f"Give an amount {Input.AMOUNT.given}, or split what it holds: {held}."
        refuse(f"{icb}, {fund}", f"it holds nothing {standing} of it.", "There is nothing to split.", remedy)
    return pence


def title(allocation: Allocation) -> str:
    """What an allocation does, in a few words."""
    if allocation.mixture is not None:
        return f"£{exact_pounds(allocation.amount_pence)} of {allocation.fund} by {allocation.mixture.note}"
    return f"£{exact_pounds(allocation.amount_pence)} of {allocation.fund} by {allocation.by} population"


def own_code(icb: str, place: str) -> str:
    """The code of a place of the user's own: its name, with plain signs for those that a word processor sets."""
    return f"{icb}:{characters.plain(place)}"


def _counts(codes: list[Any]) -> dict[Any, int]:
    counts: dict[Any, int] = {}
    for code in codes:
        counts[code] = counts.get(code, 0) + 1
    return counts
