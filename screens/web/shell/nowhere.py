"""An address of this app at which there is no page."""

from collections.abc import Sequence
from typing import Any

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from screens.web.shell import frame

_LONGEST_SHOWN = 60


def asked_for(pages: Sequence[Any]) -> list[Any]:
    """The page that says that there is none here; none where the address names one of the pages.

    Without it the framework shows its own words over the first page, under an address that is still the wrong one.

    Args:
        pages: the app's pages, as ``st.Page``.
    """
    context = get_script_run_ctx()
    name = context.pages_manager.intended_page_name if context else None
    if not name or name in {page.url_path for page in pages}:
        return []

    def show() -> None:
        frame.title("There is no page here")
        st.write(
            f"The address asks for a page called '{frame.as_text(name[:_LONGEST_SHOWN])}'. "
            "It may have been cut short or mistyped. Nothing is lost. These are the pages:"
        )
        for page in pages:
            frame.link(page.title, page.url_path, {})
        frame.foot(None, "No figure is shown here.", illustrative="")

    return [st.Page(show, title="No page here", url_path=name, visibility="hidden")]
