"""Bring a budget in: whose money, which sheets, what the columns hold, in which unit, what is wrong, three totals."""

from collections.abc import Mapping, Sequence
from collections.abc import Mapping as Map
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import streamlit as st

from allocations.files.budgets import remapping
from allocations.files.budgets.importing import BudgetImport, Inferred, Looked, import_budgets, infer, look
from allocations.files.budgets.mapping import BudgetMapping, Settings, read_mapping
from allocations.files.budgets.understood import BudgetRefused, Request, Understood, in_one_sentence
from allocations.reading.cells import Sheet, Workbook, read_workbook
from allocations.reading.saved_mapping import Unit, save_mapping
from ledger.errors import LedgerError, Problem, Refused
from ledger.inputs import Input
from ledger.money import parse_pounds, spoken
from ledger.reports import imported, journal
from ledger.reports.position import Moment
from ledger.store.base import Store
from ledger.words import AVAILABLE
from ledger.years import FinancialYear
from screens.asked.answers import position
from screens.report.files import imports
from screens.report.render import page as tables
from screens.report.wording import PAGE
from screens.web.importing import answers, common, wizard
from screens.web.importing.common import worked_out
from screens.web.shell import address, frame, open_ledger, posting
from screens.web.shell.posting import Seen
from screens.web.shell.sign_in import person

_STANDINGS = {"available": "What it has available", "retained": "What it has kept back"}
_ASKED: Mapping[str, tuple[str, Mapping[str, str]]] = {
    "dash": (PAGE.label(Input.DASH), {"zero": "Zero", "blank": "No amount"}),
    "rounding": (PAGE.label(Input.ROUNDING), {"penny": "Round to the penny, and record what each cell held"}),
    "duplicates": (PAGE.label(Input.DUPLICATES), {"add": "Add them up"}),
    "hidden": (PAGE.label(Input.HIDDEN), {"read": "Read them", "leave out": "Leave them out"}),
    "short_year": (
        PAGE.label(Input.SHORT_YEAR),
        {"ends": "The year that ends in 2026", "starts": "The year that starts then"},
    ),
    "other_year": (PAGE.label(Input.OTHER_YEAR), {"meant": "Its money is meant for the year chosen above"}),
    "purpose": (PAGE.label(Input.PURPOSE), {"meant": "It is the year's budget all the same"}),
    "months": (
        PAGE.label(Input.RUNNING),
        {"each": "Each is that month's own", "running": "Running totals from the first month"},
    ),
    "total_rounded_to": (
        PAGE.label(Input.TOTAL_ROUNDED_TO),
        {"1": "1", "10": "10", "100": "100", "1000": "1,000", "10000": "10,000", "100000": "100,000"},
    ),
}


def whose_money(store: Store, at: Moment, file: "_File", workbook: Workbook) -> Request | None:
    """The payer, the year and the fund, as the file and the books say or the reader does.

    None, with the page told why, where nobody holds money, or what could not be inferred is not said yet.
    """
    st.header("Whose money?", anchor=False)
    years = open_ledger.ask(store, lambda reader, _: journal.years(reader))
    if not years:
        st.info(
            "No money stands in these books yet, so nothing can be handed out. Bring in the published allocations, or "
            "a position, first."
        )
        return None
    left, right = st.columns(2)
    with left:
        year = address.choose(
            "year", "Year", years, shown=lambda start: str(FinancialYear(start)), unknown="for which no money stands"
        )
    payers = open_ledger.ask(store, lambda reader, _: imported.payers(reader, year))
    if not payers:
        st.info("Nobody who could hand money down holds any of this year.")
        return None
    asked = Request(payer="", year=FinancialYear(year), fund=address.asked_for("fund"), standing="")
    paid = _inferred(store, at, file, workbook, asked)
    told_payer = _stand_as_inferred("icb", paid.payer, f"{file.digest} {year}")
    with right:
        payer = address.choose(
            "icb", PAGE.label(Input.PAYER), [*([] if paid.payer else [""]), *payers], usual=paid.payer,
            shown=lambda code: f"{payers[code]} ({code})" if code else "Not said",
            unknown="which has no money of this year",
        )  # fmt: skip
    if not payer:
        frame.refused(paid.asked, "Who pays could not be told from the file.")
        return None
    funds = open_ledger.ask(store, lambda reader, _: journal.funds(reader, payer))
    with left:
        fund = address.choose(
            "fund", PAGE.label(Input.FUND), ["", *funds],
            shown=lambda code: f"{funds[code]} ({code})" if code else "Each row names its fund",
            unknown=f"on which {payers[payer]} has no money",
        )  # fmt: skip
    by_payer = paid.said[:1] if payer == told_payer else ()
    asked = Request(payer=payer, year=asked.year, fund=fund or None, standing="", inferred=by_payer)
    held = _inferred(store, at, file, workbook, asked)
    told_standing = _stand_as_inferred("standing", held.standing, f"{file.digest} {year} {payer} {fund}")
    # Once the file is in the books nothing of it can be inferred from them any more, and what was stays usual.
    usual = told_standing or held.standing or AVAILABLE
    with right:
        standing = address.choose(
            "standing", PAGE.label(Input.STANDING), list(_STANDINGS), usual=usual, shown=lambda one: _STANDINGS[one]
        )
    said = held.said if standing == told_standing else by_payer
    for sentence in said:
        st.write(f"{sentence}. Change it if that is not so.")
    return replace(asked, standing=standing, inferred=said)


