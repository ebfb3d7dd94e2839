"""The views for plain SQL, asked without this program: they answer as its commands do, and show nothing more."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest

from ledger.entries.draft import Draft, records
from ledger.entries.posting import post
from ledger.models import UNPUBLISHED, Fund, Terms
from ledger.reports import position as holding
from ledger.reports.register import as_on
from ledger.store import backup, views
from ledger.store.address import Address
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.python import Ledger
from screens.report import pots
from tests.books import APRIL, agreement, at, entry, fund_all, new_terms, term, whole
from tests.shelves import ServerShelf, Shelf, administrator, on_server, raw, shelf_of

# DuckDB's own program, beside this Python or on the path.
PROGRAM = shutil.which("duckdb", path=str(Path(sys.executable).parent)) or shutil.which("duckdb")
PAGE = Path(__file__).parents[2] / "docs" / "sql.md"
Ask = Callable[[str], list[dict[str, Any]]]


@contextmanager
def plain(place: Address) -> Iterator[Ask]:
    """Questions put to a closed ledger with DuckDB, or with PostgreSQL's own driver, and nothing of ours."""
    if isinstance(place, Path):
        with duckdb.connect(str(place), read_only=True) as file:
            yield lambda sql: file.execute(sql).to_arrow_table().to_pylist()
    else:
        with raw(place) as server:
            yield lambda sql: [
                dict(zip([column.name for column in cursor.description], row, strict=True))
                for cursor in [server.execute(sql)]
                for row in cursor.fetchall()
            ]


@pytest.fixture(scope="module")
def _rich_books(rich: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[str], Address]]:
    shelves: list[Shelf] = []

    @cache
    def made(kind: str) -> Address:
        shelves.append(shelf_of(kind, tmp_path_factory.mktemp("views")))
        if kind == "file":
            return shelves[-1].copy(rich)
        place = shelves[-1].place("views")
        with Store.open(rich, read_only=True) as store:
            backup.copy(store, place)
        return place

    yield made
    for shelf in shelves:
        shelf.clear()


@pytest.fixture
def rich_books(kind: str, _rich_books: Callable[[str], Address]) -> Address:
    """Books with a row in every table: agreements of shares and amounts, new names, money that went back."""
    return _rich_books(kind)


def in_order(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(rows, key=lambda row: [str(value) for value in row.values()])


def test_every_row_is_that_of_the_report(rich_books: Address) -> None:
    with plain(rich_books) as ask:
        held, moved, funds = (in_order(ask(f"SELECT * FROM {name}")) for name in views.NAMES)
    with Store.open(rich_books, read_only=True) as store, store.read() as reader:
        now = holding.moment(reader)
        as_on(reader, now)
        assert held == in_order(holding.position(reader, now).to_pylist())
        assert moved == in_order(holding.flows(reader, now, holding.FLOW_COLUMNS).to_pylist())
        assert {"retained by agreement", "retained without agreement", "spent", "source"} <= {
            row["standing"] for row in held
        }
        assert any(row["amount_pence"] < 0 for row in moved)
        for year in sorted({row["year"] for row in held}):
            report = pots.listed(reader, now, organisation=None, year=FinancialYear(year))
            its = {row["fund"]: row for row in report.records() if row["amount_pence"]}
            assert its.keys() == {row["fund"] for row in funds if row["year"] == year}
            for row in funds:
                if row["year"] == year:
                    said = its[row["fund"]]
                    same = row.keys() & said.keys()
                    assert len(same) == 20
                    assert {name: row[name] or None for name in same} == {name: said[name] or None for name in same}


def test_a_share_agreed_upon_is_rounded_down_and_what_is_to_come_is_not_counted(books: Store) -> None:
    """Of £10.01 received a quarter is agreed: 250 pence, and not 250.25; the other 750 kept are kept alone."""
    kept = at("ICB1", "core", "retained")
    post(books, [
        agreement(organisation="ICB1", fund="core", amount_pence=None, share_ppm=250_000),
        entry("mandate", at("GOV", "core"), at("NHS", "core"), 10_00),
        entry("mandate", at("GOV", "core"), at("NHS", "core"), 1),
        entry("allocate", at("NHS", "core"), at("ICB1", "core"), 10_01),
        entry("retain", at("ICB1", "core"), kept, 10_00),
    ])  # fmt: skip
    later = FinancialYear(2098)
    far = date(2098, 5, 1)
    post(books, [entry("mandate", at("GOV", "core", year=later), at("NHS", "core", year=later), 7, day=far)])
    place = books.path
    books.close()
    with plain(place) as ask:
        rows = ask("SELECT organisation, standing, amount_pence FROM v_position ORDER BY 1, 2")
        assert [tuple(row.values()) for row in rows] == [
            ("GOV", "source", -10_01),
            ("ICB1", "available", 1),
            ("ICB1", "retained by agreement", 2_50),
            ("ICB1", "retained without agreement", 7_50),
        ]
        assert ask("SELECT from_tier, to_tier, amount_pence FROM v_flows WHERE kind = 'allocate'") == [
            {"from_tier": "national", "to_tier": "icb", "amount_pence": 10_01}
        ]
        assert ask("SELECT fund, year, amount_pence, left_pence, grade FROM v_pots") == [
            {"fund": "core", "year": 2025, "amount_pence": 10_01, "left_pence": 10_01, "grade": "none"}
        ]


def test_a_grade_that_is_not_known_stays_so_unless_a_fence_around_it_ties_it_anyway(books: Store) -> None:
    """Core's own grade is not known: care inside it is statutory anyway; what is free inside it is not known to be."""
    inside = {"parent": "core", "stream": "core", "resource": "revenue", "lowest_tier": "practice"}
    funds = {"free": ("core", "none"), "firm": ("core", "soft"), "silent": ("care", None)}
    rows = [{**inside, "code": code, "name": code, "parent": parent} for code, (parent, _) in funds.items()]
    graded = [term(code, grade) for code, (_, grade) in funds.items()]
    unread = term("core", None, version=2, route=None)
    post(books, [
        Draft("funds", "terms", APRIL, "tests", "lines", records={Fund: records(Fund, rows), Terms: records(Terms, graded)}),
        new_terms(unread),
        entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 10_00),
        *(entry("allocate", at("NHS", "limit"), at("ICB1", fund), 1_00) for fund in ("core", "care", *funds)),
    ])  # fmt: skip
    known = {"limit": "none", "core": None, "care": "statutory", "free": None, "firm": "soft", "silent": "statutory"}
    held = [row for row in whole(books).to_pylist() if row["organisation"] != "GOV"]
    assert {row["fund"]: row["grade"] for row in held} == known
    assert {row["fund"]: row["route"] for row in held if row["route"] is None} == {"core": None}
    place = books.path
    books.close()
    with plain(place) as ask:
        rows = ask("SELECT fund, grade FROM v_position WHERE standing <> 'source'")
        assert {row["fund"]: row["grade"] for row in rows} == known
        # A pot is told with its own terms.
        own = {row["fund"]: (row["grade"], row["route"]) for row in ask("SELECT fund, grade, route FROM v_pots")}
        assert (own["core"], own["silent"], own["free"]) == ((None, None), (None, "formula"), ("none", "formula"))


