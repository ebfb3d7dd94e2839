"""The tables of a publication: each as Parquet and as CSV, every column described, whole pence throughout."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from allocations.files.out.accessible_tables import FIGURES, GRADE, MONEY, NOT_AVAILABLE, TEXT, AccessibleTable
from allocations.reading.safe_text import csv_cell
from allocations.shares.national import TITLES, IcbStanding
from ledger.reports import receivers, register
from ledger.reports.measures import CATALOGUE
from ledger.reports.position import FLOW_COLUMNS, Moment
from ledger.reports.receivers import Received
from ledger.store.base import Reader
from screens.asked import answers
from screens.report import national
from screens.report.receivers import receivers_table
from screens.report.report import Report

# The flows are added up over entries: the legs have each of them.
_RANK = "ring_fenced_share_with_soft"
_ORDER = ("year", "organisation", "fund", "standing", "pot")
# So many rows are written at a time, and so many at most stand on a sheet, which a spreadsheet still opens at once.
_AT_ONCE, _MOST_ON_A_SHEET = 10_000, 20_000
_FLOWS = tuple(name for name in FLOW_COLUMNS if name not in ("entry", "effective_date"))


@dataclass(frozen=True, slots=True)
class TableFile:
    """One table.

    Attributes:
        name: of its files.
        title: what it is, in a line.
        said: what a row is, and what a reader should know of it.
        rests_on: what its figures rest on: published, derived or illustrative.
        columns: name of every column to what its values are.
    """

    name: str
    title: str
    said: str
    rests_on: str
    columns: Mapping[str, str]
    rows: pa.Table

    def parquet(self) -> bytes:
        """The table as a Parquet file."""
        out = io.BytesIO()
        pq.write_table(self.rows, out, compression="zstd")
        return out.getvalue()

    def csv(self) -> Iterator[bytes]:
        """The table as a CSV file in UTF-8; a text that a spreadsheet would calculate has an apostrophe in front.

        In parts: as values of Python, or as one text, the rows of all years of practices take gigabytes.
        """
        yield _lines([self.rows.column_names])
        for batch in self.rows.to_batches(max_chunksize=_AT_ONCE):
            rows = zip(*(column.to_pylist() for column in batch.columns), strict=True)
            yield _lines([csv_cell(value) for value in row] for row in rows)

    def fields(self) -> list[dict[str, str]]:
        """Its columns as ``datapackage.json`` describes them."""
        return [
            {"name": field.name, "type": _type(field.type), "description": self.columns[field.name]}
            for field in self.rows.schema
        ]


def _lines(rows: Iterable[Sequence[str]]) -> bytes:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue().encode()


def _type(of: pa.DataType) -> str:
    kinds = (
        (pa.types.is_boolean, "boolean"), (pa.types.is_integer, "integer"), (pa.types.is_date, "date"),
        (pa.types.is_timestamp, "datetime"), (pa.types.is_floating, "number"),
    )  # fmt: skip
    return next((name for is_of, name in kinds if is_of(of)), "string")


_PENCE = "in whole pence"
_TERMS = {
    "grade": "how tied the line is: none, monitored, soft, hard or statutory; empty where it is not known, or no "
    "terms are recorded",
    "route": "how its amount comes about, as formula, bid or claim; empty where it is not known",
    "recurrent": "whether it comes every year; empty where that is not known",
    "notified_on": "the day on which notice of it came; empty where that is not known",
    "spend_by": "the day by which it must be spent, where there is one",
    "returns_per_year": "how many returns it asks for in a year; empty where that is not known",
    "quality": "how sure the terms are: green where the source states them, amber or red where they are concluded",
    "discretion": "whose decision the money is: free, local contract, national contract, or pass-through",
    "certain_to": "the last financial year, by the year it starts in, for which it is promised",
}
_OF_SOURCES = (
    "Each leg rests on the source that it names. Lines to ICBs and the national limit are published figures; what "
    "ICBs pass on and keep is illustrative where the source of its entry says so."
)
_OF_ENTRIES = f"Derived: sums of the legs. {_OF_SOURCES} Grades are illustrative where their quality is not green."
_OF_MEASURES = (
    "Derived from the position. A measure of ring-fences rests on how grades are read, which is illustrative: "
    "about.html says which do, and the pages give the range. Distances from target are published."
)
_OF_REGISTER = "Published: the codes and names of the Organisation Data Service. Default places are an assumption."
_ORGANISATION = {
    "organisation": "the code of who holds the money, as the Organisation Data Service gives it where it gives one",
    "organisation_name": "the name of who holds it",
    "tier": "of which tier that is",
    "depth": "how far down that tier is: 0 the nation, 1 the ICB, 2 the place, 3 the network or practice",
}
_FUND = {
    "fund": "the code of the line of money",
    "fund_name": "the name of the line",
    "pot": "the code of the pot that it stands in: the line with terms of its own",
    "stream": "the stream of money that it belongs to",
    "resource": "revenue or capital",
    "lowest_depth": "how far down it may be handed",
    "year": "the financial year, by the year in which it starts",
}
_POSITION = {
    **_ORGANISATION, **_FUND, **_TERMS,
    "standing": "available, retained by agreement, retained without agreement, spent; or source, which stands below "
    "zero with all that it has given",
    "amount_pence": f"what is held, {_PENCE}",
}  # fmt: skip
_FLOWING = {
    "from_tier": "of which tier the giver is", "to_tier": "of which tier the receiver is",
    "from_organisation": "the giver's code", "from_name": "the giver's name",
    "to_organisation": "the receiver's code", "to_name": "the receiver's name",
    "fund": _FUND["fund"], "fund_name": _FUND["fund_name"], "stream": _FUND["stream"], "year": _FUND["year"],
    "from_standing": "as which standing it was given", "to_standing": "as which standing it came",
    "kind": "by which kind of decision", "amount_pence": f"what moved, {_PENCE}",
}  # fmt: skip
_LEGS = {
    "entry": "the number of the entry", "leg": "the number of the leg inside it", "kind": "the kind of decision",
    "effective_date": "the day from which it counts", "recorded_at": "when it was recorded, in UTC",
    "reason": "why", "authority": "on whose authority",
    "source": "from which document or file", "source_hash": "the SHA-256 of that file",
    "reverses": "the number of the entry that it undoes", "from_organisation": "the giver's code",
    "from_fund": "from which line", "from_standing": "from which standing", "to_organisation": "the receiver's code",
    "to_fund": "to which line", "to_standing": "to which standing", "year": _FUND["year"],
    "recurrent": "whether it recurs", "note": "the sheet and cell, or the arithmetic",
    "amount_pence": f"what moved, {_PENCE}",
}  # fmt: skip
_RECEIVER = {
    "year": _FUND["year"], "tier": "of which tier the receiver is", "organisation": "the receiver's code",
    "name": "the receiver's name", "returns_known": "of how many pots it is known how many returns they ask for",
}  # fmt: skip
_ICB = {
    "year": _FUND["year"], "icb": "the ICB's code; empty for all of them together", "name": "its name",
    "region": "its region", "total_pence": f"what it and those below it hold, {_PENCE}",
}  # fmt: skip
_REGISTER = {
    "code": "the organisation's code", "name": "its name", "tier": "its tier",
    "part_of": "the code of who it is part of; one line for each where there are several",
}  # fmt: skip


def of_year(
    reader: Reader, at: Moment, year: int, icbs: Sequence[IcbStanding], received: Mapping[str, Sequence[Received]]
) -> list[TableFile]:
    """The tables of one year of a publication, in one order whatever the database gave: the same books, the same bytes.

    Args:
        year: by the year it starts in.
        icbs: every ICB's measures, and last those of all together.
        received: of each tier what every receiver works with.
    """
    # Without who recorded each: people at work are no part of a publication.
    legs = answers.journal(reader, at).drop_columns(["actor"])
    held = answers.position(reader, at, None, year).sort_by([(name, "ascending") for name in _ORDER])
    moved = answers.flows(reader, at, _FLOWS, year)
    named = {one.name: one for one in CATALOGUE}
    of_icbs = {**_ICB, **{name: _measured(name, named) for name in TITLES}}
    of_receivers = {
        **_RECEIVER,
        **{
            f"{one.name}_pence" if one.unit == "pence" else one.name: f"{one.definition} {_unit(one.unit)}"
            for one in receivers.CATALOGUE
        },
    }
    return [
        TableFile(
            "position", "What is held where", "A row for each holder, line and standing. The source of the money "
            "stands in it below zero, so that all rows of a year sum to zero.", _OF_ENTRIES, _POSITION, held,
        ),
        TableFile(
            "flows", "What moved", "A row for each giver, receiver, line, standing and kind of decision, "
            "money inside one organisation too; what went back is taken off.", _OF_ENTRIES, _FLOWING,
            moved.sort_by([(name, "ascending") for name in _FLOWS]),
        ),
        TableFile(
            "legs", "Every entry, leg by leg", "A row for each leg of every entry that moved money. What somebody "
            "holds of a line is what came less what went.", _OF_SOURCES, _LEGS,
            legs.filter(pc.equal(legs["year"], year)),
        ),
        TableFile(
            "icbs", "Every ICB, measured", "A row for each ICB and year, and one for all of them together. Shares are "
            "fractions of one.", _OF_MEASURES, of_icbs, _icb_rows(year, icbs, list(of_icbs)),
        ),
        TableFile(
            "receivers", "What the money asks of those who receive it", "A row for each ICB, place and network and "
            "year.", _OF_MEASURES, of_receivers, _receiver_rows(year, received, list(of_receivers)),
        ),
    ]  # fmt: skip


def organisations(reader: Reader, parents: Iterable[tuple[str, str]]) -> TableFile:
    """The table of organisations.

    Args:
        parents: who is part of whom, by code.
    """
    return TableFile(
        "organisations", "Who is part of whom", "A row for each organisation and each that it is part of, on the "
        "day of the publication.", _OF_REGISTER, _REGISTER, _organisation_rows(reader, parents),
    )  # fmt: skip


def together(years: Sequence[Sequence[TableFile]]) -> list[TableFile]:
    """The tables of several years, each as one."""
    return [
        replace(each[0], rows=pa.concat_tables([one.rows for one in each], promote_options="permissive"))
        for each in zip(*years, strict=True)
    ]


def sheets(made: Sequence[TableFile]) -> list[AccessibleTable]:
    """The tables as sheets of an accessible workbook, with one in front that says what every column is.

    Money is in pounds to the penny there, as people read it; everything else stands as in the files. A table that is
    too long for a sheet is in the files alone, which the sheet in front says.
    """
    long = [table.name for table in made if table.rows.num_rows > _MOST_ON_A_SHEET]
    alone = f". Too long for a sheet, and so in the CSV and Parquet files alone: {', '.join(long)}" if long else ""
    heads = {"Table": TEXT, "Column": TEXT, "What it is": TEXT, "What the figures rest on": TEXT}
    said = [
        (table.name, heading, table.columns[field.name], table.rests_on)
        for table in made
        for heading, field in zip(_headings(table), table.rows.schema, strict=True)
    ]
    return [
        AccessibleTable(
            "Columns", "columns_of_tables", f"What every column of every table is{alone}", heads, said, (FIGURES,)
        ),
        *(
            AccessibleTable(
                table.name, f"table_{table.name}", f"{table.title}. {table.said}", _headings(table),
                list(zip(*map(_cells, table.rows.column_names, table.rows.columns), strict=True)), (FIGURES, GRADE),
            )
            for table in made
            if table.name not in long
        ),
    ]  # fmt: skip


_POUNDS = "_pence"


def _headings(table: TableFile) -> dict[str, str]:
    """The headings of a sheet, each with what its column holds."""
    return {
        (f"{name.removesuffix(_POUNDS)} (£)" if name.endswith(_POUNDS) else name): (
            MONEY if name.endswith(_POUNDS) else TEXT
        )
        for name in table.rows.column_names
    }


def _cells(name: str, column: pa.ChunkedArray) -> list[Any]:
    """The values of a column as a sheet shows them; what is not known is never empty."""
    values = column.to_pylist()
    if name.endswith(_POUNDS):
        return [NOT_AVAILABLE if value is None else Decimal(value).scaleb(-2) for value in values]
    if pa.types.is_integer(column.type):
        return [NOT_AVAILABLE if value is None else value for value in values]
    return [NOT_AVAILABLE if value in (None, "") else csv_cell(value) for value in values]


_UNITS = {"share": "A fraction of one.", "pence": "In whole pence.", "days": "In days.", "index": "An index."}


def _unit(unit: str) -> str:
    return _UNITS.get(unit, "")


def _measured(name: str, catalogue: Mapping[str, Any]) -> str:
    found = catalogue.get(name)
    return f"{TITLES[name]}. {found.definition if found else 'A fraction of one.'}"


def _icb_rows(year: int, icbs: Sequence[IcbStanding], columns: Sequence[str]) -> pa.Table:
    made = Report([national.icbs(icbs, _RANK)]).to_arrow()
    return _with_all(made, year=pa.array([year] * made.num_rows, pa.int32())).select(columns)


def _with_all(table: pa.Table, **added: pa.Array) -> pa.Table:
    for name, column in added.items():
        table = table.append_column(name, column)
    return table


def _receiver_rows(year: int, received: Mapping[str, Sequence[Received]], columns: Sequence[str]) -> pa.Table:
    parts = []
    for tier, found in received.items():
        made = Report([receivers_table(found, "")]).to_arrow()
        number = made.num_rows
        years, tiers = pa.array([year] * number, pa.int32()), pa.array([tier] * number, pa.string())
        made = _with_all(made, tier=tiers, year=years)
        parts.append(made.select(columns))
    return pa.concat_tables(parts, promote_options="permissive")


def _organisation_rows(reader: Reader, parents: Iterable[tuple[str, str]]) -> pa.Table:
    above: dict[str, list[str]] = {}
    for child, parent in parents:
        above.setdefault(child, []).append(parent)
    rows = []
    for code, row in sorted(register.organisations(reader).items()):
        whole: list[str | None] = [*sorted(set(above.get(code, ())))]
        rows += [
            {"code": code, "name": row["name"], "tier": row["tier"], "part_of": parent} for parent in whole or [None]
        ]
    return pa.Table.from_pylist(rows, pa.schema([(name, pa.string()) for name in _REGISTER]))
