"""What a run leaves to the night: by day each value of each parameter stands at least once, by night nothing is left out."""

from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from tests.profiles import ON_BOTH_KINDS, by_night, every, left_to_the_night


def test_every_value_stands_in_the_choice_and_every_combination_is_there() -> None:
    letters, numbers = ("a", "b", "c"), (1, 2)
    found = every(letters, numbers)
    assert sorted(one.values for one in found) == sorted(product(letters, numbers))
    by_day = [one.values for one in found if not one.marks]
    assert by_day == [("a", 1), ("b", 2), ("c", 1)]
    assert all(mark.name == "nightly" for one in found for mark in one.marks)
    assert [one.values for one in by_night([1, (2, "b")])] == [(1,), (2, "b")]


def item(name: str, *, night: bool = False, **given: object) -> Any:
    """A test as a run has collected it."""
    return SimpleNamespace(
        nodeid=name,
        callspec=SimpleNamespace(params=given),
        get_closest_marker=lambda word: word if night and word == "nightly" else None,
    )


def test_what_is_there_for_both_kinds_of_store_runs_on_one_and_its_cases_take_turns() -> None:
    kinds = ("file", "server")
    cases = [item(f"a.py::test_it[{kind}-{case}]", kind=kind, case=case) for kind in kinds for case in (0, 1, 2)]
    alone = [[item(f"a.py::test_{name}[{kind}]", kind=kind) for kind in kinds] for name in range(20)]
    others = [item("b.py::test_it[0]", case=0), item("c.py::test_it[file-0]", kind="file", case=0),
              item("c.py::test_it[file-1]", kind="file", case=1), item("d.py::test_it[empty]", kind="empty"),
              item("tests/faults/test_killed.py::test_it[file]", kind="file"),
              item("tests/faults/test_killed.py::test_it[server]", kind="server")]  # fmt: skip
    night = item("b.py::test_long", night=True)
    everything = [*cases, *(one for both in alone for one in both), *others, night]
    left = left_to_the_night(everything, "ci")
    assert night in left
    assert not any(one in left for one in others)
    assert sorted(cases.index(one) for one in left if one in cases) in ([0, 2, 4], [1, 3, 5])
    assert all(sum(one in left for one in both) == 1 for both in alone)
    assert {both[0] in left for both in alone} == {True, False}
    assert left_to_the_night(everything, "nightly") == []


def test_what_runs_on_both_kinds_is_there() -> None:
    assert [name for name in ON_BOTH_KINDS if not (Path(__file__).parent.parent / name).exists()] == []
