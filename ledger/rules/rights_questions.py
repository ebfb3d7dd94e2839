"""Who may do what, as questions in SQL that both databases understand.

The same text is asked by the program before an entry counts, by ``verify`` at any time, and by a server whoever
writes: a right has one meaning. What differs between the databases stands in braces:

* ``{first}``: the first entry that is looked at;
* ``{day}``: the day on which an entry ``e`` was made: when it was recorded, or on a server today;
* ``{named}``: the codes of organisations that a proposed entry ``n`` brings records of, one row each;
* ``{approved_entry}``: the relation of that name in ``ledger.rules.decisions``.

An entry is judged by what it brings, not by what it calls itself, and by the rights and the structure that were
known before it. Money is the payer's: whoever moves it needs a right over every organisation that it leaves, and
to undo an entry over both sides. What touches no organisation in particular needs a right over the whole.

A limit holds for all that a person's decisions move in a day, a month or a financial year of recorded time, the entry
that is judged included, so that a large amount cut into pieces is as large as before.
"""

import re
from functools import cache

from ledger.characters import FOLDED
from ledger.entries.chain import FORM_2_FROM

# What a server should find without reading all of a table: entries and rights of a person, what an entry brought,
# the proposals that an entry brought or ended, what a proposal would move, and who is above whom. By name: the table,
# and its columns.
INDEXES = {
    "entry_actor_number": ("entry", "actor, number"),
    "appointment_person": ("appointment", "person"),
    "dismissal_appointment": ("dismissal", "appointment"),
    "relationship_parent": ("relationship", "parent"),
    "relationship_child": ("relationship", "child"),
    "relationship_entry_number": ("relationship", "entry_number"),
    "proposal_entry_number": ("proposal", "entry_number"),
    "proposal_end_entry_number": ("proposal_end", "entry_number"),
    "proposed_entry_entry_number": ("proposed_entry", "entry_number"),
    "proposed_entry_key": ("proposed_entry", "key"),
    "proposed_transfer_entry_number": ("proposed_transfer", "entry_number"),
    "proposed_transfer_proposed_entry": ("proposed_transfer", "proposed_entry"),
    "proposed_transfer_from_organisation": ("proposed_transfer", "from_organisation"),
}


def same_person(one: str, other: str, anew: str) -> str:
    """Whether two names are one person's, as SQL: letter by letter, and where ``anew`` holds in any spelling."""
    return f"({one} = {other} OR ({anew} AND {FOLDED.format(one)} = {FOLDED.format(other)}))"


# The codes of organisations in the records that a proposed entry brings, which are kept as JSON: a regular expression.
ORGANISATIONS_BROUGHT = (
    '"(?:organisation|parent|child|predecessor|successor|to_organisation|pool|commissioner|payer)":"([^"]*)"'
)

# What an act needs: the role, and whether it needs to be one that posts alone.
_ACTS = """
acts(act, role, alone) AS (VALUES
    ('post', 'approver', true), ('record', 'approver', true), ('undo', 'approver', false),
    ('approve', 'approver', false), ('reject', 'approver', false), ('propose', 'preparer', false),
    ('expire', 'preparer', false), ('expire', 'approver', false), ('expire', 'administrator', false),
    ('structure', 'administrator', false), ('appoint', 'administrator', false), ('nothing', 'administrator', false))
"""

# Entries made since there was a first appointment; before it a ledger is a single user's. Those in the second form of
# the hashed text are judged anew: persons in any spelling, and approvals by what they name.
_JUDGED = f"""
judged AS (
    SELECT e.number, e.kind, e.key, e.actor, e.reverses, {{day}} AS day, e.number >= {FORM_2_FROM} AS anew FROM entry e
    WHERE e.number >= {{first}} AND e.number > (SELECT min(entry_number) FROM appointment)
      -- What a migration posts is nobody's decision, and brings nothing else (ledger.shapes).
      AND e.number NOT IN (SELECT entry_number FROM upgrade)
),
concerned AS (
    SELECT p.id FROM judged e JOIN proposal p ON p.entry_number = e.number
    UNION SELECT d.proposal FROM judged e JOIN proposal_end d ON d.entry_number = e.number
)
"""

