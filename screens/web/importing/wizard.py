"""One step of an import at a time: which there are, where the reader is, and the way on and back.

Every step is drawn each time, so that what was said on one is not forgotten on the next; the others are not shown.
"""

from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

import streamlit as st

from screens.web.shell import address

NAME = "step"
FILE, COLUMNS, PROBLEMS, TOTALS, RECORD = "file", "columns", "problems", "totals", "record"
STEPS = {
    FILE: "File",
    COLUMNS: "Sheet and columns",
    PROBLEMS: "Problems",
    TOTALS: "Before and after",
    RECORD: "Record",
}


def part(step: str, which: str) -> AbstractContextManager[Any]:
    """What stands on a step, or a part of it; ``which`` tells the parts of one step apart."""
    return st.container(key=f"import-{step}-{which}")


def choose(states: Mapping[str, str]) -> None:
    """Let the reader choose a step, and show that one alone.

    Args:
        states: of each step that can be gone to, in words; empty where there is nothing to say.
    """
    said = {step: f"{number}. {STEPS[step]}" for number, step in enumerate(STEPS, 1)}
    here = address.choose(
        NAME, "Step of the import", list(states),
        shown=lambda step: f"{said[step]}: {states[step]}" if states[step] else said[step],
        usual=COLUMNS if COLUMNS in states else FILE, horizontal=True,
        unknown="to which this file has not come",
    )  # fmt: skip
    hidden = ", ".join(f"[class*='st-key-import-{step}-']" for step in STEPS if step != here)
    st.html(f"<style>{hidden} {{display: none}}</style>")


def ways(step: str, states: Mapping[str, str]) -> None:
    """The buttons at the end of a step, to the one before it and the one after it."""
    steps = list(states)
    place = steps.index(step)
    with st.container(horizontal=True, key=f"import-{step}-ways"):
        if place > 0:
            _way("Back", steps[place - 1])
        if place + 1 < len(steps):
            _way("Next", steps[place + 1])


def _way(words: str, to: str) -> None:
    def go() -> None:
        st.session_state[NAME] = to

    kind: Any = "primary" if words == "Next" else "secondary"
    st.button(f"{words}: {STEPS[to].lower()}", on_click=go, type=kind, key=f"{words} to {to}")
