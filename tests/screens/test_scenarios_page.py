"""The Scenarios page without a browser: picked, built, brought, saved, compared; and what it says where it cannot."""

import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from pyarrow import ipc
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

import devolution
from allocations.reading.cells import read_workbook
from ledger.entries import posting
from ledger.money import exact_pounds, spoken
from ledger.store.base import Store
from scenarios import outcome, saved
from scenarios.ranges import without_ranges
from screens.report.files import answers
from screens.report.render.json import document
from screens.report.report import Report
from screens.web.pages import scenarios
from screens.web.scenarios import answer_file, choice, save
from tests.books import at, entry
from tests.screens.pages import asked, no_leftovers, page, said, tables, well
from tests.shelves import small_file

__all__ = ["no_leftovers"]


@pytest.fixture(autouse=True)
def quick_ranges(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ranges run a scenario many times: only the tests that are about them wait for that."""
    if "ranges" not in request.node.name:
        monkeypatch.setattr(scenarios, "_ranged", lambda books, content, worked: without_ranges(worked))


TEXT = outcome.library()["devolve-80-at-once"].read_bytes()


def told(ledger: Path, *arguments: object) -> dict[str, Any]:
    done = CliRunner().invoke(devolution.app, [str(each) for each in (*arguments, "--ledger", ledger, "--json")])
    assert done.exit_code == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def slider(app: AppTest, key: str) -> Any:
    return next(each for each in app.select_slider if each.key == key)


def closer(app: AppTest, part: str) -> str:
    """All tables of the page with a part of the answer that somebody looks closer at."""
    return tables(well(app.selectbox(key="part").set_value(part).run()))


def drawn(app: AppTest, told: str) -> list[dict[str, Any]]:
    """What the one chart is drawn from whose specification says something."""
    (chart,) = [chart for chart in app.get("vega_lite_chart") if told in chart.proto.spec]
    rows: list[dict[str, Any]] = ipc.open_stream(chart.proto.data.data).read_all().to_pylist()
    return rows


def press(app: AppTest, label: str) -> AppTest:
    return well(next(button for button in app.button if button.label == label).click().run())


def test_a_picked_scenario_shows_what_the_command_line_says(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    wanted = told(demo_ledger, "scenario", "run", "running-costs-halved")
    app = page(monkeypatch, "scenarios", demo_ledger, scenario="running-costs-halved", part="steps")
    assert wanted["sentence"] in said(app)
    assert "Hypothetical: nobody has decided any of this" in said(app)
    shown = tables(app)
    for bridge in wanted["bridges"]:
        for key in ("before_pence", "after_pence"):
            assert f'"{exact_pounds(bridge[key])}"' in shown
    shown = closer(app, "gains")
    (icbs,) = [view for view in wanted["gainers"] if view["level"] == "icb"]
    for gain in (icbs["changes"][0], icbs["changes"][-1]):
        assert f'"{exact_pounds(gain["change_pence"])}"' in shown
        assert f'"{exact_pounds(gain["per_head_pence"])}"' in shown
    for fifth in icbs["fifths"]:
        assert f'"{exact_pounds(fifth["change_pence"])}"' in shown
    shown = closer(app, "questions")
    assert all(test["says"] in shown for test in wanted["scorecard"])
    assert all(measure["title"] in shown for measure in wanted["rows"])


def test_a_link_turns_a_figure_and_a_slider_moves_the_measures(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    app = page(monkeypatch, "scenarios", demo_ledger, scenario="devolve-80-at-once", **{"a.share_at_place": "50%"})
    assert "brings each line to 50%" in said(app)
    well(slider(app, "a.share_at_place").set_value("60%").run())
    assert "brings each line to 60%" in said(app)
    assert asked(app, "a.share_at_place") == "60%"
    press(app, "Back to what the file says")
    assert "brings each line to 80%" in said(app)
    assert "a.share_at_place" not in app.query_params


def test_what_was_turned_is_in_the_heading_in_the_file_name_and_in_the_comparison(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    names: list[str] = []
    real = save.file_name
    monkeypatch.setattr(save, "file_name", lambda *given: names.append(real(*given)) or names[-1])
    turns = {"a.share_at_place": "76%"}
    app = page(monkeypatch, "scenarios", demo_ledger, scenario="devolve-80-at-once", **turns)
    assert "Changed from the library: share at place is 76%, not 80%." in said(app)
    assert names == ["devolve-80-at-once-share-at-place-76"]
    app = page(monkeypatch, "scenarios", demo_ledger, scenario="devolve-80-at-once", view="compare", **turns)
    assert app.multiselect(key="with").value == ["devolve-80-at-once", "devolve-80-at-once@a.share_at_place=76%"]
    assert ">76% of every line at place, at once</a>" in tables(app)
    # A link of the command line's own spelling opens too.
    asked_by_hand = "devolve-80-at-once,devolve-80-at-once@share_at_place=70%"
    app = page(monkeypatch, "scenarios", demo_ledger, view="compare", compared="files", **{"with": asked_by_hand})
    assert "share at place is 70%, not 80%" in tables(app)


def test_figures_turned_for_one_scenario_are_not_carried_to_another(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    app = page(monkeypatch, "scenarios", demo_ledger, scenario="devolve-80-at-once", **{"a.share_at_place": "50%"})
    well(app.selectbox(key="scenario").set_value("devolve-80-in-five-years").run())
    assert slider(app, "a.share_at_place").value == "80%"
    assert "devolves what brings each line to 80% over 5 years" in said(app)


def test_an_address_that_asks_for_what_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, "scenarios", demo_ledger, scenario="nobody")
    assert "which is neither in the library nor saved here" in app.warning[0].value
    app = page(monkeypatch, "scenarios", demo_ledger, scenario="devolve-80-at-once", **{"a.share_at_place": "400%"})
    assert "which is not a step from 0% to 100%" in app.warning[0].value


def test_one_is_built_and_saved_and_the_command_line_runs_it(
    monkeypatch: pytest.MonkeyPatch, own_demo_ledger: Path
) -> None:
    app = page(
        monkeypatch, "scenarios", own_demo_ledger, view="build", whose="QWO", blocks="devolve,agree", part="keep"
    )
    assert "NHS West Yorkshire ICB holds £6.7 billion" in said(app)
    well(slider(app, "a.share_devolved").set_value("65%").run())
    well(app.multiselect(key="lines2").set_value(["core-community"]).run())
    sentence = next(text for text in said(app).split("\n") if text.startswith("NHS West Yorkshire ICB holds"))
    assert "brings each line to 65%" in sentence
    next(each for each in app.text_input if each.label == "Title").input("Our winter")
    next(each for each in app.text_input if each.label == "Name").input("Our Winter")
    press(app, "Save")
    assert "Saved as our-winter, version 1." in app.success[0].value
    assert asked(app, "scenario") == "our-winter"
    assert sentence in said(app)
    ran = told(own_demo_ledger, "scenario", "run", "our-winter")
    assert ran["title"] == "Our winter"
    # The page goes on to say how much of it a national contract directs.
    assert sentence.startswith(ran["sentence"])


def test_what_was_saved_is_there_after_a_restart_by_name_and_by_id(
    monkeypatch: pytest.MonkeyPatch, own_demo_ledger: Path
) -> None:
    first = saved.save(own_demo_ledger, "ours", TEXT, opened=None)
    saved.save(own_demo_ledger, "ours", TEXT.replace(b"value: 80%", b"value: 70%"), opened=first.digest)
    assert "brings each line to 70%" in said(page(monkeypatch, "scenarios", own_demo_ledger, scenario="ours"))
    old = page(monkeypatch, "scenarios", own_demo_ledger, scenario=first.digest[:16])
    assert "brings each line to 80%" in said(old)
    assert "Since then version 2 was saved" in old.info[0].value
    press(old, "Open the newest version")
    assert "brings each line to 70%" in said(old)


def test_of_two_tabs_the_second_to_save_hears_about_it_and_loses_nothing(
    monkeypatch: pytest.MonkeyPatch, own_demo_ledger: Path
) -> None:
    saved.save(own_demo_ledger, "ours", TEXT, opened=None)
    one = page(monkeypatch, "scenarios", own_demo_ledger, scenario="ours", part="keep")
    two = page(monkeypatch, "scenarios", own_demo_ledger, scenario="ours", part="keep")
    well(slider(one, "a.share_at_place").set_value("60%").run())
    well(slider(two, "a.share_at_place").set_value("70%").run())
    press(one, "Save")
    assert "version 2" in one.success[0].value
    press(two, "Save")
    assert "It is not saved yet, and nothing is lost." in two.error[0].value
    assert ">60%<" in tables(two)
    assert ">70%<" in tables(two)
    assert slider(two, "a.share_at_place").value == "70%"
    assert len(saved.versions(own_demo_ledger, "ours")) == 2
    press(two, "Save under the other name")
    assert b"70%" in saved.saved(own_demo_ledger)["ours-2"].content()
    assert b"60%" in saved.saved(own_demo_ledger)["ours"].content()
    # A third tab, opened before, replaces knowingly; what it replaced stays a version.
    assert "version 1" in two.success[0].value


def test_replacing_knowingly_keeps_what_was_replaced(monkeypatch: pytest.MonkeyPatch, own_demo_ledger: Path) -> None:
    first = saved.save(own_demo_ledger, "ours", TEXT, opened=None)
    app = page(monkeypatch, "scenarios", own_demo_ledger, scenario="ours", part="keep")
    saved.save(own_demo_ledger, "ours", TEXT.replace(b"value: 80%", b"value: 60%"), opened=first.digest)
    well(slider(app, "a.share_at_place").set_value("70%").run())
    press(app, "Save")
    press(app, "Replace version 2 with mine")
    assert "version 3" in app.success[0].value
    assert [b"value: 60%" in each.content() for each in saved.versions(own_demo_ledger, "ours")] == [False, True, False]


def test_yaml_that_is_wrong_says_all_that_is_wrong(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, "scenarios", demo_ledger, view="bring")
    assert "Upload a scenario" in app.info[0].value
    broken = TEXT.replace(b"value: 80%", b"value: 8").replace(b"to: place", b"to: moon").decode()
    well(app.text_area[0].input(broken).run())
    assert "This scenario cannot be read" in app.error[0].value
    assert "of the scenario: step 1, to<" in tables(app)
    assert "of the scenario: step 1, until share<" in tables(app)
    well(app.text_area[0].input(TEXT.decode()).run())
    assert "brings each line to 80%" in said(app)


def test_a_brought_file_is_uploaded(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    app = page(monkeypatch, "scenarios", demo_ledger, view="bring")
    well(app.file_uploader[0].upload("mine.yaml", TEXT, "application/yaml").run())
    assert "brings each line to 80%" in said(app)


def test_several_are_compared(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    names = ("devolve-80-at-once", "devolve-80-in-three-years", "running-costs-halved")
    app = page(monkeypatch, "scenarios", demo_ledger, view="compare", **{"with": ",".join(names)})
    wanted = told(demo_ledger, "scenario", "compare", *names)
    # One chart has all of them on one axis.
    assert {row["place"] for row in drawn(app, '"yOffset"')} == {0, 1, 2}
    shown = tables(well(app.selectbox(key="compared").set_value("differ").run()))
    for row in wanted["rows"]:
        if row["kind"] == "amount" and len({row["before_pence"], *(row[f"scenario_{n}_pence"] for n in (1, 2, 3))}) > 1:
            assert all(f'"{exact_pounds(row[f"scenario_{number}_pence"])}"' in shown for number in (1, 2, 3))
    shown = tables(well(app.selectbox(key="compared").set_value("files").run()))
    for each in wanted["differences"]:
        assert each["what"].replace("_", " ") in shown
    well(app.selectbox(key="compared").set_value("gains").run())
    places = next(level for level in wanted["gainers"] if level["level"] == "place")
    app.radio(key="level").set_value("place")
    well(app.run())
    for change in places["organisations"][0]["change_pence"]:
        assert f'"{exact_pounds(change)}"' in tables(app)
    assert "Scenarios 1 and 3 end" in said(app)


def test_a_scenario_that_does_not_fit_is_refused_with_its_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "small.duckdb"
    small_file(path, funded=True)
    app = page(monkeypatch, "scenarios", path, scenario="lift-development-funding")
    assert "does not fit these books" in app.error[0].value
    assert re.search(r"Line \d+ of the scenario", tables(app))
    assert ".yaml" not in tables(app)
    app = page(monkeypatch, "scenarios", path, view="compare")
    assert "Choose two or more scenarios that fit" in app.info[-1].value


def test_one_icb_alone_can_be_asked_about(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "one.duckdb"
    with Store.open(small_file(path)) as store:
        given = [entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 500),
                 entry("allocate", at("NHS", "limit"), at("ICB1", "core"), 400)]  # fmt: skip
        posting.post(store, given)
    app = page(monkeypatch, "scenarios", path, view="build", blocks="cut", whose="ICB1")
    assert "First ICB holds £4" in said(app)


def test_without_a_ledger_the_library_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    app = page(monkeypatch, "scenarios", tmp_path / "none.duckdb")
    assert "There is no ledger" in app.info[0].value
    assert "devolve-80-at-once" in tables(app)


def test_what_people_wrote_becomes_no_picture_and_no_link(
    monkeypatch: pytest.MonkeyPatch, own_demo_ledger: Path
) -> None:
    nasty = b"'![x](http://elsewhere.example/x.png) :red[$a$]'"
    text = TEXT.replace(b"$share_at_place of every line at place, at once", nasty).replace(
        b"question: ", b"question: '[go](http://x.example)' #"
    )
    assert saved.read_text(text).scenario.title == nasty.decode().strip("'")
    saved.save(own_demo_ledger, "ours", text, opened=None)
    app = page(monkeypatch, "scenarios", own_demo_ledger, scenario="ours")
    shown = [*(each.value for each in app.header), *(each.value for each in app.markdown)]
    assert "!\\[x\\](http://elsewhere.example/x.png) :red\\[\\$a\\$\\]" in shown
    assert "\\[go\\](http://x.example)" in shown
    assert not [words for words in shown if "![x](" in words or "[go](" in words]


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("devol", "devolve-80-in-five-years"),
        ("bid", "competitive-pot"),
        ("string", "lift-small-pots"),
        ("merge", "merge-with-inner-ring-fences"),
    ],
)
def test_what_people_type_finds_a_scenario(typed: str, found: str) -> None:
    shown = choice.title_of(found)
    assert typed in shown.casefold(), shown


def test_ranges_stand_beside_the_figures_and_what_drives_them_is_drawn(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    wanted = told(demo_ledger, "scenario", "run", "running-costs-halved", "--ranges")["ranges"]["figures"]
    (moved,) = [each for each in wanted if each["figure"] == "moved_pence"]
    app = page(monkeypatch, "scenarios", demo_ledger, scenario="running-costs-halved", part="drives")
    low, central, high = (spoken(moved[f"{end}_pence"]) for end in ("low", "central", "high"))
    assert f"<strong>{central}</strong><span>from {low} to {high}</span>" in tables(app)
    assert f"{central} (from {low} to {high}) would stand elsewhere" in said(app)
    ends = [(row["from"], row["to"]) for row in drawn(app, "At its low")]
    assert ends == [
        (bar[end] / 100_000_000, moved["central_pence"] / 100_000_000)
        for bar in moved["tornado"]
        for end in ("at_low_pence", "at_high_pence")
    ]


def test_years_are_drawn_as_lines_and_are_columns(monkeypatch: pytest.MonkeyPatch, demo_ledger: Path) -> None:
    name = "three-year-settlement"
    app = page(monkeypatch, "scenarios", demo_ledger, scenario=name, part="years", amount="held")
    ends = {row["line"]: row["length"] for row in drawn(app, '"2028/29"') if row["point"] == "2028/29"}
    (held,) = [each for each in told(demo_ledger, "scenario", "run", name)["bridges"] if each["quantity"] == "held"]
    assert ends == {"Before": held["before_pence"] / 100_000_000, "After": held["after_pence"] / 100_000_000}
    assert "2028/29 (assumed) (£&nbsp;million)" in tables(app)


@pytest.fixture
def reports(monkeypatch: pytest.MonkeyPatch) -> list[Report]:
    """Every report that the page offers to take away."""
    offered: list[Report] = []
    monkeypatch.setattr(answer_file, "offer", lambda report, _: offered.append(report))
    return offered


def test_a_way_to_fair_shares_is_the_commands_to_the_penny(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, tmp_path: Path, reports: list[Report]
) -> None:
    app = page(monkeypatch, "scenarios", demo_ledger, view="way", goal_within="3%")
    goal = tmp_path / "goal.yaml"
    goal.write_text(app.code[0].value, encoding="utf-8")
    wanted = told(demo_ledger, "scenario", "solve", goal, "--out", tmp_path / "way.csv")
    assert json.loads(document(reports[0], command="", ledger=""))["rows"] == wanted["rows"]
    assert reports[0].facts["moved_pence"] == wanted["moved_pence"]
    assert "All 42 come within 3.00% of fair share in 5 years" in said(app)
    assert f'"{exact_pounds(wanted["rows"][0]["year_5_pence"])}"' in tables(app)
    assert "NHS Birmingham and Solihull ICB" in tables(app)
    # What the page offers is what the command writes.
    answers.written(reports[0], tmp_path / "page.csv")
    assert (tmp_path / "page.csv").read_bytes() == (tmp_path / "way.csv").read_bytes()
    answers.written(reports[0], tmp_path / "page.xlsx")
    book = {sheet.name: sheet for sheet in read_workbook(tmp_path / "page.xlsx").sheets}
    (listed,) = [sheet for name, sheet in book.items() if name.startswith("1 ")]
    paid = {row[0].text: Decimal(str(row[3].value)) for row in listed.rows[4:]}
    assert paid == {row["organisation"]: Decimal(row["year_1_pence"]) / 100 for row in wanted["rows"]}


def test_a_goal_out_of_reach_says_what_binds_and_what_would_do(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    app = page(monkeypatch, "scenarios", demo_ledger, view="way", goal_years="2")
    assert "There is no such way." in app.error[0].value
    assert "what binds is floor" in tables(app)
    assert "Any one of these would do, and no less: 3 years" in tables(app)
    assert "QXU is NHS Surrey Heartlands ICB." in said(app)
    app = page(monkeypatch, "scenarios", demo_ledger, view="way", goal_within="near")
    assert ">How near everybody comes<" in tables(app)


def test_places_come_nearer_to_their_shares_by_what_the_books_hold(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, reports: list[Report]
) -> None:
    asked_for = {"goal_icb": "QWO", "goal_lines": "core-community", "goal_by": "core", "goal_reach": "nearest"}
    app = page(monkeypatch, "scenarios", demo_ledger, view="way", goal_whose="held", **asked_for)
    assert len(reports[0].records()) == 6
    assert reports[0].at is not None
    assert ">Leeds<" in tables(app)


def test_what_it_takes_is_what_the_command_finds(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path, reports: list[Report]
) -> None:
    turned = {"seek_value": "27%", "seek_from": "60%", "seek_to": "90%"}
    app = page(monkeypatch, "scenarios", demo_ledger, view="seek", **turned)
    wanted = told(demo_ledger, "scenario", "seek", "devolve-80-at-once", "--find", "share_at_place",
                  "--until", "devolved_share >= 27%", "--from", "60%", "--to", "90%")  # fmt: skip
    assert reports[0].facts["found"] == wanted["found"]
    assert f"With share at place at {wanted['found']} it is" in app.success[0].value
    assert "devolution scenario seek devolve-80-at-once --find share_at_place" in app.code[0].value
    app = page(monkeypatch, "scenarios", demo_ledger, view="seek", seek_value="much")
    assert "This cannot be looked for." in app.error[0].value
    app = page(monkeypatch, "scenarios", demo_ledger, view="seek")
    assert "Say how much it should be: a share, as 50%." in app.info[0].value
