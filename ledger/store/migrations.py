"""Numbered changes of the tables, from each version to the next. No row is ever dropped.

Each is carried out in a transaction of its own together with its record in the table ``migration``, which
the first one makes, and with the version in the seal. A ledger is migrated only when somebody asks for it. One that
changes what is hashed, or what is asked of entries, posts an entry of its own, so that the change itself is sealed.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Protocol

from ledger.entries import canonical
from ledger.store import views

RECORDS = """
CREATE TABLE IF NOT EXISTS migration (
    version INTEGER PRIMARY KEY, name VARCHAR NOT NULL,
    applied_at TIMESTAMP WITH TIME ZONE NOT NULL, head VARCHAR NOT NULL)
"""


@dataclass(frozen=True, slots=True)
class Migration:
    """One change of the tables.

    Attributes:
        version: the version that it leads to, from the one before.
        name: what it does, in a few words.
        statements: SQL that both databases understand.
        file_statements: what a DuckDB file needs besides: where a table is changed there, it is made anew.
        server_statements: what a PostgreSQL server needs besides.
        finish: what is done last, before the version counts.
    """

    version: int
    name: str
    statements: Sequence[str] = ()
    file_statements: Sequence[str] = ()
    server_statements: Sequence[str] = ()
    finish: Callable[["Alteration"], None] = field(default=lambda _: None)


# Written out, and not made from the models: a migration stays what it was when the models change again.
_PROPOSALS = (
    """
CREATE TABLE proposal (
    id VARCHAR NOT NULL PRIMARY KEY, title VARCHAR NOT NULL, prepared_by VARCHAR NOT NULL, expires_on DATE,
    source VARCHAR, source_hash VARCHAR, entry_number BIGINT NOT NULL REFERENCES entry (number),
    UNIQUE (id, prepared_by))
""",
    """
CREATE TABLE proposed_entry (
    id VARCHAR NOT NULL PRIMARY KEY, proposal VARCHAR NOT NULL REFERENCES proposal (id), nth INTEGER NOT NULL,
    key VARCHAR NOT NULL, kind VARCHAR NOT NULL, effective_date DATE NOT NULL, reason VARCHAR NOT NULL,
    authority VARCHAR, source VARCHAR, source_hash VARCHAR, brings VARCHAR,
    entry_number BIGINT NOT NULL REFERENCES entry (number), UNIQUE (proposal, nth))
""",
    """
CREATE TABLE proposed_transfer (
    id VARCHAR NOT NULL PRIMARY KEY, proposed_entry VARCHAR NOT NULL REFERENCES proposed_entry (id),
    leg INTEGER NOT NULL, from_organisation VARCHAR NOT NULL REFERENCES organisation (code),
    from_fund VARCHAR NOT NULL REFERENCES fund (code), from_year INTEGER NOT NULL, from_standing VARCHAR NOT NULL,
    to_organisation VARCHAR NOT NULL REFERENCES organisation (code),
    to_fund VARCHAR NOT NULL REFERENCES fund (code), to_year INTEGER NOT NULL, to_standing VARCHAR NOT NULL,
    amount_pence BIGINT NOT NULL CHECK (amount_pence > 0), recurrent BOOLEAN NOT NULL, note VARCHAR,
    entry_number BIGINT NOT NULL REFERENCES entry (number))
""",
    """
CREATE TABLE proposal_end (
    proposal VARCHAR NOT NULL PRIMARY KEY, prepared_by VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL CHECK (outcome IN ('posted', 'part-posted', 'rejected', 'withdrawn', 'expired')),
    decided_by VARCHAR NOT NULL, reason VARCHAR NOT NULL, entry_number BIGINT NOT NULL REFERENCES entry (number),
    FOREIGN KEY (proposal, prepared_by) REFERENCES proposal (id, prepared_by),
    CHECK (outcome NOT IN ('posted', 'part-posted') OR prepared_by <> decided_by))
""",
)
_CLOSED_MONTHS = (
    """
