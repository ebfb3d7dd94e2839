"""Patients registered at a GP practice: which practice is in which network and ICB, and people by age and sex.

The file of single ages holds the same people four times, once for each level. The levels are kept apart, and
each is held to the others.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import pyarrow as pa

from allocations.files.published import headings
from allocations.files.published.headings import folded
from allocations.files.published.tables import FileRead, Notes, PublishedTable, Row, Wanted, find, visible_sheets
from allocations.reading.cells import Cell, CellKind, Sheet, Workbook

MAP = (
    Wanted("practice", ("PRACTICE_CODE",), key=True),
    Wanted("pcn", ("PCN_CODE",)),
    Wanted("pcn name", ("PCN_NAME",), needed=False),
    Wanted("sub icb", ("SUB_ICB_LOCATION_CODE", "SICBL code"), key=True),
    Wanted("icb", ("ICB_CODE",)),
    Wanted("icb name", ("ICB_NAME",), needed=False),
    Wanted("icb ons", ("ONS_ICB_CODE",), needed=False),
    Wanted("region", ("COMM_REGION_CODE", "Region code", "NHSE region code")),
    Wanted("region name", ("COMM_REGION_NAME", "Region name"), needed=False),
    Wanted("day", ("EXTRACT_DATE",)),
)
AGES = (
    Wanted("level", ("ORG_TYPE",), key=True),
    Wanted("organisation", ("ORG_CODE",), key=True),
    Wanted("sex", ("SEX",), key=True),
    Wanted("age", ("AGE",), key=True),
    Wanted("people", ("NUMBER_OF_PATIENTS",), key=True),
    Wanted("day", ("EXTRACT_DATE",)),
)
LEVELS = {"pcn": "pcn", "sub icb location code": "sub_icb", "sub icb location": "sub_icb", "icb": "icb",
          "comm region": "region", "region": "region"}  # fmt: skip
ALL = "all"
_AGE_SCHEMA = pa.schema(
    [("organisation", pa.string()), ("sex", pa.string()), ("age", pa.string()), ("registered", pa.int64())]
)
_DAYS = ("%d%b%Y", "%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d-%b-%Y")


@dataclass(frozen=True, slots=True)
class PracticeMap(FileRead):
    """Which practice is where, on one day.

    Attributes:
        table: ``practice``, ``pcn`` (none where unallocated), ``sub_icb``, ``icb``, ``region``.
        names: code to name, of PCNs, ICBs and regions. Names of practices are left where they are: some are
            names of people.
        ons_codes: ICB to its ONS code.
        cells: practice to ``Sheet!row``.
    """

    day: date | None
    table: pa.Table
    names: Mapping[str, str]
    ons_codes: Mapping[str, str]
    cells: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class PeopleByAge(FileRead):
    """People by single year of age and sex, once for each level.

    Attributes:
        levels: level to a table of ``organisation``, ``sex``, ``age``, ``registered``. The same people are in
            every level: tables of different levels are never added together.
        total: the people of any one level.
    """

    day: date | None
    levels: Mapping[str, pa.Table]
    total: int


def read_map(workbook: Workbook) -> PracticeMap:
    """Read a practice map."""
    notes = Notes(workbook.file)
    days: set[date] = set()
    names: dict[str, str] = {}
    ons_codes: dict[str, str] = {}
    rows: dict[str, tuple[str, dict[str, str | None]]] = {}
    parents: dict[tuple[str, str], dict[str, str]] = defaultdict(dict)
    for table, row in _rows(workbook, notes, MAP, "practice"):
        practice = headings.code(row.text("practice"))
        cell = row["practice"]
        if practice in rows:
            notes.problem(
                table.sheet, cell.address, f"practice {practice} is there twice: {rows[practice][0]} has it too.",
                "It can be in one ICB alone.", "Remove one of the rows.",
            )  # fmt: skip
            continue
        found = _where(table, row, notes)
        rows[practice] = (f"{table.sheet.name}!{row.number}", {"practice": practice, **found})
        _day(table, row, notes, days)
        for name in ("pcn", "icb", "region"):
            if found[name] and row.text(f"{name} name"):
                names.setdefault(str(found[name]), row.text(f"{name} name"))
        if found["icb"] and row.text("icb ons"):
            ons_codes.setdefault(str(found["icb"]), row.text("icb ons"))
        for lower, upper in (("sub_icb", "icb"), ("icb", "region")):
            if found[lower] and found[upper]:
                above = parents[lower, str(found[lower])]
                above.setdefault(str(found[upper]), cell.address)
    _one_parent(parents, notes)
    unallocated = [row for _, row in rows.values() if row["pcn"] is None]
    if unallocated:
        icbs = len({row["icb"] for row in unallocated})
        notes.remarks.append(f"{len(unallocated)} practices in {icbs} ICBs are in no network.")
    _straddling([row for _, row in rows.values()], notes)
    fields = ("practice", "pcn", "sub_icb", "icb", "region")
    table_ = pa.table({name: pa.array([row[name] for _, row in rows.values()], pa.string()) for name in fields})
    cells = {practice: place for practice, (place, _) in rows.items()}
    return PracticeMap(_one_day(days, notes), table_, names, ons_codes, cells, **notes.gathered())


def read_ages(workbook: Workbook) -> PeopleByAge:
    """Read the file of single ages: an organisation's ages sum to its own total, and each level to the others."""
    notes, days = Notes(workbook.file), set[date]()
    found: dict[str, list[tuple[str, str, str, int]]] = defaultdict(list)
    seen: dict[tuple[str, str, str, str], str] = {}
    whole: dict[tuple[str, str], tuple[int, Sheet, Cell]] = {}
    parts: dict[tuple[str, str], int] = defaultdict(int)
    for table, row in _rows(workbook, notes, AGES, "organisation"):
        level = LEVELS.get(folded(row.text("level")).replace("_", " "))
        organisation, sex, age = (row.text(name).upper() for name in ("organisation", "sex", "age"))
        cell = row["people"]
        if level is None:
            notes.problem(
                table.sheet, row["level"].address, f"'{row.text('level')[:40]}' is no level that is known here.",
                "People of an unknown level would be counted twice or not at all.",
                "The levels are: PCN, sub-ICB location, ICB, region.",
            )  # fmt: skip
            continue
        key = (level, organisation, sex, age)
        if key in seen:
            notes.problem(
                table.sheet, cell.address, f"{organisation}, {sex}, age {age} is there twice: {seen[key]} has it too.",
                "Its people would be counted twice.", "Remove one of the rows.",
            )  # fmt: skip
            continue
        seen[key] = cell.address
        people = _count(table.sheet, cell, f"the people of {organisation}", notes)
        if people is None:
            continue
        if not days:
            _day(table, row, notes, days)
        if sex.lower() == ALL and age.lower() == ALL:
            whole[level, organisation] = (people, table.sheet, cell)
        elif ALL not in (sex.lower(), age.lower()):
            parts[level, organisation] += people
            found[level].append((organisation, sex.lower(), age, people))
    total = _levels_tie(whole, parts, notes)
    levels = {level: _age_table(rows) for level, rows in found.items()}
    return PeopleByAge(_one_day(days, notes), levels, total, **notes.gathered())


