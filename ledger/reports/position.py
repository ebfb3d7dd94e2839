"""What is held where, and what moved: the one shape of data that flows through the house.

A *position* is a table with one row for each organisation, fund and standing. What an organisation
retains is split by whether its partners agreed to it on the day. The source of the money stands in it
with what it has given, below zero, so that a whole position always sums to zero.

Two clocks: ``as_at`` is the day on which entries count; ``known_at`` is the moment up to which they had
been recorded. Both default to now.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from ledger.entries.canonical import GENESIS
from ledger.entries.chain import NOT_UNDONE, STANDING_OF, last_entry
from ledger.errors import Problem, Refused
from ledger.inputs import Input
from ledger.money import MOST_MOVED_PENCE
from ledger.reports import below
from ledger.reports.below import StructurePoint
from ledger.store.base import Reader
from ledger.store.views import GRADE_OF_STRICTEST, STRICTNESS_OF_GRADE
from ledger.structure import suggestion
from ledger.words import ILLUSTRATIVE
from ledger.years import FinancialYear, year_of

# The terms that hold on a fund: its own, or those of the nearest fund around it; but a fund inside a ring-fence
# is no freer than the fence, and where one of them has a grade that is not known, none is free for sure.
TERMS_HELD = f"""
fund_level(fund, ancestor, level) AS (
    SELECT code, code, 0 FROM fund
    UNION ALL
    SELECT l.fund, f.parent, l.level + 1 FROM fund_level l JOIN fund f ON f.code = l.ancestor
    WHERE f.parent IS NOT NULL
),
dated AS (
    SELECT j.fund, j.year, j.point, l.ancestor AS pot, l.level, t.grade, t.route, t.recurrent, t.notified_on,
           t.spend_by, t.returns_per_year, t.quality, t.discretion, t.certain_to, row_number() OVER (
               PARTITION BY j.fund, j.year, j.point, l.ancestor
               ORDER BY t.effective_from DESC, t.version DESC) AS newest
    FROM judged j JOIN fund_level l ON l.fund = j.fund
    JOIN terms t ON t.fund = l.ancestor AND t.effective_from <= j.day AND t.entry_number <= j.known
),
ranked AS (
    SELECT d.fund, d.year, d.point, d.pot, d.route, d.recurrent, d.notified_on, d.spend_by, d.returns_per_year,
           d.quality, d.discretion, d.certain_to,
           row_number() OVER (PARTITION BY d.fund, d.year, d.point ORDER BY d.level) AS nth,
           max({STRICTNESS_OF_GRADE}) OVER (PARTITION BY d.fund, d.year, d.point) AS strictest
    FROM dated d WHERE d.newest = 1
),
terms_held AS (
    SELECT m.*, {GRADE_OF_STRICTEST} AS grade FROM ranked m WHERE m.nth = 1
)
"""


BY_AGREEMENT, WITHOUT_AGREEMENT = "retained by agreement", "retained without agreement"
SOURCE = "source"

SCHEMA = pa.schema(
    [
        ("organisation", pa.string()),
        ("organisation_name", pa.string()),
        ("tier", pa.string()),
        ("depth", pa.int32()),
        ("fund", pa.string()),
        ("fund_name", pa.string()),
        ("pot", pa.string()),
        ("stream", pa.string()),
        ("resource", pa.string()),
        ("lowest_depth", pa.int32()),
        ("year", pa.int32()),
        ("standing", pa.string()),
        ("grade", pa.string()),
        ("route", pa.string()),
        ("recurrent", pa.bool_()),
        ("notified_on", pa.date32()),
        ("spend_by", pa.date32()),
        ("returns_per_year", pa.int32()),
        ("quality", pa.string()),
        ("discretion", pa.string()),
        ("certain_to", pa.int32()),
        ("amount_pence", pa.int64()),
    ]
)
POSITION_COLUMNS = tuple(name for name in SCHEMA.names if name != "amount_pence")
FLOW_COLUMNS = (
    "from_tier", "to_tier", "from_organisation", "from_name", "to_organisation", "to_name", "fund", "fund_name",
    "stream", "year", "from_standing", "to_standing", "kind", "entry", "effective_date",
)  # fmt: skip

# Entries that count: all of them, usually, and then the transfers need no look-up.
_EVERY_ENTRY = ""
_SOME_ENTRIES = "WHERE t.entry_number IN (SELECT number FROM entry WHERE number <= $known AND effective_date <= $as_at)"

_HELD = """
held AS (
    SELECT '' AS root, account, CAST(sum(pence) AS BIGINT) AS amount_pence FROM (
        SELECT t.to_account AS account, sum(t.amount_pence) AS pence FROM transfer t {which} GROUP BY t.to_account
        UNION ALL
        SELECT t.from_account, -sum(t.amount_pence) FROM transfer t {which} GROUP BY t.from_account
    ) AS moved GROUP BY account
)
"""

# Below organisations all that is held counts, by who was below them in the money's own year. One that is also below
# somebody else, as a PCN in two ICBs is, counts with what came to it from here; what it did with that money itself
# cannot be told apart, and is left out. ``scope`` says who is below whom, as ``ledger.reports.below`` answers.
HELD_BELOW = """
sides AS (
    SELECT b.point, b.from_account, b.to_account, b.pence, f.organisation AS giver, o.organisation AS receiver
    FROM between_accounts b JOIN account f ON f.id = b.from_account JOIN account o ON o.id = b.to_account
),
held AS (
    SELECT root, point, account, CAST(sum(pence) AS BIGINT) AS amount_pence FROM (
        SELECT own.root, s.point, s.to_account AS account, s.pence FROM sides s
        JOIN scope own ON own.point = s.point AND own.organisation = s.receiver
        LEFT JOIN scope other ON other.point = s.point AND other.root = own.root AND other.organisation = s.giver
        WHERE NOT own.shared OR (other.root IS NOT NULL AND s.giver <> s.receiver)
        UNION ALL
        SELECT own.root, s.point, s.from_account, -s.pence FROM sides s
        JOIN scope own ON own.point = s.point AND own.organisation = s.giver
        LEFT JOIN scope other ON other.point = s.point AND other.root = own.root AND other.organisation = s.receiver
        WHERE NOT own.shared OR (other.root IS NOT NULL AND s.giver <> s.receiver)
    ) AS both_sides GROUP BY root, point, account
)
"""
# All transfers between two accounts are of one year, which is the point at which they are asked about.
_BETWEEN = """
added AS (
    SELECT t.from_account, t.to_account, sum(t.amount_pence) AS pence FROM transfer t {which}
    GROUP BY t.from_account, t.to_account
),
between_accounts AS (SELECT a.year AS point, b.* FROM added b JOIN account a ON a.id = b.to_account)
"""

# Terms are judged on the day asked for, but within the money's own year.
_JUDGED = """
judged AS (
    SELECT DISTINCT fund, year, 0 AS point, least($as_at, make_date(year + 1, 3, 31)) AS day, $known AS known
    FROM account
)
"""

# What an organisation has received of a fund, which a share agreed upon is a share of: money from
# above or from another fund, less what went back that way.
_RECEIVED = """
received AS (
    SELECT organisation, fund, year, CAST(sum(pence) AS BIGINT) AS pence FROM (
        SELECT o.organisation, o.fund, o.year, t.amount_pence AS pence
        FROM transfer t JOIN account f ON f.id = t.from_account JOIN account o ON o.id = t.to_account
        JOIN organisation fo ON fo.code = f.organisation JOIN tier ft ON ft.code = fo.tier
        JOIN organisation oo ON oo.code = o.organisation JOIN tier ot ON ot.code = oo.tier
        {which} {joined} (ft.rank < ot.rank OR (f.organisation = o.organisation AND f.fund <> o.fund))
        UNION ALL
        SELECT f.organisation, f.fund, f.year, -t.amount_pence
        FROM transfer t JOIN account f ON f.id = t.from_account JOIN account o ON o.id = t.to_account
        JOIN organisation fo ON fo.code = f.organisation JOIN tier ft ON ft.code = fo.tier
        JOIN organisation oo ON oo.code = o.organisation JOIN tier ot ON ot.code = oo.tier
        {which} {joined} (ot.rank < ft.rank OR (f.organisation = o.organisation AND f.fund <> o.fund))
    ) AS moved
    WHERE (organisation, fund) IN (SELECT organisation, fund FROM agreement WHERE share_ppm IS NOT NULL)
    GROUP BY organisation, fund, year
)
"""
# Hardly any agreement is a share; without one the question above need not be asked.
_NOTHING_RECEIVED = """
received AS (SELECT organisation, fund, 0 AS year, 0 AS pence FROM agreement WHERE false)
"""

_IN_FORCE = """
WITH years AS (SELECT DISTINCT fund, year, least($as_at, make_date(year + 1, 3, 31)) AS judged_on FROM account),
{received}
SELECT a.organisation, a.fund, y.year, a.amount_pence, a.share_ppm, r.pence AS received_pence
FROM agreement a JOIN years y ON y.fund = a.fund
LEFT JOIN received r ON r.organisation = a.organisation AND r.fund = a.fund AND r.year = y.year
WHERE a.entry_number <= $known AND a.valid_from <= y.judged_on AND (a.valid_to IS NULL OR y.judged_on < a.valid_to)
  AND NOT EXISTS (SELECT 1 FROM agreement s WHERE s.supersedes = a.id AND s.entry_number <= $known)
