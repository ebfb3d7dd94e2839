"""What a command loads before it can answer: not the libraries that it has no use for."""

import inspect
import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import pytest
import typer
from typer.core import TyperArgument, TyperGroup, TyperOption
from typer.testing import CliRunner

import devolution
from ledger.entries.decisions.every import DECISIONS
from ledger.store.address import Address, in_full
from ledger.store.base import Store
from screens.cli import loading
from screens.cli.lazy import Lazy
from screens.cli.options import Level
from tests.shelves import Shelf

ROOT = Path(__file__).parent.parent
# Libraries that take long to load, or that a machine may be without.
ENGINE = {"duckdb", "pyarrow", "numpy"}
# Without the dialect of DuckDB, which makes tables and does not read them.
TABLES = {"sqlalchemy", "sqlmodel", "pydantic"}
MAKES_TABLES = {"duckdb_sqlalchemy"}
PEOPLE = {"rich"}
YAML = {"yaml", "pydantic"}
READ = {"openpyxl"}
WRITE = {"xlsxwriter"}
WATCHED = {
    *ENGINE, *TABLES, *MAKES_TABLES, *PEOPLE, *YAML, *READ, *WRITE, "python_calamine", "gptables", "pandas", "streamlit", "altair",
    "psycopg", "cryptography", "highspy", "pydantic", "pyarrow.dataset",
}  # fmt: skip
# What posts entries works with the tables of the books, and asks the rules of them; what reads scenarios reads YAML,
# as does what reads the index of the shipped figures.
POSTS = ENGINE | TABLES
FIGURES = ENGINE | YAML
WORKBOOKS = POSTS | YAML | WRITE
# A file may be of any kind, and what was not understood is written back into a workbook.
IMPORTS = POSTS | YAML | PEOPLE | READ | WRITE
# One module asks for shares, with or without a ledger, and with or without historic budgets in a workbook.
SHARES = POSTS | YAML | READ
# To make tables is also to compare them: a ledger is verified, copied and restored by what its tables should be.
KEEPS = POSTS | MAKES_TABLES | PEOPLE

