"""``devolution app`` opens the web app: it looks whether it may, and becomes the app."""

import os
from pathlib import Path
from typing import Annotated

import typer

from ledger.errors import Problem, Refused
from ledger.store.address import in_full
from ledger.store.base import Store
from screens.cli.guard import guarded
from screens.cli.options import DEFAULT_LEDGER, Ledger
from screens.report.render import terminal

_ROOT = Path(__file__).parents[2]
# Said here as well as in .streamlit/config.toml: nothing leaves the machine, nobody is asked for their address or
# offered tools of the framework, wherever the app was started.
_QUIET = {
    "STREAMLIT_BROWSER_GATHER_USAGE_STATS": "false",
    "STREAMLIT_SERVER_SHOW_EMAIL_PROMPT": "false",
    "STREAMLIT_LOGGER_HIDE_WELCOME_MESSAGE": "true",
    "STREAMLIT_CLIENT_SHOW_ERROR_DETAILS": "none",
}


@guarded("app")
def open_app(
    ledger: Ledger = DEFAULT_LEDGER,
    port: Annotated[int, typer.Option(help="The port on this machine.", min=1, max=65535)] = 8501,
    browser: Annotated[bool, typer.Option(help="Open a browser window.")] = True,
    address: Annotated[
        str, typer.Option(help="Where it listens. Beyond this machine only where people sign in.")
    ] = "127.0.0.1",
    read_only: Annotated[bool, typer.Option("--read-only", help="An app in which nobody can post anything.")] = False,
) -> None:
    """Open the web app: on this machine, or for a department that signs in."""
    ledger = ledger.resolve()  # as it is called from here
    os.environ.update(
        _QUIET,
        DEVOLUTION_LEDGER=in_full(ledger),
    )
    if read_only:
        os.environ["DEVOLUTION_READ_ONLY"] = "yes"
    os.chdir(_ROOT)  # where the app itself looks for its settings and secrets
    # It loads Streamlit, and comes before the ledger is opened: Arrow and DuckDB ask once whether there is pandas.
    from screens.web.shell import serve, sign_in_settings  # noqa: PLC0415 - as said

    faults, host, home = sign_in_settings.faults(address), sign_in_settings.host(), sign_in_settings.home(port)
    if faults:
        remedy = "Listen on 127.0.0.1, or set up sign-in as docs/server.md says."
        raise Refused([Problem(f"--address {address}", fault, "Nothing is opened.", remedy) for fault in faults])
    if Store.exists(ledger):
        Store.open(ledger, read_only=True).close()
    terminal.messages().print(
        f"Opening {home or f'http://{address}:{port}'} on {ledger}. Stop with Ctrl+C.", markup=False
    )
    settings: dict[str, str | int | bool] = {
        "server.port": port,
        "server.address": address,
        "server.headless": not browser,
    }
    if host:
        settings["browser.serverAddress"] = host  # from where the browser may speak to the app
    serve.serve(str(_ROOT / "streamlit_app.py"), settings)
