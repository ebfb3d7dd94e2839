"""Files that somebody brings, for readers that take paths. They are gone again when they have been read."""

import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from ledger.errors import Problem, Refused

_LONGEST_NAME = 120


@contextmanager
def as_path(name: str, content: bytes) -> Iterator[Path]:
    """The content as a file of that name, for as long as it is read."""
    with as_paths([(name, content)]) as (path,):
        yield path


@contextmanager
def as_paths(files: Sequence[tuple[str, bytes]]) -> Iterator[list[Path]]:
    """Several files side by side, for as long as they are read.

    Raises:
        Refused: two of them have one name.
    """
    names = [safe_name(name) for name, _ in files]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        why, remedy = "Nobody could tell which of them a message is about.", "Bring one of them, or rename it."
        raise Refused([Problem(name, "two files have this name.", why, remedy) for name in twice])
    with TemporaryDirectory() as folder:
        paths = [Path(folder) / name for name in names]
        for path, (_, content) in zip(paths, files, strict=True):
            path.write_bytes(content)
        yield paths


def safe_name(name: str) -> str:
    """A file's own name as one that every system takes: no folders, no control characters, not too long."""
    last = name.replace("\\", "/").rpartition("/")[2]
    plain = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C").strip()
    return plain[-_LONGEST_NAME:] if plain.strip(".") else "file"
