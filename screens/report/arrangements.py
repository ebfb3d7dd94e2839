"""Pooled funds, contracts, instalments under a test, and whether each body breaks even alone."""

from collections.abc import Iterable

from allocations.shares.pooled import OTHERS, shares_of_what_is_left
from ledger.attributes import picked
from ledger.money import exact_pounds, spoken
from ledger.reports import arrangements, breakeven
from ledger.reports.arrangements import InstalmentTied, Pool
from ledger.reports.position import Moment, year_in_view
from ledger.store.base import Reader
from ledger.words import OUTCOMES
from ledger.years import FinancialYear
from screens.report.report import Report, Row, Table, count, data, day, money, text

_NOT_KNOWN = "not known"
_NONE = "none"
_NO_SPENDING = "none is recorded"


def pools(reader: Reader, at: Moment, *, organisation: str | None, year: FinancialYear | None) -> Report:
    """Pooled funds: what each payer agreed and paid, whether the inner minimum is met, and whose what is left is.

    Args:
        organisation: only those that it hosts or pays into.
        year: of the money; otherwise the newest that has begun by the day and in which an ICB holds any.
    """
    year = year or year_in_view(reader, at)
    found = arrangements.pools(reader, at, organisation=organisation, year=year)
    heads = [
        text("Pooled fund", "fund_name"), *data("pool", "fund", "payer"), text("Host", "host_name"),
        text("Payer", "payer_name"), money("Agreed (£)", "agreed_pence", missing=""),
        money("Paid in (£)", "paid_pence"), money("Still to be paid (£)", "to_pay_pence", missing=""),
        money("Least for the inner purpose (£)", "minimum_pence", missing=_NONE),
        money("Share of what is left (£)", "share_of_left_pence"),
    ]  # fmt: skip
    rows = [row for pool in found for row in _payers(pool)]
    hosted_heads = [
        text("Pooled fund"), text("Host"), money("Paid in (£)"), money("From other funds of the host (£)"),
        money("Passed on (£)"), money("Spent by the host (£)"), money("Left (£)"),
        money("For the inner purpose (£)"), money("Its least (£)", missing=_NONE), money("Short of it (£)", missing=""),
    ]  # fmt: skip
    hosted = [
        (pool.fund_name, pool.host_name, pool.paid_in_pence, pool.reworked_pence, pool.passed_pence,
         pool.spent_pence, pool.left_pence, pool.inner_pence, pool.minimum_pence, pool.short_pence)
        for pool in found
    ]  # fmt: skip
    facts = {"organisation": organisation, "year": str(year), "pools": [_pool_facts(pool) for pool in found]}
    tables = [Table("Payers", heads, rows), Table("The hosted accounts", hosted_heads, hosted)]
    title = f"Pooled funds of {year}{f', {organisation}' if organisation else ''}."
    said = [sentence for pool in found for sentence in _of_pool(pool)] or ["No contribution to a pool is recorded."]
    return Report(tables, at, title, said, facts)


def _payers(pool: Pool) -> Iterable[Row]:
    shares = shares_of_what_is_left(pool)
    for payer in pool.payers:
        own = None if shares is None else shares[payer.organisation]
        yield (
            pool.fund_name, pool.host, pool.fund, payer.organisation, pool.host_name, payer.name, payer.agreed_pence,
            payer.paid_pence, payer.to_pay_pence, payer.minimum_pence, own,
        )  # fmt: skip
    if pool.others_pence:
        own = None if shares is None else shares[OTHERS]
        yield (
            pool.fund_name, pool.host, pool.fund, OTHERS, pool.host_name, "Others, without an agreement", None,
            pool.others_pence, None, None, own,
        )  # fmt: skip


def _of_pool(pool: Pool) -> Iterable[str]:
    name = f"{pool.fund_name}, hosted by {pool.host_name}"
    if pool.minimum_pence is None:
        yield f"{name}: no least amount for an inner purpose is recorded."
    elif not pool.has_inner:
        yield f"{name}: a least of {_exact(pool.minimum_pence)} was agreed, and no fund inside it says what it is for."
    else:
        met = f"which is {_exact(pool.short_pence)} short" if pool.short_pence else "which meets it"
        spent = f"{_exact(pool.inner_spent_pence)} of it spent" if pool.inner_spent_pence else "no spending is recorded"
        yield (
            f"{name}: {_exact(pool.inner_pence)} stands on funds inside it of the least of "
            f"{_exact(pool.minimum_pence)}, {met}; {spent}."
        )
    yield f"What is left, {_exact(pool.left_pence)}, is shared by what each paid in, to the penny."


