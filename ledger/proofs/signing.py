"""Ed25519 signatures (RFC 8032): a key is made, a text is signed, a signature is checked.

The library that does it is an extra of its own, and is loaded by whoever signs or checks alone.
"""

from types import ModuleType

from ledger.errors import Problem, Refused


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
        remedy = "Install the extra 'sign': uv sync --extra sign."
        raise Refused([Problem("signatures", "this installation cannot sign.", why, remedy)]) from None
    return ed25519, serialization


def _no_key(name: str) -> Problem:
    return Problem(
        name,
        "it is not an Ed25519 private key in PEM without a password.",
        "A head is signed with such a key, and whoever checks it knows its public half.",
        "Make one with 'devolution head --make-key FILE', or name the right file.",
    )
