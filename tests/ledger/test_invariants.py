"""The invariants of the books, held over random decisions by an auditor who shares no code with them.

The auditor keeps a plain list of movements and decides for itself what must be refused. After every
decision the ledger has to agree: on whether it was taken, on what stands where on any day, and on what
was known at any earlier moment.
"""

from collections import defaultdict
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import NamedTuple

import hypothesis.strategies as st
from hypothesis import HealthCheck, settings
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ledger.entries.draft import Draft, Leg, Place, legs
from ledger.entries.posting import post, reverse
from ledger.errors import Refused
from ledger.reports.position import moment, position
from ledger.reports.verify import verify
from ledger.store.address import Address
from ledger.store.base import Store
from tests.books import YEAR
from tests.profiles import times
from tests.shelves import Shelf

FIRST_DAY = YEAR.first_day
DAYS = [FIRST_DAY + timedelta(days=30 * month) for month in range(6)]
PARENT = {
    "NHS": ["GOV"],
    "ICB1": ["NHS"],
    "ICB2": ["NHS"],
    "P1": ["ICB1"],
    "P2": ["ICB1"],
    "P3": ["ICB2"],
    "N1": ["P1"],
    "N2": ["P1", "P3"],
}
AROUND = {"limit": [], "core": ["limit"], "care": ["core", "limit"], "winter": ["limit"], "growth": ["limit"]}
FENCES = {"care": (), "winter": ("vire",)}
AVAILABLE, RETAINED, SPENT = "available", "retained", "spent"


def above(organisation: str) -> set[str]:
    found: set[str] = set()
    waiting = list(PARENT.get(organisation, []))
    while waiting:
        found.add(code := waiting.pop())
        waiting.extend(PARENT.get(code, []))
    return found


class Movement(NamedTuple):
    """The auditor's note of one leg."""

    entry: int
    day: date
    source: tuple[str, str, str]
    destination: tuple[str, str, str]
    pence: int


class Auditor:
    """A plain model of the books: a list of movements, and the rules in a dozen lines."""

    def __init__(self) -> None:
        self.movements: list[Movement] = []
        self.recorded: dict[int, datetime] = {}
        self.reversed: set[int] = set()

    def balance(self, account: tuple[str, str, str], day: date, extra: list[Movement]) -> int:
        moved = [m for m in (*self.movements, *extra) if m.day <= day]
        return sum(m.pence for m in moved if m.destination == account) - sum(
            m.pence for m in moved if m.source == account
        )

    def overdraws(self, extra: list[Movement]) -> bool:
        days = {m.day for m in (*self.movements, *extra)}
        short = [m.source for m in extra if (m.source[0], m.source[2]) != ("GOV", AVAILABLE)]
        return any(self.balance(account, day, extra) < 0 for account in short for day in days)

    def allows(self, kind: str, move: Movement, authority: str | None) -> bool:
        (payer, fund, standing), (payee, to_fund, to_standing) = move.source, move.destination
        inside = to_fund == fund or fund in AROUND[to_fund]
        shapes = {
            "mandate": payer == "GOV"
            and payer in above(payee)
            and inside
            and (standing, to_standing) == (AVAILABLE, AVAILABLE),
            "allocate": payer in above(payee) and inside and (standing, to_standing) == (AVAILABLE, AVAILABLE),
            "devolve": payer in above(payee)
            and inside
            and standing in (AVAILABLE, RETAINED)
            and to_standing == AVAILABLE,
            "return": payee in above(payer) and fund == to_fund and (standing, to_standing) == (AVAILABLE, AVAILABLE),
            "retain": payer == payee and fund == to_fund and (standing, to_standing) == (AVAILABLE, RETAINED),
            "release": payer == payee and fund == to_fund and (standing, to_standing) == (RETAINED, AVAILABLE),
            "spend": payer == payee and fund == to_fund and standing != SPENT and to_standing == SPENT,
            "vire": payer == payee and fund != to_fund and (standing, to_standing) == (AVAILABLE, AVAILABLE),
        }
        left = {around for around in (fund, *AROUND[fund]) if around not in (to_fund, *AROUND[to_fund])}
        fenced = any(f in FENCES and (authority is None or kind not in FENCES[f]) for f in left)
        if payer == "GOV" and payee != "GOV" and authority is None and self._waits_beside(to_fund):
            return False
        return shapes[kind] and not fenced and move.source != move.destination and not self.overdraws([move])

    def _waits_beside(self, fund: str) -> bool:
        """Whether ring-fenced money that came back to the source waits there to go out again, and not on this fund."""
        for fence in FENCES:
            waiting = 0
            for m in self.movements:
                (payer, gone), (payee, come) = m.source[:2], m.destination[:2]
                if payee == "GOV" and payer != "GOV" and fence in (gone, *AROUND[gone]):
                    waiting += m.pence
                if payer == "GOV" and payee != "GOV" and fence in (come, *AROUND[come]):
                    waiting = max(waiting - m.pence, 0)  # what was never there before is the source's own
            if waiting and fence not in (fund, *AROUND[fund]):
                return True
        return False

    def position(self, day: date, known: int) -> dict[tuple[str, str, str], int]:
        held: dict[tuple[str, str, str], int] = defaultdict(int)
        for m in self.movements:
            if m.entry <= known and m.day <= day:
                held[m.source] -= m.pence
                held[m.destination] += m.pence
        return {account: pence for account, pence in held.items() if pence}


