"""Real pots of the years around the demo's, posted in the year in which each was given.

A pot's total is as published. Who got how much of it is posted where it was printed, or where a rule is published by
which it was shared; else by a rule of ours that is told, or not at all: then it stays with whoever held it together.
Every leg's note begins with which of these it is. Where no amount of a year was found, only the terms are posted.
They rest on the structure and the lines of 2025/26, on who was below NHS England before, and on its revenue limits.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import cache, partial
from typing import Any

import pyarrow.compute as pc

from allocations.demo.stages import Stage
from allocations.figures import tables
from allocations.figures.structure import ACTOR, FIRST_YEAR, NATIONAL, YEAR, relation
from allocations.shares.apportion import apportion
from allocations.shares.need import share_note, weights
from ledger.entries.draft import Draft, Leg, Place, legs, records
from ledger.models import ControlTotal, Fund, Organisation, Relationship, Terms, Tier
from ledger.money import exact_pounds
from ledger.words import DERIVED, GRADES, NOT_SPLIT, PAST_ICBS, PUBLISHED_PARTS
from ledger.years import FinancialYear, parse_year

Row = dict[str, Any]

# The first year whose pots are posted, and the day on which ICBs began.
SINCE = FinancialYear(2021)
_ICBS_BEGAN = date(2022, 7, 1)
# The limit inside which NHS England's pots lie in a year in which the books have it.
_LIMIT = "nhs-revenue"
_DEPARTMENT, _COUNCILS, _PROVIDERS, _HOUSING = "DHSC", "LA-ENGLAND", "PROVIDERS-ENGLAND", "MHCLG"
EQUAL = "equal"
_SOURCE = "allocations/figures/reference/pots.csv"

# Who holds money together whose parts are not published, and the ministry that pays councils.
_HOLDERS = (
    (_HOUSING, "Ministry of Housing, Communities and Local Government", "government"),
    (_COUNCILS, "Local authorities of England, together", PAST_ICBS),
    (_PROVIDERS, "Providers of England, together", PAST_ICBS),
)
# Ministries pay them, and NHS England, and no ICB does: what they hold is neither an ICB's nor handed on by one.
_PAST_ICBS = {
    "code": PAST_ICBS, "name": "Councils and providers, past the ICBs", "rank": 2, "depth": 0,
    "may_go_below_zero": False,
}  # fmt: skip
_TIES = (
    (_DEPARTMENT, _COUNCILS, "grants of the department"),
    (_HOUSING, _COUNCILS, "grants of the ministry"),
    (NATIONAL, _PROVIDERS, "funding"),
)
# Funds around pots that lie in none of the shipped lines.
_ROOTS = tuple(
    dict(zip(("code", "name", "parent", "stream", "resource", "lowest_tier"), root, strict=True))
    for root in (
        ("nhs-capital", "NHS capital: national programmes", None, "capital", "capital", "practice"),
        ("local-authority-grants", "Grants to councils", None, "councils", "revenue", "local_authority"),
        ("local-authority-capital", "Capital grants to councils", None, "councils", "capital", "local_authority"),
    )
)
_AROUND = {"revenue": _LIMIT, "capital": "nhs-capital", "mixed": "nhs-capital"}
# What the terms take over from the table as it stands.
_SAME = ("grade", "route", "recurrent", "announced_on", "notified_on", "bid_by", "spend_by", "returns_per_year",
         "match_percent", "clawback", "standing", "quality", "source")  # fmt: skip
_PAID = re.compile(r"(\d{4}-\d{2}-\d{2}): (\d{1,3})%")


@cache
def shipped_pots() -> tuple[Row, ...]:
    """The rows of ``pots.csv`` from the first year that is posted on, one for each pot and year, in order."""
    rows = tables.table("pots").to_pylist()
    return tuple(row for row in rows if parse_year(row["year"]) >= SINCE)


def stages(limited: Collection[FinancialYear] = ()) -> Sequence[Stage]:
    """Who holds pots and their funds, and a stage for each year: its terms, money and published totals.

    Args:
        limited: the years, besides the demo's, of which the books have NHS England's whole revenue limit; its revenue
            pots lie inside it. In other years each comes by a mandate of its own amount.
    """
    years = sorted({parse_year(row["year"]) for row in shipped_pots()})
    return (
        Stage("Pots: who holds them, and their lines", lambda: [_structure(), _funds()]),
        *(Stage(f"Pots of {year}", partial(_of_year, year, limited=year in {YEAR, *limited})) for year in years),
    )


def _of_year(year: FinancialYear, *, limited: bool) -> list[Draft]:
    rows = [row for row in shipped_pots() if parse_year(row["year"]) == year]
    drafts = list(_terms(year, [row for row in rows if _is_ours(row)]))
    for row in rows:
        if row["amount_pence"] is not None and row["held_already_on"] is None:
            drafts.extend(_money(row, year, limited=limited))
    if totals := list(_totals(rows, year, limited=limited)):
        drafts.append(
            Draft(
                key=f"pots/{year}/control totals",
                kind="assert",
                effective_date=year.first_day,
                actor=ACTOR,
                reason="The published totals of the pots",
                source=_SOURCE,
                records={ControlTotal: records(ControlTotal, totals)},
            )
        )
    return drafts


def _is_ours(row: Mapping[str, Any]) -> bool:
    """Whether the pot is none of the shipped lines, which have funds and terms of their own."""
    return bool(row["held_already_on"] != row["pot"])


# --- who, and which lines -------------------------------------------------------------------------


def _structure() -> Draft:
    life = {"valid_from": SINCE.first_day}
    who = [{"code": code, "name": name, "tier": tier, **life} for code, name, tier in _HOLDERS]
    ties = [relation(parent, child, scheme, life) for parent, child, scheme in _TIES]
    ties.append(relation(_DEPARTMENT, NATIONAL, "funding", {**life, "valid_to": FIRST_YEAR.first_day}))
    return Draft(
        key="pots/holders",
        kind="structure",
        effective_date=SINCE.first_day,
        actor=ACTOR,
        reason="Who holds money of pots whose parts are not published, and who pays councils",
        source=_SOURCE,
        records={
            Tier: records(Tier, [_PAST_ICBS]),
            Organisation: records(Organisation, who),
            Relationship: records(Relationship, ties),
        },
    )


def _funds() -> Draft:
    known = {row["code"]: row for row in tables.table("funds").to_pylist()}
    made: dict[str, Row] = {str(row["code"]): dict(row) for row in _ROOTS}
    for row in shipped_pots():
        if _is_ours(row) and row["pot"] not in made:
            made[row["pot"]] = {
                "code": row["pot"],
                "name": row["name"],
                "parent": row["inside"] or _AROUND[row["resource"]],
                "stream": (known | made).get(row["inside"] or "", {"stream": "pots"})["stream"],
                "resource": "capital" if row["resource"] == "mixed" else row["resource"],
                "lowest_tier": "practice" if row["holder"] == "icb" else row["holder"],
            }
    return Draft(
        key="pots/funds",
        kind="terms",
        effective_date=SINCE.first_day,
        actor=ACTOR,
        reason="The lines of money of the pots; one that mixes revenue and capital stands as capital",
        source=_SOURCE,
        records={Fund: records(Fund, made.values())},
    )


def _terms(year: FinancialYear, rows: Sequence[Row]) -> Iterator[Draft]:
    """The terms of a year's pots; those that are freer than before are an entry of their own, on their authority."""
    graded = [row for row in rows if row["grade"] is not None]
    freer = [row for row in graded if _is_freer(row, year)]
    for some, step in (([row for row in graded if row not in freer], "terms"), (freer, "terms that are freer")):
        if some:
            yield Draft(
                key=f"pots/{year}/{step}",
                kind="terms",
                effective_date=year.first_day,
                actor=ACTOR,
                reason="The terms of the pots of the year; the grades are this project's reading",
                authority=_allowed_by(freer, year) if some is freer else None,
                source=_SOURCE,
                records={Terms: records(Terms, [_terms_of(row, year) for row in some])},
            )


