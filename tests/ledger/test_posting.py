"""What an entry may do: each case as it happens in the field."""

import random
from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from ledger.entries import chain, refusals
from ledger.entries.draft import Draft, Leg, legs, records
from ledger.entries.posting import post, reverse
from ledger.entries.proposals import submit
from ledger.errors import AlreadyReversed, KeyReused, Refused
from ledger.models import RECORDS, Account, Closure, Fund, Organisation, Relationship, Terms, Tier
from ledger.reports.verify import verify
from ledger.store.base import Store
from ledger.years import FinancialYear
from tests.books import (
    APRIL,
    LONG_AGO,
    MAY,
    agreement,
    at,
    entry,
    fund_all,
    held,
    new_relations,
    new_terms,
    term,
    whole,
)
from tests.shelves import Shelf, raw


def test_money_passes_down_and_the_whole_sums_to_zero(funded: Store) -> None:
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 250_000)])
    standing = held(funded)
    assert standing == {
        ("GOV", "limit", "source"): -1_000_000,
        ("NHS", "limit", "available"): 100_000,
        ("ICB1", "core", "available"): 350_000,
        ("ICB2", "core", "available"): 300_000,
        ("P1", "core", "available"): 250_000,
    }
    assert sum(standing.values()) == 0


def test_money_narrows_to_a_fund_inside_its_own_but_does_not_widen(funded: Store) -> None:
    post(funded, [entry("earmark", at("ICB1", "core"), at("ICB1", "care"), 100_000)])
    post(funded, [entry("devolve", at("ICB1", "care"), at("P1", "care-inner"), 40_000)])
    assert held(funded)["P1", "care-inner", "available"] == 40_000
    with pytest.raises(Refused, match="goes to a fund inside its own"):
        post(funded, [entry("earmark", at("ICB1", "care"), at("ICB1", "core"), 1)])
    with pytest.raises(Refused, match="stays on its fund or goes to one inside it"):
        post(funded, [entry("devolve", at("ICB1", "care"), at("P1", "core"), 1)])


def test_what_is_kept_can_be_released_devolved_or_spent(funded: Store) -> None:
    kept = at("ICB1", "core", "retained")
    post(funded, [entry("retain", at("ICB1", "core"), kept, 500_000)])
    post(
        funded,
        [
            entry("release", kept, at("ICB1", "core"), 100_000),
            entry("devolve", kept, at("P1", "core"), 150_000),
            entry("spend", kept, at("ICB1", "core", "spent"), 50_000),
            entry("spend", at("P1", "core"), at("P1", "core", "spent"), 20_000),
        ],
    )
    assert held(funded) == {
        ("GOV", "limit", "source"): -1_000_000,
        ("NHS", "limit", "available"): 100_000,
        ("ICB1", "core", "available"): 200_000,
        ("ICB1", "core", "retained without agreement"): 200_000,
        ("ICB1", "core", "spent"): 50_000,
        ("ICB2", "core", "available"): 300_000,
        ("P1", "core", "available"): 130_000,
        ("P1", "core", "spent"): 20_000,
    }


def test_an_overdraft_is_refused_and_says_by_how_much(funded: Store) -> None:
    with pytest.raises(Refused, match=r"First ICB \(ICB1\), core, 2025/26, available would be £1.23 below zero"):
        post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 600_123)])
    assert ("P1", "core", "available") not in held(funded)


def test_a_backdated_entry_may_not_leave_an_account_short_on_an_earlier_day(funded: Store) -> None:
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 600_000, day=MAY)])
    post(funded, [entry("return", at("P1", "core"), at("ICB1", "core"), 600_000, day=date(2025, 7, 1))])
    # In the end the ICB holds 600,000 again, but in June it held nothing.
    with pytest.raises(Refused, match="below zero on 2025-06-15"):
        post(funded, [entry("devolve", at("ICB1", "core"), at("P2", "core"), 600_000, day=date(2025, 6, 15))])


def test_an_overdraft_names_what_could_be_released(funded: Store) -> None:
    post(funded, [entry("retain", at("ICB1", "core"), at("ICB1", "core", "retained"), 600_000)])
    with pytest.raises(Refused, match=r"release some of the £6,000.00 that it retains"):
        post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 1)])


