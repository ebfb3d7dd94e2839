"""How the command line and the page speak of what they are given: an option here, a box there, for the same field."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ledger.errors import Problem
from ledger.inputs import Action, Input, worded


@dataclass(frozen=True, slots=True)
class FrontDoor:
    """The words of one front door.

    Attributes:
        labels: what each field is called.
        in_sentence: how a label stands in a sentence.
        by: how a sentence says by what a field is given.
        value: how a sentence says that a field is given one value.
        phrases: by what a field is given, where it takes more than its label to say so.
        actions: how each thing is done; ``{}`` stands for what it is done to.
    """

    labels: Mapping[Input, str]
    in_sentence: str
    by: str
    value: str
    actions: Mapping[Action, str]
    phrases: Mapping[Input, str] = field(default_factory=dict)

    def label(self, field: Input) -> str:
        """What a field is called."""
        return self.labels[field]

    def named(self, field: Input) -> str:
        """A field by its name in a sentence."""
        return self.in_sentence.format(self.labels[field])

    def given(self, field: Input) -> str:
        """By what a field is given."""
        return self.phrases.get(field) or self.by.format(self.labels[field])

    def set_to(self, field: Input, value: str) -> str:
        """How a field is given one value."""
        return self.value.format(self.labels[field], value)

    def done(self, action: Action, what: str) -> str:
        """How something is done."""
        return self.actions[action].format(what)

    def problems(self, found: Sequence[Problem]) -> list[Problem]:
        """Problems in these words."""
        return [problem.told(self) for problem in found]

    def text(self, sentence: object) -> str:
        """A sentence, or an error's message, in these words."""
        return worded(str(sentence), self)


KIND_OF_FILE = "What it is"

COMMAND_LINE = FrontDoor(
    labels={
        Input.COLUMNS: "--mapping",
        Input.DASH: "--dash",
        Input.DUPLICATES: "--duplicates",
        Input.FUND: "--fund",
        Input.HIDDEN: "--hidden",
        Input.MAPPING: "--mapping",
        Input.PAYER: "--icb",
        Input.REST: "--leave-rest",
        Input.ROUNDING: "--round",
        Input.SHEETS: "--sheet",
        Input.SHORT_YEAR: "--short-year",
        Input.STANDING: "--standing",
        Input.SUCCESSORS: "--accept-successors",
        Input.TOTAL: "--total",
        Input.UNIT: "--unit",
        Input.REVENUE_LIMIT: "--limit",
        Input.SHEET_OF_FILE: "--sheet",
        Input.YEAR_OF_FILE: "--year",
    },
    in_sentence="{}",
    by="with {}",
    value="{} {}",
    phrases={
        Input.COLUMNS: "in a mapping (--save-mapping writes one to change)",
        Input.DUPLICATES: "with --duplicates add",
        Input.HIDDEN: "with --hidden read or --hidden 'leave out'",
        Input.ROUNDING: "with --round penny",
        Input.SHORT_YEAR: "with --short-year ends",
        Input.UNIT: "with --unit pounds, --unit thousands or --unit millions",
    },
    actions={
        Action.ANOTHER_LEDGER: "a new ledger: --ledger NEW.duckdb",
        Action.DEMO_WITH_TERMS: "'demo --terms'",
        Action.EVERYBODY: "without --organisation",
        Action.IMPORT_PUBLISHED: "Import it with 'devolution import published'",
        Action.IMPORT_STRUCTURE: "Import it with 'devolution import structure'",
        Action.NEW_MAPPING: "work the mapping out anew with --save-mapping and without --mapping",
        Action.SHARE_AMONG_PLACES: "'allocate --places'",
        Action.REVERSE: "devolution reverse {} --reason '...'",
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
        Input.PAYER: "Who pays",
        Input.REST: "What is not handed out",
        Input.ROUNDING: "Amounts that are not whole pence",
        Input.SHEETS: "Sheets to read",
        Input.SHORT_YEAR: "FY26 means",
        Input.STANDING: "Which of it",
        Input.SUCCESSORS: "Organisations that have closed",
        Input.TOTAL: "What the file comes to (£)",
        Input.UNIT: "Amounts are in",
        Input.REVENUE_LIMIT: "NHS England's revenue limit (£)",
        Input.SHEET_OF_FILE: "Sheet of the file",
        Input.YEAR_OF_FILE: "Year of the file",
    },
    in_sentence="'{}'",
    by="under '{}'",
    value="{1} under '{0}'",
    actions={
        Action.ANOTHER_LEDGER: "another ledger: open the app on one with 'devolution app', or use 'devolution import' "
        "there",
        Action.DEMO_WITH_TERMS: "'devolution demo --terms'",
        Action.EVERYBODY: "of all organisations",
        Action.IMPORT_PUBLISHED: f"Choose the published files under '{KIND_OF_FILE}'",
        Action.IMPORT_STRUCTURE: f"Choose the mergers of ICBs under '{KIND_OF_FILE}'",
        Action.NEW_MAPPING: "take away the file under 'A mapping that was saved' and let the columns be worked "
        "out anew",
        Action.SHARE_AMONG_PLACES: "'devolution allocate --places'",
        Action.REVERSE: "entry {}, under 'Undo what was brought in'",
    },
)
