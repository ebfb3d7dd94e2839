"""What a server's door refuses, as sentences: the same that a file's ledger says.

The server answers with what is wrong and where, as data; names for codes, and the nearest ones that are known, come
from the books as who asks may read them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from ledger.entries import refusals
from ledger.entries.at_head import BooksMoved
from ledger.errors import AlreadyReversed, KeyReused, LedgerError, Problem, Refused
from ledger.money import LARGEST_PENCE
from ledger.rules import beforehand, in_order, rights_judged
from ledger.store.reading import Reader, contradiction
from ledger.store.server import rules as server_rules

Fault = Mapping[str, Any]
_RULES = {rule.name: rule for rule in server_rules.ASKED}
_DAY = len("2025-04-01")
# What this program never sends: whoever sends it speaks to the server in other ways.
_OURS = "The books take entries as this program writes them, and nothing else."
_WITH_IT = "Post it with this program."
_FAULTS = {
    "twice": "its key is used twice in one batch.",
    "unclear": "one of its texts holds characters that cannot be seen, or an unusual form of a letter.",
    "table": "it brings rows of a table that nobody posts to.",
    "legs": f"its legs are not whole: each moves 1 to at most {LARGEST_PENCE} pence between two accounts.",
    "size": "it is more than is taken at once, or is not whole.",
    "unclear row": "it holds characters that cannot be seen.",
}  # fmt: skip


def refusal(faults: Sequence[Fault], reader: Reader, *, seen_head: str | None = None) -> LedgerError:
    """What is raised for what a server refused.

    Args:
        reader: the books as they are, for names.
        seen_head: the head at which the batch was looked at.
    """
    kind = faults[0]["fault"]
    if kind == "moved":
        return BooksMoved(seen_head or "", faults[0]["head"])
    if kind == "key":
        return KeyReused([refusals.key_reused(one["key"], one["number"]) for one in faults])
    if kind == "reversed":
        by = ((one["number"], one["by"] or "another one in this batch") for one in faults)
        return AlreadyReversed([refusals.reversed_before(*each) for each in sorted(by, key=lambda each: int(each[0]))])
    if kind == "rule":
        return Refused(in_order.told((_RULES[one["rule"]], _typed(one["rows"]), one["in_all"]) for one in faults))
    if kind == "right":
        return Refused(rights_judged.told(reader, _typed(one["row"] for one in faults)))
    return Refused([_problem(one, reader) for one in faults])


def _typed(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows with days as days, which JSON has as texts. A text that looks like a day is written as one all the same."""
    return [{name: _day(value) for name, value in row.items()} for row in rows]


def _day(value: Any) -> Any:
    if isinstance(value, str) and len(value) == _DAY and value[4] == value[7] == "-":
        try:
            return date.fromisoformat(value)
        except ValueError:
            return value
    return value


def _problem(fault: Fault, reader: Reader) -> Problem:
    where = f"entry '{fault['key']}'" if fault.get("key") else "this batch"
    row = f"{fault.get('table')} {fault.get('id')}"
    said = {
        "unknown leg": lambda: refusals.unknown(
            reader, f"{where}, leg {fault['leg']}", str(fault["code"]), fault["target"]
        ),
        "unknown": lambda: refusals.unknown(reader, row, str(fault["code"]), fault["target"]),
        "taken": lambda: refusals.taken(fault["table"], fault["id"]),
        "sum": lambda: refusals.too_much_in_all(int(fault["moved_pence"]), int(fault["pence"])),
        "hidden": lambda: beforehand.not_seen(fault["proposal"], fault["reason"], fault["person"]),
        "speaker": lambda: refusals.another_speaks(fault["login"], fault["named"]),
        "name": lambda: _in_the_name(where, fault),
        "database": lambda: contradiction(str(fault["table"] or "of the books"), str(fault["said"])),
    }
    if fault["fault"] in said:
        return said[fault["fault"]]()
    return Problem(row if fault.get("table") else where, _FAULTS[fault["fault"]], _OURS, _WITH_IT)


def _in_the_name(where: str, fault: Fault) -> Problem:
    found = f"it is in the name of {fault['actor']}, and this connection speaks for {fault['speaker'] or 'nobody'}."
    return Problem(where, found, "Nobody acts under another's name.", "Let whoever it names post it.")
