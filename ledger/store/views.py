"""Views for people who read a ledger in plain SQL, without this program: what is held, what moved, and the pots.

They answer as the commands ``position``, ``flows`` and ``pots`` do for today (in UTC), on either kind of store. Their
names, and those of their columns, are kept (docs/sql.md): a column may be added at the end. Whoever changes a view
gives the migration of that change these statements, and takes them from the one before. Our own reports ask the tables.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from ledger.money import MOST_MOVED_PENCE
from ledger.words import STRICTNESS


@dataclass(frozen=True, slots=True)
class SqlView:
    """A view of the ledger, with what is said of it in the database.

    Attributes:
        about: what its rows are.
        columns: what each of its columns holds, in their order.
        body: the question, with words in braces where the two databases need other words.
    """

    name: str
    about: str
    columns: Mapping[str, str]
    body: str

    def sql(self, words: Mapping[str, str]) -> str:
        """The question, in the words of a database."""
        return self.body.format_map(words).strip()


# Whole numbers wide enough for a share of any sum, how they are divided without a rest, and today in UTC.
FILE_WORDS = {
    "today": "CAST('1970-01-01' AS DATE) + CAST(epoch_us(now()) // 86400000000 AS INTEGER)",
    "wide": "HUGEINT",
    "over": "//",
}
SERVER_WORDS = {"today": "CAST(now() AT TIME ZONE 'UTC' AS DATE)", "wide": "NUMERIC", "over": "/"}

# How strict the grade of terms ``d`` is, and the grade of the ``strictest``: none where that is not known.
_OF_GRADE = " ".join(f"WHEN '{grade}' THEN {strictness}" for grade, strictness in STRICTNESS.items() if grade)
_TO_GRADE = " ".join(f"WHEN {strictness} THEN '{grade}'" for grade, strictness in STRICTNESS.items() if grade)
STRICTNESS_OF_GRADE = f"CASE d.grade {_OF_GRADE} ELSE {STRICTNESS[None]} END"
GRADE_OF_STRICTEST = f"CASE m.strictest {_TO_GRADE} END"

_RENAMED = """
renamed AS (
    SELECT r.organisation, r.fund, r.name,
           row_number() OVER (PARTITION BY r.organisation, r.fund
                              ORDER BY r.valid_from DESC, r.entry_number DESC) AS newest
    FROM renaming r WHERE r.valid_from <= {today}
)
"""
# A share agreed upon is one of what came from above or from another fund, less what went back that way, rounded down.
_POSITION = f"""
WITH RECURSIVE moved AS (
    SELECT t.from_account, t.to_account, sum(t.amount_pence) AS pence FROM transfer t
    WHERE t.entry_number IN (SELECT e.number FROM entry e WHERE e.effective_date <= {{today}})
    GROUP BY t.from_account, t.to_account
),
held AS (
    SELECT m.account, sum(m.pence) AS pence FROM (
        SELECT to_account AS account, pence FROM moved UNION ALL SELECT from_account, -pence FROM moved
    ) m GROUP BY m.account
),
{_RENAMED},
fund_level AS (
    SELECT f.code AS fund, f.code AS ancestor, 0 AS level FROM fund f
    UNION ALL
    SELECT l.fund, f.parent, l.level + 1 FROM fund_level l JOIN fund f ON f.code = l.ancestor
    WHERE f.parent IS NOT NULL
),
judged AS (
    SELECT DISTINCT a.fund, a.year, least({{today}}, make_date(a.year + 1, 3, 31)) AS day FROM account a
),
dated AS (
    SELECT j.fund, j.year, l.ancestor AS pot, l.level, t.grade, t.route, t.recurrent, t.notified_on, t.spend_by,
           t.returns_per_year, t.quality, t.discretion, t.certain_to,
           row_number() OVER (PARTITION BY j.fund, j.year, l.ancestor
                              ORDER BY t.effective_from DESC, t.version DESC) AS newest
    FROM judged j JOIN fund_level l ON l.fund = j.fund
    JOIN terms t ON t.fund = l.ancestor AND t.effective_from <= j.day
),
ranked AS (
    SELECT d.fund, d.year, d.pot, d.route, d.recurrent, d.notified_on, d.spend_by, d.returns_per_year, d.quality,
           d.discretion, d.certain_to, row_number() OVER (PARTITION BY d.fund, d.year ORDER BY d.level) AS nth,
           max({STRICTNESS_OF_GRADE}) OVER (PARTITION BY d.fund, d.year) AS strictest
    FROM dated d WHERE d.newest = 1
),
sides AS (
    SELECT m.pence, f.organisation AS giver, f.fund AS from_fund, f.year AS from_year, ft.rank AS from_rank,
           o.organisation AS receiver, o.fund AS to_fund, o.year AS to_year, ot.rank AS to_rank
    FROM moved m JOIN account f ON f.id = m.from_account JOIN account o ON o.id = m.to_account
    JOIN organisation fo ON fo.code = f.organisation JOIN tier ft ON ft.code = fo.tier
    JOIN organisation oo ON oo.code = o.organisation JOIN tier ot ON ot.code = oo.tier
),
received AS (
    SELECT b.organisation, b.fund, b.year, sum(b.pence) AS pence FROM (
        SELECT s.receiver AS organisation, s.to_fund AS fund, s.to_year AS year, s.pence FROM sides s
        WHERE s.from_rank < s.to_rank OR (s.giver = s.receiver AND s.from_fund <> s.to_fund)
        UNION ALL
        SELECT s.giver, s.from_fund, s.from_year, -s.pence FROM sides s
        WHERE s.to_rank < s.from_rank OR (s.giver = s.receiver AND s.from_fund <> s.to_fund)
    ) b
    WHERE (b.organisation, b.fund) IN (SELECT g.organisation, g.fund FROM agreement g WHERE g.share_ppm IS NOT NULL)
    GROUP BY b.organisation, b.fund, b.year
),
in_force AS (
    SELECT g.organisation, g.fund, j.year, g.amount_pence, g.share_ppm,
           CAST(coalesce(r.pence, 0) AS {{wide}}) * g.share_ppm AS millionths
    FROM agreement g JOIN judged j ON j.fund = g.fund
    LEFT JOIN received r ON r.organisation = g.organisation AND r.fund = g.fund AND r.year = j.year
    WHERE g.valid_from <= j.day AND (g.valid_to IS NULL OR j.day < g.valid_to)
      AND NOT EXISTS (SELECT 1 FROM agreement s WHERE s.supersedes = g.id)
),
agreed AS (
    SELECT i.organisation, i.fund, i.year, least({MOST_MOVED_PENCE}, sum(
        CASE WHEN i.share_ppm IS NULL THEN CAST(coalesce(i.amount_pence, {MOST_MOVED_PENCE}) AS {{wide}})
             ELSE (i.millionths - mod(mod(i.millionths, 1000000) + 1000000, 1000000)) {{over}} 1000000 END)) AS pence
    FROM in_force i GROUP BY i.organisation, i.fund, i.year
),
standing AS (
    SELECT a.organisation, a.fund, a.year, h.pence,
           CASE WHEN a.floor_pence IS NULL THEN 'source' WHEN a.standing = 'retained' THEN 'retained without agreement'
                ELSE a.standing END AS standing,
           CASE WHEN a.standing = 'retained' THEN least(h.pence, coalesce(g.pence, 0)) ELSE 0 END AS agreed_pence
    FROM held h JOIN account a ON a.id = h.account
    LEFT JOIN agreed g ON g.organisation = a.organisation AND g.fund = a.fund AND g.year = a.year
),
amount AS (
    SELECT organisation, fund, year, standing, pence - agreed_pence AS pence FROM standing
    UNION ALL
    SELECT organisation, fund, year, 'retained by agreement', agreed_pence FROM standing
)
SELECT p.organisation, coalesce(ro.name, o.name) AS organisation_name, o.tier, t.depth, p.fund,
       coalesce(rf.name, f.name) AS fund_name, coalesce(m.pot, p.fund) AS pot, f.stream, f.resource,
       lt.depth AS lowest_depth, p.year, p.standing,
       {GRADE_OF_STRICTEST} AS grade,
       m.route, m.recurrent, m.notified_on, m.spend_by, m.returns_per_year, m.quality, m.discretion, m.certain_to,
       CAST(p.pence AS BIGINT) AS amount_pence
