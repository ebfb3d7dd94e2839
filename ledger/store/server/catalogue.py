"""Whether a server still holds what it was told to hold: its catalogue against the words from which it was made.

Functions, triggers, policies, constraints, indexes, columns, owners and rights are read as the server has them. What is
not as this program makes it is a problem, and so is anything else that stands on the ledger's tables or in its schema
where it could change what the ledger's functions mean.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
from sqlalchemy import CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql

from ledger.errors import Problem
from ledger.models import TABLES
from ledger.store import views
from ledger.store.server import rules, schema
from ledger.store.server.functions import OWNER, Function

_WHY = "The server would no longer hold what it holds by itself, or only as somebody else meant it."
_REMEDY = "Find out who could change it, and copy the ledger into a new database, where it is made anew."
_NAMES: dict[str, Table] = {str(model.__tablename__): model.__table__ for model in TABLES}  # type: ignore[attr-defined]
# What there is, by its name and that of what it is of, with what is said of it.
Facts = dict[tuple[str, ...], object]
_TIMES_PLANNED = 3
# A column that a migration brought needed a value for the row that was there.
_DEFAULTS = {("seal", "moved_pence"): "0"}

_HOME = """
SELECT c.relnamespace, quote_ident(n.nspname), c.relowner, pg_get_userbyid(c.relowner), pg_encoding_to_char(d.encoding)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_database d ON d.datname = current_database()
WHERE c.oid = 'entry'::regclass
"""
_TABLES_THERE = """
SELECT c.relname, c.relowner, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,
       EXISTS (SELECT 1 FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)) AS inherits,
       (SELECT string_agg(r.rulename, ', ') FROM pg_rewrite r WHERE r.ev_class = c.oid) AS rules
FROM pg_class c WHERE c.relnamespace = %(home)s AND c.relname = ANY (%(tables)s)
"""
_COLUMNS_THERE = """
SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull,
       pg_get_expr(d.adbin, d.adrelid), concat(a.attgenerated, a.attidentity)
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
WHERE c.relnamespace = %(home)s AND c.relname = ANY (%(tables)s)
"""
_CONSTRAINTS_THERE = """
SELECT c.relname, k.conname, k.contype, pg_get_constraintdef(k.oid),
       k.convalidated AND NOT k.condeferrable AND k.conislocal
FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
WHERE c.relnamespace = %(home)s AND c.relname = ANY (%(tables)s) AND k.contype <> 'n'
"""
_INDEXES_THERE = """
SELECT c.relname, i.relname, pg_get_indexdef(x.indexrelid), x.indisvalid AND x.indisready
FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid
WHERE c.relnamespace = %(home)s AND c.relname = ANY (%(tables)s)
  AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = x.indexrelid AND k.contype IN ('p', 'u'))
"""
_TRIGGERS_THERE = """
SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid), t.tgenabled, t.tgisinternal
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
WHERE c.relnamespace = %(home)s AND c.relname = ANY (%(relations)s)
"""
_VIEWS_THERE = """
SELECT c.relname, c.relowner, c.relkind, c.relpersistence,
       coalesce(c.reloptions, '{}') = CASE WHEN current_setting('server_version_num')::integer >= 150000
                                      THEN ARRAY['security_invoker=true'] ELSE '{}' END,
       (SELECT array_agg(r.rulename::text) FROM pg_rewrite r WHERE r.ev_class = c.oid),
       obj_description(c.oid, 'pg_class'),
       (SELECT array_agg(concat_ws(': ', a.attname, col_description(c.oid, a.attnum)) ORDER BY a.attnum)
        FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0)
FROM pg_class c WHERE c.relnamespace = %(home)s AND c.relname = ANY (%(views)s)
"""
_POLICIES_THERE = """
SELECT c.relname, p.polname, p.polcmd, p.polpermissive AND p.polroles = '{0}', pg_get_expr(p.polqual, p.polrelid),
       pg_get_expr(p.polwithcheck, p.polrelid)
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid
WHERE c.relnamespace = %(home)s AND c.relname = ANY (%(tables)s)
"""
# What an extension brought belongs to that, and is its own business.
_FUNCTIONS_THERE = """
SELECT p.proname, pg_get_function_identity_arguments(p.oid), pg_get_function_result(p.oid), p.prosrc, l.lanname,
       p.provolatile, p.prosecdef, p.proowner, coalesce(p.proconfig, '{}')
FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang
WHERE p.pronamespace = %(home)s
  AND NOT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
"""
_OPERATORS_THERE = """
SELECT o.oid::regoperator::text FROM pg_operator o WHERE o.oprnamespace = %(home)s
  AND NOT EXISTS (
    SELECT 1 FROM pg_depend d WHERE d.classid = 'pg_operator'::regclass AND d.objid = o.oid AND d.deptype = 'e')
