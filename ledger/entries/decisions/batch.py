"""Many decisions at once, all or none: a month's schedule, or a whole register.

Rows with one key are one entry. Whatever is wrong is gathered over all rows: what cannot be read, and what the rules
of the books refuse in the rest; each is told of the row and the field that it comes from.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import pyarrow as pa

from ledger.entries.chain import last_entry
from ledger.entries.decisions import effect
from ledger.entries.decisions.described import make
from ledger.entries.decisions.effect import Balance
from ledger.entries.decisions.every import DECISIONS
from ledger.entries.decisions.known import Known, as_it_was, known
from ledger.entries.draft import LEGS, Draft
from ledger.entries.kinds import REVERSAL_KEY
from ledger.entries.posting import Posted, post
from ledger.entries.proposals import submit
from ledger.errors import Problem, Refused
from ledger.store.base import Store

Progress = Callable[[str, int, int], None]
_STEP = 500
RECORDED_BY = "recorded_by"
# Columns of the books that fields of decisions go by other names for.
_FIELDS = {
    "actor": (RECORDED_BY, "person"), "effective_date": ("date",), "effective_from": ("date",), "valid_from": ("date",),
    "as_at": ("date",), "valid_to": ("until", "date"), "last_day": ("date",), "parent": ("part_of",),
    "part_of": ("sub_contract_of",), "code": ("instalment", "contract"),
    "reverses": ("entry",), "to_organisation": ("to", "organisation"), "amount_pence": ("amount",),
    "limit_pence": ("limit", "amount"), "expected_pence": ("amount",),
}  # fmt: skip
# What is refused may hide what else would be: it is left out and the rest is asked again, but not without end.
_MOST_ROUNDS = 25
_NUMBERED = re.compile(r"^entry (\d+)")
_KEYED = re.compile(r"^entry '(.+?)'(?:$|, leg)|^entry \d+ \((.+?)\)(?:$|,)")
_ALIKE = ("kind", "effective_date", "actor", "reason", "authority", "source")


@dataclass(frozen=True, slots=True)
class DecisionRow:
    """One decision as it stands in a register.

    Attributes:
        name: the kind of decision.
        given: text by field.
        where: from a field to where it stands.
        actor: who records it, where the row says so.
    """

    name: str
    given: Mapping[str, str]
    where: Callable[[str], str]
    actor: str | None = None


@dataclass(frozen=True, slots=True)
class Recorded:
    """What became of decisions.

    Attributes:
        drafts: the entries that they make.
        posted: what was posted of them; of a proposal, the one entry that submits it.
        touched: of one decision alone, the balances that it touches, before and after.
        sentences: of one decision alone, what the books say before and after.
    """

    drafts: Sequence[Draft]
    posted: Sequence[Posted]
    touched: Sequence[Balance] = ()
    sentences: Sequence[str] = ()

    @property
    def was_recorded(self) -> bool:
        """Whether the books had all of it already."""
        return bool(self.posted) and all(one.replayed for one in self.posted)


def record(
    store: Store,
    rows: Sequence[DecisionRow],
    *,
    actor: str,
    dry_run: bool = False,
    propose: bool = False,
    progress: Progress = lambda *_: None,
) -> Recorded:
    """Record decisions, one or many: one entry for each key, all of them or none.

    Args:
        actor: who records those that name nobody.
        dry_run: go through everything and keep nothing.
        propose: submit them as one proposal for somebody else's approval; their money is reserved.
        progress: told what is done, how much of it, and how much there is.

    Raises:
        Refused: with everything that is wrong in any row.
    """
    touched: list[Balance] = []
    sentences: list[str] = []
    with store.read(actor) as reader:
        before, facts = known(reader), known(reader)
        drafts, rows_of, problems = drafted(rows, facts, actor=actor, progress=progress, then=as_it_was(reader))
        if len(rows) == 1 and drafts:
            touched = effect.balances(reader, drafts, drafts[0].effective_date)
            sentences = effect.sentences(drafts, touched, before)
    progress("Posting", 0, len(drafts))
    posted: list[Posted] = []
    rest = list(drafts)
    for _ in range(_MOST_ROUNDS):
        if not rest:
            break
        try:
            posted = _kept(store, rest, actor, dry_run=dry_run or bool(problems), propose=propose)
            break
        except Refused as refused:
            numbers = _numbers(store, actor, rest)
            found = [_told(problem, rest, numbers, rows_of) for problem in refused.problems]
            if not any(key for _, key in found):
                # It is of no one entry, as a total that is not met: it is told of the entry with which it begins.
                first = _first_refused(rest, lambda drafts: _kept(store, drafts, actor, dry_run=True, propose=propose))
                found = [(_at(problem, rows_of[first.key]), first.key) for problem, _ in found]
            problems += [problem for problem, key in found if key]
            bad = {key for _, key in found}
            rest = _renumbered([draft for draft in rest if draft.key not in bad], numbers, rows_of)
    if problems:
        raise Refused(list(dict.fromkeys(problems)))
    progress("Posting", len(drafts), len(drafts))
    done = Recorded(drafts, posted, touched, sentences)
    if len(rows) == 1 and done.was_recorded:
        said = "It was recorded before; give it a key of its own to record it once more."
        return replace(done, touched=(), sentences=[said])
    return done


def _kept(store: Store, drafts: Sequence[Draft], actor: str, *, dry_run: bool, propose: bool) -> list[Posted]:
    if not propose:
        return post(store, drafts, dry_run=dry_run)
    title = drafts[-1].reason if len(drafts) == 1 else f"{drafts[-1].reason}, and {len(drafts) - 1:,} more"
    return [submit(store, drafts, key=drafts[-1].key, title=title, prepared_by=actor, dry_run=dry_run)]


def drafted(
    rows: Sequence[DecisionRow],
    facts: Known,
    *,
    actor: str,
    progress: Progress = lambda *_: None,
    then: Callable[[str], Known | None] = lambda _key: None,
    learn: bool = True,
) -> tuple[list[Draft], dict[str, DecisionRow], list[Problem]]:
    """The entries of rows, one for each key, with the row that each comes from, and what cannot be read.

    Args:
        facts: the books.
        then: what the books knew when a decision with a key was recorded before.
        learn: add what the rows bring to the facts, so that later rows can rest on it.
    """
    by_key: dict[str, list[Draft]] = {}
    rows_of: dict[str, DecisionRow] = {}
    problems: list[Problem] = []
    for nth, row in enumerate(rows):
        if nth % _STEP == 0:
            progress("Reading", nth, len(rows))
        decision = DECISIONS.get(row.name)
        if decision is None:
            found = f"'{row.name}' is no kind of decision." if row.name else "no kind of decision is given."
            why = "What is asked for goes by the kind."
            problems.append(Problem(row.where("kind"), found, why, f"Choose one of {', '.join(DECISIONS)}."))
            continue
        made = make(decision, row.given, facts, actor=row.actor or actor, where=row.where, then=then)
        problems += made.problems
        for draft in made.drafts:
            problem = _clash(draft, row, by_key.get(draft.key), rows_of.get(draft.key))
            if problem is not None:
                problems.append(problem)
                continue
            by_key.setdefault(draft.key, []).append(draft)
            rows_of.setdefault(draft.key, row)
            if learn and not made.was_recorded:
                facts.learn(draft)
    return [merged(parts) for parts in by_key.values()], rows_of, problems


def merged(parts: Sequence[Draft]) -> Draft:
    """Drafts with one header as one entry: their legs one after another, and all that they bring."""
    first = parts[0]
    if len(parts) == 1:
        return first
    legs = [part.legs() for part in parts if part.transfers is not None]
    models = dict.fromkeys(model for part in parts for model in part.records)
    records = {
        model: pa.concat_tables([part.records[model] for part in parts if model in part.records]) for model in models
    }
    return replace(
        first, transfers=pa.concat_tables(legs).combine_chunks().cast(LEGS) if legs else None, records=records
    )


def _clash(
    draft: Draft, row: DecisionRow, before: Sequence[Draft] | None, earlier: DecisionRow | None
) -> Problem | None:
    """What is wrong where a key comes back in another row."""
    if before is None or earlier is None:
        return None
    there = earlier.where("kind")
    if not row.given.get("key", "").strip():
        fix = "Take one of them out; or give each a key of its own, where both are meant."
        return Problem(row.where("kind"), f"the same decision stands at {there}.", "It would be recorded once.", fix)
    for name in _ALIKE:
        if getattr(draft, name) != getattr(before[0], name):
            said = name.replace("effective_date", "date").replace("_", " ")
            found = f"the row at {there} has the same key, and another {said}."
            return Problem(row.where("key"), found, "Rows with one key are one entry.", "Give it a key of its own.")
    return None


def _first_refused(drafts: Sequence[Draft], tried: Callable[[Sequence[Draft]], object]) -> Draft:
    """The entry with which a batch that is refused begins to be: by halves, each tried."""
    stands, falls = 0, len(drafts)
    while falls - stands > 1:
        middle = (stands + falls) // 2
        try:
            tried(drafts[:middle])
            stands = middle
        except Refused:
            falls = middle
    return drafts[falls - 1]


def _renumbered(kept: Sequence[Draft], numbers: Mapping[int, str], rows_of: dict[str, DecisionRow]) -> list[Draft]:
    """What is left of a batch, with the numbers that its entries have then: what undoes an entry names its number."""
    left = {draft.key for draft in kept}
    fresh = [number for number, key in numbers.items() if key in left]
    new = dict(zip(fresh, range(min(numbers, default=0), max(numbers, default=0) + 1), strict=False))
    found = []
    for draft in kept:
        if draft.reverses is None or draft.reverses not in numbers:
            found.append(draft)
        elif draft.reverses in new:
            key = f"{REVERSAL_KEY}{new[draft.reverses]}"
            rows_of[key] = rows_of[draft.key]
            found.append(replace(draft, key=key, reverses=new[draft.reverses]))
    return found


def _numbers(store: Store, actor: str, drafts: Sequence[Draft]) -> dict[int, str]:
    """The numbers under which the new entries of a batch were tried, each with its key."""
    with store.read(actor) as reader:
        first, there = last_entry(reader) + 1, {str(key) for (key,) in reader.rows("SELECT key FROM entry")}
    return dict(enumerate((draft.key for draft in drafts if draft.key not in there), start=first))


def _told(
    problem: Problem, drafts: Sequence[Draft], numbers: Mapping[int, str], rows_of: Mapping[str, DecisionRow]
) -> tuple[Problem, str]:  # fmt: skip
    """A problem of posting where it comes from, with the key of its entry; as it is where nobody can tell."""
    where = str(problem.where)
    keyed, numbered = _KEYED.match(where), _NUMBERED.match(where)
    key = (keyed[1] or keyed[2]) if keyed else ""
    if key not in rows_of and numbered:
        key = numbers.get(int(numbered[1]), "")
    if key not in rows_of:
        key = next((draft.key for draft in drafts for table in draft.records.values()
                    if any(where.endswith(f" {value}") for value in table.column(0).to_pylist())), "")  # fmt: skip
    if key not in rows_of and len(drafts) == 1:
        key = drafts[0].key
    if key not in rows_of:
        return problem, ""
    return _at(problem, rows_of[key]), key


def _at(problem: Problem, row: DecisionRow) -> Problem:
    """A problem, told of the field of a row."""
    return replace(problem, where=row.where(_field(problem, row)))


def _field(problem: Problem, row: DecisionRow) -> str:
    """The field of a row that a problem is about; or else the one whose words are in what was found, or its kind."""
    asked = {field.name for field in DECISIONS[row.name].fields} | ({RECORDED_BY} if row.actor is not None else set())
    for name in (problem.about, *_FIELDS.get(problem.about, ())):
        if name in asked:
            return name
    for name in ("to_fund", "to", "from", "organisation", "child", "part_of", "code", "fund", "date"):
        said = row.given.get(name, "").strip()
        if said and re.search(rf"(?<!\w){re.escape(said)}(?!\w)", problem.found):
            return name
    return "kind"
