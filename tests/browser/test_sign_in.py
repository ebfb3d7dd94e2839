"""Signing in for real: a browser, the app as it is started, and a provider that signs tokens and sends people back."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from itsdangerous import URLSafeTimedSerializer
from itsdangerous.timed import TimestampSigner
from websockets.exceptions import InvalidStatus

from ledger.entries.appointments import appoint
from ledger.entries.proposals import submit
from ledger.store.base import Store
from tests.books import at, entry
from tests.browser.provider import CLIENT, SECRET, Provider, provider
from tests.browser.visits import barriers, chromium, command, free_port, running
from tests.browser.wire import Wire

LONG_AGO = date(2020, 1, 1)
COOKIE, COOKIE_SECRET = "_streamlit_user", "a-long-secret-that-only-the-tests-know"
PROPOSALS = "audit?view=proposals"
FUND = "core-community"
# Of the ledger; none of them may reach a browser before somebody with a right has signed in.
INSIDE = ("QWO", "QWE", "NHS ", "Integrated Care", "Secret plan", "Overview", "Ring-fences")
SECONDS = 30_000


@dataclass
class Office:
    """The app, the provider and a browser, with all that came over the wire."""

    address: str
    provider: Provider
    browser: Any
    log: Path
    context: Any = None
    page: Any = None
    heard: list[str] = field(default_factory=list)

    def arrive(self, path: str = "") -> None:
        """Somebody new opens the app."""
        self.leave()
        # One browser for all, so that it keeps the app's own files, which nobody has to sign in for.
        self.context = self.context or self.browser.new_context(viewport={"width": 1280, "height": 900})
        self.context.clear_cookies()
        self.page = self.context.new_page()
        self.page.on("websocket", self._listen)
        self.page.goto(f"{self.address}/{path}")

    def _listen(self, line: Any) -> None:
        # What was sent to the page before this one was sent to who was signed in then.
        self.heard.clear()
        line.on("framereceived", self._hear)

    def _hear(self, frame: Any) -> None:
        self.heard.append(frame if isinstance(frame, str) else frame.decode("utf-8", "replace"))

    def leave(self) -> None:
        """Close the window."""
        if self.page is not None:
            self.page.close()
            self.page = None

    def open(self, path: str) -> None:
        """Go on to another page."""
        self.page.goto(f"{self.address}/{path}")

    def sign_in(self, name: str, **claims: Any) -> None:
        """Press the button, and be sent to the provider and back."""
        self.provider.claims = {"preferred_username": name, **claims}
        with self.page.expect_navigation(url=f"{self.address}/", timeout=SECONDS):
            self.page.get_by_role("button", name="Sign in").click(timeout=SECONDS)

    def sees(self, words: str) -> None:
        """Wait until the page says something."""
        self.page.get_by_text(words).first.wait_for(timeout=SECONDS)

    def rests(self) -> str:
        """All that stands on the page, once nothing runs."""
        self.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=SECONDS)
        return str(self.page.inner_text("body"))

    def sees_only_the_sign_in(self) -> None:
        """The sign-in, and nothing of the ledger: not on the page, nor among what was sent to it."""
        self.page.get_by_role("button", name="Sign in").wait_for(timeout=SECONDS)
        shown = self.rests()
        assert "Signed in" not in shown
        assert "Traceback" not in shown
        assert self.page.locator("[data-testid=stException]").count() == 0
        sent = "".join(self.heard)
        assert "Sign in" in sent  # what was heard is what was said
        assert [word for word in INSIDE if word in shown or word in sent] == []
        assert barriers(self.page) == []


def furnish(path: Path) -> None:
    """An administrator, and a preparer of each of two ICBs with a proposal."""
    with Store.open(path) as store:
        appoint(store, "chief@dept", "administrator", by="setting up", reason="x", day=LONG_AGO)
        for person, icb, place in (("anna@one", "QWO", "QWO-E08000035"), ("otto@two", "QYG", "QYG-E08000015")):
            appoint(store, person, "preparer", by="chief@dept", reason="x", day=LONG_AGO, organisation=icb)
            draft = entry("devolve", at(icb, FUND, "retained"), at(place, FUND), 500, day=date(2025, 5, 1))
            submit(store, [draft], key=f"plan of {person}", title=f"Secret plan of {person}", prepared_by=person)
        store.checkpoint()


def settings(folder: Path, port: int, metadata: str, *, claim: str = "preferred_username") -> Path:
    """A home folder with sign-in set up as docs/server.md says."""
    (folder / ".streamlit").mkdir(parents=True)
    values = {
        "redirect_uri": f"http://127.0.0.1:{port}/oauth2callback",
        "cookie_secret": COOKIE_SECRET,
        "client_id": CLIENT,
        "client_secret": SECRET,
        "server_metadata_url": f"{metadata}/.well-known/openid-configuration",
    }
    lines = "\n".join(f"{name} = {json.dumps(value)}" for name, value in values.items())
    text = f"[auth]\n{lines}\n[devolution]\nclaim = {json.dumps(claim)}\n"
    (folder / ".streamlit" / "secrets.toml").write_text(text)
    return folder


@pytest.fixture(scope="module")
def ledger(demo_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("office") / "ledger.duckdb"
    shutil.copy(demo_ledger, path)
    furnish(path)
    return path


@pytest.fixture(scope="module")
def started(ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    """The app, which listens on every address of the machine, as a department runs it."""
    folder = tmp_path_factory.mktemp("home")
    port, log = free_port(), folder / "log.txt"
    with chromium() as browser, provider() as known:
        home = settings(folder / "home", port, known.address)
        with running(ledger, "--address", "0.0.0.0", port=port, home=home, log=log) as address:
            yield Office(address, known, browser, log)


@pytest.fixture
def office(started: Office) -> Iterator[Office]:
    started.provider.wrong = ""
    yield started
    started.leave()


def test_a_person_signs_in_sees_their_own_and_signs_out(office: Office) -> None:
    office.arrive(PROPOSALS)
    office.sees_only_the_sign_in()
    office.sign_in("anna@one")
    office.sees("Signed in as anna@one.")
    assert office.provider.handed_out[-1] == "token"
    office.open(PROPOSALS)
    office.sees("Secret plan of anna@one")
    assert "Secret plan of otto@two" not in office.rests()
    assert barriers(office.page) == []
    assert "Secret plan of otto@two" not in "".join(office.heard)

    ended = office.provider.ended
    with office.page.expect_navigation(url=f"{office.address}/", timeout=SECONDS):
        office.page.get_by_role("button", name="Sign out").click()
    office.sees_only_the_sign_in()
    assert office.provider.ended == ended + 1  # signed out there as well, and sent back
    office.open(PROPOSALS)
    office.sees_only_the_sign_in()


def test_who_signs_in_wrongly_or_without_a_right_is_told_so_and_sees_nothing(office: Office) -> None:
    office.arrive()
    office.provider.wrong = "signature"
    office.sign_in("anna@one")
    office.sees_only_the_sign_in()
    assert [one["name"] for one in office.context.cookies() if one["name"].startswith(COOKIE)] == []

    told = "stranger@x has no right in this ledger"
    office.provider.wrong = ""
    office.sign_in("stranger@x")
    office.sees(told)
    office.open(PROPOSALS)
    office.sees(told)
    assert barriers(office.page) == []
    shown = office.rests() + "".join(office.heard)
    assert [word for word in INSIDE if word in shown] == []


def forged(cookie: str, claims: dict[str, Any]) -> dict[str, str]:
    """A cookie with another's name in it, in the ways that somebody without the secret could make one."""
    payload, stamp, signature = cookie.rsplit(".", 2)
    other = sealed(claims, secret="a guess")
    return {
        "another's signature": other,
        "another payload under the old signature": f"{other.rsplit('.', 2)[0]}.{stamp}.{signature}",
        "no signature": payload,
        "cut": cookie[:-4],
        "not a cookie": "anna@one",
    }


