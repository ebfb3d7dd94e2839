"""The totals that a budget prints, and the three that must tie: the file's, what was read, what is held.

A total row may add up the rows since the total before it, several such groups, or all of them; one at the top
adds up what follows. Sums are exact, of the numbers as the file holds them; a total holds when it differs by
less than half a penny, which is more than Excel's arithmetic ever strays.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from functools import cache

from allocations.figures import tables
from allocations.files.budgets.mapping import ColumnMapping, Meaning
from allocations.files.budgets.understood import Control, Request, Understood
from allocations.reading.cells import Cell
from ledger.errors import Problem
from ledger.inputs import Input
from ledger.money import exact_pounds
from ledger.reports import position
from ledger.reports.position import Moment
from ledger.store.base import Reader
from ledger.words import STANDINGS

HALF_A_PENNY = Decimal("0.005")
_NOTHING = Decimal(0)

Sums = dict[int, Decimal]


def holds(first: Decimal, second: Decimal, rounded_to: int | None = None) -> bool:
    """Whether two sums are the same money, or as near as totals that were rounded to so many pounds can be."""
    return abs(first - second) < HALF_A_PENNY or (rounded_to is not None and abs(first - second) * 2 <= rounded_to)


def parts_of(columns: Mapping[int, ColumnMapping], amounts: Sequence[int]) -> dict[int, list[tuple[int, ...]]]:
    """For each column of totals, the sets of columns that it could add up."""
    found: dict[int, list[tuple[int, ...]]] = {}
    totals = [place for place, column in sorted(columns.items()) if column.meaning is Meaning.TOTAL]
    for place in totals:
        before = max((other for other in totals if other < place), default=-1)
        after = min((other for other in totals if other > place), default=10**6)
        sets = [
            tuple(amounts),
            tuple(other for other in amounts if before < other < place),
            tuple(other for other in amounts if place < other < after),
            tuple(other for other in amounts if columns[other].recurrent is True),
            tuple(other for other in amounts if columns[other].recurrent is False),
        ]
        found[place] = [each for each in dict.fromkeys(sets) if each]
    return found


class Totals:
    """What the rows sum to so far, and every total that was met.

    Attributes:
        columns: the columns of totals, which are checked row by row.
        file_total: the file's own total, once ``close`` was asked; none where it has none or it does not hold.
    """

    def __init__(
        self, parts: Mapping[int, list[tuple[int, ...]]], columns: Sequence[int], *, rounded_to: int | None = None
    ) -> None:
        self.columns = list(columns)
        self.rounded_to = rounded_to
        self.file_total: Decimal | None = None
        self.file_total_places: list[tuple[int, int]] = []
        self._parts = parts
        self._groups: list[Sums] = [{}]
        self._parents: dict[str, Sums] = defaultdict(dict)
        self._covering: list[tuple[int, int, Sums, Sums]] = []
        self._pending: list[tuple[int, Sums, Sums]] = []
        self._wrong: list[tuple[int, int, Decimal, Decimal]] = []
        self._rows_across: list[tuple[Sequence[Cell], Mapping[int, Decimal], Sums]] = []

    def row(self, pounds: Mapping[int, Decimal], parents: Iterable[str]) -> None:
        """Count a row of the budget, or one that is left out of it but counts in its totals."""
        _add(self._groups[-1], pounds)
        for parent in parents:
            _add(self._parents[parent], pounds)

    def total(self, number: int, pounds: Sums, sums: Sums) -> None:
        """Meet a total row: ``pounds`` under the columns of amounts, ``sums`` under those of totals."""
        open_group = bool(self._groups[-1])
        closed = self._groups if open_group else self._groups[:-1]
        for count in range(1, len(closed) + 1):
            of = _sum(closed[-count:])
            if self._agrees(pounds, sums, of):
                self._covered(number, count, pounds, sums, open_group=open_group)
                return
        if not any(closed):
            self._pending.append((number, pounds, sums))  # a total above what it adds up
            return
        of = closed[-1] if open_group else _sum(closed)
        for place, is_there, should_be in self._differences(pounds, sums, of):
            self._wrong.append((number, place, is_there, should_be))
        self._covered(number, 1 if open_group else len(closed), pounds, sums, open_group=open_group)

    def _covered(self, number: int, count: int, pounds: Sums, sums: Sums, *, open_group: bool) -> None:
        complete = all(place in pounds for place, amount in _sum(self._groups).items() if amount)
        if not complete and not sums:
            return  # a total of some columns only is checked, but is not what the file comes to
        if not complete:
            pounds = {}
        first = len(self._groups) - (0 if open_group else 1) - count
        self._covering = [held for held in self._covering if held[0] < first]
        self._covering.append((first, number, pounds, sums))
        if open_group:
            self._groups.append({})

    def of_parent(self, code: str, pounds: Sums) -> list[tuple[int, Decimal, Decimal]]:
        """Where the subtotal of somebody above differs from the rows of that code: column, is there, should be."""
        of = self._parents.get(code, {})
        return [
            (place, pounds[place], of.get(place, _NOTHING))
            for place in pounds
            if not self._hold(pounds[place], of.get(place, _NOTHING))
        ]

    def knows(self, code: str) -> bool:
        """Whether rows were met that are below a code."""
        return code in self._parents

    def would_hold(self, pounds: Sums) -> bool:
        """Whether a row would be a total of the rows before it."""
        closed = [group for group in self._groups if group]
        return bool(pounds) and any(self._agrees(pounds, {}, _sum(closed[-n:])) for n in range(1, len(closed) + 1))

    def adds_across(self) -> bool:
        """Whether rows have totals of their own that hold for amounts that are not nothing."""
        stated = [row for row in self._rows_across if any(row[2].values())]
        return bool(stated) and not list(self.wrong_across())

    def across(self, cells: Sequence[Cell], pounds: Mapping[int, Decimal], stated: Sums) -> None:
        """Keep a row's own totals, to be checked once it is known what they add up."""
        self._rows_across.append((cells, pounds, stated))

    def wrong_across(self) -> Iterator[tuple[Sequence[Cell], int, Decimal, Decimal]]:
        """Totals at the end of rows that do not hold: the row, the column, what is there, what should be.

        What a column of totals adds up is the set of columns for which it holds in the most rows.
        """
        for place in self.columns:
            rows = [row for row in self._rows_across if place in row[2]]
            if not rows or not self._parts.get(place):
                continue
            judged = [
                [(row, _sum_of(row[1], part)) for row in rows if not self._hold(row[2][place], _sum_of(row[1], part))]
                for part in self._parts[place]
            ]
            for (cells, _, stated), should_be in min(judged, key=len):
                yield cells, place, stated[place], should_be

    def close(self) -> list[tuple[int, int, Decimal, Decimal]]:
        """The total rows that do not hold: row, column, what is there, what should be. Sets the file's own total."""
        everything = _sum(self._groups)
        for number, pounds, sums in self._pending:
            differences = list(self._differences(pounds, sums, everything))
            self._wrong.extend((number, *difference) for difference in differences)
            self._covering = [(0, number, pounds, sums)]
        rest = _sum(self._groups[self._first_uncovered() :])
        if self._covering and not any(rest.values()) and self._covering[0][0] == 0:
            self.file_total = sum((self._whole(pounds, sums) for _, _, pounds, sums in self._covering), _NOTHING)
            self.file_total_places = [
                (number, (list(pounds) or list(sums))[-1]) for _, number, pounds, sums in self._covering
            ]
        return self._wrong

    def _first_uncovered(self) -> int:
        if self._pending:
            return len(self._groups)
        return len(self._groups) - 1 if self._covering else 0

    def _whole(self, pounds: Sums, sums: Sums) -> Decimal:
        """What a total row says in all: under its amounts where it has them, or else under its last total."""
        return sum(pounds.values(), _NOTHING) if pounds else list(sums.values())[-1]

    def _hold(self, is_there: Decimal, should_be: Decimal) -> bool:
        return holds(is_there, should_be, self.rounded_to)

    def _agrees(self, pounds: Sums, sums: Sums, parts: Sums) -> bool:
        return not any(True for _ in self._differences(pounds, sums, parts))

    def _differences(self, pounds: Sums, sums: Sums, parts: Sums) -> Iterator[tuple[int, Decimal, Decimal]]:
        for place, amount in pounds.items():
            if not self._hold(amount, parts.get(place, _NOTHING)):
                yield place, amount, parts.get(place, _NOTHING)
        if not pounds:
            for place, amount in sums.items():
                could = [_sum_of(parts, part) for part in self._parts.get(place, [])]
                if could and not any(self._hold(amount, each) for each in could):
                    yield place, amount, could[0]


