"""The Merkle tree of RFC 9162, sections 2.1.1 to 2.1.4: one root for a list, and short proofs about it.

A head of the chain proves something only to somebody who is given every entry. From a root one can be shown that a
single entry is among so many, or that an older list is the beginning of a newer one, with a few hashes and without
the rest. Leaves and nodes are hashed apart (0x00 and 0x01 in front), so that none can be taken for the other.
"""

import hashlib
from collections.abc import Sequence

_LEAF, _NODE = b"\x00", b"\x01"


def root(items: Sequence[bytes]) -> bytes:
    """The root of the tree over a list of items; of no items it is the hash of nothing (section 2.1.1)."""
    return _top([_hash(_LEAF + item) for item in items])


def inclusion_proof(items: Sequence[bytes], index: int) -> list[bytes]:
    """What is hashed with an item, from its leaf up, to arrive at the root (section 2.1.3.1).

    Args:
        index: the item's place in the list, from 0.

    Raises:
        IndexError: the list has no such place.
    """
    if not 0 <= index < len(items):
        raise IndexError(index)
    level, path = [_hash(_LEAF + item) for item in items], []
    while len(level) > 1:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        level, index = _above(level), index // 2
    return path


def consistency_proof(items: Sequence[bytes], older: int) -> list[bytes]:
    """What shows that the first so many items had the older root, and are the beginning of all (section 2.1.4.1).

    Args:
        older: how many items the older list had. Of none, and of all, nothing needs to be shown.

    Raises:
        IndexError: the list has fewer items.
    """
    if not 0 <= older <= len(items):
        raise IndexError(older)
    leaves = [_hash(_LEAF + item) for item in items]
    return _between(leaves, older, known=True) if older else []


def included(item: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether a path leads from an item at a place in a list of a size to a root (section 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, value = index, size - 1, _hash(_LEAF + item)
    for step in path:
        if last == 0:
            return False
        if place % 2 or place == last:
            value = _node(step, value)
            while not place % 2 and place:
                place, last = place // 2, last // 2
        else:
            value = _node(value, step)
        place, last = place // 2, last // 2
    return last == 0 and value == root


def consistent(older: int, older_root: bytes, newer: int, newer_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether a path shows that a list with the older root is the beginning of one with the newer (section 2.1.4.2)."""
    if not 0 <= older <= newer:
        return False
    if older in (0, newer):
        return not path and older_root == (root([]) if older == 0 else newer_root)
    steps = [older_root, *path] if older & (older - 1) == 0 else list(path)
    if not steps:
        return False
    place, last = older - 1, newer - 1
    while place % 2:
        place, last = place // 2, last // 2
    was = now = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place % 2 or place == last:
            was, now = _node(step, was), _node(step, now)
            while not place % 2 and place:
                place, last = place // 2, last // 2
        else:
            now = _node(now, step)
        place, last = place // 2, last // 2
    return last == 0 and was == older_root and now == newer_root


def _between(leaves: list[bytes], older: int, *, known: bool) -> list[bytes]:
    """SUBPROOF of section 2.1.4.1: ``known`` while the older tree is one that the reader has the root of."""
    if older == len(leaves):
        return [] if known else [_top(leaves)]
    split = 1 << (len(leaves) - 1).bit_length() - 1
    left, right = leaves[:split], leaves[split:]
    if older <= split:
        return [*_between(left, older, known=known), _top(right)]
    return [*_between(right, older - split, known=False), _top(left)]


def _top(level: list[bytes]) -> bytes:
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else _hash(b"")


def _above(level: list[bytes]) -> list[bytes]:
    """The hashes one level up: each of two, and an odd one as it is, which splits as the RFC does."""
    pairs = [_node(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return [*pairs, level[-1]] if len(level) % 2 else pairs


def _node(left: bytes, right: bytes) -> bytes:
    return _hash(_NODE + left + right)


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
