"""What was arranged: pooled funds, contracts and instalments; and whether each body breaks even alone."""

from typing import Annotated

import typer

from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, AsAt, KnownAt, Ledger, Organisation, Year
from screens.report import arrangements
from screens.report.report import Report


@guarded("pools")
def show_pools(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
) -> Report:
    """Pooled funds: what each payer agreed and paid, the inner minimum, and each payer's share of what is left."""
    with reading(ledger, as_at, known_at) as (reader, at):
        return arrangements.pools(reader, at, organisation=organisation, year=year)


@guarded("contracts")
def show_contracts(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
) -> Report:
    """Who holds which contract for a population: its term, its sub-contracts, and its budget for each person."""
    with reading(ledger, as_at, known_at) as (reader, at):
        return arrangements.contracts(reader, at, organisation=organisation, year=year)


@guarded("instalments")
def show_instalments(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
) -> Report:
    """Instalments under a test: earned, withheld or moved to another, and whether what was paid agrees."""
    with reading(ledger, as_at, known_at) as (reader, at):
        return arrangements.instalments(reader, at, organisation=organisation, year=year)


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
