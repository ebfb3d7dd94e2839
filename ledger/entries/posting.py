"""How an entry gets into the books: all of it or none, checked by the same questions that verify asks.

A batch of drafts is one transaction. Nothing is done row by row: accounts are opened, legs written and
rules checked over whole tables. An entry whose key the books already know with the same content is
answered with the first result; with other content it is refused.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow as pa
from sqlmodel import SQLModel

from ledger.entries import canonical, group_commit, named_legs, refusals, transfers
from ledger.entries.chain import LEGS_OF, head, last_entry
from ledger.entries.door import Posted, PostingRequest, linked, moment_after
from ledger.entries.draft import Draft, hashed, mirrored, primary_key, schema_of
from ledger.entries.kinds import RECORD_KINDS, REVERSAL_KEY, REVERSE
from ledger.errors import AlreadyReversed, KeyReused, Problem, Refused
from ledger.models import RECORDS, Entry
from ledger.rules import beforehand, in_order, rights, rights_judged
from ledger.store.base import Reader, Store, Writer

__all__ = ["Posted", "could_be_posted", "post", "reverse", "reverse_all"]

_ENTRY_SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("key", pa.string()),
        ("kind", pa.string()),
        ("effective_date", pa.date32()),
        ("recorded_at", pa.timestamp("us", tz="UTC")),
        ("actor", pa.string()),
        ("reason", pa.string()),
        ("authority", pa.string()),
        ("source", pa.string()),
        ("source_hash", pa.string()),
        ("reverses", pa.int64()),
        ("content_hash", pa.string()),
        ("previous_hash", pa.string()),
        ("hash", pa.string()),
        ("standing", pa.string()),
    ]
)


def post(
    store: Store,
    drafts: Sequence[Draft],
    *,
    dry_run: bool = False,
    afterwards: Callable[[Reader], Sequence[Problem]] | None = None,
) -> list[Posted]:
    """Post a batch of entries, all or none, in the order given.

    Args:
        store: the ledger.
        drafts: what to post; a later draft may rest on an earlier one.
        dry_run: do everything and keep nothing; the answer is what would have been posted.
        afterwards: a last question, asked of the books as they would be; whatever it finds, nothing is posted.

    Raises:
        Refused: with every problem found. ``KeyReused`` and ``AlreadyReversed`` are its named cases.
    """
    return _taken(store, drafts, keep=not dry_run, afterwards=afterwards)


def reverse(
    store: Store,
    number: int,
    *,
    reason: str,
    actor: str,
    authority: str | None = None,
    effective_date: date | None = None,
    dry_run: bool = False,
) -> Posted:
    """Undo an entry by posting its mirror: equal, opposite and linked. Nothing is deleted.

    Args:
        number: the entry to undo.
        effective_date: when the correction counts; the entry's own date unless said otherwise, so that
            the books as now known never held the mistake. What was known before stays as it was.

    Raises:
        AlreadyReversed: the entry has a reversal.
        Refused: there is no such entry, it cannot be reversed, or the money has moved on since.
    """
    (posted,) = reverse_all(
        store, [number], reason=reason, actor=actor, authority=authority, effective_date=effective_date, dry_run=dry_run
    )
    return posted


def reverse_all(
    store: Store,
    numbers: Sequence[int],
    *,
    reason: str,
    actor: str,
    authority: str | None = None,
    effective_date: date | None = None,
    dry_run: bool = False,
) -> list[Posted]:
    """Undo several entries in the order given, all of them or none; as ``reverse`` undoes one.

    Raises:
        AlreadyReversed: one of them has a reversal.
        Refused: as for ``reverse``, with what is wrong with any of them.
    """
    with store.read(actor) as reader:
        drafts = [_mirror(reader, number, reason=reason, actor=actor, authority=authority) for number in numbers]
    if effective_date is not None:
        drafts = [replace(draft, effective_date=effective_date) for draft in drafts]
    try:
        posted = _taken(store, drafts, keep=not dry_run)
    except KeyReused:
        _refuse_if_reversed(store, actor, numbers)
        raise
    # Somebody else may have reversed it in the same words since it was read; to post it again is no second reversal.
    before = [refusals.reversed_before(n, one.number) for n, one in zip(numbers, posted, strict=True) if one.replayed]
    if before:
        raise AlreadyReversed(before)
    return posted


def _refuse_if_reversed(store: Store, actor: str, numbers: Sequence[int]) -> None:
    """Say of entries that somebody else has reversed meanwhile, in other words, that they are reversed."""
    with store.read(actor) as reader:
        asked = "SELECT reverses, number FROM entry WHERE reverses = $number"
        before = [row for number in numbers for row in reader.rows(asked, {"number": number})]
    if before:
        raise AlreadyReversed([refusals.reversed_before(int(str(number)), by) for number, by in before])


def could_be_posted(store: Store, drafts: Sequence[Draft]) -> None:
    """Go through the posting of a batch, whoever may post it, and keep nothing: what a proposal has to pass.

    Raises:
        Refused: with every problem found.
    """
    _taken(store, drafts, keep=False, only_tried=True)


def _taken(
    store: Store,
    drafts: Sequence[Draft],
    *,
    keep: bool,
    only_tried: bool = False,
    afterwards: Callable[[Reader], Sequence[Problem]] | None = None,
) -> list[Posted]:
    if keep and afterwards is None and (group := group_commit.queue_of(store)) is not None:
        posted = group.post(drafts, _now)
        if posted is not None:
            return posted
    person = rights.names_in(drafts)
    if store.door is not None:
        return store.door.take(PostingRequest(drafts, person, keep, only_tried, afterwards=afterwards))
    begin = store.write if keep else store.rehearse
    with begin(person) as writer:
        posted = _post(writer, drafts, only_tried=only_tried)
        if afterwards is not None:
            _refuse_if(afterwards(writer))
        return posted


def _post(writer: Writer, drafts: Sequence[Draft], *, only_tried: bool = False) -> list[Posted]:
    _refuse_if(refusals.header_problems(drafts))
    tables = [canonical_records(draft) for draft in drafts]
    legs = named_legs.of_drafts(drafts)
    contents = list(map(_content_of, drafts, tables, legs.parts()))
    known = posted_before(writer, [draft.key for draft in drafts])
    answers: dict[int, Posted] = {}
    fresh: list[int] = []
    for index, (draft, content) in enumerate(zip(drafts, contents, strict=True)):
        if draft.key in known:
            answers[index] = _replay(draft, content, known[draft.key])
        else:
            fresh.append(index)
    if fresh:
        _refuse_if(beforehand.problems(writer, [drafts[i] for i in fresh]))
        first = last_entry(writer) + 1
        numbers = dict(zip(fresh, range(first, first + len(fresh)), strict=True))
        posted = _write_entries(writer, [(numbers[i], drafts[i], contents[i]) for i in fresh])
        answers.update(dict(zip(fresh, posted, strict=True)))
        last = first + len(fresh) - 1
        _write_records(writer, [(numbers[i], tables[i]) for i in fresh])
        legs = legs if len(fresh) == len(drafts) else named_legs.of_drafts([drafts[i] for i in fresh])
        transfers.write(writer, legs, list(numbers.values()), {numbers[i]: drafts[i].key for i in fresh})
        moves_money = any(posted_entry.transfers for posted_entry in posted)
        brought = {"entry"} | {str(model.__tablename__) for i in fresh for model in tables[i]}
        brought |= {"transfer"} if moves_money else set()
        _refuse_if(in_order.problems(writer, first, last, tables=brought, asked=in_order.AT_ONCE))
        # What proposals reserve is told to who has a right to post; what is only tried is asked so as a proposal.
        if not only_tried:
            _refuse_if(rights_judged.problems(writer, first, brought))
            _refuse_if(in_order.problems(writer, first, last, tables=brought, asked=in_order.RESERVED))
    return [answers[index] for index in range(len(drafts))]


def _refuse_if(problems: Sequence[Problem]) -> None:
    if problems:
        raise Refused(problems)


def canonical_records(draft: Draft) -> dict[type[SQLModel], pa.Table]:
    """What an entry brings as the books will hold it: by table, the model's columns, in the order of its key."""
    schemas = {model: schema_of(model) for model in RECORDS if model in draft.records}
    return {
        model: draft.records[model].select(schema.names).cast(schema).sort_by(primary_key(model))
        for model, schema in schemas.items()
    }


