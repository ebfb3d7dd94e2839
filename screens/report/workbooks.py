"""What the commands answer that write workbooks, and that read what we wrote."""

from collections.abc import Sequence
from dataclasses import replace

from allocations.files.out.accessible_tables import Table
from allocations.files.out.journal import Written
from allocations.files.out.template import TemplatePlan
from allocations.files.out.working_plan import Plan
from allocations.files.position.export import Guard
from allocations.files.position.importing import Imported
from ledger.reports.position import Moment
from screens.report.answers import about
from screens.report.terminal import Answer


def of_working(plan: Plan, *, ledger: str, at: Moment | None, out: str) -> Answer:
    """What a working workbook splits, line by line."""
    rows = [
        {
            "icb": line.icb,
            "fund": line.fund,
            "by": line.by,
            "amount_pence": line.amount_pence,
            **{f"{level} rows": len(blocks[index].receivers) for level, blocks in plan.blocks.items()},
            "amount from": line.origin,
        }
        for index, line in enumerate(plan.lines)
    ]
    close = [f"A pound may fall to either of two receivers in: {'; '.join(plan.too_close)}."] if plan.too_close else []
    title = f"Written to {out}: yellow cells are inputs, everything else is a formula."
    after = [*close, *([] if at is None else about(at))]
    return Answer("export allocations", ledger, rows, at, title=title, after=after, extra={"file": out})


def of_position_file(written: Guard, *, ledger: str, at: Moment, out: str) -> Answer:
    """What a position's file holds, as it says itself."""
    row = {
        "file": out,
        "rows": written.rows,
        "sum_pounds": str(written.sum_pounds),
        "content_hash": written.content_hash,
    }
    return Answer(
        "export position", ledger, [row], at, title=f"Written to {out}.", after=about(at), extra={"file": out}
    )


def of_journal(written: Written, *, ledger: str, at: Moment) -> Answer:
    """What a journal's file holds, and how somebody without a ledger checks it."""
    row = {
        "file": str(written.path),
        "entries": written.entries,
        "transfers": written.transfers,
        "size_bytes": written.size_bytes,
    }
    told = f"It leads to the head {written.head}; docs/checking.md says how anybody checks that, without this program."
    after = [told, *about(at)]
    return Answer(
        "export journal",
        ledger,
        [row],
        at,
        title=f"Written to {written.path}.",
        after=after,
        extra={"file": str(written.path)},
    )


def of_scenario_file(written: Guard, *, sentence: str, ledger: str, at: Moment, out: str) -> Answer:
    """What the file of a scenario's outcome holds, and what the scenario says."""
    answer = of_position_file(written, ledger=ledger, at=at, out=out)
    after = [sentence, "All of it is hypothetical: nobody has decided it.", *answer.after]
    return replace(answer, command="export scenario", after=after, extra={**answer.extra, "sentence": sentence})


def of_position_import(done: Imported, *, ledger: str, at: Moment, dry_run: bool) -> Answer:
    """What an imported position posted, and that the same position came back."""
    rows = [
        {
            "entry": entry.number,
            "key": entry.key.rpartition("/")[2],
            "legs": entry.transfers,
            "replayed": entry.replayed,
        }
        for entry in done.posted
    ]
    again = all(entry.replayed for entry in done.posted)
    became = "was in the books already" if again else "would be posted" if dry_run else "is posted"
    title = f"The position of {done.file.name}, {done.file.table.num_rows:,} rows as at {done.file.as_at}, {became}."
    same = f"The same position comes back: content hash {done.content_hash}."
    extra = {
        "content_hash": done.content_hash,
        "sha256": done.file.sha256,
        "exported_head": done.file.head,
        "dry_run": dry_run,
    }
    return Answer("import position", ledger, rows, at, title=title, after=[same, *about(at)], extra=extra)


def of_published(tables: Sequence[Table], *, ledger: str, at: Moment, out: str) -> Answer:
    """Which tables a published workbook holds."""
    rows = [{"sheet": table.label, "title": table.title, "rows": len(table.rows)} for table in tables]
    title = f"Written to {out}: values only, by the Analysis Function's list for accessible spreadsheets."
    return Answer("export published", ledger, rows, at, title=title, after=about(at), extra={"file": out})


def of_template(plan: TemplatePlan, *, ledger: str, at: Moment | None, out: str) -> Answer:
    """Which lines a template has, and what the ICB has of each."""
    rows = [{"fund": line.fund, "name": line.name, "held_pence": line.held_pence} for line in plan.lines]
    title = f"Written to {out}: a row for each of {len(plan.places)} places and {len(rows)} lines, and free rows."
    after = [f"What the ICB has: {plan.origin}.", *([] if at is None else about(at))]
    return Answer("template", ledger, rows, at, title=title, after=after, extra={"file": out})
