"""What kind of file somebody brings: a budget, published figures, a merger of ICBs, or a position of our own."""

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from allocations.excel.cells import Workbook, read_workbook
from allocations.excel.position_export import PACKAGE, POSITION_SHEET, SUMMARY_SHEET
from allocations.excel.position_file import CHECK
from allocations.published.recognise import FileKind, recognise
from ledger.errors import Refused

_FIRST_ROWS = 12


class Brought(StrEnum):
    """What a file is brought in as; each has a command of the same name."""

    BUDGETS = "budgets"
    PUBLISHED = "published"
    STRUCTURE = "structure"
    POSITION = "position"


def kind_of(paths: Sequence[Path]) -> Brought:
    """The kind of files that are brought together, told by what stands in them.

    What is neither an exported position nor a published file is taken for a budget, which then says what it lacks.

    Raises:
        Refused: one of them cannot be read, or is not safe to open.
    """
    kinds = [_kind(read_workbook(path)) for path in paths if path.name != PACKAGE]
    for kind in (Brought.POSITION, Brought.STRUCTURE, Brought.PUBLISHED):
        if kind in kinds:
            return kind
    return Brought.BUDGETS


def _kind(workbook: Workbook) -> Brought:
    names = {sheet.name for sheet in workbook.sheets}
    first = [cell.text for sheet in workbook.sheets for row in sheet.rows[:_FIRST_ROWS] for cell in row]
    if {"Read me", SUMMARY_SHEET, POSITION_SHEET} <= names or CHECK in first:
        return Brought.POSITION
    try:
        found = recognise(workbook)
    except Refused:
        return Brought.BUDGETS
    return Brought.STRUCTURE if found is FileKind.CHANGES else Brought.PUBLISHED
