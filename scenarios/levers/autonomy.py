"""Autonomy: how much is devolved by how far an ICB is trusted: earned step by step, or presumed unless lost."""

from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field, model_validator

from allocations.reading.strict_yaml import Whole
from scenarios.change import Change
from scenarios.fields import By, CannotApply, Share
from scenarios.levers.base import Selecting, amounts_of, part_of, percent
from scenarios.levers.devolve import shared_out
from scenarios.selection import select, system_column
from scenarios.weighing import FAIR_SHARE
from scenarios.world import ICB, World


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
        if not world.segments:
            raise CannotApply(
                "the file gives no oversight segments.",
                "Autonomy follows them.",
                "Add 'segments' with the segment of each ICB, its source and its quality.",
            )

    def apply(self, position: pa.Table, world: World) -> Change:
        """Devolve each ICB's share."""
        rows = select(position, world, self.funds, self.organisations, tiers=[ICB])
        icbs = system_column(position.take(pa.array(rows)), world).to_pylist()
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
