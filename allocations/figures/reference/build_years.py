"""Work out the shipped figures of the years 2026/27 to 2028/29: people, places of every boundary, and weights.

Called by ``build``; the folder and the promises are the same.
"""

import csv
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from allocations.figures.reference.estimate import SHIPPED_ESTIMATES, estimated
from allocations.figures.weightings import WEIGHTINGS
from allocations.files.published import practices
from allocations.files.published.registered_patients import PracticeMap
from allocations.reading.cells import read_workbook
from ledger.errors import refuse_any
from ledger.years import FinancialYear

LATER = {start: f"place_tool_2026_29/{start}_{start + 1}.csv" for start in (2026, 2027, 2028)}
SUB_ICB_NAMES = "place_tool_earlier/2022_2023_wp_data_2022LAD.csv"
FILES = (*LATER.values(), SUB_ICB_NAMES)

Rows = list[dict[str, Any]]


def tables_of(
    source: Path,
    current: PracticeMap,
    names: Mapping[str, str],
    upper: Mapping[str, str],
    authorities: Mapping[str, str],
    before: Rows,
) -> Iterator[tuple[str, Iterable[dict[str, Any]]]]:
    """The tables of the later years, each with the name of its file.

    Args:
        source: the folder with the published files.
        current: the practice map of August 2026, by which practices have networks and sub-ICB locations.
        names: network to name, of all that ever were.
        upper: district to upper-tier authority.
        authorities: upper-tier authority to name.
        before: the practices of 2025/26, whose network a practice keeps that the map has not.

    Raises:
        Refused: a published file is not what its reader takes it for.
    """
    members = dict(zip(current.table["practice"].to_pylist(), current.table["icb"].to_pylist(), strict=True))
    years = {start: _practices(source / name, members, current, before) for start, name in LATER.items()}
    for start, rows in years.items():
        yield f"practices_{start}_{(start + 1) % 100}.csv", rows
    (first, *_) = years.values()
    yield "places_2026_29.csv", _places(first, upper, authorities)
    yield "sub_icbs_2026_29.csv", _sub_icbs(source, first, current.names)
    yield "pcns_2026_29.csv", _pcns(first, names)
    yield (
        "estimated_weights.csv",
        (row for start in SHIPPED_ESTIMATES for row in estimated(FinancialYear(start), years.get(start, before))),
    )


def _practices(path: Path, members: Mapping[str, str], current: PracticeMap, before: Rows) -> Rows:
    found = practices.read(read_workbook(path), members=members)
    refuse_any(found.problems)
    now = {row["practice"]: row for row in current.table.to_pylist()}
    earlier = {row["practice"]: row["pcn"] for row in before}
    return [
        {
            "practice": row["practice"],
            "icb": row["icb"],
            "district": row["district"],
            "sub_icb": now[row["practice"]]["sub_icb"] if row["practice"] in now else "",
            # A practice that the map has not any more is in the network in which it was.
            "pcn": (now[row["practice"]]["pcn"] if row["practice"] in now else earlier.get(row["practice"])) or "",
            **{name: row[name].normalize() for name in WEIGHTINGS},
        }
        for row in sorted(found.table.to_pylist(), key=lambda row: str(row["practice"]))
    ]


def _places(rows: Rows, upper: Mapping[str, str], authorities: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """The default places of the ICBs from April 2026: the part of an upper-tier authority that lies in one ICB."""
    for (icb, authority), count in sorted(Counter((row["icb"], upper[row["district"]]) for row in rows).items()):
        name = authorities[authority]
        yield {"place": f"{icb}-{authority}", "icb": icb, "authority": authority, "name": name, "practices": count}


def _sub_icbs(source: Path, rows: Rows, icbs: Mapping[str, str]) -> Iterator[dict[str, object]]:
    """Sub-ICB locations, by the names of the commissioning groups that they were."""
    with (source / SUB_ICB_NAMES).open(encoding="utf-8-sig", newline="") as file:
        # "NHS North East and North Cumbria ICB - 16C Tees Valley"
        said = {row["LOC22"]: row["LOC22name"] for row in csv.DictReader(file)}
    # A location that was its whole ICB goes by that ICB's name of then.
    names = {
        code: text.partition(f"{code} ")[2] or text.partition(" ICB - ")[0].removeprefix("NHS ")
        for code, text in said.items()
    }
    found = Counter((row["icb"], row["sub_icb"]) for row in rows if row["sub_icb"])
    for (icb, sub_icb), count in sorted(found.items()):
        # One that was made in 2026 goes by its ICB's name, as in the practice map.
        name = names.get(sub_icb) or icbs[icb].removeprefix("NHS ").removesuffix(" Integrated Care Board")
        yield {"sub_icb": sub_icb, "icb": icb, "name": name, "practices": count}


def _pcns(rows: Rows, names: Mapping[str, str]) -> Iterator[dict[str, object]]:
    for pcn, count in sorted(Counter(row["pcn"] for row in rows if row["pcn"]).items()):
        yield {"pcn": pcn, "name": " ".join(names[pcn].split()), "practices": count}
