"""What a question is answered with: a report, made once, that every screen renders and none lays out again.

A column says what its values are, so a cell is the plain value: whole pence, an exact fraction, a day. Programs find
a column under its key and people under its heading; a column without one of them is for the other reader alone.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from html import escape
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import urlencode

from ledger.attributes import picked
from ledger.money import plain_decimal, signed_percent, spoken
from ledger.readings import RECORDED, GradeReading
from ledger.reports.measures import OverReadings, ends
from ledger.reports.position import Moment
from ledger.reports.summary import percent
from ledger.words import PARTLY_ILLUSTRATIVE
from ledger.years import FinancialYear
from screens.report.amounts import MoneyAs, is_a_head, unit, written

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    # To post takes the tables, and with them all of SQLAlchemy; most answers post nothing.
    from ledger.entries.posting import Posted

NOT_AVAILABLE, NOT_DEFINED = "not available", "not defined"
NOTHING = "Nothing is recorded there."
# What stands where a row does not have a column at all.
ABSENT = object()
# A notebook shows the first and the last of so many rows, as it does with a table of pandas.
_IN_A_NOTEBOOK = 60


class ColumnKind(StrEnum):
    """What the values of a column are."""

    MONEY = "money"
    SHARE = "share"
    RATIO = "ratio"
    COUNT = "count"
    DAY = "day"
    TEXT = "text"
    LINK = "link"


NUMBERS = (ColumnKind.MONEY, ColumnKind.SHARE, ColumnKind.RATIO, ColumnKind.COUNT)


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Attributes:
        key: under which programs find it; empty for a column of people alone.
        heading: with the unit; empty for a column of programs alone.
        missing: what people read where there is no value.
        places: how many decimals a share or a ratio is written with; None for as many as matter.
        signed: whether a share is a distance, which is written with its sign.
        money_as: how people read an amount.
        definition: how its figures are worked out, in a sentence; pages show it one click away.
    """

    key: str
    heading: str
    kind: ColumnKind = ColumnKind.TEXT
    missing: str = ""
    places: int | None = 1
    signed: bool = False
    money_as: MoneyAs = MoneyAs.EXACT
    definition: str = ""

    def defined(self, definition: str) -> "Column":
        """The same with how its figures are worked out."""
        return replace(self, definition=definition)

    def text(self, value: "Cell") -> str:
        """A value as people read it."""
        match value:
            case Link():
                return self.text(value.value)
            case FigureCell():
                return value.column.text(value.value)
            case RangedCell():
                own = value.value.column if isinstance(value.value, FigureCell) else self
                ends = value.over.in_words(own.text)
                return f"{self.text(value.value)} ({ends})" if ends else self.text(value.value)
            case str() | None:
                return self.missing if value is None else value
            case bool():
                return "yes" if value else "no"
            case _:
                return _WRITTEN[self.kind](self, value)


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads somewhere inside the app; everywhere else it is its value."""

    value: Any
    page: str
    query: Mapping[str, str | int | None]

    @property
    def address(self) -> str:
        """The address that it leads to."""
        asked = urlencode({name: value for name, value in self.query.items() if value is not None})
        return f"{self.page}?{asked}" if asked else self.page


@dataclass(frozen=True, slots=True)
class FigureCell:
    """A cell that is of another kind than its column, as where each row is a measure with a unit of its own."""

    value: Any
    column: Column


@dataclass(frozen=True, slots=True)
class RangedCell:
    """A cell whose figure rests on how grades of ring-fences are read: people read its range with it."""

    value: Any
    over: OverReadings


def ranged(value: Any, over: OverReadings | None) -> Any:
    """A cell with its range, where it has one."""
    return value if over is None else RangedCell(value, over)


def _percent(column: Column, value: Fraction) -> str:
    return signed_percent(value, column.places or 0) if column.signed else percent(value)


def _number(column: Column, value: Any) -> str:
    if isinstance(value, Fraction) and column.places is not None:
        return plain_decimal(value, column.places)
    return f"{value:,f}" if isinstance(value, Decimal) else f"{float(value):,.6g}"


def _day(_: Column, value: date) -> str:
    return f"{value:%-d %B %Y, %H:%M} UTC" if isinstance(value, datetime) else f"{value:%-d %B %Y}"


def _words(column: Column, value: Any) -> str:
    return str(FinancialYear(value)) if column.key == "year" and isinstance(value, int) else str(value)


def _whole(_: Column, value: Any) -> str:
    # The middle of two counts may be half of one.
    return f"{int(value):,}" if value == int(value) else f"{float(value):,.1f}"


_WRITTEN: Mapping[ColumnKind, Callable[[Column, Any], str]] = {
    ColumnKind.MONEY: lambda column, value: written(value, column.money_as),
    ColumnKind.SHARE: _percent,
    ColumnKind.RATIO: _number,
    ColumnKind.COUNT: _whole,
    ColumnKind.DAY: _day,
    ColumnKind.TEXT: _words,
    ColumnKind.LINK: _words,
}
Cell: TypeAlias = Any
Row: TypeAlias = Sequence[Cell]


def plain(cell: Cell) -> Any:
    """The value of a cell, without where it leads or how it is written."""
    return plain(cell.value) if isinstance(cell, Link | FigureCell | RangedCell) else cell


def with_ends(key: str, cell: Cell) -> dict[str, Any]:
    """A cell as programs get it: with a range, its ends stand beside it under names of their own."""
    if not isinstance(cell, RangedCell):
        return {key: plain(cell)}
    name, unit = (key.removesuffix("_pence"), "_pence") if key.endswith("_pence") else (key, "")
    return {key: plain(cell), **ends(name, cell.over, unit)}


def _columns_of_range(column: Column) -> list[Column]:
    heading = column.heading
    return [
        replace(column, heading=f"{heading}, lowest"), text(f"{heading}, lowest by reading"),
        replace(column, heading=f"{heading}, highest"), text(f"{heading}, highest by reading"),
    ]  # fmt: skip


def _without_range(cell: Cell, *, is_one_of_some: bool) -> list[Cell]:
    """A cell by itself; where others of its column have a range, with the cells of its own range beside it."""
    if not isinstance(cell, RangedCell):
        return [cell, *([""] * 4 if is_one_of_some else [])]
    over = cell.over

    def like(value: Any) -> Cell:
        return FigureCell(value, cell.value.column) if isinstance(cell.value, FigureCell) else value

    return [cell.value, like(over.lowest), over.lowest_by.title, like(over.highest), over.highest_by.title]


def _spoken_alone(cell: Cell) -> Cell:
    """A cell; an amount among figures of other kinds is written with its own unit."""
    match cell:
        case Link() | RangedCell():
            return replace(cell, value=_spoken_alone(cell.value))
        case FigureCell() if cell.column.kind is ColumnKind.MONEY:
            return FigureCell(cell.value, replace(cell.column, money_as=MoneyAs.SPOKEN))
        case _:
            return cell


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under columns. The first column that people read names the row.

    Attributes:
        name: what the table is.
        notes: sentences below it.
        has_total: whether the last row is the whole.
        most: how many rows people are shown; programs and files have all of them.
    """

    name: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    notes: Sequence[str] = ()
    has_total: bool = False
    most: int | None = None

    def records(self) -> list[dict[str, Any]]:
        """The rows as programs get them."""
        keys = [(place, column.key) for place, column in enumerate(self.columns) if column.key]
        return [
            {
                name: value
                for place, key in keys
                if row[place] is not ABSENT
                for name, value in with_ends(key, row[place]).items()
            }
            for row in self.rows
        ]

    def for_files(self) -> "Table":
        """The columns that people read, with the range of a figure over readings in columns of its own beside it."""
        shown = self.for_people()
        heads: list[Column] = []
        cells: list[list[Cell]] = [[] for _ in shown.rows]
        for place, column in enumerate(shown.columns):
            own = [row[place] for row in shown.rows]
            has_range = any(isinstance(cell, RangedCell) for cell in own)
            heads += [column, *(_columns_of_range(column) if has_range else ())]
            for line, cell in zip(cells, own, strict=True):
                line.extend(_without_range(cell, is_one_of_some=has_range))
        return replace(shown, columns=heads, rows=cells)

    def for_people(self) -> "Table":
        """The same with the columns that people read."""
        shown = [place for place, column in enumerate(self.columns) if column.heading]
        if len(shown) == len(self.columns):
            return self
        return self._with(shown)

    def with_only(self, *headings: str) -> "Table":
        """The same with some of its columns, in the order in which they are named."""
        places = {column.heading: place for place, column in enumerate(self.columns)}
        return self._with([places[heading] for heading in headings])

    def beginning(self) -> "tuple[Table, int]":
        """The same with the rows that people are shown, and its whole where it has one; and how many there are."""
        number = len(self.rows) - self.has_total
        if self.most is None or number <= self.most:
            return self, 0
        return replace(self, rows=[*self.rows[: self.most], *self.rows[number:]]), number

    def on_screen(self) -> "Table":
        """The same with amounts as pages show them; files and the Audit page have them to the penny.

        They are in £ million to one place where the table has a million pounds or more, and in whole pounds otherwise;
        pence stay where nothing reaches £100. Amounts a head have a unit of their own, and so has an amount that would
        be written as nothing, or stands among other figures.
        """
        units = self._units()
        heads = [
            replace(column, money_as=unit, heading=column.heading.replace("(£)", "(£ million)"))
            if unit is MoneyAs.MILLIONS
            else replace(column, money_as=unit)
            for column, unit in zip(self.columns, units, strict=True)
        ]
        return replace(self, columns=heads, rows=[[_spoken_alone(cell) for cell in row] for row in self.rows])

    def _units(self) -> list[MoneyAs]:
        """How each column's amounts are shown on a page; a column of no money keeps what it has."""
        amounts = {
            place: [value for row in self.rows if isinstance(value := plain(row[place]), int)]
            for place, column in enumerate(self.columns)
            if column.kind is ColumnKind.MONEY
        }
        rates = {place for place in amounts if is_a_head(self.columns[place].heading)}
        whole = unit([pence for place, its in amounts.items() if place not in rates for pence in its])
        return [
            column.money_as if place not in amounts else unit(amounts[place]) if place in rates else whole
            for place, column in enumerate(self.columns)
        ]

    def _with(self, places: Sequence[int]) -> "Table":
        rows = [[row[place] for place in places] for row in self.rows]
        return replace(self, columns=[self.columns[place] for place in places], rows=rows)


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    """The answer to one question.

    Attributes:
        tables: programs get the first that has keys as ``rows``; people get those that have headings.
        at: the point on both clocks, with the head of the chain and whether any of it is illustrative.
        title: a sentence above the tables.
        sentences: those below them.
        facts: what programs get besides the rows; with ``rows`` among them, they get those.
        source: where it was read, where that is no ledger.
        is_refused: whether the command ends with the status of a refusal.
    """

    tables: Sequence[Table] = ()
    at: Moment | None = None
    title: str = ""
    sentences: Sequence[str] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    source: str | None = None
    is_refused: bool = False

    @property
    def rows(self) -> Table:
        """The table whose rows programs get."""
        return next((table for table in self.tables if any(column.key for column in table.columns)), Table("", (), ()))

    def records(self) -> list[dict[str, Any]]:
        """The rows as programs get them, each a mapping from a column's name to its value."""
        given: list[dict[str, Any]] | None = self.facts.get("rows")
        return self.rows.records() if given is None else given

    def to_arrow(self) -> "pa.Table":
        """The rows as an Arrow table.

        Returns:
            Whole pence as 64-bit integers in the columns that end in ``_pence``; shares and other ratios as numbers of
            double precision; days and moments as such; null where a row does not have a value.
        """
        from screens.report.arrow import table_of  # noqa: PLC0415 - the terminal draws reports without Arrow

        return table_of(self.records(), {column.key: column.kind.value for column in self.rows.columns if column.key})

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The rows, for whatever reads Arrow: polars, DuckDB and others take a report as they take a table."""
        return self.to_arrow().__arrow_c_stream__(requested_schema)

    def to_pandas(self) -> "pd.DataFrame":
        """The rows as a pandas table with Arrow's own types, so that whole pence stay whole beside what is missing."""
        import pandas as pd  # noqa: PLC0415 - few ask for it, and it takes long to load

        found: pd.DataFrame = self.to_arrow().to_pandas(types_mapper=pd.ArrowDtype)
        return found

    def __repr__(self) -> str:
        return f"<Report: {' '.join(self.title.split()) or 'without a title'}; {len(self.records()):,} rows>"

    def _repr_html_(self) -> str:
        """What a notebook shows: what the figures hold in words, and the rows."""
        said = "".join(f"<p>{escape(one)}</p>" for one in (self.title, *self.sentences, *self.foot) if one)
        rows = self.to_pandas().to_html(max_rows=_IN_A_NOTEBOOK, index=False) if self.records() else f"<p>{NOTHING}</p>"
        return f"{said}{rows}"

    @property
    def shown(self) -> list[Table]:
        """The tables that people read."""
        found = (table.for_people() for table in self.tables if table.rows)
        return [table for table in found if table.columns]

    @property
    def foot(self) -> list[str]:
        """What a reader of any figure should know: whether part of it is illustrative, and its point on both clocks."""
        return [] if self.at is None else about(self.at)

    def with_entries(self, posted: "Sequence[Posted]", *, dry_run: bool) -> "Report":
        """The same with what became of the entries that it asked for."""
        said = [f"Entry {entry.number} ({entry.key}) {_became(entry, dry_run=dry_run)}." for entry in posted]
        entries = [{**picked(entry, "number", "key", "replayed"), "dry_run": dry_run} for entry in posted]
        return replace(self, sentences=[*self.sentences, *said], facts={**self.facts, "entries": entries})


