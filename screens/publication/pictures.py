"""What the pages of a publication draw of flows, years and distances, as SVG; each stands beside its table."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, fsum

from ledger.money import spoken
from ledger.reports.summary import FlowBand
from screens.publication.drawings import Mark, picture
from screens.report.holdings import flow_ends, flow_label
from screens.report.marks import Where, at_millions
from screens.report.render.colours import COUNTED, FIRST_DARK_SHADE, INK, OVER_TIME, PAPER, RULE, SHADES, Colour

WIDTH = 720
# A flow: how wide its nodes are, how high it is without the room between them, and that room.
_NODE, _HIGH, _BETWEEN, _BESIDE = 14, 380, 12, 260


@dataclass(frozen=True, slots=True)
class _Stream:
    """One band of a flow: its ends, how wide it is in £ million, and its figure."""

    source: str
    target: str
    wide: Where
    figure: str


@dataclass(slots=True)
class _Node:
    """One end of bands: in which column it stands, how much passes, where it begins, how far bands have filled it."""

    column: int = 0
    entering: Where = 0.0
    leaving: Where = 0.0
    top: Where = 0.0
    taken: Where = 0.0
    given: Where = 0.0

    @property
    def wide(self) -> Where:
        """How much passes through it, or ends there, in £ million."""
        return max(self.entering, self.leaving)


def flow(bands: Sequence[FlowBand], *, name: str) -> str:
    """Where money goes, from left to right: a band for each link, as high as its amount is large.

    Args:
        bands: in the order of their table; those of nothing or below nothing are in the table alone.
        name: what it shows, in a sentence.
    """
    streams = [
        _Stream(flow_label(band.source), flow_label(band.target), at_millions(pence), spoken(pence))
        for band in bands
        if (pence := band.amount_pence) > 0
    ]
    if not streams:
        return ""
    nodes = _placed(streams)
    columns: dict[int, list[_Node]] = {}
    for node in nodes.values():
        columns.setdefault(node.column, []).append(node)
    scale = _HIGH / max(fsum(node.wide for node in column) for column in columns.values())
    high = 0.0
    for column in columns.values():
        reached = 0.0
        for node in column:
            node.top = reached
            reached += max(node.wide * scale, 1.0) + _BETWEEN
        high = max(high, reached)
    step = (WIDTH - _NODE - _BESIDE) / max(columns)
    ends = {end.label: end for end in flow_ends(bands)}
    parts = [_band(stream, nodes, step, scale, ends[stream.source].colour) for stream in streams]
    parts += [
        _node(ends[label].label_with_amount, node, step, scale, ends[label].colour) for label, node in nodes.items()
    ]
    return picture("".join(parts), ceil(high), name, 12)


def _placed(streams: Sequence[_Stream]) -> dict[str, _Node]:
    """The ends of bands, each a column to the right of all that it comes from."""
    nodes: dict[str, _Node] = {}
    for stream in streams:
        source, target = (nodes.setdefault(end, _Node()) for end in (stream.source, stream.target))
        source.leaving += stream.wide
        target.entering += stream.wide
    for _ in nodes:  # a way from the first to the last end has fewer steps than there are ends
        for stream in streams:
            nodes[stream.target].column = max(nodes[stream.target].column, nodes[stream.source].column + 1)
    return nodes


def _band(stream: _Stream, nodes: Mapping[str, _Node], step: Where, scale: Where, colour: str) -> str:
    source, target = nodes[stream.source], nodes[stream.target]
    thick = stream.wide * scale
    left, right = source.column * step + _NODE, target.column * step
    begin, end = source.top + source.given + thick / 2, target.top + target.taken + thick / 2
    middle = (left + right) / 2
    source.given += thick
    target.taken += thick
    said = f"{stream.source} to {stream.target}: {stream.figure}"
    return (
        f'<path d="M{left:.1f} {begin:.1f}C{middle:.1f} {begin:.1f} {middle:.1f} {end:.1f} {right:.1f} {end:.1f}" '
        f'fill="none" stroke="{colour}" stroke-opacity=".35" stroke-width="{max(thick, 0.5):.1f}">'
        f"<title>{escape(said)}</title></path>"
    )


def _node(label: str, node: _Node, step: Where, scale: Where, colour: str) -> str:
    across, high = node.column * step, max(node.wide * scale, 1.0)
    return (
        f'<rect x="{across:.1f}" y="{node.top:.1f}" width="{_NODE}" height="{high:.1f}" fill="{colour}"/>'
        f'<text x="{across + _NODE + 5:.1f}" y="{node.top + high / 2 + 4:.1f}">{escape(label)}</text>'
    )


_FIRST, _LINE, _TOP = 90, 34, 24


def calendar(rows: Mapping[str, Sequence[int]], months: Sequence[str], *, name: str) -> str:
    """A square for each month and kind of event, the larger the more there are, with their number in it.

    Args:
        rows: what happens, each with how often in each month.
        months: their names, in order.
        name: what it shows, in a sentence.
    """
    most = max((number for numbers in rows.values() for number in numbers), default=0)
    if not most:
        return ""
    step = (WIDTH - _FIRST) / len(months)
    parts = [
        f'<text x="{_FIRST + step * (place + 0.5):.0f}" y="14" text-anchor="middle">{month[:3]}</text>'
        for place, month in enumerate(months)
    ]
    for row, (what, numbers) in enumerate(rows.items()):
        middle = _TOP + _LINE * row + _LINE / 2
        parts.append(f'<text x="0" y="{middle + 4:.0f}">{escape(what)}</text>')
        for place, number in enumerate(numbers):
            if number:
                across, side = _FIRST + step * (place + 0.5), 14 + 16 * number / most
                parts.append(
                    f'<rect x="{across - side / 2:.1f}" y="{middle - side / 2:.1f}" width="{side:.1f}" '
                    f'height="{side:.1f}" fill="{COUNTED}" stroke="{RULE}"/>'
                    f'<text x="{across:.0f}" y="{middle + 4:.0f}" text-anchor="middle">{number:,}</text>'
                )
    return picture("".join(parts), _TOP + _LINE * len(rows), name, 12)


_NAMES, _ROW, _BAR, _ENDS = 320, 20, 13, 55


def distances(marks: Sequence[Mark], *, name: str) -> str:
    """Bars to either side of nothing: above it to the right and green, below it to the left and orange.

    Args:
        name: what it shows, in a sentence.
    """
    low, high = min((0.0, *(mark.at for mark in marks))), max((0.0, *(mark.at for mark in marks)))
    scale = (WIDTH - _NAMES - 2 * _ENDS) / ((high - low) or 1)
    nothing = _NAMES + _ENDS - low * scale
    parts = []
    for place, mark in enumerate(marks):
        top, long = place * _ROW, abs(mark.at) * scale
        is_less = mark.at < 0
        left = nothing - long if is_less else nothing
        figure = (left - 5, "end") if is_less else (nothing + long + 5, "start")
        parts.append(
            f'<text x="{_NAMES - 8}" y="{top + 11}" text-anchor="end">{escape(mark.label)}</text>'
            f'<rect x="{left:.1f}" y="{top}" width="{max(long, 1):.1f}" height="{_BAR}" '
            f'fill="{Colour.LESS if is_less else Colour.MORE}"/>'
            f'<text x="{figure[0]:.1f}" y="{top + 11}" text-anchor="{figure[1]}">{escape(mark.figure)}</text>'
        )
    axis = f'<line x1="{nothing:.1f}" x2="{nothing:.1f}" y1="0" y2="{len(marks) * _ROW}" stroke="{RULE}"/>'
    return picture(f"{''.join(parts)}{axis}", len(marks) * _ROW, name, 11)


_TALL, _LEFT, _RIGHT = 220, 50, 40
_DASHES = ("", "8 4", "2 3", "8 3 2 3")


def over_time(points: Sequence[str], lines: Mapping[str, Sequence[Where | None]], *, name: str) -> str:
    """A line for each measure, in percent from nothing upwards; where a measure has no value is a gap, never nothing.

    Args:
        points: what is written under each point, in order.
        lines: name of each line to where it stands at every point; at most four, told apart by dashes too.
        name: what it shows, in a sentence.
    """
    most = max((at for line in lines.values() for at in line if at is not None), default=0.0) or 1.0
    step = (WIDTH - _LEFT - _RIGHT) / max(len(points) - 1, 1)
    legend = 18 * len(lines)

    def height(at: Where) -> Where:
        return legend + 12 + _TALL * (1 - at / most)

    parts = [
        f'<line x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{height(at):.1f}" y2="{height(at):.1f}" stroke="{RULE}" '
        f'stroke-opacity=".4"/><text x="{_LEFT - 6}" y="{height(at) + 4:.1f}" text-anchor="end">{at:.0f}%</text>'
        for at in (0.0, most / 2, most)
    ]
    parts += [
        f'<text x="{_LEFT + step * place:.1f}" y="{legend + _TALL + 30}" text-anchor="middle">{escape(point)}</text>'
        for place, point in enumerate(points)
    ]
    for place, ((title, line), colour) in enumerate(zip(lines.items(), OVER_TIME.values(), strict=False)):
        drawn = f'stroke="{colour}" stroke-width="2.5" stroke-dasharray="{_DASHES[place]}"'
        parts.append(
            f'<line x1="{_LEFT}" x2="{_LEFT + 40}" y1="{18 * place + 8}" y2="{18 * place + 8}" {drawn}/>'
            f'<text x="{_LEFT + 48}" y="{18 * place + 12}" fill="{INK}">{escape(title)}</text>'
        )
        way, is_gap = "", True
        for at, where in enumerate(line):
            if where is not None:
                way += f"{'M' if is_gap else 'L'}{_LEFT + step * at:.1f} {height(where):.1f}"
                parts.append(f'<circle cx="{_LEFT + step * at:.1f}" cy="{height(where):.1f}" r="3.5" '
                             f'fill="{colour}"/>')  # fmt: skip
            is_gap = where is None
        parts.append(f'<path d="{way}" fill="none" {drawn}/>')
    return picture("".join(parts), legend + _TALL + 38, name, 12)


_CELL_HIGH, _TIERS = 46, 190


def matrix(
    shares: Mapping[tuple[str, str], tuple[Where, str, str]], tiers: Sequence[str], grades: Mapping[str, str], *,
    name: str,
) -> str:  # fmt: skip
    """A cell for each tier and grade that holds money: the darker, the more, with its share and its amount.

    Args:
        shares: of each tier and grade its percent of the whole, and its share and amount as people write them.
        tiers: the rows, in order.
        grades: the columns in order, each with its heading.
        name: what it shows, in a sentence.
    """
    if not shares:
        return ""
    wide = (WIDTH - _TIERS) / len(grades)
    parts = [
        f'<text x="{_TIERS + wide * (place + 0.5):.0f}" y="14" text-anchor="middle">{escape(heading)}</text>'
        for place, heading in enumerate(grades.values())
    ]
    for row, tier in enumerate(tiers):
        top = 24 + _CELL_HIGH * row
        parts.append(f'<text x="0" y="{top + 26}">{escape(tier)}</text>')
        for column, grade in enumerate(grades):
            if (tier, grade) not in shares:
                continue
            percent, share, amount = shares[tier, grade]
            step, left = min(int(percent / 100 * len(SHADES)), len(SHADES) - 1), _TIERS + wide * column
            ink, middle = PAPER if step >= FIRST_DARK_SHADE else INK, left + wide / 2 - 1
            parts.append(
                f'<rect x="{left:.1f}" y="{top}" width="{wide - 3:.1f}" height="{_CELL_HIGH - 3}" '
                f'fill="{SHADES[step]}" stroke="{RULE}"/><g text-anchor="middle" fill="{ink}">'
                f'<text x="{middle:.0f}" y="{top + 18}" font-weight="bold">{escape(share)}</text>'
                f'<text x="{middle:.0f}" y="{top + 34}">{escape(amount)}'
                "</text></g>"
            )
    return picture("".join(parts), 24 + _CELL_HIGH * len(tiers), name, 11)


_SQUARE, _FROM_LEFT, _FROM_TOP = 260, 60, 40


def lorenz(points: Sequence[tuple[Where, Where]], *, things: str, name: str) -> str:
    """A curve of how much of the money so many of the things hold, smallest first, beside the line if all were equal.

    Args:
        points: percent of things and percent of money, as ``screens.report.marks.lorenz`` places them.
        things: what is counted, in the plural.
        name: what it shows, in a sentence.
    """

    def at(across: Where, up: Where) -> str:
        return f"{_FROM_LEFT + across / 100 * _SQUARE:.1f} {_FROM_TOP + (1 - up / 100) * _SQUARE:.1f}"

    below = _FROM_TOP + _SQUARE
    ends = "".join(
        f'<text x="{_FROM_LEFT - 6}" y="{_FROM_TOP + (1 - percent / 100) * _SQUARE + 4:.0f}" text-anchor="end">'
        f'{percent}%</text><text x="{_FROM_LEFT + percent / 100 * _SQUARE:.0f}" y="{below + 16}" '
        f'text-anchor="middle">{percent}%</text>'
        for percent in (0, 50, 100)
    )
    legend = "".join(
        f'<line x1="{left}" x2="{left + 40}" y1="10" y2="10" stroke="{colour}" stroke-width="2.5" '
        f'stroke-dasharray="{dash}"/><text x="{left + 48}" y="14">{said}</text>'
        for left, colour, dash, said in (
            (0, Colour.AMOUNT, "", "As it is"), (140, Colour.COMPARED, _DASHES[1], "If all were equal")
        )
    )  # fmt: skip
    way = "L".join(at(across, up) for across, up in points)
    drawn = (
        f'<path d="M{at(0, 0)}V{_FROM_TOP}M{at(0, 0)}H{_FROM_LEFT + _SQUARE}" stroke="{RULE}" fill="none"/>'
        f'<path d="M{at(0, 0)}L{at(100, 100)}" stroke="{Colour.COMPARED}" stroke-width="2.5" '
        f'stroke-dasharray="{_DASHES[1]}" fill="none"/>'
        f'<path d="M{way}" stroke="{Colour.AMOUNT}" stroke-width="2.5" fill="none"/>'
        f'<text x="{_FROM_LEFT + _SQUARE / 2:.0f}" y="{below + 34}" text-anchor="middle">{escape(things)}, smallest '
        f'first</text><text x="0" y="{_FROM_TOP - 8}">Money</text>'
    )
    return picture(f"{legend}{ends}{drawn}", below + 40, name, 12)


def by_group(groups: Mapping[str, Sequence[Mark]], *, name: str) -> str:
    """Bars on one scale under the name of their group, in percent.

    Args:
        groups: name of each to its bars, in order.
        name: what it shows, in a sentence.
    """
    scale = (WIDTH - _NAMES - _ENDS) / (max((mark.at for marks in groups.values() for mark in marks), default=0.0) or 1)
    parts, top = list[str](), 0
    for group, marks in groups.items():
        parts.append(f'<text x="0" y="{top + 14}" font-weight="bold">{escape(group)}</text>')
        top += _ROW
        for mark in marks:
            long = max(mark.at * scale, 1)
            parts.append(
                f'<text x="{_NAMES - 8}" y="{top + 11}" text-anchor="end">{escape(mark.label)}</text>'
                f'<rect x="{_NAMES}" y="{top}" width="{long:.1f}" height="{_BAR}" fill="{Colour.AMOUNT}"/>'
                f'<text x="{_NAMES + long + 5:.1f}" y="{top + 11}">{escape(mark.figure)}</text>'
            )
            top += _ROW
        top += 6
    return picture("".join(parts), top, name, 11)
