"""What the columns of somebody's workbook mean, saved as a file: what all such mappings share.

A mapping is worked out once, saved with the fingerprint of the workbook's shape, and used again next month. A workbook
of another shape is told cell by cell, and not read by columns that may have moved.
"""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, Protocol

import yaml
from openpyxl.utils import column_index_from_string, get_column_letter
from pydantic import Field

from allocations.reading.cells import Sheet, Workbook
from allocations.reading.header import Areas, over
from allocations.reading.letters import tidy
from allocations.reading.strict_yaml import StrictModel
from ledger.errors import Problem, Refused
from ledger.inputs import Action

Unit = Literal["pence", "pounds", "thousands", "millions"]
Letter = Annotated[str, Field(pattern=r"^[A-Z]{1,3}$")]


class LeftOut(StrictModel):
    """Rows that count in the file's own total and are not read: those with this text in this column."""

    column: Letter
    text: str
    reason: str


class MappedColumn(Protocol):
    """A column of a mapping: its heading, as it stood in the file."""

    @property
    def heading(self) -> str:
        """Another heading means another shape."""


class MappedSheet(Protocol):
    """A sheet of a mapping."""

    @property
    def sheet(self) -> str:
        """Its name."""

    @property
    def header_row(self) -> int:
        """The row of its headings, from 1."""

    @property
    def columns(self) -> Mapping[str, MappedColumn]:
        """By their letters."""

    @property
    def needed(self) -> Sequence[str]:
        """The letters of the columns without which nothing can be read."""


class SavedMapping(StrictModel, ABC):
    """What all mappings say.

    Attributes:
        fingerprint: of the file's shape when the mapping was saved: its sheets' names, header rows and headings.
    """

    title: str = ""
    fingerprint: str | None = None

    @property
    @abstractmethod
    def parts(self) -> Sequence[MappedSheet]:
        """The sheets."""


def save_mapping(path: Path, mapping: SavedMapping, workbook: Workbook) -> None:
    """Write a mapping to a file, with the fingerprint of the workbook it fits. A file that is there is replaced.

    Raises:
        Refused: it cannot be written.
    """
    fitted = mapping.model_copy(update={"fingerprint": fingerprint(mapping, workbook)})
    plain: dict[str, Any] = fitted.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
    text = yaml.safe_dump(plain, sort_keys=False, allow_unicode=True, width=120)
    try:
        path.write_text(
            f"# What the columns of a workbook mean. Check it, and give it with the next one.\n{text}", "utf-8"
        )
    except OSError as error:
        raise Refused(
            [Problem(str(path), "it cannot be written.", "The mapping would be lost.", "Name another file.")]
        ) from error


def headings(sheet: Sheet, header_row: int) -> dict[str, str]:
    """The headings of a sheet by their columns' letters, tidy; columns without one are left out."""
    if header_row > len(sheet.rows):
        return {}
    return {
        get_column_letter(place): tidy(above.cell.text)
        for place, above in enumerate(over(sheet, header_row - 1, Areas(sheet)), start=1)
        if above.cell.text
    }


def fingerprint(mapping: SavedMapping, workbook: Workbook) -> str:
    """The SHA-256 of the shape that a mapping relies on: sheets by name, header rows, and every heading."""
    by_name = {sheet.name: sheet for sheet in workbook.sheets}
    lines = []
    for part in mapping.parts:
        sheet = by_name.get(part.sheet)
        lines.append(f"{part.sheet}\x1f{part.header_row}")
        lines.extend(
            f"{letter}\x1f{text}" for letter, text in headings(sheet, part.header_row).items()
        ) if sheet else None
    return hashlib.sha256("\x1e".join(lines).encode()).hexdigest()


def shape_problems(mapping: SavedMapping, workbook: Workbook) -> list[Problem]:
    """Where a workbook has another shape than the one a mapping was made for; empty where it fits."""
    found: list[Problem] = []
    by_name = {sheet.name: sheet for sheet in workbook.sheets}
    why = "The mapping was made for a file of another shape, and could read the wrong column."
    remedy = f"Check the file; if it is meant, {Action.NEW_MAPPING.done()}."
    for part in mapping.parts:
        sheet = by_name.get(part.sheet)
        if sheet is None:
            known = ", ".join(by_name) or "none"
            place = f"{workbook.file}, sheet {part.sheet}"
            found.append(Problem(place, f"there is no such sheet; there are {known}.", why, remedy))
            continue
        now = headings(sheet, part.header_row)
        width = len(sheet.rows[0]) if sheet.rows else 0
        if part.header_row > len(sheet.rows) or any(column_index_from_string(letter) > width for letter in part.needed):
            place = f"{workbook.file}, sheet {part.sheet}"
            sentence = f"it has {len(sheet.rows)} rows and {width} columns, and the mapping speaks of more."
            found.append(Problem(place, sentence, why, remedy))
            continue
        for letter, column in part.columns.items():
            was, at_present = tidy(column.heading), now.pop(letter, "")
            if was != at_present:
                place = f"{workbook.file}, sheet {part.sheet}, cell {letter}{part.header_row}"
                found.append(Problem(place, f"the heading was '{was}' and is now '{at_present}'.", why, remedy))
        if mapping.fingerprint is not None and mapping.fingerprint != fingerprint(mapping, workbook):
            for letter, text in now.items():
                place = f"{workbook.file}, sheet {part.sheet}, cell {letter}{part.header_row}"
                found.append(Problem(place, f"there is a column '{text}' that the mapping does not know.", why, remedy))
    if not found and mapping.fingerprint is not None and mapping.fingerprint != fingerprint(mapping, workbook):
        found.append(Problem(workbook.file, "its headings are not those the mapping was saved with.", why, remedy))
    return found