FROM amount p JOIN organisation o ON o.code = p.organisation JOIN tier t ON t.code = o.tier
JOIN fund f ON f.code = p.fund JOIN tier lt ON lt.code = f.lowest_tier
LEFT JOIN renamed ro ON ro.organisation = p.organisation AND ro.newest = 1
LEFT JOIN renamed rf ON rf.fund = p.fund AND rf.newest = 1
LEFT JOIN ranked m ON m.fund = p.fund AND m.year = p.year AND m.nth = 1
WHERE p.pence <> 0
"""
_FLOWS = f"""
WITH {_RENAMED.strip()},
pairs AS (
    SELECT t.entry_number, t.from_account, t.to_account, sum(t.amount_pence) AS pence FROM transfer t
    GROUP BY t.entry_number, t.from_account, t.to_account
),
sides AS (
    SELECT p.entry_number, ft.rank > ot.rank AS upward, p.pence, f.id AS giver, o.id AS receiver
    FROM pairs p JOIN account f ON f.id = p.from_account JOIN account o ON o.id = p.to_account
    JOIN organisation fo ON fo.code = f.organisation JOIN tier ft ON ft.code = fo.tier
    JOIN organisation oo ON oo.code = o.organisation JOIN tier ot ON ot.code = oo.tier
    WHERE f.organisation <> o.organisation
),
downward AS (
    SELECT s.entry_number, CASE WHEN s.upward THEN -s.pence ELSE s.pence END AS pence,
           CASE WHEN s.upward THEN s.receiver ELSE s.giver END AS upper_account,
           CASE WHEN s.upward THEN s.giver ELSE s.receiver END AS lower_account
    FROM sides s
),
flow AS (
    SELECT uo.tier AS from_tier, lo.tier AS to_tier, u.organisation AS from_organisation,
           coalesce(ru.name, uo.name) AS from_name, l.organisation AS to_organisation,
           coalesce(rl.name, lo.name) AS to_name, l.fund, coalesce(rf.name, fu.name) AS fund_name, fu.stream, l.year,
           u.standing AS from_standing, l.standing AS to_standing, e.kind, e.number AS entry, e.effective_date, d.pence
    FROM downward d JOIN account u ON u.id = d.upper_account JOIN account l ON l.id = d.lower_account
    JOIN organisation uo ON uo.code = u.organisation JOIN organisation lo ON lo.code = l.organisation
    JOIN fund fu ON fu.code = l.fund JOIN entry e ON e.number = d.entry_number
    LEFT JOIN renamed ru ON ru.organisation = u.organisation AND ru.newest = 1
    LEFT JOIN renamed rl ON rl.organisation = l.organisation AND rl.newest = 1
    LEFT JOIN renamed rf ON rf.fund = l.fund AND rf.newest = 1
    WHERE e.effective_date <= {{today}}
)
SELECT from_tier, to_tier, from_organisation, from_name, to_organisation, to_name, fund, fund_name, stream, year,
       from_standing, to_standing, kind, entry, effective_date, CAST(sum(pence) AS BIGINT) AS amount_pence
