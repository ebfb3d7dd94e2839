"""Keeps libraries out of commands that have no use for them: pandas, pydantic and Arrow's functions.

DuckDB and Arrow import pandas when they are first given a value, only to see whether the value is one of pandas' kinds;
that took longer than most commands take to answer. Nothing in the house reads or makes a data frame but the libraries
named in ``USES_PANDAS``. So the command line refuses pandas until one of them is loaded, and both go on without it, as
they do where it is not installed (``docs/decisions/0032-pandas-for-those-who-use-it.md``).

Typer makes an adapter of pydantic for every option of a command, also for those that nobody gave; to load pydantic for
that took a sixth of the time of a short command. A text, and what has a parser of ours, needs no adapter.

The command line alone does this, in its own process: the app and programs that import the house get all as ever.
"""

import sys
from collections.abc import Callable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

from typer.core import TyperArgument, TyperOption

# Libraries that work with data frames. Once one of them is asked for, pandas is there for everybody.
USES_PANDAS = frozenset({"altair", "gptables", "streamlit"})
# DuckDB looks for both: whether a value is a data frame, or a table of Arrow one that lies in files.
_UNUSED = frozenset({"pandas", "pyarrow.dataset"})


class _WhenUsed(ModuleType):
    """A module that is carried out when the first of its names is asked for."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the machinery of imports looks whether it is there
            raise AttributeError(name)
        self.__class__ = ModuleType  # type: ignore[assignment]
        assert self.__spec__ is not None
        assert isinstance(self.__spec__.loader, _Later)
        self.__spec__.loader.itself.exec_module(self)
        return getattr(self, name)


class _Later(MetaPathFinder, Loader):
    """Loads Arrow's functions when the first of them is used: to make them takes a tenth of a short command's time."""

    itself: Loader

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Find the functions, and leave everything else to the finders that come after."""
        spec = PathFinder.find_spec(fullname, path, target) if fullname == "pyarrow.compute" else None
        if spec is not None and spec.loader is not None:
            self.itself, spec.loader = spec.loader, self
        return spec

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """A module that waits."""
        return _WhenUsed(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing yet."""


class WithoutPandas(MetaPathFinder):
    """Refuses pandas, and files as Arrow's tables, until a library that works with data frames is imported."""

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
        elif self._refuses and fullname in _UNUSED:
            raise ModuleNotFoundError(
                f"{fullname} is kept out of commands that do not use it. If this one does, name the library that "
                "needs it in USES_PANDAS of screens/cli/loading.py.",
                name=fullname,
            )
        return None


def plainly(as_typer: Callable[[Any, Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """How the value of an option is read: as Typer reads it, and without its adapter where none is needed."""

    def process_value(option: Any, ctx: Any, value: Any) -> Any:
        kind = option.type_descriptor
        parser = kind.parameter_info.parser
        if option.multiple or option.nargs != 1 or (value is None and option.required):
            return as_typer(option, ctx, value)
        if value is not None and parser is not None:
            try:
                value = parser(value)
            except (ValueError, AssertionError):
                return as_typer(option, ctx, value)  # which says it in its own words
        elif value is not None and not (kind.annotation is str and isinstance(value, str)):
            return as_typer(option, ctx, value)
        return value if option.callback is None else option.callback(ctx, option, value)

    return process_value


def install() -> None:
    """Load none of them in this process from now on before it is needed; what is loaded already stays."""
    sys.meta_path[:0] = (WithoutPandas(), _Later())
    for kind in (TyperOption, TyperArgument):
        kind.process_value = plainly(kind.process_value)  # type: ignore[assignment, method-assign]