def _is_freer(row: Row, year: FinancialYear) -> bool:
    before = [one for one in shipped_pots() if one["pot"] == row["pot"] and parse_year(one["year"]) < year]
    return bool(before) and GRADES.index(row["grade"]) < GRADES.index(before[-1]["grade"])


def _allowed_by(rows: Sequence[Row], year: FinancialYear) -> str:
    return f"{'; '.join(row['source'] for row in rows)}, from {year.first_day}"


def _terms_of(row: Row, year: FinancialYear) -> Row:
    headline = row["headline_pence"]
    told = f" Headline: £{exact_pounds(headline)}." if headline and headline != row["total_pence"] else ""
    return {
        **{name: row[name] for name in _SAME},
        "id": f"{row['pot']}/{year.first_day}/1",
        "fund": row["pot"],
        "effective_from": year.first_day,
        "version": 1,
        "reason": f"{row['purpose']}. {row['conditions']}. {row['reason']}.{told}",
    }


# --- the money ------------------------------------------------------------------------------------


def _money(row: Row, year: FinancialYear, *, limited: bool) -> Iterator[Draft]:
    """What NHS England is given of a pot, and what whoever receives it gets of it, payment by payment."""
    days, pot = _days(row, year), row["pot"]
    payer = row["owner"] if row["held_by"] == _COUNCILS else NATIONAL
    if payer == NATIONAL:
        inside = limited and row["resource"] == "revenue"
        source = Place(NATIONAL, _LIMIT, year) if inside else Place(_DEPARTMENT, pot, year)
        note = _not_split(row) if row["held_by"] == NATIONAL else None
        whole = _leg(row, source, Place(NATIONAL, pot, year), row["amount_pence"], note)
        yield _draft(row, year, "given", "earmark" if inside else "mandate", min(days), [whole])
    if row["held_by"] == NATIONAL:
        return
    paid = apportion(row["amount_pence"], {str(day): part for day, part in days.items()})
    for nth, day in enumerate(days, start=1):
        pence = paid[str(day)]
        parts = {row["held_by"]: (pence, _not_split(row))} if row["held_by"] else _split(row, year, pence)
        moved = [
            _leg(row, Place(payer, pot, year), Place(holder, pot, year), amount, note)
            for holder, (amount, note) in parts.items()
        ]
        yield _draft(row, year, f"paid {nth}", "allocate", day, moved)


