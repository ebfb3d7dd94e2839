"""Month: what a month's letter announced and what became of it, where the year stands, and closing the month."""

from dataclasses import replace

import streamlit as st

from ledger.entries import months
from ledger.entries.posting import Posted
from ledger.errors import LedgerError
from ledger.inputs import Input
from ledger.reports.position import Moment, moment
from ledger.rules import periods
from ledger.store.base import Reader, Store
from ledger.years import FinancialYear, Month
from screens.report.month import shown
from screens.report.render import page as tables
from screens.report.report import Table, columns, day, entry_link, link, listed
from screens.report.wording import PAGE
from screens.web.importing import common
from screens.web.importing.common import worked_out
from screens.web.shell import address, frame, open_ledger, posting
from screens.web.shell.posting import Seen
from screens.web.shell.sign_in import NOBODY_YET, person

VIEWS = {"month": "How the month stands", "end": "Month end: close it"}
_DONE = "month closed"
_MOST_SHOWN = 12
_TOLD = (
    "What is shown is the answer of 'devolution month show'. A month is closed by the function of 'devolution month "
    "close': the same entry, and the same rules."
)


def page() -> None:
    """Render it."""
    st.title("Month", anchor=False)
    store = open_ledger.store()
    if store is None:
        frame.foot(None, "Without the books there is no month to close.", illustrative="")
        return
    view = address.choose("view", "What to see", list(VIEWS), shown=lambda view: VIEWS[view], horizontal=True,
                          usual=view if (view := address.asked_for("view")) in VIEWS else "month")  # fmt: skip
    address.write("view", view)
    at = open_ledger.ask(store, lambda _, at: at)
    if view == "month":
        _answered(store)
    else:
        _closed(store)
        _month_end(store, at)
    frame.foot(open_ledger.ask(store, lambda _, now: now), _TOLD)


def _answered(store: Store) -> None:
    """What the month's end asks of an ICB, as 'devolution month show' answers it."""
    found = frame.books_of(store)
    if found is None:
        return
    whose = frame.icb(found, with_all=False)
    if whose is None:
        return
    by_name = {str(month): month for month in months.of_year(FinancialYear(found.year))}
    ended = [name for name, month in by_name.items() if month.last_day < found.at.as_at]
    name = address.choose(
        "of", "Month", list(by_name), shown=lambda name: by_name[name].spoken,
        usual=ended[-1] if ended else next(iter(by_name)), unknown="which is not in this year",
    )  # fmt: skip
    asked = by_name[name]
    report = found.answer(
        "month", lambda reader, _: shown(reader, moment(reader, asked.last_day), asked, whose), asked, whose,
        told="Adding up the month",
    )  # fmt: skip
    st.header(report.title, anchor=False)
    for sentence in report.sentences:
        st.text(sentence)
    for nth, table in enumerate(report.tables):
        if table.rows:
            tables.show(replace(table, most=_MOST_SHOWN), f"month-{nth}")
        else:
            st.write(f"{table.name}: nothing.")
    frame.link("Record a line of its letter", "record", {"kind": "letter"})
    frame.link("Record a forecast", "record", {"kind": "forecast"})


def _closed(store: Store) -> None:
    st.header("Months that are closed", anchor=False)
    rows = open_ledger.ask(store, lambda reader, _: periods.listed(reader))
    if not rows:
        st.write("No month is closed.")
        return
    heads = columns(link("Month"), day("Last day"), link("Entry"), day("Recorded"), "By", "Reason", "Authority")
    cells = [(row["month"], row["last_day"], entry_link(row["entry"]), row["recorded_at"], row["actor"], row["reason"],
              row["authority"]) for row in rows]  # fmt: skip
    tables.show(Table("Closed months", heads, cells), "closed-months")


def _month_end(store: Store, at: Moment) -> None:
    st.header("Close a month", anchor=False)
    st.write(
        "A closed month takes no entry any more, for anybody, and is never opened again. The first one that is closed "
        "closes all before it."
    )
    if posting.reads_only(store, "devolution month close MONTH --reason '...'"):
        return
    done = st.session_state.get(_DONE)
    if done:
        st.success(done)
    open_months = open_ledger.ask(store, lambda reader, _: months.closable(reader))
    if not open_months:
        st.info("No month that is open has ended yet.")
        return
    by_name = {str(month): month for month in open_months}
    # The first closes all before it and is never undone: nobody finds one chosen.
    options = list(by_name) if len(by_name) == 1 else ["", *by_name]
    name = address.choose(
        "month", "Month to close", options, shown=lambda name: by_name[name].spoken if name else "Choose the month",
        unknown="which cannot be closed next",
    )  # fmt: skip
    if not name:
        return
    month = by_name[name]
    _known_of(store, month)
    _post(store, at, month)


def _known_of(store: Store, month: Month) -> None:
    """What whoever closes the month should know."""

    def asked(reader: Reader) -> tuple[list[str], list[dict[str, object]]]:
        year = FinancialYear(month.last_day.year - 1)
        return months.in_words(reader, month), months.left_over(reader, year) if month.ends_the_year else []

    with store.read(person()) as reader:  # who is told of open proposals by name
        told, left = asked(reader)
    for sentence in told:
        st.text(sentence)
    if left:
        tables.show(listed(left, "What is left of the year"), "left-over")


def _post(store: Store, at: Moment, month: Month) -> None:
    authority = st.text_input(PAGE.label(Input.AUTHORITY), max_chars=80, key="month authority").strip() or None

    def close(ledger: Store, who: str, why: str, *, dry_run: bool) -> Posted:
        return months.close(ledger, month, actor=who, reason=why, authority=authority, dry_run=dry_run)

    who = person() or NOBODY_YET
    tried = worked_out("Asking every rule of the books", lambda: close(store, who, "a trial", dry_run=True), "month",
                       str(store.path), month, authority, who, at.head, at.as_at)  # fmt: skip
    if isinstance(tried, LedgerError):
        common.failed(tried, month.spoken)
        return
    made = common.post_form(
        store, f"{month} {authority}", Seen.at_moment(at), f"Close {month.spoken}",
        lambda ledger, who, why: close(ledger, who, why, dry_run=False), month.spoken, why_label="Why it is closed now",
        who_label="Who closes it: a role or team, recorded in the books",
    )  # fmt: skip
    if made is not None:
        st.session_state[_DONE] = f"{month.spoken} is closed, by entry {made.number}."
        st.rerun()  # the page then lists it
