"""What the money asks of those who receive it, in tables: one by one, over all of them, and group by group."""

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

from allocations.shares.groups import TITLES, groups
from ledger.money import round_half_up_fraction, spoken
from ledger.readings import RECORDED, GradeReading
from ledger.reports.measures import OverReadings, PotHeld
from ledger.reports.measures import share as part
from ledger.reports.over_receivers import by_group, middle, middle_over, spread
from ledger.reports.position import Moment
from ledger.reports.put_together import ONE_POT, PutTogether
from ledger.reports.receivers import CATALOGUE, Received, ReceiverMeasure, Value, returns_by_month, streams_in_last
from ledger.reports.trail import any_of
from ledger.years import FinancialYear
from screens.report.readings import otherwise
from screens.report.report import (
    Cell,
    Column,
    FigureCell,
    Link,
    Report,
    Row,
    Table,
    composed,
    count,
    count_of,
    data,
    link,
    money,
    ranged,
    ratio,
    share,
    text,
)

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
        count("Pots whose returns are known", "returns_known"),
        *data("not_known", "notices_by_month", "notices_before", "deadlines_by_month", "returns_by_month"),
        *data("funded_by", "new", "discontinued", "non_recurrent_years"),
    ]  # fmt: skip
    rows = [
        (one.name, one.organisation,
         *(ranged(one.values[measure.name], over.get(measure.name)) for measure in CATALOGUE),
         len(one.pots) - one.unknown["returns_per_year"], one.unknown, one.notices, one.noticed_before, one.deadlines,
         one.returns, one.funders, one.new, one.discontinued,
         {pot: years for pot, years in one.non_recurrent_years.items() if years > 1})
        for one in found for over in [one.over]
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
            (measure.name, measure.title, measure.unit, _ranged(over.median, over.over, measure),
             *_end(over.worst, measure), *_end(over.best, measure), over.known, measure.definition)
        )  # fmt: skip
    return Table(f"Over every {named}", heads, rows)


def groups_table(found: Sequence[Received], tier: str) -> Table:
    """The median of every measure by region, deprivation and size."""
    heads = [
        *data("by"), text("By"), text("Group", "group"), count("Receivers", "receivers"),
        *(_of_measure(one, shown=one.name in _READ) for one in CATALOGUE),
    ]  # fmt: skip
    rows = [
        (
            by,
            TITLES[by],
            group,
            len(own),
            *(_middle(own, one) for one in CATALOGUE),
        )
        for by, groups_of_it in groups(tier).items()
        for group, own in by_group(found, groups_of_it).items()
    ]
    return Table("Medians by region, deprivation and size", heads, rows)


MONTH_NAMES = ("April", "May", "June", "July", "August", "September", "October", "November", "December", "January",
               "February", "March")  # fmt: skip
LETTERS, DEADLINES, RETURNS = "Letters", "Deadlines", "Returns"


def by_month(one: Received) -> dict[str, tuple[int, ...]]:
    """What happens in each month of a receiver's year, April first: letters that bring money, deadlines and returns."""
    return {LETTERS: one.notices, DEADLINES: one.deadlines, RETURNS: one.returns}


def calendar_table(one: Received, reading: GradeReading = RECORDED) -> Table:
    """A receiver's year, month by month, with the pots that must be spent by then.

    Each number leads to the pots that it counts, and so to their entries and the letters that brought them.
    """
    heads = [text("Month"), *(count(name) for name in by_month(one)), text("Pots that must be spent by then")]
    pots = pots_by_month(one)

    def counted(kind: str, place: int) -> Cell:
        number, behind = by_month(one)[kind][place], pots[kind][place]
        return _of_pots(number, one, behind, reading) if behind else number

    rows = [
        (month, *(counted(kind, place) for kind in pots),
         "; ".join(_named(pot, one) for pot in pots[DEADLINES][place]))
        for place, month in enumerate(MONTH_NAMES)
    ]  # fmt: skip
    return Table(f"The year of {one.name}", heads, rows)


