"""The pages of a publication in a real browser, from the disk: no barrier, nothing asked outside, no sideways scroll."""

from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe

PAGES = ("index.html", "2025-26/index.html", "2025-26/icb/QWO.html", "2025-26/place/QWO-E08000035.html",
         "2025-26/network/U41591.html", "about.html", "check.html", "data.html", "what-if/index.html",
         "what-if/end-of-nhs-england.html")  # fmt: skip

# The height in pixels of the smallest text that is drawn.
_LEAST_TEXT = (
    "Math.min(99, ...[...document.querySelectorAll('svg text')].map(one => one.getBoundingClientRect().height))"
)


def test_every_kind_of_page_is_without_barriers_and_asks_nobody(browser: Any, of_the_demo: Path) -> None:
    page = browser.new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for name in PAGES:
        page.set_viewport_size({"width": 1280, "height": 900})
        page.goto((of_the_demo / name).as_uri())
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in found] == [], name
        page.set_viewport_size({"width": 375, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth") <= 375, name
        on_a_phone = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"]) for one in on_a_phone] == [], name
        assert page.evaluate(_LEAST_TEXT) >= 10, name
    assert [url for url in asked if not url.startswith("file:")] == []
    page.close()
