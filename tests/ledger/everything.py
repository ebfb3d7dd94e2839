"""Random decisions of every kind that there is, many of them wrong: what the property test of the rules is fed with.

Each decision is a small value of whole numbers, which say what to choose among what is there; so a sequence stays
meaningful while it is being shortened, and a shorter one is a simpler story.
"""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from sqlmodel import SQLModel

from ledger.entries import proposals
from ledger.entries.draft import Draft, Leg, Place, legs, records
from ledger.entries.kinds import ALL_KINDS, BRING, CARRY, DOWN, MONEY_KINDS, OTHER, SAME, UP
from ledger.entries.posting import post, reverse
from ledger.errors import LedgerError
from ledger.models import (
    Agreement,
    Appointment,
    ClosedMonth,
    Closure,
    ControlTotal,
    Dismissal,
    Fund,
    Organisation,
    ProposalEnd,
    ProposedTransfer,
    Relationship,
    SourceLimit,
    Succession,
    Terms,
    Tier,
    Upgrade,
)
from ledger.plans import Contract, Contribution, Forecast, Letter, Renaming, TestedInstalment
from ledger.store.base import Store
from ledger.words import GRADES, STANDINGS
from ledger.years import FinancialYear, Month, month_of
from tests.books import LONG_AGO, term

BEGUN = datetime(2025, 5, 10, 12, tzinfo=UTC)
# The first are the plainest: a sequence that is being shortened ends up with them.
DAYS = (
    date(2025, 4, 1), date(2025, 5, 1), date(2025, 4, 30), date(2025, 6, 15), date(2025, 9, 1), date(2026, 3, 31),
    date(2026, 4, 1), date(2024, 4, 1), date(2030, 1, 1), date(1900, 1, 1), date(1899, 12, 31), date(9991, 1, 1), date.max,
)  # fmt: skip
PEOPLE = ("ada", "ben", "cy")
LEAVE_BY = ("", "vire", "vire,consolidate", "return,vire,consolidate")
TIERS = ("government", "national", "icb", "place", "pcn", "practice")

_HELD = """
SELECT a.organisation, a.fund, a.year, a.standing, CAST(sum(d.in_pence - d.out_pence) AS BIGINT) AS pence
FROM account a JOIN account_day d ON d.account = a.id WHERE a.floor_pence IS NOT NULL
GROUP BY a.organisation, a.fund, a.year, a.standing HAVING sum(d.in_pence - d.out_pence) > 0 ORDER BY 1, 2, 3, 4
"""
_TIES = """
SELECT * FROM relationship r WHERE NOT EXISTS (SELECT 1 FROM relationship s WHERE s.supersedes = r.id) ORDER BY r.id
"""


