"""``verify`` from a checkpoint: what was posted since a head that was verified before, and all that it rests on.

The entries before the checkpoint are taken as they were found then. Of what came after it every link, every row and
every rule is looked at, and the days of each account that it touched. What somebody has changed further back shows
when the whole is verified, as it should be every night.
"""

from collections.abc import Callable
from functools import partial

from ledger.entries import chain
from ledger.errors import Problem
from ledger.reports import chain_links
from ledger.rules import in_order, rights_judged
from ledger.store.base import Reader

_WRONG_DAYS = """
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
    if brought:
        ask = partial(in_order.problems, reader, first, last, brought=brought)
        questions.append(("what each entry did", ask))
        # Who does not see every proposal cannot tell what a new entry rests on.
        judged = (
            (lambda: rights_judged.kept(reader)) if reader.unseen else (lambda: rights_judged.problems(reader, first))
        )
        questions.append(("who may do what", judged))
    found: list[Problem] = []
    for name, look in questions:
        progress(name)
        found.extend(look())
    return found


def day_problem(account: object, day: object) -> Problem:
    """A day of an account whose balance is not what its transfers come to."""
    return Problem(
        f"account {account}, {day}",
        "what is kept of its balance on that day is not what its transfers come to.",
        "Limits are judged by it.",
        "Restore the ledger from a backup, and find out who could write to it.",
    )


def _day_problems(reader: Reader, first: int) -> list[Problem]:
    return [day_problem(*row) for row in reader.rows(_WRONG_DAYS, {"first": first})]
