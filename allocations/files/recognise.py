"""What kind of file somebody brings: a budget, published figures, a merger of ICBs, or a position of our own."""

import zipfile
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from tempfile import TemporaryDirectory

from allocations.files.position.export import CHECK, PACKAGE, POSITION_SHEET, SUMMARY_SHEET
from allocations.files.published.recognise import FileKind, recognise
from allocations.reading import safety
from allocations.reading.cells import Workbook, read_workbook
from allocations.reading.safety import is_archive, refused
from ledger.errors import Refused

_FIRST_ROWS = 12
_ENOUGH = 100_000


class ImportKind(StrEnum):
    """What a file is brought in as; each has a command of the same name."""

    BUDGETS = "budgets"
    PUBLISHED = "published"
    STRUCTURE = "structure"
    POSITION = "position"


def kind_of(paths: Sequence[Path]) -> ImportKind:
    """The kind of files that are brought together, told by what stands in them.

    What is neither an exported position nor a published file is taken for a budget, which then says what it lacks.

    Raises:
        Refused: one of them cannot be read, or is not safe to open.
    """
    kinds = [_kind(_beginning(path)) for path in paths if path.name != PACKAGE]
    for kind in (ImportKind.POSITION, ImportKind.STRUCTURE, ImportKind.PUBLISHED):
        if kind in kinds:
            return kind
    return ImportKind.BUDGETS


def unpacked(path: Path) -> list[tuple[str, bytes]]:
    """The files of an archive that holds an exported position with its data package; any other file is itself.

    Raises:
        Refused: it cannot be opened, or is not safe to unpack.
    """
    content = safety.content_of(path)
    if path.suffix.lower() == ".zip" and is_archive(content):
        with safety.opened(path, content) as archive:
            names = archive.namelist()
            if PACKAGE in names and all("/" not in name and "\\" not in name for name in names):
                return [(name, _member(path, archive, name)) for name in names]
    return [(path.name, content)]


def _member(path: Path, archive: zipfile.ZipFile, name: str, most: int = -1) -> bytes:
    try:
        with archive.open(name) as part:
            return part.read(most)
    except Exception as error:  # zipfile and zlib raise a dozen kinds for damaged archives
        raise refused(path, f"it is damaged: {name} cannot be unpacked.", "Copy it again, whole.") from error


def _beginning(path: Path) -> Workbook:
    """A file with enough of it to tell its kind: text files can be a thousand times as long as that."""
    content = safety.content_of(path)
    suffix = path.suffix.lower()
    if suffix not in (".csv", ".zip") or len(content) <= _ENOUGH or (suffix == ".zip" and not is_archive(content)):
        return read_workbook(path)
    with TemporaryDirectory() as folder:
        short = Path(folder) / path.name
        if suffix == ".csv":
            short.write_bytes(_whole_lines(content[:_ENOUGH]))
        else:
            with safety.opened(path, content) as archive, zipfile.ZipFile(short, "w") as cut:
                for name in archive.namelist():
                    cut.writestr(name, _whole_lines(_member(path, archive, name, _ENOUGH)))
        return read_workbook(short)


def _whole_lines(content: bytes) -> bytes:
    """Without the line that was cut in two."""
    return content if len(content) < _ENOUGH else content[: content.rfind(b"\n") + 1]


def _kind(workbook: Workbook) -> ImportKind:
    names = {sheet.name for sheet in workbook.sheets}
    first = [cell.text for sheet in workbook.sheets for row in sheet.rows[:_FIRST_ROWS] for cell in row]
    if {"Read me", SUMMARY_SHEET, POSITION_SHEET} <= names or CHECK in first:
        return ImportKind.POSITION
    try:
        found = recognise(workbook)
    except Refused:
        return ImportKind.BUDGETS
    return ImportKind.STRUCTURE if found is FileKind.CHANGES else ImportKind.PUBLISHED
