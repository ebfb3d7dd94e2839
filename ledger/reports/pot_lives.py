"""From whom each pot came, which fund it went on in, and whether it goes on in the next year."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

from ledger.entries.kinds import DOWN, MONEY_KINDS
from ledger.reports.measures import pots
from ledger.reports.position import Moment, position
from ledger.reports.register import funds
from ledger.store.base import Reader

# Money that came down to whoever is asked about, or to the ICBs, in entries that nobody has undone.
_MOVED = """
FROM transfer t JOIN entry e ON e.number = t.entry_number
JOIN account a ON a.id = t.from_account JOIN account b ON b.id = t.to_account
JOIN organisation o ON o.code = b.organisation JOIN organisation g ON g.code = a.organisation
WHERE e.number <= $known AND e.effective_date <= $as_at AND b.year = $year
  AND NOT EXISTS (
      SELECT 1 FROM entry r WHERE r.reverses = e.number AND r.number <= $known AND r.effective_date <= $as_at)
"""
_DOWNWARDS = ", ".join(f"'{kind.name}'" for kind in MONEY_KINDS.values() if kind.direction == DOWN)
_GIVERS = f"""
SELECT DISTINCT b.fund, g.name {_MOVED}
  AND e.kind IN ({_DOWNWARDS})
  AND CASE WHEN $organisation IS NULL THEN o.tier = 'icb' ELSE b.organisation = $organisation END
ORDER BY 1, 2
"""
_SUCCESSORS = f"""
SELECT DISTINCT a.fund, b.fund {_MOVED} AND e.kind = 'consolidate' AND a.fund <> b.fund ORDER BY 1, 2
"""
# Who answers for a pot is the contact of the newest line of each letter that brought it.
_CONTACTS = """
SELECT DISTINCT fund, contact FROM (
    SELECT fund, contact FROM letter
    WHERE entry_number <= $known AND year = $year AND ($organisation IS NULL OR to_organisation = $organisation)
    QUALIFY row_number() OVER (PARTITION BY reference, to_organisation ORDER BY entry_number DESC) = 1
) WHERE contact IS NOT NULL ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class PotLife:
    """What the books tell of a pot beside its terms.

    Attributes:
        given_by: the names of those who gave it, or the fund around it out of which it was set aside, to whoever is
            asked about, or to the ICBs; empty where nobody did.
        owners: the teams or roles at the funder that answer for it, as the letters name them; empty where none does.
        successors: the funds into which it was consolidated in the year, by code.
        discontinued: whether none of it is held in the next year; None where the books have no money of that year, or
            nothing of the pot was held in this one.
    """

    given_by: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    successors: tuple[str, ...] = ()
    discontinued: bool | None = None


def pot_lives(
    reader: Reader, at: Moment, held: pa.Table, *, organisation: str | None, year: int
) -> Mapping[str, PotLife]:
    """What the books tell of the pots of a year, by code; a pot that is not among them has no life in it.

    Args:
        held: the position of that year, of the organisation or of everybody.
        organisation: whose pots; everybody's otherwise.
        year: by the year it starts in.
    """
    # Money moves on the headings of a pot; it is the pot that has terms.
    pot_of = dict(zip(held["fund"].to_pylist(), held["pot"].to_pylist(), strict=True))
    given = {"known": at.known, "as_at": at.as_at, "year": year, "organisation": organisation}
    givers = _listed(reader.rows(_GIVERS, given), pot_of)
    owners = _listed(reader.rows(_CONTACTS, given), pot_of)
    around = {code: row["parent"] for code, row in funds(reader, at.known).items()}
    moved = _listed(reader.rows(_SUCCESSORS, given), pot_of)
    successors = {pot: tuple(dict.fromkeys(pot_of.get(fund, fund) for fund in into)) for pot, into in moved.items()}
    next_year = pots(position(reader, at, organisation=organisation, year=year + 1))
    goes_on = {pot.code for pot in next_year}
    now = {pot.code for pot in pots(held)} | successors.keys()
    return {
        pot: PotLife(
            _given(pot, givers, around),
            owners.get(pot, ()),
            tuple(code for code in successors.get(pot, ()) if code != pot),
            pot not in goes_on if next_year and pot in now else None,
        )
        for pot in sorted(givers.keys() | owners.keys() | now)
    }


def _given(pot: str, givers: Mapping[str, tuple[str, ...]], around: Mapping[str, str | None]) -> tuple[str, ...]:
    fund: str | None = pot
    while fund is not None:
        if fund in givers:
            return givers[fund]
        fund = around.get(fund)
    return ()


def _listed(rows: Iterable[tuple[Any, ...]], pot_of: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Pot to what stands beside its funds, each once, in order."""
    found: dict[str, tuple[str, ...]] = {}
    for fund, other in rows:
        pot = pot_of.get(fund) or fund
        found[pot] = tuple(dict.fromkeys((*found.get(pot, ()), str(other))))
    return found
