"""The publication: the same bytes each time, whole, to the penny, without anything outside or hidden, and checkable."""

import csv
import hashlib
import json
import re
import subprocess
import sys
import zipfile
from collections import Counter
from dataclasses import replace
from decimal import Decimal
from html import escape, unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import duckdb
import openpyxl
import pyarrow as pa
import pytest
from typer.testing import CliRunner

import devolution
from allocations.files.out import accessible
from allocations.shares import national
from ledger.entries import proposals
from ledger.entries.appointments import appoint
from ledger.entries.draft import Draft, records
from ledger.entries.posting import post
from ledger.models import Organisation, Relationship
from ledger.money import exact_pounds, spoken
from ledger.proofs import heads
from ledger.reports import measures, position, receivers, summary, trend
from ledger.rules.rights import NOBODY
from ledger.store.base import Store
from ledger.years import FinancialYear
from scenarios import outcome, saved
from screens.publication import data, site, what_if
from screens.publication.pages import Edition
from screens.report import national as reporting
from screens.report import over_time
from screens.report.holdings import flow_label
from screens.report.pots import of_receivers
from screens.report.whole import icbs_alone
from tests.books import APRIL, LONG_AGO, at, entry
from tests.temptations import betrayed, plain

ROOT = Path(__file__).parent.parent.parent
YEAR = 2025


def run(*arguments: object) -> Any:
    return CliRunner().invoke(devolution.app, [str(argument) for argument in arguments])


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, str(folder / "check.py"), str(folder)], capture_output=True, text=True, check=False
    )


def published(store: Store, folder: Path, *, person: str = NOBODY, **given: Any) -> Path:
    with store.read(person) as reader:
        newest = position.moment(reader)
        site.publish(reader, position.moment(reader, newest.known_at.date()), folder, years=[YEAR], **given)
    return folder


