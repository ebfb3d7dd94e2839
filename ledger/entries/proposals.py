"""Proposals: entries that await a decision.

A proposal is itself brought by an entry, so who prepared it, when and why is in the chain. The money of an open
proposal is reserved: nobody can move it elsewhere in the meantime. It ends once: posted by somebody else than
who prepared it, posted in part, rejected, withdrawn by who prepared it, or expired.
"""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import pyarrow as pa
from sqlmodel import SQLModel

from ledger import characters, clock
from ledger.entries.draft import LEGS, Draft, added_columns, primary_key, records, schema_of
from ledger.entries.posting import Posted, could_be_posted, post
from ledger.errors import Problem, Refused
from ledger.models import RECORDS, Proposal, ProposalEnd, ProposedEntry, ProposedTransfer
from ledger.rules import beforehand, rights
from ledger.store.base import Reader, Store

POSTED, PART_POSTED, REJECTED, WITHDRAWN, EXPIRED = "posted", "part-posted", "rejected", "withdrawn", "expired"

# What the headers of entries say of a proposal once rights count.
_SUBMITTED, _DECIDED = "a proposal is submitted", "a proposal is decided"

_LISTED = """
SELECT p.id, p.title, p.prepared_by, p.expires_on, p.source, p.source_hash, e.recorded_at, d.outcome, d.decided_by,
       d.reason, d.entry_number AS decided_in, count(DISTINCT n.id) AS entries,
       CAST(coalesce(sum(t.amount_pence), 0) AS BIGINT) AS amount_pence
FROM proposal p JOIN entry e ON e.number = p.entry_number
LEFT JOIN proposal_end d ON d.proposal = p.id
JOIN proposed_entry n ON n.proposal = p.id LEFT JOIN proposed_transfer t ON t.proposed_entry = n.id
GROUP BY p.id, p.title, p.prepared_by, p.expires_on, p.source, p.source_hash, e.recorded_at, d.outcome, d.decided_by,
         d.reason, d.entry_number, p.entry_number
ORDER BY p.entry_number
"""
_ENTRIES = "SELECT * FROM proposed_entry WHERE proposal = $id ORDER BY nth"
_ENTRY = "SELECT e.number, e.content_hash FROM proposal p JOIN entry e ON e.number = p.entry_number WHERE p.id = $id"
_BROUGHT_BY = "SELECT e.key FROM proposal p JOIN entry e ON e.number = p.entry_number WHERE p.id = $id"
_OWN = "SELECT 1 FROM proposal WHERE id = $id AND prepared_by = $person"
_LEGS = "SELECT * FROM proposed_transfer WHERE proposed_entry = $entry ORDER BY leg"


@dataclass(frozen=True, slots=True)
class Listed:
    """A proposal and how it stands.

    Attributes:
        source_hash: SHA-256 of the file that it comes from, such as a scenario's.
        outcome: how it ended; none while it is open.
        decided_in: the number of the entry that ended it.
        amount_pence: what its entries move, all legs added up.
    """

    id: str
    title: str
    prepared_by: str
    expires_on: date | None
    source: str | None
    source_hash: str | None
    recorded_at: Any
    outcome: str | None
    decided_by: str | None
    reason: str | None
    decided_in: int | None
    entries: int
    amount_pence: int

    def is_of(self, person: str | None) -> bool:
        """Whether a person prepared it, however they spell their name."""
        return person is not None and characters.folded(person) == characters.folded(self.prepared_by)


