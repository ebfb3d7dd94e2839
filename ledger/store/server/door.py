"""The one door into the books on a server, as functions of the server itself.

``ledger_post`` takes one or several batches of entries. It gives numbers, accounts, times, hashes, links and the seal
by itself, asks every rule and every right, and keeps all of a batch or nothing of it. Nobody else writes: who posts has
a right to call it, and none to the tables.

Several batches are tried as one first, which costs little more than one of them; where anything is refused, each is
taken by itself, and gets its own answer.
"""

from ledger.entries.canonical import VERSION
from ledger.models import UNPUBLISHED
from ledger.store.server import tables
from ledger.store.server.functions import POSTS, Function
from ledger.store.server.rules import IS_APP, IS_OWNER
from ledger.store.server.tables import LEG_ARGUMENTS, LEG_NAMES, SHAPES, UNNESTED_LEGS, words

# More in one call would keep every other writer waiting, and the server's memory full.
MOST_LEGS, MOST_ENTRIES, MOST_BATCHES = 5_000_000, 100_000, 1_000
# What more rows are brought at once is asked for what they are; less as every other little was, in plans that are kept.
_ROWS_OF_A_SMALL_BATCH = 1_000
REFUSED, TRIED = "DV001", "DV002"

# The server's own clock is all that a recorded time rests on.
_CLOCK = Function("ledger_clock", "", "timestamp with time zone", "SELECT clock_timestamp()", language="sql")
_REFUSE = Function(
    "ledger_refuse",
    "faults jsonb",
    "void",
    f"""
BEGIN
    RAISE EXCEPTION 'refused' USING ERRCODE = '{REFUSED}', DETAIL = faults::text;
END
""",
)

# What no rule speaks of, for it is not kept: keys used twice at once, tables that nobody posts to; and letters that
# could be taken for others.
_HEADERS = Function(
    "ledger_headers",
    "drafts entry[], brought jsonb[]",
    "void",
    f"""
DECLARE
    wrong jsonb;
BEGIN
    SELECT jsonb_agg(jsonb_build_object('fault', w.fault, 'key', w.key)) INTO wrong FROM (
        SELECT d.key, CASE
            WHEN count(*) OVER (PARTITION BY d.key) > 1 THEN 'twice'
            WHEN concat(d.key, d.kind, d.actor, d.reason, d.authority, d.source, d.source_hash) ~ {tables.unseen()}
                OR concat_ws('.', d.key, d.actor, d.reason, d.authority, d.source, d.source_hash) IS NOT NFC NORMALIZED
                THEN 'unclear'
            WHEN EXISTS (SELECT 1 FROM jsonb_object_keys(brought[d.ordinality]) k
                         WHERE k NOT IN ({words(model.__tablename__ for model in tables.BROUGHT)}))
                THEN 'table'
            END AS fault
        FROM unnest(drafts) WITH ORDINALITY d
    ) w WHERE w.fault IS NOT NULL;
    IF wrong IS NOT NULL THEN
        PERFORM ledger_refuse(wrong);
    END IF;
END
""",
)

