"""The network contract of one primary care network: each element, month by month, with arrears and claims."""

from collections.abc import Iterator
from typing import Any

from allocations.network.contract import title
from allocations.network.files import ClaimSettlement
from allocations.network.payments import Payment
from allocations.network.posts import PostsAgainst
from allocations.network.statement import ElementLine, Statement, by_month
from ledger.attributes import picked
from ledger.money import exact_pounds
from screens.report.report import NOT_AVAILABLE, Report, Row, Table, count, data, money, ratio, text


def contract(statement: Statement, *, source: str, monthly: bool) -> Report:
    """What a network is paid under the contract.

    Args:
        source: where the counts of people come from.
        monthly: whether people see the months in place of the elements.
    """
    known = f", as known on {statement.known_on}" if statement.known_on else ""
    heading = f"Network contract {statement.year}, {statement.network} {statement.name or ''}".rstrip() + known
    every = elements(statement)
    keys = [column for column in every.columns if column.key]
    tables = [Table("", data(*(column.key for column in keys)), [list(row.values()) for row in every.records()]),
              months(statement)] if monthly else [every]  # fmt: skip
    tables += [posts(one) for one in statement.posts]
    return Report(tables, None, heading, list(_sentences(statement)), _facts(statement), source)


def elements(statement: Statement) -> Table:
    """Each element on its own count of people."""
    heads = [
        *data("element"), text("Element"), text("Paid", "paid"), *data("basis"), text("Counted by"),
        count("People", "people"), text("People are", missing=NOT_AVAILABLE),
        *data("people_standing", "people_source"), ratio("Rate (£, published)", "rate_pounds"),
        *data("rate_standing", "rate_quality", "rate_source", "rate_effective_from", "rate_notified_on",
              "amount_standing"),
        money("A year (£)", "annual_pence"), ratio("£ per registered head", "per_registered_head_pounds"),
        text("Why not", "missing"),
    ]  # fmt: skip
    return Table(
        f"Elements of the contract, {statement.network}, {statement.year}",
        heads,
        [_row(line) for line in statement.lines],
    )


def _row(line: ElementLine) -> Row:
    rate, people = line.element.rate, line.element.count
    stands_in = people is not None and people.illustrative
    standing = None if line.annual_pence is None else "illustrative" if stands_in else "derived"
    name = title(line.name)
    return (
        line.name, f"{name[:1].upper()}{name[1:]}", line.paid, rate.basis, rate.basis.replace("_", " "),
        None if people is None else people.people,
        None if people is None else "stand-ins" if stands_in else "as given",
        None if people is None else "illustrative" if stands_in else "given",
        None if people is None else people.source, rate.pounds.normalize(), "published", rate.quality, rate.source,
        rate.effective_from, rate.notified_on, standing, line.annual_pence, line.per_head_pounds, line.missing,
    )  # fmt: skip


def months(statement: Statement) -> Table:
    """What each month pays, element by element, with arrears."""
    names = [line.name for line in statement.lines if line.paid == "monthly"]
    heads = [
        text("Month"),
        *(money(f"{title(name).capitalize()} (£)") for name in names),
        money("Arrears (£)"),
        money("Paid (£)"),
    ]
    rows = [
        (f"{month.month:%B %Y}", *(month.pence.get(name) for name in names), month.arrears_pence, month.total_pence)
        for month in by_month(statement.payments)
    ]
    return Table(f"Payments to {statement.network}, {statement.year}", heads, rows)


def posts(posts_held: PostsAgainst) -> Table:
    """Posts of additional roles, and what each is reimbursed at most."""
    heads = [
        text("Role"), ratio("Whole-time equivalents", places=2), ratio("Months", places=1),
        money("Most for one in a year (£)"), money("At most (£)"),
    ]  # fmt: skip
    rows = [
        (post.role, post.whole_time, post.months, post.maximum_pence, post.at_most_pence) for post in posts_held.posts
    ]
    return Table(f"Posts against {title(posts_held.element)}", heads, rows)


def _against(posts_held: PostsAgainst) -> str:
    name, most = title(posts_held.element), _pounds(posts_held.at_most_pence)
    if posts_held.entitlement_pence is None or posts_held.unclaimed_pence is None:
        return (
            f"Posts against {name} are reimbursed {most} at most; the entitlement is not available, nor what is left."
        )
    rest = (
        f"they come to {_pounds(posts_held.above_pence)} more, which is not paid"
        if posts_held.above_pence
        else f"{_pounds(posts_held.unclaimed_pence)} stays unclaimed"
    )
    return f"Posts against {name} are reimbursed {most} at most, of {_pounds(posts_held.entitlement_pence)}: {rest}."


