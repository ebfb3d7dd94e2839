"""One small language, used by every lever, to say which money is meant: which funds, and whose.

A key narrows the choice; a list means any of its words. What is not said is not asked. A selection that
finds nothing is refused, with what there is.
"""

from collections.abc import Iterable
from datetime import date
from difflib import get_close_matches
from typing import Annotated, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import BeforeValidator, Field

from allocations.reading.strict_yaml import StrictModel, Whole, YesNo
from ledger.money import spoken
from ledger.reports.position import BY_AGREEMENT, SOURCE, WITHOUT_AGREEMENT
from ledger.words import AVAILABLE, SPENT
from scenarios.change import total
from scenarios.fields import CannotApply, Grade, Pounds, Route, Year
from scenarios.world import World

Mask = Any  # a NumPy array of booleans, one for each row of a position

# Money that its partners agreed to be kept, and money that is spent, moves only when it is asked for by name.
FREE_TO_MOVE = (AVAILABLE, WITHOUT_AGREEMENT)
Standing = Literal["available", "retained by agreement", "retained without agreement", "spent"]
STANDINGS = (AVAILABLE, BY_AGREEMENT, WITHOUT_AGREEMENT, SPENT)
_MOST_NAMED = 12


def _listed(written: Any) -> Any:
    return [written] if isinstance(written, str) else written


Words = Annotated[tuple[str, ...], BeforeValidator(_listed), Field(min_length=1)]
Grades = Annotated[tuple[Grade, ...], BeforeValidator(_listed), Field(min_length=1)]
Routes = Annotated[tuple[Route, ...], BeforeValidator(_listed), Field(min_length=1)]
Standings = Annotated[tuple[Standing, ...], BeforeValidator(_listed), Field(min_length=1)]
Segments = Annotated[
    tuple[Whole, ...], BeforeValidator(lambda v: [v] if isinstance(v, int) else v), Field(min_length=1)
]


class Funds(StrictModel):
    """Which funds. All that is said must hold.

    ``below_pounds`` and ``above_pounds`` look at a fund as each ICB sees it: what the ICB and those below it
    hold of it in a year together.
    """

    codes: Words | None = None
    inside: Words | None = Field(default=None, alias="in", description="these funds and those inside them")
    stream: Words | None = None
    resource: Literal["revenue", "capital"] | None = None
    grade: Grades | None = None
    route: Routes | None = None
    recurrent: YesNo | None = None
    below_pence: Pounds | None = Field(default=None, alias="below_pounds")
    above_pence: Pounds | None = Field(default=None, alias="above_pounds")
    notified_after: date | None = None
    notified_before: date | None = None
    spend_by_before: date | None = None
    placeable: YesNo | None = Field(default=None, description="could be held at place or below")
    year: Year | None = None

    def check(self, world: World) -> None:
        """Refuse what can be nobody's fund.

        Raises:
            CannotApply: a fund or a stream that does not exist.
        """
        for code in (*(self.codes or ()), *(self.inside or ())):
            if code not in world.funds:
                raise _unknown("fund", code, world.funds, "funds")
        streams = {fund.stream for fund in world.funds.values()}
        for stream in self.stream or ():
            if stream not in streams:
                raise _unknown("stream", stream, streams, "funds")

    def mask(self, position: pa.Table, world: World) -> Mask:
        """Which rows of a position are of these funds."""
        self.check(world)
        chosen = np.ones(position.num_rows, dtype=bool)
        for column, words in self._words(world).items():
            chosen &= among(position, column, words)
        for answer in self._answers(position):
            chosen &= _true(answer)
        if self.placeable is not None:
            chosen &= _true(pc.greater(position["lowest_depth"], 0)) == self.placeable
        if self.below_pence is not None or self.above_pence is not None:
            sizes = _sizes(position, world)
            chosen &= True if self.below_pence is None else sizes < self.below_pence
            chosen &= True if self.above_pence is None else sizes > self.above_pence
        return chosen

    def _words(self, world: World) -> dict[str, Iterable[str]]:
        """Column to the words that are meant."""
        asked: dict[str, Iterable[str] | None] = {"stream": self.stream, "grade": self.grade, "route": self.route}
        asked["fund"] = self.codes
        if self.inside is not None:
            inside = set().union(*(world.inside(code) for code in self.inside))
            asked["fund"] = inside if self.codes is None else inside & set(self.codes)
        return {column: sorted(words) for column, words in asked.items() if words is not None}

    def _answers(self, position: pa.Table) -> list[Any]:
        """A column of true and false for each thing asked of a single column."""
        compare = (
            (pc.equal, "resource", self.resource),
            (pc.equal, "recurrent", self.recurrent),
            (pc.equal, "year", None if self.year is None else self.year.start),
            (pc.greater, "notified_on", self.notified_after),
            (pc.less, "notified_on", self.notified_before),
            (pc.less, "spend_by", self.spend_by_before),
        )
        return [question(position[column], value) for question, column, value in compare if value is not None]