# One batch: all of it is written, or something is raised.
_TAKE = Function(
    "ledger_take",
    f"asked jsonb, speakers text[], tried boolean, {LEG_ARGUMENTS}",
    "jsonb",
    f"""
DECLARE
    sealed seal;
    drafts entry[];
    draft entry;
    known entry;
    brought jsonb[];
    legs integer[];
    legs_of integer[];
    starts bigint[];
    parts text[];
    ids bigint[];
    numbers bigint[];
    tables text[];
    answers jsonb[] := '{{}}';
    faults jsonb;
    moment timestamptz;
    first_new bigint;
    last_new bigint;
    moved bigint := 0;
BEGIN
    SELECT * INTO STRICT sealed FROM seal;
    SELECT array_agg(jsonb_populate_record(NULL::entry, e.asked) ORDER BY e.nth),
           array_agg(CASE WHEN jsonb_typeof(e.asked -> 'records') = 'object' THEN e.asked -> 'records' ELSE '{{}}' END
                     ORDER BY e.nth),
           array_agg(coalesce((e.asked ->> 'legs')::integer, 0) ORDER BY e.nth)
    INTO drafts, brought, legs FROM jsonb_array_elements(asked) WITH ORDINALITY AS e (asked, nth);
    IF drafts IS NULL THEN
        RETURN '[]';
    END IF;
    PERFORM ledger_headers(drafts, brought);
    IF 0 > ANY (legs) OR (SELECT sum(n.legs) FROM unnest(legs) AS n (legs)) <> cardinality(payers) THEN
        PERFORM ledger_refuse('[{{"fault": "legs"}}]');
    END IF;
    SELECT array_agg(b.before ORDER BY b.nth) INTO starts FROM (
        SELECT n.nth, sum(n.legs) OVER (ORDER BY n.nth) - n.legs AS before
        FROM unnest(legs) WITH ORDINALITY AS n (legs, nth)) b;
    SELECT coalesce(array_agg(n.nth::integer ORDER BY n.nth), '{{}}') INTO legs_of
    FROM unnest(legs) WITH ORDINALITY AS n (legs, nth), generate_series(1, n.legs);
    parts := array_fill(''::text, ARRAY[cardinality(drafts)]);
    IF cardinality(payers) > 0 THEN
        parts := ledger_legs_text(cardinality(drafts), legs_of, starts, {LEG_NAMES});
    END IF;

    SELECT max(e.recorded_at) INTO moment FROM entry e WHERE e.number = sealed.entries;
    -- Recorded times only ever rise, even if the server's clock is put back. A batch is known all at once: a later
    -- entry in it may bring the money that an earlier one passes on.
    moment := greatest(ledger_clock(), moment + interval '1 microsecond');
    first_new := sealed.entries + 1;
    numbers := array_fill(0::bigint, ARRAY[cardinality(drafts)]);
    FOR nth IN 1 .. cardinality(drafts) LOOP
        draft := drafts[nth];
        draft.content_hash := {
        tables.sha256(f"({tables.facts('draft')}) || ledger_records_text(brought[nth]) || parts[nth]")
    };
        SELECT * INTO known FROM entry e WHERE e.key = draft.key;
        IF FOUND THEN
            IF known.content_hash <> draft.content_hash THEN
                PERFORM ledger_refuse(jsonb_build_array(
                    jsonb_build_object('fault', 'key', 'key', draft.key, 'number', known.number)));
            END IF;
            answers := array_append(answers, ledger_answer(known, true, (
                SELECT count(*) FROM transfer t WHERE t.entry_number = known.number)));
            CONTINUE;
        END IF;
        SELECT * INTO known FROM entry e WHERE e.reverses = draft.reverses;
        IF FOUND THEN
            faults := coalesce(faults, '[]') || jsonb_build_object('fault', 'reversed', 'number', draft.reverses,
                'by', CASE WHEN known.number < first_new THEN known.number END);
            CONTINUE;
        END IF;
        sealed.entries := sealed.entries + 1;
        draft.number := sealed.entries;
        draft.recorded_at := moment;
        draft.previous_hash := sealed.head;
        draft.hash := {
        tables.sha256(
            " || ".join(
                [
                    tables.text(VERSION),
                    tables.field("draft.previous_hash", tables.TEXT),
                    tables.number("draft.number"),
                    tables.number("trunc(extract(epoch FROM moment) * 1000000)::bigint"),
                    tables.field("draft.content_hash", tables.TEXT),
                ]
            )
        )
    };
        sealed.head := draft.hash;
        numbers[nth] := draft.number;
        INSERT INTO entry SELECT draft.*;
        answers := array_append(answers, ledger_answer(draft, false, legs[nth]));
    END LOOP;
    IF faults IS NOT NULL THEN
        PERFORM ledger_refuse(faults);
    END IF;
    last_new := sealed.entries;
    IF last_new < first_new THEN
        RETURN to_jsonb(answers);
    END IF;

    SELECT coalesce(array_agg(DISTINCT k.name), '{{}}') INTO tables
    FROM unnest(numbers, brought) AS n (number, brought), jsonb_object_keys(n.brought) AS k (name) WHERE n.number > 0;
    IF tables && ARRAY[{words(model.__tablename__ for model in UNPUBLISHED)}] THEN
        SELECT jsonb_agg(f.fault) INTO faults FROM (
            SELECT d.actor, array_agg(brought[d.ordinality]) AS its FROM unnest(drafts) WITH ORDINALITY d
            WHERE numbers[d.ordinality] > 0 GROUP BY d.actor) a,
            jsonb_array_elements(ledger_hidden(a.actor, a.its)) AS f (fault);
        IF faults IS NOT NULL THEN
            PERFORM ledger_refuse(faults);
        END IF;
    END IF;
    PERFORM ledger_bring(tables, numbers, brought);
    IF cardinality(payers) > 0 THEN
        moved := ledger_legs_hold(sealed.moved_pence, legs_of, numbers, {LEG_NAMES});
        ids := ledger_accounts(ARRAY(SELECT d.key FROM unnest(drafts) WITH ORDINALITY d ORDER BY d.ordinality),
                               legs_of, starts, numbers, {LEG_NAMES});
        INSERT INTO transfer (entry_number, leg, from_account, to_account, amount_pence, recurrent, note)
        SELECT numbers[l.entry], l.nth - starts[l.entry], ids[l.payer], ids[l.payee], l.pence, l.recurrent, l.note
        FROM {UNNESTED_LEGS} WHERE numbers[l.entry] > 0;
        INSERT INTO account_day AS d (account, day, in_pence, out_pence)
        SELECT m.account, e.effective_date, sum(m.came)::bigint, sum(m.went)::bigint
        FROM transfer t JOIN entry e ON e.number = t.entry_number,
            LATERAL (VALUES (t.to_account, t.amount_pence, 0), (t.from_account, 0, t.amount_pence))
                AS m (account, came, went)
        WHERE t.entry_number BETWEEN first_new AND last_new
        GROUP BY m.account, e.effective_date
        ON CONFLICT (account, day) DO UPDATE
            SET in_pence = d.in_pence + excluded.in_pence, out_pence = d.out_pence + excluded.out_pence;
        INSERT INTO person_day AS d (person, day, moved_pence)
        SELECT e.actor, (e.recorded_at AT TIME ZONE 'UTC')::date, sum(t.amount_pence)::bigint
        FROM transfer t JOIN entry e ON e.number = t.entry_number
        WHERE t.entry_number BETWEEN first_new AND last_new
        GROUP BY e.actor, (e.recorded_at AT TIME ZONE 'UTC')::date
        ON CONFLICT (person, day) DO UPDATE SET moved_pence = d.moved_pence + excluded.moved_pence;
    END IF;
    tables := tables || CASE WHEN moved > 0 THEN '{{entry, transfer}}'::text[] ELSE '{{entry}}' END;
    UPDATE seal SET entries = last_new, head = sealed.head, moved_pence = sealed.moved_pence + moved;

    IF cardinality(payers) + (
        SELECT coalesce(sum(jsonb_array_length(b.rows)), 0) FROM unnest(brought) AS n (brought),
            jsonb_each(n.brought) AS b (name, rows)) > {_ROWS_OF_A_SMALL_BATCH}
    THEN
        PERFORM set_config('plan_cache_mode', 'force_custom_plan', true), set_config('enable_seqscan', 'on', true),
            set_config('enable_hashjoin', 'on', true), set_config('enable_nestloop', 'off', true);
    END IF;
    faults := ledger_asked(first_new, last_new, tables, speakers, numbers, tried);
    IF faults <> '[]' THEN
        PERFORM ledger_refuse(faults);
    END IF;
    RETURN to_jsonb(answers);
END
""",
)

