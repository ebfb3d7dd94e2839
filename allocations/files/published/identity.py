"""Which ICB a published file means: by its code, else by its name, else by the practices that it has.

A place tool for a year to come was made before its ICBs had codes: it calls them T01 and T02, and one of them by a
name that was changed since. Who is meant is worked out once for each ICB, and told once.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from allocations.figures import tables as figures
from allocations.files.published import headings
from allocations.files.published.headings import plain_name
from ledger.years import FinancialYear

# Of the practices that are known on both sides, so many in a hundred must lie in one ICB, and so many there must be.
_MOST, _FEWEST = 90, 10


@dataclass(frozen=True, slots=True)
class Meant:
    """An ICB of a file.

    Attributes:
        code: its ODS code; empty where it cannot be told.
        why: by what it was told, or why it was not; empty where the file gives the code itself.
    """

    code: str
    why: str = ""


def icb_meant(
    code: str, name: str, practices: Sequence[str], year: FinancialYear | None, members: Mapping[str, str]
) -> Meant:
    """The ICB that a file means.

    Args:
        code: what the file gives as its code.
        name: what the file calls it; empty where it does not.
        practices: the codes of the practices that the file puts in it.
        year: the year of the file, in which the ICB must exist at some time.
        members: practice to ICB, as it is known for that time.
    """
    if headings.is_icb(code):
        return Meant(code)
    alive = _alive(year)
    known = [members[practice] for practice in practices if members.get(practice) in alive]
    most, count = Counter(known).most_common(1)[0] if known else ("", 0)
    by_members = most if len(known) >= _FEWEST and count * 100 >= len(known) * _MOST else ""
    names = _named(alive)
    by_name = names.get(plain_name(name)) or names.get(plain_name(code), "")
    if by_name and by_members and by_name != by_members:
        return Meant("", f"by its name it is {by_name}, and by its practices {by_members}")
    if by_name:
        theirs = known.count(by_name)
        seen = f"; {theirs:,} of the {len(known):,} practices that are known are {by_name}'s" if known else ""
        return Meant(by_name, f"by its name{seen}")
    if by_members:
        return Meant(by_members, f"by its practices: {count:,} of the {len(known):,} that are known are {by_members}'s")
    return Meant("", "no ICB of that time has its code or its name, or most of its practices")


def known_members(year: FinancialYear | None) -> Mapping[str, str]:
    """Practice to ICB, by the shipped figures that lie nearest to a year."""
    table = figures.people_table(year)
    return dict(zip(table["practice"].to_pylist(), table["icb"].to_pylist(), strict=True))


def _alive(year: FinancialYear | None) -> set[str]:
    """The ICBs that exist at some time of a year, or at any time."""
    return {
        row["code"]
        for row in figures.table("organisations").to_pylist()
        if row["tier"] == "icb"
        and (year is None or row["valid_from"] <= year.last_day)
        and (year is None or row["valid_to"] is None or row["valid_to"] > year.first_day)
    }


def _named(alive: set[str]) -> dict[str, str]:
    """Plain name to code; former names first, so that the name that an ICB has now outranks them."""
    former = [(row["name"], row["organisation"]) for row in figures.table("former_names").to_pylist()]
    now = [(row["name"], row["code"]) for row in figures.table("organisations").to_pylist()]
    return {plain_name(name): code for name, code in (*former, *now) if code in alive}