def sealed(claims: dict[str, Any], *, secret: str = COOKIE_SECRET, age: int = 0) -> str:
    """A cookie as the app makes it, of some age in seconds."""

    class Earlier(TimestampSigner):
        def get_timestamp(self) -> int:
            return int(time.time()) - age

    return str(URLSafeTimedSerializer(secret, salt=COOKIE, signer=Earlier).dumps(json.dumps(claims)))


def test_a_forged_or_old_cookie_signs_nobody_in(office: Office) -> None:
    wire = Wire(office.address)
    office.provider.claims = {"preferred_username": "stranger@x"}
    wire.sign_in(COOKIE_SECRET)
    own = wire.cookies[COOKIE]
    assert "stranger@x has no right" in wire.page()
    now, hour = int(time.time()), 60 * 60
    anna = {"preferred_username": "anna@one", "is_logged_in": True, "iat": now, "origin": office.address}
    refused = {
        **forged(own, anna),
        "older than a month": sealed(anna, age=40 * 24 * hour),
        "of another app": sealed({**anna, "origin": "https://elsewhere.example"}),
        "signed in yesterday": sealed({**anna, "iat": now - 13 * hour}, age=13 * hour),
        "signed in nobody knows when": sealed({**anna, "iat": None}),
    }
    for kind, cookie in refused.items():
        wire.cookies[COOKIE] = cookie
        sent = wire.page(*PROPOSALS.split("?"))
        assert "organisation's account to see" in sent or "Sign in again to see" in sent, kind
        assert ("more than 12 hours ago" in sent) == kind.startswith("signed in"), kind
        assert [word for word in INSIDE if word in sent] == [], kind
    # Made in the same way, with the secret and of today, it does sign in: the others are refused for what they are.
    for person, other in (("anna@one", "otto@two"), ("otto@two", "anna@one")):
        of_today = {**anna, "preferred_username": person, "iat": now - 11 * hour}
        wire.cookies[COOKIE] = sealed(of_today, age=11 * hour)
        sent = wire.page(*PROPOSALS.split("?"))
        assert f"Secret plan of {person}" in sent
        assert f"Secret plan of {other}" not in sent
    wire.cookies[COOKIE] = sealed({**anna, "preferred_username": " "})
    assert "claim 'preferred_username' is empty" in wire.page()


