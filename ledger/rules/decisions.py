"""What must hold of proposals, and of the decisions on them: an approval binds what was proposed.

A proposal is whole in the entry that brought it. A decision names the content hash of that entry, and which of its
entries are posted with it. These stand directly after the decision, in their order, and each is what was proposed, to
the last word; nothing else in the books is covered by the approval, whatever key it has.
"""

from collections.abc import Callable, Mapping

import pyarrow as pa
from sqlmodel import SQLModel

from ledger.entries.chain import FORM_2_FROM
from ledger.entries.draft import added_columns, primary_key, schema_of
from ledger.errors import Problem
from ledger.inputs import Action
from ledger.models import RECORDS, UNPUBLISHED, Upgrade
from ledger.rules.rights_questions import same_person
from ledger.rules.rule import COMMON, Row, Rule, inlined, iso
from ledger.store.reading import Reader

# Since rights count, and in any ledger since the second form of the hashed text: entry ``{0}``.
_SINCE = f"({{0}} >= {FORM_2_FROM} OR {{0}} > (SELECT min(entry_number) FROM appointment))"
_IN_RANGE = "{0} >= $first AND {0} <= $last"


def _said(column: pa.Field, *, added: bool) -> str:
    """A comma and a column's value as JSON, in SQL that says the same in every database and under every setting."""
    name = f'"{column.name}"'
    if pa.types.is_boolean(column.type):
        text = f"CASE WHEN {name} THEN 'true' ELSE 'false' END"
    elif pa.types.is_date(column.type):
        text = f"""'"' || {iso(name)} || '"'"""
    elif pa.types.is_string(column.type):
        escaped = rf"""replace(replace({name}, '\', '\\'), '"', '\"')"""
        text = f"""'"' || {escaped} || '"'"""
    else:
        text = f"CAST({name} AS VARCHAR)"
    said = f"""',"{column.name}":' ||"""
    # A column that came later is left out where it is missing: what was proposed before it came says nothing of it.
    return f"coalesce({said} {text}, '')" if added else f"{said} coalesce({text}, 'null')"


def _rows_said(model: type[SQLModel]) -> str:
    columns, added = sorted(schema_of(model), key=lambda column: column.name), added_columns(model)
    fields = " || ".join(_said(column, added=column.name in added) for column in columns)
    return f"""
    SELECT entry_number, '{model.__name__}' AS model,
           string_agg('{{' || substr({fields}, 2) || '}}', ',' ORDER BY "{primary_key(model)}" COLLATE "C") AS rows
    FROM "{model.__tablename__}" WHERE entry_number > $first AND entry_number <= $last GROUP BY entry_number"""


# What a proposal may bring besides money.
_BRINGABLE = [model for model in RECORDS if model not in (*UNPUBLISHED, Upgrade)]
# What each entry brought of that, in the words of ``ProposedEntry.brings``.
BROUGHT_TEXT = f"""
SELECT b.entry_number,
       '{{' || string_agg('"' || b.model || '":[' || b.rows || ']', ',' ORDER BY b.model COLLATE "C") || '}}' AS brings
FROM ({" UNION ALL ".join(_rows_said(model) for model in _BRINGABLE)}) b
GROUP BY b.entry_number
"""

