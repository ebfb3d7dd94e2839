"""Who else could hold money below an ICB: councils, providers, pools, and those who are to hold contracts for people.

The books know places, networks and practices. An integrated health organisation (IHO), a multi- or single-neighbourhood
provider (MNP, SNP), a pool or a council is made in the world of a scenario: one for each place, network, ICB or
authority, with the people who live there; or named, with its part.
"""

import re
from typing import Literal

import pyarrow as pa
from pydantic import model_validator

from allocations.figures import tables
from allocations.reading.strict_yaml import StrictModel
from scenarios.fields import CannotApply, Share, Text
from scenarios.world import ICB, PCN, PLACE, World, WorldOrganisation, WorldTier

Holder = Literal["local_authority", "provider", "pool", "iho", "mnp", "snp"]
_AUTHORITY = "local_authority"
# Of each kind of holder: what one is called, how many steps below the ICB, and for each of what there is one.
_KINDS: dict[str, tuple[str, int, str | None]] = {
    _AUTHORITY: ("Council", 1, _AUTHORITY),
    "provider": ("Provider", 1, None),
    "pool": ("Pool", 1, _AUTHORITY),
    "iho": ("Integrated health organisation", 1, ICB),
    "mnp": ("Multi-neighbourhood provider", 1, PLACE),
    "snp": ("Single-neighbourhood provider", 2, PCN),
}
_CODE = re.compile(r"[EW]\d{8}$")
_LENGTH = 9  # of such a code


class NamedHolder(StrictModel):
    """One holder by name.

    Attributes:
        share: its part of what is handed over.
        icb: the ICB in which it is.
    """

    name: Text
    share: Share
    icb: str


class Holders(StrictModel):
    """Who receives: one for ``each`` place, network, ICB or authority; or those ``named`` by code, with their parts."""

    each: Literal["icb", "place", "pcn", "local_authority"] | None = None
    named: dict[str, NamedHolder] | None = None

    @model_validator(mode="after")
    def _one(self) -> "Holders":
        if (self.each is None) == (self.named is None):
            raise ValueError("give either each or named")
        if self.named is not None and sum(each.share for each in self.named.values()) != 1:
            raise ValueError("the shares of those named must sum to 1")
        return self

    def check(self, world: World) -> None:
        """Names that exist, and do not yet."""
        for code, each in (self.named or {}).items():
            if each.icb not in world.organisations:
                raise CannotApply(f"there is no ICB '{each.icb}'.", "Nobody is in it.", "Correct the code.", "holders")
            if code in world.organisations:
                raise CannotApply(
                    f"there is an organisation '{code}' already.",
                    "Two would be one.",
                    "Choose another code.",
                    "holders",
                )


def usual(tier: str) -> Holders:
    """One for each of what a tier is for.

    Raises:
        CannotApply: there is none for each of anything, as of providers.
    """
    each = _KINDS[tier][2]
    if each is None:
        raise CannotApply(
            f"it is not said which {tier}s receive.",
            "The books do not hold who serves whom.",
            "Name them under 'holders: {named: ...}' with the share and the ICB of each.",
            "holders",
        )
    return Holders.model_validate({"each": each})


def with_holders(world: World, tier: str, holders: Holders) -> World:
    """The world with these holders in it, and who lives where; the same where they are there already."""
    title, depth, _ = _KINDS[tier]
    level = world.tiers.get(tier) or WorldTier(tier, title, world.tiers[ICB].rank + depth, depth)
    tiers = {**world.tiers, tier: level}
    if holders.named is not None:
        fresh = {code: WorldOrganisation(code, one.name, tier, one.icb) for code, one in holders.named.items()}
        return world.changed(tiers=tiers, organisations={**world.organisations, **fresh})
    if tier in world.people.column_names:
        return world
    each = holders.each or ""
    below, names = _authorities(world) if each == _AUTHORITY else (world.people[each], _names(world))
    prefix = "" if tier == each else f"{tier.upper()}-"
    column = [None if code is None else f"{prefix}{code}" for code in below.to_pylist()]
    made = {code: code.removeprefix(prefix) for code in column if code}
    fresh = {
        code: WorldOrganisation(code, f"{title}: {names.get(base, base)}", tier)
        for code, base in sorted(made.items())
        if code not in world.organisations
    }
    people = world.people.append_column(tier, pa.array(column, pa.string()))
    return world.changed(tiers=tiers, organisations={**world.organisations, **fresh}, people=people)


def _names(world: World) -> dict[str, str]:
    return {code: each.name for code, each in world.organisations.items()}


def _authorities(world: World) -> tuple[pa.ChunkedArray, dict[str, str]]:
    """The upper-tier authority of each practice by its default place, and the authorities' names.

    Raises:
        CannotApply: a place is no default place: whose part it is is not known.
    """
    own = sorted({code for code in world.people[PLACE].to_pylist() if code and not _CODE.search(code)})
    if own:
        raise CannotApply(
            f"it is not known which authority {own[0]} is part of.",
            "A council's people are those of its default places.",
            "Take the default places, or name the holders.",
            "holders",
        )
    codes = [code and code[-_LENGTH:] for code in world.people[PLACE].to_pylist()]
    icbs = world.people[ICB].to_pylist()
    whose: dict[str, set[str]] = {}
    for code, icb in zip(codes, icbs, strict=True):
        whose.setdefault(code, set()).add(icb)
    # A council that lies in several ICBs has its part in each: what one of them gives is no gain of the others.
    parts = [
        code if code is None or len(whose[code]) == 1 else f"{code}-{icb}"
        for code, icb in zip(codes, icbs, strict=True)
    ]
    names = {row["authority"]: row["authority_name"] for row in tables.table("districts").to_pylist()}
    named = {
        part: names.get(part[:_LENGTH], part) + ("" if part in whose else f" (its part in {part[_LENGTH + 1 :]})")
        for part in parts
        if part
    }
    return pa.chunked_array([pa.array(parts, pa.string())]), named