class World:
    """A ledger to which decisions are put, with a clock of its own, and what there is to choose from."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.now = BEGUN
        self.serial = 0
        self.accepted = 0

    def key(self, what: str) -> str:
        self.serial += 1
        return f"{what}/{self.serial}"

    def rows(self, sql: str) -> list[dict[str, Any]]:
        with self.store.read() as reader:
            return list(reader.table(sql).to_pylist())

    def codes(self, table: str) -> list[str]:
        return [row["code"] for row in self.rows(f"SELECT code FROM {table} ORDER BY entry_number, code")]

    def above_and_below(self, one: int, other: int) -> tuple[str, str]:
        """Two organisations, the one of the upper tier first."""
        ranked = self.rows(
            "SELECT o.code, t.rank FROM organisation o JOIN tier t ON t.code = o.tier ORDER BY o.entry_number, o.code"
        )
        pair = sorted((pick(ranked, one), pick(ranked, other)), key=lambda row: int(row["rank"]))
        return pair[0]["code"], pair[1]["code"]

    def actor(self, nth: int) -> str:
        """Somebody with a right, once there are rights; now and then somebody without."""
        able = [row["person"] for row in self.rows("SELECT DISTINCT person FROM appointment ORDER BY 1")]
        return pick([*able, *PEOPLE, "tests"] if able else ["tests", *PEOPLE], nth)


def pick(among: Sequence[Any], nth: int) -> Any:
    return among[nth % len(among)]


def brings(
    world: World, kind: str, actor: str, *tables: tuple[type[SQLModel], list[dict[str, Any]]], **given: Any
) -> Draft:
    day = given.pop("day", world.now.date())
    brought = {model: records(model, rows) for model, rows in tables}
    return Draft(world.key(kind), kind, day, actor, "a decision", records=brought, **given)


# --- what an entry can be --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Move:
    """Money that moves, mostly as its kind may: from an account that holds some, along a tie that there is."""

    kind: str
    account: int
    to: int
    fund: int
    part: int
    day: int
    standing: int
    authority: bool
    recurrent: bool
    twice: bool
    odd: int

    def draft(self, world: World, actor: str) -> Draft:
        kind, funds = MONEY_KINDS[self.kind], world.rows("SELECT code, parent FROM fund ORDER BY entry_number, code")
        held = world.rows(_HELD)
        if self.kind in ("mandate", BRING) or not held or self.odd == 1:
            held = [
                {"organisation": "GOV", "fund": fund["code"], "year": year, "standing": "available", "pence": 1_000}
                for year in (2025, 2026) for fund in funds
            ]  # fmt: skip
        sources = {here for here, _ in kind.standings}
        able = [row for row in held if row["standing"] in sources and self.odd != 3]
        source = pick(able or held, self.account)
        ties = world.rows(_TIES)
        if kind.direction == DOWN:
            to = [row["child"] for row in ties if row["parent"] == source["organisation"]]
            to += [row["child"] for row in ties if row["parent"] in to]
        elif kind.direction == UP:
            to = (
                ["GOV"]
                if self.kind == CARRY
                else [row["parent"] for row in ties if row["child"] == source["organisation"]]
            )
        else:
            to = [source["organisation"]]
        inside = [fund["code"] for fund in funds if fund["parent"] == source["fund"]]
        others = [fund["code"] for fund in funds if fund["code"] != source["fund"]]
        onto = {SAME: [source["fund"]], OTHER: others}.get(kind.fund, [source["fund"], *inside])
        standings = sorted(there for here, there in kind.standings if here == source["standing"]) or list(STANDINGS)
        year = FinancialYear(source["year"])
        day = {CARRY: year.last_day, BRING: year.first_day}.get(
            self.kind, pick([d for d in DAYS if year.contains(d)], self.day)
        )
        payee, fund, standing = pick(to or ["NHS"], self.to), pick(onto, self.fund), pick(standings, self.standing)
        if self.odd == 2:
            payee = pick(world.codes("organisation"), self.to)
        if self.odd == 3:
            fund, standing = pick(others, self.fund), pick(STANDINGS, self.standing)
        if self.odd == 4:
            day = pick(DAYS, self.day)
        pence = (1, source["pence"], max(source["pence"] // 2, 1), source["pence"] + 1)[self.part % 4]
        recurrent = self.recurrent and self.kind not in (CARRY, BRING)
        leg = Leg(
            Place(source["organisation"], source["fund"], year, source["standing"]),
            Place(payee, fund, year, standing),
            pence,
            recurrent,
        )
        moved = [leg, leg._replace(amount_pence=1)] if self.twice else [leg]
        authority = f"the board, {world.now.date()}" if self.authority else None
        return Draft(
            world.key(self.kind), self.kind, day, actor, "a decision", authority=authority, transfers=legs(moved)
        )


@dataclass(frozen=True)
class NewOrganisation:
    tier: int
    parent: int
    begins: int
    ends: int | None
    tied: bool

    def draft(self, world: World, actor: str) -> Draft:
        code = world.key("ORG").replace("/", "")
        begins, ends = pick((LONG_AGO, *DAYS), self.begins), None if self.ends is None else pick(DAYS, self.ends)
        row = {
            "code": code,
            "name": f"Body {code}",
            "tier": pick(TIERS[:2:-1], self.tier),
            "valid_from": begins,
            "valid_to": ends,
        }
        tie = {"id": f"tie {code}", "parent": pick(world.codes("organisation")[1:8], self.parent), "child": code, "scheme": "line",
               "valid_from": begins, "valid_to": ends}  # fmt: skip
        return brings(world, "structure", actor, (Organisation, [row]), *([(Relationship, [tie])] if self.tied else []))


@dataclass(frozen=True)
class Tie:
    parent: int
    child: int
    scheme: int
    begins: int
    ends: int | None
    part: int | None
    takes_over: int | None

    def draft(self, world: World, actor: str) -> Draft:
        ties = world.rows(_TIES)
        parent, child = world.above_and_below(self.parent, self.child)
        row = {
            "id": world.key("tie"), "parent": parent, "child": child,
            "scheme": pick(("line", "other"), self.scheme), "part": self.part, "valid_from": pick((LONG_AGO, *DAYS), self.begins),
            "valid_to": None if self.ends is None else pick(DAYS, self.ends),
        }  # fmt: skip
        if self.takes_over is not None:
            old = pick(ties, self.takes_over)
            row |= {name: old[name] for name in ("parent", "child", "scheme")} | {"supersedes": old["id"]}
            row["valid_from"] = old["valid_from"] if self.begins % 2 == 0 else row["valid_from"]
        return brings(world, "structure", actor, (Relationship, [row]))


@dataclass(frozen=True)
class Close:
    organisation: int
    day: int
    twice: bool

    def draft(self, world: World, actor: str) -> Draft:
        organisation = pick(world.codes("organisation")[3:], self.organisation)
        rows = [
            {"id": world.key("closed"), "organisation": organisation, "valid_to": pick(DAYS, self.day + n)}
            for n in range(1 + self.twice)
        ]
        return brings(world, "structure", actor, (Closure, rows))


@dataclass(frozen=True)
class Become:
    predecessor: int
    successor: int
    day: int
    keeps: bool
    closes: bool
    weight: int

    def draft(self, world: World, actor: str) -> Draft:
        organisations, day = world.codes("organisation")[3:], pick(DAYS, self.day)
        gone, heir = pick(organisations, self.predecessor), pick(organisations, self.successor)
        common = {"predecessor": gone, "effective_date": day, "kind": "merge", "basis": "people"}
        rows = [{**common, "id": world.key("becomes"), "successor": heir, "weight": self.weight}]
        if self.keeps:
            rows.append({**common, "id": world.key("becomes"), "successor": gone, "weight": 1})
        closing = (
            [(Closure, [{"id": world.key("closed"), "organisation": gone, "valid_to": day}])] if self.closes else []
        )
        return brings(world, "structure", actor, *closing, (Succession, rows))


@dataclass(frozen=True)
class NewTier:
    rank: int
    source: bool

    def draft(self, world: World, actor: str) -> Draft:
        code = world.key("tier")
        row = {"code": code, "name": code, "rank": self.rank, "depth": 0, "may_go_below_zero": self.source}
        return brings(world, "structure", actor, (Tier, [row]))


@dataclass(frozen=True)
class NewFund:
    parent: int | None
    lowest: int
    grade: int | None
    leave_by: int
    begins: int

    def draft(self, world: World, actor: str) -> Draft:
        code = world.key("fund").replace("/", "")
        parent = None if self.parent is None else pick([*world.codes("fund"), "nowhere", code], self.parent)
        row = {"code": code, "name": f"Line {code}", "parent": parent, "stream": "core", "resource": "revenue",
               "lowest_tier": pick(TIERS[::-1], self.lowest)}  # fmt: skip
        terms = [] if self.grade is None else [
            (Terms, [term(code, pick((*GRADES, None), self.grade), effective_from=pick((LONG_AGO, *DAYS), self.begins),
                          leave_by=pick(LEAVE_BY, self.leave_by))])
        ]  # fmt: skip
        return brings(world, "terms", actor, (Fund, [row]), *terms)


@dataclass(frozen=True)
class NewTerms:
    fund: int
    begins: int
    grade: int
    leave_by: int
    authority: int
    version: int

    def draft(self, world: World, actor: str) -> Draft:
        fund, begins = pick(world.codes("fund"), self.fund), pick((LONG_AGO, *DAYS), self.begins)
        before = len(world.rows(f"SELECT id FROM terms WHERE fund = '{fund}' AND effective_from = DATE '{begins}'"))
        row = term(
            fund,
            pick((*GRADES, None), self.grade),
            version=before + 1 + self.version,
            effective_from=begins,
            leave_by=pick(LEAVE_BY, self.leave_by),
        )
        authority = pick((f"the board, from {begins}", "the board", None), self.authority)
        return brings(world, "terms", actor, (Terms, [{**row, "id": world.key("terms")}]), authority=authority)


@dataclass(frozen=True)
class Agree:
    organisation: int
    fund: int
    pence: int | None
    share: int | None
    begins: int
    ends: int | None
    takes_over: int | None

    def draft(self, world: World, actor: str) -> Draft:
        row = {
            "id": world.key("agreed"), "organisation": pick(world.codes("organisation"), self.organisation),
            "fund": pick(world.codes("fund"), self.fund), "amount_pence": self.pence, "share_ppm": self.share, "partners": "all",
            "decision_reference": "minute", "purpose": "risk", "valid_from": pick(DAYS, self.begins),
            "valid_to": None if self.ends is None else pick(DAYS, self.ends),
        }  # fmt: skip
        old = world.rows("SELECT * FROM agreement ORDER BY entry_number, id")
        if self.takes_over is not None and old:
            before = pick(old, self.takes_over)
            row |= {name: before[name] for name in ("organisation", "fund")} | {"supersedes": before["id"]}
            row["valid_from"] = before["valid_from"] if self.begins % 2 == 0 else row["valid_from"]
        return brings(world, "agree", actor, (Agreement, [row]))


@dataclass(frozen=True)
class Assert:
    """A control total, mostly of what the books show."""

    between: int
    fund: int | None
    as_at: int
    off: int
    takes_over: int | None

    def draft(self, world: World, actor: str) -> Draft:
        upper, lower = pick((("national", "icb"), ("government", "national"), ("icb", "place")), self.between)
        fund = None if self.fund is None else pick(world.codes("fund"), self.fund)
        as_at = pick(DAYS[:9], self.as_at)
        wanted = "" if fund is None else f"AND a.fund = '{fund}'"
        ((shown,),) = ((row["pence"],) for row in world.rows(f"""
            SELECT CAST(coalesce(sum(m.pence), 0) AS BIGINT) AS pence FROM (
                SELECT f.organisation AS up, o.organisation AS low, o.id, t.entry_number, t.amount_pence AS pence FROM transfer t
                JOIN account f ON f.id = t.from_account JOIN account o ON o.id = t.to_account
                UNION ALL SELECT o.organisation, f.organisation, f.id, t.entry_number, -t.amount_pence FROM transfer t
                JOIN account f ON f.id = t.from_account JOIN account o ON o.id = t.to_account) m
            JOIN organisation u ON u.code = m.up AND u.tier = '{upper}' JOIN organisation l ON l.code = m.low AND l.tier = '{lower}'
            JOIN account a ON a.id = m.id AND a.year = 2025 {wanted}
            JOIN entry e ON e.number = m.entry_number AND e.effective_date <= DATE '{as_at}'"""))  # fmt: skip
        row = {
            "id": world.key("total"), "description": "a total", "year": 2025, "as_at": as_at, "from_tier": upper, "to_tier": lower,
            "fund": fund, "expected_pence": shown + self.off, "tolerance_pence": 0, "source": "published",
        }  # fmt: skip
        old = world.rows("SELECT * FROM control_total ORDER BY entry_number, id")
        if self.takes_over is not None and old:
            row["supersedes"] = pick(old, self.takes_over)["id"]
        return brings(world, "assert", actor, (ControlTotal, [row]))


@dataclass(frozen=True)
class Limit:
    fund: int
    year: int
    pence: int
    takes_over: bool

    def draft(self, world: World, actor: str) -> Draft:
        fund, year = pick(world.codes("fund"), self.fund), pick((2025, 2026, 1900), self.year)
        row = {"id": world.key("limit"), "fund": fund, "year": year, "limit_pence": self.pence, "source": "the mandate"}
        old = world.rows(
            f"SELECT id FROM source_limit WHERE fund = '{fund}' AND year = {year} AND id NOT IN (SELECT supersedes FROM source_limit WHERE supersedes IS NOT NULL)"
        )
        if self.takes_over and old:
            row["supersedes"] = old[0]["id"]
        return brings(world, "limit", actor, (SourceLimit, [row]))


@dataclass(frozen=True)
class Plan:
    """A row of what is expected or arranged, of one of few things, so that many take the place of others."""

    what: int
    code: int
    one: int
    other: int
    fund: int
    day: int
    pence: int
    state: int
    twice: bool

    def draft(self, world: World, actor: str) -> Draft:
        codes = world.codes("organisation")
        one, other, fund = pick(codes, self.one), pick(codes, self.other), pick(world.codes("fund"), self.fund)
        day, code = pick(DAYS, self.day), pick(("A", "A", "B", "", "A;B"), self.code)
        month = date.max if day == date.max else month_of(day).last_day
        of = {"fund": fund, "year": pick((2025, 2026, 1900), self.state), "amount_pence": self.pence}
        outcome = pick(("due", "earned", "withheld", "moved"), self.state)
        row: dict[str, Any]
        model, kind, row = pick(
            (
                (Renaming, "structure", {"organisation": one, "fund": pick((None, None, fund), self.state), "name": code,
                                         "valid_from": day}),
                (Forecast, "forecast", {**of, "organisation": one, "as_at": pick((month, day), self.state)}),
                (Letter, "letter", {**of, "reference": code, "month": month, "from_organisation": one,
                                    "to_organisation": other, "recurrent": True,
                                    "notified_on": pick((day, None), self.state)}),
                (Contribution, "arrange", {"pool": one, "payer": other, "fund": fund, "year": of["year"],
                                           "agreed_pence": self.pence, "minimum_pence": pick((None, 0, 7), self.state)}),
                (Contract, "arrange", {"code": code, "kind": pick(("iho", "mnp", "x"), self.state), "holder": one,
                                       "commissioner": other, "fund": fund, "valid_from": day,
                                       "part_of": pick((None, None, "A", "B"), self.state)}),
                (TestedInstalment, "arrange", {**of, "year": 2025, "code": code, "payer": one, "receiver": other,
                                               "due_on": DAYS[0], "test": "done", "outcome": outcome,
                                               "moved_to": one if outcome == "moved" else None}),
            ),
            self.what,
        )  # fmt: skip
        rows = [{"id": world.key("plan"), **row} for _ in range(1 + self.twice)]
        return brings(world, kind, actor, (model, rows))


@dataclass(frozen=True)
class CloseMonth:
    skips: int
    several: int

    def draft(self, world: World, actor: str) -> Draft:
        ((newest,),) = ((row["newest"],) for row in world.rows("SELECT max(last_day) AS newest FROM closed_month"))
        month = Month(2025, 4) if newest is None else month_of(newest).following
        for _ in range(self.skips):
            month = month.following
        months = [month]
        for _ in range(self.several):
            months.append(months[-1].following)
        rows = [{"id": str(one), "last_day": one.last_day} for one in months]
        return brings(world, "close", actor, (ClosedMonth, rows), day=months[-1].last_day)


@dataclass(frozen=True)
class Appoint:
    person: int
    role: int
    organisation: int | None
    pence: int | None
    alone: bool
    begins: int
    ends: int | None

    def draft(self, world: World, actor: str) -> Draft:
        first = not world.rows("SELECT 1 AS one FROM appointment LIMIT 1")
        role = (
            "administrator"
            if first and self.role
            else pick(("approver", "administrator", "preparer", "viewer"), self.role)
        )
        organisation = (
            None if self.organisation is None or first else pick(world.codes("organisation"), self.organisation)
        )
        row = {
            "id": world.key("right"), "person": pick(PEOPLE, self.person), "role": role, "organisation": organisation,
            "limit_pence": self.pence if role in ("approver", "preparer") else None,
            "limit_period": "month" if self.pence is not None and role in ("approver", "preparer") else None,
            "alone": self.alone and role == "approver", "valid_from": pick(DAYS[:9], self.begins),
            "valid_to": None if self.ends is None or first else pick(DAYS[:9], self.ends),
        }  # fmt: skip
        return brings(world, "appoint", actor, (Appointment, [row]))


@dataclass(frozen=True)
class Dismiss:
    nth: int
    day: int

    def draft(self, world: World, actor: str) -> Draft:
        there = world.rows("SELECT id FROM appointment ORDER BY entry_number, id") or [{"id": "nobody"}]
        row = {
            "id": world.key("dismissal"),
            "appointment": pick(there, self.nth)["id"],
            "valid_to": pick(DAYS[:9], self.day),
        }
        return brings(world, "dismiss", actor, (Dismissal, [row]))


@dataclass(frozen=True)
class Meddle:
    """What no command would make: rows added to another entry's proposal, a decision alone, an upgrade, odd shapes."""

    what: int
    nth: int
    amount: int

    def draft(self, world: World, actor: str) -> Draft:
        entries = world.rows("SELECT id FROM proposed_entry ORDER BY id") or [{"id": "none"}]
        plans = world.rows("SELECT id, prepared_by FROM proposal ORDER BY id") or [{"id": "none", "prepared_by": "ben"}]
        plan = pick(plans, self.nth)
        leg = {
            "id": world.key("leg"), "proposed_entry": pick(entries, self.nth)["id"], "leg": 9, "from_organisation": "NHS",
            "from_fund": "limit", "from_year": 2025, "from_standing": "available", "to_organisation": "ICB1", "to_fund": "core",
            "to_year": 2025, "to_standing": "available", "amount_pence": self.amount, "recurrent": True,
        }  # fmt: skip
        end = {"proposal": plan["id"], "prepared_by": plan["prepared_by"], "outcome": pick(("rejected", "posted", "part-posted"), self.amount),
               "decided_by": actor, "reason": "a decision"}  # fmt: skip
        upgrade = {"id": "9", "name": "mine", "form": 2, "previous_head": "", "earlier": "[]"}
        made = pick(
            (
                lambda: brings(world, "propose", actor, (ProposedTransfer, [leg])),
                lambda: brings(world, "decide", actor, (ProposalEnd, [end])),
                lambda: brings(world, "upgrade", actor, (Upgrade, [upgrade])),
                lambda: Draft(world.key("empty"), pick(ALL_KINDS, self.nth), DAYS[0], actor, "a decision"),
                lambda: replace(brings(world, pick(ALL_KINDS, self.nth), actor, (Terms, [term("estate", "soft", version=self.amount % 100)])),
                                transfers=legs([Leg(Place("GOV", "limit", FinancialYear(2025)), Place("NHS", "limit", FinancialYear(2025)), 1)])),
            ),
            self.what,
        )  # fmt: skip
        return made()


