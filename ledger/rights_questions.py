"""Who may do what, as questions in SQL that both databases understand.

The same text is asked by the program before an entry counts, by ``verify`` at any time, and by the server's own
triggers whoever writes: a right has one meaning. What differs between the databases stands in braces:

* ``{first}``: the first entry that is looked at;
* ``{day}``: the day on which an entry ``e`` was made: when it was recorded, or on a server today;
* ``{named}``: the codes of organisations that a proposed entry ``n`` brings records of, one row each.

An entry is judged by what it brings, not by what it calls itself, and by the rights and the structure that were
known before it. Money is the payer's: whoever moves it needs a right over every organisation that it leaves, and
to undo an entry over both sides. What touches no organisation in particular needs a right over the whole.
"""

# What an act needs: the role, and whether it needs to be one that posts alone.
_ACTS = """
acts(act, role, alone) AS (VALUES
    ('post', 'approver', true), ('record', 'approver', true), ('undo', 'approver', false),
    ('approve', 'approver', false), ('reject', 'approver', false), ('propose', 'preparer', false),
    ('expire', 'preparer', false), ('expire', 'approver', false), ('expire', 'administrator', false),
    ('structure', 'administrator', false), ('appoint', 'administrator', false), ('nothing', 'administrator', false))
"""

# Entries made since there was a first appointment; before it a ledger is a single user's.
_JUDGED = """
judged AS (
    SELECT e.number, e.kind, e.key, e.actor, e.reverses, {day} AS day FROM entry e
    WHERE e.number >= {first} AND e.number > (SELECT min(entry_number) FROM appointment)
      -- What a migration posts is nobody's decision, and brings nothing else (ledger.shapes).
      AND e.number NOT IN (SELECT entry_number FROM upgrade)
),
placed AS (
    SELECT organisation, min(entry_number) AS since FROM (
        SELECT parent AS organisation, entry_number FROM relationship
        UNION ALL SELECT child, entry_number FROM relationship) ends
    GROUP BY organisation
)
"""

# Entries that somebody else prepared, leg by leg the same, and that their author approved.
_COVERED = """
covered AS (
    SELECT e.number, n.proposal FROM judged e
    JOIN proposed_entry n ON n.key = e.key AND n.kind = e.kind
    JOIN proposal_end d ON d.proposal = n.proposal AND d.entry_number < e.number AND d.decided_by = e.actor
        AND d.outcome IN ('posted', 'part-posted') AND d.prepared_by <> e.actor
    WHERE e.reverses IS NULL
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
approved AS (
    SELECT n.proposal, CAST(sum(t.amount_pence) AS BIGINT) AS pence FROM proposed_entry n
    JOIN entry e ON e.key = n.key JOIN transfer t ON t.entry_number = e.number GROUP BY n.proposal
),
proposed AS (
    SELECT n.proposal, CAST(sum(t.amount_pence) AS BIGINT) AS pence FROM proposed_entry n
    JOIN proposed_transfer t ON t.proposed_entry = n.id GROUP BY n.proposal
),
payers AS (
    SELECT DISTINCT n.proposal, t.from_organisation AS organisation FROM proposed_entry n
    JOIN proposed_transfer t ON t.proposed_entry = n.id
    UNION
    SELECT n.proposal, named.organisation FROM proposed_entry n, {named} WHERE n.brings IS NOT NULL
)
"""

