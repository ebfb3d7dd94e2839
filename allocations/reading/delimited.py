"""Text divided into lines and cells, however it was saved: by commas, semicolons or tabs; and what is amiss with it.

A line that was cut wrongly moves its money into another column, so nothing is guessed: a quotation mark that
swallows lines and a decimal comma are told, with the line.
"""

import csv
import io
import re
from collections import Counter
from pathlib import Path
from typing import NamedTuple

from allocations.reading import safety
from ledger.errors import Problem, Refused, refuse_any

DIVIDERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "upright strokes"}
_LOOKED_AT = 40
_DECIMAL_COMMA = re.compile(r"\s*[(£€-]*\s*\d[\d. ]*,\d+\)?\s*")


class Divided(NamedTuple):
    """A text's cells.

    Attributes:
        lines: the number of each line on which a row begins, and its cells as they stand.
        divider: what divides the cells.
    """

    lines: tuple[tuple[int, list[str]], ...]
    divider: str


def text_of(path: Path, content: bytes, *, why: str = "Nothing of it was read.") -> str:
    """The text of a file's bytes, in UTF-8 with or without a byte-order mark.

    Raises:
        Refused: it is a workbook under another name, or no text.
    """
    if safety.is_archive(content) or content.startswith(safety.OLD_CONTAINER):
        found = f"it is a workbook, though its name ends in '{path.suffix}'."
        raise Refused([Problem(path.name, found, why, "Rename it to end in .xlsx, or save the sheet as 'CSV UTF-8'.")])
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Refused([Problem(path.name, "it is not text in UTF-8.", why, "Save it as 'CSV UTF-8'.")]) from error
    if "\x00" in text:
        found = "it is not a text file, whatever its name says: it holds null characters."
        raise Refused([Problem(path.name, found, why, "Save it as 'CSV UTF-8'.")])
    return text


def divided(text: str, name: str) -> Divided:
    """A text's lines and cells.

    Raises:
        Refused: with the line: a quotation mark that is not closed, or that swallows lines; decimal commas between
            semicolons.
    """
    divider = _divider(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=divider, strict=True)
    lines: list[tuple[int, list[str]]] = []
    spans: list[tuple[int, int, list[str]]] = []
    before = 0
    try:
        for row in reader:
            lines.append((before + 1, row))
            if reader.line_num > before + 1:
                spans.append((before + 1, reader.line_num, row))
            before = reader.line_num
    except csv.Error as error:
        where, why = f"{name}, line {before + 1}", "The line cannot be divided into cells."
        fix = "Look for a quotation mark that is not closed, on this line or above it."
        raise Refused([Problem(where, f"{error}.", why, fix)]) from error
    problems = [_swallowed(name, first, last) for first, last, row in spans if _swallows(row, lines, divider)]
    if divider == ";":
        problems.extend(_decimal_commas(name, lines))
    refuse_any(problems)
    return Divided(tuple(lines), divider)


def _divider(text: str) -> str:
    """The divider that stands equally often on the most lines; a comma where two do so alike."""
    lines = [re.sub(r'"[^"]*"', "", line) for line in text.splitlines()[:_LOOKED_AT] if line.strip()]

    def agreeing(divider: str) -> int:
        counts = Counter(count for line in lines if (count := line.count(divider)))
        return max(counts.values(), default=0)

    return max(DIVIDERS, key=agreeing)


def _swallows(row: list[str], lines: list[tuple[int, list[str]]], divider: str) -> bool:
    """Whether a cell over several lines holds what looks like lines of the table."""
    usual = Counter(len(cells) for _, cells in lines).most_common(1)[0][0]
    fewest = max(1, min(usual, len(lines[0][1])) - 1)
    return any(inner.count(divider) >= fewest for cell in row for inner in cell.splitlines()[1:])


def _swallowed(name: str, first: int, last: int) -> Problem:
    return Problem(
        f"{name}, line {first}",
        f"a quotation mark opens on line {first} and closes on line {last}, and what stands between looks like lines "
        "of the table.",
        "Those lines would be read as the text of one cell, and their money lost.",
        "Take the quotation mark out, or close it on its own line.",
    )


def _decimal_commas(name: str, lines: list[tuple[int, list[str]]]) -> list[Problem]:
    found = [(line, cell.strip()) for line, row in lines for cell in row if _DECIMAL_COMMA.fullmatch(cell)]
    if not found:
        return []
    line, cell = found[0]
    return [
        Problem(
            f"{name}, line {line}",
            f"its cells are divided by semicolons, and '{cell}' has a comma in it, as do {len(found):,} cells in all.",
            "The comma may stand before pence or between thousands.",
            "Save the sheet as 'CSV UTF-8', with cells divided by commas and a point before the pence.",
        )
    ]
