"""Ways in which a figure is used wrongly, as words that betray them: looked for in whatever the product says.

Each has an example that it must find, so that none of them looks for nothing. What only other figures can show, such as
whether money of contracts was counted as kept, is asked in ``tests/test_sentences.py``.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape


@dataclass(frozen=True)
class Temptation:
    """One wrong way to use a figure.

    Attributes:
        why: why it is wrong.
        found: the words of a text that betray it; none where the text is well.
        example: a text that betrays it.
    """

    why: str
    found: Callable[[str], list[str]]
    example: str


def _sentences(text: str) -> Iterator[str]:
    yield from re.split(r"[.;]\s|\n", text)


def _in_a_sentence(*patterns: str) -> Callable[[str], list[str]]:
    """Sentences in which all of some patterns are found."""
    return lambda text: [one for one in _sentences(text) if all(re.search(pattern, one) for pattern in patterns)]


def _without(words: str, *beside: str) -> Callable[[str], list[str]]:
    """The words, where the text holds none of those that have to stand beside them."""
    return lambda text: [] if any(one in text for one in beside) else re.findall(words, text)


TEMPTATIONS = {
    "the nation as one holder": Temptation(
        "forty-two pots of £446,000 look like one of £19 million",
        _without(r"[Ee]ffective number of pots", "payer", "receiver", "median ICB", "Seen by"),
        "England: effective number of pots 2.97.",
    ),
    "a default of ours as a finding": Temptation(
        "a day of notice that nobody knows tells nothing of the year",
        _in_a_sentence(r"100(\.0)?% .*(known|notified|announced) before|(known|[Nn]otified) before[^:]*: 100"),
        "100% of the money was known before the year.",
    ),
    "a share of what little is known": Temptation(
        "of £122.5 billion in 2023/24 the day of notice is known for £18.7 million, and all of that came in the year",
        _without(r"(?:Notified in the year|notified in the year)[^\n%]{0,40}100\.0%", "s known", "ot known"),
        "All ICBs together, notified in the year: 100.0%.",
    ),
    "recurrent as certain": Temptation(
        "recurrence is no promise",
        _in_a_sentence(r"\b(certain for|guaranteed|secured for|promised)\b", r"\brecurrent\b"),
        "This money is recurrent and so is certain for three years.",
    ),
    "one grade as the headline": Temptation(
        "graded soft, the general allocation takes local and free from a fifth to half a percent",
        _without(r"(?:Local and free|local and free|Ring-fenced, soft included)[^\n]{0,40}\d+\.\d%", "strict"),
        "22.1% is free: Local and free 22.1%.",
    ),
    "a formula weight as a budget": Temptation(
        "nobody has a budget for health inequalities of £9.2 billion",
        _in_a_sentence(r"[Hh]ealth inequalit\w+[^\n]{0,60}£(8|9)(\.\d)? billion"),
        "Health inequalities have £9.2 billion.",
    ),
    "one draw's winners": Temptation(
        "who wins in one draw is luck",
        _in_a_sentence(r"\b(winners? (is|are|will be)|wins the|won the|will win)\b", r"NHS [A-Z]|\bQ[A-Z0-9]{2}\b"),
        "NHS Dorset ICB wins the pot.",
    ),
    "a segment by name": Temptation(
        "how many systems were in each segment is published, and which is not",
        _in_a_sentence(r"NHS [A-Z][\w ,&-]+ ICB|\bQ[A-Z0-9]{2}\b", r"\b[Ss]egment \d"),
        "NHS Dorset ICB is in segment 1.",
    ),
}  # fmt: skip
# Said where a system's total changes, and nowhere else.
GAINS = re.compile(r"\b(gains?|loses?) (£|most|least)|\bgain and \d+ lose\b")


def plain(page: str) -> str:
    """What a page in HTML says, a line for each of its elements."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.DOTALL)
    # What is emphasised within a sentence does not end it.
    return unescape(re.sub(r"<[^>]+>", "\n", re.sub(r"</?(strong|em|b|i|a|span|code|abbr)\b[^>]*>", "", page)))


def betrayed(text: str) -> dict[str, list[str]]:
    """The temptations that a text gives in to, with the words that betray it."""
    return {name: words for name, one in TEMPTATIONS.items() if (words := one.found(text))}
