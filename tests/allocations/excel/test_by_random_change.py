"""Each kind of fault that no rewriting of a heading shows, by random change: a file is read right, or refused.

``test_rewritten`` changes what a file says of its year, unit, currency, purpose and columns; here is the rest.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from allocations.files.budgets.mapping import Settings
from allocations.shares.historic import read_historic
from ledger.errors import Refused
from ledger.store.base import Store
from tests.allocations.excel.test_kinds import FUNDS, MONTHS, ORGANISATIONS
from tests.allocations.excel.workbooks import understood, with_openpyxl, written
from tests.profiles import times

# What became of a file: the pence that were read, or none where it was refused; and the pence that are right, or
# none where it had to be refused.
Found = tuple[int | None, int | None]
UNSEEN = "\u200b\u00ad\u2060\ufeff\u200e\u200c"


def became(
    same_books: Store, path: Path, right: int | None, *, fund: str | None = "core", said: Settings | None = None
) -> Found:
    try:
        found = understood(same_books, path, fund=fund, settings=said or Settings())
    except Refused:  # it could not even be read as text
        return None, right
    return (None if found.problems else found.read_pence), right


def plain(first: Any, second: Any, *more: Sequence[Any], heading: Any = "Budget (£)") -> list[list[Any]]:
    return [["Code", heading], ["P1", first], ["P2", second], *(list(row) for row in more)]


def cut_lines(same_books: Store, chance: random.Random, path: Path) -> Found:
    """K5: thousands parted by commas that nobody quoted, or a comma too many or too few in any line."""
    lines = ["Code,Budget (£),Note", f"P1,{chance.randrange(1, 999)},a", f"P2,{chance.randrange(1, 999)},b"]
    at = chance.randrange(1, 3)
    code, amount, note = lines[at].split(",")
    lines[at] = chance.choice(
        (f"{code},{chance.randrange(1, 99)},{amount:0>3},{note}", f"{code},{amount}", f",{lines[at]}")
    )
    path = path.with_suffix(".csv")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return became(same_books, path, None)


def running_up(same_books: Store, chance: random.Random, path: Path) -> Found:
    """K7: months that are totals to date."""
    rows: list[list[Any]] = [["Budgets (£)"], ["Code", *MONTHS]]
    for code in ("P1", "P2"):
        steps = [chance.randrange(50, 200) for _ in MONTHS]
        rows.append([code, *(sum(steps[: n + 1]) for n in range(12))])
    return became(same_books, written(path, rows), None)


def historic(same_books: Store, chance: random.Random, path: Path) -> Found:
    """K8: the historic budgets of a schedule, with a unit and a total that may not hold."""
    amounts, scale, off = (
        [chance.randrange(1, 999) for _ in range(2)],
        chance.choice((1, 1000)),
        chance.choice((0, 0, 7)),
    )
    rows = [
        [f"Budgets ({'£000' if scale == 1000 else '£'})"], ["Place", "Fund", "Budget"],
        *(["P1", "core", amounts[0]], ["P2", "core", amounts[1]], ["Total", None, sum(amounts) + off]),
    ]  # fmt: skip
    try:
        read: int | None = sum(read_historic(written(path, rows), ORGANISATIONS, FUNDS).pence.values())
    except Refused:
        read = None
    return read, None if off else sum(amounts) * scale * 100


def numbered(same_books: Store, chance: random.Random, path: Path) -> Found:
    """K10: months that are headed by their numbers, some or all of them."""
    until = chance.randrange(9, 13)
    rows: list[list[Any]] = [["Budgets (£)"], ["Code", *range(1, until + 1)]]
    amounts = [[chance.randrange(300, 400) + 40 * (n % 2) for n in range(until)] for _ in range(2)]
    rows += [["P1", *amounts[0]], ["P2", *amounts[1]]]
    return became(same_books, written(path, rows), sum(map(sum, amounts)) * 100)


def hidden(same_books: Store, chance: random.Random, path: Path) -> Found:
    """K11: a row that a reader of the sheet does not see."""
    row = chance.choice((2, 3))
    ways: tuple[Callable[[Any], None], ...] = (
        lambda sheet: setattr(sheet.row_dimensions[row], "hidden", True),
        lambda sheet: setattr(sheet.row_dimensions[row], "height", chance.choice((0, 0.1))),
        lambda sheet: setattr(sheet.cell(row, 2), "font", sheet.cell(row, 2).font.copy(strike=True)),
        lambda sheet: setattr(sheet.cell(row, 2), "number_format", ";;;"),
        lambda sheet: setattr(sheet.column_dimensions["B"], "hidden", True),
    )
    change = chance.choice(ways)
    rows = plain(chance.randrange(1, 10**6), chance.randrange(1, 10**6))
    return became(same_books, with_openpyxl(path, rows, lambda _, sheet: change(sheet)), None)


def two_levels(same_books: Store, chance: random.Random, path: Path) -> Found:
    """K12: months under a heading that is written over the first of its columns alone."""
    split = chance.randrange(1, 6)
    amounts = [[chance.randrange(1000, 1900) + 900 * (n % 2) for n in range(6)] for _ in range(2)]
    over: list[Any] = [None] * 7
    over[1], over[1 + split] = "Recurrent (£)", "Non-recurrent (£)"
    months = [*MONTHS[:split], *MONTHS[: 6 - split]]
    rows = [over, ["Code", *months], ["P1", *amounts[0]], ["P2", *amounts[1]]]
    return became(same_books, written(path, rows), sum(map(sum, amounts)) * 100)


def divided(same_books: Store, chance: random.Random, path: Path) -> Found:
    """K14: text divided by other signs, with other ends of lines, marks and encodings."""
    amounts = [chance.randrange(1, 999) for _ in range(2)]
    divider, end = chance.choice(",;\t|"), chance.choice(("\n", "\r\n"))
    text = end.join(divider.join(map(str, row)) for row in plain(*amounts)) + end
    path = path.with_suffix(".csv")
    path.write_bytes(text.encode(chance.choice(("utf-8", "utf-8-sig", "cp1252", "utf-16"))))
    return became(same_books, path, sum(amounts) * 100)


def unseen(same_books: Store, chance: random.Random, path: Path) -> Found:
    """K15: letters that nobody sees, in any word of the file."""
    amounts = [chance.randrange(1, 10**6) for _ in range(2)]
    rows = plain(*amounts, ["Total", sum(amounts)])
    for row in rows:
        for column, word in enumerate(row):
            if isinstance(word, str):
                at = chance.randrange(len(word) + 1)
                row[column] = word[:at] + chance.choice((*UNSEEN, "", "")) + word[at:]
    return became(same_books, written(path, rows), sum(amounts) * 100)


def recurring(same_books: Store, chance: random.Random, path: Path) -> Found:
    """K16: whether it recurs in a column, in any words or none."""
    amounts = [chance.randrange(1, 10**6) for _ in range(2)]
    words = [chance.choice(("R", "NR", "Recurrent", "Non-recurrent", "", "maybe")) for _ in range(2)]
    rows = [["Code", "R/NR", "Budget (£)"], ["P1", words[0], amounts[0]], ["P2", words[1], amounts[1]]]
    return became(same_books, written(path, rows), None if "maybe" in words else sum(amounts) * 100)


def the_payer(same_books: Store, chance: random.Random, path: Path) -> Found:
    """K17: the row of who pays is the total where it is the sum of the others, and nobody's money otherwise."""
    amounts, off = [chance.randrange(1, 10**6) for _ in range(2)], chance.choice((0, 0, 1, -1))
    rows = plain(*amounts, [chance.choice(("ICB1", "First ICB")), sum(amounts) + off])
    return became(same_books, written(path, rows), None if off else sum(amounts) * 100)


