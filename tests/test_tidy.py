"""The house stays clean: what we promised about the code, checked."""

import ast
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import typer
from typer.core import TyperGroup

ROOT = Path(__file__).parent.parent
ROOMS = ("ledger", "allocations", "scenarios", "screens")
FILES = sorted(path for room in ROOMS for path in (ROOT / room).rglob("*.py"))
FRONT_DOORS = [ROOT / "devolution.py", ROOT / "streamlit_app.py"]


def tracked() -> list[Path]:
    try:
        listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git checkout, so there is no list of tracked files")
    return [ROOT / name for name in listed.splitlines() if (ROOT / name).exists()]


def text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_constraints_and_project_pin_the_same_versions() -> None:
    project = tomllib.loads(text(ROOT / "pyproject.toml"))
    pins = [line for line in text(ROOT / "constraints.txt").splitlines() if line and not line.startswith("#")]
    assert project["tool"]["uv"]["constraint-dependencies"] == pins
    assert all("==" in pin for pin in pins)


def test_no_package_index_and_no_lock_file_is_named() -> None:
    hosts = re.compile(r"(pyp|pythonh|npm)[a-z]*\.(org|com|io)", re.IGNORECASE)
    for path in tracked():
        assert path.name != "uv.lock"
        if path.suffix not in (".png", ".duckdb"):
            assert not hosts.search(text(path)), path


def test_no_published_file_is_committed() -> None:
    for path in tracked():
        assert path.suffix not in (".xlsx", ".zip", ".geojson", ".duckdb"), path


def test_files_fit_on_a_few_screens() -> None:
    assert {str(path): len(text(path).splitlines()) for path in FILES if len(text(path).splitlines()) > 600} == {}


def test_functions_fit_on_a_screen() -> None:
    long = {
        f"{path}: {node.name}": length
        for path in FILES + FRONT_DOORS
        for node in ast.walk(ast.parse(text(path)))
        if isinstance(node, ast.FunctionDef) and (length := (node.end_lineno or node.lineno) - node.lineno + 1) > 80
    }
    assert long == {}


def test_money_never_passes_through_a_float_or_a_row_loop() -> None:
    # Analysts get pandas with Arrow's own types, which keep whole pence whole; what tells or shows them so may name it.
    keeps_whole_pence = (ROOT / "screens" / "python.py", ROOT / "screens" / "report" / "report.py")
    banned = (".df()", "fetchdf(", "executemany(", "fillna(", ".to_pandas()")
    found = [
        f"{word} in {path}" for path in FILES for word in banned if word in text(path) and path not in keeps_whole_pence
    ]
    assert found == []


def test_floats_are_ratios_only() -> None:
    """``float`` is named only where a ratio is shown or worked out, and never where money is kept."""
    allowed = {
        "measures.py",
        "arrow.py",
        "report.py",
        "holdings.py",
        "json.py",
        "estimate.py",
        "summary.py",
        "stats.py",
        "parser.py",
        "ranges.py",
        "shapes.py",
        "apportion.py",
        "base.py",
        "pace.py",
        "document.py",
        "compare.py",
        "cells.py",
        "shares.py",
        "marks.py",
        "highs.py",
    }
    for path in FILES:
        names = {node.id for node in ast.walk(ast.parse(text(path))) if isinstance(node, ast.Name)}
        assert "float" not in names or path.name in allowed, path


def test_screens_hold_no_sql_and_no_arithmetic_on_money() -> None:
    for path in sorted((ROOT / "screens").rglob("*.py")) + FRONT_DOORS:
        # The one file in which amounts become places on an axis.
        if path != ROOT / "screens" / "report" / "marks.py":
            _holds_no_arithmetic(path)


def test_a_class_name_stands_once() -> None:
    rooms: dict[str, list[str]] = {}
    for path in FILES:
        for node in ast.walk(ast.parse(text(path))):
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                rooms.setdefault(node.name, []).append(str(path.relative_to(ROOT)))
    assert {name: found for name, found in rooms.items() if len(found) > 1} == {}


def test_questions_to_the_books_stand_in_the_ledger() -> None:
    for room in ("allocations", "scenarios"):
        for path in sorted((ROOT / room).rglob("*.py")):
            assert not re.search(r"\bSELECT\b", text(path)), f"{path}: ask a function of ledger/reports"


def _holds_no_arithmetic(path: Path) -> None:
    source = text(path)
    assert not re.search(r"\b(SELECT|INSERT|UPDATE)\b", source), path
    for node in ast.walk(ast.parse(source)):
        called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
        assert called not in ("sum", "round", "divmod"), ast.unparse(node)
        if isinstance(node, ast.BinOp) and not isinstance(node.op, ast.BitOr | ast.Mod):
            named = {part.id for part in ast.walk(node) if isinstance(part, ast.Name)}
            named |= {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
            assert not any("pence" in name or "amount" in name for name in named), ast.unparse(node)


def test_duckdb_is_named_where_books_are_kept_alone() -> None:
    for path in FILES:
        if path.name not in ("reading.py", "file.py", "mirror.py", "store.py"):
            assert not re.search(r"^\s*(import|from) duckdb", text(path), re.MULTILINE), path


def test_nobody_imports_the_front_doors() -> None:
    for path in FILES:
        assert not re.search(r"^\s*(import|from) (devolution|streamlit_app)\b", text(path), re.MULTILINE), path


def test_every_decision_says_why() -> None:
    pages = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert pages
    for page in pages:
        for word in ("**Context.**", "**Choice.**", "**Consequence.**"):
            assert word in text(page), f"{page.name} has no {word}"


def test_the_readme_shows_the_two_commands_and_the_picture() -> None:
    readme = text(ROOT / "README.md")
    assert "\npip install uv && uv run devolution demo\n" in readme
    assert "\npip install uv && uv run --group develop pytest\n" in readme
    for target in re.findall(r"\]\(([^)h][^)]*)\)", readme):
        assert (ROOT / target).exists(), target


def test_every_command_is_in_the_readme_or_the_guide() -> None:
    import devolution

    told = text(ROOT / "README.md") + text(ROOT / "docs" / "guide.md")
    groups = [("", typer.main.get_command(devolution.app))]
    while groups:
        prefix, group = groups.pop()
        for name, command in group.commands.items():
            if isinstance(command, TyperGroup):
                groups.append((f"{prefix}{name} ", command))
            else:
                assert f"devolution {prefix}{name}" in told, prefix + name


def test_a_line_that_is_too_long_for_the_page_is_wrapped() -> None:
    """What scrolls sideways can be reached by a mouse alone."""
    for path in FILES:
        for call in ast.walk(ast.parse(text(path))):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "st.code":
                assert any(word.arg == "wrap_lines" for word in call.keywords), f"{path}: {call.lineno}"