CREATE TABLE closed_month (
    id VARCHAR NOT NULL PRIMARY KEY, last_day DATE NOT NULL UNIQUE,
    entry_number BIGINT NOT NULL REFERENCES entry (number))
""",
)
_APPOINTMENTS = (
    """
CREATE TABLE appointment (
    id VARCHAR NOT NULL PRIMARY KEY, person VARCHAR NOT NULL,
    role VARCHAR NOT NULL CHECK (role IN ('viewer', 'preparer', 'approver', 'auditor', 'administrator', 'app')),
    organisation VARCHAR REFERENCES organisation (code), limit_pence BIGINT, alone BOOLEAN NOT NULL,
    valid_from DATE NOT NULL, valid_to DATE, entry_number BIGINT NOT NULL REFERENCES entry (number),
    CHECK (limit_pence IS NULL OR (limit_pence >= 0 AND role IN ('preparer', 'approver'))),
    CHECK (NOT alone OR role = 'approver'), CHECK (role <> 'app' OR organisation IS NULL),
    CHECK (valid_to IS NULL OR valid_from < valid_to))
""",
    """
CREATE TABLE dismissal (
    id VARCHAR NOT NULL PRIMARY KEY, appointment VARCHAR NOT NULL REFERENCES appointment (id),
    valid_to DATE NOT NULL, entry_number BIGINT NOT NULL REFERENCES entry (number))
""",
)


def _made_anew(table: str, columns: str, definition: str) -> tuple[str, ...]:
    """A table of a file with another definition and the same rows; DuckDB cannot change one that others name."""
    return (
        f"CREATE TABLE {table}_before AS SELECT * FROM {table}",
        f"DROP TABLE {table}",
        f"CREATE TABLE {table} ({definition})",
        f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {table}_before",
        f"DROP TABLE {table}_before",
    )


_FORM_2 = (
    """
CREATE TABLE source_limit (
    id VARCHAR NOT NULL PRIMARY KEY, fund VARCHAR NOT NULL REFERENCES fund (code), year INTEGER NOT NULL,
    limit_pence BIGINT NOT NULL CHECK (limit_pence >= 0), source VARCHAR NOT NULL, supersedes VARCHAR UNIQUE,
    entry_number BIGINT NOT NULL REFERENCES entry (number))
""",
    """
CREATE TABLE upgrade (
    id VARCHAR NOT NULL PRIMARY KEY, name VARCHAR NOT NULL, form INTEGER NOT NULL, previous_head VARCHAR NOT NULL,
    earlier VARCHAR NOT NULL, entry_number BIGINT NOT NULL REFERENCES entry (number))
""",
    """
CREATE TABLE account_day (
    account BIGINT NOT NULL, day DATE NOT NULL, in_pence BIGINT NOT NULL, out_pence BIGINT NOT NULL,
    PRIMARY KEY (account, day))
""",
    """
INSERT INTO account_day (account, day, in_pence, out_pence)
SELECT m.account, e.effective_date, CAST(sum(m.came) AS BIGINT), CAST(sum(m.went) AS BIGINT) FROM (
    SELECT entry_number, to_account AS account, amount_pence AS came, 0 AS went FROM transfer
    UNION ALL SELECT entry_number, from_account, 0, amount_pence FROM transfer
) m JOIN entry e ON e.number = m.entry_number GROUP BY m.account, e.effective_date
""",
)
_DISMISSAL = """
    id VARCHAR NOT NULL PRIMARY KEY, appointment VARCHAR NOT NULL REFERENCES appointment (id),
    valid_to DATE NOT NULL, entry_number BIGINT NOT NULL REFERENCES entry (number)
