"""What the house says of a problem, in the words of the page: options of commands become the fields they are here."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ledger.errors import Problem
from screens.report.wording import PAGE

YEAR_OF_FILE, SHEET_OF_FILE, LIMIT = "Year of the file", "Sheet of the file", "NHS England's revenue limit (£)"
WHAT_IT_IS, FUND, PAYER = "What it is", "Fund that pays", "Who pays"

_IN_APP = tuple(
    (re.compile(said), here)
    for said, here in (
        (r"Say (which|it) with --year, as --year (\S+)\.", rf"Say \1 under '{YEAR_OF_FILE}', as \2."),
        (r"Leave out --year", f"Leave '{YEAR_OF_FILE}' empty"),
        (r"\('--year'\)", f"('{YEAR_OF_FILE}')"),
        (r"Give it with --limit, as --limit ([^;]+)", rf"Give it under '{LIMIT}', as \1"),
        (r"Say which with --sheet", f"Say which under '{SHEET_OF_FILE}'"),
        (r"Import (it )?into a new ledger: --ledger NEW\.duckdb",
         "Bring it into another ledger: open the app on one with 'devolution app', or use 'devolution import' there"),
        (r"Import it with 'devolution import structure'", f"Choose the mergers of ICBs under '{WHAT_IT_IS}'"),
        (r"See 'devolution proposal list'", "Those that are for you to see are in the list"),
        (r"Export the position without --organisation", "Export the position of all organisations"),
    )
)  # fmt: skip
_PLACES = {"--fund": FUND, "--icb": PAYER, "--from": PAYER, "--limit": LIMIT, "--year": "Year", "--by": "Weighting",
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
