"""What is asked of a file before anything in it is parsed: its kind, its size when unpacked, and tricks.

A workbook is an archive of XML. An archive of a quarter of a megabyte can unpack to a hundred, and XML can name
entities that grow without end, so sizes and words are looked at first, as plain bytes, within fixed limits.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from allocations.reading.file_bytes import LARGEST_FILE
from ledger.errors import Problem, Refused

# An ICB's largest workbooks hold some 7,000 rows and unpack to a few megabytes, at 5 to 20 times their size.
LARGEST_UNPACKED = 120_000_000
SMALL_UNPACKED = 5_000_000
HIGHEST_RATIO = 100
MOST_MEMBERS = 2_000
MOST_ROWS = 200_000
MOST_CELLS = 1_500_000

_CHUNK = 1 << 20
_OVERLAP = 64
OLD_CONTAINER = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENTITY_WORDS = (b"<!DOCTYPE", b"<!ENTITY")
_STRICT = b"http://purl.oclc.org/ooxml/spreadsheetml/main"
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_NOTHING_USED = "Nothing of it was read."


@dataclass(frozen=True, slots=True)
class Inspection:
    """What a workbook's archive holds, found without parsing it.

    Attributes:
        formulas: whether any sheet holds a formula.
        macros: whether it holds macros; they are never run.
        connections: whether it fetches data from elsewhere or from other workbooks; nothing is fetched.
    """

    formulas: bool
    macros: bool
    connections: bool


def content_of(path: Path) -> bytes:
    """The bytes of a file that is not larger than a workbook can be.

    Raises:
        Refused: there is no such file, it cannot be opened, or it is too large.
    """
    try:
        size = path.stat().st_size
        if path.exists() and not path.is_file():
            raise refused(path, "it is no ordinary file.", "Give a workbook or a CSV file.")  # a pipe might never end
        if size > LARGEST_FILE:
            raise refused(
                path,
                f"it is {size // 1_000_000:,} MB large.",
                f"Files up to {LARGEST_FILE // 1_000_000} MB are read. Keep only the sheets with the budget.",
            )
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or "no such file"
        raise refused(path, f"it cannot be opened ({reason}).", "Check the name.") from error


def refused(path: Path, found: str, remedy: str, why: str = _NOTHING_USED) -> Refused:
    """A refusal of the whole file."""
    return Refused([Problem(path.name, found, why, remedy)])


def is_archive(content: bytes) -> bool:
    """Whether the bytes are a zip archive, which workbooks of today are."""
    return content[:4] in (b"PK\x03\x04", b"PK\x05\x06")


def refuse_other_kinds(path: Path, content: bytes) -> None:
    """Refuse what is no workbook of today, told apart by its bytes and not by its name.

    Raises:
        Refused: it is empty, protected by a password, of an old or another kind, or no archive at all.
    """
    if not content:
        raise refused(path, "it is empty.", "Save it again from Excel, and copy it whole.")
    if content.startswith(OLD_CONTAINER):
        if "EncryptedPackage".encode("utf-16-le") in content:
            raise refused(
                path,
                "it is protected by a password.",
                "In Excel: File, Info, Protect Workbook, Encrypt with Password; clear the password and save a copy.",
            )
        raise refused(
            path,
            "it is an Excel workbook of before 2007 (.xls).",
            "Rename it to end in .xls, or open it in Excel and save it as an 'Excel Workbook (*.xlsx)'.",
        )
    if not is_archive(content):
        raise refused(
            path,
            "it is not an Excel workbook, whatever its name says.",
            "Open it in Excel and save it as an 'Excel Workbook (*.xlsx)', or give a .csv file.",
        )


def opened(path: Path, content: bytes) -> zipfile.ZipFile:
    """The archive, after its directory was found to be within limits.

    Raises:
        Refused: it is damaged, or would unpack to more than it should.
    """
    try:
        archive = zipfile.ZipFile(io.BytesIO(content))
    except Exception as error:  # zipfile raises a dozen kinds for damaged directories
        raise refused(
            path, "it is damaged: its archive cannot be opened.", "Download or copy it again, whole."
        ) from error
    members = archive.infolist()
    unpacked = 0
    for member in members:
        unpacked += member.file_size
        if member.flag_bits & 1:
            raise refused(path, "its archive is protected by a password.", "Save it without one.")
    ratio = unpacked // max(len(content), 1)
    if len(members) > MOST_MEMBERS or unpacked > LARGEST_UNPACKED:
        raise refused(
            path,
            f"its {len(members):,} parts unpack to {unpacked // 1_000_000:,} MB.",
            "Keep only the sheets with the budget, delete empty formatted rows, and save it anew.",
            "A file that grows so much would exhaust the machine; nothing was unpacked.",
        )
    if unpacked > SMALL_UNPACKED and ratio > HIGHEST_RATIO:
        raise refused(
            path,
            f"it unpacks to {ratio:,} times its size ({unpacked // 1_000_000:,} MB).",
            "Delete empty formatted rows and columns, and save it anew.",
            "Real workbooks unpack to 5 to 20 times their size; nothing was unpacked.",
        )
    return archive


def inspect(path: Path, content: bytes) -> Inspection:
    """Look through a workbook's archive, as bytes, before any of it is parsed.

    Raises:
        Refused: it is no workbook, is damaged, too large when unpacked, or uses entities.
    """
    refuse_other_kinds(path, content)
    with opened(path, content) as archive:
        names = {name.lstrip("/").lower() for name in archive.namelist()}
        _refuse_other_archives(path, archive, names)
        rows = cells = 0
        formulas = False
        for name in archive.namelist():
            if not name.lower().endswith((".xml", ".rels", ".vml")):
                continue
            sheet = "worksheets/" in name.lower()
            for number, (chunk, fresh) in enumerate(_chunks(path, archive, name)):
                _refuse_tricks(path, name, chunk, first=number == 0)
                if sheet:
                    rows += _count(chunk, fresh, b"<row") + _count(chunk, fresh, b":row")
                    cells += _count(chunk, fresh, b"<c ") + _count(chunk, fresh, b"<c>") + _count(chunk, fresh, b":c ")
                    formulas = formulas or _FORMULA.search(chunk) is not None
                    _refuse_too_many(path, name, rows, cells)
        return Inspection(
            formulas,
            any(name.endswith("vbaproject.bin") for name in names),
            "xl/connections.xml" in names or any(name.startswith("xl/externallinks/") for name in names),
        )


def _chunks(path: Path, archive: zipfile.ZipFile, name: str) -> Iterator[tuple[bytes, int]]:
    """A part's bytes in pieces that overlap a little, each with the place where what is new begins."""
    before = b""
    try:
        with archive.open(name) as part:
            while piece := part.read(_CHUNK):
                yield before + piece, len(before)
                before = (before + piece)[-_OVERLAP:]
    except Exception as error:  # zipfile and zlib raise a dozen kinds for damaged archives
        if isinstance(error, Refused):
            raise
        raise refused(path, f"it is damaged: its part {name} cannot be unpacked.", "Copy it again, whole.") from error