def _sentences(statement: Statement) -> Iterator[str]:
    if statement.total_pence is None:
        yield "The total is not available: no element can be worked out."
    else:
        head = "" if statement.per_head_pounds is None else f", £{statement.per_head_pounds} for each registered person"
        without = f", without {', '.join(title(name) for name in statement.without)}" if statement.without else ""
        yield f"In all {_pounds(statement.total_pence)} for the year{head}{without}."
    for line in statement.lines:
        if line.missing:
            yield f"{title(line.name)} is not available: {line.missing}. Give it with --counts."
    yield from worked_out(statement)
    yield "Rates are published by NHS England. Amounts are derived: people times rate, to the penny, halves up."
    yield from behind(statement)


def worked_out(statement: Statement) -> Iterator[str]:
    """What follows from counts that changed, from claims and from posts: arrears, and what is unclaimed."""
    for payment in statement.arrears:
        yield _arrears(payment)
    for settlement in statement.claims:
        yield from _claimed(settlement)
    for against in statement.posts:
        yield _against(against)


def behind(statement: Statement) -> list[str]:
    """What stands behind a contract: remarks, and what is not worked out here."""
    return [*statement.remarks, *(f"Not worked out here, {title(gap.element)}: {gap.note}." for gap in statement.gaps)]


def _arrears(payment: Payment) -> str:
    way = "Arrears" if payment.arrears_pence > 0 else "Taken back"
    number = "month" if payment.arrears_months == 1 else "months"
    money = f"{_pounds(payment.arrears_pence)} of {title(payment.element)}"
    return f"{way} in {payment.month:%B %Y}: {money} for {payment.arrears_months} {number} before."


def _claimed(settlement: ClaimSettlement) -> Iterator[str]:
    claimed = f"Claims against {title(settlement.element)} come to {_pounds(settlement.claimed_pence)}"
    if settlement.entitlement_pence is None or settlement.unclaimed_pence is None:
        yield f"{claimed}; what may be claimed is not available."
        return
    used = "none" if settlement.used_percent is None else f"{settlement.used_percent}%"
    yield (
        f"{claimed} of {_pounds(settlement.entitlement_pence)}: "
        f"{used} used, {_pounds(settlement.unclaimed_pence)} unclaimed."
    )
    if settlement.above_pence:
        yield f"{_pounds(settlement.above_pence)} is claimed above the most that is reimbursed, and is not paid."


def _pounds(pence: int) -> str:
    """To the penny: this is what somebody is paid."""
    return f"£{exact_pounds(pence)}"


def _facts(statement: Statement) -> dict[str, Any]:
    return {
        "network": statement.network,
        "name": statement.name,
        "year": str(statement.year),
        "known_on": statement.known_on,
        "total_pence": statement.total_pence,
        "per_registered_head_pounds": statement.per_head_pounds,
        "without": list(statement.without),
        "payments": [
            {
                "element": payment.element,
                "month": f"{payment.month:%Y-%m}",
                "payment_pence": payment.pence,
                **picked(payment, "arrears_pence", "arrears_months"),
            }
            for payment in statement.payments
        ],
        "claims": [_settlement(settlement) for settlement in statement.claims],
        **({"posts": [_posts(against) for against in statement.posts]} if statement.posts else {}),
        "not_worked_out": [picked(gap, "element", "note", "source", "notified_on") for gap in statement.gaps],
        "remarks": list(statement.remarks),
    }


def _settlement(settlement: ClaimSettlement) -> dict[str, Any]:
    sums = ("entitlement_pence", "claimed_pence", "reimbursed_pence", "above_pence", "unclaimed_pence", "used_percent")
    return {
        **picked(settlement, "element", *sums),
        "months": [
            {"month": f"{month.month:%Y-%m}", **picked(month, "claimed_pence", "reimbursed_pence")}
            for month in settlement.months
        ],
    }


def _posts(posts_held: PostsAgainst) -> dict[str, Any]:
    each = ("role", "whole_time", "months", "maximum_pence", "at_most_pence")
    return {
        **picked(posts_held, "element", "at_most_pence", "entitlement_pence", "unclaimed_pence", "above_pence"),
        "posts": [picked(post, *each) for post in posts_held.posts],
    }
