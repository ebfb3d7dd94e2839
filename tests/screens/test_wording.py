"""The lower rooms name no option, no command and no box; each front door has a word for everything that they name."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main

from devolution import app
from ledger.errors import Problem, Refused, refuse
from ledger.inputs import Action, Input
from screens.report.wording import COMMAND_LINE, PAGE

ROOT = Path(__file__).parents[2]
ROOMS = ("ledger", "allocations", "scenarios")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))


def commands(group: Any) -> Iterator[Any]:
    for command in getattr(group, "commands", {}).values():
        yield command
        yield from commands(command)


TOP = typer.main.get_command(app)
COMMANDS = list(commands(TOP))
OPTIONS = {option for command in COMMANDS for parameter in command.params for option in parameter.opts}
NAMES = sorted({str(command.name) for command in COMMANDS if command in getattr(TOP, "commands", {}).values()})
BOXES = [label for label in PAGE.labels.values() if " " in label]  # 'Year' is a heading of many files
FORBIDDEN = re.compile(rf"(?<![\w-])--[a-z]|\bdevolution ({'|'.join(NAMES)})\b|'({'|'.join(map(re.escape, BOXES))})'")


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_lower_room_names_an_option_a_command_or_a_box(path: Path) -> None:
    """Not in a sentence, a docstring or a file that is written: only the front doors know how a thing is given."""
    assert [(line, text) for line, text in literals(path) if FORBIDDEN.search(text)] == []


def literals(path: Path) -> Iterator[tuple[int, str]]:
    """Every literal text of a file, but the name under which it posts: books have recorded that since the first."""
    tree = ast.parse(path.read_text("utf-8"))
    actors = {node.value for node in tree.body if isinstance(node, ast.Assign) and ast.unparse(node.targets) == "ACTOR"}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in actors:
            yield node.lineno, node.value


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_sentence_carries_marks_and_no_bare_names(path: Path) -> None:
    """``{Input.UNIT}`` would print 'unit' to everybody; ``{Input.UNIT.given}`` is a mark."""
    bare = [
        node.lineno
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FormattedValue) and re.fullmatch(r"(Input|Action)\.[A-Z_]+", ast.unparse(node.value))
    ]
    assert bare == []


def test_the_walk_knows_what_it_looks_for() -> None:
    for text in ("Say which, with --dash.", "Run 'devolution verify'.", "Say it under 'Amounts are in'."):
        assert FORBIDDEN.search(text)
    for text in ("SELECT 1 -- a comment", "the devolution policy", "a dash (--) in a cell"):
        assert not FORBIDDEN.search(text)


def test_the_command_line_has_a_word_for_every_field_and_action() -> None:
    """The page has words for what it asks, and speaks of a command where only a command can do something."""
    assert set(COMMAND_LINE.labels) == set(Input)
    assert set(COMMAND_LINE.actions) == set(Action)
    assert PAGE.otherwise is COMMAND_LINE


def test_every_option_that_the_command_line_speaks_of_is_one() -> None:
    said = " ".join([*COMMAND_LINE.labels.values(), *COMMAND_LINE.phrases.values(), *COMMAND_LINE.actions.values()])
    assert set(re.findall(r"--[a-z-]+", said.replace("uv sync --extra", ""))) <= OPTIONS
    for words in re.findall(r"devolution ((?:[a-z][a-z-]*(?: |'|$))+)", " ".join(COMMAND_LINE.actions.values())):
        assert words.split()[0].strip("'") in NAMES


def test_a_sentence_is_said_in_the_words_of_each_door() -> None:
    problem = Problem(
        Input.FUND,
        "there is no fund 'corr'.",
        "Its money cannot be handed out.",
        f"Write {Input.FUND.set_to('core')}, say it {Input.UNIT.given}, leave {Input.TOTAL.named} out, or first "
        f"{Action.REVERSE.done(7)}",
    )
    here, there = problem.told(COMMAND_LINE), problem.told(PAGE)
    assert (here.where, there.where) == ("--fund", "Fund that pays")
    assert here.fix == (
        "Write --fund core, say it with --unit pounds, --unit thousands or --unit millions, leave --total out, or "
        "first devolution reverse 7 --reason '...'"
    )
    assert there.fix == (
        "Write core under 'Fund that pays', say it under 'Amounts are in', leave 'What the file comes to (£)' out, or "
        "first entry 7, under 'Undo what was brought in'"
    )


def test_a_problem_knows_the_field_that_it_is_about() -> None:
    assert Problem(Input.FUND, "", "", f"Say it {Input.UNIT.given}.").field is Input.FUND
    assert Problem("a.csv, cell B2", "", "", f"Say it {Input.UNIT.given}.").field is Input.UNIT
    assert Problem("a.csv, cell B2", "", "", "Correct it.").field is None


def test_what_stands_in_a_file_is_no_mark() -> None:
    """Brackets around other words, and unknown fields, stay as somebody wrote them."""
    for text in ("⟨by nobody⟩", "⟨unit⟩", "{unit}", "⟨do anything 7⟩"):
        assert COMMAND_LINE.text(text) == PAGE.text(text) == text


def test_a_refusal_is_one_problem() -> None:
    with pytest.raises(Refused) as refused:
        refuse("a.csv", "it is empty.", "There is nothing to read.", "Name another.")
    assert refused.value.problems == (Problem("a.csv", "it is empty.", "There is nothing to read.", "Name another."),)
