"""A file that somebody brings, for readers that take a path. It is gone again when it has been read."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory


@contextmanager
def as_path(name: str, content: bytes) -> Iterator[Path]:
    """The content as a file of that name, for as long as it is read."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / (Path(name.replace("\\", "/")).name or "file")
        path.write_bytes(content)
        yield path
