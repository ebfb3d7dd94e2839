"""The entries that published allocations make: one for each line, and the printed totals as assertions.

The demo and the import of a workbook share them, so that the same figures make the same decisions.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from allocations.figures import tables
from allocations.files.published.streams import FurtherLine
from ledger.entries.draft import Draft, Leg, Place, legs, records
from ledger.models import ControlTotal, Fund, Terms
from ledger.words import AVAILABLE, PUBLISHED
from ledger.years import FinancialYear

NATIONAL = "X24"
LIMIT_FUND = "nhs-revenue"
_PENCE = 100
# The line from which an ICB pays when a published line of the same stream is negative.
_PAYING_LINE = {
    "core": "core-recurrent",
    "specialised": "specialised-physical",
    "primary medical": "primary-medical-recurrent",
    "POD": "pod-recurrent",
}


@dataclass
class Steps:
    """Makes entries under one prefix of keys, and keeps count of what each organisation would hold after them.

    Attributes:
        prefix: the first part of every key.
        actor: who posts.
        recurrent: fund to whether its money recurs.
        held: (organisation, fund) to pence, from these entries alone, never from what the books hold.
    """

    prefix: str
    year: FinancialYear
    actor: str
    recurrent: Mapping[str, bool] = field(default_factory=dict)
    held: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))

    def draft(self, step: str, kind: str, reason: str, movements: Sequence[Leg], **given: Any) -> Draft:
        """One entry that moves money, on the first day of the year."""
        return Draft(
            key=f"{self.prefix}/{self.year}/{step}",
            kind=kind,
            effective_date=self.year.first_day,
            actor=self.actor,
            reason=reason,
            transfers=legs(movements),
            **given,
        )

    def move(self, source: Place, destination: Place, pence: int, note: str | None = None) -> Leg:
        """One leg, counted."""
        for place, sign in ((source, -1), (destination, 1)):
            if place.standing == AVAILABLE:
                self.held[place.organisation, place.fund] += sign * pence
        return Leg(source, destination, pence, self.recurrent.get(destination.fund, True), note)


def recurrent_funds() -> dict[str, bool]:
    """Whether a fund's money recurs by its own terms or those of the fund around it; unknown is no promise."""
    own = {row["fund"]: row["recurrent"] for row in tables.table("terms").to_pylist()}
    found: dict[str, bool] = {}
    for row in tables.table("funds").to_pylist():
        code = row["code"]
        found[code] = own[code] is True if code in own else found.get(row["parent"], True)
    return found


def allocations(
    steps: Steps, lines: Sequence[Mapping[str, Any]], *, further: Sequence[FurtherLine] = (), **given: Any
) -> list[Draft]:
    """Each published line as one entry; a negative line is money that goes back on the same fund.

    Args:
        steps: what makes the entries.
        lines: rows of ``fund``, ``holder``, ``about``, ``amount_pence``, ``sheet`` and ``cell``.
        further: the lines among them that are not shipped.
        given: source and source hash of the file.
    """
    year = steps.year
    funds = {row["code"]: row for row in tables.table("funds").to_pylist()}
    funds |= {line.fund: {"name": line.name, "stream": line.stream} for line in further}
    by_fund: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in lines:
        by_fund[row["fund"]].append(row)
    limit = Place(NATIONAL, LIMIT_FUND, year)
    drafts: list[Draft] = []
    for fund, rows in by_fund.items():
        title = funds[fund]["name"]
        to_icbs = [row for row in rows if row["holder"] != NATIONAL and row["amount_pence"] > 0]
        back = [row for row in rows if row["holder"] != NATIONAL and row["amount_pence"] < 0]
        kept = [row for row in rows if row["holder"] == NATIONAL and row["amount_pence"] > 0]
        if kept:
            moved = [steps.move(limit, Place(NATIONAL, fund, year), row["amount_pence"], cell_of(row)) for row in kept]
            drafts.append(steps.draft(f"{fund}/kept", "earmark", f"{title}: stays with NHS England", moved, **given))
        if to_icbs:
            moved = [
                steps.move(limit, Place(row["holder"], fund, year), row["amount_pence"], cell_of(row))
                for row in to_icbs
            ]
            drafts.append(steps.draft(fund, "allocate", title, moved, **given))
        if back:
            drafts.extend(_given_back(steps, fund, funds, back, **given))
    return drafts


