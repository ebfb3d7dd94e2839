"""An accepted scenario as what would be posted: entries of the books, asked for and not posted.

Only decisions of those who hold the money can be proposed: to devolve, to keep back, to lift a ring-fence. What
funders decide, such as a new pot or another formula, is theirs to do.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from ledger.attributes import picked
from ledger.entries.draft import Draft, records
from ledger.errors import Problem, refuse, refuse_any
from ledger.inputs import Action, Input
from ledger.models import Agreement, Terms
from ledger.reports import register
from ledger.store.base import Reader
from scenarios.change import Moves, held, legs, total
from scenarios.engine import Done
from scenarios.levers.autonomy import Autonomy
from scenarios.levers.base import Lever
from scenarios.levers.devolve import Devolve
from scenarios.levers.release import Release
from scenarios.levers.retain import Retain
from scenarios.outcome import Outcome
from scenarios.selection import STANDINGS, select


def drafts(
    reader: Reader, outcome: Outcome, *, day: date, actor: str, source_hash: str, authority: str | None = None
) -> list[Draft]:
    """The entries that would bring the scenario about, one or two for each step.

    Args:
        day: when they would count.
        actor: who proposes.
        source_hash: SHA-256 of the scenario's file, which every entry names as its source.
        authority: who allows it that terms are loosened, where a step that does so names nobody.

    Raises:
        Refused: a step is nobody's here to decide, the baseline holds money that the books do not, or the
            day is not in the year.
    """
    _refuse_what_cannot_be_proposed(outcome, day)
    stem = key_of(outcome, day)
    before = outcome.run.baseline.position
    found: list[Draft] = []
    for done in outcome.run.done:
        facts = {
            "effective_date": day,
            "actor": actor,
            "reason": done.lever.why or done.change.says,
            "source": f"{outcome.run.written.name}, step {done.number}",
            "source_hash": source_hash,
        }
        if isinstance(done.lever, Release):
            facts["authority"] = done.lever.authority or authority
        found += _of_step(reader, outcome, done, before, f"{stem}/{done.number}", facts)
        before = done.change.position
    return found


def key_of(outcome: Outcome, day: date) -> str:
    """The name of a scenario's proposal in the books: the same scenario on the same day is one proposal."""
    return f"scenario/{outcome.run.written.scenario.content_hash()[:16]}/{day}"


def _of_step(
    reader: Reader, outcome: Outcome, done: Done, before: pa.Table, key: str, facts: dict[str, Any]
) -> list[Draft]:
    if isinstance(done.lever, Release):
        return [_terms(reader, outcome, done, done.lever, before, key, facts)]
    assert done.change.moves is not None
    found = []
    moved = _between_accounts(done.change.moves)
    kind = "retain" if isinstance(done.lever, Retain) else "devolve"
    if moved.num_rows:
        found.append(Draft(key=key, kind=kind, transfers=moved, **facts))
    if isinstance(done.lever, Retain):
        found.append(_agreement(done, done.lever, done.change.moves, f"{key}/agreement", facts))
    return found


def _between_accounts(moves: Moves) -> pa.Table:
    """The legs between two accounts: what only comes under an agreement stays in its account."""
    table = legs(moves, "worked out by the scenario")
    same = pc.and_(
        pc.equal(table["from_organisation"], table["to_organisation"]),
        pc.and_(pc.equal(table["from_fund"], table["to_fund"]), pc.equal(table["from_standing"], table["to_standing"])),
    )
    keys = [name for name in table.column_names if name != "amount_pence"]
    summed = table.filter(pc.invert(same)).group_by(keys).aggregate([("amount_pence", "sum")])
    return summed.rename_columns([*keys, "amount_pence"]).select(table.column_names).sort_by(
        [("from_organisation", "ascending"), ("from_fund", "ascending"), ("to_organisation", "ascending")]
    )  # fmt: skip


def _agreement(done: Done, lever: Retain, moves: Moves, key: str, facts: dict[str, Any]) -> Draft:
    """What each ICB keeps by agreement of each fund, as an amount, for the year."""
    kept = moves.arrived.group_by(["organisation", "fund"]).aggregate([("amount_pence", "sum")]).to_pylist()
    rows = [
        {
            "id": f"{key}/{row['organisation']}/{row['fund']}",
            "organisation": row["organisation"],
            "fund": row["fund"],
            "amount_pence": row["amount_pence_sum"],
            "partners": lever.partners,
            "decision_reference": lever.decision or "to be recorded",
            "purpose": lever.purpose or done.lever.why or "not stated",
            "valid_from": facts["effective_date"],
        }
        for row in sorted(kept, key=lambda row: (row["organisation"], row["fund"]))
    ]
    return Draft(key=key, kind="agree", records={Agreement: records(Agreement, rows)}, **facts)


