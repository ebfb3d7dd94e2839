"""What a server's functions are, said once: from the same words they are made, and ``verify`` knows them again.

A function that works with more rights than its caller has must mean the same whoever calls it, and from whatever
session. So it finds names in the system's own catalogue first, then in the schema of the ledger, and among temporary
tables last; and everything in a session that changes what a text or a number means is set for it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

# What a session could set so that the same words mean something else.
_MEANING = (
    ("datestyle", "ISO, YMD"),
    ("timezone", "UTC"),
    ("intervalstyle", "postgres"),
    ("extra_float_digits", "1"),
    ("bytea_output", "hex"),
    ("standard_conforming_strings", "on"),
    ("transform_null_equals", "off"),
    ("array_nulls", "on"),
    ("row_security", "on"),
    ("jit", "off"),
)
OWNER, READS, POSTS = "the owner", "reads", "posts"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of the ledger on a server.

    Attributes:
        arguments: names and types, as SQL.
        body: SQL, or the block of PL/pgSQL.
        volatility: VOLATILE, STABLE or IMMUTABLE.
        privileged: whether it has its owner's rights, whoever calls it.
        may: who may call it: the owner alone, who reads, or who posts.
        settings: what is set while it runs; a privileged function sets what a session could turn to its own ends too.
    """

    name: str
    arguments: str
    returns: str
    body: str
    language: str = "plpgsql"
    volatility: str = "VOLATILE"
    privileged: bool = False
    may: str = OWNER
    settings: Sequence[tuple[str, str]] = ()

    def signature(self) -> str:
        """Its name and the types of its arguments, by which it is told from others of its name."""
        parts = [part.strip() for part in self.arguments.split(",") if part.strip()]
        return f"{self.name}({', '.join(part.partition(' ')[2] for part in parts)})"

    def set_for_it(self, schema: str) -> list[tuple[str, str]]:
        """What is set while it runs, in order.

        Args:
            schema: where the ledger is, as the server quotes its name.
        """
        if not self.privileged:
            return [*self.settings]
        return [("search_path", f"pg_catalog, {schema}, pg_temp"), *_MEANING, *self.settings]

    def create(self, schema: str) -> list[str]:
        """The statements that make it, or make it anew, and let nobody call it but its owner."""
        said = [f"CREATE OR REPLACE FUNCTION {schema}.{self.name}({self.arguments}) RETURNS {self.returns}"]
        said.append(f"LANGUAGE {self.language} {self.volatility}")
        if self.privileged:
            said.append("SECURITY DEFINER")
        for name, value in self.set_for_it(schema):
            said.append(f"SET {name} = {value}" if name == "search_path" else f"SET {name} = '{value}'")
        made = "\n".join([*said, f"AS $ledger$\n{self.body.strip()}\n$ledger$"])
        return [made, f"REVOKE ALL ON FUNCTION {schema}.{self.signature()} FROM PUBLIC"]


@dataclass(frozen=True, slots=True)
class Trigger:
    """A trigger of a table of the ledger.

    Attributes:
        does: its name, and without its prefix that of its function.
        when: as ``BEFORE UPDATE OR DELETE``.
        each: ``ROW`` or ``STATEMENT``.
    """

    table: str
    does: str
    when: str
    each: str = "STATEMENT"

    def create(self, schema: str) -> str:
        """The statement that makes it, or makes it anew."""
        return (
            f'CREATE OR REPLACE TRIGGER {self.does} {self.when} ON {schema}."{self.table}" FOR EACH {self.each} '
            f"EXECUTE FUNCTION {schema}.ledger_{self.does}()"
        )
