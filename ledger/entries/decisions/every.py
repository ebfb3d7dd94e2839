"""All decisions by name, and who else makes the kinds of entry and the records that none of them makes."""

from ledger.entries.decisions import keeping, money, planned, recorded
from ledger.entries.decisions.described import Decision

_ALL = (*money.DECISIONS, *recorded.DECISIONS, *planned.DECISIONS, *keeping.DECISIONS)
DECISIONS: dict[str, Decision] = {one.name: one for one in _ALL}
