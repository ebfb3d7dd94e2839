"""What a bidding pot costs and does, beside the same money by formula."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from scenarios.bids.file import read_bids
from scenarios.bids.pot import MOST_DRAWS
from scenarios.bids.simulation import simulate
from scenarios.bids.tornado import tornado
from screens.cli.guard import guarded
from screens.report.bids import pot
from screens.report.report import Report


@guarded("bids")
def bids(
    file: Annotated[Path, typer.Argument(help="A bidding pot, as YAML.", dir_okay=False)],
    draws: Annotated[int | None, typer.Option(help="How often to draw.", min=1, max=MOST_DRAWS)] = None,
) -> Report:
    """Simulate a bidding pot, beside the same money by formula: costs, winners, fairness, time, break-even."""
    plan, digest = read_bids(file, draws)
    outcome = simulate(plan.pot, plan.draws, np.random.default_rng(plan.seed))
    return pot(plan, outcome, tornado(plan), source=str(file), digest=digest)
