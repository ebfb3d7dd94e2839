"""Places that divide an ICB: from practices, networks, districts, and what NHS England's place tool saved."""

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from allocations.figures import tables
from allocations.figures.weightings import WEIGHTINGS
from allocations.places import files
from allocations.places.division import UNASSIGNED, Division, PlaceAssignment, divide, with_places
from allocations.places.files import YearOfPlaces, read_division, shipped_membership
from allocations.shares.apportion import apportion
from allocations.shares.need import weights
from allocations.shares.split import allocate
from ledger.errors import Refused
from ledger.years import FinancialYear
from tests.allocations.capitation import index

SHIPPED = shipped_membership()
PRACTICES = tables.table("practices_2025_26")
SMALL = YearOfPlaces(
    icb={"B00001": "QWO", "B00002": "QWO", "B00003": "QWO", "B00004": "QWO", "C00001": "QOP", "C00002": "QOP"},
    network={"B00001": "U00001", "B00002": "U00001", "B00003": "U00002", "C00001": "U00002", "C00002": "U99999"},
    district={"B00001": "E08000035", "B00002": "E08000035", "B00003": "E07000163", "B00004": "E08000032", "C00001": "E08000003", "C00002": "E08000003"},
)  # fmt: skip
TOOL = {
    "general_acute": "1.092", "community": "1.082", "mental_health": "0.659", "maternity": "0.667", "prescribing": "1.087",
    "core": "0.946", "primary_medical": "0.904", "primary_medical_need": "0.985", "health_inequalities": "0.547",
}  # fmt: skip
DEFAULT_PLACE = {
    "gps": ["B85005: SHEPLEY HEALTH CENTRE", "B85022: Honley", "B85061: Skelmanthorpe", "b85026 : Kirkburton: the centre"],
    "icb": "NHS West Yorkshire ICB",
}  # fmt: skip


def file(folder: Path, content: str | dict[str, Any], name: str = "") -> Path:
    text = content if isinstance(content, str) else json.dumps(content, indent=4)
    path = folder / (name or ("places.csv" if isinstance(content, str) else "places.json"))
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path, icb: str = "QWO", members: YearOfPlaces = SMALL) -> list[str]:
    with pytest.raises(Refused) as refused:
        read_division(path, icb, members)
    return [str(problem) for problem in refused.value.problems]


# --- GE10 -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("list_name", ["places", "group_list"])
@pytest.mark.parametrize("name", ["session.json", "saved without an ending"])
def test_ge10_the_place_tools_own_file_gives_the_place_tools_own_indices(
    tmp_path: Path, list_name: str, name: str
) -> None:
    saved = {"Default Place": {**DEFAULT_PLACE, "year": "2023_2024"}, list_name: ["Default Place"]}
    path = tmp_path / name
    path.write_text(json.dumps(saved), encoding="utf-8")
    division = read_division(path, "QWO", SHIPPED)
    assert len(division.unassigned) == 269 - 4
    own = with_places(PRACTICES.filter(pc.equal(PRACTICES["icb"], "QWO")), division)
    people, everybody = weights(own, "registered", "place"), weights(own, "registered", "icb")
    assert tables.whole_people(people["Default Place"]) == 32_415
    for column, expected in TOOL.items():
        here, whole = weights(own, column, "place")["Default Place"], weights(own, column, "icb")["QWO"]
        found = index(*map(Fraction, (here, people["Default Place"], whole, everybody["QWO"])), "QWO")
        assert found.published() == Decimal(expected), column


# --- CSV ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["pcn,place", "PCN_Code,Place Name", "pcn code,place", "Primary Care Network,place"])
def test_a_network_stands_for_its_practices_in_this_icb_alone(tmp_path: Path, header: str) -> None:
    path = file(tmp_path, f"{header}\nu00001,Leeds\nU00002,Craven\n")
    division = read_division(path, "QWO", SMALL)
    assert division.place_of == {"B00001": "Leeds", "B00002": "Leeds", "B00003": "Craven", "B00004": UNASSIGNED}
    assert division.unassigned == ("B00004",)
    assert read_division(file(tmp_path, "pcn,place\nU00002,Salford\n"), "QOP", SMALL).place_of == {
        "C00001": "Salford", "C00002": UNASSIGNED,
    }  # fmt: skip
    (said,) = problems(file(tmp_path, "pcn,place\nU99999,Salford\n"))
    assert "no practice of QWO is in a PCN 'U99999'" in said


