"""A good call of every command, whose arguments are then replaced, one after another, by what means harm.

The commands and their options are asked of the front door itself: a new one is tried without a word here, and one
that cannot do without an argument which nobody gave is named by a test.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer

import devolution
from allocations.places.files import shipped_membership
from tests.allocations.excel.workbooks import written
from tests.allocations.published import small

Arguments = tuple[str, ...]
ICB, PLACE = "QWO", "QWO-E08000035"
_COUNTS = (
    "pcn,basis,people,effective_from,notified_on,source\nU89141,registered,45210,2025-04-01,2025-03-20,Our letter\n"
)
_CLAIMS = "pcn,month,amount\nU89141,2025-04,600000\n"
_RULE = "title: T\nreason: to test\nbase_growth: 0.03\nfloor: 0.02\ncap: 0.045\ncurve: [[-0.05, 0.01], [0.05, -0.01]]\n"
_PACE = "title: T\nreason: R\norganisations: published 2025/26 core\nbase_growth: 0.0437\nfloor: 0.039\ncap: 0.049\nunit_pounds: 1000\ncurve: [[-0.05, 0.01], [0.05, -0.01]]\n"
_GOAL = "title: T\nreason: R\norganisations: published 2025/26 core\nwithin: 5%\nyears: 2\ngrowth: 3%\nfloor: 0%\n"
_BIDS = """
title: T
question: Q
seed: 1
draws: 20
pot: {amount_pounds: 5000000, announced_on: 2025-07-01, spend_by: 2026-03-31}
awards: {number: 2, sizes: equal}
bidders: {who: icbs, of: [Y63], weighting: core}
"""


def files(folder: Path) -> dict[str, str]:
    """Good files of every kind, each by a name."""
    text = {
        "counts.csv": _COUNTS,
        "claims.csv": _CLAIMS,
        "rule.yaml": _RULE,
        "pace.yaml": _PACE,
        "goal.yaml": _GOAL,
        "bids.yaml": _BIDS,
        "places.csv": "practice,place\n" + "".join(
            f"{code},{'North' if number % 2 else 'South'}\n"
            for number, code in enumerate(sorted(c for c, icb in shipped_membership().icb.items() if icb == ICB))
        ),
        "historic.csv": "organisation,fund,amount\nLeeds,core-general-acute,100000\n",
        "terms.csv": "fund,grade,reason,source,quality\ncore-mental-health,soft,It holds,Our board,amber\n",
        "policy.yaml": Path("allocations/figures/reference/devolution_policy.yaml").read_text(encoding="utf-8"),
        "scenario.yaml": Path("scenarios/library/lift-small-pots.yaml").read_text(encoding="utf-8"),
        "result.json": "{}",
        "register.csv": "Kind,Date,Reason,Organisation,Fund,Amount,Recurrent\n"
                        f"release,2025-06-01,tests,{ICB},core-community,1000,R\n",
    }  # fmt: skip
    for name, content in text.items():
        (folder / name).write_text(content, encoding="utf-8")
    written(folder / "budget.xlsx", (("Code", "Budget (£)"), (PLACE, 100.5), ("Total", 100.5)))
    small.workbook(folder / "allocations.xlsx", small.allocation_sheets())
    small.text_file(folder / "practices.csv", small.practice_rows())
    (folder / "mapping.yaml").write_text("{}\n", encoding="utf-8")
    return {path.name: str(path) for path in folder.iterdir()}


def commands() -> dict[str, Any]:
    """Every command of the front door, by its whole name."""

    def below(command: Any, words: Arguments) -> Iterator[tuple[str, Any]]:
        for name, inner in getattr(command, "commands", {}).items():
            yield from below(inner, (*words, name))
        if not hasattr(command, "commands"):
            yield " ".join(words), command

    return dict(below(typer.main.get_command(devolution.app), ()))


def _good(given: dict[str, str]) -> dict[str, Arguments]:
    """For each command what it cannot do without, and what makes it go deep. A ledger and --dry-run are added."""
    year, day = ("--year", "2025/26"), ("--date", "2025-06-01")
    decided = ("--actor", "approver", "--reason", "tests")
    return {
        "template": ("--icb", ICB, "--out", "out.xlsx"),
        "trail": ("--organisation", PLACE),
        "prove": ("5",),
        "consistent": (f"5:{'0' * 64}",),
        "reverse": ("163", "--reason", "entered twice"),
        "allocate": ("--icb", ICB, "--by", "core", "--amount", "1000", "--fund", "core-community", "--from", "retained"),
        "bids": (given["bids.yaml"], "--draws", "5"),
        "network": ("U89141", *year, "--counts", given["counts.csv"], "--claims", given["claims.csv"]),
        "schedule": ("--icb", ICB, "--historic", given["historic.csv"], "--pace", given["rule.yaml"], "--from", "retained"),
        "pace": (given["pace.yaml"], *year),
        "need": ("--icb", ICB),
        "measures": ("--organisation", ICB),
        "copy": ("LEDGER", "there.duckdb"),
        "backup": ("backup.duckdb",),
        "restore": ("LEDGER", "restored.duckdb"),
        "import budgets": (given["budget.xlsx"], *year, "--icb", ICB, "--fund", "core-community", *day),
        "import published": (given["allocations.xlsx"], given["practices.csv"]),
        "import structure": (given["practices.csv"],),
        "import position": (given["historic.csv"],),
        "export allocations": ("--icb", ICB, "--out", "out.xlsx"),
        "export position": ("--out", "out.csv"),
        "export scenario": (given["scenario.yaml"], "--out", "out.csv"),
        "export published": ("--out", "out.xlsx"),
        "new": (*year, "--icb", ICB),
        "export register": ("--out", "out.csv"),
        "record register": (given["register.csv"],),
        "record release": ("--organisation", ICB, "--fund", "core-community", "--amount", "1000", "--recurrent", "R",
                           "--reason", "tests", "--date", "2025-06-01"),
        "record terms": ("--fund", "core-community", "--grade", "soft", "--reason", "tests", "--date", "2025-06-01"),
        "proposal show": ("a key",),
        "proposal approve": ("a key", *decided),
        "proposal reject": ("a key", *decided),
        "proposal withdraw": ("a key", *decided),
        "scenario run": (given["scenario.yaml"],),
        "scenario compare": (given["scenario.yaml"], given["scenario.yaml"]),
        "scenario check": (given["scenario.yaml"], given["result.json"]),
        "scenario adopt": (given["scenario.yaml"],),
        "scenario solve": (given["goal.yaml"],),
        "scenario seek": (
            given["scenario.yaml"], "--find", "threshold", "--until", "pots <= 26", "--from", "£999,998", "--to", "£1,000,001",
        ),
    }  # fmt: skip


@dataclass(frozen=True)
class Calls:
    """Calls of every command.

    Attributes:
        good: a command's name to its arguments, the name's own words left out.
    """

    good: dict[str, Arguments]

    def spoilt(self, name: str) -> Iterator[tuple[str, Callable[[str], Arguments]]]:
        """Each argument and option of a command, and the call with it replaced by a value."""
        good = self.good[name]
        options = [p for p in commands()[name].params if p.opts[0].startswith("--") and p.name != "help"]
        flags = {p.opts[0] for p in options if getattr(p, "is_flag", False)}
        at = 0
        while at < len(good):
            word = good[at]
            if word.startswith("--"):
                at += 1 if word in flags else 2
                continue
            yield f"argument {at + 1}", lambda value, at=at: (*good[:at], value, *good[at + 1 :])
            at += 1
        for option in options:
            word = option.opts[0]
            if word in flags:
                continue
            rest = list(good)
            if word in rest:
                where = rest.index(word)
                del rest[where : where + 2]
            yield word, lambda value, word=word, rest=tuple(rest): (*rest, f"{word}={value}")


def good_calls(folder: Path, ledger: Path) -> Calls:
    """The good calls, with files in a folder."""
    given = files(folder)
    chosen = _good(given)
    calls = {}
    for name, command in commands().items():
        known = {word for p in command.params for word in p.opts}
        words = tuple(str(ledger) if word == "LEDGER" else word for word in chosen.get(name, ()))
        words = (*words, "--ledger", str(ledger)) if "--ledger" in known else words
        calls[name] = (*words, "--dry-run") if "--dry-run" in known else words
    return Calls(calls)
