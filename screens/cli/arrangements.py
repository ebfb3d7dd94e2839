"""What was arranged: pooled funds, contracts and instalments; and whether each body breaks even alone."""

from collections.abc import Callable
from typing import Annotated

import typer

from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, AsAt, KnownAt, Ledger, Organisation, Year
from screens.report import arrangements
from screens.report.report import Report


def _shows(name: str, answer: Callable[..., Report], says: str) -> Callable[..., None]:
    """A command that shows what was arranged, of an organisation and a year or of all of them."""

    def show(
        ledger: Ledger = DEFAULT_LEDGER,
        organisation: Organisation = None,
        year: Year = None,
        as_at: AsAt = None,
        known_at: KnownAt = None,
    ) -> Report:
        with reading(ledger, as_at, known_at) as (reader, at):
            return answer(reader, at, organisation=organisation, year=year)

    show.__doc__ = says
    return guarded(name)(show)


show_pools = _shows(
    "pools", arrangements.pools,
    "Pooled funds: what each payer agreed and paid, the inner minimum, and each payer's share of what is left.",
)  # fmt: skip
show_contracts = _shows(
    "contracts", arrangements.contracts,
    "Who holds which contract for a population: its term, its sub-contracts, and its budget for each person.",
)  # fmt: skip
show_instalments = _shows(
    "instalments", arrangements.instalments,
    "Instalments under a test: earned, withheld or moved to another, and whether what was paid agrees.",
)  # fmt: skip


@guarded("breakeven")
def show_breakeven(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    tier: Annotated[str | None, typer.Option(help="Only bodies of this tier, as icb.")] = None,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
) -> Report:
    """Whether each body breaks even alone: what it has against what it expects to spend, where that is recorded."""
    with reading(ledger, as_at, known_at) as (reader, at):
        return arrangements.each_alone(reader, at, organisation=organisation, tier=tier, year=year)
