"""A decision, described: what it is asked for, and the entries that it makes of what is given."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Any

import pyarrow as pa
from sqlmodel import SQLModel

from ledger.entries.decisions.fields import Field, Holds, read
from ledger.entries.decisions.known import Known
from ledger.entries.draft import Draft
from ledger.entries.kinds import MONEY_KINDS, REVERSE, WITHIN
from ledger.errors import Problem
from ledger.models import (
    Agreement,
    Appointment,
    ClosedMonth,
    Closure,
    Dismissal,
    Fund,
    Organisation,
    Relationship,
    SourceLimit,
    Succession,
    Terms,
    Tier,
)
from ledger.plans import Contract, Contribution, Renaming, TestedInstalment
from ledger.words import FIGURE_STANDINGS

DATE = Field("date", Holds.DAY, "The day from which it counts", "2025-06-30", required=True)
REASON = Field("reason", Holds.TEXT, "Why, in a sentence", "Agreed by the finance committee", required=True)
COMMON = (
    DATE,
    REASON,
    Field(
        "authority", Holds.TEXT, "Who allowed it, where a ring-fence or looser terms ask for that", "Finance committee"
    ),
    Field("source", Holds.TEXT, "The document that it rests on", "Letter of 12 June 2025"),
    Field("source_hash", Holds.TEXT, "The SHA-256 of that document, where it is a file", "9f86d081884c7d65..."),
    Field("rests_on", Holds.WORD, "What its figures rest on", "published", choices=FIGURE_STANDINGS),
    Field("key", Holds.TEXT, "A name for the decision: recorded twice, it is done once", "2025-06/winter/3"),
)


@dataclass(frozen=True, slots=True)
class Header:
    """What every entry of a decision says of itself."""

    key: str
    day: date
    actor: str
    reason: str
    authority: str | None
    source: str | None
    source_hash: str | None = None
    rests_on: str | None = None

    def draft(
        self,
        kind: str,
        *,
        part: str = "",
        transfers: pa.Table | None = None,
        records: Mapping[type[SQLModel], pa.Table] | None = None,
        source: str | None = None,
    ) -> Draft:
        """An entry with this header.

        Args:
            part: what its key ends with, where a decision makes several entries.
            source: the document, where the decision names it otherwise than in its header.
        """
        return Draft(
            f"{self.key}{part}", kind, self.day, self.actor, self.reason, authority=self.authority,
            source=source or self.source, source_hash=self.source_hash, transfers=transfers, records=records or {},
            standing=self.rests_on,
        )  # fmt: skip


Values = Mapping[str, Any]


class Subject(StrEnum):
    """What a decision is about, for people who look for it."""

    BETWEEN = "Money from one organisation to another"
    WITHIN = "Money within an organisation"
    POTS = "Pots and ring-fences"
    AGREEMENTS = "Agreements to keep money"
    WHO = "Organisations and who is part of whom"
    BOOKS = "How the books are kept"
    JOINT = "Pooled funds, contracts and instalments"
    FIGURES = "Letters, forecasts and totals"


_SUBJECTS: Mapping[type[SQLModel], Subject] = {
    Fund: Subject.POTS,
    Terms: Subject.POTS,
    Agreement: Subject.AGREEMENTS,
    Organisation: Subject.WHO,
    Relationship: Subject.WHO,
    Closure: Subject.WHO,
    Succession: Subject.WHO,
    Tier: Subject.WHO,
    Renaming: Subject.WHO,
    Contribution: Subject.JOINT,
    Contract: Subject.JOINT,
    TestedInstalment: Subject.JOINT,
    ClosedMonth: Subject.BOOKS,
    Appointment: Subject.BOOKS,
    Dismissal: Subject.BOOKS,
    SourceLimit: Subject.BOOKS,
}


class Impossible(ValueError):
    """A decision that cannot be made of what is given: which field, what is found, and what to do."""

    def __init__(self, field: str, found: str, why: str, fix: str) -> None:
        self.field, self.found, self.why, self.fix = field, found, why, fix
        super().__init__(found)


@dataclass(frozen=True, slots=True)
class Decision:
    """One kind of decision.

    Attributes:
        name: the word for it at every front door.
        meaning: what it does, in a sentence.
        own: the fields that it has besides those that all have.
        makes: the kinds of entry that it makes.
        brings: the records that they bring.
        drafts: the entries, from what is given, what the books know, and the header.
        usual_key: its key where none is given, from what is given; one made of all that is given otherwise.
        usual_day: its day where none is given, from the text that is given; today otherwise.
        completed: what is given, and what the books know besides of what it names, as text by field.
    """

    name: str
    meaning: str
    own: tuple[Field, ...]
    makes: tuple[str, ...]
    drafts: Callable[[Values, Known, Header], list[Draft]]
    brings: tuple[type[SQLModel], ...] = ()
    usual_key: Callable[[Values], str] | None = None
    usual_day: Callable[[dict[str, str]], date | None] | None = None
    completed: Callable[[Mapping[str, str], Known], Mapping[str, str]] = lambda given, _known: given

    @property
    def fields(self) -> tuple[Field, ...]:
        """All that it is asked for."""
        return (*self.own, *COMMON)

    @property
    def subject(self) -> Subject:
        """What it is about: which way it moves money, or else what it brings."""
        moved = [MONEY_KINDS[kind].direction for kind in self.makes if kind in MONEY_KINDS]
        if moved:
            return Subject.WITHIN if moved == [WITHIN] else Subject.BETWEEN
        if REVERSE in self.makes:
            return Subject.BOOKS
        return next((_SUBJECTS[model] for model in self.brings if model in _SUBJECTS), Subject.FIGURES)


@dataclass(frozen=True, slots=True)
class Made:
    """What became of one decision: the entries that it asks for, or the problems with what was given.

    ``was_recorded`` says that a record with its key is in the books already.
    """

    drafts: Sequence[Draft]
    problems: Sequence[Problem]
    was_recorded: bool = False


def make(
    decision: Decision,
    given: Mapping[str, str],
    known: Known,
    *,
    actor: str,
    where: Callable[[str], str],
    then: Callable[[str], Known | None] = lambda _key: None,
) -> Made:
    """The entries of a decision, from what somebody gave; nothing is posted.

    Args:
        given: text by field.
        known: the books; it is not changed.
        actor: who records it.
        where: from a field's name to where it was given, as this front door says it.
        then: what the books knew when a decision with a key was recorded before; see ``known.as_it_was``.
    """
    values, problems = read(decision.fields, decision.completed(given, known), known, where)
    if problems:
        return Made((), problems)
    # What the books add may be another thing tomorrow; what was given names the decision.
    said = {name: value for name, value in values.items() if given.get(name, "").strip()}
    key = values["key"] or (key_of(decision, said) if decision.usual_key is None else decision.usual_key(values))
    earlier = then(key)
    if earlier is not None:
        values, _ = read(decision.fields, decision.completed(given, earlier), known, where)
    header = Header(
        key,
        values["date"],
        actor,
        values["reason"],
        values["authority"],
        values["source"],
        values["source_hash"],
        values["rests_on"],
    )
    try:
        return Made(decision.drafts(values, earlier or known, header), (), was_recorded=earlier is not None)
    except Impossible as error:
        return Made((), [Problem(where(error.field), error.found, error.why, error.fix)])


def key_of(decision: Decision, values: Values) -> str:
    """The name of a decision for which none is given: the same decision has the same, however it was written."""
    said = "\x1f".join(f"{name}={value}" for name, value in sorted(values.items()) if value is not None)
    return f"{decision.name}/{values['date']}/{hashlib.sha256(said.encode()).hexdigest()[:16]}"
