"""Where a newcomer starts: ``devolution demo`` builds a ledger, ``devolution app`` shows it."""

import contextlib
import os
import subprocess
import sys
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
from ledger.errors import Problem, Refused
from ledger.reports import journal, position, summary
from ledger.store.address import in_full
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.cli import options
from screens.cli.guard import guarded
from screens.cli.options import DEFAULT_LEDGER, Ledger
from screens.report import holdings
from screens.report.render import terminal
from screens.report.report import Report, listed

_ROOT = Path(__file__).parents[2]


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
            found = summary.take(reader, at, year=FIGURES_YEAR.start)
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
        with store.read() as reader:
            at = position.moment(reader)
    rows = [{"what": what, "count": count} for what, count in found.counts.items()]
    title = f"A ledger of your own for {year}. No money is in it, and nothing illustrative."
    report = Report([listed(rows)], at, title, found.unknown, {"not_known": found.unknown})
    return report.with_entries(posted, dry_run=False)


@guarded("app")
def open_app(
    ledger: Ledger = DEFAULT_LEDGER,
    port: Annotated[int, typer.Option(help="The port on this machine.", min=1, max=65535)] = 8501,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    address: Annotated[
        str, typer.Option(help="Where it listens. Beyond this machine only where people sign in.")
    ] = "127.0.0.1",
    read_only: Annotated[bool, typer.Option("--read-only", help="An app in which nobody can post anything.")] = False,
) -> None:
    """Open the web app: on this machine, or for a department that signs in."""
    from screens.web.shell import sign_in  # noqa: PLC0415 - which loads Streamlit, and the demo needs none

    with contextlib.chdir(_ROOT):  # where the app itself looks for its secrets
        faults = sign_in.faults(address)
        host, home = sign_in.host(), sign_in.home(port)
    if faults:
        remedy = "Listen on 127.0.0.1, or set up sign-in as docs/server.md says."
        raise Refused([Problem(f"--address {address}", fault, "Nothing is opened.", remedy) for fault in faults])
    if Store.exists(ledger):
        Store.open(ledger, read_only=True).close()
    terminal.messages().print(
        f"Opening {home or f'http://{address}:{port}'} on {ledger}. Stop with Ctrl+C.", markup=False
    )
    options = [
        "--server.port",
        str(port),
        "--server.address",
        address,
        "--server.headless",
        str(not browser).lower(),
    ]
    command = [sys.executable, "-m", "screens.web.shell.serve", "run", str(_ROOT / "streamlit_app.py"), *options]
    if host:
        command += ["--browser.serverAddress", host]  # from where the browser may speak to the app
    # Said here as well as in .streamlit/config.toml: nothing leaves the machine and nobody is asked for their address,
    # wherever the app was started.
    quiet = {
        "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
        "STREAMLIT_SERVER_SHOW_EMAIL_PROMPT": "false",
        "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "none",
    }
    environment = {**os.environ, **quiet, "DEVOLUTION_LEDGER": in_full(ledger.resolve())}
    if read_only:
        environment["DEVOLUTION_READ_ONLY"] = "yes"
    if os.name == "posix":
        # Become the app, so that whoever stops this command stops the app and frees the ledger.
        os.chdir(_ROOT)
        os.execve(command[0], command, environment)  # noqa: S606 - our own program
    finished = subprocess.run(command, cwd=_ROOT, env=environment, check=False)  # noqa: S603 - our own program
    raise typer.Exit(finished.returncode)