def _age_table(rows: Sequence[tuple[str, str, str, int]]) -> pa.Table:
    columns = list(zip(*rows, strict=True))
    return pa.table(dict(zip(_AGE_SCHEMA.names, columns, strict=True)), schema=_AGE_SCHEMA)


def _levels_tie(
    whole: Mapping[tuple[str, str], tuple[int, Sheet, Cell]], parts: Mapping[tuple[str, str], int], notes: Notes
) -> int:
    sums: dict[str, int] = defaultdict(int)
    for key, (said, sheet, cell) in whole.items():
        sums[key[0]] += said
        counted = parts.get(key)
        if counted is not None and counted != said:
            way = "more" if counted > said else "fewer"
            notes.problem(
                sheet, cell.address,
                f"{key[1]} has {said:,} people in all, and {counted:,} by age and sex, {abs(counted - said):,} {way}.",
                "The parts do not come to the whole.", "Give the file as it was published.",
            )  # fmt: skip
    for key in sorted(parts.keys() - whole.keys()):
        notes.remarks.append(f"{key[1]} ({key[0]}) has people by age and no row for all of them.")
        sums[key[0]] += parts[key]
    listed = ", ".join(f"{level} {people:,}" for level, people in sorted(sums.items()))
    if len(set(sums.values())) > 1:
        notes.problem(
            None, None, f"its levels do not have the same people: {listed}.",
            "Every level holds everybody once.", "Give the file as it was published.",
        )  # fmt: skip
    elif sums:
        notes.ties.append(f"Each of {len(sums)} levels holds the same {next(iter(sums.values())):,} people.")
    return max(sums.values(), default=0)


