"""Whatever keys, foreign keys and checks hold, verify asks as well: a file could be made without them."""

import unicodedata
from collections.abc import Iterator

import duckdb
import pyarrow as pa
import pytest
from sqlalchemy import CheckConstraint, UniqueConstraint

from ledger import characters
from ledger.models import TABLES
from ledger.reports import stored_rows
from ledger.store.reading import Reader
from tests.books import texts
from tests.hands import Hand, Hands
from tests.tampering import Rows, delete, insert, update

MODELS = {str(model.__tablename__): model.__table__ for model in TABLES}
# A change that breaks each check of the models, whatever row it is made to.
BROKEN = {
    "amount_pence > 0": "amount_pence = 0",
    "from_account <> to_account": "from_account = to_account",
    "parent <> child": "parent = child",
    "weight > 0": "weight = -1",
    "limit_pence >= 0": "limit_pence = -1",
    "standing IN ('available', 'retained', 'spent')": "standing = 'borrowed'",
    "outcome IN ('posted', 'part-posted', 'rejected', 'withdrawn', 'expired')": "outcome = 'lost'",
    "outcome NOT IN ('posted', 'part-posted') OR prepared_by <> decided_by": "outcome = 'posted', decided_by = prepared_by",
    "role IN ('viewer', 'preparer', 'approver', 'auditor', 'administrator', 'app')": "role = 'king'",
    "limit_pence IS NULL OR (limit_pence >= 0 AND role IN ('preparer', 'approver'))": "limit_pence = 5, role = 'viewer'",
    "limit_period IS NULL OR (limit_pence IS NOT NULL AND limit_period IN ('day', 'month', 'year'))": "limit_period = 'hour'",
    "NOT alone OR role = 'approver'": "alone = true, role = 'viewer'",
    "role <> 'app' OR organisation IS NULL": "role = 'app', organisation = 'ICB1'",
    "valid_to IS NULL OR valid_from < valid_to": "valid_to = valid_from",
    "(organisation IS NULL) <> (fund IS NULL)": "organisation = NULL, fund = NULL",
    "amount_pence >= 0": "amount_pence = -1",
    "amount_pence <> 0": "amount_pence = 0",
    "from_organisation <> to_organisation": "to_organisation = from_organisation",
    "anticipated_on IS NOT NULL OR notified_on IS NOT NULL": "anticipated_on = NULL, notified_on = NULL",
    "agreed_pence >= 0": "agreed_pence = -1",
    "minimum_pence IS NULL OR (minimum_pence >= 0 AND minimum_pence <= agreed_pence)": "minimum_pence = -1",
    "kind IN ('iho', 'mnp', 'snp', 'capitated', 'other')": "kind = 'gift'",
    "holder <> commissioner": "commissioner = holder",
    "population IS NULL OR population > 0": "population = 0",
    "payer <> receiver": "receiver = payer",
    "outcome IN ('due', 'earned', 'withheld', 'moved')": "outcome = 'lost'",
    "(outcome = 'moved') = (moved_to IS NOT NULL)": "outcome = 'moved', moved_to = NULL",
}  # fmt: skip


@pytest.fixture
def kind() -> str:
    """The questions are one text for both kinds of store, and a server's rows come to the same tables."""
    return "file"


@pytest.fixture
def rows(hands: Hands) -> Rows:
    """The rows as they were."""
    with hands() as hand, hand.reading() as reader:
        return Rows(reader)


def told(hands: Hands, *changes: str) -> str:
    with hands() as hand:
        return told_of(hand, changes)


def told_of(hand: Hand, changes: tuple[str, ...]) -> str:
    for change in changes:
        hand.do(change)
    with hand.reading() as reader:
        return texts(stored_rows.problems(reader))


def test_rows_that_were_posted_are_as_they_must_be(hands: Hands) -> None:
    assert told(hands) == ""


def test_what_is_never_missing_is_missed(hands: Hands, rows: Rows) -> None:
    """First all of a row but its key, then its key."""
    for table, model in MODELS.items():
        never = [column.name for column in model.columns if not column.nullable]
        row = rows.rows[table][-1]
        for missing in ([name for name in never if name not in keys(table)], keys(table)):
            nothing = dict.fromkeys(missing)
            said = told(hands, update(table, row, nothing)) if missing else ""
            place = stored_rows.place(table, {**row, **nothing})
            assert [name for name in missing if f"{place}: its {name} is missing." not in said] == [], table


def test_what_tells_a_row_from_all_others_is_there_once(hands: Hands, rows: Rows) -> None:
    for table, columns in unique():
        having = (row for row in rows.rows[table] if all(row[name] is not None for name in columns))
        first, second = next(having), next(having, None)
        if second is None:  # one row has it: a second one is made
            second = {**first, **{name: f"{first[name]}2" for name in keys(table) if isinstance(first[name], str)}}
            said = told(hands, insert(table, second))
        else:
            said = told(hands, update(table, second, {name: first[name] for name in columns}))
        assert f"2 rows have its {' and '.join(columns)}." in said, (table, columns)


