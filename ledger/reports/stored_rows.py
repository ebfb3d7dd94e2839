"""What every stored row must be, whatever it says: whole, told from every other, naming only rows that are there.

The tables themselves hold their rows to most of this. ``verify`` asks it all the same, for a file could have been made
without keys, and a server's owner can turn its guards off. What is asked is read from the models, so that a new
table or column is covered by being there.

Texts are asked for what cannot be seen. The first form of the canonical text joined its fields by control characters,
so that a row could be hidden in the text of another; and what turns the order of letters round misleads who reads it.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import Any

import pyarrow as pa
from sqlalchemy import CheckConstraint, Constraint, ForeignKeyConstraint, String, Table, UniqueConstraint
from sqlalchemy.schema import ColumnCollectionConstraint
from sqlmodel import AutoString

from ledger import characters
from ledger.entries.chain import FORM_2_FROM
from ledger.errors import Problem
from ledger.models import TABLES, UNPUBLISHED, Entry, Transfer
from ledger.store.reading import Reader

_MOST_SHOWN = 100
# Texts that may hold something which cannot be seen: what is no letter, mark, number, sign or space, and those among
# them that show nothing. ``ledger.characters`` has the last word.
MAY_BE_UNSEEN = (
    r"[^ -~\p{L}\p{M}\p{N}\p{P}\p{S}\x{A0}]|[\x{34F}\x{115F}\x{1160}\x{17B4}\x{17B5}\x{180B}-\x{180F}\x{2800}\x{3164}"
    r"\x{FE00}-\x{FE0F}\x{FFA0}\x{16FE4}\x{1D159}\x{E0100}-\x{E01EF}]"
)
_REMEDY = "Restore the ledger from a backup, and find out who could write to it."
_UNPUBLISHED = {str(model.__tablename__) for model in UNPUBLISHED}
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Question:
    """Something that no row of a table may be.

    Attributes:
        rows: asks for the rows that are so: the columns of their key, and whatever ``describe`` needs.
        describe: one of them as a problem; none where it is none after all.
    """

    rows: str
    describe: Callable[[Row], Problem | None]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Questions of which one look at the table says whether any of them finds something.

    Attributes:
        any: that look, as a value over the whole table, which is named ``r``.
        names: the table whose rows must be there, where that is what is asked.
        closer: a second look, which costs more, where the first finds something.
    """

    any: str
    questions: Sequence[_Question]
    names: str = ""
    closer: str = ""


def problems(reader: Reader) -> list[Problem]:
    """Every row that no posting could have written, in the order of the tables."""
    found: list[Problem] = []
    for table, all_asked in _filled(reader):
        asked = [one for one in all_asked if not _is_hidden(reader, table, one.names)]
        looks = ", ".join(one.any for one in asked)
        (seen,) = reader.rows(f'SELECT {looks} FROM "{table}" AS r')
        for one, is_so in zip(asked, seen, strict=True):
            if not is_so or (one.closer and reader.rows(f'SELECT {one.closer} FROM "{table}" AS r') == [(False,)]):
                continue
            for question in one.questions:
                found.extend(_described(question, reader.table(question.rows)))
    return found


def place(table: str, row: Row, column: str = "") -> str:
    """Where a row stands, as a reader would look for it.

    Args:
        row: its key's columns, by name.
        column: the one that is meant.
    """
    if table == "entry":
        said = f"entry {row['number']}"
    elif table == "transfer":
        said = f"entry {row['entry_number']}, leg {row['leg']}"
    else:
        said = f"{table.replace('_', ' ')} {', '.join(str(row[key]) for key in _primary_keys()[table])}"
    return f"{said}, {column}" if column else said


def _filled(reader: Reader) -> list[tuple[str, list[_Asked]]]:
    """The tables that hold rows, with what is asked of each."""
    held = ", ".join(f'(SELECT count(*) FROM "{table}")' for table in _asked())
    (counts,) = reader.rows(f"SELECT {held}")
    return [one for one, count in zip(_asked().items(), counts, strict=True) if count]


