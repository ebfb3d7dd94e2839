"""The words of a publication: where to begin, what figures mean and rest on, how it is checked, and its README."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from allocations.files.out import provenance
from ledger.readings import SHIPPED
from ledger.reports import journal, measures, receivers
from ledger.reports.position import Moment
from ledger.reports.trend import YEARS, TrendPoint
from ledger.store.base import Reader
from ledger.words import DERIVED, ILLUSTRATIVE, OWN, PROJECTED, PUBLISHED
from ledger.years import FinancialYear
from screens.publication import pictures, what_if
from screens.publication.answers import Answers
from screens.publication.data import TableFile
from screens.publication.pages import Edition, document, figure, paragraph, table_of, workbook_of_all
from screens.report import national as reporting
from screens.report import over_time
from screens.report.render.page import as_html
from screens.report.report import Table, columns

CHECK = Path(__file__).parent / "check.py"
_RESTS_ON = {
    PUBLISHED: "Published",
    DERIVED: "Worked out from published figures",
    PROJECTED: "Carried into years that nobody published",
    OWN: "Of whoever keeps the books",
    ILLUSTRATIVE: "Illustrative, made up to show something",
    None: "What these rest on is not recorded",
}
_RUN_IT = (
    "Save the folder. Read check.py, which is short, and run it there: python check.py. It looks at every byte of "
    "every file, adds the legs of all entries up to the position, to the penny, and checks the signature where there "
    "is one. Without Python, sha256sum -c SHA256SUMS looks at every byte too."
)
_CHAIN = (
    "data/journal.csv holds every entry with all that it recorded. python chain.py data/journal.csv HEAD works out the "
    "head of the chain from it, letter by letter: it must be the head that publication.json names."
)
_HIDDEN = (
    "The journal is not part of it, for it names who recorded each entry. Whoever is given the journal, or a proof of "
    "one entry, checks it against the head and the root that publication.json names: docs/checking.md of the program "
    "says how."
)
_SHOWS = (
    "A signature shows who published, if you have their public key by another way than this folder. None of it shows "
    "that what was recorded was true."
)


@dataclass(frozen=True, slots=True)
class YearInFront:
    """What the pages in front say of one year.

    Attributes:
        whole: what all the money of the year is called.
        sentence: where it is decided.
        covers: which ICBs a total of it is over; empty where it is England's.
        on_grades: the names of the measures that rest on how grades are read.
    """

    whole: str
    sentence: str
    covers: str
    on_grades: frozenset[str]


def year_in_front(edition: Edition, answers: Answers) -> YearInFront:
    """What the pages in front say of a year."""
    on_grades = (one.name for one in answers.measures[""] if one.over is not None)
    return YearInFront(edition.whole, answers.pictures[""].sentence, edition.covers, frozenset(on_grades))


def workbook_of_tables(year: FinancialYear) -> str:
    """Where the workbook of a year's tables lies."""
    return f"data/tables-{str(year).replace('/', '-')}.xlsx"


@dataclass(frozen=True, slots=True)
class PublishedWords:
    """What the words of a publication are about.

    Attributes:
        of_year: of each year what is said of it in front.
        over_years: of England under the empty code how the shares changed over the years; empty where there is one.
        tables: the tables.
        vintages: the shipped tables behind the figures: what each is, whose, of when, and how it was made.
        foot: sentences below each page.
        proposing: how many entries bring proposals, or say what became of them.
        with_journal: whether the journal is part of it.
        signed_by: the public key; None where it is not signed.
    """

    of_year: Mapping[int, YearInFront]
    over_years: Mapping[str, Sequence[TrendPoint]]
    tables: Sequence[TableFile]
    vintages: Table
    foot: Sequence[str]
    proposing: int
    with_journal: bool
    signed_by: str | None


