"""The rules that a server asks of new entries before it keeps them: the same texts that ``verify`` asks.

Each rule is a function of its own, whose plan a session makes once. They are asked in the order in which a file is
asked them, those alone that what is brought can break; and who may do what before what open proposals keep, which is
told to nobody else.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby

from ledger.entries.kinds import BRING, CARRY, DOWN, MONEY_KINDS, UP
from ledger.models import UNPUBLISHED, Proposal, ProposedTransfer
from ledger.rules import decisions, in_order, money_moves
from ledger.rules import rights_questions as questions
from ledger.rules.rule import Rule
from ledger.store.server.functions import OWNER, READS, Function

# So many rows that break one rule are sent; the others are counted.
MOST_SENT = 1_000
ASKED: tuple[Rule, ...] = (*in_order.AT_ONCE, *in_order.RESERVED)
# What most small batches bring. Of them the long questions are asked in their short forms: to begin with a question
# that reads forty tables takes a server longer than to answer it.
_MONEY = frozenset({"entry", "transfer"})


def _kinds(direction: str) -> str:
    return ", ".join(f"'{kind.name}'" for kind in MONEY_KINDS.values() if kind.direction == direction)


_UPPER, _LOWER = (
    f"CASE WHEN pairs.kind IN ({_kinds(UP)}) THEN pairs.{one} ELSE pairs.{other} END"
    for one, other in (("to_organisation", "from_organisation"), ("from_organisation", "to_organisation"))
)
# Whom all that is below has to be looked through for: who is not directly below, or is somebody who is not open.
_NOT_DIRECTLY = f"""(pairs.kind IN ({_kinds(UP)}, {_kinds(DOWN)}) AND NOT EXISTS (
    SELECT 1 FROM relationship l WHERE l.parent = {_UPPER} AND l.child = {_LOWER} AND l.entry_number <= pairs.epoch
      AND l.valid_from <= pairs.effective_date AND (l.valid_to IS NULL OR pairs.effective_date < l.valid_to)
      AND NOT EXISTS (SELECT 1 FROM relationship x WHERE x.supersedes = l.id AND x.entry_number <= pairs.epoch)))
   OR {money_moves.NOT_OPEN}"""


def _met_by(rule: Rule) -> str:
    """What a pair of accounts has to do so that a rule may be broken that transfers alone can break; or nothing."""
    return _NOT_DIRECTLY if rule.name == "money/related" else rule.in_pairs


# What pairs of accounts have to do for the rules that only some of them can break, each once.
_PAIRS_THAT = sorted({said for rule in ASKED for said in (rule.where_pairs, _met_by(rule)) if said})
# What can be seen of new rows at once, where the rule itself would read all that there ever was.
_UNLESS = {
    "published/totals": """EXISTS (SELECT 1 FROM control_total c WHERE c.entry_number BETWEEN $1 AND $2) OR EXISTS (
        WITH moved AS MATERIALIZED (
            SELECT DISTINCT f.year AS from_year, g.year AS to_year, p.tier AS from_tier, q.tier AS to_tier
            FROM transfer t JOIN account f ON f.id = t.from_account JOIN account g ON g.id = t.to_account
            JOIN organisation p ON p.code = f.organisation JOIN organisation q ON q.code = g.organisation
            WHERE t.entry_number BETWEEN $1 AND $2)
        SELECT 1 FROM moved m JOIN control_total c ON c.year IN (m.from_year, m.to_year) AND (
            (m.from_tier = c.from_tier AND m.to_tier = c.to_tier)
            OR (m.from_tier = c.to_tier AND m.to_tier = c.from_tier)))""",
    **dict.fromkeys(
        ("carried/days", "carried/legs", "carried/sums"),
        f"""EXISTS (SELECT 1 FROM entry e LEFT JOIN entry u ON u.number = e.reverses
        WHERE e.number BETWEEN $1 AND $2 AND (e.kind IN ('{CARRY}', '{BRING}') OR u.kind IN ('{CARRY}', '{BRING}')))""",
    ),
    # Whoever posted before is not there for the first time.
    "names/people": """tables && ARRAY['appointment'] OR EXISTS (
        SELECT 1 FROM entry e WHERE e.number BETWEEN $1 AND $2
          AND NOT EXISTS (SELECT 1 FROM entry k WHERE k.actor = e.actor AND k.number < $1))""",
    "source/limit": "EXISTS (SELECT 1 FROM source_limit)",
    "source/elsewhere": """EXISTS (
        SELECT 1 FROM tier r JOIN organisation o ON o.tier = r.code JOIN account a ON a.organisation = o.code
        JOIN transfer t ON t.to_account = a.id WHERE r.may_go_below_zero)""",
    "reserved/short": "EXISTS (SELECT 1 FROM proposal p WHERE p.id NOT IN (SELECT d.proposal FROM proposal_end d))",
}
# A rule that reads all that was ever moved is planned for what the tables hold, however little was brought: in the
# plans of a small batch a handful of printed totals would look up a hundred thousand transfers one by one.
_READS_ALL = frozenset({"published/totals", "source/limit", "source/elsewhere"})
_OVER_ALL = (
    ("plan_cache_mode", "force_custom_plan"),
    ("enable_seqscan", "on"),
    ("enable_hashjoin", "on"),
    ("enable_nestloop", "off"),
)


def _function_name(rule: Rule) -> str:
    return f"ledger_rule_{re.sub('[^a-z]', '_', rule.name)}"


def _rules(rule: Rule) -> Iterator[Function]:
    """A rule as a function; and where its question is shorter for money that moves and nothing else, that too."""
    yield _rule(rule)
    if rule.narrowed is not None:
        shorter = _rule(replace(rule, sql=rule.narrowed(_MONEY)))
        yield replace(shorter, name=f"{shorter.name}_of_money")


def _rule(rule: Rule) -> Function:
    more = ""
    if rule.more:
        asked = re.sub(r"\$(\w+)", r"broken_row.\1", rule.more.strip())
        more = f" || (SELECT to_jsonb(known_more) FROM ({asked}) known_more)"
    return Function(
        _function_name(rule),
        "first_new bigint, last_new bigint",
        "jsonb",
        f"""