def _given_back(
    steps: Steps,
    fund: str,
    funds: Mapping[str, Mapping[str, Any]],
    back: Sequence[Mapping[str, Any]],
    **given: Any,
) -> list[Draft]:
    year, title = steps.year, funds[fund]["name"]
    paying = _PAYING_LINE[funds[fund]["stream"]]
    met = [
        steps.move(
            Place(row["holder"], paying, year), Place(row["holder"], fund, year), -row["amount_pence"], cell_of(row)
        )
        for row in back
    ]
    returned = [
        steps.move(Place(row["holder"], fund, year), Place(NATIONAL, fund, year), -row["amount_pence"], cell_of(row))
        for row in back
    ]
    negative = f"{title}: the published line is negative, so"
    return [
        steps.draft(f"{fund}/met", "vire", f"{negative} it is met from {funds[paying]['name']}", met, **given),
        steps.draft(f"{fund}/returned", "return", f"{negative} the money goes back", returned, **given),
    ]


def further_fund(line: FurtherLine) -> dict[str, Any]:
    """A line that is not shipped, as a fund of the books."""
    return {
        "code": line.fund, "name": line.name, "parent": line.parent, "stream": line.stream, "resource": "revenue",
        "lowest_tier": "icb",
    }  # fmt: skip


def further_funds(steps: Steps, further: Sequence[FurtherLine], **given: Any) -> Draft:
    """Lines that are not shipped, as funds below their stream's, with terms that say that nothing is known of them."""
    day = steps.year.first_day
    funds = [further_fund(line) for line in further]
    terms = [
        {
            "id": f"{line.fund}/{day}/1", "fund": line.fund, "effective_from": day, "version": 1, "quality": "red",
            "source": given["source"], "standing": PUBLISHED,
            "reason": "A line of the published table; its conditions, its route and its day of notice were not found.",
        }
        for line in further
    ]  # fmt: skip
    return Draft(
        key=f"{steps.prefix}/{steps.year}/lines that are not shipped",
        kind="terms",
        effective_date=day,
        actor=steps.actor,
        reason="Lines of money of this edition that are not among the shipped ones",
        records={Fund: records(Fund, funds), Terms: records(Terms, terms)},
        **given,
    )


def cell_of(row: Mapping[str, Any]) -> str:
    """Where an amount stands, for the note of its leg."""
    return f"{row['sheet']}!{row['cell']} ({row['about']})"


def control_totals(
    steps: Steps,
    totals: Sequence[Mapping[str, Any]],
    *,
    source: str,
    source_hash: str,
    about: str,
    further: Sequence[FurtherLine] = (),
) -> Draft:
    """The totals that the workbook prints: the books may differ by the rounding of the parts, no more.

    Args:
        steps: whose prefix, year and actor the entry takes.
        totals: rows of ``fund``, ``organisation``, ``expected_pence``, ``rounded_parts``, ``sheet`` and ``cell``,
            and ``rounded_to`` where a total is printed in whole units of so many pounds.
        source: the title of the file.
        source_hash: its SHA-256.
        about: the entry's reason.
        further: the lines among them that are not shipped.
    """
    names = {row["code"]: row["name"] for row in tables.table("funds").to_pylist()}
    names |= {line.fund: line.name for line in further}
    year = steps.year
    rows = [
        {
            "id": f"{row['organisation'] or 'England'}/{row['fund']}/{year}",
            "description": f"{names[row['fund']]}, {row['organisation'] or 'England'}",
            "year": year.start,
            "as_at": year.first_day,
            "from_tier": "national",
            "to_tier": "icb",
            "organisation": row["organisation"] or None,
            "fund": row["fund"],
            "expected_pence": row["expected_pence"],
            "tolerance_pence": (row["rounded_parts"] + 1) // 2 + row.get("rounded_to", 0) * _PENCE // 2,
            "source": f"{source}, {row['sheet']}!{row['cell']}",
        }
        for row in totals
    ]
    return Draft(
        key=f"{steps.prefix}/{year}/control totals",
        kind="assert",
        effective_date=year.first_day,
        actor=steps.actor,
        reason=about,
        source=source,
        source_hash=source_hash,
        standing=PUBLISHED,
        records={ControlTotal: records(ControlTotal, rows)},
    )


def mandate(steps: Steps, limit: Mapping[str, Any], *, standing: str = PUBLISHED) -> Draft:
    """The national body's revenue limit.

    Args:
        limit: a row of ``national_limits.csv``, or the same as somebody told it.
        standing: what it rests on.
    """
    source = Place(limit["payer"], limit["fund"], steps.year)
    leg = steps.move(source, Place(limit["payee"], limit["fund"], steps.year), limit["amount_pence"])
    reason = f"NHS England's revenue limit for {steps.year}"
    given = {"source": limit["source"], "authority": "Secretary of State", "standing": standing}
    return steps.draft("mandate", "mandate", reason, [leg], **given)
