"""The questions that the first page asks, each with the headline of its answer and the page that gives it in full.

Nothing is worked out here: every headline is read from the answer that its page shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from allocations.shares.national import IcbStanding
from allocations.shares.targets import Target
from ledger.money import plain_decimal, spoken
from ledger.reports.measures import THERE_MAY_BE_MORE
from ledger.reports.over_receivers import middle
from ledger.reports.receivers import Received
from ledger.reports.summary import percent
from ledger.years import Month
from scenarios.outcome import Outcome
from scenarios.scorecard import NOT_KNOWN_OF_POTS, scorecard
from screens.report.national import share_text
from screens.report.report import NOT_AVAILABLE, Link, Report, count_of, in_words
from screens.report.scenarios.answers import moving


@dataclass(frozen=True, slots=True)
class Question:
    """Something that people come to ask.

    Attributes:
        name: a fixed word.
        asked: the question, as people put it.
        page: on which it is answered in full, by its address.
        query: what the address of that page says besides the organisation and the year.
    """

    name: str
    asked: str
    page: str
    query: Mapping[str, str] = field(default_factory=dict)

    def link(self, icb: str | None, year: str | None) -> Link:
        """Where it is answered, for an ICB or for all of them."""
        return Link(self.asked, self.page, {**self.query, "icb": icb, "year": year})


QUESTIONS = (
    Question("where", "Where does our money go?", "overview"),
    Question("free", "How free is it?", "ring-fences"),
    Question("pieces", "In how many pieces does it come?", "receivers"),
    Question("fair", "What is our fair share?", "national", {"measure": "closing_distance"}),
    Question("month", "What came in this month?", "month", {"view": "month"}),
)
# Each asks what its scenario of the library answers.
WHAT_IFS = (
    Question("devolve", "What if we devolved more?", "scenarios", {"scenario": "devolve-80-at-once"}),
    Question("lift", "What if we lifted strings?", "scenarios", {"scenario": "lift-small-pots"}),
    Question("bids", "What if we stopped bidding?", "scenarios", {"scenario": "competitive-pot"}),
    Question("merge", "What if we merged pots?", "scenarios", {"scenario": "merge-without-inner-ring-fences"}),
)


@dataclass(frozen=True, slots=True)
class WayThrough:
    """The way of one kind of people through the app, in at most three steps."""

    who: str
    steps: Sequence[Question]


WAYS = (
    WayThrough(
        "You look after the money of an ICB",
        (
            Question("template", "Take the template for your budget", "import-export", {"view": "take"}),
            Question("bring", "Bring the filled file in", "import-export", {"view": "bring"}),
            Question("stands", "See how the month stands", "month", {"view": "month"}),
        ),
    ),
    WayThrough(
        "You sit on a board",
        (
            Question("goes", "See where the money goes", "overview"),
            Question("what if", "Ask what would change", "scenarios", {"scenario": "devolve-80-at-once"}),
            Question("paper", "Take the paper, below the figures", "scenarios",
                     {"scenario": "devolve-80-at-once"}),
        ),
    ),
    WayThrough(
        "You compare all ICBs",
        (
            Question("rank", "Rank them by how tied their money is", "national"),
            Question("why", "See which ring-fences tie it", "ring-fences"),
            Question("entry", "Follow a figure to the entry behind it", "audit", {"view": "entries"}),
        ),
    ),
)  # fmt: skip


def how_free(standing: IcbStanding | None) -> str:
    """How much of the money of one ICB, or of all as one, is free, and how much is tied."""
    if standing is None:
        return f"The shares are {NOT_AVAILABLE}: no ICB holds money of this year."
    free, tied = (share_text(standing, name) for name in ("untied_devolved_share", "ring_fenced_share_with_soft"))
    return (
        f"{free} of it is decided near people and free of ring-fences. {tied} is ring-fenced, soft "
        "ring-fences included (illustrative)."
    )


def in_pieces(received: Sequence[Received]) -> str:
    """In how many pots the money comes to an ICB, or to the one in the middle of several."""
    if not received:
        return "No ICB holds any money of this year here."
    if len(received) > 1:
        pots = middle(received, "pots")
        number = NOT_AVAILABLE if pots is None else plain_decimal(pots, 0)
        return f"In {number} pots, at the ICB in the middle of {len(received)}."
    (one,) = received
    returns, unknown = one.values["returns_per_year"], one.unknown["returns_per_year"]
    said = f"In {count_of(len(one.pots), 'pot', 'pots')}."
    if returns is None:
        return f"{said} How many returns they ask for is not known."
    more = f"; of {unknown:,} of the pots it is not known how many" if unknown else ""
    return f"{said} They ask for {plain_decimal(Fraction(returns), 0)} returns a year{more}."


def fair_share(targets: Sequence[Target], icb: str | None) -> str:
    """How far an ICB is from its target for core services, or which are the furthest on both sides.

    Args:
        targets: targets, the furthest above first.
    """
    own = [target for target in targets if target.icb == icb]
    if own:
        return f"{own[0].name} ends the year {_distance(own[0])} its target for core services (published)."
    if icb is not None or not targets:
        return f"Its target is {NOT_AVAILABLE}."
    above, below = targets[0], targets[-1]
    return (
        f"For core services {above.name} ends the year {_distance(above)} its target and {below.name} "
        f"{_distance(below)} it (published)."
    )


def _distance(target: Target) -> str:
    side = "above" if target.closing_distance > 0 else "below"
    return f"{percent(abs(target.closing_distance))} {side}"


def came_in(report: Report | None, month: Month) -> str:
    """What came in a month, from the answer for it; none is given where no single ICB is in view."""
    if report is None:
        return "A month is told for one ICB. Choose one at the top of this page."
    totals = report.facts["totals"]
    if not totals["came_pence"]:
        return f"Nothing is recorded that came in {month.spoken}."
    told = f"In {month.spoken} {spoken(totals['came_pence'])} came from outside."
    unexplained = totals["unexplained_pence"]
    return f"{told} {spoken(unexplained)} of it names no known line of a letter." if unexplained else told


# Which amounts, and which answers of the scorecard, tell most plainly what a scenario does.
_TELLS = {"devolve": ("local", "local_and_free"), "lift": ("free", "returns_per_icb"), "bids": ("front_line",),
          "merge": ("pots_per_icb", "returns_per_icb")}  # fmt: skip


def what_if(question: Question, outcome: Outcome) -> str:
    """What a scenario changes most plainly: how far an amount moves, or what a question is answered with then.

    Whatever a scenario takes as given, today is what the books hold: every question has one start.
    """
    said = []
    given = outcome.run.given
    books = outcome.run.books
    held = {test.name: test for test in scorecard(books.position, books.world, with_ranges=False)} if given else {}
    for name in _TELLS[question.name]:
        for bridge in moving(outcome):
            if bridge.quantity.name == name:
                moves = "rises" if bridge.change_pence > 0 else "falls"
                by, to = spoken(abs(bridge.change_pence)), spoken(bridge.after_pence)
                said.append(f"{bridge.quantity.title} {moves} by {by}, to {to}.")
        for before, after in outcome.scorecard:
            if before.name == name and before.value != after.value:
                start, then = (in_words(test.value, test.unit) for test in (before, after))
                told = [f"today, {in_words(held[name].value, held[name].unit)}"] if name in held else []
                with_given = f"with {count_of(len(given), 'pot', 'pots')} added"
                told += [f"{with_given if given else 'today'}, {start}", f"after the change, {then}"]
                said += [f"{before.says} {'; '.join(told).capitalize()}.", *_in_brief(after.note)]
    return " ".join(said) or "Nothing that is followed would change."


def _in_brief(note: str) -> list[str]:
    """What a card has room for of what is said beside a figure; all of it stands where the card leads."""
    if THERE_MAY_BE_MORE in note:
        return ["Known returns alone; there may be more."]
    if NOT_KNOWN_OF_POTS in note:
        return ["Known returns alone."]
    return [f"{note.partition(', ')[0].removesuffix('.')}."] if note else []
