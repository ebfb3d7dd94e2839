"""An exported position, read back: checked row by row, and posted as an opening of fresh books.

The file says how many rows it has, what they sum to and what their content hash is, and each row carries a check
of its own. After posting, and before anything is kept, the books' own position is compared with the file's: it
comes back the same, or nothing is posted.
"""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa

from allocations.files.out.provenance import POSITION, SCENARIO
from allocations.files.position import opening
from allocations.files.position.export import (
    ADDED,
    AMOUNT,
    CHECK,
    COLUMNS,
    KEY,
    PACKAGE,
    PARTLY,
    POSITION_SHEET,
    SUMMARY_SHEET,
    Guard,
    content_hash,
    row_checks,
)
from allocations.reading.cells import Cell, CellKind, Sheet, Workbook, read_workbook
from allocations.reading.safe_text import csv_text_back
from ledger.entries.draft import because
from ledger.entries.posting import Posted, post
from ledger.errors import Problem, Refused, refuse, refuse_any
from ledger.money import LARGEST_PENCE, exact_pounds
from ledger.reports import register
from ledger.reports.position import SCHEMA, moment, position
from ledger.store.base import Reader, Store
from ledger.words import ILLUSTRATIVE, OWN
from ledger.years import parse_year

_MOST_SHOWN = 20
_TRUTHS = {"true": True, "false": False}
_WHAT_TO_DO = "Export the position again, or undo the change."


@dataclass(frozen=True, slots=True)
class PositionFile:
    """A position as a file holds it.

    Attributes:
        table: of schema ``ledger.reports.position.SCHEMA``.
        cells: where each row's amount stands, in the table's order.
        as_at: the day of the position.
        head: the head of the books that it was exported from, as the file says.
        illustrative: whether part of those books was illustrative; then the entries made of it are too.
    """

    name: str
    sha256: str
    table: pa.Table
    cells: tuple[str, ...]
    as_at: date
    head: str | None
    illustrative: bool
    content_hash: str


@dataclass(frozen=True, slots=True)
class PositionImport:
    """What an import did: the file, the entries, and the position that the books now hold."""

    file: PositionFile
    posted: tuple[Posted, ...]
    content_hash: str


def read_position(path: Path) -> PositionFile:
    """Read an exported position and hold it against what the file says of itself.

    Raises:
        Refused: with every problem found: a cell that is not what its column asks for, a row whose content was
            changed, rows that are missing or more than there were.
    """
    book = read_workbook(path)
    sheet, told = _stated_facts(path, book)
    rows, cells, problems = _rows(book.file, sheet)
    refuse_any(problems)
    table = pa.Table.from_pylist(rows, schema=SCHEMA)
    problems = _differences(book.file, sheet.name, table, [row[CHECK] for row in rows], cells, told.guard)
    refuse_any(problems)
    return PositionFile(
        book.file, book.sha256, table, tuple(cells), told.as_at, told.head, told.illustrative, told.guard.content_hash
    )


def import_position(
    store: Store, path: Path, *, actor: str, authority: str | None = None, why: str = "", dry_run: bool = False
) -> PositionImport:
    """Post an exported position into books that have its organisations, funds and terms, and no money yet.

    Args:
        why: what whoever posts says of it; each entry records it after its own reason.
        authority: who allowed it, where the position can only come about by money leaving a ring-fence.
        dry_run: go all the way and keep nothing.

    Raises:
        Refused: the file has problems, the books hold other money, or their position would differ from the file's.
    """
    file = read_position(path)
    told = opening.OpeningFacts(
        key=f"position/{file.sha256}",
        reason=f"Opening: the position as at {file.as_at}, not the decisions behind it",
        source=file.name,
        source_hash=file.sha256,
        actor=actor,
        authority=authority,
        standing=ILLUSTRATIVE if file.illustrative else OWN,
    )
    with store.read() as reader:
        rows = opening.holdings(file.table, file.cells)
        drafts = because(opening.drafts(reader, moment(reader, file.as_at), rows, told), why)
        before = register.keyed(reader, told.key)
        if all(draft.key in before for draft in drafts):
            # Asked for again, by whomever and in whatever words: the same file is the same decision.
            drafts = [
                replace(draft, actor=before[draft.key]["actor"], reason=before[draft.key]["reason"]) for draft in drafts
            ]
        elif register.any_money(reader):
            found = "money stands in it already."
            why = "An imported position is an opening; on top of other money it would be another position."
            remedy = "Import into a ledger that has the organisations, funds and terms, and no money yet."
            refuse(f"the ledger {store.path}", found, why, remedy)
    posted = post(store, drafts, dry_run=dry_run, afterwards=lambda books: _unlike(books, file))
    return PositionImport(file, tuple(posted), file.content_hash)