@pytest.mark.parametrize(
    ("header", "craven", "leeds"),
    [
        ("district,place", "Craven", "leeds"),
        ("LAD21,place", "E07000163", "e08000035"),
        ("ltla23_code,place", "E07000163", "E08000035"),
        ("Local Authority,place", "craven district council", "Leeds City Council"),
        ("lad_name,place", "Craven", "City of Leeds"),
        ("council,place", "North Yorkshire", "Leeds"),  # the county that Craven became part of
    ],
)
def test_a_district_goes_by_its_code_or_its_name(tmp_path: Path, header: str, craven: str, leeds: str) -> None:
    path = file(tmp_path, f"{header}\n{craven},Bradford and Craven\n{leeds},Leeds\nE08000032,Bradford and Craven\n")
    assert read_division(path, "QWO", SMALL).place_of == {
        "B00001": "Leeds", "B00002": "Leeds", "B00003": "Bradford and Craven", "B00004": "Bradford and Craven",
    }  # fmt: skip


def test_a_line_speaks_of_the_smallest_that_it_names(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "place,district,pcn,practice\nNorth,Leeds,U00001,B00001\nSouth,,,B00002\nWest,Craven,U00002,\nEast,Bradford,,\n",
    )
    assert read_division(path, "QWO", SMALL).place_of == {
        "B00001": "North", "B00002": "South", "B00003": "West", "B00004": "East",
    }  # fmt: skip


def test_practices_given_both_ways_are_refused_with_both_lines(tmp_path: Path) -> None:
    path = file(tmp_path, "practice,pcn,district,place\nB00001,,,North\n,U00001,,South\n,,Leeds,East\nB00001,,,North\n")
    first, second, third = problems(path)
    assert first.startswith(
        "places.csv, line 3: PCN U00001 is here in South; on line 2 practice B00001 put B00001 in North."
    )
    assert second.startswith("places.csv, line 4: district Leeds is here in East; on line 2 practice B00001 put")
    assert third.startswith("places.csv, line 5: practice B00001 is here in North, and in North on line 2.")


def test_a_network_or_a_district_twice_is_refused_with_both_lines(tmp_path: Path) -> None:
    (said,) = problems(file(tmp_path, "pcn,place\nU00001,North\nU00001,South\n"))
    assert "line 3: PCN U00001 is here in South, and in North on line 2." in said
    (said,) = problems(file(tmp_path, "lad,place\nLeeds,North\nE08000035,South\n"))
    assert "line 3: district Leeds is here in South, and in North on line 2." in said


def test_a_network_or_a_district_without_practices_here_is_refused_with_the_nearest(tmp_path: Path) -> None:
    path = file(tmp_path, "pcn,lad,place\nU0001,,A\n,Leds,B\n,Salford,C\n,Narnia,D\nX,,E\n,,F\n,E08000035,\n")
    said = problems(path)
    for text, sentence in zip(
        said,
        (
            "line 2: no practice of QWO is in a PCN 'U0001'. Nobody would be put in its place. Did you mean U0000",
            "line 3: there is no local authority 'Leds'. Nobody would be put in its place. Did you mean Leeds?",
            "line 4: no practice of QWO lies in Salford.",
            "line 5: there is no local authority 'Narnia'. Nobody would be put in its place. Its practices lie in Bradford, Craven, Leeds.",
            "line 6: no practice of QWO is in a PCN 'X'. Nobody would be put in its place. Give the PCN by its code",
            "line 7: nobody is named to be in F.",
            "line 8: district Leeds has no place.",
        ),
        strict=True,
    ):
        assert text.startswith(f"places.csv, {sentence}"), text


def test_a_network_by_its_name_is_told_its_code(tmp_path: Path) -> None:
    row = next(row for row in tables.table("pcn_parts_2025_26").to_pylist() if row["icb"] == "QWO")
    (name,) = (its["name"] for its in tables.table("pcns_2025_26").to_pylist() if its["pcn"] == row["pcn"])
    (said,) = problems(file(tmp_path, f"pcn,place\n{name.title()},A\n"), members=SHIPPED)
    assert f"Did you mean {row['pcn']} ({name})?" in said


def test_lines_are_counted_as_an_editor_counts_them(tmp_path: Path) -> None:
    said = problems(file(tmp_path, 'practice,note,place\nB00001,"two\nlines",A\n\nB9,x,A\nB8,,\n'))
    assert [text.split(":")[0] for text in said] == ["places.csv, line 5", "places.csv, line 6"]
    assert "places.csv, line 2" in problems(file(tmp_path, 'practice,place\nB00001,"' + "x" * 140_000))[0]
    (said,) = problems(file(tmp_path, "practice,place,place\nB00001,A,B\n"))
    assert "line 1: the column 'place' stands twice." in said


def test_the_word_for_nobodys_practices_is_not_a_place(tmp_path: Path) -> None:
    (said,) = problems(file(tmp_path, "practice,place\nB00001,(Unassigned)\n"))
    assert "That name stands for the practices that no place has." in said


