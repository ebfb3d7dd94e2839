"""ICBs and local authorities by the names that people write for them."""

import re
from collections import Counter
from collections.abc import Iterable
from difflib import get_close_matches
from functools import cache
from typing import Generic, TypeVar

from allocations.figures import tables

_NEVER_TELLS = {"and", "the", "of", "in", "nhs", "icb", "integrated", "care", "board", "ics", "system"}
_COUNCIL_WORDS = {"city", "county", "borough", "council", "district", "metropolitan", "royal", "london", "unitary"}

Value = TypeVar("Value")
Authority = tuple[str, tuple[str, ...]]


class Names(Generic[Value]):
    """Things by their names, whichever form of the name is written.

    Words that many names share do not tell: ``NHS West Yorkshire ICB`` is ``West Yorkshire Integrated Care
    Board``. Nor does the order, or a word written twice, where that leaves one thing only: ``Cumbria and
    North East`` is ``North East and North Cumbria``, but ``North West London`` is not ``West and North London``.
    """

    def __init__(self, named: Iterable[tuple[str, Value]], also_dropped: Iterable[str] = ()) -> None:
        self._dropped = set(also_dropped)
        forms = [(form, value) for name, value in named for form in dict.fromkeys(self._forms(name)) if form]
        uses = Counter(form for form, _ in forms)
        # The first form is the surest; a looser one that two things share tells neither.
        self._found = {form: value for form, value in forms if uses[form] == 1}

    def find(self, name: str) -> Value | None:
        """The one thing that the name stands for; None where there is none, or more than one."""
        return next((self._found[form] for form in self._forms(name) if form in self._found), None)

    def _forms(self, name: str) -> tuple[tuple[str, ...], ...]:
        plain = re.sub(r"[^a-z0-9 ]", "", re.sub(r"[-/&,]", " ", name.casefold()))
        told = tuple(word for word in plain.split() if word not in _NEVER_TELLS)
        loose = tuple(word for word in told if word not in self._dropped)
        return told, ("any order", *sorted(set(told))) if told else (), loose


def icb_code(name: str) -> str | None:
    """The code of an ICB by its name in any of its forms, or by its code; None where there is none."""
    names, codes = _icbs()
    code = name.strip().upper()
    return code if code in codes else names.find(name)


def nearest_icbs(name: str) -> list[str]:
    """Names of ICBs that come near to one that is not known."""
    names = [row["name"] for row in tables.table("organisations").to_pylist() if row["tier"] == "icb"]
    return get_close_matches(name, names, 3, 0.5)


def districts_of(name: str) -> Authority | None:
    """A local authority by ONS code or name: its name, and the districts that it is.

    A district is itself; an upper-tier authority, such as a county, is all its districts.
    None where there is no such authority.
    """
    codes, names = _authorities()
    return codes.get(name.strip().upper()) or names.find(name)


def district_names() -> dict[str, str]:
    """ONS code of each district to its name."""
    return {row["district"]: row["name"] for row in tables.table("districts").to_pylist()}


@cache
def _icbs() -> tuple[Names[str], frozenset[str]]:
    rows = [row for row in tables.table("organisations").to_pylist() if row["tier"] == "icb"]
    return Names((row["name"], row["code"]) for row in rows), frozenset(row["code"] for row in rows)


@cache
def _authorities() -> tuple[dict[str, Authority], Names[Authority]]:
    rows = tables.table("districts").to_pylist()
    whole: dict[str, Authority] = {}
    for row in rows:
        name, parts = whole.get(row["authority"], (row["authority_name"], ()))
        whole[row["authority"]] = name, (*parts, row["district"])
    # A unitary authority shares its code with a district that later took in others: the whole is meant.
    found = {row["district"]: (row["name"], (row["district"],)) for row in rows} | whole
    return found, Names(((name, (name, parts)) for name, parts in found.values()), _COUNCIL_WORDS)
