"""Decisions about what is expected, promised and arranged; none of them moves money."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

from sqlmodel import SQLModel

from ledger.entries.decisions.described import Decision, Header, Impossible, Values
from ledger.entries.decisions.fields import Field, Holds
from ledger.entries.decisions.known import Known
from ledger.entries.draft import Draft, records
from ledger.entries.kinds import ARRANGE, FORECAST, LETTER
from ledger.plans import Contract, Contribution, Forecast, Letter, Renaming, TestedInstalment
from ledger.words import CONTRACTS, DUE, OUTCOMES
from ledger.years import year_of


def _record(header: Header, kind: str, model: type[SQLModel], what: str, row: Mapping[str, Any]) -> list[Draft]:
    """An entry that brings one row, known by the decision's key and by what it speaks of."""
    return [header.draft(kind, records={model: records(model, [{"id": f"{header.key}/{what}", **row}])})]


def _year(values: Values, day: date) -> int:
    return int((values["year"] or year_of(day)).start)


def _rename(values: Values, _known: Known, header: Header) -> list[Draft]:
    organisation, fund = values["organisation"], values["fund"]
    if (organisation is None) == (fund is None):
        found = "an organisation and a fund are given." if fund else "neither an organisation nor a fund is given."
        raise Impossible("organisation", found, "One of them gets the name.", "Give the code of one of them.")
    row = {"organisation": organisation, "fund": fund, "name": values["name"], "valid_from": header.day}
    return _record(header, "structure", Renaming, organisation or fund, row)


def _forecast(values: Values, _known: Known, header: Header) -> list[Draft]:
    as_at = values["month"].last_day
    row = {"organisation": values["organisation"], "fund": values["fund"], "year": _year(values, as_at),
           "as_at": as_at, "amount_pence": values["expected"]}  # fmt: skip
    return _record(header, FORECAST, Forecast, f"{row['organisation']}/{row['fund']}", row)


def _letter(values: Values, known: Known, header: Header) -> list[Draft]:
    if values["anticipated_on"] is None and values["notified_on"] is None:
        why = "A line of a letter is anticipated, or notice of it was given."
        raise Impossible("notified_on", "no day is given.", why, "Give that day, or the one from which it is expected.")
    payer = values["from"] or known.national
    if payer is None:
        why = "No one organisation lies just below the source of the money."
        raise Impossible("from", "nobody is named who gives it.", why, "Say who gives it.")
    month = values["month"].last_day
    row = {
        "reference": values["reference"], "month": month, "from_organisation": payer, "to_organisation": values["to"],
        "fund": values["fund"], "year": _year(values, month), "amount_pence": values["line_amount"],
        "recurrent": values["recurrent"], "contact": values["contact"], "anticipated_on": values["anticipated_on"],
        "notified_on": values["notified_on"],
    }  # fmt: skip
    return _record(header, LETTER, Letter, f"{row['reference']}/{row['to_organisation']}", row)


def _contribution(values: Values, _known: Known, header: Header) -> list[Draft]:
    row = {"pool": values["pool"], "payer": values["payer"], "fund": values["fund"], "year": values["year"].start,
           "agreed_pence": values["agreed"], "minimum_pence": values["minimum"]}  # fmt: skip
    if row["minimum_pence"] is not None and row["minimum_pence"] > row["agreed_pence"]:
        found = "the inner minimum is more than the whole contribution."
        raise Impossible("minimum", found, "It is a part of the contribution.", "Correct one of the amounts.")
    return _record(header, ARRANGE, Contribution, f"{row['pool']}/{row['payer']}/{row['fund']}", row)


def _contract(values: Values, _known: Known, header: Header) -> list[Draft]:
    row = {
        "code": values["contract"], "kind": values["contract_kind"], "holder": values["holder"],
        "commissioner": values["commissioner"], "fund": values["fund"], "population": values["population"] or None,
        "part_of": values["sub_contract_of"], "valid_from": header.day, "valid_to": values["until"],
    }  # fmt: skip
    return _record(header, ARRANGE, Contract, row["code"], row)


def _instalment(values: Values, _known: Known, header: Header) -> list[Draft]:
    row = {
        "code": values["instalment"], "fund": values["fund"], "payer": values["from"], "receiver": values["to"],
        "year": _year(values, values["due_on"]), "due_on": values["due_on"], "amount_pence": values["amount"],
        "test": values["test"],
    }  # fmt: skip
    return _record(header, ARRANGE, TestedInstalment, row["code"], row)


def _outcome(values: Values, known: Known, header: Header) -> list[Draft]:
    held = known.instalments.get(values["instalment"])
    if held is None:
        fix = f"Choose one of {', '.join(sorted(known.instalments)[:5])}." if known.instalments else "Record it first."
        raise Impossible("instalment", f"there is no instalment '{values['instalment']}'.", "It has no outcome.", fix)
    row = {**held, "outcome": values["outcome"], "moved_to": values["moved_to"]}
    del row["id"]
    return _record(header, ARRANGE, TestedInstalment, held["code"], row)


_FUND = Field("fund", Holds.FUND, "The fund", "core-community", required=True)
_YEAR = Field("year", Holds.YEAR, "The year of the money, where it is not that of the date", "2025/26")
_UNTIL = Field("until", Holds.DAY, "The first day on which it no longer holds", "2026-04-01")
_INSTALMENT = Field("instalment", Holds.TEXT, "The instalment's own name", "alliance/2025/26/Q2", required=True)