SAID = {
    "file": """SELECT view_name AS name, NULL AS part, comment FROM duckdb_views() WHERE NOT internal UNION ALL
        SELECT table_name, column_name, comment FROM duckdb_columns() WHERE table_name LIKE 'v\\_%' ESCAPE '\\'""",
    "server": """SELECT c.relname AS name, a.attname AS part, CASE WHEN a.attnum IS NULL
            THEN obj_description(c.oid) ELSE col_description(c.oid, a.attnum) END AS comment
        FROM pg_class c LEFT JOIN (SELECT attrelid, attname, attnum FROM pg_attribute WHERE attnum > 0
            UNION ALL SELECT oid, NULL, NULL FROM pg_class) a ON a.attrelid = c.oid
        WHERE c.relkind = 'v' AND c.relnamespace = 'public'::regnamespace""",
}


def test_every_view_and_every_column_says_what_it_holds(kind: str, rich_books: Address) -> None:
    with plain(rich_books) as ask:
        said = {(row["name"], row["part"]): row["comment"] for row in ask(SAID[kind])}
    wanted = {(view.name, None): view.about for view in views.VIEWS}
    wanted |= {(view.name, name): about for view in views.VIEWS for name, about in view.columns.items()}
    assert said == wanted
    assert len(wanted) == 65


def test_the_page_names_every_column_and_its_examples_answer(kind: str, rich_books: Address) -> None:
    page = PAGE.read_text(encoding="utf-8")
    for view in views.VIEWS:
        listed = page.partition(f"## `{view.name}`")[2].partition("\n## ")[0]
        assert re.findall(r"^\| `(\w+)` \| (.+) \|$", listed, re.MULTILINE) == list(view.columns.items()), view.name
    examples = re.findall(r"```sql\n(.+?)```", page, re.DOTALL)
    assert len(examples) >= 5
    with plain(rich_books) as ask:
        for example in examples:
            assert ask(example), example


