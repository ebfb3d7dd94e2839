"""Every decision by its description: what is given becomes entries, and the books hold what was worked out by hand."""

from collections.abc import Mapping

import pytest
import typer
from typer.core import TyperGroup

import devolution
from ledger.entries.decisions import effect
from ledger.entries.decisions.described import Made, make
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.fields import Holds
from ledger.entries.decisions.known import as_it_was, known
from ledger.entries.kinds import ALL_KINDS
from ledger.entries.posting import post
from ledger.errors import Refused
from ledger.models import (
    RECORDS,
    Proposal,
    ProposalEnd,
    ProposedEntry,
    ProposedTransfer,
    Terms,
    Upgrade,
)
from ledger.reports import verify
from ledger.store.base import Store
from tests.books import held, texts, whole

MONEY = {"recurrent": "NR"}
PAPER = {"source": "Letter of 1 June 2025"}
TERMS = {"grade": "hard", "route": "formula", "recurrent": "NR", "notified_on": "2025-06-01", "quality": "green"}
# In the order in which they are recorded; each with what is given besides a date and a reason.
CASES: tuple[tuple[str, dict[str, str]], ...] = (
    ("receive", {"to": "ICB1", "fund": "winter", "amount": "1,000", "reference": "M3/17", "month": "2025-06",
                 "contact": "regional team", "from_fund": "limit", "new_money": "yes", **MONEY}),
    ("mandate", {"to": "NHS", "fund": "limit", "amount": "500", **MONEY}),
    ("allocate", {"from": "NHS", "to": "ICB2", "fund": "limit", "to_fund": "core", "amount": "100", **MONEY}),
    ("devolve", {"from": "ICB1", "to": "P1", "fund": "core", "amount": "200", **MONEY}),
    ("return", {"from": "P1", "to": "ICB1", "fund": "core", "amount": "50", **MONEY}),
    ("retain", {"organisation": "ICB1", "fund": "core", "amount": "300", **MONEY}),
    ("release", {"organisation": "ICB1", "fund": "core", "amount": "100", **MONEY}),
    ("earmark", {"organisation": "ICB1", "fund": "core", "to_fund": "care", "amount": "10", **MONEY}),
    ("vire", {"organisation": "ICB1", "fund": "core", "to_fund": "growth", "amount": "20", **MONEY}),
    ("consolidate", {"organisation": "ICB1", "fund": "growth", "to_fund": "core", "amount": "5", **MONEY}),
    ("spend", {"organisation": "P1", "fund": "core", "amount": "25", **MONEY}),
    ("agree", {"organisation": "ICB1", "fund": "core", "amount": "150", "partners": "P1, P2",
               "reference": "minute 7", "purpose": "risk"}),
    ("end-agreement", {"organisation": "ICB1", "fund": "core", "date": "2025-09-01"}),
    ("pot", {"code": "summer", "name": "Summer", "parent": "limit", **TERMS, **PAPER}),
    ("terms", {"fund": "summer", "grade": "soft", "authority": "Board, for 2025-06-02", "date": "2025-06-02"}),
    ("organisation", {"code": "G2", "name": "Practice two", "tier": "practice", "part_of": "N1", "scheme": "line"}),
    ("relate", {"child": "G2", "part_of": "N2", "scheme": "line", "date": "2025-07-01"}),
    ("close", {"organisation": "G1", "date": "2026-04-01"}),
    ("succession", {"predecessor": "G1", "successor": "G2", "kind_of_change": "merge", "weight": "4000",
                    "basis": "registered people", "date": "2026-04-01"}),
    ("tier", {"code": "neighbourhood", "name": "Neighbourhood", "rank": "4", "depth": "2"}),
    ("total", {"description": "What the second ICB got", "year": "2025/26", "from_tier": "national", "to_tier": "icb",
               "organisation": "ICB2", "fund": "limit", "amount": "3,100", "source_hash": "ab" * 32, **PAPER}),
    ("rename", {"organisation": "P1", "name": "First neighbourhood", "date": "2025-07-01"}),
    ("forecast", {"organisation": "P1", "fund": "core", "month": "2025-06", "expected": "190"}),
    ("letter", {"reference": "M4/17", "month": "2025-07", "to": "ICB1", "fund": "winter", "line_amount": "-40",
                "notified_on": "2025-06-20", "contact": "regional team", **MONEY}),
    ("contribution", {"pool": "P1", "payer": "ICB1", "fund": "core", "year": "2025/26", "agreed": "600",
                      "minimum": "150"}),
    ("contract", {"contract": "A", "contract_kind": "iho", "holder": "P1", "commissioner": "ICB1", "fund": "core",
                  "population": "48500", "until": "2030-04-01"}),
    ("instalment", {"instalment": "A/Q2", "fund": "core", "from": "ICB1", "to": "P1", "due_on": "2025-09-30",
                    "amount": "75", "test": "90% of reviews are done"}),
    ("outcome", {"instalment": "A/Q2", "outcome": "moved", "moved_to": "P2", "date": "2025-10-01"}),
    ("limit", {"fund": "limit", "year": "2025/26", "amount": "20,000", **PAPER}),
    ("carry", {"from": "ICB2", "fund": "core", "amount": "40", "date": "2026-03-31"}),
    ("bring", {"to": "ICB2", "fund": "core", "amount": "40", "standing": "retained", "date": "2026-04-01"}),
    ("spend", {"organisation": "P1", "fund": "core", "amount": "7", "key": "by mistake", **MONEY}),
    ("reverse", {"entry": "by mistake"}),
    ("close-month", {"month": "2025-05", "date": "2025-05-31"}),
    ("appoint", {"person": "ada", "role": "administrator"}),
    ("appoint", {"person": "ben", "role": "approver", "organisation": "ICB1", "limit": "500", "alone": "yes",
                 "recorded_by": "ada"}),
    ("dismiss", {"person": "ben", "date": "2025-08-01", "recorded_by": "ada"}),
)  # fmt: skip
# Who else makes what no decision makes: the command for it.
ELSEWHERE = {
    "propose": "allocate", "decide": "proposal approve", "upgrade": "migrate", Proposal: "allocate",
    ProposedEntry: "allocate", ProposedTransfer: "allocate", ProposalEnd: "proposal approve", Upgrade: "migrate",
}  # fmt: skip


