"""What a working workbook holds, worked out before a cell is written: the lines, the practices, and every split.

A spreadsheet calculates with fifteen digits. So the workbook's rule is stated so that noise cannot change it: a
quota is rounded to a millionth of a pound, then split into whole pounds and a fraction, and the fractions are
ranked. The same rule is worked out here exactly, which gives the stored value beside every formula, and is
compared with the ledger's own split, which rounds nothing: they differ only where two fractions at the cut are
closer than the noise, and then the workbook says so.
"""

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
from allocations.figures.tables import WEIGHTINGS
from allocations.places.division import UNASSIGNED
from allocations.shares.split import Allocation, allocate
from ledger.errors import Problem, Refused
from ledger.money import PENCE_PER_POUND, round_half_up_fraction
from ledger.years import FinancialYear

MILLIONTHS = 10**6
LEVELS = ("place", "pcn")
# Above this a whole number of pounds with six decimals no longer fits the digits of a spreadsheet's number.
LARGEST_POUNDS = 10**11


@dataclass(frozen=True, slots=True)
class Line:
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
class Receiver:
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
    receivers: tuple[Receiver, ...]
    too_close: bool

    @property
    def left(self) -> int:
        """Pounds left for the largest fractions."""
        return self.amount_pounds - sum(receiver.whole for receiver in self.receivers)


@dataclass(frozen=True)
class Plan:
    """Everything that a working workbook shows.

    Attributes:
        practices: one row per practice, by ICB and code, its place and PCN as codes of receivers.
        blocks: level to its splits, in the order of the lines.
        own_places: whether the places are the user's own.
    """

    year: FinancialYear
    lines: tuple[Line, ...]
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
    *, year: FinancialYear, lines: Sequence[Line], levels: Sequence[str] = LEVELS, places_file: Path | None = None
) -> Plan:
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
    return Plan(year, tuple(lines), practices, blocks, places_file.name if places_file else None)


def _refuse_amounts(lines: Sequence[Line]) -> None:
    found = [
        Problem(
            "--amount",
            f"£{line.amount_pounds:,} is outside what the workbook can split.",
            "A spreadsheet's number has fifteen digits, and the remainder is ranked to a millionth of a pound.",
            f"Give whole pounds from 0 to {LARGEST_POUNDS:,}.",
        )
        for line in lines
        if not 0 <= line.amount_pounds <= LARGEST_POUNDS
    ]
    if found:
        raise Refused(found)


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
        Receiver(
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
