"""What a PostgreSQL server holds by itself of who may do what, whoever connects and by whatever program.

* Who acts is the login; only a login that the books call an app may name somebody else, for one transaction, in the
  setting ``devolution.person``. An app that names nobody has no right.
* An entry names who acts as its author, and brings nothing that its author has no right to: the same question as
  ``ledger.rights`` asks, on the server's own day, when the transaction ends.
* Rows of proposals are seen by those who may see them.

The owner of the tables stands outside: who could take the triggers away is not held by them.
"""

from collections.abc import Sequence

from ledger import decisions
from ledger import rights_questions as questions
from ledger.models import UNPUBLISHED
from ledger.models_rights import Proposal, ProposedTransfer

TODAY = "(now() AT TIME ZONE 'UTC')::date"
NAMED = (
    "LATERAL (SELECT (regexp_matches(n.brings, "
    '\'"(?:organisation|parent|child|predecessor|successor)":"([^"]*)"\', \'g\'))[1] AS organisation) named'
)
FAULTS = questions.FAULTS.format(first="$1", day=TODAY, named=NAMED, approved_entry=decisions.approved_from("$1"))
_GIVEN = {"person": "(SELECT ledger_person())", "today": TODAY, "named": NAMED}
_SAFE = "SECURITY DEFINER SET search_path FROM CURRENT"

_ENTERED = "CREATE TABLE IF NOT EXISTS ledger_entered (first_entry bigint NOT NULL)"

_FUNCTIONS = (
    f"""
CREATE OR REPLACE FUNCTION ledger_is_owner() RETURNS boolean LANGUAGE sql STABLE {_SAFE} AS $$
    SELECT pg_has_role(session_user, relowner, 'MEMBER') FROM pg_class WHERE oid = 'entry'::regclass
$$
""",
    f"""
CREATE OR REPLACE FUNCTION ledger_person() RETURNS text LANGUAGE sql STABLE {_SAFE} AS $$
    SELECT CASE WHEN EXISTS (
            SELECT 1 FROM appointment a WHERE a.person = session_user AND a.role = 'app'
              AND a.valid_from <= {TODAY} AND (a.valid_to IS NULL OR {TODAY} < a.valid_to)
              AND NOT EXISTS (SELECT 1 FROM dismissal d WHERE d.appointment = a.id AND d.valid_to <= {TODAY}))
        THEN nullif(current_setting('devolution.person', true), '') ELSE session_user::text END
$$
""",
    f"""
CREATE OR REPLACE FUNCTION ledger_seen_proposals() RETURNS SETOF varchar LANGUAGE sql STABLE {_SAFE} AS $$
{questions.SEEN_PROPOSALS.format(**_GIVEN)}
$$
""",
    f"""
CREATE OR REPLACE FUNCTION ledger_seen_transfers() RETURNS SETOF varchar LANGUAGE sql STABLE {_SAFE} AS $$
{questions.SEEN_TRANSFERS.format(**_GIVEN)}
$$
""",
    # Numbers of entries alone: so that a reader can tell what is hidden from what was taken away.
    f"""
CREATE OR REPLACE FUNCTION ledger_unseen() RETURNS SETOF bigint LANGUAGE sql STABLE {_SAFE} AS $$
    SELECT entry_number FROM proposal WHERE id NOT IN (SELECT ledger_seen_proposals())
    UNION SELECT entry_number FROM proposal_end WHERE proposal NOT IN (SELECT ledger_seen_proposals())
    UNION SELECT entry_number FROM proposed_transfer WHERE id NOT IN (SELECT ledger_seen_transfers())
$$
""",
    f"""
CREATE OR REPLACE FUNCTION ledger_faults(bigint)
RETURNS TABLE (number bigint, actor varchar, fault text, act varchar, organisation varchar, pence bigint)
LANGUAGE sql STABLE {_SAFE} AS $$
SELECT number, actor::varchar, fault::text, act::varchar, organisation::varchar, pence::bigint FROM (
{FAULTS}
) found
$$
""",
    "REVOKE ALL ON FUNCTION ledger_faults(bigint) FROM PUBLIC",
    f"""
CREATE OR REPLACE FUNCTION ledger_is_entered() RETURNS trigger LANGUAGE plpgsql {_SAFE} AS $$
BEGIN
    IF EXISTS (SELECT 1 FROM appointment) THEN
        IF TG_TABLE_NAME = 'entry' THEN
            INSERT INTO ledger_entered SELECT min(number) FROM added HAVING count(*) > 0;
        ELSE
            INSERT INTO ledger_entered SELECT min(entry_number) FROM added HAVING count(*) > 0;
        END IF;
    END IF;
    RETURN NULL;
END $$
""",
    f"""
CREATE OR REPLACE FUNCTION ledger_rights_hold() RETURNS trigger LANGUAGE plpgsql {_SAFE} AS $$
DECLARE speaker text; other record; broken record; earlier bigint;
BEGIN
    -- The first look of a transaction reaches from its first entry on, so the others need not look again.
    DELETE FROM ledger_entered WHERE first_entry >= NEW.first_entry;
    GET DIAGNOSTICS earlier = ROW_COUNT;
    IF earlier = 0 OR ledger_is_owner() THEN
        RETURN NULL;
    END IF;
    speaker := ledger_person();
    SELECT e.number, e.actor INTO other FROM entry e
    WHERE e.number >= NEW.first_entry AND e.number > (SELECT min(entry_number) FROM appointment)
      AND e.actor IS DISTINCT FROM speaker LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % is in the name of %, and this connection speaks for %',
            other.number, other.actor, coalesce(speaker, 'nobody') USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT * INTO broken FROM ledger_faults(NEW.first_entry) LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry %: % has no right to it (%, %, %, % pence)', broken.number, broken.actor, broken.fault,
            broken.act, coalesce(broken.organisation, 'the whole'), coalesce(broken.pence::text, 'any number of')
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
""",
)


def statements() -> Sequence[str]:
    """What a server is told of rights, once its tables are there. Saying it again changes nothing."""
    said = [_ENTERED, *_FUNCTIONS]
    for model in UNPUBLISHED:
        name = str(model.__tablename__)
        key = "id" if model in (Proposal, ProposedTransfer) else "proposal"
        seen = "ledger_seen_transfers" if model is ProposedTransfer else "ledger_seen_proposals"
        said += [
            f"ALTER TABLE {name} ENABLE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS seen ON {name}",
            f"CREATE POLICY seen ON {name} FOR SELECT USING ({key} IN (SELECT {seen}()))",
            f"DROP POLICY IF EXISTS added ON {name}",
            f"CREATE POLICY added ON {name} FOR INSERT WITH CHECK (true)",
        ]
    return said
