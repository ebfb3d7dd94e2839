"""What the pages of a publication say of one year: asked of the books once, for England and for everybody below it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pyarrow as pa

from allocations.shares import national
from allocations.shares.national import IcbStanding
from allocations.shares.targets import PUBLISHED_YEAR, STREAMS, Target
from ledger.reports import measures, register
from ledger.reports import pots as fencing
from ledger.reports.measures import Measure
from ledger.reports.monitoring import PotWatched
from ledger.reports.position import Moment
from ledger.reports.pots import Fence, Kept
from ledger.reports.receivers import Received
from ledger.reports.summary import Picture
from ledger.reports.trend import MONTHS, TrendPoint
from ledger.store.base import Reader
from ledger.structure import memberships
from ledger.years import FinancialYear
from screens.asked import answers
from screens.asked.shares import targets

# The tiers that have pages, each with the folder of its pages.
FILES = {"icb": "icb", "place": "place", "pcn": "network"}


@dataclass(frozen=True, slots=True)
class PublishedBody:
    """An organisation with a page, and the codes of those that it is part of and of those that are part of it."""

    code: str
    name: str
    tier: str
    parents: tuple[str, ...] = ()
    children: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answers:
    """What is known of one year: everything that its pages show.

    Attributes:
        positions: of England under the empty code, and of each ICB.
        pictures: of the same, what is held where.
        measures: of the same, every measure of all funding, with its range by how grades are read.
        pots: of the same, how many pence each pot holds.
        fences, kept: of the same, every pot with its terms, and what is kept back.
        months: of the same, how the shares changed at the end of each month.
        icbs, together: the ICBs side by side, and all as one.
        watched: what became of every pot at every ICB.
        targets: of each stream for which they are published for the year, every ICB's.
        received: what each ICB, place and network works with, by tier and code.
        without: of each tier the names of those that hold nothing.
        without_amount: the pots of the year of which no entry gives anybody an amount, code to name.
    """

    positions: Mapping[str, pa.Table]
    pictures: Mapping[str, Picture]
    measures: Mapping[str, Sequence[Measure]]
    pots: Mapping[str, Sequence[int]]
    fences: Mapping[str, Sequence[Fence]]
    kept: Mapping[str, Sequence[Kept]]
    months: Mapping[str, Sequence[TrendPoint]]
    icbs: Sequence[IcbStanding]
    together: IcbStanding | None
    watched: Sequence[PotWatched]
    targets: Sequence[Sequence[Target]]
    received: Mapping[str, Mapping[str, Received]] = field(default_factory=dict)
    without: Mapping[str, Sequence[str]] = field(default_factory=dict)
    without_amount: Mapping[str, str] = field(default_factory=dict)


def organisations(
    reader: Reader, at: Moment, year: FinancialYear
) -> tuple[dict[str, PublishedBody], set[tuple[str, str]]]:
    """Those with a page, and who of them is part of whom, by code.

    They are the ICBs, places and networks that anybody is part of in the year or that are part of one.
    """
    day = min(max(at.as_at, year.first_day), year.last_day)
    known = register.organisations(reader)
    shown = {code: row for code, row in known.items() if row["tier"] in FILES}
    links = {
        (one.child, one.parent)
        for one in memberships(reader, day, at.known)
        if one.ended is None and one.parent in known and one.child in known
    }
    parents: dict[str, list[str]] = {}
    children: dict[str, list[str]] = {}
    for child, parent in sorted(links):
        if child in shown and parent in shown:
            parents.setdefault(child, []).append(parent)
            children.setdefault(parent, []).append(child)
    in_force = {code for pair in links for code in pair}
    found = {
        code: PublishedBody(
            code, row["name"], row["tier"], tuple(parents.get(code, ())),
            tuple(sorted(children.get(code, ()), key=lambda child: shown[child]["name"])),
        )
        for code, row in sorted(shown.items())
        if code in in_force
    }  # fmt: skip
    return found, {pair for pair in links if pair[0] in shown}


def of_year(reader: Reader, at: Moment, year: int) -> Answers:
    """Everything that the pages of a year show, asked of the books."""
    held = {"": None, **answers.position_of_each(reader, at, national.TIER, year)}
    pictures = {code: answers.picture(reader, at, code or None, year, held=rows) for code, rows in held.items()}
    whole = answers.position(reader, at, None, year)
    rows_of = {code: whole if rows is None else rows for code, rows in held.items()}
    of_money = FinancialYear(year)
    day = fencing.usual_day(at.as_at, of_money)
    received = {tier: answers.received(reader, at, tier, None, year) for tier in FILES}
    return Answers(
        positions=rows_of,
        pictures=pictures,
        measures={
            code: answers.measures(reader, at, code, year, measures.ALL, measures.PENNY_PACKET_PENCE, held=rows)
            for code, rows in rows_of.items()
        },
        pots={code: [pot.amount_pence for pot in measures.pots(rows)] for code, rows in rows_of.items()},
        fences={code: answers.fences(reader, at, code, year, day, held=rows) for code, rows in rows_of.items()},
        kept={code: answers.kept(reader, at, code, year, held=rows) for code, rows in rows_of.items()},
        months=answers.trend(reader, at, list(rows_of), MONTHS, year),
        icbs=answers.standings(reader, at, year),
        together=answers.together(reader, at, year),
        watched=answers.watched(reader, at, year),
        targets=[targets(stream) for stream in STREAMS] if of_money == PUBLISHED_YEAR else [],
        received={tier: {one.organisation: one for one in found} for tier, (found, _) in received.items()},
        without={tier: without for tier, (_, without) in received.items()},
        without_amount=answers.pots_without_amount(reader, at, year),
    )
