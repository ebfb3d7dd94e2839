"""Budgets on the Places page: historic, fair share, distance, issued and the bridge, for one line at one level."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

import streamlit as st

from allocations.figures.tables import table
from allocations.places import as_text
from allocations.places.division import UNASSIGNED, Division
from allocations.shares import facts
from allocations.shares import schedule as place_bridge
from allocations.shares.historic import Historic, read_historic
from allocations.shares.lines import weighting_of
from allocations.shares.mixture import AVERAGE, refuse_files, terms
from allocations.shares.schedule import Line, Schedule
from allocations.shares.split import FIGURES_YEAR, Allocation, allocate
from ledger.errors import Refused
from ledger.money import PENCE_PER_POUND, parse_pounds, spoken
from screens.asked import shares as asking
from screens.report import mixtures, shares
from screens.report.render import page as tables
from screens.web.charts.dots import per_head
from screens.web.charts.flows import bridge
from screens.web.importing import common
from screens.web.shell import address, frame
from screens.web.shell.open_ledger import Books

T = TypeVar("T")
_FEW = 20
_USUAL_AMOUNT = "1bn"
_NAME = "Historic, fair share and issued, for each person"


@st.fragment
def section(books: Books | None, icb: str, level: str, own: Division | None) -> None:
    """Show budgets on a line that the reader chooses; redrawn by itself.

    Args:
        books: the books; None where there are none, so that nothing is known to be issued.
        own: the reader's own places; None where the books' own organisations are meant.
    """
    st.header("Budgets", anchor=False)
    if books is not None and books.year != FIGURES_YEAR.start:
        st.info(f"Fair shares need the year's populations, which are here for {FIGURES_YEAR} alone.")
        return
    held = books is not None and icb in books.icbs
    if books is not None and not held:
        name = facts.icb_names()[icb]
        st.info(f"{name} holds no money in this ledger, so nothing is issued here; fair shares need none.")
    issued = _issued(books, icb, level) if books is not None and held and own is None else {}
    names = {row["code"]: row["name"] for row in table("funds").to_pylist()}
    funds = list(dict.fromkeys([*sorted({fund for _, fund in issued}), "core-recurrent", *_shared_lines(names)]))
    usual = place_bridge.largest_line(issued) or "core-recurrent"
    line = address.choose("line", "Line", funds, shown=lambda code: names.get(code, code), usual=usual)
    historic = _historic(icb, level, own, names)
    on_line = {key: pence for key, pence in issued.items() if key[1] == line}
    if on_line or (historic is not None and any(fund == line for _, fund in historic.pence)):
        _schedule(icb, level, line, own, historic, on_line, names.get(line, line))
    else:
        _fair_shares(icb, level, line, own, names.get(line, line), whose="these places" if own else "them")


def _issued(books: Books, icb: str, level: str) -> dict[tuple[str, str], int]:
    return books.ask(asking.issued, icb, FIGURES_YEAR, level)


def _shared_lines(names: Mapping[str, str]) -> list[str]:
    lines = [row["fund"] for row in table("line_weightings").to_pylist()]
    return sorted(lines, key=lambda code: names.get(code, code))


def _with_places(own: Division | None, ask: Callable[[Path | None], T]) -> T:
    """Ask with the reader's own places as a file, which is how the house takes them."""
    with ExitStack() as stack:
        path = None
        if own is not None:
            content = as_text.as_csv(own, guarded=False).encode()
            path = stack.enter_context(common.as_path("your places.csv", content))
        return ask(path)


def _historic(icb: str, level: str, own: Division | None, funds: Mapping[str, str]) -> Historic | None:
    with st.expander("Bring historic budgets"):
        st.write(
            "A workbook or CSV with the columns organisation, fund and amount, in pounds. It stays on this machine, "
            "for this visit: unlike the choices above it is not in the address."
        )
        file = st.file_uploader("Historic budgets", type=["xlsx", "xls", "xlsb", "ods", "csv"], max_upload_size=25)
    if file is None:
        return None
    try:
        one_pound = _with_places(own, lambda path: _split(icb, level, "core", path, PENCE_PER_POUND))
        known = {part.code: part.name for part in one_pound.parts}
        with common.as_path(file.name, file.getvalue()) as path:
            return read_historic(path, known, funds)
    except Refused as refused:
        frame.refused(refused.problems, f"{file.name} cannot be used.")
        return None


def _split(
    icb: str, level: str, line: str, path: Path | None, pence: int, by: str | None = None, missing: str | None = None
) -> Allocation:
    return allocate(
        icb=icb, year=FIGURES_YEAR, fund=line, level=level, by=by or weighting_of(line), amount_pence=pence,
        places_file=path, missing=missing,
    )  # fmt: skip


