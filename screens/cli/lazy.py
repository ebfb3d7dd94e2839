"""Commands that are loaded when they are asked for.

The libraries of one command, of workbooks above all, take longer to load than another command takes to
answer. So a group knows of each command only where it is and the sentence that a list of commands shows.
"""

import re
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup

_FUNCTION, _GROUP = r'^def {}\(.*?^    """(.*?)(?:\n\n|""")', r'^{} = typer\.Typer\(.*?\bhelp="(.*?)"'


@cache
def _source(module: str) -> str:
    return (Path(__file__).parent / f"{module}.py").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Lazy:
    """A command, or a group of them, that is not loaded yet.

    Attributes:
        where: ``module:name``, in this folder, of a function, or of a Typer that holds a group.
    """

    where: str

    @property
    def help(self) -> str:
        """The first paragraph of what it says of itself, read where it stands without loading it."""
        module, _, name = self.where.partition(":")
        for pattern in (_FUNCTION, _GROUP):
            said = re.search(pattern.format(re.escape(name)), _source(module), re.DOTALL | re.MULTILINE)
            if said:
                return " ".join(said[1].split())
        raise LookupError(f"{self.where} says nothing of itself")

    def load(self, name: str) -> Any:
        """Import the module and make the command of it."""
        module, _, attribute = self.where.partition(":")
        found = getattr(import_module(f"screens.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            group = typer.main.get_group(found)
            group.name = name
            return group
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        return typer.main.get_command(alone)


class _Loading(MutableMapping[str, Any]):
    """Commands by name; one that is lazy is loaded at the first look at it, and not by asking for its name."""

    def __init__(self, lazy: Mapping[str, Lazy], loaded: Mapping[str, Any]) -> None:
        self._lazy = lazy
        self._loaded = dict(loaded)
        self._names = dict.fromkeys((*loaded, *lazy))

    def __getitem__(self, name: str) -> Any:
        if name in self._names and name not in self._loaded:
            self._loaded[name] = self._lazy[name].load(name)
        return self._loaded[name]

    def __setitem__(self, name: str, command: Any) -> None:
        self._names.setdefault(name)
        self._loaded[name] = command

    def __delitem__(self, name: str) -> None:
        del self._names[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names


class _LazyGroup(TyperGroup):
    """A group that lists its commands without loading them."""

    lazy: Mapping[str, Lazy] = {}

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Loading(self.lazy, self.commands)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the group's help from the sentences that it knows."""
        with self._outlined():
            super().format_help(ctx, formatter)

    def shell_complete(self, ctx: Any, incomplete: str) -> Any:
        """Offer the group's commands, and what each says of itself, to a shell."""
        with self._outlined():
            return super().shell_complete(ctx, incomplete)

    @contextmanager
    def _outlined(self) -> Iterator[None]:
        """While the commands are listed each is no more than its name and its sentence."""
        whole = self.commands
        outlines = {name: TyperCommand(name, callback=None, help=command.help) for name, command in self.lazy.items()}
        self.commands = {name: outlines[name] if name in outlines else whole[name] for name in whole}
        try:
            yield
        finally:
            self.commands = whole


def group_of(lazy: Mapping[str, Lazy]) -> type[TyperGroup]:
    """A kind of group, for ``typer.Typer(cls=...)``, with these commands beside those registered with it."""
    return type("LazyGroup", (_LazyGroup,), {"lazy": lazy})
