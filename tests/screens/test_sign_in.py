"""Who is at the screen: sign-in is asked for beyond this machine, and decides which proposals are shown.

Signing in itself is Streamlit's; here its answer is faked (``sign_in.user``) and its settings are real.
"""

import time
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

import devolution
from ledger.entries.appointments import appoint
from ledger.entries.posting import post
from ledger.entries.proposals import submit
from ledger.store.base import Store
from screens.web.shell import sign_in
from screens.web.shell import sign_in_settings as settings
from tests.ledger.test_rights import devolve
from tests.screens.pages import ROOT, no_leftovers, said, tables, well
from tests.shelves import small_file

__all__ = ["no_leftovers"]
AUTH = {
    "redirect_uri": "https://ledger.example.nhs.uk/oauth2callback", "cookie_secret": "x" * 40, "client_id": "id",
    "client_secret": "secret", "server_metadata_url": "https://login.example/.well-known/openid-configuration",
}  # fmt: skip
LONG_AGO = date(2020, 1, 1)


@pytest.fixture(scope="module")
def _office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger with people of two ICBs, each with a proposal; made once, to be copied."""
    path = tmp_path_factory.mktemp("office") / "office.duckdb"
    with Store.open(small_file(path, funded=True)) as store:
        appoint(store, "chief@dept", "administrator", by="setting up", reason="x", day=LONG_AGO)
        for person, role, icb in (
            ("anna@one", "preparer", "ICB1"),
            ("vera@one", "viewer", "ICB1"),
            ("otto@two", "preparer", "ICB2"),
        ):
            appoint(store, person, role, by="chief@dept", reason="x", day=LONG_AGO, organisation=icb)
        for person, icb, place in (("anna@one", "ICB1", "P1"), ("otto@two", "ICB2", "P3")):
            submit(
                store,
                [devolve(500, person, icb, place)],
                key=f"plan of {person}",
                title=f"Secret of {person}",
                prepared_by=person,
            )
        store.checkpoint()
    return path


@pytest.fixture
def office(_office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of that ledger; the app is opened on it."""
    path = tmp_path / "office.duckdb"
    path.write_bytes(_office.read_bytes())
    monkeypatch.setenv("DEVOLUTION_LEDGER", str(path))
    monkeypatch.chdir(ROOT)
    return path


def signed_in(name: str | None) -> dict[str, Any]:
    """What the sign-in says of somebody who has just signed in; of somebody who has not, where there is no name."""
    return {"is_logged_in": name is not None, "preferred_username": name, "iat": int(time.time())}


def at_the_screen(monkeypatch: pytest.MonkeyPatch, name: str | None, **claims: Any) -> AppTest:
    """The whole app as somebody meets it who has signed in, or has not."""
    found = {**signed_in(name), **claims}
    monkeypatch.setattr(sign_in, "user", lambda: found)
    monkeypatch.setattr(settings, "_section", lambda section: AUTH if section == "auth" else {})
    return well(AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run())


def proposals_of(monkeypatch: pytest.MonkeyPatch, name: str | None, *, signing_in: bool = True) -> str:
    """The page of proposals as somebody sees it."""
    monkeypatch.setattr(sign_in, "user", lambda: signed_in(name))
    monkeypatch.setattr(settings, "_section", lambda section: AUTH if section == "auth" and signing_in else {})
    app = AppTest.from_string("from screens.web.pages import audit\naudit.page()", default_timeout=60)
    app.query_params["view"] = "proposals"
    well(app.run())
    return tables(app) + "".join(info.value for info in app.info)


def test_each_sees_the_proposals_of_their_own_organisations_from_one_app(
    monkeypatch: pytest.MonkeyPatch, office: Path
) -> None:
    for _ in range(2):
        one, other, stranger = (proposals_of(monkeypatch, name) for name in ("vera@one", "otto@two", "stranger@x"))
        assert "Secret of anna@one" in one
        assert "Secret of otto@two" not in one
        assert "Secret of otto@two" in other
        assert "Secret of anna@one" not in other
        assert "Secret" not in stranger
        assert "Secret" not in proposals_of(monkeypatch, None)
    monkeypatch.setenv("DEVOLUTION_PERSON", "otto@two")
    assert "Secret of anna@one" not in proposals_of(monkeypatch, None, signing_in=False)
    assert "Secret" not in proposals_of(monkeypatch, None)  # where people sign in, the setting names nobody


