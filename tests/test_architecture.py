"""The page that says where things are says where they are."""

import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs" / "architecture.md").read_text("utf-8")


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
    rooms = {
        str(file.parent.relative_to(ROOT))
        for top in ("ledger", "allocations", "scenarios", "screens")
        for file in (ROOT / top).rglob("__init__.py")
    }
    told = set(re.findall(r"^\| `([\w/]+)/` \|", PAGE, re.MULTILINE))
    assert told == rooms - {"allocations/figures/reference"}, told ^ rooms
