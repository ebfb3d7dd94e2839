"""A table on a page: plain HTML that a screen reader reads as a table, with a file to take away.

On a narrow screen each row becomes a card with the column's name before each figure, so that nobody scrolls sideways.
"""

from collections.abc import Sequence
from datetime import date
from html import escape

from ledger.money import exact_pounds
from screens.report.amounts import MoneyAs
from screens.report.render import csv
from screens.report.report import NUMBERS, Cell, Column, ColumnKind, FigureCell, Link, RangedCell, Table, plain


def _cards(tables: str, width: str) -> str:
    """What makes cards of the rows of some tables, their cells side by side, on screens of a width."""
    style = (
        "T thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
        "T tbody,T caption{display:block}"
        "T tr{display:grid;grid-template-columns:repeat(auto-fill,minmax(13rem,1fr));gap:0 1.5rem;"
        "border-bottom:2px solid #4C6272;padding:.4rem 0}"
        "T :is(th,td){border:0;padding:.1rem 0;text-align:left;overflow-wrap:anywhere}"
        "T :is(th,.words){grid-column:1/-1} T th{font-weight:bold}"
        "T td:empty{display:none} T .day{white-space:normal}"
        "T td::before{content:attr(data-label) ': ';color:#4C6272}"
    )
    return f"@media screen and {width}{{{style.replace('T ', f'.house {tables} ')}}}"


STYLE = (
    ".house table{border-collapse:collapse;width:100%;margin:0 0 1rem 0;font-size:.95rem}"
    ".house caption{text-align:left;font-weight:bold;padding:.25rem 0;color:#212B32}"
    ".house th,.house td{border:0;border-bottom:1px solid #AEB7BD;padding:.4rem .5rem;text-align:left;"
    "vertical-align:top;overflow-wrap:break-word}"
    ".house thead th{border-bottom:2px solid #4C6272;vertical-align:bottom;overflow-wrap:break-word;hyphens:auto}"
    ".house tbody th{font-weight:normal;min-width:8rem}"
    ".house .number{text-align:right;font-variant-numeric:tabular-nums;overflow-wrap:normal}"
    ".house .instead{text-align:right} .house p,p.house{margin:0}"
    ".house .whole :is(th,td){font-weight:bold;border-top:2px solid #4C6272}"
    # As the framework's own folds look: one kind of fold on a page.
    ".house details{margin:0 0 1rem 0;border:1px solid #4C6272;border-radius:.5rem}"
    ".house summary{cursor:pointer;padding:.55rem .75rem;font-size:.875rem} .house dl{padding:0 .75rem}"
    # A unit and a day stay on one line.
    ".house .day,.house .unit{white-space:nowrap}"
    ".house dt{font-weight:bold} .house dd{margin:0 0 .4rem 1rem}"
    ".house a{color:#005EB8;text-decoration:underline}"
    "@media screen and (max-width:700px){"
    ".house thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}"
    ".house table,.house tbody,.house tr,.house th,.house td,.house caption{display:block;width:auto}"
    ".house tr{border-bottom:2px solid #4C6272;padding:.4rem 0}"
    ".house :is(tbody th,td){border:0;padding:.1rem 0;display:flex;gap:1rem;justify-content:space-between;"
    "text-align:right}"
    ".house tbody th{font-weight:bold;text-align:left}"
    # A card may have no room for a day with its time.
    ".house :is(th,td){overflow-wrap:anywhere} .house .day{white-space:normal}"
    ".house td:empty{display:none}"
    ".house td::before{content:attr(data-label);text-align:left;color:#4C6272;flex:0 1 auto;min-width:38%}"
    ".house td.number::before{flex:1 1 38%}"
    # A sentence has the whole width of a card.
    ".house td.words{display:block;text-align:left} .house td.words::before{display:block}"
    ".house .whole :is(th,td){border:0}}"
    # A long table begins folded, and a telephone shows fewer of its rows as cards. On paper all of them stand.
    ".house details.fewer,.house .narrow{display:none} .house .all p{margin:0;padding:0 .75rem .5rem}"
    "@media screen and (max-width:700px){.house details.fewer{display:block} .house .narrow{display:inline}}"
    "@supports selector(:has(*)){"
    "@media screen{.house:not(:has(>.all[open])) tr.later{display:none}}"
    "@media screen and (max-width:700px){.house:not(:has(>.all[open])) "
    ":is(tr.soon,tr:not(.whole) td.besides){display:none}}"
    "@media screen{.house:not(:has(>.all[open])) .broad tr.soon{display:none}}}"
    "@media print{.house details.all{display:none}}"
    # A table that a screen would cut off has a card for each row: on every screen, or on a tablet alone.
    + _cards(".broad", "(min-width:701px)")
    + _cards(".wide", "(min-width:701px) and (max-width:1000px)")
    # There, and where rows are sentences, a tablet begins with fewer.
    + "@supports selector(:has(*)){@media screen and (min-width:701px) and (max-width:1000px){"
    ".house:not(:has(>.all[open])) table:is(.wide,:has(td.words)) tr.next{display:none}"
    ".house:has(>:is(.wide,table:has(td.words))) details.next{display:block}}}"
)
# From so many columns on: a year month by month still stands side by side. A text of so many letters has its own line.
_BROAD, _WORDS = 15, 60
# How many rows a folded table shows, and from how many on it is folded: on a wide screen, a tablet and a telephone.
_ROWS, _LONG = 10, 13
_TABLET = 5
_CARDS, _MANY = 3, 5
# How many columns a card shows of a table that begins folded, and from how many on it leaves out the others.
_SHORT, _WIDE = 5, 7