# Each entry that a decision names as posted with it: where it has to stand, and in what it is not what was proposed;
# nothing where it is. A proposed entry that names no authority may have the one that the decision is taken on.
APPROVED_ENTRY = f"""
WITH named AS (
    SELECT d.proposal, d.entry_number AS decided_in, d.prepared_by, d.decided_by, n.id AS proposed_entry, n.nth,
           d.entry_number + row_number() OVER (PARTITION BY d.proposal ORDER BY n.nth) AS number
    FROM proposal_end d JOIN proposed_entry n ON n.proposal = d.proposal
    WHERE {_IN_RANGE.format("d.entry_number")} AND d.entry_number >= {FORM_2_FROM}
      AND d.outcome IN ('posted', 'part-posted')
      AND (',' || d.posted || ',') LIKE ('%,' || CAST(n.nth AS VARCHAR) || ',%')
),
alike AS (
    SELECT m.proposed_entry, count(DISTINCT t.leg) AS posted, count(DISTINCT p.id) AS proposed
    FROM named m JOIN transfer t ON t.entry_number = m.number AND t.entry_number > $first
    JOIN account f ON f.id = t.from_account JOIN account g ON g.id = t.to_account
    JOIN proposed_transfer p ON p.proposed_entry = m.proposed_entry AND p.leg = t.leg
        AND p.from_organisation = f.organisation AND p.from_fund = f.fund AND p.from_year = f.year
        AND p.from_standing = f.standing AND p.to_organisation = g.organisation AND p.to_fund = g.fund
        AND p.to_year = g.year AND p.to_standing = g.standing AND p.amount_pence = t.amount_pence
        AND p.recurrent = t.recurrent AND p.note IS NOT DISTINCT FROM t.note
    GROUP BY m.proposed_entry
),
posted AS (
    SELECT m.proposed_entry, count(t.leg) AS legs, CAST(coalesce(sum(t.amount_pence), 0) AS BIGINT) AS pence
    FROM named m LEFT JOIN transfer t ON t.entry_number = m.number AND t.entry_number > $first GROUP BY m.proposed_entry
),
proposed AS (
    SELECT m.proposed_entry, count(t.id) AS legs
    FROM named m LEFT JOIN proposed_transfer t ON t.proposed_entry = m.proposed_entry GROUP BY m.proposed_entry
)
SELECT m.*, w.pence, q.entry_number AS proposed_in, CASE WHEN e.number IS NULL THEN 'all of it' ELSE concat_ws(', ',
    CASE WHEN e.key <> n.key THEN 'the key' END,
    CASE WHEN e.kind <> n.kind THEN 'the kind' END,
    CASE WHEN e.effective_date <> n.effective_date THEN 'the date' END,
    CASE WHEN e.reason <> n.reason THEN 'the reason' END,
    CASE WHEN e.authority IS DISTINCT FROM coalesce(n.authority, CASE WHEN e.authority IS NOT NULL THEN x.authority END)
         THEN 'the authority' END,
    CASE WHEN e.source IS DISTINCT FROM n.source THEN 'the source' END,
    CASE WHEN e.source_hash IS DISTINCT FROM n.source_hash THEN 'the SHA-256 of the source' END,
    CASE WHEN e.standing IS DISTINCT FROM n.standing THEN 'what its figures rest on' END,
    CASE WHEN e.actor <> m.decided_by THEN 'who posts it' END,
    CASE WHEN e.reverses IS NOT NULL THEN 'what it reverses' END,
    CASE WHEN coalesce(a.posted, 0) <> w.legs OR coalesce(a.proposed, 0) <> v.legs THEN 'the legs' END,
    CASE WHEN b.brings IS DISTINCT FROM n.brings THEN 'the records' END) END AS differs
FROM named m JOIN proposed_entry n ON n.id = m.proposed_entry JOIN proposal q ON q.id = m.proposal
JOIN entry x ON x.number = m.decided_in
JOIN posted w ON w.proposed_entry = m.proposed_entry JOIN proposed v ON v.proposed_entry = m.proposed_entry
LEFT JOIN entry e ON e.number = m.number AND e.number > $first
LEFT JOIN alike a ON a.proposed_entry = m.proposed_entry
LEFT JOIN brought_text b ON b.entry_number = m.number
"""
COMMON["brought_text"] = BROUGHT_TEXT
COMMON["approved_entry"] = APPROVED_ENTRY
# Most entries are no decisions, and most decisions bring no records: they are not kept waiting for long questions.
_DECIDED = "SELECT 1 FROM proposal_end WHERE entry_number >= $first AND posted IS NOT NULL"
_BRINGS = " UNION ALL ".join(
    f'SELECT 1 FROM "{model.__tablename__}" WHERE entry_number > $first AND entry_number <= $last'
    for model in _BRINGABLE
)
# What there must be for a relation to have rows. Only what was decided is compared with what it brings.
_ANY = {"brought_text": (_DECIDED, _BRINGS), "approved_entry": (_DECIDED,)}
_SCHEMAS = {
    "brought_text": pa.schema([("entry_number", pa.int64()), ("brings", pa.string())]),
    "approved_entry": pa.schema(
        [
            ("proposal", pa.string()), ("decided_in", pa.int64()), ("prepared_by", pa.string()),
            ("decided_by", pa.string()), ("proposed_entry", pa.string()), ("nth", pa.int32()), ("number", pa.int64()),
            ("pence", pa.int64()), ("proposed_in", pa.int64()), ("differs", pa.string()),
        ]
    ),
}  # fmt: skip

