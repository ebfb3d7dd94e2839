"""Board pages say nothing that only analysts read: no YAML, command, option or hash outside what is for analysts."""

import re
from pathlib import Path

import pytest

from ledger.reports import measures
from screens.report.glossary import TERMS
from tests.screens.every_page import NAMES, made
from tests.screens.pages import ROOT, page, said, tables

# Here the files and what made them are what is asked for: a scenario that is brought as a file, the hash that one may
# record of a letter, who brought something in, what is recorded of an entry, and how each table was made.
OTHERS = ("scenarios-bring", "record", "record-pot", "import-list", "audit-entry", "audit-data")
BOARD = tuple(name for name in NAMES if name not in OTHERS)
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


def test_the_words_of_the_page_are_those_of_the_guide_and_every_page_leads_to_them(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, demo_ledger: Path
) -> None:
    guide = (ROOT / "docs" / "guide.md").read_text(encoding="utf-8").partition("## Words")[2].partition("\n## ")[0]
    assert dict(re.findall(r"^\| ([A-Z][^|]+) \| ([^|]+) \|$", guide, re.MULTILINE)) == {"Word": "Meaning", **TERMS}
    app = page(monkeypatch, "words", tmp_path / "none.duckdb")
    for word, meaning in TERMS.items():
        assert f"**{word}**: {meaning}." in said(app)
    assert all(one.title in tables(app) for one in measures.CATALOGUE)
    for name in BOARD:
        if name != "words":
            assert any('href="words"' in piece.text for piece in made(name, demo_ledger).pieces), name
