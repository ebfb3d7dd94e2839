"""Whether a batch of ordinary entries may be posted, judged by what is in memory.

Ordinary is what most entries are: money that an organisation passes on, sets aside, keeps, spends or gives back, with
nothing unusual about it. The answer is yes, or that the questions in SQL have to be asked: they are the rules, they
decide whatever is refused and say why, and ``verify`` asks them of every entry again. Nothing is accepted here that
they would refuse, which tests hold over random books and batches. So whatever is not certain is not ordinary.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

from ledger import characters
from ledger.characters import FOLDED, folded
from ledger.entries import canonical, refusals
from ledger.entries.door import Posted, linked, moment_after
from ledger.entries.draft import Draft
from ledger.entries.kinds import BRING, CARRY, INSIDE, MONEY_KINDS, OTHER, REVERSE, SAME, UP, WITHIN, Kind
from ledger.money import LARGEST_PENCE, MOST_MOVED_PENCE
from ledger.store.reading import Reader, Writer
from ledger.words import RING_FENCED
from ledger.years import FIRST_YEAR, LAST_YEAR, FinancialYear, month_of, year_of

_STATE = """
SELECT s.entries, s.head, s.moved_pence, (SELECT max(recorded_at) FROM entry),
       (SELECT coalesce(max(id), 0) FROM account) FROM seal s
"""
_ORGANISATIONS = """
SELECT o.code, o.valid_from, coalesce(c.valid_to, o.valid_to), o.tier, t.rank, t.may_go_below_zero
FROM organisation o JOIN tier t ON t.code = o.tier LEFT JOIN (
    SELECT organisation, valid_to, row_number() OVER (
        PARTITION BY organisation ORDER BY entry_number DESC, id DESC) AS nth FROM closure
) c ON c.organisation = o.code AND c.nth = 1
"""
_RELATIONSHIPS = """
SELECT r.child, r.parent, r.valid_from, r.valid_to FROM relationship r
WHERE NOT EXISTS (SELECT 1 FROM relationship s WHERE s.supersedes = r.id)
"""
_FUNDS = "SELECT f.code, f.parent, f.resource, t.rank FROM fund f JOIN tier t ON t.code = f.lowest_tier"
_TERMS = "SELECT fund, effective_from, grade FROM terms ORDER BY fund, effective_from DESC, version DESC"
# Who may post money alone; limits, and the first day on which the right no longer holds, dismissals included.
_RIGHTS = """
SELECT a.person, a.organisation, a.limit_pence, a.limit_period, a.valid_from,
       CASE WHEN d.valid_to IS NULL OR a.valid_to < d.valid_to THEN a.valid_to ELSE d.valid_to END
FROM appointment a LEFT JOIN (SELECT appointment, min(valid_to) AS valid_to FROM dismissal GROUP BY appointment) d
    ON d.appointment = a.id
WHERE a.role = 'approver' AND a.alone
"""
_TOTALS = "SELECT year, from_tier, to_tier, max(as_at) FROM control_total GROUP BY year, from_tier, to_tier"
_RESERVED = """
WITH open_entry AS (
    SELECT id FROM proposed_entry WHERE proposal NOT IN (SELECT proposal FROM proposal_end)
)
SELECT from_organisation, from_fund, from_year, from_standing FROM proposed_transfer
WHERE proposed_entry IN (SELECT id FROM open_entry)
UNION
SELECT to_organisation, to_fund, to_year, to_standing FROM proposed_transfer
WHERE proposed_entry IN (SELECT id FROM open_entry)
"""
_ACCOUNTS = """
SELECT w.place, a.id, a.floor_pence, d.day, d.in_pence - d.out_pence FROM (
    SELECT unnest($places) AS place, unnest($organisations) AS organisation, unnest($funds) AS fund,
           unnest($years) AS year, unnest($standings) AS standing) w
