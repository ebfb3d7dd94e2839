"""``verify``: every invariant of the books, asked of the whole ledger, each failure with its place."""

import json
from collections.abc import Callable, Collection, Sequence
from contextlib import nullcontext
from dataclasses import astuple
from datetime import UTC, datetime
from functools import cached_property, partial
from typing import Any

from ledger import characters
from ledger.entries import chain
from ledger.entries.canonical import GENESIS
from ledger.entries.kinds import UPGRADE
from ledger.errors import LedgerError, Problem, Refused
from ledger.money import LARGEST_PENCE, exact_pounds
from ledger.proofs import heads
from ledger.proofs.heads import Head
from ledger.reports import chain_links, stored_rows
from ledger.rules import in_order, rights_judged
from ledger.rules.rule import Rule
from ledger.store import attachments, migrations
from ledger.store.base import Reader, Store

# A ledger with more is looked at on every core. It is asked of the catalogue, which is there whatever is not.
_FEW_TRANSFERS = 100_000
_HOW_MANY = "SELECT coalesce(max(estimated_size), 0) FROM duckdb_tables() WHERE table_name = 'transfer'"
_SUM_OF_ALL = """
SELECT CAST(coalesce(sum(pence), 0) AS BIGINT) FROM (
    SELECT sum(amount_pence) AS pence FROM transfer t JOIN account a ON a.id = t.to_account
    UNION ALL
    SELECT -sum(amount_pence) FROM transfer t JOIN account a ON a.id = t.from_account
) AS both_sides
"""

_MOVED = """
SELECT (SELECT max(moved_pence) FROM seal),
       (SELECT CAST(coalesce(sum(amount_pence), 0) AS HUGEINT) FROM transfer)
"""

_WRONG_FLOORS = """
SELECT a.organisation, a.fund, a.year, a.standing FROM account a
JOIN organisation o ON o.code = a.organisation JOIN tier t ON t.code = o.tier
WHERE (a.floor_pence IS NULL) <> (t.may_go_below_zero AND a.standing = 'available') OR a.floor_pence <> 0
ORDER BY 1, 2, 3, 4
"""

# What each account's days say, against what its transfers say.
_WRONG_DAYS = """
WITH told AS (
    SELECT m.account, e.effective_date AS day, sum(m.came) AS in_pence, sum(m.went) AS out_pence FROM (
        SELECT entry_number, to_account AS account, sum(amount_pence) AS came, 0 AS went FROM transfer GROUP BY 1, 2
        UNION ALL
        SELECT entry_number, from_account, 0, sum(amount_pence) FROM transfer GROUP BY 1, 2
    ) m JOIN entry e ON e.number = m.entry_number GROUP BY 1, 2
)
SELECT coalesce(nullif(concat_ws(', ', a.organisation, a.fund, a.year, a.standing), ''), CAST(w.account AS VARCHAR)),
       w.day
FROM (
    SELECT coalesce(t.account, d.account) AS account, coalesce(t.day, d.day) AS day
    FROM told t FULL JOIN account_day d ON d.account = t.account AND d.day = t.day
    WHERE t.in_pence IS DISTINCT FROM d.in_pence OR t.out_pence IS DISTINCT FROM d.out_pence
) w LEFT JOIN account a ON a.id = w.account
ORDER BY 1, 2 LIMIT 100
"""

# What each person's days say, against what their entries moved; from a day on.
_WRONG_PEOPLE = """
WITH told AS (
    SELECT e.actor AS person, CAST(e.recorded_at AT TIME ZONE 'UTC' AS DATE) AS day, sum(t.pence) AS moved_pence
    FROM (SELECT entry_number, sum(amount_pence) AS pence FROM transfer GROUP BY entry_number) t
    JOIN entry e ON e.number = t.entry_number
    WHERE $since IS NULL OR CAST(e.recorded_at AT TIME ZONE 'UTC' AS DATE) >= $since
    GROUP BY 1, 2
),
kept AS (SELECT * FROM person_day WHERE $since IS NULL OR day >= $since)
SELECT coalesce(t.person, k.person) AS person, coalesce(t.day, k.day) AS day
FROM told t FULL JOIN kept k ON k.person = t.person AND k.day = t.day
WHERE t.moved_pence IS DISTINCT FROM k.moved_pence
ORDER BY 1, 2 LIMIT 100
"""
_RECORDED_ON = "SELECT CAST(recorded_at AT TIME ZONE 'UTC' AS DATE) FROM entry WHERE number = $number"

