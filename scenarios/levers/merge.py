"""Merge: put pots together. Settlement: put them into themes, with a part that may move between the themes."""

from datetime import date
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from allocations.reading.strict_yaml import StrictModel, Whole, YesNo
from ledger.money import spoken
from ledger.words import strictest
from scenarios.change import Change, Rows, held, put_where, restate, total
from scenarios.fields import CannotApply, Grade, Pounds, Route, Share, Text, exact
from scenarios.levers.base import Lever, amounts_of, percent, spread
from scenarios.selection import STANDINGS, FundSelection, Organisations, everybody, select
from scenarios.world import World, WorldFund


class Into(StrictModel):
    """The pot that others become. Of what is left out each part keeps its own: its route, whether it recurs, its days.

    A pot has one grade, the strictest of theirs where none is given, and asks for returns once: the most that one asks.
    Money of a part of which nobody knows how many returns it asks for stays money of which that is not known.
    """

    code: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: Text
    grade: Grade | None = None
    route: Route | None = None
    recurrent: YesNo | None = None
    notified_on: date | None = None
    spend_by: date | None = None
    returns_per_year: Whole | None = Field(default=None, ge=0)

    def check(self, world: World) -> None:
        """Refuse a code that another fund has."""
        if self.code in world.funds:
            raise CannotApply(
                f"there is a fund '{self.code}' already.",
                "Two funds would have one code.",
                "Give it another code.",
                "into",
            )

    def terms(self, merged: pa.Table) -> dict[str, Any]:
        """The columns of the new pot, from what it is made of."""
        given = {name: getattr(self, name) for name in ("route", "recurrent", "notified_on", "spend_by")}
        returns = pc.max(merged["returns_per_year"]).as_py()
        return {
            "fund": self.code,
            "fund_name": self.name,
            "pot": self.code,
            "grade": self.grade or strictest(merged["grade"].to_pylist()),
            "returns_per_year": returns if self.returns_per_year is None else self.returns_per_year,
            # What holds of one part is never said of the others.
            **{name: value for name, value in given.items() if value is not None},
        }

    def put(self, position: pa.Table, rows: Rows, terms: dict[str, Any]) -> pa.Table:
        """The position with these rows on the terms; where returns are not known and none are given, not on those."""
        returns = terms["returns_per_year"]
        changed = put_where(position, rows, **{name: its for name, its in terms.items() if name != "returns_per_year"})
        if self.returns_per_year is None:
            told = pc.is_valid(position["returns_per_year"]).to_numpy(zero_copy_only=False)
            rows = rows[told[rows]]
        return put_where(changed, rows, returns_per_year=returns)


def _one_or(column: pa.ChunkedArray, otherwise: Any) -> Any:
    words = pc.unique(column).to_pylist()
    return words[0] if len(words) == 1 else otherwise


class Merge(Lever):
    """Make one pot of several whole pots, with their inner ring-fences ``kept`` or ``dropped``.

    Kept: each stays an inner purpose of the new pot, as free as it was; what the money asks for is asked once.
    Dropped: all of it is one fund on one set of terms. Where that takes money out of a hard or statutory
    ring-fence, an ``authority`` is named.
    """

    lever: Literal["merge"]
    funds: FundSelection
    into: Into
    inner: Literal["kept", "dropped"]
    authority: str | None = None

    def check(self, world: World) -> None:
        """Funds that exist, and a code that does not."""
        super().check(world)
        self.into.check(world)

    def foretell(self, world: World) -> World:
        """The new fund, as far as it is known."""
        return _with_fund(world, self.into, "core", "revenue", 0)

    def apply(self, position: pa.Table, world: World) -> Change:
        """Put them together."""
        rows = select(position, world, self.funds, everybody(), standings=STANDINGS)
        chosen = position.take(pa.array(rows))
        _refuse_parts(position, chosen)
        _refuse_mixed_resources(chosen)
        pots = sorted(set(chosen["pot"].to_pylist()))
        if len(pots) < 2:  # noqa: PLR2004 - one pot is together already
            raise CannotApply(
                f"it selects one pot only, {pots[0]}.", "Nothing would be put together.", "Select several.", "funds"
            )
        terms = self.into.terms(chosen)
        known = _with_parts(world, self.into, chosen)
        if self.inner == "kept":
            inside = {code: fund._replace(parent=self.into.code) if code in set(chosen["fund"].to_pylist()) else fund
                      for code, fund in known.funds.items()}  # fmt: skip
            known = known.changed(funds=inside)
            terms = {name: terms[name] for name in ("pot", "returns_per_year")}
        changed = self.into.put(position, rows, terms)
        how = (
            "whose inner ring-fences stay"
            if self.inner == "kept"
            else f"graded {terms.get('grade') or 'as not known'}, with no inner ring-fence"
        )
        says = f"puts {len(pots)} pots with {spoken(total(chosen))} together as {self.into.name}, {how}"
        if self.into.returns_per_year is None:
            says += _least_returns(chosen, terms["returns_per_year"])
        frees = self.inner == "kept" or self.authority is not None
        return Change(changed, known, says, details={"pots": pots, "selected_pence": total(chosen)}, frees=frees)