def _became(entry: "Posted", *, dry_run: bool) -> str:
    if entry.replayed:
        return "is in the books already, so nothing was added"
    return "would be posted" if dry_run else "is posted"


def about(at: Moment) -> list[str]:
    """Whether part of a report is illustrative, which day and knowledge it is for, and the head of the chain."""
    clocks = f"As at {at.as_at}, as known at {at.known_at:%Y-%m-%d %H:%M:%S} UTC. Head of the chain {at.head[:16]}."
    return [PARTLY_ILLUSTRATIVE, clocks] if at.illustrative else [clocks]


def boundaries(as_is: date | None, changes: Sequence[date]) -> list[str]:
    """Whose boundaries a report shows: those of its time, or restated to another day's."""
    if as_is is None:
        return []
    if not changes:
        return [f"As is on {as_is}: no boundary in these books has changed by then, so nothing was restated."]
    days = " and ".join(str(day) for day in changes)
    shared = f"What organisations held before {days} is shared among those that came after them"
    return [f"As is on {as_is}: derived figures. {shared} by registered population; every sum is as it was."]


# --- columns --------------------------------------------------------------------------------------


def text(heading: str, key: str = "", *, missing: str = "") -> Column:
    """A column of words."""
    return Column(key, heading, ColumnKind.TEXT, missing)


