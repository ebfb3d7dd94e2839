"""``devolution app`` on a machine that never ran it: what a newcomer sees first is the app, at once, and no question."""

import os
import pty
import subprocess
import threading
import time
import urllib.request
from pathlib import Path

import pytest

from tests.browser.visits import command, free_port

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="terminals, and processor time, are asked for as on Linux"
)
# Processor time until the app answers, in seconds: by the clock, that of a machine which does nothing else. Other work
# on the machine makes a start longer by the clock and hardly by this.
SERVES_WITHIN = 5.0


@pytest.mark.parametrize("terminal", [True, False], ids=["at a terminal", "without a terminal"])
def test_the_app_asks_nothing_before_it_is_there(demo_ledger: Path, tmp_path: Path, terminal: bool) -> None:
    """A home folder without any settings, and a window of the browser is wanted: nobody types, and it serves."""
    port = free_port()
    asked = [word for word in command(demo_ledger, port) if word != "--no-browser"]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("STREAMLIT")},
        "HOME": str(tmp_path), "BROWSER": "true",
    }  # fmt: skip
    ours, theirs = pty.openpty()
    said: list[bytes] = []
    app = subprocess.Popen(
        asked, cwd=tmp_path, env=environment, stdin=theirs if terminal else subprocess.DEVNULL,
        stdout=theirs, stderr=theirs,
    )  # fmt: skip
    os.close(theirs)
    threading.Thread(target=_listen, args=(ours, said), daemon=True).start()
    try:
        assert _serves(port, app), b"".join(said).decode(errors="replace")
        assert _worked(app) < SERVES_WITHIN
        assert b"Email" not in b"".join(said)
    finally:
        app.terminate()
        app.wait(timeout=20)
        os.close(ours)
    # What the framework offers to developers is no part of the app.
    assert b"streamlit" not in b"".join(said).lower()


def _listen(ours: int, said: list[bytes]) -> None:
    try:
        while piece := os.read(ours, 4096):
            said.append(piece)
    except OSError:  # the other end was closed
        return


def _serves(port: int, app: subprocess.Popen[bytes]) -> bool:
    limit = time.monotonic() + 60
    while time.monotonic() < limit and app.poll() is None:
        try:
            return b"<title>" in urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=1).read()
        except OSError:
            time.sleep(0.1)
    return False


def _worked(app: subprocess.Popen[bytes]) -> float:
    """The processor time of a process so far, in seconds."""
    fields = Path(f"/proc/{app.pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
