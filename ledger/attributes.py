"""Attributes of something by their names, as answers list them for programs."""

from typing import Any


def picked(one: object, *names: str) -> dict[str, Any]:
    """Some attributes of something, in this order, each under its own name.

    Raises:
        AttributeError: it has no attribute of a name.
    """
    return {name: getattr(one, name) for name in names}
