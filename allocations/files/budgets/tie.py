"""Three totals that must tie: the file's own, what was read of it, and what the payer holds in the books."""

from collections import defaultdict
from decimal import Decimal
from fractions import Fraction
from functools import cache

from allocations.figures import tables
from allocations.files.budgets.totals import holds
from allocations.files.budgets.understood import Control, Request, Understood
from ledger.errors import Problem
from ledger.money import exact_pounds
from ledger.reports import position
from ledger.reports.position import Moment
from ledger.store.base import Reader
from ledger.words import STANDINGS

# Pounds for thousands is off a thousandfold. A budget per head this far from what the payer holds per head is that.
_FAR, _FARTHEST = 200, 5_000
_MOST_NAMED = 5
_MOST_PER_HEAD = 20_000  # pounds; a whole ICB's money is some £2,500 a head


def tie_problems(found: Understood, file: str) -> list[Problem]:
    """Where the file's own total is not what was read of it."""
    problems = []
    for reading in found.readings:
        if reading.file_pounds is None or reading.problems:
            continue
        read = reading.read_pounds + reading.left_out_pounds
        if not holds(reading.file_pounds, read):
            cells = " and ".join(reading.file_total_cells)
            problems.append(
                Problem(
                    f"{file}, sheet {reading.sheet}, cell {cells}",
                    f"the file's own total is £{reading.file_pounds:,.2f}; £{read:,.2f} was read, "
                    f"{_apart(read - reading.file_pounds)}.",
                    "What is posted must be what the file comes to.",
                    "Look at the rows set aside: an amount may stand where no row was read.",
                )
            )
    request = found.request
    if request.total_pence is not None and found.lines and request.total_pence != found.read_pence:
        difference = Decimal(found.read_pence - request.total_pence) / 100
        problems.append(
            Problem(
                file,
                f"you said £{exact_pounds(request.total_pence)}; £{exact_pounds(found.read_pence)} was read, "
                f"{_apart(difference)}.",
                "What is posted must be what was agreed.",
                "Correct the file or the total.",
            )
        )
    return problems


def _apart(pounds: Decimal) -> str:
    return f"£{abs(pounds):,.2f} too {'much' if pounds > 0 else 'little'}"


def control(reader: Reader, at: Moment, found: Understood, funds: list[str]) -> tuple[Control, list[Problem]]:
    """Compare a budget with what its payer holds, fund by fund.

    Args:
        funds: the codes of the funds that pay.
    """
    request = found.request
    rows = position.position(reader, at, year=request.year.start).to_pylist()
    held: dict[tuple[str, str], int] = defaultdict(int)
    for row in rows:
        if row["organisation"] == request.payer:
            # The source of all money stands below zero: it has what it may give, and no total to tie to.
            held[row["fund"], row["standing"].split()[0]] += row["amount_pence"]
    handed: dict[str, int] = defaultdict(int)
    for line in found.lines:
        handed[request.fund or line.fund] += line.amount_pence
    by_fund = {fund: (held[fund, request.standing], handed[fund]) for fund in funds}
    whole = sum(have for have, _ in by_fund.values())
    found_control = Control(whole, whole - sum(handed.values()), by_fund)
    problems = _scale_problems(found, by_fund)
    if not problems:
        for fund, (have, give) in by_fund.items():
            problem = _fund_problem(found, fund, have, give, held)
            problems.extend([problem] if problem else [])
    if request.leave_rest and found.file_pence is None and not found.problems:
        problems.append(
            Problem(
                found.file,
                "the file prints no total of its own, and what is left may stay with the payer.",
                "Nothing would show that a row was missed.",
                "Say what it comes to with --total, or let the file have a total row.",
            )
        )
    return found_control, problems


def _fund_problem(
    found: Understood, fund: str, have: int, give: int, held: dict[tuple[str, str], int]
) -> Problem | None:
    request = found.request
    if have == give or (request.leave_rest and give <= have):
        return None
    way = "too much" if give > have else "too little"
    others = _others(request, fund, held)
    remedy = "Correct the file, or the books."
    if give < have:
        remedy = f"Hand out all of it, or say with --leave-rest that the rest stays with {request.payer}."
    elif others:
        remedy = f"It also holds {others}: name that with --standing or --fund."
    return Problem(
        f"{found.file}, control total",
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


def _scale_problems(found: Understood, by_fund: dict[str, tuple[int, int]]) -> list[Problem]:
    """Whether the amounts are a thousandfold off: pounds read as thousands, or thousands as pounds."""
    have = sum(each for each, _ in by_fund.values())
    give = found.read_pence
    heads = found.per_head
    unit = ", ".join(f"{sheet}: {said}" for sheet, said in found.units.items())
    ratio = Fraction(give, have) if have > 0 else None
    far = ratio is not None and (_FAR <= ratio <= _FARTHEST or _FAR <= 1 / ratio <= _FARTHEST)
    if ratio is not None and ratio < 1 and found.request.unit is not None:
        far = False  # a small part, in a unit that the user has confirmed
    high = heads is not None and heads > _MOST_PER_HEAD
    if not far and not high:
        return []
    each = f", £{found.per_head_text} for each registered person" if heads is not None else ""
    held = f"; {found.request.payer} holds £{exact_pounds(have)}" if have > 0 else ""
    return [
        Problem(
            f"{found.file}, unit",
            f"it comes to £{exact_pounds(give)}{each}{held}. The unit was read as {unit}.",
            "It looks a thousandfold off: pounds taken for thousands, or thousands for pounds.",
            "Say what the amounts are in: --unit pounds, --unit thousands or --unit millions.",
        )
    ]


def per_head(found: Understood) -> Fraction | None:
    """Pounds for each registered person of those who receive; none where the population of one is not known."""
    people = _registered()
    receivers = {line.organisation for line in found.lines}
    if not receivers or any(code not in people for code in receivers):
        return None
    whole = sum((people[code] for code in receivers), Fraction(0))
    return Fraction(found.read_pence, 100) / whole if whole else None


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
