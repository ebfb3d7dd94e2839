"""What the books hold: position, flows, measures, the trail behind a balance, and the picture of the whole."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from allocations.shares import restated
from allocations.shares.groups import ICB
from ledger.money import spoken
from ledger.readings import RECORDED, GradeReading
from ledger.reports import measures as measuring
from ledger.reports import position as holding
from ledger.reports import register, returned, summary
from ledger.reports.measures import Measure
from ledger.reports.position import BY_AGREEMENT, POSITION_COLUMNS, WITHOUT_AGREEMENT, Moment
from ledger.reports.receivers import Received, seen_by_each
from ledger.reports.summary import (
    NATIONALLY,
    OTHER_PLACES,
    TOTAL,
    FlowBand,
    Picture,
    cell_shares,
    matrix_with_totals,
    percent,
)
from ledger.reports.trail import trail as entries_behind
from ledger.store import attachments
from ledger.store.address import Address
from ledger.store.base import Reader
from ledger.years import FinancialYear
from screens.report.readings import how_read, otherwise
from screens.report.receivers import spread_table
from screens.report.render.colours import STREAMS, Colour
from screens.report.report import (
    ABSENT,
    NOT_DEFINED,
    NOTHING,
    Cell,
    Report,
    Row,
    Table,
    boundaries,
    columns,
    composed,
    data,
    day,
    entry_link,
    listed,
    money,
    ranged,
    share,
    text,
)
from screens.report.wording import COMMAND_LINE

GRADES: Mapping[str, str] = {
    "none": "No ring-fence",
    "monitored": "Monitored",
    "soft": "Soft",
    "hard": "Hard",
    "statutory": "Statutory",
    "not graded": "Not graded",
}


def years_held(starts: Sequence[int]) -> str:
    """Of which years the books hold money, in a sentence; empty where they hold none.

    Args:
        starts: the years by the year each starts in, the newest first, as ``ledger.reports.journal.years`` gives them.
    """
    names = [str(FinancialYear(start)) for start in reversed(starts)]
    if len(names) < 2:  # noqa: PLR2004 - one year or none
        return "".join(f"These books hold money of {name} alone." for name in names)
    return f"These books hold money of {', '.join(names[:-1])} and {names[-1]}."


def position(
    reader: Reader,
    at: Moment,
    by: Sequence[str] = POSITION_COLUMNS,
    *,
    organisation: str | None = None,
    year: FinancialYear | None = None,
    as_is: date | None = None,
    reading: GradeReading = RECORDED,
) -> Report:
    """What is held where, summed by columns of a position.

    Args:
        reading: how grades are read.

    Raises:
        Refused: the organisation or a column is unknown.
    """
    table = restated.position(reader, at, as_is, organisation=organisation, year=year and year.start)
    rows = holding.grouped(reader, reading.read(table), by).to_pylist()
    total = f"Sum of all rows: {spoken(holding.total_pence(table))}." if rows else NOTHING
    changes = boundaries(as_is, restated.changed_by(reader, at, as_is))
    facts = {"as_is": as_is, "reading": reading.name}
    return Report([listed(rows)], at, sentences=[total, *otherwise(reading), *changes], facts=facts)


def flows(
    reader: Reader,
    at: Moment,
    by: Sequence[str],
    *,
    organisation: str | None,
    year: FinancialYear | None,
    as_is: date | None,
    within: bool,
) -> Report:
    """What moved, summed by columns of the flows.

    Raises:
        Refused: the organisation or a column is unknown.
    """
    start = year and year.start
    moved = restated.flows(reader, at, as_is, by, organisation=organisation, year=start, within=within)
    rows = moved.to_pylist()
    changes = boundaries(as_is, restated.changed_by(reader, at, as_is))
    return Report([listed(rows)], at, sentences=[*([] if rows else [NOTHING]), *changes], facts={"as_is": as_is})


def measures(
    reader: Reader,
    at: Moment,
    *,
    organisation: str | None,
    year: FinancialYear | None,
    as_is: date | None,
    scopes: Sequence[str],
    penny_packet_pence: int,
    reading: GradeReading = RECORDED,
) -> Report:
    """Measures in their scopes, and ring-fenced money that went back to its source, whatever became of it.

    Args:
        year: otherwise the newest that has begun by the day and in which an ICB holds money.
        reading: how grades are read; every figure that rests on them has its range over all readings.

    Raises:
        Refused: the organisation is unknown.
    """
    year = year or holding.year_in_view(reader, at)
    start = year.start
    held = restated.position(reader, at, as_is, organisation=organisation, year=start)
    back = [row for row in returned.returned(reader, at) if row.year == start]
    shown = str(year)
    facts: dict[str, Any] = {"year": shown, "organisation": organisation, "as_is": as_is,
                             "reading": reading.name}  # fmt: skip
    if back:
        facts["returned_to_source"] = [asdict(row) for row in back]
    rows = [
        (scope, measure)
        for scope in scopes
        for measure in measuring.measures_as_read(held, scope, penny_packet_pence=penny_packet_pence, reading=reading)
    ]
    title = f"{organisation or 'The whole ledger'}, {shown}. {how_read(reading)}"
    changes = boundaries(as_is, restated.changed_by(reader, at, as_is))
    shown_tables = [measures_table(rows, measuring.AS_ONE_HOLDER.capitalize())]
    sentences = [*changes, *map(returned.sentence, back)]
    if start is not None:
        each = _each_icb(reader, at, as_is, organisation, start, penny_packet_pence, reading)
        if each:
            shown_tables.append(spread_table(each, "ICB"))
            facts["seen_by_icbs"] = shown_tables[-1].records()
    return Report(shown_tables, at, title, sentences, facts)


def _each_icb(
    reader: Reader,
    at: Moment,
    as_is: date | None,
    organisation: str | None,
    year: int,
    penny_packet_pence: int,
    reading: GradeReading,
) -> list[Received]:
    """What is asked of every ICB, or of the one that is named; nothing where another organisation is."""
    held = restated.position_of_each(reader, at, as_is, ICB, year)
    names = {code: row["name"] for code, row in register.organisations(reader, ICB).items()}
    asked = {code: table for code, table in held.items() if organisation in (None, code)}
    return seen_by_each(asked, names, ICB, penny_packet_pence=penny_packet_pence, reading=reading)


def measures_table(given: Sequence[tuple[str, Measure]], name: str = "Measures") -> Table:
    """Measures with their scopes; programs get values, people words."""
    heads = [
        text("Scope", "scope"), *data("measure"), text("Measure", "title"), *data("unit", "amount_pence", "value"),
        text("Value"), *data("defined"), text("What it is", "definition"), text("Mind", "note"),
    ]  # fmt: skip
    rows = [
        (scope, one.name, one.title, one.unit, *_by_unit(one), measure_text(one), one.value is not None,
         one.definition, one.note)
        for scope, one in given
    ]  # fmt: skip
    return Table(name, heads, rows)


def _by_unit(measure: Measure) -> tuple[Any, Any]:
    value = ranged(measure.value, measure.over)
    return (value, ABSENT) if measure.unit == "pence" else (ABSENT, value)


def measure_text(measure: Measure) -> str:
    """A measure's value as people write it, with its range over readings where it has one."""
    return with_range(_written(measure.value, measure.unit), measure)


