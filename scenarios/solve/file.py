"""A goal as a file: who has what, by when and how near they should come, and within which limits.

Budgets and targets are listed in the file, are those that NHS England published, or are read from a ledger.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Literal

from pydantic import Field, model_validator

from allocations.reading.strict_yaml import StrictModel, Whole, read_lines, read_model
from allocations.shares.pace import PUBLISHED, Converging
from ledger.errors import Problem, Refused
from ledger.money import round_half_up_fraction
from ledger.reports.position import Moment
from ledger.store.base import Reader
from scenarios import baseline
from scenarios.fields import By, CannotApply, Pounds, Rate, Share, Text, Year, exact
from scenarios.levers.base import amounts_of
from scenarios.levers.converge import fair_shares
from scenarios.levers.reroute import _groups
from scenarios.levers.sharing import Among, Sharing
from scenarios.selection import Funds, FundSelection, Organisations, select
from scenarios.solve.goal import MOST_YEARS, Goal
from scenarios.weighing import FAIR_SHARE

ALONE = ("", "")
"""Under which fund and ICB a goal stands that is no part of a ledger."""
_AS_PUBLISHED, _NEAREST = "as published", "nearest"


class GoalRule(StrictModel):
    """How near, by when, and within which limits."""

    title: Text
    reason: Text
    within: Share = Field(description="how far from its fair share anybody may end, above or below")
    years: Whole = Field(ge=1, le=MOST_YEARS)
    growth: Rate | tuple[Rate, ...] = Field(description="of the whole: one for all years, or one for each")
    floor: Rate = Field(description="least growth of anybody in each year")
    cap: Rate | None = Field(default=None, description="most growth of anybody in each year")
    out_of_reach: Literal["refuse", "nearest"] = Field(
        default="refuse",
        description="refuse a goal that somebody cannot reach by floor or cap, or take them as near as these allow",
    )

    @model_validator(mode="after")
    def _a_growth_for_each_year(self) -> "GoalRule":
        if isinstance(self.growth, tuple) and len(self.growth) != self.years:
            raise ValueError(
                f"growth is one number, or one for each of {self.years} years; {len(self.growth)} are given"
            )
        return self

    def goal(self, opening: dict[str, int], target: dict[str, Fraction], given: Sequence[int] = ()) -> Goal:
        """The goal of those who share one sum.

        Args:
            opening: code to what each has, in pence.
            target: code to its fair share of the whole of the last year.
            given: totals of the first years in pence, instead of those that growth makes.
        """
        rates = self.growth if isinstance(self.growth, tuple) else (self.growth,) * self.years
        totals = list(given)
        for rate in rates[len(given) :]:
            before = totals[-1] if totals else sum(opening.values())
            totals.append(round_half_up_fraction(before * (1 + exact(rate))))
        return Goal(
            opening, target, tuple(totals), exact(self.within), exact(self.floor),
            None if self.cap is None else exact(self.cap), to_the_nearest=self.out_of_reach == _NEAREST,
        )  # fmt: skip


class ListedGoal(GoalRule, Converging):
    """A goal for organisations that the file lists, or for the ICBs as published.

    With ``targets: as published`` the published targets count as they are: they sum to less than the baselines, so the
    average ICB is above target. They grow by ``target_growth`` a year. Otherwise every target is a share of the whole.
    """

    targets: Literal["shares of the whole", "as published"] = "shares of the whole"
    target_growth: Rate | None = None
    totals_pounds: tuple[Pounds, ...] = Field(default=(), description="the whole of the first years, where it is given")

    @model_validator(mode="after")
    def _published_targets(self) -> "ListedGoal":
        if (self.targets == _AS_PUBLISHED) != (self.target_growth is not None):
            raise ValueError("give target_growth with 'targets: as published', and with nothing else")
        if self.targets == _AS_PUBLISHED and self.stream is None:
            raise ValueError("only organisations 'published 2025/26 ...' have targets as published")
        if len(self.totals_pounds) > self.years:
            raise ValueError(f"there are {self.years} years, and {len(self.totals_pounds)} totals")
        return self

    @property
    def stream(self) -> str | None:
        """The stream whose published baselines and targets are used."""
        listed = self.organisations
        return listed.removeprefix(PUBLISHED) if isinstance(listed, str) else None

    def alone(self) -> Goal:
        """The goal."""
        opening, target = self.amounts()
        whole = sum(target.values(), Fraction(0))
        goal = self.goal(opening, {code: each / whole for code, each in target.items()}, self.totals_pounds)
        if self.target_growth is None:
            return goal
        # Published targets are in £1,000, at the size of the baselines.
        grown = 100_000 * (1 + exact(self.target_growth)) ** self.years / goal.totals_pence[-1]
        return self.goal(opening, {code: each * grown for code, each in target.items()}, self.totals_pounds)


class HeldMoney(StrictModel):
    """Which money of a ledger, and among whom it is shared."""

    year: Year
    organisation: str | None = None
    funds: FundSelection = Field(default_factory=Funds)
    organisations: Organisations = Field(default_factory=Organisations)
    among: Among = "place"
    by: By = FAIR_SHARE


class HeldGoal(GoalRule):
    """A goal for what a ledger's organisations hold: each fund on its own, and places within their ICB."""

    held: HeldMoney

    def read(self, reader: Reader) -> tuple[dict[tuple[str, str], Goal], Moment | None]:
        """Fund and ICB (empty where all ICBs share) to the goal of the fund's holders, and the point on both clocks.

        Who alone holds a fund of an ICB has nobody to move money to, and is left out.

        Raises:
            Refused: nothing is held there, or somebody holds money of which they have no fair share.
        """
        asked = self.held
        books = baseline.read(reader, year=asked.year, organisation=asked.organisation)
        try:
            return self._goals(books), books.at
        except CannotApply as error:
            raise Refused([Problem(f"held.{error.key}".strip("."), error.found, error.why, error.fix)]) from error

    def _goals(self, books: baseline.Baseline) -> dict[tuple[str, str], Goal]:
        asked, world = self.held, books.world.changed(scope=books.organisation)
        asked.funds.check(world)
        asked.organisations.check(world)
        sharing = Sharing(among=asked.among, by=asked.by)
        sharing.check(world)
        rows = select(books.position, world, asked.funds, asked.organisations, tiers=[asked.among])
        chosen, amounts = books.position.take(rows), amounts_of(books.position, rows)
        found = {}
        for (fund, _, icb), members in sorted(_groups(chosen, world, asked.among).items()):
            opening = {code: int(amounts[own].sum()) for code, own in sorted(members.items())}
            if len(opening) == 1:
                continue
            stream = chosen["stream"][next(iter(members.values()))[0]].as_py()
            found[fund, icb] = self.goal(opening, fair_shares(opening, world, sharing, fund, stream, icb or None))
        if not found:
            raise CannotApply(
                f"nobody shares any of it with another {asked.among}.",
                "Money can move only among several.",
                "Choose other funds, another tier, or more organisations.",
                "funds",
            )
        return found


@dataclass(frozen=True)
class ReadGoal:
    """What a file says.

    Attributes:
        sha256: of the file.
    """

    asked: ListedGoal | HeldGoal
    sha256: str


def read_goal(path: Path) -> ReadGoal:
    """A goal from its file.

    Raises:
        Refused: what the file says cannot be read, is unknown or impossible, each with its line or key.
    """
    content, _ = read_lines(path)
    of_a_ledger = isinstance(content, dict) and "held" in content
    asked = read_model(path, HeldGoal) if of_a_ledger else read_model(path, ListedGoal)
    return ReadGoal(asked, hashlib.sha256(path.read_bytes()).hexdigest())
