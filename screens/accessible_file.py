"""The accessible workbook, for the command line and the app alike; alone, for its libraries take long to load."""

from pathlib import Path

from allocations.excel import published, published_tables
from ledger.position import Moment
from ledger.store import Reader
from ledger.years import FinancialYear
from screens import workbooks
from screens.terminal import Answer


def published_file(
    reader: Reader,
    at: Moment,
    out: Path,
    *,
    ledger: str,
    organisation: str | None,
    year: FinancialYear | None,
    contact: str | None = None,
) -> Answer:
    """Write the accessible workbook, values only."""
    shown = year or published_tables.newest_year(reader)
    tables = published_tables.tables(reader, at, year=shown, organisation=organisation)
    told = published.told(reader, at, year=shown, whose=published_tables.whose_money(reader, organisation))
    published.write_published(tables, told, out, contact=contact)
    return workbooks.of_published(tables, ledger=ledger, at=at, out=str(out))
