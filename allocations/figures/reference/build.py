"""Work out the shipped figures from the published files.

    python -m allocations.figures.reference.build FOLDER [OUT]

FOLDER holds the published files under the names that ``tables.yaml`` gives; OUT is this folder unless
said otherwise. The same files always give the same bytes, and a test says so. Nothing here is rounded
except money, to the penny, halves away from zero, through the shortest decimal text of the number in
the file. No name or address of a practice is carried over: some are names of people.
"""

import csv
import hashlib
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import chain
from pathlib import Path
from typing import Any

from allocations.figures.reference import build_indicators, build_payments, build_pots, build_years
from allocations.figures.weightings import WEIGHTINGS
from allocations.files.published import allocations_workbook, pcn_memberships, practices, registered_patients
from allocations.files.published.allocations_workbook import AllocationsWorkbook
from allocations.files.published.pcn_memberships import PcnFile
from allocations.files.published.registered_patients import PracticeMap
from allocations.reading.cells import read_workbook
from ledger.attributes import picked
from ledger.errors import Problem, refuse_any
from ledger.years import FinancialYear

WORKBOOK = "nhs_allocations_2025_26.xlsx"
EARLIER_WORKBOOK, EARLIER_YEARS = "nhs_allocations_2023_2025.xlsx", (FinancialYear(2023), FinancialYear(2024))
PRACTICES = "place_tool_2025_26.csv"
PRACTICE_MAP = "gp-reg-pat-prac-map.zip"
PCN_HISTORY = "epcn_january_2023.xlsx"
ICBS_BEFORE = "icb_reference_42_2023_to_mar2026.csv"
ICBS_AFTER = "icb_reference_36_from_apr2026.csv"
DISTRICTS = "ltla23_utla23.csv"
DEPRIVATION = "imd2025_icb24.csv"

NATIONAL = "X24"
ICBS_BEGAN, MERGERS = "2022-07-01", "2026-04-01"