def made(store: Store, name: str, given: Mapping[str, str]) -> Made:
    asked = {"date": "2025-06-01", "reason": "decided", **given}
    actor = asked.pop("recorded_by", "tests")
    with store.read() as reader:
        return make(DECISIONS[name], asked, known(reader), actor=actor, where=lambda field: f"the {field}")


def test_every_kind_and_every_record_has_a_door() -> None:
    """A kind or a table that is new in the books, and that nobody can record, fails here."""
    kinds = {kind for one in DECISIONS.values() for kind in one.makes}
    tables = {table for one in DECISIONS.values() for table in one.brings}
    assert kinds.isdisjoint(ELSEWHERE)
    assert tables.isdisjoint(ELSEWHERE)
    assert kinds | tables | ELSEWHERE.keys() == {*ALL_KINDS, *RECORDS}
    commands, groups = set(), [("", typer.main.get_command(devolution.app))]
    while groups:
        prefix, group = groups.pop()
        for name, command in group.commands.items():
            commands.add(f"{prefix}{name}")
            if isinstance(command, TyperGroup):
                groups.append((f"{prefix}{name} ", command))
    assert set(ELSEWHERE.values()) | {f"record {name}" for name in DECISIONS} <= commands


def test_each_decision_does_what_it_says(funded: Store) -> None:
    """Worked by hand: of 6,000 of core the first ICB gives 200, gets 50 back, keeps 300 and frees 100 of it, sets 10
    aside, moves 20 elsewhere and 5 of it back: 5,625 are left. The second gets 100 on top of 3,000, and carries 40 into the next year,
    where it keeps them back."""
    for name, given in CASES:
        found = made(funded, name, given)
        assert not found.problems, texts(found.problems)
        post(funded, found.drafts)
        assert {draft.kind for draft in found.drafts} <= {*DECISIONS[name].makes}
    assert {name for name, _ in CASES} == set(DECISIONS)
    expected = {
        ("GOV", "limit", "source"): -(10_000 + 1_000 + 500) * 100,
        ("NHS", "limit", "available"): (10_000 - 9_000 + 500 - 100) * 100,
        ("ICB1", "core", "available"): 5_625_00,
        ("ICB1", "core", "retained"): 200_00,
        ("ICB1", "care", "available"): 10_00,
        ("ICB1", "growth", "available"): 15_00,
        ("ICB1", "winter", "available"): 1_000_00,
        ("ICB2", "core", "available"): 3_060_00,
        ("ICB2", "core", "retained"): 40_00,
        ("P1", "core", "available"): 125_00,
        ("P1", "core", "spent"): 25_00,
    }
    stands: dict[tuple[str, str, str], int] = {}
    for row in whole(funded).to_pylist():
        place = (row["organisation"], row["fund"], row["standing"].split(" ")[0])
        stands[place] = stands.get(place, 0) + row["amount_pence"]
    assert {place: pence for place, pence in stands.items() if pence} == expected
    with funded.read_afresh() as reader:
        assert verify.verify(reader) == []
        assert (
            reader.rows("SELECT valid_to FROM agreement WHERE supersedes IS NOT NULL")[0][0].isoformat() == "2025-09-01"
        )
        letter = reader.rows("SELECT source, note FROM entry JOIN transfer ON entry_number = number WHERE number = 7")
        assert letter == [("Allocation letter M3/17", "month 2025-06; contact regional team")]


