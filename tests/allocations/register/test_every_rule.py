"""Every rule of the books, broken once in a row of a register: told by the row's cell with its remedy, all at once."""

import string
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from openpyxl.utils import get_column_letter

from allocations.files.out.sheets import FIRST_ROW
from allocations.files.register.layout import columns
from allocations.files.register.reading import read_register
from allocations.files.register.writing import lists, write_register
from ledger.entries import chain
from ledger.entries.decisions import batch
from ledger.entries.decisions.known import known
from ledger.entries.posting import post
from ledger.entries.proposals import submit
from ledger.errors import Refused
from ledger.rules import in_order, rights_judged
from ledger.store.base import Store
from tests.books import JUNE, at, entry

Row = Mapping[str, str]

DECIDED = {"date": "2025-06-01", "reason": "decided"}
PAPER = {"source": "Letter of 1 June 2025"}
MONEY = {"amount": "2", "recurrent": "NR"}
TERMS = {
    "grade": "hard",
    "route": "formula",
    "recurrent": "NR",
    "notified_on": "2025-06-01",
    "quality": "green",
    **PAPER,
}
DEVOLVED = {"kind": "devolve", "from": "ICB1", "to": "P1", "fund": "core", **MONEY}
MANDATE = {"kind": "mandate", "to": "NHS", "fund": "limit", **MONEY}
POT = {"kind": "pot", "name": "Pot", "parent": "limit", **TERMS}
SUCCESSION = {"kind": "succession", "predecessor": "P1", "successor": "P2", "kind_of_change": "transfer", "weight": "5",
              "basis": "people"}  # fmt: skip
AGREED = {
    "kind": "agree",
    "organisation": "ICB1",
    "fund": "core",
    "partners": "P1",
    "reference": "7",
    "purpose": "risk",
}
TOTAL = {"kind": "total", "description": "x", "year": "2025/26", "from_tier": "national", "to_tier": "icb", **PAPER}

LETTER = {"kind": "letter", "month": "2025-07", "to": "ICB1", "fund": "winter", "line_amount": "40", "recurrent": "NR",
          "notified_on": "2025-06-20"}  # fmt: skip
INSTALMENT = {"kind": "instalment", "instalment": "A/Q2", "fund": "core", "from": "ICB1", "to": "P1",
              "due_on": "2025-09-30", "amount": "75", "test": "90% of reviews"}  # fmt: skip
