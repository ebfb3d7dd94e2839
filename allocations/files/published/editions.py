"""Which year's edition a file is: what its sheets, titles, headers and name say, in that order."""

from collections.abc import Sequence
from pathlib import Path

from allocations.files.published.headings import years_in
from allocations.files.published.tables import Notes, Table
from allocations.reading.cells import Sheet
from ledger.inputs import Input
from ledger.years import FinancialYear

_FILE_NAME = "the file's name"


def refuse_years_that_are_none(sheets: Sequence[Sheet], tables: Sequence[Table], notes: Notes) -> None:
    """A problem for each text that claims to be a financial year and is none, as ``2025/27``."""
    said: list[tuple[Sheet | None, str | None, str, str]] = [
        (None, None, Path(notes.file).stem, bad) for bad in years_in(Path(notes.file).stem)[1]
    ]
    named = [sheet for sheet in sheets if sheet.name != Path(notes.file).stem]
    said += [(sheet, None, sheet.name, bad) for sheet in named for bad in years_in(sheet.name)[1]]
    for table in tables:
        said += [(table.sheet, cell.address, cell.text, bad) for cell in table.titles for bad in years_in(cell.text)[1]]
        headings = (*table.columns.values(), *table.others)
        said += [
            (table.sheet, heading.cell, heading.text, bad) for heading in headings for bad in heading.meaning.not_years
        ]
    for sheet, cell, text, bad in dict.fromkeys(said):
        notes.problem(
            sheet,
            cell,
            f"'{text[:80]}' names '{bad}', which is not a financial year.",
            "A financial year runs from 1 April to 31 March and is written 2025/26.",
            "Correct the year.",
        )


def edition(
    sheets: Sequence[Sheet], tables: Sequence[Table], notes: Notes, asked: FinancialYear | None
) -> FinancialYear | None:
    """The year that a file is of; none, with a problem, where that cannot be told.

    Args:
        sheets: the sheets that hold figures.
        tables: the tables in them.
        asked: the year that whoever imports the file names. It must be one that the file speaks of, if it
            speaks of any.
    """
    refuse_years_that_are_none(sheets, tables, notes)
    spoken = _spoken_of(sheets, tables, notes.file)
    for where, years in spoken:
        if asked is not None and asked in years:
            return asked
        if asked is None and len(years) == 1:
            notes.remarks.append(f"It is of {years[0]}: {where} say{'s' if where == _FILE_NAME else ''} so.")
            return years[0]
        if asked is None:
            listed = ", ".join(str(year) for year in years)
            notes.problem(
                None, None, f"{where} speak of several years: {listed}.",
                "One import is of one year.", f"Say which {Input.YEAR_OF_FILE.given}, as {years[0]}.",
            )  # fmt: skip
            return None
    if asked is not None and not spoken:
        return asked
    if asked is not None:
        where, years = spoken[0]
        notes.problem(
            None, None, f"it was asked for as {asked}, but {where} speak of {', '.join(str(year) for year in years)}.",
            "Figures of one year are not those of another.",
            f"Leave out {Input.YEAR_OF_FILE.named}, or give the file of that year.",
        )  # fmt: skip
        return None
    notes.problem(
        None, None, "neither its sheets, its titles, its headers nor its name say which year it is of.",
        "Figures without a year cannot be placed.", f"Say it {Input.YEAR_OF_FILE.given}, as 2025/26.",
    )  # fmt: skip
    return None


def _spoken_of(
    sheets: Sequence[Sheet], tables: Sequence[Table], file: str
) -> list[tuple[str, tuple[FinancialYear, ...]]]:
    headings = [heading for table in tables for heading in (*table.columns.values(), *table.others)]
    newest = max((year for heading in headings for year in heading.meaning.years), default=None)
    sources = (
        ("its sheets' names", [sheet.name for sheet in sheets if sheet.name != Path(file).stem]),
        ("its titles", [cell.text for table in tables for cell in table.titles]),
        ("its headers", [] if newest is None else [str(newest)]),
        (_FILE_NAME, [Path(file).stem]),
    )
    found = []
    for where, texts in sources:
        years = tuple(sorted({year for text in texts for year in years_in(text)[0]}))
        if years:
            found.append((where, years))
    return found
