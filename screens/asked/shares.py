"""Who should get what: need, fair shares, targets and the network contract. Only a schedule is asked of the books."""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.reports.position import Moment
from ledger.store.base import Reader
from ledger.years import FinancialYear
from screens.asked import given
from screens.asked.books import RECEIVERS, OpenedBooks
from screens.asked.given import Day, File, Instant, Year
from screens.report.report import Report

if TYPE_CHECKING:
    from allocations.network.statement import Statement
    from allocations.places.division import Division
    from allocations.shares.facts import Group
    from allocations.shares.historic import Historic
    from allocations.shares.populations import Populations
    from allocations.shares.schedule import Schedule
    from allocations.shares.targets import Target

LEVELS = RECEIVERS[1:]


def people(figures: File | None, year: FinancialYear | None, icb: str | None = None) -> "Populations":
    """The people to share by: of a published practice file, or the shipped ones of a year.

    Raises:
        Refused: the file is of another kind or has problems, or no people of the year are shipped.
    """
    if figures is not None:
        # What reads published files is loaded for those who give one.
        from allocations.shares.populations_file import read_populations

        return read_populations(Path(figures), year, icb)
    from allocations.shares.populations import SHIPPED_YEAR, shipped

    return shipped(year or SHIPPED_YEAR)


def groups(icb: str, level: str, division: "Division | None" = None) -> "list[Group]":
    """The places, networks or practices of an ICB with their people and need indices.

    Args:
        division: places of one's own.
    """
    from allocations.shares import facts

    return facts.groups(icb, level, division)


def issued(
    reader: Reader, at: Moment, icb: str, year: FinancialYear, level: str
) -> dict[tuple[str, str], int]:  # fmt: skip
    """What an ICB has passed to those of a level, net of what came back: (organisation, line) to pence.

    Raises:
        Refused: the ICB is unknown.
    """
    from allocations.shares.schedule import issued_in_books

    return issued_in_books(reader, at, icb, year, level)


def schedule_of_line(
    icb: str, year: FinancialYear, level: str, line: str, *, historic: "Historic | None",
    issued: Mapping[tuple[str, str], int], places: Path | None,
) -> "Schedule":  # fmt: skip
    """The schedule of one line, from what was issued and from historic budgets that are read already.

    Raises:
        Refused: nothing has a budget, or the places are refused.
    """
    from allocations.shares.schedule import schedule

    return schedule(
        icb=icb, year=year, level=level, funds=[line], historic=historic, issued=issued, places_file=places
    )  # fmt: skip


def targets(stream: str, as_is: date | None = None, year: FinancialYear | None = None) -> "list[Target]":
    """Every ICB's target, distance from target and pace of change, as published.

    Raises:
        Refused: nothing is published for that year.
    """
    from allocations.shares import targets as published

    return published.targets(stream, as_is, year or published.PUBLISHED_YEAR)


def statement(
    pcn: str, year: FinancialYear | None = None, *, counts: Path | None = None, claims: Path | None = None,
    posts: Path | None = None, maximums: Path | None = None, known_on: date | None = None,
) -> "Statement":  # fmt: skip
    """What the network contract pays a network, element by element.

    Raises:
        Refused: the network or the year is unknown, or a file has problems.
    """
    from allocations.network import statement as contract

    return contract.statement(
        pcn, year or contract.FIGURES_YEAR, counts_file=counts, claims_file=claims, posts_file=posts,
        maximums_file=maximums, known_on=known_on,
    )  # fmt: skip