@dataclass(frozen=True)
class Backwards:
    """A reversal that somebody wrote by hand: of any entry, by any key."""

    nth: int
    day: int | None
    key: int
    authority: bool

    def draft(self, world: World, actor: str) -> Draft:
        moved = world.rows(
            "SELECT number, effective_date FROM entry WHERE number IN (SELECT entry_number FROM transfer) ORDER BY 1"
        ) or [{"number": 1, "effective_date": DAYS[0]}]
        undone = pick(moved, self.nth)
        rows = world.rows(f"""
            SELECT t.*, f.organisation AS fo, f.fund AS ff, f.year AS fy, f.standing AS fs, o.organisation AS oo, o.fund AS of,
                   o.year AS oy, o.standing AS os FROM transfer t JOIN account f ON f.id = t.from_account
            JOIN account o ON o.id = t.to_account WHERE t.entry_number = {undone["number"]} ORDER BY t.leg""")
        mirror = [
            Leg(Place(row["oo"], row["of"], FinancialYear(row["oy"]), row["os"]), Place(row["fo"], row["ff"], FinancialYear(row["fy"]), row["fs"]),
                row["amount_pence"], row["recurrent"], row["note"])
            for row in rows
        ]  # fmt: skip
        day = undone["effective_date"] if self.day is None else pick(DAYS, self.day)
        key = f"reverse:{undone['number'] + self.key}"
        return Draft(key, "reverse", day, actor, "a mistake", authority="the board" if self.authority else None,
                     reverses=undone["number"], transfers=legs(mirror))  # fmt: skip


