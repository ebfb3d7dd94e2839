"""A colour means one thing on every page, a meaning has one colour, and everybody can tell them apart and read them.

What the charts are drawn from is read as every page makes it. The right meanings stand here, written by hand.
"""

import re
from collections.abc import Iterator, Mapping
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from screens.report.marks import Span
from screens.report.render import svg
from screens.report.render.colours import AROUND, COUNTED, INK, PAPER, RULE, SHADES, STREAMS, Colour
from screens.web.charts import kit
from tests.browser.test_pages import ROOT
from tests.screens.every_page import NAMES, made

# What stands beside a colour in a chart's legend, or what is asked before it is used, and which colour that is.
RIGHT = {
    "Total": "AMOUNT", "More": "MORE", "Less": "LESS",
    "datum.length < 0": "LESS", "otherwise than datum.length < 0": "MORE",
    "datum.marked": "CHOSEN", "otherwise than datum.marked": "AMOUNT",
    "In the last 1% of the money": "SMALLEST", "Others": "AMOUNT",
    "Mean award": "AMOUNT", "Fair share by formula": "COMPARED", "As it is": "AMOUNT", "If all were equal": "COMPARED",
    "Fair share": "COMPARED", "Issued": "AMOUNT",
    "At its low": "AT_LOW", "At its high": "AT_HIGH",
    "Ring-fenced, soft included": "RING_FENCED", "Notified in the year": "IN_YEAR", "Non-recurrent": "NOT_RECURRENT",
    "Devolved": "DEVOLVED",
}  # fmt: skip
# Colours that a chart uses throughout.
THROUGHOUT = {"AMOUNT", "BETWEEN"}
FLOW = {
    "NHS England": "NATIONAL", "Kept by NHS England": "NATIONAL", "Core": "CORE", "Primary medical": "PRIMARY_MEDICAL",
    "POD": "POD", "Specialised": "SPECIALISED", "Running costs": "RUNNING_COSTS",
}  # fmt: skip
HEX = re.compile(r"#[0-9A-Fa-f]{6}\b|#[0-9A-Fa-f]{3}\b")


def uses(spec: Any) -> Iterator[tuple[str, str]]:
    """Every colour of a chart with what it is used for; without a word of it, for all that is drawn."""
    if isinstance(spec, list):
        for inner in spec:
            yield from uses(inner)
    if not isinstance(spec, Mapping):
        return
    scale = spec.get("scale")
    if isinstance(scale, Mapping) and spec.get("type") == "nominal" and is_of_colours(scale.get("range")):
        yield from zip(scale["domain"], scale["range"], strict=True)
    condition = spec.get("condition")
    if isinstance(condition, Mapping) and is_colour(condition.get("value")):
        yield condition["test"], condition["value"]
        yield f"otherwise than {condition['test']}", spec["value"]
    for name, inner in spec.items():
        if is_colour(inner) and not (name == "value" and condition):
            yield "", inner
        elif name not in ("condition", "data", "datasets", "config"):
            yield from uses(inner)


def is_colour(value: object) -> bool:
    return isinstance(value, str) and HEX.fullmatch(value) is not None


def is_of_colours(values: Any) -> bool:
    return isinstance(values, list) and all(is_colour(value) for value in values)


@pytest.mark.parametrize("name", NAMES)
def test_a_chart_uses_every_colour_in_its_meaning(demo_ledger: Path, name: str) -> None:
    around = {*AROUND, *SHADES}
    for spec in made(name, demo_ledger).charts():
        for said, written in uses(spec):
            if written in around and written not in {*Colour}:
                # Frames, figures in ink and white, and shades: they say nothing by their colour alone.
                continue
            meant = Colour(written).name
            assert meant == RIGHT[said] if said else meant in THROUGHOUT, (name, said, written)
    for flow in made(name, demo_ledger).flows():
        for node in flow["data"]:
            right = FLOW.get(node["name"], "HELD")
            assert Colour(node["itemStyle"]["color"]).name == right, node


def test_all_meanings_are_used_and_told_by_one_colour(demo_ledger: Path) -> None:
    assert len({one.meaning for one in Colour}) == len(Colour)
    assert len({*RIGHT.values(), *FLOW.values(), *THROUGHOUT, "HELD", "OTHER_STREAM"}) == len(Colour)
    specs = [spec for name in NAMES for spec in made(name, demo_ledger).charts()]
    seen = {said for spec in specs for said, written in uses(spec) if said and written in {*Colour}}
    assert set(RIGHT) <= seen | {"Total", "More", "Less"}, set(RIGHT) - seen


def test_pictures_of_packs_and_publications_say_the_same() -> None:
    spans = [Span("a", 100, True, 0, 1), Span("b", 50, False, 1, 1.5), Span("c", -70, False, 1.5, 0.8)]
    assert re.findall(r'<rect[^>]*fill="(#\w+)"', svg.bridge(spans, name="N")) == [
        Colour.AMOUNT, Colour.MORE, Colour.LESS,
    ]  # fmt: skip
    marks = [svg.MapMark("A", 0, 0, 1.0, 2.0, "2"), svg.MapMark("B", 1, 0, 2.0, -2.0, "-2")]
    for drawn in (svg.tile_map(marks, name="N"), svg.strip(marks, name="N", across="", up="")):
        assert re.findall(r'<(?:rect|circle)[^>]*fill="(#\w+)"', drawn) == [Colour.MORE, Colour.LESS]


