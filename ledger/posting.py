"""How an entry gets into the books: all of it or none, checked by the same questions that verify asks.

A batch of drafts is one transaction. Nothing is done row by row: accounts are opened, legs written and
rules checked over whole tables. An entry whose key the books already know with the same content is
answered with the first result; with other content it is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.compute as pc
from sqlmodel import SQLModel

from ledger import canonical, checks, control, structure
from ledger.chain import LEGS_OF, head, last_entry
from ledger.drafts import LEGS, Draft, primary_key, schema_of
from ledger.errors import AlreadyReversed, KeyReused, Problem, Refused
from ledger.kinds import ALL_KINDS, MONEY_KINDS, RECORD_KINDS, REVERSE
from ledger.models import RECORDS, STANDINGS, Entry
from ledger.money import LARGEST_PENCE
from ledger.store import Reader, Store, Writer
from ledger.structure import suggestion

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
       CASE WHEN t.may_go_below_zero THEN NULL ELSE 0 END
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


def post(store: Store, drafts: Sequence[Draft], *, dry_run: bool = False) -> list[Posted]:
    """Post a batch of entries, all or none, in the order given.

    Args:
        store: the ledger.
        drafts: what to post; a later draft may rest on an earlier one.
        dry_run: do everything and keep nothing; the answer is what would have been posted.

    Raises:
        Refused: with every problem found. ``KeyReused`` and ``AlreadyReversed`` are its named cases.
    """
    with store.rehearse() if dry_run else store.write() as writer:
        return _post(writer, drafts)


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
    with store.rehearse() if dry_run else store.write() as writer:
        draft = _mirror(writer, number, reason=reason, actor=actor, authority=authority)
        if effective_date is not None:
            draft = replace(draft, effective_date=effective_date)
        (posted,) = _post(writer, [draft])
        return posted


def _post(writer: Writer, drafts: Sequence[Draft]) -> list[Posted]:
    _refuse_if(_header_problems(drafts))
    tables = [{model: _canonical_records(model, draft) for model in RECORDS if model in draft.records} for draft in drafts]
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
        first = last_entry(writer) + 1
        numbers = dict(zip(fresh, range(first, first + len(fresh)), strict=True))
        posted = _write_entries(writer, [(numbers[i], drafts[i], contents[i]) for i in fresh])
        answers.update(dict(zip(fresh, posted, strict=True)))
        last = first + len(fresh) - 1
        _write_records(writer, [(numbers[i], tables[i]) for i in fresh])
        _refuse_if(structure.problems(writer, first, last))
        _write_transfers(writer, [(numbers[i], drafts[i]) for i in fresh])
        _refuse_if(checks.problems(writer, first))
        _refuse_if(control.problems(writer, first))
    return [answers[index] for index in range(len(drafts))]


def _refuse_if(problems: Sequence[Problem]) -> None:
    if problems:
        raise Refused(problems)


def _header_problems(drafts: Sequence[Draft]) -> list[Problem]:
    found: list[Problem] = []
    seen: set[str] = set()
    for draft in drafts:
        place = f"entry '{draft.key}'"
        if draft.kind not in ALL_KINDS:
            found.append(
                Problem(place, f"'{draft.kind}' is not a kind of entry.", "The books could not say what it may do.",
                        f"Use one of {', '.join(ALL_KINDS)}.")
            )
        for name in ("key", "actor", "reason"):
            if not str(getattr(draft, name)).strip():
                found.append(Problem(place, f"it has no {name}.", "Every entry says who and why.", f"Give the {name}."))
        for name in ("key", "actor", "reason", "authority", "source", "source_hash"):
            text = getattr(draft, name)
            if text is not None and (canonical.has_control_characters(text) or canonical.normalise(text) != text):
                found.append(
                    Problem(place, f"the {name} holds a control character or an unusual form of a letter.",
                            "It could be made to look like something else.", "Type it again as plain text.")
                )
        if draft.key in seen:
            found.append(
                Problem(place, "its key is used twice in one batch.", "A key stands for one decision.",
                        "Give each entry a key of its own.")
            )
        seen.add(draft.key)
        has_legs = draft.transfers is not None and draft.transfers.num_rows > 0
        if draft.kind in RECORD_KINDS and (has_legs or not draft.records):
            found.append(
                Problem(place, "it moves money or brings nothing.", f"An entry of kind {draft.kind} brings records only.",
                        "Post the money as an entry of its own.")
            )
        if draft.kind in (*MONEY_KINDS, REVERSE) and (not has_legs or draft.records):
            found.append(
                Problem(place, "it has no legs, or brings records besides.", f"An entry of kind {draft.kind} moves money only.",
                        "Give it at least one leg, and post the records as an entry of their own.")
            )
        if (draft.kind == REVERSE) != (draft.reverses is not None):
            found.append(
                Problem(place, "a reversal must name the entry it undoes, and only a reversal may.",
                        "The two would not be linked.", "Use 'devolution reverse ENTRY'.")
            )
    return found


def _canonical_records(model: type[SQLModel], draft: Draft) -> pa.Table:
    """The records as the books will hold them: the model's columns, in the order of its key."""
    schema = schema_of(model)
    return draft.records[model].select(schema.names).cast(schema).sort_by(primary_key(model))