def _pool_facts(pool: Pool) -> dict[str, object]:
    sums = (
        "paid_in_pence", "reworked_pence", "passed_pence", "spent_pence", "left_pence", "inner_pence",
        "inner_spent_pence", "minimum_pence", "short_pence",
    )  # fmt: skip
    return {"pool": pool.host, **picked(pool, "fund", *sums)}


def contracts(reader: Reader, at: Moment, *, organisation: str | None, year: FinancialYear | None) -> Report:
    """Who holds which contract, for how many people and until when, and its capitated budget.

    Args:
        organisation: only those that it holds or lets, with what lies inside them.
        year: of the money; otherwise the newest that has begun by the day and in which an ICB holds any.
    """
    year = year or year_in_view(reader, at)
    found = arrangements.contracts(reader, at, organisation=organisation, year=year)
    heads = [
        text("Contract", "contract"), *data("depth", "holder", "commissioner"), text("Kind", "kind"),
        text("Holder", "holder_name"), text("Let by", "commissioner_name"), text("Fund", "fund"),
        text("Part of", "part_of"), day("From", "valid_from"), day("Until", "valid_to", missing="no end is recorded"),
        text("In force", "in_force"), count("People", "population", missing=_NOT_KNOWN),
        money("Budget (£)", "budget_pence"), money("A person (£)", "per_head_pence", missing=_NOT_KNOWN),
        money("Let on (£)", "let_on_pence", missing=""), money("Kept (£)", "kept_pence", missing=""),
        count("People let on", "let_on_population", missing=""),
    ]  # fmt: skip
    rows = [
        (one.code, one.depth, one.holder, one.commissioner, one.kind, one.holder_name, one.commissioner_name, one.fund,
         one.part_of, one.valid_from, one.valid_to, one.in_force, one.population, one.budget_pence, one.per_head_pence,
         one.let_on_pence, one.kept_pence, one.let_on_population)
        for one in found
    ]  # fmt: skip
    more = [
        f"The sub-contracts of {one.code} are for {one.let_on_population:,} people, and it is for {one.population:,}."
        for one in found
        if one.population and one.let_on_population and one.let_on_population > one.population
    ]
    said = [
        "Budget: what the commissioner gave the holder on its fund in the year, less what went back.",
        "A person: that budget over the people of the contract.",
        *more,
    ]  # fmt: skip
    facts = {"organisation": organisation, "year": str(year)}
    title = f"Contracts on {at.as_at}, money of {year}{f', {organisation}' if organisation else ''}."
    return Report([Table("Contracts", heads, rows)], at, title, said if rows else ["No contract is recorded."], facts)


def instalments(reader: Reader, at: Moment, *, organisation: str | None, year: FinancialYear | None) -> Report:
    """Instalments under a test: what became of each, and whether what was paid agrees with it.

    Args:
        organisation: only those that it pays or gets, or that were moved to it.
        year: of the money; otherwise the newest that has begun by the day and in which an ICB holds any.
    """
    year = year or year_in_view(reader, at)
    found = arrangements.instalments(reader, at, organisation=organisation, year=year)
    heads = [
        text("Instalment", "instalment"), text("Quarter", "quarter"), day("Due on", "due_on"), text("Fund", "fund"),
        text("Payer", "payer"), text("For", "receiver"), text("Test", "test"), money("Amount (£)", "amount_pence"),
        text("Became", "outcome"), text("Moved to", "moved_to"), money("Paid (£)", "paid_pence"),
        text("Money agrees", "agrees"),
    ]  # fmt: skip
    rows = [
        (one.code, one.quarter, one.due_on, one.fund, one.payer, one.receiver, one.test, one.amount_pence, one.outcome,
         one.moved_to, one.paid_pence, not one.apart)
        for one in found
    ]  # fmt: skip
    quarters = arrangements.by_quarter(found)
    by_quarter = Table(
        "By quarter",
        [text("Quarter"), *(money(f"{word.capitalize()} (£)") for word in OUTCOMES), money("Paid (£)")],
        [(quarter, *(its[word] for word in OUTCOMES), its["paid"]) for quarter, its in quarters.items()],
    )
    said = [sentence for one in found for sentence in _of_instalment(one)]
    if found and not said:
        said = ["Money and record agree for every instalment."]
    said.append("What was paid of an instalment is told by the entries whose source names it, as 'Instalment NAME'.")
    facts = {
        "organisation": organisation, "year": str(year),
        "quarters": [
            {"quarter": quarter, **{f"{word}_pence": pence for word, pence in its.items()}}
            for quarter, its in quarters.items()
        ],
        "apart": [
            {"instalment": one.code, "organisation": who, "apart_pence": pence}
            for one in found for who, pence in one.apart.items()
        ],
    }  # fmt: skip
    title = f"Instalments of {year}{f', {organisation}' if organisation else ''}."
    return Report([Table("Instalments", heads, rows), by_quarter], at, title, said, facts)