def submit(
    store: Store,
    drafts: Sequence[Draft],
    *,
    key: str,
    title: str,
    prepared_by: str,
    expires_on: date | None = None,
    source: str | None = None,
    source_hash: str | None = None,
    dry_run: bool = False,
) -> Posted:
    """Put entries forward for a decision, and reserve their money.

    Args:
        store: the ledger.
        drafts: the entries, in order, as they would be posted.
        key: the proposal's name in the books, before which that of its preparer is put once rights count (``name_of``);
            submitting the same again changes nothing.
        prepared_by: who proposes, who cannot be who approves.
        expires_on: the last day on which it can be approved; none for no limit.
        dry_run: do everything and keep nothing.

    Raises:
        Refused: the entries could not be posted now, or their money is reserved by other proposals.
    """
    with store.read(prepared_by) as reader:
        key, quiet = name_of(reader, key, prepared_by), rights.in_force(reader)
        brought_by = reader.rows(_BROUGHT_BY, {"id": key})
    known = str(brought_by[0][0]) if brought_by else None
    if known is None:
        # What could not be posted is not worth anybody's decision. Asked again, it is only looked up.
        could_be_posted(store, [replace(draft, actor=prepared_by) for draft in drafts])
    day = min((draft.effective_date for draft in drafts), default=date.min)
    entries, legs = [], []
    for nth, draft in enumerate(drafts, start=1):
        entry = f"{key}/{nth}"
        entries.append(
            {
                "id": entry, "proposal": key, "nth": nth, "key": draft.key, "kind": draft.kind,
                "effective_date": draft.effective_date, "reason": draft.reason, "authority": draft.authority,
                "source": draft.source, "source_hash": draft.source_hash, "brings": _written(draft.records),
                "standing": draft.standing,
            }
        )  # fmt: skip
        legs += [
            {"id": f"{entry}/{leg}", "proposed_entry": entry, "leg": leg, **row}
            for leg, row in enumerate(draft.legs().to_pylist(), start=1)
        ]
    proposal = {
        "id": key, "title": title, "prepared_by": prepared_by, "expires_on": expires_on, "source": source,
        "source_hash": source_hash,
    }  # fmt: skip
    brought: dict[type[SQLModel], pa.Table] = {
        Proposal: records(Proposal, [proposal]),
        ProposedEntry: records(ProposedEntry, entries),
    }
    if legs:
        brought[ProposedTransfer] = records(ProposedTransfer, legs)
    name = known or f"propose/{secrets.token_hex(16) if quiet else key}"
    # Everybody reads the headers of entries; once rights count, what a proposal says is in the proposal alone.
    reason, source, source_hash = (_SUBMITTED, None, None) if quiet else (title, source, source_hash)
    draft = Draft(name, "propose", day, prepared_by, reason, source=source, source_hash=source_hash,
                  records=brought)  # fmt: skip
    (posted,) = post(store, [draft], dry_run=dry_run)
    return posted


def decide(
    store: Store,
    key: str,
    *,
    outcome: str,
    decided_by: str,
    reason: str,
    day: date | None = None,
    only: Sequence[int] = (),
    authority: str | None = None,
    dry_run: bool = False,
) -> list[Posted]:
    """End a proposal; where it is approved, post its entries in the same batch.

    Whether its last day has passed is judged by the clock of the books, whatever day the decision is given: neither
    an earlier date nor a machine whose clock was put back brings an expired proposal to life.

    Args:
        outcome: ``posted``, ``part-posted``, ``rejected``, ``withdrawn`` or ``expired``.
        decided_by: who decides; who approves or rejects is not who prepared it, who withdraws is.
        day: on which it is decided; today by the clock of the books otherwise.
        only: which entries to post, by their numbers in the proposal, for ``part-posted``.
        authority: on which it is decided, named on every entry that has none of its own.

    Raises:
        Refused: there is no such proposal, it has ended, who decides may not, or its entries cannot be posted.
    """
    with store.read(decided_by) as reader:
        found = proposal_named(reader, key)
        today = clock.today(reader)
        day = today if day is None else day
        problems = _decision_problems(found, outcome, decided_by, max(day, today), only)
        if not problems and outcome != WITHDRAWN and not is_whole(reader, key):
            problems = [beforehand.not_seen(key, "part", decided_by)]
        if problems:
            raise Refused(problems)
        chosen = {
            nth: replace(draft, actor=decided_by, authority=draft.authority or authority)
            for nth, draft in enumerate(drafts_of(reader, key), start=1)
            if outcome == POSTED or (outcome == PART_POSTED and nth in only)
        }
        decision = _decision(reader, found, outcome, decided_by, reason, day, posted=list(chosen))
    return post(store, [replace(decision, authority=authority), *chosen.values()], dry_run=dry_run)


def expire(store: Store, *, decided_by: str, day: date | None = None, dry_run: bool = False) -> list[Posted]:
    """End every open proposal whose last day lies before a day; their money is free again.

    Args:
        day: today by the clock of the books, unless an earlier day is given.

    Raises:
        Refused: the day has not come: nobody ends a proposal before its time.
    """
    with store.read(decided_by) as reader:
        today = clock.today(reader)
        day = today if day is None else day
        if day > today:
            found = f"by the clock of the books it is {today}."
            why = "A proposal whose last day has not passed is not ended for being late."
            raise Refused([Problem(f"expire by {day}", found, why, "Give a day that has come, or none.")])
        # What is not seen whole is let to expire by who sees it whole.
        drafts = [
            _decision(reader, found, EXPIRED, decided_by, f"its last day was {found.expires_on}", day)
            for found in listed(reader)
            if found.outcome is None and found.expires_on is not None and found.expires_on < day
            and is_whole(reader, found.id)
        ]  # fmt: skip
    return post(store, drafts, dry_run=dry_run) if drafts else []