# An account's number stands for what the account is, and may be any, in any order, for no report and no hash shows it.
# But it has to be one that every program reads exactly, and the next account needs a higher one.
_WRONG_ACCOUNTS = f"""
SELECT id, organisation, fund, year, standing FROM account WHERE id NOT BETWEEN 1 AND {LARGEST_PENCE}
ORDER BY 1 LIMIT 100
"""

_UNUSED_ACCOUNTS = """
SELECT a.organisation, a.fund, a.year, a.standing FROM account a
WHERE NOT EXISTS (SELECT 1 FROM transfer t WHERE t.from_account = a.id)
  AND NOT EXISTS (SELECT 1 FROM transfer t WHERE t.to_account = a.id)
ORDER BY 1, 2, 3, 4 LIMIT 100
"""


def verify(
    reader: Reader,
    progress: Callable[[str], None] = lambda _: None,
    *,
    seen_head: str | Head | None = None,
    since: str | None = None,
    store: Store | None = None,
) -> list[Problem]:
    """Everything that does not hold in the ledger; an empty list when all of it does.

    Args:
        reader: the books.
        progress: told the name of each check as it begins.
        seen_head: a head that an earlier report printed, its beginning, or one with its root that somebody kept: the
            books must still hold it. Only so is a tail found out that was cut off together with its seal.
        since: the head up to which the books were verified before, or its beginning: only what came after it is
            looked at, with all that it rests on.
        store: where the books are kept: its tables and the kept originals are looked at too.

    Raises:
        LedgerError: the reader has rows of a kept mirror, and would vouch for that and not for the ledger.
    """
    if reader.is_from_kept:
        raise LedgerError("To verify a ledger is to read it afresh: take the reader from Store.read_afresh.")
    is_small = reader.whole(_HOW_MANY) <= _FEW_TRANSFERS
    with reader.on_one_core() if is_small else nullcontext():
        found: list[Problem] = [] if seen_head is None else lost_head(reader, seen_head)
        if since is None:
            found += _of_all(reader, progress, store, is_broken=bool(found))
        else:
            found += lost_head(reader, since) or problems(reader, entry_with(reader, since) + 1, progress)
    return [_printable(problem) for problem in found]


def _of_all(reader: Reader, progress: Callable[[str], None], store: Store | None, *, is_broken: bool) -> list[Problem]:
    """What does not hold of the whole ledger; where it is broken already, a question may be one that fails."""
    found: list[Problem] = []
    asking = _Asking(reader)
    questions: list[tuple[str, Callable[[], list[Problem]]]] = [
        ("the tables themselves", lambda: store.catalogue_problems() if store else []),
        ("the seal and the version", lambda: _version_problems(reader)),
        ("every stored row", lambda: stored_rows.problems(reader)),
        ("the chain of entries", lambda: chain_links.problems(reader)),
        ("money neither made nor lost", lambda: _balance_problems(reader)),
        *((name, partial(asking.problems, asked)) for name, asked in in_order.GROUPS),
        ("who may do what", lambda: rights_judged.kept(reader)),
        ("the files that entries rest on", lambda: attachments.problems(store.path) if store else []),
    ]
    for name, ask in questions:
        progress(name)
        try:
            found.extend(ask())
        except Exception:
            # Rules may rest on what was found to be broken, and a database may answer nothing more after a question
            # that it could not answer. Where nothing was found, the fault is the program's.
            if not found and not is_broken:
                raise
            why = "What is named before it stands in the way."
            found.append(Problem(name, "it could not be looked at.", why, "Mend that first, and verify again."))
    return found


