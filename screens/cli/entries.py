"""Commands that post: a split of money by what it is for, and the undoing of an entry."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from allocations.shares import split as allocating
from allocations.shares.posting import drafts
from ledger.entries import posting
from ledger.entries.proposals import submit
from ledger.reports import position
from ledger.store.base import Store
from screens.asked.shares import people as people_of
from screens.cli import options
from screens.cli.guard import guarded, now_of
from screens.cli.options import (
    DEFAULT_LEDGER,
    Actor,
    DryRun,
    EntryDay,
    Figures,
    Ledger,
    Level,
    Standing,
    Year,
    icb_codes,
)
from screens.report import shares
from screens.report.report import Report, listed


@guarded("reverse")
def reverse(
    entry: Annotated[int, typer.Argument(help="The number of the entry to undo.", min=1)],
    reason: Annotated[str, typer.Option(help="Why it is undone.")],
    ledger: Ledger = DEFAULT_LEDGER,
    day: EntryDay = None,
    authority: Annotated[
        str | None, typer.Option(help="Who allows it, where money leaves a ring-fence on a later day.")
    ] = None,
    actor: Actor = "command line",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show what would happen and post nothing.")] = False,
) -> Report:
    """Undo an entry by posting its mirror, on its own date unless another is given. Nothing is deleted."""
    with Store.open(ledger) as store:
        posted = posting.reverse(
            store, entry, reason=reason, actor=actor, authority=authority, effective_date=day, dry_run=dry_run
        )
        at = now_of(store)
    row = {"reversed": entry, "by_entry": posted.number, "legs": posted.transfers, "posted": not dry_run}
    return Report([listed([row])], at)


@guarded("allocate")
def allocate(
    icb: Annotated[str, typer.Option(help="The ICB's code, as QWO.", autocompletion=icb_codes)],
    by: Annotated[
        str,
        typer.Option(
            help="What to share by, as core, or a mixture: '60% registered, 40% diabetes.csv' (see the guide)."
        ),
    ],
    ledger: Ledger = DEFAULT_LEDGER,
    year: Year = None,
    fund: Annotated[str, typer.Option(help="The fund, by code.")] = "core-recurrent",
    to: Annotated[Level, typer.Option(help="Who shares.")] = "place",
    amount: Annotated[
        int | None,
        typer.Option(help="Pounds, as 1000000000 or 1bn; all that the ICB holds otherwise.", parser=options.pence),
    ] = None,
    places: Annotated[
        Path | None,
        typer.Option(
            help="Your own places: CSV of practices, PCNs or districts, or the place tool's JSON; or 'default'.",
            dir_okay=False,
        ),
    ] = None,
    people: Figures = None,
    unit: Annotated[
        Literal["penny", "pound", "thousand"] | None, typer.Option(help="Split in whole units of this.")
    ] = None,
    floor: Annotated[int, typer.Option(help="The least that each gets, in pounds.", parser=options.pence)] = 0,
    missing: Annotated[
        Literal["average"] | None,
        typer.Option(help="Whoever has no number of a measure gets the average of the others; refused otherwise."),
    ] = None,
    post: Annotated[bool, typer.Option("--post", help="Post it to the books.")] = False,
    propose: Annotated[
        bool, typer.Option("--propose", help="Submit it for somebody else's approval; the money is reserved.")
    ] = False,
    standing: Annotated[Standing, typer.Option("--from", help="Which of the ICB's money.")] = "available",
    day: EntryDay = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key, to post the same split once more.")] = None,
    actor: Actor = "command line",
    dry_run: DryRun = False,
) -> Report:
    """Split money by weighted people or a mixture, exactly, and post it if asked. Without a ledger, give an amount."""
    populations = people_of(people, year, icb)
    year = year or populations.year
    at, posted = None, []

    def split(pence: int) -> allocating.Allocation:
        return allocating.allocate(
            icb=icb, year=year, fund=fund, level=to, by=by, amount_pence=pence, places_file=places, unit=unit,
            populations=populations, floor_pence=floor, missing=missing,
        )  # fmt: skip

    writing = post or propose or dry_run
    if amount is not None and not (writing or Store.exists(ledger)):
        found = split(amount)
    else:
        with Store.open(ledger, read_only=not writing) as store:
            with store.read() as reader:
                at = position.moment(reader)
                allocating.refuse_unknown_fund(reader, fund)
                pence = allocating.held_by(reader, at, icb, fund, year, standing) if amount is None else amount
                found = split(pence)
                if writing:
                    asked = drafts(reader, found, standing=standing, actor=actor, day=day, key=key)
            if propose:
                title = allocating.title(found)
                posted = [submit(store, asked, key=asked[-1].key, title=title, prepared_by=actor, dry_run=dry_run)]
            elif writing:
                posted = posting.post(store, asked, dry_run=dry_run)
    return shares.allocation(found, at).with_entries(posted, dry_run=dry_run)