_ANSWER = Function(
    "ledger_answer",
    "e entry, replayed boolean, transfers bigint",
    "jsonb",
    """
BEGIN
    RETURN jsonb_build_object('number', e.number, 'key', e.key, 'content_hash', e.content_hash, 'hash', e.hash,
        'recorded_at', trunc(extract(epoch FROM e.recorded_at) * 1000000)::bigint, 'transfers', transfers,
        'replayed', replayed);
END
""",
)

# In whose name a batch is posted. NULL where anybody may be named: while nobody is appointed, and by the owner, whose
# entries are judged by the rights of whom it names; and nobody, '', where an app names none.
_SPEAKER = Function(
    "ledger_speaker",
    "named text",
    "text",
    f"""
BEGIN
    IF NOT EXISTS (SELECT 1 FROM appointment) OR ({IS_OWNER}) THEN
        RETURN NULL;
    END IF;
    IF ({IS_APP}) THEN
        RETURN coalesce(named, '');
    END IF;
    IF named <> session_user THEN
        PERFORM ledger_refuse(jsonb_build_array(
            jsonb_build_object('fault', 'speaker', 'login', session_user, 'named', named)));
    END IF;
    RETURN session_user;
END
""",
)

# Batches as one: all that they bring is written, or nothing of it, and what was wrong is told.
_TRY = Function(
    "ledger_try",
    f"batches jsonb, {LEG_ARGUMENTS}",
    "jsonb",
    f"""
DECLARE
    entries jsonb;
    speakers text[];
    sealed text;
    answers jsonb;
    told text;
    state text;
    broken text;
    place text;
BEGIN
    SELECT jsonb_agg(e.entry ORDER BY b.nth, e.nth), array_agg(b.speaker ORDER BY b.nth, e.nth)
    INTO entries, speakers
    FROM (SELECT a.batch, a.nth, ledger_speaker(a.batch ->> 'person') AS speaker
          FROM jsonb_array_elements(batches) WITH ORDINALITY AS a (batch, nth)) b,
        jsonb_array_elements(b.batch -> 'entries') WITH ORDINALITY AS e (entry, nth);
    SELECT head INTO sealed FROM seal;
    IF EXISTS (SELECT 1 FROM jsonb_array_elements(batches) b WHERE b ->> 'seen' <> sealed) THEN
        PERFORM ledger_refuse(jsonb_build_array(jsonb_build_object('fault', 'moved', 'head', sealed)));
    END IF;
    answers := ledger_take(coalesce(entries, '[]'), speakers, batches @> '[{{"tried": true}}]', {LEG_NAMES});
    IF batches @> '[{{"keep": false}}]' OR batches @> '[{{"tried": true}}]' THEN
        RAISE EXCEPTION 'tried' USING ERRCODE = '{TRIED}', DETAIL = answers::text;
    END IF;
    RETURN jsonb_build_object('posted', answers);
EXCEPTION
    WHEN SQLSTATE '{TRIED}' THEN
        GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
        RETURN jsonb_build_object('posted', told::jsonb);
    WHEN SQLSTATE '{REFUSED}' THEN
        GET STACKED DIAGNOSTICS told = PG_EXCEPTION_DETAIL;
        RETURN jsonb_build_object('refused', told::jsonb);
    WHEN integrity_constraint_violation OR data_exception OR program_limit_exceeded OR cardinality_violation THEN
        -- Only what the statement itself says: the details may repeat rows.
        GET STACKED DIAGNOSTICS told = MESSAGE_TEXT, state = RETURNED_SQLSTATE, broken = CONSTRAINT_NAME,
            place = TABLE_NAME;
        RETURN jsonb_build_object('refused', jsonb_build_array(jsonb_build_object(
            'fault', 'database', 'state', state, 'said', told, 'constraint', broken, 'table', place)));
END
""",
)