DECLARE
    broken_row record;
    rows_listed jsonb := '[]';
    rows_in_all bigint := 0;
BEGIN
    FOR broken_row IN
{in_order.for_server(rule)}
    LOOP
        rows_in_all := rows_in_all + 1;
        IF rows_in_all <= {MOST_SENT} THEN
            rows_listed := rows_listed || jsonb_build_array(to_jsonb(broken_row){more});
        END IF;
    END LOOP;
    IF rows_in_all > 0 THEN
        RETURN jsonb_build_object('fault', 'rule', 'rule', '{rule.name}', 'rows', rows_listed, 'in_all', rows_in_all);
    END IF;
    RETURN NULL;
END
""",
        volatility="STABLE",
        settings=_OVER_ALL if rule.name in _READS_ALL else (),
    )


def _when(rule: Rule) -> str:
    """The condition, in SQL, under which what is brought can break a rule."""
    if not rule.where_pairs:
        concerned = f"tables && ARRAY[{_listed(rule.concerns)}]"
    else:
        others = rule.concerns - {"transfer"}
        concerned = f"pairs_that[{_PAIRS_THAT.index(rule.where_pairs) + 1}]"
        concerned += f" OR tables && ARRAY[{_listed(others)}]" if others else ""
    if met := _met_by(rule):
        concerned = f"pairs_that[{_PAIRS_THAT.index(met) + 1}] AND ({concerned})"
    return f"({concerned}) AND ({_UNLESS[rule.name]})" if rule.name in _UNLESS else concerned


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"'{name}'" for name in sorted(names))


_MONEY_ALONE = f"tables <@ ARRAY[{_listed(_MONEY)}]"


def _asked_in_order(asked: Sequence[Rule]) -> str:
    """The block that asks rules, and returns what the first group finds that finds anything."""
    said = []
    for _, group in groupby(asked, key=lambda rule: rule.group):
        for when, rules in groupby(group, key=_when):
            said += [f"    IF {when} THEN", *(_asked_once(rule) for rule in rules), "    END IF;"]
        said.append("""    IF faults <> '[]' THEN
        RETURN faults;
    END IF;""")
    return "\n".join(said)


def _asked_once(rule: Rule) -> str:
    asked = f"{_function_name(rule)}(first_new, last_new)"
    if rule.narrowed is not None:
        asked = f"CASE WHEN {_MONEY_ALONE} THEN {asked.replace('(', '_of_money(')} ELSE {asked} END"
    return f"""        found := {asked};
        faults := faults || coalesce(found, '[]');"""


def functions() -> tuple[Function, ...]:
    """The functions that ask the rules."""
    return (*(function for rule in ASKED for function in _rules(rule)), _PAIRS, _MAY, _ASKED)


_MET = [f"coalesce(bool_or({condition}), false)" for condition in _PAIRS_THAT]
# For each of these conditions, whether any pair of accounts between which new entries move money meets it.
_PAIRS = Function(
    "ledger_pairs_that",
    "first_new bigint, last_new bigint",
    "boolean[]",
    f"""
