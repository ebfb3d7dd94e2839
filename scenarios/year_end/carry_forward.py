"""Year end: what a rule carries forward into the next year, and what it leaves behind, to the penny.

A pure function over the position of the year's last day. Money that recurs is never carried forward: it is issued
anew. What the rule does not name is told, with its amount, so that nothing is lost in silence.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from allocations.shares.apportion import apportion
from ledger import clock, structure
from ledger.entries.draft import Draft, Leg, Place, legs
from ledger.entries.kinds import BRING, CARRY
from ledger.errors import Problem, Refused, refuse
from ledger.inputs import Action, Input
from ledger.models import AVAILABLE, RETAINED, SPENT
from ledger.money import exact_pounds
from ledger.reports import register
from ledger.reports.position import BY_AGREEMENT, SOURCE, WITHOUT_AGREEMENT
from ledger.rules import carrying_forward
from ledger.store.base import Reader
from ledger.words import OWN
from ledger.years import FinancialYear
from scenarios import baseline
from scenarios.baseline import Baseline
from scenarios.fields import CannotApply, exact
from scenarios.selection import select
from scenarios.year_end.rule import HELD, ICB, LISTED, UNSPENT, CarryForwardLine, WrittenRule

LEFT = (AVAILABLE, BY_AGREEMENT, WITHOUT_AGREEMENT)
RECURS = "it recurs, and is issued anew"
NO_TERMS = "whether it recurs is not known: no terms on record say so"
NOT_NAMED = "no line of the rule names it"


@dataclass(frozen=True, slots=True)
class Carried:
    """What goes into the next year of one line of one holder's money.

    Attributes:
        left_pence: what of the year's money is left there.
        pence: what of it is carried forward.
        to: who has it in the next year, and how much.
        line: which line of the rule, from 1.
        note: the arithmetic.
    """

    organisation: str
    fund: str
    standing: str
    left_pence: int
    pence: int
    to: Mapping[str, int]
    line: int
    note: str


@dataclass(frozen=True, slots=True)
class Behind:
    """What stays in its year, of one fund, and why."""

    fund: str
    why: str
    organisations: int
    pence: int


@dataclass(frozen=True)
class CarryForwardPlan:
    """A year end as a rule has it: all that is left of the year, carried forward or not.

    Attributes:
        source: the organisation that the money goes back to and comes from.
        warnings: what whoever signs this should know.
    """

    year: FinancialYear
    written: WrittenRule
    source: str
    carried: tuple[Carried, ...]
    behind: tuple[Behind, ...]
    warnings: tuple[str, ...]

    @property
    def following(self) -> FinancialYear:
        """The year into which it is carried."""
        return FinancialYear(self.year.start + 1)

    @property
    def carried_pence(self) -> int:
        """All that is carried forward."""
        return sum(each.pence for each in self.carried)

    @property
    def behind_pence(self) -> int:
        """All that stays behind."""
        return sum(each.pence for each in self.behind)


def plan(reader: Reader, written: WrittenRule, into: FinancialYear) -> CarryForwardPlan:
    """Work out a year end.

    Args:
        into: the year into which money is carried, from the one before it.

    Raises:
        Refused: a line selects nothing, money that recurs or that another line has, or more than is left; it
            rests on spending that is not recorded; money was carried forward from there before; or a holder
            closes and nobody is known to come after.
    """
    year = FinancialYear(into.start - 1)
    base = baseline.read(reader, year=year, as_at=year.last_day)
    return _Planning(reader, written, base, year).plan()


def posted_before(reader: Reader, written: WrittenRule, into: FinancialYear) -> list[dict[str, Any]]:
    """What this very rule has carried forward already, as it stands in the books; nothing where it has not.

    Raises:
        Refused: it has, and was reversed since: what was undone is not done again by asking once more.
    """
    stem = key_of(written, into)
    known = {str(entry["number"]): key for key, entry in register.keyed(reader, stem).items()}
    if not known:
        return []
    rows = [
        row for row in carrying_forward.carried(reader, FinancialYear(into.start - 1)) if str(row["entry"]) in known
    ]
    if {str(row["entry"]) for row in rows} != set(known):
        found = f"it was carried forward by entries {' and '.join(known)}, and reversed since."
        remedy = "Say in the rule's reason why it is done again, and use that file."
        refuse(written.path.name, found, "One file is one decision.", remedy)
    return rows


def refuse_too_early(reader: Reader, year: FinancialYear) -> None:
    """A year is carried forward when it has ended, by the clock of the books.

    Raises:
        Refused: it has not.
    """
    today = clock.today(reader)
    if today <= year.last_day:
        why = "What is left at its end is not known yet."
        remedy = f"Try it {Input.DRY_RUN.given} now, and post it from {FinancialYear(year.start + 1).first_day} on."
        refuse(f"the year {year}", f"it has not ended: it is {today}.", why, remedy)


def key_of(written: WrittenRule, into: FinancialYear) -> str:
    """The stem of the entries' keys: the same files for the same year are one decision."""
    return f"carry-forward/{into}/{written.sha256[:16]}"


