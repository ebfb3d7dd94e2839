"""A ledger opened to read, and what its books say: of one organisation, of everybody, and of all ICBs side by side."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Self

from ledger.readings import RECORDED
from ledger.reports.position import POSITION_COLUMNS, Moment, moment, year_in_view
from ledger.reports.register import as_on
from ledger.store.address import Address, parse
from ledger.store.base import Reader, Store
from screens.asked import given
from screens.asked.given import Day, Instant, Reading, Year
from screens.report.report import Report
from screens.report.wording import PERSON

RECEIVERS = ("icb", "place", "pcn", "practice")
MERGERS = ("small", "one-off", "tied")


class OpenedBooks:
    """A ledger, open to read. It is closed by ``close``, or at the end of a ``with``.

    Attributes:
        address: where it is kept: a file's path, or a server's address, which prints without its secrets.
    """

    def __init__(self, store: Store) -> None:
        self._store: Store | None = store
        self.address: Address = store.path

    def __repr__(self) -> str:
        return f"<Ledger {self.address}{'' if self._store else ', closed'}>"

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
        if self._store is not None:
            self._store.close()
            self._store = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _opened(self) -> Store:
        if self._store is None:
            raise ValueError(f"this ledger is closed. Open it again with Ledger.open('{self.address}').")
        return self._store

    @contextmanager
    def _read(self, as_at: Day = None, known_at: Instant = None) -> Iterator[tuple[Reader, Moment]]:
        day, known = given.day(as_at), given.instant(known_at)
        with self._opened().read() as reader:
            at = moment(reader, day, known)
            as_on(reader, at)
            yield reader, at

    # --- what happened --------------------------------------------------------------------------------

    def position(
        self,
        *by: str,
        organisation: str | None = None,
        year: Year = None,
        as_at: Day = None,
        known_at: Instant = None,
        as_is: Day = None,
        reading: Reading = RECORDED.name,
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

        graded = given.reading(reading)
        with self._read(as_at, known_at) as (reader, at):
            return holdings.position(
                reader, at, by or POSITION_COLUMNS, organisation=organisation, year=given.year(year),
                as_is=given.day(as_is), reading=graded,
            )  # fmt: skip

    def flows(
        self, *by: str, organisation: str | None = None, year: Year = None, as_at: Day = None,
        known_at: Instant = None, as_is: Day = None, within: bool = False,
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
                reader,
                at,
                columns,
                organisation=organisation,
                year=given.year(year),
                as_is=given.day(as_is),
                within=within,
            )

    def measures(
        self, *, organisation: str | None = None, year: Year = None, as_at: Day = None,
        known_at: Instant = None, as_is: Day = None, scopes: str | Sequence[str] = (),
        penny_packet_pence: int | None = None, reading: Reading = RECORDED.name,
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
            ValueError: there is no such scope or reading.
        """
        from ledger.reports import measures
        from screens.report import holdings

        below = measures.PENNY_PACKET_PENCE if penny_packet_pence is None else penny_packet_pence
        graded = given.reading(reading)
        with self._read(as_at, known_at) as (reader, at):
            return holdings.measures(
                reader, at, organisation=organisation, year=given.year(year), as_is=given.day(as_is),
                scopes=list(given.several(scopes) or measures.SCOPES), penny_packet_pence=below, reading=graded,
            )  # fmt: skip

    def pots(
        self, *, organisation: str | None = None, year: Year = None, as_at: Day = None,
        known_at: Instant = None, seen_by: str | None = None, merge: str | Sequence[str] = (),
        reading: Reading = RECORDED.name,
    ) -> Report:  # fmt: skip
        """The register of pots: each fund with terms of its own, what is held of it, and by when it must be spent.

        Args:
            organisation: only what this organisation and those below it hold, by code.
            year: a financial year; by default the newest that has begun and in which an ICB holds money.
            as_at: the last day that counts; today by default.
            known_at: as known at this moment; now by default.
            seen_by: ``"icb"``, ``"place"``, ``"pcn"`` or ``"practice"``: in place of the pots, how scattered they are
                for each of these, who work with the money.
            merge: in place of the pots, what some of them would ask of the organisation as one: ``"small"``,
                ``"one-off"`` or ``"tied"``, or two pots of its own or more, by code.
            reading: with ``seen_by`` or ``merge``, how the grades of ring-fences are read: a shipped reading by its
                name.

        Returns:
            A row for each pot with its terms and whole pence; or with ``seen_by`` a row for each receiver with counts,
            pence and shares; or with ``merge`` a row for each measure, ``before`` and ``after``, in its ``unit``.

        Raises:
            Refused: the organisation is unknown, or has none of a pot that is to be put together.
            ValueError: there is no such receiver or reading, pots are to be put together for nobody or for all, or the
                pots themselves were to be read otherwise than as recorded.
        """
        from screens.report import pots as register

        together = merge if merge in MERGERS else tuple(given.several(merge))
        if together and (organisation is None or seen_by is not None):
            raise ValueError("pots are put together for one organisation: give organisation, and no seen_by")
        graded = given.reading(reading)
        if seen_by is not None:
            given.choice("receiver", seen_by, RECEIVERS)
        if seen_by is None and not together and graded is not RECORDED:
            raise ValueError("the register shows terms as they are recorded: give seen_by or merge too")
        with self._read(as_at, known_at) as (reader, at):
            if together and organisation:
                from ledger.reports.put_together import of_receiver
                from screens.report import receivers

                held = given.year(year) or year_in_view(reader, at)
                found = of_receiver(reader, at, organisation, together, held.start, graded)
                return receivers.put_together(found, at, held, graded)
            start = given.year(year)
            if seen_by is not None:
                return register.seen_by(reader, at, seen_by, organisation=organisation, year=start, reading=graded)
            return register.listed(reader, at, organisation=organisation, year=start)

    def trail(
        self,
        organisation: str,
        *,
        fund: str | None = None,
        year: Year = None,
        as_at: Day = None,
        known_at: Instant = None,
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

        start = given.year(year)
        with self._read(as_at, known_at) as (reader, at):
            return holdings.trail(
                reader, at, organisation, fund=fund, year=start and start.start, ledger=self.address
            )  # fmt: skip

    def journal(self, *, as_at: Day = None, known_at: Instant = None) -> Report:
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
        from ledger.reports.journal import every_leg
        from screens.report.report import listed

        day, known = given.day(as_at), given.instant(known_at)
        with self._opened().read() as reader:
            at = moment(reader, day, known)
            return Report([listed(every_leg(reader, at).to_pylist())], at)

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

        store = self._opened()
        with store.read_afresh() as reader:
            at = moment(reader)
            problems = COMMAND_LINE.problems(verify.verify(reader, lambda _: None, store=store))
        rows = [{"where": one.where, "found": one.found, "why": one.why, "fix": one.fix} for one in problems]
        return Report([listed(rows)], at, is_refused=bool(rows))

    # --- all of them side by side ---------------------------------------------------------------------

    def national(
        self, *, year: Year = None, rank: str = "ring_fenced_share_with_soft", pots: bool = False,
        region: str | None = None, peers_of: str | None = None, above: str | Sequence[str] = (),
        below: str | Sequence[str] = (),
        as_at: Day = None, known_at: Instant = None, as_is: Day = None,
        reading: Reading = RECORDED.name,
    ) -> Report:  # fmt: skip
        """All ICBs ranked by a measure, or what became of every pot at every ICB.

        Args:
            year: a financial year; by default the newest that has begun and in which an ICB holds money.
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
            ValueError: there is no such measure or reading, or a limit cannot be read.
        """
        from allocations.shares.national import ABOVE, BELOW, TITLES, threshold
        from screens.report import all_icbs

        given.choice("measure", rank, TITLES)
        limits = [
            threshold(text, side) for side, texts in ((ABOVE, above), (BELOW, below)) for text in given.several(texts)
        ]
        graded = given.reading(reading)
        with self._read(as_at, known_at) as (reader, at):
            if pots:
                return all_icbs.what_became_of_pots(reader, at, given.year(year))
            return all_icbs.side_by_side(
                reader, at, year=given.year(year), rank=rank, region=region, peers_of=peers_of, limits=limits,
                as_is=given.day(as_is), reading=graded,
            )  # fmt: skip

    def trend(
        self, *, organisation: str | None = None, over: str = "months", year: Year = None, as_at: Day = None,
        known_at: Instant = None, known_then: bool = False, every_icb: bool = False,
        reading: Reading = RECORDED.name,
    ) -> Report:  # fmt: skip
        """How tied, late, lasting and devolved the money was, month by month or year by year.

        Args:
            organisation: this organisation and those below it, by code; England by default.
            over: ``"months"`` of a year, or ``"years"``.
            year: for months, of which financial year; by default the newest that has begun and in which an ICB holds
                money.
            as_at: the last day that counts; today by default.
            known_at: as known at this moment; now by default.
            known_then: each point as it was known at its own end.
            every_icb: every ICB at every point, side by side, in place of one organisation.
            reading: how the grades of ring-fences are read: one of the shipped readings by its name, as ``"recorded"``.

        Returns:
            A row for each point in time, with whole pence, and measures as fractions of one.

        Raises:
            Refused: the organisation is unknown.
            ValueError: there is no such reading, or the points are neither months nor years.
        """
        from ledger.reports.trend import MONTHS, YEARS
        from screens.report import all_icbs

        given.choice("kind of points", over, (MONTHS, YEARS))
        graded = given.reading(reading)
        with self._read(as_at, known_at) as (reader, at):
            return all_icbs.over_time(
                reader, at, organisation=organisation, over=over, year=given.year(year), known_then=known_then,
                every_icb=every_icb, reading=graded,
            )  # fmt: skip
