"""National: all ICBs at once, ranked, on a tile map and region by region, with alerts on limits that the user sets."""

from collections.abc import Sequence
from datetime import date
from fractions import Fraction

import streamlit as st

from allocations.shares import national, restated, targets
from allocations.shares.national import ABOVE, BELOW, DISTANCE, TITLES, Standing, Threshold
from allocations.shares.targets import STREAMS
from ledger.reports.chart_marks import at_percent
from ledger.years import FinancialYear
from screens.report import answers, tables
from screens.report.tables import Cell, Link, Money, Share, Table, composed
from screens.web.charts.bars import Bar, distances, ranked
from screens.web.charts.lines import multiples
from screens.web.charts.tiles import Tile, tiles
from screens.web.pages import trend
from screens.web.shell import address, frame
from screens.web.shell.open_ledger import Books

_AS_WAS = "was"
_EVERYBODY, _PEERS = "all", "peers"
_USUAL = "ring_fenced_share_with_soft"


def page() -> None:
    """Render the page: every ICB with money in the year, as they were or as they are now."""
    books = frame.opened("All ICBs side by side")
    if books is None:
        return
    as_is = _boundaries(books)
    rows = books.answer(
        "standings",
        lambda reader, at: national.standings(reader, at, books.year, as_is),
        books.year,
        as_is,
        told="Adding up the books of every ICB",
    )
    if not rows:
        st.info("No ICB holds money of this year yet, so there is nobody to compare.")
        frame.foot(books.at, frame.sources(books))
        return
    if len(rows) == 1:
        st.info(f"Only {rows[0].name} is in these books, so there is nobody to compare it with yet.")
    _compare(rows, books.year if as_is is None else None)
    _alerts(rows)
    trend.show(books)
    _targets(as_is)
    frame.foot(
        books.at,
        frame.sources(books) + " Distances from target: published by NHS England, March 2025. Shares: derived.",
        illustrative=frame.ILLUSTRATIVE + " So is where each square of the tile map stands.",
    )


def _boundaries(books: Books) -> date | None:
    days = books.answer("changes", lambda reader, at: restated.changed_by(reader, at, date.max))
    options = [_AS_WAS, *(str(day) for day in days)]
    shown = {_AS_WAS: f"As they were in {FinancialYear(books.year)}"}
    shown |= {str(day): f"As they are from {day:%-d %B %Y} (derived)" for day in days}
    chosen = address.choose("icbs", "Which ICBs", options, shown=lambda option: shown[option], horizontal=True)
    if chosen == _AS_WAS:
        return None
    day = date.fromisoformat(chosen)
    st.write(" ".join(answers.boundaries(day, [one for one in days if one <= day])))
    return day


@st.fragment
def _compare(rows: Sequence[Standing], year: int | None) -> None:
    """Ranked, on tiles and by region; with the year, totals lead to the books, which know no restated sums."""
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
    table, small = _table(listed, order, measure, year), _small_table(order, measure)
    first, last = order[0], order[-1]
    bars = [_bar(row, value, measure, marked) for row, value in order]
    sentence = (
        f"{title}: from {_percent(last[1], measure)} ({last[0].name}) to {_percent(first[1], measure)} "
        f"({first[0].name}), among {len(order)} ICBs{_place_of(order, marked)}."
    )
    if measure == DISTANCE:
        distances(bars, name="Ranked", sentence=sentence, axis=f"{title} (%)", table=table, key=f"ranked-{measure}")
    else:
        ranked(
            bars, name="Ranked", sentence=sentence, axis=f"{title} (%)", table=table, key=f"ranked-{measure}",
            marked=names.get(marked, ""),
        )  # fmt: skip
    squares = national.squares()
    tiles(
        [
            Tile(
                row.code, row.name, *squares[row.code], at_percent(value), _percent(value, measure), row.code == marked
            )
            for row, value in order
            if row.code in squares
        ],
        name="Tile map",
        sentence=f"{title}: a square for each ICB, roughly where it lies; the darker, the higher. Squares show neither "
        "area nor boundary.",
        table=small,
        key=f"tiles-{measure}",
    )
    panels = {
        region: [_bar(row, value, measure, marked) for row, value in order if row.region == region]
        for region in regions
    }
    if whom == _EVERYBODY and len(panels) > 1:
        multiples(
            panels, name="Region by region", sentence=f"{title}, on one scale in every region.", axis="%", table=small,
            key=f"regions-{measure}",
        )  # fmt: skip
    if marked:
        _beside(rows, marked)


def _beside(rows: Sequence[Standing], marked: str) -> None:
    """The marked ICB beside its peers, its region and all: every measure."""
    (one,) = [row for row in rows if row.code == marked]
    near = ", ".join(row.name for row in national.peers(rows, marked))
    st.header(f"{one.name} beside others", anchor=False)
    st.write(
        f"Its peers are the nearest in registered population: {near}. Its region is {one.region or 'not on record'}. "
        "Beside it stand medians: half of those have more, half less."
        if near
        else "Its registered population is not on record, so it has no peers here."
    )
    listed: list[tuple[Cell, ...]] = [
        (
            TITLES[line.measure],
            Share(line.own, signed=line.measure == DISTANCE, missing="not defined"),
            _rank(line),
            *(
                Share(value, signed=line.measure == DISTANCE, missing="not defined")
                for value in (line.peers, line.region, line.everybody)
            ),
        )
        for line in national.beside(rows, marked)
    ]
    headers = ("Measure", one.name, "Rank, the highest first", "Its peers", "Its region", "All ICBs")
    tables.show_with_download(Table("Beside others", headers, listed), f"beside-{marked}")


