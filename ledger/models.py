"""The tables of the books.

Every row is brought by one entry and never changes afterwards. What we know of an organisation's
place, a fund's terms or an agreement is corrected by a later entry with a new row, so the books can
always say what was believed at any time. Balances are nowhere stored; they are sums.

Days are half-open: ``valid_to`` is the first day on which the row no longer holds.
"""

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    String,
    UniqueConstraint,
)
from sqlmodel import Field, SQLModel

from ledger import plans, words

# Columns that came with the second form of the canonical text: earlier entries were hashed without them.
_SINCE_FORM_2 = {"form": 2}
# Columns that came later still: they are hashed where an entry's rows hold any of them, and left out otherwise.
_ADDED = {**_SINCE_FORM_2, "added": True}


def _added(description: str) -> Any:
    return Field(default=None, sa_column_kwargs={"info": _ADDED}, description=description)


_FIGURE_STANDING = "what its figures rest on: published, derived, projected, own or illustrative; empty: not recorded"


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
    standing: str | None = _added(_FIGURE_STANDING)
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


# The words in the tables, for those who work with tables. Who only reads takes them from the vocabulary: to
# load the tables is to load all of SQLAlchemy, which takes longer than most questions.
STANDINGS = words.STANDINGS
AVAILABLE, RETAINED, SPENT = STANDINGS
GRADES, ROUTES, RING_FENCED = words.GRADES, words.ROUTES, words.RING_FENCED
# What a person may do; an app may do nothing itself, and names who is at its screen.
VIEWER, PREPARER, APPROVER, AUDITOR, ADMINISTRATOR, APP = (
    "viewer",
    "preparer",
    "approver",
    "auditor",
    "administrator",
    words.APP,
)
APPOINTED = (VIEWER, PREPARER, APPROVER, AUDITOR, ADMINISTRATOR, APP)


def _number() -> Column[int]:
    """A primary key that the application makes: the database must not invent one."""
    return Column(BigInteger, primary_key=True, autoincrement=False)


# Tables that came with the second form of the canonical text: earlier entries brought no rows of them.
_SINCE_FORM_2 = {"form": 2}


class Seal(SQLModel, table=True):
    """One row: how many entries there should be and the head of the chain, so that a cut tail shows.

    ``moved_pence`` is the sum of all transfers, so that no sum over the books ever outgrows a whole number.
    """

    id: int = Field(default=1, sa_column=Column(Integer, primary_key=True, autoincrement=False))
    schema_version: int
    entries: int = Field(sa_type=BigInteger)
    head: str
    moved_pence: int = Field(default=0, sa_type=BigInteger)


class Entry(SQLModel, table=True):
    """One decision: who moved what, when it counts, when we knew, why, and on whose authority."""

    number: int = Field(sa_column=_number())
    key: str = Field(unique=True, description="idempotency key, made by whoever asks")
    kind: str
    effective_date: date
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    actor: str
    reason: str
    authority: str | None = None
    source: str | None = Field(default=None, description="file or document the decision rests on")
    source_hash: str | None = Field(default=None, description="SHA-256 of that file")
    # Unique, so that the database itself refuses a second reversal of one entry.
    reverses: int | None = Field(default=None, sa_column=Column(BigInteger, unique=True, nullable=True))
    content_hash: str
    previous_hash: str
    hash: str
    standing: str | None = _added(_FIGURE_STANDING)


