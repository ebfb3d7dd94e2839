"""Readings of grades, against what each says of itself; and the range of a figure over them, worked out by hand."""

from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import pyarrow as pa
import pytest
from hypothesis import given, settings

from ledger.readings import LENIENT, MHIS, PUBLISHED, RECORDED, SHIPPED, STRICT, GradeReading, Regrade, all_with, named
from ledger.reports.measures import (
    ALL,
    EARMARKED,
    SCOPES,
    OverReadings,
    measures,
    measures_as_read,
    parts_over_readings,
    summed_over_holders,
)
from ledger.reports.over_receivers import middle_over
from ledger.reports.position import SCHEMA
from ledger.reports.receivers import seen_by_each
from ledger.words import DISCRETIONS, GRADES, NATIONAL_CONTRACT, QUALITIES
from tests.demo_of_2025_26 import position as demo_of_2025_26
from tests.ledger.test_measures import row, table

CORE = row("core-community", 60, pot="core-recurrent", quality="amber", tier="icb", depth=0)
MENTAL_HEALTH = row("core-mental-health", 10, pot="core-recurrent", quality="amber")
CONTRACTS = row("gp", 20, grade="soft", quality="amber", discretion=NATIONAL_CONTRACT)
DISCHARGE = row("discharge", 6, grade="statutory", quality="green", tier="icb", depth=0)
DRUGS = row("drugs", 3, grade="hard", quality="red", tier="icb", depth=0)
WATCHED = row("watched", 1, grade="monitored", quality="green")
NOT_GRADED = row("other", 5, grade=None, quality=None)


def ranges(held: pa.Table, scope: str = ALL, reading: GradeReading = RECORDED) -> dict[str, OverReadings]:
    return {one.name: one.over for one in measures_as_read(held, scope, reading=reading) if one.over is not None}


BOOKS = table(CORE, MENTAL_HEALTH, CONTRACTS, DISCHARGE, DRUGS, WATCHED, NOT_GRADED)


@pytest.mark.parametrize(
    ("reading", "grades"),
    [
        (RECORDED, ["none", "none", "soft", "statutory", "hard", "monitored", None]),
        (STRICT, ["soft", "soft", "hard", "statutory", "hard", "monitored", None]),
        (PUBLISHED, ["none", "none", "none", "statutory", "none", "monitored", None]),
        (LENIENT, ["none", "none", "monitored", "statutory", "hard", "monitored", None]),
        (MHIS, ["none", "soft", "soft", "statutory", "hard", "monitored", None]),
    ],
)
def test_each_reading_reads_what_it_says(reading: GradeReading, grades: list[str | None]) -> None:
    assert reading.read(BOOKS)["grade"].to_pylist() == grades


def test_a_heading_that_is_read_apart_is_a_pot_by_itself() -> None:
    pots = MHIS.read(BOOKS)["pot"].to_pylist()
    assert pots == ["core-recurrent", "core-mental-health", "gp", "discharge", "drugs", "watched", "other"]


def test_a_figure_is_told_with_its_range_and_by_whose_reading() -> None:
    # £100 are graded; £11 of them are local and free as recorded, £1 when all else is soft, £31 where contracts are not.
    found = ranges(BOOKS)
    free = found["untied_devolved_share"]
    assert (free.lowest, free.lowest_by, free.highest, free.highest_by) == (
        Fraction(1, 100), STRICT, Fraction(31, 100), PUBLISHED,
    )  # fmt: skip
    tied = found["ring_fenced_share"]
    assert (tied.lowest, tied.lowest_by, tied.highest, tied.highest_by) == (
        Fraction(6, 100), PUBLISHED, Fraction(29, 100), STRICT,
    )  # fmt: skip
    # £29 with the soft as recorded, £6 where only what is written ties, and all but what is watched where all does. The
    # heading of £10, read apart, is one more pot.
    soft = found["ring_fenced_share_with_soft"]
    assert (soft.lowest, soft.highest) == (Fraction(6, 100), Fraction(99, 100))
    assert (found["pots"].lowest, found["pots"].highest, found["pots"].highest_by) == (6, 7, MHIS)
    # What does not rest on grades has no range.
    assert not {"total", "devolved_share", "in_year_share", "retained_without_agreement"} & found.keys()


