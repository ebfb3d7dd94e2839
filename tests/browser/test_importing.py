"""A finance lead's path in a real browser: bring a budget in, make places, take files out, undo; by mouse and by keyboard."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ledger.money import exact_pounds
from tests.allocations.excel.commands import run
from tests.allocations.excel.test_payer import fill_in
from tests.allocations.excel.workbooks import written
from tests.browser.budgets import FUND, ICB, budget, kept_back
from tests.browser.visits import Visit, running

ASKED = f"import-export?icb={ICB}&fund={FUND}&standing=retained"
UPLOAD = "[data-testid=stFileUploaderDropzoneInput]"
SECONDS = 60_000


@pytest.fixture(scope="module")
def ledger(demo_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("finance") / "ledger.duckdb"
    shutil.copy(demo_ledger, path)
    return path


@pytest.fixture(scope="module")
def address(ledger: Path) -> Iterator[str]:
    with running(ledger) as url:
        yield url


def sound(visit: Visit, name: str) -> None:
    """A state of the page: its pictures, nothing that axe calls serious, no sideways scroll, nothing outside."""
    visit.settled()
    visit.picture(name, 1280)
    visit.unfold()
    visit.drawn()
    assert visit.barriers() == [], name
    for width in (375, 320):
        visit.fits(width)
        if width == 375:
            visit.picture(name, 375)
    assert visit.barriers() == [], name
    visit.page.set_viewport_size({"width": 1280, "height": 900})
    assert visit.outside() == []
    assert visit.complaints() == []


def at_step(page: Any, name: str) -> None:
    """That a step of the import is the one that is shown."""
    page.locator(f"[data-testid=stRadio] label:has(input:checked):has-text('. {name}')").wait_for(timeout=SECONDS)


def held(ledger: Path) -> dict[tuple[str, str, str], int]:
    """What the command line says stands where, beside the open app."""
    told = json.loads(
        run("position", "--organisation", ICB, "--by", "organisation,fund,standing", "--ledger", ledger, "--json")
    )
    return {
        (row["organisation"], row["fund"], row["standing"]): row["amount_pence"]
        for row in told["rows"]
        if row["amount_pence"]
    }


def test_a_budget_that_is_wrong_is_refused_with_every_cell(
    browser: Any, address: str, ledger: Path, tmp_path: Path
) -> None:
    wrong, _ = budget(tmp_path / "wrong.xlsx", ledger, wrong=True)
    before = held(ledger)
    visit = Visit(browser, f"{address}/{ASKED}")
    page = visit.page
    sound(visit, "import-empty")
    page.set_input_files(UPLOAD, wrong)
    page.get_by_text("2 problems in wrong.xlsx").wait_for(timeout=SECONDS)
    sound(visit, "import-problems")
    for cell in ("cell A10", "cell B10"):
        assert page.get_by_text(cell).count() >= 1
    with page.expect_download() as coming:
        page.get_by_role("button", name="2 problems (CSV)").click()
    assert "QWO-NOWHERE" in Path(coming.value.path()).read_text("utf-8-sig")
    with page.expect_download() as coming:
        page.get_by_role("button", name="2 problems (Excel)").click()
    assert Path(coming.value.path()).read_bytes().startswith(b"PK")
    assert page.get_by_role("button", name="Post £").count() == 0
    assert held(ledger) == before
    visit.close()


def places_show_what_is_issued(visit: Visit, address: str, issued: list[int]) -> None:
    """Places of one's own, on the page of places, which sees what is issued now to the penny."""
    page = visit.page
    page.goto(f"{address}/places?icb={ICB}&line={FUND}")
    visit.settled()
    visit.unfold()
    for pence in issued:
        assert page.locator(f"data[value='{exact_pounds(pence)}']").count() >= 1
    page.get_by_text("Places of my own").click()
    page.get_by_text("No place has been made yet").wait_for(timeout=SECONDS)
    page.get_by_role("tab", name="Choose practices and name places").click()
    page.get_by_role("button", name="Start from the default places").click()
    page.get_by_text("divide NHS West Yorkshire ICB between them").wait_for(timeout=SECONDS)


def what_goes_out_is_what_the_command_writes(visit: Visit, address: str, ledger: Path) -> None:
    page = visit.page
    page.goto(f"{address}/import-export?view=take&file=position-json&icb={ICB}")
    visit.settled()
    page.get_by_role("button", name="Make the file").click()
    page.get_by_text("is made:").wait_for(timeout=SECONDS)
    sound(visit, "export")
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download position-qwo-2025-26.json").click()
    taken = json.loads(Path(coming.value.path()).read_text("utf-8"))
    columns = ",".join(name for name in taken["rows"][0] if name != "amount_pence")
    told = json.loads(
        run("position", "--organisation", ICB, "--year", "2025/26", "--by", columns, "--ledger", ledger, "--json")
    )
    assert (taken["rows"], taken["head"]) == (told["rows"], told["head"])


