"""How a ledger grows: time for each transfer, time of a balance and of verify, size and memory, size by size.

Each side is a process of its own, so that its memory is its own, and takes its steps in turn with the other.
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.rows import Row
from bench.running import Worker, beside

_TURNS = 3
_BULK_AIM, _EARLIER_AIM, _FILE_AIM_MEBIBYTES = 3, 1 / 2, 200
_MEMORY = ("memory of posting", "memory of verify")
Found = dict[str, Any]


def measure(sizes: Sequence[int]) -> Iterator[Row]:
    """One ledger grown step by step beside bare DuckDB with the same tables, asked at each step."""
    held, for_each = 0, []
    for size, told in zip(sizes, _steps(sizes, "all"), strict=True):
        mine, bare = told["ours"], told["bare"]
        what, other = f"grown to {size:,} transfers", "bare DuckDB, same tables"
        each = 1e6 / (size - held)
        posting = mine["posting"] * each, bare["posting"] * each
        # A file's transfers have no key, so bare posting keeps none: what it is held to is in ``bulk``.
        yield Row(f"{what}: posting each transfer", f"{other}, which have no key on transfers", *posting, "µs")
        balance = mine["position"], mine["by hand"]
        yield Row(f"{what}: balance of all accounts", f"{other}, SQL by hand", *balance, at_most=1.3)
        yield Row(f"{what}: verify", "", mine["verify"], None)
        for kind in _MEMORY:
            yield Row(f"{what}: {kind}, at most", "", mine[kind], None, "MiB")
        yield Row(f"{what}: size of the file", other, mine["bytes"] / 2**20, bare["bytes"] / 2**20, "MiB")
        of_all = {"balance": mine["position"], "verify": mine["verify"]}
        spent = {f"{kind}, µs": 1e6 * value / size for kind, value in of_all.items()}
        held_in = {f"{kind}, bytes": mine[kind] * 2**20 / size for kind in _MEMORY}
        for_each.append({"posting, µs": posting[0], **spent, **held_in, "file, bytes": mine["bytes"] / size})
        held = size
    # Whatever takes more for each transfer here than there grows faster than its work.
    for kind, value in for_each[-1].items():
        name, unit = kind.split(", ")
        what = f"for each transfer, at {sizes[-1]:,}: {name}"
        yield Row(what, f"the same at {sizes[0]:,}", value, for_each[0][kind], unit)


def bulk(batch: int, batches: int, earlier: Path | None) -> Iterator[Row]:
    """Processor time of a million transfers posted at once with every check, and the file after ten such entries.

    Beside bare DuckDB into the same tables with primary keys alone, and beside an earlier version where one is given.
    """
    turns = [list(_steps([batch], "keys", earlier)) for _ in range(_TURNS - 1)]
    turns.append(list(_steps([batch, batch * batches], "keys", earlier)))
    least = {side: min(turn[0][side]["processor"] for turn in turns) for side in turns[0][0]}
    what, other = f"{batch:,} transfers posted at once: processor time", "bare DuckDB, primary keys alone"
    yield Row(what, other, least["ours"], least["bare"], at_most=_BULK_AIM)
    none = "" if earlier else "none given: --beside"
    yield Row(what, "an earlier version", least["ours"], least.get("earlier"), at_most=_EARLIER_AIM, note=none)
    for size, told in zip((batch, batch * batches), turns[-1], strict=True):
        sides = told["ours"]["bytes"] / 2**20, told["bare"]["bytes"] / 2**20
        limit = _FILE_AIM_MEBIBYTES if size == 10_000_000 else None
        yield Row(f"{size:,} transfers: size of the file", other, *sides, "MiB", limit=limit)


def _steps(sizes: Sequence[int], constraints: str, earlier: Path | None = None) -> Iterator[dict[str, Found]]:
    """What each side told of each size, each grown to it in its turn; the earlier version to the first size alone."""
    # Whoever is measured with the constraints of ours is asked questions too; posting is measured alone otherwise.
    steps, questions = [str(size) for size in sizes], "with" if constraints == "all" else "without"
    with tempfile.TemporaryDirectory() as name, beside(earlier) as checkout, ExitStack() as all_of_them:
        ours, bare, other = (str(Path(name) / f"{side}.duckdb") for side in ("ours", "bare", "earlier"))
        workers = {"ours": all_of_them.enter_context(Worker("grow", ours, bare, questions, *steps))}
        workers["ours"].told()
        workers["bare"] = all_of_them.enter_context(Worker("grow_bare", bare, constraints, *steps))
        workers["bare"].told()
        if checkout is not None:
            before = Worker("grow", other, f"{other}.copy", questions, steps[0], checkout=checkout)
            workers["earlier"] = all_of_them.enter_context(before)
            before.told()
        for _ in sizes:
            yield {side: worker.next() for side, worker in workers.items()}
            workers.pop("earlier", None)
