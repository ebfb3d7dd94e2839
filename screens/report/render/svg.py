"""What is drawn without a browser: the type of all charts, and a bridge as SVG for the board pack."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil

from ledger.money import spoken
from screens.report.marks import Span, Where
from screens.report.render.colours import FIRST_DARK_SHADE, INK, PAPER, RULE, SHADES, Colour

FONT = "Arial, sans-serif"
_WIDTH, _NAMES, _FIGURES = 720, 250, 110
_ROW, _BAR, _TOP = 30, 18, 6


def bridge(spans: Sequence[Span], *, name: str, beside: Sequence[Sequence[Span]] = ()) -> str:
    """A bridge as SVG, as wide as the page lets it be.

    Args:
        spans: the bars, as ``screens.report.marks.bridge`` places them.
        name: what it shows, in a sentence.
        beside: bridges that it is compared with, and whose axis it has.
    """
    ends = [end for each in (spans, *beside) for span in each for end in (span.from_millions, span.to_millions)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    scale = (_WIDTH - _NAMES - _FIGURES) / ((high - low) or 1)

    def across(where: Where) -> str:
        return f"{_NAMES + (where - low) * scale:.2f}"

    parts = []
    for place, span in enumerate(spans):
        left, right = sorted((span.from_millions, span.to_millions))
        top = _TOP + place * _ROW
        width = max((right - left) * scale, 1.0)
        step = Colour.LESS if span.to_millions < span.from_millions else Colour.MORE
        colour = Colour.AMOUNT if span.is_total else step
        sign = "+" if not span.is_total and span.to_millions > span.from_millions else ""
        parts.append(
            f'<text x="{_NAMES - 8}" y="{top + 13}" text-anchor="end">{escape(span.label)}</text>'
            f'<rect x="{across(left)}" y="{top}" width="{width:.2f}" height="{_BAR}" fill="{colour}"/>'
            f'<text x="{across(right + 6 / scale)}" y="{top + 13}">{escape(f"{sign}{spoken(span.pence)}")}</text>'
        )
    height = _TOP + len(spans) * _ROW
    axis = f'<line x1="{across(0.0)}" x2="{across(0.0)}" y1="0" y2="{height}" stroke="{RULE}"/>'
    return _picture(name, _WIDTH, height, [*parts, axis], size=13)


@dataclass(frozen=True, slots=True)
class MapMark:
    """One organisation in a picture.

    Attributes:
        column, row: of its square on the map.
        across: where it stands along the bottom, such as how deprived it is.
        up: its figure, which places it and colours it; ``figure`` is the same in words.
    """

    code: str
    column: int
    row: int
    across: Where
    up: Where
    figure: str


_SQUARE, _SHADES = 46, 3


def tile_map(marks: Sequence[MapMark], *, name: str, of_levels: bool = False) -> str:
    """A square for each organisation, roughly where it lies, with its code and its figure; more is green, less orange.

    Args:
        name: what it shows, in a sentence.
        of_levels: whether the figures are levels of one thing, and no changes: the darker, the higher.
    """
    lowest, highest = (end((each.up for each in marks), default=0.0) for end in (min, max))
    most = max((abs(each.up) for each in marks), default=0.0) or 1.0
    left, top = (min((getattr(each, way) for each in marks), default=0) for way in ("column", "row"))
    parts = []
    for each in marks:
        x, y = (each.column - left) * _SQUARE, (each.row - top) * _SQUARE
        colour: str = Colour.MORE if each.up > 0 else Colour.LESS
        # Three shades and white: figures in ink stand out on all of them.
        shade, ink = 0.0 if not each.up else ceil(abs(each.up) / most * _SHADES) / _SHADES * 0.55, INK
        if of_levels:
            step = int((each.up - lowest) / ((highest - lowest) or 1.0) * (len(SHADES) - 1))
            colour, shade, ink = SHADES[step], 1.0, PAPER if step >= FIRST_DARK_SHADE else INK
        parts.append(
            f'<rect x="{x}" y="{y}" width="{_SQUARE - 3}" height="{_SQUARE - 3}" fill="{colour}" '
            f'fill-opacity="{shade:.2f}" stroke="{RULE}"/>'
            f'<g text-anchor="middle" fill="{ink}"><text x="{x + 21}" y="{y + 18}" font-weight="bold">'
            f'{escape(each.code)}</text><text x="{x + 21}" y="{y + 34}">{escape(each.figure)}</text></g>'
        )
    width = (max((each.column for each in marks), default=0) - left + 1) * _SQUARE
    height = (max((each.row for each in marks), default=0) - top + 1) * _SQUARE
    return _picture(name, width, height, parts, size=11)


_STRIP, _STRIP_WIDE = 250, 440


def strip(marks: Sequence[MapMark], *, name: str, across: str, up: str) -> str:
    """A dot for each organisation: how deprived it is from left to right, what it gains from below to above.

    Args:
        name: what it shows, in a sentence.
        across, up: what stands at the ends of both axes.
    """
    low, high = (end([each.across for each in marks]) for end in (min, max))
    bottom, top = (end([0.0, *(each.up for each in marks)]) for end in (min, max))
    wide, tall = (_STRIP_WIDE - 80) / ((high - low) or 1), (_STRIP - 40) / ((top - bottom) or 1)

    def height(where: Where) -> Where:
        return 20 + (top - where) * tall

    parts = [
        f'<line x1="20" x2="{_STRIP_WIDE - 20}" y1="{height(0.0):.1f}" y2="{height(0.0):.1f}" stroke="{RULE}"/>',
        f'<text x="20" y="12">{escape(up)}</text>',
        f'<text x="{_STRIP_WIDE - 20}" y="{_STRIP}" text-anchor="end">{escape(across)}</text>',
    ]
    named = {each.code for each in sorted(marks, key=lambda each: -abs(each.up))[:_NAMED]}
    for each in marks:
        x, colour = 40 + (each.across - low) * wide, Colour.MORE if each.up > 0 else Colour.LESS
        parts.append(f'<circle cx="{x:.1f}" cy="{height(each.up):.1f}" r="5" fill="{colour}" stroke="{INK}"/>')
        if each.code in named:
            parts.append(f'<text x="{x + 8:.1f}" y="{height(each.up) + 4:.1f}">{escape(each.code)}</text>')
    return _picture(name, _STRIP_WIDE, _STRIP + 4, parts, size=12)


_NAMED = 8


def _picture(name: str, width: int, height: int, parts: Sequence[str], *, size: int) -> str:
    return (
        f'<svg role="img" aria-label="{escape(name)}" viewBox="0 0 {width} {height}" width="100%" '
        f'font-family="{FONT}" font-size="{size}" fill="{INK}">{"".join(parts)}</svg>'
    )
