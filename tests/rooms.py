"""The rooms of the house: how many files and lines each holds. ``python -m tests.rooms`` writes it into the page."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "architecture.md"
DOORS = (ROOT / "devolution.py", ROOT / "streamlit_app.py")
LAYERS = ("ledger", "allocations", "scenarios", "screens")
_WHOLE = re.compile(r"^In all: .*$", re.MULTILINE)
_ROW = re.compile(r"^(\| `([\w/]+)/` \| .* \| )[\d,]+, [\d,]+ \|$", re.MULTILINE)


def rooms() -> Iterator[tuple[str, list[Path]]]:
    """Each folder of product code, and its files; the front doors stand beside the folders, and are counted in all."""
    for top in LAYERS:
        for first in sorted((ROOT / top).rglob("__init__.py")):
            yield first.parent.relative_to(ROOT).as_posix(), sorted(first.parent.glob("*.py"))


def lines(files: list[Path]) -> int:
    return sum(len(file.read_text("utf-8").splitlines()) for file in files)


def whole() -> str:
    """How many files and lines there are in all rooms and the front doors, and how many lines are told to people."""
    files = [*DOORS, *(file for _, room in rooms() for file in room)]
    told = sum(docstring_lines(file) for file in files)
    blank = sum(not line.strip() for file in files for line in file.read_text("utf-8").splitlines())
    counted = f"{len(files)} files and {lines(files):,} lines, of them {told:,} docstrings and {blank:,} blank"
    return f"In all: {counted}, the two front doors with them."


def docstring_lines(file: Path) -> int:
    """How many lines of a file are docstrings."""
    texts = [
        node.value
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    ]
    return sum((text.end_lineno or text.lineno) - text.lineno + 1 for text in texts)


def main() -> None:
    held = dict(rooms())
    page = _WHOLE.sub(whole(), PAGE.read_text("utf-8"))
    PAGE.write_text(_ROW.sub(lambda row: f"{row[1]}{len(held[row[2]])}, {lines(held[row[2]]):,} |", page), "utf-8")


if __name__ == "__main__":
    main()