"""
_APPOINTMENT = """
    id VARCHAR NOT NULL PRIMARY KEY, person VARCHAR NOT NULL,
    role VARCHAR NOT NULL CHECK (role IN ('viewer', 'preparer', 'approver', 'auditor', 'administrator', 'app')),
    organisation VARCHAR REFERENCES organisation (code), limit_pence BIGINT, limit_period VARCHAR,
    alone BOOLEAN NOT NULL, valid_from DATE NOT NULL, valid_to DATE,
    entry_number BIGINT NOT NULL REFERENCES entry (number),
    CHECK (limit_pence IS NULL OR (limit_pence >= 0 AND role IN ('preparer', 'approver'))),
    CHECK (limit_period IS NULL OR (limit_pence IS NOT NULL AND limit_period IN ('day', 'month', 'year'))),
    CHECK (NOT alone OR role = 'approver'), CHECK (role <> 'app' OR organisation IS NULL),
    CHECK (valid_to IS NULL OR valid_from < valid_to)
"""
_PROPOSAL_END = """
    proposal VARCHAR NOT NULL PRIMARY KEY, prepared_by VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL CHECK (outcome IN ('posted', 'part-posted', 'rejected', 'withdrawn', 'expired')),
    decided_by VARCHAR NOT NULL, reason VARCHAR NOT NULL, content_hash VARCHAR, posted VARCHAR,
    entry_number BIGINT NOT NULL REFERENCES entry (number),
    FOREIGN KEY (proposal, prepared_by) REFERENCES proposal (id, prepared_by),
    CHECK (outcome NOT IN ('posted', 'part-posted') OR prepared_by <> decided_by)
"""
# DuckDB keeps an index for each key, which cost most of all posting. Posting finds accounts and what they name, and
# numbers legs, itself; verify looks for what is missing or there twice (docs/decisions/0021).
ACCOUNT_OF_A_FILE = """
    id BIGINT NOT NULL PRIMARY KEY, organisation VARCHAR NOT NULL, fund VARCHAR NOT NULL, year INTEGER NOT NULL,
    standing VARCHAR NOT NULL CHECK (standing IN ('available', 'retained', 'spent')), floor_pence BIGINT,
    UNIQUE (organisation, fund, year, standing)
"""
TRANSFER_OF_A_FILE = """
    entry_number BIGINT NOT NULL, leg INTEGER NOT NULL, from_account BIGINT NOT NULL, to_account BIGINT NOT NULL,
    amount_pence BIGINT NOT NULL CHECK (amount_pence > 0), recurrent BOOLEAN NOT NULL, note VARCHAR,
    CHECK (from_account <> to_account)
"""
_FORM_2_FILE = (
    "CREATE TABLE dismissal_before AS SELECT * FROM dismissal",
    "DROP TABLE dismissal",
    *_made_anew(
        "appointment",
        "id, person, role, organisation, limit_pence, alone, valid_from, valid_to, entry_number",
        _APPOINTMENT,
    ),
    f"CREATE TABLE dismissal ({_DISMISSAL})",
    "INSERT INTO dismissal SELECT * FROM dismissal_before",
    "DROP TABLE dismissal_before",
    *_made_anew("proposal_end", "proposal, prepared_by, outcome, decided_by, reason, entry_number", _PROPOSAL_END),
    *_made_anew(
        "transfer",
        "entry_number, leg, from_account, to_account, amount_pence, recurrent, note",
        TRANSFER_OF_A_FILE,
    ),
    *_made_anew("account", "id, organisation, fund, year, standing, floor_pence", ACCOUNT_OF_A_FILE),
    "CREATE TABLE seal_before AS SELECT * FROM seal",
    "DROP TABLE seal",
    """
CREATE TABLE seal (
    id INTEGER NOT NULL PRIMARY KEY, schema_version INTEGER NOT NULL, entries BIGINT NOT NULL, head VARCHAR NOT NULL,
    moved_pence BIGINT NOT NULL)
""",
    "INSERT INTO seal SELECT id, schema_version, entries, head, 0 FROM seal_before",
    "DROP TABLE seal_before",
)
_FORM_2_SERVER = (
    "ALTER TABLE appointment ADD COLUMN limit_period VARCHAR",
    """
ALTER TABLE appointment
    ADD CHECK (limit_period IS NULL OR (limit_pence IS NOT NULL AND limit_period IN ('day', 'month', 'year')))
