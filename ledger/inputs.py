"""What people give and do, by name: so that a sentence can speak of it and know no option, command or page.

A room that finds a problem knows what is amiss, and not how it was asked: on the command line, on a page, by a
program. Its sentences carry marks, as ``Say it ⟨by unit⟩, or in the heading.`` Each front door has one table from
these names to its own words, and puts them in when the problem is shown.
"""

import re
from enum import StrEnum
from typing import Protocol


class Input(StrEnum):
    """What a question or a decision is given."""

    # Of a budget that is brought in.
    COLUMNS = "columns"
    DASH = "dash"
    DUPLICATES = "duplicates"
    FUND = "fund"
    HIDDEN = "hidden"
    MAPPING = "mapping"
    OTHER_YEAR = "other_year"
    PAYER = "payer"
    PURPOSE = "purpose"
    REST = "rest"
    ROUNDING = "rounding"
    RUNNING = "running"
    SHEETS = "sheets"
    SHORT_YEAR = "short_year"
    STANDING = "standing"
    SUCCESSORS = "successors"
    TOTAL = "total"
    TOTAL_ROUNDED_TO = "total_rounded_to"
    UNIT = "unit"

    # Of a published file that is brought in.
    REVENUE_LIMIT = "revenue_limit"
    SHEET_OF_FILE = "sheet_of_file"
    YEAR_OF_FILE = "year_of_file"

    # Of the money, the day and the books that are asked about.
    AMOUNT = "amount"
    BOUNDARIES = "boundaries"
    COUNTS = "counts"
    DATE = "date"
    DRY_RUN = "dry_run"
    FIGURES = "figures"
    FLOOR = "floor"
    HISTORIC = "historic"
    HOLDER = "holder"
    ICB = "icb"
    KNOWN_AT = "known_at"
    KNOWN_ON = "known_on"
    LEDGER = "ledger"
    LEVEL = "level"
    LINE = "line"
    MAXIMUMS = "maximums"
    MERGE = "merge"
    MISSING = "missing"
    ORGANISATION = "organisation"
    PLACES = "places"
    PEERS_OF = "peers_of"
    POSTS = "posts"
    REGION = "region"
    SUMMED_BY = "summed_by"
    UNDERSPENDS = "underspends"
    WEIGHTING = "weighting"
    WHOLE_UNIT = "whole_unit"
    YEAR = "year"

    # Of a decision, and of who may take it.
    ACTOR = "actor"
    ALONE = "alone"
    AUTHORITY = "authority"
    PERIOD = "period"
    PROPOSE = "propose"
    ROLE_LIMIT = "role_limit"
    UNTIL = "until"

    @property
    def named(self) -> str:
        """A mark for its name."""
        return f"⟨name {self.value}⟩"

    @property
    def given(self) -> str:
        """A mark for the way in which it is given."""
        return f"⟨by {self.value}⟩"

    def set_to(self, value: object) -> str:
        """A mark for it with this value."""
        return f"⟨set {self.value} {value}⟩"


class Action(StrEnum):
    """What a sentence may send somebody to do."""

    ALLOCATE = "allocate"
    ANOTHER_LEDGER = "another_ledger"
    APPROVE = "approve"
    CARRY_FORWARD = "carry_forward"
    COPY = "copy"
    DEMO = "demo"
    DEMO_AT = "demo_at"
    DEMO_WITH_TERMS = "demo_with_terms"
    EVERYBODY = "everybody"
    FLOWS = "flows"
    IMPORT_PUBLISHED = "import_published"
    IMPORT_STRUCTURE = "import_structure"
    INSTALL = "install"
    ISSUE = "issue"
    MAKE_KEY = "make_key"
    MIGRATE = "migrate"
    MIGRATE_AT = "migrate_at"
    MONTH_CLOSE = "month_close"
    NEW_MAPPING = "new_mapping"
    PROPOSALS = "proposals"
    REVERSE = "reverse"
    REVERSE_ENTRY = "reverse_entry"
    ROLES = "roles"
    RUN_SCENARIO = "run_scenario"
    SHARE_AMONG_PLACES = "share_among_places"
    SUBMIT = "submit"
    VERIFY = "verify"

    def done(self, what: object = "") -> str:
        """A mark for it, and to what it is done."""
        return f"⟨do {self.value} {what}⟩"


class Words(Protocol):
    """How one front door speaks of what it is given, and of what can be done there."""

    def label(self, field: Input) -> str:
        """What a field is called there: an option, or the label of a box."""

    def named(self, field: Input) -> str:
        """A field by its name, as it stands in a sentence."""

    def given(self, field: Input) -> str:
        """By what a field is given there: with an option, or under a label."""

    def set_to(self, field: Input, value: str) -> str:
        """How a field is given one value there."""

    def done(self, action: Action, what: str) -> str:
        """How something is done there: by a command, or somewhere on a page.

        Args:
            what: to what it is done, as the number of an entry; empty where the action says it all.
        """


_MARK = re.compile(
    rf"⟨(?:(?P<how>name|by|set) (?P<field>{'|'.join(Input)})|do (?P<action>{'|'.join(Action)}))(?: (?P<value>[^⟩]*))?⟩"
)


def worded(sentence: str, words: Words) -> str:
    """A sentence in the words of one front door, every mark of it replaced."""

    def word(mark: re.Match[str]) -> str:
        value = mark["value"] or ""
        if mark["action"]:
            return words.done(Action(mark["action"]), value)
        field = Input(mark["field"])
        if mark["how"] == "set":
            return words.set_to(field, value)
        return words.named(field) if mark["how"] == "name" else words.given(field)

    return _MARK.sub(word, sentence)


def first_field(sentence: str) -> Input | None:
    """The first field that a sentence speaks of; None where it speaks of none."""
    found = next((mark["field"] for mark in _MARK.finditer(sentence) if mark["field"]), None)
    return None if found is None else Input(found)
