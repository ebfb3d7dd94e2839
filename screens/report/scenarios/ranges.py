"""Between which values a scenario's answer lies, and what drives it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction

from ledger.money import spoken
from ledger.readings import SHIPPED
from scenarios.ranges import MOVED, PENCE, READINGS, Driver, FigureRange, Ranges, YearRanges
from screens.report.report import NOT_DEFINED, FigureCell, Table, columns, figure


def in_ranges(ranges: Ranges) -> list[Table]:
    """The figures that have a range, and what drives the one that most hangs on."""
    first = by_year(ranges) if ranges.years else figure_ranges(ranges)
    return [first, *([] if (one := swings(ranges)) is None else [one])]


def by_year(ranges: Ranges) -> Table:
    """Every figure that has a range in some year, with a column a year: the answer, and both ends of its range."""
    titles = {one.name: one for each in ranges.years for one in each.figures if one.low != one.high}
    rows = [
        (figure.title, *(_in_a_year(each, name) for each in ranges.years))
        for name, figure in titles.items()
        if not figure.is_of_an_icb
    ]
    heads = columns("Figure", *(each.heading for each in ranges.years))
    return Table("Between which values the answer of each year lies", heads, rows, [range_sentence(ranges)])


def _in_a_year(year: YearRanges, name: str) -> str:
    one = year.named(name)
    if one is None:
        return NOT_DEFINED
    ends = ends_of(one, "{} to {}")
    return f"{range_value(one, one.central)} ({ends})" if ends else range_value(one, one.central)


def ends_of(one: FigureRange, said: str) -> str:
    """The two ends of a range put into a few words; empty where they are written alike."""
    low, high = (range_value(one, each) for each in (one.low, one.high))
    return "" if low == high else said.format(low, high)


def figure_ranges(ranges: Ranges) -> Table:
    """Figures that have a range, but those of single ICBs, and what drives each most."""
    shown = [each for each in ranges.figures if ends_of(each, "{}{}") and not each.is_of_an_icb]
    rows = [
        (each.title, range_value(each, each.central), range_value(each, each.low), range_value(each, each.high),
         driver_title(each.drivers[0]) if each.drivers else "")
        for each in shown
    ]  # fmt: skip
    heads = columns("Figure", "The answer", "From", "To", "Driven most by")
    return Table("Between which values the answer lies", heads, rows, [range_sentence(ranges)])


def every_range(ranges: Ranges) -> Table:
    """Every figure that has a range, of each ICB too and of each year: answers exactly, ends as estimated."""
    rows = [
        (*year, each.title, *(figure(value, each.unit) for value in (each.central, each.low, each.high)),
         driver_title(each.drivers[0]) if each.drivers else "")
        for year, each in _of_each_year(ranges)
        if each.low != each.high
    ]  # fmt: skip
    heads = columns(*_years(ranges), "Figure", "The answer", "From", "To", "Driven most by")
    return Table("Between which values each figure lies", heads, rows)


def every_swing(ranges: Ranges) -> Table:
    """Every figure at both ends of each thing that it hangs on, of each ICB too and of each year, exactly."""
    rows = [
        (*year, each.title, driver_title(driver), *_ends(driver), figure(driver.low, each.unit),
         figure(driver.high, each.unit))
        for year, each in _of_each_year(ranges)
        for driver in each.drivers
    ]  # fmt: skip
    heads = columns(*_years(ranges), "Figure", "What it hangs on", "Low", "High", "There it is", "And there")
    return Table("What drives each figure", heads, rows)


def _years(ranges: Ranges) -> list[str]:
    return ["Year"] if ranges.years else []


def _of_each_year(ranges: Ranges) -> Iterator[tuple[tuple[str, ...], FigureRange]]:
    """Every figure; of several years that of each, with its year."""
    if not ranges.years:
        yield from (((), each) for each in ranges.figures)
    for year in ranges.years:
        yield from (((str(year.year),), each) for each in year.figures)


def _ends(driver: Driver) -> Sequence[str]:
    return driver.says.split(", ", 1) if ", " in driver.says else (driver.says, driver.says)


def in_year(ranges: Ranges, year: YearRanges) -> Ranges:
    """The same of one year of several."""
    return replace(ranges, figures=year.figures)


def range_sentence(ranges: Ranges) -> str:
    """What ranges rest on, and how good the estimate is."""
    titles = [each.title if each in SHIPPED else f"your own ({each.title})" for each in ranges.readings]
    others = f"{', '.join(titles[1:-1])} and {titles[-1]}"
    read = f"The answer reads ring-fences {titles[0]}. Each range also holds it by the other readings: {others}"
    if not ranges.rests_on:
        return f"{read}. The file gives nothing else a range."
    off = spoken(ranges.off_pence) if ranges.off_pence else "nothing"
    return (
        f"{read}, and 90 of 100 of {ranges.draws:,} draws (seed {ranges.seed}): {'; '.join(ranges.rests_on)}. The ends "
        f"are estimates between runs at each low and high. In {ranges.checked} draws that were run in full, the money "
        f"moved was off by at most {off}{' in the last year' if ranges.years else ''}."
    )


def most_driven(ranges: Ranges) -> FigureRange | None:
    """The figure whose drivers are told: the money moved, or else the first that has some; None where none has."""
    driven = [each for each in ranges.figures if each.drivers]
    if not driven:
        return None
    # Of what is drawn rather than of how grades are read, where there is such a figure.
    drawn = [each for each in driven if not each.is_of_an_icb and {d.name for d in each.drivers} != {READINGS}]
    return next((each for each in drawn if each.name == MOVED), (drawn or driven)[0])


def swings(ranges: Ranges) -> Table | None:
    """The tornado: one figure at both ends of each thing it hangs on."""
    first = most_driven(ranges)
    if first is None:
        return None
    rows = [
        (driver_title(each), *_ends(each), range_value(first, each.low), range_value(first, each.high))
        for each in first.drivers
    ]
    heads = columns("What it hangs on", "Low", "High", "There it is", "And there")
    return Table(f"What drives it: {first.title[:1].lower()}{first.title[1:]}", heads, rows)


def range_value(of: FigureRange, value: Fraction) -> str:
    """A figure's value, or an end of its range, as people read it."""
    if of.unit == PENCE:
        return spoken(int(value))
    told = figure(value, of.unit)
    return told.column.text(told.value) if isinstance(told, FigureCell) else str(told)


def driver_title(driver: Driver) -> str:
    """What an answer hangs on, as people call it."""
    return driver.name.replace("_", " ").replace("-", " ")
