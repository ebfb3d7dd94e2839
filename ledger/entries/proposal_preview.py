"""What a proposal would do, in names: its entries with their amounts, its legs with who pays whom.

Asked through a reader that was opened for somebody, they are what that person may see of it.
"""

from typing import Any

from ledger.store.base import Reader

_ENTRIES = """
SELECT n.nth, n.kind, n.effective_date, n.reason, n.authority, n.source, n.source_hash,
       coalesce(w.number, e.number) AS posted_as,
       count(t.id) AS legs, CAST(coalesce(sum(t.amount_pence), 0) AS BIGINT) AS amount_pence
FROM proposed_entry n LEFT JOIN proposed_transfer t ON t.proposed_entry = n.id
LEFT JOIN proposal_end d ON d.proposal = n.proposal AND d.outcome IN ('posted', 'part-posted')
-- They stand directly after the decision that names them; decisions from before are known by their entries' keys.
LEFT JOIN (
    SELECT m.id, o.entry_number + row_number() OVER (ORDER BY m.nth) AS number
    FROM proposed_entry m JOIN proposal_end o ON o.proposal = m.proposal
    WHERE m.proposal = $id AND list_contains(string_split(o.posted, ','), CAST(m.nth AS VARCHAR))
) w ON w.id = n.id
LEFT JOIN entry e ON e.key = n.key AND d.proposal IS NOT NULL AND d.content_hash IS NULL
WHERE n.proposal = $id
GROUP BY n.nth, n.kind, n.effective_date, n.reason, n.authority, n.source, n.source_hash, w.number, e.number
ORDER BY n.nth
"""
_LEGS = """
SELECT n.nth AS entry, t.leg,
       f.name AS from_name, t.from_organisation, x.name AS from_fund, t.from_year, t.from_standing,
       g.name AS to_name, t.to_organisation, y.name AS to_fund, t.to_year, t.to_standing,
       t.recurrent, t.note, t.amount_pence
FROM proposed_entry n JOIN proposed_transfer t ON t.proposed_entry = n.id
JOIN organisation f ON f.code = t.from_organisation JOIN fund x ON x.code = t.from_fund
JOIN organisation g ON g.code = t.to_organisation JOIN fund y ON y.code = t.to_fund
WHERE n.proposal = $id
ORDER BY n.nth, t.leg
"""


def entries(reader: Reader, key: str) -> list[dict[str, Any]]:
    """Its entries in order: what each is for, how many legs it has and what they move.

    ``posted_as`` is the number of the entry that it became; none where it was not posted.
    """
    rows: list[dict[str, Any]] = reader.table(_ENTRIES, {"id": key}).to_pylist()
    return rows


def legs(reader: Reader, key: str) -> list[dict[str, Any]]:
    """Its legs in order: from whom to whom by name and code, on which fund, year and standing, and how much."""
    rows: list[dict[str, Any]] = reader.table(_LEGS, {"id": key}).to_pylist()
    return rows
