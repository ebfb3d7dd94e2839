"""A budget workbook becomes one entry in the books, or is refused with every reason; never anything between.

What was understood is a value that can be shown whether or not it is posted: sheets, headings, units, rows set
aside, problems, and three totals: the file's own, what was read, and what the payer holds. They tie, or nothing
is posted.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import NamedTuple

from allocations.files.budgets import layout, payer
from allocations.files.budgets.evidence import of_mapping
from allocations.files.budgets.legs import draft_of, netted, plain, successors_of
from allocations.files.budgets.mapping import BudgetMapping, Meaning, undecided
from allocations.files.budgets.receivers import Receivers, everybody, receivers
from allocations.files.budgets.rows import read_rows
from allocations.files.budgets.sheet import Asked, SetAside
from allocations.files.budgets.totals import control, per_head, tie_problems
from allocations.files.budgets.understood import BudgetRefused, Request, Understood
from allocations.files.out.sheets import FIRST_ROW, Book
from allocations.reading.amounts import UNIT_WORDS
from allocations.reading.cells import CellKind, Sheet, Workbook, read_workbook, without_collecting
from allocations.reading.letters import folded
from allocations.reading.saved_mapping import save_mapping, shape_problems
from ledger.entries.draft import Draft
from ledger.entries.posting import Posted, post, posted_before
from ledger.errors import Problem, Refused, refuse
from ledger.inputs import Action, Input
from ledger.money import exact_pounds
from ledger.reports import imported, journal, position, register
from ledger.store.attachments import attaching
from ledger.store.attachments import kept as kept_file
from ledger.store.base import Reader, Store
from ledger.words import AVAILABLE
from ledger.years import working_day


@dataclass(frozen=True, slots=True)
class BudgetImport:
    """What became of a budget.

    Attributes:
        posted: the entry; its ``replayed`` says that the books had it already.
        draft: what was posted, or would be.
        kept: where the original file is kept; none for a dry run.
    """

    understood: Understood
    posted: Posted
    draft: Draft | None = None
    kept: Path | None = None


def day_of(request: Request) -> date:
    """The day on which the entry counts."""
    return request.day or working_day(request.year)


def understand(workbook: Workbook, books: Receivers, request: Request) -> Understood:
    """Work out what a workbook says, without asking what the payer holds. Nothing is raised."""
    found = Understood(workbook.file, workbook.sha256, request)
    found.remarks.extend(workbook.remarks)
    named = {folded(name) for name in request.sheets}
    named |= {folded(part.sheet) for part in request.mapping.sheets} if request.mapping else set()
    for sheet in workbook.sheets:
        if not sheet.visible and folded(sheet.name) not in named:
            aside = SetAside(f"{workbook.file}, sheet {sheet.name}", "the whole sheet", "hidden, and not imported")
            found.set_aside.append(aside)
    found.mapping = request.mapping and _with_settings(request.mapping, request)
    if found.mapping is None:
        found.mapping = _worked_out(workbook, books, request, found)
    else:
        found.problems.extend(shape_problems(found.mapping, workbook) or undecided(found.mapping, workbook))
        _hold_to_mapping(workbook, found, request)
        found.units = {
            part.sheet: f"{UNIT_WORDS[part.unit or 'pounds']}, by the mapping" for part in found.mapping.sheets
        }
    if found.mapping is None or found.problems:
        found.problems.extend(found.asked)
        return found
    sheets = {sheet.name: sheet for sheet in workbook.sheets}
    asked = Asked(request.year, request.fund, request.accept_successors)
    for part in found.mapping.sheets:
        reading = read_rows(workbook.file, sheets[part.sheet], part, found.mapping, books, asked)
        found.readings.append(reading)
        found.set_aside.extend(reading.set_aside)
        found.problems.extend(reading.problems)
        found.remarks.extend(reading.remarks)
        found.lines.extend(reading.lines)
    if not found.lines and not found.problems:
        found.problems.append(
            Problem(
                workbook.file,
                "no amount was found below its headings.",
                "There is nothing to post.",
                f"Fill in the budget, or name its sheet {Input.SHEETS.given}.",
            )
        )
    found.lines, found.moved_on = successors_of(found.lines, books)
    found.lines, problems = netted(workbook.file, found.lines)
    found.problems.extend(problems)
    found.problems.extend(tie_problems(found, workbook.file))
    found.problems.extend(found.asked)
    return found


def _hold_to_mapping(workbook: Workbook, understood: Understood, request: Request) -> None:
    """A saved mapping says what columns mean; what the file says of its year, unit and currency still holds it."""
    if understood.mapping is None or understood.problems:
        return
    sheets = {sheet.name: sheet for sheet in workbook.sheets}
    for part in understood.mapping.sheets:
        said = of_mapping(workbook.file, sheets[part.sheet], part, request.year, understood.mapping.settings)
        understood.problems.extend(said.problems)
        understood.asked.extend(said.asked)
        understood.differs.extend(said.differs)
        unit = said.unit[0]
        if understood.mapping.fingerprint is not None and unit is not None and part.unit not in (None, unit):
            understood.problems.append(
                Problem(
                    f"{workbook.file}, sheet {part.sheet}",
                    f"the mapping says {part.unit}, and the file says {unit} {said.unit[1]}.",
                    "Pounds read as thousands are wrong a thousandfold.",
                    f"Check the file; if it is meant, {Action.NEW_MAPPING.done()}.",
                )
            )


def _with_settings(mapping: BudgetMapping, request: Request) -> BudgetMapping:
    said = request.settings.model_dump(exclude_none=True)
    return mapping.model_copy(update={"settings": mapping.settings.model_copy(update=said)})


def _names_receivers(sheet: layout.SheetLayout) -> bool:
    columns = [] if sheet.mapping is None else sheet.mapping.columns.values()
    return any(
        column.meaning in (Meaning.CODE, Meaning.NAME) or (column.meaning is Meaning.AMOUNT and column.organisation)
        for column in columns
    )


def _worked_out(workbook: Workbook, books: Receivers, request: Request, understood: Understood) -> BudgetMapping | None:
    """The mapping of the sheet that looks like a budget, or of those that the user names."""
    chosen = _chosen(workbook, request, understood)
    results = {
        sheet.name: layout.find(workbook.file, sheet, books, request.year, {}, request.unit, request.settings)
        for sheet in chosen
    }
    budgets = {name: result for name, result in results.items() if result.mapping is not None}
    # A sheet of checks or notes may have amounts; a budget says who receives them.
    naming = {name: result for name, result in budgets.items() if _names_receivers(result)}
    if not request.sheets:
        budgets = naming or budgets
    if not request.sheets and len(budgets) > 1:
        listed = ", ".join(f"'{name}'" for name in budgets)
        understood.problems.append(
            Problem(
                workbook.file,
                f"several sheets look like budgets: {listed}.",
                "Reading them all could count money twice.",
                f"Name each of those to read {Input.SHEETS.given}.",
            )
        )
        return None
    missing = [name for name in results if name not in budgets] if request.sheets or not budgets else []
    said = [problem for name in missing for problem in results[name].problems]
    understood.problems.extend(said)
    for name in missing if not said else []:
        understood.problems.append(_no_budget(workbook, name, next(sheet for sheet in chosen if sheet.name == name)))
    if missing or not budgets:
        if not understood.problems:
            understood.problems.append(
                Problem(
                    workbook.file,
                    "it has no visible sheet with anything on it.",
                    "There is nothing to read.",
                    "Give the workbook with the budget; unhide its sheet.",
                )
            )
        return None
    for name, result in budgets.items():
        understood.problems.extend(result.problems)
        understood.asked.extend(result.asked)
        understood.remarks.extend(result.remarks)
        understood.differs.extend(result.differs)
        understood.set_aside.extend(
            SetAside(f"{workbook.file}, sheet {name}, cell {cell}", heading, f"a column that is {why}")
            for cell, heading, why in result.aside
        )
        assert result.mapping is not None
        unit = result.mapping.unit
        understood.units[name] = f"{UNIT_WORDS[unit]}, {result.unit_from}" if unit else "not said"
    title = f"{workbook.file}, as it was worked out"
    parts = tuple(result.mapping for result in budgets.values() if result.mapping is not None)
    return _with_settings(BudgetMapping(title=title, sheets=parts), request)


def _chosen(workbook: Workbook, request: Request, understood: Understood) -> list[Sheet]:
    if not request.sheets:
        return [sheet for sheet in workbook.sheets if sheet.visible and sheet.rows]
    by_name = {folded(sheet.name): sheet for sheet in workbook.sheets}
    for name in request.sheets:
        if folded(name) not in by_name:
            known = ", ".join(f"'{sheet.name}'" for sheet in workbook.sheets)
            understood.problems.append(
                Problem(
                    f"{workbook.file}, sheet {name}",
                    f"there is no such sheet; there are {known}.",
                    "It cannot be read.",
                    "Correct the name.",
                )
            )
    return [by_name[folded(name)] for name in request.sheets if folded(name) in by_name]


def _no_budget(workbook: Workbook, name: str, sheet: Sheet) -> Problem:
    """Why a sheet was not taken for a budget; a workbook that nobody calculated is a case of its own."""
    uncalculated = [cell for row in sheet.rows for cell in row if cell.kind is CellKind.UNCALCULATED]
    if uncalculated:
        return Problem(
            f"{workbook.file}, sheet {name}, cell {uncalculated[0].address}",
            f"{len(uncalculated):,} cells hold formulas with no stored values.",
            "The program that wrote the file did not work them out.",
            "Open the file in Excel, save it, and import it again.",
        )
    return Problem(
        f"{workbook.file}, sheet {name}",
        "no row of it heads a budget.",
        "A budget has a column of codes or names of organisations and at least one of amounts.",
        f"Head them, as 'Code' and 'Budget (£)', or say {Input.COLUMNS.given} where they stand.",
    )


def import_budgets(store: Store, path: Path, request: Request, *, dry_run: bool = False) -> BudgetImport:
    """Import a budget workbook: one entry for the file, the original kept beside the ledger.

    The same file, payer, sheets and funds are posted once; after a reversal they can be posted again.

    Raises:
        Refused: the file cannot be read, or the payer is not known.
        BudgetRefused: anything in it is wrong, or the three totals do not tie; nothing is posted or kept.
    """
    found, draft, before = look(store, path, request)
    if before is not None:
        return BudgetImport(found, before)
    if draft is None:
        raise BudgetRefused(found.problems, found)
    try:
        if dry_run:
            return BudgetImport(found, post(store, [draft], dry_run=True)[0], draft)
        return _post_and_keep(store, path, found, draft)
    except Refused as refused:
        raise BudgetRefused(refused.problems, found) from refused


class Looked(NamedTuple):
    """What an import makes of a file before anything is posted.

    Attributes:
        draft: the entry that would be posted; none where there are problems, or the books have it.
        before: the entry that the books have of this file already.
    """

    understood: Understood
    draft: Draft | None = None
    before: Posted | None = None


def look(store: Store, path: Path, request: Request) -> Looked:
    """Understand a budget workbook and hold it against the books, which are only read.

    What is wrong with it is in ``understood.problems``; the rules of the books themselves are asked on posting.

    Raises:
        Refused: the file cannot be read, or the payer is not known.
        BudgetRefused: the file was imported before, and would now be read otherwise.
    """
    day = day_of(request)
    with without_collecting(), store.read() as reader:
        workbook = read_workbook(path)
        if not request.payer:
            paid = _with_payer(reader, workbook, request)
            request = replace(request, payer=paid.payer, inferred=paid.inferred)
        books = receivers(reader, request.payer, day)
        request = replace(request, payer=books.payer)
        _refuse_unknown_fund(books, request)
        found = understand(workbook, books, request)
        if request.save_mapping is not None and found.mapping is not None:
            save_mapping(request.save_mapping, found.mapping, workbook)
        key, is_posted = _key(reader, found)
        if is_posted and not found.problems:
            found.request = _settled(found.request)
            return Looked(found, before=_replayed(reader, found, key))
        if not request.standing:
            _infer_standing(reader, found, day)
        _compare(reader, found, day)
    return Looked(found, None if found.problems else draft_of(found, books, key, day))


class Inferred(NamedTuple):
    """What a file and the books say of whose money it hands out, before anybody has said it.

    Attributes:
        payer: its code; empty where it is not one, and is asked.
        standing: ``available`` or ``retained``; empty where neither fits, or both do.
        said: from what each was inferred, in sentences without their stops: of the payer, then of the standing.
        asked: what must be asked instead.
    """

    payer: str
    standing: str
    said: tuple[str, ...]
    asked: tuple[Problem, ...]


def infer(store: Store, workbook: Workbook, request: Request) -> Inferred:
    """Infer who pays, and which of their money, where the request says neither.

    Args:
        request: with an empty payer, an empty standing, or both.
    """
    day = day_of(request)
    with without_collecting(), store.read() as reader:
        try:
            given = request if request.payer else _with_payer(reader, workbook, request)
        except Refused as refused:
            return Inferred("", "", (), refused.problems[:1])
        found = understand(workbook, receivers(reader, given.payer, day), given)
        before = tuple(found.problems)
        if not request.standing:
            _infer_standing(reader, found, day)
    return Inferred(
        given.payer,
        "" if request.standing or not found.standing_inferred else found.request.standing,
        found.request.inferred,
        tuple(found.problems[len(before) :]),
    )


def _with_payer(reader: Reader, workbook: Workbook, request: Request) -> Request:
    """The request with the one organisation that is above everybody who receives, and holds money of its funds.

    Where the books have the file of one of those above already, it is that one.

    Raises:
        BudgetRefused: it is not one; the first problem names those who could be meant.
    """
    day = day_of(request)
    names = imported.payers(reader, request.year.start)
    books = everybody(reader, list(names), day)
    if request.fund not in books.all.funds:
        request = replace(request, fund=None)
    found = understand(workbook, books.all, request)
    lines = found.lines
    if not lines and not request.fund and books.all.funds:
        # Rows that name no fund still name who receives: any fund lets them be read.
        lines = understand(workbook, books.all, replace(request, fund=min(books.all.funds))).lines
    receiving = {line.organisation for line in lines}
    above = payer.above_all(receiving, books.below)
    had = [code for code in above if _key(reader, _paid_by(found, code))[1]]
    funds, held = payer.handed_out(found.lines, request.fund), _held(reader, request, day)
    holding = payer.holding(above, funds, held)
    could = had if len(had) == 1 else holding
    if len(could) != 1:
        some = [code for code, under in books.below.items() if code not in receiving and receiving & under]
        meant = could or [code for code in some if any(payer.holding([code], [fund], held) for fund in funds)] or above
        asked = payer.who_is_asked(meant, names, len(receiving))
        problems = [asked, *([] if receiving else found.problems)]
        raise BudgetRefused(problems, Understood(found.file, found.sha256, request, found.mapping, found.units))
    said = payer.payer_said(names[could[0]], could[0], len(receiving))
    return replace(request, payer=could[0], inferred=(said,))


def _paid_by(understood: Understood, code: str) -> Understood:
    return replace(understood, request=replace(understood.request, payer=code))


def _held(reader: Reader, request: Request, day: date) -> dict[tuple[str, str, str], int]:
    """What everybody holds of the year's money on a day, in pence, by organisation, fund and standing."""
    held: dict[tuple[str, str, str], int] = defaultdict(int)
    for row in position.position(reader, position.moment(reader, day), year=request.year.start).to_pylist():
        held[row["organisation"], row["fund"], row["standing"].split()[0]] += row["amount_pence"]
    return held


