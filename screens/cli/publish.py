"""``devolution publish``: the whole position as a static site, with its tables, that anybody can check."""

from pathlib import Path
from typing import Annotated

import typer

from ledger.proofs import heads
from ledger.reports import journal as in_books
from ledger.reports.position import moment, year_in_view
from ledger.reports.register import as_on
from ledger.rules.rights import NOBODY
from screens.cli.guard import guarded, opened
from screens.cli.options import DEFAULT_LEDGER, AsAt, Ledger, year
from screens.publication import site
from screens.report.render import terminal
from screens.report.report import Report

EVERY_YEAR = "all"


@guarded("publish")
def publish(
    folder: Annotated[Path, typer.Argument(help="A new folder for it.", file_okay=False)],
    ledger: Ledger = DEFAULT_LEDGER,
    years: Annotated[
        list[str] | None, typer.Option("--year", help="A financial year, as 2025/26, or 'all'; may be given again.")
    ] = None,
    as_at: AsAt = None,
    key: Annotated[
        Path | None, typer.Option(help="The private key to sign it with: Ed25519, in PEM.", dir_okay=False)
    ] = None,
    journal: Annotated[
        bool, typer.Option("--journal", help="Also the journal, which leads to the head, and names who recorded what.")
    ] = False,
) -> Report:
    """Write a site that needs no server: a page for each organisation, the tables, and how anybody checks them."""
    signed = None if key is None else heads.Key(key.read_bytes(), str(key))
    asked = [year(text).start for text in years or () if text != EVERY_YEAR]
    # As everybody may see the books: what roles hide is in no publication.
    with opened(ledger, NOBODY) as store, store.read(NOBODY) as reader:
        newest = moment(reader)
        # The day is that of the newest entry, so that the same books give the same bytes whenever they are published.
        at = moment(reader, as_at or newest.known_at.date())
        as_on(reader, at)
        if EVERY_YEAR in (years or ()):
            asked = sorted(in_books.years(reader))
        asked = asked or [year_in_view(reader, at).start]
        with terminal.progress("Publishing") as told:
            return site.publish(
                reader, at, folder, years=asked, key=signed, with_journal=journal,
                progress=told,
            )  # fmt: skip
