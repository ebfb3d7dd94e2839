"""Work out the shipped figures from the published files.

    python -m allocations.reference.build FOLDER [OUT]

FOLDER holds the published files under the names that ``tables.yaml`` gives; OUT is this folder unless
said otherwise. The same files always give the same bytes, and a test says so. Nothing here is rounded
except money, to the penny, halves away from zero, through the shortest decimal text of the number in
the file. No name or address of a practice is carried over: some are names of people.
"""

import csv
import hashlib
import io
import sys
import zipfile
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any, NamedTuple

import openpyxl
from openpyxl.utils import get_column_letter

WORKBOOK = "nhs_allocations_2025_26.xlsx"
PRACTICES = "place_tool_2025_26.csv"
PRACTICE_MAP = "gp-reg-pat-prac-map.zip"
PCN_HISTORY = "epcn_january_2023.xlsx"
ICBS_BEFORE = "icb_reference_42_2023_to_mar2026.csv"
ICBS_AFTER = "icb_reference_36_from_apr2026.csv"
DISTRICTS = "ltla23_utla23.csv"
DEPRIVATION = "imd2025_icb24.csv"

NATIONAL = "X24"
NO_PCN = "U"
ICBS_BEGAN, MERGERS = "2022-07-01", "2026-04-01"
PENCE_PER_THOUSAND_POUNDS = 100_000

# Districts abolished on 1 April 2023 that the practice file still names, and the authority that follows.
ABOLISHED_DISTRICTS = {
    "E07000026": "E06000063", "E07000028": "E06000063", "E07000029": "E06000063",
    "E07000027": "E06000064", "E07000030": "E06000064", "E07000031": "E06000064",
    "E07000163": "E06000065", "E07000164": "E06000065", "E07000165": "E06000065", "E07000166": "E06000065",
    "E07000167": "E06000065", "E07000168": "E06000065", "E07000169": "E06000065",
    "E07000187": "E06000066", "E07000188": "E06000066", "E07000189": "E06000066", "E07000246": "E06000066",
}  # fmt: skip

WEIGHTINGS = {
    "Population": "registered",
    "G&A WP": "general_acute",
    "CS WP": "community",
    "MH WP": "mental_health",
    "Mat WP": "maternity",
    "Prescr WP": "prescribing",
    "Health Ineq WP": "health_inequalities",
    "Final WP": "core",
    "Primary Medical Care WP": "primary_medical_need",
    "Final PMC WP": "primary_medical",
}


class Line(NamedTuple):
    """A column of the allocations workbook that is a line of money."""

    fund: str
    sheet: str
    header: str
    holder_is_icb: bool = True


class Total(NamedTuple):
    """A column of the workbook that totals an ICB's lines of one stream."""

    fund: str
    sheet: str
    header: str
    parts: int


