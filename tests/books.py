"""Small books with every kind of organisation and ring-fence, for tests that read like cases."""

from collections.abc import Sequence
from datetime import date, datetime
from itertools import count
from typing import Any

import pyarrow as pa

from ledger.entries.draft import Draft, Leg, Place, legs, records
from ledger.entries.posting import Posted, post
from ledger.errors import Problem
from ledger.models import Agreement, Fund, Organisation, Relationship, Terms, Tier
from ledger.reports import position
from ledger.store.base import Store
from ledger.years import FinancialYear
from screens.report.wording import COMMAND_LINE

YEAR = FinancialYear(2025)
APRIL, MAY, JUNE = date(2025, 4, 1), date(2025, 5, 1), date(2025, 6, 1)
LONG_AGO = date(2020, 4, 1)

TIERS = (
    ("government", "Government", 0, 0, True),
    ("national", "National", 1, 0, False),
    ("icb", "Integrated care board", 2, 0, False),
    ("place", "Place", 3, 1, False),
    ("pcn", "Primary care network", 4, 2, False),
    ("practice", "Practice", 5, 3, False),
)
ORGANISATIONS = (
    ("GOV", "Department", "government"),
    ("NHS", "NHS England", "national"),
    ("ICB1", "First ICB", "icb"),
    ("ICB2", "Second ICB", "icb"),
    ("P1", "First place", "place"),
    ("P2", "Second place", "place"),
    ("P3", "Third place", "place"),
    ("N1", "Network one", "pcn"),
    ("N2", "Network across", "pcn"),
    ("G1", "Practice one", "practice"),
)
RELATIONS = (
    ("GOV", "NHS", None), ("NHS", "ICB1", None), ("NHS", "ICB2", None), ("ICB1", "P1", None), ("ICB1", "P2", None),
    ("ICB2", "P3", None), ("P1", "N1", None), ("P1", "N2", 3), ("P3", "N2", 1), ("N1", "G1", None),
)  # fmt: skip
# Fund, parent, grade, kinds by which money may leave it.
FUNDS = (
    ("limit", None, "none", ""),
    ("core", "limit", "none", ""),
    ("care", "core", "statutory", ""),
    ("care-inner", "care", "hard", ""),
    ("winter", "limit", "hard", "vire,consolidate"),
    ("growth", "limit", "soft", ""),
    ("estate", None, "none", ""),
)
NETWORK_SCHEME = "network"
_serial = count()


def small_books(store: Store) -> None:
    """Record the organisations, funds and terms above; no money."""
    post(store, [structure(), terms()])


def structure() -> Draft:
    organisations = [
        {"code": code, "name": name, "tier": tier, "valid_from": LONG_AGO} for code, name, tier in ORGANISATIONS
    ]
    relations = [
        {"id": f"{a}>{b}", "parent": a, "child": b, "scheme": "line", "part": part, "valid_from": LONG_AGO}
        for a, b, part in RELATIONS
    ]
    tiers = [dict(zip(("code", "name", "rank", "depth", "may_go_below_zero"), tier, strict=True)) for tier in TIERS]
    return Draft(
        "structure", "structure", APRIL, "tests", "who there is",
        records={
            Tier: records(Tier, tiers),
            Organisation: records(Organisation, organisations),
            Relationship: records(Relationship, relations),
        },
    )  # fmt: skip


def terms() -> Draft:
    funds = [
        {"code": code, "name": code.capitalize(), "parent": parent, "stream": "core", "lowest_tier": "practice",
         "resource": "capital" if code == "estate" else "revenue"}
        for code, parent, _, _ in FUNDS
    ]  # fmt: skip
    rows = [term(code, grade, leave_by=leave_by) for code, _, grade, leave_by in FUNDS]
    return Draft(
        "terms",
        "terms",
        APRIL,
        "tests",
        "what there is",
        records={Fund: records(Fund, funds), Terms: records(Terms, rows)},
    )


def term(
    fund: str, grade: str | None, *, version: int = 1, effective_from: date = LONG_AGO, **given: Any
) -> dict[str, Any]:
    return {
        "id": f"{fund}/{effective_from}/{version}", "fund": fund, "effective_from": effective_from, "version": version,
        "grade": grade, "route": "formula", "recurrent": True, "notified_on": LONG_AGO, "source": "the tests",
        "reason": "to test", "quality": "green", "match_percent": 0, "clawback": "none", **given,
    }  # fmt: skip


def new_terms(*rows: dict[str, Any], key: str = "new terms", authority: str | None = None) -> Draft:
    return Draft(
        key, "terms", APRIL, "tests", "the terms change", authority=authority, records={Terms: records(Terms, rows)}
    )


def new_relations(*rows: dict[str, Any], key: str = "new relations") -> Draft:
    return Draft(
        key, "structure", APRIL, "tests", "the structure changes", records={Relationship: records(Relationship, rows)}
    )


def agreement(**given: Any) -> Draft:
    row = {
        "id": f"agreement {next(_serial)}", "partners": "P1, P2", "decision_reference": "minute 7", "purpose": "risk",
        "valid_from": APRIL, **given,
    }  # fmt: skip
    return Draft(
        f"agree {next(_serial)}", "agree", APRIL, "tests", "they agreed", records={Agreement: records(Agreement, [row])}
    )


def at(organisation: str, fund: str, standing: str = "available", year: FinancialYear = YEAR) -> Place:
    return Place(organisation, fund, year, standing)


def entry(
    kind: str, source: Place, destination: Place, pence: int, *, day: date = APRIL, key: str | None = None, **given: Any
) -> Draft:
    """An entry with one leg."""
    return Draft(
        key or f"{kind} {next(_serial)}",
        kind,
        day,
        "tests",
        "a case",
        transfers=legs([Leg(source, destination, pence)]),
        **given,
    )


def fund_all(store: Store, pence: int = 1_000_000) -> list[Posted]:
    """The national body gets its limit and passes 600,000 to the first ICB and 300,000 to the second, on core."""
    return post(
        store,
        [
            entry("mandate", at("GOV", "limit"), at("NHS", "limit"), pence),
            entry("allocate", at("NHS", "limit"), at("ICB1", "core"), 600_000),
            entry("allocate", at("NHS", "limit"), at("ICB2", "core"), 300_000),
        ],
    )


def held(
    store: Store, *, as_at: date | None = None, known_at: datetime | None = None
) -> dict[tuple[str, str, str], int]:
    """What stands where: (organisation, fund, standing) to pence."""
    return {
        (row["organisation"], row["fund"], row["standing"]): row["amount_pence"]
        for row in whole(store, as_at, known_at).to_pylist()
    }


def whole(store: Store, as_at: date | None = None, known_at: datetime | None = None) -> pa.Table:
    with store.read() as reader:
        return position.position(reader, position.moment(reader, as_at, known_at))


def texts(problems: Sequence[object]) -> str:
    """Problems as the command line says them."""
    return "\n".join(str(each.told(COMMAND_LINE) if isinstance(each, Problem) else each) for each in problems)