def _least_returns(chosen: pa.Table, returns: int | None) -> str:
    """That a pot may ask for more returns than its parts are known to; nothing where it is known of all of them."""
    by_pot = dict(zip(chosen["pot"].to_pylist(), chosen["returns_per_year"].to_pylist(), strict=True))
    unknown = sum(asked is None for asked in by_pot.values())
    if returns is None or not unknown:
        return ""
    return f"; it asks for {returns} returns at the least, for of {unknown} of them it is not known how many"


def _with_fund(world: World, into: Into, stream: str, resource: str, depth: int) -> World:
    fund = WorldFund(into.code, into.name, None, stream, resource, depth)
    return world.changed(funds={**world.funds, into.code: fund})


def _with_parts(world: World, into: Into, parts: pa.Table) -> World:
    """The world with the new fund, as the parts are: it can be held as low as the lowest of them."""
    stream, depth = _one_or(parts["stream"], "mixed"), pc.max(parts["lowest_depth"]).as_py()
    return _with_fund(world, into, stream, parts["resource"][0].as_py(), depth)


def _refuse_parts(position: pa.Table, chosen: pa.Table) -> None:
    """A pot is merged whole: half of one put with another would be a split as well."""
    whole, part = _by_pot(held(position)), _by_pot(chosen)
    partly = sorted(pot for pot, pence in part.items() if whole[pot] != pence)
    if partly:
        raise CannotApply(
            f"it selects only a part of the pot {partly[0]}.",
            "A pot is merged whole; to split one is another step.",
            "Select whole pots, with the headings inside them ('in'); or limit the baseline to one organisation.",
            "funds",
        )


def _by_pot(table: pa.Table) -> dict[str, int]:
    summed = table.group_by("pot").aggregate([("amount_pence", "sum")])
    return dict(zip(summed["pot"].to_pylist(), summed["amount_pence_sum"].to_pylist(), strict=True))


def _refuse_mixed_resources(chosen: pa.Table) -> None:
    resources = sorted(pc.unique(chosen["resource"]).to_pylist())
    if len(resources) > 1:
        raise CannotApply(
            f"it selects {' and '.join(resources)} money.",
            "Revenue and capital are never put together.",
            "Choose one with 'resource'.",
            "funds",
        )


class Theme(StrictModel):
    """Pots of one theme, which become one."""

    code: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    name: Text
    funds: FundSelection


class Movement(StrictModel):
    """Money that moves from one theme to another, at every organisation alike."""

    source: str = Field(alias="from")
    to: str
    share: Share | None = None
    amount_pence: Pounds | None = Field(default=None, alias="pounds")

    @model_validator(mode="after")
    def _one(self) -> "Movement":
        if (self.share is None) == (self.amount_pence is None):
            raise ValueError("give either share or pounds")
        return self