class Tier(SQLModel, table=True):
    """A level at which money is decided. Tiers are data: the structure of the NHS changes."""

    code: str = Field(primary_key=True)
    name: str
    rank: int = Field(description="order down the structure: money from a lower rank to a higher one flows down")
    depth: int = Field(description="steps below the ICB: ICB and above 0, place 1, PCN 2, practice 3")
    may_go_below_zero: bool = Field(description="true for the source of the money alone")
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Organisation(SQLModel, table=True):
    """Anyone who holds money or sets rules."""

    code: str = Field(primary_key=True, description="ODS code where one exists")
    name: str
    tier: str = Field(foreign_key="tier.code")
    ons_code: str | None = None
    valid_from: date
    valid_to: date | None = None
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Closure(SQLModel, table=True):
    """A day from which an organisation no longer exists, learned after it was recorded; the newest one holds.

    Codes are never reused and organisations never deleted (as in ODS): they are closed.
    """

    id: str = Field(primary_key=True)
    organisation: str = Field(foreign_key="organisation.code")
    valid_to: date
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Relationship(SQLModel, table=True):
    """Who is part of whom, from a day to a day.

    ``scheme`` keeps several ways of dividing the same country apart: a practice has one ICB and, in each
    scheme of places, at most one place. A child that is divided between parents, as a PCN that straddles
    two places is, has a ``part`` in each; without one the child belongs to the parent whole.
    ``supersedes`` names the row that this one corrects.
    """

    __table_args__ = (CheckConstraint("parent <> child"), UniqueConstraint("supersedes"))

    id: str = Field(primary_key=True)
    parent: str = Field(foreign_key="organisation.code")
    child: str = Field(foreign_key="organisation.code")
    scheme: str
    part: int | None = Field(
        default=None, sa_type=BigInteger, description="registered population x 10^9 in this parent"
    )
    valid_from: date
    valid_to: date | None = None
    supersedes: str | None = None
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Succession(SQLModel, table=True):
    """Who became whom on a day: merge, split, transfer of part, or rename."""

    __table_args__ = (CheckConstraint("weight > 0"),)

    id: str = Field(primary_key=True)
    predecessor: str = Field(foreign_key="organisation.code")
    successor: str = Field(foreign_key="organisation.code")
    effective_date: date
    kind: str
    weight: int = Field(sa_type=BigInteger, description="what of the predecessor went there, as its basis counts")
    basis: str
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Fund(SQLModel, table=True):
    """A line of money with one purpose. A parent makes it an inner purpose of a wider fund."""

    code: str = Field(primary_key=True)
    name: str
    parent: str | None = None
    stream: str
    resource: str = Field(description="revenue or capital; never mixed")
    lowest_tier: str = Field(foreign_key="tier.code", description="how far down it could be held")
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Terms(SQLModel, table=True):
    """The conditions on a fund from a day on. Lifting a ring-fence is a new row, not an edit.

    A fund without terms of its own is a budget heading inside its nearest ancestor that has them, and
    is counted with it: that ancestor is the *pot*. What a source does not say is empty, which means *not known*:
    it is never a default, and stays out of both sides of every ratio.
    """

    __table_args__ = (UniqueConstraint("fund", "effective_from", "version"),)

    id: str = Field(primary_key=True)
    fund: str = Field(foreign_key="fund.code")
    effective_from: date
    version: int = Field(description="the highest version known for a day holds")
    grade: str | None = Field(default=None, description="how tied it is; empty: not known")
    route: str | None = Field(default=None, description="how it is given out; empty: not known")
    recurrent: bool | None = Field(default=None, description="empty: not known. That money recurs is no promise of it")
    notified_on: date | None = Field(default=None, description="when its amount was made known; empty: not known")
    spend_by: date | None = None
    returns_per_year: int | None = Field(default=None, description="empty where unknown, never zero for unknown")
    match_percent: int | None = Field(default=None, description="empty: not known; 0 where a source says so")
    clawback: str | None = Field(default=None, description="what goes back; empty: not known, none: nothing")
    leave_by: str = Field(default="", description="kinds of entry that may take money out of the fund, by commas")
    source: str
    reason: str
    quality: str = Field(description="red, amber or green: how sure the classification is")
    discretion: str | None = _added(
        "whose decision its money really is: free, local contract, national contract or pass-through; empty: not known"
    )
    certain_to: int | None = _added(
        "the last financial year for which it is promised, by the year it starts in; empty: not known"
    )
    announced_on: date | None = _added("when it was first announced, before its amounts were known; empty: not known")
    bid_by: date | None = _added("the last day for bids, where it is bid for; empty: not known")
    return_months: str | None = _added(
        "the months in which a return is due, as 07,10,01,04; empty where the months are not known"
    )
    standing: str | None = _added(
        "what these terms rest on: published, derived, projected, own or illustrative; empty: not recorded"
    )
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Agreement(SQLModel, table=True):
    """A retention agreement: what a tier keeps because its partners agreed that it should.

    With neither ``amount_pence`` nor ``share_ppm`` it covers all that the organisation retains of the fund.
    """

    __table_args__ = (UniqueConstraint("supersedes"),)

    id: str = Field(primary_key=True)
    organisation: str = Field(foreign_key="organisation.code")
    fund: str = Field(foreign_key="fund.code")
    amount_pence: int | None = Field(default=None, sa_type=BigInteger)
    share_ppm: int | None = Field(default=None, description="parts per million of what it received of the fund")
    partners: str
    decision_reference: str
    purpose: str
    valid_from: date
    valid_to: date | None = None
    supersedes: str | None = None
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class ControlTotal(SQLModel, table=True):
    """A published total that the books must tie to: net money from one tier to another, by a day.

    ``tolerance_pence`` covers nothing but the rounding of the parts to the penny.
    """

    __tablename__ = "control_total"
    __table_args__ = (UniqueConstraint("supersedes"),)

    id: str = Field(primary_key=True)
    description: str
    year: int
    as_at: date
    from_tier: str
    to_tier: str
    organisation: str | None = None
    fund: str | None = Field(default=None, description="with every fund inside it")
    expected_pence: int = Field(sa_type=BigInteger)
    tolerance_pence: int
    source: str
    supersedes: str | None = None
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class ClosedMonth(SQLModel, table=True):
    """A month that is closed, with every day before it: no later entry may be dated in it. It is never reopened."""

    __tablename__ = "closed_month"

    id: str = Field(primary_key=True, description="the month, as 2025-04")
    last_day: date = Field(unique=True)
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class SourceLimit(SQLModel, table=True):
    """The most that the source of the money may give out on a fund, with every fund inside it, in a year.

    A newer limit of the same fund and year takes the place of the one that it supersedes.
    """

    __tablename__ = "source_limit"
    __table_args__ = (CheckConstraint("limit_pence >= 0"), UniqueConstraint("supersedes"), {"info": _SINCE_FORM_2})

    id: str = Field(primary_key=True)
    fund: str = Field(foreign_key="fund.code")
    year: int
    limit_pence: int = Field(sa_type=BigInteger)
    source: str
    supersedes: str | None = None
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Upgrade(SQLModel, table=True):
    """A change of the tables that changed what is hashed, or what is asked of entries, from its own entry on.

    ``form`` is the form of the canonical text from this entry on. ``earlier`` holds the numbered migrations before
    it, as JSON, so that their record stands in the chain too.
    """

    __table_args__ = ({"info": _SINCE_FORM_2},)

    id: str = Field(primary_key=True, description="the version of the tables that it led to")
    name: str
    form: int
    previous_head: str
    earlier: str
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Account(SQLModel, table=True):
    """Where money stands: an organisation, a fund, a financial year and a standing."""

    __table_args__ = (UniqueConstraint("organisation", "fund", "year", "standing"),)

    id: int = Field(sa_column=_number())
    organisation: str = Field(foreign_key="organisation.code")
    fund: str = Field(foreign_key="fund.code")
    year: int
    standing: str = Field(sa_column=Column(String, CheckConstraint("standing IN ('available', 'retained', 'spent')")))
    floor_pence: int | None = Field(
        default=0,
        sa_column=Column(BigInteger, nullable=True),
        description="lowest balance; none for the source",
    )


