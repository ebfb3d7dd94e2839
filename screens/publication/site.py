"""``devolution publish``: a folder that opens from a disk or any web space, asks nobody anything, and can be checked.

The same ledger, years and key give the same bytes: the moment of the publication is that of the newest entry.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from allocations.files.out import accessible, accessible_tables
from allocations.files.out.journal import write_journal
from allocations.files.out.provenance import Provenance
from allocations.shares import national
from ledger.entries import proposals
from ledger.errors import refuse
from ledger.inputs import Input
from ledger.proofs import heads
from ledger.reports import journal, trend
from ledger.reports.position import Moment
from ledger.reports.trend import TrendPoint
from ledger.store.base import Reader
from ledger.years import FinancialYear
from screens.asked import answers as asking
from screens.publication import answers as answering
from screens.publication import data, pages, what_if, words
from screens.publication.answers import Answers
from screens.publication.data import TableFile
from screens.publication.pages import Edition
from screens.report import whole
from screens.report.report import Report, about, listed

FORM = "devolution-ledger/publication/1"
SUMS, STATEMENT = "SHA256SUMS", "publication.json"
_OURS = Path(__file__).parent
Told = Callable[[str, int, int | None], None]
# So many workbooks are written sooner here than by a process that has to begin for them.
_FEW = 5


@dataclass(frozen=True, slots=True)
class _Folder:
    """Where the files go, and what has been written so far."""

    path: Path
    written: dict[str, str]

    def write(self, name: str, content: str | bytes | Iterable[bytes]) -> None:
        where, given = self.path / name, content.encode() if isinstance(content, str) else content
        where.parent.mkdir(parents=True, exist_ok=True)
        with where.open("wb") as file:
            file.writelines([given] if isinstance(given, bytes) else given)
        self.take(name)

    def take(self, name: str) -> None:
        """Count in a file that something else wrote."""
        with (self.path / name).open("rb") as file:
            self.written[name] = hashlib.file_digest(file, "sha256").hexdigest()


class _Workbooks:
    """Workbooks, written by a process of their own: many take as long as all pages, and a machine has two cores.

    Few are written here, when all else is: such a process takes longer to begin.
    """

    def __init__(self, out: _Folder, other: Executor) -> None:
        self._out, self._other = out, other
        self._waiting: dict[str, Callable[[], None]] = {}
        self._begun: dict[str, Future[None]] = {}

    def begin(self, name: str, write: Callable[..., None], *what: Any) -> None:
        """Have a workbook written of what can be sent to the other process."""
        self._waiting[name] = partial(write, *what, _made((self._out.path / name).parent) / Path(name).name)
        if self._begun or len(self._waiting) > _FEW:
            self._begun |= {name: self._other.submit(write) for name, write in self._waiting.items()}
            self._waiting.clear()

    def take(self, progress: Told) -> None:
        """Wait until all are written, and count them in.

        Raises:
            OSError: one cannot be written.
        """
        written = {**self._waiting, **{name: begun.result for name, begun in self._begun.items()}}
        for place, (name, wait) in enumerate(written.items()):
            if place % 10 == 0:
                progress("Writing the workbooks", place, len(written))
            wait()
            self._out.take(name)


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
        OSError: the folder cannot be written. Nothing is left in it then.
    """
    if with_journal and (reader.unseen or proposals.listed(reader)):
        found = "the journal of these books holds proposals, and what was proposed is not published."
        refuse("journal", found, "Whoever reads it would read them.", "Publish without it: the signature stands.")
    there, years = set(journal.years(reader)), sorted(set(years))
    if not there:
        found = "these books hold no money of any year."
        refuse(Input.LEDGER, found, "Every page would be empty.", "Record or import money first.")
    for year in years:
        if year not in there:
            known = ", ".join(str(FinancialYear(one)) for one in sorted(there))
            found = f"no money of {FinancialYear(year)} stands in these books."
            refuse(Input.YEAR, found, "A page of it would be empty.", f"Name one of: {known}.")
    with _whole(folder) as place, _other_process() as other:
        out = _Folder(place, {})
        books = _Workbooks(out, other)
        made, head = _write(reader, at, out, books, years, key, with_journal=with_journal, progress=progress)
    return _told(folder, at, head, key, made)


def _write(
    reader: Reader, at: Moment, out: _Folder, books: _Workbooks, years: Sequence[int], key: heads.Key | None, *,
    with_journal: bool, progress: Told,
) -> tuple[Sequence[TableFile], heads.Head]:  # fmt: skip
    """Write all files: the tables that were written, and the head that they stand at."""
    sources, clocks = words.sources(reader, at), about(at)
    over_years = _over_years(reader, at, years)
    # One year at a time, of which only the tables and what the front page says of it are kept: six years of pages, and
    # a workbook of all their rows, would take gigabytes.
    said: dict[int, words.YearInFront] = {}
    tables: list[list[TableFile]] = []
    parents: set[tuple[str, str]] = set()
    for year in years:
        progress(f"Working out {FinancialYear(year)}", 0, None)
        bodies, above = answering.organisations(reader, at, FinancialYear(year))
        parents |= above
        answers = answering.of_year(reader, at, year)
        edition = Edition(
            FinancialYear(year), bodies, sources, clocks, over_years,
            whole.named(reader, at, FinancialYear(year)), whole.covers(reader, at, FinancialYear(year)),
        )  # fmt: skip
        # What takes longest to write is begun first, and written while the pages are.
        received = {tier: list(found.values()) for tier, found in answers.received.items()}
        tables.append(data.of_year(reader, at, year, _with_whole(answers), received))
        _begin_sheets(books, reader, at, edition.year, [*tables[-1], data.organisations(reader, above)])
        _begin_workbooks(books, reader, at, edition, answers, progress)
        _write_year(out, edition, answers, progress)
        said[year] = words.year_in_front(edition, answers)
        del answers, received
    progress("Asking what if", 0, None)
    for name, page in what_if.pages(reader, at, years, edition):
        out.write(name, page)
    progress("Writing the tables", 0, None)
    made = [*data.together(tables), data.organisations(reader, parents)]
    head = heads.now(reader)
    if with_journal:
        write_journal(reader, at, _made(out.path / "data") / "journal.csv")
        out.take("data/journal.csv")
        out.write("chain.py", (_OURS / "chain.py.txt").read_bytes())
    _write_tables(out, at, made, head)
    worded = words.PublishedWords(
        said, over_years, made, words.vintages(reader, at), [sources, *clocks], proposals.entries_of(reader),
        with_journal=with_journal,
        signed_by=None if key is None else key.public,
    )  # fmt: skip
    for name, content in words.files(worded).items():
        out.write(name, content)
    books.take(progress)
    _close(out, head, key)
    return made, head