def _inferred(store: Store, at: Moment, file: "_File", workbook: Workbook, asked: Request) -> Inferred:
    """What the file and the books say of whose money it is; worked out once."""
    found = worked_out(
        "Working out whose money it is", lambda: infer(store, workbook, asked), "infer", file.digest, file.name, asked,
        at.head, at.as_at,
    )  # fmt: skip
    if isinstance(found, Refused):
        return Inferred("", "", asked.inferred, found.problems)
    return Inferred("", "", asked.inferred, ()) if isinstance(found, LedgerError) else found


def _stand_as_inferred(name: str, value: str, of: str) -> str | None:
    """Let a choice stand as a file says, once for each file; what a link asks for goes before it.

    Args:
        value: what was inferred; empty where nothing was.
        of: what it was inferred from.

    Returns:
        What was taken from the file, though the reader may have changed it since; none where a link said it, or nothing
        could be inferred.
    """
    state = st.session_state
    kept: tuple[str, str | None] = state.get(f"inferred {name}", ("", None))
    before, taken = kept
    if before != of:
        taken = None
        if value and address.asked_for(name) in (None, state.get(f"written {name}")):
            state[name] = state[f"kept {name}"] = taken = value
            address.write(name, None)
        state[f"inferred {name}"] = of, taken
    return taken


def settings(digest: str) -> Settings:
    """What nobody should guess, as the reader says it; nothing where they say nothing."""
    with st.expander("What nobody should guess: dashes, rounding, hidden rows, years"):
        said = {name: _settle(name, label, choices, digest) for name, (label, choices) in _ASKED.items()}
    rounded_to = said.pop("total_rounded_to")
    return Settings.model_validate({**said, "total_rounded_to": int(rounded_to) if rounded_to else None})


def _settle(name: str, label: str, choices: Mapping[str, str], digest: str) -> str | None:
    said: str | None = st.selectbox(
        label, [None, *choices], format_func=lambda one: choices[one] if one else "Not said",
        key=f"bring {name} {digest[:16]}", persist_state="session",
    )  # fmt: skip
    return said


def rest(request: Request, digest: str) -> Request:
    """What becomes of money that the file does not hand out, or hands to organisations that have closed."""
    with st.expander("The whole: what is not handed out, closed organisations, a file without a total, another day"):
        leave = st.checkbox(
            f"{PAGE.label(Input.REST)}: it stays with {request.payer}",
            key=f"bring leave rest {digest[:16]}",
            persist_state="session",
        )
        closed = st.checkbox(
            f"{PAGE.label(Input.SUCCESSORS)}: their money goes to those who took over, by population",
            key=f"bring successors {digest[:16]}",
            persist_state="session",
        )
        typed = st.text_input(
            PAGE.label(Input.TOTAL), max_chars=30, key=f"bring total {digest[:16]}", persist_state="session",
            help="For a file that has no total of its own, as 1234567.89 or 12.5m.",
        )  # fmt: skip
        own_day = st.checkbox(
            "It counts from another day than usual", key=f"bring own day {digest[:16]}", persist_state="session"
        )
        day = _day(request.year, digest) if own_day else None
    return replace(request, leave_rest=leave, accept_successors=closed, total_pence=_pence(typed), day=day)


def _day(year: FinancialYear, digest: str) -> date:
    chosen = st.date_input(
        "It counts from", value=year.first_day, min_value=year.first_day, max_value=year.last_day,
        format="DD/MM/YYYY", key=f"bring day {digest[:16]}", persist_state="session",
    )  # fmt: skip
    return chosen if isinstance(chosen, date) else year.first_day


