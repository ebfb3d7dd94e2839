"""Audit: from a figure to what it is made of, to its entries, to file, sheet and cell; and whether the books hold."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, time

import streamlit as st

from allocations.figures import tables as figures
from ledger.entries import chain
from ledger.errors import Refused
from ledger.money import spoken
from ledger.reports import journal
from ledger.reports import verify as auditing
from ledger.reports.position import moment
from ledger.reports.trail import NARROWED_BY, OR, rows_behind, total_pence
from screens.asked import answers
from screens.report import decisions, holdings
from screens.report.render import page as tables
from screens.report.report import Table, columns, count, day, entry_link, link, traced
from screens.web.audit import proposals
from screens.web.shell import address, frame
from screens.web.shell.open_ledger import Books
from screens.web.shell.sign_in import person

VIEWS = {
    "trail": "Follow a figure",
    "made": "What a figure is made of",
    "entries": "Entries and reversals",
    "proposals": "Proposals",
    "verify": "Verify the books",
    "data": "Data and licences",
    "about": "About and accessibility",
}
_NEED_NO_BOOKS = ("data", "about")
_MOST_SHOWN = 100
_FEW_VALUES = 3


def page() -> None:
    """Render the view that the address names."""
    frame.title("Audit")
    asked = address.asked_for("view") or ("entries" if address.asked_for("entry") else "")
    view = address.choose(
        "view",
        "View",
        list(VIEWS),
        shown=lambda view: VIEWS[view],
        horizontal=True,
        usual=asked if asked in VIEWS else "trail",
        is_told=True,
    )
    if view == "data":
        _data()
    elif view == "about":
        frame.show()
    if view in _NEED_NO_BOOKS:
        frame.foot(None, "Derived figures are worked out from published ones by the method stated with each table.")
        return
    books = frame.opened_below()
    if books is None:
        return
    books = _at(books)
    {"trail": _trail, "made": _made, "entries": _entries, "proposals": proposals.show, "verify": _verify}[view](books)
    frame.foot(books.at, frame.sources(books))


def _at(books: Books) -> Books:
    """The books as at a day and as known at a day, both of the reader's choice."""
    today = books.at.as_at
    as_at, known = address.pick_clocks(today)
    if as_at == today and known == today:
        return books
    known_at = None if known == today else datetime.combine(known, time.max, UTC)
    with books.store.read(person()) as reader:
        at = moment(reader, as_at, known_at)
    if not at.known:
        st.info(f"Nothing was recorded in these books by the end of {known:%-d %B %Y}.")
    return replace(books, at=at)


def _organisation(books: Books, name: str, label: str) -> str | None:
    names = books.answer("organisations", lambda reader, _: journal.organisations(reader))
    code = address.choose(
        name, label, ["", *names], shown=lambda code: f"{names[code]} ({code})" if code else "Choose one",
        unknown="which has never held money here",
    )  # fmt: skip
    return code or None


def _trail(books: Books) -> None:
    st.header("Every entry behind a balance", anchor=False)
    st.write("Choose who holds the money, and on which line: each entry leads to its legs, and each leg to its cell.")
    organisation = _organisation(books, "organisation", "Organisation")
    if organisation is None:
        st.info("Choose an organisation, or follow the link of a figure on another page.")
        return
    names = books.answer("funds", lambda reader, _: journal.funds(reader, organisation), organisation)
    fund = address.choose(
        "fund",
        "Line",
        ["", *names],
        shown=lambda code: names[code] if code else "All lines",
        unknown="on which it holds nothing",
    )
    try:
        found = books.ask(answers.trail, organisation, fund or None, books.year, names=names)
    except Refused as refused:
        frame.refused(refused.problems, "The balance cannot be traced.")
        return
    table, balance_pence = found.rows, found.facts["total_pence"]
    if not table.rows:
        st.write("No entry touches this balance by that day.")
        return
    st.write(
        f"**{len(table.rows):,} legs come to {spoken(balance_pence)}, which is what it holds itself.** "
        "What it passed on is below zero here and stands with whoever received it."
    )
    shown = table.for_people()
    whole = ("Balance", *[""] * (len(shown.columns) - 2), balance_pence)
    shown = replace(shown, rows=[*shown.rows, whole], has_total=True, most=_MOST_SHOWN)
    tables.show(shown, f"trail-{organisation}", is_exact=True)


def _made(books: Books) -> None:
    st.header("What a figure is made of", anchor=False)
    under = _organisation(books, "under", "Of, with all below it")
    only = {name: value for name in NARROWED_BY if (value := address.asked_for(name))}
    try:
        held = books.read(under)
    except Refused as refused:
        frame.refused(refused.problems, "It cannot be shown.")
        return
    rows = rows_behind(held, only)
    narrowed = f", narrowed to {_narrowed(only)}" if only else ""
    if rows:
        st.write(f"**{len(rows):,} balances come to {spoken(total_pence(rows))}{narrowed}.**")
    else:
        st.info(f"Nothing is held here{narrowed}: no balance makes up such a figure.")
    if only and st.button("Show all of it"):
        for name in only:
            address.write(name, None)
        st.rerun()
    shown = [
        (
            row["organisation_name"],
            row["fund_name"],
            row["standing"],
            row["grade"] or "not graded",
            traced(row["amount_pence"], organisation=row["organisation"], fund=row["fund"], year=row["year"]),
        )
        for row in rows
    ]
    whole = ("All together", "", "", "", total_pence(rows))
    heads = columns("Organisation", "Line", "Standing", "Ring-fence", "Amount (£)")
    if rows:
        table = Table("Balances", heads, [*shown, whole], has_total=True, most=_MOST_SHOWN)
        tables.show(table, f"made-of-{under or 'all'}", is_exact=True)