# Every command, how it is asked here, and which of the libraries that are watched it has loaded when it ends: these and
# no others. In the arguments LEDGER is a demo of its own, BOOKS a small
# ledger, FILE a table that is none of ours, OUT the beginning of a
# name in an empty folder. A refusal is an answer too, drawn for people beside the JSON.
COMMANDS: dict[str, tuple[str, set[str]]] = {
    # Their entries are made as those of a published file are.
    "demo": ("--ledger LEDGER", SHARES | PEOPLE),
    "new": ("--year 2025/26 --ledger OUT.duckdb", SHARES | MAKES_TABLES),
    # It is refused, for nobody could sign in, where it would become the app; whether they can is Streamlit's to say.
    "app": ("--address 0.0.0.0 --ledger OUT.duckdb", ENGINE | PEOPLE | {"streamlit", "pydantic"}),
    "position": ("--ledger LEDGER", ENGINE),
    "flows": ("--ledger BOOKS", ENGINE),
    "measures": ("--ledger BOOKS", ENGINE),
    "readings": ("", ENGINE),
    "trail": ("--organisation QWO --ledger LEDGER", ENGINE),
    "verify": ("--ledger BOOKS", KEEPS),
    "head": ("--ledger BOOKS", POSTS),
    "prove": ("5 --ledger LEDGER", POSTS),
    "consistent": (f"163:{'0' * 64} --ledger LEDGER", POSTS | PEOPLE),
    "allocate": ("--icb QWO --by core --amount 1000000 --dry-run --ledger LEDGER", SHARES | PEOPLE),
    "reverse": ("163 --reason asked --dry-run --ledger LEDGER", SHARES),
    "import budgets": ("FILE --icb QWO --fund core-community --year 2025/26 --ledger BOOKS", IMPORTS),
    "import published": ("FILE --ledger BOOKS", IMPORTS),
    "import structure": ("FILE --ledger BOOKS", IMPORTS),
    "import position": ("FILE --ledger BOOKS", IMPORTS),
    "template": ("--icb QWO --out OUT.xlsx --ledger LEDGER", WORKBOOKS),
    "export allocations": ("--icb QWO --out OUT.xlsx --ledger LEDGER", WORKBOOKS),
    "export position": ("--out OUT.xlsx --ledger LEDGER", WORKBOOKS),
    "export register": ("--out OUT.xlsx --ledger LEDGER", WORKBOOKS),
    "export journal": ("--out OUT.csv --ledger LEDGER", WORKBOOKS),
    "export scenario": ("keep-by-agreement --out OUT.xlsx --ledger LEDGER", WORKBOOKS),
    "export published": ("--out OUT.xlsx --ledger LEDGER", WORKBOOKS | {"gptables", "pandas"}),
    "publish": ("OUT --ledger BOOKS", WORKBOOKS | PEOPLE | {"gptables", "pandas"}),
    "scenario list": ("--ledger LEDGER", FIGURES),
    "scenario run": ("lift-small-pots --ledger LEDGER", FIGURES),
    "scenario compare": ("lift-small-pots keep-by-agreement --ledger LEDGER", FIGURES),
    "scenario seek": (
        "devolve-80-at-once --find share_at_place --until devolved_share>=30% --from 79.99% --to 80.01% --ledger LEDGER",
        FIGURES,
    ),
    # The one command that has a use for the solver.
    "scenario solve": (f"{ROOT}/docs/solve_example.yaml", FIGURES | {"highspy"}),
    "scenario check": ("lift-small-pots FILE --ledger LEDGER", FIGURES | PEOPLE),
    "scenario pack": ("lift-small-pots --out OUT.html --ledger LEDGER", WORKBOOKS),
    "scenario adopt": ("keep-by-agreement --dry-run --ledger LEDGER", POSTS | YAML),
    "bids": (f"{ROOT}/scenarios/bids/example.yaml", FIGURES),
    "pots": ("--organisation QWO --ledger LEDGER", ENGINE),
    "pools": ("--ledger BOOKS", ENGINE),
    "contracts": ("--ledger BOOKS", ENGINE),
    "instalments": ("--ledger BOOKS", ENGINE),
    "breakeven": ("--ledger BOOKS", ENGINE),
    "proposal list": ("--ledger BOOKS", POSTS),
    "proposal show": ("unknown --ledger BOOKS", POSTS | PEOPLE),
    "proposal approve": ("unknown --actor me --reason asked --ledger BOOKS", POSTS | PEOPLE),
    "proposal reject": ("unknown --actor me --reason asked --ledger BOOKS", POSTS | PEOPLE),
    "proposal withdraw": ("unknown --actor me --reason asked --ledger BOOKS", POSTS | PEOPLE),
    "proposal expire": ("--ledger BOOKS", POSTS),
    "month close": ("2025-04 --reason asked --dry-run --ledger BOOKS", POSTS | YAML),
    "month show": ("2025-06 --organisation QWO --ledger LEDGER", POSTS | YAML),
    "month list": ("--ledger BOOKS", POSTS | YAML),
    "limit set": (
        "running-costs 10bn --year 2025/26 --source it --reason asked --dry-run --ledger LEDGER",
        POSTS | YAML,
    ),
    "limit list": ("--ledger BOOKS", POSTS | YAML),
    "carry-forward": (
        f"2026/27 --rule {ROOT}/docs/carry_forward_example.yaml --dry-run --ledger LEDGER",
        POSTS | YAML | PEOPLE,
    ),
    "national": ("--rank devolved_share --ledger LEDGER", POSTS),
    "trend": ("--organisation QWO --ledger LEDGER", POSTS),
    "schedule": ("--icb QWO --fund core-community --ledger LEDGER", SHARES),
    "pace": (f"{ROOT}/docs/pace_of_change_example.yaml", SHARES),
    "need": ("--icb QWO", SHARES),
    "targets": ("", SHARES),
    "network": ("U41591", SHARES),
    "roles": ("--ledger BOOKS", POSTS),
    "appoint": ("somebody administrator --reason asked --dry-run --ledger BOOKS", POSTS),
    "dismiss": ("somebody --reason asked --dry-run --ledger BOOKS", POSTS | PEOPLE),
    "may": ("somebody --ledger BOOKS", POSTS),
    "stats": ("--ledger BOOKS", POSTS),
    "copy": ("BOOKS OUT.duckdb", KEEPS),
    "backup": ("OUT.duckdb --ledger BOOKS", KEEPS),
    "restore": ("BOOKS OUT.duckdb", KEEPS),
    "migrate": ("--ledger BOOKS", POSTS),
}

