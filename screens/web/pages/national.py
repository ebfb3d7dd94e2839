"""National: all ICBs at once, ranked, on a tile map and region by region, with alerts on limits that the user sets."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from fractions import Fraction

import streamlit as st

from allocations.shares import national, restated
from allocations.shares.national import ABOVE, BELOW, DISTANCE, TITLES, IcbStanding, Threshold
from allocations.shares.pace import plan, read_pace
from allocations.shares.targets import STREAMS
from ledger.errors import Refused
from ledger.reports import over_receivers, trend
from ledger.reports.summary import percent
from ledger.reports.trend import MONTHS, YEARS
from ledger.years import FinancialYear
from screens.asked import answers
from screens.asked.shares import targets
from screens.report import national as reporting
from screens.report import over_time, shares
from screens.report.files import briefing
from screens.report.marks import at_percent
from screens.report.national import in_percent
from screens.report.render import page as tables
from screens.report.render.colours import OVER_TIME
from screens.report.report import Cell, Link, Report, Table, boundaries, columns, link, plain, ranged
from screens.web.charts.bars import Bar, distances, ranked
from screens.web.charts.flows import Tile, tiles
from screens.web.charts.heat import by_time
from screens.web.charts.lines import lines, multiples
from screens.web.importing import common
from screens.web.shell import address, frame, parts
from screens.web.shell.open_ledger import Books
from screens.web.shell.readings import explain

_AS_WAS = "was"
_EVERYBODY, _PEERS = "all", "peers"
_USUAL = "ring_fenced_share_with_soft"
_PARTS = {
    "ranked": "Ranked", "map": "Tile map", "regions": "Region by region", "beside": "One ICB beside others",
    "why": "Why, and since when", "alerts": "Alerts", "pots": "What became of every pot", "trend": "How it changes",
    "each": "Every ICB by time", "targets": "Distance from target",
}  # fmt: skip
_COMPARED = ("ranked", "map", "regions", "beside")
# What an address asks for that is a choice of one part alone.
_CHOICES = {
    "why": ("why",), "alerts": ("tied", "free", "away"), "pots": ("watched",), "each": ("each_by",),
    "trend": ("trend_of", "over", "clock"), "targets": ("stream",),
}  # fmt: skip


def page() -> None:
    """Render the page: every ICB with money in the year, as they were or as they are now."""
    books = frame.opened("All ICBs side by side")
    if books is None:
        return
    as_is = _boundaries(books)
    about = (books.year, as_is, books.reading)
    rows = books.ask(answers.standings, *about, told="Adding up the books of every ICB")
    if not rows:
        st.info("No ICB holds money of this year yet, so there is nobody to compare.")
        frame.foot(books.at, frame.sources(books))
        return
    if len(rows) == 1:
        st.info(f"Only {rows[0].name} is in these books, so there is nobody to compare it with yet.")
    whole = books.ask(answers.together, *about)
    seen = parts.choose(_PARTS, "What to see", choices=_CHOICES)
    _show(books, rows, whole, as_is, seen)
    explain(books.reading)
    frame.foot(
        books.at,
        frame.sources(books) + " Distances from target: published by NHS England, March 2025. Shares: derived.",
        illustrative=frame.ILLUSTRATIVE + " So is where each square of the tile map stands.",
    )


def _show(
    books: Books, rows: Sequence[IcbStanding], whole: IcbStanding | None, as_is: date | None, seen: Collection[str]
) -> None:
    """The parts that the reader chose, in their order."""
    if compared := [part for part in seen if part in _COMPARED]:
        _compare(books, rows, books.year if as_is is None else None, whole, compared)
    if "why" in seen:
        if as_is is None:
            _why(books, rows, whole)
        elif len(seen) == 1:
            st.info("The reasons are those of ICBs as they were in the year: choose those above.")
    if "alerts" in seen:
        _alerts(rows)
    if "pots" in seen:
        _watched(books)
    if shown := {"trend", "each"} & {*seen}:
        _trend(books, shown)
    if "targets" in seen:
        _targets(books, as_is)
        _pace()


def _boundaries(books: Books) -> date | None:
    days = books.answer("changes", lambda reader, at: restated.changed_by(reader, at, date.max))
    options = [_AS_WAS, *(str(day) for day in days)]
    shown = {_AS_WAS: f"As they were in {FinancialYear(books.year)}"}
    shown |= {str(day): f"As they are from {day:%-d %B %Y} (derived)" for day in days}
    chosen = address.choose("icbs", "Which ICBs", options, shown=lambda option: shown[option], horizontal=True)
    if chosen == _AS_WAS:
        return None
    day = date.fromisoformat(chosen)
    st.write(" ".join(boundaries(day, [one for one in days if one <= day])))
    return day


@st.fragment
def _compare(
    books: Books, rows: Sequence[IcbStanding], year: int | None, whole: IcbStanding | None, compared: Collection[str]
) -> None:
    """Ranked, on tiles and by region; with the year, totals lead to the books, which know no restated sums.

    Args:
        compared: which of these parts are shown.
    """
    measure = address.choose("measure", "Compare by", list(TITLES), shown=lambda name: TITLES[name], usual=_USUAL)
    names = {row.code: row.name for row in rows}
    marked = address.choose(
        "icb",
        "Mark an ICB",
        ["", *names],
        shown=lambda code: names[code] if code else "None",
        unknown="which is not here",
    )
    regions = sorted({row.region for row in rows if row.region})
    whom = address.choose(
        "whom",
        "Show",
        [_EVERYBODY, *regions, *([_PEERS] if marked else [])],
        shown=lambda option: {_EVERYBODY: "All ICBs", _PEERS: "The five nearest in population"}.get(option, option),
    )
    listed = _listed(rows, whom, marked)
    order = national.ranked(listed, measure)
    title = TITLES[measure]
    if not order:
        st.info(f"{title} is not defined for any ICB here.")
        return
    table = _of_these_books(reporting.icbs(listed, measure, year=year, together=whole), books)
    bars = [_bar(row, value, measure, marked) for row, value in order]
    sentence = reporting.ranked_sentence(order, measure, marked=marked, together=whole)
    if "ranked" in compared and measure == DISTANCE:
        distances(bars, name="Ranked", sentence=sentence, axis=f"{title} (%)", table=table, key=f"ranked-{measure}")
    elif "ranked" in compared:
        ranked(
            bars, name="Ranked", sentence=sentence, axis=f"{title} (%)", table=table, key=f"ranked-{measure}",
            marked=names.get(marked, ""),
        )  # fmt: skip
    if "ranked" in compared and measure == _USUAL and year is not None:
        most, _ = order[0]
        asked: dict[str, str | int | None] = {"part": "why", "why": most.code, "year": year}
        frame.link(f"Why {most.name} is as tied as it is, and since when", "national", asked)
    small = _of_these_books(_small_table(order, measure), books)
    if "map" in compared:
        _map(order, measure, marked, small)
    if "regions" in compared:
        _regions(order, measure, marked, small)
    if "beside" in compared and marked:
        _beside(rows, marked)
    elif "beside" in compared and len(compared) == 1:
        st.info("Mark an ICB, and it stands here beside its peers, its region and all.")


def _map(order: Sequence[tuple[IcbStanding, Fraction]], measure: str, marked: str, table: Table) -> None:
    """A square for each ICB where it lies."""
    title, squares = TITLES[measure], national.squares()
    tiles(
        [
            Tile(
                row.code,
                row.name,
                *squares[row.code],
                at_percent(value),
                in_percent(value, measure),
                row.code == marked,
            )
            for row, value in order
            if row.code in squares
        ],
        name="Tile map",
        sentence=f"{title}: a square for each ICB, roughly where it lies; the darker, the higher. Squares show neither "
        "area nor boundary. On a telephone each has its code, which the table names.",
        table=table,
        key=f"tiles-{measure}",
    )


def _regions(order: Sequence[tuple[IcbStanding, Fraction]], measure: str, marked: str, table: Table) -> None:
    """The ICBs region by region."""
    panels = {
        region: [_bar(row, value, measure, marked) for row, value in order if row.region == region]
        for region in sorted({row.region for row, _ in order if row.region})
    }
    if not panels:
        st.info("The region of none of these ICBs is on record.")
        return
    multiples(
        panels, name="Region by region", sentence=f"{TITLES[measure]} (%), on one scale in every region.",
        table=table, key=f"regions-{measure}",
    )  # fmt: skip


def _beside(rows: Sequence[IcbStanding], marked: str) -> None:
    """The marked ICB beside its peers, its region and all: every measure."""
    (one,) = [row for row in rows if row.code == marked]
    st.header(f"{one.name} beside others", anchor=False)
    st.write(reporting.beside_sentence(rows, marked))
    tables.show(reporting.beside(rows, marked), f"beside-{marked}")


@st.fragment
def _why(books: Books, rows: Sequence[IcbStanding], whole: IcbStanding | None) -> None:
    """Which lines tie the marked ICB, or the one that is tied most; and it all on one page to take away."""
    st.header("Why, and since when", anchor=False)
    names = {row.code: row.name for row in rows}
    usual = briefing.most_tied(rows)
    code = address.choose(
        "why", "The reasons for", list(names), shown=lambda code: names[code], usual=usual or None,
        unknown="which is not here",
    )  # fmt: skip
    lines, first = books.ask(answers.why_tied, code, books.year, books.reading)
    st.write(briefing.why_sentence(lines, names[code], first))
    tables.show(briefing.why(lines, names[code]), f"why-{code}")

    def printed() -> bytes:
        points = books.ask(answers.trend, (code,), MONTHS, books.year, False, books.reading)[code]
        return briefing.page(
            rows, code, whole, lines, points, books.at, first_year=first, year=books.year
        ).encode()  # fmt: skip

    st.download_button(
        f"Briefing on {names[code]}, one page to print (HTML)", data=printed, file_name=f"briefing-{code}.html",
        mime="text/html", key="download briefing", on_click="ignore",
    )  # fmt: skip


def _listed(rows: Sequence[IcbStanding], whom: str, marked: str) -> list[IcbStanding]:
    if whom == _EVERYBODY:
        return list(rows)
    if whom == _PEERS:
        codes = {marked, *(row.code for row in national.peers(rows, marked))}
        return [row for row in rows if row.code in codes]
    return [row for row in rows if row.region == whom]


def _bar(row: IcbStanding, value: Fraction, measure: str, marked: str) -> Bar:
    return Bar(row.name, at_percent(value), in_percent(value, measure), is_marked=row.code == marked)


def _small_table(order: Sequence[tuple[IcbStanding, Fraction]], measure: str) -> Table:
    heads = columns(link("ICB"), "Code", "Region", reporting.of_measure(measure))
    rows = [
        (_to_reasons(row), row.code, row.region or "not on record", ranged(value, row.over.get(measure)))
        for row, value in order
    ]
    return Table(f"{TITLES[measure]} by ICB", heads, rows)


def _of_these_books(table: Table, books: Books) -> Table:
    """The same without a way to an ICB of later boundaries, which these books do not know."""

    def known(cell: Cell) -> Cell:
        is_link = isinstance(cell, Link) and {cell.query.get("icb"), cell.query.get("why")} - {None, *books.icbs}
        return plain(cell) if is_link else cell

    return replace(table, rows=[tuple(map(known, row)) for row in table.rows])


def _to_reasons(row: IcbStanding) -> Link:
    """An ICB that leads to what ties it."""
    return Link(row.name, "national", {"part": "why", "why": row.code})


# Name in the address, what is asked, the measure, which side of the limit, and how far the slider goes.
_LIMITS = (
    ("tied", "Ring-fenced, soft included: more than", "ring_fenced_share_with_soft", ABOVE, 100),
    ("free", "Local and free: less than", "untied_devolved_share", BELOW, 100),
    ("away", "Above target, core: more than", DISTANCE, ABOVE, 10),
)


@st.fragment
def _alerts(rows: Sequence[IcbStanding]) -> None:
    st.header("Alerts", anchor=False)
    st.write(
        "Set limits; every ICB beyond one is listed. Where you set none, a tenth of the ICBs lie beyond each. The "
        "limits are in the address, so a link carries them."
    )
    limits = []
    for (name, label, measure, side, most), place in zip(_LIMITS, st.columns(len(_LIMITS)), strict=True):
        usual = national.near(rows, measure, side)
        with place:
            if usual is None:
                st.write(f"{label}: no limit, for all are alike or not known.")
                continue
            percent = address.slide(name, label, 0, most, min(max(usual, 0), most), unit="%")
        limits.append(Threshold(measure, Fraction(percent, 100), side))
    found = national.alerts(rows, limits)
    if not found:
        st.success("No ICB is beyond these limits.")
        return
    st.warning(national.alerts_in_words(found, len(rows)))
    tables.show(reporting.alerts(found), "alerts")


@st.fragment
def _watched(books: Books) -> None:
    """What became of every pot, over all ICBs and at each."""
    st.header("What became of every pot", anchor=False)
    found = books.ask(answers.watched, books.year)
    reported = [one for one in found if one.is_reported]
    st.write(f"Of {len(found):,} pots at ICBs the books record some use of {len(reported):,}. {reporting.NOT_REPORTED}")
    received, _ = books.ask(answers.received, national.TIER, None, books.year, books.reading)
    ending = books.answer("notice and ending", lambda *_: over_receivers.notice_and_ending(received), books.year)
    st.write(" ".join(reporting.notice_and_ending(ending, FinancialYear(books.year))))
    tables.show(reporting.pots_watched(found), "pots-watched")
    code = address.choose(
        "watched", "Every pot of", ["", *books.icbs], shown=lambda code: books.icbs[code] if code else "No ICB",
        unknown="which holds no money in this ledger",
    )  # fmt: skip
    if code:
        own = [one for one in found if one.organisation == code]
        tables.show(reporting.pots_watched_by_icb(own, books.icbs, most=None), f"pots-watched-{code}")


@st.fragment
def _targets(books: Books, as_is: date | None) -> None:
    st.header("Distance from target", anchor=False)
    stream = address.choose("stream", "Stream", list(STREAMS), shown=str.capitalize, horizontal=True)
    found = targets(stream, as_is)
    report = reporting.targets(found, as_is=as_is, changes=())
    distances(
        [Bar(row.name, at_percent(row.closing_distance), in_percent(row.closing_distance, DISTANCE)) for row in found],
        name="Who is above and below target",
        sentence=reporting.targets_sentence(found, as_is),
        axis="Percent above or below target",
        table=_of_these_books(report.rows, books),
        key=f"targets-{stream.replace(' ', '-')}",
        smaller=True,
    )  # fmt: skip
    for sentence in report.sentences:
        st.text(sentence)


@st.fragment
def _pace() -> None:
    """A pace of change from somebody's file, as 'devolution pace' answers it."""
    with frame.for_analysts("a pace of change of your own, with its floor and its cap"):
        st.write("A file as the guide describes it, with its floor, its cap and its curve; nothing is posted.")
        file = st.file_uploader("A pace of change (YAML)", type=["yaml", "yml"], max_upload_size=1)
        if file is None:
            return
        name = common.safe_name(file.name)
        try:
            with common.as_path(name, file.getvalue()) as path:
                asked, digest = read_pace(path)
            report = shares.pace(asked, plan(asked.plan()), source=name, digest=digest, at=None)
        except Refused as refused:
            frame.refused(refused.problems, "It cannot be planned.")
            return
        for sentence in report.sentences:
            st.text(sentence)
        tables.show(report.rows, "pace")


