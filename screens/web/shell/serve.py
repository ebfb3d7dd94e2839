"""Starts the web app's server; while the browser finds its way, what the pages need is loaded already."""

from importlib import import_module
from threading import Thread

from streamlit import net_util
from streamlit.web.cli import main

# What somebody meets first comes first.
_PAGES = (
    "start",
    "overview",
    "national",
    "ring_fences",
    "receivers",
    "audit",
    "bids",
    "places",
    "scenarios",
    "import_export",
    "record",
    "month",
)


def _load() -> None:
    for name in _PAGES:
        import_module(f"screens.web.pages.{name}")


def _no_outside_address() -> str | None:
    """The machine's address as the outside world sees it: not known, and not asked."""
    return None


def stay_inside() -> None:
    """Ask nobody outside.

    When a page of another site speaks to the app, Streamlit asks a public service for the machine's own address
    before it refuses that page.
    """
    net_util.get_external_ip = _no_outside_address


if __name__ == "__main__":
    stay_inside()
    Thread(target=_load, daemon=True).start()
    main(prog_name="streamlit")
