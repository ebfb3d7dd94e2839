"""Restructure: merge or split ICBs, or move a place or a practice. Money follows people, to the penny."""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from allocations.figures import tables
from allocations.reading.strict_yaml import StrictModel
from allocations.shares.apportion import apportion
from allocations.shares.split import FIGURES_YEAR
from ledger.money import spoken
from ledger.reports.position import SOURCE
from ledger.years import FinancialYear
from scenarios.change import Change, hand_over, held, put_where, total
from scenarios.fields import By, CannotApply, Text
from scenarios.levers.base import Lever, amounts_of, refuse_unknown
from scenarios.weighing import check as check_by
from scenarios.weighing import weights
from scenarios.world import ICB, PCN, PLACE, PRACTICE, World, WorldOrganisation


class NewIcb(StrictModel):
    """An ICB that comes to be, of several that end."""

    code: str
    name: Text
    of: tuple[str, ...] = Field(min_length=2)


class SplitIcb(StrictModel):
    """An ICB that ends; its places go to others, and its own money by the people of each place.

    ``names`` gives the name of each successor that does not exist yet.
    """

    code: str
    places: dict[str, str] = Field(min_length=1, description="place to the ICB that it goes to")
    names: dict[str, str] = Field(default_factory=dict)


class MoveOne(StrictModel):
    """A place that goes to another ICB, or a practice that goes to another place or network."""

    code: str
    to: str
    by: By = "core"


class NewBody(StrictModel):
    """Somebody who takes over all that another body holds and decides, such as who follows NHS England."""

    code: str
    name: Text
    of: str


