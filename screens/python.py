"""The Python interface: a ledger opened to read, and a method for each question that the command line answers too.

    >>> from devolution import Ledger
    >>> with Ledger.open("ledger.duckdb") as ledger:
    ...     held = ledger.position("tier", "standing", year="2025/26").to_pandas()

Every method answers with a ``Report``: the same that the command of its name prints, which asks here too. ``to_arrow``
and ``to_pandas`` give its rows: money in whole pence as 64-bit integers, in columns that end in ``_pence``; shares as
fractions of one; null where something is not known or not defined. Whatever reads Arrow takes a report as it takes a
table, as ``polars.DataFrame(report)`` or ``pyarrow.table(report)``. ``title`` and ``sentences`` say in words what the
figures hold, ``facts`` has what stands beside the rows, and ``at`` the day, the moment and the head of the chain that
it is all for.

The names here are kept: one is taken away or given another meaning only with a new first number of the version.
"""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from ledger.readings import RECORDED, GradeReading, named
from ledger.reports.position import POSITION_COLUMNS, Moment, moment
from ledger.reports.register import as_on
from ledger.store.address import Address, parse
from ledger.store.base import Reader, Store
from ledger.years import FinancialYear, parse_year
from screens.report.report import Report
from screens.report.wording import PERSON

if TYPE_CHECKING:
    from allocations.shares.populations import Populations

Year = FinancialYear | int | str | None
Reading = GradeReading | str

__all__ = ["Ledger"]


def _year(given: Year) -> FinancialYear | None:
    if isinstance(given, str):
        return parse_year(given)
    return FinancialYear(given) if isinstance(given, int) else given


def _reading(given: Reading) -> GradeReading:
    shipped = named()
    if isinstance(given, str) and given not in shipped:
        raise ValueError(f"there is no reading '{given}': choose {', '.join(shipped)}")
    return shipped[given] if isinstance(given, str) else given


