"""A month's end: what the letter announced and what became of it, and where the year stands."""

from datetime import date

from ledger.entries.months import of_year
from ledger.money import plain_decimal, spoken
from ledger.reports import month as months
from ledger.reports.month import MonthAnswer
from ledger.reports.position import Moment
from ledger.reports.pots_over_years import without_amount
from ledger.store.base import Reader
from ledger.years import FinancialYear, Month, year_of
from screens.report.pots import no_amount
from screens.report.report import Report, Row, Table, count, data, day, money, text

_LETTER = (
    text("Reference", "reference"), *data("from_organisation", "fund", "recurrent"), text("Fund", "fund_name"),
    text("Lasting"), text("Contact", "contact", missing="none is recorded"), day("Notified on", "notified_on"),
    money("Anticipated (£)", "anticipated_pence"), money("Notified (£)", "notified_pence"),
    money("Received (£)", "received_pence"), money("Not yet received (£)", "outstanding_pence"),
    money("Distributed (£)", "distributed_pence"), money("Spent (£)", "spent_pence"),
    money("Not yet distributed (£)", "held_pence"),
)  # fmt: skip
_RECEIPTS = (
    text("Entry", "entry"), text("Kind", "kind"), day("Day", "day"), text("Fund", "fund"),
    text("What it names", "source", missing="nothing"), money("Came (£)", "amount_pence"),
)  # fmt: skip
# What stands where nobody has recorded any spending: it is not known, and never nought.
_NO_SPENDING = "none is recorded"


def _deadlines(answer: MonthAnswer) -> Table:
    passed = "its day has passed" if answer.has_spending else "no spending is recorded"
    columns = (
        text("Pot", "name"), *data("fund"), money("Not spent (£)" if answer.has_spending else "Held (£)", "left_pence"),
        day("Spend by", "spend_by"), count("Days left", "days_left"),
        money("A day from now (£)", "rate_pence", missing=passed),
        money("A day over the whole time (£)", "whole_rate_pence", missing=passed),
    )  # fmt: skip
    rows = [
        (one.name, one.code, one.left_pence, one.spend_by, one.days_left,
         *((one.rate_pence, one.whole_rate_pence) if answer.has_spending else (None, None)))
        for one in answer.deadlines
    ]  # fmt: skip
    return Table("To be spent by a day", columns, rows)


_PURPOSES = (
    text("Pot", "name"), *data("fund"), money("Given (£)", "given_pence"),
    money("Spent on purpose (£)", "spent_pence", missing=_NO_SPENDING),
    money("Moved to other pots (£)", "redirected_pence"), money("Set aside inside it (£)", "set_aside_pence"),
    money("Returned (£)", "returned_pence"), money("Left (£)", "left_pence"),
)  # fmt: skip
_OUTLOOKS = (
    text("Organisation", "organisation_name"), *data("organisation", "fund"), text("Fund", "fund_name"),
    money("Budget (£)", "budget_pence"), money("Spent (£)", "spent_pence", missing=_NO_SPENDING),
    money("Forecast for the year (£)", "forecast_pence", missing=_NO_SPENDING), day("Forecast at", "forecast_at"),
    money("Under (+) or over (-) budget (£)", "under_pence", missing=""),
)  # fmt: skip
_BASELINES = (
    text("Fund", "name"), *data("fund"), money("Recurs (£)", "recurrent_pence"),
    money("Falls away (£)", "falls_away_pence"), money("Not known (£)", "not_known_pence"),
)  # fmt: skip
_KEPT = (
    text("Organisation", "name"), *data("organisation", "fund"), text("Fund", "fund_name"),
    money("With agreement (£)", "agreed_pence"), money("Without agreement (£)", "not_agreed_pence"),
    money("Not a choice (£)", "not_a_choice_pence"),
    text("Who agreed", "partners", missing="nobody"), text("Decision", "decision", missing="none is recorded"),
    day("Until", "until", missing="no end is recorded"),
)  # fmt: skip


def newest_month(year: int, as_at: date) -> Month:
    """The month of a year, by the year it starts in, that ended last before a day; its first where none has."""
    every = of_year(FinancialYear(year))
    return ([month for month in every if month.last_day < as_at] or every[:1])[-1]