# Rows of a proposal that another entry brought than the proposal's own, or that are named and numbered in another
# way than by it: with the name before it, a proposal that one may not see is never met by chance.
_WHOLE = f"""
SELECT n.entry_number, n.proposal, 'joined' AS fault FROM proposed_entry n JOIN proposal p ON p.id = n.proposal
WHERE {_IN_RANGE.format("n.entry_number")} AND {_SINCE.format("n.entry_number")} AND p.entry_number <> n.entry_number
UNION
SELECT t.entry_number, n.proposal, 'joined' FROM proposed_transfer t JOIN proposed_entry n ON n.id = t.proposed_entry
WHERE {_IN_RANGE.format("t.entry_number")} AND {_SINCE.format("t.entry_number")} AND n.entry_number <> t.entry_number
UNION
SELECT n.entry_number, n.proposal, 'numbered' FROM proposed_entry n
WHERE {_IN_RANGE.format("n.entry_number")} AND n.entry_number >= {FORM_2_FROM}
  AND n.id <> n.proposal || '/' || CAST(n.nth AS VARCHAR)
UNION
SELECT t.entry_number, n.proposal, 'numbered' FROM proposed_transfer t JOIN proposed_entry n ON n.id = t.proposed_entry
WHERE {_IN_RANGE.format("t.entry_number")} AND t.entry_number >= {FORM_2_FROM}
  AND t.id <> t.proposed_entry || '/' || CAST(t.leg AS VARCHAR)
UNION
SELECT p.entry_number, p.id, 'numbered' FROM proposal p LEFT JOIN proposed_entry n ON n.proposal = p.id
WHERE {_IN_RANGE.format("p.entry_number")} AND p.entry_number >= {FORM_2_FROM}
GROUP BY p.entry_number, p.id HAVING coalesce(min(n.nth), 0) <> 1 OR max(n.nth) <> count(*)
UNION
SELECT n.entry_number, n.proposal, 'numbered' FROM proposed_entry n JOIN proposed_transfer t ON t.proposed_entry = n.id
WHERE {_IN_RANGE.format("n.entry_number")} AND n.entry_number >= {FORM_2_FROM}
GROUP BY n.entry_number, n.proposal, n.id HAVING min(t.leg) <> 1 OR max(t.leg) <> count(*)
UNION
SELECT p.entry_number, p.id, 'named' FROM proposal p JOIN entry e ON e.number = p.entry_number
WHERE {_IN_RANGE.format("p.entry_number")} AND p.entry_number >= {FORM_2_FROM}
  AND p.entry_number > (SELECT min(entry_number) FROM appointment)
  AND substr(p.id, 1, length(e.actor) + 1) <> e.actor || '/'
ORDER BY 1, 2, 3
"""
_AUTHORS = f"""
SELECT p.entry_number, p.id AS proposal, p.prepared_by AS named, e.actor FROM proposal p
JOIN entry e ON e.number = p.entry_number
WHERE {_IN_RANGE.format("p.entry_number")} AND {_SINCE.format("p.entry_number")} AND p.prepared_by <> e.actor
UNION ALL
SELECT d.entry_number, d.proposal, d.decided_by, e.actor FROM proposal_end d JOIN entry e ON e.number = d.entry_number
WHERE {_IN_RANGE.format("d.entry_number")} AND {_SINCE.format("d.entry_number")} AND d.decided_by <> e.actor
ORDER BY 1, 2
"""
_OWN = f"""
SELECT d.entry_number, d.proposal, d.outcome, d.prepared_by, d.decided_by FROM proposal_end d
WHERE {_IN_RANGE.format("d.entry_number")} AND {_SINCE.format("d.entry_number")} AND d.outcome <> 'expired'
  AND (d.outcome = 'withdrawn') <> {same_person("d.decided_by", "d.prepared_by", f"d.entry_number >= {FORM_2_FROM}")}
ORDER BY 1, 2
"""
_DAY = f"""
SELECT d.entry_number, d.proposal, d.outcome, p.expires_on FROM proposal_end d
JOIN proposal p ON p.id = d.proposal JOIN entry e ON e.number = d.entry_number
WHERE {_IN_RANGE.format("d.entry_number")} AND {_SINCE.format("d.entry_number")}
  AND ((d.outcome = 'expired'
        AND (p.expires_on IS NULL OR p.expires_on >= CAST(e.recorded_at AT TIME ZONE 'UTC' AS DATE)))
       OR (d.outcome IN ('posted', 'part-posted')
           AND p.expires_on < CAST(e.recorded_at AT TIME ZONE 'UTC' AS DATE)))
ORDER BY 1, 2
"""
# What was decided on, by its content hash, and which of its entries were to be posted.
_BOUND = f"""
SELECT d.entry_number, d.proposal, d.content_hash, e.content_hash AS proposed_hash FROM proposal_end d
JOIN proposal p ON p.id = d.proposal JOIN entry e ON e.number = p.entry_number
WHERE {_IN_RANGE.format("d.entry_number")} AND d.entry_number >= {FORM_2_FROM}
  AND (d.content_hash IS DISTINCT FROM e.content_hash OR d.prepared_by <> p.prepared_by
       OR p.entry_number >= d.entry_number)
ORDER BY 1, 2
"""
_PART = f"""
SELECT d.entry_number, d.proposal, d.outcome, d.posted FROM proposal_end d
LEFT JOIN (
    SELECT d.proposal, string_agg(CAST(n.nth AS VARCHAR), ',' ORDER BY n.nth) AS entries,
           string_agg(CASE WHEN (',' || d.posted || ',') LIKE ('%,' || CAST(n.nth AS VARCHAR) || ',%')
                           THEN CAST(n.nth AS VARCHAR) END, ',' ORDER BY n.nth) AS chosen
    FROM proposal_end d JOIN proposed_entry n ON n.proposal = d.proposal
    WHERE {_IN_RANGE.format("d.entry_number")} GROUP BY d.proposal
) n ON n.proposal = d.proposal
WHERE {_IN_RANGE.format("d.entry_number")} AND d.entry_number >= {FORM_2_FROM}
  AND CASE d.outcome WHEN 'posted' THEN d.posted IS DISTINCT FROM n.entries
                     WHEN 'part-posted'
                         THEN d.posted IS NULL OR d.posted IS DISTINCT FROM n.chosen OR d.posted = n.entries
                     ELSE d.posted IS NOT NULL END
ORDER BY 1, 2
"""
_KEPT = "SELECT decided_in AS entry_number, * FROM approved_entry WHERE differs <> '' ORDER BY decided_in, nth"
# Decisions from before are known by the keys of their entries alone.
_BEFORE = f"""
SELECT d.entry_number, d.proposal, 'entry ' || CAST(n.nth AS VARCHAR) || ' of it is not in the books.' AS said
FROM proposal_end d JOIN proposed_entry n ON n.proposal = d.proposal
WHERE {_IN_RANGE.format("d.entry_number")} AND d.entry_number < {FORM_2_FROM}
  AND d.outcome = 'posted' AND n.key NOT IN (SELECT key FROM entry)
UNION ALL
SELECT d.entry_number, d.proposal, d.decided_by || ' prepared it and decided on it.' FROM proposal_end d
JOIN proposal p ON p.id = d.proposal
WHERE {_IN_RANGE.format("d.entry_number")} AND d.entry_number < {FORM_2_FROM}
  AND d.outcome IN ('posted', 'part-posted', 'rejected')
  AND (d.decided_by = p.prepared_by OR d.prepared_by <> p.prepared_by)
ORDER BY 1, 2, 3
"""

