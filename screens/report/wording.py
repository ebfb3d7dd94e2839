"""How each front door speaks of what it is given: an option, a box on a page, an argument in Python, for one field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Optional

from ledger.errors import Problem
from ledger.inputs import Action, Input, worded

# The environment variable that says who works, at every front door.
PERSON = "DEVOLUTION_PERSON"
KIND_OF_FILE = "What it is"


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """The words of one front door.

    Attributes:
        labels: what each field is called.
        in_sentence: how a label stands in a sentence.
        by: how a sentence says by what a field is given.
        value: how a sentence says that a field is given one value.
        actions: how each thing is done; ``{}`` stands for what it is done to, after a space, ``{1}`` for it alone.
        phrases: by what a field is given, where it takes more than its label to say so.
        otherwise: the door at which fields are given and things are done that this one does not offer.
    """

    labels: Mapping[Input, str]
    in_sentence: str
    by: str
    value: str
    actions: Mapping[Action, str]
    phrases: Mapping[Input, str] = field(default_factory=dict)
    otherwise: Optional["FrontDoor"] = None

    def label(self, field: Input) -> str:
        """What a field is called."""
        return self._door_of(field).labels[field]

    def named(self, field: Input) -> str:
        """A field by its name in a sentence."""
        door = self._door_of(field)
        return door.in_sentence.format(door.labels[field])

    def given(self, field: Input) -> str:
        """By what a field is given."""
        door = self._door_of(field)
        return door.phrases.get(field) or door.by.format(door.labels[field])

    def set_to(self, field: Input, value: str) -> str:
        """How a field is given one value."""
        door = self._door_of(field)
        return door.value.format(door.labels[field], value)

    def done(self, action: Action, what: str) -> str:
        """How something is done."""
        if action not in self.actions and self.otherwise is not None:
            return self.otherwise.done(action, what)
        return self.actions[action].format(f" {what}" if what else "", what)

    def problems(self, problems: Sequence[Problem]) -> list[Problem]:
        """Problems in these words."""
        return [problem.told(self) for problem in problems]

    def text(self, sentence: object) -> str:
        """A sentence, or an error's message, in these words."""
        return worded(str(sentence), self)

    def _door_of(self, field: Input) -> "FrontDoor":
        return self if field in self.labels or self.otherwise is None else self.otherwise


# An option goes by the name of its field, but for these.
_OTHER_OPTIONS = {
    Input.COLUMNS: "--mapping",
    Input.PAYER: "--icb",
    Input.REST: "--leave-rest",
    Input.ROUNDING: "--round",
    Input.RUNNING: "--months",
    Input.SHEETS: "--sheet",
    Input.SUCCESSORS: "--accept-successors",
    Input.REVENUE_LIMIT: "--limit",
    Input.SHEET_OF_FILE: "--sheet",
    Input.YEAR_OF_FILE: "--year",
    Input.BOUNDARIES: "--as-is",
    Input.HOLDER: "--from",
    Input.LEVEL: "--to",
    Input.LINE: "--fund",
    Input.SUMMED_BY: "--by",
    Input.WEIGHTING: "--by",
    Input.WHOLE_UNIT: "--unit",
    Input.PERIOD: "--per",
    Input.ROLE_LIMIT: "--limit",
}

COMMAND_LINE = FrontDoor(
    labels={field: f"--{field.value.replace('_', '-')}" for field in Input} | _OTHER_OPTIONS,
    in_sentence="{}",
    by="with {}",
    value="{} {}",
    phrases={
        Input.COLUMNS: "in a mapping (--save-mapping writes one to change)",
        Input.DUPLICATES: "with --duplicates add",
        Input.HIDDEN: "with --hidden read or --hidden 'leave out'",
        Input.OTHER_YEAR: "with --other-year meant",
        Input.PURPOSE: "with --purpose meant",
        Input.ROUNDING: "with --round penny",
        Input.RUNNING: "with --months running or --months each",
        Input.TOTAL_ROUNDED_TO: "with --total-rounded-to 1000",
        Input.SHORT_YEAR: "with --short-year ends",
        Input.UNIT: "with --unit pounds, --unit thousands or --unit millions",
    },
    actions={
        Action.ALLOCATE: "'devolution allocate'",
        Action.ANOTHER_LEDGER: "a new ledger: --ledger NEW.duckdb",
        Action.APPROVE: "'devolution proposal approve'",
        Action.CARRY_FORWARD: "'devolution carry-forward'",
        Action.COPY: "'devolution copy'",
        Action.DEMO: "'devolution demo'",
        Action.DEMO_AT: "'devolution demo --ledger{}'",
        Action.DEMO_WITH_TERMS: "'demo --terms'",
        Action.EVERYBODY: "without --organisation",
        Action.FLOWS: "'devolution flows --by entry,fund'",
        Action.IMPORT_PUBLISHED: "with 'devolution import published'",
        Action.IMPORT_STRUCTURE: "with 'devolution import structure'",
        Action.INSTALL: "pip install 'devolution-ledger[{1}]', or in a clone of the program uv sync --extra{0}",
        Action.ISSUE: "'devolution allocate --post'",
        Action.MAKE_KEY: "'devolution head --make-key FILE'",
        Action.MIGRATE: "'devolution migrate'",
        Action.MIGRATE_AT: "'devolution migrate --ledger{}'",
        Action.MONTH_CLOSE: "'devolution month close{}'",
        Action.NEW_MAPPING: "work the mapping out anew with --save-mapping and without --mapping",
        Action.PROPOSALS: "'devolution proposal list'",
        Action.REVERSE: "devolution reverse{} --reason '...'",
        Action.REVERSE_ENTRY: "'devolution reverse ENTRY'",
        Action.ROLES: "'devolution roles'",
        Action.RUN_SCENARIO: "'scenario run --json'",
        Action.SHARE_AMONG_PLACES: "'allocate --places'",
        Action.SUBMIT: "'devolution allocate --propose' or 'devolution scenario adopt'",
        Action.VERIFY: "'devolution verify'",
    },
)

