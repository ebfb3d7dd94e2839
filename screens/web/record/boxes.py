"""The boxes in which a decision is given: one for each field of its description, with a list where there is one."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import streamlit as st

from ledger.entries.decisions.described import Decision
from ledger.entries.decisions.fields import Field, Holds
from ledger.entries.decisions.known import Known
from ledger.entries.kinds import MONEY_KINDS
from ledger.errors import Problem
from ledger.years import FinancialYear, today, year_of
from screens.web.shell import address

RECORD = "record"
_FIRST_DAY, _LAST_DAY = date(2000, 1, 1), date(2099, 12, 31)
_MOST_LETTERS = 300
# A list of everybody down to the last practice is long to send and to look through: whoever is not in it is typed.
_MOST_LISTED = 1_500
# How many boxes for what need not be said stand at once.
_AT_ONCE = 4
_CHOSEN = (Holds.ORGANISATION, Holds.FUND, Holds.TIER, Holds.WORD, Holds.YES_NO, Holds.YEAR)
_YES_NO = {"yes": "Yes", "no": "No"}


def label(field: Field) -> str:
    """What a box is called: the field's name, and what it is, where that is more than the name again."""
    again = f"its {field.title}".casefold()
    if field.meaning.casefold().startswith(again):
        more = field.meaning[len(again) :].lstrip(",; ")
        return f"{field.title}: {more}" if more else field.title
    return f"{field.title}: {field.meaning[:1].lower()}{field.meaning[1:]}"


def given(decision: Decision, use: str = RECORD) -> dict[str, str]:
    """What stands in the boxes of a decision, as text by field; nothing where a box is empty.

    A decision that says by itself from when it counts has that day where none is given.

    Args:
        use: what the boxes are for, which tells those of one use from those of another.
    """
    said = {field.name: _text(st.session_state.get(_key(decision, field, use))) for field in decision.fields}
    said = {name: text for name, text in said.items() if text}
    if "date" not in said and decision.usual_day is not None and (usual := decision.usual_day(said)) is not None:
        said["date"] = str(usual)
    return said


def clear(decision: Decision) -> None:
    """Empty the boxes of a decision."""
    for field in decision.fields:
        st.session_state.pop(_key(decision, field), None)


def begin(
    decision: Decision, usual_day: date | None, use: str = RECORD, said: Mapping[str, str] | None = None
) -> None:  # fmt: skip
    """Let the boxes stand as they do at first: with a day where one is needed, what a link says, or nothing.

    Args:
        said: what stands in them besides, as text by field.
    """
    for field in decision.fields:
        usual = _at_first(field, None if decision.usual_day else usual_day)
        st.session_state.setdefault(_key(decision, field, use), _valued(field, (said or {}).get(field.name)) or usual)


def ask(decision: Decision, known: Known, wrong: Mapping[str, Sequence[Problem]]) -> None:
    """Render the boxes of a decision: what it needs, then what can be said besides.

    Args:
        wrong: what is wrong with what was given, by field; it is said below the box.
    """
    needed = [field for field in decision.fields if field.required]
    besides = [field for field in decision.fields if not field.required]
    st.header("What it needs", anchor=False)
    in_columns(decision, needed, known, wrong)
    if not besides:
        return
    st.header("What can be said besides", anchor=False)
    st.write("Leave empty what there is nothing to say of.")
    first, others = besides[:_AT_ONCE], besides[_AT_ONCE:]
    in_columns(decision, first, known, wrong)
    if others:
        said = given(decision)
        # As it is first met: a fold that is drawn anew while somebody types in it would take their place from them.
        is_open = st.session_state.setdefault(
            f"{RECORD} {decision.name} has more", any(field.name in said for field in others)
        )
        with st.expander(f"{len(others)} more that can be said", expanded=is_open):
            in_columns(decision, others, known, wrong)


