"""Which published file it is, by its headers; another kind is refused with what it looks like."""

from pathlib import Path

import pytest

from allocations.files.published.recognise import FileKind, recognise
from ledger.errors import Refused
from tests.allocations.published import small
from tests.allocations.published.test_structure_files import MAP
from tests.books import texts


def test_each_kind_by_its_headers_whatever_its_name(tmp_path: Path) -> None:
    assert recognise(small.workbook(tmp_path / "a.xlsx", small.allocation_sheets())) is FileKind.ALLOCATIONS
    assert recognise(small.text_file(tmp_path / "b.csv", small.practice_rows())) is FileKind.PRACTICES
    assert recognise(small.archive(tmp_path / "c.zip", MAP)) is FileKind.PRACTICE_MAP


def test_a_practice_file_without_one_component_is_still_a_practice_file(tmp_path: Path) -> None:
    rows = small.practice_rows()
    for row in rows:
        row.pop()
    assert recognise(small.text_file(tmp_path / "b.csv", rows)) is FileKind.PRACTICES


@pytest.mark.parametrize(
    ("header", "said"),
    [
        (["practice_code", "place"], "it looks like a list of your own places (give it to 'allocate --places')."),
        (["icb_ods", "icb_ons", "icb_name"], "it looks like a list of ICBs."),
        (["Invoice", "Supplier", "Net"], "its headers are not those of a file that is read: 'Invoice' (A1), 'Supplier' (B1)"),
        ([], "its headers are not those of a file that is read: none."),
    ],
)  # fmt: skip
def test_another_kind_is_refused_with_what_it_looks_like(tmp_path: Path, header: list[str], said: str) -> None:
    with pytest.raises(Refused) as refused:
        recognise(small.text_file(tmp_path / "other.csv", [header]))
    told = texts(refused.value.problems)
    assert told.startswith("other.csv: ")
    assert said in told
    assert "Read here are: workbook of ICB allocations; practice file of the place tool;" in told
    assert "Give one of these, as it was published." in told
