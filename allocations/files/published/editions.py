"""Which year's edition a file is: what its sheets, titles, name and headers say, ranked and compared.

The names of its sheets, its titles and its own name say of what year it is; they must agree. Its headers rank
below them, because a publisher leaves headers as they were: a header of another year is told, once, and does not
decide.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from allocations.files.published.headings import years_in
from allocations.files.published.tables import Notes, PublishedTable
from allocations.reading.cells import Sheet
from ledger.inputs import Input
from ledger.years import FinancialYear

_FILE_NAME = "the file's name"
_HEADERS = "its headers"


@dataclass(frozen=True, slots=True)
class EditionEvidence:
    """What one part of a file says of its year. ``shown`` is where, with the text, for a sentence."""

    where: str
    years: tuple[FinancialYear, ...]
    shown: str


def refuse_years_that_are_none(sheets: Sequence[Sheet], tables: Sequence[PublishedTable], notes: Notes) -> None:
    """A problem for each text that claims to be a financial year and is none, as ``2025/27``.

    A file's own name claims nothing where another part of the file says its year: ``2023_2025`` may be what it spans.
    """
    named = [sheet for sheet in sheets if sheet.name != Path(notes.file).stem]
    name = Path(notes.file).stem
    said: list[tuple[Sheet | None, str | None, str, str]] = []
    if not evidence(sheets, tables, notes.file):
        said += [(None, None, name, bad) for bad in years_in(name)[1]]
    said += [(sheet, None, sheet.name, bad) for sheet in named for bad in years_in(sheet.name)[1]]
    for table in tables:
        said += [(table.sheet, cell.address, cell.text, bad) for cell in table.titles for bad in years_in(cell.text)[1]]
        said += [
            (table.sheet, heading.cell, heading.text, bad)
            for heading in table.headings
            for bad in heading.meaning.not_years
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
    sheets: Sequence[Sheet], tables: Sequence[PublishedTable], notes: Notes, asked: FinancialYear | None
) -> FinancialYear | None:
    """The year that a file is of; none, with a problem, where that cannot be told.

    Args:
        sheets: the sheets that hold figures.
        tables: the tables in them.
        asked: the year that whoever imports the file names. It must be one that the file speaks of, if it
            speaks of any.
    """
    refuse_years_that_are_none(sheets, tables, notes)
    spoken = evidence(sheets, tables, notes.file)
    if asked is not None:
        if not spoken or any(asked in said.years for said in spoken):
            return asked
        notes.problem(
            None, None, f"it was asked for as {asked}, but {spoken[0].where} speak of {_listed(spoken[0].years)}.",
            "Figures of one year are not those of another.",
            f"Leave out {Input.YEAR_OF_FILE.named}, or give the file of that year.",
        )  # fmt: skip
        return None
    if not spoken:
        notes.problem(
            None, None, "neither its sheets, its titles, its headers nor its name say which year it is of.",
            "Figures without a year cannot be placed.", f"Say it {Input.YEAR_OF_FILE.given}, as 2025/26.",
        )  # fmt: skip
        return None
    first = spoken[0]
    if len(first.years) > 1:
        notes.problem(
            None, None, f"{first.where} speak of several years: {_listed(first.years)}.",
            "One import is of one year.",
            f"Say which {Input.YEAR_OF_FILE.given}, as {first.years[0]}. 'all' takes every year that is whole.",
        )  # fmt: skip
        return None
    return _agreed(first.years[0], first, spoken[1:], notes)


def _agreed(
    year: FinancialYear, first: EditionEvidence, others: Sequence[EditionEvidence], notes: Notes
) -> FinancialYear | None:
    against = [said for said in others if year not in said.years]
    strong = [said for said in against if said.where != _HEADERS]
    if strong:
        notes.problem(
            None, None, f"{first.shown} says {year}, and {strong[0].shown} says {_listed(strong[0].years)}.",
            "Figures of one year would be taken for those of another.",
            f"Say which it is {Input.YEAR_OF_FILE.given}, as {year}.",
        )  # fmt: skip
        return None
    notes.remarks.append(f"It is of {year}: {first.where} say{'s' if first.where == _FILE_NAME else ''} so.")
    notes.remarks.extend(
        f"{said.shown} says {_listed(said.years)}, and {first.where} outrank"
        f"{'s' if first.where == _FILE_NAME else ''} it: a header is often left as it was."
        for said in against
    )
    return year


def evidence(sheets: Sequence[Sheet], tables: Sequence[PublishedTable], file: str) -> list[EditionEvidence]:
    """What each part of the file says of its year, the strongest first; a part that says nothing is not here."""
    headings = [heading for table in tables for heading in table.headings if heading.meaning.years]
    newest = max((year for heading in headings for year in heading.meaning.years), default=None)
    sources = (
        ("its sheets' names", "the sheet", [sheet.name for sheet in sheets if sheet.name != Path(file).stem]),
        ("its titles", "the title", [cell.text for table in tables for cell in table.titles]),
        (_FILE_NAME, "the file's name", [Path(file).stem]),
    )
    found = []
    for where, what, texts in sources:
        saying = [(text, years_in(text)[0]) for text in texts]
        years = tuple(sorted({year for _, named in saying for year in named}))
        if years:
            shown = next(text for text, named in saying if named)
            found.append(EditionEvidence(where, years, f"{what} '{' '.join(shown.split())[:60]}'"))
    if newest is not None:
        heading = next(heading for heading in headings if newest in heading.meaning.years)
        shown = f"the header '{' '.join(heading.text.split())[:60]}' ({heading.cell})"
        found.append(EditionEvidence(_HEADERS, (newest,), shown))
    return found


def _listed(years: Sequence[FinancialYear]) -> str:
    return ", ".join(str(year) for year in years)
