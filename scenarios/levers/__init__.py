"""The levers: each a model of a step in a scenario file, and a pure function from a position to a position."""

from typing import Annotated

from pydantic import Field

from scenarios.levers.devolve import Devolve

ALL = (Devolve,)
Step = Annotated[Devolve, Field()]
