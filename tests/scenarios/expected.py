"""Work out the expected results of the library again, and the schema: python -m tests.scenarios.expected [NAME ...].

Then look at what changed with ``git diff`` before it is committed: these are regression values of the demo's
books, which are partly illustrative, and no estimate of anything outside them.
"""

import sys
import tempfile
from pathlib import Path

from allocations.demo import build
from ledger.store.base import Store
from scenarios import expected, outcome
from scenarios.files.scenario import SCHEMA_FILE, schema_text


def main(names: list[str]) -> None:
    """Write the expected result beside each library scenario, and the schema beside the model."""
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
    with tempfile.TemporaryDirectory() as folder, Store.create(Path(folder) / "demo.duckdb") as store:
        build.build(store)
        with store.read() as reader:
            for name in names or outcome.library():
                text = expected.text(outcome.work_out(reader, outcome.find(name)))
                expected.file_of(name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