BEGIN
    RETURN ({in_order.alone(f"SELECT ARRAY[{', '.join(_MET)}] FROM pairs")});
END
""",
    volatility="STABLE",
)

# Whether each new entry is in the name of who brings it, and whether that person may do what it does.
_MAY = Function(
    "ledger_may",
    "first_new bigint, tables text[], speakers text[], numbers bigint[]",
    "jsonb",
    f"""
DECLARE
    faults jsonb;
BEGIN
    IF NOT EXISTS (SELECT 1 FROM appointment) THEN
        RETURN '[]';
    END IF;
    SELECT jsonb_agg(jsonb_build_object('fault', 'name', 'key', e.key, 'actor', e.actor, 'speaker', n.speaker)
                     ORDER BY e.number) INTO faults
    FROM unnest(numbers, speakers) AS n (number, speaker) JOIN entry e ON e.number = n.number
    WHERE e.actor <> n.speaker AND e.number > (SELECT min(a.entry_number) FROM appointment a);
    IF faults IS NULL AND {_MONEY_ALONE} THEN
        SELECT jsonb_agg(jsonb_build_object('fault', 'right', 'row', f.row)) INTO faults
        FROM ledger_faults_of_money(first_new) AS f (row);
    ELSIF faults IS NULL THEN
        SELECT jsonb_agg(jsonb_build_object('fault', 'right', 'row', f.row)) INTO faults
        FROM ledger_faults(first_new) AS f (row);
    END IF;
    RETURN coalesce(faults, '[]');
END
""",
    volatility="STABLE",
)

_ASKED = Function(
    "ledger_asked",
    "first_new bigint, last_new bigint, tables text[], speakers text[], numbers bigint[], tried boolean",
    "jsonb",
    f"""
DECLARE
    found jsonb;
    faults jsonb := '[]';
    pairs_that boolean[] := array_fill(false, ARRAY[{len(_PAIRS_THAT)}]);
BEGIN
    IF 'transfer' = ANY (tables) THEN
        pairs_that := ledger_pairs_that(first_new, last_new);
    END IF;
{_asked_in_order(in_order.AT_ONCE)}
    -- What is only tried need not be allowed to whoever tries it, who is told nothing of proposals either.
    IF tried THEN
        RETURN faults;
    END IF;
    faults := ledger_may(first_new, tables, speakers, numbers);
    IF faults <> '[]' THEN
        RETURN faults;
    END IF;
{_asked_in_order(in_order.RESERVED)}
    RETURN faults;
END
""",
)


TODAY = "(now() AT TIME ZONE 'UTC')::date"
NAMED = (
    f"LATERAL (SELECT (regexp_matches(n.brings, '{questions.ORGANISATIONS_BROUGHT}', 'g'))[1] AS organisation) named"
)
_NEW = {
    "first": "$1", "day": "(e.recorded_at AT TIME ZONE 'UTC')::date", "named": NAMED,
    "approved_entry": decisions.approved_from("$1"),
}  # fmt: skip
FAULTS = questions.FAULTS.format(**_NEW)
_COUNTED, _NOT_COUNTED = (questions.narrowed(_MONEY, counts=counts).format(**_NEW) for counts in (True, False))
_GIVEN = {"person": "(SELECT ledger_person())", "today": TODAY, "named": NAMED}


# Who speaks, as questions: the ledger's owner, or an app that names who is at its screen.
IS_OWNER = "SELECT pg_has_role(session_user, relowner, 'MEMBER') FROM pg_class WHERE oid = 'entry'::regclass"
IS_APP = f"""
SELECT EXISTS (
    SELECT 1 FROM appointment a WHERE a.person = session_user AND a.role = 'app'
      AND a.valid_from <= {TODAY} AND (a.valid_to IS NULL OR {TODAY} < a.valid_to)
      AND NOT EXISTS (SELECT 1 FROM dismissal d WHERE d.appointment = a.id AND d.valid_to <= {TODAY}))
