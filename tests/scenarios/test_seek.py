"""Goal seek: the value of an assumption at which a figure is what is asked, and honest where there is none."""

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import devolution
from ledger.errors import Refused
from scenarios.files.scenario import Assumption
from scenarios.solve.crossing import cross
from scenarios.solve.seek import condition_of, figures, scale_of

DOCS = Path(__file__).parent.parent.parent / "docs"


def half(step: int) -> Fraction:
    """Half of it: 50 at 100."""
    return Fraction(step, 2)


def test_a_figure_that_rises_is_crossed_once() -> None:
    """Half of 63 is the first that is 31.3 or more, 62 gives 31."""
    found = cross(half, lambda figure: figure >= Fraction(313, 10), 0, 100, 80)
    assert found.at is not None
    assert found.before is not None
    assert found.after is not None
    assert (found.before.step, found.at.step, found.after.step) == (62, 63, 64)
    assert (found.before.figure, found.at.figure, found.after.figure) == (31, Fraction(63, 2), 32)
    assert (found.turns, found.crossings) == (False, 1)


def test_a_figure_that_falls_is_crossed_from_the_other_side() -> None:
    found = cross(lambda step: Fraction(100 - step), lambda figure: figure >= 40, 0, 100, 10)
    assert found.at is not None
    assert found.before is not None
    assert (found.at.step, found.before.step) == (60, 61)


@given(st.integers(-50, 300), st.integers(1, 200), st.integers(0, 200))
def test_whatever_is_asked_of_a_rising_figure_the_answer_is_the_first(bound: int, width: int, today: int) -> None:
    today = min(today, width)
    found = cross(Fraction, lambda figure: figure >= bound, 0, width, today)
    expected = next((step for step in range(width + 1) if step >= bound), None)
    if expected is None:
        assert found.at is None
    elif bound <= 0:
        assert found.at is not None
        assert (found.at.step, found.before) == (today, None)
    else:
        assert found.at is not None
        assert found.at.step == expected
        assert found.before is not None
        assert found.before.step == expected - 1


def test_a_figure_that_turns_is_said_to_and_the_nearest_crossing_is_given() -> None:
    """100 - |step - 50|: at least 80 from 30 to 70. From 90 the nearest is 70."""
    found = cross(lambda step: Fraction(100 - abs(step - 50)), lambda figure: figure >= 80, 0, 100, 90)
    assert found.at is not None
    assert found.at.step == 70
    assert (found.turns, found.crossings) == (True, 2)


def test_what_is_never_met_has_no_answer_but_a_nearest() -> None:
    found = cross(half, lambda figure: figure >= 51, 0, 100, 80)
    assert found.at is None
    assert found.most is not None
    assert found.most.step == 100
    assert found.least is not None
    assert found.least.step == 0


def test_where_it_cannot_be_run_there_is_no_figure_and_nothing_is_met() -> None:
    found = cross(lambda step: None if step < 30 else Fraction(step), lambda figure: figure <= 99, 0, 100, 80)
    assert found.looked_at[0].figure is None
    assert not found.looked_at[0].is_met
    assert found.crossings == 2


def assumption(value: str | int) -> Assumption:
    return Assumption(name="cut", value=value, reason="r", source="s", quality="red", impact="red")


@pytest.mark.parametrize(
    ("value", "ends", "expected"),
    [
        ("80%", (None, None), ("percent", 0, 10_000, 8_000, "80%")),
        ("0.8", (None, "90.5%"), ("percent", 0, 9_050, 8_000, "80%")),
        ("12.34%", ("12%", "0.13"), ("percent", 1_200, 1_300, 1_234, "12.34%")),
        ("£1.2 million", (None, None), ("pounds", 0, 2_400_000, 1_200_000, "£1,200,000")),
        (30, (None, None), ("whole", 0, 60, 30, "30")),
        (0, ("-5", "5"), ("whole", -5, 5, 0, "0")),
    ],
)
def test_values_lie_on_a_scale(
    value: str | int, ends: tuple[str | None, str | None], expected: tuple[Any, ...]
) -> None:
    scale = scale_of(assumption(value), ends)
    assert (scale.kind, scale.low, scale.high, scale.today, scale.written(scale.today)) == expected


