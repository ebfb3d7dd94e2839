"""A month of an organisation: what its letter announced and what became of it, and where the year stands at its end.

Money is traced to a line of a letter by the entries that name the line's reference as their source. Everything else
is read from the transfers of the year. An entry that is reversed by the day asked for never counts.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from statistics import median
from typing import Any

import pyarrow as pa

from ledger.reports import below, pots, register
from ledger.reports.below import StructurePoint
from ledger.reports.position import Moment, position
from ledger.reports.pots import Fence, Kept
from ledger.store.base import Reader
from ledger.words import LETTER_SOURCE, SPENT
from ledger.years import Month, year_of

# The lines that hold by an entry: of those with one reference and receiver the newest.
_LINES = """
lines AS (
    SELECT * FROM letter WHERE to_organisation = $organisation AND entry_number <= $known
    QUALIFY row_number() OVER (PARTITION BY reference ORDER BY entry_number DESC) = 1
)
"""
# Every leg of the year that counts by the day, with the line of a letter that its entry names, if there is one.
# ``own`` is who is below the organisation and nobody else; ``scope`` has those too who are shared with others.
_LEGS = f"""
{_LINES},
counted AS (
    SELECT e.* FROM entry e
    WHERE e.number <= $known AND e.effective_date <= $day AND e.reverses IS NULL AND NOT EXISTS (
        SELECT 1 FROM entry r WHERE r.reverses = e.number AND r.number <= $known AND r.effective_date <= $day)
),
legs AS (
    SELECT e.number, e.kind, e.effective_date, e.source, f.organisation AS giver, o.organisation AS receiver,
           f.fund AS from_fund, o.fund AS to_fund, o.standing AS to_standing, t.amount_pence, t.recurrent, l.reference,
           fs.organisation IS NOT NULL AS from_scope, fs.is_own IS TRUE AS from_own,
           os.organisation IS NOT NULL AS to_scope, os.is_own IS TRUE AS to_own
    FROM transfer t JOIN counted e ON e.number = t.entry_number
    JOIN account f ON f.id = t.from_account JOIN account o ON o.id = t.to_account AND o.year = $year
    LEFT JOIN month_scope fs ON fs.organisation = f.organisation
    LEFT JOIN month_scope os ON os.organisation = o.organisation
    LEFT JOIN lines l ON e.source = '{LETTER_SOURCE}' || l.reference
        OR starts_with(e.source, '{LETTER_SOURCE}' || l.reference || ';')
    WHERE fs.organisation IS NOT NULL OR os.organisation IS NOT NULL
)
"""
_LETTER = f"""
WITH {_LEGS},
became AS (
    SELECT reference,
        sum(CASE WHEN receiver = $organisation AND NOT from_scope THEN amount_pence
                 WHEN giver = $organisation AND NOT to_scope THEN -amount_pence END) AS received,
        sum(CASE WHEN receiver = giver THEN 0 WHEN giver = $organisation AND to_scope THEN amount_pence
                 WHEN receiver = $organisation AND from_scope THEN -amount_pence END) AS distributed,
        sum(CASE WHEN to_standing = '{SPENT}' AND from_own THEN amount_pence END) AS spent,
        sum(CASE WHEN to_standing = '{SPENT}' AND giver = $organisation THEN amount_pence END) AS spent_here
    FROM legs WHERE reference IS NOT NULL GROUP BY reference
)
SELECT l.reference, l.from_organisation, l.fund, f.name AS fund_name, l.recurrent, l.contact,
       l.anticipated_on, l.notified_on,
       CASE WHEN l.notified_on IS NULL OR l.notified_on > $day THEN l.amount_pence ELSE 0 END AS anticipated_pence,
       CASE WHEN l.notified_on <= $day THEN l.amount_pence ELSE 0 END AS notified_pence,
       CAST(coalesce(b.received, 0) AS BIGINT) AS received_pence,
       CAST(coalesce(b.distributed, 0) AS BIGINT) AS distributed_pence,
       CAST(coalesce(b.spent, 0) AS BIGINT) AS spent_pence,
       CAST(coalesce(b.received, 0) - coalesce(b.distributed, 0) - coalesce(b.spent_here, 0) AS BIGINT) AS held_pence