def _pence(typed: str) -> int | None:
    if not typed.strip():
        return None
    try:
        return parse_pounds(typed)
    except ValueError as error:
        st.error(str(error))
        return None


# Where a box has another name than the field that it answers.
_FIELDS = {"months": Input.RUNNING.value}
UNITS: tuple[Unit, ...] = ("pounds", "thousands", "millions", "pence")
_MOST_SHEETS = 8


@dataclass(frozen=True, slots=True)
class _File:
    """The file that is brought in."""

    name: str
    content: bytes
    digest: str


def show(
    store: Store, at: Moment, place: st.delta_generator.DeltaGenerator, name: str, content: bytes, digest: str
) -> None:
    """Render the steps of a budget, as far as they lead.

    Args:
        place: above everything, where the reader chooses a step.
    """
    file = _File(name, content, digest)
    workbook = worked_out("Reading the file", lambda: _read(file), "workbook", digest, name)
    if isinstance(workbook, LedgerError):
        common.failed(workbook, name)
        return
    with wizard.part(wizard.FILE, "whose"):
        asked = whose_money(store, at, file, workbook)
    if asked is None:
        with place.container():
            common.steps({"File": "whose money?", **dict.fromkeys(list(wizard.STEPS.values())[1:], "")})
        return
    columns, wrong = wizard.part(wizard.COLUMNS, "all"), wizard.part(wizard.PROBLEMS, "all")
    with wizard.part(wizard.PROBLEMS, "answers"):
        asked = rest(replace(asked, settings=settings(digest)), digest)
    with columns:
        # The grid comes first, for most have nothing to change; what it follows from is said below it.
        grid = st.container()
        request = _sheets(asked, workbook.sheets, digest)
        given = _saved_mapping(file)
        with grid:
            request, first = _columns(store, at, file, workbook, request, given)
        st.header("Units", anchor=False)
        request = _units(request, first, digest)
    found = _looked(store, at, file, request)
    states = _states(found)
    with wrong:
        _problems(file, request, found)
    _outcome(store, at, file, request, found)
    for step in states:
        wizard.ways(step, states)
    _stand_as_inferred(wizard.NAME, wizard.PROBLEMS if _wrong(found) else wizard.COLUMNS, digest)
    with place.container():
        wizard.choose(states)


def _read(file: _File) -> Workbook:
    with common.as_path(file.name, file.content) as path:
        return read_workbook(path)


def _looked(store: Store, at: Moment, file: _File, request: Request) -> Looked | LedgerError:
    """What is made of the file: from the books as they are, which are only read."""

    def work() -> Looked:
        if request.mapping is not None:
            gaps = remapping.gaps(file.name, request.mapping)
            if gaps:
                raise BudgetRefused(gaps, Understood(file.name, file.digest, request, request.mapping))
        with common.as_path(file.name, file.content) as path:
            return look(store, path, request)

    return worked_out("Working out what it says", work, "look", file.digest, file.name, request, at.head, at.as_at)


def _sheets(request: Request, sheets: Sequence[Sheet], digest: str) -> Request:
    st.header("Sheets", anchor=False)
    hidden = [sheet.name for sheet in sheets if not sheet.visible]
    if hidden:
        st.write(f"{len(hidden)} hidden: not read unless you choose them.")
    chosen = st.multiselect(
        PAGE.label(Input.SHEETS), [sheet.name for sheet in sheets], placeholder="The one that looks like a budget",
        format_func=lambda name: f"{name} (hidden)" if name in hidden else name,
        key=f"bring sheets {digest[:16]}", persist_state="session",
    )  # fmt: skip
    looked_at = [sheet for sheet in sheets if sheet.name in chosen or (not chosen and sheet.visible)]
    with st.expander("The sheets as they stand in the file"):
        for sheet in looked_at[:_MOST_SHEETS]:
            common.first_rows(sheet)
    return replace(request, sheets=tuple(chosen))


def _columns(
    store: Store, at: Moment, file: _File, workbook: Workbook, request: Request, given: BudgetMapping | None
) -> tuple[Request, Understood | None]:
    """What the columns hold: by a saved mapping, as guessed, or as the reader says."""
    st.header("Columns", anchor=False)
    if given is not None:
        request = replace(request, mapping=given, sheets=(), unit=None)
    found = _looked(store, at, file, request)
    first = _understood(found)
    guess = first.mapping if first else None
    if guess is None and given is None:
        st.write("No headings of a budget could be told from what stands in the file.")
        guess = common.begin(workbook, request.sheets, file.digest)
        if guess is not None:
            request = replace(request, mapping=guess, sheets=())
    if guess is None:
        return request, first
    st.write(
        f"{PAGE.label(Input.COLUMNS)} was told from its heading and from what stands below it. Change what is not so."
    )
    changed = common.choose(guess, workbook, file.digest)
    if changed:
        request = replace(request, mapping=remapping.changed(guess, changed, None), sheets=())
    _offer_mapping(file, workbook, request.mapping or guess)
    return request, first


