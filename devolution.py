"""The command line: the front door for analysts. It reads what was asked, calls the house, and prints."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, ParamSpec

import typer

from allocations import allocate as allocating
from allocations import demo as demonstration
from allocations.fair_shares import UnknownWeighting
from allocations.policy import DEFAULT
from ledger import audit, chain, measures, picture, position, posting, stats
from ledger.errors import LedgerHeld, LedgerMissing, NotALedger, Problem, Refused
from ledger.money import parse_pounds, spoken
from ledger.store import Reader, Store
from ledger.years import FinancialYear, parse_year
from screens import terminal

REFUSED, UNREACHABLE = 1, 3

app = typer.Typer(
    name="devolution",
    help="See, plan and free NHS money: a ledger from the national body down to the neighbourhood.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Ledger = Annotated[str, typer.Option("--ledger", help="The ledger file.", show_default=True)]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on standard output; money in whole pence.")]
Organisation = Annotated[str | None, typer.Option("--organisation", help="Only this organisation and those below it, by code.")]
AsAt = Annotated[str | None, typer.Option("--as-at", help="The last day that counts, as 2025-06-30. Today otherwise.")]
KnownAt = Annotated[str | None, typer.Option("--known-at", help="As it was known then: a day, or a time as 2025-06-30T12:00. Now otherwise.")]
Year = Annotated[str | None, typer.Option("--year", help="A financial year, as 2025/26.")]
Actor = Annotated[str, typer.Option("--actor", help="Who posts it: a role or team, recorded in the books.")]
Parameters = ParamSpec("Parameters")
DEFAULT_LEDGER = "ledger.duckdb"


def _guarded(command: Callable[Parameters, None]) -> Callable[Parameters, None]:
    """Turn what the house refuses into sentences and an exit status."""

    @wraps(command)
    def run(*args: Parameters.args, **given: Parameters.kwargs) -> None:
        ledger, as_json = str(given.get("ledger", "")), bool(given.get("as_json"))
        try:
            command(*args, **given)
        except Refused as refused:
            terminal.show_problems(refused.problems, command=command.__name__, ledger=ledger, as_json=as_json)
            raise typer.Exit(REFUSED) from None
        except (LedgerHeld, LedgerMissing, NotALedger) as error:
            terminal.messages.print(str(error), markup=False, highlight=False)
            raise typer.Exit(UNREACHABLE) from None
        except UnknownWeighting as error:
            raise typer.BadParameter(str(error), param_hint="--by") from None

    return run


@app.command()
@_guarded
def demo(
    ledger: Ledger = DEFAULT_LEDGER,
    policy: Annotated[Path, typer.Option(help="A devolution policy of your own.", exists=True, dir_okay=False)] = DEFAULT,
    terms: Annotated[Path | None, typer.Option(help="Your own reading of how free each line is, as CSV.", exists=True, dir_okay=False)] = None,
    as_json: Json = False,
) -> None:
    """Build a ledger from the published 2025/26 figures and print the picture."""
    with Store.open_or_create(_path(ledger)) as store:
        with terminal.progress("Building the ledger") as told:
            posted = demonstration.build(store, policy_file=policy, terms_file=terms, progress=told)
        store.checkpoint()
        with store.read() as reader:
            at = position.moment(reader)
            found = picture.take(reader, at, year=demonstration.YEAR.start)
            fresh = sum(1 for entry in posted if not entry.replayed)
            content = chain.books_hash(reader)
    if as_json:
        rows = [{"tier": tier, "grade": grade, "amount_pence": pence} for tier, row in found.matrix.items() for grade, pence in row.items() if pence]
        extra = {"content_hash": content, "entries_posted": fresh, "sentence": found.sentence}
        terminal.show(terminal.Answer("demo", ledger, rows, at, extra=extra), as_json=True)
    else:
        terminal.show_picture(found, ledger=ledger, new_entries=fresh)


@app.command("app")
@_guarded
def open_app(
    ledger: Ledger = DEFAULT_LEDGER,
    port: Annotated[int, typer.Option(help="The port on this machine.", min=1, max=65535)] = 8501,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
) -> None:
    """Open the web app on this machine. Nothing leaves it."""
    path = _path(ledger)
    if path.exists():
        Store.open(path, read_only=True).close()
    root = Path(__file__).parent
    terminal.messages.print(f"Opening http://127.0.0.1:{port} on {path}. Stop with Ctrl+C.", markup=False)
    options = ["--server.port", str(port), "--server.address", "127.0.0.1", "--server.headless", str(not browser).lower()]
    command = [sys.executable, "-m", "streamlit", "run", str(root / "streamlit_app.py"), *options]
    environment = {**os.environ, "DEVOLUTION_LEDGER": str(path.resolve())}
    finished = subprocess.run(command, cwd=root, env=environment, check=False)  # noqa: S603 - our own program
    raise typer.Exit(finished.returncode)


@app.command("position")
@_guarded
def show_position(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    year: Year = None,
    by: Annotated[str | None, typer.Option(help=f"Columns to sum by, from: {', '.join(position.POSITION_COLUMNS)}.")] = None,
    as_json: Json = False,
) -> None:
    """What is held where. The whole sums to zero: the source of the money stands in it below zero."""
    columns = _columns(by) or (["tier", "standing"] if organisation is None else ["organisation", "organisation_name", "fund", "standing"])
    with _reading(ledger, as_at, known_at) as (reader, at):
        table = position.position(reader, at, organisation=organisation, year=_year(year))
        rows = position.grouped(reader, table, columns).to_pylist()
    total = sum(row["amount_pence"] for row in rows)
    after = [f"Sum of all rows: {spoken(total)}.", _clocks(at)]
    terminal.show(terminal.Answer("position", ledger, rows, at, after=after), as_json=as_json)


@app.command("flows")
@_guarded
def show_flows(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    year: Year = None,
    by: Annotated[str, typer.Option(help=f"Columns to sum by, from: {', '.join(position.FLOW_COLUMNS)}.")] = "from_tier,to_tier",
    within: Annotated[bool, typer.Option(help="Also moves inside one organisation: set aside, kept back, spent.")] = False,
    as_json: Json = False,
) -> None:
    """What moved, read down the tiers; money that went back is taken off."""
    with _reading(ledger, as_at, known_at) as (reader, at):
        rows = position.flows(reader, at, _columns(by), organisation=organisation, year=_year(year), within=within).to_pylist()
    terminal.show(terminal.Answer("flows", ledger, rows, at, after=[_clocks(at)]), as_json=as_json)


@app.command("measures")
@_guarded
def show_measures(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    scope: Annotated[str | None, typer.Option(help="all or earmarked; both otherwise.")] = None,
    penny_packet: Annotated[str, typer.Option(help="A pot below this many pounds is a penny packet.")] = "500000",
    as_json: Json = False,
) -> None:
    """How much is ring-fenced, devolved, kept back and in pieces."""
    if scope is not None and scope not in measures.SCOPES:
        raise typer.BadParameter(f"choose {' or '.join(measures.SCOPES)}", param_hint="--scope")
    threshold = _pence(penny_packet, "--penny-packet")
    with _reading(ledger, as_at, known_at) as (reader, at):
        start = _year(year) or position.latest_year(reader)
        table = position.position(reader, at, organisation=organisation, year=start)
    rows = [
        _measure_row(name, found)
        for name in ([scope] if scope else measures.SCOPES)
        for found in measures.measures(table, name, penny_packet_pence=threshold)
    ]
    shown = FinancialYear(start) if start else "no year"
    answer = terminal.Answer("measures", ledger, rows, at, extra={"year": str(shown), "organisation": organisation})
    if as_json:
        terminal.show(answer, as_json=True)
        return
    answer.title = f"{organisation or 'The whole ledger'}, {shown}. Grades are this project's reading, unless overridden."
    answer.rows = [
        {"scope": row["scope"], "measure": row["title"], "value": terminal.measure_text(row), "note": row["note"]} for row in rows
    ]
    answer.after = [_clocks(at)]
    terminal.show(answer, as_json=False)


@app.command()
@_guarded
def verify(ledger: Ledger = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """Ask every invariant of the whole ledger; exit with 1 if one does not hold, saying where."""
    with _reading(ledger, None, None) as (reader, at):
        with terminal.progress("Verifying") as told:
            found = audit.verify(reader, lambda name: told(f"Checking {name}", 0, None))
        content = chain.books_hash(reader)
        entries = chain.last_entry(reader)
    if found:
        terminal.show_problems(found, command="verify", ledger=ledger, as_json=as_json)
        raise typer.Exit(REFUSED)
    rows = [{"entries": entries, "problems": 0, "head": at.head, "content_hash": content}]
    title = f"All {entries:,} entries hold: the chain is whole, money is conserved, every rule and control total is met."
    terminal.show(terminal.Answer("verify", ledger, rows, at, title=title), as_json=as_json)


@app.command()
@_guarded
def reverse(
    entry: Annotated[int, typer.Argument(help="The number of the entry to undo.", min=1)],
    reason: Annotated[str, typer.Option(help="Why it is undone.")],
    ledger: Ledger = DEFAULT_LEDGER,
    day: Annotated[str | None, typer.Option("--date", help="When the correction counts; the entry's own date otherwise.")] = None,
    actor: Actor = "command line",
    dry_run: Annotated[bool, typer.Option(help="Show what would happen and post nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Undo an entry by posting its mirror. Nothing is deleted."""
    with Store.open(_path(ledger)) as store:
        posted = posting.reverse(store, entry, reason=reason, actor=actor, effective_date=_day(day, "--date"), dry_run=dry_run)
        with store.read() as reader:
            at = position.moment(reader)
    row = {"reversed": entry, "by_entry": posted.number, "legs": posted.transfers, "posted": not dry_run}
    terminal.show(terminal.Answer("reverse", ledger, [row], at), as_json=as_json)