PAGE = FrontDoor(
    labels={
        Input.COLUMNS: "What each column holds",
        Input.DASH: "A dash means",
        Input.DUPLICATES: "Several rows for one organisation and fund",
        Input.FUND: "Fund that pays",
        Input.HIDDEN: "Hidden rows and columns",
        Input.MAPPING: "A mapping that was saved",
        Input.OTHER_YEAR: "A file that speaks of another year",
        Input.PAYER: "Who pays",
        Input.PURPOSE: "A file that calls itself a draft, spend or a part of a year",
        Input.REST: "What is not handed out",
        Input.ROUNDING: "Amounts that are not whole pence",
        Input.RUNNING: "Months that run up",
        Input.SHEETS: "Sheets to read",
        Input.SHORT_YEAR: "FY26 means",
        Input.STANDING: "Which of it",
        Input.SUCCESSORS: "Organisations that have closed",
        Input.TOTAL: "What the file comes to (£)",
        Input.TOTAL_ROUNDED_TO: "Its totals are rounded to (£)",
        Input.UNIT: "Amounts are in",
        Input.REVENUE_LIMIT: "NHS England's revenue limit (£)",
        Input.SHEET_OF_FILE: "Sheet of the file",
        Input.YEAR_OF_FILE: "Year of the file",
        Input.AMOUNT: "Amount",
        Input.AUTHORITY: "On whose authority, where money has to leave a ring-fence",
        Input.HOLDER: "Who pays",
        Input.ICB: "ICB",
        Input.KNOWN_AT: "As known at",
        Input.LINE: "Line",
        Input.MERGE: "Put together",
        Input.ORGANISATION: "Organisation",
        Input.SUMMED_BY: "Columns",
        Input.WEIGHTING: "Weighting",
        Input.YEAR: "Year",
    },
    in_sentence="'{}'",
    by="under '{}'",
    value="{1} under '{0}'",
    actions={
        Action.ANOTHER_LEDGER: "another ledger: open the app on one with 'devolution app', or use 'devolution import' "
        "there",
        Action.EVERYBODY: "of all organisations",
        Action.IMPORT_PUBLISHED: f"as published files, under '{KIND_OF_FILE}'",
        Action.IMPORT_STRUCTURE: f"as mergers of ICBs, under '{KIND_OF_FILE}'",
        Action.NEW_MAPPING: "take away the file under 'A mapping that was saved' and let the columns be worked out "
        "anew",
        Action.PROPOSALS: "the list of those that are for you to see",
        Action.REVERSE: "entry{}, under 'Undo what was brought in'",
    },
    otherwise=COMMAND_LINE,
)

# What is only done on the command line is typed in a terminal.
_TYPED = {
    action: said if "devolution" not in said else f"{said} in a terminal"
    for action, said in COMMAND_LINE.actions.items()
}

# Arguments by the names of their fields, and those with other names.
_ARGUMENTS = (
    Input.AMOUNT,
    Input.COUNTS,
    Input.DATE,
    Input.FIGURES,
    Input.HISTORIC,
    Input.ICB,
    Input.KNOWN_AT,
    Input.KNOWN_ON,
    Input.MAXIMUMS,
    Input.MERGE,
    Input.ORGANISATION,
    Input.PEERS_OF,
    Input.PLACES,
    Input.POSTS,
    Input.REGION,
    Input.YEAR,
)
_OTHER_ARGUMENTS = {
    Input.BOUNDARIES: "as_is",
    Input.LEDGER: "address",
    Input.LEVEL: "to",
    Input.LINE: "fund",
    Input.SUMMED_BY: "by",
    Input.WEIGHTING: "by",
}

PYTHON = FrontDoor(
    labels={field: field.value for field in _ARGUMENTS} | _OTHER_ARGUMENTS,
    in_sentence="{}",
    by="as {}=",
    value="{}={!r}",
    phrases={Input.LEDGER: "in Ledger.open(address)"},
    actions={
        **_TYPED,
        Action.ANOTHER_LEDGER: "a new ledger",
        Action.DEMO_WITH_TERMS: "'devolution demo --terms' in a terminal",
        Action.EVERYBODY: "without organisation=",
        Action.FLOWS: "ledger.flows('entry', 'fund')",
        Action.MIGRATE_AT: "'devolution migrate --ledger{}' in a terminal, and call Ledger.open again",
        Action.RUN_SCENARIO: "'devolution scenario run --json' in a terminal",
        Action.SHARE_AMONG_PLACES: "'devolution allocate --places' in a terminal",
        Action.VERIFY: "ledger.verify()",
    },
    otherwise=COMMAND_LINE,
)
