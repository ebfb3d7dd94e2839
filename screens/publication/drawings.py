"""What the pages of a publication draw, as SVG: streams by size, and ICBs in order. Each stands beside its table."""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10

from screens.report.marks import Where
from screens.report.render.colours import INK, RULE, Colour
from screens.report.render.svg import FONT

_WIDTH, _SIDE = 720, 24
_NAMES, _FIGURES, _ROW, _BAR = 320, 70, 20, 13


@dataclass(frozen=True, slots=True)
class Mark:
    """A stream or an ICB: its name, where it stands, its figure in words, and whether it is marked."""

    label: str
    at: Where
    figure: str
    is_marked: bool = False


def strip(marks: Sequence[Mark], *, name: str) -> str:
    """A tick for each mark on an axis on which every step is ten times the one before; marked ones short and violet.

    Args:
        marks: those at nothing or below have no place on such an axis, and are in the table alone.
        name: what it shows, in a sentence.
    """
    drawn = [mark for mark in marks if mark.at > 0]
    if not drawn:
        return ""
    low = floor(log10(min(mark.at for mark in drawn)))
    high = max(low + 1, ceil(log10(max(mark.at for mark in drawn))))
    scale = (_WIDTH - 2 * _SIDE) / (high - low)
    parts = []
    for mark in drawn:
        across = f"{_SIDE + (log10(mark.at) - low) * scale:.1f}"
        top, colour = (22, Colour.SMALLEST) if mark.is_marked else (8, Colour.AMOUNT)
        parts.append(
            f'<line x1="{across}" x2="{across}" y1="{top}" y2="42" stroke="{colour}" stroke-width="2">'
            f"<title>{escape(mark.label)}: {escape(mark.figure)}</title></line>"
        )
    for step in range(low, high + 1):
        across = f"{_SIDE + (step - low) * scale:.1f}"
        parts.append(
            f'<line x1="{across}" x2="{across}" y1="42" y2="47" stroke="{RULE}"/>'
            f'<text x="{across}" y="60" text-anchor="middle">{escape(_pounds(step))}</text>'
        )
    axis = f'<line x1="{_SIDE}" x2="{_WIDTH - _SIDE}" y1="42" y2="42" stroke="{RULE}"/>'
    return picture(f"{axis}{''.join(parts)}", 68, name, 12)


_LARGE = ((9, " billion"), (6, " million"))


def _pounds(step: int) -> str:
    """A power of ten in pounds, as people write it."""
    for digits, word in _LARGE:
        if step >= digits:
            return f"£{10 ** (step - digits):,}{word}"
    return f"£{10**step:,}" if step >= 0 else f"{10 ** (step + 2)}p"


def ranked(marks: Sequence[Mark], *, name: str) -> str:
    """Bars from nothing, in the order that is given, each with its figure.

    Args:
        marks: none below nothing.
        name: what it shows, in a sentence.
    """
    most = max((mark.at for mark in marks), default=0) or 1
    scale = (_WIDTH - _NAMES - _FIGURES) / most
    parts = []
    for place, mark in enumerate(marks):
        top, long = place * _ROW, mark.at * scale
        parts.append(
            f'<text x="{_NAMES - 8}" y="{top + 11}" text-anchor="end">{escape(mark.label)}</text>'
            f'<rect x="{_NAMES}" y="{top}" width="{max(long, 1):.1f}" height="{_BAR}" '
            f'fill="{Colour.CHOSEN if mark.is_marked else Colour.AMOUNT}"/>'
            f'<text x="{_NAMES + long + 5:.1f}" y="{top + 11}">{escape(mark.figure)}</text>'
        )
    axis = f'<line x1="{_NAMES}" x2="{_NAMES}" y1="0" y2="{len(marks) * _ROW}" stroke="{RULE}"/>'
    return picture(f"{''.join(parts)}{axis}", len(marks) * _ROW, name, 11)


def picture(drawn: str, height: int, name: str, size: int) -> str:
    """What is drawn, as a picture as wide as the page lets it be.

    Args:
        name: what it shows, in a sentence, for those who do not see it.
        size: of its letters.
    """
    return (
        f'<svg role="img" aria-label="{escape(name)}" viewBox="0 0 {_WIDTH} {height}" width="100%" '
        f'font-family="{FONT}" font-size="{size}" fill="{INK}">{drawn}</svg>'
    )
