"""Work out the expected results of the library again, and the schema: python -m tests.scenarios.expected [NAME ...].

Then look at what changed with ``git diff`` before it is committed: these are regression values of the demo's
books, which are partly illustrative, and no estimate of anything outside them.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from allocations.demo import build
from ledger.store.base import Store
from scenarios import outcome as outcomes
from scenarios.document import document, document_hash, plain
from scenarios.files.variants import LIBRARY
from scenarios.outcome import Outcome
from tests.scenarios.schema import SCHEMA_FILE, schema_text

MOST_NAMED = 5


def expected(outcome: Outcome) -> dict[str, Any]:
    """The document of an outcome, without what changes from one building of the books to the next.

    Of long lists of gainers and losers the ends are shown, and a hash stands for the whole.
    """
    found = document(outcome)
    del found["head"], found["changed_from_library"], found["measures_are"]
    # A row for each receiver and purpose is what the gainers and the lines say together.
    del found["movements"]
    for each in (found, *found.get("years", ())):
        # How a figure changes from reading to reading is held to the figures of the books, in tests of its own.
        for table in ("measures", "scorecard"):
            each[table] = [_without_range(row) for row in each[table]]
    if "years" in found:
        found["years"] = [_of_year(each) for each in found["years"]]
    for view in found["gainers"]:
        changes = view["changes"]
        view["changed"] = len(changes)
        view["changes_hash"] = document_hash({"changes": changes})
        if len(changes) > 2 * MOST_NAMED:
            view["changes"] = [*changes[:MOST_NAMED], *changes[-MOST_NAMED:]]
    for row in found["measures"]:
        del row["definition"], row["title"], row["unit"]
    for row in found["scorecard"]:
        del row["formula"], row["moves"], row["better"], row["unit"], row["says"]
    found["measures"] = [row for row in found["measures"] if _moved(row)]
    return found


def _without_range(row: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in row.items() if "_lowest" not in key and "_highest" not in key}


def _of_year(each: dict[str, Any]) -> dict[str, Any]:
    """A year of several: its sentence and what it starts from; a hash stands for its tables."""
    told = {key: value for key, value in each.items() if not isinstance(value, list)}
    return {**told, "answer_hash": document_hash(each)}


def _moved(row: dict[str, Any]) -> bool:
    return any(row[name] != row[name.replace("before", "after")] for name in row if name.startswith("before"))


def text(outcome: Outcome) -> str:
    """The same as text, the way it is committed."""
    return json.dumps(expected(outcome), default=plain, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


def file_of(name: str) -> Path:
    """Where the expected result of a library scenario stands."""
    return LIBRARY / f"{name}.expected.json"


def json_text(outcome: Outcome) -> str:
    """The document as JSON, the same bytes each time."""
    return json.dumps(document(outcome), default=plain, ensure_ascii=False, indent=1) + "\n"


def main(names: list[str]) -> None:
    """Write the expected result beside each library scenario, and the schema beside the model."""
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, Store.create(Path(folder) / "demo.duckdb") as store:
        build.build(store)
        with store.read() as reader:
            for name in names or outcomes.library():
                file_of(name).write_text(text(outcomes.work_out(reader, outcomes.find(name))), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
