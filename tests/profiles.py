"""How long the random tests look: quick at a desk, ci before a merge, nightly through the night."""

import os
import random

from hypothesis import settings

# Set DEVOLUTION_PROFILE to one of these: how many random sequences are tried on each kind of store.
SEQUENCES = {"quick": 10, "ci": 50, "nightly": 2_000}
PROFILE = os.environ.get("DEVOLUTION_PROFILE", "quick")
assert PROFILE in SEQUENCES, f"DEVOLUTION_PROFILE is {PROFILE}, and is one of {', '.join(SEQUENCES)}"
# Where chances begin: a test that draws them prints it, and finds the same again with it.
SEED = int(os.environ.get("DEVOLUTION_SEED", "1"))

# Before a change lands the same is tried every time, so that no run is red for a reason that another would not find;
# nothing depends on how fast the machine is. The night looks elsewhere every time.
for name in SEQUENCES:
    settings.register_profile(name, deadline=None, derandomize=name != "nightly", print_blob=True)


def sequences() -> int:
    """How many random sequences each test of them tries on each kind of store."""
    return SEQUENCES[PROFILE]


def times(*, quick: int, ci: int, nightly: int) -> int:
    """How many times something else is tried."""
    return {"quick": quick, "ci": ci, "nightly": nightly}[PROFILE]


def chances(name: str) -> random.Random:
    """Chances that are the same for the same seed, and others for each name."""
    return random.Random(f"{SEED} {name}")
