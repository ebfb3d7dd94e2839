"""What the books are at a moment, for whoever keeps it: how many entries, the head of the chain, and the root.

The head of the chain and the root of a Merkle tree (``proofs.merkle``) both stand for every entry in its order; a leaf
of the tree is the hash that links an entry into the chain. A head is worked out from all entries; by a root a single
entry is proven, or that one state of the books is the beginning of another (``ledger.proofs.inclusion``).
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from types import ModuleType
from typing import Any

from ledger.entries import canonical
from ledger.errors import Problem, Refused
from ledger.inputs import Action
from ledger.proofs import merkle
from ledger.store.base import Reader


def make_key() -> tuple[bytes, bytes]:
    """A new key, as the two files in which it is kept: the private one and the public one, both in PEM.

    Raises:
        Refused: the library for signatures is not installed.
    """
    ed25519, serialization = _library()
    key = ed25519.Ed25519PrivateKey.generate()
    encoding, formats = serialization.Encoding.PEM, serialization
    private = key.private_bytes(encoding, formats.PrivateFormat.PKCS8, serialization.NoEncryption())
    return private, key.public_key().public_bytes(encoding, formats.PublicFormat.SubjectPublicKeyInfo)


class Key:
    """A private key, read from its PEM file.

    Attributes:
        public: the public key's 32 bytes in hexadecimal.
    """

    def __init__(self, pem: bytes, name: str) -> None:
        """Read a key.

        Args:
            pem: what its file holds.
            name: the file's name, for a refusal.

        Raises:
            Refused: it is no Ed25519 private key without a password, or the library is not installed.
        """
        ed25519, serialization = _library()
        try:
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise Refused([_no_key(name)]) from error
        if not isinstance(key, ed25519.Ed25519PrivateKey):
            raise Refused([_no_key(name)])
        self._key = key
        self.public = key.public_key().public_bytes_raw().hex()

    def sign(self, text: str) -> str:
        """The signature of a text in UTF-8: 64 bytes in hexadecimal."""
        signature: bytes = self._key.sign(text.encode())
        return signature.hex()


def holds(text: str, public: str, signature: str) -> bool:
    """Whether a signature is the one that a public key's owner made of a text; both in hexadecimal.

    Raises:
        Refused: the library for signatures is not installed.
    """
    ed25519, _ = _library()
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - see _library

    try:
        ed25519.Ed25519PublicKey.from_public_bytes(bytes.fromhex(public)).verify(
            bytes.fromhex(signature), text.encode()
        )
    except (InvalidSignature, ValueError):
        return False
    return True


def _library() -> tuple[ModuleType, ModuleType]:
    # Loaded when asked for: no other command has a use for it, and an installation may be without it.
    try:
        from cryptography.hazmat.primitives import serialization  # noqa: PLC0415 - as said
        from cryptography.hazmat.primitives.asymmetric import ed25519  # noqa: PLC0415 - as said
    except ModuleNotFoundError:
        why = "The library 'cryptography' makes and checks them, and everything else works without it."
        remedy = f"Install the extra 'sign': {Action.INSTALL.done('sign')}."
        raise Refused([Problem("signatures", "this installation cannot sign.", why, remedy)]) from None
    return ed25519, serialization


def _no_key(name: str) -> Problem:
    return Problem(
        name,
        "it is not an Ed25519 private key in PEM without a password.",
        "A head is signed with such a key, and whoever checks it knows its public half.",
        f"Make one with {Action.MAKE_KEY.done()}, or name the right file.",
    )


SIGNED, INCLUSION, CONSISTENCY = (
    f"devolution-ledger/{name}/1" for name in ("signed-head", "inclusion-proof", "consistency-proof")
)
# What is signed: a line for each of these, in this order: its name, a space, its value.
SIGNED_FIELDS = ("form", "entries", "head", "root", "signed_at", "public_key")
FEWEST_DIGITS = 16
_BEGINNING = re.compile(rf"[0-9a-fA-F]{{{FEWEST_DIGITS},64}}")
_BY_HAND = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")
_HASH = re.compile(r"[0-9a-f]{64}")
_REST = {
    "signed_at": re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"),
    "public_key": _HASH,
    "signature": re.compile(r"[0-9a-f]{128}"),
}


@dataclass(frozen=True, slots=True)
class Head:
    """The books with so many entries.

    Attributes:
        root: the root of the tree over the entries' hashes, in hexadecimal.
        head: the hash of the last entry; None where only the root is known.
        signed: when it was signed and with whose key, in words after its name; empty where it was not.
    """

    entries: int
    root: str
    head: str | None = None
    signed: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self.entries}:{self.root}"


@dataclass(frozen=True, slots=True)
class Signed:
    """A head that somebody signed.

    Attributes:
        signed_at: when, by the books' clock: UTC, as 2026-11-22T09:30:00Z.
        public_key: whose signature it is: the 32 bytes of an Ed25519 public key in hexadecimal.
        signature: over ``text``: 64 bytes in hexadecimal.
    """

    head: Head
    signed_at: str
    public_key: str
    signature: str = ""

    @property
    def text(self) -> str:
        """The text that is signed: six lines, each ended by a line feed."""
        document = self.document()
        return "".join(f"{name} {document[name]}\n" for name in SIGNED_FIELDS)

    def document(self) -> dict[str, Any]:
        """The signed head as it is given away."""
        rest = {name: getattr(self, name) for name in _REST}
        return {
            "form": SIGNED, "entries": self.head.entries, "head": self.head.head, "root": self.head.root, **rest
        }  # fmt: skip


def is_beginning(text: str) -> bool:
    """Whether a text is a hash of the chain, or enough of one to mean an entry: 16 hexadecimal characters or more."""
    return _BEGINNING.fullmatch(text) is not None


def hashes(reader: Reader) -> list[bytes]:
    """The hash of every entry in its order, 32 bytes each: the leaves of the tree.

    Raises:
        Refused: an entry is missing, or has no hash.
    """
    table = reader.table("SELECT number, hash FROM entry ORDER BY number")
    numbers, texts = table["number"].to_pylist(), table["hash"].to_pylist()
    for wanted, (number, text) in enumerate(zip(numbers, texts, strict=True), start=1):
        if number != wanted or not _HASH.fullmatch(text):
            raise Refused([_broken(f"entry {wanted}", "it is missing, or has no hash.")])
    return [bytes.fromhex(text) for text in texts]


def head_of(leaves: Sequence[bytes]) -> Head:
    """The head of books whose entries have these hashes."""
    return Head(len(leaves), merkle.root(leaves).hex(), leaves[-1].hex() if leaves else canonical.GENESIS)


def now(reader: Reader) -> Head:
    """The head of the books as they are.

    Raises:
        Refused: the seal was set on another entry than the last.
    """
    found = head_of(hashes(reader))
    if reader.rows("SELECT entries, head FROM seal") != [(found.entries, found.head)]:
        raise Refused([_broken(f"entry {found.entries}", "it is not the entry that the seal was set on.")])
    return found


def sign(head: Head, key: Key, moment: datetime) -> Signed:
    """A head with a date, to the second, and a signature."""
    signed_at = moment.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    return Signed(head, signed_at, key.public, key.sign(Signed(head, signed_at, key.public).text))


def read(document: Mapping[str, Any], place: str) -> Head:
    """The head that somebody kept: of a signed head, or of a proof, whose newer head it is.

    Args:
        document: the JSON document.
        place: the file, for a refusal.

    Raises:
        Refused: it is none of them, or its signature does not hold.
    """
    form, entries, root, head = (document.get(name) for name in ("form", "entries", "root", "head"))
    rest = {name: str(document.get(name)) for name in _REST}
    if (
        form not in (SIGNED, INCLUSION, CONSISTENCY)
        or by_hand(f"{entries}:{root}") is None
        or not _HASH.fullmatch(str(head))
        or (form == SIGNED and not all(_REST[name].fullmatch(value) for name, value in rest.items()))
    ):
        found = "it is neither a signed head nor a proof that was made from such books."
        why = "What the books have to hold is read from it."
        raise Refused([Problem(place, found, why, "Name the file as it was given to you, or the head itself.")])
    kept = Head(int(str(entries)), str(root), str(head))
    if form != SIGNED:
        return kept
    signed = Signed(kept, **rest)
    _refuse_forged(signed, place)
    return replace(kept, signed=f", signed at {signed.signed_at} with the public key {signed.public_key},")


def by_hand(text: str) -> Head | None:
    """A head as ``entries:root``; None where the text is something else."""
    parts = _BY_HAND.fullmatch(text)
    return Head(int(parts[1]), parts[2]) if parts else None


def problems(leaves: Sequence[bytes], older: Head) -> list[Problem]:
    """What speaks against an older head being a beginning of the books; nothing where it is one.

    Args:
        leaves: the hashes of the books' entries.
        older: the head that somebody kept.
    """
    if older.entries > len(leaves):
        found = f"these books hold no more than {len(leaves):,}."
    else:
        there = head_of(leaves[: older.entries])
        if there.root == older.root and older.head in (None, there.head):
            return []
        found = f"the first {older.entries:,} entries of these books are others."
    why = "Entries have been cut off, changed or moved since it was made, or it was made of other books."
    remedy = (
        f"Run {Action.VERIFY.done()}, compare with a backup or a journal of that time, and find out who could write."
    )
    return [Problem(f"the head of {older.entries:,} entries", found, why, remedy)]


def _refuse_forged(kept: Signed, place: str) -> None:
    if not holds(kept.text, kept.public_key, kept.signature):
        found = "its signature does not hold."
        why = "Something in it was changed after it was signed, so it says nothing about the books."
        raise Refused([Problem(place, found, why, "Ask whoever signed it for the file as it was.")])


def _broken(place: str, found: str) -> Problem:
    why = "A head stands for every entry, so there is none of such books."
    return Problem(place, found, why, f"Run {Action.VERIFY.done()}, and restore the ledger from a backup.")