# Entries that somebody else prepared and that their author approved: those that a decision names, where they are what
# was proposed; and from before, those with an approved key, kind and legs.
_COVERED = f"""
bound AS ({{approved_entry}}),
earlier AS (
    SELECT e.number, n.proposal FROM judged e
    JOIN proposed_entry n ON n.key = e.key AND n.kind = e.kind
    JOIN proposal_end d ON d.proposal = n.proposal AND d.entry_number < e.number AND d.decided_by = e.actor
        AND d.outcome IN ('posted', 'part-posted') AND d.prepared_by <> e.actor
    WHERE NOT e.anew AND e.reverses IS NULL
      AND (SELECT count(*) FROM proposed_transfer t WHERE t.proposed_entry = n.id)
        = (SELECT count(*) FROM transfer t WHERE t.entry_number = e.number)
      AND (SELECT count(*) FROM transfer t WHERE t.entry_number = e.number)
        = (SELECT count(*) FROM transfer t
           JOIN account f ON f.id = t.from_account JOIN account g ON g.id = t.to_account
           JOIN proposed_transfer p ON p.proposed_entry = n.id AND p.leg = t.leg
               AND p.from_organisation = f.organisation AND p.from_fund = f.fund AND p.from_year = f.year
               AND p.from_standing = f.standing AND p.to_organisation = g.organisation AND p.to_fund = g.fund
               AND p.to_year = g.year AND p.to_standing = g.standing AND p.amount_pence = t.amount_pence
               AND p.recurrent = t.recurrent
           WHERE t.entry_number = e.number)
),
covered AS (
    SELECT n.number FROM bound n
    WHERE n.differs = '' AND NOT {same_person("n.prepared_by", "n.decided_by", "true")}
    UNION SELECT number FROM earlier
),
approved AS (
    SELECT n.proposal, CAST(sum(n.pence) AS BIGINT) AS pence FROM bound n WHERE n.differs = '' GROUP BY n.proposal
    UNION ALL
    -- From before: what was recorded with it, and not what was posted later under a key that a part left out.
    SELECT n.proposal, CAST(sum(t.amount_pence) AS BIGINT) FROM judged e
    JOIN proposal_end d ON d.entry_number = e.number AND NOT e.anew JOIN proposed_entry n ON n.proposal = d.proposal
    JOIN entry x ON x.number = e.number JOIN entry o ON o.key = n.key AND o.recorded_at = x.recorded_at
    JOIN transfer t ON t.entry_number = o.number GROUP BY n.proposal
),
proposed AS (
    SELECT n.proposal, CAST(sum(t.amount_pence) AS BIGINT) AS pence FROM concerned c
    JOIN proposed_entry n ON n.proposal = c.id JOIN proposed_transfer t ON t.proposed_entry = n.id GROUP BY n.proposal
),
payers AS (
    SELECT DISTINCT n.proposal, t.from_organisation AS organisation FROM concerned c
    JOIN proposed_entry n ON n.proposal = c.id JOIN proposed_transfer t ON t.proposed_entry = n.id
    UNION
    SELECT n.proposal, named.organisation FROM concerned c JOIN proposed_entry n ON n.proposal = c.id, {{named}}
    WHERE n.brings IS NOT NULL
)
"""