"""

# One flat join: the engine plans it well, and badly where the parts are nested.
_ROWS = """
SELECT h.root, a.organisation, o.name AS organisation_name, o.tier, t.depth, a.fund, f.name AS fund_name,
       coalesce(m.pot, a.fund) AS pot, f.stream, f.resource, lt.depth AS lowest_depth, a.year,
       {standing} AS standing, m.grade, m.route, m.recurrent, m.notified_on, m.spend_by, m.returns_per_year,
       m.quality, m.discretion, m.certain_to, {pence} AS amount_pence
FROM held h JOIN account a ON a.id = h.account
JOIN organisation o ON o.code = a.organisation JOIN tier t ON t.code = o.tier
JOIN fund f ON f.code = a.fund JOIN tier lt ON lt.code = f.lowest_tier
LEFT JOIN terms_held m ON m.fund = a.fund AND m.year = a.year {agreed}
WHERE {pence} <> 0 {year}
"""
_STANDING = (
    f"CASE WHEN a.floor_pence IS NULL THEN '{SOURCE}' "
    f"WHEN a.standing = 'retained' THEN '{WITHOUT_AGREEMENT}' ELSE a.standing END"
)
_AGREED = "LEFT JOIN agreed g ON g.organisation = a.organisation AND g.fund = a.fund AND g.year = a.year"
_AGREED_PENCE = "(CASE WHEN a.standing = 'retained' THEN least(h.amount_pence, coalesce(g.pence, 0)) ELSE 0 END)"

# Money that went back up is netted against what came down, so a flow is always read downwards.
_FLOWS = """
WITH pairs AS (
    SELECT t.entry_number, t.from_account, t.to_account, sum(t.amount_pence) AS pence FROM transfer t {which}
    GROUP BY t.entry_number, t.from_account, t.to_account
),
sides AS (
    SELECT p.entry_number, ft.rank > ot.rank AS upward, p.pence, f.id AS f_id, o.id AS o_id
    FROM pairs p JOIN account f ON f.id = p.from_account JOIN account o ON o.id = p.to_account
    JOIN organisation fo ON fo.code = f.organisation JOIN tier ft ON ft.code = fo.tier
    JOIN organisation oo ON oo.code = o.organisation JOIN tier ot ON ot.code = oo.tier
),
downward AS (
    SELECT entry_number, CASE WHEN upward THEN -pence ELSE pence END AS pence,
           CASE WHEN upward THEN o_id ELSE f_id END AS upper, CASE WHEN upward THEN f_id ELSE o_id END AS lower
    FROM sides
),
flow AS (
    SELECT uo.tier AS from_tier, lo.tier AS to_tier, u.organisation AS from_organisation, uo.name AS from_name,
           l.organisation AS to_organisation, lo.name AS to_name, l.fund, fu.name AS fund_name, fu.stream, l.year,
           u.standing AS from_standing, l.standing AS to_standing, e.kind, e.number AS entry, e.effective_date,
           ut.rank AS from_rank, lt.rank AS to_rank, d.pence
    FROM downward d JOIN account u ON u.id = d.upper JOIN account l ON l.id = d.lower
    JOIN organisation uo ON uo.code = u.organisation JOIN tier ut ON ut.code = uo.tier
    JOIN organisation lo ON lo.code = l.organisation JOIN tier lt ON lt.code = lo.tier
    JOIN fund fu ON fu.code = l.fund JOIN entry e ON e.number = d.entry_number
    WHERE ($within OR u.organisation <> l.organisation) {scope}
)
SELECT {columns}, CAST(sum(pence) AS BIGINT) AS amount_pence
FROM flow GROUP BY {columns} ORDER BY min(from_rank), min(to_rank), {columns}
"""


@dataclass(frozen=True, slots=True)
class Moment:
    """A point on both clocks.

    Attributes:
        as_at: the last day whose entries count.
        known_at: the last instant whose recordings count.
        known: the number of the last entry recorded by then.
        whole: whether every entry in the books counts.
        head: the head of the chain at ``known``.
        illustrative: whether the figures of an entry known by then, and not undone by then, are illustrative.
    """

    as_at: date
    known_at: datetime
    known: int
    whole: bool
    head: str
    illustrative: bool = False


def moment(reader: Reader, as_at: date | None = None, known_at: datetime | None = None) -> Moment:
    """The point on both clocks that a report is made for; each defaults to now.

    Raises:
        Refused: ``known_at`` lies in the future: what will be known then is not settled.
    """
    now = datetime.now(UTC)
    if known_at is not None and known_at > now:
        raise Refused(
            [
                Problem(
                    Input.KNOWN_AT,
                    f"{known_at.isoformat()} is in the future.",
                    "What will be known then is not settled.",
                    "Give a time that has passed.",
                )
            ]
        )
    as_at = as_at or now.date()
    newest = last_entry(reader)
    if known_at is None:
        # All that can be seen, and no instant after it: an entry that is being written now was stamped before
        # now, and would make the answer false later.
        ((latest,),) = reader.rows("SELECT max(recorded_at) FROM entry")
        known_at = latest if isinstance(latest, datetime) else now
    known = reader.whole(
        "SELECT coalesce(max(number), 0) FROM entry WHERE recorded_at <= $known_at", {"known_at": known_at}
    )
    counted = reader.whole(
        "SELECT count(*) FROM entry WHERE number <= $known AND effective_date <= $as_at",
        {"known": known, "as_at": as_at},
    )
    at_known = reader.rows("SELECT hash FROM entry WHERE number = $known", {"known": known})
    illustrative = reader.whole(
        f"SELECT count(*) FROM entry e WHERE {NOT_UNDONE} AND {STANDING_OF} = '{ILLUSTRATIVE}'", {"known": known}
    )
    at_head = str(at_known[0][0]) if at_known else GENESIS
    return Moment(as_at, known_at, known, counted == newest, at_head, illustrative > 0)


def year_in_view(reader: Reader, at: Moment) -> FinancialYear:
    """The financial year that an answer is of where nobody asks for one.

    It is the newest that has begun by the day and in which an ICB holds money: of a year that begins there may be
    national money alone, and an answer would have next to nothing to show. Where there is none, it is the newest that
    an ICB holds money of, then the newest that has begun, then the newest; and the day's own in empty books.
    """
    begun = year_of(at.as_at).start
    held = reader.rows(
        "SELECT a.year, max(CASE WHEN o.tier = 'icb' THEN 1 ELSE 0 END) "
        "FROM account a JOIN organisation o ON o.code = a.organisation GROUP BY a.year"
    )
    years = [(bool(by_an_icb), int(str(year)) <= begun, int(str(year))) for year, by_an_icb in held]
    return FinancialYear(max(years)[-1] if years else begun)


def position(reader: Reader, at: Moment, *, organisation: str | None = None, year: int | None = None) -> pa.Table:
    """The position: a table of schema ``SCHEMA``, a row for each organisation, fund, year and standing.

    The rows come in no particular order; ``grouped`` sorts.

    Args:
        organisation: only this organisation and those below it, with the money that came through it.
        year: only this financial year, by the year it starts in.

    Raises:
        Refused: the organisation is unknown.
    """
    if organisation is not None:
        _stage_scope(reader, at, [organisation], year)
    rows = _held(reader, at, year, only_below=organisation is not None).select(SCHEMA.names)
    # As it mostly is: a cast loads all of Arrow's functions, and a short command has a use for none of them.
    return rows if rows.schema.equals(SCHEMA) else rows.cast(SCHEMA)


def position_of_each(reader: Reader, at: Moment, tier: str, year: int) -> dict[str, pa.Table]:
    """The position of every organisation of a tier, as ``position`` gives each alone, by its code.

    Args:
        tier: the code of the tier, as ``icb``.
        year: by the year it starts in.

    Returns:
        Those with money, by code.
    """
    known = {"tier": tier, "known": at.known}
    roots = reader.table("SELECT code FROM organisation WHERE tier = $tier AND entry_number <= $known", known)["code"]
    if not len(roots):
        return {}
    _stage_scope(reader, at, roots.to_pylist(), year)
    rows = _held(reader, at, year, only_below=True).sort_by("root")
    found, start = {}, 0
    for run in pc.run_end_encode(rows["root"].combine_chunks()).run_ends.to_pylist() if rows.num_rows else ():
        found[rows["root"][start].as_py()] = rows.slice(start, run - start).select(SCHEMA.names).cast(SCHEMA)
        start = run
    return found


def _held(reader: Reader, at: Moment, year: int | None, *, only_below: bool) -> pa.Table:
    """The rows of positions: of everybody, or with ``only_below`` of each root that is staged as ``scope``."""
    which = _EVERY_ENTRY if at.whole else _SOME_ENTRIES
    given: dict[str, object] = {"as_at": at.as_at, "known": at.known}
    held = f"{_BETWEEN}, {HELD_BELOW}" if only_below else _HELD
    if year is not None:
        given["year"] = year
    agreed = _agreed(reader, given, which)
    only = "AND a.year = $year" if year is not None else ""
    rows = _ROWS.format(standing=_STANDING, pence="h.amount_pence", agreed="", year=only)
    if agreed.num_rows:
        reader.stage("agreed", agreed)
        rest, part = f"h.amount_pence - {_AGREED_PENCE}", _AGREED_PENCE
        rows = " UNION ALL ".join(
            (
                _ROWS.format(standing=_STANDING, pence=rest, agreed=_AGREED, year=only),
                _ROWS.format(
                    standing=f"'{BY_AGREEMENT}'", pence=part, agreed=_AGREED, year=f"AND a.standing = 'retained' {only}"
                ),
            )
        )
        # Asked for twice, so kept: else the transfers would be added up twice.
        held = held.replace("held AS (", "held AS MATERIALIZED (")
    sql = f"WITH RECURSIVE {held.format(which=which)}, {_JUDGED}, {TERMS_HELD} {rows}"
    return reader.table(sql, given)


def grouped(reader: Reader, table: pa.Table, by: Sequence[str]) -> pa.Table:
    """A position summed over everything but the named columns, which come first, then ``amount_pence``.

    Raises:
        Refused: a column is not one of ``POSITION_COLUMNS``.
    """
    _refuse_unknown_columns(by, POSITION_COLUMNS)
    reader.stage("position_rows", table)
    columns = ", ".join(f'"{name}"' for name in by)
    return reader.table(
        f"SELECT {columns}, CAST(sum(amount_pence) AS BIGINT) AS amount_pence FROM position_rows "
        f"GROUP BY {columns} ORDER BY {columns}"
    )


def total_pence(table: pa.Table) -> int:
    """The sum of a position; zero for the whole of it."""
    return sum(table["amount_pence"].to_pylist())


def flows(
    reader: Reader,
    at: Moment,
    by: Sequence[str],
    *,
    organisation: str | None = None,
    year: int | None = None,
    within: bool = False,
) -> pa.Table:
    """What moved, summed by the named columns, read down the tiers: money that went back is taken off.

    Args:
        organisation: only money into, out of or between this organisation and those below it.
        within: also moves inside one organisation: set aside, kept back, spent.

    Raises:
        Refused: a column is not one of ``FLOW_COLUMNS``, or the organisation is unknown.
    """
    _refuse_unknown_columns(by, FLOW_COLUMNS)
    given: dict[str, object] = {"as_at": at.as_at, "known": at.known, "within": within}
    scope = ""
    if organisation is not None:
        _stage_scope(reader, at, [organisation], year)
        scope = (
            "AND ((u.organisation, u.year) IN (SELECT organisation, point FROM scope) "
            "OR (l.organisation, l.year) IN (SELECT organisation, point FROM scope))"
        )
    if year is not None:
        given["year"] = year
        scope += " AND l.year = $year"
    which = _EVERY_ENTRY if at.whole else _SOME_ENTRIES
    columns = ", ".join(f'"{name}"' for name in by)
    return reader.table(_FLOWS.format(which=which, scope=scope, columns=columns), given)


def _agreed(reader: Reader, given: Mapping[str, object], which: str) -> pa.Table:
    """What may be retained by agreement: organisation, fund, year and pence, all agreements added up.

    Shares are worked out here in whole pence, rounded down, because SQL would divide in floats.
    """
    shares = reader.whole(
        "SELECT count(*) FROM agreement WHERE share_ppm IS NOT NULL AND entry_number <= $known", given
    )
    received = _RECEIVED.format(which=which, joined="AND" if which else "WHERE") if shares else _NOTHING_RECEIVED
    agreed: dict[tuple[str, str, int], int] = defaultdict(int)
    for row in reader.table(_IN_FORCE.format(received=received), given).to_pylist():
        if row["share_ppm"] is not None:
            pence = (row["received_pence"] or 0) * row["share_ppm"] // 1_000_000
        else:
            pence = MOST_MOVED_PENCE if row["amount_pence"] is None else row["amount_pence"]
        key = row["organisation"], row["fund"], row["year"]
        # However many agreements there are, more than all that can be held is not agreed upon.
        agreed[key] = min(agreed[key] + pence, MOST_MOVED_PENCE)
    keys = list(agreed)
    return pa.table(
        {
            "organisation": pa.array([key[0] for key in keys], pa.string()),
            "fund": pa.array([key[1] for key in keys], pa.string()),
            "year": pa.array([key[2] for key in keys], pa.int32()),
            "pence": pa.array(agreed.values(), pa.int64()),
        }
    )


def _stage_scope(reader: Reader, at: Moment, roots: Sequence[str], year: int | None) -> None:
    """Stage who counts as below organisations, year by year, and who of them is below others too.

    Raises:
        Refused: the first of the organisations is unknown, and nobody is below them.
    """
    with_money = reader.table("SELECT DISTINCT year FROM account")["year"].to_pylist() or [year_of(at.as_at).start]
    years = map(FinancialYear, with_money if year is None else [year])
    points = [StructurePoint(its.start, min(at.as_at, its.last_day), at.known) for its in years]
    scope = below.below(reader, roots, points)
    if not scope.num_rows:
        raise Refused(
            [
                Problem(
                    Input.ORGANISATION,
                    f"there is no organisation '{roots[0]}'.",
                    "Its money cannot be shown.",
                    suggestion(reader, roots[0], "organisation"),
                )
            ]
        )
    reader.stage("scope", scope)


def _refuse_unknown_columns(by: Sequence[str], known: Sequence[str]) -> None:
    wrong = [name for name in by if name not in known]
    if wrong or not by:
        raise Refused(
            [
                Problem(
                    Input.SUMMED_BY,
                    f"there is no column {' or '.join(repr(name) for name in wrong) or 'named'}.",
                    "The figures cannot be summed by it.",
                    f"Choose from {', '.join(known)}.",
                )
            ]
        )