"""
# Every right that somebody has who is not the owner of what it is to; 0 is everybody.
_RIGHTS_THERE = """
SELECT 'table ' || c.relname, x.grantee, x.privilege_type FROM pg_class c,
    aclexplode(coalesce(c.relacl, acldefault('r', c.relowner))) x
WHERE c.relnamespace = %(home)s AND c.relname = ANY (%(relations)s) AND x.grantee <> %(owner)s
UNION ALL
SELECT 'column ' || c.relname || '.' || a.attname, x.grantee, x.privilege_type
FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid, aclexplode(a.attacl) x
WHERE c.relnamespace = %(home)s AND c.relname = ANY (%(relations)s) AND x.grantee <> %(owner)s
UNION ALL
SELECT 'function ' || p.proname, x.grantee, x.privilege_type FROM pg_proc p,
    aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x
WHERE p.pronamespace = %(home)s AND p.proname = ANY (%(functions)s) AND x.grantee <> %(owner)s
UNION ALL
SELECT 'schema ' || n.nspname, x.grantee, x.privilege_type FROM pg_namespace n,
    aclexplode(coalesce(n.nspacl, acldefault('n', n.nspowner))) x
WHERE n.oid = %(home)s AND x.grantee NOT IN (%(owner)s, n.nspowner)
UNION ALL
SELECT 'database ' || d.datname, x.grantee, x.privilege_type FROM pg_database d,
    aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) x
WHERE d.datname = current_database() AND x.grantee NOT IN (%(owner)s, d.datdba)
UNION ALL
SELECT 'tables to be made', x.grantee, x.privilege_type FROM pg_default_acl a, aclexplode(a.defaclacl) x
WHERE a.defaclobjtype = 'r' AND a.defaclrole = %(owner)s AND a.defaclnamespace IN (0, %(home)s)
  AND x.grantee <> %(owner)s
"""
_SETTINGS_THERE = """
SELECT coalesce('role ' || r.rolname, 'database ' || d.datname), s.setting
FROM pg_db_role_setting t LEFT JOIN pg_database d ON d.oid = t.setdatabase LEFT JOIN pg_roles r ON r.oid = t.setrole,
    unnest(t.setconfig) AS s (setting)
WHERE (d.datname IS NULL OR d.datname = current_database()) AND s.setting ~* '^(session_replication_role|row_security)='
"""


class _Catalogue:
    """The catalogue of a server, where the ledger is, and who owns it."""

    def __init__(self, connection: psycopg.Connection) -> None:
        self._connection = connection
        found = connection.execute(_HOME).fetchone()
        assert found is not None
        self.home, self.schema, self.owner, self.owner_name, self.encoding = found
        self._given = {
            "home": self.home, "owner": self.owner, "tables": list(_NAMES), "views": list(views.NAMES),
            "relations": [*_NAMES, *views.NAMES],
            "functions": [function.name for function in schema.functions()],
        }  # fmt: skip

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """The answer to a question about the ledger's place, its owner, its tables or its functions."""
        return self._connection.execute(sql, self._given).fetchall()

    def asks(self, view: views.SqlView) -> bool:
        """Whether a view asks what it was made to ask, as the server itself would go about both.

        Servers of several versions repeat the text of a view in different words, but plan one question in one way.
        """
        columns = ", ".join(view.columns)
        try:
            # Between the two the server may count its rows anew, and plan otherwise from then on.
            with self._connection.transaction():
                return any(
                    self._plan(f"SELECT {columns} FROM {view.name} asked")
                    == self._plan(f"SELECT {columns} FROM ({view.sql(views.SERVER_WORDS)}) asked")
                    for _ in range(_TIMES_PLANNED)
                )
        except psycopg.ProgrammingError:
            return False  # it asks itself, or what is not there

    def _plan(self, question: str) -> list[str]:
        rows = self._connection.execute(f"EXPLAIN (VERBOSE, COSTS OFF) {question}").fetchall()
        return [line for (line,) in rows if not line.startswith("Query Identifier")]

    def role(self, number: int) -> str:
        """A role by name."""
        found = self._connection.execute("SELECT pg_get_userbyid(%s)", (number,)).fetchone()
        assert found is not None
        return "everybody" if number == 0 else str(found[0])


def problems(connection: psycopg.Connection) -> list[Problem]:
    """What on a server is not as this program makes it; nothing where all of it is.

    Args:
        connection: to the ledger's database, with the ledger's schema in its search path.
    """
    catalogue = _Catalogue(connection)
    questions: tuple[Callable[[_Catalogue], Iterator[Problem]], ...] = (
        _tables, _columns, _constraints, _indexes, _triggers, _policies, _views, _functions, _strangers, _rights,
        _settings,
    )  # fmt: skip
    found = [problem for ask in questions for problem in ask(catalogue)]
    if catalogue.encoding != "UTF8":
        found.append(_problem("the database", f"its texts are kept as {catalogue.encoding}, and not as UTF8."))
    return found


