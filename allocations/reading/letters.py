"""Text by which names and headings are compared: one form for letters that look alike, and nothing invisible."""

import re
import unicodedata

_SPACES = re.compile(r"[\s\u00a0\u2000-\u200a\u202f\u205f]+")
_INVISIBLE = re.compile("[\u00ad\u180e\u200b-\u200f\u2060-\u2064\ufeff]+")


def spaced(text: str) -> str:
    """Text as it stands, with every kind of space single, none at the ends, and no invisible letters."""
    if text.isascii():
        return " ".join(text.split())
    return _SPACES.sub(" ", _INVISIBLE.sub("", text)).strip()


def tidy(text: str) -> str:
    """The same with compatibility letters in one form: for names and headings, never for amounts."""
    return spaced(text) if text.isascii() else spaced(unicodedata.normalize("NFKC", spaced(text)))


def folded(text: str) -> str:
    """Text by which names and headings are compared: tidy, and without regard to case."""
    return tidy(text).casefold()


def has_invisible(text: str) -> bool:
    """Whether letters stand in a text that nobody sees: two names that differ in these alone look the same."""
    return not text.isascii() and _INVISIBLE.search(text) is not None
