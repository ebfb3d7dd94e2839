"""The tree, beside one written from the definitions of RFC 9162 word for word, and beside known roots."""

import hashlib
import random
from collections.abc import Sequence

import pytest

from ledger.proofs import merkle

# The eight leaves with which implementations of certificate transparency are tested, and the root of the first so many.
LEAVES = [bytes.fromhex(text) for text in (
    "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f",
)]  # fmt: skip
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def split_of(n: int) -> int:
    """k, the largest power of two smaller than n."""
    k = 1
    while k * 2 < n:
        k *= 2
    return k


def mth(d: Sequence[bytes]) -> bytes:
    if not d:
        return hashlib.sha256().digest()
    if len(d) == 1:
        return hashlib.sha256(b"\x00" + d[0]).digest()
    k = split_of(len(d))
    return hashlib.sha256(b"\x01" + mth(d[:k]) + mth(d[k:])).digest()


def path(m: int, d: Sequence[bytes]) -> list[bytes]:
    if len(d) == 1:
        return []
    k = split_of(len(d))
    return [*path(m, d[:k]), mth(d[k:])] if m < k else [*path(m - k, d[k:]), mth(d[:k])]


def subproof(m: int, d: Sequence[bytes], b: bool) -> list[bytes]:
    if m == len(d):
        return [] if b else [mth(d)]
    k = split_of(len(d))
    if m <= k:
        return [*subproof(m, d[:k], b), mth(d[k:])]
    return [*subproof(m - k, d[k:], False), mth(d[:k])]


def items(size: int) -> list[bytes]:
    return [hashlib.sha256(str(number).encode()).digest() for number in range(size)]


@pytest.mark.parametrize("size", range(9))
def test_the_known_roots(size: int) -> None:
    assert merkle.root(LEAVES[:size]).hex() == ROOTS[size]
    assert mth(LEAVES[:size]).hex() == ROOTS[size]


def test_known_proofs() -> None:
    """Of the same eight leaves: the path of the first one, and from six to eight."""
    assert [step.hex() for step in merkle.inclusion_proof(LEAVES, 0)] == [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ]
    assert [step.hex() for step in merkle.consistency_proof(LEAVES, 6)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]


@pytest.mark.parametrize("size", range(1, 41))
def test_every_inclusion_and_no_other(size: int) -> None:
    leaves, top = items(size), merkle.root(items(size))
    assert top == mth(leaves)
    for index, leaf in enumerate(leaves):
        proof = merkle.inclusion_proof(leaves, index)
        assert proof == path(index, leaves)
        assert merkle.included(leaf, index, size, proof, top)
        # With another item, another place, a step more, fewer or changed, it leads elsewhere.
        assert not merkle.included(leaf + b"x", index, size, proof, top)
        assert not any(
            merkle.included(leaf, other, size, proof, top) for other in range(-1, size + 1) if other != index
        )
        assert not merkle.included(leaf, index, size, [*proof, top], top)
        assert not merkle.included(leaf, index, size, proof[:-1], top) or not proof
        for step in range(len(proof)):
            assert not merkle.included(leaf, index, size, [*proof[:step], top, *proof[step + 1 :]], top)


@pytest.mark.parametrize("size", range(1, 41))
def test_every_beginning_and_no_other(size: int) -> None:
    leaves = items(size)
    top = mth(leaves)
    for older in range(1, size + 1):
        was, proof = mth(leaves[:older]), merkle.consistency_proof(leaves, older)
        assert proof == subproof(older, leaves, True)
        assert merkle.consistent(older, was, size, top, proof)
        assert not merkle.consistent(older, mth([b"x", *leaves[1:older]]), size, top, proof)
        assert not merkle.consistent(older, was, size, mth([*leaves, b"x"]), proof)
        assert not merkle.consistent(older, was, size, top, [*proof, top])
        assert not merkle.consistent(older, was, size, top, proof[:-1]) or not proof
        for step in range(len(proof)):
            assert not merkle.consistent(older, was, size, top, [*proof[:step], was, *proof[step + 1 :]])


def test_nothing_is_the_beginning_of_everything() -> None:
    nothing = merkle.root([])
    assert merkle.consistency_proof(LEAVES, 0) == merkle.consistency_proof([], 0) == []
    assert merkle.consistent(0, nothing, 8, merkle.root(LEAVES), [])
    assert merkle.consistent(0, nothing, 0, nothing, [])
    assert not merkle.consistent(0, merkle.root(LEAVES), 8, merkle.root(LEAVES), [])


def test_larger_lists_at_random() -> None:
    chance = random.Random(9162)
    for _ in range(60):
        size = chance.randint(41, 3000)
        leaves = items(size)
        top, index, older = mth(leaves), chance.randrange(size), chance.randint(1, size)
        proof, steps = merkle.inclusion_proof(leaves, index), merkle.consistency_proof(leaves, older)
        assert merkle.root(leaves) == top
        assert proof == path(index, leaves)
        assert steps == subproof(older, leaves, True)
        assert merkle.included(leaves[index], index, size, proof, top)
        assert merkle.consistent(older, mth(leaves[:older]), size, top, steps)
        assert not merkle.consistent(older, mth(leaves[: older - 1]), size, top, steps)


def test_a_node_is_no_leaf() -> None:
    """Two leaves joined by hand do not pass for one: the second pre-image that a tree without prefixes has."""
    left, right = (hashlib.sha256(b"\x00" + leaf).digest() for leaf in LEAVES[:2])
    assert merkle.root([left + right]) != merkle.root(LEAVES[:2])


def test_what_is_not_in_the_list_has_no_proof() -> None:
    for index in (-1, 8):
        with pytest.raises(IndexError):
            merkle.inclusion_proof(LEAVES, index)
    for older in (-1, 9):
        with pytest.raises(IndexError):
            merkle.consistency_proof(LEAVES, older)
    assert not merkle.consistent(9, b"", 8, merkle.root(LEAVES), [])
    assert not merkle.consistent(3, merkle.root(LEAVES[:3]), 8, merkle.root(LEAVES), [])
