"""What a rule of the books is, and the relations that several rules speak of.

A rule is one question in SQL, the same text for a file and for a server: its answer is the rows that break it.
Posting asks it of the new entries inside their transaction, ``verify`` of the whole ledger, and a server's function
of whatever is brought to it.

A rule stays true. It is judged as known at the entry that it judges, from rows of that entry and of earlier ones
alone, or it names every table whose new rows could change its answer, so that posting asks it again of all of them.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ledger.entries.chain import FORM_2_FROM
from ledger.entries.kinds import MONEY_KINDS
from ledger.errors import Problem

Row = dict[str, Any]
# So many rows that break one rule are told one by one.
MOST_SHOWN = 100

FUND_LINE = """
fund_line(fund, ancestor) AS (
    SELECT code, code FROM fund
    UNION
    SELECT l.fund, f.parent FROM fund_line l JOIN fund f ON f.code = l.ancestor WHERE f.parent IS NOT NULL
)
"""


@dataclass(frozen=True, slots=True)
class Rule:
    """One thing that must hold.

    Attributes:
        name: ``group/what``, as ``money/overdrawn``; stable, for programs and for a server's functions.
        sql: the rows that break it, in SQL that DuckDB and PostgreSQL 14 understand. Its parameters are ``$first``
            and ``$last``, the entries to be judged; it may name the relations of ``COMMON``.
        describe: a row of the answer as a problem.
        concerns: the tables whose new rows can break it. A rule that none of them touches need not be asked.
        more: a question for one row of the answer, whose columns are its parameters; what it finds joins the row.
            For what would cost too much to ask of rows that break nothing.
        besides: whether a leg that breaks an earlier rule of the same group is told of again.
        where_pairs: a condition on a row of ``pairs``. New transfers can break the rule only where one meets it.
        in_pairs: a condition on a row of ``pairs`` that whatever breaks the rule meets. One look at them asks for all
            such conditions, and a rule that no row meets need not be asked.
        about: the column of what breaks it that is wrong, where that is always the same one.
        narrowed: the same question of entries that bring rows of some tables alone, where it is shorter: it takes
            the names of those tables.
        any: whether any row may break it, as a value in SQL; false only where none does. Many are asked for at once.
    """

    name: str
    sql: str
    describe: Callable[[Row], Problem]
    concerns: frozenset[str]
    more: str = ""
    besides: bool = False
    where_pairs: str = ""
    in_pairs: str = ""
    about: str = ""
    narrowed: Callable[[frozenset[str]], str] | None = None
    any: str = ""

    @property
    def group(self) -> str:
        """The first part of its name: rules of one group are asked together."""
        return self.name.partition("/")[0]


# New rules are asked of entries in the second form alone; earlier ones were judged by the rules of their time.
SINCE = f"greatest($first, {FORM_2_FROM})"


def iso(column: str) -> str:
    """A date as text, ``2025-04-01``, in SQL: whatever the session of a server says of dates."""
    year, month, day = (f"CAST(extract({part} FROM {column}) AS VARCHAR)" for part in ("year", "month", "day"))
    return f"lpad({year}, 4, '0') || '-' || lpad({month}, 2, '0') || '-' || lpad({day}, 2, '0')"


def recorded_on(entry: str) -> str:
    """The day on which an entry was recorded, in SQL: in UTC, as every recorded time."""
    return f"CAST({entry}.recorded_at AT TIME ZONE 'UTC' AS DATE)"


def where(row: Row) -> str:
    """The place of a leg, as a reader would look for it."""
    note = f", {row['note']}" if row.get("note") else ""
    return f"entry {row['entry_number']} ({row['key']}), leg {row['leg']}{note}"


def _values(columns: str, rows: list[tuple[str, ...]]) -> str:
    listed = ", ".join("(" + ", ".join(f"'{value}'" for value in row) + ")" for row in rows)
    return f"SELECT * FROM (VALUES {listed}) AS listed({columns})"


# Each closing day that was learned later, with the entries between which it was the newest known.
_CLOSING = """
SELECT organisation, valid_to, entry_number AS known_from,
       lead(entry_number, 1, 9223372036854775807) OVER (PARTITION BY organisation ORDER BY entry_number, id) AS known_to
