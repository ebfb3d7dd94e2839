"""What a browser and the app say to each other, without a browser: pages over their socket, and redirects with cookies."""

import time
import urllib.request
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

SECONDS = 30
# The cookie against requests in another's name.
GUARD = "_streamlit_xsrf"


class Wire:
    """Somebody who speaks to the app as a browser does, with cookies of their own."""

    def __init__(self, address: str) -> None:
        self.address = address
        self._jar = CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self._jar))
        self.cookies: dict[str, str] = {}

    def get(self, path: str) -> tuple[str, str]:
        """Ask for an address, and follow wherever one is sent: where that ends, and what stands there."""
        try:
            with self._opener.open(f"{self.address}/{path}", timeout=SECONDS) as answer:
                found = answer.url, answer.read().decode()
        except HTTPError as refused:
            found = refused.url, refused.read().decode()
        self.cookies |= {one.name: one.value or "" for one in self._jar}
        return found

    def sign_in(self, secret: str) -> tuple[str, str]:
        """What the button does: ask the app to be sent to the provider, and follow."""
        ticket = {"provider": "default", "exp": int(time.time()) + 60}
        signed = jwt.encode({"alg": "HS256"}, ticket, OctKey.import_key(secret))
        return self.get(f"auth/login?provider={signed}")

    def page(self, page: str = "", query: str = "", seen_at: str | None = None, origin: str | None = None) -> str:
        """All that the app sends to show a page, as text.

        Args:
            seen_at: the app's address as the browser shows it; usually the one that is asked.
            origin: whose page it is that asks; usually the app's own.
        """
        if GUARD not in self.cookies:
            self.get("_stcore/health")
        guard = self.cookies[GUARD]
        asked = BackMsg()
        asked.rerun_script.page_name, asked.rerun_script.query_string = page, query
        asked.rerun_script.context_info.url = f"{seen_at or self.address}/{page}"
        heard = []
        with connect(
            f"ws://{urlsplit(self.address).netloc}/_stcore/stream",
            origin=origin or self.address,  # type: ignore[arg-type]
            subprotocols=["streamlit", guard],  # type: ignore[list-item]
            additional_headers={"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())},
            max_size=None,
        ) as line:
            line.send(asked.SerializeToString())
            while True:
                frame = line.recv(timeout=SECONDS)
                assert isinstance(frame, bytes)
                heard.append(frame.decode("utf-8", "replace"))
                if ForwardMsg.FromString(frame).WhichOneof("type") == "script_finished":
                    return "".join(heard)
