"""The guide for those who run a server is carried out, command by command, from an empty server to monitoring."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from click.testing import Result
from typer.testing import CliRunner

import devolution
from tests.conftest import ROOT
from tests.shelves import ServerShelf, administrator, on_server

pytestmark = pytest.mark.parametrize("kind", ["server"])
GUIDE = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(sql|shell)\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
ROLES = ("devolution_owner", "devolution_posts", "devolution_reads", "devolution_anna", "devolution_app")


@pytest.fixture
def names(shelf: ServerShelf) -> Iterator[dict[str, str]]:
    """Names of one's own for the guide's database and users, for several tests may run on one server."""
    tag = shelf.place("guide").url.rpartition("/")[2]
    own = {name: f"{tag}_{name[11:]}" for name in ROLES}
    yield {**own, "devolution_restored": f"{tag}_restored", "devolution": f"{tag}_devolution"}
    with administrator() as server:
        for database in (f"{tag}_devolution", f"{tag}_restored"):
            server.execute(f'DROP DATABASE IF EXISTS "{database}" WITH (FORCE)')
        for role in own.values():
            server.execute(f'DROP ROLE IF EXISTS "{role}"')


def say(names: dict[str, str], text: str) -> str:
    """A block of the guide with one's own names; the program's is left alone."""
    found = re.sub(r"\bdevolution_(owner|posts|reads|anna|app|restored)\b", lambda m: names[m[0]], text)
    found = re.sub(r"(DATABASE )devolution\b", lambda m: m[1] + names["devolution"], found)
    found = re.sub(r"(@SERVER/)devolution\b", lambda m: m[1] + names["devolution"], found)
    host = on_server("x").url.rpartition("@")[2].rpartition("/")[0]
    return found.replace("SERVER", host)


def run(line: str) -> Result:
    words = shlex.split(line)
    assert words[0] == "devolution"
    return CliRunner().invoke(devolution.app, words[1:])


def test_every_command_of_the_guide_works(
    names: dict[str, str], tmp_path: Path, own_demo_ledger: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("DEVOLUTION_MIRRORS", str(tmp_path / "mirrors"))
    own_demo_ledger.rename(tmp_path / "ledger.duckdb") if own_demo_ledger.name != "ledger.duckdb" else None
    head = ""
    for language, block in BLOCKS:
        if language == "sql":
            # Rights are granted in the ledger's database, by its owner; the rest is the administrator's.
            granted = "ledger_admit" in block
            database, user = (names["devolution"], names["devolution_owner"]) if granted else ("postgres", None)
            with psycopg.connect(on_server(database, user).url, autocommit=True) as server:
                for statement in say(names, block).split(";\n"):
                    if statement.strip():
                        server.execute(statement)
            continue
        for line in block.splitlines():
            if "restored" in line and "restore " in line:
                with administrator() as server:
                    owner, database = names["devolution_owner"], names["devolution_restored"]
                    server.execute(f'CREATE DATABASE "{database}" OWNER "{owner}" TEMPLATE template0')
            done = run(say(names, line).replace("HEAD", head))
            assert done.exit_code == 0, (line, done.stderr)
            head = (re.findall(r"[0-9a-f]{64}", done.stdout) or [head])[-1] if "backup" in line else head
    assert len(BLOCKS) >= 9
    assert head
    _rights_hold(names)


def _rights_hold(names: dict[str, str]) -> None:
    """The user that posts changes no row and takes no guard away; the one that reads adds none."""
    tries = {
        "devolution_posts": (
            "UPDATE transfer SET amount_pence = 1", "DELETE FROM entry", "TRUNCATE transfer",
            "UPDATE seal SET schema_version = 9", "ALTER TABLE transfer DISABLE TRIGGER ALL",
            "SET session_replication_role = replica", "CREATE TEMP TABLE entry (x int)", "CREATE TABLE mine (x int)",
            "SELECT ledger_admit('postgres', 'posts')", "INSERT INTO account SELECT * FROM account",
        ),
        "devolution_reads": ("INSERT INTO account SELECT * FROM account", "UPDATE seal SET entries = 9", "SELECT 1 FROM seal FOR UPDATE", "CREATE TEMP TABLE entry (x int)",
            "SELECT ledger_post('[]', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}')",
        ),
    }  # fmt: skip
    for role, statements in tries.items():
        with psycopg.connect(on_server(names["devolution"], names[role]).url, autocommit=True) as server:
            for statement in statements:
                with pytest.raises(psycopg.errors.InsufficientPrivilege):
                    server.execute(statement)


def test_the_guide_s_secrets_are_all_that_sign_in_needs(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import tomllib

    from screens.web.shell import sign_in_settings as settings

    (block,) = re.findall(r"^```toml\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)
    secrets = tomllib.loads(block)
    monkeypatch.setattr(settings, "_section", lambda name: secrets.get(name, {}))
    assert settings.faults("0.0.0.0") == []
    assert settings.claim() == secrets["devolution"]["claim"]
