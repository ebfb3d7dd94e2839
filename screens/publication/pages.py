"""The pages of a publication: England, and one for each ICB, place and network; none asks anything of any network."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from html import escape

from allocations.shares.national import TITLES, IcbStanding, ranked
from ledger.money import exact_pounds
from ledger.reports.measures import Measure
from ledger.reports.receivers import Received, streams_in_last
from ledger.reports.summary import Picture, percent
from ledger.years import FinancialYear
from screens.publication import drawings
from screens.publication.drawings import Mark
from screens.report import holdings, marks
from screens.report import national as reporting
from screens.report import receivers as receiving
from screens.report.render import page as rendered
from screens.report.report import Cell, FigureCell, Link, Row, Table, columns, count, count_of, link, money, text

_TIED = "ring_fenced_share_with_soft"
STYLE = (
    "html{font:1rem/1.5 Arial,sans-serif;color:#212B32;background:#fff}"
    "body{max-width:60rem;margin:0 auto;padding:0 1rem 3rem;overflow-wrap:break-word}"
    "header{border-bottom:4px solid #005EB8;padding:.6rem 0;margin-bottom:1rem}header p{margin:.2rem 0}"
    "h1{font-size:1.8rem;line-height:1.2}h2{font-size:1.3rem;margin-top:2rem}a{color:#005EB8}"
    "figure{margin:1rem 0}figcaption{margin:0 0 .4rem}"
    "footer{border-top:2px solid #4C6272;margin-top:3rem;padding-top:.6rem;font-size:.95rem}"
    "pre{overflow-x:auto;background:#F0F4F5;padding:.6rem}"
    ".skip{position:absolute;left:-999px}.skip:focus{position:static}"
    "@media print{@page{size:A4;margin:15mm}header nav{display:none}}" + rendered.STYLE
)
FILES = {"icb": "icb", "place": "place", "pcn": "network"}


@dataclass(frozen=True, slots=True)
class PublishedBody:
    """An organisation with a page, and the codes of those that it is part of and of those that are part of it."""

    code: str
    name: str
    tier: str
    parents: tuple[str, ...] = ()
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Edition:
    """What every page of one year says.

    Attributes:
        year: of the money.
        organisations: those with a page, by code.
        sources: what the amounts rest on, in sentences.
        clocks: the day, the moment and the head, in a sentence; and whether part of it is illustrative.
    """

    year: FinancialYear
    organisations: Mapping[str, PublishedBody]
    sources: str
    clocks: Sequence[str]

    @property
    def folder(self) -> str:
        """The name of the folder of its pages."""
        return str(self.year).replace("/", "-")

    def path(self, code: str) -> str:
        """Where the page of an organisation lies inside the folder."""
        one = self.organisations[code]
        return f"{FILES[one.tier]}/{code}.html"


@dataclass(frozen=True, slots=True)
class Answers:
    """What is known of one year: everything that its pages show.

    Attributes:
        pictures: of England under the empty code, and of each ICB.
        measures: of the same, every measure of all funding, with its range by how grades are read.
        icbs, together: the ICBs side by side, and all as one.
        received: what each ICB, place and network works with, by tier and code.
    """

    pictures: Mapping[str, Picture]
    measures: Mapping[str, Sequence[Measure]]
    icbs: Sequence[IcbStanding]
    together: IcbStanding | None
    received: Mapping[str, Mapping[str, Received]] = field(default_factory=dict)


def document(title: str, parts: Sequence[str], *, up: str, head: str, foot: Sequence[str]) -> str:
    """A whole page.

    Args:
        up: the way from the page to the folder of the publication: ``""``, ``"../"`` or ``"../../"``.
        head: what stands above the title: where one is.
        foot: sentences below.
    """
    ways = (("index.html", "All years"), ("about.html", "What the words and figures mean"), ("check.html", "Check it"),
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
    """The page of England: the picture, every ICB, and what the money asks of those who receive it."""
    picture = answers.pictures[""]
    parts = [
        _words(picture.sentence),
        _table(holdings.matrix(picture, "Where the money is decided, and how free it is"), edition, ""),
        _measured("", edition, answers),
        "<h2>Every ICB</h2>",
        *_ranking(edition, answers),
        "<h2>In how many pieces it comes</h2>",
    ]
    for tier, found in answers.received.items():
        if found:
            parts.append(_table(receiving.spread_table(list(found.values()), receiving.TIERS[tier]), edition, ""))
    return _page(f"England, {edition.year}", parts, edition, "../")


def _ranking(edition: Edition, answers: Answers) -> list[str]:
    order = ranked(answers.icbs, _TIED)
    bars = [Mark(row.name, marks.at_percent(value), percent(value)) for row, value in order]
    sentence = f"{TITLES[_TIED]}, of what each ICB and those below it hold, the highest first."
    drawn = drawings.ranked(bars, name=sentence)
    table = reporting.icbs(answers.icbs, _TIED, together=answers.together)
    return [f"<figure><figcaption>{escape(sentence)}</figcaption>{drawn}</figure>", _table(table, edition, "")]


def organisation(code: str, edition: Edition, answers: Answers) -> str:
    """The page of an ICB, a place or a network."""
    one = edition.organisations[code]
    found = answers.received[one.tier].get(code)
    parts = []
    if code in answers.pictures:
        picture = answers.pictures[code]
        parts += [
            _words(picture.sentence),
            _table(holdings.matrix(picture, "Where the money is decided, and how free it is"), edition, "../"),
            _measured(code, edition, answers),
        ]
    if found is None:
        parts.append(_words(f"{one.name} holds no money of {edition.year} here."))
    else:
        parts += ["<h2>In how many pieces it comes</h2>", *_pieces(found, edition)]
    for tier, named in (("place", "Places"), ("pcn", "Networks")):
        below = [edition.organisations[child] for child in one.children if edition.organisations[child].tier == tier]
        if below:
            parts += [f"<h2>{named}</h2>", _below(below, edition, answers)]
    return _page(f"{one.name}, {edition.year}", parts, edition, "../../", code)


def _measured(code: str, edition: Edition, answers: Answers) -> str:
    """Every measure with its value, its range over the readings of grades, and its definition."""
    rows: list[Row] = []
    for one in answers.measures[code]:
        ends: tuple[str, ...] = ("", "")
        if one.over is not None:
            ends = tuple(
                f"{holdings.measure_alone(replace(one, value=value))} ({by.title})"
                for value, by in ((one.over.lowest, one.over.lowest_by), (one.over.highest, one.over.highest_by))
            )
        rows.append((one.title, holdings.measure_alone(one), *ends, one.definition, one.note))
    heads = columns("Measure", "Value", "Lowest reading", "Highest reading", "What it is", "Mind")
    name = "Every measure, and its range by how ring-fences are read"
    return f"<h2>How free it is</h2>{_table(Table(name, heads, rows), edition, '')}"


def _pieces(one: Received, edition: Edition) -> list[str]:
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
    sentence = (
        f"Each tick is a stream. Of {count_of(len(one.streams), 'stream', 'streams')}, {len(last)} share the last 1% "
        "of the money; they are short and violet."
    )
    return [
        _words(receiving.year_in_words(one)),
        f"<figure><figcaption>{escape(sentence)}</figcaption>{drawings.strip(ticks, name=sentence)}</figure>",
        _table(receiving.streams_table(one), edition, ""),
        _table(receiving.calendar_table(one), edition, ""),
    ]


def _below(below: Sequence[PublishedBody], edition: Edition, answers: Answers) -> str:
    heads = [link("Name"), text("Code"), money("Held (£)"), count("Pots"), count("Streams")]
    rows = []
    for one in below:
        found = answers.received[one.tier].get(one.code)
        values = [None if found is None else found.values[name] for name in ("total", "pots", "streams")]
        rows.append((Link(one.name, "./", {"icb": one.code}), one.code, *values))
    return _table(Table("Those below, with what each holds", heads, rows), edition, "../")


def _page(title: str, parts: Sequence[str], edition: Edition, up: str, code: str = "") -> str:
    here = up.removeprefix("../")
    ways = [f'<a href="{here}index.html">England, {edition.year}</a>']
    if code:
        ways += [
            f'<a href="{here}{edition.path(parent)}">{escape(edition.organisations[parent].name)}</a>'
            for parent in edition.organisations[code].parents
        ]
    head = f'<nav aria-label="Part of"><p>Part of: {", ".join(ways)}</p></nav>' if code else ""
    return document(title, parts, up=up, head=head, foot=[edition.sources, *edition.clocks])


def _words(sentence: str) -> str:
    return f"<p>{escape(sentence)}</p>"


def _table(table: Table, edition: Edition, up: str) -> str:
    """A table whose links to organisations lead to their pages, and whose figures stand as they are."""
    rows = [[_cell(cell, edition, up) for cell in row] for row in table.rows]
    return rendered.as_html(replace(table, rows=rows))


def _cell(cell: Cell, edition: Edition, up: str) -> Cell:
    if not isinstance(cell, Link):
        return cell
    code = str(cell.query.get("icb") or "")
    if cell.page == "./" and code in edition.organisations:
        return Link(cell.value, f"{up}{edition.path(code)}", {})
    return cell.value.value if isinstance(cell.value, FigureCell) else cell.value
