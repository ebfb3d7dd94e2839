"""The shipped figures, read: each table with what it is, where it comes from and what of it is ours."""

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path

import pyarrow as pa
import pyarrow.csv

from allocations.figures.indicators import AGES, INDICATORS, age_column
from allocations.figures.weightings import WEIGHTINGS
from ledger.money import round_half_up_fraction
from ledger.years import FinancialYear

FOLDER = Path(__file__).parent / "reference"

# Populations are decimals with nine places, exactly as published; a weight is that number of billionths.
POPULATION = pa.decimal128(18, 9)

# Years for which practices and their people are shipped, by the year in which each begins.
PEOPLE = {
    2025: "practices_2025_26",
    2026: "practices_2026_27",
    2027: "practices_2027_28",
    2028: "practices_2028_29",
}

# In a table of payments each column that begins so is named by the fund that was paid, and holds pence.
PAID_FUND = "practice-"

_TYPES: dict[str, pa.DataType] = {
    **dict.fromkeys(WEIGHTINGS, POPULATION),
    **dict.fromkeys(("amount_pence", "total_pence", "headline_pence"), pa.int64()),
    "expected_pence": pa.int64(),
    "rounded_parts": pa.int32(),
    "rounded_to": pa.int32(),
    "rate_pounds": pa.decimal128(12, 6),
    "weight": pa.decimal128(12, 9),
    **dict.fromkeys(INDICATORS, pa.decimal128(18, 2)),
    **dict.fromkeys(map(age_column, AGES), pa.int32()),
    **dict.fromkeys(("average_score", "part_in_worst_tenth"), pa.decimal128(9, 4)),
    **dict.fromkeys(
        (
            "version",
            "rank",
            "depth",
            "returns_per_year",
            "match_percent",
            "admin_cap_percent",
            "practices",
            "months",
            "tile_column",
            "tile_row",
        ),
        pa.int32(),
    ),
    **dict.fromkeys(("recurrent", "may_go_below_zero", "cost_adjusted"), pa.bool_()),
    **dict.fromkeys(
        (
            "valid_from",
            "valid_to",
            "effective_date",
            "effective_from",
            "notified_on",
            "announced_on",
            "bid_by",
            "spend_by",
        ),
        pa.date32(),
    ),
}


@dataclass(frozen=True, slots=True)
class Description:
    """What a shipped table is.

    Attributes:
        standing: published, derived or assumption.
        made: how its figures came about.
    """

    name: str
    title: str
    standing: str
    publisher: str
    vintage: str
    licence: str
    made: str


@cache
def table(name: str) -> pa.Table:
    """A shipped table as Arrow; empty cells are missing, never zero.

    Raises:
        FileNotFoundError: there is no such table.
    """
    path = FOLDER / f"{name}.csv"
    with path.open(encoding="utf-8") as file:
        names = file.readline().strip().split(",")
    types = {
        column: pa.int64() if column.startswith(PAID_FUND) else _TYPES.get(column, pa.string()) for column in names
    }
    options = pyarrow.csv.ConvertOptions(
        column_types=types,
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=True,
        true_values=["true"],
        false_values=["false"],
    )
    return pyarrow.csv.read_csv(path, convert_options=options)


def people_table(year: FinancialYear | None) -> pa.Table:
    """The shipped practices with their people, of the year or of the nearest one that is shipped."""
    start = min(PEOPLE, key=lambda shipped: 0 if year is None else abs(shipped - year.start))
    return table(PEOPLE[start])


@cache
def descriptions() -> dict[str, Description]:
    """Every shipped table with its publisher, vintage, licence and making."""
    import yaml  # noqa: PLC0415 - only who asks about the tables needs it: a ledger's reports do not

    text = (FOLDER / "tables.yaml").read_text(encoding="utf-8")
    known = Description.__slots__
    return {
        name: Description(name=name, **{key: str(value) for key, value in facts.items() if key in known})
        for name, facts in yaml.safe_load(text).items()
    }


@cache
def published_file_hash(file: str) -> str:
    """The SHA-256 of a published file that the figures rest on."""
    hashes = {row["file"]: row["sha256"] for row in table("published_files").to_pylist()}
    return str(hashes[file])


def billionths(population: Decimal) -> int:
    """A population as a whole number of billionths, so that sums and shares stay exact."""
    return int(population.scaleb(9))


def whole_people(population_billionths: int) -> int:
    """A population to be shown: to the nearest whole person, halves up, as NHS England's place tool shows it."""
    return round_half_up_fraction(Fraction(population_billionths, 10**9))
