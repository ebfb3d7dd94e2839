"""What the rules of an ordinary entry need of the books, held in memory.

To ask the questions of a small entry takes much longer than to answer them, nearly all of it to plan them. A program
that posts one small entry after another keeps what they would find, and ``entries.ordinary`` judges by it. It is true
for one head of the chain alone: it moves on with what is posted by it, takes in what others posted where that was
money alone, and is read anew where it was more.
"""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from ledger.characters import FOLDED, folded
from ledger.entries.kinds import MONEY_KINDS, REVERSE
from ledger.store.reading import Reader
from ledger.words import RING_FENCED

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
SELECT CAST(coalesce(sum(moved_pence), 0) AS BIGINT) FROM person_day
WHERE day >= $since AND day < $until AND {FOLDED.format("person")} = {FOLDED.format("$person")}
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