# What a call brings is looked at first as a whole: that it is not too much, and that its arrays fit together.
_HOLDS_TOGETHER = Function(
    "ledger_holds_together",
    f"batches jsonb, {LEG_ARGUMENTS}",
    "boolean",
    f"""
BEGIN
    IF jsonb_typeof(batches) IS DISTINCT FROM 'array' OR jsonb_array_length(batches) NOT BETWEEN 1 AND {MOST_BATCHES}
        OR EXISTS (SELECT 1 FROM jsonb_array_elements(batches) b
                   WHERE jsonb_typeof(b -> 'entries') IS DISTINCT FROM 'array')
    THEN
        RETURN false;
    END IF;
    RETURN (SELECT sum(jsonb_array_length(b -> 'entries')) FROM jsonb_array_elements(batches) b) <= {MOST_ENTRIES}
        AND cardinality(payers) <= {MOST_LEGS} AND (
            SELECT count(*) = 9 AND bool_and(a.size = CASE WHEN a.nth <= 5 THEN cardinality(payers)
                                                           ELSE cardinality(organisations) END
                                             AND (a.size = 0 OR (a.dimensions = 1 AND a.lower = 1)))
            FROM (VALUES {SHAPES}) AS a (nth, size, dimensions, lower)) IS TRUE;
END
""",
)

