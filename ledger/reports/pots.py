"""Every pot with its terms, and how fast what is left of it must be spent."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ledger.money import PENCE_PER_POUND, round_half_up_fraction
from ledger.reports.measures import ALL, EARMARKED_GRADES, could_be_handed_on, pots, share, spend_window
from ledger.reports.position import BY_AGREEMENT, SOURCE, WITHOUT_AGREEMENT, Moment
from ledger.store.base import Reader
from ledger.words import NOT_OF_ICBS, SPENT
from ledger.years import FinancialYear

# How the figures of a pot are worked out, in a sentence each.
DEFINITIONS = {
    "amount_pence": "All that is held of the pot in view, spent money included.",
    "of_total": "What is held of the pot, as a share of all the pots in view.",
    "returns_per_year": "How many returns a year the pot's terms ask for.",
    "left_pence": "What is held of the pot and not recorded as spent.",
    "days_left": "Days from the day chosen to the deadline, both included, and no more than the pot's whole window.",
    "rate_pence": "What is not spent, over the days left, to the penny.",
    "whole_rate_pence": "What is held of the pot, over the days from notice, or 1 April if later, to its deadline.",
    "agreed_pence": "Retained of a line that could be handed on, with an agreement on record that holds on the day.",
    "not_agreed_pence": "Retained of a line that could be handed on, without an agreement on record or after it ended.",
    "not_a_choice_pence": "Retained of a line that could not be handed on, or that a national contract directs.",
}


@dataclass(frozen=True, slots=True)
class Fence:
    """One pot, with its terms as they hold in its year.

    Attributes:
        amount_pence: all that is held of it in view, spent money included.
        left_pence: what of it is not spent.
        of_total: its share of all the pots in view.
        grade: none, monitored, soft, hard or statutory; None where it is not known, or no terms are on record.
        route, recurrent, notified_on, discretion, certain_to: None where it is not known.
        returns_per_year: None where it is not known.
        window_days: days from notice, or 1 April if that is later, to the deadline, both included.
        days_left: days from the day asked for to the deadline, both included; 0 once it has passed.
        whole_rate_pence: a day, to spend all of it evenly over the whole window.
        rate_pence: a day, to spend what is left in the days that are left; None where none are.
        is_of_icbs: whether ICBs or those below them hold any of it; otherwise all of it is held above them.
    """

    code: str
    name: str
    stream: str
    year: int
    amount_pence: int
    left_pence: int
    of_total: Fraction | None
    grade: str | None
    route: str | None
    recurrent: bool | None
    notified_on: date | None
    spend_by: date | None
    returns_per_year: int | None
    quality: str | None
    discretion: str | None
    certain_to: int | None
    window_days: int | None
    days_left: int | None
    whole_rate_pence: int | None
    rate_pence: int | None
    is_of_icbs: bool

    @property
    def is_earmarked(self) -> bool:
        """Whether it is tied to a purpose, softly or firmly."""
        return self.grade in EARMARKED_GRADES

    @property
    def is_tied_at_icbs(self) -> bool:
        """Whether it is tied, and of ICBs: what their shares are of."""
        return self.is_earmarked and self.is_of_icbs

    @property
    def has_passed(self) -> bool:
        """Whether its deadline has passed with money left."""
        return self.days_left == 0 and self.left_pence > 0


def fences(reader: Reader, position: pa.Table, today: date) -> list[Fence]:
    """The pots of a position, the largest first.

    Args:
        position: a table of schema ``ledger.reports.position.SCHEMA``.
        today: the day from which days are counted.
    """
    found = pots(position)
    spent: dict[tuple[str, int], int] = defaultdict(int)
    for row in position.to_pylist():
        if row["standing"] == SPENT:
            spent[row["pot"], row["year"]] += row["amount_pence"]
    total = sum(pot.amount_pence for pot in found)
    above = pc.is_in(position["tier"], value_set=pa.array(NOT_OF_ICBS))
    below = {pot.code for pot in pots(position.filter(pc.invert(above)))}
    names = {str(code): str(name) for code, name in reader.rows("SELECT code, name FROM fund")}
    return [
        _fence(pot.code, names[pot.code], pot.amount_pence, spent, total, pot.row, today, is_of_icbs=pot.code in below)
        for pot in found
    ]


def _fence(
    code: str, name: str, pence: int, spent: dict[tuple[str, int], int], total: int, row: Any, today: date, *,
    is_of_icbs: bool,
) -> Fence:  # fmt: skip
    left = pence - spent[code, row["year"]]
    deadline, window = row["spend_by"], spend_window(row)
    days = _days_left(deadline, window, today)
    return Fence(
        code=code,
        name=name,
        stream=row["stream"],
        year=row["year"],
        amount_pence=pence,
        left_pence=left,
        of_total=share(pence, total),
        grade=row["grade"],
        route=row["route"],
        recurrent=row["recurrent"],
        notified_on=row["notified_on"],
        spend_by=deadline,
        returns_per_year=row["returns_per_year"],
        quality=row["quality"],
        discretion=row["discretion"],
        certain_to=row["certain_to"],
        window_days=window,
        days_left=days,
        whole_rate_pence=_rate(pence, window),
        rate_pence=_rate(left, days),
        is_of_icbs=is_of_icbs,
    )


def _rate(pence: int, days: int | None) -> int | None:
    return round_half_up_fraction(Fraction(pence, days)) if days else None


def in_all(fences: Iterable[Fence]) -> int:
    """What is held in all of them, in pence."""
    return sum(fence.amount_pence for fence in fences)


def usual_day(today: date, year: FinancialYear) -> date:
    """From which day to count: today while the year runs, its first day otherwise."""
    return today if year.contains(today) else year.first_day


def on_day(fences: Iterable[Fence], today: date) -> list[Fence]:
    """The same pots, with their days counted from another day; those due first stand first."""
    fresh = [_due(fence, _days_left(fence.spend_by, fence.window_days, today)) for fence in fences]
    return sorted(fresh, key=lambda fence: (fence.spend_by or date.max, -fence.left_pence, fence.code))


def _due(fence: Fence, days: int | None) -> Fence:
    return replace(fence, days_left=days, rate_pence=_rate(fence.left_pence, days))


def _days_left(deadline: date | None, window: int | None, today: date) -> int | None:
    if deadline is None:
        return None
    left = max(0, (deadline - today).days + 1)
    # Before the window opens there are as many days as it has; where nobody knows when it opened, it is open.
    return left if window is None else min(window, left)


def in_scope(position: pa.Table, scope: str) -> pa.Table:
    """A position narrowed to the earmarked grades, or left whole, as ``measures`` does it."""
    if scope == ALL:
        return position
    return position.filter(pc.is_in(position["grade"], value_set=pa.array(EARMARKED_GRADES)))


def smaller_half(amounts: Sequence[int]) -> Fraction | None:
    """What the smaller half of the amounts is of the whole; the middle one of an odd number is left out."""
    ascending = sorted(amounts)
    return share(sum(ascending[: len(ascending) // 2]), sum(ascending))


def pence_of(pounds: int) -> int:
    """Whole pounds as pence."""
    return pounds * PENCE_PER_POUND


@dataclass(frozen=True, slots=True)
class Kept:
    """What one organisation keeps back of one fund, in pence, and on what agreement.

    Attributes:
        agreed_pence, not_agreed_pence: of money that could be handed on (``measures.could_be_handed_on``).
        not_a_choice_pence: of money that could not.
        decision, partners: where it was agreed and who agreed; None where there is no agreement in force.
        until: the first day on which it no longer holds; None where no end is agreed, or nothing is.
    """

    organisation: str
    name: str
    fund: str
    fund_name: str
    agreed_pence: int
    not_agreed_pence: int
    not_a_choice_pence: int
    decision: str | None
    partners: str | None = None
    until: date | None = None


_NOT_A_CHOICE = "not a choice"
_AGREEMENTS = """
SELECT a.organisation, a.fund, a.decision_reference, a.partners, a.valid_to FROM agreement a
WHERE a.entry_number <= $known AND a.valid_from <= $day AND (a.valid_to IS NULL OR $day < a.valid_to)
  AND NOT EXISTS (SELECT 1 FROM agreement s WHERE s.supersedes = a.id AND s.entry_number <= $known)
