"""How the grades of ring-fences may be read: every named reading, and by which of them a report is made."""

from collections.abc import Sequence

from ledger.readings import RECORDED, SHIPPED, GradeReading
from screens.report.report import Report, Table, text


def called(reading: GradeReading) -> str:
    """What a reading is called: one that is not shipped is somebody's own."""
    return reading.title if reading in SHIPPED else f"by your own reading: {reading.title}"


def how_read(reading: GradeReading) -> str:
    """How grades are read in a report, in two sentences."""
    own = "" if reading in SHIPPED else "your own, "
    return f"Reading of ring-fences: {own}{reading.title}. {reading.sentence}"


def otherwise(reading: GradeReading) -> list[str]:
    """That grades are read otherwise than the books have them, where they are."""
    return [] if reading is RECORDED else [how_read(reading)]


def listed(readings: Sequence[GradeReading]) -> Report:
    """Every reading, with what it reads otherwise and why somebody would."""
    heads = [
        text("Name", "reading"), text("Called", "title"), text("What it reads otherwise", "sentence"),
        text("Why somebody would", "reason"),
    ]  # fmt: skip
    rows = [(one.name, one.title, one.sentence, one.reason) for one in readings]
    said = (
        "A reading changes how tied each line is taken to be, and no amount. Each figure that rests on grades is told "
        "with its lowest and highest value over all of these. A reading of your own is a file: see the guide."
    )
    return Report(
        [Table("Readings of ring-fences", heads, rows)], title="How ring-fences may be read", sentences=[said]
    )
