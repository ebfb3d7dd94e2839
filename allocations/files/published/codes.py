"""The shapes of the codes of the Organisation Data Service, and names made alike."""

import re

from allocations.files.published.headings import folded

_ICB = re.compile(r"Q[A-Z0-9]{2}|[A-Z]\d[A-Z]\d[A-Z]")
_SUB_ICB = re.compile(r"\d{2}[A-Z]|[A-Z]\d[A-Z]\d[A-Z]")
_REGION = re.compile(r"Y\d{2}")
_PRACTICE = re.compile(r"[A-Z]\d{5}")
_PCN = re.compile(r"U\d{5}")
_NOT_YET = re.compile(r"\btbc\b|\bto be confirmed\b|\[anana\]|^\[?tbd\]?$", re.IGNORECASE)

NOT_ALLOCATED = "U"  # in the column of PCN codes: the practice is in no network


def code(text: str) -> str:
    """A code as it is written: capitals, without spaces around it."""
    return text.strip().upper()


def is_icb(text: str) -> bool:
    """Whether it has the shape of an ICB's code: ``QWO``, or ``D7T5G`` since April 2026."""
    return bool(_ICB.fullmatch(text))


def is_sub_icb(text: str) -> bool:
    """Whether it has the shape of a sub-ICB location's code: ``16C`` or ``D4U1Y``."""
    return bool(_SUB_ICB.fullmatch(text))


def is_region(text: str) -> bool:
    """Whether it has the shape of a region's code: ``Y63``."""
    return bool(_REGION.fullmatch(text))


def is_practice(text: str) -> bool:
    """Whether it has the shape of a practice's code: ``A81001``."""
    return bool(_PRACTICE.fullmatch(text))


def is_pcn(text: str) -> bool:
    """Whether it has the shape of a primary care network's code: ``U89141``."""
    return bool(_PCN.fullmatch(text))


def not_yet(text: str) -> bool:
    """Whether the text says that a code is still to be confirmed."""
    return bool(_NOT_YET.search(text))


def plain_name(text: str) -> str:
    """An organisation's name without case, ``NHS``, kind and punctuation, so that two spellings can be compared."""
    name = folded(text).replace("integrated care board", " ").replace(",", " ")
    name = re.sub(r"\bicb\b|\bnhs\b|\bthe\b", " ", name)
    return " ".join(name.split())


def is_whole(text: str) -> bool:
    """Whether it stands for the whole country rather than an organisation: ``Total``, ``ENGLAND``, ``NHS England``."""
    return folded(text) in {"total", "england", "england total", "grand total", "nhs england", "all", "total england"}