FROM flow
GROUP BY from_tier, to_tier, from_organisation, from_name, to_organisation, to_name, fund, fund_name, stream, year,
         from_standing, to_standing, kind, entry, effective_date
"""
# Terms are those that the pot itself has on the day, within its year.
_POTS = f"""
WITH {_RENAMED.strip()},
held AS (
    SELECT p.pot, p.year, sum(p.amount_pence) AS pence,
           sum(CASE WHEN p.standing = 'spent' THEN 0 ELSE p.amount_pence END) AS left_pence,
           least(greatest({{today}}, make_date(p.year, 4, 1)), make_date(p.year + 1, 3, 31)) AS day
    FROM v_position p WHERE p.standing <> 'source' GROUP BY p.pot, p.year
),
dated AS (
    SELECT h.year, t.fund, t.grade, t.route, t.recurrent, t.announced_on, t.notified_on, t.bid_by, t.spend_by,
           t.returns_per_year, t.match_percent, t.clawback, t.leave_by, t.certain_to, t.discretion, t.reason, t.source,
           t.standing, t.quality, row_number() OVER (PARTITION BY h.year, t.fund
                                                     ORDER BY t.effective_from DESC, t.version DESC) AS newest
    FROM held h JOIN terms t ON t.fund = h.pot AND t.effective_from <= h.day
)
SELECT f.code AS fund, coalesce(r.name, f.name) AS name, f.parent AS inside, f.stream, h.year,
       CAST(h.pence AS BIGINT) AS amount_pence, CAST(h.left_pence AS BIGINT) AS left_pence, d.grade, d.route,
       d.recurrent, d.announced_on, d.notified_on, d.bid_by, d.spend_by, d.returns_per_year, d.match_percent,
       d.clawback, d.leave_by, d.certain_to, d.discretion, d.reason, d.source, d.standing, d.quality
