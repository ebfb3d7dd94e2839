"""The page that says where things are says where they are."""

import re

from tests import rooms
from tests.rooms import ROOT

PAGE = rooms.PAGE.read_text("utf-8")
# A stranger reads a folder at one look, and guesses the file.
MOST_FILES = 25


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
    told = set(re.findall(r"^\| `([\w/]+)/` \|", PAGE, re.MULTILINE))
    held = {name for name, _ in rooms.rooms()} - {"allocations/figures/reference"}
    assert told == held, told ^ held


def test_no_room_holds_more_files_than_a_stranger_reads_at_one_look() -> None:
    assert {name: len(files) for name, files in rooms.rooms() if len(files) > MOST_FILES} == {}
