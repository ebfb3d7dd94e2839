"""What a shell offers at the key Tab: commands without loading them, scenarios of the library, and codes of ICBs."""

import pytest
from typer.testing import CliRunner

import devolution
from scenarios import outcome
from screens.cli import lazy, options


def offered(*words: str) -> list[str]:
    """What a shell is offered for the last word."""
    asked = {
        "_DEVOLUTION_COMPLETE": "complete_bash",
        "COMP_WORDS": " ".join(("devolution", *words)),
        "COMP_CWORD": str(len(words)),
    }
    return CliRunner().invoke(devolution.app, [], prog_name="devolution", env=asked).stdout.split()


def test_commands_are_offered_without_being_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lazy.Lazy, "load", lambda *_: pytest.fail("a command was loaded to be named"))
    assert offered("pos") == ["position"]
    assert set(offered("s")) == {"scenario", "schedule", "stats"}


def test_scenarios_and_icbs_are_offered_where_they_are_asked_for() -> None:
    assert offered("scenario", "run", "devolve") == [
        "devolve-80-at-once", "devolve-80-in-five-years", "devolve-80-in-three-years"
    ]  # fmt: skip
    assert offered("position", "--organisation", "QW") == ["QWE", "QWO", "QWU"]
    assert offered("need", "--icb", "QWO") == ["QWO"]


def test_every_scenario_is_offered_with_its_title_and_an_icb_by_its_name_too() -> None:
    titles = {name: outcome.find(name).scenario.title for name in outcome.library()}
    assert dict(options.scenario_names("")) == titles
    assert options.icb_codes("west york") == [("QWO", "NHS West Yorkshire ICB")]