def rounded(same_books: Store, chance: random.Random, path: Path) -> Found:
    """K18: a total that is rounded, as is said or coarser."""
    amounts, told = [chance.randrange(1, 10**6) for _ in range(2)], chance.choice((10, 100, 1000))
    total = sum(amounts) + chance.randrange(-2 * told, 2 * told + 1)
    holds = 2 * abs(total - sum(amounts)) <= told
    path = written(path, plain(*amounts, ["Total", total]))
    return became(same_books, path, sum(amounts) * 100 if holds else None, said=Settings(total_rounded_to=told))


def matrix(same_books: Store, chance: random.Random, path: Path) -> Found:
    """K19: places down and lines across, or the other way about, in pounds or thousands."""
    amounts, scale = [[chance.randrange(1, 999) for _ in range(2)] for _ in range(2)], chance.choice((1, 1000))
    places, lines = ["P1", "P2"], ["core", "growth"]
    down, across, corner = (places, lines, "Place") if chance.random() < 0.5 else (lines, places, "Fund")
    rows: list[list[Any]] = [[f"Budgets ({'£000' if scale == 1000 else '£'})"], [corner, *across]]
    rows += [[name, *row] for name, row in zip(down, amounts, strict=True)]
    return became(same_books, written(path, rows), sum(map(sum, amounts)) * scale * 100, fund=None)


@pytest.mark.parametrize(
    "change",
    [
        cut_lines,
        running_up,
        historic,
        numbered,
        hidden,
        two_levels,
        divided,
        unseen,
        recurring,
        the_payer,
        rounded,
        matrix,
    ],
)
def test_a_file_that_is_changed_at_random_is_read_right_or_refused(
    change: Callable[[Store, random.Random, Path], Found], same_books: Store, tmp_path: Path
) -> None:
    seen = {"read": 0, "refused": 0}

    @settings(
        max_examples=times(quick=10, ci=12, nightly=250),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture],
    )
    @given(seed=st.integers(0, 2**32))
    def holds(seed: int) -> None:
        read, right = change(same_books, random.Random(seed), tmp_path / "file.xlsx")
        seen["refused" if read is None else "read"] += 1
        assert read is None or read == right, f"{change.__doc__} Seed {seed}: {read} was read, {right} is right"

    holds()
    if change not in (cut_lines, running_up, hidden):
        assert seen["read"] > 0, "nothing was read, so nothing was tried"