"""


def _answers(name: str, returns: str, body: str, may: str = READS) -> Function:
    return Function(name, "", returns, body, language="sql", volatility="STABLE", privileged=True, may=may)


def _brought(table: str, columns: str) -> str:
    """What a batch brings of a table, as a question for some of its columns."""
    rows = f"unnest(brought) AS b (its), jsonb_populate_recordset(NULL::{table}, b.its -> '{table}') AS r"
    return f"SELECT {', '.join(f'r.{column}' for column in columns.split(', '))} FROM {rows}"


FUNCTIONS = (
    _answers("ledger_is_owner", "boolean", IS_OWNER),
    _answers("ledger_is_app", "boolean", IS_APP, may=OWNER),
    _answers(
        "ledger_person",
        "text",
        """
SELECT CASE WHEN ledger_is_app() THEN nullif(current_setting('devolution.person', true), '')
    ELSE session_user::text END
""",
        may=OWNER,
    ),
    _answers("ledger_seen_proposals", "SETOF character varying", questions.SEEN_PROPOSALS.format(**_GIVEN)),
    _answers("ledger_seen_transfers", "SETOF character varying", questions.SEEN_TRANSFERS.format(**_GIVEN)),
    # Numbers of entries alone: so that a reader can tell what is hidden from what was taken away.
    _answers(
        "ledger_unseen",
        "SETOF bigint",
        """
SELECT entry_number FROM proposal WHERE id NOT IN (SELECT ledger_seen_proposals())
UNION SELECT entry_number FROM proposal_end WHERE proposal NOT IN (SELECT ledger_seen_proposals())
UNION SELECT entry_number FROM proposed_transfer WHERE id NOT IN (SELECT ledger_seen_transfers())
""",
    ),
    Function(
        "ledger_faults",
        "first_new bigint",
        "SETOF jsonb",
        f"""
BEGIN
    RETURN QUERY SELECT to_jsonb(f) FROM (
{FAULTS}
    ) f;
END
""",
        volatility="STABLE",
    ),
    # The same of new entries that move money and do nothing else.
    Function(
        "ledger_faults_of_money",
        "first_new bigint",
        "SETOF jsonb",
        f"""
BEGIN
    IF EXISTS (SELECT 1 FROM appointment WHERE limit_period IS NOT NULL) THEN
        RETURN QUERY SELECT to_jsonb(f) FROM (
{_COUNTED}
        ) f;
    ELSE
        RETURN QUERY SELECT to_jsonb(f) FROM (
{_NOT_COUNTED}
        ) f;
    END IF;
END
""",
        volatility="STABLE",
    ),
    # Proposals that somebody's batch names and that they may not see; asked before anything rests on them.
    Function(
        "ledger_hidden",
        "asker text, brought jsonb[]",
        "jsonb",
        f"""
BEGIN
    RETURN (SELECT jsonb_agg(jsonb_build_object('fault', 'hidden', 'proposal', f.proposal, 'reason', f.fault,
                                                'person', asker)) FROM (
{
            questions.BEFOREHAND.format(
                person="$1",
                today=TODAY,
                named=NAMED,
                ends=_brought("proposal_end", "proposal, outcome"),
                proposals=_brought("proposal", "id"),
                entries=_brought("proposed_entry", "id, proposal, nth"),
                legs=_brought("proposed_transfer", "id, proposed_entry, leg"),
            )
        }
    ) f);
END
""",
        volatility="STABLE",
    ),
)


def policies() -> Sequence[tuple[str, str]]:
    """Each table whose rows are not for everybody, with the condition under which a row is shown."""
    said = []
    for model in UNPUBLISHED:
        key = "id" if model in (Proposal, ProposedTransfer) else "proposal"
        seen = "ledger_seen_transfers" if model is ProposedTransfer else "ledger_seen_proposals"
        said.append((str(model.__tablename__), f"{key} IN (SELECT {{schema}}.{seen}())"))
    return said


def statements(schema: str) -> Sequence[str]:
    """The statements that hide rows of proposals from who may not see them. Saying them again changes nothing.

    Args:
        schema: where the ledger is, as the server quotes its name.
    """
    said = []
    for name, condition in policies():
        said += [
            f"ALTER TABLE {schema}.{name} ENABLE ROW LEVEL SECURITY",
            f"DROP POLICY IF EXISTS seen ON {schema}.{name}",
            f"DROP POLICY IF EXISTS added ON {schema}.{name}",
            f"CREATE POLICY seen ON {schema}.{name} FOR SELECT USING ({condition.format(schema=schema)})",
        ]
    return said
