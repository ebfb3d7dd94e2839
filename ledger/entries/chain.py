"""The chain of entries: where it ends, and what it stands for."""

from ledger.entries import canonical
from ledger.store.reading import Reader
from ledger.words import ILLUSTRATIVE

LEGS_OF = """
SELECT f.organisation AS from_organisation, f.fund AS from_fund, f.year AS from_year, f.standing AS from_standing,
       t.organisation AS to_organisation, t.fund AS to_fund, t.year AS to_year, t.standing AS to_standing,
       x.amount_pence, x.recurrent, x.note, x.entry_number, x.leg
FROM transfer x LEFT JOIN account f ON f.id = x.from_account LEFT JOIN account t ON t.id = x.to_account
WHERE x.entry_number BETWEEN $first AND $last
ORDER BY x.entry_number, x.leg
"""

# Neither an entry ``e`` that was undone by the moment, nor the undoing.
NOT_UNDONE = (
    "e.number <= $known AND e.reverses IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM entry u WHERE u.reverses = e.number AND u.number <= $known)"
)
# What the figures of an entry ``e`` rest on, as it says itself, never by what somebody called a file. Books that were
# kept before an entry could say it name what is made up in the sources that the program itself wrote.
STANDING_OF = (
    "coalesce(e.standing, CASE WHEN (e.key LIKE 'demo/%' OR e.key LIKE 'position/%') "
    f"AND e.source LIKE '%(illustrative)%' THEN '{ILLUSTRATIVE}' END)"
)
# The first entry in the second form of the canonical text: the upgrade that brought the form; in a ledger that was
# begun in it, every entry.
FORM_2_FROM = "(SELECT coalesce(min(entry_number), 0) FROM upgrade WHERE form >= 2)"


def form_2_from(reader: Reader) -> int:
    """The number of the first entry that was hashed, and is judged, in the second form; 0 where all are."""
    return reader.whole(f"SELECT {FORM_2_FROM}")


def last_entry(reader: Reader) -> int:
    """The number of the newest entry; 0 in empty books."""
    return reader.whole("SELECT coalesce(max(number), 0) FROM entry")


def head(reader: Reader) -> str:
    """The head of the hash chain: it stands for every entry and for when each was recorded."""
    ((value,),) = reader.rows("SELECT head FROM seal")
    return str(value)


def books_hash(reader: Reader) -> str:
    """One hash of the content of all entries, recorded times left out: equal for the same books made twice."""
    return canonical.books_hash(
        reader.table("SELECT content_hash FROM entry ORDER BY number")["content_hash"].to_pylist()
    )
