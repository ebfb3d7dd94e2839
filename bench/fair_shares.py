"""Need indices of all places of all ICBs: in one call, beside a pandas loop and beside bare SQL, in one run.

    uv run python -m bench.fair_shares [--tries 7]

The loop does as NHS England's place tool does: for each place it filters the practice table by the place's
practices, adds up, divides, and compares with its ICB. It is given its table ready in memory. Each figure is
the best of several tries; the ratio is what counts. All three must give the same indices to three places.
"""

import argparse
import time
from collections.abc import Callable
from decimal import ROUND_HALF_UP, Decimal
from typing import TypeVar

import duckdb
import pandas as pd

from allocations.figures import tables
from allocations.figures.weightings import WEIGHTINGS
from allocations.shares import need

SQL = """
WITH sums AS (SELECT icb, place, {sums} FROM practices GROUP BY icb, place),
icbs AS (SELECT icb, {sums} FROM practices GROUP BY icb),
england AS (SELECT {sums} FROM practices)
SELECT s.icb, s.place, {in_icb}, {in_england} FROM sums s JOIN icbs i USING (icb) CROSS JOIN england e
"""


Found = TypeVar("Found")


def best(tries: int, work: Callable[[], Found]) -> tuple[float, Found]:
    found, times = work(), []
    for _ in range(tries):
        start = time.perf_counter()
        found = work()
        times.append(time.perf_counter() - start)
    return min(times), found


def looped(frame: pd.DataFrame) -> dict[tuple[str, str, str], Decimal]:
    """One place after the other, as the tool does it."""
    found: dict[tuple[str, str, str], Decimal] = {}
    columns = list(WEIGHTINGS)
    for icb in frame["icb"].unique():
        own = frame[frame["icb"] == icb][columns].sum()
        for place in frame[frame["icb"] == icb]["place"].unique():
            members = frame[frame["place"] == place]["practice"].tolist()
            here = frame[frame["practice"].isin(members)][columns].sum()
            for component in need.COMPONENTS:
                index = (here[component] / here["registered"]) / (own[component] / own["registered"])
                found[icb, place, component] = Decimal(str(index)).quantize(Decimal("0.001"), ROUND_HALF_UP)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tries", type=int, default=7)
    tries = parser.parse_args().tries
    practices = tables.table("practices_2025_26")
    plain = practices.to_pylist()
    frame = pd.DataFrame([{**row, **{name: float(row[name]) for name in WEIGHTINGS}} for row in plain])
    ours_time, ours = best(tries, lambda: need.indices(practices))
    loop_time, loop = best(max(1, tries // 3), lambda: looped(frame))

    connection = duckdb.connect()
    connection.register("arrow_practices", practices)
    connection.execute("CREATE TABLE practices AS SELECT * FROM arrow_practices")
    sums = ", ".join(f"sum({name}) AS {name}" for name in WEIGHTINGS)
    ratio = "round((s.{c} / s.registered::DOUBLE) / ({b}.{c} / {b}.registered::DOUBLE), 3) AS {c}_{b}"
    asked = SQL.format(
        sums=sums,
        in_icb=", ".join(ratio.format(c=c, b="i") for c in need.COMPONENTS),
        in_england=", ".join(ratio.format(c=c, b="e") for c in need.COMPONENTS),
    )
    sql_time, bare = best(tries, lambda: connection.execute(asked).to_arrow_table())

    rows = [row for row in ours.to_pylist() if row["group"]]
    in_icb = {
        (r["icb"], r["group"], r["component"]): Decimal(r["index_thousandths"]).scaleb(-3)
        for r in rows
        if r["base"] == r["icb"]
    }
    differing = [key for key, value in in_icb.items() if loop[key] != value]
    by_hand = {(r["icb"], r["place"]): r for r in bare.to_pylist()}
    off = [key for key, value in in_icb.items() if abs(by_hand[key[:2]][f"{key[2]}_i"] - float(value)) > 0.0011]
    print(f"{len(in_icb):,} indices of {len(by_hand)} places in {len({key[0] for key in in_icb})} ICBs")
    print(f"in one call  {ours_time * 1000:9.1f} ms (relative to the ICB and to England, exact)")
    print(
        f"pandas loop  {loop_time * 1000:9.1f} ms (relative to the ICB alone)   {loop_time / ours_time:.0f} times as long"
    )
    print(
        f"bare SQL     {sql_time * 1000:9.1f} ms (in floats)                      ours is {ours_time / sql_time:.2f} of it"
    )
    print(
        f"differing from the loop in the third place: {len(differing)}; from SQL by more than one thousandth: {len(off)}"
    )


if __name__ == "__main__":
    main()
