"""The change summary of the Organisation Data Service: who becomes whom when ICBs merge or split.

Codes that a draft leaves open are said to be open; no code is made up. What one sheet of the file says is
checked against the others: the successions against the small areas that move, and the moves of practices
against the totals that the file prints.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from allocations.files.published import headings
from allocations.files.published.headings import folded
from allocations.files.published.tables import (
    FileRead,
    Notes,
    PublishedTable,
    Row,
    Wanted,
    find,
    header_rows,
    visible_sheets,
)
from allocations.reading.cells import Cell, CellKind, Sheet, Workbook

CHANGING = (
    Wanted("region", ("NHSE Region Code",), key=True),
    Wanted("code", ("Current ICB Code",), key=True),
    Wanted("name", ("Current ICB Name",), key=True),
)
NEW = (
    Wanted("region", ("NHSE Region Code",), key=True),
    Wanted("code", ("New ICB Code (TBC)", "New ICB Code"), key=True),
    Wanted("name", ("New ICB Name", "New ICB Name (code tbc)"), key=True),
)
SUCCESSIONS = (
    Wanted("code", ("Current ICB Code",), key=True),
    Wanted("name", ("Current ICB Name",), key=True),
    Wanted("new", ("Proposed new ICB / boundary changes", "New ICB / boundary changes", "New ICB"), key=True),
)
SUB_ICBS = (
    Wanted("sub icb", ("Sub ICB Location Code",), key=True),
    Wanted("old name", ("Current Sub ICB Location Name",), key=True),
    Wanted("new name", ("New Sub ICB Location Name",), key=True),
)
SMALL_AREAS = (
    Wanted("area", ("LSOA11CD", "LSOA code"), key=True),
    Wanted("old", ("ICB22CDH",), key=True, edition="older"),
    Wanted("new", ("ICB25CDH",), key=True, edition="newer"),
    Wanted("new name", ("ICB25NM",), key=True, edition="newer"),
)
PRACTICES = (
    Wanted("to", ("Commissioner as at 1 Apr 2026", "Commissioner"), key=True),
    Wanted("practice", ("PCC Code", "Practice Code"), key=True),
    Wanted("setting", ("Non Primary Role Name (Prescribing Setting)", "Prescribing Setting"), needed=False),
)
NETWORKS = (
    Wanted("to", ("Commissioner as at 1 Apr 2026 (TBC)", "Commissioner"), key=True),
    Wanted("pcn", ("PCN Code",), key=True),
)
PRACTICE_TOTALS = (
    Wanted("to", ("Receiving Sub ICB Location Name",), key=True),
    Wanted("to code", ("Receiving SICB Location Code", "Receiving Sub ICB Location Code"), key=True),
    Wanted("total", ("Total PCC moves into ICB", "Total moves"), key=True),
)
# Tables that say once more what is read above: they are known, so that another table ends where they begin.
REPEATED = (
    (
        Wanted("sub icb", ("Sub ICB Location Code", "New Sub ICB Location Code"), key=True),
        Wanted("sub icb name", ("New Sub ICB Location Name", "Sub ICB Location Name"), key=True),
    ),
    (
        Wanted("code", ("Current ICB Code",), key=True),
        Wanted("sub icb", ("Current Sub ICB Location Code",), key=True),
    ),
)
ALL = (CHANGING, NEW, SUCCESSIONS, SUB_ICBS, SMALL_AREAS, PRACTICES, NETWORKS, PRACTICE_TOTALS, *REPEATED)


TO_BE_CONFIRMED = "to be confirmed"
AREAS = "small areas"
_MONTHS = "january|february|march|april|may|june|july|august|september|october|november|december"
_EFFECT = re.compile(rf"\b(?:into effect on|effective from|as of) (\d{{1,2}} (?:{_MONTHS}) \d{{4}})\b")
_KIND = re.compile(r"\bintegrated care board\b|\bicb\b")
_AREAS_MOVING = re.compile(r"total of (\d+) lsoas moving from (.+?) into (.+?)\.")
_AREA = re.compile(r"E\d{8}")


@dataclass(frozen=True, slots=True)
class SuccessorIcb:
    """An ICB that begins. ``code`` is none while it is to be confirmed."""

    code: str | None
    name: str
    region: str
    sheet: str
    cell: str


@dataclass(frozen=True, slots=True)
class IcbSuccession:
    """An ICB and one that follows it.

    Attributes:
        successor: its code, or none while it is to be confirmed.
        kind: ``merge`` where all of the old ICB goes to this one, ``split`` where only a part does,
            ``transfer`` where the old one stays and gives a part away.
        areas: small areas (LSOA 2011) that move, where the file lists them; else whole sub-ICBs move.
    """

    predecessor: str
    successor: str | None
    successor_name: str
    kind: str
    sheet: str
    cell: str
    areas: int | None = None


@dataclass(frozen=True, slots=True)
class Move:
    """A sub-ICB, practice, PCN or small area that changes its ICB.

    Attributes:
        code: of what moves.
        origin: code of the ICB it leaves.
        destination: code of the ICB it joins, or none while that is to be confirmed.
        destination_sub_icb: of a practice or PCN; none where it is to be confirmed or not said.
        setting: of a practice code, as ``GP PRACTICE``; not every prescribing code is a practice.
    """

    code: str
    origin: str
    destination: str | None
    destination_name: str
    sheet: str
    cell: str
    destination_sub_icb: str | None = None
    setting: str = ""


@dataclass(frozen=True, slots=True)
class ChangeSummary(FileRead):
    """What the file says."""

    effective_date: date | None
    new_icbs: tuple[SuccessorIcb, ...]
    successions: tuple[IcbSuccession, ...]
    sub_icbs: tuple[Move, ...]
    practices: tuple[Move, ...]
    networks: tuple[Move, ...]
    areas: tuple[Move, ...]


def read(workbook: Workbook) -> ChangeSummary:
    """Read a change summary. Faults are in ``problems``; what is not a row of a table is in ``set_aside``."""
    return _Reader(workbook).read()


class _Reader:
    """One reading of one file: what is known so far, for what comes later in it."""

    def __init__(self, workbook: Workbook) -> None:
        self.notes = Notes(workbook.file)
        self.sheets = visible_sheets(workbook, self.notes)
        self.ends = {sheet.name: header_rows(sheet, ALL) for sheet in self.sheets}
        self.names: dict[str, str | None] = {}  # plain name of an ICB to its code
        self.shown: dict[str, str] = {}  # plain name to the name as printed
        self.current: dict[str, str] = {}  # code of an ICB before the change to its name
        self.read_tables: set[tuple[str, int]] = set()

    def read(self) -> ChangeSummary:
        new_icbs = tuple(self._new())
        self._current()
        pairs = list(self._successions())
        areas = tuple(self._areas())
        successions = self._with_areas(pairs, areas)
        sub_icbs = tuple(self._sub_icbs())
        practices = tuple(self._moves(PRACTICES, "practice", headings.is_practice))
        networks = tuple(self._moves(NETWORKS, "pcn", headings.is_pcn))
        self._check_sub_icbs(successions, sub_icbs)
        self._check_areas(areas)
        self._check_practices(practices)
        effective = self._effective_date()
        self._say_what_was_not_read()
        if not successions:
            self.notes.problem(
                None, None, "no table says which ICB follows which.", "It is what a change summary is for.",
                "Give the file as the Organisation Data Service published it.",
            )  # fmt: skip
        return ChangeSummary(
            effective, new_icbs, successions, sub_icbs, practices, networks, areas, **self.notes.gathered(),
        )  # fmt: skip

    def _say_what_was_not_read(self) -> None:
        for sheet in self.sheets:
            for number in self.ends[sheet.name]:
                if (sheet.name, number) not in self.read_tables:
                    self.notes.remarks.append(
                        f"Sheet {sheet.name}, row {number}: the table says once more what others say; it was not read."
                    )
            if not self.ends[sheet.name]:
                self.notes.remarks.append(f"Sheet {sheet.name} holds no table that is read here.")

    # --- tables ---------------------------------------------------------------------------------------

    def _rows(self, wanted: Sequence[Wanted], is_row: Callable[[Row], bool]) -> Iterator[tuple[PublishedTable, Row]]:
        """The rows of every table of one shape; what is none is set aside, or a problem where it looks like one."""
        for sheet in self.sheets:
            for table in find(sheet, wanted, self.notes, within=None, ends=self.ends[sheet.name]):
                self.read_tables.add((sheet.name, table.header_row))
                for row in table.rows:
                    if row.blank:
                        continue  # sheets of this file are laid out with blank rows: they say nothing
                    if is_row(row):
                        yield table, row
                    elif all(row.cells[table.columns[column.name].column].text for column in wanted if column.key):
                        self._not_understood(sheet, row)
                    else:
                        self.notes.aside(sheet, row, "a note, not a row of the table")

    def _not_understood(self, sheet: Sheet, row: Row) -> None:
        first = next(cell for cell in row.cells if cell.text)
        self.notes.problem(
            sheet, first.address, f"the row '{' | '.join(row.texts)[:80]}' is not understood.",
            "It stands in a table, and no row of a table is passed over.", "Correct the code in it, or remove the row.",
        )  # fmt: skip

    def _new(self) -> Iterator[SuccessorIcb]:
        def is_row(row: Row) -> bool:
            given = headings.code(row.text("code"))
            return headings.is_region(headings.code(row.text("region"))) and (
                headings.is_icb(given) or headings.not_yet(given)
            )

        for table, row in self._rows(NEW, is_row):
            given = headings.code(row.text("code"))
            found = None if headings.not_yet(given) else given
            name = row.text("name")
            self.names[headings.plain_name(name)] = found
            self.shown[headings.plain_name(name)] = name
            yield SuccessorIcb(found, name, headings.code(row.text("region")), table.sheet.name, row["code"].address)
            if found is None:
                self.notes.remarks.append(f"The code of {name} is {TO_BE_CONFIRMED} ({row['code'].address}).")

    def _current(self) -> None:
        for wanted in (CHANGING, SUCCESSIONS):
            # Read again later as successions; what is set aside is said then.
            quiet = Notes(self.notes.file)
            loud, self.notes = self.notes, quiet if wanted is SUCCESSIONS else self.notes
            for _, row in self._rows(wanted, lambda row: headings.is_icb(headings.code(row.text("code")))):
                given, name = headings.code(row.text("code")), _first_line(row.text("name"))
                self.current[given] = name
                self.names[headings.plain_name(name)] = given
                self.shown[headings.plain_name(name)] = name
            self.notes = loud

    def _successions(self) -> Iterator[IcbSuccession]:
        for table, row in self._rows(SUCCESSIONS, lambda row: headings.is_icb(headings.code(row.text("code")))):
            given, text = headings.code(row.text("code")), row.text("new")
            name = headings.plain_name(_KIND.split(folded(text))[0])
            cell = row["new"].address
            if name in self.names:
                yield IcbSuccession(given, self.names[name], self.shown[name], "", table.sheet.name, cell)
            elif given in text.upper().split():
                self.notes.aside(
                    table.sheet, row, f"{given} stays and takes in {AREAS}: who gives them stands in their own table"
                )
            else:
                self.notes.problem(
                    table.sheet, cell, f"'{text[:80]}' names no ICB that the file introduces.",
                    "It cannot be said who follows.", "Write the new ICB's name as in the table of new ICBs.",
                )  # fmt: skip

    def _areas(self) -> Iterator[Move]:
        for table, row in self._rows(SMALL_AREAS, lambda row: bool(_AREA.fullmatch(row.text("area")))):
            given, name = headings.code(row.text("new")), headings.plain_name(row.text("new name"))
            destination = given if headings.is_icb(given) else self.names.get(name)
            if not headings.is_icb(given) and not headings.not_yet(given):
                self._not_understood(table.sheet, row)
                continue
            self.names.setdefault(name, destination)
            self.shown.setdefault(name, row.text("new name"))
            yield Move(
                row.text("area"), headings.code(row.text("old")), destination, self.shown[name],
                table.sheet.name, row["new"].address,
            )  # fmt: skip

    def _sub_icbs(self) -> Iterator[Move]:
        def is_row(row: Row) -> bool:
            return headings.is_sub_icb(headings.code(row.text("sub icb")))

        for table, row in self._rows(SUB_ICBS, is_row):
            old, new = (headings.plain_name(row.text(name).rsplit(" - ", 1)[0]) for name in ("old name", "new name"))
            origin = self.names.get(old)
            if origin is None or new not in self.names:
                self._unknown_name(table.sheet, row["new name" if origin else "old name"])
                continue
            yield Move(
                headings.code(row.text("sub icb")), origin, self.names[new], self.shown[new],
                table.sheet.name, row["new name"].address,
            )  # fmt: skip

    def _moves(self, wanted: Sequence[Wanted], what: str, is_code: Callable[[str], bool]) -> Iterator[Move]:
        for table, row in self._rows(wanted, lambda row: is_code(headings.code(row.text(what)))):
            text = row.text("to")
            name, _, sub_icb = text.rpartition(" - ")
            if folded(text) in ("n/a", "na"):
                self.notes.aside(table.sheet, row, "closes before the change: it moves to nobody")
                continue
            plain = headings.plain_name(name)
            origin = self._origin(table)
            if plain not in self.names or origin is None:
                self._unknown_name(table.sheet, row["to"])
                continue
            sub_code = headings.code(sub_icb)
            yield Move(
                headings.code(row.text(what)), origin, self.names[plain], self.shown[plain], table.sheet.name,
                row["to"].address, sub_code if headings.is_sub_icb(sub_code) else None, row.text("setting"),
            )  # fmt: skip

    def _origin(self, table: PublishedTable) -> str | None:
        """The ICB that a sheet's moves are from, by its name after the word "from" above the table."""
        above = " | ".join(folded(cell.text) for row in table.sheet.rows[: table.header_row] for cell in row)
        known = {
            self.names[name] for name in map(headings.plain_name, self.current.values()) if f"from {name}" in above
        }
        return known.pop() if len(known) == 1 else None

    def _unknown_name(self, sheet: Sheet, cell: Cell) -> None:
        self.notes.problem(
            sheet, cell.address, f"'{cell.text[:80]}' names no ICB that the file introduces.",
            "It cannot be said who moves to whom.", "Write the ICB's name as in the tables of ICBs.",
        )  # fmt: skip

    # --- one table against another ----------------------------------------------------------------------

    def _with_areas(self, pairs: Sequence[IcbSuccession], areas: Sequence[Move]) -> tuple[IcbSuccession, ...]:
        """The successions with the small areas that move, and those that only the small areas tell of."""
        moved = Counter((area.origin, headings.plain_name(area.destination_name)) for area in areas)
        cells = {(area.origin, headings.plain_name(area.destination_name)): area for area in reversed(areas)}
        found = {(pair.predecessor, headings.plain_name(pair.successor_name)): pair for pair in pairs}
        for key, first in cells.items():
            origin = first.origin
            if key not in found and self.names.get(key[1]) != origin:
                found[key] = IcbSuccession(
                    origin, first.destination, first.destination_name, "", first.sheet, first.cell
                )
        goes_to = Counter(predecessor for predecessor, _ in found)
        stay = {pair.successor for pair in found.values() if pair.successor}
        return tuple(
            replace(
                pair,
                kind="transfer" if key[0] in stay else "merge" if goes_to[key[0]] == 1 else "split",
                areas=moved.get(key),
            )
            for key, pair in sorted(found.items())
        )

    def _check_sub_icbs(self, successions: Sequence[IcbSuccession], sub_icbs: Sequence[Move]) -> None:
        if not sub_icbs:
            return
        told = {(pair.predecessor, pair.successor_name): pair for pair in successions if pair.areas is None}
        moved = {(move.origin, move.destination_name): move for move in sub_icbs if move.origin != move.destination}
        for key in sorted(told.keys() ^ moved.keys()):
            first = told.get(key) or moved[key]
            sheet = next(sheet for sheet in self.sheets if sheet.name == first.sheet)
            self.notes.problem(
                sheet, first.cell, f"{key[0]} to {key[1]} is in one table of the file and not in the other.",
                "The table of ICBs and the table of sub-ICB locations contradict each other.",
                "Ask the Organisation Data Service which is right.",
            )  # fmt: skip
        if told.keys() == moved.keys():
            self.notes.ties.append(
                f"{len(sub_icbs)} sub-ICB locations move as the {len(told)} successions of whole parts say."
            )

    def _check_areas(self, areas: Sequence[Move]) -> None:
        moved = Counter(
            (headings.plain_name(self.current.get(a.origin, a.origin)), headings.plain_name(a.destination_name))
            for a in areas
        )
        for sheet in self.sheets:
            for row in sheet.rows:
                for cell in row:
                    said = _AREAS_MOVING.search(folded(cell.text)) if len(cell.text) > len("total of lsoas") else None
                    if said:
                        self._tie(sheet, cell.address, f"{AREAS} from {said[2]} to {said[3]}", int(said[1]),
                                  moved[headings.plain_name(said[2]), headings.plain_name(said[3])])  # fmt: skip

    def _check_practices(self, practices: Sequence[Move]) -> None:
        moved = Counter(headings.plain_name(move.destination_name) for move in practices)
        closing = sum(1 for row in self.notes.set_aside if row.why.startswith("closes before"))
        sheets: set[str] = {move.sheet for move in practices}
        for table, row in self._rows(PRACTICE_TOTALS, lambda row: row["total"].kind is CellKind.NUMBER):
            said = self.notes.number(table.sheet, row["total"], "the total")
            name = headings.plain_name(row.text("to").rpartition(" - ")[0])
            if headings.is_whole(row.text("to")):
                counted = moved.total() + closing
            elif name in self.names:
                counted = moved[name]
            else:
                counted = closing
            if said is not None and table.sheet.name in sheets:
                self._tie(table.sheet, row["total"].address, f"moves, {row.text('to')[:60]}", int(said), counted)

    def _tie(self, sheet: Sheet, cell: str, what: str, printed: int, counted: int) -> None:
        if printed == counted:
            self.notes.ties.append(f"{what}: {counted:,}, as printed in {cell}.")
            return
        way = "more" if counted > printed else "fewer"
        self.notes.problem(
            sheet, cell, f"{what}: the file says {printed:,} and lists {counted:,}, {abs(counted - printed):,} {way}.",
            "A list that does not come to its own total is not whole.", "Give the file as it was published.",
        )  # fmt: skip

    def _effective_date(self) -> date | None:
        said = Counter(
            match[1]
            for sheet in self.sheets
            for row in sheet.rows
            for cell in row
            if cell.kind is CellKind.TEXT
            for match in _EFFECT.finditer(folded(cell.text.replace("*", "")))
        )
        if len(said) == 1:
            return datetime.strptime(next(iter(said)), "%d %B %Y").date()  # noqa: DTZ007 - a day has no time zone
        found = "names no day on which it takes effect" if not said else f"names several days: {', '.join(said)}"
        self.notes.problem(
            None, None, f"it {found}.", "Successions count from a day.", "Give the file as it was published."
        )
        return None


def _first_line(text: str) -> str:
    """A name without what a bracket adds: ``NHS Frimley ICB (3 way split)``."""
    return text.split("(", maxsplit=1)[0].strip()
