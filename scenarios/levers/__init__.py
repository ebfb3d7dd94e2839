"""The levers: each a model of a step in a scenario file, and a pure function from a position to a position."""

from typing import Annotated

from pydantic import Field

from scenarios.levers.amounts import Cut, Grow, Withdraw
from scenarios.levers.autonomy import Autonomy
from scenarios.levers.capitate import Capitate
from scenarios.levers.converge import Converge
from scenarios.levers.devolve import Devolve
from scenarios.levers.earmarks import Cap, Prevention
from scenarios.levers.merge import Merge, Settlement
from scenarios.levers.pot import Match, Pot
from scenarios.levers.release import Announce, Release
from scenarios.levers.reroute import Reroute, Reweigh
from scenarios.levers.restructure import Restructure
from scenarios.levers.retain import Retain
from scenarios.levers.tapers import Instalments, Taper

ALL = (
    Devolve, Autonomy, Retain, Release, Announce, Merge, Settlement, Reroute, Reweigh, Converge, Grow, Cut, Withdraw,
    Match, Restructure, Pot, Taper, Instalments, Capitate, Prevention, Cap,
)  # fmt: skip
Step = Annotated[
    Devolve
    | Autonomy
    | Retain
    | Release
    | Announce
    | Merge
    | Settlement
    | Reroute
    | Reweigh
    | Converge
    | Grow
    | Cut
    | Withdraw
    | Match
    | Restructure
    | Pot
    | Taper
    | Instalments
    | Capitate
    | Prevention
    | Cap,
    Field(discriminator="lever"),
]