def pots_by_month(one: Received) -> dict[str, list[list[PotHeld]]]:
    """The pots behind each number of ``by_month``."""
    found: dict[str, list[list[PotHeld]]] = {kind: [[] for _ in MONTH_NAMES] for kind in by_month(one)}
    for pot in one.pots:
        year = FinancialYear(pot.row["year"])
        for kind, when in ((LETTERS, pot.row["notified_on"]), (DEADLINES, pot.row["spend_by"])):
            if when is not None and year.contains(when):
                found[kind][(when.month - 4) % len(MONTH_NAMES)].append(pot)
        for place, number in enumerate(returns_by_month(pot.row["returns_per_year"] or 0)):
            if number:
                found[RETURNS][place].append(pot)
    return found


def _of_pots(said: object, one: Received, pots: Sequence[PotHeld], reading: GradeReading) -> Link:
    """What leads to what a receiver holds of some of its pots."""
    meant = any_of(pot.code for pot in pots) if len(pots) < len(one.pots) else None
    return composed(said, under=one.organisation, year=int(pots[0].row["year"]), reading=reading, pot=meant)


def _named(pot: PotHeld, one: Received) -> str:
    """A pot by its own name, where money stands on it and not only on the headings inside it."""
    inside = [stream for stream in one.streams if stream.pot == pot.code]
    own = next((stream.name for stream in inside if stream.code == pot.code), None)
    return own or f"{pot.code} ({count_of(len(inside), 'line', 'lines')})"


def year_in_words(one: Received) -> str:
    """A receiver's year in a sentence, with what is not known of it."""
    notice, returns = one.unknown["in_year_share"], one.unknown["returns_per_year"]
    in_year = len(one.pots) - notice - one.noticed_before
    deadlines = int(one.values["deadlines"] or 0)
    return (
        f"{one.name} works with {count_of(len(one.pots), 'pot', 'pots')}. Notice of {one.noticed_before} came before "
        f"the year, of {in_year} in it, and of {notice} it is not known. "
        f"{count_of(deadlines, 'has a deadline', 'have a deadline')}. "
        f"{_asked_for(one)}; of {count_of(returns, 'pot', 'pots')} it is not known how many. "
        "Returns stand where they fall when they are spread evenly over the year, for the books know how many there "
        "are and not their days."
    )


def _asked_for(one: Received) -> str:
    returns = one.values["returns_per_year"]
    if returns is None:
        return "How many returns are asked for is not known"
    return count_of(int(returns), "return is asked for", "returns are asked for")


def streams_sentence(one: Received) -> str:
    """What the picture of a receiver's streams by size shows."""
    return (
        f"Each tick is a stream. Of {count_of(len(one.streams), 'stream', 'streams')}, "
        f"{count_of(len(streams_in_last(one, 1)), 'makes up', 'share')} the last 1% of the money; "
        "each of these is short and violet."
    )


def streams_table(one: Received, merged: PutTogether | None = None, reading: GradeReading = RECORDED) -> Table:
    """Every stream of a receiver, the largest first, and whether it is of those that share the last hundredth.

    Each leads to the entries, and so to the letter or the file, that brought it.

    Args:
        merged: what was put together, where the receiver is as it would be then: the one pot leads to its parts.
    """
    last, total = streams_in_last(one, 1), int(one.values["total"] or 0)
    heads = [link("Stream"), *data("fund"), money("Amount (£)"), share("Share"), text("In the last 1%")]
    rows = [
        (_of_pots(stream.name, one, merged.chosen, reading) if merged is not None and stream.code == ONE_POT
         else Link(stream.name, "audit", {"organisation": one.organisation, "fund": stream.code}), stream.code,
         stream.amount_pence, part(stream.amount_pence, total),
         "yes" if stream.code in last else "no")
        for stream in one.streams
    ]  # fmt: skip
    after = "" if merged is None else ", after"
    return Table(f"Streams of {one.name} by size{after}", heads, rows)


# Of these a merger says nothing: it is of one year, and they compare years.
_OVER_YEARS = ("new_pots", "discontinued_pots", "discontinued_share", "recurring_one_offs")