@pytest.mark.parametrize(
    ("kind", "source", "destination", "sentence"),
    [
        ("devolve", at("ICB1", "core"), at("P3", "core"), r"Third place \(P3\) is not below First ICB \(ICB1\)"),
        ("allocate", at("ICB1", "core"), at("ICB2", "core"), "is not below"),
        ("return", at("ICB1", "core"), at("P1", "core"), "is not above"),
        ("devolve", at("ICB1", "core"), at("ICB1", "care"), "is not below"),
        ("retain", at("ICB1", "core"), at("P1", "core", "retained"), "within one organisation"),
        ("retain", at("ICB1", "core"), at("ICB1", "care", "retained"), "stays on its fund"),
        ("retain", at("ICB1", "core"), at("ICB1", "core", "spent"), "from available to retained"),
        ("vire", at("ICB1", "core"), at("ICB1", "core", "retained"), "changes fund"),
        ("devolve", at("ICB1", "core"), at("P1", "estate"), "Revenue and capital never mix"),
        ("allocate", at("ICB1", "core", "retained"), at("P1", "core"), "from available to available"),
    ],
)  # fmt: skip
def test_a_move_against_the_rule_of_its_kind_is_refused(
    funded: Store, kind: str, source, destination, sentence
) -> None:
    before = held(funded)
    with pytest.raises(Refused, match=sentence):
        post(funded, [entry(kind, source, destination, 100)])
    assert held(funded) == before


def test_money_moves_only_while_the_relationship_is_in_force(funded: Store) -> None:
    moved = {"id": "ICB1>P1 until June", "parent": "ICB1", "child": "P1", "scheme": "line", "supersedes": "ICB1>P1",
             "valid_from": date(2020, 4, 1), "valid_to": date(2025, 6, 1)}  # fmt: skip
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 100, day=date(2025, 7, 1))])
    post(funded, [new_relations(moved)])
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 100, day=date(2025, 5, 31))])
    with pytest.raises(Refused, match=r"not below First ICB .* on 2025-06-01"):
        post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 100, day=date(2025, 6, 1))])
    # The entry of July was right by what was known when it was posted, and verify says so.
    with funded.read() as reader:
        assert verify(reader) == []


@pytest.mark.parametrize("day", [date(2025, 3, 31), date(2026, 4, 1)])
def test_a_date_outside_the_year_is_refused(books: Store, day: date) -> None:
    with pytest.raises(Refused, match="outside the year 2025/26"):
        post(books, [entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 1, day=day)])


def test_money_stays_in_its_year(funded: Store) -> None:
    later = at("P1", "core", year=FinancialYear(2026))
    with pytest.raises(Refused, match="money of 2025/26 goes to 2026/27"):
        post(funded, [entry("devolve", at("ICB1", "core"), later, 1)])


def test_an_organisation_that_does_not_exist_yet_is_refused(books: Store) -> None:
    early = FinancialYear(2019)
    draft = entry("mandate", at("GOV", "limit", year=early), at("NHS", "limit", year=early), 1, day=date(2019, 5, 1))
    with pytest.raises(Refused, match="does not exist on 2019-05-01"):
        post(books, [draft])


def test_an_unknown_code_is_refused_with_the_nearest(books: Store) -> None:
    with pytest.raises(Refused, match=r"no organisation 'ICB3'.*ICB1 \(First ICB\)"):
        post(books, [entry("allocate", at("NHS", "limit"), at("ICB3", "core"), 1)])
    with pytest.raises(Refused, match=r"no fund 'winterr'.*winter \(Winter\)"):
        post(books, [entry("allocate", at("NHS", "limit"), at("ICB1", "winterr"), 1)])


def test_a_hard_ring_fence_holds_unless_its_terms_and_an_authority_let_money_out(funded: Store) -> None:
    post(funded, [entry("allocate", at("NHS", "limit"), at("ICB1", "winter"), 50_000)])
    post(funded, [entry("earmark", at("ICB1", "core"), at("ICB1", "care"), 50_000)])
    with pytest.raises(Refused, match="care is a statutory ring-fence; its terms let money leave by no kind of entry"):
        post(funded, [entry("vire", at("ICB1", "care"), at("ICB1", "core"), 1, authority="the board")])
    with pytest.raises(Refused, match="winter is a hard ring-fence, and no authority is named"):
        post(funded, [entry("vire", at("ICB1", "winter"), at("ICB1", "core"), 1)])
    post(funded, [entry("vire", at("ICB1", "winter"), at("ICB1", "core"), 20_000, authority="the national team")])
    assert held(funded)["ICB1", "winter", "available"] == 30_000


