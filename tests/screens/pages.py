"""Pages without a browser, each by itself."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.components.v2 import manifest_scanner
from streamlit.testing.v1 import AppTest, local_script_runner
from typer.testing import CliRunner

import devolution

ROOT = Path(__file__).parent.parent.parent
# For each page a test would look through every installed package for components, and there are none.
pytest.MonkeyPatch().setattr(manifest_scanner, "scan_component_manifests", list)
_asked_every_millisecond = local_script_runner.require_widgets_deltas


def _waited_for(runner: local_script_runner.LocalScriptRunner, timeout: float = 3) -> None:
    """Wait until a page is made, without taking its processor a thousand times a second to ask whether it is."""
    if runner._script_thread is not None:
        runner._script_thread.join(timeout)
    _asked_every_millisecond(runner, 0.1 if runner.script_stopped() else 0)


pytest.MonkeyPatch().setattr(local_script_runner, "require_widgets_deltas", _waited_for)


@pytest.fixture(scope="module", autouse=True)
def no_leftovers() -> Iterator[None]:
    """Caches are the app's own; the next module begins without them, and no ledger stays open."""
    st.cache_resource.clear()
    st.cache_data.clear()
    yield
    st.cache_resource.clear()


def page(monkeypatch: pytest.MonkeyPatch, name: str, ledger: Path | str, **query: str) -> AppTest:
    """A page as somebody meets it who opens that address."""
    monkeypatch.setenv("DEVOLUTION_LEDGER", str(ledger))
    monkeypatch.chdir(ROOT)
    app = AppTest.from_string(f"from screens.web.pages import {name}\n{name}.page()", default_timeout=60)
    for key, value in query.items():
        app.query_params[key] = value
    return well(app.run())


def well(app: AppTest) -> AppTest:
    """The page, which did not fall over."""
    assert not app.exception, [fault.message for fault in app.exception]
    return app


def said(app: AppTest) -> str:
    """All sentences of a page."""
    return "\n".join(element.value for element in app.markdown)


def tables(app: AppTest) -> str:
    """All tables of a page, as HTML."""
    return "\n".join(element.body for element in app.html)


def asked(app: AppTest, name: str) -> str:
    """What the address says of a choice."""
    value = app.query_params[name]
    return value[0] if isinstance(value, list) else value


def document(*arguments: object) -> dict[str, Any]:
    """The JSON document of a command."""
    result = CliRunner().invoke(devolution.app, [*map(str, arguments), "--json"])
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    return answer