# --- names ----------------------------------------------------------------------------------------


def test_every_icb_and_authority_is_told_from_the_others_by_its_words() -> None:
    icbs = [row for row in tables.table("organisations").to_pylist() if row["tier"] == "icb"]
    assert [files.icb_code(row["name"]) for row in icbs] == [row["code"] for row in icbs]
    districts = tables.table("districts").to_pylist()
    for row in districts:
        name, codes = files.districts_of(row["name"])
        assert row["district"] in codes, row
        if row["district"] != row["authority"] and row["name"] != row["authority_name"]:
            assert (name, codes) == (row["name"], (row["district"],))
            assert row["district"] in files.districts_of(row["authority"])[1]
    assert {row["district"] for row in districts} >= set(PRACTICES["district"].to_pylist())
    for nothing in ("", "City Council", "London", "of the"):
        assert files.districts_of(nothing) is None, nothing
    assert files.districts_of("Bristol")[1] == ("E06000023",)
    assert files.districts_of("Norfolk")[1] == tuple(
        row["district"] for row in districts if row["authority"] == "E10000020"
    )


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("NHS West Yorkshire Integrated Care Board", "QWO"),
        ("west yorkshire", "QWO"),
        ("qwo", "QWO"),
        ("NHS Kent And Medway ICB", "QKS"),
        ("NHS Kent & Medway ICB", "QKS"),
        ("Cumbria and North East", "QHM"),
        ("NHS North West London Integrated Care Board", "QRV"),
        ("NHS West and North London ICB", "Z9B2Z"),
        ("NHS North Central and West London ICB", "Z9B2Z"),  # as the place tool of December 2025 calls it
        ("London, West & North", None),  # either of the two
        ("Bedfordshire Luton and Milton Keynes", "QHG"),
        ("NHS Nowhere ICB", None),
        ("", None),
    ],
)
def test_an_icb_goes_by_any_form_of_its_name(name: str, code: str | None) -> None:
    assert files.icb_code(name) == code


# --- JSON -----------------------------------------------------------------------------------------


def test_places_of_other_icbs_in_the_same_file_are_left_aside_and_said(tmp_path: Path) -> None:
    saved = {
        "North": {"gps": ["B00001: ONE"], "icb": "NHS West Yorkshire Integrated Care Board"},
        "Salford": {"gps": ["C00001: FAR"], "icb": "NHS Greater Manchester ICB"},
        "South  side": {"gps": ["B00002", "B00003: THREE"], "icb": "West Yorkshire"},
        "places": ["Salford", "North", "South  side"],
    }
    division = read_division(file(tmp_path, saved), "QWO", SMALL)
    assert division == Division(
        {"B00001": "North", "B00002": "South side", "B00003": "South side", "B00004": UNASSIGNED},
        ("B00004",),
        ("Salford",),
    )
    (said,) = problems(file(tmp_path, saved), "QF7")
    assert "its places are of QOP, QWO; none is of QF7." in said


def test_every_problem_of_a_saved_file_is_listed_with_its_place_in_it(tmp_path: Path) -> None:
    saved = {
        "North": {"gps": ["B00001: ONE", "B00002", 7, "B0003: NEAR"], "icb": "West Yorkshire"},
        "South": {"gps": ["B00003", "C00001: FAR", "B00001: ONE", ": NO CODE"], "icb": "West Yorkshire"},
        "Salford": {"gps": ["B00004: OURS"], "icb": "Greater Manchester"},
        "Empty": {"gps": [], "icb": "West Yorkshire"},
        "Lost": {"gps": ["B00004"], "icb": "NHS West Yorkshir ICB"},
        "Odd": ["B00004"],
        "north ": {"gps": ["B00004"], "icb": "West Yorkshire"},
        "places": ["North", "South", "Salford", "Empty", "Lost", "Odd", "Gone", "North"],
    }
    said = problems(file(tmp_path, saved))
    expected = (
        "\"places\"[6]: 'Gone' is listed, but the file has no such place.",
        "\"places\"[7]: 'North' is listed twice.",
        "\"north \": it is not in the list 'places'.",
        "\"north \": 'North' is written almost the same.",
        '"North", gps[2]: it is not a practice code and a name.',
        "\"North\", gps[3]: there is no practice 'B0003' in the figures of the year. Its population is not known. Did you mean B0000",
        '"South", gps[1]: practice C00001 belongs to QOP, not to QWO.',
        '"South", gps[2]: practice B00001 is here in South, and in North at "North", gps[0].',
        '"South", gps[3]: it is not a practice code and a name.',
        '"Salford", gps[0]: practice B00004 belongs to QWO, but its place does not.',
        '"Empty": it has no practices.',
        "\"Lost\", icb: there is no ICB 'NHS West Yorkshir ICB'. A place lies within one ICB. Did you mean NHS West Yorkshire ICB",
        "\"Odd\": it is not a place with its practices ('gps') and its ICB ('icb').",
    )  # fmt: skip
    assert len(said) == len(expected)
    for text, sentence in zip(said, expected, strict=True):
        assert text.startswith(f"places.json, {sentence}"), (text, sentence)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{", "places.json, line 1, column 2: it is not JSON"),
        ("[]", "it is a list or a single value"),
        ("{}", "it has no list of places"),
        ('{"places": [], "group_list": []}', "it has both a list 'places' and a 'group_list'"),
        ('{"places": "North"}', 'places.json, "places": it is not a list of names'),
        ('{"places": []}', "its places are of nobody; none is of QWO"),
        ("[" * 100_000, "it is not JSON that can be read"),
        ('{"places": [' + "9" * 5_000 + "]}", "it is not JSON that can be read"),
    ],
)
def test_what_the_place_tool_did_not_save_is_refused(tmp_path: Path, text: str, sentence: str) -> None:
    (said,) = problems(file(tmp_path, text, "places.json"))
    assert sentence in said