JOIN account a ON a.organisation = w.organisation AND a.fund = w.fund AND a.year = w.year AND a.standing = w.standing
LEFT JOIN account_day d ON d.account = a.id
"""
_MOVED_BY = f"""
SELECT CAST(coalesce(sum(t.amount_pence), 0) AS BIGINT) FROM entry e JOIN transfer t ON t.entry_number = e.number
WHERE {FOLDED.format("e.actor")} = {FOLDED.format("$person")} AND e.recorded_at >= $since AND e.recorded_at < $until
"""
_SINCE = "SELECT DISTINCT kind, actor FROM entry WHERE number > $known"
# What is learned when it is asked for is forgotten together when it is much.
_MOST_KEPT = 100_000

# What names an account: organisation, fund, year and standing.
Key = tuple[str, str, int, str]


class KnownOrganisation(NamedTuple):
    """An organisation: from when until when it is open, and where its tier stands."""

    opened: date
    closed: date | None
    tier: str
    rank: int
    is_source: bool

    def is_open(self, day: date) -> bool:
        """Whether it exists on a day."""
        return self.opened <= day and (self.closed is None or day < self.closed)


class KnownFund(NamedTuple):
    """A fund: itself with all that it lies inside, what it may be spent on, and how far down it may be held."""

    line: frozenset[str]
    resource: str
    lowest_rank: int


class Right(NamedTuple):
    """A right to post money alone, over an organisation or over the whole."""

    organisation: str | None
    limit_pence: int | None
    limit_period: str | None
    valid_from: date
    valid_to: date | None


class LimitPeriod(NamedTuple):
    """A day, a month or a financial year of recorded time: from when until when."""

    since: datetime
    until: datetime


@dataclass(slots=True)
class KnownAccount:
    """An account: its number, its limit, and what came to it less what left it, day by day."""

    id: int
    floor_pence: int | None
    days: dict[date, int] = field(default_factory=dict)


class Memory:
    """The books as the rules of ordinary entries need them, at one head.

    Attributes:
        entries: how many there are.
        head: of the chain.
        moved_pence: all that was ever moved, added up.
        latest: the newest recorded time.
        last_account: the highest number of an account.
        organisations, funds: by their codes.
        rights: of each person to post money alone.
        has_rights: whether anybody was ever appointed, so that rights count.
        actors: who has posted, as they are spelled in the books.
        closed_to: the last day that is closed.
        totals: for each year and pair of tiers the last day of a control total that speaks of them.
        reserved: the accounts that open proposals name.
        proposed: the keys of all proposed entries.
        accounts: those that were learned; None for one that is not open.
    """

    def __init__(self, reader: Reader) -> None:
        """Read all that does not depend on which accounts are named."""
        self.accounts: dict[Key, KnownAccount | None] = {}
        self._moved_by: dict[tuple[str, datetime, datetime], int] = {}
        self._above: dict[tuple[str, date, bool], frozenset[str]] = {}
        self._read_state(reader)
        self.organisations = {str(row[0]): KnownOrganisation(*row[1:]) for row in _rows(reader, _ORGANISATIONS)}
        self._parents: dict[str, list[tuple[str, date, date | None]]] = defaultdict(list)
        for child, *parent in _rows(reader, _RELATIONSHIPS):
            self._parents[child].append(tuple(parent))
        self.funds = _funds(_rows(reader, _FUNDS))
        self._terms: dict[str, list[tuple[date, str]]] = defaultdict(list)
        for fund, *terms in _rows(reader, _TERMS):
            self._terms[fund].append(tuple(terms))
        self.has_rights = bool(reader.rows("SELECT 1 FROM appointment LIMIT 1"))
        self.rights: dict[str, list[Right]] = defaultdict(list)
        for person, *right in _rows(reader, _RIGHTS) if self.has_rights else ():
            self.rights[person].append(Right(*right))
        self.actors = {str(actor) for (actor,) in reader.rows("SELECT DISTINCT actor FROM entry")}
        ((self.closed_to,),) = _rows(reader, "SELECT max(last_day) FROM closed_month")
        self.totals: dict[tuple[int, frozenset[str]], date] = {}
        for year, one, other, as_at in _rows(reader, _TOTALS):
            tiers = (year, frozenset((one, other)))
            self.totals[tiers] = max(as_at, self.totals.get(tiers, as_at))
        self.proposed = {str(key) for (key,) in reader.rows("SELECT key FROM proposed_entry")}
        self.reserved = set(_rows(reader, _RESERVED)) if self.proposed else set()

    def follow(self, reader: Reader) -> bool:
        """Move on to the head of the books, where nothing but money was posted since; whether that could be done."""
        ((entries, head),) = reader.rows("SELECT entries, head FROM seal")
        if (entries, head) == (self.entries, self.head):
            return True
        known = reader.rows("SELECT hash FROM entry WHERE number = $known", {"known": self.entries})
        if known != [(self.head,)]:
            return False
        since = reader.rows(_SINCE, {"known": self.entries})
        if any(kind != REVERSE and kind not in MONEY_KINDS for kind, _ in since):
            return False
        self._read_state(reader)
        self.actors.update(str(actor) for _, actor in since)
        self.accounts.clear()
        self._moved_by.clear()
        return True

    def learn(self, reader: Reader, keys: Collection[Key]) -> None:
        """Read the accounts of some keys, unless they are known."""
        if len(self.accounts) > _MOST_KEPT:
            self.accounts.clear()
        wanted = [key for key in dict.fromkeys(keys) if key not in self.accounts]
        if not wanted:
            return
        organisations, funds, years, standings = (list(column) for column in zip(*wanted, strict=True))
        given = {"organisations": organisations, "funds": funds, "years": years, "standings": standings}
        self.accounts.update(dict.fromkeys(wanted))
        for place, number, floor, day, pence in _rows(reader, _ACCOUNTS, {**given, "places": list(range(len(wanted)))}):
            account = self.accounts[wanted[place]]
            if account is None:
                account = self.accounts[wanted[place]] = KnownAccount(number, floor)
            if day is not None:
                account.days[day] = pence

    def above(self, organisation: str, day: date, *, as_money_flows: bool) -> frozenset[str]:
        """An organisation with all that are above it on a day.

        Args:
            as_money_flows: only through organisations that are open on that day. Rights reach through closed ones.
        """
        asked = (organisation, day, as_money_flows)
        if len(self._above) > _MOST_KEPT:
            self._above.clear()
        if asked not in self._above:
            found, waiting = {organisation}, [organisation]
            while waiting:
                for parent, valid_from, valid_to in self._parents.get(waiting.pop(), ()):
                    if (
                        parent not in found
                        and valid_from <= day
                        and (valid_to is None or day < valid_to)
                        and (not as_money_flows or self.organisations[parent].is_open(day))
                    ):
                        found.add(parent)
                        waiting.append(parent)
            self._above[asked] = frozenset(found)
        return self._above[asked]

    def is_fenced(self, fund: str, day: date) -> bool:
        """Whether the terms of the fund itself make it a ring-fence on a day."""
        grade = next((grade for effective_from, grade in self._terms.get(fund, ()) if effective_from <= day), None)
        return grade in RING_FENCED

    def moved_by(self, reader: Reader, person: str, period: LimitPeriod) -> int:
        """What a person's entries moved in a period of recorded time, in pence."""
        asked = (folded(person), *period)
        if asked not in self._moved_by:
            given = {"person": person, "since": period.since, "until": period.until}
            self._moved_by[asked] = reader.whole(_MOVED_BY, given)
        return self._moved_by[asked]

    def add_to_moved_by(self, person: str, moment: datetime, pence: int) -> None:
        """Take note of what a person moves, in every period that was asked for."""
        name = folded(person)
        for whose, since, until in self._moved_by:
            if whose == name and since <= moment < until:
                self._moved_by[whose, since, until] += pence

    def _read_state(self, reader: Reader) -> None:
        ((self.entries, self.head, self.moved_pence, self.latest, self.last_account),) = _rows(reader, _STATE)