def sums(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def opened_up(path: Path) -> bytes:
    """All that a file holds, unpacked."""
    if path.suffix == ".xlsx":
        with zipfile.ZipFile(path) as packed:
            return b"".join(packed.read(name) for name in packed.namelist())
    if path.suffix == ".parquet":
        return str(duckdb.sql(f"SELECT * FROM '{path}'").fetchall()).encode()
    return path.read_bytes()


def test_there_is_a_page_for_england_and_for_every_icb_place_and_network(of_the_demo: Path) -> None:
    pages = Counter(path.parent.name for path in of_the_demo.rglob("*.html"))
    assert (pages["icb"], pages["place"], pages["network"], pages["2025-26"]) == (42, 187, 1300, 1)
    assert pages["what-if"] == len(outcome.library()) + 1
    assert sum(path.stat().st_size for path in of_the_demo.rglob("*")) < 80_000_000
    england = (of_the_demo / "2025-26" / "index.html").read_text(encoding="utf-8")
    assert "Of £205.1 billion for the NHS in England" in england


def test_pages_say_and_draw_what_the_app_does(of_the_demo: Path, demo_ledger: Path) -> None:
    def read(name: str) -> str:
        return unescape((of_the_demo / name).read_text(encoding="utf-8"))

    england, own = read("2025-26/index.html"), read("2025-26/icb/QWO.html")
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        moment = position.moment(reader, position.moment(reader).known_at.date())
        rows = national.standings(reader, moment, YEAR)
        whole = national.together(reader, moment, YEAR)
        points = trend.trend(reader, trend.month_ends(reader, moment, YEAR), ["QWO"])["QWO"]
        picture = summary.take(reader, moment, year=YEAR, icb="QWO")
        received, without = receivers.received(reader, moment, "pcn", organisation=None, year=YEAR)
    assert whole is not None
    order = national.ranked(rows, "ring_fenced_share_with_soft")
    assert reporting.ranked_sentence(order, "ring_fenced_share_with_soft", together=whole) in england
    assert icbs_alone(whole) in england
    assert " ".join(of_receivers(received, without, "PCN", "pcn")) in england
    assert "32 of 42 ICBs are above their target for core services in 2025/26. Distances are published." in england
    assert picture.sentence in own
    assert over_time.sentence(over_time.held(points)) in own
    assert reporting.beside_sentence(rows, "QWO") in own
    for band in picture.links:
        assert f"{exact_pounds(band.amount_pence)}</td>" in own
        assert f"to {flow_label(band.target)}: {spoken(band.amount_pence)}</title>" in own
    assert read("2025-26/network/U41591.html").count("<svg") == 2  # the calendar and the streams


def test_what_if_pages_are_of_the_library_and_the_same_whenever_they_are_made(
    of_the_demo: Path, demo_ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # One that draws, and one that starts from another year.
    few = {name: path for name, path in outcome.library().items() if name in ("competitive-pot", "april-2026-mergers")}
    monkeypatch.setattr(outcome, "library", lambda: few)
    with Store.open(demo_ledger, read_only=True) as store, store.read(NOBODY) as reader:
        moment = position.moment(reader, position.moment(reader).known_at.date())
        edition = Edition(FinancialYear(YEAR), {}, "", [])
        made = dict(what_if.pages(reader, moment, [YEAR], edition))["what-if/competitive-pot.html"]
        ((_, none),) = what_if.pages(reader, moment, [2030], edition)
    published_page = (of_the_demo / "what-if" / "competitive-pot.html").read_text(encoding="utf-8")
    assert made.split("<footer>")[0] == published_page.split("<footer>")[0]
    assert what_if.NOBODYS in unescape(made)
    assert none.count("It starts from 2025/26, which is not published here.") == 2


def test_the_workbook_of_all_tables_is_accessible_and_comes_to_the_same_pence(of_the_demo: Path) -> None:
    book = openpyxl.load_workbook(of_the_demo / "data" / "tables-2025-26.xlsx", read_only=True)
    assert book.sheetnames[:4] == ["Cover", "Contents", "Notes", "Columns"]
    rows = list(book["position"].iter_rows(min_row=4, values_only=True))
    place = rows[0].index("amount (£)")
    held = [round(Decimal(str(row[place])) * 100) for row in rows[1:]]
    (pence,) = duckdb.sql(f"SELECT list(amount_pence) FROM '{of_the_demo}/data/position.parquet'").fetchall()
    assert held == pence[0]
    assert sum(held) == 0


def test_every_icb_has_an_accessible_workbook_beside_its_page_with_what_it_holds(of_the_demo: Path) -> None:
    books = sorted(of_the_demo.glob("2025-26/icb/*.xlsx"))
    assert [path.stem for path in books] == [path.stem for path in sorted(of_the_demo.glob("2025-26/icb/*.html"))]
    for path in (books[0], books[-1], of_the_demo / "2025-26" / "england.xlsx"):
        page = path.with_name("index.html" if path.stem == "england" else f"{path.stem}.html").read_text(
            encoding="utf-8"
        )
        assert f'<a href="{path.name}">' in page
        book = openpyxl.load_workbook(path, read_only=True)
        assert book.sheetnames[:4] == ["Cover", "Contents", "Notes", "Tier and grade"]
    # The last row is the whole of what the ICB and those below it hold.
    (*_, whole) = openpyxl.load_workbook(books[-1], read_only=True)["Tier and grade"].iter_rows(values_only=True)
    (held,) = duckdb.sql(
        f"SELECT total_pence FROM '{of_the_demo}/data/icbs.parquet' WHERE icb = '{books[-1].stem}'"
    ).fetchall()
    assert round(Decimal(str(whole[-1])) * 100) == held[0]


def test_the_readme_has_definitions_vintages_and_standings(of_the_demo: Path) -> None:
    words = (of_the_demo / "README.md").read_text(encoding="utf-8")
    for one in measures.CATALOGUE:
        assert f"| {one.title} | {one.definition} |" in words
    for vintage in (
        "## Vintages of the figures",
        "Published figure",
        "Illustrative assumption",
        "## What a figure rests on",
    ):
        assert vintage in words
    for name in ("position", "flows", "legs", "icbs", "receivers", "organisations"):
        assert f"- data/{name}.csv, .parquet, and a sheet of the workbook of its year:" in words


def test_no_page_and_no_table_gives_in_to_a_wrong_use_of_a_figure(of_the_demo: Path) -> None:
    """England, two ICBs with a place and a network each, and what is said beside the tables."""
    pages = [
        of_the_demo / "2025-26" / "index.html",
        *sorted(of_the_demo.glob("*.html")),
        *of_the_demo.glob("what-if/*"),
    ]
    pages += [sorted(of_the_demo.glob(f"2025-26/{kind}/*.html"))[place] for kind in ("icb", "place", "network")
              for place in (0, -1)]  # fmt: skip
    for path in pages:
        assert betrayed(plain(path.read_text(encoding="utf-8"))) == {}, path


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.loaded: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "a" and given.get("href"):
            self.found.append(str(given["href"]))
        if given.get("src") or tag in ("script", "link", "iframe"):
            self.loaded.append(f"{tag} {given}")


def test_every_link_holds_and_nothing_is_loaded_from_anywhere(of_the_demo: Path) -> None:
    every_link_holds(of_the_demo)


def every_link_holds(folder: Path) -> None:
    for page in folder.rglob("*.html"):
        links = _Links()
        links.feed(page.read_text(encoding="utf-8"))
        assert links.loaded == [], page
        for link in links.found:
            parts = urlsplit(link)
            assert not parts.scheme, f"{page}: {link}"
            assert not parts.query, f"{page}: {link}"
            if parts.path:
                assert (page.parent / parts.path).is_file(), f"{page}: {link}"


def test_its_tables_come_to_what_the_ledger_holds_by_other_code(of_the_demo: Path, demo_ledger: Path) -> None:
    # DuckDB alone, from both forms of the table, beside the transfers in the file of the ledger itself.
    with duckdb.connect() as engine:
        engine.execute(f"ATTACH '{demo_ledger}' AS books (READ_ONLY)")
        booked = engine.execute(
            "SELECT a.organisation, a.fund, sum(s.pence) FROM (SELECT to_account AS account, amount_pence AS pence FROM "
            "books.transfer UNION ALL SELECT from_account, -amount_pence FROM books.transfer) s JOIN books.account a ON "
            "a.id = s.account GROUP BY ALL HAVING sum(s.pence) <> 0 ORDER BY ALL"
        ).fetchall()
        for ending in ("csv", "parquet"):
            held = engine.execute(
                f"SELECT organisation, fund, sum(amount_pence) FROM '{of_the_demo}/data/position.{ending}' GROUP BY ALL "
                "HAVING sum(amount_pence) <> 0 ORDER BY ALL"
            ).fetchall()
            assert held == booked
        (of_icbs,) = engine.execute(
            f"SELECT sum(total_pence) FROM '{of_the_demo}/data/icbs.parquet' WHERE icb <> ''"
        ).fetchall()
        (below,) = engine.execute(
            f"SELECT sum(amount_pence) FROM '{of_the_demo}/data/position.csv' WHERE tier IN ('icb', 'place', 'pcn')"
        ).fetchall()
        assert of_icbs == below


def test_every_column_of_every_table_is_described(of_the_demo: Path) -> None:
    package = json.loads((of_the_demo / "datapackage.json").read_bytes())
    for resource in package["resources"]:
        assert hashlib.sha256((of_the_demo / resource["path"]).read_bytes()).hexdigest() == resource["hash"][7:]
        fields = [field["name"] for field in resource["schema"]["fields"]]
        assert all(field["description"] for field in resource["schema"]["fields"])
        if resource["format"] == "csv":
            with (of_the_demo / resource["path"]).open(encoding="utf-8", newline="") as file:
                assert next(csv.reader(file)) == fields
    assert "actor" not in str(package)


def test_the_journal_beside_it_leads_to_the_head(of_the_demo: Path) -> None:
    head = json.loads((of_the_demo / "publication.json").read_bytes())["head"]
    given = [sys.executable, of_the_demo / "chain.py", of_the_demo / "data" / "journal.csv", head]
    assert f"{head} stands on entry 163" in subprocess.run(given, capture_output=True, text=True, check=True).stdout
    checking = (ROOT / "docs" / "checking.md").read_text(encoding="utf-8")
    assert f"```python\n{(of_the_demo / 'chain.py').read_text(encoding='utf-8')}```" in checking


@pytest.fixture
def small(funded: Store) -> Store:
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 1_001)])
    return funded