FROM lines l JOIN fund f ON f.code = l.fund LEFT JOIN became b ON b.reference = l.reference
WHERE l.month = $month ORDER BY l.reference
"""
# What came to the organisation from outside in the month, and went back.
_RECEIVED = f"""
WITH {_LEGS}
SELECT number AS entry, kind, effective_date AS day, source,
       CASE WHEN from_scope THEN from_fund ELSE to_fund END AS fund, min(reference) AS reference,
       CAST(sum(CASE WHEN from_scope THEN -amount_pence ELSE amount_pence END) AS BIGINT) AS amount_pence
FROM legs
WHERE effective_date >= $first_day AND effective_date <= $last_day AND (
    (receiver = $organisation AND NOT from_scope) OR (giver = $organisation AND NOT to_scope))
GROUP BY number, kind, effective_date, source, CASE WHEN from_scope THEN from_fund ELSE to_fund END
ORDER BY number, fund
"""
_MOVED = f"""
WITH {_LEGS}
SELECT from_fund, to_fund, from_own AS gives, to_own AS gets, from_scope AND to_scope AS inside,
       to_standing = '{SPENT}' AS is_spent, recurrent, CAST(sum(amount_pence) AS BIGINT) AS pence
FROM legs GROUP BY ALL ORDER BY ALL
"""
_FORECASTS = """
SELECT c.organisation, o.name AS organisation_name, c.fund, f.name AS fund_name, c.as_at, c.amount_pence FROM (
    SELECT * FROM forecast WHERE entry_number <= $known AND year = $year AND as_at <= $day
    QUALIFY row_number() OVER (PARTITION BY organisation, fund ORDER BY as_at DESC, entry_number DESC) = 1
) c JOIN month_scope s ON s.organisation = c.organisation
JOIN organisation o ON o.code = c.organisation JOIN fund f ON f.code = c.fund
ORDER BY c.organisation, c.fund
"""
_OF_A_LINE = (
    "anticipated_pence", "notified_pence", "received_pence", "outstanding_pence", "distributed_pence", "spent_pence",
    "held_pence",
)  # fmt: skip
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LetterLine:
    """A line of the month's letter and what became of it, in pence; below zero where money is taken off.

    Attributes:
        anticipated_pence: what is expected while no notice of it is given, and 0 from then on.
        notified_pence: what notice was given of.
        received_pence: what came of it from outside, less what went back.
        distributed_pence: what the organisation passed on of it to those below.
        spent_pence: what it and those below it spent of it.
        held_pence: what it has itself of it: neither passed on nor spent.
    """

    reference: str
    from_organisation: str
    fund: str
    fund_name: str
    recurrent: bool
    contact: str | None
    anticipated_on: date | None
    notified_on: date | None
    anticipated_pence: int
    notified_pence: int
    received_pence: int
    distributed_pence: int
    spent_pence: int
    held_pence: int

    @property
    def outstanding_pence(self) -> int:
        """What notice was given of, and has not come."""
        return self.notified_pence - self.received_pence


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money on one fund that came from outside by an entry, or went back; ``reference`` is that of a known line."""

    entry: int
    kind: str
    day: date
    source: str | None
    fund: str
    reference: str | None
    amount_pence: int


@dataclass(frozen=True, slots=True)
class OnPurpose:
    """What became of a pot's money in the year, in pence, for the organisation with all below it.

    Attributes:
        given_pence: what came into it from outside or from other pots.
        spent_pence: what was spent on its purpose.
        redirected_pence: what left it for other pots, but for narrower ones inside it.
        set_aside_pence: what was set aside in pots inside it, as for a minimum that it has to meet.
        returned_pence: what went back outside.
        left_pence: what of it is neither.
    """

    pot: str
    name: str
    given_pence: int
    spent_pence: int
    redirected_pence: int
    set_aside_pence: int
    returned_pence: int

    @property
    def left_pence(self) -> int:
        """What is left of it."""
        gone = self.spent_pence + self.redirected_pence + self.set_aside_pence + self.returned_pence
        return self.given_pence - gone


@dataclass(frozen=True, slots=True)
class Outlook:
    """A budget of one organisation on one fund beside what is spent and what is expected to be.

    Attributes:
        budget_pence: what it holds of the year, what it has spent included.
        forecast_pence: what it expects to spend in the whole year; None where it has recorded nothing.
        as_at: the month's end of which that forecast is the view.
    """

    organisation: str
    organisation_name: str
    fund: str
    fund_name: str
    budget_pence: int
    spent_pence: int
    forecast_pence: int | None
    as_at: date | None

    @property
    def under_pence(self) -> int | None:
        """How far the forecast is under the budget; below zero where it is over."""
        return None if self.forecast_pence is None else self.budget_pence - self.forecast_pence


