"""What a board reads first of a scenario: one sentence, three figures with their ranges, one picture, and the lines.

The page and the board pack say it in the same words, from the same figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ledger.money import spoken
from scenarios.outcome import Outcome
from scenarios.ranges import GAINING, LOSING, MOVED, FigureRange, Ranges
from scenarios.world import ICB
from screens.report.marks import Span, at_millions
from screens.report.report import Table
from screens.report.scenarios import answers
from screens.report.scenarios.ranges import ends_of

_FIGURES, _MOST_DRAWN, _MOST_LINES, _LONGEST = 3, 10, 6, 36


def in_a_sentence(outcome: Outcome, ranges: Ranges) -> str:
    """How much would be otherwise, and for how many it would be more or less."""
    moved = ranges.named(MOVED)
    start = "Nothing would stand elsewhere"
    if moved is not None and moved.central:
        start = (
            f"{spoken(int(moved.central))}{ends_of(moved, ' (from {} to {})')} would stand elsewhere, or on other terms"
        )
    told = next((answers.gainers_in_short(view) for view in outcome.views if view.gains), "nobody's total changes")
    return f"{start}: {told}."


def three(outcome: Outcome, ranges: Ranges) -> list[FigureRange]:
    """The money moved and the two that say most beside it: amounts that change, else how many gain and lose."""
    changing = [each for bridge in outcome.bridges.bridges if bridge.change_pence
                and (each := ranges.named(f"{bridge.quantity.name}_pence"))]  # fmt: skip
    # Only money is gained: who decides over it, and between which bounds, is told in words.
    of_money = any(each.level == ICB and each.of_money and not each.has_new_bounds for each in outcome.views)
    counted = [each for name in (GAINING, LOSING) if of_money and (each := ranges.named(name)) and each.high]
    rest = [each for name in ("free_of_conditions", "decided_locally") if (each := ranges.named(name))]
    moved = ranges.named(MOVED)
    return [each for each in (moved, *changing[:1], *counted, *changing[1:], *rest) if each][:_FIGURES]


def ends(figure: FigureRange) -> str:
    """Between which values a figure lies, in words."""
    same = "the same in every case that was tried" if figure.low == figure.high else "the same to the last digit shown"
    return ends_of(figure, "from {} to {}") or same


@dataclass(frozen=True)
class Drawing:
    """The one picture of an answer.

    Attributes:
        name: its heading.
        sentence: what it shows.
        spans: its bars; empty where there is nothing to draw.
    """

    name: str
    sentence: str
    spans: Sequence[Span]


def before_and_after(outcome: Outcome) -> Drawing:
    """Before and after, for the amount that changes most.

    A change too small to be seen beside the whole is no picture: then the largest gains and losses are drawn, or, where
    nobody's total changes, the lines of money that change.
    """
    moving = [each for each in answers.moving(outcome) if each.can_be_seen]
    if moving:
        most = max(moving, key=lambda each: abs(each.change_pence))
        stands = [(each, at_millions(each)) for each in (most.before_pence, most.after_pence)]
        spans = [
            Span(label, pence, True, 0.0, end) for label, (pence, end) in zip(("Before", "After"), stands, strict=True)
        ]
        sentence = f"{most.quantity.title}: {spoken(most.before_pence)} before, {spoken(most.after_pence)} after."
        return Drawing("Before and after", sentence, spans)
    gains = [gain for view in outcome.views[:1] for gain in answers.ends(view, _MOST_DRAWN)]
    if gains:
        changes = [(_short(gain.name), gain.change_pence) for gain in gains]
        sentence = "The largest gains and losses of ICBs, with all below them."
        return Drawing("Who gains and who loses most", sentence, _from_nothing(changes))
    return _lines_that_change(outcome)


def _lines_that_change(outcome: Outcome) -> Drawing:
    """What becomes free, or local, of the lines that change: whichever changes more."""
    changing = [each for each in answers.moving(outcome) if each.quantity.name in ("free", "local")]
    most = max(changing, key=lambda each: abs(each.change_pence), default=None)
    is_free = most is None or most.quantity.name == "free"
    changes = [
        (_short(line.name), line.free_change_pence if is_free else line.local_change_pence) for line in outcome.by_fund
    ]
    largest = sorted((each for each in changes if each[1]), key=lambda each: -abs(each[1]))[:_MOST_DRAWN]
    words = "free of conditions" if is_free else "decided at place or below"
    sentence = f"How much more of each line would be {words} than today."
    return Drawing("What changes, line by line", sentence, _from_nothing(largest))


def _from_nothing(changes: Sequence[tuple[str, int]]) -> list[Span]:
    return [Span(label, pence, False, 0.0, at_millions(pence)) for label, pence in changes]


def _short(name: str) -> str:
    """An organisation's or a line's name where there is little room."""
    name = name.removeprefix("NHS ").removesuffix(" ICB")
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1].rstrip()}…"


def which_money(outcome: Outcome) -> list[Table]:
    """The lines that change most, with what of them changes; all of them stand further on."""
    found = answers.lines_in_short(outcome)[:1]
    short = [replace(each, rows=each.rows[:_MOST_LINES]) for each in found]
    return [each.with_only(*_that_change(each)) for each in short]


def _that_change(table: Table) -> list[str]:
    """The headings of the columns in which something is not nothing; the first names the row."""
    first, *others = table.columns
    told = [each.heading for place, each in enumerate(others, 1) if any(row[place] for row in table.rows)]
    return [first.heading, *told]
