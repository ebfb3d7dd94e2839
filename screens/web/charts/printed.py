"""Charts for paper: plain SVG that needs no script and no network, and is named for those who do not see it."""

from collections.abc import Sequence
from html import escape

from ledger.money import spoken
from ledger.reports.chart_marks import Span, Where
from screens.web.charts import kit

_WIDTH, _NAMES, _FIGURES = 720, 250, 110
_ROW, _BAR, _TOP = 30, 18, 6


def bridge(spans: Sequence[Span], *, name: str) -> str:
    """A bridge as SVG, as wide as the page lets it be.

    Args:
        spans: the bars, as ``ledger.reports.chart_marks.bridge`` places them.
        name: what it shows, in a sentence.
    """
    ends = [end for span in spans for end in (span.from_millions, span.to_millions)]
    low, high = min([0.0, *ends]), max([0.0, *ends])
    scale = (_WIDTH - _NAMES - _FIGURES) / ((high - low) or 1)

    def across(where: Where) -> str:
        return f"{_NAMES + (where - low) * scale:.2f}"

    parts = []
    for place, span in enumerate(spans):
        left, right = sorted((span.from_millions, span.to_millions))
        top = _TOP + place * _ROW
        width = max((right - left) * scale, 1.0)
        colour = kit.MAIN if span.is_total else kit.WARM if span.to_millions < span.from_millions else kit.SECOND
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
        f'font-family="{kit.FONT}" font-size="13" fill="{kit.INK}">{"".join(parts)}{axis}</svg>'
    )
