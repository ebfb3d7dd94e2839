"""``devolution verify``: whether every invariant of the books holds."""

from dataclasses import replace

from ledger import audit, chain
from ledger.errors import Refused
from ledger.heads import Head
from screens import proof_files, terminal
from screens.arguments import DEFAULT_LEDGER, Json, Ledger
from screens.commands.guard import guarded, reading
from screens.proof_files import SeenHead
from screens.terminal import Answer, show


@guarded("verify")
def verify(
    ledger: Ledger = DEFAULT_LEDGER,
    head: SeenHead = None,
    as_json: Json = False,
) -> None:
    """Ask every invariant of the whole ledger; exit with 1 if one does not hold, saying where."""
    seen = None if head is None else proof_files.kept(head)
    with reading(ledger, None, None) as (reader, at):
        with terminal.progress("Verifying") as told:
            found = audit.verify(reader, lambda name: told(f"Checking {name}", 0, None), seen_head=seen)
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
    kept = [f"The head that was kept{seen.signed} is held."] if isinstance(seen, Head) else []
    show(replace(answer, after=[*kept, *([hidden] if unseen else [])]), as_json=as_json)
