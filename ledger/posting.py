"""How an entry gets into the books: all of it or none, checked by the same questions that verify asks.

A batch of drafts is one transaction. Nothing is done row by row: accounts are opened, legs written and
rules checked over whole tables. An entry whose key the books already know with the same content is
answered with the first result; with other content it is refused.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import SQLModel

from ledger import canonical, control, refusals, rights, rights_judged, rules, unpublished
from ledger.chain import LEGS_OF, head, last_entry
from ledger.drafts import LEGS, Draft, primary_key, schema_of
from ledger.errors import AlreadyReversed, KeyReused, Problem, Refused
from ledger.kinds import RECORD_KINDS, REVERSAL_KEY, REVERSE
from ledger.models import RECORDS, ControlTotal, Entry
from ledger.store import Reader, Store, Writer

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
    ]
)

_OPEN_ACCOUNTS = """
INSERT INTO account (id, organisation, fund, year, standing, floor_pence)
SELECT (SELECT coalesce(max(id), 0) FROM account)
           + row_number() OVER (ORDER BY n.organisation, n.fund, n.year, n.standing),
       n.organisation, n.fund, n.year, n.standing,
       CASE WHEN t.may_go_below_zero AND n.standing = 'available' THEN NULL ELSE 0 END
FROM (
    SELECT from_organisation AS organisation, from_fund AS fund, from_year AS year, from_standing AS standing
    FROM new_legs
    UNION
    SELECT to_organisation, to_fund, to_year, to_standing FROM new_legs
) n
JOIN organisation o ON o.code = n.organisation JOIN tier t ON t.code = o.tier
WHERE NOT EXISTS (
    SELECT 1 FROM account a WHERE a.organisation = n.organisation AND a.fund = n.fund
        AND a.year = n.year AND a.standing = n.standing)
"""

_WRITE_LEGS = """
INSERT INTO transfer (entry_number, leg, from_account, to_account, amount_pence, recurrent, note)
SELECT n.entry_number, n.leg, f.id, t.id, n.amount_pence, n.recurrent, n.note
FROM new_legs n
JOIN account f ON f.organisation = n.from_organisation AND f.fund = n.from_fund
    AND f.year = n.from_year AND f.standing = n.from_standing
JOIN account t ON t.organisation = n.to_organisation AND t.fund = n.to_fund
    AND t.year = n.to_year AND t.standing = n.to_standing
"""


# What the new legs bring to each account and take from it, day by day; the rows that are there already grow.
_ADD_TO_DAYS = """
INSERT INTO account_day (account, day, in_pence, out_pence)
SELECT m.account, e.effective_date, CAST(sum(m.came) AS BIGINT), CAST(sum(m.went) AS BIGINT) FROM (
    SELECT entry_number, to_account AS account, sum(amount_pence) AS came, 0 AS went FROM transfer
    WHERE entry_number >= $first GROUP BY entry_number, to_account
    UNION ALL
    SELECT entry_number, from_account, 0, sum(amount_pence) FROM transfer
    WHERE entry_number >= $first GROUP BY entry_number, from_account
) m JOIN entry e ON e.number = m.entry_number GROUP BY m.account, e.effective_date
ON CONFLICT (account, day) DO UPDATE SET in_pence = account_day.in_pence + excluded.in_pence,
    out_pence = account_day.out_pence + excluded.out_pence