def refuse_entities(path: Path, archive: zipfile.ZipFile) -> None:
    """Refuse an archive of XML whose parts define entities, or are no text in UTF-8.

    Raises:
        Refused: the first part that does.
    """
    for name in archive.namelist():
        if name.lower().endswith(".xml"):
            for number, (chunk, _) in enumerate(_chunks(path, archive, name)):
                _refuse_tricks(path, name, chunk, first=number == 0)


def _count(chunk: bytes, fresh: int, word: bytes) -> int:
    """How often a word stands in a piece, without those counted in the piece before."""
    return chunk.count(word) - chunk[:fresh].count(word)


def _refuse_tricks(path: Path, name: str, chunk: bytes, *, first: bool) -> None:
    if first and (chunk[:2] in (b"\xff\xfe", b"\xfe\xff") or b"\x00" in chunk[:8]):
        raise refused(path, f"its part {name} is not text in UTF-8.", "Open it in Excel and save it anew.")
    if _STRICT in chunk:
        raise refused(
            path,
            "it is a 'Strict Open XML' workbook.",
            "Open it in Excel and save it as an 'Excel Workbook (*.xlsx)'.",
        )
    if any(word in chunk for word in _ENTITY_WORDS):
        raise refused(
            path,
            f"its part {name} defines entities of its own.",
            "No Excel writes such a file: ask whoever sent it, or copy the cells into a new workbook.",
            "Entities can grow without end or read other files; nothing was parsed.",
        )


def _refuse_too_many(path: Path, name: str, rows: int, cells: int) -> None:
    if rows > MOST_ROWS or cells > MOST_CELLS:
        raise refused(
            path,
            f"{name} brings it to more than {min(rows, MOST_ROWS):,} rows or {min(cells, MOST_CELLS):,} cells.",
            "Delete the empty formatted rows below the budget (select them, Delete, Sheet Rows), and save it anew.",
            f"Up to {MOST_ROWS:,} rows and {MOST_CELLS:,} cells are read.",
        )


def _refuse_other_archives(path: Path, archive: zipfile.ZipFile, names: set[str]) -> None:
    if "mimetype" in names and "content.xml" in names:
        raise refused(path, "it is an OpenDocument spreadsheet (.ods).", "Rename it to end in .ods.")
    if "xl/workbook.bin" in names:
        raise refused(path, "it is a binary workbook (.xlsb).", "Rename it to end in .xlsb.")
    if "word/document.xml" in names:
        raise refused(path, "it is a Word document.", "Give the workbook.")
    if "[content_types].xml" not in names or not any(name.endswith("workbook.xml") for name in names):
        del archive
        raise refused(path, "it is an archive without a workbook in it.", "Unpack it and give the workbook inside.")