@pytest.mark.parametrize("kind", ["server"])
def test_a_view_shows_nobody_more_than_its_tables_do(rich_books: Address) -> None:
    """Whoever may read reads the same; a right to a view alone is no right to what it reads."""
    database = rich_books.url.rpartition("/")[2].partition("?")[0]
    viewer, stranger = (f"{database}_{name}"[-60:] for name in ("viewer", "stranger"))
    with plain(rich_books) as ask:
        owned = [in_order(ask(f"SELECT * FROM {name}")) for name in views.NAMES]
    with raw(rich_books) as server:
        for login in (viewer, stranger):
            server.execute(f'CREATE ROLE "{login}" LOGIN')
        server.execute("SELECT ledger_admit(%s, 'reads')", (viewer,))
        for name in views.NAMES:
            server.execute(f'GRANT SELECT ON {name} TO "{stranger}"')
        reads = server.execute(
            "SELECT DISTINCT d.refobjid::regclass::text FROM pg_depend d JOIN pg_rewrite r ON r.oid = d.objid "
            "WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass "
            "AND r.ev_class = ANY (%s::regclass[])", ([*views.NAMES],),
        ).fetchall()  # fmt: skip
    try:
        assert not {name for (name,) in reads} & {str(model.__tablename__) for model in UNPUBLISHED}
        with plain(on_server(database, viewer)) as ask:
            assert ask("SELECT count(*) AS n FROM proposal") == [{"n": 0}]
            assert [in_order(ask(f"SELECT * FROM {name}")) for name in views.NAMES] == owned
        with raw(on_server(database, stranger)) as server:
            for name in views.NAMES:
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match="permission denied for table"):
                    server.execute(f"SELECT * FROM {name}")
    finally:
        with raw(rich_books) as server:
            for login in (viewer, stranger):
                server.execute(f'DROP OWNED BY "{login}"')
        with administrator() as server:
            for login in (viewer, stranger):
                server.execute(f'DROP ROLE "{login}"')


@pytest.mark.parametrize("kind", ["file"])
def test_the_same_file_answers_under_another_name_and_when_it_is_attached(rich_books: Path, tmp_path: Path) -> None:
    moved = tmp_path / "a name of my own.duckdb"
    moved.write_bytes(rich_books.read_bytes())
    with duckdb.connect() as elsewhere:
        elsewhere.execute(f"ATTACH '{moved}' AS books (READ_ONLY)")
        ((rows, pence),) = elsewhere.execute("SELECT count(*), sum(amount_pence) FROM books.v_position").fetchall()
    assert rows > 0
    assert pence == 0


@pytest.mark.parametrize("kind", ["file"])
@pytest.mark.skipif(
    PROGRAM is None, reason="there is no program duckdb: it is in the wheel duckdb-cli of the group develop"
)
def test_the_command_line_program_of_duckdb_gives_what_the_commands_give(rich_books: Path, tmp_path: Path) -> None:
    """Without our code, as docs/sql.md says it: the line for a shell, every example, and the sums of the commands."""
    place = tmp_path / "ledger.duckdb"
    place.write_bytes(rich_books.read_bytes())

    def program(*arguments: str) -> str:
        given = [str(PROGRAM), *arguments]
        return subprocess.run(given, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    def asked(sql: str) -> list[dict[str, Any]]:
        return list(json.loads(program("-readonly", "-json", "ledger.duckdb", sql) or "[]"))

    page = PAGE.read_text(encoding="utf-8")
    (line,) = re.findall(r"^duckdb (-readonly ledger\.duckdb) \"(.*)\"$", page, re.MULTILINE)
    assert "icb" in program(*line[0].split(), line[1])
    for example in re.findall(r"```sql\n(.*?)```", page, re.DOTALL):
        assert asked(example), example
    by_tier = asked("SELECT tier, sum(amount_pence)::BIGINT AS pence FROM v_position GROUP BY tier")
    moved = asked("SELECT from_tier, to_tier, sum(amount_pence)::BIGINT AS pence FROM v_flows GROUP BY ALL")
    with Ledger.open(place) as ledger:
        said, flows = ledger.position("tier").rows.records(), ledger.flows("from_tier", "to_tier").rows.records()
    assert {row["tier"]: int(row["pence"]) for row in by_tier} == {row["tier"]: row["amount_pence"] for row in said}
    assert {(row["from_tier"], row["to_tier"]): int(row["pence"]) for row in moved if int(row["pence"])} == {
        (row["from_tier"], row["to_tier"]): row["amount_pence"] for row in flows if row["amount_pence"]
    }
    kept = asked("SELECT comment FROM duckdb_columns() WHERE table_name = 'v_position' AND comment IS NULL")
    assert kept == []


def test_an_earlier_ledger_gets_them_by_its_migration(shelf: Shelf, books: Store) -> None:
    """Said to a ledger from which somebody has taken them away: the same statements as at first."""
    fund_all(books)
    place = books.path
    books.close()
    shelf.tamper(place, *(f"DROP VIEW {name}" for name in reversed(views.NAMES)), "UPDATE seal SET schema_version = 8")
    if isinstance(shelf, ServerShelf):
        shelf.tamper(place, "CREATE VIEW v_pots AS SELECT fund FROM (SELECT CAST('x' AS VARCHAR) AS fund) mine")
    else:
        shelf.tamper(place, "CREATE VIEW v_pots AS SELECT 'mine' AS other")
    assert [step.version for step in backup.migrate(place)] == [9, 10, 11]
    with Store.open(place, read_only=True) as store:
        assert store.catalogue_problems() == []