def _understood(looked: Looked | LedgerError) -> Understood | None:
    if isinstance(looked, Looked):
        return looked.understood
    return looked.understood if isinstance(looked, BudgetRefused) else None


def _saved_mapping(file: _File) -> BudgetMapping | None:
    with st.expander(PAGE.label(Input.MAPPING)):
        st.write("The YAML that was saved here or with 'devolution import budgets --save-mapping': use it again.")
        saved = st.file_uploader(PAGE.label(Input.MAPPING), max_upload_size=1, key=f"bring mapping {file.digest[:16]}",
                                 label_visibility="collapsed")  # fmt: skip
    if saved is None:
        return None
    try:
        with common.as_path(saved.name, saved.getvalue()) as path:
            return read_mapping(path)
    except Refused as refused:
        frame.refused(refused.problems, "The mapping cannot be used, and the columns are worked out anew.")
        return None


def _offer_mapping(file: _File, workbook: Workbook, mapping: BudgetMapping) -> None:
    def saved() -> bytes:
        with common.as_path("mapping.yaml", b"") as path:
            save_mapping(path, mapping, workbook)
            return path.read_bytes()

    st.download_button(
        "Save this mapping for next month (YAML)", data=saved, file_name=f"{Path(file.name).stem}-mapping.yaml",
        mime="application/yaml", key="download mapping", on_click="ignore",
    )  # fmt: skip


def _units(request: Request, first: Understood | None, digest: str) -> Request:
    said = ", ".join(f"sheet '{sheet}': {unit}" for sheet, unit in first.units.items()) if first else ""
    st.write(f"The file says: {said}." if said else "The file does not say what its amounts are in.")
    if first is not None and first.mapping is not None:
        st.write(f"Understood as: {in_one_sentence(first)}.")
    unit: Unit | None = st.selectbox(
        PAGE.label(Input.UNIT), [None, *UNITS], format_func=lambda one: one.capitalize() if one else "As the file says",
        key=f"bring unit {digest[:16]}", persist_state="session",
    )  # fmt: skip
    if unit is None:
        return request
    if request.mapping is None:
        return replace(request, unit=unit)
    return replace(request, mapping=remapping.changed(request.mapping, {}, unit))


def _states(looked: Looked | LedgerError) -> Map[str, str]:
    """The steps to which a file has come, each with how it stands there."""
    states = {wizard.FILE: "", wizard.COLUMNS: "", wizard.PROBLEMS: "none"}
    wrong, understood = _wrong(looked), _understood(looked)
    if wrong:
        is_unsaid = understood is None or understood.mapping is None or "not said" in understood.units.values()
        states |= {wizard.COLUMNS: "look here" if is_unsaid else "", wizard.PROBLEMS: f"{len(wrong):,} found"}
    if understood is not None and understood.lines:
        states[wizard.TOTALS] = "tie" if understood.ties else "look here"
    if isinstance(looked, Looked) and not wrong:
        states[wizard.RECORD] = "in the books already" if looked.before is not None else "ready"
    return states


def _wrong(looked: Looked | LedgerError) -> list[Problem]:
    if isinstance(looked, Looked):
        return list(looked.understood.problems)
    return list(looked.problems) if isinstance(looked, Refused) else []


def _problems(file: _File, request: Request, looked: Looked | LedgerError) -> None:
    """What is wrong, by its causes, what one word answers, and what was set aside."""
    st.header("Problems", anchor=False)
    understood, wrong = _understood(looked), _wrong(looked)
    if wrong:
        common.problems(wrong, file.name)
        answers.offer(wrong, _answers(request, file.digest))
    elif isinstance(looked, LedgerError):
        common.failed(looked, file.name)
    else:
        st.write("None: every cell that counts was understood.")
    if understood is not None:
        _set_aside(understood)


