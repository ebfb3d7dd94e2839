"""Text that cannot do harm: a name from somebody's file must never become a formula, a link or broken XML.

In a workbook only a formula cell calculates, so every text is written as text and nothing is changed. A CSV
file has no kinds of cells: Excel calculates whatever begins like a formula. There, and only for texts, an
apostrophe goes in front; numbers, negative money among them, stay as they are.
"""

import re
from decimal import Decimal

# For XlsxWriter, which otherwise turns what looks like a formula, a link or a number into one.
WORKBOOK_OPTIONS = {
    "strings_to_formulas": False,
    "strings_to_urls": False,
    "strings_to_numbers": False,
}

_TRIGGERS = ("=", "+", "-", "@", "\t", "\r", "\n")
_APOSTROPHE = "'"
_LINK = re.compile(r"\]\(")
_WILD = re.compile(r"([~*?])")
_SPEAKING = re.compile(r"[A-Za-z0-9]")


def csv_cell(value: object) -> str:
    """A value as a cell of a CSV file, empty where there is none: a decimal in full, a text as ``csv_text`` has it."""
    if isinstance(value, str):
        return csv_text(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else f"{value:f}" if isinstance(value, Decimal) else str(value)


def csv_text(text: str) -> str:
    """A text as it may stand in a CSV file: with an apostrophe in front where a spreadsheet would calculate it.

    A text that begins with an apostrophe of its own gets one more, so that ``csv_text_back`` gives every text
    back as it was.
    """
    return _APOSTROPHE + text if text.startswith((*_TRIGGERS, _APOSTROPHE)) else text


def csv_text_back(text: str) -> str:
    """The text that ``csv_text`` was given."""
    return text.removeprefix(_APOSTROPHE)


def published_text(text: str) -> str:
    """A text for gptables, which reads ``[words](address)`` as a link and ``$$name$$`` as a note.

    A space takes the meaning away. A text without a letter or a digit, which a screen reader would pass over in
    silence, is introduced by words.
    """
    plain = _LINK.sub("] (", text).replace("$$", "$ $")
    return plain if _SPEAKING.search(plain) else f"named {plain}"


def criterion(text: str) -> str:
    """A text as a criterion of SUMIFS that matches itself alone: wildcards and comparisons are taken literally."""
    return "=" + _WILD.sub(r"~\1", text)
