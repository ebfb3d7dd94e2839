"""Who is at the screen: the name that the department's sign-in gives, or nobody where the app is one person's own.

Sign-in is Streamlit's own, by OpenID Connect (docs/server.md). Without it the app is for this machine alone: it
refuses to be heard beyond it.
"""

import os
import time
from collections.abc import Mapping
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

from ledger.entries.chain import last_entry
from ledger.rules import rights
from screens.report.wording import PERSON
from screens.web.shell import frame, open_ledger

USUAL_CLAIM = "preferred_username"
_NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_GUIDE = "docs/server.md says how sign-in is set up."
_WEAK = 32
_CALLBACK = "/oauth2callback"
# With these in place of a tenant, Microsoft lets in accounts whose names are other people's to choose.
_ANY_TENANT = {"common", "organizations", "consumers"}
USUAL_HOURS = 12
# As long as Streamlit's cookie lasts.
_MOST_HOURS = 30 * 24
# In whose name something is tried before anybody has said who they are.
NOBODY_YET = "nobody yet"


def person() -> str | None:
    """The name of who is at the screen; None where nobody signs in and DEVOLUTION_PERSON names nobody.

    It is the author of what the app posts (``person() or "web app"``), and for whom proposals are shown.
    """
    if is_configured():
        claims = user()
        name = str(claims.get(claim()) or "").strip() if _is_recent(claims) else ""
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


def hours() -> int:
    """How long after signing in somebody has to sign in again."""
    asked = _section("devolution").get("hours", USUAL_HOURS)
    return asked if isinstance(asked, int) and 1 <= asked <= _MOST_HOURS else 0


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
    return _faults_of(section)


def _faults_of(section: Mapping[str, Any]) -> list[str]:
    """What is wrong with how sign-in is set up."""
    missing = [name for name in _NEEDED if not section.get(name)]
    if missing:
        return [f"Sign-in is set up in part: {', '.join(missing)} is missing under [auth] in secrets.toml. {_GUIDE}"]
    found = []
    if len(str(section["cookie_secret"])) < _WEAK:
        found.append(f"The cookie_secret in secrets.toml is shorter than {_WEAK} characters: a cookie could be forged.")
    back = urlsplit(str(section["redirect_uri"]))
    if not back.hostname or back.path.rpartition(_CALLBACK)[1:] != (_CALLBACK, ""):
        found.append(f"The redirect_uri in secrets.toml is not the app's own address followed by {_CALLBACK}. {_GUIDE}")
    elif back.scheme != "https" and not stays_here(back.hostname):
        found.append("The redirect_uri in secrets.toml is not https: who signs in could be read and copied on the way.")
    if _ANY_TENANT & set(urlsplit(str(section["server_metadata_url"])).path.split("/")):
        found.append(f"The server_metadata_url in secrets.toml is not one tenant's: anybody could sign in. {_GUIDE}")
    if not hours():
        found.append(f"The hours in secrets.toml are not a whole number from 1 to {_MOST_HOURS}.")
    if st.get_option("server.trustedUserHeaders"):
        found.append("server.trustedUserHeaders is set: whoever sends such a header would be who it says. Take it out.")
    absent = [name for name in ("authlib", "httpx") if find_spec(name) is None]
    if absent:
        found.append(f"Sign-in needs {' and '.join(absent)}: install this program with its server extra. {_GUIDE}")
    return found


def home(port: int) -> str | None:
    """The address at which people open the app where they sign in; none without sign-in.

    Args:
        port: on which the app listens, for an address that leaves it open.
    """
    back = urlsplit(str(_section("auth").get("redirect_uri") or "").replace("{port}", str(port)))
    return f"{back.scheme}://{back.netloc}" if back.netloc else None


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
    if not _is_recent(claims):
        _ask_to_sign_in(before=bool(claims.get("is_logged_in")))
        st.stop()
    name = person()
    with st.container(horizontal=True, horizontal_alignment="right", vertical_alignment="center"):
        st.write(frame.as_text(_told(claims, name)))
        st.button("Sign out", on_click=st.logout)
    if not name:
        st.error(f"The sign-in gives no name: its claim '{claim()}' is empty. Tell whoever runs this app. {_GUIDE}")
        st.stop()
    if not _may_see(name):
        st.error(f"{name} has no right in this ledger. Ask one of its administrators to appoint you.")
        st.stop()


def _ask_to_sign_in(*, before: bool) -> None:
    """The only thing that is shown to somebody who is not signed in, or was so ``before`` and too long ago."""
    st.title("Devolution ledger", anchor=False)
    own = home(st.get_option("server.port"))
    here = urlsplit(st.context.url or "")
    if own and here.netloc and f"{here.scheme}://{here.netloc}" != own:
        # Who comes back from signing in comes back there, and is nobody here.
        st.write("The ledger has another address, and people sign in there:")
        st.link_button("Go to the ledger", own, type="primary")
        return
    if before:
        st.write(f"You signed in more than {hours()} hours ago. Sign in again to see the ledger.")
    else:
        st.write("Sign in with your organisation's account to see the ledger.")
    st.button("Sign in", type="primary", on_click=st.login)


def _is_recent(claims: Mapping[str, Any]) -> bool:
    """Whether somebody is signed in, and since no longer than is allowed: a cookie by itself would do for 30 days."""
    issued = claims.get("iat")
    if not claims.get("is_logged_in") or not isinstance(issued, int):
        return False
    return time.time() - issued < hours() * 60 * 60


def _told(claims: Mapping[str, Any], name: str | None) -> str:
    """Who is signed in: as people know them, and as the ledger does where that is another name."""
    called = str(claims.get(USUAL_CLAIM) or "").strip()
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


def _section(name: str) -> Mapping[str, Any]:
    """A section of secrets.toml; empty where there is none."""
    if not st.secrets.load_if_toml_exists():
        return {}
    found = st.secrets.get(name, {})
    return found if isinstance(found, Mapping) else {}