class Settlement(Lever):
    """Put pots into themes, as mayoral integrated settlements do, with a part movable between the themes.

    Inside a theme there is no ring-fence but ``grade``. Hard and statutory ring-fences go, so an
    ``authority`` is named where there are any.
    """

    lever: Literal["settlement"]
    themes: tuple[Theme, ...] = Field(min_length=1)
    movable: Share
    moves: tuple[Movement, ...] = ()
    grade: Grade = "monitored"
    returns_per_year: Whole | None = Field(default=None, ge=0)
    organisations: Organisations = Field(default_factory=Organisations)
    authority: str | None = None

    @model_validator(mode="after")
    def _themes_known(self) -> "Settlement":
        codes = [theme.code for theme in self.themes]
        if len(set(codes)) < len(codes):
            raise ValueError("a theme stands twice")
        for move in self.moves:
            for code in (move.source, move.to):
                if code not in codes:
                    raise ValueError(f"there is no theme '{code}'; there are {', '.join(codes)}")
        return self

    def check(self, world: World) -> None:
        """Funds that exist, and codes that do not."""
        super().check(world)
        for theme in self.themes:
            theme.funds.check(world)
            Into(code=theme.code, name=theme.name).check(world)

    def foretell(self, world: World) -> World:
        """The themes, as far as they are known."""
        for theme in self.themes:
            world = _with_fund(world, Into(code=theme.code, name=theme.name), "mixed", "revenue", 0)
        return world

    def apply(self, position: pa.Table, world: World) -> Change:
        """Put the pots into themes, then move what moves."""
        gone = 0
        pots: set[str] = set()
        for theme in self.themes:
            rows = select(position, world, theme.funds, self.organisations, standings=STANDINGS)
            chosen = position.take(pa.array(rows))
            _refuse_mixed_resources(chosen)
            pots |= set(chosen["pot"].to_pylist())
            into = Into(code=theme.code, name=theme.name, grade=self.grade, returns_per_year=self.returns_per_year)
            terms = into.terms(chosen)
            world = _with_parts(world, into, chosen)
            position = into.put(position, rows, terms)
            gone += total(chosen)
        opening = {theme.code: total(_of_theme(position, theme.code)) for theme in self.themes}
        left: dict[str, int] = dict.fromkeys(opening, 0)
        moved = 0
        for move in self.moves:
            position, pence = self._move(position, move, opening[move.source], left)
            moved += pence
        says = (
            f"puts {len(pots)} pots with {spoken(gone)} into {len(self.themes)} themes graded {self.grade}, "
            f"{percent(self.movable)} of each movable; {spoken(moved)} moves"
        )
        details = {
            "selected_pence": gone,
            "themes": [{"theme": code, "before_pence": pence} for code, pence in opening.items()],
            "pots": sorted(pots),
        }
        return Change(position, world, says, moved, 0, details=details, frees=self.authority is not None)

    def _move(self, position: pa.Table, move: Movement, opening: int, left: dict[str, int]) -> tuple[pa.Table, int]:
        most = int(opening * exact(self.movable))
        wanted = (
            move.amount_pence if move.amount_pence is not None else int(opening * exact(move.share or self.movable))
        )
        left[move.source] += wanted
        if left[move.source] > most:
            raise CannotApply(
                f"{spoken(left[move.source])} would leave the theme {move.source}.",
                f"{percent(self.movable)} of it may move, which is {spoken(most)}.",
                "Move less, or raise 'movable'.",
                "moves",
            )
        rows = _rows_of_theme(position, move.source)
        pence = spread(wanted, amounts_of(position, rows))
        pattern = _of_theme(position, move.to).slice(0, 1).to_pylist()[0]
        names = ("fund", "fund_name", "pot", "grade", "returns_per_year")
        after, _ = restate(position, rows[pence > 0], pence[pence > 0], **{name: pattern[name] for name in names})
        return after, wanted


def _rows_of_theme(position: pa.Table, code: str) -> Rows:
    return np.flatnonzero(pc.fill_null(pc.equal(position["fund"], code), False).to_numpy(zero_copy_only=False))


def _of_theme(position: pa.Table, code: str) -> pa.Table:
    return position.filter(pc.equal(position["fund"], code))