# Rows that stand, and on which the others rest.
BEFORE: tuple[Row, ...] = (
    {"kind": "close-month", "month": "2025-04", "date": "2025-04-30"},
    {
        "kind": "organisation",
        "code": "P8",
        "name": "Short-lived",
        "tier": "place",
        "part_of": "ICB1",
        "date": "2025-05-01",
    },
    {"kind": "close", "organisation": "P8", "date": "2025-08-01"},
    {"kind": "relate", "child": "G1", "part_of": "N2", "scheme": "line", "date": "2025-09-01"},
    {**POT, "code": "high", "lowest_tier": "icb"},
    {
        "kind": "receive",
        "to": "ICB1",
        "fund": "high",
        "from_fund": "limit",
        "new_money": "yes",
        "reference": "1",
        **MONEY,
    },
    {
        "kind": "receive",
        "to": "ICB1",
        "fund": "winter",
        "from_fund": "limit",
        "new_money": "yes",
        "reference": "2",
        **MONEY,
    },
    {"kind": "limit", "fund": "estate", "year": "2025/26", "amount": "10", **PAPER},
    {**DEVOLVED, "key": "June"},
    {**INSTALMENT, "key": "instalment"},
    {"kind": "outcome", "instalment": "A/Q2", "outcome": "earned"},
)
# What breaks a rule: its name, the row, the field that is told, and words of what is said.
BROKEN: tuple[tuple[str, Row, str, str], ...] = (
    (
        "shape/relationship",
        {"kind": "relate", "child": "P2", "part_of": "ICB1", "scheme": "other", "part": "0"},
        "part",
        "its part is 0",
    ),
    (
        "shape/succession",
        {**SUCCESSION, "successor": "P3", "weight": "9007199254740993"},
        "weight",
        "its weight is 9007199254740993",
    ),
    ("names/people", {**DEVOLVED, "recorded_by": "TESTS"}, "recorded_by", "the books know 'tests'"),
    (
        "names/organisation",
        {"kind": "organisation", "code": "p1", "name": "x", "tier": "place"},
        "code",
        "the books know 'P1'",
    ),
    ("names/fund", {**POT, "code": "CORE"}, "code", "the books know 'core'"),
    (
        "names/tier",
        {"kind": "tier", "code": "ICB", "name": "x", "rank": "9", "depth": "1"},
        "code",
        "the books know 'icb'",
    ),
    (
        "closed/late",
        {**DEVOLVED, "date": "2025-04-10"},
        "date",
        "the months to April 2025 (month 1 of 2025/26) are closed",
    ),
    (
        "closed/past",
        {"kind": "terms", "fund": "core", "returns_per_year": "3", "date": "2025-04-09", **TERMS},
        "date",
        "the months to April 2025 (month 1 of 2025/26) are closed",
    ),
    (
        "structure/once",
        {"kind": "relate", "child": "G1", "part_of": "N1", "scheme": "line", "date": "2025-07-01"},
        "child",
        "it is in",
    ),
    (
        "structure/downward",
        {"kind": "relate", "child": "P1", "part_of": "G1"},
        "part_of",
        "goes up or across the tiers",
    ),
    (
        "structure/tiers",
        {"kind": "tier", "code": "above", "name": "Above all", "rank": "0", "depth": "0"},
        "rank",
        "the one tier above all others",
    ),
    (
        "structure/told",
        {**POT, "code": "told", "return_months": "July"},
        "return_months",
        "its return_months is 'July'",
    ),
    ("structure/successions", SUCCESSION, "predecessor", "P1 goes on after that day"),
    ("structure/agreements", {**AGREED, "until": "2025-05-30"}, "until", "to 2025-05-30"),
    ("plans/wording", {**LETTER, "reference": "M4;17"}, "reference", "has a semicolon"),
    (
        "plans/contracts",
        {
            "kind": "contract",
            "contract": "B",
            "contract_kind": "snp",
            "holder": "P1",
            "commissioner": "ICB1",
            "fund": "core",
            "sub_contract_of": "A",
        },
        "sub_contract_of",
        "which is no earlier contract",
    ),
    ("plans/instalments", INSTALMENT, "instalment", "it is earned already"),
    (
        "terms/loosened",
        {"kind": "terms", "fund": "care", "grade": "none", **PAPER},
        "authority",
        "would be graded none",
    ),
    ("money/dated", {**DEVOLVED, "year": "2024/25"}, "date", "outside the year 2024/25"),
    ("money/closed", {**DEVOLVED, "to": "P8", "date": "2025-09-01"}, "to", "does not exist on 2025-09-01"),
    ("money/kind", {**DEVOLVED, "fund": "winter", "to_fund": "core"}, "to_fund", "core"),
    ("money/related", {**DEVOLVED, "to": "P3"}, "to", "is not below"),
    ("money/lowest-tier", {**DEVOLVED, "fund": "high"}, "to", "money on high goes to First place"),
    (
        "money/fenced",
        {"kind": "vire", "organisation": "ICB1", "fund": "winter", "to_fund": "core", **MONEY},
        "authority",
        "money would leave winter",
    ),
    ("money/overdrawn", {**DEVOLVED, "amount": "99,999"}, "amount", "below zero"),
    ("money/reversed", {"kind": "reverse", "entry": "June", "date": "2025-05-30"}, "entry", "is dated before it"),
    ("source/limit", {**MANDATE, "fund": "estate", "amount": "11"}, "amount", "the limit is £10.00"),
    (
        "carried/days",
        {"kind": "carry", "from": "ICB1", "fund": "core", "amount": "1", "date": "2026-03-30"},
        "date",
        "is dated 2026-03-30",
    ),
    (
        "carried/sums",
        {"kind": "bring", "to": "ICB2", "fund": "core", "amount": "1", "date": "2026-04-01"},
        "amount",
        "£1.00 would come",
    ),
    (
        "published/totals",
        {**TOTAL, "amount": "3", "fund": "estate"},
        "amount",
        "the books show £0.00, which is £3.00 too little",
    ),
    (
        "reserved/short",
        {**DEVOLVED, "from": "ICB2", "to": "P3", "amount": "2,000"},
        "amount",
        "£2,000.00 of it is reserved by wanted",
    ),
    # A month that closes out of turn would keep out what stands below it.
    (
        "closed/order",
        {"kind": "close-month", "month": "2025-07", "date": "2025-07-31"},
        "month",
        "the newest month that is closed is April 2025",
    ),
    ("closed/ahead", {"kind": "close-month", "month": "2098-07", "date": "2098-07-31"}, "month", "it has not ended"),
)
# Rules that no row of a register can break, and why.
NO_ROW_CAN = {
    **dict.fromkeys(("shape/brings", "shape/legs", "shape/accounts", "carried/legs", "structure/superseded",
                     "source/one-limit"), "the decision makes it of what is given"),
    **dict.fromkeys(("structure/funds", "structure/terms", "structure/closed-once", "shape/entry",
                     "shape/organisation", "shape/closure", "shape/terms", "shape/agreement", "shape/control_total",
                     "shape/closed_month", "shape/appointment", "shape/dismissal", "shape/source_limit",
                     "shape/renaming", "shape/forecast", "shape/letter", "shape/contribution", "shape/contract",
                     "shape/instalment"),
                    "what could break it is told when it is read"),
    "shape/sums": "it takes more than five hundred rows",
    **{rule.name: "no row makes or decides a proposal" for rule in in_order.ALL
       if rule.name.startswith(("decision/", "shape/propos"))},
}  # fmt: skip
# In workbooks of their own: what is broken there would change what is said of every other row.
ELSEWHERE = ("source/elsewhere",)


