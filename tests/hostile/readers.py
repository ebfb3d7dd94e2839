"""Every reader of files in the house, each with a good file to spoil."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from allocations.demo.policy import read_policy
from allocations.figures import tables
from allocations.figures.structure import overriding_terms
from allocations.files.budgets.importing import understand as understand_budget
from allocations.files.budgets.mapping import read_mapping
from allocations.files.budgets.receivers import Receivers, receivers
from allocations.files.budgets.understood import Request
from allocations.files.published.understood import understand
from allocations.files.register.reading import read_register
from allocations.files.register.tracker import read_tracker_mapping
from allocations.network.files import read_claims, read_counts
from allocations.places.files import read_division, shipped_membership
from allocations.reading.cells import read_workbook
from allocations.shares.historic import read_historic
from allocations.shares.pace import read_pace, read_rule
from allocations.shares.populations_file import read_populations
from ledger.errors import Refused
from ledger.reports.verify import verify
from ledger.store.base import Store
from ledger.years import FinancialYear
from scenarios.bids.file import read_bids
from scenarios.files.scenario import read_scenario
from scenarios.saved import read_result
from scenarios.solve.file import read_goal
from tests.allocations.published import small
from tests.allocations.published.test_change_summary import summary
from tests.allocations.published.test_structure_files import MAP, ages, epcn
from tests.hostile.calls import ICB, files

YEAR = FinancialYear(2025)


@dataclass(frozen=True)
class Case:
    """A reader and a good file for it.

    Attributes:
        kind: the suffix that says how the file is spoilt.
    """

    name: str
    content: bytes
    kind: str
    read: Callable[[Path], Any]


def _published(path: Path) -> None:
    _, problems = understand([path], year=YEAR)
    if problems:
        raise Refused(problems)


def _ledger(path: Path) -> None:
    with Store.open(path, read_only=True) as store, store.read() as reader:
        problems = verify(reader)
    if problems:
        raise Refused(problems)


def cases(folder: Path, ledger: Path) -> dict[str, Case]:
    """Every reader, by the name of its good file. The ledger is one in which a position can be exported."""
    folder.mkdir(exist_ok=True)
    given = {name: Path(path) for name, path in files(folder).items()}
    small.archive(folder / "map.zip", MAP)
    apart = folder / "apart"
    apart.mkdir(exist_ok=True)
    for made in (epcn, summary, ages):
        made(apart)
    for path in (folder / "map.zip", *apart.iterdir()):
        given[path.name] = path
    given["places.json"] = folder / "places.json"
    ours = sorted(code for code, icb in shipped_membership().icb.items() if icb == ICB)
    places = {"places": ["North", "South"], **{
        name: {"gps": [f"{code}: A" for code in part], "icb": "NHS West Yorkshire ICB"}
        for name, part in (("North", ours[:3]), ("South", ours[3:6]))}}  # fmt: skip
    given["places.json"].write_text(json.dumps(places), encoding="utf-8")
    given["result.json"].write_text(json.dumps({"scenario": {}, "hashes": {"a": "b"}, "rows": [1, {"x": None}]}))
    given["mapping.yaml"].write_text(MAPPING, encoding="utf-8")
    for name, text in (("tracker.yaml", TRACKER), ("register.csv", REGISTER)):
        given[name] = folder / name
        given[name].write_text(text, encoding="utf-8")
    with Store.open(ledger, read_only=True) as store, store.read() as reader:
        books = receivers(reader, ICB, YEAR.first_day)
    return {case.name: case for case in _cases(given, books)}


MAPPING = Path("docs/nhs_allocations_2025_26_mapping.yaml").read_text(encoding="utf-8")

TRACKER = (
    "always: {kind: receive}\nsheets:\n- {sheet: A, header_row: 2, columns: {B: {field: amount, heading: Value}}}\n"
)
REGISTER = "Kind,Date,Reason,From,To,Fund,Amount,Recurrent\ndevolve,2025-06-13,Agreed,QWO,P1,core,5000,NR\n"


def _cases(given: dict[str, Path], books: Receivers) -> list[Case]:
    newest = {row["fund"]: row["version"] for row in tables.table("terms").to_pylist()}
    organisations, funds = {"QWO-E08000035": "Leeds"}, {"core-general-acute": "General and acute"}

    def budget(path: Path) -> None:
        understood = understand_budget(
            read_workbook(path), books, Request(ICB, YEAR, "core-community", day=YEAR.first_day)
        )
        if understood.problems:
            raise Refused(understood.problems)

    readers: dict[str, Callable[[Path], Any]] = {
        "budget.xlsx": budget,
        "allocations.xlsx": _published,
        "practices.csv": _published,
        "map.zip": _published,
        "places.csv": lambda path: read_division(path, ICB, shipped_membership()),
        "places.json": lambda path: read_division(path, ICB, shipped_membership()),
        "historic.csv": lambda path: read_historic(path, organisations, funds),
        "terms.csv": lambda path: overriding_terms(path, newest),
        "policy.yaml": read_policy,
        "pace.yaml": read_pace,
        "rule.yaml": read_rule,
        "goal.yaml": read_goal,
        "bids.yaml": read_bids,
        "scenario.yaml": read_scenario,
        "result.json": read_result,
        "mapping.yaml": read_mapping,
        "tracker.yaml": read_tracker_mapping,
        "register.csv": read_register,
        "counts.csv": read_counts,
        "claims.csv": read_claims,
    }
    listed = [Case(name, given[name].read_bytes(), given[name].suffix, read) for name, read in readers.items()]
    for name, path in given.items():
        if name not in readers and path.parent.name == "apart":
            listed.append(Case(name, path.read_bytes(), path.suffix, _published))
    listed.append(
        Case("figures.csv", given["practices.csv"].read_bytes(), ".csv", lambda path: read_populations(path, YEAR))
    )
    return listed
