"""A five-step national scenario beside the same transformations in SQL written by hand, in one run.

    uv run python -m bench.what_if [--rounds 9]

Both start from the demo's position in memory and from the same table of practices with their people, and end
with the same rows, which is checked. Ours also holds every step to its promises (money conserved, ring-fences
kept) and keeps what each step did. Each figure is processor time, the best of the rounds; the ratio is what counts.
"""

import argparse
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duckdb
import pyarrow as pa
import yaml

from allocations.demo import build
from ledger.reports.position import POSITION_COLUMNS, SCHEMA
from ledger.store.base import Store
from ledger.years import FinancialYear
from scenarios import engine, outcome
from scenarios.baseline import Baseline, read
from scenarios.change import tidied
from scenarios.files.scenario import Scenario, WrittenScenario, written

FIVE_STEPS = """
title: Five national steps
question: What does it cost to ask?
baseline: {year: 2025/26}
steps:
  - {lever: devolve, funds: {placeable: true, stream: core}, to: place, share: 0.8, by: core}
  - {lever: devolve, funds: [primary-medical-recurrent], to: pcn, share: 0.4, by: primary_medical}
  - {lever: release, funds: {grade: soft, stream: primary medical}, grade: monitored}
  - {lever: reweigh, funds: [core-community], among: place, by: registered}
  - lever: merge
    funds: [primary-medical-arrs-additional, primary-medical-arrs-gps, primary-medical-remaining-growth]
    into: {code: team, name: Team}
    inner: kept
"""

_FREE = "standing IN ('available', 'retained without agreement')"
_AT = "organisation_name, tier, depth"

# What is taken from each row goes to those below its holder by largest remainder, exactly as apportion does it.
_DEVOLVE = """
CREATE OR REPLACE TEMP TABLE chosen AS
SELECT rowid AS row, organisation AS holder, amount_pence,
       amount_pence * {n} // {d} + CASE WHEN (amount_pence * {n}) % {d} * 2 > {d} THEN 1 ELSE 0 END AS taken
FROM p WHERE tier = 'icb' AND {free} AND {which};
CREATE OR REPLACE TEMP TABLE parts AS
WITH weight AS (
    SELECT icb AS holder, coalesce({to}, '(unassigned)') AS receiver, sum({by})::HUGEINT AS w FROM people GROUP BY ALL),
quota AS (
    SELECT c.row, w.receiver, w.w, c.taken, c.taken * w.w // sum(w.w) OVER each AS part,
           c.taken * w.w % sum(w.w) OVER each AS rest
    FROM chosen c JOIN weight w ON w.holder = c.holder WHERE c.taken > 0 WINDOW each AS (PARTITION BY c.row)),
placed AS (
    SELECT row, receiver, part, taken - sum(part) OVER (PARTITION BY row) AS unplaced,
           row_number() OVER (PARTITION BY row ORDER BY rest DESC, w DESC, receiver) AS nth FROM quota)
SELECT row, receiver, (part + CASE WHEN nth <= unplaced THEN 1 ELSE 0 END)::BIGINT AS pence FROM placed
WHERE receiver <> '(unassigned)';
CREATE OR REPLACE TEMP TABLE arrived AS
SELECT p.* REPLACE (a.receiver AS organisation, o.name AS organisation_name, o.tier AS tier, o.depth AS depth,
                    'available' AS standing, a.pence AS amount_pence)
FROM parts a JOIN p ON p.rowid = a.row JOIN organisations o ON o.code = a.receiver WHERE a.pence > 0;
UPDATE p SET amount_pence = p.amount_pence - g.pence
FROM (SELECT row, sum(pence)::BIGINT AS pence FROM parts GROUP BY row) g WHERE p.rowid = g.row;
INSERT INTO p SELECT * FROM arrived;
"""
_RELEASE = """
UPDATE p SET grade = 'monitored'
WHERE grade = 'soft' AND stream = 'primary medical' AND standing <> 'source';
"""
_REWEIGH = """
CREATE OR REPLACE TEMP TABLE chosen AS
SELECT p.rowid AS row, p.organisation, i.icb, p.amount_pence::HUGEINT AS amount_pence
FROM p JOIN (SELECT DISTINCT place, icb FROM people) i ON i.place = p.organisation
WHERE p.fund = 'core-community' AND p.tier = 'place' AND {free};
CREATE OR REPLACE TEMP TABLE wanted AS
WITH weight AS (SELECT icb, place, sum(registered)::HUGEINT AS w FROM people GROUP BY ALL),
whole AS (SELECT icb, sum(amount_pence)::HUGEINT AS pence FROM chosen GROUP BY icb),
quota AS (
    SELECT w.icb, w.place, w.w, t.pence, t.pence * w.w // sum(w.w) OVER each AS part, t.pence * w.w % sum(w.w) OVER each AS rest
    FROM weight w JOIN whole t ON t.icb = w.icb WINDOW each AS (PARTITION BY w.icb)),
placed AS (
    SELECT place, part, pence - sum(part) OVER (PARTITION BY icb) AS unplaced,
           row_number() OVER (PARTITION BY icb ORDER BY rest DESC, w DESC, place) AS nth FROM quota),
shares AS (SELECT place, part + CASE WHEN nth <= unplaced THEN 1 ELSE 0 END AS pence FROM placed),
inner_quota AS (
    SELECT c.row, c.amount_pence AS w, s.place, s.pence, s.pence * c.amount_pence // sum(c.amount_pence) OVER each AS part,
           s.pence * c.amount_pence % sum(c.amount_pence) OVER each AS rest
    FROM chosen c JOIN shares s ON s.place = c.organisation WINDOW each AS (PARTITION BY s.place)),
inner_placed AS (
    SELECT row, part, pence - sum(part) OVER (PARTITION BY place) AS unplaced,
           row_number() OVER (PARTITION BY place ORDER BY rest DESC, w DESC, row) AS nth FROM inner_quota)
SELECT row, (part + CASE WHEN nth <= unplaced THEN 1 ELSE 0 END)::BIGINT AS pence FROM inner_placed;
UPDATE p SET amount_pence = w.pence FROM wanted w WHERE p.rowid = w.row;
"""
_MERGE = """
UPDATE p SET pot = 'team', returns_per_year = (SELECT max(returns_per_year) FROM p WHERE {which} AND standing <> 'source')
WHERE {which} AND standing <> 'source';
"""
_TEAM = "fund IN ('primary-medical-arrs-additional', 'primary-medical-arrs-gps', 'primary-medical-remaining-growth')"
_TIDY = f"""
SELECT {', '.join(POSITION_COLUMNS)}, sum(amount_pence)::BIGINT AS amount_pence FROM p GROUP BY ALL
HAVING sum(amount_pence) <> 0 ORDER BY ALL
"""  # fmt: skip