def test_in_earmarked_money_everything_rests_on_grades() -> None:
    found = ranges(BOOKS, EARMARKED)
    # £6 where only what is written ties; £99 where all but what is watched does.
    assert (found["total"].lowest, found["total"].highest) == (600, 9_900)
    assert (found["pots"].lowest, found["pots"].lowest_by, found["pots"].highest) == (1, PUBLISHED, 4)


def test_the_parts_alone_have_the_same_ranges() -> None:
    for reading in SHIPPED:
        values, found = parts_over_readings(BOOKS, reading)
        whole = {one.name: one for one in measures_as_read(BOOKS, reading=reading)}
        assert values == {name: whole[name].value for name in values}
        assert found == {name: whole[name].over for name in found}
        assert {"ring_fenced_share", "ring_fenced_share_with_soft", "untied_devolved_share"} == found.keys()


def test_the_central_figure_is_that_of_the_reading_that_is_asked_for() -> None:
    for reading in SHIPPED:
        as_read = {one.name: one.value for one in measures_as_read(BOOKS, reading=reading)}
        assert as_read == {one.name: one.value for one in measures(reading.read(BOOKS))}


def test_ones_own_reading_stands_beside_the_others() -> None:
    own = GradeReading("own", "our board's", "Contracts are free.", "We say so.", (Regrade("none", pots=("gp",)),))
    assert own.read(BOOKS)["grade"].to_pylist()[2] == "none"
    assert all_with(own) == (*SHIPPED, own)
    assert all_with(None) == all_with(STRICT) == SHIPPED
    assert list(named(all_with(own))) == ["recorded", "strict", "published", "lenient", "mhis", "own"]


def test_what_has_no_terms_is_graded_only_by_name() -> None:
    everything = GradeReading("own", "own", "All is soft.", "We say so.", (Regrade("soft"),))
    assert everything.read(BOOKS)["grade"].to_pylist() == ["soft"] * 6 + [None]
    by_name = GradeReading("own", "own", "It is soft.", "We say so.", (Regrade("soft", headings=("other",)),))
    assert by_name.read(BOOKS)["grade"].to_pylist()[-1] == "soft"


# A line of £20 whose terms say nothing of how tied it is, at a place.
UNREAD = row("unread", 20, grade=None, quality="red")


def test_a_grade_that_is_not_known_is_read_by_every_reading_and_lies_between_its_ends() -> None:
    held = table(CORE, CONTRACTS, UNREAD, NOT_GRADED)
    read = {reading.name: reading.read(held)["grade"].to_pylist()[2:] for reading in SHIPPED}
    assert read == {
        "recorded": [None, None], "strict": ["hard", None], "published": ["none", None], "lenient": ["monitored", None],
        "mhis": [None, None],
    }  # fmt: skip
    # As recorded £80 are graded, none of them firmly tied or local and free; the £20 are in both strictly and in neither
    # where nothing in writing ties.
    found, over = parts_over_readings(held)
    assert (found["ring_fenced_share"], found["untied_devolved_share"]) == (0, 0)
    fenced, free = over["ring_fenced_share"], over["untied_devolved_share"]
    assert (fenced.lowest, fenced.highest, fenced.highest_by) == (0, Fraction(40, 100), STRICT)
    assert (free.lowest, free.highest, free.highest_by) == (0, Fraction(40, 100), PUBLISHED)
    own = GradeReading("own", "own", "It is soft.", "We say so.", (Regrade("soft", unknown=True),))
    assert own.read(held)["grade"].to_pylist() == ["none", "soft", "soft", None]


def test_of_books_that_say_nothing_a_share_is_not_known_and_its_range_is_all_of_it() -> None:
    found = ranges(table(UNREAD))["ring_fenced_share"]
    assert (found.lowest, found.highest) == (0, 1)
    assert {one.name: one.value for one in measures(table(UNREAD))}["ring_fenced_share"] is None


