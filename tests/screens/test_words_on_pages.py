"""Board pages say nothing that only analysts read: no YAML, command, option or hash outside what is for analysts."""

import re
from pathlib import Path

import pytest

from tests.screens.every_page import NAMES, made

# Pages on which decisions are traced, recorded and brought in name files and commands by their nature; a scenario is a
# file, and the page of a month says how a letter is recorded.
OTHERS = ("audit", "import", "export", "record", "month", "scenarios")
BOARD = tuple(name for name in NAMES if not name.startswith(OTHERS))
FOR_ANALYSTS = re.compile(
    r"\bYAML\b|\bSHA-256\b|(?<![\w-])--[a-z][a-z-]+|\bdevolution (?:record|demo|bids|scenario|allocate|import|export)\b"
    r"|\b(?=[0-9a-f]*[a-f])(?=[0-9a-f]*\d)[0-9a-f]{12,}\b"
)


@pytest.mark.parametrize("name", BOARD)
def test_no_command_file_or_hash_stands_outside_what_is_for_analysts(demo_ledger: Path, name: str) -> None:
    for piece in made(name, demo_ledger).pieces:
        is_for_analysts = any(fold.startswith("For analysts") for fold in piece.folds)
        if is_for_analysts or piece.kind in ("vega_lite_chart", "echarts_chart"):
            continue
        assert piece.kind != "code", piece.text
        assert FOR_ANALYSTS.search(re.sub("<[^>]+>", " ", piece.text)) is None, piece.text


@pytest.mark.parametrize("text", ["see --json", "Download this YAML", "devolution bids FILE", "head 1c707598e0f1df2e"])
def test_what_is_for_analysts_is_known_by_its_looks(text: str) -> None:
    assert FOR_ANALYSTS.search(text) is not None
