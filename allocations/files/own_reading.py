"""A reading of grades of one's own, from a YAML file: what somebody reads otherwise than the books, and why."""

from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import Field

from allocations.reading.strict_yaml import StrictModel, YesNo, read_model
from ledger.readings import GradeReading, Regrade
from ledger.words import DISCRETIONS, GRADES, QUALITIES

OWN = "own"
Grade: TypeAlias = Literal[GRADES]  # type: ignore[valid-type]
Quality: TypeAlias = Literal[QUALITIES]  # type: ignore[valid-type]
Discretion: TypeAlias = Literal[DISCRETIONS]  # type: ignore[valid-type]


class WrittenRegrade(StrictModel):
    """Which lines are read otherwise, and as what; the fields are those of ``ledger.readings.Regrade``."""

    grade: Grade
    grades: tuple[Grade, ...] = ()
    qualities: tuple[Quality, ...] = ()
    discretions: tuple[Discretion, ...] = ()
    pots: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    unknown: YesNo = False


class WrittenReading(StrictModel):
    """A file with a reading."""

    title: str = Field(min_length=1, max_length=60)
    sentence: str = Field(min_length=1, max_length=500)
    reason: str = Field(min_length=1, max_length=500)
    regrades: tuple[WrittenRegrade, ...] = Field(min_length=1, max_length=500)


def read_own(path: Path) -> GradeReading:
    """A reading from a file; programs and addresses call it ``own``.

    Raises:
        Refused: the file cannot be read, or says something unknown or impossible; each with its line.
    """
    written = read_model(path, WrittenReading)
    regrades = tuple(Regrade(**one.model_dump()) for one in written.regrades)
    return GradeReading(OWN, written.title, written.sentence, written.reason, regrades)