class _Asking:
    """The rules of the whole, asked group by group: what several of them rest on is worked out once."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        self._staged: set[str] = set()

    def problems(self, asked: Sequence[Rule]) -> list[Problem]:
        last, there = self._known
        return in_order.problems(self._reader, 1, last, tables=there, asked=asked, staged=self._staged)

    @cached_property
    def _known(self) -> tuple[int, set[str]]:
        """The newest entry, and the tables that hold rows: what no row could break is not asked."""
        return chain.last_entry(self._reader), chain_links.brought(self._reader)


def _printable(problem: Problem) -> Problem:
    """A problem as it may be shown, whatever the rows hold that it speaks of."""
    return Problem(*(characters.spelt_out(said) for said in astuple(problem)))


def lost_head(reader: Reader, seen: str | Head) -> list[Problem]:
    """A problem where no entry of the books has a head that was printed before, or too little of it is given to tell.

    Args:
        seen: the head, or its first 16 characters or more; or one with its root, under which no entry may have changed.
    """
    if isinstance(seen, Head):
        try:
            return heads.problems(heads.hashes(reader), seen)
        except Refused as refused:
            return list(refused.problems)
    if not heads.is_beginning(seen):
        found = f"it is not {heads.FEWEST_DIGITS} or more of a head's 64 hexadecimal characters."
        why = "Fewer would fit the heads of other books too, so they would prove nothing."
        return [Problem(f"head '{seen}'", found, why, "Give the head as the report printed it.")]
    held = reader.rows("SELECT number FROM entry WHERE starts_with(hash, $seen)", {"seen": seen.lower()})
    if held:
        return []
    return [
        Problem(
            f"head {seen}",
            "no entry of these books has it.",
            "The report that printed it was made from other books, or entries have been cut off since.",
            "Compare with the ledger that the report was made from, or restore this one from a backup.",
        )
    ]


def entry_with(reader: Reader, head: str) -> int:
    """The entry that the books hold with a head, by its beginning."""
    return reader.whole("SELECT min(number) FROM entry WHERE starts_with(hash, $head)", {"head": head.lower()})


def _balance_problems(reader: Reader) -> list[Problem]:
    found = []
    difference = reader.whole(_SUM_OF_ALL)
    if difference:
        found.append(
            Problem(
                "all accounts",
                f"they sum to £{exact_pounds(difference)}.",
                "Money is neither made nor lost.",
                "A transfer names an account that is missing: restore the ledger from a backup.",
            )
        )
    found.extend(
        Problem(
            f"account {organisation}, {fund}, {year}, {standing}",
            f"its number is {number}.",
            f"Accounts are numbered from 1, and at most to {LARGEST_PENCE}.",
            "Restore the ledger from a backup, and find out who could write to it.",
        )
        for number, organisation, fund, year, standing in reader.rows(_WRONG_ACCOUNTS)
    )
    found.extend(day_problem(account, day) for account, day in reader.rows(_WRONG_DAYS))
    found.extend(_people_problems(reader, None))
    ((sealed, moved),) = reader.rows(_MOVED)
    if sealed != moved:
        found.append(
            Problem(
                "the seal",
                f"it says that {sealed} pence were moved in all, and the transfers come to {moved}.",
                "It is kept so that no sum can grow too large.",
                "Restore the ledger from a backup, and find out who could write to it.",
            )
        )
    for organisation, fund, year, standing in reader.rows(_WRONG_FLOORS):
        found.append(
            Problem(
                f"account {organisation}, {fund}, {year}, {standing}",
                "its limit was changed.",
                "Only the source of the money may go below zero.",
                "Restore the ledger from a backup.",
            )
        )
    for organisation, fund, year, standing in reader.rows(_UNUSED_ACCOUNTS):
        found.append(
            Problem(
                f"account {organisation}, {fund}, {year}, {standing}",
                "no transfer ever touched it.",
                "Accounts are opened by the money that moves through them.",
                "Restore the ledger from a backup, and find out who could write to the file.",
            )
        )
    return found


_WRONG_DAYS_SINCE = """
WITH touched AS (
    SELECT from_account AS account FROM transfer WHERE entry_number >= $first
    UNION SELECT to_account FROM transfer WHERE entry_number >= $first
),
told AS (
    SELECT m.account, e.effective_date AS day, sum(m.came) AS in_pence, sum(m.went) AS out_pence FROM (
        SELECT entry_number, to_account AS account, sum(amount_pence) AS came, 0 AS went FROM transfer
        WHERE to_account IN (SELECT account FROM touched) GROUP BY 1, 2
        UNION ALL
        SELECT entry_number, from_account, 0, sum(amount_pence) FROM transfer
        WHERE from_account IN (SELECT account FROM touched) GROUP BY 1, 2
    ) m JOIN entry e ON e.number = m.entry_number GROUP BY 1, 2
),
kept AS (SELECT * FROM account_day WHERE account IN (SELECT account FROM touched))
SELECT coalesce(t.account, k.account) AS account, coalesce(t.day, k.day) AS day
FROM told t FULL JOIN kept k ON k.account = t.account AND k.day = t.day
WHERE t.in_pence IS DISTINCT FROM k.in_pence OR t.out_pence IS DISTINCT FROM k.out_pence
ORDER BY 1, 2 LIMIT 100
"""


def problems(reader: Reader, first: int, progress: Callable[[str], None]) -> list[Problem]:
    """What does not hold of the entries from ``first`` on; an empty list where all of it does.

    Args:
        reader: the books.
        first: the entry after the checkpoint.
        progress: told the name of each check as it begins.
    """
    last = chain.last_entry(reader)
    brought = chain_links.brought(reader, first)
    questions: list[tuple[str, Callable[[], list[Problem]]]] = [
        ("the chain of entries", lambda: chain_links.problems(reader, first))
    ]
    if "transfer" in brought:
        questions.append(("the days of accounts", lambda: _day_problems(reader, first)))
        questions.append(("the days of people", lambda: _people_problems(reader, first)))
    if brought:
        ask = partial(in_order.problems, reader, first, last, tables=brought)
        questions.append(("what each entry did", ask))
        questions.append(("who may do what", lambda: _rights_problems(reader, first, brought)))
    found: list[Problem] = []
    for name, look in questions:
        progress(name)
        found.extend(look())
    return found


def _rights_problems(reader: Reader, first: int, tables: Collection[str]) -> list[Problem]:
    # Who does not see every proposal cannot tell what a new entry rests on.
    if reader.unseen:
        return rights_judged.kept(reader)
    # What is asked of new entries alone is shorter. An earlier decision may cover one of them, and those in the first
    # form were approved in another way.
    is_new = first >= chain.form_2_from(reader) and not reader.rows("SELECT 1 FROM proposal LIMIT 1")
    return rights_judged.problems(reader, first, tables if is_new else None)


def day_problem(account: object, day: object) -> Problem:
    """A day of an account whose balance is not what its transfers come to."""
    return Problem(
        f"account {account}, {day}",
        "what is kept of its balance on that day is not what its transfers come to.",
        "Limits are judged by it.",
        "Restore the ledger from a backup, and find out who could write to it.",
    )


def _day_problems(reader: Reader, first: int) -> list[Problem]:
    return [day_problem(*row) for row in reader.rows(_WRONG_DAYS_SINCE, {"first": first})]


def _people_problems(reader: Reader, first: int | None) -> list[Problem]:
    """Days on which somebody moved other than what is kept of it; all, or those since an entry was recorded."""
    days = [] if first is None else reader.rows(_RECORDED_ON, {"number": first})
    return [
        Problem(
            f"person day {person}, {day}",
            "what is kept of what was moved on that day is not what the transfers come to.",
            "Limits of people are judged by it.",
            _REMEDY,
        )
        for person, day in reader.rows(_WRONG_PEOPLE, {"since": days[0][0] if days else None})
    ]


_REMEDY = "Restore the ledger from a backup, and find out who could write to it."
_UPGRADES = f"""
SELECT u.*, e.number, e.key, e.kind, e.previous_hash, e.hash FROM upgrade u FULL JOIN (
    SELECT * FROM entry WHERE kind = '{UPGRADE}' OR number IN (SELECT entry_number FROM upgrade)) e
    ON e.number = u.entry_number
