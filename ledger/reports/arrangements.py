"""What was arranged and what became of it in money: pooled funds, contracts, and instalments under a test.

Of rows that speak of the same thing the one that was brought last holds. Money is read from the transfers of the year,
reversals among them, so that what was undone does not count.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from typing import Any, NamedTuple

from ledger.money import round_half_up_fraction
from ledger.reports.position import Moment, position
from ledger.reports.register import funds
from ledger.store.base import Reader
from ledger.structure import lives
from ledger.words import DUE, EARNED, INSTALMENT_SOURCE, MOVED, OUTCOMES, SPENT
from ledger.years import FinancialYear

_CONTRIBUTIONS = """
SELECT * FROM contribution WHERE entry_number <= $known AND year = $year
QUALIFY row_number() OVER (PARTITION BY pool, payer, fund, year ORDER BY entry_number DESC) = 1
ORDER BY pool, fund, payer
"""
_CONTRACTS = """
SELECT * FROM contract WHERE entry_number <= $known
QUALIFY row_number() OVER (PARTITION BY code ORDER BY entry_number DESC) = 1 ORDER BY code
"""
_INSTALMENTS = """
SELECT * FROM instalment WHERE entry_number <= $known AND year = $year
QUALIFY row_number() OVER (PARTITION BY code ORDER BY entry_number DESC) = 1 ORDER BY due_on, code
"""
_MOVED = """
SELECT a.organisation AS giver, b.organisation AS receiver, a.fund AS from_fund, b.fund AS to_fund,
       a.standing AS from_standing, b.standing AS to_standing, CAST(sum(t.amount_pence) AS BIGINT) AS pence
FROM transfer t JOIN entry e ON e.number = t.entry_number
JOIN account a ON a.id = t.from_account JOIN account b ON b.id = t.to_account
WHERE e.number <= $known AND e.effective_date <= $as_at AND a.year = $year AND b.year = $year
  AND (a.organisation = $organisation OR b.organisation = $organisation)
GROUP BY ALL ORDER BY ALL
"""
# What entries paid that name an instalment as their source, and nobody has undone.
_PAID = f"""
SELECT i.code, b.organisation, CAST(sum(t.amount_pence) AS BIGINT) AS pence
FROM (
    SELECT DISTINCT code, payer, '{INSTALMENT_SOURCE}' || code AS named FROM instalment
    WHERE entry_number <= $known AND year = $year
) i
JOIN entry e ON e.source = i.named OR starts_with(e.source, i.named || ';')
JOIN transfer t ON t.entry_number = e.number
JOIN account a ON a.id = t.from_account JOIN account b ON b.id = t.to_account
WHERE e.number <= $known AND e.effective_date <= $as_at AND a.organisation = i.payer AND b.organisation <> i.payer
  AND b.year = $year AND e.reverses IS NULL AND NOT EXISTS (
      SELECT 1 FROM entry r WHERE r.reverses = e.number AND r.number <= $known AND r.effective_date <= $as_at)
