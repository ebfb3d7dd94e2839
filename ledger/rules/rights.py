"""Who may do what in a ledger, once it has an administrator; until then it is a single user's.

What rights there are, and what they let a person see. Whether an entry's author had a right to it is asked in
``ledger.rules.rights_judged``.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ledger.money import exact_pounds
from ledger.rules import rights_questions as questions
from ledger.store.reading import Reader

# The codes of organisations that a proposed entry brings records of, in a file's words.
NAMED = (
    f"LATERAL (SELECT unnest(regexp_extract_all(n.brings, '{questions.ORGANISATIONS_BROUGHT}', 1)) AS organisation) "
    "named"
)
# For whom what everybody shares is read: somebody without any right, who sees no proposal.
NOBODY = ""
# Over what a limit is counted, in words.
EACH_PERIOD = {"day": "a day", "month": "a month", "year": "a financial year"}

_HELD = """
SELECT a.id, a.person, a.role, a.organisation, o.name AS organisation_name, a.limit_pence, a.limit_period, a.alone,
       a.valid_from,
       CASE WHEN d.valid_to IS NULL OR a.valid_to < d.valid_to THEN a.valid_to ELSE d.valid_to END AS valid_to,
       e.actor AS given_by, e.recorded_at AS given_at, e.reason, e.number AS entry
FROM appointment a JOIN entry e ON e.number = a.entry_number LEFT JOIN organisation o ON o.code = a.organisation
LEFT JOIN (SELECT appointment, min(valid_to) AS valid_to FROM dismissal WHERE entry_number <= $known GROUP BY 1) d
    ON d.appointment = a.id
WHERE a.entry_number <= $known
ORDER BY a.entry_number, a.id
"""


@dataclass(frozen=True, slots=True)
class Held:
    """A right that was given.

    Attributes:
        id: the appointment's name in the books.
        organisation: its code, with everything below it; none for the whole.
        limit_pence: the most that decisions may move in each period, added up; none for no limit.
        limit_period: ``day``, ``month`` or ``year``; none where the limit is one of each decision alone, as limits
            were before there were periods.
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
    limit_period: str | None
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
    each = "in one decision" if held.limit_period is None else EACH_PERIOD[held.limit_period]
    limit = "" if held.limit_pence is None else f", up to £{exact_pounds(held.limit_pence)} {each}"
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


def seen(person: str, day: date) -> tuple[str, str]:
    """Questions for the proposals, and for the legs of proposals, that a person may see on a day; DuckDB's."""
    given = _given(person, day)
    return questions.SEEN_PROPOSALS.format(**given), questions.SEEN_TRANSFERS.format(**given)


def sees_all(reader: Reader, person: str, day: date) -> bool:
    """Whether no proposal is hidden from a person on a day: they have a right over the whole, or there is none."""
    return bool(reader.rows(questions.HIDES_NOTHING.format(**_given(person, day)))[0][0])


def beforehand(person: str, day: date, *, decides: bool, submits: bool) -> str:
    """The question for proposals that a person's batch names and that they may not see on a day; DuckDB's.

    What the batch brings is staged as ``brought_proposal`` and so on.

    Args:
        person: who posts the batch.
        day: the day on which their rights count.
        decides: whether it brings the end of a proposal.
        submits: whether it brings a proposal, or an entry or a leg of one.
    """
    asked = questions.BEFOREHAND
    if not decides or not submits:
        asked = questions.BEFOREHAND_OF_DECISIONS if decides else questions.BEFOREHAND_OF_SUBMISSIONS
    return asked.format(
        **_given(person, day),
        ends="SELECT proposal, outcome FROM brought_proposal_end",
        proposals="SELECT id FROM brought_proposal",
        entries="SELECT id, proposal, nth FROM brought_proposed_entry",
        legs="SELECT id, proposed_entry, leg FROM brought_proposed_transfer",
    )


def _given(person: str, day: date) -> dict[str, str]:
    return {"person": _quoted(person), "today": f"DATE '{day}'", "named": NAMED}


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def names_in(drafts: Sequence[Any]) -> str | None:
    """The one name under which a batch is posted; none where there are several."""
    names = {draft.actor for draft in drafts}
    return names.pop() if len(names) == 1 else None
