"""Faults are tried on every kind of store; DEVOLUTION_FAULT_ROUNDS asks for more rounds than the usual few."""

import os

import pytest


@pytest.fixture(params=["file", "server"])
def kind(request: pytest.FixtureRequest) -> str:
    """Each kind in turn."""
    return str(request.param)


@pytest.fixture
def rounds() -> int:
    """How many rounds of a fault."""
    return int(os.environ.get("DEVOLUTION_FAULT_ROUNDS", "25"))
