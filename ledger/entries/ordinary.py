"""Whether a batch of ordinary entries may be posted, judged by what is in memory.

Ordinary is what most entries are: money that an organisation passes on, sets aside, keeps, spends or gives back, with
nothing unusual about it. The answer is yes, or that the questions in SQL have to be asked: they are the rules, they
decide whatever is refused and say why, and ``verify`` asks them of every entry again. Nothing is accepted here that
they would refuse, which tests hold over random books and batches. So whatever is not certain is not ordinary.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from ledger import characters
from ledger.entries import canonical, refusals
from ledger.entries.door import Posted, linked, moment_after
from ledger.entries.draft import Draft
from ledger.entries.kinds import BRING, CARRY, INSIDE, MONEY_KINDS, OTHER, SAME, UP, WITHIN, Kind
from ledger.entries.memory import Key, KnownAccount, LimitPeriod, Memory, Right
from ledger.money import LARGEST_PENCE, MOST_MOVED_PENCE
from ledger.store.reading import Reader, Writer
from ledger.years import FIRST_YEAR, LAST_YEAR, FinancialYear, month_of, year_of

# What the source gives, and what is carried forward, is bounded by rules of their own.
KINDS = frozenset(MONEY_KINDS) - {"mandate", CARRY, BRING}
# A larger batch is posted as fast by questions, and would keep others waiting.
MOST_LEGS = 500


class PlainLeg(NamedTuple):
    """A leg, by the accounts that it names."""

    payer: Key
    payee: Key
    amount_pence: int
    recurrent: bool
    note: str | None


@dataclass(frozen=True, slots=True)
class PlainRequest:
    """A batch that somebody asks for, and that may be ordinary.

    Attributes:
        drafts: the entries, all by one author.
        legs: of each.
    """

    drafts: Sequence[Draft]
    legs: Sequence[Sequence[PlainLeg]]

    def accounts(self) -> Iterator[Key]:
        """Every account that a leg names, as often as one does."""
        for legs in self.legs:
            for leg in legs:
                yield leg.payer
                yield leg.payee


def asked(drafts: Sequence[Draft]) -> PlainRequest | None:
    """A batch, where it may be ordinary by what can be told without the books; None where it is not."""
    if not drafts or len({draft.actor for draft in drafts}) > 1:
        return None
    if any(draft.kind not in KINDS or draft.records or draft.transfers is None for draft in drafts):
        return None
    if sum(0 if draft.transfers is None else draft.transfers.num_rows for draft in drafts) > MOST_LEGS:
        return None
    if refusals.header_problems(drafts):
        return None
    legs = [_legs(draft) for draft in drafts]
    return PlainRequest(drafts, legs) if all(_is_plain(leg) for each in legs for leg in each) else None


def _legs(draft: Draft) -> list[PlainLeg]:
    columns = [column.to_pylist() for column in draft.legs().columns]
    half = len(canonical.TRANSFER_FIELDS[:4])
    return [PlainLeg(row[:half], row[half : 2 * half], *row[2 * half :]) for row in zip(*columns, strict=True)]


@dataclass(slots=True)
class PlainBatch:
    """Entries that are posted together: each batch that was asked for is judged after those before it.

    Attributes:
        facts: what the books are, moved on with every batch that is taken.
        entries, accounts, transfers: the rows to be written.
        days: what comes to accounts and leaves them, by account and day.
        people: what each person moves, by person and day of recorded time.
        moved_pence: all of it, added up.
    """

    facts: Memory
    reader: Reader
    entries: list[dict[str, object]] = field(default_factory=list)
    accounts: list[dict[str, object]] = field(default_factory=list)
    transfers: list[dict[str, object]] = field(default_factory=list)
    days: dict[tuple[int, date], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
    people: dict[tuple[str, date], int] = field(default_factory=lambda: defaultdict(int))
    moved_pence: int = 0
    _keys: set[str] = field(default_factory=set)

    def take(self, batch: PlainRequest, now: datetime) -> list[Posted] | None:
        """Judge a batch and take it in; None where the questions have to be asked, and nothing is changed then.

        Args:
            batch: whose accounts were learned.
            now: what the machine's clock says.
        """
        facts, moment = self.facts, moment_after(self.facts.latest, now)
        each = [(draft, leg) for draft, legs in zip(batch.drafts, batch.legs, strict=True) for leg in legs]
        moved = sum(leg.amount_pence for _, leg in each)
        may_be_posted = (
            batch.drafts[0].actor in facts.actors
            and not any(draft.key in self._keys or draft.key in facts.proposed for draft in batch.drafts)
            and facts.moved_pence + moved <= MOST_MOVED_PENCE
            and all(self._is_allowed(draft, leg) for draft, leg in each)
            and not self._is_short(each)
            and self._has_rights(batch, moment)
        )
        return self._taken(batch, moment, moved) if may_be_posted else None

    def write(self, writer: Writer) -> None:
        """Write what was taken."""
        if not self.entries:
            return
        writer.insert("entry", self.entries)
        if self.accounts:
            writer.insert("account", self.accounts)
        writer.insert("transfer", self.transfers)
        writer.insert(
            "account_day",
            [
                {"account": account, "day": day, "in_pence": came, "out_pence": went}
                for (account, day), (came, went) in self.days.items()
            ],
            "ON CONFLICT (account, day) DO UPDATE SET in_pence = account_day.in_pence + excluded.in_pence, "
            "out_pence = account_day.out_pence + excluded.out_pence",
        )
        writer.insert(
            "person_day",
            [{"person": person, "day": day, "moved_pence": pence} for (person, day), pence in self.people.items()],
            "ON CONFLICT (person, day) DO UPDATE SET moved_pence = person_day.moved_pence + excluded.moved_pence",
        )
        given = {"entries": self.facts.entries, "head": self.facts.head, "moved": self.facts.moved_pence}
        writer.execute("UPDATE seal SET entries = $entries, head = $head, moved_pence = $moved", given)

    def _is_allowed(self, draft: Draft, leg: PlainLeg) -> bool:
        """Whether a leg goes where an entry of its kind may go, on its day."""
        facts, day, kind = self.facts, draft.effective_date, MONEY_KINDS[draft.kind]
        (payer_code, fund_code, year, standing), (payee_code, to_fund_code, to_year, to_standing) = leg.payer, leg.payee
        payer, payee = facts.organisations.get(payer_code), facts.organisations.get(payee_code)
        fund, to_fund = facts.funds.get(fund_code), facts.funds.get(to_fund_code)
        if payer is None or payee is None or fund is None or to_fund is None:
            return False
        upper, lower = (payee_code, payer_code) if kind.direction == UP else (payer_code, payee_code)
        within = payer_code == payee_code
        deeper = payee.rank > to_fund.lowest_rank and kind.direction != UP and (not within or fund_code != to_fund_code)
        as_at = facts.totals.get((year, frozenset((payer.tier, payee.tier))))
        return (
            year == to_year
            and FinancialYear(year).contains(day)
            and (facts.closed_to is None or day > facts.closed_to)
            and not payer.is_source
            and not payee.is_source
            and payer.is_open(day)
            and payee.is_open(day)
            and (standing, to_standing) in kind.standings
            and fund.resource == to_fund.resource
            and not deeper
            and _keeps_its_fund(kind, fund_code, to_fund_code, inside=fund_code in to_fund.line)
            and not any(facts.is_fenced(fence, day) for fence in fund.line - to_fund.line)
            and (
                within
                if kind.direction == WITHIN
                else not within and upper in facts.above(lower, day, as_money_flows=True)
            )
            and (as_at is None or day > as_at)
            and not (facts.reserved and (leg.payer in facts.reserved or leg.payee in facts.reserved))
        )

    def _is_short(self, pairs: Sequence[tuple[Draft, PlainLeg]]) -> bool:
        """Whether an account that loses money would be below its limit on any day."""
        change: dict[Key, dict[date, int]] = defaultdict(lambda: defaultdict(int))
        for draft, leg in pairs:
            change[leg.payer][draft.effective_date] -= leg.amount_pence
            change[leg.payee][draft.effective_date] += leg.amount_pence
        for key in {leg.payer for _, leg in pairs}:
            account = self.facts.accounts[key]
            floor = 0 if account is None else account.floor_pence
            days = change[key] if account is None else _summed(account.days, change[key])
            balance = 0
            for day in sorted(days):
                balance += days[day]
                if floor is not None and balance < floor:
                    return True
        return False

    def _has_rights(self, batch: PlainRequest, moment: datetime) -> bool:
        """Whether the author may post each entry alone: over every organisation that pays, within a limit."""
        if not self.facts.has_rights:
            return True
        person, day, before = batch.drafts[0].actor, moment.astimezone(UTC).date(), 0
        rights = [
            right
            for right in self.facts.rights.get(person, ())
            if right.valid_from <= day and (right.valid_to is None or day < right.valid_to)
        ]
        for legs in batch.legs:
            pence = sum(leg.amount_pence for leg in legs)
            for payer in {leg.payer[0] for leg in legs}:
                above = self.facts.above(payer, day, as_money_flows=False)
                if not any(
                    (right.organisation is None or right.organisation in above)
                    and self._is_within(right, person, day, before + pence, pence)
                    for right in rights
                ):
                    return False
            before += pence
        return True

    def _is_within(self, right: Right, person: str, day: date, batch_pence: int, pence: int) -> bool:
        """Whether an entry is within the limit of a right, and all that was moved in the period of the limit."""
        if right.limit_pence is None:
            return True
        if pence > right.limit_pence:
            return False
        if right.limit_period is None:
            return True
        period = period_of(right.limit_period, day)
        return self.facts.moved_by(self.reader, person, period) + batch_pence <= right.limit_pence

    def _taken(self, batch: PlainRequest, moment: datetime, moved: int) -> list[Posted]:
        facts = self.facts
        contents = [_content(draft, legs) for draft, legs in zip(batch.drafts, batch.legs, strict=True)]
        counts = [len(legs) for legs in batch.legs]
        rows, posted = linked(
            facts.head, facts.entries + 1, moment, list(zip(batch.drafts, contents, counts, strict=True))
        )
        self.entries.extend(rows)
        new = sorted({key for key in batch.accounts() if facts.accounts[key] is None})
        for number, key in enumerate(new, start=facts.last_account + 1):
            facts.accounts[key] = KnownAccount(number, 0)
            names = dict(zip(("organisation", "fund", "year", "standing"), key, strict=True))
            self.accounts.append({"id": number, **names, "floor_pence": 0})
        for entry, draft, legs in zip(posted, batch.drafts, batch.legs, strict=True):
            for nth, leg in enumerate(legs, start=1):
                payer, payee = (self._account(key) for key in (leg.payer, leg.payee))
                day, pence = draft.effective_date, leg.amount_pence
                payer.days[day] = payer.days.get(day, 0) - pence
                payee.days[day] = payee.days.get(day, 0) + pence
                self.days[payer.id, day][1] += pence
                self.days[payee.id, day][0] += pence
                accounts = {"entry_number": entry.number, "leg": nth, "from_account": payer.id, "to_account": payee.id}
                rest = {"amount_pence": pence, "recurrent": leg.recurrent, "note": leg.note}
                self.transfers.append({**accounts, **rest})
        self._keys.update(draft.key for draft in batch.drafts)
        facts.entries, facts.head, facts.latest = posted[-1].number, posted[-1].hash, moment
        facts.moved_pence += moved
        facts.last_account += len(new)
        person = batch.drafts[0].actor
        self.people[person, moment.astimezone(UTC).date()] += moved
        facts.add_to_moved_by(person, moment, moved)
        return posted

    def _account(self, key: Key) -> KnownAccount:
        account = self.facts.accounts[key]
        assert account is not None
        return account


def period_of(name: str, day: date) -> LimitPeriod:
    """The day, month or financial year of recorded time, in UTC, that a day lies in."""
    if name == "day":
        first, after = day, day + timedelta(days=1)
    elif name == "month":
        first, after = month_of(day).first_day, month_of(day).following.first_day
    else:
        first, after = year_of(day).first_day, year_of(day).last_day + timedelta(days=1)
    return LimitPeriod(datetime.combine(first, time(), UTC), datetime.combine(after, time(), UTC))


def _is_plain(leg: PlainLeg) -> bool:
    """Whether a leg moves a possible amount between two accounts, all in plain text: it can be put to the database."""
    texts = (*leg.payer[:2], leg.payer[3], *leg.payee[:2], leg.payee[3], *([] if leg.note is None else [leg.note]))
    return (
        isinstance(leg.amount_pence, int)
        and 0 < leg.amount_pence <= LARGEST_PENCE
        and leg.recurrent is not None
        and leg.payer != leg.payee
        and all(isinstance(key[2], int) and FIRST_YEAR <= key[2] <= LAST_YEAR for key in (leg.payer, leg.payee))
        and all(isinstance(text, str) and not characters.unseen(text) for text in texts)
    )


def _keeps_its_fund(kind: Kind, fund: str, to_fund: str, *, inside: bool) -> bool:
    if kind.fund == SAME:
        return fund == to_fund
    if kind.fund == OTHER:
        return fund != to_fund
    return inside and (kind.fund != INSIDE or fund != to_fund)


def _summed(one: dict[date, int], other: dict[date, int]) -> dict[date, int]:
    return {day: one.get(day, 0) + other.get(day, 0) for day in one.keys() | other.keys()}


def _content(draft: Draft, legs: Sequence[PlainLeg]) -> str:
    facts = {name: getattr(draft, name) for name in canonical.ENTRY_FIELDS}
    rows: list[tuple[Any, ...]] = [(*leg.payer, *leg.payee, *leg[2:]) for leg in legs]
    return canonical.content_hash(facts, [canonical.part_of_rows("transfer", rows)])
