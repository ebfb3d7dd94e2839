"""A pace of change as a file: what was chosen, with its reasons, for people to read and change."""

import hashlib
import re
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator, Field, model_validator

from allocations.figures import tables
from allocations.reading.strict_yaml import StrictModel, read_model
from allocations.shares.pace import Curve, Plan
from ledger.money import pence_from_pounds

PUBLISHED = "published 2025/26 "
_EXACT = re.compile(r"[-+]?\d{0,18}(\.\d{1,18})?([eE][-+]?\d{1,2})?|[-+]?\d{1,18}/0*[1-9]\d{0,17}", re.ASCII)


def _exact(written: object) -> Fraction:
    """A number as it was written: 0.0437 or 1/3."""
    if not _EXACT.fullmatch(str(written)):
        raise ValueError("it is not a number as 0.0437 or 1/3")
    return Fraction(str(written))


Exact = Annotated[Fraction, BeforeValidator(_exact)]


class OneOrganisation(StrictModel):
    """A baseline and a fair share, the share as a part of one or as a target in pounds."""

    code: str
    baseline_pounds: Decimal = Field(gt=0)
    target_share: Exact | None = None
    target_pounds: Decimal | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _one_target(self) -> "OneOrganisation":
        if (self.target_share is None) == (self.target_pounds is None):
            raise ValueError("give either target_share or target_pounds")
        return self


class PaceRule(StrictModel):
    """How fast to move towards fair shares: growth for all, a convergence curve, a floor and a cap."""

    title: str
    reason: str
    base_growth: Exact
    floor: Exact
    cap: Exact
    curve: tuple[tuple[Exact, Exact], ...]
    unit_pounds: int = Field(default=1, ge=1)
    quantum_pounds: int | None = None

    def convergence_curve(self) -> Curve:
        """Convergence by opening distance from target."""
        return Curve(self.curve)


class PaceFile(PaceRule):
    """What a pace of change is worked out from.

    ``organisations`` is a list, or ``published 2025/26 core`` (or ``specialised``, ``primary medical``) for
    the baselines and targets that NHS England published for the 42 ICBs.
    """

    organisations: tuple[OneOrganisation, ...] | str

    @model_validator(mode="after")
    def _known_organisations(self) -> "PaceFile":
        if isinstance(self.organisations, str):
            streams = sorted(set(tables.table("convergence_2025_26")["stream"].to_pylist()))
            if self.organisations not in (PUBLISHED + stream for stream in streams):
                known = ", ".join(f"'{PUBLISHED}{stream}'" for stream in streams)
                raise ValueError(f"organisations are a list, or one of {known}")
        elif len({row.code for row in self.organisations}) < len(self.organisations):
            raise ValueError("an organisation stands twice")
        elif len({row.target_share is None for row in self.organisations}) > 1:
            raise ValueError("give every organisation target_share, or every one target_pounds")
        return self

    def plan(self) -> Plan:
        """The same, in pence and exact shares."""
        baseline, target = self._amounts()
        whole = sum(target.values())
        return Plan(
            baseline_pence=baseline,
            target_share={code: share / whole for code, share in target.items()} if self._in_pounds() else target,
            base_growth=self.base_growth,
            curve=self.convergence_curve(),
            floor=self.floor,
            cap=self.cap,
            quantum_pence=None if self.quantum_pounds is None else self.quantum_pounds * 100,
            unit_pence=self.unit_pounds * 100,
        )

    def _in_pounds(self) -> bool:
        return isinstance(self.organisations, str) or self.organisations[0].target_share is None

    def _amounts(self) -> tuple[dict[str, int], dict[str, Fraction]]:
        if isinstance(self.organisations, str):
            stream = self.organisations.removeprefix(PUBLISHED)
            rows = [row for row in tables.table("convergence_2025_26").to_pylist() if row["stream"] == stream]
            return (
                {row["icb"]: pence_from_pounds(Decimal(row["baseline_thousands"]) * 1000) for row in rows},
                {row["icb"]: Fraction(row["target_thousands"]) for row in rows},
            )
        return (
            {row.code: pence_from_pounds(row.baseline_pounds) for row in self.organisations},
            {row.code: Fraction(row.target_share or row.target_pounds or 0) for row in self.organisations},
        )


def read_rule(path: Path) -> tuple[PaceRule, str]:
    """A pace of change without organisations, for whoever brings their own, with the SHA-256 of the file.

    Raises:
        Refused: what the file says cannot be read, is unknown or impossible, each with its line or key.
    """
    return read_model(path, PaceRule), hashlib.sha256(path.read_bytes()).hexdigest()


def read_pace(path: Path) -> tuple[PaceFile, str]:
    """A pace of change from its file, with the SHA-256 of the file.

    Raises:
        Refused: what the file says cannot be read, is unknown or impossible, each with its line or key.
    """
    return read_model(path, PaceFile), hashlib.sha256(path.read_bytes()).hexdigest()