_CORE, _SPECIALISED = "ICB Core Allocations 2025-26", "Specialised Allocations 2025-26"
_PMC, _POD, _RUNNING = "PMC Allocation 2025-26", "POD Allocation 2025-26", "ICB running cost allowance"
LINES = (
    Line("core-recurrent", _CORE, "2025/26 Recurrent allocation (£k)"),
    Line("core-sdf-transfers", _CORE, "2025/26 Transfers from Service Development Fund (£k)"),
    Line("core-elective-recovery", _CORE, "2025/26 Elective Recovery Funding: Core (£k)"),
    Line("core-elective-recovery-additional", _CORE, "2025/26 Elective Recovery Funding: Additional (£k)"),
    Line("core-covid-testing", _CORE, "2025/26 Covid-19 testing (£k)"),
    Line("core-technology-licence", _CORE, "2025/26 Central technology licence arrangement adjustment (£k)"),
    Line("core-discharge", _CORE, "2025/26 Discharge (£k)"),
    Line("core-oct", _CORE, "2025/26 Roll out of OCT (£k)"),
    Line("core-overseas-visitors", _CORE, "2025/26 Charge exempt overseas visitor adjustment"),
    Line("core-pay-other-income", _CORE, "2025/26 Pay: Other income support (£k)"),
    Line("core-corneal-tissue", _CORE, "2025/26 Corneal tissue (£k)"),
    Line("specialised-physical", _SPECIALISED, "2025/26 Physical health services recurrent allocation (£k)"),
    Line("specialised-mental-health", _SPECIALISED, "2025/26 Delegated MH resource allocation (£k)"),
    Line("specialised-corneal-tissue", _SPECIALISED, "2025/26 Corneal tissue (£k)"),
    Line("specialised-high-cost", _SPECIALISED, "2025/26 HCDD total (£k)", holder_is_icb=False),
    Line("primary-medical-recurrent", _PMC, "2025/26 Recurrent allocation (£k)"),
    Line("primary-medical-remaining-growth", _PMC, "Remaining 2025/26 growth (£k)"),
    Line("primary-medical-childhood-vaccination", _PMC, "Adjustment for childhood vaccinations (£k)"),
    Line("primary-medical-arrs-additional", _PMC, "Additional ARRS previously in SDF (£k)"),
    Line("primary-medical-arrs-gps", _PMC, "ARRS for GPs (£k)"),
    Line("pod-recurrent", _POD, "2025/26 Recurrent allocation (£k)"),
    Line("pod-lfd-testing", _POD, "Community LFD testing (£k)"),
    Line("running-costs", _RUNNING, "2025/26 (£k)"),
)
TOTALS = (
    Total("core", _CORE, "2025/26 Total allocation (£k)", 11),
    Total("specialised", _SPECIALISED, "2025/26 Physical health services + MH resource allocation (£k)", 3),
    Total("primary-medical", _PMC, "Revised recurrent allocation (£k)", 5),
    Total("pod", _POD, "2025/26 Total allocation (£k)", 2),
    Total("running-costs", _RUNNING, "2025/26 (£k)", 1),
)

# How each stream with a target moved from baseline to allocation: sheet, then the headers of baseline,
# target, opening distance, base growth, convergence, allocation and closing distance.
CONVERGENCE = {
    "core": (
        _CORE, "2024/25 Adjusted recurrent baseline (£k)", "2024/25 Fair shares target (£k)",
        "2024/25 Distance from target (%)", "2025/26 Base growth (%)", "2025/26 Convergence (%)",
        "2025/26 Recurrent allocation (£k)", "2025/26 Post-convergence distance from target (%)",
    ),
    "specialised": (
        _SPECIALISED, "2024/25 Physical health services + HCDD recurrent baseline (£k)", "2024/25 Fair shares target",
        "2024/25 Distance from target (%)", "2025/26 Base growth (%)", "2025/26 Convergence (%)",
        "2025/26 Physical health services + HCDD recurrent allocation (£k)",
        "2025/26 Post-convergence distance from target (%)",
    ),
    "primary medical": (
        _PMC, "2024/25 Adjusted recurrent baseline (£k)", "2024/25 Fair shares target",
        "2024/25 Distance from target (%)", "2025/26 Base growth (%)", "2025/26 Convergence (%)",
        "2025/26 Recurrent allocation (£k)", "2025/26 Post-convergence distance from target (%)",
    ),
}  # fmt: skip
CONVERGENCE_COLUMNS = (
    "baseline_thousands", "target_thousands", "opening_distance", "base_growth", "convergence",
    "allocation_thousands", "closing_distance",
)  # fmt: skip


def main(arguments: Sequence[str]) -> None:
    """Write every table that is worked out from a published file."""
    source = Path(arguments[0])
    out = Path(arguments[1]) if len(arguments) > 1 else Path(__file__).parent
    workbook = openpyxl.load_workbook(source / WORKBOOK, data_only=True)
    practices = list(_practices(source))
    _write(out / "published_files.csv", _published_files(source))
    _write(out / "organisations.csv", _organisations(source))
    _write(out / "successions.csv", _successions(source, practices))
    _write(out / "allocations_2025_26.csv", _allocations(workbook))
    _write(out / "published_totals_2025_26.csv", _published_totals(workbook))
    _write(out / "convergence_2025_26.csv", _convergence(workbook))
    _write(out / "practices_2025_26.csv", practices)
    _write(out / "places_2025_26.csv", _places(source, practices))
    _write(out / "pcns_2025_26.csv", _pcns(source, practices))
    _write(out / "pcn_parts_2025_26.csv", _pcn_parts(practices))
    _write(out / "deprivation_2025.csv", _deprivation(source))