def test_no_colour_that_means_something_is_written_anywhere_else() -> None:
    table = ROOT / "screens" / "report" / "render" / "colours.py"
    known = {written.upper() for written in AROUND} | {"#FFF"}
    for file in [*(ROOT / "screens").rglob("*.py"), ROOT / "streamlit_app.py", ROOT / ".streamlit" / "config.toml"]:
        if file != table:
            written = {found.upper() for found in HEX.findall(file.read_text("utf-8"))}
            assert written <= known, f"{file}: {written - known} belongs into {table.name}"


# --- contrast and colour blindness ----------------------------------------------------------------


def luminance(written: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts(written))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def parts(written: str) -> list[float]:
    return [int(written[at : at + 2], 16) / 255 for at in (1, 3, 5)]


def contrast(one: str, other: str) -> float:
    """The contrast of two colours, from 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colour", [*Colour, RULE, "#005EB8"])
def test_what_is_drawn_stands_out_on_white(colour: str) -> None:
    assert contrast(colour, PAPER) >= 3


def test_text_in_charts_can_be_read_on_whatever_lies_behind_it() -> None:
    # The names and figures beside marks, and the number of a square in a calendar.
    assert contrast(INK, PAPER) >= 4.5
    assert contrast(INK, COUNTED) >= 4.5
    # Figures in shaded areas: what the chart itself chooses at the middle and at the ends of every shade.
    low, high = -3.0, 7.0
    area, ink = kit.shaded("level", low, high)
    step = (high - low) / len(SHADES)
    dark = float(ink["condition"]["test"].rpartition(" ")[2])
    assert area["scale"] == {"type": "quantize", "domain": [low, high], "range": list(SHADES)}
    for place, shade in enumerate(SHADES):
        for part in (0.001, 0.5, 0.999):
            level = low + (place + part) * step
            figure = ink["condition"]["value"] if level >= dark else ink["value"]
            assert contrast(figure, shade) >= 4.5, (level, shade)
    # In a pack the squares of the map are a colour laid thinly on white, at most so thick.
    for colour in (Colour.MORE, Colour.LESS):
        thin = "#" + "".join(f"{round((part * 0.55 + 0.45) * 255):02X}" for part in parts(colour))
        assert contrast(INK, thin) >= 4.5


@pytest.mark.parametrize("name", NAMES)
def test_text_of_the_charts_of_a_page_is_in_ink_or_on_its_shade(demo_ledger: Path, name: str) -> None:
    for spec in made(name, demo_ledger).charts():
        assert spec["config"]["axis"]["labelColor"] == spec["config"]["legend"]["labelColor"] == INK
        for layer in spec.get("layer", []):
            mark = layer["mark"]
            if mark["type"] == "text":
                colour = layer["encoding"].get("color", {"value": mark.get("color", INK)})
                assert colour["value"] == INK
                assert colour.get("condition", {}).get("value", PAPER) == PAPER
    for flow in made(name, demo_ledger).flows():
        assert flow["label"]["color"] == INK


# How people see who lack one of the three kinds of cones: Machado, Oliveira and Fernandes, 2009, at full severity.
BLIND = {
    "no red": ((0.152286, 1.052583, -0.204868), (0.114503, 0.786281, 0.099216), (-0.003882, -0.048116, 1.051998)),
    "no green": ((0.367322, 0.860646, -0.227968), (0.280085, 0.672501, 0.047413), (-0.011820, 0.042940, 0.968881)),
    "no blue": ((1.255528, -0.076749, -0.178779), (-0.078411, 0.930809, 0.147602), (0.004733, 0.691367, 0.303900)),
}
WHITE_POINT = (0.9505, 1.0, 1.089)
TO_XYZ = ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
# Two colours side by side look different from a distance of about 2.3 on; legends are looked up from afar.
LEAST_APART = 12


def lab(written: str, seen: tuple[tuple[float, ...], ...] | None) -> tuple[float, float, float]:
    """A colour in CIE Lab, as somebody sees it."""
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts(written)]
    if seen is not None:
        linear = [min(1.0, max(0.0, sum(a * b for a, b in zip(row, linear, strict=True)))) for row in seen]
    xyz = [sum(a * b for a, b in zip(row, linear, strict=True)) for row in TO_XYZ]
    x, y, z = (
        (part / white) ** (1 / 3) if part / white > 0.008856 else 7.787 * part / white + 16 / 116
        for part, white in zip(xyz, WHITE_POINT, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def apart(one: str, other: str, seen: tuple[tuple[float, ...], ...] | None) -> float:
    """How far two colours are from each other: CIE 1976."""
    return sum((a - b) ** 2 for a, b in zip(lab(one, seen), lab(other, seen), strict=True)) ** 0.5


TOGETHER = [
    (Colour.AMOUNT, Colour.MORE, Colour.LESS),
    (Colour.AMOUNT, Colour.CHOSEN),
    (Colour.AMOUNT, Colour.SMALLEST),
    (Colour.AMOUNT, Colour.COMPARED, Colour.BETWEEN),
    (Colour.AT_LOW, Colour.AT_HIGH),
    (Colour.RING_FENCED, Colour.IN_YEAR, Colour.NOT_RECURRENT, Colour.DEVOLVED),
    (Colour.NATIONAL, *STREAMS.values()),
]


@pytest.mark.parametrize("colours", TOGETHER, ids=lambda colours: "-".join(one.name for one in colours))
def test_colours_of_one_chart_can_be_told_apart_by_everybody(colours: tuple[Colour, ...]) -> None:
    for one, other in combinations(colours, 2):
        for how, seen in {"all": None, **BLIND}.items():
            assert apart(one, other, seen) >= LEAST_APART, (one.name, other.name, how, apart(one, other, seen))