# Districts abolished on 1 April 2023 that the practice file still names, and the authority that follows.
ABOLISHED_DISTRICTS = {
    "E07000026": "E06000063", "E07000028": "E06000063", "E07000029": "E06000063",
    "E07000027": "E06000064", "E07000030": "E06000064", "E07000031": "E06000064",
    "E07000163": "E06000065", "E07000164": "E06000065", "E07000165": "E06000065", "E07000166": "E06000065",
    "E07000167": "E06000065", "E07000168": "E06000065", "E07000169": "E06000065",
    "E07000187": "E06000066", "E07000188": "E06000066", "E07000189": "E06000066", "E07000246": "E06000066",
}  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Write every table that is worked out from a published file.

    Raises:
        Refused: a published file is not what its reader takes it for.
    """
    source = Path(arguments[0])
    out = Path(arguments[1]) if len(arguments) > 1 else Path(__file__).parent
    workbook = allocations_workbook.read(read_workbook(source / WORKBOOK))
    networks = pcn_memberships.read(read_workbook(source / PCN_HISTORY))
    current = registered_patients.read_map(read_workbook(source / PRACTICE_MAP))
    people = practices.read(read_workbook(source / PRACTICES))
    _refuse_if(*workbook.problems, *networks.problems, *current.problems, *people.problems)
    rows = list(_practices(source, people.table.to_pylist(), current, networks))
    _write(out / "published_files.csv", _published_files(source))
    organisations = list(_organisations(source))
    _write(out / "organisations.csv", organisations)
    _write(out / "successions.csv", _successions(source, rows, current))
    _write(out / "allocations_2025_26.csv", _allocations(workbook))
    _write(out / "published_totals_2025_26.csv", _published_totals(workbook))
    _write(out / "convergence_2025_26.csv", _convergence(workbook))
    earlier = read_workbook(source / EARLIER_WORKBOOK)
    for year in EARLIER_YEARS:
        found = allocations_workbook.read(earlier, year=year)
        _refuse_if(*found.problems)
        name = f"{year.start}_{(year.start + 1) % 100}"
        _write(out / f"allocations_{name}.csv", _allocations(found))
        # England's totals are printed in whole thousands in this workbook.
        rounded = [{**row, "rounded_to": total.rounded_to}
                   for row, total in zip(_published_totals(found), found.totals, strict=True)]  # fmt: skip
        _write(out / f"published_totals_{name}.csv", rounded)
    _write(out / "practices_2025_26.csv", rows)
    _write(out / "places_2025_26.csv", _places(source, rows))
    _write(out / "pcns_2025_26.csv", _pcns(rows, current, networks))
    _write(out / "pcn_parts_2025_26.csv", _pcn_parts(rows))
    _write(out / "districts.csv", _districts(source))
    _write(out / "deprivation_2025.csv", _deprivation(source))
    lookup = _read(source / DISTRICTS)
    names = {**networks.names(), **current.names}
    upper = {row["ltla23_code"]: row["utla23_code"] for row in lookup} | ABOLISHED_DISTRICTS
    authorities = {row["utla23_code"]: row["utla23_name"] for row in lookup}
    later = build_years.tables_of(source, current, names, upper, authorities, rows)
    paid = build_payments.tables_of(source, organisations)
    for name, table in chain(later, build_indicators.tables_of(source), build_pots.tables_of(source), paid):
        _write(out / name, table)


def _refuse_if(*problems: Problem) -> None:
    refuse_any(problems)


def _published_files(source: Path) -> Iterator[dict[str, object]]:
    """The files that the figures rest on, by their content: a figure leads back to one of them."""
    for name in sorted(
        {
            WORKBOOK, EARLIER_WORKBOOK, PRACTICES, PRACTICE_MAP, PCN_HISTORY, ICBS_BEFORE, ICBS_AFTER, DISTRICTS,
            DEPRIVATION, *build_years.FILES, *build_indicators.FILES, *build_payments.FILES, *build_pots.FILES,
        }
    ):  # fmt: skip
        yield {"file": Path(name).name, "sha256": hashlib.sha256((source / name).read_bytes()).hexdigest()}


def _deprivation(source: Path) -> Iterator[dict[str, object]]:
    """How deprived each ICB is: the average score, and how many of its small areas are among the worst tenth."""
    ods = {row["icb_ons"]: row["icb_ods"] for row in _read(source / ICBS_BEFORE)}
    worst = "imd_proportion_of_lso_as_in_most_deprived_10_percent_nationally"
    for row in sorted(_read(source / DEPRIVATION), key=lambda row: ods[row["icb24_code"]]):
        score = {"average_score": row["imd_average_score"], "part_in_worst_tenth": row[worst]}
        yield {"icb": ods[row["icb24_code"]], "ons_code": row["icb24_code"], **score}


# --- the allocations workbook ---------------------------------------------------------------------


def _allocations(workbook: AllocationsWorkbook) -> Iterator[dict[str, object]]:
    for figure in workbook.figures:
        yield picked(figure, "fund", "holder", "about", "amount_pence", "sheet", "cell")


def _published_totals(workbook: AllocationsWorkbook) -> Iterator[dict[str, object]]:
    """The totals that the workbook prints, and how many rounded parts make each up."""
    for total in workbook.totals:
        yield picked(total, "fund", "organisation", "expected_pence", "rounded_parts", "sheet", "cell")


def _convergence(workbook: AllocationsWorkbook) -> Iterator[dict[str, object]]:
    """Each stream's baseline, target, distances, growth and convergence, ICB by ICB, as printed and unrounded."""
    for row in workbook.convergence:
        yield {"stream": row.stream, "icb": row.icb, **row.values, "sheet": row.sheet, "row": row.row}


# --- organisations --------------------------------------------------------------------------------


def _organisations(source: Path) -> Iterator[dict[str, object]]:
    before = {row["icb_ods"]: row for row in _read(source / ICBS_BEFORE)}
    after = {row["icb_ods"]: row for row in _read(source / ICBS_AFTER)}
    yield _organisation("DHSC", "Department of Health and Social Care", "government", valid_from="2018-01-08")
    yield _organisation(NATIONAL, "NHS England", "national", valid_from="2013-04-01")
    regions = {row["region_ods"]: row["region"] for row in after.values()}
    for code, name in sorted(regions.items()):
        yield _organisation(code, name, "region", valid_from="2020-04-01")
    for code in sorted(before.keys() | after.keys()):
        row = after.get(code) or before[code]
        yield _organisation(
            code,
            row["icb_name"].replace("Integrated Care Board", "ICB"),
            "icb",
            ons_code=row["icb_ons"],
            region=row["region_ods"],
            valid_from=ICBS_BEGAN if code in before else MERGERS,
            valid_to="" if code in after else MERGERS,
        )


def _organisation(code: str, name: str, tier: str, **given: str) -> dict[str, object]:
    blank = {"ons_code": "", "region": "", "valid_from": "", "valid_to": ""}
    return {"code": code, "name": name, "tier": tier, **blank, **given}


