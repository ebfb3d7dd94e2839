"""An opening: the entries that make a position out of nothing, by the rules of the books and no other.

A position says where money stands, not which decisions brought it there. The entries made here are the plainest
that lead to it: money goes from the source down the tiers, on its own fund, to whoever holds it, and is then kept
back or spent. Where the source gave on one fund what is now held on another, the difference changes fund at the
source, one fence at a time, and only as the funds' terms allow. See docs/decisions/0010.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import pyarrow as pa

from allocations.shares.apportion import apportion
from ledger import structure
from ledger.entries.chain import last_entry
from ledger.entries.draft import Draft, Leg, Place, legs
from ledger.errors import Problem, refuse_any
from ledger.inputs import Action
from ledger.money import exact_pounds
from ledger.reports import register
from ledger.reports.below import in_force, walk
from ledger.reports.position import SOURCE, Moment
from ledger.store.base import Reader
from ledger.words import AVAILABLE, RETAINED, RING_FENCED, SPENT
from ledger.years import FinancialYear

Path = tuple[str, ...]


class Routes:
    """The relationships of one day, as a net to send money down."""

    def __init__(self, reader: Reader, day: date, known: int) -> None:
        self._parents: dict[str, list[tuple[str, str, int | None]]] = defaultdict(list)
        self._children: dict[str, list[str]] = defaultdict(list)
        alive = {
            code
            for code, life in structure.lives(reader, known).items()
            if life["valid_from"] <= day < (life["valid_to"] or date.max)
        }
        for row in in_force(reader, day, known).to_pylist():
            if row["parent"] in alive and row["child"] in alive:
                self._parents[row["child"]].append((row["parent"], row["scheme"], row["part"]))
                self._children[row["parent"]].append(row["child"])
        self._steps: dict[str, Mapping[str, int]] = {}

    def reaches(self, source: str, organisation: str) -> bool:
        """Whether money can come down from one to the other."""
        return organisation in self._steps_from(source)

    def ways(self, source: str, organisation: str, pence: int) -> Sequence[tuple[Path, int]]:
        """The ways from the source to an organisation, with the part of the money that each takes.

        The shortest way; where an organisation is divided between parents, as a network in two places is, by the
        parts that the books record; else the first parent by scheme and code.
        """
        if organisation == source:
            return [((source,), pence)]
        found = []
        for parent, part in self._shares(source, organisation, pence):
            found += [((*way, organisation), amount) for way, amount in self.ways(source, parent, part)]
        return found

    def _shares(self, source: str, organisation: str, pence: int) -> Sequence[tuple[str, int]]:
        steps = self._steps_from(source)
        nearer = [row for row in self._parents[organisation] if steps.get(row[0]) == steps[organisation] - 1]
        scheme = min(scheme for _, scheme, _ in nearer)
        parts = {parent: part for parent, its, part in nearer if its == scheme}
        whole = {parent: part for parent, part in parts.items() if part}
        if len(parts) == 1 or len(whole) != len(parts):
            return [(min(parts), pence)]
        return [(parent, amount) for parent, amount in sorted(apportion(pence, whole).items()) if amount]

    def _steps_from(self, source: str) -> Mapping[str, int]:
        """How many steps each organisation is below the source."""
        if source not in self._steps:
            self._steps[source] = walk(self._children, source)
        return self._steps[source]


KIND_ORDER = ("consolidate", "vire", "earmark", "mandate", "allocate", "devolve", "retain", "spend")
_CROSSING = ("vire", "consolidate")


@dataclass(frozen=True, slots=True)
class Holding:
    """One row of the position to be made. ``where`` is its cell, for whoever follows the money back."""

    organisation: str
    fund: str
    year: int
    standing: str
    pence: int
    recurrent: bool
    where: str


@dataclass(frozen=True, slots=True)
class OpeningFacts:
    """What every entry of an opening says of itself.

    Attributes:
        standing: what its figures rest on, one of ``ledger.words.FIGURE_STANDINGS``.
    """

    key: str
    reason: str
    source: str
    source_hash: str
    actor: str
    authority: str | None
    standing: str


def holdings(table: pa.Table, cells: Sequence[str]) -> list[Holding]:
    """The rows of a position as the books hold them: what is retained is one account, however agreed.

    Args:
        table: of schema ``ledger.reports.position.SCHEMA``.
        cells: where each row stands, in the table's order.
    """
    return [
        Holding(
            row["organisation"],
            row["fund"],
            row["year"],
            RETAINED if row["standing"].startswith(RETAINED) else row["standing"],
            row["amount_pence"],
            row["recurrent"] is not False,
            where,
        )
        for row, where in zip(table.to_pylist(), cells, strict=True)
    ]


def drafts(reader: Reader, at: Moment, rows: Sequence[Holding], stated: OpeningFacts) -> list[Draft]:
    """The entries of an opening, in the order in which they are posted.

    Args:
        at: the day of the position; each year's money is dated by it, within its own year.

    Raises:
        Refused: a year's rows do not sum to zero, or nobody can have given what somebody holds.
    """
    made: dict[tuple[int, date, str], list[Leg]] = defaultdict(list)
    problems: list[Problem] = []
    for year in sorted({row.year for row in rows}):
        day = min(at.as_at, FinancialYear(year).last_day)
        opening = _Opening(reader, at, year, day)
        opening.add([row for row in rows if row.year == year])
        problems += opening.problems
        for (when, kind), moved in opening.legs.items():
            made[year, when, kind].extend(moved)
    refuse_any(problems)
    in_order = sorted(made, key=lambda key: (key[0], key[1], KIND_ORDER.index(key[2])))
    return [
        Draft(
            key=f"{stated.key}/{FinancialYear(year)}/{day}/{kind}",
            kind=kind,
            effective_date=day,
            actor=stated.actor,
            reason=stated.reason,
            authority=stated.authority if kind in _CROSSING else None,
            source=stated.source,
            source_hash=stated.source_hash,
            standing=stated.standing,
            transfers=legs(made[year, day, kind]),
        )
        for year, day, kind in in_order
    ]


class _Opening:
    """One year's opening, as it is put together."""

    def __init__(self, reader: Reader, at: Moment, year: int, day: date) -> None:
        self._reader, self._known = reader, at.known
        self._year, self._day = FinancialYear(year), day
        self.legs: dict[tuple[date, str], list[Leg]] = defaultdict(list)
        self.problems: list[Problem] = []
        self._routes: dict[date, Routes] = {}
        funds = register.funds(reader)
        self._parent: dict[str, str | None] = {code: row["parent"] for code, row in funds.items()}
        self._resource = {code: row["resource"] for code, row in funds.items()}
        terms = register.newest_terms(reader, day)
        self._leave_by = {fund: row["leave_by"] for fund, row in terms.items() if row["grade"] in RING_FENCED}
        self._life = structure.lives(reader, last_entry(reader))

    def add(self, rows: Sequence[Holding]) -> None:
        known = [row for row in rows if self._is_known(row)]
        if len(known) < len(rows):
            return
        for resource in sorted({self._resource[row.fund] for row in rows}):
            self._of_resource([row for row in rows if self._resource[row.fund] == resource], resource)

    def _is_known(self, row: Holding) -> bool:
        unknown = [
            code for code, among in ((row.organisation, self._life), (row.fund, self._parent)) if code not in among
        ]
        for code in unknown:
            found = f"the ledger does not know '{code}'."
            remedy = "Import into a ledger with the same organisations and funds."
            self.problems.append(Problem(row.where, found, "Money can stand only with somebody, on a fund.", remedy))
        return not unknown

    def _of_resource(self, rows: Sequence[Holding], resource: str) -> None:
        total = sum(row.pence for row in rows)
        if total:
            self.problems.append(
                Problem(
                    f"{resource} money of {self._year}",
                    f"its rows sum to £{exact_pounds(total)}, not to zero.",
                    "A whole position holds what the source gave as well; a part of one cannot be brought into books.",
                    f"Export the position {Action.EVERYBODY.done()}.",
                )
            )
            return
        supply: dict[str, dict[str, int]] = defaultdict(dict)
        held = []
        for row in rows:
            if row.standing == SOURCE and row.pence < 0:
                supply[row.fund][row.organisation] = -row.pence
            else:
                held.append(row)
        self._change_fund(supply, held)
        self._bring_down(supply, held)

    # Money changes fund at the source: what is left inside a fund after its own holders are served moves one step
    # out, until somebody is short of it.
    def _change_fund(self, supply: dict[str, dict[str, int]], held: Iterable[Holding]) -> None:
        needed: dict[str, int] = defaultdict(int)
        for row in held:
            needed[row.fund] += row.pence
        balance: dict[str, int] = defaultdict(int)
        outermost: dict[str, int] = {}
        for fund in sorted(self._parent, key=lambda code: (-len(self._around(code)), code)):
            balance[fund] += sum(supply.get(fund, {}).values()) - needed[fund]
            parent = self._parent[fund]
            if parent is None:
                outermost[fund] = balance[fund]
                continue
            balance[parent] += balance[fund]
            if balance[fund] > 0:
                self._move_out(supply, fund, parent, balance[fund])
        short = {fund: -pence for fund, pence in outermost.items() if pence < 0}
        for fund, over in sorted(outermost.items()):
            left = over
            for other in sorted(short):
                pence = min(left, short[other])
                if pence > 0:
                    self._move_out(supply, fund, other, pence)
                    left, short[other] = left - pence, short[other] - pence

    def _move_out(self, supply: dict[str, dict[str, int]], fund: str, to: str, pence: int) -> None:
        allowed = self._leave_by.get(fund, "vire").split(",")
        kind = next((kind for kind in _CROSSING if kind in allowed), "vire")
        left = pence
        for giver in sorted(supply[fund]):
            part = min(left, supply[fund][giver])
            if part:
                self._leg(
                    self._day, kind, self._place(giver, fund), self._place(giver, to), part, note="change of fund"
                )
                supply[fund][giver] -= part
                supply[to][giver] = supply[to].get(giver, 0) + part
                left -= part

    def _bring_down(self, supply: Mapping[str, dict[str, int]], held: Sequence[Holding]) -> None:
        """From each fund's giver to the holders inside it, the innermost funds first."""
        waiting = {index: row.pence for index, row in enumerate(held)}
        for fund in sorted(supply, key=lambda code: (-len(self._around(code)), code)):
            for giver in sorted(supply[fund]):
                left = supply[fund][giver]
                for index, row in enumerate(held):
                    if left and waiting[index] and fund in (row.fund, *self._around(row.fund)):
                        day = self._day_of(row.organisation)
                        if row.organisation == giver or self._net(day).reaches(giver, row.organisation):
                            part = min(left, waiting[index])
                            self._hand_over(giver, fund, row, part, day)
                            left, waiting[index] = left - part, waiting[index] - part
        for index, pence in waiting.items():
            if pence:
                row = held[index]
                found = f"no source can have given £{exact_pounds(pence)} to {row.organisation} on {row.fund}."
                why = f"No line of relationships leads down to it on {self._day_of(row.organisation)}."
                self.problems.append(Problem(row.where, found, why, "Import into a ledger with the same structure."))

    def _hand_over(self, giver: str, fund: str, row: Holding, pence: int, day: date) -> None:
        for way, part in self._net(day).ways(giver, row.organisation, pence):
            upper = self._place(giver, fund)
            for code in way[1:]:
                lower = self._place(code, row.fund)
                below_icb = self._life[code]["depth"] > 0
                kind = "mandate" if upper.organisation == giver else "devolve" if below_icb else "allocate"
                self._leg(day, kind, upper, lower, part, row.recurrent, row.where)
                upper = lower
            if len(way) == 1 and fund != row.fund:
                self._leg(day, "earmark", upper, self._place(giver, row.fund), part, row.recurrent, row.where)
        if row.standing in (RETAINED, SPENT):
            own = self._place(row.organisation, row.fund)
            kind = "retain" if row.standing == RETAINED else "spend"
            self._leg(day, kind, own, own._replace(standing=row.standing), pence, row.recurrent, row.where)

    def _leg(
        self, day: date, kind: str, source: Place, to: Place, pence: int, recurrent: bool = True, note: str = ""
    ) -> None:
        self.legs[day, kind].append(Leg(source, to, pence, recurrent, note))

    def _place(self, organisation: str, fund: str) -> Place:
        return Place(organisation, fund, self._year, AVAILABLE)

    def _around(self, fund: str) -> list[str]:
        """The funds around a fund, the nearest first."""
        found: list[str] = []
        outer = self._parent[fund]
        while outer is not None:
            found.append(outer)
            outer = self._parent[outer]
        return found

    def _day_of(self, organisation: str) -> date:
        """The day of the position, or the last on which the organisation existed."""
        closes: date | None = self._life[organisation]["valid_to"]
        if closes is None or self._day < closes:
            return self._day
        return max(closes - timedelta(days=1), self._year.first_day)

    def _net(self, day: date) -> Routes:
        if day not in self._routes:
            self._routes[day] = Routes(self._reader, day, self._known)
        return self._routes[day]
