"""What a scenario does to each line of money, and to money by whose decision it really is.

A share of all money can hide that one line makes it: a flagship of four fifths may be contract money for the most part.
"""

from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc

from ledger.reports.measures import UNTIED_GRADES
from scenarios.change import held

FUND, DISCRETION = "fund", "discretion"
NOT_KNOWN = "not known"


@dataclass(frozen=True)
class LineChange:
    """One line, or all money of one discretion, before and after; in pence.

    Attributes:
        code: of the fund, or the word for whose decision it is.
        local_before, local_after: what of it is decided at place or below.
        free_before, free_after: what of it is free of conditions.
    """

    code: str
    name: str
    before_pence: int
    after_pence: int
    local_before_pence: int
    local_after_pence: int
    free_before_pence: int
    free_after_pence: int

    @property
    def change_pence(self) -> int:
        """How much more is held."""
        return self.after_pence - self.before_pence

    @property
    def local_change_pence(self) -> int:
        """How much more is decided at place or below."""
        return self.local_after_pence - self.local_before_pence

    @property
    def free_change_pence(self) -> int:
        """How much more is free of conditions."""
        return self.free_after_pence - self.free_before_pence


def by_line(before: pa.Table, after: pa.Table, column: str) -> tuple[LineChange, ...]:
    """Every line that changes, those with most money that is decided elsewhere first.

    Args:
        column: ``fund`` or ``discretion``.
    """
    old, new = _sums(before, column), _sums(after, column)
    names = {**_names(after, column), **_names(before, column)}
    found = []
    for code in old.keys() | new.keys():
        (was, local_was, free_was), (has, local, free) = old.get(code, (0, 0, 0)), new.get(code, (0, 0, 0))
        found.append(LineChange(code, names[code], was, has, local_was, local, free_was, free))
    changed = [line for line in found if line.change_pence or line.local_change_pence or line.free_change_pence]
    return tuple(sorted(changed, key=lambda line: (-abs(line.local_change_pence), line.code)))


def _sums(table: pa.Table, column: str) -> dict[str, tuple[int, int, int]]:
    """Code to what is held, what of it is local, and what of it is free."""
    own = held(table)
    free = pc.fill_null(pc.is_in(own["grade"], value_set=pa.array(UNTIED_GRADES, pa.string())), False)
    zero = pa.scalar(0, pa.int64())
    keyed = pa.table(
        {
            "code": pc.fill_null(own[column], NOT_KNOWN),
            "held": own["amount_pence"],
            "local": pc.if_else(pc.greater(own["depth"], 0), own["amount_pence"], zero),
            "free": pc.if_else(free, own["amount_pence"], zero),
        }
    )
    summed = keyed.group_by("code").aggregate([("held", "sum"), ("local", "sum"), ("free", "sum")]).to_pylist()
    return {row["code"]: (row["held_sum"], row["local_sum"], row["free_sum"]) for row in summed}


def _names(table: pa.Table, column: str) -> dict[str, str]:
    codes = pc.fill_null(table[column], NOT_KNOWN).to_pylist()
    return dict(zip(codes, table["fund_name"].to_pylist() if column == FUND else codes, strict=True))