def _rows(reader: Reader, sql: str, given: dict[str, Any] | None = None) -> list[Any]:
    return reader.rows(sql, given)


def _funds(rows: list[tuple[str, str | None, str, int]]) -> dict[str, KnownFund]:
    parents = {code: parent for code, parent, _, _ in rows}
    funds = {}
    for code, parent, resource, lowest_rank in rows:
        line, around = {code}, parent
        while around is not None and around not in line:
            line.add(around)
            around = parents.get(around)
        funds[code] = KnownFund(frozenset(line), resource, lowest_rank)
    return funds


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
        moved_pence: all of it, added up.
    """

    facts: Memory
    reader: Reader
    entries: list[dict[str, object]] = field(default_factory=list)
    accounts: list[dict[str, object]] = field(default_factory=list)
    transfers: list[dict[str, object]] = field(default_factory=list)
    days: dict[tuple[int, date], list[int]] = field(default_factory=lambda: defaultdict(lambda: [0, 0]))
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

    def _is_short(self, each: Sequence[tuple[Draft, PlainLeg]]) -> bool:
        """Whether an account that loses money would be below its limit on any day."""
        change: dict[Key, dict[date, int]] = defaultdict(lambda: defaultdict(int))
        for draft, leg in each:
            change[leg.payer][draft.effective_date] -= leg.amount_pence
            change[leg.payee][draft.effective_date] += leg.amount_pence
        for key in {leg.payer for _, leg in each}:
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
        facts.add_to_moved_by(batch.drafts[0].actor, moment, moved)
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