# Each entry with what it asks for: the act, whose organisation, how much. No amount needs a right without limit.
_TOUCHED = f"""
legs AS (
    SELECT t.entry_number, f.organisation AS payer, g.organisation AS payee, t.amount_pence
    FROM transfer t JOIN account f ON f.id = t.from_account JOIN account g ON g.id = t.to_account
    WHERE t.entry_number >= {{first}}
),
moved AS (
    SELECT e.number,
           CASE WHEN e.number IN (SELECT number FROM covered) THEN 'approve'
                WHEN EXISTS (SELECT 1 FROM entry o WHERE o.number = e.reverses
                                 AND NOT {same_person("o.actor", "e.actor", "e.anew")})
                    AND (SELECT count(*) FROM legs l WHERE l.entry_number = e.number)
                      = (SELECT count(*) FROM transfer t JOIN transfer o ON o.entry_number = e.reverses
                             AND o.leg = t.leg AND o.from_account = t.to_account AND o.to_account = t.from_account
                             AND o.amount_pence = t.amount_pence WHERE t.entry_number = e.number) THEN 'undo'
                ELSE 'post' END AS act,
           (SELECT CAST(sum(l.amount_pence) AS BIGINT) FROM legs l WHERE l.entry_number = e.number) AS pence
    FROM judged e WHERE e.number IN (SELECT entry_number FROM legs)
),
records AS (
    SELECT entry_number, 'record' AS act, CAST(NULL AS VARCHAR) AS organisation, CAST(NULL AS BIGINT) AS pence
    FROM terms
    UNION SELECT entry_number, 'record', NULL, NULL FROM fund
    UNION SELECT entry_number, 'record', NULL, NULL FROM source_limit
    UNION SELECT entry_number, 'structure', NULL, 0 FROM tier
    UNION SELECT entry_number, 'structure', NULL, 0 FROM closed_month
    UNION SELECT entry_number, 'record', organisation, NULL FROM agreement
    UNION SELECT entry_number, 'structure', organisation, 0 FROM control_total
    UNION SELECT entry_number, 'structure', organisation, 0 FROM closure
    UNION SELECT entry_number, 'structure', predecessor, 0 FROM succession
    UNION SELECT entry_number, 'structure', successor, 0 FROM succession
    UNION SELECT entry_number, 'structure', parent, 0 FROM relationship
    UNION SELECT entry_number, 'structure', child, 0 FROM relationship
    UNION SELECT entry_number, 'structure', organisation, 0 FROM renaming
    UNION SELECT entry_number, 'record', organisation, 0 FROM forecast
    UNION SELECT entry_number, 'record', to_organisation, 0 FROM letter
    UNION SELECT entry_number, 'record', pool, 0 FROM contribution
    UNION SELECT entry_number, 'record', commissioner, 0 FROM contract
    UNION SELECT entry_number, 'record', payer, 0 FROM instalment
),
touched AS (
    SELECT r.entry_number, r.act, r.organisation, r.pence FROM records r WHERE r.entry_number >= {{first}}
),
-- Organisations that stood in the structure, with the entry since which they do.
placed AS (
    SELECT ends.organisation, min(ends.entry_number) AS since FROM (
        SELECT t.organisation, r.entry_number FROM touched t JOIN relationship r ON r.parent = t.organisation
        UNION ALL SELECT t.organisation, r.entry_number FROM touched t JOIN relationship r ON r.child = t.organisation
        UNION ALL SELECT y.organisation, r.entry_number FROM payers y JOIN relationship r ON r.parent = y.organisation
        UNION ALL SELECT y.organisation, r.entry_number FROM payers y JOIN relationship r ON r.child = y.organisation
    ) ends
    GROUP BY ends.organisation
)
"""
_ASKED = """
asked AS (
    SELECT DISTINCT m.number, m.act, l.payer AS organisation, m.pence FROM moved m
    JOIN legs l ON l.entry_number = m.number
    UNION
    SELECT m.number, m.act, l.payee, m.pence FROM moved m JOIN judged e ON e.number = m.number
    JOIN legs l ON l.entry_number = m.number WHERE e.reverses IS NOT NULL
    UNION
    SELECT e.number, CASE WHEN c.number IS NULL THEN r.act ELSE 'approve' END, r.organisation,
           CASE WHEN c.number IS NULL THEN r.pence ELSE 0 END
    FROM judged e JOIN touched r ON r.entry_number = e.number LEFT JOIN covered c ON c.number = e.number
    LEFT JOIN placed p ON p.organisation = r.organisation
    WHERE r.act <> 'structure' OR r.organisation IS NULL OR p.since < e.number
    UNION
    SELECT e.number, 'appoint', a.organisation, 0 FROM judged e JOIN appointment a ON a.entry_number = e.number
    UNION
    SELECT e.number, 'appoint', a.organisation, 0 FROM judged e JOIN dismissal d ON d.entry_number = e.number
    JOIN appointment a ON a.id = d.appointment
    UNION
    SELECT e.number, 'propose', y.organisation, coalesce(w.pence, 0) FROM judged e
    JOIN proposal p ON p.entry_number = e.number JOIN payers y ON y.proposal = p.id
    JOIN placed x ON x.organisation = y.organisation AND x.since < e.number
    LEFT JOIN proposed w ON w.proposal = p.id
    UNION
    SELECT e.number, CASE d.outcome WHEN 'rejected' THEN 'reject' WHEN 'expired' THEN 'expire' ELSE 'approve' END,
           y.organisation, CASE WHEN d.outcome IN ('posted', 'part-posted') THEN coalesce(w.pence, 0) ELSE 0 END
    FROM judged e JOIN proposal_end d ON d.entry_number = e.number JOIN payers y ON y.proposal = d.proposal
    JOIN placed x ON x.organisation = y.organisation AND x.since < e.number
    LEFT JOIN approved w ON w.proposal = d.proposal
    WHERE d.outcome <> 'withdrawn'
),
wanted AS (
    SELECT number, act, organisation, pence FROM asked
    UNION ALL
    -- What touches no organisation that the books knew is everybody's. A change of the tables asks for no right: a
    -- migration alone posts one.
    SELECT e.number,
           CASE WHEN e.number IN (SELECT entry_number FROM proposal) THEN 'propose'
                WHEN e.number IN (SELECT entry_number FROM proposal_end) THEN 'approve' ELSE 'nothing' END,
           NULL, CAST(NULL AS BIGINT)
    FROM judged e WHERE e.number NOT IN (SELECT number FROM asked)
      AND e.number NOT IN (SELECT entry_number FROM proposal_end WHERE outcome = 'withdrawn')
      AND e.number NOT IN (SELECT entry_number FROM upgrade)
)
"""

