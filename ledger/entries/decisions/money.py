"""Decisions that move money: each makes an entry of the kind with its name."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ledger.entries.decisions.described import Decision, Header, Impossible, Values
from ledger.entries.decisions.fields import Field, Holds
from ledger.entries.decisions.known import Known
from ledger.entries.draft import Draft, Leg, Place, legs
from ledger.entries.kinds import BRING, CARRY, MONEY_KINDS
from ledger.money import plain_pounds
from ledger.words import AVAILABLE, LETTER_SOURCE, RETAINED, SPENT
from ledger.years import FinancialYear, month_of, year_of

_FUND = Field("fund", Holds.FUND, "The fund that the money is on", "core-community", required=True)
_TO_FUND = Field(
    "to_fund", Holds.FUND, "The fund that it is on afterwards, where that is another", "core-mental-health"
)
_OTHER_FUND = replace(_TO_FUND, required=True)
_AMOUNT = Field("amount", Holds.MONEY, "How much, in pounds", "250000", required=True)
_YEAR = Field("year", Holds.YEAR, "The year of the money, where it is not that of the date", "2025/26")
_RECURRENT = Field("recurrent", Holds.YES_NO, "Whether it recurs (R) or not (NR)", "NR", required=True)
_NOTE = Field("note", Holds.TEXT, "How the amount came about", "Half of the annual plan")
_HOLDER = Field("organisation", Holds.ORGANISATION, "Who holds the money", "QWO", required=True)
_FROM = Field("from", Holds.ORGANISATION, "Who gives it", "QWO", required=True)
_TO = Field("to", Holds.ORGANISATION, "Who gets it", "QWO-E08000032", required=True)
_STANDING = Field(
    "standing", Holds.WORD, "Which of the money: available unless said", RETAINED, choices=(AVAILABLE, RETAINED)
)
_TAIL = (_AMOUNT, _RECURRENT, _YEAR, _NOTE)


def _moved(kind: str, values: Values, header: Header, source: Place, destination: Place, note: str | None) -> Draft:
    leg = Leg(source, destination, values["amount"], recurrent=values["recurrent"], note=note)
    return header.draft(kind, transfers=legs([leg]))


def _year(values: Values) -> FinancialYear:
    return values["year"] or year_of(values["date"])


def _between(kind: str) -> Any:
    def drafts(values: Values, _known: Known, header: Header) -> list[Draft]:
        year = _year(values)
        source = Place(values["from"], values["fund"], year, values.get("standing") or AVAILABLE)
        destination = Place(values["to"], values.get("to_fund") or values["fund"], year)
        return [_moved(kind, values, header, source, destination, values["note"])]

    return drafts


def _within(kind: str, before: str, after: str) -> Any:
    def drafts(values: Values, _known: Known, header: Header) -> list[Draft]:
        year, holder = _year(values), values["organisation"]
        source = Place(holder, values["fund"], year, values.get("standing") or before)
        destination = Place(holder, values.get("to_fund") or values["fund"], year, after)
        return [_moved(kind, values, header, source, destination, values["note"])]

    return drafts


def _mandate(values: Values, known: Known, header: Header) -> list[Draft]:
    year = _year(values)
    source = Place(_source(known, "to"), values["fund"], year)
    destination = Place(values["to"], values["to_fund"] or values["fund"], year)
    return [_moved("mandate", values, header, source, destination, values["note"])]


def _source(known: Known, field: str) -> str:
    if known.source is None:
        why = "Money comes from one organisation above all others."
        raise Impossible(field, "the books have no source of the money.", why, "Record it first, with its tier.")
    return known.source


def _receive(values: Values, known: Known, header: Header) -> list[Draft]:
    """An allocation with what its letter says; where the source gives it, that is an entry of its own before it."""
    year = _year(values)
    payer = values["from"] or known.national
    if payer is None:
        why = "No one organisation lies just below the source of the money."
        raise Impossible("from", "nobody is named who gives it.", why, "Say who gives it.")
    if values["month"] is not None and not year.contains(values["month"].first_day):
        why = f"The allocation is of {year}."
        raise Impossible("month", f"{values['month']} is not in {year}.", why, "Correct the month, or say the year.")
    facts = (("month", values["month"]), ("contact", values["contact"]), ("", values["note"]))
    note = "; ".join(f"{name} {value}".strip() for name, value in facts if value is not None) or None
    held = values["from_fund"] or values["fund"]
    said = f"{LETTER_SOURCE}{values['reference']}"
    letter = said if header.source is None else f"{said}; {header.source}"
    made = []
    if values["new_money"]:
        leg = Leg(Place(_source(known, "new_money"), held, year), Place(payer, held, year), values["amount"],
                  values["recurrent"], note)  # fmt: skip
        made.append(header.draft("mandate", part="/new money", transfers=legs([leg]), source=letter))
    leg = Leg(
        Place(payer, held, year), Place(values["to"], values["fund"], year), values["amount"], values["recurrent"], note
    )
    return [*made, header.draft("allocate", transfers=legs([leg]), source=letter)]


def _by_its_letter(given: Mapping[str, str], known: Known) -> Mapping[str, str]:
    """What is given of an allocation, and what the line of its letter says besides; a line that adds, and is known."""
    line = known.letters.get((given.get("reference", "").strip(), given.get("to", "").strip()))
    if line is None or line["amount_pence"] < 0:
        return given
    year, month = FinancialYear(line["year"]), line["month"]
    said = {
        "fund": line["fund"], "amount": plain_pounds(line["amount_pence"]), "year": str(year),
        "recurrent": "yes" if line["recurrent"] else "no", "contact": line["contact"] or "",
        "from": line["from_organisation"], "month": str(month_of(month)) if year.contains(month) else "",
    }  # fmt: skip
    return said | {name: text for name, text in given.items() if text.strip()}


def _carry(values: Values, known: Known, header: Header) -> list[Draft]:
    year = _year(values)
    source = Place(values["from"], values["fund"], year, values["standing"] or AVAILABLE)
    destination = Place(_source(known, "from"), values["fund"], year)
    return [_moved(CARRY, {**values, "recurrent": False}, header, source, destination, values["note"])]


def _bring(values: Values, known: Known, header: Header) -> list[Draft]:
    year = _year(values)
    source = Place(_source(known, "to"), values["fund"], year)
    destination = Place(values["to"], values["fund"], year, values["standing"] or AVAILABLE)
    return [_moved(BRING, {**values, "recurrent": False}, header, source, destination, values["note"])]


_RECEIVED = (
    Field("to", Holds.ORGANISATION, "Who receives it", "QWO", required=True),
    _FUND,
    _AMOUNT,
    _RECURRENT,
    Field("reference", Holds.TEXT, "The reference of its letter", "M3/SDF/017", required=True, among="letters"),
    Field("month", Holds.MONTH, "The month of its letter", "2025-06"),
    Field("contact", Holds.TEXT, "Who answers for it at the funder", "regional finance team"),
    Field("from", Holds.ORGANISATION, "Who gives it: the national body unless said", "X24"),
    Field("from_fund", Holds.FUND, "The giver's fund, where it is a wider one", "nhs-revenue"),
    Field("new_money", Holds.YES_NO, "Whether the giver gets it from the source for this, and did not hold it", "yes"),
    _YEAR,
    _NOTE,
)


def _decision(kind: str, own: tuple[Field, ...], drafts: Any) -> Decision:
    said = MONEY_KINDS[kind].meaning
    return Decision(kind, f"{said[:1].upper()}{said[1:]}.", own, (kind,), drafts)


DECISIONS = (
    Decision(
        "receive",
        "An allocation from above arrives, with the reference, month and contact of its letter; where that line of a "
        "letter is recorded, its reference and who receives it are enough.",
        _RECEIVED,
        ("mandate", "allocate"),
        _receive,
        completed=_by_its_letter,
    ),
    _decision("mandate", (_TO, _FUND, _TO_FUND, *_TAIL), _mandate),
    _decision("allocate", (_FROM, _TO, _FUND, _TO_FUND, *_TAIL), _between("allocate")),
    _decision("devolve", (_FROM, _TO, _FUND, _TO_FUND, _STANDING, *_TAIL), _between("devolve")),
    _decision("return", (_FROM, _TO, _FUND, *_TAIL), _between("return")),
    _decision("retain", (_HOLDER, _FUND, *_TAIL), _within("retain", AVAILABLE, RETAINED)),
    _decision("release", (_HOLDER, _FUND, *_TAIL), _within("release", RETAINED, AVAILABLE)),
    _decision("earmark", (_HOLDER, _FUND, _OTHER_FUND, *_TAIL), _within("earmark", AVAILABLE, AVAILABLE)),
    _decision("vire", (_HOLDER, _FUND, _OTHER_FUND, *_TAIL), _within("vire", AVAILABLE, AVAILABLE)),
    _decision("consolidate", (_HOLDER, _FUND, _OTHER_FUND, *_TAIL), _within("consolidate", AVAILABLE, AVAILABLE)),
    _decision("spend", (_HOLDER, _FUND, _STANDING, *_TAIL), _within("spend", AVAILABLE, SPENT)),
    _decision(CARRY, (_FROM, _FUND, _STANDING, _AMOUNT, _YEAR, _NOTE), _carry),
    _decision(BRING, (_TO, _FUND, _STANDING, _AMOUNT, _YEAR, _NOTE), _bring),
)
