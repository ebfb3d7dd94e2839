"""What changed since a day: the books as they stood and were known then, beside the books now."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import pyarrow as pa

from ledger.reports.position import SOURCE, Moment, moment, position
from ledger.store.base import Reader


@dataclass(frozen=True, slots=True)
class Change:
    """What a tier, by its name and its code, held under one grade of terms, then and now, in pence."""

    tier: str
    grade: str
    then_pence: int
    now_pence: int
    tier_code: str

    @property
    def change_pence(self) -> int:
        """What came on balance."""
        return self.now_pence - self.then_pence


@dataclass(frozen=True, slots=True)
class Changed:
    """What changed between two moments.

    Attributes:
        since: the end of the day that was chosen.
        entries: how many entries count now that did not then, because they are later or were not yet recorded.
        rows: every tier and grade whose money changed, from the top down.
    """

    since: Moment
    entries: int
    rows: tuple[Change, ...]


def since(
    reader: Reader,
    day: date,
    now: Moment,
    *,
    organisation: str | None = None,
    year: int | None = None,
    held: pa.Table | None = None,
) -> Changed:
    """What has changed since the end of a day, on both clocks: what counted by then, as it was known then.

    A correction that is dated back but was recorded later is a change; so is an entry that was known but whose
    day had not come.

    Args:
        held: the position now, where it is known already; it is asked for otherwise.

    Raises:
        Refused: the day lies in the future, or the organisation is unknown.
    """
    known_at = min(datetime.combine(day, time.max, UTC), now.known_at) if day <= now.as_at else None
    then = moment(reader, day, known_at or datetime.combine(day, time.max, UTC))
    if now.known and held is None:
        held = position(reader, now, organisation=organisation, year=year)
    then_held = position(reader, then, organisation=organisation, year=year) if then.known else None
    before, after = _by_cell(then_held), _by_cell(held)
    tiers = {str(code): str(name) for code, name in reader.rows("SELECT code, name FROM tier ORDER BY rank, code")}
    keys = [(tier, grade) for tier in tiers for (its, grade) in sorted({*before, *after}) if its == tier]
    rows = [Change(tiers[tier], grade, before[tier, grade], after[tier, grade], tier) for tier, grade in keys]
    counted = "SELECT count(*) FROM entry WHERE number <= $known AND effective_date <= $as_at"
    old, new = (reader.whole(counted, {"known": at.known, "as_at": at.as_at}) for at in (then, now))
    return Changed(then, new - old, tuple(row for row in rows if row.change_pence))


def _by_cell(held: pa.Table | None) -> dict[tuple[str, str], int]:
    """Tier and grade to pence; nothing where nothing was known."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row in () if held is None else held.to_pylist():
        if row["standing"] != SOURCE:
            found[row["tier"], row["grade"] or "not graded"] += row["amount_pence"]
    return found
