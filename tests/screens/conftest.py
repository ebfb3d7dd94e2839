"""What every test of a screen ends with: no page leaves a ledger open for the tests of the next file."""

from tests.screens.pages import no_leftovers

__all__ = ["no_leftovers"]