def sources(reader: Reader, at: Moment) -> str:
    """What the amounts rest on, in sentences."""
    named = journal.sources(reader, at)
    by_standing = {said: [name for name, its in named if its == standing] for standing, said in _RESTS_ON.items()}
    listed = " ".join(f"{said}: {'; '.join(names)}." for said, names in by_standing.items() if names)
    return (
        f"{listed} Not a product of NHS England. Contains public sector information licensed under the Open Government "
        "Licence v3.0."
    )


# What the pages show besides the books: targets, regions, deprivation, people and where each tile stands.
_BESIDE_THE_BOOKS = ("convergence_2025_26", "organisations", "deprivation_2025", "practice_indicators", "practice_ages",
                     "tile_map")  # fmt: skip


def vintages(reader: Reader, at: Moment) -> Table:
    """The shipped tables behind the figures: what each is, its standing, publisher and vintage, and how it was made."""
    behind, _ = provenance.behind_books(reader, at)
    names = list(dict.fromkeys([*behind, *_BESIDE_THE_BOOKS]))
    found = provenance.Provenance("", provenance.PUBLISHED, "", at, names, ()).sources()
    heads = columns("Table", "Standing", "Publisher", "Vintage", "Licence", "How it was made")
    keys = ("table", "standing", "publisher", "vintage", "licence", "made")
    return Table("Vintages of the figures", heads, [[row[key] for key in keys] for row in found])


def files(said: PublishedWords) -> dict[str, str]:
    """The pages in front and the README, by the names of their files."""
    script = escape(CHECK.read_text(encoding="utf-8"))
    signed = f"It is signed with the key {said.signed_by}." if said.signed_by else "It is not signed."
    defined = [*_definitions(said), said.vintages]
    written: dict[str, tuple[str, list[str]]] = {
        "index.html": (_TITLE, _front(said)),
        "about.html": ("What the words and figures mean", [as_html(one) for one in defined]),
        "check.html": ("Check this publication", [
            *map(paragraph, _how(said)), paragraph(signed),
            f'<h2>check.py</h2><pre tabindex="0"><code>{script}</code></pre>',
        ]),
        "data.html": ("The tables", [_workbooks(said), *(_of_table(one) for one in said.tables)]),
    }  # fmt: skip
    made = {name: document(title, parts, up="", head="", foot=said.foot) for name, (title, parts) in written.items()}
    return {**made, "README.md": _readme(said, [signed, *said.foot], defined)}


_TITLE = "Where NHS money is decided, and how free it is"


def _front(said: PublishedWords) -> list[str]:
    """Every year with its sentence, how the shares changed over the years, and the way to the what-if questions."""
    years = "".join(
        f'<li><a href="{_folder(year)}/index.html">{FinancialYear(year)}</a>: '
        f"{escape(f'{one.covers} {one.sentence}'.strip())}</li>"
        for year, one in sorted(said.of_year.items(), reverse=True)
    )
    parts = [f"<ul>{years}</ul>"]
    points = said.over_years.get("", ())
    if held := over_time.held(points):
        sentence = f"All money in the ledger, national money too: {over_time.sentence(held)}"
        drawn = pictures.over_time(over_time.labels(points, YEARS), over_time.lines(points), name=sentence)
        table = reporting.trend_table(points, None, known_then=False)
        parts += ["<h2>Over the years</h2>", figure(drawn, sentence), table_of(table, None, "")]
    return [*parts, f'<h2><a href="{what_if.FOLDER}/index.html">What if?</a></h2>', paragraph(what_if.NOBODYS)]


def _folder(year: int) -> str:
    return str(FinancialYear(year)).replace("/", "-")


def _how(said: PublishedWords) -> list[str]:
    """How the publication is checked, with the journal or without."""
    covers = [one.covers for _, one in sorted(said.of_year.items()) if one.covers]
    return [*covers, _left_out(said.proposing), _RUN_IT, _CHAIN if said.with_journal else _HIDDEN, _SHOWS]