def shown(reader: Reader, at: Moment, asked: Month, organisation: str) -> Report:
    """What a month's end asks of an organisation: the letter line by line first, then where the year stands.

    Args:
        at: the day up to which entries count, usually the last of the month.

    Raises:
        Refused: the organisation is unknown.
    """
    found = months.month(reader, at, asked, organisation)
    year = year_of(asked.first_day)
    known = found.has_spending
    tables = [
        Table("The month's letter", _LETTER, _letter(found)),
        Table("What came in the month and names no line of a letter", _RECEIPTS, _unexplained(found)),
        _deadlines(found),
        Table("What became of each pot", _PURPOSES, [
            (one.name, one.pot, one.given_pence, one.spent_pence if known else None, one.redirected_pence,
             one.set_aside_pence, one.returned_pence, one.left_pence) for one in found.purposes]),
        Table("Budget, spending and forecast", _OUTLOOKS, [
            (one.organisation_name, one.organisation, one.fund, one.fund_name, one.budget_pence,
             one.spent_pence if known else None, one.forecast_pence, one.as_at, one.under_pence)
            for one in found.outlooks]),
        Table(f"Opening baseline of the year after {year}", _BASELINES, [
            (one.name, one.fund, one.recurrent_pence, one.falls_away_pence, one.not_known_pence)
            for one in found.baselines]),
        Table("What is kept back", _KEPT, [
            (one.name, one.organisation, one.fund, one.fund_name, one.agreed_pence, one.not_agreed_pence,
             one.not_a_choice_pence, one.partners, one.decision, one.until) for one in found.kept]),
    ]  # fmt: skip
    facts = {
        "month": str(asked), "organisation": organisation, "totals": found.totals,
        "notice": {"pots": len(found.notices), "known": len(found.known_notices),
                   "median_days": found.median_notice},
        **{key: table.records() for key, table in zip(_KEYS, tables[1:], strict=True)},
    }  # fmt: skip
    said = [*_sentences(found), *no_amount(without_amount(reader, at, year.start), year)]
    return Report(tables, at, f"{asked.spoken}: {organisation}.", said, facts)


_KEYS = ("unexplained", "deadlines", "purposes", "outlooks", "baselines", "kept")


def _letter(answer: MonthAnswer) -> list[Row]:
    return [
        (one.reference, one.from_organisation, one.fund, one.recurrent, one.fund_name,
         "recurrent" if one.recurrent else "one-off", one.contact, one.notified_on, one.anticipated_pence,
         one.notified_pence, one.received_pence, one.outstanding_pence, one.distributed_pence, one.spent_pence,
         one.held_pence)
        for one in answer.lines
    ]  # fmt: skip


def _unexplained(answer: MonthAnswer) -> list[Row]:
    return [(one.entry, one.kind, one.day, one.fund, one.source, one.amount_pence) for one in answer.unexplained]


def _notice(answer: MonthAnswer) -> str:
    if not answer.notices:
        return ""
    if answer.median_notice is None:
        return f"Of none of {len(answer.notices)} pots is it known when notice was given."
    days = plain_decimal(abs(answer.median_notice), 1)
    side = "before" if answer.median_notice >= 0 else "after"
    return (
        f"Notice of {len(answer.known_notices)} of {len(answer.notices)} pots is known, and came in the year for "
        f"{answer.late_notices}; the median came {days} days {side} the year began."
    )


def _sentences(answer: MonthAnswer) -> list[str]:
    sums = {name.removesuffix("_pence"): spoken(pence) for name, pence in answer.totals.items()}
    if answer.lines:
        letter = (
            "Of the letter {anticipated} is anticipated and {notified} notified; {received} is received, and "
            "{outstanding} of what was notified is not; {distributed} is distributed, {held} is not yet, and {spent} "
            "is spent."
        )
    else:
        letter = "No line of a letter is recorded for this month yet."
    came = "In the month {came} came from outside, {unexplained} of it without naming a known line of a letter."
    said = [
        letter.format(**sums),
        came.format(**sums),
        "" if answer.has_spending else "No spending of the year is recorded, so what is not spent is not known.",
        f"Of pots {spoken(answer.redirected_pence)} was moved to other pots in the year so far.",
        _notice(answer),
        "What recurs is what came marked as recurrent (R), less what went; the rest falls away, or nobody knows.",
    ]
    return [sentence for sentence in said if sentence]
