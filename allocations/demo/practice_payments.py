"""What practices were paid in 2022/23, line by line, as the publisher printed it.

The file gives a year's sum for each practice and line, no days and no payer. So the money is posted on the last day
of the year, from the practice's ICB, which had for it what its practices got net. A line below zero is a recovery: it
is met from other payments of the practice, those without a ring-fence and the largest first, and goes back to the ICB
on its own line. Where a practice's recoveries are more than all that it was paid in the year, it paid back money of
years that are not in these books: what cannot be met is listed by ``not_met`` and said in the totals, and no account
goes below zero for it.
"""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from allocations.demo.stages import Stage
from allocations.figures import tables
from allocations.figures.structure import ACTOR, FIRST_YEAR, NATIONAL
from allocations.files.published.entries import LIMIT_FUND
from ledger.entries.draft import LEGS, Draft, Leg, Place, legs, records
from ledger.models import ControlTotal, Fund, Terms
from ledger.money import exact_pounds
from ledger.words import AVAILABLE, DERIVED, PUBLISHED, RING_FENCED

WHOLE = "practice-payments"
SOURCE = "NHS Payments to General Practice, England, 2022/23 (NHS England)"
_FILE = "gp_payments_22_23.csv.gz"
_PREFIX = f"demo/{FIRST_YEAR}/practices"
_SET_OFF = "General Medical Services Statement of Financial Entitlements: what was overpaid is taken off other payments"


@dataclass(frozen=True, slots=True)
class Recovery:
    """What was taken back of one line of a practice.

    Attributes:
        pence: the recovery as published, above zero.
        met_from: fund to pence of the practice's other payments; short of ``pence`` where it was paid too little.
    """

    practice: str
    icb: str
    fund: str
    pence: int
    met_from: dict[str, int]

    @property
    def not_met_pence(self) -> int:
        """What is left of the recovery that no payment of the year meets."""
        return self.pence - sum(self.met_from.values())


def stages() -> Sequence[Stage]:
    """Lines with their terms, what each ICB's practices were paid and paid back, and the printed totals as assertions.

    A region's ICBs are a batch: on the one day that there is, an ICB pays with what comes back to it as well, and a
    server takes no more at once.
    """
    known = tables.table("organisations").to_pylist()
    names = {row["code"]: row["name"] for row in known if row["tier"] == "region"}
    paying = set(_payments()["icb"].to_pylist())
    regions: dict[str, list[str]] = {name: [] for name in sorted(names.values())}
    for row in known:
        if row["code"] in paying:
            regions[names[row["region"]]].append(row["code"])
    return (
        Stage(f"Practices {FIRST_YEAR}: lines and terms", lambda: [_lines(), _limit()]),
        *(Stage(f"Practices {FIRST_YEAR}: {name}", partial(_of_icbs, icbs)) for name, icbs in regions.items()),
        Stage(f"Practices {FIRST_YEAR}: printed totals", lambda: [_totals()]),
    )


@cache
def _line_rows() -> list[dict[str, Any]]:
    return list(tables.table("practice_payment_lines").to_pylist())


def _payments() -> pa.Table:
    return tables.table("practice_payments_2022_23")


# --- the lines --------------------------------------------------------------------------------------


def _lines() -> Draft:
    """The lines as funds inside primary medical care, each with terms of its own."""
    inside = {"stream": "primary medical", "resource": "revenue", "lowest_tier": "practice"}
    whole = {"code": WHOLE, "name": "Payments to practices", "parent": "primary-medical", **inside}
    funds = [{"code": row["fund"], "name": row["name"], "parent": WHOLE, **inside} for row in _line_rows()]
    return Draft(
        key=f"{_PREFIX}/lines and terms",
        kind="terms",
        effective_date=FIRST_YEAR.first_day,
        actor=ACTOR,
        reason="The lines by which practices were paid, and how free each was; the grades are this project's reading",
        source="allocations/figures/reference/practice_payment_lines.csv",
        records={Fund: records(Fund, [whole, *funds]), Terms: records(Terms, map(_terms, _line_rows()))},
    )