def _add(sums: Sums, pounds: Mapping[int, Decimal]) -> None:
    for place, amount in pounds.items():
        sums[place] = sums.get(place, _NOTHING) + amount


def _sum(groups: Iterable[Sums]) -> Sums:
    found: Sums = {}
    for group in groups:
        _add(found, group)
    return found


def _sum_of(pounds: Mapping[int, Decimal], part: Iterable[int]) -> Decimal:
    return sum((pounds.get(place, _NOTHING) for place in part), _NOTHING)


# Pounds for thousands is off a thousandfold. A budget per head this far from what the payer holds per head is that.
_FAR = 200
_MOST_NAMED = 5
_MOST_PER_HEAD = 20_000  # pounds; a whole ICB's money is some £2,500 a head


def tie_problems(understood: Understood, file: str) -> list[Problem]:
    """Where the file's own total is not what was read of it."""
    problems = []
    for reading in understood.readings:
        if reading.file_pounds is None or reading.problems:
            continue
        read = reading.read_pounds + reading.left_out_pounds
        rounded_to = understood.mapping.settings.total_rounded_to if understood.mapping else None
        if rounded_to is not None and holds(reading.file_pounds, read, rounded_to) and reading.file_pounds != read:
            understood.differs.append(
                f"the file's own total of £{reading.file_pounds:,.2f} is rounded to £{rounded_to:,}, as was said; "
                f"£{read:,.2f} was read"
            )
        elif not holds(reading.file_pounds, read):
            cells = " and ".join(reading.file_total_cells)
            problems.append(
                Problem(
                    f"{file}, sheet {reading.sheet}, cell {cells}",
                    f"the file's own total is £{reading.file_pounds:,.2f}; £{read:,.2f} was read, "
                    f"{_apart(read - reading.file_pounds)}.",
                    "What is posted must be what the file comes to.",
                    "Look at the rows set aside: an amount may stand where no row was read. If the total was rounded "
                    f"on purpose, say to what {Input.TOTAL_ROUNDED_TO.given}.",
                )
            )
    request = understood.request
    if request.total_pence is not None and understood.lines and request.total_pence != understood.read_pence:
        difference = Decimal(understood.read_pence - request.total_pence) / 100
        problems.append(
            Problem(
                file,
                f"you said £{exact_pounds(request.total_pence)}; £{exact_pounds(understood.read_pence)} was read, "
                f"{_apart(difference)}.",
                "What is posted must be what was agreed.",
                "Correct the file or the total.",
            )
        )
    return problems


