"""Legs as they are sent to a server: a few written one by one are byte for byte what whole columns of them are."""

from datetime import date

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given, settings

pytest.importorskip("psycopg")

from ledger.entries import named_legs, ordinary
from ledger.entries.draft import LEGS, Draft
from ledger.store.server import arrays

names = st.sampled_from(["A", "AB", "B", "é", "\N{GRINNING FACE}", "retained"])
leg = st.fixed_dictionaries(
    {
        **{f"{side}_{name}": names for side in ("from", "to") for name in ("organisation", "fund", "standing")},
        **{f"{side}_year": st.sampled_from([2024, 2025]) for side in ("from", "to")},
        "amount_pence": st.integers(1, 10**15),
        "recurrent": st.booleans(),
        "note": names | st.none(),
    }
)


def draft(nth: int, rows: list[dict]) -> Draft:
    table = pa.Table.from_pylist(rows, LEGS)
    return Draft(f"entry {nth}", "devolve", date(2025, 4, 1), "tests", "a case", transfers=table)


@given(st.lists(st.lists(leg, min_size=1, max_size=8), min_size=1, max_size=4))
@settings(deadline=None)
def test_a_few_legs_are_sent_as_many_are(batch: list[list[dict]]) -> None:
    drafts = [draft(nth, rows) for nth, rows in enumerate(batch)]
    plain = ordinary.asked(drafts)
    if plain is not None:  # a leg from an account to itself is none of ours to send
        sent = arrays.of_plain([leg for legs in plain.legs for leg in legs])
        assert sent == arrays.of_named(named_legs.of_drafts(drafts))


def test_an_array_is_what_postgresql_sends() -> None:
    row = {f"{side}_{name}": code for side in ("from", "to") for name, code in (("fund", "F"), ("standing", "spent"))}
    row |= {"from_organisation": "A", "to_organisation": "Bé", "from_year": 2025, "to_year": 2025}
    (legs,) = ordinary.asked([draft(1, [{**row, "amount_pence": 258, "recurrent": True, "note": None}])]).legs
    payers, payees, amounts, recurrents, notes, organisations, funds, years, standings = arrays.of_plain(legs)
    # Dimensions, whether something is missing, the type of an element, how many, the first place; then width and value.
    assert payers == bytes.fromhex("00000001 00000000 00000017 00000001 00000001 00000004 00000001")
    assert payees == bytes.fromhex("00000001 00000000 00000017 00000001 00000001 00000004 00000002")
    assert amounts == bytes.fromhex("00000001 00000000 00000014 00000001 00000001 00000008 0000000000000102")
    assert recurrents == bytes.fromhex("00000001 00000000 00000010 00000001 00000001 00000001 01")
    assert notes == bytes.fromhex("00000001 00000001 00000019 00000001 00000001 ffffffff")
    assert organisations == bytes.fromhex("00000001 00000000 00000019 00000002 00000001 00000001 41 00000003 42c3a9")
    assert funds == bytes.fromhex("00000001 00000000 00000019 00000002 00000001 00000001 46 00000001 46")
    assert years == bytes.fromhex("00000001 00000000 00000017 00000002 00000001 00000004 000007e9 00000004 000007e9")
    assert standings == bytes.fromhex(
        "00000001 00000000 00000019 00000002 00000001 00000005 7370656e74 00000005 7370656e74"
    )
