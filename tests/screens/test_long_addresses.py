"""What the server adds to the framework's: an address that no page has leads on, and a page has its history at once."""

import asyncio
from typing import Any

import pytest

from screens.web.shell.serve import one_word, with_history


@pytest.mark.parametrize(
    ("path", "leads"),
    [
        ("/a/b/c", "/a-b-c"),
        ("/national/<b>/x", "/national-%3Cb%3E-x"),
        ("/national", None),
        ("/", None),
        ("/national/", None),
        ("/static/js/index.js", None),
        ("/places/_stcore/health", None),
        ("//elsewhere.example/a", None),
    ],
)
def test_only_what_no_page_and_no_file_can_have_leads_on(path: str, leads: str | None) -> None:
    assert one_word(path) == leads


@pytest.mark.parametrize(
    ("kind", "status", "is_given"),
    [("text/html; charset=utf-8", 200, True), ("text/html; charset=utf-8", 404, False), ("text/css", 200, False)],
)
def test_a_page_and_nothing_else_is_given_the_lines_for_its_history(kind: str, status: int, is_given: bool) -> None:
    pieces = [b"<html><head>", b"<title>x</title></head><body></body></html>"]
    headers = [(b"content-type", kind.encode()), (b"content-length", b"55"), (b"etag", b"1")]
    sent: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        sent.append(message)

    async def answer() -> None:
        told = with_history(send)
        await told({"type": "http.response.start", "status": status, "headers": headers})
        for place, piece in enumerate(pieces):
            await told({"type": "http.response.body", "body": piece, "more_body": place + 1 < len(pieces)})

    asyncio.run(answer())
    body = b"".join(message.get("body", b"") for message in sent)
    assert (b"oneStepAChoice" in body) is is_given
    assert body.endswith(b"</head><body></body></html>")
    said = dict(sent[0]["headers"])
    assert said[b"content-length"] == (str(len(body)).encode() if is_given else b"55")
    assert said[b"etag"] == b"1"
