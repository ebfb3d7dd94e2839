"""How the books are read and written, wherever they are kept: questions in SQL, answered as Arrow tables.

Both stores ask DuckDB, which looks at the ledger's own file or at the mirror of a server's database, so that
every question has one text and one meaning. Figures come as Arrow: exact integers, no copies.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa

from ledger.errors import Problem, Refused

if TYPE_CHECKING:
    # To read takes no tables, and to load them is to load all of SQLAlchemy.
    from sqlmodel import SQLModel

# Nothing may be fetched at run time, so the engine is told not to look for extensions of its own.
CONFIGURATION: dict[str, Any] = {"autoinstall_known_extensions": "false", "autoload_known_extensions": "false"}
Cursor = duckdb.DuckDBPyConnection
# More are given to a statement as a table: to read a statement takes its time for each mark in it.
_MOST_VALUES = 300


def read_staged_rows_itself() -> None:
    """Let the engine read Arrow tables itself in this process, without Arrow's own choosing of columns and rows.

    Arrow does that with threads of its own. For the few rows that are staged it takes an eighth to a fifth of what
    posting and ``verify`` take. Nothing of the house uses Arrow's tables that lie in files, which this keeps out.
    """
    sys.modules.setdefault("pyarrow.dataset", None)  # type: ignore[arg-type]


@lru_cache(maxsize=500)
def _named(sql: str) -> frozenset[str]:
    """The parameters that a statement mentions."""
    return frozenset(re.findall(r"\$(\w+)", sql))


class Reader:
    """One cursor on the last committed state of the books.

    Attributes:
        unseen: the entries of proposals that whoever reads may not see, or not whole.
        is_from_kept: whether rows come from a file that an earlier program kept of a server's ledger, and are not
            those that the server holds now, should somebody have changed them there behind the books' back.
    """

    unseen: frozenset[int] = frozenset()
    is_from_kept = False

    def __init__(self, cursor: duckdb.DuckDBPyConnection) -> None:
        self._cursor = cursor

    def table(self, sql: str, parameters: Mapping[str, object] | None = None) -> pa.Table:
        """The answer to a question as an Arrow table. Parameters are named: ``$organisation``."""
        return self._run(sql, parameters).to_arrow_table()

    def rows(self, sql: str, parameters: Mapping[str, object] | None = None) -> list[tuple[object, ...]]:
        """The answer to a question as Python rows, for answers that are small."""
        return self._run(sql, parameters).fetchall()

    def whole(self, sql: str, parameters: Mapping[str, object] | None = None) -> int:
        """The single whole number that a question answers with.

        Raises:
            TypeError: the question answered with anything else. Missing is never taken for zero.
        """
        ((value,),) = self.rows(sql, parameters)
        if not isinstance(value, int):
            raise TypeError(f"a whole number was expected, but the answer was {value!r}")
        return value

    def stage(self, name: str, table: pa.Table) -> None:
        """Let the following questions use an Arrow table under a name, without copying it."""
        self._cursor.register(name, table)

    def unstage(self, name: str) -> None:
        """Let the name mean again what it meant before anything was staged under it."""
        self._cursor.unregister(name)

    @contextmanager
    def on_one_core(self) -> Iterator[None]:
        """Questions within are answered on one core: to hand out few rows to several takes longer than to look at them.

        It counts for whoever asks the same engine meanwhile, who waits a little longer for what is large.
        """
        # On a cursor of its own, for the questions may be asked in a transaction that is broken off.
        with self._cursor.cursor() as engine:
            engine.execute("SET threads = 1")
            try:
                yield
            finally:
                with suppress(duckdb.Error):
                    engine.execute("RESET threads")

    def _run(self, sql: str, parameters: Mapping[str, object] | None) -> duckdb.DuckDBPyConnection:
        # DuckDB refuses parameters that a statement does not mention; most of ours share one set.
        used = {name: value for name, value in parameters.items() if name in _named(sql)} if parameters else None
        return self._cursor.execute(sql, used) if used else self._cursor.execute(sql)


class Writer(Reader):
    """The one writer, inside its transaction."""

    def execute(self, sql: str, parameters: Mapping[str, object] | None = None) -> None:
        """Carry out a statement that answers nothing."""
        self._run(sql, parameters)

    def append(self, model: "type[SQLModel]", table: pa.Table) -> None:
        """Add all rows of an Arrow table to a table of the books, in one statement, under every constraint.

        The Arrow table's columns are the model's, in any order.
        """
        columns = ", ".join(f'"{name}"' for name in table.column_names)
        self.stage("appended_rows", table)
        self._insert(str(model.__tablename__), f"({columns}) SELECT {columns} FROM appended_rows", None)
        self._cursor.unregister("appended_rows")

    def insert(self, table: str, rows: Sequence[Mapping[str, object]], besides: str = "") -> None:
        """Add a few rows to a table of the books, in one statement, under every constraint.

        Args:
            table: its name.
            rows: all with the same columns, in the same order.
            besides: what the statement says after the rows: what to do where a key is there already.
        """
        columns = ", ".join(f'"{name}"' for name in rows[0])
        if len(rows) * len(rows[0]) > _MOST_VALUES:
            self.stage("inserted_rows", pa.Table.from_pylist(list(rows)))
            self._insert(table, f"({columns}) SELECT {columns} FROM inserted_rows {besides}", None)
            self._cursor.unregister("inserted_rows")
            return
        marks = f"({', '.join('?' for _ in rows[0])})"
        values = [value for row in rows for value in row.values()]
        self._insert(table, f"({columns}) VALUES {', '.join([marks] * len(rows))} {besides}", values)

    def _insert(self, table: str, statement: str, values: list[object] | None) -> None:
        try:
            self._cursor.execute(f'INSERT INTO "{table}" {statement}', values)
        except duckdb.ConstraintException as error:
            told = str(error).splitlines()[0].removeprefix("Constraint Error: ")
            raise Refused([contradiction(table, told)]) from error


def contradiction(table: str, message: str) -> Problem:
    """A row that the database itself refused."""
    return Problem(
        f"table {table}",
        f"the database refused a row: {message}",
        "The rows would contradict each other.",
        "Correct the row that it names.",
    )