def test_an_inner_ring_fence_holds_inside_the_outer_one(funded: Store) -> None:
    post(funded, [entry("earmark", at("ICB1", "core"), at("ICB1", "care-inner"), 50_000)])
    with pytest.raises(Refused) as refused:
        post(funded, [entry("vire", at("ICB1", "care-inner"), at("ICB1", "growth"), 1, authority="the board")])
    fences = {problem.why.split(" ring-fence")[0] for problem in refused.value.problems}
    assert fences == {"care-inner is a hard", "care is a statutory"}


def test_lifting_a_ring_fence_is_a_new_row_of_terms_from_its_day(funded: Store) -> None:
    post(funded, [entry("earmark", at("ICB1", "core"), at("ICB1", "care"), 50_000)])
    post(funded, [new_terms(term("care", "monitored", effective_from=MAY), authority="Directions, from 2025-05-01")])
    with pytest.raises(Refused, match="statutory ring-fence"):
        post(funded, [entry("vire", at("ICB1", "care"), at("ICB1", "core"), 1, day=date(2025, 4, 30))])
    post(funded, [entry("vire", at("ICB1", "care"), at("ICB1", "core"), 1, day=MAY)])
    with funded.read() as reader:
        assert verify(reader) == []


def test_a_soft_ring_fence_may_be_left_by_virement(funded: Store) -> None:
    post(funded, [entry("allocate", at("NHS", "limit"), at("ICB1", "growth"), 10)])
    post(funded, [entry("vire", at("ICB1", "growth"), at("ICB1", "core"), 10)])


def test_the_same_key_and_content_is_answered_with_the_first_result(books: Store) -> None:
    draft = entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 100, key="limit 2025/26")
    (first,) = post(books, [draft])
    (again,) = post(books, [draft])
    assert not first.replayed
    assert again.replayed
    assert (again.number, again.hash, again.recorded_at) == (first.number, first.hash, first.recorded_at)
    assert held(books)["NHS", "limit", "available"] == 100


def test_the_same_key_with_other_content_is_refused(books: Store) -> None:
    post(books, [entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 100, key="limit")])
    with pytest.raises(KeyReused, match="this key already names entry 3, with other content"):
        post(books, [entry("mandate", at("GOV", "limit"), at("NHS", "limit"), 101, key="limit")])


def test_a_batch_is_all_or_nothing_and_names_every_problem(funded: Store) -> None:
    before, problems = held(funded), None
    with pytest.raises(Refused) as refused:
        post(
            funded,
            [
                entry("devolve", at("ICB1", "core"), at("P1", "core"), 10),
                entry("devolve", at("ICB1", "core"), at("P3", "core"), 10),
                entry("devolve", at("ICB2", "core"), at("P3", "core"), 300_001),
            ],
        )
    problems = refused.value.problems
    assert len(problems) == 2
    assert held(funded) == before


def test_a_dry_run_shows_the_result_and_keeps_nothing(funded: Store) -> None:
    before = held(funded)
    (would,) = post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)], dry_run=True)
    assert would.transfers == 1
    assert held(funded) == before
    with funded.read() as reader:
        assert chain.last_entry(reader) == would.number - 1
    with pytest.raises(Refused):
        post(funded, [entry("devolve", at("ICB1", "core"), at("P3", "core"), 10)], dry_run=True)


def test_a_reversal_mirrors_the_entry_and_only_once(funded: Store) -> None:
    before = held(funded)
    (posted,) = post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 10)])
    reverse(funded, posted.number, reason="typed twice", actor="tests")
    assert held(funded) == before
    with pytest.raises(
        AlreadyReversed, match=f"entry {posted.number}: it is already reversed, by entry {posted.number + 1}"
    ):
        reverse(funded, posted.number, reason="typed twice", actor="tests")
    with funded.read() as reader:
        assert verify(reader) == []


def test_what_has_moved_on_cannot_be_taken_back(books: Store) -> None:
    posted = fund_all(books)
    post(books, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 600_000)])
    with pytest.raises(Refused, match="below zero"):
        reverse(books, posted[1].number, reason="wrong ICB", actor="tests")


def test_what_is_no_movement_of_money_cannot_be_reversed(books: Store) -> None:
    with pytest.raises(Refused, match="it is of kind structure"):
        reverse(books, 1, reason="no", actor="tests")
    with pytest.raises(Refused, match=r"there is no such entry.*Entries run from 1 to 2"):
        reverse(books, 77, reason="no", actor="tests")


