"""A devolution policy: what an ICB sets aside, hands to places and networks, and keeps, as a file."""

import hashlib
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from allocations.fair_shares import weighting
from allocations.figures import FOLDER
from ledger.errors import Problem, Refused
from ledger.years import FinancialYear, parse_year

DEFAULT = FOLDER / "devolution_policy.yaml"

Share = Annotated[Decimal, Field(ge=0, le=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class _Weighted(_Part):
    by: str

    @field_validator("by")
    @classmethod
    def _known_weighting(cls, name: str) -> str:
        return weighting(name)


class Earmark(_Weighted):
    """A published total that ICBs set aside inside one fund for another, shared out by a weighting."""

    source_fund: str = Field(alias="from")
    fund: str = Field(alias="to")
    total_pounds: int = Field(gt=0)
    quality: str
    source: str
    reason: str


class Headings(_Part):
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


class Networks(_Part):
    """What goes to primary care networks under the network contract."""

    source_fund: str = Field(alias="from")
    fund: str = Field(alias="to")
    elements: tuple[str, ...]
    quality: str
    source: str
    reason: str


class AgreedRetention(_Part):
    """What is kept with the partners' agreement: all that is kept of a fund, or a share of what was received."""

    fund: str
    share: Share | None = None
    partners: str
    purpose: str
    valid_to: date | None = None


class Policy(_Part):
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

    @field_validator("year", mode="before")
    @classmethod
    def _year(cls, text: object) -> FinancialYear:
        return parse_year(str(text))


class _NoDuplicates(yaml.SafeLoader):
    """YAML takes the last of two equal keys in silence; a policy may not say two things."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [self.construct_object(key, deep=deep) for key, _ in node.value]
        for key in keys:
            if keys.count(key) > 1:
                raise yaml.MarkedYAMLError(problem=f"the key '{key}' stands twice", problem_mark=node.start_mark)
        return super().construct_mapping(node, deep=deep)


def read_policy(path: Path = DEFAULT) -> tuple[Policy, str]:
    """A policy from its file, with the SHA-256 of the file.

    Raises:
        Refused: the file cannot be read, or something in it is unknown, missing, impossible or said
            twice; each with its line or its key.
    """
    try:
        content = path.read_bytes()
        # Shares are read as text, so that 0.1 is a tenth and not the float nearest to it.
        policy = Policy.model_validate(yaml.load(content, Loader=_TextLoader))  # noqa: S506 - a safe loader
    except OSError as error:
        raise Refused([Problem(str(path), "it cannot be read.", "The policy is needed.", "Check the name.")]) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else "?"
        raise Refused(
            [
                Problem(
                    f"{path.name}, line {line}",
                    f"{error.problem}.",
                    "The file cannot be understood.",
                    "Correct the line.",
                )
            ]
        ) from error
    except ValidationError as error:
        raise Refused(
            [
                Problem(
                    f"{path.name}, {'.'.join(str(part) for part in fault['loc']) or 'the whole'}",
                    f"{fault['msg']} (found {fault['input']!r}).",
                    "The policy would not say what was meant.",
                    "Compare with the policy that the project ships.",
                )
                for fault in error.errors()
            ]
        ) from error
    return policy, hashlib.sha256(content).hexdigest()


class _TextLoader(_NoDuplicates):
    """Numbers stay the text that was written; pydantic makes exact decimals of them."""


_TextLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:float"]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
