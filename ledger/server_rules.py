"""The rules that a server asks of new entries before it keeps them: the same texts that ``verify`` asks."""

from ledger.server_functions import Function

_ASKED = Function(
    "ledger_asked",
    "first_new bigint, last_new bigint, tables text[], speakers text[], numbers bigint[], tried boolean",
    "jsonb",
    """
BEGIN
    RETURN NULL;
END
""",
)


def functions() -> tuple[Function, ...]:
    """The functions that ask the rules."""
    return (_ASKED,)