def _schedule(
    icb: str, level: str, line: str, own: Division | None, historic: Historic | None,
    issued: Mapping[tuple[str, str], int], name: str,
) -> None:  # fmt: skip
    try:
        found = _with_places(
            own,
            lambda path: asking.schedule_of_line(
                icb, FIGURES_YEAR, level, line, historic=historic, issued=issued, places=path
            ),
        )
    except Refused as refused:
        frame.refused(refused.problems, "The budgets cannot be shown.")
        return
    lines = [one for one in found.lines if one.fund == line]
    _beside_fair_shares(lines, name, level, found, line)
    of = address.choose(
        "of",
        "Bridge of",
        [one.organisation for one in lines],
        usual=lines[-1].organisation if lines[-1].historic_pence is not None else None,
        shown=lambda code: next(
            "All together" if code == "(all)" else one.name for one in lines if one.organisation == code
        ),
    )
    chosen = next(one for one in lines if one.organisation == of)
    spans = shares.bridge(chosen)
    if not spans:
        st.write("Nothing is issued on this line, so there is no bridge to it.")
        return
    before = "" if chosen.historic_pence is not None else " What it had before is not in these books: bring it above."
    whose = f"all of {icb}" if place_bridge.is_whole(chosen) else chosen.name
    bridge(
        spans,
        name=f"The bridge of {whose}",
        sentence=f"{spans[0].label} of {spoken(spans[0].pence)} becomes {spoken(spans[-1].pence)} issued; the steps "
        f"tie to the penny.{before}",
        key=f"bridge-{line}-{of}",
        smaller=True,
    )


def _beside_fair_shares(lines: Sequence[Line], name: str, level: str, schedule: Schedule, line: str) -> None:
    """Historic, fair share, distance and issued: one picture and one table."""
    single = [one for one in lines if not place_bridge.is_whole(one)]
    # Practices in no place or PCN get nothing of their own, so they are in the table alone.
    receivers = [one for one in single if one.organisation != UNASSIGNED]
    drawn = facts.furthest_from_target(receivers, _FEW)
    issued = lines[-1].issued_pence
    said = "Nothing is issued." if issued is None else f"{spoken(issued)} of {name} is issued."
    few = "" if len(drawn) == len(single) else f" The {len(drawn)} furthest off are drawn; the table has all."
    sentence = (
        f"{said} {shares.beside_sentence(shares.per_head(receivers))} Fair shares are by "
        f"{lines[0].by.replace('_', ' ')} weighted people.{few} Basis: {schedule.basis[line]}."
    )
    table, key = shares.budgets(lines, f"{name} by {level}"), f"budgets-{line}-{level}"
    if drawn:
        per_head(shares.per_head(drawn), name=_NAME, sentence=sentence, table=table, key=key, smaller=True)
    else:
        st.write(sentence)
        tables.show(table, key)


def _fair_shares(icb: str, level: str, line: str, own: Division | None, name: str, whose: str) -> None:
    wrong = address.settle("amount", lambda text: text, _USUAL_AMOUNT)
    del wrong  # any text may stand in the field; what is no amount is said below
    st.write(f"Nothing is issued to {whose} on this line in the books. See the fair shares of an amount instead:")
    typed = st.text_input("Amount to share (£), as 1000000, 250m or 1bn", key="amount", max_chars=30) or _USUAL_AMOUNT
    address.keep("amount", typed, _USUAL_AMOUNT)
    usual = weighting_of(line)
    address.settle("share", lambda text: text, usual)
    by = st.text_input(
        "Share by: a weighting, an indicator, a sex and ages, or a mixture, as 60% core, 40% diabetes",
        key="share", max_chars=200,
    ) or usual  # fmt: skip
    address.keep("share", by, usual)
    averaged = AVERAGE if st.checkbox("Whoever has no number gets the average of the others") else None
    try:
        refuse_files(terms(by))
        split = _with_places(own, lambda path: _split(icb, level, line, path, parse_pounds(typed), by, averaged))
    except ValueError as error:
        st.error(str(error))
        return
    except Refused as refused:
        frame.refused(refused.problems, "It cannot be shared.")
        return
    pot = spoken(split.amount_pence)
    said = f"Fair shares of {pot} of {name}, in whole units of one {split.unit}; they sum to the whole."
    key = f"fair-shares-{icb}-{line}-{level}"
    if split.mixture is not None:
        st.write(said)
        tables.show(mixtures.parts(split, split.mixture, name), key)
        for sentence in mixtures.sentences(split, split.mixture):
            st.write(sentence)
        return
    st.write(
        f"{said} By {split.by.replace('_', ' ')} weighted people. Derived; by which weighting a line is shared is our "
        "assumption."
    )
    tables.show(shares.parts(split, name), key)