def _rows(workbook: Workbook, notes: Notes, wanted: Sequence[Wanted], key: str) -> Iterator[tuple[PublishedTable, Row]]:
    tables = [table for sheet in visible_sheets(workbook, notes) for table in find(sheet, wanted, notes)]
    if not tables:
        named = ", ".join(column.name for column in wanted if column.key)
        notes.problem(
            None, None, f"no sheet has a table with {named}.", "Nothing could be read.",
            "Give the file as it was published.",
        )  # fmt: skip
    complete = not notes.problems
    for table in tables:
        last = wanted[-1].name
        for row in table.rows:
            if row.text(key) and row.text(last):  # asked first: these files have hundreds of thousands of rows
                if complete:
                    yield table, row
            elif row.blank:
                notes.aside(table.sheet, row, "blank")
            elif not row.text(key) or len(row.texts) == 1:
                notes.aside(table.sheet, row, "a note, not a row of the table")
            elif complete:
                yield table, row


def _where(table: PublishedTable, row: Row, notes: Notes) -> dict[str, str | None]:
    """The network, sub-ICB, ICB and region of a practice, each of the shape that its codes have."""
    checks: dict[str, tuple[str, Callable[[str], bool]]] = {
        "pcn": ("pcn", headings.is_pcn),
        "sub_icb": ("sub icb", headings.is_sub_icb),
        "icb": ("icb", headings.is_icb),
        "region": ("region", headings.is_region),
    }
    practice = headings.code(row.text("practice"))
    found: dict[str, str | None] = {}
    for name, (column, is_code) in checks.items():
        given = headings.code(row.text(column))
        found[name] = given if is_code(given) else None
        unallocated = name == "pcn" and given in ("", headings.NOT_ALLOCATED)
        if found[name] is None and not unallocated:
            said = f"'{row.text(column)[:40]}' is no such code" if given else "there is none"
            notes.problem(
                table.sheet, row[column].address, f"the {column} of practice {practice}: {said}.",
                "A practice is placed by its codes.", "Correct the code.",
            )  # fmt: skip
    if not headings.is_practice(practice):
        notes.problem(
            table.sheet, row["practice"].address, f"'{practice[:40]}' is not the code of a practice.",
            "No row is passed over.", "Give the code, as A81001, or remove the row.",
        )  # fmt: skip
    return found


def _one_parent(parents: Mapping[tuple[str, str], Mapping[str, str]], notes: Notes) -> None:
    for (level, code), above in parents.items():
        if len(above) > 1:
            said = ", ".join(f"{parent} ({cell})" for parent, cell in sorted(above.items()))
            notes.problem(
                None, None, f"{level.replace('_', '-')} {code} lies in several: {said}.", "It is part of one alone.",
                "Correct the codes in these rows.",
            )  # fmt: skip


def _straddling(rows: Sequence[Mapping[str, str | None]], notes: Notes) -> None:
    icbs: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        if row["pcn"] and row["icb"]:
            icbs[row["pcn"]].add(row["icb"])
    for pcn, several in sorted(icbs.items()):
        if len(several) > 1:
            notes.remarks.append(f"PCN {pcn} lies in {' and '.join(sorted(several))}: it is shared by its practices.")


def _count(sheet: Sheet, cell: Cell, what: str, notes: Notes) -> int | None:
    if cell.kind is CellKind.TEXT and (text := cell.text).isdecimal():
        return int(text)
    found = notes.number(sheet, cell, what)
    if found is None:
        return None
    if found < 0 or found != found.to_integral_value():
        notes.problem(
            sheet, cell.address, f"{what}: {found:f}.", "People are whole and not below zero.", "Correct the figure."
        )
        return None
    return int(found)


def _day(table: PublishedTable, row: Row, notes: Notes, days: set[date]) -> None:
    cell = row["day"]
    found = read_day(cell)
    if found is None:
        notes.problem(
            table.sheet, cell.address, f"'{cell.text[:40]}' is no date that is understood.",
            "The day says when the people were counted.", "Write it as 2026-08-01.",
        )  # fmt: skip
    else:
        days.add(found)


def read_day(cell: Cell) -> date | None:
    """The day in a cell: a date of Excel's, or a text such as ``01Aug2026``, ``2026-08-01`` or ``20260801``."""
    if isinstance(cell.value, datetime):
        return cell.value.date()
    if isinstance(cell.value, date):
        return cell.value
    for form in _DAYS:
        try:
            return datetime.strptime(cell.text, form).date()  # noqa: DTZ007 - a day has no time zone
        except ValueError:
            continue
    return None


def _one_day(days: set[date], notes: Notes) -> date | None:
    if len(days) > 1:
        notes.problem(
            None, None, f"its rows are of several days: {', '.join(str(day) for day in sorted(days))}.",
            "One file is of one day.", "Give each day's file by itself.",
        )  # fmt: skip
    return min(days, default=None)
