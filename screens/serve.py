"""Starts the web app's server; while the browser finds its way, what the pages need is loaded already."""

from importlib import import_module
from threading import Thread

from streamlit.web.cli import main

# What somebody meets first comes first.
_PAGES = ("overview", "national", "ring_fences", "audit", "bids", "places", "scenarios", "import_export")


def _load() -> None:
    for name in _PAGES:
        import_module(f"screens.{name}")


if __name__ == "__main__":
    Thread(target=_load, daemon=True).start()
    main(prog_name="streamlit")
