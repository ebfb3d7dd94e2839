"""The register of pots: every fund with terms of its own, what is held of it, and by when it must be spent."""

from collections.abc import Mapping
from typing import Any

from ledger.reports import pots as fencing
from ledger.reports import register
from ledger.reports.position import Moment, position
from ledger.reports.pots import Fence
from ledger.store.base import Reader
from ledger.years import FinancialYear, year_of
from screens.report.report import Report, Row, Table, count, data, day, money, text

NOT_KNOWN = "not known"
_NOT_HELD = "Who answers for a pot and what follows it are not in the books; its source names the document that does."


def listed(reader: Reader, at: Moment, *, organisation: str | None, year: FinancialYear | None) -> Report:
    """Every pot with its terms on the day; of an organisation, those of which it or anybody below it has money.

    Args:
        year: the year of the money; that of the day otherwise.

    Raises:
        Refused: the organisation is unknown.
    """
    year = year or year_of(at.as_at)
    on = min(max(at.as_at, year.first_day), year.last_day)
    held = {
        fence.code: fence
        for fence in fencing.fences(reader, position(reader, at, organisation=organisation, year=year.start), on)
    }
    funds, terms = register.funds(reader, at.known), register.newest_terms(reader, on, at.known)
    codes = held.keys() | (terms.keys() if organisation is None else set())
    rows = [_row(funds[code], terms.get(code, {}), held.get(code)) for code in sorted(codes)]
    heads = [
        text("Pot", "name"), *data("fund", "inside"), money("Held (£)", "amount_pence"),
        money("Not spent (£)", "left_pence"), text("Ring-fence", "grade"), text("Route", "route"),
        *data("recurrent"), text("Lasting"), day("Notice", "notified_on"),
        day("Spend by", "spend_by", missing="no deadline"),
        count("Days left", "days_left", missing=""), money("A day from now (£)", "rate_pence", missing=""),
        count("Returns a year", "returns_per_year", missing=NOT_KNOWN), text("Clawback", "clawback"),
        text("May leave by", "leave_by", missing="no way"), text("Source", "source"), text("How sure", "quality"),
    ]  # fmt: skip
    whose = organisation or "The whole ledger"
    title = f"Pots of {year}: {whose}. Terms as they hold on {on}."
    facts = {"organisation": organisation, "year": str(year), "day": on}
    said = [_NOT_HELD] if rows else ["No fund has terms of its own here."]
    return Report([Table("Pots", heads, rows)], at, title, said, facts)


def _row(fund: Mapping[str, Any], terms: Mapping[str, Any], fence: Fence | None) -> Row:
    held = (0, 0, None, None) if fence is None else (
        fence.amount_pence, fence.left_pence, fence.days_left, fence.rate_pence
    )  # fmt: skip
    amount, left, days, rate = held
    recurrent = {True: "recurrent", False: "one-off", None: ""}[terms.get("recurrent")]
    return (
        fund["name"], fund["code"], fund["parent"], amount, left, terms.get("grade", "no terms on record"),
        terms.get("route"), terms.get("recurrent"), recurrent, terms.get("notified_on"), terms.get("spend_by"), days,
        rate,
        terms.get("returns_per_year"), terms.get("clawback"), terms.get("leave_by") or None, terms.get("source"),
        terms.get("quality"),
    )  # fmt: skip
