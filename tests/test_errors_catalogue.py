"""The list of what is refused is made of what the product says today."""

from ledger.errors import UNAVAILABLE
from tests.errors_catalogue import DOCUMENT, UNUSABLE, document, kept, still_said

_MAKE = "Run 'python -m tests.errors_catalogue' with the tests that meet it."


def test_every_example_is_still_said() -> None:
    examples = kept()
    gone = set(examples) - set(still_said(examples))
    assert gone == set(), _MAKE


def test_every_way_in_which_a_ledger_cannot_be_used_is_there() -> None:
    assert {type(error) for error in UNUSABLE} == set(UNAVAILABLE)


def test_the_document_is_made_from_them() -> None:
    assert DOCUMENT.read_text("utf-8") == document(still_said(kept())), _MAKE
