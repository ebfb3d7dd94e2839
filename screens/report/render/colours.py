"""What every colour means: one table, from which all charts, pictures, publications and packs take theirs.

A colour has one meaning and a meaning one colour, on every page, so that a reader who has learnt it once can rely on
it. No chart tells anything by colour alone: marks also have a name, a shape, a dash or a figure.
"""

from collections.abc import Mapping
from enum import StrEnum, unique
from typing import Self


@unique
class Colour(StrEnum):
    """A colour that says something. It is written as ``#RRGGBB``; ``meaning`` is what it says.

    All stand out on white by 3 to 1 or more. Those that stand in one chart can be told apart by who is colour-blind.
    """

    meaning: str

    def __new__(cls, written: str, meaning: str) -> Self:
        """The colour as it is written, with what it says."""
        one = str.__new__(cls, written)
        one._value_ = written
        one.meaning = meaning
        return one

    AMOUNT = "#12436D", "a figure, and the whole to which steps lead"
    MORE = "#28A197", "more than before, or above what it is compared with"
    LESS = "#F46A25", "less than before, or below what it is compared with"
    CHOSEN = "#99154B", "the one that the reader chose"
    COMPARED = "#3D3D3D", "what figures are compared with, such as a fair share"
    SMALLEST = "#A285D1", "the smallest: together the last 1% of the money"
    BETWEEN = "#768B9D", "from the lowest to the highest that is likely"
    AT_LOW = "#A67C00", "with an assumption at its low"
    AT_HIGH = "#5B3A8C", "with an assumption at its high"
    NATIONAL = "#505A5F", "money of NHS England"
    CORE = "#1D70B8", "core services"
    PRIMARY_MEDICAL = "#00703C", "primary medical services"
    POD = "#B58840", "pharmacy, optometry and dental services"
    SPECIALISED = "#C2410C", "specialised services"
    RUNNING_COSTS = "#D53880", "running costs"
    OTHER_STREAM = "#0B8F86", "money of any other stream"
    HELD = "#8A8F94", "where money is decided"
    RING_FENCED = "#4C2C92", "the ring-fenced share over time"
    IN_YEAR = "#A8331A", "the share that came in the year over time"
    NOT_RECURRENT = "#85994B", "the share that does not recur over time"
    DEVOLVED = "#1F7FB0", "the devolved share over time"


# From little to much of one thing: the darker, the more. Each bears its figure, and is framed in ``RULE``.
SHADES = ("#EEF4FA", "#C5DDF3", "#8FBFE9", "#2F6FA8", "#12436D")
# From this shade on figures stand in white.
FIRST_DARK_SHADE = 3
# How often something happens, behind the number that says it.
COUNTED = SHADES[1]
INK, PAPER, RULE, GRID = "#212B32", "#FFFFFF", "#4C6272", "#D8DDE0"
# What is around the figures, and says nothing: text, ground, rules, links, and the place where the keyboard is.
AROUND = (INK, PAPER, RULE, GRID, "#AEB7BD", "#F0F4F5", "#005EB8", "#FFEB3B")

STREAMS: Mapping[str, Colour] = {
    "core": Colour.CORE,
    "primary medical": Colour.PRIMARY_MEDICAL,
    "POD": Colour.POD,
    "specialised": Colour.SPECIALISED,
    "running costs": Colour.RUNNING_COSTS,
}
# The measures whose trend is drawn, by their names in the books: four lines can be told apart.
OVER_TIME: Mapping[str, Colour] = {
    "ring_fenced_share_with_soft": Colour.RING_FENCED,
    "in_year_share": Colour.IN_YEAR,
    "non_recurrent_share": Colour.NOT_RECURRENT,
    "devolved_share": Colour.DEVOLVED,
}