def _unlike(reader: Reader, file: PositionFile) -> list[Problem]:
    """Where the books' own position, after posting, is not the file's."""
    now = position(reader, moment(reader, file.as_at))
    if content_hash(now) == file.content_hash:
        return []
    place = dict(zip(_keyed(file.table), file.cells, strict=True))
    wanted, found = _keyed(file.table), _keyed(now)
    problems = []
    for key in sorted({*wanted, *found}):
        ours, theirs = found.get(key), wanted.get(key)
        if ours != theirs:
            where = place.get(key, f"{file.name}: no row for {', '.join(map(str, key))}")
            problems.append(_unlike_row(where, key, theirs, ours))
    return problems[:_MOST_SHOWN]


def _unlike_row(
    where: str, key: tuple[object, ...], in_file: Mapping[str, object] | None, ours: Mapping[str, object] | None
) -> Problem:
    who = ", ".join(map(str, key))
    why = "The same position must come back, or none."
    remedy = "Import into a ledger with the same names, tiers, funds, terms and agreements."
    if ours is None or in_file is None:
        side, other = ("the file", "the ledger would not") if ours is None else ("the ledger", "the file does not")
        return Problem(where, f"{side} has {who}, and {other}.", why, remedy)
    unlike = [name for name in SCHEMA.names if ours[name] != in_file[name]]
    said = "; ".join(f"{name} is {in_file[name]} in the file and {ours[name]} in the ledger" for name in unlike)
    return Problem(where, f"{who}: {said}.", why, remedy)


def _keyed(table: pa.Table) -> dict[tuple[object, ...], Mapping[str, object]]:
    return {tuple(row[name] for name in KEY): row for row in table.to_pylist()}


# --- what the file says of itself -----------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _StatedFacts:
    guard: Guard
    as_at: date
    head: str | None
    illustrative: bool


def _stated_facts(path: Path, book: Workbook) -> tuple[Sheet, _StatedFacts]:
    if path.suffix.lower() == ".csv":
        (sheet,) = book.sheets
        return sheet, _from_package(path)
    sheets = {sheet.name: sheet for sheet in book.sheets}
    missing = [name for name in ("Read me", SUMMARY_SHEET, POSITION_SHEET) if name not in sheets]
    if missing:
        raise _not_an_export(book.file, f"it has no sheet {' or '.join(missing)}.")
    if any(row and row[0].text == SCENARIO for row in sheets["Read me"].rows):
        raise _not_an_export(book.file, "it is the outcome of a scenario, which nobody has decided.")
    facts = _facts(sheets["Read me"]) | _facts(sheets[SUMMARY_SHEET])
    return sheets[POSITION_SHEET], _parsed(book.file, facts)


def _facts(sheet: Sheet) -> dict[str, str]:
    """Names in column A with what stands beside them in column B."""
    return {row[0].text: row[1].text for row in sheet.rows if len(row) > 1 and row[0].text}


def _from_package(path: Path) -> _StatedFacts:
    beside = path.with_name(PACKAGE)
    try:
        package = json.loads(beside.read_text(encoding="utf-8"))
        (resource,) = [known for known in package["resources"] if known["path"] == path.name]
        facts = {
            "Rows": str(resource["rows"]),
            "Sum (£)": str(resource["sum_pounds"]),
            "Content hash": str(resource["content_hash"]),
            "As at": str(resource["as_at"]),
            "Kind": str(resource.get("kind", POSITION)),
            "Ledger head": str(resource["ledger_head"]),
            PARTLY: "yes" if resource["illustrative_books"] else "no",
        }
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise _not_an_export(path.name, f"there is no {PACKAGE} beside it that describes it.") from error
    return _parsed(path.name, facts)


def _parsed(file: str, facts: Mapping[str, str]) -> _StatedFacts:
    if facts.get("Kind") == SCENARIO:
        raise _not_an_export(file, "it is the outcome of a scenario, which nobody has decided.")
    try:
        guard = Guard(int(facts["Rows"]), Decimal(facts["Sum (£)"]), facts["Content hash"])
        as_at, illustrative = date.fromisoformat(facts["As at"]), {"yes": True, "no": False}[facts[PARTLY]]
    except (KeyError, ValueError, ArithmeticError) as error:
        raise _not_an_export(file, "it does not say its rows, sum, content hash and day as an export does.") from error
    return _StatedFacts(guard, as_at, facts.get("Ledger head"), illustrative)


def _not_an_export(file: str, found: str) -> Refused:
    why = "Without it nobody can tell whether the rows are as they were."
    remedy = "Give an exported position, as it was written."
    return Refused([Problem(file, found, why, remedy)])


# --- its rows -------------------------------------------------------------------------------------