def test_the_same_words_are_one_decision(funded: Store) -> None:
    name, given = CASES[3]
    (first,) = post(funded, made(funded, name, given).drafts)
    (again,) = post(funded, made(funded, name, {**given, "to": " P1 "}).drafts)
    (other,) = post(funded, made(funded, name, {**given, "key": "once more"}).drafts)
    assert (first.replayed, again.replayed, other.replayed) == (False, True, False)


def test_an_allocation_is_received_by_the_reference_of_its_letter(books: Store) -> None:
    """What the letter says need not be said again; said again at another time, it is the same receipt, whatever the
    letter says by then. What is given goes before what the letter says."""
    line = {"reference": "M3/7", "month": "2025-06", "to": "ICB1", "fund": "winter", "line_amount": "80", "recurrent": "NR",
            "notified_on": "2025-06-01", "contact": "regional team"}  # fmt: skip
    post(books, made(books, "letter", line).drafts)
    given = {"reference": "M3/7", "to": "ICB1", "from_fund": "limit", "new_money": "yes"}
    first = post(books, made(books, "receive", given).drafts)
    assert held(books)["ICB1", "winter", "available"] == 80_00
    with books.read() as reader:
        assert reader.rows(
            "SELECT DISTINCT source, note, recurrent FROM entry JOIN transfer ON entry_number = number"
        ) == [("Allocation letter M3/7", "month 2025-06; contact regional team", False)]
    post(books, made(books, "letter", {**line, "line_amount": "95", "date": "2025-06-02"}).drafts)
    with books.read() as reader:
        again = make(DECISIONS["receive"], {"date": "2025-06-01", "reason": "decided", **given}, known(reader),
                     actor="tests", where=str, then=as_it_was(reader))  # fmt: skip
    assert again.was_recorded
    assert [one.number for one in post(books, again.drafts)] == [one.number for one in first]
    post(books, made(books, "receive", {**given, "amount": "15"}).drafts)
    assert held(books)["ICB1", "winter", "available"] == 95_00
    (problem, *_) = made(books, "receive", {**given, "to": "ICB2"}).problems  # the line is another's
    assert (problem.where, problem.found) == ("the fund", "nothing is given.")


def test_it_says_what_stands_before_and_after(funded: Store) -> None:
    with funded.read() as reader:
        facts = known(reader)
        found = make(DECISIONS["devolve"], {"date": "2025-06-01", "reason": "decided", **CASES[3][1]}, facts,
                     actor="tests", where=str)  # fmt: skip
        touched = effect.balances(reader, found.drafts, found.drafts[0].effective_date)
    assert [(one.organisation, one.before_pence, one.after_pence) for one in touched] == [
        ("ICB1", 600_000, 580_000), ("P1", 0, 20_000),
    ]  # fmt: skip
    assert effect.sentences(found.drafts, touched, facts) == [
        "First ICB (core, 2025/26, available): £6,000 before, £5,800 after.",
        "First place (core, 2025/26, available): £0 before, £200 after.",
    ]
    lifted = made(funded, "terms", {"fund": "winter", "grade": "none", "authority": "Board", "recurrent": "no"})
    assert effect.sentences(lifted.drafts, [], facts) == [
        "winter was hard, formula, recurrent, left by vire or consolidate; "
        "from 2025-06-01 it is without a ring-fence, formula, non-recurrent, left by vire or consolidate.",
    ]
    silent = made(funded, "pot", {"code": "silent", "name": "Silent", "parent": "core", "quality": "red", **PAPER})
    (row,) = silent.drafts[0].records[Terms].to_pylist()
    assert (row["grade"], row["route"]) == (None, None)
    (told,) = effect.sentences(silent.drafts, [], facts)
    assert "ring-fence not known, route not known, not known whether it recurs" in told