_LINES = """
lines AS (
    SELECT DISTINCT w.number, e.day, w.organisation, w.organisation AS ancestor
    FROM wanted w JOIN judged e ON e.number = w.number WHERE w.organisation IS NOT NULL
    UNION
    SELECT l.number, l.day, l.organisation, r.parent FROM lines l
    JOIN relationship r ON r.child = l.ancestor AND r.entry_number < l.number
        AND r.valid_from <= l.day AND (r.valid_to IS NULL OR l.day < r.valid_to)
    LEFT JOIN relationship s ON s.supersedes = r.id AND s.entry_number < l.number
    WHERE s.id IS NULL
)
"""

# What the authors of entries moved in the periods of their limits, by each of their entries, and what they proposed:
# a proposal that ended without being posted counts no longer from then on.
_COUNTED = f"""
periods AS (
    SELECT DISTINCT {FOLDED.format("e.actor")} AS person, a.limit_period AS period,
           CASE a.limit_period WHEN 'day' THEN CAST(e.day AS TIMESTAMP)
               WHEN 'month' THEN date_trunc('month', CAST(e.day AS TIMESTAMP))
               ELSE date_trunc('year', CAST(e.day AS TIMESTAMP) - INTERVAL '3 months') + INTERVAL '3 months'
               END AS since
    FROM judged e JOIN appointment a ON a.person = e.actor AND a.entry_number < e.number AND a.limit_period IS NOT NULL
),
spans AS (
    SELECT person, period, since, since + CASE period WHEN 'day' THEN INTERVAL '1 day'
        WHEN 'month' THEN INTERVAL '1 month' ELSE INTERVAL '1 year' END AS until FROM periods
),
-- The entries that are judged in a period; what was moved in it before them is kept by person and day.
acted AS (
    SELECT p.person, p.period, p.since, o.number,
           coalesce((SELECT sum(t.amount_pence) FROM transfer t WHERE t.entry_number = o.number), 0) AS pence
    FROM spans p JOIN entry o ON o.number >= {{first}} AND {FOLDED.format("o.actor")} = p.person
        AND o.recorded_at >= p.since AT TIME ZONE 'UTC' AND o.recorded_at < p.until AT TIME ZONE 'UTC'
),
happened AS (
    SELECT p.person, p.period, p.since, {{first}} - 1 AS number, false AS proposes, d.moved_pence AS pence
    FROM spans p JOIN person_day d ON {FOLDED.format("d.person")} = p.person
        AND d.day >= CAST(p.since AS DATE) AND d.day < CAST(p.until AS DATE)
    UNION ALL
    SELECT person, period, since, {{first}} - 1, false, -pence FROM acted
    UNION ALL
    SELECT person, period, since, number, false, pence FROM acted
    UNION ALL
    SELECT a.person, a.period, a.since, CASE WHEN ends.nth = 0 THEN o.number ELSE d.entry_number END, true,
           CASE WHEN ends.nth = 0 THEN t.amount_pence ELSE -t.amount_pence END
    FROM spans a JOIN proposal p ON true JOIN entry o ON o.number = p.entry_number
        AND {FOLDED.format("o.actor")} = a.person
        AND o.recorded_at >= a.since AT TIME ZONE 'UTC' AND o.recorded_at < a.until AT TIME ZONE 'UTC'
    JOIN proposed_entry n ON n.proposal = p.id
    JOIN proposed_transfer t ON t.proposed_entry = n.id
    LEFT JOIN proposal_end d ON d.proposal = p.id AND d.outcome NOT IN ('posted', 'part-posted')
    JOIN (VALUES (0), (1)) AS ends(nth) ON ends.nth = 0 OR d.proposal IS NOT NULL
),
counted AS (
    SELECT DISTINCT person, period, since, number, proposes,
           CAST(sum(pence) OVER (PARTITION BY person, period, since, proposes ORDER BY number) AS BIGINT) AS pence
    FROM happened
)
"""