FROM closure
"""

# The entries that said who is below whom, once for each row of theirs: a server finds the newest by an index.
_REDRAWN = "SELECT entry_number FROM relationship UNION ALL SELECT entry_number FROM closure"

# The distinct account pairs of each entry, so that a million transfers cost little more than the decisions behind
# them. The epoch is the newest entry, known by then, that said who is below whom.
_PAIRS = """
WITH moved AS (
    SELECT entry_number, from_account, to_account, min(leg) AS leg
    FROM transfer WHERE entry_number >= $first AND entry_number <= $last
    GROUP BY entry_number, from_account, to_account
),
numbered AS MATERIALIZED (
    SELECT e.number, e.key, e.kind, e.effective_date, e.authority, e.reverses,
           (SELECT coalesce(max(r.entry_number), 0) FROM redrawn r WHERE r.entry_number <= e.number) AS epoch
    FROM entry e WHERE e.number >= $first AND e.number <= $last
)
SELECT m.entry_number, m.leg, t.note, e.key, e.kind, e.effective_date, e.authority, e.reverses, e.epoch,
       fo.code AS from_organisation, fo.name AS from_name, ft.may_go_below_zero AS from_source,
       fo.valid_from AS from_opened, coalesce(fc.valid_to, fo.valid_to) AS from_closed,
       fa.fund AS from_fund, fa.year AS from_year, fa.standing AS from_standing, ff.resource AS from_resource,
       o.code AS to_organisation, o.name AS to_name,
       o.valid_from AS to_opened, coalesce(tc.valid_to, o.valid_to) AS to_closed, ot.may_go_below_zero AS to_source,
       ta.fund AS to_fund, ta.year AS to_year, ta.standing AS to_standing, tf.resource AS to_resource,
       ot.rank AS to_rank, lowest.rank AS lowest_rank
FROM moved m
JOIN transfer t ON t.entry_number = m.entry_number AND t.leg = m.leg AND t.entry_number >= $first
JOIN numbered e ON e.number = m.entry_number
JOIN account fa ON fa.id = m.from_account JOIN account ta ON ta.id = m.to_account
JOIN organisation fo ON fo.code = fa.organisation JOIN tier ft ON ft.code = fo.tier
JOIN organisation o ON o.code = ta.organisation JOIN tier ot ON ot.code = o.tier
JOIN fund ff ON ff.code = fa.fund JOIN fund tf ON tf.code = ta.fund
LEFT JOIN tier lowest ON lowest.code = tf.lowest_tier
LEFT JOIN closing fc ON fc.organisation = fo.code AND fc.known_from <= m.entry_number AND m.entry_number < fc.known_to
LEFT JOIN closing tc ON tc.organisation = o.code AND tc.known_from <= m.entry_number AND m.entry_number < tc.known_to
"""

# Relations that rules name, in an order in which each rests on earlier ones alone. A file stages them as tables; a
# server has them inlined.
COMMON: dict[str, str] = {
    "kind_direction": _values(
        "kind, direction, fund", [(kind.name, kind.direction, kind.fund) for kind in MONEY_KINDS.values()]
    ),
    "kind_standing": _values(
        "kind, from_standing, to_standing",
        [(kind.name, *pair) for kind in MONEY_KINDS.values() for pair in sorted(kind.standings)],
    ),
    "fund_inside": f"WITH RECURSIVE {FUND_LINE} SELECT fund, ancestor FROM fund_line",
    "source_account": """
SELECT a.id FROM account a JOIN organisation o ON o.code = a.organisation JOIN tier t ON t.code = o.tier
WHERE t.may_go_below_zero
""",
    "closing": _CLOSING,
    "redrawn": _REDRAWN,
    "pairs": _PAIRS,
}


def needed(texts: Sequence[str], relations: Mapping[str, str] = COMMON) -> list[str]:
    """The relations that texts name, with those on which these rest, each after what it rests on."""
    names: set[str] = set()
    for name in reversed(list(relations)):
        named = re.compile(rf"\b{name}\b")
        if any(named.search(text) for text in (*texts, *(relations[other] for other in names))):
            names.add(name)
    return [name for name in relations if name in names]


def inlined(sql: str) -> str:
    """A question with the relations that it names before it, so that nothing need be staged."""
    before = ",\n".join(f"{name} AS ({COMMON[name]})" for name in needed([sql]))
    return f"WITH {before}\nSELECT * FROM ({sql}) AS asked" if before else sql
