"""Starts the web app's server; while the browser finds its way to it, what the pages need is loaded."""

import gc
from collections.abc import Awaitable, Callable, Mapping
from http import HTTPStatus
from importlib import import_module
from threading import Thread
from typing import Any
from urllib.parse import quote

from starlette.responses import RedirectResponse
from streamlit import config, net_util
from streamlit.web.cli import main
from streamlit.web.server import Server
from streamlit.web.server.starlette import starlette_static_routes

from ledger.store.reading import read_staged_rows_itself
from screens.web.shell import history

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
    "words",
)


def _load() -> None:
    for name in _PAGES:
        import_module(f"screens.web.pages.{name}")
    set_aside()


def set_aside() -> None:
    """Let the collector of garbage pass over what is loaded by now, which stays as long as the app runs.

    The framework collects after every run of a page, and otherwise looks each time at every object of every library.
    """
    gc.collect()
    gc.freeze()


def _no_outside_address() -> str | None:
    """The machine's address as the outside world sees it: not known, and not asked."""
    return None


def stay_inside() -> None:
    """Ask nobody outside.

    When a page of another site speaks to the app, Streamlit asks a public service for the machine's own address
    before it refuses that page.
    """
    net_util.get_external_ip = _no_outside_address


def one_word(path: str) -> str | None:
    """Where an address of several segments leads, which no page has: to the page that says that there is none.

    The framework answers it with a page that stays empty, because it looks for its own files below that address.

    Returns:
        The segments as one; None for an address of one segment, and for those of the framework and of files.
    """
    segments = path.strip("/").split("/")
    is_page = len(segments) > 1 and "." not in segments[-1] and not path.startswith("//")
    if not is_page or any(segment.startswith("_stcore") for segment in segments):
        return None
    return "/" + quote("-".join(segments), safe="")


def answer_long_addresses() -> None:
    """Let an address of several segments be told in our words."""
    usual: Callable[..., Any] = starlette_static_routes.create_streamlit_static_handler

    def made(*given: Any, **named: Any) -> Any:
        files = usual(*given, **named)

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            leads = one_word(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else None
            if leads is not None:
                await RedirectResponse(leads)(scope, receive, send)
            else:
                await files(scope, receive, with_history(send))

        return answer

    starlette_static_routes.create_streamlit_static_handler = made


def with_history(send: Callable[[Any], Awaitable[None]]) -> Callable[[Any], Awaitable[None]]:
    """Give the lines that keep the browser's steps to choices to the page itself, before anything writes an address.

    What a page brings along is there only when it is drawn, and on a busy machine an address is written before that.

    Args:
        send: what an answer is sent by, message by message.
    """
    begun: dict[str, Any] = {}
    pieces: list[bytes] = []

    async def told(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.start" and message["status"] == HTTPStatus.OK:
            kinds = [value for name, value in message["headers"] if name == b"content-type"]
            if kinds and kinds[0].startswith(b"text/html"):
                begun.update(message)
                return
        if not begun or message["type"] != "http.response.body":
            await send(message)
            return
        pieces.append(message.get("body", b""))
        if not message.get("more_body"):
            page = b"".join(pieces).replace(b"</head>", f"{history.SCRIPT}</head>".encode(), 1)
            others = [(name, value) for name, value in begun["headers"] if name != b"content-length"]
            await send({**begun, "headers": [*others, (b"content-length", str(len(page)).encode())]})
            await send({"type": "http.response.body", "body": page})

    return told


def load_when_open() -> None:
    """Load what the pages need, in the background, as soon as the app is there to be asked, and not before."""
    usual = Server.start

    async def start(server: Server) -> None:
        await usual(server)
        Thread(target=_load, daemon=True).start()

    Server.start = start  # type: ignore[assignment,method-assign]


def serve(app: str, settings: Mapping[str, str | int | bool]) -> None:
    """Serve the web app in this process until it is stopped.

    Args:
        app: the file of the app.
        settings: Streamlit's settings by their names, as ``server.port``.
    """
    read_staged_rows_itself()
    stay_inside()
    answer_long_addresses()
    load_when_open()
    flags = [word for name, value in settings.items() for word in (f"--{name}", str(value))]
    # Streamlit reads its settings again with these, and would say that they changed since sign-in was looked at.
    for name, value in settings.items():
        config.set_option(name, value)
    main(["run", app, *flags], prog_name="streamlit")