# One row for each fault: the entry, who made it, what is wrong ('right' or a rule's name), the act, where, how much;
# and where somebody has the right but for its limit, that limit, its period, and what was moved in it, this included.
FAULTS = f"""
WITH RECURSIVE {_ACTS}, {_JUDGED}, {_COVERED}, {_TOUCHED}, {_ASKED}, {_LINES}, {_COUNTED},
held AS (
    SELECT w.number, w.act, w.organisation, w.pence, a.limit_pence, a.limit_period,
           coalesce(c.pence, 0) + CASE WHEN w.act = 'approve' AND e.number IN (SELECT entry_number FROM proposal_end)
                                       THEN coalesce(w.pence, 0) ELSE 0 END AS moved
    FROM wanted w JOIN judged e ON e.number = w.number
    JOIN appointment a ON a.person = e.actor AND a.entry_number < e.number
        AND a.valid_from <= e.day AND (a.valid_to IS NULL OR e.day < a.valid_to)
    JOIN acts t ON t.act = w.act AND t.role = a.role AND (a.alone OR NOT t.alone)
    LEFT JOIN dismissal d ON d.appointment = a.id AND d.entry_number < e.number AND d.valid_to <= e.day
    LEFT JOIN lines l ON l.number = w.number AND l.organisation = w.organisation AND l.ancestor = a.organisation
    LEFT JOIN counted c ON c.number = w.number AND c.period = a.limit_period AND c.proposes = (w.act = 'propose')
        AND c.person = {FOLDED.format("e.actor")}
    WHERE d.appointment IS NULL AND (a.organisation IS NULL OR l.number IS NOT NULL)
),
granted AS (
    SELECT DISTINCT h.number, h.act, h.organisation, h.pence FROM held h
    WHERE h.limit_pence IS NULL OR h.pence = 0
       OR h.pence <= h.limit_pence AND (h.limit_period IS NULL OR h.moved <= h.limit_pence)
),
nearest AS (
    SELECT h.*, row_number() OVER (PARTITION BY h.number, h.act, h.organisation, h.pence
        ORDER BY h.limit_pence - CASE WHEN h.limit_period IS NULL THEN h.pence ELSE h.moved END DESC,
                 h.limit_pence DESC, h.limit_period) AS nth
    FROM held h
)
SELECT w.number, e.actor, 'right' AS fault, w.act, w.organisation, w.pence,
       n.limit_pence, n.limit_period, CAST(n.moved AS BIGINT) AS moved
FROM wanted w JOIN judged e ON e.number = w.number
LEFT JOIN nearest n ON n.number = w.number AND n.act = w.act AND n.nth = 1
    AND n.organisation IS NOT DISTINCT FROM w.organisation AND n.pence IS NOT DISTINCT FROM w.pence
WHERE NOT EXISTS (SELECT 1 FROM granted g WHERE g.number = w.number AND g.act = w.act
    AND g.organisation IS NOT DISTINCT FROM w.organisation AND g.pence IS NOT DISTINCT FROM w.pence)
UNION ALL
SELECT e.number, e.actor, 'self', a.role, a.organisation, NULL, NULL, NULL, NULL FROM judged e
JOIN appointment a ON a.entry_number = e.number WHERE {same_person("a.person", "e.actor", "e.anew")}
UNION ALL
SELECT a.entry_number, '', 'period', a.role, a.person, NULL, a.limit_pence, NULL, NULL FROM appointment a
WHERE a.entry_number >= {{first}} AND a.entry_number >= {FORM_2_FROM}
  AND a.limit_pence IS NOT NULL AND a.limit_period IS NULL
UNION ALL
SELECT a.entry_number, '', 'divided', a.role, a.person, NULL, NULL, NULL, NULL FROM appointment a
WHERE a.entry_number >= {{first}} AND a.entry_number >= {FORM_2_FROM} AND a.person LIKE '%/%'
UNION ALL
SELECT f.entry_number, '', 'first', f.role, f.organisation, NULL, NULL, NULL, NULL FROM appointment f
WHERE f.entry_number = (SELECT min(entry_number) FROM appointment) AND f.entry_number >= {{first}}
  AND (f.role <> 'administrator' OR f.organisation IS NOT NULL OR f.valid_to IS NOT NULL)
UNION ALL
-- Somebody is always administrator over the whole, with no end; what comes and goes later changes nothing of it.
SELECT g.number, '', 'last', 'administrator', NULL, NULL, NULL, NULL, NULL FROM (
    SELECT entry_number AS number FROM appointment UNION SELECT entry_number FROM dismissal) g
WHERE g.number >= {{first}} AND NOT EXISTS (
    SELECT 1 FROM appointment a, entry e WHERE e.number = g.number
      AND a.role = 'administrator' AND a.organisation IS NULL AND a.valid_to IS NULL
      AND a.entry_number <= g.number AND a.valid_from <= {{day}}
      AND NOT EXISTS (SELECT 1 FROM dismissal d WHERE d.appointment = a.id AND d.entry_number <= g.number))
ORDER BY 1, 3, 4, 5
"""

