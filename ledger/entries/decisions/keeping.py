"""Decisions on how the books are kept: months that close, who may do what, what the source may give, what is undone."""

from datetime import date

from ledger.entries.appointments import unfit
from ledger.entries.decisions.described import Decision, Header, Impossible, Values
from ledger.entries.decisions.fields import Field, Holds
from ledger.entries.decisions.known import Known
from ledger.entries.draft import Draft, mirrored, records
from ledger.entries.kinds import APPOINT, CLOSE, DISMISS, LIMIT, RECORD_KINDS, REVERSAL_KEY, REVERSE
from ledger.entries.months import what_closes
from ledger.inputs import Input
from ledger.models import APPOINTED, Appointment, ClosedMonth, Dismissal, SourceLimit
from ledger.rules.rights import EACH_PERIOD
from ledger.years import parse_month

# Where an appointment that makes no sense is told, by what is wrong with it.
_FIELDS = {
    Input.ORGANISATION: "organisation", Input.ROLE_LIMIT: "limit", Input.PERIOD: "period", Input.ALONE: "alone",
    Input.UNTIL: "until",
}  # fmt: skip


def _close_month(values: Values, _known: Known, header: Header) -> list[Draft]:
    month = values["month"]
    if header.day != month.last_day:
        why = "A month closes on its last day."
        raise Impossible("date", f"it is {header.day}.", why, f"Give {month.last_day}.")
    return [header.draft(CLOSE, records=what_closes(month))]


def _last_day(given: dict[str, str]) -> date | None:
    try:
        return parse_month(given.get("month", "")).last_day
    except ValueError:
        return None  # the month is refused when it is read with the other fields


def _appoint(values: Values, _known: Known, header: Header) -> list[Draft]:
    limit, period = values["limit"], values["period"]
    if limit is not None and period is None:
        period = "month"
    alone = bool(values["alone"])
    for problem in unfit(
        values["role"], values["organisation"], (limit, period), header.day, values["until"], alone=alone
    ):
        raise Impossible(_FIELDS[problem.where], problem.found, problem.why, problem.fix)  # type: ignore[index]
    row = {
        "id": header.key, "person": values["person"], "role": values["role"], "organisation": values["organisation"],
        "limit_pence": limit, "limit_period": period, "alone": alone, "valid_from": header.day,
        "valid_to": values["until"],
    }  # fmt: skip
    return [header.draft(APPOINT, records={Appointment: records(Appointment, [row])})]


def _dismiss(values: Values, known: Known, header: Header) -> list[Draft]:
    ending = [
        one["id"]
        for one in known.appointments.values()
        if one["person"] == values["person"]
        and values["role"] in (None, one["role"])
        and values["organisation"] in (None, one["organisation"])
        and (one["valid_to"] is None or header.day < one["valid_to"])
    ]
    if not ending:
        found = f"{values['person']} has no such right from {header.day} on."
        raise Impossible("person", found, "Nothing would end.", "Correct the name, the role or the day.")
    rows = [{"id": f"{header.key}/{nth}", "appointment": one, "valid_to": header.day}
            for nth, one in enumerate(ending, start=1)]  # fmt: skip
    return [header.draft(DISMISS, records={Dismissal: records(Dismissal, rows)})]


def _limit(values: Values, known: Known, header: Header) -> list[Draft]:
    if header.source is None:
        why = "A limit is set by somebody."
        raise Impossible("source", "nothing is given.", why, "Name the document that sets it.")
    fund, year = values["fund"], values["year"].start
    row = {"id": header.key, "fund": fund, "year": year, "limit_pence": values["amount"], "source": header.source,
           "supersedes": known.limits.get((fund, year))}  # fmt: skip
    return [header.draft(LIMIT, records={SourceLimit: records(SourceLimit, [row])})]


def _reverse(values: Values, known: Known, header: Header) -> list[Draft]:
    """The mirror of an entry that the books have, or that stands earlier in the same batch."""
    key = values["entry"]
    there = known.entry(key)
    if there is None:
        raise Impossible("entry", f"there is no entry with the key '{key}'.", "Nothing can be undone.", "Correct it.")
    number, undone = there
    if undone.kind in (REVERSE, *RECORD_KINDS):
        why = "Only an entry that moves money can be reversed."
        fix = "Post the decision again under a new key; or, to correct a record, record a newer one."
        raise Impossible("entry", f"it is of kind {undone.kind}.", why, fix)
    return [
        Draft(
            f"{REVERSAL_KEY}{number}", REVERSE, header.day, header.actor, header.reason, authority=header.authority,
            source=header.source or undone.source, source_hash=header.source_hash or undone.source_hash,
            standing=header.rests_on, reverses=number, transfers=mirrored(undone.legs()),
        )
    ]  # fmt: skip


_PERSON = Field("person", Holds.TEXT, "Who, by the name of their sign-in", "anna", required=True)
_SCOPE = Field(
    "organisation", Holds.ORGANISATION, "For whom and all below it; the whole of the books unless said", "QWO"
)
_UNTIL = Field("until", Holds.DAY, "The first day on which it no longer holds", "2026-04-01")

DECISIONS = (
    Decision(
        "close-month",
        "A month closes, and with the first one every month before it: nothing is dated in it afterwards.",
        (Field("month", Holds.MONTH, "The month", "2025-06", required=True),),
        (CLOSE,),
        _close_month,
        (ClosedMonth,),
        usual_key=lambda values: f"{CLOSE}/{values['month']}",
        usual_day=_last_day,
    ),
    Decision(
        "appoint",
        "A person gets a right: to propose, to approve, to check, or to appoint others.",
        (
            _PERSON,
            Field("role", Holds.WORD, "Which right", "preparer", required=True, choices=APPOINTED),
            _SCOPE,
            Field("limit", Holds.MONEY, "The most that their decisions may move in each period, in pounds", "250000"),
            Field(
                "period",
                Holds.WORD,
                "Over what the limit is counted: a month unless said",
                "month",
                choices=tuple(EACH_PERIOD),
            ),
            Field("alone", Holds.YES_NO, "Whether an approver may post without a proposal", "no"),
            _UNTIL,
        ),
        (APPOINT,),
        _appoint,
        (Appointment,),
    ),
    Decision(
        "dismiss",
        "A person's rights end on a day: all of them, or those of one role or for one organisation.",
        (
            _PERSON,
            Field("role", Holds.WORD, "Which right; all of them unless said", "preparer", choices=APPOINTED),
            _SCOPE,
        ),
        (DISMISS,),
        _dismiss,
        (Dismissal,),
    ),
    Decision(
        "limit",
        "The most that the source of the money may give on a fund, with every fund inside it, in a year.",
        (
            Field("fund", Holds.FUND, "The fund", "nhs-revenue", required=True),
            Field("year", Holds.YEAR, "The year of the money", "2025/26", required=True),
            Field("amount", Holds.MONEY, "The most that may be given, in pounds", "6726338736.97", required=True),
        ),
        (LIMIT,),
        _limit,
        (SourceLimit,),
    ),
    Decision(
        "reverse",
        "An entry is undone by its mirror: equal, opposite and linked. Nothing is deleted.",
        (Field("entry", Holds.TEXT, "The key of the entry that is undone", "2025-06/winter/3", required=True),),
        (REVERSE,),
        _reverse,
    ),
)