def _days(row: Row, year: FinancialYear) -> dict[date, Fraction]:
    """On which days it is paid, and how much of it.

    As the table says; else on the day of notice, if that is in the year and the holder was there; else on the first
    day of the year on which it was.
    """
    if row["paid_on"]:
        return {date.fromisoformat(day): Fraction(int(percent), 100) for day, percent in _PAID.findall(row["paid_on"])}
    first = year.first_day if row["held_by"] else max(year.first_day, _ICBS_BEGAN)
    notified = row["notified_on"]
    return {notified if notified and first <= notified <= year.last_day else first: Fraction(1)}


def _split(row: Row, year: FinancialYear, pence: int) -> dict[str, tuple[int, str]]:
    """Holder to its pence and where that comes from."""
    method = row["parts"]
    if method == PUBLISHED_PARTS:
        printed = [one for one in tables.table("pot_parts").to_pylist() if one["pot"] == row["pot"]]
        return {
            one["organisation"]: (one["amount_pence"], f"{method}: {one['sheet']}!{one['cell']}") for one in printed
        }
    people = _people(year, "registered" if row["basis"] == EQUAL else row["basis"])
    if row["basis"] == EQUAL:
        shares = apportion(pence, dict.fromkeys(people, 1))
        return {icb: (amount, f"{method}: one of {len(people)} equal parts") for icb, amount in shares.items()}
    whole = sum(people.values())
    return {
        icb: (amount, f"{method}: {share_note(people[icb], whole, row['basis'])}")
        for icb, amount in apportion(pence, people).items()
    }


@cache
def _people(year: FinancialYear, by: str) -> dict[str, int]:
    found = tables.table("icb_people_2022_25")
    return weights(found.filter(pc.equal(found["year"], str(year))), by, "icb")


def _not_split(row: Row) -> str:
    return f"{NOT_SPLIT}: {row['reason']}"


def _leg(row: Row, source: Place, destination: Place, pence: int, note: str | None) -> Leg:
    # Whether money comes again that nobody says recurs is not known; a leg that says so would be a promise.
    return Leg(source, destination, pence, recurrent=bool(row["recurrent"]), note=note)


def _draft(row: Row, year: FinancialYear, step: str, kind: str, day: date, moved: Sequence[Leg]) -> Draft:
    unknown = "" if row["paid_on"] or day == row["notified_on"] else " The day of payment was not found."
    return Draft(
        key=f"pots/{year}/{row['pot']}/{step}",
        kind=kind,
        effective_date=day,
        actor=ACTOR,
        reason=f"{row['name']}, {year}.{unknown}",
        source=row["source"],
        standing=DERIVED if len(moved) > 1 and row["parts"] != PUBLISHED_PARTS else row["standing"],
        transfers=legs(moved),
    )


# --- what was published of it ---------------------------------------------------------------------


def _totals(rows: Sequence[Row], year: FinancialYear, *, limited: bool) -> Iterator[Row]:
    """The published total of each pot with those inside it, as it came in; and what of it was shared out."""
    for row in rows:
        if row["total_pence"] is None or row["held_already_on"] is not None or row["grade"] is None:
            continue
        councils = row["held_by"] == _COUNCILS
        if councils or not (limited and row["resource"] == "revenue"):
            yield _total(row, year, "government", PAST_ICBS if councils else "national", row["total_pence"])
        if not councils and row["held_by"] != NATIONAL and row["amount_pence"] is not None:
            yield _total(row, year, "national", PAST_ICBS if row["held_by"] else "icb", row["amount_pence"])


def _total(row: Row, year: FinancialYear, upper: str, lower: str, pence: int) -> Row:
    return {
        "id": f"pots/{year}/{row['pot']}/{upper}>{lower}",
        "description": f"{row['name']}, {year}",
        "year": year.start,
        "as_at": year.last_day,
        "from_tier": upper,
        "to_tier": lower,
        "organisation": None,
        "fund": row["pot"],
        "expected_pence": pence,
        "tolerance_pence": 0,
        "source": row["source"],
    }
