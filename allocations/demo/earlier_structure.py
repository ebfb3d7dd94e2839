"""Who there was from the beginning of ICBs on 1 July 2022 to the first year of the demo, and who was part of whom."""

from collections.abc import Iterator, Sequence
from typing import Any

from allocations.demo.stages import Stage
from allocations.figures import structure, tables
from allocations.figures.structure import ACTOR, FIRST_YEAR, NATIONAL, relation
from ledger.entries.draft import Draft, records
from ledger.models import Organisation, Relationship
from ledger.years import FinancialYear

_SOURCE = "NHS England, as described in allocations/figures/reference/tables.yaml"


def stages() -> Sequence[Stage]:
    """One stage: organisations that have gone since, and the relationships of the years before 2025/26."""
    return (Stage("Who there was before 2025/26", _drafts),)


def _drafts() -> list[Draft]:
    return [
        Draft(
            key="demo/earlier years/structure",
            kind="structure",
            effective_date=FIRST_YEAR.last_day,
            actor=ACTOR,
            reason="Who there was and who was part of whom before 2025/26, as far as the published figures say",
            source=_SOURCE,
            records={
                Organisation: records(Organisation, _gone_since()),
                Relationship: records(Relationship, _relationships()),
            },
        )
    ]


def _gone_since() -> Iterator[dict[str, Any]]:
    """Practices that were paid in 2022/23 and are not among those of 2025/26."""
    still = set(tables.table("practices_2025_26")["practice"].to_pylist())
    for code in tables.table("practice_payments_2022_23")["practice"].to_pylist():
        if code not in still:
            yield {
                "code": code, "name": f"Practice {code}", "tier": "practice",
                "valid_from": FIRST_YEAR.first_day, "valid_to": structure.YEAR.first_day,
            }  # fmt: skip


def _relationships() -> Iterator[dict[str, Any]]:
    """Above ICBs until 2025/26, from when the demo has its own; a practice's ICB for the one year that shows it."""
    known = tables.table("organisations").to_pylist()
    end = structure.YEAR.first_day
    yield relation("DHSC", NATIONAL, "funding", {"valid_from": FIRST_YEAR.first_day, "valid_to": end})
    for row in known:
        if row["tier"] == "region":
            yield relation(NATIONAL, row["code"], "region", {"valid_from": FIRST_YEAR.first_day, "valid_to": end})
    icbs = {row["code"]: row for row in known if row["tier"] == "icb" and row["valid_from"] < end}
    for code, icb in icbs.items():
        life = {"valid_from": icb["valid_from"], "valid_to": end}
        yield relation(NATIONAL, code, "funding", life)
        yield relation(icb["region"], code, "region", life)
    paid = tables.table("practice_payments_2022_23")
    for icb, practice in zip(paid["icb"].to_pylist(), paid["practice"].to_pylist(), strict=True):
        life = {"valid_from": icbs[icb]["valid_from"], "valid_to": FinancialYear(2023).first_day}
        yield relation(icb, practice, "icb", life)