def _content_of(draft: Draft, records: Mapping[type[SQLModel], pa.Table], legs: bytes) -> str:
    facts = {name: getattr(draft, name) for name in canonical.ENTRY_FIELDS}
    parts = [
        canonical.part_of(str(model.__tablename__), hashed(model, table))
        for model, table in records.items()
        if table.num_rows
    ]
    return canonical.content_hash(facts, [*parts, legs])


def posted_before(reader: Reader, keys: Iterable[str]) -> dict[str, Posted]:
    """The entries that the books have already under idempotency keys, by key."""
    reader.stage("wanted_keys", pa.table({"key": pa.array(list(keys), pa.string())}))
    rows = reader.table(
        "SELECT number, key, content_hash, hash, recorded_at FROM entry WHERE key IN (SELECT key FROM wanted_keys)"
    ).to_pylist()
    # Most are new: only of those that are not are the legs counted.
    counted = (
        reader.rows(
            "SELECT e.number, count(*) FROM entry e JOIN transfer t ON t.entry_number = e.number "
            "WHERE e.key IN (SELECT key FROM wanted_keys) GROUP BY e.number"
        )
        if rows
        else []
    )
    legs = {number: int(str(many)) for number, many in counted}
    return {row["key"]: Posted(**row, transfers=legs.get(row["number"], 0), replayed=True) for row in rows}


