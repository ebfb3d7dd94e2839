"""The practice map, single ages and networks' memberships: read, held to themselves, each fault by its cell."""

import random
from datetime import date
from pathlib import Path

import pytest

from allocations.files.published import pcn_memberships, registered_patients
from tests.allocations.published import small
from tests.books import texts

MAP: small.Rows = [
    ["PUBLICATION", "EXTRACT_DATE", "PRACTICE_CODE", "PRACTICE_NAME", "PCN_CODE", "PCN_NAME", "SUB_ICB_LOCATION_CODE",
     "ONS_ICB_CODE", "ICB_CODE", "ICB_NAME", "COMM_REGION_CODE", "COMM_REGION_NAME"],
    ["LIST", "01Aug2026", "A81001", "SURGERY", "U00001", "FIRST PCN", "36J", "E54000054", "QWO", "NHS West Yorkshire ICB", "Y63", "North East and Yorkshire"],
    ["LIST", "01Aug2026", "B82003", "SURGERY", "U00001", "FIRST PCN", "03L", "E54000061", "QF7", "NHS South Yorkshire ICB", "Y63", "North East and Yorkshire"],
    ["LIST", "01Aug2026", "A81002", "SURGERY", "U", "UNALLOCATED", "36J", "E54000054", "QWO", "NHS West Yorkshire ICB", "Y63", "North East and Yorkshire"],
]  # fmt: skip


def map_with(folder: Path, change=lambda _: None) -> registered_patients.PracticeMap:
    rows = [list(row) for row in MAP]
    change(rows)
    return registered_patients.read_map(small.archive(folder / "gp-reg-pat-prac-map.zip", rows))


def test_the_map_places_practices_and_says_who_is_nowhere(tmp_path: Path) -> None:
    found = map_with(tmp_path)
    assert texts(found.problems) == ""
    assert found.day == date(2026, 8, 1)
    assert found.table.to_pylist()[2] == {
        "practice": "A81002",
        "pcn": None,
        "sub_icb": "36J",
        "icb": "QWO",
        "region": "Y63",
    }
    assert found.names["U00001"] == "FIRST PCN"
    assert "SURGERY" not in found.names.values()  # a practice's name may be a person's
    assert found.ons_codes == {"QWO": "E54000054", "QF7": "E54000061"}
    assert found.remarks == (
        "1 practices in 1 ICBs are in no network.",
        "PCN U00001 lies in QF7 and QWO: it is shared by its practices.",
    )


def test_the_order_of_columns_does_not_matter(tmp_path: Path) -> None:
    rows = small.shuffled(MAP, random.Random(7), header=0, extra=2, above=3, blanks=1)
    found = registered_patients.read_map(small.archive(tmp_path / "map.zip", rows))
    assert sorted(found.table.to_pylist(), key=str) == sorted(map_with(tmp_path).table.to_pylist(), key=str)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.append(list(rows[1])), "cell C5: practice A81001 is there twice: gp-reg-pat-prac-map!2 has it too."),
        (lambda rows: rows[1].__setitem__(8, ""), "cell I2: the icb of practice A81001: there is none."),
        (lambda rows: rows[1].__setitem__(8, "West"), "cell I2: the icb of practice A81001: 'West' is no such code."),
        (lambda rows: rows[1].__setitem__(4, "N1"), "cell E2: the pcn of practice A81001: 'N1' is no such code."),
        (lambda rows: rows[1].__setitem__(2, "SURGERY"), "cell C2: 'SURGERY' is not the code of a practice."),
        (lambda rows: rows[1].__setitem__(1, "August"), "cell B2: 'August' is no date that is understood."),
        (lambda rows: rows[1].__setitem__(1, "01Jul2026"), "its rows are of several days: 2026-07-01, 2026-08-01."),
        (lambda rows: rows[3].__setitem__(8, "QF7"), "sub-icb 36J lies in several: QF7 (C4), QWO (C2)."),
        (lambda rows: [row.pop(8) for row in rows], "there is no column for 'icb' in this header row."),
    ],
)  # fmt: skip
def test_each_fault_of_the_map(tmp_path: Path, change, said: str) -> None:
    assert said in texts(map_with(tmp_path, change).problems)


def ages(folder: Path, change=lambda _: None) -> registered_patients.PeopleByAge:
    rows: small.Rows = [
        ["PUBLICATION", "EXTRACT_DATE", "ORG_TYPE", "ORG_CODE", "ONS_CODE", "SEX", "AGE", "NUMBER_OF_PATIENTS"]
    ]
    for level, parts in (("Comm Region", {"Y63": 10}), ("ICB", {"QWO": 6, "QF7": 4}),
                         ("SUB_ICB_LOCATION_CODE", {"36J": 6, "03L": 4}), ("PCN", {"U00001": 9, "U": 1})):  # fmt: skip
        for code, people in parts.items():
            for sex, age, number in (("ALL", "ALL", people), ("FEMALE", "0", 1), ("MALE", "95+", people - 1)):
                rows.append(["LIST", "2026-08-01", level, code, "E", sex, age, str(number)])
    change(rows)
    return registered_patients.read_ages(small.archive(folder / "ages.zip", rows))


