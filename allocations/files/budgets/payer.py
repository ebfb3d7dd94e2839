"""Who hands out the money of a budget, and which of it: inferred from the file and the books, or asked; never guessed.

Who pays is the one organisation that is above everybody who receives and holds money of the file's funds. Which of
its money is the one standing that has what the file hands out. Where it is not one, nothing is inferred.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from allocations.files.budgets.sheet import BudgetLine
from ledger.errors import Problem
from ledger.inputs import Input
from ledger.money import exact_pounds
from ledger.words import AVAILABLE, RETAINED

Held = Mapping[tuple[str, str, str], int]
_STANDINGS = (AVAILABLE, RETAINED)
_MOST_NAMED = 5


def handed_out(lines: Iterable[BudgetLine], fund: str | None) -> dict[str, int]:
    """What lines hand out of each fund, in pence.

    Args:
        fund: what everything is paid from; each line's own fund otherwise.
    """
    sums: dict[str, int] = defaultdict(int)
    for line in lines:
        sums[fund or line.fund] += line.amount_pence
    return dict(sums)


def above_all(receivers: Collection[str], below: Mapping[str, Collection[str]]) -> list[str]:
    """Those who are above every receiver and are none of them, by code; nobody where nothing receives.

    Args:
        below: by the code of whoever could pay, everybody below.
    """
    receiving = set(receivers)
    if not receiving:
        return []
    return sorted(code for code, under in below.items() if code not in receiving and receiving <= set(under))


def holding(candidates: Sequence[str], funds: Collection[str], held: Held) -> list[str]:
    """Those who hold money of every one of the funds, in one standing or the other.

    Args:
        held: pence by organisation, fund and standing.
    """
    return [
        code
        for code in candidates
        if funds and all(any(held.get((code, fund, each), 0) > 0 for each in _STANDINGS) for fund in funds)
    ]


def fitting(payer: str, handed: Mapping[str, int], held: Held, *, leave_rest: bool) -> list[str]:
    """The standings in which a payer holds what a file hands out of each fund: exactly, or else enough.

    Args:
        handed: pence by fund.
        held: pence by organisation, fund and standing.
        leave_rest: whether it may hold more than the file hands out.
    """
    if not handed:
        return []
    has = {each: {fund: held.get((payer, fund, each), 0) for fund in handed} for each in _STANDINGS}
    exact = [each for each in _STANDINGS if has[each] == dict(handed)]
    if exact or not leave_rest:
        return exact
    return [each for each in _STANDINGS if all(has[each][fund] >= pence for fund, pence in handed.items())]


def payer_said(name: str, code: str, receivers: int) -> str:
    """From what it was inferred who pays, in a sentence without its stop."""
    whom = f"all {receivers:,} of them" if receivers > 1 else "the one that does"
    return f"Who pays was inferred from who receives: {name} ({code}) is above {whom}"


def standing_said(code: str, standing: str, pence: int) -> str:
    """From what it was inferred which of the money pays, in a sentence without its stop."""
    return f"Which of it was inferred from the amounts: {code} holds the £{exact_pounds(pence)} as {standing}"


def who_is_asked(candidates: Sequence[str], names: Mapping[str, str], receivers: int) -> Problem:
    """That a file does not say who pays, with those who could be meant.

    Args:
        candidates: their codes.
        names: by code.
        receivers: how many organisations receive, as far as the file could be read.
    """
    could = " or ".join(f"{names[code]} ({code})" for code in candidates[:_MOST_NAMED])
    more = len(candidates) - _MOST_NAMED
    could += f" or {more:,} others" if more > 0 else ""
    if not receivers:
        found = "it was not said, and nobody who receives could be told from the file."
    else:
        found = f"it was not said, and not one alone holds the money and is above all who receive ({receivers:,})."
    return Problem(
        Input.PAYER,
        found,
        "Money must come from somebody.",
        f"Say who pays{f': it could be {could}' if could else ''}.",
    )


def which_is_asked(payer: str, standings: Sequence[str]) -> Problem:
    """That several standings have what a file hands out."""
    return Problem(
        Input.STANDING,
        f"it was not said, and {payer} holds what the file hands out as {' and as '.join(standings)}.",
        "The money could come from either.",
        f"Name the one that is meant {Input.STANDING.given}.",
    )