WHOLE_FAULTS = {
    "joined": (
        "it adds to a proposal that it does not bring itself.",
        "A proposal stays as it was submitted.",
        "Submit a proposal of its own.",
    ),
    "numbered": (
        "it has no entries, or they and their legs are not named after it and numbered from 1.",
        "Whoever decides names them by their numbers.",
        f"Submit it with {Action.SUBMIT.done()}, which number them.",
    ),
    "named": (
        "its name does not begin with that of whoever prepares it, and a '/'.",
        "So nobody meets the proposal of somebody else by its name.",
        "Submit it under one's own name.",
    ),
}


def approved_from(first: str) -> str:
    """The relation ``approved_entry`` as a question that needs nothing staged, of decisions from an entry on."""
    return inlined("SELECT * FROM approved_entry").replace("$first", first).replace("$last", str(2**63 - 1))


def relation(reader: Reader, name: str, given: Mapping[str, int]) -> pa.Table:
    """The rows of a relation that rules name, for a range of entries: its ``first`` and its ``last``."""
    if not all(reader.rows(f"{question} LIMIT 1", given) for question in _ANY.get(name, ())):
        return _SCHEMAS[name].empty_table()
    # An entry that redraws a region says so thousands of times, and each would be compared with every other entry.
    rows = "SELECT DISTINCT * FROM ({})" if name == "redrawn" else "{}"
    return reader.table(rows.format(COMMON[name]), given)


