"""What is asked of a way: who starts where, which share is fair, how near, in how many years, within which limits."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from math import ceil, floor

from ledger.errors import Problem, Refused
from ledger.money import exact_pounds, plain_decimal, round_half_up_fraction

MOST_YEARS = 30


@dataclass(frozen=True)
class Goal:
    """All who share one sum of money, and where they should be at the end of the last year.

    Attributes:
        opening_pence: code to what each has today, in recurrent money.
        target: code to its fair share of the whole of the last year; the targets need not make one.
        totals_pence: the whole of each year, first to last.
        within: how far from target anybody may end, as a fraction of the target.
        floor: least growth of anybody in each year, as a fraction of one.
        cap: most growth in each year; None where there is no cap.
        to_the_nearest: who cannot come so near by floor or cap alone is asked to come as near as these allow; else the
            goal is refused.
    """

    opening_pence: Mapping[str, int]
    target: Mapping[str, Fraction]
    totals_pence: tuple[int, ...]
    within: Fraction
    floor: Fraction
    cap: Fraction | None = None
    to_the_nearest: bool = False

    @property
    def years(self) -> int:
        """In how many years."""
        return len(self.totals_pence)

    @cached_property
    def whole_pence(self) -> int:
        """What all have together today."""
        return sum(self.opening_pence.values())

    @cached_property
    def growth_of_all(self) -> tuple[Fraction, ...]:
        """By what a budget is multiplied from today to each year if all grow alike."""
        return tuple(Fraction(total, self.whole_pence) for total in self.totals_pence)

    @cached_property
    def least(self) -> tuple[Fraction, ...]:
        """By what the floor multiplies a budget in each year, relative to equal growth: 1 is equal growth."""
        return self._relative(self.floor)

    @cached_property
    def most(self) -> tuple[Fraction, ...] | None:
        """The same of the cap."""
        return None if self.cap is None else self._relative(self.cap)

    def _relative(self, growth: Fraction) -> tuple[Fraction, ...]:
        before = (self.whole_pence, *self.totals_pence)
        return tuple(
            (1 + growth) * Fraction(earlier, later) for earlier, later in zip(before, self.totals_pence, strict=False)
        )

    def end(self, code: str) -> tuple[Fraction, Fraction]:
        """Between which amounts somebody should end, in exact pence."""
        target = self.target[code] * self.totals_pence[-1]
        low, high = (1 - self.within) * target, (1 + self.within) * target
        if self.to_the_nearest:
            had = self.opening_pence[code]
            high = max(high, had * (1 + self.floor) ** self.years)
            low = low if self.cap is None else min(low, had * (1 + self.cap) ** self.years)
        return low, high

    def end_pence(self, code: str) -> tuple[int, int]:
        """The same in whole pence that keep to it, floor and cap being kept to the penny in every year.

        A target between two pennies is met by either.
        """
        target = self.target[code] * self.totals_pence[-1]
        low = min(ceil((1 - self.within) * target), floor(target))
        high = max(floor((1 + self.within) * target), ceil(target))
        if self.to_the_nearest:
            least = most = self.opening_pence[code]
            for _ in range(self.years):
                least, most = self.least_pence(least), self.most_pence(most) or 0
            high, low = max(high, least), low if self.cap is None else min(low, most)
        return low, high

    def least_pence(self, before: int) -> int:
        """The least that somebody who had so much may have a year later."""
        return ceil(before * (1 + self.floor))

    def most_pence(self, before: int) -> int | None:
        """The most; None where there is no cap."""
        return None if self.cap is None else floor(before * (1 + self.cap))

    def in_years(self, years: int) -> "Goal":
        """The same goal after another number of years; later totals grow as the last that is given did."""
        totals = list(self.totals_pence[:years])
        before = (self.whole_pence, *self.totals_pence)
        growth = Fraction(before[self.years], before[self.years - 1])
        while len(totals) < years:
            totals.append(round_half_up_fraction(totals[-1] * growth))
        return replace(self, totals_pence=tuple(totals))

    def problems(self) -> list[Problem]:
        """What makes it no goal at all, before anybody asks whether it can be reached."""
        found = []
        for code, pence in self.opening_pence.items():
            if pence <= 0:
                sentence = f"it has £{exact_pounds(pence)} today."
                fix = "Leave it out, or correct what it has."
                found.append(Problem(code, sentence, "Growth is counted on a positive budget.", fix))
            if self.target[code] <= 0:
                sentence = f"its fair share is {self.target[code]}."
                found.append(Problem(code, sentence, "A fair share is positive.", "Correct the share."))
        if self.floor <= -1 or min(self.totals_pence) <= 0:
            sentence = "nothing would be left: the floor is -100% or less, or a year has no money."
            fix = "Correct the floor, or the money of the years."
            found.append(Problem("floor and money", sentence, "Growth is counted on what was there.", fix))
        elif self.cap is not None and self.cap <= self.floor:
            floor_said, cap_said = (f"{plain_decimal(each * 100, 4)}%" for each in (self.floor, self.cap))
            sentence = f"the floor is {floor_said} and the cap {cap_said}."
            fix = "Put the floor below the cap."
            found.append(Problem("floor and cap", sentence, "There is nothing between them to choose.", fix))
        return found or self._totals_out_of_reach()

    def _totals_out_of_reach(self) -> list[Problem]:
        """A year whose money is less than the floor makes of the year before, or more than the cap does."""
        for year, (before, total) in enumerate(pairwise((self.whole_pence, *self.totals_pence)), 1):
            least = before * (1 + self.floor)
            most = None if self.cap is None else before * (1 + self.cap)
            if total < least or (most is not None and total > most):
                side, bound = ("floor", least) if most is None or total < least else ("cap", most)
                makes = f"the {side} makes £{exact_pounds(round_half_up_fraction(bound))} of the year before"
                sentence = f"in year {year} {makes}, and there is £{exact_pounds(total)}."
                fix = f"Change the {side}, or the money of the year."
                return [Problem(side, sentence, "What all are given is the money that there is.", fix)]
        return []


def check(goal: Goal) -> Goal:
    """The goal as it is.

    Raises:
        Refused: with every fault in it.
    """
    if problems := goal.problems():
        raise Refused(problems)
    return goal