def _of_instalment(one: InstalmentTied) -> Iterable[str]:
    for who, pence in one.apart.items():
        if pence < 0:
            yield f"{one.code} is {one.outcome}: {_exact(-pence)} is still to be paid to {who}."
        else:
            yield f"{one.code} is {one.outcome}: {_exact(pence)} was paid to {who} that its outcome does not give it."
    if one.is_late:
        yield f"{one.code} was due on {one.due_on}, and nobody has said what became of it."


def each_alone(
    reader: Reader, at: Moment, *, organisation: str | None, tier: str | None, year: FinancialYear | None
) -> Report:
    """Whether each body breaks even alone, those that do not first.

    Args:
        organisation: only this one and those below it.
        tier: only bodies of this tier.
        year: of the money; otherwise the newest that has begun by the day and in which an ICB holds any.

    Raises:
        Refused: the organisation is unknown.
    """
    year = year or year_in_view(reader, at)
    found = breakeven.each_alone(reader, at, organisation=organisation, tier=tier, year=year)
    heads = [
        text("Organisation", "name"), *data("organisation"), text("Tier", "tier"), money("Has (£)", "held_pence"),
        money("Spent (£)", "spent_pence", missing=_NO_SPENDING),
        money("Expected, where known (£)", "expected_pence", missing=_NOT_KNOWN),
        money("Not known of (£)", "unknown_pence"),
        money("Under (+) or over (-) (£)", "under_pence", missing=_NOT_KNOWN),
        text("Breaks even alone", "breaks_even", missing=_NOT_KNOWN),
    ]  # fmt: skip
    rows = [
        (one.name, one.organisation, one.tier, one.held_pence, one.spent_pence, one.expected_pence, one.unknown_pence,
         one.under_pence, one.breaks_even)
        for one in found
    ]  # fmt: skip
    over = [one for one in found if one.breaks_even is False]
    unknown = [one for one in found if one.breaks_even is None]
    sums = breakeven.together(found)
    said = [f"{one.name} ({one.organisation}) is {_over(one.under_pence)} over what it has." for one in over]
    if over and sums is not None:
        whole, hidden = sums
        way = "under" if whole >= 0 else "over"
        said.append(
            f"Together those of whom it is known are {spoken(abs(whole))} {way}; alone, {spoken(hidden)} is over."
        )
    said.append(
        f"Of {len(found)} bodies {len(found) - len(over) - len(unknown)} break even alone and {len(over)} do not. Of "
        f"{len(unknown)} it is not known: some of their money has no forecast, or what it paid for is not all recorded."
    )
    facts = {
        "organisation": organisation,
        "tier": tier,
        "year": str(year),
        "together_pence": None if sums is None else sums[0],
    }
    title = f"Whether each body breaks even alone, {year}, on {at.as_at}."
    return Report([Table("Each body alone", heads, rows, most=60)], at, title, said, facts)


def _over(under: int | None) -> str:
    return _exact(abs(under or 0))


def _exact(pence: int | None) -> str:
    return _NOT_KNOWN if pence is None else f"£{exact_pounds(pence)}"
