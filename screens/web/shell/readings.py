"""How the grades of ring-fences are read on every page: a choice in the address, and a figure with its range."""

import streamlit as st

from ledger.readings import GradeReading, all_with, named
from ledger.reports.measures import Measure
from screens.report import readings
from screens.report.holdings import measure_alone, range_text
from screens.report.render import page as tables
from screens.web.shell import address

PARAMETER = "reading"


def choose_reading() -> GradeReading:
    """Let the reader choose how grades are read; what each reading reads otherwise stands at the foot of the page."""
    known = named()
    name = address.choose(
        PARAMETER,
        "How ring-fences are read",
        list(known),
        shown=lambda name: f"Ring-fences {known[name].title}",
        is_labelled=False,
    )
    return known[name]


def explain(reading: GradeReading) -> None:
    """Every reading, with what it reads otherwise and why somebody would, one click away; which is chosen is said."""
    report = readings.listed(all_with(reading))
    st.write(readings.how_read(reading))
    with st.expander(report.title):
        tables.show(report.rows)
        for sentence in report.sentences:
            st.write(sentence)


def metric(measure: Measure, *, illustrative: bool = False) -> None:
    """A measure as a figure that stands out: its definition one click away, its range over readings below it."""
    title = f"{measure.title} (illustrative)" if illustrative else measure.title
    said = " ".join(words for words in (measure.definition, measure.note) if words)
    st.metric(title, measure_alone(measure), help=said)
    if measure.over is not None:
        st.write(f"By how ring-fences are read: {range_text(measure)}.")