def _content_of(draft: Draft, brought: Mapping[type[SQLModel], pa.Table]) -> str:
    facts = {name: getattr(draft, name) for name in canonical.ENTRY_FIELDS}
    parts = [(str(model.__tablename__), canonical.rows(table)[0]) for model, table in brought.items() if table.num_rows]
    if draft.transfers is not None and draft.transfers.num_rows:
        parts.append(("transfer", canonical.rows(draft.legs().select(canonical.TRANSFER_FIELDS))[0]))
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
    moment = datetime.now(UTC)
    # Recorded times only ever rise, even if the machine's clock is put back.
    if isinstance(latest, datetime):
        moment = max(moment, latest + timedelta(microseconds=1))
    rows: list[dict[str, object]] = []
    posted: list[Posted] = []
    for offset, (number, draft, content) in enumerate(entries):
        recorded_at = moment + timedelta(microseconds=offset)
        link = canonical.chain_hash(previous, number, recorded_at, content)
        facts = {name: getattr(draft, name) for name in canonical.ENTRY_FIELDS}
        rows.append(
            {**facts, "number": number, "recorded_at": recorded_at, "content_hash": content,
             "previous_hash": previous, "hash": link}
        )
        legs = 0 if draft.transfers is None else draft.transfers.num_rows
        posted.append(Posted(number, draft.key, content, link, recorded_at, legs))
        previous = link
    reversed_before = _already_reversed(writer, [draft for _, draft, _ in entries])
    if reversed_before:
        raise AlreadyReversed(reversed_before)
    writer.append(Entry, pa.Table.from_pylist(rows, schema=_ENTRY_SCHEMA))
    writer.execute(
        "UPDATE seal SET entries = $entries, head = $head", {"entries": entries[-1][0], "head": previous}
    )
    return posted


def _already_reversed(reader: Reader, drafts: Sequence[Draft]) -> list[Problem]:
    wanted = [draft.reverses for draft in drafts if draft.reverses is not None]
    reader.stage("wanted_reversals", pa.table({"number": pa.array(wanted, pa.int64())}))
    taken = dict(
        reader.rows("SELECT reverses, number FROM entry WHERE reverses IN (SELECT number FROM wanted_reversals)")
    )
    twice = {number for number in wanted if wanted.count(number) > 1}
    return [
        _reversed_before(number, taken.get(number, "another one in this batch"))
        for number in sorted({*wanted} & ({*taken} | twice))
    ]


def _reversed_before(number: int, by: object) -> Problem:
    return Problem(
        f"entry {number}",
        f"it is already reversed, by entry {by}.",
        "A second reversal would undo it twice.",
        "To bring the money back, post the decision again under a new key.",
    )


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
            problems.extend(_record_problems(writer, model, rows))
            _refuse_if(problems)
            writer.append(model, rows)


def _record_problems(reader: Reader, model: type[SQLModel], rows: pa.Table) -> list[Problem]:
    """Keys that are taken and codes that are unknown, before the database would refuse them unkindly."""
    key, name = primary_key(model), model.__tablename__
    found: list[Problem] = []
    reader.stage("new_records", rows)
    for (taken,) in reader.rows(
        f'SELECT n."{key}" FROM new_records n GROUP BY n."{key}" HAVING count(*) > 1 '
        f'UNION SELECT n."{key}" FROM new_records n JOIN "{name}" o ON o."{key}" = n."{key}" ORDER BY 1'
    ):
        found.append(
            Problem(f"{name} {taken}", "it is recorded already, or twice in this batch.", "A row never changes.",
                    "Give the new row a key of its own; where it corrects the old one, let it say so in 'supersedes'.")
        )
    for column in model.__table__.columns:  # type: ignore[attr-defined]
        for foreign in column.foreign_keys:
            target = foreign.column.table.name
            if target == "entry":
                continue
            for identity, code in reader.rows(
                f'SELECT n."{key}", n."{column.name}" FROM new_records n WHERE n."{column.name}" IS NOT NULL '
                f'AND n."{column.name}" NOT IN (SELECT "{foreign.column.name}" FROM "{target}") ORDER BY 1'
            ):
                found.append(_unknown(reader, f"{name} {identity}", str(code), target))
        if pa.types.is_string(rows.schema.field(column.name).type) and not found:
            found.extend(
                Problem(f"{name} {identity}", f"its {column.name} holds a control character.",
                        "It could be made to look like something else.", "Type it again as plain text.")
                for identity, text in zip(rows[key].to_pylist(), rows[column.name].to_pylist(), strict=True)
                if text is not None and canonical.has_control_characters(text)
            )
    return found


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
    _refuse_if(_amount_problems(new_legs, keys))
    writer.stage("new_legs", new_legs)
    _refuse_if(_unknown_codes(writer, keys))
    writer.execute(_OPEN_ACCOUNTS)
    writer.execute(_WRITE_LEGS)