def _decision(
    reader: Reader,
    proposal: Listed,
    outcome: str,
    decided_by: str,
    reason: str,
    day: date,
    *,
    posted: Sequence[int] = (),
) -> Draft:
    """The entry that ends a proposal; where rights count it tells nothing of it to those who may not see it.

    Args:
        posted: which entries of the proposal are posted with it, by their numbers in the proposal.
    """
    ((_, content_hash),) = reader.rows(_ENTRY, {"id": proposal.id})
    end = {
        "proposal": proposal.id, "prepared_by": proposal.prepared_by, "outcome": outcome, "decided_by": decided_by,
        "reason": reason, "content_hash": content_hash, "posted": ",".join(map(str, posted)) or None,
    }  # fmt: skip
    quiet = rights.in_force(reader)
    name = secrets.token_hex(16) if quiet else proposal.id
    said = _DECIDED if quiet else f"{proposal.title}: {outcome}"
    return Draft(
        f"decide/{name}", "decide", day, decided_by, said, source=None if quiet else f"proposal {proposal.id}",
        records={ProposalEnd: records(ProposalEnd, [end])},
    )  # fmt: skip


def listed(reader: Reader) -> list[Listed]:
    """Every proposal there has been, oldest first."""
    return [Listed(**row) for row in reader.table(_LISTED).to_pylist()]


def proposal_named(reader: Reader, key: str) -> Listed:
    """The proposal of a name.

    Raises:
        Refused: there is none, or whoever reads may not see it: the answer is the same.
    """
    found = {row.id: row for row in listed(reader)}.get(key)
    if found is None:
        raise Refused([beforehand.not_seen(key)])
    return found


def drafts_of(reader: Reader, key: str) -> list[Draft]:
    """The entries of a proposal, as they would be posted; their actor is who prepared them."""
    preparers = {str(proposal): str(by) for proposal, by in reader.rows("SELECT id, prepared_by FROM proposal")}
    found = []
    for row in reader.table(_ENTRIES, {"id": key}).to_pylist():
        legs = reader.table(_LEGS, {"entry": row["id"]})
        found.append(
            Draft(
                row["key"], row["kind"], row["effective_date"], preparers[key], row["reason"],
                authority=row["authority"], source=row["source"], source_hash=row["source_hash"],
                standing=row["standing"],
                transfers=legs.select(LEGS.names).cast(LEGS) if legs.num_rows else None,
                records=_read(row["brings"]),
            )
        )  # fmt: skip
    return found


def name_of(reader: Reader, key: str, prepared_by: str) -> str:
    """The name under which a person's proposal stands in the books.

    Once rights count it begins with its preparer's own: nobody can take the name of another's proposal, or find out
    by trying it that there is one. What was submitted before keeps its name.
    """
    own = f"{prepared_by}/"
    if key.startswith(own) or not rights.in_force(reader):
        return key
    return key if reader.rows(_OWN, {"id": key, "person": prepared_by}) else own + key


def is_whole(reader: Reader, key: str) -> bool:
    """Whether a proposal is seen whole: others may pay in it too, whose legs are theirs to see."""
    return not reader.unseen & {int(str(number)) for number, _ in reader.rows(_ENTRY, {"id": key})}


def entries_of(reader: Reader) -> int:
    """How many entries bring proposals or say what became of one, whether the reader may see them or not."""
    seen = reader.rows("SELECT entry_number FROM proposal UNION SELECT entry_number FROM proposal_end")
    return len(reader.unseen | {int(str(number)) for (number,) in seen})


def _written(records: Mapping[type[SQLModel], pa.Table]) -> str | None:
    """Records as one text that says the same however they were made: what ``ledger.rules.decisions`` compares."""
    rows = {
        model.__name__: [_without(row, added_columns(model)) for row in table.sort_by(primary_key(model)).to_pylist()]
        for model, table in records.items()
        if table.num_rows
    }
    return json.dumps(rows, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str) if rows else None


def _without(row: dict[str, Any], added: Sequence[str]) -> dict[str, Any]:
    """A row without the columns that came later and that it holds nothing in."""
    return {name: value for name, value in row.items() if value is not None or name not in added}


def _read(text: str | None) -> dict[type[SQLModel], pa.Table]:
    """The records of such a text; days come back as days."""
    models = {model.__name__: model for model in RECORDS}
    found: dict[type[SQLModel], pa.Table] = {}
    for name, rows in json.loads(text or "{}").items():
        days = {field.name for field in schema_of(models[name]) if pa.types.is_date(field.type)}
        typed = [
            {
                column: date.fromisoformat(value) if column in days and value is not None else value
                for column, value in row.items()
            }
            for row in rows
        ]
        found[models[name]] = records(models[name], typed)
    return found


