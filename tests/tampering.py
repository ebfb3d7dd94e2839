"""Everything that somebody could do to one row of the books behind their back, as SQL that both databases carry out.

For every column of every table, read from the models, so that a new one is tampered with by being there: another
value, a neighbour of the value, none, or a text with characters that cannot be seen; rows taken away, added and
exchanged; and rows hidden in the text of another, so that the first form of the hashed text stays the same.
"""

import random
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pyarrow as pa
from sqlalchemy import String
from sqlmodel import AutoString

from ledger.entries import canonical, canonical_1
from ledger.entries.chain import LEGS_OF, form_2_from
from ledger.entries.draft import schema_of
from ledger.errors import Problem
from ledger.models import RECORDS, TABLES
from ledger.reports import chain_links
from ledger.store.reading import Reader

Row = dict[str, Any]
# What the first form of the hashed text is put together with, and what turns the letters round.
UNSEEN = ("\x1e", "\x1f", "\x1d", "\x15", "\u202e", "\u200b")
_FIELD, _ROW, _TABLE, _MISSING = "\x1f", "\x1e", "\x1d", "\x15"
_TABLES = {str(model.__tablename__): model for model in TABLES}
_HASHED = {str(model.__tablename__): model for model in RECORDS}


@dataclass(frozen=True)
class Tampering:
    """One thing done to the books.

    Attributes:
        name: what is done, and where.
        touched: the rows that are changed, taken away or added: table, and what it was or is.
        statements: SQL that does it.
    """

    name: str
    touched: tuple[tuple[str, Row], ...]
    statements: tuple[str, ...]

    @property
    def tables(self) -> set[str]:
        """The tables whose rows are touched."""
        return {table for table, _ in self.touched}


