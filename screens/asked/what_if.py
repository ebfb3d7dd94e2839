"""What if: scenarios run, side by side and again, and pots that are bid for. The books stay as they are."""

from pathlib import Path

from ledger.readings import RECORDED, ones_own
from screens.asked import given
from screens.asked.given import File, Reading
from screens.asked.shares import BooksAndShares
from screens.report.report import Report


class AskedLedger(BooksAndShares):
    """A ledger open to read, with every question that it answers.

    A method answers with a ``Report``. What it refuses carries the marks of ``ledger.inputs``: who asks puts in their
    words, as ``screens.python`` does for whoever asks in Python.
    """

    def scenario(
        self, *names: File, ranges: bool = False, draws: int | None = None, reading: Reading = RECORDED.name
    ) -> Report:
        """Run a scenario, or several: the position after it, every measure before and after, who gains and why.

        Args:
            names: of the library, saved beside the ledger, or files of one's own.
            ranges: of one scenario, also between which values it lies, and what drives it.
            draws: how often to draw for that.
            reading: a reading of grades of your own; ranges are over it beside the shipped ones, which they always
                have. The answer itself is as recorded.

        Returns:
            For one scenario its whole answer in ``facts``, with a row for each line of the position after it, in whole
            pence; for several a row for each.

        Raises:
            Refused: a scenario is unknown, or has problems, each with its place in the file.
            ValueError: none was named, or several with ranges, or the reading is a shipped one.
        """
        from scenarios import saved
        from scenarios.outcome import work_out_all
        from scenarios.ranges import DRAWS, ranged
        from screens.report.scenarios import answers as reporting

        if not names:
            raise ValueError("name a scenario, or its file")
        graded = given.reading(reading)
        own = ones_own(graded)
        if own is None and graded is not RECORDED:
            raise ValueError("ranges are over every shipped reading: give one of your own")
        asked = list(dict.fromkeys(str(name) for name in names))
        if ranges and len(asked) > 1:
            raise ValueError("ranges are told of one scenario at a time")
        written = saved.find_all(asked, self.address)
        with self._read() as (reader, at):
            found = work_out_all(reader, written, own)
        if len(asked) == 1:
            return reporting.run(found[0], ranged(found[0], draws or DRAWS) if ranges else None)
        return reporting.run_all(dict(zip(asked, found, strict=True)), at)

    def compare_scenarios(self, *names: File) -> Report:
        """Put scenarios side by side: the same propositions, amounts and measures, and how far apart they end.

        Args:
            names: two or more: of the library, saved beside the ledger, or files of one's own.

        Returns:
            A row for each proposition, amount and measure, with its value before and after each scenario: whole pence
            where its unit is pence, a fraction of one where it is a share. What each changes, and how many pence lie
            between their ends, stands in ``facts``.

        Raises:
            Refused: fewer than two are named, or one is unknown or has problems, each with its place in the file.
        """
        from scenarios import saved
        from scenarios.compare import compare
        from scenarios.outcome import work_out_all
        from screens.report.scenarios import answers as reporting

        written = saved.find_all([str(name) for name in names], self.address)
        with self._read() as (reader, at):
            found = compare(work_out_all(reader, written))
        return reporting.compared(found, at)

    def check_scenario(self, name: File, result: File) -> Report:
        """Run a scenario again, and say whether an old result still holds.

        Args:
            name: of the library, saved beside the ledger, or a file of one's own.
            result: the file of the old result, as ``devolution scenario run --json`` printed it.

        Returns:
            A row for each thing that differs: ``what``, ``then`` and ``now``, money in whole pence. No row, and
            ``is_refused`` false: it holds.

        Raises:
            Refused: the scenario is unknown or has problems, or the file is no result of a scenario.
        """
        from scenarios import saved
        from scenarios.outcome import work_out
        from screens.report.scenarios import answers as reporting

        old = saved.read_result(Path(result))
        written = saved.find(str(name), self.address)
        with self._read() as (reader, at):
            verdict = saved.recheck(work_out(reader, written), old)
        return reporting.checked(verdict, at, Path(result).name)

    @staticmethod
    def bids(file: File, *, draws: int | None = None) -> Report:
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
        from scenarios.bids.file import read_bids
        from scenarios.bids.tornado import drawn
        from screens.report.scenarios.bids import pot

        where = Path(file)
        plan, digest = read_bids(where, draws)
        return pot(plan, *drawn(plan), source=str(where), digest=digest)