_POST = Function(
    "ledger_post",
    f"batches jsonb, {LEG_ARGUMENTS}",
    "jsonb",
    f"""
DECLARE
    answers jsonb[] := '{{}}';
    answer jsonb;
    batch jsonb;
    before integer := 0;
    here integer;
BEGIN
    IF NOT ledger_holds_together(batches, {LEG_NAMES}) THEN
        RETURN '[{{"refused": [{{"fault": "size"}}]}}]';
    END IF;
    -- Writers come one after another: each looks, and writes, while nobody else can.
    PERFORM 1 FROM seal FOR UPDATE;
    IF jsonb_array_length(batches) = 1 THEN
        RETURN jsonb_build_array(ledger_try(batches, {LEG_NAMES}));
    END IF;
    IF NOT (batches @> '[{{"tried": true}}]' OR batches @> '[{{"keep": false}}]') THEN
        answer := ledger_try(batches, {LEG_NAMES});
    END IF;
    FOR batch IN SELECT b FROM jsonb_array_elements(batches) b LOOP
        IF answer ? 'posted' THEN
            here := jsonb_array_length(batch -> 'entries');
            answers := array_append(answers, jsonb_build_object('posted', coalesce((
                SELECT jsonb_agg(a.value ORDER BY a.ordinality)
                FROM jsonb_array_elements(answer -> 'posted') WITH ORDINALITY a
                WHERE a.ordinality > before AND a.ordinality <= before + here), '[]')));
        ELSE
            SELECT coalesce(sum((e ->> 'legs')::integer), 0) INTO here FROM jsonb_array_elements(batch -> 'entries') e;
            answers := array_append(answers, ledger_try(jsonb_build_array(batch),
                payers[before + 1 : before + here], payees[before + 1 : before + here],
                amounts[before + 1 : before + here], recurrents[before + 1 : before + here],
                notes[before + 1 : before + here], organisations, funds, years, standings));
        END IF;
        before := before + here;
    END LOOP;
    RETURN to_jsonb(answers);
END
""",
    privileged=True,
    may=POSTS,
    # Every small batch is planned once for the session: for the few rows that it has, whatever the tables hold.
    settings=(
        ("plan_cache_mode", "force_generic_plan"),
        ("enable_seqscan", "off"),
        ("enable_hashjoin", "off"),
        ("enable_mergejoin", "off"),
        ("enable_nestloop", "on"),
        ("enable_indexscan", "on"),
        ("lock_timeout", "60s"),
    ),
)

FUNCTIONS = (
    _CLOCK,
    _REFUSE, _HEADERS, *tables.FUNCTIONS, _ANSWER, _SPEAKER, _TAKE, _TRY, _HOLDS_TOGETHER, _POST,
)  # fmt: skip
