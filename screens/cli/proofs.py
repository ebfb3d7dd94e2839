"""``devolution head``, ``prove`` and ``consistent``: what others check without this program and without the ledger."""

import json
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import clock
from ledger.errors import Problem, Refused
from ledger.proofs import heads, inclusion
from ledger.store.address import discreet
from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, Json, Ledger
from screens.report.report import Report, listed

PRIVATE, PUBLIC = 0o600, 0o666  # less what the umask takes away


def write_new(path: Path, content: bytes, mode: int = PUBLIC) -> None:
    """Write a file where there is none: what stands in a file was given to somebody, or may be the only key.

    Args:
        mode: who may read it, as the file system says it.

    Raises:
        Refused: there is a file of that name.
    """
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        why = "Heads, proofs and keys are never written over."
        raise Refused([Problem(str(path), "there is a file of that name.", why, "Name another.")]) from None
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def write_document(path: Path, document: Mapping[str, Any]) -> None:
    """Write a signed head or a proof as JSON where there is no file yet.

    Raises:
        Refused: there is a file of that name.
    """
    write_new(path, (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode())


def kept(text: str) -> str | heads.Head:
    """What somebody kept of older books: the beginning of a head as it stands, or the head that a file holds.

    Args:
        text: as ``seen_head`` or ``older_head`` let it pass.

    Raises:
        Refused: the file is no signed head and no proof, or its signature does not hold.
    """
    if heads.is_beginning(text):
        return text
    return heads.by_hand(text) or heads.read(_document(Path(text)), text)


def seen_head(text: str) -> str:
    """An argument that names a head: hexadecimal characters of it, or a file."""
    if heads.is_beginning(text) or _is_file(text):
        return text
    raise typer.BadParameter(
        f"'{discreet(text[:80])}' is neither a file that is there nor {heads.FEWEST_DIGITS} or more of a head's 64 "
        "hexadecimal characters; fewer would fit heads of other books too. Give the head as the report printed it."
    )


def verified_head(text: str) -> str:
    """An argument that names a head up to which a ledger was verified: hexadecimal characters of it."""
    if heads.is_beginning(text):
        return text
    raise typer.BadParameter(
        f"'{discreet(text[:80])}' is not {heads.FEWEST_DIGITS} or more of a head's 64 hexadecimal characters; fewer "
        "would fit heads of other books too. Give the head that 'devolution verify' printed."
    )


def older_head(text: str) -> str:
    """An argument that names a head with its root: a file, or ``entries:root``."""
    if heads.by_hand(text) or _is_file(text):
        return text
    raise typer.BadParameter(
        f"'{discreet(text[:80])}' is neither a file that is there nor entries:root, with the root's 64 hexadecimal "
        "characters. Name the signed head or the proof that you were given."
    )


SeenHead = Annotated[
    str | None,
    typer.Option(
        "--head",
        help="A head that was printed, or the file of a signed one: the books must still hold it.",
        parser=seen_head,
    ),
]


Since = Annotated[
    str | None,
    typer.Option(
        "--since",
        help="The head that an earlier verify printed: only what was posted since then is looked at.",
        parser=verified_head,
    ),
]


def _is_file(text: str) -> bool:
    try:
        return Path(text).is_file()
    except OSError:  # a name that no file system takes
        return False


def _document(path: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (ValueError, RecursionError):
        found = None
    return found if isinstance(found, dict) else {}


_HOW = "docs/checking.md says how anybody checks it, without this program."
_Out = Annotated[
    Path | None, typer.Option("--out", help="A new file for it, as JSON; never over another.", dir_okay=False)
]


@guarded("head")
def head(
    ledger: Ledger = DEFAULT_LEDGER,
    sign: Annotated[bool, typer.Option("--sign", help="Sign and date it, with --key, into --out or --json.")] = False,
    key: Annotated[
        Path | None, typer.Option(help="The private key to sign with: Ed25519, in PEM.", dir_okay=False)
    ] = None,
    out: _Out = None,
    make_key: Annotated[
        Path | None,
        typer.Option(help="Only make a key: private in this new file, public in FILE.pub.", dir_okay=False),
    ] = None,
    as_json: Json = False,
) -> Report:
    """What the books are now: entries, head of the chain and Merkle root; with --sign, signed and dated for others."""
    if make_key:
        if sign or key or out:
            raise typer.BadParameter("it makes a key and does nothing else; sign afterwards", param_hint="--make-key")
        return _made(make_key)
    _refuse_half_asked(sign=sign, key=key, out=out, as_json=as_json)
    with reading(ledger, as_recorded=True) as (reader, at):
        found, moment = heads.now(reader), clock.now(reader)
    row: dict[str, Any] = {"entries": found.entries, "head": found.head, "root": found.root}
    if key is None:
        return Report([listed([row])], at)
    signed = heads.sign(found, heads.Key(key.read_bytes(), str(key)), moment)
    title = f"Signed at {signed.signed_at} with the public key {signed.public_key}."
    return _given(Report([listed([row])], at, title, facts=signed.document()), out)


@guarded("prove")
def prove(
    entry: Annotated[int, typer.Argument(help="The entry's number.")],
    ledger: Ledger = DEFAULT_LEDGER,
    out: _Out = None,
) -> Report:
    """Prove to somebody without the ledger that an entry is in the books, and what it says to the penny."""
    from screens.asked import answers  # noqa: PLC0415 - which loads whatever answers a question

    with reading(ledger, as_recorded=True) as (reader, at):
        proof, row = inclusion.inclusion(reader, entry), answers.entry(reader, at, entry)[0]
    names = ("number", "kind", "effective_date", "recorded_at", "actor", "reason", "legs", "moved_pence")
    shown = {name: row[name] for name in names}
    return _given(Report([listed([shown])], at, facts=proof), out)


@guarded("consistent")
def consistent(
    old: Annotated[
        str,
        typer.Argument(
            metavar="OLD", help="A signed head, a proof, or entries:root, that was kept.", parser=older_head
        ),
    ],
    ledger: Ledger = DEFAULT_LEDGER,
    out: _Out = None,
) -> Report:
    """Prove that an older head is a beginning of these books: nothing under it was changed, moved or cut off."""
    older = kept(old)
    assert isinstance(older, heads.Head), "which the argument's parser sees to"
    with reading(ledger, as_recorded=True) as (reader, at):
        proof = inclusion.consistency(reader, older)
    row = {name: proof[name] for name in ("old_entries", "old_root", "entries", "root")}
    title = f"The older head{older.signed} is a beginning of these books: nothing under it was changed or cut off."
    return _given(Report([listed([row])], at, title, facts=proof), out)


def _given(report: Report, out: Path | None) -> Report:
    """A report whose facts are a document for others; a file takes the document, and its name stays."""
    if out is None:
        return replace(report, sentences=[f"Write it to a file with --out. {_HOW}"])
    write_document(out, report.facts)
    return replace(report, sentences=[f"Written to {out}. {_HOW}"], facts={"file": str(out)})


def _made(private: Path) -> Report:
    """Make a key: the private one for its owner alone, the public one to be given to everybody."""
    public = Path(f"{private}.pub")
    if public.exists():
        write_new(public, b"")  # which refuses
    secret, known = heads.make_key()
    write_new(private, secret, PRIVATE)
    write_new(public, known)
    told = (
        "Keep the private key where whoever keeps the ledger cannot read it. Give the public one to whoever is to "
        "check a head, by another way than the heads."
    )
    row = {"private_key": str(private), "public_key": str(public)}
    return Report([listed([row])], sentences=[told], source="")


def _refuse_half_asked(*, sign: bool, key: Path | None, out: Path | None, as_json: bool) -> None:
    if sign and key is None:
        raise typer.BadParameter("give the private key with --key; --make-key makes one", param_hint="--sign")
    if sign and out is None and not as_json:
        raise typer.BadParameter("say where the signed head goes: --out FILE, or --json", param_hint="--sign")
    if not sign and (key or out):
        raise typer.BadParameter("it is for a signed head: add --sign", param_hint="--key" if key else "--out")
