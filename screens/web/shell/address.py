"""Choices live in the address bar: a link shows what its sender saw, and a choice stays when the page changes."""

import re
from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeVar

import streamlit as st

from screens.web.shell import history

T = TypeVar("T", bound=str | int | date)
_LONGEST_SHOWN = 60
_MOST_NAMED = 3
_LONGEST_TYPED = 40


def as_text(words: str) -> str:
    """Somebody's words as they stand: nothing in them becomes a link, a picture from elsewhere or a formula."""
    return re.sub(r"([\\\[\]$])", r"\\\1", words)


def asked_for(name: str) -> str | None:
    """What the address says of a choice; None where it says nothing."""
    return st.query_params.get(name)


def write(name: str, value: str | None) -> None:
    """Put a choice into the address, or take it out."""
    if value:
        if st.query_params.get(name) != value:
            st.query_params[name] = value
    else:
        st.query_params.pop(name, None)
    st.session_state[f"written {name}"] = value or None


def ask(name: str, value: str) -> None:
    """Let the address ask for a choice, as if a link had named it."""
    st.query_params[name] = value


def settle(name: str, read: Callable[[str], T | None], usual: T, key: str | None = None) -> str | None:
    """Let a widget stand where the address says, before it is drawn.

    The address wins when it says something that this session did not write there: a link was opened. It says all when
    somebody went back or forward. Otherwise the widget keeps what it has, and on a new page what it had on the last.

    Args:
        read: the value that a text of the address stands for; None where there is none.
        usual: the value where nobody has said anything.
        key: the widget's key; ``name`` otherwise.

    Returns:
        A text of the address that stands for nothing, as it may be told to the reader; None otherwise.
    """
    key, state = key or name, st.session_state
    said, own, kept = asked_for(name), state.get(key), state.get(f"kept {name}")
    # Whoever moves a widget fast is ahead of the address, which then still says what it was before.
    has_moved = own is not None and kept is not None and own != kept
    if history.is_exact() or (said is not None and said != state.get(f"written {name}") and not has_moved):
        if said is None:
            _stand(key, usual)
            return None
        value = read(said)
        _stand(key, usual if value is None else value)
        return _shown(said) if value is None else None
    before = kept if own is None else own
    again = None if before is None else read(str(before))
    _stand(key, usual if again is None else again)
    return None


def _shown(said: str) -> str:
    return as_text(said[:_LONGEST_SHOWN])


def _stand(key: str, value: T) -> None:
    """Let a widget have a value, where it has not: what is set anew would undo what somebody is typing.

    A widget of another page that has the same key and other options gives this one nothing, whatever it seems to have.
    """
    page, state = history.page(), st.session_state
    if key not in state or state[key] != value or state.get(f"page of {key}") != page:
        state[key] = value
    state[f"page of {key}"] = page


def keep(name: str, value: T, usual: T, *, is_told: bool = False) -> None:
    """Remember a choice, in the address and for the next page. What is usual leaves the address short.

    Args:
        is_told: whether the address says also what is usual. It is written once: an address that changes and changes
            back is two steps of the browser's history.
    """
    st.session_state[f"kept {name}"] = value
    write(name, None if value == usual and not is_told else str(value))


def choose(
    name: str,
    label: str,
    options: Sequence[T],
    *,
    shown: Callable[[T], str] = str,
    usual: T | None = None,
    horizontal: bool | None = None,
    unknown: str = "which is not among the choices here",
    help_text: str | None = None,
    is_labelled: bool = True,
    is_told: bool = False,
) -> T:
    """A choice among options that the address names.

    Args:
        shown: how an option is written for people.
        usual: what is chosen where nobody has said anything; the first option otherwise.
        horizontal: radio buttons, side by side or not; a list to pick from otherwise.
        unknown: what to say of an address that asks for something else.
        is_labelled: whether the label is seen; it is always heard.
        is_told: whether the address says the choice also where it is usual.
    """
    first = options[0] if usual is None else usual
    exact = {str(option): option for option in options}

    def read(text: str) -> T | None:
        """An option by its name, whatever the case of its letters, or as it is written for people."""
        if text in exact:
            return exact[text]
        wanted = text.casefold()
        return next((one for one in options if wanted in (str(one).casefold(), shown(one).casefold())), None)

    wrong = settle(name, read, first)
    if wrong:
        st.warning(f"The address asks for '{wrong}' under '{label}', {unknown}.")
    if horizontal is None:
        value = st.selectbox(
            label, options, format_func=shown, key=name, help=help_text, filter_mode="contains",
            label_visibility="visible" if is_labelled else "collapsed",
        )  # fmt: skip
    else:
        value = st.radio(label, options, format_func=shown, key=name, horizontal=horizontal, help=help_text)
    chosen: T = first if value is None else value
    keep(name, chosen, first, is_told=is_told)
    return chosen


