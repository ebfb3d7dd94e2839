"""Whose places: the default ones, those of a file, or those that the reader makes; always with who is in none."""

from collections.abc import Sequence

import streamlit as st

from allocations.places import as_text
from allocations.places.division import UNASSIGNED, Division
from allocations.places.files import YearOfPlaces, read_division
from ledger.errors import Refused
from screens.web.importing import common
from screens.web.shell import address, frame

DEFAULT, OWN = "default", "own"
_KINDS = {DEFAULT: "Default places (upper-tier local authorities, illustrative)", OWN: "Places of my own"}
_BY = {"pcn": "PCN", "district": "District", "practice": "Practice"}
_LIST = "own"


def choose(icb: str, members: YearOfPlaces) -> Division | None:
    """The places in view.

    Returns:
        The division; None where the reader has not made any place yet.
    """
    kind = address.choose("places", "Places", list(_KINDS), shown=lambda kind: _KINDS[kind], horizontal=True)
    if kind == DEFAULT:
        return as_text.default_division(icb, members)
    division = own(icb, members)
    bring, make = st.tabs(["Bring a file", "Choose practices and name places"])
    with bring:
        _upload(icb, members)
    with make:
        _make(icb, division, members)
    return division


def own(icb: str, members: YearOfPlaces) -> Division | None:
    """The places that the address holds for this ICB; None where there are none, or none that can be read."""
    kept = address.text(_LIST)
    of_icb, bar, text = (kept or "").partition("|")
    if not bar:
        if kept:
            st.warning("The places in the address cannot be read, so none are shown. Ask for the link again.")
        return None
    if of_icb != icb:
        st.info(f"Your places are of {of_icb}. Make some for {icb}, or go back to {of_icb}.")
        return None
    try:
        return as_text.from_text(text, icb, members)
    except Refused as refused:
        frame.refused(refused.problems, "The places in the address cannot be used.")
        return None


def _keep(icb: str, division: Division | None) -> None:
    address.keep_text(_LIST, None if division is None else f"{icb}|{as_text.to_text(division)}")


def _upload(icb: str, members: YearOfPlaces) -> None:
    st.write(
        "A CSV with a column `place` and one of `practice_code`, `pcn_code` or `district`; or the JSON that NHS "
        "England's place tool saves ('Download session data as JSON')."
    )
    file = st.file_uploader("A file of places, CSV or JSON", type=["csv", "json"], max_upload_size=5)
    if file is None or st.session_state.get("places read") == (icb, file.file_id):
        return
    try:
        with common.as_path(file.name, file.getvalue()) as path:
            division = read_division(path, icb, members)
    except Refused as refused:
        frame.refused(refused.problems, f"{file.name} cannot be used. Nothing was changed.")
        return
    st.session_state["places read"] = (icb, file.file_id)
    _keep(icb, division)
    st.rerun()


def _make(icb: str, division: Division | None, members: YearOfPlaces) -> None:
    by = address.choose("by", "Choose by", list(_BY), shown=lambda by: _BY[by], horizontal=True)
    options = as_text.choices(icb, members, by)

    def shown(code: str) -> str:
        name, practices = options[code]
        held = _held_by(division, practices)
        size = "" if by == "practice" else f", {len(practices)} practices"
        return f"{name}{'' if name == code else f' ({code})'}{size}{f': in {held}' if held else ''}"

    with st.form("new place", clear_on_submit=True):
        picked = st.multiselect(f"{_BY[by]}s to put in a place", list(options), format_func=shown)
        name = st.text_input("Name of the place", max_chars=60)
        if st.form_submit_button("Put them in this place"):
            practices = [code for choice in picked for code in options[choice][1]]
            try:
                _keep(icb, as_text.chosen(division, icb, name, practices, members))
            except Refused as refused:
                frame.refused(refused.problems, "The place was not made.")
            else:
                st.rerun()
    _start_or_undo(icb, division, members)


def _start_or_undo(icb: str, division: Division | None, members: YearOfPlaces) -> None:
    if division is None:
        if st.button("Start from the default places"):
            _keep(icb, as_text.default_division(icb, members))
            st.rerun()
        return
    places = sorted({place for place in division.place_of.values() if place != UNASSIGNED})
    gone = st.selectbox("A place to take apart", places)
    apart, anew = st.columns(2)
    if apart.button("Take it apart") and gone:
        _keep(icb, as_text.without(division, gone, icb, members))
        st.rerun()
    if anew.button("Begin again without places"):
        _keep(icb, None)
        st.rerun()


def _held_by(division: Division | None, practices: Sequence[str]) -> str:
    if division is None:
        return ""
    held = {division.place_of[code] for code in practices} - {UNASSIGNED}
    return " and ".join(sorted(held))
