"""The workbook of a scenario, for the command line and the page alike."""

import hashlib
from pathlib import Path

from allocations.excel import position_export
from allocations.excel.position_file import Guard
from ledger import position
from ledger.position import moment
from ledger.store import Reader
from scenarios.outcome import Outcome


def workbook(reader: Reader, found: Outcome, content: bytes, out: Path) -> Guard:
    """Write the position that a scenario leads to, marked as hypothetical throughout.

    Args:
        content: of the scenario's file, whose hash the workbook names.
        out: of a name that ends in ``.xlsx`` or ``.csv``.

    Raises:
        Refused: the file cannot be written.
    """
    written = found.run.written
    told = position_export.told_of_scenario(
        reader,
        found.run.books.at or moment(reader),
        title=written.scenario.title,
        question=written.scenario.question,
        source=written.name,
        sha256=hashlib.sha256(content).hexdigest(),
    )
    return position_export.write_position(found.run.position.cast(position.SCHEMA), told, out)
