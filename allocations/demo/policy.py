"""A devolution policy: what an ICB sets aside, hands to places and networks, and keeps, as a file."""

import hashlib
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated

from pydantic import Field, field_validator, model_validator

from allocations.figures import tables
from allocations.figures.tables import FOLDER
from allocations.figures.weightings import weighting
from allocations.reading.strict_yaml import StrictModel, Whole, read_model
from ledger.years import FinancialYear, parse_year

DEFAULT = FOLDER / "devolution_policy.yaml"

Share = Annotated[Decimal, Field(ge=0, le=1)]


class _Weighted(StrictModel):
    by: str

    @field_validator("by")
    @classmethod
    def _known_weighting(cls, name: str) -> str:
        return weighting(name)


class Earmark(_Weighted):
    """A published total that ICBs set aside inside one fund for another, shared out by a weighting."""

    source_fund: str = Field(alias="from")
    fund: str = Field(alias="to")
    total_pounds: Whole = Field(gt=0)
    quality: str
    source: str
    reason: str


class Headings(StrictModel):
    """Budget headings inside one fund, by parts that sum to the whole."""

    source_fund: str = Field(alias="from")
    parts: dict[str, Share]
    quality: str
    source: str
    reason: str

    @model_validator(mode="after")
    def _whole(self) -> "Headings":
        total = sum(self.parts.values())
        if total != 1:
            raise ValueError(f"the parts sum to {total}, and must sum to 1")
        return self


class Devolution(_Weighted):
    """A share of one fund that goes to places, by a weighting."""

    fund: str
    share: Share
    reason: str


class Networks(StrictModel):
    """What goes to primary care networks under the network contract."""

    source_fund: str = Field(alias="from")
    fund: str = Field(alias="to")
    elements: tuple[str, ...]
    quality: str
    source: str
    reason: str


class AgreedRetention(StrictModel):
    """What is kept with the partners' agreement: all that is kept of a fund, or a share of what was received."""

    fund: str
    share: Share | None = None
    partners: str
    purpose: str
    valid_to: date | None = None


class Policy(StrictModel):
    """A devolution policy. Its status says whether anybody has adopted it."""

    title: str
    status: str
    year: FinancialYear
    effective_date: date
    earmarks: tuple[Earmark, ...] = ()
    headings: Headings
    devolve: tuple[Devolution, ...]
    networks: Networks
    agreements: tuple[AgreedRetention, ...] = ()

    @model_validator(mode="after")
    def _known_funds(self) -> "Policy":
        known = set(tables.table("funds")["code"].to_pylist())
        named = [part.source_fund for part in self.earmarks] + [part.fund for part in self.earmarks]
        named += [self.headings.source_fund, *self.headings.parts, self.networks.source_fund, self.networks.fund]
        for once in ([part.fund for part in self.devolve], [part.fund for part in self.agreements]):
            twice = sorted({fund for fund in once if once.count(fund) > 1})
            if twice:
                raise ValueError(f"{', '.join(twice)} stands twice, and would be counted twice")
            named += once
        unknown = sorted(set(named) - known)
        if unknown:
            near = get_close_matches(unknown[0], known, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            raise ValueError(f"there is no fund {', '.join(unknown)}{hint}")
        return self

    @field_validator("year", mode="before")
    @classmethod
    def _year(cls, text: object) -> FinancialYear:
        return parse_year(str(text))


def read_policy(path: Path = DEFAULT) -> tuple[Policy, str]:
    """A policy from its file, with the SHA-256 of the file.

    Raises:
        Refused: the file cannot be read, or something in it is unknown, missing, impossible or said
            twice; each with its line or its key.
    """
    return read_model(path, Policy), hashlib.sha256(path.read_bytes()).hexdigest()
