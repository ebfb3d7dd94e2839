"""Posting and position beside bare DuckDB, in one run on one machine.

    uv run python -m bench.books [--transfers 1000000] [--batches 10]

Posting: one entry of a million transfers through every check, against a bare ``INSERT ... SELECT`` of the same
rows into a table with the same constraints. Position: what stands where after all batches, against the same
question in SQL written by hand. Each figure is the best of several tries; the ratio is what counts.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa

from ledger.entries.draft import LEGS, Draft, Leg, Place, legs, records
from ledger.entries.posting import post
from ledger.models import TABLES, Agreement, Fund, Organisation, Relationship, Terms, Tier
from ledger.reports import position
from ledger.store.base import Store
from ledger.years import FinancialYear

YEAR = FinancialYear(2025)
DAY, LONG_AGO = YEAR.first_day, date(2020, 4, 1)
ICBS, PRACTICES_EACH, FUNDS = 42, 150, 12
# The most transfers of one entry.
BATCH = 1_000_000

HANDWRITTEN = """
SELECT a.organisation, o.name AS organisation_name, o.tier, r.depth, a.fund, f.name AS fund_name, t.fund AS pot,
       f.stream, f.resource, l.depth AS lowest_depth, a.year,
       CASE WHEN a.floor_pence IS NULL THEN 'source' ELSE a.standing END AS standing, t.grade, t.route,
       t.recurrent, t.notified_on, t.spend_by, t.returns_per_year, t.quality, CAST(x.pence AS BIGINT) AS amount_pence
FROM (SELECT account, sum(pence) AS pence FROM (
          SELECT to_account AS account, sum(amount_pence) AS pence FROM transfer GROUP BY to_account
          UNION ALL SELECT from_account, -sum(amount_pence) FROM transfer GROUP BY from_account) GROUP BY account) x