def link(heading: str, key: str = "") -> Column:
    """A column of words that lead somewhere."""
    return Column(key, heading, ColumnKind.LINK)


def money(heading: str, key: str = "", *, missing: str = NOT_AVAILABLE) -> Column:
    """A column of whole pence; people read £ million where its heading says so."""
    return Column(
        key, heading, ColumnKind.MONEY, missing, money_as=MoneyAs.MILLIONS if "£ million" in heading else MoneyAs.EXACT
    )


def share(
    heading: str, key: str = "", *, signed: bool = False, places: int = 1, missing: str = NOT_AVAILABLE
) -> Column:
    """A column of fractions of one, read in percent; those without a sign to one decimal."""
    return Column(key, heading, ColumnKind.SHARE, missing, places, signed)


def ratio(heading: str, key: str = "", *, places: int | None = 3, missing: str = NOT_AVAILABLE) -> Column:
    """A column of numbers with decimals, as an index."""
    return Column(key, heading, ColumnKind.RATIO, missing, places)


def count(heading: str, key: str = "", *, missing: str = NOT_AVAILABLE) -> Column:
    """A column of whole numbers of things."""
    return Column(key, heading, ColumnKind.COUNT, missing)


def day(heading: str, key: str = "", *, missing: str = "") -> Column:
    """A column of days or moments."""
    return Column(key, heading, ColumnKind.DAY, missing)


