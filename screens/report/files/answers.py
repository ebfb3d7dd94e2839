"""A hypothetical answer as a file: a workbook with every table of a report, or its first table as CSV."""

from dataclasses import replace
from pathlib import Path

from allocations.files.out.provenance import ANSWER, Provenance, of_books
from allocations.files.out.sheets import Book, add, refuse_other_suffix, unwritable
from screens.report.render import csv
from screens.report.render.workbook import sheet
from screens.report.report import Report

WORKBOOK, TABLE = ".xlsx", ".csv"
_LONGEST_NAME = 31
_NOT_IN_A_NAME = str.maketrans("", "", "[]:*?/\\'")
_NOBODY = "All of it is hypothetical: the answer to a question, which nobody has decided."


def written(report: Report, out: Path) -> Report:
    """Write a report as a file, and say so in it: amounts stand there in pounds, to the penny.

    Args:
        out: of a name that ends in ``.xlsx``, for every table; or in ``.csv``, for the first.

    Raises:
        Refused: the file cannot be written.
    """
    refuse_other_suffix(out, WORKBOOK, TABLE)
    if out.suffix.lower() == TABLE:
        try:
            out.write_bytes(csv.document(report.shown[0]))
        except OSError as error:
            raise unwritable(out) from error
    else:
        _workbook(report, out)
    sentences = [*report.sentences, f"Written to {out}."]
    return replace(report, sentences=sentences, facts={**report.facts, "file": str(out)})


def _workbook(report: Report, out: Path) -> None:
    shown = report.shown
    names = [f"{number} {table.name}".translate(_NOT_IN_A_NAME)[:_LONGEST_NAME].strip()
             for number, table in enumerate(shown, 1)]  # fmt: skip
    illustrative = [_NOBODY, *of_books(report.at)]
    told = Provenance(report.title, ANSWER, "Pounds sterling, to the penny", report.at, (), illustrative)
    book = Book(out, report.title)
    book.read_me(told, [(name, table.name) for name, table in zip(names, shown, strict=True)], report.sentences)
    for name, table in zip(names, shown, strict=True):
        add(book, sheet(name, table, " ".join(table.notes)))
    book.close()