class Transfer(SQLModel, table=True):
    """One leg of an entry. It names both accounts, so unbalanced books cannot be written down."""

    __table_args__ = (CheckConstraint("amount_pence > 0"), CheckConstraint("from_account <> to_account"))

    entry_number: int = Field(
        sa_column=Column(BigInteger, ForeignKey("entry.number"), primary_key=True, autoincrement=False)
    )
    leg: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    from_account: int = Field(sa_type=BigInteger, foreign_key="account.id")
    to_account: int = Field(sa_type=BigInteger, foreign_key="account.id")
    amount_pence: int = Field(sa_type=BigInteger)
    recurrent: bool
    note: str | None = Field(default=None, description="sheet and cell, or the arithmetic behind the amount")


class AccountDay(SQLModel, table=True):
    """What came to an account and what left it on a day: kept for speed, written with the transfers that it sums.

    The transfers stay the truth; ``verify`` compares the two.
    """

    __tablename__ = "account_day"

    account: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    day: date = Field(primary_key=True)
    in_pence: int = Field(sa_type=BigInteger)
    out_pence: int = Field(sa_type=BigInteger)


class PersonDay(SQLModel, table=True):
    """What a person's entries moved on a day of recorded time, in UTC: kept for speed, as ``AccountDay`` is.

    The limits of people are judged by it. The person is written as in the entries.
    """

    __tablename__ = "person_day"

    person: str = Field(primary_key=True)
    day: date = Field(primary_key=True)
    moved_pence: int = Field(sa_type=BigInteger)


# What an entry can bring besides transfers, in the order in which it must be written.
RECORDS: tuple[type[SQLModel], ...] = (
    Tier,
    Organisation,
    Closure,
    Relationship,
    Succession,
    Fund,
    Terms,
    Agreement,
    ControlTotal,
    Proposal,
    ProposedEntry,
    ProposedTransfer,
    ProposalEnd,
    ClosedMonth,
    Appointment,
    Dismissal,
    SourceLimit,
    Upgrade,
    *plans.RECORDS,
)
TABLES: tuple[type[SQLModel], ...] = (Seal, Entry, *RECORDS, Account, Transfer, AccountDay, PersonDay)

# What is not published: who has no right over its organisations does not see it.
UNPUBLISHED: tuple[type[SQLModel], ...] = (Proposal, ProposedEntry, ProposedTransfer, ProposalEnd)