def measure_alone(measure: Measure) -> str:
    """A measure's value as people write it, where its range stands beside it."""
    return _written(measure.value, measure.unit)


def range_text(measure: Measure) -> str:
    """The range of a measure over readings; empty where it has none, or both ends are written alike."""
    return "" if measure.over is None else measure.over.in_words(lambda value: _written(value, measure.unit))


def with_range(text: str, measure: Measure) -> str:
    """A figure with the range of its measure in brackets, where it has one."""
    found = range_text(measure)
    return f"{text} ({found})" if found else text


def _written(value: Fraction | float | None, unit: str) -> str:
    if value is None:
        return NOT_DEFINED
    if isinstance(value, Fraction) and unit == "share":
        return percent(value)
    if isinstance(value, int):
        return spoken(value) if unit == "pence" else f"{value:,}"
    return f"{float(value):,.4f}" if unit == "per £ million" else f"{float(value):,.2f}"


def verified(entries: int) -> str:
    """That every check of the whole ledger holds, in a sentence."""
    return f"All {entries:,} entries hold: the chain is whole, money is conserved, every rule and control total is met."


def trail(
    reader: Reader,
    at: Moment,
    organisation: str,
    *,
    fund: str | None = None,
    year: int | None = None,
    names: Mapping[str, str] | None = None,
    ledger: Address | None = None,
) -> Report:
    """Each entry behind what an organisation itself holds, down to the file, sheet and cell.

    Args:
        names: of funds by code.
        ledger: beside which files that were brought in are kept, to tell which are there and unchanged.

    Raises:
        Refused: the organisation or the fund is unknown.
    """
    table = entries_behind(reader, at, organisation, fund=fund, year=year)
    rows, names = table.to_pylist(), names or {}
    hashes = {row["source_hash"] for row in rows if row["source_hash"]}
    files, changed = ({}, []) if ledger is None else _kept(ledger, hashes)
    heads = [
        text("Entry", "entry"), *data("leg"), text("Kind", "kind"), day("Day", "effective_date"),
        *data("recorded_at", "actor", "reason", "source", "source_hash", "note"), text("From or to", "other"),
        *data("fund"), text("Line"), *data("year"), text("Standing", "standing"), *data("recurrent"),
        text("File, sheet and cell"), money("Amount (£)", "amount_pence"), *data("kept_file"),
    ]  # fmt: skip
    legs = [_leg(row, names.get(row["fund"], row["fund"]), files.get(row["source_hash"])) for row in rows]
    total = holding.total_pence(table)
    said = {
        row[
            "entry"
        ]: f"Entry {row['entry']}: {row['kind']}, {row['effective_date']}, by {row['actor']}. {row['reason']}."
        for row in rows
    }
    sentences = [
        f"Sum: {spoken(total)}, which is what {organisation} itself holds there." if rows else NOTHING,
        *said.values(),
        *(f"Kept, and unchanged since it was imported: {file}." for file in files.values()),
        *changed,
    ]
    facts = {"organisation": organisation, "fund": fund, "total_pence": total}
    return Report([Table(f"Entries behind {organisation}", heads, legs)], at, sentences=sentences, facts=facts)