class Rows:
    """The rows of a ledger, as they were before anybody touched them."""

    def __init__(self, reader: Reader) -> None:
        self.rows = {name: reader.table(f'SELECT * FROM "{name}"').to_pylist() for name in _TABLES}
        self.form_2 = form_2_from(reader)
        self.legs = reader.table(LEGS_OF, {"first": 0, "last": len(self.rows["entry"])}).to_pylist()

    def texts(self) -> dict[str, list[str]]:
        """The columns of each table that hold text."""
        return {table: _texts(table) for table in _TABLES}

    def ways(self) -> list[Callable[[random.Random], Tampering | None]]:
        """Every way to tamper, each of which draws its own rows; none where no rows fit."""
        return [way for name in _TABLES if self.rows[name] for way in self._ways_with(name)]

    def _ways_with(self, table: str) -> Iterator[Callable[[random.Random], Tampering | None]]:
        yield lambda chance: self._deleted(table, chance)
        yield lambda chance: self._inserted(table, chance)
        yield lambda chance: self._keys_swapped(table, chance)
        for column in _columns(table):
            for to in (_another, _neighbour, _none, _unseen):
                yield lambda chance, column=column, to=to: self._changed(table, column, to, chance)
            yield lambda chance, column=column: self._swapped(table, column, chance)
        if table in _HASHED:
            for column in _texts(table):
                yield lambda chance, column=column: self._hidden_in_neighbour(table, column, chance)
            yield lambda chance: self._hidden_in_table_before(table, chance)
        if table in (*_HASHED, "transfer"):
            yield lambda chance: self._hidden_in_entry(table, chance)
        if table == "transfer":
            yield self._leg_hidden

    def _changed(self, table: str, column: str, to: Callable[..., Any], chance: random.Random) -> Tampering | None:
        row = chance.choice(self.rows[table])
        try:
            value = to(row[column], column, table, self.rows[table], chance)
        except LookupError:
            return None
        if value == row[column] and type(value) is type(row[column]):
            return None
        name = f"{table} {_shown(table, row)}: {column} from {row[column]!r} to {value!r}"
        return Tampering(name, ((table, row), (table, {**row, column: value})), (update(table, row, {column: value}),))

    def _deleted(self, table: str, chance: random.Random) -> Tampering:
        row = chance.choice(self.rows[table])
        return Tampering(f"{table} {_shown(table, row)}: deleted", ((table, row),), (delete(table, row),))

    def _inserted(self, table: str, chance: random.Random) -> Tampering:
        row = chance.choice(self.rows[table])
        new = dict(row)
        for column in _key(table)[-1:]:
            new[column] = _fresh(row[column], [one[column] for one in self.rows[table]])
        if table == "entry":
            new["key"] = f"{row['key']} again"
        name = f"{table} {_shown(table, row)}: added once more as {_shown(table, new)}"
        return Tampering(name, ((table, row), (table, new)), (insert(table, new),))

    def _swapped(self, table: str, column: str, chance: random.Random) -> Tampering | None:
        one = chance.choice(self.rows[table])
        others = [row for row in self.rows[table] if row[column] != one[column]]
        if not others or column in _key(table):
            return None
        other = chance.choice(others)
        name = f"{table} {_shown(table, one)} and {_shown(table, other)}: {column} exchanged"
        changes = (update(table, one, {column: other[column]}), update(table, other, {column: one[column]}))
        return Tampering(name, ((table, one), (table, other)), changes)

    def _keys_swapped(self, table: str, chance: random.Random) -> Tampering | None:
        if len(self.rows[table]) < 2:
            return None
        one, other = chance.sample(self.rows[table], 2)
        keys = _key(table)
        away = {column: _fresh(one[column], [row[column] for row in self.rows[table]]) for column in keys}
        changes = (
            update(table, one, away),
            update(table, other, {column: one[column] for column in keys}),
            update(table, away, {column: other[column] for column in keys}),
        )
        name = f"{table} {_shown(table, one)} and {_shown(table, other)}: keys exchanged"
        return Tampering(name, ((table, one), (table, other)), changes)

    def _hidden_in_neighbour(self, table: str, column: str, chance: random.Random) -> Tampering | None:
        followers = [row for rows in self._brought(table).values() for row in rows[1:]]
        followers = [row for row in followers if column in self._hashed_columns(table, row)]
        if not followers:
            return None
        return self.row_hidden(table, column, chance.choice(followers)[_key(table)[0]])

    def row_hidden(self, table: str, column: str, key: str) -> Tampering:
        """A row taken away, and its text written into a column of the row that is hashed before it."""
        (rows,) = (rows for rows in self._brought(table).values() if key in [row[_key(table)[0]] for row in rows])
        at = [row[_key(table)[0]] for row in rows].index(key)
        host, hidden = rows[at - 1 : at + 1]
        names = self._hashed_columns(table, host)
        at = names.index(column)
        said = [_text(host[name]) for name in names[at:]]
        swallowed = _FIELD.join(said) + _ROW + _FIELD.join(_text(hidden[name]) for name in names[: at + 1])
        values = {column: swallowed, **{name: hidden[name] for name in names[at + 1 :]}}
        name = f"{table} {_shown(table, hidden)}: hidden in {column} of {_shown(table, host)}"
        changes = (update(table, host, values), delete(table, hidden))
        return Tampering(name, ((table, host), (table, hidden)), changes)

    def _hidden_in_table_before(self, table: str, chance: random.Random) -> Tampering | None:
        """All rows of a table that an entry brought, in the last text of the table that is hashed before it."""
        order = [*_HASHED, "transfer"]
        found = []
        for number, rows in self._brought(table).items():
            before = [name for name in order[: order.index(table)] if number in self._brought(name)]
            if before:
                host = self._brought(before[-1])[number][-1]
                column = self._hashed_columns(before[-1], host)[-1]
                if column in _texts(before[-1]):
                    found.append((before[-1], column, host, rows))
        if not found:
            return None
        other, column, host, rows = chance.choice(found)
        texts = [_FIELD.join(_text(row[name]) for name in self._hashed_columns(table, row)) for row in rows]
        value = _text(host[column]) + _ROW + table + _TABLE + _ROW.join(texts)
        name = f"{table}: all of entry {rows[0]['entry_number']} hidden in {column} of {other} {_shown(other, host)}"
        changes = (update(other, host, {column: value}), *(delete(table, row) for row in rows))
        return Tampering(name, ((other, host), *((table, row) for row in rows)), changes)

    def _hidden_in_entry(self, table: str, chance: random.Random) -> Tampering | None:
        """The first table that an entry brought, in the hash of its source: the last field of the last row must be
        missing, as what the entry reverses is."""
        found = []
        for number, rows in self._brought(table).items():
            last = rows[-1][self._hashed_columns(table, rows[-1])[-1]]
            first = next(name for name in (*_HASHED, "transfer") if number in self._brought(name))
            (entry,) = (row for row in self.rows["entry"] if row["number"] == number)
            if first == table and last is None and entry["reverses"] is None:
                found.append((entry, rows))
        if not found:
            return None
        entry, rows = chance.choice(found)
        texts = [_FIELD.join(_text(row[name]) for name in self._hashed_columns(table, row)) for row in rows]
        swallowed = _ROW.join(texts).removesuffix(_FIELD + _MISSING)
        value = _text(entry["source_hash"]) + _FIELD + _MISSING + _ROW + table + _TABLE + swallowed
        name = f"{table}: all of entry {entry['number']} hidden in the hash of its source"
        changes = (update("entry", entry, {"source_hash": value}), *(delete(table, row) for row in rows))
        return Tampering(name, (("entry", entry), *((table, row) for row in rows)), changes)

    def _leg_hidden(self, chance: random.Random) -> Tampering | None:
        """A leg taken away, and its text written into the note of the leg before it."""
        hidden = chance.choice([leg for leg in self._brought("transfer", legs=True) if leg["leg"] > 1])
        return self.leg_hidden(hidden["entry_number"], hidden["leg"])

    def leg_hidden(self, number: int, leg: int) -> Tampering:
        """A leg of an entry taken away, and its text written into the note of the leg before it."""
        legs = {one["leg"]: one for one in self.legs if one["entry_number"] == number}
        host, hidden = legs[leg - 1], legs[leg]
        note = _text(host["note"]) + _ROW + _FIELD.join(_text(hidden[name]) for name in canonical.TRANSFER_FIELDS)
        changes = [update("transfer", host, {"note": note}), delete("transfer", hidden)]
        changes += [update("transfer", legs[nth], {"leg": nth - 1}) for nth in range(leg + 1, len(legs) + 1)]
        name = f"transfer: leg {leg} of entry {number} hidden in the note of leg {leg - 1}"
        return Tampering(name, (("transfer", host), ("transfer", hidden)), tuple(changes))

    def is_named(self, tampering: Tampering, problems: Sequence[Problem]) -> bool:
        """Whether a problem stands where one of the touched rows does, or at the entry that it belongs to."""
        begins = [begin for table, row in tampering.touched for begin in self._places(table, row)]
        return any(re.match(rf"{re.escape(begin)}(?!\w)", problem.where) for begin in begins for problem in problems)

    def _places(self, table: str, row: Row) -> list[str]:
        if table == "seal":
            return ["the seal", "seal 1", "entry"]
        if table == "entry":
            return [f"entry {row['number']}"]
        own = f"{table.replace('_', ' ')} {', '.join(str(row[column]) for column in _key(table))}"
        if table == "account_day":
            places = [
                self._places("account", account)[1]
                for account in self.rows["account"]
                if account["id"] == row["account"]
            ]
            return [own, f"account {row['account']}", *places]
        if table == "person_day":
            return [own]
        if table == "account":
            used = [leg for leg in self.rows["transfer"] if row["id"] in (leg["from_account"], leg["to_account"])]
            key = ", ".join(str(row[column]) for column in ("organisation", "fund", "year", "standing"))
            return [own, f"account {key}", *(f"entry {leg['entry_number']}" for leg in used)]
        return [own, f"entry {row['entry_number']}"]

    def _brought(self, table: str, *, legs: bool = False) -> Any:
        """The rows of a table by the entry that brought them, in the order in which they are hashed."""
        if table == "transfer":
            rows = self.legs
            if legs:
                return rows
            order: Callable[[Row], Any] = lambda row: row["leg"]  # noqa: E731 - one of two
        else:
            rows, order = self.rows[table], lambda row: str(row[_key(table)[0]]).encode()
        found: dict[int, list[Row]] = {}
        for row in sorted(rows, key=order):
            found.setdefault(row["entry_number"], []).append(row)
        return found

    def _hashed_columns(self, table: str, row: Row) -> list[str]:
        if table == "transfer":
            return list(canonical.TRANSFER_FIELDS)
        return schema_of(_HASHED[table], 1 if row["entry_number"] < self.form_2 else 2).names


