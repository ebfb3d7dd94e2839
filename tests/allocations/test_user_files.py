"""Files of the user's own: places, terms, a policy. All problems at once, each with its line."""

from pathlib import Path

import pytest

from allocations.demo.policy import DEFAULT, read_policy
from allocations.figures import tables
from allocations.figures.structure import overriding_terms
from allocations.places.division import UNASSIGNED
from allocations.places.files import YearOfPlaces, read_division
from ledger.errors import Refused
from ledger.models import Terms

SHIPPED = {row["fund"]: row["version"] for row in tables.table("terms").to_pylist()}
PRACTICES = YearOfPlaces({"B00001": "QWO", "B00002": "QWO", "B00003": "QWO", "C00001": "QOP"}, {}, {})


def places(folder: Path, text: str) -> Path:
    path = folder / "places.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    "header", ["practice_code,place", "Practice Code,Place Name", "ODS_code,note,Locality", "\ufeffpractice,place"]
)
def test_places_are_read_whatever_the_columns_are_called(tmp_path: Path, header: str) -> None:
    middle = ",x" if "note" in header else ""
    file = places(tmp_path, f"{header}\nb00001 {middle},  Leeds   North\n\nB00002{middle},Kirklees\n")
    division = read_division(file, "QWO", PRACTICES)
    assert division.place_of == {"B00001": "Leeds North", "B00002": "Kirklees", "B00003": UNASSIGNED}
    assert division.unassigned == ("B00003",)


def test_every_problem_of_a_places_file_is_listed_with_its_line(tmp_path: Path) -> None:
    file = places(tmp_path, "practice,place\nB00001,Leeds\nB00001,Kirklees\nB0002,Leeds\nC00001,Leeds\nB00003,\n")
    with pytest.raises(Refused) as refused:
        read_division(file, "QWO", PRACTICES)
    said = [str(problem) for problem in refused.value.problems]
    assert [text.split(":")[0] for text in said] == [f"places.csv, line {line}" for line in (3, 4, 5, 6)]
    assert "in Kirklees, and in Leeds on line 2" in said[0]
    assert "Did you mean B00002" in said[1]
    assert "belongs to QOP, not to QWO" in said[2]
    assert "has no place" in said[3]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "the columns are missing"),
        ("a,b\n1,2\n", "the columns are a, b"),
        ("practice,place\n", "no practice of QWO"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        read_division(places(tmp_path, text), "QWO", PRACTICES)


def test_a_file_that_is_not_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(Refused, match="not text in UTF-8"):
        read_division(tmp_path / "x.csv", "QWO", PRACTICES)
    with pytest.raises(Refused, match="there is no such file"):
        read_division(tmp_path / "none.csv", "QWO", PRACTICES)


def test_a_place_written_two_ways_is_one_place(tmp_path: Path) -> None:
    file = places(tmp_path, "practice,place\nB00001,Leeds\nB00002,LEEDS\nB00003,leeds\n")
    assert set(read_division(file, "QWO", PRACTICES).place_of.values()) == {"Leeds"}


def test_a_budget_heading_can_be_given_terms_of_its_own(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(
        "fund,grade,reason,source,quality\ncore-mental-health,soft,It holds the investment standard,Our board,amber\n"
    )
    (row,) = overriding_terms(file, SHIPPED).records[Terms].to_pylist()
    assert (row["fund"], row["version"], row["grade"], row["recurrent"]) == ("core-mental-health", 1, "soft", True)


def test_the_users_own_terms_are_a_new_version_with_grounds(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(
        "fund,grade,returns_per_year,reason,source,quality\ncore-sdf-transfers,hard,4,Ours differ,Our letter,green\n"
    )
    draft = overriding_terms(file, SHIPPED)
    (row,) = draft.records[Terms].to_pylist()
    assert (row["fund"], row["version"], row["grade"], row["returns_per_year"]) == ("core-sdf-transfers", 2, "hard", 4)
    assert row["route"] == "historic"  # what the file leaves out stays as shipped


def test_every_problem_of_a_terms_file_is_listed_with_its_line(tmp_path: Path) -> None:
    file = tmp_path / "mine.csv"
    file.write_text(
        "fund,grade,spend_by,match_percent,colour,reason,source,quality\n"
        "core-oct,firm,soon,half,red,,a letter,green\nnothing,soft,,,,a,b,amber\ncore-oct,soft,,,,a,b,amber\n"
    )
    with pytest.raises(Refused) as refused:
        overriding_terms(file, SHIPPED)
    said = "\n".join(str(problem) for problem in refused.value.problems)
    for sentence in ("line 2: the column 'reason' is empty", "the grade is 'firm'", "the spend_by is 'soon'", "the match_percent is 'half'",
                     "there is a column 'colour'", "line 3: there are no terms for a fund 'nothing'", "line 4: the fund core-oct stands twice"):  # fmt: skip
        assert sentence in said, sentence


def test_an_empty_or_unreadable_terms_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.csv").write_text("fund,reason,source,quality\n")
    with pytest.raises(Refused, match="it has no lines"):
        overriding_terms(tmp_path / "mine.csv", SHIPPED)
    with pytest.raises(Refused, match="cannot be read"):
        overriding_terms(tmp_path / "none.csv", SHIPPED)


def test_the_shipped_policy_says_that_it_is_illustrative() -> None:
    policy, digest = read_policy()
    assert policy.status == "illustrative"
    assert len(digest) == 64


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ("share: 0.9", "share: 1.9", "less than or equal to 1"),
        ("by: prescribing", "by: prescrbing", "Did you mean prescribing"),
        ("core-maternity: 0.04348", "core-maternity: 0.04448", "the parts sum to 1.001"),
        ("title:", "titel: x\ntitle:", "Extra inputs are not permitted"),
        ("status: illustrative", "status: a\nstatus: b", "the key 'status' stands twice"),
        ("year: 2025/26", "year: 2025/27", "is not a financial year"),
        ("devolve:", "devolve: [", "The file cannot be understood"),
        ("fund: core-prescribing", "fund: core-perscribing", "did you mean core-prescribing"),
        ("fund: core-prescribing", "fund: core-community", "core-community stands twice"),
    ],
)
def test_a_policy_with_a_slip_is_refused_with_its_place(tmp_path: Path, old: str, new: str, sentence: str) -> None:
    file = tmp_path / "policy.yaml"
    text = DEFAULT.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Refused, match=sentence):
        read_policy(file)


def test_a_policy_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused, match="there is no such file"):
        read_policy(tmp_path / "none.yaml")