def _infer_standing(reader: Reader, understood: Understood, day: date) -> None:
    """Settle which of the payer's money is handed out, by what it holds; what is available where nothing fits.

    Where nothing fits the control total says so, with what else the payer holds; where both do, it is asked.
    """
    request = understood.request
    handed = {} if understood.problems else payer.handed_out(understood.lines, request.fund)
    fits = payer.fitting(request.payer, handed, _held(reader, request, day), leave_rest=request.leave_rest)
    if len(fits) > 1:
        understood.problems.append(payer.which_is_asked(request.payer, fits))
    understood.standing_inferred = len(fits) == 1
    if understood.standing_inferred:
        request = replace(request, standing=fits[0])
        if request.inferred or fits[0] != AVAILABLE:  # what is usual of somebody who was named goes without saying
            said = payer.standing_said(request.payer, fits[0], understood.read_pence)
            request = replace(request, inferred=(*request.inferred, said))
    understood.request = _settled(request)


def _settled(request: Request) -> Request:
    return replace(request, standing=request.standing or AVAILABLE)


def _post_and_keep(store: Store, path: Path, understood: Understood, draft: Draft) -> BudgetImport:
    with attaching(store.path, [path]):
        kept = kept_file(store.path, understood.sha256)
        if kept is None:
            why = "What is kept must be what was read."
            refuse(understood.file, "it was changed while it was being read.", why, "Import it again.")
        (posted,) = post(store, [draft])
    return BudgetImport(understood, posted, draft, kept)


