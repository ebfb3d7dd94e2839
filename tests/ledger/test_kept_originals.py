"""The files that entries rest on are read by verify, and one that is not what its name says is named."""

from pathlib import Path

import pytest

from ledger.reports.verify import verify
from ledger.store import attachments
from ledger.store.base import Store
from tests.books import texts


@pytest.fixture
def kind() -> str:
    """A file, which has its folder beside it."""
    return "file"


def test_every_kept_original_is_read(books: Store) -> None:
    kept, _ = attachments.keep(books.path, b"what somebody imported", ".xlsx")
    other, _ = attachments.keep(books.path, b"and another", "")
    saved = attachments.folder_of(books.path) / "scenarios"
    saved.mkdir()
    (saved / f"{'0' * 64}.yaml").write_text("saved by name")
    (saved.parent / ".half-written").write_text("of somebody who is importing")
    assert said(books) == ""

    kept.write_bytes(b"what somebody would rather have imported")
    assert said(books).startswith(f"kept file {kept}: its content is not the one that its name says.")
    kept.unlink()
    assert said(books) == ""  # it cannot be told from a file that was never kept

    other.unlink()
    other.symlink_to(other.with_name("nowhere"))
    assert said(books).startswith(f"kept file {other}: it cannot be read (No such file or directory).")


def test_a_folder_that_cannot_be_read_is_said(books: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    attachments.keep(books.path, b"what somebody imported", ".xlsx")

    def refused(_: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "iterdir", refused)
    assert said(books).startswith(
        f"kept file {attachments.folder_of(books.path)}: it cannot be read (Permission denied)"
    )


def said(books: Store) -> str:
    with books.read() as reader:
        return texts(verify(reader, store=books))
