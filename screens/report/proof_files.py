"""Signed heads and proofs as files: written once, and read from wherever somebody kept them."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from ledger.errors import Problem, Refused
from ledger.proofs import heads
from ledger.store.address import discreet

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
