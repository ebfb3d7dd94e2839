"""Which published file this is, by its headers; a file of another kind is refused with what it looks like."""

from dataclasses import dataclass
from enum import StrEnum

from allocations.files.published import allocations_workbook, practices
from allocations.files.published.change_summary import CHANGING, SMALL_AREAS, SUCCESSIONS
from allocations.files.published.headings import meaning
from allocations.files.published.pcn_memberships import MEMBERSHIPS
from allocations.files.published.registered_patients import AGES, MAP
from allocations.files.published.tables import HEADER_WITHIN, Notes, Wanted, header_rows
from allocations.reading.cells import CellKind, Sheet, Workbook
from ledger.errors import Problem, Refused
from ledger.inputs import Action


class FileKind(StrEnum):
    """The published files that are read here, as people call them."""

    ALLOCATIONS = "workbook of ICB allocations"
    PRACTICES = "practice file of the place tool"
    PRACTICE_MAP = "map of practices to networks and ICBs"
    AGES = "patients by single year of age"
    NETWORKS = "networks and their practices (ePCN)"
    CHANGES = "change summary of ICB mergers"


@dataclass(frozen=True, slots=True)
class _Sign:
    """A header row that gives a kind away."""

    kind: FileKind
    tables: tuple[tuple[Wanted, ...], ...]


_SIGNS = (
    _Sign(FileKind.AGES, (AGES,)),
    _Sign(FileKind.PRACTICE_MAP, (MAP,)),
    _Sign(FileKind.NETWORKS, (MEMBERSHIPS,)),
    _Sign(FileKind.CHANGES, (CHANGING, SUCCESSIONS, SMALL_AREAS)),
)
# Files that people have beside the ones that are read, by headers that stand in them together.
_LOOKS_LIKE = (
    ("patients registered at a practice by age group", ("ORG_CODE", "AGE_GROUP_5")),
    ("patients registered at a practice, totals", ("PUBLICATION", "CODE", "NUMBER_OF_PATIENTS")),
    ("a list of ICBs", ("icb_ods", "icb_ons", "icb_name")),
    ("a list of sub-ICB locations", ("sicbl24_code", "icb24_code")),
    ("a lookup of local authorities", ("ltla23_code", "utla23_code")),
    ("a lookup of local authorities and regions", ("ltla24_code", "region24_code")),
    ("the indices of deprivation", ("Rank of average score", "Average score")),
    (f"a list of your own places (give it to {Action.SHARE_AMONG_PLACES.done()})", ("practice_code", "place")),
    (f"your own terms (give it to {Action.DEMO_WITH_TERMS.done()})", ("fund", "grade", "quality")),
)


def recognise(workbook: Workbook) -> FileKind:
    """The kind of a file.

    Raises:
        Refused: it is none of those that are read here.
    """
    quiet = Notes(workbook.file)
    sheets = [sheet for sheet in workbook.sheets if sheet.visible]
    if practices.tables_in(workbook, quiet):
        return FileKind.PRACTICES
    for sign in _SIGNS:
        if any(_begins(sheet, sign) for sheet in sheets):
            return sign.kind
    if allocations_workbook.stream_tables(workbook, quiet):
        return FileKind.ALLOCATIONS
    raise Refused([_other_kind(workbook, sheets)])


def _begins(sheet: Sheet, sign: _Sign) -> bool:
    # The change summary has its tables below pages of text; all others have their header near the top.
    rows = sheet.rows if sign.kind is FileKind.CHANGES else sheet.rows[:HEADER_WITHIN]
    return bool(header_rows(Sheet(sheet.name, rows), sign.tables))


def _other_kind(workbook: Workbook, sheets: list[Sheet]) -> Problem:
    heads = [
        [cell for cell in row if cell.kind is CellKind.TEXT] for sheet in sheets for row in sheet.rows[:HEADER_WITHIN]
    ]
    fullest = max(heads, key=len, default=[])
    words = [{meaning(cell.text).words for cell in row} for row in heads]
    looks = next(
        (
            what
            for what, phrases in _LOOKS_LIKE
            if any(all(meaning(phrase).words in row for phrase in phrases) for row in words)
        ),
        None,
    )
    seen = ", ".join(f"'{cell.text[:30]}' ({cell.address})" for cell in fullest[:8])
    found = (
        f"it looks like {looks}." if looks else f"its headers are not those of a file that is read: {seen or 'none'}."
    )
    known = "; ".join(FileKind)
    return Problem(workbook.file, found, f"Read here are: {known}.", "Give one of these, as it was published.")
