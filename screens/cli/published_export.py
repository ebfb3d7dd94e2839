"""``devolution export published``: the accessible workbook."""

from pathlib import Path
from typing import Annotated

import typer

from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, AsAt, Json, KnownAt, Ledger, Organisation, Year
from screens.report import accessible_file
from screens.report.terminal import show


@guarded("export published")
def export_published(
    out: Annotated[Path, typer.Option("--out", help="The file to write.", dir_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
    organisation: Organisation = None,
    icb: Annotated[str | None, typer.Option(help="The same for an ICB, by code.")] = None,
    year: Year = None,
    contact: Annotated[str | None, typer.Option(help="Who answers questions, for the cover.")] = None,
    as_at: AsAt = None,
    known_at: KnownAt = None,
    as_json: Json = False,
) -> None:
    """An accessible workbook, values only: by tier and grade, ICBs by stream, ring-fenced pots, organisations."""
    with reading(ledger, as_at, known_at) as (reader, at):
        answer = accessible_file.published_file(
            reader, at, out, ledger=str(ledger), organisation=organisation or icb, year=year, contact=contact
        )
    show(answer, as_json=as_json)