def put_together(found: PutTogether, at: Moment, year: FinancialYear, reading: GradeReading) -> Report:
    """What some pots of a receiver ask of it, and what they would ask as one: every measure before and after."""
    one = found.before
    chosen = [{"pot": pot.code, "amount_pence": pot.amount_pence} for pot in found.chosen]
    facts = {
        "organisation": one.organisation, "year": str(year), "reading": reading.name, "parts": chosen,
        "amount_pence": found.amount_pence, "returns_at_least": found.returns,
        "not_known_of_parts": {name: found.not_known(name)[0] for name in _ASKED_OF_PARTS},
        "not_known_of_parts_pence": {name: found.not_known(name)[1] for name in _ASKED_OF_PARTS},
    }  # fmt: skip
    title = f"Pots of {one.name} in {year} put together: hypothetical"
    return Report([put_together_table(found)], at, title, [*put_together_in_words(found), *otherwise(reading)], facts)


_ASKED_OF_PARTS = {
    "returns_per_year": "how many returns they ask for", "notified_on": "when notice came",
    "recurrent": "whether they recur", "grade": "how they are ring-fenced",
}  # fmt: skip


def put_together_in_words(found: PutTogether) -> list[str]:
    """What a merger of pots does, and of how many of its parts something is not known, in sentences."""
    one, after, parts = found.before, found.after, len(found.chosen)
    if after is one:
        return [f"{one.name} has {count_of(parts, 'such pot', 'such pots')}, so there is nothing to put together."]
    unknown = {name: number for name in _ASKED_OF_PARTS if (number := found.not_known(name))[0]}
    least = "at least " if "returns_per_year" in unknown else ""
    before, now = (
        f"{count_of(len(end.pots), 'pot', 'pots')} and {at_least}{end.values['returns_per_year'] or 'no'} returns that "
        "are known"
        for end, at_least in ((one, ""), (after, least))
    )
    held = f"{parts} pots as one, with {spoken(found.amount_pence)} and no inner ring-fences"
    strictest = "It is on the strictest of their terms. It asks for as many returns as the most that one of them does."
    said = [f"{held}: before, {before}; after, {now}.", strictest]
    told = "; ".join(
        f"{_ASKED_OF_PARTS[name]} ({number}, with {spoken(pence)})" for name, (number, pence) in unknown.items()
    )
    return [*said, f"Of the {parts} pots it is not known: {told}."] if told else said


def put_together_table(found: PutTogether) -> Table:
    """Every measure of a receiver before and after some of its pots are put together, each with its range."""
    rows = [
        (measure.name, measure.title, measure.unit, *(_of_one(each, measure) for each in (found.before, found.after)),
         measure.definition)
        for measure in CATALOGUE
        if measure.name not in _OVER_YEARS
    ]  # fmt: skip
    heads = [
        *data("measure"), text("Measure", "title"), *data("unit"),
        *(text(when.capitalize(), when, missing=NOT_KNOWN) for when in ("before", "after")),
        text("What it is", "definition"),
    ]  # fmt: skip
    return Table("Before and after", heads, rows)


def _of_one(one: Received, measure: ReceiverMeasure) -> Cell:
    return _ranged(one.values[measure.name], one.over.get(measure.name), measure)


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


def _middle(found: Sequence[Received], measure: ReceiverMeasure) -> Cell:
    """The median over receivers, with its range over readings of grades where it rests on them."""
    return _ranged(middle(found, measure.name), middle_over(found, measure.name), measure)


def _ranged(value: Value, over: OverReadings | None, measure: ReceiverMeasure) -> Cell:
    return ranged(_value(value, measure), _in_unit(over, measure))


def _in_unit(found: OverReadings | None, measure: ReceiverMeasure) -> OverReadings | None:
    """A range in the unit of the measure: whole pence, and whole numbers where they are whole."""
    if found is None:
        return None
    low, high = (Fraction(end) for end in (found.lowest, found.highest))
    if measure.unit == "pence":
        return replace(found, lowest=round_half_up_fraction(low), highest=round_half_up_fraction(high))
    if measure.unit in ("count", "days") and low == int(low) and high == int(high):
        return replace(found, lowest=int(low), highest=int(high))
    return found


def _end(end: Sequence[Received], measure: ReceiverMeasure) -> Row:
    """The value at one end of a spread, and who is there: by name, where it is not nearly everybody."""
    if not end:
        return None, None, []
    others = f" and {len(end) - 1} others" if len(end) > 1 else ""
    return _value(end[0].values[measure.name], measure), f"{end[0].name}{others}", [one.organisation for one in end]
