"""Faults are tried on every kind of store; DEVOLUTION_FAULT_ROUNDS asks for more rounds than the usual few."""

import os

import pytest

from tests.faults.processes import Rounds

ASKED = os.environ.get("DEVOLUTION_FAULT_ROUNDS")
_A_MINUTE, _A_MOMENT = 60, 1.5


@pytest.fixture(params=["file", "server"])
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind in turn."""
    return str(request.param)


@pytest.fixture
def rounds() -> Rounds:
    """Rounds of a fault: as many as a moment has room for, or as were asked for, for at most a minute."""
    return Rounds(int(ASKED), _A_MINUTE) if ASKED else Rounds(50, _A_MOMENT)
