"""Who there is in the demo's ledger, and what lines of money there are, from the shipped figures."""

import csv
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from allocations.figures import tables
from allocations.reading.file_bytes import content_of
from ledger.entries.draft import Draft, records
from ledger.errors import Problem, Refused, refuse_any
from ledger.models import Fund, Organisation, Relationship, Succession, Terms, Tier
from ledger.words import DISCRETIONS, GRADES, OWN, PUBLISHED, QUALITIES, ROUTES
from ledger.years import FinancialYear

YEAR = FinancialYear(2025)
# The first year of which practices are shipped: what they were paid in it.
FIRST_YEAR = FinancialYear(2022)
NATIONAL = "X24"
ACTOR = "devolution demo"
PLACE_SCHEME = "place: upper-tier local authority"


def drafts() -> list[Draft]:
    """Two entries: who there is and who is part of whom; and the lines of money with their terms."""
    who = Draft(
        key=f"demo/{YEAR}/structure",
        kind="structure",
        effective_date=YEAR.first_day,
        actor=ACTOR,
        reason="Who there is and who is part of whom, with the default places, which are an assumption",
        source="NHS England and ONS, as described in allocations/figures/reference/tables.yaml",
        standing=PUBLISHED,
        records={
            Tier: records(Tier, tables.table("tiers").to_pylist()),
            Organisation: records(Organisation, organisations()),
            Relationship: records(Relationship, relationships()),
            Succession: records(Succession, successions()),
        },
    )
    what = Draft(
        key=f"demo/{YEAR}/funds and terms",
        kind="terms",
        effective_date=YEAR.first_day,
        actor=ACTOR,
        reason="The lines of money and how free each is; the grades are this project's reading",
        source="allocations/figures/reference/terms.csv",
        records={
            Fund: records(Fund, tables.table("funds").to_pylist()),
            Terms: records(Terms, terms()),
        },
    )
    return [who, what]


def terms(name: str = "terms") -> Iterator[dict[str, Any]]:
    """The shipped terms of 2025/26, or those of another table of terms, as the books hold them."""
    for row in tables.table(name).to_pylist():
        yield {
            **row,
            "id": f"{row['fund']}/{row['effective_from']}/{row['version']}",
            "leave_by": row["leave_by"] or "",
        }


def organisations() -> Iterator[dict[str, Any]]:
    """Every organisation of the shipped tables, as the books hold it: from the department down to practices."""
    for row in tables.table("organisations").to_pylist():
        del row["region"]
        yield row
    for row in tables.table("places_2025_26").to_pylist():
        yield {
            "code": row["place"],
            "name": row["name"],
            "tier": "place",
            "ons_code": row["authority"],
            "valid_from": YEAR.first_day,
        }
    # When a network or a practice began is not shipped: it is known from the first year that shows it.
    before = tables.table("practice_payments_2022_23")
    known = dict.fromkeys([*before["pcn"].to_pylist(), *before["practice"].to_pylist()], FIRST_YEAR.first_day)
    for row in tables.table("pcns_2025_26").to_pylist():
        code = row["pcn"]
        yield {"code": code, "name": row["name"], "tier": "pcn", "valid_from": known.get(code, YEAR.first_day)}
    for code in tables.table("practices_2025_26")["practice"].to_pylist():
        since = known.get(code, YEAR.first_day)
        yield {"code": code, "name": f"Practice {code}", "tier": "practice", "valid_from": since}


def relationships() -> Iterator[dict[str, Any]]:
    """Who is part of whom by the shipped tables, each from a day until the day on which an ICB ended."""
    icbs = {row["code"]: row for row in tables.table("organisations").to_pylist() if row["tier"] == "icb"}
    regions = [row["code"] for row in tables.table("organisations").to_pylist() if row["tier"] == "region"]
    yield relation("DHSC", NATIONAL, "funding", {})
    for region in regions:
        yield relation(NATIONAL, region, "region", {"valid_from": YEAR.first_day})
    for code, icb in icbs.items():
        life = {"valid_from": max(icb["valid_from"], YEAR.first_day), "valid_to": icb["valid_to"]}
        yield relation(NATIONAL, code, "funding", life)
        yield relation(icb["region"], code, "region", life)
    for row in tables.table("places_2025_26").to_pylist():
        yield relation(row["icb"], row["place"], "icb", _until(icbs, row["icb"]))
    yield from _network_relations(icbs)
    for row in tables.table("practices_2025_26").to_pylist():
        life = _until(icbs, row["icb"])
        yield relation(row["icb"], row["practice"], "icb", life)
        yield relation(row["place"], row["practice"], PLACE_SCHEME, life)
        if row["pcn"]:
            yield relation(row["pcn"], row["practice"], "pcn", {})


