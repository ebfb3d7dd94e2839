"""Every rule of the books, in the order in which they are asked, and how they are asked."""

import re
from collections.abc import Collection, Iterable, Sequence

from ledger import carrying, checks, decisions, names, periods, record_rules, reservations
from ledger.errors import Problem
from ledger.rule import COMMON as RELATIONS
from ledger.rule import MOST_SHOWN, Row, Rule
from ledger.store import Reader

__all__ = ["ALL", "AT_ONCE", "COMMON", "GROUPS", "RESERVED", "Rule", "for_server", "inlined", "problems"]

# The rules by what they speak of. Posting stops after the first group that finds something, for what follows from
# one fault is not told as another.
GROUPS: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("names of people and codes", names.RULES),
    ("months that are closed", periods.RULES),
    ("organisations, funds and terms", record_rules.RULES),
    ("proposals and the decisions on them", decisions.RULES),
    ("what each entry did", checks.RULES),
    ("what was carried forward", carrying.RULES),
    ("what proposals reserve", reservations.RULES),
)
# What rules name, each relation resting on earlier ones alone.
COMMON = RELATIONS | decisions.COMMON
ALL: tuple[Rule, ...] = tuple(rule for _, rules in GROUPS for rule in rules)
# What open proposals keep is told to those alone who have a right to what they do: those rules are asked last.
RESERVED = reservations.RULES
AT_ONCE: tuple[Rule, ...] = tuple(rule for rule in ALL if rule not in RESERVED)


def problems(
    reader: Reader, first: int, last: int, *, brought: Collection[str] | None = None, asked: Sequence[Rule] = ALL
) -> list[Problem]:
    """What breaks the first group of rules that anything breaks.

    Args:
        reader: the books, with the entries to be judged already written.
        first: the first entry to judge; 1 for all there ever were.
        last: the newest entry of the books.
        brought: the names of the tables that the entries bring rows of; none given means all of them. Rules that
            no such row can break are not asked.
        asked: the rules to ask, in their order.
    """
    concerned = [rule for rule in asked if brought is None or rule.concerns & set(brought)]
    given = {"first": first, "last": last}
    _stage(reader, concerned, given)
    found: list[Problem] = []
    blamed: set[tuple[object, object]] = set()
    group = ""
    for rule in concerned:
        if rule.group != group:
            if found:
                break
            group, blamed = rule.group, set()
        found.extend(_asked(reader, rule, given, blamed))
    return found


def for_server(rule: Rule, first: str = "$1", last: str = "$2") -> str:
    """The text of a rule as one statement that needs nothing staged: the relations that it names stand before it.

    Args:
        first: what stands for the first entry to judge; a parameter of a function unless said otherwise.
        last: what stands for the newest entry.
    """
    return inlined(rule.sql, first, last)


def inlined(sql: str, first: str, last: str) -> str:
    """A question with the relations that it names before it; as ``for_server`` does for a rule's."""
    needed = _needed([sql])
    text = sql
    if needed:
        before = ",\n".join(f"{name} AS ({COMMON[name]})" for name in needed)
        text = f"WITH {before}\nSELECT * FROM ({sql}) AS judged_rule"
    return re.sub(r"\$last\b", lambda _: last, re.sub(r"\$first\b", lambda _: first, text))


def _asked(reader: Reader, rule: Rule, given: dict[str, int], blamed: set[tuple[object, object]]) -> Iterable[Problem]:
    rows: list[Row] = reader.table(rule.sql, given).to_pylist()
    # Of a proposal that is not seen whole nobody can tell.
    rows = [row for row in rows if not reader.unseen & {row.get("entry_number"), row.get("proposed_in")}]
    if rule.more:
        rows = [{**row, **reader.table(rule.more, row).to_pylist()[0]} for row in rows]
        rows.sort(key=lambda row: int(row["entry_number"]))
    # A leg that breaks one rule is not blamed for what follows from it.
    if not rule.besides:
        rows = [row for row in rows if "leg" not in row or (row["entry_number"], row["leg"]) not in blamed]
    blamed.update((row["entry_number"], row["leg"]) for row in rows if "leg" in row)
    yield from (rule.describe(row) for row in rows[:MOST_SHOWN])
    if len(rows) > MOST_SHOWN:
        what = "legs" if "leg" in rows[0] else "rows"
        more = f"{len(rows) - MOST_SHOWN} more {what} break it."
        yield Problem("the same rule", more, "", "Mend these first.")


def _stage(reader: Reader, rules: Sequence[Rule], given: dict[str, int]) -> None:
    needed = _needed([rule.sql for rule in rules])
    for name in needed:
        if name in RELATIONS:
            reader.stage(name, reader.table(COMMON[name], given))
    if not decisions.COMMON.keys().isdisjoint(needed):
        decisions.stage(reader, given)


def _needed(texts: Sequence[str]) -> list[str]:
    """The common relations that texts name, with those on which these rest, each after what it rests on."""
    needed: set[str] = set()
    for name in reversed(COMMON):
        named = re.compile(rf"\b{name}\b")
        if any(named.search(text) for text in (*texts, *(COMMON[other] for other in needed))):
            needed.add(name)
    return [name for name in COMMON if name in needed]