class Restructure(Lever):
    """Change who is part of whom: exactly one of ``succession``, ``merge``, ``split``, ``move`` and ``successor``.

    ``succession`` is a day for which the books' shipped successions say who becomes whom, such as 1 April 2026;
    where an ICB is divided, ``places`` says which of its places go where. An ICB's own money follows the
    registered people; what a place, network or practice holds goes with it.
    """

    lever: Literal["restructure"]
    succession: date | None = None
    places: dict[str, str] = Field(default_factory=dict, description="for a succession that divides an ICB")
    merge: NewIcb | None = None
    split: SplitIcb | None = None
    move: MoveOne | None = None
    successor: NewBody | None = Field(default=None, description="who follows a body that is no ICB")

    @model_validator(mode="after")
    def _one(self) -> "Restructure":
        ways = (self.succession, self.merge, self.split, self.move, self.successor)
        if len([each for each in ways if each is not None]) != 1:
            raise ValueError("give one of succession, merge, split, move and successor")
        return self

    def check(self, world: World) -> None:
        """Organisations that exist."""
        named = [*self.places]
        if self.merge:
            named += self.merge.of
        if self.split:
            named += [self.split.code, *self.split.places]
        if self.move:
            named += [self.move.code, self.move.to]
            check_by(self.move.by, world)
        if self.successor:
            named.append(self.successor.of)
        refuse_unknown(named, world, "It cannot be restructured.", key="")

    def foretell(self, world: World) -> World:
        """The ICBs that will be."""
        fresh = {}
        if self.merge:
            fresh[self.merge.code] = WorldOrganisation(self.merge.code, self.merge.name, ICB)
        if self.split:
            fresh = {code: WorldOrganisation(code, name, ICB) for code, name in self.split.names.items()}
        if self.successor and self.successor.of in world.organisations:
            before = world.organisations[self.successor.of]
            rest = {code: each for code, each in world.organisations.items() if code != before.code}
            new = WorldOrganisation(self.successor.code, self.successor.name, before.tier, before.icb)
            return world.changed(organisations={**rest, new.code: new})
        return world.changed(organisations={**world.organisations, **fresh})

    def apply(self, position: pa.Table, world: World) -> Change:
        """Restate the structure and hand the money over."""
        if self.move is not None:
            return self._moved(position, world, self.move)
        if self.successor is not None:
            return self._followed(position, world, self.successor)
        if self.merge is not None:
            into = {code: {self.merge.code: 1} for code in self.merge.of}
            return _succeed(position, self.foretell(world), into, {}, f"merges {len(into)} ICBs into {self.merge.name}")
        if self.split is not None:
            return self._split(position, self.foretell(world), self.split)
        return self._succession(position, world)

    def _followed(self, position: pa.Table, world: World, new: NewBody) -> Change:
        """All that a body holds, and gives as the source of money, under the name of who follows it."""
        theirs = pc.equal(position["organisation"], new.of)
        rows = np.flatnonzero(theirs.to_numpy(zero_copy_only=False))
        whole = total(held(position.filter(theirs)))
        after = put_where(position, rows, organisation=new.code, organisation_name=new.name)
        was = world.organisations[new.of].name
        says = f"puts {new.name} in the place of {was}, with {spoken(whole)} that it holds"
        return Change(after, self.foretell(world), says, whole)

    def _split(self, position: pa.Table, world: World, split: SplitIcb) -> Change:
        own = world.people_of("registered", ICB, PLACE).get(split.code, {})
        _refuse_unplaced(split.code, own, split.places)
        people: dict[str, int] = {}
        for place, successor in split.places.items():
            if place not in own:
                its = world.icb_of(place) or "no ICB"
                raise CannotApply(
                    f"{place} is not in {split.code}; it is in {its}.",
                    "Only its own places can leave it.",
                    "Correct the place.",
                    "split",
                )
            if successor not in world.organisations:
                raise CannotApply(
                    f"there is no ICB '{successor}'.", "A place cannot go there.", "Name it under 'names'.", "split"
                )
            people[successor] = people.get(successor, 0) + own[place]
        says = f"divides {split.code} among {len(people)} ICBs"
        return _succeed(position, world, {split.code: people}, split.places, says)

    def _succession(self, position: pa.Table, world: World) -> Change:
        into: dict[str, dict[str, int]] = {}
        for row in tables.table("successions").to_pylist():
            if row["effective_date"] == self.succession:
                into.setdefault(row["predecessor"], {})[row["successor"]] = tables.billionths(row["registered"])
        if not into:
            days = sorted({str(day) for day in tables.table("successions")["effective_date"].to_pylist()})
            raise CannotApply(
                f"no succession is known for {self.succession}.",
                "Nobody becomes anybody on that day.",
                f"There is {', '.join(days)}.",
                "succession",
            )
        for icb, successors in sorted(into.items()):
            if len(successors) > 1:
                own = world.people_of("registered", ICB, PLACE).get(icb, {})
                _refuse_unplaced(icb, own, self.places)
                wrong = sorted({self.places[place] for place in own} - set(successors))
                if wrong:
                    raise CannotApply(
                        f"{icb} does not become {', '.join(wrong)}.",
                        "Its places go to those who succeed it.",
                        f"They are {', '.join(sorted(successors))}.",
                        "places",
                    )
        after = len({code for each in into.values() for code in each})
        says = f"restates {len(into)} ICBs as the {after} that follow them on {self.succession}"
        return _succeed(position, world, into, self.places, says, _homes(world.year))

    def _moved(self, position: pa.Table, world: World, move: MoveOne) -> Change:
        tier, above = world.organisations[move.code].tier, world.organisations[move.to].tier
        if (tier, above) not in ((PLACE, ICB), (PRACTICE, PLACE), (PRACTICE, PCN)):
            raise CannotApply(
                f"{move.code} is a {tier} and {move.to} a {above}.",
                "A place goes to an ICB; a practice goes to a place or a network.",
                "Name such a pair.",
                "move",
            )
        before = {row[tier]: row[above] for row in world.people.select([tier, above]).to_pylist()}.get(move.code)
        if before is None or before == move.to:
            where = f"is in {before}" if before else f"has no {above}"
            raise CannotApply(f"{move.code} {where}.", "There is nothing to move.", "Name another.", "move")
        moved_people = _relabelled(world.people, tier, move.code, above, move.to)
        if tier == PRACTICE and above == PLACE:
            moved_people = _relabelled(moved_people, tier, move.code, ICB, world.icb_of(move.to))
        rows = _held_by(position, {before})
        source, pence = [], []
        for row in rows:
            line = position.slice(int(row), 1).to_pylist()[0]
            among = weights(move.by, world, above, tier, line["fund"], line["stream"]).get(before, {})
            goes = among.get(move.code, 0)
            share = apportion(line["amount_pence"], {"goes": goes, "stays": sum(among.values()) - goes})
            if share["goes"]:
                source.append(int(row))
                pence.append(share["goes"])
        after, moves = position, None
        if pence:
            after, moves = hand_over(
                position, world, np.array(source), np.array(pence, np.int64), [move.to] * len(pence)
            )
        total = sum(pence)
        says = (
            f"moves {move.code} from {before} to {move.to}, with {spoken(total)} of what {before} held for its people"
        )
        return Change(after, world.changed(people=moved_people), says, total, 0, moves)


