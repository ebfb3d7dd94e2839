"""Where a ledger is kept: in a file, or in a database on a PostgreSQL server.

A server's address may hold a password. It is shown nowhere: what prints an address prints the scheme,
the user, the host and the database, and nothing else of it.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self
from urllib.parse import quote, unquote, urlsplit

SCHEMES = ("postgresql", "postgres")
_SECRETS = (
    (re.compile(r"(postgres\w*:/+[^\s:/@]*):[^\s\"']*@"), r"\1@"),
    (re.compile(r"(password=)[^\s&'\"]+"), r"\1..."),
)


@dataclass(frozen=True, slots=True)
class ServerAddress:
    """A database on a PostgreSQL server.

    Attributes:
        url: as the user gave it, secrets included: for the connection alone.
    """

    url: str = field(repr=False)

    def __str__(self) -> str:
        parts = urlsplit(self.url)
        user = f"{quote(unquote(parts.username), safe='')}@" if parts.username else ""
        host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
        return f"{SCHEMES[0]}://{user}{host}{port}{parts.path}"

    def resolve(self) -> Self:
        """The address itself: it means the same wherever the program runs."""
        return self


Address = Path | ServerAddress


def parse(text: str) -> Address:
    """The address that a text names.

    Raises:
        ValueError: it looks like a URL, and is not one of a PostgreSQL database.
    """
    if "://" not in text:
        return Path(text)
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        raise ValueError("the server's address has a fault in it; write postgresql://user@host/database") from None
    if parts.scheme not in SCHEMES or parts.path.strip("/") == "":
        raise ValueError("a ledger is a file or postgresql://user@host/database")
    return ServerAddress(text)


def discreet(text: str) -> str:
    """A text without the password of an address that somebody wrote where no address belongs."""
    for pattern, instead in _SECRETS:
        text = pattern.sub(instead, text)
    return text


def in_full(address: Address) -> str:
    """An address with its secrets, for handing on to a process that this one starts. Never to be printed."""
    return address.url if isinstance(address, ServerAddress) else str(address)