@pytest.mark.parametrize(
    "wrong", ["", "state", "signature", "unsigned", "nonce", "audience", "issuer", "expired", "refused"]
)
def test_only_a_token_for_this_sign_in_signs_in(office: Office, wrong: str) -> None:
    wire = Wire(office.address)
    before = len(office.provider.handed_out)
    office.provider.wrong, office.provider.claims = wrong, {"preferred_username": "anna@one"}
    ends_at, shown = wire.sign_in(COOKIE_SECRET)
    assert ends_at == f"{office.address}/"
    assert "Traceback" not in shown
    assert office.provider.handed_out[before:] == ([] if wrong in {"state", "refused"} else [wrong or "token"])
    assert (COOKIE in wire.cookies) == (not wrong)
    assert ("Sign in with your" in wire.page("audit")) == bool(wrong)


@pytest.mark.parametrize(
    "path", ["oauth2callback?code=stolen&state=made-up", "oauth2callback", "auth/login?provider=made.up.token"]
)
def test_a_callback_that_nobody_asked_for_signs_nobody_in(office: Office, path: str) -> None:
    wire = Wire(office.address)
    before = len(office.provider.handed_out)
    ends_at, shown = wire.get(path)
    assert ends_at == f"{office.address}/"
    assert "Traceback" not in shown
    assert COOKIE not in wire.cookies
    assert "Sign in with your" in wire.page()
    assert len(office.provider.handed_out) == before


def test_who_comes_by_another_address_is_shown_the_one_where_signing_in_works(office: Office) -> None:
    wire = Wire(office.address)
    for seen_at in (office.address.replace("127.0.0.1", "localhost"), office.address.replace("http:", "https:")):
        sent = wire.page(seen_at=seen_at)
        assert "Go to the ledger" in sent
        assert office.address in sent
        assert "Sign in" not in sent


def test_a_page_of_another_site_cannot_speak_for_who_is_signed_in(office: Office) -> None:
    wire = Wire(office.address)
    office.provider.claims = {"preferred_username": "anna@one"}
    wire.sign_in(COOKIE_SECRET)
    with pytest.raises(InvalidStatus, match="403"):
        wire.page(origin="https://elsewhere.example")
    # Another port of this machine is let in by Streamlit, as nobody.
    assert "Sign in with your" in wire.page(origin=office.provider.address)


def test_with_sign_in_the_app_is_heard_beyond_this_machine_and_tells_no_secret(office: Office) -> None:
    if sys.platform == "linux":  # where an app on 127.0.0.1 alone is not heard on the machine's other addresses
        elsewhere = office.address.replace("127.0.0.1", "127.0.0.2")
        with urllib.request.urlopen(f"{elsewhere}/_stcore/health", timeout=10) as answer:
            assert answer.status == 200
    told = office.log.read_text()
    assert f"Opening {office.address} on" in told  # where people sign in, not where it listens
    assert [secret for secret in (SECRET, COOKIE_SECRET) if secret in told] == []


def test_without_sign_in_the_app_listens_to_nobody_beyond_this_machine(ledger: Path, tmp_path: Path) -> None:
    port = free_port()
    done = subprocess.run(
        command(ledger, port, "--address", "0.0.0.0"), cwd=tmp_path, env={**os.environ, "HOME": str(tmp_path)},
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "nobody would have to sign in" in done.stderr
    assert "Traceback" not in done.stderr
