"""What organisations and funds are called on a day: the name that began last by then, as known by an entry.

A code stands for the same organisation or fund for ever, and the name beside it may change. Whoever answers a question
of a day calls ``as_on`` once, and every question that is then put to the same reader finds the names of that day in
the tables of organisations and of funds. What checks or writes the books never does: there a row is what was recorded.
"""

from ledger.reports.position import Moment
from ledger.store.base import Reader

_BEGUN = "r.valid_from <= $as_at AND r.entry_number <= $known"
_ANY = f"SELECT count(*) FROM renaming r WHERE {_BEGUN}"
_NAMED = """
SELECT t.* REPLACE (coalesce((
    SELECT r.name FROM renaming r WHERE r.{table} = t.code AND {begun}
    ORDER BY r.valid_from DESC, r.entry_number DESC LIMIT 1), t.name) AS name)
FROM "{table}" t
"""
_FORMER = """
SELECT code, name FROM organisation WHERE entry_number <= $known
UNION SELECT organisation, name FROM renaming WHERE organisation IS NOT NULL AND entry_number <= $known
ORDER BY code, name
"""


def as_on(reader: Reader, at: Moment) -> None:
    """Let a reader find organisations and funds by the names that they have on a day, as known then."""
    for table in ("organisation", "fund"):
        reader.unstage(table)
    given = {"as_at": at.as_at, "known": at.known}
    if not reader.whole(_ANY, given):
        return
    named = {table: reader.table(_NAMED.format(table=table, begun=_BEGUN), given) for table in ("organisation", "fund")}
    for table, rows in named.items():
        reader.stage(table, rows)


def every_name(reader: Reader, known: int) -> dict[str, list[str]]:
    """Every name that an organisation has or had, by its code: for whoever compares names in files."""
    names: dict[str, list[str]] = {}
    for code, name in reader.rows(_FORMER, {"known": known}):
        names.setdefault(str(code), []).append(str(name))
    return names
