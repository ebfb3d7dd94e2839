"""The pages of a publication: England, and one for each ICB, place and network; none asks anything of any network."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from html import escape

from allocations.shares import national
from allocations.shares.national import DISTANCE, TITLES, ranked
from ledger.money import exact_pounds, spoken
from ledger.reports import over_receivers
from ledger.reports.measures import AS_ONE_HOLDER
from ledger.reports.receivers import Received, streams_in_last
from ledger.reports.summary import Picture, cell_shares, matrix_with_totals, percent
from ledger.reports.trend import MONTHS, YEARS, TrendPoint
from ledger.years import FinancialYear
from screens.publication import drawings, pictures
from screens.publication.answers import FILES, Answers, PublishedBody
from screens.publication.drawings import Mark
from screens.report import holdings, marks, over_time, ring_fences
from screens.report import national as reporting
from screens.report import receivers as receiving
from screens.report import whole as whole_of
from screens.report.pots import no_amount, of_receivers
from screens.report.render import page as rendered
from screens.report.render import svg
from screens.report.report import Cell, FigureCell, Link, Row, Table, columns, count, link, money, text

_EVERYTHING = "All money in the ledger, national money too"
_TIED = "ring_fenced_share_with_soft"
STYLE = (
    "html{font:1rem/1.5 Arial,sans-serif;color:#212B32;background:#fff}"
    "body{max-width:60rem;margin:0 auto;padding:0 1rem 3rem;overflow-wrap:break-word}"
    "header{border-bottom:4px solid #005EB8;padding:.6rem 0;margin-bottom:1rem}header p{margin:.2rem 0}"
    "h1{font-size:1.8rem;line-height:1.2}h2{font-size:1.3rem;margin-top:2rem}a{color:#005EB8}"
    "figure{margin:1rem 0;overflow-x:auto}figcaption{margin:0 0 .4rem;position:sticky;left:0}"
    "footer{border-top:2px solid #4C6272;margin-top:3rem;padding-top:.6rem;font-size:.95rem}"
    ".wide{overflow-x:auto}"
    "pre{overflow-x:auto;background:#F0F4F5;padding:.6rem}"
    ".skip{position:absolute;left:-999px}.skip:focus{position:static}"
    "@media screen and (max-width:40rem){figure svg{min-width:40rem}}"
    "@media print{@page{size:A4;margin:15mm}header nav{display:none}}" + rendered.STYLE
)


_LONGEST = 100


@dataclass(frozen=True, slots=True)
class Edition:
    """What every page of one year says.

    Attributes:
        year: of the money.
        organisations: those with a page, by code.
        sources: what the amounts rest on, in sentences.
        clocks: the day, the moment and the head, in a sentence; and whether part of it is illustrative.
        years: of England under the empty code and of each ICB, how the shares changed over the published years;
            empty where one year is published.
        whole: what all the money of the year is called.
        covers: which ICBs a total of it is over; empty where it is England's.
    """

    year: FinancialYear
    organisations: Mapping[str, PublishedBody]
    sources: str
    clocks: Sequence[str]
    years: Mapping[str, Sequence[TrendPoint]] = field(default_factory=dict)
    whole: str = "England"
    covers: str = ""

    @property
    def folder(self) -> str:
        """The name of the folder of its pages."""
        return str(self.year).replace("/", "-")

    def path(self, code: str) -> str:
        """Where the page of an organisation lies inside the folder."""
        one = self.organisations[code]
        return f"{FILES[one.tier]}/{_as_file(code)}.html"

    def workbook(self, code: str) -> str:
        """Where the workbook of an ICB, or with no code that of all, lies inside the folder."""
        return f"icb/{_as_file(code)}.xlsx" if code else workbook_of_all(self.whole)

    def name(self, code: str) -> str:
        """What an organisation, or with no code the whole, is called."""
        return self.organisations[code].name if code else self.whole


def workbook_of_all(whole: str) -> str:
    """Where the workbook of all lies inside the folder of a year, by what the whole is called."""
    return f"{whole.casefold().replace(' ', '-')}.xlsx"


def _as_file(code: str) -> str:
    """A code as the name of a file: whoever records one may write signs that lead elsewhere, or that a disk refuses."""
    name = re.sub(r"[^A-Za-z0-9-]", lambda sign: f"_{ord(sign[0]):x}_", code)
    # A disk refuses names of more than some 250 letters too.
    return name if len(name) <= _LONGEST else f"{name[:_LONGEST]}-{hashlib.sha256(code.encode()).hexdigest()[:16]}"


def document(title: str, parts: Sequence[str], *, up: str, head: str, foot: Sequence[str]) -> str:
    """A whole page.

    Args:
        up: the way from the page to the folder of the publication: ``""``, ``"../"`` or ``"../../"``.
        head: what stands above the title: where one is.
        foot: sentences below.
    """
    ways = (("index.html", "All years"), ("what-if/index.html", "What if?"),
            ("about.html", "What the words and figures mean"), ("check.html", "Check it"),
            ("data.html", "The tables"))  # fmt: skip
    links = " · ".join(f'<a href="{up}{path}">{said}</a>' for path, said in ways)
    last = "".join(f"<p>{escape(sentence)}</p>" for sentence in foot)
    return (
        '<!DOCTYPE html>\n<html lang="en-GB"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>{escape(title)} - Devolution ledger</title><style>{STYLE}</style></head><body>"
        f'<a class="skip" href="#content">Skip to the content</a><header><p><b>Devolution ledger</b></p>'
        f'<nav aria-label="Publication"><p>{links}</p></nav>{head}</header>'
        f'<main id="content"><h1>{escape(title)}</h1>{"".join(parts)}</main><footer>{last}</footer></body></html>\n'
    )


def england(edition: Edition, answers: Answers) -> str:
    """The page of England: the picture, its pots, how it changes, every ICB, and what receivers work with."""
    whole = answers.together
    return _page(
        f"{edition.whole}, {edition.year}",
        [
            *([paragraph(edition.covers)] if edition.covers else []),
            *_picture("", edition, answers),
            *([] if whole is None else [paragraph(whole_of.icbs_alone(whole))]),
            _measured("", edition, answers),
            *_uneven("", answers),
            *_pots("", edition, answers),
            *_changes("", edition, answers),
            "<h2>Every ICB</h2>",
            *_ranking(edition, answers),
            *_every_icb(edition, answers),
            *_watched(edition, answers),
            *_targets(edition, answers),
            "<h2>In how many pieces it comes</h2>",
            *_received(edition, answers),
        ],
        edition,
        "../",
    )


def _picture(code: str, edition: Edition, answers: Answers) -> list[str]:
    """Where the money goes: in a sentence, as a flow and by tier and grade."""
    picture, up = answers.pictures[code], "../" if code else ""
    name = edition.name(code)
    book = edition.workbook(code).removeprefix("icb/")
    parts = [
        paragraph(picture.sentence),
        f'<p><a href="{escape(book)}">{escape(name)} as an accessible workbook (Excel)</a></p>',
    ]
    if picture.links:
        sentence = f"{name}: from NHS England through each stream to where the money is decided."
        parts += [
            figure(pictures.flow(picture.links, name=sentence), sentence),
            table_of(holdings.flow(picture.links, "The flow"), edition, up),
        ]
    named = "Where the money is decided, and how free it is"
    return [
        *parts,
        figure(_matrix(picture, name), f"{name}: {named[0].lower()}{named[1:]}."),
        table_of(holdings.matrix(picture, named), edition, up),
    ]


def _matrix(picture: Picture, name: str) -> str:
    """The tiers and grades, each cell with its share of the whole."""
    grades, rows = matrix_with_totals(picture)
    shares = cell_shares(picture)
    cells = {
        (tier, grade): (marks.at_percent(part), percent(part), spoken(pence))
        for tier, amounts in rows[:-1]
        for grade, pence in zip(grades, amounts, strict=False)
        if pence and (part := shares.get((tier, grade))) is not None
    }
    titles = {grade: holdings.GRADES.get(grade, grade) for grade in grades}
    said = f"{name}, each tier by how free its money is: the darker, the more"
    return pictures.matrix(cells, [tier for tier, _ in rows[:-1]], titles, name=said)


def _uneven(code: str, answers: Answers) -> list[str]:
    """How unevenly the money lies in pots."""
    amounts = answers.pots[code]
    if not any(amounts) or min(amounts) < 0:
        return []
    gini = next(one for one in answers.measures[code] if one.name == "gini")
    drawn = pictures.lorenz(marks.lorenz(amounts), things="Pots", name="How uneven the pots are")
    return [figure(drawn, f"How uneven the pots are. {ring_fences.uneven_sentence(gini, amounts)}")]


_MOST_KEPT = 60
# So many columns fit beside each other.
_MOST_BESIDE = 8


def _pots(code: str, edition: Edition, answers: Answers) -> list[str]:
    """Every pot with its terms, what must be spent by when, and what is kept back."""
    name = edition.name(code)
    fences, kept = answers.fences[code], answers.kept[code]
    parts = ["<h2>Every pot and its terms</h2>"]
    if any(fence.is_tied_at_icbs for fence in fences):
        tied = next(one for one in answers.measures[code] if one.name == _TIED)
        parts.append(paragraph(ring_fences.tied_sentence(name, fences, tied)))
    else:
        parts.append(paragraph(ring_fences.nothing_tied(name, fences)))
    parts += [paragraph(said) for said in no_amount(answers.without_amount, edition.year)]
    parts += map(paragraph, ring_fences.of_no_icb(fences))
    of_icbs = [fence for fence in fences if fence.is_of_icbs]
    parts += [table_of(ring_fences.pots(of_icbs, "Pots"), edition, "")] if of_icbs else []
    dated = [fence for fence in fences if fence.spend_by is not None and fence.is_earmarked]
    if dated:
        parts.append(table_of(ring_fences.deadlines(dated), edition, ""))
    if not kept:
        return [*parts, paragraph("Nothing is kept back here: all of it is available or passed on.")]
    listed = kept if code else kept[:_MOST_KEPT]
    more = "" if len(listed) == len(kept) else f", the {len(listed)} largest of {len(kept)}"
    return [*parts, table_of(ring_fences.kept(listed, f"Kept back{more}", year=None, with_name=not code), edition, "")]


def _changes(code: str, edition: Edition, answers: Answers) -> list[str]:
    """How the shares changed: month by month, and year by year where several years are published."""
    name = edition.organisations[code].name if code else _EVERYTHING
    parts = ["<h2>How it changes</h2>"]
    for points, over in ((answers.months.get(code, ()), MONTHS), (edition.years.get(code, ()), YEARS)):
        held = over_time.held(points)
        if not held:
            continue
        sentence = f"{name}: {over_time.sentence(held)}"
        drawn = pictures.over_time(over_time.labels(points, over), over_time.lines(points), name=sentence)
        table = replace(
            reporting.trend_table(points, code or None, known_then=False), name=f"At the end of each of the {over}"
        )
        parts += [figure(drawn, sentence), table_of(table, edition, "")]
        parts += [paragraph(said) for said in over_time.reservations(points, over)]
    return parts if len(parts) > 1 else []


def _ranking(edition: Edition, answers: Answers) -> list[str]:
    order = ranked(answers.icbs, _TIED)
    if not order:
        return []
    sentence = reporting.ranked_sentence(order, _TIED, together=answers.together)
    bars = [Mark(row.name, marks.at_percent(value), percent(value)) for row, value in order]
    squares = national.squares()
    mapped = [
        svg.MapMark(row.code, *squares[row.code], 0.0, marks.at_percent(value), percent(value))
        for row, value in order
        if row.code in squares
    ]
    said = f"{TITLES[_TIED]}: the darker, the higher. Squares show neither area nor boundary."
    return [
        figure(drawings.ranked(bars, name=sentence), sentence),
        *([figure(svg.tile_map(mapped, name=said, of_levels=True), said)] if mapped else []),
        *_regions(order),
        table_of(reporting.icbs(answers.icbs, _TIED, together=answers.together), edition, ""),
    ]


def _regions(order: Sequence[tuple[national.IcbStanding, Fraction]]) -> list[str]:
    """The ICBs region by region, on one scale; nothing where fewer than two regions are on record."""
    regions = sorted({row.region for row, _ in order if row.region})
    if len(regions) < 2:  # noqa: PLR2004 - one region is no comparison
        return []
    groups = {
        region: [
            Mark(row.name, marks.at_percent(value), percent(value)) for row, value in order if row.region == region
        ]
        for region in regions
    }
    said = f"{TITLES[_TIED]}, region by region, on one scale."
    return [figure(pictures.by_group(groups, name=said), said)]


def _every_icb(edition: Edition, answers: Answers) -> list[str]:
    each = {code: points for code, points in answers.months.items() if code}
    names = {code: edition.organisations[code].name for code in each if code in edition.organisations}
    table = reporting.each_at_points(each, names, _TIED) if each else None
    return [table_of(table, edition, "")] if table is not None and table.rows else []


def _watched(edition: Edition, answers: Answers) -> list[str]:
    """What became of every pot, over all ICBs."""
    reported = [one for one in answers.watched if one.is_reported]
    ending = over_receivers.notice_and_ending(list(answers.received[national.TIER].values()))
    said = f"Of {len(answers.watched):,} pots at ICBs the books record some use of {len(reported):,}."
    return [
        "<h2>What became of every pot</h2>",
        paragraph(f"{said} {reporting.NOT_REPORTED}"),
        paragraph(" ".join(reporting.notice_and_ending(ending, edition.year))),
        table_of(reporting.pots_watched(answers.watched), edition, ""),
    ]


def _targets(edition: Edition, answers: Answers) -> list[str]:
    """Who is above and below target, on each stream."""
    parts = ["<h2>Distance from target</h2>"] if answers.targets else []
    for found in answers.targets:
        report = reporting.targets(found, as_is=None, changes=())
        sentence = reporting.targets_sentence(found, None)
        bars = [
            Mark(row.name, marks.at_percent(row.closing_distance), reporting.in_percent(row.closing_distance, DISTANCE))
            for row in found
        ]
        parts += [
            f"<h3>{escape(found[0].stream.capitalize())}</h3>",
            figure(pictures.distances(bars, name=sentence), sentence),
            table_of(report.rows, edition, ""),
            *map(paragraph, report.sentences),
        ]
    return parts


def _received(edition: Edition, answers: Answers) -> list[str]:
    parts = []
    for tier, found in answers.received.items():
        if found:
            each, named = list(found.values()), receiving.TIERS[tier]
            groups = receiving.groups_table(each, tier)
            parts += [
                f"<h3>Seen by each {escape(named)}</h3>",
                paragraph(" ".join(of_receivers(each, answers.without[tier], named, tier))),
                table_of(receiving.spread_table(each, named), edition, ""),
                table_of(replace(groups, name=f"{groups.name}: each {named}"), edition, ""),
            ]
    return parts


def organisation(code: str, edition: Edition, answers: Answers) -> str:
    """The page of an ICB, a place or a network."""
    one = edition.organisations[code]
    found = answers.received[one.tier].get(code)
    parts = []
    if code in answers.pictures:
        parts += [
            *_picture(code, edition, answers),
            _measured(code, edition, answers),
            *_uneven(code, answers),
            *_pots(code, edition, answers),
            *_changes(code, edition, answers),
            *_beside(code, edition, answers),
        ]
    if found is None:
        parts.append(paragraph(f"{one.name} holds no money of {edition.year} here."))
    else:
        parts += ["<h2>In how many pieces it comes</h2>", *_pieces(found, edition)]
    for tier, named in (("place", "Places"), ("pcn", "Networks")):
        below = [edition.organisations[child] for child in one.children if edition.organisations[child].tier == tier]
        if below:
            parts += [f"<h2>{named}</h2>", _below(below, edition, answers)]
            holding = [answers.received[tier][each.code] for each in below if each.code in answers.received[tier]]
            if holding:
                parts.append(table_of(receiving.spread_table(holding, receiving.TIERS[tier]), edition, "../"))
    return _page(f"{one.name}, {edition.year}", parts, edition, "../../", code)


def _beside(code: str, edition: Edition, answers: Answers) -> list[str]:
    """An ICB beside its peers, its region and all; what became of its pots; and how far it is from its targets."""
    if code not in {row.code for row in answers.icbs}:
        return []
    name = edition.organisations[code].name
    own = [one for one in answers.watched if one.organisation == code]
    near = [
        (found[0].stream, next((row for row in found if row.icb == code), None), len(found))
        for found in answers.targets
    ]
    distances = [
        f"From its target for {stream} services: {reporting.in_percent(row.closing_distance, DISTANCE)} "
        "(published, 2025/26)."
        for stream, row, _ in near
        if row is not None
    ]
    return [
        f"<h2>{escape(name)} beside others</h2>",
        paragraph(reporting.beside_sentence(answers.icbs, code)),
        table_of(reporting.beside(answers.icbs, code), edition, "../"),
        *map(paragraph, distances),
        "<h2>What became of every pot</h2>",
        paragraph(reporting.NOT_REPORTED),
        table_of(reporting.pots_watched_by_icb(own, {code: name}, most=None), edition, "../"),
    ]


def _measured(code: str, edition: Edition, answers: Answers) -> str:
    """Every measure with its value, its range over the readings of grades, and its definition."""
    rows: list[Row] = []
    for one in answers.measures[code]:
        ends: tuple[str, ...] = ("", "")
        if one.over is not None and holdings.range_text(one):
            ends = tuple(
                f"{holdings.measure_alone(replace(one, value=value))} ({by.title})"
                for value, by in ((one.over.lowest, one.over.lowest_by), (one.over.highest, one.over.highest_by))
            )
        rows.append((one.title, holdings.measure_alone(one), *ends, one.definition, one.note))
    heads = columns("Measure", "Value", "Lowest reading", "Highest reading", "What it is", "Mind")
    name = f"Every measure, and its range by how ring-fences are read, {AS_ONE_HOLDER}"
    return f"<h2>How free it is</h2>{table_of(Table(name, heads, rows), edition, '')}"


def _pieces(one: Received, edition: Edition) -> list[str]:
    """A receiver's year and its streams, each as a picture and as a table."""
    last = streams_in_last(one, 1)
    ticks = [
        Mark(
            stream.name,
            marks.at_pounds(stream.amount_pence),
            f"£{exact_pounds(stream.amount_pence)}",
            stream.code in last,
        )
        for stream in one.streams
    ]
    year, streams = receiving.year_in_words(one), receiving.streams_sentence(one)
    # The sentence beside it says what it shows; a picture is not read out twice.
    calendar = pictures.calendar(
        receiving.by_month(one), receiving.MONTH_NAMES, name="The year: letters, deadlines and returns in each month"
    )
    return [
        figure(calendar, year),
        table_of(receiving.calendar_table(one), edition, ""),
        figure(drawings.strip(ticks, name=streams), streams),
        table_of(receiving.streams_table(one), edition, ""),
    ]