def _terms(
    reader: Reader, outcome: Outcome, done: Done, lever: Release, before: pa.Table, key: str, facts: dict[str, Any]
) -> Draft:
    """New terms for whole funds: terms hold for everybody who has money of the fund."""
    world, day = outcome.run.baseline.world, facts["effective_date"]
    rows = select(before, world, lever.funds, lever.organisations, standings=STANDINGS)
    chosen = before.take(pa.array(rows))
    whole, part = _by_fund(held(before)), _by_fund(chosen)
    partly = sorted(fund for fund, pence in part.items() if whole[fund] != pence)
    if partly:
        refuse(
            done.place,
            f"it releases only a part of {partly[0]}.",
            "Terms hold for a fund, whoever has money of it.",
            "Select whole funds.",
        )
    at = outcome.run.books.at
    assert at is not None
    known = register.newest_terms(reader, day, at.known)
    newest = register.term_versions(reader, day)
    pot_of = dict(zip(chosen["fund"].to_pylist(), chosen["pot"].to_pylist(), strict=True))
    fresh = []
    for fund in sorted(part):
        row = {**known[fund if fund in known else pot_of[fund]]}
        del row["entry_number"]
        version = newest.get(fund, 0) + 1
        row |= {"id": f"{fund}/{day}/{version}", "fund": fund, "effective_from": day, "version": version}
        row |= {"grade": lever.grade, "source": facts["source"], "reason": facts["reason"]}
        if lever.returns_per_year is not None:
            row["returns_per_year"] = lever.returns_per_year
        fresh.append(row)
    return Draft(key=key, kind="terms", records={Terms: records(Terms, fresh)}, **facts)


def _by_fund(table: pa.Table) -> dict[str, int]:
    return {fund: total(table.filter(pc.equal(table["fund"], fund))) for fund in set(table["fund"].to_pylist())}


def _refuse_what_cannot_be_proposed(outcome: Outcome, day: date) -> None:
    run = outcome.run
    problems = []
    year = run.written.scenario.baseline.year
    if not year.contains(day):
        problems.append(
            Problem(Input.DATE, f"{day} is not in {year}.", "Money moves within its year.", "Give a day of the year.")
        )
    if run.given:
        problems.append(
            Problem(
                run.given[0].place,
                "the baseline takes as given what the books do not hold.",
                "Money that is not there cannot be moved.",
                "Propose it when the books hold it, without 'given'.",
            )
        )
    if outcome.years:
        problems.append(
            Problem(
                run.written.where(("years",)),
                "it looks at several years.",
                "The books post a decision in one year, of money that is there.",
                "Propose its steps of one year: leave out 'years' and what belongs to it.",
            )
        )
    problems += [problem for done in run.done if (problem := _not_ours(done))]
    refuse_any(problems)


def _not_ours(done: Done) -> Problem | None:
    lever: Lever = done.lever
    if isinstance(lever, Devolve | Autonomy | Release):
        return None
    if isinstance(lever, Retain):
        if lever.agreed and not lever.back_from:
            return None
        what = "takes money back from those below" if lever.back_from else "ends an agreement"
        return Problem(
            done.place,
            f"a step that {what} cannot be proposed from a scenario.",
            "It undoes decisions, which the books do by reversing their entries.",
            f"Reverse the entry with {Action.REVERSE_ENTRY.done()}.",
        )
    return Problem(
        done.place,
        f"the step '{lever.lever_name()}' cannot be proposed.",
        "It is for those who fund to decide, not for those who hold.",
        "Propose steps that devolve, retain by agreement or release.",
    )


def proposed(drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """What the entries are, in rows: their kind, how many legs or records, and how much they move."""
    return [
        {
            **picked(draft, "key", "kind", "effective_date"),
            "legs": draft.legs().num_rows,
            "records": sum(table.num_rows for table in draft.records.values()),
            "amount_pence": total(draft.legs()),
            "reason": draft.reason,
        }
        for draft in drafts
    ]


def document(drafts: Sequence[Draft]) -> list[dict[str, Any]]:
    """The entries in full, as plain data: enough to post them, and to be read by whoever signs them off."""
    return [
        {
            **row,
            **picked(draft, "actor", "authority", "source", "source_hash"),
            "transfers": draft.legs().to_pylist(),
            "brings": {model.__name__: table.to_pylist() for model, table in draft.records.items()},
        }
        for row, draft in zip(proposed(drafts), drafts, strict=True)
    ]