_EMPTY = {
    "concerned": "id VARCHAR",
    "earlier": "number BIGINT, proposal VARCHAR",
    "covered": "number BIGINT",
    "approved": "proposal VARCHAR, pence BIGINT",
    "proposed": "proposal VARCHAR, pence BIGINT",
    "payers": "proposal VARCHAR, organisation VARCHAR",
    "legs": "entry_number BIGINT, payer VARCHAR, payee VARCHAR, amount_pence BIGINT",
    "moved": "number BIGINT, act VARCHAR, pence BIGINT",
    "touched": "entry_number BIGINT, act VARCHAR, organisation VARCHAR, pence BIGINT",
    "placed": "organisation VARCHAR, since BIGINT",
    "counted": "person VARCHAR, period VARCHAR, since TIMESTAMP, number BIGINT, proposes BOOLEAN, pence BIGINT",
}
_BROUGHT_BY = re.compile(r"e\.number(?P<not> NOT)? IN \(SELECT entry_number FROM (?P<table>\w+)(?: WHERE [^()]*)?\)")
_JOINED = re.compile(r"JOIN (\w+) \w+ ON \w+\.entry_number = e\.number")
_RECORDS_OF = re.compile(r"\n    UNION SELECT entry_number, [^\n]+ FROM (\w+)(?=\n)")


@cache
def narrowed(brought: frozenset[str], *, counts: bool) -> str:
    """``FAULTS`` of new entries that bring rows of some tables alone: the same answer, sooner.

    To read a question takes longer than to answer it, and most entries do one thing.

    Args:
        brought: the names of the tables, ``transfer`` among them where money moves.
        counts: whether anybody's limit is one of a period.
    """
    sql = _RECORDS_OF.sub(lambda found: found[0] if found[1] in brought else "", FAULTS)
    # New entries are in the second form, so that no approval of before covers them.
    nothing = {"earlier"}
    if "proposal_end" not in brought:
        nothing |= {"covered", "approved"}
        if "proposal" not in brought:
            nothing |= {"concerned", "proposed", "payers"}
    if "transfer" not in brought:
        nothing |= {"legs", "moved"}
    if brought <= {"entry", "transfer"}:
        nothing |= {"touched", "placed"}
    if not counts:
        sql = sql.replace(_COUNTED, f"\ncounted AS ({_no_rows('counted')})\n")
    for name in sorted(nothing):
        sql = _emptied(sql, name)
    if "covered" in nothing:
        sql = sql.replace("WHEN e.number IN (SELECT number FROM covered) THEN 'approve'", "")
    sql = _BROUGHT_BY.sub(lambda found: _known_beforehand(found, brought), sql)
    begin, end = sql.index("\nasked AS (") + len("\nasked AS ("), sql.index("\n),\nwanted AS (")
    asked = [part for part in sql[begin:end].split("\n    UNION\n") if _may_ask(part, brought, nothing)]
    sql = sql[:begin] + "\n    UNION\n".join(asked) + sql[end:]
    if not brought & {"appointment", "dismissal"}:
        sql = sql[: sql.index("UNION ALL\nSELECT e.number, e.actor, 'self'")] + "ORDER BY 1, 3, 4, 5\n"
    return sql