""",
    "ALTER TABLE proposal_end ADD COLUMN content_hash VARCHAR",
    "ALTER TABLE proposal_end ADD COLUMN posted VARCHAR",
    "ALTER TABLE seal ALTER COLUMN entries TYPE BIGINT",
    "ALTER TABLE seal ADD COLUMN moved_pence BIGINT NOT NULL DEFAULT 0",
)
_MIGRATOR = "migration"


def _seal_form_2(alteration: "Alteration") -> None:
    """Post the entry from which on entries are hashed, and judged, in the second form."""
    alteration.execute("UPDATE seal SET moved_pence = (SELECT coalesce(sum(amount_pence), 0) FROM transfer)")
    ((entries, head),) = alteration.rows("SELECT entries, head FROM seal")
    if not entries:
        return  # a ledger without entries begins in the second form
    done = alteration.rows("SELECT version, name, CAST(applied_at AS VARCHAR), head FROM migration ORDER BY version")
    earlier = [dict(zip(("version", "name", "applied_at", "head"), row, strict=True)) for row in done]
    ((latest,),) = alteration.rows("SELECT max(recorded_at) FROM entry")
    moment = max(datetime.now(UTC), latest + timedelta(microseconds=1))
    facts = {
        "key": "upgrade/5", "kind": "upgrade", "effective_date": moment.astimezone(UTC).date(), "actor": _MIGRATOR,
        "reason": "entries are hashed in the second form from here on", "authority": None, "source": None,
        "source_hash": None, "reverses": None,
    }  # fmt: skip
    row = {"id": "5", "name": _FORM_2_NAME, "form": 2, "previous_head": head, "earlier": json.dumps(earlier)}
    text = "".join(canonical.field(value) for value in row.values()).encode()
    part = canonical.part("upgrade", len(row), memoryview(text), [0, len(text)])
    content = canonical.content_hash(facts, [part])
    number = entries + 1
    link = canonical.chain_hash(head, number, moment, content)
    entry = {
        **facts,
        "number": number,
        "recorded_at": moment,
        "content_hash": content,
        "previous_hash": head,
        "hash": link,
    }
    alteration.insert("entry", entry)
    alteration.insert("upgrade", {**row, "entry_number": number})
    alteration.execute(f"UPDATE seal SET entries = {number}, head = '{link}'")


_PLANS = (
    """
CREATE TABLE renaming (
    id VARCHAR NOT NULL PRIMARY KEY, organisation VARCHAR REFERENCES organisation (code),
    fund VARCHAR REFERENCES fund (code), name VARCHAR NOT NULL, valid_from DATE NOT NULL,
    entry_number BIGINT NOT NULL REFERENCES entry (number), CHECK ((organisation IS NULL) <> (fund IS NULL)),
    UNIQUE (organisation, valid_from, entry_number), UNIQUE (fund, valid_from, entry_number))
""",
    """
CREATE TABLE forecast (
    id VARCHAR NOT NULL PRIMARY KEY, organisation VARCHAR NOT NULL REFERENCES organisation (code),
    fund VARCHAR NOT NULL REFERENCES fund (code), year INTEGER NOT NULL, as_at DATE NOT NULL,
    amount_pence BIGINT NOT NULL, entry_number BIGINT NOT NULL REFERENCES entry (number), CHECK (amount_pence >= 0),
    UNIQUE (organisation, fund, year, as_at, entry_number))
""",
    """
CREATE TABLE letter (
    id VARCHAR NOT NULL PRIMARY KEY, reference VARCHAR NOT NULL, month DATE NOT NULL,
    from_organisation VARCHAR NOT NULL REFERENCES organisation (code),
    to_organisation VARCHAR NOT NULL REFERENCES organisation (code), fund VARCHAR NOT NULL REFERENCES fund (code),
    year INTEGER NOT NULL, amount_pence BIGINT NOT NULL, recurrent BOOLEAN NOT NULL, contact VARCHAR,
    anticipated_on DATE, notified_on DATE, entry_number BIGINT NOT NULL REFERENCES entry (number),
    CHECK (amount_pence <> 0), CHECK (from_organisation <> to_organisation),
    CHECK (anticipated_on IS NOT NULL OR notified_on IS NOT NULL), UNIQUE (reference, to_organisation, entry_number))
