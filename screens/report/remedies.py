"""What the house says of a problem, in the words of the page: options of commands become the fields they are here."""

import re
from collections.abc import Sequence
from dataclasses import replace

from ledger.errors import Problem

UNIT, SHEETS, FUND, PAYER, STANDING = "Amounts are in", "Sheets to read", "Fund that pays", "Who pays", "Which of it"
DASH, ROUNDING, HIDDEN = "A dash means", "Amounts that are not whole pence", "Hidden rows and columns"
DUPLICATES, SHORT_YEAR = "Several rows for one organisation and fund", "FY26 means"
SUCCESSORS, REST, TOTAL = "Organisations that have closed", "What is not handed out", "What the file comes to (£)"
YEAR_OF_FILE, SHEET_OF_FILE, LIMIT = "Year of the file", "Sheet of the file", "NHS England's revenue limit (£)"
WHAT_IT_IS, COLUMNS, MAPPING = "What it is", "What each column holds", "A mapping that was saved"

_IN_APP = tuple(
    (re.compile(said), here)
    for said, here in (
        (r"name its sheet with --sheet", f"choose its sheet under '{SHEETS}'"),
        (r"Name those to read with --sheet, once for each", f"Choose those to read under '{SHEETS}'"),
        (r"Write --fund (\S+)\.", rf"Choose \1 under '{FUND}'."),
        (r"devolution reverse (\d+) --reason '\.\.\.'", r"entry \1, under 'Undo what was brought in'"),
        (r"Say it with --unit pounds, --unit thousands or --unit millions", f"Say it under '{UNIT}'"),
        (r"Say what the amounts are in: --unit pounds, --unit thousands or --unit millions",
         f"Say under '{UNIT}' what they are in"),
        (r"Say in a mapping which are amounts and which are ignored \(--save-mapping writes one to change\)",
         f"Say under '{COLUMNS}' which are amounts and which are ignored"),
        (r"work the mapping out anew with --save-mapping and without --mapping",
         f"take away the file under '{MAPPING}' and let the columns be worked out anew"),
        (r"or say in a mapping (where they stand|which column it is|what it is)", f"or say under '{COLUMNS}' \\1"),
        (r"allow it with --round penny", f"allow it under '{ROUNDING}'"),
        (r"say --hidden read or --hidden 'leave out'", f"say under '{HIDDEN}' whether they count"),
        (r"say --duplicates add", f"say so under '{DUPLICATES}'"),
        (r"Say what it comes to with --total", f"Say what it comes to under '{TOTAL}'"),
        (r"say with --leave-rest that", f"say under '{REST}' that"),
        (r"name that with --standing or --fund", f"choose that under '{STANDING}' or '{FUND}'"),
        (r"Say which, with --dash", f"Say which under '{DASH}'"),
        (r"confirm it once for the file with --short-year ends", f"confirm it under '{SHORT_YEAR}'"),
        (r", with --accept-successors", f": say so under '{SUCCESSORS}'"),
        (r"Give --fund, or", f"Choose the '{FUND}', or give"),
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
        for problem in problems
    ]


def in_app(text: str) -> str:
    """A sentence with the page's fields for a command's options."""
    for said, words in _IN_APP:
        text = said.sub(words, text)
    return text