def _place(row: Row) -> str:
    return f"entry {row['entry_number']}, proposal {row['proposal']}"


def _whole(row: Row) -> Problem:
    return Problem(_place(row), *WHOLE_FAULTS[row["fault"]])


def _author(row: Row) -> Problem:
    found = f"{row['actor']} posted it, and it says that {row['named']} did."
    return Problem(_place(row), found, "Nobody acts under another's name.", "Let whoever it names post it.")


def _own(row: Row) -> Problem:
    found = f"{row['decided_by']} would have it {row['outcome']}, and {row['prepared_by']} prepared it."
    why = "Nobody decides on what they prepared, and only who prepared it takes it back."
    return Problem(_place(row), found, why, "Let somebody else decide.")


def _day(row: Row) -> Problem:
    found = f"it would be {row['outcome']}, and its last day is {row['expires_on'] or 'none'}."
    why = "A proposal is decided until its last day, and expires after it."
    return Problem(_place(row), found, why, "Decide it in time, or let it expire and submit anew.")


def _bound(row: Row) -> Problem:
    found = f"it was taken on the content {row['content_hash'] or 'of nothing'}, and what was proposed is "
    why = "An approval binds what was proposed, and nothing else."
    return Problem(_place(row), f"{found}{row['proposed_hash']}.", why, "Read the proposal again, and decide on that.")


def _part(row: Row) -> Problem:
    found = f"it was {row['outcome']}, and names the entries {row['posted'] or 'none'} as posted with it."
    why = "All of them are posted when it is approved, some when a part is, and none otherwise."
    return Problem(_place(row), found, why, "Name the entries by their numbers, in their order.")


def _unlike(row: Row) -> Problem:
    found = f"entry {row['number']} is not entry {row['nth']} of the proposal as it was proposed: {row['differs']}."
    why = "What is posted with an approval stands directly after it, and is what was proposed to the last word."
    return Problem(_place(row), found, why, f"Approve it with {Action.APPROVE.done()}, or submit it anew.")


def _before(row: Row) -> Problem:
    remedy = "Restore the ledger from a backup, and find out who could write to it."
    return Problem(_place(row), str(row["said"]), "A decision is somebody else's, and does what it says.", remedy)


def _rule(what: str, sql: str, describe: Callable[[Row], Problem], *concerns: str) -> Rule:
    return Rule(f"decision/{what}", sql, describe, frozenset(concerns))


RULES = (
    _rule("whole", _WHOLE, _whole, "proposal", "proposed_entry", "proposed_transfer"),
    _rule("author", _AUTHORS, _author, "proposal", "proposal_end"),
    _rule("own", _OWN, _own, "proposal_end"),
    _rule("day", _DAY, _day, "proposal_end"),
    _rule("bound", _BOUND, _bound, "proposal_end"),
    _rule("part", _PART, _part, "proposal_end"),
    _rule("kept", _KEPT, _unlike, "proposal_end"),
    _rule("before", _BEFORE, _before, "proposal_end"),
)
