"""A process that works on a ledger until it is done or killed: what the fault tests start many of.

It says on standard output what the books have acknowledged, a line each, as soon as they have.
"""

import argparse
import random
import sys

from ledger.address import parse
from ledger.errors import AlreadyReversed, Refused
from ledger.posting import post, reverse
from ledger.store import Store
from tests.books import at, entry


def say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def devolve(store: Store, name: str, pence: int) -> None:
    """Take from the first ICB until it refuses."""
    turn = 0
    while True:
        turn += 1
        key = f"{name}/{turn}"
        try:
            (posted,) = post(store, [entry("devolve", at("ICB1", "core"), at("P1", "core"), pence, key=key)])
        except Refused as refused:
            assert "below zero" in str(refused), refused
            return
        say(f"{posted.number} {key}")


def undo(store: Store, name: str, first: int, last: int) -> None:
    """Reverse every entry of a range, in an order of one's own; somebody else may have been there before."""
    numbers = list(range(first, last + 1))
    random.Random(name).shuffle(numbers)
    for number in numbers:
        try:
            posted = reverse(store, number, reason="entered twice", actor=name)
        except AlreadyReversed:
            continue
        if not posted.replayed:
            say(f"{posted.number} {number}")


def batches(store: Store, name: str) -> None:
    """Batches of three entries that rest on one another, until killed."""
    turn = 0
    while True:
        turn += 1
        key = f"{name}/{turn}"
        posted = post(store, [
            entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 3, key=f"{key}/a"),
            entry("devolve", at("ICB2", "core"), at("P3", "core"), 2, key=f"{key}/b"),
            entry("allocate", at("NHS", "limit"), at("ICB2", "core"), 3, key=f"{key}/c"),
        ])  # fmt: skip
        say(f"{posted[-1].number} {key}")


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("ledger")
    options.add_argument("act", choices=["devolve", "undo", "batches"])
    options.add_argument("name")
    options.add_argument("--pence", type=int, default=0)
    options.add_argument("--first", type=int, default=0)
    options.add_argument("--last", type=int, default=0)
    asked = options.parse_args()
    with Store.open(parse(asked.ledger)) as store:
        say("open")
        if asked.act == "devolve":
            devolve(store, asked.name, asked.pence)
        elif asked.act == "undo":
            undo(store, asked.name, asked.first, asked.last)
        else:
            batches(store, asked.name)


if __name__ == "__main__":
    main()
