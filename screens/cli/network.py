"""The network contract of one primary care network: each element, month by month, with arrears and claims."""

from collections.abc import Iterator, Mapping
from datetime import date
from pathlib import Path
from typing import Annotated, Any

import typer

from allocations.network.contract import title
from allocations.network.files import Settlement
from allocations.network.payments import Payment
from allocations.network.statement import FIGURES_YEAR, ElementLine, Statement, by_month, statement
from ledger.money import exact_pounds
from screens.cli import options
from screens.cli.guard import guarded
from screens.cli.options import Json, Year
from screens.report.terminal import Answer, show

MISSING = "not available"


@guarded("network")
def network(
    pcn: Annotated[str, typer.Argument(help="The network's code, as U12345.")],
    year: Year = None,
    counts: Annotated[
        Path | None,
        typer.Option(help="Your own counts: CSV with pcn, basis, people, effective_from, notified_on, source."),
    ] = None,
    claims: Annotated[
        Path | None, typer.Option(help="Claims for additional roles: CSV with pcn, month and amount.")
    ] = None,
    known_on: Annotated[
        date | None,
        typer.Option("--known-on", help="As rates and counts were known on a day; now otherwise.", parser=options.day),
    ] = None,
    monthly: Annotated[bool, typer.Option("--monthly", help="Show what each month pays, with arrears.")] = False,
    as_json: Json = False,
) -> None:
    """What the network contract pays a PCN: each element on its own count of people. Needs no ledger."""
    found = statement(pcn, year or FIGURES_YEAR, counts_file=counts, claims_file=claims, known_on=known_on)
    source = str(counts) if counts else "allocations/figures/reference"
    if as_json:
        answer = Answer("network", source, [_element_row(line) for line in found.lines], extra=_document(found))
    else:
        rows = list(_month_rows(found)) if monthly else [_shown(line) for line in found.lines]
        answer = Answer("network", source, rows, title=_title(found), after=list(_after(found)))
    show(answer, as_json=as_json)


def _title(found: Statement) -> str:
    known = f", as known on {found.known_on}" if found.known_on else ""
    return f"Network contract {found.year}, {found.network} {found.name or ''}".rstrip() + known


def _shown(line: ElementLine) -> dict[str, Any]:
    count = line.element.count
    return {
        "element": title(line.name),
        "paid": line.paid,
        "counted by": line.element.rate.basis.replace("_", " "),
        "people": MISSING if count is None else count.people,
        "people are": MISSING if count is None else "stand-ins" if count.illustrative else "as given",
        "rate (£, published)": line.element.rate.pounds.normalize(),
        "annual_pence": line.annual_pence,
        "£ per registered head": MISSING if line.per_head_pounds is None else line.per_head_pounds,
    }


def _month_rows(found: Statement) -> Iterator[dict[str, Any]]:
    names = [line.name for line in found.lines if line.paid == "monthly"]
    for month in by_month(found.payments):
        own: Mapping[str, Any] = {f"{name}_pence": month.pence.get(name) for name in names if name in month.pence}
        yield {
            "month": f"{month.month:%B %Y}",
            **{f"{name}_pence": own.get(f"{name}_pence") for name in names},
            "arrears_pence": month.arrears_pence,
            "paid_pence": month.total_pence,
        }


def _after(found: Statement) -> Iterator[str]:
    if found.total_pence is None:
        yield "The total is not available: no element can be worked out."
    else:
        head = "" if found.per_head_pounds is None else f", £{found.per_head_pounds} for each registered person"
        without = f", without {', '.join(title(name) for name in found.without)}" if found.without else ""
        yield f"In all {_pounds(found.total_pence)} for the year{head}{without}."
    for line in found.lines:
        if line.missing:
            yield f"{title(line.name)} is not available: {line.missing}. Give it with --counts."
    for payment in found.arrears:
        yield _arrears(payment)
    for settlement in found.claims:
        yield from _claimed(settlement)
    yield "Rates are published by NHS England. Amounts are derived: people times rate, to the penny, halves up."
    yield from found.remarks
    yield from (f"Not worked out here, {title(gap.element)}: {gap.note}." for gap in found.gaps)