def _answers(request: Request, digest: str) -> Map[Input, list[answers.Answer]]:
    """What can be answered in one word, by the field that it is about."""
    of = digest[:16]
    boxes = {Input(_FIELDS.get(name, name)): (f"bring {name} {of}", choices) for name, (_, choices) in _ASKED.items()}
    known = {field: answers.to(field, key, choices) for field, (key, choices) in boxes.items()}
    known[Input.UNIT] = answers.to(Input.UNIT, f"bring unit {of}", {unit: unit.capitalize() for unit in UNITS})
    other = [standing for standing in _STANDINGS if standing != request.standing]
    known[Input.STANDING] = answers.to(Input.STANDING, "standing", {one: _STANDINGS[one] for one in other})
    stays = f"{PAGE.label(Input.REST)}: it stays with {request.payer}"
    known[Input.REST] = [answers.Answer(stays, f"bring leave rest {of}", True)]
    known[Input.SUCCESSORS] = [answers.Answer(PAGE.label(Input.SUCCESSORS), f"bring successors {of}", True)]
    return known


def _outcome(store: Store, at: Moment, file: _File, request: Request, looked: Looked | LedgerError) -> None:
    """Totals, before and after, and what may be posted."""
    understood = _understood(looked)
    with wizard.part(wizard.TOTALS, "all"):
        if understood is not None and understood.lines:
            _totals(understood)
        if understood is not None and isinstance(looked, Looked) and looked.before is None and not _wrong(looked):
            _receivers(store, understood)
    if _wrong(looked) or not isinstance(looked, Looked):
        return
    with wizard.part(wizard.RECORD, "all"):
        if looked.before is None:
            _post(store, at, file, request, looked)
            return
        st.success(
            f"The books have this file as entry {looked.before.number}, with {looked.before.transfers:,} transfers. "
            "Bringing it in again adds nothing."
        )
        common.entries_link([looked.before])
        frame.link("Undo it", "import-export", {"view": "undo", "entry": looked.before.number})


def _totals(budget: Understood) -> None:
    """Three totals that tie to the penny, and what the payer holds beside them."""
    st.header("Totals", anchor=False)
    tables.show(imports.totals(budget), is_exact=True)
    if budget.ties:
        (st.write if budget.file_pence is None else st.success)(imports.tie(budget))
    for sentence in imports.rests(budget):
        st.write(sentence)


def _set_aside(budget: Understood) -> None:
    for remark in budget.remarks:
        st.text(remark)
    aside, read = imports.set_aside(budget), imports.meanings_table(budget)
    if aside.rows:
        with st.expander(f"{aside.name}: {len(aside.rows):,}"):
            tables.show(aside, "set-aside", is_exact=True)
    if read.rows:
        with st.expander("How each column was read"):
            tables.show(read, is_exact=True)


def _receivers(store: Store, budget: Understood) -> None:
    """What each has before and after, on the lines of the budget, and each amount that it receives."""
    names = open_ledger.ask(store, lambda reader, _: imported.names(reader))
    held = open_ledger.ask(
        store, lambda reader, now: position(reader, now, None, budget.request.year.start)
    ).to_pylist()  # fmt: skip
    st.header("What each receives", anchor=False)
    tables.show(imports.before_and_after(budget, names, held), is_exact=True)
    with st.expander("Each amount, and whether it lasts"):
        tables.show(imports.receivers(budget, names), "receivers", is_exact=True)


def _post(store: Store, at: Moment, file: _File, request: Request, looked: Looked) -> None:
    st.header("Post it", anchor=False)
    if posting.reads_only(store, "devolution import budgets FILE --year YEAR --icb CODE"):
        return
    tried = replace(request, actor=person() or request.actor)
    rehearsed = worked_out(
        "Asking every rule of the books", lambda: _bring(store, file, tried, dry_run=True), "rehearse", file.digest,
        file.name, tried, at.head, at.as_at,
    )  # fmt: skip
    if isinstance(rehearsed, LedgerError):
        common.failed(rehearsed, file.name)
        return
    st.write(
        f"It was tried against every rule of the books: one entry with {rehearsed.posted.transfers:,} transfers. "
        "Nothing is posted yet."
    )
    done = common.post_form(
        store, f"{file.digest} {request!r}", Seen.at_moment(at),
        f"Post {spoken(looked.understood.read_pence)} as one entry",
        lambda ledger, who, why: _bring(ledger, file, replace(request, actor=who, why=why), dry_run=False), file.name,
    )  # fmt: skip
    if done is not None:
        st.rerun()  # the page then says, from the books, that they have the file


def _bring(store: Store, file: _File, request: Request, *, dry_run: bool) -> BudgetImport:
    with common.as_path(file.name, file.content) as path:
        return import_budgets(store, path, request, dry_run=dry_run)