def data(*keys: str) -> list[Column]:
    """Columns for programs alone."""
    return [Column(key, "") for key in keys]


def columns(*given: str | Column) -> list[Column]:
    """Columns for people by their headings: money where the heading says £, words otherwise; or as they are given."""
    return [one if isinstance(one, Column) else money(one) if "(£" in one else text(one) for one in given]


def listed(rows: Sequence[Mapping[str, Any]], name: str = "", **headings: str) -> Table:
    """Rows that are the same for programs and for people: each column by its name and its first value.

    Args:
        rows: names that end in ``_pence`` hold money.
        headings: of columns whose name says too little.
    """
    if not rows:
        return Table(name, data(""), [])
    keys = list(rows[0])
    made = [_named(key, headings.get(key) or _heading(key), [row[key] for row in rows]) for key in keys]
    return Table(name, made, [[row[key] for key in keys] for row in rows])


def _heading(key: str) -> str:
    words = key.removesuffix("_pence").replace("_", " ").capitalize()
    return f"{words} (£)" if key.endswith("_pence") else words


def _named(key: str, heading: str, values: Sequence[Any]) -> Column:
    first = next((value for value in values if value is not None), None)
    if key.endswith("_pence"):
        return money(heading, key)
    if isinstance(first, date):
        return day(heading, key)
    if isinstance(first, Fraction | Decimal | float):
        return ratio(heading, key, places=None, missing="")
    if isinstance(first, int) and not isinstance(first, bool) and key not in ("year", "entry"):
        return count(heading, key, missing="")
    return text(heading, key)


