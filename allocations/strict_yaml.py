"""YAML files that say exactly one thing: no unknown key, no key twice, and numbers as they were written."""

from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, ValidationError

from ledger.errors import Problem, Refused


class StrictModel(BaseModel):
    """A part of a file: unknown keys are refused, and what was read does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


Model = TypeVar("Model", bound=StrictModel)


def read_model(path: Path, model: type[Model]) -> Model:
    """Read a YAML file as a model.

    Raises:
        Refused: the file cannot be read, or something in it is unknown, missing, impossible or said
            twice; each with its line or its key.
    """
    try:
        return model.model_validate(yaml.load(path.read_bytes(), Loader=_TextLoader))  # noqa: S506 - a safe loader
    except OSError as error:
        raise Refused([Problem(str(path), "it cannot be read.", "Nothing can be done.", "Check the name.")]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path.name}, line {mark.line + 1}" if mark else path.name
        what = getattr(error, "problem", None) or "it is not YAML"
        problem = Problem(place, f"{what}.", "The file cannot be understood.", "Correct the line.")
        raise Refused([problem]) from error
    except ValidationError as error:
        raise Refused(
            [
                Problem(
                    f"{path.name}, {'.'.join(str(part) for part in fault['loc']) or 'the whole'}",
                    f"{fault['msg']} (found {_short(fault['input'])}).",
                    "The file would not say what was meant.",
                    "Compare with the example that the project ships.",
                )
                for fault in error.errors()
            ]
        ) from error


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - enough to know it by


class _NoDuplicates(yaml.SafeLoader):
    """YAML takes the last of two equal keys in silence; a file may not say two things."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.MarkedYAMLError(problem=f"the key '{name}' stands twice", problem_mark=key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


class _TextLoader(_NoDuplicates):
    """Numbers with a point stay the text that was written; pydantic makes exact decimals of them."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:float"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