@pytest.fixture(params=["file", "server"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_every_rule_has_a_row_that_breaks_it_or_a_reason_why_none_can() -> None:
    broken = [name for name, *_ in BROKEN]
    assert len(set(broken)) == len(broken)
    assert sorted([*broken, *NO_ROW_CAN, *ELSEWHERE]) == sorted(rule.name for rule in in_order.ALL)


def told(store: Store, path: Path, rows: Sequence[Row]) -> dict[str, tuple[str, str]]:
    """What is said of a workbook, by cell: what is found, and what to do. The books are as they were."""
    with store.read() as reader:
        before, offered = chain.books_hash(reader), lists(known(reader))
    write_register(path, [{**DECIDED, **row} for row in rows], offered)
    with pytest.raises(Refused) as refused:
        batch.record(store, read_register(path).rows, actor="tests")
    with store.read() as reader:
        assert chain.books_hash(reader) == before
    assert all(problem.why and problem.fix for problem in refused.value.problems)
    found: dict[str, tuple[str, str]] = {}
    for problem in refused.value.problems:
        cell = str(problem.where).rpartition(" ")[2]
        found[cell] = (found.get(cell, ("", ""))[0] + problem.found, problem.fix)
    return found


def check(found: Mapping[str, tuple[str, str]], expected: Sequence[tuple[int, str, str, str]]) -> None:
    """Each row that breaks a rule is told at its cell, and no other row is."""
    wanted = {str(row) for row, *_ in expected}
    others = {cell: said for cell, (said, _) in found.items() if cell.lstrip(string.ascii_uppercase) not in wanted}
    assert not others, "\n".join(f"{a} {b}" for a, b in others.items())
    wrong = [
        (name, f"{letter(field)}{row}", said, {cell: text for cell, text in found.items() if cell.endswith(str(row))})
        for row, name, field, said in expected
        if said not in found.get(f"{letter(field)}{row}", ("", ""))[0]
    ]
    assert not wrong, "\n".join(map(str, wrong))


def letter(field: str) -> str:
    return get_column_letter(columns().index(field) + 1)


def test_each_rule_that_a_row_breaks_is_told_by_its_cell_all_at_once(funded: Store, tmp_path: Path) -> None:
    wanted = entry("devolve", at("ICB2", "core"), at("P3", "core"), 200_000, day=JUNE)
    submit(funded, [wanted], key="wanted", title="Wanted", prepared_by="somebody")
    rows: list[Row] = [*BEFORE]
    expected = []
    for nth, (name, row, field, said) in enumerate(BROKEN):
        good = [] if row["kind"] == "close-month" else [{**DEVOLVED, "key": f"good {nth}"}]
        expected.append((FIRST_ROW + len(rows) + 1, name, field, said))
        rows += [row, *good]
    check(told(funded, tmp_path / "r.xlsx", rows), expected)


def test_what_is_reserved_at_the_source_is_told_too(funded: Store, tmp_path: Path) -> None:
    """Fenced money that went back to the source waits there: whoever gives other money meanwhile says who allows it."""
    post(funded, [entry("mandate", at("GOV", "winter"), at("NHS", "winter"), 50)])
    post(funded, [entry("return", at("NHS", "winter"), at("GOV", "winter"), 50)])
    rows = [{**MANDATE, "authority": "Treasury"}, MANDATE]
    check(told(funded, tmp_path / "r.xlsx", rows), [(FIRST_ROW + 2, "source/elsewhere", "authority", "£0.50")])


APPOINTED: tuple[Row, ...] = (
    {"kind": "appoint", "person": "ada", "role": "administrator"},
    {"kind": "appoint", "person": "ben", "role": "approver", "organisation": "ICB1", "limit": "100", "alone": "yes",
     "recorded_by": "ada"},
    {"kind": "appoint", "person": "cy", "role": "preparer", "recorded_by": "ada"},
    {**DEVOLVED, "recorded_by": "ben", "key": "good"},
)  # fmt: skip
# What nobody may do, by whom it is done, with the field that is told.
UNRIGHTFUL: tuple[tuple[str, Row, str, str], ...] = (
    ("post", {**DEVOLVED, "recorded_by": "cy"}, "from", "cy may not post money of First ICB"),
    ("limit", {**DEVOLVED, "amount": "101", "recorded_by": "ben"}, "amount", "£101.00 in all"),
    ("record", {"kind": "terms", "fund": "growth", "grade": "hard", "recorded_by": "ben", **PAPER}, "kind", "ben may not change terms"),
    ("structure", {"kind": "organisation", "code": "P9", "name": "x", "tier": "place", "part_of": "ICB1",
                   "recorded_by": "ben"}, "part_of", "ben may not change the structure"),
    ("nothing", {"kind": "organisation", "code": "P7", "name": "x", "tier": "place", "recorded_by": "ben"},
     "kind", "ben may not post what concerns the whole"),
    ("appoint", {"kind": "appoint", "person": "dee", "role": "viewer", "recorded_by": "ben"}, "kind", "ben may not appoint"),
    ("self", {"kind": "appoint", "person": "ada", "role": "viewer", "recorded_by": "ada"}, "kind", "ada would appoint themselves"),
    ("divided", {"kind": "appoint", "person": "e/f", "role": "preparer", "recorded_by": "ada"}, "kind", "holds a '/'"),
    ("undo", {"kind": "reverse", "entry": "good", "recorded_by": "cy"}, "kind", "cy may not reverse an entry"),
    ("last", {"kind": "dismiss", "person": "ada", "recorded_by": "ada"}, "kind", "nobody would be administrator"),
)  # fmt: skip


# Acts and rules of rights that no row comes to: of proposals, and of limits that count over no period.
NO_ROW_DOES = ("approve", "reject", "propose", "expire", "period")


def test_every_rule_of_rights_has_a_row_that_breaks_it() -> None:
    covered = {name for name, *_ in UNRIGHTFUL if name != "limit"} | {"first", *NO_ROW_DOES}
    assert covered == {*rights_judged.ACTS, *rights_judged.RULES}


def test_what_somebody_has_no_right_to_is_told_by_its_cell(funded: Store, tmp_path: Path) -> None:
    rows: list[Row] = [*APPOINTED]
    expected = []
    for nth, (name, row, field, said) in enumerate(UNRIGHTFUL):
        expected.append((FIRST_ROW + len(rows) + 1, name, field, said))
        rows += [row, {**DEVOLVED, "recorded_by": "ben", "key": f"good {nth}"}]
    check(told(funded, tmp_path / "r.xlsx", rows), expected)


@pytest.mark.parametrize("kind", ["file"])
@pytest.mark.parametrize("row", [
    {"kind": "appoint", "person": "ada", "role": "viewer"},  # the first right is an administrator's
    {**DEVOLVED, "date": "1920-01-01"},
    {**DEVOLVED, "date": "1850-01-31"},
    {**POT, "code": "old", "notified_on": "9999-12-31"},
    {"kind": "tier", "code": "x", "name": "x", "rank": "99999999999", "depth": "1"},
    {**TOTAL, "amount": "3", "fund": "estate", "tolerance_pence": "9999999999999999999"},
    {**DEVOLVED, "amount": "92233720368547758.08"},
    {**DEVOLVED, "key": "reverse:1"},
    {**DEVOLVED, "reason": "a\u202eb"},
], ids=str)  # fmt: skip
def test_a_row_that_is_wrong_in_another_way_is_told_by_its_cell(funded: Store, tmp_path: Path, row: Row) -> None:
    found = told(funded, tmp_path / "r.csv", [{**DEVOLVED, "key": "good"}, row])
    assert {cell.lstrip(string.ascii_uppercase) for cell in found} == {"3"}
