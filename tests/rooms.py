"""The rooms of the house: how many files and lines each holds. ``python -m tests.rooms`` writes it into the page."""

import re
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "architecture.md"
LAYERS = ("ledger", "allocations", "scenarios", "screens")
_ROW = re.compile(r"^(\| `([\w/]+)/` \| .* \| )[\d,]+, [\d,]+ \|$", re.MULTILINE)


def rooms() -> Iterator[tuple[str, list[Path]]]:
    """Each folder of product code, and its files."""
    for top in LAYERS:
        for first in sorted((ROOT / top).rglob("__init__.py")):
            yield first.parent.relative_to(ROOT).as_posix(), sorted(first.parent.glob("*.py"))


def lines(files: list[Path]) -> int:
    return sum(len(file.read_text("utf-8").splitlines()) for file in files)


def main() -> None:
    held = dict(rooms())
    page = PAGE.read_text("utf-8")
    PAGE.write_text(_ROW.sub(lambda row: f"{row[1]}{len(held[row[2]])}, {lines(held[row[2]]):,} |", page), "utf-8")


if __name__ == "__main__":
    main()