# --- what can be done with them --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Post:
    makers: tuple[Any, ...]
    actor: int
    dry_run: bool

    def act(self, world: World) -> None:
        actor = world.actor(self.actor)
        drafts = [maker.draft(world, actor) for maker in self.makers]
        posted = post(world.store, drafts, dry_run=self.dry_run)
        world.accepted += not self.dry_run and not all(one.replayed for one in posted)


@dataclass(frozen=True)
class TakeOffice:
    """Rights come into force: one administrator, one who approves and may post alone, one who prepares."""

    pence: int | None

    def act(self, world: World) -> None:
        rights = (
            ("ada", "administrator", "ada", None),
            ("ben", "approver", "ada", self.pence),
            ("cy", "preparer", "ada", self.pence),
        )
        for person, role, by, pence in rights:
            row = {"id": world.key("right"), "person": person, "role": role, "limit_pence": pence,
                   "limit_period": None if pence is None else "month", "alone": role == "approver", "valid_from": LONG_AGO}  # fmt: skip
            post(world.store, [brings(world, "appoint", by, (Appointment, [row]))])
        world.accepted += 1


@dataclass(frozen=True)
class Propose:
    makers: tuple[Any, ...]
    actor: int
    expires: int | None

    def act(self, world: World) -> None:
        actor = world.actor(self.actor)
        drafts = [maker.draft(world, actor) for maker in self.makers]
        expires = None if self.expires is None else pick(DAYS, self.expires)
        proposals.submit(
            world.store, drafts, key=world.key("plan"), title="A plan", prepared_by=actor, expires_on=expires
        )
        world.accepted += 1


