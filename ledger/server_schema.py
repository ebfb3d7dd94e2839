"""What a PostgreSQL server is told to hold by itself, whoever writes and by whatever way.

Besides keys, foreign keys and checks, which both kinds of store share:

* a row never changes and is never removed; the seal moves forwards alone, in one's own transaction;
* whoever writes takes the seal first, so that writers come one after another;
* an entry that is sealed takes no more rows, and each new one is the next link of the chain, worked out anew;
* no account falls below its limit on any day, looked at when the transaction ends, for a later entry of a
  batch may bring the money that an earlier one passes on; and a limit is what the tier allows;
* a month that is closed takes no entry, and months close in their order;
* when the transaction ends, the seal stands on its last entry;
* who may do what, which is in ``ledger.server_rights``.

The functions run with the rights of whoever made the ledger. Rules that rest on relationships and
ring-fences are asked in ``ledger.checks`` before an entry is written, and by ``verify`` at any time.
"""

from collections.abc import Collection, Sequence

from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateTable
from sqlmodel import SQLModel

from ledger import server_rights
from ledger.models import RECORDS, TABLES, Account, ClosedMonth, Entry, Transfer

_FUNCTIONS = (
    """
CREATE OR REPLACE FUNCTION ledger_never_changes() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a row of % never changes: correct it by a new entry', TG_TABLE_NAME
        USING ERRCODE = 'integrity_constraint_violation';
END $$
""",
    """
CREATE OR REPLACE FUNCTION ledger_seal_moves_forwards() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.entries < OLD.entries OR NEW.schema_version < OLD.schema_version OR NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'the seal moves forwards alone' USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NEW;
END $$
""",
    # Writers come one after another, and what is sealed stays as it is.
    """
CREATE OR REPLACE FUNCTION ledger_takes_rows() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
DECLARE sealed bigint; misplaced bigint;
BEGIN
    SELECT entries INTO sealed FROM seal FOR UPDATE;
    IF TG_TABLE_NAME = 'entry' THEN
        SELECT min(number) INTO misplaced FROM added WHERE number <= sealed;
    ELSE
        SELECT min(entry_number) INTO misplaced FROM added WHERE entry_number <= sealed;
    END IF;
    IF misplaced IS NOT NULL THEN
        RAISE EXCEPTION 'entry % is sealed and takes no more rows', misplaced
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    IF TG_TABLE_NAME = 'transfer' THEN
        INSERT INTO ledger_written (first_entry) SELECT min(entry_number) FROM added HAVING count(*) > 0;
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE OR REPLACE FUNCTION ledger_entry_is_linked() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
DECLARE previous text; sealed bigint; sealed_head text; newest bigint; newest_hash text;
BEGIN
    previous := repeat('0', 64);
    IF NEW.number > 1 THEN
        SELECT hash INTO previous FROM entry WHERE number = NEW.number - 1;
    END IF;
    IF previous IS NULL OR NEW.number < 1 OR NEW.previous_hash <> previous OR NEW.hash <> encode(sha256(convert_to(
        concat_ws(E'\\x1f', previous, NEW.number::text,
            trunc(extract(epoch FROM NEW.recorded_at) * 1000000)::bigint::text, NEW.content_hash), 'UTF8')), 'hex')
    THEN
        RAISE EXCEPTION 'entry % is not the next link of the chain', NEW.number
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    SELECT entries, head INTO sealed, sealed_head FROM seal;
    SELECT number, hash INTO newest, newest_hash FROM entry ORDER BY number DESC LIMIT 1;
    IF sealed <> newest OR sealed_head <> newest_hash THEN
        RAISE EXCEPTION 'the seal does not stand on entry %', newest USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE OR REPLACE FUNCTION ledger_limit_is_right() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
BEGIN
    PERFORM 1 FROM seal FOR UPDATE;
    IF EXISTS (
        SELECT 1 FROM added a JOIN organisation o ON o.code = a.organisation JOIN tier t ON t.code = o.tier
        WHERE (a.floor_pence IS NULL) <> (t.may_go_below_zero AND a.standing = 'available') OR a.floor_pence <> 0)
    THEN
        RAISE EXCEPTION 'only the source of the money may go below zero'
            USING ERRCODE = 'integrity_constraint_violation';
    END IF;
    RETURN NULL;
END $$
""",
    # The seal is taken first, so that a month which somebody else is closing is closed, or not, before we look.
    """
CREATE OR REPLACE FUNCTION ledger_month_is_open() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
DECLARE late record;
BEGIN
    PERFORM 1 FROM seal FOR UPDATE;
    SELECT a.number, a.effective_date INTO late FROM added a WHERE EXISTS (
        SELECT 1 FROM closed_month c WHERE c.entry_number < a.number AND a.effective_date <= c.last_day)
    ORDER BY a.number LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'entry % is dated %, in a month that is closed', late.number, late.effective_date
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE OR REPLACE FUNCTION ledger_months_close_in_order() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
DECLARE wrong text;
BEGIN
    PERFORM 1 FROM seal FOR UPDATE;
    SELECT a.id INTO wrong FROM added a
    WHERE a.id <> to_char(a.last_day, 'YYYY-MM')
       OR a.last_day <> (date_trunc('month', a.last_day) + interval '1 month - 1 day')::date
       OR EXISTS (SELECT 1 FROM closed_month o WHERE o.last_day > a.last_day AND o.entry_number <= a.entry_number)
       OR (EXISTS (SELECT 1 FROM closed_month o WHERE o.last_day < a.last_day)
           AND NOT EXISTS (SELECT 1 FROM closed_month o
                           WHERE o.last_day = (date_trunc('month', a.last_day) - interval '1 day')::date))
       OR EXISTS (SELECT 1 FROM entry e WHERE e.number > a.entry_number AND e.effective_date <= a.last_day)
    LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'month % cannot be closed: months close whole, in their order, and take no entry afterwards',
            wrong USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
""",
    # One look for each statement that wrote transfers, over all accounts that lose money from that entry on.
    """
CREATE OR REPLACE FUNCTION ledger_limits_hold() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path FROM CURRENT AS $$
DECLARE short record; earlier bigint;
BEGIN
    -- The first look of a transaction reaches from its first entry on, so the others need not look again.
    DELETE FROM ledger_written WHERE first_entry >= NEW.first_entry;
    GET DIAGNOSTICS earlier = ROW_COUNT;
    IF earlier = 0 THEN
        RETURN NULL;
    END IF;
    SELECT a.organisation, a.fund, a.year, a.standing, s.effective_date INTO short
    FROM (
        SELECT d.account, d.effective_date, d.floor_pence,
               sum(d.pence) OVER (PARTITION BY d.account ORDER BY d.effective_date) AS balance_pence
        FROM (
            SELECT m.account, m.floor_pence, e.effective_date, sum(m.pence) AS pence
            FROM (
                SELECT l.id AS account, l.floor_pence, t.entry_number, -t.amount_pence AS pence
                FROM transfer t JOIN account l ON l.id = t.from_account
                WHERE l.floor_pence IS NOT NULL
                  AND l.id IN (SELECT from_account FROM transfer WHERE entry_number >= NEW.first_entry)
                UNION ALL
                SELECT l.id, l.floor_pence, t.entry_number, t.amount_pence
                FROM transfer t JOIN account l ON l.id = t.to_account
                WHERE l.floor_pence IS NOT NULL
                  AND l.id IN (SELECT from_account FROM transfer WHERE entry_number >= NEW.first_entry)
            ) m JOIN entry e ON e.number = m.entry_number
            GROUP BY m.account, m.floor_pence, e.effective_date
        ) d
    ) s JOIN account a ON a.id = s.account
    WHERE s.balance_pence < s.floor_pence LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION 'account % % % % would be below its limit on %',
            short.organisation, short.fund, short.year, short.standing, short.effective_date
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NULL;
END $$
""",
)

