"""Whether the seal, the changes of the tables and the chain agree on which version the books are of.

An entry of kind ``upgrade`` says from where on entries are hashed and judged in a new form. What it says decides how
the whole chain is read, so it is held to the entry that brought it, and to the record that migrations keep.
"""

import json
from datetime import UTC, datetime
from typing import Any

from ledger.entries.canonical import GENESIS
from ledger.entries.kinds import UPGRADE
from ledger.errors import Problem
from ledger.store import migrations
from ledger.store.reading import Reader

_REMEDY = "Restore the ledger from a backup, and find out who could write to it."
_UPGRADES = f"""
SELECT u.*, e.number, e.key, e.kind, e.previous_hash, e.hash FROM upgrade u FULL JOIN (
    SELECT * FROM entry WHERE kind = '{UPGRADE}' OR number IN (SELECT entry_number FROM upgrade)) e
    ON e.number = u.entry_number
ORDER BY u.entry_number, e.number
"""
_HAS_RECORD = "SELECT count(*) FROM duckdb_tables() WHERE table_name = 'migration'"
_RECORD = f"""
SELECT m.version, m.name, CAST(m.applied_at AS VARCHAR) AS applied_at, m.head,
       m.head = '{GENESIS}' OR EXISTS (SELECT 1 FROM entry e WHERE e.hash = m.head) AS is_a_head
FROM migration m ORDER BY m.version
"""


def problems(reader: Reader) -> list[Problem]:
    """Where the seal, the upgrades and the record of migrations do not agree."""
    upgrades = reader.table(_UPGRADES).to_pylist()
    record = reader.table(_RECORD).to_pylist() if reader.whole(_HAS_RECORD) else []
    return [*_seal_problems(reader), *_upgrade_problems(upgrades), *_record_problems(record, upgrades)]


def _seal_problems(reader: Reader) -> list[Problem]:
    rows = reader.rows("SELECT id, schema_version FROM seal")
    if len(rows) != 1:
        found = f"there are {len(rows)} of it."
        return [Problem("the seal", found, "It says how many entries there are and where they end.", _REMEDY)]
    ((number, version),) = rows
    if (number, version) == (1, migrations.SCHEMA_VERSION):
        return []
    found = f"it is number {number}, of version {version} of the tables."
    why = f"There is one, and these tables are of version {migrations.SCHEMA_VERSION}."
    return [Problem("the seal", found, why, _REMEDY)]


def _upgrade_problems(upgrades: list[dict[str, Any]]) -> list[Problem]:
    found = []
    form = 1
    for row in upgrades:
        place = f"entry {row['number'] or row['entry_number']}, upgrade {row['id'] or 'without a row'}"
        why = "It decides in which form every entry is hashed, and by which rules it is judged."
        if row["id"] is None or row["kind"] != UPGRADE or row["key"] != f"upgrade/{row['id']}":
            brings = "nothing" if row["id"] is None else "it"
            said = f"an entry of kind {row['kind']}, '{row['key']}', brings {brings}."
            found.append(Problem(place, said, "A migration posts an upgrade, as an entry of its own.", _REMEDY))
            continue
        if row["form"] != form + 1:
            said = f"it leads to form {row['form']} of the hashed text, and the one before is form {form}."
            found.append(Problem(place, said, why, _REMEDY))
        form = row["form"]
        if not row["id"].isdecimal() or not 1 < int(row["id"]) <= migrations.SCHEMA_VERSION:
            said = "there is no such version of the tables."
            found.append(Problem(place, said, why, _REMEDY))
        if row["previous_head"] != row["previous_hash"]:
            said = f"it was made on the head {row['previous_head']}, and its entry follows {row['previous_hash']}."
            found.append(Problem(place, said, why, _REMEDY))
        if _migrations(row["earlier"]) is None:
            said = "the migrations before it cannot be read."
            found.append(Problem(place, said, "They are kept in it so that they cannot be changed.", _REMEDY))
    return found


def _record_problems(record: list[dict[str, Any]], upgrades: list[dict[str, Any]]) -> list[Problem]:
    """What the table of migrations says otherwise than the chain does. A copy of a ledger has no such table.

    When the newest migration was done is sealed by no upgrade yet, so that alone is taken as it stands.
    """
    if not record:
        return []
    versions = [step["version"] for step in record]
    newest = migrations.SCHEMA_VERSION
    found = []
    if versions != list(range(newest - len(versions) + 1, newest + 1)):
        said = f"it tells of the versions {', '.join(map(str, versions))}."
        why = f"Each version follows the one before, to {newest}, and is recorded once."
        found.append(Problem("the record of migrations", said, why, _REMEDY))
    sealed: dict[int, dict[str, Any]] = {}
    for row in upgrades:
        sealed |= {step["version"]: step for step in _migrations(row["earlier"]) or []}
        if str(row["id"]).isdecimal():
            sealed[int(row["id"])] = {"name": row["name"], "head": row["hash"]}
    newest_sealed = max(sealed, default=0)
    for step in record:
        told = {**step, "applied_at": _moment(step["applied_at"])}
        said_of_it = sealed.pop(step["version"], {})
        wrong = [name for name, value in said_of_it.items() if told[name] != value]
        if wrong or not step["is_a_head"] or (step["version"] <= newest_sealed and not said_of_it):
            said = f"its {', '.join(wrong) or 'record'} is not what the chain says."
            why = "A change of the tables is recorded with the head of that time, and sealed by the next upgrade."
            found.append(Problem(f"migration {step['version']}", said, why, _REMEDY))
    why = "What an upgrade has sealed is in the record too."
    return found + [Problem(f"migration {version}", "it is missing.", why, _REMEDY) for version in sorted(sealed)]


def _migrations(earlier: str | None) -> list[dict[str, Any]] | None:
    """The migrations that an upgrade seals; None where the text is none that a migration writes."""
    try:
        found = [
            {"version": int(step["version"]), "name": str(step["name"]), "head": str(step["head"]),
             "applied_at": _moment(step["applied_at"])}
            for step in json.loads(earlier or "")
        ]  # fmt: skip
    except (ValueError, TypeError, KeyError):
        return None
    return None if any(step["applied_at"] is None for step in found) else found


def _moment(text: object) -> datetime | None:
    """A moment as either database writes it, which leave out zeros at its end differently; None for other texts."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return None