def template_filled_in(visit: Visit, address: str, ledger: Path, folder: Path) -> Path:
    """The template of the ICB, taken out on the page and filled in."""
    page = visit.page
    page.goto(f"{address}/import-export?view=take&file=template&icb={ICB}")
    visit.settled()
    page.get_by_role("button", name="Make the file").click()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download budget-template-qwo").click()
    path = folder / "filled in.xlsx"
    coming.value.save_as(path)
    fill_in(path, ledger)
    return path


def back_and_forward_keep_to_the_steps(visit: Visit) -> None:
    """One step back for each that was chosen, and forward again; the file stays."""
    page = visit.page
    for go, name in ((page.go_back, "Before and after"), (page.go_back, "Problems"), (page.go_forward, "Before and after"),
                     (page.go_forward, "Record")):  # fmt: skip
        go()
        visit.settled()
        at_step(page, name)


def test_a_file_that_was_brought_is_still_there_after_another_view_and_after_back(browser: Any, address: str) -> None:
    visit = Visit(browser, f"{address}/import-export")
    page = visit.page

    def view(name: str) -> None:
        page.get_by_role("radiogroup", name="What to do").get_by_text(name, exact=True).click()

    page.set_input_files(UPLOAD, {"name": "notes.csv", "mimeType": "text/csv", "buffer": b"nothing,at all\n"})
    page.get_by_text("Who pays could not be told").first.wait_for(timeout=SECONDS)
    visit.settled()
    view("Take files out")
    page.get_by_text("File to take out").first.wait_for(timeout=SECONDS)
    visit.settled()
    view("Bring a file in")
    page.get_by_text("One problem in notes.csv").wait_for(timeout=SECONDS)
    visit.settled()
    page.go_back()
    page.get_by_text("File to take out").first.wait_for(timeout=SECONDS)
    visit.settled()
    page.go_back()
    page.get_by_text("Who pays could not be told").first.wait_for(timeout=SECONDS)
    visit.settled()
    page.go_forward()
    page.get_by_text("File to take out").first.wait_for(timeout=SECONDS)
    assert visit.complaints() == []
    visit.close()


def test_the_finance_leads_path(browser: Any, address: str, ledger: Path, tmp_path: Path) -> None:
    """The template goes out, is filled in, and is recorded at the first try: nobody is asked who pays, or from what."""
    before = held(ledger)
    visit = Visit(browser, f"{address}/import-export")
    page = visit.page
    file = template_filled_in(visit, address, ledger, tmp_path)
    page.goto(f"{address}/import-export")
    visit.settled()
    page.set_input_files(UPLOAD, file)
    at_step(page, "Sheet and columns")
    sound(visit, "import-columns")
    page.get_by_role("button", name="Next: problems").click()
    page.get_by_text("None: every cell that counts was understood.").wait_for(timeout=SECONDS)
    page.get_by_role("button", name="Next: before and after").click()
    # What the ICB keeps of the two lines: £47,203,716.94 and £44,578,674.68.
    page.get_by_text("The first three tie, to the penny: £91,782,391.62.").wait_for(timeout=SECONDS)
    sound(visit, "import-totals")
    page.get_by_role("button", name="Next: record").click()
    page.get_by_label("Who posts it").wait_for(timeout=SECONDS)
    back_and_forward_keep_to_the_steps(visit)
    # What is loaded anew asks for the file, and opens where the reader was.
    page.reload()
    page.get_by_text("choose it again, and it opens where you were").wait_for(timeout=SECONDS)
    page.set_input_files(UPLOAD, file)
    at_step(page, "Record")
    page.get_by_label("Who posts it").fill("Finance lead")
    page.get_by_label("Why: recorded").fill("Agreed by the board on 4 June")
    page.get_by_role("button", name="Post £91.8 million").dblclick()
    page.get_by_text("The books have this file as entry").wait_for(timeout=SECONDS)
    sound(visit, "import-posted")
    after = held(ledger)
    moved = {key: pence - before.get(key, 0) for key, pence in after.items() if pence != before.get(key, 0)}
    assert sorted(moved.values()) == [4_457_867_468, 4_720_371_694]
    places_show_what_is_issued(visit, address, [after[key] for key in moved if key[1] == FUND])
    what_goes_out_is_what_the_command_writes(visit, address, ledger)
    # Undone, every balance is what it was.
    page.goto(f"{address}/import-export?view=undo")
    visit.settled()
    page.get_by_role("link", name="Entry", exact=False).first.click()
    page.get_by_text("What would be posted").first.wait_for(timeout=SECONDS)
    sound(visit, "import-undo")
    page.get_by_label("Who posts it").fill("Finance lead")
    page.get_by_label("Why it is undone").fill("The board took it back")
    page.get_by_role("button", name="Undo entry").click()
    page.get_by_text("It is undone already").wait_for(timeout=SECONDS)
    sound(visit, "import-undone")
    assert held(ledger) == before
    visit.close()


