"""How tied money is, read in more than one way: the grades of ring-fences in the books are one reading among several.

Few sources say in so many words how tied a line is, so a grade is a judgement, and one judgement can decide a headline:
where the general allocation is read as free a fifth of the money is local and free, and where it is read as soft next
to none is. A *reading* turns a position into the same position with grades read anew. It changes no amount and no
holder; the measures are then worked out as ever, and a figure that rests on grades is told with its range.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa
import pyarrow.compute as pc

from ledger.words import NATIONAL_CONTRACT


@dataclass(frozen=True, slots=True)
class Regrade:
    """Which rows of a position a reading reads otherwise, and as what. Where nothing narrows it, every graded row.

    Attributes:
        grade: the grade that they get.
        grades: only rows with one of these grades in the books.
        qualities: only rows whose terms are so sure.
        discretions: only rows of such discretion.
        pots: only the money of these pots, headings inside them too, graded or not.
        unknown: only rows whose terms do not say, and no graded row; where there are no terms there is nothing to read.
        headings: only these funds, graded or not; one that stands inside a pot is then a pot by itself, as it would be
            in the books with terms of its own.
    """

    grade: str
    grades: tuple[str, ...] = ()
    qualities: tuple[str, ...] = ()
    discretions: tuple[str, ...] = ()
    pots: tuple[str, ...] = ()
    headings: tuple[str, ...] = ()
    unknown: bool = False

    def meant(self, position: pa.Table) -> pa.Array:
        """For each row, whether it is meant: true or false, and never null."""
        named = self.pots or self.headings
        if self.unknown:
            mask = pc.and_(pc.is_null(position["grade"]), pc.is_valid(position["quality"]))
        else:
            mask = pa.scalar(True) if named else pc.is_valid(position["grade"])
        for column, values in (
            ("grade", self.grades),
            ("quality", self.qualities),
            ("discretion", self.discretions),
            ("pot", self.pots),
            ("fund", self.headings),
        ):
            if values:
                mask = pc.and_(mask, pc.is_in(position[column], value_set=pa.array(values, pa.string())))
        return mask


@dataclass(frozen=True, slots=True)
class GradeReading:
    """One way to read how tied money is.

    Attributes:
        name: a fixed word, for programs and addresses.
        title: what it is called, for people, so that it can follow a figure in brackets.
        sentence: what it reads differently from the books.
        reason: why somebody would read it so.
        regrades: what it reads otherwise; of several that mean a row, the first holds.
    """

    name: str
    title: str
    sentence: str
    reason: str
    regrades: tuple[Regrade, ...] = ()

    def __hash__(self) -> int:
        # Figures are kept by reading, and looked up once for each cell of a table.
        return hash(self.name)

    def read(self, position: pa.Table) -> pa.Table:
        """A position with its grades read anew, and all else as it was.

        Args:
            position: of schema ``ledger.reports.position.SCHEMA``, or any sum of it with ``grade``, ``quality``,
                ``discretion``, ``pot`` and ``fund``.

        Returns:
            The same rows in the same order. A heading that is named gets its own code as ``pot``.
        """
        if not position.num_rows or not self.regrades:
            return position
        grade, pot = position["grade"], position["pot"]
        for rule in reversed(self.regrades):
            meant = rule.meant(position)
            grade = pc.if_else(meant, pa.scalar(rule.grade, pa.string()), grade)
            if rule.headings:
                pot = pc.if_else(meant, position["fund"], pot)
        read = position.set_column(position.column_names.index("grade"), position.schema.field("grade"), grade)
        return read.set_column(read.column_names.index("pot"), read.schema.field("pot"), pot)


# The lines whose terms do not say how tied they are, read as free.
UNKNOWN_GRADES = Regrade("none", unknown=True)
RECORDED = GradeReading(
    "recorded",
    "as recorded",
    "Every grade as it stands in the books: those that are shipped are this project's, and those that you record are "
    "yours.",
    "It is what was decided line by line, each with a reason, a source and how sure it is.",
)
STRICT = GradeReading(
    "strict",
    "strict",
    "Money without a ring-fence is read as soft, the general allocation above all; soft money that a national "
    "contract directs as hard; and so is a line whose grade is not known.",
    "No pound comes without an expectation: there are floors, such as that for mental health, priorities and targets, "
    "and a board answers for each. A line of which no source says how tied it is may be tied firmly.",
    (
        Regrade("hard", grades=("soft",), discretions=(NATIONAL_CONTRACT,)),
        Regrade("soft", grades=("none",)),
        replace(UNKNOWN_GRADES, grade="hard"),
    ),
)
PUBLISHED = GradeReading(
    "published",
    "as published",
    "A ring-fence is read only where its source states it, which is where it is marked green; what was concluded from "
    "the name of a line or the way it is paid is read as no ring-fence, and so is a line whose grade is not known.",
    "A restriction that nobody can be shown in writing binds nobody.",
    (Regrade("none", grades=("soft", "hard", "statutory"), qualities=("amber", "red")), UNKNOWN_GRADES),
)
LENIENT = GradeReading(
    "lenient",
    "lenient",
    "Soft ring-fences are read as monitored, and so is a line whose grade is not known: only what directions or taking "
    "back enforce is tied.",
    "An expectation without a consequence leaves the decision with whoever holds the money, and one that nobody wrote "
    "down has none.",
    (Regrade("monitored", grades=("soft",)), replace(UNKNOWN_GRADES, grade="monitored")),
)
# The heading of the shipped figures that the investment standard sets a floor under.
_MENTAL_HEALTH = "core-mental-health"
MHIS = GradeReading(
    "mhis",
    "MHIS as a floor",
    "The mental health heading of the general allocation is read as soft. Its amount is its weight in the formula, in "
    "place of the floor: what the standard comes to in each ICB is not published here.",
    "The mental health investment standard asks that this spending grows as fast as the allocation, and is attested "
    "each year.",
    (Regrade("soft", grades=("none", "monitored"), headings=(_MENTAL_HEALTH,)),),
)
SHIPPED = (RECORDED, STRICT, PUBLISHED, LENIENT, MHIS)


def named(readings: Sequence[GradeReading] = SHIPPED) -> Mapping[str, GradeReading]:
    """Readings by name, in the order in which they are offered; the first is the usual one."""
    return {reading.name: reading for reading in readings}


def ones_own(reading: GradeReading) -> GradeReading | None:
    """A reading where it is somebody's own; None where it is shipped."""
    return None if reading in SHIPPED else reading


def all_with(own: GradeReading | None) -> tuple[GradeReading, ...]:
    """The readings that a figure's range is over: those that are shipped, and somebody's own beside them."""
    return SHIPPED if own is None or own in SHIPPED else (*SHIPPED, own)
