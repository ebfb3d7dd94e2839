"""``devolution head``, ``prove`` and ``consistent``: what others check without this program and without the ledger."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger import clock
from ledger.proofs import heads, inclusion
from ledger.reports import journal
from screens.cli.guard import guarded, reading
from screens.cli.options import DEFAULT_LEDGER, Json, Ledger
from screens.report import proof_files
from screens.report.terminal import Answer, show

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
) -> None:
    """What the books are now: entries, head of the chain and Merkle root; with --sign, signed and dated for others."""
    if make_key:
        if sign or key or out:
            raise typer.BadParameter("it makes a key and does nothing else; sign afterwards", param_hint="--make-key")
        show(_made(make_key), as_json=as_json)
        return
    _refuse_half_asked(sign=sign, key=key, out=out, as_json=as_json)
    with reading(ledger) as (reader, at):
        found, moment = heads.now(reader), clock.now(reader)
    row: dict[str, Any] = {"entries": found.entries, "head": found.head, "root": found.root}
    if key is None:
        show(Answer("head", str(ledger), [row], at), as_json=as_json)
        return
    signed = heads.sign(found, heads.Key(key.read_bytes(), str(key)), moment)
    title = f"Signed at {signed.signed_at} with the public key {signed.public_key}."
    _give(Answer("head", str(ledger), [row], at, title=title, extra=signed.document()), out, as_json=as_json)


@guarded("prove")
def prove(
    entry: Annotated[int, typer.Argument(help="The entry's number.")],
    ledger: Ledger = DEFAULT_LEDGER,
    out: _Out = None,
    as_json: Json = False,
) -> None:
    """Prove to somebody without the ledger that an entry is in the books, and what it says to the penny."""
    with reading(ledger) as (reader, at):
        proof, row = inclusion.inclusion(reader, entry), journal.entry(reader, entry)
    names = ("number", "kind", "effective_date", "recorded_at", "actor", "reason", "legs", "moved_pence")
    shown = {name: row[name] for name in names}
    _give(Answer("prove", str(ledger), [shown], at, extra=proof), out, as_json=as_json)


@guarded("consistent")
def consistent(
    old: Annotated[
        str,
        typer.Argument(
            metavar="OLD", help="A signed head, a proof, or entries:root, that was kept.", parser=proof_files.older_head
        ),
    ],
    ledger: Ledger = DEFAULT_LEDGER,
    out: _Out = None,
    as_json: Json = False,
) -> None:
    """Prove that an older head is a beginning of these books: nothing under it was changed, moved or cut off."""
    older = proof_files.kept(old)
    assert isinstance(older, heads.Head), "which the argument's parser sees to"
    with reading(ledger) as (reader, at):
        proof = inclusion.consistency(reader, older)
    row = {name: proof[name] for name in ("old_entries", "old_root", "entries", "root")}
    title = f"The older head{older.signed} is a beginning of these books: nothing under it was changed or cut off."
    _give(Answer("consistent", str(ledger), [row], at, title=title, extra=proof), out, as_json=as_json)


def _give(answer: Answer, out: Path | None, *, as_json: bool) -> None:
    """Show an answer whose ``extra`` is a document for others; a file takes the document, and its name stays."""
    if out is None:
        show(replace(answer, after=[f"Write it to a file with --out. {_HOW}"]), as_json=as_json)
        return
    proof_files.write_document(out, answer.extra)
    show(replace(answer, after=[f"Written to {out}. {_HOW}"], extra={"file": str(out)}), as_json=as_json)


def _made(private: Path) -> Answer:
    """Make a key: the private one for its owner alone, the public one to be given to everybody."""
    public = Path(f"{private}.pub")
    if public.exists():
        proof_files.write_new(public, b"")  # which refuses
    secret, known = heads.make_key()
    proof_files.write_new(private, secret, proof_files.PRIVATE)
    proof_files.write_new(public, known)
    told = (
        "Keep the private key where whoever keeps the ledger cannot read it. Give the public one to whoever is to "
        "check a head, by another way than the heads."
    )
    return Answer("head", "", [{"private_key": str(private), "public_key": str(public)}], after=[told])


def _refuse_half_asked(*, sign: bool, key: Path | None, out: Path | None, as_json: bool) -> None:
    if sign and key is None:
        raise typer.BadParameter("give the private key with --key; --make-key makes one", param_hint="--sign")
    if sign and out is None and not as_json:
        raise typer.BadParameter("say where the signed head goes: --out FILE, or --json", param_hint="--sign")
    if not sign and (key or out):
        raise typer.BadParameter("it is for a signed head: add --sign", param_hint="--key" if key else "--out")