# Each entry with what it asks for: the act, whose organisation, how much. No amount needs a right without limit.
_ASKED = """
legs AS (
    SELECT t.entry_number, f.organisation AS payer, g.organisation AS payee, t.amount_pence
    FROM transfer t JOIN account f ON f.id = t.from_account JOIN account g ON g.id = t.to_account
    WHERE t.entry_number >= {first}
),
moved AS (
    SELECT e.number,
           CASE WHEN e.number IN (SELECT number FROM covered) THEN 'approve'
                WHEN (SELECT o.actor FROM entry o WHERE o.number = e.reverses) <> e.actor
                    AND (SELECT count(*) FROM legs l WHERE l.entry_number = e.number)
                      = (SELECT count(*) FROM transfer t JOIN transfer o ON o.entry_number = e.reverses
                             AND o.leg = t.leg AND o.from_account = t.to_account AND o.to_account = t.from_account
                             AND o.amount_pence = t.amount_pence WHERE t.entry_number = e.number) THEN 'undo'
                ELSE 'post' END AS act,
           (SELECT CAST(sum(l.amount_pence) AS BIGINT) FROM legs l WHERE l.entry_number = e.number) AS pence
    FROM judged e WHERE e.number IN (SELECT entry_number FROM legs)
),
asked AS (
    SELECT DISTINCT m.number, m.act, l.payer AS organisation, m.pence FROM moved m
    JOIN legs l ON l.entry_number = m.number
    UNION
    SELECT m.number, m.act, l.payee, m.pence FROM moved m JOIN judged e ON e.number = m.number
    JOIN legs l ON l.entry_number = m.number WHERE e.reverses IS NOT NULL
    UNION
    SELECT e.number, CASE WHEN c.number IS NULL THEN r.act ELSE 'approve' END, r.organisation,
           CASE WHEN c.number IS NULL THEN r.pence ELSE 0 END
    FROM judged e LEFT JOIN (SELECT DISTINCT number FROM covered) c ON c.number = e.number
    JOIN (
        SELECT entry_number, 'record' AS act, CAST(NULL AS VARCHAR) AS organisation, CAST(NULL AS BIGINT) AS pence
        FROM terms
        UNION SELECT entry_number, 'record', NULL, NULL FROM fund
        UNION SELECT entry_number, 'structure', NULL, 0 FROM tier
        UNION SELECT entry_number, 'structure', NULL, 0 FROM closed_month
        UNION SELECT entry_number, 'record', organisation, NULL FROM agreement
        UNION SELECT entry_number, 'structure', organisation, 0 FROM control_total
        UNION SELECT entry_number, 'structure', organisation, 0 FROM closure
        UNION SELECT entry_number, 'structure', predecessor, 0 FROM succession
        UNION SELECT entry_number, 'structure', successor, 0 FROM succession
        UNION SELECT entry_number, 'structure', parent, 0 FROM relationship
        UNION SELECT entry_number, 'structure', child, 0 FROM relationship
    ) r ON r.entry_number = e.number
    WHERE r.act <> 'structure' OR r.organisation IS NULL
       OR EXISTS (SELECT 1 FROM placed p WHERE p.organisation = r.organisation AND p.since < e.number)
    UNION
    SELECT e.number, 'appoint', a.organisation, 0 FROM judged e JOIN appointment a ON a.entry_number = e.number
    UNION
    SELECT e.number, 'appoint', a.organisation, 0 FROM judged e JOIN dismissal d ON d.entry_number = e.number
    JOIN appointment a ON a.id = d.appointment
    UNION
    SELECT e.number, 'propose', y.organisation, coalesce(w.pence, 0) FROM judged e
    JOIN proposal p ON p.entry_number = e.number JOIN payers y ON y.proposal = p.id
    LEFT JOIN proposed w ON w.proposal = p.id
    WHERE EXISTS (SELECT 1 FROM placed x WHERE x.organisation = y.organisation AND x.since < e.number)
    UNION
    SELECT e.number, CASE d.outcome WHEN 'rejected' THEN 'reject' WHEN 'expired' THEN 'expire' ELSE 'approve' END,
           y.organisation, CASE WHEN d.outcome IN ('posted', 'part-posted') THEN coalesce(w.pence, 0) ELSE 0 END
    FROM judged e JOIN proposal_end d ON d.entry_number = e.number JOIN payers y ON y.proposal = d.proposal
    LEFT JOIN approved w ON w.proposal = d.proposal
    WHERE d.outcome <> 'withdrawn'
      AND EXISTS (SELECT 1 FROM placed x WHERE x.organisation = y.organisation AND x.since < e.number)
),
wanted AS (
    SELECT number, act, organisation, pence FROM asked
    UNION ALL
    -- What touches no organisation that the books knew is everybody's.
    SELECT e.number,
           CASE WHEN e.number IN (SELECT entry_number FROM proposal) THEN 'propose'
                WHEN e.number IN (SELECT entry_number FROM proposal_end) THEN 'approve' ELSE 'nothing' END,
           NULL, CAST(NULL AS BIGINT)
    FROM judged e WHERE e.number NOT IN (SELECT number FROM asked)
      AND e.number NOT IN (SELECT entry_number FROM proposal_end WHERE outcome = 'withdrawn')
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

# One row for each fault: the entry, who made it, what is wrong ('right' or a rule's name), the act, where, how much.
FAULTS = f"""
WITH RECURSIVE {_ACTS}, {_JUDGED}, {_COVERED}, {_ASKED}, {_LINES},
granted AS (
    SELECT DISTINCT w.number, w.act, w.organisation, w.pence FROM wanted w JOIN judged e ON e.number = w.number
    JOIN appointment a ON a.person = e.actor AND a.entry_number < e.number
        AND a.valid_from <= e.day AND (a.valid_to IS NULL OR e.day < a.valid_to)
    JOIN acts t ON t.act = w.act AND t.role = a.role AND (a.alone OR NOT t.alone)
    LEFT JOIN dismissal d ON d.appointment = a.id AND d.entry_number < e.number AND d.valid_to <= e.day
    LEFT JOIN lines l ON l.number = w.number AND l.organisation = w.organisation AND l.ancestor = a.organisation
    WHERE d.appointment IS NULL AND (a.organisation IS NULL OR l.number IS NOT NULL)
      AND (a.limit_pence IS NULL OR w.pence <= a.limit_pence)
)
SELECT w.number, e.actor, 'right' AS fault, w.act, w.organisation, w.pence
FROM wanted w JOIN judged e ON e.number = w.number
WHERE NOT EXISTS (SELECT 1 FROM granted g WHERE g.number = w.number AND g.act = w.act
    AND g.organisation IS NOT DISTINCT FROM w.organisation AND g.pence IS NOT DISTINCT FROM w.pence)
