"""Places from a file of the user's own: a CSV, or the place tool's saved JSON; and the names they use."""

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Generic, TypeVar

import pyarrow as pa

from allocations.figures import tables
from allocations.places.division import Division, PlaceAssignment, divide, wrong_practice
from allocations.reading.csv_rows import UserTable, parse, read_text
from allocations.reading.letters import has_invisible
from ledger.errors import Problem, Refused, refuse
from ledger.inputs import Input

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
    codes = frozenset(row["code"] for row in rows)
    former = [row for row in tables.table("former_names").to_pylist() if row["organisation"] in codes]
    named = [(row["name"], row["code"]) for row in rows]
    return Names([*named, *((row["name"], row["organisation"]) for row in former)]), codes


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


_LISTS = ("places", "group_list")
_NOT_UNDERSTOOD = "The file cannot be understood."
_SAVE_AGAIN = "Save the places in the tool again ('Download session data as JSON')."


@dataclass(frozen=True, slots=True)
class SavedPlaces:
    """What a file of the place tool says.

    Attributes:
        claims: each practice in a place of the ICB asked for, or what is wrong with it.
        left_aside: the names of the places that other ICBs have in the same file.
    """

    claims: tuple[PlaceAssignment | Problem, ...]
    left_aside: tuple[str, ...]


def read(text: str, name: str, icb: str, practices: Mapping[str, str]) -> SavedPlaces:
    """Read the places that the place tool saved.

    Args:
        text: the file's content.
        name: the file's name, for messages.
        icb: the ICB asked for; the places of others are left aside.
        practices: every practice known for the year, with its ICB.

    Raises:
        Refused: it is not JSON, or not what the tool saves. What is wrong with single places and
            practices is in ``claims``.
    """
    saved, doubles = _load(text, name)
    listed_under = [key for key in _LISTS if key in saved]
    if len(listed_under) != 1:
        found = "it has both a list 'places' and a 'group_list'." if listed_under else "it has no list of places."
        why = "A file that the place tool saved has a list 'places', or 'group_list' in older ones."
        refuse(name, found, why, _SAVE_AGAIN)
    (key,) = listed_under
    listed = saved.pop(key)
    if not isinstance(listed, list) or not all(isinstance(place, str) for place in listed):
        refuse(f'{name}, "{key}"', "it is not a list of names.", _NOT_UNDERSTOOD, _SAVE_AGAIN)
    claims: list[PlaceAssignment | Problem] = [*doubles, *_list_problems(name, key, listed, saved)]
    left_aside: list[str] = []
    of_icbs: set[str] = set()
    for place, group in saved.items():
        its_icb = _its_icb(name, place, group)
        if isinstance(its_icb, Problem):
            claims.append(its_icb)
            continue
        of_icbs.add(its_icb)
        if its_icb != icb:
            left_aside.append(place)
        claims.extend(_practices(name, place, group["gps"], icb, practices, is_ours=its_icb == icb))
    if icb not in of_icbs and not any(isinstance(claim, Problem) for claim in claims):
        found = f"its places are of {', '.join(sorted(of_icbs)) or 'nobody'}; none is of {icb}."
        remedy = f"Ask for that ICB {Input.ICB.given}, or bring another file."
        claims.append(Problem(name, found, "There are no places to share among.", remedy))
    return SavedPlaces(tuple(claims), tuple(left_aside))


def _load(text: str, name: str) -> tuple[dict[str, Any], list[Problem]]:
    doubles: list[Problem] = []

    def once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                why = "JSON readers would keep the last in silence and lose the other's practices."
                doubles.append(Problem(name, f"the key '{key}' stands twice.", why, "Rename one, or take it out."))
            seen.add(key)
        return dict(pairs)

    try:
        saved = json.loads(text, object_pairs_hook=once)
        json.dumps(saved, ensure_ascii=False).encode()  # fails on half a character, which no name may hold
    except json.JSONDecodeError as error:
        where = f"{name}, line {error.lineno}, column {error.colno}"
        raise Refused([Problem(where, f"it is not JSON: {error.msg}.", _NOT_UNDERSTOOD, _SAVE_AGAIN)]) from error
    except (ValueError, RecursionError) as error:
        raise Refused([Problem(name, "it is not JSON that can be read.", _NOT_UNDERSTOOD, _SAVE_AGAIN)]) from error
    if not isinstance(saved, dict):
        found = "it is a list or a single value, not a set of places."
        refuse(name, found, _NOT_UNDERSTOOD, _SAVE_AGAIN)
    return saved, doubles