def _published_files(source: Path) -> Iterator[dict[str, object]]:
    """The files that the figures rest on, by their content: a figure leads back to one of them."""
    for name in sorted(
        (WORKBOOK, PRACTICES, PRACTICE_MAP, PCN_HISTORY, ICBS_BEFORE, ICBS_AFTER, DISTRICTS, DEPRIVATION)
    ):
        yield {"file": name, "sha256": hashlib.sha256((source / name).read_bytes()).hexdigest()}


def _deprivation(source: Path) -> Iterator[dict[str, object]]:
    """How deprived each ICB is: the average score, and how many of its small areas are among the worst tenth."""
    ods = {row["icb_ons"]: row["icb_ods"] for row in _read(source / ICBS_BEFORE)}
    worst = "imd_proportion_of_lso_as_in_most_deprived_10_percent_nationally"
    for row in sorted(_read(source / DEPRIVATION), key=lambda row: ods[row["icb24_code"]]):
        score = {"average_score": row["imd_average_score"], "part_in_worst_tenth": row[worst]}
        yield {"icb": ods[row["icb24_code"]], "ons_code": row["icb24_code"], **score}


# --- the allocations workbook ---------------------------------------------------------------------


def _allocations(workbook: Any) -> Iterator[dict[str, object]]:
    for line in LINES:
        for row in _sheet_rows(workbook, line.sheet, line.header):
            national = row.region == "NHS England"
            if row.kind == "icb" or national:
                fund = "pod-nhs-england" if national else line.fund
                if row.thousands is None:
                    continue  # the sheet prints a dash where a region has no such line
                holder = row.organisation if line.holder_is_icb and not national else NATIONAL
                yield {
                    "fund": fund,
                    "holder": holder,
                    "about": row.organisation,
                    "amount_pence": _pence(row.thousands),
                    "sheet": line.sheet,
                    "cell": row.cell,
                }


def _published_totals(workbook: Any) -> Iterator[dict[str, object]]:
    """The totals that the workbook prints, and how many rounded parts make each up."""
    icbs = 42
    for line in LINES:
        if not line.holder_is_icb:
            continue
        # NHS England's own regional rows are in the England row of the POD sheet, but not in any ICB.
        rows = list(_sheet_rows(workbook, line.sheet, line.header))
        own = sum((row.thousands or Decimal(0) for row in rows if row.region == "NHS England"), Decimal(0))
        (england,) = (row for row in rows if row.kind == "england")
        assert england.thousands is not None
        yield _total(line.fund, "", england.thousands - own, icbs, line.sheet, england.cell)
    for total in TOTALS:
        for row in _sheet_rows(workbook, total.sheet, total.header):
            if row.kind == "icb" and row.region != "NHS England":
                assert row.thousands is not None
                yield _total(total.fund, row.organisation, row.thousands, total.parts, total.sheet, row.cell)


def _convergence(workbook: Any) -> Iterator[dict[str, object]]:
    """Each stream's baseline, target, distances, growth and convergence, ICB by ICB, as printed and unrounded."""
    for stream, (sheet, *headers) in CONVERGENCE.items():
        columns = [[row for row in _sheet_rows(workbook, sheet, header) if row.kind == "icb"] for header in headers]
        for rows in zip(*columns, strict=True):
            values = {name: row.thousands for name, row in zip(CONVERGENCE_COLUMNS, rows, strict=True)}
            yield {"stream": stream, "icb": rows[0].organisation, **values, "sheet": sheet, "row": rows[0].line}


def _total(fund: str, organisation: str, thousands: Decimal, parts: int, sheet: str, cell: str) -> dict[str, object]:
    return {
        "fund": fund, "organisation": organisation, "expected_pence": _pence(thousands), "rounded_parts": parts,
        "sheet": sheet, "cell": cell,
    }  # fmt: skip


class _Row(NamedTuple):
    kind: str
    region: str
    organisation: str
    thousands: Decimal | None
    cell: str
    line: int


