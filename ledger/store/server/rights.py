"""What a PostgreSQL server holds by itself of who may do what, whoever connects and by whatever program.

* Who acts is the login; only a login that the books call an app may name somebody else: for a batch that it posts, or
  for one transaction in which it reads, in the setting ``devolution.person``. An app that names nobody has no right.
* An entry names who acts as its author, and brings nothing that its author has no right to: the same question as
  ``ledger.entries.rights`` asks, on the day on which the server records it.
* Rows of proposals are seen by those who may see them.

The owner of the tables may name anybody as an author, as an app may, and the rights of whom it names count.
"""

from collections.abc import Sequence

from ledger.models import UNPUBLISHED
from ledger.models_rights import Proposal, ProposedTransfer
from ledger.rules import decisions
from ledger.rules import rights_questions as questions
from ledger.store.server.functions import OWNER, READS, Function

TODAY = "(now() AT TIME ZONE 'UTC')::date"
NAMED = (
    "LATERAL (SELECT (regexp_matches(n.brings, "
    '\'"(?:organisation|parent|child|predecessor|successor)":"([^"]*)"\', \'g\'))[1] AS organisation) named'
)
FAULTS = questions.FAULTS.format(
    first="$1", day="(e.recorded_at AT TIME ZONE 'UTC')::date", named=NAMED,
    approved_entry=decisions.approved_from("$1"),
)  # fmt: skip
_GIVEN = {"person": "(SELECT ledger_person())", "today": TODAY, "named": NAMED}


def _answers(name: str, returns: str, body: str, may: str = READS) -> Function:
    return Function(name, "", returns, body, language="sql", volatility="STABLE", privileged=True, may=may)


def _brought(table: str, columns: str) -> str:
    """What a batch brings of a table, as a question for some of its columns."""
    rows = f"unnest(brought) AS b (its), jsonb_populate_recordset(NULL::{table}, b.its -> '{table}') AS r"
    return f"SELECT {', '.join(f'r.{column}' for column in columns.split(', '))} FROM {rows}"


FUNCTIONS = (
    _answers(
        "ledger_is_owner",
        "boolean",
        "SELECT pg_has_role(session_user, relowner, 'MEMBER') FROM pg_class WHERE oid = 'entry'::regclass",
    ),
    _answers(
        "ledger_is_app",
        "boolean",
        f"""
SELECT EXISTS (
    SELECT 1 FROM appointment a WHERE a.person = session_user AND a.role = 'app'
      AND a.valid_from <= {TODAY} AND (a.valid_to IS NULL OR {TODAY} < a.valid_to)
      AND NOT EXISTS (SELECT 1 FROM dismissal d WHERE d.appointment = a.id AND d.valid_to <= {TODAY}))
""",
        may=OWNER,
    ),
    _answers(
        "ledger_person",
        "text",
        """
SELECT CASE WHEN ledger_is_app() THEN nullif(current_setting('devolution.person', true), '')
    ELSE session_user::text END
""",
        may=OWNER,
    ),
    _answers("ledger_seen_proposals", "SETOF character varying", questions.SEEN_PROPOSALS.format(**_GIVEN)),
    _answers("ledger_seen_transfers", "SETOF character varying", questions.SEEN_TRANSFERS.format(**_GIVEN)),
    # Numbers of entries alone: so that a reader can tell what is hidden from what was taken away.
    _answers(
        "ledger_unseen",
        "SETOF bigint",
        """
SELECT entry_number FROM proposal WHERE id NOT IN (SELECT ledger_seen_proposals())
UNION SELECT entry_number FROM proposal_end WHERE proposal NOT IN (SELECT ledger_seen_proposals())
UNION SELECT entry_number FROM proposed_transfer WHERE id NOT IN (SELECT ledger_seen_transfers())
""",
    ),
    Function(
        "ledger_faults",
        "first_new bigint",
        "SETOF jsonb",
        f"""
BEGIN
    RETURN QUERY SELECT to_jsonb(f) FROM (
{FAULTS}
    ) f;
END
""",
        volatility="STABLE",
    ),
    # Proposals that somebody's batch names and that they may not see; asked before anything rests on them.
    Function(
        "ledger_hidden",
        "asker text, brought jsonb[]",
        "jsonb",
        f"""
BEGIN
    RETURN (SELECT jsonb_agg(jsonb_build_object('fault', 'hidden', 'proposal', f.proposal, 'reason', f.fault,
                                                'person', asker)) FROM (
{
            questions.BEFOREHAND.format(
                person="$1",
                today=TODAY,
                named=NAMED,
                ends=_brought("proposal_end", "proposal, outcome"),
                proposals=_brought("proposal", "id"),
                entries=_brought("proposed_entry", "id, proposal, nth"),
                legs=_brought("proposed_transfer", "id, proposed_entry, leg"),
            )
        }
    ) f);
END
""",
        volatility="STABLE",
    ),
)


def policies() -> Sequence[tuple[str, str]]:
    """Each table whose rows are not for everybody, with the condition under which a row is shown."""
    said = []
    for model in UNPUBLISHED:
        key = "id" if model in (Proposal, ProposedTransfer) else "proposal"
        seen = "ledger_seen_transfers" if model is ProposedTransfer else "ledger_seen_proposals"
        said.append((str(model.__tablename__), f"{key} IN (SELECT {{schema}}.{seen}())"))
    return said


def statements(schema: str) -> Sequence[str]:
    """The statements that hide rows of proposals from who may not see them. Saying them again changes nothing.

    Args:
        schema: where the ledger is, as the server quotes its name.
    """
    said = []
    for name, condition in policies():
        said += [
            f"ALTER TABLE {schema}.{name} ENABLE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS seen ON {schema}.{name}",
            f"DROP POLICY IF EXISTS added ON {schema}.{name}",
            f"CREATE POLICY seen ON {schema}.{name} FOR SELECT USING ({condition.format(schema=schema)})",
        ]
    return said
