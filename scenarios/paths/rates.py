"""By how much money grows from one year to the next, and how well that is known."""

from typing import Literal

from pydantic import Field

from allocations.reading.strict_yaml import StrictModel
from scenarios.fields import Rate, Text, Years
from scenarios.selection import Funds, FundSelection

# What becomes of money of which it is not known whether it recurs.
NotKnown = Literal["continues", "falls away"]
# How a figure came to be known, the best first; and how firm the money of a year is.
STANDINGS = ("published", "projected", "assumed")
CERTAINTIES = ("firm", "indicative", "assumed")


class YearlyGrowth(StrictModel):
    """Growth of chosen funds from the year before, in each of some years.

    Of several that choose the same money the first holds. What none of them chooses stays as it is, and counts as
    assumed.

    Attributes:
        standing: whether the rate is published, projected from what is published, or assumed.
        certainty: whether the money is promised (firm), announced with reserve (indicative), or assumed.
    """

    funds: FundSelection = Field(default_factory=Funds)
    years: Years
    rate: Rate
    standing: Literal["published", "projected", "assumed"]
    certainty: Literal["firm", "indicative", "assumed"]
    reason: Text = Field(min_length=1)
    source: Text = Field(min_length=1)
