"""Small editions of published files, made by the tests: every name, order and place in them can be changed."""

import csv
import io
import random
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl

from allocations.reading.cells import Workbook, read_workbook

Rows = list[list[Any]]

ICBS = (
    ("Y63", "North East and Yorkshire", "QWO", "NHS West Yorkshire ICB"),
    ("Y63", "North East and Yorkshire", "QF7", "NHS South Yorkshire ICB"),
    ("Y62", "North West", "QE1", "NHS Lancashire and South Cumbria ICB"),
)
CORE_HEADER = [
    "R23", "Region", "ICB23", "Integrated Care Board (ICB)", "2024/25 Adjusted recurrent baseline (£k)",
    "2025/26 Recurrent allocation (£k)", "2025/26 Recurrent allocation £/head", "2025/26 Discharge (£k)",
    "2025/26 Roll out of OCT (£k)", "2025/26 Total allocation (£k)",
]  # fmt: skip
# Recurrent, per head, discharge, OCT (a negative line); the total is their sum without the per-head column.
CORE = {"QWO": (5000.125, 2.5, 40.5, -1.5), "QF7": (2000.25, 2.0, 20.25, -0.5), "QE1": (3000.5, 3.0, 30.0, -1.0)}
POD_HEADER = ["R23", "Region", "ICB23", "Integrated Care Board (ICB)", "2025/26 Recurrent allocation (£k)",
              "Community LFD testing (£k)", "2025/26 Total allocation (£k)"]  # fmt: skip
POD = {"QWO": (100.5, 2), "QF7": (50.25, 1), "QE1": (75, 3)}
RUNNING = {"QWO": (30.125,), "QF7": (20.25,), "QE1": (25.5,)}


def core_rows(figures: dict[str, tuple[float, ...]] = CORE) -> Rows:
    """A title, a header, three ICBs, two regions under a header of their own, and England."""
    rows: Rows = [["Allocations (ICB core services)", None, None, None, "Allocations 2025/26"], list(CORE_HEADER)]

    def money(values: Sequence[float]) -> list[Any]:
        return [1, values[0], values[1], values[2], values[3], values[0] + values[2] + values[3]]

    for region, name, code, icb in ICBS:
        rows.append([region, name, code, icb, *money(figures[code])])
    rows.append([None] * len(CORE_HEADER))
    rows.append([None, None, "R23", "Region", *CORE_HEADER[4:]])
    for region, name in (("Y63", "North East & Yorkshire"), ("Y62", "North West")):
        inside = [figures[code] for area, _, code, _ in ICBS if area == region]
        rows.append([None, None, region, name, *money([sum(column) for column in zip(*inside, strict=True)])])
    whole = [sum(column) for column in zip(*figures.values(), strict=True)]
    rows.append([None, None, "Total", "ENGLAND", *money(whole)])
    return rows


def pod_rows() -> Rows:
    """With a row of NHS England's own for a region, and a dash in it."""
    rows: Rows = [["Allocations (ICB POD services)"], list(POD_HEADER)]
    for region, name, code, icb in ICBS:
        rows.append([region, name.replace("and", "&"), code, icb, *POD[code], sum(POD[code])])
    rows.append(["Y63", "NHS England", "Y63", "North East & Yorkshire", 7.5, "-", 7.5])
    rows.append([None, None, "Total", "England", 233.25, 6, 239.25])
    return rows


def running_rows() -> Rows:
    rows: Rows = [["Allocations (running cost allowance)"], [*CORE_HEADER[:4], "2025/26 (£k)"]]
    rows += [[region, name, code, icb, *RUNNING[code]] for region, name, code, icb in ICBS]
    return [*rows, [None, None, "Total", "England", 75.875]]


def allocation_sheets() -> dict[str, Rows]:
    return {
        "ICB Core Allocations 2025-26": core_rows(),
        "POD Allocation 2025-26": pod_rows(),
        "ICB running cost allowance": running_rows(),
    }


WP = ("G&A WP", "CS WP", "MH WP", "Mat WP", "Health Ineq WP", "Prescr WP", "Final WP", "Primary Medical Care WP",
      "Final PMC WP")  # fmt: skip
PRACTICE_HEADER = ["Practice_Code", "GP_Practice_Name", "ICB", "ICBname", "LAD", "LTLA", "Patients", "Population", *WP]
PRACTICES = (
    ("A81001", "QWO", "E08000032", "1000.5", "1100.5"),
    ("A81002", "QWO", "E08000033", "2000.25", "1900.25"),
    ("B82003", "QF7", "E08000019", "500.75", "500.75"),
)


def practice_rows() -> Rows:
    """Three practices; every weighted population takes a hundred people from the second to the first."""
    rows: Rows = [list(PRACTICE_HEADER)]
    for code, icb, district, people, weighted in PRACTICES:
        rows.append(
            [code, f"SURGERY {code}", icb, "NHS AN ICB", district, "A district", "", people, *[weighted] * len(WP)]
        )
    return rows


def shuffled(rows: Rows, chance: random.Random, *, header: int, extra: int, above: int, blanks: int) -> Rows:
    """The same table with its columns in another order, columns and blank rows more, and lines above it."""
    width = max(len(row) for row in rows)
    square = [[*row, *[None] * (width - len(row))] for row in rows]
    titles, body = square[:header], square[header:]
    order = list(range(width))
    chance.shuffle(order)
    for number in range(extra):
        order.insert(chance.randrange(len(order) + 1), -1 - number)

    def moved(row: list[Any], *, head: bool) -> list[Any]:
        return [
            row[column] if column >= 0 else f"Remark {-column} (%)" if head else "as before" if row[0] else None
            for column in order
        ]

    made = [moved(row, head=index == 0) for index, row in enumerate(body)]
    for _ in range(blanks):
        made.insert(chance.randrange(1, len(made) + 1), [None] * len(order))
    return [*titles, *([[f"Note {number}"] for number in range(above)]), *made]


def workbook(path: Path, sheets: dict[str, Rows]) -> Workbook:
    """Write the sheets as a workbook, and read it."""
    book = openpyxl.Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return read_workbook(path)


def text_file(path: Path, rows: Rows) -> Workbook:
    """Write the rows as a CSV file with a byte-order mark, and read it."""
    path.write_text(as_csv(rows), encoding="utf-8-sig")
    return read_workbook(path)


def archive(path: Path, rows: Rows) -> Workbook:
    """Write the rows as a CSV file in a zip archive, and read it."""
    with zipfile.ZipFile(path, "w") as made:
        made.writestr(f"{path.stem}.csv", as_csv(rows))
    return read_workbook(path)


def as_csv(rows: Rows) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([["" if cell is None else cell for cell in row] for row in rows])
    return out.getvalue()


def pounds(thousands: float) -> Decimal:
    return Decimal(repr(thousands)) * 1000
