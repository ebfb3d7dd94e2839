"""Who is at the screen: the name that the department's sign-in gives, or nobody where the app is one person's own.

Sign-in is Streamlit's own, by OpenID Connect (docs/server.md). Without it the app is for this machine alone: it
refuses to be heard beyond it.
"""

import os
import time
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from ledger.entries.chain import last_entry
from ledger.rules import rights
from screens.report.wording import PERSON
from screens.web.shell import frame, open_ledger
from screens.web.shell import sign_in_settings as settings

# In whose name something is tried before anybody has said who they are.
NOBODY_YET = "nobody yet"


def person() -> str | None:
    """The name of who is at the screen; None where nobody signs in and DEVOLUTION_PERSON names nobody.

    It is the author of what the app posts (``person() or "web app"``), and for whom proposals are shown.
    """
    if settings.is_configured():
        claims = user()
        name = str(claims.get(settings.claim()) or "").strip() if _is_recent(claims) else ""
        return name or rights.NOBODY
    return os.environ.get(PERSON) or None


def actor() -> str:
    """In whose name the app posts."""
    return person() or "web app"


def user() -> Mapping[str, Any]:
    """What the sign-in says of who is at the screen."""
    return st.user.to_dict()


def gate() -> None:
    """Before any page: stop where the app is heard too far, where nobody has signed in, or who has may see nothing."""
    found = settings.faults(st.get_option("server.address"))
    if found:
        st.error(" ".join(found))
        st.stop()
    if not settings.is_configured():
        return
    claims = user()
    if not _is_recent(claims):
        _ask_to_sign_in(before=bool(claims.get("is_logged_in")))
        st.stop()
    name = person()
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        st.write(frame.as_text(_told(claims, name)))
        st.button("Sign out", on_click=st.logout)
    if not name:
        told = f"The sign-in gives no name: its claim '{settings.claim()}' is empty. Tell whoever runs this app."
        st.error(f"{told} {settings.GUIDE}")
        st.stop()
    if not _may_see(name):
        st.error(f"{name} has no right in this ledger. Ask one of its administrators to appoint you.")
        st.stop()


def _ask_to_sign_in(*, before: bool) -> None:
    """The only thing that is shown to somebody who is not signed in, or was so ``before`` and too long ago."""
    st.title("Devolution ledger", anchor=False)
    own = settings.home(st.get_option("server.port"))
    here = urlsplit(st.context.url or "")
    if own and here.netloc and f"{here.scheme}://{here.netloc}" != own:
        # Who comes back from signing in comes back there, and is nobody here.
        st.write("The ledger has another address, and people sign in there:")
        st.link_button("Go to the ledger", own, type="primary")
        return
    if before:
        st.write(f"You signed in more than {settings.hours()} hours ago. Sign in again to see the ledger.")
    else:
        st.write("Sign in with your organisation's account to see the ledger.")
    st.button("Sign in", type="primary", on_click=st.login)


def _is_recent(claims: Mapping[str, Any]) -> bool:
    """Whether somebody is signed in, and since no longer than is allowed: a cookie by itself would do for 30 days."""
    issued = claims.get("iat")
    if not claims.get("is_logged_in") or not isinstance(issued, int):
        return False
    return time.time() - issued < settings.hours() * 60 * 60


def _told(claims: Mapping[str, Any], name: str | None) -> str:
    """Who is signed in: as people know them, and as the ledger does where that is another name."""
    called = str(claims.get(settings.USUAL_CLAIM) or "").strip()
    if not name:
        return "Signed in."
    return f"Signed in as {name}." if called in ("", name) else f"Signed in as {called}, in the ledger {name}."


def _may_see(name: str) -> bool:
    """Whether somebody has any right; everybody has while nobody is appointed, and where there is no ledger."""
    store = open_ledger.store()
    if store is None:
        return True

    def any_right(reader: Any, at: Any) -> bool:
        held = rights.given(reader, last_entry(reader))
        return not held or any(one.person == name and one.holds(at.as_at) for one in held)

    return open_ledger.ask(store, any_right)