def _network_relations(icbs: Mapping[str, Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """A PCN under its ICB and its place; where it straddles several, with its part in each."""
    parts = tables.table("pcn_parts_2025_26").to_pylist()
    in_icb: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in parts:
        in_icb[row["pcn"], row["icb"]] += row["registered"]
    icbs_of = Counter(pcn for pcn, _ in in_icb)
    places_of = Counter(row["pcn"] for row in parts)
    for (pcn, icb), population in in_icb.items():
        part = tables.billionths(population) if icbs_of[pcn] > 1 else None
        yield {**relation(icb, pcn, "icb", _until(icbs, icb)), "part": part}
    for row in parts:
        part = tables.billionths(row["registered"]) if places_of[row["pcn"]] > 1 else None
        yield {**relation(row["place"], row["pcn"], PLACE_SCHEME, _until(icbs, row["icb"])), "part": part}


def _until(icbs: Mapping[str, Mapping[str, Any]], icb: str) -> dict[str, Any]:
    return {"valid_from": YEAR.first_day, "valid_to": icbs[icb]["valid_to"]}


def relation(parent: str, child: str, scheme: str, life: Mapping[str, Any]) -> dict[str, Any]:
    """One membership, from the first day of the shipped year unless ``life`` says otherwise."""
    given = {"valid_from": YEAR.first_day, **life}
    return {
        "id": f"{parent}>{child}/{scheme}/{given['valid_from']}",
        "parent": parent,
        "child": child,
        "scheme": scheme,
        **given,
    }


def successions() -> Iterator[dict[str, Any]]:
    """Who became whom by the shipped tables, weighed by registered population."""
    for row in tables.table("successions").to_pylist():
        yield {
            "id": f"{row['predecessor']}>{row['successor']}/{row['effective_date']}",
            "predecessor": row["predecessor"],
            "successor": row["successor"],
            "effective_date": row["effective_date"],
            "kind": row["kind"],
            "weight": tables.billionths(row["registered"]),
            "basis": "registered population x 10^9, practices open in both years",
        }


REQUIRED = ("fund", "reason", "source", "quality")
_NUMBERS = ("returns_per_year", "match_percent")
_DATES = ("notified_on", "spend_by")
_CHOICES = {
    "grade": GRADES,
    "route": ROUTES,
    "quality": QUALITIES,
    "recurrent": ("true", "false"),
    "discretion": DISCRETIONS,
}
_OVERRIDABLE = ("grade", "route", "recurrent", *_DATES, *_NUMBERS, "clawback", "leave_by", "discretion")


def overriding_terms(path: Path, newest: Mapping[str, int]) -> Draft:
    """New terms for the funds that a CSV file names, as an entry: the shipped terms stay in the books.

    Args:
        path: the file.
        newest: fund to the newest version of its terms that the books know for the day of the shipped ones.

    The file has the columns ``fund``, ``reason``, ``source`` and ``quality``, and any of those that
    ``terms.csv`` has; an empty cell keeps what the shipped terms say.

    Raises:
        Refused: with every line that cannot be used.
    """
    shipped = _inherited_terms()
    try:
        content = content_of(path)
        rows = list(csv.DictReader(content.decode("utf-8-sig").splitlines()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Refused(
            [
                Problem(
                    str(path),
                    "it cannot be read as a CSV file in UTF-8.",
                    "Your terms are needed.",
                    "Check the name and format.",
                )
            ]
        ) from error
    problems: list[Problem] = []
    fresh: list[dict[str, Any]] = []
    seen: set[str] = set()
    for line, row in enumerate(rows, start=2):
        where = f"{path.name}, line {line}"
        cells = {name: (value or "").strip() for name, value in row.items() if name}
        found = _row_problems(where, cells, shipped)
        fund = cells.get("fund", "")
        if fund and fund in seen:
            found.append(
                Problem(
                    where,
                    f"the fund {fund} stands twice.",
                    "It would have two sets of terms.",
                    "Keep one line.",
                )
            )
        seen.add(fund)
        problems.extend(found)
        if not found:
            fresh.append(_merged(cells, shipped[cells["fund"]], newest.get(cells["fund"], 0) + 1))
    if not rows:
        problems.append(
            Problem(
                path.name,
                "it has no lines.",
                "Nothing would change.",
                f"Give the columns {', '.join(REQUIRED)}.",
            )
        )
    refuse_any(problems)
    digest = hashlib.sha256(content).hexdigest()
    return Draft(
        key=f"terms/{digest}",
        kind="terms",
        effective_date=min(row["effective_from"] for row in fresh),
        actor=ACTOR,
        reason="The user's own reading of how free these lines are",
        source=path.name,
        source_hash=digest,
        standing=OWN,
        records={Terms: records(Terms, [{**row, "id": f"{row['id']}/{digest[:12]}"} for row in fresh])},
    )


def _inherited_terms() -> dict[str, dict[str, Any]]:
    """The terms of every fund: its own, or for a budget heading those of the nearest fund around it."""
    own = {row["fund"]: row for row in tables.table("terms").to_pylist()}
    held: dict[str, dict[str, Any]] = {}
    for row in tables.table("funds").to_pylist():
        found = own.get(row["code"]) or held.get(row["parent"])
        if found:
            held[row["code"]] = {**found, "fund": row["code"]}
    return held


def _row_problems(where: str, cells: dict[str, str], shipped: dict[str, dict[str, Any]]) -> list[Problem]:
    found = [
        Problem(
            where, f"the column '{name}' is empty.", "A reading without its grounds cannot be weighed.", "Fill it in."
        )
        for name in REQUIRED
        if not cells.get(name)
    ]
    if cells.get("fund") and cells["fund"] not in shipped:
        found.append(
            Problem(
                where,
                f"there are no terms for a fund '{cells['fund']}'.",
                "There is nothing to override.",
                f"Funds with terms: {', '.join(sorted(shipped))}.",
            )
        )
    columns = (*REQUIRED, *_OVERRIDABLE)
    for name, text in cells.items():
        if name not in columns:
            remedy = f"Use only {', '.join(columns)}."
            found.append(Problem(where, f"there is a column '{name}'.", "It would be ignored.", remedy))
        elif text and (expected := _expected(name, text)):
            found.append(Problem(where, f"the {name} is '{text}'.", "It cannot be read.", f"Write {expected}."))
    return found


def _expected(name: str, text: str) -> str:
    """What a cell should hold, where it does not; empty where it does."""
    if name in _CHOICES and text.lower() not in _CHOICES[name]:
        return f"one of {', '.join(_CHOICES[name])}"
    if name in _NUMBERS and not text.isdecimal():
        return "a whole number in digits"
    if name in _DATES:
        try:
            date.fromisoformat(text)
        except ValueError:
            return "a day as 2025-04-01"
    return ""


def _merged(cells: dict[str, str], shipped: dict[str, Any], version: int) -> dict[str, Any]:
    row = dict(shipped)
    for name in (*_OVERRIDABLE, "reason", "source", "quality"):
        text = cells.get(name, "")
        if text:
            row[name] = (
                text.lower() == "true"
                if name == "recurrent"
                else int(text)
                if name in _NUMBERS
                else date.fromisoformat(text)
                if name in _DATES
                else text.lower()
                if name in _CHOICES
                else text
            )
    row["version"] = version
    row["leave_by"] = row["leave_by"] or ""
    row["standing"] = OWN
    row["id"] = f"{row['fund']}/{row['effective_from']}/{row['version']}"
    return row
