"""Legs hashed by the distinct accounts that they name: byte for byte what the plain form says of each leg."""

from datetime import date
from hashlib import sha256

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings

from ledger.entries import canonical, named_legs
from ledger.entries.draft import LEGS, Draft

# Texts that would be told apart wrongly if lengths were not said, and values that posting refuses but that are hashed.
codes = st.sampled_from(["A", "AB", "B", "", "s1:A", "é", "\N{GRINNING FACE}", None])
years = st.sampled_from([2024, 2025, -1, None])
leg = st.fixed_dictionaries(
    {
        **{f"{side}_{name}": codes for side in ("from", "to") for name in ("organisation", "fund", "standing")},
        **{f"{side}_year": years for side in ("from", "to")},
        "amount_pence": st.integers(-5, 10**15) | st.none(),
        "recurrent": st.booleans() | st.none(),
        "note": codes,
    }
)
batches = st.lists(st.lists(leg, max_size=12), max_size=6)


def by_hand(rows: list[dict]) -> bytes:
    """The canonical text of an entry's legs, field by field, as docs/checking.md says it."""
    texts = ["".join(canonical.field(row[name]) for name in canonical.TRANSFER_FIELDS) for row in rows]
    step = canonical.ROWS_IN_A_BLOCK
    hashes = [
        canonical.field(sha256("".join(texts[at : at + step]).encode()).hexdigest())
        for at in range(0, len(texts), step)
    ]
    said = [canonical.field("transfer"), canonical.field(11), canonical.field(len(rows)), *hashes]
    return "".join(said).encode() if rows else b""


def drafts(batch: list[list[dict]]) -> list[Draft]:
    return [
        Draft(
            f"entry {nth}", "devolve", date(2025, 4, 1), "tests", "a case", transfers=pa.Table.from_pylist(rows, LEGS)
        )
        for nth, rows in enumerate(batch)
    ]


@given(batches)
@settings(deadline=None, suppress_health_check=list(HealthCheck))
def test_the_text_of_legs_is_that_of_each_field(monkeypatch: pytest.MonkeyPatch, batch: list[list[dict]]) -> None:
    with monkeypatch.context() as small:
        small.setattr(canonical, "ROWS_IN_A_BLOCK", 2)
        small.setattr(named_legs, "_AT_ONCE", 6)
        assert list(named_legs.of_drafts(drafts(batch)).parts()) == [by_hand(rows) for rows in batch]


@given(batches)
@settings(deadline=None)
def test_each_leg_names_the_accounts_that_it_was_given(batch: list[list[dict]]) -> None:
    legs = named_legs.of_drafts(drafts(batch))
    accounts = legs.accounts.to_pylist()
    rows = [row for rows in batch for row in rows]
    assert len({tuple(account.values()) for account in accounts}) == len(accounts)
    for side, places in (("from", legs.payers), ("to", legs.payees)):
        named = [{name: row[f"{side}_{name}"] for name in named_legs.ACCOUNT} for row in rows]
        assert [accounts[place] for place in places.to_pylist()] == named
    for place, account in enumerate(accounts):
        first = next(
            nth
            for nth, row in enumerate(rows)
            if any({name: row[f"{side}_{name}"] for name in named_legs.ACCOUNT} == account for side in ("from", "to"))
        )
        assert legs.named_first(place) == first
