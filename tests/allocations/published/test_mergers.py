"""Who followed whom, worked out from a summary and a map; and what is refused."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from allocations.files.published.change_summary import ChangeSummary, IcbSuccession, Move, SuccessorIcb
from allocations.files.published.mergers import Step, work_out
from allocations.files.published.registered_patients import PracticeMap
from ledger.errors import Refused

DAY = date(2026, 4, 1)
BEFORE = {
    "A00001": ("QAA", Decimal("100.5")), "A00002": ("QAA", Decimal(50)), "B00001": ("QBB", Decimal(30)),
    "C00001": ("QCC", Decimal(20)), "C00002": ("QCC", Decimal(5)),
}  # fmt: skip
AFTER = {"A00001": "X1Y2Z", "A00002": "QCC", "B00001": "X1Y2Z", "C00001": "QCC"}


def succession(old: str, new: str | None, name: str, kind: str) -> IcbSuccession:
    return IcbSuccession(old, new, name, kind, "Summary", "D7")


SUMMARY = ChangeSummary(
    DAY, (SuccessorIcb(None, "NHS New ICB", "Y61", "Summary", "C4"),),
    (succession("QAA", None, "NHS New ICB", "split"), succession("QAA", "QCC", "NHS Old ICB", "split"),
     succession("QBB", None, "NHS New ICB", "merge")),
    (), (Move("A00002", "QAA", "QCC", "NHS Old ICB", "Moves", "C9"),), (), (),
    problems=(), set_aside=(), remarks=(), ties=(),
)  # fmt: skip


def practice_map(after: dict[str, str] = AFTER, day: date = date(2026, 8, 1)) -> PracticeMap:
    table = pa.table({"practice": list(after), "icb": list(after.values()), "pcn": [None] * len(after)})
    names = {"X1Y2Z": "NHS New Integrated Care Board", "QCC": "NHS Old Integrated Care Board"}
    return PracticeMap(day, table, names, {}, {}, problems=(), set_aside=(), remarks=(), ties=())


def test_codes_come_from_the_map_and_weights_from_the_people_who_went() -> None:
    found = work_out("changes.xlsx", SUMMARY, practice_map(), BEFORE)
    assert found.steps == (
        Step("QAA", "QCC", "split", 50 * 10**9, "Summary!D7"),
        Step("QAA", "X1Y2Z", "split", 100_500_000_000, "Summary!D7"),
        Step("QBB", "X1Y2Z", "merge", 30 * 10**9, "Summary!D7"),
    )
    assert found.moved == {"A00001": ("QAA", "X1Y2Z"), "A00002": ("QAA", "QCC"), "B00001": ("QBB", "X1Y2Z")}
    assert found.sentences[-1] == "Of 1 practices that the summary lists and the map has, 1 stand where it says."


def test_who_gives_a_part_and_goes_on_keeps_the_rest() -> None:
    transfer = replace(SUMMARY, successions=(succession("QCC", "QBB", "NHS QBB", "transfer"),), practices=())
    after = {"C00001": "QCC", "C00002": "QBB", "B00001": "QBB"}
    steps = work_out("changes.xlsx", transfer, practice_map(after), BEFORE).steps
    assert [(step.predecessor, step.successor, step.weight) for step in steps] == [
        ("QCC", "QBB", 5 * 10**9),
        ("QCC", "QCC", 20 * 10**9),
    ]


def test_practices_that_closed_are_left_out_and_said() -> None:
    after = {code: icb for code, icb in AFTER.items() if code != "A00001"}
    after["A00003"] = "X1Y2Z"
    before = {**BEFORE, "A00003": ("QAA", Decimal(1))}
    found = work_out("changes.xlsx", SUMMARY, practice_map(after), before)
    assert "1 practices of these ICBs are not on the map any more: weights leave them out." in found.sentences


@pytest.mark.parametrize(
    ("summary", "now", "said"),
    [
        (SUMMARY, practice_map(day=date(2026, 3, 1)), "changes.xlsx: the change counts from 2026-04-01, and the practice map"),
        (SUMMARY, practice_map({**AFTER, "A00001": "QCC", "B00001": "QCC"}), "2 practices|1 practices went from QBB to QCC"),
        (SUMMARY, practice_map({**AFTER, "A00002": "X1Y2Z"}), "cell D7: QAA is followed by QCC, and no practice of QAA"),
        (replace(SUMMARY, successions=(succession("QAA", None, "NHS Elsewhere ICB", "merge"),)), practice_map(),
         "sheet Summary, cell D7: the code of NHS Elsewhere ICB is to be confirmed, and the practice map has no such"),
    ],
)  # fmt: skip
def test_what_does_not_fit_together_is_refused(summary: ChangeSummary, now: PracticeMap, said: str) -> None:
    with pytest.raises(Refused, match=said):
        work_out("changes.xlsx", summary, now, BEFORE)