def _is_hidden(reader: Reader, table: str, names: str) -> bool:
    """Whether a row may name one that is kept from the reader: of other people's proposals some legs are shown."""
    return bool(reader.unseen) and {table, names} <= _UNPUBLISHED


def _described(question: _Question, rows: pa.Table) -> Iterator[Problem]:
    described = (question.describe(row) for batch in rows.to_batches() for row in batch.to_pylist())
    return islice((problem for problem in described if problem), _MOST_SHOWN)


@cache
def _asked() -> dict[str, list[_Asked]]:
    """What is asked of each table."""
    return {str(model.__tablename__): list(_asked_of(model.__table__)) for model in TABLES}  # type: ignore[attr-defined]


@cache
def _primary_keys() -> dict[str, list[str]]:
    return {str(model.__tablename__): _names(model.__table__.primary_key) for model in TABLES}  # type: ignore[attr-defined]


def _asked_of(table: Table) -> Iterator[_Asked]:
    conditions = [*_never_true(table), *_of_a_later_form(table)]
    yield _Asked(
        f"bool_or({' OR '.join(f'({condition})' for condition, _, _ in conditions)})",
        [_never(table, *condition) for condition in conditions],
    )
    for constraint in sorted(table.constraints, key=_in_order):
        if isinstance(constraint, ForeignKeyConstraint):
            yield _names_what_is_there(table, constraint)
        elif isinstance(constraint, UniqueConstraint):
            yield _alone(table, _names(constraint))
    # The legs of an entry are read in their order by the chain, which finds one that is there twice at no cost.
    if table.name != Transfer.__tablename__:
        yield _alone(table, _names(table.primary_key))
    texts = [column.name for column in table.columns if isinstance(column.type, String | AutoString)]
    if texts:
        together = ", ".join(f'r."{name}"' for name in texts)
        not_plain, unusual = (
            f"bool_or(regexp_matches(concat_ws(' ', {together}), '{letters}'))" for letters in ("[^ -~]", MAY_BE_UNSEEN)
        )
        # To read what is unusual among all letters takes longer than to look at a table of plain ones.
        yield _Asked(not_plain, [_can_be_seen(table, name) for name in texts], closer=unusual)


def _never_true(table: Table) -> Iterator[tuple[str, str, str]]:
    """Conditions that no row of a table fulfils, each with what it means and why it matters."""
    why = "No posting could have written it so."
    for column in table.columns:
        if not column.nullable:
            yield f'r."{column.name}" IS NULL', f"its {column.name} is missing.", why
    of_columns = (constraint for column in table.columns for constraint in column.constraints)
    for constraint in (*of_columns, *sorted(table.constraints, key=_in_order)):
        if isinstance(constraint, CheckConstraint):
            said = str(constraint.sqltext)
            yield f"NOT ({said})", f"it is not so that {said}.", why


def _in_order(constraint: Constraint) -> tuple[str, str]:
    """The models keep the constraints of a table in no order."""
    said = str(constraint.sqltext) if isinstance(constraint, CheckConstraint) else ""
    columns = ",".join(_names(constraint)) if isinstance(constraint, ColumnCollectionConstraint) else ""
    return type(constraint).__name__, said or columns


def _names(constraint: ColumnCollectionConstraint) -> list[str]:
    return [str(column.name) for column in constraint.columns]


def _key(table: Table) -> str:
    return ", ".join(f'r."{name}"' for name in _names(table.primary_key))


def _never(table: Table, condition: str, what: str, why: str) -> _Question:
    return _Question(
        f'SELECT {_key(table)} FROM "{table.name}" AS r WHERE {condition} ORDER BY {_key(table)} LIMIT {_MOST_SHOWN}',
        lambda row: Problem(place(table.name, row), what, why, _REMEDY),
    )


