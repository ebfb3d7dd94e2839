"""The picture at a first look: where the money stands, how free it is, and which way it went."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, time
from fractions import Fraction
from typing import Any

import pyarrow as pa

from ledger.errors import Problem, Refused
from ledger.money import spoken
from ledger.readings import RECORDED, GradeReading
from ledger.reports import measures
from ledger.reports.measures import Measure
from ledger.reports.position import BY_AGREEMENT, SOURCE, WITHOUT_AGREEMENT, Moment, flows, moment, position
from ledger.reports.trail import NARROWED_BY, NOT_GRADED, any_of
from ledger.store.base import Reader
from ledger.structure import suggestion
from ledger.words import GRADES, PAST_ICBS

# Where the flow ends, besides tiers and standings; a screen says how each is called.
NATIONALLY, OTHER_PLACES = "nationally", "other places"
MOST_PLACES = 12
TOTAL = "Total"
_LINES = ("to_tier", "to_organisation", "to_name", "fund_name")


@dataclass(frozen=True, slots=True)
class FlowBand:
    """One band of the flow, in whole pence: from the national body to a stream, or on to where it is decided.

    Attributes:
        only: what the balances that it is the sum of are narrowed to, as ``ledger.reports.trail`` takes it.
    """

    source: str
    target: str
    amount_pence: int
    only: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ShareHeld:
    """A part of the whole: its pence, its share (None where nothing is held), and the balances that it is the sum of.

    Attributes:
        measure: the measure that says so, with its range over readings of grades.
        only: as for ``FlowBand``.
    """

    pence: int
    measure: Measure
    only: Mapping[str, str]

    @property
    def share(self) -> Fraction | None:
        """The share itself."""
        return self.measure.value if isinstance(self.measure.value, Fraction) else None


@dataclass(frozen=True, slots=True)
class Picture:
    """What a first screen and the demo's table show.

    Attributes:
        sentence: the whole picture in plain words.
        total_pence: all that is held in view.
        matrix: name of the tier to grade to pence, tiers from the top down.
        tiers: name of each tier to its code.
        largest: name and pence of the ICB (or, for one ICB, the place) that received most.
        smallest_pot: name of the receiver, name of the fund and pence of the smallest pot.
        local_and_free: what is decided below the ICB without a ring-fence.
        ring_fenced: what is under a soft, hard or statutory ring-fence.
        links: the flow, from the national body down.
    """

    sentence: str
    total_pence: int
    matrix: dict[str, dict[str, int]]
    tiers: dict[str, str]
    largest: tuple[str, int] | None
    smallest_pot: tuple[str, str, int] | None
    local_and_free: ShareHeld
    ring_fenced: ShareHeld
    links: tuple[FlowBand, ...]


def take(
    reader: Reader,
    at: Moment,
    *,
    year: int,
    icb: str | None = None,
    held: pa.Table | None = None,
    reading: GradeReading = RECORDED,
    whole: str = "for the NHS in England",
) -> Picture:
    """The picture of a year, for all ICBs or for one.

    Args:
        held: the position of just that, where it is known already; it is asked for otherwise.
        reading: how grades are read.
        whole: what all the money of the books is, in words.

    Raises:
        Refused: the code is not an ICB's.
    """
    name = None if icb is None else _icb_name(reader, icb)
    held = position(reader, at, organisation=icb, year=year) if held is None else held
    moved = flows(reader, at, _LINES, organisation=icb, year=year).to_pylist()
    rows = [row for row in reading.read(held).to_pylist() if row["standing"] != SOURCE]
    values = {measure.name: measure for measure in measures.measures_as_read(held, reading=reading)}
    total = sum(row["amount_pence"] for row in rows)
    free = values["untied_devolved_share"]
    if not any(row["depth"] > 0 for row in rows):
        # What nobody recorded is not told as nothing.
        free = replace(free, value=None, over=None, note="What ICBs pass on is not recorded here.")
    return Picture(
        sentence=_sentence(rows, name, whole, free, has_icbs=bool(icbs(reader, year))),
        total_pence=total,
        matrix=_matrix(reader, rows),
        tiers={str(name): str(code) for code, name in reader.rows("SELECT code, name FROM tier")},
        largest=_largest(moved, icb),
        smallest_pot=_smallest_pot(moved),
        local_and_free=_part(rows, free, ("tier", "grade")),
        ring_fenced=_part(rows, values["ring_fenced_share_with_soft"], ("tier", "grade")),
        links=tuple(_links(rows, icb)),
    )


def icbs(reader: Reader, year: int) -> dict[str, str]:
    """Code to name of every ICB that money of the year went to, by name."""
    rows = reader.rows(
        "SELECT DISTINCT o.code, o.name FROM account a JOIN organisation o ON o.code = a.organisation "
        "WHERE o.tier = 'icb' AND a.year = $year ORDER BY o.name",
        {"year": year},
    )
    return {str(code): str(name) for code, name in rows}


_GIVEN = """
WITH sources AS (SELECT id FROM account WHERE floor_pence IS NULL AND year = $year),
national AS (
    SELECT a.id FROM account a JOIN organisation o ON o.code = a.organisation
    WHERE o.tier = 'national' AND a.year = $year AND a.id NOT IN (SELECT id FROM sources)
),
moved AS (
    SELECT t.amount_pence AS pence, t.entry_number FROM transfer t
    WHERE t.from_account IN (SELECT id FROM sources) AND t.to_account IN (SELECT id FROM national)
    UNION ALL
    SELECT -t.amount_pence, t.entry_number FROM transfer t
    WHERE t.to_account IN (SELECT id FROM sources) AND t.from_account IN (SELECT id FROM national)
)
SELECT CAST(coalesce(sum(m.pence), 0) AS BIGINT) FROM moved m JOIN entry e ON e.number = m.entry_number
WHERE e.number <= $known AND e.effective_date <= $as_at
"""


def given(reader: Reader, at: Moment, year: int) -> int:
    """What the national body was given of a year's money, less what went back to its source, in pence."""
    return reader.whole(_GIVEN, {"year": year, "known": at.known, "as_at": at.as_at})


