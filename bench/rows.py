"""One measurement beside another, and the table of all of them."""

import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

KEPT = Path(__file__).parent / "results.json"
PAGE = Path(__file__).parent / "results.md"


@dataclass(frozen=True)
class Row:
    """A workload, ours and another's.

    Attributes:
        ours, theirs: in ``unit``; none where there is no figure, and ``note`` says why.
        at_most: the aim: ours is at most so many times theirs.
        limit: another aim: ours is at most so much, in ``unit``.
        least: theirs is at least so much, for it was stopped before it had ended.
    """

    workload: str
    other: str
    ours: float | None
    theirs: float | None
    unit: str = "s"
    at_most: float | None = None
    limit: float | None = None
    least: bool = False
    note: str = ""

    def ratio(self) -> float | None:
        return self.ours / self.theirs if self.ours is not None and self.theirs else None

    def cells(self) -> list[str]:
        ratio, sign, aims = self.ratio(), "at most " if self.least else "", []
        if self.at_most is not None:
            faster = f" ({1 / self.at_most:.0f} times faster)" if self.at_most < 1 else ""
            # Of a program that was stopped the ratio is only known to be no more than this.
            missed = ", not settled" if self.least else ", **missed**"
            met = "" if ratio is None else ", met" if ratio <= self.at_most else missed
            aims.append(f"at most {self.at_most:g}{faster}{met}")
        if self.limit is not None:
            met = "" if self.ours is None else ", met" if self.ours <= self.limit else ", **missed**"
            aims.append(f"at most {figure(self.limit, self.unit)}{met}")
        aim = "; ".join(aims)
        return [
            self.workload,
            figure(self.ours, self.unit),
            self.other,
            (("over " if self.least else "") + figure(self.theirs, self.unit))
            if self.theirs is not None
            else self.note,
            "" if ratio is None else f"{sign}{three(ratio)}",
            aim,
        ]


def figure(value: float | None, unit: str) -> str:
    return "" if value is None else f"{three(value)} {unit}"


def three(value: float) -> str:
    """Three significant figures."""
    return (
        f"{value:,.0f}"
        if value >= 100
        else f"{value:.1f}"
        if value >= 10
        else f"{value:.2f}"
        if value >= 1
        else f"{value:.2g}"
    )


def machine() -> str:
    load = ", ".join(f"{one:.1f}" for one in os.getloadavg())
    return (
        f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}; load when it began: {load}"
    )


def keep(part: str, rows: Iterable[Row], where: str) -> None:
    """Keep a part's rows beside those of earlier runs, and write the page of them all."""
    kept = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.exists() else {}
    kept[part] = {"on": str(datetime.now(UTC).date()), "machine": where, "rows": [asdict(row) for row in rows]}
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    PAGE.write_text(page(kept), encoding="utf-8")


def page(kept: dict[str, dict[str, object]]) -> str:
    lines = [
        "# Results",
        "",
        "Written by `python -m bench`, part by part; `bench/README.md` says what is measured and how. Every row was measured side by",
        "side in one run: trust the ratio, not the seconds. A ratio is ours divided by theirs, so below one is faster or smaller.",
        "",
        "| Workload | Ours | Beside | Theirs | Ours ÷ theirs | Aim | Machine |",
        "|---|---|---|---|---|---|---|",
    ]
    notes = []
    for letter, (part, found) in zip("ABCDEFGHIJKLMNOP", kept.items(), strict=False):
        notes.append(f"- **{letter}** ({part}, {found['on']}): {found['machine']}.")
        for row in found["rows"]:  # type: ignore[attr-defined]
            lines.append("| " + " | ".join([*Row(**row).cells(), letter]) + " |")
    return "\n".join([*lines, "", "Machines:", "", *notes, ""])
