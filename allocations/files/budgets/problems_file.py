"""What was wrong with a file, as a workbook: to be sent to whoever can mend it."""

from collections.abc import Sequence
from pathlib import Path

from allocations.files.out.sheets import FIRST_ROW, Book
from ledger.errors import Problem

HEADINGS = ("Where", "What is there", "Why it matters", "What to do")
_WIDTHS = (44, 60, 60, 60)


def write_problems(path: Path, file: str, problems: Sequence[Problem]) -> None:
    """Write every problem of a file in a row of its own, all as text.

    Raises:
        Refused: the file cannot be written.
    """
    book = Book(path, f"Problems found in {file}")
    note = "Nothing of the file was posted. Mend these, and bring it in again."
    sheet = book.sheet("Problems", f"Problems found in {file}: {len(problems):,}", note, HEADINGS, _WIDTHS)
    for row, problem in enumerate(problems, start=FIRST_ROW):
        for column, text in enumerate((problem.where, problem.found, problem.why, problem.fix)):
            sheet.write_string(row, column, text, book.look("wrap"))
    book.close()
