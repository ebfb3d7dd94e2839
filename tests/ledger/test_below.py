"""Who is below whom, against a walk by hand, on random structures that change on both clocks."""

from collections import defaultdict
from datetime import date, timedelta
from functools import cache
from typing import Any, NamedTuple

import duckdb
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.reports.below import StructurePoint, below, in_force, members, walk
from ledger.store.reading import Reader
from tests.profiles import times

FIRST = date(2025, 4, 1)
LEVELS = (("icb", 3), ("place", 4), ("pcn", 4), ("practice", 5))
CODES = [f"{tier}{nth}" for tier, count in LEVELS for nth in range(count)]
TABLES = """
CREATE TABLE organisation (code VARCHAR, name VARCHAR, tier VARCHAR, valid_from DATE, valid_to DATE, entry_number BIGINT);
CREATE TABLE tier (code VARCHAR, name VARCHAR, rank INTEGER, depth INTEGER);
CREATE TABLE succession (predecessor VARCHAR, successor VARCHAR, effective_date DATE, weight BIGINT, entry_number BIGINT);
CREATE TABLE relationship (id VARCHAR, parent VARCHAR, child VARCHAR, scheme VARCHAR, part BIGINT, valid_from DATE,
                           valid_to DATE, supersedes VARCHAR, entry_number BIGINT);
INSERT INTO tier VALUES ('icb', 'ICB', 2, 0), ('place', 'Place', 3, 1), ('pcn', 'PCN', 4, 2), ('practice', 'P', 5, 3);
"""


class Row(NamedTuple):
    """A relationship, as the books keep it."""

    id: str
    parent: str
    child: str
    scheme: str
    part: int | None
    valid_from: date
    valid_to: date | None
    supersedes: str | None
    entry_number: int


days = st.integers(0, 20).map(lambda nth: FIRST + timedelta(days=30 * nth))


@st.composite
def structures(draw: st.DrawFn) -> list[Row]:
    """Rows of relationships, each from above downwards, some of them corrected by later ones."""
    rows: list[Row] = []
    for nth in range(draw(st.integers(0, 25))):
        corrected = draw(st.one_of(st.none(), st.sampled_from(rows))) if rows else None
        first, last = draw(days), draw(st.one_of(st.none(), days))
        until = None if last is None or last <= first else last
        if corrected and all(row.supersedes != corrected.id for row in rows):
            # A correction says of the same two what was wrong: mostly until when.
            rows.append(corrected._replace(id=f"r{nth}", valid_from=first, valid_to=until, supersedes=corrected.id,
                                           entry_number=corrected.entry_number + draw(st.integers(0, 5))))  # fmt: skip
            continue
        upper, lower = sorted(draw(st.lists(st.sampled_from(CODES), min_size=2, max_size=2, unique=True)),
                              key=CODES.index)  # fmt: skip
        if [tier for tier, _ in LEVELS if upper.startswith(tier)] == [
            tier for tier, _ in LEVELS if lower.startswith(tier)
        ]:
            continue
        scheme = draw(st.sampled_from(["line", "care"]))
        rows.append(Row(f"r{nth}", upper, lower, scheme, None, first, until, None, draw(st.integers(1, 9))))
    return rows


@cache
def empty_books() -> duckdb.DuckDBPyConnection:
    cursor = duckdb.connect()
    cursor.execute(TABLES)
    told = [
        f"('{code}', '{code}', '{code[:-1]}', DATE '2020-04-01', NULL, {1 + nth % 3})" for nth, code in enumerate(CODES)
    ]
    cursor.execute(f"INSERT INTO organisation VALUES {', '.join(told)}")
    return cursor


def books(rows: list[Row]) -> Reader:
    cursor = empty_books()
    cursor.execute("DELETE FROM relationship")
    if rows:
        marks = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?)"] * len(rows))
        cursor.execute(f"INSERT INTO relationship VALUES {marks}", [value for row in rows for value in row])
    return Reader(cursor)


def net(rows: list[Row], day: date, known: int) -> dict[str, set[str]]:
    """Parent to children, by reading every row."""
    children: dict[str, set[str]] = defaultdict(set)
    seen = [row for row in rows if row.entry_number <= known]
    for row in seen:
        is_corrected = any(other.supersedes == row.id for other in seen)
        if not is_corrected and row.valid_from <= day and (row.valid_to is None or day < row.valid_to):
            children[row.parent].add(row.child)
    return children


def reached(children: dict[str, set[str]], code: str) -> set[str]:
    return {code}.union(*(reached(children, child) for child in children.get(code, ())))


def by_hand(rows: list[Row], root: str, day: date, known: int) -> dict[str, bool]:
    """Everybody below, and whether it is below somebody else too; nobody where the organisation is unknown by then."""
    if 1 + CODES.index(root) % 3 > known:
        return {}
    children = net(rows, day, known)
    found = reached(children, root)
    outside = {child for parent, below_it in children.items() if parent not in found for child in below_it}
    return {code: code in outside and code != root for code in found}


def answered(table: Any) -> dict[tuple[int, str], dict[str, bool]]:
    found: dict[tuple[int, str], dict[str, bool]] = defaultdict(dict)
    for row in table.to_pylist():
        found[row["point"], row["root"]][row["organisation"]] = row["shared"]
    return found


@settings(max_examples=times(quick=50, ci=80, nightly=2_000), deadline=None)
@given(structures(), st.lists(st.tuples(days, st.integers(0, 15)), min_size=1, max_size=4))
def test_who_is_below_whom_is_what_reading_every_row_says(rows: list[Row], points: list[tuple[date, int]]) -> None:
    reader = books(rows)
    found = answered(below(reader, CODES, [StructurePoint(nth, *point) for nth, point in enumerate(points)]))
    for nth, (day, known) in enumerate(points):
        children = net(rows, day, known)
        edges = in_force(reader, day, known).to_pylist()
        assert {(row["parent"], row["child"]) for row in edges} == {
            (parent, child) for parent, below_it in children.items() for child in below_it
        }
        for root in CODES:
            expected = by_hand(rows, root, day, known)
            assert found.get((nth, root), {}) == expected
            assert set(walk(children, root)) == reached(children, root)
        assert members(reader, "icb0", day, known) == set(by_hand(rows, "icb0", day, known))


def test_steps_are_counted_by_the_shortest_way() -> None:
    assert walk({"a": ["b", "c"], "b": ["d"], "c": ["e"], "e": ["d", "f"]}, "a") == {
        "a": 0, "b": 1, "c": 1, "d": 2, "e": 2, "f": 3,
    }  # fmt: skip
