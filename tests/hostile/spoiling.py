"""Ways to spoil a file: bytes, lines, cells, keys, and the parts of an archive."""

import csv
import io
import json
import random
import re
import zipfile
from collections.abc import Callable
from typing import Any

from tests.hostile.values import DAYS, NUMBERS, TEXTS

_PLAIN = tuple(text for text in (*TEXTS, *NUMBERS, *DAYS) if text.isprintable() and len(text) < 400)
_VALUES = (*_PLAIN, *(text for text in TEXTS if not re.search("[\ud800-\udfff]", text)))
_ODD: tuple[Any, ...] = (None, True, False, 0, -1, 1e308, 10**400, [], {}, [[]], {"": ""}, "", [None], "x" * 1000)

Spoil = Callable[[random.Random, bytes], bytes]


def random_bytes(chance: random.Random, content: bytes) -> bytes:
    return chance.randbytes(chance.choice((0, 1, 7, 100, 4096)))


def truncated(chance: random.Random, content: bytes) -> bytes:
    return content[: chance.randrange(len(content) + 1)]


def flipped(chance: random.Random, content: bytes) -> bytes:
    found = bytearray(content)
    for _ in range(chance.choice((1, 3, 20))):
        if found:
            found[chance.randrange(len(found))] ^= 1 << chance.randrange(8)
    return bytes(found)


def inserted(chance: random.Random, content: bytes) -> bytes:
    at = chance.randrange(len(content) + 1)
    value = chance.choice(_VALUES).encode("utf-8", "replace")
    return content[:at] + value + content[at + chance.choice((0, 0, len(value))) :]


def doubled(chance: random.Random, content: bytes) -> bytes:
    first, last = sorted(chance.randrange(len(content) + 1) for _ in range(2))
    return content[:last] + content[first:last] + content[last:]


def other_encoding(chance: random.Random, content: bytes) -> bytes:
    text = content.decode("utf-8", "replace")
    return text.encode(chance.choice(("utf-16", "utf-32", "latin-1", "cp037", "utf-7")), "replace")


def other_cell(chance: random.Random, content: bytes) -> bytes:
    """A cell of a CSV file with another value, a cell more or a cell less."""
    rows = list(csv.reader(io.StringIO(content.decode("utf-8", "replace"))))
    row = chance.choice([row for row in rows if row] or [[""]])
    at = chance.randrange(len(row))
    act = chance.random()
    if act < 0.8:
        row[at] = chance.choice(_VALUES)
    elif act < 0.9:
        row.insert(at, chance.choice(_VALUES))
    else:
        del row[at]
    out = io.StringIO()
    csv.writer(out).writerows(rows)
    return out.getvalue().encode("utf-8", "replace")


def other_scalar(chance: random.Random, content: bytes) -> bytes:
    """A value of a YAML file with another in its place, plain or in quotation marks, or a part of another shape."""
    lines = content.decode("utf-8", "replace").split("\n")
    filled = [at for at, line in enumerate(lines) if ":" in line and not line.lstrip().startswith("#")]
    if not filled:
        return content
    at = chance.choice(filled)
    key, _, value = lines[at].partition(":")
    act = chance.random()
    if act < 0.4:
        lines[at] = f"{key}: {chance.choice(_PLAIN)}"
    elif act < 0.7:
        lines[at] = f"{key}: {json.dumps(chance.choice(_VALUES))}"
    elif act < 0.9:
        lines[at] = f"{key}: {json.dumps(chance.choice(_ODD))}"
    elif act < 0.95:
        lines[at] = f"{chance.choice(_PLAIN)}:{value}"
    else:
        lines[at] = (
            f"{key}: {chance.choice(('!!python/object/apply:os.system [x]', '!!binary x', '&a [*a]', '!!timestamp 9', '!!set {a}', '!!float .inf', '? [a]', '<<: {a: b}', '0o17', '1_000', '1:30', '2025-02-30', '!!int x', '[' * 200, '{a: ' * 80))}"
        )
    return "\n".join(lines).encode("utf-8", "replace")


def other_value(chance: random.Random, content: bytes) -> bytes:
    """A value of a JSON file with one of another kind in its place."""
    whole = json.loads(content)
    spots: list[tuple[Any, Any]] = []

    def walk(value: Any) -> None:
        for key in list(value) if isinstance(value, dict) else range(len(value)) if isinstance(value, list) else ():
            spots.append((value, key))
            walk(value[key])

    walk(whole)
    if not spots:
        return content
    holder, key = chance.choice(spots)
    act = chance.random()
    if act < 0.7:
        holder[key] = chance.choice((*_ODD, *_VALUES))
    elif act < 0.85:
        del holder[key]
    elif isinstance(holder, dict):
        holder[chance.choice(_VALUES)] = holder.pop(key)
    return json.dumps(whole).encode()


def other_part(chance: random.Random, content: bytes) -> bytes:
    """A part of an archive spoilt, left out, there twice or under another name."""
    try:
        old = zipfile.ZipFile(io.BytesIO(content))
    except zipfile.BadZipFile:
        return content
    names = old.namelist()
    victim = chance.choice(names)
    out = io.BytesIO()
    act = chance.random()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in names:
            part = old.read(name)
            if name == victim and act < 0.6:
                part = chance.choice((*BYTES, other_xml, other_xml, other_xml))(chance, part)
            elif name == victim and act < 0.7:
                continue
            elif name == victim and act < 0.8:
                name = chance.choice(("../../evil.xml", "/etc/evil", "a\\b", name.upper(), name + "/", "x" * 60000))  # noqa: PLW2901
            new.writestr(name, part)
    return out.getvalue()


def other_xml(chance: random.Random, content: bytes) -> bytes:
    """An attribute or a text of XML with another value."""
    spots = list(re.finditer(rb'="([^"]*)"|>([^<]+)<', content))
    if not spots:
        return content
    spot = chance.choice(spots)
    group = 1 if spot.group(1) is not None else 2
    value = chance.choice(
        (
            *_PLAIN,
            "XFD1048576",
            "ZZZZ1",
            "A0",
            "-1",
            "99999999",
            "A1:XFD1048576",
            "1.0E+999",
            "inlineStr",
            "e",
            "b",
            "d",
            "str",
        )
    )
    value = value.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    return content[: spot.start(group)] + value.encode("utf-8", "replace") + content[spot.end(group) :]


BYTES: tuple[Spoil, ...] = (random_bytes, truncated, flipped, inserted, doubled, other_encoding)
BY_KIND: dict[str, tuple[Spoil, ...]] = {
    ".csv": (*BYTES, *(other_cell,) * 12),
    ".yaml": (*BYTES, *(other_scalar,) * 18),
    ".json": (*BYTES, *(other_value,) * 12),
    ".xlsx": (*BYTES, *(other_part,) * 12),
    ".zip": (*BYTES, *(other_part,) * 6),
    ".duckdb": (truncated, flipped, flipped, flipped, inserted, random_bytes),
}


def spoilt(chance: random.Random, content: bytes, kind: str) -> bytes:
    """A content spoilt in one to three ways that fit its kind."""
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        try:
            content = chance.choice(BY_KIND[kind])(chance, content)
        except Exception:  # noqa: BLE001 - spoilt already, beyond this way of spoiling
            continue
    return content