class Ledger:
    """A ledger, open to read. It is closed by ``close``, or at the end of a ``with``.

    Attributes:
        address: where it is kept: a file's path, or a server's address, which prints without its secrets.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.address: Address = store.path

    @classmethod
    def open(cls, address: str | Address, *, person: str | None = None) -> Self:
        """Open a ledger to read. Others may read it at the same time; a file that is being written is refused.

        Args:
            address: a file, or ``postgresql://user@host/database``.
            person: for whom it is read, where rights count; by default whom the environment names.

        Returns:
            The open ledger.

        Raises:
            ValueError: the address is no address.
            LedgerError: there is no ledger, it is held by a program that writes, or the server does not answer.
        """
        where = parse(address) if isinstance(address, str) else address
        return cls(Store.open(where, read_only=True, person=person or os.environ.get(PERSON)))

    def close(self) -> None:
        """Let go of the ledger.

        Returns:
            Nothing.

        Raises:
            Nothing: closing twice does no harm.
        """
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def _read(self, as_at: date | None = None, known_at: datetime | None = None) -> Iterator[tuple[Reader, Moment]]:
        with self._store.read() as reader:
            at = moment(reader, as_at, known_at)
            as_on(reader, at)
            yield reader, at

    # --- what happened --------------------------------------------------------------------------------

    def position(
        self,
        *by: str,
        organisation: str | None = None,
        year: Year = None,
        as_at: date | None = None,
        known_at: datetime | None = None,
        as_is: date | None = None,
        reading: Reading = RECORDED,
    ) -> Report:
        """What is held where.

        Args:
            by: columns to sum by, such as ``"tier", "standing"``; every column of a position by default.
            organisation: only this organisation and those below it, by code.
            year: a financial year, as ``"2025/26"`` or 2025; all of them by default.
            as_at: the last day that counts; today by default.
            known_at: as known at this moment, with its time zone; now by default.
            as_is: restate to the boundaries of this day.
            reading: how the grades of ring-fences are read: one of the shipped readings by its name, as ``"recorded"``.

        Returns:
            A row for each combination of the columns, with ``amount_pence`` in whole pence. Without ``organisation``
            the rows sum to zero, for the source of the money stands among them below zero.

        Raises:
            Refused: the organisation or a column is unknown, or the moment is none of the ledger's.
            ValueError: there is no such reading.
        """
        from screens.report import holdings

        graded = _reading(reading)
        with self._read(as_at, known_at) as (reader, at):
            return holdings.position(
                reader, at, by or POSITION_COLUMNS, organisation=organisation, year=_year(year), as_is=as_is,
                reading=graded,
            )  # fmt: skip

    def flows(
        self, *by: str, organisation: str | None = None, year: Year = None, as_at: date | None = None,
        known_at: datetime | None = None, as_is: date | None = None, within: bool = False,
    ) -> Report:  # fmt: skip
        """What moved, read down the tiers; money that went back is taken off.

        Args:
            by: columns to sum by; ``"from_tier", "to_tier"`` by default.
            organisation: only what moved to, from or below this organisation, by code.
            year: a financial year; all of them by default.
            as_at: the last day that counts; today by default.
            known_at: as known at this moment; now by default.
            as_is: restate to the boundaries of this day.
            within: also what moved inside one organisation: set aside, kept back, spent.

        Returns:
            A row for each combination of the columns, with ``amount_pence`` in whole pence.

        Raises:
            Refused: the organisation or a column is unknown.
        """
        from screens.report import holdings

        columns = by or ("from_tier", "to_tier")
        with self._read(as_at, known_at) as (reader, at):
            return holdings.flows(
                reader, at, columns, organisation=organisation, year=_year(year), as_is=as_is, within=within
            )

    def measures(
        self, *, organisation: str | None = None, year: Year = None, as_at: date | None = None,
        known_at: datetime | None = None, as_is: date | None = None, scopes: Sequence[str] = (),
        penny_packet_pence: int | None = None, reading: Reading = RECORDED,
    ) -> Report:  # fmt: skip
        """How much is ring-fenced, devolved, kept back and in pieces.

        Args:
            organisation: only this organisation and those below it, by code.
            year: a financial year; all of them by default.
            as_at: the last day that counts; today by default.
            known_at: as known at this moment; now by default.
            as_is: restate to the boundaries of this day.
            scopes: ``"all"`` funding, ``"earmarked"`` funding; both by default.
            penny_packet_pence: a pot below this many pence is a penny packet; £500,000 by default.
            reading: how the grades of ring-fences are read: one of the shipped readings by its name, as ``"recorded"``.

        Returns:
            A row for each measure and scope: ``measure``, ``title``, ``unit``, ``amount_pence`` where the unit is pence
            and ``value`` otherwise (a share as a fraction of one), ``definition`` and ``note``. A measure of nothing is
            not defined: null, with ``defined`` false.

        Raises:
            Refused: the organisation is unknown.
            ValueError: there is no such reading.
        """
        from ledger.reports import measures
        from screens.report import holdings

        below = measures.PENNY_PACKET_PENCE if penny_packet_pence is None else penny_packet_pence
        graded = _reading(reading)
        with self._read(as_at, known_at) as (reader, at):
            return holdings.measures(
                reader, at, organisation=organisation, year=_year(year), as_is=as_is,
                scopes=list(scopes or measures.SCOPES), penny_packet_pence=below, reading=graded,
            )  # fmt: skip

    def pots(
        self, *, organisation: str | None = None, year: Year = None, as_at: date | None = None,
        known_at: datetime | None = None, seen_by: str | None = None, reading: Reading = RECORDED,
    ) -> Report:  # fmt: skip
        """The register of pots: each fund with terms of its own, what is held of it, and by when it must be spent.

        Args:
            organisation: only what this organisation and those below it hold, by code.
            year: a financial year; by default the newest that has begun and holds money.
            as_at: the last day that counts; today by default.
            known_at: as known at this moment; now by default.
            seen_by: ``"icb"``, ``"place"``, ``"pcn"`` or ``"practice"``: in place of the pots, how scattered they are
                for each of these, who work with the money.
            reading: with ``seen_by``, how the grades of ring-fences are read: a shipped reading by its name.

        Returns:
            A row for each pot with its terms and whole pence; or with ``seen_by`` a row for each receiver with counts,
            pence and shares.

        Raises:
            Refused: the organisation is unknown.
            ValueError: there is no such reading, or the pots themselves were to be read otherwise than recorded.
        """
        from screens.report import pots

        graded = _reading(reading)
        if seen_by is None and graded is not RECORDED:
            raise ValueError("the register shows terms as they are recorded: give seen_by too")
        with self._read(as_at, known_at) as (reader, at):
            if seen_by is not None:
                return pots.seen_by(reader, at, seen_by, organisation=organisation, year=_year(year), reading=graded)
            return pots.listed(reader, at, organisation=organisation, year=_year(year))

    def trail(
        self,
        organisation: str,
        *,
        fund: str | None = None,
        year: Year = None,
        as_at: date | None = None,
        known_at: datetime | None = None,
    ) -> Report:
        """What makes up a balance: each entry, who, why, and the file, sheet and cell that it came from.

        Args:
            organisation: whose own balance, by code.
            fund: only this line, by code.
            year: a financial year; all of them by default.
            as_at: the last day that counts; today by default.
            known_at: as known at this moment; now by default.

        Returns:
            A row for each leg of an entry, in whole pence: what came in above zero, what went out below. They sum to
            ``facts["total_pence"]``, which is the balance.

        Raises:
            Refused: the organisation or the line is unknown.
        """
        from screens.report import holdings

        start = _year(year)
        with self._read(as_at, known_at) as (reader, at):
            return holdings.trail(reader, at, organisation, fund=fund, year=start and start.start, ledger=self.address)

    def journal(self, *, as_at: date | None = None, known_at: datetime | None = None) -> Report:
        """Every leg of every entry that moved money, with the facts of its entry.

        Args:
            as_at: the last day that counts; today by default.
            known_at: as known at this moment; now by default.

        Returns:
            A row for each leg, the oldest first: the entry's number, kind, days, actor, reason, authority and source,
            the accounts, and ``amount_pence`` in whole pence.

        Raises:
            Refused: the moment is none of the ledger's.
        """
        from ledger.reports import journal
        from screens.report.report import listed

        with self._store.read() as reader:
            at = moment(reader, as_at, known_at)
            return Report([listed(journal.every_leg(reader, at).to_pylist())], at)

    def verify(self) -> Report:
        """Ask every invariant of the whole ledger.

        Returns:
            A row for each thing that does not hold: ``where``, ``found``, ``why`` and ``fix``. No row: all of it holds.

        Raises:
            LedgerError: the ledger went away.
        """
        from ledger.reports import verify
        from screens.report.report import listed
        from screens.report.wording import COMMAND_LINE

        with self._store.read_afresh() as reader:
            at = moment(reader)
            problems = COMMAND_LINE.problems(verify.verify(reader, lambda _: None, store=self._store))
        rows = [{"where": one.where, "found": one.found, "why": one.why, "fix": one.fix} for one in problems]
        return Report([listed(rows)], at, is_refused=bool(rows))

    # --- all of them side by side ---------------------------------------------------------------------

    def national(
        self, *, year: Year = None, rank: str = "ring_fenced_share_with_soft", pots: bool = False,
        region: str | None = None, peers_of: str | None = None, above: Sequence[str] = (), below: Sequence[str] = (),
        as_at: date | None = None, known_at: datetime | None = None, as_is: date | None = None,
        reading: Reading = RECORDED,
    ) -> Report:  # fmt: skip
        """All ICBs ranked by a measure, or what became of every pot at every ICB.

        Args:
            year: a financial year; the newest with money by default.
            rank: the measure to rank by, by name.
            pots: in place of the ranking, every pot at every ICB.
            region: only the ICBs of this region, by name.
            peers_of: only this ICB, by code, and the five nearest to it.
            above: limits as ``"devolved_share=30%"``: who is above one stands in ``facts["alerts"]``.
            below: the same, for those who are below one.
            as_at: the last day that counts; today by default.
            known_at: as known at this moment; now by default.
            as_is: restate to the boundaries of this day.
            reading: how the grades of ring-fences are read: one of the shipped readings by its name, as ``"recorded"``.

        Returns:
            A row for each ICB: whole pence, and measures as fractions of one; or with ``pots`` a row for each pot at
            each ICB: whole pence that were allocated, spent, put to other pots, sent back, and not reported.

        Raises:
            Refused: there is no such region, or no ICB of that code with money of the year.
            KeyError: there is no such measure.
            ValueError: a limit cannot be read, or there is no such reading.
        """
        from allocations.shares.national import ABOVE, BELOW, threshold
        from screens.report import all_icbs

        limits = [*(threshold(text, ABOVE) for text in above), *(threshold(text, BELOW) for text in below)]
        graded = _reading(reading)
        with self._read(as_at, known_at) as (reader, at):
            if pots:
                return all_icbs.what_became_of_pots(reader, at, _year(year))
            return all_icbs.side_by_side(
                reader, at, year=_year(year), rank=rank, region=region, peers_of=peers_of, limits=limits, as_is=as_is,
                reading=graded,
            )  # fmt: skip

    def trend(
        self, *, organisation: str | None = None, over: str = "months", year: Year = None, as_at: date | None = None,
        known_at: datetime | None = None, known_then: bool = False, every_icb: bool = False,
        reading: Reading = RECORDED,
    ) -> Report:  # fmt: skip
        """How tied, late, lasting and devolved the money was, month by month or year by year.

        Args:
            organisation: this organisation and those below it, by code; England by default.
            over: ``"months"`` of a year, or ``"years"``.
            year: for months, of which financial year; the newest with money by default.
            as_at: the last day that counts; today by default.
            known_at: as known at this moment; now by default.
            known_then: each point as it was known at its own end.
            every_icb: every ICB at every point, side by side, in place of one organisation.
            reading: how the grades of ring-fences are read: one of the shipped readings by its name, as ``"recorded"``.

        Returns:
            A row for each point in time, with whole pence, and measures as fractions of one.

        Raises:
            Refused: the organisation is unknown.
            ValueError: there is no such reading.
        """
        from screens.report import all_icbs

        graded = _reading(reading)
        with self._read(as_at, known_at) as (reader, at):
            return all_icbs.over_time(
                reader, at, organisation=organisation, over=over, year=_year(year), known_then=known_then,
                every_icb=every_icb, reading=graded,
            )  # fmt: skip

    # --- who should get what --------------------------------------------------------------------------

    def need(self, *, icb: str | None = None, to: str = "place", component: str | None = None) -> Report:
        """Need indices of 2025/26, each with the base that it is relative to.

        Args:
            icb: only this ICB, by code; all of them by default.
            to: ``"place"``, ``"pcn"`` or ``"practice"``.
            component: only this component, as ``"mental_health"``.

        Returns:
            A row for each organisation and component: people, weighted people, and an index of which 1 is the base.

        Raises:
            UnknownWeighting: there is no such component.
            ValueError: there is no such ICB.
        """
        import pyarrow.compute as pc

        from allocations.figures.weightings import weighting
        from allocations.shares import need
        from screens.report import shares

        people = self._people()
        found = need.indices(people.table, to)
        if icb is not None:
            found = found.filter(pc.equal(found["icb"], icb))
        if component is not None:
            found = found.filter(pc.equal(found["component"], weighting(component)))
        if not found.num_rows:
            raise ValueError(f"there is no ICB '{icb}' in {people.year}")
        return shares.need(found, icb=icb or "all ICBs", group=to, people=people)

    def schedule(
        self,
        icb: str,
        *,
        to: str = "place",
        funds: Sequence[str] = (),
        as_at: date | None = None,
        known_at: datetime | None = None,
    ) -> Report:
        """For every place and line of 2025/26: fair share, what was issued, and the distance between them.

        Args:
            icb: the ICB's code, as ``"QWO"``.
            to: ``"place"``, ``"pcn"`` or ``"practice"``.
            funds: only these lines, by code; every line by default.
            as_at: the last day that counts; today by default.
            known_at: as known at this moment; now by default.

        Returns:
            A row for each organisation and line, in whole pence and exact shares.

        Raises:
            Refused: the ICB or a line is unknown.
        """
        from allocations.shares.schedule import issued_in_books, schedule
        from screens.report import shares

        people = self._people()
        with self._read(as_at, known_at) as (reader, at):
            issued = issued_in_books(reader, at, icb, people.year, to)
        found = schedule(icb=icb, year=people.year, level=to, funds=funds, issued=issued, populations=people)
        return shares.schedule(found, at, historic=None, people=people, is_planned=False)

    @staticmethod
    def targets(stream: str = "core", *, year: Year = None, as_is: date | None = None) -> Report:
        """Every ICB's target, distance from target and pace of change, as published. Needs no ledger.

        Args:
            stream: ``"core"``, ``"specialised"`` or ``"primary medical"``.
            year: a financial year; 2025/26 by default.
            as_is: restate to the boundaries of this day.

        Returns:
            A row for each ICB: whole pence, and distances as fractions of one.

        Raises:
            Refused: nothing is published for that year or stream.
        """
        from allocations.shares import targets
        from screens.report import national

        found = targets.targets(stream, as_is, _year(year) or targets.PUBLISHED_YEAR)
        return national.targets(found, as_is=as_is, changes=targets.changes(as_is))

    @staticmethod
    def network(
        pcn: str, *, year: Year = None, counts: Path | None = None, claims: Path | None = None,
        posts: Path | None = None, maximums: Path | None = None, known_on: date | None = None, monthly: bool = False,
    ) -> Report:  # fmt: skip
        """What the network contract pays a primary care network: each element on its own count of people.

        Needs no ledger.

        Args:
            pcn: the network's code, as ``"U41591"``.
            year: a financial year; the newest whose rates are shipped by default.
            counts: counts of one's own: CSV with pcn, basis, people, effective_from, notified_on, source.
            claims: claims for additional roles: CSV with pcn, month and amount.
            posts: posts of additional roles: CSV with pcn, role, wte and months.
            maximums: the most that each role is reimbursed: CSV with role and maximum, in pounds a year.
            known_on: as rates and counts were known on a day; now by default.
            monthly: also what each month pays, with arrears.

        Returns:
            A row for each element: rate and count, and what it pays in whole pence.

        Raises:
            Refused: the network or the year is unknown, or a file has problems.
        """
        from allocations.network.statement import FIGURES_YEAR, statement
        from screens.report.network import contract

        found = statement(
            pcn, _year(year) or FIGURES_YEAR, counts_file=counts, claims_file=claims, posts_file=posts,
            maximums_file=maximums, known_on=known_on,
        )  # fmt: skip
        return contract(found, source=str(counts or "allocations/figures/reference"), monthly=monthly)

    @staticmethod
    def _people() -> "Populations":
        from allocations.shares.populations import SHIPPED_YEAR, shipped

        return shipped(SHIPPED_YEAR)

    # --- what if --------------------------------------------------------------------------------------

    def scenario(self, *names: str | Path, ranges: bool = False, draws: int | None = None) -> Report:
        """Run a scenario, or several: the position after it, every measure before and after, who gains and why.

        Args:
            names: of the library, saved beside the ledger, or files of one's own.
            ranges: of one scenario, also between which values it lies, and what drives it.
            draws: how often to draw for that.

        Returns:
            For one scenario its whole answer in ``facts``, with a row for each line of the position after it, in whole
            pence; for several a row for each.

        Raises:
            Refused: a scenario is unknown, or has problems, each with its place in the file.
            ValueError: none was named, or several with ranges.
        """
        from scenarios import outcome, saved
        from scenarios.ranges import DRAWS, ranged
        from screens.report.scenarios import answers as reporting

        if not names:
            raise ValueError("name a scenario, or its file")
        asked = list(dict.fromkeys(str(name) for name in names))
        if ranges and len(asked) > 1:
            raise ValueError("ranges are told of one scenario at a time")
        written = saved.find_all(asked, self.address)
        with self._read() as (reader, at):
            worked_out = outcome.work_out_all(reader, written)
        if len(asked) == 1:
            return reporting.run(worked_out[0], ranged(worked_out[0], draws or DRAWS) if ranges else None)
        return reporting.run_all(dict(zip(asked, worked_out, strict=True)), at)

    @staticmethod
    def bids(file: str | Path, *, draws: int | None = None) -> Report:
        """Simulate a pot that is bid for, beside the same money by formula. Needs no ledger.

        Args:
            file: the pot, as YAML.
            draws: how often to draw; as the file says by default.

        Returns:
            Its answer in ``facts``, and a row for each bidder: chances as fractions of one, money in whole pence. The
            same file gives the same answer.

        Raises:
            Refused: the file has problems, each with its place in it.
        """
        import numpy as np

        from scenarios.bids.file import read_bids
        from scenarios.bids.simulation import simulate
        from scenarios.bids.tornado import tornado
        from screens.report.scenarios.bids import pot

        where = Path(file)
        plan, digest = read_bids(where, draws)
        outcome = simulate(plan.pot, plan.draws, np.random.default_rng(plan.seed))
        return pot(plan, outcome, tornado(plan), source=str(where), digest=digest)
