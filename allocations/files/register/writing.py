"""A register, written: the template to fill in, with lists and checks; and the decisions of the books as one."""

import csv
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

from xlsxwriter.utility import xl_col_to_name

from allocations.files.out.sheets import FIRST_ROW, Book, refuse_other_suffix, unwritable
from allocations.files.register.layout import CHECKS, KIND, LETTER, SHEET, columns, fields, title
from allocations.reading.safe_text import csv_text
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.fields import MONEY, Holds
from ledger.entries.decisions.known import Known

_FREE_ROWS = 500
# What Excel holds exactly; any other amount is written as text.
_PLAIN = re.compile(r"(?=[\d.]{1,16}$)\d{1,15}(\.\d{1,2})?", re.ASCII)
_NOTE = "A row a decision. Yellow cells are inputs; what a kind is not asked for stays empty. Amounts in pounds (£)."
_WIDE = 26


@dataclass(frozen=True, slots=True)
class Lists:
    """What the lists of a register offer: codes with their names."""

    organisations: Sequence[tuple[str, str]]
    funds: Sequence[tuple[str, str]]
    tiers: Sequence[tuple[str, str]]


def lists(known: Known) -> Lists:
    """The lists of a ledger."""
    return Lists(*(
        [(code, str(one["name"])) for code, one in rows.items()]
        for rows in (known.organisations, known.funds, known.tiers)
    ))  # fmt: skip


def write_register(path: Path, rows: Sequence[Mapping[str, str]], offered: Lists) -> None:
    """Write decisions as a register; a template where there are none.

    Args:
        path: .xlsx with lists and checks, or .csv with the rows alone.
        rows: kind and fields as text, by the name of the column.

    Raises:
        Refused: the file cannot be written, or its name promises another format.
    """
    refuse_other_suffix(path, ".xlsx", ".csv")
    if path.suffix.lower() == ".csv":
        _write_csv(path, rows)
        return
    book = Book(path, "Register of decisions")
    last = _register(book, rows)
    _checks(book, last)
    _kinds(book)
    kinds = [(one.name, one.meaning) for one in DECISIONS.values()]
    for name, offers in (
        ("Decisions", kinds),
        ("Organisations", offered.organisations),
        ("Funds", offered.funds),
        ("Tiers", offered.tiers),
    ):
        sheet = book.sheet(name, name, "What the lists on the sheet Register offer.", ("Code", "Name"), (_WIDE, 60))
        for row, pair in enumerate(offers, start=FIRST_ROW):
            for column, text in enumerate(pair):
                sheet.write_string(row, column, text)
    _validate(book, last, offered)
    book.close()


def _write_csv(path: Path, rows: Sequence[Mapping[str, str]]) -> None:
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            out = csv.writer(file)
            out.writerow([title(name) for name in columns()])
            # A sheet of text has no kinds of cells: what could be calculated gets an apostrophe, and loses it again.
            out.writerows([csv_text(row.get(name, "")) for name in columns()] for row in rows)
    except OSError as error:
        raise unwritable(path) from error


def _register(book: Book, rows: Sequence[Mapping[str, str]]) -> int:
    """Write the table; answer its last row."""
    names = columns()
    sheet = book.sheet(SHEET, SHEET, _NOTE, [title(name) for name in names], [16] * len(names))
    text, money = book.look("text", "input"), book.look("pence", "input")
    known = fields()
    for number, row in enumerate(rows, start=FIRST_ROW):
        for column, name in enumerate(names):
            said = row.get(name, "")
            is_money = name in known and known[name].holds in MONEY
            if not said:
                sheet.write_blank(number, column, None, money if is_money else text)
            elif is_money and _PLAIN.fullmatch(said):
                sheet.write_number(number, column, Decimal(said), money)
            else:
                sheet.write_string(number, column, said, text)
    first_free = FIRST_ROW + len(rows)
    for number in range(first_free, first_free + _FREE_ROWS):
        for column, name in enumerate(names):
            is_money = name in known and known[name].holds in MONEY
            sheet.write_blank(number, column, None, money if is_money else text)
    sheet.freeze_panes(FIRST_ROW, 1)
    return first_free + _FREE_ROWS - 1


