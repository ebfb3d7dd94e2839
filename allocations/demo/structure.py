"""Who there is in the demo's ledger, and what lines of money there are, from the shipped figures."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from allocations.figures import tables
from ledger.entries.draft import Draft, records
from ledger.models import Fund, Organisation, Relationship, Succession, Terms, Tier
from ledger.years import FinancialYear

YEAR = FinancialYear(2025)
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
        records={
            Tier: records(Tier, tables.table("tiers").to_pylist()),
            Organisation: records(Organisation, _organisations()),
            Relationship: records(Relationship, _relationships()),
            Succession: records(Succession, _successions()),
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
            Terms: records(
                Terms,
                [
                    {
                        **row,
                        "id": f"{row['fund']}/{row['effective_from']}/{row['version']}",
                        "leave_by": row["leave_by"] or "",
                    }
                    for row in tables.table("terms").to_pylist()
                ],
            ),
        },
    )
    return [who, what]


def _organisations() -> Iterator[dict[str, Any]]:
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
    for row in tables.table("pcns_2025_26").to_pylist():
        yield {"code": row["pcn"], "name": row["name"], "tier": "pcn", "valid_from": YEAR.first_day}
    for row in tables.table("practices_2025_26").to_pylist():
        code = row["practice"]
        yield {"code": code, "name": f"Practice {code}", "tier": "practice", "valid_from": YEAR.first_day}


def _relationships() -> Iterator[dict[str, Any]]:
    icbs = {row["code"]: row for row in tables.table("organisations").to_pylist() if row["tier"] == "icb"}
    regions = [row["code"] for row in tables.table("organisations").to_pylist() if row["tier"] == "region"]
    yield _relation("DHSC", NATIONAL, "funding", {})
    for region in regions:
        yield _relation(NATIONAL, region, "region", {"valid_from": YEAR.first_day})
    for code, icb in icbs.items():
        life = {"valid_from": max(icb["valid_from"], YEAR.first_day), "valid_to": icb["valid_to"]}
        yield _relation(NATIONAL, code, "funding", life)
        yield _relation(icb["region"], code, "region", life)
    for row in tables.table("places_2025_26").to_pylist():
        yield _relation(row["icb"], row["place"], "icb", _until(icbs, row["icb"]))
    yield from _network_relations(icbs)
    for row in tables.table("practices_2025_26").to_pylist():
        life = _until(icbs, row["icb"])
        yield _relation(row["icb"], row["practice"], "icb", life)
        yield _relation(row["place"], row["practice"], PLACE_SCHEME, life)
        if row["pcn"]:
            yield _relation(row["pcn"], row["practice"], "pcn", {})


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
        yield {**_relation(icb, pcn, "icb", _until(icbs, icb)), "part": part}
    for row in parts:
        part = tables.billionths(row["registered"]) if places_of[row["pcn"]] > 1 else None
        yield {**_relation(row["place"], row["pcn"], PLACE_SCHEME, _until(icbs, row["icb"])), "part": part}


def _until(icbs: Mapping[str, Mapping[str, Any]], icb: str) -> dict[str, Any]:
    return {"valid_from": YEAR.first_day, "valid_to": icbs[icb]["valid_to"]}


def _relation(parent: str, child: str, scheme: str, life: Mapping[str, Any]) -> dict[str, Any]:
    given = {"valid_from": YEAR.first_day, **life}
    return {
        "id": f"{parent}>{child}/{scheme}/{given['valid_from']}",
        "parent": parent,
        "child": child,
        "scheme": scheme,
        **given,
    }


def _successions() -> Iterator[dict[str, Any]]:
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
