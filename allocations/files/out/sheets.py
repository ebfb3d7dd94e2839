"""How our working workbooks look: one title, one row of headings, yellow where people type, links that lead there.

Not for published workbooks, whose rules are stricter (see ``published``): people who work with figures want
frozen headings, filters and locked formulas, and get them here.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import xlsxwriter

from allocations.files.out.provenance import Provenance
from allocations.reading.safe_text import WORKBOOK_OPTIONS
from ledger.errors import Problem, Refused, refuse

TITLE_ROW, NOTE_ROW, HEADING_ROW, FIRST_ROW = 0, 1, 3, 4
YELLOW, GREEN, RED = "#FFF2B3", "#D5E8D4", "#F8CECC"
# Points to a line of text, lines to a heading, and letters to a line of the first sheet's wide column.
_HEIGHT, _HEADING_LINES, _WIDTH = 15, 3, 110
_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - Excel's properties have no zone; the file's bytes depend on its figures alone

_FORMATS: Mapping[str, dict[str, Any]] = {
    "title": {"bold": True, "font_size": 14},
    "note": {"italic": True},
    "text": {},
    "wrap": {"text_wrap": True, "valign": "top"},
    "bold": {"bold": True},
    "heading": {"bold": True, "text_wrap": True, "valign": "top", "bottom": 1},
    "pounds": {"num_format": "#,##0;-#,##0"},
    "pence": {"num_format": "#,##0.00;-#,##0.00"},
    "quota": {"num_format": "#,##0.000000"},
    "fraction": {"num_format": "0.000000"},
    "people": {"num_format": "#,##0.00"},
    "count": {"num_format": "#,##0"},
    "share": {"num_format": "0.0000%"},
    "date": {"num_format": "yyyy-mm-dd"},
    "link": {"font_color": "#0000FF", "underline": 1},
    "input": {"bg_color": YELLOW, "locked": False, "border": 1, "border_color": "#BFBFBF"},
    "yes": {"bg_color": GREEN},
    "no": {"bg_color": RED, "bold": True},
}
_PROTECTION = {
    "format_columns": True,
    "format_rows": True,
    "sort": True,
    "autofilter": True,
    "select_locked_cells": True,
    "select_unlocked_cells": True,
}


def _height(text: str) -> int:
    """How high a row has to be for a text that wraps: not every program works it out by itself."""
    return _HEIGHT * (1 + len(text) // _WIDTH)


class Book:
    """A workbook being written, with the house's formats.

    Raises:
        Refused: when it is closed and the file cannot be written.
    """

    def __init__(self, path: Path, title: str) -> None:
        self.path = path
        self.workbook = xlsxwriter.Workbook(str(path), {**WORKBOOK_OPTIONS, "default_date_format": "yyyy-mm-dd"})
        self.workbook.set_properties({"title": title, "author": "", "created": _MADE})
        self._formats: dict[tuple[str, ...], Any] = {}

    def look(self, *names: str) -> Any:
        """A format made of named ones, each once."""
        if names not in self._formats:
            together: dict[str, Any] = {}
            for name in names:
                together |= _FORMATS[name]
            self._formats[names] = self.workbook.add_format(together)
        return self._formats[names]

    def sheet(
        self, name: str, title: str, note: str = "", headings: Sequence[str] = (), widths: Sequence[int] = ()
    ) -> Any:
        """A sheet with its title in A1, a sentence under it, and one row of headings.

        Locked without a password: nobody breaks a formula by a slip, and everybody can look and unlock.
        """
        sheet = self.workbook.add_worksheet(name)
        sheet.write_string(TITLE_ROW, 0, title, self.look("title"))
        if note:
            sheet.write_string(NOTE_ROW, 0, note, self.look("note"))
        for column, heading in enumerate(headings):
            sheet.write_string(HEADING_ROW, column, heading, self.look("heading"))
        for column, width in enumerate(widths):
            sheet.set_column(column, column, width)
        if headings:
            sheet.set_row(HEADING_ROW, _HEIGHT * _HEADING_LINES)
            sheet.freeze_panes(FIRST_ROW, 0)
        sheet.protect("", _PROTECTION)
        return sheet

    def links_to(self, sheet: Any, row: int, column: int, target: str, cell: str) -> None:
        """A link to a cell of another sheet, that shows where it leads."""
        sheet.write_url(row, column, f"internal:'{target}'!{cell}", self.look("link"), f"{target}!{cell}")

    def yes_or_no(self, sheet: Any, first: int, last: int, column: int) -> None:
        """Words first, colour second: a Yes is green, a No red and bold."""
        for word, look in (("Yes", "yes"), ("No", "no")):
            sheet.conditional_format(
                first, column, last, column,
                {"type": "cell", "criteria": "==", "value": f'"{word}"', "format": self.look(look)},
            )  # fmt: skip

    def read_me(self, provenance: Provenance, sheets: Sequence[tuple[str, str]], words: Sequence[str] = ()) -> Any:
        """The first sheet: what this is, how to use it, where it comes from, and what is on each sheet."""
        sheet = self.sheet("Read me", provenance.title, provenance.kind, widths=(26, 110))
        row = NOTE_ROW + 1
        for sentence in words:
            sheet.write_string(row, 0, sentence)
            row += 1
        row += 1
        for name, value in provenance.facts()[2:]:
            sheet.write_string(row, 0, name, self.look("wrap", "bold"))
            sheet.write_string(row, 1, value, self.look("wrap"))
            sheet.set_row(row, _height(value))
            row += 1
        row += 1
        for name, what in sheets:
            sheet.write_url(row, 0, f"internal:'{name}'!A1", self.look("link"), name)
            sheet.write_string(row, 1, what, self.look("wrap"))
            row += 1
        return sheet

    def notice(self, provenance: Provenance, sheets: Sequence[tuple[str, str]], words: Sequence[str] = ()) -> Any:
        """The same as ``read_me`` in one column, which nobody can take for a table with headings."""
        sheet = self.sheet("Read me", provenance.title, provenance.kind, widths=(140,))
        facts = [f"{name}: {value}" for name, value in provenance.facts()[2:]]
        for row, sentence in enumerate((*words, *facts), start=NOTE_ROW + 1):
            sheet.write_string(row, 0, sentence, self.look("wrap"))
            sheet.set_row(row, _height(sentence))
        for row, (name, what) in enumerate(sheets, start=NOTE_ROW + 1 + len(words) + len(facts)):
            sheet.write_url(row, 0, f"internal:'{name}'!A1", self.look("link"), f"{name}: {what}")
        return sheet

    def sources(self, provenance: Provenance) -> Any:
        """The sheet that lists the shipped tables behind the figures."""
        headings = ("Table", "Standing", "Publisher", "Vintage", "Licence", "How it was made")
        note = "Published figures, derived figures and illustrative assumptions are told apart in column B."
        sheet = self.sheet("Sources", "Sources", note, headings, (48, 24, 40, 44, 40, 100))
        for row, source in enumerate(provenance.sources(), start=FIRST_ROW):
            for column, value in enumerate(source.values()):
                sheet.write_string(row, column, value, self.look("wrap"))
        return sheet

    def close(self) -> None:
        """Write the file."""
        try:
            self.workbook.close()
        except (OSError, xlsxwriter.exceptions.FileCreateError) as error:
            raise unwritable(self.path) from error


def unwritable(path: Path) -> Refused:
    """What is said where a file cannot be written."""
    why = "Nothing was written."
    remedy = "Close it if it is open in Excel, or name another file in a folder that exists."
    return Refused([Problem(str(path), "it cannot be written.", why, remedy)])


def refuse_other_suffix(path: Path, *suffixes: str) -> None:
    """Refuse a file whose name promises another format than it would hold.

    Raises:
        Refused: its name ends in something else, or its folder is not there.
    """
    if path.suffix.lower() not in suffixes:
        found = f"its name ends in '{path.suffix}'."
        remedy = f"Let it end in {' or '.join(suffixes)}."
        refuse(str(path), found, "The name would promise another format than the file has.", remedy)
    if not path.parent.is_dir():
        refuse(str(path), "its folder does not exist.", "Nothing can be written there.", "Make the folder first.")


_FIRST, _OTHERS, _LONGEST = 44, 22, 80


@dataclass(frozen=True, slots=True)
class MoreSheet:
    """A table for a workbook.

    Attributes:
        rows: texts, whole numbers, amounts as decimals of pounds, shares as fractions; None is not available.
    """

    name: str
    title: str
    note: str
    headings: Sequence[str]
    rows: Sequence[Sequence[str | int | Decimal | Fraction | None]]


def add(book: Book, table: MoreSheet) -> None:
    """Write a table on a sheet of its own."""
    widths = [_FIRST if number == 0 else _width(table, number) for number in range(len(table.headings))]
    sheet = book.sheet(table.name, table.title, table.note, table.headings, widths)
    for row, cells in enumerate(table.rows, start=FIRST_ROW):
        for column, value in enumerate(cells):
            if value is None:
                sheet.write_string(row, column, "not available")
            elif isinstance(value, str):
                sheet.write_string(row, column, value, book.look("wrap"))
            elif isinstance(value, Decimal):
                sheet.write_number(row, column, value, book.look("pence"))
            elif isinstance(value, Fraction):
                # A workbook keeps a share in its own fifteen digits; the exact one is on the command line.
                share = Decimal(value.numerator) / Decimal(value.denominator)
                sheet.write_number(row, column, share, book.look("share"))
            else:
                sheet.write_number(row, column, value, book.look("count"))


def _width(table: MoreSheet, column: int) -> int:
    longest = max((len(cell) for row in table.rows if isinstance(cell := row[column], str)), default=0)
    return min(max(_OTHERS, longest), _LONGEST)