def _alike(table: Table, columns: Sequence[str], condition: str) -> str:
    """One row of a table for all that have the same values, with how many there are and the values."""
    same = ", ".join(f'r."{name}"' for name in columns)
    values = ", ".join(f'r."{name}" AS value_{nth}' for nth, name in enumerate(columns))
    return (
        f'SELECT DISTINCT ON ({same}) {_key(table)}, {values}, count(*) OVER (PARTITION BY {same}) AS "rows" '
        f'FROM "{table.name}" AS r WHERE {condition} ORDER BY {same}, {_key(table)}'
    )


def _alone(table: Table, columns: Sequence[str]) -> _Asked:
    """No two rows have the same values. Where one is missing nothing is shared."""
    listed = ", ".join(f'r."{name}"' for name in columns)
    there = " AND ".join(f'r."{name}" IS NOT NULL' for name in columns)
    values = f"({listed})" if len(columns) > 1 else listed
    said = " and ".join(columns)

    def describe(row: Row) -> Problem:
        found = f"{row['rows']} rows have its {said}."
        return Problem(place(table.name, row), found, "One row stands for one thing.", _REMEDY)

    return _Asked(
        f"count(*) FILTER (WHERE {there}) > count(DISTINCT {values}) FILTER (WHERE {there})",
        [_Question(f'SELECT * FROM ({_alike(table, columns, there)}) AS alike WHERE "rows" > 1', describe)],
    )


def _names_what_is_there(table: Table, constraint: ForeignKeyConstraint) -> _Asked:
    """What a row names is there."""
    own, target = _names(constraint), constraint.referred_table.name
    others = [element.column.name for element in constraint.elements]
    listed = ", ".join(f'"{name}"' for name in own)
    there = " AND ".join(f'"{name}" IS NOT NULL' for name in own)
    match = " AND ".join(f'o."{other}" = r."{name}"' for name, other in zip(own, others, strict=True))
    lost = f'NOT EXISTS (SELECT 1 FROM "{target}" AS o WHERE {match})'

    def describe(row: Row) -> Problem:
        missing = f"{target.replace('_', ' ')} {', '.join(str(row[f'value_{nth}']) for nth in range(len(own)))}"
        found = f"its {' and '.join(own)} is {missing}, which is not there{_besides(row)}."
        return Problem(place(table.name, row), found, "What a row rests on is in the books too.", _REMEDY)

    return _Asked(
        # Many rows name few others.
        f'EXISTS (SELECT 1 FROM (SELECT DISTINCT {listed} FROM "{table.name}" WHERE {there}) AS r WHERE {lost})',
        [_Question(f"{_alike(table, own, f'{there} AND {lost}')} LIMIT {_MOST_SHOWN}", describe)],
        target,
    )


def _of_a_later_form(table: Table) -> Iterator[tuple[str, str, str]]:
    """What came with the second form of the canonical text, in an entry before it: no hash covers it there."""
    why = "An entry of that time was hashed without it, so nobody could tell when it was written or changed."
    number = "number" if table.name == Entry.__tablename__ else "entry_number"
    earlier = f"r.{number} < {FORM_2_FROM}"
    if table.info.get("form", 1) > 1:
        yield earlier, "its entry is older than the whole table.", why
    for column in table.columns:
        if column.info.get("form", 1) > 1:
            found = f"its entry is older than the column {column.name}, which holds something."
            yield f'r."{column.name}" IS NOT NULL AND {earlier}', found, why


def _can_be_seen(table: Table, column: str) -> _Question:
    """No text holds what cannot be seen. Most are plain and many are alike, so the few others are looked at once."""

    def describe(row: Row) -> Problem | None:
        letters = ", ".join(dict.fromkeys(characters.unseen(row["value_0"])))
        if not letters:
            return None
        found = f"it holds characters that cannot be seen ({letters}){_besides(row)}."
        why = "Another row could be hidden in it, or it could be made to look like something else."
        return Problem(place(table.name, row, column), found, why, _REMEDY)

    unusual = f"regexp_matches(r.\"{column}\", '{MAY_BE_UNSEEN}')"
    return _Question(_alike(table, [column], unusual), describe)


def _besides(row: Row) -> str:
    more = row["rows"] - 1
    return f", and so for {more} more {'row' if more == 1 else 'rows'}" if more else ""