def test_the_first_of_several_rules_holds() -> None:
    own = GradeReading("own", "own", "", "", (Regrade("hard", pots=("gp",)), Regrade("none", grades=("soft",))))
    assert own.read(BOOKS)["grade"].to_pylist()[2] == "hard"


def test_nothing_held_is_read_as_nothing() -> None:
    empty = SCHEMA.empty_table()
    assert STRICT.read(empty) == empty
    assert ranges(empty) == {}


def test_on_the_demo_of_today_the_headline_falls_from_22_to_half_a_percent() -> None:
    values = {
        reading.name: next(
            one.value for one in measures(reading.read(demo_of_2025_26())) if one.name == "untied_devolved_share"
        )
        for reading in (RECORDED, STRICT)
    }
    assert [round(float(value or 0), 3) for value in values.values()] == [0.221, 0.005]


ANY_ROW = st.builds(
    row,
    st.sampled_from(["core-mental-health", "core-community", "gp", "x"]),
    st.integers(-50, 1_000),
    pot=st.sampled_from(["core-recurrent", "gp"]),
    grade=st.sampled_from([None, *GRADES]),
    quality=st.sampled_from([None, *QUALITIES]),
    discretion=st.sampled_from([None, *DISCRETIONS]),
    tier=st.sampled_from(["national", "icb", "place"]),
    organisation=st.sampled_from(["P", "Q"]),
)


@given(st.lists(ANY_ROW, min_size=1, max_size=8), st.sampled_from(SHIPPED))
def test_a_reading_changes_grades_and_nothing_else(rows: list[dict[str, Any]], reading: GradeReading) -> None:
    before = table(*rows)
    after = reading.read(before)
    assert after.schema == before.schema
    untouched = [name for name in SCHEMA.names if name not in ("grade", "pot")]
    assert after.select(untouched) == before.select(untouched)
    # What has no terms stays so, and to read twice is to read once, where no rule undoes another.
    said = [one["grade"] is not None or one["quality"] is not None for one in rows]
    if reading in (STRICT, PUBLISHED, LENIENT):
        assert [grade is not None for grade in after["grade"].to_pylist()] == said
    if reading is not STRICT:
        assert reading.read(after) == after


@settings(max_examples=10)
@given(st.lists(ANY_ROW, min_size=1, max_size=8))
def test_the_ends_of_a_range_are_values_of_the_measure(rows: list[dict[str, Any]]) -> None:
    held = table(*rows)
    for scope in SCOPES:
        for name, found in ranges(held, scope).items():
            for value, reading in ((found.lowest, found.lowest_by), (found.highest, found.highest_by)):
                assert value == next(one.value for one in measures(reading.read(held), scope) if one.name == name)
            assert found.lowest < found.highest


def test_to_read_all_of_the_demo_in_every_way_takes_few_rows() -> None:
    held = demo_of_2025_26()
    # The measures ask nothing of who holds the money, so a nation is as few rows as it has lines, tiers and standings.
    assert summed_over_holders(held).num_rows < 100 < held.num_rows


def test_pots_with_strings_are_counted_in_every_reading_for_each_receiver() -> None:
    # As recorded three have strings (contracts, discharge, drugs); strictly the two headings of one pot tie it too, as
    # written the discharge fund alone; and a receiver of what is watched has none in any reading.
    found = {one.organisation: one for one in seen_by_each({"A": BOOKS, "B": table(WATCHED)}, {}, "icb")}
    assert found["A"].over["tied_pots"] == OverReadings(1, PUBLISHED, 4, STRICT)
    assert found["B"].over == {}
    assert seen_by_each({}, {}, "icb") == []
    # Between the two of them lies their median: of 3 and 0 as recorded, of 1 and 0 as written, of 4 and 0 strictly.
    assert middle_over([*found.values()], "tied_pots") == OverReadings(Fraction(1, 2), PUBLISHED, Fraction(2), STRICT)
    assert middle_over([*found.values()], "streams") is None
