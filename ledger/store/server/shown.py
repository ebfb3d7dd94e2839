"""The proposals of a server's ledger as one person may see them: asked in their name, and kept apart by name.

The mirror that a process shares among all whom it serves never holds them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime

import psycopg
import pyarrow as pa

from ledger.errors import Refused
from ledger.rules.rights import NOBODY, given
from ledger.store import unpublished
from ledger.store.reading import Cursor, Reader
from ledger.store.server.mirror import Mirror, sealed_state
from ledger.store.server.rows import fetch
from ledger.words import APP, UNPUBLISHED

_MOST_KEPT = 64


@dataclass(frozen=True, slots=True)
class Shown:
    """What a reader is shown besides the mirror.

    Attributes:
        filtered_for: whose eyes the rows are still to be filtered for; none where the server did.
        unseen: the entries of which the server hides a part.
    """

    rows: Mapping[str, pa.Table]
    filtered_for: str | None
    unseen: frozenset[int]

    def before(self, cursor: Cursor) -> Reader:
        """A reader on a cursor before which the rows are laid."""
        unpublished.lay(cursor, self.rows)
        reader = Reader(cursor) if self.filtered_for is None else unpublished.hidden_from(cursor, self.filtered_for)
        reader.unseen |= self.unseen
        return reader


class Private:
    """The proposals on a server, as they are shown to each of those whom this process serves."""

    def __init__(self, mirror: Mirror, connection: psycopg.Connection) -> None:
        self._mirror = mirror
        found = connection.execute("SELECT session_user::text, ledger_is_owner()").fetchone()
        assert found is not None
        self.login, self._is_owner = str(found[0]), bool(found[1])
        self._state: tuple[object, ...] = ()
        self._kept: dict[str | None, Shown] = {}

    def shown_to(self, server: psycopg.Connection, person: str | None) -> Shown:
        """What a person is shown, in a transaction of the server that the mirror has just followed.

        From here on the transaction speaks for the person.

        Raises:
            Refused: the login is no app, and would speak for another.
        """
        with self._mirror.lock, self._mirror.cursor() as cursor:
            today = datetime.now(UTC).date()
            state = (today, *sealed_state(cursor))
            name = self._speaks_for(cursor, person, today)
        if state != self._state:
            self._state = state
            self._kept.clear()
        if name not in self._kept:
            while len(self._kept) >= _MOST_KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[name] = self._fetched(server, name)
        return self._kept[name]

    def shown_inside(self, server: psycopg.Connection, person: str | None, cursor: Cursor) -> Shown:
        """What a person is shown of a state that may never be kept, as a transaction of the server has it."""
        return self._fetched(server, self._speaks_for(cursor, person, datetime.now(UTC).date()))

    def _fetched(self, server: psycopg.Connection, name: str | None) -> Shown:
        server.execute("SELECT set_config('devolution.person', %s, true)", (name or "",))
        # A row that names no entry was put there past the door; verify names it.
        unseen = frozenset(
            int(number) for (number,) in server.execute("SELECT ledger_unseen()").fetchall() if number is not None
        )
        rows = {table: fetch(server, table, self._mirror.schema(table), "") for table in UNPUBLISHED}
        # The owner is shown every row, and asks for somebody at times; a login asks for nobody for others' eyes.
        filtered = name if self._is_owner or name == NOBODY else None
        return Shown(rows, filtered, frozenset() if self._is_owner else unseen)

    def _speaks_for(self, cursor: Cursor, person: str | None, today: date) -> str | None:
        reader = Reader(cursor)
        # Not as many as the seal says: whoever broke it is found out by verify, which has to be let in.
        held = given(reader, reader.whole("SELECT coalesce(max(number), 0) FROM entry"))
        if not held or self._is_owner or person == NOBODY:
            return person if held else None
        if any(one.person == self.login and one.role == APP and one.holds(today) for one in held):
            return person
        if person not in (None, self.login):
            # Only a refusal needs the sentences, and with them the models: a plain answer loads neither.
            from ledger.entries.refusals import another_speaks  # noqa: PLC0415

            raise Refused([another_speaks(self.login, person)])
        return self.login