def test_a_table_too_long_for_a_sheet_is_in_the_files_alone_and_the_workbook_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rows = pa.table({"code": ["A", "B", "C", "D"], "amount_pence": [1, 2, 3, None]})
    long = data.TableFile("long", "Long", "Rows.", "Published", {"code": "whose", "amount_pence": "how much"}, rows)
    short = replace(long, name="short", rows=rows.slice(0, 3))
    assert [sheet.label for sheet in data.sheets([long, short])] == ["Columns", "long", "short"]
    monkeypatch.setattr(data, "_MOST_ON_A_SHEET", 3)
    first, second = data.sheets([long, short])
    assert first.title.endswith("Too long for a sheet, and so in the CSV and Parquet files alone: long")
    assert second.label == "short"
    # Rows are written to CSV some at a time, none twice and none left out.
    monkeypatch.setattr(data, "_AT_ONCE", 3)
    assert b"".join(long.csv()) == b"code,amount_pence\nA,1\nB,2\nC,3\nD,\n"


def test_the_same_ledger_gives_the_same_bytes_and_a_signature_that_holds(
    small: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = heads.Key(heads.make_key()[0], "key")
    folders = []
    # Whoever writes the workbooks: it itself, or a process of their own.
    for name, few in (("one", 100), ("two", 0)):
        monkeypatch.setattr(site, "_FEW", few)
        folders.append(published(small, tmp_path / name, key=key))
    one, two = folders
    assert sums(one) == sums(two)
    done = check(one)
    assert (done.returncode, done.stderr) == (0, "")
    assert f"signed with the key {key.public}" in done.stdout
    forged = json.loads((one / "publication.json").read_bytes())
    forged["entries"] += 1
    (one / "publication.json").write_text(json.dumps(forged), encoding="utf-8")
    assert check(one).returncode == 1


def test_one_changed_byte_anywhere_is_found(small: Store, tmp_path: Path) -> None:
    folder = published(small, tmp_path / "out")
    assert check(folder).returncode == 0
    for name in sums(folder):
        where, content = folder / name, (folder / name).read_bytes()
        if name == "check.py":
            continue  # whoever checks reads it first
        where.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert check(folder).returncode != 0, name
        where.write_bytes(content)
    (folder / "data" / "more.csv").write_text("slipped in", encoding="utf-8")
    assert "it is listed and not there, or there and not listed" in check(folder).stderr


def test_the_sums_are_found_to_differ_even_where_whoever_changed_them_made_the_list_anew(
    small: Store, tmp_path: Path
) -> None:
    folder = published(small, tmp_path / "out")
    where = folder / "data" / "position.csv"
    changed = re.sub(r"1001\n", "1002\n", where.read_text(encoding="utf-8"))
    assert changed != where.read_text(encoding="utf-8")
    where.write_text(changed, encoding="utf-8")
    listed = (folder / "SHA256SUMS").read_text(encoding="utf-8")
    lines = [
        f"{hashlib.sha256(where.read_bytes()).hexdigest()}  data/position.csv"
        if line.endswith("data/position.csv")
        else line
        for line in listed.splitlines()
    ]
    anew = "".join(f"{line}\n" for line in lines).encode()
    (folder / "SHA256SUMS").write_bytes(anew)
    said = json.loads((folder / "publication.json").read_bytes())
    said["sums"] = hashlib.sha256(anew).hexdigest()
    (folder / "publication.json").write_text(json.dumps(said), encoding="utf-8")
    assert "the position is not what the legs come to" in check(folder).stderr


def test_odd_codes_and_names_lead_nowhere_else_and_are_shown_as_they_are(
    small: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outcome, "library", dict)
    code, name = "../../../X & 'Y'", "King's & Queen's <b>Place</b>"
    began = {"valid_from": LONG_AGO}
    post(
        small,
        [
            Draft(
                "odd", "structure", APRIL, "tests", "an odd place",
                records={
                    Organisation: records(Organisation, [{"code": code, "name": name, "tier": "place", **began}]),
                    Relationship: records(
                        Relationship,
                        [{"id": "odd", "parent": "ICB1", "child": code, "scheme": "line", "part": 1, **began}],
                    ),
                },
            ),
            entry("devolve", at("ICB1", "core"), at(code, "core"), 77),
        ],
    )  # fmt: skip
    folder = published(small, tmp_path / "in" / "out")
    assert [path for path in tmp_path.rglob("*.html") if not path.is_relative_to(folder)] == []
    assert {path.stem for path in folder.glob("*.html")} == {"index", "about", "check", "data"}
    every_link_holds(folder)
    (page,) = [path for path in folder.glob("2025-26/place/*.html") if "King" in path.read_text(encoding="utf-8")]
    assert f"<h1>{escape(name)}, 2025/26</h1>" in page.read_text(encoding="utf-8")
    assert "<b>Place" not in page.read_text(encoding="utf-8")
    with (folder / "data" / "position.csv").open(encoding="utf-8", newline="") as file:
        held = [row for row in csv.DictReader(file) if row["organisation"] == code]
    assert [(row["organisation_name"], row["amount_pence"]) for row in held] == [(name, "77")]
    assert check(folder).returncode == 0


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("<script>alert(1)</script>", "<script>alert('of a name')</script>"),
        ("X" * 300, "A place with a long name " * 40 + "end"),
        ("RTL", "مركز الرعاية"),
    ],
    ids=["script", "long", "right to left"],
)
def test_a_page_is_made_of_any_name(
    small: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: str, name: str
) -> None:
    monkeypatch.setattr(outcome, "library", dict)
    began = {"valid_from": LONG_AGO}
    body = {"code": code, "name": name, "tier": "place", **began}
    under = {"id": "odd", "parent": "ICB1", "child": code, "scheme": "line", "part": 1, **began}
    made: Any = {Organisation: records(Organisation, [body]), Relationship: records(Relationship, [under])}
    post(
        small,
        [
            Draft("odd", "structure", APRIL, "tests", "an odd place", records=made),
            entry("devolve", at("ICB1", "core"), at(code, "core"), 77),
        ],
    )
    folder = published(small, tmp_path / "out")
    every_link_holds(folder)
    pages = [path.read_text(encoding="utf-8") for path in folder.rglob("*.html")]
    assert sum(f"<h1>{escape(name)}, 2025/26</h1>" in page for page in pages) == 1
    assert not any("<script>alert" in page for page in pages)
    assert check(folder).returncode == 0


