"""Who gains and who loses: in pounds, in percent, per head, by ICB, place, network, and by deprivation."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction

import pyarrow as pa
import pyarrow.compute as pc

from allocations.figures import tables
from ledger.money import round_half_up_fraction
from ledger.words import NO_CHOICE
from scenarios.change import held
from scenarios.world import HOLDERS, ICB, PCN, PLACE, PLURAL, PRACTICE, World

FIFTHS = 5
_FINE = 10**12  # whole numbers sort faster than fractions, and this fine they sort the same
BY_IMD = "Indices of Deprivation 2025, average score of the ICB (1 is the most deprived fifth of people)"
BY_NEED = (
    "health inequalities weighted people per registered person, which follows avoidable mortality "
    "(1 is the fifth of people with most need)"
)


@dataclass(frozen=True)
class Gain:
    """What one organisation has before and after.

    Attributes:
        change: as a part of what it had; None where it had nothing.
        per_head_pence: change for each registered person, to the penny; None where nobody is registered.
        directed_pence: where it is who decides that changes: how much of the change national contracts direct or
            passes through; whoever holds it does not decide it.
        not_known_pence: likewise, of how much of the change it is not known whose decision it is.
    """

    code: str
    name: str
    before_pence: int
    after_pence: int
    change_pence: int
    change: Fraction | None
    per_head_pence: int | None
    directed_pence: int = 0
    not_known_pence: int = 0

    @property
    def decided_pence(self) -> int:
        """How much of the change it would decide over, as far as that is known."""
        return self.change_pence - self.directed_pence - self.not_known_pence


@dataclass(frozen=True)
class Fifth:
    """A fifth of the people, by how deprived the organisations are that they belong to.

    Attributes:
        decided_per_head_pence: what of the change they would decide over; None where nobody is registered.
        not_known_per_head_pence: of what of it that is not known.
    """

    fifth: int
    organisations: int
    change_pence: int
    per_head_pence: int | None
    decided_per_head_pence: int | None = None
    not_known_per_head_pence: int | None = None


@dataclass(frozen=True)
class View:
    """Gains at one level, and by deprivation.

    Attributes:
        level: ``icb``: an ICB with all below it; or ``place``, ``pcn``, ``practice``: what is held there itself.
        gains: only those for whom something changes, from the largest gain to the largest loss.
        same: how many have exactly what they had.
        fifths: change by fifth of deprivation; ``basis`` says how deprivation is measured. Empty where there are
            too few organisations to tell, or where some began or ended.
        of_money: whether these are gains and losses of money; where systems do not get as much more between them, it
            is who decides over it that changes.
        began, ended: organisations that a change of structure made or closed: neither gainers nor losers.
    """

    level: str
    title: str
    gains: tuple[Gain, ...]
    same: int
    fifths: tuple[Fifth, ...]
    basis: str
    of_money: bool = True
    began: tuple[Gain, ...] = ()
    ended: tuple[Gain, ...] = ()

    @property
    def has_new_bounds(self) -> bool:
        """Whether somebody has more because somebody else is no more: nobody gains by that."""
        return bool(self.began or self.ended)

    @property
    def is_all_decided(self) -> bool:
        """Whether every holder decides over all that it would hold more or less of."""
        return all(gain.decided_pence == gain.change_pence for gain in self.gains)

    @property
    def verbs(self) -> tuple[str, str]:
        """What those do whose amount rises, and whose falls: to hold money that a contract directs is no decision."""
        if self.of_money:
            return "gain", "lose"
        return ("would decide over more", "over less") if self.is_all_decided else ("would hold more", "less")

    @property
    def counts(self) -> tuple[str, str]:
        """How many there are whose amount rises, and how many whose falls, each with its verb."""
        rising = len([gain for gain in self.gains if gain.change_pence > 0])
        up, down = self.verbs
        return _many(rising, up), _many(len(self.gains) - rising, down)


def _many(number: int, verb: str) -> str:
    return f"{f'{number:,}' if number else 'none'} {verb}"


_TITLES = {
    ICB: "ICBs, with all below them",
    PLACE: "Held by places themselves",
    PCN: "Held by networks themselves",
    PRACTICE: "Held by practices themselves",
    **{holder: f"Held by {PLURAL[holder]} themselves" for holder in HOLDERS},
}


def views(before: pa.Table, after: pa.Table, world_before: World, world: World) -> tuple[View, ...]:
    """Gains and losses at every level at which anything is held."""
    own, new = held(before), held(after)
    found = []
    systems = by_system(before, world_before), by_system(after, world)
    tiers = {ICB, *pc.unique(own["tier"]).to_pylist(), *pc.unique(new["tier"]).to_pylist()}
    for level in (level for level in _TITLES if level in tiers):
        if level == ICB:
            had, has = systems
        else:
            had, has = _by_holder(own, level, world_before), _by_holder(new, level, world)
        if had or has:
            of_money = _more(had, has) == _more(*systems)
            undecided = _Undecided() if of_money else _undecided(own, new, level)
            found.append(replace(_view(level, had, has, world_before, world, undecided), of_money=of_money))
    return tuple(found)


@dataclass(frozen=True)
class _Undecided:
    """What of each holder's change it does not decide over, and of what of it that is not known."""

    directed: Mapping[str, int] = field(default_factory=dict)
    not_known: Mapping[str, int] = field(default_factory=dict)


def _undecided(before: pa.Table, after: pa.Table, level: str) -> _Undecided:
    def change(is_meant: Callable[[pa.Table], pa.Array]) -> dict[str, int]:
        had, has = (
            _sums(table.filter(pc.and_(pc.equal(table["tier"], level), is_meant(table)))) for table in (before, after)
        )
        return {code: has.get(code, 0) - had.get(code, 0) for code in had.keys() | has.keys()}

    directs = pa.array(NO_CHOICE)
    return _Undecided(
        change(lambda table: pc.is_in(table["discretion"], value_set=directs)),
        change(lambda table: pc.is_null(table["discretion"])),
    )


