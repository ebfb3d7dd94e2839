"""What a bidding pot costs and does, beside the same money by formula."""

from dataclasses import asdict
from typing import Any

import numpy as np

from allocations.figures.tables import whole_people
from ledger.attributes import picked
from scenarios.bids.pot import PotAssumption, PotPlan
from scenarios.bids.simulation import PotOutcome
from scenarios.bids.tornado import TornadoBar
from scenarios.bids.words import bases, basis, provenance, sentences, value, words
from screens.report.report import Report, Table, columns, data, money, share, text

_LINES = {
    "cost_of_bids_pence": "Bids",
    "cost_of_returns_pence": "Returns",
    "administration_pence": "Funder's administration",
    "not_awarded_pence": "Not awarded",
    "unspent_pence": "Not spent by the deadline",
    "front_line_pence": "To the front line",
}


def pot(plan: PotPlan, outcome: PotOutcome, bars: tuple[TornadoBar, ...], *, source: str, digest: str) -> Report:
    """What a pot costs, who wins, what matters most, and what all of it rests on.

    Args:
        source: the file of the pot, and ``digest`` its SHA-256.
    """
    said = [*sentences(plan, outcome), provenance(plan)]
    tables = [account(plan, outcome, said), receivers(plan, outcome), swings(bars), assumptions(plan)]
    title = "\n".join(part for part in (plan.title, plan.question) if part)
    return Report(tables, None, title, facts=_facts(plan, outcome, bars, digest), source=source)


def account(plan: PotPlan, outcome: PotOutcome, notes: list[str]) -> Table:
    """What becomes of the pot, both ways; each column sums to it."""
    rows = [
        (_LINES[figure], bidding, formula, basis(plan, figure))
        for figure, (bidding, formula) in outcome.account().items()
    ]
    whole = ("The pot", outcome.pot_pence, outcome.pot_pence, "")
    heads = columns("What becomes of the pot", "By bidding (£)", "By formula (£)", "Rests on")
    return Table("Bidding and formula", heads, [*rows, whole], notes, has_total=True)


def receivers(plan: PotPlan, outcome: PotOutcome) -> Table:
    """What each bidder gets: its fair share, the spread of its awards, and what is left of them."""
    heads = [
        *data("organisation"), text("Bidder", "name"), *data("weighted_people"),
        money("Fair share (£)", "fair_share_pence"), money("Mean award (£)", "mean_award_pence"),
        *data("standard_error_pence"), money("From, 5 in 100 (£)", "percentile_5_pence"), *data("median_pence"),
        money("To, 95 in 100 (£)", "percentile_95_pence"), share("Chance of nothing", "chance_of_nothing"),
        money("Net of its bid (£)", "expected_net_pence"),
        *data("times_fair_share", "award_per_thousand_weighted_people_pence"),
    ]  # fmt: skip
    rows = [
        (row.code, row.name, whole_people(row.people_billionths), row.fair_share_pence, row.award.mean_pence,
         row.standard_error_pence, row.award.percentile_5_pence, row.award.median_pence, row.award.percentile_95_pence,
         row.chance_of_nothing, row.expected_net_pence, row.times_fair_share, row.award_per_thousand_pence)
        for row in outcome.receivers
    ]  # fmt: skip
    return Table(f"Each bidder, over {plan.draws:,} draws (seed {plan.seed})", heads, rows)


def swings(bars: tuple[TornadoBar, ...]) -> Table:
    """What bidding is worth with one assumption at a time at its low and at its high; below it those without effect."""
    rows = [
        (words(bar.assumption.name), *(value(bar.assumption, end) for end in _ends(bar.assumption)),
         bar.low.advantage_pence, bar.high.advantage_pence, bar.low.misplaced_pence, bar.high.misplaced_pence)
        for bar in bars if bar.moves
    ]  # fmt: skip
    heads = columns(
        "Assumption", "Low", "Central", "High", "Worth at its low (£)", "Worth at its high (£)",
        "Not where need is, at its low (£)", "Not where need is, at its high (£)",
    )  # fmt: skip
    name = "What bidding is worth against the formula, with one assumption at a time at its low and its high"
    return Table(name, heads, rows, without_effect(bars))


def _ends(assumed: PotAssumption) -> tuple[Any, Any, Any]:
    return assumed.low, assumed.value, assumed.high


def without_effect(bars: tuple[TornadoBar, ...]) -> list[str]:
    """Which assumptions can be varied and move nothing, in a sentence."""
    still = [words(bar.assumption.name) for bar in bars if not bar.moves]
    return [f"Without effect here: {', '.join(still)}."] if still else []


def assumptions(plan: PotPlan) -> Table:
    """Every assumption with its grounds."""
    rows = [
        (words(one.name), value(one, one.value), one.standing, one.quality, one.source, one.reason)
        for one in plan.assumptions.values()
    ]
    return Table("What is assumed", columns("Assumption", "Value", "Standing", "How sure", "Source", "Why"), rows)


def _facts(plan: PotPlan, outcome: PotOutcome, bars: tuple[TornadoBar, ...], digest: str) -> dict[str, Any]:
    return {
        "title": plan.title,
        "question": plan.question,
        "sha256": digest,
        "seed": plan.seed,
        "draws": plan.draws,
        "generator": f"PCG64 of NumPy {np.__version__}",
        "pot_pence": outcome.pot_pence,
        "awards": plan.pot.awards,
        "bidders": len(plan.pot.bidders),
        "announced_on": plan.pot.announced_on,
        "spend_by": plan.pot.spend_by,
        "sentences": sentences(plan, outcome),
        "provenance": provenance(plan),
        "basis": bases(plan),
        "bidding": {
            **asdict(outcome.bidding),
            **picked(outcome, "overhead_share", "cost_of_bids_share", "misplaced_share"),
        },
        "formula": asdict(outcome.formula),
        "comparison": asdict(outcome.comparison),
        "assumptions": [_assumption(assumed) for assumed in plan.assumptions.values()],
        "tornado": [
            {
                **_assumption(bar.assumption),
                "swing_pence": bar.swing_pence,
                "at_low": asdict(bar.low),
                "at_high": asdict(bar.high),
            }
            for bar in bars
        ],
    }


def _assumption(assumed: PotAssumption) -> dict[str, Any]:
    values = picked(assumed, "value", "low", "high")
    if assumed.name.endswith("_pence"):
        values = {f"{name}_pence": int(pence) for name, pence in values.items()}
    return {"assumption": assumed.name, **values, **picked(assumed, "standing", "quality", "source", "reason")}
