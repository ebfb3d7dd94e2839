"""An address of several segments, which no page has, leads to the page that says so; the framework's own stay."""

import pytest

from screens.web.shell.serve import one_word


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
