"""CSV files that people bring, read line by line: what each column means is told by its header."""

import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from allocations.reading.file_bytes import content_of
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
        text = content_of(path).decode("utf-8-sig")
    except FileNotFoundError as error:
        why = f"{what} are read from it."
        raise Refused([Problem(str(path), "there is no such file.", why, "Check the name.")]) from error
    except (OSError, UnicodeDecodeError) as error:
        why = f"{what} are read from text in UTF-8."
        remedy = "Save the sheet as 'CSV UTF-8' and try again."
        raise Refused([Problem(str(path), "it cannot be read as text.", why, remedy)]) from error
    if "\x00" in text:
        why = f"{what} could be made to look like others."
        refuse(str(path), "it holds null characters.", why, "Save the sheet as 'CSV UTF-8' and try again.")
    return text


def parse(text: str, name: str) -> UserTable:
    """A CSV file's text as a table.

    Raises:
        Refused: it cannot be divided into cells.
    """
    reader = csv.reader(io.StringIO(text, newline=""))
    lines: list[tuple[int, tuple[str, ...]]] = []
    try:
        headers = tuple(" ".join(header.lower().replace("_", " ").split()) for header in next(reader, []))
        before = reader.line_num
        for row in reader:
            if any(cell.strip() for cell in row):
                padded = row + [""] * (len(headers) - len(row))
                lines.append((before + 1, tuple(" ".join(cell.split()) for cell in padded)))
            before = reader.line_num
    except csv.Error as error:
        where, why = f"{name}, line {reader.line_num}", "The line cannot be divided into cells."
        raise Refused([Problem(where, f"{error}.", why, "Look for a quotation mark that is not closed.")]) from error
    return UserTable(name, headers, tuple(lines))
