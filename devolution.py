"""The command line: the front door for analysts. It reads what was asked, calls the house, and prints."""

import contextlib
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from allocations import allocate as allocating
from allocations import demo as demonstration
from allocations import restated
from allocations.policy import DEFAULT as DEFAULT_POLICY
from allocations.policy import read_policy
from allocations.populations import read_populations, shipped
from ledger import audit, chain, measures, picture, position, posting, stats
from ledger.address import in_full
from ledger.errors import Problem, Refused
from ledger.money import spoken
from ledger.proposals import submit
from ledger.store import Store
from ledger.years import FinancialYear
from screens import answers, arguments, terminal
from screens.arguments import (
    DEFAULT_LEDGER,
    Actor,
    AsAt,
    AsIs,
    EntryDay,
    Figures,
    Json,
    KnownAt,
    Ledger,
    Level,
    Organisation,
    Standing,
    Unit,
    Year,
)
from screens.commands import exports, imports, keeping, network, proposals, roles, scenarios, shares
from screens.commands.adopt import adopt
from screens.commands.bids import bids
from screens.commands.guard import REFUSED, guarded, reading
from screens.commands.trail import show_trail
from screens.terminal import Answer, show

app = typer.Typer(
    name="devolution",
    help="See, plan and free NHS money: a ledger from the national body down to the neighbourhood.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(imports.app, name="import")
app.add_typer(exports.group, name="export")
app.add_typer(proposals.app, name="proposal")
app.command("template")(exports.template)
app.command("trail")(show_trail)
scenarios.group.command("adopt")(adopt)
app.add_typer(scenarios.group, name="scenario")


@app.command()
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
    as_json: Json = False,
) -> None:
    """Build a ledger from the published 2025/26 figures and print the picture."""
    read_policy(policy)  # before anything is made, so that a policy with a slip leaves no empty ledger behind
    with Store.open_or_create(ledger) as store:
        with terminal.progress("Building the ledger") as told:
            posted = demonstration.build(store, policy_file=policy, terms_file=terms, progress=told)
        store.checkpoint()
        with store.read() as reader:
            at = position.moment(reader)
            found = picture.take(reader, at, year=allocating.FIGURES_YEAR.start)
            content = chain.books_hash(reader)
    fresh = len([entry for entry in posted if not entry.replayed])
    if as_json:
        extra = {"content_hash": content, "entries_posted": fresh, "sentence": found.sentence}
        show(Answer("demo", str(ledger), picture.matrix_rows(found), at, extra=extra), as_json=True)
    else:
        terminal.show_picture(found, ledger=str(ledger), new_entries=fresh)


