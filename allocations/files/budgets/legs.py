"""From the lines of a budget to one entry: closed organisations followed, negatives netted, each cell named."""

import unicodedata
from collections import defaultdict
from collections.abc import Sequence
from datetime import date

import pyarrow as pa

from allocations.files.budgets.headings import MONTHS
from allocations.files.budgets.mapping import cell_place
from allocations.files.budgets.receivers import Receivers
from allocations.files.budgets.sheet import BudgetLine
from allocations.files.budgets.understood import Understood
from allocations.shares.apportion import apportion
from ledger.entries.draft import LEGS, Draft
from ledger.errors import Problem
from ledger.money import exact_pounds
from ledger.words import AVAILABLE, OWN

# Money that goes from the national tier to ICBs is allocated; an ICB hands on the decision too.
_KINDS = {"national": "allocate", "region": "allocate"}


def successors_of(lines: Sequence[BudgetLine], books: Receivers) -> tuple[list[BudgetLine], dict[str, tuple[str, ...]]]:
    """Lines for organisations that closed, split among those who took over, by people, to the penny.

    Returns:
        All lines, each for somebody who is open or of whom nobody took over; and who took over from whom.
    """
    found: list[BudgetLine] = []
    moved: dict[str, tuple[str, ...]] = {}
    for line in lines:
        if line.organisation in books.below or line.organisation not in books.successors:
            found.append(line)
            continue
        parts = _heirs(line.organisation, books)
        moved[line.organisation] = tuple(parts)
        split = apportion(line.amount_pence, parts)
        found.extend(
            line._replace(organisation=code, amount_pence=pence, cell=f"{line.cell} ({line.organisation})")
            for code, pence in split.items()
            if pence
        )
    return found, moved


def _heirs(code: str, books: Receivers) -> dict[str, int]:
    """Who took over from an organisation, through those that have closed themselves, with weights."""
    weights = dict(books.successors[code])
    for _ in range(10):  # successions in a row; more would be a circle in the books
        closed = [heir for heir in weights if heir not in books.below and heir in books.successors]
        if not closed:
            break
        for heir in closed:
            weight = weights.pop(heir)
            for next_heir, part in apportion(weight, books.successors[heir]).items():
                weights[next_heir] = weights.get(next_heir, 0) + part
    return weights


def netted(file: str, lines: Sequence[BudgetLine]) -> tuple[list[BudgetLine], list[Problem]]:
    """Negative amounts, taken off what the same organisation gets of the same fund.

    A budget hands money down, and a leg is positive; so a negative line is netted against the others of its
    organisation and fund, in one line that names every cell. Where more goes back than comes, it is refused.
    """
    if all(line.amount_pence > 0 for line in lines):
        return list(lines), []
    groups: dict[tuple[str, str, bool], list[BudgetLine]] = defaultdict(list)
    for line in lines:
        groups[line.organisation, line.fund, line.recurrent].append(line)
    found: list[BudgetLine] = []
    problems: list[Problem] = []
    for (organisation, fund, recurrent), own in groups.items():
        if all(line.amount_pence > 0 for line in own):
            found.extend(own)
            continue
        net = sum(line.amount_pence for line in own)
        if net < 0:
            negative = next(line for line in own if line.amount_pence < 0)
            what = "recurrent" if recurrent else "non-recurrent"
            problems.append(
                Problem(
                    cell_place(file, negative.sheet, negative.cell),
                    f"{organisation} would get £{exact_pounds(net)} of {fund} ({what}).",
                    "A budget hands money down; what goes back up is a return, on a decision of its own.",
                    "Net it against another line of the same organisation and fund, or leave it out and post a return.",
                )
            )
        elif net > 0:
            cells = " ".join(f"{line.cell} £{exact_pounds(line.amount_pence)};" for line in own)
            found.append(own[0]._replace(amount_pence=net, cell=f"{cells} netted", month=None, exact=None))
    return found, problems


