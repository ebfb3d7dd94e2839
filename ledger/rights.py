"""Who may do what in a ledger, once it has an administrator; until then it is a single user's.

Every entry is judged when it is posted, and again by ``verify``: by the name of its author, on the day it was
recorded, by the appointments and the structure known before it. A server's triggers ask the same question.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger import rights_questions as questions
from ledger.errors import Problem
from ledger.money import exact_pounds
from ledger.reading import Reader

_NAMED = (
    "LATERAL (SELECT unnest(regexp_extract_all(n.brings, "
    '\'"(?:organisation|parent|child|predecessor|successor)":"([^"]*)"\', 1)) AS organisation) named'
)
_FAULTS = questions.FAULTS.format(first="$first", day="CAST(e.recorded_at AT TIME ZONE 'UTC' AS DATE)", named=_NAMED)
_MOST_SHOWN = 20
# For whom what everybody shares is read: somebody without any right, who sees no proposal.
NOBODY = ""
_MAY_BE_COVERED = ("post", "record", "structure")

_HELD = """
SELECT a.id, a.person, a.role, a.organisation, o.name AS organisation_name, a.limit_pence, a.alone, a.valid_from,
       CASE WHEN d.valid_to IS NULL OR a.valid_to < d.valid_to THEN a.valid_to ELSE d.valid_to END AS valid_to,
       e.actor AS given_by, e.recorded_at AS given_at, e.reason, e.number AS entry
FROM appointment a JOIN entry e ON e.number = a.entry_number LEFT JOIN organisation o ON o.code = a.organisation
LEFT JOIN (SELECT appointment, min(valid_to) AS valid_to FROM dismissal WHERE entry_number <= $known GROUP BY 1) d
    ON d.appointment = a.id
WHERE a.entry_number <= $known
ORDER BY a.entry_number, a.id
"""

# What each act is called, what it needs, and what to do.
_ACTS = {
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
_TWO = "Prepare it as a proposal ('--propose') that somebody else approves, or ask somebody who may."


@dataclass(frozen=True, slots=True)
class Held:
    """A right that was given.

    Attributes:
        id: the appointment's name in the books.
        organisation: its code, with everything below it; none for the whole.
        limit_pence: the most that one decision may move; none for no limit.
        alone: whether an approver may post without a proposal.
        valid_to: the first day on which it no longer holds, dismissals included.
        given_by: who appointed; ``given_at`` when, ``reason`` why, ``entry`` in which entry.
    """

    id: str
    person: str
    role: str
    organisation: str | None
    organisation_name: str | None
    limit_pence: int | None
    alone: bool
    valid_from: date
    valid_to: date | None
    given_by: str
    given_at: Any
    reason: str
    entry: int

    def holds(self, day: date) -> bool:
        """Whether it is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day < self.valid_to)


_DOES = {
    "viewer": "see the proposals",
    "preparer": "propose",
    "approver": "approve or reject what others propose, and reverse what others posted",
    "auditor": "see the proposals, to check them",
    "administrator": "appoint, dismiss, and change the structure",
    "app": "say who is at its screen, whose rights then count",
}


def in_words(held: Held) -> str:
    """A right as a sentence."""
    scope = "the whole" if held.organisation is None else f"{held.organisation_name} ({held.organisation})"
    limit = "" if held.limit_pence is None else f", up to £{exact_pounds(held.limit_pence)} in one decision"
    alone = ", and post without a proposal" if held.alone else ""
    until = "" if held.valid_to is None else f" until {held.valid_to}"
    below = "" if held.organisation is None else " and all below it"
    return f"{held.role}: may {_DOES[held.role]}{alone} for {scope}{below}{limit}, from {held.valid_from}{until}."


def in_force(reader: Reader) -> bool:
    """Whether anybody was ever appointed, so that rights count."""
    return bool(reader.rows("SELECT 1 FROM appointment LIMIT 1"))


def given(reader: Reader, known: int) -> list[Held]:
    """Every right given by the entry ``known``, oldest first, ended ones included."""
    return [Held(**row) for row in reader.table(_HELD, {"known": known}).to_pylist()]