def test_a_key_twice_is_refused_for_one_would_be_lost(tmp_path: Path) -> None:
    one, two = (json.dumps({"gps": [code], "icb": "West Yorkshire"}) for code in ("B00001", "B00002"))
    (said,) = problems(file(tmp_path, f'{{"A": {one}, "A": {two}, "places": ["A"]}}', "places.json"))
    assert "the key 'A' stands twice" in said


# --- through the split ----------------------------------------------------------------------------


def split(places: Path | None, **given: Any) -> Any:
    return allocate(
        icb="QWO", year=FinancialYear(2025), fund="core-recurrent", by="core", amount_pence=10**11, places_file=places,
        **{"level": "place", **given},
    )  # fmt: skip


def test_ge10_a_billion_by_districts(tmp_path: Path) -> None:
    path = file(
        tmp_path,
        "lad,place\nCraven,Bradford\nBradford,Bradford\nCalderdale,Calderdale\nKirklees,Kirklees\nLeeds,Leeds\nWakefield,Wakefield\n",
    )
    found = split(path)
    assert {part.name: part.amount_pence // 100 for part in found.parts} == {
        "Bradford": 252_315_064, "Calderdale": 85_759_319, "Kirklees": 169_280_650, "Leeds": 347_733_038, "Wakefield": 144_911_929,
    }  # fmt: skip
    assert found.division.unassigned == ()


def test_default_means_what_no_file_means() -> None:
    assert split(Path("default")) == split(None)
    assert split(Path("default"), level="pcn") == split(None, level="pcn")


# --- what always holds ----------------------------------------------------------------------------

ICBS = sorted(set(SHIPPED.icb.values()))


@settings(max_examples=25, deadline=None)
@given(
    st.sampled_from(ICBS), st.randoms(use_true_random=False), st.integers(1, 9), st.integers(0, 10**14), st.booleans()
)
def test_people_and_money_are_conserved_from_practice_to_icb(
    icb: str, choice: Any, number: int, pence: int, everybody: bool
) -> None:
    """Through any places, networks within them, and practices within those; networks may straddle."""
    codes = sorted(code for code, its in SHIPPED.icb.items() if its == icb)
    placed = {code: f"Place {choice.randrange(number)}" for code in codes if everybody or choice.random() < 0.8}
    claims = [
        PlaceAssignment("w", "a", code, (code,), place) for code, place in (placed or {codes[0]: "Place 0"}).items()
    ]
    division = divide(claims, "made up", icb, SHIPPED.icb)
    assert set(division.place_of) == set(codes)
    assert len(division.unassigned) == len(codes) - len(claims)
    own = with_places(PRACTICES.filter(pc.equal(PRACTICES["icb"], icb)), division)
    in_network = pa.array([code or "no network" for code in own["pcn"].to_pylist()])
    own = own.set_column(own.column_names.index("pcn"), "pcn", in_network)
    for by in WEIGHTINGS:
        whole = weights(own, by, "icb")[icb]
        for level in ("place", "pcn", "practice"):
            assert sum(weights(own, by, level).values()) == whole, (by, level)
    parts = apportion(pence, weights(own, "core", "place"))
    assert sum(parts.values()) == pence
    for place, amount in parts.items():
        inside = own.filter(pc.equal(own["place"], place))
        networks = apportion(amount, weights(inside, "core", "pcn"))
        assert sum(networks.values()) == amount
        for network, its in networks.items():
            last = apportion(its, weights(inside.filter(pc.equal(inside["pcn"], network)), "core", "practice"))
            assert sum(last.values()) == its