# --- where a figure leads -------------------------------------------------------------------------


def traced(value: Any, *, organisation: str | None = None, fund: str | None = None, year: int | None = None) -> Link:
    """A figure that leads to the entries behind it."""
    return Link(value, "audit", {"organisation": organisation, "fund": fund, "year": year})


def composed(value: Any, *, under: str | None, year: int, reading: GradeReading = RECORDED, **only: str | None) -> Link:
    """A figure that leads to the balances that it is the sum of.

    Args:
        under: whose, with all below; everybody's otherwise.
        reading: how grades were read for it.
        only: what it is narrowed to, such as ``tier``, ``grade`` or ``pot``.
    """
    read = {} if reading is RECORDED else {"reading": reading.name}
    return Link(value, "audit", {"view": "made", "under": under, "year": year, **only, **read})


def entry_link(number: int) -> Link:
    """An entry's number that leads to its legs."""
    return Link(number, "audit", {"view": "entries", "entry": number})


# --- figures with a unit of their own -------------------------------------------------------------

_SHARE, _MONEY, _COUNT = (
    Column("", "", kind, NOT_DEFINED) for kind in (ColumnKind.SHARE, ColumnKind.MONEY, ColumnKind.COUNT)
)


_OF_UNIT: Mapping[str, Column] = {
    "share": _SHARE, "pence": _MONEY, "count": _COUNT, "per £ million": ratio("", places=4),
}  # fmt: skip


def figure(
    value: Fraction | float | None, unit: str, *, missing: str = NOT_DEFINED, over: OverReadings | None = None
) -> Cell:
    """A value of a measure or a test in a table: by its unit a share, money, a count or a number; with its range."""
    if value is not None and over is not None:
        return RangedCell(FigureCell(value, _OF_UNIT.get(unit) or ratio("", places=2)), over)
    if value is None:
        return missing
    if unit == "share" and isinstance(value, Fraction):
        return FigureCell(value, _SHARE)
    if unit == "pence":
        return FigureCell(int(value), _MONEY)
    return FigureCell(int(value), _COUNT) if unit == "count" and value == int(value) else in_words(value, unit)


def in_words(value: Fraction | float | None, unit: str) -> str:
    """A value as people write it in a sentence."""
    if value is None:
        return NOT_AVAILABLE
    if unit == "share" and isinstance(value, Fraction):
        return percent(value)
    if unit == "pence":
        return spoken(int(value))
    return f"{float(value):,.0f}" if unit == "count" else f"{float(value):,.4g}"


def count_of(number: int, one: str, many: str) -> str:
    """A number with its noun."""
    return f"{number:,} {one if number == 1 else many}"
