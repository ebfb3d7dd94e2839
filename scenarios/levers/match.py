"""Match: to receive a pot, whoever receives it has to put in money of their own."""

from typing import Any, Literal

import numpy as np
import pyarrow as pa
from pydantic import Field

from allocations.shares.apportion import apportion
from ledger.money import spoken
from ledger.words import AVAILABLE
from scenarios.change import Change, restate
from scenarios.errors import CannotApply
from scenarios.fields import Share
from scenarios.levers.base import Selecting, amounts_of, part_of, percent, spread
from scenarios.selection import FREE_TO_MOVE, FundSelection, Organisations, select
from scenarios.world import World

_TERMS = (
    "fund", "fund_name", "pot", "stream", "lowest_depth", "grade", "route", "recurrent", "notified_on", "spend_by",
    "returns_per_year",
)  # fmt: skip


class Match(Selecting):
    """Tie own money to a pot: for each pound of the pot so much of one's own, on the terms of the pot.

    ``own`` says which of the same organisation's money may be used, in the order of what there is most of.
    """

    lever: Literal["match"]
    share: Share = Field(description="of each pound of the pot")
    own: FundSelection

    def apply(self, position: pa.Table, world: World) -> Change:
        """Move own money into the pot, organisation by organisation."""
        rows = select(position, world, self.funds, self.organisations)
        pots = _by_organisation(position, rows)
        spare = select(position, world, self.own, Organisations(codes=tuple(pots)), standings=FREE_TO_MOVE)
        spare = spare[~np.isin(spare, rows)]
        own = _by_organisation(position, spare)
        short: list[str] = []
        source: list[Any] = []
        pence: list[Any] = []
        patterns: list[int] = []
        for code, its in pots.items():
            needed = int(part_of(np.array([int(amounts_of(position, its).sum())]), self.share)[0])
            there = own.get(code, np.array([], dtype=np.int64))
            if int(amounts_of(position, there).sum()) < needed:
                short.append(f"{code} needs {spoken(needed)} and has {spoken(int(amounts_of(position, there).sum()))}")
                continue
            # The match follows the lines of the pot, and each line is met from every own fund alike.
            lines = apportion(
                needed, {str(row): int(amount) for row, amount in zip(its, amounts_of(position, its), strict=True)}
            )
            left = amounts_of(position, there).copy()
            for row, part in lines.items():
                taken = spread(part, left)
                left -= taken
                source += there.tolist()
                pence += taken.tolist()
                patterns += [int(row)] * len(there)
        if short:
            raise CannotApply(
                f"{len(short)} cannot match it: {'; '.join(short[:5])}.",
                "Nobody can put in more than they hold.",
                "Lower the share, allow more of their own funds, or leave them out.",
                "own",
            )
        some = np.array(pence, np.int64) > 0
        terms = position.take(pa.array(np.array(patterns, np.int64)[some]))
        columns = {name: terms[name] for name in _TERMS}
        after, _ = restate(
            position, np.array(source, np.int64)[some], np.array(pence, np.int64)[some], standing=AVAILABLE, **columns
        )
        moved = int(sum(pence))
        whose = f"{spoken(moved)} of {len(pots):,} organisations' own money"
        says = f"ties {percent(self.share)} of each pound as a match: {whose}"
        return Change(after, world, says, moved)


def _by_organisation(position: pa.Table, rows: Any) -> dict[str, Any]:
    holders = np.array(position["organisation"].take(pa.array(rows)).to_pylist())
    return {code: rows[holders == code] for code in sorted(set(holders.tolist()))}
