"""Who has more or less, of what and for which purpose: the statement of resource movement that partners are owed.

Receivers are all who hold money: ICBs, places, networks, practices, and councils, providers, pools and holders of
contracts where a step gives to them. A purpose is what a step says that a fund is for, such as prevention; else the
fund's own name.
"""

from dataclasses import dataclass

import pyarrow as pa

from scenarios.change import held
from scenarios.world import World

_KEYS = ["organisation", "organisation_name", "tier", "resource", "fund"]


@dataclass(frozen=True)
class ResourceMovement:
    """What one receiver has for one purpose, before and after; in pence.

    Attributes:
        resource: ``revenue`` or ``capital``, which are never added up.
    """

    organisation: str
    name: str
    tier: str
    resource: str
    purpose: str
    before_pence: int
    after_pence: int

    @property
    def change_pence(self) -> int:
        """How much more it has."""
        return self.after_pence - self.before_pence


def movements(before: pa.Table, after: pa.Table, world: World) -> tuple[ResourceMovement, ...]:
    """Every receiver and purpose that has another amount than before; the largest changes first."""
    names = dict(
        zip(*(pa.concat_tables([before, after])[name].to_pylist() for name in ("fund", "fund_name")), strict=True)
    )
    sums: dict[tuple[str, str, str, str, str], list[int]] = {}
    for place, table in enumerate((before, after)):
        own = held(table).select([*_KEYS, "amount_pence"])
        for row in own.group_by(_KEYS).aggregate([("amount_pence", "sum")]).to_pylist():
            purpose = world.purposes.get(row["fund"]) or names[row["fund"]]
            key = (row["organisation"], row["organisation_name"], row["tier"], row["resource"], purpose)
            sums.setdefault(key, [0, 0])[place] += row["amount_pence_sum"]
    found = [
        ResourceMovement(code, name, tier, resource, purpose, had, has)
        for (code, name, tier, resource, purpose), (had, has) in sums.items()
        if had != has
    ]
    return tuple(sorted(found, key=lambda one: (-abs(one.change_pence), one.organisation, one.purpose)))