UNION ALL
SELECT e.number, e.actor, 'name', 'propose', p.prepared_by, NULL FROM judged e
JOIN proposal p ON p.entry_number = e.number WHERE p.prepared_by <> e.actor
UNION ALL
SELECT e.number, e.actor, 'name', 'decide', d.decided_by, NULL FROM judged e
JOIN proposal_end d ON d.entry_number = e.number WHERE d.decided_by <> e.actor
UNION ALL
SELECT e.number, e.actor, 'own', d.outcome, d.prepared_by, NULL FROM judged e
JOIN proposal_end d ON d.entry_number = e.number
WHERE (d.outcome = 'withdrawn') <> (d.decided_by = d.prepared_by) AND d.outcome <> 'expired'
UNION ALL
SELECT e.number, e.actor, 'day', d.outcome, CAST(p.expires_on AS VARCHAR), NULL FROM judged e
JOIN proposal_end d ON d.entry_number = e.number JOIN proposal p ON p.id = d.proposal
WHERE (d.outcome = 'expired' AND (p.expires_on IS NULL OR p.expires_on >= e.day))
   OR (d.outcome IN ('posted', 'part-posted') AND p.expires_on < e.day)
UNION ALL
SELECT e.number, e.actor, 'joined', 'propose', p.id, NULL FROM judged e
JOIN proposed_entry n ON n.entry_number = e.number JOIN proposal p ON p.id = n.proposal
WHERE p.entry_number <> e.number
UNION ALL
SELECT DISTINCT e.number, e.actor, 'joined', 'propose', n.proposal, CAST(NULL AS BIGINT) FROM judged e
JOIN proposed_transfer t ON t.entry_number = e.number JOIN proposed_entry n ON n.id = t.proposed_entry
WHERE n.entry_number <> e.number
UNION ALL
SELECT e.number, e.actor, 'self', a.role, a.organisation, NULL FROM judged e
JOIN appointment a ON a.entry_number = e.number WHERE a.person = e.actor
UNION ALL
SELECT f.entry_number, '', 'first', f.role, f.organisation, NULL FROM appointment f
WHERE f.entry_number = (SELECT min(entry_number) FROM appointment) AND f.entry_number >= {{first}}
  AND (f.role <> 'administrator' OR f.organisation IS NOT NULL OR f.valid_to IS NOT NULL)
