"""Small entries posted singly, with roles on: beside the bare writes of their own rows, and by the payer's history.

Each is a devolve of one leg by an approver who may post alone. *Bare* is one transaction with an entry's row and its
transfer's row through prepared statements, into a copy of the same ledger: nothing asked, nothing hashed, no seal.
On a server the triggers are turned off for it, and ours is posted under a login that the books know, which owns nothing.
"""

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from itertools import count
from pathlib import Path
from statistics import median
from typing import NamedTuple
from uuid import uuid4

import duckdb
import psycopg

from allocations.demo import build
from bench.books import DAY, LONG_AGO, PRACTICES_EACH, YEAR, structure
from bench.rows import Row
from bench.server import APP, PEOPLE, URL, database, durable, login, processor_seconds, quiet, shared
from ledger.entries.appointments import appoint
from ledger.entries.draft import Draft, Leg, Place, legs
from ledger.entries.posting import post
from ledger.store.address import Address
from ledger.store.base import Store
from ledger.words import RETAINED

Act = Callable[[], object]


class Spent(NamedTuple):
    """Milliseconds by the clock, and of processor time: this process's and the server's."""

    wall: float
    processor: float


# No two entries of any run or process share a key: one that the books know would only be answered.
_RUN, _SERIAL = uuid4().hex, count()
_IN_A_ROW, _SHORT, _DAYS = 5, 10, 300
SMALL = Leg(Place("Q00", "fund-00", YEAR), Place("Q00P000", "fund-00", YEAR), 1)
_DEMO = Leg(
    Place("QE1", "core-community", YEAR, RETAINED), Place("QE1-E06000008", "core-community", YEAR), 1, recurrent=False
)
FILE_AIM, SERVER_AIM, HISTORY_AIM = 5, 20, 1.5


def almost_empty(path: Path) -> Leg:
    """A ledger with the structure of the bench and one small entry; the leg of a small entry into it."""
    with Store.create(path) as store:
        post(store, [*structure(), _small("bench", "first", SMALL)])
        appoint_all(store)
        store.checkpoint()
    return SMALL


def demonstration(path: Path) -> Leg:
    """The demo's ledger; the leg of a small entry into it."""
    with Store.create(path) as store:
        build.build(store)
        appoint_all(store)
        store.checkpoint()
    return _DEMO


def appoint_all(store: Store) -> None:
    """From now on rights count: an administrator, an app, and people who may each post alone."""
    appoint(store, "chief", "administrator", by="chief", reason="bench", day=LONG_AGO)
    appoint(store, APP, "app", by="chief", reason="bench", day=LONG_AGO)
    for person in PEOPLE:
        appoint(store, person, "approver", by="chief", reason="bench", day=LONG_AGO, alone=True)


def entry(times: int) -> Iterator[Row]:
    """Milliseconds of a small entry, ours and bare, in a file and on a server, into the demo and into little."""
    with tempfile.TemporaryDirectory() as name:
        for what, make in (("an almost empty ledger", almost_empty), ("the demo's ledger", demonstration)):
            folder = Path(name) / make.__name__
            folder.mkdir()
            leg = make(folder / "ours.duckdb")
            shutil.copy(folder / "ours.duckdb", folder / "bare.duckdb")
            with Store.open(folder / "ours.duckdb") as store:
                ours = poster(store, PEOPLE[0], leg)
                spent = in_turn(times, ours, bare_in_file(folder / "bare.duckdb", *own_rows(store, ours)))
            where = f"one small entry, into {what}, in a file"
            yield from _rows(where, "bare prepared writes of its rows", *spent, at_most=FILE_AIM)
            where, other = f"one small entry, into {what}, on a server", "one bare transaction of its rows"
            if not URL:
                yield Row(where, other, None, None, note="no server given")
                continue
            address = shared(folder / "ours.duckdb", "bench_ours")
            copied = database("bench_bare", "bench_ours")
            quiet(copied)
            with Store.open(login(address, PEOPLE[0])) as store, psycopg.connect(copied.url) as server:
                ours = poster(store, PEOPLE[0], leg)
                spent = in_turn(times, ours, bare_on_server(server, *own_rows(store, ours), 1_000_000))
            yield from _rows(where, f"{other}, {durable()}", *spent, at_most=SERVER_AIM)


def _rows(what: str, other: str, ours: Spent, theirs: Spent, *, at_most: float) -> Iterator[Row]:
    yield Row(what, other, ours.wall, theirs.wall, "ms", at_most)
    yield Row(f"{what}: processor time", other, ours.processor, theirs.processor, "ms", at_most)