JOIN account a ON a.id = x.account JOIN organisation o ON o.code = a.organisation JOIN fund f ON f.code = a.fund
JOIN terms t ON t.fund = f.code JOIN tier r ON r.code = o.tier JOIN tier l ON l.code = f.lowest_tier
WHERE x.pence <> 0
"""


def structure() -> list[Draft]:
    """42 ICBs with 150 practices each, and twelve funds."""
    tiers = [("government", 0, True), ("national", 1, False), ("icb", 2, False), ("practice", 3, False)]
    icbs = [f"Q{number:02}" for number in range(ICBS)]
    practices = [(icb, f"{icb}P{number:03}") for icb in icbs for number in range(PRACTICES_EACH)]
    organisations = [
        ("GOV", "government"),
        ("NHS", "national"),
        *((icb, "icb") for icb in icbs),
        *((code, "practice") for _, code in practices),
    ]
    relations = [("GOV", "NHS"), *(("NHS", icb) for icb in icbs), *practices]
    funds = [f"fund-{number:02}" for number in range(FUNDS)]
    return [
        Draft("structure", "structure", DAY, "bench", "who there is", records={
            Tier: records(Tier, [{"code": c, "name": c, "rank": r, "depth": 0, "may_go_below_zero": s} for c, r, s in tiers]),
            Organisation: records(Organisation, [{"code": c, "name": c, "tier": t, "valid_from": LONG_AGO} for c, t in organisations]),
            Relationship: records(Relationship, [{"id": f"{p}>{c}", "parent": p, "child": c, "scheme": "line", "valid_from": LONG_AGO} for p, c in relations]),
        }),
        Draft("terms", "terms", DAY, "bench", "what there is", records={
            Fund: records(Fund, [{"code": f, "name": f, "stream": "core", "resource": "revenue", "lowest_tier": "practice"} for f in funds]),
            Terms: records(Terms, [{"id": f, "fund": f, "effective_from": LONG_AGO, "version": 1, "grade": "none", "route": "formula",
                                    "recurrent": True, "notified_on": LONG_AGO, "source": "bench", "reason": "bench", "quality": "green"} for f in funds]),
        }),
        Draft("mandate", "mandate", DAY, "bench", "the limit", transfers=legs(
            Leg(Place("GOV", f, YEAR), Place("NHS", f, YEAR), 10**14) for f in funds)),
        Draft("allocate", "allocate", DAY, "bench", "to ICBs", transfers=legs(
            Leg(Place("NHS", f, YEAR), Place(icb, f, YEAR), 10**12) for icb in icbs for f in funds)),
    ]  # fmt: skip


def million(count: int) -> pa.Table:
    """Transfers from ICBs to their practices over all funds, as often as it takes."""
    pairs = [
        (f"Q{i:02}", f"Q{i:02}P{p:03}", f"fund-{f:02}")
        for i in range(ICBS)
        for p in range(PRACTICES_EACH)
        for f in range(FUNDS)
    ]
    picked = [pairs[number % len(pairs)] for number in range(count)]
    constant = {
        "from_year": YEAR.start,
        "to_year": YEAR.start,
        "from_standing": "available",
        "to_standing": "available",
    }
    columns = {
        "from_organisation": [icb for icb, _, _ in picked], "from_fund": [fund for _, _, fund in picked],
        "to_organisation": [practice for _, practice, _ in picked], "to_fund": [fund for _, _, fund in picked],
        "amount_pence": [1 + number % 997 for number in range(count)], "recurrent": [True] * count, "note": [None] * count,
        **{name: [value] * count for name, value in constant.items()},
    }  # fmt: skip
    return pa.table({name: pa.array(columns[name], LEGS.field(name).type) for name in LEGS.names})


def batch(key: str, table: pa.Table) -> Draft:
    """One entry of many transfers."""
    return Draft(key, "devolve", DAY, "bench", "a batch", transfers=table)


def opened_accounts(path: Path, table: pa.Table) -> None:
    """A ledger whose accounts are open, each by one small transfer, for those who would measure what comes after."""
    with Store.create(path) as store:
        post(store, [*structure(), batch("open", table.slice(0, ICBS * PRACTICES_EACH * FUNDS))])
        store.checkpoint()


def seconds(act: Callable[[], object]) -> float:
    """How long it takes, once."""
    start = time.perf_counter()
    act()
    return time.perf_counter() - start


def bare_copy(folder: Path, made: Path) -> duckdb.DuckDBPyConnection:
    """The same books in a file of their own, for the bare insert."""
    path = folder / "bare.duckdb"
    path.write_bytes(made.read_bytes())
    return duckdb.connect(str(path))


def primary_keys_alone(copy: Path) -> Path:
    """A file beside it with the tables that a bare insert writes, of all constraints with their primary keys alone."""
    path = copy.with_name("keys.duckdb")
    with duckdb.connect(str(path)) as raw:
        raw.execute(f"ATTACH '{copy}' AS made (READ_ONLY)")
        for name, key in (("entry", "number"), ("account", "id"), ("transfer", "entry_number, leg")):
            raw.execute(f"CREATE TABLE {name} AS FROM made.{name}")
            raw.execute(f"ALTER TABLE {name} ADD PRIMARY KEY ({key})")
    return path


def bare_insert(raw: duckdb.DuckDBPyConnection, rows: pa.Table, entry: int) -> None:
    """One entry row and a million transfers into the constrained tables, and nothing else."""
    raw.register("rows", rows)
    raw.execute("BEGIN")
    raw.execute(
        "INSERT INTO entry SELECT $n, 'bare ' || $n, kind, effective_date, recorded_at, actor, reason, authority, source, "
        "source_hash, NULL, content_hash, previous_hash, hash, standing FROM entry WHERE number = 4", {"n": entry},
    )  # fmt: skip
    raw.execute(
        "INSERT INTO transfer SELECT $n, leg, from_account, to_account, amount_pence, recurrent, note FROM rows",
        {"n": entry},
    )
    raw.execute("COMMIT")


def resolved(raw: duckdb.DuckDBPyConnection, table: pa.Table) -> pa.Table:
    """The transfers with account numbers, as a bare insert would be given them."""
    raw.register("legs", table)
    return raw.execute(
        "SELECT row_number() OVER () AS leg, f.id AS from_account, t.id AS to_account, amount_pence, recurrent, note FROM legs l "
        "JOIN account f ON f.organisation = l.from_organisation AND f.fund = l.from_fund AND f.standing = 'available' "
        "JOIN account t ON t.organisation = l.to_organisation AND t.fund = l.to_fund AND t.standing = 'available'"
    ).to_arrow_table()


def main() -> None:
    """Run both comparisons and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--transfers", type=int, default=1_000_000)
    options.add_argument("--batches", type=int, default=10)
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        table = million(asked.transfers)
        # Accounts are opened beforehand on both sides, by one small transfer to each.
        opened_accounts(folder / "ours.duckdb", table)
        raw = bare_copy(folder, folder / "ours.duckdb")
        store = Store.open(folder / "ours.duckdb")
        rows = resolved(raw, table)
        ours, bare = [], []
        for nth in range(asked.batches):
            draft = batch(f"batch {nth}", table)
            ours.append(seconds(lambda draft=draft: post(store, [draft])))  # type: ignore[misc]
            bare.append(seconds(lambda nth=nth: bare_insert(raw, rows, 100 + nth)))  # type: ignore[misc]
        raw.close()
        print(f"{'workload':62} {'ours':>9} {'bare':>9} {'ratio':>6}")
        report(f"post {asked.transfers:,} transfers, every check, into few", ours[0], bare[0])
        report(f"the same, into {(asked.batches - 1) * asked.transfers:,}", ours[-1], bare[-1])
        report(f"all {asked.batches} batches together", sum(ours), sum(bare))
        compare_position(store, "")
        agreement = {
            "id": "bench", "organisation": "Q00", "fund": "fund-00", "amount_pence": 5, "partners": "all",
            "decision_reference": "bench", "purpose": "bench", "valid_from": LONG_AGO,
        }  # fmt: skip
        post(
            store,
            [
                Draft(
                    "agree", "agree", DAY, "bench", "an agreement", records={Agreement: records(Agreement, [agreement])}
                )
            ],
        )
        compare_position(store, ", with an agreement")
        print(
            f"peak memory of this process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024:,} MiB; tables: {len(TABLES)}"
        )
        store.close()


def balances(store: Store) -> tuple[float, float]:
    """Seconds for what stands where, ours and by hand in turn, the least of several; both have as many rows."""
    with store.read() as reader:
        at = position.moment(reader)
        ours, plain = [], []
        for _ in range(7):
            ours.append(seconds(lambda: position.position(reader, at)))
            plain.append(seconds(lambda: reader.table(HANDWRITTEN)))
        assert position.position(reader, at).num_rows == reader.table(HANDWRITTEN).num_rows
    return min(ours), min(plain)


def compare_position(store: Store, what: str) -> None:
    """What stands where, ours and by hand."""
    with store.read() as reader:
        total = reader.whole("SELECT count(*) FROM transfer")
    report(f"position of {total:,} transfers{what}", *balances(store))


def report(what: str, ours: float, bare: float) -> None:
    """One line of the table."""
    print(f"{what:62} {ours:8.3f}s {bare:8.3f}s {ours / bare:6.2f}")


if __name__ == "__main__":
    main()
