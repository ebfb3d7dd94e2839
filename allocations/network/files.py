"""A user's own counts of people and claims for the network contract, from CSV files, and what claims pay."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from allocations.network.contract import BASES
from allocations.network.payments import Count
from allocations.reading.amounts import money
from allocations.reading.cells import Cell, CellKind
from allocations.reading.csv_rows import UserTable, parse, read_text
from allocations.reading.numbers import Doubt, Number, written_number
from allocations.reading.units import POUNDS
from ledger.errors import Problem, refuse, refuse_any
from ledger.money import LARGEST_PENCE, PENCE_PER_POUND, round_half_up_fraction


@dataclass(frozen=True, slots=True)
class Claim:
    """What a network claimed for a month.

    Attributes:
        element: the entitlement it is claimed against, as ``arrs_maximum``.
        month: its first day.
        where: the line that says so, for messages.
    """

    network: str
    element: str
    month: date
    pence: int
    where: str = ""


@dataclass(frozen=True, slots=True)
class MonthClaimed:
    """A month's claims, and what of them could be reimbursed; None where the entitlement is not known."""

    month: date
    claimed_pence: int
    reimbursed_pence: int | None


@dataclass(frozen=True, slots=True)
class ClaimSettlement:
    """Claims of a year against an entitlement.

    Attributes:
        entitlement_pence: the most that is reimbursed in the year; None where it is not known, and then
            nothing that follows from it is known either.
        above_pence: claimed beyond the entitlement, and so not reimbursed.
        unclaimed_pence: what of the entitlement nobody has claimed.
        used: the part of the entitlement that is reimbursed; None also where there is none.
    """

    element: str
    claimed_pence: int
    entitlement_pence: int | None
    reimbursed_pence: int | None
    above_pence: int | None
    unclaimed_pence: int | None
    used: Fraction | None
    months: tuple[MonthClaimed, ...]

    @property
    def used_percent(self) -> Decimal | None:
        """The part used, in per cent to two places, halves up."""
        return None if self.used is None else Decimal(round_half_up_fraction(self.used * 10_000)).scaleb(-2)


def settle(element: str, claims: Iterable[Claim], entitlement_pence: int | None) -> ClaimSettlement:
    """Reimburse claims in the order of their months until the year's entitlement is used up.

    Args:
        element: the entitlement.
        claims: a network's claims of one year against it.
        entitlement_pence: the year's most; None where it is not known.
    """
    by_month: dict[date, int] = {}
    for claim in claims:
        by_month[claim.month] = by_month.get(claim.month, 0) + claim.pence
    months: list[MonthClaimed] = []
    reimbursed = 0
    for month, pence in sorted(by_month.items()):
        now = None if entitlement_pence is None else min(pence, entitlement_pence - reimbursed)
        reimbursed += now or 0
        months.append(MonthClaimed(month, pence, now))
    claimed = sum(by_month.values())
    if entitlement_pence is None:
        return ClaimSettlement(element, claimed, None, None, None, None, None, tuple(months))
    return ClaimSettlement(
        element,
        claimed,
        entitlement_pence,
        reimbursed,
        claimed - reimbursed,
        entitlement_pence - reimbursed,
        Fraction(reimbursed, entitlement_pence) if entitlement_pence else None,
        tuple(months),
    )


NETWORK_COLUMN = (r"(pcn|network|primary care network) (ods )?code", r"pcn|network|primary care network")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_MOST_PEOPLE = 100_000_000  # more than live in England
DEFAULT_CLAIM = "arrs_maximum"


class _Fault(NamedTuple):
    found: str
    why: str
    remedy: str