def _decision_problems(
    proposal: Listed, outcome: str, decided_by: str, day: date, only: Sequence[int]
) -> list[Problem]:
    place = f"proposal {proposal.id}"
    if proposal.outcome is not None:
        sentence = f"it was {proposal.outcome} by {proposal.decided_by}."
        return [Problem(place, sentence, "A proposal ends once.", "Submit a new one.")]
    problems = []
    own = proposal.is_of(decided_by)
    if own and outcome in (POSTED, PART_POSTED, REJECTED):
        sentence = f"{decided_by} prepared it."
        problems.append(Problem(place, sentence, "Nobody decides on what they prepared.", "Let somebody else decide."))
    if not own and outcome == WITHDRAWN:
        sentence = f"{proposal.prepared_by} prepared it, and {decided_by} would withdraw it."
        problems.append(Problem(place, sentence, "Only who prepared it takes it back.", "Reject it instead."))
    past = proposal.expires_on is not None and proposal.expires_on < day
    if past and outcome in (POSTED, PART_POSTED):
        sentence = f"it could be approved until {proposal.expires_on}, and it is {day}."
        problems.append(Problem(place, sentence, "Its figures may be out of date.", "Let it expire, and submit anew."))
    if outcome == EXPIRED and not past:
        sentence = f"it can be approved until {proposal.expires_on or 'somebody decides'}."
        problems.append(Problem(place, sentence, "It has not expired.", "Approve, reject or withdraw it."))
    unknown = [nth for nth in only if not 1 <= nth <= proposal.entries]
    if outcome == PART_POSTED and (unknown or not only or len(set(only)) == proposal.entries):
        sentence = f"it has {proposal.entries} entries, and {', '.join(map(str, only)) or 'none'} would be posted."
        problems.append(Problem(place, sentence, "A part is some of them.", "Name the entries by their numbers."))
    return problems


_WHAT_IT_BRINGS = """
SELECT n.nth, n.kind, n.effective_date, n.reason, n.authority, n.source, n.source_hash,
       coalesce(w.number, e.number) AS posted_as,
       count(t.id) AS legs, CAST(coalesce(sum(t.amount_pence), 0) AS BIGINT) AS amount_pence
FROM proposed_entry n LEFT JOIN proposed_transfer t ON t.proposed_entry = n.id
LEFT JOIN proposal_end d ON d.proposal = n.proposal AND d.outcome IN ('posted', 'part-posted')
-- They stand directly after the decision that names them; decisions from before are known by their entries' keys.
LEFT JOIN (
    SELECT m.id, o.entry_number + row_number() OVER (ORDER BY m.nth) AS number
    FROM proposed_entry m JOIN proposal_end o ON o.proposal = m.proposal
    WHERE m.proposal = $id AND list_contains(string_split(o.posted, ','), CAST(m.nth AS VARCHAR))
) w ON w.id = n.id
LEFT JOIN entry e ON e.key = n.key AND d.proposal IS NOT NULL AND d.content_hash IS NULL
WHERE n.proposal = $id
GROUP BY n.nth, n.kind, n.effective_date, n.reason, n.authority, n.source, n.source_hash, w.number, e.number
ORDER BY n.nth
"""
_WHO_PAYS_WHOM = """
SELECT n.nth AS entry, t.leg,
       f.name AS from_name, t.from_organisation, x.name AS from_fund, t.from_year, t.from_standing,
       g.name AS to_name, t.to_organisation, y.name AS to_fund, t.to_year, t.to_standing,
       t.recurrent, t.note, t.amount_pence
FROM proposed_entry n JOIN proposed_transfer t ON t.proposed_entry = n.id
JOIN organisation f ON f.code = t.from_organisation JOIN fund x ON x.code = t.from_fund
JOIN organisation g ON g.code = t.to_organisation JOIN fund y ON y.code = t.to_fund
WHERE n.proposal = $id
ORDER BY n.nth, t.leg
"""


def entries(reader: Reader, key: str) -> list[dict[str, Any]]:
    """Its entries in order: what each is for, how many legs it has and what they move.

    ``posted_as`` is the number of the entry that it became; none where it was not posted.
    """
    rows: list[dict[str, Any]] = reader.table(_WHAT_IT_BRINGS, {"id": key}).to_pylist()
    return rows


def legs(reader: Reader, key: str) -> list[dict[str, Any]]:
    """Its legs in order: from whom to whom by name and code, on which fund, year and standing, and how much."""
    rows: list[dict[str, Any]] = reader.table(_WHO_PAYS_WHOM, {"id": key}).to_pylist()
    return rows
