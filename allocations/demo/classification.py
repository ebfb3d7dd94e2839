"""The user's own reading of how free each line is: a file that overrides the shipped terms, row by row."""

import csv
import hashlib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from allocations.figures import tables
from allocations.reading.file_bytes import content_of
from ledger.entries.draft import Draft, records
from ledger.errors import Problem, Refused
from ledger.models import Terms
from ledger.words import GRADES, QUALITIES, ROUTES

REQUIRED = ("fund", "reason", "source", "quality")
_NUMBERS = ("returns_per_year", "match_percent")
_DATES = ("notified_on", "spend_by")
_CHOICES = {"grade": GRADES, "route": ROUTES, "quality": QUALITIES, "recurrent": ("true", "false")}
_OVERRIDABLE = ("grade", "route", "recurrent", *_DATES, *_NUMBERS, "clawback", "leave_by")


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
    if problems:
        raise Refused(problems)
    digest = hashlib.sha256(content).hexdigest()
    return Draft(
        key=f"terms/{digest}",
        kind="terms",
        effective_date=min(row["effective_from"] for row in fresh),
        actor="devolution demo",
        reason="The user's own reading of how free these lines are",
        source=path.name,
        source_hash=digest,
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
    row["id"] = f"{row['fund']}/{row['effective_from']}/{row['version']}"
    return row