def test_nothing_is_shown_before_signing_in_or_without_a_right(monkeypatch: pytest.MonkeyPatch, office: Path) -> None:
    before = at_the_screen(monkeypatch, None)
    assert [button.label for button in before.button] == ["Sign in"]
    assert "NHS" not in tables(before)
    stranger = at_the_screen(monkeypatch, "stranger@x")
    assert "has no right in this ledger" in stranger.error[0].value
    nameless = at_the_screen(monkeypatch, "", preferred_username="")
    assert "claim 'preferred_username' is empty" in nameless.error[0].value
    inside = at_the_screen(monkeypatch, "vera@one")
    assert "Signed in as vera@one." in said(inside)
    assert "Sign out" in [button.label for button in inside.button]
    assert not inside.error


def test_who_is_at_the_screen_is_who_posts(monkeypatch: pytest.MonkeyPatch, office: Path) -> None:
    from ledger.errors import Refused

    monkeypatch.setattr(settings, "_section", lambda section: AUTH if section == "auth" else {})
    with Store.open(office) as store:
        for name, said_of in (
            ("vera@one", "vera@one may not post"),
            ("anna@one", "anna@one may not post"),
            ("otto@two", "otto@two may not"),
        ):
            monkeypatch.setattr(sign_in, "user", lambda n=name: signed_in(n))
            assert sign_in.actor() == sign_in.person() == name
            from dataclasses import replace

            with pytest.raises(Refused, match=said_of):
                post(store, [replace(devolve(1, "past it"), actor=sign_in.actor())])
    monkeypatch.setattr(settings, "_section", lambda section: {})
    monkeypatch.delenv("DEVOLUTION_PERSON", raising=False)
    assert (sign_in.person(), sign_in.actor()) == (None, "web app")


@pytest.mark.parametrize("address", ["0.0.0.0", "", None, "192.168.1.5", "::", "ledger.example.nhs.uk"])
def test_the_app_is_not_heard_beyond_this_machine_without_sign_in(
    monkeypatch: pytest.MonkeyPatch, office: Path, address: str | None
) -> None:
    assert "nobody would have to sign in" in settings.faults(address)[0]
    if address:
        done = CliRunner().invoke(devolution.app, ["app", "--ledger", str(office), "--address", address])
        assert (done.exit_code, "nobody would have to sign in" in done.stderr) == (1, True)
    # Started by Streamlit itself, past the command.
    asked = st.get_option
    monkeypatch.setattr(st, "get_option", lambda name: address if name == "server.address" else asked(name))
    app = well(AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run())
    assert "nobody would have to sign in" in app.error[0].value
    assert not app.html or "Overview" not in said(app)
    monkeypatch.setattr(settings, "_section", lambda section: AUTH if section == "auth" else {})
    assert settings.faults(address) == []


@pytest.mark.parametrize("address", ["127.0.0.1", "::1", "localhost", "127.0.0.2"])
def test_on_this_machine_nobody_needs_to_sign_in(address: str) -> None:
    assert settings.faults(address) == []


@pytest.mark.parametrize("name", sorted(AUTH))
def test_sign_in_that_is_set_up_in_part_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    part = {key: value for key, value in AUTH.items() if key != name}
    monkeypatch.setattr(settings, "_section", lambda section: part if section == "auth" else {})
    assert f"{name} is missing" in settings.faults("127.0.0.1")[0]
    monkeypatch.setattr(
        settings, "_section", lambda section: {**AUTH, "cookie_secret": "short"} if section == "auth" else {}
    )
    assert "shorter than 32" in settings.faults("127.0.0.1")[0]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"redirect_uri": "https://ledger.example.nhs.uk/"}, "not the app's own address followed by /oauth2callback"),
        ({"redirect_uri": "https://ledger.example.nhs.uk/oauth2callback/x"}, "not the app's own address"),
        ({"redirect_uri": "ledger.example.nhs.uk/oauth2callback"}, "not the app's own address"),
        ({"redirect_uri": "http://ledger.example.nhs.uk/oauth2callback"}, "is not https"),
        ({"server_metadata_url": "https://login.example/common/v2.0/.well-known/openid-configuration"}, "one tenant's"),
        ({"server_metadata_url": "https://login.example/organizations/v2.0/.well-known/x"}, "one tenant's"),
    ],
)
def test_settings_that_would_not_do_are_refused_before_anything_opens(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], told: str
) -> None:
    monkeypatch.setattr(settings, "_section", lambda section: {**AUTH, **given} if section == "auth" else {})
    (fault,) = settings.faults("127.0.0.1")
    assert told in fault


def test_on_this_machine_people_may_come_back_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    for back, home in (
        ("http://localhost:8501/oauth2callback", "http://localhost:8501"),
        ("http://127.0.0.1:{port}/oauth2callback", "http://127.0.0.1:8777"),
    ):
        monkeypatch.setattr(settings, "_section", lambda _, back=back: {**AUTH, "redirect_uri": back})
        assert settings.faults("127.0.0.1") == []
        assert settings.home(8777) == home