def as_html(table: Table, *, folds: bool = False) -> str:
    """A table as HTML. Roles are written out, because a table that is shown as cards loses them.

    Args:
        folds: whether a long table shows its first rows, and all of them on request.
    """
    shown = table.for_people()
    heads = "".join(
        f'<th role="columnheader" scope="col"{_css(is_number=place > 0 and _has_numbers(shown, place))}>'
        f"{_heading(column.heading)}</th>"
        for place, column in enumerate(shown.columns)
    )
    last = len(shown.rows) - 1
    figures = [_is_of_figures(shown, place) for place in range(len(shown.columns))]
    is_broad, is_wide = len(shown.columns) >= _BROAD, len(shown.columns) >= _WIDE
    broad = f' class="{"broad" if is_broad else "wide"}"' if is_wide else ""
    number = len(shown.rows) - table.has_total
    body = "".join(
        _row(
            shown,
            place,
            figures,
            is_whole=table.has_total and place == last,
            when=_when(place, number) if folds else "",
            besides=_besides(shown) if folds and is_wide else (),
        )
        for place in range(len(shown.rows))
    )
    return (
        f'<div class="house"><table role="table"{broad}><caption>{escape(table.name)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead><tbody role="rowgroup">{body}</tbody></table>'
        f"{_all_of_it(shown, number, is_broad=is_broad) if folds else ''}{_definitions(shown)}</div>"
    )


def _besides(shown: Table) -> Sequence[int]:
    """Which columns a card leaves out until all is asked for: those after the first, but the amount that ends a row."""
    number = len(shown.columns)
    return range(_SHORT, number - (shown.columns[-1].kind is ColumnKind.MONEY))


def _when(place: int, number: int) -> str:
    """Whether a row is shown at once, on a wide screen alone, or with all rows; the whole is always shown."""
    if place >= number:
        return ""
    if number >= _LONG and place >= _ROWS:
        return "later soon next"
    fewer = "soon next" if place >= _TABLET else "soon"
    return fewer if number >= _MANY and place >= _CARDS else ""


def _all_of_it(shown: Table, number: int, *, is_broad: bool) -> str:
    """What unfolds a table that begins folded; nothing of one that is short and narrow."""
    is_wide = len(shown.columns) >= _WIDE
    if number < _MANY and not is_wide:
        return ""
    where = "all" if (number >= _MANY and is_broad) or number >= _LONG else "all fewer"
    where += " next" if number > _TABLET else ""
    rows = f"all {number:,} rows" if number != 1 else "the whole row"
    every = '<span class="narrow"> with every column</span>' if is_wide else ""
    return (
        f'<details class="{where}"><summary>Show {rows}{every}: {escape(shown.name)}</summary>'
        f"<p>{rows[:1].upper()}{rows[1:]} {'stand' if number != 1 else 'stands'} in the table above.</p></details>"
    )


def _heading(words: str) -> str:
    """A heading, whose unit in brackets is not broken over lines."""
    name, bracket, unit = escape(words).rpartition(" (£")
    return f'{name} <span class="unit">(£{unit}</span>' if bracket else unit


def _definitions(table: Table) -> str:
    """How the figures of a table are worked out, one click away; nothing where no column says so."""
    said = [(column.heading, column.definition) for column in table.columns if column.definition]
    if not said:
        return ""
    terms = "".join(f"<dt>{escape(heading)}</dt><dd>{escape(words)}</dd>" for heading, words in said)
    return f"<details><summary>What the figures are: {escape(table.name)}</summary><dl>{terms}</dl></details>"


