"""The demo in a file, on a server and back in a file: one head, and the same answer to every question."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

import devolution
from ledger.entries.chain import head
from ledger.entries.decisions.every import DECISIONS
from ledger.store.address import Address, in_full
from ledger.store.backup import copy
from ledger.store.base import Store
from tests.shelves import shelf_of

# Every command that is given a ledger, and asked for nothing that a person would have to type twice.
QUESTIONS = {
    "position": ("--by tier,grade", "--organisation QWO --as-is 2026-04-01"),
    "flows": ("--by from_tier,to_tier", "--organisation QWO --within"),
    "measures": ("", "--organisation QWO --scope earmarked"),
    "pots": (
        "--year 2025/26",
        "--organisation QWO --year 2025/26",
        "--seen-by place --organisation QWO --year 2025/26",
        "--merge tied --organisation QWO --year 2025/26",
    ),
    "pools": ("--year 2025/26",),
    "contracts": ("--year 2025/26",),
    "instalments": ("--year 2025/26",),
    "breakeven": ("--tier icb --year 2025/26",),
    "verify": ("",),
    "head": ("",),
    "prove": ("5", "164"),
    "consistent": (f"163:{'0' * 64}",),
    "trail": ("--organisation QWO --fund core-community",),
    "reverse": ("163 --reason compared --dry-run", "1 --reason compared --dry-run"),
    "allocate": (
        "--icb QWO --fund core-community --to place --by core --amount 1000000 --from retained --dry-run",
        "--icb QWO --fund core-community --to place --by core --amount 1000000 --dry-run",
    ),
    "schedule": ("--icb QWO --fund core-community --to place",),
    "month list": ("",),
    "month show": ("2025-06 --organisation QWO",),
    "month close": ("2025-04 --reason compared --dry-run",),
    "limit list": ("",),
    "limit set": ("running-costs 10bn --year 2025/26 --source compared --reason compared --dry-run",),
    "national": ("--rank devolved_share",),
    "trend": ("--organisation QWO",),
    "record release": (
        "--organisation QWO --fund core-community --amount 5k --recurrent R --reason compared --date 2026-03-01 --dry-run",
    ),
    "record terms": (
        "--fund core-discharge --grade soft --authority Board --reason compared --date 2030-01-01 --dry-run",
    ),
    "roles": ("",),
    "may": ("somebody",),
    "appoint": ("somebody administrator --reason compared --dry-run",),
    "proposal list": ("--all",),
    "proposal show": ("unknown",),
    "scenario list": ("",),
    "scenario run": ("devolve-80-at-once",),
    "scenario compare": ("winter-fund-in-the-baseline winter-fund-sixty-days-later",),
    "scenario seek": ("devolve-80-at-once --find share_at_place --until devolved_share>=27% --from 53% --to 80%",),
    "scenario adopt": ("keep-by-agreement --dry-run",),
}
# Entry 1 makes the structure and cannot be reversed; nothing of the fund is left to allocate; no such proposal, no such
# entry, no such beginning.
REFUSED = {
    QUESTIONS["reverse"][1], QUESTIONS["allocate"][1], QUESTIONS["proposal show"][0], QUESTIONS["prove"][1],
    QUESTIONS["consistent"][0],
}  # fmt: skip
# Those that write a file or a ledger, ask for one, or measure the machine: each has tests of its own.
ELSEWHERE = {
    "template", "export register", "record register", "demo", "new", "app", "stats", "pace", "backup", "migrate", "import budgets", "import published",
    "import structure", "import position", "carry-forward", "export journal", "scenario pack", "dismiss", "export allocations", "export position", "export scenario",
    "export published", *(f"record {name}" for name in DECISIONS if name not in ("release", "terms")), "proposal approve", "proposal reject", "proposal withdraw", "proposal expire", "scenario check", "scenario solve", "publish",
}  # fmt: skip
MOMENTS = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(\.\d+)?")


def commands(command: Any, words: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command that takes a ledger."""
    inner = getattr(command, "commands", None)
    if inner is not None:
        for name, each in inner.items():
            yield from commands(each, (*words, name))
    elif any("--ledger" in parameter.opts for parameter in command.params):
        yield " ".join(words)


def test_every_command_on_a_ledger_is_asked_here_or_tested_elsewhere() -> None:
    assert set(commands(typer.main.get_command(devolution.app))) == set(QUESTIONS) | ELSEWHERE


@pytest.fixture(scope="module")
def ledgers(demo_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Address, Address, Address]]:
    """The demo, its copy on a server, and that one's copy in a file."""
    shelf = shelf_of("server", tmp_path_factory.mktemp("server"))
    there, back = shelf.place("demo"), tmp_path_factory.mktemp("back") / "back.duckdb"
    with Store.open(demo_ledger, read_only=True) as store:
        copy(store, there)
    with Store.open(there) as store:
        copy(store, back)
    yield demo_ledger, there, back
    shelf.clear()


def test_the_head_is_the_same(ledgers: tuple[Address, Address, Address]) -> None:
    heads = set()
    for ledger in ledgers:
        with Store.open(ledger, read_only=True) as store, store.read() as reader:
            heads.add(head(reader))
    assert len(heads) == 1


@pytest.mark.parametrize("words", QUESTIONS)
def test_the_answers_are_the_same(ledgers: tuple[Address, Address, Address], words: str) -> None:
    for arguments in QUESTIONS[words]:
        said = set()
        for ledger in ledgers:
            asked = [*words.split(), *arguments.split(), "--ledger", in_full(ledger), "--json"]
            done = CliRunner().invoke(devolution.app, asked)
            told = f"{done.exit_code} {done.stdout} {done.stderr}"
            assert done.exit_code == (1 if arguments in REFUSED else 0), told
            said.add(MOMENTS.sub("WHEN", told.replace(str(ledger), "LEDGER")))
        assert len(said) == 1, "\n".join(sorted(each[:2000] for each in said))
        assert "Traceback" not in said.pop()
