"""The tables of what people may do and what they propose: proposals with their decisions, and rights.

Their rows are brought by entries as all others are (``ledger.models``).
"""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, ForeignKeyConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

# Columns that came with the second form of the canonical text: earlier entries were hashed without them.
_SINCE_FORM_2 = {"form": 2}


class Proposal(SQLModel, table=True):
    """Entries that await a decision. It reserves their money at once, and ends once."""

    __table_args__ = (UniqueConstraint("id", "prepared_by"),)

    id: str = Field(primary_key=True)
    title: str
    prepared_by: str
    expires_on: date | None = Field(default=None, description="the last day on which it can be approved")
    source: str | None = None
    source_hash: str | None = Field(default=None, description="SHA-256 of that file")
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class ProposedEntry(SQLModel, table=True):
    """One entry of a proposal, as it would be posted."""

    __tablename__ = "proposed_entry"
    __table_args__ = (UniqueConstraint("proposal", "nth"),)

    id: str = Field(primary_key=True)
    proposal: str = Field(foreign_key="proposal.id")
    nth: int = Field(description="order in the proposal, from 1")
    key: str
    kind: str
    effective_date: date
    reason: str
    authority: str | None = None
    source: str | None = None
    source_hash: str | None = None
    brings: str | None = Field(default=None, description="records that it brings, as JSON with sorted keys")
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class ProposedTransfer(SQLModel, table=True):
    """One leg of a proposed entry. Its accounts need not be open yet."""

    __tablename__ = "proposed_transfer"
    __table_args__ = (CheckConstraint("amount_pence > 0"),)

    id: str = Field(primary_key=True)
    proposed_entry: str = Field(foreign_key="proposed_entry.id")
    leg: int
    from_organisation: str = Field(foreign_key="organisation.code")
    from_fund: str = Field(foreign_key="fund.code")
    from_year: int
    from_standing: str
    to_organisation: str = Field(foreign_key="organisation.code")
    to_fund: str = Field(foreign_key="fund.code")
    to_year: int
    to_standing: str
    amount_pence: int = Field(sa_type=BigInteger)
    recurrent: bool
    note: str | None = None
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class ProposalEnd(SQLModel, table=True):
    """How a proposal ended: once, and never approved by whoever prepared it, which the database holds too."""

    __tablename__ = "proposal_end"
    __table_args__ = (
        ForeignKeyConstraint(["proposal", "prepared_by"], ["proposal.id", "proposal.prepared_by"]),
        CheckConstraint("outcome NOT IN ('posted', 'part-posted') OR prepared_by <> decided_by"),
        CheckConstraint("outcome IN ('posted', 'part-posted', 'rejected', 'withdrawn', 'expired')"),
    )

    proposal: str = Field(primary_key=True)
    prepared_by: str
    outcome: str
    decided_by: str
    reason: str
    content_hash: str | None = Field(
        default=None,
        sa_column_kwargs={"info": _SINCE_FORM_2},
        description="content hash of the entry that brought the proposal: what was decided on, and nothing else",
    )
    posted: str | None = Field(
        default=None,
        sa_column_kwargs={"info": _SINCE_FORM_2},
        description="which of its entries are posted with the decision: their numbers in the proposal, by commas",
    )
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Appointment(SQLModel, table=True):
    """A right: who may do what, for an organisation and all below it, from a day until a day.

    Without an organisation it is over the whole of the books. ``limit_pence`` is the most that the person's
    decisions may move in each ``limit_period``, all added up; empty for no limit. Appointments from before there
    were periods limit each decision alone. With ``alone`` an approver may post without a proposal of somebody else's.
    """

    __table_args__ = (
        CheckConstraint("role IN ('viewer', 'preparer', 'approver', 'auditor', 'administrator', 'app')"),
        CheckConstraint("limit_pence IS NULL OR (limit_pence >= 0 AND role IN ('preparer', 'approver'))"),
        CheckConstraint(
            "limit_period IS NULL OR (limit_pence IS NOT NULL AND limit_period IN ('day', 'month', 'year'))"
        ),
        CheckConstraint("NOT alone OR role = 'approver'"),
        CheckConstraint("role <> 'app' OR organisation IS NULL"),
        CheckConstraint("valid_to IS NULL OR valid_from < valid_to"),
    )

    id: str = Field(primary_key=True)
    person: str = Field(description="the name that the department's sign-in gives, or a login of the server")
    role: str
    organisation: str | None = Field(default=None, foreign_key="organisation.code")
    limit_pence: int | None = Field(default=None, sa_type=BigInteger)
    limit_period: str | None = Field(
        default=None, sa_column_kwargs={"info": _SINCE_FORM_2}, description="day, month or (financial) year"
    )
    alone: bool = False
    valid_from: date
    valid_to: date | None = None
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Dismissal(SQLModel, table=True):
    """A day from which an appointment no longer holds; of several the earliest counts."""

    id: str = Field(primary_key=True)
    appointment: str = Field(foreign_key="appointment.id")
    valid_to: date
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")
