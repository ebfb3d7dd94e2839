"""Heads and proofs as typed, and checked by the lines that docs/checking.md shows, which know nothing of this program."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import devolution
from ledger.entries.draft import Leg, legs
from ledger.entries.posting import post, reverse
from ledger.store import backup
from ledger.store.base import Store
from tests.books import at, entry
from tests.conftest import ROOT
from tests.ledger.test_keeping import tables_of_version_1
from tests.shelves import Shelf

PAGE = (ROOT / "docs" / "checking.md").read_text(encoding="utf-8")
_, SIGNED, OPENSSL, INCLUDED, CONSISTENT = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


def run(*arguments: object) -> tuple[int, dict[str, Any], str]:
    done = CliRunner().invoke(devolution.app, [*(str(argument) for argument in arguments), "--json"])
    assert done.exception is None or isinstance(done.exception, SystemExit), repr(done.exception)
    return done.exit_code, json.loads(done.stdout) if done.stdout.strip() else {}, done.stderr


def check(lines: str, *arguments: object, folder: Path, bare: bool = True) -> tuple[int, str]:
    """The page's lines, by a Python that sees nothing of ours; ``bare``: nothing but its standard library."""
    script = folder / "check.py"
    script.write_text(lines, encoding="utf-8")
    command = [sys.executable, "-I", *(["-S"] if bare else []), str(script), *map(str, arguments)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def key(tmp_path: Path) -> Path:
    private = tmp_path / "key"
    status, _, said = run("head", "--make-key", private)
    assert status == 0, said
    return private


@pytest.fixture
def signed(own_demo_ledger: Path, key: Path, tmp_path: Path) -> Path:
    out = tmp_path / "head.json"
    status, document, said = run("head", "--sign", "--key", key, "--out", out, "--ledger", own_demo_ledger)
    assert (status, document["file"]) == (0, str(out)), said
    return out


@pytest.fixture(scope="module")
def fifth(demo_ledger: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The proof of an entry with many legs."""
    proof = tmp_path_factory.mktemp("proof") / "proof.json"
    assert run("prove", 5, "--out", proof, "--ledger", demo_ledger)[0] == 0
    return proof.read_text(encoding="utf-8")


def changed(file: Path, change: Callable[[dict[str, Any]], object], *, to: str = "changed.json") -> Path:
    """A copy of a document with something changed in it."""
    document = json.loads(file.read_text(encoding="utf-8"))
    change(document)
    copy = file.with_name(to)
    copy.write_text(json.dumps(document), encoding="utf-8")
    return copy


def root_of(file: Path) -> str:
    document = json.loads(file.read_text(encoding="utf-8"))
    return f"{document['entries']}:{document['root']}"


def put(name: str, value: object) -> Callable[[dict[str, Any]], object]:
    return lambda document: document.update({name: value})


def test_a_key_is_for_its_owner_alone_and_is_never_written_over(tmp_path: Path, key: Path) -> None:
    assert key.stat().st_mode & 0o777 == 0o600
    kept = key.read_bytes()
    assert kept.startswith(b"-----BEGIN PRIVATE KEY-----")
    assert (tmp_path / "key.pub").read_bytes().startswith(b"-----BEGIN PUBLIC KEY-----")
    status, document, _ = run("head", "--make-key", key)
    assert (status, document["problems"][0]["found"]) == (1, "there is a file of that name.")
    assert key.read_bytes() == kept
    (tmp_path / "other.pub").touch()
    assert run("head", "--make-key", tmp_path / "other")[0] == 1
    assert not (tmp_path / "other").exists()


def test_a_head_is_shown_and_given_away(own_demo_ledger: Path, key: Path, signed: Path) -> None:
    status, document, said = run("head", "--ledger", own_demo_ledger)
    assert status == 0, said
    (row,) = document["rows"]
    assert (row["entries"], row["head"]) == (163, document["head"])
    kept = json.loads(signed.read_text(encoding="utf-8"))
    assert {name: kept[name] for name in row} == row
    # What --json prints is itself such a document.
    status, printed, said = run("head", "--sign", "--key", key, "--ledger", own_demo_ledger)
    assert status == 0, said
    assert {name: printed[name] for name in kept if name not in ("signed_at", "signature")} == {
        name: value for name, value in kept.items() if name not in ("signed_at", "signature")
    }
    status, again, _ = run("head", "--sign", "--key", key, "--out", signed, "--ledger", own_demo_ledger)
    assert (status, again["problems"][0]["found"]) == (1, "there is a file of that name.")


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--sign",), "--make-key"),
        (("--key", "key"), "add --sign"),
        (("--out", "head.json"), "add --sign"),
        (("--make-key", "key", "--sign"), "nothing else"),
    ],
)
def test_half_a_question_is_told_what_is_missing(demo_ledger: Path, arguments: tuple[str, ...], sentence: str) -> None:
    done = CliRunner().invoke(devolution.app, ["head", *arguments, "--ledger", str(demo_ledger)])
    assert (done.exit_code, sentence in done.stderr) == (2, True), done.stderr


def test_a_signed_head_needs_a_place_to_go(demo_ledger: Path, key: Path) -> None:
    done = CliRunner().invoke(devolution.app, ["head", "--sign", "--key", str(key), "--ledger", str(demo_ledger)])
    assert (done.exit_code, "say where the signed head goes" in done.stderr) == (2, True), done.stderr


def test_the_page_checks_a_signature_and_refuses_what_was_changed(signed: Path, tmp_path: Path) -> None:
    status, said = check(SIGNED, signed, tmp_path / "key.pub", folder=tmp_path, bare=False)
    assert (status, root_of(signed) in said) == (0, True), said
    changes = {
        "entries": 162, "head": "0" * 64, "root": "0" * 64, "signed_at": "2026-01-01T00:00:00Z", "public_key": "0" * 64,
        "signature": "0" * 128,
    }  # fmt: skip
    for name, value in changes.items():
        status, said = check(
            SIGNED, changed(signed, put(name, value)), tmp_path / "key.pub", folder=tmp_path, bare=False
        )
        assert (status, "the signature does not hold" in said) == (1, True), name
    run("head", "--make-key", tmp_path / "other")
    assert check(SIGNED, signed, tmp_path / "other.pub", folder=tmp_path, bare=False)[0] == 1


def test_openssl_checks_a_signature_too(signed: Path, tmp_path: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("there is no openssl on this machine")
    (line,) = re.findall(r"^    (openssl pkeyutl .*)$", PAGE, re.MULTILINE)
    command = line.replace("KEY.pub", "key.pub").split()
    for file, wanted in ((signed, 0), (changed(signed, put("entries", 162)), 1)):
        assert check(OPENSSL, file, folder=tmp_path)[0] == 0
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == wanted, done.stderr


def test_the_page_checks_every_entry_of_the_demo(own_demo_ledger: Path, signed: Path, tmp_path: Path) -> None:
    for number in (1, 2, 3, 5, 128, 162, 163):
        proof = tmp_path / f"{number}.json"
        status, document, said = run("prove", number, "--out", proof, "--ledger", own_demo_ledger)
        assert status == 0, said
        status, said = check(INCLUDED, proof, root_of(signed), folder=tmp_path)
        assert status == 0, said
        assert f"entry {number} of 163" in said
        assert f"reason: {document['rows'][0]['reason']}" in said
    assert said.count("\ntransfer ") == document["rows"][0]["legs"]


def spoilt_proofs() -> dict[str, Callable[[dict[str, Any]], object]]:
    def facts(at: int, value: object) -> Callable[[dict[str, Any]], object]:
        return lambda proof: proof["content"][0]["rows"][0].__setitem__(at, value)

    def leg(at: int, value: object) -> Callable[[dict[str, Any]], object]:
        return lambda proof: proof["content"][1]["rows"][0].__setitem__(at, value)

    def swap(proof: dict[str, Any]) -> None:
        names = proof["content"][1]["columns"]
        names[0], names[4] = names[4], names[0]

    return {
        "the kind": facts(1, "spend"),
        "the day": facts(2, "2025-04-02"),
        "who": facts(3, "somebody else"),
        "a missing authority": facts(5, ""),
        "an amount": leg(8, "1"),
        "from whom": leg(0, "QWO"),
        "a cell more": lambda proof: proof["content"][1]["rows"][0].append("x"),
        "a cell less": lambda proof: proof["content"][1]["rows"][0].pop(),
        "a leg less": lambda proof: proof["content"][1]["rows"].pop(),
        "a leg twice": lambda proof: proof["content"][1]["rows"].append(proof["content"][1]["rows"][-1]),
        "legs in another order": lambda proof: proof["content"][1]["rows"].reverse(),
        "no legs": lambda proof: proof["content"].pop(),
        "the names of columns": swap,
        "the names of facts": lambda proof: proof["content"][0]["columns"].reverse(),
        "facts twice": lambda proof: proof["content"][0]["rows"].append(proof["content"][0]["rows"][0]),
        "another number": put("entry", 6),
        "no number of the books": put("entry", 200),
        "when it was recorded": put("recorded_at", "2026-01-01T00:00:00.000000+00:00"),
        "the entry before": put("previous_hash", "0" * 64),
        "a step less": lambda proof: proof["path"].pop(),
        "a step more": lambda proof: proof["path"].append("0" * 64),
        "a step": lambda proof: proof["path"].__setitem__(0, "0" * 64),
        "no path": put("path", []),
    }


@pytest.mark.parametrize("what", spoilt_proofs())
def test_the_page_refuses_a_proof_that_was_changed(fifth: str, tmp_path: Path, what: str) -> None:
    proof = tmp_path / "proof.json"
    proof.write_text(fifth, encoding="utf-8")
    status, said = check(INCLUDED, changed(proof, spoilt_proofs()[what]), root_of(proof), folder=tmp_path)
    assert status == 1, said
    assert "reason:" not in said  # nothing is said of it before it is proven


def test_a_type_hides_no_text(funded: Store, tmp_path: Path) -> None:
    """A note that reads as a length and a text: with a type made up for it, its first letters would not be shown."""
    moved = entry("devolve", at("ICB1", "core"), at("P1", "core"), 5)
    noted = legs([Leg(at("ICB1", "core"), at("P1", "core"), 5, note="not1:b")])
    (posted,) = post(funded, [replace(moved, transfers=noted)])
    address = funded.path
    funded.close()
    proof = tmp_path / "proof.json"
    assert run("prove", posted.number, "--out", proof, "--ledger", address)[0] == 0
    assert "note not1:b" in check(INCLUDED, proof, root_of(proof), folder=tmp_path)[1]

    def hide(document: dict[str, Any]) -> None:
        legs = document["content"][1]
        legs["types"] = [*legs["types"][:-1], "s6:not"]
        legs["rows"][0][-1] = "b"

    status, said = check(INCLUDED, changed(proof, hide), root_of(proof), folder=tmp_path)
    assert (status, said) == (1, "a type that is none\n")


@pytest.mark.parametrize("change", [("Transfers", "\x1b[8mTransfers"), ("entry", "entry\x1d")])
def test_what_cannot_be_seen_is_not_printed(fifth: str, tmp_path: Path, change: tuple[str, str]) -> None:
    proof = tmp_path / "proof.json"
    proof.write_text(fifth.replace(change[0], json.dumps(change[1])[1:-1]), encoding="utf-8")
    status, said = check(INCLUDED, proof, root_of(proof), folder=tmp_path)
    assert (status, "a character that cannot be seen" in said) == (1, True), said


def test_entries_of_both_forms_are_checked(books: Store, shelf: Shelf, tmp_path: Path) -> None:
    """A ledger that was begun in the first form of the hashed text, and went on in the second."""
    place = tables_of_version_1(shelf, books)
    backup.migrate(place)
    with Store.open(place) as store:
        post(store, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 123)])
        store.checkpoint()
    versions = []
    for number in range(1, 8):
        proof = tmp_path / f"{number}.json"
        status, _, said = run("prove", number, "--out", proof, "--ledger", place)
        assert status == 0, said
        versions.append(document_of(proof)["version"][-1])
        status, said = check(INCLUDED, proof, root_of(proof), folder=tmp_path)
        assert (status, f"entry {number} of " in said) == (0, True), said
        forged = changed(proof, lambda proof: proof["content"][-1]["rows"][-1].__setitem__(0, "FORGED"))
        assert check(INCLUDED, forged, root_of(proof), folder=tmp_path)[0] == 1
        other = "devolution-ledger/" + {"1": "2", "2": "1"}[versions[-1]]
        assert check(INCLUDED, changed(proof, put("version", other)), root_of(proof), folder=tmp_path)[0] == 1
    assert versions == sorted(versions)
    assert set(versions) == {"1", "2"}


def test_a_proof_is_of_books_with_that_root_alone(fifth: str, tmp_path: Path) -> None:
    proof = tmp_path / "proof.json"
    proof.write_text(fifth, encoding="utf-8")
    entries, _, root = root_of(proof).partition(":")
    for other in (f"{entries}:{'0' * 64}", f"{int(entries) + 200}:{root}", f"4:{root}"):
        assert check(INCLUDED, proof, other, folder=tmp_path)[0] == 1


def test_the_page_checks_that_older_books_are_a_beginning(own_demo_ledger: Path, signed: Path, tmp_path: Path) -> None:
    with Store.open(own_demo_ledger) as store:
        for entry in (163, 162, 161):
            reverse(store, entry, reason="the books go on", actor="tests")
    since = tmp_path / "since.json"
    status, document, said = run("consistent", signed, "--out", since, "--ledger", own_demo_ledger)
    assert (status, document["rows"][0]["entries"]) == (0, 166), said
    old, new = root_of(signed), root_of(since)
    assert check(CONSISTENT, since, old, new, folder=tmp_path) == (
        0,
        "the books of 166 entries begin with those of 163\n",
    )
    # By hand, and from the head that the proof itself ends in.
    assert run("consistent", old, "--ledger", own_demo_ledger)[1]["path"] == document_of(since)["path"]
    assert run("consistent", since, "--ledger", own_demo_ledger)[0] == 0
    nothing = "0" * 64
    wrong = [(old, f"166:{nothing}"), (f"163:{nothing}", new), (old.replace("163", "162"), new), (new, old), (old, old)]
    for pair in wrong:
        assert check(CONSISTENT, since, *pair, folder=tmp_path)[0] == 1, pair
    for change in (
        lambda proof: proof["path"].pop(),
        lambda proof: proof["path"].reverse(),
        lambda proof: proof["path"].append(nothing),
        put("path", []),
    ):
        assert check(CONSISTENT, changed(since, change), old, new, folder=tmp_path)[0] == 1


def document_of(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


def test_the_page_checks_every_pair_of_sizes(own_demo_ledger: Path, tmp_path: Path) -> None:
    """A power of two, one more and one less, and the same books."""
    from ledger.proofs import heads

    with Store.open(own_demo_ledger, read_only=True) as store, store.read() as reader:
        leaves = heads.hashes(reader)
    since = tmp_path / "since.json"
    for older in (1, 2, 63, 64, 65, 127, 128, 129, 162, 163):
        old = str(heads.head_of(leaves[:older]))
        since.unlink(missing_ok=True)
        assert run("consistent", old, "--out", since, "--ledger", own_demo_ledger)[0] == 0
        assert check(CONSISTENT, since, old, root_of(since), folder=tmp_path)[0] == 0, older


def test_what_is_no_beginning_is_said_plainly(demo_ledger: Path) -> None:
    status, document, said = run("consistent", f"5:{'0' * 64}", "--ledger", demo_ledger)
    assert (status, "the first 5 entries of these books are others" in said) == (1, True)
    assert "find out who could write" in document["problems"][0]["remedy"]
    status, _, said = run("consistent", f"164:{'0' * 64}", "--ledger", demo_ledger)
    assert (status, "these books hold no more than 163" in said) == (1, True)
    for wrong in ("", "5", "5:abc", "no such file", "-5:" + "0" * 64):
        assert run("consistent", "--ledger", demo_ledger, "--", wrong)[0] == 2


def test_there_is_no_proof_of_no_entry(demo_ledger: Path, tmp_path: Path) -> None:
    status, _, said = run("prove", 164, "--ledger", demo_ledger, "--out", tmp_path / "never.json")
    assert (status, "Entries are numbered from 1 to 163" in said) == (1, True)
    assert not (tmp_path / "never.json").exists()


@pytest.mark.parametrize("seen", ["", "f", "feed", "0123456789abcde", "no such file.json", "/dev/null", "x" * 5000])
def test_what_is_no_head_is_wrong_usage(own_demo_ledger: Path, tmp_path: Path, seen: str) -> None:
    for command in (("verify", "--ledger", own_demo_ledger), ("restore", own_demo_ledger, tmp_path / "new.duckdb")):
        status, _, said = run(*command, "--head", seen)
        assert (status, "hexadecimal" in said) == (2, True), said
    assert not (tmp_path / "new.duckdb").exists()


def test_verify_and_restore_take_a_signed_head(own_demo_ledger: Path, signed: Path, tmp_path: Path) -> None:
    status, _, said = run("verify", "--ledger", own_demo_ledger, "--head", signed)
    assert status == 0, said
    done = CliRunner().invoke(devolution.app, ["verify", "--ledger", str(own_demo_ledger), "--head", str(signed)])
    assert document_of(signed)["public_key"] in done.stdout.replace("\n", "")
    assert run("restore", own_demo_ledger, tmp_path / "new.duckdb", "--head", signed)[0] == 0
    forged = changed(signed, put("entries", 162))
    for command in (("verify", "--ledger", own_demo_ledger), ("restore", own_demo_ledger, tmp_path / "other.duckdb")):
        status, _, said = run(*command, "--head", forged)
        assert (status, "its signature does not hold" in said) == (1, True)
        status, _, said = run(*command, "--head", tmp_path / "key.pub")
        assert (status, "neither a signed head nor a proof" in said) == (1, True)
    assert not (tmp_path / "other.duckdb").exists()