_EVERYTHING = "All money in the ledger, national money too"
_NOW, _THEN = "now", "then"
_OVER = {MONTHS: "The months of the year", YEARS: "All years in the ledger"}
_KNOWN = {_NOW: "As known now", _THEN: "As known at each point"}


@st.fragment
def _trend(books: Books, shown: Collection[str]) -> None:
    """How it changes, drawn again by itself: a line for each measure of one, and a row for every ICB.

    Args:
        shown: which of the two.
    """
    st.header(_PARTS["trend" if "trend" in shown else "each"], anchor=False)
    with_one = "trend" in shown
    over, known, *whose = st.columns([1, 1, 2] if with_one else [1, 1])
    with over:
        span = address.choose("over", "Over", list(_OVER), shown=lambda option: _OVER[option], horizontal=False)
    with known:
        clock = address.choose(
            "clock",
            "Known when",
            list(_KNOWN),
            shown=lambda option: _KNOWN[option],
            horizontal=False,
            help_text="As known now includes what was recorded later and dated back.",
        )
    as_then = clock == _THEN
    if with_one:
        with whose[0]:
            code = address.choose(
                "trend_of",
                "Whose money",
                [trend.WHOLE, *books.icbs],
                shown=lambda code: f"{books.icbs[code]} ({code})" if code else _EVERYTHING,
                unknown="which holds no money in this ledger",
            )
        _of_one(books, code, span, as_then=as_then)
    if "each" in shown:
        _every_icb(books, span, as_then=as_then)