def _amount_problems(new_legs: pa.Table, keys: Mapping[int, str]) -> list[Problem]:
    amounts = new_legs["amount_pence"]
    bad = pc.or_kleene(
        pc.or_kleene(pc.is_null(amounts), pc.less_equal(amounts, 0)), pc.greater(amounts, LARGEST_PENCE)
    )
    # A table's notes are free text from files: the one column that can be long.
    standings = pa.array(STANDINGS)
    for side in ("from_standing", "to_standing"):
        bad = pc.or_kleene(bad, pc.invert(pc.is_in(new_legs[side], value_set=standings)))
    same = pc.and_kleene(
        pc.and_kleene(
            pc.equal(new_legs["from_organisation"], new_legs["to_organisation"]),
            pc.equal(new_legs["from_fund"], new_legs["to_fund"]),
        ),
        pc.and_kleene(
            pc.equal(new_legs["from_year"], new_legs["to_year"]),
            pc.equal(new_legs["from_standing"], new_legs["to_standing"]),
        ),
    )
    rows = new_legs.filter(pc.or_kleene(bad, same)).slice(0, checks.MOST_SHOWN).to_pylist()
    return [
        Problem(
            f"entry '{keys[row['entry_number']]}', leg {row['leg']}" + (f", {row['note']}" if row["note"] else ""),
            f"{row['amount_pence']} pence from {row['from_organisation']} ({row['from_fund']}, {row['from_standing']}) "
            f"to {row['to_organisation']} ({row['to_fund']}, {row['to_standing']}).",
            "A leg moves a whole, positive number of pence between two different accounts, "
            f"each {', '.join(STANDINGS[:-1])} or {STANDINGS[-1]}.",
            "Turn a negative amount round: money that goes back is a leg the other way.",
        )
        for row in rows
    ]


def _unknown_codes(reader: Reader, keys: Mapping[int, str]) -> list[Problem]:
    found: list[Problem] = []
    for column, target in (("organisation", "organisation"), ("fund", "fund")):
        for entry_number, leg, code in reader.rows(
            f"SELECT min(entry_number), min(leg), code FROM ("
            f"SELECT entry_number, leg, from_{column} AS code FROM new_legs UNION ALL "
            f"SELECT entry_number, leg, to_{column} FROM new_legs) AS used "
            f"WHERE code IS NULL OR code NOT IN (SELECT code FROM {target}) GROUP BY code ORDER BY 1, 2"
        ):
            place = f"entry '{keys[int(str(entry_number))]}', leg {leg}"
            found.append(_unknown(reader, place, str(code), target))
    return found


def _unknown(reader: Reader, place: str, code: str, table: str) -> Problem:
    return Problem(
        place,
        f"there is no {table} '{code}'.",
        "Money can only stand where the books know the name.",
        suggestion(reader, code, table),
    )


def _mirror(reader: Reader, number: int, *, reason: str, actor: str, authority: str | None) -> Draft:
    rows = reader.table("SELECT * FROM entry WHERE number = $number", {"number": number}).to_pylist()
    place = f"entry {number}"
    if not rows:
        last = last_entry(reader)
        raise Refused([Problem(place, "there is no such entry.", "Nothing can be undone.", f"Entries run from 1 to {last}.")])
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
        raise AlreadyReversed([_reversed_before(number, before[0][0])])
    legs = reader.table(LEGS_OF, {"first": number, "last": number})
    swapped = [name.replace("from_", "to_", 1) if name.startswith("from_") else name.replace("to_", "from_", 1) for name in LEGS.names]
    mirrored = pa.table({name: legs[other] for name, other in zip(LEGS.names, swapped, strict=True)})
    return Draft(
        key=f"reverse:{number}",
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