def problems(reader: Reader, first: int) -> list[Problem]:
    """What entries from ``first`` on did without a right to it; nothing while nobody is appointed."""
    if not in_force(reader):
        return []
    return told(reader, reader.table(_FAULTS, {"first": first}).to_pylist())


def told(reader: Reader, rows: Sequence[dict[str, Any]]) -> list[Problem]:
    """What was done without a right to it, in words."""
    names = {str(code): str(name) for code, name in reader.rows("SELECT code, name FROM organisation")} if rows else {}
    return [_told(row, names) for row in rows[:_MOST_SHOWN]]


def kept(reader: Reader) -> list[Problem]:
    """What any entry did without a right to it, as far as the reader can tell.

    Who does not see every proposal cannot tell what was approved: that is judged by who sees the whole.
    """
    if not reader.unseen or not in_force(reader):
        return problems(reader, 1)
    rows = reader.table(_FAULTS, {"first": 1}).to_pylist()
    told = [
        row for row in rows
        if row["number"] not in reader.unseen and not (row["fault"] == "right" and row["act"] in _MAY_BE_COVERED)
    ]  # fmt: skip
    return [_told(row, {}) for row in told[:_MOST_SHOWN]]


def seen(person: str, day: date) -> tuple[str, str]:
    """Questions for the proposals, and for the legs of proposals, that a person may see on a day; DuckDB's."""
    given = {"person": _quoted(person), "today": f"DATE '{day}'", "named": _NAMED}
    return questions.SEEN_PROPOSALS.format(**given), questions.SEEN_TRANSFERS.format(**given)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def where(organisation: str | None, names: dict[str, str]) -> str:
    """An organisation in words."""
    if organisation is None:
        return "the whole of the books"
    return f"{names[organisation]} ({organisation})" if organisation in names else organisation


def _told(row: dict[str, Any], names: dict[str, str]) -> Problem:
    place, fault, actor = f"entry {row['number']}", row["fault"], row["actor"]
    if fault == "right":
        does, needs = _ACTS[row["act"]]
        amount = f", £{exact_pounds(row['pence'])} in all" if row["pence"] else ""
        found = f"{actor} may not {does.format(where=where(row['organisation'], names))}{amount}."
        remedy = _TWO if row["act"] in ("post", "record") else "Ask one, or an administrator for the right."
        why = f"It needs {needs} for that organisation or one above it, within the limit."
        return Problem(place, found, why, f"{remedy} See 'devolution roles'.")
    found, why, remedy = _RULES[fault]
    return Problem(place, found.format(**row), why, remedy)


_RULES: dict[str, tuple[str, str, str]] = {
    "name": (
        "{actor} posted it, and it says that {organisation} did.",
        "Nobody acts under another's name.",
        "Let whoever it names post it.",
    ),
    "own": (
        "{actor} would have it {act}, and {organisation} prepared it.",
        "Nobody decides on what they prepared, and only who prepared it takes it back.",
        "Let somebody else decide.",
    ),
    "day": (
        "it would be {act}, and its last day is {organisation}.",
        "A proposal is decided until its last day, and expires after it.",
        "Decide it in time, or let it expire and submit anew.",
    ),
    "joined": (
        "it adds to the proposal {organisation}, which another entry brought.",
        "A proposal stays as it was submitted.",
        "Submit a proposal of its own.",
    ),
    "self": (
        "{actor} would appoint themselves {act}.",
        "Nobody gives themselves a right.",
        "Let another administrator appoint.",
    ),
    "first": (
        "the first appointment is {act}, for {organisation}.",
        "From the first appointment on rights count, so somebody must be able to give them.",
        "First appoint an administrator over the whole, without an end: leave '--organisation' and '--until' out.",
    ),
    "last": (
        "nobody would be administrator over the whole from then on.",
        "Nobody could appoint anybody any more.",
        "First appoint another administrator over the whole, without an end.",
    ),
}


def names_in(drafts: Sequence[Any]) -> str | None:
    """The one name under which a batch is posted; none where there are several."""
    names = {draft.actor for draft in drafts}
    return names.pop() if len(names) == 1 else None
