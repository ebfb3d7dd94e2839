"""Invariant 12: after any accepted posting verify finds nothing, whatever was posted, and whatever is posted later."""

from collections.abc import Iterator
from datetime import datetime

import pytest
from hypothesis import HealthCheck, event, given, settings

from ledger import clock
from ledger.entries import posting
from ledger.reports import position, returned
from ledger.reports.verify import verify
from ledger.store.address import Address
from ledger.store.base import Store
from tests.books import at, entry, small_books
from tests.ledger import everything
from tests.ledger.everything import World, carry_out
from tests.profiles import sequences
from tests.shelves import Shelf, Template, made_once


class Machine:
    """The clock of the machine, which each sequence sets for itself."""

    world: World | None = None

    def now(self) -> datetime:
        return everything.BEGUN if self.world is None else self.world.now


@pytest.fixture(scope="module")
def machine() -> Iterator[Machine]:
    own = Machine()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "machine", own.now)
        patch.setattr(posting, "_now", own.now)
        yield own


@pytest.fixture(scope="module")
def begun(machine: Machine, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Template]:
    """Books with some money in them, recorded by the tests' own clock; made once, and copied for each sequence."""
    assert machine.world is None

    def make(shelf: Shelf) -> Address:
        place = shelf.place("begun")
        with Store.create(place) as store:
            small_books(store)
            posting.post(
                store,
                [
                    entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 1_000),
                    entry("mandate", at("GOV", "winter"), at("NHS", "winter"), 300),
                    entry("allocate", at("NHS", "limit"), at("ICB1", "core"), 600),
                    entry("allocate", at("NHS", "winter"), at("ICB1", "winter"), 200),
                    entry("devolve", at("ICB1", "core"), at("P1", "care"), 100),
                ],
            )
            store.checkpoint()
        return place

    yield from made_once(tmp_path_factory.mktemp("begun"), make)


def test_whatever_is_accepted_verify_finds_nothing(shelf: Shelf, begun: Template, machine: Machine) -> None:
    place = begun(shelf.kind)

    @settings(max_examples=sequences(), deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(everything.SEQUENCES)
    def holds(steps: list[object]) -> None:
        address = shelf.copy(place, "sequence")
        with Store.open(address) as store:
            machine.world = world = World(store)
            for step in steps:
                carry_out(world, step)
            with store.read() as reader:
                assert verify(reader) == []
                at_now = position.moment(reader)
                assert position.total_pence(position.position(reader, at_now)) == 0
                returned.returned(reader, at_now)
        shelf.discard(address)
        event(f"{world.accepted // 3 * 3} or more accepted")
        machine.world = None

    holds()