def slide(name: str, label: str, low: int, high: int, usual: int, *, step: int = 1, unit: str = "") -> int:
    """A whole number between two ends, on a slider, that the address may name."""

    def read(text: str) -> int | None:
        number = int(text) if text.lstrip("-").isdecimal() else None
        return number if number is not None and low <= number <= high else None

    wrong = settle(name, read, usual)
    if wrong:
        st.warning(f"The address asks for '{wrong}' as {label.lower()}, which is not from {low} to {high}.")
    value: int = st.slider(
        label, low, high, step=step, key=name, format=f"%d{unit.replace('%', '%%')}" if unit else "localized"
    )
    keep(name, value, usual)
    return value


def slide_among(name: str, label: str, options: Sequence[str], usual: str, shown: Callable[[str], str] = str) -> str:
    """One of several steps in order, on a slider, that the address may name.

    Args:
        shown: how a step is written for people.
    """
    wrong = settle(name, lambda text: text if text in options else None, usual)
    if wrong:
        st.warning(
            f"The address asks for '{wrong}' as {label}, which is not a step from {options[0]} to {options[-1]}."
        )
    value: str = st.select_slider(label, options, format_func=shown, key=name)
    keep(name, value, usual)
    return value


def type_in(name: str, label: str, usual: str, *, help_text: str | None = None) -> str:
    """A few words or a number that somebody types, which the address may name."""
    settle(name, lambda text: text[:_LONGEST_TYPED], usual)
    value: str = st.text_input(label, key=name, max_chars=_LONGEST_TYPED, help=help_text)
    keep(name, value.strip(), usual)
    return value.strip()


def choose_many(
    name: str,
    label: str,
    options: Sequence[str],
    *,
    shown: Callable[[str], str] = str,
    usual: Sequence[str] = (),
    most: int | None = None,
    help_text: str | None = None,
) -> list[str]:
    """Several of some options, in the order in which they were chosen, that the address names with commas.

    Args:
        usual: what is chosen where nobody has said anything.
        most: how many can be chosen.
    """
    said, state = asked_for(name), st.session_state
    is_exact = history.is_exact()
    if is_exact and said is None:
        state[name] = [word for word in usual if word in options][:most]
    elif said is not None and (is_exact or said != state.get(f"written {name}")):
        asked = [word for word in said.split(",") if word]
        unknown = [word for word in asked if word not in options]
        if unknown:
            told = "', '".join(_shown(word) for word in unknown[:_MOST_NAMED])
            st.warning(f"The address asks for '{told}' under '{label}', which is not here.")
        state[name] = [word for word in dict.fromkeys(asked) if word in options][:most]
    elif name not in state:
        kept = state.get(f"kept {name}")
        state[name] = [word for word in (usual if kept is None else kept.split(",")) if word in options][:most]
    chosen: list[str] = st.multiselect(
        label, options, format_func=shown, key=name, max_selections=most, help=help_text, placeholder="Choose"
    )
    keep(name, ",".join(chosen), ",".join(usual))
    return chosen


def forget(is_meant: Callable[[str], bool]) -> None:
    """Forget choices, in the address and in what was kept of it.

    Args:
        is_meant: given the name of a choice.
    """
    for key in [str(key) for key in st.session_state]:
        if is_meant(key.removeprefix("kept ").removeprefix("written ")):
            del st.session_state[key]
    for name in [name for name in st.query_params if is_meant(name)]:
        del st.query_params[name]


def pick_day(name: str, label: str, usual: date, last: date, help_text: str | None = None) -> date:
    """A day, up to a last one, that the address may name as 2025-06-30."""

    def read(text: str) -> date | None:
        try:
            day = date.fromisoformat(text)
        except ValueError:
            return None
        return day if day <= last else None

    usual = min(usual, last)
    wrong = settle(name, read, usual)
    if wrong:
        st.warning(
            f"The address asks for the day '{wrong}', which is no day up to {last:%-d %B %Y}. It is written as {usual}."
        )
    chosen = st.date_input(label, max_value=last, key=name, format="DD/MM/YYYY", help=help_text)
    day = chosen if isinstance(chosen, date) else usual
    keep(name, day, usual)
    return day


def pick_clocks(today: date) -> tuple[date, date]:
    """The last day that counts, and the day at whose end it was known; both today where nobody has said anything."""
    with st.expander("As at, and as known at", expanded=bool(asked_for("as_at") or asked_for("known_at"))):
        left, right = st.columns(2)
        with left:
            as_at = pick_day("as_at", "What counts by the end of", today, today)
        with right:
            known = pick_day("known_at", "As it was known at the end of", today, today)
    return as_at, known


def text(name: str) -> str | None:
    """A longer text of the address, such as places that somebody made; on a new page what it was on the last."""
    said = asked_for(name)
    return said if said is not None or history.is_exact() else st.session_state.get(f"kept {name}")


def keep_text(name: str, value: str | None) -> None:
    """Remember a longer text in the address, or forget it."""
    st.session_state[f"kept {name}"] = value
    write(name, value)