""",
    """
CREATE TABLE contribution (
    id VARCHAR NOT NULL PRIMARY KEY, pool VARCHAR NOT NULL REFERENCES organisation (code),
    payer VARCHAR NOT NULL REFERENCES organisation (code), fund VARCHAR NOT NULL REFERENCES fund (code),
    year INTEGER NOT NULL, agreed_pence BIGINT NOT NULL, minimum_pence BIGINT,
    entry_number BIGINT NOT NULL REFERENCES entry (number), CHECK (agreed_pence >= 0),
    CHECK (minimum_pence IS NULL OR (minimum_pence >= 0 AND minimum_pence <= agreed_pence)),
    UNIQUE (pool, payer, fund, year, entry_number))
""",
    """
CREATE TABLE contract (
    id VARCHAR NOT NULL PRIMARY KEY, code VARCHAR NOT NULL, kind VARCHAR NOT NULL,
    holder VARCHAR NOT NULL REFERENCES organisation (code),
    commissioner VARCHAR NOT NULL REFERENCES organisation (code),
    fund VARCHAR NOT NULL REFERENCES fund (code), population BIGINT, part_of VARCHAR, valid_from DATE NOT NULL,
    valid_to DATE, entry_number BIGINT NOT NULL REFERENCES entry (number),
    CHECK (kind IN ('iho', 'mnp', 'snp', 'capitated', 'other')), CHECK (holder <> commissioner),
    CHECK (population IS NULL OR population > 0), CHECK (valid_to IS NULL OR valid_from < valid_to),
    UNIQUE (code, entry_number))
""",
    """
CREATE TABLE instalment (
    id VARCHAR NOT NULL PRIMARY KEY, code VARCHAR NOT NULL, fund VARCHAR NOT NULL REFERENCES fund (code),
    payer VARCHAR NOT NULL REFERENCES organisation (code), receiver VARCHAR NOT NULL REFERENCES organisation (code),
    year INTEGER NOT NULL, due_on DATE NOT NULL, amount_pence BIGINT NOT NULL, test VARCHAR NOT NULL,
    outcome VARCHAR NOT NULL, moved_to VARCHAR REFERENCES organisation (code),
    entry_number BIGINT NOT NULL REFERENCES entry (number), CHECK (amount_pence > 0), CHECK (payer <> receiver),
    CHECK (outcome IN ('due', 'earned', 'withheld', 'moved')),
    CHECK ((outcome = 'moved') = (moved_to IS NOT NULL)), UNIQUE (code, entry_number))
""",
    """
CREATE TABLE person_day (
    person VARCHAR NOT NULL, day DATE NOT NULL, moved_pence BIGINT NOT NULL, PRIMARY KEY (person, day))
""",
    """
