"""What a working workbook holds, worked out before a cell is written: the lines, the practices, and every split.

A spreadsheet calculates with fifteen digits. So the workbook's rule is stated so that noise cannot change it: a
quota is rounded to a millionth of a pound, then split into whole pounds and a fraction, and the fractions are
ranked. The same rule is worked out here exactly, which gives the stored value beside every formula, and is
compared with the ledger's own split, which rounds nothing: they differ only where two fractions at the cut are
closer than the noise, and then the workbook says so.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from allocations.figures import tables
from allocations.figures.weightings import WEIGHTINGS, weighting
from allocations.places.division import UNASSIGNED
from allocations.shares.split import FIGURES_YEAR, Allocation, allocate, refuse_unknown_fund
from ledger.errors import Problem, refuse_any
from ledger.inputs import Input
from ledger.money import PENCE_PER_POUND, exact_pounds, round_half_up_fraction
from ledger.reports import register
from ledger.reports.position import Moment, flows
from ledger.store.base import Reader
from ledger.years import FinancialYear

MILLIONTHS = 10**6
LEVELS = ("place", "pcn")
# Above this a whole number of pounds with six decimals no longer fits the digits of a spreadsheet's number.
LARGEST_POUNDS = 10**11


@dataclass(frozen=True, slots=True)
class WorkingLine:
    """One amount to be split.

    Attributes:
        by: the weighting, by its column.
        origin: where the amount comes from, in a sentence.
    """

    icb: str
    icb_name: str
    fund: str
    fund_name: str
    by: str
    amount_pounds: int
    origin: str

    @property
    def amount_pence(self) -> int:
        """The amount in pence."""
        return self.amount_pounds * PENCE_PER_POUND


@dataclass(frozen=True, slots=True)
class WorkingReceiver:
    """One row of a split: what the formulas give, exactly, and what the ledger gives."""

    code: str
    name: str
    practices: int
    registered: Decimal
    people: Decimal
    quota: Decimal
    rank: int
    pounds: int
    ledger_pounds: int

    @property
    def whole(self) -> int:
        """The quota's whole pounds."""
        return int(self.quota)

    @property
    def fraction(self) -> Decimal:
        """What of the quota is left over."""
        return self.quota - self.whole


@dataclass(frozen=True, slots=True)
class Block:
    """The split of one line among the receivers of one level, in the order of their codes."""

    line: int
    level: str
    amount_pounds: int
    people: Decimal
    receivers: tuple[WorkingReceiver, ...]
    too_close: bool

    @property
    def left(self) -> int:
        """Pounds left for the largest fractions."""
        return self.amount_pounds - sum(receiver.whole for receiver in self.receivers)


@dataclass(frozen=True)
class WorkingPlan:
    """Everything that a working workbook shows.

    Attributes:
        practices: one row per practice, by ICB and code, its place and PCN as codes of receivers.
        blocks: level to its splits, in the order of the lines.
        own_places: whether the places are the user's own.
    """

    year: FinancialYear
    lines: tuple[WorkingLine, ...]
    practices: tuple[Mapping[str, Any], ...]
    blocks: Mapping[str, tuple[Block, ...]]
    own_places: str | None = None

    @cached_property
    def rows_of(self) -> dict[str, tuple[int, int]]:
        """ICB to the first and last of its practices, counted from zero: they stand together."""
        found: dict[str, tuple[int, int]] = {}
        for index, practice in enumerate(self.practices):
            first, _ = found.get(practice["icb"], (index, index))
            found[practice["icb"]] = (first, index)
        return found

    @property
    def too_close(self) -> list[str]:
        """Splits in which two fractions at the cut are closer than a spreadsheet's digits can tell, in words."""
        return [
            f"{self.lines[block.line].icb}, {self.lines[block.line].fund}, {block.level}"
            for blocks in self.blocks.values()
            for block in blocks
            if block.too_close
        ]


def plan(
    *,
    year: FinancialYear,
    lines: Sequence[WorkingLine],
    levels: Sequence[str] = LEVELS,
    places_file: Path | None = None,
) -> WorkingPlan:
    """Work out every split.

    Args:
        levels: ``place``, ``pcn`` or both.
        places_file: the user's own places, as for ``allocate``; only with lines of one ICB.

    Raises:
        Refused: an amount that is not whole pounds in reach of a spreadsheet, or what ``allocate`` refuses.
    """
    _refuse_amounts(lines)
    splits: dict[str, list[Block]] = {level: [] for level in levels}
    place_of: dict[str, str] = {}
    for index, line in enumerate(lines):
        for level in levels:
            split = allocate(
                icb=line.icb,
                year=year,
                fund=line.fund,
                level=level,
                by=line.by,
                amount_pence=line.amount_pence,
                places_file=places_file if level == "place" else None,
                unit="pound",
            )
            if split.division is not None:
                place_of = {
                    practice: place if place == UNASSIGNED else f"{line.icb}:{place}"
                    for practice, place in split.division.place_of.items()
                }
            splits[level].append(_block(index, split))
    practices = _practices({line.icb for line in lines}, place_of)
    blocks = {level: tuple(found) for level, found in splits.items()}
    return WorkingPlan(year, tuple(lines), practices, blocks, places_file.name if places_file else None)