def _rows(file: str, sheet: Sheet) -> tuple[list[dict[str, object]], list[str], list[Problem]]:
    heading = next((n for n, row in enumerate(sheet.rows) if row and row[0].text == COLUMNS[0]), None)
    names = [] if heading is None else [cell.text for cell in sheet.rows[heading]]
    place = {name: names.index(name) for name in COLUMNS if name in names}
    missing = [name for name in COLUMNS if name not in place and name not in ADDED]
    if heading is None or missing:
        raise _not_an_export(f"{file}, sheet {sheet.name}", f"it has no column {', '.join(missing)}.")
    rows: list[dict[str, object]] = []
    cells: list[str] = []
    problems: list[Problem] = []
    is_csv = file.lower().endswith(".csv")
    for row in sheet.rows[heading + 1 :]:
        if all(cell.kind is CellKind.BLANK for cell in row):
            continue
        found: dict[str, object] = {}
        for name, column in place.items():
            where = f"{file}, sheet {sheet.name}, cell {row[column].address}"
            value, problem = _value(name, row[column], where, is_csv=is_csv)
            found["amount_pence" if name == AMOUNT else name] = value
            problems += [problem] if problem else []
        rows.append(found)
        cells.append(f"{sheet.name}!{row[place[AMOUNT]].address}")
    return rows, cells, problems[:_MOST_SHOWN]


def _value(name: str, cell: Cell, where: str, *, is_csv: bool) -> tuple[object, Problem | None]:
    """A cell's value as its column asks for it, or what is wrong with it."""
    if cell.formula is not None or cell.kind in (CellKind.ERROR, CellKind.UNCALCULATED):
        found = f"it holds {'the error ' + cell.text if cell.kind is CellKind.ERROR else 'a formula'}."
        return None, Problem(where, found, "An exported position holds values alone.", _WHAT_TO_DO)
    if cell.kind is CellKind.BLANK:
        if name in KEY or name in (AMOUNT, CHECK):
            return None, Problem(where, f"{name} is empty.", "Missing is not zero.", _WHAT_TO_DO)
        return None, None
    try:
        return _typed(name, cell, is_csv=is_csv), None
    except (ValueError, ArithmeticError):
        found = f"{name} is '{cell.text}'."
        return None, Problem(where, found, "That is not what the column holds.", _WHAT_TO_DO)


def _typed(name: str, cell: Cell, *, is_csv: bool) -> object:
    if name == AMOUNT:
        return _pence(cell)
    if name == "year":
        return parse_year(cell.text).start
    kind = pa.string() if name == CHECK else SCHEMA.field(name).type
    if kind == pa.bool_():
        return cell.value if isinstance(cell.value, bool) else _truth(cell.text)
    if kind == pa.int32():
        return _whole(Decimal(cell.text))
    if kind == pa.date32():
        return cell.value.date() if isinstance(cell.value, datetime) else date.fromisoformat(cell.text)
    if cell.kind is not CellKind.TEXT:
        raise ValueError(name)
    text = str(cell.value)
    return csv_text_back(text) if is_csv else text


def _truth(text: str) -> bool:
    if text.lower() not in _TRUTHS:
        raise ValueError(text)
    return _TRUTHS[text.lower()]


def _pence(cell: Cell) -> int:
    if cell.kind not in (CellKind.NUMBER, CellKind.TEXT):
        raise ValueError(cell.kind)
    return _whole(Decimal(cell.text) * 100)


def _whole(value: Decimal) -> int:
    if not value.is_finite() or value != value.to_integral_value() or abs(value) > LARGEST_PENCE:
        raise ValueError(value)
    return int(value)


def _differences(
    file: str, sheet: str, table: pa.Table, checks: Sequence[object], cells: Sequence[str], guard: Guard
) -> list[Problem]:
    """Where the rows are not what the file says that they are."""
    found = [
        Problem(f"{file}, {cell}", "this row was changed.", "Its content does not fit its check.", _WHAT_TO_DO)
        for cell, check, expected in zip(cells, checks, row_checks(table), strict=True)
        if check != expected
    ]
    keys = [tuple(row[name] for name in KEY) for row in table.select(list(KEY)).to_pylist()]
    times = Counter(keys)
    why = "It would count twice."
    found += [
        Problem(f"{file}, {cell}", "its organisation, fund, year and standing stand twice.", why, _WHAT_TO_DO)
        for cell, key in zip(cells, keys, strict=True)
        if times[key] > 1
    ]
    pence = sum(table["amount_pence"].to_pylist())
    if table.num_rows != guard.rows:
        sentence = f"there are {table.num_rows:,} rows, and the file says {guard.rows:,}."
        found.append(Problem(f"{file}, sheet {sheet}", sentence, "Rows were added or taken away.", _WHAT_TO_DO))
    if pence != guard.sum_pounds * 100:
        sentence = f"the rows sum to £{exact_pounds(pence)}, and the file says £{guard.sum_pounds:,.2f}."
        found.append(Problem(f"{file}, sheet {sheet}", sentence, "Amounts were changed.", _WHAT_TO_DO))
    if not found and content_hash(table) != guard.content_hash:
        sentence = f"the content hash of its rows is not {guard.content_hash[:16]}, as the file says."
        found.append(Problem(f"{file}, sheet {sheet}", sentence, "Something was changed.", _WHAT_TO_DO))
    return found[:_MOST_SHOWN]
