"""``verify``: every invariant of the books, asked of the whole ledger, each failure with its place."""

from collections.abc import Callable
from functools import partial

from ledger import chain, chain_links, control, heads, rights_judged, rules
from ledger.errors import Problem, Refused
from ledger.heads import Head
from ledger.money import exact_pounds
from ledger.store import Reader

_SUM_OF_ALL = """
SELECT CAST(coalesce(sum(pence), 0) AS BIGINT) FROM (
    SELECT sum(amount_pence) AS pence FROM transfer t JOIN account a ON a.id = t.to_account
    UNION ALL
    SELECT -sum(amount_pence) FROM transfer t JOIN account a ON a.id = t.from_account
) AS both_sides
"""

_WRONG_FLOORS = """
SELECT a.organisation, a.fund, a.year, a.standing FROM account a
JOIN organisation o ON o.code = a.organisation JOIN tier t ON t.code = o.tier
WHERE (a.floor_pence IS NULL) <> (t.may_go_below_zero AND a.standing = 'available') OR a.floor_pence <> 0
ORDER BY 1, 2, 3, 4
"""

# A transfer without its account or its entry. A file's table has no foreign keys, and even a server's could be taken
# away.
_ORPHANS = """
SELECT t.entry_number, t.leg FROM transfer t
WHERE NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.from_account)
   OR NOT EXISTS (SELECT 1 FROM account a WHERE a.id = t.to_account)
   OR NOT EXISTS (SELECT 1 FROM entry e WHERE e.number = t.entry_number)
ORDER BY 1, 2 LIMIT 100
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
SELECT coalesce(t.account, d.account) AS account, coalesce(t.day, d.day) AS day
FROM told t FULL JOIN account_day d ON d.account = t.account AND d.day = t.day
WHERE t.in_pence IS DISTINCT FROM d.in_pence OR t.out_pence IS DISTINCT FROM d.out_pence
ORDER BY 1, 2 LIMIT 100
"""

_WRONG_LEGS = """
SELECT t.entry_number, t.leg FROM transfer t WHERE t.amount_pence <= 0 OR t.from_account = t.to_account
UNION ALL
SELECT entry_number, max(leg) FROM transfer GROUP BY entry_number HAVING min(leg) <> 1 OR max(leg) <> count(*)
ORDER BY 1, 2 LIMIT 100
"""

_UNUSED_ACCOUNTS = """
SELECT a.organisation, a.fund, a.year, a.standing FROM account a
WHERE NOT EXISTS (SELECT 1 FROM transfer t WHERE t.from_account = a.id)
  AND NOT EXISTS (SELECT 1 FROM transfer t WHERE t.to_account = a.id)
ORDER BY 1, 2, 3, 4 LIMIT 100
"""


def verify(
    reader: Reader, progress: Callable[[str], None] = lambda _: None, *, seen_head: str | Head | None = None
) -> list[Problem]:
    """Everything that does not hold in the ledger; an empty list when all of it does.

    Args:
        reader: the books.
        progress: told the name of each check as it begins.
        seen_head: a head that an earlier report printed, its beginning, or one with its root that somebody kept: the
            books must still hold it. Only so is a tail found out that was cut off together with its seal.
    """
    last = chain.last_entry(reader)
    staged: set[str] = set()
    questions: list[tuple[str, Callable[[], list[Problem]]]] = [
        ("the chain of entries", lambda: chain_links.problems(reader)),
        ("money neither made nor lost", lambda: _balance_problems(reader)),
        *((name, partial(rules.problems, reader, 1, last, asked=asked, staged=staged)) for name, asked in rules.GROUPS),
        ("published control totals", lambda: control.problems(reader, 1)),
        ("who may do what", lambda: rights_judged.kept(reader)),
    ]
    found: list[Problem] = [] if seen_head is None else lost_head(reader, seen_head)
    for name, ask in questions:
        progress(name)
        found.extend(ask())
    return found


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
            f"entry {number}, leg {leg}",
            "its amount, its accounts or its number are impossible.",
            "Legs are numbered from 1 and move a positive amount between two accounts.",
            "Restore the ledger from a backup.",
        )
        for number, leg in reader.rows(_WRONG_LEGS)
    )
    found.extend(
        Problem(
            f"entry {number}, leg {leg}",
            "its account or its entry is missing.",
            "A transfer moves money between two accounts of the books, by an entry of them.",
            "Restore the ledger from a backup, and find out who could write to it.",
        )
        for number, leg in reader.rows(_ORPHANS)
    )
    found.extend(
        Problem(
            f"account {account}, {day}",
            "what is kept of its balance on that day is not what its transfers come to.",
            "Limits are judged by it.",
            "Restore the ledger from a backup, and find out who could write to it.",
        )
        for account, day in reader.rows(_WRONG_DAYS)
    )
    ((sealed, moved),) = reader.rows(
        "SELECT (SELECT moved_pence FROM seal), CAST((SELECT coalesce(sum(amount_pence), 0) FROM transfer) AS HUGEINT)"
    )
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