INSERT INTO person_day (person, day, moved_pence)
SELECT e.actor, CAST(e.recorded_at AT TIME ZONE 'UTC' AS DATE), CAST(sum(t.amount_pence) AS BIGINT)
FROM entry e JOIN transfer t ON t.entry_number = e.number
GROUP BY e.actor, CAST(e.recorded_at AT TIME ZONE 'UTC' AS DATE)
""",
)
# Limits were counted by it, entry by entry.
_PLANS_SERVER = ("DROP INDEX IF EXISTS entry_of_person",)


# What a source does not say of a fund is not known. What was hashed before these columns came is hashed without them,
# so the chain stays as it is; and of earlier rows nobody guesses what they rest on.
_NOT_KNOWN = (
    "ALTER TABLE terms ALTER COLUMN recurrent DROP NOT NULL",
    "ALTER TABLE terms ALTER COLUMN notified_on DROP NOT NULL",
    "ALTER TABLE terms ADD COLUMN discretion VARCHAR",
    "ALTER TABLE terms ADD COLUMN certain_to INTEGER",
    "ALTER TABLE terms ADD COLUMN announced_on DATE",
    "ALTER TABLE terms ADD COLUMN bid_by DATE",
    "ALTER TABLE terms ADD COLUMN return_months VARCHAR",
    "ALTER TABLE terms ADD COLUMN standing VARCHAR",
    "ALTER TABLE entry ADD COLUMN standing VARCHAR",
    "ALTER TABLE proposed_entry ADD COLUMN standing VARCHAR",
)
# Earlier rows say 0 and none, and go on saying it: whether anybody had looked, nobody guesses.
_MATCH_NOT_KNOWN = (
    "ALTER TABLE terms ALTER COLUMN match_percent DROP NOT NULL",
    "ALTER TABLE terms ALTER COLUMN clawback DROP NOT NULL",
)

# Earlier rows go on saying what they said. Terms without a grade or a route are those that no source says.
_GRADE_NOT_KNOWN = (
    "ALTER TABLE terms ALTER COLUMN grade DROP NOT NULL",
    "ALTER TABLE terms ALTER COLUMN route DROP NOT NULL",
)


_FORM_2_NAME = "hashing in the second form; balances by day; limits of the source"
MIGRATIONS: tuple[Migration, ...] = (
    Migration(2, "proposals, what they propose and how they ended", _PROPOSALS),
    Migration(3, "months that are closed", _CLOSED_MONTHS),
    Migration(4, "who may do what: appointments and dismissals", _APPOINTMENTS),
    Migration(5, _FORM_2_NAME, _FORM_2, _FORM_2_FILE, _FORM_2_SERVER, _seal_form_2),
    Migration(6, "what is expected and arranged; what people moved by day", _PLANS, server_statements=_PLANS_SERVER),
    Migration(7, "terms that are not known; discretion, certainty, and what figures rest on", _NOT_KNOWN),
    Migration(8, "match and clawback that are not known", _MATCH_NOT_KNOWN),
    # A server is told of its views with all else that it holds besides rows (ledger/store/server/schema.py), and a file
    # of those of today by the newest migration that changed them.
    Migration(9, "views for plain SQL"),
    Migration(
        10,
        "grades and routes that are not known",
        _GRADE_NOT_KNOWN,
        file_statements=tuple(views.statements(views.FILE_WORDS)),
    ),
    # A server is told of its functions anew; what one of them is given has changed, so it is another by the same name.
    Migration(
        11,
        "shorter questions of what moves money alone, on a server",
        server_statements=("DROP FUNCTION IF EXISTS ledger_may(bigint, text[], bigint[])",),
    ),
)
FIRST_VERSION = 1
SCHEMA_VERSION = FIRST_VERSION + len(MIGRATIONS)


class Alteration(Protocol):
    """A transaction in which the tables may be changed; the ledger's kind of store provides it."""

    server: bool

    def execute(self, sql: str) -> None:
        """Carry out a statement."""

    def whole(self, sql: str) -> int:
        """The single whole number that a question answers with."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer to a question, times in UTC."""

    def insert(self, table: str, row: dict[str, Any]) -> None:
        """Add one row to a table."""


def apply_next(alteration: Alteration, migrations: Sequence[Migration] = MIGRATIONS) -> Migration | None:
    """Carry out the next migration that the ledger lacks, with its record; None where it lacks none.

    The version is read inside the transaction: of two who migrate at once the second finds it done.
    """
    version = alteration.whole("SELECT schema_version FROM seal")
    waiting = [migration for migration in migrations if migration.version > version]
    if not waiting:
        return None
    following = min(waiting, key=lambda migration: migration.version)
    assert following.version == version + 1, "migrations are numbered without gaps"
    alteration.execute(RECORDS)
    besides = following.server_statements if alteration.server else following.file_statements
    for statement in (*following.statements, *besides):
        alteration.execute(statement)
    following.finish(alteration)
    name = following.name.replace("'", "''")
    alteration.execute(
        "INSERT INTO migration (version, name, applied_at, head) "
        f"SELECT {following.version}, '{name}', CURRENT_TIMESTAMP, head FROM seal"
    )
    alteration.execute(f"UPDATE seal SET schema_version = {following.version}")
    return following
