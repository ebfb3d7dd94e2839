"""Files as people bring them: each ends with the true reason, or with exactly the money that it says.

The files are kept beside the published ones, in a folder ``cases``; each is one example of a kind of fault. A
refusal must name what it is about; an import must come to the pence that were worked out by hand.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from allocations.figures import tables
from allocations.files.budgets.importing import import_budgets
from allocations.files.budgets.mapping import Settings
from allocations.files.budgets.understood import Request
from allocations.network.files import read_claims
from allocations.shares.historic import read_historic
from allocations.shares.split import allocate
from ledger import errors
from ledger.store.base import Store
from screens.report.wording import COMMAND_LINE
from tests.allocations.excel.commands import CliRunner, app
from tests.books import YEAR
from tests.conftest import NOT_HERE, PUBLISHED

CASES = PUBLISHED.parent / "cases" / "budgets"
WHOLE = 3_680_150_000  # £36,801,500.00, what most of the files come to


@dataclass(frozen=True)
class Comes:
    """The file is read, and comes to so many pence; ``says`` stands somewhere in the answer."""

    pence: int
    says: tuple[str, ...] = ()
    options: tuple[str, ...] = ()


@dataclass(frozen=True)
class Refused:
    """The file is refused, and one problem says all of this: what was found, and where."""

    says: tuple[str, ...]
    options: tuple[str, ...] = ()


EXPECTED: Mapping[str, Comes | Refused] = {
    # K1 year
    "months_last_year_dates.xlsx": Refused(("2024/25", "B1", "2025/26")),
    "months_typed.xlsx": Comes(300_330_000, ("Jan-26",)),
    "year_caption.xlsx": Refused(("2024/25", "A1", "2025/26")),
    "year_head_short.xlsx": Refused(("2024/25", "B1", "2025/26")),
    "year_head_fy.xlsx": Refused(("FY25", "B1", "2024/25")),
    # K2 part of
    "of_which.xlsx": Comes(WHOLE, ('"recurrent": false',)),
    # K3 letters
    "superscript.xlsx": Refused(("3300250¹", "B3")),
    "h_superscript.csv": Refused(("55800000²", "C5")),
    # K4 which column
    "growth_words.xlsx": Refused(("B1", "Baseline", "D1", "Budget incl. growth")),
    "draft_final.xlsx": Comes(WHOLE, ("Draft budget",)),
    "variance_only.xlsx": Comes(WHOLE, ("Variance",)),
    # K5 lines and header
    "unquoted_thousands_total.csv": Refused(("line 2", "4 cells", "2")),
    "h_unquoted.csv": Refused(("line 2", "5 cells", "3")),
    "claims.csv": Refused(("line 2", "4 cells", "3")),
    "h_unclosed.csv": Refused(("line 2", "line 4", "quotation mark")),
    # K6 unit, currency
    "small_unit0.xlsx": Comes(47_250_000),
    "small_unit1.xlsx": Comes(47_250_000),
    "small_unit_conflict.xlsx": Refused(("A1", "B2", "thousand")),
    "unit18.xlsx": Refused(("thousandfold",)),
    "unit_fmt_k.xlsx": Comes(WHOLE),
    "unit_note_k.xlsx": Refused(("what the amounts are in",)),
    "cur0.xlsx": Refused(("euro", "B1")),
    "fmt_euro.xlsx": Refused(("euro", "B2")),
    # K7 cumulative
    "cumulative.xlsx": Refused(("run up", "B2", "M2")),
    # K8 second readers
    "h_caption_k.xlsx": Comes(16_700_000_000),
    "h_two_years.xlsx": Refused(("C2", "D2", "2023/24", "2024/25")),
    "h_two_sheets.xlsx": Refused(("2023-24", "2024-25")),
    "h_budget_actual.xlsx": Refused(("C1", "D1")),
    "h_hidden_row.xlsx": Refused(("row 4", "hidden")),
    "h_total.xlsx": Comes(16_700_000_000),
    # K9 words in headings
    "total_list_size.xlsx": Comes(WHOLE),
    "m6_report2.xlsx": Comes(WHOLE),
    # K10 numbers as headings
    "year_numbers.xlsx": Refused(("2025 is 2024/25 or 2025/26", "C1")),
    # K11 hidden
    "row_height0.xlsx": Refused(("row 4", "height")),
    "strike.xlsx": Refused(("B4", "struck")),
    # K12 two levels
    "two_level.xlsx": Comes(3_680_650_000),
    "two_level_codes.xlsx": Comes(3_680_650_000),
    "months_merged_headings_thousands.xlsx": Refused(("Bradford District and Craven", "QWO-E08000032")),
    # K13 to K16
    "formula_blanks.xlsx": Comes(WHOLE),
    "semicolon.csv": Refused(("semicolons",)),
    "really_xlsx.csv": Refused(("workbook", ".csv")),
    "p_variants.csv": Comes(100_000_000_000, ("lines_with_invisible_letters",)),
    "r_col.xlsx": Comes(WHOLE, ('"recurrent": false',)),
    # K17 help that misleads
    "lab04.xlsx": Comes(WHOLE, ("QWO",)),
    "place_words.xlsx": Refused(("Kirklees Place", "QWO-E08000034")),
    # K18 rounded totals
    "rounded_total.xlsx": Comes(3_680_150_200, options=("--total-rounded-to", "1000")),
    # K19 matrix
    "matrix_places_by_lines.xlsx": Refused(("Mental health",)),
    "pivot_rowlabels.xlsx": Comes(WHOLE),
}


def command(path: Path, ledger: Path, *more: str) -> list[str]:
    """The base command for a file, by the first letters of its name."""
    fund = ["--icb", "QWO", "--year", "2025/26", "--fund", "core-community"]
    if path.name.startswith("h_"):
        return ["schedule", *fund, "--historic", str(path), "--ledger", str(ledger), "--json", *more]
    if path.name.startswith("p_"):
        by = ["--icb", "QWO", "--year", "2025/26", "--by", "core", "--amount", "1bn"]
        return ["allocate", *by, "--places", str(path), "--json", *more]
    if path.name.startswith("claims"):
        return ["network", "U89141", "--year", "2025/26", "--claims", str(path), "--json", *more]
    options = ["--standing", "retained", "--leave-rest", "--dry-run", "--ledger", str(ledger), "--json"]
    return ["import", "budgets", str(path), *fund, *options, *more]


def answered(path: Path, ledger: Path, *more: str) -> tuple[int, dict[str, Any]]:
    """How the base command ends for a file, and its one document."""
    done = CliRunner().invoke(app, command(path, ledger, *more))
    return done.exit_code, json.loads(done.stdout) if done.stdout.strip() else {"said": done.output}


def pence_in(path: Path, answer: dict[str, Any]) -> int:
    """What an answer says the file comes to."""
    if path.name.startswith("h_"):
        return sum(row["historic_pence"] or 0 for row in answer["rows"] if not row["is_sum"])
    if path.name.startswith("p_"):
        return sum(row["amount_pence"] for row in answer["rows"])
    return int(answer["read_total_pence"])


@pytest.mark.parametrize("name", EXPECTED)
def test_every_file_ends_as_it_must(name: str, demo_ledger: Path) -> None:
    path = CASES / name
    if not path.is_file():
        pytest.skip(NOT_HERE)
    expected = EXPECTED[name]
    status, answer = answered(path, demo_ledger, *expected.options)
    whole = json.dumps(answer, ensure_ascii=False, indent=1)
    if isinstance(expected, Comes):
        assert status == 0, whole
        assert pence_in(path, answer) == expected.pence, whole
        for words in expected.says:
            assert words in whole, whole
        return
    assert status == 1, whole
    told = [" ".join(str(part) for part in problem.values()) for problem in answer["problems"]]
    assert any(all(words in one for words in expected.says) for one in told), "\n".join(told) or whole


def test_no_file_is_forgotten() -> None:
    if not CASES.is_dir():
        pytest.skip(NOT_HERE)
    assert {path.name for path in CASES.iterdir()} == set(EXPECTED)


def by_function(path: Path, store: Store, expected: Comes | Refused) -> int:
    """What a file comes to by the functions behind the commands, in pence; raises what they refuse."""
    rounded = {"total_rounded_to": 1000} if "--total-rounded-to" in expected.options else {}
    if path.name.startswith("claims"):
        return sum(claim.pence for claim in read_claims(path))
    if path.name.startswith("p_"):
        split = allocate(
            icb="QWO", year=YEAR, fund="core", level="place", by="core", amount_pence=WHOLE, places_file=path
        )
        return 100_000_000_000 if split.division is not None and split.division.invisible else 0
    if path.name.startswith("h_"):
        share = allocate(icb="QWO", year=YEAR, fund="core", level="place", by="registered", amount_pence=100)
        funds = {row["code"]: row["name"] for row in tables.table("funds").to_pylist()}
        return sum(read_historic(path, {part.code: part.name for part in share.parts}, funds).pence.values())
    request = Request("QWO", YEAR, "core-community", "retained", settings=Settings(**rounded), leave_rest=True)
    return import_budgets(store, path, request, dry_run=True).understood.read_pence


@pytest.mark.parametrize("name", EXPECTED)
def test_every_file_ends_the_same_by_python(name: str, demo_ledger: Path) -> None:
    path = CASES / name
    if not path.is_file():
        pytest.skip(NOT_HERE)
    expected = EXPECTED[name]
    with Store.open(demo_ledger) as store:
        if isinstance(expected, Comes):
            assert by_function(path, store, expected) == expected.pence
            return
        with pytest.raises(errors.Refused) as refused:
            by_function(path, store, expected)
    told = [str(problem.told(COMMAND_LINE)) for problem in refused.value.problems]
    assert any(all(words in one for words in expected.says) for one in told), told