"""


@dataclass(frozen=True, slots=True)
class Posted:
    """What became of a draft.

    Attributes:
        number: the entry's number in the books.
        transfers: how many legs it has.
        replayed: true when the books had this entry already and nothing was added.
    """

    number: int
    key: str
    content_hash: str
    hash: str
    recorded_at: datetime
    transfers: int
    replayed: bool = False


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
    posted = _taken(store, drafts, keep=not dry_run)
    # Somebody else may have reversed it in the same words since it was read; to post it again is no second reversal.
    before = [refusals.reversed_before(n, one.number) for n, one in zip(numbers, posted, strict=True) if one.replayed]
    if before:
        raise AlreadyReversed(before)
    return posted


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
    person = rights.names_in(drafts)
    begin = store.write if keep else store.imagine if only_tried else store.rehearse
    with begin(person) as writer:
        posted = _post(writer, drafts, only_tried=only_tried)
        if afterwards is not None:
            _refuse_if(afterwards(writer))
        return posted


def _post(writer: Writer, drafts: Sequence[Draft], *, only_tried: bool = False) -> list[Posted]:
    _refuse_if(refusals.header_problems(drafts))
    tables = [
        {model: _canonical_records(model, draft) for model in RECORDS if model in draft.records} for draft in drafts
    ]
    contents = [_content_of(draft, brought) for draft, brought in zip(drafts, tables, strict=True)]
    known = _known_by_key(writer, [draft.key for draft in drafts])
    answers: dict[int, Posted] = {}
    fresh: list[int] = []
    for index, (draft, content) in enumerate(zip(drafts, contents, strict=True)):
        if draft.key in known:
            answers[index] = _replay(draft, content, known[draft.key])
        else:
            fresh.append(index)
    if fresh:
        _refuse_if(unpublished.problems(writer, [drafts[i] for i in fresh]))
        first = last_entry(writer) + 1
        numbers = dict(zip(fresh, range(first, first + len(fresh)), strict=True))
        posted = _write_entries(writer, [(numbers[i], drafts[i], contents[i]) for i in fresh])
        answers.update(dict(zip(fresh, posted, strict=True)))
        last = first + len(fresh) - 1
        _write_records(writer, [(numbers[i], tables[i]) for i in fresh])
        _write_transfers(writer, [(numbers[i], drafts[i]) for i in fresh])
        moves_money = any(posted_entry.transfers for posted_entry in posted)
        brought = {"entry"} | {str(model.__tablename__) for i in fresh for model in tables[i]}
        brought |= {"transfer"} if moves_money else set()
        _refuse_if(rules.problems(writer, first, last, brought=brought, asked=rules.AT_ONCE))
        # What proposals reserve is told to who has a right to post; what is only tried is asked so as a proposal.
        if not only_tried:
            _refuse_if(rights_judged.problems(writer, first))
            _refuse_if(rules.problems(writer, first, last, brought=brought, asked=rules.RESERVED))
        if moves_money and control.concern(writer):
            _refuse_if(control.problems(writer, 1))
        elif ControlTotal in {model for i in fresh for model in tables[i]}:
            _refuse_if(control.problems(writer, first))
    return [answers[index] for index in range(len(drafts))]


def _refuse_if(problems: Sequence[Problem]) -> None:
    if problems:
        raise Refused(problems)


def _canonical_records(model: type[SQLModel], draft: Draft) -> pa.Table:
    """The records as the books will hold them: the model's columns, in the order of its key."""
    schema = schema_of(model)
    return draft.records[model].select(schema.names).cast(schema).sort_by(primary_key(model))


def _content_of(draft: Draft, brought: Mapping[type[SQLModel], pa.Table]) -> str:
    facts = {name: getattr(draft, name) for name in canonical.ENTRY_FIELDS}
    parts = [canonical.part_of(str(model.__tablename__), table) for model, table in brought.items() if table.num_rows]
    if draft.transfers is not None and draft.transfers.num_rows:
        parts.append(canonical.part_of("transfer", draft.legs().select(canonical.TRANSFER_FIELDS)))
    return canonical.content_hash(facts, parts)


def _known_by_key(reader: Reader, keys: Iterable[str]) -> dict[str, Posted]:
    reader.stage("wanted_keys", pa.table({"key": pa.array(list(keys), pa.string())}))
    rows = reader.table(
        "SELECT e.number, e.key, e.content_hash, e.hash, e.recorded_at, "
        "(SELECT count(*) FROM transfer t WHERE t.entry_number = e.number) AS transfers "
        "FROM entry e WHERE e.key IN (SELECT key FROM wanted_keys)"
    ).to_pylist()
    return {row["key"]: Posted(**row, replayed=True) for row in rows}


