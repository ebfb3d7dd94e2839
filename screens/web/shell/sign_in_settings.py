"""How the department's sign-in is set up (docs/server.md), and whether the app may be opened as it is.

It loads no page and no ledger: whoever opens the app asks it first.
"""

from collections.abc import Mapping
from importlib.util import find_spec
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import streamlit as st

USUAL_CLAIM = "preferred_username"
_NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
GUIDE = "docs/server.md says how sign-in is set up."
_WEAK = 32
_CALLBACK = "/oauth2callback"
# With these in place of a tenant, Microsoft lets in accounts whose names are other people's to choose.
_ANY_TENANT = {"common", "organizations", "consumers"}
USUAL_HOURS = 12
# As long as Streamlit's cookie lasts.
_MOST_HOURS = 30 * 24


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
        return [f"The app would listen on {where}, and {why} Set up sign-in, or listen on 127.0.0.1. {GUIDE}"]
    return _faults_of(section)


def _faults_of(section: Mapping[str, Any]) -> list[str]:
    """What is wrong with how sign-in is set up."""
    missing = [name for name in _NEEDED if not section.get(name)]
    if missing:
        return [f"Sign-in is set up in part: {', '.join(missing)} is missing under [auth] in secrets.toml. {GUIDE}"]
    found = []
    if len(str(section["cookie_secret"])) < _WEAK:
        found.append(f"The cookie_secret in secrets.toml is shorter than {_WEAK} characters: a cookie could be forged.")
    back = urlsplit(str(section["redirect_uri"]))
    if not back.hostname or back.path.rpartition(_CALLBACK)[1:] != (_CALLBACK, ""):
        found.append(f"The redirect_uri in secrets.toml is not the app's own address followed by {_CALLBACK}. {GUIDE}")
    elif back.scheme != "https" and not stays_here(back.hostname):
        found.append("The redirect_uri in secrets.toml is not https: who signs in could be read and copied on the way.")
    if _ANY_TENANT & set(urlsplit(str(section["server_metadata_url"])).path.split("/")):
        found.append(f"The server_metadata_url in secrets.toml is not one tenant's: anybody could sign in. {GUIDE}")
    if not hours():
        found.append(f"The hours in secrets.toml are not a whole number from 1 to {_MOST_HOURS}.")
    if st.get_option("server.trustedUserHeaders"):
        found.append("server.trustedUserHeaders is set: whoever sends such a header would be who it says. Take it out.")
    absent = [name for name in ("authlib", "httpx") if find_spec(name) is None]
    if absent:
        found.append(f"Sign-in needs {' and '.join(absent)}: install this program with its server extra. {GUIDE}")
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


def _section(name: str) -> Mapping[str, Any]:
    """A section of secrets.toml; empty where there is none."""
    if not st.secrets.load_if_toml_exists():
        return {}
    found = st.secrets.get(name, {})
    return found if isinstance(found, Mapping) else {}
