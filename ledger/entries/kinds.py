"""What an entry may do, as a table: which way money may go, on which fund, and between which standings."""

from dataclasses import dataclass

from ledger.words import AVAILABLE, RETAINED, SPENT

DOWN, UP, WITHIN = "down", "up", "within"
SAME, INSIDE, SAME_OR_INSIDE, OTHER = "same", "inside", "same or inside", "other"

# The two sides of what is carried forward at year end: out of one year, and into the next.
CARRY, BRING = "carry", "bring"
_OPEN = frozenset({(AVAILABLE, AVAILABLE)})


@dataclass(frozen=True, slots=True)
class Kind:
    """The rule for one kind of entry.

    Attributes:
        name: the word in the books.
        meaning: what it does, in a sentence for people.
        direction: to an organisation below the payer, above it, or within one organisation.
        fund: whether money keeps its fund, may narrow to a fund inside it, or changes fund.
        standings: the pairs (from, to) that are allowed.
    """

    name: str
    meaning: str
    direction: str
    fund: str
    standings: frozenset[tuple[str, str]]


MONEY_KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("mandate", "the source gives the national body its limit", DOWN, SAME_OR_INSIDE, _OPEN),
        Kind("allocate", "an organisation passes money to one below it", DOWN, SAME_OR_INSIDE, _OPEN),
        Kind(
            "devolve",
            "an organisation hands money, and the decision over it, to one below it",
            DOWN,
            SAME_OR_INSIDE,
            frozenset({(AVAILABLE, AVAILABLE), (RETAINED, AVAILABLE)}),
        ),
        Kind("earmark", "money is set aside for a narrower purpose inside its fund", WITHIN, INSIDE, _OPEN),
        Kind("retain", "an organisation keeps money back", WITHIN, SAME, frozenset({(AVAILABLE, RETAINED)})),
        Kind("release", "money kept back becomes available", WITHIN, SAME, frozenset({(RETAINED, AVAILABLE)})),
        Kind("vire", "money moves from one fund to another", WITHIN, OTHER, _OPEN),
        Kind("consolidate", "several funds are put together into one", WITHIN, OTHER, _OPEN),
        Kind(
            "spend",
            "money is used for its purpose",
            WITHIN,
            SAME,
            frozenset({(AVAILABLE, SPENT), (RETAINED, SPENT)}),
        ),
        Kind("return", "money goes back to an organisation above, on the same fund", UP, SAME, _OPEN),
        Kind(
            CARRY,
            "money that is left at year end goes back to its source, to come again in the next year",
            UP,
            SAME,
            frozenset({(AVAILABLE, AVAILABLE), (RETAINED, AVAILABLE)}),
        ),
        Kind(
            BRING,
            "money that was carried forward comes from its source in the next year",
            DOWN,
            SAME,
            frozenset({(AVAILABLE, AVAILABLE), (AVAILABLE, RETAINED)}),
        ),
    )
}

# Entries that move no money: they bring organisations, funds and terms, agreements, control totals,
# proposals with what became of them, the end of a month, who may do what, limits of the source, and upgrades;
# and what is only expected or arranged.
CLOSE, APPOINT, DISMISS = "close", "appoint", "dismiss"
# The most that the source may give; and a change of the tables, which only a migration posts.
LIMIT, UPGRADE = "limit", "upgrade"
# What is expected to be spent; a line of an allocation letter; who pays into a pooled fund, who holds a contract, and
# what is paid in instalments.
FORECAST, LETTER, ARRANGE = "forecast", "letter", "arrange"
RECORD_KINDS = ("structure", "terms", "agree", "assert", "propose", "decide", CLOSE, APPOINT, DISMISS, LIMIT, UPGRADE,
                FORECAST, LETTER, ARRANGE)  # fmt: skip
REVERSE = "reverse"
# Keys that begin so are kept for reversals, so that nobody can block one by taking its key.
REVERSAL_KEY = "reverse:"
ALL_KINDS = (*MONEY_KINDS, *RECORD_KINDS, REVERSE)