def show(table: Table, file_name: str = "", *, is_exact: bool = False, folds: bool = True) -> None:
    """Render a table.

    Args:
        file_name: of the CSV file that is offered with it, to the penny; without one, none is.
        is_exact: whether amounts are to the penny on the page too, where they are audited or about to be posted.
        folds: whether a long table shows its first rows, and all of them on request; not where it is in a fold.
    """
    import streamlit as st  # noqa: PLC0415 - commands write tables too, and need not wait for it

    shown, number = table.beginning()
    st.html(as_html(shown if is_exact else shown.on_screen(), folds=folds))
    if number:
        whole = ", and their whole" if table.has_total else ""
        st.write(f"The first {table.most} of {number:,} are shown{whole}; the file has all of them.")
    if file_name:
        download(table, file_name)


def download(table: Table, file_name: str, label: str | None = None) -> None:
    """Offer a table as a CSV file; it is made when somebody asks for it."""
    import streamlit as st  # noqa: PLC0415 - as above

    st.download_button(
        label or f"Download: {table.name} (CSV)",
        data=lambda: csv.document(table),
        file_name=f"{file_name}.csv",
        mime="text/csv",
        key=f"download {file_name}",
        on_click="ignore",
    )


def _row(
    table: Table, place: int, figures: Sequence[bool], *, is_whole: bool, when: str, besides: Sequence[int]
) -> str:
    """One row; a card leaves out what is in the columns ``besides`` until all is asked for."""
    (head, first), *rest = zip(table.columns, table.rows[place], strict=True)
    cells = f'<th role="rowheader" scope="row">{_content(head, first)}</th>' + "".join(
        f'<td role="cell" data-label="{_label(column.heading)}"'
        f"{_of_cell(column, cell, is_of_figures=its, is_besides=number in besides)}>{_content(column, cell)}</td>"
        for number, ((column, cell), its) in enumerate(zip(rest, figures[1:], strict=True), 1)
    )
    kind = "whole" if is_whole else when
    named = f' class="{kind}"' if kind else ""
    return f'<tr role="row"{named}>{cells}</tr>'


def _is_of_figures(table: Table, place: int) -> bool:
    """Whether a column is one of figures, in whose place some cells may say why there is none."""
    column = table.columns[place]
    counted = [row for row in table.rows if _is_number(column, row[place])]
    return column.kind in NUMBERS or 2 * len(counted) > len(table.rows)


def _content(column: Column, cell: Cell) -> str:
    text = escape(column.text(cell))
    own = cell.value.column if isinstance(cell, Link) and isinstance(cell.value, FigureCell) else column
    own = cell.column if isinstance(cell, FigureCell) else own
    if own.kind is ColumnKind.MONEY and own.money_as is not MoneyAs.EXACT and isinstance(pence := plain(cell), int):
        # What is shown is rounded; what programs find in the page is not.
        text = f'<data value="{exact_pounds(pence)}">{text}</data>'
    return f'<a href="{escape(cell.address)}" target="_self">{text}</a>' if isinstance(cell, Link) else text


def _label(words: str) -> str:
    """A heading as a card has it before each figure, whose unit in brackets is not broken over lines."""
    name, bracket, unit = escape(words).rpartition(" (£")
    return f"{name} (£{unit.replace(' ', '&nbsp;')}" if bracket else unit


def _of_cell(column: Column, cell: Cell, *, is_of_figures: bool, is_besides: bool) -> str:
    """The classes of a cell: what it is, and whether a card leaves it out at first."""
    kinds = [kind for kind in (_kind(column, cell, is_of_figures=is_of_figures), "besides" * is_besides) if kind]
    return f' class="{" ".join(kinds)}"' if kinds else ""


def _kind(column: Column, cell: Cell, *, is_of_figures: bool) -> str:
    if column.kind is ColumnKind.DAY and isinstance(plain(cell), date):
        return "day"
    if isinstance(cell, str) and len(cell) > _WORDS:
        return "words"
    if _is_number(column, cell):
        # A figure with its range is long, and may go on in a next line.
        return "number ranged" if isinstance(cell, RangedCell) else "number"
    # What is said in place of a figure stands where the figures stand.
    return "instead" if is_of_figures and plain(cell) is not None else ""


def _css(*, is_number: bool) -> str:
    return ' class="number"' if is_number else ""


def _is_number(column: Column, cell: Cell) -> bool:
    if isinstance(cell, Link | RangedCell):
        return _is_number(column, cell.value)
    if isinstance(cell, FigureCell):
        return _is_number(cell.column, cell.value)
    return column.kind in NUMBERS and not isinstance(cell, str)


def _has_numbers(table: Table, place: int) -> bool:
    return any(_is_number(table.columns[place], row[place]) for row in table.rows)
