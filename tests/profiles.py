"""How long the tests of random sequences look: quick at a desk, ci before a merge, nightly through the night."""

import os

# Set DEVOLUTION_PROFILE to one of these.
SEQUENCES = {"quick": 10, "ci": 50, "nightly": 2_000}
PROFILE = os.environ.get("DEVOLUTION_PROFILE", "quick")


def sequences() -> int:
    """How many random sequences each test of them tries on each kind of store."""
    assert PROFILE in SEQUENCES, f"DEVOLUTION_PROFILE is {PROFILE}, and is one of {', '.join(SEQUENCES)}"
    return SEQUENCES[PROFILE]
