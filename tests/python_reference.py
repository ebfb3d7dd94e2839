"""The reference of the Python interface, ``docs/python.md``, made from what the code says of itself.

python -m tests.python_reference
"""

import inspect
import re
from pathlib import Path
from typing import Any

from screens import python
from screens.python import Ledger
from screens.report.report import Report

DOCUMENT = Path(__file__).parent.parent / "docs" / "python.md"
# What of a report is for analysts; the rest is for the screens.
OF_A_REPORT = ("to_arrow", "to_pandas", "records")
_HEAD = "Made from the code by `python -m tests.python_reference`; a test keeps it so.\n"


def public(kind: type) -> list[str]:
    """The names of a class that its users may rely on, in the order of the code."""
    return [name for name, member in vars(kind).items() if not name.startswith("_") and callable(function(member))]


def function(member: Any) -> Any:
    """What is called, of a method of any kind."""
    return member.__func__ if isinstance(member, classmethod | staticmethod) else member


def document() -> str:
    """The whole reference, as Markdown."""
    parts = ["# The Python interface\n", _HEAD, f"{inspect.cleandoc(python.__doc__ or '')}\n", "## Ledger\n"]
    parts += [_member(Ledger, name) for name in public(Ledger)]
    parts.append("## Report\n")
    parts += [_member(Report, name) for name in OF_A_REPORT]
    return "\n".join(parts)


def _member(kind: type, name: str) -> str:
    member = vars(kind)[name]
    signature = inspect.signature(function(member))
    parameters = list(signature.parameters.values())
    taken = parameters if isinstance(member, staticmethod) else parameters[1:]
    shown = str(signature.replace(parameters=taken, return_annotation=inspect.Signature.empty))
    # Types by their own names, as one reads them.
    shown = re.sub(r"\b(?:[a-z_]+\.)+([A-Z]\w*|date\b)", r"\1", shown).replace("datetime.datetime", "datetime")
    said = inspect.cleandoc(inspect.getdoc(getattr(kind, name)) or "")
    return f"### `{kind.__name__}.{name}`\n\n```python\n{name}{shown}\n```\n\n```text\n{said}\n```\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document(), encoding="utf-8")
