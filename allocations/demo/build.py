"""A ledger from the published figures: from the national limit down to ICBs, places and networks.

Every entry has a key, so building twice adds nothing and a build that was cut short is finished by the
next. The amounts come from the shipped figures alone, never from what the books hold by then. What is
published, what is worked out from it and what is illustrative is said in every entry's source.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path

import pyarrow.compute as pc

from allocations.demo import history
from allocations.demo.policy import DEFAULT, Policy, read_policy
from allocations.demo.stages import Progress, Stage
from allocations.figures import structure, tables
from allocations.figures.structure import ACTOR, YEAR, overriding_terms
from allocations.files.published.entries import Steps, allocations, control_totals, mandate, recurrent_funds
from allocations.network.contract import rates
from allocations.shares.apportion import apportion
from allocations.shares.need import share_note, weights
from ledger.entries.draft import Draft, Leg, Place, records
from ledger.entries.posting import Posted, post
from ledger.errors import KeyReused, Problem, Refused, refuse
from ledger.inputs import Action
from ledger.models import Agreement
from ledger.money import pence_from_pounds
from ledger.reports import register
from ledger.store.base import Store
from ledger.words import ILLUSTRATIVE, PUBLISHED, RETAINED

_WORKBOOK = "NHS England, ICB allocations 2025/26, all funding streams (March 2025)"
_WORKBOOK_FILE = "nhs_allocations_2025_26.xlsx"


@dataclass
class _Build(Steps):
    """What each ICB would hold after each step, worked out from the figures and a policy."""

    policy: Policy = field(kw_only=True)
    policy_source: str = field(kw_only=True)
    policy_hash: str = field(kw_only=True)

    def by_policy(self, step: str, kind: str, reason: str, movements: Sequence[Leg]) -> Draft:
        given = {"source": self.policy_source, "source_hash": self.policy_hash, "standing": ILLUSTRATIVE}
        return self.draft(step, kind, reason, movements, **given)


def build(
    store: Store,
    *,
    policy_file: Path = DEFAULT,
    terms_file: Path | None = None,
    authority: str | None = None,
    all_years: bool = False,
    progress: Progress = lambda _name, _done, _all: None,
) -> list[Posted]:
    """Build the ledger, or finish building it.

    Args:
        store: the ledger, open to write.
        policy_file: the devolution policy; the illustrative one unless another is given.
        terms_file: the user's own grades and terms, which override the shipped ones.
        authority: who allows it that the file grades a line as freer than the shipped terms do.
        all_years: with the years and pots of ``history`` beside 2025/26.
        progress: told the name of each stage, how many are done, and how many there are.

    Returns:
        What became of every entry; those that were there already say so.

    Raises:
        Refused: a file has problems, or the ledger was built before with another policy.
    """
    policy, policy_hash = read_policy(policy_file)
    _refuse_other_year(policy, policy_file)
    if terms_file:
        overriding_terms(terms_file, _shipped_versions())  # a file with problems is refused before anything is built
    plan = _Build(
        "demo",
        YEAR,
        ACTOR,
        recurrent_funds(),
        policy=policy,
        policy_source=f"{policy.title} ({policy.status})",
        policy_hash=policy_hash,
    )
    stages = [*_of_the_year(plan), *(history.stages() if all_years else ())]
    posted: list[Posted] = []
    total = len(stages) + bool(terms_file)
    for done, stage in enumerate(stages):
        progress(stage.name, done, total)
        posted.extend(_post(store, stage.drafts(), policy_file))
    if terms_file:
        progress("Your own terms", len(stages), total)
        posted.extend(_override(store, terms_file, authority))
    progress("Done", total, total)
    return posted


def _of_the_year(plan: _Build) -> Sequence[Stage]:
    """The stages of 2025/26; each counts on what those before it have moved."""
    return (
        Stage("Organisations, funds and terms", structure.drafts),
        Stage("The national limit", lambda: _mandate(plan)),
        Stage("ICB allocations, line by line", lambda: _allocations(plan)),
        Stage("Control totals", lambda: _control_totals(plan)),
        Stage("Set aside inside each ICB", lambda: _earmarks(plan)),
        Stage("Places", lambda: _places(plan)),
        Stage("Primary care networks", lambda: _networks(plan)),
        Stage("Kept by each ICB", lambda: _retained(plan)),
    )


def _shipped_versions() -> dict[str, int]:
    return {row["fund"]: row["version"] for row in tables.table("terms").to_pylist()}


def _override(store: Store, terms_file: Path, authority: str | None) -> list[Posted]:
    """Post the user's own terms as the next version; a file that the books have already changes nothing."""
    digest = hashlib.sha256(terms_file.read_bytes()).hexdigest()
    with store.read() as reader:
        if register.from_file(reader, digest, "terms"):
            return []
        newest = register.term_versions(reader, YEAR.first_day)
    return post(store, [replace(overriding_terms(terms_file, newest), authority=authority)])


