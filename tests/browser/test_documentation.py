"""The documentation in a real browser, from the disk: no barrier, nothing asked outside, and a search that works."""

from pathlib import Path

from tests import documentation
from tests.browser.visits import chromium

PAGES = ("index.html", "README.html", "docs/guide.html", "commands.html", "docs/python.html",
         "docs/decisions/0001-one-ledger-of-entries.html", "search.html")  # fmt: skip


def test_pages_are_without_barriers_and_the_search_works_from_a_disk(tmp_path: Path) -> None:
    from axe_playwright_python.sync_playwright import Axe

    documentation.build(tmp_path)
    with chromium() as browser:
        page = browser.new_page()
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        for name in PAGES:
            page.goto((tmp_path / name).as_uri())
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], name
        page.get_by_label("What you look for").fill("publish folder")
        page.locator("#found a").first.wait_for()
        assert "found" in page.locator("#number").inner_text()
        page.locator("#found a", has_text="devolution publish").first.click()
        page.wait_for_url("**/commands.html#devolution-publish")
        assert [url for url in asked if not url.startswith("file:")] == []
