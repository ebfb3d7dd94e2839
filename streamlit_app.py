"""The web app: the front door for boards. Navigation only; each page is a file in ``screens.web.pages``."""

from collections.abc import Callable
from importlib import import_module

import streamlit as st

from screens.web.shell import frame, header, history, nowhere, sign_in


def _page(name: str) -> Callable[[], None]:
    """A page that is loaded when somebody first opens it, so that the first page does not wait for all others."""

    def show() -> None:
        import_module(f"screens.web.pages.{name}").page()

    return show


st.html(f"<style>{frame.STYLE}</style>")
frame.name_tab(header.PRODUCT)
history.keep_to_choices()
sign_in.gate()
# Flat, and few, so that everything is one step away.
PAGES = (
    st.Page(_page("start"), title="Start", url_path="start", default=True),
    st.Page(_page("overview"), title="Overview", url_path="overview"),
    st.Page(_page("places"), title="Places", url_path="places"),
    st.Page(_page("ring_fences"), title="Ring-fences", url_path="ring-fences"),
    st.Page(_page("receivers"), title="Receivers", url_path="receivers"),
    st.Page(_page("scenarios"), title="Scenarios", url_path="scenarios"),
    st.Page(_page("bids"), title="Bids", url_path="bids"),
    st.Page(_page("national"), title="National", url_path="national"),
    st.Page(_page("record"), title="Record", url_path="record"),
    st.Page(_page("month"), title="Month", url_path="month"),
    st.Page(_page("import_export"), title="Import and export", url_path="import-export"),
    st.Page(_page("audit"), title="Audit", url_path="audit"),
    # Reached from the foot of every page.
    st.Page(_page("words"), title="Words", url_path="words", visibility="hidden"),
)
chosen = st.navigation([*PAGES, *nowhere.asked_for(PAGES)], position="top")
frame.name_tab(chosen.title)
chosen.run()
