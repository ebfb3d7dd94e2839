"""A position as a workbook or as CSV with a data package beside it.

Any table of the schema of a position can be exported, whether the books or a scenario made it.
"""

import csv
import hashlib
import io
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa

from allocations.files.out.provenance import POSITION, SCENARIO, Provenance, behind_books, of_books
from allocations.files.out.sheets import FIRST_ROW, HEADING_ROW, Book, MoreSheet, add, refuse_other_suffix, unwritable
from allocations.reading.safe_text import csv_cell
from ledger.entries import canonical
from ledger.errors import Problem, refuse, refuse_any
from ledger.money import exact_pounds
from ledger.reports.position import SCHEMA, Moment
from ledger.store.base import Reader
from ledger.years import FinancialYear

AMOUNT, CHECK = "amount_pounds", "row_check"
COLUMNS = (*(name for name in SCHEMA.names if name != "amount_pence"), AMOUNT, CHECK)
KEY = ("organisation", "fund", "year", "standing")
HASH_NAME = "position"
# Columns that a position was given later: a file from before has none of them, and what it says of its rows holds.
ADDED = ("discretion", "certain_to")
CHECK_DIGITS = 12

# What each column holds, for the reader of the file; money and years have their unit.
MEANINGS: Mapping[str, str] = {
    "organisation": "Code of who holds the money: ODS code where one exists",
    "organisation_name": "Its name",
    "tier": "The level at which it decides",
    "depth": "Steps below the ICB: ICB and above 0, place 1, PCN 2, practice 3",
    "fund": "Code of the line of money",
    "fund_name": "Its name",
    "pot": "The fund whose terms hold: the fund itself or the nearest around it with terms",
    "stream": "Funding stream",
    "resource": "Revenue or capital",
    "lowest_depth": "How far down the fund could be held",
    "year": "Financial year, 1 April to 31 March",
    "standing": "Available, retained by or without agreement, spent; source for the giver, below zero",
    "grade": "How ring-fenced: none, monitored, soft, hard or statutory; empty where it is not known",
    "route": "How the money is given out; empty where it is not known",
    "recurrent": "Whether it recurs; empty: not known",
    "notified_on": "Day on which the receiver was told; empty: not known",
    "spend_by": "Last day to spend it",
    "returns_per_year": "Reports asked for in a year; empty: not known",
    "quality": "How sure the classification is: red, amber or green",
    "discretion": "Whose decision it is: free, local contract, national contract, pass-through; empty: not known",
    "certain_to": "Last financial year for which it is promised, by the year it starts in; empty: not known",
    AMOUNT: "Amount in pounds sterling, to the penny; a negative amount was given out",
    CHECK: "Check of the row, so that a changed cell is noticed",
}


@dataclass(frozen=True, slots=True)
class Guard:
    """What the file says of its rows as a whole."""

    rows: int
    sum_pounds: Decimal
    content_hash: str


def content_hash(table: pa.Table) -> str:
    """The content hash of a position: of all its rows and columns, in whatever order they come."""
    whole = table.select(SCHEMA.names).cast(SCHEMA)
    holds = any(whole[name].null_count < whole.num_rows for name in ADDED)
    return canonical.table_hash(HASH_NAME, whole if holds else whole.drop_columns(list(ADDED)))


def row_checks(table: pa.Table) -> list[str]:
    """A short check of each row, in the table's order.

    What a row does not hold in the columns that came later is left out of it.
    """
    whole = table.select(SCHEMA.names).cast(SCHEMA)
    texts, shorter = canonical.row_texts(whole), canonical.row_texts(whole.drop_columns(list(ADDED)))
    holds = [any(value is not None for value in row.values()) for row in whole.select(list(ADDED)).to_pylist()]
    return [
        hashlib.sha256(text if held else short).hexdigest()[:CHECK_DIGITS]
        for text, short, held in zip(texts, shorter, holds, strict=True)
    ]