DECISIONS = (
    Decision(
        "rename",
        "An organisation or a fund has another name from a day on; its code stays.",
        (
            Field("organisation", Holds.ORGANISATION, "Which organisation", "QWO"),
            Field("fund", Holds.FUND, "Or which fund", "core-community"),
            Field("name", Holds.TEXT, "Its name", "NHS West Yorkshire and Craven ICB", required=True),
        ),
        ("structure",),
        _rename,
        (Renaming,),
    ),
    Decision(
        "forecast",
        "What an organisation expects to spend on a fund in the whole year, as it looks at the end of a month.",
        (
            Field("organisation", Holds.ORGANISATION, "Who expects it", "QWO", required=True),
            _FUND,
            Field("month", Holds.MONTH, "The month at whose end it looks so", "2025-06", required=True),
            Field("expected", Holds.MONEY_FROM_0, "What is expected for the whole year, in pounds", "240000",
                  required=True),
            _YEAR,
        ),
        (FORECAST,),
        _forecast,
        (Forecast,),
    ),
    Decision(
        "letter",
        "A line of an allocation letter is anticipated, or notice of it is given; it takes the place of what was "
        "recorded under its reference before.",
        (
            Field("reference", Holds.TEXT, "The reference of the line in its letter", "M3/SDF/017", required=True),
            Field("month", Holds.MONTH, "The month of the letter", "2025-06", required=True),
            Field("to", Holds.ORGANISATION, "Who receives it", "QWO", required=True),
            _FUND,
            Field("line_amount", Holds.MONEY_EITHER_WAY, "How much, in pounds; below zero where it is taken off",
                  "250000", required=True),
            Field("recurrent", Holds.YES_NO, "Whether it recurs (R) or not (NR)", "NR", required=True),
            Field("anticipated_on", Holds.DAY, "Since when it is expected", "2025-05-20"),
            Field("notified_on", Holds.DAY, "When notice of it was given; empty while it is only expected",
                  "2025-06-12"),
            Field("contact", Holds.TEXT, "The team's mailbox or role that answers for it at the funder; never a person",
                  "regional finance team"),
            Field("from", Holds.ORGANISATION, "Who gives it: the national body unless said", "X24"),
            _YEAR,
        ),
        (LETTER,),
        _letter,
        (Letter,),
    ),
    Decision(
        "contribution",
        "A payer agrees what it puts into a pooled fund in a year, and the least of it that the inner purpose gets.",
        (
            Field("pool", Holds.ORGANISATION, "Who hosts the pooled fund", "QWO-E08000032", required=True),
            Field("payer", Holds.ORGANISATION, "Who pays into it", "QWO", required=True),
            _FUND,
            Field("year", Holds.YEAR, "The year of the money", "2025/26", required=True),
            Field("agreed", Holds.MONEY_FROM_0, "What it agreed to pay in, in pounds", "4200000", required=True),
            Field("minimum", Holds.MONEY_FROM_0, "The least of it for the inner purpose, if any", "1500000"),
        ),
        (ARRANGE,),
        _contribution,
        (Contribution,),
    ),
    Decision(
        "contract",
        "An organisation holds a contract from a day on; it replaces what was recorded under its name before.",
        (
            Field("contract", Holds.TEXT, "The contract's own name", "WY-IHO-2026", required=True),
            Field("contract_kind", Holds.WORD, "What it is", "mnp", required=True, choices=CONTRACTS),
            Field("holder", Holds.ORGANISATION, "Who holds it", "RCF", required=True),
            Field("commissioner", Holds.ORGANISATION, "Who lets it", "QWO", required=True),
            _FUND,
            Field("population", Holds.NUMBER, "For how many people, where that is known", "48500"),
            Field("sub_contract_of", Holds.TEXT, "The name of the contract that it is part of", "WY-IHO-2026",
                  among="contracts"),
            _UNTIL,
        ),
        (ARRANGE,),
        _contract,
        (Contract,),
    ),
    Decision(
        "instalment",
        "A part of a year's money is due on a day, if a test is met.",
        (
            _INSTALMENT,
            _FUND,
            Field("from", Holds.ORGANISATION, "Who gives it", "QWO", required=True),
            Field("to", Holds.ORGANISATION, "Who gets it", "QWO-E08000032", required=True),
            Field("due_on", Holds.DAY, "When it is due", "2025-09-30", required=True),
            Field("amount", Holds.MONEY, "How much, in pounds", "250000", required=True),
            Field("test", Holds.TEXT, "What has to be so that it is earned", "90% of reviews done by the day due",
                  required=True),
            _YEAR,
        ),
        (ARRANGE,),
        _instalment,
        (TestedInstalment,),
    ),
    Decision(
        "outcome",
        "What became of an instalment: earned, withheld, or moved to another.",
        (
            replace(_INSTALMENT, among="instalments"),
            Field("outcome", Holds.WORD, "What became of it", "withheld", required=True,
                  choices=tuple(word for word in OUTCOMES if word != DUE)),
            Field("moved_to", Holds.ORGANISATION, "To whom it was moved, where it was", "QWO-E08000033"),
        ),
        (ARRANGE,),
        _outcome,
        (TestedInstalment,),
    ),
)  # fmt: skip
