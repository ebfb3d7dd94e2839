"""What each payer's share is of what is left in a pooled fund."""

from allocations.shares.apportion import apportion
from ledger.reports.arrangements import Pool

OTHERS = "(others)"


def shares_of_what_is_left(pool: Pool) -> dict[str, int] | None:
    """What is left at the host, shared among those who paid in by what they paid in, to the penny.

    Returns:
        Payer, or ``OTHERS`` for whoever paid in without an agreement, to pence, which sum to what is left; None where
        nobody has paid anything in.
    """
    weights = {payer.organisation: max(0, payer.paid_pence) for payer in pool.payers}
    if pool.others_pence:
        weights[OTHERS] = pool.others_pence
    return apportion(pool.left_pence, weights) if any(weights.values()) else None