def _post(store: Store, drafts: Sequence[Draft], policy_file: Path) -> list[Posted]:
    try:
        return post(store, drafts)
    except KeyReused as error:
        raise Refused(
            [
                Problem(
                    str(store.path),
                    "it was built from other figures or another policy.",
                    f"Its entries differ from what {policy_file.name} and this version's figures would post: "
                    f"{error.problems[0].where}.",
                    f"Build into a new ledger: {Action.DEMO_AT.done('NEW.duckdb')}.",
                )
            ]
        ) from error


def _refuse_other_year(policy: Policy, file: Path) -> None:
    if policy.year != YEAR or policy.effective_date != YEAR.first_day:
        refuse(
            file.name,
            f"it is for {policy.year} from {policy.effective_date}.",
            f"The shipped figures are for {YEAR}.",
            f"Set the year to {YEAR} and the date to {YEAR.first_day}.",
        )


# --- what was allocated ---------------------------------------------------------------------------


def _mandate(plan: _Build) -> list[Draft]:
    (limit,) = (row for row in tables.table("national_limits").to_pylist() if row["year"] == str(YEAR))
    return [mandate(plan, limit)]


def _allocations(plan: _Build) -> list[Draft]:
    lines = tables.table("allocations_2025_26").to_pylist()
    return allocations(
        plan, lines, source=_WORKBOOK, source_hash=tables.published_file_hash(_WORKBOOK_FILE), standing=PUBLISHED
    )


def _control_totals(plan: _Build) -> list[Draft]:
    return [
        control_totals(
            plan,
            tables.table("published_totals_2025_26").to_pylist(),
            source=_WORKBOOK,
            source_hash=tables.published_file_hash(_WORKBOOK_FILE),
            about="What NHS England printed, for England by line and for each ICB by stream",
        )
    ]


# --- what an ICB does with it, by the policy ------------------------------------------------------


def _earmarks(plan: _Build) -> list[Draft]:
    drafts = []
    practices = tables.table("practices_2025_26")
    for earmark in plan.policy.earmarks:
        people = weights(practices, earmark.by, "icb")
        parts = apportion(pence_from_pounds(Decimal(earmark.total_pounds)), people)
        moved = [
            plan.move(
                Place(icb, earmark.source_fund, YEAR),
                Place(icb, earmark.fund, YEAR),
                pence,
                share_note(people[icb], sum(people.values()), earmark.by),
            )
            for icb, pence in parts.items()
            if pence
        ]
        drafts.append(plan.by_policy(f"earmark/{earmark.fund}", "earmark", earmark.reason, moved))
    headings = plan.policy.headings
    moved = []
    for icb in sorted(weights(practices, "registered", "icb")):
        parts = apportion(plan.held[icb, headings.source_fund], headings.parts)
        moved.extend(
            plan.move(
                Place(icb, headings.source_fund, YEAR),
                Place(icb, fund, YEAR),
                pence,
                f"{headings.parts[fund]} of what is left",
            )
            for fund, pence in parts.items()
            if pence
        )
    drafts.append(plan.by_policy("headings", "earmark", headings.reason, moved))
    return drafts