def _arrears(payment: Payment) -> str:
    way = "Arrears" if payment.arrears_pence > 0 else "Taken back"
    months = "month" if payment.arrears_months == 1 else "months"
    of = f"{_pounds(payment.arrears_pence)} of {title(payment.element)}"
    return f"{way} in {payment.month:%B %Y}: {of} for {payment.arrears_months} {months} before."


def _claimed(found: Settlement) -> Iterator[str]:
    name = title(found.element)
    if found.entitlement_pence is None or found.unclaimed_pence is None:
        yield f"Claims against {name} come to {_pounds(found.claimed_pence)}; what may be claimed is not available."
        return
    used = "none" if found.used_percent is None else f"{found.used_percent}%"
    yield (
        f"Claims against {name} come to {_pounds(found.claimed_pence)} of {_pounds(found.entitlement_pence)}: "
        f"{used} used, {_pounds(found.unclaimed_pence)} unclaimed."
    )
    if found.above_pence:
        yield f"{_pounds(found.above_pence)} is claimed above the most that is reimbursed, and is not paid."


def _pounds(pence: int) -> str:
    """To the penny: this is what somebody is paid."""
    return f"£{exact_pounds(pence)}"


def _element_row(line: ElementLine) -> dict[str, Any]:
    rate, count = line.element.rate, line.element.count
    return {
        "element": line.name,
        "paid": line.paid,
        "basis": rate.basis,
        "people": None if count is None else count.people,
        "people_standing": None if count is None else "illustrative" if count.illustrative else "given",
        "people_source": None if count is None else count.source,
        "rate_pounds": rate.pounds.normalize(),
        "rate_standing": "published",
        "rate_quality": rate.quality,
        "rate_source": rate.source,
        "rate_effective_from": rate.effective_from,
        "rate_notified_on": rate.notified_on,
        "amount_standing": _standing(line),
        "annual_pence": line.annual_pence,
        "per_registered_head_pounds": line.per_head_pounds,
        "missing": line.missing,
    }


def _standing(line: ElementLine) -> str | None:
    if line.annual_pence is None:
        return None
    return "illustrative" if line.element.count and line.element.count.illustrative else "derived"


def _document(found: Statement) -> dict[str, Any]:
    return {
        "network": found.network,
        "name": found.name,
        "year": str(found.year),
        "known_on": found.known_on,
        "total_pence": found.total_pence,
        "per_registered_head_pounds": found.per_head_pounds,
        "without": list(found.without),
        "payments": [
            {
                "element": payment.element,
                "month": f"{payment.month:%Y-%m}",
                "payment_pence": payment.pence,
                "arrears_pence": payment.arrears_pence,
                "arrears_months": payment.arrears_months,
            }
            for payment in found.payments
        ],
        "claims": [_settlement_row(settlement) for settlement in found.claims],
        "not_worked_out": [
            {"element": gap.element, "note": gap.note, "source": gap.source, "notified_on": gap.notified_on}
            for gap in found.gaps
        ],
        "remarks": list(found.remarks),
    }


def _settlement_row(found: Settlement) -> dict[str, Any]:
    return {
        "element": found.element,
        "entitlement_pence": found.entitlement_pence,
        "claimed_pence": found.claimed_pence,
        "reimbursed_pence": found.reimbursed_pence,
        "above_pence": found.above_pence,
        "unclaimed_pence": found.unclaimed_pence,
        "used_percent": found.used_percent,
        "months": [
            {
                "month": f"{month.month:%Y-%m}",
                "claimed_pence": month.claimed_pence,
                "reimbursed_pence": month.reimbursed_pence,
            }
            for month in found.months
        ],
    }