organisations, funds = st.sampled_from(["GOV", *PARENT]), st.sampled_from(sorted(AROUND))
days = st.sampled_from(DAYS)
amounts = st.one_of(st.integers(1, 400), st.integers(1, 1_000_000))


class Books(RuleBasedStateMachine):
    """Random decisions against the ledger and its auditor."""

    shelf: Shelf
    template: Address

    @initialize()
    def open_the_books(self) -> None:
        self.store = Store.open(self.shelf.copy(self.template))
        self.auditor = Auditor()
        self.serial = 0
        self._decide("mandate", ("GOV", "limit", AVAILABLE), ("NHS", "limit", AVAILABLE), 1_000_000, FIRST_DAY)

    def teardown(self) -> None:
        if hasattr(self, "store"):
            with self.store.read() as reader:
                assert verify(reader) == []
            self.store.close()

    @rule(payer=organisations, payee=organisations, fund=funds, to_fund=funds, pence=amounts, day=days,
          kind=st.sampled_from(["mandate", "allocate", "devolve", "return"]))  # fmt: skip
    def move_between(self, kind, payer, payee, fund, to_fund, pence, day) -> None:
        self._decide(kind, (payer, fund, AVAILABLE), (payee, to_fund, AVAILABLE), pence, day)

    @rule(data=st.data(), fund=funds, pence=amounts, day=days, kind=st.sampled_from(["allocate", "devolve"]))
    def pass_down(self, data, fund, pence, day, kind) -> None:
        """Mostly sensible moves, so that money reaches the places where things can go wrong."""
        payee = data.draw(st.sampled_from(sorted(PARENT)))
        payer = data.draw(st.sampled_from(sorted(above(payee))))
        source_fund = data.draw(st.sampled_from([fund, *AROUND[fund]]))
        self._decide(kind, (payer, source_fund, AVAILABLE), (payee, fund, AVAILABLE), pence, day)

    @rule(organisation=organisations, fund=funds, pence=amounts, day=days, source=st.sampled_from([AVAILABLE, RETAINED, SPENT]),
          kind=st.sampled_from(["retain", "release", "spend"]))  # fmt: skip
    def keep_or_spend(self, kind, organisation, fund, pence, day, source) -> None:
        to = {"retain": RETAINED, "release": AVAILABLE, "spend": SPENT}[kind]
        self._decide(kind, (organisation, fund, source), (organisation, fund, to), pence, day)

    @rule(
        organisation=organisations,
        fund=funds,
        to_fund=funds,
        pence=amounts,
        day=days,
        authority=st.sampled_from([None, "board"]),
    )
    def vire(self, organisation, fund, to_fund, pence, day, authority) -> None:
        self._decide("vire", (organisation, fund, AVAILABLE), (organisation, to_fund, AVAILABLE), pence, day, authority)

    @precondition(lambda self: self.auditor.movements)
    @rule(data=st.data())
    def undo(self, data) -> None:
        number = data.draw(st.sampled_from(sorted({m.entry for m in self.auditor.movements})))
        original = [m for m in self.auditor.movements if m.entry == number]
        mirror = [Movement(0, m.day, m.destination, m.source, m.pence) for m in original]
        is_reversal = number in self.auditor.reversed
        allowed = not is_reversal and not self._undone(number) and not self.auditor.overdraws(mirror)
        try:
            posted = reverse(self.store, number, reason="a mistake", actor="tests")
        except Refused:
            assert not allowed
            return
        assert allowed
        self.auditor.movements += [m._replace(entry=posted.number) for m in mirror]
        self.auditor.recorded[posted.number] = posted.recorded_at
        self.auditor.reversed.add(posted.number)
        self.undone = {*getattr(self, "undone", set()), number}

    @rule(data=st.data(), day=days)
    def look_back(self, data, day) -> None:
        """What was held on a day, as it was known at any earlier entry, is still what the auditor noted."""
        number = data.draw(st.sampled_from(sorted(self.auditor.recorded)))
        assert self._ledger(day, self.auditor.recorded[number]) == self.auditor.position(day, number)

    @rule()
    def ask_again(self) -> None:
        """The last decision, asked for again with its key, changes nothing."""
        (again,) = post(self.store, [self.last])
        assert again.replayed

    @invariant()
    def agree(self) -> None:
        if not hasattr(self, "store"):
            return
        held = self._ledger(DAYS[-1], None)
        assert held == self.auditor.position(DAYS[-1], 10**9)
        assert sum(held.values()) == 0
        assert all(pence > 0 for (who, _, standing), pence in held.items() if (who, standing) != ("GOV", AVAILABLE))

    def _undone(self, number: int) -> bool:
        return number in getattr(self, "undone", set())

    def _decide(self, kind, source, destination, pence, day, authority=None) -> None:
        self.serial += 1
        move = Movement(0, day, source, destination, pence)
        (payer, fund, standing), (payee, to_fund, to_standing) = source, destination
        leg = Leg(Place(payer, fund, YEAR, standing), Place(payee, to_fund, YEAR, to_standing), pence)
        draft = Draft(
            f"decision {self.serial}", kind, day, "tests", "a decision", authority=authority, transfers=legs([leg])
        )
        allowed = self.auditor.allows(kind, move, authority)
        try:
            (posted,) = post(self.store, [draft])
        except Refused as refused:
            assert not allowed, refused
            return
        assert allowed, draft
        self.last = draft
        self.auditor.movements.append(move._replace(entry=posted.number))
        self.auditor.recorded[posted.number] = posted.recorded_at

    def _ledger(self, day: date, known_at: datetime | None) -> dict[tuple[str, str, str], int]:
        back = {"source": AVAILABLE, "retained without agreement": RETAINED}
        with self.store.read() as reader:
            rows = position(reader, moment(reader, day, known_at)).to_pylist()
        return {
            (row["organisation"], row["fund"], back.get(row["standing"], row["standing"])): row["amount_pence"]
            for row in rows
        }


def test_the_books_and_their_auditor_agree(shelf: Shelf, template: Callable[[str], Address]) -> None:
    Books.shelf, Books.template = shelf, template(shelf.kind)
    # The rules are one code for both stores, so the file's many cases try them; the server's try that it keeps them.
    many = times(quick=5, ci=10, nightly=300)
    examples = many if shelf.kind == "file" else many // 2
    run_state_machine_as_test(
        Books,
        settings=settings(
            max_examples=examples, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
