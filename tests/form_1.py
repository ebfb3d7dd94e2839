"""The first form of the hashed text, written out by hand: what ledgers of earlier versions hold.

Fields are joined by U+001F, a missing one is U+0015, a row ends with U+001E, a table begins with its name and U+001D.
"""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

FACTS = ("key", "kind", "effective_date", "actor", "reason", "authority", "source", "source_hash", "reverses")
LEG = ("organisation", "fund", "year", "standing")


def rehashed(
    entries: Sequence[Mapping[str, object]],
    brought: Mapping[str, Sequence[Mapping[str, object]]],
    accounts: Sequence[Mapping[str, object]],
    transfers: Sequence[Mapping[str, object]],
) -> list[dict[str, object]]:
    """Entries with the content hash, the previous hash and the hash that the first form gives them.

    Args:
        brought: table to its rows, tables in the order in which they are hashed; a row's first column is its key.
    """
    by_id = {account["id"]: account for account in accounts}
    previous, found = "0" * 64, []
    for entry in sorted(entries, key=lambda entry: entry["number"]):
        text = "\x1f".join(["devolution-ledger/1", *(_text(entry[name]) for name in FACTS)]) + "\x1e"
        for table, rows in brought.items():
            own = [row for row in rows if row["entry_number"] == entry["number"]]
            own.sort(key=lambda row: str(next(iter(row.values()))).encode())
            text += (table + "\x1d") * bool(own) + "".join(
                _row(v for k, v in row.items() if k != "entry_number") for row in own
            )
        legs = sorted((leg for leg in transfers if leg["entry_number"] == entry["number"]), key=lambda leg: leg["leg"])
        text += "transfer\x1d" * bool(legs)
        for leg in legs:
            sides = [by_id[leg[side]][name] for side in ("from_account", "to_account") for name in LEG]
            text += _row([*sides, leg["amount_pence"], leg["recurrent"], leg["note"]])
        content = _sha256(text)
        moment = (entry["recorded_at"].astimezone(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
        link = _sha256("\x1f".join((previous, str(entry["number"]), str(moment), content)))
        found.append({**entry, "content_hash": content, "previous_hash": previous, "hash": link})
        previous = link
    return found


def _row(values) -> str:
    return "\x1f".join(map(_text, values)) + "\x1e"


def _text(value: object) -> str:
    return "\x15" if value is None else str(value).lower() if isinstance(value, bool) else str(value)


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
