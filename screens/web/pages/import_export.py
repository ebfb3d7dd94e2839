"""Import and export: bring files into the books step by step, undo what was brought in, and take files out."""

import streamlit as st

from screens.web.exporting import files
from screens.web.importing import steps, undo
from screens.web.shell import address, frame, open_ledger

# The uploader and the last button have a ring of their own from Streamlit, which can hardly be seen.
_STYLE = (
    "[data-testid=stMain] :is(button, input, textarea):focus-visible {outline: 3px solid #212b32 !important; "
    "outline-offset: 2px !important} "
    "[data-testid=stMain] [data-testid=stFileUploader] button:focus-visible {background-color: #ffeb3b !important; "
    "color: #212b32 !important}"
)
VIEWS = {"bring": "Bring a file in", "undo": "Undo what was brought in", "take": "Take files out"}
_TOLD = (
    "Everything here is done by the functions that the command line uses: the same file, brought in there or here, "
    "makes the same entries and the same hashes."
)


def page() -> None:
    """Render the view that the address names."""
    st.html(f"<style>{_STYLE}</style>")
    st.title("Import and export", anchor=False)
    view = address.choose(
        "view", "What to do", list(VIEWS), shown=lambda view: VIEWS[view], horizontal=True,
        usual=told if (told := address.told("view")) in VIEWS else "bring",
    )  # fmt: skip
    address.write("view", view)
    store = open_ledger.store()
    if store is None:
        if view == "take":
            files.without_books()
        frame.foot(None, "Without the books nothing can be brought in or undone.", illustrative="")
        return
    at = open_ledger.ask(store, lambda _, at: at)
    if view == "bring":
        steps.show(store, at)
    elif view == "undo":
        undo.show(store, at)
    else:
        files.show(store)
    frame.foot(open_ledger.ask(store, lambda _, now: now), _TOLD)