def _replay(draft: Draft, content: str, known: Posted) -> Posted:
    if content != known.content_hash:
        raise KeyReused([refusals.key_reused(draft.key, known.number)])
    return known


def _write_entries(writer: Writer, entries: Sequence[tuple[int, Draft, str]]) -> list[Posted]:
    ((latest,),) = writer.rows("SELECT max(recorded_at) FROM entry")
    counted = [
        (draft, content, 0 if draft.transfers is None else draft.transfers.num_rows) for _, draft, content in entries
    ]
    rows, posted = linked(head(writer), entries[0][0], moment_after(latest, _now()), counted)
    reversed_before = _already_reversed(writer, [draft for _, draft, _ in entries])
    if reversed_before:
        raise AlreadyReversed(reversed_before)
    writer.append(Entry, pa.Table.from_pylist(rows, schema=_ENTRY_SCHEMA))
    writer.execute(
        "UPDATE seal SET entries = $entries, head = $head", {"entries": posted[-1].number, "head": posted[-1].hash}
    )
    return posted


def _already_reversed(reader: Reader, drafts: Sequence[Draft]) -> list[Problem]:
    wanted = [draft.reverses for draft in drafts if draft.reverses is not None]
    if not wanted:
        return []
    reader.stage("wanted_reversals", pa.table({"number": pa.array(wanted, pa.int64())}))
    taken = {
        int(str(undone)): by
        for undone, by in reader.rows(
            "SELECT reverses, number FROM entry WHERE reverses IN (SELECT number FROM wanted_reversals)"
        )
    }
    twice = {number for number in wanted if wanted.count(number) > 1}
    return [
        refusals.reversed_before(number, taken.get(number, "another one in this batch"))
        for number in sorted({*wanted} & ({*taken} | twice))
    ]


def _now() -> datetime:
    return datetime.now(UTC)


def _write_records(writer: Writer, records: Sequence[tuple[int, Mapping[type[SQLModel], pa.Table]]]) -> None:
    problems: list[Problem] = []
    for model in RECORDS:
        tables = [
            table[model].append_column("entry_number", pa.array([number] * table[model].num_rows, pa.int64()))
            for number, table in records
            if model in table and table[model].num_rows
        ]
        if tables:
            rows = pa.concat_tables(tables)
            problems.extend(refusals.record_problems(writer, model, rows))
            _refuse_if(problems)
            writer.append(model, rows)


def _mirror(reader: Reader, number: int, *, reason: str, actor: str, authority: str | None) -> Draft:
    rows = reader.table("SELECT * FROM entry WHERE number = $number", {"number": number}).to_pylist()
    place = f"entry {number}"
    if not rows:
        last = last_entry(reader)
        raise Refused(
            [
                Problem(
                    place,
                    "there is no such entry.",
                    "Nothing can be undone.",
                    f"Entries run from 1 to {last}.",
                )
            ]
        )
    (entry,) = rows
    if entry["kind"] in (REVERSE, *RECORD_KINDS):
        raise Refused(
            [
                Problem(
                    place,
                    f"it is of kind {entry['kind']}.",
                    "Only an entry that moves money can be reversed.",
                    "To bring back what a reversal undid, post the decision again under a new key; "
                    "to correct a record, record a newer one.",
                )
            ]
        )
    before = reader.rows("SELECT number FROM entry WHERE reverses = $number", {"number": number})
    if before:
        raise AlreadyReversed([refusals.reversed_before(number, before[0][0])])
    legs = reader.table(LEGS_OF, {"first": number, "last": number})
    return Draft(
        key=f"{REVERSAL_KEY}{number}",
        kind=REVERSE,
        effective_date=entry["effective_date"],
        actor=actor,
        reason=reason,
        authority=authority,
        source=entry["source"],
        source_hash=entry["source_hash"],
        reverses=number,
        standing=entry["standing"],
        transfers=mirrored(legs),
    )
