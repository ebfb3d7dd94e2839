"""The rule of a year end: a YAML file that says what is carried forward, how much, for whom and who allows it."""

import hashlib
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field

from allocations.reading.csv_rows import parse, read_text
from allocations.reading.strict_yaml import Path_, StrictModel, place_of, read_lines, read_model
from ledger.errors import Problem, refuse, refuse_any
from ledger.inputs import Input
from ledger.money import parse_pounds
from scenarios.fields import Pounds, Share, Text
from scenarios.selection import FundSelection, Organisations

UNSPENT: Final = "unspent"
HELD: Final = "held"
LISTED: Final = "listed"
HOLDER: Final = "holder"
ICB: Final = "icb"


class CarryForwardLine(StrictModel):
    """Some money, and how much of it goes into the next year.

    Attributes:
        share: this part of it, at most.
        up_to_pence: this much of all that the line names together, at most, in proportion to what is there.
        of: of what: what is *unspent*, where spending is recorded; what is *held*, said knowingly; or what is
            *listed* in a file of underspends.
        to: who has it in the next year: who holds it (or, if that closes, who comes after), or their ICB.
    """

    funds: FundSelection
    organisations: Organisations = Organisations()
    share: Share = Decimal(1)
    up_to_pence: Pounds | None = Field(default=None, alias="up_to_pounds")
    of: Literal["unspent", "held", "listed"] = UNSPENT
    to: Literal["holder", "icb"] = HOLDER
    why: Text | None = None


class CarryForwardRule(StrictModel):
    """What a year end carries forward. What no line names stays in its year."""

    title: Text
    authority: Annotated[Text, Field(min_length=1)]
    reason: Annotated[Text, Field(min_length=1)]
    lines: Annotated[tuple[CarryForwardLine, ...], Field(min_length=1)]


@dataclass(frozen=True)
class WrittenRule:
    """A rule as it was written.

    Attributes:
        underspends: what a file lists as unspent: (organisation, fund) to pence; none without a file.
        sha256: of the rule's file and of the file of underspends, one after the other.
    """

    path: Path
    rule: CarryForwardRule
    underspends: dict[tuple[str, str], int] | None
    sha256: str

    def place(self, number: int, key: str = "") -> str:
        """Where a line of the rule, by its number from 1, or a key of it, stands in the file."""
        _, lines = read_lines(self.path)
        keys: Path_ = ("lines", number - 1, *([key] if key else []))
        return place_of(self.path, lines, keys)


def read_rule(path: Path, underspends: Path | None = None) -> WrittenRule:
    """Read a rule and, where there is one, a file of underspends.

    Raises:
        Refused: either cannot be read or says something impossible, with line and key; a line rests on listed
            underspends and no file was given.
    """
    if not path.exists():
        why, remedy = "The rule is read from it.", "Check the name, or copy the example in docs/."
        refuse(str(path), "there is no such file.", why, remedy)
    rule = read_model(path, CarryForwardRule)
    digest = hashlib.sha256(path.read_bytes())
    listed = None
    if underspends is not None:
        listed = _underspends(underspends)
        digest.update(underspends.read_bytes())
    written = WrittenRule(path, rule, listed, digest.hexdigest())
    if listed is None:
        problems = [
            Problem(
                written.place(number, "of"),
                "it carries forward what is listed, and no list was given.",
                "What was not spent cannot be known without it.",
                f"Give the file of underspends {Input.UNDERSPENDS.given}.",
            )
            for number, line in enumerate(rule.lines, start=1)
            if line.of == LISTED
        ]
        refuse_any(problems)
    return written


def _underspends(path: Path) -> dict[tuple[str, str], int]:
    """A CSV with the columns organisation, fund and amount in pounds: what each did not spend."""
    table = parse(read_text(path, "The underspends"), path.name)
    names = ("organisation", "fund", "amount")
    columns = [table.column(name) for name in names]
    missing = [name for name, column in zip(names, columns, strict=True) if column is None]
    if missing:
        found = f"there is no column {' or '.join(missing)}."
        remedy = "Head the columns organisation, fund and amount."
        refuse(f"{path.name}, line 1", found, "An underspend is somebody's, of a fund.", remedy)
    listed: dict[tuple[str, str], int] = {}
    problems: list[Problem] = []
    for line, (organisation, fund, amount) in table.cells(columns):
        place = f"{path.name}, line {line}"
        if (organisation, fund) in listed:
            why = "It would be carried forward twice."
            problems.append(Problem(place, f"{organisation} and {fund} stand twice.", why, "Add the two lines up."))
        try:
            pence = parse_pounds(amount)
        except ValueError as error:
            why = "An underspend is an amount in pounds."
            problems.append(Problem(f"{place}, amount", str(error), why, "Correct it, or leave the line out."))
            continue
        if pence < 0:
            found, why = f"the amount is {amount}.", "An overspend is not carried forward by this rule."
            problems.append(Problem(f"{place}, amount", found, why, "Leave the line out."))
        listed[organisation, fund] = pence
    refuse_any(problems)
    return listed
