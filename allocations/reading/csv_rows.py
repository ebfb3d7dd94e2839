"""CSV files that people bring, read line by line: what each column means is told by its header."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from allocations.reading.delimited import divided, text_of
from allocations.reading.file_bytes import content_of
from allocations.reading.letters import tidy
from ledger.errors import Problem, Refused, refuse


@dataclass(frozen=True, slots=True)
class UserTable:
    """A file's lines under their headers.

    Attributes:
        name: the file's name, for messages.
        headers: lower case, with single spaces for underscores and runs of spaces.
        lines: the number of each line that is not empty, and its cells, as many as there are headers.
    """

    name: str
    headers: tuple[str, ...]
    lines: tuple[tuple[int, tuple[str, ...]], ...]

    def column(self, *meanings: str) -> int | None:
        """Where the first header stands that one of these patterns matches in full; patterns come first."""
        for meaning in meanings:
            found = [at for at, header in enumerate(self.headers) if re.fullmatch(meaning, header)]
            if len(found) > 1 and len({self.headers[at] for at in found}) == 1:
                sentence = f"the column '{self.headers[found[0]]}' stands twice."
                why = "It cannot be told which of the two is meant."
                refuse(f"{self.name}, line 1", sentence, why, "Keep one of them.")
            if found:
                return found[0]
        return None

    def cells(self, columns: Sequence[int | None]) -> Iterator[tuple[int, list[str]]]:
        """Each line's number and its cells in these columns; a column that is not there is empty."""
        for line, row in self.lines:
            yield line, ["" if at is None else row[at] for at in columns]


def read_text(path: Path, what: str) -> str:
    """The text of a file in UTF-8, with or without a byte-order mark.

    Args:
        path: the file.
        what: what is read from it, as ``The places``.

    Raises:
        Refused: there is no such file, or it is not text.
    """
    try:
        return text_of(path, content_of(path), why=f"{what} are read from text in UTF-8.")
    except FileNotFoundError as error:
        why = f"{what} are read from it."
        raise Refused([Problem(str(path), "there is no such file.", why, "Check the name.")]) from error
    except OSError as error:
        why = f"{what} are read from text in UTF-8."
        remedy = "Save the sheet as 'CSV UTF-8' and try again."
        raise Refused([Problem(str(path), "it cannot be read as text.", why, remedy)]) from error


def parse(text: str, name: str) -> UserTable:
    """A CSV file's text as a table.

    Raises:
        Refused: it cannot be divided into cells, or a line has more or fewer of them than the header.
    """
    found = divided(text, name).lines
    headers = tuple(" ".join(tidy(header).lower().replace("_", " ").split()) for header in found[0][1]) if found else ()
    filled = [(line, row) for line, row in found[1:] if any(tidy(cell) for cell in row)]
    headed = len(headers)
    ragged = [(line, row) for line, row in filled if len(without_blank_end(row)) > headed or len(row) < headed]
    if ragged:
        raise Refused([ragged_line(name, line, len(row), headed) for line, row in ragged])
    lines = tuple((line, tuple(tidy(cell) for cell in row[:headed])) for line, row in filled)
    return UserTable(name, headers, lines)


def without_blank_end(row: Sequence[str]) -> Sequence[str]:
    """A line's cells without the blank ones at its end."""
    end = len(row)
    while end and not row[end - 1].strip():
        end -= 1
    return row[:end]


def ragged_line(name: str, line: int, cells: int, headed: int) -> Problem:
    """Why a line with more or fewer cells than its header is not read."""
    return Problem(
        f"{name}, line {line}",
        f"it has {cells} cells, and its header has {headed}.",
        "A comma inside an amount or a name cuts it in two, and the rest of the line moves into other columns.",
        "Put the cell in quotation marks or take its commas out: save the sheet as 'CSV UTF-8' from Excel.",
    )