def _terms(row: dict[str, Any]) -> dict[str, Any]:
    day = FIRST_YEAR.first_day
    given = ("fund", "grade", "route", "recurrent", "discretion", "clawback", "standing", "quality", "source", "reason")
    return {
        "id": f"{row['fund']}/{day}/1",
        "effective_from": day,
        "version": 1,
        # When practices knew of each line no source says, nor how many returns it asked for.
        "notified_on": None,
        "leave_by": row["leave_by"] or "",
        **{name: row[name] for name in given},
    }


# --- what was paid ----------------------------------------------------------------------------------


def _limit() -> Draft:
    """As much of the national limit as came to ICBs."""
    limit = Place("DHSC", LIMIT_FUND, FIRST_YEAR)
    whole = sum(sum(_had(icb).values()) for icb in set(_payments()["icb"].to_pylist()))
    leg = Leg(limit, limit._replace(organisation=NATIONAL), whole, note="the sum of what ICBs had for their practices")
    reason = "As much of the national limit as the published payments to practices show"
    return _draft("mandate", "mandate", reason, legs([leg]), authority="Secretary of State", standing=DERIVED)


def _of_icbs(icbs: Sequence[str]) -> list[Draft]:
    return [draft for icb in icbs for draft in _of_icb(icb)]


def _of_icb(icb: str) -> list[Draft]:
    """What an ICB had for its practices, worked out from them; what it paid them; and what came back, line by line."""
    recurrent = {row["fund"]: row["recurrent"] is True for row in _line_rows()}
    to_icb = [
        Leg(Place(NATIONAL, LIMIT_FUND, FIRST_YEAR), Place(icb, fund, FIRST_YEAR), pence, recurrent[fund])
        for fund, pence in _had(icb).items()
    ]
    own = _payments().filter(pc.equal(_payments()["icb"], icb))
    paid = [
        _to_practices(own.filter(pc.greater(own[fund], 0)), fund, recurrent=fund_recurs)
        for fund, fund_recurs in recurrent.items()
    ]
    had = f"What the practices of {icb} were paid, less what they paid back"
    return [
        _draft(f"{icb}/had", "allocate", had, legs(to_icb), standing=DERIVED),
        _draft(f"{icb}/paid", "allocate", f"What {icb} paid to its practices, line by line", pa.concat_tables(paid)),
        *_recovered(icb),
    ]


def _had(icb: str) -> dict[str, int]:
    """Line to pence. Where more came back than was paid the ICB had nothing for it, and keeps the difference."""
    own = _payments().filter(pc.equal(_payments()["icb"], icb))
    net = {row["fund"]: int(pc.sum(pc.max_element_wise(own[row["fund"]], 0)).as_py()) for row in _line_rows()}
    for recovery in recoveries():
        if recovery.icb == icb:
            net[recovery.fund] -= sum(recovery.met_from.values())
    return {fund: pence for fund, pence in net.items() if pence > 0}


def _to_practices(part: pa.Table, fund: str, *, recurrent: bool) -> pa.Table:
    """Legs from ICBs to practices; a table, because there are a hundred thousand of them."""
    count = part.num_rows
    given = {
        "from_organisation": part["icb"],
        "to_organisation": part["practice"],
        "amount_pence": part[fund],
        "note": pa.nulls(count, pa.string()),
    }
    same = {
        "from_fund": fund, "from_year": FIRST_YEAR.start, "from_standing": AVAILABLE, "to_fund": fund,
        "to_year": FIRST_YEAR.start, "to_standing": AVAILABLE, "recurrent": recurrent,
    }  # fmt: skip
    table = pa.table({**given, **{name: pa.repeat(value, count) for name, value in same.items()}})
    return table.select(LEGS.names).cast(LEGS)


# --- what came back ---------------------------------------------------------------------------------


