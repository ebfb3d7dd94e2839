"""Keeps pandas out of commands that have no use for it.

DuckDB and Arrow import pandas when they are first given a value, only to see whether the value is one of pandas' kinds;
that took longer than most commands take to answer. Nothing in the house reads or makes a data frame but the libraries
named in ``USES_PANDAS``. So the command line refuses pandas until one of them is loaded, and both go on without it, as
they do where it is not installed (``docs/decisions/0032-pandas-for-those-who-use-it.md``).

The command line alone does this, in its own process: the app and programs that import the house get pandas as ever.
"""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

# Libraries that work with data frames. Once one of them is asked for, pandas is there for everybody.
USES_PANDAS = frozenset({"altair", "gptables", "streamlit"})


class WithoutPandas(MetaPathFinder):
    """Refuses pandas, until a library that works with data frames is imported."""

    def __init__(self) -> None:
        self._refuses = True

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002 - the signature is Python's
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Refuse pandas, and leave everything else to the finders that come after.

        Raises:
            ModuleNotFoundError: as where pandas is not installed.
        """
        if fullname in USES_PANDAS:
            self._refuses = False
        elif self._refuses and fullname == "pandas":
            raise ModuleNotFoundError(
                "pandas is kept out of commands that do not use it. If this one does, name the library that needs it "
                "in USES_PANDAS of screens/cli/without_pandas.py.",
                name=fullname,
            )
        return None


def install() -> None:
    """Refuse pandas in this process from now on; where it is loaded already nothing changes."""
    sys.meta_path.insert(0, WithoutPandas())