def draft_of(understood: Understood, books: Receivers, key: str, day: date) -> Draft:
    """The one entry of a budget file: a leg for each amount, which names its sheet and cell."""
    request, lines = understood.request, understood.lines
    count = len(lines)
    source_funds = [request.fund or line.fund for line in lines]
    columns: dict[str, object] = {
        "from_organisation": [request.payer] * count,
        "from_fund": source_funds,
        "from_year": [request.year.start] * count,
        "from_standing": [request.standing] * count,
        "to_organisation": [line.organisation for line in lines],
        "to_fund": [line.fund for line in lines],
        "to_year": [request.year.start] * count,
        "to_standing": [AVAILABLE] * count,
        "amount_pence": [line.amount_pence for line in lines],
        "recurrent": [line.recurrent for line in lines],
        "note": _notes(lines),
    }
    return Draft(
        key=key,
        kind=_KINDS.get(books.tier, "devolve"),
        effective_date=day,
        actor=plain(request.actor),
        reason=_reason(understood),
        source=plain(understood.file),
        source_hash=understood.sha256,
        standing=OWN,
        transfers=pa.table({name: pa.array(columns[name], LEGS.field(name).type) for name in LEGS.names}),
    )


def _notes(lines: Sequence[BudgetLine]) -> list[str]:
    """Where each line came from: sheet and cell, the month, and what the cell held if that was rounded."""
    sheets = {sheet: plain(sheet) for sheet in {line.sheet for line in lines}}
    months: dict[int | None, str] = {
        None: "",
        **{number: f" ({name.capitalize()})" for number, name in enumerate(MONTHS, start=1)},
    }
    notes = [f"{sheets[line.sheet]}!{line.cell}{months[line.month]}" for line in lines]
    for place, line in enumerate(lines):
        if line.exact is not None:
            notes[place] += f" holds £{line.exact.normalize():f}, rounded to the penny"
    return notes


def _reason(understood: Understood) -> str:
    request = understood.request
    comes_to = f"£{exact_pounds(understood.read_pence)} in {len(understood.lines):,} amounts"
    told = [f"Budgets of {request.payer} for {request.year}: {comes_to}"]
    rounded = sum(line.exact is not None for line in understood.lines)
    if rounded:
        told.append(f"{rounded:,} amounts rounded to the penny, halves away from zero, as allowed")
    told.extend(plain(said) for said in (*request.inferred, *understood.differs, *_as_said(understood)))
    if understood.moved_on:
        heirs = "; ".join(f"{code} to {', '.join(into)}" for code, into in sorted(understood.moved_on.items()))
        told.append(f"closed organisations followed by registered population: {heirs}")
    if request.why.strip():
        told.append(plain(" ".join(request.why.split())))
    return ". ".join(told)


_SAID: dict[tuple[str, object], str] = {
    ("dash", "zero"): "a dash was said to mean zero",
    ("dash", "blank"): "a dash was said to mean no amount",
    ("duplicates", "add"): "rows for the same organisation and fund were added up, as was said",
    ("hidden", "read"): "hidden rows and columns were read, as was said",
    ("hidden", "leave out"): "hidden rows and columns were left out, as was said",
    ("short_year", "ends"): "a year as FY26 was said to be the one that ends then",
    ("short_year", "starts"): "a year as FY26 was said to be the one that starts then",
    ("months", "each"): "amounts under months were said to be each month's own",
    ("months", "running"): "amounts under months were said to run up, and each month's own was worked out",
}


def _as_said(understood: Understood) -> list[str]:
    """What somebody said of the file beside what it says itself; what differs from the file is told elsewhere."""
    request = understood.request
    settings = (understood.mapping.settings if understood.mapping else request.settings).model_dump(exclude_none=True)
    said = [_SAID[name, value] for name, value in settings.items() if (name, value) in _SAID]
    if request.mapping is not None:
        said.append(f"read by the mapping '{request.mapping.title}'")
    if request.sheets:
        said.append(f"read from {', '.join(request.sheets)} alone, as was said")
    if request.unit is not None and not any("amounts were said to be in" in each for each in understood.differs):
        said.append(f"amounts were said to be in {request.unit}")
    if request.total_pence is not None:
        said.append(f"it was said to come to £{exact_pounds(request.total_pence)}")
    if request.leave_rest:
        said.append(f"what it does not hand out was said to stay with {request.payer}")
    return said


def plain(text: str) -> str:
    """Text as the books take it: in one form, without control characters."""
    return "".join(letter for letter in unicodedata.normalize("NFC", text) if unicodedata.category(letter) != "Cc")