FROM held h JOIN fund f ON f.code = h.pot
LEFT JOIN renamed r ON r.fund = h.pot AND r.newest = 1
LEFT JOIN dated d ON d.fund = h.pot AND d.year = h.year AND d.newest = 1
WHERE h.pence > 0
"""

_YEAR = "The financial year of the money, by the year it starts in: 2025 is 2025/26."
_STREAM = "The stream of funding that the fund belongs to."
_ROUTE = "How the money is given: formula, equal shares, bid, claim, prize or direction; null where no source says."
_RECURRENT = "Whether it recurs; null where no source says."
_NOTIFIED = "The day on which its amount was made known; null where no source says."
_SPEND_BY = "The last day on which it may be spent; null where there is no deadline."
_RETURNS = "How many returns a year its terms ask for; null where it is not known, which is not zero."
_QUALITY = "How sure the terms are: red, amber or green."
_DISCRETION = (
    "Whose decision the money really is: free, local contract, national contract or pass-through; null where not known."
)
_CERTAIN = "The last financial year for which it is promised, by the year it starts in; null where it is not known."
VIEWS = (
    SqlView(
        "v_position",
        "What is held where today (UTC), as the command position answers: a row for each organisation, fund, financial "
        "year and standing. Whole pence. All rows sum to zero: the source stands in them below zero, so leave out "
        "standing source to add up what is held.",
        {
            "organisation": "The code of who holds it; its ODS code where there is one.",
            "organisation_name": "What the organisation is called today.",
            "tier": "The level of the organisation: national, region, icb, place, pcn, practice and others.",
            "depth": "Steps below the ICB: ICB and above 0, place 1, PCN 2, practice 3.",
            "fund": "The code of the line of money.",
            "fund_name": "What the fund is called today.",
            "pot": "The code of the nearest fund with terms of its own, around this one or itself.",
            "stream": _STREAM,
            "resource": "revenue or capital, which never mix.",
            "lowest_depth": "How many steps below the ICB the fund could be held.",
            "year": _YEAR,
            "standing": "available, spent, retained by agreement, retained without agreement, or source.",
            "grade": "How strict the ring-fence is, with those around it: none, monitored, soft, hard or statutory; "
            "null where no source says, or no terms are on record.",
            "route": _ROUTE,
            "recurrent": _RECURRENT,
            "notified_on": _NOTIFIED,
            "spend_by": _SPEND_BY,
            "returns_per_year": _RETURNS,
            "quality": _QUALITY,
            "discretion": _DISCRETION,
            "certain_to": _CERTAIN,
            "amount_pence": "What is held, in whole pence; below zero for the source.",
        },
        _POSITION,
    ),
    SqlView(
        "v_flows",
        "What moved between organisations up to today (UTC), as the command flows answers: read down the tiers, and "
        "what went back up is below zero. A row for each entry, giver, receiver, fund and standing. Whole pence. Money "
        "that passes through several tiers stands in a row at each: choose from_tier and to_tier before you add up.",
        {
            "from_tier": "The level of the upper organisation.",
            "to_tier": "The level of the lower organisation.",
            "from_organisation": "The code of the upper organisation; between equals, of the giver.",
            "from_name": "What the upper organisation is called today.",
            "to_organisation": "The code of the lower organisation; between equals, of the receiver.",
            "to_name": "What the lower organisation is called today.",
            "fund": "The code of the line of money, as the lower organisation holds it.",
            "fund_name": "What the fund is called today.",
            "stream": _STREAM,
            "year": _YEAR,
            "from_standing": "The standing of the money with the upper organisation: available, retained or spent.",
            "to_standing": "The standing of the money with the lower organisation: available, retained or spent.",
            "kind": "The kind of decision: mandate, allocate, devolve and others.",
            "entry": "The number of the entry, as devolution entry shows it.",
            "effective_date": "The day from which the entry counts.",
            "amount_pence": "What moved down, in whole pence; below zero where it went back up.",
        },
        _FLOWS,
    ),
    SqlView(
        "v_pots",
        "The pots of every financial year in which money is held of them, as the command pots answers for a year: each "
        "fund that has terms of its own. Terms are those that hold today (UTC), or at the end of the year once it has "
        "passed. Whole pence.",
        {
            "fund": "The code of the pot.",
            "name": "What the pot is called today.",
            "inside": "The code of the fund around it, if any.",
            "stream": _STREAM,
            "year": _YEAR,
            "amount_pence": "All that is held of it, spent money included, in whole pence.",
            "left_pence": "What of that is not recorded as spent, in whole pence.",
            "grade": "Its own ring-fence: none, monitored, soft, hard or statutory; null where no source says, or no "
            "terms are on record.",
            "route": _ROUTE,
            "recurrent": _RECURRENT,
            "announced_on": "The day on which it was first announced; null where it is not known.",
            "notified_on": _NOTIFIED,
            "bid_by": "The last day for bids; null where it is not bid for, or not known.",
            "spend_by": _SPEND_BY,
            "returns_per_year": _RETURNS,
            "match_percent": "What a receiver has to add, in percent; null where no source says.",
            "clawback": "What goes back; none for nothing, null where no source says.",
            "leave_by": "The kinds of entry by which money may leave it, separated by commas; empty for no way.",
            "certain_to": _CERTAIN,
            "discretion": _DISCRETION,
            "reason": "Its purpose, and why its terms are what they are.",
            "source": "The document that its terms come from.",
            "standing": "What its terms rest on: published, derived, projected, own or illustrative; null where that "
            "is not recorded.",
            "quality": _QUALITY,
        },
        _POTS,
    ),
)
NAMES = tuple(view.name for view in VIEWS)


def statements(words: Mapping[str, str], schema: str = "") -> Iterator[str]:
    """What makes the views, or makes them anew, with their comments. Saying it again changes nothing.

    Args:
        words: ``FILE_WORDS`` or ``SERVER_WORDS``.
        schema: where they are to be, with a dot, as the database quotes its name.
    """
    for view in VIEWS:
        name = f"{schema}{view.name}"
        yield f"CREATE OR REPLACE VIEW {name} AS {view.sql(words)}"
        yield f"COMMENT ON VIEW {name} IS '{view.about}'"
        for column, about in view.columns.items():
            yield f"COMMENT ON COLUMN {name}.{column} IS '{about}'"