@dataclass(frozen=True)
class Decide:
    nth: int
    outcome: int
    actor: int
    only: frozenset[int]

    def act(self, world: World) -> None:
        open_ones = world.rows(
            "SELECT id FROM proposal WHERE id NOT IN (SELECT proposal FROM proposal_end) ORDER BY entry_number"
        )
        plans = open_ones or world.rows("SELECT id FROM proposal") or [{"id": "none"}]
        outcome = pick(("posted", "part-posted", "rejected", "withdrawn", "expired"), self.outcome)
        proposals.decide(
            world.store, pick(plans, self.nth)["id"], outcome=outcome, decided_by=world.actor(self.actor), reason="a decision",
            only=sorted(self.only) if outcome == "part-posted" else (),
        )  # fmt: skip
        world.accepted += 1


@dataclass(frozen=True)
class PostWhatWasLeftOut:
    """An entry of a proposal, posted by itself: as it was proposed, or changed."""

    nth: int
    actor: int
    changed: int

    def act(self, world: World) -> None:
        plans = world.rows("SELECT id FROM proposal ORDER BY entry_number")
        if not plans:
            return
        with world.store.read() as reader:
            drafts = proposals.drafts_of(reader, pick(plans, self.nth)["id"])
        draft = replace(pick(drafts, self.nth), actor=world.actor(self.actor))
        changes: tuple[dict[str, Any], ...] = (
            {},
            {"authority": "somebody"},
            {"effective_date": DAYS[1]},
            {"reason": "another"},
        )
        posted = post(world.store, [replace(draft, **pick(changes, self.changed))])
        world.accepted += not posted[0].replayed


