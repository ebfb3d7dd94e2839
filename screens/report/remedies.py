"""What the house says of a problem, in the words of the page: options of commands become the fields they are here."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ledger.errors import Problem
from screens.report.wording import PAGE

FUND, PAYER = "Fund that pays", "Who pays"

_IN_APP = tuple(
    (re.compile(said), here)
    for said, here in (
        (r"See 'devolution proposal list'", "Those that are for you to see are in the list"),
    )
)  # fmt: skip
_PLACES = {"--fund": FUND, "--icb": PAYER, "--from": PAYER, "--year": "Year", "--by": "Weighting",
           "--amount": "Amount", "--organisation": "Organisation", "--known-at": "As known at"}  # fmt: skip


def here(problems: Sequence[Problem]) -> list[Problem]:
    """Problems whose places and remedies name the fields of the page instead of a command's options."""
    return [
        replace(
            problem,
            where=_PLACES.get(problem.where, problem.where),
            found=in_app(problem.found),
            fix=in_app(problem.fix),
        )
        for problem in PAGE.problems(problems)
    ]


def in_app(text: str) -> str:
    """A sentence with the page's fields for a command's options."""
    for said, words in _IN_APP:
        text = said.sub(words, text)
    return text