def resealed(reader: Reader) -> list[str]:
    """What somebody who knows how hashes are made does besides: work out every hash, sum and day anew."""
    entries = reader.table("SELECT * FROM entry ORDER BY number").to_pylist()
    form_2, contents = form_2_from(reader), chain_links._contents(reader, entries)
    previous, links = canonical.GENESIS, []
    for entry in entries:
        form = canonical if entry["number"] >= form_2 else canonical_1
        link = form.chain_hash(previous, entry["number"], entry["recorded_at"], contents[entry["number"]])
        links.append(f"({entry['number']}, '{contents[entry['number']]}', '{previous}', '{link}')")
        previous = link
    return [
        "UPDATE entry SET content_hash = v.content, previous_hash = v.before, hash = v.link "
        f"FROM (VALUES {', '.join(links)}) AS v(number, content, before, link) WHERE entry.number = v.number",
        f"UPDATE seal SET entries = {len(entries)}, head = '{previous}', "
        "moved_pence = (SELECT coalesce(sum(amount_pence), 0) FROM transfer)",
        *SUMMED_ANEW,
    ]


SUMMED_ANEW = (
    "DELETE FROM account_day",
    """
INSERT INTO account_day (account, day, in_pence, out_pence)
SELECT m.account, e.effective_date, CAST(sum(m.came) AS BIGINT), CAST(sum(m.went) AS BIGINT) FROM (
    SELECT entry_number, to_account AS account, amount_pence AS came, 0 AS went FROM transfer
    UNION ALL SELECT entry_number, from_account, 0, amount_pence FROM transfer
) m JOIN entry e ON e.number = m.entry_number GROUP BY m.account, e.effective_date
""",
    "DELETE FROM person_day",
    "INSERT INTO person_day (person, day, moved_pence) SELECT e.actor, CAST(e.recorded_at AT TIME ZONE 'UTC' AS DATE), "
    "CAST(sum(t.amount_pence) AS BIGINT) FROM entry e JOIN transfer t ON t.entry_number = e.number GROUP BY 1, 2",
    "UPDATE seal SET moved_pence = (SELECT coalesce(sum(amount_pence), 0) FROM transfer)",
)