@dataclass(frozen=True)
class Undo:
    nth: int
    actor: int
    day: int | None
    authority: bool

    def act(self, world: World) -> None:
        moved = world.rows("SELECT DISTINCT entry_number AS number FROM transfer ORDER BY 1") or [{"number": 1}]
        reverse(
            world.store, pick(moved, self.nth)["number"], reason="a mistake", actor=world.actor(self.actor),
            authority="the board" if self.authority else None, effective_date=None if self.day is None else pick(DAYS, self.day),
        )  # fmt: skip
        world.accepted += 1


@dataclass(frozen=True)
class TimePasses:
    """The machine's clock goes on, or is put back."""

    days: int

    def act(self, world: World) -> None:
        world.now += timedelta(days=self.days)


@dataclass(frozen=True)
class Expire:
    actor: int

    def act(self, world: World) -> None:
        world.accepted += bool(proposals.expire(world.store, decided_by=world.actor(self.actor)))


def carry_out(world: World, step: Any) -> None:
    """Put a decision to the books. To be refused is in order; anything else that goes wrong is not."""
    with suppress(LedgerError):
        step.act(world)


def _mix(*weighted: tuple[int, st.SearchStrategy[Any]]) -> st.SearchStrategy[Any]:
    """One of several strategies, each as often as its weight says; the first is the plainest."""
    return st.sampled_from([strategy for weight, strategy in weighted for _ in range(weight)]).flatmap(lambda one: one)