def _problem(place: str, found: str) -> Problem:
    return Problem(place, found, _WHY, _REMEDY)


def _compared(what: str, wanted: Facts, there: Facts) -> Iterator[Problem]:
    """What is missing, what is another, and what is not ours; by name."""
    for name in sorted(wanted.keys() | there.keys()):
        place = f"{what} {' of '.join(reversed(name))}"
        if name not in there:
            yield _problem(place, "it is not there.")
        elif name not in wanted:
            yield _problem(place, "it is not one of the ledger's.")
        elif wanted[name] != there[name]:
            yield _problem(place, "it is not as the ledger has it.")


def _tables(catalogue: _Catalogue) -> Iterator[Problem]:
    hidden = {name for name, _ in rules.policies()}
    wanted: Facts = {(name,): (catalogue.owner, "r", "p", name in hidden, False, False, None) for name in _NAMES}
    there: Facts = {(name,): tuple(facts) for name, *facts in catalogue.rows(_TABLES_THERE)}
    yield from _compared("table", wanted, there)


def _columns(catalogue: _Catalogue) -> Iterator[Problem]:
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    types = {"VARCHAR": "character varying", "TIMESTAMP WITH TIME ZONE": "timestamp with time zone"}
    wanted: Facts = {}
    for name, table in _NAMES.items():
        for column in table.columns:
            kind = column.type.compile(dialect)
            wanted[name, column.name] = (types.get(kind, kind.lower()), not column.nullable)
    there: Facts = {}
    for table, column, kind, is_needed, default, made in catalogue.rows(_COLUMNS_THERE):
        plain = default in (None, _DEFAULTS.get((table, column))) and not made
        there[table, column] = (kind, is_needed) if plain else default or made
    yield from _compared("column", wanted, there)


def _constraints(catalogue: _Catalogue) -> Iterator[Problem]:
    wanted: Facts = {(name, said): True for name, table in _NAMES.items() for said in _said_of(table)}
    there: Facts = {}
    for table, _, kind, definition, holds in catalogue.rows(_CONSTRAINTS_THERE):
        said = _meaning(definition.removeprefix("CHECK ")) if kind == "c" else definition.replace('"', "")
        there[table, said] = holds
    yield from _compared("constraint", wanted, there)


def _said_of(table: Table) -> Iterator[str]:
    """What the constraints of a table say, as the server would repeat it."""
    of_columns = (constraint for column in table.columns for constraint in column.constraints)
    for constraint in (*table.constraints, *of_columns):
        columns = ", ".join(column.name for column in getattr(constraint, "columns", ()))
        if isinstance(constraint, PrimaryKeyConstraint):
            yield f"PRIMARY KEY ({columns})"
        elif isinstance(constraint, UniqueConstraint):
            yield f"UNIQUE ({columns})"
        elif isinstance(constraint, ForeignKeyConstraint):
            target = ", ".join(element.column.name for element in constraint.elements)
            yield f"FOREIGN KEY ({columns}) REFERENCES {constraint.referred_table.name}({target})"
        elif isinstance(constraint, CheckConstraint):
            yield _meaning(str(constraint.sqltext))


def _meaning(text: str) -> str:
    """A condition as both sides can be compared: fully in brackets, without the types that a server adds."""
    text = re.sub(r"::(character varying|text|bigint)(\[\])?", "", " ".join(text.split()))
    text = re.sub(r"= ANY \(\(?ARRAY\[([^\]]*)\]\)?\)", r"IN (\1)", text)
    text = re.sub(r"<> ALL \(\(?ARRAY\[([^\]]*)\]\)?\)", r"NOT IN (\1)", text)
    return _bracketed(text)


def _bracketed(text: str) -> str:
    while text.startswith("(") and _closing(text) == len(text) - 1:
        text = text[1:-1]
    for word in (" OR ", " AND "):
        parts = _apart(text, word)
        if len(parts) > 1:
            return f"({word.join(_bracketed(part) for part in parts)})"
    if text.startswith("NOT "):
        return f"NOT {_bracketed(text[4:])}"
    return re.sub(r"\((\w+)\)", r"\1", text)


def _closing(text: str) -> int:
    """Where the bracket closes with which a text begins."""
    depth = 0
    for at, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return at
    return -1


def _apart(text: str, word: str) -> list[str]:
    """A text at each place where a word stands in it outside brackets."""
    parts, depth, begin = [], 0, 0
    for at, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0 and text.startswith(word, at):
            parts.append(text[begin:at])
            begin = at + len(word)
    return [*parts, text[begin:]]


