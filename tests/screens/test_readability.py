"""Pages are read by somebody who is no expert: how hard their sentences are, with a limit."""

import re
from pathlib import Path

import pytest

from screens.report.glossary import TERMS
from tests.screens.every_page import NAMES, Piece, made

SAID = ("markdown", "text", "info", "success", "warning", "caption", "html")
LEAST_WORDS = 8
# A grade of 7 is read at 12 to 13 years, of 9 at 14 to 15: a page as a whole, and the hardest paragraph on it.
MOST_OF_A_PAGE, MOST_OF_A_PARAGRAPH = 7, 9
# In the words of the Open Government Licence, and of no one else.
_OF_THE_LICENCE = "Contains public sector information licensed under the Open Government Licence v3.0."
_VOWELS = re.compile(r"[aeiouy]+")
_KNOWN = frozenset(word.casefold() for term in TERMS for word in re.findall(r"[A-Za-z]+", term))


def syllables(word: str) -> int:
    """How many syllables a word has: its groups of vowels, but for a silent e at its end and in -ed.

    A figure, a name, which begins with a capital, and a word of the glossary count as one: who reads this knows them,
    or finds them explained.
    """
    plain = word.strip("'").removesuffix("'s")
    small = plain.casefold()
    if not plain.isalpha() or not plain.islower() or small in _KNOWN or small.removesuffix("s") in _KNOWN:
        return 1
    silent = (small.endswith("e") and not small.endswith("le")) or re.search(r"[^td]ed$", small) is not None
    return max(1, len(_VOWELS.findall(small)) - silent)


def sentences(text: str) -> list[list[str]]:
    """The sentences of a text of at least eight words, as their words; shorter ones are labels and asides."""
    text = re.sub("</(p|li|span|strong|a|h[1-6])>", "\n", text)
    plain = re.sub(r"<[^>]+>|[*_`]|\(https?[^)]*\)", " ", text.replace(_OF_THE_LICENCE, ""))
    found = [re.findall(r"[£]?[\w'/.,-]*\w", one) for one in re.split(r"(?<=[.?!])\s+|\n+", plain)]
    # The first word of a sentence is no name because of its capital.
    return [[_uncapital(words[0]), *words[1:]] for words in found if len(words) >= LEAST_WORDS]


def _uncapital(word: str) -> str:
    return word.lower() if word.istitle() else word


def grade(read: list[list[str]]) -> float:
    """The Flesch-Kincaid grade of some sentences: the year of school that they ask for, from 6 (11 years old) on.

    0.39 words a sentence + 11.8 syllables a word - 15.59: J. P. Kincaid and others, Derivation of New Readability
    Formulas for Navy Enlisted Personnel, Research Branch Report 8-75, 1975.
    """
    words = [word for one in read for word in one]
    return 0.39 * len(words) / len(read) + 11.8 * sum(map(syllables, words)) / len(words) - 15.59


def prose(name: str, ledger: Path) -> list[Piece]:
    """What a page says in sentences, but for what is folded away for analysts."""
    return [
        piece for piece in made(name, ledger).of(*SAID)
        if not any(fold.startswith("For analysts") for fold in piece.folds)
        and not re.search("<(table|style|script)", piece.text) and sentences(piece.text)
    ]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_a_page_is_read_at_twelve_to_thirteen_and_no_paragraph_asks_for_more_than_fifteen(
    demo_ledger: Path, name: str
) -> None:
    read = {piece.text: sentences(piece.text) for piece in prose(name, demo_ledger)}
    assert {text: round(grade(its), 1) for text, its in read.items() if grade(its) > MOST_OF_A_PARAGRAPH} == {}
    assert grade([words for its in read.values() for words in its]) <= MOST_OF_A_PAGE


def test_the_grade_is_that_of_the_formula() -> None:
    """By hand: of two sentences of eight words one has a syllable a word, and one two; NHS, £4 and a pot count as one."""
    told = "The NHS gave the pot £4 million more. Short it is. **Practices** of some regions report every single pound."
    assert sentences(told) == [
        ["the", "NHS", "gave", "the", "pot", "£4", "million", "more"],
        ["practices", "of", "some", "regions", "report", "every", "single", "pound"],
    ]
    assert [syllables(word) for word in ("gave", "million", "purpose", "asked", "wanted", "table", "the")] == [
        1, 2, 2, 1, 2, 2, 1,
    ]  # fmt: skip
    assert grade([["a"] * 8, ["million"] * 8]) == pytest.approx(0.39 * 8 + 11.8 * 1.5 - 15.59)
