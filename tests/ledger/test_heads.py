"""Heads that somebody kept: what the books must still hold, and what is too little to say so."""

import json
from datetime import UTC, datetime

import pytest

from ledger.entries import chain
from ledger.entries.posting import post, reverse
from ledger.errors import Refused
from ledger.proofs import heads, inclusion, merkle
from ledger.reports import verify
from ledger.store.base import Store
from tests.books import APRIL, at, entry
from tests.shelves import Shelf

WHEN = datetime(2026, 11, 22, 9, 30, 0, 999_999, tzinfo=UTC)


def head_of(books: Store) -> heads.Head:
    with books.read() as reader:
        return heads.now(reader)


def lost(books: Store, seen: str | heads.Head) -> str:
    with books.read() as reader:
        return "\n".join(map(str, verify.lost_head(reader, seen)))


@pytest.fixture
def key() -> heads.Key:
    return heads.Key(heads.make_key()[0], "key")


def test_the_head_of_the_books_is_their_chain_and_their_tree(funded: Store) -> None:
    found = head_of(funded)
    with funded.read() as reader:
        texts = [str(text) for (text,) in reader.rows("SELECT hash FROM entry ORDER BY number")]
        assert found.head == chain.head(reader) == texts[-1]
    assert found.entries == len(texts) > 4
    assert found.root == merkle.root([bytes.fromhex(text) for text in texts]).hex()


def test_empty_books_have_a_head_and_every_book_begins_with_it(shelf: Shelf, books: Store) -> None:
    with Store.create(shelf.place("empty")) as store:
        nothing = head_of(store)
        with store.read() as reader, pytest.raises(Refused, match=r"there is no entry 1.*The ledger is empty"):
            inclusion.inclusion(reader, 1)
    assert (nothing.entries, nothing.head) == (0, "0" * 64)
    with books.read() as reader:
        assert inclusion.consistency(reader, heads.Head(0, nothing.root))["path"] == []


@pytest.mark.parametrize(
    "seen", ["", "f", "0123456789abcde", "0123456789abcdeg", "0" * 65, " " * 16, "%" * 16, "\uff10" * 16]
)
def test_too_little_of_a_head_proves_nothing(same_funded: Store, seen: str) -> None:
    assert "16 or more of a head's 64 hexadecimal characters" in lost(same_funded, seen)
    with same_funded.read() as reader:
        assert verify.verify(reader, seen_head=seen) != []


def test_a_head_is_held_while_the_books_go_on(funded: Store) -> None:
    before = head_of(funded)
    assert before.head is not None
    reverse(funded, 5, reason="it goes on", actor="tests")
    assert head_of(funded).entries == before.entries + 1
    for seen in (before, before.head, before.head[:16].upper(), heads.Head(before.entries, before.root)):
        assert lost(funded, seen) == ""


def test_other_books_do_not_hold_it(funded: Store) -> None:
    now = head_of(funded)
    assert f"these books hold no more than {now.entries}" in lost(funded, heads.Head(now.entries + 1, now.root))
    others = f"the first {now.entries} entries of these books are others"
    assert others in lost(funded, heads.Head(now.entries, "0" * 64))
    assert others in lost(funded, heads.Head(now.entries, now.root, "0" * 64))
    assert "are others" in lost(funded, heads.Head(now.entries - 1, now.root))


def test_a_tail_that_was_cut_off_with_its_seal_is_found(funded: Store, shelf: Shelf) -> None:
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 123)])
    kept, address = head_of(funded), funded.path
    cut = kept.entries
    with funded.read() as reader:
        ((before,),) = reader.rows("SELECT previous_hash FROM entry WHERE number = $n", {"n": cut})
    funded.close()
    shelf.tamper(
        address,
        f"DELETE FROM transfer WHERE entry_number = {cut}",
        f"DELETE FROM entry WHERE number = {cut}",
        f"UPDATE seal SET entries = {cut - 1}, head = '{before}'",
    )
    with Store.open(address, read_only=True) as store, store.read() as reader:
        assert "these books hold no more than" in str(verify.lost_head(reader, kept)[0])
        with pytest.raises(Refused, match="these books hold no more than"):
            inclusion.consistency(reader, kept)


def test_no_head_is_made_of_books_that_do_not_hold_together(funded: Store, shelf: Shelf) -> None:
    kept, address = head_of(funded), funded.path
    funded.close()
    shelf.tamper(address, "UPDATE seal SET entries = entries + 1")
    with Store.open(address, read_only=True) as store, store.read() as reader, pytest.raises(Refused, match="the seal"):
        heads.now(reader)
    shelf.tamper(address, "UPDATE seal SET entries = entries - 1", "UPDATE entry SET hash = 'no hash' WHERE number = 3")
    with Store.open(address, read_only=True) as store, store.read() as reader:
        with pytest.raises(Refused, match="entry 3: it is missing, or has no hash"):
            heads.now(reader)
        assert "entry 3" in str(verify.lost_head(reader, kept)[0])