def _another(value: Any, column: str, table: str, rows: Sequence[Row], chance: random.Random) -> Any:
    """A value that another row has."""
    del table
    return chance.choice([row[column] for row in rows if row[column] != value])


def _neighbour(value: Any, column: str, table: str, rows: Sequence[Row], chance: random.Random) -> Any:
    """The next value, or one of the column's kind where there is none."""
    if value is None:
        value = next((row[column] for row in rows if row[column] is not None), None)
        if value is None:
            return _first(table, column)
    if isinstance(value, bool):
        return not value
    if isinstance(value, int):
        return value + chance.choice((-1, 1))
    if isinstance(value, datetime):
        return value + timedelta(microseconds=1)
    if isinstance(value, date):
        return value + timedelta(days=chance.choice((-1, 1)))
    at = chance.randrange(len(value) + 1)
    return value[:at] + chance.choice("aZ0 é") + value[at:]


def _none(value: Any, column: str, table: str, rows: Sequence[Row], chance: random.Random) -> Any:
    """Nothing."""
    if value is None:
        raise LookupError
    return None


def _unseen(value: Any, column: str, table: str, rows: Sequence[Row], chance: random.Random) -> str:
    """A text with a character inside that cannot be seen."""
    if column not in _texts(table):
        raise LookupError
    text = value or ""
    at = chance.randrange(len(text) + 1)
    return text[:at] + chance.choice(UNSEEN) + text[at:]


def _first(table: str, column: str) -> Any:
    kind = schema_of(_TABLES[table]).field(column).type
    if pa.types.is_date(kind):
        return date(2025, 5, 5)
    return "one" if pa.types.is_string(kind) else 1


def _fresh(value: Any, taken: Sequence[Any]) -> Any:
    """A value of the same kind that no row has."""
    if isinstance(value, int):
        return max(taken) + 1
    if isinstance(value, date):
        return max(taken) + timedelta(days=1)
    return f"{value} copy"


def _columns(table: str) -> list[str]:
    return [column.name for column in _TABLES[table].__table__.columns]


def _texts(table: str) -> list[str]:
    return [column.name for column in _TABLES[table].__table__.columns if isinstance(column.type, String | AutoString)]


def _key(table: str) -> list[str]:
    return [column.name for column in _TABLES[table].__table__.primary_key.columns]


def _shown(table: str, row: Row) -> str:
    return "/".join(str(row[column]) for column in _key(table))


def update(table: str, row: Row, values: Mapping[str, Any]) -> str:
    """A statement that gives a row other values."""
    said = ", ".join(f'"{column}" = {_literal(value)}' for column, value in values.items())
    return f'UPDATE "{table}" SET {said} WHERE {_where(table, row)}'


def delete(table: str, row: Row) -> str:
    """A statement that takes a row away."""
    return f'DELETE FROM "{table}" WHERE {_where(table, row)}'


def insert(table: str, row: Row) -> str:
    """A statement that adds a row."""
    columns = ", ".join(f'"{column}"' for column in row)
    return f'INSERT INTO "{table}" ({columns}) VALUES ({", ".join(map(_literal, row.values()))})'


def _where(table: str, row: Row) -> str:
    return " AND ".join(f'"{column}" = {_literal(row[column])}' for column in _key(table))


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, bool | int):
        return str(value)
    if isinstance(value, datetime):
        return f"TIMESTAMPTZ '{value.isoformat()}'"
    if isinstance(value, date):
        return f"DATE '{value.isoformat()}'"
    return "'" + value.replace("'", "''") + "'"


def _text(value: Any) -> str:
    """A value as the first form of the hashed text has it."""
    if value is None:
        return _MISSING
    return str(value).lower() if isinstance(value, bool) else str(value)