class Organisations(StrictModel):
    """Whose money. ``within`` means an ICB and everyone below it; ``segment`` is the oversight segment of the ICB."""

    tier: Words | None = None
    codes: Words | None = None
    within: Words | None = None
    standing: Standings | None = None
    segment: Segments | None = None

    def check(self, world: World) -> None:
        """Refuse who cannot be anybody.

        Raises:
            CannotApply: an unknown tier or organisation, somebody who is not in the ICB named, or segments
                that the file does not give.
        """
        for tier in self.tier or ():
            if tier not in world.tiers:
                raise _unknown("tier", tier, world.tiers, "organisations")
        for code in (*(self.codes or ()), *(self.within or ())):
            if code not in world.organisations:
                raise _unknown("organisation", code, world.organisations, "organisations")
        if self.within and self.codes:
            for code in self.codes:
                if not set(world.systems().get(code, ())) & set(self.within):
                    its = world.icb_of(code) or "no ICB"
                    raise CannotApply(
                        f"{code} is not in {', '.join(self.within)}; it is in {its}.",
                        "It holds none of that ICB's money.",
                        "Name an organisation of that ICB, or leave out 'within'.",
                        "organisations",
                    )
        if self.segment and not world.segments:
            raise CannotApply(
                "the file gives no oversight segments.",
                "ICBs cannot be chosen by them.",
                "Add 'segments' with the segment of each ICB, and its source.",
                "organisations",
            )

    def mask(self, position: pa.Table, world: World) -> Mask:
        """Which rows of a position are theirs; never the source of the money."""
        self.check(world)
        chosen = ~_true(pc.equal(position["standing"], SOURCE))
        if self.tier is not None:
            chosen &= among(position, "tier", self.tier)
        if self.codes is not None:
            chosen &= among(position, "organisation", self.codes)
        if self.within is not None:
            chosen &= among(position, "organisation", {code for icb in self.within for code in world.inside_of(icb)})
        if self.standing is not None:
            chosen &= among(position, "standing", self.standing)
        if self.segment is not None:
            icbs = {icb for icb, segment in world.segments.items() if segment in self.segment}
            chosen &= among(position, "organisation", [code for code in world.systems() if world.icb_of(code) in icbs])
        return chosen


def _named_funds(written: Any) -> Any:
    return (
        {"codes": [written]}
        if isinstance(written, str)
        else {"codes": written}
        if isinstance(written, list)
        else written
    )


# A list of codes is short for those funds.
FundSelection = Annotated[Funds, BeforeValidator(_named_funds)]


def select(
    position: pa.Table,
    world: World,
    funds: Funds,
    organisations: Organisations,
    *,
    standings: Iterable[str] = FREE_TO_MOVE,
    tiers: Iterable[str] = (),
) -> Any:
    """The row numbers of the money that is meant.

    Args:
        standings: which standings are meant where the file names none.
        tiers: which tiers are meant where the file names neither tiers nor codes.

    Raises:
        CannotApply: nothing is selected, with what there is; or something named does not exist.
    """
    if organisations.standing is None:
        organisations = organisations.model_copy(update={"standing": tuple(standings)})
    if organisations.tier is None and organisations.codes is None and tiers:
        organisations = organisations.model_copy(update={"tier": tuple(tiers)})
    # A line that was handed on whole is not there any more, though its row may be.
    there = _true(pc.greater(position["amount_pence"], 0))
    of_funds = funds.mask(position, world) & there
    theirs = organisations.mask(position, world) & there
    rows = np.flatnonzero(of_funds & theirs)
    if not len(rows):
        raise _empty(position, of_funds, theirs)
    return rows


def among(position: pa.Table, column: str, words: Iterable[str]) -> Mask:
    """Which rows have one of the words in a column."""
    return _true(pc.is_in(position[column], value_set=pa.array(list(words), pa.string())))


