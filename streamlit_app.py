"""The web app: the front door for boards. Navigation only; each page is a file in ``screens``."""

import streamlit as st

from screens import audit, bids, frame, national, overview, places, ring_fences, sign_in

st.set_page_config(page_title="Devolution ledger", page_icon="£", layout="wide")
st.html(f"<style>{frame.STYLE}</style>")
sign_in.gate()
# Flat, at most eight pages, so that everything is one step away.
PAGES = (
    st.Page(overview.page, title="Overview", url_path="overview", default=True),
    st.Page(places.page, title="Places", url_path="places"),
    st.Page(ring_fences.page, title="Ring-fences", url_path="ring-fences"),
    st.Page(bids.page, title="Bids", url_path="bids"),
    st.Page(national.page, title="National", url_path="national"),
    st.Page(audit.page, title="Audit", url_path="audit"),
)
st.navigation(PAGES, position="top").run()