@app.command("app")
@guarded("app")
def open_app(
    ledger: Ledger = DEFAULT_LEDGER,
    port: Annotated[int, typer.Option(help="The port on this machine.", min=1, max=65535)] = 8501,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    address: Annotated[
        str, typer.Option(help="Where it listens. Beyond this machine only where people sign in.")
    ] = "127.0.0.1",
) -> None:
    """Open the web app: on this machine, or for a department that signs in."""
    from screens import sign_in  # noqa: PLC0415 - which loads Streamlit, and no other command needs it

    root = Path(__file__).parent
    with contextlib.chdir(root):  # where the app itself looks for its secrets
        faults = sign_in.faults(address)
    if faults:
        remedy = "Listen on 127.0.0.1, or set up sign-in as docs/server.md says."
        raise Refused([Problem(f"--address {address}", fault, "Nothing is opened.", remedy) for fault in faults])
    if ledger.exists():
        Store.open(ledger, read_only=True).close()
    terminal.messages.print(f"Opening http://{address}:{port} on {ledger}. Stop with Ctrl+C.", markup=False)
    options = [
        "--server.port",
        str(port),
        "--server.address",
        address,
        "--server.headless",
        str(not browser).lower(),
    ]
    command = [sys.executable, "-m", "streamlit", "run", str(root / "streamlit_app.py"), *options]
    if host := sign_in.host():
        options += ["--browser.serverAddress", host]  # from where the browser may speak to the app
    # Said here as well as in .streamlit/config.toml: nothing leaves the machine, wherever the app was started.
    quiet = {"STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false", "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "none"}
    environment = {**os.environ, **quiet, "DEVOLUTION_LEDGER": in_full(ledger.resolve())}
    if os.name == "posix":
        # Become the app, so that whoever stops this command stops the app and frees the ledger.
        os.chdir(root)
        os.execve(command[0], command, environment)  # noqa: S606 - our own program
    finished = subprocess.run(command, cwd=root, env=environment, check=False)  # noqa: S603 - our own program
    raise typer.Exit(finished.returncode)


@app.command("position")
@guarded("position")
def show_position(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_is: AsIs = None,
    year: Year = None,
    by: arguments.PositionColumns = None,
    as_json: Json = False,
) -> None:
    """What is held where. The whole sums to zero: the source of the money stands in it below zero."""
    usual = "tier,standing" if organisation is None else "organisation,organisation_name,fund,standing"
    columns = arguments.columns(by or usual)
    with reading(ledger, as_at, known_at) as (reader, at):
        table = restated.position(reader, at, as_is, organisation=organisation, year=year and year.start)
        rows = position.grouped(reader, table, columns).to_pylist()
        told = answers.boundaries(as_is, restated.changed_by(reader, at, as_is))
    total = f"Sum of all rows: {spoken(position.total_pence(table))}." if rows else answers.NOTHING
    after = [total, *told, *answers.about(at)]
    show(Answer("position", str(ledger), rows, at, after=after, extra={"as_is": as_is}), as_json=as_json)


@app.command("flows")
@guarded("flows")
def show_flows(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_is: AsIs = None,
    year: Year = None,
    by: arguments.FlowColumns = "from_tier,to_tier",
    within: Annotated[
        bool, typer.Option("--within", help="Also moves inside one organisation: set aside, kept back, spent.")
    ] = False,
    as_json: Json = False,
) -> None:
    """What moved, read down the tiers; money that went back is taken off."""
    columns = arguments.columns(by)
    with reading(ledger, as_at, known_at) as (reader, at):
        start = year and year.start
        found = restated.flows(reader, at, as_is, columns, organisation=organisation, year=start, within=within)
        rows = found.to_pylist()
        told = answers.boundaries(as_is, restated.changed_by(reader, at, as_is))
    after = [*([] if rows else [answers.NOTHING]), *told, *answers.about(at)]
    show(Answer("flows", str(ledger), rows, at, after=after, extra={"as_is": as_is}), as_json=as_json)


@app.command("measures")
@guarded("measures")
def show_measures(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_is: AsIs = None,
    scope: Annotated[str | None, typer.Option(help="all or earmarked; both otherwise.", parser=arguments.scope)] = None,
    penny_packet: Annotated[
        int,
        typer.Option(
            help="A pot below this many pounds is a penny packet.", parser=arguments.pence, show_default="500000"
        ),
    ] = measures.PENNY_PACKET_PENCE,
    as_json: Json = False,
) -> None:
    """How much is ring-fenced, devolved, kept back and in pieces. Funding as a whole and earmarked funding apart."""
    with reading(ledger, as_at, known_at) as (reader, at):
        start = year.start if year else position.latest_year(reader)
        table = restated.position(reader, at, as_is, organisation=organisation, year=start)
        told = answers.boundaries(as_is, restated.changed_by(reader, at, as_is))
    found = [
        (name, measure)
        for name in ([scope] if scope else measures.SCOPES)
        for measure in measures.measures(table, name, penny_packet_pence=penny_packet)
    ]
    shown = None if start is None else FinancialYear(start)
    answer = answers.of_measures(
        found,
        ledger=str(ledger),
        at=at,
        organisation=organisation,
        year=shown,
        as_json=as_json,
        told=told,
        as_is=as_is,
    )
    show(answer, as_json=as_json)


@app.command()
@guarded("verify")
def verify(
    ledger: Ledger = DEFAULT_LEDGER,
    head: Annotated[
        str | None, typer.Option(help="A head that a report printed: the books must still hold it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Ask every invariant of the whole ledger; exit with 1 if one does not hold, saying where."""
    with reading(ledger, None, None) as (reader, at):
        with terminal.progress("Verifying") as told:
            found = audit.verify(reader, lambda name: told(f"Checking {name}", 0, None), seen_head=head)
        content, entries, unseen = chain.books_hash(reader), chain.last_entry(reader), len(reader.unseen)
    if found:
        raise Refused(found)
    rows = [{"entries": entries, "problems": 0, "head": at.head, "content_hash": content}]
    hidden = f"{unseen} entries of proposals are not for you to see: their links were checked, and not what they hold."
    empty = "The ledger is empty: there is nothing that could fail."
    title = (
        f"All {entries:,} entries hold: the chain is whole, money is conserved, every rule and control total is met."
    )
    answer = Answer("verify", str(ledger), rows, at, title=title if entries else empty, extra={"unseen": unseen})
    show(replace(answer, after=[hidden] if unseen else []), as_json=as_json)


@app.command()
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
    as_json: Json = False,
) -> None:
    """Undo an entry by posting its mirror, on its own date unless another is given. Nothing is deleted."""
    with Store.open(ledger) as store:
        posted = posting.reverse(
            store, entry, reason=reason, actor=actor, authority=authority, effective_date=day, dry_run=dry_run
        )
        with store.read() as reader:
            at = position.moment(reader)
    row = {"reversed": entry, "by_entry": posted.number, "legs": posted.transfers, "posted": not dry_run}
    show(Answer("reverse", str(ledger), [row], at), as_json=as_json)


@app.command()
@guarded("allocate")
def allocate(
    icb: Annotated[str, typer.Option(help="The ICB's code, as QWO.")],
    by: Annotated[str, typer.Option(help="The weighted population to share by, as core or prescribing.")],
    ledger: Ledger = DEFAULT_LEDGER,
    year: Year = None,
    fund: Annotated[str, typer.Option(help="The fund, by code.")] = "core-recurrent",
    to: Annotated[Level, typer.Option(help="Who shares.")] = Level.PLACE,
    amount: Annotated[
        int | None,
        typer.Option(help="Pounds, as 1000000000 or 1bn; all that the ICB holds otherwise.", parser=arguments.pence),
    ] = None,
    places: Annotated[
        Path | None,
        typer.Option(
            help="Your own places: CSV of practices, PCNs or districts, or the place tool's JSON; or 'default'.",
            dir_okay=False,
        ),
    ] = None,
    people: Figures = None,
    unit: Annotated[Unit | None, typer.Option(help="Split in whole units of this.")] = None,
    post: Annotated[bool, typer.Option("--post", help="Post it to the books.")] = False,
    propose: Annotated[
        bool, typer.Option("--propose", help="Submit it for somebody else's approval; the money is reserved.")
    ] = False,
    standing: Annotated[Standing, typer.Option("--from", help="Which of the ICB's money.")] = Standing.AVAILABLE,
    day: EntryDay = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key, to post the same split once more.")] = None,
    actor: Actor = "command line",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Go through posting and keep nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Split money by weighted population, exactly, and post it if asked. Without a ledger, give an amount."""
    populations = shipped() if people is None else read_populations(people, year)
    year = year or populations.year
    at, posted = None, []

    def split(pence: int) -> allocating.Allocation:
        return allocating.allocate(
            icb=icb, year=year, fund=fund, level=to, by=by, amount_pence=pence, places_file=places, unit=unit,
            populations=populations,
        )  # fmt: skip

    writing = post or propose or dry_run
    if amount is not None and not (writing or ledger.exists()):
        found = split(amount)
    else:
        with Store.open(ledger, read_only=not writing) as store:
            with store.read() as reader:
                at = position.moment(reader)
                allocating.refuse_unknown_fund(reader, fund)
                pence = allocating.held_by(reader, at, icb, fund, year, standing) if amount is None else amount
                found = split(pence)
                if writing:
                    asked = allocating.drafts(reader, found, standing=standing, actor=actor, day=day, key=key)
            if propose:
                title = allocating.title(found)
                posted = [submit(store, asked, key=asked[-1].key, title=title, prepared_by=actor, dry_run=dry_run)]
            elif writing:
                posted = posting.post(store, asked, dry_run=dry_run)
    show(answers.of_allocation(found, posted, ledger=str(ledger), at=at, dry_run=dry_run), as_json=as_json)


@app.command("stats")
@guarded("stats")
def show_stats(ledger: Ledger = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """How large the ledger is, and how fast its main questions are answered on this machine."""
    with Store.open(ledger, read_only=True) as store:
        rows = stats.of(store)
        with store.read() as reader:
            at = position.moment(reader)
    show(Answer("stats", str(ledger), rows, at), as_json=as_json)


app.command("bids")(bids)
app.command("network")(network.network)
shares.add_to(app)
keeping.add_to(app)
roles.add_to(app)


def main() -> None:
    """Run the command line. A fault of the program's own is said in a sentence, with a way to see more."""
    try:
        app()
    except Exception as error:
        if os.environ.get("DEVOLUTION_DEBUG"):
            raise
        terminal.messages.print(
            f"Something went wrong inside the program ({type(error).__name__}). "
            "Set DEVOLUTION_DEBUG=1 and run it again to see where, and report it.",
            markup=False,
            highlight=False,
        )
        raise SystemExit(REFUSED) from error


if __name__ == "__main__":
    main()
