"""How rights are given and taken: by entries, so that who gave which right, when and why is in the chain."""

from datetime import date

from ledger.entries.chain import last_entry
from ledger.entries.draft import Draft, records
from ledger.entries.kinds import APPOINT, DISMISS
from ledger.entries.posting import Posted, post
from ledger.errors import Problem, Refused, refuse
from ledger.inputs import Action, Input
from ledger.models import ADMINISTRATOR, APP, APPOINTED, APPROVER, PREPARER, Appointment, Dismissal
from ledger.money import exact_pounds
from ledger.rules.rights import EACH_PERIOD, Held, given
from ledger.store.base import Reader, Store
from ledger.structure import suggestion

_USUAL_PERIOD = "month"


def appoint(
    store: Store,
    person: str,
    role: str,
    *,
    by: str,
    reason: str,
    day: date,
    organisation: str | None = None,
    limit_pence: int | None = None,
    limit_period: str | None = None,
    alone: bool = False,
    until: date | None = None,
    dry_run: bool = False,
) -> Posted:
    """Give a person a right, from a day on.

    Args:
        store: the ledger.
        person: the name that the department's sign-in gives, or a login of the server.
        role: one of ``viewer``, ``preparer``, ``approver``, ``auditor``, ``administrator`` or ``app``.
        by: who appoints: an administrator over the organisation, and not the person.
        organisation: its code, for it and everything below it; the whole of the books otherwise.
        limit_pence: the most that the person's decisions may move in each period, added up.
        limit_period: ``day``, ``month`` or ``year``, the financial year, by the day on which a decision is recorded;
            a month where a limit is given and no period.
        alone: an approver may also post without a proposal, within the limit.
        until: the first day on which it no longer holds.

    Raises:
        Refused: the right makes no sense, or ``by`` may not give it.
    """
    if limit_pence is not None and limit_period is None:
        limit_period = _USUAL_PERIOD
    limit = (limit_pence, limit_period)
    with store.read() as reader:
        problems = _unknown(reader, role, organisation) + unfit(role, organisation, limit, day, until, alone=alone)
        if problems:
            raise Refused(problems)
        number = last_entry(reader)
    scope = organisation or "the whole"
    key = f"{APPOINT}/{number + 1}/{role}/{scope}"
    row = {
        "id": key, "person": person, "role": role, "organisation": organisation, "limit_pence": limit_pence,
        "limit_period": limit_period, "alone": alone, "valid_from": day, "valid_to": until,
    }  # fmt: skip
    draft = Draft(key, APPOINT, day, by, reason, records={Appointment: records(Appointment, [row])})
    (posted,) = post(store, [draft], dry_run=dry_run)
    return posted


def dismiss(
    store: Store,
    person: str,
    *,
    by: str,
    reason: str,
    day: date,
    role: str | None = None,
    organisation: str | None = None,
    dry_run: bool = False,
) -> list[Held]:
    """Take a person's rights away from a day on, all of them or those of one role or organisation.

    Returns:
        The rights that end, as they were.

    Raises:
        Refused: the person has no such right, or ``by`` may not take it.
    """
    with store.read() as reader:
        number = last_entry(reader)
        ending = [
            held for held in given(reader, number)
            if held.person == person and role in (None, held.role) and organisation in (None, held.organisation)
            and (held.valid_to is None or day < held.valid_to)
        ]  # fmt: skip
    if not ending:
        sentence = f"{person} has no such right from {day} on."
        why, remedy = "Nothing would end.", f"See {Action.ROLES.done()} for who may do what."
        refuse(person, sentence, why, remedy)
    key = f"{DISMISS}/{number + 1}"
    rows = [{"id": f"{key}/{nth}", "appointment": held.id, "valid_to": day} for nth, held in enumerate(ending, start=1)]
    draft = Draft(key, DISMISS, day, by, reason, records={Dismissal: records(Dismissal, rows)})
    post(store, [draft], dry_run=dry_run)
    return ending


def _unknown(reader: Reader, role: str, organisation: str | None) -> list[Problem]:
    found = []
    if role not in APPOINTED:
        remedy = f"Use one of {', '.join(APPOINTED)}."
        found.append(Problem("the role", f"there is no role '{role}'.", "The books could not say what it may.", remedy))
    if organisation is not None and not reader.rows(
        "SELECT 1 FROM organisation WHERE code = $code", {"code": organisation}
    ):
        remedy = suggestion(reader, organisation, "organisation")
        sentence = f"there is no organisation '{organisation}'."
        found.append(Problem(Input.ORGANISATION, sentence, "A right is over somebody.", remedy))
    return found


def unfit(
    role: str,
    organisation: str | None,
    limit: tuple[int | None, str | None],
    day: date,
    until: date | None,
    *,
    alone: bool,
) -> list[Problem]:
    """What makes no sense of a right that somebody would be given, each of the field that it is about.

    Args:
        limit: pence, and the period over which they are counted.
    """
    found = []
    limit_pence, period = limit
    if limit_pence is not None and (limit_pence < 0 or role not in (PREPARER, APPROVER)):
        sentence = f"a limit of £{exact_pounds(limit_pence)} for the role {role}."
        found.append(Problem(Input.ROLE_LIMIT, sentence, "Only preparers and approvers move money.", "Leave it out."))
    if period is not None and (limit_pence is None or period not in EACH_PERIOD):
        limited = "no limit" if limit_pence is None else f"a limit of £{exact_pounds(limit_pence)}"
        remedy = f"Give a limit, and one of {', '.join(EACH_PERIOD)}."
        found.append(Problem(Input.PERIOD, f"{limited} per '{period}'.", "A limit is counted over a period.", remedy))
    if alone and role != APPROVER:
        sentence = f"the role {role} would post alone."
        found.append(Problem(Input.ALONE, sentence, "Only an approver posts.", "Leave it out."))
    if role == APP and organisation is not None:
        sentence = f"an app for {organisation} alone."
        why = "An app has no right of its own: it names who is at its screen, whose rights count."
        found.append(Problem(Input.ORGANISATION, sentence, why, "Leave it out."))
    if until is not None and until <= day:
        sentence = f"it would hold from {day} and no longer from {until}."
        found.append(Problem(Input.UNTIL, sentence, "It would never hold.", "Give a later day."))
    return found


__all__ = ["ADMINISTRATOR", "appoint", "dismiss"]