def guard(table: pa.Table) -> Guard:
    """What to say of a position as a whole."""
    pence = sum(table["amount_pence"].to_pylist())
    return Guard(table.num_rows, Decimal(pence).scaleb(-2), content_hash(table))


def in_order(table: pa.Table) -> pa.Table:
    """The rows from the top down, in an order that depends on nothing else."""
    by = ("year", "depth", "tier", "organisation", "fund", "standing")
    return table.sort_by([(name, "ascending") for name in by])


def values(table: pa.Table) -> Sequence[tuple[Any, ...]]:
    """The rows as they stand in a file: years in words, amounts as decimals of pounds, the check last."""
    return [
        (
            *(_shown(name, row[name]) for name in SCHEMA.names if name != "amount_pence"),
            Decimal(row["amount_pence"]).scaleb(-2),
            check,
        )
        for row, check in zip(table.to_pylist(), row_checks(table), strict=True)
    ]


def _shown(name: str, value: str | int | bool | date | None) -> str | int | bool | date | None:
    return str(FinancialYear(value)) if name == "year" and isinstance(value, int) else value


PACKAGE = "datapackage.json"
POSITION_SHEET, SUMMARY_SHEET = "Position", "Summary"
PARTLY = "Partly illustrative"
SUMMARY = ("Year", "Tier", "Standing", "Rows", "Amount (£)")
# Fifteen digits are what a spreadsheet keeps of a number: thirteen before the point and the pence.
LARGEST_IN_EXCEL = 10**15
# Excel counts 29 February 1900, so a day before March of that year would be another one.
_FIRST_EXCEL_DAY = date(1900, 3, 1)
_OPEN_GOVERNMENT = {
    "name": "OGL-UK-3.0",
    "title": "Open Government Licence v3.0",
    "path": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
}
_KINDS: Mapping[pa.DataType, str] = {
    pa.string(): "string",
    pa.int32(): "integer",
    pa.bool_(): "boolean",
    pa.date32(): "date",
}


def write_position(table: pa.Table, provenance: Provenance, path: Path, more: Sequence[MoreSheet] = ()) -> Guard:
    """Write a position to ``.xlsx``, or to ``.csv`` with a ``datapackage.json`` beside it.

    Args:
        table: of schema ``ledger.reports.position.SCHEMA``, in any order.
        more: further tables for the workbook, in front of the position; a ``.csv`` has none.

    Returns:
        What the file says of its rows: how many, their sum and their content hash.

    Raises:
        Refused: the file cannot be written, or an amount has more digits than a spreadsheet keeps.
    """
    refuse_other_suffix(path, ".xlsx", ".csv")
    ordered, whole = in_order(table), guard(table)
    if path.suffix.lower() == ".csv":
        _write_csv(ordered, whole, provenance, path)
    else:
        _write_workbook(ordered, whole, provenance, path, more)
    return whole


# --- the workbook ---------------------------------------------------------------------------------


def _write_workbook(
    table: pa.Table, whole: Guard, provenance: Provenance, path: Path, more: Sequence[MoreSheet]
) -> None:
    _refuse_long_amounts(table)
    book = Book(path, provenance.title)
    words = (
        "One row for each organisation, fund and standing on the sheet Position. The whole sums to zero, because the",
        "source of the money stands in it with what it has given. An empty cell is not known or not set, never zero.",
        "It is the outcome of a scenario, and cannot be imported."
        if provenance.kind == SCENARIO
        else "It can be imported into a ledger as a position, and any changed cell is noticed.",
    )
    sheets = [
        *((sheet.name, sheet.title) for sheet in more),
        (SUMMARY_SHEET, "Totals by year, tier and standing, and what the rows must add up to"),
        (POSITION_SHEET, "The tidy table"),
        ("Sources", "Which published and derived figures stand behind the books"),
    ]
    book.read_me(provenance, sheets, words)
    for sheet in more:
        add(book, sheet)
    _summary(book, table, whole, illustrative=provenance.at is not None and provenance.at.illustrative)
    _rows(book, table)
    book.sources(provenance)
    book.close()


