"""What a file may work out, and what stays a sentence."""

import pytest

from ledger.errors import Refused
from scenarios.engine import run
from scenarios.files.expressions import put_in, put_in_words
from scenarios.files.scenario import revalued
from scenarios.paragraph import _assumptions
from scenarios.saved import read_text
from tests.scenarios.worlds import usual

VALUES = {"each": "£1.2 million", "cut": "30%", "n": 9, "cost-of-a-bid": "25000", "half": "0.5"}


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("$cut", "30%"),
        ("$n", 9),
        ("2 x $each", "2400000"),
        ("1 - $cut", "0.7"),
        ("(1 + $cut) * (1 - $cut)", "0.91"),
        ("$n / 3", "3"),
        ("$half / 3", "0.166666666667"),
        ("$cost-of-a-bid x $n", "225000"),
        ("$each + £800,000", "2000000"),
        ("10% x $each", "120000"),
        # No arithmetic, so a sentence.
        ("$n winners", "9 winners"),
        ("$n / 0", "9 / 0"),
        ("($n", "(9"),
        ("$n $n", "9 9"),
        ("__import__($n)", "__import__(9)"),
    ],
)
def test_arithmetic_is_worked_out_and_all_else_is_words(written: str, meant: object) -> None:
    assert put_in(written, VALUES) == meant


def test_a_dollar_in_a_sentence_may_be_a_dollar() -> None:
    assert (
        put_in_words("Cut by $cut, which is $5 or $nothing-known", VALUES)
        == "Cut by 30%, which is $5 or $nothing-known"
    )


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("{2 x $each} in all", "£2.4 million in all"),
        ("{1 - $cut} stays and $cut goes", "70% stays and 30% goes"),
        ("{$n + 1} bids", "10 bids"),
        ("{$cut x £1,000,000} of it", "£300,000 of it"),
        # No arithmetic, or nothing to put in, so words.
        ("{as it was}, {$n bids}, {$n / 0}", "{as it was}, {9 bids}, {9 / 0}"),
    ],
)
def test_what_stands_in_braces_in_a_sentence_is_worked_out(written: str, meant: str) -> None:
    assert put_in_words(written, VALUES) == meant


def test_titles_and_questions_follow_what_is_worked_out_from_sliders() -> None:
    file = FILE.format(title="Live on {1 - $cut}", share="$cut")
    for cut, title in (("30%", "Live on 70%"), ("45%", "Live on 55%")):
        read = read_text(file.replace("value: 30%", f"value: {cut}").encode()).scenario
        assert read.title == title


FILE = """title: {title}
question: What if $cut went?
baseline: {{year: 2025/26}}
steps:
  - lever: cut
    why: Because $cut.
    funds: [running-costs]
    share: {share}
assumptions:
  - {{name: cut, value: 30%, reason: R, source: S, quality: red, impact: red}}
"""


def test_words_and_figures_of_a_file_follow_its_assumptions() -> None:
    read = read_text(FILE.format(title="Less $cut", share="1 - $cut").encode()).scenario
    assert (read.title, read.question, read.steps[0].why) == ("Less 30%", "What if 30% went?", "Because 30%.")
    assert read.content()["steps"][0]["share"] == "0.7"


def test_what_steps_free_is_worked_out_in_titles_and_sentences_as_in_figures() -> None:
    """Of community services, £1,200,000.03, a cut of £200,000 is given out, and of it a quarter is £50,000."""
    file = """title: "{proceeds of step 1} for winter, {proceeds of step 1 x $part} of it at once"
question: Is {proceeds of step 1 - £20,000} enough, or {proceeds of step 9}?
decision: Agree to {proceeds of step 1 / 2}, and to {nothing else}.
baseline: {year: 2025/26}
steps:
  - {lever: cut, funds: [community], pounds: "2 x $each"}
  - {lever: grow, funds: [winter], pounds: proceeds of step 1, why: "{proceeds of step 1} are free."}
assumptions:
  - {name: each, value: £100k, reason: R, source: S, quality: red, impact: red}
  - {name: part, value: 25%, reason: R, source: S, quality: red, impact: red}
"""
    done = run(read_text(file.encode()), usual())
    told = done.written.scenario
    assert told.title == "£200,000 for winter, £50,000 of it at once"
    assert told.question == "Is £180,000 enough, or {proceeds of step 9}?"
    assert told.decision == "Agree to £100,000, and to {nothing else}."
    assert done.done[1].lever.why == "£200,000 are free."
    more = run(revalued(done.written, {"each": "£150k"}), usual(), done)
    assert (more.written.scenario.title[:8], more.done[1].lever.why) == ("£300,000", "£300,000 are free.")


def test_a_figure_names_no_assumption_that_is_not_there() -> None:
    with pytest.raises(Refused, match="there is no assumption '\\$other'"):
        read_text(FILE.format(title="T", share="1 - $other").encode())


def test_what_no_step_uses_is_not_among_what_matters() -> None:
    idle = "  - {name: idle, value: 1, reason: R, source: S, quality: red, impact: red}\n"
    read = read_text((FILE.format(title="Less $idle", share="$cut") + idle).encode())
    assert read.used == {"cut"}
    said = _assumptions(read)
    assert said == "It rests on 1 assumption; look first at cut. No figure of a step uses idle."