def drafts(plan: CarryForwardPlan, *, actor: str) -> list[Draft]:
    """The two entries of a year end; none where nothing is carried forward."""
    if not plan.carried:
        return []
    rule, out, back = plan.written.rule, [], []
    stem = key_of(plan.written, plan.following)
    for each in plan.carried:
        standing = RETAINED if each.standing.startswith(RETAINED) else each.standing
        source = Place(plan.source, each.fund, plan.year)
        out.append(Leg(Place(each.organisation, each.fund, plan.year, standing), source, each.pence, False, each.note))
        source = Place(plan.source, each.fund, plan.following)
        own = standing if set(each.to) == {each.organisation} else AVAILABLE
        note = f"from {each.organisation}, {each.note}"
        for code, pence in each.to.items():
            if pence:
                back.append(Leg(source, Place(code, each.fund, plan.following, own), pence, False, note))
    facts: dict[str, Any] = {
        "actor": actor, "reason": f"{rule.title}: {rule.reason}", "authority": rule.authority,
        "source": plan.written.path.name, "source_hash": plan.written.sha256,
        "standing": OWN,
    }  # fmt: skip
    return [
        Draft(f"{stem}/out", CARRY, plan.year.last_day, transfers=legs(out), **facts),
        Draft(f"{stem}/in", BRING, plan.following.first_day, transfers=legs(back), **facts),
    ]


