"""A division into places as text: short, for an address that can be shared; as CSV; and as the place tool saves it."""

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import quote, unquote

from allocations.figures import tables
from allocations.places.division import UNASSIGNED, Division, PlaceAssignment, divide, wrong_practice
from allocations.places.files import YearOfPlaces
from allocations.reading.safe_text import csv_text
from ledger.errors import Problem, refuse

_PRACTICES = "practices_2025_26"


def to_text(division: Division) -> str:
    """A division as ``Leeds:B86001,B86002;Bradford:B82007``, names quoted as in addresses.

    Those that no place has are left out, as they are in a file.
    """
    members: dict[str, list[str]] = {}
    for practice, place in sorted(division.place_of.items()):
        if place != UNASSIGNED:
            members.setdefault(place, []).append(practice)
    return ";".join(f"{quote(place, safe=' ')}:{','.join(codes)}" for place, codes in members.items())


def from_text(text: str, icb: str, members: YearOfPlaces) -> Division:
    """The division that a text of ``to_text`` stands for.

    Raises:
        Refused: the text is no division of this ICB; every reason why.
    """
    return divide(_claims(text, icb, members), "the address", icb, members.icb)


def _claims(text: str, icb: str, members: YearOfPlaces) -> Iterator[PlaceAssignment | Problem]:
    for number, part in enumerate(text.split(";"), 1):
        where = f"the address, place {number}"
        place, colon, codes = part.partition(":")
        if not colon or not codes:
            remedy = "Open the page without it, and make the places again."
            yield Problem(where, f"'{part[:40]}' is not a place with its practices.", "It cannot be shown.", remedy)
            continue
        for code in codes.upper().split(","):
            if members.icb.get(code) != icb:
                yield wrong_practice(where, code, icb, members.icb)
            else:
                yield PlaceAssignment(where, f"in place {number}", f"practice {code}", (code,), unquote(place))


def chosen(
    division: Division | None, icb: str, place: str, practices: Iterable[str], members: YearOfPlaces
) -> Division:
    """A division with practices put in a place, whoever had them before.

    Args:
        division: the places so far; none yet where there is none.

    Raises:
        Refused: the place has no name, or a practice is not of this ICB.
    """
    moved = set(practices)
    before = {} if division is None else dict(division.place_of)
    kept = {code: its for code, its in before.items() if its != UNASSIGNED and code not in moved}
    claims: list[PlaceAssignment | Problem] = [
        PlaceAssignment("the places", "before", f"practice {code}", (code,), its) for code, its in kept.items()
    ]
    name = " ".join(place.split())
    claims += [
        PlaceAssignment("the new place", "before", f"practice {code}", (code,), name)
        if members.icb.get(code) == icb
        else wrong_practice("the new place", code, icb, members.icb)
        for code in sorted(moved)
    ]
    if not moved:
        remedy = "Choose a PCN, a district or practices."
        claims.append(Problem("the new place", "it has no practices.", "A place without people gets no share.", remedy))
    return divide(claims, "the new place", icb, members.icb)


def without(division: Division, place: str, icb: str, members: YearOfPlaces) -> Division | None:
    """A division without one of its places; none where it was the only one."""
    left = {code: its for code, its in division.place_of.items() if its not in (UNASSIGNED, place)}
    if not left:
        return None
    claims = [PlaceAssignment("the places", "before", f"practice {code}", (code,), its) for code, its in left.items()]
    return divide(claims, "the places", icb, members.icb)


def as_csv(division: Division, *, guarded: bool = True) -> str:
    """A division as a CSV file that ``read_division`` reads: practices and places; the unassigned are left out.

    Args:
        guarded: whether names are kept from becoming formulas, as in a file that people open.
    """
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(["practice_code", "place"])
    placed = sorted(division.place_of.items(), key=lambda pair: (pair[1], pair[0]))
    writer.writerows((code, csv_text(place) if guarded else place) for code, place in placed if place != UNASSIGNED)
    return out.getvalue()


def as_place_tool(division: Division, icb_name: str) -> str:
    """A division as NHS England's place tool saves it: the list of places, and each with its practices and ICB.

    The tool writes a code and a name for each practice. No names of practices are shipped, for some are names of
    people, so the code stands in both places.
    """
    groups: dict[str, list[str]] = {}
    for code, place in sorted(division.place_of.items()):
        if place != UNASSIGNED:
            groups.setdefault(place, []).append(f"{code}: {code}")
    saved: dict[str, object] = {"places": list(groups)}
    if set(saved) & set(groups):
        why = "The place tool keeps its list of places under that name."
        refuse("places", "a place is called 'places'.", why, "Call it something else.")
    return json.dumps(saved | {place: {"gps": gps, "icb": icb_name} for place, gps in groups.items()}, indent=2)


def choices(icb: str, members: YearOfPlaces, by: str) -> dict[str, tuple[str, Sequence[str]]]:
    """What practices of an ICB can be chosen by: code to name and practices, by name.

    Args:
        by: ``pcn``, ``district`` or ``practice``.
    """
    own = [code for code, its in members.icb.items() if its == icb]
    if by == "practice":
        return {code: (code, (code,)) for code in sorted(own)}
    source: Mapping[str, str] = members.network if by == "pcn" else members.district
    table, key = ("pcns_2025_26", "pcn") if by == "pcn" else ("districts", "district")
    names = {row[key]: row["name"] for row in tables.table(table).to_pylist()}
    groups: dict[str, list[str]] = {}
    for code in sorted(own):
        if code in source:
            groups.setdefault(source[code], []).append(code)
    order = sorted(groups, key=lambda code: (names.get(code, code), code))
    return {code: (names.get(code, code), tuple(groups[code])) for code in order}


def described(options: Mapping[str, tuple[str, Sequence[str]]], members: YearOfPlaces) -> dict[str, str]:
    """What is told of each of some ``choices``: its name, in which districts it lies, its people and its practices."""
    districts = {row["district"]: row["name"] for row in tables.table("districts").to_pylist()}
    people = {row["practice"]: int(row["registered"].scaleb(9)) for row in tables.table(_PRACTICES).to_pylist()}
    told = {}
    for code, (name, practices) in options.items():
        named = _in_small_letters(name) if name == code else f"{_in_small_letters(name)} ({code})"
        lies = sorted({districts[members.district[one]] for one in practices if members.district.get(one) in districts})
        where = "" if lies == [name] else f", {' and '.join(lies)}"
        count = "" if name == code else f", {len(practices)} practice{'' if len(practices) == 1 else 's'}"
        registered = tables.whole_people(sum(people[one] for one in practices))
        told[code] = f"{named}{where}, {registered:,} people{count}"
    return told


def _in_small_letters(name: str) -> str:
    """A name that is published in capitals as people write it: ``WEST NORWICH PCN`` as ``West Norwich PCN``."""
    if not name.isupper() or " " not in name:
        return name
    words = (word if word in ("PCN", "NHS", "GP") else word.capitalize() for word in name.split())
    return " ".join(words)


def default_division(icb: str, members: YearOfPlaces) -> Division:
    """The default places of an ICB: the upper-tier local authorities in which its practices lie."""
    table = tables.table(_PRACTICES)
    names = {row["place"]: row["name"] for row in tables.table("places_2025_26").to_pylist()}
    pairs = zip(table["practice"].to_pylist(), table["place"].to_pylist(), strict=True)
    of = {code: names[place] for code, place in pairs if place is not None and members.icb.get(code) == icb}
    claims = [
        PlaceAssignment("the default places", "before", f"practice {code}", (code,), place)
        for code, place in of.items()
    ]
    return divide(claims, "the default places", icb, members.icb)
