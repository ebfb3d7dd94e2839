"""The tables of what is expected, promised and arranged: they move no money, and answers compare money with them.

They are records of the books as those of ``ledger.models`` are: each row is brought by one entry and never changes. Of
rows that speak of the same thing (a forecast of one month, a line of a letter, a contribution, a contract, an
instalment) the one that was brought last holds, and the others say what was believed before; one entry brings one.
"""

from datetime import date

from sqlalchemy import BigInteger, CheckConstraint, UniqueConstraint
from sqlmodel import Field, SQLModel

# Tables that came after the second form of the canonical text: entries before it brought no rows of them.
_SINCE_FORM_2 = {"form": 2}


def _brought_once(*columns: str) -> UniqueConstraint:
    """One entry brings at most one row for the same thing, so that it is certain which was brought last."""
    return UniqueConstraint(*columns, "entry_number")


class Renaming(SQLModel, table=True):
    """The name that an organisation or a fund has from a day on. Its code stays, and its earlier names stay known."""

    __table_args__ = (
        CheckConstraint("(organisation IS NULL) <> (fund IS NULL)"),
        _brought_once("organisation", "valid_from"),
        _brought_once("fund", "valid_from"),
        {"info": _SINCE_FORM_2},
    )

    id: str = Field(primary_key=True)
    organisation: str | None = Field(default=None, foreign_key="organisation.code")
    fund: str | None = Field(default=None, foreign_key="fund.code")
    name: str
    valid_from: date
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Forecast(SQLModel, table=True):
    """What an organisation expects to spend on a fund in the whole of a year, as it looks at the end of a month."""

    __table_args__ = (
        CheckConstraint("amount_pence >= 0"),
        _brought_once("organisation", "fund", "year", "as_at"),
        {"info": _SINCE_FORM_2},
    )

    id: str = Field(primary_key=True)
    organisation: str = Field(foreign_key="organisation.code")
    fund: str = Field(foreign_key="fund.code")
    year: int
    as_at: date = Field(description="the last day of the month of which it is the view")
    amount_pence: int = Field(sa_type=BigInteger)
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Letter(SQLModel, table=True):
    """A line of an allocation letter: money that is anticipated, or of which notice was given; it may be taken off.

    What arrived of it, and where it went, is told by the entries that name its reference as their source.
    """

    __table_args__ = (
        CheckConstraint("amount_pence <> 0"),
        CheckConstraint("from_organisation <> to_organisation"),
        CheckConstraint("anticipated_on IS NOT NULL OR notified_on IS NOT NULL"),
        _brought_once("reference", "to_organisation"),
        {"info": _SINCE_FORM_2},
    )

    id: str = Field(primary_key=True)
    reference: str
    month: date = Field(description="the last day of the month in whose letter it stands, or is expected to stand")
    from_organisation: str = Field(foreign_key="organisation.code")
    to_organisation: str = Field(foreign_key="organisation.code")
    fund: str = Field(foreign_key="fund.code")
    year: int
    amount_pence: int = Field(sa_type=BigInteger)
    recurrent: bool
    contact: str | None = Field(default=None, description="a team's mailbox or role at the funder; never a person")
    anticipated_on: date | None = None
    notified_on: date | None = Field(default=None, description="empty while it is anticipated only")
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Contribution(SQLModel, table=True):
    """What a payer agreed to put into a pooled fund in a year, and the least of it that its inner purpose gets."""

    __table_args__ = (
        CheckConstraint("agreed_pence >= 0"),
        CheckConstraint("minimum_pence IS NULL OR (minimum_pence >= 0 AND minimum_pence <= agreed_pence)"),
        _brought_once("pool", "payer", "fund", "year"),
        {"info": _SINCE_FORM_2},
    )

    id: str = Field(primary_key=True)
    pool: str = Field(foreign_key="organisation.code", description="the organisation that hosts the pooled fund")
    payer: str = Field(foreign_key="organisation.code")
    fund: str = Field(foreign_key="fund.code")
    year: int
    agreed_pence: int = Field(sa_type=BigInteger)
    minimum_pence: int | None = Field(default=None, sa_type=BigInteger)
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class Contract(SQLModel, table=True):
    """Who holds a contract for a population, from whom, on which fund, from when until when."""

    __table_args__ = (
        CheckConstraint("kind IN ('iho', 'mnp', 'snp', 'capitated', 'other')"),
        CheckConstraint("holder <> commissioner"),
        CheckConstraint("population IS NULL OR population > 0"),
        CheckConstraint("valid_to IS NULL OR valid_from < valid_to"),
        _brought_once("code"),
        {"info": _SINCE_FORM_2},
    )

    id: str = Field(primary_key=True)
    code: str = Field(description="the contract's own name, by which later rows and sub-contracts speak of it")
    kind: str
    holder: str = Field(foreign_key="organisation.code")
    commissioner: str = Field(foreign_key="organisation.code")
    fund: str = Field(foreign_key="fund.code")
    population: int | None = Field(default=None, sa_type=BigInteger, description="people; empty where not known")
    part_of: str | None = Field(default=None, description="the code of the contract whose sub-contract it is")
    valid_from: date
    valid_to: date | None = None
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


class TestedInstalment(SQLModel, table=True):
    """A part of a year's money that is due on a day, under a test; and what became of it, as a new row of its code."""

    __tablename__ = "instalment"
    __table_args__ = (
        CheckConstraint("amount_pence > 0"),
        CheckConstraint("payer <> receiver"),
        CheckConstraint("outcome IN ('due', 'earned', 'withheld', 'moved')"),
        CheckConstraint("(outcome = 'moved') = (moved_to IS NOT NULL)"),
        _brought_once("code"),
        {"info": _SINCE_FORM_2},
    )

    id: str = Field(primary_key=True)
    code: str = Field(description="the instalment's own name, by which its outcome speaks of it")
    fund: str = Field(foreign_key="fund.code")
    payer: str = Field(foreign_key="organisation.code")
    receiver: str = Field(foreign_key="organisation.code")
    year: int
    due_on: date
    amount_pence: int = Field(sa_type=BigInteger)
    test: str = Field(description="what has to be so that it is earned, in words")
    outcome: str = "due"
    moved_to: str | None = Field(default=None, foreign_key="organisation.code")
    entry_number: int = Field(sa_type=BigInteger, foreign_key="entry.number")


RECORDS: tuple[type[SQLModel], ...] = (Renaming, Forecast, Letter, Contribution, Contract, TestedInstalment)