@dataclass(frozen=True, slots=True)
class OpeningBaseline:
    """What a fund brings into the next year: what recurs of it, what falls away, and of what neither is known."""

    fund: str
    name: str
    recurrent_pence: int
    falls_away_pence: int
    not_known_pence: int


@dataclass(frozen=True, slots=True)
class MonthAnswer:
    """Everything that a month's end asks of an organisation.

    Attributes:
        lines: of the month's letter.
        receipts: what came from outside in the month.
        deadlines: pots with a deadline and money left, those due first.
        purposes: what became of each pot's money.
        outlooks: budgets of the organisation itself, and of those below it that have recorded a forecast.
        baselines: the opening recurrent baseline of the next year, by fund.
        kept: what is kept back by the organisation and those below it, and on whose agreement.
        notices: of each pot, how many days before its year notice was given of it, below zero where that came in the
            year; None where it is not known.
    """

    lines: Sequence[LetterLine]
    receipts: Sequence[Receipt]
    deadlines: Sequence[Fence]
    purposes: Sequence[OnPurpose]
    outlooks: Sequence[Outlook]
    baselines: Sequence[OpeningBaseline]
    kept: Sequence[Kept]
    notices: Sequence[int | None]

    @property
    def unexplained(self) -> list[Receipt]:
        """What came, or went back, and names no line of a letter that is known."""
        return [receipt for receipt in self.receipts if receipt.reference is None]

    @property
    def totals(self) -> dict[str, int]:
        """The month in pence: each amount of its lines added up, what came in it, and what of that is unexplained."""
        return {
            **{name: sum(getattr(line, name) for line in self.lines) for name in _OF_A_LINE},
            "came_pence": sum(receipt.amount_pence for receipt in self.receipts),
            "unexplained_pence": sum(receipt.amount_pence for receipt in self.unexplained),
        }

    @property
    def has_spending(self) -> bool:
        """Whether any spending of the year is recorded: where none is, what is not spent is not known."""
        return any(purpose.spent_pence for purpose in self.purposes)

    @property
    def median_notice(self) -> Fraction | None:
        """Days of notice of the pot in the middle, of those of which it is known; None where it is of none."""
        return median(map(Fraction, self.known_notices)) if self.known_notices else None

    @property
    def known_notices(self) -> list[int]:
        """Days of notice of the pots of which it is known."""
        return [days for days in self.notices if days is not None]

    @property
    def late_notices(self) -> int:
        """Of how many pots notice was given in the year itself."""
        return sum(days <= 0 for days in self.known_notices)

    @property
    def redirected_pence(self) -> int:
        """What left any pot for another that is not inside it, in the year so far."""
        return sum(purpose.redirected_pence for purpose in self.purposes)


def month(reader: Reader, at: Moment, asked: Month, organisation: str) -> MonthAnswer:
    """What a month's end asks of an organisation.

    Args:
        at: the day up to which entries count, usually the last of the month: a later one says what became of the
            month's letter since.
        asked: the month.
        organisation: whose; with all below it where money that was passed on is spoken of.

    Raises:
        Refused: the organisation is unknown.
    """
    day, year = at.as_at, year_of(asked.first_day)
    held = position(reader, at, organisation=organisation, year=year.start)
    scope = below.below(reader, [organisation], [StructurePoint(0, day, at.known)])
    own = [not shared for shared in scope["shared"].to_pylist()]
    reader.stage("month_scope", pa.table({"organisation": scope["organisation"], "is_own": own}))
    given = {"organisation": organisation, "known": at.known, "day": day, "year": year.start}
    lines = [LetterLine(**row) for row in reader.table(_LETTER, {**given, "month": asked.last_day}).to_pylist()]
    in_month = {**given, "first_day": asked.first_day, "last_day": asked.last_day}
    receipts = [Receipt(**row) for row in reader.table(_RECEIVED, in_month).to_pylist()]
    moved = reader.table(_MOVED, given).to_pylist()
    funds = register.funds(reader, at.known)
    terms = register.newest_terms(reader, day, at.known)
    fences = pots.on_day(pots.fences(reader, held, day), day)
    return MonthAnswer(
        lines,
        receipts,
        [fence for fence in fences if fence.spend_by is not None and fence.left_pence > 0],
        _purposes(moved, funds, _pots(funds, terms)),
        _outlooks(reader, held, organisation, {"known": at.known, "year": year.start, "day": day}),
        _baselines(moved, funds, held),
        pots.kept(reader, at, held, year.last_day),
        [None if fence.notified_on is None else (year.first_day - fence.notified_on).days for fence in fences],
    )