def _left_out(proposing: int) -> str:
    """What of the books is not in the folder, and what its totals cover."""
    everything = "The totals cover all money that is posted in these books"
    if not proposing:
        return f"{everything}. Nothing has been proposed in them."
    entries = (
        "One entry brings a proposal or says" if proposing == 1 else f"{proposing:,} entries bring proposals or say"
    )
    return (
        f"{everything}, as everybody may see it. {entries} what became of one: the head covers it, and nothing that "
        "was only proposed is in this folder or counts in a total."
    )


_ON_GRADES = "How ring-fences are read: illustrative, and given with its range over the readings"
_ON_AMOUNTS = "The amounts and terms of the books, on what their sources are"


def _definitions(said: PublishedWords) -> list[Table]:
    standings = [(words, str(standing or "not recorded")) for standing, words in _RESTS_ON.items()]
    readings = [(one.title, one.sentence, one.reason) for one in SHIPPED]
    on_grades = frozenset[str]().union(*(one.on_grades for one in said.of_year.values()))
    measured = [
        (one.title, one.definition, _ON_GRADES if one.name in on_grades else _ON_AMOUNTS) for one in measures.CATALOGUE
    ]
    return [
        Table("Measures of a position", columns("Measure", "What it is", "What it rests on"), measured),
        Table("What the money asks of a receiver", columns("Measure", "What it is"),
              [(one.title, one.definition) for one in receivers.CATALOGUE]),
        Table("Readings of ring-fences: a measure that rests on grades has a range over them",
              columns("Reading", "What it reads otherwise", "Why one would"), readings),
        Table("What a figure rests on", columns("In words", "As it is recorded"), standings),
    ]  # fmt: skip


def _workbooks(said: PublishedWords) -> str:
    """The way to the workbooks, which are made for everybody to read."""
    years = "".join(
        f'<li>{FinancialYear(year)}: <a href="{workbook_of_tables(FinancialYear(year))}">all its tables</a>, '
        f'<a href="{_folder(year)}/{workbook_of_all(one.whole)}">{escape(one.whole)}</a>; '
        "each ICB's own is on its page</li>"
        for year, one in sorted(said.of_year.items(), reverse=True)
    )
    return f"<p>Accessible workbooks:</p><ul>{years}</ul>"


def _of_table(table: TableFile) -> str:
    links = " · ".join(
        f'<a href="data/{table.name}.{ending}">{table.name}.{ending}</a>' for ending in ("csv", "parquet")
    )
    shown = Table(f"Columns of {table.name}", columns("Column", "Type", "What it is"),
                  [(one["name"], one["type"], one["description"]) for one in table.fields()])  # fmt: skip
    about = f"{table.said} {table.rows.num_rows:,} rows."
    return f"<h2>{escape(table.title)}</h2><p>{escape(about)} {links}</p>{paragraph(table.rests_on)}{as_html(shown)}"


def _readme(said: PublishedWords, foot: Sequence[str], defined: Sequence[Table]) -> str:
    tables = [
        f"- data/{one.name}.csv, .parquet, and a sheet of the workbook of its year: "
        f"{one.title}. {one.said} {one.rests_on}"
        for one in said.tables
    ]
    lines = [
        f"# {_TITLE}",
        "",
        *(f"{sentence}\n" for sentence in (*_how(said), *foot)),
        "## The tables",
        "",
        *tables,
        "",
        *(
            f"- {workbook_of_tables(FinancialYear(year))}: all of {FinancialYear(year)}, to be read by everybody"
            for year in sorted(said.of_year)
        ),
        "",
    ]
    lines.append("Every column is described in datapackage.json. Money is in whole pence, and in workbooks in pounds.")
    return "\n".join([*lines, "", *(line for table in defined for line in _as_markdown(table))])


def _as_markdown(table: Table) -> list[str]:
    """A table of texts as Markdown."""
    heads = [column.heading for column in table.columns]
    lines = [heads, ["---"] * len(heads), *([str(cell) for cell in row] for row in table.rows)]
    return [f"## {table.name}", "", *(f"| {' | '.join(map(_in_a_cell, line))} |" for line in lines), ""]


def _in_a_cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