class BooksAndShares(OpenedBooks):
    """The books, and who should get what."""

    @staticmethod
    def need(
        *, icb: str | None = None, to: str = "place", component: str | None = None, year: Year = None,
        figures: File | None = None, places: File | None = None,
    ) -> Report:  # fmt: skip
        """Need indices of places, networks or practices, each with the base that it is relative to. Needs no ledger.

        Args:
            icb: only this ICB, by code; all of them by default.
            to: ``"place"``, ``"pcn"`` or ``"practice"``.
            component: only this component, as ``"mental_health"``.
            year: a financial year; 2025/26 by default.
            figures: a published practice file with the people; the shipped figures otherwise.
            places: a file of one's own places, with ``icb``.

        Returns:
            A row for each organisation, base and component: people, weighted people, and an index of which 1 is the
            base.

        Raises:
            Refused: there is no such ICB, no people of the year are shipped, or a file has problems.
            UnknownWeighting: there is no such component.
            ValueError: there is no such level, or places are given without the ICB that they divide.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        from allocations.figures.weightings import weighting
        from allocations.places.division import with_places
        from allocations.places.files import read_division
        from allocations.shares import need
        from ledger.errors import refuse
        from ledger.inputs import Input
        from screens.report import shares

        given.choice("level", to, LEVELS)
        counted = people(figures, given.year(year))
        table = counted.table
        if places is not None:
            if icb is None or to != "place":
                raise ValueError("places divide one ICB: give it too, and ask for places")
            division = read_division(Path(places), icb, counted.membership())
            own = with_places(table.filter(pc.equal(table["icb"], icb)), division)
            rest = table.filter(pc.not_equal(table["icb"], icb))
            table = pa.concat_tables([own.select(table.column_names), rest]).unify_dictionaries()
        found = need.indices(table, to)
        if icb is not None:
            found = found.filter(pc.equal(found["icb"], icb))
        if component is not None:
            found = found.filter(pc.equal(found["component"], weighting(component)))
        if not found.num_rows:
            known = f"ICBs of that year: {', '.join(sorted(set(counted.table['icb'].to_pylist())))}."
            refuse(Input.ICB, f"there is no ICB '{icb}' in {counted.year}.", "It has no people to share by.", known)
        return shares.need(found, icb=icb or "all ICBs", group=to, people=counted)

    def schedule(
        self, icb: str, *, to: str = "place", funds: str | Sequence[str] = (), year: Year = None,
        historic: File | None = None, pace: File | None = None, places: File | None = None,
        figures: File | None = None, as_at: Day = None, known_at: Instant = None,
    ) -> Report:  # fmt: skip
        """For every place and line: historic budget, fair share, what was issued, and the distance between them.

        Args:
            icb: the ICB's code, as ``"QWO"``.
            to: ``"place"``, ``"pcn"`` or ``"practice"``.
            funds: only these lines, by code; every line that has a budget by default.
            year: a financial year; that of the people by default.
            historic: historic budgets in pounds: a workbook or CSV with organisation, fund and amount.
            pace: a pace of change, as YAML: what it plans from historic budgets takes the place of what was issued.
            places: a file of one's own places.
            figures: a published practice file with the people; the shipped figures of 2025/26 otherwise.
            as_at: the last day that counts; today by default.
            known_at: as known at this moment; now by default.

        Returns:
            A row for each organisation and line, and for their sums (``is_sum``): whole pence, also for each person
            (``_per_head_pence``), people, and distances as fractions of one.

        Raises:
            Refused: the ICB or a line is unknown, nothing has a budget, or a file has problems.
            ValueError: there is no such level, or a day cannot be read.
        """
        from allocations.shares.planned import read_asked
        from screens.report import shares

        given.choice("level", to, LEVELS)
        start = given.year(year)
        wanted = read_asked(
            icb, people(figures, start, icb), year=start, level=to, funds=given.several(funds),
            historic=given.file(historic), pace=given.file(pace), places=given.file(places),
        )  # fmt: skip
        if wanted.pace is not None:
            return shares.scheduled(wanted)
        with self._read(as_at, known_at) as (reader, at):
            passed_on = issued(reader, at, icb, wanted.year, to)
        return shares.scheduled(wanted, passed_on, at)

    @staticmethod
    def targets(stream: str = "core", *, year: Year = None, as_is: Day = None) -> Report:
        """Every ICB's target, distance from target and pace of change, as published. Needs no ledger.

        Args:
            stream: ``"core"``, ``"specialised"`` or ``"primary medical"``.
            year: a financial year; 2025/26 by default.
            as_is: restate to the boundaries of this day.

        Returns:
            A row for each ICB: whole pence, and distances as fractions of one.

        Raises:
            Refused: nothing is published for that year.
            ValueError: there is no such stream, or a day cannot be read.
        """
        from allocations.shares.targets import STREAMS, changes
        from screens.report import national

        given.choice("stream", stream, STREAMS)
        boundaries = given.day(as_is)
        found = targets(stream, boundaries, given.year(year))
        return national.targets(found, as_is=boundaries, changes=changes(boundaries))

    @staticmethod
    def network(
        pcn: str, *, year: Year = None, counts: File | None = None, claims: File | None = None,
        posts: File | None = None, maximums: File | None = None, known_on: Day = None, monthly: bool = False,
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
            ValueError: a day cannot be read.
        """
        from screens.report.network import contract

        found = statement(
            pcn, given.year(year), counts=given.file(counts), claims=given.file(claims), posts=given.file(posts),
            maximums=given.file(maximums), known_on=given.day(known_on),
        )  # fmt: skip
        return contract(found, source=str(counts or "allocations/figures/reference"), monthly=monthly)
