"""What is carried forward at year end: out of one year by its last day, into the next on its first.

A year's money stays in its year. What is left of it goes into the next year only in two entries: *carry* takes it
back to its source on 31 March, and *bring* brings it from there on 1 April, on the same fund, so that each year's
accounts still sum to zero and no ring-fence is crossed. It comes as money for once: what recurs is issued anew,
and would be counted twice. Who may be carried forward, and by what rule, is in ``scenarios.year_end.carry_forward``.
"""

from datetime import date
from typing import Any

from ledger.entries.kinds import BRING, CARRY
from ledger.errors import Problem
from ledger.inputs import Action
from ledger.money import exact_pounds
from ledger.rules.rule import Row, Rule
from ledger.store.reading import Reader
from ledger.years import FinancialYear, year_of

_LIVE = f"""
live AS (
    SELECT e.number, e.kind, t.leg, t.amount_pence, t.recurrent,
           f.organisation AS from_organisation, f.fund, f.year, f.standing, ft.may_go_below_zero AS from_source,
           tt.may_go_below_zero AS to_source, o.organisation AS to_organisation
    FROM entry e JOIN transfer t ON t.entry_number = e.number
    JOIN account f ON f.id = t.from_account JOIN organisation fo ON fo.code = f.organisation
    JOIN tier ft ON ft.code = fo.tier
    JOIN account o ON o.id = t.to_account JOIN organisation oo ON oo.code = o.organisation
    JOIN tier tt ON tt.code = oo.tier
    WHERE e.kind IN ('{CARRY}', '{BRING}') AND NOT EXISTS (SELECT 1 FROM entry r WHERE r.reverses = e.number)
)
"""

_DAYS = f"""
SELECT number, key, kind, effective_date FROM entry
WHERE number >= $first AND number <= $last AND (
    (kind = '{CARRY}' AND NOT (extract(month FROM effective_date) = 3 AND extract(day FROM effective_date) = 31))
    OR (kind = '{BRING}' AND NOT (extract(month FROM effective_date) = 4 AND extract(day FROM effective_date) = 1)))
ORDER BY number
"""

_LEGS = f"""
WITH {_LIVE},
judged AS (
    SELECT number, kind, leg, recurrent,
           kind = '{CARRY}' AND NOT to_source OR kind = '{BRING}' AND NOT from_source AS wrong_source
    FROM live WHERE number >= $first AND number <= $last
)
SELECT number, kind, min(leg) AS first_leg, recurrent, wrong_source FROM judged WHERE recurrent OR wrong_source
GROUP BY number, kind, recurrent, wrong_source ORDER BY number
"""

_UNEQUAL = f"""
WITH {_LIVE}
SELECT fund, year, CAST(sum(carried) AS BIGINT) AS carried_pence, CAST(sum(brought) AS BIGINT) AS brought_pence
FROM (
    SELECT fund, year, amount_pence AS carried, 0 AS brought FROM live WHERE kind = '{CARRY}'
    UNION ALL SELECT fund, year - 1, 0, amount_pence FROM live WHERE kind = '{BRING}'
) AS sides
GROUP BY fund, year HAVING sum(brought) > sum(carried) ORDER BY fund, year
"""

_CARRIED = f"""
WITH {_LIVE}
SELECT number AS entry, kind, fund, year, from_organisation, to_organisation, standing,
       CAST(sum(amount_pence) AS BIGINT) AS amount_pence
FROM live WHERE (kind = '{CARRY}' AND year = $year) OR (kind = '{BRING}' AND year = $year + 1)
GROUP BY ALL ORDER BY number, fund, from_organisation, to_organisation
"""


def carried(reader: Reader, year: FinancialYear) -> list[dict[str, Any]]:
    """What has been carried out of a year and brought into the next, by entry, fund and organisation; what stands."""
    rows: list[dict[str, Any]] = reader.table(_CARRIED, {"year": year.start}).to_pylist()
    return rows


def _wrong_day(row: Row) -> Problem:
    day: date = row["effective_date"]
    year = year_of(day)
    wanted = year.last_day if row["kind"] == CARRY else year.first_day
    said = "the last day of the year" if row["kind"] == CARRY else "the first day of the year"
    place = f"entry {row['number']} ({row['key']})"
    why = "What is carried forward leaves its year on its last day and comes on the first day of the next."
    return Problem(place, f"to {row['kind']} is dated {day}, which is not {said}.", why, f"Date it {wanted}.")


def _wrong_leg(row: Row) -> Problem:
    place = f"entry {row['number']}, leg {row['first_leg']}"
    if row["recurrent"]:
        why = "What recurs is issued anew in the next year, and would be counted twice."
        return Problem(place, f"to {row['kind']} moves recurrent money.", why, "Carry forward what is for once.")
    why = "Carried money goes back to its source, and comes from there."
    return Problem(
        place, f"to {row['kind']} has another side than the source.", why, f"Use {Action.CARRY_FORWARD.done()}."
    )


def _unequal(row: Row) -> Problem:
    year = FinancialYear(row["year"])
    return Problem(
        f"{row['fund']}, carried forward from {year}",
        f"£{exact_pounds(row['brought_pence'])} would come, and £{exact_pounds(row['carried_pence'])} was carried.",
        "No more comes into a year than was carried out of the one before.",
        f"Reverse what was brought before what was carried, or carry it forward by {Action.CARRY_FORWARD.done()}.",
    )


_MOVED = frozenset({"transfer"})
# Most batches carry nothing forward, and most books bring nothing: one look at entries says so.
_ANY_CARRIED = f"""EXISTS (
    SELECT 1 FROM entry WHERE number >= $first AND number <= $last AND kind IN ('{CARRY}', '{BRING}'))"""
_ANY_BROUGHT = f"EXISTS (SELECT 1 FROM entry WHERE kind = '{BRING}')"
RULES = (
    Rule("carried/days", _DAYS, _wrong_day, _MOVED, about="effective_date", any=_ANY_CARRIED),
    Rule("carried/legs", _LEGS, _wrong_leg, _MOVED, any=_ANY_CARRIED),
    Rule("carried/sums", _UNEQUAL, _unequal, _MOVED, about="amount", any=_ANY_BROUGHT),
)
