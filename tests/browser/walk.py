"""A path through the app, step by step: after each the browser's Back, Forward and loading anew show what was there."""

import difflib
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.browser.visits import Hands, Visit
from tests.profiles import PROFILE, by_night

MOUSE, KEYBOARD = "mouse", "keyboard"
# By day one pair of ways, which has both of them and both widths; by night every way.
WAYS = [(MOUSE, 1280), (KEYBOARD, 375), *by_night([(MOUSE, 375), (KEYBOARD, 1280)])]
_SECONDS = 60
# What the page says, and where what can be chosen stands. The day's clock goes on, whatever is done.
_SEEN = """() => {
    const main = document.querySelector('[data-testid=stMain]');
    const stands = [...main.querySelectorAll('input')].filter(one => !['file', 'text'].includes(one.type)
        || one.getAttribute('role') === 'combobox').map(one => ['radio', 'checkbox'].includes(one.type)
        ? `${one.closest('label')?.textContent} ${one.checked}` : `${one.getAttribute('aria-label')} ${one.value}`);
    const copy = main.cloneNode(true);
    copy.querySelectorAll('style, script, iframe, [role=tooltip], [data-testid=stElementToolbar], [aria-live]')
        .forEach(one => one.remove());
    copy.querySelectorAll('p, li, td, th, h1, h2, h3, h4, summary, label, option, text, button, a, div')
        .forEach(one => one.append('\\n'));
    return [document.title, ...stands, ...copy.textContent.split('\\n')];
}"""


class Walk:
    """Somebody's way through the app, with a mouse or with the keyboard alone.

    After each step the way back, forward and loading anew are tried: by the mouse always, by the keyboard at night.
    """

    def __init__(self, browser: Any, address: str, kind: str, width: int) -> None:
        self.visit = Visit(browser, address, width)
        self.page = self.visit.page
        self.hands = Hands(self.visit, kind)
        self._looks_back = kind == MOUSE or PROFILE == "nightly"
        self._steps = [self._here()]

    def look(self) -> None:
        """See what became of the page without a step, such as that something was made or unfolded on it."""
        self.visit.settled()
        self._steps[-1] = self._here()

    def step(self, shown: str, *, anew: Callable[[], None] | None = None, left: str = "") -> None:
        """A step leads where it should, and back, forward and loading anew keep to it.

        Args:
            shown: words of the page to which it leads.
            anew: does again what a page that is loaded anew asks for, such as to choose a file.
            left: words of the page before, where it no longer says what was done on it, and begins anew.
        """
        before = self._steps[-1]
        self._shows(shown)
        here = self._settled(lambda here: here.address != before.address, f"'{shown}' is no step")
        if self._looks_back:
            self.page.go_back()
            if left:
                self._settled(lambda now: now.address == before.address, "one step back")
                self._shows(left)
            else:
                self._settled(before.is_same, "one step back")
            self.page.go_forward()
            self._settled(here.is_same, "forward again")
            self._anew(anew)
            self._settled(here.is_same, "loaded anew")
        self._steps.append(here)

    def stays(self, shown: str, *, again: str = "", anew: Callable[[], None] | None = None) -> None:
        """Something was done that leads nowhere else, and going back, forward and loading anew neither lose it nor do
        it again.

        Args:
            shown: words that say what was done.
            again: words of the page that is loaded anew, where it no longer says that it was done just now.
            anew: as for a step.
        """
        self._shows(shown)
        here = self._here()
        if self._looks_back and len(self._steps) > 1:
            self.page.go_back()
            self._settled(lambda now: now.address == self._steps[-2].address, "one step back")
            self.page.go_forward()
            self._settled(lambda now: now.address == here.address, "forward again")
            self._anew(anew)
            self._shows(again or shown)
        self.look()

    def back(self) -> None:
        """Go back to the step before, whatever was posted since."""
        self.page.go_back()
        self._steps.pop()
        self._settled(lambda here: here.address == self._steps[-1].address, "one step back")
        self.look()

    def end(self) -> None:
        """Leave, with nothing to complain of."""
        assert self.visit.outside() == []
        assert self.visit.complaints() == []
        self.visit.close()

    def _shows(self, words: str) -> None:
        self.page.get_by_text(words).first.wait_for(timeout=_SECONDS * 1000)
        self.visit.settled()

    def _anew(self, anew: Callable[[], None] | None) -> None:
        self.page.reload()
        self.visit.settled()
        if anew is not None:
            anew()

    def _here(self) -> "Seen":
        address = frozenset(self.page.url.replace("?", "&").split("&"))
        told = (re.sub(r"as known at .* UTC", "", " ".join(line.split())) for line in self.page.evaluate(_SEEN))
        return Seen(address, tuple(line for line in told if line))

    def _settled(self, is_so: Callable[["Seen"], bool], told: str) -> "Seen":
        """Wait until the page is as it should be.

        Raises:
            AssertionError: it does not become so; with what has changed of the step before.
        """
        limit = time.monotonic() + _SECONDS
        while True:
            self.visit.settled()
            here = self._here()
            if is_so(here):
                return here
            if time.monotonic() > limit:
                break
            self.page.wait_for_timeout(100)
        raise AssertionError(f"{told}: {is_so.__self__.apart(here) if hasattr(is_so, '__self__') else here.address}")


@dataclass(frozen=True)
class Seen:
    """What a page is: its address, whatever the order, and all that it says, choices included."""

    address: frozenset[str]
    told: tuple[str, ...]

    def is_same(self, other: "Seen") -> bool:
        """Whether another is the same page, showing the same."""
        return self == other

    def apart(self, other: "Seen") -> str:
        """In what another differs."""
        lines = [f"{sorted(self.address ^ other.address)}"]
        lines += difflib.unified_diff(self.told, other.told, "was", "is", lineterm="", n=0)
        return "\n".join(lines[:40])
