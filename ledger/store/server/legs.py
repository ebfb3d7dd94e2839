"""How the legs of entries get into a server's tables: what they are hashed as, what must hold, and their accounts.

Legs come as arrays, side by side, for all entries of a batch; each names its accounts by their places in arrays of
accounts. What is done with millions of them is done in one statement, in the order in which they came.
"""

from collections.abc import Iterable

from ledger.entries.canonical import TRANSFER_FIELDS
from ledger.money import LARGEST_PENCE, MOST_MOVED_PENCE
from ledger.store.server import text
from ledger.store.server.functions import Function
from ledger.words import STANDINGS
from ledger.years import FIRST_YEAR, LAST_YEAR

LEG_ARGUMENTS = (
    "payers integer[], payees integer[], amounts bigint[], recurrents boolean[], notes text[], "
    "organisations text[], funds text[], years integer[], standings text[]"
)
LEG_NAMES = "payers, payees, amounts, recurrents, notes, organisations, funds, years, standings"
SHAPES = ", ".join(
    f"({nth}, cardinality({name}), array_ndims({name}), array_lower({name}, 1))"
    for nth, name in enumerate(LEG_NAMES.split(", "), start=1)
)
LEGS = (
    "unnest(legs_of, payers, payees, amounts, recurrents, notes) WITH ORDINALITY "
    "AS l (entry, payer, payee, pence, recurrent, note, nth)"
)


def words(values: Iterable[object]) -> str:
    """Words as a list of SQL literals."""
    return ", ".join(f"'{value}'" for value in values)


# The canonical text of the legs of each entry, one for each, empty where it has none.
_LEGS_TEXT = Function(
    "ledger_legs_text",
    f"entries integer, legs_of integer[], starts bigint[], {LEG_ARGUMENTS}",
    "text[]",
    f"""
DECLARE
    sides text[];
    parts text[];
BEGIN
    SELECT array_agg({text.side()} ORDER BY n.nth) INTO sides
    FROM unnest(organisations, funds, years, standings) WITH ORDINALITY AS n (organisation, fund, year, standing, nth);
    SELECT array_agg(coalesce(p.part, '') ORDER BY n.nth) INTO parts
    FROM generate_series(1, entries) AS n (nth) LEFT JOIN (
        {text.part(
            "transfer",
            len(TRANSFER_FIELDS),
            f"SELECT l.entry, l.nth - starts[l.entry] - 1 AS nth, {text.leg()} AS said FROM {LEGS}",
            "r.entry",
        )}
    ) p ON p.entry = n.nth;
    RETURN parts;
END
""",
)  # fmt: skip

# Legs that no rule need be asked about: amounts, accounts, notes, and what they come to in all.
_LEGS_HOLD = Function(
    "ledger_legs_hold",
    f"moved bigint, legs_of integer[], numbers bigint[], {LEG_ARGUMENTS}",
    "bigint",
    f"""
DECLARE
    wrong bigint;
    total numeric;
BEGIN
    SELECT count(*) FILTER (WHERE l.payer IS NULL OR l.payer NOT BETWEEN 1 AND cardinality(organisations)
               OR l.payee IS NULL OR l.payee NOT BETWEEN 1 AND cardinality(organisations) OR l.payer = l.payee
               OR l.pence IS NULL OR l.pence NOT BETWEEN 1 AND {LARGEST_PENCE} OR l.recurrent IS NULL
               OR (l.note !~ '^[ -~]*$' AND l.note ~ {text.unseen()})),
           coalesce(sum(l.pence) FILTER (WHERE numbers[l.entry] > 0), 0)
    INTO wrong, total FROM {LEGS};
    IF wrong > 0 OR EXISTS (
        SELECT 1 FROM unnest(organisations, funds, years, standings) AS n (organisation, fund, year, standing)
        WHERE n.organisation IS NULL OR n.fund IS NULL OR n.year IS NULL OR n.standing IS NULL
           OR n.year NOT BETWEEN {FIRST_YEAR} AND {LAST_YEAR} OR n.standing NOT IN ({words(STANDINGS)}))
    THEN
        PERFORM ledger_refuse('[{{"fault": "legs"}}]');
    END IF;
    IF moved + total > {MOST_MOVED_PENCE} THEN
        PERFORM ledger_refuse(jsonb_build_array(
            jsonb_build_object('fault', 'sum', 'moved_pence', moved, 'pence', total)));
    END IF;
    RETURN total::bigint;
END
""",
)