def _leg(row: Mapping[str, Any], line: str, kept: str | None) -> Row:
    came_from = ": ".join(text for text in (row["source"], row["note"]) if text)
    number = entry_link(row["entry"])
    return (
        number, row["leg"], row["kind"], row["effective_date"], row["recorded_at"], row["actor"], row["reason"],
        row["source"], row["source_hash"], row["note"], row["other"], row["fund"], line, row["year"], row["standing"],
        row["recurrent"], came_from, row["amount_pence"], kept,
    )  # fmt: skip


def _kept(ledger: Address, digests: set[str]) -> tuple[dict[str, str], list[str]]:
    """The kept files by their hashes, and what is to be said of those that somebody has changed."""
    files: dict[str, str] = {}
    changed: list[str] = []
    for digest in sorted(digests):
        try:
            kept = attachments.kept(ledger, digest)
        except attachments.KeptFileChanged as error:
            changed.append(COMMAND_LINE.text(error))
        else:
            files |= {digest: str(kept)} if kept else {}
    return files, changed


def picture(picture: Picture, at: Moment, facts: Mapping[str, Any], done: str) -> Report:
    """Where the money is decided and how free it is, with the largest and the smallest.

    Args:
        facts: what programs get besides.
        done: what was posted, in a sentence.
    """
    points = []
    if picture.largest:
        points.append(("Largest ICB", f"{picture.largest[0]}, {spoken(picture.largest[1])}"))
    if picture.smallest_pot:
        name, fund, pence = picture.smallest_pot
        points.append(("Smallest pot of an ICB", f"{spoken(pence)}: {fund}, {name}"))
    for part in (picture.ring_fenced, picture.local_and_free):
        points.append((f"{part.measure.title} (illustrative)", measure_text(part.measure)))
    rows = summary.matrix_rows(picture)
    cells = Table("", data("tier", "grade", "amount_pence"), [list(row.values()) for row in rows])
    published = (
        "Published: the national limit and every ICB line (NHS England, 2025/26). Illustrative: how free each line "
        "is, the default places, and what ICBs devolve and keep. Sums may differ in the last digit shown."
    )
    facts = {**facts, "reading": RECORDED.name}
    shown = [cells, matrix(picture, "Where the money is decided, and how free it is"),
             Table("In short", columns("What", "How much"), points)]  # fmt: skip
    return Report(shown, at, picture.sentence, [published, done], facts)


