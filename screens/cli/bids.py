"""What a bidding pot costs and does, beside the same money by formula."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from allocations.figures.tables import whole_people
from ledger.money import spoken
from ledger.reports.summary import percent
from scenarios.bids.file import read_bids
from scenarios.bids.pot import MOST_DRAWS, Assumption, Plan
from scenarios.bids.simulation import Outcome, simulate
from scenarios.bids.tornado import Bar, tornado
from scenarios.bids.words import bases, basis, number, provenance, sentences, value, words
from screens.cli.guard import guarded
from screens.cli.options import Json
from screens.report.terminal import Answer, show

_LINES = {
    "cost_of_bids_pence": "Bids",
    "cost_of_returns_pence": "Returns",
    "administration_pence": "Funder's administration",
    "not_awarded_pence": "Not awarded",
    "unspent_pence": "Not spent by the deadline",
    "front_line_pence": "To the front line",
}


@guarded("bids")
def bids(
    file: Annotated[Path, typer.Argument(help="A bidding pot, as YAML.", dir_okay=False)],
    draws: Annotated[int | None, typer.Option(help="How often to draw.", min=1, max=MOST_DRAWS)] = None,
    as_json: Json = False,
) -> None:
    """Simulate a bidding pot, beside the same money by formula: costs, winners, fairness, time, break-even."""
    plan, digest = read_bids(file, draws)
    outcome = simulate(plan.pot, plan.draws, np.random.default_rng(plan.seed))
    bars = tornado(plan)
    if as_json:
        show(_document(plan, outcome, bars, source=str(file), digest=digest), as_json=True)
        return
    for answer in _tables(plan, outcome, bars, str(file)):
        show(answer, as_json=False)


def _document(plan: Plan, outcome: Outcome, bars: tuple[Bar, ...], *, source: str, digest: str) -> Answer:
    pot = plan.pot
    extra = {
        "title": plan.title,
        "question": plan.question,
        "sha256": digest,
        "seed": plan.seed,
        "draws": plan.draws,
        "generator": f"PCG64 of NumPy {np.__version__}",
        "pot_pence": outcome.pot_pence,
        "awards": pot.awards,
        "bidders": len(pot.bidders),
        "announced_on": pot.announced_on,
        "spend_by": pot.spend_by,
        "sentences": sentences(plan, outcome),
        "provenance": provenance(plan),
        "basis": bases(plan),
        "bidding": {
            **asdict(outcome.bidding),
            "overhead_share": outcome.overhead_share,
            "cost_of_bids_share": outcome.cost_of_bids_share,
            "misplaced_share": outcome.misplaced_share,
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
    rows = [
        {
            "organisation": row.code,
            "name": row.name,
            "weighted_people": whole_people(row.people_billionths),
            "fair_share_pence": row.fair_share_pence,
            "mean_award_pence": row.award.mean_pence,
            "standard_error_pence": row.standard_error_pence,
            "percentile_5_pence": row.award.percentile_5_pence,
            "median_pence": row.award.median_pence,
            "percentile_95_pence": row.award.percentile_95_pence,
            "chance_of_nothing": row.chance_of_nothing,
            "expected_net_pence": row.expected_net_pence,
            "times_fair_share": row.times_fair_share,
            "award_per_thousand_weighted_people_pence": row.award_per_thousand_pence,
        }
        for row in outcome.receivers
    ]
    return Answer("bids", source, rows, extra=extra)


def _tables(plan: Plan, outcome: Outcome, bars: tuple[Bar, ...], source: str) -> list[Answer]:
    account = [
        {
            "what becomes of the pot": _LINES[figure],
            "by_bidding_pence": by_bidding,
            "by_formula_pence": by_formula,
            "rests on": basis(plan, figure),
        }
        for figure, (by_bidding, by_formula) in outcome.account().items()
    ]
    whole = {"by_bidding_pence": outcome.pot_pence, "by_formula_pence": outcome.pot_pence, "rests on": ""}
    receivers = [
        {
            "bidder": row.name,
            "fair_share_pence": row.fair_share_pence,
            "mean_award_pence": row.award.mean_pence,
            "from (5%)": spoken(row.award.percentile_5_pence),
            "to (95%)": spoken(row.award.percentile_95_pence),
            "chance of nothing": percent(row.chance_of_nothing),
            "times fair share": "" if row.times_fair_share is None else number(row.times_fair_share, 2),
            "for 1,000 people": "" if row.award_per_thousand_pence is None else spoken(row.award_per_thousand_pence),
            "net_of_bid_pence": row.expected_net_pence,
        }
        for row in outcome.receivers
    ]
    moving = [bar for bar in bars if bar.moves]
    still = [words(bar.assumption.name) for bar in bars if not bar.moves]
    swings = [
        {
            "assumption": words(bar.assumption.name),
            "low": value(bar.assumption, bar.assumption.low),
            "central": value(bar.assumption, bar.assumption.value),
            "high": value(bar.assumption, bar.assumption.high),
            "worth_at_low_pence": bar.low.advantage_pence,
            "worth_at_high_pence": bar.high.advantage_pence,
            "misplaced_at_low_pence": bar.low.misplaced_pence,
            "misplaced_at_high_pence": bar.high.misplaced_pence,
        }
        for bar in moving
    ]
    grounds = [
        {
            "assumption": words(assumed.name),
            "value": value(assumed, assumed.value),
            "standing": assumed.standing,
            "quality": assumed.quality,
            "source": assumed.source,
            "reason": assumed.reason,
        }
        for assumed in plan.assumptions.values()
    ]
    unmoved = [f"Without effect here: {', '.join(still)}."] if still else []
    return [
        Answer(
            "bids",
            source,
            [*account, {"what becomes of the pot": "The pot", **whole}],
            title="\n".join(part for part in (plan.title, plan.question) if part),
        ),
        Answer("bids", source, [], after=[*sentences(plan, outcome), provenance(plan)]),
        Answer("bids", source, receivers, title=f"\nEach bidder, over {plan.draws:,} draws (seed {plan.seed})"),
        Answer(
            "bids",
            source,
            swings,
            title="\nWhat bidding is worth against the formula, with one assumption at a time at its low and its high",
            after=unmoved,
        ),
        Answer("bids", source, grounds, title="\nWhat is assumed"),
    ]


def _assumption(assumed: Assumption) -> dict[str, Any]:
    values: dict[str, Any] = {"value": assumed.value, "low": assumed.low, "high": assumed.high}
    if assumed.name.endswith("_pence"):
        values = {f"{name}_pence": int(pence) for name, pence in values.items()}
    return {
        "assumption": assumed.name,
        **values,
        "standing": assumed.standing,
        "quality": assumed.quality,
        "source": assumed.source,
        "reason": assumed.reason,
    }