def _list_problems(name: str, key: str, listed: list[str], saved: Mapping[str, Any]) -> Iterator[Problem]:
    for at, place in enumerate(listed):
        where = f'{name}, "{key}"[{at}]'
        if place in listed[:at]:
            yield Problem(where, f"'{place}' is listed twice.", "It is one place.", "Take one of them out.")
        elif place not in saved:
            why = "Its practices are not known."
            yield Problem(where, f"'{place}' is listed, but the file has no such place.", why, _SAVE_AGAIN)
    for place in saved:
        if place not in listed:
            why = "It cannot be told whether it is meant."
            remedy = f"Add it to '{key}', or take it out."
            yield Problem(f'{name}, "{place}"', f"it is not in the list '{key}'.", why, remedy)
    folded: dict[str, str] = {}
    for place in saved:
        other = folded.setdefault(" ".join(place.casefold().split()), place)
        if other != place:
            why = "They would be taken for one place."
            yield Problem(f'{name}, "{place}"', f"'{other}' is written almost the same.", why, "Rename one of them.")


def _its_icb(name: str, place: str, group: Any) -> str | Problem:
    """The code of the ICB that a place is in; what is wrong with the place otherwise."""
    where = f'{name}, "{place}"'
    if not isinstance(group, dict) or not isinstance(group.get("gps"), list) or not isinstance(group.get("icb"), str):
        found = "it is not a place with its practices ('gps') and its ICB ('icb')."
        return Problem(where, found, _NOT_UNDERSTOOD, _SAVE_AGAIN)
    if not group["gps"]:
        return Problem(where, "it has no practices.", "A place without people gets no share.", "Take it out.")
    code = icb_code(group["icb"])
    if code is None:
        near = nearest_icbs(group["icb"])
        remedy = f"Did you mean {' or '.join(near)}?" if near else "Write the ICB's name, as NHS West Yorkshire ICB."
        return Problem(f"{where}, icb", f"there is no ICB '{group['icb']}'.", "A place lies within one ICB.", remedy)
    return code


def _practices(
    name: str, place: str, entries: list[Any], icb: str, practices: Mapping[str, str], *, is_ours: bool
) -> Iterator[PlaceAssignment | Problem]:
    for at, entry in enumerate(entries):
        where, again = f'{name}, "{place}", gps[{at}]', f'at "{place}", gps[{at}]'
        code = entry.split(":")[0].strip().upper() if isinstance(entry, str) else ""
        if not code:
            remedy = "Write it as the tool does: B85005: SHEPLEY HEALTH CENTRE."
            yield Problem(where, "it is not a practice code and a name.", "Its people are not known.", remedy)
        elif is_ours and practices.get(code) != icb:
            yield wrong_practice(where, code, icb, practices)
        elif is_ours:
            yield PlaceAssignment(where, again, f"practice {code}", (code,), " ".join(place.split()))
        elif practices.get(code) == icb:
            why = "A place lies within one ICB."
            yield Problem(
                where, f"practice {code} belongs to {icb}, but its place does not.", why, "Correct the place."
            )


# What a header may be called, the surest first.
_PLACES = (r"place", r"place name", r"place partnership", r"place code", r"group", r"locality")
_PRACTICES = (
    r"practice",
    r"practice code",
    r"gp practice code",
    r"gp code",
    r"ods code",
    r"organisation code",
    r"code",
)
_NETWORKS = (r"(pcn|network|primary care network) (ods )?code", r"pcn|network|primary care network")
# Years are baked into these: LAD21, ltla23_code.
_AUTHORITY = r"(local authority( district)?|district|lad|la|ltla|utla|council|(lower|upper) tier( local)? authority)"
_DISTRICTS = tuple(rf"{_AUTHORITY}( ?\d\d)?{ending}" for ending in (r" ?(ons )?(code|cd)", r"", r" ?(name|nm)"))


@dataclass(frozen=True, slots=True)
class YearOfPlaces:
    """Where every practice of the year belongs.

    Attributes:
        icb: practice code to ICB code.
        network: practice code to PCN code, for those in one.
        district: practice code to the ONS code of the district in which it lies.
    """

    icb: Mapping[str, str]
    network: Mapping[str, str]
    district: Mapping[str, str]


def shipped_membership() -> YearOfPlaces:
    """Where the practices of the shipped figures belong."""
    return membership(tables.table("practices_2025_26"))


def membership(table: pa.Table) -> YearOfPlaces:
    """Where practices belong, from a table with ``practice``, ``icb``, ``pcn`` and ``district``."""
    codes = table["practice"].to_pylist()
    icb, network, district = (
        {code: value for code, value in zip(codes, table[column].to_pylist(), strict=True) if value is not None}
        for column in ("icb", "pcn", "district")
    )
    return YearOfPlaces(icb, network, district)