def read_counts(path: Path) -> tuple[Count, ...]:
    """Counts of people and beds, with the day each counts from and the day it was made known.

    The file has the columns ``pcn``, ``basis``, ``people``, ``effective_from``, ``notified_on`` and ``source``.

    Raises:
        Refused: with every line that cannot be used: an unknown basis, people that are no number or
            below zero, a day that is not one or not the first of a month, the same count twice; or a
            file without these columns.
    """
    table = parse(read_text(path, "The counts"), path.name)
    names = ("basis", "people", "effective from", "notified on", "source")
    columns = needed_columns(table, ("pcn", *names), (NETWORK_COLUMN, *((name,) for name in names)))
    found: list[Count] = []
    problems: list[Problem] = []
    line_of: dict[tuple[str, str, date, date], int] = {}
    for line, (network, basis, people, effective, notified, source) in table.cells(columns):
        read = (
            _code(network), _basis(basis), _people(people), _first_of_month(effective, "effective_from"),
            _day(notified, "notified_on"), _named(source, "source"),
        )  # fmt: skip
        faults = [part for part in read if isinstance(part, _Fault)]
        problems.extend(Problem(f"{table.name}, line {line}", *fault) for fault in faults)
        if faults:
            continue
        count = Count(*read)  # type: ignore[arg-type] # the faults are gone
        key = (count.network, count.basis, count.effective_from, count.notified_on)
        if key in line_of:
            sentence = f"{count.network}, {basis}, from {effective}, known on {notified} is on line {line_of[key]} too."
            why = "It cannot be told which of the two holds."
            remedy = "Take one out, or give the later one its own day in notified_on."
            problems.append(Problem(f"{table.name}, line {line}", sentence, why, remedy))
        line_of.setdefault(key, line)
        found.append(count)
    refuse_all(table, problems, is_empty=not found)
    return tuple(found)


def read_claims(path: Path) -> tuple[Claim, ...]:
    """Claims for additional roles, month by month.

    The file has the columns ``pcn``, ``month`` (as 2025-04) and ``amount`` in pounds; ``element`` where the
    contract has more than one entitlement; ``reference`` where a month has several claims.

    Raises:
        Refused: with every line that cannot be used: a month that is not one, an amount that is none or
            below zero, the same claim twice; or a file without these columns.
    """
    table = parse(read_text(path, "The claims"), path.name)
    needed = needed_columns(
        table, ("pcn", "month", "amount"), (NETWORK_COLUMN, (r"month",), (r"amount|claim|claimed|amount \(?£\)?",))
    )
    columns = (*needed, table.column(r"element"), table.column(r"reference|claim reference"))
    found: list[Claim] = []
    problems: list[Problem] = []
    line_of: dict[tuple[str, str, date, str], int] = {}
    for line, (network, month, amount, element, reference) in table.cells(columns):
        where = f"{table.name}, line {line}"
        read = (_code(network), _month(month), _amount(amount))
        faults = [part for part in read if isinstance(part, _Fault)]
        problems.extend(Problem(where, *fault) for fault in faults)
        if faults:
            continue
        named = element.lower().replace(" ", "_") or DEFAULT_CLAIM
        claim = Claim(read[0], named, read[1], read[2], where)  # type: ignore[arg-type] # the faults are gone
        key = (claim.network, claim.element, claim.month, reference)
        if key in line_of:
            sentence = f"{claim.network} has a claim for {month} on line {line_of[key]} too."
            remedy = "Take one out, or tell the two apart in a column 'reference'."
            problems.append(Problem(where, sentence, "It would be paid twice.", remedy))
        line_of.setdefault(key, line)
        found.append(claim)
    refuse_all(table, problems, is_empty=not found)
    return tuple(found)


def needed_columns(table: UserTable, names: tuple[str, ...], meanings: tuple[tuple[str, ...], ...]) -> list[int | None]:
    """Where each column stands that a file must have.

    Raises:
        Refused: one is not there; with those that are.
    """
    columns = [table.column(*meaning) for meaning in meanings]
    missing = [name.replace(" ", "_") for name, at in zip(names, columns, strict=True) if at is None]
    if missing:
        found = f"there is no column {', '.join(missing)}; the columns are {', '.join(table.headers) or 'missing'}."
        remedy = f"Head them {', '.join(name.replace(' ', '_') for name in names)}."
        refuse(f"{table.name}, line 1", found, "Each is needed.", remedy)
    return columns


