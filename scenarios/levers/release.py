"""Release: lift a ring-fence, or change how free money is. Announce: make money known earlier or later."""

from datetime import date, timedelta
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field, model_validator

from allocations.reading.strict_yaml import Whole
from scenarios.change import Change, put_where
from scenarios.fields import CannotApply, Grade
from scenarios.levers.base import Selecting, amounts_of
from scenarios.selection import STANDINGS, in_words, select
from scenarios.world import World

_FREEST_FIRST: tuple[Grade, ...] = ("none", "monitored", "soft", "hard", "statutory")


class Release(Selecting):
    """Change the grade of chosen funds; ``none`` lifts the ring-fence.

    Reporting can outlive a ring-fence: returns stay as they are unless ``returns_per_year`` says otherwise.
    A statutory ring-fence is lifted by whoever made the law or directions, so it needs an ``authority``.
    """

    lever: Literal["release"]
    grade: Grade = "none"
    returns_per_year: Whole | None = Field(default=None, ge=0)
    authority: str | None = None

    def apply(self, position: pa.Table, world: World) -> Change:
        """Give the money its new grade. None of it moves."""
        rows = select(position, world, self.funds, self.organisations, standings=STANDINGS)
        before = set(position["grade"].take(pa.array(rows)).to_pylist())
        if "statutory" in before and self.grade != "statutory" and not self.authority:
            raise CannotApply(
                "it selects money under a statutory ring-fence.",
                "Directions or an Act made it, and only they can lift it.",
                "Name the 'authority' that would, or choose other grades.",
                "funds",
            )
        columns: dict[str, Any] = {"grade": self.grade}
        if self.returns_per_year is not None:
            columns["returns_per_year"] = self.returns_per_year
        elif before == {self.grade}:
            raise CannotApply(
                f"all of it is graded {self.grade} already.", "Nothing would change.", "Choose other funds.", "grade"
            )
        freer = max(map(_rank, before)) > _rank(self.grade)
        changed = put_where(position, rows, **columns)
        what = "releases" if freer else "changes the terms of"
        says = f"{what} {in_words(position, rows)}, now graded {self.grade}"
        details = {
            "selected_pence": int(amounts_of(position, rows).sum()),
            "grades_before": sorted(filter(None, before)),
        }
        return Change(changed, world, says, details=details, frees=True)


def _rank(grade: Any) -> int:
    return _FREEST_FIRST.index(grade) if grade in _FREEST_FIRST else -1


class Announce(Selecting):
    """Make money known so many days later (or earlier, below zero), or on a day. The deadline stays."""

    lever: Literal["announce"]
    days: Whole | None = Field(default=None, ge=-3660, le=3660)
    on: date | None = None

    @model_validator(mode="after")
    def _one(self) -> "Announce":
        if (self.days is None) == (self.on is None):
            raise ValueError("give either days or on")
        return self

    def apply(self, position: pa.Table, world: World) -> Change:
        """Move the day of notice."""
        rows = select(position, world, self.funds, self.organisations, standings=STANDINGS)
        chosen = position.take(pa.array(rows))
        known = pc.drop_null(chosen["notified_on"])
        if not len(known):
            raise CannotApply(
                "no day of notice is recorded for it.", "There is no day to move.", "Choose other funds.", "funds"
            )
        mask = np.zeros(position.num_rows, dtype=bool)
        mask[rows] = True
        if self.on is not None:
            moved = pc.if_else(pc.is_valid(position["notified_on"]), pa.scalar(self.on, pa.date32()), None)
            when = f"known on {self.on}"
        else:
            number = pc.add(pc.cast(position["notified_on"], pa.int32()), pa.scalar(self.days, pa.int32()))
            moved = pc.cast(number, pa.date32())
            when = f"known {abs(self.days or 0)} days {'later' if (self.days or 0) > 0 else 'earlier'}"
        column = pc.if_else(pa.array(mask), moved, position["notified_on"])
        changed = position.set_column(position.schema.get_field_index("notified_on"), "notified_on", column)
        windows = _windows(chosen, changed.take(pa.array(rows)))
        says = f"makes {in_words(position, rows)} {when}"
        if len(windows) == 1:
            says += f", with {windows[0]['after']} days to spend it instead of {windows[0]['before']}"
        details = {"selected_pence": int(amounts_of(position, rows).sum()), "days_to_spend": windows}
        return Change(changed, world, says, details=details)


def _windows(before: pa.Table, after: pa.Table) -> list[dict[str, Any]]:
    """Days to spend of each fund, before and after; both ends count, and no day before 1 April of its year."""

    def days(table: pa.Table) -> dict[tuple[str, int], int]:
        columns = (table[name].to_pylist() for name in ("fund", "year", "notified_on", "spend_by"))
        return {
            (fund, year): (deadline - max(notice, date(year, 4, 1)) + timedelta(days=1)).days
            for fund, year, notice, deadline in zip(*columns, strict=True)
            if notice and deadline
        }

    old, new = days(before), days(after)
    return [{"fund": key[0], "before": old[key], "after": new[key]} for key in sorted(old) if key in new]
