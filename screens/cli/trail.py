"""What a balance is made of, down to the file, the sheet and the cell."""

from typing import Annotated, Any

import typer

from ledger.money import spoken
from ledger.reports import position
from ledger.reports.trail import trail
from ledger.store import attachments
from ledger.store.address import Address
from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, AsAt, Json, KnownAt, Ledger, Year
from screens.report import answers
from screens.report.terminal import Answer, show


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
            changed.append(str(error))
        else:
            files |= {digest: str(kept)} if kept else {}
    return files, changed
