"""Which terms hold on each fund at a point on both clocks: one question in SQL, for a position and for a trend.

A question that asks it begins with ``WITH RECURSIVE`` and brings a relation ``judged``: fund, year, point, day and
known. A point is a number that tells several points on both clocks apart; its terms are those in force on the day,
as known by the entry ``known``.
"""

# The terms that hold on a fund: its own, or those of the nearest fund around it; but a fund inside a ring-fence
# is no freer than the fence.
TERMS_HELD = """
fund_level(fund, ancestor, level) AS (
    SELECT code, code, 0 FROM fund
    UNION ALL
    SELECT l.fund, f.parent, l.level + 1 FROM fund_level l JOIN fund f ON f.code = l.ancestor
    WHERE f.parent IS NOT NULL
),
dated AS (
    SELECT j.fund, j.year, j.point, l.ancestor AS pot, l.level, t.grade, t.route, t.recurrent, t.notified_on,
           t.spend_by, t.returns_per_year, t.quality, row_number() OVER (
               PARTITION BY j.fund, j.year, j.point, l.ancestor
               ORDER BY t.effective_from DESC, t.version DESC) AS newest
    FROM judged j JOIN fund_level l ON l.fund = j.fund
    JOIN terms t ON t.fund = l.ancestor AND t.effective_from <= j.day AND t.entry_number <= j.known
),
ranked AS (
    SELECT d.fund, d.year, d.point, d.pot, d.route, d.recurrent, d.notified_on, d.spend_by, d.returns_per_year,
           d.quality, row_number() OVER (PARTITION BY d.fund, d.year, d.point ORDER BY d.level) AS nth,
           max(CASE d.grade WHEN 'statutory' THEN 4 WHEN 'hard' THEN 3 WHEN 'soft' THEN 2 WHEN 'monitored' THEN 1
               ELSE 0 END) OVER (PARTITION BY d.fund, d.year, d.point) AS strictest
    FROM dated d WHERE d.newest = 1
),
terms_held AS (
    SELECT r.*, CASE r.strictest WHEN 4 THEN 'statutory' WHEN 3 THEN 'hard' WHEN 2 THEN 'soft' WHEN 1 THEN 'monitored'
        ELSE 'none' END AS grade
    FROM ranked r WHERE r.nth = 1
)
"""