_ENDS = {
    "national": "NHS England",
    NATIONALLY: "Kept by NHS England",
    "place": "Places",
    OTHER_PLACES: "Other places",
    "pcn": "Primary care networks",
    "practice": "Practices",
    BY_AGREEMENT: "Kept by ICB, agreed",
    WITHOUT_AGREEMENT: "Kept by ICB, not agreed",
    "available": "Available at the ICB",
}


def flow_label(node: str) -> str:
    """How an end of a band is called: streams and places by their own names."""
    return _ENDS.get(node) or f"{node[:1].upper()}{node[1:]}"


@dataclass(frozen=True, slots=True)
class FlowEnd:
    """One end of bands: its name, what passes through it or ends there, and its colour."""

    label: str
    pence: int
    colour: Colour

    @property
    def label_with_amount(self) -> str:
        """Its name with its pounds."""
        return f"{self.label}, {spoken(self.pence)}"


def flow_ends(bands: Sequence[FlowBand]) -> list[FlowEnd]:
    """The ends of bands in the order in which they appear."""
    into, out_of = Counter[str](), Counter[str]()
    for band in bands:
        into[band.target] += band.amount_pence
        out_of[band.source] += band.amount_pence
    ends = []
    for node in dict.fromkeys(end for band in bands for end in (band.source, band.target)):
        colour = Colour.HELD
        if node in ("national", NATIONALLY):
            colour = Colour.NATIONAL
        elif node in out_of:
            colour = STREAMS.get(node, Colour.OTHER_STREAM)
        ends.append(FlowEnd(flow_label(node), into[node] or out_of[node], colour))
    return ends


def flow(
    bands: Sequence[FlowBand],
    name: str,
    *,
    under: str | None = None,
    year: int | None = None,
    reading: GradeReading = RECORDED,
) -> Table:
    """The bands of a flow; each amount with a year leads to the balances that it is the sum of.

    Args:
        under: whose money it is, for the links of its figures.
        year: of which year.
        reading: how grades were read for it.
    """

    def cell(band: FlowBand) -> Cell:
        if year is None:
            return band.amount_pence
        return composed(band.amount_pence, under=under, year=year, reading=reading, **band.only)

    amount = money("Amount (£)").defined("What is held of the stream where the band ends, spent money included.")
    rows = [(flow_label(band.source), flow_label(band.target), cell(band)) for band in bands]
    return Table(name, columns("From", "To", amount), rows)


def matrix(
    picture: Picture,
    name: str,
    *,
    under: str | None = None,
    year: int | None = None,
    reading: GradeReading = RECORDED,
) -> Table:
    """Tiers down, grades across, in £ million; each amount with a year leads to the balances that it is the sum of.

    Args:
        under: whose money it is, for the links of its figures.
        year: of which year.
        reading: how grades were read for it.
    """

    def cell(tier: str, grade: str | None, pence: int) -> Any:
        if year is None:
            return pence
        return composed(pence, under=under, year=year, reading=reading, tier=picture.tiers.get(tier), grade=grade)

    grades, lines = matrix_with_totals(picture)
    titles = (
        money(f"{GRADES.get(grade, grade)} (£ million)").defined(
            "What is held at the tier under that grade, spent too."
        )
        for grade in grades
    )
    shares = cell_shares(picture)
    rows = [
        (
            tier,
            *(cell(tier, grade, pence) for grade, pence in zip((*grades, None), amounts, strict=True)),
            shares.get((tier, "")),
        )
        for tier, amounts in lines
    ]
    heads = columns(
        "Decided at",
        *titles,
        money("Total (£ million)").defined("What is held at the tier under any grade or none."),
        share("Share of all", missing=NOT_DEFINED).defined("The tier's total, as a share of the total of all tiers."),
    )
    return Table(name, heads, rows, has_total=lines[-1][0] == TOTAL)
