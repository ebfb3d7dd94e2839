"""Work out what the pots of earlier years are shared by, and the parts that were printed for each ICB.

Called by ``build``; the folder and the promises are the same.
"""

from collections.abc import Iterable, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

from allocations.figures.weightings import WEIGHTINGS
from allocations.files.published import practices
from allocations.reading.cells import Cell, Sheet, read_workbook
from allocations.shares.need import weights
from ledger.errors import refuse_any
from ledger.years import FinancialYear

WORKBOOK = "nhs_allocations_2023_2025.xlsx"
PEOPLE = {
    2022: "place_tool_earlier/2022_2023_wp_data_2022LAD.csv",
    2023: "place_tool_earlier/2023_2024.csv",
    2024: "place_tool_earlier/2024_2025.csv",
}
FILES = (WORKBOOK, *PEOPLE.values())
_SHEET = "ICB Core Baseline 2023-24"
_YEAR = FinancialYear(2022)
# Pot to how its column begins, in the sheet from which the baseline of 2023/24 was made.
_PARTS = {
    "elective-recovery-2022": "2022/23 Additional elective funding",
    "health-inequalities-2022": "2022/23 Additional health inequalities funding",
}
_ICB_CODE = "ICB23"
_BILLION, _THOUSAND_POUNDS = 9, 100_000


def tables_of(source: Path) -> Iterator[tuple[str, Iterable[dict[str, Any]]]]:
    """The two tables, each with the name of its file.

    Args:
        source: the folder with the published files.

    Raises:
        Refused: a published file is not what its reader takes it for.
    """
    yield "icb_people_2022_25.csv", _people(source)
    (sheet,) = (sheet for sheet in read_workbook(source / WORKBOOK).sheets if sheet.name == _SHEET)
    yield "pot_parts.csv", _parts(sheet)


def _people(source: Path) -> Iterator[dict[str, object]]:
    """The people of each ICB by every weighting; empty where the edition has none."""
    for start, name in PEOPLE.items():
        found = practices.read(read_workbook(source / name), year=FinancialYear(start))
        refuse_any(found.problems)
        known = [by for by in WEIGHTINGS if by in found.table.column_names]
        sums = {by: weights(found.table, by, "icb") for by in known}
        for icb in sums["registered"]:
            counts = {by: Decimal(sums[by][icb]).scaleb(-_BILLION).normalize() for by in known}
            yield {"year": str(FinancialYear(start)), "icb": icb, **dict.fromkeys(WEIGHTINGS, ""), **counts}


def _parts(sheet: Sheet) -> Iterator[dict[str, object]]:
    """What the sheet prints for each ICB, in £k, as pence; its rows for regions and for England have no ICB's code."""
    heads = next(row for row in sheet.rows if any(cell.text == _ICB_CODE for cell in row))
    codes = next(at for at, cell in enumerate(heads) if cell.text == _ICB_CODE)
    for pot, phrase in _PARTS.items():
        column = next(at for at, cell in enumerate(heads) if cell.text.startswith(phrase))
        rows = [row for row in sheet.rows if row[codes].text.startswith("Q")]
        for row in sorted(rows, key=lambda row: row[codes].text):
            yield {
                "pot": pot,
                "year": str(_YEAR),
                "organisation": row[codes].text,
                "amount_pence": _pence(row[column]),
                "sheet": sheet.name,
                "cell": row[column].address,
            }


def _pence(cell: Cell) -> int:
    return int((Decimal(str(cell.value)) * _THOUSAND_POUNDS).quantize(Decimal(1), ROUND_HALF_UP))