def _icb_name(reader: Reader, code: str) -> str:
    rows = reader.rows("SELECT name FROM organisation WHERE code = $code AND tier = 'icb'", {"code": code})
    if not rows:
        raise Refused(
            [
                Problem(
                    "ICB",
                    f"there is no ICB '{code}'.",
                    "Its money cannot be shown.",
                    suggestion(reader, code, "organisation"),
                )
            ]
        )
    return str(rows[0][0])


# What nobody recorded is not told as nothing.
_SILENT = "to places and networks is not recorded here, nor how much is both local and free of ring-fences."


def _sentence(
    rows: Sequence[dict[str, Any]], name: str | None, whole: str, free: Measure, *, has_icbs: bool
) -> str:  # fmt: skip
    """Who has how much, who hands on how much, and how free that is."""
    held = sum(row["amount_pence"] for row in rows)
    if held == 0:
        return f"No money stands in {name or 'the ledger'} in this year."
    parts = (
        _of_everybody(rows, held, whole, free, has_icbs=has_icbs) if name is None else _of_one(rows, held, name, free)
    )
    return " ".join(filter(None, parts))


def _of_one(rows: Sequence[dict[str, Any]], held: int, name: str, free: Measure) -> list[str]:
    below, whom = _below(rows)
    if not below:
        return [f"{name} receives {spoken(held)}.", f"What it passes on {_SILENT}"]
    return [f"{name} receives {spoken(held)} and passes on {spoken(below)} to its {whom}.", _free("the whole", free)]