ORDER BY u.entry_number, e.number
"""
_HAS_RECORD = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'migration'"
_RECORD = f"""
SELECT m.version, m.name, CAST(m.applied_at AS VARCHAR) AS applied_at, m.head,
       m.head = '{GENESIS}' OR EXISTS (SELECT 1 FROM entry e WHERE e.hash = m.head) AS is_a_head
FROM migration m ORDER BY m.version
"""


def _version_problems(reader: Reader) -> list[Problem]:
    """Where the seal, the upgrades and the record of migrations do not agree."""
    upgrades = reader.table(_UPGRADES).to_pylist()
    record = reader.table(_RECORD).to_pylist() if reader.whole(_HAS_RECORD) else []
    return [*_seal_problems(reader), *_upgrade_problems(upgrades), *_record_problems(record, upgrades)]


def _seal_problems(reader: Reader) -> list[Problem]:
    rows = reader.rows("SELECT id, schema_version FROM seal")
    if len(rows) != 1:
        found = f"there are {len(rows)} of it."
        return [Problem("the seal", found, "It says how many entries there are and where they end.", _REMEDY)]
    ((number, version),) = rows
    if (number, version) == (1, migrations.SCHEMA_VERSION):
        return []
    found = f"it is number {number}, of version {version} of the tables."
    why = f"There is one, and these tables are of version {migrations.SCHEMA_VERSION}."
    return [Problem("the seal", found, why, _REMEDY)]


def _upgrade_problems(upgrades: list[dict[str, Any]]) -> list[Problem]:
    found = []
    form = 1
    for row in upgrades:
        place = f"entry {row['number'] or row['entry_number']}, upgrade {row['id'] or 'without a row'}"
        why = "It decides in which form every entry is hashed, and by which rules it is judged."
        if row["id"] is None or row["kind"] != UPGRADE or row["key"] != f"upgrade/{row['id']}":
            brings = "nothing" if row["id"] is None else "it"
            said = f"an entry of kind {row['kind']}, '{row['key']}', brings {brings}."
            found.append(Problem(place, said, "A migration posts an upgrade, as an entry of its own.", _REMEDY))
            continue
        if row["form"] != form + 1:
            said = f"it leads to form {row['form']} of the hashed text, and the one before is form {form}."
            found.append(Problem(place, said, why, _REMEDY))
        form = row["form"]
        if not row["id"].isdecimal() or not 1 < int(row["id"]) <= migrations.SCHEMA_VERSION:
            said = "there is no such version of the tables."
            found.append(Problem(place, said, why, _REMEDY))
        if row["previous_head"] != row["previous_hash"]:
            said = f"it was made on the head {row['previous_head']}, and its entry follows {row['previous_hash']}."
            found.append(Problem(place, said, why, _REMEDY))
        if _migrations(row["earlier"]) is None:
            said = "the migrations before it cannot be read."
            found.append(Problem(place, said, "They are kept in it so that they cannot be changed.", _REMEDY))
    return found


def _record_problems(record: list[dict[str, Any]], upgrades: list[dict[str, Any]]) -> list[Problem]:
    """What the table of migrations says otherwise than the chain does. A copy of a ledger has no such table.

    When the newest migration was done is sealed by no upgrade yet, so that alone is taken as it stands.
    """
    if not record:
        return []
    versions = [step["version"] for step in record]
    newest = migrations.SCHEMA_VERSION
    found = []
    if versions != list(range(newest - len(versions) + 1, newest + 1)):
        said = f"it tells of the versions {', '.join(map(str, versions))}."
        why = f"Each version follows the one before, to {newest}, and is recorded once."
        found.append(Problem("the record of migrations", said, why, _REMEDY))
    sealed: dict[int, dict[str, Any]] = {}
    for row in upgrades:
        sealed |= {step["version"]: step for step in _migrations(row["earlier"]) or []}
        if str(row["id"]).isdecimal():
            sealed[int(row["id"])] = {"name": row["name"], "head": row["hash"]}
    newest_sealed = max(sealed, default=0)
    for step in record:
        told = {**step, "applied_at": _moment(step["applied_at"])}
        said_of_it = sealed.pop(step["version"], {})
        wrong = [name for name, value in said_of_it.items() if told[name] != value]
        if wrong or not step["is_a_head"] or (step["version"] <= newest_sealed and not said_of_it):
            said = f"its {', '.join(wrong) or 'record'} is not what the chain says."
            why = "A change of the tables is recorded with the head of that time, and sealed by the next upgrade."
            found.append(Problem(f"migration {step['version']}", said, why, _REMEDY))
    why = "What an upgrade has sealed is in the record too."
    return found + [Problem(f"migration {version}", "it is missing.", why, _REMEDY) for version in sorted(sealed)]


def _migrations(earlier: str | None) -> list[dict[str, Any]] | None:
    """The migrations that an upgrade seals; None where the text is none that a migration writes."""
    try:
        found = [
            {"version": int(step["version"]), "name": str(step["name"]), "head": str(step["head"]),
             "applied_at": _moment(step["applied_at"])}
            for step in json.loads(earlier or "")
        ]  # fmt: skip
    except (ValueError, TypeError, KeyError):
        return None
    return None if any(step["applied_at"] is None for step in found) else found


def _moment(text: object) -> datetime | None:
    """A moment as either database writes it, which leave out zeros at its end differently; None for other texts."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None