@pytest.mark.parametrize(
    ("name", "given", "field", "said"),
    [
        ("devolve", {"from": "ICBB1"}, "from", "there is no organisation 'ICBB1'. Did you mean ICB1"),
        ("devolve", {"fund": "cor"}, "fund", "there is no fund 'cor'. Did you mean core"),
        ("devolve", {"amount": "12.345"}, "amount", "'12.345' is not a whole number of pence."),
        ("devolve", {"amount": "-5"}, "amount", "money that goes back is a decision of its own"),
        ("devolve", {"amount": ""}, "amount", "nothing is given."),
        ("devolve", {"date": "30/06/2025"}, "date", "'30/06/2025' is not a day."),
        ("devolve", {"year": "2025/27"}, "year", "'2025/27' is not a financial year."),
        ("devolve", {"recurrent": "perhaps"}, "recurrent", "'perhaps' is not yes or no."),
        ("devolve", {"standing": "spent"}, "standing", "'spent' is not one of a list."),
        ("devolve", {"colour": "red"}, "colour", "it holds 'red'."),
        ("receive", {"month": "2026-06"}, "month", "2026-06 is not in 2025/26."),
        ("agree", {"share": "101%"}, "share", "'101%' is not between 0% and 100%."),
        ("agree", {"share": "5%"}, "share", "an amount and a share are given."),
        ("end-agreement", {}, "agreement", "there is no such agreement in force."),
        ("pot", {"code": "core"}, "code", "there is a fund core already."),
        ("pot", {"quality": ""}, "quality", "nothing is given."),
        ("pot", {"parent": "", "resource": "revenue"}, "stream", "nothing is given."),
        ("pot", {"source": ""}, "source", "nothing is given."),
        ("pot", {"leave_by": "hope"}, "leave_by", "'hope' is no kind of entry that moves money"),
        ("terms", {"fund": "core", "grade": ""}, "grade", "no new terms are given."),
        ("organisation", {"code": "P1"}, "code", "there is an organisation P1 already."),
        ("tier", {"code": "pcn"}, "code", "there is a tier pcn already."),
        ("tier", {"rank": "four"}, "rank", "'four' is not a whole number."),
        ("total", {"source": ""}, "source", "nothing is given."),
        ("limit", {"source": ""}, "source", "nothing is given."),
        ("close-month", {"date": "2025-05-30"}, "date", "it is 2025-05-30."),
        ("reverse", {}, "entry", "there is no entry with the key 'by mistake'."),
        ("dismiss", {}, "person", "ben has no such right from 2025-08-01 on."),
        ("appoint", {"role": "administrator", "alone": ""}, "limit", "a limit of £500.00 for the role administrator."),
        ("appoint", {"period": "day", "limit": ""}, "period", "no limit per 'day'."),
        ("appoint", {"until": "2025-06-01"}, "until", "it would hold from 2025-06-01 and no longer from 2025-06-01."),
        ("rename", {"fund": "core"}, "organisation", "an organisation and a fund are given."),
        ("rename", {"organisation": ""}, "organisation", "neither an organisation nor a fund is given."),
        ("forecast", {"expected": "-1"}, "expected", "the amount is -1, which is below zero."),
        ("letter", {"line_amount": "0"}, "line_amount", "the amount is 0, which changes nothing."),
        ("letter", {"notified_on": ""}, "notified_on", "no day is given."),
        ("contribution", {"minimum": "601"}, "minimum", "the inner minimum is more than the whole contribution."),
        ("outcome", {}, "instalment", "there is no instalment 'A/Q2'."),
    ],
)
@pytest.mark.parametrize("kind", ["file"])
def test_what_cannot_be_read_is_told_of_its_field(
    books: Store, name: str, given: dict[str, str], field: str, said: str
) -> None:
    found = made(books, name, {**dict(CASES)[name], **given})
    assert not found.drafts
    (problem,) = [one for one in found.problems if one.where == f"the {field}"]
    assert said in problem.found
    assert problem.why
    assert problem.fix


@pytest.mark.parametrize("kind", ["file"])
def test_rules_of_the_books_refuse_with_their_fix(funded: Store) -> None:
    vire = made(funded, "vire", {"organisation": "ICB1", "fund": "winter", "to_fund": "core", "amount": "1", **MONEY})
    with pytest.raises(Refused, match="no authority is named"):
        post(funded, vire.drafts)
    loosened = made(funded, "terms", {"fund": "winter", "grade": "none"})
    with pytest.raises(Refused, match="Terms are loosened on somebody's authority"):
        post(funded, loosened.drafts)


@pytest.mark.parametrize("kind", ["file"])
def test_what_one_decision_brings_the_next_can_rest_on(books: Store) -> None:
    with books.read() as reader:
        facts = known(reader)
    pot, terms = (given for name, given in CASES if name in ("pot", "terms"))
    first = make(DECISIONS["pot"], {"date": "2025-06-01", "reason": "a", **pot}, facts, actor="tests", where=str)
    for draft in first.drafts:
        facts.learn(draft)
    second = make(DECISIONS["terms"], {"reason": "b", **terms}, facts, actor="tests", where=str)
    assert not second.problems
    assert len(post(books, [*first.drafts, *second.drafts])) == 2


def test_every_field_has_words_for_people() -> None:
    for decision in DECISIONS.values():
        assert len({field.name for field in decision.fields}) == len(decision.fields), decision.name
        for field in decision.fields:
            assert field.meaning, field.name
            assert field.example, field.name
            assert bool(field.choices) == (field.holds is Holds.WORD), (decision.name, field.name)