class _Planning:
    """One year end, as it is worked out."""

    def __init__(self, reader: Reader, written: WrittenRule, base: Baseline, year: FinancialYear) -> None:
        assert base.at is not None
        self._reader, self._written, self._base, self._year = reader, written, base, year
        self._rows: list[dict[str, Any]] = base.position.to_pylist()
        self._spent = {row["fund"] for row in self._rows if row["standing"] == SPENT}
        self._first_day = FinancialYear(year.start + 1).first_day
        self._life = structure.lives(reader, base.at.known)
        self._after = structure.successions(reader, self._first_day, base.at.known)
        self._before = {
            (row["from_organisation"], row["fund"]): row["entry"]
            for row in carrying_forward.carried(reader, year) if row["kind"] == CARRY
        }  # fmt: skip
        self._problems: list[Problem] = []
        self._line_of: dict[int, int] = {}
        self._waiting = dict(written.underspends or {})

    def plan(self) -> CarryForwardPlan:
        carried: list[Carried] = []
        for number, line in enumerate(self._written.rule.lines, start=1):
            carried += self._of_line(number, line)
        self._hold_to_the_list()
        if self._problems:
            raise Refused(self._problems)
        givers = [row for row in self._rows if row["standing"] == SOURCE]
        source = min(givers, key=lambda row: (row["amount_pence"], row["fund"]))["organisation"]
        behind, warnings = tuple(self._behind(carried)), tuple(self._warnings(carried))
        return CarryForwardPlan(self._year, self._written, source, tuple(carried), behind, warnings)

    def _of_line(self, number: int, line: CarryForwardLine) -> list[Carried]:
        try:
            rows = select(self._base.position, self._base.world, line.funds, line.organisations, standings=LEFT)
        except CannotApply as error:
            self._refuse(number, error.key, error.found, error.why, error.fix)
            return []
        chosen = [int(row) for row in rows if self._rows[row]["recurrent"] is False]
        if not chosen:
            why = RECURS if any(self._rows[row]["recurrent"] for row in rows) else NO_TERMS
            found = f"nothing that it names can be carried forward: {why}."
            self._refuse(
                number, "funds", found, "Recurrent money would be counted twice.", "Name money that is for once."
            )
            return []
        if not self._may(number, line, chosen):
            return []
        self._line_of |= dict.fromkeys(chosen, number)
        basis = self._basis(line, chosen)
        whole = sum(basis.values())
        limit = int(whole * exact(line.share))
        limit = limit if line.up_to_pence is None else min(limit, line.up_to_pence)
        if not whole or not limit:
            return []
        parts = apportion(limit, {str(row): pence for row, pence in basis.items()})
        return [self._carried(number, line, row, parts[str(row)], whole, limit) for row in basis if parts[str(row)]]

    def _may(self, number: int, line: CarryForwardLine, chosen: Sequence[int]) -> bool:
        before = len(self._problems)
        own = [self._rows[row] for row in chosen]
        if any(row["standing"] == SPENT for row in own):
            self._refuse(number, "organisations", "it names money that is spent.", "It is gone.", "Take 'spent' out.")
        taken = sorted({self._line_of[row] for row in chosen if row in self._line_of})
        if taken:
            found, why = f"it names money that line {taken[0]} names too.", "It would be carried forward twice."
            self._refuse(number, "", found, why, "Let each line name money of its own.")
        unknown = sorted({row["fund"] for row in own} - self._spent)
        if line.of == UNSPENT and unknown:
            found = f"no spending of {', '.join(unknown)} is recorded in {self._year}."
            why = "What stands there was held; that it was not spent is not known."
            remedy = f"Record the spending, list the underspends with 'of: {LISTED}', or say 'of: {HELD}' knowingly."
            self._refuse(number, "of", found, why, remedy)
        for holder, fund in sorted({(row["organisation"], row["fund"]) for row in own} & set(self._before)):
            found = f"entry {self._before[holder, fund]} has carried forward from {holder}, {fund}, before."
            why, remedy = (
                "A share of what it left would be carried once more.",
                "Leave it out, or reverse both entries.",
            )
            self._refuse(number, "", found, why, remedy)
        return len(self._problems) == before

    def _basis(self, line: CarryForwardLine, chosen: Sequence[int]) -> dict[int, int]:
        """What each row may give: all that is left there, or what the list says of it, available money first."""
        if line.of != LISTED:
            return {row: self._rows[row]["amount_pence"] for row in chosen}
        basis = {}
        for row in sorted(chosen, key=lambda row: (LEFT.index(self._rows[row]["standing"]), row)):
            owner = (self._rows[row]["organisation"], self._rows[row]["fund"])
            basis[row] = min(self._waiting.get(owner, 0), self._rows[row]["amount_pence"])
            if owner in self._waiting:
                self._waiting[owner] -= basis[row]
        return basis

    def _hold_to_the_list(self) -> None:
        """What is listed has to be there, in money that a line names."""
        if self._problems:
            return
        for (holder, fund), pence in sorted(self._waiting.items()):
            if not pence:
                continue
            own = [row for row in self._rows if (row["organisation"], row["fund"]) == (holder, fund)]
            left = sum(row["amount_pence"] for row in own if row["standing"] in LEFT)
            listed = (self._written.underspends or {})[holder, fund]
            found = f"of £{exact_pounds(listed)} that is listed, £{exact_pounds(pence)} has nothing to come from."
            why = f"£{exact_pounds(left)} is left there, and only money for once that such a line names is taken."
            remedy = f"Correct the list, or name the money in a line with 'of: {LISTED}'."
            self._problems.append(Problem(f"{holder}, {fund}", found, why, remedy))

    def _carried(self, number: int, line: CarryForwardLine, row: int, pence: int, whole: int, limit: int) -> Carried:
        own = self._rows[row]
        holder = own["organisation"]
        wanted = (self._base.world.icb_of(holder) or holder) if line.to == ICB else holder
        note = f"line {number}: £{exact_pounds(limit)} of £{exact_pounds(whole)} {line.of}"
        to = self._recipients(number, wanted, pence)
        return Carried(holder, own["fund"], own["standing"], own["amount_pence"], pence, to, number, note)

    def _recipients(self, number: int, wanted: str, pence: int) -> dict[str, int]:
        """Who has it on the first day of the next year: who held it, or those who come after."""
        found = {wanted: pence}
        for _, step in self._after:
            following: dict[str, int] = defaultdict(int)
            for code, amount in found.items():
                parts = apportion(amount, step[code]) if code in step and not self._exists(code) else {code: amount}
                for successor, part in parts.items():
                    following[successor] += part
            found = dict(following)
        for code in sorted(code for code in found if not self._exists(code)):
            remedy = f"Record who comes after, {Action.IMPORT_STRUCTURE.done()}, or leave it out."
            sentence = f"{code} does not exist on {self._first_day}, and nobody is known to come after it."
            self._refuse(number, "organisations", sentence, "Its money would come to nobody.", remedy)
        return found

    def _exists(self, code: str) -> bool:
        opens, closes = self._life[code]["valid_from"], self._life[code]["valid_to"]
        return opens <= self._first_day and (closes is None or self._first_day < closes)

    def _behind(self, carried: Sequence[Carried]) -> Iterator[Behind]:
        """All that is left of the year and not carried, by fund and reason; with what is carried it is the whole."""
        gone: dict[tuple[str, str, str], int] = defaultdict(int)
        for each in carried:
            gone[each.organisation, each.fund, each.standing] += each.pence
        left: dict[tuple[str, str], list[int]] = defaultdict(list)
        for index, row in enumerate(self._rows):
            if row["standing"] in LEFT:
                pence = row["amount_pence"] - gone[row["organisation"], row["fund"], row["standing"]]
                if pence:
                    left[row["fund"], self._why(index)].append(pence)
        for (fund, why), amounts in sorted(left.items()):
            yield Behind(fund, why, len(amounts), sum(amounts))

    def _why(self, row: int) -> str:
        if row in self._line_of:
            return f"it is beyond what line {self._line_of[row]} lets through"
        recurs = self._rows[row]["recurrent"]
        return RECURS if recurs else NO_TERMS if recurs is None else NOT_NAMED

    def _warnings(self, carried: Sequence[Carried]) -> Iterator[str]:
        funds = {each.fund for each in carried}
        deadlines = {(row["fund"], row["spend_by"]) for row in self._rows if row["fund"] in funds and row["spend_by"]}
        for fund, day in sorted(deadlines):
            if day < self._first_day:
                yield f"By its terms {fund} is to be spent by {day}: record new terms if its funder lets it run on."
        lines = self._written.rule.lines
        held = sorted({each.fund for each in carried if lines[each.line - 1].of == HELD} - self._spent)
        if held:
            yield f"No spending of {', '.join(held)} is recorded: what is carried forward was held, maybe not unspent."

    def _refuse(self, number: int, key: str, found: str, why: str, remedy: str) -> None:
        self._problems.append(Problem(self._written.place(number, key), found, why, remedy))