def _refuse_long_amounts(table: pa.Table) -> None:
    found = [
        Problem(
            f"{row['organisation']}, {row['fund']}, {row['standing']}",
            f"its amount is £{exact_pounds(row['amount_pence'])}.",
            "A spreadsheet keeps fifteen digits, so the pence would be lost.",
            "Export to a file that ends in .csv.",
        )
        for row in table.to_pylist()
        if abs(row["amount_pence"]) >= LARGEST_IN_EXCEL
    ]
    refuse_any(found)


def _summary(book: Book, table: pa.Table, whole: Guard, *, illustrative: bool) -> None:
    note = "The import checks the rows of the sheet Position against these."
    sheet = book.sheet(SUMMARY_SHEET, "Summary", note, SUMMARY, (26, 26, 30, 12, 26))
    pence = book.look("pence")
    row = FIRST_ROW
    for (year, tier, standing), (count, amount) in _totals(table).items():
        for column, value in enumerate((year, tier, standing)):
            sheet.write_string(row, column, value)
        sheet.write_number(row, 3, count)
        sheet.write_number(row, 4, amount, pence)
        row += 1
    row += 1
    facts = [
        ("Rows", str(whole.rows)),
        ("Sum (£)", f"{whole.sum_pounds:f}"),
        ("Content hash", whole.content_hash),
        (PARTLY, "yes" if illustrative else "no"),
    ]
    for name, value in facts:
        sheet.write_string(row, 0, name, book.look("bold"))
        sheet.write_string(row, 1, value)
        row += 1


def _totals(table: pa.Table) -> dict[tuple[str, str, str], tuple[int, Decimal]]:
    found: dict[tuple[str, str, str], tuple[int, Decimal]] = {}
    place = {name: COLUMNS.index(name) for name in ("year", "tier", "standing", AMOUNT)}
    for row in values(table):
        key = (row[place["year"]], row[place["tier"]], row[place["standing"]])
        count, amount = found.get(key, (0, Decimal(0)))
        found[key] = (count + 1, amount + row[place[AMOUNT]])
    return found


def _rows(book: Book, table: pa.Table) -> None:
    note = "Amounts in pounds and pence."
    widths = [{"organisation_name": 44, "fund_name": 44, AMOUNT: 22, CHECK: 16}.get(name, 18) for name in COLUMNS]
    sheet = book.sheet(POSITION_SHEET, "Position", note, COLUMNS, widths)
    pence, day = book.look("pence"), book.look("date")
    for row, cells in enumerate(values(table), start=FIRST_ROW):
        for column, value in enumerate(cells):
            if isinstance(value, str):
                sheet.write_string(row, column, value)
            elif isinstance(value, bool):
                sheet.write_boolean(row, column, value)
            elif isinstance(value, Decimal):
                sheet.write_number(row, column, value, pence)
            elif isinstance(value, int):
                sheet.write_number(row, column, value)
            elif isinstance(value, date) and value >= _FIRST_EXCEL_DAY:
                sheet.write_datetime(row, column, value, day)
            elif isinstance(value, date):
                sheet.write_string(row, column, value.isoformat())
    sheet.autofilter(HEADING_ROW, 0, FIRST_ROW + max(table.num_rows, 1) - 1, len(COLUMNS) - 1)


# --- CSV and its package --------------------------------------------------------------------------


