"""Decisions that move no money: pots and their terms, agreements, who there is and who is part of whom."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import SQLModel

from ledger.entries.decisions.described import Decision, Header, Impossible, Values
from ledger.entries.decisions.fields import Field, Holds
from ledger.entries.decisions.known import Known
from ledger.entries.draft import Draft, records
from ledger.models import (
    Agreement,
    Closure,
    ControlTotal,
    Fund,
    Organisation,
    Relationship,
    Succession,
    Terms,
    Tier,
)
from ledger.money import LARGEST_PENCE, MOST_MOVED_PENCE
from ledger.words import DISCRETIONS, GRADES, QUALITIES, RESOURCES, ROUTES
from ledger.years import FinancialYear

_GRADE = Field("grade", Holds.WORD, "How tied it is; empty where it is not known", "hard", choices=GRADES)
_TERMS = (
    _GRADE,
    Field("route", Holds.WORD, "How it is given out; empty where it is not known", "formula", choices=ROUTES),
    Field("recurrent", Holds.YES_NO, "Whether it recurs (R) or not (NR); empty where it is not known", "NR"),
    Field("notified_on", Holds.DAY, "When notice of its amount was given; empty where it is not known", "2025-06-12"),
    Field("spend_by", Holds.DAY, "By when it must be spent", "2026-03-31"),
    Field("returns_per_year", Holds.NUMBER, "Returns a year; empty where it is not known", "4"),
    Field("match_percent", Holds.NUMBER, "What must be added to it, in percent; empty where it is not known", "0"),
    Field(
        "clawback",
        Holds.TEXT,
        "What goes back of what is not spent; none where nothing does, empty where it is not known",
        "underspend at month 12",
    ),
    Field("leave_by", Holds.KINDS, "By which kinds of entry money may leave it", "vire,consolidate"),
    Field(
        "discretion",
        Holds.WORD,
        "Whose decision its money really is; empty where it is not known",
        "local contract",
        choices=DISCRETIONS,
    ),
    Field("certain_to", Holds.YEAR, "The last year for which it is promised; empty where it is not known", "2027/28"),
    Field("announced_on", Holds.DAY, "When it was first announced, before its amounts were known", "2025-05-02"),
    Field("bid_by", Holds.DAY, "The last day for bids, where it is bid for", "2025-07-31"),
    Field("return_months", Holds.TEXT, "The months in which a return is due, as 07,10,01,04", "07,10,01,04"),
    Field("quality", Holds.WORD, "How sure this reading of its terms is", "green", choices=QUALITIES),
)
# What a fund's first terms must say; whatever later terms leave out stays as it was.
_FIRST = ("quality",)
# By no kind of entry may money leave a fund unless its terms name one. Nothing else is taken to be so unless said.
_USUAL = {"leave_by": ""}


def _records(header: Header, kind: str, *brought: tuple[type[SQLModel], Sequence[Mapping[str, Any]]]) -> list[Draft]:
    return [header.draft(kind, records={model: records(model, rows) for model, rows in brought if rows})]


def _pot(values: Values, known: Known, header: Header) -> list[Draft]:
    code, parent = values["code"], values["parent"]
    if code in known.funds:
        why = "A fund's code is never used again."
        raise Impossible("code", f"there is a fund {code} already.", why, "Use another code; or change its terms.")
    around = known.funds.get(parent, {})
    fund = {"code": code, "name": values["name"], "parent": parent}
    for name in ("stream", "resource", "lowest_tier"):
        fund[name] = values[name] or around.get(name)
        if fund[name] is None:
            why = "A fund that is inside no other takes it from none."
            raise Impossible(name, "nothing is given.", why, "Give it, or the fund that it is inside of.")
    return _records(header, "terms", (Fund, [fund]), (Terms, [_row_of_terms(code, values, {}, known, header)]))


def _terms(values: Values, known: Known, header: Header) -> list[Draft]:
    held = known.terms_held(values["fund"], header.day) or {}
    if not any(values[field.name] is not None for field in _TERMS):
        raise Impossible("grade", "no new terms are given.", "Nothing would change.", "Give at least one of the terms.")
    return _records(header, "terms", (Terms, [_row_of_terms(values["fund"], values, held, known, header)]))


def _row_of_terms(
    fund: str, values: Values, held: Mapping[str, Any], known: Known, header: Header
) -> dict[str, Any]:  # fmt: skip
    version = known.version_after(fund, header.day)
    row = {"id": f"{fund}/{header.day}/{version}", "fund": fund, "effective_from": header.day, "version": version}
    for field in _TERMS:
        given = values[field.name]
        row[field.name] = held.get(field.name, _USUAL.get(field.name)) if given is None else _kept(given)
        if field.name in _FIRST and row[field.name] is None:
            why = f"The first terms of {fund} say it."
            raise Impossible(field.name, "nothing is given.", why, f"Give {field.holds.value}, as {field.example}.")
    row["reason"], row["standing"] = header.reason, header.rests_on
    row["source"] = header.source or held.get("source")
    if not row["source"]:
        raise Impossible("source", "nothing is given.", "Terms rest on a document.", "Name the letter or decision.")
    return row


def _kept(given: Any) -> Any:
    """A term as the books keep it: a year by the year it starts in."""
    return given.start if isinstance(given, FinancialYear) else given


def _agree(values: Values, _known: Known, header: Header) -> list[Draft]:
    if values["amount"] is not None and values["share"] is not None:
        raise Impossible("share", "an amount and a share are given.", "An agreement is for one of them.", "Give one.")
    row = {
        "id": header.key, "organisation": values["organisation"], "fund": values["fund"],
        "amount_pence": values["amount"], "share_ppm": values["share"], "partners": values["partners"],
        "decision_reference": values["reference"], "purpose": values["purpose"], "valid_from": header.day,
        "valid_to": values["until"],
    }  # fmt: skip
    return _records(header, "agree", (Agreement, [row]))


def _end_agreement(values: Values, known: Known, header: Header) -> list[Draft]:
    live = [
        row
        for row in known.agreements.values()
        if row["organisation"] == values["organisation"]
        and row["fund"] == values["fund"]
        and values["agreement"] in (None, row["id"])
        and (row["valid_to"] is None or row["valid_to"] > header.day)
    ]
    if len(live) != 1:
        found = "there is no such agreement in force." if not live else f"there are {len(live)} such agreements."
        fix = f"Name one of them: {', '.join(row['id'] for row in live)}." if live else "Correct the codes or the day."
        raise Impossible("agreement", found, "One agreement is ended.", fix)
    row = {**live[0], "id": header.key, "valid_to": header.day, "supersedes": live[0]["id"]}
    return _records(header, "agree", (Agreement, [row]))


def _organisation(values: Values, known: Known, header: Header) -> list[Draft]:
    code = values["code"]
    if code in known.organisations:
        why = "A code is never used again."
        raise Impossible("code", f"there is an organisation {code} already.", why, "Use another code.")
    row = {"code": code, "name": values["name"], "tier": values["tier"], "ons_code": values["ons_code"],
           "valid_from": header.day, "valid_to": values["until"]}  # fmt: skip
    tie: list[dict[str, Any]] = []
    if values["part_of"] is not None:
        tie = [_tie(values["part_of"], code, values, header)]
    return _records(header, "structure", (Organisation, [row]), (Relationship, tie))


def _tie(parent: str, child: str, values: Values, header: Header) -> dict[str, Any]:
    scheme = values["scheme"] or "funding"
    return {"id": f"{parent}>{child}/{scheme}/{header.day}", "parent": parent, "child": child, "scheme": scheme,
            "part": values.get("part"), "valid_from": header.day, "valid_to": values["until"]}  # fmt: skip


def _relate(values: Values, known: Known, header: Header) -> list[Draft]:
    """A tie from a day on; one that the child has whole in the same scheme ends where it begins."""
    row = _tie(values["part_of"], values["child"], values, header)
    before = [
        one
        for one in known.relationships.get(values["child"], [])
        if one["scheme"] == row["scheme"]
        and (one["valid_to"] is None or one["valid_to"] > header.day)
        and (one["part"] is None or row["part"] is None or one["parent"] == row["parent"])
    ]
    rows = [row]
    taken = {one["id"] for one in known.relationships.get(values["child"], [])}
    for one in before:
        if one["valid_from"] < header.day:
            rows.append({**one, "id": f"{one['id']}/until {header.day}", "valid_to": header.day,
                         "supersedes": one["id"]})  # fmt: skip
        elif len(before) == 1:
            row["supersedes"] = one["id"]
            row["id"] = f"{row['id']}/corrected" if row["id"] in taken else row["id"]
    return _records(header, "structure", (Relationship, rows))


def _close(values: Values, _known: Known, header: Header) -> list[Draft]:
    row = {"id": f"{values['organisation']}/{header.key}", "organisation": values["organisation"],
           "valid_to": header.day}  # fmt: skip
    return _records(header, "structure", (Closure, [row]))


def _succession(values: Values, _known: Known, header: Header) -> list[Draft]:
    row = {
        "id": f"{values['predecessor']}>{values['successor']}/{header.day}", "predecessor": values["predecessor"],
        "successor": values["successor"], "effective_date": header.day, "kind": values["kind_of_change"],
        "weight": values["weight"], "basis": values["basis"],
    }  # fmt: skip
    return _records(header, "structure", (Succession, [row]))


def _tier(values: Values, known: Known, header: Header) -> list[Draft]:
    if values["code"] in known.tiers:
        why = "A tier's code stands for one level."
        raise Impossible("code", f"there is a tier {values['code']} already.", why, "Use another code.")
    row = {name: values[name] for name in ("code", "name", "rank", "depth")} | {"may_go_below_zero": False}
    return _records(header, "structure", (Tier, [row]))


def _total(values: Values, _known: Known, header: Header) -> list[Draft]:
    if header.source is None:
        raise Impossible("source", "nothing is given.", "A total is somebody's.", "Name the document that prints it.")
    row = {
        "id": header.key, "description": values["description"], "year": values["year"].start, "as_at": header.day,
        "from_tier": values["from_tier"], "to_tier": values["to_tier"], "organisation": values["organisation"],
        "fund": values["fund"], "expected_pence": values["amount"], "tolerance_pence": values["tolerance_pence"] or 0,
        "source": header.source,
    }  # fmt: skip
    return _records(header, "assert", (ControlTotal, [row]))


_CODE = Field("code", Holds.TEXT, "Its code, new in the books", "winter-2025", required=True)
_NAME = Field("name", Holds.TEXT, "Its name", "Winter pressures 2025/26", required=True)
_HOLDER = Field("organisation", Holds.ORGANISATION, "Who keeps the money", "QWO", required=True)
_FUND = Field("fund", Holds.FUND, "The fund", "core-community", required=True)
_UNTIL = Field("until", Holds.DAY, "The first day on which it no longer holds", "2026-04-01")
_PART = Field(
    "part", Holds.NUMBER, "Where it is divided: registered people x 10^9 in this parent", "12000000000000",
    most=MOST_MOVED_PENCE,
)  # fmt: skip
_SCHEME = Field("scheme", Holds.TEXT, "Which way of dividing the country: funding unless said", "icb")

DECISIONS = (
    Decision(
        "pot",
        "A fund begins, with all its terms.",
        (
            _CODE,
            _NAME,
            Field("parent", Holds.FUND, "The fund that it is inside of", "core"),
            Field("stream", Holds.TEXT, "Its stream; its parent's unless said", "core"),
            Field("resource", Holds.WORD, "Revenue or capital; its parent's unless said", "revenue", choices=RESOURCES),
            Field("lowest_tier", Holds.TIER, "How far down it may be held; its parent's unless said", "practice"),
            *_TERMS,
        ),
        ("terms",),
        _pot,
        (Fund, Terms),
    ),
    Decision(
        "terms",
        "The terms of a fund change from a day on: a ring-fence is lifted, loosened or tightened; the rest stays.",
        (_FUND, *_TERMS),
        ("terms",),
        _terms,
        (Terms,),
    ),
    Decision(
        "agree",
        "Partners agree that an organisation keeps money of a fund: an amount, a share, or all that it keeps.",
        (
            _HOLDER,
            _FUND,
            Field("amount", Holds.MONEY, "How much is agreed, in pounds", "250000"),
            Field("share", Holds.PERCENT, "Or what share of what it received", "5%"),
            Field("partners", Holds.TEXT, "Who agreed", "All five places", required=True),
            Field(
                "reference", Holds.TEXT, "Where the decision is written down", "Board 14 May 2025, 7.2", required=True
            ),
            Field("purpose", Holds.TEXT, "What it is kept for", "Shared digital team", required=True),
            _UNTIL,
        ),
        ("agree",),
        _agree,
        (Agreement,),
    ),
    Decision(
        "end-agreement",
        "An agreement to keep money ends on a day.",
        (
            _HOLDER,
            _FUND,
            Field("agreement", Holds.TEXT, "Its name, where there are several", "QWO/core/2025/26", among="agreements"),
        ),
        ("agree",),
        _end_agreement,
        (Agreement,),
    ),
    Decision(
        "organisation",
        "An organisation begins: a place, a council, a provider, a network, a practice.",
        (
            Field("code", Holds.TEXT, "Its code (ODS where there is one), new in the books", "U12345", required=True),
            _NAME,
            Field("tier", Holds.TIER, "At which level it decides", "pcn", required=True),
            Field("ons_code", Holds.TEXT, "Its ONS code", "E08000035"),
            Field("part_of", Holds.ORGANISATION, "Who it is part of", "QWO"),
            _SCHEME,
            _PART,
            _UNTIL,
        ),
        ("structure",),
        _organisation,
        (Organisation, Relationship),
    ),
    Decision(
        "relate",
        "An organisation is part of another from a day on; what it was part of whole in the same scheme ends then.",
        (
            Field("child", Holds.ORGANISATION, "Who is part of it", "A81001", required=True),
            Field("part_of", Holds.ORGANISATION, "Who it is part of", "U89141", required=True),
            _SCHEME,
            _PART,
            _UNTIL,
        ),
        ("structure",),
        _relate,
        (Relationship,),
    ),
    Decision(
        "close",
        "An organisation is no more from a day on.",
        (Field("organisation", Holds.ORGANISATION, "Who", "A81001", required=True),),
        ("structure",),
        _close,
        (Closure,),
    ),
    Decision(
        "succession",
        "An organisation becomes another on a day, whole or in part.",
        (
            Field("predecessor", Holds.ORGANISATION, "Who was there before", "QHG", required=True),
            Field("successor", Holds.ORGANISATION, "Who comes after", "S1Y5D", required=True),
            Field(
                "kind_of_change",
                Holds.WORD,
                "What it is",
                "merge",
                required=True,
                choices=("merge", "split", "transfer", "rename"),
            ),
            Field(
                "weight",
                Holds.NUMBER,
                "How much goes there, as the basis counts",
                "1097710",
                required=True,
                most=MOST_MOVED_PENCE,
            ),
            Field("basis", Holds.TEXT, "What the weight counts", "registered people", required=True),
        ),
        ("structure",),
        _succession,
        (Succession,),
    ),
    Decision(
        "tier",
        "A level at which money is decided begins.",
        (
            Field("code", Holds.TEXT, "Its code, new in the books", "neighbourhood", required=True),
            _NAME,
            Field(
                "rank",
                Holds.NUMBER,
                "Its order down the structure: money flows from lower to higher",
                "5",
                required=True,
            ),
            Field("depth", Holds.NUMBER, "Steps below the ICB: place 1, PCN 2, practice 3", "2", required=True),
        ),
        ("structure",),
        _tier,
        (Tier,),
    ),
    Decision(
        "total",
        "A published total that the books must tie to by a day, as that of an allocation letter.",
        (
            Field("description", Holds.TEXT, "What it is the total of", "Allocations of QWO, month 3", required=True),
            Field("year", Holds.YEAR, "The year of the money", "2025/26", required=True),
            Field("from_tier", Holds.TIER, "From which tier the money comes", "national", required=True),
            Field("to_tier", Holds.TIER, "To which tier it goes", "icb", required=True),
            Field("organisation", Holds.ORGANISATION, "Of whom, where it is of one", "QWO"),
            Field("fund", Holds.FUND, "Of which fund, with those inside it, where it is of one", "core"),
            Field("amount", Holds.MONEY, "The total, in pounds", "6726338736.97", required=True),
            Field(
                "tolerance_pence",
                Holds.NUMBER,
                "What rounding may take, in pence; none unless said",
                "21",
                most=LARGEST_PENCE,
            ),
        ),
        ("assert",),
        _total,
        (ControlTotal,),
    ),
)
