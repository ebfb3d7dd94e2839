"""The board pack: what the command line says, to the penny, in a page that loads nothing and a workbook."""

import json
import re
from dataclasses import replace
from decimal import Decimal
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import devolution
from allocations.reading.cells import read_workbook
from ledger.money import exact_pounds, millions, spoken
from ledger.store.base import Store
from scenarios import outcome
from screens.report import marks
from screens.report.render import svg
from screens.report.scenarios.answers import measures, spans
from tests.scenarios.worlds import play

NAME = "running-costs-halved"


def run(*arguments: object) -> Any:
    return CliRunner().invoke(devolution.app, [str(argument) for argument in arguments])


def told(*arguments: object) -> dict[str, Any]:
    done = run(*arguments, "--json")
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)


def read(path: Path) -> _Words:
    words = _Words()
    words.feed(path.read_text(encoding="utf-8"))
    return words


def test_the_printed_page_says_what_the_command_line_says(demo_ledger: Path, tmp_path: Path) -> None:
    packed = told("scenario", "pack", NAME, "--out", tmp_path / "pack.html", "--ledger", demo_ledger)
    wanted = told("scenario", "run", NAME, "--ledger", demo_ledger)
    assert packed["rows"][0]["result"] == wanted["hashes"]["result"]
    page = read(tmp_path / "pack.html")
    words = set(page.words)
    assert wanted["sentence"] in words
    for bridge in wanted["bridges"]:
        figures = {bridge["before_pence"], bridge["after_pence"], *(bar["effect_pence"] for bar in bridge["steps"])}
        assert {millions(pence) for pence in figures} <= words
    (icbs,) = [view for view in wanted["gainers"] if view["level"] == "icb"]
    largest = sorted(icbs["changes"], key=lambda gain: -abs(gain["change_pence"]))[:40]
    assert {millions(gain["change_pence"]) for gain in largest} <= words
    assert {exact_pounds(gain["per_head_pence"]) for gain in largest} <= words
    assert {millions(fifth["change_pence"]) for fifth in icbs["fifths"]} <= words
    assert {test["says"] for test in wanted["scorecard"]} <= words
    assert "Unchanged: ring-fenced, hard or statutory, kept without agreement, known before the year starts." in words


def test_the_printed_page_loads_and_runs_nothing(demo_ledger: Path, tmp_path: Path) -> None:
    told("scenario", "pack", NAME, "--out", tmp_path / "pack.html", "--ledger", demo_ledger)
    page = read(tmp_path / "pack.html")
    assert {tag for tag, _ in page.tags} & {"script", "link", "img", "iframe", "object"} == set()
    assert not [attributes for _, attributes in page.tags if attributes.keys() & {"src", "href", "onload", "onclick"}]
    text = (tmp_path / "pack.html").read_text(encoding="utf-8")
    assert "url(" not in text
    assert "@page{size:A4;margin:18mm 15mm}" in text
    assert "default-src 'none'" in text


NO_AGREEMENT = "No agreement to keep any of it is on record here; whether one was made is not known."


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("", "", ""),
        (NO_AGREEMENT, NO_AGREEMENT, NO_AGREEMENT),
        # A step keeps it without agreement, and what the step says is no gap in the books.
        ("", NO_AGREEMENT, ""),
        ("Not known for 2 of 5 pots.", "Not known for 2 of 5 pots.", "Not known for 2 of 5 pots."),
        ("", "Not known for 1 of 5 pots.", "After: Not known for 1 of 5 pots."),
        ("Not known for 2 of 5 pots.", "Not known for 1 of 5 pots.",
         "Before: Not known for 2 of 5 pots. After: Not known for 1 of 5 pots."),
    ],
)  # fmt: skip
def test_no_measure_of_a_pack_stands_without_what_is_not_known_of_it(
    demo_ledger: Path, before: str, after: str, said: str
) -> None:
    with Store.open(demo_ledger, read_only=True) as store, store.read() as reader:
        found = outcome.work_out(reader, outcome.find("keep-without-agreement"))
    noted = [
        replace(each, before=replace(each.before, note=before), after=replace(each.after, note=after))
        for each in found.measures
    ]
    words = {row[0]: row[-1] for row in measures(replace(found, measures=tuple(noted))).rows}
    own = next(one.before.definition for one in found.measures if one.before.title == "Agreed part of what is kept")
    assert words["Agreed part of what is kept"] == f"{own} {said}".rstrip()
    notes = {one.before.note for one in found.measures}
    assert any(note.startswith("Not known for 15 of 17 pots") for note in notes)


