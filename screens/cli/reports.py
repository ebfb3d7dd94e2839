"""What the books say: position, flows, measures, and the trail behind a balance."""

from typing import Annotated, Any

import typer

from allocations.shares import restated
from ledger.money import spoken
from ledger.reports import measures, position, returned
from ledger.reports.trail import trail
from ledger.store import attachments
from ledger.store.address import Address
from ledger.years import FinancialYear
from screens.cli import options
from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, AsAt, AsIs, Json, KnownAt, Ledger, Organisation, Year
from screens.report import answers
from screens.report.terminal import Answer, show
from screens.report.wording import COMMAND_LINE


@guarded("position")
def show_position(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_is: AsIs = None,
    year: Year = None,
    by: options.PositionColumns = None,
    as_json: Json = False,
) -> None:
    """What is held where. The whole sums to zero: the source of the money stands in it below zero."""
    usual = "tier,standing" if organisation is None else "organisation,organisation_name,fund,standing"
    columns = options.columns(by or usual)
    with reading(ledger, as_at, known_at) as (reader, at):
        table = restated.position(reader, at, as_is, organisation=organisation, year=year and year.start)
        rows = position.grouped(reader, table, columns).to_pylist()
        told = answers.boundaries(as_is, restated.changed_by(reader, at, as_is))
    total = f"Sum of all rows: {spoken(position.total_pence(table))}." if rows else answers.NOTHING
    after = [total, *told, *answers.about(at)]
    show(Answer("position", str(ledger), rows, at, after=after, extra={"as_is": as_is}), as_json=as_json)


@guarded("flows")
def show_flows(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_is: AsIs = None,
    year: Year = None,
    by: options.FlowColumns = "from_tier,to_tier",
    within: Annotated[
        bool, typer.Option("--within", help="Also moves inside one organisation: set aside, kept back, spent.")
    ] = False,
    as_json: Json = False,
) -> None:
    """What moved, read down the tiers; money that went back is taken off."""
    columns = options.columns(by)
    with reading(ledger, as_at, known_at) as (reader, at):
        start = year and year.start
        found = restated.flows(reader, at, as_is, columns, organisation=organisation, year=start, within=within)
        rows = found.to_pylist()
        told = answers.boundaries(as_is, restated.changed_by(reader, at, as_is))
    after = [*([] if rows else [answers.NOTHING]), *told, *answers.about(at)]
    show(Answer("flows", str(ledger), rows, at, after=after, extra={"as_is": as_is}), as_json=as_json)


@guarded("measures")
def show_measures(
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_is: AsIs = None,
    scope: Annotated[str | None, typer.Option(help="all or earmarked; both otherwise.", parser=options.scope)] = None,
    penny_packet: Annotated[
        int,
        typer.Option(
            help="A pot below this many pounds is a penny packet.", parser=options.pence, show_default="500000"
        ),
    ] = measures.PENNY_PACKET_PENCE,
    as_json: Json = False,
) -> None:
    """How much is ring-fenced, devolved, kept back and in pieces. Funding as a whole and earmarked funding apart."""
    with reading(ledger, as_at, known_at) as (reader, at):
        start = year.start if year else position.latest_year(reader)
        table = restated.position(reader, at, as_is, organisation=organisation, year=start)
        told = answers.boundaries(as_is, restated.changed_by(reader, at, as_is))
        back = [row for row in returned.returned(reader, at) if start in (None, row.year)]
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
        back=back,
    )
    show(answer, as_json=as_json)


@guarded("trail")
def show_trail(
    organisation: Annotated[str, typer.Option("--organisation", help="Whose balance, by code.")],
    ledger: Ledger = DEFAULT_LEDGER,
    fund: Annotated[str | None, typer.Option(help="Only this fund, by code.")] = None,
    year: Year = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_json: Json = False,
) -> None:
    """What makes up a balance: each entry, who, why, and the file, sheet and cell it came from."""
    with reading(ledger, as_at, known_at) as (reader, at):
        table = trail(reader, at, organisation, fund=fund, year=year and year.start)
        rows: list[dict[str, Any]] = table.to_pylist()
    files, changed = _kept(ledger, {row["source_hash"] for row in rows if row["source_hash"]})
    for row in rows:
        row["kept_file"] = files.get(row["source_hash"])
    total = position.total_pence(table)
    entries = {row["entry"]: row for row in rows}
    after = [
        f"Sum: {spoken(total)}, which is what {organisation} itself holds there." if rows else answers.NOTHING,
        *(
            f"Entry {number}: {row['kind']}, {row['effective_date']}, by {row['actor']}. {row['reason']}."
            for number, row in entries.items()
        ),
        *(f"Kept, and unchanged since it was imported: {file}." for file in files.values()),
        *changed,
        *answers.about(at),
    ]
    shown = rows if as_json else [_shown(row) for row in rows]
    extra = {"organisation": organisation, "fund": fund, "total_pence": total}
    show(Answer("trail", str(ledger), shown, at, after=after, extra=extra), as_json=as_json)


def _shown(row: dict[str, Any]) -> dict[str, Any]:
    came_from = ": ".join(text for text in (row["source"], row["note"]) if text)
    names = ("entry", "effective_date", "other", "fund", "standing")
    return {**{name: row[name] for name in names}, "came_from": came_from, "amount_pence": row["amount_pence"]}


def _kept(ledger: Address, digests: set[str]) -> tuple[dict[str, str], list[str]]:
    """The kept files by their hashes, and what is to be said of those that somebody has changed."""
    files: dict[str, str] = {}
    changed: list[str] = []
    for digest in sorted(digests):
        try:
            kept = attachments.kept(ledger, digest)
        except attachments.KeptFileChanged as error:
            changed.append(COMMAND_LINE.text(error))
        else:
            files |= {digest: str(kept)} if kept else {}
    return files, changed