def test_an_entry_that_was_changed_is_not_proven(funded: Store, shelf: Shelf) -> None:
    address = funded.path
    funded.close()
    shelf.tamper(address, "UPDATE transfer SET amount_pence = amount_pence + 1 WHERE entry_number = 4 AND leg = 1")
    with Store.open(address, read_only=True) as store, store.read() as reader:
        with pytest.raises(Refused, match=r"entry 4: it does not say what was posted.*Run "):
            inclusion.inclusion(reader, 4)
        assert inclusion.inclusion(reader, 3)["entry"] == 3


def test_every_entry_is_proven_and_says_what_was_posted(funded: Store) -> None:
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 123, day=APRIL, key="by hand")])
    now = head_of(funded)
    with funded.read() as reader:
        for number in range(1, now.entries + 1):
            proof = inclusion.inclusion(reader, number)
            leaf, path = bytes.fromhex(proof["hash"]), [bytes.fromhex(step) for step in proof["path"]]
            assert merkle.included(leaf, number - 1, now.entries, path, bytes.fromhex(now.root))
        for number in (-1, 0, now.entries + 1, 10**30):
            with pytest.raises(Refused, match=f"there is no entry {number}.*numbered from 1 to {now.entries}"):
                inclusion.inclusion(reader, number)
    facts, legs = proof["content"]
    assert facts["rows"] == [["by hand", "devolve", "2025-04-01", "tests", "a case", None, None, None, None]]
    assert facts["types"] == "ssdsssssi"
    assert dict(zip(legs["columns"], legs["rows"][0], strict=True)) == {
        "from_organisation": "ICB1", "from_fund": "core", "from_year": "2025", "from_standing": "available",
        "to_organisation": "P1", "to_fund": "core", "to_year": "2025", "to_standing": "available",
        "amount_pence": "123", "recurrent": "true", "note": None,
    }  # fmt: skip


def test_a_signed_head_is_read_again_and_a_changed_one_is_refused(funded: Store, key: heads.Key) -> None:
    now = head_of(funded)
    signed = heads.sign(now, key, WHEN)
    assert signed.text == (
        f"form devolution-ledger/signed-head/1\nentries {now.entries}\nhead {now.head}\nroot {now.root}\n"
        f"signed_at 2026-11-22T09:30:00Z\npublic_key {key.public}\n"
    )
    document = json.loads(json.dumps(signed.document()))
    read = heads.read(document, "head.json")
    assert read == now
    assert key.public in read.signed
    other = heads.Key(heads.make_key()[0], "other")
    changes = {
        "entries": now.entries - 1, "head": "0" * 64, "root": "0" * 64, "signed_at": "2026-11-22T09:30:01Z",
        "public_key": other.public, "signature": other.sign(signed.text),
    }  # fmt: skip
    for name, value in changes.items():
        with pytest.raises(Refused, match=r"head\.json: its signature does not hold"):
            heads.read({**document, name: value}, "head.json")


def test_what_is_no_head_is_refused_before_it_is_believed(books: Store, key: heads.Key) -> None:
    document = heads.sign(head_of(books), key, WHEN).document()
    spoilt = [{}, *({name: value for name, value in document.items() if name != left} for left in document)]
    for name, values in {
        "form": ("devolution-ledger/signed-head/2", None, []), "entries": (-1, "x", True, 1.5, None, 10**30, [1]),
        "root": ("", "0" * 63, "G" * 64, None), "head": ("", 5, "A" * 64), "signed_at": ("today", "2026-11-22", 5),
        "public_key": ("", "0" * 62), "signature": ("", "0" * 126, "é" * 128),
    }.items():  # fmt: skip
        spoilt += [{**document, name: value} for value in values]
    for each in spoilt:
        with pytest.raises(Refused, match="it is neither a signed head nor a proof"):
            heads.read(each, "head.json")


def test_the_newer_head_of_a_proof_is_read_too(funded: Store) -> None:
    now = head_of(funded)
    with funded.read() as reader:
        for document in (inclusion.inclusion(reader, 2), inclusion.consistency(reader, now)):
            assert heads.read(json.loads(json.dumps(document)), "proof.json") == now


def test_a_file_that_is_no_key_is_told_so() -> None:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    private, public = heads.make_key()
    other_kind = ec.generate_private_key(ec.SECP256R1()).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    locked = serialization.load_pem_private_key(private, None).private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.BestAvailableEncryption(b"secret")
    )
    for pem in (b"", b"\xff" * 100, public, other_kind, locked, private[:60]):
        with pytest.raises(Refused, match=r"mine: it is not an Ed25519 private key in PEM.*Make one with"):
            heads.Key(pem, "mine")


def test_without_the_library_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "cryptography.hazmat.primitives", None)
    for act in (heads.make_key, lambda: heads.Key(b"", "key"), lambda: heads.holds("", "", "")):
        with pytest.raises(Refused, match=r"cannot sign.*Install the extra 'sign'"):
            act()


def test_a_signature_is_the_one_that_the_standard_gives() -> None:
    """RFC 8032, section 7.1, test 1: the empty text."""
    public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    signature = "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b"
    assert heads.holds("", public, signature)
    assert not heads.holds("x", public, signature)
    assert not heads.holds("", public, signature[:-2])