def limits(transfers: int, times: int) -> Iterator[Row]:
    """Milliseconds of a small entry whose payer's account has a short history, and of one with a long history.

    The history is of three hundred days. Beside it stand an account of ten transfers in the same ledger, and the
    same account in a ledger that holds nothing else.
    """
    with tempfile.TemporaryDirectory() as name:
        short, long = Path(name) / "short.duckdb", Path(name) / "long.duckdb"
        payer, other = (Place(icb, "fund-00", YEAR) for icb in ("Q01", "Q02"))
        with Store.create(short) as store:
            post(store, [*structure(), history(payer, _SHORT, 1), history(other, _SHORT, 1)])
            store.checkpoint()
        shutil.copy(short, long)
        with Store.open(long) as store:
            post(store, [history(payer, transfers // _DAYS, day) for day in range(2, _DAYS + 2)])
            appoint_all(store)
        with Store.open(short) as store:
            appoint_all(store)
        yield from _by_history("in a file", transfers, short, long, times)
        if not URL:
            yield Row("one small entry, by history, on a server", "", None, None, note="no server given")
            return
        shorter, longer = shared(short, "bench_short"), shared(long, "bench_long")
        yield from _by_history("on a server", transfers, login(shorter, PEOPLE[0]), login(longer, PEOPLE[0]), times)


def _by_history(where: str, transfers: int, short: Address, long: Address, times: int) -> Iterator[Row]:
    payer, other = (Leg(Place(icb, "fund-00", YEAR), Place(f"{icb}P000", "fund-00", YEAR), 1) for icb in ("Q01", "Q02"))
    with ExitStack() as open_:
        few, many = (open_.enter_context(Store.open(address)) for address in (short, long))
        spent = in_turn(
            times, poster(many, PEOPLE[0], payer), poster(many, PEOPLE[0], other), poster(few, PEOPLE[0], payer)
        )
    what = f"one small entry {where}, its payer with a history of {transfers:,}"
    for beside, shorter in zip(("in the same ledger", "in a ledger of its own"), spent[1:], strict=True):
        yield from _rows(what, f"with {_SHORT}, {beside}", spent[0], shorter, at_most=HISTORY_AIM)


def history(payer: Place, transfers: int, day: int) -> Draft:
    """One entry of so many transfers, dated so many days into the year."""
    practices = (f"{payer.organisation}P{number % PRACTICES_EACH:03}" for number in range(transfers))
    table = legs(Leg(payer, payer._replace(organisation=practice), 1) for practice in practices)
    key = f"history of {payer.organisation}, day {day}"
    return Draft(key, "devolve", DAY + timedelta(days=day), "bench", "a history", transfers=table)


def _small(person: str, key: str, *movements: Leg) -> Draft:
    return Draft(key, "devolve", YEAR.last_day, person, "small", transfers=legs(movements))


def poster(store: Store, person: str, leg: Leg) -> Act:
    """Posts one small entry after another."""

    def act() -> None:
        (posted,) = post(store, [_small(person, f"{_RUN} {next(_SERIAL)}", leg)])
        assert not posted.replayed

    return act


def own_rows(store: Store, post_one: Act) -> tuple[tuple[object, ...], tuple[object, ...]]:
    """The rows of an entry that was posted just now: its own and its leg's."""
    post_one()
    with store.read() as reader:
        (row,) = reader.rows("SELECT * FROM entry ORDER BY number DESC LIMIT 1")
        (leg,) = reader.rows("SELECT * FROM transfer WHERE entry_number = (SELECT max(number) FROM entry)")
    return row, leg


def bare_in_file(path: Path, row: tuple[object, ...], leg: tuple[object, ...]) -> Act:
    """Writes an entry's rows, again and again under new numbers, through prepared statements."""
    raw, numbers = duckdb.connect(str(path)), count(1_000_000)
    for name, values in (("entry", row), ("transfer", leg)):
        raw.execute(f"PREPARE one_{name} AS INSERT INTO {name} VALUES ({', '.join('?' * len(values))})")

    def act() -> None:
        number = next(numbers)
        raw.execute("BEGIN")
        raw.execute(f"EXECUTE one_entry({_written(number, f'bare {number}', *row[2:])})")
        raw.execute(f"EXECUTE one_transfer({_written(number, *leg[1:])})")
        raw.execute("COMMIT")

    return act


def bare_on_server(server: psycopg.Connection, row: tuple[object, ...], leg: tuple[object, ...], first: int) -> Act:
    """The same on a server."""
    numbers = count(first)
    add_entry, add_leg = (
        f"INSERT INTO {name} VALUES ({', '.join(['%s'] * len(values))})"
        for name, values in (("entry", row), ("transfer", leg))
    )

    def act() -> None:
        number = next(numbers)
        server.execute(add_entry, (number, f"bare {number}", *row[2:]), prepare=True)
        server.execute(add_leg, (number, *leg[1:]), prepare=True)
        server.commit()

    return act


def _written(*values: object) -> str:
    """Values as they are written in SQL."""
    return ", ".join(
        "NULL" if value is None else str(value) if isinstance(value, int) else f"'{value}'" for value in values
    )


def in_turn(times: int, *acts: Act) -> list[Spent]:
    """What each act took: five of one and five of the next in turn, so that all meet the same machine.

    The first round does not count. By the clock it is the median; of processor time, which a server's processes
    share, what all of them took together, by their number.
    """
    wall: list[list[float]] = [[] for _ in acts]
    processor = [0.0 for _ in acts]
    for turn in range(1 + -(-times // _IN_A_ROW)):
        for nth, act in enumerate(acts):
            for _ in range(_IN_A_ROW):
                elsewhere, used, start = processor_seconds(), time.process_time(), time.perf_counter()
                act()
                took, used = time.perf_counter() - start, time.process_time() - used
                if turn:
                    wall[nth].append(took)
                    processor[nth] += used + processor_seconds() - elsewhere
    return [Spent(1000 * median(took), 1000 * used / len(took)) for took, used in zip(wall, processor, strict=True)]
