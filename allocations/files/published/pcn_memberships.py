"""The ODS file of primary care networks (ePCN): which practice was in which network, from when to when."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise

from allocations.files.published import headings
from allocations.files.published.registered_patients import read_day
from allocations.files.published.tables import FileRead, Notes, PublishedTable, Row, Wanted, find, visible_sheets
from allocations.reading.cells import Workbook
from ledger.errors import Problem

NETWORKS = (
    Wanted("pcn", ("PCN Code",), key=True),
    Wanted("name", ("PCN Name",), key=True),
    Wanted("sub icb", ("Current Sub ICB Loc Code", "Current Sub ICB Location Code", "Current CCG Code"), needed=False),
    Wanted("opened", ("Open Date",), key=True),
    Wanted("closed", ("Close Date",), key=True),
)
MEMBERSHIPS = (
    Wanted("practice", ("Partner Organisation Code", "Practice Code"), key=True),
    Wanted("pcn", ("PCN Code",), key=True),
    Wanted("name", ("PCN Name",), needed=False),
    Wanted("began", ("Practice to PCN Relationship Start Date", "Relationship Start Date"), key=True),
    Wanted("ended", ("Practice to PCN Relationship End Date", "Relationship End Date")),
)


@dataclass(frozen=True, slots=True)
class Network:
    """A primary care network. ``closed`` is its last day, none while it is open."""

    code: str
    name: str
    sub_icb: str | None
    opened: date
    closed: date | None
    cell: str


@dataclass(frozen=True, slots=True)
class PcnMembership:
    """A practice in a network. ``ended`` is the last day of it, none while it goes on."""

    practice: str
    pcn: str
    began: date
    ended: date | None
    cell: str

    @property
    def valid_to(self) -> date | None:
        """The first day on which it no longer holds, as the books keep it."""
        return None if self.ended is None else self.ended + timedelta(days=1)


@dataclass(frozen=True, slots=True)
class PcnFile(FileRead):
    """Networks, and memberships in the order of the file."""

    networks: tuple[Network, ...]
    memberships: tuple[PcnMembership, ...]

    def names(self) -> Mapping[str, str]:
        """Network to its name."""
        return {network.code: network.name for network in self.networks}


def read(workbook: Workbook) -> PcnFile:
    """Read the networks and their practices. A practice that is in two networks on one day is a problem."""
    notes = Notes(workbook.file)
    networks: dict[str, Network] = {}
    memberships: list[PcnMembership] = []
    met: set[str] = set()
    for sheet in visible_sheets(workbook, notes):
        # The sheet of memberships names networks too; it has no opening dates.
        tables = [("memberships", table) for table in find(sheet, MEMBERSHIPS, notes)]
        tables = tables or [("networks", table) for table in find(sheet, NETWORKS, notes)]
        if not tables:
            notes.remarks.append(f"Sheet {sheet.name} holds no table that is read here.")
        for what, table in tables:
            met.add(what)
            for row in _rows(table, notes):
                if what == "networks":
                    _network(table, row, notes, networks)
                else:
                    memberships.extend(_membership(table, row, notes))
    for what in ("networks", "memberships"):
        if what not in met:
            notes.problem(
                None, None, f"no sheet has the table of {what}.", "The one is of no use without the other.",
                "Give the file as the Organisation Data Service published it.",
            )  # fmt: skip
    memberships = _one_at_a_time(memberships, notes)
    if not notes.problems:
        _known_networks(networks, memberships, notes)
    return PcnFile(tuple(networks.values()), tuple(memberships), **notes.gathered())


def _rows(table: PublishedTable, notes: Notes) -> list[Row]:
    kept = []
    for row in table.rows:
        if row.blank:
            notes.aside(table.sheet, row, "blank")
        elif len(row.texts) == 1:
            notes.aside(table.sheet, row, "a note, not a row of the table")
        else:
            kept.append(row)
    return kept


def _network(table: PublishedTable, row: Row, notes: Notes, networks: dict[str, Network]) -> None:
    code = _pcn(table, row, notes)
    opened, closed = (_date(table, row, name, notes) for name in ("opened", "closed"))
    if code is None or not isinstance(opened, date) or closed is False:
        if code is not None and opened is None:
            _no_start(table, row, "opened", notes)
        return
    if code in networks:
        notes.problem(
            table.sheet, row["pcn"].address, f"network {code} is there twice: {networks[code].cell} has it too.",
            "A network has one name and one life.", "Remove one of the rows.",
        )  # fmt: skip
        return
    sub_icb = headings.code(row.text("sub icb")) or None
    ended = closed if isinstance(closed, date) else None
    networks[code] = Network(code, row.text("name"), sub_icb, opened, ended, f"{table.sheet.name}!{row.number}")


def _membership(table: PublishedTable, row: Row, notes: Notes) -> list[PcnMembership]:
    pcn, practice = _pcn(table, row, notes), headings.code(row.text("practice"))
    if not headings.is_practice(practice):
        notes.problem(
            table.sheet, row["practice"].address, f"'{practice[:40]}' is not the code of a practice.",
            "No row is passed over.", "Give the code, as A81001, or remove the row.",
        )  # fmt: skip
        return []
    began, ended = (_date(table, row, name, notes) for name in ("began", "ended"))
    if began is None:
        _no_start(table, row, "began", notes)
    if pcn is None or not isinstance(began, date) or ended is False:
        return []
    last = ended if isinstance(ended, date) else None
    if last is not None and last < began:
        notes.problem(
            table.sheet, row["ended"].address,
            f"practice {practice} left {pcn} on {last}, before it joined on {began}.",
            "A membership ends after it begins.", "Correct the dates.",
        )  # fmt: skip
        return []
    return [PcnMembership(practice, pcn, began, last, f"{table.sheet.name}!{row.number}")]


def _pcn(table: PublishedTable, row: Row, notes: Notes) -> str | None:
    code = headings.code(row.text("pcn"))
    if headings.is_pcn(code):
        return code
    notes.problem(
        table.sheet, row["pcn"].address, f"'{code[:40]}' is not the code of a network.",
        "No row is passed over.", "Give the code, as U89141, or remove the row.",
    )  # fmt: skip
    return None


def _date(table: PublishedTable, row: Row, name: str, notes: Notes) -> date | bool | None:
    """The day in a column; none where the cell is blank, false where it holds no day that is understood."""
    if name not in table.columns or not row.text(name):
        return None
    cell = row[name]
    found = read_day(cell)
    if found is None:
        notes.problem(
            table.sheet, cell.address, f"'{cell.text[:40]}' is no date that is understood.",
            "Memberships count from a day to a day.", "Write it as 20260401.",
        )  # fmt: skip
        return False
    return found


def _no_start(table: PublishedTable, row: Row, name: str, notes: Notes) -> None:
    notes.problem(
        table.sheet, row[name].address, "there is no first day.", "Nothing counts without one.",
        "Write it as 20260401.",
    )  # fmt: skip


def _one_at_a_time(memberships: Sequence[PcnMembership], notes: Notes) -> list[PcnMembership]:
    """The memberships, with one that ends on the day on which the next begins ended the day before."""
    ended: dict[str, date] = {}
    by_practice: dict[str, list[PcnMembership]] = defaultdict(list)
    for membership in memberships:
        by_practice[membership.practice].append(membership)
    for practice, several in by_practice.items():
        ordered = sorted(several, key=lambda membership: (membership.began, membership.ended or date.max))
        for earlier, later in pairwise(ordered):
            if later.began == earlier.ended and earlier.began < later.began:
                ended[earlier.cell] = later.began - timedelta(days=1)
                notes.remarks.append(
                    f"Practice {practice} leaves {earlier.pcn} and joins {later.pcn} on {later.began}: "
                    f"that day counts for {later.pcn} ({later.cell})."
                )
            elif later.began <= (earlier.ended or date.max):
                found = f"practice {practice} joins {later.pcn} on {later.began} while it is in {earlier.pcn}"
                notes.problems.append(
                    Problem(
                        f"{notes.file}, {later.cell}",
                        f"{found} ({earlier.cell}).",
                        "A practice is in one network at a time; its people would be counted twice.",
                        "End the earlier membership before the later one begins.",
                    )
                )
    return [replace(each, ended=ended.get(each.cell, each.ended)) for each in memberships]


def _known_networks(networks: Mapping[str, Network], memberships: Sequence[PcnMembership], notes: Notes) -> None:
    unknown = sorted({membership.pcn for membership in memberships} - networks.keys())
    if unknown:
        notes.remarks.append(f"{len(unknown)} networks have members and no row of their own: {', '.join(unknown[:5])}.")
    else:
        notes.ties.append(
            f"Every one of {len(memberships):,} memberships is of one of the {len(networks):,} networks listed."
        )