ORDER BY a.organisation, a.fund, a.id
"""


def kept(reader: Reader, at: Moment, position: pa.Table, last_day: date) -> list[Kept]:
    """What is retained in a position, with and without agreement, the most first.

    Args:
        last_day: the last day of the money's year: agreements are read on the day asked for, or on this one if
            that is earlier.
    """
    amounts: dict[tuple[str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    names: dict[tuple[str, str], tuple[str, str]] = {}
    for row in position.to_pylist():
        if row["standing"] in (BY_AGREEMENT, WITHOUT_AGREEMENT):
            key = (row["organisation"], row["fund"])
            amounts[key][row["standing"] if could_be_handed_on(row) else _NOT_A_CHOICE] += row["amount_pence"]
            names[key] = (row["organisation_name"], row["fund_name"])
    given = {"known": at.known, "day": min(at.as_at, last_day)}
    decisions: dict[tuple[str, str], list[tuple[str, str, date | None]]] = defaultdict(list)
    for row in reader.table(_AGREEMENTS, given).to_pylist():
        agreed = (row["decision_reference"], row["partners"], row["valid_to"])
        decisions[row["organisation"], row["fund"]].append(agreed)
    found = [
        Kept(
            organisation=key[0],
            name=names[key][0],
            fund=key[1],
            fund_name=names[key][1],
            agreed_pence=its[BY_AGREEMENT],
            not_agreed_pence=its[WITHOUT_AGREEMENT],
            not_a_choice_pence=its[_NOT_A_CHOICE],
            decision="; ".join(dict.fromkeys(decision for decision, _, _ in decisions[key])) or None,
            partners="; ".join(dict.fromkeys(partners for _, partners, _ in decisions[key])) or None,
            until=min((until for _, _, until in decisions[key] if until is not None), default=None),
        )
        for key, its in amounts.items()
    ]
    return sorted(
        found,
        key=lambda one: (
            -(one.agreed_pence + one.not_agreed_pence + one.not_a_choice_pence),
            one.organisation,
            one.fund,
        ),
    )


def held_at_all(position: pa.Table) -> bool:
    """Whether anything is held in a position besides the source of the money."""
    return any(standing != SOURCE for standing in position["standing"].to_pylist())
