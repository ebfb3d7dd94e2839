"""The bytes of a file that somebody brings, if it is a file and of a size that can be one."""

import errno
from pathlib import Path

# The largest published file that is read here has some 12 MB.
LARGEST_FILE = 50_000_000


def content_of(path: Path) -> bytes:
    """All bytes of a file.

    Raises:
        OSError: there is none, it cannot be read, it is a folder, a device or a pipe, which might never end,
            or it is larger than any file that is read here.
    """
    size = path.stat().st_size
    if not path.is_file():
        raise OSError(errno.EINVAL, "it is no ordinary file", str(path))
    if size > LARGEST_FILE:
        raise OSError(errno.EFBIG, f"it is {size // 1_000_000:,} MB large", str(path))
    return path.read_bytes()
