"""The library by what its scenarios ask: each stands once, and what people type finds it."""

from scenarios import outcome
from scenarios.files.themes import OTHERS, THEMES, in_order, theme


def test_every_scenario_of_the_library_has_one_theme() -> None:
    named = [name for names in THEMES.values() for name in names]
    assert len(named) == len(set(named))
    assert set(named) <= set(outcome.library())


def test_the_list_begins_with_devolving_and_leaves_nothing_out() -> None:
    names = in_order([*outcome.library(), "of our own"])
    assert names[0] == "devolve-80-at-once"
    assert names[-1] == "of our own"
    assert sorted(names) == sorted([*outcome.library(), "of our own"])
    assert theme("of our own") == OTHERS
