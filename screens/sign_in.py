"""Who is at the screen: the name that the department's sign-in gives, or nobody where the app is one person's own.

Sign-in is Streamlit's own, by OpenID Connect (docs/server.md). Without it the app is for this machine alone: it
refuses to be heard beyond it.
"""

import os
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from ledger import rights
from ledger.chain import last_entry
from screens import books
from screens.arguments import PERSON

USUAL_CLAIM = "preferred_username"
_NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_GUIDE = "docs/server.md says how sign-in is set up."
_WEAK = 32
# In whose name something is tried before anybody has said who they are.
NOBODY_YET = "nobody yet"


def person() -> str | None:
    """The name of who is at the screen; None where nobody signs in and DEVOLUTION_PERSON names nobody.

    It is the author of what the app posts (``person() or "web app"``), and for whom proposals are shown.
    """
    if is_configured():
        claims = user()
        name = str(claims.get(claim()) or "").strip() if claims.get("is_logged_in") else ""
        return name or rights.NOBODY
    return os.environ.get(PERSON) or None


def actor() -> str:
    """In whose name the app posts."""
    return person() or "web app"


def user() -> Mapping[str, Any]:
    """What the sign-in says of who is at the screen."""
    return st.user.to_dict()


def is_configured() -> bool:
    """Whether the app asks people to sign in."""
    return bool(_section("auth"))


def claim() -> str:
    """Which of the sign-in's claims is the name that the ledger knows."""
    return str(_section("devolution").get("claim") or USUAL_CLAIM)


def faults(address: str | None) -> list[str]:
    """Why the app must not be opened; an empty list where it may be.

    Args:
        address: on which the app listens, as Streamlit is told; none for every address of the machine.
    """
    section = _section("auth")
    if not section:
        if stays_here(address):
            return []
        where = address or "every address of this machine"
        why = "nobody would have to sign in: whoever reaches it could read the ledger and act in it."
        return [f"The app would listen on {where}, and {why} Set up sign-in, or listen on 127.0.0.1. {_GUIDE}"]
    missing = [name for name in _NEEDED if not section.get(name)]
    if missing:
        return [f"Sign-in is set up in part: {', '.join(missing)} is missing under [auth] in secrets.toml. {_GUIDE}"]
    if len(str(section["cookie_secret"])) < _WEAK:
        return [f"The cookie_secret in secrets.toml is shorter than {_WEAK} characters: a cookie could be forged."]
    return []


def host() -> str | None:
    """The name of the machine to which people's browsers come back from signing in; none without sign-in."""
    return urlsplit(str(_section("auth").get("redirect_uri") or "")).hostname


def stays_here(address: str | None) -> bool:
    """Whether only this machine reaches an address on which the app listens."""
    if not address:
        return False
    if address == "localhost" or address.startswith("unix://"):
        return True
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False


def gate() -> None:
    """Before any page: stop where the app is heard too far, where nobody has signed in, or who has may see nothing."""
    found = faults(st.get_option("server.address"))
    if found:
        st.error(" ".join(found))
        st.stop()
    if not is_configured():
        return
    claims = user()
    if not claims.get("is_logged_in"):
        st.title("Devolution ledger", anchor=False)
        st.write("Sign in with your organisation's account to see the ledger.")
        st.button("Sign in", type="primary", on_click=st.login)
        st.stop()
    name = person()
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.write(f"Signed in as {name}." if name else "Signed in.")
        st.button("Sign out", on_click=st.logout)
    if not name:
        st.error(f"The sign-in gives no name: its claim '{claim()}' is empty. Tell whoever runs this app. {_GUIDE}")
        st.stop()
    if not _may_see(name):
        st.error(f"{name} has no right in this ledger. Ask one of its administrators to appoint you.")
        st.stop()


def _may_see(name: str) -> bool:
    """Whether somebody has any right; everybody has while nobody is appointed, and where there is no ledger."""
    store = books.store()
    if store is None:
        return True

    def any_right(reader: Any, at: Any) -> bool:
        held = rights.given(reader, last_entry(reader))
        return not held or any(one.person == name and one.holds(at.as_at) for one in held)

    return books.ask(store, any_right)


def _section(name: str) -> Mapping[str, Any]:
    """A section of secrets.toml; empty where there is none."""
    if not st.secrets.load_if_toml_exists():
        return {}
    found = st.secrets.get(name, {})
    return found if isinstance(found, Mapping) else {}