def _of_everybody(
    rows: Sequence[dict[str, Any]], held: int, whole: str, free: Measure, *, has_icbs: bool
) -> list[str]:  # fmt: skip
    below, whom = _below(rows)
    national, past = (
        sum(row["amount_pence"] for row in rows if row["tier"] == tier) for tier in ("national", PAST_ICBS)
    )
    kept = f"Of {spoken(held)} {'in these books' if past else whole}, NHS England keeps {spoken(national)}"
    beside = f"{spoken(past)} goes to councils and providers, past the ICBs." if past else ""
    if not has_icbs:
        return [f"{kept} and no ICB has any.", f"{spoken(below)} is with {whom}." if below else "", beside]
    passed = f"{kept} and passes {spoken(held - national - past)} to ICBs."
    if not below:
        return [passed, beside, f"What {'ICBs' if past else 'they'} pass on {_SILENT}"]
    handed_on = f"{'ICBs' if past else 'They'} pass on {spoken(below)} to {whom}."
    return [passed, beside, handed_on, _free("what ICBs have", free)]


def _below(rows: Sequence[dict[str, Any]]) -> tuple[int, str]:
    """What is held below ICBs, in pence, and who holds it."""
    below = [row for row in rows if row["depth"] > 0]
    return sum(row["amount_pence"] for row in below), _named({row["tier"] for row in below})


# Who is below an ICB, as a sentence calls them.
_BELOW = {"place": "places", "pcn": "networks", "practice": "practices"}


def _named(tiers: set[str]) -> str:
    """Those below an ICB who hold money: the usual two, unless others do."""
    if not tiers - {"place", "pcn"}:
        return "places and networks"
    names = [name for tier, name in _BELOW.items() if tier in tiers]
    names += ["others below them"] if tiers - _BELOW.keys() else []
    return " and ".join(filter(None, [", ".join(names[:-1]), names[-1]]))


def _free(whose: str, free: Measure) -> str:
    """How much of something is local and free, or that nobody knows."""
    if not isinstance(free.value, Fraction):
        return f"How much of {whose} is both local and free of ring-fences is not known: no grade of it is recorded."
    ends = "" if free.over is None else free.over.in_words(lambda end: percent(Fraction(end)))
    read = f", by how ring-fences are read: {ends}" if ends else ""
    return f"{percent(free.value)} of {whose} is both local and free of ring-fences{read}."


def percent(share: Fraction | None) -> str:
    """A share as people write it, to one decimal; 'not defined' where there is none."""
    return "not defined" if share is None else f"{measures.tenths_of_percent(share) / 10:.1f}%"


def _part(rows: Sequence[dict[str, Any]], measure: Measure, columns: Sequence[str]) -> ShareHeld:
    """The rows that a measure counts; they are all those that have their values in some columns."""
    counted = [row for row in measures.of_icbs(rows) if measures.PARTS[measure.name].counts(row)]
    pence, _ = measures.part_and_whole(rows, measure.name)
    only = {column: any_of(row[column] or NOT_GRADED for row in counted) for column in columns}
    return ShareHeld(pence, measure, only)


def _matrix(reader: Reader, rows: Sequence[dict[str, Any]]) -> dict[str, dict[str, int]]:
    matrix: dict[str, dict[str, int]] = {}
    present = {row["tier"] for row in rows}
    for code, name in reader.rows("SELECT code, name FROM tier ORDER BY rank, code"):
        if code in present:
            matrix[str(name)] = dict.fromkeys(GRADES, 0)
            for row in rows:
                if row["tier"] == code:
                    grade = row["grade"] or "not graded"
                    matrix[str(name)][grade] = matrix[str(name)].get(grade, 0) + row["amount_pence"]
    return matrix


def _largest(moved: Sequence[dict[str, Any]], icb: str | None) -> tuple[str, int] | None:
    tier = "icb" if icb is None else "place"
    received: dict[tuple[str, str], int] = defaultdict(int)
    for row in moved:
        if row["to_tier"] == tier:
            received[row["to_organisation"], row["to_name"]] += row["amount_pence"]
    best = max(received, key=lambda receiver: (received[receiver], receiver[0]), default=None)
    return None if best is None else (best[1], received[best])