def _sheet_rows(workbook: Any, sheet: str, header: str) -> Iterator[_Row]:
    """The ICB rows, NHS England's own rows and the England row of one column of one sheet."""
    cells = workbook[sheet]
    headings = {" ".join(str(cell.value).split()): cell.column for cell in cells[2] if cell.value is not None}
    column = headings[header]
    for index in range(3, cells.max_row + 1):
        region_code, region, code, _name = (cells.cell(index, position).value for position in range(1, 5))
        is_icb, is_england = bool(region_code), region == "Total" or code == "Total"
        if not (is_icb or is_england):
            continue
        value = cells.cell(index, column).value
        thousands = None if value in (None, "-") else Decimal(repr(value))
        yield _Row(
            "england" if is_england else "icb" if region != "NHS England" else "national",
            str(region),
            str(code),
            thousands,
            f"{get_column_letter(column)}{index}",
            index,
        )


def _pence(thousands: Decimal) -> int:
    return int((thousands * PENCE_PER_THOUSAND_POUNDS).quantize(Decimal(1), rounding=ROUND_HALF_UP))


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


def _successions(source: Path, practices: Sequence[dict[str, Any]]) -> Iterator[dict[str, object]]:
    """Who became whom on 1 April 2026, by the registered population of practices open on both sides."""
    now = {row["PRACTICE_CODE"]: row["ICB_CODE"] for row in _practice_map(source)}
    after = {row["icb_ods"] for row in _read(source / ICBS_AFTER)}
    moved: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for row in practices:
        if row["practice"] in now:
            moved[row["icb"], now[row["practice"]]] += Decimal(row["registered"])
    for (predecessor, successor), population in sorted(moved.items()):
        if predecessor != successor:
            targets = [to for came_from, to in moved if came_from == predecessor]
            kind = "transfer" if predecessor in after else "merge" if len(targets) == 1 else "split"
            yield {
                "predecessor": predecessor,
                "successor": successor,
                "effective_date": MERGERS,
                "kind": kind,
                "registered": population,
            }


# --- practices, places, PCNs ----------------------------------------------------------------------


def _practices(source: Path) -> Iterator[dict[str, Any]]:
    upper = {row["ltla23_code"]: row["utla23_code"] for row in _read(source / DISTRICTS)}
    upper |= ABOLISHED_DISTRICTS
    current = {row["PRACTICE_CODE"]: row["PCN_CODE"] for row in _practice_map(source)}
    earlier = {code: pcn for code, pcn, _ in _pcn_history(source)}
    for row in _read(source / PRACTICES):
        code = row["Practice_Code"]
        # A practice that has closed since the map was made is placed where it was in January 2023.
        pcn = current[code] if code in current else earlier.get(code, "")
        pcn = "" if pcn == NO_PCN else pcn
        yield {
            "practice": code,
            "icb": row["ICB"],
            "district": row["LAD"],
            "place": f"{row['ICB']}-{upper[row['LAD']]}",
            "pcn": pcn,
            **{name: row[column] for column, name in WEIGHTINGS.items()},
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


def _pcns(source: Path, practices: Sequence[dict[str, Any]]) -> Iterator[dict[str, object]]:
    names = {code: name for _, code, name in _pcn_history(source)}
    names |= {row["PCN_CODE"]: row["PCN_NAME"] for row in _practice_map(source)}
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
    return {name: sum((Decimal(row[name]) for row in members), Decimal(0)) for name in WEIGHTINGS.values()}


# --- files ----------------------------------------------------------------------------------------


def _practice_map(source: Path) -> list[dict[str, str]]:
    with zipfile.ZipFile(source / PRACTICE_MAP) as archive:
        text = archive.read("gp-reg-pat-prac-map.csv").decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text)))


def _pcn_history(source: Path) -> Iterator[tuple[str, str, str]]:
    """Practice, PCN and PCN name, for each membership that was open in January 2023."""
    sheet = openpyxl.load_workbook(source / PCN_HISTORY, read_only=True)["PCN Core Partner Details"]
    for row in sheet.iter_rows(min_row=2, values_only=True):
        practice, pcn, name, ended = row[0], row[4], row[5], row[9]
        if practice and not ended:
            yield str(practice), str(pcn), str(name)


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
