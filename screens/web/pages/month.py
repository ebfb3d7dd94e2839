"""Month: what a month's letter announced and what became of it, what is arranged, and closing the month."""

from collections.abc import Callable

import streamlit as st

from ledger.entries import months
from ledger.entries.posting import Posted
from ledger.errors import LedgerError
from ledger.inputs import Input
from ledger.reports import journal
from ledger.reports.below import members
from ledger.reports.position import Moment, moment
from ledger.rules import periods
from ledger.store.base import Reader, Store
from ledger.years import FinancialYear, Month
from screens.asked import answers
from screens.report import arrangements
from screens.report.month import newest_month, shown
from screens.report.render import page as tables
from screens.report.report import Report, Table, columns, day, entry_link, link, listed
from screens.report.wording import PAGE
from screens.web.importing import common
from screens.web.importing.common import worked_out
from screens.web.shell import address, frame, header, open_ledger, parts, posting
from screens.web.shell.open_ledger import Books
from screens.web.shell.posting import Seen
from screens.web.shell.sign_in import NOBODY_YET, person

VIEWS = {
    "month": "How the month stands", "arranged": "Pots, pools, contracts and instalments", "end": "Month end: close it",
}  # fmt: skip
_SEEN_BY = {"icb": "ICB", "place": "Place", "pcn": "PCN", "practice": "Practice"}
_DONE = "month closed"
# The tables of a month in the order in which the answer has them: what a part is called in the address.
_TABLES = ("letter", "came", "deadlines", "pots", "forecasts", "baseline", "kept")
_ARRANGED = {
    "pots": "The register of pots", "receivers": "Who receives them", "pools": "Pools", "contracts": "Contracts",
    "instalments": "Instalments", "break-even": "Whether each breaks even alone",
}  # fmt: skip
_TOLD = (
    "What is shown is the answer of 'devolution month show'; what is arranged, of 'pots', 'pools', 'contracts', "
    "'instalments' and 'breakeven'. A month is closed by the function of 'devolution month "
    "close': the same entry, and the same rules."
)


def page() -> None:
    """Render it."""
    frame.title("Month")
    store = open_ledger.store()
    if store is None:
        frame.foot(None, "Without the books there is no month to close.", illustrative="")
        return
    view = address.choose("view", "What to see", list(VIEWS), shown=lambda view: VIEWS[view], horizontal=True,
                          usual=view if (view := address.asked_for("view")) in VIEWS else "month",
                          is_told=True)  # fmt: skip
    at = open_ledger.ask(store, lambda _, at: at)
    if view in _ANSWERS:
        _of_somebody(store, _ANSWERS[view])
    else:
        header.say(at)
        _closed(store)
        _month_end(store, at)
    frame.foot(open_ledger.ask(store, lambda _, now: now), _TOLD)


def _of_somebody(store: Store, answer: Callable[[Books, str], None]) -> None:
    """An answer for an ICB, or for anybody below it who has held money."""
    found = frame.books_of(store)
    if found is None:
        return
    icb = frame.icb(found, with_all=False)
    if icb is None:
        return

    def below_it(reader: Reader, at: Moment) -> dict[str, str]:
        inside = members(reader, icb, at.as_at, at.known)
        return {code: name for code, name in journal.organisations(reader).items() if code in inside - {icb}}

    names = {icb: found.icbs[icb], **found.answer("below", below_it, icb)}
    answer(found, address.choose(
        "whose", "Whose", list(names), shown=lambda code: f"{names[code]} ({code})",
        unknown=f"which is not {found.icbs[icb]}, nor below it with money",
    ))  # fmt: skip


def _answered(found: Books, whose: str) -> None:
    """What the month's end asks of an organisation, as 'devolution month show' answers it."""
    by_name = {str(month): month for month in months.of_year(FinancialYear(found.year))}
    name = address.choose(
        "of", "Month", list(by_name), shown=lambda name: by_name[name].spoken,
        usual=str(newest_month(found.year, found.at.as_at)), unknown="which is not in this year",
    )  # fmt: skip
    asked = by_name[name]
    report = found.answer(
        "month", lambda reader, _: shown(reader, moment(reader, asked.last_day), asked, whose), asked, whose,
        told="Adding up the month",
    )  # fmt: skip
    _say(report, found, whose)
    named = dict(zip(_TABLES, report.tables, strict=True))
    # What there is something of stands first.
    titles = {name: table.name for name, table in sorted(named.items(), key=lambda pair: not pair[1].rows)}
    for name in parts.choose(titles, "What to see"):
        _table(named[name], f"month-{_TABLES.index(name)}")
    frame.link("Record a line of its letter", "record", {"kind": "letter"})
    frame.link("Record what arrived", "record", {"kind": "receive"})
    frame.link("Record a forecast", "record", {"kind": "forecast"})


def _say(report: Report, found: Books, whose: str) -> None:
    """The title of a report, with the name before its code, and its sentences."""
    name = found.icbs.get(whose)
    title = report.title if name is None or name in report.title else report.title.replace(whose, f"{name} ({whose})")
    st.header(frame.with_days(title), anchor=False)
    st.text("\n".join(report.sentences))


def _table(table: Table, file_name: str, *, folds: bool = True) -> None:
    """A table with a file to take away; one without rows in a sentence.

    Args:
        folds: whether a long one shows its first rows, and all of them on request.
    """
    if table.rows:
        tables.show(table, file_name, folds=folds)
    else:
        st.write(f"{table.name}: nothing.")


def _arranged(found: Books, whose: str) -> None:
    """The register of pots, who receives them, pools, contracts and instalments, and whether each breaks even alone."""
    year = FinancialYear(found.year)
    seen, tier = parts.choose(_ARRANGED, "What is arranged", choices={"receivers": ("seen_by",)}), "icb"
    if "receivers" in seen:
        tier = address.choose("seen_by", "Pots as they are seen by each", list(_SEEN_BY), horizontal=True,
                              shown=lambda tier: _SEEN_BY[tier])  # fmt: skip
    asked: dict[str, Callable[[Reader, Moment], Report]] = {
        "pots": lambda reader, at: answers.pots(reader, at, whose, year),
        "receivers": lambda reader, at: answers.pots_seen_by(reader, at, tier, whose, year),
        "pools": lambda reader, at: arrangements.pools(reader, at, organisation=whose, year=year),
        "contracts": lambda reader, at: arrangements.contracts(reader, at, organisation=whose, year=year),
        "instalments": lambda reader, at: arrangements.instalments(reader, at, organisation=whose, year=year),
        "break-even": lambda reader, at: arrangements.each_alone(
            reader, at, organisation=whose, tier=None, year=year
        ),
    }  # fmt: skip
    for name in seen:
        report = found.answer(f"arranged {name}", asked[name], whose, year.start, tier)
        _say(report, found, whose)
        first, *others = report.tables
        _table(first, f"{name}-0")
        for nth, table in enumerate(others, start=1):
            with st.expander(table.name):
                _table(table, f"{name}-{nth}", folds=False)
        for words, kind in _RECORDED.get(name, ()):
            frame.link(words, "record", {"kind": kind})


# What can be recorded of each part, by the kind of entry.
_RECORDED = {
    "pots": (("Record a pot", "pot"),), "pools": (("Record what a payer puts into a pool", "contribution"),),
    "contracts": (("Record a contract", "contract"),),
    "instalments": (("Record what became of an instalment", "outcome"),),
}  # fmt: skip
_ANSWERS: dict[str, Callable[[Books, str], None]] = {"month": _answered, "arranged": _arranged}


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