def in_columns(
    decision: Decision, fields: Sequence[Field], known: Known, wrong: Mapping[str, Sequence[Problem]], use: str = RECORD
) -> None:  # fmt: skip
    """Render boxes, two by two."""
    # Two by two, so that boxes that stand side by side begin at one height, and are read in one order on a telephone.
    for start in range(0, len(fields), 2):
        for place, field in zip(st.columns(2), fields[start : start + 2], strict=False):
            with place:
                _box(field, _key(decision, field, use), known)
                for problem in wrong.get(field.name, ()):
                    st.error(address.as_text(f"{problem.found} {problem.why} {problem.fix}"))


def _box(field: Field, key: str, known: Known) -> None:
    """One box; what it holds is read from the session, where it stands before it is drawn."""
    name = label(field)
    if field.among:
        st.selectbox(name, named(field, known), key=key, accept_new_options=True, persist_state="session",
                     placeholder=f"Choose, or type it as {field.example}")  # fmt: skip
        return
    match field.holds:
        case Holds.DAY:
            st.date_input(name, min_value=_FIRST_DAY, max_value=_LAST_DAY, key=key, format="DD/MM/YYYY",
                          persist_state="session")  # fmt: skip
        case Holds.KINDS:
            st.multiselect(name, list(MONEY_KINDS), key=key, placeholder="None", persist_state="session")
        case Holds.YES_NO:
            st.selectbox(name, list(_YES_NO), format_func=lambda word: _YES_NO[word], key=key, placeholder="Choose",
                         persist_state="session")  # fmt: skip
        case Holds.WORD:
            st.selectbox(name, list(field.choices), format_func=str.capitalize, key=key, placeholder="Choose",
                         persist_state="session")  # fmt: skip
        case Holds.ORGANISATION | Holds.FUND | Holds.TIER:
            names = offered(field, known)
            st.selectbox(
                name, list(names), key=key, accept_new_options=True, persist_state="session",
                format_func=lambda code: f"{names[code]} ({code})" if code in names else code,
                placeholder="Choose, or type a code",
            )  # fmt: skip
        case Holds.YEAR:
            st.selectbox(name, _years(), key=key, placeholder="Choose, or type a year", accept_new_options=True,
                         persist_state="session")  # fmt: skip
        case _:
            st.text_input(name, max_chars=_MOST_LETTERS, key=key, placeholder=f"as {field.example}",
                          persist_state="session")  # fmt: skip


def offered(field: Field, known: Known) -> dict[str, str]:
    """The codes that a list offers for a field, with their names, in the order of the names."""
    rows = {
        Holds.ORGANISATION: known.organisations, Holds.FUND: known.funds, Holds.TIER: known.tiers,
    }[field.holds]  # fmt: skip
    if field.holds is Holds.ORGANISATION and len(rows) > _MOST_LISTED:
        lowest = max(known.tiers.values(), key=lambda tier: tier["rank"])["code"]
        rows = {code: one for code, one in rows.items() if one["tier"] != lowest}
    return dict(sorted(((code, str(one["name"])) for code, one in rows.items()), key=lambda pair: (pair[1], pair[0])))


def named(field: Field, known: Known) -> list[str]:
    """The names of the records of the books that a field may hold one of, the newest first."""
    names = (key[0] if isinstance(key, tuple) else key for key in getattr(known, field.among))
    return list(dict.fromkeys(names))[::-1]


def _key(decision: Decision, field: Field, use: str = RECORD) -> str:
    return f"{use} {decision.name} {field.name}"


def _at_first(field: Field, usual_day: date | None) -> Any:
    if field.holds is Holds.KINDS:
        return []
    if field.holds is Holds.DAY:
        return usual_day if field.required else None
    said = address.asked_for(f"with-{field.name}")
    return said or (None if field.among or field.holds in _CHOSEN else "")


def _valued(field: Field, text: str | None) -> Any:
    """A text as its box holds it."""
    if not text:
        return None
    if field.holds is Holds.DAY:
        return date.fromisoformat(text)
    return text.split(",") if field.holds is Holds.KINDS else text


def _years() -> list[str]:
    now = year_of(today()).start
    return [str(FinancialYear(start)) for start in range(now + 1, now - 3, -1)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    return ",".join(value) if isinstance(value, list) else str(value).strip()