def test_what_people_wrote_stays_text(demo_ledger: Path, tmp_path: Path) -> None:
    source = outcome.library()[NAME].read_text(encoding="utf-8")
    nasty = source.replace("title: Running costs cut by $cut", "title: <script>alert(1)</script> & =1+1").replace(
        "why: ICBs were told", "why: <b onclick='x'>ICBs</b> were told"
    )
    file = tmp_path / "nasty.yaml"
    file.write_text(nasty, encoding="utf-8")
    told("scenario", "pack", file, "--out", tmp_path / "pack.html", "--ledger", demo_ledger)
    page = read(tmp_path / "pack.html")
    assert not {tag for tag, _ in page.tags} & {"script", "b"}
    assert any("<script>alert(1)</script> & =1+1" in words for words in page.words)
    told("scenario", "pack", file, "--out", tmp_path / "pack.xlsx", "--ledger", demo_ledger)
    cells = [cell for sheet in read_workbook(tmp_path / "pack.xlsx").sheets for row in sheet.rows for cell in row]
    assert not [cell for cell in cells if getattr(cell, "formula", None)]


def test_the_workbook_has_every_gain_to_the_penny(demo_ledger: Path, tmp_path: Path) -> None:
    told("scenario", "pack", NAME, "--out", tmp_path / "pack.xlsx", "--ledger", demo_ledger)
    wanted = told("scenario", "run", NAME, "--ledger", demo_ledger)
    sheets = {sheet.name: sheet for sheet in read_workbook(tmp_path / "pack.xlsx").sheets}
    assert {"Read me", "Steps", "Amounts", "Bridge 1", "ICBs", "Places", "ICBs by deprivation", "Propositions", "Measures",
            "Assumptions", "Ranges", "What drives it", "Summary", "Position", "Sources"} <= sheets.keys()  # fmt: skip
    between = {row[0].text: [Decimal(str(cell.value)) for cell in row[1:4]] for row in sheets["Ranges"].rows
               if row and row[0].text == "Decided at place or below, change"}  # fmt: skip
    (local,) = [each for each in wanted["bridges"] if each["quantity"] == "local"]
    ((central, low, high),) = between.values()
    assert central == Decimal(local["after_pence"] - local["before_pence"]) / 100
    # The cut is at most what the scenario has.
    assert low < central == high
    for name, level in (("ICBs", "icb"), ("Places", "place")):
        (view,) = [view for view in wanted["gainers"] if view["level"] == level]
        found = {
            row[1].text: Decimal(str(row[4].value))
            for row in sheets[name].rows
            if len(row) > 4 and row[1].text not in ("", "Code")
        }
        assert found == {gain["organisation"]: Decimal(gain["change_pence"]) / 100 for gain in view["changes"]}


def test_several_scenarios_are_packed_side_by_side(demo_ledger: Path, tmp_path: Path) -> None:
    names = ("devolve-80-at-once", "devolve-80-in-five-years")
    told("scenario", "pack", *names, "--out", tmp_path / "two.html", "--ledger", demo_ledger)
    both = told("scenario", "compare", *names, "--ledger", demo_ledger)
    words = set(read(tmp_path / "two.html").words)
    assert "2 scenarios side by side" in words
    for row in both["rows"]:
        if row["kind"] == "amount" and row["scenario_1_pence"] != row["scenario_2_pence"]:
            assert {spoken(row["scenario_1_pence"]), spoken(row["scenario_2_pence"])} <= words
    assert [each["what"] for each in both["differences"]] == ["step 1: over_years"]
    assert "step 1: over years" in words
    (places,) = [level for level in both["gainers"] if level["level"] == "place"]
    assert {millions(pence) for pence in places["organisations"][0]["change_pence"]} <= words


@pytest.mark.parametrize(
    ("out", "found"), [("pack.pdf", "ends in '.pdf'"), ("nowhere/pack.html", "folder does not exist")]
)
def test_a_file_that_cannot_be_the_pack_is_refused(demo_ledger: Path, tmp_path: Path, out: str, found: str) -> None:
    done = run("scenario", "pack", NAME, "--out", tmp_path / out, "--ledger", demo_ledger)
    assert done.exit_code == 1
    assert found in done.stderr
    assert not list(tmp_path.iterdir())


def test_a_workbook_holds_one_scenario(demo_ledger: Path, tmp_path: Path) -> None:
    done = run("scenario", "pack", NAME, "devolve-80-at-once", "--out", tmp_path / "two.xlsx", "--ledger", demo_ledger)
    assert done.exit_code == 1
    assert "Let it end in .html" in done.stderr


