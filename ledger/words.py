"""The words that the books use: standings, grades of ring-fence, routes of money, qualities and resources."""

from collections.abc import Iterable, Mapping

AVAILABLE, RETAINED, SPENT = "available", "retained", "spent"
STANDINGS = (AVAILABLE, RETAINED, SPENT)
GRADES = ("none", "monitored", "soft", "hard", "statutory")
# How strict each is, where several count and the strictest holds. One that no source says, None, comes after those that
# leave money free, which say nothing of it, and before those that tie it, which hold whatever it is.
STRICTNESS: Mapping[str | None, int] = {
    grade: strictness for strictness, grade in enumerate((*GRADES[:2], None, *GRADES[2:]))
}
ROUTES = (
    "formula", "equal shares", "bid", "claim", "prize", "direction", "historic",
    # How practices are paid beside that: for what they reached, at what premises and drugs cost, by local agreement.
    "achievement", "rent", "drugs", "locally agreed",
)  # fmt: skip
QUALITIES = ("red", "amber", "green")
RESOURCES = ("revenue", "capital")
# Whose decision a pound of a fund really is: the holder's own; the holder's within a contract of its own making; that
# of a contract made nationally, as the GP and the network contract are; or nobody's, for it only passes through.
FREE, LOCAL_CONTRACT, NATIONAL_CONTRACT, PASS_THROUGH = DISCRETIONS = (
    "free",
    "local contract",
    "national contract",
    "pass-through",
)
# Of such money it is nobody's choice whether it is kept or handed on.
NO_CHOICE = (NATIONAL_CONTRACT, PASS_THROUGH)
# Who is paid past the ICBs, as councils are by ministries; and all tiers whose money is not, or not yet, that of ICBs
# or of anybody below one: it is in no share of what is.
PAST_ICBS = "past_icbs"
NOT_OF_ICBS = ("government", "national", "region", PAST_ICBS)
# What a figure rests on: it was published so; it follows from published figures by a rule that is told; it is carried
# forward into years that nobody published; whoever keeps the books says so; or it is made up to show something.
PUBLISHED, DERIVED, PROJECTED, OWN, ILLUSTRATIVE = FIGURE_STANDINGS = (
    "published",
    "derived",
    "projected",
    "own",
    "illustrative",
)
PARTLY_ILLUSTRATIVE = (
    "Part of these books is illustrative: the entries that say so, such as what ICBs devolve and keep."
)
# How the source of an entry begins that rests on a line of an allocation letter; the line's reference follows.
LETTER_SOURCE = "Allocation letter "
# The same of an instalment; its own name follows.
INSTALMENT_SOURCE = "Instalment "
CONTRACTS = ("iho", "mnp", "snp", "capitated", "other")
DUE, EARNED, WITHHELD, MOVED = "due", "earned", "withheld", "moved"
OUTCOMES = (DUE, EARNED, WITHHELD, MOVED)


def strictest(grades: Iterable[str | None]) -> str | None:
    """Which of several grades holds; None where that is not known, or there are none."""
    return max(grades, key=STRICTNESS.__getitem__, default=None)


# A fund with one of these grades leaves its purpose only as its terms allow, with an authority named.
RING_FENCED = ("hard", "statutory")

# The tables of the books by name, as the models have them: whoever follows a server needs no more of them than this.
TABLES = (
    "seal",
    "entry",
    "tier",
    "organisation",
    "closure",
    "relationship",
    "succession",
    "fund",
    "terms",
    "agreement",
    "control_total",
    "proposal",
    "proposed_entry",
    "proposed_transfer",
    "proposal_end",
    "closed_month",
    "appointment",
    "dismissal",
    "source_limit",
    "upgrade",
    "renaming",
    "forecast",
    "letter",
    "contribution",
    "contract",
    "instalment",
    "account",
    "transfer",
    "account_day",
    "person_day",
)
# What is not published: who has no right over its organisations does not see it.
UNPUBLISHED = ("proposal", "proposed_entry", "proposed_transfer", "proposal_end")
APP = "app"

# How each holder's part of a pot was worked out: the note of its leg begins with one of these words.
PARTS = (PUBLISHED_PARTS, PUBLISHED_RULE, OUR_RULE, MADE_UP, NOT_SPLIT) = (
    "published for each ICB",
    "published total and published rule",
    "published total and our rule",
    "illustrative",
    "parts not published",
)
