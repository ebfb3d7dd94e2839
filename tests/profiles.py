"""How long the random tests look: quick at a desk, ci before a merge, nightly through the night."""

import os
import random
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any
from zlib import crc32

import pytest
from hypothesis import settings

# Set DEVOLUTION_PROFILE to one of these: how many random sequences are tried on each kind of store.
SEQUENCES = {"quick": 10, "ci": 50, "nightly": 2_000}
PROFILE = os.environ.get("DEVOLUTION_PROFILE", "quick")
assert PROFILE in SEQUENCES, f"DEVOLUTION_PROFILE is {PROFILE}, and is one of {', '.join(SEQUENCES)}"
# What differs between the kinds of store: how they keep, open, lock, fail and are tampered with, and whether whatever
# is posted at random is judged alike. Each of these tests runs on both kinds by every profile.
ON_BOTH_KINDS = (
    "tests/faults/test_killed.py", "tests/ledger/test_attacks.py", "tests/ledger/test_everything.py",
    "tests/ledger/test_invariants.py", "tests/ledger/test_keeping.py", "tests/ledger/test_ordinary.py",
    "tests/ledger/test_posting.py", "tests/ledger/test_rules.py", "tests/ledger/test_store.py",
    "tests/ledger/test_tampering.py", "tests/ledger/test_together.py",
)  # fmt: skip
# Set where a run leaves out no test whatever its profile: what it gathers is of all of them.
EVERY_TEST = "DEVOLUTION_EVERY_TEST"
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


def by_night(values: Iterable[Any]) -> list[Any]:
    """Values of a parameter, tuples for several, that are tried by night alone; those tried always stand before them."""
    return [
        pytest.param(*(value if isinstance(value, tuple) else (value,)), marks=pytest.mark.nightly) for value in values
    ]


def every(*parameters: Sequence[Any]) -> list[Any]:
    """Every combination of the values of some parameters.

    Those beyond a choice in which each value stands at least once are tried by night alone.
    """
    longest = max(map(len, parameters))
    chosen = {tuple(nth % len(values) for values in parameters) for nth in range(longest)}
    return [
        pytest.param(
            *(values[place] for values, place in zip(parameters, places, strict=True)),
            marks=() if places in chosen else pytest.mark.nightly,
        )
        for places in product(*(range(len(values)) for values in parameters))
    ]


def left_to_the_night(items: Sequence[pytest.Item], profile: str) -> list[pytest.Item]:
    """The tests that a run by this profile leaves out: those marked ``nightly``; by night none.

    A test of the ledger that is there for both kinds of store runs on one of them, and each of its cases on the other in
    turn; the rest is tried by night. The tests of what differs between the kinds always run on both.
    """
    if profile == "nightly":
        return []
    left = [item for item in items if item.get_closest_marker("nightly")]
    for function, cases in _on_several_kinds(items).items():
        # A number that stays the test's own, whatever is written beside it.
        own = crc32(function.encode())
        for nth, kinds in enumerate(cases):
            kept = sorted(kinds)[(own + nth) % len(kinds)]
            left += [item for kind, item in kinds.items() if kind != kept]
    return left


def _on_several_kinds(items: Iterable[pytest.Item]) -> dict[str, list[dict[str, pytest.Item]]]:
    """The cases of each function that may be left to one kind of store: for each case the tests by kind."""
    found: dict[str, dict[object, dict[str, pytest.Item]]] = {}
    for item in items:
        given = dict(getattr(getattr(item, "callspec", None), "params", {}))
        kind = given.pop("kind", None)
        if kind in ("file", "server") and not item.nodeid.startswith(ON_BOTH_KINDS):
            # The values of a case are the same objects on either kind; some cannot be hashed.
            case = tuple(sorted((name, id(value)) for name, value in given.items()))
            found.setdefault(item.nodeid.partition("[")[0], {}).setdefault(case, {})[kind] = item
    return {function: list(cases.values()) for function, cases in found.items()}
