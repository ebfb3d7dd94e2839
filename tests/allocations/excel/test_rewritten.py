"""Workbooks that import, rewritten at random: another year, unit or currency said somewhere, or a column put in.

What each file says is known here because it was put there: words by words, place by place. A file that says nothing
but the truth of one year and one unit may be read, and then comes to the amounts that were written; whatever
contradicts that is refused. No total is ever wrong in silence.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocations.files.budgets.mapping import Settings
from ledger.store.base import Store
from tests.allocations.excel.workbooks import understood, with_openpyxl
from tests.books import texts

PLACES = ("caption", "corner", "sheet", "file", "heading", "note")
THIS, LAST, NEXT = 2025, 2024, 2026
# How a financial year is said; {a} and {b} are its calendar years, {c} and {d} their last two figures.
YEARS = (
    "{a}/{d}", "{a}-{d}", "{a} to {b}", "{a}/{b}", "FY {a}/{d}", "{c}/{d}", "{c}-{d}", "{a}-{b}",
    "year ending 31 March {b}", "y/e 31.03.{b}", "12 months to March {b}", "Apr-{c} to Mar-{d}",
    "1 April {a} to 31 March {b}", "01/04/{a} - 31/03/{b}",
)  # fmt: skip
IN_NAMES = ("{a}-{d}", "{c}-{d}", "{a} to {b}", "{c}{d}", "FY{c}-{d}", "{a}_{d}")
UNITS = {
    1: ("(£)", "in pounds", "(pounds)"),
    1_000: (
        "(£000)", "£'000", "£k", "in thousands", "(£,000)", "£ thousand", "(000s)", "£000s", "GBP thousands", "TGBP",
        "x £1,000", "1,000s", "(k)", "£ths", "£\u2019000", "£ 000", "\u00a3\u2018000", "thousands of pounds",
    ),
    1_000_000: ("£m", "£ million", "(£mn)", "in millions", "£000,000", "£'m", "millions of pounds"),
    0: ("(£bn)", "in hundreds of pounds", "£ in lakhs"),  # not read
}  # fmt: skip
CURRENCIES = ("(€)", "in euros", "USD", "($)", "EUR", "US dollars", "CHF")
PURPOSES = ("Draft", "Not yet approved", "Indicative", "Superseded", "Cumulative", "Quarter 2", "Monthly", "Withdrawn",
            "Proposed", "3-year")  # fmt: skip
FORMATS = {
    1_000: ('#,##0.0"k"', "0\\k", '#,##0",000"'),
    1_000_000: ('0.0"m"',),
    -1: ("[$€-2] #,##0", "[$$-409]#,##0.00"),
}
BESIDE = (
    "Variance (£)", "Draft budget (£)", "of which NR (£)", "Total list size", "YTD Actual (£)", "Growth (£)",
    "2024/25 (£)", "2024/25 budget (£)", "Note", "Uplift %", "£ per head", "WTE", "Spend to date (£)", "Forecast (£)",
    "Rank", "Last year (£)", "Bids (£)", "Contingency (£)", "Total (£)", "Budget (£)", "Revised budget (£)",
)  # fmt: skip


@dataclass
class File:
    """A file as it is written, and what it says of itself.

    Attributes:
        years: the calendar years in which the financial years that it names begin.
        scales: how many pounds one of its numbers is, for every unit that it names; 0 for one that is not read.
        is_foreign: whether it names another currency.
        purposes: what it calls its money beside a budget.
    """

    amounts: list[int]
    captions: list[str] = field(default_factory=list)
    corner: str = ""
    sheet: str = "Plan"
    name: str = "file"
    heading: str = "Budget"
    notes: list[str] = field(default_factory=list)
    number_format: str = ""
    extra: tuple[int, str] | None = None
    years: set[int] = field(default_factory=set)
    scales: set[int] = field(default_factory=set)
    is_foreign: bool = False
    purposes: list[str] = field(default_factory=list)

    def say(self, text: str, place: str) -> None:
        """Put words in a place."""
        if place == "caption":
            self.captions.append(text)
        elif place == "corner":
            self.corner = f"{self.corner} {text}".strip()
        elif place == "heading":
            self.heading = f"{self.heading} {text}"
        elif place == "note":
            self.notes.append(f"All budgets are {text}")
        else:
            plain = "".join(letter for letter in text if letter not in "/\\?*[]:'\u2018\u2019")
            setattr(self, place, f"{getattr(self, place)} {plain}"[:31])

    def rows(self) -> list[list[Any]]:
        """The cells."""
        table: list[list[Any]] = [["Code", self.heading], ["P1", self.amounts[0]], ["P2", self.amounts[1]]]
        if self.extra is not None:
            at, heading = self.extra
            for row, value in zip(
                table, (heading, max(1, self.amounts[0] // 2), max(1, self.amounts[1] // 3)), strict=True
            ):
                row.insert(at, value)
        width = len(table[0])
        corner = [["Budgets", *[None] * width, self.corner]] if self.corner else []
        return [*([text] for text in self.captions), *corner, *table, [], *([text] for text in self.notes)]


def a_year(file: File, chance: random.Random, start: int, place: str) -> None:
    """Say a year."""
    forms = IN_NAMES if place in ("sheet", "file", "name") else YEARS
    text = chance.choice(forms).format(a=start, b=start + 1, c=start % 100, d=start % 100 + 1)
    file.say(text, place)
    file.years.add(start)


def a_unit(file: File, chance: random.Random, scale: int, place: str) -> None:
    """Say a unit; names of sheets and files hold the plainest of them."""
    forms = {1: ("£",), 1_000: ("£000", "£k"), 1_000_000: ("£m",)}.get(scale, ()) if place in ("sheet", "name") else ()
    file.say(chance.choice(forms or UNITS[scale]), place)
    file.scales.add(scale)


def rewritten(chance: random.Random) -> File:
    """A file that would import, with up to four things said of it that may or may not be so."""
    file = File([chance.randrange(1, 10**6), chance.randrange(1, 10**6)])
    a_unit(file, chance, chance.choice((1, 1, 1_000, 1_000_000)), chance.choice(("heading", "caption")))
    for _ in range(chance.randrange(0, 4)):
        what = chance.choice(("year", "year", "unit", "unit", "currency", "purpose", "format", "column"))
        place = chance.choice(("caption", "corner", "sheet", "name", "heading", "note"))
        if what == "year" and file.extra is None:
            a_year(file, chance, chance.choice((THIS, LAST, NEXT)), place)
        elif what == "unit":
            a_unit(
                file,
                chance,
                chance.choice((1, 1_000, 1_000_000, 0)),
                "heading" if place in ("sheet", "name") else place,
            )
        elif what == "currency":
            file.say(chance.choice(CURRENCIES), "caption" if place in ("sheet", "name") else place)
            file.is_foreign = True
        elif what == "purpose" and place != "note":
            file.purposes.append(chance.choice(PURPOSES))
            file.say(file.purposes[-1], place)
        elif what == "format" and not file.number_format:
            scale = chance.choice(list(FORMATS))
            file.number_format = chance.choice(FORMATS[scale])
            file.is_foreign |= scale < 0
            file.scales |= {scale} - {-1}
        elif what == "column" and file.extra is None and not file.years:  # beside last year's, 'Budget' is this year's
            file.extra = chance.randrange(1, 3), chance.choice(BESIDE)
    return file


def test_no_rewritten_file_yields_a_silent_wrong_total(books: Store, tmp_path: Path) -> None:
    """Seeded, as every property here; how many are tried depends on the profile."""
    seen = {"read": 0, "refused": 0}

    @settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
    @given(seed=st.integers(0, 2**32))
    def holds(seed: int) -> None:
        chance = random.Random(seed)
        file = rewritten(chance)
        path = tmp_path / f"{file.name.strip()}.xlsx"

        def dress(_: Any, sheet: Any) -> None:
            sheet.title = file.sheet
            for row in sheet.iter_rows():
                for cell in row:
                    if file.number_format and cell.value in file.amounts:
                        cell.number_format = file.number_format

        with_openpyxl(path, file.rows(), dress)
        found = understood(books, path)
        path.unlink()
        if found.problems:
            seen["refused"] += 1
            return
        seen["read"] += 1
        said = f"{file} came to {found.read_pence}"
        assert file.years <= {THIS}, f"another year was passed over: {said}"
        assert not file.is_foreign, f"another currency was passed over: {said}"
        assert not file.purposes, f"what it calls its money was passed over: {said}"
        assert len(file.scales) == 1, f"one of two units was taken: {said}"
        assert found.read_pence == sum(file.amounts) * 100 * min(file.scales), said

    holds()
    assert seen["read"] * 20 > seen["refused"], f"too little is read to try anything: {seen}"


def test_a_file_that_says_the_truth_everywhere_is_read(books: Store, tmp_path: Path) -> None:
    """The other half of it: agreement is silent, in every place and every way of saying it."""
    refused = []
    for place in ("caption", "corner", "sheet", "name", "heading", "note"):
        for number, form in enumerate(IN_NAMES if place in ("sheet", "name") else YEARS):
            file = File([2500, 3500], heading="Budget (£)")
            file.say(form.format(a=THIS, b=THIS + 1, c=THIS % 100, d=THIS % 100 + 1), place)
            path = tmp_path / f"{file.name}.xlsx"
            found = understood(
                books, with_openpyxl(path, file.rows(), lambda _, page, file=file: setattr(page, "title", file.sheet))
            )  # type: ignore[misc]
            if found.problems or found.read_pence != 600_000:
                refused.append((place, number, form, texts(found.problems)))
    for scale in (1, 1_000, 1_000_000):
        for form in UNITS[scale]:
            file = File([2500, 3500])
            file.say(form, "caption")
            found = understood(books, with_openpyxl(tmp_path / "file.xlsx", file.rows(), lambda *_: None))
            if found.problems or found.read_pence != 600_000 * scale:
                refused.append(("caption", scale, form, texts(found.problems)))
    assert not refused, refused


def test_what_was_meant_is_read_in_spite_of_what_the_file_says(books: Store, tmp_path: Path) -> None:
    """An option overrides each kind of statement, and nothing but it."""
    file = File([2500, 3500])
    for text in ("2024/25", "£000", "Draft"):
        file.say(text, "caption")
    path = with_openpyxl(tmp_path / "file.xlsx", file.rows(), lambda *_: None)
    meant = Settings(other_year="meant", purpose="meant")
    assert understood(books, path, settings=meant).read_pence == 600_000_000
    assert understood(books, path, settings=meant, unit="pounds").read_pence == 600_000
    for part in (Settings(other_year="meant"), Settings(purpose="meant")):
        assert understood(books, path, settings=part).problems