def test_a_forged_reversal_is_refused(books: Store) -> None:
    posted = fund_all(books)
    number = posted[1].number
    forged = entry("reverse", at("ICB1", "core"), at("NHS", "limit"), 599_999, key=f"reverse:{number}", reverses=number)
    with pytest.raises(Refused, match="does not mirror entry"):
        post(books, [forged])


@pytest.mark.parametrize(
    ("pence", "sentence"),
    [(0, "whole, positive number of pence"), (-5, "whole, positive number of pence"), (2**53, "A leg moves at most")],
)
def test_an_impossible_amount_is_refused(books: Store, pence: int, sentence: str) -> None:
    with pytest.raises(Refused, match=sentence):
        post(books, [entry("mandate", at("GOV", "limit"), at("NHS", "limit"), pence)])


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"kind": "gift"}, "not a kind of entry"),
        ({"reason": " "}, "it has no reason"),
        ({"actor": ""}, "it has no actor"),
        ({"reason": "all\x1fright"}, r"characters that cannot be seen \(U\+001F\)"),
        ({"reason": "to \u202eICB1"}, r"characters that cannot be seen \(U\+202E\)"),
        ({"authority": "minute\u200b 7"}, r"characters that cannot be seen \(U\+200B\)"),
        ({"reason": "cafe\u0301"}, "unusual form of a letter"),
        ({"transfers": legs([])}, "it has no legs"),
        ({"kind": "structure"}, "moves money or brings nothing"),
        ({"reverses": 1}, "only a reversal may"),
        ({"key": "reverse:5"}, "kept for reversals"),
        ({"key": "k" * 301}, r"^entry 'k{60}…': its key has 301 characters\. Things are found by it"),
        ({"key": "k" * 100_000}, "its key has 100,000 characters"),
        ({"actor": "a" * 301}, "entry 'k': its actor has 301 characters"),
        ({"effective_date": datetime(2025, 4, 1, 9, 0, tzinfo=UTC)}, "Give a day without a time"),
        ({"transfers": legs([Leg(at("GOV", "limit"), at("NHS", "limit"), 5, note="a\x1eb")])}, "a note in plain text"),
        (
            {"transfers": None, "kind": "structure", "records": {Account: records(Organisation, [])}},
            "it brings Account",
        ),
    ],
)
def test_an_entry_without_what_every_entry_needs_is_refused(same_books: Store, changed: dict, sentence: str) -> None:
    good = {"key": "k", "kind": "mandate", "effective_date": APRIL, "actor": "a", "reason": "r",
            "transfers": legs([Leg(at("GOV", "limit"), at("NHS", "limit"), 5)])}  # fmt: skip
    with pytest.raises(Refused, match=sentence):
        post(same_books, [Draft(**{**good, **changed})])


def anything(length: int, letters: str, chance: random.Random) -> str:
    """A text that no database can make any shorter than it is."""
    return "".join(chance.choices(letters, k=length))


@pytest.mark.parametrize("most", [300, 301])
def test_what_things_are_found_by_has_at_most_300_letters_whatever_they_are(books: Store, most: int) -> None:
    """Of four bytes where any are allowed, and of two in names: at most of what an index of a server takes."""
    chance = random.Random(1)
    rare = "".join(chr(letter) for letter in range(0x20000, 0x20800))  # ideographs
    latin = "àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþāăąćĉċčďđēĕėęěĝğġģĥħĩīĭįĵķĺļľłńņňŋōŏőœŕŗřśŝşšţťŧũūŭůűųŵŷźżž"

    def key() -> str:
        return anything(most, rare, chance)

    practice, fund, person = (anything(most, latin, chance) for _ in range(3))
    there = {Organisation: [{"code": practice, "name": "Long", "tier": "practice", "valid_from": LONG_AGO}],
             Relationship: [{"id": key(), "parent": "P1", "child": practice, "scheme": key(), "valid_from": LONG_AGO}]}  # fmt: skip
    what = {Fund: [{"code": fund, "name": "Long", "stream": "core", "lowest_tier": "practice", "resource": "revenue"}],
            Terms: [term(fund, "hard", id=key())]}  # fmt: skip
    leg = legs([Leg(at("GOV", fund), at("NHS", fund), 5)])
    drafts = [
        Draft(
            key(),
            "structure",
            APRIL,
            person,
            "r",
            records={model: records(model, rows) for model, rows in there.items()},
        ),
        Draft(
            key(), "terms", APRIL, person, "r", records={model: records(model, rows) for model, rows in what.items()}
        ),
        replace(agreement(id=key(), organisation=practice, fund=fund, supersedes=None), key=key()),
        Draft(key(), "mandate", APRIL, person, "r", transfers=leg),
    ]
    if most > 300:
        with pytest.raises(Refused) as refused:
            post(books, drafts)
        told = [(problem.where.rpartition(", ")[2], problem.about) for problem in refused.value.problems]
        assert [one for one in told if "entry" not in one[0]] == [
            ("organisation 1", "code"), ("relationship 1", "id"), ("relationship 1", "child"), ("fund 1", "code"),
            ("terms 1", "id"), ("terms 1", "fund"), ("agreement 1", "id"), ("agreement 1", "organisation"),
            ("agreement 1", "fund"),
        ]  # fmt: skip
        return
    post(books, drafts)
    submit(books, [replace(drafts[-1], key=key())], key=key()[:290], title="t", prepared_by=person)
    with books.read_afresh() as reader:
        assert verify(reader) == []


