"""Which characters a text of the books may hold, and when two names are one.

A text may hold nothing that cannot be seen or that changes how its neighbours are shown. A name by which rights are
given, and a code by which money is found, is held to more: it is written in Latin letters, digits and ordinary
signs, so that no letter of another script passes for one of them, and names that differ in case alone are one name.
"""

import re
import unicodedata
from collections.abc import Sequence
from string import ascii_uppercase

# What shows nothing, from and to: control, formatting (zero-width and bidirectional among them), surrogate and private
# characters, and the separators of lines and paragraphs, as Unicode 15.1 has them; what it keeps for such and has not
# given out, for programs show nothing there either, and what will never be a character; and letters, marks and signs
# that it calls visible: the grapheme joiner, fillers, the empty Braille pattern, the selectors of variants. Written
# out, so that programs with a newer or an older Unicode say the same of a text, and of what a server holds.
_UNSEEN = (
    (0x00, 0x1F), (0x7F, 0x9F), (0xAD, 0xAD), (0x34F, 0x34F), (0x600, 0x605), (0x61C, 0x61C), (0x6DD, 0x6DD),
    (0x70F, 0x70F), (0x890, 0x891), (0x8E2, 0x8E2), (0x115F, 0x1160), (0x17B4, 0x17B5), (0x180B, 0x180F),
    (0x200B, 0x200F), (0x2028, 0x202E), (0x2060, 0x206F), (0x2800, 0x2800), (0x3164, 0x3164), (0xD800, 0xF8FF),
    (0xFDD0, 0xFDEF), (0xFE00, 0xFE0F), (0xFEFF, 0xFEFF), (0xFFA0, 0xFFA0), (0xFFF0, 0xFFFB), (0xFFFE, 0xFFFF),
    (0x110BD, 0x110BD), (0x110CD, 0x110CD), (0x13430, 0x1343F), (0x16FE4, 0x16FE4), (0x1BCA0, 0x1BCA3),
    (0x1D159, 0x1D159), (0x1D173, 0x1D17A),
    *((plane + 0xFFFE, plane + 0xFFFF) for plane in range(0x10000, 0xE0000, 0x10000)),
    (0xE0000, 0x10FFFF),
)  # fmt: skip
_SHOWS_NOTHING = re.compile(f"[{''.join(f'{chr(first)}-{chr(last)}' for first, last in _UNSEEN)}]")

# The letters with marks that European languages write: Latin-1, Latin Extended-A, and the Romanian S and T.
_LETTERS = "".join(
    chr(code)
    for code in (*range(0x00C0, 0x0180), *range(0x0218, 0x021C))
    if code not in (0x00D7, 0x00F7) and unicodedata.normalize("NFKC", chr(code)) == chr(code)
)
_NAME = re.compile(rf"[!-~{_LETTERS}]+(?: [!-~{_LETTERS}]+)*")
_PLAIN = "".join(map(chr, range(ord("!"), ord("~") + 1)))
# Capital to small, one for those of which two look alike, and the plain space for every other.
_TWINS = dict(zip("ıİÐðȘșȚț", "iiđđşşţţ", strict=True))
_SPACES = "\u00a0\u1680\u202f\u205f\u3000" + "".join(map(chr, range(0x2000, 0x200B)))
# Quotation marks, hyphens and dashes of a word processor.
_TYPESET = {0x2018: "'", 0x2019: "'", 0x201C: '"', 0x201D: '"', **dict.fromkeys(range(0x2010, 0x2016), "-")}
_FOLDING = {letter: letter.lower() for letter in ascii_uppercase + _LETTERS if letter.lower() != letter}
_FOLDING |= _TWINS | dict.fromkeys(_SPACES, " ")
_FROM, _TO = "".join(_FOLDING), "".join(_FOLDING.values())
_TO_SMALL = str.maketrans(_FROM, _TO)
# How one name is told from another, as SQL that both databases understand; ``{0}`` is the name. Letter by letter,
# because what a database takes for small depends on its locale; plain names, which nearly all are, the short way.
FOLDED = f"""trim(CASE WHEN bit_length({{0}}) = 8 * length({{0}}) THEN lower({{0}} COLLATE "C")
    ELSE translate({{0}}, '{_FROM}', '{_TO}') END)"""
_PLAIN_IN_SQL = f" {_PLAIN}".replace("'", "''").replace("{", "{{").replace("}", "}}")
# Whether a name is written as ``is_name`` wants it, in the same way. Most names are codes, and of these a pattern
# says so in a tenth of the time; plain names go the short way again.
IS_NAME = f"""CASE WHEN {{0}} SIMILAR TO '[A-Za-z0-9-]+' THEN true ELSE {{0}} <> '' AND {{0}} NOT LIKE ' %'
    AND {{0}} NOT LIKE '% ' AND {{0}} NOT LIKE '%  %'
    AND CASE WHEN bit_length({{0}}) = 8 * length({{0}}) THEN translate({{0}}, '{_PLAIN_IN_SQL}', '')
        ELSE translate({{0}}, '{_PLAIN_IN_SQL}{_LETTERS}', '') END = '' END"""
# Whether a text holds nothing but spaces of whatever width, as SQL; ``{0}`` is the text. Spaces name nobody, and the
# two databases differ in what they trim.
IS_BLANK = f"translate({{0}}, ' {_SPACES}', '') = ''"


def normalise(text: str) -> str:
    """Unicode NFC, so that the same name typed on two keyboards is the same."""
    return unicodedata.normalize("NFC", text)


def unseen(text: str) -> list[str]:
    """The characters of a text that cannot be seen or that change how others are shown, as ``U+202E``."""
    if text.isascii() and text.isprintable():
        return []
    return [f"U+{ord(letter):04X}" for letter in _SHOWS_NOTHING.findall(text)]


def spelt_out(text: str) -> str:
    """A text that can be printed: what cannot be seen in it is named, as ``<U+202E>``."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(f"<{name}>" if (name := "".join(unseen(letter))) else letter for letter in text)


def unseen_ranges() -> Sequence[tuple[int, int]]:
    """The code points that ``unseen`` finds, as ranges from and to, for a database that has to find them itself."""
    return _UNSEEN


def is_name(text: str) -> bool:
    """Whether a person's name or a code is written so that it cannot be taken for another.

    Latin letters, digits and ordinary signs, with single spaces between words and none around them.
    """
    return bool(_NAME.fullmatch(text))


def plain(text: str) -> str:
    """A text with the plain signs for those that a word processor sets: quotes, dashes and spaces."""
    return " ".join(text.translate(_TYPESET).split())


def strange(name: str) -> list[str]:
    """The characters of a name that it may not hold, each with what Unicode calls it; empty where none is."""
    found = [letter for letter in dict.fromkeys(name) if letter != " " and not _NAME.fullmatch(letter)]
    return [f"U+{ord(letter):04X} ({unicodedata.name(letter, 'without a name')})" for letter in found]


def folded(name: str) -> str:
    """What all spellings of one name have in common: the same letters, whatever their case. As ``FOLDED``."""
    return name.translate(_TO_SMALL).strip(" ")
