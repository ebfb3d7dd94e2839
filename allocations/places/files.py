"""Places from a file of the user's own: a CSV of practices, networks or districts, or the place tool's saved JSON."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import pyarrow as pa

from allocations.figures import tables
from allocations.places import names as place_names
from allocations.places import place_tool
from allocations.places.division import Claim, Division, divide
from allocations.places.problems import wrong_practice
from allocations.reading.csv_rows import UserTable, parse, read_text
from ledger.errors import Problem, Refused

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
class Membership:
    """Where every practice of the year belongs.

    Attributes:
        icb: practice code to ICB code.
        network: practice code to PCN code, for those in one.
        district: practice code to the ONS code of the district in which it lies.
    """

    icb: Mapping[str, str]
    network: Mapping[str, str]
    district: Mapping[str, str]


def shipped_membership() -> Membership:
    """Where the practices of the shipped figures belong."""
    return membership(tables.table("practices_2025_26"))


def membership(table: pa.Table) -> Membership:
    """Where practices belong, from a table with ``practice``, ``icb``, ``pcn`` and ``district``."""
    codes = table["practice"].to_pylist()
    icb, network, district = (
        {code: value for code, value in zip(codes, table[column].to_pylist(), strict=True) if value is not None}
        for column in ("icb", "pcn", "district")
    )
    return Membership(icb, network, district)


def read_division(path: Path, icb: str, members: Membership) -> Division:
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
        saved = place_tool.read(text, path.name, icb, members.icb)
        return divide(saved.claims, path.name, icb, members.icb, saved.left_aside)
    return divide(_claims(parse(text, path.name), icb, members), path.name, icb, members.icb)


def _claims(table: UserTable, icb: str, members: Membership) -> Iterator[Claim | Problem]:
    place = table.column(*_PLACES)
    named = [table.column(*meanings) for meanings in (_PRACTICES, _NETWORKS, _DISTRICTS)]
    if place is None or all(at is None for at in named):
        found = f"the columns are {', '.join(table.headers) or 'missing'}."
        why = "A column of places is needed, and one of practices, PCNs or districts."
        remedy = "Head them 'place' and 'practice_code', 'pcn_code' or 'district'."
        raise Refused([Problem(f"{table.name}, line 1", found, why, remedy)])
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
            yield Claim(where, again, what, codes, its_place)


_Named = tuple[str, tuple[str, ...]]


def _practice(where: str, written: str, icb: str, members: Membership) -> _Named | Problem:
    code = written.upper()
    if members.icb.get(code) != icb:
        return wrong_practice(where, code, icb, members.icb)
    return f"practice {code}", (code,)


def _network(where: str, written: str, icb: str, members: Membership) -> _Named | Problem:
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


def _district(where: str, written: str, icb: str, members: Membership) -> _Named | Problem:
    authority = place_names.districts_of(written)
    if authority is not None:
        name, districts = authority
        its = members.district.items()
        inside = tuple(practice for practice, lies in its if lies in districts and members.icb[practice] == icb)
        if inside:
            return f"district {name}", inside
    names = place_names.district_names()
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
