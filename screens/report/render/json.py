"""A report as the one JSON document that ``--json`` prints: the same envelope for every command."""

import json
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from ledger.errors import Problem
from screens.report.report import Report
from screens.report.wording import COMMAND_LINE


def document(report: Report, *, command: str, ledger: str) -> str:
    """A report as a document: the clocks and the head, then its facts, then its rows.

    Args:
        command: as it is typed.
        ledger: where it was read, unless the report names a source.
    """
    at = report.at
    envelope: dict[str, Any] = {
        "command": command,
        "ledger": ledger if report.source is None else report.source,
        "as_at": None if at is None else at.as_at,
        "known_at": None if at is None else at.known_at,
        "head": None if at is None else at.head,
        "illustrative": None if at is None else at.illustrative,
    }
    return _written({**envelope, **report.facts, "rows": report.records()})


def problem_rows(problems: Sequence[Problem]) -> list[dict[str, str]]:
    """Problems as programs get them: under the names that the command line has always given them."""
    return [
        {"place": one.where, "found": one.found, "why": one.why, "remedy": one.fix}
        for one in COMMAND_LINE.problems(problems)
    ]


def _written(content: Mapping[str, Any]) -> str:
    return json.dumps(content, default=_plain, ensure_ascii=False)


def _plain(value: Any) -> Any:
    if isinstance(value, Fraction):
        return float(value)
    if isinstance(value, Decimal):
        return f"{value:f}"  # as text, for a reader's floats would not hold it exactly
    if isinstance(value, date | datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in JSON")
