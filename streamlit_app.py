"""The web app: the front door for boards. Navigation only; each page is a file in ``screens``."""

import streamlit as st

from screens import overview

st.set_page_config(page_title="Devolution ledger", page_icon="£", layout="wide")
# Streamlit's own focus ring is nearly invisible; a keyboard user has to see where they are.
st.html(
    "<style>a:focus-visible, button:focus-visible, input:focus-visible, [tabindex]:focus-visible "
    "{outline: 3px solid #212b32; outline-offset: 2px; background-color: #ffeb3b; color: #212b32} "
    # Money lines up on its pennies, as in any set of accounts.
    "[data-testid=stTable] :is(th, td):last-child, [data-testid=stTable] :is(th, td):last-child * "
    "{text-align: right !important; font-variant-numeric: tabular-nums} "
    # At 320 pixels a table still fits, so that nobody has to scroll sideways.
    "@media (max-width: 480px) {[data-testid=stTable] :is(th, td), [data-testid=stTable] :is(th, td) * "
    "{padding: 2px !important; font-size: 12px !important; overflow-wrap: anywhere}}</style>"
)
st.navigation([st.Page(overview.page, title="Overview", url_path="overview", default=True)], position="top").run()