@pytest.mark.parametrize("given", [0, -1, 721, "12", None])
def test_hours_are_a_whole_number_of_them(monkeypatch: pytest.MonkeyPatch, given: object) -> None:
    sections: dict[str, dict[str, Any]] = {"auth": AUTH, "devolution": {"hours": given}}
    monkeypatch.setattr(settings, "_section", lambda name: sections[name])
    assert "hours in secrets.toml" in settings.faults("127.0.0.1")[0]
    sections["devolution"] = {"hours": 8}
    assert (settings.faults("127.0.0.1"), settings.hours()) == ([], 8)


def test_nobody_is_believed_for_a_header_that_they_send(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = st.get_option
    monkeypatch.setattr(settings, "_section", lambda section: AUTH if section == "auth" else {})
    headers = {"X-User": "preferred_username"}
    monkeypatch.setattr(st, "get_option", lambda name: headers if name == "server.trustedUserHeaders" else asked(name))
    assert "trustedUserHeaders" in settings.faults("127.0.0.1")[0]


def test_sign_in_without_its_libraries_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "_section", lambda section: AUTH if section == "auth" else {})
    monkeypatch.setattr(settings, "find_spec", lambda name: None)
    assert "Sign-in needs authlib and httpx" in settings.faults("127.0.0.1")[0]


def test_who_is_known_by_a_code_is_called_by_name_too(monkeypatch: pytest.MonkeyPatch, office: Path) -> None:
    with Store.open(office) as store:
        appoint(store, "0f3c-77", "viewer", by="chief@dept", reason="x", day=LONG_AGO, organisation="ICB1")
    sections = {"auth": AUTH, "devolution": {"claim": "oid"}}
    for claims, told in (
        ({"oid": "0f3c-77"}, "Signed in as vera [x](y), in the ledger 0f3c-77."),
        ({"oid": "0f3c-77", "preferred_username": ""}, "Signed in as 0f3c-77."),
    ):
        found = {**signed_in("vera [x](y)"), **claims}
        monkeypatch.setattr(sign_in, "user", lambda found=found: found)
        monkeypatch.setattr(settings, "_section", lambda section: sections[section])
        app = well(AppTest.from_file(str(ROOT / "streamlit_app.py"), default_timeout=60).run())
        assert told in said(app).replace("\\", "")
        assert "[x](y)" not in said(app)  # words, not a link
        assert sign_in.person() == "0f3c-77"
    assert not app.error


def test_who_signed_in_too_long_ago_is_asked_again_and_is_nobody(monkeypatch: pytest.MonkeyPatch, office: Path) -> None:
    long_ago = int(time.time()) - 12 * 60 * 60 - 1
    old = at_the_screen(monkeypatch, "vera@one", iat=long_ago)
    assert [button.label for button in old.button] == ["Sign in"]
    assert "more than 12 hours ago" in said(old)
    assert sign_in.person() == ""
    unknown = at_the_screen(monkeypatch, "vera@one", iat=None)
    assert [button.label for button in unknown.button] == ["Sign in"]
    recent = at_the_screen(monkeypatch, "vera@one", iat=long_ago + 60)
    assert "Signed in as vera@one." in said(recent)


def test_a_page_of_another_site_is_refused_and_nobody_outside_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    from streamlit import net_util
    from streamlit.web.server.server_util import is_url_from_allowed_origins

    from screens.web.shell import serve

    outside: list[str] = []
    monkeypatch.setattr(net_util, "_external_ip", None)
    monkeypatch.setattr(net_util, "_make_blocking_http_get", lambda url, **_: outside.append(url))
    monkeypatch.setattr(net_util, "get_external_ip", net_util.get_external_ip)  # put back after the test
    assert not is_url_from_allowed_origins("https://elsewhere.example")
    assert outside  # as Streamlit is by itself
    outside.clear()
    serve.stay_inside()
    assert not is_url_from_allowed_origins("https://elsewhere.example")
    assert outside == []


def test_secrets_are_read_where_streamlit_reads_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from streamlit.runtime.secrets import Secrets

    (tmp_path / ".streamlit").mkdir()
    lines = "\n".join(f'{key} = "{value}"' for key, value in AUTH.items())
    (tmp_path / ".streamlit" / "secrets.toml").write_text(f'[auth]\n{lines}\n[devolution]\nclaim = "oid"\n')
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(st, "secrets", Secrets())
    assert settings.is_configured()
    assert (settings.claim(), settings.host()) == ("oid", "ledger.example.nhs.uk")
