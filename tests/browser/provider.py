"""An OpenID Connect provider of the tests' own, on this machine: it signs in whom a test names, or goes wrong as told."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "the-ledger", "a secret of the tests"
ALGORITHM = "RS256"


class Provider:
    """What the provider knows, and what it is told to do.

    Attributes:
        claims: of the person who signs in next.
        wrong: what goes wrong with the next sign-in; nothing where it is empty.
        ended: how many sign-outs came here.
        handed_out: the answers of ``/token``, one word each.
    """

    def __init__(self) -> None:
        self.claims: dict[str, Any] = {}
        self.wrong = ""
        self.ended = 0
        self.handed_out: list[str] = []
        self.address = ""
        self._asked: dict[str, dict[str, str]] = {}
        self._key = RSAKey.generate_key(2048, {"kid": "ours", "use": "sig", "alg": ALGORITHM})
        # Another's key under the name of ours.
        self._forger = RSAKey.generate_key(2048, {"kid": "ours", "use": "sig", "alg": ALGORITHM})

    def metadata(self) -> dict[str, Any]:
        """The document from which everything else is found."""
        return {
            "issuer": self.address,
            "authorization_endpoint": f"{self.address}/authorize",
            "token_endpoint": f"{self.address}/token",
            "jwks_uri": f"{self.address}/jwks",
            "end_session_endpoint": f"{self.address}/logout",
            "response_types_supported": ["code"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": [ALGORITHM],
            "code_challenge_methods_supported": ["S256"],
        }

    def keys(self) -> dict[str, Any]:
        """The public keys by which its tokens are checked."""
        return {"keys": [self._key.as_dict(private=False)]}

    def authorize(self, asked: Mapping[str, str]) -> str:
        """Where a browser that comes to sign in is sent back to."""
        back = {"code": f"code-{len(self._asked)}", "state": asked["state"]}
        if self.wrong == "refused":
            back = {"error": "access_denied", "error_description": "not assigned", "state": asked["state"]}
        if self.wrong == "state":
            back["state"] = "of-somebody-else"
        self._asked[back.get("code", "")] = {**asked}
        return f"{asked['redirect_uri']}?{urlencode(back)}"

    def token(self, given: Mapping[str, str], authorization: str) -> dict[str, Any] | None:
        """The token for a code; none where the app does not prove that it is the one that asked."""
        asked = self._asked.pop(given["code"], None)
        proof = base64.urlsafe_b64encode(hashlib.sha256(given.get("code_verifier", "").encode()).digest())
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if (
            asked is None
            or authorization != f"Basic {basic}"
            or given["redirect_uri"] != asked["redirect_uri"]
            or asked["code_challenge"] != proof.rstrip(b"=").decode()
        ):
            self.handed_out.append("nothing")
            return None
        now = int(time.time())
        claims = {
            "iss": self.address, "aud": CLIENT, "sub": "somebody", "iat": now, "exp": now + 3600,
            "nonce": asked["nonce"], **self.claims,
        }  # fmt: skip
        wrong: dict[str, dict[str, Any]] = {
            "nonce": {"nonce": "of another sign-in"},
            "audience": {"aud": "another app"},
            "issuer": {"iss": "https://elsewhere.example"},
            "expired": {"iat": now - 7200, "exp": now - 3600},
        }
        key = self._forger if self.wrong == "signature" else self._key
        signed = jwt.encode({"alg": ALGORITHM, "kid": "ours"}, claims | wrong.get(self.wrong, {}), key)
        if self.wrong == "unsigned":
            head = base64.urlsafe_b64encode(b'{"alg":"none","kid":"ours"}').rstrip(b"=").decode()
            signed = f"{head}.{signed.split('.')[1]}."
        self.handed_out.append(self.wrong or "token")
        return {"access_token": "opaque", "token_type": "Bearer", "expires_in": 3600, "id_token": signed}


@contextmanager
def provider() -> Iterator[Provider]:
    """The provider, listening; nobody listens there afterwards."""
    known = Provider()

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            path = urlsplit(self.path)
            asked = dict(parse_qsl(path.query))
            if path.path == "/.well-known/openid-configuration":
                self._say(known.metadata())
            elif path.path == "/jwks":
                self._say(known.keys())
            elif path.path == "/authorize":
                self._send_to(known.authorize(asked))
            elif path.path == "/logout":
                known.ended += 1
                self._send_to(asked["post_logout_redirect_uri"])
            else:
                self.send_error(404)

        def do_POST(self) -> None:
            given = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
            found = known.token(given, self.headers.get("Authorization", ""))
            self._say(found or {"error": "invalid_grant"}, 200 if found else 400)

        def _say(self, document: dict[str, Any], status: int = 200) -> None:
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def _send_to(self, address: str) -> None:
            self.send_response(302)
            self.send_header("Location", address)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *said: object) -> None:
            del said

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    known.address = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield known
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
