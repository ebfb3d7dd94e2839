"""Autonomy: how much is devolved by how far an ICB is trusted: earned step by step, or presumed unless lost."""

from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from allocations.reading.strict_yaml import Whole
from ledger.money import spoken
from scenarios.bids.simulation import spread
from scenarios.change import Change, Rows
from scenarios.fields import By, CannotApply, Share, exact
from scenarios.levers.base import Selecting, amounts_of, part_of, percent
from scenarios.levers.devolve import shared_out
from scenarios.selection import select, system_column
from scenarios.weighing import FAIR_SHARE
from scenarios.world import ICB, World

DRAWS = 1_000
_FINE = 10**6


class Autonomy(Selecting):
    """Devolve a share that depends on the ICB's oversight segment, 1 (most trusted) to 4.

    ``presumed`` gives every segment the same share, but for those named in ``shares``; without it each
    segment earns what ``shares`` says, and one that is not named earns nothing.
    """

    lever: Literal["autonomy"]
    to: Literal["place", "pcn", "practice"]
    shares: dict[Whole, Share] = Field(default_factory=dict)
    presumed: Share | None = None
    by: By = FAIR_SHARE

    @model_validator(mode="after")
    def _segments(self) -> "Autonomy":
        wrong = sorted(set(self.shares) - {1, 2, 3, 4})
        if wrong:
            raise ValueError(f"a segment is 1, 2, 3 or 4, not {', '.join(map(str, wrong))}")
        if not self.shares and self.presumed is None:
            raise ValueError("give the share of each segment under 'shares', or one for all as 'presumed'")
        return self

    def check(self, world: World) -> None:
        """Names that exist, and segments that are given."""
        super().check(world)
        if not world.segments and not world.segment_counts:
            raise CannotApply(
                "the file gives no oversight segments.",
                "Autonomy follows them.",
                "Add 'segments' with the segment of each ICB, or 'counts' of them, with its source and its quality.",
            )

    def apply(self, position: pa.Table, world: World) -> Change:
        """Devolve each ICB's share."""
        rows = select(position, world, self.funds, self.organisations, tiers=[ICB])
        icbs = system_column(position.take(pa.array(rows)), world).to_pylist()
        if world.segment_counts:
            return self._in_the_mean(position, world, rows, icbs)
        segments = np.array([self._segment(icb, world) for icb in icbs])
        amounts = amounts_of(position, rows)
        taken = np.zeros(len(rows), dtype=np.int64)
        by_segment: list[dict[str, Any]] = []
        for segment in sorted(set(segments.tolist())):
            share = self.shares.get(segment, self.presumed or 0)
            own = segments == segment
            taken[own] = part_of(amounts[own], share)
            pence = int(taken[own].sum())
            icbs_in = len({icb for icb, its in zip(icbs, segments.tolist(), strict=True) if its == segment})
            by_segment.append({"segment": segment, "icbs": icbs_in, "share": str(share), "devolved_pence": pence})
        told = ", ".join(f"{percent(Decimal(part['share']))} in segment {part['segment']}" for part in by_segment)
        kind = "presumed" if self.presumed is not None else "earned"
        largest = f"by {kind} autonomy devolves {told}"
        return shared_out(position, world, rows, taken, self.to, self.by, {"segments": by_segment}, largest)

    def _in_the_mean(self, position: pa.Table, world: World, rows: Rows, icbs: list[str]) -> Change:
        """Who is in which segment is not known: every ICB has the mean share, and the range of the whole is drawn."""
        counts = {segment: count for segment, count in sorted(world.segment_counts.items()) if count}
        shares = {segment: exact(self.shares.get(segment, self.presumed or 0)) for segment in counts}
        number = sum(counts.values())
        mean = sum((shares[segment] * count for segment, count in counts.items()), Fraction(0)) / number
        amounts = amounts_of(position, rows)
        by_icb = dict.fromkeys(sorted(world.population(ICB)), 0)
        for icb, pence in zip(icbs, amounts.tolist(), strict=True):
            if icb not in by_icb:
                self._segment(icb, world)  # which refuses: no count of segments is of an ICB that nobody knows
            by_icb[icb] += pence
        # Whole millionths, so that a draw does not hang on how a machine rounds.
        one_way = np.repeat([int(share * _FINE) for share in shares.values()], list(counts.values()))
        luck = np.random.default_rng([world.seed, *b"segments"])
        drawn = luck.permuted(np.tile(one_way, (DRAWS, 1)), axis=1) @ np.array(list(by_icb.values()), np.int64)
        least, _, most = (int(pence) // _FINE for pence in spread(drawn))
        told = ", ".join(f"{percent(shares[each])} in segment {each} ({count})" for each, count in counts.items())
        kind = "presumed" if self.presumed is not None else "earned"
        what = (
            f"by {kind} autonomy devolves {told}; which ICB is in which is not known: {percent(mean)} of each in the "
            f"mean, in nine of ten draws between {spoken(least)} and {spoken(most)} in all"
        )
        details = {
            "segments": [{"segment": segment, "icbs": count, "share": shares[segment]}
                         for segment, count in counts.items()],
            "mean_share": mean, "draws": DRAWS, "low_pence": least, "high_pence": most,
        }  # fmt: skip
        return shared_out(position, world, rows, part_of(amounts, mean), self.to, self.by, details, what)

    @staticmethod
    def _segment(icb: str, world: World) -> int:
        if icb not in world.segments:
            raise CannotApply(
                f"{icb} has no oversight segment.",
                "Missing is not the lowest, nor the highest.",
                "Give it one under 'segments', or say what holds 'otherwise'.",
                "organisations",
            )
        return world.segments[icb]
