"""Tables for people: exact figures, named columns, figures that lead to their entries, and a file to take away.

A table here is a plain HTML table, which a screen reader reads as one. On a narrow screen each row becomes a
card with the column's name before each figure, so that nobody scrolls sideways.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction
from html import escape
from typing import TypeAlias
from urllib.parse import urlencode

from allocations.reading.safe_text import csv_text
from ledger.money import exact_pounds, millions, plain_decimal, plain_pounds, signed_percent
from ledger.reports.summary import percent

NOT_AVAILABLE = "not available"
STYLE = (
    ".house table{border-collapse:collapse;width:100%;margin:0 0 1rem 0;font-size:.95rem}"
    ".house caption{text-align:left;font-weight:bold;padding:.25rem 0;color:#212B32}"
    ".house th,.house td{border:0;border-bottom:1px solid #AEB7BD;padding:.4rem .5rem;text-align:left;"
    "vertical-align:top;overflow-wrap:break-word}"
    ".house thead th{border-bottom:2px solid #4C6272;vertical-align:bottom;overflow-wrap:break-word;hyphens:auto}"
    ".house tbody th{font-weight:normal;min-width:8rem}"
    ".house .number{text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:normal}"
    ".house .whole :is(th,td){font-weight:bold;border-top:2px solid #4C6272}"
    ".house a{color:#005EB8;text-decoration:underline}"
    "@media (max-width:700px){"
    ".house thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    ".house table,.house tbody,.house tr,.house th,.house td,.house caption{display:block;width:auto}"
    ".house tr{border-bottom:2px solid #4C6272;padding:.4rem 0}"
    ".house :is(tbody th,td){border:0;padding:.1rem 0;display:flex;gap:1rem;justify-content:space-between;"
    "text-align:right}"
    ".house tbody th{font-weight:bold;text-align:left}"
    ".house :is(th,td){overflow-wrap:anywhere}"
    ".house td::before{content:attr(data-label);text-align:left;color:#4C6272;flex:0 1 50%}"
    ".house .whole :is(th,td){border:0}}"
)


@dataclass(frozen=True, slots=True)
class Money:
    """An amount: to the penny under a header that says £, or in £ million; None is not available."""

    pence: int | None
    in_millions: bool = False


@dataclass(frozen=True, slots=True)
class Share:
    """A share in percent; with a sign where it is a distance. None is not available, or not defined."""

    part: Fraction | None
    signed: bool = False
    places: int = 1
    missing: str = NOT_AVAILABLE


@dataclass(frozen=True, slots=True)
class Ratio:
    """A number with places, such as an index in thousandths."""

    value: Fraction | None
    places: int = 3


Plain: TypeAlias = str | int | date | Money | Share | Ratio | None


@dataclass(frozen=True, slots=True)
class Link:
    """A cell that leads somewhere inside this app."""

    cell: Plain
    page: str
    query: Mapping[str, str | int | None]

    @property
    def address(self) -> str:
        """The address that it leads to."""
        asked = {name: value for name, value in self.query.items() if value is not None}
        return f"{self.page}?{urlencode(asked)}"


Cell: TypeAlias = Plain | Link
Row: TypeAlias = Sequence[Cell]


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under headers. Its first column names the row.

    Attributes:
        caption: what the table is.
        has_total: whether the last row is the whole.
    """

    caption: str
    headers: Sequence[str]
    rows: Sequence[Row]
    has_total: bool = False


def traced(cell: Plain, *, organisation: str | None = None, fund: str | None = None, year: int | None = None) -> Link:
    """A figure that leads to the entries behind it."""
    return Link(cell, "audit", {"organisation": organisation, "fund": fund, "year": year})


def composed(cell: Plain, *, under: str | None, year: int, **only: str | None) -> Link:
    """A figure that leads to the balances that it is the sum of.

    Args:
        under: whose, with all below; everybody's otherwise.
        only: what it is narrowed to, such as ``tier``, ``grade`` or ``pot``.
    """
    return Link(cell, "audit", {"view": "made", "under": under, "year": year, **only})