def _succeed(
    position: pa.Table, world: World, into: Mapping[str, Mapping[str, int]], places: Mapping[str, str], says: str,
    homes: Mapping[str, str] = MappingProxyType({}),
) -> Change:  # fmt: skip
    """Hand what predecessors hold to their successors by people, and relabel who lives where.

    Args:
        homes: practice to the ICB that it is known to be in; where that is not known, its place says it.
    """
    succeeding = sorted(code for each in into.values() for code in each)
    refuse_unknown(succeeding, world, "It cannot succeed anybody.", "Name it in the books first.", key="")
    rows = _held_by(position, set(into))
    codes = position["organisation"].take(pa.array(rows)).to_pylist()
    source, receivers, pence = [], [], []
    for row, code, amount in zip(rows.tolist(), codes, amounts_of(position, rows).tolist(), strict=True):
        for successor, part in apportion(amount, into[code]).items():
            if part:
                source.append(row)
                receivers.append(successor)
                pence.append(part)
    after, moves = position, None
    if pence:
        after, moves = hand_over(position, world, np.array(source), np.array(pence, np.int64), receivers)
    new = [
        _home(into[icb], homes.get(practice), places.get(place)) if icb in into else icb
        for icb, place, practice in zip(
            *(world.people[name].to_pylist() for name in (ICB, PLACE, PRACTICE)), strict=True
        )
    ]
    people = world.people.set_column(world.people.schema.get_field_index(ICB), ICB, pa.array(new, pa.string()))
    return Change(
        after, world.changed(people=people), f"{says}, with {spoken(sum(pence))} of their own", sum(pence), 0, moves
    )


def _home(successors: Mapping[str, int], known: str | None, by_place: str | None) -> str:
    """Whose a practice is afterwards: as is known of it, else where its place goes, else where most people go."""
    if known is not None and known in successors:
        return known
    return by_place or max(sorted(successors), key=lambda code: successors[code])


def _homes(year: FinancialYear) -> dict[str, str]:
    """Practice to ICB in a year of several, where the people of that year are shipped with their ICBs."""
    if year <= FIGURES_YEAR or year.start not in tables.PEOPLE:
        return {}
    shipped = tables.table(tables.PEOPLE[year.start])
    return dict(zip(shipped[PRACTICE].to_pylist(), shipped[ICB].to_pylist(), strict=True))


def _refuse_unplaced(icb: str, own: Mapping[str, int], places: Mapping[str, str]) -> None:
    missing = sorted(set(own) - set(places))
    if missing:
        raise CannotApply(
            f"{icb} is divided, and it is not said where {', '.join(missing)} go.",
            "Every place has one ICB.",
            "Add them under 'places'.",
            "places",
        )


def _held_by(position: pa.Table, codes: set[str]) -> Any:
    theirs = pc.is_in(position["organisation"], value_set=pa.array(sorted(codes), pa.string()))
    own = pc.and_(theirs, pc.not_equal(position["standing"], SOURCE))
    return np.flatnonzero(own.to_numpy(zero_copy_only=False))


def _relabelled(people: pa.Table, tier: str, code: str, column: str, value: str | None) -> pa.Table:
    chosen = pc.fill_null(pc.equal(people[tier], code), False)
    changed = pc.if_else(chosen, pa.scalar(value, pa.string()), people[column])
    return people.set_column(people.schema.get_field_index(column), column, changed)
