"""Words: what the words of this ledger and its measures mean."""

import streamlit as st

from ledger.reports import measures
from screens.report.glossary import TERMS
from screens.report.render import page as tables
from screens.report.report import Table, columns
from screens.web.shell import frame


def page() -> None:
    """Render it; it needs no books."""
    frame.title("Words")
    st.write("What the words on these pages mean, in the order in which somebody new to them needs them.")
    for word, meaning in TERMS.items():
        st.markdown(f"**{word}**: {meaning}.")
    st.header("Measures", anchor=False)
    measured = [(one.title, one.definition) for one in measures.CATALOGUE]
    tables.show(Table("What each measure is", columns("Measure", "What it is"), measured))
    frame.foot(None, "No figure is shown here.", illustrative="", explains=False)
