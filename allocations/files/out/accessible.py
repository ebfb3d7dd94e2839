"""The published workbook: values only, by the Analysis Function's list for accessible spreadsheets.

A cover, a list of contents, the notes, one marked table to a sheet from column A, one row of headings with units, no
merged or empty cells, nothing hidden, frozen or filtered, no colour that carries meaning. A checker in the tests
goes through the whole list.
"""

import warnings
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import gptables
import pandas as pd
from xlsxwriter.exceptions import FileCreateError

from allocations.files.out.accessible_tables import COUNT, MONEY, NOTES, PERCENT, TEXT, AccessibleTable
from allocations.files.out.provenance import PUBLISHED, Provenance, behind_books, of_books
from allocations.files.out.sheets import refuse_other_suffix, unwritable
from allocations.reading.safe_text import WORKBOOK_OPTIONS, published_text
from ledger.reports.position import Moment
from ledger.store.base import Reader
from ledger.years import FinancialYear

_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 - Excel's properties have no zone; the bytes depend on the figures alone
_FORMATS = {
    MONEY: {"num_format": "#,##0.00", "align": "right"}, COUNT: {"num_format": "#,##0", "align": "right"},
    PERCENT: {"num_format": "0.0", "align": "right"},
}  # fmt: skip
_ONE_TABLE = "This worksheet contains one table. Notes are explained on the worksheet Notes."
_UNIT = "Pounds sterling, to the penny; each heading says its unit"


def provenance(reader: Reader, at: Moment, *, year: FinancialYear, whose: str) -> Provenance:
    """What the workbook says of itself."""
    tables, rests_on = behind_books(reader, at)
    grades = "Grades are an illustrative assumption of this project, unless the books were given other terms."
    title = f"Where the money of {year} is decided and how free it is: {whose}"
    return Provenance(title, PUBLISHED, _UNIT, at, tables, [*of_books(at), grades], rests_on)


def write_published(
    made: Sequence[AccessibleTable], source: Provenance, path: Path, *, contact: str | None = None
) -> None:
    """Write the workbook.

    Args:
        contact: who answers questions, for the cover.

    Raises:
        Refused: the file cannot be written, or its name promises another format.
    """
    refuse_other_suffix(path, ".xlsx")
    sheets = {table.label: _sheet(table) for table in (*made, _sources(source)) if table.rows}
    used = list(dict.fromkeys(note for table in made for note in table.notes))
    with warnings.catch_warnings():
        # An empty notes sheet is said once more on standard error by the library; there always is one here.
        warnings.simplefilter("ignore")
        book = gptables.produce_workbook(
            filename=str(path),
            sheets=sheets,
            cover=_cover(source, contact),
            notes_table=pd.DataFrame({"Note": used, "Note text": [NOTES[note] for note in used]}),
            contentsheet_options={"instructions": "This worksheet contains one table, with a link to each worksheet."},
            notesheet_options={"instructions": "This worksheet contains one table."},
            workbook_options=dict(WORKBOOK_OPTIONS),
        )
    book.set_properties({"title": source.title, "author": "", "created": _MADE})
    for sheet in book.worksheets():
        if sheet.name in ("Contents", "Notes", "Sources"):
            sheet.set_column(1, 1, 90)
    try:
        book.close()
    except (OSError, FileCreateError) as error:
        raise unwritable(path) from error


def _cover(source: Provenance, contact: str | None) -> Any:
    facts = [f"{name}: {published_text(value)}" for name, value in source.facts() if name not in ("Title", "Data")]
    about = [
        *facts,
        "The notes and the worksheet Sources tell published, derived and illustrative figures apart.",
    ]
    return gptables.Cover(
        title=published_text(source.title),
        intro=["What is held where, which streams reached each integrated care board, and which pots are ring-fenced."],
        about=about,
        contact=[published_text(contact)] if contact else None,
    )


def _sheet(table: AccessibleTable) -> Any:
    kinds = list(table.columns.values())
    frame = pd.DataFrame(
        [[_cell(value) for value in row] for row in table.rows], columns=list(table.columns), dtype=object
    )
    formatting = [
        {"column": {"columns": [number], "format": _FORMATS[kind], "include_names": True}}
        for number, kind in enumerate(kinds)
        if kind in _FORMATS
    ]
    return gptables.GPTable(
        table=frame,
        table_name=table.name,
        title=published_text(table.title) + " " * bool(table.notes) + "".join(f"$${note}$$" for note in table.notes),
        instructions=_ONE_TABLE,
        legend=table.shorthand(),
        index_columns={2: 0},
        additional_formatting=formatting,
    )


def _cell(value: Any) -> Any:
    return value if isinstance(value, int | Decimal) else published_text(str(value))


def _sources(source: Provenance) -> AccessibleTable:
    headings = ("Table", "Made how", "Standing", "Publisher", "Vintage", "Licence")
    keys = ("table", "made", "standing", "publisher", "vintage", "licence")
    rows = [tuple(row[key] for key in keys) for row in source.sources()]
    return AccessibleTable("Sources", "sources", "Sources of the figures", dict.fromkeys(headings, TEXT), rows)