def _narrowed(only: Mapping[str, str]) -> str:
    return ", ".join(_one_narrowed(name.replace("_", " "), value.split(OR)) for name, value in only.items())


def _one_narrowed(name: str, values: Sequence[str]) -> str:
    """Each value by its code where they are few, and how many there are where nobody would read them all."""
    return f"{name} {' or '.join(values)}" if len(values) <= _FEW_VALUES else f"{len(values)} {name}s"


def _entries(books: Books) -> None:
    number = address.asked_for("entry") or ""
    if number.isdecimal():
        _entry(books, int(number))
        return
    if number:
        asked = frame.as_text(number[:60])
        st.warning(f"The address asks for the entry '{asked}', which is no number. All entries are shown.")
    st.header("Entries, the newest first", anchor=False)
    st.write(
        "Nothing posted ever changes: a correction is a new entry, and a reversal is the mirror of the one it undoes."
    )
    kinds = books.answer("kinds", lambda reader, _: journal.kinds(reader))
    kind = address.choose(
        "kind", "Kind", ["", "reversals", *kinds], shown=lambda kind: kind.capitalize() or "All kinds"
    )
    reversals = kind == "reversals"
    found = books.ask(answers.entries, None if reversals else kind or None, reversals)
    if not found.rows:
        st.write("There are none. Nothing has been reversed." if kind == "reversals" else "There are none by that day.")
        return
    shown = [
        (
            entry_link(row["number"]),
            row["effective_date"],
            row["kind"],
            row["reason"],
            row["source"] or "",
            _undone(row),
            row["legs"],
            row["moved_pence"],
        )
        for row in found.rows
    ]
    heads = columns(link("Entry"), day("Day"), "Kind", "Reason", "Source", "Reversal", count("Legs"), "Moved (£)")
    told = (
        f"{found.total:,} entries"
        if len(shown) == found.total
        else f"The newest {len(shown):,} of {found.total:,} entries"
    )
    tables.show(Table(told, heads, shown), "entries", is_exact=True)


def _entry(books: Books, number: int) -> None:
    try:
        row, legs = books.ask(answers.entry, number)
    except Refused as refused:
        frame.refused(refused.problems, "It cannot be shown.")
        frame.link("All entries", "audit", {"view": "entries"})
        return
    st.header(f"Entry {number}: {row['kind']}", anchor=False)
    st.write(f"**{row['reason']}**")
    digest = row["source_hash"]
    files = {known["sha256"]: known["file"] for known in figures.table("published_files").to_pylist()}
    facts = [
        ("Counts from", row["effective_date"]),
        ("Recorded", row["recorded_at"]),
        ("By", row["actor"]),
        ("On the authority of", row["authority"] or "nobody named"),
        ("Source", row["source"] or "none named"),
        ("File", files.get(digest, "not one of the shipped files") if digest else "none"),
        ("SHA-256 of the source", digest or "none"),
        ("Reversal", _undone(row) or "neither undoes another nor was undone"),
    ]
    tables.show(Table("Facts", columns("What", day("As recorded")), facts), is_exact=True)
    if not legs:
        st.write("It moves no money: it brings organisations, terms, agreements or control totals.")
    else:
        tables.show(decisions.legs(legs, f"{len(legs):,} legs"), f"entry-{number}", is_exact=True)
    frame.link("All entries", "audit", {"view": "entries"})


def _verify(books: Books) -> None:
    st.header("Do the books hold?", anchor=False)
    st.write(
        "The seal of every entry is made again, and every rule and published total is asked again. Give the head that "
        "an earlier report printed, and this also finds out if entries have been cut off since."
    )
    seen = st.text_input("Head that a report printed (optional)", max_chars=64).strip()
    if not st.button("Verify everything"):
        return
    with st.status("Verifying", expanded=True) as status, books.store.read_afresh(person()) as reader:
        found = auditing.verify(
            reader, lambda name: st.write(f"Checking {name}"), seen_head=seen or None, store=books.store
        )
        entries = 0 if found else chain.last_entry(reader)
        status.update(
            label="Verified" if not found else "Something does not hold", state="error" if found else "complete"
        )
    if found:
        frame.refused(found, "The books do not hold.")
    else:
        st.success(holdings.verified(entries))


def _data() -> None:
    st.header("Data and licences", anchor=False)
    st.write(
        "Every table that figures rest on. It says which are published, which are worked out from those, and which are "
        "our own guess."
    )
    rows = [
        (one.title, one.standing, one.publisher, one.vintage, one.licence, one.made)
        for one in figures.descriptions().values()
    ]
    heads = columns("Table", "Standing", "Publisher", "Vintage", "Licence", "How it was made")
    tables.show(Table(f"{len(rows)} tables", heads, rows), "data", is_exact=True)


def _undone(row: Mapping[str, int | None]) -> str:
    if row["reverses"] is not None:
        return f"undoes entry {row['reverses']}"
    return "" if row["reversed_by"] is None else f"undone by entry {row['reversed_by']}"
