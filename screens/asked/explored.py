"""What scenarios answer, before it is laid out: a function for each question, which pages and commands ask here.

A question that needs no more than its answer's own function is that function. The books stay as they are.
"""

from ledger.reports.position import Moment
from ledger.store.base import Reader
from scenarios.baseline import Baseline
from scenarios.bids.tornado import drawn
from scenarios.compare import compare as compared
from scenarios.files.scenario import WrittenScenario
from scenarios.outcome import explore as explored
from scenarios.outcome import read_baseline
from scenarios.outcome import work_out_all as worked_out
from scenarios.ranges import ranged as ranges_of

__all__ = ["baseline", "compared", "drawn", "explored", "ranges_of", "worked_out"]


def baseline(reader: Reader, at: Moment, written: WrittenScenario) -> Baseline:
    """What a scenario starts from, at the moment that it names itself.

    Raises:
        Refused: there is no such organisation or moment.
    """
    del at
    return read_baseline(reader, written)
