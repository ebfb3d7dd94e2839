"""What the figures of an entry ``e`` rest on, in SQL: as it says itself, never by what somebody called a file."""

from ledger.words import ILLUSTRATIVE

# Neither an entry that was undone by the moment, nor the undoing.
NOT_UNDONE = (
    "e.number <= $known AND e.reverses IS NULL AND NOT EXISTS "
    "(SELECT 1 FROM entry u WHERE u.reverses = e.number AND u.number <= $known)"
)
# Books that were kept before an entry could say it name what is made up in the sources that the program itself wrote.
STANDING_OF = (
    "coalesce(e.standing, CASE WHEN (e.key LIKE 'demo/%' OR e.key LIKE 'position/%') "
    f"AND e.source LIKE '%(illustrative)%' THEN '{ILLUSTRATIVE}' END)"
)