def refuse_all(table: UserTable, problems: list[Problem], *, is_empty: bool) -> None:
    """Refuse a file for its problems, or because it holds nothing."""
    if is_empty and not problems:
        problems = [
            Problem(table.name, "it has no lines.", "Nothing can be read from it.", "Fill it in, or leave it out.")
        ]
    refuse_any(problems)


def _named(text: str, column: str) -> str | _Fault:
    return text or _Fault(
        f"the column '{column}' is empty.", "A count without its grounds cannot be weighed.", "Fill it in."
    )


def _code(text: str) -> str | _Fault:
    return text.upper() or _Fault("no PCN is named.", "It cannot be told whose it is.", "Give the PCN by its code.")


def _basis(text: str) -> str | _Fault:
    name = text.lower().replace(" ", "_").replace("-", "_")
    if name in BASES:
        return name
    why = "Each element of the contract is paid on a count of its own."
    return _Fault(f"the basis is '{text}'.", why, f"Write one of {', '.join(BASES)}.")


def _people(text: str) -> Decimal | _Fault:
    people = _number(text)
    if people is None:
        why = "What is missing is not zero, and cannot be guessed."
        return _Fault(f"the people are '{text}'.", why, "Write a number as 46873.4, or leave the line out.")
    if people < 0:
        return _Fault(f"the people are '{text}'.", "There cannot be fewer than none.", "Correct the count.")
    if people > _MOST_PEOPLE:
        return _Fault(f"the people are '{text}'.", "That is more than live in England.", "Correct the count.")
    return people


def _number(text: str) -> Decimal | None:
    """A count of people as every table of them is read; none for what is none, is money or is scaled by a word."""
    found = written_number(text)
    is_count = isinstance(found, Number) and not found.percent and not found.scaled and "£" not in text
    return found.value if is_count and isinstance(found, Number) else None


def _day(text: str, column: str) -> date | _Fault:
    try:
        if _DAY.fullmatch(text):
            return date.fromisoformat(text)
    except ValueError:
        pass
    return _Fault(f"{column} is '{text}'.", "It is not a day.", "Write it as 2025-04-01.")


def _first_of_month(text: str, column: str) -> date | _Fault:
    found = _day(text, column)
    if isinstance(found, date) and found.day != 1:
        why = "The contract pays by whole months, so a count holds from the first of one."
        return _Fault(f"{column} is '{text}'.", why, f"Write {found.replace(day=1)}, or the first of the next month.")
    return found


def _month(text: str) -> date | _Fault:
    found = _first_of_month(text if _DAY.fullmatch(text) else f"{text}-01", "the month")
    if isinstance(found, date):
        return found
    return _Fault(f"the month is '{text}'.", "It is not a month.", "Write it as 2025-04.")


def _amount(text: str) -> int | _Fault:
    why = "What is claimed cannot be told."
    amount = money(Cell("", CellKind.TEXT if text else CellKind.BLANK, text or None), POUNDS)
    if isinstance(amount, Doubt):
        return _Fault(f"the amount is '{text}'.", why, f"{amount.why} {amount.fix}")
    if not isinstance(amount, Decimal):
        return _Fault(f"the amount is '{text}'.", why, "Write the pounds in digits, as 1234.50; missing is not zero.")
    pence = amount * PENCE_PER_POUND
    if pence != int(pence) or abs(pence) > LARGEST_PENCE:
        return _Fault(f"the amount is '{text}'.", why, "Write a whole number of pence that the books can hold.")
    if pence < 0:
        remedy = "Take what was claimed too much off the month it was claimed in."
        return _Fault(f"the amount is '{text}'.", "A claim below zero would hide one above.", remedy)
    return int(pence)