@pytest.mark.parametrize("kind", ["server"])
def test_whatever_text_a_server_has_an_index_of_is_looked_at_for_its_length(books: Store, shelf: Shelf) -> None:
    books.close()
    with raw(books.path) as server:
        rows = server.execute("""
            SELECT DISTINCT c.relname, a.attname FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (x.indkey)
            WHERE c.relnamespace = 'public'::regnamespace AND a.atttypid = 'varchar'::regtype""").fetchall()
    looked_at = {(str(model.__tablename__), name) for model in RECORDS for name in refusals.named_by(model)}
    # Of an entry key and actor are looked at; words of a list, and what the books make of these, need no look.
    others = {("entry", "key"), ("entry", "actor"), ("entry", "kind"), ("account", "organisation"), ("account", "fund"),
              ("account", "standing"), ("person_day", "person")}  # fmt: skip
    assert set(rows) - others <= looked_at


def test_a_practice_in_two_places_at_once_is_refused(books: Store) -> None:
    twice = {"id": "P2>G1", "parent": "P2", "child": "G1", "scheme": "line", "valid_from": MAY}
    with pytest.raises(Refused, match=r"Practice one \(G1\).*at once from 2025-05-01"):
        post(books, [new_relations(twice)])


def test_a_relationship_that_goes_up_or_ends_before_it_begins_is_refused(books: Store) -> None:
    with pytest.raises(Refused, match="goes up or across the tiers"):
        post(books, [new_relations({"id": "x", "parent": "P1", "child": "ICB2", "scheme": "odd", "valid_from": MAY})])
    row = {"id": "x", "parent": "ICB2", "child": "P1", "scheme": "odd", "valid_from": MAY, "valid_to": APRIL}
    with pytest.raises(Refused, match="ends on or before"):
        post(books, [new_relations(row)])


def test_terms_need_their_grounds(books: Store) -> None:
    for wrong in ({"grade": "firm"}, {"route": "lottery"}, {"quality": "blue"}, {"reason": " "}, {"source": ""}):
        with pytest.raises(Refused, match="needs a quality, a source and a reason"):
            post(books, [new_terms({**term("core", "none", version=2), **wrong})])


def test_a_record_that_is_taken_or_points_nowhere_is_refused(books: Store) -> None:
    with pytest.raises(Refused, match="it is recorded already"):
        post(books, [new_terms(term("core", "none"))])
    with pytest.raises(Refused, match="there is no fund 'corn'"):
        post(books, [new_terms(term("corn", "none"))])


def test_retention_is_agreed_while_the_agreement_lasts_and_unilateral_after(funded: Store) -> None:
    post(funded, [entry("retain", at("ICB1", "core"), at("ICB1", "core", "retained"), 500_000)])
    post(funded, [agreement(organisation="ICB1", fund="core", amount_pence=300_000, valid_to=date(2025, 10, 1))])
    agreed, unilateral = ("ICB1", "core", "retained by agreement"), ("ICB1", "core", "retained without agreement")
    summer, autumn = held(funded, as_at=date(2025, 9, 30)), held(funded, as_at=date(2025, 10, 1))
    assert (summer[agreed], summer[unilateral]) == (300_000, 200_000)
    assert agreed not in autumn
    assert autumn[unilateral] == 500_000