def _apart(pounds: Decimal) -> str:
    return f"£{abs(pounds):,.2f} too {'much' if pounds > 0 else 'little'}"


def control(reader: Reader, at: Moment, understood: Understood, funds: list[str]) -> tuple[Control, list[Problem]]:
    """Compare a budget with what its payer holds, fund by fund.

    Args:
        funds: the codes of the funds that pay.
    """
    request = understood.request
    rows = position.position(reader, at, year=request.year.start).to_pylist()
    held: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if row["organisation"] == request.payer:
            # The source of all money stands below zero: it has what it may give, and no total to tie to.
            held[row["fund"], row["standing"].split()[0]] += row["amount_pence"]
    handed: dict[str, int] = defaultdict(int)
    for line in understood.lines:
        handed[request.fund or line.fund] += line.amount_pence
    by_fund = {fund: (held[fund, request.standing], handed[fund]) for fund in funds}
    whole = sum(have for have, _ in by_fund.values())
    found_control = Control(whole, whole - sum(handed.values()), by_fund)
    problems = _scale_problems(understood, by_fund)
    if not problems:
        for fund, (have, give) in by_fund.items():
            problem = _fund_problem(understood, fund, have, give, held)
            problems.extend([problem] if problem else [])
    if request.leave_rest and understood.file_pence is None and not understood.problems:
        problems.append(
            Problem(
                understood.file,
                "the file prints no total of its own, and what is left may stay with the payer.",
                "Nothing would show that a row was missed.",
                f"Say what it comes to {Input.TOTAL.given}, or let the file have a total row.",
            )
        )
    return found_control, problems