# The accounts that the legs name, opened where they are not there yet; in the order in which they were named.
_ACCOUNTS = Function(
    "ledger_accounts",
    f"keys text[], legs_of integer[], starts bigint[], numbers bigint[], {LEG_ARGUMENTS}",
    "bigint[]",
    f"""
DECLARE
    ids bigint[];
    used integer[];
    unknown jsonb;
BEGIN
    SELECT array_agg(coalesce(a.id, 0) ORDER BY n.nth) INTO ids
    FROM unnest(organisations, funds, years, standings) WITH ORDINALITY AS n (organisation, fund, year, standing, nth)
    LEFT JOIN account a ON a.organisation = n.organisation AND a.fund = n.fund AND a.year = n.year
        AND a.standing = n.standing;
    IF NOT 0 = ANY (ids) THEN
        RETURN ids;
    END IF;
    SELECT array_agg(DISTINCT s.side) INTO used
    FROM {LEGS}, LATERAL (VALUES (l.payer), (l.payee)) AS s (side)
    WHERE numbers[l.entry] > 0 AND ids[s.side] = 0;
    SELECT jsonb_agg(jsonb_build_object('fault', 'unknown leg', 'target', u.target, 'code', u.code, 'key', u.key,
                                        'leg', u.leg) ORDER BY u.target DESC, u.entry, u.leg) INTO unknown
    FROM (
        SELECT t.target, t.code, min(l.entry) AS entry, min(l.nth - starts[l.entry]) AS leg, keys[min(l.entry)] AS key
        FROM {LEGS}, LATERAL (VALUES (l.payer), (l.payee)) AS s (side),
            LATERAL (VALUES ('organisation', organisations[s.side]), ('fund', funds[s.side])) AS t (target, code)
        WHERE numbers[l.entry] > 0 AND ids[s.side] = 0 AND CASE t.target
            WHEN 'fund' THEN NOT EXISTS (SELECT 1 FROM fund f WHERE f.code = t.code)
            ELSE NOT EXISTS (SELECT 1 FROM organisation o WHERE o.code = t.code) END
        GROUP BY t.target, t.code
    ) u;
    IF unknown IS NOT NULL THEN
        PERFORM ledger_refuse(unknown);
    END IF;
    INSERT INTO account (id, organisation, fund, year, standing, floor_pence)
    SELECT (SELECT coalesce(max(id), 0) FROM account) + row_number() OVER (
               ORDER BY n.organisation COLLATE "C", n.fund COLLATE "C", n.year, n.standing COLLATE "C"),
           n.organisation, n.fund, n.year, n.standing,
           CASE WHEN t.may_go_below_zero AND n.standing = 'available' THEN NULL ELSE 0 END
    FROM (SELECT DISTINCT organisations[m.nth] AS organisation, funds[m.nth] AS fund, years[m.nth] AS year,
                 standings[m.nth] AS standing FROM unnest(used) AS m (nth)) n
    JOIN organisation o ON o.code = n.organisation JOIN tier t ON t.code = o.tier;
    SELECT array_agg(coalesce(a.id, 0) ORDER BY n.nth) INTO ids
    FROM unnest(organisations, funds, years, standings) WITH ORDINALITY AS n (organisation, fund, year, standing, nth)
    LEFT JOIN account a ON a.organisation = n.organisation AND a.fund = n.fund AND a.year = n.year
        AND a.standing = n.standing;
    RETURN ids;
END
""",
)

FUNCTIONS = (_LEGS_TEXT, _LEGS_HOLD, _ACCOUNTS)
