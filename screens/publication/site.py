"""``devolution publish``: a folder that opens from a disk or any web space, asks nobody anything, and can be checked.

The same ledger, years and key give the same bytes: the moment of the publication is that of the newest entry.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from allocations.files.out import accessible, accessible_tables
from allocations.files.out.journal import write_journal
from allocations.shares import national
from ledger.entries import proposals
from ledger.errors import refuse
from ledger.inputs import Input
from ledger.proofs import heads
from ledger.readings import SHIPPED
from ledger.reports import journal, measures, receivers, register, summary
from ledger.reports.position import Moment, position, position_of_each
from ledger.store.base import Reader
from ledger.structure import memberships
from ledger.words import DERIVED, ILLUSTRATIVE, OWN, PROJECTED, PUBLISHED
from ledger.years import FinancialYear
from screens.publication import data, pages
from screens.publication.data import TableFile
from screens.publication.pages import FILES, Answers, Edition, PublishedBody, document
from screens.report.holdings import measures_table
from screens.report.render.page import as_html
from screens.report.report import Report, Table, about, columns, listed

FORM = "devolution-ledger/publication/1"
SUMS, STATEMENT = "SHA256SUMS", "publication.json"
_OURS = Path(__file__).parent
_RESTS_ON = {
    PUBLISHED: "Published",
    DERIVED: "Worked out from published figures",
    PROJECTED: "Carried into years that nobody published",
    OWN: "Of whoever keeps the books",
    ILLUSTRATIVE: "Illustrative, made up to show something",
    None: "What these rest on is not recorded",
}
Told = Callable[[str, int, int | None], None]


@dataclass(frozen=True, slots=True)
class _Folder:
    """Where the files go, and what has been written so far."""

    path: Path
    written: dict[str, str]

    def write(self, name: str, content: str | bytes) -> None:
        where, given = self.path / name, content.encode() if isinstance(content, str) else content
        where.parent.mkdir(parents=True, exist_ok=True)
        where.write_bytes(given)
        self.written[name] = hashlib.sha256(given).hexdigest()

    def take(self, name: str) -> None:
        """Count in a file that something else wrote."""
        self.written[name] = hashlib.sha256((self.path / name).read_bytes()).hexdigest()


def publish(
    reader: Reader, at: Moment, folder: Path, *, years: Sequence[int], key: heads.Key | None = None,
    with_journal: bool = False, progress: Told = lambda *_: None,
) -> Report:  # fmt: skip
    """Write the publication of one year or several.

    Args:
        reader: the books as everybody may see them: no proposal, where rights count.
        folder: not there yet, or empty.
        years: by the year each starts in.
        key: to sign it with; unsigned otherwise, which the publication then says.
        with_journal: whether the journal is part of it, which leads to the head letter by letter and names who
            recorded each entry.
        progress: told the step, and how far it is.

    Raises:
        Refused: the folder is not empty, no money stands in one of the years, or the journal is asked for and holds
            proposals, which are not published.
    """
    if with_journal and (reader.unseen or proposals.listed(reader)):
        found = "the journal of these books holds proposals, and what was proposed is not published."
        refuse("journal", found, "Whoever reads it would read them.", "Publish without it: the signature stands.")
    _refuse_full(folder)
    there = set(journal.years(reader))
    for year in years:
        if year not in there:
            known = ", ".join(str(FinancialYear(one)) for one in sorted(there))
            found = f"no money of {FinancialYear(year)} stands in these books."
            remedy = f"Name one of: {known}." if known else "Record money first."
            refuse(Input.YEAR, found, "A page of it would be empty.", remedy)
    out, sources, clocks = _Folder(folder, {}), _sources(reader, at), about(at)
    of_year: dict[int, Answers] = {}
    parents: set[tuple[str, str]] = set()
    for year in sorted(years, reverse=True):
        named = FinancialYear(year)
        progress(f"Working out {named}", 0, None)
        organisations, above = _organisations(reader, at, named)
        parents |= above
        of_year[year] = answers = _answers(reader, at, year)
        edition = Edition(named, organisations, sources, clocks)
        out.write(f"{edition.folder}/index.html", pages.england(edition, answers))
        for place, code in enumerate(organisations):
            if place % 50 == 0:
                progress(f"Writing the pages of {named}", place, len(organisations))
            out.write(f"{edition.folder}/{edition.path(code)}", pages.organisation(code, edition, answers))
        tables = accessible_tables.tables(reader, at, year=named)
        said = accessible.provenance(reader, at, year=named, whose=accessible_tables.whose_money(reader, None))
        accessible.write_published(tables, said, folder / f"{edition.folder}/england.xlsx")
        out.take(f"{edition.folder}/england.xlsx")
    progress("Writing the tables", 0, None)
    made = data.of_books(
        reader, at, sorted(years), {year: _with_whole(one) for year, one in of_year.items()},
        {(year, tier): list(found.values()) for year, one in of_year.items() for tier, found in one.received.items()},
        parents,
    )  # fmt: skip
    head = heads.now(reader)
    if with_journal:
        write_journal(reader, at, _made(folder / "data") / "journal.csv")
        out.take("data/journal.csv")
        out.write("chain.py", (_OURS / "chain.py.txt").read_bytes())
    _write_tables(out, at, made, head)
    _write_words(out, of_year, made, [sources, *clocks], signed_by=None if key is None else key.public)
    return _closed(out, at, head, key, made)


def _refuse_full(folder: Path) -> None:
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        why = "A publication is checked as a whole, and what lies there would be taken for a part of it."
        refuse(str(folder), "something is there already.", why, "Name a new folder, or empty this one.")
    _made(folder)


def _sources(reader: Reader, at: Moment) -> str:
    """What the amounts rest on, in sentences."""
    named = journal.sources(reader, at)
    by_standing = {words: [name for name, its in named if its == standing] for standing, words in _RESTS_ON.items()}
    said = " ".join(f"{words}: {'; '.join(names)}." for words, names in by_standing.items() if names)
    return (
        f"{said} Not a product of NHS England. Contains public sector information licensed under the Open Government "
        "Licence v3.0."
    )


def _organisations(
    reader: Reader, at: Moment, year: FinancialYear
) -> tuple[dict[str, PublishedBody], set[tuple[str, str]]]:
    """Those with a page: the ICBs, places and networks that anybody is part of in the year or that are part of one."""
    day = min(max(at.as_at, year.first_day), year.last_day)
    known = register.organisations(reader)
    shown = {code: row for code, row in known.items() if row["tier"] in FILES}
    links = {
        (one.child, one.parent)
        for one in memberships(reader, day, at.known)
        if one.ended is None and one.parent in known and one.child in known
    }
    parents: dict[str, list[str]] = {}
    children: dict[str, list[str]] = {}
    for child, parent in sorted(links):
        if child in shown and parent in shown:
            parents.setdefault(child, []).append(parent)
            children.setdefault(parent, []).append(child)
    in_force = {code for pair in links for code in pair}
    found = {
        code: PublishedBody(
            code, row["name"], row["tier"], tuple(parents.get(code, ())),
            tuple(sorted(children.get(code, ()), key=lambda child: shown[child]["name"])),
        )
        for code, row in sorted(shown.items())
        if code in in_force
    }  # fmt: skip
    return found, {pair for pair in links if pair[0] in shown}


def _answers(reader: Reader, at: Moment, year: int) -> Answers:
    held = {"": None, **position_of_each(reader, at, national.TIER, year)}
    pictures = {code: summary.take(reader, at, year=year, icb=code or None, held=rows) for code, rows in held.items()}
    whole = position(reader, at, year=year)
    rows_of = {code: whole if rows is None else rows for code, rows in held.items()}
    return Answers(
        pictures,
        {code: measures.measures_as_read(rows) for code, rows in rows_of.items()},
        national.standings(reader, at, year),
        national.together(reader, at, year),
        {
            tier: {
                one.organisation: one for one in receivers.received(reader, at, tier, organisation=None, year=year)[0]
            }
            for tier in FILES
        },
    )


def _with_whole(answers: Answers) -> list[national.IcbStanding]:
    return [*answers.icbs, *([answers.together] if answers.together else [])]


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _write_tables(out: _Folder, at: Moment, made: Sequence[TableFile], head: heads.Head) -> None:
    resources: list[dict[str, Any]] = []
    for table in made:
        for ending, content in (("csv", table.csv()), ("parquet", table.parquet())):
            name = f"data/{table.name}.{ending}"
            out.write(name, content)
            resources.append(
                {
                    "name": f"{table.name}-{ending}", "path": name, "format": ending, "title": table.title,
                    "description": table.said, "bytes": len(content), "hash": f"sha256:{out.written[name]}",
                    "rows": table.rows.num_rows, "encoding": "utf-8", "schema": {"fields": table.fields()},
                }
            )  # fmt: skip
    package = {
        "name": "devolution-ledger", "title": "A position of the devolution ledger", "head": head.head,
        "entries": head.entries, "root": head.root, "as_at": at.as_at.isoformat(),
        "known_at": at.known_at.isoformat(), "illustrative": at.illustrative,
        "licenses": [{"name": "OGL-UK-3.0", "title": "Open Government Licence v3.0"}], "resources": resources,
    }  # fmt: skip
    out.write("datapackage.json", json.dumps(package, ensure_ascii=False, indent=1) + "\n")
    out.write("check.py", (_OURS / "check.py").read_bytes())


_RUN_IT = (
    "Save the folder. Read check.py, which is short, and run it there: python check.py. It looks at every byte of "
    "every file, adds the legs of all entries up to the position, to the penny, and checks the signature where there "
    "is one."
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


def _write_words(
    out: _Folder, of_year: Mapping[int, Answers], made: Sequence[TableFile], foot: Sequence[str],
    *, signed_by: str | None,
) -> None:  # fmt: skip
    years = "".join(
        f'<li><a href="{str(FinancialYear(year)).replace("/", "-")}/index.html">{FinancialYear(year)}</a>: '
        f"{escape(answers.pictures[''].sentence)}</li>"
        for year, answers in sorted(of_year.items(), reverse=True)
    )
    script = escape((_OURS / "check.py").read_text(encoding="utf-8"))
    written: dict[str, tuple[str, list[str]]] = {
        "index.html": ("Where NHS money is decided, and how free it is", [f"<ul>{years}</ul>"]),
        "about.html": ("What the words and figures mean", [as_html(one) for one in _definitions()]),
        "check.html": ("Check this publication", [
            *(f"<p>{escape(sentence)}</p>" for sentence in _how(out)),
            f"<p>{escape(f'It is signed with the key {signed_by}.' if signed_by else 'It is not signed.')}</p>",
            f'<h2>check.py</h2><pre tabindex="0"><code>{script}</code></pre>',
        ]),
        "data.html": ("The tables", [_of_table(one) for one in made]),
    }  # fmt: skip
    for name, (title, parts) in written.items():
        out.write(name, document(title, parts, up="", head="", foot=foot))
    words = "\n\n".join([f"# {written['index.html'][0]}", *_how(out), *foot])
    tables = "\n".join(f"- data/{one.name}.csv, .parquet: {one.title}. {one.said}" for one in made)
    out.write("README.md", f"{words}\n\n## The tables\n\n{tables}\n\nEvery column is described in datapackage.json.\n")


def _how(out: _Folder) -> list[str]:
    """How the publication is checked, with the journal or without."""
    return [_RUN_IT, _CHAIN if "chain.py" in out.written else _HIDDEN, _SHOWS]


def _definitions() -> list[Table]:
    standings = [(words, str(standing or "not recorded")) for standing, words in _RESTS_ON.items()]
    readings = [(one.title, one.sentence, one.reason) for one in SHIPPED]
    return [
        measures_table([("", one) for one in measures.CATALOGUE], "Measures of a position").with_only(
            "Measure", "What it is"
        ),
        Table("What the money asks of a receiver", columns("Measure", "What it is"),
              [(one.title, one.definition) for one in receivers.CATALOGUE]),
        Table("Readings of ring-fences: a measure that rests on grades has a range over them",
              columns("Reading", "What it reads otherwise", "Why one would"), readings),
        Table("What a figure rests on", columns("In words", "As it is recorded"), standings),
    ]  # fmt: skip


def _of_table(table: TableFile) -> str:
    links = " · ".join(
        f'<a href="data/{table.name}.{ending}">{table.name}.{ending}</a>' for ending in ("csv", "parquet")
    )
    shown = Table(f"Columns of {table.name}", columns("Column", "Type", "What it is"),
                  [(one["name"], one["type"], one["description"]) for one in table.fields()])  # fmt: skip
    said = f"<p>{escape(table.said)} {table.rows.num_rows:,} rows. {links}</p>"
    return f"<h2>{escape(table.title)}</h2>{said}{as_html(shown)}"


def _closed(out: _Folder, at: Moment, head: heads.Head, key: heads.Key | None, made: Sequence[TableFile]) -> Report:
    """Write the sums of all files, and the statement over them."""
    sums = "".join(f"{digest}  {name}\n" for name, digest in sorted(out.written.items())).encode()
    (out.path / SUMS).write_bytes(sums)
    statement = {
        "form": FORM, "entries": head.entries, "head": head.head, "root": head.root,
        "sums": hashlib.sha256(sums).hexdigest(), "public_key": key.public if key else "", "signature": "",
    }  # fmt: skip
    if key is not None:
        names = ("form", "entries", "head", "root", "sums", "public_key")
        statement["signature"] = key.sign("".join(f"{name} {statement[name]}\n" for name in names))
    (out.path / STATEMENT).write_text(json.dumps(statement, indent=1) + "\n", encoding="utf-8")
    written = len([name for name in out.written if name.endswith(".html")])
    row = {"folder": str(out.path), "pages": written, "tables": len(made), "signed": key is not None}
    title = f"Published in {out.path}: {written:,} pages and {len(made)} tables. Open index.html."
    after = [f"Anybody can check it: python {out.path}/check.py {out.path}"]
    return Report([listed([row])], at, title, after, {"folder": str(out.path), "head": head.head})
