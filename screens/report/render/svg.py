"""What is drawn without a browser: the colours and type of all charts, and a bridge as SVG for the board pack."""

from collections.abc import Sequence
from html import escape

from ledger.money import spoken
from screens.report.marks import Span, Where

# Analysis Function palette: every colour stands out on white by 3 to 1 or more.
PALETTE = ("#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1")
MAIN, SECOND, MARKED, WARM, GREY = PALETTE[0], PALETTE[1], PALETTE[2], PALETTE[3], "#6F777B"
INK = "#212B32"
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
        colour = MAIN if span.is_total else WARM if span.to_millions < span.from_millions else SECOND
        sign = "+" if not span.is_total and span.to_millions > span.from_millions else ""
        parts.append(
            f'<text x="{_NAMES - 8}" y="{top + 13}" text-anchor="end">{escape(span.label)}</text>'
            f'<rect x="{across(left)}" y="{top}" width="{width:.2f}" height="{_BAR}" fill="{colour}"/>'
            f'<text x="{across(right + 6 / scale)}" y="{top + 13}">{escape(f"{sign}{spoken(span.pence)}")}</text>'
        )
    height = _TOP + len(spans) * _ROW
    axis = f'<line x1="{across(0.0)}" x2="{across(0.0)}" y1="0" y2="{height}" stroke="#4C6272"/>'
    return (
        f'<svg role="img" aria-label="{escape(name)}" viewBox="0 0 {_WIDTH} {height}" width="100%" '
        f'font-family="{FONT}" font-size="13" fill="{INK}">{"".join(parts)}{axis}</svg>'
    )
