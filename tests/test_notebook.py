"""The notebook of the documentation, cell by cell in one process, on the demo: as a kernel would run it, without one."""

import ast
import json
from pathlib import Path
from typing import Any

import pytest

NOTEBOOK = Path(__file__).parent.parent / "docs" / "examples" / "walk_through.ipynb"


def test_every_cell_runs_in_order_and_shows_something(
    demo_ledger: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "ledger.duckdb").symlink_to(demo_ledger)
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    shown: list[Any] = []
    for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] != "code":
            continue
        # What was worked out once is no part of it: it would grow old.
        assert cell["outputs"] == []
        tree = ast.parse("".join(cell["source"]))
        last = tree.body.pop() if isinstance(tree.body[-1], ast.Expr) else None
        exec(compile(tree, "cell", "exec"), names)
        if isinstance(last, ast.Expr):
            shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))
    tables = [one for one in shown if one is not None]
    assert len(tables) == 8
    assert all(len(one) for one in tables)
    assert tables[0].amount_pence.sum() == 20_511_100_000_000
    assert capsys.readouterr().out.startswith("England holds £205.1 billion in 2025/26.")
