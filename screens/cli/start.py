"""Where a newcomer starts: ``devolution demo`` builds a ledger, ``devolution new`` one of their own."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from allocations.demo import build as demonstration
from allocations.demo.policy import DEFAULT as DEFAULT_POLICY
from allocations.demo.policy import read_policy
from allocations.files.register.beginning import begin, beginning
from allocations.shares.split import FIGURES_YEAR
from ledger.entries import chain
from ledger.reports import journal, position
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.asked import answers
from screens.cli import options
from screens.cli.guard import guarded, now_of
from screens.cli.options import DEFAULT_LEDGER, Ledger
from screens.report import holdings
from screens.report.render import terminal
from screens.report.report import Report, listed


class Years(StrEnum):
    """Which years the demo builds."""

    NEWEST = str(FIGURES_YEAR)
    ALL = "all"


@guarded("demo")
def demo(
    ledger: Ledger = DEFAULT_LEDGER,
    policy: Annotated[
        Path, typer.Option(help="A devolution policy of your own.", exists=True, dir_okay=False)
    ] = DEFAULT_POLICY,
    terms: Annotated[
        Path | None,
        typer.Option(help="Your own reading of how free each line is, as CSV.", exists=True, dir_okay=False),
    ] = None,
    authority: Annotated[
        str | None,
        typer.Option(help="Who allows it that it reads a line as freer; it names the day, as 2025-04-01."),
    ] = None,
    years: Annotated[
        Years, typer.Option(help="2025/26, or with the years and pots of money before it.")
    ] = Years.NEWEST,
) -> Report:
    """Build a ledger from the published 2025/26 figures and print the picture."""
    read_policy(policy)  # before anything is made, so that a policy with a slip leaves no empty ledger behind
    with Store.open_or_create(ledger) as store:
        with terminal.progress("Building the ledger") as told:
            posted = demonstration.build(
                store,
                policy_file=policy,
                terms_file=terms,
                authority=authority,
                all_years=years is Years.ALL,
                progress=told,
            )
        store.checkpoint()
        with store.read() as reader:
            at = position.moment(reader)
            found = answers.picture(reader, at, None, FIGURES_YEAR.start)
            content = chain.books_hash(reader)
            held = holdings.years_held(journal.years(reader))
    fresh = len([entry for entry in posted if not entry.replayed])
    facts = {"content_hash": content, "entries_posted": fresh, "sentence": found.sentence}
    done = f"{fresh:,} entries posted" if fresh else "Nothing to add: the ledger was built before"
    # Who came in through uv goes on through uv.
    front_door = "uv run devolution" if "UV" in os.environ else "devolution"
    return holdings.picture(found, at, facts, f"{done}. {held} Now look around:  {front_door} app --ledger {ledger}")


@guarded("new")
def new(
    year: Annotated[FinancialYear, typer.Option(help="The financial year, as 2026/27.", parser=options.year)],
    ledger: Ledger = DEFAULT_LEDGER,
    icb: Annotated[
        list[str] | None, typer.Option(help="An ICB, with all that are below it, as QWO; once for each. Else all.")
    ] = None,
    national: Annotated[bool, typer.Option("--national", help="Down to the ICBs, and no further.")] = False,
) -> Report:
    """Begin a ledger of your own: organisations and lines from the shipped tables, no money, nothing illustrative."""
    found = beginning(year, icb or (), only_national=national)
    with Store.open_or_create(ledger) as store:
        posted = begin(store, found)
        store.checkpoint()
        at = now_of(store)
    rows = [{"what": what, "count": count} for what, count in found.counts.items()]
    title = f"A ledger of your own for {year}. No money is in it, and nothing illustrative."
    report = Report([listed(rows)], at, title, found.unknown, {"not_known": found.unknown})
    return report.with_entries(posted, dry_run=False)