def _below(below: Sequence[PublishedBody], edition: Edition, answers: Answers) -> str:
    heads = [link("Name"), text("Code"), money("Held (£)"), count("Pots"), count("Streams")]
    rows = []
    for one in below:
        found = answers.received[one.tier].get(one.code)
        values = [None if found is None else found.values[name] for name in ("total", "pots", "streams")]
        rows.append((Link(one.name, "./", {"icb": one.code}), one.code, *values))
    return table_of(Table("Those below, with what each holds", heads, rows), edition, "../")


def _page(title: str, parts: Sequence[str], edition: Edition, up: str, code: str = "") -> str:
    here = up.removeprefix("../")
    ways = [f'<a href="{here}index.html">{escape(edition.whole)}, {edition.year}</a>']
    if code:
        ways += [
            f'<a href="{here}{edition.path(parent)}">{escape(edition.organisations[parent].name)}</a>'
            for parent in edition.organisations[code].parents
        ]
    head = f'<nav aria-label="Part of"><p>Part of: {", ".join(ways)}</p></nav>' if code else ""
    return document(title, parts, up=up, head=head, foot=[edition.sources, *edition.clocks])


def figure(drawn: str, sentence: str) -> str:
    """A picture under the sentence that says what it shows; the sentence alone where there is nothing to draw."""
    if not drawn:
        return paragraph(sentence)
    # On a phone it keeps the size at which it is read, and is moved sideways: by keys too.
    return f'<figure tabindex="0"><figcaption>{escape(sentence)}</figcaption>{drawn}</figure>'


def paragraph(sentence: str) -> str:
    """A sentence as a paragraph."""
    return f"<p>{escape(sentence)}</p>"


def table_of(table: Table, edition: Edition | None, up: str) -> str:
    """A table whose links to organisations lead to their pages, and whose figures stand as they are."""
    rows = [[_cell(cell, edition, up) for cell in row] for row in table.rows]
    drawn = rendered.as_html(replace(table, rows=rows))
    if len(table.for_people().columns) <= _MOST_BESIDE:
        return drawn
    # Such a table moves sideways by itself, with the keyboard too.
    return f'<div class="wide" role="region" tabindex="0" aria-label="{escape(table.name)}">{drawn}</div>'


def _cell(cell: Cell, edition: Edition | None, up: str) -> Cell:
    if not isinstance(cell, Link):
        return cell
    code = str(cell.query.get("icb") or "")
    if cell.page.endswith(".html"):
        return cell
    if edition is not None and cell.page == "./" and code in edition.organisations:
        return Link(cell.value, f"{up}{edition.path(code)}", {})
    return cell.value.value if isinstance(cell.value, FigureCell) else cell.value
