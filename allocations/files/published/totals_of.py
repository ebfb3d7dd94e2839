"""Three totals of published allocations: what the file prints, what was understood, and what would be posted."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from allocations.files.published.allocations_workbook import AllocationsWorkbook
from allocations.files.published.entries import NATIONAL
from allocations.files.published.importing import PublishedImport
from allocations.files.published.understood import PublishedFile


@dataclass(frozen=True, slots=True)
class PublishedTotals:
    """What allocations to ICBs come to. What stays with NHS England is none of them.

    Attributes:
        printed: how many totals the files print for an ICB.
        file_pence: what those come to, to the nearest penny.
        understood_pence: the sum of the figures, each rounded to the penny.
        apart_pence: by how much the two differ, which is rounding where they tie.
        ties: whether what would be posted is what was understood, and that is what the file says but for its
            rounding: at most half a penny for each figure.
    """

    printed: int
    icbs: int
    figures: int
    file_pence: int
    understood_pence: int
    apart_pence: int
    ties: bool


def published_totals(files: Sequence[PublishedFile], imported: PublishedImport) -> PublishedTotals | None:
    """The totals of the allocations among the files; None where there are none."""
    books = [file.content for file in files if isinstance(file.content, AllocationsWorkbook)]
    if not books:
        return None
    figures = [figure for book in books for figure in book.figures if figure.holder != NATIONAL]
    printed = [total for book in books for total in book.totals if total.organisation]
    pounds = sum((total.pounds for total in printed), Decimal(0))
    in_file = int((pounds * 100).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    understood = sum(figure.amount_pence for figure in figures)
    apart = abs(in_file - understood)
    parts = sum(total.rounded_parts for total in printed)
    ties = understood == imported.moved_pence and apart * 2 <= parts
    icbs = {figure.about for figure in figures}
    return PublishedTotals(len(printed), len(icbs), len(figures), in_file, understood, apart, ties)
