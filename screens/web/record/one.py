"""One decision: what happened, what it needs, what the books would say, and posting or proposing it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import streamlit as st

from ledger.entries.decisions import batch
from ledger.entries.decisions.batch import DecisionRow, Recorded
from ledger.entries.decisions.described import Decision, Subject
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.fields import read
from ledger.entries.decisions.known import Known, known
from ledger.errors import LedgerError, Problem, Refused
from ledger.inputs import Input
from ledger.reports import journal
from ledger.reports.position import Moment
from ledger.rules import periods
from ledger.store.base import Reader, Store
from ledger.years import FinancialYear, parse_month, today, working_day
from screens.report import recording
from screens.report.render import page as tables
from screens.report.wording import PAGE
from screens.web.importing import common
from screens.web.importing.common import worked_out
from screens.web.record import boxes
from screens.web.record.last_step import Rehearsed, ask_who, post_or_propose, rehearsed, who
from screens.web.shell import address, frame, open_ledger, posting
from screens.web.shell.sign_in import person

KIND = "What happened"
_DONE = "recorded"
# The boxes of this page have names of their own for what is given elsewhere under another.
_WORDS = replace(PAGE, labels={**PAGE.labels, Input.AUTHORITY: "Authority", Input.DATE: "Date", Input.AMOUNT: "Amount"})


def show(store: Store, at: Moment) -> None:
    """Render the recording of one decision, as far as it leads."""
    decision = _chosen()
    if posting.reads_only(store, f"devolution record {decision.name}"):
        return
    facts = worked_out("Reading the books", lambda: facts_of(store), "known", str(store.path), at.head)
    if isinstance(facts, LedgerError):
        common.failed(facts, decision.name)
        return
    boxes.begin(decision, _usual_day(store))
    given = boxes.given(decision)
    shown = repr((decision.name, given))
    done: tuple[str, Recorded, bool] | None = st.session_state.get(_DONE)
    if done is not None and done[0] == shown:
        boxes.ask(decision, facts, {})
        _told(decision, at, done[1], decision.completed(given, facts).get("month"), is_proposal=done[2])
        return
    told = decision.completed(given, facts)
    needed = [field for field in decision.fields if field.required and not told.get(field.name)]
    tried = _unread(decision, given, facts) if needed else _tried(store, at, decision, given)
    wrong, rest = _by_box(decision, tried.problems) if isinstance(tried, Refused) else ({}, [])
    boxes.ask(decision, facts, wrong)
    ask_who()
    st.header("What the books would say", anchor=False)
    if known_besides := [field for field in decision.fields if told.get(field.name) and field.name not in given]:
        said = ", ".join(f"{field.title} {told[field.name]}" for field in known_besides)
        st.text(f"What is left empty is as the books know it: {said}.")
    if needed:
        st.info(f"Still needed: {', '.join(field.title for field in needed)}.")
        st.write("What stands in these boxes and is not recorded is lost when this page is opened anew.")
    if isinstance(tried, Refused):
        _refused(decision, wrong, rest)
    elif isinstance(tried, LedgerError):
        posting.cannot_write(str(tried))
    else:
        _effect(store, at, decision, given, tried)


def _chosen() -> Decision:
    """Which kind of decision, first by what it is about; the address may name it."""
    told, state = address.asked_for("kind"), st.session_state
    if told in DECISIONS and told != state.get("written kind"):
        state["record subject"] = DECISIONS[told].subject
    elif "record subject" not in state:
        state["record subject"] = DECISIONS[state.get("kept kind", "receive")].subject
    subject = st.radio("What it is about", list(Subject), key="record subject", horizontal=True)
    names = [name for name, one in DECISIONS.items() if one.subject is subject]
    name = address.choose("kind", KIND, names, shown=lambda name: DECISIONS[name].meaning.rstrip("."),
                          unknown="which is no kind of decision", horizontal=False, is_told=True)  # fmt: skip
    return DECISIONS[name]


def facts_of(store: Store) -> Known:
    """What the books know, as who is at the screen may see it."""
    with store.read(person()) as reader:
        return known(reader)


def _usual_day(store: Store) -> date:
    """Today, in the newest year for which money stands; the first day that is open, where that is later."""

    def usual(reader: Reader) -> date:
        years = journal.years(reader)
        return periods.open_from(reader, working_day(FinancialYear(years[0])) if years else today())

    return open_ledger.ask(store, lambda reader, _: usual(reader))


def _unread(decision: Decision, given: dict[str, str], facts: Known) -> Refused:
    """What is wrong with what stands in the boxes already, while others are still empty."""
    _, problems = read(decision.fields, given, facts, str)
    return Refused([problem for problem in problems if str(problem.where) in given])


def _tried(store: Store, at: Moment, decision: Decision, given: dict[str, str]) -> Rehearsed | LedgerError:
    """What would become of it: every rule of the books is asked, and nothing is kept."""
    name = who()

    def record(propose: bool) -> Recorded:
        return _record(store, decision, given, name, dry_run=True, propose=propose)

    return worked_out(
        "Asking every rule of the books", lambda: rehearsed(record), "record", str(store.path), decision.name,
        tuple(given.items()), name, at.head, at.as_at,
    )  # fmt: skip


def _record(
    store: Store, decision: Decision, given: dict[str, str], actor: str, *, dry_run: bool = False, propose: bool = False
) -> Recorded:
    row = DecisionRow(decision.name, given, str)
    return batch.record(store, [row], actor=actor, dry_run=dry_run, propose=propose)


def _by_box(decision: Decision, problems: Sequence[Problem]) -> tuple[dict[str, list[Problem]], list[Problem]]:
    """Problems by the box that they are about, in the words of this page; and those that are about none."""
    by_box: dict[str, list[Problem]] = defaultdict(list)
    rest = []
    names = {field.name: field.title for field in decision.fields}
    for problem in problems:
        told = problem.told(_WORDS)
        if problem.where in names:
            by_box[str(problem.where)].append(replace(told, where=names[str(problem.where)]))
        else:
            rest.append(replace(told, where=KIND if problem.where == "kind" else told.where))
    return by_box, rest


def _refused(decision: Decision, wrong: dict[str, list[Problem]], rest: Sequence[Problem]) -> None:
    ordered = [*(problem for field in decision.fields for problem in wrong.get(field.name, ())), *rest]
    if ordered:
        frame.refused(ordered, "The books would not take it as it stands. Nothing is posted.")


def _effect(store: Store, at: Moment, decision: Decision, given: dict[str, str], tried: Rehearsed) -> None:
    recorded = tried.recorded
    _said(decision, at, recorded)
    if recorded.was_recorded:
        common.entries_link(recorded.posted)
        return
    st.header("Record it", anchor=False)
    count = "one entry" if len(recorded.drafts) == 1 else f"{len(recorded.drafts)} entries"
    st.write(f"It was tried against every rule of the books: {count}. Nothing is posted yet.")

    def act(ledger: Store, propose: bool) -> tuple[Recorded, bool]:
        return _record(ledger, decision, given, who(), propose=propose), propose

    made = post_or_propose(store, repr((decision.name, given)), at, "Post it", tried, act, "it")
    if made is not None:
        st.session_state[_DONE] = (repr((decision.name, given)), *made)
        st.rerun()  # the page then says what became of it


def _said(decision: Decision, at: Moment, tried: Recorded) -> None:
    """What the books say before and after, in the sentences of the command and as a table."""
    report = recording.of_one(decision, tried, at, dry_run=True, propose=False)
    for sentence in tried.sentences:
        st.text(sentence)
    for table in report.shown if tried.touched else ():
        tables.show(replace(table, name="Before and after"), is_exact=True)


def _told(decision: Decision, at: Moment, recorded: Recorded, month: str | None, *, is_proposal: bool) -> None:
    st.header("What became of it", anchor=False)
    if is_proposal:
        st.success("It is proposed, and its money is reserved. Somebody else approves it.")
        frame.link("The proposals", "audit", {"view": "proposals"})
    else:
        st.success("It is recorded.")
        common.entries_link(recorded.posted)
    _said(decision, at, recorded)
    if month:
        frame.link("How the month stands", "month", {"of": str(parse_month(month)), "view": "month"})
    st.button("Record another", on_click=boxes.clear, args=(decision,))
