"""What is on record: organisations, tiers, funds and their terms, and what they are called on a day; entries by key.

Facts as they stand in the books. Who exists when is in ``ledger.structure``, and where money stands in ``position``.

A code stands for the same organisation or fund for ever, and the name beside it may change. Whoever answers a question
of a day calls ``as_on`` once, and every question that is then put to the same reader finds the names of that day in
the tables of organisations and of funds. What checks or writes the books never does: there a row is what was recorded.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from ledger.reports.position import TERMS_HELD, Moment
from ledger.store.base import Reader

Row = Mapping[str, Any]

_ORGANISATIONS = """
SELECT o.code, o.name, o.tier, t.rank, t.depth, o.valid_to FROM organisation o JOIN tier t ON t.code = o.tier
WHERE ($tier IS NULL OR o.tier = $tier) AND ($code IS NULL OR o.code = $code) ORDER BY o.code
"""
_FUNDS = """
SELECT f.code, f.name, f.parent, f.stream, f.resource, t.depth AS lowest_depth
FROM fund f JOIN tier t ON t.code = f.lowest_tier WHERE $known IS NULL OR f.entry_number <= $known ORDER BY f.code
"""
_NEWEST_TERMS = """
SELECT * FROM terms WHERE effective_from <= $day AND ($known IS NULL OR entry_number <= $known)
QUALIFY row_number() OVER (PARTITION BY fund ORDER BY effective_from DESC, version DESC) = 1
"""
_RECURRENT = f"""
WITH RECURSIVE judged AS (
    SELECT code AS fund, 0 AS year, 0 AS point, $day AS day, CAST({2**63 - 1} AS BIGINT) AS known FROM fund
), {TERMS_HELD}
SELECT f.code, coalesce(m.recurrent, true) FROM fund f LEFT JOIN terms_held m ON m.fund = f.code
"""
_KEYED = """
SELECT e.number, e.key, e.actor, e.reason, r.number AS reversed_by
FROM entry e LEFT JOIN entry r ON r.reverses = e.number
WHERE starts_with(e.key, $stem) ORDER BY e.number
"""
_FROM_FILE = "SELECT min(number) FROM entry WHERE source_hash = $digest AND kind = $kind"
_SOURCES = """
SELECT source FROM entry WHERE number <= $known AND source IS NOT NULL GROUP BY source ORDER BY min(number)
"""
_ALLOCATED = """
SELECT e.number, e.source, coalesce(e.source_hash, '') AS source_hash, sum(t.amount_pence) AS amount_pence
FROM entry e JOIN transfer t ON t.entry_number = e.number
JOIN account p ON p.id = t.from_account JOIN organisation po ON po.code = p.organisation
JOIN account a ON a.id = t.to_account JOIN organisation o ON o.code = a.organisation
WHERE e.kind = 'allocate' AND a.year = $year AND po.tier = 'national' AND o.tier = 'icb'
  AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.number)
GROUP BY ALL ORDER BY e.number
"""
_ALLOCATED_FROM = """
SELECT min(e.number) FROM entry e JOIN transfer t ON t.entry_number = e.number JOIN account a ON a.id = t.to_account
WHERE e.source_hash = $digest AND e.kind = 'allocate' AND a.year = $year
"""
_ACCOUNTS = "SELECT count(*) FROM account WHERE organisation = $organisation AND fund = $fund AND year = $year"


def organisations(reader: Reader, tier: str | None = None, code: str | None = None) -> dict[str, Row]:
    """Every organisation, or those of a tier, or the one that has a code, by code.

    Returns:
        ``code``, ``name``, ``tier``, its ``rank`` and ``depth``, and ``valid_to``: the day of closing that it was
        recorded with, if any.
    """
    return {row["code"]: row for row in reader.table(_ORGANISATIONS, {"tier": tier, "code": code}).to_pylist()}


def tiers(reader: Reader) -> dict[str, Row]:
    """The tiers by code, from the top down: ``code``, ``name``, ``rank`` and ``depth``."""
    rows = reader.table("SELECT code, name, rank, depth FROM tier ORDER BY rank, code").to_pylist()
    return {row["code"]: row for row in rows}


def funds(reader: Reader, known: int | None = None) -> dict[str, Row]:
    """The funds by code: ``code``, ``name``, ``parent``, ``stream``, ``resource`` and ``lowest_depth``.

    Args:
        known: only those known by this entry.
    """
    return {row["code"]: row for row in reader.table(_FUNDS, {"known": known}).to_pylist()}


def newest_terms(reader: Reader, day: date, known: int | None = None) -> dict[str, dict[str, Any]]:
    """Each fund's own terms on a day, as rows of their table; none for a fund that has none of its own.

    Args:
        known: only those known by this entry.
    """
    return {row["fund"]: row for row in reader.table(_NEWEST_TERMS, {"day": day, "known": known}).to_pylist()}


def term_versions(reader: Reader, day: date) -> dict[str, int]:
    """The last version of each fund's terms that take effect on a day."""
    versions = "SELECT fund, max(version) FROM terms WHERE effective_from = $day GROUP BY fund"
    return {str(fund): int(str(version)) for fund, version in reader.rows(versions, {"day": day})}


def recurrent(reader: Reader, day: date) -> dict[str, bool]:
    """Whether the money of each fund recurs, by the terms that hold on a day; true where there are none."""
    return {str(fund): bool(recurs) for fund, recurs in reader.rows(_RECURRENT, {"day": day})}


def keyed(reader: Reader, stem: str) -> dict[str, Row]:
    """The entries whose key is a stem or begins with it, by key.

    Returns:
        ``number``, ``key``, ``actor``, ``reason`` and ``reversed_by``, the entry that undid it.
    """
    return {row["key"]: row for row in reader.table(_KEYED, {"stem": stem}).to_pylist()}


def from_file(reader: Reader, digest: str, kind: str) -> int | None:
    """The first entry of a kind that came from the file of this SHA-256."""
    return _number(reader, _FROM_FILE, {"digest": digest, "kind": kind})


def sources(reader: Reader, known: int) -> list[str]:
    """What the entries known by an entry name as their sources, in the order in which they came."""
    return [str(source) for (source,) in reader.rows(_SOURCES, {"known": known})]


def allocated(reader: Reader, year: int) -> list[dict[str, Any]]:
    """The entries that stand by which the national body allocated a year's money to ICBs.

    Returns:
        ``number``, ``source``, ``source_hash`` (empty where there is none) and ``amount_pence``.
    """
    rows: list[dict[str, Any]] = reader.table(_ALLOCATED, {"year": year}).to_pylist()
    return rows


def allocated_from(reader: Reader, digest: str, year: int) -> int | None:
    """The first entry that allocated a year's money from the file of this SHA-256, whether it stands or was undone."""
    return _number(reader, _ALLOCATED_FROM, {"digest": digest, "year": year})


def has_account(reader: Reader, organisation: str, fund: str, year: int) -> bool:
    """Whether money of a fund and year has ever stood with an organisation."""
    return reader.whole(_ACCOUNTS, {"organisation": organisation, "fund": fund, "year": year}) > 0


def any_money(reader: Reader) -> bool:
    """Whether any money has ever moved in the books."""
    return bool(reader.rows("SELECT 1 FROM transfer LIMIT 1"))


def _number(reader: Reader, sql: str, given: Mapping[str, object]) -> int | None:
    ((number,),) = reader.rows(sql, given)
    return None if number is None else int(str(number))


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
