"""What a browser shows where there is little or nothing to show: quiet, accessible, narrow enough, and with a way on."""

from pathlib import Path
from typing import Any

import pytest

from tests.browser.reading import faults_of_reading
from tests.browser.visits import Visit, running
from tests.profiles import by_night
from tests.screens.states import made

# One app for each kind of ledger, and in it the pages that such a ledger makes different; without a browser every page
# is tried on every kind. The command opens no app on a ledger that it cannot read.
KINDS = {
    "none": ("", "places", "ring-fences", "audit?view=entries"),
    "empty": ("",),
    "national": ("national",),
    "one-icb": ("", "national?part=all"),
    "nothing-fenced": ("ring-fences", "places"),
}
WRONG = (
    "overview?icb=ZZ&since=x&year=1900",
    "places?icb=ZZ&to=x&places=own&own=rubbish",
    "ring-fences?icb=ZZ&show=x&packet=1",
    "bids?awards=99999",
    "national?icb=ZZ&icbs=x&tied=999&trend_of=ZZ&over=x&part=all",
    "national?icbs=2026-04-01&over=years&clock=then&part=all",
    "audit?view=made&tier=moon",
    "audit?view=entries&entry=99999",
)


def sound(visit: Visit) -> None:
    """Nothing that a reader could stumble over, wide or narrow, and nothing that left the machine."""
    visit.unfold()
    visit.drawn()
    assert visit.barriers() == []
    visit.fits(320)
    assert visit.page.locator("[data-testid=stException]").count() == 0
    assert visit.outside() == []
    assert visit.complaints() == []
    visit.close()


@pytest.mark.parametrize(
    "kind", ["none", "one-icb", *by_night(kind for kind in KINDS if kind not in ("none", "one-icb"))]
)
def test_every_page_is_sound_on_a_ledger_that_is(browser: Any, tmp_path: Path, kind: str) -> None:
    with running(made(kind, tmp_path)) as address:
        for page in KINDS[kind]:
            sound(Visit(browser, f"{address}/{page}"))


@pytest.mark.parametrize("wrong", [WRONG[::2], *by_night([(WRONG[1::2],)])], ids=["day", "night"])
def test_every_page_is_sound_at_an_address_that_names_nothing(
    browser: Any, demo_ledger: Path, wrong: tuple[str, ...]
) -> None:
    with running(demo_ledger) as address:
        for page in wrong:
            visit = Visit(browser, f"{address}/{page}")
            assert faults_of_reading(visit.page) == []
            sound(visit)