def _emptied(sql: str, name: str) -> str:
    """A question in which one of the relations before it is without rows."""
    begin = sql.index(f"\n{name} AS (") + len(f"\n{name} AS (")
    depth, end = 1, begin
    while depth:
        depth += {"(": 1, ")": -1}.get(sql[end], 0)
        end += 1
    return f"{sql[:begin]}{_no_rows(name)}{sql[end - 1 :]}"


def _no_rows(name: str) -> str:
    columns = (column.split() for column in _EMPTY[name].split(", "))
    listed = ", ".join(f"CAST(NULL AS {kind}) AS {column}" for column, kind in columns)
    return f"SELECT {listed} WHERE false"


@cache
def _tables() -> frozenset[str]:
    """The names of the tables of records."""
    from ledger.models import RECORDS  # noqa: PLC0415 - which load SQLAlchemy, and who only reads needs none

    return frozenset(str(model.__tablename__) for model in RECORDS)


def _known_beforehand(found: re.Match[str], brought: frozenset[str]) -> str:
    """Whether a new entry brings rows of a table, where that is known."""
    if found["table"] not in _tables() or found["table"] in brought:
        return found[0]
    return "true" if found["not"] else "false"


def _may_ask(part: str, brought: frozenset[str], nothing: set[str]) -> bool:
    """Whether a part of ``asked`` may find anything: what it joins to each entry may have rows of it."""
    found = _JOINED.search(part)
    return not found or (found[1] not in nothing and (found[1] not in _tables() or found[1] in brought))


# The rights of $person in force on a day {today}: role, and the organisations that each reaches; NULL for the whole.
_MINE = """
mine AS (
    SELECT a.id, a.role, a.organisation FROM appointment a
    WHERE a.person = {person} AND a.valid_from <= {today} AND (a.valid_to IS NULL OR {today} < a.valid_to)
      AND NOT EXISTS (SELECT 1 FROM dismissal d WHERE d.appointment = a.id AND d.valid_to <= {today})
),
"""
_STARTED = "started AS (SELECT count(*) AS appointments FROM appointment)"
_REACH = (
    _MINE
    + """reach AS (
    SELECT organisation FROM mine WHERE role <> 'app' AND organisation IS NOT NULL
    UNION
    SELECT r.child FROM reach b JOIN relationship r ON r.parent = b.organisation
        AND r.valid_from <= {today} AND (r.valid_to IS NULL OR {today} < r.valid_to)
    LEFT JOIN relationship s ON s.supersedes = r.id WHERE s.id IS NULL
),
whole AS (SELECT count(*) AS rights FROM mine WHERE role <> 'app' AND organisation IS NULL),
"""
    + _STARTED
    + "\n"
)
# A proposal is seen by who prepared it and by who has any right over an organisation that pays in it; of one in which
# others pay too, only the legs from and to one's own organisations.
_ALL = "((SELECT rights FROM whole) > 0 OR (SELECT appointments FROM started) = 0)"
_EVERYTHING = f"({_ALL} OR (p.prepared_by = {{person}} AND (SELECT count(*) FROM mine) > 0))"
_IS_SEEN = f"""({_EVERYTHING} OR p.id IN (
    SELECT n.proposal FROM proposed_entry n JOIN proposed_transfer t ON t.proposed_entry = n.id
    WHERE t.from_organisation IN (SELECT organisation FROM reach)
    UNION
    SELECT n.proposal FROM proposed_entry n, {{named}} WHERE n.brings IS NOT NULL
      AND named.organisation IN (SELECT organisation FROM reach)))"""