def test_what_is_proposed_is_in_no_file(small: Store, tmp_path: Path) -> None:
    secret = replace(entry("devolve", at("ICB1", "core"), at("P1", "core"), 77_777), reason="A secret plan")
    proposals.submit(small, [secret], key="secret", title="A secret title", prepared_by="secretary")
    saved.save(small.path, "secret-scenario", outcome.library()["lift-small-pots"].read_bytes(), opened=None)
    folder = published(small, tmp_path / "out")
    for path in folder.rglob("*"):
        if path.is_file():
            content = opened_up(path)
            for word in (b"secret", b"77777", b"777.77"):
                assert word not in content, path
    with pytest.raises(Exception, match="holds proposals"):
        published(small, tmp_path / "with", with_journal=True)


def test_totals_of_ones_own_books_are_called_theirs_and_not_englands(tmp_path: Path) -> None:
    """None and one ICB of 42, whose money has no grade: no total is called England's, and no share of it is made up."""
    ledger, folder = tmp_path / "own.duckdb", tmp_path / "out"
    assert run("new", "--year", "2025/26", "--icb", "QWO", "--ledger", ledger).exit_code == 0
    with Store.open(ledger) as own:
        post(own, [entry("mandate", at("DHSC", "core"), at("X24", "core"), 500_000_000)])
        published(own, tmp_path / "none")
        post(own, [entry("allocate", at("X24", "core"), at("QWO", "core"), 300_000_007)])
        published(own, folder)
    covered = "These books hold money of 2025/26 of {} of the 42 ICBs in England."
    total = "A total of all is of what these books hold, and not of England."
    for where, held in ((tmp_path / "none", "none"), (folder, "1")):
        whole = unescape((where / "2025-26" / "index.html").read_text(encoding="utf-8"))
        assert "<h1>All of these books, 2025/26</h1>" in whole
        assert (where / "2025-26" / "all-of-these-books.xlsx").is_file()
        for name in ("2025-26/index.html", "index.html", "README.md", "check.html"):
            said = unescape((where / name).read_text(encoding="utf-8"))
            assert f"{covered.format(held)} {total}" in said, name
        for path in where.rglob("*.html"):
            text = unescape(re.sub(r"<[^>]*>", " ", path.read_text(encoding="utf-8")))
            assert "for the NHS in England" not in text, path
            assert not re.search(r"not defined (is|of|ring)", text), path
        assert check(where).returncode == 0
    index = unescape((folder / "index.html").read_text(encoding="utf-8"))
    assert "Of £5 million in these books, NHS England keeps £2 million and passes £3 million to ICBs." in index
    assert "What they pass on to places and networks is not recorded here" in index
    alone = unescape((tmp_path / "none" / "index.html").read_text(encoding="utf-8"))
    assert "NHS England keeps £5 million and no ICB has any." in alone
    assert "is with places and networks" not in alone