def _refuse_unknown_fund(books: Receivers, request: Request) -> None:
    if request.fund is not None and request.fund not in books.funds:
        fund = books.fund(request.fund)
        remedy = f"Write {Input.FUND.set_to(fund)}." if isinstance(fund, str) else fund.fix
        refuse(Input.FUND, f"there is no fund '{request.fund}'.", "Its money cannot be handed out.", remedy)


def _key(reader: Reader, understood: Understood) -> tuple[str, bool]:
    """The idempotency key of an import, and whether an entry already stands for it.

    After a reversal the next import of the same file has a key that names the reversal.
    """
    request = understood.request
    sheets = "+".join(part.sheet for part in understood.mapping.sheets) if understood.mapping else ""
    funds = request.fund or "own funds"
    key = plain(f"budgets/{request.payer}/{request.year}/{funds}/{understood.sha256}/{' '.join(sheets.split())}")
    while True:
        entry = register.keyed(reader, key).get(key)
        if entry is None or entry["reversed_by"] is None:
            return key, entry is not None
        key = f"{key.split(' after entry ', maxsplit=1)[0]} after entry {entry['reversed_by']}"


def _replayed(reader: Reader, understood: Understood, key: str) -> Posted:
    """The entry that the books have already; refused where the file would now be read otherwise.

    Raises:
        BudgetRefused: the same file came to another amount before.
    """
    posted = posted_before(reader, [key])[key]
    pence = journal.entry(reader, posted.number)["moved_pence"]
    if (pence, posted.transfers) != (understood.read_pence, len(understood.lines)):
        raise BudgetRefused(
            [
                Problem(
                    understood.file,
                    f"it was imported before, as entry {posted.number}, as £{exact_pounds(pence)} in "
                    f"{posted.transfers:,} transfers; now it comes to £{exact_pounds(understood.read_pence)} in "
                    f"{len(understood.lines):,}.",
                    "Posting it again would count money twice.",
                    f"Reverse the entry first: {Action.REVERSE.done(posted.number)}",
                )
            ],
            understood,
        )
    return posted


def _compare(reader: Reader, understood: Understood, day: date) -> None:
    """Compare what was read with what the payer holds, and with its people."""
    if not understood.lines:
        return
    request = understood.request
    at = position.moment(reader, day)
    funds = {request.fund} if request.fund else {line.fund for line in understood.lines}
    understood.per_head = per_head(understood)
    understood.control, problems = control(reader, at, understood, sorted(funds))
    understood.problems.extend(problems)


HEADINGS = ("Where", "What is there", "Why it matters", "What to do")
_WIDTHS = (44, 60, 60, 60)


def write_problems(path: Path, file: str, problems: Sequence[Problem]) -> None:
    """Write every problem of a file in a row of its own, all as text.

    Raises:
        Refused: the file cannot be written.
    """
    book = Book(path, f"Problems found in {file}")
    note = "Nothing of the file was posted. Mend these, and bring it in again."
    sheet = book.sheet("Problems", f"Problems found in {file}: {len(problems):,}", note, HEADINGS, _WIDTHS)
    for row, problem in enumerate(problems, start=FIRST_ROW):
        for column, text in enumerate((problem.where, problem.found, problem.why, problem.fix)):
            sheet.write_string(row, column, text, book.look("wrap"))
    book.close()