def _places(plan: _Build) -> list[Draft]:
    """One decision for each ICB: what it hands to its places, fund by fund."""
    table = tables.table("places_2025_26")
    drafts = []
    for icb in sorted(set(table["icb"].to_pylist())):
        own = table.filter(pc.equal(table["icb"], icb))
        moved: list[Leg] = []
        for rule in plan.policy.devolve:
            whole = plan.held[icb, rule.fund]
            devolved = int(Decimal(whole) * rule.share)
            people = weights(own, rule.by, "place")
            for place, pence in apportion(devolved, people).items():
                if pence:
                    note = share_note(people[place], sum(people.values()), rule.by)
                    moved.append(plan.move(Place(icb, rule.fund, YEAR), Place(place, rule.fund, YEAR), pence, note))
        reason = f"Devolved to the places of {icb}, each line by the weighted population that fits it"
        drafts.append(plan.by_policy(f"places/{icb}", "devolve", reason, moved))
    return drafts


def _networks(plan: _Build) -> list[Draft]:
    """The network contract's core payment: each element rounded to the penny on its own count of people."""
    rule = plan.policy.networks
    known = rates(YEAR)
    people: dict[tuple[str, str], dict[str, Decimal]] = {}
    for row in tables.table("pcn_parts_2025_26").to_pylist():
        counts = people.setdefault((row["icb"], row["pcn"]), {"registered": Decimal(0), "adjusted": Decimal(0)})
        counts["registered"] += row["registered"]
        counts["adjusted"] += row["primary_medical"]
    moved: dict[str, list[Leg]] = defaultdict(list)
    for (icb, pcn), counts in sorted(people.items()):
        pence, sums = 0, []
        for element in rule.elements:
            basis, rate = known[element]
            pence += pence_from_pounds(counts[basis] * rate)
            sums.append(f"{counts[basis]:f} {basis} x {rate.normalize():f}")
        if pence:
            leg = plan.move(Place(icb, rule.source_fund, YEAR), Place(pcn, rule.fund, YEAR), pence, " + ".join(sums))
            moved[icb].append(leg)
    reason = f"Network contract {YEAR}: core payment to the networks of "
    return [
        plan.by_policy(f"networks/{icb}", "devolve", f"{reason}{icb}", legs_) for icb, legs_ in sorted(moved.items())
    ]


def _retained(plan: _Build) -> list[Draft]:
    """All that an ICB still holds it keeps; what its partners agreed to is on record, the rest is not."""
    icbs = sorted({row["icb"] for row in tables.table("places_2025_26").to_pylist()})
    agreed = [
        {
            "id": f"{icb}/{agreement.fund}/{YEAR}",
            "organisation": icb,
            "fund": agreement.fund,
            "share_ppm": None if agreement.share is None else int(agreement.share * 1_000_000),
            "partners": agreement.partners,
            "decision_reference": f"{plan.policy.status}: no decision stands behind it",
            "purpose": agreement.purpose,
            "valid_from": YEAR.first_day,
            "valid_to": agreement.valid_to,
        }
        for icb in icbs
        for agreement in plan.policy.agreements
    ]
    drafts = []
    if agreed:
        drafts.append(
            Draft(
                key=f"demo/{YEAR}/agreements",
                kind="agree",
                effective_date=YEAR.first_day,
                actor=ACTOR,
                reason="What places agreed that their ICB should keep",
                source=plan.policy_source,
                source_hash=plan.policy_hash,
                standing=ILLUSTRATIVE,
                records={Agreement: records(Agreement, agreed)},
            )
        )
    for icb in icbs:
        own = sorted((fund, pence) for (holder, fund), pence in plan.held.items() if holder == icb and pence)
        moved = [
            plan.move(Place(icb, fund, YEAR), Place(icb, fund, YEAR, RETAINED), pence, "what is left of the line")
            for fund, pence in own
        ]
        drafts.append(plan.by_policy(f"retained/{icb}", "retain", f"What {icb} keeps after devolving", moved))
    return drafts
