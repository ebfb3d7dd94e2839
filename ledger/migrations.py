"""Numbered changes of the tables, from each version to the next. Nothing is ever dropped.

Each is carried out in a transaction of its own together with its record in the table ``migration``, which
the first one makes, and with the version in the seal. A ledger is migrated only when somebody asks for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

_RECORDS = """
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
        server_statements: what a PostgreSQL server needs besides.
    """

    version: int
    name: str
    statements: Sequence[str]
    server_statements: Sequence[str] = ()


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
MIGRATIONS: tuple[Migration, ...] = (
    Migration(2, "proposals, what they propose and how they ended", _PROPOSALS),
    Migration(3, "months that are closed", _CLOSED_MONTHS),
    Migration(4, "who may do what: appointments and dismissals", _APPOINTMENTS),
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
    alteration.execute(_RECORDS)
    for statement in (*following.statements, *(following.server_statements if alteration.server else ())):
        alteration.execute(statement)
    name = following.name.replace("'", "''")
    alteration.execute(
        "INSERT INTO migration (version, name, applied_at, head) "
        f"SELECT {following.version}, '{name}', CURRENT_TIMESTAMP, head FROM seal"
    )
    alteration.execute(f"UPDATE seal SET schema_version = {following.version}")
    return following
