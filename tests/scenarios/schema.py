"""The JSON Schema of a scenario file, made from the models: what ``scenarios/files/scenario.schema.json`` holds."""

import json
from pathlib import Path
from typing import Any

from scenarios.fields import NAMED
from scenarios.files import scenario as models
from scenarios.files.scenario import SCHEMA_VERSION, Scenario

SCHEMA_FILE = Path(models.__file__).parent / "scenario.schema.json"
# What stands outside the steps, where no assumption is put in.
_NO_NAMES = ("Assumption", "Measured", "PeopleSpread", "Segments", "Start")
_FUNDS = {"$ref": "#/$defs/Funds"}
_TEXT = {"type": "string"}


def schema() -> dict[str, Any]:
    """The schema, with what a file may write more shortly than the model keeps it."""
    found = Scenario.model_json_schema(by_alias=True)
    for name, definition in found["$defs"].items():
        if name in _NO_NAMES:
            continue
        properties = definition["properties"]
        for key, value in properties.items():
            if key != "lever":
                properties[key] = _named(_short(value, words=name in ("Funds", "Organisations")))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": f"urn:devolution-ledger:scenario:{SCHEMA_VERSION}",
        **found,
    }


def schema_text() -> str:
    """The same as text, the way it is committed."""
    return json.dumps(schema(), indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _short(value: dict[str, Any], *, words: bool) -> dict[str, Any]:
    """A list of funds stands for a selection, one word for a list of one; what is inside a value may be worked out."""
    for each in (value, *value.get("anyOf", ())):
        if isinstance(part := each.get("additionalProperties"), dict) and "anyOf" in part:
            each["additionalProperties"] = _named(part)
        for years, part in each.get("patternProperties", {}).items():
            each["patternProperties"][years] = _named(part)
        pair = each.get("items", {})
        if isinstance(pair, dict) and "prefixItems" in pair:
            pair["prefixItems"] = [_named(part) for part in pair["prefixItems"]]
    if value.get("$ref") == _FUNDS["$ref"]:
        rest = {key: each for key, each in value.items() if key != "$ref"}
        return {"anyOf": [_FUNDS, _TEXT, {"type": "array", "items": _TEXT, "minItems": 1}], **rest}
    if words and "anyOf" in value:
        singles = [each["items"] for each in value["anyOf"] if each.get("type") == "array"]
        return {**value, "anyOf": [*value["anyOf"], *singles]}
    return value


def _named(value: dict[str, Any]) -> dict[str, Any]:
    """The value, or the name of an assumption that gives it."""
    outside: dict[str, Any] = {key: value[key] for key in ("title", "description", "default") if key in value}
    inside: dict[str, Any] = {key: each for key, each in value.items() if key not in outside}
    return {"anyOf": [inside, NAMED], **outside}
