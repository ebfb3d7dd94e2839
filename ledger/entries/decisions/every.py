"""All decisions by name, and who else makes the kinds of entry and the records that none of them makes."""

from ledger.entries.decisions import keeping, money, recorded
from ledger.entries.decisions.described import Decision

DECISIONS: dict[str, Decision] = {one.name: one for one in (*money.DECISIONS, *recorded.DECISIONS, *keeping.DECISIONS)}
