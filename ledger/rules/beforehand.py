"""What is asked of a batch before anything of it is written: whether it names proposals that its authors may not see.

What is hidden is answered as what is not there.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa
from sqlmodel import SQLModel

from ledger.entries.draft import Draft, schema_of
from ledger.errors import Problem
from ledger.inputs import Action
from ledger.models import UNPUBLISHED, ProposalEnd
from ledger.rules import decisions, rights
from ledger.store.reading import Reader


def problems(reader: Reader, drafts: Sequence[Draft]) -> list[Problem]:
    """Proposals that a batch names and that its authors may not see."""
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
            decides = bool(brought[ProposalEnd])
            submits = any(tables for model, tables in brought.items() if model is not ProposalEnd)
            asked = rights.beforehand(person, datetime.now(UTC).date(), decides=decides, submits=submits)
            found += [not_seen(str(proposal), str(fault), person) for proposal, fault in reader.rows(asked)]
    return found


def not_seen(proposal: str, fault: str = "unknown", person: str = "") -> Problem:
    """What somebody hears of a proposal that they may not see, or not whole, or that they add to."""
    place = f"proposal {proposal}"
    if fault == "unknown":
        found = "there is no such proposal, or you may not see it."
        return Problem(place, found, "Nothing can be done with it.", f"See {Action.PROPOSALS.done()}.")
    if fault == "part":
        found = f"it moves money of organisations over which {person} has no right."
        why, remedy = "Who decides sees the whole of it.", "Let somebody decide who has a right over all of them."
        return Problem(place, found, why, remedy)
    return Problem(place, *decisions.WHOLE_FAULTS[fault])


def _own_columns(model: type[SQLModel], rows: pa.Table) -> pa.Table:
    schema = schema_of(model)
    return rows.select(schema.names).cast(schema)
