"""Every page as it is made, without a browser: what stands on it in order, in which fold, and what it draws."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from streamlit.testing.v1.element_tree import Block

from tests.browser.test_pages import PAGES
from tests.screens.pages import page

# The rehearsed undo of the demo is made by its own tests; there is nothing at an address of no page.
LEFT_OUT = ("import-cannot", "nowhere")
NAMES = tuple(name for name in PAGES if name not in LEFT_OUT)


@dataclass(frozen=True, slots=True)
class Piece:
    """One thing on a page.

    Attributes:
        kind: what it is, as the framework names it.
        text: what it says; of a drawing, its specification.
        folds: the names of the folds that it lies in, the outermost first.
    """

    kind: str
    text: str
    folds: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Made:
    """A page: its pieces in order."""

    name: str
    pieces: Sequence[Piece] = field(default_factory=list)

    def of(self, *kinds: str) -> list[Piece]:
        """Its pieces of some kinds."""
        return [piece for piece in self.pieces if piece.kind in kinds]

    def charts(self) -> list[Mapping[str, Any]]:
        """What its charts are drawn from, but for flows."""
        return [json.loads(piece.text) for piece in self.of("vega_lite_chart")]

    def flows(self) -> list[Mapping[str, Any]]:
        """What its flows are drawn from."""
        return [json.loads(piece.text)["baseOption"]["series"][0] for piece in self.of("echarts_chart")]


_MADE: dict[tuple[str, str], Made] = {}


def made(name: str, ledger: Path) -> Made:
    """A page by its name in ``PAGES``, made once of a ledger."""
    key = (name, str(ledger))
    if key not in _MADE:
        address = urlsplit(PAGES[name])
        with pytest.MonkeyPatch.context() as patch:
            query = dict(parse_qsl(address.query, keep_blank_values=True))
            app = page(patch, (address.path or "start").replace("-", "_"), ledger, **query)
        _MADE[key] = Made(name, [*_walked(app._tree, ())])
    return _MADE[key]


def _walked(block: Block, folds: tuple[str, ...]) -> Iterator[Piece]:
    for child in block.children.values():
        if isinstance(child, Block):
            label = str(getattr(child, "label", "") or "")
            inside = (*folds, label) if child.type in ("expander", "expandable") else folds
            yield from _walked(child, inside)
        else:
            yield Piece(child.type, _text(child), folds)


def _text(element: Any) -> str:
    if element.type == "metric":
        return f"{element.label}\n{element.value}\n{element.delta}"
    if element.type in ("vega_lite_chart", "echarts_chart"):
        return str(element.proto.spec)
    for name in ("value", "body", "label"):
        told = getattr(element, name, None)
        if isinstance(told, str) and told:
            return told
    return str(getattr(getattr(element, "proto", None), "label", "") or "")