@cache
def recoveries() -> tuple[Recovery, ...]:
    """Every line below zero, by practice and in the order of the lines, and what of other payments meets it."""
    fenced = {row["fund"]: row["grade"] in RING_FENCED for row in _line_rows()}
    found = []
    for row in _payments().to_pylist():
        back = {fund: -row[fund] for fund in fenced if row[fund] < 0}
        # Those without a ring-fence first, and of those the largest.
        left = {
            fund: row[fund] for fund in sorted(fenced, key=lambda fund: (fenced[fund], -row[fund])) if row[fund] > 0
        }
        for fund, pence in back.items():
            met_from, needed = {}, pence
            for other in [other for other in left if left[other]]:
                met_from[other] = min(needed, left[other])
                left[other] -= met_from[other]
                needed -= met_from[other]
                if not needed:
                    break
            found.append(Recovery(row["practice"], row["icb"], fund, pence, met_from))
    return tuple(found)


def not_met() -> tuple[Recovery, ...]:
    """The recoveries of which something is left that no payment of the year meets."""
    return tuple(recovery for recovery in recoveries() if recovery.not_met_pence)


def _recovered(icb: str) -> Iterator[Draft]:
    """What meets the recoveries of an ICB's practices, and what came back on each line."""
    met: list[Leg] = []
    back: list[Leg] = []
    for recovery in recoveries():
        place = Place(recovery.practice, recovery.fund, FIRST_YEAR)
        pence = sum(recovery.met_from.values())
        if recovery.icb == icb and pence:
            note = _note(recovery)
            met += [
                Leg(place._replace(fund=other), place, part, recurrent=False, note=note)
                for other, part in recovery.met_from.items()
            ]
            back.append(Leg(place, place._replace(organisation=icb), pence, recurrent=False, note=note))
    if back:
        reason = "Lines below zero are recoveries: they are met from other payments of the same practice"
        yield _draft(f"{icb}/recoveries met", "vire", reason, legs(met), authority=_SET_OFF, standing=DERIVED)
        yield _draft(f"{icb}/recovered", "return", f"What practices of {icb} paid back, line by line", legs(back))


def _note(recovery: Recovery) -> str:
    published = f"published: -{exact_pounds(recovery.pence)}"
    if not recovery.not_met_pence:
        return published
    return (
        f"{published}, of which {exact_pounds(recovery.not_met_pence)} is more than the practice was paid in the year"
    )


# --- what was printed -------------------------------------------------------------------------------


def _totals() -> Draft:
    """Each line for England and the whole, with what could not be taken back because it was never paid in the year."""
    owed: dict[str, int] = defaultdict(int)
    for recovery in not_met():
        owed[recovery.fund] += recovery.not_met_pence
    table = _payments()
    printed = {row["fund"]: pc.sum(table[row["fund"]]).as_py() for row in _line_rows()}
    names = {row["fund"]: row["name"] for row in _line_rows()}
    printed[WHOLE], names[WHOLE] = sum(printed.values()), "all lines"
    owed[WHOLE] = sum(owed.values())
    rows = [
        {
            "id": f"England/{fund}/{FIRST_YEAR}",
            "description": f"Payments to practices, {names[fund]}: {exact_pounds(pence)} as published"
            + (f", and {exact_pounds(owed[fund])} that practices owed beyond their payments" if owed[fund] else ""),
            "year": FIRST_YEAR.start,
            "as_at": FIRST_YEAR.last_day,
            "from_tier": "icb",
            "to_tier": "practice",
            "organisation": None,
            "fund": fund,
            "expected_pence": pence + owed[fund],
            "tolerance_pence": 0,
            "source": SOURCE,
        }
        for fund, pence in printed.items()
    ]
    about = "What the publisher printed for England, line by line and in all"
    return _draft("printed totals", "assert", about, None, records={ControlTotal: records(ControlTotal, rows)})


def _draft(
    step: str, kind: str, reason: str, transfers: pa.Table | None, *, standing: str = PUBLISHED, **given: Any
) -> Draft:
    """One entry on the last day of the year."""
    return Draft(
        key=f"{_PREFIX}/{step}",
        kind=kind,
        effective_date=FIRST_YEAR.last_day,
        actor=ACTOR,
        reason=reason,
        source=SOURCE,
        source_hash=tables.published_file_hash(_FILE),
        transfers=transfers,
        standing=standing,
        **given,
    )
