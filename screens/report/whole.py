"""What all the money of some books is: that of England, or of those whose money is in them."""

from allocations.files.register.beginning import icbs_of
from allocations.shares import national
from ledger.reports import summary
from ledger.store.base import Reader
from ledger.years import FinancialYear
from screens.report.national import told

_FREE, _TIED = "untied_devolved_share", "ring_fenced_share_with_soft"


def is_england(reader: Reader, year: FinancialYear) -> bool:
    """Whether every ICB that the shipped tables know in a year has money of it in the books."""
    known = icbs_of(year)
    return bool(known) and known.keys() <= summary.icbs(reader, year.start).keys()


def named(reader: Reader, year: FinancialYear) -> str:
    """What the whole of a year's money is called where it stands beside an ICB's."""
    return "England" if is_england(reader, year) else "All of these books"


def of_money(reader: Reader, year: FinancialYear) -> str:
    """What all the money of a year is for, inside a sentence."""
    return "for the NHS in England" if is_england(reader, year) else "in these books"


def covers(reader: Reader, year: FinancialYear) -> str:
    """Which ICBs a total of the year is over, in a sentence; none where it is England's."""
    if is_england(reader, year):
        return ""
    known = icbs_of(year)
    inside = len(known.keys() & summary.icbs(reader, year.start).keys()) if known else 0
    others = len(summary.icbs(reader, year.start)) - inside
    of_all = f"{inside or 'none'} of the {len(known)} ICBs in England" if known else f"{inside} ICBs"
    more = f", and of {others} that the shipped tables do not know" if others else ""
    return (
        f"These books hold money of {year} of {of_all}{more}. A total of all is of what these books hold, and not of "
        "England."
    )


def icbs_alone(together: national.IcbStanding) -> str:
    """The shares of what ICBs and those below them hold, as each ICB's own are worked out."""
    if None in (together.values[_FREE], together.values[_TIED]):
        return "How free what all ICBs together hold is, and how tied, is not known: no grade of it is recorded."
    return (
        f"Of what all ICBs together hold, without NHS England's own money, {told(together, _FREE)} is both local and "
        f"free and {told(together, _TIED)} ring-fenced, soft included (illustrative): compare an ICB's own shares with "
        "these."
    )
