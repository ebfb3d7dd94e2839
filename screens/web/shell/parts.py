"""A page in parts, of which a reader chooses one: what is on the page, in a short list that the address remembers."""

from collections.abc import Collection, Mapping

import streamlit as st

from screens.web.shell import address, history

ALL = "all"
_NAME = "part"


def choose(
    titles: Mapping[str, str],
    label: str,
    *,
    unknown: str = "which is not here",
    with_all: bool = True,
    choices: Mapping[str, Collection[str]] | None = None,
    is_list: bool = False,
) -> Collection[str]:
    """Which parts of the page are shown: one of them, or all.

    Args:
        titles: the parts by their names in the address, the one that is shown first in front.
        label: what is asked.
        unknown: what to say of an address that asks for a part that is not here.
        with_all: whether all of them can be shown one below the other, as for printing.
        choices: of a part the names of its own choices: an address with one of them and without a part means that part.
        is_list: whether they stand in a list to pick from, which takes one line where there are many of them.
    """
    _forget_other_pages()
    first = next(iter(titles))
    shown = {**titles, **({ALL: "Show all"} if with_all else {})}
    own = (name for name, its in (choices or {}).items() if name in titles and any(map(address.asked_for, its)))
    meant = next(own, first)
    if meant != first and address.asked_for(_NAME) is None:
        address.ask(_NAME, meant)
    # An address without a part would mean the part of the other choices in it.
    part = address.choose(
        _NAME, label, list(shown), shown=lambda each: shown[each], horizontal=None if is_list else True,
        unknown=unknown, is_told=meant != first,
    )  # fmt: skip
    return [*titles] if part == ALL else [part]


def _forget_other_pages() -> None:
    """Let a page begin with its first part: what was chosen on another page is no choice here."""
    state = st.session_state
    if state.get("page of its parts") != history.page():
        for key in (_NAME, f"kept {_NAME}", f"written {_NAME}"):
            state.pop(key, None)
    state["page of its parts"] = history.page()
