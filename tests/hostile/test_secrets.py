"""Passwords of a server's address are shown nowhere: no message, no JSON, no exception, no page, no log."""

import logging
import traceback

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from typer.testing import CliRunner

import devolution
from ledger.store.address import ServerAddress, discreet
from ledger.store.base import Store
from tests.screens.pages import ROOT, no_leftovers  # noqa: F401 - a fixture

WRITTEN = ("s3cr%20et%2540!", "s3cret", "S3cret%3A%2F%40x")
BAD = [
    *(f"postgresql://u:{secret}@127.0.0.1:1/ledger" for secret in WRITTEN),
    *(f"postgresql://127.0.0.1:1/ledger?user=u&password={secret}" for secret in WRITTEN),
    f"postgresql://u:{WRITTEN[1]}@127.0.0.1:99999/ledger",
    f"postgresql://u:{WRITTEN[1]}@[::1/ledger",
    f"postgresql://u:{WRITTEN[1]}@127.0.0.1:1/ledger?surprise={WRITTEN[1]}",
    f"https://u:{WRITTEN[1]}@127.0.0.1/ledger",
]


def shows(told: str) -> bool:
    return "s3cr" in told.lower()


@pytest.mark.parametrize("address", BAD)
@pytest.mark.parametrize("more", [(), ("--json",)], ids=["people", "programs"])
def test_no_command_tells_a_password(address: str, more: tuple[str, ...], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    for command in (("position", "--ledger", address), ("copy", address, "there.duckdb"), ("copy", "none", address),
                    ("backup", address), ("restore", "none.duckdb", address), ("migrate", "--ledger", address)):  # fmt: skip
        done = CliRunner().invoke(devolution.app, [*command, *more])
        assert done.exit_code != 0
        assert not shows(done.output), command
        if done.exception:
            assert not shows("".join(traceback.format_exception(done.exception))), command
    assert not shows(caplog.text)


def test_nor_does_what_the_environment_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPASSWORD", WRITTEN[1])
    done = CliRunner().invoke(devolution.app, ["verify", "--ledger", "postgresql://u@127.0.0.1:1/ledger", "--json"])
    assert done.exit_code == 3
    assert not shows(done.output)


@pytest.mark.parametrize("kind", ["server"])
def test_nor_does_a_failure_of_the_driver_or_of_sqlalchemy(books: Store) -> None:
    assert isinstance(books.path, ServerAddress)
    given = books.path.url.replace("devolution@", f"devolution:{WRITTEN[1]}@", 1)
    assert WRITTEN[1] in given
    with Store.open(ServerAddress(given)) as store:
        with pytest.raises(DBAPIError) as caught, store.engine().connect() as connection:
            connection.execute(text("SELECT nonsense"))
        assert not shows("".join(traceback.format_exception(caught.value)))
        assert not shows(repr(store.engine()) + repr(store) + repr(store.path) + str(store.engine().url))


def test_nor_does_a_page(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    from streamlit.testing.v1 import AppTest

    caplog.set_level(logging.DEBUG)
    monkeypatch.setenv("DEVOLUTION_LEDGER", BAD[0])
    monkeypatch.chdir(ROOT)
    app = AppTest.from_string("from screens.web.pages import overview\noverview.page()", default_timeout=60).run()
    assert not app.exception
    shown = "\n".join(str(getattr(element, "value", "")) for element in app.main)
    assert "cannot be reached" in shown
    assert not shows(shown + str(app.main) + caplog.text)


def test_a_text_is_told_without_the_password_in_it() -> None:
    assert discreet("there is no file postgresql:/u:s3cret@h/db.") == "there is no file postgresql:/u@h/db."
    assert discreet("postgresql://u:a@b:c@h/db and password=x&y") == "postgresql://u@h/db and password=...&y"
    assert discreet("a plain sentence: 5 @ 3") == "a plain sentence: 5 @ 3"
