"""What all the money of some books is: that of England, or of those whose money is in them."""

from allocations.figures import tables
from allocations.files.register.beginning import icbs_of
from allocations.shares import national
from ledger.reports import summary
from ledger.reports.position import Moment
from ledger.store.base import Reader
from ledger.years import FinancialYear
from screens.report.national import share_text

_FREE, _TIED = "untied_devolved_share", "ring_fenced_share_with_soft"


def is_england(reader: Reader, at: Moment, year: FinancialYear) -> bool:
    """Whether every ICB of a year has money of it in the books, and all of NHS England's revenue limit is there."""
    limit = _limit_pence(year)
    return limit is not None and _has_every_icb(reader, year) and summary.given(reader, at, year.start) >= limit


def _has_every_icb(reader: Reader, year: FinancialYear) -> bool:
    known = icbs_of(year)
    return bool(known) and known.keys() <= summary.icbs(reader, year.start).keys()


def _limit_pence(year: FinancialYear) -> int | None:
    """NHS England's revenue limit of a year; None where it is not shipped."""
    rows = tables.table("national_limits").to_pylist()
    return next((row["amount_pence"] for row in rows if row["year"] == str(year)), None)


def named(reader: Reader, at: Moment, year: FinancialYear) -> str:
    """What the whole of a year's money is called where it stands beside an ICB's."""
    return "England" if is_england(reader, at, year) else "All of these books"


def of_money(reader: Reader, at: Moment, year: FinancialYear) -> str:
    """What all the money of a year is for, inside a sentence."""
    return "for the NHS in England" if is_england(reader, at, year) else "in these books"


def covers(reader: Reader, at: Moment, year: FinancialYear) -> str:
    """Which ICBs a total of the year is over, or that it is of a part of their money; empty where it is England's."""
    if is_england(reader, at, year):
        return ""
    known = icbs_of(year)
    if _has_every_icb(reader, year):
        unknown = f"Whether that is all money of {year} is not known, for the limit of that year is not shipped"
        part = unknown if _limit_pence(year) is None else "NHS England was given less in them than its revenue limit"
        return (
            f"These books hold money of {year} of all {len(known)} ICBs in England. {part}. A total of all is of what "
            "these books hold, and not of England."
        )
    inside = len(known.keys() & summary.icbs(reader, year.start).keys()) if known else 0
    others = len(summary.icbs(reader, year.start)) - inside
    of_all = f"{inside or 'none'} of the {len(known)} ICBs in England" if known else "no ICB that is known"
    more = f", and of {others} that the shipped tables do not know" if others else ""
    return (
        f"These books hold money of {year} of {of_all}{more}. A total of all is of what these books hold, and not of "
        "England."
    )


def icbs_alone(together: national.IcbStanding) -> str:
    """The shares of what ICBs and those below them hold, as each ICB's own are worked out."""
    if None in (together.values[_FREE], together.values[_TIED]):
        return "How free what all ICBs together hold is, and how tied, is not known: no grade of it is recorded."
    free, tied = share_text(together, _FREE), share_text(together, _TIED)
    return (
        f"Of what all ICBs together hold, without NHS England's own money, {free} is both local and free and {tied} "
        "ring-fenced, soft included (illustrative): compare an ICB's own shares with these."
    )