@pytest.mark.parametrize(
    ("value", "ends", "said"),
    [
        ("core", (None, None), "'core' is no number"),
        ("80%", ("£5", None), "is no number of one kind"),
        ("80%", ("90%", None), "its own value, 80%, does not lie from 90% to 100%"),
        ("12.345%", (None, None), "'12.345%' is no number"),
        (30, (None, "1e999999"), "is no number of one kind"),
        (30, (None, "9" * 5000), "is no number of one kind"),
    ],
)
def test_what_is_on_no_scale_is_refused(value: str, ends: tuple[str | None, str | None], said: str) -> None:
    with pytest.raises(Refused, match=said):
        scale_of(assumption(value), ends)


def test_a_condition_is_a_figure_a_sign_and_a_value_of_its_unit() -> None:
    share = condition_of("untied_devolved_share >= 50%")
    assert (share.figure.title, share.at_least, share.value) == ("Local and free", True, Fraction(1, 2))
    assert share.is_met(Fraction(1, 2))
    money = condition_of("earmarked retained_without_agreement<=£1.5 million")
    assert (money.figure.name, money.at_least, money.value) == (
        "earmarked retained_without_agreement",
        False,
        150_000_000,
    )
    assert not money.is_met(Fraction(150_000_001))
    assert condition_of("pots_per_icb <= 12.5").value == Fraction(25, 2)
    assert {"devolved_share", "earmarked pots", "decided_locally"} <= set(figures())


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("half", "is no figure with"),
        ("devolved = 3", "is no figure with"),
        ("freedom >= 50%", "there is no figure 'freedom'"),
        ("devolved_share >= much", "is no value of devolved_share"),
        ("total >= much", "is no value of total"),
    ],
)
def test_what_is_no_condition_is_refused(asked: str, said: str) -> None:
    with pytest.raises(Refused, match=said):
        condition_of(asked)


def asked(ledger: Path, *words: str) -> tuple[int, dict[str, Any]]:
    done = CliRunner().invoke(devolution.app, [*words, "--ledger", str(ledger), "--json"])
    return done.exit_code, json.loads(done.stdout)


def test_what_is_found_is_what_a_run_of_the_scenario_says(demo_ledger: Path) -> None:
    """One step before it is not enough; each point is asked again of the command that runs a scenario."""
    status, found = asked(
        demo_ledger, "scenario", "seek", "devolve-80-at-once", "--find", "share_at_place", "--until",
        "devolved_share >= 27%", "--from", "53%", "--to", "80%",
    )  # fmt: skip
    assert (status, found["turns"], found["crossings"]) == (0, False, 1)
    points = {row["point"]: row for row in found["rows"] if row["point"]}
    assert points["found"]["value"] == found["found"]
    for point, is_met in (("before", False), ("found", True)):
        _, run = asked(demo_ledger, "scenario", "run", f"devolve-80-at-once@share_at_place={points[point]['value']}")
        (after,) = [row["after"] for row in run["rows"] if (row["scope"], row["measure"]) == ("all", "devolved_share")]
        assert points[point]["figure"] == pytest.approx(after)
        assert points[point]["is_met"] is is_met is (after >= 0.27)


def test_what_cannot_be_reached_is_said_with_the_nearest(demo_ledger: Path) -> None:
    status, found = asked(
        demo_ledger, "scenario", "seek", str(DOCS / "seek_example.yaml"), "--find", "share", "--until",
        "untied_devolved_share >= 50%", "--from", "59%",
    )  # fmt: skip
    assert (status, found["found"], found["crossings"]) == (1, None, 0)
    assert max(row["figure"] for row in found["rows"]) < 0.5


@pytest.mark.parametrize(
    ("find", "said"), [("no_such", "the scenario makes no such assumption"), ("idle", "no figure of a step uses it")]
)
def test_an_assumption_that_moves_nothing_is_refused(demo_ledger: Path, tmp_path: Path, find: str, said: str) -> None:
    text = (DOCS / "seek_example.yaml").read_text("utf-8")
    idle = "  - {name: idle, value: 1%, reason: r, source: s, quality: red, impact: red}\n"
    (tmp_path / "idle.yaml").write_text(text + idle, encoding="utf-8")
    status, found = asked(
        demo_ledger, "scenario", "seek", str(tmp_path / "idle.yaml"), "--find", find, "--until", "pots <= 3"
    )
    assert status == 1
    assert said in json.dumps(found)