def by_hand(raw: duckdb.DuckDBPyConnection) -> pa.Table:
    """The same five steps in SQL, on a fresh copy of the position."""
    raw.execute("CREATE OR REPLACE TEMP TABLE p AS SELECT * FROM start")
    placeable = "lowest_depth > 0 AND stream = 'core'"
    raw.execute(_DEVOLVE.format(n=4, d=5, free=_FREE, which=placeable, to="place", by="core"))
    medical = "fund = 'primary-medical-recurrent'"
    raw.execute(_DEVOLVE.format(n=2, d=5, free=_FREE, which=medical, to="pcn", by="primary_medical"))
    raw.execute(_RELEASE)
    raw.execute(_REWEIGH.format(free=_FREE))
    raw.execute(_MERGE.format(which=_TEAM))
    return raw.execute(_TIDY).to_arrow_table()


def prepared(books: Baseline) -> duckdb.DuckDBPyConnection:
    """A database in memory with what the SQL needs, loaded beforehand."""
    raw = duckdb.connect()
    raw.register("start_rows", books.position)
    raw.register("people_rows", books.world.people)
    known = [
        (each.code, each.name, each.tier, books.world.depth(each.tier)) for each in books.world.organisations.values()
    ]
    columns = dict(zip(("code", "name", "tier", "depth"), zip(*known, strict=True), strict=True))
    raw.register("organisation_rows", pa.table({name: pa.array(list(values)) for name, values in columns.items()}))
    raw.execute("CREATE TABLE start AS SELECT * FROM start_rows")
    raw.execute("CREATE TABLE people AS SELECT * FROM people_rows")
    raw.execute("CREATE TABLE organisations AS SELECT code, name, tier, depth::INTEGER AS depth FROM organisation_rows")
    return raw


def ours(steps: WrittenScenario, books: Baseline) -> pa.Table:
    """The engine, with nothing remembered from an earlier run."""
    fresh = Baseline(books.position, books.world.changed(people=books.world.people), None, books.at)
    return engine.run(steps, fresh).position


def demo() -> Baseline:
    """The position of the demo's books of 2025/26."""
    with tempfile.TemporaryDirectory() as folder, Store.create(Path(folder) / "demo.duckdb") as store:
        build.build(store)
        with store.read() as reader:
            return read(reader, year=FinancialYear(2025))


def seconds(act: Callable[[], object]) -> float:
    """The processor time that it takes, once; by all threads of this process."""
    start = time.process_time()
    act()
    return time.process_time() - start


def sixty_steps(books: Baseline) -> WrittenScenario:
    """Sixty small steps: at each ICB a tenth of community services to its places, and then of mental health services."""
    icbs = sorted(books.world.population("icb"))
    funds = [(fund, icb) for fund in ("core-community", "core-mental-health") for icb in icbs][:60]
    steps = [
        {"lever": "devolve", "funds": [fund], "organisations": {"within": icb, "tier": "icb"}, "to": "place",
         "share": "0.1", "by": "core"}
        for fund, icb in funds
    ]  # fmt: skip
    said = {"title": "Sixty steps", "question": "q", "baseline": {"year": "2025/26"}, "steps": steps}
    return written(Scenario.model_validate(said))


def main() -> None:
    """Run both and print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=9)
    rounds = options.parse_args().rounds
    books = demo()
    steps = written(Scenario.model_validate(yaml.safe_load(FIVE_STEPS)))
    raw = prepared(books)
    same = tidied(by_hand(raw).cast(SCHEMA)).equals(ours(steps, books))
    assert same, "the two do not end with the same rows"
    engine_times, hand_times, whole_times, many_times = [], [], [], []
    sixty = sixty_steps(books)
    for _ in range(rounds):
        engine_times.append(seconds(lambda: ours(steps, books)))
        hand_times.append(seconds(lambda: by_hand(raw)))
        whole_times.append(seconds(lambda: outcome.explore(steps, books)))
    for _ in range(min(rounds, 3)):
        many_times.append(seconds(lambda: outcome.explore(sixty, books)))
    rows = ours(steps, books).num_rows
    print(
        f"42 ICBs, all places and PCNs, {books.position.num_rows:,} rows before and {rows:,} after; the same rows on both sides"
    )
    print(f"{'workload':62} {'ours':>9} {'by hand':>9} {'ratio':>6}")
    best, hand = min(engine_times), min(hand_times)
    print(f"{'five steps':62} {best:8.3f}s {hand:8.3f}s {best / hand:6.2f}")
    print(f"{'with measures, scorecard, bridges, gainers and paragraph':62} {min(whole_times):8.3f}s")
    print(f"{'sixty small steps, the whole answer':62} {min(many_times):8.3f}s")


if __name__ == "__main__":
    main()
