"""The page that says where things are says where they are; and every question of a ledger is asked through one door."""

import ast
import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from devolution import Ledger
from tests import rooms
from tests.rooms import ROOT

PAGE = rooms.PAGE.read_text("utf-8")
# A stranger reads a folder at one look, and guesses the file.
MOST_FILES = 25

# What answers each question of the Python interface. ``screens.asked`` asks it, for a method, a command, a page and a
# publication; a report may, which is asked there itself.
ANSWERED_BY = {
    "position": (
        "ledger.reports.position: position position_of_each", "allocations.shares.restated: position position_of_each",
        "ledger.reports.summary: take since", "screens.report.holdings: position",
    ),
    "flows": ("ledger.reports.position: flows", "allocations.shares.restated: flows", "screens.report.holdings: flows"),
    "measures": (
        "ledger.reports.measures: measures measures_as_read", "ledger.reports.returned: returned",
        "screens.report.holdings: measures",
    ),
    "pots": (
        "ledger.reports.pots: fences kept", "ledger.reports.put_together: of_receiver put_together",
        "ledger.reports.receivers: received seen_by_each",
        "ledger.reports.pots_over_years: pot_lives other_years funders_of_each non_recurrent_years "
        "without_amount",
        "screens.report.pots: listed seen_by",
    ),
    "national": (
        "allocations.shares.national: standings together", "allocations.shares.why_tied: why_tied",
        "ledger.reports.monitoring: watched", "screens.report.all_icbs: side_by_side what_became_of_pots",
        "screens.report.national: pots_of_icbs",
    ),
    "trend": (
        "ledger.reports.trend: trend month_ends year_ends", "ledger.reports.lines_over_years: lines",
        "screens.report.all_icbs: over_time",
    ),
    "need": ("allocations.shares.need: indices", "allocations.shares.facts: groups"),
    "schedule": ("allocations.shares.schedule: schedule issued_in_books",),
    "scenario": (
        "scenarios.outcome: work_out work_out_all read_baseline explore", "scenarios.compare: compare",
        "scenarios.ranges: ranged",
    ),
    "bids": ("scenarios.bids.simulation: simulate", "scenarios.bids.tornado: drawn tornado"),
    "journal": ("ledger.reports.journal: every_leg entries entry legs",),
    "trail": ("ledger.reports.trail: trail", "screens.report.holdings: trail"),
    "targets": ("allocations.shares.targets: targets",),
    "network": ("allocations.network.statement: statement",),
}  # fmt: skip
# What is asked of the books at a moment and is none of those: commands of their own, or what else a page needs to know.
OTHER_QUESTIONS = {
    *(f"ledger.reports.arrangements.{name}" for name in ("pools", "contracts", "instalments")),
    "ledger.reports.breakeven.each_alone", "ledger.reports.month.month", "ledger.reports.imported.batches",
    *(f"ledger.reports.journal.{name}" for name in ("sources", "lines")), "ledger.reports.position.year_in_view",
    "ledger.reports.register.as_on", "ledger.reports.summary.given", "allocations.shares.restated.changed_by",
    "allocations.shares.split.held_by",
}  # fmt: skip
FRONT_DOORS = [
    ROOT / "devolution.py", ROOT / "streamlit_app.py", ROOT / "screens" / "python.py",
    *(path for room in ("cli", "web", "publication") for path in sorted((ROOT / "screens" / room).rglob("*.py"))),
]  # fmt: skip


def test_every_question_leads_to_a_file_and_no_two_to_none() -> None:
    answers = re.findall(r"^\| (Wh|How|Which).*\| `([^`]+)` \|$", PAGE, re.MULTILINE)
    assert len(answers) >= 20
    for _, path in answers:
        assert (ROOT / path).is_file(), path


def test_every_file_and_room_that_the_page_names_is_there() -> None:
    named = re.findall(r"`((?:ledger|allocations|scenarios|screens|tests|docs)/[\w./]*)`", PAGE)
    assert len(named) > 30
    for path in named:
        assert (ROOT / path).exists(), path


def test_every_room_has_its_row() -> None:
    told = set(re.findall(r"^\| `([\w/]+)/` \|", PAGE, re.MULTILINE))
    held = {name for name, _ in rooms.rooms()}
    assert told == held, told ^ held


def test_no_room_holds_more_files_than_a_stranger_reads_at_one_look() -> None:
    assert {name: len(files) for name, files in rooms.rooms() if len(files) > MOST_FILES} == {}


def answering() -> dict[str, str]:
    """Every function that answers, by its full name, with its question."""
    return {
        f"{module}.{name}": question
        for question, given in ANSWERED_BY.items()
        for module, names in (text.split(": ") for text in given)
        for name in names.split()
    }


def used(text: str) -> Iterator[str]:
    """The full names of all that a program imports, or takes from a module that it imports."""
    tree = ast.parse(text)
    known: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            known |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
        elif isinstance(node, ast.Import):
            known |= {one.asname: one.name for one in node.names if one.asname}
    yield from known.values()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            whole = ast.unparse(node)
            first, _, rest = whole.partition(".")
            yield f"{known.get(first, first)}.{rest}"


def test_what_answers_is_there_and_its_question_is_one_of_the_python_interface() -> None:
    assert all(callable(getattr(Ledger, question)) for question in ANSWERED_BY)
    for name in answering():
        module, _, function = name.rpartition(".")
        assert callable(getattr(importlib.import_module(module), function)), name


@pytest.mark.parametrize("path", FRONT_DOORS, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_page_and_no_command_asks_a_question_of_the_python_interface_by_another_way(path: Path) -> None:
    past = {name: answering()[name] for name in used(path.read_text("utf-8")) if name in answering()}
    assert past == {}, f"{path.name} asks past screens/asked: {past}"


@pytest.mark.parametrize(
    "text",
    [
        "from ledger.reports.position import position",
        "from ledger.reports import position as p\np.position(r, at)",
        "import ledger.reports.position\nledger.reports.position.position(r, at)",
        "def ask():\n    import ledger.reports.position as p\n    return p.position(r, at)",
    ],
)
def test_a_question_that_is_asked_by_another_way_is_found(text: str) -> None:
    assert "ledger.reports.position.position" in set(used(text))


def test_whatever_is_asked_of_the_books_at_a_moment_is_a_question_with_a_name() -> None:
    asked = set()
    for room in ("ledger/reports", "allocations/shares"):
        for path in sorted((ROOT / room).glob("*.py")):
            for node in ast.parse(path.read_text("utf-8")).body:
                if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
                    takes = {one.arg for one in (*node.args.args, *node.args.kwonlyargs)}
                    if {"reader", "at"} <= takes:
                        asked.add(f"{room.replace('/', '.')}.{path.stem}.{node.name}")
    assert asked - answering().keys() - OTHER_QUESTIONS == set()
    assert asked >= OTHER_QUESTIONS
