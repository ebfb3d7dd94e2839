"""Which amounts a working workbook starts from: those that the books hold, or those that were published."""

from collections import defaultdict
from collections.abc import Sequence

from allocations.figures import tables
from allocations.files.out.working_plan import Line
from allocations.shares.fair_shares import weighting
from allocations.shares.split import FIGURES_YEAR, refuse_unknown_fund
from ledger.errors import Problem, Refused
from ledger.money import PENCE_PER_POUND, exact_pounds
from ledger.reports.position import Moment, flows
from ledger.store.base import Reader
from ledger.years import FinancialYear

ALL = "all"
# Kinds of entry by which money reaches a fund inside one organisation.
_SET_ASIDE = ("earmark", "vire", "consolidate")


def lines(
    *,
    icbs: Sequence[str],
    year: FinancialYear,
    funds: Sequence[str],
    weightings: Sequence[str],
    amount_pence: int | None = None,
    reader: Reader | None = None,
    at: Moment | None = None,
) -> list[Line]:
    """One line for each ICB and fund.

    Args:
        icbs: codes, or ``all`` alone.
        weightings: one for all funds, or one for each.
        amount_pence: what to split, for a single ICB and fund; otherwise what the ICB received of the fund, by
            the books where there are any and by the published table where there are none.

    Raises:
        Refused: an unknown ICB or fund, a fund of which an ICB received nothing, or options that do not fit.
        UnknownWeighting: with the weightings there are.
    """
    columns = [weighting(name) for name in weightings]
    known = {row["code"]: row["name"] for row in tables.table("organisations").to_pylist() if row["tier"] == "icb"}
    with_people = sorted(set(tables.table("practices_2025_26")["icb"].to_pylist()))
    asked = with_people if list(icbs) == [ALL] else list(icbs)
    _refuse(asked, with_people, year, funds, columns, amount_pence)
    names = {row["code"]: row["name"] for row in tables.table("funds").to_pylist()}
    if reader is not None:
        for fund in funds:
            refuse_unknown_fund(reader, fund)
        names |= {str(code): str(name) for code, name in reader.rows("SELECT code, name FROM fund")}
    by_fund = dict(zip(funds, columns * len(funds) if len(columns) == 1 else columns, strict=True))
    everywhere = {} if amount_pence is not None else _received(reader, at, year)
    found, problems = [], []
    for icb in asked:
        received = everywhere.get(icb, {})
        for fund, by in by_fund.items():
            pence, origin = (
                (amount_pence, "given with --amount") if amount_pence is not None else received.get(fund, (0, ""))
            )
            if pence <= 0:
                problems.append(_nothing(icb, fund, received))
                continue
            pounds, rest = divmod(pence, PENCE_PER_POUND)
            if rest:
                origin += f"; of £{exact_pounds(pence)} the whole pounds are split"
            found.append(Line(icb, known[icb], fund, names.get(fund, fund), by, pounds, origin))
    if problems:
        raise Refused(problems)
    return found


def _refuse(
    icbs: Sequence[str],
    known: Sequence[str],
    year: FinancialYear,
    funds: Sequence[str],
    columns: Sequence[str],
    amount_pence: int | None,
) -> None:
    found = []
    if year != FIGURES_YEAR:
        sentence = f"there are no population figures for {year}."
        found.append(Problem("--year", sentence, "Shares would be of another year's people.", f"Use {FIGURES_YEAR}."))
    found += [
        Problem(
            "--icb",
            f"there is no ICB '{icb}' in {year}.",
            "It has no people to share by.",
            f"ICBs of that year: {', '.join(known)}; or all.",
        )
        for icb in icbs
        if icb not in known
    ]
    if not icbs:
        found.append(Problem("--icb", "no ICB is named.", "There is nobody to share for.", "Name one, as QWO, or all."))
    if not funds or len(set(funds)) != len(funds):
        found.append(
            Problem("--fund", "no fund is named, or one twice.", "Its money would be split twice.", "Name each once.")
        )
    if len(columns) not in (1, len(funds)):
        sentence = f"{len(columns)} weightings are given for {len(funds)} funds."
        found.append(Problem("--by", sentence, "Each fund needs one.", "Give one for all, or one for each."))
    if amount_pence is not None and (len(icbs) != 1 or len(funds) != 1):
        sentence = "one amount is given for several ICBs or funds."
        found.append(Problem("--amount", sentence, "It would be split several times.", "Name one ICB and one fund."))
    if amount_pence is not None and (amount_pence <= 0 or amount_pence % PENCE_PER_POUND):
        sentence = f"£{exact_pounds(amount_pence)} is not a positive number of whole pounds."
        found.append(Problem("--amount", sentence, "The workbook splits whole pounds.", "Round it to the pound."))
    if found:
        raise Refused(found)


Received = dict[str, dict[str, tuple[int, str]]]


def _received(reader: Reader | None, at: Moment | None, year: FinancialYear) -> Received:
    """ICB to fund to pence and where they come from: from above, or set aside inside the ICB."""
    found: Received = defaultdict(dict)
    if reader is None or at is None:
        for row in tables.table("allocations_2025_26").to_pylist():
            before, _ = found[row["holder"]].get(row["fund"], (0, ""))
            cell = f"published allocation {year}, {row['sheet']}!{row['cell']}"
            found[row["holder"]][row["fund"]] = (before + row["amount_pence"], cell)
        return found
    columns = ("to_organisation", "fund", "kind", "from_organisation")
    above: dict[tuple[str, str], int] = defaultdict(int)
    aside: dict[tuple[str, str], int] = defaultdict(int)
    for row in flows(reader, at, columns, year=year.start, within=True).to_pylist():
        key = (row["to_organisation"], row["fund"])
        if row["to_organisation"] != row["from_organisation"]:
            above[key] += row["amount_pence"]
        elif row["kind"] in _SET_ASIDE:
            aside[key] += row["amount_pence"]
    for sums, origin in ((aside, "set aside by the ICB, by the ledger"), (above, "received from above, by the ledger")):
        for (icb, fund), pence in sums.items():
            found[icb][fund] = (pence, origin)
    return found


def _nothing(icb: str, fund: str, received: dict[str, tuple[int, str]]) -> Problem:
    funds = ", ".join(sorted(name for name, (pence, _) in received.items() if pence > 0)) or "nothing in this year"
    remedy = f"Give an amount with --amount, or split what it received: {funds}."
    return Problem(f"{icb}, {fund}", "it received nothing of it.", "There is nothing to split.", remedy)