def _indexes(catalogue: _Catalogue) -> Iterator[Problem]:
    wanted: Facts = {
        (table, name): (_plain(said), True) for name, (table, said) in schema.indexes(catalogue.schema).items()
    }
    there: Facts = {
        (table, name): (_plain(said), is_whole) for table, name, said, is_whole in catalogue.rows(_INDEXES_THERE)
    }
    yield from _compared("index", wanted, there)


def _triggers(catalogue: _Catalogue) -> Iterator[Problem]:
    wanted: Facts = {}
    for trigger in schema.triggers():
        said = trigger.create(catalogue.schema).replace("CREATE OR REPLACE", "CREATE").replace('"', "")
        wanted[trigger.table, trigger.does] = said.replace(f"FUNCTION {catalogue.schema}.", "FUNCTION ")
    there: Facts = {}
    for table, name, said, enabled, is_internal in catalogue.rows(_TRIGGERS_THERE):
        if is_internal and enabled != "O":
            yield _problem(f"table {table}", "the triggers that hold its keys are turned off.")
        elif not is_internal:
            there[table, name] = said if enabled == "O" else "turned off"
    yield from _compared("trigger", wanted, there)


def _policies(catalogue: _Catalogue) -> Iterator[Problem]:
    wanted: Facts = {
        (table, "seen"): ("r", True, _plain(condition.replace("{schema}.", "")), None)
        for table, condition in rules.policies()
    }
    there: Facts = {
        (table, name): (command, is_for_all, _plain(shown), check)
        for table, name, command, is_for_all, shown, check in catalogue.rows(_POLICIES_THERE)
    }
    yield from _compared("policy", wanted, there)


def _views(catalogue: _Catalogue) -> Iterator[Problem]:
    wanted: Facts = {
        (view.name,): (catalogue.owner, "v", "p", True, ["_RETURN"], view.about,
                       [f"{name}: {about}" for name, about in view.columns.items()])
        for view in views.VIEWS
    }  # fmt: skip
    there: Facts = {(name,): tuple(facts) for name, *facts in catalogue.rows(_VIEWS_THERE)}
    yield from _compared("view", wanted, there)
    for view in views.VIEWS:
        if wanted[view.name,] == there.get((view.name,)) and not catalogue.asks(view):
            yield _problem(f"view {view.name}", "it asks something else than the ledger's.")


def _functions(catalogue: _Catalogue) -> Iterator[Problem]:
    wanted: Facts = {}
    for function in schema.functions():
        settings = tuple(sorted(f"{name.lower()}={value}" for name, value in function.set_for_it(catalogue.schema)))
        wanted[f"{function.name}({function.arguments})",] = (
            function.returns, function.body.strip(), function.language, function.volatility[0].lower(),
            function.privileged, catalogue.owner, settings,
        )  # fmt: skip
    there: Facts = {}
    for name, arguments, returns, body, language, volatility, privileged, owner, settings in catalogue.rows(
        _FUNCTIONS_THERE
    ):
        said = tuple(sorted(f"{setting.partition('=')[0].lower()}={setting.partition('=')[2]}" for setting in settings))
        there[f"{name}({arguments})",] = (returns, body.strip(), language, volatility, privileged, owner, said)
    yield from _compared("function", wanted, there)


def _strangers(catalogue: _Catalogue) -> Iterator[Problem]:
    for (operator,) in catalogue.rows(_OPERATORS_THERE):
        yield _problem(f"operator {operator}", "it is not one of the ledger's, and stands in its schema.")


def _rights(catalogue: _Catalogue) -> Iterator[Problem]:
    functions: dict[str, Function] = {function.name: function for function in schema.functions()}
    for what, grantee, right in catalogue.rows(_RIGHTS_THERE):
        kind, _, name = what.partition(" ")
        is_ours = {
            "table": right == "SELECT",
            "column": right == "SELECT",
            "function": grantee != 0 and name in functions and functions[name].may != OWNER,
            "schema": right == "USAGE",
            "database": right == "CONNECT",
            "tables": right == "SELECT",
        }[kind]
        if not is_ours:
            yield Problem(
                what,
                f"{catalogue.role(grantee)} has the right to {right} there.",
                "Who reads has a right to read the tables, and who posts to call one function; nobody has any other.",
                f"Take it away: REVOKE it, as {catalogue.owner_name} or as the server's administrator.",
            )


def _settings(catalogue: _Catalogue) -> Iterator[Problem]:
    for whose, setting in catalogue.rows(_SETTINGS_THERE):
        yield _problem(str(whose), f"it sets {setting}, with which triggers or policies are passed over.")


def _plain(condition: str) -> str:
    """What a policy or an index says, without the types, names, brackets and words that a server adds."""
    return re.sub(r"::\w+|\bAS \w+|[()\s]", "", condition).replace("TRIMBOTHFROM", "trim")
