"""Cards that ask: each a question that leads to where it is answered, with a place for the headline of the answer."""

from collections.abc import Sequence
from html import escape
from typing import Any

import streamlit as st

from screens.report.questions import Question


def question_cards(asked: Sequence[Question], icb: str | None, year: str | None, across: int) -> dict[str, Any]:
    """A card for each question, so many side by side; the places for the headlines, by the question's name."""
    places = {}
    for first in range(0, len(asked), across):
        for column, question in zip(st.columns(across), asked[first : first + across], strict=False):
            leads = escape(question.link(icb, year).address)
            with column, st.container(border=True, height="stretch", key=f"card-{question.name}"):
                st.html(f'<h2 class="ask"><a href="{leads}" target="_self">{escape(question.asked)}</a></h2>')
                places[question.name] = st.empty()
    return places