# Refused, for nothing is said of the decision; the same module reads registers of them, from workbooks too.
COMMANDS["record register"] = ("FILE --ledger BOOKS", POSTS | PEOPLE | READ)
COMMANDS |= {f"record {kind}": ("--dry-run --ledger BOOKS", POSTS | PEOPLE | READ) for kind in DECISIONS}
Ask = Callable[..., list[tuple[object, set[str]]]]
# A program that has loaded the front door alone, and lets a child of its own answer each list of commands, in turn.
_DOOR = """
import json, os, sys
import devolution
for line in sys.stdin:
    ours, theirs = os.pipe()
    if not os.fork():
        nowhere = os.open(os.devnull, os.O_RDWR)
        for each in (0, 1, 2):
            os.dup2(nowhere, each)
        commands, environment = json.loads(line)
        os.environ.update(environment)
        answers = []
        for arguments in commands:
            sys.argv = ["devolution", *arguments]
            status = 0
            try:
                devolution.main()
            except SystemExit as ended:
                status = ended.code or 0
            except BaseException as error:
                status = repr(error)
            loaded = sorted(name for name, module in sys.modules.items() if module is not None)
            answers.append([status, loaded])
        with open(theirs, "w") as answer:
            json.dump(answers, answer)
        os._exit(0)
    os.close(theirs)
    with open(ours) as told:
        print(told.read(), flush=True)
    os.wait()
"""