def _smallest_pot(moved: Sequence[dict[str, Any]]) -> tuple[str, str, int] | None:
    """The smallest sum that reached an ICB as a line of its own; lines that went back are not pots."""
    lines = [row for row in moved if row["to_tier"] == "icb" and row["amount_pence"] > 0]
    least = min(lines, key=lambda row: (row["amount_pence"], row["to_organisation"]), default=None)
    return None if least is None else (least["to_name"], least["fund_name"], least["amount_pence"])


def _links(rows: Sequence[dict[str, Any]], icb: str | None) -> list[FlowBand]:
    """National body to streams, and each stream to where its money is decided."""
    bands: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    into: dict[str, list[dict[str, Any]]] = defaultdict(list)
    places = _place_names(rows) if icb is not None else {}
    for row in rows:
        if row["tier"] not in ("national", PAST_ICBS):
            bands[row["stream"], _destination(row, places)].append(row)
            into[row["stream"]].append(row)
    links = [_link("national", NATIONALLY, [row for row in rows if row["tier"] == "national"], ("tier",))]
    links += sorted(
        (_link("national", stream, behind, ("stream", "tier")) for stream, behind in into.items()),
        key=lambda link: -link.amount_pence,
    )
    size = {link.target: link.amount_pence for link in links}
    found = [
        _link(stream, target, behind, ("stream", "tier", *_told_apart_by(behind[0]["tier"], places)))
        for (stream, target), behind in bands.items()
    ]
    links += sorted(found, key=lambda link: (-size[link.source], link.source, -link.amount_pence))
    return [link for link in links if link.amount_pence > 0]


def _told_apart_by(tier: str, places: dict[str, str]) -> tuple[str, ...]:
    """What tells the bands of one stream apart where its money is decided: who holds it, or whether they agreed."""
    if tier == "place" and places:
        return ("held_by",)
    return () if tier in ("place", "pcn", "practice") else ("standing",)


def _link(source: str, target: str, behind: Sequence[dict[str, Any]], columns: Sequence[str]) -> FlowBand:
    only = {name: any_of(row[NARROWED_BY[name]] for row in behind) for name in columns}
    return FlowBand(source, target, sum(row["amount_pence"] for row in behind), only)


