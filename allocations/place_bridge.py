"""The bridge of one line of a schedule, ready to be drawn: from what it had, or its fair share, to what it gets."""

from collections import defaultdict
from collections.abc import Mapping

from allocations.schedule import ALL, Line
from ledger.drawing import Span, bridge

HISTORIC, GROWTH, MOVEMENT, ISSUED = "Historic budget", "Growth of the line", "Movement", "Issued"
FAIR, DISTANCE = "Fair share", "Distance from it"


def of_line(line: Line) -> list[Span]:
    """The bars of a line's bridge; none where it is not issued.

    Where the historic budget is not known the bridge goes from the fair share to what is issued.
    """
    if line.issued_pence is None or line.closing_pence is None:
        return []
    end = (ISSUED, line.issued_pence)
    if line.historic_pence is None or line.growth_pence is None or line.movement_pence is None:
        return bridge((FAIR, line.fair_pence), [(DISTANCE, line.closing_pence)], end)
    steps = [(GROWTH, line.growth_pence), (MOVEMENT, line.movement_pence)]
    return bridge((HISTORIC, line.historic_pence), steps, end)


def largest_line(issued: Mapping[tuple[str, str], int]) -> str | None:
    """The line on which most is issued, of (organisation, fund) to pence; None where nothing is."""
    sums: dict[str, int] = defaultdict(int)
    for (_, fund), pence in issued.items():
        sums[fund] += pence
    return max(sorted(sums), key=lambda fund: sums[fund], default=None)


def is_whole(line: Line) -> bool:
    """Whether it is the sum over all organisations."""
    return line.organisation == ALL