@pytest.fixture(scope="module")
def ask() -> Iterator[Ask]:
    """Ask commands in a process of their own: of each its exit status, and what was loaded when it ended."""
    door = subprocess.Popen(
        [sys.executable, "-c", _DOOR], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert door.stdin is not None
    assert door.stdout is not None

    def asked(*commands: Sequence[str], **environment: str) -> list[tuple[object, set[str]]]:
        print(json.dumps([commands, environment]), file=door.stdin, flush=True)
        return [(status, set(loaded) & WATCHED) for status, loaded in json.loads(door.stdout.readline())]

    yield asked
    door.stdin.close()
    door.wait(60)
    door.stdout.close()


def leaves(command: Any, words: tuple[str, ...] = ()) -> Iterator[str]:
    """Every command of the registry, by the words it is asked with."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield " ".join(words)
    else:
        for name in inner:
            yield from leaves(inner[name], (*words, name))


def test_every_command_of_the_registry_is_asked_here() -> None:
    assert set(leaves(typer.main.get_command(devolution.app))) == set(COMMANDS)


def alike() -> dict[str, list[str]]:
    """The commands by what they load: those that load the same things can be asked one after the other."""
    found: dict[str, list[str]] = {}
    for words, (_, loads) in COMMANDS.items():
        found.setdefault(" ".join(sorted(loads - ENGINE)) or "engine", []).append(words)
    return found


@pytest.mark.parametrize("commands", alike().values(), ids=alike())
def test_commands_load_what_they_use_and_nothing_else(
    commands: list[str], shelf: Shelf, template: Callable[[str], Address], demo_ledger: Path, tmp_path: Path, ask: Ask
) -> None:
    table = tmp_path / "table.csv"
    table.write_text("organisation,amount\nQWO,1\n", encoding="utf-8")
    asked = []
    for number, words in enumerate(commands):
        given = COMMANDS[words][0]
        named = {"FILE": str(table), "OUT": str(tmp_path / f"out{number}")}
        named |= {
            name: str(shelf.copy(ledger))
            for name, ledger in (("LEDGER", demo_ledger), ("BOOKS", template("file")))
            if name in given
        }
        for name, value in named.items():
            given = given.replace(name, value)
        asked.append([*words.split(), *given.split(), *([] if words == "app" else ["--json"])])
    for words, (status, loaded) in zip(commands, ask(*asked), strict=True):
        # Answered or refused, but neither misunderstood nor broken.
        assert status in {0, 1}, (words, status)
        assert loaded == COMMANDS[words][1], words


def test_what_is_typed_means_the_same_without_pydantic(monkeypatch: pytest.MonkeyPatch) -> None:
    def half(text: str | int) -> int:
        return int(text) // 2

    app = typer.Typer()

    @app.command()
    def tell(
        name: Annotated[str, typer.Argument()],
        text: Annotated[str | None, typer.Option()] = None,
        several: Annotated[list[str] | None, typer.Option()] = None,
        number: Annotated[int, typer.Option()] = 7,
        parsed: Annotated[int, typer.Option(parser=half, envvar="TO_HALVE")] = 10,
        flag: Annotated[bool, typer.Option()] = False,
        file: Annotated[Path | None, typer.Option(exists=True)] = None,
        level: Annotated[Level, typer.Option()] = "pcn",
    ) -> None:
        typer.echo(repr((name, text, several, number, parsed, flag, file, level)))

    asked = [
        ["a"], [], ["a", "--text", ""], ["a", "--several", "x", "--several", "y"], ["a", "--number", "8"],
        ["a", "--number", "x"], ["a", "--parsed", "9"], ["a", "--parsed", "x"], ["a", "--flag"], ["a", "--file", "none"],
        ["a", "--file", "."], ["a", "--level", "place"], ["a", "--level", "no"], ["a", "b"], ["--help"],
    ]  # fmt: skip

    def told() -> list[tuple[int, str]]:
        given = [CliRunner().invoke(app, words, env=env) for words in asked for env in ({}, {"TO_HALVE": "4"})]
        return [(one.exit_code, one.output) for one in given]

    as_typer = told()
    for kind in (TyperOption, TyperArgument):
        monkeypatch.setattr(kind, "process_value", loading.plainly(kind.process_value))
    assert told() == as_typer
    assert {status for status, _ in as_typer} == {0, 2}


def test_pandas_is_kept_out_by_the_command_line_alone() -> None:
    """A program that imports the house gets pandas as ever, and gptables and Streamlit let it in."""
    code = (
        "import devolution, pandas\n"
        "from screens.cli import loading\n"
        "loading.install()\n"
        "import sys; del sys.modules['pandas']\n"
        "try: import pandas\n"
        "except ModuleNotFoundError as error: print(error)\n"
        "import gptables, pandas\n"
        "print(pandas.__name__)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    refused, given = done.stdout.splitlines()
    assert "USES_PANDAS" in refused
    assert given == "pandas"


@pytest.mark.parametrize("arguments", [["--help"], []], ids=["--help", "nothing"])
def test_the_list_of_commands_loads_none_of_them(arguments: list[str]) -> None:
    code = "import sys, devolution\ntry: devolution.app(sys.argv[1:])\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    modules = set(done.stderr.split())
    assert "position" in done.stdout
    assert "devolution" in modules
    assert modules & WATCHED <= PEOPLE
    assert not any(name.startswith(("ledger", "allocations", "scenarios")) for name in modules)


@pytest.mark.parametrize("kind", ["server"])
def test_a_plain_report_of_a_servers_ledger_loads_no_tables_either(funded: Store, tmp_path: Path, ask: Ask) -> None:
    """Neither the first time, nor when it begins with what the first has kept."""
    for _ in range(2):
        command = ["position", "--ledger", in_full(funded.path), "--json"]
        ((status, loaded),) = ask(command, DEVOLUTION_MIRRORS=str(tmp_path))
        assert (status, loaded) == (0, {*ENGINE, "psycopg"})
        assert len(list(tmp_path.iterdir())) == 1


def late_commands() -> list[tuple[str, Lazy, object]]:
    found = []
    groups = [("", typer.main.get_command(devolution.app))]
    while groups:
        prefix, group = groups.pop()
        for name, command in group.commands.items():
            if name in getattr(group, "lazy", {}):
                found.append((prefix + name, group.lazy[name], command))
            if isinstance(command, TyperGroup):
                groups.append((f"{prefix}{name} ", command))
    return found


@pytest.mark.parametrize(
    ("name", "late", "command"), late_commands(), ids=lambda value: value if isinstance(value, str) else ""
)
def test_the_list_says_of_a_command_what_it_says_of_itself(name: str, late: Lazy, command: object) -> None:
    itself = " ".join(inspect.cleandoc(command.help).split("\n\n")[0].split())
    assert late.help == itself, name


def test_a_slip_in_a_commands_name_is_met_with_the_nearest_one() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "devolution", "positon"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert "'position'" in done.stderr