def _of_one(books: Books, code: str, span: str, *, as_then: bool) -> None:
    """A line for each measure of one ICB's money, or of all of it."""
    found = books.ask(answers.trend, (code,), span, books.year, as_then, books.reading)[code]
    held = over_time.held(found)
    if not held:
        st.info(_nothing(as_then=as_then, year=books.year))
        return
    name = books.icbs[code] if code else _EVERYTHING
    lines(
        over_time.labels(found, span),
        over_time.lines(found),
        list(OVER_TIME.values()),
        name="Trend",
        sentence=f"{name}: {over_time.sentence(held)}",
        axis="Share of the money (%)",
        table=reporting.trend_table(found, code or None, known_then=as_then),
        key=f"trend-{code or 'all'}-{span}-{_THEN if as_then else _NOW}",
        smaller=True,
    )
    for sentence in over_time.reservations(found, span):
        st.text(sentence)
    if span == YEARS:
        _line_by_line(books, code)


def _every_icb(books: Books, span: str, *, as_then: bool) -> None:
    """Every ICB at the same points, with all together on top."""
    measure = address.choose(
        "each_by", "Every ICB, by", list(trend.MEASURES), shown=lambda name: trend.MEASURES[name], usual=_USUAL
    )
    everybody = (trend.WHOLE, *books.icbs)
    found = books.ask(answers.trend, everybody, span, books.year, as_then, books.reading)
    each, title = {code: points for code, points in found.items() if code}, trend.MEASURES[measure]
    over = trend.ends(each, measure)
    if not any(over):
        st.write(f"{title} is not defined for any ICB at these points.")
        return
    lowest, middle, highest = next(end for end in reversed(over) if end)
    by_time(
        over_time.labels(found[trend.WHOLE], span),
        over_time.every_icb(found, books.icbs, measure),
        name="Every ICB",
        sentence=f"{title}, over {len(each)} ICBs, at the last point: lowest {percent(lowest)}, median "
        f"{percent(middle)}, highest {percent(highest)}. The darker, the higher; all ICBs together "
        "stand on top. Where nothing was held it is empty.",
        scale=f"{title} (%)",
        table=_leading(reporting.each_at_points(found, books.icbs, measure), books.icbs),
        key=f"each-{measure}-{span}-{'then' if as_then else 'now'}",
        smaller=True,
    )


def _leading(table: Table, names: Mapping[str, str]) -> Table:
    """The same with each ICB, and all together, leading to how their own shares change."""
    codes = {name: code for code, name in names.items()} | {national.TOGETHER: None}
    rows = [
        (Link(name, "national", {"part": "trend", "trend_of": codes[name]}) if name in codes else name, *cells)
        for name, *cells in table.rows
    ]
    return replace(table, columns=[link("ICB"), *table.columns[1:]], rows=rows)


def _line_by_line(books: Books, code: str) -> None:
    """Each line in each year, and what the years have in common, where there are several."""
    years, found = books.ask(answers.lines_over_years, code or None)
    beside = reporting.with_lines(Report(), years, found)
    for table in beside.shown:
        tables.show(table)
    for sentence in beside.sentences:
        st.write(frame.as_text(sentence))


def _nothing(*, as_then: bool, year: int) -> str:
    if as_then:
        return (
            "Nothing of it was recorded in these books by any of these points: all was recorded later. Choose "
            f"'{_KNOWN[_NOW]}' to see what counted then, as it is known today."
        )
    return f"Nothing was held at any of these points: no money of {FinancialYear(year)} counts yet."
