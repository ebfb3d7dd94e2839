"""Knocking at a server's door without this program: its one function, called in plain SQL with whatever one likes."""

import json
from collections.abc import Sequence
from itertools import count
from typing import Any

CALL = (
    "SELECT ledger_post(%s::jsonb, %s::integer[], %s::integer[], %s::bigint[], %s::boolean[], %s::text[], "
    "%s::text[], %s::text[], %s::integer[], %s::text[])"
)
# Organisation, fund, year, standing; by these places legs name them.
PLACES = [("ICB1", "core"), ("ICB2", "core"), ("P1", "core"), ("P3", "core"), ("GOV", "limit"), ("NHS", "limit")]
_serial = count()


def fact(kind: str, actor: str, legs: int = 0, **given: Any) -> dict[str, Any]:
    """One entry as it is sent."""
    return {
        "key": f"knock {next(_serial)}", "kind": kind, "effective_date": "2025-04-01", "actor": actor, "reason": "x",
        "legs": legs, **given,
    }  # fmt: skip


def arrays(
    legs: Sequence[tuple[str, str, Any]] = (), places: Sequence[tuple[str, str]] = tuple(PLACES)
) -> list[list[Any]]:
    """Legs from the account of an organisation to that of another, as the arrays that are sent."""
    codes = [code for code, _ in places]
    if not legs:
        return [[] for _ in range(9)]
    return [
        [codes.index(payer) + 1 for payer, _, _ in legs], [codes.index(payee) + 1 for _, payee, _ in legs],
        [pence for _, _, pence in legs], [True] * len(legs), [None] * len(legs),
        codes, [fund for _, fund in places], [2025] * len(places), ["available"] * len(places),
    ]  # fmt: skip


def knock(server: Any, *batches: dict[str, Any], legs: list[list[Any]] | None = None) -> list[dict[str, Any]]:
    """What the door answers to each batch; ``{"entries": [...]}`` is one."""
    (answers,) = server.execute(CALL, [json.dumps(batches), *(arrays() if legs is None else legs)]).fetchone()
    return answers


def answer(server: Any, *entries: dict[str, Any], legs: list[list[Any]] | None = None, **given: Any) -> dict[str, Any]:
    """What the door answers to one batch."""
    (only,) = knock(server, {"entries": list(entries), **given}, legs=legs)
    return only