UNION ALL
-- Somebody is always administrator over the whole, with no end; what comes and goes later changes nothing of it.
SELECT g.number, '', 'last', 'administrator', NULL, NULL FROM (
    SELECT entry_number AS number FROM appointment UNION SELECT entry_number FROM dismissal) g
WHERE g.number >= {{first}} AND NOT EXISTS (
    SELECT 1 FROM appointment a, entry e WHERE e.number = g.number
      AND a.role = 'administrator' AND a.organisation IS NULL AND a.valid_to IS NULL
      AND a.entry_number <= g.number AND a.valid_from <= {{day}}
      AND NOT EXISTS (SELECT 1 FROM dismissal d WHERE d.appointment = a.id AND d.entry_number <= g.number))
ORDER BY 1, 3, 4, 5
"""

# The rights of $person in force on a day {today}: role, and the organisations that each reaches; NULL for the whole.
_REACH = """
mine AS (
    SELECT a.id, a.role, a.organisation FROM appointment a
    WHERE a.person = {person} AND a.valid_from <= {today} AND (a.valid_to IS NULL OR {today} < a.valid_to)
      AND NOT EXISTS (SELECT 1 FROM dismissal d WHERE d.appointment = a.id AND d.valid_to <= {today})
),
reach AS (
    SELECT organisation FROM mine WHERE role <> 'app' AND organisation IS NOT NULL
    UNION
    SELECT r.child FROM reach b JOIN relationship r ON r.parent = b.organisation
        AND r.valid_from <= {today} AND (r.valid_to IS NULL OR {today} < r.valid_to)
    LEFT JOIN relationship s ON s.supersedes = r.id WHERE s.id IS NULL
),
whole AS (SELECT count(*) AS rights FROM mine WHERE role <> 'app' AND organisation IS NULL),
started AS (SELECT count(*) AS appointments FROM appointment)
"""
# A proposal is seen by who prepared it and by who has any right over an organisation that pays in it; of one in which
# others pay too, only the legs from and to one's own organisations.
_ALL = "((SELECT rights FROM whole) > 0 OR (SELECT appointments FROM started) = 0)"
SEEN_PROPOSALS = f"""
WITH RECURSIVE {_REACH}
SELECT p.id FROM proposal p
WHERE {_ALL} OR (p.prepared_by = {{person}} AND (SELECT count(*) FROM mine) > 0)
   OR p.id IN (
    SELECT n.proposal FROM proposed_entry n JOIN proposed_transfer t ON t.proposed_entry = n.id
    WHERE t.from_organisation IN (SELECT organisation FROM reach)
    UNION
    SELECT n.proposal FROM proposed_entry n, {{named}} WHERE n.brings IS NOT NULL
      AND named.organisation IN (SELECT organisation FROM reach))
"""
SEEN_TRANSFERS = f"""
WITH RECURSIVE {_REACH}
SELECT t.id FROM proposed_transfer t JOIN proposed_entry n ON n.id = t.proposed_entry
JOIN proposal p ON p.id = n.proposal
WHERE {_ALL} OR (p.prepared_by = {{person}} AND (SELECT count(*) FROM mine) > 0)
   OR t.from_organisation IN (SELECT organisation FROM reach) OR t.to_organisation IN (SELECT organisation FROM reach)
"""