def _replay(draft: Draft, content: str, known: Posted) -> Posted:
    if content != known.content_hash:
        raise KeyReused(
            [
                Problem(
                    f"entry '{draft.key}'",
                    f"this key already names entry {known.number}, with other content.",
                    "A key stands for one decision; posting it again must change nothing.",
                    "Give the new decision a key of its own, or reverse the old entry first.",
                )
            ]
        )
    return known


def _write_entries(writer: Writer, entries: Sequence[tuple[int, Draft, str]]) -> list[Posted]:
    previous = head(writer)
    ((latest,),) = writer.rows("SELECT max(recorded_at) FROM entry")
    moment = _now()
    # Recorded times only ever rise, even if the machine's clock is put back. A batch is known all at once: a
    # later entry in it may bring the money that an earlier one passes on.
    if isinstance(latest, datetime):
        moment = max(moment, latest + timedelta(microseconds=1))
    rows: list[dict[str, object]] = []
    posted: list[Posted] = []
    for number, draft, content in entries:
        link = canonical.chain_hash(previous, number, moment, content)
        facts = {name: getattr(draft, name) for name in canonical.ENTRY_FIELDS}
        rows.append(
            {
                **facts,
                "number": number,
                "recorded_at": moment,
                "content_hash": content,
                "previous_hash": previous,
                "hash": link,
            }
        )
        legs = 0 if draft.transfers is None else draft.transfers.num_rows
        posted.append(Posted(number, draft.key, content, link, moment, legs))
        previous = link
    reversed_before = _already_reversed(writer, [draft for _, draft, _ in entries])
    if reversed_before:
        raise AlreadyReversed(reversed_before)
    writer.append(Entry, pa.Table.from_pylist(rows, schema=_ENTRY_SCHEMA))
    writer.execute("UPDATE seal SET entries = $entries, head = $head", {"entries": entries[-1][0], "head": previous})
    return posted


def _already_reversed(reader: Reader, drafts: Sequence[Draft]) -> list[Problem]:
    wanted = [draft.reverses for draft in drafts if draft.reverses is not None]
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


def _write_records(writer: Writer, brought: Sequence[tuple[int, Mapping[type[SQLModel], pa.Table]]]) -> None:
    problems: list[Problem] = []
    for model in RECORDS:
        tables = [
            table[model].append_column("entry_number", pa.array([number] * table[model].num_rows, pa.int64()))
            for number, table in brought
            if model in table and table[model].num_rows
        ]
        if tables:
            rows = pa.concat_tables(tables)
            problems.extend(refusals.record_problems(writer, model, rows))
            _refuse_if(problems)
            writer.append(model, rows)


def _write_transfers(writer: Writer, entries: Sequence[tuple[int, Draft]]) -> None:
    tables = []
    for number, draft in entries:
        legs = draft.legs()
        if legs.num_rows:
            numbers = pa.array([number], pa.int64()).take(pa.array([0] * legs.num_rows))
            order = pa.array(range(1, legs.num_rows + 1), pa.int32())
            tables.append(legs.append_column("entry_number", numbers).append_column("leg", order))
    if not tables:
        return
    new_legs = pa.concat_tables(tables)
    keys = {number: draft.key for number, draft in entries}
    _refuse_if(refusals.amount_problems(new_legs, keys))
    writer.stage("new_legs", new_legs)
    _refuse_if(refusals.unknown_codes(writer, keys))
    _refuse_if(refusals.sum_problems(writer, new_legs))
    writer.execute(_OPEN_ACCOUNTS)
    writer.execute(_WRITE_LEGS)
    first = min(number for number, _ in entries)
    writer.execute(_ADD_TO_DAYS, {"first": first})
    moved = pc.sum(new_legs["amount_pence"]).as_py()
    writer.execute("UPDATE seal SET moved_pence = moved_pence + $moved", {"moved": moved})


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
    swapped = [
        name.replace("from_", "to_", 1) if name.startswith("from_") else name.replace("to_", "from_", 1)
        for name in LEGS.names
    ]
    mirrored = pa.table({name: legs[other] for name, other in zip(LEGS.names, swapped, strict=True)})
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
        transfers=mirrored,
    )
