"""YAML files that say exactly one thing: no unknown key, no key twice, and numbers as they were written."""

import re
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from allocations.reading.file_bytes import content_of
from ledger.errors import Problem, Refused

DEEPEST_NESTING = 60
_NO_TEXT = re.compile(r"[\x00\ud800-\udfff]")
_BEYOND = re.compile(r"[-+]?[\d_.,]*[eE][-+]?\d{3,}%?|[-+]?[\d_.,]{40,}%?")
# Whole numbers as people write them: neither 0100, which YAML takes for 64, nor 1:30, which it takes for 90.
_WHOLE = r"[-+]?(?:0|[1-9][0-9]*)"
_EXAMPLE = "Compare with the example that the project ships."


def _yes_or_no(value: Any) -> Any:
    if value is not None and not isinstance(value, bool):
        raise ValueError(f"{value!r} is neither true nor false")
    return value


def _whole(value: Any) -> Any:
    if isinstance(value, bool) or (isinstance(value, str) and not re.fullmatch(_WHOLE, value)):
        raise ValueError(f"{value!r} is not a whole number in plain digits")
    return value


# What a field of a file's model is where it answers yes or no, or counts: a plain bool takes the word 'no', the
# number 1 and other spellings for an answer, and a plain int takes an answer for a number.
YesNo = Annotated[bool, BeforeValidator(_yes_or_no, json_schema_input_type=bool)]
Whole = Annotated[int, BeforeValidator(_whole, json_schema_input_type=int)]


