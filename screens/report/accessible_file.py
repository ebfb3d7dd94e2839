"""The accessible workbook, for the command line and the app alike; alone, for its libraries take long to load."""

from pathlib import Path

from allocations.files.out import accessible, accessible_tables
from ledger.reports.position import Moment
from ledger.store.base import Reader
from ledger.years import FinancialYear
from screens.report import workbooks
from screens.report.terminal import Answer


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
    shown = year or accessible_tables.newest_year(reader)
    tables = accessible_tables.tables(reader, at, year=shown, organisation=organisation)
    told = accessible.told(reader, at, year=shown, whose=accessible_tables.whose_money(reader, organisation))
    accessible.write_published(tables, told, out, contact=contact)
    return workbooks.of_published(tables, ledger=ledger, at=at, out=str(out))