_LEG_IS_SEEN = f"""({_EVERYTHING} OR t.from_organisation IN (SELECT organisation FROM reach)
    OR t.to_organisation IN (SELECT organisation FROM reach))"""
HIDES_NOTHING = f"""
WITH {_MINE.strip().rstrip(",")}
SELECT NOT EXISTS (SELECT 1 FROM proposal) OR EXISTS (SELECT 1 FROM mine WHERE role <> 'app' AND organisation IS NULL)
"""
SEEN_PROPOSALS = f"""
WITH RECURSIVE {_REACH}
SELECT p.id FROM proposal p WHERE {_IS_SEEN}
"""
SEEN_TRANSFERS = f"""
WITH RECURSIVE {_REACH}
SELECT t.id FROM proposed_transfer t JOIN proposed_entry n ON n.id = t.proposed_entry
JOIN proposal p ON p.id = n.proposal WHERE {_LEG_IS_SEEN}
"""

_OF_DECISIONS = f"""SELECT a.proposal, 'unknown' AS fault FROM asked a WHERE a.proposal NOT IN (SELECT id FROM seen)
UNION
SELECT a.proposal, 'part' FROM asked a JOIN seen s ON s.id = a.proposal JOIN proposal p ON p.id = a.proposal
JOIN proposed_entry n ON n.proposal = p.id JOIN proposed_transfer t ON t.proposed_entry = n.id
WHERE a.outcome <> 'withdrawn' AND NOT {_LEG_IS_SEEN}"""
_OF_SUBMISSIONS = """SELECT b.id, 'named' FROM brought b
WHERE (SELECT appointments FROM started) > 0 AND substr(b.id, 1, length({person}) + 1) <> {person} || '/'
UNION
SELECT e.proposal, 'joined' FROM entered e WHERE e.proposal NOT IN (SELECT id FROM brought)
UNION
SELECT m.proposed_entry, 'joined' FROM moving m WHERE m.proposed_entry NOT IN (SELECT id FROM entered)
UNION
SELECT e.proposal, 'numbered' FROM entered e WHERE e.id <> e.proposal || '/' || CAST(e.nth AS VARCHAR)
UNION
SELECT m.proposed_entry, 'numbered' FROM moving m WHERE m.id <> m.proposed_entry || '/' || CAST(m.leg AS VARCHAR)"""
_ENDED = "asked(proposal, outcome) AS ({ends})"
_SEEN = f"""seen AS (SELECT p.id FROM proposal p WHERE p.id IN (SELECT proposal FROM asked) AND {_IS_SEEN})"""
_SUBMITTED = """brought(id) AS ({proposals}),
entered(id, proposal, nth) AS ({entries}),
moving(id, proposed_entry, leg) AS ({legs})"""
BEFOREHAND = f"""
WITH RECURSIVE {_REACH},
{_ENDED},
{_SUBMITTED},
{_SEEN}
{_OF_DECISIONS}
UNION
{_OF_SUBMISSIONS}
ORDER BY 1, 2
"""
"""What is asked of a batch before anything of it is written, and before any other rule: whether it names a proposal
that its author may not see. Every answer that rests on such a proposal would tell who guesses its name that there is
one, who prepared it or who pays; so the answer to a hidden one is that to one that is not there.

In braces besides ``{person}``, ``{today}`` and ``{named}``: what the batch brings, as questions for rows of
``{ends}`` (proposal, outcome), ``{proposals}`` (id), ``{entries}`` (id, proposal, nth) and ``{legs}`` (id,
proposed_entry, leg). One row for each fault: the proposal, and ``unknown``, ``part`` (it is not seen whole) or a
fault of ``ledger.rules.decisions``. The last ones keep the database from comparing the batch's keys with hidden ones.
"""
# To read the whole question takes longer than to answer it, and most batches decide, or submit, or do neither.
BEFOREHAND_OF_DECISIONS = f"WITH RECURSIVE {_REACH}, {_ENDED}, {_SEEN} {_OF_DECISIONS} ORDER BY 1, 2"
BEFOREHAND_OF_SUBMISSIONS = f"WITH {_STARTED}, {_SUBMITTED} {_OF_SUBMISSIONS} ORDER BY 1, 2"
"""``BEFOREHAND`` of a batch that only decides, and of one that only submits: the same answer, sooner."""
