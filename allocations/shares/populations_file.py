"""The people that shares rest on, read from a published practice file of the user's own."""

from pathlib import Path

from allocations.files.published.practices import PracticeFile
from allocations.files.published.understood import understand
from allocations.shares.populations import Populations, placed
from ledger.errors import Problem, refuse_any
from ledger.years import FinancialYear


def read_populations(path: Path, year: FinancialYear | None = None, icb: str | None = None) -> Populations:
    """A published practice file, of any year's edition, with the default places and networks of its practices.

    Args:
        path: the file.
        year: its year, where it does not say it.
        icb: the only ICB that is asked about: what is wrong in the rows of others blocks nothing; they are left out.

    Raises:
        Refused: it is a file of another kind, or has problems, each with its sheet and cell.
    """
    files, problems = understand([path], year=year, icb=icb)
    if not problems and not isinstance(files[0].content, PracticeFile):
        sentence = f"it is {files[0].kind}."
        remedy = "Give a practice file with registered and weighted populations."
        problems = [Problem(path.name, sentence, "Shares rest on people by practice.", remedy)]
    refuse_any(problems)
    content = files[0].content
    assert isinstance(content, PracticeFile)
    assert content.year is not None
    table, said = placed(content.table)
    return Populations(content.year, table, path.name, files[0].sha256, said)
