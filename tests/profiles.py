"""How much a random test tries: ``DEVOLUTION_PROFILE`` says quick, ci or nightly; ``DEVOLUTION_SEED`` where it begins."""

import os
import random

PROFILE = os.environ.get("DEVOLUTION_PROFILE", "ci")
SEED = int(os.environ.get("DEVOLUTION_SEED", "1"))


def times(*, quick: int, ci: int, nightly: int) -> int:
    """How many times something is tried in the profile of this run."""
    return {"quick": quick, "ci": ci, "nightly": nightly}[PROFILE]


def chances(name: str) -> random.Random:
    """Chances that are the same for the same seed, and different for each name."""
    return random.Random(f"{SEED} {name}")