def _write_csv(table: pa.Table, whole: Guard, provenance: Provenance, path: Path) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(COLUMNS)
    writer.writerows([csv_cell(value) for value in row] for row in values(table))
    # With the mark that tells Excel it is UTF-8: without it, a Welsh name would come out garbled.
    content = text.getvalue().encode("utf-8-sig")
    beside = path.with_name(PACKAGE)
    resources = [known for known in _known_resources(beside) if known["path"] != path.name]
    resource = _resource(path, content, whole, provenance)
    package = {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "devolution-ledger-exports",
        "title": "Exports of the devolution ledger",
        "licenses": [_OPEN_GOVERNMENT],
        "resources": sorted([*resources, resource], key=lambda known: str(known["path"])),
    }
    try:
        path.write_bytes(content)
        beside.write_text(json.dumps(package, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise unwritable(path) from error


def _known_resources(beside: Path) -> Sequence[dict[str, Any]]:
    """What an earlier export into the same folder described; a package that is not ours is left alone."""
    if not beside.exists():
        return []
    try:
        package = json.loads(beside.read_text(encoding="utf-8"))
        resources = package["resources"]
        ours = package["name"] == "devolution-ledger-exports" and all("path" in known for known in resources)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        ours = False
    if not ours:
        found = "the folder has a data package that was not written here."
        remedy = "Write the export into another folder."
        refuse(str(beside), found, "It would be overwritten.", remedy)
    return list(resources)


def _resource(path: Path, content: bytes, whole: Guard, provenance: Provenance) -> dict[str, Any]:
    at = provenance.at
    return {
        "name": "".join(letter if letter.isalnum() else "-" for letter in path.stem.lower()),
        "path": path.name,
        "title": provenance.title,
        "type": "table",
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": len(content),
        "hash": f"sha256:{hashlib.sha256(content).hexdigest()}",
        "currency": "GBP",
        "unit": provenance.unit,
        "as_at": None if at is None else at.as_at.isoformat(),
        "known_at": None if at is None else at.known_at.isoformat(),
        "ledger_head": None if at is None else at.head,
        "facts": dict(provenance.facts()),
        "illustrative": list(provenance.illustrative),
        "kind": provenance.kind,
        "illustrative_books": at is not None and at.illustrative,
        "rows": whole.rows,
        "sum_pounds": f"{whole.sum_pounds:f}",
        "content_hash": whole.content_hash,
        "escaping": "A text that begins with = + - @ ' or a tab or line break has one apostrophe put in front.",
        "sources": [
            {
                "title": source["table"],
                "standing": source["standing"],
                "publisher": source["publisher"],
                "vintage": source["vintage"],
                "licence": source["licence"],
            }
            for source in provenance.sources()
        ],
        "licenses": [_OPEN_GOVERNMENT],
        "schema": {
            "fields": [_field(name) for name in COLUMNS],
            "primaryKey": list(KEY),
            "missingValues": [""],
        },
    }


def _field(name: str) -> dict[str, Any]:
    described: dict[str, Any] = {"name": name, "type": "string", "description": MEANINGS[name]}
    if name == AMOUNT:
        described |= {"type": "number", "currency": "GBP"}
    elif name not in (CHECK, "year"):
        described["type"] = _KINDS[SCHEMA.field(name).type]
    if name in KEY or name == AMOUNT:
        described["constraints"] = {"required": True}
    return described


def provenance(
    reader: Reader, at: Moment, *, organisation: str | None = None, year: FinancialYear | None = None
) -> Provenance:
    """What an exported position says of itself."""
    whose = "all organisations" if organisation is None else f"{organisation} and those below it"
    when = "" if year is None else f", {year}"
    tables, rests_on = behind_books(reader, at)
    grades = "How free each line is (grade) is this project's reading, unless you gave your own terms."
    title = f"Position of {whose}{when}"
    return Provenance(title, POSITION, "Pounds sterling, to the penny", at, tables, [*of_books(at), grades], rests_on)


def told_of_scenario(reader: Reader, at: Moment, *, title: str, question: str, source: str, sha256: str) -> Provenance:
    """What the outcome of a scenario says of itself: that nobody has decided it.

    Args:
        source: the scenario's file; ``sha256`` is its hash.
    """
    tables, rests_on = behind_books(reader, at)
    nobody = "All of it is hypothetical: the outcome of a scenario, which nobody has decided."
    asked = f"{question} Scenario: {source}, SHA-256 {sha256}."
    unit = "Pounds sterling, to the penny"
    return Provenance(f"What if: {title}", SCENARIO, unit, at, tables, [nobody, asked, *of_books(at)], rests_on)
