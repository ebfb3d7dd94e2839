"""What a server's door refuses, as sentences: the same that a file's ledger says.

The server answers with what is wrong and where, as data; names for codes, and the nearest ones that are known, come
from the books as who asks may read them.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from ledger import refusals, rights, rules
from ledger.errors import AlreadyReversed, KeyReused, LedgerError, Problem, Refused
from ledger.reading import Reader, contradiction
from ledger.unmoved import BooksMoved

Fault = Mapping[str, Any]
_RULES = {rule.name: rule for rule in rules.ALL}
_DAY = len("2025-04-01")
# What this program never sends: whoever sends it speaks to the server in other ways.
_OURS = "The books take entries as this program writes them, and nothing else."
_WITH_IT = "Post it with this program."
_HEADER = {
    "missing": "it lacks a key, a kind, a day, an actor or a reason.",
    "twice": "its key is used twice in one batch.",
    "unclear": "one of its texts holds characters that cannot be seen, or an unusual form of a letter.",
    "day": "its day lies outside the calendar.",
    "kind": "its kind is none that may be posted.",
    "reversal": "its key, its kind and what it undoes do not fit together.",
    "records": "it moves money, or brings nothing, and its kind brings records only.",
    "money": "it has no legs, or brings records besides, and its kind moves money only.",
    "table": "it brings rows of a table that nobody posts to.",
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
        return Refused(rules.told((_RULES[one["rule"]], _typed(one["rows"]), one["in_all"]) for one in faults))
    if kind == "right":
        return Refused(rights.told(reader, _typed(one["row"] for one in faults)))
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
    kind, place = fault["fault"], f"entry '{fault.get('key')}'"
    if kind in _HEADER:
        return Problem(place, _HEADER[kind], _OURS, _WITH_IT)
    if kind == "unknown leg":
        return refusals.unknown(reader, f"{place}, leg {fault['leg']}", str(fault["code"]), fault["target"])
    if kind == "unknown":
        return refusals.unknown(reader, f"{fault['table']} {fault['id']}", str(fault["code"]), fault["target"])
    if kind == "taken":
        return refusals.taken(fault["table"], fault["id"])
    if kind == "unclear row":
        found = "it holds a day, an amount or a character that cannot be kept."
        return Problem(f"{fault['table']} {fault['id']}", found, _OURS, _WITH_IT)
    if kind == "sum":
        return refusals.too_much_in_all(int(fault["moved_pence"]), int(fault["pence"]))
    if kind == "name":
        speaks_for = fault["speaker"] or "nobody"
        found = f"it is in the name of {fault['actor']}, and this connection speaks for {speaks_for}."
        return Problem(place, found, "Nobody acts under another's name.", "Let whoever it names post it.")
    if kind == "speaker":
        return refusals.another_speaks(fault["login"], fault["named"])
    if kind == "database":
        return contradiction(str(fault["table"] or "of the books"), str(fault["said"]))
    found = {"legs": "its legs are not whole.", "size": "it is more than is taken at once, or is not whole."}[kind]
    return Problem("this batch", found, _OURS, "Post less at once, with this program.")
