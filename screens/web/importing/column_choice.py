"""What the columns of a budget mean: guessed, shown with their first values, and changed by whoever knows better."""

from collections.abc import Sequence

import streamlit as st

from allocations.files.budgets import remapping
from allocations.files.budgets.mapping import Mapping, Meaning, SheetMapping
from allocations.files.budgets.preview import SheetPreview
from allocations.reading.cells import Sheet, Workbook
from screens.report import tables
from screens.report.remedies import COLUMNS
from screens.report.tables import Table

MEANINGS = {
    Meaning.CODE: "Code of who receives",
    Meaning.NAME: "Name of who receives",
    Meaning.PARENT: "Code of who is above them",
    Meaning.FUND: "Fund",
    Meaning.LINE: "Description of the line",
    Meaning.YEAR: "Year",
    Meaning.MONTH: "Month",
    Meaning.RECURRENT: "Whether it recurs",
    Meaning.AMOUNT: "Amount",
    Meaning.TOTAL: "Total of the row: checked, not posted",
    Meaning.IGNORED: "Ignored",
    Meaning.UNDECIDED: "Not decided: say what it is",
}
_ACROSS = 3
_MOST_SHOWN = 8


def first_rows(sheet: SheetPreview) -> None:
    """The beginning of a sheet, as it stands in the file."""
    width = min(max((len(row) for row in sheet.rows), default=0), _MOST_SHOWN)
    with st.expander(f"First rows of '{sheet.name}'"):
        if not width:
            st.write("Nothing stands on it.")
            return
        rows = [
            (str(number), *(row[place] if place < len(row) else "" for place in range(width)))
            for number, row in enumerate(sheet.rows, start=1)
        ]
        headers = ("Row", *(f"Column {letter}" for letter in "ABCDEFGH"[:width]))
        tables.show(Table(f"The first {len(rows)} rows, as text", headers, rows))
        if sheet.width > width:
            st.write(f"The first {width} of {sheet.width} columns are shown.")


def choose(guess: Mapping, workbook: Workbook, digest: str) -> dict[tuple[str, str], Meaning]:
    """Let the reader say what each column holds; those that they changed, by sheet and letter."""
    sheets = {sheet.name: sheet for sheet in workbook.sheets}
    changed: dict[tuple[str, str], Meaning] = {}
    for part in guess.sheets:
        if part.sheet not in sheets:
            continue
        st.subheader(f"Sheet '{part.sheet}', headings in row {part.header_row}", anchor=False)
        changed |= _of_sheet(part, sheets[part.sheet], digest)
    return changed


def _of_sheet(part: SheetMapping, sheet: Sheet, digest: str) -> dict[tuple[str, str], Meaning]:
    changed: dict[tuple[str, str], Meaning] = {}
    letters = list(part.columns)
    for start in range(0, len(letters), _ACROSS):
        for place, letter in zip(st.columns(_ACROSS), letters[start : start + _ACROSS], strict=False):
            column = part.columns[letter]
            options = [one for one in MEANINGS if one is not Meaning.UNDECIDED or column.meaning is one]
            with place:
                meaning = st.selectbox(
                    f"{letter}: {_short(column.heading) or 'no heading'}", options,
                    index=options.index(column.meaning), format_func=lambda one: MEANINGS[one],
                    key=f"bring column {digest[:16]} {part.sheet} {part.header_row} {letter}",
                )  # fmt: skip
                first = remapping.sample(sheet, part.header_row, letter)
                st.text(f"First values: {_short(first)}" if first else "Nothing stands below it.")
            if meaning is not column.meaning:
                changed[part.sheet, letter] = meaning
    return changed


def begin(workbook: Workbook, names: Sequence[str], digest: str) -> Mapping | None:
    """Where no headings of a budget were found: let the reader say in which row they stand."""
    sheets = {sheet.name: sheet for sheet in workbook.sheets if sheet.rows and (sheet.visible or sheet.name in names)}
    if not sheets:
        return None
    with st.expander("Say by hand where the headings stand"):
        name = st.selectbox("Sheet", [*names, *(other for other in sheets if other not in names)],
                            key=f"bring by hand {digest[:16]}")  # fmt: skip
        sheet = sheets.get(name)
        if sheet is None:
            return None
        row = st.number_input(
            "Row of the headings; 0 for not by hand", 0, len(sheet.rows), 0, key=f"bring row {digest[:16]} {name}"
        )
        st.write(f"Then say under '{COLUMNS}' what each column is.")
    return remapping.begun(workbook.file, sheet, int(row)) if row else None


def _short(text: str, most: int = 60) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