def _fund_problem(
    understood: Understood, fund: str, have: int, give: int, held: dict[tuple[str, str], int]
) -> Problem | None:
    request = understood.request
    if have == give or (request.leave_rest and give <= have):
        return None
    way = "too much" if give > have else "too little"
    others = _others(request, fund, held)
    remedy = "Correct the file, or the books."
    if give < have:
        remedy = f"Hand out all of it, or say {Input.REST.given} that the rest stays with {request.payer}."
    elif others:
        remedy = f"It also holds {others}: name that {Input.STANDING.given} or {Input.FUND.given}."
    return Problem(
        f"{understood.file}, control total",
        f"{request.payer} holds £{exact_pounds(have)} {request.standing} of {fund} in {request.year}; the file hands "
        f"out £{exact_pounds(give)}, £{exact_pounds(abs(give - have))} {way}.",
        "A budget hands out what there is.",
        remedy,
    )


def _others(request: Request, fund: str, held: dict[tuple[str, str], int]) -> str:
    """What else the payer holds that could have been meant: the same fund otherwise, or else its largest."""
    found = [
        (other == fund, pence, f"{other} £{exact_pounds(pence)} {standing}")
        for (other, standing), pence in held.items()
        if pence > 0 and standing in STANDINGS[:2] and (other, standing) != (fund, request.standing)
    ]
    same = [text for is_same, _, text in found if is_same]
    return ", ".join(same or [text for _, _, text in sorted(found, reverse=True)[:_MOST_NAMED]])


def _scale_problems(understood: Understood, by_fund: dict[str, tuple[int, int]]) -> list[Problem]:
    """Whether the amounts are a thousandfold off: pounds read as thousands, or thousands as pounds."""
    have = sum(each for each, _ in by_fund.values())
    give = understood.read_pence
    heads = understood.per_head
    unit = ", ".join(f"{sheet}: {said}" for sheet, said in understood.units.items())
    ratio = Fraction(give, have) if have > 0 else None
    far = ratio is not None and (ratio >= _FAR or ratio * _FAR <= 1)
    if ratio is not None and ratio < 1 and understood.request.unit is not None:
        far = False  # a small part, in a unit that the user has confirmed
    high = heads is not None and heads > _MOST_PER_HEAD
    if not far and not high:
        return []
    each = f", £{understood.per_head_text} for each registered person" if heads is not None else ""
    held = f"; {understood.request.payer} holds £{exact_pounds(have)}" if have > 0 else ""
    return [
        Problem(
            f"{understood.file}, unit",
            f"it comes to £{exact_pounds(give)}{each}{held}. The unit was read as {unit}.",
            "It looks a thousandfold off: pounds taken for thousands, or thousands for pounds.",
            f"Say what the amounts are in {Input.UNIT.given}.",
        )
    ]


def per_head(understood: Understood) -> Fraction | None:
    """Pounds for each registered person of those who receive; none where the population of one is not known."""
    people = _registered()
    receivers = {line.organisation for line in understood.lines}
    if not receivers or any(code not in people for code in receivers):
        return None
    whole = sum((people[code] for code in receivers), Fraction(0))
    return Fraction(understood.read_pence, 100) / whole if whole else None


@cache
def _registered() -> dict[str, Fraction]:
    """Registered people of every practice, network, place and ICB of the shipped figures."""
    table = tables.table("practices_2025_26")
    found: dict[str, Fraction] = {}
    for level in ("practice", "pcn", "place", "icb"):
        for row in table.group_by(level).aggregate([("registered", "sum")]).to_pylist():
            if row[level]:
                found[row[level]] = Fraction(row["registered_sum"])
    return found