def read_division(path: Path, icb: str, members: YearOfPlaces) -> Division:
    """Places of an ICB from a file.

    A CSV needs a column of places and one or more of practices, PCNs and districts, each known by its
    header. A line speaks of the smallest that it names: where it has a practice, the PCN beside it is
    only told. A PCN or a district stands for those of its practices that are in this ICB. JSON is read
    as what NHS England's place tool saves.

    Args:
        path: the file; other columns are ignored.
        icb: the ICB that the places divide.
        members: where every practice belongs.

    Raises:
        Refused: with every line that cannot be used: a code that is unknown, of another ICB or without
            practices in this one, a practice in two places, a place without a name; or a file of
            another kind.
    """
    text = read_text(path, "The places")
    if path.suffix.lower() == ".json" or text.lstrip().startswith(("{", "[")):
        saved = read(text, path.name, icb, members.icb)
        return divide(saved.claims, path.name, icb, members.icb, saved.left_aside)
    found = divide(_claims(parse(text, path.name), icb, members), path.name, icb, members.icb)
    return replace(found, invisible=sum(has_invisible(line) for line in text.splitlines()))


def _claims(table: UserTable, icb: str, members: YearOfPlaces) -> Iterator[PlaceAssignment | Problem]:
    place = table.column(*_PLACES)
    named = [table.column(*meanings) for meanings in (_PRACTICES, _NETWORKS, _DISTRICTS)]
    if place is None or all(at is None for at in named):
        found = f"the columns are {', '.join(table.headers) or 'missing'}."
        why = "A column of places is needed, and one of practices, PCNs or districts."
        remedy = "Head them 'place' and 'practice_code', 'pcn_code' or 'district'."
        refuse(f"{table.name}, line 1", found, why, remedy)
    for line, (its_place, *written) in table.cells((place, *named)):
        where, again = f"{table.name}, line {line}", f"on line {line}"
        readers = zip((_practice, _network, _district), written, strict=True)
        named_here = next((read(where, code, icb, members) for read, code in readers if code), None)
        if named_here is None:
            sentence = f"nobody is named to be in {its_place or 'a place'}."
            yield Problem(where, sentence, "The line says nothing.", "Fill it in, or take it out.")
        elif isinstance(named_here, Problem):
            yield named_here
        else:
            what, codes = named_here
            yield PlaceAssignment(where, again, what, codes, its_place)


_Named = tuple[str, tuple[str, ...]]


def _practice(where: str, written: str, icb: str, members: YearOfPlaces) -> _Named | Problem:
    code = written.upper()
    if members.icb.get(code) != icb:
        return wrong_practice(where, code, icb, members.icb)
    return f"practice {code}", (code,)


def _network(where: str, written: str, icb: str, members: YearOfPlaces) -> _Named | Problem:
    code = written.upper()
    inside = tuple(
        practice for practice, its in members.network.items() if its == code and members.icb[practice] == icb
    )
    if inside:
        return f"PCN {code}", inside
    own = {its for practice, its in members.network.items() if members.icb[practice] == icb}
    names = {row["pcn"]: row["name"] for row in tables.table("pcns_2025_26").to_pylist() if row["pcn"] in own}
    near = [known for known in own if written.casefold() == names.get(known, "").casefold()]
    near = near or get_close_matches(code, sorted(own), 3, 0.6)
    shown = [f"{known} ({names[known]})" if known in names else known for known in sorted(near)]
    return Problem(
        where,
        f"no practice of {icb} is in a PCN '{written}'.",
        "Nobody would be put in its place.",
        _did_you_mean(shown, "Give the PCN by its code, as U12345, or take the line out."),
    )


def _district(where: str, written: str, icb: str, members: YearOfPlaces) -> _Named | Problem:
    authority = districts_of(written)
    if authority is not None:
        name, districts = authority
        its = members.district.items()
        inside = tuple(practice for practice, lies in its if lies in districts and members.icb[practice] == icb)
        if inside:
            return f"district {name}", inside
    names = district_names()
    own = {names[lies] for practice, lies in members.district.items() if members.icb[practice] == icb and lies in names}
    found = (
        f"there is no local authority '{written}'."
        if authority is None
        else f"no practice of {icb} lies in {authority[0]}."
    )
    near = {name.casefold(): name for name in own}
    close = [near[name] for name in get_close_matches(written.casefold(), sorted(near), 3, 0.6)]
    remedy = _did_you_mean(close, f"Its practices lie in {', '.join(sorted(own))}.")
    return Problem(where, found, "Nobody would be put in its place.", remedy)


def _did_you_mean(near: Sequence[str], otherwise: str) -> str:
    return f"Did you mean {' or '.join(near)}?" if near else otherwise
