"""One journal in every form: rows for those who read rows, and the text that plain-text accounting reads.

The transfers are those of ``books.million``: from ICBs to their practices over all funds. The formats of other
programs are written here alone, to measure with; the house itself reads and writes none of them.
"""

from pathlib import Path
from typing import NamedTuple

from pyarrow import csv

from bench.books import million

WATCHED = ("Q00P000", "fund-00")
_COLUMNS = ["from_organisation", "to_organisation", "to_fund", "amount_pence"]
_AT_ONCE = 50_000


class Journal(NamedTuple):
    """One journal, in files.

    Attributes:
        watched: what the account ``WATCHED`` ends with, in pence: everyone must find it.
    """

    rows: Path
    plain: Path
    beancount: Path
    watched: int


def write(count: int, folder: Path) -> Journal:
    """Write so many transfers in every form."""
    table = million(count).select(_COLUMNS)
    journal = Journal(folder / "rows.csv", folder / "journal.ledger", folder / "journal.beancount", 0)
    csv.write_csv(table, journal.rows)
    accounts: dict[str, None] = {}
    watched = 0
    with journal.plain.open("w", encoding="ascii") as plain, journal.beancount.open("w", encoding="ascii") as bean:
        body = folder / "body.beancount"
        with body.open("w", encoding="ascii") as entries:
            for batch in table.to_batches(max_chunksize=_AT_ONCE):
                for source, target, fund, pence in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    here, there = f"Assets:{source}:{fund.capitalize()}", f"Assets:{target}:{fund.capitalize()}"
                    accounts[here] = accounts[there] = None
                    pounds = f"{pence // 100}.{pence % 100:02}"
                    plain.write(f"2025-04-01 allocation\n    {there}  {pounds} GBP\n    {here}\n\n")
                    entries.write(f'2025-04-01 * "allocation"\n  {there}  {pounds} GBP\n  {here}\n\n')
                    watched += pence if (target, fund) == WATCHED else 0
        bean.write("".join(f"2020-04-01 open {name} GBP\n" for name in accounts) + "\n")
        with body.open(encoding="ascii") as entries:
            while text := entries.read(1 << 22):
                bean.write(text)
        body.unlink()
    return journal._replace(watched=watched)
