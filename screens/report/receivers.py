"""What the money asks of those who receive it, in tables: one by one, over all of them, and group by group."""

from collections.abc import Sequence
from fractions import Fraction

from allocations.shares.groups import TITLES, groups
from ledger.money import round_half_up_fraction
from ledger.reports.receivers import CATALOGUE, Received, ReceiverMeasure, Value, by_group, middle, spread
from screens.report.report import Cell, Column, FigureCell, Row, Table, count, data, money, ratio, share, text

NOT_KNOWN = "not known"
TIERS = {"icb": "ICB", "place": "place", "pcn": "PCN", "practice": "practice"}
# What people read of each receiver; programs and files get every measure.
_READ = ("total", "pots", "effective_number", "median_pot", "penny_packets", "pots_in_last_1_percent", "tied_pots",
         "fewest_days_to_spend", "returns_per_year")  # fmt: skip


def receivers_table(found: Sequence[Received], name: str) -> Table:
    """Receivers and what the money asks of each, every measure with how many pots are left out of it."""
    heads = [
        text("Name", "name"), *data("organisation"),
        *(_of_measure(one, shown=one.name in _READ) for one in CATALOGUE),
        count("Pots whose returns are known", "returns_known"), *data("not_known", "deadlines_by_month",
        "returns_by_month", "funded_by", "new", "discontinued", "non_recurrent_years"),
    ]  # fmt: skip
    rows = [
        (one.name, one.organisation, *(one.values[measure.name] for measure in CATALOGUE),
         len(one.pots) - one.unknown["returns_per_year"], one.unknown, one.deadlines, one.returns, one.funders,
         one.new, one.discontinued, {pot: years for pot, years in one.non_recurrent_years.items() if years > 1})
        for one in found
    ]  # fmt: skip
    return Table(name, heads, rows)


_COLUMNS = {"count": count, "pence": money, "share": share, "index": ratio, "days": ratio, "per £ million": ratio}


def _of_measure(measure: ReceiverMeasure, *, shown: bool) -> Column:
    heading = f"{measure.title} (£)" if measure.unit == "pence" else measure.title
    key = f"{measure.name}_pence" if measure.unit == "pence" else measure.name
    return _COLUMNS[measure.unit](heading if shown else "", key, missing=NOT_KNOWN)


def spread_table(found: Sequence[Received], named: str) -> Table:
    """Every measure over receivers: the median, the worst and the best, and of how many it is known."""
    heads = [
        *data("measure"), text("Measure", "title"), *data("unit"), text(f"Median {named}", "median"),
        text("Worst", "worst"), text("Who"), *data("worst_organisations"), text("Best", "best"),
        text("Who"), *data("best_organisations"), count("Known for", "known"), text("What it is", "definition"),
    ]  # fmt: skip
    rows = []
    for measure in CATALOGUE:
        over = spread(found, measure.name)
        rows.append(
            (measure.name, measure.title, measure.unit, _value(over.median, measure), *_end(over.worst, measure),
             *_end(over.best, measure), over.known, measure.definition)
        )  # fmt: skip
    return Table(f"Over every {named}", heads, rows)


def groups_table(found: Sequence[Received], tier: str) -> Table:
    """The median of every measure by region, deprivation and size."""
    heads = [
        *data("by"), text("By"), text("Group", "group"), count("Receivers", "receivers"),
        *(_of_measure(one, shown=one.name in _READ) for one in CATALOGUE),
    ]  # fmt: skip
    rows = [
        (by, TITLES[by], group, len(own), *(_value(middle(own, one.name), one) for one in CATALOGUE))
        for by, groups_of_it in groups(tier).items()
        for group, own in by_group(found, groups_of_it).items()
    ]
    return Table("Medians by region, deprivation and size", heads, rows)


def _value(value: Value, measure: ReceiverMeasure) -> Cell:
    """A value under a heading that many measures share; the middle of two counts may be half of one."""
    if value is None:
        return None
    if measure.unit == "pence":
        return FigureCell(round_half_up_fraction(Fraction(value)), money(""))
    if value == int(value) and measure.unit in ("count", "days"):
        return FigureCell(int(value), count(""))
    if measure.unit == "share":
        return FigureCell(Fraction(value), share(""))
    return FigureCell(Fraction(value), ratio("", places=2))


def _end(end: Sequence[Received], measure: ReceiverMeasure) -> Row:
    """The value at one end of a spread, and who is there: by name, where it is not nearly everybody."""
    if not end:
        return None, None, []
    others = f" and {len(end) - 1} others" if len(end) > 1 else ""
    return _value(end[0].values[measure.name], measure), f"{end[0].name}{others}", [one.organisation for one in end]
