"""What became of decisions that were recorded: one by itself, or those of a register."""

from collections import Counter

from allocations.files.register.reading import Register
from ledger.attributes import picked
from ledger.entries.decisions.batch import Recorded
from ledger.entries.decisions.described import Decision
from ledger.reports.position import Moment
from screens.report.report import Report, count_of, listed


def of_one(decision: Decision, done: Recorded, at: Moment, *, dry_run: bool, propose: bool) -> Report:
    """One decision: what the books say before and after it, and its entries."""
    names = ("organisation", "fund", "year", "standing", "before_pence", "after_pence")
    rows = [picked(one, *names) for one in done.touched]
    facts = {"proposed": propose, "sentences": list(done.sentences)}
    return Report([listed(rows)], at, decision.meaning, done.sentences, facts).with_entries(
        list(done.posted), dry_run=dry_run
    )


def of_register(register: Register, done: Recorded, at: Moment, *, dry_run: bool, propose: bool) -> Report:
    """The decisions of a register: how many of each kind, and how many entries they make."""
    kinds = Counter(row.name for row in register.rows)
    rows = [{"kind": name, "rows": number} for name, number in sorted(kinds.items())]
    said = sentence_of(register, done, dry_run=dry_run, propose=propose)
    facts = {
        "file": register.file, "sha256": register.sha256, "dry_run": dry_run, "proposed": propose, "sentence": said,
        "entries": [picked(one, "number", "key", "replayed") for one in done.posted],
    }  # fmt: skip
    return Report([listed(rows)], at, "", [said], facts)


def sentence_of(register: Register, done: Recorded, *, dry_run: bool, propose: bool) -> str:
    """What the rows of a register make, in a sentence."""
    made = f"{count_of(len(register.rows), 'row makes', 'rows make')} {count_of(len(done.drafts), 'entry', 'entries')}"
    fresh = len([entry for entry in done.posted if not entry.replayed])
    became = "would be posted" if dry_run else "are posted"
    return f"{made}, which are left to be approved." if propose else f"{made}: {fresh:,} {became}."
