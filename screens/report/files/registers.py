"""Registers that go out: the template to fill in, and the decisions of the books as one."""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from allocations.files.register.writing import lists, write_register
from ledger.entries.decisions.known import known
from ledger.entries.decisions.written import written
from ledger.reports.position import Moment
from ledger.store.base import Reader
from screens.report.report import Report, listed


def template_of(reader: Reader, at: Moment, out: Path) -> Report:
    """Write an empty register with the lists of a ledger."""
    write_register(out, (), lists(known(reader)))
    title = f"Written to {out}: a row a decision, with lists; the sheet Kinds says what each is asked for."
    return Report((), at, title, facts={"file": str(out)})


def decisions_of(reader: Reader, at: Moment, out: Path) -> Report:
    """Write every decision of a ledger as a register; what no register can bring in again exactly is named."""
    found = written(reader, at.known)
    write_register(out, found.rows, lists(known(reader)))
    kinds = Counter(row["kind"] for row in found.rows)
    rows = [{"kind": kind, "rows": number} for kind, number in sorted(kinds.items())]
    said = [_left_out(found.left_out)] if found.left_out else []
    left_out = [{"entry": number, "kind": kind} for number, kind in found.left_out]
    facts = {"file": str(out), "left_out": left_out}
    return Report([listed(rows)], at, f"Written to {out}: {len(found.rows):,} decisions.", said, facts)


def _left_out(entries: Sequence[tuple[int, str]]) -> str:
    most = 10
    named = ", ".join(f"{number} ({kind})" for number, kind in entries[:most])
    more = f" and {len(entries) - most:,} more" if len(entries) > most else ""
    return (
        f"Left out: entries {named}{more}. They are no rows of a register: another command makes them, as the "
        "beginning of a ledger or a proposal."
    )
