"""Problems of a budget that one word of the reader's answers: each answer is a button beside the problem."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from ledger.errors import Problem
from ledger.inputs import Input
from screens.report.wording import PAGE


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody may say to a problem.

    Attributes:
        label: what the button says, as ``A dash means: Zero``.
        key: of the box that is answered so.
        value: what is then said in it.
    """

    label: str
    key: str
    value: object


def to(field: Input, key: str, choices: Mapping[str, str]) -> list[Answer]:
    """Every answer that a box of choices takes."""
    return [Answer(f"{PAGE.label(field)}: {words}", key, value) for value, words in choices.items()]


def offer(problems: Sequence[Problem], known: Mapping[Input, Sequence[Answer]]) -> None:
    """Buttons for the answers to these problems, in their order; nothing where none can be answered in one word.

    Args:
        known: the answers that can be given to a problem by the field that it is about.
    """
    fields = dict.fromkeys(field for problem in problems if (field := problem.field) in known)
    offered = [answer for field in fields if field for answer in known[field]]
    if not offered:
        return
    st.write("Answer with one click:")
    with st.container(horizontal=True):
        for answer in offered:
            st.button(answer.label, on_click=_say, args=(answer,), key=f"answer {answer.key} {answer.value}")


def _say(answer: Answer) -> None:
    st.session_state[answer.key] = answer.value
