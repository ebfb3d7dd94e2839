"""``devolution verify``: whether every invariant of the books holds."""

from dataclasses import replace

from ledger.entries import chain
from ledger.errors import Refused
from ledger.proofs.heads import Head
from ledger.reports import verify as audit
from ledger.reports.position import moment
from screens.cli.guard import guarded, opened
from screens.cli.options import DEFAULT_LEDGER, Json, Ledger
from screens.report import proof_files, terminal
from screens.report.proof_files import SeenHead, Since
from screens.report.terminal import Answer, show


@guarded("verify")
def verify(
    ledger: Ledger = DEFAULT_LEDGER,
    head: SeenHead = None,
    since: Since = None,
    as_json: Json = False,
) -> None:
    """Ask every invariant of the whole ledger; exit with 1 if one does not hold, saying where.

    With --since only of the entries after that head, with all that they rest on: quick enough for every hour, and the
    whole for the night.
    """
    seen = None if head is None else proof_files.kept(head)
    with opened(ledger) as store, store.read_afresh() as reader:
        at = moment(reader)
        with terminal.progress("Verifying") as told:
            found = audit.verify(
                reader, lambda name: told(f"Checking {name}", 0, None), seen_head=seen, since=since, store=store
            )
        if found:
            raise Refused(found)
        content, entries, unseen = chain.books_hash(reader), chain.last_entry(reader), len(reader.unseen)
        new = entries if since is None else entries - audit.entry_with(reader, since)
    rows = [{"entries": entries, "problems": 0, "head": at.head, "content_hash": content}]
    hidden = f"{unseen} entries of proposals are not for you to see: their links were checked, and not what they hold."
    empty = "The ledger is empty: there is nothing that could fail."
    whole = (
        f"All {entries:,} entries hold: the chain is whole, money is conserved, every rule and control total is met."
    )
    part = (
        f"The newest {new:,} of {entries:,} entries hold, with all that they rest on." if new else "Nothing is newer."
    )
    title = empty if not entries else whole if since is None else part
    extra = {"unseen": unseen} if since is None else {"unseen": unseen, "since": since, "looked_at": new}
    answer = Answer("verify", str(ledger), rows, at, title=title, extra=extra)
    kept = [f"The head that was kept{seen.signed} is held."] if isinstance(seen, Head) else []
    show(replace(answer, after=[*kept, *([hidden] if unseen else [])]), as_json=as_json)