def shown(cell: Cell) -> str:
    """A cell as people read it."""
    match cell:
        case Link():
            text = shown(cell.cell)
        case None | Money(pence=None) | Ratio(value=None):
            text = NOT_AVAILABLE
        case Share(part=None):
            text = cell.missing
        case Money(pence=int(pence)):
            text = millions(pence) if cell.in_millions else exact_pounds(pence)
        case Share(part=Fraction() as part):
            text = signed_percent(part, cell.places) if cell.signed else percent(part)
        case Ratio(value=Fraction() as value):
            text = plain_decimal(value, cell.places)
        case datetime():
            text = f"{cell:%-d %B %Y, %H:%M} UTC"
        case date():
            text = f"{cell:%-d %B %Y}"
        case _:
            text = f"{cell:,}" if isinstance(cell, int) else str(cell)
    return text


def in_file(cell: Cell) -> str:
    """A cell as it stands in a CSV file: figures plain and exact, texts kept from becoming formulas."""
    match cell:
        case Link():
            text = in_file(cell.cell)
        case Money(pence=int(pence)):
            text = plain_pounds(pence)
        case Share(part=Fraction() as value) | Ratio(value=Fraction() as value):
            text = plain_decimal(value, 6)
        case str():
            text = csv_text(cell)
        case date() | int():
            text = str(cell)
        case _:
            text = ""
    return text


def as_csv(table: Table) -> bytes:
    """A table as a CSV file that Excel opens with its pound signs: UTF-8 with a byte order mark."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([csv_text(header.replace("£ million", "£")) for header in table.headers])
    writer.writerows([in_file(cell) for cell in row] for row in table.rows)
    return out.getvalue().encode("utf-8-sig")


def as_html(table: Table) -> str:
    """A table as HTML. Roles are written out, because a table that is shown as cards loses them."""
    heads = "".join(
        f'<th role="columnheader" scope="col"{_css(is_number)}>{escape(header)}</th>'
        for header, is_number in zip(table.headers, _numbers(table), strict=True)
    )
    last = len(table.rows) - 1
    body = "".join(
        _row(table.headers, row, is_whole=table.has_total and place == last) for place, row in enumerate(table.rows)
    )
    return (
        f'<div class="house"><table role="table"><caption>{escape(table.caption)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead><tbody role="rowgroup">{body}</tbody></table></div>'
    )


def show(table: Table) -> None:
    """Render a table."""
    import streamlit as st  # noqa: PLC0415 - commands write tables too, and need not wait for it

    st.html(as_html(table))


def download(table: Table, file_name: str, label: str | None = None) -> None:
    """Offer a table as a CSV file; it is made when somebody asks for it."""
    import streamlit as st  # noqa: PLC0415 - as above

    make: Callable[[], bytes] = lambda: as_csv(table)  # noqa: E731 - Streamlit calls it on the click
    st.download_button(
        label or f"Download: {table.caption} (CSV)",
        data=make,
        file_name=f"{file_name}.csv",
        mime="text/csv",
        key=f"download {file_name}",
        on_click="ignore",
    )


def show_with_download(table: Table, file_name: str) -> None:
    """Render a table, with its file."""
    show(table)
    download(table, file_name)


def _row(headers: Sequence[str], row: Row, *, is_whole: bool) -> str:
    first, *rest = row
    cells = f'<th role="rowheader" scope="row">{_content(first)}</th>' + "".join(
        f'<td role="cell" data-label="{escape(header)}"{_css(_is_number(cell))}>{_content(cell)}</td>'
        for header, cell in zip(headers[1:], rest, strict=True)
    )
    return f'<tr role="row"{" class=whole" if is_whole else ""}>{cells}</tr>'


def _content(cell: Cell) -> str:
    text = escape(shown(cell))
    return f'<a href="{escape(cell.address)}" target="_self">{text}</a>' if isinstance(cell, Link) else text


def _css(is_number: bool) -> str:
    return ' class="number"' if is_number else ""


def _is_number(cell: Cell) -> bool:
    kept = cell.cell if isinstance(cell, Link) else cell
    return isinstance(kept, Money | Share | Ratio | int)


def _numbers(table: Table) -> Iterable[bool]:
    for column in range(len(table.headers)):
        kinds = [_is_number(row[column]) for row in table.rows]
        yield column > 0 and any(kinds)