def test_the_four_levels_are_kept_apart_and_hold_the_same_people(tmp_path: Path) -> None:
    found = ages(tmp_path)
    assert texts(found.problems) == ""
    assert found.total == 10
    assert set(found.levels) == {"region", "icb", "sub_icb", "pcn"}
    assert {level: sum(table["registered"].to_pylist()) for level, table in found.levels.items()} == dict.fromkeys(
        found.levels, 10
    )
    assert found.ties == ("Each of 4 levels holds the same 10 people.",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows[2].__setitem__(7, "3"), "cell H2: Y63 has 10 people in all, and 12 by age and sex, 2 more."),
        (lambda rows: rows.append(["LIST", "2026-08-01", "ICB", "QE1", "E", "ALL", "ALL", "5"]), "its levels do not have the same people: icb 15, pcn 10, region 10, sub_icb 10."),
        (lambda rows: rows.append(list(rows[2])), "cell H23: Y63, FEMALE, age 0 is there twice: H3 has it too."),
        (lambda rows: rows[2].__setitem__(7, "*"), "cell H3: the people of Y63 is '*'. A number is needed here."),
        (lambda rows: rows[2].__setitem__(2, "Planet"), "cell C3: 'Planet' is no level that is known here."),
        (lambda rows: rows[2].__setitem__(7, "1.5"), "cell H3: the people of Y63: 1.5."),
    ],
)  # fmt: skip
def test_each_fault_of_the_ages(tmp_path: Path, change, said: str) -> None:
    assert said in texts(ages(tmp_path, change).problems)


def epcn(folder: Path, change=lambda _networks, _members: None) -> pcn_memberships.PcnFile:
    networks: small.Rows = [
        ["PCN Code", "PCN Name", "Current Sub ICB Loc Code", "Open Date", "Close Date"],
        ["U00001", "FIRST PCN", "36J", "20191001", ""],
        ["U00002", "SECOND PCN", "36J", "20200401", "20220331"],
    ]
    members: small.Rows = [
        ["Partner\nOrganisation\nCode", "Partner\nName", "PCN Code", "PCN Name", "Practice to PCN\nRelationship\nStart Date",
         "Practice to PCN\nRelationship\nEnd Date"],
        ["A81001", "SURGERY", "U00001", "FIRST PCN", "20191001", None],
        ["A81002", "SURGERY", "U00002", "SECOND PCN", "20200401", "20220331"],
        ["A81002", "SURGERY", "U00001", "FIRST PCN", "20220401", None],
    ]  # fmt: skip
    change(networks, members)
    return pcn_memberships.read(small.workbook(folder / "epcn.xlsx", {"PCNDetails": networks, "Members": members}))


def open_on(found: pcn_memberships.PcnFile, day: date) -> dict[str, str]:
    return {one.practice: one.pcn for one in found.memberships if one.began <= day <= (one.ended or date.max)}


def test_memberships_from_a_day_to_a_day(tmp_path: Path) -> None:
    found = epcn(tmp_path)
    assert texts(found.problems) == ""
    assert open_on(found, date(2022, 3, 31)) == {"A81001": "U00001", "A81002": "U00002"}
    assert open_on(found, date(2022, 4, 1)) == {"A81001": "U00001", "A81002": "U00001"}
    assert found.memberships[1].valid_to == date(2022, 4, 1)
    assert found.networks[1].closed == date(2022, 3, 31)
    assert found.ties == ("Every one of 3 memberships is of one of the 2 networks listed.",)


def test_a_practice_that_leaves_and_joins_on_one_day_counts_for_the_one_it_joins(tmp_path: Path) -> None:
    found = epcn(tmp_path, lambda _, members: members[2].__setitem__(5, "20220401"))
    assert found.problems == ()
    assert open_on(found, date(2022, 4, 1))["A81002"] == "U00001"
    assert (
        "Practice A81002 leaves U00002 and joins U00001 on 2022-04-01: that day counts for U00001" in found.remarks[0]
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda _, m: m[2].__setitem__(5, "20221231"), "epcn.xlsx, Members!4: practice A81002 joins U00001 on 2022-04-01 while it is in U00002 (Members!3)."),
        (lambda _, m: m[2].__setitem__(5, "20200101"), "sheet Members, cell F3: practice A81002 left U00002 on 2020-01-01, before it joined on 2020-04-01."),
        (lambda _, m: m[1].__setitem__(4, "October"), "sheet Members, cell E2: 'October' is no date that is understood."),
        (lambda _, m: m[1].__setitem__(4, None), "sheet Members, cell E2: there is no first day."),
        (lambda _, m: m[1].__setitem__(0, "SURGERY"), "sheet Members, cell A2: 'SURGERY' is not the code of a practice."),
        (lambda n, _: n[1].__setitem__(0, "PCN"), "sheet PCNDetails, cell A2: 'PCN' is not the code of a network."),
        (lambda n, _: n.append(list(n[1])), "sheet PCNDetails, cell A4: network U00001 is there twice: PCNDetails!2 has it too."),
        (lambda n, _: n.clear(), "no sheet has the table of networks."),
    ],
)  # fmt: skip
def test_each_fault_of_the_networks(tmp_path: Path, change, said: str) -> None:
    assert said in texts(epcn(tmp_path, change).problems)