def _write_year(out: _Folder, edition: Edition, answers: Answers, progress: Told) -> None:
    out.write(f"{edition.folder}/index.html", pages.england(edition, answers))
    for place, code in enumerate(edition.organisations):
        if place % 50 == 0:
            progress(f"Writing the pages of {edition.year}", place, len(edition.organisations))
        out.write(f"{edition.folder}/{edition.path(code)}", pages.organisation(code, edition, answers))


def _begin_workbooks(
    books: _Workbooks, reader: Reader, at: Moment, edition: Edition, answers: Answers, progress: Told
) -> None:
    """An accessible workbook of England and of each ICB that holds money, beside its page."""
    for place, (code, found) in enumerate(answers.positions.items()):
        if place % 10 == 0:
            progress(f"Working out the workbooks of {edition.year}", place, len(answers.positions))
        whose = code or None
        made = accessible_tables.tables(reader, at, year=edition.year, organisation=whose, found=found)
        behind = _behind(reader, at, edition.year, whose)
        books.begin(f"{edition.folder}/{edition.workbook(code)}", accessible.write_published, made, behind)


def _begin_sheets(
    books: _Workbooks, reader: Reader, at: Moment, year: FinancialYear, made: Sequence[TableFile]
) -> None:
    """The tables of one year as an accessible workbook."""
    behind = replace(_behind(reader, at, year, None), title=f"The tables of a publication, {year}")
    books.begin(words.workbook_of_tables(year), _write_sheets, made, behind)


def _write_sheets(made: Sequence[TableFile], behind: Provenance, path: Path) -> None:
    accessible.write_published(data.sheets(made), behind, path)


def _behind(reader: Reader, at: Moment, year: FinancialYear, organisation: str | None) -> Provenance:
    """What stands behind a workbook of the publication."""
    return accessible.provenance(reader, at, year=year, whose=accessible_tables.whose_money(reader, organisation))


@contextmanager
def _other_process() -> Iterator[Executor]:
    """A process of one's own for what can be sent to it; what it has not begun is dropped where this one fails."""
    other = ProcessPoolExecutor(1, get_context("spawn"))
    try:
        yield other
    finally:
        other.shutdown(cancel_futures=True)


@contextmanager
def _whole(folder: Path) -> Iterator[Path]:
    """Where the files are written; they become the folder's when all are there, and nothing is left of them otherwise.

    Raises:
        Refused: the folder is not empty.
    """
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        why = "A publication is checked as a whole, and what lies there would be taken for a part of it."
        refuse(str(folder), "something is there already.", why, "Name a new folder, or empty this one.")
    is_new = not folder.exists()
    try:
        with TemporaryDirectory(prefix=".unfinished-", dir=_made(folder)) as place:
            yield Path(place)
            # The statement comes last: where it is, all of it is.
            for path in sorted(Path(place).iterdir(), key=lambda path: path.name == STATEMENT):
                path.rename(folder / path.name)
    except BaseException:
        if is_new and folder.is_dir():
            shutil.rmtree(folder)
        raise


def _over_years(reader: Reader, at: Moment, years: Sequence[int]) -> Mapping[str, Sequence[TrendPoint]]:
    """How the shares of England and of each ICB changed over the published years; nothing where there is one."""
    if len(years) < 2:  # noqa: PLR2004 - one point is no trend
        return {}
    held = {code for year in years for code in asking.position_of_each(reader, at, national.TIER, year)}
    everybody = [trend.WHOLE, *sorted(held)]
    return asking.trend(reader, at, everybody, trend.YEARS, years[0], among=years)


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
                    "description": table.said, "bytes": (out.path / name).stat().st_size,
                    "hash": f"sha256:{out.written[name]}",
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
    out.write("check.py", words.CHECK.read_bytes())


def _close(out: _Folder, head: heads.Head, key: heads.Key | None) -> None:
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


def _told(folder: Path, at: Moment, head: heads.Head, key: heads.Key | None, made: Sequence[TableFile]) -> Report:
    """What was published, and how anybody checks it."""
    pages_made = len(list(folder.rglob("*.html")))
    row = {"folder": str(folder), "pages": pages_made, "tables": len(made), "signed": key is not None}
    title = f"Published in {folder}: {pages_made:,} pages and {len(made)} tables. Open index.html."
    after = [f"Anybody can check it: python {folder}/check.py {folder}"]
    return Report([listed([row])], at, title, after, {"folder": str(folder), "head": head.head})
