"""A reading of grades of one's own, from a file: what it says is what is read, and what it cannot say is refused."""

from pathlib import Path

import pytest

from allocations.files.own_reading import read_own
from ledger.errors import Refused
from ledger.readings import Regrade
from tests.screens.pages import ROOT, document

EXAMPLE = ROOT / "docs" / "reading_example.yaml"


def test_the_example_is_read_as_it_is_written() -> None:
    own = read_own(EXAMPLE)
    assert (own.name, own.title) == ("own", "as our board reads it")
    assert own.regrades == (
        Regrade("soft", headings=("core-mental-health",)),
        Regrade("soft", pots=("better-care-fund",), grades=("statutory",)),
    )


@pytest.mark.parametrize(
    ("was", "now", "told"),
    [
        ("grade: soft", "grade: firm", "line 9, regrades.0.grade"),
        ("headings:", "heading:", "Did you mean 'headings'?"),
        ("title: as our board reads it", "title: ''", "line 3, title"),
    ],
)
def test_what_no_reading_can_say_is_refused_with_its_line(tmp_path: Path, was: str, now: str, told: str) -> None:
    file = tmp_path / "mine.yaml"
    file.write_text(EXAMPLE.read_text("utf-8").replace(was, now, 1), encoding="utf-8")
    with pytest.raises(Refused) as refused:
        read_own(file)
    assert told in str([(one.where, one.fix) for one in refused.value.problems])


def test_ones_own_reading_is_the_central_one_and_in_the_range(demo_ledger: Path) -> None:
    answer = document("measures", "--scope", "all", "--reading", EXAMPLE, "--ledger", demo_ledger)
    recorded = document("measures", "--scope", "all", "--ledger", demo_ledger)
    assert (answer["reading"], recorded["reading"]) == ("own", "recorded")
    hard, before = (
        next(row for row in one["rows"] if row["measure"] == "ring_fenced_share") for one in (answer, recorded)
    )
    # Without the Better Care Fund less is under a hard ring-fence than by any reading that is shipped.
    assert hard["value"] == hard["value_lowest"] < before["value_lowest"]
    assert (hard["value_lowest_by"], before["value_highest"] <= hard["value_highest"]) == ("own", True)
