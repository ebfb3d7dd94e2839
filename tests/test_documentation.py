"""The documentation as a site: whole, made from the code, every link holds, and nothing is asked outside."""

import json
import re
import shlex
from pathlib import PurePosixPath
from urllib.parse import urlsplit

import pytest
import typer

import devolution
from screens.python import Ledger
from tests import documentation
from tests.python_reference import public


@pytest.fixture(scope="module")
def site() -> dict[str, bytes]:
    return documentation.pages()


def test_every_document_and_decision_is_a_page(site: dict[str, bytes]) -> None:
    assert {f"{name[:-3]}.html" for name in documentation.sources()} < site.keys()
    contents = site["index.html"].decode()
    assert all(f'href="{name}"' in contents for name in site if name.endswith(".html") and name not in
               ("index.html", documentation.SEARCH))  # fmt: skip


def test_every_link_holds_and_nothing_is_loaded_from_outside(site: dict[str, bytes]) -> None:
    for page, content in site.items():
        if not page.endswith(".html"):
            continue
        for address in documentation.addresses(content):
            parts = urlsplit(address)
            if parts.scheme:
                # A way out that a reader may take; nothing is loaded from there.
                assert f'href="{address}"'.encode() in content, page
                continue
            target = page
            if parts.path:
                joined = (PurePosixPath("/") / page).parent.joinpath(parts.path)
                target = str(PurePosixPath(*_walked(joined.parts[1:])))
            assert target in site, f"{page}: {address}"
            if parts.fragment and target.endswith(".html"):
                assert f'id="{parts.fragment}"'.encode() in site[target], f"{page}: {address}"


def _walked(parts: tuple[str, ...]) -> list[str]:
    way: list[str] = []
    for part in parts:
        if part == "..":
            way.pop()
        else:
            way.append(part)
    return way


def test_the_reference_has_every_command_with_every_option(site: dict[str, bytes]) -> None:
    reference = documentation.commands()
    listed = dict(documentation.walk(typer.main.get_command(devolution.app), "devolution"))
    assert {"devolution publish", "devolution scenario run", "devolution record devolve"} < listed.keys()
    for name, command in listed.items():
        _, _, own = reference.partition(f"## {name}\n")
        own, _, _ = own.partition("\n## ")
        assert own.strip(), name
        for parameter in command.params:
            called = parameter.opts if parameter.param_type_name == "option" else [parameter.name.upper()]
            if not getattr(parameter, "hidden", False):
                assert all(one in own for one in called), f"{name} {parameter.name}"
    assert b"devolution record devolve" in site[documentation.COMMANDS]


def test_the_reference_of_python_has_every_public_name(site: dict[str, bytes]) -> None:
    shown = site[documentation.PYTHON].decode()
    assert all(f"<code>Ledger.{name}</code>" in shown for name in public(Ledger))


def test_the_search_finds_what_stands_under_each_heading(site: dict[str, bytes]) -> None:
    _, _, index = site["search-index.js"].decode().partition("window.pages=")
    found = json.loads(index.rstrip(";\n"))
    assert {one["page"] for one in found} == {
        name for name in site if name.endswith(".html") and name not in ("index.html", documentation.SEARCH)
    }
    assert any("apportion" in one["text"].lower() for one in found if one["page"] == "CONTRIBUTING.html")


def _named() -> list[tuple[str, list[str]]]:
    """Every command that a document writes out, with the document: on a line of its own, or between backticks."""
    found = []
    for name in documentation.sources():
        if name in ("CHANGELOG.md", "docs/errors.md") or name.startswith("docs/decisions/"):
            continue  # of their time; each example of a refusal was made by a test
        text = (documentation.ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ")
        lines = re.findall(r"^(?:uv run )?(devolution .+)$", text, re.MULTILINE)
        lines += re.findall(r"`(?:uv run )?(devolution [^`]+)`", text)
        found += [(name, shlex.split(line, comments=True)) for line in lines if line.count("'") % 2 == 0]
    return found


def test_every_command_that_a_document_names_exists_with_its_options() -> None:
    listed = dict(documentation.walk(typer.main.get_command(devolution.app), "devolution"))
    wrong = []
    for name, words in _named():
        depth = next((depth for depth in (4, 3, 2) if " ".join(words[:depth]) in listed), None)
        if depth is None:
            # A group that takes a file, as 'record', or is spoken of as a whole.
            if words[1] not in ("--install-completion", "--show-completion") and not any(
                one.startswith(" ".join(words[:2])) for one in listed
            ):
                wrong.append((name, " ".join(words)))
            continue
        command = listed[" ".join(words[:depth])]
        known = {opt for parameter in command.params for opt in (*parameter.opts, *parameter.secondary_opts)} | {
            "--help"
        }
        wrong += [
            (name, " ".join(words), word) for word in words if word.startswith("--") and word.split("=")[0] not in known
        ]
    assert wrong == []