def _pots(funds: Mapping[str, Row], terms: Mapping[str, Row]) -> dict[str, str]:
    """The pot of each fund: itself or the nearest around it that has terms of its own; itself where none has."""
    found = {}
    for code in funds:
        around: str | None = code
        while around is not None and around not in terms:
            around = funds[around]["parent"]
        found[code] = around or code
    return found


def _purposes(moved: Sequence[Row], funds: Mapping[str, Row], pot_of: Mapping[str, str]) -> list[OnPurpose]:
    sums: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for row in moved:
        before, after = pot_of[row["from_fund"]], pot_of[row["to_fund"]]
        if row["is_spent"]:
            if row["gives"]:
                sums[before]["spent_pence"] += row["pence"]
        elif not row["inside"]:
            if row["gets"]:
                sums[after]["given_pence"] += row["pence"]
            elif row["gives"]:
                sums[before]["returned_pence"] += row["pence"]
        elif before != after:
            gone = "set_aside_pence" if before in _around(after, funds) else "redirected_pence"
            sums[before][gone] += row["pence"]
            sums[after]["given_pence"] += row["pence"]
    names = ("given_pence", "spent_pence", "redirected_pence", "set_aside_pence", "returned_pence")
    return [
        OnPurpose(pot, funds[pot]["name"], *(its[name] for name in names)) for pot, its in sorted(sums.items())
    ]  # fmt: skip


def _around(fund: str, funds: Mapping[str, Row]) -> list[str]:
    """The funds around a fund, the nearest first."""
    around, found = funds[fund]["parent"], []
    while around is not None:
        found.append(around)
        around = funds[around]["parent"]
    return found


def _baselines(moved: Sequence[Row], funds: Mapping[str, Row], held: pa.Table) -> list[OpeningBaseline]:
    # A movement out of terms that do not say whether money recurs promises nothing: that is not to say that it ends.
    # Every terms have a quality, and no other column of them has to say anything.
    terms = held.select(["fund", "quality", "recurrent"]).to_pylist()
    silent = {row["fund"] for row in terms if row["quality"] is not None and row["recurrent"] is None}
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])

    def add(fund: str, row: Row, pence: int) -> None:
        sums[fund][0 if row["recurrent"] else 2 if fund in silent else 1] += pence

    for row in moved:
        if row["inside"] or row["gets"]:
            add(row["to_fund"], row, row["pence"])
        if row["inside"] or (row["gives"] and not row["gets"]):
            add(row["from_fund"], row, -row["pence"])
    return [OpeningBaseline(fund, funds[fund]["name"], *its) for fund, its in sorted(sums.items()) if any(its)]


def _outlooks(reader: Reader, held: pa.Table, organisation: str, given: dict[str, object]) -> list[Outlook]:
    forecasts = {(row["organisation"], row["fund"]): row for row in reader.table(_FORECASTS, given).to_pylist()}
    names: dict[tuple[str, str], tuple[str, str]] = {
        key: (row["organisation_name"], row["fund_name"]) for key, row in forecasts.items()
    }
    budgets: dict[tuple[str, str], int] = defaultdict(int)
    spent: dict[tuple[str, str], int] = defaultdict(int)
    for row in held.to_pylist():
        key = (row["organisation"], row["fund"])
        if key in forecasts or row["organisation"] == organisation:
            names.setdefault(key, (row["organisation_name"], row["fund_name"]))
            budgets[key] += row["amount_pence"]
            spent[key] += row["amount_pence"] if row["standing"] == SPENT else 0
    found = []
    for key in sorted(names, key=lambda one: (one[0] != organisation, one)):
        forecast = forecasts.get(key)
        expected, as_at = (None, None) if forecast is None else (forecast["amount_pence"], forecast["as_at"])
        found.append(Outlook(key[0], names[key][0], key[1], names[key][1], budgets[key], spent[key], expected, as_at))
    return found
