"""A finance lead's budget for the demo's ledger: what an ICB kept back on one line, handed to its places."""

from pathlib import Path

from allocations.shares.apportion import apportion
from ledger.reports import position
from ledger.reports.position import moment
from ledger.store.base import Store
from tests.allocations.excel.workbooks import written

ICB, FUND = "QWO", "core-community"


def kept_back(ledger: Path) -> tuple[int, list[str]]:
    """What the ICB has kept back on the line, in pence, and the codes of its places."""
    with Store.open(ledger, read_only=True) as store, store.read() as reader:
        rows = position.position(reader, moment(reader), organisation=ICB).to_pylist()
    of_line = [row for row in rows if row["fund"] == FUND]
    held = sum(row["amount_pence"] for row in of_line if row["organisation"] == ICB and "retained" in row["standing"])
    return held, sorted({row["organisation"] for row in of_line if row["tier"] == "place"})


def budget(path: Path, ledger: Path, *, wrong: bool = False) -> tuple[Path, dict[str, int]]:
    """The budget as a workbook, in pounds with a total, and what each place is to get, in pence.

    Args:
        wrong: with an unknown code and an amount that is none, to be refused.
    """
    held, places = kept_back(ledger)
    parts = apportion(held, dict.fromkeys(places, 1))
    rows = [(code, f"£{int(pence) // 100:,}.{int(pence) % 100:02d}") for code, pence in parts.items()]
    if wrong:
        rows = [*rows, ("QWO-NOWHERE", "about a million")]
    total = f"£{held // 100:,}.{held % 100:02d}"
    table = [("What we kept back of community services, 2025/26",), (), ("Code", "Budget (£)"), *rows, ("Total", total)]
    return written(path, table, sheet="Places"), {code: int(pence) for code, pence in parts.items()}