def test_the_keyboard_alone_brings_a_budget_in_with_the_focus_in_sight(
    browser: Any, address: str, ledger: Path, tmp_path: Path
) -> None:
    file, parts = budget(tmp_path / "by keyboard.xlsx", ledger)
    before = held(ledger)
    visit = Visit(browser, f"{address}/{ASKED}", width=375)
    page = visit.page

    def at(script: str, most: int = 80) -> None:
        assert visit.tab_to(script, most), script
        ringed = """e => { for (; e && e !== document.body; e = e.parentElement) {
            const style = getComputedStyle(e);
            if (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2) return true; } return false; }"""
        assert page.evaluate(f"({ringed})(document.activeElement)"), f"no ring around {script}"

    reach = "e.closest('[data-testid=stFileUploader]') && e.tagName === 'BUTTON'"
    at(reach)
    visit.choose(file, lambda: at(reach, 200))
    at_step(page, "Sheet and columns")
    for way in ("problems", "before and after", "record"):
        visit.settled()
        at(f"e.tagName === 'BUTTON' && e.textContent === 'Next: {way}'", 120)
        page.keyboard.press("Enter")
        at_step(page, way.capitalize())
    visit.settled()
    at("e.getAttribute('aria-label')?.startsWith('Who posts it')")
    page.keyboard.type("Finance lead")
    at("e.getAttribute('aria-label')?.startsWith('Why: recorded')", 3)
    page.keyboard.type("By keyboard")
    at("e.tagName === 'BUTTON' && e.textContent.startsWith('Post £47.2 million')", 3)
    page.keyboard.press("Enter")
    page.get_by_text("The books have this file as entry").wait_for(timeout=SECONDS)
    visit.settled()
    assert held(ledger)[min(parts), FUND, "available"] - before[min(parts), FUND, "available"] == parts[min(parts)]
    at("e.tagName === 'A' && e.textContent === 'Undo it'", 120)
    page.keyboard.press("Enter")
    page.get_by_text("What would be posted").first.wait_for(timeout=SECONDS)
    visit.settled()
    at("e.getAttribute('aria-label')?.startsWith('Who posts it')", 120)
    page.keyboard.type("Finance lead")
    at("e.getAttribute('aria-label')?.startsWith('Why it is undone')", 3)
    page.keyboard.type("A slip")
    page.keyboard.press("Enter")
    page.get_by_text("It is undone already").wait_for(timeout=SECONDS)
    assert held(ledger) == before
    visit.close()


def test_what_was_answered_and_the_step_stay_while_one_looks_at_another_view(
    browser: Any, address: str, ledger: Path, tmp_path: Path
) -> None:
    """A dash is answered with one click; after another view, and another page, the file is where it was."""
    held_back, (first, *others) = kept_back(ledger)
    rows = [(first, exact_pounds(held_back)), *((code, "-") for code in others), ("Total", exact_pounds(held_back))]
    table = [("What we kept back of community services, 2025/26",), (), ("Code", "Budget (£)"), *rows]
    dash = written(tmp_path / "dash.xlsx", table, sheet="Places")
    visit = Visit(browser, f"{address}/{ASKED}")
    page = visit.page
    page.set_input_files(UPLOAD, dash)
    at_step(page, "Problems")
    page.get_by_role("button", name="A dash means: Zero").click()
    page.get_by_text("3. Problems: none").wait_for(timeout=SECONDS)
    steps, views = (page.get_by_role("radiogroup", name=name) for name in ("Step of the import", "What to do"))
    for step in ("Sheet and columns", "Before and after"):
        steps.get_by_text(step).click()
        at_step(page, step)
        visit.settled()
        views.get_by_text("Undo what was brought in").click()
        page.get_by_role("heading", name="What was brought in").wait_for(timeout=SECONDS)
        visit.settled()
        if step == "Before and after":
            page.get_by_role("link", name="Start", exact=True).first.click()
            page.get_by_role("heading", name="What do you want to know?").wait_for(timeout=SECONDS)
            page.get_by_role("link", name="Import and export", exact=True).first.click()
            visit.settled()
        views.get_by_text("Bring a file in").click()
        page.get_by_text("Still here from before: dash.xlsx").wait_for(state="attached", timeout=SECONDS)
        visit.settled()
        at_step(page, step)
        page.get_by_text("3. Problems: none").wait_for(timeout=SECONDS)
    assert visit.complaints() == []
    visit.close()