def _now_and_then(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return _mix((3, st.none()), (1, strategy))


_few, _many = st.integers(0, 3), st.integers(0, 15)
# Days that make sense, and now and then those that do not.
_day = st.sampled_from([*range(9), *range(5), *range(5), *range(5), *range(9, len(DAYS))])
_often, _seldom = st.sampled_from([True, True, False]), st.sampled_from([False, False, False, True])
_MOST_KINDS = ["mandate", "allocate", "devolve", "return", "vire", "retain", "earmark"]
_moves = st.builds(
    Move, kind=st.sampled_from([*_MOST_KINDS, *_MOST_KINDS, *MONEY_KINDS]), account=_many, to=_many, fund=_many,
    part=st.sampled_from([0, 1, 2, 0, 1, 2, 3]), day=_day, standing=_few, authority=_often, recurrent=st.booleans(),
    twice=_seldom, odd=st.sampled_from([0] * 12 + [1, 2, 3, 4]),
)  # fmt: skip
_structure = _mix(
    (2, st.builds(NewOrganisation, tier=_few, parent=_many, begins=_day, ends=_now_and_then(_day), tied=_often)),
    (4, st.builds(Tie, parent=_many, child=_many, scheme=_few, begins=_day, ends=_now_and_then(_day),
                  part=_now_and_then(st.integers(1, 9)), takes_over=st.none() | _many)),
    (2, st.builds(Close, organisation=_many, day=_day, twice=_seldom)),
    (3, st.builds(Become, predecessor=_many, successor=_many, day=_day, keeps=st.booleans(), closes=st.booleans(),
                  weight=st.sampled_from([1, 7, 1, 7, 2**53 - 1, 2**62]))),
    (1, st.builds(NewTier, rank=st.integers(-1, 9), source=_seldom)),
)  # fmt: skip
_terms = _mix(
    (4, st.builds(NewTerms, fund=_many, begins=_day, grade=st.integers(0, 5), leave_by=_few, authority=_few,
                  version=st.sampled_from([0, 0, 0, 0, 1, -1]))),
    (2, st.builds(NewFund, parent=st.none() | _many, lowest=_few, grade=st.none() | st.integers(0, 5), leave_by=_few,
                  begins=_day)),
    (2, st.builds(Agree, organisation=_many, fund=_many, pence=st.none() | st.sampled_from([5, 0, 5, -1, 2**53]),
                  share=_now_and_then(st.sampled_from([500_000, 2_000_000])), begins=_day, ends=_now_and_then(_day),
                  takes_over=st.none() | _many)),
)  # fmt: skip
_totals = _mix(
    (2, st.builds(Assert, between=_few, fund=st.none() | _many, as_at=_day, off=st.sampled_from([0, 0, 0, 1]),
                  takes_over=st.none() | _few)),
    (3, st.builds(Limit, fund=_many, year=st.sampled_from([0, 0, 1, 2]),
                  pence=st.sampled_from([10_000, 1_000, 1, 0, 10**6]), takes_over=_often)),
)  # fmt: skip
_rights = _mix(
    (3, st.builds(Appoint, person=_few, role=_few, organisation=_now_and_then(_many),
                  pence=_now_and_then(st.sampled_from([1_000, 10**7])), alone=_often, begins=st.sampled_from([0, 0, 1, 7, 4, 8]),
                  ends=_now_and_then(st.integers(0, 8)))),
    (1, st.builds(Dismiss, nth=_few, day=st.integers(0, 8))),
)  # fmt: skip
_plans = st.builds(
    Plan, what=st.integers(0, 5), code=st.sampled_from([0, 0, 0, 2, 3, 4]), one=_few, other=_many, fund=_few, day=_day,
    pence=st.sampled_from([10_000, 10_000, 7, 0, -5, 2**53]), state=_few, twice=_seldom,
)  # fmt: skip
_closing = st.builds(CloseMonth, skips=st.sampled_from([0, 0, 0, 1]), several=st.sampled_from([0, 0, 1, 11]))
_odd = _mix(
    (1, st.builds(Meddle, what=st.integers(0, 4), nth=_many, amount=st.sampled_from([1, 5, 10**6, 2**53 - 1]))),
    (2, st.builds(Backwards, nth=_many, day=_now_and_then(_day), key=st.sampled_from([0, 0, 0, 1]), authority=_often)),
)  # fmt: skip
_makers = _mix(
    (10, _moves), (5, _structure), (5, _terms), (3, _totals), (2, _closing), (2, _rights), (1, _odd), (2, _plans)
)
_for_a_proposal = _mix((6, _moves), (2, _terms), (1, _structure), (1, _plans))
_batches = st.lists(_makers, min_size=2, max_size=3).map(tuple)
_STEPS = _mix(
    (12, st.builds(Post, makers=st.tuples(_makers), actor=_few, dry_run=st.just(value=False))),
    (3, st.builds(Post, makers=_batches, actor=_few, dry_run=_seldom)),
    (3, st.builds(Propose, makers=st.lists(_for_a_proposal, min_size=1, max_size=2).map(tuple), actor=_few,
                  expires=_now_and_then(_day))),
    (3, st.builds(Decide, nth=_few, outcome=st.sampled_from([0, 0, 1, 1, 2, 3, 4]), actor=_few,
                  only=st.sampled_from([frozenset({1}), frozenset({2}), frozenset({1, 2}), frozenset({3})]))),
    (1, st.builds(PostWhatWasLeftOut, nth=_few, actor=_few, changed=_few)),
    (2, st.builds(Undo, nth=_many, actor=_few, day=_now_and_then(_day), authority=_often)),
    (2, st.builds(TimePasses, days=st.sampled_from([1, 30, 365, -30, -400]))),
    (1, st.builds(Expire, actor=_few)),
    (1, st.builds(TakeOffice, pence=st.none() | st.sampled_from([1_000, 100]))),
)  # fmt: skip
# Several short lists, one after another: one long list would seldom be long.
_SOME = st.lists(_STEPS, max_size=9)
SEQUENCES = st.tuples(_SOME, _SOME, _SOME, _SOME).map(lambda some: [step for few in some for step in few])
