"""Who is below the 36 ICBs from April 2026, from the shipped tables of the years from 2026/27.

The people of a practice are those projected for 2026/27; they say only how a network is divided that lies in several
places or ICBs.
"""

from collections import Counter, defaultdict
from decimal import Decimal
from typing import Any

from allocations.figures import tables
from allocations.figures.structure import PLACE_SCHEME, relation
from ledger.years import FinancialYear

YEAR = FinancialYear(2026)
_LIFE = {"valid_from": YEAR.first_day}
Row = dict[str, Any]


def below_icbs() -> tuple[list[Row], list[Row]]:
    """Places, networks and practices, and whose part each is: rows of ``Organisation`` and of ``Relationship``."""
    places, networks = tables.table("places_2026_29").to_pylist(), tables.table("pcns_2026_29").to_pylist()
    practices = tables.table("practices_2026_27").to_pylist()
    upper = {row["district"]: row["authority"] for row in tables.table("districts").to_pylist()}
    who = [_one(row["place"], row["name"], "place", row["authority"]) for row in places]
    who += [_one(row["pcn"], row["name"], "pcn") for row in networks]
    who += [_one(row["practice"], f"Practice {row['practice']}", "practice") for row in practices]
    ties = [relation(row["icb"], row["place"], "icb", _LIFE) for row in places]
    in_icb: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    in_place: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in practices:
        place = f"{row['icb']}-{upper[row['district']]}"
        ties.append(relation(row["icb"], row["practice"], "icb", _LIFE))
        ties.append(relation(place, row["practice"], PLACE_SCHEME, _LIFE))
        if row["pcn"]:
            ties.append(relation(row["pcn"], row["practice"], "pcn", _LIFE))
            in_icb[row["pcn"], row["icb"]] += row["registered"]
            in_place[row["pcn"], place] += row["registered"]
    return who, [*ties, *_divided(in_icb, "icb"), *_divided(in_place, PLACE_SCHEME)]


def _one(code: str, name: str, tier: str, ons_code: str | None = None) -> Row:
    return {"code": code, "name": name, "tier": tier, "ons_code": ons_code, "valid_from": YEAR.first_day,
            "valid_to": None}  # fmt: skip


def _divided(people: dict[tuple[str, str], Decimal], scheme: str) -> list[Row]:
    """A network under each parent; with its part in each where there are several."""
    parents = Counter(network for network, _ in people)
    return [
        {
            **relation(parent, network, scheme, _LIFE),
            "part": tables.billionths(registered) if parents[network] > 1 else None,
        }
        for (network, parent), registered in people.items()
    ]