def _more(had: Mapping[str, int], has: Mapping[str, int]) -> int:
    return sum(has.values()) - sum(had.values())


def by_system(table: pa.Table, world: World) -> dict[str, int]:
    """What each ICB holds with all below it, less what bidding costs them.

    Money of a network in several ICBs is shared by registered people, but for what an ICB of them gave it in a step.
    """
    only = world.only_icbs()
    found: dict[str, int] = {}
    sums = _sums(held(table.select(["organisation", "standing", "amount_pence"])))
    # Also who has handed on all that it had.
    for code, pence in _net({**dict.fromkeys(world.came_from, 0), **sums}, world).items():
        if (icb := only.get(code)) is not None:
            found[icb] = found.get(icb, 0) + pence
            continue
        for system, part in world.of_each_system(code, pence).items():
            found[system] = found.get(system, 0) + part
    return found


def _by_holder(table: pa.Table, level: str, world: World) -> dict[str, int]:
    own = _sums(table.filter(pc.equal(table["tier"], level)))
    return _net(own, world, world.population(level))


def _net(sums: Mapping[str, int], world: World, codes: Container[str] | None = None) -> dict[str, int]:
    """What organisations hold less what bidding costs them: those named, or everybody."""
    found = dict(sums)
    for code, pence in world.costs_of_bidding().items():
        if codes is None or code in codes:
            found[code] = found.get(code, 0) - pence
    return found


def _sums(table: pa.Table) -> dict[str, int]:
    summed = table.group_by("organisation", use_threads=False).aggregate([("amount_pence", "sum")])
    return dict(zip(summed["organisation"].to_pylist(), summed["amount_pence_sum"].to_pylist(), strict=True))


def _view(
    level: str, had: Mapping[str, int], has: Mapping[str, int], world_before: World, world: World, undecided: _Undecided
) -> View:
    people, people_before = world.population(level), world_before.population(level)
    codes = sorted(had.keys() | has.keys())
    rows = [_gain(code, had.get(code, 0), has.get(code, 0), people.get(code, 0), world, undecided) for code in codes]
    # A kind of holder that a step brings is no change of structure: whoever receives has something more.
    began = tuple(row for row in rows if row.code in people and row.code not in people_before) if people_before else ()
    ended = tuple(row for row in rows if row.code in people_before and row.code not in people)
    stayed = [row for row in rows if row not in began and row not in ended] if began or ended else rows
    changed = sorted((row for row in stayed if row.change_pence), key=lambda row: (-row.change_pence, row.code))
    fifths: tuple[Fifth, ...] = ()
    basis = ""
    if len(rows) >= FIFTHS and people and not (began or ended):
        scores, basis = deprivation(level, world)
        if world.scope is not None:
            # The people of one organisation, not of the country around it.
            scores = {row.code: scores[row.code] for row in rows if row.code in scores}
        fifths = _fifths(rows, scores, people)
    same = len(stayed) - len(changed)
    costs = ", less what bidding costs them" if world_before.bid_for or world.bid_for else ""
    return View(level, _TITLES[level] + costs, tuple(changed), same, fifths, basis, began=began, ended=ended)


def _gain(code: str, before: int, after: int, people: int, world: World, undecided: _Undecided) -> Gain:
    known = world.organisations.get(code)
    change = after - before
    return Gain(
        code, known.name if known else code, before, after, change,
        Fraction(change, before) if before else None, _per_head(change, people),
        undecided.directed.get(code, 0), undecided.not_known.get(code, 0),
    )  # fmt: skip


def _per_head(pence: int, people_billionths: int) -> int | None:
    return round_half_up_fraction(Fraction(pence * 10**9, people_billionths)) if people_billionths else None


def deprivation(level: str, world: World) -> tuple[dict[str, int], str]:
    """How deprived each organisation of a level is, and by what measure; empty where it is not known."""
    if level == ICB:
        rows = tables.table("deprivation_2025").to_pylist()
        scores = {row["icb"]: int(row["average_score"] * 10**4) for row in rows}
        if set(world.population(ICB)) <= set(scores):
            return scores, BY_IMD
    need, people = world.people_of("health_inequalities", level, PRACTICE), world.population(level)
    return {code: sum(need[code].values()) * _FINE // count for code, count in people.items() if count}, BY_NEED


def _fifths(gains: Sequence[Gain], scores: Mapping[str, int], people: Mapping[str, int]) -> tuple[Fifth, ...]:
    """Organisations in order of deprivation, cut where each fifth of the people is reached."""
    in_order = sorted((code for code in scores if people.get(code)), key=lambda code: (-scores[code], code))
    whole = sum(people[code] for code in in_order)
    if not whole:
        return ()
    of = {gain.code: gain for gain in gains}
    found, gone = [], 0
    members: dict[int, list[str]] = {number: [] for number in range(1, FIFTHS + 1)}
    for code in in_order:
        # Who lies across a border belongs where the middle of its people does.
        middle = gone + people[code] // 2
        members[min(middle * FIFTHS // whole + 1, FIFTHS)].append(code)
        gone += people[code]
    for number, codes in members.items():
        own = [of[code] for code in codes if code in of]
        change = sum(one.change_pence for one in own)
        decided, not_known = sum(one.decided_pence for one in own), sum(one.not_known_pence for one in own)
        counted = sum(people[code] for code in codes)
        heads = (_per_head(pence, counted) for pence in (change, decided, not_known))
        found.append(Fifth(number, len(codes), change, *heads))
    return tuple(found)
