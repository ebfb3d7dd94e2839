"""Published control totals: assertions that the books tie, to the penny, to what was published."""

from datetime import UTC, date, datetime
from typing import Any

from ledger import chain, position
from ledger.errors import Problem
from ledger.money import exact_pounds
from ledger.rule import FUND_LINE
from ledger.store import Reader

_TOTALS = """
SELECT c.*, e.key FROM control_total c JOIN entry e ON e.number = c.entry_number
WHERE c.entry_number >= $first
  AND NOT EXISTS (SELECT 1 FROM control_total s WHERE s.supersedes = c.id)
ORDER BY c.entry_number, c.id
"""

_INSIDE = f"WITH RECURSIVE {FUND_LINE} SELECT fund FROM fund_line WHERE ancestor = $fund"


_CONCERNED = """
WITH moved AS (
    SELECT DISTINCT p.effective_date, p.from_year, f.tier AS from_tier, o.tier AS to_tier
    FROM pairs p JOIN organisation f ON f.code = p.from_organisation JOIN organisation o ON o.code = p.to_organisation
)
SELECT count(*) FROM control_total c JOIN moved m ON m.from_year = c.year AND m.effective_date <= c.as_at
    AND ((m.from_tier = c.from_tier AND m.to_tier = c.to_tier) OR (m.from_tier = c.to_tier AND m.to_tier = c.from_tier))
"""


def concern(reader: Reader) -> bool:
    """Whether the entries just checked move money that a control total speaks of.

    Rests on the pairs that ``rules.problems`` staged for them.
    """
    return reader.whole("SELECT count(*) FROM control_total") > 0 and reader.whole(_CONCERNED) > 0


def problems(reader: Reader, first: int) -> list[Problem]:
    """Every control total, recorded from entry ``first`` on, that the books do not meet.

    A total speaks of the money that counts by its day, as known now; it says by how much the books
    differ, and which way.
    """
    totals = reader.table(_TOTALS, {"first": first}).to_pylist()
    if not totals:
        return []
    found = []
    moved: dict[date, list[dict[str, Any]]] = {}
    for total in totals:
        if total["as_at"] not in moved:
            at = _moment(reader, total["as_at"])
            columns = ("from_tier", "to_tier", "to_organisation", "fund", "year")
            moved[total["as_at"]] = position.flows(reader, at, columns).to_pylist()
        inside = None
        if total["fund"] is not None:
            inside = {fund for (fund,) in reader.rows(_INSIDE, {"fund": total["fund"]})}
        actual = sum(
            row["amount_pence"]
            for row in moved[total["as_at"]]
            if row["from_tier"] == total["from_tier"]
            and row["to_tier"] == total["to_tier"]
            and row["year"] == total["year"]
            and (total["organisation"] is None or row["to_organisation"] == total["organisation"])
            and (inside is None or row["fund"] in inside)
        )
        difference = actual - total["expected_pence"]
        if abs(difference) > total["tolerance_pence"]:
            found.append(_problem(total, actual, difference))
    return found


def _moment(reader: Reader, as_at: date) -> position.Moment:
    newest = chain.last_entry(reader)
    return position.Moment(as_at, datetime.now(UTC), newest, False, "")


def _problem(total: dict[str, Any], actual: int, difference: int) -> Problem:
    way = "too much" if difference > 0 else "too little"
    return Problem(
        f"entry {total['entry_number']} ({total['key']}), control total '{total['description']}'",
        f"the books show £{exact_pounds(actual)}, which is £{exact_pounds(abs(difference))} {way}.",
        f"{total['source']} says £{exact_pounds(total['expected_pence'])}.",
        "Correct the entries behind the difference ('devolution flows --by entry,fund'), or record a newer "
        "total with them if the published figure has changed.",
    )