def _true(answer: Any) -> Mask:
    """Which rows are true; a missing value is not."""
    return pc.fill_null(answer, False).to_numpy(zero_copy_only=False)


def _sizes(position: pa.Table, world: World) -> Any:
    """For each row, what its ICB and all below it hold of the fund in the year; nationally held money by holder."""
    whose = system_column(position, world)
    amounts = pc.if_else(pc.equal(position["standing"], SOURCE), 0, position["amount_pence"])
    keyed = pa.table({"whose": whose, "fund": position["fund"], "year": position["year"], "pence": amounts})
    summed = keyed.group_by(["whose", "fund", "year"]).aggregate([("pence", "sum")])
    numbered = keyed.append_column("row", pa.array(range(position.num_rows), pa.int64()))
    joined = numbered.join(summed, ["whose", "fund", "year"]).sort_by("row")
    return joined["pence_sum"].to_numpy()


def system_column(position: pa.Table, world: World) -> pa.Array:
    """The ICB of each row, or the holder itself where it is above or outside every ICB."""
    codes = position["organisation"].combine_chunks().dictionary_encode()
    main = world.main_icbs()
    names = [main.get(code, code) for code in codes.dictionary.to_pylist()]
    return pa.array(names, pa.string()).take(codes.indices)


def _unknown(what: str, word: str, known: Iterable[str], key: str) -> CannotApply:
    near = get_close_matches(word, list(known), 1)
    listed = sorted(known)
    there = (
        ", ".join(listed)
        if len(listed) <= _MOST_NAMED * 2
        else f"{len(listed)} of them, such as {', '.join(listed[:5])}"
    )
    remedy = f"Did you mean {near[0]}?" if near else f"There are {there}."
    return CannotApply(f"there is no {what} '{word}'.", "It selects nothing.", remedy, key)


def _empty(position: pa.Table, of_funds: Mask, of_holders: Mask) -> CannotApply:
    """Nothing is selected: say which half of the selection found something, and what that was."""
    if of_funds.any() and not of_holders.any():
        return CannotApply(
            "it selects nobody who holds money.", "Nothing would change.", _holders(position), "organisations"
        )
    if of_holders.any() and not of_funds.any():
        return CannotApply("it selects no fund that is held.", "Nothing would change.", _held_funds(position), "funds")
    if not of_funds.any():
        return CannotApply(
            "it selects neither a fund nor a holder.", "Nothing would change.", _held_funds(position), "funds"
        )
    remedy = f"Of those funds, {_holders(position.filter(pa.array(of_funds))).lower()}"
    return CannotApply(
        "those organisations hold none of those funds in that standing.", "Nothing would change.", remedy, ""
    )


def _holders(position: pa.Table) -> str:
    own = position.filter(pc.not_equal(position["standing"], SOURCE))
    summed = own.group_by(["tier", "standing"]).aggregate([("amount_pence", "sum")])
    pairs = summed.sort_by([("tier", "ascending"), ("standing", "ascending")]).to_pylist()
    told = "; ".join(f"{row['tier']}, {row['standing']}: {spoken(row['amount_pence_sum'])}" for row in pairs)
    return f"There is {told or 'nothing held'}."


def _held_funds(position: pa.Table) -> str:
    own = position.filter(pc.not_equal(position["standing"], SOURCE))
    rows = own.group_by(["fund", "grade", "route"]).aggregate([("amount_pence", "sum")]).sort_by("fund").to_pylist()
    told = [f"{row['fund']} ({row['grade'] or 'not graded'}, by {row['route'] or 'no route'})" for row in rows]
    more = f" and {len(told) - _MOST_NAMED} more" if len(told) > _MOST_NAMED else ""
    return f"There is {', '.join(told[:_MOST_NAMED]) or 'nothing held'}{more}."


def everybody() -> Organisations:
    """No narrowing at all."""
    return Organisations()


def in_words(position: pa.Table, rows: Any) -> str:
    """What a selection found, in words: how much, in how many funds, at how many organisations."""
    chosen = position.take(pa.array(rows))
    funds = len(pc.unique(chosen["fund"]))
    holders = len(pc.unique(chosen["organisation"]))
    lines = "1 line" if funds == 1 else f"{funds} lines"
    who = "1 organisation" if holders == 1 else f"{holders:,} organisations"
    return f"{spoken(total(chosen))} in {lines} at {who}"