def _range(name: str, last: int) -> str:
    letter = xl_col_to_name(columns().index(name))
    return f"{SHEET}!${letter}${FIRST_ROW + 1}:${letter}${last + 1}"


def _checks(book: Book, last: int) -> None:
    note = "Fill in the letter's total: the file is refused unless what is received comes to it."
    sheet = book.sheet(CHECKS, CHECKS, note, ("What", "Pounds", "Holds"), (60, 24, 12))
    kind, amount = _range(KIND, last), _range("amount", last)
    pence = book.look("pence")
    sheet.write_string(FIRST_ROW, 0, LETTER)
    sheet.write_blank(FIRST_ROW, 1, None, book.look("pence", "input"))
    sheet.write_string(FIRST_ROW + 1, 0, "What the rows receive (£)")
    sheet.write_formula(FIRST_ROW + 1, 1, f'=SUMIFS({amount},{kind},"receive")', pence, 0)
    total, received = f"B{FIRST_ROW + 1}", f"B{FIRST_ROW + 2}"
    tied = f'=IF({total}="","Not given",IF(ABS({total}-{received})<0.005,"Yes","No"))'
    sheet.write_formula(FIRST_ROW + 1, 2, tied, None, "Not given")
    row = FIRST_ROW + 2
    for name in ("date", "reason"):
        n = row + 1
        wrong = f'SUMPRODUCT(({kind}<>"")*({_range(name, last)}=""))'
        sheet.write_string(row, 0, f"Every row has a {name}")
        sheet.write_formula(row, 2, f'=IF({wrong}=0,"Yes","No")', None, "Yes")
        row = n
    book.yes_or_no(sheet, FIRST_ROW, row, 2)


def _kinds(book: Book) -> None:
    headings = ("Kind", "What it records", "Field", "Needed", "What it is", "Example", "One of")
    sheet = book.sheet("Kinds", "Kinds of decision, and what each is asked for", "", headings,
                       (18, 60, 20, 10, 60, 34, 50))  # fmt: skip
    row = FIRST_ROW
    for decision in DECISIONS.values():
        for field in decision.fields:
            needed = "yes" if field.required else ""
            told = (decision.name, decision.meaning, title(field.name), needed, field.meaning, field.example,
                    ", ".join(field.choices))  # fmt: skip
            for column, text in enumerate(told):
                sheet.write_string(row, column, text, book.look("wrap"))
            row += 1


def _validate(book: Book, last: int, offered: Lists) -> None:
    sheet: Any = book.workbook.get_worksheet_by_name(SHEET)
    sources: dict[Holds, Any] = {
        Holds.ORGANISATION: _offer("Organisations", len(offered.organisations)),
        Holds.FUND: _offer("Funds", len(offered.funds)),
        Holds.TIER: _offer("Tiers", len(offered.tiers)),
        Holds.YES_NO: ["yes", "no"],
    }
    known = fields()
    for column, name in enumerate(columns()):
        field = known.get(name)
        source = _offer("Decisions", len(DECISIONS)) if name == KIND else sources.get(field.holds) if field else None
        if field and field.holds is Holds.WORD:
            # Two decisions may know other words for one field.
            source = list(dict.fromkeys(word for one in DECISIONS.values() for each in one.fields
                                        if each.name == name for word in each.choices))  # fmt: skip
        if source:
            told = {"validate": "list", "source": source, "error_title": title(name), "error_type": "warning",
                    "error_message": "It is not in the list; the same register may bring it."}  # fmt: skip
            sheet.data_validation(FIRST_ROW, column, last, column, told)


def _offer(sheet: str, count: int) -> str:
    return f"={sheet}!$A${FIRST_ROW + 1}:$A${FIRST_ROW + max(count, 1)}"