def _place_names(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    totals: dict[str, int] = defaultdict(int)
    names = {}
    for row in rows:
        if row["tier"] == "place":
            totals[row["organisation"]] += row["amount_pence"]
            names[row["organisation"]] = row["organisation_name"]
    largest = sorted(totals, key=lambda code: (-totals[code], code))
    shown = largest if len(largest) <= MOST_PLACES + 1 else largest[:MOST_PLACES]
    return {code: names[code] for code in shown}


def _destination(row: dict[str, Any], places: dict[str, str]) -> str:
    """Where money is decided: a place by its name, a tier below the ICB, or how the ICB holds it."""
    if row["tier"] == "place" and places:
        return places.get(row["organisation"], OTHER_PLACES)
    if row["tier"] in ("place", "pcn", "practice"):
        return str(row["tier"])
    return row["standing"] if row["standing"] in (BY_AGREEMENT, WITHOUT_AGREEMENT) else "available"


def matrix_with_totals(picture: Picture) -> tuple[list[str], list[tuple[str, list[int]]]]:
    """The matrix as it is printed.

    Returns:
        The grades that hold any money; then for each tier, and last for the total, its name and its pence
        by grade, closed by their sum. A test holds the total row to the total of the picture.
    """
    tiers = picture.matrix.values()
    known = dict.fromkeys(grade for amounts in tiers for grade in amounts)
    grades = [grade for grade in known if any(amounts.get(grade) for amounts in tiers)]
    rows = [(name, [amounts.get(grade, 0) for grade in grades]) for name, amounts in picture.matrix.items()]
    rows.append((TOTAL, [sum(column) for column in zip(*(amounts for _, amounts in rows), strict=True)]))
    return grades, [(name, [*amounts, sum(amounts)]) for name, amounts in rows]


def cell_shares(picture: Picture) -> dict[tuple[str, str], Fraction | None]:
    """What each cell of the matrix is of the whole: (tier, grade) to share; the tier's sum under no grade.

    The total of all tiers is under ``TOTAL``. Where nothing is held, no share is defined.
    """
    shares = {
        (tier, grade): measures.share(pence, picture.total_pence)
        for tier, grades in picture.matrix.items()
        for grade, pence in grades.items()
    }
    for tier, grades in picture.matrix.items():
        shares[tier, ""] = measures.share(sum(grades.values()), picture.total_pence)
    shares[TOTAL, ""] = measures.share(picture.total_pence, picture.total_pence)
    return shares


def matrix_rows(picture: Picture) -> list[dict[str, Any]]:
    """The matrix as rows: tier, grade, pence; empty cells left out."""
    return [
        {"tier": picture.tiers[tier], "grade": grade, "amount_pence": pence}
        for tier, grades in picture.matrix.items()
        for grade, pence in grades.items()
        if pence
    ]


@dataclass(frozen=True, slots=True)
class GradeChange:
    """What a tier, by its name and its code, held under one grade of terms, then and now, in pence."""

    tier: str
    grade: str
    then_pence: int
    now_pence: int
    tier_code: str

    @property
    def change_pence(self) -> int:
        """What came on balance."""
        return self.now_pence - self.then_pence


@dataclass(frozen=True, slots=True)
class Changed:
    """What changed between two moments.

    Attributes:
        since: the end of the day that was chosen.
        entries: how many entries count now that did not then, because they are later or were not yet recorded.
        rows: every tier and grade whose money changed, from the top down.
    """

    since: Moment
    entries: int
    rows: tuple[GradeChange, ...]


def since(
    reader: Reader,
    day: date,
    now: Moment,
    *,
    organisation: str | None = None,
    year: int | None = None,
    held: pa.Table | None = None,
    reading: GradeReading = RECORDED,
) -> Changed:
    """What has changed since the end of a day, on both clocks: what counted by then, as it was known then.

    A correction that is dated back but was recorded later is a change; so is an entry that was known but whose
    day had not come.

    Args:
        held: the position now, where it is known already; it is asked for otherwise.
        reading: how grades are read, then and now.

    Raises:
        Refused: the day lies in the future, or the organisation is unknown.
    """
    known_at = min(datetime.combine(day, time.max, UTC), now.known_at) if day <= now.as_at else None
    then = moment(reader, day, known_at or datetime.combine(day, time.max, UTC))
    if now.known and held is None:
        held = position(reader, now, organisation=organisation, year=year)
    then_held = position(reader, then, organisation=organisation, year=year) if then.known else None
    before, after = (_by_cell(None if one is None else reading.read(one)) for one in (then_held, held))
    tiers = {str(code): str(name) for code, name in reader.rows("SELECT code, name FROM tier ORDER BY rank, code")}
    keys = [(tier, grade) for tier in tiers for (its, grade) in sorted({*before, *after}) if its == tier]
    rows = [GradeChange(tiers[tier], grade, before[tier, grade], after[tier, grade], tier) for tier, grade in keys]
    counted = "SELECT count(*) FROM entry WHERE number <= $known AND effective_date <= $as_at"
    old, new = (reader.whole(counted, {"known": at.known, "as_at": at.as_at}) for at in (then, now))
    return Changed(then, new - old, tuple(row for row in rows if row.change_pence))


def _by_cell(held: pa.Table | None) -> dict[tuple[str, str], int]:
    """Tier and grade to pence; nothing where nothing was known."""
    found: dict[tuple[str, str], int] = defaultdict(int)
    for row in () if held is None else held.to_pylist():
        if row["standing"] != SOURCE:
            found[row["tier"], row["grade"] or "not graded"] += row["amount_pence"]
    return found
