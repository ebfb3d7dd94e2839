"""Every rule of the books, in the order in which they are asked, and how they are asked."""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace

from ledger.errors import Problem
from ledger.rules import (
    carrying_forward,
    control_totals,
    decisions,
    money_moves,
    names,
    periods,
    plans,
    records,
    reservations,
    shapes,
    source,
    terms,
)
from ledger.rules.rule import COMMON, MOST_SHOWN, Row, Rule, inlined, needed
from ledger.store.reading import Reader

__all__ = ["ALL", "AT_ONCE", "COMMON", "GROUPS", "RESERVED", "Rule", "alone", "for_server", "in_words", "problems"]

# The rules by what they speak of. Posting stops after the first group that finds something, for what follows from
# one fault is not told as another.
GROUPS: tuple[tuple[str, tuple[Rule, ...]], ...] = (
    ("what every entry and row must be", shapes.RULES),
    ("names of people and codes", names.RULES),
    ("months that are closed", periods.RULES),
    ("organisations, funds and terms", records.RULES),
    ("what is expected and arranged", plans.RULES),
    ("terms that were loosened", terms.RULES),
    ("proposals and the decisions on them", decisions.RULES),
    ("what each entry did", money_moves.RULES),
    ("what the source may give", source.RULES),
    ("what was carried forward", carrying_forward.RULES),
    ("published control totals", control_totals.RULES),
    ("what proposals reserve", reservations.RULES),
)
ALL: tuple[Rule, ...] = tuple(rule for _, rules in GROUPS for rule in rules)
# What open proposals keep is told to those alone who have a right to what they do: those rules are asked last.
RESERVED = reservations.RULES
# A look at fewer tables costs as much as to ask.
_FEWEST_LOOKS = 3
AT_ONCE: tuple[Rule, ...] = shapes.POSTED + tuple(rule for rule in ALL if rule not in RESERVED)


def problems(
    reader: Reader,
    first: int,
    last: int,
    *,
    tables: Collection[str] | None = None,
    asked: Sequence[Rule] = ALL,
    staged: set[str] | None = None,
) -> list[Problem]:
    """What breaks the first group of rules that anything breaks.

    Args:
        reader: the books, with the entries to be judged already written.
        first: the first entry to judge; 1 for all there ever were.
        last: the newest entry of the books.
        tables: the names of the tables that the entries bring rows of; none given means all of them. Rules that
            no such row can break are not asked.
        asked: the rules to ask, in their order.
        staged: the common relations that this reader has of the same entries already; what is staged joins it.
    """
    given = {"first": first, "last": last}
    concerned = list(asked)
    if tables is not None:
        concerned = [rule for rule in asked if rule.concerns & set(tables)]
    _stage(reader, concerned, given, set() if staged is None else staged)
    if tables is not None and "transfer" in tables:
        concerned = _whose_pairs_meet(reader, concerned, set(tables))
    concerned = _that_may_be_broken(reader, concerned, given)
    of_tables = None if tables is None else frozenset(tables)
    return in_words((rule, rows, len(rows)) for rule in concerned for rows in [_asked(reader, rule, given, of_tables)])


def in_words(broken: Iterable[tuple[Rule, list[Row], int]]) -> list[Problem]:
    """What the first group of rules that anything breaks finds, in words.

    Args:
        broken: rules in their order, each with the rows that break it, and how many there are in all.
    """
    found: list[Problem] = []
    blamed: set[tuple[object, object]] = set()
    group = ""
    for rule, rows, in_all in broken:
        if rule.group != group:
            if found:
                break
            group, blamed = rule.group, set()
        found.extend(_told(rule, rows, in_all, blamed))
    return found


def for_server(rule: Rule, first: str = "$1", last: str = "$2") -> str:
    """The text of a rule as one statement that needs nothing staged: the relations that it names stand before it.

    Args:
        first: what stands for the first entry to judge; a parameter of a function unless said otherwise.
        last: what stands for the newest entry.
    """
    return alone(rule.sql, first, last)


def alone(sql: str, first: str = "$1", last: str = "$2") -> str:
    """A question that names common relations, as one statement that needs nothing staged; see ``for_server``."""
    return re.sub(r"\$last\b", lambda _: last, re.sub(r"\$first\b", lambda _: first, inlined(sql)))


def _asked(reader: Reader, rule: Rule, given: dict[str, int], tables: frozenset[str] | None) -> list[Row]:
    sql = rule.sql if tables is None or rule.narrowed is None else rule.narrowed(tables)
    # What may not be seen whole is judged by who sees it.
    rows: list[Row] = [
        row for row in reader.table(sql, given).to_pylist()
        if not reader.unseen & {row.get("entry_number"), row.get("proposed_in")}
    ]  # fmt: skip
    return [{**row, **reader.table(rule.more, row).to_pylist()[0]} for row in rows] if rule.more else rows


def _told(rule: Rule, rows: list[Row], in_all: int, blamed: set[tuple[object, object]]) -> Iterable[Problem]:
    if rule.more:
        rows.sort(key=lambda row: int(row["entry_number"]))
    before = len(rows)
    # A leg that breaks one rule is not blamed for what follows from it.
    if not rule.besides:
        rows = [row for row in rows if "leg" not in row or (row["entry_number"], row["leg"]) not in blamed]
    blamed.update((row["entry_number"], row["leg"]) for row in rows if "leg" in row)
    for row in rows[:MOST_SHOWN]:
        problem = rule.describe(row)
        yield replace(problem, about=problem.about or rule.about or str(row.get("field", "")))
    more = in_all - (before - len(rows)) - MOST_SHOWN
    if more > 0:
        what = "legs" if "leg" in rows[0] else "rows"
        yield Problem("the same rule", f"{more} more {what} break it.", "", "Mend these first.")


def _whose_pairs_meet(reader: Reader, rules: Sequence[Rule], tables: set[str]) -> list[Rule]:
    """The rules without those that no pair breaks, and those that only transfers could break, none of which does it."""
    conditions = sorted({said for rule in rules for said in (rule.where_pairs, rule.in_pairs) if said})
    if not conditions:
        return list(rules)
    (met,) = reader.rows(f"SELECT {', '.join(f'coalesce(bool_or({said}), false)' for said in conditions)} FROM pairs")
    is_met = dict(zip(conditions, met, strict=True))
    return [
        rule for rule in rules
        if is_met.get(rule.in_pairs, True)
        and (is_met.get(rule.where_pairs, True) or rule.concerns & tables != {"transfer"})
    ]  # fmt: skip


def _that_may_be_broken(reader: Reader, rules: Sequence[Rule], given: dict[str, int]) -> list[Rule]:
    """The rules without those of which one look at many tables says that no row breaks them."""
    looks = [rule.any for rule in rules if rule.any]
    if len(looks) < _FEWEST_LOOKS:
        return list(rules)
    (seen,) = reader.rows(f"SELECT {', '.join(looks)}", given)
    is_seen = dict(zip(looks, seen, strict=True))
    return [rule for rule in rules if is_seen.get(rule.any, True)]


def _stage(reader: Reader, rules: Sequence[Rule], given: dict[str, int], staged: set[str]) -> None:
    for name in needed(
        [text for rule in rules for text in (rule.sql, "pairs" if rule.where_pairs or rule.in_pairs else "")]
    ):
        if name not in staged:
            reader.stage(name, decisions.relation(reader, name, given))
            staged.add(name)