def _successions(
    source: Path, practices: Sequence[dict[str, Any]], current: PracticeMap
) -> Iterator[dict[str, object]]:
    """Who became whom on 1 April 2026, by the people of practices open on both sides, under every weighting."""
    now = {row["practice"]: row["icb"] for row in current.table.to_pylist()}
    after = {row["icb_ods"] for row in _read(source / ICBS_AFTER)}
    moved: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in practices:
        if row["practice"] in now:
            moved[row["icb"], now[row["practice"]]].append(row)
    for (predecessor, successor), members in sorted(moved.items()):
        if predecessor != successor:
            targets = [to for came_from, to in moved if came_from == predecessor]
            kind = "transfer" if predecessor in after else "merge" if len(targets) == 1 else "split"
            yield {
                "predecessor": predecessor,
                "successor": successor,
                "effective_date": MERGERS,
                "kind": kind,
                **_sums(members),
            }


# --- practices, places, PCNs ----------------------------------------------------------------------


def _practices(
    source: Path, people: Sequence[dict[str, Any]], current: PracticeMap, networks: PcnFile
) -> Iterator[dict[str, Any]]:
    upper = {row["ltla23_code"]: row["utla23_code"] for row in _read(source / DISTRICTS)}
    upper |= ABOLISHED_DISTRICTS
    now = {row["practice"]: row["pcn"] for row in current.table.to_pylist()}
    # Memberships that had no end when the file was made.
    earlier = {each.practice: each.pcn for each in networks.memberships if each.ended is None}
    for row in people:
        code = row["practice"]
        yield {
            "practice": code,
            "icb": row["icb"],
            "district": row["district"],
            "place": f"{row['icb']}-{upper[row['district']]}",
            # A practice that has closed since the map was made is placed where it was in January 2023.
            "pcn": (now[code] if code in now else earlier.get(code)) or "",
            **{name: row[name].normalize() for name in WEIGHTINGS},
        }


def _places(source: Path, practices: Sequence[dict[str, Any]]) -> Iterator[dict[str, object]]:
    names = {row["utla23_code"]: row["utla23_name"] for row in _read(source / DISTRICTS)}
    for place, members in _grouped(practices, ("place",)):
        icb, _, authority = place[0].partition("-")
        yield {
            "place": place[0],
            "icb": icb,
            "authority": authority,
            "name": names[authority],
            "practices": len(members),
            **_sums(members),
        }


def _pcns(practices: Sequence[dict[str, Any]], current: PracticeMap, networks: PcnFile) -> Iterator[dict[str, object]]:
    names = {**networks.names(), **current.names}
    for (pcn,), members in _grouped(practices, ("pcn",)):
        if pcn:
            yield {
                "pcn": pcn,
                "name": " ".join(names[pcn].split()),
                "practices": len(members),
                **_sums(members),
            }


def _pcn_parts(practices: Sequence[dict[str, Any]]) -> Iterator[dict[str, object]]:
    """The part of each PCN in each place: many PCNs lie in one place, some in several."""
    for (pcn, icb, place), members in _grouped(practices, ("pcn", "icb", "place")):
        if pcn:
            yield {"pcn": pcn, "icb": icb, "place": place, "practices": len(members), **_sums(members)}


def _grouped(
    rows: Iterable[dict[str, Any]], columns: Sequence[str]
) -> list[tuple[tuple[str, ...], list[dict[str, Any]]]]:
    groups: dict[tuple[str, ...], list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        groups[tuple(row[column] for column in columns)].append(row)
    return sorted(groups.items())


def _sums(members: Sequence[dict[str, Any]]) -> dict[str, Decimal]:
    return {name: sum((Decimal(row[name]) for row in members), Decimal(0)) for name in WEIGHTINGS}


def _districts(source: Path) -> Iterator[dict[str, object]]:
    """English districts of 2023, and those abolished since that the practice file still names."""
    lookup = [row for row in _read(source / DISTRICTS) if row["ltla23_code"].startswith("E")]
    upper = {row["ltla23_code"]: row["utla23_code"] for row in lookup} | ABOLISHED_DISTRICTS
    authorities = {row["utla23_code"]: row["utla23_name"] for row in lookup}
    names = {row["LAD"]: row["LTLA"] for row in _read(source / PRACTICES)}
    names |= {row["ltla23_code"]: row["ltla23_name"] for row in lookup}
    for code, name in sorted(names.items()):
        yield {"district": code, "name": name, "authority": upper[code], "authority_name": authorities[upper[code]]}


# --- files ----------------------------------------------------------------------------------------


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _write(path: Path, rows: Iterable[dict[str, Any]]) -> None:
    rows = list(rows)
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows({name: _plain(value) for name, value in row.items()} for row in rows)
    print(f"{path.name}: {len(rows):,} rows")


def _plain(value: object) -> object:
    return format(value, "f") if isinstance(value, Decimal) else value


if __name__ == "__main__":
    main(sys.argv[1:])