def _rank(line: national.Beside) -> str:
    if line.rank is None:
        return "not ranked"
    return f"{line.rank} of {line.of}" + (f", with {line.equal} others" if line.equal else "")


def _listed(rows: Sequence[Standing], whom: str, marked: str) -> list[Standing]:
    if whom == _EVERYBODY:
        return list(rows)
    if whom == _PEERS:
        codes = {marked, *(row.code for row in national.peers(rows, marked))}
        return [row for row in rows if row.code in codes]
    return [row for row in rows if row.region == whom]


def _place_of(order: Sequence[tuple[Standing, Fraction]], marked: str) -> str:
    for place, (row, value) in enumerate(order, 1):
        if row.code == marked:
            return f"; {row.name} is number {place} with {tables.shown(Share(value))}"
    return ""


def _percent(value: Fraction, measure: str) -> str:
    return tables.shown(Share(value, signed=measure == DISTANCE))


def _bar(row: Standing, value: Fraction, measure: str, marked: str) -> Bar:
    return Bar(row.name, at_percent(value), _percent(value, measure), is_marked=row.code == marked)


def _table(
    listed: Sequence[Standing], order: Sequence[tuple[Standing, Fraction]], measure: str, year: int | None
) -> Table:
    """Every measure of every ICB, in the order of the one that is compared by; last those that have none."""
    inside = [row for row, _ in order]
    rest = [row for row in listed if row not in inside]
    headers = ("ICB", "Region", "Total (£)", *TITLES.values())
    rows: list[tuple[Cell, ...]] = [
        (
            Link(row.name, "./", {"icb": row.code}),
            row.region or "not on record",
            _total(row, year),
            *(Share(row.values[name], signed=name == DISTANCE, missing="not defined") for name in TITLES),
        )
        for row in (*inside, *rest)
    ]
    return Table(f"All ICBs by {TITLES[measure].lower()}", headers, rows)


def _total(row: Standing, year: int | None) -> Cell:
    total = Money(row.total_pence)
    return total if year is None else composed(total, under=row.code, year=year)


def _small_table(order: Sequence[tuple[Standing, Fraction]], measure: str) -> Table:
    rows = [(row.name, row.region or "not on record", Share(value, signed=measure == DISTANCE)) for row, value in order]
    return Table(f"{TITLES[measure]} by ICB", ("ICB", "Region", TITLES[measure]), rows)


@st.fragment
def _alerts(rows: Sequence[Standing]) -> None:
    st.header("Alerts", anchor=False)
    st.write("Set limits; every ICB beyond one is listed. The limits are in the address, so a link carries them.")
    one, two, three = st.columns(3)
    with one:
        tied = address.slide("tied", "Ring-fenced, soft included: more than", 0, 100, 35, unit="%")
    with two:
        free = address.slide("free", "Local and free: less than", 0, 100, 15, unit="%")
    with three:
        away = address.slide("away", "Above target, core: more than", 0, 10, 5, unit="%")
    found = national.alerts(
        rows,
        [
            Threshold("ring_fenced_share_with_soft", Fraction(tied, 100), ABOVE),
            Threshold("untied_devolved_share", Fraction(free, 100), BELOW),
            Threshold(DISTANCE, Fraction(away, 100), ABOVE),
        ],
    )
    if not found:
        st.success("No ICB is beyond these limits.")
        return
    st.warning(national.told(found, len(rows)))
    listed = [
        (
            Link(alert.name, "./", {"icb": alert.code}),
            TITLES[alert.measure],
            Share(alert.value, signed=alert.measure == DISTANCE),
            f"{alert.side} {tables.shown(Share(alert.threshold))}",
        )
        for alert in found
    ]
    tables.show_with_download(Table("Alerts", ("ICB", "Measure", "Value", "Limit"), listed), "alerts")


@st.fragment
def _targets(as_is: date | None) -> None:
    st.header("Distance from target", anchor=False)
    stream = address.choose("stream", "Stream", list(STREAMS), shown=str.capitalize, horizontal=True)
    found = targets.targets(stream, as_is)
    above = [row for row in found if row.closing_distance > 0]
    rows = [
        (
            row.name,
            Money(row.baseline_pence, in_millions=True),
            Share(row.opening_distance, signed=True, places=2),
            Share(row.growth, signed=True, places=2),
            Share(row.convergence, signed=True, places=2),
            Money(row.allocation_pence, in_millions=True),
            Share(row.closing_distance, signed=True, places=2),
            Money(row.closing_pence, in_millions=True),
            Money(row.per_head_pence(row.closing_pence)),
        )
        for row in found
    ]
    headers = (
        "ICB", "Baseline (£ million)", "From target, before", "Growth", "Convergence", "Allocation (£ million)",
        "From target, now", "Above target (£ million)", "Above target per head (£)",
    )  # fmt: skip
    distances(
        [Bar(row.name, at_percent(row.closing_distance), _percent(row.closing_distance, DISTANCE)) for row in found],
        name="Who is above and below target",
        sentence=f"{len(above)} of {len(found)} ICBs are above their target for {stream} services in 2025/26. "
        f"Distances are {'published' if as_is is None else 'worked out anew from the sums (derived)'}.",
        axis="Percent above or below target",
        table=Table(f"Targets, {stream} services, 2025/26", headers, rows),
        key=f"targets-{stream.replace(' ', '-')}",
        smaller=True,
    )  # fmt: skip
