"""Commands that are loaded when they are asked for.

The libraries of one command, of workbooks above all, take longer to load than another command takes to
answer. So a group knows of each command only where it is and the sentence that a list of commands shows.
"""

from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup


@dataclass(frozen=True)
class Late:
    """A command, or a group of them, that is not loaded yet.

    Attributes:
        where: ``module:name`` of a function, or of a Typer that holds a group.
        help: the first paragraph of what it says of itself, for the list of commands.
    """

    where: str
    help: str

    def load(self, name: str) -> Any:
        """Import the module and make the command of it."""
        module, _, attribute = self.where.partition(":")
        found = getattr(import_module(module), attribute)
        if isinstance(found, typer.Typer):
            group = typer.main.get_group(found)
            group.name = name
            return group
        alone = typer.Typer(add_completion=False)
        alone.command(name)(found)
        return typer.main.get_command(alone)


class _Loading(MutableMapping[str, Any]):
    """Commands by name; one that is late is loaded at the first look at it, and not by asking for its name."""

    def __init__(self, late: Mapping[str, Late], loaded: Mapping[str, Any]) -> None:
        self._late = late
        self._loaded = dict(loaded)
        self._names = dict.fromkeys((*loaded, *late))

    def __getitem__(self, name: str) -> Any:
        if name in self._names and name not in self._loaded:
            self._loaded[name] = self._late[name].load(name)
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


class _LateGroup(TyperGroup):
    """A group that lists its commands without loading them."""

    late: Mapping[str, Late] = {}

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = _Loading(self.late, self.commands)

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the group's help from the sentences that it knows."""
        whole = self.commands
        outlines = {name: TyperCommand(name, callback=None, help=command.help) for name, command in self.late.items()}
        self.commands = {name: outlines[name] if name in outlines else whole[name] for name in whole}
        try:
            super().format_help(ctx, formatter)
        finally:
            self.commands = whole


def group_of(late: Mapping[str, Late]) -> type[TyperGroup]:
    """A kind of group, for ``typer.Typer(cls=...)``, with these commands beside those registered with it."""
    return type("LateGroup", (_LateGroup,), {"late": late})