def test_a_row_that_is_there_twice_is_named(hands: Hands, rows: Rows) -> None:
    for table in MODELS:
        row = rows.rows[table][-1]
        said = told(hands, insert(table, row))
        # The legs of an entry are read in their order with the chain, and the seal is asked for with the version.
        assert (f"{stored_rows.place(table, row)}: 2 rows have its " in said) == (table != "transfer"), table


def test_what_a_row_names_is_there(hands: Hands, rows: Rows) -> None:
    for table, model in MODELS.items():
        for constraint in model.foreign_key_constraints:
            names = [column.name for column in constraint.columns]
            row = next(row for row in rows.rows[table] if all(row[name] is not None for name in names))
            lost = {name: 999_999 if isinstance(row[name], int) else "nowhere" for name in names}
            place = stored_rows.place(table, {**row, **lost})
            missing = ", ".join(map(str, lost.values()))
            said = told(hands, update(table, row, lost))
            target = constraint.referred_table.name.replace("_", " ")
            assert f"{place}: its {' and '.join(names)} is {target} {missing}, which is not there." in said, (
                table,
                names,
            )


def test_rows_that_name_what_was_taken_away_are_counted(hands: Hands, rows: Rows) -> None:
    (account,) = (row for row in rows.rows["account"] if (row["organisation"], row["standing"]) == ("P1", "spent"))
    named = [leg for leg in rows.rows["transfer"] if leg["to_account"] == account["id"]]
    said = told(hands, delete("account", account))
    first = min(leg["entry_number"] for leg in named)
    assert f"entry {first}, leg 1: its to_account is account {account['id']}, which is not there" in said
    assert f", and so for {len(named) - 1} more row" in said


def test_every_check_is_asked(hands: Hands, rows: Rows) -> None:
    tried = set()
    for table, check in checks():
        row = rows.rows[table][-1]
        where = " AND ".join(f"{name} = {row[name]!r}" for name in keys(table) if not hasattr(row[name], "day"))
        said = told(hands, f'UPDATE "{table}" SET {BROKEN[check]} WHERE {where}')
        assert f"{stored_rows.place(table, row)}: it is not so that {check}." in said, (table, check)
        tried.add(check)
    assert tried == BROKEN.keys()


def test_every_text_is_asked_for_what_cannot_be_seen(hands: Hands, rows: Rows) -> None:
    """All of a table at once, each of its texts with a character of its own."""
    unseen = ("\x01", "\x1b", "\x85", "\xad", "\u200b", "\u202e", "\u2066", "\ufeff", "\u2028", "\ue000", "\u3164", "\ufe0f")  # fmt: skip
    asked = 0
    for table, columns in rows.texts().items():
        row = rows.rows[table][0]
        letters = {name: unseen[nth % len(unseen)] for nth, name in enumerate(columns)}
        changed = {name: f"{row[name] or ''}{letter}x" for name, letter in letters.items()}
        if not changed:
            continue
        said = told(hands, update(table, row, changed))
        for name in changed:
            shown = f"U+{ord(letters[name]):04X}"
            place = stored_rows.place(table, {**row, **changed}, name)
            assert f"{place}: it holds characters that cannot be seen ({shown})" in said
            asked += 1
    assert asked > 100


def test_a_text_that_can_be_seen_is_none_of_it(hands: Hands, rows: Rows) -> None:
    row = {**rows.rows["organisation"][0]}
    name = "Ynys Môn, ’s-Hertogenbosch – Ελλάδα, 東京, £5 a\u00a0head, ½, ẞ, 🙂"  # noqa: RUF001 - such as people write
    assert told(hands, update("organisation", row, {"name": name})) == ""


def test_the_database_misses_no_character_that_cannot_be_seen() -> None:
    """Its own tables of Unicode are another version's than Python's, which has the last word."""
    letters = [chr(code) for code in range(0x110000) if unicodedata.category(chr(code)) != "Cs"]
    with duckdb.connect() as raw:
        reader = Reader(raw)
        reader.stage("letters", pa.table({"letter": letters}))
        asked = f"SELECT letter FROM letters WHERE regexp_matches(letter, '{stored_rows.MAY_BE_UNSEEN}')"
        found = set(reader.table(asked)["letter"].to_pylist())
    assert [letter for letter in letters if characters.unseen(letter) and letter not in found] == []
    assert len([letter for letter in found if unicodedata.category(letter) not in ("Cn", "Co")]) < 1_000


def unique() -> Iterator[tuple[str, list[str]]]:
    for table, model in MODELS.items():
        for constraint in model.constraints:
            if isinstance(constraint, UniqueConstraint):
                yield table, [column.name for column in constraint.columns]


def checks() -> Iterator[tuple[str, str]]:
    for table, model in MODELS.items():
        for constraint in {*model.constraints, *(one for column in model.columns for one in column.constraints)}:
            if isinstance(constraint, CheckConstraint):
                yield table, str(constraint.sqltext)


def keys(table: str) -> list[str]:
    return [column.name for column in MODELS[table].primary_key.columns]
