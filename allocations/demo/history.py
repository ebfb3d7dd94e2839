"""The years and kinds of money beside 2025/26: an open list, in the order in which they are built.

Each is a module of its own with a function ``stages``. It posts its money in its own year, with organisations, funds
and terms of its own that hold in that year: nothing of it is poured into 2025/26, and building it after the ledger of
2025/26, or again, changes nothing of what is there.
"""

from collections.abc import Callable, Sequence
from functools import partial

from allocations.demo import earlier_structure, pots, practice_payments, workbook_years
from allocations.demo.stages import Stage

PARTS: tuple[Callable[[], Sequence[Stage]], ...] = (
    earlier_structure.stages,
    practice_payments.stages,
    workbook_years.stages,
    partial(pots.stages, limited=workbook_years.YEARS),
)


def stages() -> list[Stage]:
    """Every stage of every part, in order."""
    return [stage for part in PARTS for stage in part()]
