"""Some pots of one receiver put together: what that would ask of it, as every reading of grades has it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ledger.readings import RECORDED, GradeReading, all_with
from ledger.reports.measures import EARMARKED_GRADES, PotHeld
from ledger.reports.receivers import Received, measured
from ledger.words import strictest

# Which pots might be put together: by their size, by their lasting, by their strings.
MERGERS: Mapping[str, Callable[[Received, PotHeld], bool]] = {
    "small": lambda one, pot: pot.amount_pence < one.penny_packet_pence,
    "one-off": lambda _, pot: pot.row["recurrent"] is False,
    "tied": lambda _, pot: pot.row["grade"] in EARMARKED_GRADES,
}


def chosen_by(one: Received, merger: str) -> set[str]:
    """The codes of the pots of a receiver that one of ``MERGERS`` chooses."""
    return {pot.code for pot in one.pots if MERGERS[merger](one, pot)}


def put_together(
    one: Received, codes: Collection[str], code: str, name: str, reading: GradeReading = RECORDED
) -> Received:
    """A receiver as it would be if some of its pots were one, without inner ring-fences; what it asks, it asks once.

    As the lever ``merge`` has it: notice when the last is known and the deadline of the first, as many returns as the
    most that one of them asks for; what is known of none of them is not known. In every reading the same money is put
    together, on the strictest grade that this reading finds in it.

    Args:
        one: as ``seen_by_each`` measures it.
        codes: of the pots to put together; with fewer than two of its own the receiver stays as it is.
        code: of the new pot, called ``name``.
        reading: of grades, by which ``one`` was measured.
    """
    chosen = [pot.code for pot in one.pots if pot.code in codes]
    if len(chosen) < 2:  # noqa: PLR2004 - one pot is together already
        return one
    rows, names = one.rows, {one.organisation: one.name}
    funders = None if one.funders is None else {one.organisation: one.funders}
    meant = pc.is_in(reading.read(rows)["pot"], value_set=pa.array(chosen, pa.string()))
    found = {}
    for each in all_with(reading):
        (found[each],) = measured(
            _as_one(each.read(rows), meant, code, name), names, one.penny_packet_pence, None, funders
        )
    by_reading = {each: its.values for each, its in found.items()}
    return replace(found[reading], by_reading=by_reading, every=one.every)


def _as_one(rows: pa.Table, meant: pa.Array, code: str, name: str) -> pa.Table:
    """Rows of which those that are meant are one fund on one set of terms."""
    whole = rows.filter(meant)
    terms: dict[str, Any] = {
        "fund": code, "fund_name": name, "pot": code, "grade": strictest(whole["grade"].to_pylist()),
        "recurrent": pc.min(whole["recurrent"]).as_py(), "notified_on": pc.max(whole["notified_on"]).as_py(),
        "spend_by": pc.min(whole["spend_by"]).as_py(), "returns_per_year": pc.max(whole["returns_per_year"]).as_py(),
    }  # fmt: skip
    for column, value in terms.items():
        place, field = rows.schema.get_field_index(column), rows.schema.field(column)
        rows = rows.set_column(place, field, pc.if_else(meant, pa.scalar(value, field.type), rows[column]))
    return rows
