"""Proposals are not published: a reader that was opened for somebody holds only those that they may see.

In a file they are hidden from the reader; of a server only those are asked for that it gives to that person.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime

import pyarrow as pa
from sqlmodel import SQLModel

from ledger import decisions, rights
from ledger.drafts import Draft, schema_of
from ledger.errors import Problem
from ledger.models import UNPUBLISHED
from ledger.models_rights import Proposal, ProposalEnd, ProposedEntry, ProposedTransfer
from ledger.reading import Cursor, Reader

_OF = {Proposal: "id", ProposedEntry: "proposal", ProposalEnd: "proposal", ProposedTransfer: "id"}


def hidden_from(cursor: Cursor, person: str) -> Reader:
    """A reader on a cursor whose proposals are those that a person may see, wherever a question names them.

    The tables are the cursor's own, and stand before the ledger's of the same names.
    """
    reader = Reader(cursor)
    if not rights.in_force(reader):
        return reader
    proposals, transfers = rights.seen(person, _today())
    cursor.execute(f"CREATE TEMP TABLE seen_proposal AS {proposals}")
    cursor.execute(f"CREATE TEMP TABLE seen_transfer AS {transfers}")
    unseen = " UNION ".join(f"SELECT entry_number {_rows(model, 'NOT IN')}" for model in UNPUBLISHED)
    reader.unseen = frozenset(int(str(number)) for (number,) in reader.rows(unseen))
    lay(cursor, {model: reader.table(f"SELECT * {_rows(model, 'IN')}") for model in UNPUBLISHED})
    return reader


def problems(reader: Reader, drafts: Sequence[Draft]) -> list[Problem]:
    """Proposals that a batch names and that its authors may not see; asked before anything of it is written.

    What is hidden is answered as what is not there.
    """
    found: list[Problem] = []
    for person in dict.fromkeys(draft.actor for draft in drafts):
        brought = {
            model: [draft.records[model] for draft in drafts if draft.actor == person and model in draft.records]
            for model in UNPUBLISHED
        }
        if any(brought.values()):
            for model, tables in brought.items():
                rows = pa.concat_tables([schema_of(model).empty_table(), *(_own_columns(model, t) for t in tables)])
                reader.stage(f"brought_{model.__tablename__}", rows)
            found += [
                not_seen(str(proposal), str(fault), person)
                for proposal, fault in reader.rows(rights.beforehand(person, _today()))
            ]
    return found


def not_seen(proposal: str, fault: str = "unknown", person: str = "") -> Problem:
    """What somebody hears of a proposal that they may not see, or not whole, or that they add to."""
    place = f"proposal {proposal}"
    if fault == "unknown":
        found = "there is no such proposal, or you may not see it."
        return Problem(place, found, "Nothing can be done with it.", "See 'devolution proposal list'.")
    if fault == "part":
        found = f"it moves money of organisations over which {person} has no right."
        why, remedy = "Who decides sees the whole of it.", "Let somebody decide who has a right over all of them."
        return Problem(place, found, why, remedy)
    return Problem(place, *decisions.WHOLE_FAULTS[fault])


def lay(cursor: Cursor, tables: Mapping[type[SQLModel], pa.Table]) -> None:
    """Lay rows before a cursor as tables of its own, in place of those of the same names."""
    for model, rows in tables.items():
        cursor.register("laid_rows", rows)
        cursor.execute(f'CREATE OR REPLACE TEMP TABLE "{model.__tablename__}" AS SELECT * FROM laid_rows')
        cursor.unregister("laid_rows")


def _rows(model: type[SQLModel], which: str) -> str:
    seen = "seen_transfer" if model is ProposedTransfer else "seen_proposal"
    return f'FROM "{model.__tablename__}" WHERE {_OF[model]} {which} (SELECT id FROM {seen})'


def _own_columns(model: type[SQLModel], rows: pa.Table) -> pa.Table:
    schema = schema_of(model)
    return rows.select(schema.names).cast(schema)


def _today() -> date:
    return datetime.now(UTC).date()