def test_a_printed_bridge_ends_where_it_should() -> None:
    from scenarios.bridge import bridges

    found = bridges(play({"lever": "devolve", "funds": ["winter"], "to": "place", "share": 0.5, "by": "registered"},
                         {"lever": "release", "funds": ["winter"]}))  # fmt: skip
    bridge = next(each for each in found.bridges if each.quantity.name == "local_and_free")
    drawn = svg.bridge(spans(bridge), name='a "bridge" & more')
    assert 'aria-label="a &quot;bridge&quot; &amp; more"' in drawn
    ends = [
        (Decimal(x), Decimal(x) + Decimal(width))
        for x, width in re.findall(r'<rect x="([\d.]+)" y="\d+" width="([\d.]+)"', drawn)
    ]
    before, *_, together, after = ends
    assert before[0] == after[0] == 250
    # The bar of the interaction begins where the first total ends, and ends where the last one does.
    assert abs(together[0] - before[1]) < 2
    assert abs(together[1] - after[1]) < Decimal("0.02")


def test_bridges_that_are_compared_have_one_axis() -> None:
    small, large = (
        marks.bridge(("a", 100), [("b", 100)], ("c", 200)),
        marks.bridge(("a", 100), [("b", 300)], ("c", 400)),
    )
    alone, beside = (svg.bridge(small, name="n", beside=others) for others in ([], [small, large]))
    widths = [
        [Decimal(width) for width in re.findall(r'<rect x="[\d.]+" y="\d+" width="([\d.]+)"', drawn)]
        for drawn in (alone, beside, svg.bridge(large, name="n", beside=[small]))
    ]
    assert widths[0][-1] == 2 * widths[1][-1] == widths[2][-1]  # 200 of 200, and 200 of 400, and 400 of 400


def test_two_pages_come_first(demo_ledger: Path, tmp_path: Path) -> None:
    """The question, a sentence, three figures with ranges, a chart, a map, a strip, what it rests on, and what is asked."""
    name = "more-by-health-inequality"
    told("scenario", "pack", name, "--out", tmp_path / "pack.html", "--ledger", demo_ledger)
    ranged = told("scenario", "run", name, "--ranges", "--ledger", demo_ledger)
    text = (tmp_path / "pack.html").read_text(encoding="utf-8")
    front, _, annex = text.partition("Annex: every table, in £ million")
    heads = [head.strip() for head in re.findall(r"<h2[^>]*>([^<]+)<", front)]
    assert heads == ["What drives it", "Where it goes", "What it rests on", "What it cannot say", "The decision asked"]
    assert front.count("<svg") == 3
    moved = next(each for each in ranged["ranges"]["figures"] if each["figure"] == "moved_pence")
    assert (
        f"{spoken(moved['central_pence'])} (from {spoken(moved['low_pence'])} to {spoken(moved['high_pence'])})"
        in front
    )
    assert "Whether to ask for advice on a formula in which 10% more follows avoidable mortality." in front
    assert "of ICBs 15 gain and 27 lose." in front
    assert re.search(r">QYG</text><text[^>]*>\+£\d+</text>", front)
    assert "Propositions" not in front
    assert "(£ million)" in annex
    assert "(£)" not in re.sub(r'Per head (<span class="unit">)?\(£\)', "", annex)


@pytest.mark.parametrize(
    ("pence", "words"), [(0, "£0"), (7, "+7p"), (-99, "-99p"), (4_012, "+£40"), (-123_456, "-£1,235")]
)
def test_a_change_on_a_map_is_short(pence: int, words: str) -> None:
    assert marks.pounds_apart(pence) == words


def test_a_map_and_a_strip_place_what_they_show() -> None:
    marks_ = [svg.MapMark("A", 0, 1, 10.0, 5.0, "+£5"), svg.MapMark("B", 1, 0, 30.0, -5.0, "-£5")]
    squares = re.findall(r'<rect x="(\d+)" y="(\d+)"', svg.tile_map(marks_, name='a "map"'))
    assert squares == [("0", "46"), ("46", "0")]
    dots = re.findall(r'<circle cx="([\d.]+)" cy="([\d.]+)"', svg.strip(marks_, name="n", across="x", up="y"))
    (left, above), (right, below) = ((Decimal(x), Decimal(y)) for x, y in dots)
    assert left < right
    assert above < below
