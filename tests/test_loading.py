"""What a command loads before it can answer: not the libraries that it has no use for."""

import inspect
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

import devolution
from ledger.store.address import in_full
from ledger.store.base import Store
from screens.cli.lazy import Lazy
from tests.books import fund_all

ROOT = Path(__file__).parent.parent
WORKBOOKS = ("openpyxl", "gptables", "xlsxwriter", "python_calamine")
WEB = ("streamlit", "altair")
TABLES = ("sqlalchemy", "sqlmodel", "duckdb_sqlalchemy")
DATA = ("duckdb", "pyarrow", "numpy", "pandas")


def loaded(*arguments: object) -> set[str]:
    """The modules that a command had loaded when it ended."""
    code = (
        "import sys, devolution\n"
        "try: devolution.app(sys.argv[1:])\n"
        "except SystemExit as ended: assert not ended.code, ended.code\n"
        "print(*sorted(sys.modules), file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, *map(str, arguments)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stderr.split())


@pytest.mark.parametrize("arguments", [["--help"], []], ids=["--help", "nothing"])
def test_the_list_of_commands_loads_none_of_them(arguments: list[str]) -> None:
    code = "import sys, devolution\ntry: devolution.app(sys.argv[1:])\nexcept SystemExit: pass\nprint(*sys.modules, file=sys.stderr)"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
    )
    modules = set(done.stderr.split())
    assert "position" in done.stdout
    assert "devolution" in modules
    assert not modules & {*WORKBOOKS, *WEB, *TABLES, *DATA}
    assert not any(name.startswith(("ledger", "allocations", "scenarios")) for name in modules)


@pytest.mark.parametrize("command", ["position", "flows", "measures", "trail"])
def test_a_plain_report_loads_neither_workbooks_nor_tables_nor_the_app(command: str, demo_ledger: Path) -> None:
    more = ["--organisation", "QWO"] if command == "trail" else []
    modules = loaded(command, *more, "--ledger", demo_ledger, "--json")
    assert "duckdb" in modules
    assert not modules & {*WORKBOOKS, *WEB, *TABLES}


@pytest.mark.parametrize("command", ["verify", "need"])
def test_other_commands_load_neither_workbook_writers_nor_the_app(command: str, demo_ledger: Path) -> None:
    more = ["--icb", "QWO"] if command == "need" else ["--ledger", demo_ledger]
    assert not loaded(command, *more, "--json") & {"gptables", "xlsxwriter", *WEB}


@pytest.mark.parametrize("kind", ["server"])
def test_a_plain_report_of_a_servers_ledger_loads_no_tables_either(books: Store, tmp_path: Path) -> None:
    """Neither the first time, nor when it begins with what the first has kept."""
    fund_all(books)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DEVOLUTION_MIRRORS", str(tmp_path))
        for _ in range(2):
            modules = loaded("position", "--ledger", in_full(books.path), "--json")
            assert "psycopg" in modules
            assert not modules & {*WORKBOOKS, *WEB, *TABLES}
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