def _refuse_amounts(lines: Sequence[WorkingLine]) -> None:
    found = [
        Problem(
            Input.AMOUNT,
            f"£{line.amount_pounds:,} is outside what the workbook can split.",
            "A spreadsheet's number has fifteen digits, and the remainder is ranked to a millionth of a pound.",
            f"Give whole pounds from 0 to {LARGEST_POUNDS:,}.",
        )
        for line in lines
        if not 0 <= line.amount_pounds <= LARGEST_POUNDS
    ]
    refuse_any(found)


def _block(index: int, split: Allocation) -> Block:
    """The rule of the workbook, exactly: quota to a millionth, whole pounds, fractions ranked."""
    prefix = f"{split.icb}:" if split.division is not None else ""
    parts = sorted(split.parts, key=lambda part: part.code.removeprefix(prefix))
    amount = split.amount_pence // PENCE_PER_POUND
    everyone = sum(part.people_billionths for part in parts)
    exact = [Fraction(amount * part.people_billionths, everyone) for part in parts]
    millionths = [round_half_up_fraction(quota * MILLIONTHS) for quota in exact]
    in_line = sorted(
        range(len(parts)),
        key=lambda place: (-(millionths[place] % MILLIONTHS), -parts[place].people_billionths, place),
    )
    rank = {place: position for position, place in enumerate(in_line, start=1)}
    left = amount - sum(quota // MILLIONTHS for quota in millionths)
    receivers = tuple(
        WorkingReceiver(
            code=part.code,
            name=part.name,
            practices=part.practices,
            registered=Decimal(part.registered_billionths).scaleb(-9),
            people=Decimal(part.people_billionths).scaleb(-9),
            quota=Decimal(millionths[place]).scaleb(-6),
            rank=rank[place],
            pounds=millionths[place] // MILLIONTHS + (rank[place] <= left),
            ledger_pounds=part.amount_pence // PENCE_PER_POUND,
        )
        for place, part in enumerate(parts)
    )
    people = Decimal(everyone).scaleb(-9)
    return Block(
        index, split.level, amount, people, receivers, _too_close(exact, [part.ledger_pounds for part in receivers])
    )


def _too_close(exact: Sequence[Fraction], pounds: Sequence[int]) -> bool:
    """Whether the last fraction that gets a pound and the first that gets none differ by less than the noise.

    The noise is that of rounding to a millionth, and of a double's product and quotient of the largest quota.
    Equal fractions are no danger: noise of less than half a millionth leaves them equal.
    """
    raised = [quota % 1 for quota, given in zip(exact, pounds, strict=True) if given > quota]
    kept = [quota % 1 for quota, given in zip(exact, pounds, strict=True) if given < quota]
    if not raised or not kept:
        return False
    gap = min(raised) - max(kept)
    noise = Fraction(2, MILLIONTHS) + max(exact) * Fraction(1, 10**15)
    return 0 < gap < noise


def _practices(icbs: set[str], place_of: Mapping[str, str]) -> tuple[Mapping[str, Any], ...]:
    table = tables.table("practices_2025_26")
    own = table.filter(pc.is_in(table["icb"], value_set=pa.array(sorted(icbs), pa.string()))).sort_by(
        [("icb", "ascending"), ("practice", "ascending")]
    )
    return tuple(
        {
            **row,
            "place": place_of.get(row["practice"], row["place"]),
            "pcn": row["pcn"] or UNASSIGNED,
        }
        for row in own.select(["practice", "icb", "place", "pcn", *WEIGHTINGS]).to_pylist()
    )


ALL = "all"
# Kinds of entry by which money reaches a fund inside one organisation.
_SET_ASIDE = ("earmark", "vire", "consolidate")


def lines(
    *,
    icbs: Sequence[str],
    year: FinancialYear,
    funds: Sequence[str],
    weightings: Sequence[str],
    amount_pence: int | None = None,
    reader: Reader | None = None,
    at: Moment | None = None,
) -> list[WorkingLine]:
    """One line for each ICB and fund.

    Args:
        icbs: codes, or ``all`` alone.
        weightings: one for all funds, or one for each.
        amount_pence: what to split, for a single ICB and fund; otherwise what the ICB received of the fund, by
            the books where there are any and by the published table where there are none.

    Raises:
        Refused: an unknown ICB or fund, a fund of which an ICB received nothing, or options that do not fit.
        UnknownWeighting: with the weightings there are.
    """
    columns = [weighting(name) for name in weightings]
    known = {row["code"]: row["name"] for row in tables.table("organisations").to_pylist() if row["tier"] == "icb"}
    with_people = sorted(set(tables.table("practices_2025_26")["icb"].to_pylist()))
    asked = with_people if list(icbs) == [ALL] else list(icbs)
    _refuse(asked, with_people, year, funds, columns, amount_pence)
    names = {row["code"]: row["name"] for row in tables.table("funds").to_pylist()}
    if reader is not None:
        for fund in funds:
            refuse_unknown_fund(reader, fund)
        names |= {code: fund["name"] for code, fund in register.funds(reader).items()}
    by_fund = dict(zip(funds, columns * len(funds) if len(columns) == 1 else columns, strict=True))
    everywhere = {} if amount_pence is not None else _received(reader, at, year)
    found, problems = [], []
    for icb in asked:
        received = everywhere.get(icb, {})
        for fund, by in by_fund.items():
            pence, origin = (
                (amount_pence, "the amount that was given") if amount_pence is not None else received.get(fund, (0, ""))
            )
            if pence <= 0:
                problems.append(_nothing(icb, fund, received))
                continue
            pounds, rest = divmod(pence, PENCE_PER_POUND)
            if rest:
                origin += f"; of £{exact_pounds(pence)} the whole pounds are split"
            found.append(WorkingLine(icb, known[icb], fund, names.get(fund, fund), by, pounds, origin))
    refuse_any(problems)
    return found


def _refuse(
    icbs: Sequence[str],
    known: Sequence[str],
    year: FinancialYear,
    funds: Sequence[str],
    columns: Sequence[str],
    amount_pence: int | None,
) -> None:
    found = []
    if year != FIGURES_YEAR:
        sentence = f"there are no population figures for {year}."
        found.append(Problem(Input.YEAR, sentence, "Shares would be of another year's people.", f"Use {FIGURES_YEAR}."))
    found += [
        Problem(
            Input.ICB,
            f"there is no ICB '{icb}' in {year}.",
            "It has no people to share by.",
            f"ICBs of that year: {', '.join(known)}; or all.",
        )
        for icb in icbs
        if icb not in known
    ]
    if not icbs:
        found.append(
            Problem(Input.ICB, "no ICB is named.", "There is nobody to share for.", "Name one, as QWO, or all.")
        )
    if not funds or len(set(funds)) != len(funds):
        found.append(
            Problem(Input.LINE, "no fund is named, or one twice.", "Its money would be split twice.", "Name each once.")
        )
    if len(columns) not in (1, len(funds)):
        sentence = f"{len(columns)} weightings are given for {len(funds)} funds."
        found.append(Problem(Input.WEIGHTING, sentence, "Each fund needs one.", "Give one for all, or one for each."))
    if amount_pence is not None and (len(icbs) != 1 or len(funds) != 1):
        sentence = "one amount is given for several ICBs or funds."
        found.append(Problem(Input.AMOUNT, sentence, "It would be split several times.", "Name one ICB and one fund."))
    if amount_pence is not None and (amount_pence <= 0 or amount_pence % PENCE_PER_POUND):
        sentence = f"£{exact_pounds(amount_pence)} is not a positive number of whole pounds."
        found.append(Problem(Input.AMOUNT, sentence, "The workbook splits whole pounds.", "Round it to the pound."))
    refuse_any(found)


Received = dict[str, dict[str, tuple[int, str]]]


def _received(reader: Reader | None, at: Moment | None, year: FinancialYear) -> Received:
    """ICB to fund to pence and where they come from: from above, or set aside inside the ICB."""
    found: Received = defaultdict(dict)
    if reader is None or at is None:
        for row in tables.table("allocations_2025_26").to_pylist():
            before, _ = found[row["holder"]].get(row["fund"], (0, ""))
            cell = f"published allocation {year}, {row['sheet']}!{row['cell']}"
            found[row["holder"]][row["fund"]] = (before + row["amount_pence"], cell)
        return found
    columns = ("to_organisation", "fund", "kind", "from_organisation")
    above: dict[tuple[str, str], int] = defaultdict(int)
    aside: dict[tuple[str, str], int] = defaultdict(int)
    for row in flows(reader, at, columns, year=year.start, within=True).to_pylist():
        key = (row["to_organisation"], row["fund"])
        if row["to_organisation"] != row["from_organisation"]:
            above[key] += row["amount_pence"]
        elif row["kind"] in _SET_ASIDE:
            aside[key] += row["amount_pence"]
    for sums, origin in ((aside, "set aside by the ICB, by the ledger"), (above, "received from above, by the ledger")):
        for (icb, fund), pence in sums.items():
            found[icb][fund] = (pence, origin)
    return found


def _nothing(icb: str, fund: str, received: dict[str, tuple[int, str]]) -> Problem:
    funds = ", ".join(sorted(name for name, (pence, _) in received.items() if pence > 0)) or "nothing in this year"
    remedy = f"Give an amount {Input.AMOUNT.given}, or split what it received: {funds}."
    return Problem(f"{icb}, {fund}", "it received nothing of it.", "There is nothing to split.", remedy)