def test_whose_rights_are_bound_publishes_the_same_and_the_folder_says_what_is_not_in_it(
    small: Store, tmp_path: Path
) -> None:
    """Who may see the proposal publishes no more than who may not."""
    unbound = published(small, tmp_path / "before")
    assert "Nothing has been proposed in them." in (unbound / "README.md").read_text(encoding="utf-8")
    for person, role, by in (("chief", "administrator", "setting up"), ("anna", "preparer", "chief")):
        appoint(small, person, role, by=by, reason="the board agreed", day=LONG_AGO)
    secret = replace(entry("devolve", at("ICB1", "core"), at("P1", "core"), 77_777), reason="A secret plan")
    proposals.submit(small, [secret], key="plan", title="A secret title", prepared_by="anna")
    made = [published(small, tmp_path / (person or "nobody"), person=person) for person in (NOBODY, "anna")]
    assert sums(made[0]) == sums(made[1])
    said = "The totals cover all money that is posted in these books, as everybody may see it. One entry brings a"
    for name in ("README.md", "check.html"):
        assert said in (made[0] / name).read_text(encoding="utf-8")
    for path in made[0].rglob("*"):
        assert not path.is_file() or not re.search(b"secret|anna|77777|777.77", opened_up(path)), path


def test_a_folder_in_use_and_a_year_without_money_are_refused(small: Store, tmp_path: Path) -> None:
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "letter.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(Exception, match="something is there already"):
        published(small, tmp_path / "full")
    with small.read() as reader, pytest.raises(Exception, match="no money of 2031/32 stands"):
        site.publish(reader, position.moment(reader), tmp_path / "none", years=[2031])