def test_an_agreed_share_is_of_what_was_received(funded: Store) -> None:
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 400_000)])
    post(funded, [entry("retain", at("ICB1", "core"), at("ICB1", "core", "retained"), 200_000)])
    post(funded, [agreement(organisation="ICB1", fund="core", share_ppm=250_000)])
    standing = held(funded)
    # A quarter of the 600,000 received, whatever has been passed on.
    assert standing["ICB1", "core", "retained by agreement"] == 150_000
    assert standing["ICB1", "core", "retained without agreement"] == 50_000


def test_an_open_agreement_covers_all_that_is_kept(funded: Store) -> None:
    post(funded, [entry("retain", at("ICB1", "core"), at("ICB1", "core", "retained"), 200_000)])
    post(funded, [agreement(organisation="ICB1", fund="core")])
    assert held(funded)["ICB1", "core", "retained by agreement"] == 200_000


def test_the_womens_health_hub_ends_at_nothing(books: Store) -> None:
    """GE11: 595,000 in two years, 121,400 of the second spent, 27,350 taken back in month 12."""
    first, second = FinancialYear(2023), FinancialYear(2024)
    pounds = 100
    for year, amount in ((first, 446_250), (second, 148_750)):
        for kind, source, destination in (
            ("mandate", at("GOV", "winter", year=year), at("NHS", "winter", year=year)),
            ("allocate", at("NHS", "winter", year=year), at("ICB1", "winter", year=year)),
        ):
            post(books, [entry(kind, source, destination, amount * pounds, day=year.first_day)])
    here = at("ICB1", "winter", year=second)
    post(
        books, [entry("spend", here, at("ICB1", "winter", "spent", year=second), 121_400 * pounds, day=second.last_day)]
    )
    month_12 = entry("return", here, at("NHS", "winter", year=second), 27_350 * pounds, day=second.last_day)
    post(books, [month_12])
    later = {
        (row["organisation"], row["standing"]): row["amount_pence"]
        for row in whole(books).to_pylist()
        if row["year"] == second.start
    }
    assert later == {
        ("GOV", "source"): -148_750 * pounds,
        ("NHS", "available"): 27_350 * pounds,
        ("ICB1", "spent"): 121_400 * pounds,
    }


def test_only_the_source_gives_a_mandate(funded: Store) -> None:
    with pytest.raises(Refused, match="Only the source of the money gives one"):
        post(funded, [entry("mandate", at("NHS", "limit"), at("ICB1", "limit"), 1)])


def test_an_authority_of_blanks_opens_no_ring_fence(funded: Store) -> None:
    post(funded, [entry("allocate", at("NHS", "limit"), at("ICB1", "winter"), 50)])
    with pytest.raises(Refused, match="no authority is named"):
        post(funded, [entry("vire", at("ICB1", "winter"), at("ICB1", "core"), 1, authority="  ")])


def test_a_reversal_on_a_later_day_is_no_way_out_of_a_ring_fence(funded: Store) -> None:
    (earmarked,) = post(funded, [entry("earmark", at("ICB1", "core"), at("ICB1", "care"), 50)])
    with pytest.raises(Refused, match="care is a statutory ring-fence, and no authority is named"):
        reverse(funded, earmarked.number, reason="no longer", actor="tests", effective_date=MAY)
    with pytest.raises(Refused, match="from the entry's day on"):
        (later,) = post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 5, day=MAY)])
        reverse(funded, later.number, reason="wrong", actor="tests", effective_date=APRIL)
    reverse(funded, earmarked.number, reason="a mistake", actor="tests")


def test_a_reversal_cannot_be_reversed_by_any_route(books: Store) -> None:
    posted = fund_all(books)
    done = reverse(books, posted[2].number, reason="a mistake", actor="tests")
    key = f"reverse:{done.number}"
    again = entry("reverse", at("NHS", "limit"), at("ICB2", "core"), 300_000, key=key, reverses=done.number)
    with pytest.raises(Refused, match="undoes a reversal"):
        post(books, [again])


def test_a_fund_inside_itself_is_refused(books: Store) -> None:
    row = {
        "code": "loop",
        "name": "Loop",
        "parent": "loop",
        "stream": "core",
        "resource": "revenue",
        "lowest_tier": "pcn",
    }
    with pytest.raises(Refused, match="it is inside itself"):
        post(books, [Draft("loop", "terms", APRIL, "tests", "a loop", records={Fund: records(Fund, [row])})])


