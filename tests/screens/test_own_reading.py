"""A reading of one's own on a page, without a browser: brought as a file, told with its name, refused with its line."""

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from tests.screens.pages import ROOT, document, no_leftovers, page, said, tables, well

__all__ = ["no_leftovers"]

EXAMPLE = ROOT / "docs" / "reading_example.yaml"


def brought(app: AppTest, name: str, content: bytes) -> AppTest:
    (field,) = (one for one in app.file_uploader if one.label == "A file with a reading of your own")
    return well(field.set_value((name, content, "")).run())


def test_ones_own_reading_is_chosen_told_and_in_the_range_and_a_faulty_one_leaves_it(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    app = page(monkeypatch, "ring_fences", demo_ledger)
    assert app.selectbox(key="reading").value == "recorded"

    faulty = EXAMPLE.read_bytes().replace(b"grade: soft", b"grade: firm", 1)
    refused = brought(app, "mine.yaml", faulty)
    assert "mine.yaml cannot be used. Ring-fences are read as before." in [one.value for one in refused.error]
    assert "mine.yaml, line 9, regrades.0.grade" in tables(refused)
    assert refused.selectbox(key="reading").value == "recorded"

    own = brought(refused, "mine.yaml", EXAMPLE.read_bytes())
    assert own.selectbox(key="reading").value == "own"
    assert "Ring-fences by your own reading: as our board reads it" in own.selectbox(key="reading").options
    assert "Reading of ring-fences: your own, as our board reads it." in said(own)
    # Without the Better Care Fund less is hard than by any shipped reading: the range ends there, by its name.
    (hard,) = (row for row in document("measures", "--scope", "all", "--reading", EXAMPLE, "--ledger",
                                       demo_ledger)["rows"] if row["measure"] == "ring_fenced_share")  # fmt: skip
    assert hard["value_lowest_by"] == "own"
    assert "as our board reads it" in said(own).replace("Reading of ring-fences: your own, as our board reads it.", "")

    still = brought(own, "worse.yaml", faulty)
    assert "worse.yaml cannot be used" in still.error[0].value
    assert still.selectbox(key="reading").value == "own"
    assert "Reading of ring-fences: your own, as our board reads it." in said(still)


def test_an_address_with_a_reading_that_this_visit_does_not_have_says_what_to_bring(
    monkeypatch: pytest.MonkeyPatch, demo_ledger: Path
) -> None:
    app = page(monkeypatch, "overview", demo_ledger, reading="own")
    assert "a reading of your own is a file, to be brought in each visit" in app.warning[0].value
    assert app.selectbox(key="reading").value == "recorded"