def test_books_without_money_are_refused_and_no_folder_is_made(books: Store, tmp_path: Path) -> None:
    given = ("--ledger", books.path, "--json")
    books.close()
    for years in ((), ("--year", "all"), ("--year", "2025/26")):
        done = run("publish", tmp_path / "out", *years, *given)
        (problem,) = json.loads(done.stdout)["problems"]
        assert (done.exit_code, problem["found"]) == (1, "these books hold no money of any year.")
    assert not (tmp_path / "out").exists()


def _no_space(*_: Any) -> None:
    """What whoever writes the workbooks finds; another process takes what it does by its name."""
    raise OSError(28, "No space left on device", "england.xlsx")


def test_what_cannot_be_finished_leaves_nothing_behind(
    small: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where the disk is full in the midst of it, for whoever writes: no half of a publication is taken for one."""
    monkeypatch.setattr(accessible, "write_published", _no_space)
    (tmp_path / "empty").mkdir()
    small.close()
    for name, few in (("new", 100), ("empty", 0)):
        monkeypatch.setattr(site, "_FEW", few)
        done = run("publish", tmp_path / name, "--ledger", small.path)
        assert (done.exit_code, "no space left on device" in done.stderr) == (1, True)
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["empty"]
    assert list((tmp_path / "empty").iterdir()) == []
    (tmp_path / "file").write_text("mine", encoding="utf-8")
    below = run("publish", tmp_path / "file" / "out", "--ledger", small.path)
    assert (below.exit_code, "not a directory" in below.stderr) == (1, True)


def test_a_pot_of_which_nobody_has_an_amount_is_named_and_stands_in_no_count(small: Store, tmp_path: Path) -> None:
    """The small ledger has terms of seven funds, and gave money of two of them."""
    with small.read(NOBODY) as reader:
        given = {row["fund"] for row in position.position(reader, position.moment(reader), year=YEAR).to_pylist()}
    assert given == {"limit", "core"}
    out = published(small, tmp_path / "out")
    for page in ("index.html", "icb/ICB1.html"):
        said = plain((out / "2025-26" / page).read_text(encoding="utf-8"))
        beginning = "Of 5 pots of 2025/26 no entry gives anybody an amount, so they stand in no count"
        assert f"{beginning}: Care; Care-inner; Estate; Growth; Winter." in said, page


def test_several_years_are_published_together_with_what_changed_between_them(small: Store, tmp_path: Path) -> None:
    before = FinancialYear(YEAR - 1)
    post(
        small,
        [
            entry(
                "mandate", at("GOV", "limit", year=before), at("NHS", "limit", year=before), 500, day=before.first_day
            ),
            entry(
                "allocate", at("NHS", "limit", year=before), at("ICB1", "core", year=before), 400, day=before.first_day
            ),
        ],
    )
    with small.read(NOBODY) as reader:
        day = position.moment(reader, position.moment(reader).known_at.date())
        site.publish(reader, day, tmp_path / "out", years=[YEAR, before.start, YEAR])
    front = (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    assert "Over the years" in front
    assert front.index("2025-26/index.html") < front.index("2024-25/index.html")
    for folder in ("2024-25", "2025-26"):
        own = (tmp_path / "out" / folder / "icb" / "ICB1.html").read_text(encoding="utf-8")
        assert "At the end of each of the years" in own
        assert ">4.00</td>" in own
        assert ">6,000.00</td>" in own
    assert check(tmp_path / "out").returncode == 0