class StrictModel(BaseModel):
    """A part of a file: unknown keys are refused, and what was read does not change."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True, defer_build=True)


Model = TypeVar("Model", bound=StrictModel)
Path_ = tuple[str | int, ...]
Lines = Mapping[Path_, int]
Prepare = Callable[[Any, Callable[[Path_], str]], Any]


def read_model(path: Path, model: type[Model], prepare: Prepare | None = None) -> Model:
    """Read a YAML file as a model.

    Args:
        path: the file.
        model: what it should say.
        prepare: given the content as written and a way to name a place in it; returns what is then read.

    Raises:
        Refused: the file cannot be read, or something in it is unknown, missing, impossible or said
            twice; each with its line and its key.
    """
    content, lines = read_lines(path)

    def where(keys: Path_) -> str:
        return place_of(path, lines, keys)

    prepared = prepare(content, where) if prepare else content
    try:
        return model.model_validate(prepared)
    except ValidationError as error:
        raise Refused([_fault(fault, where, model) for fault in error.errors() if not _follows(fault)]) from error


def read_lines(path: Path) -> tuple[Any, dict[Path_, int]]:
    """What a YAML file says, and the line of every key and item in it.

    Raises:
        Refused: the file cannot be read, is not YAML, says a key twice, or is nested beyond reason.
    """
    try:
        return _parsed(content_of(path))
    except FileNotFoundError as error:
        missing = Problem(str(path), "there is no such file.", "It is needed here.", "Check the name and the folder.")
        raise Refused([missing]) from error
    except OSError as error:
        raise Refused([Problem(str(path), "it cannot be read.", "It is needed here.", "Check the name.")]) from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        place = f"{path.name}, line {mark.line + 1}" if mark else path.name
        what = getattr(error, "problem", None) or "it is not YAML"
        problem = Problem(place, f"{what}.", "The file cannot be understood.", "Correct the line.")
        raise Refused([problem]) from error
    except (ValueError, OverflowError) as error:  # a day such as 2025-02-30
        problem = Problem(path.name, f"{error}.", "The file cannot be understood.", "Correct the value.")
        raise Refused([problem]) from error
    except (AttributeError, TypeError, KeyError) as error:  # a tag of YAML's own on what it does not fit
        problem = Problem(path.name, "it is not plain YAML.", "It cannot be understood.", "Take out its tags (!!).")
        raise Refused([problem]) from error
    except RecursionError as error:
        problem = Problem(path.name, "it is nested too deeply.", "It cannot be read.", "Write it more simply.")
        raise Refused([problem]) from error


def place_of(path: Path, lines: Lines, keys: Path_) -> str:
    """Where in a file a key stands: its name, its line, and the keys that lead there."""
    known: Path_ = ()
    for key in keys:
        # A choice between models adds its own word to the path, which is nowhere in the file.
        if (*known, key) in lines:
            known = (*known, key)
    missing = (keys[-1],) if keys and keys[-1] not in known else ()
    dotted = ".".join(str(key) for key in (*known, *missing)) or "the whole"
    return f"{path.name}, line {lines.get(known, 1)}, {dotted}"


def _parsed(text: bytes) -> tuple[Any, dict[Path_, int]]:
    loader = TextLoader(text)
    try:
        node = loader.get_single_node()
        lines: dict[Path_, int] = {}
        if node is None:
            return None, lines
        _note_lines(node, (), lines)
        return loader.construct_document(node), lines
    finally:
        loader.dispose()


def _note_lines(node: yaml.Node, keys: Path_, lines: dict[Path_, int]) -> None:
    if len(keys) > DEEPEST_NESTING:
        raise yaml.MarkedYAMLError(problem="it is nested too deeply", problem_mark=node.start_mark)
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            _refuse_what_is_no_text(key)
            below = (*keys, str(key.value))
            lines[below] = key.start_mark.line + 1
            _note_lines(value, below, lines)
    elif isinstance(node, yaml.SequenceNode):
        for number, value in enumerate(node.value):
            lines[*keys, number] = value.start_mark.line + 1
            _note_lines(value, (*keys, number), lines)
    else:
        _refuse_what_is_no_text(node)
        if _BEYOND.fullmatch(node.value):
            # Worked out exactly, a number of so many digits would fill the memory.
            raise yaml.MarkedYAMLError(problem="it holds a number beyond all sense", problem_mark=node.start_mark)


def _refuse_what_is_no_text(node: yaml.Node) -> None:
    if isinstance(node, yaml.ScalarNode) and _NO_TEXT.search(node.value):
        raise yaml.MarkedYAMLError(problem="it holds half of a character", problem_mark=node.start_mark)


def _follows(fault: Any) -> bool:
    """Whether a fault only follows from others: a list that is too short because its items were refused."""
    return bool(fault["type"] == "too_short" and len(fault["input"]) >= fault["ctx"]["min_length"])


def _fault(fault: Any, where: Callable[[Path_], str], model: type[BaseModel]) -> Problem:
    keys: Path_ = tuple(fault["loc"])
    found = f"{fault['msg'].removeprefix('Value error, ')} (found {_short(fault['input'])})."
    why, remedy = "The file would not say what was meant.", _EXAMPLE
    if fault["type"] == "extra_forbidden":
        known = sorted(_known_keys(model, keys[:-1]))
        near = get_close_matches(str(keys[-1]), known, 1)
        remedy = f"Did you mean '{near[0]}'?" if near else f"Take it out. The keys are {', '.join(known)}."
    elif fault["type"] == "missing":
        found, remedy = "Field required.", f"Add '{keys[-1]}'."
    elif fault["type"] in ("less_than_equal", "greater_than_equal", "greater_than", "less_than"):
        remedy = f"{fault['msg'].replace('Input should be', 'Give a number that is')}; a part is written 0.8 for 80%."
    return Problem(where(keys), found, why, remedy)


def _known_keys(model: type[BaseModel], keys: Path_) -> set[str]:
    """The keys that are known where an unknown one was found."""
    models = [model]
    for key in keys:
        below = [
            nested
            for each in models
            for name, field in each.model_fields.items()
            if key in (name, field.alias)
            for nested in _models(field.annotation)
        ]
        tagged = [each for each in models if key in _tags(each)]
        models = below or tagged or models
    return {field.alias or name for each in models for name, field in each.model_fields.items()}


def _models(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    if get_origin(annotation) in (Annotated, Union, UnionType, tuple, list, dict):
        return [found for part in get_args(annotation) for found in _models(part)]
    return []


def _tags(model: type[BaseModel]) -> tuple[Any, ...]:
    """The words by which a choice between models knows this one."""
    return tuple(
        word
        for field in model.model_fields.values()
        if get_origin(field.annotation) is Literal
        for word in get_args(field.annotation)
    )


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - enough to know it by


class _NoDuplicates(yaml.SafeLoader):
    """YAML takes the last of two equal keys in silence; a file may not say two things."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="it repeats another part by an alias (*)", problem_mark=mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            name = str(key.value)
            if name in seen:
                raise yaml.MarkedYAMLError(problem=f"the key '{name}' stands twice", problem_mark=key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


_AS_TEXT = ("tag:yaml.org,2002:float", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:int")


class TextLoader(_NoDuplicates):
    """Numbers with a point stay the text that was written; pydantic makes exact decimals of them."""


TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag not in _AS_TEXT]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
# Only true and false are yes and no: a key 'on' is a word, and so is the answer 'no'.
TextLoader.add_implicit_resolver("tag:yaml.org,2002:int", re.compile(f"^{_WHOLE}$"), list("-+0123456789"))
TextLoader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
