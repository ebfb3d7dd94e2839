"""How the grades of ring-fences are read on every page: a choice in the address, and a figure with its range."""

from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import streamlit as st

from allocations.files.own_reading import read_own
from ledger.errors import Refused
from ledger.readings import GradeReading, all_with, named
from ledger.reports.measures import Measure
from screens.report import readings
from screens.report.holdings import measure_alone, range_text
from screens.report.render import page as tables
from screens.report.report import Table, columns
from screens.report.wording import PAGE
from screens.web.shell import address

PARAMETER = "reading"
_BROUGHT, _TAKEN = "brought reading", "brought reading file"
# Words of somebody's file stand in sentences: without square brackets none becomes a link or a picture from elsewhere.
_ROUND = str.maketrans("[]", "()")


def choose_reading() -> GradeReading:
    """Let the reader choose how grades are read; what each reading reads otherwise stands at the foot of the page."""
    known = dict(named())
    own: GradeReading | None = st.session_state.get(_BROUGHT)
    if own is not None:
        known[own.name] = own
    name = address.choose(
        PARAMETER,
        "How ring-fences are read",
        list(known),
        shown=lambda name: f"Ring-fences {readings.called(known[name])}",
        unknown="which is not among the choices here; a reading of your own is a file, to be brought in each visit",
        is_labelled=False,
    )
    return known[name]


def explain(reading: GradeReading) -> None:
    """Every reading, with what it reads otherwise and why somebody would, one click away; which is chosen is said."""
    report = readings.listed(all_with(st.session_state.get(_BROUGHT)))
    with st.expander(report.title):
        st.write(readings.how_read(reading))
        tables.show(report.rows)
        for sentence in report.sentences:
            st.write(sentence)
        _bring()


def _bring() -> None:
    """Take a reading of one's own from a file, and choose it; one with faults leaves all as it was."""
    file = st.file_uploader(
        "A file with a reading of your own", type=["yaml", "yml"], max_upload_size=1, key="own reading"
    )
    if file is None or st.session_state.get(_TAKEN) == file.file_id:
        return
    try:
        with TemporaryDirectory() as folder:
            path = Path(folder) / Path(file.name).name
            path.write_bytes(file.getvalue())
            own = read_own(path)
    except Refused as refused:
        st.error(f"{file.name} cannot be used. Ring-fences are read as before.")
        rows = [(one.where, one.found, one.why, one.fix) for one in PAGE.problems(refused.problems)]
        heads = columns("Where", "What is there", "Why it matters", "What to do")
        tables.show(Table(f"{len(rows)} found", heads, rows))
        return
    said = {name: getattr(own, name).translate(_ROUND) for name in ("title", "sentence", "reason")}
    st.session_state[_BROUGHT], st.session_state[_TAKEN] = replace(own, **said), file.file_id
    # What the address says and this page did not write there is followed, as if a link had been opened.
    st.query_params[PARAMETER] = own.name
    st.rerun()


def metric(measure: Measure, *, illustrative: bool = False) -> None:
    """A measure as a figure that stands out: its definition one click away, its range over readings below it."""
    title = f"{measure.title} (illustrative)" if illustrative else measure.title
    said = " ".join(words for words in (measure.definition, measure.note) if words)
    st.metric(title, measure_alone(measure), help=said)
    if ends := range_text(measure):
        st.write(f"By how ring-fences are read: {ends}.")
