"""Who may do what: the rights in the books, how they are given and taken, and what one person may."""

from datetime import date
from typing import Annotated, Any, Literal

import typer

from ledger.attributes import picked
from ledger.entries import appointments
from ledger.entries.chain import last_entry
from ledger.reports.position import moment
from ledger.rules import rights
from ledger.rules.rights import Held
from ledger.store.base import Store
from ledger.years import today
from screens.cli import options
from screens.cli.guard import guarded, now_of, reading
from screens.cli.options import DEFAULT_LEDGER, Actor, DryRun, Ledger
from screens.report.report import Report, listed

OPEN = "Nobody is appointed yet: this ledger is a single user's, and everything is allowed."
Person = Annotated[str, typer.Argument(help="The name that the sign-in gives, or a login of the server.")]
Reason = Annotated[str, typer.Option(help="Why, and on whose decision.")]
Scope = Annotated[
    str | None, typer.Option("--organisation", help="For this organisation, by code, and all below it; else the whole.")
]
From = Annotated[date | None, typer.Option("--from", help="The first day; today otherwise.", parser=options.day)]
AsAt = Annotated[
    date | None, typer.Option("--as-at", help="The rights in force on this day; today otherwise.", parser=options.day)
]


@guarded("roles")
def roles(
    ledger: Ledger = DEFAULT_LEDGER,
    as_at: AsAt = None,
    everything: Annotated[bool, typer.Option("--all", help="Those that have ended or not begun too.")] = False,
) -> Report:
    """Who may do what where, since when, and who gave them the right and why."""
    day = as_at or today()
    with reading(ledger) as (reader, at):
        held = rights.given(reader, at.known)
    rows = [_row(one, day) for one in held if everything or one.holds(day)]
    title = f"Rights on {day}" if held else OPEN
    return Report([listed(rows)], at, title, facts={"in_force": bool(held), "day": day})


@guarded("may")
def may(
    person: Person, ledger: Ledger = DEFAULT_LEDGER, as_at: AsAt = None
) -> Report:  # fmt: skip
    """What one person may do."""
    day = as_at or today()
    with reading(ledger) as (reader, at):
        counts = rights.in_force(reader)
        held = [one for one in rights.given(reader, at.known) if one.person == person and one.holds(day)]
    sentences = [rights.in_words(one) for one in held]
    after = sentences if held else [f"{person} has no right in this ledger on {day}." if counts else OPEN]
    rows = [_row(one, day) for one in held]
    extra = {"in_force": counts, "person": person, "day": day, "sentences": sentences}
    return Report([listed(rows)], at, sentences=after, facts=extra)


@guarded("appoint")
def appoint(
    person: Person,
    role: Annotated[str, typer.Argument(help="viewer, preparer, approver, auditor, administrator, or app.")],
    reason: Reason,
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Scope = None,
    limit: Annotated[
        int | None,
        typer.Option(help="Pounds, as 50k or 5m: the most that all decisions of a period move.", parser=options.pence),
    ] = None,
    per: Annotated[
        Literal["day", "month", "year"] | None, typer.Option(help="Over what the limit is counted; a month otherwise.")
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="An approver may also post without a proposal.")] = False,
    day: From = None,
    until: Annotated[
        date | None, typer.Option("--until", help="The first day on which it no longer holds.", parser=options.day)
    ] = None,
    actor: Actor = "command line",
    dry_run: DryRun = False,
) -> Report:
    """Give a person a right. The first one is an administrator's over the whole; from then on rights count."""
    on = day or today()
    with Store.open(ledger) as store:
        posted = appointments.appoint(
            store, person, role, by=actor, reason=reason, day=on, organisation=organisation, limit_pence=limit,
            limit_period=per and str(per), alone=alone, until=until, dry_run=dry_run,
        )  # fmt: skip
        with store.read() as reader:
            at = moment(reader)
            rows = [_row(one, on) for one in rights.given(reader, last_entry(reader)) if one.entry == posted.number]
    return Report([listed(rows)], at).with_entries([posted], dry_run=dry_run)


@guarded("dismiss")
def dismiss(
    person: Person,
    reason: Reason,
    ledger: Ledger = DEFAULT_LEDGER,
    role: Annotated[str | None, typer.Option(help="Only this role.")] = None,
    organisation: Annotated[str | None, typer.Option(help="Only for this organisation, by code.")] = None,
    day: From = None,
    actor: Actor = "command line",
    dry_run: DryRun = False,
) -> Report:
    """Take a person's rights away from a day on: all of them, or those of one role or organisation."""
    on = day or today()
    with Store.open(ledger) as store:
        ended = appointments.dismiss(
            store, person, by=actor, reason=reason, day=on, role=role, organisation=organisation, dry_run=dry_run
        )
        at = now_of(store)
    told = "would end" if dry_run else "ends"
    after = [f"{person}, {one.role}: {told} on {on}." for one in ended]
    return Report([listed([_row(one, on) for one in ended])], at, sentences=after, facts={"dry_run": dry_run})


def _row(one: Held, day: date) -> dict[str, Any]:
    return {
        **picked(one, "person", "role", "organisation"),
        "organisation_name": one.organisation_name or ("the whole" if one.organisation is None else None),
        **picked(one, "limit_pence", "limit_period", "alone"),
        "from": one.valid_from,
        "until": one.valid_to,
        "in_force": one.holds(day),
        **picked(one, "given_by", "given_at", "reason"),
        "entry": one.entry,
    }