_WRITTEN = "CREATE TABLE IF NOT EXISTS ledger_written (first_entry bigint NOT NULL)"
# Limits are looked at by account, and both sides of a transfer are asked for.
_INDEXES = (
    "CREATE INDEX IF NOT EXISTS transfer_from_account ON transfer (from_account)",
    "CREATE INDEX IF NOT EXISTS transfer_to_account ON transfer (to_account)",
)
_DEFERRED = "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION"


def tables() -> Sequence[str]:
    """The tables of the models, as a server is told to make them where they are not there yet."""
    return [
        str(CreateTable(model.__table__, if_not_exists=True).compile(dialect=postgresql.dialect()))  # type: ignore[attr-defined,no-untyped-call]
        for model in TABLES
    ]


def statements(there: Collection[str] | None = None) -> Sequence[str]:
    """Everything that has to be said to a server once its tables are there. Saying it again changes nothing.

    Args:
        there: the tables that there are, where a migration has not made all of them yet.
    """
    known = [model for model in TABLES if there is None or str(model.__tablename__) in there]
    # Rights rest on every table; nobody writes to a ledger of a version that lacks one.
    whole = len(known) == len(TABLES)
    said = [_WRITTEN, *_INDEXES, *_FUNCTIONS, *(server_rights.statements() if whole else ())]
    for model in known:
        name = str(model.__tablename__)
        if name != "seal":
            said += _trigger(name, "never_changes", "BEFORE UPDATE OR DELETE OR TRUNCATE", "FOR EACH STATEMENT")
    said += _trigger("seal", "never_changes", "BEFORE DELETE OR TRUNCATE", "FOR EACH STATEMENT")
    said += _trigger("seal", "seal_moves_forwards", "BEFORE UPDATE", "FOR EACH ROW")
    taking: tuple[type[SQLModel], ...] = (Entry, *RECORDS, Transfer)
    for model in taking:
        if model in known:
            said += _statement(model, "takes_rows")
            said += _statement(model, "is_entered") if whole else []
    said += _statement(Account, "limit_is_right")
    if ClosedMonth in known:
        said += _statement(Entry, "month_is_open") + _statement(ClosedMonth, "months_close_in_order")
    said += _deferred("entry", "entry_is_linked")
    said += _deferred("ledger_written", "limits_hold")
    said += _deferred("ledger_entered", "rights_hold") if whole else []
    return said


def _trigger(table: str, does: str, when: str, each: str) -> list[str]:
    return [f'CREATE OR REPLACE TRIGGER {does} {when} ON "{table}" {each} EXECUTE FUNCTION ledger_{does}()']


def _statement(model: type[SQLModel], does: str) -> list[str]:
    each = "REFERENCING NEW TABLE AS added FOR EACH STATEMENT"
    return _trigger(str(model.__tablename__), does, "AFTER INSERT", each)


def _deferred(table: str, does: str) -> list[str]:
    # A constraint trigger cannot be replaced, only made anew.
    return [
        f"DROP TRIGGER IF EXISTS {does} ON {table}",
        f"CREATE CONSTRAINT TRIGGER {does} AFTER INSERT ON {table} {_DEFERRED} ledger_{does}()",
    ]
