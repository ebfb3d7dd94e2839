"""What decides how the chain is read, and what no hash covers, is held to the chain."""

import pytest

from ledger.errors import NotALedger
from ledger.reports.verify import verify
from tests.books import texts
from tests.hands import Hands

# The first half of the books ends with the upgrade, at this entry.
AT = "(SELECT entry_number FROM upgrade)"


@pytest.mark.parametrize(
    ("change", "place", "found"),
    [
        ("UPDATE upgrade SET previous_head = repeat('1', 64)", "entry {at}, upgrade 5", "it was made on the head 1111"),
        ("UPDATE upgrade SET form = 3", "entry {at}, upgrade 5", "it leads to form 3 of the hashed text, and the one before"),
        ("UPDATE upgrade SET id = '6'", "entry {at}, upgrade 6", "an entry of kind upgrade, 'upgrade/5', brings it."),
        ("UPDATE upgrade SET earlier = '[{\"version\": 2}]'", "entry {at}, upgrade 5", "the migrations before it cannot be read."),
        ("UPDATE upgrade SET entry_number = 3", "entry 3, upgrade 5", "an entry of kind mandate"),
        (f"UPDATE transfer SET entry_number = {AT} WHERE entry_number = 3", "entry {at} (upgrade/5)", "it moves money or brings nothing."),
        ("DELETE FROM upgrade", "entry {at}, upgrade without a row", "an entry of kind upgrade, 'upgrade/5', brings nothing."),
        ("UPDATE seal SET schema_version = 4", "the seal", "it is number 1, of version 4 of the tables."),
        ("UPDATE seal SET id = 2", "the seal", "it is number 2, of version 11 of the tables."),
        ("UPDATE seal SET entries = 1000000000", "entry 94", "it is missing."),
        ("UPDATE seal SET moved_pence = moved_pence + 1", "the seal", "it says that "),
    ],
)  # fmt: skip
def test_the_seal_and_the_upgrade_agree_with_the_chain(hands: Hands, change: str, place: str, found: str) -> None:
    with hands() as hand:
        with hand.reading() as reader:
            at = reader.whole(f"SELECT {AT}")
        hand.do(change)
        with hand.reading() as reader:
            assert f"\n{place.format(at=at)}: {found}" in f"\n{texts(verify(reader))}"


TWO_SEALS = "INSERT INTO seal SELECT 2, schema_version, entries, head, moved_pence FROM seal"


@pytest.mark.parametrize(("change", "seals"), [("DELETE FROM seal", 0), (TWO_SEALS, 2)])
def test_there_is_one_seal(hands: Hands, kind: str, change: str, seals: int) -> None:
    """A file is open already; a server's ledger is not opened again."""
    with hands() as hand:
        hand.do(change)
        if kind == "server":
            with pytest.raises(NotALedger, match=f"it has {seals} rows of one"), hand.reading():
                pass
        else:
            with hand.reading() as reader:
                assert f"the seal: there are {seals} of it." in texts(verify(reader))


@pytest.mark.parametrize("kind", ["file"])
@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE migration SET name = 'nothing' WHERE version = 2", "migration 2: its name is not what the chain says."),
        ("UPDATE migration SET name = 'nothing' WHERE version = 5", "migration 5: its name is not what the chain says."),
        ("UPDATE migration SET head = (SELECT head FROM seal) WHERE version = 3", "migration 3: its head is not"),
        ("UPDATE migration SET head = repeat('0', 64) WHERE version = 5", "migration 5: its head is not"),
        ("UPDATE migration SET applied_at = now() WHERE version = 4", "migration 4: its applied_at is not"),
        ("DELETE FROM migration WHERE version = 3", "the record of migrations: it tells of the versions 2, 4, 5, 6, 7, 8, 9, 10, 11."),
        ("INSERT INTO migration SELECT 12, name, applied_at, head FROM migration WHERE version = 5",
         "the record of migrations: it tells of the versions 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12."),
    ],
)  # fmt: skip
def test_the_record_of_migrations_agrees_with_what_was_sealed(hands: Hands, change: str, found: str) -> None:
    with hands() as hand:
        hand.do(change)
        with hand.reading() as reader:
            assert f"\n{found}" in f"\n{texts(verify(reader))}"


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ("UPDATE appointment SET limit_period = 'month' WHERE id = 'boss'",
         "appointment boss: its entry is older than the column limit_period, which holds something."),
        ("UPDATE proposal_end SET posted = '1' WHERE proposal = 'part-posted early'",
         "proposal end part-posted early: its entry is older than the column posted, which holds something."),
        ("UPDATE proposal_end SET content_hash = 'x' WHERE proposal = 'posted early'",
         "proposal end posted early: its entry is older than the column content_hash, which holds something."),
        ("UPDATE source_limit SET entry_number = 3 WHERE id = 'limit 2'",
         "source limit limit 2: its entry is older than the whole table."),
        ("UPDATE forecast SET entry_number = 3 WHERE id = 'P1/12000'",
         "forecast P1/12000: its entry is older than the whole table."),
        ("UPDATE terms SET discretion = 'free' WHERE id = 'core/2020-04-01/1'",
         "terms core/2020-04-01/1: its entry is older than the column discretion, which holds something."),
        ("UPDATE entry SET standing = 'own' WHERE number = 3",
         "entry 3: its entry is older than the column standing, which holds something."),
    ],
)  # fmt: skip
def test_what_came_with_the_second_form_is_not_in_earlier_entries(hands: Hands, change: str, found: str) -> None:
    """Earlier entries are hashed without it, so the chain alone says nothing."""
    with hands() as hand:
        hand.do(change)
        with hand.reading() as reader:
            assert f"\n{found}" in f"\n{texts(verify(reader))}"