def test_a_fund_inside_a_ring_fence_is_no_freer_than_the_fence(funded: Store) -> None:
    post(funded, [new_terms(term("care-inner", "none", effective_from=APRIL), authority="board, from 2025-04-01")])
    post(funded, [entry("earmark", at("ICB1", "core"), at("ICB1", "care-inner"), 50)])
    assert {row["grade"] for row in whole(funded).to_pylist() if row["fund"] == "care-inner"} == {"statutory"}


def test_a_second_source_of_money_is_refused(books: Store) -> None:
    row = {"code": "mint", "name": "Mint", "rank": 9, "depth": 0, "may_go_below_zero": True}
    with pytest.raises(Refused, match="Money has one source"):
        post(books, [Draft("mint", "structure", APRIL, "tests", "a mint", records={Tier: records(Tier, [row])})])


def test_what_corrects_nothing_or_itself_is_refused(books: Store) -> None:
    row = {"id": "x", "parent": "ICB1", "child": "P1", "scheme": "line", "valid_from": APRIL, "supersedes": "x"}
    with pytest.raises(Refused, match="no earlier relationship of the same"):
        post(books, [new_relations(row)])


@pytest.mark.parametrize(
    "wrong", [{"amount_pence": -5}, {"share_ppm": 1_000_001}, {"valid_to": APRIL}, {"amount_pence": 5, "share_ppm": 5}]
)
def test_an_impossible_agreement_is_refused(books: Store, wrong: dict) -> None:
    with pytest.raises(Refused, match="An agreement is for a positive amount"):
        post(books, [agreement(organisation="ICB1", fund="core", **wrong)])


def test_a_version_of_terms_follows_the_one_before(books: Store) -> None:
    with pytest.raises(Refused, match="follows the one before"):
        post(books, [new_terms(term("core", "soft", version=3))])


def test_money_does_not_pass_through_an_organisation_that_is_closed(books: Store) -> None:
    closed = {
        "code": "GONE",
        "name": "Gone",
        "tier": "icb",
        "valid_from": date(2020, 4, 1),
        "valid_to": date(2021, 4, 1),
    }
    rows = [
        {"id": "NHS>GONE", "parent": "NHS", "child": "GONE", "scheme": "line", "valid_from": date(2020, 4, 1)},
        {"id": "GONE>P9", "parent": "GONE", "child": "P9", "scheme": "line", "valid_from": date(2020, 4, 1)},
    ]
    place = {"code": "P9", "name": "Left over", "tier": "place", "valid_from": date(2020, 4, 1)}
    post(books, [Draft("gone", "structure", APRIL, "tests", "one closes", records={
        Organisation: records(Organisation, [closed, place]), Relationship: records(Relationship, rows)})])  # fmt: skip
    fund_all(books)
    with pytest.raises(Refused, match="is not below NHS England"):
        post(books, [entry("devolve", at("NHS", "limit"), at("P9", "core"), 1)])


def test_an_organisation_is_closed_by_a_later_entry_and_takes_no_money_after(funded: Store) -> None:
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 5, day=date(2025, 12, 1))])
    row = {"id": "P1 closes", "organisation": "P1", "valid_to": date(2025, 10, 1)}
    post(
        funded,
        [Draft("close", "structure", APRIL, "tests", "P1 is wound up", records={Closure: records(Closure, [row])})],
    )
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 5, day=date(2025, 9, 30))])
    with pytest.raises(Refused, match=r"First place \(P1\) does not exist on 2025-10-01"):
        post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 5, day=date(2025, 10, 1))])
    with pytest.raises(Refused, match="is not below First ICB"):
        post(funded, [entry("devolve", at("ICB1", "core"), at("N1", "core"), 5, day=date(2025, 10, 1))])
    # What was posted before anybody knew was right by what was known, and a newer day takes the older one's place.
    with funded.read() as reader:
        assert verify(reader) == []
    later = {"id": "P1 closes later", "organisation": "P1", "valid_to": date(2026, 1, 1)}
    post(
        funded,
        [Draft("later", "structure", APRIL, "tests", "it lives on", records={Closure: records(Closure, [later])})],
    )
    post(funded, [entry("devolve", at("ICB1", "core"), at("P1", "core"), 5, day=date(2025, 10, 1))])
    with funded.read() as reader:
        assert verify(reader) == []