@app.command()
@_guarded
def allocate(
    icb: Annotated[str, typer.Option(help="The ICB's code, as QWO.")],
    by: Annotated[str, typer.Option(help="The weighted population to share by, as core or prescribing.")],
    ledger: Ledger = DEFAULT_LEDGER,
    year: Annotated[str, typer.Option(help="The financial year.")] = "2025/26",
    fund: Annotated[str, typer.Option(help="The fund, by code.")] = "core-recurrent",
    to: Annotated[str, typer.Option(help="place, pcn or practice.")] = "place",
    amount: Annotated[str | None, typer.Option(help="Pounds, as 1000000000 or £1bn. All that the ICB holds of the fund otherwise.")] = None,
    places: Annotated[Path | None, typer.Option(help="Your own places: CSV with practice_code and place.", dir_okay=False)] = None,
    unit: Annotated[str | None, typer.Option(help="Split in whole: penny, pound or thousand.")] = None,
    post: Annotated[bool, typer.Option("--post", help="Post it to the books.")] = False,
    standing: Annotated[str, typer.Option("--from", help="Which of the ICB's money: available or retained.")] = "available",
    day: Annotated[str | None, typer.Option("--date", help="When it counts.")] = None,
    key: Annotated[str | None, typer.Option(help="Idempotency key, to post the same split a second time.")] = None,
    actor: Actor = "command line",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Go through posting and keep nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Split money by weighted population, exactly, and post it if asked."""
    for given, choices, name in ((to, allocating.LEVELS, "--to"), (unit or "penny", tuple(allocating.UNITS), "--unit"), (standing, ("available", "retained"), "--from")):
        if given not in choices:
            raise typer.BadParameter(f"choose {', '.join(choices)}", param_hint=name)
    path = _path(ledger)
    writing = post or dry_run
    store = Store.open(path, read_only=not writing) if writing or amount is None or path.exists() else None
    try:
        at = None
        if store is not None:
            with store.read() as reader:
                at = position.moment(reader)
                pence = _pence(amount, "--amount") if amount else _held_by(reader, at, icb, fund, parse_year(year), standing)
        else:
            pence = _pence(amount or "", "--amount")
        split = allocating.allocate(
            icb=icb, year=parse_year(year), fund=fund, level=to, by=by, amount_pence=pence, places_file=places, unit=unit
        )
        posted: list[posting.Posted] = []
        if writing and store is not None:
            with store.read() as reader:
                asked = allocating.drafts(reader, split, standing=standing, actor=actor, day=_day(day, "--date"), key=key)
            posted = posting.post(store, asked, dry_run=dry_run)
    finally:
        if store is not None:
            store.close()
    _show_allocation(split, posted, ledger=ledger, at=at, dry_run=dry_run, as_json=as_json)


@app.command("stats")
@_guarded
def show_stats(ledger: Ledger = DEFAULT_LEDGER, as_json: Json = False) -> None:
    """How large the ledger is, and how fast its main questions are answered on this machine."""
    with Store.open(_path(ledger), read_only=True) as store, store.read() as reader:
        rows = stats.of(reader, store.path)
        at = position.moment(reader)
    terminal.show(terminal.Answer("stats", ledger, rows, at), as_json=as_json)


@contextmanager
def _reading(ledger: str, as_at: str | None, known_at: str | None) -> Iterator[tuple[Reader, position.Moment]]:
    with Store.open(_path(ledger), read_only=True) as store, store.read() as reader:
        yield reader, position.moment(reader, _day(as_at, "--as-at"), _instant(known_at))


def _held_by(reader: Reader, at: position.Moment, icb: str, fund: str, year: FinancialYear, standing: str) -> int:
    rows = position.position(reader, at, organisation=icb, year=year.start).to_pylist()
    own = [row for row in rows if row["organisation"] == icb]
    pence = sum(row["amount_pence"] for row in own if row["fund"] == fund and row["standing"].startswith(standing))
    if pence <= 0:
        funds = sorted({f"{row['fund']} ({row['standing'].split()[0]})" for row in own})
        raise Refused(
            [Problem(f"{icb}, {fund}", f"it holds nothing {standing} of it.", "There is nothing to split.",
                     f"Give an amount with --amount, or split what it holds: {', '.join(funds) or 'nothing in this year'}.")]
        )
    return pence


def _show_allocation(
    split: allocating.Allocation, posted: list[posting.Posted], *, ledger: str, at: position.Moment | None, dry_run: bool, as_json: bool
) -> None:
    rows = [
        {
            "organisation": part.code, "name": part.name, "practices": part.practices,
            "people": part.people_billionths // 10**9, "share": part.share, "amount_pence": part.amount_pence,
        }
        for part in split.parts
    ]  # fmt: skip
    after = [f"Split in whole units of one {split.unit}; the parts sum to the whole."]
    after.extend(
        f"{part.practices} practices are in no {split.level}; their share, {spoken(part.amount_pence)}, stays with the ICB."
        for part in split.parts
        if part.code == allocating.UNASSIGNED
    )
    for entry in posted:
        state = "would be posted" if dry_run else "is in the books already; give --key to post it again" if entry.replayed else "is posted"
        after.append(f"Entry {entry.number} ({entry.key}) {state}.")
    title = f"{spoken(split.amount_pence)} of {split.fund}, {split.icb}, {split.year}, by {split.by.replace('_', ' ')} weighted population"
    extra = {
        "icb": split.icb, "year": str(split.year), "fund": split.fund, "to": split.level, "by": split.by,
        "unit": split.unit, "total_pence": split.amount_pence,
        "unassigned": list(split.division.unassigned) if split.division else [],
        "entries": [{"number": entry.number, "key": entry.key, "replayed": entry.replayed, "dry_run": dry_run} for entry in posted],
    }  # fmt: skip
    terminal.show(terminal.Answer("allocate", ledger, rows, at, title=title, after=after, extra=extra), as_json=as_json)


def _measure_row(scope: str, found: measures.Measure) -> dict[str, Any]:
    key = "amount_pence" if found.unit == "pence" else "value"
    return {
        "scope": scope, "measure": found.name, "title": found.title, "unit": found.unit, key: found.value,
        "defined": found.value is not None, "definition": found.definition, "note": found.note,
    }  # fmt: skip


def _clocks(at: position.Moment) -> str:
    return f"As at {at.as_at}, as known at {at.known_at:%Y-%m-%d %H:%M:%S} UTC. Head of the chain {at.head[:16]}."


def _path(ledger: str) -> Path:
    if "://" in ledger:
        raise typer.BadParameter("this version opens ledger files; servers come later", param_hint="--ledger")
    return Path(ledger)


def _columns(by: str | None) -> list[str]:
    return [name.strip() for name in (by or "").split(",") if name.strip()]


def _year(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_year(text).start
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--year") from None


def _day(text: str | None, name: str) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a day. Write it as 2025-06-30.", param_hint=name) from None


def _instant(text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"'{text}' is not a time. Write it as 2025-06-30T12:00.", param_hint="--known-at") from None
    if len(text) == len("2025-06-30"):
        # A day means all of that day.
        found = found.replace(hour=23, minute=59, second=59, microsecond=999_999)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _pence(text: str, name: str) -> int:
    try:
        return parse_pounds(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=name) from None


def main() -> None:
    """Run the command line. A fault of the program's own is said in a sentence, with a way to see more."""
    try:
        app()
    except Exception as error:
        if os.environ.get("DEVOLUTION_DEBUG"):
            raise
        terminal.messages.print(
            f"Something went wrong inside the program ({type(error).__name__}). Nothing was posted by this command. "
            "Set DEVOLUTION_DEBUG=1 and run it again to see where, and report it.", markup=False, highlight=False,
        )
        raise SystemExit(REFUSED) from error


if __name__ == "__main__":
    main()
