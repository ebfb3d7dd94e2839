"""Whose places: the default ones, those of a file, or those that the reader makes; always with who is in none."""

from collections.abc import Sequence

import streamlit as st

from allocations.places import as_text, saved
from allocations.places.division import UNASSIGNED, Division
from allocations.places.files import YearOfPlaces, read_division
from ledger.errors import Refused
from scenarios.saved import name_of
from screens.web.importing import common
from screens.web.shell import address, frame, open_ledger

DEFAULT, OWN = "default", "own"
_KINDS = {DEFAULT: "Default places (upper-tier local authorities, illustrative)", OWN: "Places of my own"}
_BY = {"pcn": "PCN", "district": "District", "practice": "Practice"}
_LIST = "own"
# What stands in the address before the name of places that were saved, in place of all their practices.
_NAMED = "@"


def choose(icb: str, members: YearOfPlaces) -> Division | None:
    """The places in view.

    Returns:
        The division; None where the reader has not made any place yet.
    """
    kind = address.choose("places", "Places", list(_KINDS), shown=lambda kind: _KINDS[kind], horizontal=True)
    if kind == DEFAULT:
        return as_text.default_division(icb, members)
    division = own(icb, members)
    make, bring, kept = st.tabs(["Choose practices and name places", "Bring a file", "Saved by name"])
    with bring:
        _upload(icb, members)
    with make:
        _make(icb, division, members)
    with kept:
        _by_name(icb, division)
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
        return (
            _named(text.removeprefix(_NAMED), icb, members)
            if text.startswith(_NAMED)
            else as_text.from_text(text, icb, members)
        )
    except Refused as refused:
        frame.refused(refused.problems, "The places in the address cannot be used.")
        return None


def _named(name: str, icb: str, members: YearOfPlaces) -> Division | None:
    """The places that were saved under a name; None, with the page told, where there are none."""
    version = saved.saved(open_ledger.path(), icb).get(name)
    if version is None:
        st.warning(
            f"No places of {icb} are saved here as '{frame.as_text(name[:60])}'. Ask who sent the link for them."
        )
        return None
    # Who saves under this name again goes on from this version, and from no other.
    st.session_state[f"places opened {icb} {name}"] = version.digest
    return saved.read(version, icb, members)


def _by_name(icb: str, division: Division | None) -> None:
    """Open places that were saved, and save those in view, so that a link to them is short."""
    ledger = open_ledger.path()
    known = saved.saved(ledger, icb)
    if known:
        name = st.selectbox("Places that were saved", list(known), key=f"saved places of {icb}")
        if st.button("Open them") and name:
            address.keep_text(_LIST, f"{icb}|{_NAMED}{name}")
            st.rerun()
    else:
        st.write("No places are saved here yet.")
    if division is None or open_ledger.only_reads():
        return
    with st.form("save places"):
        st.write("They are kept beside the ledger, as a file that the command line takes. The books stay as they are.")
        words = st.text_input("Name to save them under", max_chars=40)
        wanted = st.form_submit_button("Save these places")
    if wanted:
        _save(icb, words, division)


def _save(icb: str, words: str, division: Division) -> None:
    name = name_of(words)
    if not name:
        st.error("Give them a name of letters and digits, such as: North and south.")
        return
    opened = st.session_state.get(f"places opened {icb} {name}")
    try:
        saved.save(open_ledger.path(), icb, name, division, opened=opened)
    except Refused as refused:
        frame.refused(refused.problems, "They are not saved.")
        return
    address.keep_text(_LIST, f"{icb}|{_NAMED}{name}")
    st.rerun()


def _keep(icb: str, division: Division | None) -> None:
    address.keep_text(_LIST, None if division is None else f"{icb}|{as_text.to_text(division)}")


def _upload(icb: str, members: YearOfPlaces) -> None:
    st.write(
        "Bring a CSV with two columns. One is `place`, the other `practice_code`, `pcn_code` or `district`. Or bring "
        "the JSON that NHS England's place tool saves ('Download session data as JSON')."
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
    described = as_text.described(options, members)

    def shown(code: str) -> str:
        held = _held_by(division, options[code][1])
        return f"{described[code]}{f': in {held}' if held else ''}"

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
