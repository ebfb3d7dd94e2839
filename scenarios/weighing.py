"""By what money is shared: a weighted population by name, equal parts, a measure that the file brings, or a mixture.

A mixture takes each measure's shares among the same receivers and adds them up by the parts given; measures in
different units are never added themselves.
"""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from math import lcm

from allocations.demo.policy import read_policy
from allocations.figures.weightings import WEIGHTINGS, UnknownWeighting, weighting
from allocations.places.division import UNASSIGNED
from scenarios.fields import By, CannotApply
from scenarios.world import EQUAL, ICB, LEVELS, NATIONAL, PCN, PLACE, World

FAIR_SHARE = "fair share"
# The weighting that fits a stream where no line of the shipped policy says better.
_BY_STREAM = {"primary medical": "primary_medical"}
_memo: dict[str, str] = {}


def fitting(fund: str, stream: str) -> str:
    """The weighted population that fits a fund: what the shipped devolution policy shares it by, else its stream's.

    It is this project's reading: core weighted population, except for lines with a component of their own.
    """
    if not _memo:
        _memo.update({rule.fund: rule.by for rule in read_policy()[0].devolve})
    return _memo.get(fund) or _BY_STREAM.get(stream, "core")


def check(by: By, world: World, *, key: str = "by") -> None:
    """Refuse a weighting that does not exist, or not for the year.

    Raises:
        CannotApply: an unknown name, a mixture that does not make one, or a year without populations.
    """
    if isinstance(by, str):
        parts: Mapping[str, Decimal] = {by: Decimal(1)}
    else:
        parts = by
        whole = sum(by.values(), Decimal(0))
        if whole != 1:
            raise CannotApply(
                f"the parts of the mixture sum to {whole}.", "They must make one whole.", "Correct the parts.", key
            )
    for name in parts:
        if name in (FAIR_SHARE, EQUAL) or name in world.given:
            if name == FAIR_SHARE:
                _refuse_missing_year(name, world, key)
            continue
        try:
            weighting(name)
        except UnknownWeighting as error:
            brought = ", ".join(world.given) or "none"
            raise CannotApply(
                str(error), f"Money cannot be shared by it; the file brings {brought} of its own.",
                f"Name one of them, '{FAIR_SHARE}' or '{EQUAL}'.", key,
            ) from None  # fmt: skip
        _refuse_missing_year(name, world, key)


def _refuse_missing_year(name: str, world: World, key: str) -> None:
    of_another = world.people_year != world.year and not world.borrows_people
    if of_another or not world.people.num_rows:
        known = world.people_year or "2025/26"
        raise CannotApply(
            f"there is no weighting '{name}' for {world.year}.",
            f"The weighted populations shipped are those of {known}.",
            f"Take a baseline of {known}, or bring values of your own under 'measures'.",
            key,
        )


def weights(by: By, world: World, holders: str, receivers: str, fund: str, stream: str) -> dict[str, dict[str, int]]:
    """Whole weights of the receivers of every holder of a tier: holder to receiver to weight.

    Receivers who are nobody, such as practices in no PCN, stand under ``UNASSIGNED`` with their weight, so
    that their share is not handed to others.

    Raises:
        CannotApply: a measure has no value for somebody who would share.
    """
    if isinstance(by, str):
        return _single(by, world, holders, receivers, fund, stream)
    key = (tuple(by.items()), holders, receivers, FAIR_SHARE in by and fitting(fund, stream))
    return world.remember(key, lambda: _mixture(by, world, holders, receivers, fund, stream))


def _mixture(
    by: Mapping[str, Decimal], world: World, holders: str, receivers: str, fund: str, stream: str
) -> dict[str, dict[str, int]]:
    measured = {name: _single(name, world, holders, receivers, fund, stream) for name in by}
    found: dict[str, dict[str, int]] = {}
    for holder in next(iter(measured.values())):
        found[holder] = _mixed({name: each[holder] for name, each in measured.items()}, by)
    return found


def _single(by: str, world: World, holders: str, receivers: str, fund: str, stream: str) -> dict[str, dict[str, int]]:
    if by == EQUAL:
        return world.remember((EQUAL, holders, receivers), lambda: _equal(world, holders, receivers))
    if by in world.given:
        return world.remember((by, holders, receivers), lambda: _brought(by, world, holders, receivers))
    name = fitting(fund, stream) if by == FAIR_SHARE else weighting(by)
    return world.people_of(name, holders, receivers)


def _equal(world: World, holders: str, receivers: str) -> dict[str, dict[str, int]]:
    people = world.people_of(WEIGHTINGS[0], holders, receivers)
    return {holder: {code: int(code != UNASSIGNED) for code in each} for holder, each in people.items()}


def _brought(by: str, world: World, holders: str, receivers: str) -> dict[str, dict[str, int]]:
    values = world.given[by]
    scale = lcm(*(value.denominator for value in values.values()))
    found: dict[str, dict[str, int]] = {}
    for holder, each in world.people_of(WEIGHTINGS[0], holders, receivers).items():
        for code in each:
            if code not in values and code != UNASSIGNED:
                raise CannotApply(
                    f"the measure '{by}' has no value for {code}.",
                    "Missing is not zero.",
                    f"Give a value for every {receivers} that shares.",
                    "by",
                )
        found[holder] = {code: int(values.get(code, Fraction(0)) * scale) for code in each}
    return found


def _mixed(measured: Mapping[str, Mapping[str, int]], parts: Mapping[str, Decimal]) -> dict[str, int]:
    """Shares added up by parts, as whole weights: part x weight x the other measures' totals."""
    totals = {name: sum(each.values()) for name, each in measured.items()}
    whole = 1
    for total in totals.values():
        whole *= total
    exact = {name: Fraction(part) for name, part in parts.items()}
    scale = lcm(*(part.denominator for part in exact.values()))
    factor = {name: int(exact[name] * scale) * (whole // totals[name] if totals[name] else 0) for name in measured}
    codes = next(iter(measured.values()))
    return {code: sum(factor[name] * measured[name][code] for name in measured) for code in codes}


# From whom a council, a provider, a pool or a holder of a contract may have money, nearest first.
_ABOVE_HOLDERS = {
    "iho": (ICB, NATIONAL),
    **dict.fromkeys(("local_authority", "pool", "provider", "mnp"), (PLACE, "iho", ICB, NATIONAL)),
    "snp": (PCN, PLACE, "mnp", "iho", ICB, NATIONAL),
}


def tier_above(tier: str) -> tuple[str, ...]:
    """The tiers that can share money out to a tier, nearest first."""
    return tuple(reversed(LEVELS[: LEVELS.index(tier)])) if tier in LEVELS else _ABOVE_HOLDERS[tier]
