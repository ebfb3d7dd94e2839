"""What a text says that money is, where that is no budget of a whole year: a draft, spend, a bid, a quarter's.

Headings, titles and the names of sheets and files go through the same patterns. A heading speaks of its column; a
title speaks of everything below it, and gives way to a heading that calls its own column a budget.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from allocations.reading.letters import folded


class Purpose(NamedTuple):
    """What money is, if it is no budget of a whole year.

    Attributes:
        what: as a sentence says it: ``a draft``.
        of_budgets: whether a budget can be so too: a draft of a budget is called one, and is still not agreed.
        is_asked: whether its column may be a part of the money all the same, and is asked about; a report's columns
            beside its budget (variance, spend to date) go without asking.
    """

    what: str
    of_budgets: bool = False
    is_asked: bool = True


BUDGET = re.compile(
    r"\b(?:amounts?|budgets?|allocations?|allocated|value|funding|plan|planned|award|share|envelope|control total|"
    r"baseline|final|revised|approved|agreed)\b"
)
_BEYOND_DOUBT = re.compile(
    r"\b(?:budgets?|allocations?|allocated|funding|plans?|planned|award(?:ed|s)?|envelopes?|baseline|approved|agreed)\b"
)
CAPITAL, TO_DATE = "capital money", "money to date"
_WHOLE_YEAR = re.compile(r"\b(?:annual|full[- ]year|whole[- ]year|year|yearly|p\.?a\.?|per annum|total)\b")
_SETTLED = re.compile(r"\b(?:final|approved|agreed|signed[- ]off)\b")
_DENIED = re.compile(r"\bnot (?:yet )?(?:final|approved|agreed|signed[- ]off)\b")
_PURPOSES: tuple[tuple[str, Purpose], ...] = (
    (
        r"\bvar(?:iance|iation)?\b|\b(?:over|under)[ /-]*(?:under)?spends?\b|\bdiff(?:erence)?\b",
        Purpose("a variance", is_asked=False),
    ),
    (r"\bytd\b|\bto[- ]date\b|\bcumulative\b|\bso far\b", Purpose(TO_DATE, of_budgets=True, is_asked=False)),
    (
        r"\bforecast\b|\bfot\b|\boutturn\b|\bprojected\b|\bprojection\b",
        Purpose("a forecast", is_asked=False),
    ),
    (
        r"\bactuals?\b|\bspen[dt]\b|\bexpenditure\b|\bpaid\b|\binvoiced\b|\bcommit(?:ted|ments?)\b",
        Purpose("money spent", is_asked=False),
    ),
    (
        r"\bdraft\b|\bproposed\b|\bproposal\b|\bsuperseded\b",
        Purpose("a draft", of_budgets=True, is_asked=False),
    ),
    (
        r"\b(?:last|prior|previous)(?: financial)? (?:year|yr)(?:'s)?\b|\bpy\b",
        Purpose("last year's money", of_budgets=True, is_asked=False),
    ),
    (r"\bremaining\b|\buncommitted\b|\bbalance\b", Purpose("what is left", is_asked=False)),
    # What follows may be a part of what is handed out, and is asked about.
    (
        (
            r"\bindicative\b|\billustrative\b|\bnotional\b|\bprovisional\b|\bfor consultation\b|"
            r"\bnot (?:yet )?(?:approved|agreed|final|signed[- ]off)\b"
        ),
        Purpose("a draft", of_budgets=True),
    ),
    (
        r"\bwithdrawn\b|\bobsolete\b|\bdo not use\b|\bcancelled\b|\brejected\b|\breplaced by\b",
        Purpose("superseded", of_budgets=True),
    ),
    (r"\b(?:next|following) (?:year|yr)\b", Purpose("next year's money", of_budgets=True)),
    (r"\bbids?\b|\brequest(?:ed|s)?\b|\bapplied for\b|\bsubmitted\b", Purpose("what was asked for")),
    (
        r"\b(?:savings?|efficienc(?:y|ies)|cost improvement) (?:plan|target|programme)s?\b|\bcips?\b|\bqipp\b",
        Purpose("savings", of_budgets=True),
    ),
    (r"\bfair[- ]shares?\b|\btargets?\b|\bmodelled\b", Purpose("a target", of_budgets=True)),
    (r"\bslippage\b", Purpose("what is left")),
    (r"\binvoices?\b|\baccru(?:als?|ed)\b|\bprepay(?:ments?|aid)\b", Purpose("money spent")),
    (r"\bincome\b|\brecharges?\b|\breceipts?\b", Purpose("income", of_budgets=True)),
    (r"\bdeficits?\b|\bsurplus(?:es)?\b", Purpose("a surplus or deficit")),
    (r"\bcapital\b(?!.*\brevenue\b)|\bcapex\b", Purpose(CAPITAL, of_budgets=True)),
    (r"\bmax(?:imum)?\b|\bceilings?\b|\bup to\b(?! date)", Purpose("a limit", of_budgets=True)),
    (r"\brates?\b|\bprices?\b|\btariffs?\b|\bunit costs?\b", Purpose("a rate")),
    (
        (
            r"(?:\bper|/) ?(?:month|week|day|hour|quarter|session|claim|activity|point|visit|case|10{0,2},?000)\b|"
            r"\bpcm\b|\b(?:weekly|monthly|fortnightly|daily|hourly|quarterly)\b"
        ),
        Purpose("money of a part of a year", of_budgets=True),
    ),
    (
        r"\b(?:two|three|four|five|ten|multi|[2-9]|10)[- ]?(?:years?|yrs?)\b|\bwhole[- ]life\b|\blifetime\b",
        Purpose("money of several years", of_budgets=True),
    ),
)
# What it is unless it is called a budget too.
_CHANGES = re.compile(
    r"\bgrowth\b|\buplift\b|\b(?:in|de)crease\b|\bchange\b|\bmovement\b|\binflation\b|\bconvergence\b|"
    r"\bdistance\b|\bsavings?\b|\befficienc(?:y|ies)\b|\bcip\b|\badjustments?\b"
)
_CHANGE = Purpose("a change", is_asked=False)
PART_OF_YEAR = Purpose("money of a part of a year", of_budgets=True)
_PART_OF_YEAR = re.compile(
    r"\bq(?:uarter|tr)? ?[1-4]\b|\b(?:first|second|third|fourth|1st|2nd|3rd|4th) (?:quarter|half)\b|\bh[12]\b|"
    r"\b(?:m|mth|month|period) ?0?(?:[1-9]|1[0-2])\b|\bhalf[- ]year(?:ly)?\b|\b(?:6|six|9|nine|3|three)[- ]months?\b"
)
_PATTERNS = tuple((re.compile(pattern), purpose) for pattern, purpose in _PURPOSES)


@lru_cache(maxsize=2048)
def purpose_in(text: str, group: str = "") -> Purpose | None:
    """What a heading says that its column is, if that is no budget; ``group`` is what stands over it and others."""
    plain, over = folded(text), folded(group)
    for pattern, purpose in _PATTERNS:
        if pattern.search(plain) or pattern.search(over):
            return purpose
    if not BUDGET.search(plain) and _CHANGES.search(plain):
        return _CHANGE
    return PART_OF_YEAR if part_of_year_in(plain) and BUDGET.search(plain) else None


def part_of_year_in(text: str) -> bool:
    """Whether a text names a quarter, a half or a numbered month, and does not say that it means the whole year."""
    plain = folded(text)
    return _PART_OF_YEAR.search(plain) is not None and _WHOLE_YEAR.search(plain) is None


def purpose_of_title(title: str, headings: str) -> Purpose | None:
    """What a title, or the name of a sheet or file, says that the money below it is, if that is no budget.

    Args:
        headings: what stands over the columns of amounts, which say for themselves whether they are budgets.
    """
    plain, own = folded(title.replace("_", " ")), folded(headings)
    found = purpose_in(plain)
    if found is not None and found.what == "a draft" and _SETTLED.search(_DENIED.sub(" ", plain)):
        return None  # final, after a draft
    if found is not None and not found.of_budgets and (_BEYOND_DOUBT.search(own) or _BEYOND_DOUBT.search(plain)):
        return None
    if found in (None, PART_OF_YEAR) and part_of_year_in(plain):
        found = PART_OF_YEAR
    is_report = found is not None and found.what in (PART_OF_YEAR.what, TO_DATE)
    return None if is_report and _WHOLE_YEAR.search(own) else found
