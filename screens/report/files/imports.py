"""What files bring in: what was understood of them, what they come to, and what would be posted or is."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from allocations.files.budgets.importing import BudgetImport
from allocations.files.budgets.understood import Understood, changes, in_one_sentence, meanings, summary
from allocations.files.position.importing import PositionImport
from allocations.files.published.importing import PublishedImport
from allocations.files.published.tables import RowsNotRead
from allocations.files.published.understood import PublishedFile
from ledger.attributes import picked
from ledger.money import exact_pounds
from ledger.reports.position import Moment
from screens.report.report import Report, Table, columns, count, count_of, data, listed, money, text

_MOST_SHOWN = 60


# --- budgets --------------------------------------------------------------------------------------


def budget(budget: Understood, *, names: Mapping[str, str] | None = None) -> Report:
    """What was understood of a budget: how its columns were read, what was set aside, its totals, and who receives.

    Args:
        names: of organisations by code.
    """
    payer = budget.request.payer or "nobody yet"
    title = f"{budget.file}, budgets of {payer} for {budget.request.year}: what was understood"
    tables = [meanings_table(budget), set_aside(budget)]
    if budget.lines:
        tables += [totals(budget), receivers(budget, names or {})]
    read = [f"{reading.sheet}: {reading.rows:,} rows read." for reading in budget.readings]
    sentence = [f"Understood as: {in_one_sentence(budget)}."] if budget.mapping else []
    inferred = [f"{said}." for said in budget.request.inferred]
    return Report(tables, None, title, [*inferred, *sentence, *read, *budget.remarks], _facts(budget))


def meanings_table(budget: Understood) -> Table:
    """How each column was read, with the row of the headings and the unit of each sheet below."""
    notes = [f"Sheet '{part.sheet}', headings in row {part.header_row}, amounts in {budget.units.get(part.sheet, '')}."
             for part in (budget.mapping.sheets if budget.mapping else ())]  # fmt: skip
    rows = [[str(value) for value in row.values()] for row in meanings(budget)]
    return Table("Columns", columns("Sheet", "Column", "Heading", "Meaning", "Of what"), rows, notes, most=_MOST_SHOWN)


def set_aside(budget: Understood) -> Table:
    """Cells and rows that were not read, each with the reason."""
    rows = [(each.place, each.what, each.why) for each in budget.set_aside]
    return Table("Set aside, and why", columns("Where", "What", "Why"), rows, most=_MOST_SHOWN)


def totals(budget: Understood) -> Table:
    """What the file says, what was understood, what would be posted, and what the payer holds."""
    request, control = budget.request, budget.control
    cells = "; ".join(
        f"{each.sheet}!{' '.join(each.file_total_cells)}" for each in budget.readings if each.file_total_cells
    )
    said = (
        f"its own total, {cells}"
        if cells
        else ("as you said" if request.total_pence is not None else "it has no total of its own")
    )
    held = None if control is None else control.held_pence
    rows = [
        ("The file says", said, budget.file_pence),
        ("Understood", f"{budget.rows_read:,} rows", budget.understood_pence),
        ("Would be posted", f"{len(budget.lines):,} transfers, in one entry", budget.read_pence),
        ("The books", f"what {request.payer} holds, {request.standing}, of {request.fund or 'the funds named'}", held),
    ]
    notes = [tie(budget), *rests(budget)] if budget.ties else rests(budget)
    name = "Three totals, to the penny, and what the payer holds"
    return Table(name, columns("Total", "Where from", "Amount (£)"), rows, notes)


def tie(budget: Understood) -> str:
    """That the totals of a budget tie, in a sentence."""
    exact = f"£{exact_pounds(budget.read_pence)}"
    if budget.file_pence is not None:
        return f"The first three tie, to the penny: {exact}."
    return f"What was understood is what would be posted: {exact}. The file has no total to hold it against."


def rests(budget: Understood) -> list[str]:
    """What a reader should know of the totals."""
    told = []
    if budget.control is not None and budget.control.rest_pence > 0:
        told.append(f"The rest, £{exact_pounds(budget.control.rest_pence)}, stays with {budget.request.payer}.")
    if budget.per_head_text:
        told.append(
            f"That is £{budget.per_head_text} for each registered person of those who receive (2025/26 figures)."
        )
    told.extend(f"{code} has closed: its money goes to {', '.join(into)}, by registered population."
                for code, into in sorted(budget.moved_on.items()))  # fmt: skip
    if budget.rounded:
        told.append(
            f"{budget.rounded:,} amounts were rounded to the penny, by £{budget.rounding_pounds:+,.4f} in all; "
            "the entry records what each cell held."
        )
    return told


def receivers(budget: Understood, names: Mapping[str, str]) -> Table:
    """What each would receive of each fund.

    Args:
        names: of organisations by code.
    """
    rows = [
        (code, f"{names[code]} ({code})" if code in names else code, row["fund"], row["recurrent"],
         "recurrent" if row["recurrent"] else "one-off", row["amount_pence"])
        for row in summary(budget) if (code := str(row["organisation"]))
    ]  # fmt: skip
    heads = [*data("organisation"), text("Organisation"), text("Fund", "fund"), *data("recurrent"), text("Lasting"),
             money("Amount (£)", "amount_pence")]  # fmt: skip
    return Table("What each receives", heads, rows, most=_MOST_SHOWN)


def before_and_after(budget: Understood, names: Mapping[str, str], held: Sequence[Mapping[str, Any]]) -> Table:
    """What each organisation of a budget has on its lines before it and after it, the payer last.

    Args:
        names: of organisations by code.
        held: the position of the budget's year, row by row.
    """
    rows = [
        (f"{names.get(one.organisation, one.organisation)} ({one.organisation})", one.fund, one.standing,
         one.before_pence, one.change_pence, one.after_pence)
        for one in changes(budget, held)
    ]  # fmt: skip
    heads = columns("Organisation", "Fund", "Standing", "Before (£)", "This budget (£)", "After (£)")
    return Table("Before and after", heads, rows, most=_MOST_SHOWN)


def _facts(budget: Understood) -> dict[str, Any]:
    control = budget.control
    return {
        "file": budget.file,
        "sha256": budget.sha256,
        "payer": budget.request.payer or None,
        "year": str(budget.request.year),
        "understood": in_one_sentence(budget),
        "said_otherwise": budget.differs,
        "inferred": list(budget.request.inferred),
        "fund": budget.request.fund,
        "standing": budget.request.standing or None,
        "columns": meanings(budget),
        "units": budget.units,
        "rows_read": {reading.sheet: reading.rows for reading in budget.readings},
        "set_aside": [each._asdict() for each in budget.set_aside],
        "remarks": budget.remarks,
        "file_total_pence": budget.file_pence,
        "read_total_pence": budget.read_pence,
        "control_total_pence": None if control is None else control.held_pence,
        "rest_pence": None if control is None else control.rest_pence,
        "pounds_per_head": budget.per_head_text,
        "amounts_rounded": budget.rounded,
        "rounding_pounds": f"{budget.rounding_pounds:f}",
        "successors": {code: list(into) for code, into in budget.moved_on.items()},
    }


def budget_posted(outcome: BudgetImport, at: Moment, *, dry_run: bool) -> Report:
    """A budget, and what became of its entry."""
    report, posted = budget(outcome.understood), outcome.posted
    entry = {**picked(posted, "number", "key", "replayed"), "dry_run": dry_run, "transfers": posted.transfers}
    facts = {
        **report.facts, "problems": [], "entries": [entry], "kept_file": outcome.kept and str(outcome.kept)
    }  # fmt: skip
    sentences = [*report.sentences, _became(outcome, dry_run=dry_run)]
    return Report(report.tables, at, report.title, sentences, facts)


def _became(outcome: BudgetImport, *, dry_run: bool) -> str:
    posted = outcome.posted
    if posted.replayed:
        return f"Nothing to add: the books have this file as entry {posted.number}."
    if dry_run:
        return f"It would be posted as one entry with {posted.transfers:,} transfers. Nothing was posted."
    return (
        f"Posted as entry {posted.number} with {posted.transfers:,} transfers; the file is kept as {outcome.kept}. "
        f"Undo it with: devolution reverse {posted.number} --reason '...'"
    )


# --- published files ------------------------------------------------------------------------------


def understood(files: Sequence[PublishedFile]) -> Report:
    """The tables in published files, with what ties and what was set aside."""
    return Report([tables_found(files)], sentences=remarks(files))


def tables_found(files: Sequence[PublishedFile]) -> Table:
    """The tables that were found in files, one a row."""
    heads = [text("File", "file"), text("Kind", "kind"), text("Of", "of"), text("Table", "table"),
             text("Sheet", "sheet"), count("Rows", "rows_read"), count("Figures", "figures")]  # fmt: skip
    rows = [
        (file.file, file.kind.value, file.period, one.table, one.sheet, one.rows, one.figures)
        for file in files for one in file.found
    ]  # fmt: skip
    return Table("Tables that were found", heads, rows)


def remarks(files: Sequence[PublishedFile]) -> list[str]:
    """What a reader of files should know: remarks, what was set aside, and what ties."""
    told = []
    for file in files:
        told += [f"{file.file}: {remark}" for remark in file.remarks]
        told += _set_aside(file)
        told += [f"Ties: {tie}" for tie in file.ties]
    return told


def _set_aside(file: PublishedFile) -> list[str]:
    """Rows that were not read, those with one reason in one sentence; ``--json`` has each with its text."""
    by_reason: dict[tuple[str, str], list[RowsNotRead]] = defaultdict(list)
    for aside in file.set_aside:
        by_reason[aside.sheet, aside.why].append(aside)
    return [
        f"{file.file}, sheet {sheet}, {', '.join(_which(row.first, row.last) for row in rows)} set aside: {why}"
        + (f" ({rows[0].text})" if len(rows) == 1 and rows[0].text else "")
        for (sheet, why), rows in by_reason.items()
    ]


def _which(first: int, last: int) -> str:
    return f"row {first}" if first == last else f"rows {first} to {last}"


def published(read: Sequence[PublishedFile], imported: PublishedImport, at: Moment, *, dry_run: bool) -> Report:
    """What published files brought, or would."""
    fresh = [entry for entry in imported.posted if not entry.replayed]
    entries = [
        {"entry": entry.number, "key": entry.key, "legs": entry.transfers, "replayed": entry.replayed}
        for entry in imported.posted
    ]
    files = [
        {
            "file": file.file,
            "sha256": file.sha256,
            "kind": file.kind.value,
            "of": file.period,
            "remarks": list(file.remarks),
            "ties": list(file.ties),
            "set_aside": [
                {"sheet": a.sheet, "first_row": a.first, "last_row": a.last, "why": a.why, "text": a.text}
                for a in file.set_aside
            ],
        }
        for file in read
    ]
    new = count_of(len(fresh), "entry", "entries")
    done = f"{new} would be posted; nothing was kept." if dry_run else f"{new} posted."
    sentences = [*remarks(read), *imported.sentences, done if fresh else "Nothing to add."]
    facts = {"files": files, "entries": entries, "brought": list(imported.sentences), "dry_run": dry_run}
    return Report([tables_found(read)], at, sentences=sentences, facts=facts)


# --- positions ------------------------------------------------------------------------------------


def position(done: PositionImport, at: Moment, *, dry_run: bool) -> Report:
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
    facts = {
        "content_hash": done.content_hash,
        "sha256": done.file.sha256,
        "exported_head": done.file.head,
        "dry_run": dry_run,
    }
    same = f"The same position comes back: content hash {done.content_hash}."
    return Report([listed(rows)], at, title, [same], facts)
