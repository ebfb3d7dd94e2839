"""Whether entries were made by somebody with a right to them.

Every entry is judged when it is posted, and again by ``verify``: by the name of its author, on the day it was
recorded, by the appointments and the structure known before it. Whoever owns the ledger's tables is judged as
everybody else. A server asks the same question.
"""

from collections.abc import Collection, Sequence
from typing import Any

from ledger.errors import Problem
from ledger.inputs import Action, Input
from ledger.money import exact_pounds
from ledger.rules import decisions
from ledger.rules import rights_questions as questions
from ledger.rules.rights import EACH_PERIOD, NAMED, in_force
from ledger.rules.rule import needed
from ledger.store.reading import Reader

_WITHIN = {
    "first": "$first",
    "day": "CAST(e.recorded_at AT TIME ZONE 'UTC' AS DATE)",
    "named": NAMED,
    "approved_entry": "SELECT * FROM approved_entry",
}
_COUNTS = "SELECT 1 FROM appointment WHERE limit_period IS NOT NULL LIMIT 1"
_MOST_SHOWN = 20
_NEWEST = 2**63 - 1
_MAY_BE_COVERED = ("post", "record", "structure")

# What each act is called, and what it needs.
ACTS = {
    "post": ("post money of {where} without a proposal", "an approver who may post alone"),
    "record": ("change terms or agreements of {where} without a proposal", "an approver who may post alone, no limit"),
    "undo": ("reverse an entry of {where}", "an approver"),
    "approve": ("approve for {where}", "an approver"),
    "reject": ("reject for {where}", "an approver"),
    "propose": ("propose for {where}", "a preparer"),
    "expire": ("let a proposal of {where} expire", "a preparer, an approver or an administrator"),
    "structure": ("change the structure of {where}", "an administrator"),
    "appoint": ("appoint or dismiss for {where}", "an administrator"),
    "nothing": ("post what concerns {where}", "an administrator"),
}
_TWO = f"Prepare it as a proposal ({Input.PROPOSE.named}) that somebody else approves, or ask somebody who may."
_WHERE, _UNTIL = Input.ORGANISATION.named, Input.UNTIL.named
RULES = {
    "self": (
        "{actor} would appoint themselves {act}.",
        "Nobody gives themselves a right.",
        "Let another administrator appoint.",
    ),
    "period": (
        "{organisation} would be {act} with a limit of £{limit}, in no period.",
        "A limit on each decision alone is got around by cutting an amount in pieces.",
        f"Say for how long: {Input.PERIOD.set_to('day')}, month or year.",
    ),
    "divided": (
        "the name '{organisation}' holds a '/'.",
        "The name of a proposal begins with its preparer's and a '/', so that no two people's are alike.",
        "Appoint them under a name without one.",
    ),
    "first": (
        "the first appointment is {act}, for {where}.",
        "From the first appointment on rights count, so somebody must be able to give them.",
        f"First appoint an administrator over the whole, without an end: leave {_WHERE} and {_UNTIL} out.",
    ),
    "last": (
        "nobody would be administrator over the whole from then on.",
        "Nobody could appoint anybody any more.",
        "First appoint another administrator over the whole, without an end.",
    ),
}


def problems(reader: Reader, first: int, tables: Collection[str] | None = None) -> list[Problem]:
    """What entries from ``first`` on did without a right to it; nothing while nobody is appointed.

    Args:
        reader: the books, with the entries to be judged already written.
        first: the first entry to judge; 1 for all there ever were.
        tables: where they are new, the names of the tables that they bring rows of.
    """
    if not in_force(reader):
        return []
    return in_words(reader, _faults(reader, first, tables))


def in_words(reader: Reader, rows: Sequence[dict[str, Any]]) -> list[Problem]:
    """What was done without a right to it, in words.

    Args:
        rows: of the question ``rights_questions.FAULTS``, wherever it was asked.
    """
    names = {str(code): str(name) for code, name in reader.rows("SELECT code, name FROM organisation")} if rows else {}
    return [_problem(row, names) for row in _by_themselves(rows)[:_MOST_SHOWN]]


def _by_themselves(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Without what is beyond a limit only because of entries that are told of already, and would not stand."""
    beyond: dict[tuple[object, ...], int] = {}
    found = []
    for row in rows:
        if row["fault"] == "right" and row["limit_pence"] is not None and row["pence"] and row["limit_period"]:
            whose = (row["actor"], row["act"], row["limit_pence"], row["limit_period"])
            if row["moved"] - beyond.get(whose, 0) <= row["limit_pence"]:
                continue
            beyond[whose] = beyond.get(whose, 0) + row["pence"]
        found.append(row)
    return found


def kept(reader: Reader) -> list[Problem]:
    """What any entry did without a right to it, as far as the reader can tell.

    Who does not see every proposal cannot tell what was approved: that is judged by who sees the whole.
    """
    if not reader.unseen or not in_force(reader):
        return problems(reader, 1)
    found = [
        row for row in _faults(reader, 1)
        if row["number"] not in reader.unseen and not (row["fault"] == "right" and row["act"] in _MAY_BE_COVERED)
    ]  # fmt: skip
    return [_problem(row, {}) for row in found[:_MOST_SHOWN]]


def _faults(reader: Reader, first: int, tables: Collection[str] | None = None) -> list[dict[str, Any]]:
    given = {"first": first, "last": _NEWEST}
    question = questions.FAULTS
    if tables is not None:
        question = questions.narrowed(frozenset(tables), counts=bool(reader.rows(_COUNTS)))
    for name in needed(["approved_entry"]):
        reader.stage(name, decisions.relation(reader, name, given))
    rows: list[dict[str, Any]] = reader.table(question.format(**_WITHIN), given).to_pylist()
    return rows


def _where(organisation: str | None, names: dict[str, str]) -> str:
    if organisation is None:
        return "the whole of the books"
    return f"{names[organisation]} ({organisation})" if organisation in names else organisation


def _problem(row: dict[str, Any], names: dict[str, str]) -> Problem:
    place, where = f"entry {row['number']}", _where(row["organisation"], names)
    if row["fault"] != "right":
        found, why, remedy = RULES[row["fault"]]
        limit = exact_pounds(row["limit_pence"] or 0)
        return Problem(place, found.format(**row, where=where, limit=limit), why, remedy)
    does, needs = ACTS[row["act"]]
    amount = f", £{exact_pounds(row['pence'])} in all" if row["pence"] else ""
    found = f"{row['actor']} may not {does.format(where=where)}{amount}."
    why = f"It needs {needs} for that organisation or one above it{_limit_of(row)}"
    remedy = _TWO if row["act"] in ("post", "record") else "Ask one, or an administrator for the right."
    about = "amount" if row["pence"] and row["limit_pence"] is not None else ""
    return Problem(place, found, why, f"{remedy} See {Action.ROLES.done()}.", about)


def _limit_of(row: dict[str, Any]) -> str:
    """How far somebody with the right is beyond its limit; of who has none, that there may be one."""
    limit, period = row["limit_pence"], row["limit_period"]
    if limit is None or not row["pence"]:
        return ", within the limit."
    if period is None:
        return f", and the limit is £{exact_pounds(limit)} in one decision."
    before = row["moved"] - row["pence"]
    does = "proposed" if row["act"] == "propose" else "moved"
    left = max(limit - before, 0)
    return (
        f", and the limit is £{exact_pounds(limit)} {EACH_PERIOD[period]}: £{exact_pounds(before)} of it is {does} "
        f"already, and £{exact_pounds(left)} remains."
    )