GROUP BY ALL ORDER BY ALL
"""


class AccountFlow(NamedTuple):
    """What moved in a year between two accounts of the same kind, in pence."""

    giver: str
    receiver: str
    from_fund: str
    to_fund: str
    from_standing: str
    to_standing: str
    pence: int


@dataclass(frozen=True, slots=True)
class PoolPayer:
    """What one payer agreed to put into a pooled fund, and has put in, less what went back to it.

    Attributes:
        minimum_pence: the least of it for the inner purpose; None where none was agreed.
    """

    organisation: str
    name: str
    agreed_pence: int
    minimum_pence: int | None
    paid_pence: int

    @property
    def to_pay_pence(self) -> int:
        """What it agreed and has not paid in; below zero where it paid more."""
        return self.agreed_pence - self.paid_pence


@dataclass(frozen=True, slots=True)
class Pool:
    """A pooled fund of a year: one hosted account, and who pays into it.

    Attributes:
        others_pence: what came into it from organisations that are no payers.
        passed_pence: what the host passed on to others.
        reworked_pence: what came into it from other funds of the host; below zero where it went to them.
        spent_pence: what the host itself spent.
        left_pence: what the host still holds.
        inner_pence: what stands on funds inside the pool, at the host and below it, spent money included.
        inner_spent_pence: what of that is spent.
        has_inner: whether there are funds inside the pool at all.
    """

    host: str
    host_name: str
    fund: str
    fund_name: str
    payers: tuple[PoolPayer, ...]
    others_pence: int
    passed_pence: int
    reworked_pence: int
    spent_pence: int
    left_pence: int
    inner_pence: int
    inner_spent_pence: int
    has_inner: bool

    @property
    def paid_in_pence(self) -> int:
        """What all who paid in have put in."""
        return sum(payer.paid_pence for payer in self.payers) + self.others_pence

    @property
    def minimum_pence(self) -> int | None:
        """The least for the inner purpose, over all payers that agreed one; None where none did."""
        agreed = [payer.minimum_pence for payer in self.payers if payer.minimum_pence is not None]
        return sum(agreed) if agreed else None

    @property
    def short_pence(self) -> int | None:
        """By how much the inner purpose has less than its least; 0 where it has that, None where none was agreed."""
        return None if self.minimum_pence is None else max(0, self.minimum_pence - self.inner_pence)


@dataclass(frozen=True, slots=True)
class ContractHeld:
    """A contract with what its holder got under it in a year.

    Attributes:
        depth: how many contracts it lies inside.
        in_force: whether it holds on the day.
        budget_pence: what the commissioner gave the holder on its fund, less what went back.
        let_on_pence: of that, what the holders of its sub-contracts got; None where it has none.
        let_on_population: the people of its sub-contracts; None where it has none, or one has no number.
    """

    code: str
    kind: str
    holder: str
    holder_name: str
    commissioner: str
    commissioner_name: str
    fund: str
    population: int | None
    part_of: str | None
    valid_from: date
    valid_to: date | None
    depth: int
    in_force: bool
    budget_pence: int
    let_on_pence: int | None
    let_on_population: int | None

    @property
    def per_head_pence(self) -> int | None:
        """The capitated budget: what it got for each of its people, to the penny; None where they are not known."""
        return round_half_up_fraction(Fraction(self.budget_pence, self.population)) if self.population else None

    @property
    def kept_pence(self) -> int | None:
        """What of its budget the holder did not let on; None where it has no sub-contracts."""
        return None if self.let_on_pence is None else self.budget_pence - self.let_on_pence


@dataclass(frozen=True, slots=True)
class InstalmentTied:
    """An instalment, what became of it, and whether the money agrees.

    Attributes:
        paid: what entries that name it paid, by who got it.
        is_late: whether its day has passed and nobody has said what became of it.
    """

    code: str
    fund: str
    payer: str
    receiver: str
    due_on: date
    amount_pence: int
    test: str
    outcome: str
    moved_to: str | None
    paid: Mapping[str, int] = field(default_factory=dict)
    is_late: bool = False

    @property
    def quarter(self) -> str:
        """The quarter of the financial year in which it is due."""
        return f"Q{(self.due_on.month - 4) % 12 // 3 + 1}"

    @property
    def wanted(self) -> dict[str, int]:
        """Who should have been paid what, as its outcome stands."""
        if self.outcome == EARNED:
            return {self.receiver: self.amount_pence}
        return {self.moved_to: self.amount_pence} if self.outcome == MOVED and self.moved_to else {}

    @property
    def paid_pence(self) -> int:
        """What was paid of it, to whomever."""
        return sum(self.paid.values())

    @property
    def apart(self) -> dict[str, int]:
        """Where money and record disagree: who got so much too much, or too little below zero."""
        organisations = sorted(self.paid.keys() | self.wanted.keys())
        found = {one: self.paid.get(one, 0) - self.wanted.get(one, 0) for one in organisations}
        return {one: pence for one, pence in found.items() if pence}


def pools(reader: Reader, at: Moment, *, organisation: str | None, year: FinancialYear) -> list[Pool]:
    """The pooled funds of a year.

    Args:
        organisation: only those that it hosts or pays into; all otherwise.
    """
    known = {"known": at.known, "year": year.start}
    agreed: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for row in reader.table(_CONTRIBUTIONS, known).to_pylist():
        agreed[row["pool"], row["fund"]].append(row)
    names = {code: life["name"] for code, life in lives(reader, at.known).items()}
    fund_rows = funds(reader, at.known)
    return [
        _pool(reader, at, host, fund, rows, names, fund_rows, year)
        for (host, fund), rows in agreed.items()
        if organisation is None or organisation in (host, *(row["payer"] for row in rows))
    ]


def _pool(
    reader: Reader, at: Moment, host: str, fund: str, rows: Sequence[Mapping[str, Any]], names: Mapping[str, str],
    fund_rows: Mapping[str, Mapping[str, Any]], year: FinancialYear,
) -> Pool:  # fmt: skip
    tree = _inside(fund, fund_rows)
    moved = _moved(reader, at, host, year)
    came = _net_from(host, moved, tree)
    payers = tuple(
        PoolPayer(
            row["payer"], names[row["payer"]], row["agreed_pence"], row["minimum_pence"], came.get(row["payer"], 0)
        )
        for row in rows
    )
    others = [pence for code, pence in came.items() if code not in {payer.organisation for payer in payers}]
    within = [one for one in moved if one.giver == one.receiver == host]
    reworked = sum(one.pence * ((one.to_fund in tree) - (one.from_fund in tree)) for one in within)
    spent = sum(
        one.pence * ((one.to_standing == SPENT) - (one.from_standing == SPENT)) for one in within if one.to_fund in tree
    )
    below = position(reader, at, organisation=host, year=year.start).to_pylist()
    inner = [row for row in below if row["fund"] in tree - {fund}]
    return Pool(
        host=host,
        host_name=names[host],
        fund=fund,
        fund_name=fund_rows[fund]["name"],
        payers=payers,
        others_pence=sum(pence for pence in others if pence > 0),
        passed_pence=-sum(pence for pence in others if pence < 0),
        reworked_pence=reworked,
        spent_pence=spent,
        left_pence=sum(came.values()) + reworked - spent,
        inner_pence=sum(row["amount_pence"] for row in inner),
        inner_spent_pence=sum(row["amount_pence"] for row in inner if row["standing"] == SPENT),
        has_inner=len(tree) > 1,
    )


def contracts(reader: Reader, at: Moment, *, organisation: str | None, year: FinancialYear) -> list[ContractHeld]:
    """Contracts with their sub-contracts below them, and what was got under each in a year.

    Args:
        organisation: only those that it holds or lets, and what lies inside them; all otherwise.
    """
    rows = {row["code"]: row for row in reader.table(_CONTRACTS, {"known": at.known}).to_pylist()}
    names = {code: life["name"] for code, life in lives(reader, at.known).items()}
    fund_rows = funds(reader, at.known)
    inside: dict[str | None, list[str]] = defaultdict(list)
    for code, row in rows.items():
        inside[row["part_of"] if row["part_of"] in rows else None].append(code)
    budgets = {code: _budget(reader, at, row, fund_rows, year) for code, row in rows.items()}

    def below(codes: Iterable[str], depth: int, *, all_of_them: bool) -> Iterable[ContractHeld]:
        for code in codes:
            row = rows[code]
            shown = all_of_them or organisation in (row["holder"], row["commissioner"])
            parts = [part for part in inside[code] if _in_force(rows[part], at.as_at)]
            people = [rows[part]["population"] for part in parts]
            if shown:
                yield ContractHeld(
                    **{name: row[name] for name in _OF_CONTRACT},
                    holder_name=names[row["holder"]],
                    commissioner_name=names[row["commissioner"]],
                    depth=depth,
                    in_force=_in_force(row, at.as_at),
                    budget_pence=budgets[code],
                    let_on_pence=sum(budgets[part] for part in parts) if parts else None,
                    let_on_population=sum(people) if people and None not in people else None,
                )
            yield from below(inside[code], depth + 1, all_of_them=shown)

    return list(below(inside[None], 0, all_of_them=organisation is None))


_OF_CONTRACT = (
    "code", "kind", "holder", "commissioner", "fund", "population", "part_of", "valid_from", "valid_to",
)  # fmt: skip


def _in_force(row: Mapping[str, Any], day: date) -> bool:
    return bool(row["valid_from"] <= day and (row["valid_to"] is None or day < row["valid_to"]))


def _budget(
    reader: Reader, at: Moment, row: Mapping[str, Any], fund_rows: Mapping[str, Mapping[str, Any]], year: FinancialYear
) -> int:
    moved = _moved(reader, at, row["holder"], year)
    return _net_from(row["holder"], moved, _inside(row["fund"], fund_rows)).get(row["commissioner"], 0)


def instalments(reader: Reader, at: Moment, *, organisation: str | None, year: FinancialYear) -> list[InstalmentTied]:
    """The instalments of a year, in the order of their days, each with what was paid of it.

    Args:
        organisation: only those that it pays or gets, or that were moved to it; all otherwise.
    """
    known = {"known": at.known, "year": year.start, "as_at": at.as_at}
    paid: dict[str, dict[str, int]] = defaultdict(dict)
    for row in reader.table(_PAID, known).to_pylist():
        paid[row["code"]][row["organisation"]] = row["pence"]
    names = ("code", "fund", "payer", "receiver", "due_on", "amount_pence", "test", "outcome", "moved_to")
    return [
        InstalmentTied(
            **{name: row[name] for name in names},
            paid=paid.get(row["code"], {}),
            is_late=row["outcome"] == DUE and row["due_on"] < at.as_at,
        )
        for row in reader.table(_INSTALMENTS, known).to_pylist()
        if organisation is None or organisation in (row["payer"], row["receiver"], row["moved_to"])
    ]


def by_quarter(instalments: Iterable[InstalmentTied]) -> dict[str, dict[str, int]]:
    """Quarter to outcome to pence, and what was ``paid`` of the instalments that are due in it."""
    quarters: dict[str, dict[str, int]] = {}
    for one in instalments:
        its = quarters.setdefault(one.quarter, dict.fromkeys((*OUTCOMES, "paid"), 0))
        its[one.outcome] += one.amount_pence
        its["paid"] += one.paid_pence
    return quarters


def _moved(reader: Reader, at: Moment, organisation: str, year: FinancialYear) -> list[AccountFlow]:
    given = {"known": at.known, "as_at": at.as_at, "year": year.start, "organisation": organisation}
    return [AccountFlow(**row) for row in reader.table(_MOVED, given).to_pylist()]


def _net_from(holder: str, moved: Iterable[AccountFlow], tree: set[str]) -> dict[str, int]:
    """What an organisation got from each other one on some funds, less what it gave them."""
    net: dict[str, int] = defaultdict(int)
    for one in moved:
        if one.giver == one.receiver:
            continue
        if one.receiver == holder and one.to_fund in tree:
            net[one.giver] += one.pence
        if one.giver == holder and one.from_fund in tree:
            net[one.receiver] -= one.pence
    return dict(net)


def _inside(fund: str, fund_rows: Mapping[str, Mapping[str, Any]]) -> set[str]:
    """A fund and every fund inside it."""
    found = {fund}
    while more := {code for code, row in fund_rows.items() if row["parent"] in found} - found:
        found |= more
    return found
