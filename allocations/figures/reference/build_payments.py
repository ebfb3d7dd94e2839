"""Work out what practices were paid in 2022/23, line by line, from the published file.

Called by ``build``; the folder and the promises are the same.
"""

import csv
import gzip
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

from allocations.figures import tables
from ledger.errors import Problem, Refused

PAYMENTS = "gp_payments_22_23.csv.gz"
FILES = (PAYMENTS,)
# The headings of the network's columns are those of the commissioning groups that were there before.
_PRACTICE, _SUB_ICB, _NETWORK, _ICB_NAME = "Practice Code", "CCG Code", "Code", "Sub ICB NAME"
_NO_NETWORK = "Unknown or no PCN"
_PEOPLE = "Number of Registered Patients (Last Known Figure)"
# The total of all lines that the publisher prints for each practice: Covid and network lines stand apart from the
# first total, and are in this one.
_TOTAL = "Total NHS Payments to General Practice including Covid and PCN payments"


def tables_of(source: Path, icbs: Sequence[Mapping[str, Any]]) -> Iterator[tuple[str, Iterable[dict[str, Any]]]]:
    """The table, with the name of its file.

    Args:
        source: the folder with the published files.
        icbs: rows of ``organisations.csv``: the file names an ICB and does not give its code.

    Raises:
        Refused: the lines of a practice do not sum to the total that is printed for it, or an ICB is not known.
    """
    with gzip.open(source / PAYMENTS, "rt", encoding="utf-8-sig", newline="") as file:
        rows = sorted(csv.DictReader(file), key=lambda row: row[_PRACTICE])
    codes = {str(row["name"]).upper(): str(row["code"]) for row in icbs}
    lines = {row["heading"]: row["fund"] for row in tables.table("practice_payment_lines").to_pylist()}
    yield "practice_payments_2022_23.csv", [_paid(row, codes, lines) for row in rows]


def _paid(row: Mapping[str, str], codes: Mapping[str, str], lines: Mapping[str, str]) -> dict[str, Any]:
    paid = {fund: _pence(row[heading]) for heading, fund in lines.items()}
    # "NHS WEST YORKSHIRE ICB - 02T"
    icb = codes.get(row[_ICB_NAME].rpartition(" - ")[0])
    if icb is None or sum(paid.values()) != _pence(row[_TOTAL]):
        raise Refused(
            [
                Problem(
                    f"{PAYMENTS}, practice {row[_PRACTICE]}",
                    f"its ICB is '{row[_ICB_NAME]}', and its lines sum to {sum(paid.values())} pence.",
                    f"The ICB should be a known one, and the total printed is {row[_TOTAL]} pounds.",
                    "See whether the publisher has changed the lines of the file.",
                )
            ]
        )
    network = "" if row[_NETWORK] == _NO_NETWORK else row[_NETWORK]
    who = {"practice": row[_PRACTICE], "icb": icb, "sub_icb": row[_SUB_ICB], "pcn": network}
    return {**who, "registered": Decimal(row[_PEOPLE]), **paid}


def _pence(pounds: str) -> int:
    pence = Decimal(pounds) * 100
    if pence != int(pence):
        raise ValueError(f"{pounds} is not a whole number of pence")
    return int(pence)
